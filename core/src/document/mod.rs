//! Documents: the only place that knows of Automerge.
//!
//! A [`Document`] takes [`Command`]s, one change each, and batches of other devices' changes
//! ([`batch`]), and gives back [`RecordView`]s, the [`history`](Document::history) and the
//! [`projection`]s that lists are made from. It reads no clock, draws no randomness and does
//! no I/O: the actor, the time and the bytes are passed in. [`schema`] says how records stand
//! in a document.
//!
//! Rules that hold whatever arrives:
//! * a record is never deleted or hidden, only voided with a reason;
//! * of two values written at the same time both are kept, and the record says so until a
//!   person settles it;
//! * bytes from outside are applied whole or not at all, and only if every change in them is
//!   by the device that sent them.

mod apply;
pub mod batch;
mod billing;
mod chunk;
mod error;
mod history;
pub mod limits;
mod migration;
pub mod projection;
mod query;
pub mod schema;
mod sent;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use automerge::transaction::{CommitOptions, Transactable};
use automerge::{
    ActorId, Automerge, ObjId as ExId, ObjType, ROOT, ReadDoc, ScalarValueRef, ValueRef,
};
use folge_protocol::ids::DeviceId;

pub use apply::{Applied, SnapshotApplied, TailPart};
pub(crate) use batch::batch_manifest;
pub use error::DocumentError;
pub use history::{FieldChange, HistoryEntry};
pub use projection::{CaseSummary, CaseView, PROJECTION_VERSION, RecordRow};
pub use query::{CaseFilter, CaseListing, DayEntry, caseload, day, listed_name, office_list, week};
pub use schema::{Record, RecordRef, SCHEMA_VERSION};

use crate::contract::Agreement;
use crate::domain::limits::REASON_CHARS_MAX;
use crate::domain::register::{Employer, Provider, StaffMember};
use crate::domain::{
    ApprovedClaim, CodeList, CohortStatistics, Field, OfficeReport, Participation, check_text,
};
use schema::{
    FIELD_HOLD, FIELD_RESTRICTED, FIELD_VOID, FieldMap, KEY_KIND, KEY_RESTRICTED, KEY_SCHEMA,
    Place, Scalar,
};

/// Which kind of document it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentKind {
    /// The provider's register: agreements, employers, staff.
    Register,
    /// One participation's casefile.
    Casefile,
}

impl DocumentKind {
    const fn code(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::Casefile => "casefile",
        }
    }
    const fn byte(self) -> u8 {
        match self {
            Self::Register => 1,
            Self::Casefile => 2,
        }
    }
    const fn holds(self, record: &RecordRef) -> bool {
        matches!(self, Self::Casefile) == record.in_casefile()
    }
}

/// Who writes: a device, and a nonce drawn anew at each installation and each restore, so that
/// two lives of one device never number their changes alike.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Actor {
    /// The device.
    pub device: DeviceId,
    /// The installation's nonce.
    pub nonce: [u8; 4],
}

impl Actor {
    /// Length of an actor's bytes.
    pub const BYTES: usize = 20;

    /// The device's 16 bytes and the nonce.
    #[must_use]
    pub fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        bytes[..16].copy_from_slice(&self.device.0);
        bytes[16..].copy_from_slice(&self.nonce);
        bytes
    }

    fn of(id: &ActorId) -> Option<Self> {
        let (device, nonce) = id.to_bytes().split_at_checked(16)?;
        Some(Self {
            device: DeviceId(device.try_into().ok()?),
            nonce: nonce.try_into().ok()?,
        })
    }
}

impl fmt::Debug for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nonce = u32::from_be_bytes(self.nonce);
        write!(f, "Actor({}+{nonce:08x})", self.device)
    }
}

/// The hash that names a change.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChangeHash(pub [u8; 32]);

impl fmt::Display for ChangeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ChangeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChangeHash({self})")
    }
}

impl From<automerge::ChangeHash> for ChangeHash {
    fn from(hash: automerge::ChangeHash) -> Self {
        Self(hash.0)
    }
}

