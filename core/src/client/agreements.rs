//! What the agreements say here: the terms, the rules that records are checked by, and what is due.

use std::collections::BTreeMap;

use folge_protocol::ids::DocumentId;

use super::Client;
use crate::contract::areas::{self, Places};
use crate::contract::billing::{self, Groups, Hours};
use crate::contract::deadlines::{self, Obligation, OfficeFacts};
use crate::contract::terms::QUARTER_MINUTES;
use crate::contract::{Agreement, AgreementVersion, Terms, codes, data, status};
use crate::document::{CaseView, Command, Record, RecordRef, listed_name};
use crate::domain::identity::national_id_kind;
use crate::domain::register::Area;
use crate::domain::{
    AgreementKey, CodeList, CodeListName, Instant, LocalDate, Month, OfficeReport, Participation,
    StaffKey, Visit,
};
use crate::error::Error;
use crate::messages::RequestState;

/// Something that is due on a participation, in a list.
#[derive(Clone, PartialEq, Eq)]
pub struct CaseObligation {
    /// The participation.
    pub participation: DocumentId,
    /// Its reference.
    pub reference: String,
    /// The participant's name; none where the address is protected.
    pub name: Option<String>,
    /// What is due.
    pub obligation: Obligation,
}

impl std::fmt::Debug for CaseObligation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CaseObligation")
            .field("participation", &self.participation)
            .field("obligation", &self.obligation)
            .finish_non_exhaustive()
    }
}

/// The minutes of follow-up by month that count against the average (D3): what is billed where it
/// is paid by the hour, so that a group's time is shared; otherwise the meetings attended.
fn follow_up_minutes(
    view: &CaseView,
    participation: DocumentId,
    groups: &Groups,
    agreement: &Agreement,
) -> BTreeMap<Month, u32> {
    let Some(case) = view.billing_case(participation) else {
        return BTreeMap::new();
    };
    match billing::hours(&case, groups, agreement) {
        Hours::Billed(months) => months
            .into_iter()
            .map(|(month, quarters)| {
                let quarters = u32::try_from(quarters.follow_up).unwrap_or(u32::MAX);
                (month, quarters.saturating_mul(QUARTER_MINUTES))
            })
            .collect(),
        Hours::Recorded(minutes) => minutes
            .months
            .into_iter()
            .map(|(month, minutes)| (month, minutes.attended.0))
            .collect(),
    }
}

fn groups_of(views: &[(DocumentId, &CaseView)]) -> Groups {
    let cases: Vec<_> = views
        .iter()
        .filter_map(|(id, view)| view.billing_case(*id))
        .collect();
    Groups::of(&cases)
}

impl Client {
    /// The agreements in the register, with every version of their terms.
    /// # Errors
    /// [`Error::Store`].
    pub fn agreements(&mut self) -> Result<Vec<Agreement>, Error> {
        Ok(self.replica.agreements()?.values().cloned().collect())
    }

    /// One agreement.
    /// # Errors
    /// [`Error::UnknownAgreement`], [`Error::Store`].
    pub fn agreement(&mut self, key: &AgreementKey) -> Result<Agreement, Error> {
        let agreements = self.replica.agreements()?;
        agreements.get(key).cloned().ok_or(Error::UnknownAgreement)
    }

    /// Puts an agreement into the register: a new one, or one with another version of its terms.
    /// # Errors
    /// [`Error::Terms`] with the path of what is wrong; as [`Client::record`].
    pub fn put_agreement(&mut self, agreement: Agreement) -> Result<(), Error> {
        agreement.check_terms()?;
        self.put(vec![Command::PutAgreement(agreement)])
    }

    /// Puts terms, as TOML, into the register, which count from a day: those of a new agreement, or
    /// another version of one that is there.
    /// # Errors
    /// As [`Client::put_agreement`].
    pub fn put_terms(
        &mut self,
        key: AgreementKey,
        from: LocalDate,
        toml: &str,
    ) -> Result<(), Error> {
        let terms = Terms::from_toml(toml)?;
        let known = self.replica.agreements()?.get(&key).cloned();
        let agreement = match known {
            Some(mut known) => {
                let change = None;
                known
                    .versions
                    .insert(from, AgreementVersion { change, terms });
                known
            }
            None => Agreement::new(key, from, terms),
        };
        self.put_agreement(agreement)
    }

    /// Puts a code list of NAV's into the register, in place of the one before.
    /// # Errors
    /// As [`Client::record`]; only the office writes there.
    pub fn put_code_list(&mut self, list: CodeList) -> Result<(), Error> {
        self.put(vec![Command::PutCodeList(list)])
    }

    /// A code list: as it was imported, otherwise as it is built in; none for one that NAV owns and
    /// nobody imported.
    /// # Errors
    /// [`Error::NotAllowed`], [`Error::Store`].
    pub fn code_list(&mut self, name: CodeListName) -> Result<Option<CodeList>, Error> {
        let imported = self
            .register()?
            .into_iter()
            .find_map(|view| match view.record {
                Record::CodeList(list) if list.name == name => Some(list),
                _ => None,
            });
        Ok(imported.or_else(|| codes::built_in(name)))
    }

