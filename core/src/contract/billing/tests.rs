use proptest::prelude::*;

use super::*;
use crate::contract::Terms;
use crate::contract::terms::{
    Days, GroupShare, HourlyPrice, HourlyPricing, PlacePrice, Proration, SeveralConsultants,
};
use crate::domain::{
    Absence, CancelledBy, GroupInfo, GroupMeetingId, Instant, Language, Outcome, Status, With,
};

/// A casefile that owns its records: each with whether it was voided, and a doubt.
#[derive(Debug, Clone)]
pub(crate) struct File {
    pub(crate) id: DocumentId,
    pub(crate) participation: Participation,
    pub(crate) doubt: Option<Doubt>,
    pub(crate) visits: Vec<(Visit, bool, Option<Doubt>)>,
    pub(crate) trips: Vec<(Trip, bool, Option<Doubt>)>,
    pub(crate) reports: Vec<(Report, bool, Option<Doubt>)>,
    pub(crate) billed: Vec<Billed>,
}

fn facts<T>(records: &[(T, bool, Option<Doubt>)]) -> Vec<Fact<'_, T>> {
    records
        .iter()
        .map(|(value, voided, doubt)| Fact {
            value,
            voided: *voided,
            doubt: *doubt,
        })
        .collect()
}

impl File {
    pub(crate) fn new(n: u8) -> Self {
        let mut participation = Participation::new("p", "A", "B");
        participation.agreement = Some(KEY.into());
        participation.area = Some("A".into());
        participation.start = Some(day("2026-01-01"));
        participation.status = Status::Active;
        Self {
            id: DocumentId([n; 16]),
            participation,
            doubt: None,
            visits: Vec::new(),
            trips: Vec::new(),
            reports: Vec::new(),
            billed: Vec::new(),
        }
    }

    pub(crate) fn case(&self) -> Case<'_> {
        Case {
            doubt: self.doubt,
            visits: facts(&self.visits),
            trips: facts(&self.trips),
            reports: facts(&self.reports),
            billed: self.billed.iter().map(Fact::sure).collect(),
            ..Case::new(self.id, &self.participation)
        }
    }

    fn bill_in(&self, files: &[&Self], agreement: &Agreement) -> CaseBilling {
        let cases: Vec<Case<'_>> = files.iter().map(|file| file.case()).collect();
        hourly::bill(&self.case(), &Groups::of(&cases), agreement)
    }

    fn bill(&self, agreement: &Agreement) -> CaseBilling {
        self.bill_in(&[self], agreement)
    }
}

pub(crate) const KEY: &str = "avtale";

pub(crate) fn day(text: &str) -> LocalDate {
    text.parse().unwrap()
}

pub(crate) fn month(text: &str) -> Month {
    text.parse().unwrap()
}

pub(crate) fn hourly_agreement(change: impl FnOnce(&mut HourlyPricing)) -> Agreement {
    let mut terms = Terms::oppfolging_agder().unwrap();
    if let Pricing::Hourly(hourly) = &mut terms.pricing {
        for (area, from, hourly_ore) in [
            ("A", "2026-01-01", 70_001),
            ("A", "2026-03-16", 73_403),
            ("B", "2026-02-01", 81_999),
        ] {
            hourly.prices.push(HourlyPrice {
                area: Area(area.into()),
                from: day(from),
                hourly_ore,
            });
        }
        change(hourly);
    }
    let agreement = Agreement::new(KEY.into(), day("2026-01-01"), terms);
    agreement.check_terms().unwrap();
    agreement
}

pub(crate) fn visit(n: u8, on: &str, minutes: u32) -> Visit {
    let start = Instant::parse(&format!("{on}T09:00+01:00")).unwrap();
    Visit {
        id: RecordId([n; 16]),
        start,
        end: Instant(start.0 + i64::from(minutes) * 60_000),
        form: MeetingForm::InPerson,
        with: With::Participant,
        consultants: vec!["c1".into()],
        employer: None,
        activities: Vec::new(),
        outcome: Outcome::Attended,
        planned: false,
        group: None,
        note: String::new(),
        agreed: String::new(),
    }
}

