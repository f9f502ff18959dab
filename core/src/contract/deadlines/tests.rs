use super::*;
use crate::contract::case::Case;
use crate::contract::{Agreement, AgreementChange, Terms};
use crate::domain::visit::tests::visit;
use crate::domain::{
    ContactAttempt, ContactChannel, Employment, EmploymentKind, GroupInfo, GroupMeetingId,
    InsuranceTold, Notice, NoticeChannel, NoticeKind, OfficeReport, OfficeReportKey,
    OfficeReportKind, Outcome, Participation, Proposal, ProposalChange, ProposalState, Report,
    ReportKind, Status, Visit, With,
};
use std::collections::BTreeMap;

fn day(text: &str) -> LocalDate {
    text.parse().unwrap()
}

fn at(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

fn opp() -> Agreement {
    let terms = Terms::oppfolging_agder().unwrap();
    Agreement::new("opp".into(), day("2025-07-01"), terms)
}

fn jmo() -> Agreement {
    let terms = Terms::jobbmestrende_vest_viken().unwrap();
    Agreement::new("jmo".into(), day("2025-07-01"), terms)
}

fn participation() -> Participation {
    let mut p = Participation::new("p", "A", "B");
    p.ordered = Some(day("2026-01-05"));
    p.start = Some(day("2026-01-19"));
    p.status = Status::Active;
    p
}

fn id(n: u8) -> RecordId {
    RecordId([n; 16])
}

fn report(n: u8, kind: ReportKind, delivered: &str) -> Report {
    Report {
        delivered: Some(day(delivered)),
        ..Report::new(id(n), kind)
    }
}

fn notice(n: u8, kind: NoticeKind, at: Instant, about: Option<RecordId>) -> Notice {
    Notice {
        id: id(n),
        kind,
        at,
        channel: NoticeChannel::Phone,
        recipient: None,
        about,
        consultant: None,
        text: String::new(),
    }
}

fn of(case: &Case<'_>, agreement: &Agreement, today: &str) -> Vec<Obligation> {
    of_participation(case, agreement, &BTreeMap::new(), day(today))
}

fn only(all: &[Obligation], kind: ObligationKind) -> Obligation {
    let found: Vec<_> = all.iter().filter(|o| o.kind == kind).collect();
    assert_eq!(found.len(), 1, "{kind:?} {all:?}");
    found[0].clone()
}

fn met(on: &str, late: bool) -> ObligationState {
    ObligationState::Met { on: day(on), late }
}

#[test]
fn the_response_time_warns_on_the_earlier_day() {
    let mut p = participation();
    p.start = None;
    p.status = Status::Waiting;
    let all = of(&Case::new(&p), &opp(), "2026-01-15");
    let response = only(&all, ObligationKind::Response);
    // Ten days from Monday 5 January: Monday 19; with Saturdays Friday 16.
    assert_eq!(response.due, Some(day("2026-01-19")));
    assert_eq!(response.warn, Some(day("2026-01-16")));
    assert!(!response.warns(day("2026-01-15")) && response.warns(day("2026-01-16")));
    assert_eq!(response.state, ObligationState::Due);
    let all = of(&Case::new(&p), &opp(), "2026-01-20");
    assert_eq!(
        only(&all, ObligationKind::Response).state,
        ObligationState::Overdue
    );
    // NAV was told that there is no place.
    let told = notice(
        1,
        NoticeKind::NoCapacity,
        at("2026-01-08T10:00+01:00"),
        None,
    );
    let mut case = Case::new(&p);
    case.notices.push(&told);
    assert_eq!(
        only(&of(&case, &opp(), "2026-01-20"), ObligationKind::Response).state,
        ObligationState::NotApplicable(NotApplicable::NoCapacity)
    );
    p.start = Some(day("2026-01-21"));
    let all = of(&Case::new(&p), &opp(), "2026-01-22");
    assert_eq!(
        only(&all, ObligationKind::Response).state,
        met("2026-01-21", true)
    );
}

#[test]
fn the_plan_is_due_by_the_terms_that_held_at_the_start() {
    let mut agreement = opp();
    let mut terms = Terms::oppfolging_agder().unwrap();
    terms.deadlines.plan_weeks = 5;
    let change = AgreementChange {
        number: 1,
        signed: None,
        description: "Fem uker".into(),
    };
    agreement.change(day("2026-02-01"), change, terms);
    let mut p = participation();
    let plan = report(1, ReportKind::Plan, "2026-02-10");
    let mut case = Case::new(&p);
    case.reports.push(&plan);
    let done = only(&of(&case, &agreement, "2026-03-01"), ObligationKind::Plan);
    assert_eq!(done.due, Some(day("2026-02-09")));
    assert_eq!(
        (done.state, done.met_by),
        (met("2026-02-10", true), Some(id(1)))
    );
    p.start = Some(day("2026-02-01"));
    let all = of(&Case::new(&p), &agreement, "2026-03-01");
    assert_eq!(
        only(&all, ObligationKind::Plan).due,
        Some(day("2026-03-08"))
    );
    p.end = Some(day("2026-02-20"));
    let all = of(&Case::new(&p), &agreement, "2026-04-01");
    assert_eq!(
        only(&all, ObligationKind::Plan).state,
        ObligationState::NotApplicable(NotApplicable::EndedBefore)
    );
}

#[test]
fn who_has_a_job_is_to_be_back_and_who_has_none_is_to_meet_an_employer() {
    let mut p = participation();
    let meeting = Visit {
        with: With::Both,
        ..visit(1, "2026-02-12T09:00+01:00", "2026-02-12T10:00+01:00")
    };
    let missed = Visit {
        with: With::Employer,
        outcome: Outcome::NoShow,
        ..visit(2, "2026-02-02T09:00+01:00", "2026-02-02T10:00+01:00")
    };
    let mut case = Case::new(&p);
    case.visits = vec![&meeting, &missed];
    let all = of(&case, &opp(), "2026-02-20");
    let contact = only(&all, ObligationKind::FirstEmployerContact);
    assert_eq!(contact.due, Some(day("2026-02-16")));
    assert_eq!(
        (contact.state, contact.met_by),
        (met("2026-02-12", false), Some(id(1)))
    );
    assert!(!all.iter().any(|o| o.kind == ObligationKind::BackAtWork));
    assert_eq!(
        only(
            &of(&case, &jmo(), "2026-02-20"),
            ObligationKind::FirstEmployerContact
        )
        .due,
        Some(day("2026-03-30"))
    );

    p.employed_at_referral = true;
    let mut work = Employment::new(id(3), EmploymentKind::PaidWork, day("2025-01-01"));
    let mut case = Case::new(&p);
    let all = of(&case, &opp(), "2026-03-03");
    assert_eq!(
        only(&all, ObligationKind::BackAtWork).state,
        ObligationState::Overdue
    );
    work.from = day("2026-02-23");
    case.employments.push(&work);
    let all = of(&case, &opp(), "2026-03-03");
    assert_eq!(
        only(&all, ObligationKind::BackAtWork).state,
        met("2026-02-23", false)
    );
    assert!(
        !all.iter()
            .any(|o| o.kind == ObligationKind::FirstEmployerContact)
    );
}

#[test]
fn each_status_report_counts_for_one_period() {
    let mut p = participation();
    // Periods end on 19 April, 19 July, 19 October.
    let early = report(1, ReportKind::Status, "2026-04-10");
    let mut named = report(2, ReportKind::Status, "2026-10-01");
    named.period_from = Some(day("2026-04-19"));
    named.period_to = Some(day("2026-07-18"));
    let draft = Report::new(id(3), ReportKind::Status);
    let mut case = Case::new(&p);
    case.reports = vec![&named, &draft, &early];
    let all = of(&case, &opp(), "2026-10-27");
    let reports: Vec<_> = all
        .iter()
        .filter(|o| o.kind == ObligationKind::StatusReport)
        .map(|o| (o.due.unwrap().to_string(), o.state))
        .collect();
    assert_eq!(
        reports,
        [
            ("2026-04-26".into(), met("2026-04-10", false)),
            ("2026-07-26".into(), met("2026-10-01", true)),
            ("2026-10-26".into(), ObligationState::Overdue),
            ("2027-01-26".into(), ObligationState::Due),
        ]
    );
    // The period that runs is not asked for once the participation ends inside it.
    p.end = Some(day("2026-07-20"));
    let all = of(&Case::new(&p), &opp(), "2026-10-27");
    let count = all
        .iter()
        .filter(|o| o.kind == ObligationKind::StatusReport);
    assert_eq!(count.count(), 2);
}

#[test]
fn an_absence_is_told_the_same_day_in_oslo() {
    let p = participation();
    let missed = Visit {
        outcome: Outcome::NoShow,
        ..visit(1, "2026-03-29T22:30+02:00", "2026-03-29T22:45+02:00")
    };
    let state = |sent: &str, about: Option<RecordId>| {
        let told = notice(2, NoticeKind::Absence, at(sent), about);
        let mut case = Case::new(&p);
        case.visits.push(&missed);
        case.notices.push(&told);
        only(
            &of(&case, &opp(), "2026-03-31"),
            ObligationKind::AbsenceNotice,
        )
        .state
    };
    // A minute before Oslo's midnight, and a minute after it, which is the same day in UTC.
    assert_eq!(
        state("2026-03-29T21:59Z", Some(id(1))),
        met("2026-03-29", false)
    );
    assert_eq!(
        state("2026-03-29T22:01Z", Some(id(1))),
        met("2026-03-30", true)
    );
    // A notice that names no meeting counts on the day itself, after the meeting.
    assert_eq!(
        state("2026-03-29T23:00+02:00", None),
        met("2026-03-29", false)
    );
    assert_eq!(
        state("2026-03-29T20:00+02:00", None),
        ObligationState::Overdue
    );
    assert_eq!(
        state("2026-03-29T23:00+02:00", Some(id(9))),
        ObligationState::Overdue
    );
}

#[test]
fn attempts_count_from_the_first_meeting_missed_in_a_row() {
    let p = participation();
    let came = visit(1, "2026-03-02T09:00+01:00", "2026-03-02T10:00+01:00");
    let missed = Visit {
        outcome: Outcome::NoShow,
        ..visit(2, "2026-03-09T09:00+01:00", "2026-03-09T09:15+01:00")
    };
    let attempt = |n: u8, text: &str, reached: bool| ContactAttempt {
        id: id(n),
        at: at(text),
        channel: ContactChannel::Phone,
        reached,
        consultant: None,
        note: String::new(),
    };
    let before = attempt(3, "2026-03-01T12:00+01:00", false);
    let first = attempt(4, "2026-03-09T09:20+01:00", false);
    let reached = attempt(5, "2026-03-10T12:00+01:00", true);
    let mut case = Case::new(&p);
    case.visits = vec![&missed, &came];
    case.contacts = vec![&before, &first];
    assert_eq!(contact_attempts(&case, &opp()), Some((1, 3)));
    let open = only(
        &of(&case, &opp(), "2026-03-20"),
        ObligationKind::ContactAttempts,
    );
    assert_eq!(
        (open.count, open.due, open.is_open()),
        (Some((1, 3)), None, true)
    );
    assert_eq!(contact_attempts(&case, &jmo()), None);
    // Somebody spoke with the participant: nobody stays away any more.
    case.contacts.push(&reached);
    assert_eq!(contact_attempts(&case, &opp()), None);
}

#[test]
fn three_whole_months_above_the_average_are_nav_s_matter() {
    let mut p = participation();
    let hours = |minutes: [u32; 5]| -> BTreeMap<Month, u32> {
        let months = ["2026-01", "2026-02", "2026-03", "2026-04", "2026-05"];
        months
            .map(|text| text.parse().unwrap())
            .into_iter()
            .zip(minutes)
            .collect()
    };
    let found = |p: &Participation, minutes, notices: &[Notice], today: &str| {
        let mut case = Case::new(p);
        case.notices.extend(notices);
        let all = of_participation(&case, &opp(), &hours(minutes), day(today));
        let kind = ObligationKind::HoursAboveAverage;
        let of_kind: Vec<_> = all.into_iter().filter(|o| o.kind == kind).collect();
        of_kind
    };
    // January is not whole: the participation began on the 19th.
    assert!(found(&p, [900, 601, 601, 0, 0], &[], "2026-06-10").is_empty());
    // Ten hours are not above ten hours.
    assert!(found(&p, [0, 601, 600, 601, 601], &[], "2026-06-10").is_empty());
    let all = found(&p, [0, 601, 601, 601, 601], &[], "2026-06-10");
    assert_eq!(all.len(), 1);
    // Due on the first working day after April: 1 May is a holiday, a Friday.
    assert_eq!(all[0].due, Some(day("2026-05-04")));
    assert_eq!(all[0].state, ObligationState::Overdue);
    // Not before the third month is over.
    assert!(found(&p, [0, 601, 601, 601, 0], &[], "2026-04-29").is_empty());
    let told = notice(
        1,
        NoticeKind::HoursAboveAverage,
        at("2026-03-20T12:00+01:00"),
        None,
    );
    let all = found(&p, [0, 601, 601, 601, 0], &[told], "2026-06-10");
    assert_eq!(all[0].state, met("2026-03-20", false));
    p.start = Some(day("2026-01-01"));
    assert_eq!(found(&p, [601, 601, 601, 0, 0], &[], "2026-06-10").len(), 1);
}

#[test]
fn durations_follow_approved_extensions_and_never_pass_the_longest() {
    let mut p = participation();
    let all = of(&Case::new(&p), &opp(), "2026-06-01");
    let open = only(&all, ObligationKind::ExtensionOrEnd);
    assert_eq!(open.due, Some(day("2026-07-19")));
    assert!(!open.warns(day("2026-06-18")) && open.warns(day("2026-06-19")));
    assert_eq!(
        only(&all, ObligationKind::LatestEnd).due,
        Some(day("2027-01-19"))
    );
    let proposal = |state| Proposal {
        id: id(1),
        change: ProposalChange::Extend {
            end: day("2027-01-19"),
        },
        justification: "Framgang".into(),
        at: at("2026-07-01T12:00+02:00"),
        consultant: None,
        state,
    };
    let waiting = proposal(ProposalState::Waiting);
    let approved = proposal(ProposalState::Approved {
        by: "NAV".into(),
        on: day("2026-07-10"),
    });
    let due = |proposal: &Proposal| {
        let mut case = Case::new(&p);
        case.proposals.push(proposal);
        only(
            &of(&case, &opp(), "2026-08-01"),
            ObligationKind::ExtensionOrEnd,
        )
    };
    assert_eq!(due(&waiting).state, ObligationState::Overdue);
    assert_eq!(due(&approved).due, Some(day("2027-01-19")));
    p.reduced_work_capacity = true;
    p.from_school_or_sentence = true;
    let all = of(&Case::new(&p), &opp(), "2026-06-01");
    assert_eq!(
        only(&all, ObligationKind::LatestEnd).due,
        Some(day("2029-07-19"))
    );
    p.end = Some(day("2026-07-01"));
    let all = of(&Case::new(&p), &opp(), "2026-08-01");
    assert!(!only(&all, ObligationKind::ExtensionOrEnd).is_open());
}

#[test]
fn work_practice_has_an_end_an_agreement_and_insurance_where_asked_for() {
    let p = participation();
    let mut work = Employment::new(id(1), EmploymentKind::WorkPractice, day("2026-02-02"));
    {
        let mut case = Case::new(&p);
        case.employments.push(&work);
        let all = of(&case, &jmo(), "2026-05-10");
        let end = only(&all, ObligationKind::WorkPracticeEnd);
        // Sixteen weeks from Monday 2 February end on Sunday 24 May.
        assert_eq!(end.due, Some(day("2026-05-24")));
        assert_eq!(end.missing, [MissingPart::Practice(PracticeGap::Goal)]);
        assert!(end.warns(day("2026-05-10")) && !end.warns(day("2026-05-09")));
        let agreement = only(&all, ObligationKind::WorkPracticeAgreement);
        assert_eq!(agreement.state, ObligationState::Overdue);
        use PracticeGap::{
            Confidentiality, Duration, FollowUp, Privacy, Purpose, Signatures, Tasks, Training,
            WorkingTime,
        };
        let gaps = [
            Duration,
            Purpose,
            Training,
            FollowUp,
            WorkingTime,
            Tasks,
            Confidentiality,
            Privacy,
            Signatures,
        ];
        assert_eq!(agreement.missing, gaps.map(MissingPart::Practice));
        assert_eq!(
            only(&all, ObligationKind::InsuranceInformation).state,
            ObligationState::Overdue
        );
        // Oppfølging asks for none of it.
        assert!(
            !of(&case, &opp(), "2026-05-10")
                .iter()
                .any(|o| o.about == Some(id(1)))
        );
    }
    work.goal = "Prøve lager".into();
    work.to = Some(day("2026-04-30"));
    let agreement = &mut work.agreement;
    for text in [
        &mut agreement.purpose,
        &mut agreement.training,
        &mut agreement.follow_up,
        &mut agreement.working_time,
        &mut agreement.tasks,
    ] {
        *text = "Avtalt".into();
    }
    agreement.confidentiality = true;
    agreement.privacy = true;
    agreement.signed = Some(day("2026-02-02"));
    work.insurance = Some(InsuranceTold {
        on: day("2026-02-03"),
        to: "Daglig leder".into(),
        how: "E-post".into(),
    });
    let mut case = Case::new(&p);
    case.employments.push(&work);
    let all = of(&case, &jmo(), "2026-05-10");
    assert_eq!(
        only(&all, ObligationKind::WorkPracticeEnd).state,
        met("2026-04-30", false)
    );
    assert_eq!(
        only(&all, ObligationKind::WorkPracticeAgreement).state,
        met("2026-02-02", false)
    );
    assert_eq!(
        only(&all, ObligationKind::InsuranceInformation).state,
        met("2026-02-03", true)
    );
}

#[test]
fn nobody_is_in_a_group_without_a_signed_declaration() {
    let mut p = participation();
    let group = Visit {
        group: Some(GroupInfo {
            id: GroupMeetingId([1; 16]),
            consultants: 1,
            invited: 4,
            present: 4,
        }),
        outcome: Outcome::Planned,
        ..visit(1, "2026-03-02T09:00+01:00", "2026-03-02T10:00+01:00")
    };
    let state = |p: &Participation, agreement: &Agreement, today: &str| {
        let mut case = Case::new(p);
        case.visits.push(&group);
        let all = of(&case, agreement, today);
        let found = all
            .into_iter()
            .find(|o| o.kind == ObligationKind::Declaration);
        found.map(|o| o.state)
    };
    assert_eq!(state(&p, &opp(), "2026-03-01"), None);
    assert_eq!(state(&p, &jmo(), "2026-03-01"), Some(ObligationState::Due));
    assert_eq!(
        state(&p, &jmo(), "2026-03-03"),
        Some(ObligationState::Overdue)
    );
    p.declaration_signed = Some(day("2026-03-02"));
    assert_eq!(
        state(&p, &jmo(), "2026-03-03"),
        Some(met("2026-03-02", false))
    );
}

#[test]
fn what_is_due_at_the_end() {
    let mut p = participation();
    p.end = Some(day("2026-06-30"));
    p.status = Status::Ended;
    p.declaration_signed = Some(day("2026-01-20"));
    let first = report(1, ReportKind::Final, "2026-07-08");
    let corrected = report(2, ReportKind::Final, "2026-07-15");
    let mut case = Case::new(&p);
    case.reports = vec![&corrected, &first];
    let all = of(&case, &jmo(), "2026-08-01");
    let report = only(&all, ObligationKind::FinalReport);
    assert_eq!(report.due, Some(day("2026-07-07")));
    assert_eq!(report.state, met("2026-07-08", true));
    // Twelve weeks from the corrected one; the declaration's from the end.
    assert_eq!(
        only(&all, ObligationKind::Deletion).due,
        Some(day("2026-10-07"))
    );
    assert_eq!(
        only(&all, ObligationKind::DeclarationDeleted).due,
        Some(day("2026-09-22"))
    );
    assert_eq!(
        only(&all, ObligationKind::JointPlan).state,
        ObligationState::Overdue
    );
    let mut held = p.clone();
    held.erasure_hold = Some("Klage".into());
    case.participation = &held;
    assert_eq!(
        only(&of(&case, &opp(), "2027-01-01"), ObligationKind::Deletion).state,
        ObligationState::NotApplicable(NotApplicable::Held)
    );
}

#[test]
fn jobbmestrende_asks_for_the_wish_and_the_therapist() {
    let mut p = participation();
    let all = of(&Case::new(&p), &jmo(), "2026-01-19");
    let open = only(&all, ObligationKind::WishAndTherapist);
    assert_eq!(
        open.missing,
        [MissingPart::WantsWork, MissingPart::TherapistSupports]
    );
    p.wants_work = Some(day("2026-01-12"));
    p.therapist_supports = Some(day("2026-01-20"));
    let all = of(&Case::new(&p), &jmo(), "2026-01-21");
    assert_eq!(
        only(&all, ObligationKind::WishAndTherapist).state,
        met("2026-01-20", true)
    );
}

#[test]
fn who_never_began_owes_nothing_but_what_was_missed() {
    let mut p = participation();
    p.status = Status::NotRelevant;
    let all = of(&Case::new(&p), &opp(), "2027-01-01");
    assert!(all.iter().all(|o| !o.is_open()), "{all:?}");
}

#[test]
fn the_office_owes_a_result_each_month_and_an_evaluation_each_half_year() {
    let agreement = opp();
    let report = |kind, month: &str, delivered: &str| OfficeReport {
        delivered: Some(day(delivered)),
        ..OfficeReport::new(OfficeReportKey {
            agreement: "opp".into(),
            kind,
            month: month.parse().unwrap(),
        })
    };
    let delivered = [
        report(OfficeReportKind::Result, "2025-07", "2025-08-07"),
        report(OfficeReportKind::Result, "2025-08", "2025-09-08"),
        report(OfficeReportKind::Evaluation, "2025-07", "2026-01-05"),
        report(OfficeReportKind::Premises, "2025-07", "2025-06-17"),
    ];
    let known = at("2026-03-28T23:30+01:00");
    let facts = OfficeFacts {
        reports: delivered.iter().collect(),
        breaches: vec![
            Breach { known, told: None },
            Breach {
                known,
                told: Some(at("2026-03-30T00:31+02:00")),
            },
        ],
        ended: None,
    };
    let all = of_agreement(&agreement, &facts, at("2026-03-29T23:00+02:00"));
    let state = |kind, month: &str| {
        let month = month.parse().ok();
        let mut found = all.iter().filter(|o| o.kind == kind && o.month == month);
        found.next().map(|o| (o.due.unwrap().to_string(), o.state))
    };
    let result = ObligationKind::ResultReport;
    assert_eq!(
        state(result, "2025-07"),
        Some(("2025-08-07".into(), met("2025-08-07", false)))
    );
    assert_eq!(
        state(result, "2025-08"),
        Some(("2025-09-07".into(), met("2025-09-08", true)))
    );
    assert_eq!(
        state(result, "2026-02"),
        Some(("2026-03-07".into(), ObligationState::Overdue))
    );
    assert_eq!(
        state(result, "2026-03"),
        Some(("2026-04-07".into(), ObligationState::Due))
    );
    assert_eq!(state(result, "2026-04"), None);
    assert_eq!(
        state(ObligationKind::Evaluation, "2025-07"),
        Some(("2026-01-07".into(), met("2026-01-05", false)))
    );
    assert_eq!(state(ObligationKind::Evaluation, "2026-01"), None);
    let premises = only(&all, ObligationKind::Premises);
    assert_eq!(premises.due, Some(day("2025-06-17")));
    assert_eq!(premises.state, met("2025-06-17", false));
    assert_eq!(
        only(&all, ObligationKind::Transfer).due,
        Some(day("2026-01-01"))
    );
    // 24 hours over the night on which the clock is moved.
    let breaches: Vec<_> = all
        .iter()
        .filter(|o| o.kind == ObligationKind::BreachNotice)
        .collect();
    let due = Some(at("2026-03-30T00:30+02:00"));
    assert_eq!(
        (breaches[0].due_at, breaches[0].state),
        (due, ObligationState::Due)
    );
    assert_eq!(breaches[1].state, met("2026-03-30", true));
}

#[test]
fn every_kind_says_what_it_is_what_meets_it_and_where_it_stands() {
    use crate::domain::Language;
    let mut names = std::collections::BTreeSet::new();
    for kind in ObligationKind::ALL {
        for language in [Language::Norwegian, Language::English] {
            assert!(names.insert(kind.text(language)), "{kind:?}");
            assert!(!kind.meets(language).is_empty());
        }
        assert!(kind.source().contains("OPP b") || kind.source().contains("JMO b"));
    }
}

#[test]
fn a_request_of_the_participant_is_due_the_day_it_came() {
    // Half past midnight in Oslo is the day before in UTC.
    let received = at("2026-05-10T22:30Z");
    let open = of_request(received, false, day("2026-05-11"));
    assert_eq!(
        (open.due, open.state),
        (Some(day("2026-05-11")), ObligationState::Due)
    );
    let late = of_request(received, false, day("2026-05-12"));
    assert_eq!(late.state, ObligationState::Overdue);
    assert!(!of_request(received, true, day("2026-05-12")).is_open());
}