    /// What is open, by day: on all participations that this device reads, or on those of one
    /// consultant. What is due on agreements is in [`Client::agreement_deadlines`].
    /// # Errors
    /// [`Error::Store`].
    pub fn deadlines(
        &mut self,
        consultant: Option<&StaffKey>,
        today: LocalDate,
    ) -> Result<Vec<CaseObligation>, Error> {
        let agreements = self.replica.agreements()?;
        let mut open = Vec::new();
        let views: Vec<_> = self.replica.load_views_of(None)?.collect();
        let groups = groups_of(&views);
        for (participation, view) in views {
            if consultant.is_some_and(|key| !view.summary.has_consultant(key)) {
                continue;
            }
            let Some(case) = view.case() else { continue };
            let key = case.participation.agreement.as_ref();
            let Some(agreement) = key.and_then(|key| agreements.get(key)) else {
                continue;
            };
            let hours = follow_up_minutes(view, participation, &groups, agreement);
            let all = deadlines::of_participation(&case, agreement, &hours, today);
            open.extend(
                all.into_iter()
                    .filter(Obligation::is_open)
                    .map(|obligation| CaseObligation {
                        participation,
                        reference: view.summary.reference.clone(),
                        name: listed_name(&view.summary),
                        obligation,
                    }),
            );
        }
        for request in self.requests()? {
            let Some(participation) = request.participation else {
                continue;
            };
            let Some(case) = self.replica.summaries().get(&participation) else {
                continue;
            };
            if consultant.is_some_and(|key| !case.has_consultant(key)) {
                continue;
            }
            let forwarded = request.state != RequestState::Open;
            let obligation = deadlines::of_request(Instant(request.at_ms), forwarded, today);
            if obligation.is_open() {
                open.push(CaseObligation {
                    participation,
                    reference: case.reference.clone(),
                    name: listed_name(case),
                    obligation,
                });
            }
        }
        open.sort_by(|a, b| {
            // What has no day stands first: something else waits for it.
            let key = |line: &CaseObligation| (line.obligation.due, line.obligation.kind);
            key(a)
                .cmp(&key(b))
                .then_with(|| a.reference.cmp(&b.reference))
        });
        Ok(open)
    }

    /// Everything that is or was due on one participation, by day.
    /// # Errors
    /// [`Error::UnknownDocument`], [`Error::UnknownAgreement`], [`Error::Store`].
    pub fn participation_deadlines(
        &mut self,
        document: DocumentId,
        today: LocalDate,
    ) -> Result<Vec<Obligation>, Error> {
        if !self.replica.summaries().contains_key(&document) {
            return Err(Error::UnknownDocument);
        }
        let agreements = self.replica.agreements()?;
        let views: Vec<_> = self.replica.load_views_of(None)?.collect();
        let groups = groups_of(&views);
        let view = views.iter().find(|(id, _)| *id == document);
        let (_, view) = view.ok_or(Error::UnknownDocument)?;
        let case = view.case().ok_or(Error::UnknownDocument)?;
        let key = case.participation.agreement.as_ref();
        let agreement = key.and_then(|key| agreements.get(key));
        let agreement = agreement.ok_or(Error::UnknownAgreement)?;
        let hours = follow_up_minutes(view, document, &groups, agreement);
        Ok(deadlines::of_participation(&case, agreement, &hours, today))
    }

    /// Everything that is or was due on an agreement, by day. `breaches` are those that the office
    /// knows of, for no record says when NAV was told.
    /// # Errors
    /// [`Error::UnknownAgreement`], [`Error::NotAllowed`], [`Error::Store`].
    pub fn agreement_deadlines(
        &mut self,
        key: &AgreementKey,
        breaches: &[deadlines::Breach],
        now: Instant,
    ) -> Result<Vec<Obligation>, Error> {
        let agreement = self.agreement(key)?;
        let reports: Vec<OfficeReport> = self
            .register()?
            .into_iter()
            .filter_map(|view| match view.record {
                Record::OfficeReport(report) if report.key.agreement == *key => Some(report),
                _ => None,
            })
            .collect();
        let facts = OfficeFacts {
            reports: reports.iter().collect(),
            breaches: breaches.to_vec(),
            ended: None,
        };
        Ok(deadlines::of_agreement(&agreement, &facts, now))
    }

    /// Checks a participation before it is written first.
    pub(super) fn check_new_participation(&mut self, new: &Participation) -> Result<(), Error> {
        check_identity(new, None, self.test_mode)?;
        let agreements = self.replica.agreements()?;
        let agreement = new.agreement.as_ref().and_then(|key| agreements.get(key));
        if let Some(terms) = agreement.and_then(Agreement::newest) {
            data::check_participation(new, terms)?;
        }
        Ok(())
    }

