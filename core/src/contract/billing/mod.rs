//! From records to what is paid for: entries, each with the rule and the records that it stands
//! on, and for every record that yields nothing the reason (OPP b3.1, JMO b3.1; `REQUIREMENTS.md`
//! H, H-decided and I).
//!
//! [`hourly`] is pay by the hour, [`place`] pay by the place and month. Both are pure functions
//! of [`Case`]s and an [`Agreement`]; the order of records never matters.
//! Absent: what was claimed before, which is [`claim`](super::claim)'s.

mod groups;
pub mod hourly;
pub mod place;
mod ratio;
#[cfg(test)]
pub(crate) mod tests;
mod texts;

use std::collections::BTreeMap;
use std::fmt;

use folge_protocol::ids::DocumentId;
use serde::Serialize;

pub use groups::{Divisor, Groups};
pub use ratio::Ratio;

use super::Agreement;
use super::terms::Pricing;
use crate::domain::minutes::minutes_by_month;
use crate::domain::{
    AgreementKey, Area, Billed, EntryKind, LocalDate, MeetingForm, Minutes, MinutesByMonth, Month,
    Participation, RecordId, Report, ReportKind, Trip, Visit,
};

/// Why money must not hang on a record yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Doubt {
    /// Two devices wrote different values at the same time, and nobody has settled which stands.
    Conflict,
    /// A value cannot be read.
    Damaged,
}

/// A record of a casefile, with what stands against relying on it.
#[derive(Debug)]
pub struct Fact<'a, T> {
    /// The record.
    pub value: &'a T,
    /// It was voided.
    pub voided: bool,
    /// A field that money hangs on is in doubt.
    pub doubt: Option<Doubt>,
}

impl<T> Clone for Fact<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Fact<'_, T> {}

impl<'a, T> Fact<'a, T> {
    /// A record that stands.
    #[must_use]
    pub const fn sure(value: &'a T) -> Self {
        Self {
            value,
            voided: false,
            doubt: None,
        }
    }
}

type Visiting<'a> = Fact<'a, Visit>;

/// A casefile as billing sees it.
#[derive(Clone)]
pub struct Case<'a> {
    /// The casefile.
    pub id: DocumentId,
    /// The participation.
    pub participation: &'a Participation,
    /// Its area, period, state or agreement is in doubt.
    pub doubt: Option<Doubt>,
    /// Its processing is restricted (GDPR article 18), or may be.
    pub restricted: bool,
    /// Its visits, voided ones included.
    pub visits: Vec<Fact<'a, Visit>>,
    /// Its trips, voided ones included.
    pub trips: Vec<Fact<'a, Trip>>,
    /// Its reports, voided ones included.
    pub reports: Vec<Fact<'a, Report>>,
    /// What claims held of it.
    pub billed: Vec<Fact<'a, Billed>>,
}

impl fmt::Debug for Case<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Case")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl<'a> Case<'a> {
    /// A casefile in which nothing is recorded yet.
    #[must_use]
    pub const fn new(id: DocumentId, participation: &'a Participation) -> Self {
        Self {
            id,
            participation,
            doubt: None,
            restricted: participation.restricted.is_some(),
            visits: Vec::new(),
            trips: Vec::new(),
            reports: Vec::new(),
            billed: Vec::new(),
        }
    }

    /// Whether the participation is in the measure on a day; start and end day both count
    /// (decision 12, I6).
    #[must_use]
    pub fn is_inside(&self, day: LocalDate) -> bool {
        let started = self.participation.start.is_some_and(|start| start <= day);
        started && self.participation.end.is_none_or(|end| day <= end)
    }

    /// Whether it belongs to an agreement.
    #[must_use]
    pub fn is_of(&self, agreement: &AgreementKey) -> bool {
        self.participation.agreement.as_ref() == Some(agreement)
    }
}

/// The rule that an entry stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Follow-up with the participant.
    FollowUp,
    /// Follow-up of the employer alone.
    Employer,
    /// A share of a group's time.
    GroupShare,
    /// The participant did not come.
    NoShow,
    /// Travel to a meeting.
    Travel,
    /// A share of the travel to a group's meeting.
    GroupTravel,
    /// Writing a status report.
    StatusReport,
    /// Writing a final report.
    FinalReport,
    /// Writing another report that the agreement pays for.
    OtherReport,
}

