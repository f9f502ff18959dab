//! The sealed envelope: fixed header in the clear, everything else ciphertext, all of it signed.
//!
//! This module knows the layout and the signature. Sealing and opening are in `folge-core`; the
//! relay has no means to do either. Byte for byte in `docs/protocol.md`.

use crate::codec::{Decode, DecodeError, Encode, Reader, Writer};
use crate::crypto::{BadSignature, PublicKey, SUITE_1, SecretKey, Tag, tagged_hash};
use crate::ids::{DeviceId, DocumentId, Hash, InstanceId, WorkspaceId};
use crate::limits::{CIPHERTEXT_BYTES_MAX, ENVELOPE_BYTES_MAX};

/// Version byte of the envelope layout.
pub const ENVELOPE_VERSION: u8 = 1;
/// Length of the encoded header, in bytes.
pub const HEADER_BYTES: usize = 167;

/// What an envelope's content is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EnvelopeKind {
    /// A batch of changes of a CRDT document.
    Change,
    /// A whole compacted document, with what it covers.
    Snapshot,
    /// A message of a thread.
    Message,
    /// An envelope of a device that may not write any more, taken and sealed anew by one that may.
    Carried,
}

impl EnvelopeKind {
    const fn code(self) -> u8 {
        match self {
            Self::Change => 1,
            Self::Snapshot => 2,
            Self::Message => 3,
            Self::Carried => 4,
        }
    }
    const fn from_code(code: u8) -> Result<Self, DecodeError> {
        match code {
            1 => Ok(Self::Change),
            2 => Ok(Self::Snapshot),
            3 => Ok(Self::Message),
            4 => Ok(Self::Carried),
            other => Err(DecodeError::UnknownTag(other)),
        }
    }
}

/// The authenticated header of an envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The document, whose stream this is.
    pub document: DocumentId,
    /// What the content is.
    pub kind: EnvelopeKind,
    /// Who sealed and signed it.
    pub device: DeviceId,
    /// Counts this device's envelopes in this stream, from 1.
    pub sequence: u64,
    /// Hash of this device's previous envelope in this stream; zero for the first.
    pub previous: Hash,
    /// Generation of the document key.
    pub generation: u32,
    /// Commits to the document key, so that no ciphertext opens under two keys.
    pub commitment: Hash,
    /// Number of the last envelope of this stream that the device had seen; 0 for none.
    pub seen_number: u64,
    /// The stream's head at that number; zero for none.
    pub seen_head: Hash,
}

impl Encode for Header {
    fn encode(&self, out: &mut Writer) {
        out.u8(ENVELOPE_VERSION);
        out.u8(SUITE_1);
        self.workspace.encode(out);
        self.document.encode(out);
        out.u8(self.kind.code());
        self.device.encode(out);
        out.u64(self.sequence);
        self.previous.encode(out);
        out.u32(self.generation);
        self.commitment.encode(out);
        out.u64(self.seen_number);
        self.seen_head.encode(out);
    }
}

impl Decode for Header {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        expect_version_and_suite(input, ENVELOPE_VERSION)?;
        let header = Self {
            workspace: Decode::decode(input)?,
            document: Decode::decode(input)?,
            kind: EnvelopeKind::from_code(input.u8()?)?,
            device: Decode::decode(input)?,
            sequence: input.u64()?,
            previous: Decode::decode(input)?,
            generation: input.u32()?,
            commitment: Decode::decode(input)?,
            seen_number: input.u64()?,
            seen_head: Decode::decode(input)?,
        };
        if header.sequence == 0 || (header.sequence == 1) != (header.previous == Hash::ZERO) {
            return Err(DecodeError::Invalid);
        }
        Ok(header)
    }
}

pub(crate) fn expect_version_and_suite(
    input: &mut Reader<'_>,
    version: u8,
) -> Result<(), DecodeError> {
    match input.u8()? {
        found if found == version => {}
        other => return Err(DecodeError::UnknownVersion(other)),
    }
    match input.u8()? {
        SUITE_1 => Ok(()),
        other => Err(DecodeError::UnknownSuite(other)),
    }
}

/// A sealed envelope, as stored and sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The header, which the ciphertext authenticates too.
    pub header: Header,
    /// The nonce of XChaCha20-Poly1305.
    pub nonce: [u8; 24],
    /// The sealed content and its tag.
    pub ciphertext: Vec<u8>,
    /// The device's signature over everything before it.
    pub signature: [u8; 64],
}

impl Envelope {
    /// Signs a sealed content.
    #[must_use]
    pub fn sign(header: Header, nonce: [u8; 24], ciphertext: Vec<u8>, key: &SecretKey) -> Self {
        let mut envelope = Self {
            header,
            nonce,
            ciphertext,
            signature: [0; 64],
        };
        envelope.signature = key.sign(&envelope.signed_hash());
        envelope
    }

    /// Checks the device's signature.
    /// # Errors
    /// [`BadSignature`].
    pub fn verify(&self, key: &PublicKey) -> Result<(), BadSignature> {
        key.verify(&self.signed_hash(), &self.signature)
    }

    fn signed_hash(&self) -> Hash {
        let mut out = Writer::new();
        self.encode_unsigned(&mut out);
        tagged_hash(Tag::Envelope, &[&out.finish()])
    }

    fn encode_unsigned(&self, out: &mut Writer) {
        self.header.encode(out);
        out.raw(&self.nonce);
        out.bytes(&self.ciphertext);
    }
}

impl Encode for Envelope {
    fn encode(&self, out: &mut Writer) {
        self.encode_unsigned(out);
        out.raw(&self.signature);
    }
}

impl Decode for Envelope {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            header: Header::decode(input)?,
            nonce: input.array()?,
            ciphertext: input.bytes(CIPHERTEXT_BYTES_MAX)?.to_vec(),
            signature: input.array()?,
        })
    }
}

/// An envelope's bytes, parsed once: what the relay keeps and a client re-sends unchanged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvelopeBytes(Vec<u8>);

impl EnvelopeBytes {
    /// Takes bytes after checking that they are an envelope; gives its header back.
    /// # Errors
    /// What is wrong with them.
    pub fn parse(bytes: &[u8]) -> Result<(Self, Header), DecodeError> {
        if bytes.len() > ENVELOPE_BYTES_MAX {
            return Err(DecodeError::TooLarge);
        }
        let mut input = Reader::new(bytes);
        let header = Header::decode(&mut input)?;
        input.take(24)?;
        input.bytes(CIPHERTEXT_BYTES_MAX)?;
        input.take(64)?;
        input.finish()?;
        Ok((Self(bytes.to_vec()), header))
    }
    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The hash that names an envelope in streams and in the next envelope of its device.
#[must_use]
pub fn envelope_hash(bytes: &[u8]) -> Hash {
    tagged_hash(Tag::EnvelopeHash, &[bytes])
}

/// The head of a stream before its first envelope, in one life of a relay.
#[must_use]
pub fn stream_start(instance: InstanceId, workspace: WorkspaceId, document: DocumentId) -> Hash {
    tagged_hash(Tag::Stream, &[&instance.0, &workspace.0, &document.0])
}

/// The head after an envelope that the relay accepted at a time.
#[must_use]
pub fn next_head(head: Hash, envelope: Hash, accepted_ms: u64) -> Hash {
    tagged_hash(
        Tag::Head,
        &[&head.0, &envelope.0, &accepted_ms.to_be_bytes()],
    )
}