pub(crate) fn trip(n: u8, minutes: u32, visits: &[u8], meetings: u32) -> Trip {
    Trip {
        id: RecordId([n; 16]),
        consultant: "c1".into(),
        minutes: Minutes(minutes),
        start: None,
        end: None,
        visits: visits.iter().map(|n| RecordId([*n; 16])).collect(),
        meetings,
    }
}

pub(crate) fn report(n: u8, kind: ReportKind, minutes: u32, delivered: &str) -> Report {
    Report {
        minutes: Minutes(minutes),
        delivered: delivered.parse().ok(),
        ..Report::new(RecordId([n; 16]), kind)
    }
}

fn group(consultants: u32, invited: u32, present: u32) -> Option<GroupInfo> {
    Some(GroupInfo {
        id: GroupMeetingId([200; 16]),
        consultants,
        invited,
        present,
    })
}

fn sums(bill: &CaseBilling) -> (u64, u64, u64, u64) {
    let mut sum = KindQuarters::default();
    for entry in &bill.entries {
        sum.add(entry.kind, entry.quarters);
    }
    (sum.follow_up, sum.no_show, sum.travel, sum.report)
}

fn whys(bill: &CaseBilling) -> Vec<NotBilled> {
    bill.not_billed.iter().map(|left| left.why).collect()
}

fn notices(bill: &CaseBilling) -> Vec<NoticeReason> {
    bill.notices.iter().map(|notice| notice.reason).collect()
}

fn with_visit(change: impl FnOnce(&mut Visit)) -> File {
    let mut file = File::new(1);
    let mut one = visit(1, "2026-02-03", 61);
    change(&mut one);
    file.visits.push((one, false, None));
    file.trips.push((trip(2, 20, &[1], 1), false, None));
    file
}

#[test]
fn an_entry_names_its_rule_and_what_it_stands_on() {
    let file = with_visit(|_| {});
    let bill = file.bill(&hourly_agreement(|_| {}));
    assert_eq!(sums(&bill), (5, 0, 2, 0));
    let [follow_up, travel] = bill.entries.as_slice() else {
        panic!("{bill:?}");
    };
    assert_eq!(follow_up.rule, Rule::FollowUp);
    assert_eq!(follow_up.rule.source(), "OPP b3.1 (H2, H9)");
    assert_eq!(follow_up.minutes, Ratio::whole(61));
    assert_eq!(
        (follow_up.area.0.as_str(), follow_up.hourly_ore),
        ("A", 70_001)
    );
    assert_eq!(travel.rule.source(), "OPP b3.1 (H6)");
    assert_eq!(travel.record, follow_up.record);
    assert_eq!(travel.basis.trips, [RecordId([2; 16])]);
    assert_eq!(travel.basis.cap_minutes, Some(60));
}

