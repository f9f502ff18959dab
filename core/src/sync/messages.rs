//! Messages of threads and journals: how they are kept and put into envelopes. What they say is
//! `messages`' matter one level up; here they are bytes with their time and their sender.

use folge_protocol::codec::{Decode, DecodeError, Encode, Reader, Writer};
use folge_protocol::ids::{DeviceId, DocumentId};

use super::replica::Replica;
use crate::env::Reading;
use crate::error::Error;
use crate::limits::MESSAGE_BYTES_MAX;

/// A message as the store keeps it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct KeptMessage {
    pub(super) device: DeviceId,
    /// The sender's clocks when it was written: zeros where another device wrote it.
    pub(super) made: Reading,
    /// The last number of the stream that the sender had seen.
    pub(super) seen: u64,
    pub(super) message: Vec<u8>,
}

impl KeptMessage {
    /// One that another device wrote.
    pub(super) fn of_another(device: DeviceId, message: Vec<u8>) -> Self {
        let made = Reading {
            wall_ms: 0,
            monotonic_ms: 0,
            boot: 0,
        };
        Self {
            device,
            made,
            seen: 0,
            message,
        }
    }
}

impl Encode for KeptMessage {
    fn encode(&self, out: &mut Writer) {
        self.device.encode(out);
        out.raw(&self.made.wall_ms.to_be_bytes());
        out.u64(self.made.monotonic_ms);
        out.u32(self.made.boot);
        out.u64(self.seen);
        out.bytes(&self.message);
    }
}

impl Decode for KeptMessage {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            device: Decode::decode(input)?,
            made: Reading {
                wall_ms: i64::from_be_bytes(input.array()?),
                monotonic_ms: input.u64()?,
                boot: input.u32()?,
            },
            seen: input.u64()?,
            message: input.bytes(MESSAGE_BYTES_MAX)?.to_vec(),
        })
    }
}

/// A message with its sender, and the envelope's place where it has one.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SentMessage {
    pub(crate) device: DeviceId,
    /// When the relay accepted it, in milliseconds since 1970 (UTC).
    pub(crate) accepted_ms: Option<u64>,
    pub(crate) message: Vec<u8>,
}

impl Replica {
    /// Adds a message to a thread or journal; it goes with the next sync. The caller is in a
    /// transaction.
    pub(crate) fn write_message(
        &mut self,
        document: DocumentId,
        message: Vec<u8>,
    ) -> Result<(), Error> {
        if !self.log()?.may_write(self.device(), document) {
            return Err(Error::NotAllowed);
        }
        let kept = KeptMessage {
            device: self.device(),
            made: self.env.now(),
            seen: self.stream_number(document),
            message,
        };
        Ok(self.store.add_message(document, None, &kept.to_bytes())?)
    }

    /// A document's messages, in the order in which they came here.
    pub(crate) fn messages(&self, document: DocumentId) -> Result<Vec<SentMessage>, Error> {
        let accepted: std::collections::BTreeMap<_, _> = self
            .store
            .envelopes_of(document)?
            .into_iter()
            .map(|(row, _)| (row.hash, row.accepted_ms))
            .collect();
        let mut found = Vec::new();
        for row in self.store.messages(document)? {
            let kept =
                KeptMessage::from_bytes(&row.plain).map_err(|_| Error::Unreadable("message"))?;
            found.push(SentMessage {
                device: kept.device,
                accepted_ms: row
                    .envelope
                    .and_then(|hash| accepted.get(&hash).copied().flatten()),
                message: kept.message,
            });
        }
        Ok(found)
    }
}