/// Whether a document can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It can.
    ReadWrite,
    /// A newer program wrote it: what is understood is shown, nothing can be changed.
    ReadOnly {
        /// The document's schema version.
        found: u64,
        /// The newest that this program knows.
        known: u64,
    },
}

/// What a user does to a document. Each becomes one change.
#[derive(Debug, Clone)]
pub enum Command {
    /// Fills a new casefile with its participation.
    CreateParticipation(Box<Participation>),
    /// Changes the participation; only what differs is written.
    UpdateParticipation(Box<Participation>),
    /// Records a new visit, trip, report, contact attempt or note.
    Record(Record),
    /// Changes one of those; only what differs is written.
    Amend(Record),
    /// Voids one of those.
    Void {
        /// Which.
        record: RecordRef,
        /// Why.
        reason: String,
    },
    /// Settles which of several concurrent values stands.
    Settle {
        /// The record.
        record: RecordRef,
        /// The field, as [`Conflict::field`] names it.
        field: String,
        /// One of [`Conflict::values`]' texts; none for the empty value.
        value: Option<String>,
    },
    /// Puts the provider into the register, or changes it.
    PutProvider(Provider),
    /// Puts an agreement into the register, or changes it.
    PutAgreement(Agreement),
    /// Puts a code list of NAV's into a register.
    PutCodeList(CodeList),
    /// Writes a report of the office into a register.
    PutOfficeReport(OfficeReport),
    /// Puts an approved claim into a register. It is never changed.
    PutClaim(ApprovedClaim),
    /// Puts an employer into the register, or changes it.
    PutEmployer(Employer),
    /// Puts a member of staff into the register, or changes them.
    PutStaff(StaffMember),
    /// Puts a cohort's statistics into the register. Each cohort once: two drawings, one of them
    /// before somebody left it, would show that person as their difference.
    PutStatistics(CohortStatistics),
}

/// What a change says about itself.
#[derive(Debug, Clone, Default)]
pub struct ChangeMeta {
    /// The device's wall clock, milliseconds since 1970.
    pub wall_ms: i64,
    /// Why, where a reason is asked for.
    pub reason: Option<String>,
}

/// A change that was just written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Its hash.
    pub hash: ChangeHash,
    /// Its bytes, for the sealed store and [`Document::apply_raw`].
    pub raw: Vec<u8>,
    /// The records that it changed.
    pub touched: BTreeSet<RecordRef>,
}

/// One of several values that were written at the same time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConflictValue {
    /// The value as text; none for the empty value.
    pub text: Option<String>,
    /// The device that wrote it.
    pub device: DeviceId,
    /// When, by that device's clock.
    pub wall_ms: i64,
}

/// A field with several values that were written at the same time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The field's key.
    pub field: String,
    /// The values; the last is the one that is shown until a person settles it.
    pub values: Vec<ConflictValue>,
}

/// Who wrote something, and when by their clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// The device.
    pub device: DeviceId,
    /// Milliseconds since 1970.
    pub wall_ms: i64,
}

/// A record as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordView {
    /// The record.
    pub record: Record,
    /// Why it was voided, where it was.
    pub voided: Option<String>,
    /// Fields with several values.
    pub conflicts: Vec<Conflict>,
    /// Fields that cannot be read; they stand with their empty value.
    pub damaged: Vec<String>,
    /// The first change of it.
    pub created: Option<Stamp>,
    /// The last change of it.
    pub changed: Option<Stamp>,
}

/// A document.
#[derive(Clone)]
pub struct Document {
    kind: DocumentKind,
    actor: Actor,
    doc: Automerge,
    /// Which record each map of the document is: operations name maps by the operation that
    /// made them.
    objects: BTreeMap<(u64, Actor), RecordRef>,
    schema: Option<u64>,
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document")
            .field("kind", &self.kind)
            .field("actor", &self.actor)
            .finish_non_exhaustive()
    }
}

const LIBRARY: DocumentError = DocumentError::Library("a change could not be written");