#[test]
fn what_yields_nothing_says_why() {
    let agreement = hourly_agreement(|_| {});
    let outcome = |outcome| with_visit(|visit| visit.outcome = outcome);
    for (file, why) in [
        (outcome(Outcome::Planned), NotBilled::Planned),
        (
            outcome(Outcome::Excused(Absence::Illness)),
            NotBilled::Excused,
        ),
        (
            outcome(Outcome::Cancelled(CancelledBy::Provider)),
            NotBilled::Cancelled,
        ),
        (outcome(Outcome::Moved), NotBilled::Moved),
    ] {
        let bill = file.bill(&agreement);
        assert_eq!(sums(&bill), (0, 0, 0, 0));
        assert_eq!(whys(&bill), [why, NotBilled::TravelNotHeld]);
    }
    let both = |file: &File, why: NotBilled| {
        let bill = file.bill(&agreement);
        assert_eq!(sums(&bill), (0, 0, 0, 0), "{why:?}");
        assert_eq!(whys(&bill), [why, why]);
    };
    let changed = |change: fn(&mut File)| {
        let mut file = with_visit(|_| {});
        change(&mut file);
        file
    };
    both(
        &changed(|f| f.participation.start = None),
        NotBilled::NotStarted,
    );
    let after = |f: &mut File| f.participation.end = Some(day("2026-02-02"));
    both(&changed(after), NotBilled::OutsidePeriod);
    let before = |f: &mut File| f.participation.start = Some(day("2026-02-04"));
    both(&changed(before), NotBilled::OutsidePeriod);
    both(
        &changed(|f| f.participation.area = None),
        NotBilled::AreaMissing,
    );
    let no_price = |f: &mut File| f.participation.area = Some("C".into());
    both(&changed(no_price), NotBilled::NoPrice);
    both(
        &changed(|f| f.doubt = Some(Doubt::Conflict)),
        NotBilled::InConflict,
    );
    let damaged = |f: &mut File| f.visits[0].2 = Some(Doubt::Damaged);
    both(&changed(damaged), NotBilled::Unreadable);
    let absurd = |f: &mut File| f.visits[0].0.end = Instant(0);
    both(&changed(absurd), NotBilled::Unreadable);

    let voided = changed(|f| f.visits[0].1 = true).bill(&agreement);
    assert_eq!(whys(&voided), [NotBilled::Voided, NotBilled::TravelNotHeld]);
    let untied = changed(|f| f.trips[0].0 = trip(2, 20, &[9], 1)).bill(&agreement);
    assert_eq!(
        (sums(&untied).2, whys(&untied)),
        (0, vec![NotBilled::TravelUntied])
    );
    let trip_void = changed(|f| f.trips[0].1 = true).bill(&agreement);
    assert_eq!(
        (sums(&trip_void).2, whys(&trip_void)),
        (0, vec![NotBilled::Voided])
    );
    let trip_doubt = changed(|f| f.trips[0].2 = Some(Doubt::Conflict)).bill(&agreement);
    assert_eq!(whys(&trip_doubt), [NotBilled::InConflict]);
    assert_eq!(sums(&trip_doubt), (5, 0, 0, 0));
    let no_time = with_visit(|v| v.end = Instant(v.start.0 + 59_999)).bill(&agreement);
    assert_eq!(
        (sums(&no_time), whys(&no_time)),
        ((0, 0, 2, 0), vec![NotBilled::NoTime])
    );
}

#[test]
fn every_reason_and_notice_has_a_text_in_both_languages() {
    let all = [
        NotBilled::Planned,
        NotBilled::Duplicate,
        NotBilled::EndMissing,
        NotBilled::TravelUntied,
    ];
    for why in all {
        let texts = [Language::Norwegian, Language::English].map(|l| why.user_text(l));
        assert!(texts[0] != texts[1] && !why.code().is_empty());
    }
    let notice = NoticeReason::SeveralConsultants;
    assert!(notice.user_text(Language::Norwegian).contains("én gang"));
}

#[test]
fn a_no_show_waits_a_quarter_at_most_and_its_travel_is_the_agreements_choice() {
    let no_show = |minutes: u32| {
        with_visit(|v| {
            v.outcome = Outcome::NoShow;
            v.end = Instant(v.start.0 + i64::from(minutes) * 60_000);
        })
    };
    let agreement = hourly_agreement(|_| {});
    let bill = no_show(30).bill(&agreement);
    assert_eq!(
        (sums(&bill), whys(&bill)),
        ((0, 1, 0, 0), vec![NotBilled::TravelToNoShow])
    );
    assert_eq!(notices(&bill), [NoticeReason::TravelToNoShow]);
    assert_eq!(sums(&no_show(5).bill(&agreement)).1, 1);
    assert_eq!(sums(&no_show(0).bill(&agreement)).1, 0);
    let paid = hourly_agreement(|terms| terms.travel_to_no_show = true);
    assert_eq!(sums(&no_show(30).bill(&paid)), (0, 1, 2, 0));
    let longer = hourly_agreement(|terms| terms.no_show_minutes_max = 30);
    assert_eq!(sums(&no_show(40).bill(&longer)).1, 2);
}

#[test]
fn two_consultants_are_billed_once_or_each_as_the_agreement_says() {
    let file = with_visit(|v| v.consultants.push("c2".into()));
    let bill = file.bill(&hourly_agreement(|_| {}));
    assert_eq!(
        (sums(&bill).0, notices(&bill)),
        (5, vec![NoticeReason::SeveralConsultants])
    );
    let each = hourly_agreement(|terms| terms.several_consultants = SeveralConsultants::Each);
    let bill = file.bill(&each);
    assert_eq!((sums(&bill).0, notices(&bill)), (9, vec![]));
}

