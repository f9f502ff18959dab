//! What people see.

use folge_core::domain::StaffKey;

use crate::app::Folge;
use crate::error::FolgeError;
use crate::shape::{Given, Shown};
use crate::types::{
    CaseFilter, CaseLine, CheckResult, Conflict, Day, DayOfWeek, HistoryLine, ParticipationId,
    ParticipationPage, QuarantineLine, RecordRef, RecordState, StaffName, Sums, VisitOfDay,
};

/// Whose: who is named, or the person of this device.
fn whose(
    client: &mut folge_core::client::Client,
    consultant: Option<StaffName>,
) -> Result<Option<StaffKey>, FolgeError> {
    match consultant {
        Some(name) => Ok(Some(name.given()?)),
        None => Ok(client.own_staff_key()?),
    }
}

#[uniffi::export]
impl Folge {
    /// Today in Oslo, by the device's clock.
    pub async fn today(&self) -> Result<Day, FolgeError> {
        self.read(|client| Ok(Shown::shown(client.today()))).await
    }

    /// A consultant's caseload: the participations waiting or active, by family name. Without a
    /// consultant: one's own.
    #[uniffi::method(default(consultant = None))]
    pub async fn caseload(
        &self,
        consultant: Option<StaffName>,
    ) -> Result<Vec<CaseLine>, FolgeError> {
        self.read(|client| {
            let consultant = whose(client, consultant)?;
            let own = consultant.map(|key| Shown::shown(client.caseload(&key)));
            Ok(own.unwrap_or_default())
        })
        .await
    }

    /// The office's list over all participations, filtered and searched, by family name.
    pub async fn office_list(&self, filter: CaseFilter) -> Result<Vec<CaseLine>, FolgeError> {
        self.read(|client| Ok(Shown::shown(client.office_list(&filter.given()?))))
            .await
    }

    /// A consultant's visits of a day, by start. Without a consultant: one's own.
    #[uniffi::method(default(consultant = None))]
    pub async fn day(
        &self,
        day: Day,
        consultant: Option<StaffName>,
    ) -> Result<Vec<VisitOfDay>, FolgeError> {
        self.read(|client| {
            let Some(consultant) = whose(client, consultant)? else {
                return Ok(Vec::new());
            };
            Ok(Shown::shown(client.day(&consultant, day.given()?)?))
        })
        .await
    }

    /// A consultant's visits of the ISO week that a day lies in: seven days, Monday first. Without a
    /// consultant: one's own; none of them for who is in no register.
    #[uniffi::method(default(consultant = None))]
    pub async fn week(
        &self,
        day: Day,
        consultant: Option<StaffName>,
    ) -> Result<Vec<DayOfWeek>, FolgeError> {
        self.read(|client| {
            let Some(consultant) = whose(client, consultant)? else {
                return Ok(Vec::new());
            };
            let week = client.week(&consultant, day.given()?)?;
            let days = week.into_iter().map(|(day, visits)| DayOfWeek {
                day: Shown::shown(day),
                visits: Shown::shown(visits),
            });
            Ok(days.collect())
        })
        .await
    }

    /// A participation's page: every record, and where each stands. It counts as an opening, which
    /// the audit log shows.
    pub async fn participation(
        &self,
        participation: ParticipationId,
    ) -> Result<ParticipationPage, FolgeError> {
        self.read(|client| Ok(Shown::shown(client.participation(participation.given()?)?)))
            .await
    }

    /// A participation's history: who changed what, when, from which device, how sure.
    pub async fn history(
        &self,
        participation: ParticipationId,
    ) -> Result<Vec<HistoryLine>, FolgeError> {
        self.read(|client| Ok(Shown::shown(client.history(participation.given()?)?)))
            .await
    }

    /// The conflicts of a record: the fields with several values, and who wrote each.
    pub async fn conflicts(
        &self,
        participation: ParticipationId,
        record: RecordRef,
    ) -> Result<Vec<Conflict>, FolgeError> {
        self.read(|client| {
            let found = client.conflicts(participation.given()?, &record.given()?)?;
            Ok(Shown::shown(found))
        })
        .await
    }

    /// Where a record's last change is.
    pub async fn record_state(
        &self,
        participation: ParticipationId,
        record: RecordRef,
    ) -> Result<RecordState, FolgeError> {
        self.read(|client| {
            let state = client.record_state(participation.given()?, &record.given()?)?;
            Ok(Shown::shown(state))
        })
        .await
    }

    /// Sums over all that this device can read.
    pub async fn sums(&self) -> Result<Sums, FolgeError> {
        self.read(|client| Ok(Shown::shown(client.sums()))).await
    }

    /// What could not be trusted or read, for a person to look at.
    pub async fn quarantine(&self) -> Result<Vec<QuarantineLine>, FolgeError> {
        self.read(|client| Ok(Shown::shown(client.quarantined()?)))
            .await
    }

    /// Checks everything that this device keeps: the log, each envelope and each document. It
    /// takes a while where there is much.
    pub async fn verify_everything(&self) -> Result<CheckResult, FolgeError> {
        self.read(|client| Ok(Shown::shown(client.verify_everything()?)))
            .await
    }
}
