//! What a device is told: built after the commit, from the store and the membership as they were
//! at the commit, by whichever thread has time.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use folge_protocol::codec::Encode;
use folge_protocol::grant::Recipient;
use folge_protocol::ids::{DeviceId, DocumentId, GroupId, Hash, InvitationId, WorkspaceId};
use folge_protocol::limits::{
    MESSAGE_ENTRIES_MAX, MESSAGE_ENVELOPES_MAX, MESSAGE_FETCH_MAX, MESSAGE_GRANTS_MAX,
    MESSAGE_MARKS_MAX, REPLY_BYTES_TARGET,
};
use folge_protocol::membership::Membership;
use folge_protocol::wire::{
    Ack, Blob, Delivery, Receipt, Refusal, StreamFrom, StreamHead, SyncReply,
};

use super::Identity;
use crate::storage::{StorageError, StorageRead, StoredEnvelope, Want, WorkspaceKey};

/// Most heads in a receipt and refusals in a reply, by the wire's decoder.
const HEADS_MAX: usize = MESSAGE_ENVELOPES_MAX + MESSAGE_FETCH_MAX;
const REFUSALS_MAX: usize = MESSAGE_ENVELOPES_MAX + MESSAGE_MARKS_MAX;
/// What an envelope costs in a reply besides its bytes: number, time, length.
const DELIVERY_BYTES: usize = 20;

/// As whom a reply is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    /// A device that is in.
    Device(DeviceId),
    /// Whoever holds an invitation that is valid.
    Invitation(InvitationId),
    /// The root key: recovery.
    Root,
    /// A device that was put out: shown the entries up to the one that did it, nothing more.
    Former(DeviceId),
    /// Whoever holds an invitation that is not: told what was refused, nothing more.
    Nobody,
}

/// A request whose writes are durable, with all that its reply is made of.
#[derive(Debug, Clone)]
pub struct Staged {
    pub(super) workspace: WorkspaceId,
    pub(super) key: WorkspaceKey,
    pub(super) reader: Reader,
    pub(super) membership: Arc<Membership>,
    pub(super) now_ms: u64,
    /// The request's nonce.
    pub(super) answers: [u8; 16],
    /// The last position at the commit.
    pub(super) upto: u64,
    pub(super) cursor: u64,
    pub(super) log_from: u64,
    /// Own envelopes too: the cursor was of another life of the relay.
    pub(super) own_too: bool,
    /// Up to this position the reader's own envelopes come too: what lies behind its cursor and
    /// was not written by this very request, a restored or copied device does not have.
    pub(super) own_upto: u64,
    /// Whether there can be anything to read between cursor and `upto`.
    pub(super) behind: bool,
    pub(super) acks: Vec<Ack>,
    pub(super) ack_heads: BTreeMap<DocumentId, (u64, Hash)>,
    pub(super) refusals: Vec<Refusal>,
    pub(super) fetch: Vec<StreamFrom>,
}

type Heads = BTreeMap<DocumentId, (u64, Hash)>;

fn raise(heads: &mut Heads, document: DocumentId, number: u64, head: Hash) {
    let entry = heads.entry(document).or_insert((number, head));
    if number > entry.0 {
        *entry = (number, head);
    }
}

impl Staged {
    /// The device that reads, if it is one.
    #[must_use]
    pub fn device(&self) -> Option<DeviceId> {
        match self.reader {
            Reader::Device(device) => Some(device),
            _ => None,
        }
    }

    /// Whether the reader is a device that was put out.
    pub(super) fn is_for_former(&self) -> bool {
        matches!(self.reader, Reader::Former(_))
    }

    /// The workspace.
    #[must_use]
    pub fn workspace(&self) -> WorkspaceId {
        self.workspace
    }

    /// How many envelopes were taken.
    #[must_use]
    pub fn acks_count(&self) -> usize {
        self.acks.len()
    }

    /// Whether the reply needs the store: else it can be built at once.
    #[must_use]
    pub fn needs_storage(&self) -> bool {
        self.behind || !self.fetch.is_empty() || self.log_from < self.membership.len()
    }

    /// Goes on behind what a reply brought: for a live connection that catches up.
    pub fn advance(&mut self, reply: &SyncReply) {
        self.cursor = reply.position;
        self.log_from += reply.entries.len() as u64;
        self.behind &= reply.more;
        self.acks.clear();
        self.ack_heads.clear();
        self.refusals.clear();
        self.fetch.clear();
    }

    /// Builds and signs the reply.
    /// # Errors
    /// The store's.
    pub fn reply(
        &self,
        storage: &impl StorageRead,
        identity: &Identity,
    ) -> Result<SyncReply, StorageError> {
        self.build(Some(storage), identity)
    }

    /// The reply where [`Staged::needs_storage`] is false.
    /// # Errors
    /// Never then.
    pub fn reply_at_once(&self, identity: &Identity) -> Result<SyncReply, StorageError> {
        self.build(None::<&crate::storage::SqliteStorage>, identity)
    }