impl Document {
    /// A document of which nothing has arrived yet.
    #[must_use]
    pub fn empty(kind: DocumentKind, actor: Actor) -> Self {
        let doc = Automerge::new().with_actor(ActorId::from(&actor.to_bytes()[..]));
        Self {
            kind,
            actor,
            doc,
            objects: BTreeMap::new(),
            schema: None,
        }
    }

    /// A new document with its first change, which says its kind and schema. Only the one who
    /// makes the document does this; all others begin with [`empty`](Self::empty).
    /// # Errors
    /// [`DocumentError::Library`].
    pub fn create(
        kind: DocumentKind,
        actor: Actor,
        meta: &ChangeMeta,
    ) -> Result<(Self, Written), DocumentError> {
        let mut document = Self::empty(kind, actor);
        document.schema = Some(SCHEMA_VERSION);
        let puts = vec![
            (
                Target::Root,
                KEY_KIND.to_owned(),
                Some(Scalar::Text(kind.code().into())),
            ),
            (
                Target::Root,
                KEY_SCHEMA.to_owned(),
                Some(Scalar::Int(SCHEMA_VERSION as i64)),
            ),
        ];
        let written = document.commit(puts, meta, BTreeSet::new())?;
        Ok((document, written))
    }

    /// The document's own kind.
    #[must_use]
    pub const fn kind(&self) -> DocumentKind {
        self.kind
    }

    /// Who writes here.
    #[must_use]
    pub const fn actor(&self) -> Actor {
        self.actor
    }

    /// The whole document as bytes, for [`load`](Self::load) and
    /// [`apply_snapshot`](Self::apply_snapshot). They are not compressed: the envelope and the
    /// sealed store do that, and do it better over the whole.
    #[must_use]
    pub fn save(&self) -> Vec<u8> {
        self.doc.save_nocompress()
    }

    /// The hashes of the changes that no other change stands on, sorted.
    #[must_use]
    pub fn heads(&self) -> Vec<ChangeHash> {
        let mut heads: Vec<_> = self
            .doc
            .get_heads()
            .into_iter()
            .map(ChangeHash::from)
            .collect();
        heads.sort_unstable();
        heads
    }

    /// How many changes the document has.
    #[must_use]
    pub fn change_count(&self) -> usize {
        self.doc.get_changes_meta(&[]).len()
    }

    /// Whether the document has this change.
    #[must_use]
    pub fn has_change(&self, hash: &ChangeHash) -> bool {
        self.doc
            .get_change_meta_by_hash(&automerge::ChangeHash(hash.0))
            .is_some()
    }

    /// Whether the document can be written.
    #[must_use]
    pub fn access(&self) -> Access {
        match self.schema {
            Some(found) if found > SCHEMA_VERSION => Access::ReadOnly {
                found,
                known: SCHEMA_VERSION,
            },
            _ => Access::ReadWrite,
        }
    }

    /// Does a command, as one change.
    /// # Errors
    /// Why it cannot be done; the document is as before.
    pub fn write(
        &mut self,
        command: &Command,
        meta: &ChangeMeta,
    ) -> Result<Written, DocumentError> {
        if let Access::ReadOnly { found, known } = self.access() {
            return Err(DocumentError::NewerSchema { found, known });
        }
        if self.schema.is_none() {
            return Err(DocumentError::Empty);
        }
        if let Some(reason) = &meta.reason {
            check_text(Field::Reason, reason, REASON_CHARS_MAX)?;
        }
        let (record, puts) = self.plan(command)?;
        if self.is_restricted() && !stays_within_restriction(&record, &puts) {
            return Err(DocumentError::Restricted);
        }
        let mut all = Vec::with_capacity(puts.len() + 1);
        if self.schema < Some(SCHEMA_VERSION) {
            let version = Scalar::Int(SCHEMA_VERSION as i64);
            all.push((Target::Root, KEY_SCHEMA.to_owned(), Some(version)));
        }
        let (place, prefix) = match record.place() {
            Place::Flat(prefix) => (Target::Root, prefix),
            Place::Map(key) => match self.map(&key) {
                Some(id) => (Target::Map(id), String::new()),
                None => (Target::New(key), String::new()),
            },
        };
        for (field, value) in puts {
            all.push((place.clone(), format!("{prefix}{field}"), value));
        }
        let written = self.commit(all, meta, BTreeSet::from([record]))?;
        self.schema = Some(SCHEMA_VERSION);
        Ok(written)
    }

