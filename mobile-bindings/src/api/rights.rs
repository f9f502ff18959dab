//! Rights of those who are recorded, and what an audit asks for.

use folge_core::domain::Language;

use crate::app::Folge;
use crate::error::FolgeError;
use crate::shape::{Given, Shown};
use crate::types::{
    AuditLine, BreachNotice, ContactPoint, DeviceName, ExportedFile, LossReport, ParticipationId,
    Subprocessor, relay_time_of, time_of,
};

#[uniffi::export]
impl Folge {
    /// The archive for somebody who asks what is recorded of them: files to read and to carry to
    /// another provider. It counts as an export.
    pub async fn archive(
        &self,
        participation: ParticipationId,
    ) -> Result<Vec<ExportedFile>, FolgeError> {
        self.write(|client| Ok(Shown::shown(client.archive(participation.given()?)?)))
            .await
    }

    /// Reports a device as lost: it is put out, and the notice to NAV is drafted.
    pub async fn report_lost(
        &self,
        device: DeviceName,
        report: LossReport,
    ) -> Result<BreachNotice, FolgeError> {
        self.write(|client| {
            let notice = client.report_lost(device.given()?, report.given()?)?;
            Ok(Shown::shown(notice))
        })
        .await
    }

    /// The record of processing activities (GDPR art. 30), as text and as a page.
    pub async fn processing_register(
        &self,
        contact: ContactPoint,
        subprocessors: Vec<Subprocessor>,
    ) -> Result<Vec<ExportedFile>, FolgeError> {
        self.read(|client| {
            let (contact, subprocessors): (_, Vec<_>) = (contact.given()?, subprocessors.given()?);
            let files = client.processing_register(&contact, &subprocessors, |register| {
                [
                    ("protokoll.txt", register.to_text(Language::Norwegian)),
                    ("record.txt", register.to_text(Language::English)),
                    ("protokoll.html", register.to_html()),
                ]
            })?;
            Ok(files
                .into_iter()
                .map(|(name, text)| ExportedFile {
                    name: name.to_owned(),
                    bytes: text.into_bytes(),
                })
                .collect())
        })
        .await
    }

    /// The audit log of all that this device may read, by time.
    pub async fn audit(&self) -> Result<Vec<AuditLine>, FolgeError> {
        self.read(|client| {
            let lines = client.audit()?.into_iter().map(|line| AuditLine {
                person: Shown::shown(line.person),
                role: Shown::shown(line.role),
                device: Shown::shown(line.device),
                at: time_of(line.at_ms),
                accepted: line.accepted_ms.map(relay_time_of),
                act: line.act.code().to_owned(),
                document: Shown::shown(line.act.document()),
            });
            Ok(lines.collect())
        })
        .await
    }
}
