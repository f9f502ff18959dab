//! The claim of an agreement and month, and what has become different since earlier ones.
//!
//! A claim is approved once and never changed. What arrives later, or is voided or corrected, is a
//! visible correction in the next claim: for each participation, month of work, area and price the
//! new figures minus everything that claims held before. So a claim and its corrections always
//! add up to what a claim from scratch would be.
//!
//! Claims of an agreement are approved month by month, none left out. A month counts as claimed
//! once it or a later one was approved; only claimed months are corrected, and what belongs to a
//! month that is still to be claimed waits for that month's claim.
//!
//! What is in doubt changes nothing: a record with a value in conflict, or unreadable, is not
//! claimed, and what was claimed of it before stands, until the doubt is settled.
//!
//! Sources: OPP b3.1, JMO b3.1 (H, I), Q1 (each quarter is traceable to a record), K25 (the
//! approved claim in the register names nobody).

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use folge_protocol::ids::{DocumentId, PersonId};

use super::Agreement;
use super::billing::place::{self, PlaceMonth, PlaceUse};
use super::billing::{
    BillingNotice, Case, CaseBilling, Doubt, Entry, Fact, Groups, KindQuarters, NotBilled,
    RemoteShare, Unbilled, amount_ore, hourly,
};
use super::terms::Pricing;
use crate::domain::{
    ApprovedClaim, Area, Billed, BilledAmount, BilledEntry, ClaimKey, ClaimLine, ClaimPart,
    EntryKind, Language, LocalDate, Month, RecordId,
};

/// Why a claim cannot be drawn or approved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    /// There is no such agreement.
    #[error("there is no such agreement: put it into the register first")]
    NoAgreement,
    /// The agreement is in conflict or cannot be read.
    #[error("two devices changed the agreement at the same time, or it cannot be read: settle it")]
    AgreementInDoubt,
    /// An earlier claim is in conflict or cannot be read.
    #[error("an approved claim stands twice, or cannot be read: settle it in the register first")]
    ClaimsInDoubt,
    /// The month was approved already.
    #[error("the claim of {0} is approved and is not changed: what differs is in the next claim")]
    AlreadyApproved(Month),
    /// Another month comes first.
    #[error("claims are approved month by month: {0} comes first")]
    OutOfOrder(Month),
    /// The month is not over.
    #[error("{0} is not over: a claim is approved after the month's last day")]
    NotOver(Month),
}

impl ClaimError {
    /// A stable code that shells and tests can act on.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoAgreement => "no_agreement",
            Self::AgreementInDoubt => "agreement_in_doubt",
            Self::ClaimsInDoubt => "claims_in_doubt",
            Self::AlreadyApproved(_) => "already_approved",
            Self::OutOfOrder(_) => "out_of_order",
            Self::NotOver(_) => "month_not_over",
        }
    }

    /// What the user reads: what is wrong, and what to do.
    #[must_use]
    pub fn user_text(&self, language: Language) -> String {
        if language == Language::English {
            return self.to_string();
        }
        match self {
            Self::NoAgreement => "Avtalen finnes ikke. Legg den inn i registeret først.".into(),
            Self::AgreementInDoubt => {
                "To enheter har endret avtalen samtidig, eller den kan ikke leses. Avgjør hva som \
                 gjelder."
                    .into()
            }
            Self::ClaimsInDoubt => {
                "Et godkjent krav står to ganger eller kan ikke leses. Avgjør i registeret hva som \
                 gjelder."
                    .into()
            }
            Self::AlreadyApproved(month) => format!(
                "Kravet for {month} er godkjent og endres ikke. Det som er nytt, kommer i neste krav."
            ),
            Self::OutOfOrder(next) => {
                format!("Krav godkjennes måned for måned: {next} kommer først.")
            }
            Self::NotOver(month) => {
                format!("{month} er ikke over. Kravet godkjennes etter månedens siste dag.")
            }
        }
    }
}

