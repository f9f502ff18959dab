use std::collections::{BTreeMap, BTreeSet};

use super::entry::{Author, Body, DeviceKeys, DocumentEntry, DocumentKind, Entry, Role};
use crate::crypto::{PublicKey, key_id, workspace_id};
use crate::ids::{DeviceId, DocumentId, GroupId, Hash, InvitationId, PersonId, WorkspaceId};

/// Why an entry cannot follow the entries before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MembershipError {
    /// The entry is not the next one, or names another one before it.
    #[error("the entry does not follow the log's last entry")]
    NotNext,
    /// The entry is of another workspace.
    #[error("the entry belongs to another workspace")]
    ForeignWorkspace,
    /// The author is unknown, revoked, or its signature does not verify.
    #[error("the entry is not signed by a member")]
    BadAuthor,
    /// The author's role does not allow it.
    #[error("the author may not do this: an administrator can")]
    NotAllowed,
    /// The entry names something unknown, or something that is there already.
    #[error("the entry contradicts the log")]
    Contradiction,
    /// The invitation was used, withdrawn, or is too old.
    #[error("the invitation was used, withdrawn or is too old: ask for a new one")]
    InvitationSpent,
}

/// A person as the log has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonState {
    /// The role.
    pub role: Role,
    /// Every role that the person has had.
    pub roles: BTreeSet<Role>,
    /// Whether the person was put out.
    pub revoked: bool,
}

/// A device as the log has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceState {
    /// Whose it is.
    pub person: PersonId,
    /// Its keys.
    pub keys: DeviceKeys,
    /// Its signing key, ready for use.
    pub verifier: PublicKey,
    /// Whether it was put out.
    pub revoked: bool,
}

/// An invitation as the log has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationState {
    /// For whom.
    pub person: PersonId,
    /// Its one-time keys.
    pub keys: DeviceKeys,
    /// Its signing key, ready for use.
    pub verifier: PublicKey,
    /// Until when, in milliseconds since 1970 (UTC).
    pub expires_ms: u64,
    /// Whether it was used or withdrawn.
    pub spent: bool,
    /// The device that it let in.
    pub device: Option<DeviceId>,
}

/// A document as the log has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentState {
    /// What it is.
    pub kind: DocumentKind,
    /// The groups that may read it.
    pub readers: BTreeSet<GroupId>,
    /// The groups that could ever read it.
    pub readers_ever: BTreeSet<GroupId>,
    /// The commitment of each key generation.
    pub commitments: Vec<Hash>,
    /// Whether it was erased.
    pub erased: bool,
}

/// What a workspace's entries add up to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    workspace: WorkspaceId,
    root: PublicKey,
    recovery: [u8; 32],
    office: GroupId,
    founder: DeviceId,
    register: DocumentId,
    len: u64,
    head: Hash,
    persons: BTreeMap<PersonId, PersonState>,
    devices: BTreeMap<DeviceId, DeviceState>,
    groups: BTreeMap<GroupId, Vec<[u8; 32]>>,
    invitations: BTreeMap<InvitationId, InvitationState>,
    documents: BTreeMap<DocumentId, DocumentState>,
}

type Outcome<T = ()> = Result<T, MembershipError>;

impl Membership {
    /// Begins with the founding entry.
    /// # Errors
    /// Where it is no founding entry, or its key is not the workspace's.
    pub fn found(entry: &Entry) -> Outcome<Self> {
        let Body::Founded(founding) = &entry.body else {
            return Err(MembershipError::NotNext);
        };
        if entry.index != 0 || entry.previous != Hash::ZERO || entry.author != Author::Root {
            return Err(MembershipError::NotNext);
        }
        if workspace_id(&founding.root) != entry.workspace {
            return Err(MembershipError::ForeignWorkspace);
        }
        let root = PublicKey::from_bytes(&founding.root).map_err(|_| MembershipError::BadAuthor)?;
        entry
            .verify(&root)
            .map_err(|_| MembershipError::BadAuthor)?;
        let mut state = Self {
            workspace: entry.workspace,
            root,
            recovery: founding.recovery,
            office: founding.office,
            founder: founding.device.id(),
            register: founding.register.document,
            len: 1,
            head: entry.hash(),
            persons: BTreeMap::new(),
            devices: BTreeMap::new(),
            groups: BTreeMap::from([(founding.office, vec![founding.office_key])]),
            invitations: BTreeMap::new(),
            documents: BTreeMap::new(),
        };
        state.add_person(founding.person, Role::Administrator, founding.person_key)?;
        state.add_device(founding.person, &founding.device)?;
        if founding.register.kind != DocumentKind::Register {
            return Err(MembershipError::Contradiction);
        }
        state.add_document(&founding.register)?;
        Ok(state)
    }

