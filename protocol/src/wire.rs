//! The messages between client and relay. `docs/protocol.md` has the bytes and the exchange.

use crate::codec::{Decode, DecodeError, Encode, Reader, Writer};
use crate::crypto::{BadSignature, PublicKey, SecretKey, Tag, tagged_hash};
use crate::envelope::expect_version_and_suite;
use crate::ids::{DeviceId, DocumentId, Hash, InstanceId, WorkspaceId};
use crate::limits::{
    BODY_BYTES_MAX, ENTRY_BYTES_MAX, ENVELOPE_BYTES_MAX, GRANT_BYTES_MAX, MESSAGE_ENTRIES_MAX,
    MESSAGE_ENVELOPES_MAX, MESSAGE_FETCH_MAX, MESSAGE_GRANTS_MAX, MESSAGE_MARKS_MAX,
    TOKEN_BYTES_MAX,
};

/// Version byte of the messages.
pub const WIRE_VERSION: u8 = 1;
/// Path of the relay's self-description.
pub const PATH_RELAY: &str = "/v1/relay";
/// Path of founding.
pub const PATH_FOUND: &str = "/v1/found";
/// Path of synchronisation.
pub const PATH_SYNC: &str = "/v1/sync";
/// Path of the live push.
pub const PATH_LIVE: &str = "/v1/live";
/// What a receipt answers that answers no request.
pub const NO_REQUEST: [u8; 16] = [0; 16];

/// Bytes with a length limit known by position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob<const MAX: usize>(pub Vec<u8>);

impl<const MAX: usize> Encode for Blob<MAX> {
    fn encode(&self, out: &mut Writer) {
        out.bytes(&self.0);
    }
}

impl<const MAX: usize> Decode for Blob<MAX> {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self(input.bytes(MAX)?.to_vec()))
    }
}

/// An encoded membership entry.
pub type EntryBlob = Blob<ENTRY_BYTES_MAX>;
/// An encoded grant.
pub type GrantBlob = Blob<GRANT_BYTES_MAX>;
/// An encoded envelope.
pub type EnvelopeBlob = Blob<ENVELOPE_BYTES_MAX>;

/// What a relay says of itself to anyone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayInfo {
    /// The relay's signing key: clients pin it.
    pub key: [u8; 32],
    /// This life of its database.
    pub instance: InstanceId,
    /// Its clock, in milliseconds since 1970 (UTC).
    pub now_ms: u64,
}

impl Encode for RelayInfo {
    fn encode(&self, out: &mut Writer) {
        out.u8(WIRE_VERSION);
        out.raw(&self.key);
        self.instance.encode(out);
        out.u64(self.now_ms);
    }
}

impl Decode for RelayInfo {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        expect_version(input)?;
        Ok(Self {
            key: input.array()?,
            instance: Decode::decode(input)?,
            now_ms: input.u64()?,
        })
    }
}

fn expect_version(input: &mut Reader<'_>) -> Result<(), DecodeError> {
    match input.u8()? {
        WIRE_VERSION => Ok(()),
        other => Err(DecodeError::UnknownVersion(other)),
    }
}

/// A signed request: a payload bound to a relay, a path, a moment and a signer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The name of the signing key: a device's, an invitation's, or (founding) the root's.
    pub signer: [u8; 16],
    /// The signer's idea of the relay's clock, in milliseconds since 1970 (UTC).
    pub time_ms: u64,
    /// Random: a relay takes each once.
    pub nonce: [u8; 16],
    /// Signature over relay key, path, all of the above and the payload.
    pub signature: [u8; 64],
    /// The message.
    pub payload: Vec<u8>,
}

impl Signed {
    /// Signs a request.
    #[must_use]
    pub fn sign(
        relay: &[u8; 32],
        path: &str,
        workspace: WorkspaceId,
        time_ms: u64,
        nonce: [u8; 16],
        payload: Vec<u8>,
        key: &SecretKey,
    ) -> Self {
        let signer = key.public().id();
        let mut signed = Self {
            workspace,
            signer,
            time_ms,
            nonce,
            signature: [0; 64],
            payload,
        };
        signed.signature = key.sign(&signed.signed_hash(relay, path));
        signed
    }