/// Why a participation is not in a claim at all, neither with new work nor with corrections. Once
/// the reason is gone, the next claim brings what it lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LeftOut {
    /// Its processing is restricted (GDPR article 18): nothing can be written in the casefile.
    Restricted,
    /// Its area, period, state or agreement is in doubt.
    InDoubt(Doubt),
    /// What was claimed of it before is in doubt.
    BilledInDoubt(Doubt),
    /// A claim of the same month, of the agreement that it belonged to before, holds it.
    OtherAgreement,
}

impl LeftOut {
    /// A stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Restricted => "restricted",
            Self::InDoubt(Doubt::Conflict) => "in_conflict",
            Self::InDoubt(Doubt::Damaged) => "unreadable",
            Self::BilledInDoubt(_) => "billed_in_doubt",
            Self::OtherAgreement => "other_agreement",
        }
    }

    /// What the office reads.
    #[must_use]
    pub const fn user_text(self, language: Language) -> &'static str {
        match (language, self) {
            (Language::Norwegian, Self::Restricted) => {
                "Behandlingen er begrenset: deltakelsen er ikke med i kravet før det er opphevet."
            }
            (Language::English, Self::Restricted) => {
                "The processing is restricted: not in the claim until that is lifted."
            }
            (Language::Norwegian, Self::InDoubt(Doubt::Conflict)) => {
                "To enheter har ulike opplysninger om deltakelsen. Avgjør hva som gjelder."
            }
            (Language::English, Self::InDoubt(Doubt::Conflict)) => {
                "Two devices say different things of the participation: settle which stands."
            }
            (Language::Norwegian, Self::InDoubt(Doubt::Damaged)) => {
                "En opplysning om deltakelsen kan ikke leses. Rett den."
            }
            (Language::English, Self::InDoubt(Doubt::Damaged)) => {
                "A value of the participation cannot be read: correct it."
            }
            (Language::Norwegian, Self::BilledInDoubt(_)) => {
                "Det som er krevd før for deltakelsen, står to ganger eller kan ikke leses. Avgjør \
                 hva som gjelder."
            }
            (Language::English, Self::BilledInDoubt(_)) => {
                "What was claimed before stands twice or cannot be read: settle which stands."
            }
            (Language::Norwegian, Self::OtherAgreement) => {
                "Deltakelsen er med i kravet for samme måned i en annen avtale. Resten kommer neste \
                 måned."
            }
            (Language::English, Self::OtherAgreement) => {
                "Another agreement's claim of the month holds it: the rest comes next month."
            }
        }
    }
}

/// More places were used than the agreement has in an area (I7): not paid without agreement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacesAbove {
    /// The service area.
    pub area: Area,
    /// The first day of the month with the most.
    pub day: LocalDate,
    /// Places used on it.
    pub used: u32,
    /// Places agreed.
    pub agreed: u32,
}

/// What a claim holds of one participation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseClaim {
    /// The participation.
    pub participation: DocumentId,
    /// What approving writes into its casefile: new work and corrections. Its day of approval is
    /// the claim month's last day until then.
    pub billed: Billed,
    /// The trace of the claim's month: each entry with its rule and records (Q1).
    pub entries: Vec<Entry>,
    /// What of the claim's month is not paid, and why; and travel that belongs to no month.
    pub not_billed: Vec<Unbilled>,
    /// What the office is told of the claim's month.
    pub notices: Vec<BillingNotice>,
    /// Paid by the place: the place used in the claim's month, or why none.
    pub place: Option<Result<PlaceUse, NotBilled>>,
}

impl CaseClaim {
    /// The quarters of the claim's month by kind, corrections left out.
    #[must_use]
    pub fn quarters(&self) -> KindQuarters {
        let mut sum = KindQuarters::default();
        for entry in &self.entries {
            sum.add(entry.kind, entry.quarters);
        }
        sum
    }

