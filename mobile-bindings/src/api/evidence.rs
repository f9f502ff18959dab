//! That visits took place, as their participants say.

use crate::app::Folge;
use crate::error::FolgeError;
use crate::shape::{Given, Shown};
use crate::types::{
    AuditException, Day, Evidence, FactsDigest, ParticipationId, RecordName, ThreadId, Verdict,
};

#[uniffi::export]
impl Folge {
    /// Shows a visit to its participant, to be confirmed on an own device. Gives the message's
    /// name. A visit whose facts were changed is shown anew.
    pub async fn show_visit(
        &self,
        participation: ParticipationId,
        visit: RecordName,
    ) -> Result<RecordName, FolgeError> {
        self.write(|client| {
            let shown = client.show_visit(participation.given()?, visit.given()?)?;
            Ok(Shown::shown(shown))
        })
        .await
    }

    /// The participant's answer to a visit that was shown in a thread: the last one for each visit
    /// counts.
    pub async fn confirm(
        &self,
        thread: ThreadId,
        visit: RecordName,
        digest: FactsDigest,
        verdict: Verdict,
    ) -> Result<RecordName, FolgeError> {
        self.write(|client| {
            let (thread, visit) = (thread.given()?, visit.given()?);
            let said = client.confirm(thread, visit, digest.given()?, verdict.given()?)?;
            Ok(Shown::shown(said))
        })
        .await
    }

    /// What each visit's hours stand on. It counts as an opening of the participation.
    pub async fn evidence(
        &self,
        participation: ParticipationId,
    ) -> Result<Vec<Evidence>, FolgeError> {
        self.read(|client| {
            let found = client.evidence(participation.given()?)?;
            Ok(found.into_values().map(Shown::shown).collect())
        })
        .await
    }

    /// What an audit would ask about, from one day to another, both included. For an audit: it
    /// reads the history of every participation with a visit there.
    pub async fn exceptions(&self, from: Day, to: Day) -> Result<Vec<AuditException>, FolgeError> {
        self.read(|client| Ok(Shown::shown(client.exceptions(from.given()?, to.given()?)?)))
            .await
    }
}
