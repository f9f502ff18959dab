//! What is due on one participation.

use std::collections::BTreeMap;

use super::dates::{self, StatusPeriod};
use super::{MissingPart, NotApplicable, Obligation, ObligationKind, ObligationState};
use crate::contract::Agreement;
use crate::contract::calendar::{weeks_after, working_days_after};
use crate::contract::case::Case;
use crate::contract::practice::{PracticeGap, practice_gaps};
use crate::contract::terms::{Terms, Workdays};
use crate::domain::{
    EmploymentKind, EndReasonKind, Instant, LocalDate, Month, NoticeKind, Outcome, ProposalChange,
    ProposalState, Report, ReportKind, Status, Visit, With,
};

/// A status report is taken for the last period that ended so many days after its delivery at the
/// latest, where it does not name its period itself.
const STATUS_REPORT_EARLY_DAYS: i32 = 31;
/// How long before the end of a duration is warned.
const DURATION_WARN_DAYS: i32 = 30;
/// How long before another day is warned.
const WARN_DAYS: i32 = 7;

/// Everything that is or was due on a participation, by day. `hours` are the minutes of follow-up
/// by month (D3), `today` a day in Oslo.
#[must_use]
pub fn of_participation(
    case: &Case<'_>,
    agreement: &Agreement,
    hours: &BTreeMap<Month, u32>,
    today: LocalDate,
) -> Vec<Obligation> {
    let mut all = Vec::new();
    let never = case.participation.status == Status::NotRelevant;
    before_start(case, agreement, today, &mut all);
    if let Some(start) = case.participation.start
        && let Some(terms) = agreement.terms_on(start)
    {
        from_start(case, terms, start, today, &mut all);
        durations(case, terms, start, today, &mut all);
        above_average(case, terms, start, hours, today, &mut all);
    }
    absences(case, today, &mut all);
    contact_attempts_due(case, agreement, today, &mut all);
    work_practice(case, agreement, today, &mut all);
    groups(case, agreement, today, &mut all);
    at_end(case, agreement, today, &mut all);
    if never {
        for obligation in &mut all {
            let told = matches!(
                obligation.kind,
                ObligationKind::AbsenceNotice | ObligationKind::Deletion
            );
            if obligation.is_open() && !told {
                obligation.state = ObligationState::NotApplicable(NotApplicable::NeverBegan);
            }
        }
    }
    all.sort_by_key(|obligation| (obligation.due, obligation.kind, obligation.about));
    all
}

/// The first day on which a report of a kind was delivered, with its record.
fn delivered<'a>(case: &Case<'a>, kind: ReportKind) -> Option<(LocalDate, &'a Report)> {
    let reports = case.reports.iter().filter(|report| report.kind == kind);
    reports
        .filter_map(|report| Some((report.delivered?, *report)))
        .min_by_key(|(on, report)| (*on, report.id))
}

fn told(case: &Case<'_>, kind: NoticeKind) -> Option<Instant> {
    let notices = case.notices.iter().filter(|notice| notice.kind == kind);
    notices.map(|notice| notice.at).min()
}

fn before_start(
    case: &Case<'_>,
    agreement: &Agreement,
    today: LocalDate,
    all: &mut Vec<Obligation>,
) {
    let participation = case.participation;
    let Some(ordered) = participation.ordered else {
        return;
    };
    let Some(terms) = agreement.terms_on(ordered) else {
        return;
    };
    let (due, warn) = dates::response(&terms.deadlines, ordered);
    let no_capacity = told(case, NoticeKind::NoCapacity).map(|_| NotApplicable::NoCapacity);
    all.push(
        Obligation::new(ObligationKind::Response, due, participation.start, today)
            .warn(warn)
            .unless(no_capacity),
    );
}

fn with_employer(visit: &Visit) -> bool {
    visit.outcome == Outcome::Attended && matches!(visit.with, With::Employer | With::Both)
}

