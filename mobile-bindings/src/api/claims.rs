//! Hours and claims.

use crate::app::Folge;
use crate::error::FolgeError;
use crate::shape::{Given, Shown};
use crate::types::{
    AgreementName, ApprovedClaim, Claim, ClaimPart, Hours, HoursOfCase, Month, ParticipationId,
};

#[uniffi::export]
impl Folge {
    /// A participation's hours by month: what is billed, or what was recorded where places are
    /// paid.
    pub async fn hours(&self, participation: ParticipationId) -> Result<Hours, FolgeError> {
        self.read(|client| Ok(Shown::shown(client.hours(participation.given()?)?)))
            .await
    }

    /// The same of every participation that this device reads. Those whose agreement is not in the
    /// register, or in doubt, are left out.
    pub async fn hours_of_all(&self) -> Result<Vec<HoursOfCase>, FolgeError> {
        self.read(|client| {
            let all = client.hours_of_all()?.into_iter();
            Ok(all
                .map(|(participation, hours)| HoursOfCase {
                    participation: Shown::shown(participation),
                    hours: Shown::shown(hours),
                })
                .collect())
        })
        .await
    }

    /// A month's claim as it would be approved now, with the reason for everything that is not
    /// billed. For the office.
    pub async fn claim(&self, agreement: AgreementName, month: Month) -> Result<Claim, FolgeError> {
        self.read(|client| {
            let claim = client.claim(&agreement.given()?, month.given()?)?;
            Ok(Shown::shown(claim))
        })
        .await
    }

    /// Approves a month's claim, once. What comes later is a correction in the next one.
    pub async fn approve_claim(
        &self,
        agreement: AgreementName,
        month: Month,
    ) -> Result<ApprovedClaim, FolgeError> {
        self.write(|client| {
            let (agreement, month, today) = (agreement.given()?, month.given()?, client.today());
            let approved = client.approve_claim(&agreement, month, today)?;
            Ok(Shown::shown(approved))
        })
        .await
    }

    /// The claims that were approved.
    pub async fn claims(&self) -> Result<Vec<ApprovedClaim>, FolgeError> {
        self.read(|client| Ok(Shown::shown(client.claims()?))).await
    }

    /// A main consultant hands the office what protected participations come to: figures alone.
    pub async fn hand_over_claims(
        &self,
        agreement: AgreementName,
        month: Month,
    ) -> Result<Vec<ClaimPart>, FolgeError> {
        self.write(|client| {
            let (agreement, month, today) = (agreement.given()?, month.given()?, client.today());
            let parts = client.hand_over_claims(&agreement, month, today)?;
            Ok(Shown::shown(parts))
        })
        .await
    }
}