    /// Checks the signature, and with it that the request was meant for this relay and path.
    /// # Errors
    /// [`BadSignature`].
    pub fn verify(
        &self,
        relay: &[u8; 32],
        path: &str,
        key: &PublicKey,
    ) -> Result<(), BadSignature> {
        key.verify(&self.signed_hash(relay, path), &self.signature)
    }

    fn signed_hash(&self, relay: &[u8; 32], path: &str) -> Hash {
        let mut out = Writer::new();
        out.raw(relay);
        out.bytes(path.as_bytes());
        self.workspace.encode(&mut out);
        out.raw(&self.signer);
        out.u64(self.time_ms);
        out.raw(&self.nonce);
        tagged_hash(Tag::Request, &[&out.finish(), &self.payload])
    }
}

impl Encode for Signed {
    fn encode(&self, out: &mut Writer) {
        out.u8(WIRE_VERSION);
        out.u8(crate::crypto::SUITE_1);
        self.workspace.encode(out);
        out.raw(&self.signer);
        out.u64(self.time_ms);
        out.raw(&self.nonce);
        out.raw(&self.signature);
        out.bytes(&self.payload);
    }
}

impl Decode for Signed {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        expect_version_and_suite(input, WIRE_VERSION)?;
        Ok(Self {
            workspace: Decode::decode(input)?,
            signer: input.array()?,
            time_ms: input.u64()?,
            nonce: input.array()?,
            signature: input.array()?,
            payload: input.bytes(BODY_BYTES_MAX)?.to_vec(),
        })
    }
}

/// The payload of a founding request, signed by the founding device: a workspace begins on this relay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundRequest {
    /// The relay's founding token; empty where the relay asks for none.
    pub token: Vec<u8>,
    /// The founding entry.
    pub entry: EntryBlob,
}

impl Encode for FoundRequest {
    fn encode(&self, out: &mut Writer) {
        out.u8(WIRE_VERSION);
        out.bytes(&self.token);
        self.entry.encode(out);
    }
}

impl Decode for FoundRequest {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        expect_version(input)?;
        Ok(Self {
            token: input.bytes(TOKEN_BYTES_MAX)?.to_vec(),
            entry: Decode::decode(input)?,
        })
    }
}

/// A stream and a number in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamFrom {
    /// The stream.
    pub document: DocumentId,
    /// The first number that is wanted.
    pub from: u64,
}

impl Encode for StreamFrom {
    fn encode(&self, out: &mut Writer) {
        self.document.encode(out);
        out.u64(self.from);
    }
}

impl Decode for StreamFrom {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            document: Decode::decode(input)?,
            from: input.u64()?,
        })
    }
}

/// A signed statement that a device has read a stream up to a head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The stream.
    pub document: DocumentId,
    /// Whose mark it is.
    pub device: DeviceId,
    /// The last number read.
    pub number: u64,
    /// The head at that number.
    pub head: Hash,
    /// The device's signature; see [`Mark::sign`].
    pub signature: [u8; 64],
}

impl Mark {
    /// Signs a mark. The head binds workspace and relay instance already.
    #[must_use]
    pub fn sign(document: DocumentId, number: u64, head: Hash, key: &SecretKey) -> Self {
        let device = DeviceId(key.public().id());
        let mut mark = Self {
            document,
            device,
            number,
            head,
            signature: [0; 64],
        };
        mark.signature = key.sign(&mark.signed_hash());
        mark
    }
    /// Checks the device's signature.
    /// # Errors
    /// [`BadSignature`].
    pub fn verify(&self, key: &PublicKey) -> Result<(), BadSignature> {
        key.verify(&self.signed_hash(), &self.signature)
    }
    fn signed_hash(&self) -> Hash {
        let number = self.number.to_be_bytes();
        tagged_hash(
            Tag::Mark,
            &[&self.document.0, &self.device.0, &number, &self.head.0],
        )
    }
}

impl Encode for Mark {
    fn encode(&self, out: &mut Writer) {
        self.document.encode(out);
        self.device.encode(out);
        out.u64(self.number);
        self.head.encode(out);
        out.raw(&self.signature);
    }
}

