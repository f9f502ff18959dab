//! What people record.

use crate::app::Folge;
use crate::error::FolgeError;
use crate::shape::{Given, Shown};
use crate::types::{
    CaseRecord, GroupMeeting, Participation, ParticipationId, PersonName, RecordOfCase, RecordRef,
    RecordedVisit, RefOfCase,
};

#[uniffi::export]
impl Folge {
    /// Records a visit, trip, report, contact attempt, note, employment, notice or proposal. What
    /// needs a reason, such as a visit outside the participation's days, is refused with
    /// `ReasonNeeded`: ask for it, and record again.
    #[uniffi::method(default(reason = None))]
    pub async fn record(
        &self,
        participation: ParticipationId,
        record: CaseRecord,
        reason: Option<String>,
    ) -> Result<(), FolgeError> {
        self.write(|client| {
            let (document, record) = (participation.given()?, record.given()?);
            match reason {
                Some(reason) => client.record_because(document, record, reason)?,
                None => client.record(document, record)?,
            }
            Ok(())
        })
        .await
    }

    /// Records several, each in its participation, all or none: such as a visit with its trip, or a
    /// trip that served several participations.
    pub async fn record_each(&self, records: Vec<RecordOfCase>) -> Result<(), FolgeError> {
        self.write(|client| Ok(client.record_each(records.given()?)?))
            .await
    }

    /// Records a group meeting in each participant's casefile, with the group's counts and none of
    /// the others' names. All or none.
    pub async fn record_group(
        &self,
        meeting: GroupMeeting,
    ) -> Result<Vec<RecordedVisit>, FolgeError> {
        self.write(|client| {
            let recorded = client.record_group(&meeting.given()?)?;
            let recorded = recorded
                .into_iter()
                .map(|(participation, visit)| RecordedVisit {
                    participation: Shown::shown(participation),
                    visit: Shown::shown(visit),
                });
            Ok(recorded.collect())
        })
        .await
    }

    /// Changes a record; only what differs is written. Once the record has left this phone, or
    /// another device wrote it, a reason is needed.
    #[uniffi::method(default(reason = None))]
    pub async fn amend(
        &self,
        participation: ParticipationId,
        record: CaseRecord,
        reason: Option<String>,
    ) -> Result<(), FolgeError> {
        self.write(|client| Ok(client.amend(participation.given()?, record.given()?, reason)?))
            .await
    }

    /// Voids a record, with a reason. It stays readable.
    pub async fn void_record(
        &self,
        participation: ParticipationId,
        record: RecordRef,
        reason: String,
    ) -> Result<(), FolgeError> {
        self.write(|client| Ok(client.void(participation.given()?, record.given()?, reason)?))
            .await
    }

    /// Voids several for one reason, all or none: takes back what was just recorded together.
    pub async fn void_each(
        &self,
        records: Vec<RefOfCase>,
        reason: String,
    ) -> Result<(), FolgeError> {
        self.write(move |client| Ok(client.void_each(records.given()?, &reason)?))
            .await
    }

    /// Settles which of several concurrent values stands.
    pub async fn settle(
        &self,
        participation: ParticipationId,
        record: RecordRef,
        field: String,
        value: Option<String>,
    ) -> Result<(), FolgeError> {
        self.write(|client| {
            Ok(client.settle(participation.given()?, record.given()?, field, value)?)
        })
        .await
    }

    /// Makes a participation, assigned to consultants. For the office.
    pub async fn create_participation(
        &self,
        participation: Participation,
        consultants: Vec<PersonName>,
    ) -> Result<ParticipationId, FolgeError> {
        self.write(|client| {
            let consultants: Vec<_> = consultants.given()?;
            let new = folge_core::client::NewParticipation {
                participation: participation.given()?,
                consultants: consultants.into_iter().collect(),
            };
            let made = client.create_participations(std::slice::from_ref(&new))?;
            let made = made.into_iter().next();
            made.map(Shown::shown).ok_or_else(FolgeError::internal)
        })
        .await
    }

    /// Changes a participation.
    #[uniffi::method(default(reason = None))]
    pub async fn update_participation(
        &self,
        participation: ParticipationId,
        changed: Participation,
        reason: Option<String>,
    ) -> Result<(), FolgeError> {
        self.write(|client| {
            Ok(client.update_participation(participation.given()?, changed.given()?, reason)?)
        })
        .await
    }
}