#[test]
fn video_and_employer_meetings_are_billed_where_the_agreement_pays_them() {
    let video = with_visit(|v| v.form = MeetingForm::Video);
    let employer = with_visit(|v| v.with = With::Employer);
    let agreement = hourly_agreement(|_| {});
    assert_eq!(
        video.bill(&agreement).entries[0].form,
        Some(MeetingForm::Video)
    );
    assert_eq!(employer.bill(&agreement).entries[0].rule, Rule::Employer);
    let strict = hourly_agreement(|terms| {
        terms.video_and_phone = false;
        terms.employer_meetings = false;
    });
    let why = NotBilled::VideoOrPhone;
    assert_eq!(whys(&video.bill(&strict)), [why, why]);
    let why = NotBilled::EmployerMeeting;
    assert_eq!(whys(&employer.bill(&strict)), [why, why]);
    let share = remote_share(&video.bill(&agreement).entries);
    let share = share[&month("2026-02")];
    assert_eq!(
        (share.follow_up, share.remote, share.per_mille()),
        (5, 5, Some(1000))
    );
}

#[test]
fn caps_and_rounding_are_the_agreements() {
    let mut file = with_visit(|_| {});
    file.trips[0].0.minutes = Minutes(100);
    file.reports
        .push((report(5, ReportKind::Status, 95, "2026-02-10"), false, None));
    assert_eq!(sums(&file.bill(&hourly_agreement(|_| {}))), (5, 0, 4, 4));
    let wide = hourly_agreement(|terms| {
        terms.travel_minutes_max = 90;
        terms.report_minutes_max = 120;
    });
    assert_eq!(sums(&file.bill(&wide)), (5, 0, 6, 7));
    let halves = hourly_agreement(|terms| {
        terms.round_up_to_minutes = 30;
        terms.no_show_minutes_max = 30;
    });
    assert_eq!(sums(&file.bill(&halves)), (6, 0, 4, 4));
}

#[test]
fn reports_are_billed_by_delivery_and_kind() {
    let mut file = File::new(1);
    file.participation.end = Some(day("2026-01-31"));
    let mut add = |n, kind, delivered: &str| {
        file.reports
            .push((report(n, kind, 40, delivered), false, None));
    };
    add(1, ReportKind::Final, "2026-03-20");
    add(2, ReportKind::Plan, "2026-02-01");
    add(3, ReportKind::Status, "");
    add(4, ReportKind::Status, "2026-02-02");
    file.reports[3].1 = true;
    let bill = file.bill(&hourly_agreement(|_| {}));
    assert_eq!((sums(&bill).3, bill.entries[0].hourly_ore), (3, 73_403));
    let mut why = whys(&bill);
    why.sort_unstable();
    let expected = [
        NotBilled::Voided,
        NotBilled::ReportKind,
        NotBilled::NotDelivered,
    ];
    assert_eq!(why, expected);
    let plans = hourly_agreement(|terms| terms.billable_reports.push(ReportKind::Plan));
    assert_eq!(sums(&file.bill(&plans)).3, 6);
}

/// Four casefiles of a group of 90 minutes with two consultants.
fn group_files(present: u32) -> Vec<File> {
    (1..=4u8)
        .map(|n| {
            let mut file = File::new(n);
            let mut one = visit(n, "2026-02-03", 90);
            one.group = group(2, 4, present);
            file.visits.push((one, false, None));
            file.trips.push((trip(n + 10, 80, &[n], 1), false, None));
            file
        })
        .collect()
}

fn bill_of(files: &[File], n: usize, agreement: &Agreement) -> CaseBilling {
    files[n].bill_in(&files.iter().collect::<Vec<_>>(), agreement)
}

#[test]
fn a_group_is_shared_by_those_present_inside_their_participation() {
    let agreement = hourly_agreement(|_| {});
    let mut files = group_files(4);
    let bill = bill_of(&files, 0, &agreement);
    assert_eq!(sums(&bill), (3, 0, 1, 0));
    assert_eq!(bill.entries[0].minutes, Ratio::whole(45));
    assert_eq!(bill.entries[1].rule, Rule::GroupTravel);
    // One has ended the day before: the three others share.
    files[3].participation.end = Some(day("2026-02-02"));
    assert_eq!(sums(&bill_of(&files, 0, &agreement)), (4, 0, 2, 0));
    assert_eq!(sums(&bill_of(&files, 3, &agreement)), (0, 0, 0, 0));
    // One was voided, one did not come: two share.
    files[3].visits[0].1 = true;
    files[2].visits[0].0.outcome = Outcome::NoShow;
    assert_eq!(sums(&bill_of(&files, 0, &agreement)), (6, 0, 2, 0));
    let absent = bill_of(&files, 2, &agreement);
    assert_eq!(
        whys(&absent),
        [NotBilled::GroupNoShow, NotBilled::TravelToNoShow]
    );
    // Whose attendance is in doubt counts, so that nobody else pays too much meanwhile.
    files[2].visits[0].2 = Some(Doubt::Conflict);
    assert_eq!(sums(&bill_of(&files, 0, &agreement)).0, 4);
}

