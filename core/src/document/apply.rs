//! Taking in bytes: the own store's, and other devices'.
//!
//! Automerge 0.12 must not be handed bytes as they come: `load_incremental` answers Ok and
//! drops a damaged chunk, changes whose dependencies are missing queue silently, and some
//! malformed input panics. So each change is checked on its own first ([`chunk`](super::chunk)
//! for sizes, then hash, author, sequence, dependencies and what its operations do), applied to
//! a copy, behind `catch_unwind`, and the copy takes the document's place only when everything
//! is as the sender said.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use automerge::legacy::{Key, ObjectId, OpType};
use automerge::{ActorId, Automerge, Change, ObjType, ScalarValue};
use folge_protocol::ids::DeviceId;

use super::batch::Batch;
use super::schema::{KEY_SCHEMA, RecordRef};
use super::{
    Actor, ChangeHash, Document, DocumentError, DocumentKind, SCHEMA_VERSION, chunk, limits,
};

/// What taking in a batch did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// All changes of the batch, each after those that it stands on.
    pub hashes: Vec<ChangeHash>,
    /// How many of them were new here.
    pub new_count: usize,
    /// The records that the new ones changed.
    pub touched: BTreeSet<RecordRef>,
}

/// A part of what the own sealed store keeps behind a document's snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TailPart<'a> {
    /// A change made here.
    Change(&'a [u8]),
    /// A batch that a device sent.
    Batch(&'a [u8], DeviceId),
}

/// What taking in a whole document did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotApplied {
    /// All changes of the snapshot with the device that each names as its author, for the
    /// caller to check against signatures.
    pub changes: Vec<(DeviceId, ChangeHash)>,
    /// How many of them were new here.
    pub new_count: usize,
    /// The records that the new ones changed.
    pub touched: BTreeSet<RecordRef>,
}

const PANIC: DocumentError = DocumentError::Damaged("the library could not digest it");

/// Runs what may panic on malformed input. (In the browser a panic ends the worker instead; the
/// checks before it are what keeps that from happening.)
fn guarded<T>(work: impl FnOnce() -> Result<T, DocumentError>) -> Result<T, DocumentError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(PANIC))
}

/// Parses a change chunk that must be exactly this.
pub(super) fn parse_change(chunk_bytes: &[u8]) -> Result<Change, DocumentError> {
    guarded(|| {
        Change::try_from(chunk_bytes).map_err(|_| DocumentError::Damaged("a change is malformed"))
    })
}

/// Reads one change from the own sealed store.
fn read_raw(raw: &[u8]) -> Result<Change, DocumentError> {
    if raw.len() > limits::CHANGE_BYTES_MAX {
        return Err(DocumentError::TooLarge("change"));
    }
    let (chunk_type, body, _) = chunk::open(raw)?;
    if chunk_type != chunk::TYPE_CHANGE {
        return Err(DocumentError::Damaged("it is no change"));
    }
    chunk::check_change(chunk::split_change(body)?.rest)?;
    parse_change(raw)
}

/// What checking a list of changes found out.
struct Checked {
    touched: BTreeSet<RecordRef>,
    objects: BTreeMap<(u64, Actor), RecordRef>,
}

impl Document {
    /// Opens the bytes that [`save`](Self::save) gave.
    /// # Errors
    /// Damage, or a document of another kind. One of a newer schema opens read-only: see
    /// [`access`](Self::access).
    pub fn load(kind: DocumentKind, actor: Actor, snapshot: &[u8]) -> Result<Self, DocumentError> {
        let mut document = Self::empty(kind, actor);
        document.doc = load_chunk(snapshot)?;
        document.doc.set_actor(ActorId::from(&actor.to_bytes()[..]));
        document.reindex()?;
        Ok(document)
    }

    /// Takes in one change from the own sealed store, whoever made it.
    /// # Errors
    /// Damage, or dependencies that must be applied first; the document is as before.
    pub fn apply_raw(&mut self, raw: &[u8]) -> Result<BTreeSet<RecordRef>, DocumentError> {
        self.apply_changes(vec![read_raw(raw)?], None)
            .map(|(_, touched)| touched)
    }

