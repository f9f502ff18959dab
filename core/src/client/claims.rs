//! Hours, claims and their approval, from the projections: no document is loaded but where an
//! approval writes into it.

use std::collections::{BTreeMap, BTreeSet};

use folge_protocol::codec::Decode;
use folge_protocol::ids::{DocumentId, PersonId};
use folge_protocol::membership::DocumentKind;

use super::Client;
use crate::contract::Agreement;
use crate::contract::billing::{self, Case, Fact, Groups, Hours};
use crate::contract::claim::{Basis, Claim, ClaimError, HandedOver};
use crate::document::{Command, Record, RecordRef, RecordRow};
use crate::domain::{
    AgreementKey, ApprovedClaim, ClaimKey, ClaimPart, LocalDate, Month, RecordId, StaffKey,
};
use crate::error::Error;
use crate::messages::{Message, Saying};

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

    /// The same of every participation that this device reads. Those whose agreement is not in the
    /// register, or in doubt, are left out.
    /// # Errors
    /// [`Error::Store`].
    pub fn hours_of_all(&mut self) -> Result<BTreeMap<DocumentId, Hours>, Error> {
        let mut agreements = BTreeMap::new();
        for agreement in self.agreements()? {
            match self.sure_agreement(&agreement.key) {
                Ok(agreement) => {
                    agreements.insert(agreement.key.clone(), agreement);
                }
                Err(Error::Claim(_)) => {}
                Err(error) => return Err(error),
            }
        }
        let views: Vec<_> = self.replica.load_views_of(None)?.collect();
        let cases: Vec<Case<'_>> = views
            .iter()
            .filter_map(|(id, view)| view.billing_case(*id))
            .collect();
        let groups = Groups::of(&cases);
        let hours = |case: &Case<'_>| {
            let agreement = agreements.get(case.participation.agreement.as_ref()?)?;
            Some((case.id, billing::hours(case, &groups, agreement)))
        };
        Ok(cases.iter().filter_map(hours).collect())
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
        let parts = self.parts_handed_over(approved.iter().map(|claim| claim.value))?;
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
            of: None,
            parts: &parts,
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

    /// Hands the office what the participations come to that it cannot read, such as those with a
    /// protected address: figures alone, in this person's journal. Each month up to `month` that has
    /// something new is written into the casefile as claimed; the office's next claim takes it in.
    /// For agreements by the hour; NAV counts places itself.
    /// # Errors
    /// [`Error::Claim`] where the month is not over, or something is in doubt; [`Error::NotAllowed`]
    /// outside the staff; [`Error::Store`].
    pub fn hand_over_claims(
        &mut self,
        agreement: &AgreementKey,
        month: Month,
        today: LocalDate,
    ) -> Result<Vec<ClaimPart>, Error> {
        if today <= month.last_day() {
            return Err(ClaimError::NotOver(month).into());
        }
        let agreement = self.sure_agreement(agreement)?;
        if agreement
            .newest()
            .is_none_or(|terms| terms.hourly().is_none())
        {
            return Ok(Vec::new());
        }
        let log = self.replica.log()?;
        let office = log.office();
        let own = self.identity().person;
        let mut hidden = BTreeMap::new();
        for (id, case) in self.replica.summaries() {
            let state = log.documents().get(id);
            if state.is_some_and(|state| !state.readers.contains(&office)) {
                hidden.insert(*id, case.consultant.clone());
            }
        }
        // One hands over for all who may: the main consultant.
        let views = self.register()?;
        let another = |key: &StaffKey| {
            views.iter().any(|view| match &view.record {
                Record::Staff(staff) => {
                    staff.key == *key && staff.person.is_some_and(|person| person != own)
                }
                _ => false,
            })
        };
        hidden.retain(|_, main| !main.as_ref().is_some_and(another));
        let mut handed = Vec::new();
        for document in hidden.into_keys() {
            let mut next = self.first_unclaimed(&agreement, document, month)?;
            while let Some(of) = next.filter(|of| *of <= month) {
                handed.extend(self.hand_over(&agreement, document, of, today)?);
                next = Some(of.next());
            }
        }
        Ok(handed)
    }

    /// The month after the last that was claimed of a participation, or the first with anything.
    fn first_unclaimed(
        &mut self,
        agreement: &Agreement,
        document: DocumentId,
        until: Month,
    ) -> Result<Option<Month>, Error> {
        let last = self.last_claimed(agreement, document)?;
        if let Some(last) = last {
            return Ok(Some(last.next()));
        }
        let claim = self.draw_part(agreement, document, until)?;
        Ok(Some(claim.begins_before().unwrap_or(until)))
    }

    fn last_claimed(
        &mut self,
        agreement: &Agreement,
        document: DocumentId,
    ) -> Result<Option<Month>, Error> {
        let view = self.replica.load_view(document)?;
        let months = view.rows.values().filter_map(|row| match &row.record {
            Record::Billed(billed) if billed.agreement == agreement.key => Some(billed.month),
            _ => None,
        });
        Ok(months.max())
    }

    fn draw_part(
        &mut self,
        agreement: &Agreement,
        document: DocumentId,
        month: Month,
    ) -> Result<Claim, Error> {
        // What was claimed stands in the casefile, whoever claimed it.
        let last = self.last_claimed(agreement, document)?;
        let claimed: Vec<ApprovedClaim> = last
            .map(|month| ApprovedClaim {
                key: ClaimKey {
                    agreement: agreement.key.clone(),
                    month,
                },
                approved: month.last_day(),
                participations: 1,
                lines: Vec::new(),
                parts: Vec::new(),
            })
            .into_iter()
            .collect();
        let approved: Vec<Fact<'_, ApprovedClaim>> = claimed.iter().map(Fact::sure).collect();
        let views: Vec<_> = self.replica.load_views_of(None)?.collect();
        let cases: Vec<Case<'_>> = views
            .iter()
            .filter_map(|(id, view)| view.billing_case(*id))
            .collect();
        let basis = Basis {
            agreement,
            cases: &cases,
            approved: &approved,
            unseen: 0,
            of: Some(document),
            parts: &[],
        };
        Ok(Claim::draw(basis, month)?)
    }

    fn hand_over(
        &mut self,
        agreement: &Agreement,
        document: DocumentId,
        month: Month,
        today: LocalDate,
    ) -> Result<Option<ClaimPart>, Error> {
        let claim = self.draw_part(agreement, document, month)?;
        let Some((billed, lines)) = claim.part(today) else {
            return Ok(None);
        };
        let part = ClaimPart {
            participation: document,
            agreement: agreement.key.clone(),
            month,
            lines,
        };
        self.replica.atomically(|replica| {
            let command = Command::Record(Record::Billed(billed));
            replica.write(document, &command, None)?;
            replica.note(Saying::ClaimPart(part.clone()))
        })?;
        Ok(Some(part))
    }

    /// The parts that were handed over and are in no approved claim, each participation's month
    /// once. Whoever hands over must be able to read the participation. Where this device reads it
    /// too by now, because it is protected no more, the part must be what the casefile says was
    /// claimed.
    fn parts_handed_over<'a>(
        &mut self,
        approved: impl Iterator<Item = &'a ApprovedClaim>,
    ) -> Result<Vec<HandedOver>, Error> {
        let claimed: BTreeSet<RecordId> = approved.flat_map(|c| c.parts.iter().copied()).collect();
        let mut found: BTreeMap<(DocumentId, AgreementKey, Month), HandedOver> = BTreeMap::new();
        let mut taken = BTreeSet::new();
        for handed in self.parts_in_journals()? {
            let part = &handed.part;
            let key = (part.participation, part.agreement.clone(), part.month);
            if claimed.contains(&handed.message) {
                taken.insert(key);
            } else if self.is_sound(part)? {
                // Two devices of one participation, offline at once: the first by its name.
                let kept = found.entry(key).or_insert_with(|| handed.clone());
                if handed.message < kept.message {
                    *kept = handed;
                }
            }
        }
        found.retain(|key, _| !taken.contains(key));
        Ok(found.into_values().collect())
    }

    fn parts_in_journals(&self) -> Result<Vec<HandedOver>, Error> {
        let log = self.replica.log()?;
        let journals = log.documents().iter().filter(|(id, state)| {
            state.kind == DocumentKind::Journal && log.may_read(self.device(), **id)
        });
        let mut found = Vec::new();
        for (journal, _) in journals {
            for sent in self.replica.messages(*journal)? {
                let Ok(message) = Message::from_bytes(&sent.message) else {
                    continue;
                };
                let Saying::ClaimPart(part) = message.saying else {
                    continue;
                };
                let person = log.devices().get(&sent.device).map(|state| state.person);
                let may = |person: &PersonId| log.person_may_read(*person, part.participation);
                if let Some(person) = person.filter(may) {
                    found.push(HandedOver {
                        message: message.id,
                        person,
                        part,
                    });
                }
            }
        }
        Ok(found)
    }

    fn is_sound(&mut self, part: &ClaimPart) -> Result<bool, Error> {
        if self.replica.summaries().contains_key(&part.participation) {
            let view = self.replica.load_view(part.participation)?;
            let row = view.rows.get(&RecordRef::Billed(part.month));
            return Ok(
                matches!(row.map(|row| &row.record), Some(Record::Billed(billed))
                if billed.agreement == part.agreement
                    && billed.amounts.iter().map(|a| a.amount_ore).sum::<i64>()
                        == part.amount_ore()),
            );
        }
        let log = self.replica.log()?;
        let state = log.documents().get(&part.participation);
        Ok(state.is_some_and(|state| !state.readers.contains(&log.office())))
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
    pub(super) fn unseen_casefiles(&self) -> Result<u32, Error> {
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
