//! Threads: what is shown to one participant and what comes back. A participant's device has the
//! one thread and nothing else.

use folge_protocol::codec::Decode;
use folge_protocol::ids::{DeviceId, DocumentId, GroupId, InvitationId, PersonId};
use folge_protocol::membership::{Author, Body, DocumentKind, Role};

use super::Client;
use crate::document::{Command, DocumentError, Record, RecordRef};
use crate::domain::{DomainError, Field, Participation, RecordId};
use crate::error::Error;
use crate::keys::InvitationLink;
use crate::limits::MESSAGE_TEXT_BYTES_MAX;
use crate::messages::{Message, RequestState, Right, Saying, WordsFault, state_of_request};
use crate::sync::rules::threads_of;

/// A line of a thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThreadLine {
    /// Its name.
    pub id: RecordId,
    /// Who wrote.
    pub person: Option<PersonId>,
    /// That person's role now.
    pub role: Option<Role>,
    /// With which device.
    pub device: DeviceId,
    /// When, by that device's clock, in milliseconds since 1970 (UTC).
    pub at_ms: i64,
    /// When the relay had it, where it has.
    pub accepted_ms: Option<u64>,
    /// What it says.
    pub saying: Saying,
}

/// A participant's request, and how far it has come.
#[derive(Clone, PartialEq, Eq)]
pub struct RequestLine {
    /// The participation; none on the participant's own device.
    pub participation: Option<DocumentId>,
    /// The thread.
    pub thread: DocumentId,
    /// The request.
    pub id: RecordId,
    /// Which right.
    pub right: Right,
    /// In own words.
    pub text: String,
    /// When, by the participant's clock, in milliseconds since 1970 (UTC).
    pub at_ms: i64,
    /// How far.
    pub state: RequestState,
}

impl std::fmt::Debug for RequestLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RequestLine")
            .field("right", &self.right)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl From<WordsFault> for Error {
    fn from(fault: WordsFault) -> Self {
        match fault {
            WordsFault::TooLong => too_long(MESSAGE_TEXT_BYTES_MAX),
            WordsFault::Missing => {
                let error = DomainError::Missing {
                    field: Field::Message,
                };
                DocumentError::from(error).into()
            }
        }
    }
}

pub(super) fn too_long(max_chars: usize) -> Error {
    let field = Field::Message;
    DocumentError::from(DomainError::TextTooLong { field, max_chars }).into()
}

impl Client {
    /// Invites a participation's participant: a thread is opened, and the link lets their device
    /// into that thread alone. Invited anew, the participant keeps the thread; what the same person
    /// had invited them with before, or for an administrator anybody, lets nobody in any more.
    /// # Errors
    /// [`Error::NotAllowed`] for who does not work with participants, and, where this device does not
    /// hold the participant's key, for who is no administrator; [`Error::UnknownDocument`].
    pub fn invite_participant(
        &mut self,
        document: DocumentId,
        valid_ms: u64,
    ) -> Result<InvitationLink, Error> {
        let participation = self.facts(document)?;
        if let (Some(_), Some(person)) = (participation.thread, participation.participant) {
            return self.replica.atomically(|replica| {
                let own = replica.identity().person;
                let leads = replica.role() == Some(Role::Administrator);
                let invitations = replica.log()?.invitations().iter();
                let unused: Vec<InvitationId> = invitations
                    .filter(|(_, state)| state.person == person && !state.spent)
                    .filter(|(_, state)| leads || state.by == Some(own))
                    .map(|(id, _)| *id)
                    .collect();
                let author = Author::Device(replica.device());
                for invitation in unused {
                    replica.add_entry(author, Body::InvitationRevoked { invitation })?;
                }
                replica.invite_device(person, valid_ms)
            });
        }
        let state = self.replica.log()?.documents().get(&document);
        let readers = state.ok_or(Error::UnknownDocument)?.readers.clone();
        self.replica.atomically(|replica| {
            let person = replica.add_person(Role::Participant)?;
            let readers: Vec<GroupId> = readers.into_iter().chain([person.into()]).collect();
            let made = replica.add_documents(vec![(DocumentKind::Thread, readers)])?;
            let mut changed = participation;
            changed.participant = Some(person);
            changed.thread = made.first().copied();
            let command = Command::UpdateParticipation(Box::new(changed));
            replica.write(document, &command, None)?;
            replica.invite_device(person, valid_ms)
        })
    }

    /// Whether a participation's participant was invited to an own page.
    /// # Errors
    /// [`Error::UnknownDocument`], [`Error::Store`].
    pub fn has_participant(&mut self, document: DocumentId) -> Result<bool, Error> {
        Ok(self.facts(document)?.thread.is_some())
    }

    /// Writes into a participation's thread: staff a notice, a comment or an answer.
    /// # Errors
    /// [`Error::UnknownDocument`] where the participant was never invited; [`Error::NotAllowed`].
    pub fn say(&mut self, document: DocumentId, saying: Saying) -> Result<RecordId, Error> {
        let thread = self.thread_of(document)?.ok_or(Error::UnknownDocument)?;
        self.say_in(thread, saying)
    }