#[test]
fn a_group_seen_in_part_is_shared_by_its_counts() {
    let agreement = hourly_agreement(|_| {});
    let files = group_files(4);
    let bill = files[0].bill_in(&[&files[0], &files[1]], &agreement);
    assert_eq!(bill.entries[0].minutes, Ratio::whole(45));
    assert_eq!(notices(&bill), [NoticeReason::GroupSeenInPart]);
    assert_eq!(bill.entries[0].basis.unseen, 2);
    // Three came, two of them seen here: one of the two unseen came.
    let files = group_files(3);
    let bill = files[0].bill_in(&[&files[0], &files[1]], &agreement);
    assert_eq!(bill.entries[0].minutes, Ratio::whole(60));
}

#[test]
fn a_group_is_shared_by_the_invited_where_the_agreement_says_so() {
    let agreement = hourly_agreement(|terms| terms.group_share = GroupShare::Invited);
    let mut files = group_files(2);
    files[2].visits[0].0.outcome = Outcome::NoShow;
    files[3].visits[0].0.outcome = Outcome::Excused(Absence::Unspecified);
    assert_eq!(
        bill_of(&files, 0, &agreement).entries[0].minutes,
        Ratio::whole(45)
    );
}

#[test]
fn the_same_group_meeting_twice_in_a_casefile_is_billed_once() {
    let mut files = group_files(4);
    let mut again = files[0].visits[0].clone();
    again.0.id = RecordId([99; 16]);
    files[0].visits.insert(0, again);
    let bill = bill_of(&files, 0, &hourly_agreement(|_| {}));
    assert_eq!(
        (sums(&bill).0, whys(&bill)),
        (3, vec![NotBilled::Duplicate])
    );
}

#[test]
fn overlapping_meetings_are_pointed_out_and_billed() {
    let mut file = File::new(1);
    file.visits.push((visit(1, "2026-02-03", 60), false, None));
    file.visits.push((visit(2, "2026-02-03", 30), false, None));
    file.visits.push((visit(3, "2026-02-04", 30), false, None));
    let bill = file.bill(&hourly_agreement(|_| {}));
    assert_eq!((sums(&bill).0, notices(&bill).len()), (8, 2));
}

#[test]
fn one_trip_to_several_meetings_is_shared_by_all_of_them() {
    // Three meetings, one of them with another participant, one not held.
    let mut file = File::new(1);
    file.visits.push((visit(1, "2026-02-03", 60), false, None));
    file.visits.push((visit(2, "2026-02-04", 60), false, None));
    file.visits[1].0.outcome = Outcome::Cancelled(CancelledBy::Unspecified);
    file.trips.push((trip(9, 100, &[1, 2], 3), false, None));
    file.trips.push((trip(8, 10, &[1], 1), false, None));
    let bill = file.bill(&hourly_agreement(|_| {}));
    assert_eq!(bill.entries[1].minutes.to_string(), "43 1/3");
    assert_eq!(sums(&bill).2, 3);
    // A trip that says fewer meetings than it names, or absurdly many, cannot be relied on.
    for meetings in [0, 1, 51] {
        file.trips[0].0.meetings = meetings;
        assert_eq!(sums(&file.bill(&hourly_agreement(|_| {}))).2, 0);
    }
}

