//! What a commit brought to a workspace, and which part of it a device is pushed.
//!
//! Devices that may see the same are sent the same bytes, signed once.

use std::sync::Arc;

use folge_protocol::codec::Encode;
use folge_protocol::grant::Recipient;
use folge_protocol::ids::{DeviceId, DocumentId, Hash, WorkspaceId};
use folge_protocol::limits::{
    MESSAGE_ENTRIES_MAX, MESSAGE_GRANTS_MAX, MESSAGE_MARKS_MAX, REPLY_BYTES_TARGET,
};
use folge_protocol::membership::Membership;
use folge_protocol::wire::{Blob, Delivery, Mark, NO_REQUEST, Receipt, StreamHead, SyncReply};

use super::Identity;
use super::reply::grant_is_for;

/// One thing of a commit, with its position.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) position: u64,
    pub(super) what: What,
}

#[derive(Debug)]
pub(super) enum What {
    Grant {
        recipient: Recipient,
        bytes: Vec<u8>,
    },
    Envelope {
        document: DocumentId,
        device: DeviceId,
        number: u64,
        accepted_ms: u64,
        head: Hash,
        bytes: Vec<u8>,
    },
    Mark(Mark),
}

impl Item {
    fn bytes_count(&self) -> usize {
        match &self.what {
            What::Grant { bytes, .. } | What::Envelope { bytes, .. } => bytes.len(),
            What::Mark(_) => 136,
        }
    }
}

/// What one commit, or a part of a large one, brought to one workspace.
#[derive(Debug)]
pub struct Commit {
    workspace: WorkspaceId,
    membership: Arc<Membership>,
    position: u64,
    now_ms: u64,
    entries: Vec<Vec<u8>>,
    items: Vec<Item>,
}

/// Which part of a commit a device may see. Equal views are equal frames.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct View(Vec<u64>);

impl Commit {
    /// Cuts a commit into parts that each fit one frame.
    pub(super) fn cut(
        workspace: WorkspaceId,
        membership: &Arc<Membership>,
        before: u64,
        now_ms: u64,
        entries: Vec<Vec<u8>>,
        items: Vec<Item>,
    ) -> Vec<Self> {
        let begin = |position| Self {
            workspace,
            membership: Arc::clone(membership),
            position,
            now_ms,
            entries: Vec::new(),
            items: Vec::new(),
        };
        let count_max = MESSAGE_ENTRIES_MAX
            .min(MESSAGE_GRANTS_MAX)
            .min(MESSAGE_MARKS_MAX);
        let (mut done, mut part, mut bytes) = (Vec::new(), begin(before), 0);
        let mut room = |part: &mut Self, len: usize, done: &mut Vec<Self>| {
            let count = part.entries.len() + part.items.len();
            if count > 0 && (bytes + len > REPLY_BYTES_TARGET || count >= count_max) {
                let next = begin(part.position);
                done.push(std::mem::replace(part, next));
                bytes = 0;
            }
            bytes += len;
        };
        for entry in entries {
            room(&mut part, entry.len(), &mut done);
            part.entries.push(entry);
        }
        for item in items {
            room(&mut part, item.bytes_count(), &mut done);
            part.position = item.position;
            part.items.push(item);
        }
        done.push(part);
        done
    }

    /// The workspace.
    #[must_use]
    pub fn workspace(&self) -> WorkspaceId {
        self.workspace
    }

    /// The membership after the commit.
    #[must_use]
    pub fn membership(&self) -> &Arc<Membership> {
        &self.membership
    }

    /// Whether membership changed.
    #[must_use]
    pub fn changes_membership(&self) -> bool {
        !self.entries.is_empty()
    }

    /// What a device may see; `None` where that is nothing.
    #[must_use]
    pub fn view(&self, device: DeviceId) -> Option<View> {
        let groups = self.membership.groups_of(device);
        let mut bits = vec![0_u64; self.items.len().div_ceil(64)];
        let mut last: Option<(DocumentId, bool)> = None;
        let mut may_read = |document: DocumentId| match last {
            Some((known, right)) if known == document => right,
            _ => {
                let right = self.membership.may_read(device, document);
                last = Some((document, right));
                right
            }
        };
        let mut any = !self.entries.is_empty();
        for (place, item) in self.items.iter().enumerate() {
            let seen = match &item.what {
                What::Grant { recipient, .. } => grant_is_for(recipient, &groups),
                What::Envelope {
                    document,
                    device: author,
                    ..
                } => *author != device && may_read(*document),
                What::Mark(mark) => mark.device != device && may_read(mark.document),
            };
            if seen {
                bits[place / 64] |= 1 << (place % 64);
                any = true;
            }
        }
        any.then_some(View(bits))
    }

    /// The frame of a view.
    #[must_use]
    pub fn frame(&self, view: &View, identity: &Identity) -> Vec<u8> {
        let mut reply = SyncReply {
            position: self.position,
            more: false,
            log_len: self.membership.len(),
            entries: self.entries.iter().cloned().map(Blob).collect(),
            grants: Vec::new(),
            acks: Vec::new(),
            refusals: Vec::new(),
            deliveries: Vec::new(),
            marks: Vec::new(),
            receipt: Receipt::unsigned(identity.instance, NO_REQUEST, self.now_ms, Vec::new()),
        };
        let mut heads = std::collections::BTreeMap::new();
        for (place, item) in self.items.iter().enumerate() {
            if view.0[place / 64] >> (place % 64) & 1 == 0 {
                continue;
            }
            match &item.what {
                What::Grant { bytes, .. } => reply.grants.push(Blob(bytes.clone())),
                What::Mark(mark) => reply.marks.push(mark.clone()),
                What::Envelope {
                    document,
                    number,
                    accepted_ms,
                    head,
                    bytes,
                    ..
                } => {
                    // In order of position, so the last one of a stream is its highest.
                    heads.insert(*document, (*number, *head));
                    reply.deliveries.push(Delivery {
                        number: *number,
                        accepted_ms: *accepted_ms,
                        envelope: Blob(bytes.clone()),
                    });
                }
            }
        }
        reply.receipt.heads = heads
            .into_iter()
            .map(|(document, (number, head))| StreamHead {
                document,
                number,
                head,
            })
            .collect();
        reply.sign(self.workspace, &identity.key);
        reply.to_bytes()
    }
}
