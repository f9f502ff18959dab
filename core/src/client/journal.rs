//! The audit log: what members of staff opened and exported, each in an own journal that nobody
//! else can write and whose chain shows any gap; and every act in the membership log.

use folge_protocol::codec::{Decode, Encode};
use folge_protocol::ids::{DeviceId, DocumentId, PersonId};
use folge_protocol::membership::{Author, Body, DocumentKind, Entry, Role};

use super::Client;
use crate::domain::RecordId;
use crate::error::Error;
use crate::limits::OPENING_MILLISECONDS;
use crate::messages::{Export, Message, Saying};
use crate::sync::Replica;

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuditAct {
    /// Something in a journal: an opening, an export, a report.
    Said(Saying),
    /// An act in the membership log.
    Membership(Box<Body>),
}

impl AuditAct {
    /// A stable code for it, for lists and files.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Said(Saying::Opened(_)) => "opened",
            Self::Said(Saying::Exported { .. }) => "exported",
            Self::Said(Saying::ClaimPart(_)) => "handed_over",
            Self::Said(Saying::Lost { .. }) => "reported_lost",
            Self::Said(_) => "said",
            Self::Membership(body) => body.code(),
        }
    }

    /// The document that it names, where it names one.
    #[must_use]
    pub const fn document(&self) -> Option<DocumentId> {
        match self {
            Self::Said(Saying::Opened(document)) => Some(*document),
            Self::Said(Saying::Exported { document, .. }) => *document,
            Self::Said(Saying::ClaimPart(part)) => Some(part.participation),
            _ => None,
        }
    }
}

/// A line of the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditLine {
    /// Who; none for the root key.
    pub person: Option<PersonId>,
    /// That person's role now.
    pub role: Option<Role>,
    /// With which device.
    pub device: Option<DeviceId>,
    /// When, by that device's clock, in milliseconds since 1970 (UTC).
    pub at_ms: i64,
    /// When the relay had it, where it has.
    pub accepted_ms: Option<u64>,
    /// What.
    pub act: AuditAct,
}

impl Client {
    /// The audit log of all that this device may read: the office's devices see everybody's, a
    /// consultant's its own. By time.
    /// # Errors
    /// [`Error::Store`], [`Error::Unreadable`].
    pub fn audit(&self) -> Result<Vec<AuditLine>, Error> {
        let log = self.replica.log()?;
        let role = |person: PersonId| log.persons().get(&person).map(|state| state.role);
        let mut lines = Vec::new();
        for bytes in self.replica.stored().log_entries()? {
            let entry = Entry::from_bytes(&bytes).map_err(|_| Error::Unreadable("log"))?;
            let (person, device) = match entry.author {
                Author::Root => (None, None),
                Author::Device(device) => {
                    let person = log.devices().get(&device).map(|state| state.person);
                    (person, Some(device))
                }
                Author::Invitation(id) => {
                    let invitation = log.invitations().get(&id);
                    (
                        invitation.map(|state| state.person),
                        invitation.and_then(|state| state.device),
                    )
                }
            };
            lines.push(AuditLine {
                person,
                role: person.and_then(role),
                device,
                at_ms: i64::try_from(entry.time_ms).unwrap_or(i64::MAX),
                accepted_ms: None,
                act: AuditAct::Membership(Box::new(entry.body)),
            });
        }
        let journals = log
            .documents()
            .iter()
            .filter(|(id, state)| {
                state.kind == DocumentKind::Journal && log.may_read(self.device(), **id)
            })
            .map(|(id, _)| *id);
        for journal in journals {
            for sent in self.replica.messages(journal)? {
                let Ok(message) = Message::from_bytes(&sent.message) else {
                    // A later version's: counted by the check, read once the app is updated.
                    continue;
                };
                let person = log.devices().get(&sent.device).map(|state| state.person);
                lines.push(AuditLine {
                    person,
                    role: person.and_then(role),
                    device: Some(sent.device),
                    at_ms: message.wall_ms,
                    accepted_ms: sent.accepted_ms,
                    act: AuditAct::Said(message.saying),
                });
            }
        }
        lines.sort_by_key(|line| line.at_ms);
        Ok(lines)
    }

    /// Notes an export. It is on disk before anything is handed out.
    pub(super) fn note_export(
        &mut self,
        what: Export,
        document: Option<DocumentId>,
    ) -> Result<(), Error> {
        self.replica
            .atomically(|replica| replica.note(Saying::Exported { what, document }))
    }

    /// Notes that a participation was opened, unless this device noted the same just now.
    pub(super) fn note_opening(&mut self, document: DocumentId) -> Result<(), Error> {
        if self.replica.role().is_none_or(|role| !role.is_staff()) {
            return Ok(());
        }
        let now_ms = self.replica.env().now().wall_ms;
        let last = self.openings.get(&document);
        if last.is_some_and(|last| (0..OPENING_MILLISECONDS).contains(&(now_ms - last))) {
            return Ok(());
        }
        self.replica
            .atomically(|replica| replica.note(Saying::Opened(document)))?;
        self.openings.insert(document, now_ms);
        Ok(())
    }
}

impl Replica {
    /// This device's person's journal; none until the log that a joining device fetches has it.
    fn journal(&self) -> Option<DocumentId> {
        let log = self.log().ok()?;
        let own = self.identity().person.into();
        log.documents()
            .iter()
            .find(|(_, state)| state.kind == DocumentKind::Journal && state.readers.contains(&own))
            .map(|(id, _)| *id)
    }

    /// Writes into the own journal. The caller is in a transaction.
    pub(crate) fn note(&mut self, saying: Saying) -> Result<(), Error> {
        if self.journal().is_none() {
            // An administrator who came in by the recovery words has none yet.
            self.open_journal(self.identity().person)?;
        }
        let journal = self.journal().ok_or(Error::NotAllowed)?;
        self.say(journal, saying).map(drop)
    }

    /// Adds a message to a thread or journal; gives its name. The caller is in a transaction.
    pub(crate) fn say(&mut self, document: DocumentId, saying: Saying) -> Result<RecordId, Error> {
        let message = Message {
            id: RecordId(self.env().random()),
            wall_ms: self.env().now().wall_ms,
            saying,
        };
        self.write_message(document, message.to_bytes())?;
        Ok(message.id)
    }
}
