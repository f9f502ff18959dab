//! What was claimed from NAV: per participation in its casefile, per agreement in the register.
//!
//! A claim of a month is approved once and never changed. It holds that month's entries and, for
//! months approved before, what has become different since: so the sum of all claims is always
//! what a claim computed from scratch would be (`contract::claim`).

use std::collections::BTreeMap;

use folge_protocol::ids::DocumentId;
use serde::{Deserialize, Serialize};

use super::ids::document_id_serde;
use super::register::Area;
use super::{AgreementKey, DomainError, Field, LocalDate, Month, RecordId, limits};

codes! {
    /// What an entry is paid for (OPP b3.1).
    EntryKind {
        /// Follow-up of participant or employer (H2, H3).
        FollowUp = "follow_up",
        /// The participant did not come (H5).
        NoShow = "no_show",
        /// Travel (H6).
        Travel = "travel",
        /// Report writing (H7).
        Report = "report",
    }
}

/// Quarters of one record that a claim added or, where negative, took back.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BilledEntry {
    /// The visit or report that they are for; travel is to a visit.
    pub record: RecordId,
    /// What for.
    pub kind: EntryKind,
    /// The day in Oslo that the entry belongs to.
    pub date: LocalDate,
    /// The service area.
    pub area: Area,
    /// Øre for an hour.
    pub hourly_ore: u64,
    /// Quarters of an hour.
    pub quarters: i64,
}

/// Money at one price that a claim added or, where negative, took back.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BilledAmount {
    /// The month in which the work was done.
    pub month: Month,
    /// The service area.
    pub area: Area,
    /// Øre for an hour.
    pub hourly_ore: u64,
    /// Quarters of an hour.
    pub quarters: i64,
    /// Øre.
    pub amount_ore: i64,
}

/// What the claim of a month holds of one participation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Billed {
    /// The claim's agreement.
    pub agreement: AgreementKey,
    /// The claim's month.
    pub month: Month,
    /// The day on which it was approved.
    pub approved: LocalDate,
    /// Paid by the hour: which entries.
    pub entries: Vec<BilledEntry>,
    /// Paid by the hour: the money.
    pub amounts: Vec<BilledAmount>,
    /// Paid by the place: hundred-thousandths of a place that the claim added or, where negative,
    /// took back, by the month in which it was used and by whole kroner a month.
    pub places: BTreeMap<Month, BTreeMap<u64, i64>>,
}

impl Billed {
    /// Whether the claim held nothing of the participation.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.amounts.is_empty() && self.places.is_empty()
    }

    /// Checks that everything can be recorded.
    /// # Errors
    /// The first thing wrong.
    pub fn validate(&self) -> Result<(), DomainError> {
        let max_count = limits::BILLED_ENTRIES_COUNT_MAX;
        if self.entries.len() > max_count || self.amounts.len() > max_count {
            return Err(DomainError::TooMany {
                field: Field::Entries,
                max_count,
            });
        }
        let entries = self.entries.iter().map(|entry| entry.quarters);
        let amounts = self.amounts.iter().flat_map(|a| [a.quarters, a.amount_ore]);
        let places = self
            .places
            .values()
            .flat_map(|prices| prices.values().copied());
        check_figures(entries.chain(amounts).chain(places))
    }
}

/// Which claim: of an agreement and a month.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ClaimKey {
    /// The agreement.
    pub agreement: AgreementKey,
    /// The month.
    pub month: Month,
}

/// A line of an approved claim: a service area's or a place's money of one month.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ClaimLine {
    /// The month in which the work was done: the claim's, or an earlier one that is corrected.
    pub month: Month,
    /// The service area; none where places are paid.
    pub area: Option<Area>,
    /// Øre for an hour, or for a place and month.
    pub price_ore: u64,
    /// Quarters of an hour, or hundred-thousandths of a place.
    pub quantity: i64,
    /// Øre.
    pub amount_ore: i64,
}

/// What a consultant's device hands over of a participation that the office cannot read, such as one
/// with a protected address: figures alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimPart {
    /// The participation's casefile.
    #[serde(with = "document_id_serde")]
    pub participation: DocumentId,
    /// The agreement.
    pub agreement: AgreementKey,
    /// The month that is claimed.
    pub month: Month,
    /// The lines: the month's own, and corrections of those handed over before.
    pub lines: Vec<ClaimLine>,
}

impl ClaimPart {
    /// What it adds to the claim, in øre.
    #[must_use]
    pub fn amount_ore(&self) -> i64 {
        self.lines.iter().map(|line| line.amount_ore).sum()
    }

    /// Checks that everything can be recorded.
    /// # Errors
    /// The first thing wrong.
    pub fn validate(&self) -> Result<(), DomainError> {
        self.agreement.validate()?;
        check_lines(&self.lines)
    }
}

fn check_lines(lines: &[ClaimLine]) -> Result<(), DomainError> {
    let max_count = limits::BILLED_ENTRIES_COUNT_MAX;
    if lines.len() > max_count {
        return Err(DomainError::TooMany {
            field: Field::Lines,
            max_count,
        });
    }
    let figures = lines.iter().flat_map(|l| [l.quantity, l.amount_ore]);
    check_figures(figures)
}

/// Figures that no claim can have would only make a sum overflow.
fn check_figures(figures: impl IntoIterator<Item = i64>) -> Result<(), DomainError> {
    let max = limits::CLAIM_FIGURE_MAX;
    if figures
        .into_iter()
        .all(|figure| (-max..=max).contains(&figure))
    {
        Ok(())
    } else {
        Err(DomainError::Unreadable {
            field: Field::Figure,
        })
    }
}

/// An approved claim. It names nobody, so that bookkeeping may keep it (K25).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovedClaim {
    /// Which.
    pub key: ClaimKey,
    /// The day on which it was approved.
    pub approved: LocalDate,
    /// Participations with something in it.
    pub participations: u32,
    /// The lines.
    pub lines: Vec<ClaimLine>,
    /// The parts that consultants' devices handed over and that are in it, by their messages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<RecordId>,
}

impl ApprovedClaim {
    /// What is claimed, in øre.
    #[must_use]
    pub fn amount_ore(&self) -> i64 {
        self.lines.iter().map(|line| line.amount_ore).sum()
    }

    /// Checks that everything can be recorded.
    /// # Errors
    /// The first thing wrong.
    pub fn validate(&self) -> Result<(), DomainError> {
        self.key.agreement.validate()?;
        check_lines(&self.lines)
    }
}