    /// Øre by the hour that the claim holds of the participation, corrections included. A place
    /// has no amount of its own: the claim is rounded once.
    #[must_use]
    pub fn amount_ore(&self) -> i64 {
        self.billed.amounts.iter().map(|a| a.amount_ore).sum()
    }
}

/// A claim that is not approved yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Which.
    pub key: ClaimKey,
    /// The lines: the claim's month, and corrections of months before.
    pub lines: Vec<ClaimLine>,
    /// The participations.
    pub cases: Vec<CaseClaim>,
    /// Participations of the agreement that are not in it, and why.
    pub left_out: Vec<(DocumentId, LeftOut)>,
    /// Casefiles of the workspace that this device cannot read, such as those with a protected
    /// address: some of them may be of this agreement.
    pub unseen: u32,
    /// Areas with more places used than agreed.
    pub places_above: Vec<PlacesAbove>,
    /// How much of the month's follow-up was by video or telephone.
    pub remote: RemoteShare,
    /// The parts in it of participations that this device cannot read.
    pub parts: Vec<HandedOver>,
    /// The month that must be approved before this one.
    comes_first: Option<Month>,
}

impl Claim {
    /// What is claimed, in øre.
    #[must_use]
    pub fn amount_ore(&self) -> i64 {
        self.lines.iter().map(|line| line.amount_ore).sum()
    }
}

/// What a claim is drawn from.
#[derive(Debug, Clone, Copy)]
pub struct Basis<'a> {
    /// The agreement.
    pub agreement: &'a Agreement,
    /// Every casefile at hand, whatever its agreement: group meetings may cross agreements.
    pub cases: &'a [Case<'a>],
    /// The agreement's approved claims.
    pub approved: &'a [Fact<'a, ApprovedClaim>],
    /// How many casefiles are not at hand.
    pub unseen: u32,
    /// Only this participation, where a consultant's device hands over its part.
    pub of: Option<DocumentId>,
    /// Parts of participations that are not at hand, handed over and in no approved claim yet.
    pub parts: &'a [HandedOver],
}

/// A part that a consultant's device handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandedOver {
    /// The message.
    pub message: RecordId,
    /// Who sent it.
    pub person: PersonId,
    /// What it says.
    pub part: ClaimPart,
}

/// What approving a claim writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// Into each casefile with something in the claim.
    pub billed: Vec<(DocumentId, Billed)>,
    /// Into the register.
    pub claim: ApprovedClaim,
}

impl Claim {
    /// Draws the claim of a month.
    /// # Errors
    /// [`ClaimError::AlreadyApproved`], [`ClaimError::ClaimsInDoubt`].
    pub fn draw(basis: Basis<'_>, month: Month) -> Result<Self, ClaimError> {
        if basis.approved.iter().any(|claim| claim.doubt.is_some()) {
            return Err(ClaimError::ClaimsInDoubt);
        }
        let last = basis
            .approved
            .iter()
            .map(|claim| claim.value.key.month)
            .max();
        if last.is_some_and(|last| month <= last) {
            return Err(ClaimError::AlreadyApproved(month));
        }
        let mut claim = Self {
            key: ClaimKey {
                agreement: basis.agreement.key.clone(),
                month,
            },
            lines: Vec::new(),
            cases: Vec::new(),
            left_out: Vec::new(),
            unseen: basis.unseen,
            places_above: Vec::new(),
            remote: RemoteShare::default(),
            parts: Vec::new(),
            comes_first: last.map(Month::next).filter(|next| *next != month),
        };
        let drawing = Drawing { basis, month, last };
        let terms = basis.agreement.terms_on(month.last_day());
        match terms.map(|terms| &terms.pricing) {
            Some(Pricing::Place(_)) => drawing.places(&mut claim),
            Some(Pricing::Hourly(_)) | None => {
                drawing.hourly(&mut claim);
                claim.take_parts(basis.parts);
            }
        }
        Ok(claim)
    }

