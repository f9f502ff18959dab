//! Who is in: participations and their readers, invitations.

use std::collections::{BTreeMap, BTreeSet};

use folge_protocol::codec::{Decode, Encode};
use folge_protocol::grant::Recipient;
use folge_protocol::ids::{DeviceId, DocumentId, GroupId, InvitationId, PersonId};
use folge_protocol::limits::READERS_MAX;
use folge_protocol::membership::{self, Author, Body, DocumentEntry, Kept, Membership, Role};

use super::Client;
use crate::document::{Command, DocumentKind};
use crate::domain::Participation;
use crate::envelope::commitment;
use crate::error::Error;
use crate::keys::{InvitationLink, KemPublic, KemSecret, Key32, LinkPage, Secret, Subject};
use crate::limits::DOCUMENTS_PER_ENTRY;
use crate::sync::{Held, Pack, Replica};

/// A participation to be made, and the persons besides the office who work with it.
#[derive(Debug, Clone)]
pub struct NewParticipation {
    /// What the referral says.
    pub participation: Participation,
    /// The consultant and co-consultants who read and write it.
    pub consultants: BTreeSet<PersonId>,
}

/// Who is invited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invitee {
    /// A new person with a role.
    New(Role),
    /// A further device of the inviting person, or the next one of a person who lost every one.
    Known(PersonId),
}

/// What became of an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvitationUse {
    /// It can be used.
    Open,
    /// It let this device in.
    Used(DeviceId),
    /// It was withdrawn.
    Withdrawn,
    /// Nobody used it in time.
    Expired,
}

/// An invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvitationView {
    /// Its name.
    pub id: InvitationId,
    /// Whom it lets in.
    pub person: PersonId,
    /// Who made it; none for the recovery words.
    pub by: Option<PersonId>,
    /// When, in milliseconds since 1970 (UTC).
    pub made_ms: u64,
    /// Until when it can be used.
    pub expires_ms: u64,
    /// What became of it.
    pub state: InvitationUse,
}

impl Client {
    pub(super) fn require_office(&self) -> Result<(), Error> {
        match self.replica.role() {
            Some(Role::Administrator | Role::Coordinator) => Ok(()),
            _ => Err(Error::NotAllowed),
        }
    }

    /// Makes participations, each with a casefile that the office and its consultants can read. A
    /// protected one (*kode 6/7*) is its consultants' alone: this device hands it over with the
    /// next sync and keeps nothing of it.
    /// All of it is on disk when this returns; nothing of it otherwise.
    /// # Errors
    /// [`Error::NotAllowed`] outside the office; what is wrong with a participation.
    pub fn create_participations(
        &mut self,
        new: &[NewParticipation],
    ) -> Result<Vec<DocumentId>, Error> {
        self.require_office()?;
        for item in new {
            item.participation
                .validate()
                .map_err(crate::document::DocumentError::from)?;
            self.check_new_participation(&item.participation)?;
        }
        let office = self.replica.log()?.office();
        let own = self.identity().person;
        self.replica.atomically(|replica| {
            let mut made = Vec::with_capacity(new.len());
            for part in new.chunks(DOCUMENTS_PER_ENTRY) {
                let mut documents = Vec::with_capacity(part.len());
                for item in part {
                    let protected = item.participation.address_protected;
                    let first = if protected { own.into() } else { office };
                    let consultants = item.consultants.iter().filter(|id| **id != own);
                    let readers: Vec<GroupId> = std::iter::once(first)
                        .chain(consultants.map(|person| GroupId::from(*person)))
                        .take(READERS_MAX)
                        .collect();
                    documents.push((membership::DocumentKind::Casefile, readers));
                }
                made.extend(replica.add_documents(documents)?);
            }
            for (item, document) in new.iter().zip(&made) {
                replica.begin_document(*document, DocumentKind::Casefile)?;
                let command = Command::CreateParticipation(Box::new(item.participation.clone()));
                replica.write(*document, &command, None)?;
                if item.participation.address_protected {
                    replica.withdraw_later(*document)?;
                }
            }
            Ok(made)
        })
    }