impl Decode for Mark {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            document: Decode::decode(input)?,
            device: Decode::decode(input)?,
            number: input.u64()?,
            head: Decode::decode(input)?,
            signature: input.array()?,
        })
    }
}

/// A device's sync request: where it stands, what it brings, what it asks for by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncRequest {
    /// The relay life that the cursor is of; `None` before the first sync.
    pub instance: Option<InstanceId>,
    /// The last position of the workspace that the device has taken in.
    pub cursor: u64,
    /// How many membership entries the device has, before those in this request.
    pub log_len: u64,
    /// New membership entries, in order.
    pub entries: Vec<EntryBlob>,
    /// New grants.
    pub grants: Vec<GrantBlob>,
    /// New envelopes, per device and stream in order.
    pub envelopes: Vec<EnvelopeBlob>,
    /// New read marks.
    pub marks: Vec<Mark>,
    /// Streams to deliver from a number on, own envelopes included, whatever the cursor.
    pub fetch: Vec<StreamFrom>,
    /// The grants and envelopes were stored before, and are brought back to a relay that lost
    /// them: their keys may have been replaced since.
    pub returning: bool,
}

impl Encode for SyncRequest {
    fn encode(&self, out: &mut Writer) {
        out.u8(WIRE_VERSION);
        out.option(self.instance.as_ref());
        out.u64(self.cursor);
        out.u64(self.log_len);
        out.list(&self.entries);
        out.list(&self.grants);
        out.list(&self.envelopes);
        out.list(&self.marks);
        out.list(&self.fetch);
        out.bool(self.returning);
    }
}

impl Decode for SyncRequest {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        expect_version(input)?;
        Ok(Self {
            instance: input.option()?,
            cursor: input.u64()?,
            log_len: input.u64()?,
            entries: input.list(MESSAGE_ENTRIES_MAX)?,
            grants: input.list(MESSAGE_GRANTS_MAX)?,
            envelopes: input.list(MESSAGE_ENVELOPES_MAX)?,
            marks: input.list(MESSAGE_MARKS_MAX)?,
            fetch: input.list(MESSAGE_FETCH_MAX)?,
            returning: input.bool()?,
        })
    }
}

/// The relay took an envelope, now or earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ack {
    /// The stream.
    pub document: DocumentId,
    /// The envelope's device.
    pub device: DeviceId,
    /// The envelope's sequence.
    pub sequence: u64,
    /// Its number in the stream.
    pub number: u64,
    /// When the relay accepted it, in milliseconds since 1970 (UTC).
    pub accepted_ms: u64,
}

impl Encode for Ack {
    fn encode(&self, out: &mut Writer) {
        self.document.encode(out);
        self.device.encode(out);
        out.u64(self.sequence);
        out.u64(self.number);
        out.u64(self.accepted_ms);
    }
}

impl Decode for Ack {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            document: Decode::decode(input)?,
            device: Decode::decode(input)?,
            sequence: input.u64()?,
            number: input.u64()?,
            accepted_ms: input.u64()?,
        })
    }
}

/// Why the relay did not take one thing of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RefusalCode {
    /// The log does not let this device do it.
    NotAllowed,
    /// Another envelope with this device and sequence is there already.
    SequenceConflict,
    /// An earlier envelope of the device is missing in the stream.
    SequenceGap,
    /// The document is not in the log, or was erased.
    UnknownDocument,
    /// It is malformed, or its signature does not verify.
    Malformed,
    /// The workspace's quota is used up.
    Quota,
    /// A membership entry does not follow the log.
    LogConflict,
    /// The invitation was used, withdrawn or is too old.
    InvitationSpent,
    /// The key was replaced, or must be, because somebody who held it was put out: seal anew.
    StaleKey,
}

impl RefusalCode {
    const ALL: [Self; 9] = [
        Self::NotAllowed,
        Self::SequenceConflict,
        Self::SequenceGap,
        Self::UnknownDocument,
        Self::Malformed,
        Self::Quota,
        Self::LogConflict,
        Self::InvitationSpent,
        Self::StaleKey,
    ];
    const fn code(self) -> u8 {
        match self {
            Self::NotAllowed => 1,
            Self::SequenceConflict => 2,
            Self::SequenceGap => 3,
            Self::UnknownDocument => 4,
            Self::Malformed => 5,
            Self::Quota => 6,
            Self::LogConflict => 7,
            Self::InvitationSpent => 8,
            Self::StaleKey => 9,
        }
    }
}

