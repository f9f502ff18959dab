//! The replica: this device's whole state in one place. Documents, keys, the verified log, what
//! the relay has; all of it in the store, some of it loaded.
//!
//! Whatever fails in the middle of a transaction, [`Replica::reload`] brings memory back to what
//! is on disk. Every change to both goes through [`Replica::atomically`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use folge_protocol::codec::{Decode, Encode};
use folge_protocol::ids::{DeviceId, DocumentId};
use folge_protocol::membership::{self, Author, Body, Entry, Membership, Role};

use super::identity::{Identity, Progress};
use super::rules::{is_housekeeping, sign_entry};
use super::schedule::Schedule;
use crate::contract::Agreement;
use crate::document::{
    Actor, CaseSummary, CaseView, ChangeMeta, Command, Document, DocumentKind, PROJECTION_VERSION,
    Record, RecordRef, RecordRow, TailPart, Written,
};
use crate::domain::AgreementKey;
use crate::env::{Env, Reading};
use crate::error::Error;
use crate::keys::{Keyring, Secret, Subject};
use crate::limits::{LOADED_DOCUMENTS_MAX, TAIL_CHANGES_MAX};
use crate::store::{SecretRow, Store, StoreError, StreamRow, Unlock};

const META_IDENTITY: &str = "identity";
const META_PROGRESS: &str = "progress";
const META_WANTED: &str = "wanted";
const META_PROJECTION: &str = "projection";

/// A document that is loaded, and how long its tail in the store is.
pub(super) struct Loaded {
    pub(super) document: Document,
    pub(super) tail_len: u32,
    last_used: u64,
}

/// The register's agreements by key.
pub(crate) type Agreements = BTreeMap<AgreementKey, Agreement>;

/// This device's state.
pub struct Replica {
    pub(super) store: Store,
    pub(super) env: Env,
    pub(super) identity: Identity,
    pub(super) progress: Progress,
    pub(super) schedule: Schedule,
    /// The log as the relay has confirmed it; `None` until a joining device has fetched it.
    pub(super) confirmed: Option<Membership>,
    /// The log with this device's own pending entries on top.
    pub(super) local: Option<Membership>,
    pub(super) pending_entries: Vec<Entry>,
    pub(super) keyring: Keyring,
    pub(super) streams: BTreeMap<DocumentId, StreamRow>,
    /// Streams to ask for by name, from a number on.
    pub(super) wanted: BTreeMap<DocumentId, u64>,
    /// How many entries the relay has, where it has fewer than this device.
    pub(super) relay_log_len: Option<u64>,
    /// The relay's clock less this device's, in milliseconds, once the relay has said so.
    pub(super) relay_offset_ms: i64,
    /// Sign as the entrance: the relay does not know the device (yet, or any more).
    pub(super) at_entrance: bool,
    /// The relay does not have the workspace.
    pub(super) must_found: bool,
    /// Whom this device let read what, to be granted once more.
    pub(super) regrant: Vec<(Option<DocumentId>, Vec<folge_protocol::ids::GroupId>)>,
    /// Somebody is put out by a pending entry: before it is sent, what they wrote last is fetched,
    /// so that it is vouched for.
    pub(super) fetch_first: bool,
    /// How many requests went by while a document's newest key was missing here.
    pub(super) keyless: BTreeMap<DocumentId, u32>,
    /// Something was deleted that must not stay in the store's log.
    pub(super) checkpoint_due: bool,
    /// Part of this run's CRDT actor: drawn anew whenever the store is opened, so that a phone
    /// restored from a backup, or copied, never numbers its changes as the other did.
    installation: [u8; 4],
    pub(super) in_flight: super::exchange::InFlight,
    pub(super) watch: super::alarms::Watch,
    pub(super) finding: super::alarms::Finding,
    pub(super) alarm_numbers: BTreeMap<super::alarms::AlarmKey, i64>,
    /// The streams that the request being answered asked for by name.
    pub(super) fetched: BTreeSet<DocumentId>,
    pub(super) loaded: BTreeMap<DocumentId, Loaded>,
    pub(super) summaries: BTreeMap<DocumentId, CaseSummary>,
    pub(super) views: BTreeMap<DocumentId, CaseView>,
    /// The register's agreements, as long as the register is as it was when they were read.
    agreements: Option<Arc<Agreements>>,
    use_counter: u64,
}