    /// Checks a command by the agreement's rules: allowed data, NAV's states and proposals, the days
    /// of the participation. A participation without a known agreement is checked as far as that
    /// goes.
    pub(super) fn check_rules(
        &mut self,
        document: DocumentId,
        command: &Command,
        reason: Option<&str>,
    ) -> Result<(), Error> {
        let (record, is_new) = match command {
            Command::Record(record) => (record, true),
            Command::Amend(record) => (record, false),
            Command::UpdateParticipation(participation) => {
                return self.check_participation(document, participation);
            }
            _ => return Ok(()),
        };
        match record {
            // What was claimed is written by approving a claim only.
            Record::Billed(_) | Record::Claim(_) => return Err(Error::NotAllowed),
            // Another PIN is another record: what the earlier one confirmed must stay.
            Record::PinKey(_) if !is_new => return Err(Error::NotAllowed),
            Record::Participation(participation) => {
                return self.check_participation(document, participation);
            }
            Record::Visit(_) | Record::Employment(_) | Record::Proposal(_) => {}
            _ => return Ok(()),
        }
        if !self.replica.summaries().contains_key(&document) {
            return Ok(());
        }
        let agreements = self.replica.agreements()?;
        let today = self.today();
        let view = self.replica.load_view(document)?;
        let Some(case) = view.case() else {
            return Ok(());
        };
        let agreement = case.participation.agreement.as_ref();
        let agreement = agreement.and_then(|key| agreements.get(key));
        let terms = agreement.and_then(|agreement| agreement.terms_on(today));
        match record {
            Record::Visit(visit) => {
                if let Some(terms) = terms {
                    data::check_visit(visit, terms)?;
                }
                if is_new && reason.is_none() && lies_outside(visit, case.participation) {
                    return Err(Error::OutsideParticipation);
                }
            }
            Record::Employment(work) => {
                if let Some(terms) = terms {
                    data::check_employment(work, terms)?;
                }
            }
            Record::Proposal(proposal) if is_new => {
                status::check_proposal(&case, &proposal.change, agreement)?;
            }
            Record::Proposal(proposal) => {
                let before = view.rows.get(&RecordRef::Proposal(proposal.id));
                if let Some(Record::Proposal(before)) = before.map(|row| &row.record)
                    && !status::may_become(&before.state, &proposal.state)
                {
                    let status = case.participation.status;
                    return Err(status::StatusError::ProposalDoesNotFit { status }.into());
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// How many places of each area of an agreement are taken on a day. Participations that this
    /// device may not read, such as protected ones, are not counted.
    /// # Errors
    /// [`Error::UnknownAgreement`], [`Error::Store`].
    pub fn places(
        &mut self,
        key: &AgreementKey,
        day: LocalDate,
    ) -> Result<BTreeMap<Area, Places>, Error> {
        let agreement = self.agreement(key)?;
        let terms = agreement.terms_on(day).ok_or(Error::UnknownAgreement)?;
        let views = self.replica.load_views_of(None)?;
        let cases = views.filter_map(|(_, view)| view.participation());
        let cases = cases.filter(|case| case.agreement.as_ref() == Some(key));
        Ok(areas::places(terms, cases, day))
    }

    fn check_participation(
        &mut self,
        document: DocumentId,
        after: &Participation,
    ) -> Result<(), Error> {
        if !self.replica.summaries().contains_key(&document) {
            return Ok(());
        }
        let agreements = self.replica.agreements()?;
        let today = self.today();
        let test_mode = self.test_mode;
        let Some(case) = self.replica.load_view(document)?.case() else {
            return Ok(());
        };
        check_identity(after, Some(case.participation), test_mode)?;
        let agreement = after.agreement.as_ref();
        let agreement = agreement.and_then(|key| agreements.get(key));
        if let Some(terms) = agreement.and_then(Agreement::newest) {
            data::check_participation(after, terms)?;
        }
        Ok(status::check_change(&case, after, agreement, today)?)
    }
}

/// Whether a visit lies outside the days of the participation, where those are known (H-decided
/// 12).
fn lies_outside(visit: &Visit, participation: &Participation) -> bool {
    let day = visit.start.date();
    participation.start.is_some_and(|start| day < start)
        || participation.end.is_some_and(|end| day > end)
}

/// Checks an identity number that is new: its check digits, and that it is made for tests in test
/// mode only.
fn check_identity(
    new: &Participation,
    old: Option<&Participation>,
    test_mode: bool,
) -> Result<(), Error> {
    let Some(number) = &new.national_id else {
        return Ok(());
    };
    if old.is_some_and(|old| old.national_id.as_ref() == Some(number)) {
        return Ok(());
    }
    let kind = national_id_kind(number.reveal()).ok_or(Error::BadIdentity)?;
    if kind.synthetic.is_some() && !test_mode {
        return Err(Error::SyntheticIdentity);
    }
    Ok(())
}
