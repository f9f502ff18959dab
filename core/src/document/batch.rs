//! The batch: what a change envelope carries, before the envelope compresses and seals it.
//!
//! Integers below are big-endian and of fixed width, as everywhere in the protocol, except those
//! called *number*: unsigned LEB128 in its shortest form (seven bits a byte, low first).
//!
//! ```text
//! u8      batch version: 1
//! u8      document kind: 1 register, 2 casefile
//! u8      form: 1 changes, 2 whole document
//! u32     schema version that the sender writes
//! u32     manifest: number of changes, 1 to 20,000
//! u32     manifest: number of heads, 1 to 1,000
//! 32 × n  manifest: the heads in ascending order: the hashes of those changes of the batch on
//!         which no other change of the batch stands
//!         then form 1, for each change, every change behind those that it stands on:
//! number    how many changes it stands on
//!           for each of them, in the order that the change has them:
//! number      0: its hash follows; k > 0: it is the k-th change of the batch before this one
//! 32          its hash, only after 0
//! number    length of what follows
//! bytes     the rest of the change's body: what follows the dependencies in an Automerge
//!           change chunk (actor, sequence number, first operation, time, message, other actors,
//!           columns), uncompressed
//!         or form 2:
//! bytes   an Automerge document chunk with uncompressed columns, to the end
//! ```
//!
//! A reader rebuilds each change chunk of form 1: the body is the number of dependencies, their
//! hashes, and the bytes above; the chunk is the magic bytes `85 6f 4a 83`, the first four bytes
//! of the hash, the type byte 1, the body's length as a number, and the body; the hash is the
//! SHA-256 of all from the type byte on. Because a hash covers its dependencies' hashes, the
//! heads in the manifest, which the envelope's signature covers, fix every byte of the batch.
//!
//! Form 2 is for a document's whole history by one device, where it is the shorter one. Every
//! change's actor begins with the 16 bytes of the device that signed the envelope.

use std::collections::{BTreeMap, BTreeSet};

use automerge::{Automerge, Change, ReadDoc};
use folge_protocol::codec::{Reader, Writer};
use folge_protocol::ids::DeviceId;

use super::apply::{load_chunk, parse_change};
use super::{Actor, Applied, ChangeHash, Document, DocumentError, SCHEMA_VERSION, chunk, limits};

/// The batch version that this program writes.
pub const BATCH_VERSION: u8 = 1;
const FORM_CHANGES: u8 = 1;
const FORM_DOCUMENT: u8 = 2;
const SHORT: DocumentError = DocumentError::Damaged("it ends too early");

/// What a batch says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Manifest {
    count: usize,
    heads: BTreeSet<[u8; 32]>,
}

/// What a batch carries.
pub(super) enum Batch {
    /// Changes, each behind those that it stands on.
    Changes(Vec<Change>),
    /// A whole document, and the changes that it consists of.
    Document(Box<Automerge>, Vec<Change>),
}

impl Document {
    /// Writes own changes as a batch. The hashes may come in any order.
    /// # Errors
    /// A hash that the document has not, a change by another device, or too many.
    pub fn encode_batch(&self, hashes: &[ChangeHash]) -> Result<Vec<u8>, DocumentError> {
        let wanted: BTreeSet<_> = hashes.iter().copied().collect();
        if wanted.is_empty() {
            return Err(DocumentError::UnknownChange);
        }
        if wanted.len() > limits::BATCH_CHANGES_MAX {
            return Err(DocumentError::TooLarge("changes"));
        }
        let total = self.change_count();
        let changes = self.ordered(&wanted, total)?;
        let heads = heads_of(&changes);
        let mut out = Writer::new();
        out.u8(BATCH_VERSION);
        out.u8(self.kind.byte());
        let whole = if changes.len() == total {
            Some(self.doc.save_nocompress())
        } else {
            None
        };
        let body = encode_changes(&changes)?;
        let (form, body) = match whole {
            Some(whole) if whole.len() < body.len() => (FORM_DOCUMENT, whole),
            _ => (FORM_CHANGES, body),
        };
        out.u8(form);
        out.u32(u32::try_from(self.schema.unwrap_or(SCHEMA_VERSION)).unwrap_or(u32::MAX));
        out.u32(u32::try_from(changes.len()).unwrap_or(u32::MAX));
        out.u32(u32::try_from(heads.len()).unwrap_or(u32::MAX));
        for head in &heads {
            out.raw(head);
        }
        out.raw(&body);
        let batch = out.finish();
        if batch.len() > limits::BATCH_BYTES_MAX {
            return Err(DocumentError::TooLarge("batch"));
        }
        Ok(batch)
    }

