//! Judging a sync request and writing what is allowed into the open transaction.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use folge_protocol::envelope::{Header, next_head, stream_start};
use folge_protocol::grant::Recipient;
use folge_protocol::ids::{DeviceId, DocumentId, GroupId, Hash, InvitationId, WorkspaceId};
use folge_protocol::membership::{Author, Body, Entry, Membership, MembershipError, Role};
use folge_protocol::wire::{Ack, NO_REQUEST, Refusal, RefusalCode, Refused, RelayError};

use super::live::{Item, What};
use super::prepare::{
    Prepared, PreparedEnvelope, PreparedGrant, PreparedMark, SyncWork, Work, signer_key,
};
use super::reply::{Reader, Staged};
use super::{Answer, Identity, Relay, Requester, Stream, Workspace};
use crate::storage::{NewEnvelope, Storage, StorageError};

/// Why a request was not carried out.
#[derive(Debug)]
pub(super) enum Failure {
    /// The client is told.
    Refused(RelayError),
    /// The whole batch fails.
    Storage(StorageError),
}

impl From<RelayError> for Failure {
    fn from(error: RelayError) -> Self {
        Self::Refused(error)
    }
}

impl From<StorageError> for Failure {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

type Judged<T> = Result<Result<T, RefusalCode>, StorageError>;

impl Work {
    pub(super) fn nothing() -> Self {
        Self::Sync(SyncWork {
            instance: None,
            cursor: 0,
            log_len: 0,
            entries: Vec::new(),
            grants: Vec::new(),
            envelopes: Vec::new(),
            marks: Vec::new(),
            fetch: Vec::new(),
            returning: false,
        })
    }
}

impl<S: Storage> Relay<S> {
    pub(super) fn judge_live(
        &mut self,
        mut request: Prepared,
        now_ms: u64,
    ) -> Result<Answer, Failure> {
        let Work::Live(hello) = &request.work else {
            return Err(RelayError::Malformed.into());
        };
        let (instance, cursor, log_len) = (hello.instance, hello.cursor, hello.log_len);
        let id = request.workspace();
        if !self.load(id)? {
            return Err(RelayError::UnknownWorkspace.into());
        }
        let Requester::Device(device) = self.authenticate(&mut request, now_ms)? else {
            return Err(RelayError::Unauthorized.into());
        };
        let workspace = self
            .workspaces
            .get(&id)
            .ok_or(RelayError::UnknownWorkspace)?;
        let mut staged = begin(id, workspace, Reader::Device(device), now_ms);
        set_cursor(&mut staged, instance != self.identity.instance, cursor);
        staged.log_from = log_len;
        staged.behind = staged.cursor < staged.upto;
        Ok(Answer::Live(Box::new(staged)))
    }

