//! What a report draws from visits: hours, absence, activities (N7, P4).

use std::collections::{BTreeMap, BTreeSet};

use super::{Both, Period};
use crate::domain::{Absence, EmployerKey, LocalDate, Minutes, Month, Outcome, Visit, With};

/// Hours of follow-up by month, of the days in a report's period. They are not counted here: where
/// the hour is paid they are the claim's own quarters, so that both totals are one (N7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HoursByMonth {
    /// Paid by the hour: quarters of an hour, as they are claimed.
    Quarters(BTreeMap<Month, u32>),
    /// Paid by the place: minutes as they were spent.
    Minutes(BTreeMap<Month, Minutes>),
}

impl HoursByMonth {
    /// The sums of a claim's entries, each with its day, that lie in a period. What a later claim
    /// took back counts against; a month is never negative.
    #[must_use]
    pub fn of_entries(entries: impl IntoIterator<Item = (LocalDate, i64)>, period: Period) -> Self {
        let mut sums: BTreeMap<Month, i64> = BTreeMap::new();
        for (date, quarters) in entries {
            if period.contains(date) {
                *sums.entry(date.month()).or_default() += quarters;
            }
        }
        let whole = |quarters: i64| u32::try_from(quarters.max(0)).unwrap_or(u32::MAX);
        Self::Quarters(sums.into_iter().map(|(m, q)| (m, whole(q))).collect())
    }

    /// The minutes of the meetings held in a period, for an agreement that pays by the place.
    #[must_use]
    pub fn of_visits<'a>(visits: impl IntoIterator<Item = &'a Visit>, period: Period) -> Self {
        let mut sums: BTreeMap<Month, Minutes> = BTreeMap::new();
        for visit in visits {
            let date = visit.start.date();
            if visit.outcome == Outcome::Attended
                && period.contains(date)
                && let Ok(length) = visit.length()
            {
                *sums.entry(date.month()).or_default() += length;
            }
        }
        Self::Minutes(sums)
    }

    /// A month's time in minutes.
    #[must_use]
    pub fn minutes(&self, month: Month) -> u64 {
        match self {
            Self::Quarters(sums) => u64::from(sums.get(&month).copied().unwrap_or(0)) * 15,
            Self::Minutes(sums) => u64::from(sums.get(&month).copied().unwrap_or_default().0),
        }
    }

    /// As it stands in the report: a line for each month of the period, and the sum.
    #[must_use]
    pub fn text(&self, period: Period) -> String {
        let months = period.months();
        let mut lines: Vec<String> = months
            .iter()
            .map(|month| {
                format!(
                    "{}: {}",
                    month_text(*month),
                    hours_text(self.minutes(*month))
                )
            })
            .collect();
        let total: u64 = months.iter().map(|month| self.minutes(*month)).sum();
        lines.push(format!("Sum: {}", hours_text(total)));
        lines.join("\n")
    }
}

/// A month in which a report and the claim say different hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// The month.
    pub month: Month,
    /// Quarters in the report.
    pub reported: u32,
    /// Quarters in the claim.
    pub claimed: u32,
}

/// The months in which a report's hours are not what is claimed (N7): empty where all is well. Only
/// for what is paid by the hour.
#[must_use]
pub fn differences(hours: &HoursByMonth, claimed: &BTreeMap<Month, u32>) -> Vec<Difference> {
    let HoursByMonth::Quarters(reported) = hours else {
        return Vec::new();
    };
    let months: BTreeSet<Month> = reported.keys().chain(claimed.keys()).copied().collect();
    let of = |sums: &BTreeMap<Month, u32>, month| sums.get(month).copied().unwrap_or(0);
    months
        .iter()
        .map(|month| Difference {
            month: *month,
            reported: of(reported, month),
            claimed: of(claimed, month),
        })
        .filter(|line| line.reported != line.claimed)
        .collect()
}

const MONTHS: [&str; 12] = [
    "januar",
    "februar",
    "mars",
    "april",
    "mai",
    "juni",
    "juli",
    "august",
    "september",
    "oktober",
    "november",
    "desember",
];

/// `januar 2026`.
pub(super) fn month_text(month: Month) -> String {
    let name = usize::try_from(month.month - 1)
        .ok()
        .and_then(|n| MONTHS.get(n));
    format!("{} {}", name.unwrap_or(&""), month.year)
}

/// Whole quarters as decimal hours, such as `3,25 t`; anything else as `3 t 20 min`.
pub(super) fn hours_text(minutes: u64) -> String {
    let (hours, rest) = (minutes / 60, minutes % 60);
    match rest {
        0 => format!("{hours} t"),
        15 => format!("{hours},25 t"),
        30 => format!("{hours},5 t"),
        45 => format!("{hours},75 t"),
        _ => format!("{hours} t {rest} min"),
    }
}