    /// Lets a person read and write a participation, its history included. Where this device
    /// cannot read it itself, a device that can grants its keys with its next sync.
    /// # Errors
    /// [`Error::NotAllowed`] outside the office, [`Error::UnknownDocument`].
    pub fn assign(&mut self, document: DocumentId, person: PersonId) -> Result<(), Error> {
        self.require_office()?;
        let documents = self.with_thread(document)?;
        self.replica.atomically(|replica| {
            for document in documents {
                replica.add_reader(document, person.into())?;
            }
            Ok(())
        })
    }

    /// Takes a participation from a person. What they wrote stands; what they write from now on
    /// is refused, and the document gets a new key with its next change.
    /// # Errors
    /// [`Error::NotAllowed`] outside the office, [`Error::UnknownDocument`].
    pub fn unassign(&mut self, document: DocumentId, person: PersonId) -> Result<(), Error> {
        self.require_office()?;
        let documents = self.with_thread(document)?;
        self.replica.atomically(|replica| {
            for document in documents {
                replica.remove_readers(document, &[person.into()])?;
            }
            Ok(())
        })
    }

    /// Makes a participation its consultants' alone, because its participant's address became
    /// protected: the office's devices forget it.
    /// # Errors
    /// [`Error::NotAllowed`] outside the office, or where nobody else reads it.
    pub fn protect(&mut self, document: DocumentId) -> Result<(), Error> {
        self.require_office()?;
        let log = self.replica.log()?;
        let office = log.office();
        let own = GroupId::from(self.identity().person);
        let state = log
            .documents()
            .get(&document)
            .ok_or(Error::UnknownDocument)?;
        if !state.readers.iter().any(|id| *id != office && *id != own) {
            return Err(Error::NotAllowed);
        }
        let documents = self.with_thread(document)?;
        self.replica.atomically(|replica| {
            for document in documents {
                replica.remove_readers(document, &[office, own])?;
            }
            Ok(())
        })
    }

    /// A participation's casefile, and its thread where there is one.
    pub(super) fn with_thread(&mut self, document: DocumentId) -> Result<Vec<DocumentId>, Error> {
        let mut documents = vec![document];
        documents.extend(self.thread_of(document)?);
        Ok(documents)
    }

    // --- invitations ---

    /// Invites one device: a new person's first, or a further one of a person. The link's secret
    /// lets it in until `valid_ms` from now; it takes effect with the next sync.
    ///
    /// Where an administrator invites a device of another person, that person lost every device:
    /// the person's key turns, and all that the person may read is granted anew.
    /// # Errors
    /// [`Error::NotAllowed`]: administrators invite persons, every person own devices.
    pub fn invite(&mut self, invitee: Invitee, valid_ms: u64) -> Result<InvitationLink, Error> {
        let own = self.identity().person;
        let administers = self.replica.role() == Some(Role::Administrator);
        match invitee {
            Invitee::New(Role::Participant) => return Err(Error::NotAllowed),
            Invitee::Known(person) if person == own => {}
            Invitee::New(_) if administers => {}
            Invitee::Known(person) if administers => {
                let log = self.replica.log()?;
                let known = log.persons().get(&person).ok_or(Error::NotAllowed)?;
                if known.revoked.is_some() || log.devices_of(person).next().is_some() {
                    // Whoever still has a device invites the next one with it.
                    return Err(Error::NotAllowed);
                }
            }
            _ => return Err(Error::NotAllowed),
        }
        self.replica.atomically(|replica| {
            let person = match invitee {
                Invitee::Known(person) => person,
                Invitee::New(role) => replica.add_person(role)?,
            };
            replica.invite_device(person, valid_ms)
        })
    }