fn from_start(
    case: &Case<'_>,
    terms: &Terms,
    start: LocalDate,
    today: LocalDate,
    all: &mut Vec<Obligation>,
) {
    let deadlines = &terms.deadlines;
    let participation = case.participation;
    let ended_before = |due: LocalDate| {
        let end = participation.end.filter(|end| *end < due);
        end.map(|_| NotApplicable::EndedBefore)
    };
    let due = weeks_after(start, deadlines.plan_weeks);
    let plan = delivered(case, ReportKind::Plan);
    all.push(
        Obligation::new(ObligationKind::Plan, due, plan.map(|(on, _)| on), today)
            .met_by(plan.map(|(_, report)| report.id))
            .warn(due.plus_days(-WARN_DAYS))
            .unless(ended_before(due)),
    );
    if participation.employed_at_referral {
        let due = weeks_after(start, deadlines.back_at_work_weeks);
        let work = case
            .employments
            .iter()
            .filter(|work| work.kind == EmploymentKind::PaidWork && work.from <= today)
            .min_by_key(|work| (work.from, work.id));
        let met = work.map(|work| work.from.max(start));
        all.push(
            Obligation::new(ObligationKind::BackAtWork, due, met, today)
                .met_by(work.map(|work| work.id))
                .unless(ended_before(due)),
        );
    } else {
        let due = weeks_after(start, deadlines.first_employer_contact_weeks);
        let first = case
            .visits
            .iter()
            .filter(|visit| with_employer(visit) && visit.start.date() >= start)
            .min_by_key(|visit| (visit.start, visit.id));
        let met = first.map(|visit| visit.start.date());
        all.push(
            Obligation::new(ObligationKind::FirstEmployerContact, due, met, today)
                .met_by(first.map(|visit| visit.id))
                .warn(due.plus_days(-WARN_DAYS))
                .unless(ended_before(due)),
        );
    }
    if terms.reports.wish_and_therapist {
        let both = participation
            .wants_work
            .zip(participation.therapist_supports);
        let met = both.map(|(wish, therapist)| wish.max(therapist));
        let mut obligation = Obligation::new(ObligationKind::WishAndTherapist, start, met, today);
        for (part, there) in [
            (MissingPart::WantsWork, participation.wants_work),
            (
                MissingPart::TherapistSupports,
                participation.therapist_supports,
            ),
        ] {
            if there.is_none() {
                obligation.missing.push(part);
            }
        }
        all.push(obligation);
    }
    status_reports(case, terms, start, today, all);
}

/// The number of the period that a report is of: the one that it names, otherwise the last one that
/// ended a month after its delivery at the latest, so that a report sent a little early counts.
fn period_of(terms: &Terms, start: LocalDate, report: &Report, on: LocalDate) -> u32 {
    let named = report.period_to;
    // A named period's last day is the day before its end.
    let until = named.map_or(on.plus_days(STATUS_REPORT_EARLY_DAYS), |to| to.plus_days(1));
    let last = dates::status_periods(&terms.deadlines, start, until).last();
    last.map_or(1, |period: StatusPeriod| period.number)
}

fn status_reports(
    case: &Case<'_>,
    terms: &Terms,
    start: LocalDate,
    today: LocalDate,
    all: &mut Vec<Obligation>,
) {
    let mut by_period: BTreeMap<u32, (LocalDate, &Report)> = BTreeMap::new();
    for report in &case.reports {
        if let (ReportKind::Status, Some(on)) = (report.kind, report.delivered) {
            let number = period_of(terms, start, report, on);
            let first = by_period.entry(number).or_insert((on, report));
            if (on, report.id) < (first.0, first.1.id) {
                *first = (on, report);
            }
        }
    }
    let end = case.participation.end;
    let asked_until = end.map_or(today, |end| end.min(today));
    let ended = dates::status_periods(&terms.deadlines, start, asked_until);
    let mut periods: Vec<StatusPeriod> = ended.collect();
    // The one that runs, so that it can be planned for.
    let number = u32::try_from(periods.len())
        .unwrap_or(u32::MAX)
        .saturating_add(1);
    let next = dates::status_period(&terms.deadlines, start, number);
    if end.is_none_or(|end| next.end <= end) {
        periods.push(next);
    }
    for period in periods {
        let met = by_period.get(&period.number);
        all.push(
            Obligation::new(
                ObligationKind::StatusReport,
                period.due,
                met.map(|(on, _)| *on),
                today,
            )
            .met_by(met.map(|(_, report)| report.id))
            .month(period.end.plus_days(-1).month())
            .warn(period.end),
        );
    }
}