    /// The reply, from the store only where it is needed.
    /// # Errors
    /// The store's.
    pub fn reply_or_at_once(
        &self,
        storage: &impl StorageRead,
        identity: &Identity,
    ) -> Result<SyncReply, StorageError> {
        if self.needs_storage() {
            self.reply(storage, identity)
        } else {
            self.reply_at_once(identity)
        }
    }

    fn build(
        &self,
        storage: Option<&impl StorageRead>,
        identity: &Identity,
    ) -> Result<SyncReply, StorageError> {
        let mut page = Page {
            position: self.upto,
            more: false,
            entries: Vec::new(),
            grants: Vec::new(),
            deliveries: Vec::new(),
            marks: Vec::new(),
            heads: self.ack_heads.clone(),
            bytes: 0,
        };
        if let Some(storage) = storage {
            self.fill(storage, &mut page)?;
        }
        let mut refusals = self.refusals.clone();
        refusals.truncate(REFUSALS_MAX);
        let heads = page
            .heads
            .iter()
            .map(|(document, (number, head))| StreamHead {
                document: *document,
                number: *number,
                head: *head,
            });
        let mut reply = SyncReply {
            position: page.position,
            more: page.more,
            log_len: self.membership.len(),
            entries: page.entries.into_iter().map(Blob).collect(),
            grants: page
                .grants
                .into_iter()
                .map(|(_, bytes)| Blob(bytes))
                .collect(),
            acks: self.acks.clone(),
            refusals,
            deliveries: page.deliveries,
            marks: page.marks,
            receipt: Receipt::unsigned(
                identity.instance,
                self.answers,
                self.now_ms,
                heads.collect(),
            ),
        };
        reply.sign(self.workspace, &identity.key);
        Ok(reply)
    }

    fn fill(&self, storage: &impl StorageRead, page: &mut Page) -> Result<(), StorageError> {
        if self.reader == Reader::Nobody {
            page.position = self.cursor;
            return Ok(());
        }
        self.fill_entries(storage, page)?;
        match self.reader {
            // Without the whole log a client cannot judge what stands on it.
            _ if page.more => page.position = self.cursor,
            Reader::Device(device) => {
                self.fill_fetched(storage, page, device)?;
                // A fetch that was cut short goes first; the cursor waits for the next request.
                if page.more {
                    page.position = self.cursor;
                } else if self.behind {
                    self.fill_behind(storage, page, device)?;
                }
            }
            Reader::Invitation(id) => {
                self.fill_granted(storage, page, Recipient::Invitation(id))?
            }
            Reader::Root => self.fill_granted(storage, page, Recipient::Recovery)?,
            Reader::Former(_) => page.position = self.cursor,
            Reader::Nobody => {}
        }
        Ok(())
    }

    fn fill_entries(
        &self,
        storage: &impl StorageRead,
        page: &mut Page,
    ) -> Result<(), StorageError> {
        let len = match self.reader {
            Reader::Former(device) => self
                .membership
                .put_out_at(device)
                .map_or(0, |moment| moment.index + 1),
            _ => self.membership.len(),
        };
        let wanted = len.saturating_sub(self.log_from);
        if wanted == 0 {
            return Ok(());
        }
        let mut entries = storage.entries(self.key, self.log_from, REPLY_BYTES_TARGET)?;
        // A reader may see later commits than this request's.
        let most = usize::try_from(wanted).unwrap_or(usize::MAX);
        entries.truncate(most.min(MESSAGE_ENTRIES_MAX));
        page.bytes += entries.iter().map(Vec::len).sum::<usize>();
        page.more = entries.len() < most;
        page.entries = entries;
        Ok(())
    }

    /// Grants to a key that is no device. The position stays: the device that comes of it has
    /// all of the workspace before it.
    fn fill_granted(
        &self,
        storage: &impl StorageRead,
        page: &mut Page,
        to: Recipient,
    ) -> Result<(), StorageError> {
        let (count, bytes) = (MESSAGE_GRANTS_MAX, REPLY_BYTES_TARGET);
        page.position = self.cursor;
        page.grants = storage.grants(self.key, 0, self.upto, count, bytes, &|recipient| {
            *recipient == to
        })?;
        Ok(())
    }

    fn fill_fetched(
        &self,
        storage: &impl StorageRead,
        page: &mut Page,
        device: DeviceId,
    ) -> Result<(), StorageError> {
        for wanted in &self.fetch {
            if page.more {
                break;
            }
            if !self.membership.may_read(device, wanted.document) {
                continue;
            }
            let Some(stream) = storage.stream(self.key, wanted.document)? else {
                continue;
            };
            let (mut bytes, mut count) = (page.bytes, page.deliveries.len());
            let (room, mut more) = (self.room(), false);
            let found = storage.stream_envelopes(stream.key, wanted.from, &mut |_, len| {
                more = count > 0 && (bytes + len > REPLY_BYTES_TARGET || count >= room);
                if more {
                    return Want::Stop;
                }
                bytes += len + DELIVERY_BYTES;
                count += 1;
                Want::Take
            })?;
            page.more = more;
            page.deliver(found);
        }
        Ok(())
    }