    /// The changes named, every one behind those that it stands on.
    fn ordered(
        &self,
        wanted: &BTreeSet<ChangeHash>,
        total: usize,
    ) -> Result<Vec<Change>, DocumentError> {
        let mut changes: Vec<Change> = if wanted.len() >= total / 2 {
            // Already in order; and one by one is far slower than all at once.
            let mut changes = self.doc.get_changes(&[]);
            changes.retain(|change| wanted.contains(&change.hash().into()));
            if changes.len() < wanted.len() {
                return Err(DocumentError::UnknownChange);
            }
            changes
        } else {
            let mut changes = Vec::with_capacity(wanted.len());
            for hash in wanted {
                let change = self.doc.get_change_by_hash(&automerge::ChangeHash(hash.0));
                changes.push(change.ok_or(DocumentError::UnknownChange)?);
            }
            // A change's first operation number is above all those it stands on, so this order
            // is one of those wanted; an own change always follows the own one before it.
            changes.sort_by_key(|change| (change.start_op(), change.seq(), change.hash()));
            changes
        };
        changes.dedup_by_key(|change| change.hash());
        for change in &changes {
            if !wanted.contains(&change.hash().into()) {
                return Err(DocumentError::UnknownChange);
            }
            if Actor::of(change.actor_id()).map(|actor| actor.device) != Some(self.actor.device) {
                return Err(DocumentError::ForeignActor {
                    author: self.actor.device,
                });
            }
        }
        Ok(changes)
    }

    /// Takes in a batch that `author` sent: all of it, or nothing. Taking in what is here
    /// already changes nothing.
    /// # Errors
    /// Why nothing was applied. [`DocumentError::MissingDependencies`] may pass; the others not
    /// without another version of the program.
    pub fn apply_batch(
        &mut self,
        batch: &[u8],
        author: DeviceId,
    ) -> Result<Applied, DocumentError> {
        match self.read_batch(batch, author)? {
            Batch::Changes(changes) => {
                let hashes = changes.iter().map(|change| change.hash().into()).collect();
                let (new_count, touched) = self.apply_changes(changes, Some(author))?;
                Ok(Applied {
                    hashes,
                    new_count,
                    touched,
                })
            }
            Batch::Document(loaded, changes) => {
                let hashes = changes.iter().map(|change| change.hash().into()).collect();
                let (new_count, touched) = self.apply_loaded(*loaded, changes, Some(author))?;
                Ok(Applied {
                    hashes,
                    new_count,
                    touched,
                })
            }
        }
    }

    /// Reads a batch that `author` sent, and checks it against its manifest.
    pub(super) fn read_batch(
        &self,
        batch: &[u8],
        author: DeviceId,
    ) -> Result<Batch, DocumentError> {
        if batch.len() > limits::BATCH_BYTES_MAX {
            return Err(DocumentError::TooLarge("batch"));
        }
        let mut input = Reader::new(batch);
        let version = input.u8().map_err(|_| SHORT)?;
        if version != BATCH_VERSION {
            return Err(DocumentError::UnknownBatchVersion(version));
        }
        if input.u8().map_err(|_| SHORT)? != self.kind.byte() {
            return Err(DocumentError::WrongKind);
        }
        let form = input.u8().map_err(|_| SHORT)?;
        let schema = u64::from(input.u32().map_err(|_| SHORT)?);
        if schema > SCHEMA_VERSION {
            return Err(DocumentError::NewerSchema {
                found: schema,
                known: SCHEMA_VERSION,
            });
        }
        if schema == 0 {
            return Err(DocumentError::Damaged("no schema"));
        }
        let manifest = read_manifest(&mut input)?;
        match form {
            FORM_CHANGES => {
                let changes = decode_changes(&mut input, &manifest)?;
                check_authors(&changes, author)?;
                Ok(Batch::Changes(changes))
            }
            FORM_DOCUMENT => {
                let loaded = load_chunk(input.rest())?;
                let changes = loaded.get_changes(&[]);
                if changes.len() != manifest.count || heads_of(&changes) != manifest.heads {
                    return Err(DocumentError::ManifestMismatch);
                }
                check_authors(&changes, author)?;
                Ok(Batch::Document(Box::new(loaded), changes))
            }
            _ => Err(DocumentError::Damaged("an unknown form")),
        }
    }
}

fn check_authors(changes: &[Change], author: DeviceId) -> Result<(), DocumentError> {
    let own =
        |change: &Change| Actor::of(change.actor_id()).is_some_and(|actor| actor.device == author);
    if changes.iter().all(own) {
        Ok(())
    } else {
        Err(DocumentError::ForeignActor { author })
    }
}