    /// Takes the next entry. Nothing changes where it is refused.
    ///
    /// `now_ms` is the judge of an invitation's age: the relay passes its own clock; a client
    /// that reads a log, which the relay judged, passes the entry's own time.
    /// # Errors
    /// Why it cannot follow.
    pub fn apply(&mut self, entry: &Entry, now_ms: u64) -> Outcome {
        if entry.workspace != self.workspace {
            return Err(MembershipError::ForeignWorkspace);
        }
        if entry.index != self.len || entry.previous != self.head {
            return Err(MembershipError::NotNext);
        }
        let authority = self.authority(entry, now_ms)?;
        self.take(&entry.body, &entry.author, &authority)?;
        self.len += 1;
        self.head = entry.hash();
        Ok(())
    }

    fn authority(&self, entry: &Entry, now_ms: u64) -> Outcome<Authority> {
        let (key, authority) = match entry.author {
            Author::Root => (self.root, Authority::Root),
            Author::Device(id) => {
                let device = self.active_device(id).ok_or(MembershipError::BadAuthor)?;
                let role = self.role(device.person).ok_or(MembershipError::BadAuthor)?;
                (device.verifier, Authority::Member(device.person, role))
            }
            Author::Invitation(id) => {
                let invitation = self
                    .invitations
                    .get(&id)
                    .ok_or(MembershipError::BadAuthor)?;
                if invitation.spent || now_ms > invitation.expires_ms {
                    return Err(MembershipError::InvitationSpent);
                }
                (invitation.verifier, Authority::Invited(invitation.person))
            }
        };
        entry.verify(&key).map_err(|_| MembershipError::BadAuthor)?;
        Ok(authority)
    }

