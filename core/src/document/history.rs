//! The history: who changed what, when, from which device, and why.

use std::collections::BTreeMap;

use automerge::legacy::{Key, ObjectId, OpType};
use folge_protocol::ids::DeviceId;

use super::schema::RecordRef;
use super::{Actor, ChangeHash, Document, scalar_of_owned};

/// One field in one change. The texts are as the document holds them.
#[derive(Clone, PartialEq, Eq)]
pub struct FieldChange {
    /// The field's key.
    pub field: String,
    /// What stood there for the one who wrote; none where nothing did. Where the change settled
    /// a conflict, all the values, a line each.
    pub old: Option<String>,
    /// What was written; none where it was cleared.
    pub new: Option<String>,
}

impl std::fmt::Debug for FieldChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FieldChange")
            .field("field", &self.field)
            .finish_non_exhaustive()
    }
}

/// What one change did to one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryEntry {
    /// The change.
    pub hash: ChangeHash,
    /// The device's wall clock, milliseconds since 1970.
    pub wall_ms: i64,
    /// The device.
    pub device: DeviceId,
    /// The record.
    pub record: RecordRef,
    /// Its fields.
    pub changes: Vec<FieldChange>,
    /// Why, where a reason was given.
    pub reason: Option<String>,
}

impl Document {
    /// Everything that was ever done to the document's records, each change behind those that
    /// it stands on. Reads all changes: for one document on request, not for lists.
    #[must_use]
    pub fn history(&self) -> Vec<HistoryEntry> {
        let mut entries = Vec::new();
        // What each operation wrote: later ones name those that they replace.
        let mut values: BTreeMap<(u64, Actor), Option<String>> = BTreeMap::new();
        let mut objects: BTreeMap<(u64, Actor), RecordRef> = BTreeMap::new();
        for change in self.doc.get_changes(&[]) {
            let Some(actor) = Actor::of(change.actor_id()) else {
                continue;
            };
            let mut records: BTreeMap<RecordRef, Vec<FieldChange>> = BTreeMap::new();
            for (number, operation) in (change.start_op().get()..).zip(change.decode().operations) {
                let Key::Map(key) = &operation.key else {
                    continue;
                };
                let value = match &operation.action {
                    OpType::Put(value) => scalar_of_owned(value).map(|value| value.to_string()),
                    OpType::Make(_) => {
                        if let Some(record) = RecordRef::of_map_key(key) {
                            objects.insert((number, actor), record.clone());
                            records.entry(record).or_default();
                        }
                        continue;
                    }
                    _ => continue,
                };
                let target = match &operation.obj {
                    ObjectId::Root => RecordRef::of_flat_key(key)
                        .map(|(record, field)| (record, field.to_owned())),
                    ObjectId::Id(id) => Actor::of(id.actor())
                        .and_then(|actor| objects.get(&(id.counter(), actor)))
                        .map(|record| (record.clone(), key.to_string())),
                };
                let old: Vec<_> = operation
                    .pred
                    .iter()
                    .filter_map(|id| {
                        values
                            .get(&(id.counter(), Actor::of(id.actor())?))
                            .cloned()?
                    })
                    .collect();
                values.insert((number, actor), value.clone());
                if let Some((record, field)) = target {
                    let old = if old.is_empty() {
                        None
                    } else {
                        Some(old.join("\n"))
                    };
                    // What one change writes twice (a settled conflict) is one change of the field.
                    let changes = records.entry(record).or_default();
                    match changes.iter_mut().find(|change| change.field == field) {
                        Some(change) => change.new = value,
                        None => changes.push(FieldChange {
                            field,
                            old,
                            new: value,
                        }),
                    }
                }
            }
            entries.extend(records.into_iter().map(|(record, changes)| HistoryEntry {
                hash: change.hash().into(),
                wall_ms: change.timestamp(),
                device: actor.device,
                record,
                changes,
                reason: change.message().map(str::to_owned),
            }));
        }
        entries
    }
}