    pub(super) fn judge_sync(
        &mut self,
        mut request: Prepared,
        now_ms: u64,
        begun: &mut bool,
    ) -> Result<Answer, Failure> {
        let id = request.workspace();
        if !self.load(id)? {
            return Err(RelayError::UnknownWorkspace.into());
        }
        let requester = self.authenticate(&mut request, now_ms)?;
        let Work::Sync(mut work) = std::mem::replace(&mut request.work, Work::nothing()) else {
            return Err(RelayError::Malformed.into());
        };
        let quota = self.settings.limits.workspace_bytes_max;
        let Self {
            storage,
            identity,
            workspaces,
            dirty,
            ..
        } = self;
        let workspace = workspaces
            .get_mut(&id)
            .ok_or(RelayError::UnknownWorkspace)?;
        let mut stage = Stage {
            storage,
            identity,
            id,
            workspace,
            dirty,
            begun,
            now_ms,
            quota,
            returning: work.returning,
            seen: Some(work.cursor).filter(|_| work.instance == Some(identity.instance)),
            refusals: Vec::new(),
            acks: Vec::new(),
            heads: BTreeMap::new(),
        };
        let nonce = request.signed.nonce;
        if let Requester::Former(device) = requester {
            return Ok(stage.dismiss(device, &work, nonce));
        }
        if let Requester::Invitation(invitation) = requester
            && !stage.invitation_holds(invitation, &work)?
        {
            return Ok(stage.refuse_invitation(&work, nonce));
        }
        let before = stage.workspace.row.position;
        let granted = !work.grants.is_empty();
        stage.take_all(requester, &mut work)?;
        let (refusals, acks, ack_heads) = (stage.refusals, stage.acks, stage.heads);

        let reader = match requester {
            Requester::Device(device) => Reader::Device(device),
            Requester::Invitation(invitation) => Reader::Invitation(invitation),
            Requester::Root => Reader::Root,
            Requester::Former(device) => Reader::Former(device),
        };
        let mut staged = begin(id, workspace, reader, now_ms);
        let foreign = work
            .instance
            .is_some_and(|instance| instance != identity.instance);
        set_cursor(&mut staged, foreign, work.cursor);
        staged.log_from = work.log_len;
        // What this very request wrote is the requester's own, grants apart.
        staged.behind = !matches!(reader, Reader::Device(_))
            || staged.cursor < before
            || (granted && before < staged.upto)
            || (staged.own_too && staged.upto > 0);
        staged.own_upto = before;
        staged.answers = nonce;
        staged.refusals = refusals;
        staged.acks = acks;
        staged.ack_heads = ack_heads;
        staged.fetch = work.fetch;
        Ok(Answer::Synced(Box::new(staged)))
    }

    /// Who signed, if the log lets them in; takes the nonce.
    fn authenticate(
        &mut self,
        request: &mut Prepared,
        now_ms: u64,
    ) -> Result<Requester, RelayError> {
        let workspace = self
            .workspaces
            .get(&request.workspace())
            .ok_or(RelayError::UnknownWorkspace)?;
        let signer = request.signed.signer;
        let device = DeviceId(signer);
        let membership = &workspace.membership;
        let requester = match signer_key(membership, signer) {
            Some(key) => {
                request.verify(&self.identity.public, &key)?;
                if membership.active_device(device).is_some() {
                    Requester::Device(device)
                } else if membership.invitations().contains_key(&InvitationId(signer)) {
                    Requester::Invitation(InvitationId(signer))
                } else if membership.root().id() == signer {
                    Requester::Root
                } else if membership.put_out_at(device).is_some() {
                    Requester::Former(device)
                } else {
                    return Err(RelayError::Unauthorized);
                }
            }
            // After the relay lost entries, the ones in the request may let the signer in: each
            // entry stands on its own signature, whoever brings it.
            None => {
                let grown =
                    grown_by(membership, request, now_ms).ok_or(RelayError::Unauthorized)?;
                let state = grown
                    .active_device(device)
                    .ok_or(RelayError::Unauthorized)?;
                request.verify(&self.identity.public, &state.verifier)?;
                Requester::Device(device)
            }
        };
        self.take_nonce(request, now_ms)?;
        Ok(requester)
    }
}

fn grown_by(membership: &Membership, request: &Prepared, now_ms: u64) -> Option<Membership> {
    let Work::Sync(work) = &request.work else {
        return None;
    };
    let mut grown = membership.clone();
    for (_, entry) in &work.entries {
        let entry = entry.as_ref()?;
        if entry.index >= grown.len() {
            grown.apply(entry, entry.time_ms.max(now_ms)).ok()?;
        }
    }
    Some(grown)
}

fn begin(id: WorkspaceId, workspace: &Workspace, reader: Reader, now_ms: u64) -> Staged {
    Staged {
        workspace: id,
        key: workspace.row.key,
        reader,
        membership: Arc::clone(&workspace.membership),
        now_ms,
        answers: NO_REQUEST,
        upto: workspace.row.position,
        cursor: 0,
        log_from: 0,
        own_too: false,
        own_upto: 0,
        behind: true,
        acks: Vec::new(),
        ack_heads: BTreeMap::new(),
        refusals: Vec::new(),
        fetch: Vec::new(),
    }
}

/// A cursor of another life of the database says nothing: everything is delivered, the reader's
/// own envelopes too, so that it can compare with what it has.
fn set_cursor(staged: &mut Staged, foreign: bool, cursor: u64) {
    staged.own_too = foreign || cursor > staged.upto;
    staged.cursor = if staged.own_too { 0 } else { cursor };
}

struct Stage<'a, S> {
    storage: &'a mut S,
    identity: &'a Identity,
    id: WorkspaceId,
    workspace: &'a mut Workspace,
    dirty: &'a mut Vec<WorkspaceId>,
    begun: &'a mut bool,
    now_ms: u64,
    quota: u64,
    /// See [`SyncWork::returning`].
    returning: bool,
    /// The requester's cursor, where it is of this life of the relay.
    seen: Option<u64>,
    refusals: Vec<Refusal>,
    acks: Vec<Ack>,
    heads: BTreeMap<DocumentId, (u64, Hash)>,
}

