//! What the relay shows, held against what was shown before and what other devices say they were
//! shown. Whatever does not fit becomes an alarm; see `alarms`.

use std::collections::BTreeMap;

use folge_protocol::codec::{Decode, Encode};
use folge_protocol::crypto::{Tag, tagged_hash};
use folge_protocol::envelope::Envelope;
use folge_protocol::ids::{DeviceId, DocumentId, Hash};
use folge_protocol::membership::{Membership, Role};
use folge_protocol::wire::{Delivery, SyncReply};

use super::alarms::{AlarmKind, Behind, Evidence};
use super::download::Outcome;
use super::evidence::Origin;
use super::replica::Replica;
use super::signed::Claimed;
use crate::error::{Error, RelayFault};
use crate::limits::{
    AGES_MILLISECONDS, TIME_GRADE_TOLERANCE_MILLISECONDS, UNREAD_MILLISECONDS_MAX,
    WITHHELD_MILLISECONDS_MAX,
};
use crate::store::{EnvelopeRow, EnvelopeState, PlacedEnvelope};

const TOLERANCE_MS: u64 = TIME_GRADE_TOLERANCE_MILLISECONDS.unsigned_abs();

impl Replica {
    /// Applies an envelope if the one of its device before it is here: nothing is shown of a
    /// device's words out of their order.
    pub(super) fn apply_in_order(&mut self, claimed: &Claimed<'_>) -> Result<Outcome, Error> {
        let header = &claimed.envelope.header;
        if header.sequence > 1 {
            let before =
                self.store
                    .envelope(header.document, header.device, header.sequence - 1)?;
            let gap = before.is_none_or(|before| before.hash != header.previous);
            if gap && self.is_genuine(claimed) {
                return Ok(Outcome::Waiting);
            }
        }
        self.apply(claimed)
    }

    /// Whether an envelope in quarantine is there because its device never signed it.
    pub(super) fn is_forgery(&self, row: &EnvelopeRow) -> bool {
        row.number.is_none()
            && row.state == EnvelopeState::Quarantined
            && Envelope::from_bytes(&row.bytes).is_ok_and(|envelope| !self.verifies(&envelope))
    }

    /// No two envelopes have one number.
    pub(super) fn number_is_free(
        &mut self,
        document: DocumentId,
        number: u64,
        reply: &SyncReply,
    ) -> Result<(), Error> {
        if !self.store.has_number(document, number)? {
            return Ok(());
        }
        let evidence = self.receipts(reply)?;
        Err(self.fault(RelayFault::StreamForked, Some(document), None, evidence))
    }

    /// An envelope at its number in the stream: its device's chain, its time, and what its author
    /// had seen.
    pub(super) fn judge_place(
        &mut self,
        document: DocumentId,
        number: u64,
        placed: &PlacedEnvelope,
        last_ms: u64,
    ) -> Result<(), Error> {
        let device = Some(placed.device);
        let follows = placed.sequence == 1
            || (placed.before == Some(placed.previous)
                && placed.before_number.is_some_and(|before| before < number));
        if !follows {
            let evidence = self.envelope_evidence(document, placed)?;
            self.raise(AlarmKind::Dropped, Some(document), device, evidence)?;
        }
        if placed.accepted_ms < last_ms {
            let evidence = self.envelope_evidence(document, placed)?;
            self.raise(AlarmKind::ImpossibleTime, Some(document), device, evidence)?;
        }
        self.judge_seen(document, number, placed)
    }

    /// The author must have seen the beginning of the very stream that we see.
    pub(super) fn judge_seen(
        &mut self,
        document: DocumentId,
        number: u64,
        placed: &PlacedEnvelope,
    ) -> Result<(), Error> {
        let Some(origin) = &placed.origin else {
            return Ok(());
        };
        let origin = Origin::from_bytes(origin).map_err(|_| Error::Unreadable("envelope"))?;
        let seen = placed.seen_number;
        // What was seen in another life of the relay has other numbers.
        if origin.instance != self.progress.instance || seen == 0 || placed.device == self.device()
        {
            return Ok(());
        }
        let same = seen < number && self.store.head_at(document, seen)? == Some(placed.seen_head);
        if !same {
            let evidence = self.envelope_evidence(document, placed)?;
            let device = Some(placed.device);
            self.raise(AlarmKind::SplitView, Some(document), device, evidence)?;
        }
        Ok(())
    }

    fn envelope_evidence(
        &self,
        document: DocumentId,
        placed: &PlacedEnvelope,
    ) -> Result<Evidence, Error> {
        let row = self
            .store
            .envelope(document, placed.device, placed.sequence)?;
        Ok(Evidence::new(
            &[],
            &row.map(|row| row.bytes).unwrap_or_default(),
        ))
    }

    /// The membership log as another device had it, against ours.
    pub(super) fn judge_log(
        &mut self,
        device: DeviceId,
        origin: &[u8],
        envelope: &[u8],
    ) -> Result<(), Error> {
        let origin = Origin::from_bytes(origin).map_err(|_| Error::Unreadable("envelope"))?;
        let Some(log) = &self.confirmed else {
            return Ok(());
        };
        let kind = if origin.log_len == 0 {
            return Ok(());
        } else if origin.log_len > log.len() {
            // After a restore the relay itself may lack the log's end for a while.
            if origin.instance != self.progress.instance {
                return Ok(());
            }
            AlarmKind::LogWithheld
        } else {
            let head = if origin.log_len == log.len() {
                Some(log.head())
            } else {
                self.log_head_at(origin.log_len)?
            };
            if head == Some(origin.log_head) {
                return Ok(());
            }
            AlarmKind::LogForked
        };
        let earlier = match kind {
            AlarmKind::LogForked => self
                .store
                .log_entry(origin.log_len - 1)?
                .unwrap_or_default(),
            _ => Vec::new(),
        };
        let evidence = Evidence::new(&earlier, envelope);
        self.raise(kind, None, Some(device), evidence)
    }