    /// Withdraws an invitation that was not used.
    /// # Errors
    /// [`Error::NotAllowed`], [`Error::Membership`].
    pub fn revoke_invitation(&mut self, invitation: InvitationId) -> Result<(), Error> {
        let author = Author::Device(self.device());
        self.replica
            .atomically(|replica| replica.add_entry(author, Body::InvitationRevoked { invitation }))
    }

    /// Every invitation ever made, with what became of it.
    /// # Errors
    /// [`Error::BadInvitation`] before a joining device has fetched the log.
    pub fn invitations(&mut self) -> Result<Vec<InvitationView>, Error> {
        let now_ms = u64::try_from(self.replica.env().now().wall_ms).unwrap_or(0);
        let log = self.replica.log()?;
        let view = |(id, state): (&InvitationId, &membership::InvitationState)| InvitationView {
            id: *id,
            person: state.person,
            by: state.by,
            made_ms: state.made.time_ms,
            expires_ms: state.expires_ms,
            state: match (state.device, state.spent) {
                (Some(device), _) => InvitationUse::Used(device),
                (None, true) => InvitationUse::Withdrawn,
                (None, false) if state.expires_ms < now_ms => InvitationUse::Expired,
                (None, false) => InvitationUse::Open,
            },
        };
        Ok(log.invitations().iter().map(view).collect())
    }

    // --- putting out ---

    /// Puts a device out: an administrator any, every person own ones. The relay refuses it from
    /// then on, and the keys that it held turn.
    /// # Errors
    /// [`Error::NotAllowed`], [`Error::Membership`].
    pub fn revoke_device(&mut self, device: DeviceId) -> Result<(), Error> {
        self.replica.atomically(|replica| {
            replica.vouch_for(&[device], |_| true)?;
            let author = Author::Device(replica.device());
            replica.add_entry(author, Body::DeviceRevoked { device })?;
            replica.plan_turns()
        })
    }

    /// Puts a person out, with every device.
    /// # Errors
    /// [`Error::NotAllowed`], [`Error::Membership`].
    pub fn revoke_person(&mut self, person: PersonId) -> Result<(), Error> {
        self.replica.atomically(|replica| {
            let devices = every_device(replica.log()?, person);
            replica.vouch_for(&devices, |_| true)?;
            let author = Author::Device(replica.device());
            replica.add_entry(author, Body::PersonRevoked { person })?;
            replica.plan_turns()
        })
    }

    /// Gives a person another role.
    /// # Errors
    /// [`Error::NotAllowed`], [`Error::Membership`].
    pub fn change_role(&mut self, person: PersonId, role: Role) -> Result<(), Error> {
        self.replica.atomically(|replica| {
            let log = replica.log()?;
            let before = log.persons().get(&person).ok_or(Error::NotAllowed)?.role;
            let (office, register) = (log.office(), log.register());
            let devices = every_device(log, person);
            replica.vouch_for(&devices, |_| true)?;
            let author = Author::Device(replica.device());
            replica.add_entry(author, Body::RoleChanged { person, role })?;
            let mut secrets: Vec<Secret> = Vec::new();
            if role.is_office() && !before.is_office() {
                // What was granted to the office lies behind the person's cursor: all of it anew.
                secrets.extend(replica.keyring().group_secrets(office));
                secrets.extend(replica.opened_by(office)?);
            }
            if role.is_staff() && !role.is_office() {
                secrets.extend(replica.keyring().document_secrets(register));
            }
            replica.grant_to_group(person.into(), &secrets)?;
            replica.plan_turns()
        })
    }

    // --- what is held back ---

    /// Envelopes of devices that were put out, or of people assigned elsewhere, which nobody has
    /// vouched for, with what each would change.
    /// # Errors
    /// [`Error::Store`].
    pub fn held(&mut self) -> Result<Vec<Held>, Error> {
        self.replica.held()
    }

    /// Takes what a device wrote in a document, up to a sequence: it stands from the next sync on.
    /// # Errors
    /// [`Error::NotAllowed`] for who may not write there.
    pub fn admit(
        &mut self,
        document: DocumentId,
        device: DeviceId,
        sequence: u64,
    ) -> Result<(), Error> {
        let kept = Kept {
            device,
            document,
            sequence,
        };
        self.replica.atomically(|replica| replica.admit(kept))
    }