    /// Takes in the parts handed over for this month and for those before.
    fn take_parts(&mut self, parts: &[HandedOver]) {
        let month = self.key.month;
        let wanted = |handed: &&HandedOver| {
            handed.part.month <= month && handed.part.agreement == self.key.agreement
        };
        let taken: Vec<HandedOver> = parts.iter().filter(wanted).cloned().collect();
        let all = taken.iter().flat_map(|handed| handed.part.lines.iter());
        for line in all {
            let same = self.lines.iter_mut().find(|own| {
                (own.month, &own.area, own.price_ore) == (line.month, &line.area, line.price_ore)
            });
            match same {
                Some(own) => {
                    own.quantity = own.quantity.saturating_add(line.quantity);
                    own.amount_ore = own.amount_ore.saturating_add(line.amount_ore);
                }
                None => self.lines.push(line.clone()),
            }
        }
        self.lines
            .retain(|line| (line.quantity, line.amount_ore) != (0, 0));
        self.lines.sort();
        self.parts = taken;
    }

    /// What a consultant's device hands over of one participation: what to write into its casefile,
    /// and the lines; none where nothing is new.
    #[must_use]
    pub fn part(&self, today: LocalDate) -> Option<(Billed, Vec<ClaimLine>)> {
        let case = self.cases.iter().find(|case| !case.billed.is_empty())?;
        let billed = Billed {
            approved: today,
            ..case.billed.clone()
        };
        Some((billed, self.lines.clone()))
    }

    /// The first month that a participation's part is of, where an earlier one comes first.
    #[must_use]
    pub const fn begins_before(&self) -> Option<Month> {
        self.comes_first
    }

    /// Approves the claim. Nothing of it changes afterwards.
    /// # Errors
    /// [`ClaimError::OutOfOrder`], [`ClaimError::NotOver`].
    pub fn approve(&self, today: LocalDate) -> Result<Approval, ClaimError> {
        if let Some(first) = self.comes_first {
            return Err(ClaimError::OutOfOrder(first));
        }
        if today <= self.key.month.last_day() {
            return Err(ClaimError::NotOver(self.key.month));
        }
        let billed: Vec<_> = self
            .cases
            .iter()
            .filter(|case| !case.billed.is_empty())
            .map(|case| {
                let billed = Billed {
                    approved: today,
                    ..case.billed.clone()
                };
                (case.participation, billed)
            })
            .collect();
        let claim = ApprovedClaim {
            key: self.key.clone(),
            approved: today,
            participations: u32::try_from(billed.len() + self.parts.len()).unwrap_or(u32::MAX),
            lines: self.lines.clone(),
            parts: self.parts.iter().map(|handed| handed.message).collect(),
        };
        Ok(Approval { billed, claim })
    }
}

/// An entry's identity: the same record and kind is one entry, on its day at its price.
type EntryKey = (RecordId, EntryKind, LocalDate, Area, u64);
/// What an amount is about.
type AmountKey = (Month, Area, u64);

struct Drawing<'a> {
    basis: Basis<'a>,
    month: Month,
    /// The last approved month.
    last: Option<Month>,
}

impl<'a> Drawing<'a> {
    /// Whether work of a month is in this claim: the claim's own, or one claimed before.
    fn covers(&self, month: Month) -> bool {
        month == self.month || self.last.is_some_and(|last| month <= last)
    }

    /// What earlier claims of the agreement held of a participation.
    fn before<'c>(&self, case: &'c Case<'a>) -> impl Iterator<Item = &'a Billed> + use<'a, 'c> {
        let agreement = &self.basis.agreement.key;
        case.billed
            .iter()
            .map(|billed| billed.value)
            .filter(move |billed| billed.agreement == *agreement)
    }