/// Why a record yields nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NotBilled {
    /// Still to come, or nobody said what came of it.
    Planned,
    /// The participant was excused.
    Excused,
    /// Cancelled.
    Cancelled,
    /// Moved; the new time is another visit.
    Moved,
    /// Voided.
    Voided,
    /// The participation has no start date.
    NotStarted,
    /// Before the start or after the end of the participation.
    OutsidePeriod,
    /// The participation has no service area.
    AreaMissing,
    /// No price for the area on that day.
    NoPrice,
    /// The agreement does not pay by the hour on that day.
    NotHourly,
    /// By video or telephone, which the agreement does not pay.
    VideoOrPhone,
    /// With the employer alone, which the agreement does not pay.
    EmployerMeeting,
    /// A no-show in a group.
    GroupNoShow,
    /// No whole minute.
    NoTime,
    /// The same group meeting stands in the casefile twice: it is billed once.
    Duplicate,
    /// A value in conflict.
    InConflict,
    /// A value that cannot be read, or that makes no sense.
    Unreadable,
    /// A report of another kind than the agreement pays for.
    ReportKind,
    /// A report that was not delivered.
    NotDelivered,
    /// Travel to a meeting to which the participant did not come.
    TravelToNoShow,
    /// Travel to a meeting that was not held.
    TravelNotHeld,
    /// Travel tied to no meeting of the participation.
    TravelUntied,
    /// The participation ended, and nobody said when.
    EndMissing,
    /// The participation still waits or never began.
    NotTakingPart,
}

impl From<Doubt> for NotBilled {
    fn from(doubt: Doubt) -> Self {
        match doubt {
            Doubt::Conflict => Self::InConflict,
            Doubt::Damaged => Self::Unreadable,
        }
    }
}

/// A record, or a part of it, that yields nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unbilled {
    /// The visit or report; for travel the visit, or the trip where it is tied to none.
    pub record: RecordId,
    /// What it would have been paid for.
    pub kind: EntryKind,
    /// The day that it would have belonged to, where there is one.
    pub date: Option<LocalDate>,
    /// Why not.
    pub why: NotBilled,
}

/// What the office is told beside the figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeReason {
    /// Several consultants in an individual meeting: billed once (decision 5).
    SeveralConsultants,
    /// Travel to a meeting to which the participant did not come: not billed (decision 7).
    TravelToNoShow,
    /// Of a group only some casefiles are here: the share stands on the counts (H8).
    GroupSeenInPart,
    /// Two individual meetings of the participation overlap: perhaps one was recorded twice.
    SameTime,
}

/// A notice about a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct BillingNotice {
    /// The visit.
    pub record: RecordId,
    /// Its day.
    pub date: LocalDate,
    /// What about it.
    pub reason: NoticeReason,
}

/// What an entry stands on beside its record.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Basis {
    /// What was spent before caps and shares: the meeting's length for each consultant that
    /// counts, the trips' parts for this meeting, the writing.
    pub spent: Ratio,
    /// The cap that applies to that, in minutes.
    pub cap_minutes: Option<u32>,
    /// How many it is shared by.
    pub shared_by: u32,
    /// How many of those are not seen here.
    pub unseen: u32,
    /// The trips.
    pub trips: Vec<RecordId>,
}

impl Default for Ratio {
    fn default() -> Self {
        Self::ZERO
    }
}

/// Quarters of an hour to be paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The participation's casefile.
    pub participation: DocumentId,
    /// The visit or report; travel is to a visit.
    pub record: RecordId,
    /// What for.
    pub kind: EntryKind,
    /// The day in Oslo that it belongs to.
    pub date: LocalDate,
    /// The rule.
    pub rule: Rule,
    /// The minutes that were rounded up: after cap and share, exact.
    pub minutes: Ratio,
    /// Quarters of an hour.
    pub quarters: u32,
    /// The service area.
    pub area: Area,
    /// Øre for an hour.
    pub hourly_ore: u64,
    /// How the meeting was held.
    pub form: Option<MeetingForm>,
    /// What it stands on.
    pub basis: Basis,
}

/// Everything that the records of one participation yield by the hour.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CaseBilling {
    /// What is paid, by day, record and kind.
    pub entries: Vec<Entry>,
    /// What is not, and why.
    pub not_billed: Vec<Unbilled>,
    /// What the office is told.
    pub notices: Vec<BillingNotice>,
}