/// Until when the participation may go on without another approval: the ordinary duration, or the
/// last day of an extension that NAV approved.
fn approved_end(case: &Case<'_>, terms: &Terms, start: LocalDate) -> LocalDate {
    let approved =
        case.proposals
            .iter()
            .filter_map(|proposal| match (&proposal.change, &proposal.state) {
                (ProposalChange::Extend { end }, ProposalState::Approved { .. }) => Some(*end),
                _ => None,
            });
    let ordinary = dates::ordinary_end(&terms.durations, start);
    approved.fold(ordinary, LocalDate::max)
}

fn latest(case: &Case<'_>, terms: &Terms, start: LocalDate) -> LocalDate {
    let participation = case.participation;
    dates::latest_end(
        &terms.durations,
        start,
        participation.reduced_work_capacity,
        participation.from_school_or_sentence,
    )
}

fn durations(
    case: &Case<'_>,
    terms: &Terms,
    start: LocalDate,
    today: LocalDate,
    all: &mut Vec<Obligation>,
) {
    let end = case.participation.end;
    let approved = approved_end(case, terms, start);
    let latest = latest(case, terms, start);
    for (kind, due) in [
        (ObligationKind::ExtensionOrEnd, approved.min(latest)),
        (ObligationKind::LatestEnd, latest),
    ] {
        all.push(
            Obligation::new(kind, due, end.filter(|end| *end <= due), today)
                .warn(due.plus_days(-DURATION_WARN_DAYS)),
        );
    }
}

/// Months in a row above the average (D3). Only whole months of participation count: the first and
/// the last would seem too few.
fn above_average(
    case: &Case<'_>,
    terms: &Terms,
    start: LocalDate,
    hours: &BTreeMap<Month, u32>,
    today: LocalDate,
    all: &mut Vec<Obligation>,
) {
    let limit = terms.hours.average_per_month.saturating_mul(60);
    let last = case.participation.end.map_or(today, |end| end.min(today));
    let mut notices: Vec<LocalDate> = case
        .notices
        .iter()
        .filter(|notice| notice.kind == NoticeKind::HoursAboveAverage)
        .map(|notice| notice.at.date())
        .collect();
    notices.sort_unstable();
    let mut month = if start == start.month().first_day() {
        start.month()
    } else {
        start.month().next()
    };
    let mut in_row = 0;
    while month.last_day() <= last {
        if hours.get(&month).copied().unwrap_or(0) > limit {
            in_row += 1;
        } else {
            in_row = 0;
        }
        // Once for a row, when it is long enough; a longer row is the same matter.
        if in_row == terms.hours.above_average_months {
            let due = working_days_after(month.last_day(), 1, Workdays::MondayToFriday);
            // NAV may have been told while the row was growing.
            let row = i32::try_from(in_row).unwrap_or(1) - 1;
            let began = month.plus_months(-row).first_day();
            let met = notices.iter().copied().find(|on| *on >= began);
            all.push(
                Obligation::new(ObligationKind::HoursAboveAverage, due, met, today).month(month),
            );
        }
        month = month.next();
    }
}

fn absences(case: &Case<'_>, today: LocalDate, all: &mut Vec<Obligation>) {
    for visit in &case.visits {
        if visit.outcome != Outcome::NoShow {
            continue;
        }
        let day = visit.start.date();
        let notice = case
            .notices
            .iter()
            .filter(|notice| matches!(notice.kind, NoticeKind::Absence | NoticeKind::Quit))
            .filter(|notice| match notice.about {
                Some(about) => about == visit.id,
                None => notice.at >= visit.start && notice.at.date() == day,
            })
            .min_by_key(|notice| (notice.at, notice.id));
        let met = notice.map(|notice| notice.at.date());
        all.push(
            Obligation::new(ObligationKind::AbsenceNotice, day, met, today)
                .about(visit.id)
                .met_by(notice.map(|notice| notice.id)),
        );
    }
}

/// Since when a participant stays away: the first meeting missed after the last one attended, or
/// after the last time that somebody reached the participant.
fn away_since<'a>(case: &Case<'a>) -> Option<&'a Visit> {
    let attended = case
        .visits
        .iter()
        .filter(|visit| visit.outcome == Outcome::Attended && visit.with != With::Employer)
        .map(|visit| visit.start);
    let reached = case.contacts.iter().filter(|contact| contact.reached);
    let last = attended.chain(reached.map(|contact| contact.at)).max();
    case.visits
        .iter()
        .filter(|visit| visit.outcome == Outcome::NoShow && Some(visit.start) > last)
        .min_by_key(|visit| (visit.start, visit.id))
        .copied()
}