fn heads_of(changes: &[Change]) -> BTreeSet<[u8; 32]> {
    let mut heads: BTreeSet<_> = changes.iter().map(|change| change.hash().0).collect();
    for change in changes {
        for dependency in change.deps() {
            heads.remove(&dependency.0);
        }
    }
    heads
}

/// What a batch says that it carries: how many changes, and their heads.
pub(crate) fn batch_manifest(
    batch: &[u8],
) -> Result<(usize, impl Iterator<Item = ChangeHash> + use<>), DocumentError> {
    let mut input = Reader::new(batch);
    let version = input.u8().map_err(|_| SHORT)?;
    if version != BATCH_VERSION {
        return Err(DocumentError::UnknownBatchVersion(version));
    }
    // Kind, form and schema.
    input.take(6).map_err(|_| SHORT)?;
    let manifest = read_manifest(&mut input)?;
    Ok((manifest.count, manifest.heads.into_iter().map(ChangeHash)))
}

fn read_manifest(input: &mut Reader<'_>) -> Result<Manifest, DocumentError> {
    let count = input.u32().map_err(|_| SHORT)? as usize;
    let heads_count = input.u32().map_err(|_| SHORT)? as usize;
    if count > limits::BATCH_CHANGES_MAX || heads_count > limits::BATCH_HEADS_MAX {
        return Err(DocumentError::TooLarge("manifest"));
    }
    if count == 0 || heads_count == 0 {
        return Err(DocumentError::Damaged("an empty manifest"));
    }
    let mut heads: BTreeSet<[u8; 32]> = BTreeSet::new();
    for _ in 0..heads_count {
        let head = input.array().map_err(|_| SHORT)?;
        if heads.last().is_some_and(|last| *last >= head) {
            return Err(DocumentError::Damaged("heads out of order"));
        }
        heads.insert(head);
    }
    Ok(Manifest { count, heads })
}

fn encode_changes(changes: &[Change]) -> Result<Vec<u8>, DocumentError> {
    let mut positions = BTreeMap::new();
    let mut out = Vec::new();
    for (position, change) in changes.iter().enumerate() {
        let (_, body, hash) = chunk::open(change.raw_bytes())?;
        let parts = chunk::split_change(body)?;
        chunk::put_uleb(&mut out, parts.dependencies.len() as u64);
        for dependency in &parts.dependencies {
            match positions.get(dependency) {
                Some(earlier) => chunk::put_uleb(&mut out, (position - earlier) as u64),
                None => {
                    out.push(0);
                    out.extend_from_slice(dependency);
                }
            }
        }
        chunk::put_uleb(&mut out, parts.rest.len() as u64);
        out.extend_from_slice(parts.rest);
        positions.insert(hash, position);
    }
    Ok(out)
}

fn decode_changes(
    input: &mut Reader<'_>,
    manifest: &Manifest,
) -> Result<Vec<Change>, DocumentError> {
    let mut hashes: Vec<[u8; 32]> = Vec::new();
    let mut known = BTreeSet::new();
    let mut heads = BTreeSet::new();
    let mut changes = Vec::new();
    let mut body = Vec::new();
    for position in 0..manifest.count {
        body.clear();
        let max = limits::CHANGE_DEPENDENCIES_MAX as u64;
        let count = chunk::count(input, max, "dependencies")?;
        chunk::put_uleb(&mut body, count as u64);
        for _ in 0..count {
            let back = chunk::count(input, position as u64, "back reference")?;
            let dependency: [u8; 32] = match back {
                0 => input.array().map_err(|_| SHORT)?,
                back => hashes[position - back],
            };
            // A change of the batch has one spelling: its place.
            if back == 0 && known.contains(&dependency) {
                return Err(DocumentError::Damaged("a hash where a place belongs"));
            }
            heads.remove(&dependency);
            body.extend_from_slice(&dependency);
        }
        let len = chunk::count(input, limits::CHANGE_BYTES_MAX as u64, "change")?;
        let rest = chunk::take(input, len)?;
        chunk::check_change(rest)?;
        body.extend_from_slice(rest);
        let (bytes, hash) = chunk::build(chunk::TYPE_CHANGE, &body);
        let change = parse_change(&bytes)?;
        if change.hash().0 != hash {
            return Err(DocumentError::ManifestMismatch);
        }
        if !known.insert(hash) {
            return Err(DocumentError::Damaged("a change stands twice"));
        }
        if heads.len() > limits::BATCH_HEADS_MAX {
            return Err(DocumentError::TooLarge("heads"));
        }
        heads.insert(hash);
        hashes.push(hash);
        changes.push(change);
    }
    if !input.rest().is_empty() {
        return Err(DocumentError::Damaged("bytes left over"));
    }
    if heads != manifest.heads {
        return Err(DocumentError::ManifestMismatch);
    }
    Ok(changes)
}