impl CaseBilling {
    /// The quarters by month and kind.
    #[must_use]
    pub fn quarters(&self) -> BTreeMap<Month, KindQuarters> {
        let mut months: BTreeMap<Month, KindQuarters> = BTreeMap::new();
        for entry in &self.entries {
            months
                .entry(entry.date.month())
                .or_default()
                .add(entry.kind, entry.quarters);
        }
        months
    }
}

/// Quarters of an hour by kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct KindQuarters {
    /// Follow-up.
    pub follow_up: u64,
    /// No-shows.
    pub no_show: u64,
    /// Travel.
    pub travel: u64,
    /// Report writing.
    pub report: u64,
}

impl KindQuarters {
    /// Adds quarters of a kind.
    pub fn add(&mut self, kind: EntryKind, quarters: u32) {
        let sum = match kind {
            EntryKind::FollowUp => &mut self.follow_up,
            EntryKind::NoShow => &mut self.no_show,
            EntryKind::Travel => &mut self.travel,
            EntryKind::Report => &mut self.report,
        };
        *sum = sum.saturating_add(quarters.into());
    }

    /// All of them.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.follow_up + self.no_show + self.travel + self.report
    }
}

/// How much of the follow-up was by video or telephone: the agreement allows that to a limited
/// extent and names no limit, so the share is shown (H2, OPP b1.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct RemoteShare {
    /// Quarters of follow-up.
    pub follow_up: u64,
    /// Those of them by video or telephone.
    pub remote: u64,
}

impl RemoteShare {
    /// Adds an entry, where it is follow-up.
    pub fn add(&mut self, entry: &Entry) {
        if entry.kind == EntryKind::FollowUp {
            self.follow_up += u64::from(entry.quarters);
            if entry.form.is_some_and(|form| form != MeetingForm::InPerson) {
                self.remote += u64::from(entry.quarters);
            }
        }
    }

    /// The share in per mille, rounded down; none where there is no follow-up.
    #[must_use]
    pub const fn per_mille(&self) -> Option<u64> {
        (self.remote * 1000).checked_div(self.follow_up)
    }
}

/// The share of video and telephone by month.
pub fn remote_share<'a>(
    entries: impl IntoIterator<Item = &'a Entry>,
) -> BTreeMap<Month, RemoteShare> {
    let mut months: BTreeMap<Month, RemoteShare> = BTreeMap::new();
    for entry in entries {
        months.entry(entry.date.month()).or_default().add(entry);
    }
    months
}

/// The hours of a participation, as reports show them (N1, N7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hours {
    /// Paid by the hour: the very quarters that are billed.
    Billed(BTreeMap<Month, KindQuarters>),
    /// Paid by the place: minutes as recorded (I3).
    Recorded(MinutesByMonth),
}

/// The hours of a participation. What the agreement pays by the hour is counted as it is billed,
/// so that a report's totals equal what was billed (N7).
#[must_use]
pub fn hours(case: &Case<'_>, groups: &Groups, agreement: &Agreement) -> Hours {
    let newest = agreement.newest().map(|terms| &terms.pricing);
    if matches!(newest, Some(Pricing::Hourly(_))) {
        return Hours::Billed(hourly::bill(case, groups, agreement).quarters());
    }
    Hours::Recorded(minutes_by_month(
        standing(&case.visits),
        standing(&case.trips),
        standing(&case.reports),
    ))
}

fn standing<'a, T>(facts: &[Fact<'a, T>]) -> impl Iterator<Item = &'a T> {
    facts
        .iter()
        .filter(|fact| !fact.voided)
        .map(|fact| fact.value)
}

/// The money for quarters at a price: half an øre and more is rounded up (decision 14).
#[must_use]
pub fn amount_ore(quarters: u64, hourly_ore: u64) -> u64 {
    quarters.saturating_mul(hourly_ore).saturating_add(2) / 4
}

/// Which of the agreement's rules a report falls under.
const fn report_rule(kind: ReportKind) -> Rule {
    match kind {
        ReportKind::Status => Rule::StatusReport,
        ReportKind::Final => Rule::FinalReport,
        ReportKind::Plan | ReportKind::JointPlan | ReportKind::Other => Rule::OtherReport,
    }
}

/// Whole minutes of a visit; none where its times make no sense.
fn length(visit: &Visit) -> Option<Minutes> {
    visit.length().ok()
}
