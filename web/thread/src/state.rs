//! What a participant's device has, in memory; `codec` puts it into bytes.

use folge_core::env::{Env, Reading};
use folge_core::envelope::{Content, open};
use folge_core::keys::{DeviceSecrets, InvitationLink, Key32, Keyring, Secret, Subject};
use folge_core::messages::{Message, decode_messages};
use folge_core::sync::rules::{is_housekeeping, sign_entry, threads_of};
use folge_core::sync::{Entrance, Identity, RelayAddress, Schedule};
use folge_protocol::codec::Decode;
use folge_protocol::envelope::{
    Envelope, EnvelopeKind, Header, envelope_hash, next_head, stream_start,
};
use folge_protocol::grant::Recipient;
use folge_protocol::ids::{DeviceId, DocumentId, Hash, InstanceId, PersonId, WorkspaceId};
use folge_protocol::membership::{Author, Body, DocumentKind, Entry, Membership};

use crate::error::Error;
use crate::exchange::Flight;

/// Where this device stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The link was opened; the relay has not let the device in yet.
    Joining,
    /// It is in.
    In,
    /// It was put out: nothing is left here but what was never delivered.
    PutOut,
    /// The thread was erased: nothing of it is left here.
    Erased,
}

/// Something that does not fit, and that a person should hear of. What was true before stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Oddity {
    /// The relay began a new life: it was restored, and may have lost something.
    Restored,
    /// The relay went back behind what it had shown.
    RolledBack,
    /// A grant is not from whom it says.
    ForgedGrant,
    /// An envelope is not from whom it says, or damaged.
    ForgedEnvelope,
    /// Something that a device wrote is missing.
    Dropped,
    /// The relay shows others something else than this device.
    SplitView,
    /// The relay keeps entries of the membership log back, or shows others other ones.
    LogDiffers,
    /// The relay said something that cannot be true.
    Fault,
}

impl Oddity {
    const ALL: [Self; 8] = [
        Self::Restored,
        Self::RolledBack,
        Self::ForgedGrant,
        Self::ForgedEnvelope,
        Self::Dropped,
        Self::SplitView,
        Self::LogDiffers,
        Self::Fault,
    ];
    const fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// What became of an envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    /// It was read.
    Applied,
    /// It waits for a key or for the one before it.
    Waiting,
    /// Its device was put out, and nobody vouched for it.
    Held,
    /// It cannot be trusted or read.
    Aside,
}

/// A message in an envelope.
pub(crate) struct Said {
    pub(crate) device: DeviceId,
    /// `None`: of a later version, or damaged.
    pub(crate) message: Option<Message>,
}

/// What the sender of an envelope had seen when sealing it.
#[derive(Clone, Copy)]
pub(crate) struct Origin {
    pub(crate) instance: Option<InstanceId>,
    pub(crate) log_len: u64,
    pub(crate) log_head: Hash,
}

/// An envelope of the thread.
pub(crate) struct Row {
    pub(crate) bytes: Vec<u8>,
    /// Its place in the stream; none while the relay does not have it.
    pub(crate) number: Option<u64>,
    /// When the relay took it, in milliseconds since 1970 (UTC).
    pub(crate) accepted_ms: u64,
    /// Whether the relay ever had it.
    pub(crate) stored: bool,
    pub(crate) status: Status,
    pub(crate) header: Header,
    pub(crate) hash: Hash,
    /// The stream's head behind it, once the stream was followed so far.
    pub(crate) head: Hash,
    pub(crate) said: Vec<Said>,
    pub(crate) origin: Option<Origin>,
}

impl Row {
    pub(crate) fn new(bytes: Vec<u8>, header: Header) -> Self {
        let hash = envelope_hash(&bytes);
        Self {
            bytes,
            number: None,
            accepted_ms: 0,
            stored: false,
            status: Status::Waiting,
            header,
            hash,
            head: Hash::ZERO,
            said: Vec::new(),
            origin: None,
        }
    }
}