#[test]
fn the_price_is_that_of_the_terms_in_force_on_the_day() {
    let mut agreement = hourly_agreement(|_| {});
    let mut terms = agreement.newest().unwrap().clone();
    if let Pricing::Hourly(hourly) = &mut terms.pricing {
        hourly.prices.retain(|price| price.area.0 == "A");
        hourly.prices.truncate(1);
        hourly.prices[0].hourly_ore = 90_000;
    }
    let change = crate::contract::AgreementChange {
        number: 1,
        signed: None,
        description: "Pris".into(),
    };
    agreement.change(day("2026-02-03"), change, terms);
    let price = |on: &str| {
        let mut file = File::new(1);
        file.visits.push((visit(1, on, 60), false, None));
        file.bill(&agreement).entries[0].hourly_ore
    };
    assert_eq!((price("2026-02-02"), price("2026-02-03")), (70_001, 90_000));
    assert_eq!(price("2026-04-01"), 90_000);
}

#[test]
fn hours_of_an_agreement_by_the_place_are_minutes_as_recorded() {
    let file = with_visit(|_| {});
    let agreement = place_agreement(&[("2026-01-01", 100)], |_| {});
    let Hours::Recorded(minutes) = hours(&file.case(), &Groups::default(), &agreement) else {
        panic!("not recorded");
    };
    assert_eq!(minutes.months[&month("2026-02")].attended, Minutes(61));
    let Hours::Billed(quarters) =
        hours(&file.case(), &Groups::default(), &hourly_agreement(|_| {}))
    else {
        panic!("not billed");
    };
    assert_eq!(quarters[&month("2026-02")].total(), 7);
}

#[test]
fn half_an_ore_is_rounded_up() {
    assert_eq!(amount_ore(1, 70_001), 17_500);
    assert_eq!(amount_ore(2, 70_001), 35_001);
    assert_eq!(amount_ore(3, 70_001), 52_501);
    assert_eq!(amount_ore(4, 70_001), 70_001);
    assert_eq!(amount_ore(0, 70_001), 0);
}

// --- by the place ---

pub(crate) fn place_agreement(
    prices: &[(&str, u64)],
    change: impl FnOnce(&mut crate::contract::terms::PlacePricing),
) -> Agreement {
    let mut terms = Terms::jobbmestrende_vest_viken().unwrap();
    if let Pricing::Place(place) = &mut terms.pricing {
        for (from, monthly_nok) in prices {
            place.prices.push(PlacePrice {
                from: day(from),
                monthly_nok: *monthly_nok,
            });
        }
        change(place);
    }
    Agreement::new(KEY.into(), day("2023-01-01"), terms)
}

fn used(agreement: &Agreement, of: &str, start: &str, end: Option<&str>) -> Vec<i64> {
    let mut file = File::new(1);
    file.participation.start = Some(day(start));
    file.participation.end = end.map(day);
    if end.is_some() {
        file.participation.status = Status::Ended;
    }
    let days = place::PlaceMonth::of(agreement, month(of)).unwrap();
    let used = days.used(&file.case()).unwrap();
    used.parts.into_values().collect()
}

#[test]
fn places_are_counted_as_navs_own_tests_count_them() {
    let agreement = place_agreement(&[("2023-01-01", 100)], |_| {});
    for (start, end) in [("2025-09-08", "2025-09-14"), ("2025-09-08", "2025-09-12")] {
        assert_eq!(used(&agreement, "2025-09", start, Some(end)), [22_727]);
    }
    assert_eq!(
        used(&agreement, "2025-09", "2025-09-06", Some("2025-09-14")),
        [22_727]
    );
    assert_eq!(
        used(&agreement, "2026-04", "2026-04-01", Some("2026-04-15")),
        [50_000]
    );
    assert_eq!(used(&agreement, "2026-04", "2026-04-16", None), [50_000]);
    assert_eq!(used(&agreement, "2026-01", "2025-01-01", None), [100_000]);
    let closed = |from: &str, to: &str| Days {
        from: day(from),
        to: day(to),
    };
    let shut = place_agreement(&[("2023-01-01", 100)], |place| {
        place.closed.push(closed("2025-02-01", "2025-02-14"));
        place.closed.push(closed("2023-04-01", "2023-04-01"));
        place.closed.push(closed("2023-04-05", "2023-04-18"));
    });
    assert_eq!(used(&shut, "2025-02", "2025-01-01", None), [50_000]);
    assert_eq!(used(&shut, "2023-04", "2023-04-01", None), [50_000]);
    let calendar = place_agreement(&[("2023-01-01", 100)], |place| {
        place.proration = Proration::CalendarDays;
    });
    assert_eq!(used(&calendar, "2026-04", "2026-04-16", None), [50_000]);
    assert_eq!(used(&calendar, "2026-04", "2026-04-30", None), [3_333]);
}