impl std::fmt::Debug for Replica {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Replica")
    }
}

impl Replica {
    /// A replica in a store that has no identity yet. Nothing is in the store until
    /// [`Replica::save_identity`] is, in one transaction with what belongs to it.
    pub(crate) fn begin(store: Store, env: Env, identity: Identity) -> Result<Self, Error> {
        if store.meta(META_IDENTITY)?.is_some() {
            return Err(StoreError::Exists.into());
        }
        Ok(Self::empty(store, env, identity))
    }

    /// Writes the identity down anew. The caller is in a transaction.
    pub(super) fn update_identity(&mut self) -> Result<(), Error> {
        let bytes = self.identity.encode();
        Ok(self.store.set_meta(META_IDENTITY, Some(&bytes))?)
    }

    /// Puts the identity into the store. The caller is in a transaction.
    pub(crate) fn save_identity(&mut self) -> Result<(), Error> {
        self.update_identity()?;
        self.store
            .set_meta(META_PROJECTION, Some(&PROJECTION_VERSION.to_be_bytes()))?;
        self.note_standing();
        Ok(())
    }

    /// Loads what is in the store: the log is verified from its first entry.
    /// # Errors
    /// [`Error::Unreadable`] where the store holds something that it cannot have written.
    pub(crate) fn open(store: Store, env: Env) -> Result<Self, Error> {
        let identity = store
            .meta(META_IDENTITY)?
            .ok_or(Error::Unreadable("identity"))?;
        let identity = Identity::decode(&identity).map_err(|_| Error::Unreadable("identity"))?;
        let mut replica = Self::empty(store, env, identity);
        replica.store.checkpoint()?;
        replica.reload()?;
        replica.note_standing();
        replica.rebuild_stale_projections()?;
        Ok(replica)
    }

    /// Whether the relay knows this device, as far as can be told here.
    fn note_standing(&mut self) {
        let invited = self.identity.entrance.is_some();
        self.at_entrance = invited && !self.is_admitted() && !self.is_out();
        // A founder that has never heard from a relay has yet to found the workspace there.
        self.must_found = !invited && self.progress.instance.is_none();
    }

    fn empty(store: Store, mut env: Env, identity: Identity) -> Self {
        let installation = env.random();
        Self {
            store,
            env,
            identity,
            progress: Progress::default(),
            schedule: Schedule::default(),
            confirmed: None,
            local: None,
            pending_entries: Vec::new(),
            keyring: Keyring::default(),
            streams: BTreeMap::new(),
            wanted: BTreeMap::new(),
            relay_log_len: None,
            relay_offset_ms: 0,
            at_entrance: false,
            must_found: false,
            regrant: Vec::new(),
            fetch_first: false,
            keyless: BTreeMap::new(),
            checkpoint_due: false,
            installation,
            in_flight: super::exchange::InFlight::default(),
            watch: super::alarms::Watch::default(),
            finding: super::alarms::Finding::default(),
            alarm_numbers: BTreeMap::new(),
            fetched: BTreeSet::new(),
            loaded: BTreeMap::new(),
            summaries: BTreeMap::new(),
            views: BTreeMap::new(),
            agreements: None,
            use_counter: 0,
        }
    }

    /// Brings memory to what is on disk.
    pub(super) fn reload(&mut self) -> Result<(), Error> {
        self.loaded.clear();
        self.views.clear();
        self.agreements = None;
        // A request under way stays under way: its reply may still come.
        self.load_watch()?;
        self.progress = match self.store.meta(META_PROGRESS)? {
            None => Progress::default(),
            Some(bytes) => {
                Progress::from_bytes(&bytes).map_err(|_| Error::Unreadable("progress"))?
            }
        };
        self.wanted = decode_wanted(&self.store.meta(META_WANTED)?.unwrap_or_default())?;
        self.reload_log()?;
        self.keyring = Keyring::default();
        for row in self.store.secrets()? {
            self.keyring.insert(&secret_of(&row));
        }
        self.streams = self.store.streams()?.into_iter().collect();
        self.summaries = BTreeMap::new();
        for (document, bytes) in self.store.summaries()? {
            let summary = postcard::from_bytes(&bytes);
            self.summaries
                .insert(document, summary.map_err(|_| Error::Unreadable("summary"))?);
        }
        Ok(())
    }