/// A message that is not sealed yet.
#[derive(Clone)]
pub(crate) struct Unsealed {
    pub(crate) made: Reading,
    /// The last number of the stream that was here then.
    pub(crate) seen: u64,
    pub(crate) message: Message,
}

/// A grant made here.
pub(crate) struct OwnGrant {
    pub(crate) recipient: Recipient,
    pub(crate) subjects: Vec<Subject>,
    pub(crate) bytes: Vec<u8>,
    pub(crate) sent: bool,
    /// Whether the relay ever had it.
    pub(crate) stored: bool,
}

/// Who this device is, where.
#[derive(Clone, Copy)]
pub(crate) struct Who {
    pub(crate) workspace: WorkspaceId,
    pub(crate) person: PersonId,
    pub(crate) device: DeviceId,
}

/// Everything that changes.
#[derive(Default)]
pub(crate) struct State {
    /// The log's entries as the relay has confirmed them.
    pub(crate) log: Vec<Vec<u8>>,
    pub(crate) confirmed: Option<Membership>,
    /// Entries of this device on top, not confirmed yet.
    pub(crate) pending: Vec<Entry>,
    pub(crate) local: Option<Membership>,
    pub(crate) keyring: Keyring,
    pub(crate) instance: Option<InstanceId>,
    pub(crate) past: Vec<InstanceId>,
    pub(crate) cursor: u64,
    pub(crate) recovering: bool,
    pub(crate) purged: u64,
    /// How many entries the relay has, where it has fewer.
    pub(crate) relay_log_len: Option<u64>,
    /// The number from which the stream is to be asked for by name.
    pub(crate) wanted: Option<u64>,
    /// Grants that nothing here opens yet.
    pub(crate) grants: Vec<Vec<u8>>,
    pub(crate) own_grants: Vec<OwnGrant>,
    pub(crate) rows: Vec<Row>,
    pub(crate) unsealed: Vec<Unsealed>,
    /// Up to which number the office has read.
    pub(crate) office: u64,
    pub(crate) oddities: u32,
    /// Requests that went by while the thread's newest key was missing.
    pub(crate) keyless: u32,
    /// Words that were typed and not sent, by what they are for.
    pub(crate) drafts: Vec<(String, String)>,
    /// The language that was chosen; empty for none.
    pub(crate) language: String,
}

impl State {
    pub(crate) fn note(&mut self, oddity: Oddity) {
        self.oddities |= oddity.bit();
    }

    pub(crate) fn log(&self) -> Result<&Membership, Error> {
        self.local.as_ref().ok_or(Error::NotJoined)
    }

    pub(crate) fn log_len(&self) -> u64 {
        self.confirmed.as_ref().map_or(0, Membership::len)
    }

    pub(crate) fn is_admitted(&self, who: Who) -> bool {
        self.confirmed
            .as_ref()
            .is_some_and(|log| log.active_device(who.device).is_some())
    }

    pub(crate) fn is_out(&self, who: Who) -> bool {
        self.confirmed
            .as_ref()
            .is_some_and(|log| log.put_out_at(who.device).is_some())
    }

    /// The participant's thread; none once it was erased.
    pub(crate) fn thread(&self, who: Who) -> Option<DocumentId> {
        let log = self.local.as_ref().or(self.confirmed.as_ref())?;
        threads_of(log, who.person).next()
    }

    /// Whether the person's thread was erased.
    pub(crate) fn is_erased(&self, who: Who) -> bool {
        let own = who.person.into();
        let Some(log) = &self.confirmed else {
            return false;
        };
        self.thread(who).is_none()
            && log.documents().values().any(|state| {
                state.kind == DocumentKind::Thread
                    && state.erasure.is_some()
                    && state.readers_ever.contains_key(&own)
            })
    }

    pub(crate) fn phase(&self, who: Who) -> Phase {
        if self.is_erased(who) {
            Phase::Erased
        } else if self.is_out(who) {
            Phase::PutOut
        } else if self.is_admitted(who) {
            Phase::In
        } else {
            Phase::Joining
        }
    }