    fn take(&mut self, body: &Body, author: &Author, authority: &Authority) -> Outcome {
        match body {
            Body::Founded(_) => Err(MembershipError::NotNext),
            Body::PersonAdded { person, role, key } => {
                authority.must_administer()?;
                self.add_person(*person, *role, *key)
            }
            Body::DeviceAdded { person, keys } => {
                if !authority.administers() && authority.person() != Some(*person) {
                    return Err(MembershipError::NotAllowed);
                }
                if self.role(*person).is_none() {
                    return Err(MembershipError::Contradiction);
                }
                self.add_device(*person, keys)?;
                if let Author::Invitation(id) = author
                    && let Some(invitation) = self.invitations.get_mut(id)
                {
                    invitation.spent = true;
                    invitation.device = Some(keys.id());
                }
                Ok(())
            }
            Body::EpochTurned { group, epoch, key } => {
                let own = authority.member().is_some_and(|(person, role)| {
                    *group == GroupId::from(person)
                        || (*group == self.office && role == Role::Coordinator)
                });
                if !own {
                    authority.must_administer()?;
                }
                let keys = self
                    .groups
                    .get_mut(group)
                    .ok_or(MembershipError::Contradiction)?;
                if usize::try_from(*epoch) != Ok(keys.len()) {
                    return Err(MembershipError::Contradiction);
                }
                keys.push(*key);
                Ok(())
            }
            Body::Invited {
                keys,
                person,
                expires_ms,
            } => {
                if !authority.administers()
                    && authority.member().map(|(own, _)| own) != Some(*person)
                {
                    return Err(MembershipError::NotAllowed);
                }
                self.add_invitation(keys, *person, *expires_ms)
            }
            Body::InvitationRevoked { invitation } => {
                authority.must_administer()?;
                self.invitations
                    .get_mut(invitation)
                    .ok_or(MembershipError::Contradiction)?
                    .spent = true;
                Ok(())
            }
            Body::DeviceRevoked { device } => {
                let person = self
                    .devices
                    .get(device)
                    .ok_or(MembershipError::Contradiction)?
                    .person;
                if authority.member().map(|(own, _)| own) != Some(person) {
                    authority.must_administer()?;
                }
                if let Some(device) = self.devices.get_mut(device) {
                    device.revoked = true;
                }
                Ok(())
            }
            Body::PersonRevoked { person } => {
                authority.must_administer()?;
                if self.is_last_administrator(*person) {
                    return Err(MembershipError::NotAllowed);
                }
                let state = self.persons.get_mut(person);
                state.ok_or(MembershipError::Contradiction)?.revoked = true;
                Ok(())
            }
            Body::RoleChanged { person, role } => {
                authority.must_administer()?;
                if *role != Role::Administrator && self.is_last_administrator(*person) {
                    return Err(MembershipError::NotAllowed);
                }
                let state = self.persons.get_mut(person);
                let state = state.ok_or(MembershipError::Contradiction)?;
                state.role = *role;
                state.roles.insert(*role);
                Ok(())
            }
            Body::DocumentsAdded { documents } => {
                authority.must_coordinate()?;
                // Check all before adding any, so that a refused entry changes nothing.
                let mut fresh = BTreeSet::new();
                for document in documents {
                    if !fresh.insert(document.document)
                        || document.kind == DocumentKind::Register
                        || self.documents.contains_key(&document.document)
                        || !document
                            .readers
                            .iter()
                            .all(|id| self.groups.contains_key(id))
                    {
                        return Err(MembershipError::Contradiction);
                    }
                }
                documents
                    .iter()
                    .try_for_each(|document| self.add_document(document))
            }
            Body::ReadersChanged { document, readers } => {
                authority.must_coordinate()?;
                if !readers.iter().all(|id| self.groups.contains_key(id)) {
                    return Err(MembershipError::Contradiction);
                }
                let state = self.living(*document)?;
                state.readers = readers.iter().copied().collect();
                state.readers_ever.extend(readers);
                Ok(())
            }
            Body::GenerationTurned {
                document,
                generation,
                commitment,
            } => {
                let Author::Device(device) = author else {
                    return Err(MembershipError::NotAllowed);
                };
                if !self.may_write(*device, *document) {
                    return Err(MembershipError::NotAllowed);
                }
                let state = self.living(*document)?;
                if usize::try_from(*generation) != Ok(state.commitments.len()) {
                    return Err(MembershipError::Contradiction);
                }
                state.commitments.push(*commitment);
                Ok(())
            }
            Body::Erased { document } => {
                authority.must_coordinate()?;
                let state = self.living(*document)?;
                if state.kind == DocumentKind::Register {
                    return Err(MembershipError::NotAllowed);
                }
                state.erased = true;
                Ok(())
            }
        }
    }

    /// A workspace without an administrator could let nobody in or out.
    fn is_last_administrator(&self, person: PersonId) -> bool {
        let administers = |id: &PersonId| self.role(*id) == Some(Role::Administrator);
        administers(&person) && self.persons.keys().filter(|id| administers(id)).count() == 1
    }

    fn living(&mut self, document: DocumentId) -> Outcome<&mut DocumentState> {
        match self.documents.get_mut(&document) {
            Some(state) if !state.erased => Ok(state),
            _ => Err(MembershipError::Contradiction),
        }
    }

    fn add_person(&mut self, person: PersonId, role: Role, key: [u8; 32]) -> Outcome {
        let group = GroupId::from(person);
        if self.persons.contains_key(&person) || self.groups.contains_key(&group) {
            return Err(MembershipError::Contradiction);
        }
        self.persons.insert(
            person,
            PersonState {
                role,
                roles: BTreeSet::from([role]),
                revoked: false,
            },
        );
        self.groups.insert(group, vec![key]);
        Ok(())
    }