    /// The agreement's participations, those that a claim held before included; and those that
    /// are left out.
    fn cases(&self, claim: &mut Claim) -> Vec<&'a Case<'a>> {
        let agreement = &self.basis.agreement.key;
        let mut taken = Vec::new();
        let wanted = |case: &&Case<'_>| self.basis.of.is_none_or(|id| id == case.id);
        for case in self.basis.cases.iter().filter(wanted) {
            let billed_doubt = case.billed.iter().find_map(|billed| billed.doubt);
            let held = self.before(case).next().is_some();
            if !case.is_of(agreement) && !held {
                continue;
            }
            let other = |billed: &Fact<'_, Billed>| billed.value.month == self.month;
            let why = if case.restricted {
                LeftOut::Restricted
            } else if let Some(doubt) = billed_doubt {
                LeftOut::BilledInDoubt(doubt)
            } else if let Some(doubt) = case.doubt {
                LeftOut::InDoubt(doubt)
            } else if case.billed.iter().any(other) {
                LeftOut::OtherAgreement
            } else {
                taken.push(case);
                continue;
            };
            claim.left_out.push((case.id, why));
        }
        taken
    }

    fn empty_billed(&self) -> Billed {
        Billed {
            agreement: self.basis.agreement.key.clone(),
            month: self.month,
            approved: self.month.last_day(),
            entries: Vec::new(),
            amounts: Vec::new(),
            places: BTreeMap::new(),
        }
    }

    // --- by the hour ---

    fn hourly(&self, claim: &mut Claim) {
        let agreement = self.basis.agreement;
        let groups = Groups::of(self.basis.cases);
        let mut lines: BTreeMap<AmountKey, (i64, i64)> = BTreeMap::new();
        for case in self.cases(claim) {
            let bill = if case.is_of(&agreement.key) {
                hourly::bill(case, &groups, agreement)
            } else {
                CaseBilling::default()
            };
            if self.last.is_none() {
                let first = bill.entries.first().map(|entry| entry.date.month());
                let first = first.filter(|first| *first < self.month);
                claim.comes_first = claim.comes_first.into_iter().chain(first).min();
            }
            let billed = self.difference(case, &bill);
            for amount in &billed.amounts {
                let key = (amount.month, amount.area.clone(), amount.hourly_ore);
                let line = lines.entry(key).or_default();
                line.0 += amount.quarters;
                line.1 += amount.amount_ore;
            }
            let month = self.month;
            let of_month = |date: &LocalDate| date.month() == month;
            let made = CaseClaim {
                participation: case.id,
                billed,
                entries: keep(bill.entries, |entry| of_month(&entry.date)),
                not_billed: keep(bill.not_billed, |left| {
                    left.date.as_ref().is_none_or(of_month)
                }),
                notices: keep(bill.notices, |notice| of_month(&notice.date)),
                place: None,
            };
            for entry in &made.entries {
                claim.remote.add(entry);
            }
            if !made.billed.is_empty()
                || !made.entries.is_empty()
                || !made.not_billed.is_empty()
                || !made.notices.is_empty()
            {
                claim.cases.push(made);
            }
        }
        let lines = lines
            .into_iter()
            .filter(|(_, (q, ore))| (*q, *ore) != (0, 0));
        claim.lines = lines
            .map(
                |((month, area, price_ore), (quantity, amount_ore))| ClaimLine {
                    month,
                    area: Some(area),
                    price_ore,
                    quantity,
                    amount_ore,
                },
            )
            .collect();
    }