    fn log_head_at(&self, len: u64) -> Result<Option<Hash>, Error> {
        let entry = self.store.log_entry(len.saturating_sub(1))?;
        Ok(entry.map(|bytes| tagged_hash(Tag::EntryHash, &[&bytes])))
    }

    /// The time at which the relay says that it took an envelope: not after its own clock, and not
    /// before a time at which it had said that there was nothing more.
    pub(super) fn judge_time(
        &mut self,
        document: DocumentId,
        device: DeviceId,
        delivery: &Delivery,
        reply: &SyncReply,
    ) -> Result<(), Error> {
        let accepted_ms = delivery.accepted_ms;
        let late = accepted_ms > reply.receipt.now_ms.saturating_add(TOLERANCE_MS);
        // Only where this stream was followed to its end at that time.
        let followed = self.streams.contains_key(&document)
            && !self.wanted.contains_key(&document)
            && !self.watch.behind.contains_key(&document)
            && !self.fetched.contains(&document)
            && device != self.device();
        let early = followed && accepted_ms.saturating_add(TOLERANCE_MS) < self.watch.complete_ms;
        if late || early {
            let evidence = Evidence::new(&delivery.envelope.0, &reply.receipt.to_bytes());
            let of = (Some(document), Some(device));
            self.raise(AlarmKind::ImpossibleTime, of.0, of.1, evidence)?;
        }
        Ok(())
    }

    /// Notes that a stream is said to go further than it has come.
    pub(super) fn note_behind(&mut self, document: DocumentId, number: u64, now_ms: u64) {
        let behind = self.watch.behind.entry(document).or_insert(Behind {
            number,
            since_ms: now_ms,
        });
        behind.number = behind.number.max(number);
    }

    /// What should have come by now, by the relay's clock; a frame of the live push says nothing
    /// about what else there is.
    pub(super) fn look_at_ages(&mut self, reply: &SyncReply, frame: bool) -> Result<(), Error> {
        if frame || reply.more || self.progress.recovering {
            return Ok(());
        }
        let now_ms = reply.receipt.now_ms;
        for (document, behind) in self.watch.behind.clone() {
            let here = self.stream_number(document);
            if here >= behind.number || !self.reads(document) {
                self.watch.behind.remove(&document);
                self.lower(AlarmKind::Withheld, document)?;
                continue;
            }
            self.wanted.insert(document, here + 1);
            if now_ms.saturating_sub(behind.since_ms) >= WITHHELD_MILLISECONDS_MAX {
                let evidence = self.receipts(reply)?;
                self.raise(AlarmKind::Withheld, Some(document), None, evidence)?;
            }
        }
        self.save_wanted()?;
        self.watch.complete_ms = now_ms;
        if now_ms.abs_diff(self.watch.ages_ms) < AGES_MILLISECONDS {
            return Ok(());
        }
        self.watch.ages_ms = now_ms;
        self.look_at_unread(now_ms)
    }

    fn look_at_unread(&mut self, now_ms: u64) -> Result<(), Error> {
        if self.role().is_none_or(Role::is_office) {
            return Ok(());
        }
        let device = self.device();
        for (document, stream) in self.streams.clone() {
            if !self.office_reads(document) {
                continue;
            }
            let oldest = if stream.office < stream.number {
                self.store.oldest_behind(document, device, stream.office)?
            } else {
                None
            };
            let unread =
                oldest.is_some_and(|ms| now_ms.saturating_sub(ms) >= UNREAD_MILLISECONDS_MAX);
            if unread {
                let none = Evidence::default();
                self.raise(AlarmKind::Unread, Some(document), None, none)?;
            } else {
                self.lower(AlarmKind::Unread, document)?;
            }
        }
        Ok(())
    }

    fn office_reads(&self, document: DocumentId) -> bool {
        self.confirmed.as_ref().is_some_and(|log| {
            log.documents()
                .get(&document)
                .is_some_and(|state| state.readers.contains(&log.office()))
        })
    }

    /// When each other device that is in was last heard of, by the relay's clock, in milliseconds
    /// since 1970 (UTC); nothing for one never heard of. Silence may be a holiday, or a relay that
    /// holds something back: a person can ask.
    /// # Errors
    /// [`Error::Store`].
    pub fn last_heard(&self) -> Result<BTreeMap<DeviceId, Option<u64>>, Error> {
        let heard: BTreeMap<DeviceId, u64> = self.store.last_accepted()?.into_iter().collect();
        let own = self.device();
        let active = |log: &Membership| {
            log.devices()
                .keys()
                .filter(|device| **device != own && log.active_device(**device).is_some())
                .map(|device| (*device, heard.get(device).copied()))
                .collect()
        };
        Ok(self.confirmed.as_ref().map(active).unwrap_or_default())
    }
}