/// How often somebody tried to reach a participant who stays away, and how often is asked for; none
/// where nobody stays away or the agreement asks for nothing (E11).
#[must_use]
pub fn contact_attempts(case: &Case<'_>, agreement: &Agreement) -> Option<(u32, u32)> {
    let missed = away_since(case)?;
    let terms = agreement.terms_on(missed.start.date())?;
    let needed = terms.deadlines.contact_attempts?;
    let made = case
        .contacts
        .iter()
        .filter(|contact| contact.at >= missed.start)
        .count();
    Some((u32::try_from(made).unwrap_or(u32::MAX), needed))
}

fn contact_attempts_due(
    case: &Case<'_>,
    agreement: &Agreement,
    today: LocalDate,
    all: &mut Vec<Obligation>,
) {
    let (Some((made, needed)), Some(missed)) =
        (contact_attempts(case, agreement), away_since(case))
    else {
        return;
    };
    let since: Vec<LocalDate> = {
        let mut since: Vec<_> = case
            .contacts
            .iter()
            .filter(|contact| contact.at >= missed.start)
            .map(|contact| contact.at.date())
            .collect();
        since.sort_unstable();
        since
    };
    let met = since.get(needed.saturating_sub(1) as usize).copied();
    let mut obligation = Obligation::new(ObligationKind::ContactAttempts, today, met, today);
    // No day is set: the discharge waits for it.
    obligation.due = None;
    obligation.count = Some((made, needed));
    let ended = case.participation.end.filter(|end| *end < today);
    all.push(
        obligation
            .about(missed.id)
            .unless(ended.map(|_| NotApplicable::EndedBefore)),
    );
}

fn work_practice(
    case: &Case<'_>,
    agreement: &Agreement,
    today: LocalDate,
    all: &mut Vec<Obligation>,
) {
    for work in &case.employments {
        let Some(terms) = agreement.terms_on(work.from) else {
            continue;
        };
        let terms = &terms.work_practice;
        if work.kind != EmploymentKind::WorkPractice {
            continue;
        }
        let gaps = practice_gaps(work, terms);
        let of = |wanted: fn(PracticeGap) -> bool| -> Vec<MissingPart> {
            let gaps = gaps.iter().copied().filter(|gap| wanted(*gap));
            gaps.map(MissingPart::Practice).collect()
        };
        if let Some(weeks) = terms.weeks_max {
            // The first day counts: the sixteenth week's last day.
            let due = weeks_after(work.from, weeks).plus_days(-1);
            let met = work.to.filter(|to| *to <= due);
            let mut obligation = Obligation::new(ObligationKind::WorkPracticeEnd, due, met, today)
                .about(work.id)
                .warn(due.plus_days(-2 * WARN_DAYS));
            obligation.missing = of(|gap| gap == PracticeGap::Goal);
            all.push(obligation);
        }
        if terms.written_agreement {
            let missing = of(|gap| !matches!(gap, PracticeGap::Goal | PracticeGap::Insurance));
            let met = work.agreement.signed.filter(|_| missing.is_empty());
            let mut obligation =
                Obligation::new(ObligationKind::WorkPracticeAgreement, work.from, met, today)
                    .about(work.id);
            obligation.missing = missing;
            all.push(obligation);
        }
        if terms.insurance_information {
            let met = work.insurance.as_ref().map(|told| told.on);
            all.push(
                Obligation::new(ObligationKind::InsuranceInformation, work.from, met, today)
                    .about(work.id),
            );
        }
    }
}

fn groups(case: &Case<'_>, agreement: &Agreement, today: LocalDate, all: &mut Vec<Obligation>) {
    let first = case
        .visits
        .iter()
        .filter(|visit| visit.group.is_some())
        .filter(|visit| matches!(visit.outcome, Outcome::Attended | Outcome::Planned))
        .min_by_key(|visit| (visit.start, visit.id));
    let Some(first) = first else { return };
    let day = first.start.date();
    if !agreement
        .terms_on(day)
        .is_some_and(|terms| terms.groups.declaration)
    {
        return;
    }
    let met = case.participation.declaration_signed;
    all.push(Obligation::new(ObligationKind::Declaration, day, met, today).about(first.id));
}