    /// What has become different since the claims before: entries and money.
    fn difference(&self, case: &Case<'_>, bill: &CaseBilling) -> Billed {
        // What stands now. A record in doubt stands as it was claimed before.
        let mut now: BTreeMap<EntryKey, i64> = BTreeMap::new();
        for entry in bill.entries.iter().filter(|e| self.covers(e.date.month())) {
            let key = (
                entry.record,
                entry.kind,
                entry.date,
                entry.area.clone(),
                entry.hourly_ore,
            );
            *now.entry(key).or_default() += i64::from(entry.quarters);
        }
        let doubtful: BTreeSet<(RecordId, bool)> = bill
            .not_billed
            .iter()
            .filter(|left| matches!(left.why, NotBilled::InConflict | NotBilled::Unreadable))
            .map(|left| (left.record, left.kind == EntryKind::Travel))
            .collect();
        let mut entries = now.clone();
        let mut billed_amounts: BTreeMap<AmountKey, (i64, i64)> = BTreeMap::new();
        for before in self.before(case) {
            for entry in &before.entries {
                let key = (
                    entry.record,
                    entry.kind,
                    entry.date,
                    entry.area.clone(),
                    entry.hourly_ore,
                );
                if doubtful.contains(&(entry.record, entry.kind == EntryKind::Travel)) {
                    *now.entry(key).or_default() += entry.quarters;
                } else {
                    *entries.entry(key).or_default() -= entry.quarters;
                }
            }
            for amount in &before.amounts {
                let key = (amount.month, amount.area.clone(), amount.hourly_ore);
                let sum = billed_amounts.entry(key).or_default();
                sum.0 += amount.quarters;
                sum.1 += amount.amount_ore;
            }
        }
        let mut amounts: BTreeMap<AmountKey, i64> = BTreeMap::new();
        for ((_, _, date, area, price), quarters) in now {
            *amounts.entry((date.month(), area, price)).or_default() += quarters;
        }
        for key in billed_amounts.keys() {
            amounts.entry(key.clone()).or_default();
        }
        let mut billed = self.empty_billed();
        for ((record, kind, date, area, hourly_ore), quarters) in entries {
            if quarters != 0 {
                billed.entries.push(BilledEntry {
                    record,
                    kind,
                    date,
                    area,
                    hourly_ore,
                    quarters,
                });
            }
        }
        for (key, quarters) in amounts {
            let (q_before, ore_before) = billed_amounts.get(&key).copied().unwrap_or_default();
            let ore = u64::try_from(quarters).map_or(0, |quarters| amount_ore(quarters, key.2));
            let ore = i64::try_from(ore).unwrap_or(i64::MAX);
            if (quarters, ore) != (q_before, ore_before) {
                let (month, area, hourly_ore) = key;
                billed.amounts.push(BilledAmount {
                    month,
                    area,
                    hourly_ore,
                    quarters: quarters - q_before,
                    amount_ore: ore - ore_before,
                });
            }
        }
        billed
    }

    // --- by the place ---