impl<S: Storage> Stage<'_, S> {
    fn take_all(&mut self, requester: Requester, work: &mut SyncWork) -> Result<(), StorageError> {
        let entries = std::mem::take(&mut work.entries);
        let by_root = let_in_by_root(&entries);
        self.take_entries(requester, entries)?;
        // Whoever came in by an invitation, or by the recovery words, acts in this request as the
        // device that was let in.
        let device = match requester {
            Requester::Device(device) => Some(device),
            Requester::Root => by_root,
            Requester::Former(_) => None,
            Requester::Invitation(id) => self
                .workspace
                .membership
                .invitations()
                .get(&id)
                .and_then(|invitation| invitation.device),
        };
        let device = device.filter(|id| self.workspace.membership.active_device(*id).is_some());
        let signs_itself = matches!(requester, Requester::Device(_));

        for (place, grant) in std::mem::take(&mut work.grants).into_iter().enumerate() {
            let judged = self.take_grant(device, grant)?;
            self.note(Refused::Grant(index(place)), judged);
        }
        for (place, envelope) in std::mem::take(&mut work.envelopes).into_iter().enumerate() {
            let judged = self.take_envelope(device, signs_itself, envelope)?;
            self.note(Refused::Envelope(index(place)), judged);
        }
        for (place, mark) in std::mem::take(&mut work.marks).into_iter().enumerate() {
            let judged = self.take_mark(device, mark)?;
            self.note(Refused::Mark(index(place)), judged);
        }
        for (place, wanted) in work.fetch.iter().enumerate() {
            let judged = self.judge_fetch(device, wanted.document);
            self.note(Refused::Fetch(index(place)), judged);
        }
        Ok(())
    }

    fn note(&mut self, what: Refused, judged: Result<(), RefusalCode>) {
        if let Err(code) = judged {
            self.refusals.push(Refusal { what, code });
        }
    }

    fn write(&mut self) -> Result<(), StorageError> {
        if !*self.begun {
            self.storage.begin()?;
            *self.begun = true;
        }
        let pending = &mut self.workspace.pending;
        if !pending.dirty {
            pending.dirty = true;
            self.dirty.push(self.id);
            pending.before = self.workspace.row.position;
        }
        Ok(())
    }

    /// Whether an invitation may still be used, or this request is the one that used it.
    fn invitation_holds(&self, id: InvitationId, work: &SyncWork) -> Result<bool, Failure> {
        let Some(invitation) = self.workspace.membership.invitations().get(&id) else {
            return Err(RelayError::Unauthorized.into());
        };
        if !invitation.spent && self.now_ms <= invitation.expires_ms {
            return Ok(true);
        }
        if work.entries.is_empty() {
            return Err(RelayError::Unauthorized.into());
        }
        // The entry that it let its device in with is here: whatever else the request brings is
        // judged as that device's.
        let Some((bytes, Some(entry))) = work.entries.first() else {
            return Ok(false);
        };
        if !self.stored_equal(entry, bytes)? {
            return Ok(false);
        }
        Ok(invitation.device.is_some())
    }

    fn refuse_invitation(self, work: &SyncWork, nonce: [u8; 16]) -> Answer {
        let mut staged = begin(self.id, self.workspace, Reader::Nobody, self.now_ms);
        staged.answers = nonce;
        staged.cursor = work.cursor;
        staged.log_from = work.log_len;
        staged.refusals = vec![Refusal {
            what: Refused::Entry(0),
            code: RefusalCode::InvitationSpent,
        }];
        Answer::Synced(Box::new(staged))
    }

    /// Takes nothing from a device that was put out, and shows it the entry that did so.
    fn dismiss(self, device: DeviceId, work: &SyncWork, nonce: [u8; 16]) -> Answer {
        let mut staged = begin(self.id, self.workspace, Reader::Former(device), self.now_ms);
        staged.answers = nonce;
        staged.cursor = work.cursor;
        staged.log_from = work.log_len;
        let refused = (0..work.envelopes.len()).map(|place| Refusal {
            what: Refused::Envelope(index(place)),
            code: RefusalCode::NotAllowed,
        });
        staged.refusals = refused.collect();
        Answer::Synced(Box::new(staged))
    }

    fn stored_equal(&self, entry: &Entry, bytes: &[u8]) -> Result<bool, StorageError> {
        if entry.index >= self.workspace.membership.len() {
            return Ok(false);
        }
        let stored = self
            .storage
            .entries(self.workspace.row.key, entry.index, 1)?;
        Ok(stored.first().is_some_and(|stored| stored == bytes))
    }

    fn take_entries(
        &mut self,
        requester: Requester,
        entries: Vec<(Vec<u8>, Option<Entry>)>,
    ) -> Result<(), StorageError> {
        // An administrator who brings back a log vouches for the age of its invitations;
        // from all others both clocks must allow it, so that every client judges as we do.
        let vouches = match requester {
            Requester::Root => true,
            Requester::Device(device) => {
                self.workspace.membership.device_role(device) == Some(Role::Administrator)
            }
            Requester::Invitation(_) | Requester::Former(_) => false,
        };
        for (place, (bytes, entry)) in entries.into_iter().enumerate() {
            let judged = match entry {
                None => Err(RefusalCode::Malformed),
                Some(entry) => self.take_entry(requester, vouches, &entry, bytes)?,
            };
            if judged.is_err() {
                self.note(Refused::Entry(index(place)), judged);
                break;
            }
        }
        Ok(())
    }

    fn take_entry(
        &mut self,
        requester: Requester,
        vouches: bool,
        entry: &Entry,
        bytes: Vec<u8>,
    ) -> Judged<()> {
        if entry.index < self.workspace.membership.len() {
            let equal = self.stored_equal(entry, &bytes)?;
            return Ok(if equal {
                Ok(())
            } else {
                Err(RefusalCode::LogConflict)
            });
        }
        if let Requester::Invitation(id) = requester
            && !self.is_of_invitation(id, &entry.author)
        {
            return Ok(Err(RefusalCode::NotAllowed));
        }
        let judge_ms = if vouches {
            entry.time_ms
        } else {
            entry.time_ms.max(self.now_ms)
        };
        // Whoever voids a group's older keys must have seen every grant to them.
        if let Body::EpochTurned {
            group,
            severs: true,
            ..
        } = entry.body
            && !self.returning
            && self.has_unseen_grants(group)?
        {
            return Ok(Err(RefusalCode::LogConflict));
        }
        let open = self.invitations_at_stake(&entry.body);
        if let Err(error) = Arc::make_mut(&mut self.workspace.membership).apply(entry, judge_ms) {
            return Ok(Err(refusal_of(error)));
        }
        self.write()?;
        self.storage
            .add_entry(self.workspace.row.key, entry.index, &bytes)?;
        self.workspace.row.bytes += bytes.len() as u64;
        match entry.body {
            Body::Erased { document, .. } => self.erase(document)?,
            Body::EpochTurned {
                group,
                epoch,
                severs: true,
                ..
            } => self.erase_grants(Recipient::Group(group, epoch))?,
            _ => {}
        }
        // Withdrawn; or used: whoever came in by it had fetched its grants before.
        for invitation in open {
            let state = self.workspace.membership.invitations().get(&invitation);
            if state.is_some_and(|state| state.spent) {
                self.erase_grants(Recipient::Invitation(invitation))?;
            }
        }
        self.workspace.pending.entries.push(bytes);
        Ok(Ok(()))
    }

    /// The open invitations that an entry may spend.
    fn invitations_at_stake(&self, body: &Body) -> Vec<InvitationId> {
        let at_stake = matches!(
            body,
            Body::DeviceAdded { .. }
                | Body::InvitationRevoked { .. }
                | Body::DeviceRevoked { .. }
                | Body::PersonRevoked { .. }
                | Body::RoleChanged { .. }
        );
        let invitations = self.workspace.membership.invitations().iter();
        let open = invitations.filter(|(_, state)| at_stake && !state.spent);
        open.map(|(id, _)| *id).collect()
    }

    fn is_of_invitation(&self, id: InvitationId, author: &Author) -> bool {
        match author {
            Author::Invitation(author) => *author == id,
            Author::Device(device) => self
                .workspace
                .membership
                .invitations()
                .get(&id)
                .is_some_and(|invitation| invitation.device == Some(*device)),
            Author::Root => false,
        }
    }

    fn erase(&mut self, document: DocumentId) -> Result<(), StorageError> {
        let freed = self
            .storage
            .erase_stream(self.workspace.row.key, document)?;
        let workspace = &mut *self.workspace;
        workspace.row.bytes = workspace.row.bytes.saturating_sub(freed);
        workspace.streams.remove(&document);
        workspace.pending.items.retain(|item| match &item.what {
            What::Envelope { document: of, .. } => *of != document,
            What::Mark(mark) => mark.document != document,
            What::Grant { .. } => true,
        });
        Ok(())
    }

    fn has_unseen_grants(&self, group: GroupId) -> Result<bool, StorageError> {
        let after = self.seen.unwrap_or(0);
        let upto = self.workspace.row.position;
        let is_to =
            |recipient: &Recipient| matches!(recipient, Recipient::Group(id, _) if *id == group);
        let key = self.workspace.row.key;
        let found = self.storage.grants(key, after, upto, 1, 1, &is_to)?;
        Ok(!found.is_empty())
    }

    fn erase_grants(&mut self, void: Recipient) -> Result<(), StorageError> {
        let freed = self.storage.erase_grants(self.workspace.row.key, &void)?;
        let row = &mut self.workspace.row;
        row.bytes = row.bytes.saturating_sub(freed);
        self.workspace
            .pending
            .items
            .retain(|item| match (&item.what, &void) {
                (What::Grant { recipient, .. }, Recipient::Group(group, before)) => {
                    !matches!(recipient, Recipient::Group(id, epoch) if id == group && epoch < before)
                }
                (What::Grant { recipient, .. }, void) => recipient != void,
                _ => true,
            });
        Ok(())
    }

    /// Whether a grant's recipient is who the log says now: a secret sealed to a key that was
    /// replaced would reach whoever was put out.
    fn judge_recipient(&self, recipient: &Recipient) -> Result<bool, RefusalCode> {
        let membership = &self.workspace.membership;
        match recipient {
            Recipient::Group(group, epoch) => {
                let Some(state) = membership.groups().get(group) else {
                    return Err(RefusalCode::NotAllowed);
                };
                if self.returning {
                    return Ok(*epoch >= state.floor);
                }
                if !membership.is_active_group(*group) {
                    return Err(RefusalCode::NotAllowed);
                }
                if *epoch != state.epoch() || state.must_turn() {
                    return Err(RefusalCode::StaleKey);
                }
                Ok(true)
            }
            Recipient::Invitation(id) => match membership.invitations().get(id) {
                None => Err(RefusalCode::NotAllowed),
                Some(invitation) if invitation.spent && !self.returning => {
                    Err(RefusalCode::InvitationSpent)
                }
                Some(invitation) => Ok(!invitation.spent),
            },
            Recipient::Recovery => Ok(true),
        }
    }

    fn has_room(&self, bytes: usize) -> bool {
        self.workspace.row.bytes.saturating_add(bytes as u64) <= self.quota
    }

    fn next_position(&mut self) -> u64 {
        self.workspace.row.position += 1;
        self.workspace.row.position
    }

    fn take_grant(&mut self, device: Option<DeviceId>, grant: Option<PreparedGrant>) -> Judged<()> {
        let Some(mut grant) = grant else {
            return Ok(Err(RefusalCode::Malformed));
        };
        if grant.grant.workspace != self.id {
            return Ok(Err(RefusalCode::Malformed));
        }
        // A member may bring another's grants back after the relay lost them.
        let issuer = self
            .workspace
            .membership
            .devices()
            .get(&grant.grant.issuer)
            .map(|state| state.verifier);
        if device.is_none() || issuer.is_none() {
            return Ok(Err(RefusalCode::NotAllowed));
        }
        if !grant.check(issuer) {
            return Ok(Err(RefusalCode::Malformed));
        }
        if self.storage.has_grant(grant.hash)? {
            return Ok(Ok(()));
        }
        // Made for entries that were refused, it may be for the wrong ones.
        let entry_refused = self
            .refusals
            .iter()
            .any(|refusal| matches!(refusal.what, Refused::Entry(_)));
        if entry_refused && !self.returning {
            return Ok(Err(RefusalCode::LogConflict));
        }
        match self.judge_recipient(&grant.grant.recipient) {
            Ok(true) => {}
            // Void: nobody holds the key any more.
            Ok(false) => return Ok(Ok(())),
            Err(code) => return Ok(Err(code)),
        }
        if !self.has_room(grant.bytes.len()) {
            return Ok(Err(RefusalCode::Quota));
        }
        self.write()?;
        let position = self.next_position();
        let recipient = grant.grant.recipient;
        self.storage.add_grant(
            self.workspace.row.key,
            position,
            &recipient,
            grant.hash,
            &grant.bytes,
        )?;
        self.workspace.row.bytes += grant.bytes.len() as u64;
        self.workspace.pending.items.push(Item {
            position,
            what: What::Grant {
                recipient,
                bytes: grant.bytes,
            },
        });
        Ok(Ok(()))
    }

    /// Whether the log lets an envelope in.
    fn envelope_is_allowed(
        &self,
        device: Option<DeviceId>,
        signs_itself: bool,
        envelope: &mut PreparedEnvelope,
    ) -> Result<(), RefusalCode> {
        let header = &envelope.header;
        let membership = &self.workspace.membership;
        if header.workspace != self.id {
            return Err(RefusalCode::Malformed);
        }
        match membership.documents().get(&header.document) {
            Some(document) if document.erasure.is_none() => {}
            _ => return Err(RefusalCode::UnknownDocument),
        }
        let device = device.ok_or(RefusalCode::NotAllowed)?;
        let (author, document) = (header.device, header.document);
        if author == device {
            if !membership.may_write(device, document) {
                return Err(RefusalCode::NotAllowed);
            }
            // The request's signature is this device's and covers the envelope: its own
            // signature is checked by every client and need not be checked here.
            if signs_itself {
                return Ok(());
            }
        } else {
            // Brought back after the relay lost it. The author may be out by now; but somebody
            // must have the right to write, else readers could write in each other's name.
            let writes =
                membership.may_write(author, document) || membership.may_vouch(device, document);
            if !membership.may_read(device, document) || !writes {
                return Err(RefusalCode::NotAllowed);
            }
        }
        let key = membership
            .devices()
            .get(&author)
            .map(|state| state.verifier);
        match key {
            None => Err(RefusalCode::NotAllowed),
            Some(_) if envelope.check(key) => Ok(()),
            Some(_) => Err(RefusalCode::Malformed),
        }
    }

    /// Puts a stream into memory, with the last envelope of a device.
    fn stream(&mut self, document: DocumentId, device: DeviceId) -> Result<(), StorageError> {
        let key = self.workspace.row.key;
        if !self.workspace.streams.contains_key(&document) {
            let start = stream_start(self.identity.instance, self.id, document);
            let stream = match self.storage.stream(key, document)? {
                Some(row) => Stream {
                    key: row.key,
                    number: row.number,
                    head: row.head.unwrap_or(start),
                    accepted_ms: row.accepted_ms,
                    authors: HashMap::new(),
                },
                None => {
                    self.write()?;
                    Stream {
                        key: self.storage.add_stream(key, document)?,
                        number: 0,
                        head: start,
                        accepted_ms: 0,
                        authors: HashMap::new(),
                    }
                }
            };
            self.workspace.streams.insert(document, stream);
        }
        if let Some(stream) = self.workspace.streams.get_mut(&document)
            && !stream.authors.contains_key(&device)
        {
            let last = match stream.number {
                0 => None,
                _ => self.storage.last_of_device(stream.key, device)?,
            };
            stream.authors.insert(device, last);
        }
        Ok(())
    }

    fn take_envelope(
        &mut self,
        device: Option<DeviceId>,
        signs_itself: bool,
        envelope: Option<PreparedEnvelope>,
    ) -> Judged<()> {
        let Some(mut envelope) = envelope else {
            return Ok(Err(RefusalCode::Malformed));
        };
        if let Err(code) = self.envelope_is_allowed(device, signs_itself, &mut envelope) {
            return Ok(Err(code));
        }
        let (document, author) = (envelope.header.document, envelope.header.device);
        let sequence = envelope.header.sequence;
        self.stream(document, author)?;
        let Some(stream) = self.workspace.streams.get(&document) else {
            return Ok(Err(RefusalCode::UnknownDocument));
        };
        let last = stream.authors.get(&author).copied().flatten();
        let (last_sequence, last_hash) = last.unwrap_or((0, Hash::ZERO));
        if sequence <= last_sequence {
            return self.repeat_envelope(&envelope);
        }
        if sequence > last_sequence.saturating_add(1) {
            return Ok(Err(RefusalCode::SequenceGap));
        }
        if envelope.header.previous != last_hash {
            return Ok(Err(RefusalCode::SequenceConflict));
        }
        if !self.returning && !self.key_is_current(&envelope.header) {
            return Ok(Err(RefusalCode::StaleKey));
        }
        if !self.has_room(envelope.bytes.len()) {
            return Ok(Err(RefusalCode::Quota));
        }
        self.append_envelope(envelope)?;
        Ok(Ok(()))
    }

    /// Whether an envelope is sealed under the document's newest key, and nobody who holds that
    /// key was put out.
    fn key_is_current(&self, header: &Header) -> bool {
        let documents = self.workspace.membership.documents();
        documents.get(&header.document).is_some_and(|state| {
            let generation = usize::try_from(header.generation).unwrap_or(usize::MAX);
            !state.must_turn
                && generation + 1 == state.commitments.len()
                && state.commitments.get(generation) == Some(&header.commitment)
        })
    }

    fn repeat_envelope(&mut self, envelope: &PreparedEnvelope) -> Judged<()> {
        let header = &envelope.header;
        let Some(stream) = self.workspace.streams.get(&header.document) else {
            return Ok(Err(RefusalCode::UnknownDocument));
        };
        let placed = self
            .storage
            .placed(stream.key, header.device, header.sequence)?;
        let Some(placed) = placed.filter(|placed| placed.hash == envelope.hash) else {
            return Ok(Err(RefusalCode::SequenceConflict));
        };
        self.acknowledge(envelope, placed.number, placed.accepted_ms, placed.head);
        Ok(Ok(()))
    }

    fn append_envelope(&mut self, envelope: PreparedEnvelope) -> Result<(), StorageError> {
        self.write()?;
        let position = self.next_position();
        let (document, device) = (envelope.header.document, envelope.header.device);
        let Some(stream) = self.workspace.streams.get_mut(&document) else {
            return Ok(());
        };
        let accepted_ms = self.now_ms.max(stream.accepted_ms);
        let number = stream.number + 1;
        let head = next_head(stream.head, envelope.hash, accepted_ms);
        self.storage.add_envelope(
            self.workspace.row.key,
            &NewEnvelope {
                position,
                stream: stream.key,
                number,
                device,
                sequence: envelope.header.sequence,
                accepted_ms,
                head,
                bytes: &envelope.bytes,
            },
        )?;
        stream.number = number;
        stream.head = head;
        stream.accepted_ms = accepted_ms;
        stream
            .authors
            .insert(device, Some((envelope.header.sequence, envelope.hash)));
        self.workspace.row.bytes += envelope.bytes.len() as u64;
        self.acknowledge(&envelope, number, accepted_ms, head);
        self.workspace.pending.items.push(Item {
            position,
            what: What::Envelope {
                document,
                device,
                number,
                accepted_ms,
                head,
                bytes: envelope.bytes,
            },
        });
        Ok(())
    }

    fn acknowledge(
        &mut self,
        envelope: &PreparedEnvelope,
        number: u64,
        accepted_ms: u64,
        head: Hash,
    ) {
        let document = envelope.header.document;
        self.acks.push(Ack {
            document,
            device: envelope.header.device,
            sequence: envelope.header.sequence,
            number,
            accepted_ms,
        });
        let entry = self.heads.entry(document).or_insert((number, head));
        if number > entry.0 {
            *entry = (number, head);
        }
    }

    fn take_mark(&mut self, device: Option<DeviceId>, mut mark: PreparedMark) -> Judged<()> {
        let document = mark.mark.document;
        if let Err(code) = self.judge_fetch(device, document) {
            return Ok(Err(code));
        }
        let marker = self
            .workspace
            .membership
            .devices()
            .get(&mark.mark.device)
            .map(|state| state.verifier);
        if marker.is_none() {
            return Ok(Err(RefusalCode::NotAllowed));
        }
        if !mark.check(marker) {
            return Ok(Err(RefusalCode::Malformed));
        }
        let Some(stream) = self.storage.stream(self.workspace.row.key, document)? else {
            return Ok(Err(RefusalCode::SequenceGap));
        };
        if mark.mark.number == 0 || mark.mark.number > stream.number {
            return Ok(Err(RefusalCode::SequenceGap));
        }
        // A mark on a head of another life of this relay would stand in the way of later ones.
        if self.storage.head_at(stream.key, mark.mark.number)? != Some(mark.mark.head) {
            return Ok(Err(RefusalCode::SequenceConflict));
        }
        if mark.mark.number <= self.storage.mark_number(stream.key, mark.mark.device)? {
            return Ok(Ok(()));
        }
        self.write()?;
        let position = self.next_position();
        self.storage
            .set_mark(self.workspace.row.key, position, stream.key, &mark.mark)?;
        self.workspace.pending.items.push(Item {
            position,
            what: What::Mark(mark.mark),
        });
        Ok(Ok(()))
    }

    fn judge_fetch(
        &self,
        device: Option<DeviceId>,
        document: DocumentId,
    ) -> Result<(), RefusalCode> {
        let membership = &self.workspace.membership;
        match membership.documents().get(&document) {
            Some(state) if state.erasure.is_none() => {}
            _ => return Err(RefusalCode::UnknownDocument),
        }
        match device {
            Some(device) if membership.may_read(device, document) => Ok(()),
            _ => Err(RefusalCode::NotAllowed),
        }
    }
}

/// The device that a request of the root key lets in.
fn let_in_by_root(entries: &[(Vec<u8>, Option<Entry>)]) -> Option<DeviceId> {
    let entries = entries.iter().filter_map(|(_, entry)| entry.as_ref());
    let mut devices = entries.filter_map(|entry| match (&entry.body, entry.author) {
        (Body::DeviceAdded { keys, .. }, Author::Root) => Some(keys.id()),
        _ => None,
    });
    devices.next_back()
}

fn refusal_of(error: MembershipError) -> RefusalCode {
    match error {
        MembershipError::NotNext => RefusalCode::LogConflict,
        MembershipError::ForeignWorkspace => RefusalCode::Malformed,
        MembershipError::BadAuthor
        | MembershipError::NotAllowed
        | MembershipError::Contradiction => RefusalCode::NotAllowed,
        MembershipError::InvitationSpent => RefusalCode::InvitationSpent,
    }
}

// A message holds far fewer things than a u32 counts.
fn index(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}