#[test]
fn a_price_that_changes_inside_a_month_splits_the_place() {
    let agreement = place_agreement(&[("2023-01-01", 10_001), ("2026-04-16", 10_003)], |_| {});
    assert_eq!(
        used(&agreement, "2026-04", "2026-01-01", None),
        [50_000, 50_000]
    );
    let parts = BTreeMap::from([(10_001, 50_000), (10_003, 50_000)]);
    assert_eq!(place::amount_ore(&parts), 1_000_200);
    assert_eq!(
        place::amounts_ore(&parts).into_values().sum::<i64>(),
        1_000_200
    );
}

#[test]
fn a_place_that_cannot_be_counted_says_why() {
    let agreement = place_agreement(&[("2026-02-01", 100)], |_| {});
    let days = |of: &str| place::PlaceMonth::of(&agreement, month(of)).unwrap();
    let why = |of: &str, change: fn(&mut File)| {
        let mut file = File::new(1);
        change(&mut file);
        days(of).used(&file.case()).unwrap_err()
    };
    assert_eq!(why("2026-01", |_| {}), NotBilled::NoPrice);
    assert_eq!(why("2025-12", |_| {}), NotBilled::OutsidePeriod);
    let no_end = |f: &mut File| f.participation.status = Status::Ended;
    assert_eq!(why("2026-02", no_end), NotBilled::EndMissing);
    let waiting = |f: &mut File| f.participation.status = Status::Waiting;
    assert_eq!(why("2026-02", waiting), NotBilled::NotTakingPart);
    assert_eq!(
        why("2026-02", |f| f.participation.start = None),
        NotBilled::NotStarted
    );
    let doubt = |f: &mut File| f.doubt = Some(Doubt::Conflict);
    assert_eq!(why("2026-02", doubt), NotBilled::InConflict);
}

// --- properties ---

fn outcomes() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        6 => Just(Outcome::Attended),
        2 => Just(Outcome::NoShow),
        1 => Just(Outcome::Excused(Absence::Unspecified)),
        1 => Just(Outcome::Planned),
    ]
}

pub(crate) fn doubts() -> impl Strategy<Value = Option<Doubt>> {
    prop_oneof![12 => Just(None), 1 => Just(Some(Doubt::Conflict))]
}

/// Records of three participations over three months, with a group now and then.
pub(crate) fn caseload() -> impl Strategy<Value = Vec<File>> {
    let one = (
        outcomes(),
        0..200u32,
        1..29u8,
        1..4u8,
        any::<bool>(),
        0..9u8,
        doubts(),
    );
    let visits = proptest::collection::vec(one, 0..12);
    let journey = (0..200u32, 0..12u8, 0..12u8, 0..3u32, 0..9u8);
    let journeys = proptest::collection::vec(journey, 0..6);
    let written = (any::<bool>(), 0..120u32, 1..29u8, 1..4u8);
    let written = proptest::collection::vec(written, 0..3);
    let file = (visits, journeys, written, proptest::option::of(1..29u8));
    proptest::collection::vec(file, 3).prop_map(|files| {
        let made = files.into_iter().enumerate().map(|(n, parts)| {
            let n = u8::try_from(n).unwrap();
            let (visits, journeys, written, end) = parts;
            let mut file = File::new(n + 1);
            let date = |day: u8, month: u8| format!("2026-{month:02}-{day:02}");
            file.participation.end = end.map(|day| self::day(&date(day, 3)));
            for (m, (outcome, minutes, day, month, in_group, void, doubt)) in
                visits.into_iter().enumerate()
            {
                let m = u8::try_from(m).unwrap();
                let mut one = visit(m, &date(day, month), minutes);
                // Ids are the participation's own.
                one.id.0[0] = n;
                one.outcome = outcome;
                if in_group {
                    one.group = Some(GroupInfo {
                        id: GroupMeetingId([m; 16]),
                        consultants: 2,
                        invited: 3,
                        present: 2,
                    });
                }
                file.visits.push((one, void == 0, doubt));
            }
            for (m, (minutes, a, b, more, void)) in journeys.into_iter().enumerate() {
                let m = u8::try_from(m).unwrap();
                let named = if a == b { vec![a] } else { vec![a, b] };
                let meetings = u32::try_from(named.len()).unwrap() + more;
                let mut one = trip(m + 100, minutes, &named, meetings);
                one.id.0[0] = n;
                for id in &mut one.visits {
                    id.0[0] = n;
                }
                file.trips.push((one, void == 0, None));
            }
            for (m, (is_final, minutes, day, month)) in written.into_iter().enumerate() {
                let kind = if is_final {
                    ReportKind::Final
                } else {
                    ReportKind::Status
                };
                let m = u8::try_from(m).unwrap();
                let mut one = report(m + 200, kind, minutes, &date(day, month));
                one.id.0[0] = n;
                file.reports.push((one, false, None));
            }
            file
        });
        made.collect()
    })
}