    /// Up to which number the stream is here without a gap, and its head.
    pub(crate) fn end(&self) -> (u64, Hash) {
        let placed = self.rows.iter().filter(|row| row.head != Hash::ZERO);
        placed
            .filter_map(|row| Some((row.number?, row.head)))
            .max_by_key(|(number, _)| *number)
            .unwrap_or((0, Hash::ZERO))
    }

    pub(crate) fn row_at(&self, number: u64) -> Option<usize> {
        self.rows.iter().position(|row| row.number == Some(number))
    }

    pub(crate) fn row_of(&self, device: DeviceId, sequence: u64) -> Option<usize> {
        self.rows
            .iter()
            .position(|row| (row.header.device, row.header.sequence) == (device, sequence))
    }

    /// This device's last sequence and envelope.
    pub(crate) fn last_of(&self, device: DeviceId) -> Option<(u64, Hash)> {
        let own = self.rows.iter().filter(|row| row.header.device == device);
        own.filter(|row| row.status != Status::Aside)
            .map(|row| (row.header.sequence, row.hash))
            .max_by_key(|(sequence, _)| *sequence)
    }

    /// Brings the heads up to date, as far as the stream has no gap: gives the rows that are new.
    pub(crate) fn follow(&mut self, who: Who) -> Vec<usize> {
        let Some((instance, thread)) = self.instance.zip(self.thread(who)) else {
            return Vec::new();
        };
        let (mut number, mut head) = self.end();
        if number == 0 {
            head = stream_start(instance, who.workspace, thread);
        }
        let mut fresh = Vec::new();
        while let Some(place) = self.row_at(number + 1) {
            let row = &mut self.rows[place];
            head = next_head(head, row.hash, row.accepted_ms);
            row.head = head;
            number += 1;
            fresh.push(place);
        }
        fresh
    }

    /// Verifies, opens and reads an envelope.
    pub(crate) fn open_row(&self, who: Who, envelope: &Envelope, genuine: bool) -> Outcome {
        let header = &envelope.header;
        let Some(log) = &self.confirmed else {
            return Outcome::Waiting;
        };
        if !genuine {
            return Outcome::Aside;
        }
        if !log.documents().contains_key(&header.document) {
            return Outcome::Waiting;
        }
        if !log.stands(header.device, header.document, header.sequence) {
            return Outcome::Held;
        }
        self.read(who, envelope)
    }

    /// Opens an envelope that was verified, and reads its messages.
    pub(crate) fn read(&self, who: Who, envelope: &Envelope) -> Outcome {
        let header = &envelope.header;
        let Some(key) = self.keyring.document(header.document, header.generation) else {
            return Outcome::Waiting;
        };
        let content = match header.kind {
            EnvelopeKind::Change => return Outcome::Aside,
            EnvelopeKind::Snapshot => return Outcome::Waiting,
            EnvelopeKind::Message | EnvelopeKind::Carried => open(envelope, key),
        };
        let Ok(content) = content else {
            return Outcome::Aside;
        };
        let origin = Origin {
            instance: content.instance,
            log_len: content.log_len,
            log_head: content.log_head,
        };
        if header.kind == EnvelopeKind::Message {
            return said_in(&content, header.device, origin);
        }
        // Another device brings what one that was put out had written.
        let Ok(inner) = Envelope::from_bytes(&content.batch) else {
            return Outcome::Aside;
        };
        let here = inner.header.document == header.document
            && inner.header.workspace == who.workspace
            && inner.header.kind == EnvelopeKind::Message;
        if !here || !self.is_genuine(&inner) {
            return Outcome::Aside;
        }
        let (document, generation) = (inner.header.document, inner.header.generation);
        match self.keyring.document(document, generation) {
            None => Outcome::Waiting,
            Some(key) => match open(&inner, key) {
                Ok(content) => said_in(&content, inner.header.device, origin),
                Err(_) => Outcome::Waiting,
            },
        }
    }

    /// Whether the device that an envelope names signed it.
    pub(crate) fn is_genuine(&self, envelope: &Envelope) -> bool {
        let author = self
            .confirmed
            .as_ref()
            .and_then(|log| log.devices().get(&envelope.header.device));
        author.is_some_and(|author| envelope.verify(&author.verifier).is_ok())
    }