    /// What a device that was put out has not delivered: sealed as ever, to be handed over as a
    /// file and taken with [`Client::take_pack`].
    /// # Errors
    /// [`Error::Store`].
    pub fn pack_unsent(&mut self) -> Result<Vec<u8>, Error> {
        Ok(Pack(self.replica.unsent_bytes()?).to_bytes())
    }

    /// Takes what another device handed over. It is held back until somebody admits it. Says how
    /// many envelopes are new.
    /// # Errors
    /// [`Error::BadPack`] where it is none.
    pub fn take_pack(&mut self, bytes: &[u8]) -> Result<usize, Error> {
        let pack = Pack::from_bytes(bytes).map_err(|_| Error::BadPack)?;
        self.replica.atomically(|replica| {
            let mut new = 0;
            for envelope in &pack.0 {
                new += usize::from(replica.take_parcel(envelope)?);
            }
            Ok(new)
        })
    }

    /// Whether this device was put out of the workspace. What it had is gone from it, but for
    /// what it has not delivered.
    #[must_use]
    pub fn is_put_out(&self) -> bool {
        self.replica.is_out()
    }
}

/// A person's devices, those that were put out before too: what the person vouched for of them
/// ends when somebody else changes the person's rights.
fn every_device(log: &Membership, person: PersonId) -> Vec<DeviceId> {
    let devices = log.devices().iter();
    let own = devices.filter(|(_, state)| state.person == person);
    own.map(|(id, _)| *id).collect()
}

impl Replica {
    /// Adds documents with their first keys, granted to their readers.
    pub(super) fn add_documents(
        &mut self,
        new: Vec<(membership::DocumentKind, Vec<GroupId>)>,
    ) -> Result<Vec<DocumentId>, Error> {
        let mut documents = Vec::with_capacity(new.len());
        let mut secrets = Vec::with_capacity(new.len());
        for (kind, readers) in new {
            let document = DocumentId(self.env().random());
            let key = Key32::new(self.env().random());
            documents.push(DocumentEntry {
                document,
                kind,
                commitment: commitment(&key, document, 0),
                readers,
            });
            let subject = Subject::Document(document, 0);
            let secret = Secret { subject, key };
            self.keep_secret(&secret)?;
            secrets.push(secret);
        }
        let made: Vec<DocumentId> = documents.iter().map(|entry| entry.document).collect();
        let author = Author::Device(self.device());
        self.add_entry(author, Body::DocumentsAdded { documents })?;
        // One grant a group, however many documents it gets.
        let log = self.log()?;
        let (office, recovery) = (log.office(), KemPublic(*log.recovery_key()));
        let mut grants: BTreeMap<GroupId, Vec<Secret>> = BTreeMap::new();
        let mut alone = Vec::new();
        for (document, secret) in made.iter().zip(secrets) {
            let groups = log.groups_to_grant(*document);
            if !groups.contains(&office) {
                alone.push(secret.clone());
            }
            for group in groups {
                grants.entry(group).or_default().push(secret.clone());
            }
        }
        for (group, secrets) in &grants {
            self.grant_to_group(*group, secrets)?;
        }
        self.grant(Recipient::Recovery, &recovery, &alone)?;
        Ok(made)
    }

    fn add_reader(&mut self, document: DocumentId, group: GroupId) -> Result<(), Error> {
        let state = self.log()?.documents().get(&document);
        let mut readers = state.ok_or(Error::UnknownDocument)?.readers.clone();
        if !readers.insert(group) {
            return Ok(());
        }
        let secrets: Vec<Secret> = self.keyring().document_secrets(document).collect();
        let author = Author::Device(self.device());
        let readers = readers.into_iter().collect();
        self.add_entry(author, Body::ReadersChanged { document, readers })?;
        self.grant_to_group(group, &secrets)
    }