    /// Writes into a thread. A participant's own device knows its thread by
    /// [`Client::own_threads`].
    /// # Errors
    /// [`Error::NotAllowed`]: staff asks for no rights, participants answer none; opinions are of
    /// what was shown; visits are shown by [`Client::show_visit`] and answered by
    /// [`Client::confirm`], reports shown by [`Client::share_report`].
    pub fn say_in(&mut self, thread: DocumentId, saying: Saying) -> Result<RecordId, Error> {
        saying.check_words()?;
        let participant = self.replica.role() == Some(Role::Participant);
        let fits = match &saying {
            Saying::Comment(_) => true,
            Saying::Request { .. } => participant,
            Saying::Absent { from, until, .. } => participant && from <= until,
            Saying::Opinion { of, .. } => participant && self.is_report_shown(thread, *of)?,
            Saying::Notice(_) | Saying::Answer { .. } => !participant,
            _ => false,
        };
        if !fits {
            return Err(Error::NotAllowed);
        }
        self.replica
            .atomically(|replica| replica.say(thread, saying))
    }

    /// Whether staff showed a report or plan by a message of a thread.
    fn is_report_shown(&self, thread: DocumentId, message: RecordId) -> Result<bool, Error> {
        Ok(self.thread(thread)?.iter().any(|line| {
            line.id == message
                && line.role.is_some_and(Role::is_staff)
                && matches!(line.saying, Saying::Report(_))
        }))
    }

    /// The threads that this device's person takes part in as a participant.
    /// # Errors
    /// [`Error::BadInvitation`] before a joining device has fetched the log.
    pub fn own_threads(&self) -> Result<Vec<DocumentId>, Error> {
        let log = self.replica.log()?;
        Ok(threads_of(log, self.identity().person).collect())
    }

    /// A thread's lines, in the order in which they came here.
    /// # Errors
    /// [`Error::Store`].
    pub fn thread(&self, thread: DocumentId) -> Result<Vec<ThreadLine>, Error> {
        let log = self.replica.log()?;
        let mut lines = Vec::new();
        for sent in self.replica.messages(thread)? {
            let Ok(message) = Message::from_bytes(&sent.message) else {
                continue;
            };
            if message.saying.is_of_journal() {
                continue;
            }
            let person = log.devices().get(&sent.device).map(|state| state.person);
            lines.push(ThreadLine {
                id: message.id,
                person,
                role: person.and_then(|id| Some(log.persons().get(&id)?.role)),
                device: sent.device,
                at_ms: message.wall_ms,
                accepted_ms: sent.accepted_ms,
                saying: message.saying,
            });
        }
        Ok(lines)
    }

    /// Participants' requests in everything that this device can read, the open ones first.
    /// # Errors
    /// [`Error::Store`].
    pub fn requests(&mut self) -> Result<Vec<RequestLine>, Error> {
        let mut threads: Vec<(Option<DocumentId>, DocumentId)> = Vec::new();
        let cases: Vec<DocumentId> = self.replica.summaries().keys().copied().collect();
        for case in cases {
            if let Some(thread) = self.thread_of(case)? {
                threads.push((Some(case), thread));
            }
        }
        if self.replica.role() == Some(Role::Participant) {
            threads.extend(self.own_threads()?.into_iter().map(|thread| (None, thread)));
        }
        let mut found = Vec::new();
        for (participation, thread) in threads {
            let lines = self.thread(thread)?;
            for line in &lines {
                let Saying::Request { right, text } = &line.saying else {
                    continue;
                };
                let said = lines.iter();
                let said = said.map(|other| (&other.saying, other.role != Some(Role::Participant)));
                found.push(RequestLine {
                    participation,
                    thread,
                    id: line.id,
                    right: *right,
                    text: text.clone(),
                    at_ms: line.at_ms,
                    state: state_of_request(said, line.id),
                });
            }
        }
        found.sort_by_key(|line| (line.state, line.at_ms));
        Ok(found)
    }

    /// What a participation says, without noting that it was opened.
    pub(super) fn facts(&mut self, document: DocumentId) -> Result<Participation, Error> {
        if !self.replica.summaries().contains_key(&document) {
            return Err(Error::UnknownDocument);
        }
        let view = self.replica.load_view(document)?;
        let row = view.rows.get(&RecordRef::Participation);
        match row.map(|row| &row.record) {
            Some(Record::Participation(participation)) => Ok((**participation).clone()),
            _ => Err(Error::UnknownDocument),
        }
    }

    /// A participation's thread, where its participant was invited. A document that this device
    /// cannot read has none here.
    pub(super) fn thread_of(&mut self, document: DocumentId) -> Result<Option<DocumentId>, Error> {
        match self.facts(document) {
            Ok(participation) => Ok(participation.thread),
            Err(Error::UnknownDocument) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