    /// Whether the participation's processing is restricted. Where one device lifted it and
    /// another did not know, it is, until a person settles it.
    fn is_restricted(&self) -> bool {
        let values = self.doc.get_all(ROOT, KEY_RESTRICTED).unwrap_or_default();
        values
            .iter()
            .any(|(value, _)| value.as_str().is_some_and(|reason| !reason.is_empty()))
    }

    /// Which fields of which record a command writes.
    fn plan(&self, command: &Command) -> Result<(RecordRef, Puts), DocumentError> {
        match command {
            Command::CreateParticipation(participation) => {
                self.plan_new(&Record::Participation(participation.clone()))
            }
            Command::UpdateParticipation(participation) => {
                self.plan_amend(&Record::Participation(participation.clone()))
            }
            Command::Record(record) => self.plan_new(record),
            Command::Amend(Record::Statistics(_) | Record::Claim(_) | Record::Billed(_)) => {
                Err(DocumentError::Exists)
            }
            Command::Amend(record) => self.plan_amend(record),
            Command::PutStatistics(cohort) => self.plan_new(&Record::Statistics(cohort.clone())),
            Command::PutProvider(provider) => self.plan_put(Record::Provider(provider.clone())),
            Command::PutAgreement(agreement) => self.plan_put(Record::Agreement(agreement.clone())),
            Command::PutCodeList(list) => self.plan_put(Record::CodeList(list.clone())),
            Command::PutOfficeReport(report) => self.plan_put(Record::OfficeReport(report.clone())),
            Command::PutClaim(claim) => self.plan_new(&Record::Claim(claim.clone())),
            Command::PutEmployer(employer) => self.plan_put(Record::Employer(employer.clone())),
            Command::PutStaff(staff) => self.plan_put(Record::Staff(staff.clone())),
            Command::Void { record, reason } => {
                if reason.trim().is_empty() {
                    return Err(DocumentError::ReasonMissing);
                }
                check_text(Field::Reason, reason, REASON_CHARS_MAX)?;
                if matches!(record.place(), Place::Flat(_)) {
                    return Err(DocumentError::Forbidden(
                        "this kind of record cannot be voided",
                    ));
                }
                let raw = self.raw(record).ok_or(DocumentError::UnknownRecord)?;
                if raw.fields.contains_key(FIELD_VOID) {
                    return Err(DocumentError::Voided);
                }
                let value = Some(Scalar::Text(reason.clone()));
                Ok((record.clone(), vec![(FIELD_VOID.to_owned(), value)]))
            }
            Command::Settle {
                record,
                field,
                value,
            } => {
                let mut raw = self.raw(record).ok_or(DocumentError::UnknownRecord)?;
                let values = raw
                    .conflicts
                    .remove(field)
                    .ok_or(DocumentError::NotInConflict)?;
                let values: Vec<_> = values.into_iter().map(|(scalar, _)| scalar).collect();
                let chosen = values
                    .iter()
                    .find(|scalar| scalar.as_ref().map(ToString::to_string) == *value)
                    .ok_or(DocumentError::NotInConflict)?;
                // Putting the value that is shown already, the library would write as a deletion
                // of the others, which no document takes in. So another value stands between.
                let between = [
                    None,
                    Some(Scalar::Bool(false)),
                    Some(Scalar::Bool(true)),
                    Some(Scalar::Text(String::new())),
                ];
                let between = between.into_iter().find(|other| !values.contains(other));
                let puts = between.into_iter().chain([chosen.clone()]);
                Ok((
                    record.clone(),
                    puts.map(|put| (field.clone(), put)).collect(),
                ))
            }
        }
    }