    fn reload_log(&mut self) -> Result<(), Error> {
        let unreadable = || Error::Unreadable("log");
        let mut confirmed: Option<Membership> = None;
        for bytes in self.store.log_entries()? {
            let entry = Entry::from_bytes(&bytes).map_err(|_| unreadable())?;
            match &mut confirmed {
                None => confirmed = Some(Membership::found(&entry).map_err(|_| unreadable())?),
                Some(log) => log.apply(&entry, entry.time_ms).map_err(|_| unreadable())?,
            }
        }
        self.confirmed = confirmed;
        self.pending_entries = Vec::new();
        for bytes in self.store.pending_entries()? {
            self.pending_entries
                .push(Entry::from_bytes(&bytes).map_err(|_| unreadable())?);
        }
        self.rebase_pending()?;
        Ok(())
    }

    /// Runs `work` as one transaction of the store; where it fails, memory follows the disk.
    pub(crate) fn atomically<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        // The store's transaction wants the store alone, so its two halves are driven here.
        self.store.begin()?;
        match work(self).and_then(|value| self.store.commit().map(|()| value).map_err(Error::from))
        {
            Ok(value) => Ok(value),
            Err(error) => {
                self.store.rollback();
                // A crash by the fault hook is the end of this device: it is opened anew.
                if !matches!(error, Error::Store(StoreError::Interrupted)) {
                    self.reload()?;
                }
                Err(error)
            }
        }
    }

    // --- who and what ---

    /// The log with this device's own pending entries.
    pub(crate) fn log(&self) -> Result<&Membership, Error> {
        self.local.as_ref().ok_or(Error::BadInvitation)
    }
    /// The log as the relay has confirmed it.
    pub(crate) fn confirmed_log(&self) -> Result<&Membership, Error> {
        self.confirmed.as_ref().ok_or(Error::BadInvitation)
    }
    /// This device.
    #[must_use]
    pub fn device(&self) -> DeviceId {
        self.identity.device.id()
    }
    /// Who this device is, where.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }
    pub(crate) fn actor(&self) -> Actor {
        Actor {
            device: self.device(),
            nonce: self.installation,
        }
    }
    /// Whether this device was put out of the workspace.
    #[must_use]
    pub fn is_out(&self) -> bool {
        self.confirmed
            .as_ref()
            .is_some_and(|log| log.put_out_at(self.device()).is_some())
    }
    /// Whether the confirmed log has this device.
    #[must_use]
    pub fn is_admitted(&self) -> bool {
        self.confirmed
            .as_ref()
            .is_some_and(|log| log.active_device(self.device()).is_some())
    }
    /// The life of the relay that this device follows.
    pub(crate) fn instance(&self) -> Option<folge_protocol::ids::InstanceId> {
        self.progress.instance
    }
    /// This device's role, once it is in.
    #[must_use]
    pub fn role(&self) -> Option<Role> {
        self.local
            .as_ref()
            .and_then(|log| log.device_role(self.device()))
    }
    /// Both clocks now.
    pub(crate) fn now(&self) -> Reading {
        self.env.now()
    }
    /// Clocks and randomness.
    pub(crate) fn env(&mut self) -> &mut Env {
        &mut self.env
    }
    /// Takes a founding entry made here as the log. The caller is in a transaction.
    pub(crate) fn found_log(&mut self, entry: &Entry) -> Result<(), Error> {
        self.confirmed = Some(Membership::found(entry)?);
        self.rebase_pending()?;
        Ok(())
    }
    /// The store, to ask it something.
    pub(crate) fn stored(&self) -> &Store {
        &self.store
    }
    /// A view that is loaded.
    pub(crate) fn view(&self, document: DocumentId) -> Option<&CaseView> {
        self.views.get(&document)
    }
    /// The last number of a stream that the office has read.
    pub(crate) fn office_number(&self, document: DocumentId) -> u64 {
        self.streams
            .get(&document)
            .map_or(0, |stream| stream.office)
    }
    /// The last number of a stream that is here.
    pub(crate) fn stream_number(&self, document: DocumentId) -> u64 {
        self.streams
            .get(&document)
            .map_or(0, |stream| stream.number)
    }
    /// The store, for what has nothing to do with documents.
    pub(crate) fn store(&mut self) -> &mut Store {
        &mut self.store
    }
    /// Has the store opened by something else from now on.
    pub(crate) fn change_unlock(&mut self, now: &Unlock, then: &Unlock) -> Result<(), Error> {
        Ok(self.store.change_unlock(now, then, &mut self.env)?)
    }
    /// The keyring.
    pub(crate) fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    // --- membership entries made here ---

    /// Signs the pending entries anew on top of the confirmed log. One that the log does not
    /// allow any more is dropped; it comes back. Turned keys are never carried over: they were
    /// made for the members that the log had before, and are planned anew with fresh ones.
    pub(super) fn rebase_pending(&mut self) -> Result<Vec<Body>, Error> {
        let mut dropped = Vec::new();
        let Some(mut log) = self.confirmed.clone() else {
            self.local = None;
            return Ok(dropped);
        };
        let mut rebased = Vec::new();
        for entry in std::mem::take(&mut self.pending_entries) {
            let follows = entry.index == log.len() && entry.previous == log.head();
            if !follows && is_housekeeping(&entry.body) {
                self.undo_turn(&entry.body)?;
                continue;
            }
            if !follows && !matches!(entry.author, Author::Device(_)) {
                // A device comes in anew, once it has what was granted to its entrance since.
                continue;
            }
            let entry = if follows {
                entry
            } else {
                self.signed(&log, entry.author, entry.body)
            };
            match log.apply(&entry, entry.time_ms) {
                Ok(()) => rebased.push(entry),
                Err(_) if is_housekeeping(&entry.body) => self.undo_turn(&entry.body)?,
                // Two erased it at once.
                Err(_) if is_erased_already(&entry.body, &log) => {}
                Err(_) => dropped.push(entry.body),
            }
        }
        self.pending_entries = rebased;
        self.local = Some(log);
        Ok(dropped)
    }

    /// Takes back the turned keys that wait to be sent, to plan them anew.
    pub(super) fn drop_pending_turns(&mut self) -> Result<(), Error> {
        let mut kept = Vec::new();
        for entry in std::mem::take(&mut self.pending_entries) {
            if is_housekeeping(&entry.body) {
                self.undo_turn(&entry.body)?;
            } else {
                kept.push(entry);
            }
        }
        self.pending_entries = kept;
        let dropped = self.rebase_pending()?;
        self.note_dropped(&dropped)?;
        self.save_pending_entries()
    }

    fn signed(&self, log: &Membership, author: Author, body: Body) -> Entry {
        let wall_ms = self.env.now().wall_ms.saturating_add(self.relay_offset_ms);
        let entrance = self
            .identity
            .entrance
            .as_ref()
            .map(super::identity::Entrance::sign);
        let key = match (&author, &entrance) {
            (Author::Invitation(_) | Author::Root, Some(key)) => key,
            _ => self.identity.device.sign(),
        };
        sign_entry(log, author, body, wall_ms, key)
    }

    /// Adds an entry of this device to the pending ones. The caller is in a transaction.
    pub(crate) fn add_entry(&mut self, author: Author, body: Body) -> Result<(), Error> {
        let log = self.local.as_ref().ok_or(Error::BadInvitation)?;
        let entry = self.signed(log, author, body);
        if let Some(log) = &mut self.local {
            log.apply(&entry, entry.time_ms)?;
        }
        self.pending_entries.push(entry);
        self.save_pending_entries()
    }

    pub(super) fn save_pending_entries(&mut self) -> Result<(), Error> {
        let bytes: Vec<Vec<u8>> = self.pending_entries.iter().map(Encode::to_bytes).collect();
        Ok(self.store.set_pending_entries(&bytes)?)
    }

    /// Keeps a secret, in memory and on disk.
    pub(crate) fn keep_secret(&mut self, secret: &Secret) -> Result<(), Error> {
        self.keyring.insert(secret);
        Ok(self.store.put_secret(&row_of(secret))?)
    }

    /// Takes a secret out of memory and disk.
    pub(super) fn destroy_secret(&mut self, subject: Subject) -> Result<(), Error> {
        self.keyring.remove(subject);
        let (kind, id, n) = columns_of(subject);
        self.checkpoint_due = true;
        Ok(self.store.remove_secret(kind, id, n)?)
    }

    pub(super) fn save_progress(&mut self) -> Result<(), Error> {
        Ok(self
            .store
            .set_meta(META_PROGRESS, Some(&self.progress.to_bytes()))?)
    }

    pub(super) fn save_wanted(&mut self) -> Result<(), Error> {
        let mut out = folge_protocol::codec::Writer::new();
        for (document, from) in &self.wanted {
            document.encode(&mut out);
            out.u64(*from);
        }
        Ok(self.store.set_meta(META_WANTED, Some(&out.finish()))?)
    }

    // --- documents ---

    fn document_kind(&self, document: DocumentId) -> Result<DocumentKind, Error> {
        let state = self
            .log()?
            .documents()
            .get(&document)
            .ok_or(Error::UnknownDocument)?;
        match state.kind {
            membership::DocumentKind::Register => Ok(DocumentKind::Register),
            membership::DocumentKind::Casefile => Ok(DocumentKind::Casefile),
            membership::DocumentKind::Thread | membership::DocumentKind::Journal => {
                Err(Error::UnknownDocument)
            }
        }
    }

    /// A document, loaded from its snapshot and tail where it is not in memory.
    pub(super) fn load(&mut self, document: DocumentId) -> Result<&mut Loaded, Error> {
        self.use_counter += 1;
        if !self.loaded.contains_key(&document) {
            self.make_room();
            let kind = self.document_kind(document)?;
            let actor = self.actor();
            let mut loaded = match self.store.snapshot(document)? {
                Some(bytes) => Document::load(kind, actor, &bytes)?,
                None => Document::empty(kind, actor),
            };
            let tail = self.store.tail(document)?;
            let parts: Vec<TailPart<'_>> = tail
                .iter()
                .map(|item| tail_part(item))
                .collect::<Result<_, _>>()?;
            loaded.apply_tail(&parts)?;
            let tail_len = u32::try_from(tail.len()).unwrap_or(u32::MAX);
            self.loaded.insert(
                document,
                Loaded {
                    document: loaded,
                    tail_len,
                    last_used: 0,
                },
            );
        }
        let loaded = self
            .loaded
            .get_mut(&document)
            .ok_or(Error::UnknownDocument)?;
        loaded.last_used = self.use_counter;
        Ok(loaded)
    }

    /// A document, to be read.
    pub(crate) fn document(&mut self, document: DocumentId) -> Result<&Document, Error> {
        Ok(&self.load(document)?.document)
    }

    /// Forgets a loaded document, so that the next use reads the store.
    pub(super) fn forget_loaded(&mut self, document: DocumentId) {
        self.agreements = None;
        self.loaded.remove(&document);
        self.views.remove(&document);
    }

    fn make_room(&mut self) {
        if self.loaded.len() >= LOADED_DOCUMENTS_MAX {
            let oldest = self
                .loaded
                .iter()
                .min_by_key(|(_, loaded)| loaded.last_used);
            if let Some(document) = oldest.map(|(document, _)| *document) {
                self.loaded.remove(&document);
                self.views.remove(&document);
            }
        }
    }

    /// Begins a document with its first change. The caller is in a transaction.
    pub(crate) fn begin_document(
        &mut self,
        document: DocumentId,
        kind: DocumentKind,
    ) -> Result<(), Error> {
        self.make_room();
        let now = self.env.now();
        let meta = ChangeMeta {
            wall_ms: now.wall_ms,
            reason: None,
        };
        let (made, written) = Document::create(kind, self.actor(), &meta)?;
        self.use_counter += 1;
        let loaded = Loaded {
            document: made,
            tail_len: 0,
            last_used: self.use_counter,
        };
        self.loaded.insert(document, loaded);
        self.note_written(document, &written, now)
    }

    /// Does a command on a document; the change is in the store when the transaction that the
    /// caller is in has committed.
    pub(crate) fn write(
        &mut self,
        document: DocumentId,
        command: &Command,
        reason: Option<String>,
    ) -> Result<Written, Error> {
        let device = self.device();
        if !self.log()?.may_write(device, document) {
            return Err(Error::NotAllowed);
        }
        let now = self.env.now();
        let meta = ChangeMeta {
            wall_ms: now.wall_ms,
            reason,
        };
        let written = self.load(document)?.document.write(command, &meta)?;
        self.note_written(document, &written, now)?;
        Ok(written)
    }

    fn note_written(
        &mut self,
        document: DocumentId,
        written: &Written,
        now: Reading,
    ) -> Result<(), Error> {
        let seen = self
            .streams
            .get(&document)
            .map_or(0, |stream| stream.number);
        self.append_tail(document, &TailItem::Change(&written.raw).encode())?;
        self.store
            .add_pending(document, &encode_pending(written.hash.0, now, seen))?;
        for record in &written.touched {
            self.store.put_own_record(document, &record_key(record)?)?;
        }
        self.project(document, &written.touched)
    }

    pub(super) fn append_tail(&mut self, document: DocumentId, item: &[u8]) -> Result<(), Error> {
        let loaded = self.load(document)?;
        let n = i64::from(loaded.tail_len);
        if loaded.tail_len >= TAIL_CHANGES_MAX {
            loaded.tail_len = 0;
            let snapshot = loaded.document.save();
            return Ok(self.store.put_snapshot(document, &snapshot)?);
        }
        loaded.tail_len += 1;
        Ok(self.store.append_tail(document, n, item)?)
    }

    // --- projections ---

    /// Brings a casefile's projection up to date, in memory and in the store.
    pub(super) fn project(
        &mut self,
        document: DocumentId,
        touched: &BTreeSet<RecordRef>,
    ) -> Result<(), Error> {
        if self.document_kind(document)? != DocumentKind::Casefile || touched.is_empty() {
            self.agreements = None;
            return Ok(());
        }
        self.load(document)?;
        self.load_view(document)?;
        let (Some(loaded), Some(view)) =
            (self.loaded.get(&document), self.views.get_mut(&document))
        else {
            return Err(Error::UnknownDocument);
        };
        view.update(&loaded.document, touched);
        for record in touched {
            if let Some(row) = view.rows.get(record) {
                let bytes = postcard::to_stdvec(row).map_err(|_| Error::Unreadable("row"))?;
                self.store.put_row(document, &record_key(record)?, &bytes)?;
            }
        }
        let bytes = postcard::to_stdvec(&view.summary).map_err(|_| Error::Unreadable("summary"))?;
        self.store.put_summary(document, &bytes)?;
        self.summaries.insert(document, view.summary.clone());
        Ok(())
    }

    /// The register's agreements; none where this device may not read the register, or has not
    /// fetched it yet.
    pub(crate) fn agreements(&mut self) -> Result<Arc<Agreements>, Error> {
        if let Some(agreements) = &self.agreements {
            return Ok(Arc::clone(agreements));
        }
        let mut found = Agreements::new();
        let log = self.log()?;
        let register = log.register();
        if log.may_read(self.device(), register) {
            match self.document(register) {
                Ok(document) => {
                    for record in document.records() {
                        if let Some(view) = document.record(&record)
                            && let Record::Agreement(agreement) = view.record
                        {
                            found.insert(agreement.key.clone(), agreement);
                        }
                    }
                }
                Err(Error::UnknownDocument) => return Ok(Arc::new(found)),
                Err(error) => return Err(error),
            }
        }
        let found = Arc::new(found);
        self.agreements = Some(Arc::clone(&found));
        Ok(found)
    }

    /// A casefile's view, loaded from its rows without its document.
    pub(crate) fn load_view(&mut self, document: DocumentId) -> Result<&CaseView, Error> {
        if !self.views.contains_key(&document) {
            let mut view = CaseView {
                summary: self.summaries.get(&document).cloned().unwrap_or_default(),
                rows: BTreeMap::new(),
            };
            for (key, bytes) in self.store.rows(document)? {
                let record: RecordRef =
                    postcard::from_bytes(&key).map_err(|_| Error::Unreadable("row"))?;
                let row: RecordRow =
                    postcard::from_bytes(&bytes).map_err(|_| Error::Unreadable("row"))?;
                view.rows.insert(record, row);
            }
            self.views.insert(document, view);
        }
        self.views.get(&document).ok_or(Error::UnknownDocument)
    }

    /// Every participation's summary.
    pub(crate) fn summaries(&self) -> &BTreeMap<DocumentId, CaseSummary> {
        &self.summaries
    }

    fn rebuild_stale_projections(&mut self) -> Result<(), Error> {
        let stored = self.store.meta(META_PROJECTION)?;
        if stored.as_deref() == Some(&PROJECTION_VERSION.to_be_bytes()) {
            return Ok(());
        }
        self.rebuild_projections()
    }

    /// Makes every projection anew from the documents.
    pub(crate) fn rebuild_projections(&mut self) -> Result<(), Error> {
        self.atomically(|replica| {
            replica.store.clear_projections()?;
            replica.summaries.clear();
            replica.views.clear();
            for document in replica.store.documents()? {
                if replica.document_kind(document)? != DocumentKind::Casefile {
                    continue;
                }
                let records = replica.document(document)?.records();
                replica.project(document, &records)?;
                // One document at a time: a thousand views need not be in memory.
                replica.views.remove(&document);
            }
            let version = PROJECTION_VERSION.to_be_bytes();
            Ok(replica.store.set_meta(META_PROJECTION, Some(&version))?)
        })
    }
}