    fn add_device(&mut self, person: PersonId, keys: &DeviceKeys) -> Outcome {
        let verifier =
            PublicKey::from_bytes(&keys.sign).map_err(|_| MembershipError::Contradiction)?;
        if self.devices.contains_key(&keys.id()) {
            return Err(MembershipError::Contradiction);
        }
        let device = DeviceState {
            person,
            keys: *keys,
            verifier,
            revoked: false,
        };
        self.devices.insert(keys.id(), device);
        Ok(())
    }

    fn add_invitation(&mut self, keys: &DeviceKeys, person: PersonId, expires_ms: u64) -> Outcome {
        let id = InvitationId(key_id(&keys.sign));
        let verifier =
            PublicKey::from_bytes(&keys.sign).map_err(|_| MembershipError::Contradiction)?;
        if self.invitations.contains_key(&id) || self.role(person).is_none() {
            return Err(MembershipError::Contradiction);
        }
        let invitation = InvitationState {
            person,
            keys: *keys,
            verifier,
            expires_ms,
            spent: false,
            device: None,
        };
        self.invitations.insert(id, invitation);
        Ok(())
    }

    fn add_document(&mut self, entry: &DocumentEntry) -> Outcome {
        if self.documents.contains_key(&entry.document) {
            return Err(MembershipError::Contradiction);
        }
        let state = DocumentState {
            kind: entry.kind,
            readers: entry.readers.iter().copied().collect(),
            readers_ever: entry.readers.iter().copied().collect(),
            commitments: vec![entry.commitment],
            erased: false,
        };
        self.documents.insert(entry.document, state);
        Ok(())
    }

    fn role(&self, person: PersonId) -> Option<Role> {
        self.persons
            .get(&person)
            .filter(|state| !state.revoked)
            .map(|state| state.role)
    }