    fn plan_new(&self, record: &Record) -> Result<(RecordRef, Puts), DocumentError> {
        let reference = record.reference();
        if !self.kind.holds(&reference) {
            return Err(DocumentError::WrongKind);
        }
        record.validate()?;
        if self.raw(&reference).is_some() {
            return Err(DocumentError::Exists);
        }
        let puts = record
            .to_fields()
            .into_iter()
            .map(|(field, value)| (field, Some(value)));
        Ok((reference, puts.collect()))
    }

    fn plan_amend(&self, record: &Record) -> Result<(RecordRef, Puts), DocumentError> {
        let reference = record.reference();
        if !self.kind.holds(&reference) {
            return Err(DocumentError::WrongKind);
        }
        record.validate()?;
        let old = self.raw(&reference).ok_or(DocumentError::UnknownRecord)?;
        if old.fields.contains_key(FIELD_VOID) {
            return Err(DocumentError::Voided);
        }
        let new = record.to_fields();
        // What the newest program does not know is left alone: only fields that this record
        // could have written are cleared.
        let (known, _) = Record::from_fields(&reference, &old.fields);
        let known = known.to_fields();
        let cleared = known.keys().filter(|field| !new.contains_key(*field));
        let mut puts: Puts = cleared.map(|field| (field.clone(), None)).collect();
        for (field, value) in new {
            if old.fields.get(&field) != Some(&value) {
                puts.push((field, Some(value)));
            }
        }
        if puts.is_empty() {
            return Err(DocumentError::Unchanged);
        }
        if let Some((field, _)) = puts
            .iter()
            .find(|(field, _)| old.conflicts.contains_key(field))
        {
            return Err(DocumentError::InConflict {
                record: reference,
                field: field.clone(),
            });
        }
        Ok((reference, puts))
    }

    fn plan_put(&self, record: Record) -> Result<(RecordRef, Puts), DocumentError> {
        if self.raw(&record.reference()).is_some() {
            self.plan_amend(&record)
        } else {
            self.plan_new(&record)
        }
    }

    fn commit(
        &mut self,
        puts: Vec<(Target, String, Option<Scalar>)>,
        meta: &ChangeMeta,
        touched: BTreeSet<RecordRef>,
    ) -> Result<Written, DocumentError> {
        let mut options = CommitOptions::default().with_time(meta.wall_ms);
        if let Some(reason) = &meta.reason {
            options.set_message(reason.clone());
        }
        let mut made: BTreeMap<String, ExId> = BTreeMap::new();
        // The transaction is rolled back where it is dropped.
        let mut transaction = self.doc.transaction();
        for (target, key, value) in puts {
            let object = match target {
                Target::Root => ROOT,
                Target::Map(id) => id,
                Target::New(name) => match made.get(&name) {
                    Some(id) => id.clone(),
                    None => {
                        let id = transaction
                            .put_object(ROOT, name.as_str(), ObjType::Map)
                            .map_err(|_| LIBRARY)?;
                        made.insert(name, id.clone());
                        id
                    }
                },
            };
            match value {
                Some(Scalar::Text(text)) => transaction.put(object, key, text),
                Some(Scalar::Int(int)) => transaction.put(object, key, int),
                Some(Scalar::Bool(bool)) => transaction.put(object, key, bool),
                None => transaction.put(object, key, ()),
            }
            .map_err(|_| LIBRARY)?;
        }
        transaction.commit_with(options);
        let change = self.doc.get_last_local_change().ok_or(LIBRARY)?;
        for (name, id) in made {
            self.index(&name, &id);
        }
        Ok(Written {
            hash: change.hash().into(),
            raw: change.raw_bytes().to_vec(),
            touched,
        })
    }

    fn index(&mut self, name: &str, id: &ExId) {
        if let (ExId::Id(counter, actor, _), Some(record)) = (id, RecordRef::of_map_key(name))
            && let Some(actor) = Actor::of(actor)
        {
            self.objects.insert((*counter, actor), record);
        }
    }