fn bill_all(files: &[File], agreement: &Agreement) -> Vec<CaseBilling> {
    (0..files.len())
        .map(|n| bill_of(files, n, agreement))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_order_of_records_does_not_matter(files in caseload(), turn in any::<u64>()) {
        let agreement = hourly_agreement(|_| {});
        let mut turned = files.clone();
        for file in &mut turned {
            let by = |len: usize| usize::try_from(turn % len.max(1) as u64).unwrap();
            let (v, t) = (by(file.visits.len()), by(file.trips.len()));
            file.visits.rotate_left(v);
            file.trips.rotate_left(t);
            file.reports.reverse();
        }
        let mut cases: Vec<Case<'_>> = turned.iter().map(File::case).collect();
        cases.reverse();
        let groups = Groups::of(&cases);
        for (file, bill) in turned.iter().zip(bill_all(&files, &agreement)) {
            prop_assert_eq!(hourly::bill(&file.case(), &groups, &agreement), bill);
        }
    }

    #[test]
    fn quarters_of_parts_add_up_to_those_of_the_whole(files in caseload(), cut in any::<u16>()) {
        // Each visit goes with the trips that name it, or the trip's share would be lost.
        let agreement = hourly_agreement(|_| {});
        let cases: Vec<Case<'_>> = files.iter().map(File::case).collect();
        let groups = Groups::of(&cases);
        for file in &files {
            let whole = hourly::bill(&file.case(), &groups, &agreement);
            let mut sum = (0, 0, 0, 0);
            for side in [true, false] {
                let mut part = file.clone();
                let own = |place: usize| (cut >> (place % 16)) & 1 == u16::from(side);
                // Duplicates of a group are one meeting: they stay together.
                let mut place = 0;
                part.visits.retain(|(visit, ..)| {
                    place += 1;
                    own(visit.group.map_or(place, |group| usize::from(group.id.0[0])))
                });
                place = 0;
                part.reports.retain(|_| {
                    place += 1;
                    own(place)
                });
                let part = sums(&hourly::bill(&part.case(), &groups, &agreement));
                sum = (sum.0 + part.0, sum.1 + part.1, sum.2 + part.2, sum.3 + part.3);
            }
            prop_assert_eq!(sum, sums(&whole));
        }
    }

    #[test]
    fn capping_before_rounding_is_rounding_before_capping(
        minutes in 0..3000u32,
        by in 1..60u32,
        step in 1..5u32,
        cap in 1..9u32,
    ) {
        let (step, exact) = (step * 15, Ratio::whole(minutes).shared_by(by));
        let cap = cap * step;
        let capped_first = hourly::quarters_up(exact.at_most(cap), step);
        let rounded_first = hourly::quarters_up(exact, step).min(cap / 15);
        prop_assert_eq!(capped_first, rounded_first);
    }

    #[test]
    fn no_record_is_billed_twice(files in caseload()) {
        let agreement = hourly_agreement(|_| {});
        let mut seen = std::collections::BTreeSet::new();
        for bill in bill_all(&files, &agreement) {
            for entry in &bill.entries {
                let kind = match entry.kind {
                    EntryKind::NoShow => EntryKind::FollowUp,
                    other => other,
                };
                prop_assert!(seen.insert((entry.participation, entry.record, kind)));
                prop_assert!(entry.quarters > 0);
            }
        }
    }
}
