//! The whole state as bytes, and back. Version byte first; secrets are in it, so whoever keeps it
//! seals it.

use folge_core::env::{Env, Reading};
use folge_core::keys::Secret;
use folge_core::limits::MESSAGE_BYTES_MAX;
use folge_core::messages::Message;
use folge_core::sync::Identity;
use folge_protocol::codec::{Decode, DecodeError, Encode, Reader, Writer};
use folge_protocol::envelope::{Envelope, EnvelopeBytes};
use folge_protocol::ids::Hash;
use folge_protocol::limits::{ENTRY_BYTES_MAX, ENVELOPE_BYTES_MAX, GRANT_BYTES_MAX};
use folge_protocol::membership::{Entry, Membership};

use crate::error::Error;
use crate::state::{Kept, Outcome, OwnGrant, Phase, Row, State, Status, Thread, Unsealed};

const STATE_VERSION: u8 = 1;
const KIND_THREAD: u8 = 1;
const KIND_ERASED: u8 = 2;
/// More of anything than a thread can come to.
const COUNT_MAX: usize = 1 << 20;
const IDENTITY_BYTES_MAX: usize = 8 * 1024;
const DRAFT_BYTES_MAX: usize = 64 * 1024;

impl Encode for Status {
    fn encode(&self, out: &mut Writer) {
        out.u8(match self {
            Self::Applied => 1,
            Self::Waiting => 2,
            Self::Held => 3,
            Self::Aside => 4,
        });
    }
}

impl Decode for Status {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match input.u8()? {
            1 => Self::Applied,
            2 => Self::Waiting,
            3 => Self::Held,
            4 => Self::Aside,
            other => return Err(DecodeError::UnknownTag(other)),
        })
    }
}

struct Number(u64);

impl Encode for Number {
    fn encode(&self, out: &mut Writer) {
        out.u64(self.0);
    }
}

impl Decode for Number {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self(input.u64()?))
    }
}

fn number(input: &mut Reader<'_>) -> Result<Option<u64>, DecodeError> {
    let number: Option<Number> = input.option()?;
    Ok(number.map(|number| number.0))
}

impl Encode for Row {
    fn encode(&self, out: &mut Writer) {
        out.bytes(&self.bytes);
        out.option(self.number.map(Number).as_ref());
        out.u64(self.accepted_ms);
        out.bool(self.stored);
        self.status.encode(out);
    }
}

impl Decode for Row {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let bytes = input.bytes(ENVELOPE_BYTES_MAX)?.to_vec();
        let (_, header) = EnvelopeBytes::parse(&bytes)?;
        let mut row = Self::new(bytes, header);
        row.number = number(input)?;
        row.accepted_ms = input.u64()?;
        row.stored = input.bool()?;
        row.status = Decode::decode(input)?;
        Ok(row)
    }
}

impl Encode for Unsealed {
    fn encode(&self, out: &mut Writer) {
        out.raw(&self.made.wall_ms.to_be_bytes());
        out.u64(self.made.monotonic_ms);
        out.u32(self.made.boot);
        out.u64(self.seen);
        out.bytes(&self.message.to_bytes());
    }
}

impl Decode for Unsealed {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            made: Reading {
                wall_ms: i64::from_be_bytes(input.array()?),
                monotonic_ms: input.u64()?,
                boot: input.u32()?,
            },
            seen: input.u64()?,
            message: Message::from_bytes(input.bytes(MESSAGE_BYTES_MAX)?)?,
        })
    }
}

impl Encode for OwnGrant {
    fn encode(&self, out: &mut Writer) {
        self.recipient.encode(out);
        out.list(&self.subjects);
        out.bytes(&self.bytes);
        out.bool(self.sent);
        out.bool(self.stored);
    }
}

impl Decode for OwnGrant {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            recipient: Decode::decode(input)?,
            subjects: input.list(folge_core::limits::GRANT_SECRETS_MAX)?,
            bytes: input.bytes(GRANT_BYTES_MAX)?.to_vec(),
            sent: input.bool()?,
            stored: input.bool()?,
        })
    }
}

fn put_all(out: &mut Writer, all: &[Vec<u8>]) {
    out.u32(u32::try_from(all.len()).unwrap_or(u32::MAX));
    for bytes in all {
        out.bytes(bytes);
    }
}

fn take_all(input: &mut Reader<'_>, bytes_max: usize) -> Result<Vec<Vec<u8>>, DecodeError> {
    let count = input.u32()? as usize;
    if count > COUNT_MAX || count > input.rest().len() {
        return Err(DecodeError::TooLarge);
    }
    (0..count)
        .map(|_| Ok(input.bytes(bytes_max)?.to_vec()))
        .collect()
}

fn text(input: &mut Reader<'_>) -> Result<String, DecodeError> {
    let bytes = input.bytes(DRAFT_BYTES_MAX)?.to_vec();
    String::from_utf8(bytes).map_err(|_| DecodeError::Invalid)
}