    /// The map that stands under `key`: the one shown, where two were made at the same time.
    fn map(&self, key: &str) -> Option<ExId> {
        match self.doc.get(ROOT, key).ok()? {
            Some((automerge::Value::Object(ObjType::Map), id)) => Some(id),
            _ => None,
        }
    }

    /// One record's fields with their conflicts, raised to the newest schema.
    fn raw(&self, record: &RecordRef) -> Option<Raw> {
        let mut raw = Raw::default();
        match record.place() {
            Place::Map(key) => {
                let map = self.map(&key)?;
                self.collect(&map, .., 0, &mut raw);
                raw.see(&map);
            }
            Place::Flat(prefix) => {
                // The keys with this prefix: up to the prefix with its last byte raised by one
                // ('.' to '/', '/' to '0').
                let mut end = prefix.clone();
                let last = end
                    .pop()
                    .map_or('0', |last| if last == '.' { '/' } else { '0' });
                end.push(last);
                let skip = prefix.len();
                self.collect(&ROOT, prefix..end, skip, &mut raw);
                if raw.fields.is_empty() && raw.conflicts.is_empty() {
                    return None;
                }
            }
        }
        let version = self.schema.unwrap_or(SCHEMA_VERSION);
        migration::raise(migration::STEPS, version, record, &mut raw.fields);
        Some(raw)
    }

    fn collect(
        &self,
        object: &ExId,
        range: impl std::ops::RangeBounds<String>,
        skip: usize,
        raw: &mut Raw,
    ) {
        for item in self.doc.map_range(object, range) {
            let field = item.key.get(skip..).unwrap_or_default().to_owned();
            raw.see(&item.id());
            if item.conflict {
                let values: Vec<_> = self
                    .doc
                    .get_all(object, item.key.as_ref())
                    .unwrap_or_default()
                    .into_iter()
                    .map(|(value, id)| (scalar_of_value(&value), id))
                    .collect();
                // Two devices that wrote the same are of one mind.
                if values.iter().any(|(value, _)| *value != values[0].0) {
                    raw.conflicts.insert(field.clone(), values);
                }
            }
            if let Some(value) = scalar_of(&item.value) {
                raw.fields.insert(field, value);
            }
        }
    }

    fn stamp(&self, id: &ExId) -> Option<Stamp> {
        let ExId::Id(_, actor, _) = id else {
            return None;
        };
        let hash = self.doc.hash_for_opid(id)?;
        let wall_ms = self.doc.get_change_meta_by_hash(&hash)?.timestamp;
        Some(Stamp {
            device: Actor::of(actor)?.device,
            wall_ms,
        })
    }

    /// A record as it stands.
    #[must_use]
    pub fn record(&self, record: &RecordRef) -> Option<RecordView> {
        let raw = self.raw(record)?;
        let voided = match raw.fields.get(FIELD_VOID) {
            Some(Scalar::Text(reason)) => Some(reason.clone()),
            Some(_) => Some(String::new()),
            None => None,
        };
        let conflicts = raw
            .conflicts
            .iter()
            .map(|(field, values)| Conflict {
                field: field.clone(),
                values: values
                    .iter()
                    .filter_map(|(value, id)| {
                        let text = value.as_ref().map(ToString::to_string);
                        let Stamp { device, wall_ms } = self.stamp(id)?;
                        Some(ConflictValue {
                            text,
                            device,
                            wall_ms,
                        })
                    })
                    .collect(),
            })
            .collect();
        let created = raw.first.as_ref().and_then(|id| self.stamp(id));
        let changed = raw.last.as_ref().and_then(|id| self.stamp(id));
        let (record, damaged) = Record::from_fields(record, &raw.fields);
        Some(RecordView {
            record,
            voided,
            conflicts,
            damaged,
            created,
            changed,
        })
    }

    /// The names of all records, sorted.
    #[must_use]
    pub fn records(&self) -> BTreeSet<RecordRef> {
        let keys = self.doc.keys(ROOT);
        keys.filter_map(|key| {
            RecordRef::of_map_key(&key).or_else(|| Some(RecordRef::of_flat_key(&key)?.0))
        })
        .collect()
    }