impl Encode for RefusalCode {
    fn encode(&self, out: &mut Writer) {
        out.u8(self.code());
    }
}

impl Decode for RefusalCode {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let code = input.u8()?;
        Self::ALL
            .into_iter()
            .find(|known| known.code() == code)
            .ok_or(DecodeError::UnknownTag(code))
    }
}

/// What of a request a refusal is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The membership entry at this place of the request's list, and all after it.
    Entry(u32),
    /// The grant at this place.
    Grant(u32),
    /// The envelope at this place.
    Envelope(u32),
    /// The mark at this place.
    Mark(u32),
    /// The stream asked for at this place.
    Fetch(u32),
}

/// One thing of a request that the relay did not take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// Which thing.
    pub what: Refused,
    /// Why.
    pub code: RefusalCode,
}

impl Encode for Refusal {
    fn encode(&self, out: &mut Writer) {
        let (tag, place) = match self.what {
            Refused::Entry(place) => (1, place),
            Refused::Grant(place) => (2, place),
            Refused::Envelope(place) => (3, place),
            Refused::Mark(place) => (4, place),
            Refused::Fetch(place) => (5, place),
        };
        out.u8(tag);
        out.u32(place);
        self.code.encode(out);
    }
}

impl Decode for Refusal {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let tag = input.u8()?;
        let place = input.u32()?;
        let what = match tag {
            1 => Refused::Entry(place),
            2 => Refused::Grant(place),
            3 => Refused::Envelope(place),
            4 => Refused::Mark(place),
            5 => Refused::Fetch(place),
            other => return Err(DecodeError::UnknownTag(other)),
        };
        Ok(Self {
            what,
            code: Decode::decode(input)?,
        })
    }
}

/// An envelope with its place in the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its number in the stream, from 1.
    pub number: u64,
    /// When the relay accepted it, in milliseconds since 1970 (UTC).
    pub accepted_ms: u64,
    /// The envelope; its header names the stream.
    pub envelope: EnvelopeBlob,
}

impl Encode for Delivery {
    fn encode(&self, out: &mut Writer) {
        out.u64(self.number);
        out.u64(self.accepted_ms);
        self.envelope.encode(out);
    }
}

impl Decode for Delivery {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            number: input.u64()?,
            accepted_ms: input.u64()?,
            envelope: Decode::decode(input)?,
        })
    }
}

/// A stream's head at a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamHead {
    /// The stream.
    pub document: DocumentId,
    /// The number.
    pub number: u64,
    /// The head after the envelope with that number.
    pub head: Hash,
}

impl Encode for StreamHead {
    fn encode(&self, out: &mut Writer) {
        self.document.encode(out);
        out.u64(self.number);
        self.head.encode(out);
    }
}

impl Decode for StreamHead {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            document: Decode::decode(input)?,
            number: input.u64()?,
            head: Decode::decode(input)?,
        })
    }
}

/// The relay's signed word on heads at a time. Heads chain the envelopes and their times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// This life of the relay's database.
    pub instance: InstanceId,
    /// The nonce of the request that the message answers, so that no old reply can stand in for
    /// it; [`NO_REQUEST`] in frames of the live push.
    pub answers: [u8; 16],
    /// The relay's clock, in milliseconds since 1970 (UTC).
    pub now_ms: u64,
    /// For each stream that this message touches, the head at the last number it covers.
    pub heads: Vec<StreamHead>,
    /// Hash of the message that the receipt stands in: the relay's word holds for all of it.
    pub message: Hash,
    /// The relay's signature.
    pub signature: [u8; 64],
}

