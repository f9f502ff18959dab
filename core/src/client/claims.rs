//! Hours, claims and their approval, from the projections: no document is loaded but where an
//! approval writes into it.

use folge_protocol::ids::DocumentId;
use folge_protocol::membership::DocumentKind;

use super::Client;
use crate::contract::Agreement;
use crate::contract::billing::{self, Case, Fact, Groups, Hours};
use crate::contract::claim::{Basis, Claim, ClaimError};
use crate::document::{Command, Record, RecordRef, RecordRow};
use crate::domain::{AgreementKey, ApprovedClaim, LocalDate, Month};
use crate::error::Error;

impl Client {
    /// A participation's hours by month and kind: what the agreement pays by the hour as it is
    /// billed, so that reports and claims say the same (N7); otherwise minutes as recorded.
    /// # Errors
    /// [`Error::UnknownDocument`]; [`Error::Claim`] where the participation's agreement is not in
    /// the register or in doubt; [`Error::Store`].
    pub fn hours(&mut self, document: DocumentId) -> Result<Hours, Error> {
        let key = self.facts(document)?.agreement;
        let agreement = self.sure_agreement(&key.ok_or(ClaimError::NoAgreement)?)?;
        let views: Vec<_> = self.replica.load_views_of(None)?.collect();
        let cases: Vec<Case<'_>> = views
            .iter()
            .filter_map(|(id, view)| view.billing_case(*id))
            .collect();
        let case = cases
            .iter()
            .find(|case| case.id == document)
            .ok_or(Error::UnknownDocument)?;
        Ok(billing::hours(case, &Groups::of(&cases), &agreement))
    }

    /// The claim of an agreement and month as it stands now, over all participations that this
    /// device reads. Nothing is written.
    /// # Errors
    /// [`Error::Claim`] where the month was approved already, or something it stands on is in
    /// doubt; [`Error::Store`].
    pub fn claim(&mut self, agreement: &AgreementKey, month: Month) -> Result<Claim, Error> {
        let agreement = self.sure_agreement(agreement)?;
        let approved = self.claim_rows(&agreement.key)?;
        let approved: Vec<Fact<'_, ApprovedClaim>> = approved
            .iter()
            .map(|(row, claim)| Fact {
                doubt: row.any_doubt(),
                ..Fact::sure(claim)
            })
            .collect();
        let unseen = self.unseen_casefiles()?;
        let views: Vec<_> = self.replica.load_views_of(None)?.collect();
        let cases: Vec<Case<'_>> = views
            .iter()
            .filter_map(|(id, view)| view.billing_case(*id))
            .collect();
        let basis = Basis {
            agreement: &agreement,
            cases: &cases,
            approved: &approved,
            unseen,
        };
        Ok(Claim::draw(basis, month)?)
    }

    /// Approves a month's claim: what it holds of each participation is written into the
    /// casefiles, the claim itself, which names nobody, into the register. All or nothing.
    /// # Errors
    /// [`Error::NotAllowed`] outside the office; as [`Client::claim`]; [`Error::Claim`] where
    /// another month comes first or the month is not over.
    pub fn approve_claim(
        &mut self,
        agreement: &AgreementKey,
        month: Month,
        today: LocalDate,
    ) -> Result<ApprovedClaim, Error> {
        self.require_office()?;
        let approval = self.claim(agreement, month)?.approve(today)?;
        self.replica.atomically(|replica| {
            let register = replica.log()?.register();
            for (document, billed) in approval.billed {
                let command = Command::Record(Record::Billed(billed));
                replica.write(document, &command, None)?;
            }
            let command = Command::PutClaim(approval.claim.clone());
            replica.write(register, &command, None)?;
            Ok(approval.claim)
        })
    }

    /// Every approved claim, by agreement and month.
    /// # Errors
    /// [`Error::NotAllowed`] where this device does not read the register; [`Error::Store`].
    pub fn claims(&mut self) -> Result<Vec<ApprovedClaim>, Error> {
        let mut claims: Vec<ApprovedClaim> = self
            .register()?
            .into_iter()
            .filter_map(|view| match view.record {
                Record::Claim(claim) => Some(claim),
                _ => None,
            })
            .collect();
        claims.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(claims)
    }

    fn claim_rows(
        &mut self,
        agreement: &AgreementKey,
    ) -> Result<Vec<(RecordRow, ApprovedClaim)>, Error> {
        let views = self.register()?.into_iter();
        let claims = views.filter_map(|view| match &view.record {
            Record::Claim(claim) if claim.key.agreement == *agreement => {
                let claim = claim.clone();
                Some((RecordRow::from(view), claim))
            }
            _ => None,
        });
        Ok(claims.collect())
    }

    /// An agreement that is in no doubt.
    fn sure_agreement(&mut self, key: &AgreementKey) -> Result<Agreement, Error> {
        let log = self.replica.log()?;
        let register = log.register();
        if !log.may_read(self.device(), register) {
            return Err(Error::NotAllowed);
        }
        let document = self.replica.document(register)?;
        let view = document.record(&RecordRef::Agreement(key.clone()));
        let row = RecordRow::from(view.ok_or(ClaimError::NoAgreement)?);
        if row.any_doubt().is_some() {
            return Err(ClaimError::AgreementInDoubt.into());
        }
        match row.record {
            Record::Agreement(agreement) => Ok(agreement),
            _ => Err(ClaimError::NoAgreement.into()),
        }
    }

    /// Casefiles that are not erased and that this device has nothing of. Which agreement they
    /// belong to stands in themselves, so it is not known here.
    fn unseen_casefiles(&self) -> Result<u32, Error> {
        let here = self.replica.summaries();
        let unseen = self
            .replica
            .log()?
            .documents()
            .iter()
            .filter(|(id, state)| {
                state.kind == DocumentKind::Casefile
                    && state.erasure.is_none()
                    && !here.contains_key(id)
            })
            .count();
        Ok(u32::try_from(unseen).unwrap_or(u32::MAX))
    }
}