/// Why somebody was absent, in classes that say nothing more of health than the template asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AbsenceClass {
    /// Did not come and gave no notice (ugyldig fravær).
    NoNotice,
    /// Valid absence of a class.
    Valid(Absence),
}

impl AbsenceClass {
    /// What it is called.
    #[must_use]
    pub const fn text(self) -> Both {
        match self {
            Self::NoNotice => ("ikke møtt, uten beskjed", "did not come, no notice"),
            Self::Valid(Absence::Unspecified) => ("gyldig fravær", "valid absence"),
            Self::Valid(Absence::Illness) => ("egen sykdom", "own illness"),
            Self::Valid(Absence::Family) => {
                ("sykdom hos barn eller nærstående", "illness in the family")
            }
            Self::Valid(Absence::Appointment) => {
                ("time hos etat eller behandler", "an appointment")
            }
            Self::Valid(Absence::Work) => ("arbeid", "work"),
            Self::Valid(Absence::Leave) => ("permisjon", "leave"),
            Self::Valid(Absence::Other) => ("annen gyldig grunn", "another valid reason"),
        }
    }
}

/// Absence of a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord)]
pub struct AbsenceSum {
    /// Days of Oslo's on which a meeting began that the participant did not come to.
    pub days: u32,
    /// The length of those meetings.
    pub minutes: Minutes,
}

/// Absence from the meetings of a period, by cause (P4). Meetings with the employer alone, and what
/// was cancelled in time or moved, are nobody's absence. Where one day has absence of two classes
/// it counts in both.
#[must_use]
pub fn absence<'a>(
    visits: impl IntoIterator<Item = &'a Visit>,
    period: Option<Period>,
) -> BTreeMap<AbsenceClass, AbsenceSum> {
    let mut days: BTreeMap<AbsenceClass, BTreeSet<LocalDate>> = BTreeMap::new();
    let mut sums: BTreeMap<AbsenceClass, AbsenceSum> = BTreeMap::new();
    for visit in visits {
        let class = match visit.outcome {
            Outcome::NoShow => AbsenceClass::NoNotice,
            Outcome::Excused(reason) => AbsenceClass::Valid(reason),
            _ => continue,
        };
        let date = visit.start.date();
        if visit.with == With::Employer || period.is_some_and(|period| !period.contains(date)) {
            continue;
        }
        let sum = sums.entry(class).or_default();
        if days.entry(class).or_default().insert(date) {
            sum.days += 1;
        }
        if let Ok(length) = visit.length() {
            sum.minutes += length;
        }
    }
    sums
}

/// As it stands in the report.
pub(super) fn absence_text(sums: &BTreeMap<AbsenceClass, AbsenceSum>) -> String {
    if sums.is_empty() {
        return "Ingen fravær.".to_owned();
    }
    let lines: Vec<String> = sums
        .iter()
        .map(|(class, sum)| {
            let days = if sum.days == 1 { "dag" } else { "dager" };
            let hours = hours_text(u64::from(sum.minutes.0));
            format!("{} {days}, {hours} – {}", sum.days, class.text().0)
        })
        .collect();
    lines.join("\n")
}

fn held<'a>(
    visits: impl IntoIterator<Item = &'a Visit>,
    period: Option<Period>,
) -> impl Iterator<Item = &'a Visit> {
    visits.into_iter().filter(move |visit| {
        visit.outcome == Outcome::Attended
            && period.is_none_or(|period| period.contains(visit.start.date()))
    })
}

/// How many of a period's meetings each activity was part of.
#[must_use]
pub fn activity_counts<'a>(
    visits: impl IntoIterator<Item = &'a Visit>,
    period: Option<Period>,
) -> BTreeMap<&'a str, u32> {
    let mut counts = BTreeMap::new();
    for visit in held(visits, period) {
        // Named twice in one meeting, it is part of one meeting.
        let activities: BTreeSet<&str> = visit.activities.iter().map(String::as_str).collect();
        for activity in activities {
            *counts.entry(activity).or_default() += 1;
        }
    }
    counts
}

/// The meetings held with an employer in a period: with the employer alone, and with both.
#[must_use]
pub fn workplace_meetings<'a>(
    visits: impl IntoIterator<Item = &'a Visit>,
    period: Option<Period>,
) -> BTreeMap<Option<&'a EmployerKey>, (u32, u32)> {
    let mut counts: BTreeMap<Option<&EmployerKey>, (u32, u32)> = BTreeMap::new();
    for visit in held(visits, period) {
        let count = counts.entry(visit.employer.as_ref());
        match visit.with {
            With::Employer => count.or_default().0 += 1,
            With::Both => count.or_default().1 += 1,
            With::Participant => {}
        }
    }
    counts
}
