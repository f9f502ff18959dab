use super::entry::{
    Author, Body, DeviceKeys, DocumentEntry, DocumentKind, Entry, ErasureReason, Role,
};
use crate::crypto::{PublicKey, key_id, valid_kem_key, workspace_id};
use crate::ids::{DeviceId, DocumentId, GroupId, Hash, InvitationId, PersonId, WorkspaceId};
use crate::maps::{Map, Set};

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

/// Where in the log something happened, and when by its author's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The entry's index.
    pub index: u64,
    /// The entry's time, in milliseconds since 1970 (UTC): a claim.
    pub time_ms: u64,
}

/// A person as the log has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonState {
    /// The role.
    pub role: Role,
    /// Every role that the person has had.
    pub roles: Set<Role>,
    /// Since when the person is in.
    pub added: Moment,
    /// Whether the person was put out, and when.
    pub revoked: Option<Moment>,
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
    /// Since when it is in.
    pub added: Moment,
    /// Whether it was put out, and when.
    pub revoked: Option<Moment>,
    /// Nothing is left on it of what entries before this index erased, by its own word.
    pub confirmed: u64,
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
    /// Who made it; none for the root.
    pub by: Option<PersonId>,
    /// With which device; none for the root.
    pub by_device: Option<DeviceId>,
    /// When it was made.
    pub made: Moment,
    /// Until when, in milliseconds since 1970 (UTC).
    pub expires_ms: u64,
    /// Whether it was used or withdrawn.
    pub spent: bool,
    /// The device that it let in.
    pub device: Option<DeviceId>,
}

/// That a document was erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// When.
    pub at: Moment,
    /// Why.
    pub reason: ErasureReason,
    /// The device that erased it.
    pub by: DeviceId,
    /// The devices, in at the time, that could ever open it.
    pub holders: Set<DeviceId>,
}

/// Up to which sequence others, and its own person, vouched for what a device wrote.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// By others' word.
    pub by_others: u64,
    /// By its own person's word, which counts until somebody else puts it out.
    pub by_own: u64,
}

/// A document as the log has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentState {
    /// What it is.
    pub kind: DocumentKind,
    /// The groups that may read it.
    pub readers: Set<GroupId>,
    /// The groups that could ever read it, and since when.
    pub readers_ever: Map<GroupId, Moment>,
    /// The commitment of each key generation.
    pub commitments: Vec<Hash>,
    /// Somebody who had the key may not read it any more: the next envelope needs a new one.
    pub must_turn: bool,
    /// Up to which sequence stands what a device wrote that may not write any more.
    pub kept: Map<DeviceId, Standing>,
    /// Whether it was erased.
    pub erasure: Option<Erasure>,
}

/// A group as the log has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupState {
    /// Its public key of each epoch.
    pub keys: Vec<[u8; 32]>,
    /// The entry that turned it last.
    pub turned: u64,
    /// The entry that put a member out last; 0 for none.
    pub removed: u64,
    /// The entry that erased something its keys opened last; 0 for none.
    pub erased: u64,
    /// The entry that severed it last; 0 for none.
    pub severed: u64,
    /// The first epoch that is not void.
    pub floor: u32,
}