impl Encode for State {
    fn encode(&self, out: &mut Writer) {
        put_all(out, &self.log);
        out.list(&self.pending);
        let secrets: Vec<Secret> = self.keyring.secrets().collect();
        out.list(&secrets);
        out.option(self.instance.as_ref());
        out.list(&self.past);
        out.u64(self.cursor);
        out.bool(self.recovering);
        out.u64(self.purged);
        out.option(self.relay_log_len.map(Number).as_ref());
        out.option(self.wanted.map(Number).as_ref());
        put_all(out, &self.grants);
        out.list(&self.own_grants);
        out.list(&self.rows);
        out.list(&self.unsealed);
        out.u64(self.office);
        out.u32(self.oddities);
        out.u32(self.keyless);
        out.u32(u32::try_from(self.drafts.len()).unwrap_or(u32::MAX));
        for (of, words) in &self.drafts {
            out.bytes(of.as_bytes());
            out.bytes(words.as_bytes());
        }
        out.bytes(self.language.as_bytes());
    }
}

impl Decode for State {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut state = Self {
            log: take_all(input, ENTRY_BYTES_MAX)?,
            pending: input.list(COUNT_MAX)?,
            ..Self::default()
        };
        let secrets: Vec<Secret> = input.list(COUNT_MAX)?;
        for secret in &secrets {
            state.keyring.insert(secret);
        }
        state.instance = input.option()?;
        state.past = input.list(COUNT_MAX)?;
        state.cursor = input.u64()?;
        state.recovering = input.bool()?;
        state.purged = input.u64()?;
        state.relay_log_len = number(input)?;
        state.wanted = number(input)?;
        state.grants = take_all(input, GRANT_BYTES_MAX)?;
        state.own_grants = input.list(COUNT_MAX)?;
        state.rows = input.list(COUNT_MAX)?;
        state.unsealed = input.list(COUNT_MAX)?;
        state.office = input.u64()?;
        state.oddities = input.u32()?;
        state.keyless = input.u32()?;
        let mut drafts = Vec::new();
        for _ in 0..input.u32()? {
            let of = text(input)?;
            drafts.push((of, text(input)?));
        }
        state.drafts = drafts;
        state.language = text(input)?;
        state.restore_log()?;
        Ok(state)
    }
}

impl State {
    /// The log is verified from its first entry, as when it came.
    fn restore_log(&mut self) -> Result<(), DecodeError> {
        let mut confirmed: Option<Membership> = None;
        for bytes in &self.log {
            let entry = Entry::from_bytes(bytes)?;
            let followed = match &mut confirmed {
                None => Membership::found(&entry).map(|log| confirmed = Some(log)),
                Some(log) => log.apply(&entry, entry.time_ms),
            };
            followed.map_err(|_| DecodeError::Invalid)?;
        }
        self.confirmed = confirmed;
        if self.rebase().is_empty() {
            Ok(())
        } else {
            Err(DecodeError::Invalid)
        }
    }
}

impl Thread {
    /// The whole state: secrets and all, to be sealed and kept. Of a thread that was erased, and
    /// of which the provider was told so, only that stands in it.
    #[must_use]
    pub fn serialize(&self) -> Vec<u8> {
        let mut out = Writer::new();
        out.u8(STATE_VERSION);
        if self.phase() == Phase::Erased && !self.has_work() {
            out.u8(KIND_ERASED);
            out.bytes(self.state.language.as_bytes());
            return out.finish();
        }
        out.u8(KIND_THREAD);
        out.bytes(&self.identity.encode());
        self.state.encode(&mut out);
        out.finish()
    }

    /// Reads a state again.
    /// # Errors
    /// [`Error::Unreadable`].
    pub fn deserialize(bytes: &[u8], env: Env) -> Result<Kept, Error> {
        let mut input = Reader::new(bytes);
        let read = |input: &mut Reader<'_>| {
            match input.u8()? {
                STATE_VERSION => {}
                other => return Err(DecodeError::UnknownVersion(other)),
            }
            match input.u8()? {
                KIND_ERASED => {
                    text(input)?;
                    Ok(None)
                }
                KIND_THREAD => {
                    let identity = Identity::decode(input.bytes(IDENTITY_BYTES_MAX)?)?;
                    Ok(Some((identity, State::decode(input)?)))
                }
                other => Err(DecodeError::UnknownTag(other)),
            }
        };
        let kept = read(&mut input).map_err(|_| Error::Unreadable)?;
        input.finish().map_err(|_| Error::Unreadable)?;
        let Some((identity, state)) = kept else {
            return Ok(Kept::Erased);
        };
        let mut thread = Self::over(env, identity, state);
        let log = thread.state.confirmed.as_ref();
        if log.is_some_and(|log| log.workspace() != thread.identity.workspace) {
            return Err(Error::Unreadable);
        }
        thread.reopen()?;
        Ok(Kept::Thread(Box::new(thread)))
    }

    /// Reads the messages of what was read before. Signatures were checked when it came.
    pub(crate) fn reopen(&mut self) -> Result<(), Error> {
        let who = self.who();
        for at in 0..self.state.rows.len() {
            self.state.rows[at].head = Hash::ZERO;
            if self.state.rows[at].status != Status::Applied {
                continue;
            }
            let envelope =
                Envelope::from_bytes(&self.state.rows[at].bytes).map_err(|_| Error::Unreadable)?;
            match self.state.read(who, &envelope) {
                Outcome::Applied(said, origin) => {
                    let row = &mut self.state.rows[at];
                    row.said = said;
                    row.origin = Some(origin);
                }
                // Its key is gone: what it said cannot be shown, and that is said.
                _ => self.state.rows[at].status = Status::Waiting,
            }
        }
        self.state.follow(who);
        Ok(())
    }
}