    /// The months that a claim by the place covers: its own, and every one claimed before.
    fn place_months(&self, cases: &[&Case<'_>]) -> BTreeMap<Month, PlaceMonth> {
        // Nobody is in a measure before its agreement begins.
        let begins = self.basis.agreement.begins().map(LocalDate::month);
        let starts = cases.iter().filter_map(|case| case.participation.start);
        let first = starts.map(LocalDate::month).min().max(begins);
        let mut months = BTreeMap::new();
        let mut month = first.unwrap_or(self.month);
        while month <= self.month {
            if let Some(days) = PlaceMonth::of(self.basis.agreement, month) {
                months.insert(month, days);
            }
            month = month.next();
        }
        months
    }

    fn places(&self, claim: &mut Claim) {
        let cases = self.cases(claim);
        let months = self.place_months(&cases);
        let mut changes: BTreeMap<Month, BTreeMap<u64, i64>> = BTreeMap::new();
        for case in &cases {
            let of = case.is_of(&self.basis.agreement.key);
            let mut places: BTreeMap<Month, BTreeMap<u64, i64>> = BTreeMap::new();
            let mut own = None;
            for (month, days) in months.iter().filter(|_| of) {
                let used = days.used(case);
                if self.covers(*month) {
                    if let Ok(used) = &used {
                        places.insert(*month, used.parts.clone());
                    }
                } else if self.last.is_none() && used.as_ref().is_ok_and(|u| !u.parts.is_empty()) {
                    claim.comes_first = claim.comes_first.into_iter().chain([*month]).min();
                }
                if *month == self.month {
                    own = Some(used);
                }
            }
            for before in self.before(case) {
                for (month, parts) in &before.places {
                    let sums = places.entry(*month).or_default();
                    for (nok, part) in parts {
                        *sums.entry(*nok).or_default() -= part;
                    }
                }
            }
            for parts in places.values_mut() {
                parts.retain(|_, part| *part != 0);
            }
            places.retain(|_, parts| !parts.is_empty());
            for (month, parts) in &places {
                let sums = changes.entry(*month).or_default();
                for (nok, part) in parts {
                    *sums.entry(*nok).or_default() += part;
                }
            }
            // Who was not in the measure that month has no place in the list either.
            let listed = own.filter(|own| *own != Err(NotBilled::OutsidePeriod));
            if !places.is_empty() || listed.is_some() {
                claim.cases.push(CaseClaim {
                    participation: case.id,
                    billed: Billed {
                        places,
                        ..self.empty_billed()
                    },
                    entries: Vec::new(),
                    not_billed: Vec::new(),
                    notices: Vec::new(),
                    place: listed,
                });
            }
        }
        claim.lines = self.place_lines(&changes);
        if let Some(days) = months.get(&self.month) {
            claim.places_above = self.above(days, &cases);
        }
    }

    /// The lines, by what they add to the whole kroner that earlier claims came to. What those
    /// held of participations that are no longer here counts too.
    fn place_lines(&self, changes: &BTreeMap<Month, BTreeMap<u64, i64>>) -> Vec<ClaimLine> {
        let mut lines = Vec::new();
        for (month, parts) in changes {
            let mut sums: BTreeMap<u64, i64> = BTreeMap::new();
            let mut ore_before: BTreeMap<u64, i64> = BTreeMap::new();
            for approved in self.basis.approved {
                for line in approved.value.lines.iter().filter(|l| l.month == *month) {
                    let nok = place::price_nok(line.price_ore);
                    *sums.entry(nok).or_default() += line.quantity;
                    *ore_before.entry(nok).or_default() += line.amount_ore;
                }
            }
            for (nok, part) in parts {
                *sums.entry(*nok).or_default() += part;
            }
            for (nok, ore) in place::amounts_ore(&sums) {
                let quantity = parts.get(&nok).copied().unwrap_or_default();
                let amount_ore = ore - ore_before.get(&nok).copied().unwrap_or_default();
                if (quantity, amount_ore) != (0, 0) {
                    lines.push(ClaimLine {
                        month: *month,
                        area: None,
                        price_ore: place::price_ore(nok),
                        quantity,
                        amount_ore,
                    });
                }
            }
        }
        lines
    }

    fn above(&self, days: &PlaceMonth, cases: &[&Case<'_>]) -> Vec<PlacesAbove> {
        let agreement = self.basis.agreement;
        let Some(terms) = agreement.terms_on(self.month.last_day()) else {
            return Vec::new();
        };
        let single = terms.areas.len() == 1;
        let above = terms.areas.iter().filter_map(|(area, agreed)| {
            let here = cases.iter().copied().filter(|case| {
                let named = case.participation.area.as_deref();
                let of_area = named == Some(&area.0) || (single && named.is_none());
                of_area && case.is_of(&agreement.key) && days.used(case).is_ok()
            });
            let (day, used) = days.most(here)?;
            (used > agreed.places_max).then(|| PlacesAbove {
                area: area.clone(),
                day,
                used,
                agreed: agreed.places_max,
            })
        });
        above.collect()
    }
}

fn keep<T>(mut values: Vec<T>, keep: impl Fn(&T) -> bool) -> Vec<T> {
    values.retain(keep);
    values
}