    fn room(&self) -> usize {
        MESSAGE_ENVELOPES_MAX.min(HEADS_MAX.saturating_sub(self.ack_heads.len()))
    }

    fn fill_behind(
        &self,
        storage: &impl StorageRead,
        page: &mut Page,
        device: DeviceId,
    ) -> Result<(), StorageError> {
        let mut upto = self.upto;
        let groups = self.membership.groups_of(device);
        let grants = storage.grants(
            self.key,
            self.cursor,
            upto,
            MESSAGE_GRANTS_MAX,
            REPLY_BYTES_TARGET,
            &|recipient| grant_is_for(recipient, &groups),
        )?;
        let grant_bytes: usize = grants.iter().map(|(_, bytes)| bytes.len()).sum();
        if grants.len() >= MESSAGE_GRANTS_MAX || grant_bytes >= REPLY_BYTES_TARGET {
            upto = grants.last().map_or(upto, |(position, _)| *position);
        }
        page.bytes += grant_bytes;

        let mut rights = Rights::new(&self.membership, device);
        let fetched: HashSet<(DocumentId, u64)> = page.placed();
        let (mut bytes, mut count) = (page.bytes, page.deliveries.len());
        let (room, already) = (self.room(), count);
        let mut cut = None;
        let mut last = self.cursor;
        let found = storage.envelopes(self.key, self.cursor, upto, &mut |place, len| {
            let own = place.device == device;
            let wanted = (!own || self.own_too || place.position <= self.own_upto)
                && rights.may_read(place.document)
                && !fetched.contains(&(place.document, place.number));
            if !wanted {
                last = place.position;
                return Want::Skip;
            }
            let full = bytes + len > REPLY_BYTES_TARGET || count >= room;
            if full && (count > already || last > self.cursor || already > 0) {
                cut = Some(last);
                return Want::Stop;
            }
            bytes += len + DELIVERY_BYTES;
            count += 1;
            last = place.position;
            Want::Take
        })?;
        upto = cut.unwrap_or(upto);
        page.deliver(found);

        let marks = storage.marks(
            self.key,
            self.cursor,
            upto,
            MESSAGE_MARKS_MAX,
            &|document, marker| *marker != device && self.membership.may_read(device, *document),
        )?;
        if marks.len() >= MESSAGE_MARKS_MAX {
            upto = marks.last().map_or(upto, |(position, _)| *position);
        }
        page.marks = marks.into_iter().map(|(_, mark)| mark).collect();
        page.grants = grants;
        page.grants.retain(|(position, _)| *position <= upto);
        page.position = upto;
        page.more = upto < self.upto;
        Ok(())
    }
}

/// Whether a device may fetch a grant.
pub(super) fn grant_is_for(recipient: &Recipient, groups: &[GroupId]) -> bool {
    match recipient {
        Recipient::Group(id, _) => groups.contains(id),
        Recipient::Invitation(_) | Recipient::Recovery => false,
    }
}

/// A device's right to read, looked up once a document.
struct Rights<'a> {
    membership: &'a Membership,
    device: DeviceId,
    known: HashMap<DocumentId, bool>,
}

impl<'a> Rights<'a> {
    fn new(membership: &'a Membership, device: DeviceId) -> Self {
        Self {
            membership,
            device,
            known: HashMap::new(),
        }
    }
    fn may_read(&mut self, document: DocumentId) -> bool {
        *self
            .known
            .entry(document)
            .or_insert_with(|| self.membership.may_read(self.device, document))
    }
}

struct Page {
    position: u64,
    more: bool,
    entries: Vec<Vec<u8>>,
    grants: Vec<(u64, Vec<u8>)>,
    deliveries: Vec<Delivery>,
    marks: Vec<folge_protocol::wire::Mark>,
    heads: Heads,
    bytes: usize,
}

impl Page {
    fn deliver(&mut self, found: Vec<StoredEnvelope>) {
        for envelope in found {
            let place = envelope.place;
            self.bytes += envelope.bytes.len() + DELIVERY_BYTES;
            raise(&mut self.heads, place.document, place.number, envelope.head);
            self.deliveries.push(Delivery {
                number: place.number,
                accepted_ms: envelope.accepted_ms,
                envelope: Blob(envelope.bytes),
            });
        }
    }

    /// What was fetched by name already.
    fn placed(&self) -> HashSet<(DocumentId, u64)> {
        let mut placed = HashSet::new();
        for delivery in &self.deliveries {
            // The document stands behind version, suite and workspace.
            if let Some(id) = delivery.envelope.0.get(18..34)
                && let Ok(id) = <[u8; 16]>::try_from(id)
            {
                placed.insert((DocumentId(id), delivery.number));
            }
        }
        placed
    }
}

/// A reply's bytes.
#[must_use]
pub fn encode(reply: &SyncReply) -> Vec<u8> {
    reply.to_bytes()
}