impl GroupState {
    fn new(key: [u8; 32], index: u64) -> Self {
        Self {
            keys: vec![key],
            turned: index,
            removed: 0,
            erased: 0,
            severed: 0,
            floor: 0,
        }
    }
    /// Whether somebody who is out still holds the newest epoch's secret.
    #[must_use]
    pub fn must_turn(&self) -> bool {
        self.removed > self.turned
    }
    /// Whether its secrets still open, in an old backup, what was erased.
    #[must_use]
    pub fn must_sever(&self) -> bool {
        self.erased > self.severed
    }
    /// The newest epoch.
    #[must_use]
    pub fn epoch(&self) -> u32 {
        u32::try_from(self.keys.len().saturating_sub(1)).unwrap_or(u32::MAX)
    }
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
    persons: Map<PersonId, PersonState>,
    devices: Map<DeviceId, DeviceState>,
    groups: Map<GroupId, GroupState>,
    invitations: Map<InvitationId, InvitationState>,
    documents: Map<DocumentId, DocumentState>,
    /// The documents that each group could ever read.
    read_by: Map<GroupId, Set<DocumentId>>,
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
        if !valid_kem_key(&founding.office_key) || !valid_kem_key(&founding.recovery) {
            return Err(MembershipError::Contradiction);
        }
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
            persons: Map::new(),
            devices: Map::new(),
            groups: Map::from([(founding.office, GroupState::new(founding.office_key, 0))]),
            invitations: Map::new(),
            documents: Map::new(),
            read_by: Map::new(),
        };
        let at = Moment {
            index: 0,
            time_ms: entry.time_ms,
        };
        let person_key = founding.person_key;
        state.add_person(founding.person, Role::Administrator, person_key, at)?;
        state.add_device(founding.person, &founding.device, at)?;
        let readers = &founding.register.readers;
        if founding.register.kind != DocumentKind::Register
            || !readers.contains(&founding.office)
            || !readers.iter().all(|group| state.can_be_reader(*group))
        {
            return Err(MembershipError::Contradiction);
        }
        state.add_document(&founding.register, at)?;
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
        let at = Moment {
            index: entry.index,
            time_ms: entry.time_ms,
        };
        self.take(&entry.body, &entry.author, &authority, at)?;
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

    fn take(&mut self, body: &Body, author: &Author, authority: &Authority, at: Moment) -> Outcome {
        match body {
            Body::Founded(_) => Err(MembershipError::NotNext),
            Body::PersonAdded { person, role, key } => {
                authority.must_admit(*role)?;
                self.add_person(*person, *role, *key, at)
            }
            Body::DeviceAdded { person, keys } => {
                if !authority.administers() && authority.person() != Some(*person) {
                    return Err(MembershipError::NotAllowed);
                }
                if self.role(*person).is_none() {
                    return Err(MembershipError::Contradiction);
                }
                self.add_device(*person, keys, at)?;
                if let Author::Invitation(id) = author
                    && let Some(invitation) = self.invitations.get_mut(id)
                {
                    invitation.spent = true;
                    invitation.device = Some(keys.id());
                }
                Ok(())
            }
            Body::EpochTurned {
                group,
                epoch,
                key,
                severs,
            } => self.turn_epoch(*group, *epoch, *key, *severs, author, authority, at),
            Body::Invited {
                keys,
                person,
                expires_ms,
            } => {
                let role = self.role(*person).ok_or(MembershipError::Contradiction)?;
                if authority.member().map(|(own, _)| own) != Some(*person) {
                    authority.must_admit(role)?;
                    // Who could let in any participant could speak for any.
                    if let Authority::Member(own, Role::Consultant) = *authority
                        && !self.works_with(own, *person)
                    {
                        return Err(MembershipError::NotAllowed);
                    }
                }
                self.add_invitation(keys, *person, *expires_ms, (authority, author), at)
            }
            Body::InvitationRevoked { invitation } => {
                let state = self
                    .invitations
                    .get(invitation)
                    .ok_or(MembershipError::Contradiction)?;
                let own = authority.member().map(|(person, _)| person);
                if own.is_none() || (own != Some(state.person) && own != state.by) {
                    authority.must_administer()?;
                }
                if let Some(state) = self.invitations.get_mut(invitation) {
                    state.spent = true;
                }
                Ok(())
            }
            Body::DeviceRevoked { device } => {
                let state = self.devices.get(device);
                let person = state.ok_or(MembershipError::Contradiction)?.person;
                if authority.member().map(|(own, _)| own) != Some(person) {
                    authority.must_administer()?;
                }
                if self.active_device(*device).is_none() {
                    // Two administrators acted at once.
                    return Ok(());
                }
                self.put_out(person, at, |state| {
                    if let Some(device) = state.devices.get_mut(device) {
                        device.revoked = Some(at);
                    }
                });
                if authority.person() != Some(person) {
                    self.forget_own_word(person, |of, _| of == *device);
                }
                // The person may still read; the device may not.
                self.must_turn_all(|state, document| state.person_may_read(person, document));
                self.withdraw_invitations(Some(*device));
                Ok(())
            }
            Body::PersonRevoked { person } => {
                authority.must_administer()?;
                if self.is_last_administrator(*person) {
                    return Err(MembershipError::NotAllowed);
                }
                if !self.persons.contains_key(person) {
                    return Err(MembershipError::Contradiction);
                }
                if self.role(*person).is_none() {
                    return Ok(());
                }
                self.put_out(*person, at, |state| {
                    if let Some(person) = state.persons.get_mut(person) {
                        person.revoked = Some(at);
                    }
                });
                self.forget_own_word(*person, |_, _| true);
                self.withdraw_invitations(None);
                Ok(())
            }
            Body::RoleChanged { person, role } => {
                authority.must_administer()?;
                if *role != Role::Administrator && self.is_last_administrator(*person) {
                    return Err(MembershipError::NotAllowed);
                }
                let before = self.role(*person).ok_or(MembershipError::Contradiction)?;
                let change = |state: &mut Self| {
                    if let Some(person) = state.persons.get_mut(person) {
                        person.role = *role;
                        person.roles.insert(*role);
                    }
                };
                // Whoever leaves the staff leaves the register's readers.
                let loses = (before.is_office() && !role.is_office())
                    || (before.is_staff() && !role.is_staff());
                if authority.person() != Some(*person) {
                    self.forget_own_word(*person, |_, _| true);
                }
                if loses {
                    self.put_out(*person, at, change);
                } else {
                    change(self);
                }
                self.withdraw_invitations(None);
                Ok(())
            }
            Body::DocumentsAdded { documents } => self.add_documents(documents, authority, at),
            Body::ReadersChanged { document, readers } => {
                authority.must_coordinate()?;
                // Somebody must be left who can read it: losing it is no way to erase it.
                if !readers.iter().all(|id| self.can_be_reader(*id))
                    || !readers.iter().any(|id| self.is_active_group(*id))
                {
                    return Err(MembershipError::Contradiction);
                }
                let state = self.living(*document)?;
                if matches!(state.kind, DocumentKind::Register | DocumentKind::Journal) {
                    return Err(MembershipError::NotAllowed);
                }
                let readers: Set<GroupId> = readers.iter().copied().collect();
                state.must_turn |= !state.readers.is_subset(&readers);
                for group in &readers {
                    state.readers_ever.entry(*group).or_insert(at);
                }
                let gone: Vec<PersonId> = state
                    .readers
                    .difference(&readers)
                    .map(|group| PersonId(group.0))
                    .filter(|person| authority.person() != Some(*person))
                    .collect();
                state.readers = readers.clone();
                for person in gone {
                    self.forget_own_word(person, |_, of| of == *document);
                }
                for group in readers {
                    self.read_by.entry(group).or_default().insert(*document);
                }
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
                // A new key for a group that has yet to turn would reach whoever was put out.
                let ready = self
                    .groups_to_grant(*document)
                    .iter()
                    .all(|group| self.groups.get(group).is_some_and(|g| !g.must_turn()));
                let state = self.living(*document)?;
                if !ready || usize::try_from(*generation) != Ok(state.commitments.len()) {
                    return Err(MembershipError::Contradiction);
                }
                state.commitments.push(*commitment);
                state.must_turn = false;
                Ok(())
            }
            Body::Erased { document, reason } => {
                self.erase(*document, *reason, author, authority, at)
            }
            Body::Vouched { kept } => {
                let allowed = kept.iter().all(|kept| match author {
                    Author::Root => true,
                    Author::Device(device) => self.may_vouch(*device, kept.document),
                    Author::Invitation(_) => false,
                });
                // Nobody's word makes a writer of one who never was.
                let known = kept.iter().all(|kept| {
                    let person = self.devices.get(&kept.device).map(|state| state.person);
                    person.is_some_and(|person| self.could_ever_write(person, kept.document))
                });
                match (allowed, known) {
                    (_, false) => return Err(MembershipError::Contradiction),
                    (false, _) => return Err(MembershipError::NotAllowed),
                    (true, true) => {}
                }
                for kept in kept {
                    if let Some(state) = self.documents.get_mut(&kept.document) {
                        let of = self.devices.get(&kept.device).map(|device| device.person);
                        let standing = state.kept.entry(kept.device).or_default();
                        let last = if of.is_some() && of == authority.person() {
                            &mut standing.by_own
                        } else {
                            &mut standing.by_others
                        };
                        *last = kept.sequence.max(*last);
                    }
                }
                Ok(())
            }
            Body::ErasureConfirmed { upto } => {
                let Author::Device(device) = author else {
                    return Err(MembershipError::NotAllowed);
                };
                // The word is only good once the keys have turned.
                let severed = self
                    .groups_of(*device)
                    .iter()
                    .all(|group| self.groups.get(group).is_some_and(|g| !g.must_sever()));
                if !severed || *upto > at.index {
                    return Err(MembershipError::Contradiction);
                }
                if let Some(state) = self.devices.get_mut(device) {
                    state.confirmed = state.confirmed.max(*upto);
                }
                Ok(())
            }
        }
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "one entry's fields and its circumstances"
    )]
    fn turn_epoch(
        &mut self,
        group: GroupId,
        epoch: u32,
        key: [u8; 32],
        severs: bool,
        author: &Author,
        authority: &Authority,
        at: Moment,
    ) -> Outcome {
        let own_device =
            matches!(author, Author::Device(device) if group == GroupId::from(*device));
        let member = authority.member();
        let own_person = member.is_some_and(|(person, _)| group == GroupId::from(person));
        let in_office = group == self.office
            && member
                .is_some_and(|(_, role)| matches!(role, Role::Administrator | Role::Coordinator));
        // Only a member can grant anew what the group's keys opened.
        if !(own_device || own_person || in_office || (authority.administers() && !severs)) {
            return Err(MembershipError::NotAllowed);
        }
        if !own_device && self.devices.contains_key(&DeviceId(group.0)) {
            return Err(MembershipError::NotAllowed);
        }
        let state = self
            .groups
            .get_mut(&group)
            .ok_or(MembershipError::Contradiction)?;
        if usize::try_from(epoch) != Ok(state.keys.len()) || !valid_kem_key(&key) {
            return Err(MembershipError::Contradiction);
        }
        state.keys.push(key);
        state.turned = at.index;
        if severs {
            state.severed = at.index;
            state.floor = epoch;
        }
        Ok(())
    }

    fn add_documents(
        &mut self,
        documents: &[DocumentEntry],
        authority: &Authority,
        at: Moment,
    ) -> Outcome {
        match authority {
            Authority::Member(_, Role::Administrator | Role::Coordinator) => {}
            // A consultant opens a thread for an own participant.
            Authority::Member(person, Role::Consultant)
                if documents.iter().all(|document| {
                    document.kind == DocumentKind::Thread
                        && document.readers.contains(&GroupId::from(*person))
                        && document
                            .readers
                            .iter()
                            .all(|reader| self.may_open_thread(*person, *reader))
                }) => {}
            _ => return Err(MembershipError::NotAllowed),
        }
        // Check all before adding any, so that a refused entry changes nothing.
        let mut fresh = Set::new();
        for document in documents {
            if !fresh.insert(document.document)
                || document.kind == DocumentKind::Register
                || self.documents.contains_key(&document.document)
                || !document.readers.iter().all(|id| self.can_be_reader(*id))
                || (document.kind == DocumentKind::Journal && !self.is_of_one(document))
            {
                return Err(MembershipError::Contradiction);
            }
        }
        documents
            .iter()
            .try_for_each(|document| self.add_document(document, at))
    }

    fn erase(
        &mut self,
        document: DocumentId,
        reason: ErasureReason,
        author: &Author,
        authority: &Authority,
        at: Moment,
    ) -> Outcome {
        let Author::Device(by) = *author else {
            return Err(MembershipError::NotAllowed);
        };
        let office = self.office;
        let state = self.living(document)?;
        if matches!(state.kind, DocumentKind::Register | DocumentKind::Journal) {
            return Err(MembershipError::NotAllowed);
        }
        let with_office = state.readers.contains(&office);
        // What the office cannot read, the office cannot know to be due: its consultant does.
        let consultant = matches!(authority, Authority::Member(_, Role::Consultant));
        if with_office || !consultant || !self.may_write(by, document) {
            authority.must_coordinate()?;
        }
        let holders: Set<DeviceId> = self
            .devices
            .iter()
            .filter(|(id, _)| self.active_device(**id).is_some())
            .filter(|(_, device)| self.could_ever_read(device.person, document))
            .map(|(id, _)| *id)
            .collect();
        let state = self.living(document)?;
        let office_read = state.readers_ever.contains_key(&office);
        state.erasure = Some(Erasure {
            at,
            reason,
            by,
            holders: holders.clone(),
        });
        state.kept = Map::new();
        // Persons without a device too: their key lies in an invitation that waits for one.
        let persons = self.persons.keys().filter(|person| {
            self.role(**person).is_some() && self.could_ever_read(**person, document)
        });
        let mut groups: Set<GroupId> = persons.map(|person| (*person).into()).collect();
        groups.extend(holders.iter().map(|device| GroupId::from(*device)));
        groups.extend(office_read.then_some(office));
        for group in groups {
            if let Some(group) = self.groups.get_mut(&group) {
                group.erased = at.index;
            }
        }
        Ok(())
    }

    /// What a person vouched for of its own devices does not count once somebody else puts them
    /// out: who knows that it is coming could vouch for what is yet to be written.
    fn forget_own_word(&mut self, person: PersonId, which: impl Fn(DeviceId, DocumentId) -> bool) {
        for (document, state) in &mut self.documents {
            for (device, standing) in &mut state.kept {
                let own = self
                    .devices
                    .get(device)
                    .is_some_and(|device| device.person == person);
                if own && which(*device, *document) {
                    standing.by_own = 0;
                }
            }
        }
    }

    /// Lets `change` put a person, or a device of theirs, out of something, and notes which keys
    /// must turn for it.
    fn put_out(&mut self, person: PersonId, at: Moment, change: impl FnOnce(&mut Self)) {
        let office = self.role(person).is_some_and(Role::is_office);
        let before: Vec<DocumentId> = self
            .documents
            .keys()
            .filter(|document| self.person_may_read(person, **document))
            .copied()
            .collect();
        change(self);
        let office = Some(self.office).filter(|_| office);
        for group in std::iter::once(person.into()).chain(office) {
            if let Some(group) = self.groups.get_mut(&group) {
                group.removed = at.index;
            }
        }
        for document in before {
            let reads = self.person_may_read(person, document);
            if let Some(state) = self.documents.get_mut(&document) {
                state.must_turn |= !reads;
            }
        }
    }

    fn must_turn_all(&mut self, which: impl Fn(&Self, DocumentId) -> bool) {
        let documents: Vec<DocumentId> = self
            .documents
            .keys()
            .filter(|document| which(self, **document))
            .copied()
            .collect();
        for document in documents {
            if let Some(state) = self.documents.get_mut(&document) {
                state.must_turn = true;
            }
        }
    }

    /// Spends every open invitation that a device made, and those whose maker could not make them
    /// any more: whoever is put out comes back by none that was kept ready.
    fn withdraw_invitations(&mut self, made_with: Option<DeviceId>) {
        let void: Vec<InvitationId> = self
            .invitations
            .iter()
            .filter(|(_, invitation)| !invitation.spent)
            .filter(|(_, invitation)| {
                let with = made_with.is_some() && invitation.by_device == made_with;
                with || invitation.by.is_some_and(|by| {
                    let (maker, role) = (self.role(by), self.role(invitation.person));
                    !match (maker, role) {
                        (Some(_), Some(_)) if by == invitation.person => true,
                        (Some(maker), Some(role)) => maker.admits(role),
                        _ => false,
                    }
                })
            })
            .map(|(id, _)| *id)
            .collect();
        for id in void {
            if let Some(invitation) = self.invitations.get_mut(&id) {
                invitation.spent = true;
            }
        }
    }

    /// Whether a document's key may be granted to a group: the office's or a person's, whose
    /// rights the log knows. A device reads by its person's.
    fn can_be_reader(&self, group: GroupId) -> bool {
        group == self.office || self.persons.contains_key(&PersonId(group.0))
    }

    /// Whether a journal is one member of staff's, open to the office besides.
    fn is_of_one(&self, journal: &DocumentEntry) -> bool {
        let others = journal
            .readers
            .iter()
            .filter(|reader| **reader != self.office);
        let persons: Set<PersonId> = others.map(|reader| PersonId(reader.0)).collect();
        persons.len() == 1
            && persons
                .iter()
                .all(|person| self.role(*person).is_some_and(Role::is_staff))
    }

    /// Whether two persons read a document together, that is not erased.
    fn works_with(&self, one: PersonId, other: PersonId) -> bool {
        let shared = self.read_by.get(&GroupId::from(other));
        shared.into_iter().flatten().any(|document| {
            self.documents.get(document).is_some_and(|state| {
                state.erasure.is_none()
                    && state.readers.contains(&one.into())
                    && state.readers.contains(&other.into())
            })
        })
    }

    /// Whether a consultant may open a thread that a group reads: with staff, with a participant
    /// who is new, or with one of the own.
    fn may_open_thread(&self, consultant: PersonId, reader: GroupId) -> bool {
        let person = PersonId(reader.0);
        self.role(person) != Some(Role::Participant)
            || !self.read_by.contains_key(&reader)
            || self.works_with(consultant, person)
    }

    /// A workspace without an administrator could let nobody in or out.
    fn is_last_administrator(&self, person: PersonId) -> bool {
        let administers = |id: &PersonId| self.role(*id) == Some(Role::Administrator);
        administers(&person) && self.persons.keys().filter(|id| administers(id)).count() == 1
    }

    fn living(&mut self, document: DocumentId) -> Outcome<&mut DocumentState> {
        match self.documents.get_mut(&document) {
            Some(state) if state.erasure.is_none() => Ok(state),
            _ => Err(MembershipError::Contradiction),
        }
    }

    fn add_person(&mut self, person: PersonId, role: Role, key: [u8; 32], at: Moment) -> Outcome {
        let group = GroupId::from(person);
        // Nothing could be sealed to a key of small order, and nobody would notice before.
        if !valid_kem_key(&key) {
            return Err(MembershipError::Contradiction);
        }
        if self.persons.contains_key(&person) || self.groups.contains_key(&group) {
            return Err(MembershipError::Contradiction);
        }
        self.persons.insert(
            person,
            PersonState {
                role,
                roles: Set::from([role]),
                added: at,
                revoked: None,
            },
        );
        self.groups.insert(group, GroupState::new(key, at.index));
        Ok(())
    }

    fn add_device(&mut self, person: PersonId, keys: &DeviceKeys, at: Moment) -> Outcome {
        let verifier =
            PublicKey::from_bytes(&keys.sign).map_err(|_| MembershipError::Contradiction)?;
        let group = GroupId::from(keys.id());
        if !valid_kem_key(&keys.kem) {
            return Err(MembershipError::Contradiction);
        }
        if self.devices.contains_key(&keys.id()) || self.groups.contains_key(&group) {
            return Err(MembershipError::Contradiction);
        }
        let device = DeviceState {
            person,
            keys: *keys,
            verifier,
            added: at,
            revoked: None,
            confirmed: at.index,
        };
        self.devices.insert(keys.id(), device);
        self.groups
            .insert(group, GroupState::new(keys.kem, at.index));
        Ok(())
    }

    fn add_invitation(
        &mut self,
        keys: &DeviceKeys,
        person: PersonId,
        expires_ms: u64,
        (authority, author): (&Authority, &Author),
        made: Moment,
    ) -> Outcome {
        let id = InvitationId(key_id(&keys.sign));
        let verifier =
            PublicKey::from_bytes(&keys.sign).map_err(|_| MembershipError::Contradiction)?;
        if self.invitations.contains_key(&id) || !valid_kem_key(&keys.kem) {
            return Err(MembershipError::Contradiction);
        }
        let invitation = InvitationState {
            person,
            keys: *keys,
            verifier,
            by: authority.member().map(|(person, _)| person),
            by_device: match author {
                Author::Device(device) => Some(*device),
                _ => None,
            },
            made,
            expires_ms,
            spent: false,
            device: None,
        };
        self.invitations.insert(id, invitation);
        Ok(())
    }

    fn add_document(&mut self, entry: &DocumentEntry, at: Moment) -> Outcome {
        if self.documents.contains_key(&entry.document) {
            return Err(MembershipError::Contradiction);
        }
        let state = DocumentState {
            kind: entry.kind,
            readers: entry.readers.iter().copied().collect(),
            readers_ever: entry.readers.iter().map(|group| (*group, at)).collect(),
            commitments: vec![entry.commitment],
            must_turn: false,
            kept: Map::new(),
            erasure: None,
        };
        self.documents.insert(entry.document, state);
        for group in &entry.readers {
            let of_group = self.read_by.entry(*group).or_default();
            of_group.insert(entry.document);
        }
        Ok(())
    }

    fn role(&self, person: PersonId) -> Option<Role> {
        self.persons
            .get(&person)
            .filter(|state| state.revoked.is_none())
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
    pub fn persons(&self) -> &Map<PersonId, PersonState> {
        &self.persons
    }
    /// All devices, the revoked too.
    #[must_use]
    pub fn devices(&self) -> &Map<DeviceId, DeviceState> {
        &self.devices
    }
    /// All invitations, the spent too.
    #[must_use]
    pub fn invitations(&self) -> &Map<InvitationId, InvitationState> {
        &self.invitations
    }
    /// All documents, the erased too.
    #[must_use]
    pub fn documents(&self) -> &Map<DocumentId, DocumentState> {
        &self.documents
    }
    /// All groups.
    #[must_use]
    pub fn groups(&self) -> &Map<GroupId, GroupState> {
        &self.groups
    }
    /// A group's last epoch and its key.
    #[must_use]
    pub fn group_key(&self, group: GroupId) -> Option<(u32, &[u8; 32])> {
        let state = self.groups.get(&group)?;
        Some((state.epoch(), state.keys.last()?))
    }
    /// A group's key of one epoch.
    #[must_use]
    pub fn group_key_at(&self, group: GroupId, epoch: u32) -> Option<&[u8; 32]> {
        let keys = &self.groups.get(&group)?.keys;
        keys.get(usize::try_from(epoch).ok()?)
    }
    /// A device that is in, of a person who is in.
    #[must_use]
    pub fn active_device(&self, device: DeviceId) -> Option<&DeviceState> {
        self.devices
            .get(&device)
            .filter(|state| state.revoked.is_none() && self.role(state.person).is_some())
    }
    /// When a device that was in was put out, with its person or alone.
    #[must_use]
    pub fn put_out_at(&self, device: DeviceId) -> Option<Moment> {
        let state = self.devices.get(&device)?;
        let person = self.persons.get(&state.person)?;
        match (state.revoked, person.revoked) {
            (Some(one), Some(other)) if other.index < one.index => Some(other),
            (one, other) => one.or(other),
        }
    }
    /// The devices of a person that are in.
    pub fn devices_of(&self, person: PersonId) -> impl Iterator<Item = DeviceId> + '_ {
        let is_in = self.role(person).is_some();
        self.devices
            .iter()
            .filter(move |(_, state)| is_in && state.person == person && state.revoked.is_none())
            .map(|(id, _)| *id)
    }
    /// The role of a device that is in.
    #[must_use]
    pub fn device_role(&self, device: DeviceId) -> Option<Role> {
        self.active_device(device)
            .and_then(|state| self.role(state.person))
    }
    /// The groups whose grants a device may fetch: its own, its person's, and the office's.
    #[must_use]
    pub fn groups_of(&self, device: DeviceId) -> Vec<GroupId> {
        let Some(state) = self.active_device(device) else {
            return Vec::new();
        };
        let mut groups = vec![GroupId::from(device), GroupId::from(state.person)];
        if self.role(state.person).is_some_and(Role::is_office) {
            groups.push(self.office);
        }
        groups
    }
    /// Whether a group has members: the office, a person or device that is in.
    #[must_use]
    pub fn is_active_group(&self, group: GroupId) -> bool {
        group == self.office
            || self.role(PersonId(group.0)).is_some()
            || self.active_device(DeviceId(group.0)).is_some()
    }
    /// The groups that a document's key is granted to: its readers who are in, and for the
    /// register every member of the staff besides.
    #[must_use]
    pub fn groups_to_grant(&self, document: DocumentId) -> Vec<GroupId> {
        let Some(state) = self.documents.get(&document) else {
            return Vec::new();
        };
        let mut groups: Set<GroupId> = state
            .readers
            .iter()
            .copied()
            .filter(|group| self.is_active_group(*group))
            .collect();
        if state.kind == DocumentKind::Register {
            let staff = self.persons.iter().filter(|(_, person)| {
                person.revoked.is_none() && person.role.is_staff() && !person.role.is_office()
            });
            groups.extend(staff.map(|(id, _)| GroupId::from(*id)));
        }
        groups.into_iter().collect()
    }
    /// Whether a person may read a document.
    #[must_use]
    pub fn person_may_read(&self, person: PersonId, document: DocumentId) -> bool {
        let Some(role) = self.role(person) else {
            return false;
        };
        let state = self.documents.get(&document);
        let Some(state) = state.filter(|state| state.erasure.is_none()) else {
            return false;
        };
        (state.kind == DocumentKind::Register && role.is_staff())
            || state.readers.contains(&person.into())
            || (role.is_office() && state.readers.contains(&self.office))
    }
    /// Whether a person could read a document at any time.
    fn could_ever_read(&self, person: PersonId, document: DocumentId) -> bool {
        let (Some(who), Some(state)) = (self.persons.get(&person), self.documents.get(&document))
        else {
            return false;
        };
        let was_office = who.roles.iter().any(|role| role.is_office());
        let was_staff = who.roles.iter().any(|role| role.is_staff());
        (state.kind == DocumentKind::Register && was_staff)
            || state.readers_ever.contains_key(&person.into())
            || (was_office && state.readers_ever.contains_key(&self.office))
    }
    /// Whether a person could write to a document at any time; not to one that was erased.
    fn could_ever_write(&self, person: PersonId, document: DocumentId) -> bool {
        let (Some(who), Some(state)) = (self.persons.get(&person), self.documents.get(&document))
        else {
            return false;
        };
        let own = state.readers_ever.contains_key(&person.into());
        let wrote = who.roles.iter().any(|role| role.writes(state.kind, own));
        state.erasure.is_none() && wrote && self.could_ever_read(person, document)
    }
    /// Whether a device may read a document.
    #[must_use]
    pub fn may_read(&self, device: DeviceId, document: DocumentId) -> bool {
        self.active_device(device)
            .is_some_and(|state| self.person_may_read(state.person, document))
    }
    /// Whether a device may write to a document.
    #[must_use]
    pub fn may_write(&self, device: DeviceId, document: DocumentId) -> bool {
        let Some(device) = self.active_device(device) else {
            return false;
        };
        let (Some(role), Some(state)) = (self.role(device.person), self.documents.get(&document))
        else {
            return false;
        };
        let own = state.readers.contains(&device.person.into());
        role.writes(state.kind, own) && self.person_may_read(device.person, document)
    }
    /// Whether a device may vouch for what others wrote: as a writer, or the office for journals.
    #[must_use]
    pub fn may_vouch(&self, device: DeviceId, document: DocumentId) -> bool {
        let state = self.documents.get(&document);
        let journal = state.is_some_and(|state| state.kind == DocumentKind::Journal);
        let leads = matches!(
            self.device_role(device),
            Some(Role::Administrator | Role::Coordinator)
        );
        self.may_write(device, document) || (journal && leads && self.may_read(device, document))
    }
    /// Whether what a device wrote under a sequence stands: it may write, or somebody who may
    /// vouched for what it wrote before it was put out.
    #[must_use]
    pub fn stands(&self, device: DeviceId, document: DocumentId, sequence: u64) -> bool {
        self.may_write(device, document)
            || self
                .documents
                .get(&document)
                .and_then(|state| state.kept.get(&device))
                .is_some_and(|kept| sequence <= kept.by_others.max(kept.by_own))
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
    /// Administrators let in everybody; who works with participants lets in those.
    fn must_admit(&self, role: Role) -> Outcome {
        match self {
            Self::Member(_, own) if own.admits(role) => Ok(()),
            _ => self.must_administer(),
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
