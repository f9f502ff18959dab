//! What is due on an agreement, whoever takes part.

use super::dates;
use super::{Obligation, ObligationKind};
use crate::contract::Agreement;
use crate::contract::calendar::months_after;
use crate::domain::{Instant, LocalDate, Month, OfficeReport, OfficeReportKind};

/// A breach of personal data security, as far as its deadline goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breach {
    /// When the provider became aware of it.
    pub known: Instant,
    /// When NAV was told.
    pub told: Option<Instant>,
}

/// What is known of an agreement.
#[derive(Debug, Clone, Default)]
pub struct OfficeFacts<'a> {
    /// The office's reports, of this agreement only.
    pub reports: Vec<&'a OfficeReport>,
    /// Breaches.
    pub breaches: Vec<Breach>,
    /// The last day of the agreement, where it has ended.
    pub ended: Option<LocalDate>,
}

/// Everything that is or was due on an agreement, by day: for months that have passed, and the one
/// that runs.
#[must_use]
pub fn of_agreement(
    agreement: &Agreement,
    facts: &OfficeFacts<'_>,
    now: Instant,
) -> Vec<Obligation> {
    let mut all = Vec::new();
    let today = now.date();
    let Some(begins) = agreement.begins() else {
        return all;
    };
    let delivered = |kind: OfficeReportKind, month: Month| {
        let of = facts.reports.iter();
        of.filter(|report| (report.key.kind, report.key.month) == (kind, month))
            .find_map(|report| report.delivered)
    };
    if let Some(terms) = agreement.terms_on(begins) {
        let weeks = i32::try_from(terms.deadlines.premises_weeks).unwrap_or(0);
        let met = delivered(OfficeReportKind::Premises, begins.month());
        let due = begins.plus_days(-7 * weeks);
        all.push(Obligation::new(ObligationKind::Premises, due, met, today));
        if let Some(months) = terms.deadlines.transfer_months {
            let due = months_after(begins, months);
            // For information: who is taken over is NAV's matter, and nothing records it.
            let passed = (today > due).then_some(due);
            all.push(Obligation::new(
                ObligationKind::Transfer,
                due,
                passed,
                today,
            ));
        }
    }
    let last = facts.ended.map_or(today, |ended| ended.min(today)).month();
    let mut month = begins.month();
    let mut half = month;
    while month <= last {
        let Some(terms) = agreement.terms_on(month.last_day().max(begins)) else {
            break;
        };
        let terms = &terms.deadlines;
        let day = |after: Month| after.next().first_day().plus_days(day_offset(terms));
        let met = delivered(OfficeReportKind::Result, month);
        let due = day(month);
        all.push(
            Obligation::new(ObligationKind::ResultReport, due, met, today)
                .month(month)
                .warn(month.next().first_day()),
        );
        let period = i32::try_from(terms.evaluation_months).unwrap_or(6);
        if month == half.plus_months(period - 1) {
            let met = delivered(OfficeReportKind::Evaluation, half);
            all.push(
                Obligation::new(ObligationKind::Evaluation, day(month), met, today)
                    .month(half)
                    .warn(month.next().first_day()),
            );
            half = month.next();
        }
        month = month.next();
    }
    for breach in &facts.breaches {
        let Some(terms) = agreement.terms_on(breach.known.date()) else {
            continue;
        };
        let due = dates::breach_notice(&terms.deadlines, breach.known);
        let met = breach.told.map(Instant::date);
        let mut obligation = Obligation::new(ObligationKind::BreachNotice, due.date(), met, today);
        obligation.due_at = Some(due);
        obligation.state = match breach.told {
            Some(told) => super::ObligationState::Met {
                on: told.date(),
                late: told > due,
            },
            None if now > due => super::ObligationState::Overdue,
            None => super::ObligationState::Due,
        };
        all.push(obligation.warn(breach.known.date()));
    }
    all.sort_by_key(|obligation| (obligation.due, obligation.kind, obligation.month));
    all
}

fn day_offset(terms: &crate::contract::terms::DeadlineTerms) -> i32 {
    i32::try_from(terms.result_report_day).unwrap_or(1) - 1
}