    /// Takes own pending entries that still follow the log over; gives those that do not.
    pub(crate) fn rebase(&mut self) -> Vec<Body> {
        let mut dropped = Vec::new();
        self.local.clone_from(&self.confirmed);
        let Some(log) = &mut self.local else {
            return dropped;
        };
        let mut kept = Vec::new();
        for entry in std::mem::take(&mut self.pending) {
            let follows = entry.index == log.len() && entry.previous == log.head();
            if follows && log.apply(&entry, entry.time_ms).is_ok() {
                kept.push(entry);
            } else {
                dropped.push(entry.body);
            }
        }
        self.pending = kept;
        dropped
    }

    /// Makes everything readable of this thread go: what cannot be shown again is not kept either.
    pub(crate) fn wipe(&mut self, keep_undelivered: bool) {
        if keep_undelivered {
            let undelivered = self.undelivered();
            self.unsealed = undelivered;
        } else {
            self.unsealed.clear();
            self.drafts.clear();
        }
        self.rows.clear();
        self.wanted = None;
        let keys: Vec<Subject> = self
            .keyring
            .secrets()
            .map(|secret| secret.subject)
            .filter(|subject| keep_undelivered || matches!(subject, Subject::Document(..)))
            .collect();
        for subject in keys {
            self.keyring.remove(subject);
        }
        if keep_undelivered {
            self.grants.clear();
            self.own_grants.clear();
        }
    }

    /// What was written here and the relay never had.
    fn undelivered(&self) -> Vec<Unsealed> {
        let never = self
            .rows
            .iter()
            .filter(|row| !row.stored && row.number.is_none() && row.status == Status::Applied);
        let sealed = never.flat_map(|row| &row.said).filter_map(|said| {
            Some(Unsealed {
                made: NO_READING,
                seen: 0,
                message: said.message.clone()?,
            })
        });
        sealed.chain(self.unsealed.iter().cloned()).collect()
    }
}

pub(crate) const NO_READING: Reading = Reading {
    wall_ms: 0,
    monotonic_ms: 0,
    boot: 0,
};

/// What comes of an envelope.
pub(crate) enum Outcome {
    Applied(Vec<Said>, Origin),
    Waiting,
    Held,
    Aside,
}

fn said_in(content: &Content, device: DeviceId, origin: Origin) -> Outcome {
    match decode_messages(&content.batch) {
        Ok(messages) => {
            let said = messages.iter().map(|bytes| Said {
                device,
                message: Message::from_bytes(bytes).ok(),
            });
            Outcome::Applied(said.collect(), origin)
        }
        Err(_) => Outcome::Aside,
    }
}

/// A participant's device in one thread.
pub struct Thread {
    pub(crate) env: Env,
    pub(crate) identity: Identity,
    pub(crate) state: State,
    pub(crate) schedule: Schedule,
    /// The relay's clock less this device's, in milliseconds.
    pub(crate) offset_ms: i64,
    /// Sign as the entrance: the relay does not know the device (yet, or any more).
    pub(crate) at_entrance: bool,
    pub(crate) flight: Option<Flight>,
}

impl std::fmt::Debug for Thread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Thread")
    }
}

/// What was stored.
#[derive(Debug)]
pub enum Kept {
    /// The thread.
    Thread(Box<Thread>),
    /// It was erased, and the provider was told so: nothing is left.
    Erased,
}

impl Thread {
    /// Comes in by a link: makes the device's keys. The relay hears of it with the first sync.
    #[must_use]
    pub fn join(mut env: Env, link: &InvitationLink) -> Self {
        let device = DeviceSecrets::from_seed(Key32::new(env.random()));
        let secret = Secret {
            subject: Subject::Group(device.id().into(), 0),
            key: Key32::new(env.random()),
        };
        let identity = Identity {
            workspace: link.workspace,
            person: link.person,
            device,
            relay: RelayAddress {
                url: link.relay_url.clone(),
                key: link.relay_key,
            },
            entrance: Some(Entrance::invitation(link)),
        };
        let mut state = State::default();
        state.keyring.insert(&secret);
        Self::over(env, identity, state)
    }

