//! Erasure.

use crate::app::Folge;
use crate::error::FolgeError;
use crate::shape::{Given, Shown};
use crate::types::{
    AgreementName, CohortStatistics, Departure, ErasureReason, ErasureReceipt, ParticipationId,
    RetentionOfCase,
};

#[uniffi::export]
impl Folge {
    /// When each participation is erased by itself.
    pub async fn retention(&self) -> Result<Vec<RetentionOfCase>, FolgeError> {
        self.read(|client| {
            let all = client.retention()?.into_iter();
            Ok(all
                .map(|(participation, retention)| RetentionOfCase {
                    participation: Shown::shown(participation),
                    retention: Shown::shown(retention),
                })
                .collect())
        })
        .await
    }

    /// Erases what is due. To be called once a day.
    pub async fn erase_due(&self) -> Result<Vec<ParticipationId>, FolgeError> {
        self.write(|client| Ok(Shown::shown(client.erase_due()?)))
            .await
    }

    /// Erases a participation everywhere, with every key that opens it. It cannot be undone.
    pub async fn erase(
        &self,
        participation: ParticipationId,
        reason: ErasureReason,
    ) -> Result<(), FolgeError> {
        self.write(move |client| Ok(client.erase(participation.given()?, reason.given()?)?))
            .await
    }

    /// Holds a participation back from erasure, with a reason, or releases it.
    pub async fn hold_erasure(
        &self,
        participation: ParticipationId,
        reason: Option<String>,
    ) -> Result<(), FolgeError> {
        self.write(|client| Ok(client.hold(participation.given()?, reason)?))
            .await
    }

    /// Restricts the processing of a participation (GDPR art. 18), with a reason, or lifts that.
    pub async fn restrict(
        &self,
        participation: ParticipationId,
        reason: Option<String>,
    ) -> Result<(), FolgeError> {
        self.write(|client| Ok(client.restrict(participation.given()?, reason)?))
            .await
    }

    /// The signed receipt of what was erased, and which devices have yet to confirm.
    pub async fn erasure_receipt(
        &self,
        participations: Vec<ParticipationId>,
    ) -> Result<ErasureReceipt, FolgeError> {
        self.write(|client| {
            let documents: Vec<_> = participations.given()?;
            Ok(Shown::shown(client.erasure_receipt(&documents)?))
        })
        .await
    }

    /// Leaves an agreement: everything is exported, then erased everywhere. It cannot be undone.
    pub async fn leave_agreement(&self, agreement: AgreementName) -> Result<Departure, FolgeError> {
        self.write(|client| Ok(Shown::shown(client.leave_agreement(&agreement.given()?)?)))
            .await
    }

    /// The anonymous statistics that were drawn before participations were erased.
    pub async fn statistics(&self) -> Result<Vec<CohortStatistics>, FolgeError> {
        self.read(|client| Ok(Shown::shown(client.statistics()?)))
            .await
    }
}