/// What the tail of a document holds: a change made here, or a batch of another device.
pub(super) enum TailItem<'a> {
    Change(&'a [u8]),
    Batch(DeviceId, &'a [u8]),
}

impl TailItem<'_> {
    pub(super) fn encode(&self) -> Vec<u8> {
        match self {
            Self::Change(raw) => [&[0], *raw].concat(),
            Self::Batch(device, batch) => [&[1], device.0.as_slice(), batch].concat(),
        }
    }
}

fn tail_part(item: &[u8]) -> Result<TailPart<'_>, Error> {
    let unreadable = Error::Unreadable("tail");
    match item.split_first() {
        Some((0, raw)) => Ok(TailPart::Change(raw)),
        Some((1, rest)) => {
            let (device, batch) = rest.split_first_chunk::<16>().ok_or(unreadable)?;
            Ok(TailPart::Batch(batch, DeviceId(*device)))
        }
        _ => Err(unreadable),
    }
}

pub(super) fn encode_pending(hash: [u8; 32], now: Reading, seen: u64) -> Vec<u8> {
    let mut out = folge_protocol::codec::Writer::new();
    out.raw(&hash);
    out.raw(&now.wall_ms.to_be_bytes());
    out.u64(now.monotonic_ms);
    out.u32(now.boot);
    out.u64(seen);
    out.finish()
}

