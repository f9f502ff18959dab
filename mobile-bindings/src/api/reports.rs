//! Reports to NAV.

use folge_core::contract::reports::{CountingTable, Mailable};
use folge_core::domain::Language;

use crate::app::Folge;
use crate::error::FolgeError;
use crate::shape::{Given, Shown};
use crate::types::{
    AgreementName, AttendanceList, MailNotice, Month, OfficeReport, ParticipationId, RecordName,
    Report, ReportDraft, ReportKind, ResultReport,
};

#[uniffi::export]
impl Folge {
    /// A report as it stands: drawn from the records, with what was written. Without a report: as
    /// it would begin now. It counts as an opening of the participation.
    #[uniffi::method(default(report = None))]
    pub async fn report_draft(
        &self,
        participation: ParticipationId,
        kind: ReportKind,
        report: Option<RecordName>,
    ) -> Result<ReportDraft, FolgeError> {
        self.read(move |client| {
            let (document, report) = (participation.given()?, report.given()?);
            let draft = client.report_draft(document, kind.given()?, report)?;
            Ok(Shown::shown(draft))
        })
        .await
    }

    /// The same for a report that is not recorded yet, while it is being written.
    pub async fn report_preview(
        &self,
        participation: ParticipationId,
        report: Report,
    ) -> Result<ReportDraft, FolgeError> {
        self.read(|client| {
            let draft = client.report_preview(participation.given()?, &report.given()?)?;
            Ok(Shown::shown(draft))
        })
        .await
    }

    /// Records a report that was delivered otherwise, and so is not filled in here.
    pub async fn record_delivered_elsewhere(
        &self,
        participation: ParticipationId,
        report: Report,
    ) -> Result<(), FolgeError> {
        self.write(|client| {
            Ok(client.record_delivered_elsewhere(participation.given()?, report.given()?)?)
        })
        .await
    }

    /// The result report of a month: counts and what is missing. It names nobody. What NAV counts
    /// as a result is in no tender, so nothing is counted as one here. For the office.
    pub async fn result_report(
        &self,
        agreement: AgreementName,
        month: Month,
    ) -> Result<ResultReport, FolgeError> {
        self.read(|client| {
            let (agreement, month) = (agreement.given()?, month.given()?);
            let report = client.result_report(&agreement, month, &CountingTable::default())?;
            Ok(Shown::shown(report))
        })
        .await
    }

    /// The draft of the evaluation that begins with a month. For the office.
    pub async fn evaluation(
        &self,
        agreement: AgreementName,
        month: Month,
    ) -> Result<ReportDraft, FolgeError> {
        self.read(|client| {
            let (agreement, month) = (agreement.given()?, month.given()?);
            let draft = client.evaluation(&agreement, month, &CountingTable::default())?;
            Ok(Shown::shown(draft))
        })
        .await
    }

    /// Puts a report of the office into the register.
    pub async fn put_office_report(&self, report: OfficeReport) -> Result<(), FolgeError> {
        self.write(|client| Ok(client.put_office_report(report.given()?)?))
            .await
    }

    /// The attendance list of a month, by pseudonyms, which may go by e-mail. It counts as an
    /// export. For the office.
    pub async fn attendance_list(
        &self,
        agreement: AgreementName,
        month: Month,
    ) -> Result<AttendanceList, FolgeError> {
        self.read(|client| {
            let list = client.attendance_list(&agreement.given()?, month.given()?)?;
            Ok(AttendanceList {
                lines: Shown::shown(list.len()),
                text: list.mail_text().as_str().to_owned(),
                warnings_nb: list.warnings(Language::Norwegian),
                warnings_en: list.warnings(Language::English),
            })
        })
        .await
    }

    /// A message to NAV that may go by e-mail: a pseudonym and a day.
    pub async fn mail_notice(
        &self,
        participation: ParticipationId,
        notice: MailNotice,
    ) -> Result<String, FolgeError> {
        self.read(|client| {
            let text = client.mail_notice(participation.given()?, notice.given()?)?;
            Ok(text.as_str().to_owned())
        })
        .await
    }
}