    /// Takes in what the own sealed store keeps behind a snapshot, in its order: all of it, or
    /// nothing. At once, because each taking in costs a copy of the document.
    /// # Errors
    /// As [`apply_raw`](Self::apply_raw) and [`apply_batch`](Self::apply_batch).
    pub fn apply_tail(&mut self, tail: &[TailPart<'_>]) -> Result<(), DocumentError> {
        let mut changes = Vec::with_capacity(tail.len());
        for part in tail {
            match part {
                TailPart::Change(raw) => changes.push(read_raw(raw)?),
                TailPart::Batch(batch, author) => match self.read_batch(batch, *author)? {
                    Batch::Changes(read) => changes.extend(read),
                    Batch::Document(_, read) => changes.extend(read),
                },
            }
        }
        // One that stands twice is taken in once.
        let mut known = BTreeSet::new();
        changes.retain(|change| known.insert(change.hash()));
        self.apply_changes(changes, None).map(drop)
    }

    /// Takes in a whole document that somebody compacted. The caller must know its heads from a
    /// signed source, and check that the devices named may have written here.
    /// # Errors
    /// Why nothing was applied.
    pub fn apply_snapshot(
        &mut self,
        snapshot: &[u8],
        expected_heads: &[ChangeHash],
    ) -> Result<SnapshotApplied, DocumentError> {
        let loaded = load_chunk(snapshot)?;
        let heads: BTreeSet<_> = loaded
            .get_heads()
            .into_iter()
            .map(ChangeHash::from)
            .collect();
        if heads != expected_heads.iter().copied().collect() {
            return Err(DocumentError::ManifestMismatch);
        }
        let changes = guarded(|| Ok(loaded.get_changes(&[])))?;
        let named = changes
            .iter()
            .map(|change| {
                let actor = Actor::of(change.actor_id());
                let actor = actor.ok_or(DocumentError::Damaged("an actor is malformed"))?;
                Ok((actor.device, change.hash().into()))
            })
            .collect::<Result<_, DocumentError>>()?;
        let (new_count, touched) = self.apply_loaded(loaded, changes, None)?;
        Ok(SnapshotApplied {
            changes: named,
            new_count,
            touched,
        })
    }

    /// Takes in a document already loaded and the changes it consists of.
    pub(super) fn apply_loaded(
        &mut self,
        loaded: Automerge,
        changes: Vec<Change>,
        author: Option<DeviceId>,
    ) -> Result<(usize, BTreeSet<RecordRef>), DocumentError> {
        if !self.doc.get_heads().is_empty() {
            return self.apply_changes(changes, author);
        }
        let checked = self.check(&changes, author)?;
        let mut copy = Self::empty(self.kind, self.actor);
        copy.doc = loaded;
        copy.doc
            .set_actor(ActorId::from(&self.actor.to_bytes()[..]));
        copy.objects = checked.objects;
        copy.read_schema()?;
        *self = copy;
        Ok((changes.len(), checked.touched))
    }

    /// Takes in changes that were parsed and whose hashes are known to be as promised: all, or
    /// none.
    pub(super) fn apply_changes(
        &mut self,
        changes: Vec<Change>,
        author: Option<DeviceId>,
    ) -> Result<(usize, BTreeSet<RecordRef>), DocumentError> {
        let new: Vec<_> = changes
            .into_iter()
            .filter(|change| !self.has_change(&change.hash().into()))
            .collect();
        if new.is_empty() {
            return Ok((0, BTreeSet::new()));
        }
        let checked = self.check(&new, author)?;
        let hashes: BTreeSet<_> = new.iter().map(Change::hash).collect();
        let doc = guarded(|| {
            let mut doc = self.doc.clone();
            doc.apply_changes(new)
                .map_err(|_| DocumentError::Damaged("it does not fit"))?;
            // The library keeps operations, not bytes. A change that it would give back
            // otherwise than it came (not in the one canonical encoding, or naming operations
            // that do not exist) would make the document unreadable once saved.
            let kept = doc.get_changes(&self.doc.get_heads());
            let kept: BTreeSet<_> = kept.iter().map(Change::hash).collect();
            if kept == hashes {
                Ok(doc)
            } else {
                Err(DocumentError::Damaged("not canonical"))
            }
        })?;
        let before = std::mem::replace(&mut self.doc, doc);
        let schema = self.schema;
        if let Err(error) = self.read_schema() {
            self.doc = before;
            self.schema = schema;
            return Err(error);
        }
        self.objects.extend(checked.objects);
        Ok((hashes.len(), checked.touched))
    }

    /// Checks changes that are new here: author, order, numbers and what they do.
    fn check(
        &self,
        changes: &[Change],
        author: Option<DeviceId>,
    ) -> Result<Checked, DocumentError> {
        let mut max_ops: BTreeMap<automerge::ChangeHash, u64> = BTreeMap::new();
        let mut missing = BTreeSet::new();
        let mut checked = Checked {
            touched: BTreeSet::new(),
            objects: BTreeMap::new(),
        };
        let all: BTreeSet<_> = changes.iter().map(Change::hash).collect();
        for change in changes {
            let actor = Actor::of(change.actor_id())
                .ok_or(DocumentError::Damaged("an actor is malformed"))?;
            if let Some(author) = author
                && actor.device != author
            {
                return Err(DocumentError::ForeignActor { author });
            }
            let mut max_op = 0;
            for dependency in change.deps() {
                let before = max_ops
                    .get(dependency)
                    .copied()
                    .or_else(|| Some(self.doc.get_change_meta_by_hash(dependency)?.max_op));
                match before {
                    Some(before) => max_op = max_op.max(before),
                    None if all.contains(dependency) => {
                        return Err(DocumentError::Damaged("a change stands before its base"));
                    }
                    None => {
                        missing.insert(ChangeHash::from(*dependency));
                    }
                }
            }
            // An operation number counts on from all that its author knew. A jump would use up
            // the numbers for everybody.
            let start = change.start_op().get();
            let last = start.saturating_add(change.len() as u64).saturating_sub(1);
            if missing.is_empty() && start != max_op + 1 || last >= u64::from(u32::MAX) {
                return Err(DocumentError::Forbidden("operation numbers that jump"));
            }
            max_ops.insert(change.hash(), last);
            if missing.is_empty() {
                let result = guarded(|| self.check_operations(change, actor, &mut checked));
                result?;
            }
        }
        if missing.is_empty() {
            Ok(checked)
        } else {
            Err(DocumentError::MissingDependencies(
                missing.into_iter().collect(),
            ))
        }
    }

    fn check_operations(
        &self,
        change: &Change,
        actor: Actor,
        checked: &mut Checked,
    ) -> Result<(), DocumentError> {
        let start = change.start_op().get();
        for (number, operation) in (start..).zip(change.decode().operations) {
            let Key::Map(key) = &operation.key else {
                return Err(DocumentError::Forbidden("a list"));
            };
            if operation.insert {
                return Err(DocumentError::Forbidden("an insertion"));
            }
            match (&operation.obj, &operation.action) {
                (ObjectId::Root, OpType::Make(ObjType::Map)) => {
                    let record = RecordRef::of_map_key(key)
                        .ok_or(DocumentError::Forbidden("an unknown kind of record"))?;
                    if !self.kind.holds(&record) {
                        return Err(DocumentError::WrongKind);
                    }
                    if !operation.pred.is_empty() {
                        return Err(DocumentError::Forbidden("a record in another's place"));
                    }
                    checked.objects.insert((number, actor), record.clone());
                    checked.touched.insert(record);
                }
                (ObjectId::Root, OpType::Put(value)) => {
                    check_value(value)?;
                    if RecordRef::of_map_key(key).is_some() {
                        return Err(DocumentError::Forbidden("a value in a record's place"));
                    }
                    if key == KEY_SCHEMA
                        && let Some(found) = value.as_u64()
                        && found > SCHEMA_VERSION
                    {
                        return Err(DocumentError::NewerSchema {
                            found,
                            known: SCHEMA_VERSION,
                        });
                    }
                    if let Some((record, _)) = RecordRef::of_flat_key(key) {
                        checked.touched.insert(record);
                    }
                }
                (ObjectId::Id(id), OpType::Put(value)) => {
                    check_value(value)?;
                    let map = Actor::of(id.actor()).map(|actor| (id.counter(), actor));
                    let record = map
                        .and_then(|map| {
                            checked.objects.get(&map).or_else(|| self.objects.get(&map))
                        })
                        .ok_or(DocumentError::Damaged("a record that does not exist"))?;
                    checked.touched.insert(record.clone());
                }
                (_, OpType::Delete) => return Err(DocumentError::Forbidden("a deletion")),
                _ => return Err(DocumentError::Forbidden("another kind of operation")),
            }
        }
        Ok(())
    }
}

fn check_value(value: &ScalarValue) -> Result<(), DocumentError> {
    match value {
        ScalarValue::Str(_) | ScalarValue::Int(_) | ScalarValue::Boolean(_) | ScalarValue::Null => {
            Ok(())
        }
        _ => Err(DocumentError::Forbidden("another kind of value")),
    }
}

/// Loads one whole-document chunk that must fill `bytes`.
pub(super) fn load_chunk(bytes: &[u8]) -> Result<Automerge, DocumentError> {
    if bytes.len() > limits::SNAPSHOT_BYTES_MAX {
        return Err(DocumentError::TooLarge("document"));
    }
    let (chunk_type, body, _) = chunk::open(bytes)?;
    if chunk_type != chunk::TYPE_DOCUMENT {
        return Err(DocumentError::Damaged("it is no document"));
    }
    chunk::check_document(body)?;
    guarded(|| {
        Automerge::load(bytes).map_err(|_| DocumentError::Damaged("the document is malformed"))
    })
}