    pub(crate) fn over(env: Env, identity: Identity, state: State) -> Self {
        let mut thread = Self {
            env,
            identity,
            state,
            schedule: Schedule::default(),
            offset_ms: 0,
            at_entrance: false,
            flight: None,
        };
        let admitted = thread.state.is_admitted(thread.who());
        let out = thread.state.is_out(thread.who());
        thread.at_entrance = thread.identity.entrance.is_some() && !admitted && !out;
        thread
    }

    pub(crate) fn who(&self) -> Who {
        Who {
            workspace: self.identity.workspace,
            person: self.identity.person,
            device: self.identity.device.id(),
        }
    }

    /// Where this device stands.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.state.phase(self.who())
    }

    /// The relay's address, such as `https://relay.example.no`.
    #[must_use]
    pub fn relay_url(&self) -> &str {
        self.identity.relay.url.trim_end_matches('/')
    }

    /// This device.
    #[must_use]
    pub fn device(&self) -> DeviceId {
        self.identity.device.id()
    }

    /// Whether a link is for another person or workspace than this device's.
    #[must_use]
    pub fn is_of(&self, link: &InvitationLink) -> bool {
        (link.workspace, link.person) == (self.identity.workspace, self.identity.person)
    }

    /// What does not fit, as far as it was noticed, until [`Thread::forget_oddities`].
    #[must_use]
    pub fn oddities(&self) -> Vec<Oddity> {
        let all = Oddity::ALL.into_iter();
        all.filter(|oddity| self.state.oddities & oddity.bit() != 0)
            .collect()
    }

    /// The user has seen what does not fit.
    pub fn forget_oddities(&mut self) {
        self.state.oddities = 0;
    }

    /// The language that was chosen; empty for none.
    #[must_use]
    pub fn language(&self) -> &str {
        &self.state.language
    }

    /// Chooses a language.
    pub fn set_language(&mut self, language: &str) {
        self.state.language = language.chars().take(8).collect();
    }

    /// Words that were typed and not sent.
    #[must_use]
    pub fn draft(&self, of: &str) -> &str {
        let mut drafts = self.state.drafts.iter();
        let found = drafts.find(|(known, _)| known == of);
        found.map_or("", |(_, words)| words)
    }

    /// Keeps typed words; empty ones are forgotten.
    pub fn set_draft(&mut self, of: &str, words: &str) {
        self.state.drafts.retain(|(known, _)| known != of);
        if !words.is_empty() {
            let draft = (of.to_owned(), words.to_owned());
            self.state.drafts.push(draft);
        }
    }

    pub(crate) fn relay_now_ms(&self) -> i64 {
        self.env.now().wall_ms.saturating_add(self.offset_ms)
    }

    /// Adds an entry of this device on top of the log.
    pub(crate) fn add_entry(&mut self, author: Author, body: Body) -> Result<(), Error> {
        let now_ms = self.relay_now_ms();
        let one_time = self.identity.entrance.as_ref().map(Entrance::sign);
        let key = match (&author, &one_time) {
            (Author::Invitation(_), Some(key)) => key,
            _ => self.identity.device.sign(),
        };
        let log = self.state.local.as_mut().ok_or(Error::NotJoined)?;
        let entry = sign_entry(log, author, body, now_ms, key);
        log.apply(&entry, entry.time_ms)?;
        self.state.pending.push(entry);
        Ok(())
    }

    /// Takes back the turned keys that wait to be sent, to plan them anew.
    pub(crate) fn drop_turns(&mut self) {
        let pending = std::mem::take(&mut self.state.pending);
        let (turns, kept): (Vec<_>, Vec<_>) = pending
            .into_iter()
            .partition(|entry| is_housekeeping(&entry.body));
        self.state.pending = kept;
        for entry in turns {
            self.undo(&entry.body);
        }
        for body in self.state.rebase() {
            self.undo(&body);
        }
    }
}