    /// The workspace.
    #[must_use]
    pub fn workspace(&self) -> WorkspaceId {
        self.workspace
    }
    /// The root key.
    #[must_use]
    pub fn root(&self) -> &PublicKey {
        &self.root
    }
    /// The recovery words' public KEM key.
    #[must_use]
    pub fn recovery_key(&self) -> &[u8; 32] {
        &self.recovery
    }
    /// The office's group.
    #[must_use]
    pub fn office(&self) -> GroupId {
        self.office
    }
    /// The device that founded the workspace: a relay that lost it takes it back from this one.
    #[must_use]
    pub fn founder(&self) -> DeviceId {
        self.founder
    }
    /// The register's document.
    #[must_use]
    pub fn register(&self) -> DocumentId {
        self.register
    }
    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.len
    }
    /// Never: a log has its founding entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        false
    }
    /// The last entry's hash.
    #[must_use]
    pub fn head(&self) -> Hash {
        self.head
    }
    /// All persons.
    #[must_use]
    pub fn persons(&self) -> &BTreeMap<PersonId, PersonState> {
        &self.persons
    }
    /// All devices, the revoked too.
    #[must_use]
    pub fn devices(&self) -> &BTreeMap<DeviceId, DeviceState> {
        &self.devices
    }
    /// All invitations, the spent too.
    #[must_use]
    pub fn invitations(&self) -> &BTreeMap<InvitationId, InvitationState> {
        &self.invitations
    }
    /// All documents, the erased too.
    #[must_use]
    pub fn documents(&self) -> &BTreeMap<DocumentId, DocumentState> {
        &self.documents
    }
    /// A group's last epoch and its key.
    #[must_use]
    pub fn group_key(&self, group: GroupId) -> Option<(u32, &[u8; 32])> {
        let keys = self.groups.get(&group)?;
        let epoch = u32::try_from(keys.len().checked_sub(1)?).ok()?;
        Some((epoch, keys.last()?))
    }
    /// A group's key of one epoch.
    #[must_use]
    pub fn group_key_at(&self, group: GroupId, epoch: u32) -> Option<&[u8; 32]> {
        self.groups.get(&group)?.get(usize::try_from(epoch).ok()?)
    }
    /// A device that is in, of a person who is in.
    #[must_use]
    pub fn active_device(&self, device: DeviceId) -> Option<&DeviceState> {
        self.devices
            .get(&device)
            .filter(|state| !state.revoked && self.role(state.person).is_some())
    }
    /// The role of a device that is in.
    #[must_use]
    pub fn device_role(&self, device: DeviceId) -> Option<Role> {
        self.active_device(device)
            .and_then(|state| self.role(state.person))
    }
    /// The groups whose grants a device may fetch: its person's, and the office's.
    #[must_use]
    pub fn groups_of(&self, device: DeviceId) -> Vec<GroupId> {
        let Some(state) = self.active_device(device) else {
            return Vec::new();
        };
        let mut groups = vec![GroupId::from(state.person)];
        if self.role(state.person).is_some_and(Role::is_office) {
            groups.push(self.office);
        }
        groups
    }
    /// Whether a device may read a document.
    #[must_use]
    pub fn may_read(&self, device: DeviceId, document: DocumentId) -> bool {
        let Some(role) = self.device_role(device) else {
            return false;
        };
        let Some(state) = self.documents.get(&document).filter(|state| !state.erased) else {
            return false;
        };
        (state.kind == DocumentKind::Register && role.is_staff())
            || self
                .groups_of(device)
                .iter()
                .any(|group| state.readers.contains(group))
    }
    /// Whether a device could ever write to a document: what it wrote then stays valid when its
    /// person is assigned elsewhere or gets another role. Whether it did so in time, the relay
    /// judged when it took the envelope.
    #[must_use]
    pub fn may_have_written(&self, device: DeviceId, document: DocumentId) -> bool {
        let Some(author) = self.devices.get(&device) else {
            return false;
        };
        let Some(person) = self.persons.get(&author.person) else {
            return false;
        };
        let Some(state) = self.documents.get(&document) else {
            return false;
        };
        let own = GroupId::from(author.person);
        person.roles.iter().any(|role| {
            let reads = state.readers_ever.contains(&own)
                || (role.is_office() && state.readers_ever.contains(&self.office));
            writes(state.kind, *role) && reads
        })
    }
    /// Whether a device may write to a document.
    #[must_use]
    pub fn may_write(&self, device: DeviceId, document: DocumentId) -> bool {
        let Some(role) = self.device_role(device) else {
            return false;
        };
        let Some(state) = self.documents.get(&document) else {
            return false;
        };
        writes(state.kind, role) && self.may_read(device, document)
    }
}

/// Which roles write to which kind of document.
fn writes(kind: DocumentKind, role: Role) -> bool {
    match (kind, role) {
        (_, Role::Administrator | Role::Coordinator) => true,
        (_, Role::Auditor) | (DocumentKind::Register, _) => false,
        (_, Role::Consultant) => true,
        (kind, Role::Participant) => kind == DocumentKind::Thread,
    }
}

/// On whose word an entry stands.
enum Authority {
    Root,
    Member(PersonId, Role),
    Invited(PersonId),
}

impl Authority {
    fn administers(&self) -> bool {
        matches!(self, Self::Root | Self::Member(_, Role::Administrator))
    }
    fn must_administer(&self) -> Outcome {
        if self.administers() {
            Ok(())
        } else {
            Err(MembershipError::NotAllowed)
        }
    }
    fn must_coordinate(&self) -> Outcome {
        match self {
            Self::Member(_, Role::Administrator | Role::Coordinator) => Ok(()),
            _ => Err(MembershipError::NotAllowed),
        }
    }
    fn member(&self) -> Option<(PersonId, Role)> {
        match self {
            Self::Member(person, role) => Some((*person, *role)),
            _ => None,
        }
    }
    fn person(&self) -> Option<PersonId> {
        match self {
            Self::Member(person, _) | Self::Invited(person) => Some(*person),
            Self::Root => None,
        }
    }
}