    /// Reads the schema version and indexes the maps of a document that was loaded.
    fn reindex(&mut self) -> Result<(), DocumentError> {
        self.objects.clear();
        let mut found = Vec::new();
        for item in self.doc.map_range(ROOT, ..) {
            if matches!(item.value, ValueRef::Object(_)) || item.conflict {
                let all = self
                    .doc
                    .get_all(ROOT, item.key.as_ref())
                    .unwrap_or_default();
                let ids = all.into_iter().filter(|(value, _)| value.is_object());
                found.extend(ids.map(|(_, id)| (item.key.to_string(), id)));
            }
        }
        for (key, id) in found {
            self.index(&key, &id);
        }
        self.read_schema()
    }

    fn read_schema(&mut self) -> Result<(), DocumentError> {
        self.schema = match self.doc.get(ROOT, KEY_SCHEMA) {
            Ok(Some((value, _))) => value
                .as_i64()
                .and_then(|version| u64::try_from(version).ok()),
            _ => None,
        };
        match self.doc.get(ROOT, KEY_KIND) {
            Ok(Some((value, _))) if value.as_str() != Some(self.kind.code()) => {
                Err(DocumentError::WrongKind)
            }
            Ok(Some(_)) if self.schema.is_none() => Err(DocumentError::Damaged("no schema")),
            _ => Ok(()),
        }
    }
}

type Puts = Vec<(String, Option<Scalar>)>;

/// What a restriction (GDPR art. 18) leaves possible: to lift it or give another reason, and to
/// hold the erasure, which the participant may ask for instead (art. 18 no. 1 b and c).
fn stays_within_restriction(record: &RecordRef, puts: &Puts) -> bool {
    *record == RecordRef::Participation
        && puts.iter().all(|(field, value)| {
            field == FIELD_RESTRICTED || (field == FIELD_HOLD && value.is_some())
        })
}

/// The object that a field is written in.
#[derive(Clone)]
enum Target {
    Root,
    Map(ExId),
    New(String),
}

/// A record's fields as the document has them.
#[derive(Default)]
struct Raw {
    fields: FieldMap,
    conflicts: BTreeMap<String, Vec<(Option<Scalar>, ExId)>>,
    first: Option<ExId>,
    last: Option<ExId>,
}

impl Raw {
    /// Notes an operation as the first or last of the record.
    fn see(&mut self, id: &ExId) {
        let counter = |id: &Option<ExId>| match id {
            Some(ExId::Id(counter, ..)) => Some(*counter),
            _ => None,
        };
        let ExId::Id(own, ..) = id else { return };
        if counter(&self.first).is_none_or(|first| *own < first) {
            self.first = Some(id.clone());
        }
        if counter(&self.last).is_none_or(|last| *own > last) {
            self.last = Some(id.clone());
        }
    }
}

fn scalar_of(value: &ValueRef<'_>) -> Option<Scalar> {
    match value {
        ValueRef::Scalar(ScalarValueRef::Str(text)) => Some(Scalar::Text(text.to_string())),
        ValueRef::Scalar(ScalarValueRef::Int(int)) => Some(Scalar::Int(*int)),
        ValueRef::Scalar(ScalarValueRef::Boolean(bool)) => Some(Scalar::Bool(*bool)),
        _ => None,
    }
}

fn scalar_of_value(value: &automerge::Value<'_>) -> Option<Scalar> {
    match value {
        automerge::Value::Scalar(scalar) => scalar_of_owned(scalar),
        automerge::Value::Object(_) => None,
    }
}

fn scalar_of_owned(value: &automerge::ScalarValue) -> Option<Scalar> {
    match value {
        automerge::ScalarValue::Str(text) => Some(Scalar::Text(text.to_string())),
        automerge::ScalarValue::Int(int) => Some(Scalar::Int(*int)),
        automerge::ScalarValue::Boolean(bool) => Some(Scalar::Bool(*bool)),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