pub(super) fn decode_pending(bytes: &[u8]) -> Result<([u8; 32], Reading, u64), Error> {
    let unreadable = |_| Error::Unreadable("pending");
    let mut input = folge_protocol::codec::Reader::new(bytes);
    let hash = input.array().map_err(unreadable)?;
    let reading = Reading {
        wall_ms: i64::from_be_bytes(input.array().map_err(unreadable)?),
        monotonic_ms: input.u64().map_err(unreadable)?,
        boot: input.u32().map_err(unreadable)?,
    };
    let seen = input.u64().map_err(unreadable)?;
    input.finish().map_err(unreadable)?;
    Ok((hash, reading, seen))
}

pub(crate) fn record_key(record: &RecordRef) -> Result<Vec<u8>, Error> {
    postcard::to_stdvec(record).map_err(|_| Error::Unreadable("record"))
}

fn decode_wanted(bytes: &[u8]) -> Result<BTreeMap<DocumentId, u64>, Error> {
    let mut input = folge_protocol::codec::Reader::new(bytes);
    let mut wanted = BTreeMap::new();
    while !input.rest().is_empty() {
        let document = DocumentId::decode(&mut input).map_err(|_| Error::Unreadable("wanted"))?;
        wanted.insert(
            document,
            input.u64().map_err(|_| Error::Unreadable("wanted"))?,
        );
    }
    Ok(wanted)
}

fn is_erased_already(body: &Body, log: &Membership) -> bool {
    let Body::Erased { document, .. } = body else {
        return false;
    };
    let state = log.documents().get(document);
    state.is_some_and(|state| state.erasure.is_some())
}

fn columns_of(subject: Subject) -> (u8, [u8; 16], u32) {
    match subject {
        Subject::Group(group, epoch) => (1, group.0, epoch),
        Subject::Document(document, generation) => (2, document.0, generation),
    }
}

fn row_of(secret: &Secret) -> SecretRow {
    let (kind, id, n) = columns_of(secret.subject);
    SecretRow {
        kind,
        id,
        n,
        key: *secret.key.expose(),
    }
}

fn secret_of(row: &SecretRow) -> Secret {
    use folge_protocol::ids::GroupId;
    let subject = match row.kind {
        1 => Subject::Group(GroupId(row.id), row.n),
        _ => Subject::Document(DocumentId(row.id), row.n),
    };
    Secret {
        subject,
        key: crate::keys::Key32::new(row.key),
    }
}