    /// Takes groups from a document's readers, vouching for what their devices wrote.
    pub(crate) fn remove_readers(
        &mut self,
        document: DocumentId,
        groups: &[GroupId],
    ) -> Result<(), Error> {
        let log = self.log()?;
        let state = log
            .documents()
            .get(&document)
            .ok_or(Error::UnknownDocument)?;
        let readers: Vec<GroupId> = state
            .readers
            .iter()
            .copied()
            .filter(|group| !groups.contains(group))
            .collect();
        if readers.len() == state.readers.len() {
            return Ok(());
        }
        let office = groups.contains(&log.office());
        let devices: Vec<DeviceId> = log
            .devices()
            .iter()
            .filter(|(_, device)| {
                let role = log.persons().get(&device.person).map(|person| person.role);
                groups.contains(&device.person.into())
                    || (office && role.is_some_and(Role::is_office))
            })
            .map(|(id, _)| *id)
            .collect();
        self.vouch_for(&devices, |of| of == document)?;
        let author = Author::Device(self.device());
        self.add_entry(author, Body::ReadersChanged { document, readers })
    }

    /// Adds a person with a fresh key, and for staff a journal.
    pub(super) fn add_person(&mut self, role: Role) -> Result<PersonId, Error> {
        let person = PersonId(self.env().random());
        let key = Key32::new(self.env().random());
        let public = KemSecret(key.clone()).public();
        let author = Author::Device(self.device());
        let body = Body::PersonAdded {
            person,
            role,
            key: public.0,
        };
        self.add_entry(author, body)?;
        // For the invitation's grant; once the person has turned it, it is destroyed.
        let subject = Subject::Group(person.into(), 0);
        self.keep_secret(&Secret { subject, key })?;
        if role.is_staff() {
            self.open_journal(person)?;
        }
        Ok(person)
    }

    /// Gives a member of staff the journal that their openings and exports go into.
    pub(crate) fn open_journal(&mut self, person: PersonId) -> Result<(), Error> {
        let readers = vec![self.log()?.office(), person.into()];
        self.add_documents(vec![(membership::DocumentKind::Journal, readers)])?;
        Ok(())
    }

    /// Invites a device of a person, and grants what it needs.
    pub(super) fn invite_device(
        &mut self,
        person: PersonId,
        valid_ms: u64,
    ) -> Result<InvitationLink, Error> {
        let author = Author::Device(self.device());
        let relay = self.identity().relay.clone();
        let role = self.log()?.persons().get(&person).map(|state| state.role);
        let page = match role {
            Some(Role::Participant) => LinkPage::Participant,
            _ => LinkPage::Staff,
        };
        let link = InvitationLink {
            page,
            app_url: None,
            relay_url: relay.url,
            relay_key: relay.key,
            workspace: self.identity().workspace,
            person,
            secret: Key32::new(self.env().random()),
        };
        let keys = link.public();
        let now_ms = u64::try_from(self.env().now().wall_ms).unwrap_or(0);
        let body = Body::Invited {
            keys,
            person,
            expires_ms: now_ms.saturating_add(valid_ms),
        };
        self.add_entry(author, body)?;
        let group = GroupId::from(person);
        let (epoch, _) = self.log()?.group_key(group).ok_or(Error::NotAllowed)?;
        let held: Vec<Secret> = self.keyring().group_secrets(group).collect();
        let newest = Subject::Group(group, epoch);
        if held.iter().any(|secret| secret.subject == newest) {
            let recipient = Recipient::Invitation(link.id());
            self.grant(recipient, &KemPublic(keys.kem), &held)?;
        } else {
            // The person lost every device: a fresh key, which goes to the invitation too.
            self.turn_for_invitation(group)?;
        }
        // To the person, whichever device comes: all that the person may read.
        if person != self.identity().person {
            let opened = self.opened_by(group)?;
            self.grant_to_group(group, &opened)?;
        }
        Ok(link)
    }
}
