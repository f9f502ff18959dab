//! Who is in: participations and their readers, invitations.

use std::collections::{BTreeMap, BTreeSet};

use folge_protocol::grant::Recipient;
use folge_protocol::ids::{DocumentId, GroupId, PersonId};
use folge_protocol::limits::READERS_MAX;
use folge_protocol::membership::{self, Author, Body, DocumentEntry, Role};

use super::Client;
use crate::document::{Command, DocumentKind};
use crate::domain::Participation;
use crate::envelope::commitment;
use crate::error::Error;
use crate::keys::{InvitationLink, KemPublic, KemSecret, Key32, Secret, Subject};
use crate::limits::DOCUMENTS_PER_ENTRY;

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
    /// A further device of the inviting person.
    Known(PersonId),
}

impl Client {
    fn require_office(&self) -> Result<(), Error> {
        match self.replica.role() {
            Some(Role::Administrator | Role::Coordinator) => Ok(()),
            _ => Err(Error::NotAllowed),
        }
    }

    /// Makes participations, each with a casefile that the office and its consultants can read.
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
        }
        let office = self.replica.log()?.office();
        let author = Author::Device(self.device());
        self.replica.atomically(|replica| {
            let mut made = Vec::with_capacity(new.len());
            let mut grants: BTreeMap<GroupId, Vec<Secret>> = BTreeMap::new();
            for part in new.chunks(DOCUMENTS_PER_ENTRY) {
                let mut documents = Vec::with_capacity(part.len());
                for item in part {
                    let document = DocumentId(replica.env().random());
                    let key = Key32::new(replica.env().random());
                    let readers: Vec<GroupId> = std::iter::once(office)
                        .chain(item.consultants.iter().map(|person| GroupId::from(*person)))
                        .take(READERS_MAX)
                        .collect();
                    documents.push(DocumentEntry {
                        document,
                        kind: membership::DocumentKind::Casefile,
                        commitment: commitment(&key, document, 0),
                        readers: readers.clone(),
                    });
                    let secret = Secret {
                        subject: Subject::Document(document, 0),
                        key,
                    };
                    replica.keep_secret(&secret)?;
                    for group in readers {
                        grants.entry(group).or_default().push(secret.clone());
                    }
                    made.push(document);
                }
                replica.add_entry(author, Body::DocumentsAdded { documents })?;
            }
            for (group, secrets) in &grants {
                replica.grant_to_group(*group, secrets)?;
            }
            for (item, document) in new.iter().zip(&made) {
                replica.begin_document(*document, DocumentKind::Casefile)?;
                let command = Command::CreateParticipation(Box::new(item.participation.clone()));
                replica.write(*document, &command, None)?;
            }
            Ok(made)
        })
    }

    /// Lets a person read and write a participation, its history included.
    /// # Errors
    /// [`Error::NotAllowed`] outside the office, [`Error::UnknownDocument`].
    pub fn assign(&mut self, document: DocumentId, person: PersonId) -> Result<(), Error> {
        self.require_office()?;
        let state = self.replica.log()?.documents().get(&document);
        let mut readers = state.ok_or(Error::UnknownDocument)?.readers.clone();
        if !readers.insert(person.into()) {
            return Ok(());
        }
        let secrets: Vec<Secret> = self.replica.keyring().document_secrets(document).collect();
        let author = Author::Device(self.device());
        self.replica.atomically(|replica| {
            let readers = readers.into_iter().collect();
            replica.add_entry(author, Body::ReadersChanged { document, readers })?;
            replica.grant_to_group(person.into(), &secrets)
        })
    }

    /// Invites one device: a new person's first, or a further one. The link's secret lets it in
    /// until `valid_ms` from now; it takes effect with the next sync.
    /// # Errors
    /// [`Error::NotAllowed`]: administrators invite persons, every person own devices.
    pub fn invite(&mut self, invitee: Invitee, valid_ms: u64) -> Result<InvitationLink, Error> {
        let log = self.replica.log()?;
        let (office, register) = (log.office(), log.register());
        let own = self.identity().person;
        let role = match invitee {
            Invitee::New(role) => role,
            Invitee::Known(person) => log.persons().get(&person).ok_or(Error::NotAllowed)?.role,
        };
        // Only the person's own devices hold what a further device needs.
        let allowed = match invitee {
            Invitee::New(_) => self.replica.role() == Some(Role::Administrator),
            Invitee::Known(person) => person == own,
        };
        if !allowed {
            return Err(Error::NotAllowed);
        }
        let author = Author::Device(self.device());
        let relay = self.identity().relay.clone();
        let workspace = self.identity().workspace;
        self.replica.atomically(|replica| {
            let now_ms = u64::try_from(replica.env().now().wall_ms).unwrap_or(0);
            let mut secrets: Vec<Secret> = Vec::new();
            let person = match invitee {
                Invitee::Known(person) => person,
                Invitee::New(role) => {
                    let person = PersonId(replica.env().random());
                    let key = Key32::new(replica.env().random());
                    let public = KemSecret(key.clone()).public();
                    let body = Body::PersonAdded {
                        person,
                        role,
                        key: public.0,
                    };
                    replica.add_entry(author, body)?;
                    let subject = Subject::Group(person.into(), 0);
                    secrets.push(Secret { subject, key });
                    person
                }
            };
            // A further device gets what this device has of the person's group. A new person
            // gets the register's key, and in the office the office's, through that group.
            secrets.extend(replica.keyring().group_secrets(person.into()));
            if role.is_office() {
                secrets.extend(replica.keyring().group_secrets(office));
            }
            if role.is_staff() {
                secrets.extend(replica.keyring().document_secrets(register));
            }
            let link = InvitationLink {
                relay_url: relay.url,
                relay_key: relay.key,
                workspace,
                person,
                secret: Key32::new(replica.env().random()),
            };
            let keys = link.public();
            let expires_ms = now_ms.saturating_add(valid_ms);
            replica.add_entry(
                author,
                Body::Invited {
                    keys,
                    person,
                    expires_ms,
                },
            )?;
            replica.grant(
                Recipient::Invitation(link.id()),
                &KemPublic(keys.kem),
                &secrets,
            )?;
            let for_later: Vec<Secret> = secrets
                .into_iter()
                .filter(|secret| secret.subject != Subject::Group(person.into(), 0))
                .collect();
            if matches!(invitee, Invitee::New(_)) && !for_later.is_empty() {
                replica.grant_to_group(person.into(), &for_later)?;
            }
            Ok(link)
        })
    }
}