impl Receipt {
    /// A receipt that [`SyncReply::sign`] has yet to sign.
    #[must_use]
    pub fn unsigned(
        instance: InstanceId,
        answers: [u8; 16],
        now_ms: u64,
        heads: Vec<StreamHead>,
    ) -> Self {
        Self {
            instance,
            answers,
            now_ms,
            heads,
            message: Hash::ZERO,
            signature: [0; 64],
        }
    }
    /// Signs it as it stands.
    pub fn sign(&mut self, workspace: WorkspaceId, key: &SecretKey) {
        self.signature = key.sign(&self.signed_hash(workspace));
    }
    /// Checks the relay's signature.
    /// # Errors
    /// [`BadSignature`].
    pub fn verify(&self, workspace: WorkspaceId, relay: &PublicKey) -> Result<(), BadSignature> {
        relay.verify(&self.signed_hash(workspace), &self.signature)
    }
    fn signed_hash(&self, workspace: WorkspaceId) -> Hash {
        let mut out = Writer::new();
        workspace.encode(&mut out);
        self.encode_unsigned(&mut out);
        tagged_hash(Tag::Receipt, &[&out.finish()])
    }
    fn encode_unsigned(&self, out: &mut Writer) {
        self.instance.encode(out);
        out.raw(&self.answers);
        out.u64(self.now_ms);
        out.list(&self.heads);
        self.message.encode(out);
    }
}

impl Encode for Receipt {
    fn encode(&self, out: &mut Writer) {
        self.encode_unsigned(out);
        out.raw(&self.signature);
    }
}

impl Decode for Receipt {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            instance: Decode::decode(input)?,
            answers: input.array()?,
            now_ms: input.u64()?,
            heads: input.list(MESSAGE_ENVELOPES_MAX + MESSAGE_FETCH_MAX)?,
            message: Decode::decode(input)?,
            signature: input.array()?,
        })
    }
}

/// The relay's reply to a sync request, and the frame that the live push sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncReply {
    /// The next cursor: everything up to it that this device may read has been delivered.
    pub position: u64,
    /// Whether there is more to fetch at once.
    pub more: bool,
    /// How many membership entries the relay has.
    pub log_len: u64,
    /// Membership entries from the request's `log_len` on (those it took included).
    pub entries: Vec<EntryBlob>,
    /// Grants that this device may open, behind the cursor.
    pub grants: Vec<GrantBlob>,
    /// The envelopes of the request that are stored, durably.
    pub acks: Vec<Ack>,
    /// What was not taken.
    pub refusals: Vec<Refusal>,
    /// Envelopes of others behind the cursor, and the streams asked for by name.
    pub deliveries: Vec<Delivery>,
    /// Read marks behind the cursor.
    pub marks: Vec<Mark>,
    /// The relay's signed word on the heads.
    pub receipt: Receipt,
}

impl SyncReply {
    /// Signs the receipt, and with it the whole message.
    pub fn sign(&mut self, workspace: WorkspaceId, key: &SecretKey) {
        self.receipt.message = self.message_hash();
        self.receipt.sign(workspace, key);
    }

    /// Checks that the relay said all of this.
    /// # Errors
    /// [`BadSignature`].
    pub fn verify(&self, workspace: WorkspaceId, relay: &PublicKey) -> Result<(), BadSignature> {
        if self.receipt.message != self.message_hash() {
            return Err(BadSignature);
        }
        self.receipt.verify(workspace, relay)
    }

    fn message_hash(&self) -> Hash {
        let mut out = Writer::new();
        self.encode_message(&mut out);
        tagged_hash(Tag::Reply, &[&out.finish()])
    }

    fn encode_message(&self, out: &mut Writer) {
        out.u8(WIRE_VERSION);
        out.u64(self.position);
        out.u8(u8::from(self.more));
        out.u64(self.log_len);
        out.list(&self.entries);
        out.list(&self.grants);
        out.list(&self.acks);
        out.list(&self.refusals);
        out.list(&self.deliveries);
        out.list(&self.marks);
    }
}

impl Encode for SyncReply {
    fn encode(&self, out: &mut Writer) {
        self.encode_message(out);
        self.receipt.encode(out);
    }
}

