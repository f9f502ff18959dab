//! Commands: what people record. Each is on disk, whole, when it returns.

use folge_protocol::ids::{DocumentId, PersonId};

use super::{Client, RecordState};
use crate::contract::Agreement;
use crate::document::{Command, DocumentError, Record, RecordRef};
use crate::domain::register::{Employer, Provider, StaffMember};
use crate::domain::{GroupMeeting, Participation, RecordId, StaffKey};
use crate::error::Error;

/// A group meeting as it was written: the record in each participant's casefile.
pub type RecordedGroup = Vec<(DocumentId, RecordId)>;

impl Client {
    /// A fresh identifier for a record.
    #[must_use]
    pub fn new_record_id(&mut self) -> RecordId {
        RecordId(self.replica.env().random())
    }

    /// Does commands on casefiles, all or none.
    fn execute(&mut self, commands: &[(DocumentId, Command, Option<String>)]) -> Result<(), Error> {
        if self.is_put_out() {
            return Err(Error::PutOut);
        }
        for (document, command, reason) in commands {
            self.check_rules(*document, command, reason.as_deref())?;
        }
        self.replica.atomically(|replica| {
            for (document, command, reason) in commands {
                if !replica.log()?.documents().contains_key(document) {
                    return Err(Error::UnknownDocument);
                }
                replica.write(*document, command, reason.clone())?;
            }
            Ok(())
        })
    }

    /// Records a visit, trip, report, contact attempt or note.
    /// # Errors
    /// What is wrong with it; [`Error::ReportIncomplete`] for a final report that is said to be
    /// delivered; [`Error::UnknownDocument`], [`Error::NotAllowed`], [`Error::Store`].
    pub fn record(&mut self, document: DocumentId, record: Record) -> Result<(), Error> {
        self.check_delivery(document, &record)?;
        self.record_unchecked(document, record)
    }

    pub(super) fn record_unchecked(
        &mut self,
        document: DocumentId,
        record: Record,
    ) -> Result<(), Error> {
        self.execute(&[(document, Command::Record(record), None)])
    }

    /// Records something that needs a reason, such as a visit outside the participation's days,
    /// which is not billed.
    /// # Errors
    /// As [`Client::record`].
    pub fn record_because(
        &mut self,
        document: DocumentId,
        record: Record,
        reason: String,
    ) -> Result<(), Error> {
        self.check_delivery(document, &record)?;
        self.execute(&[(document, Command::Record(record), Some(reason))])
    }

    /// Records a trip for each participation that its meetings are of: a group's trip stands in
    /// every participant's casefile.
    /// # Errors
    /// As [`Client::record`].
    pub fn record_each(&mut self, records: Vec<(DocumentId, Record)>) -> Result<(), Error> {
        for (document, record) in &records {
            self.check_delivery(*document, record)?;
        }
        let commands: Vec<_> = records
            .into_iter()
            .map(|(document, record)| (document, Command::Record(record), None))
            .collect();
        self.execute(&commands)
    }

    /// Records a group meeting in each participant's casefile, with the group's counts and none of
    /// the others' names. All or none.
    /// # Errors
    /// As [`Client::record`].
    pub fn record_group(&mut self, meeting: &GroupMeeting) -> Result<RecordedGroup, Error> {
        let visits = meeting.split().map_err(DocumentError::from)?;
        let written = visits
            .iter()
            .map(|(document, visit)| (*document, visit.id))
            .collect();
        let visits = visits
            .into_iter()
            .map(|(document, visit)| (document, Record::Visit(visit)));
        self.record_each(visits.collect())?;
        Ok(written)
    }

    /// Changes a record; only what differs is written. Once the record has left this phone, or
    /// another device wrote it, a reason is needed.
    /// # Errors
    /// [`Error::ReasonNeeded`]; as [`Client::record`].
    pub fn amend(
        &mut self,
        document: DocumentId,
        record: Record,
        reason: Option<String>,
    ) -> Result<(), Error> {
        let reason = reason.filter(|reason| !reason.trim().is_empty());
        let state = self.record_state(document, &record.reference())?;
        if reason.is_none() && state != RecordState::SavedHere {
            return Err(Error::ReasonNeeded);
        }
        self.check_delivery(document, &record)?;
        self.execute(&[(document, Command::Amend(record), reason)])
    }

    /// Voids a record, with a reason. It stays readable.
    /// # Errors
    /// As [`Client::record`].
    pub fn void(
        &mut self,
        document: DocumentId,
        record: RecordRef,
        reason: String,
    ) -> Result<(), Error> {
        self.execute(&[(document, Command::Void { record, reason }, None)])
    }

    /// Voids several records for one reason, all or none: takes back what was just recorded.
    /// # Errors
    /// As [`Client::record`].
    pub fn void_each(
        &mut self,
        records: Vec<(DocumentId, RecordRef)>,
        reason: &str,
    ) -> Result<(), Error> {
        let command = |record| Command::Void {
            record,
            reason: reason.to_owned(),
        };
        let commands: Vec<_> = records
            .into_iter()
            .map(|(document, record)| (document, command(record), None))
            .collect();
        self.execute(&commands)
    }

    /// Settles which of several concurrent values stands.
    /// # Errors
    /// As [`Client::record`].
    pub fn settle(
        &mut self,
        document: DocumentId,
        record: RecordRef,
        field: String,
        value: Option<String>,
    ) -> Result<(), Error> {
        self.execute(&[(
            document,
            Command::Settle {
                record,
                field,
                value,
            },
            None,
        )])
    }

    /// Changes a participation.
    /// # Errors
    /// As [`Client::record`].
    pub fn update_participation(
        &mut self,
        document: DocumentId,
        participation: Participation,
        reason: Option<String>,
    ) -> Result<(), Error> {
        let command = Command::UpdateParticipation(Box::new(participation));
        self.execute(&[(document, command, reason)])
    }

    // --- the register ---

    pub(super) fn put(&mut self, commands: Vec<Command>) -> Result<(), Error> {
        let register = self.replica.log()?.register();
        let commands: Vec<_> = commands
            .into_iter()
            .map(|command| (register, command, None))
            .collect();
        self.execute(&commands)
    }
    /// Says who a member of staff of the register is in the membership log.
    /// # Errors
    /// [`Error::UnknownDocument`] where the register has no such member; as
    /// [`Client::put_register`].
    pub fn name_member(&mut self, key: &StaffKey, person: PersonId) -> Result<(), Error> {
        let known = self
            .register()?
            .into_iter()
            .find_map(|row| match row.record {
                Record::Staff(member) if member.key == *key => Some(member),
                _ => None,
            });
        let mut member = known.ok_or(Error::UnknownDocument)?;
        member.person = Some(person);
        self.put(vec![Command::PutStaff(member)])
    }

    /// Puts the provider, agreements, employers and staff into the register. All or none.
    /// # Errors
    /// As [`Client::record`]; only the office writes there.
    pub fn put_register(
        &mut self,
        provider: Option<Provider>,
        agreements: Vec<Agreement>,
        employers: Vec<Employer>,
        staff: Vec<StaffMember>,
    ) -> Result<(), Error> {
        let mut commands: Vec<Command> = Vec::new();
        commands.extend(provider.map(Command::PutProvider));
        commands.extend(agreements.into_iter().map(Command::PutAgreement));
        commands.extend(employers.into_iter().map(Command::PutEmployer));
        commands.extend(staff.into_iter().map(Command::PutStaff));
        self.put(commands)
    }
}
