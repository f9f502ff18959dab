//! From what happened to when something is due: dates alone, whoever did what.

use crate::contract::calendar::{months_after, weeks_after, working_days_after};
use crate::contract::terms::{DeadlineTerms, DurationTerms, Workdays};
use crate::domain::{Instant, LocalDate};

const HOUR_MILLISECONDS: i64 = 3_600_000;

/// The day by which a participant can start (responstid, E1), and the earlier day on which to warn:
/// that of counting Saturdays, for neither tender says what a working day is.
#[must_use]
pub fn response(terms: &DeadlineTerms, ordered: LocalDate) -> (LocalDate, LocalDate) {
    let count = terms.response_workdays;
    let due = working_days_after(ordered, count, terms.workdays);
    let warn = working_days_after(ordered, count, Workdays::MondayToSaturday);
    (due, warn.min(due))
}

/// A three-month period of a participation (E6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusPeriod {
    /// Its number, from 1.
    pub number: u32,
    /// Its first day.
    pub from: LocalDate,
    /// The day after its last, which is the day of the month on which the participation began.
    pub end: LocalDate,
    /// The day by which the report is sent.
    pub due: LocalDate,
}

/// A period's first day and the day after its last, by its length in months and its number from 1
/// (E6).
#[must_use]
pub fn period_days(start: LocalDate, months: u32, number: u32) -> (LocalDate, LocalDate) {
    let after = |periods: u32| months_after(start, months.saturating_mul(periods));
    (after(number.saturating_sub(1)), after(number))
}

/// The period with a number, from 1 (E6). Each is counted from the start, so that a start on the
/// 31st does not wander.
#[must_use]
pub fn status_period(terms: &DeadlineTerms, start: LocalDate, number: u32) -> StatusPeriod {
    let (from, end) = period_days(start, terms.status_report_months, number);
    StatusPeriod {
        number,
        from,
        end,
        due: weeks_after(end, terms.status_report_weeks),
    }
}

/// The periods that ended on or before a day (E6).
pub fn status_periods(
    terms: &DeadlineTerms,
    start: LocalDate,
    until: LocalDate,
) -> impl Iterator<Item = StatusPeriod> {
    (1..)
        .map(move |number| status_period(terms, start, number))
        .scan(start, |before, period| {
            // Where the calendar ends, periods end too.
            let goes_on = period.end > *before;
            *before = period.end;
            goes_on.then_some(period)
        })
        .take_while(move |period| period.end <= until)
}

/// The day on which the ordinary duration ends (C1).
#[must_use]
pub fn ordinary_end(terms: &DurationTerms, start: LocalDate) -> LocalDate {
    months_after(start, terms.ordinary_months)
}

/// The day on which a participation ends at the latest (C1 to C3).
#[must_use]
pub fn latest_end(
    terms: &DurationTerms,
    start: LocalDate,
    reduced_work_capacity: bool,
    from_school_or_sentence: bool,
) -> LocalDate {
    let months = match (reduced_work_capacity, from_school_or_sentence) {
        (true, true) => terms.reduced_work_capacity_months + terms.school_or_sentence_months,
        (true, false) => terms.reduced_work_capacity_months,
        (false, _) => terms.ordinary_months + terms.extension_months,
    };
    months_after(start, months)
}

/// When the controller must have been told of a breach (E16): hours, not days, so that the nights
/// on which the clock is moved make no difference.
#[must_use]
pub fn breach_notice(terms: &DeadlineTerms, known: Instant) -> Instant {
    let hours = i64::from(terms.breach_notice_hours);
    Instant(known.0.saturating_add(hours * HOUR_MILLISECONDS))
}

/// The day on which the personal data are erased (E15, K24).
#[must_use]
pub fn deletion(terms: &DeadlineTerms, final_report_delivered: LocalDate) -> LocalDate {
    weeks_after(final_report_delivered, terms.deletion_weeks)
}