fn at_end(case: &Case<'_>, agreement: &Agreement, today: LocalDate, all: &mut Vec<Obligation>) {
    let participation = case.participation;
    let last = delivered(case, ReportKind::Final);
    if let Some(end) = participation.end
        && participation.start.is_some()
        && let Some(terms) = agreement.terms_on(end)
    {
        let due = weeks_after(end, terms.deadlines.final_report_weeks);
        all.push(
            Obligation::new(
                ObligationKind::FinalReport,
                due,
                last.map(|(on, _)| on),
                today,
            )
            .met_by(last.map(|(_, report)| report.id))
            .warn(end),
        );
        if terms.reports.joint_plan_at_end {
            let plan = delivered(case, ReportKind::JointPlan);
            all.push(
                Obligation::new(
                    ObligationKind::JointPlan,
                    end,
                    plan.map(|(on, _)| on),
                    today,
                )
                .met_by(plan.map(|(_, report)| report.id))
                .warn(end.plus_days(-2 * WARN_DAYS)),
            );
        }
        if terms.groups.declaration && participation.declaration_signed.is_some() {
            let due = weeks_after(end, terms.deadlines.deletion_weeks);
            all.push(Obligation::new(
                ObligationKind::DeclarationDeleted,
                due,
                None,
                today,
            ));
        }
    }
    // Counted from the last that was handed over: a corrected one begins the time anew.
    let handed = case.reports.iter().filter(|r| r.kind == ReportKind::Final);
    if let Some(on) = handed.filter_map(|report| report.delivered).max()
        && let Some(terms) = agreement.terms_on(on)
    {
        let due = dates::deletion(&terms.deadlines, on);
        let held = participation.erasure_hold.is_some() || participation.restricted.is_some();
        all.push(
            Obligation::new(ObligationKind::Deletion, due, None, today)
                .warn(due.plus_days(-2 * WARN_DAYS))
                .unless(held.then_some(NotApplicable::Held)),
        );
    }
}

/// A participant's request about the data, received at an instant: it is forwarded to NAV at once
/// (E21), which is the same day here. `forwarded` says whether it was, or was done or declined since.
#[must_use]
pub fn of_request(received: Instant, forwarded: bool, today: LocalDate) -> Obligation {
    let day = received.date();
    Obligation::new(
        ObligationKind::DataRequest,
        day,
        forwarded.then_some(day),
        today,
    )
}

/// Why an act is not done yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Blocked {
    /// Somebody who stays away was not tried to reach often enough (E11).
    #[error("{made} of {needed} contact attempts are recorded: record the others before discharge")]
    ContactAttempts {
        /// How many were made.
        made: u32,
        /// How many are asked for.
        needed: u32,
    },
    /// The extension goes beyond the longest duration (C1 to C3).
    #[error("the participation can last until {latest} at most: choose an earlier day")]
    BeyondLatestEnd {
        /// The last possible day.
        latest: LocalDate,
    },
    /// An extension to a day on which it goes on anyway.
    #[error("the participation lasts until {until} already: choose a later day")]
    NoExtension {
        /// Until when it is approved.
        until: LocalDate,
    },
    /// It has no first day yet.
    #[error("the participation has no first day: record the start first")]
    NotStarted,
}

/// Whether a participation may end because the participant does not come (E11).
/// # Errors
/// How many contact attempts are still missing.
pub fn check_end(
    case: &Case<'_>,
    agreement: &Agreement,
    reason: Option<EndReasonKind>,
) -> Result<(), Blocked> {
    if reason != Some(EndReasonKind::DidNotCome) {
        return Ok(());
    }
    match contact_attempts(case, agreement) {
        Some((made, needed)) if made < needed => Err(Blocked::ContactAttempts { made, needed }),
        _ => Ok(()),
    }
}

/// Whether NAV may be asked to extend until a day (C1 to C3).
/// # Errors
/// Where the day is beyond the longest duration, or no extension at all.
pub fn check_extension(
    case: &Case<'_>,
    agreement: &Agreement,
    end: LocalDate,
) -> Result<(), Blocked> {
    let start = case.participation.start.ok_or(Blocked::NotStarted)?;
    let terms = agreement.terms_on(start).ok_or(Blocked::NotStarted)?;
    let latest = latest(case, terms, start);
    if end > latest {
        return Err(Blocked::BeyondLatestEnd { latest });
    }
    let until = case.participation.end.unwrap_or(start);
    if end <= until {
        return Err(Blocked::NoExtension { until });
    }
    Ok(())
}