impl Decode for SyncReply {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        expect_version(input)?;
        Ok(Self {
            position: input.u64()?,
            more: match input.u8()? {
                0 => false,
                1 => true,
                _ => return Err(DecodeError::Invalid),
            },
            log_len: input.u64()?,
            entries: input.list(MESSAGE_ENTRIES_MAX)?,
            grants: input.list(MESSAGE_GRANTS_MAX)?,
            acks: input.list(MESSAGE_ENVELOPES_MAX)?,
            refusals: input.list(MESSAGE_ENVELOPES_MAX + MESSAGE_MARKS_MAX)?,
            deliveries: input.list(MESSAGE_ENVELOPES_MAX)?,
            marks: input.list(MESSAGE_MARKS_MAX)?,
            receipt: Decode::decode(input)?,
        })
    }
}

/// The first message on a live connection: what the device has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveHello {
    /// The relay life that the cursor is of.
    pub instance: InstanceId,
    /// The last position taken in.
    pub cursor: u64,
    /// How many membership entries the device has.
    pub log_len: u64,
}

impl Encode for LiveHello {
    fn encode(&self, out: &mut Writer) {
        out.u8(WIRE_VERSION);
        self.instance.encode(out);
        out.u64(self.cursor);
        out.u64(self.log_len);
    }
}

impl Decode for LiveHello {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        expect_version(input)?;
        Ok(Self {
            instance: Decode::decode(input)?,
            cursor: input.u64()?,
            log_len: input.u64()?,
        })
    }
}

/// What a relay answers instead of a reply, as a whole. Stable codes; the HTTP status beside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RelayError {
    /// The body is not a message of this version (400).
    #[error("the relay could not read the request: update the app")]
    Malformed,
    /// The signature is missing or wrong, or the signer unknown or revoked (401).
    #[error("the relay does not know this device: ask an administrator")]
    Unauthorized,
    /// The request's time is too far from the relay's, which is given (401).
    #[error("the request's time is too far from the relay's clock")]
    ClockSkew {
        /// The relay's clock, in milliseconds since 1970 (UTC).
        now_ms: u64,
    },
    /// The request was seen before (409).
    #[error("the request was sent twice")]
    Replayed,
    /// The workspace is not here (404).
    #[error("the relay does not have this workspace")]
    UnknownWorkspace,
    /// The body is over its limit (413).
    #[error("the request is larger than the relay allows")]
    TooLarge,
    /// Too many requests (429); when to come back is given.
    #[error("the relay is busy: try again later")]
    Busy {
        /// How long to wait, in milliseconds.
        retry_after_ms: u64,
    },
    /// This relay founds no workspaces for strangers (403).
    #[error("this relay founds no workspace without its founding token")]
    FoundingClosed,
    /// The relay cannot write: disk full or database damaged (503).
    #[error("the relay cannot store anything now: try again later")]
    Unavailable,
}

impl RelayError {
    /// The HTTP status that goes with it.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Malformed => 400,
            Self::Unauthorized | Self::ClockSkew { .. } => 401,
            Self::FoundingClosed => 403,
            Self::UnknownWorkspace => 404,
            Self::Replayed => 409,
            Self::TooLarge => 413,
            Self::Busy { .. } => 429,
            Self::Unavailable => 503,
        }
    }
}

impl Encode for RelayError {
    fn encode(&self, out: &mut Writer) {
        out.u8(WIRE_VERSION);
        match self {
            Self::Malformed => out.u8(1),
            Self::Unauthorized => out.u8(2),
            Self::ClockSkew { now_ms } => {
                out.u8(3);
                out.u64(*now_ms);
            }
            Self::Replayed => out.u8(4),
            Self::UnknownWorkspace => out.u8(5),
            Self::TooLarge => out.u8(6),
            Self::Busy { retry_after_ms } => {
                out.u8(7);
                out.u64(*retry_after_ms);
            }
            Self::FoundingClosed => out.u8(8),
            Self::Unavailable => out.u8(9),
        }
    }
}

impl Decode for RelayError {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        expect_version(input)?;
        Ok(match input.u8()? {
            1 => Self::Malformed,
            2 => Self::Unauthorized,
            3 => Self::ClockSkew {
                now_ms: input.u64()?,
            },
            4 => Self::Replayed,
            5 => Self::UnknownWorkspace,
            6 => Self::TooLarge,
            7 => Self::Busy {
                retry_after_ms: input.u64()?,
            },
            8 => Self::FoundingClosed,
            9 => Self::Unavailable,
            other => return Err(DecodeError::UnknownTag(other)),
        })
    }
}
