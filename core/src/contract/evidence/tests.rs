use super::*;
use crate::domain::{GroupInfo, Minutes, Month, With};

const KARI: &str = "consultant-00";
const PER: &str = "consultant-01";

fn at(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

fn case(n: u8) -> DocumentId {
    DocumentId([n; 16])
}

fn visit(id: u8, start: &str, end: &str) -> Visit {
    Visit {
        id: RecordId([id; 16]),
        start: at(start),
        end: at(end),
        form: MeetingForm::InPerson,
        with: With::Participant,
        consultants: vec![KARI.into()],
        employer: None,
        activities: Vec::new(),
        outcome: Outcome::Attended,
        planned: false,
        group: None,
        note: String::new(),
        agreed: String::new(),
    }
}

fn group(mut visit: Visit) -> Visit {
    visit.group = Some(GroupInfo {
        id: GroupMeetingId([0xaa; 16]),
        consultants: 1,
        invited: 2,
        present: 2,
    });
    visit
}

fn trip(id: u8, times: Option<(&str, &str)>, minutes: u32, serves: &[u8]) -> Trip {
    Trip {
        id: RecordId([id; 16]),
        consultant: KARI.into(),
        minutes: Minutes(minutes),
        start: times.map(|(start, _)| at(start)),
        end: times.map(|(_, end)| at(end)),
        visits: serves.iter().map(|n| RecordId([*n; 16])).collect(),
        meetings: u32::try_from(serves.len()).unwrap(),
    }
}

fn seen(of: u8, visit: &Visit) -> SeenVisit<'_> {
    SeenVisit {
        participation: case(of),
        visit,
        recorded: Some(visit.end),
        confirmations: Vec::new(),
        thread: Vec::new(),
    }
}

/// The kinds found over visits and trips, each given with its casefile, long after all of them.
fn kinds(visits: &[(u8, Visit)], trips: &[(u8, Trip)]) -> Vec<ExceptionKind> {
    let visits: Vec<_> = visits.iter().map(|(of, visit)| seen(*of, visit)).collect();
    let trips: Vec<_> = trips
        .iter()
        .map(|(of, trip)| SeenTrip {
            participation: case(*of),
            trip,
        })
        .collect();
    let now = at("2027-01-01T00:00+01:00");
    let found = exceptions(&visits, &trips, &BTreeMap::new(), now);
    found.into_iter().map(|exception| exception.kind).collect()
}

#[test]
fn visits_of_one_consultant_that_overlap_are_shown_across_participations() {
    use ExceptionKind::OverlappingVisits;
    let first = visit(1, "2026-02-02T09:00+01:00", "2026-02-02T10:00+01:00");
    let touching = visit(2, "2026-02-02T10:00+01:00", "2026-02-02T11:00+01:00");
    assert_eq!(kinds(&[(1, first.clone()), (2, touching)], &[]), []);
    let inside = visit(2, "2026-02-02T09:59+01:00", "2026-02-02T10:30+01:00");
    let both = [(1, first.clone()), (2, inside.clone())];
    assert_eq!(kinds(&both, &[]), [OverlappingVisits]);
    // Two devices may have recorded the same meeting twice in one casefile.
    let both = [(1, first.clone()), (1, inside.clone())];
    assert_eq!(kinds(&both, &[]), [OverlappingVisits]);
    // Another consultant's meeting, a no-show and a planned one are nobody's double time.
    for change in [
        (|v: &mut Visit| v.consultants = vec![PER.into()]) as fn(&mut Visit),
        |v| v.outcome = Outcome::NoShow,
        |v| v.outcome = Outcome::Planned,
    ] {
        let mut other = inside.clone();
        change(&mut other);
        assert_eq!(kinds(&[(1, first.clone()), (2, other)], &[]), []);
    }
}

#[test]
fn the_overlap_names_both_records_the_day_and_the_consultant() {
    let first = visit(1, "2026-02-02T09:00+01:00", "2026-02-02T10:00+01:00");
    let second = visit(2, "2026-02-02T09:30+01:00", "2026-02-02T10:30+01:00");
    let visits = [seen(7, &first), seen(8, &second)];
    let now = at("2027-01-01T00:00+01:00");
    let found = exceptions(&visits, &[], &BTreeMap::new(), now);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].consultant, Some(KARI.into()));
    assert_eq!(found[0].date.to_string(), "2026-02-02");
    let records = BTreeSet::from([([7; 16], first.id), ([8; 16], second.id)]);
    assert_eq!(found[0].records, records);
}

#[test]
fn a_group_meeting_in_two_casefiles_is_one_meeting() {
    let one = group(visit(1, "2026-02-02T09:00+01:00", "2026-02-02T10:00+01:00"));
    let two = group(visit(2, "2026-02-02T09:00+01:00", "2026-02-02T10:00+01:00"));
    assert_eq!(kinds(&[(1, one.clone()), (2, two.clone())], &[]), []);
    // One copy whose times were changed is no longer the same statement.
    let mut moved = two;
    moved.end = at("2026-02-02T10:30+01:00");
    let found = kinds(&[(1, one), (2, moved)], &[]);
    assert_eq!(found, [ExceptionKind::OverlappingVisits]);
}

#[test]
fn clock_changes_neither_make_nor_hide_an_overlap() {
    // 2026-10-25: the hour from 02:00 comes twice. Same clock times, an hour apart.
    let first = visit(1, "2026-10-25T02:15+02:00", "2026-10-25T02:45+02:00");
    let second = visit(2, "2026-10-25T02:15+01:00", "2026-10-25T02:45+01:00");
    assert_eq!(kinds(&[(1, first), (2, second)], &[]), []);
    // 2026-03-29: 01:30 to 03:30 is one hour, and 03:00 to 03:15 lies in it.
    let first = visit(1, "2026-03-29T01:30+01:00", "2026-03-29T03:30+02:00");
    let second = visit(2, "2026-03-29T03:00+02:00", "2026-03-29T03:15+02:00");
    let found = kinds(&[(1, first), (2, second)], &[]);
    assert_eq!(found, [ExceptionKind::OverlappingVisits]);
}

#[test]
fn travel_during_a_meeting_and_into_it_is_shown() {
    use ExceptionKind::{TravelDuringVisit, TravelEndsAfterStart};
    let held = visit(1, "2026-02-02T09:00+01:00", "2026-02-02T10:00+01:00");
    let of = |times: (&str, &str), serves: &[u8]| {
        kinds(
            &[(1, held.clone())],
            &[(1, trip(9, Some(times), 20, serves))],
        )
    };
    let to = ("2026-02-02T08:40+01:00", "2026-02-02T09:00+01:00");
    let home = ("2026-02-02T10:00+01:00", "2026-02-02T10:20+01:00");
    let late = ("2026-02-02T08:41+01:00", "2026-02-02T09:01+01:00");
    let early = ("2026-02-02T09:50+01:00", "2026-02-02T10:10+01:00");
    assert_eq!(of(to, &[1]), []);
    assert_eq!(of(home, &[1]), []);
    assert_eq!(of(late, &[1]), [TravelEndsAfterStart]);
    assert_eq!(of(late, &[]), [TravelDuringVisit]);
    assert_eq!(of(early, &[1]), [TravelDuringVisit]);
    // Another consultant's trip is no matter.
    let mut other = trip(9, Some(early), 20, &[]);
    other.consultant = PER.into();
    assert_eq!(kinds(&[(1, held)], &[(1, other)]), []);
}

#[test]
fn a_groups_trip_serves_the_meeting_in_every_casefile() {
    let one = group(visit(1, "2026-02-02T09:00+01:00", "2026-02-02T10:00+01:00"));
    let two = group(visit(2, "2026-02-02T09:00+01:00", "2026-02-02T10:00+01:00"));
    let times = Some(("2026-02-02T08:30+01:00", "2026-02-02T09:00+01:00"));
    let trips = [(1, trip(8, times, 30, &[1])), (2, trip(9, times, 30, &[2]))];
    assert_eq!(kinds(&[(1, one), (2, two)], &trips), []);
}

#[test]
fn travel_longer_than_there_was_time_for_is_shown() {
    use ExceptionKind::TravelTooLong;
    let first = visit(1, "2026-02-02T09:00+01:00", "2026-02-02T10:00+01:00");
    let second = visit(2, "2026-02-02T11:00+01:00", "2026-02-02T12:00+01:00");
    let both = [(1, first), (2, second)];
    let whole = Some(("2026-02-02T10:00+01:00", "2026-02-02T11:00+01:00"));
    assert_eq!(kinds(&both, &[(2, trip(9, whole, 60, &[2]))]), []);
    // A stop left out: fewer minutes than passed are fine, more are not.
    assert_eq!(kinds(&both, &[(2, trip(9, whole, 20, &[2]))]), []);
    let found = kinds(&both, &[(2, trip(9, whole, 61, &[2]))]);
    assert_eq!(found, [TravelTooLong]);
    // Two trips in one gap that together do not fit: each as long as it says.
    let home = Some(("2026-02-02T10:00+01:00", "2026-02-02T10:40+01:00"));
    let out = Some(("2026-02-02T10:20+01:00", "2026-02-02T11:00+01:00"));
    let trips = [(1, trip(8, home, 40, &[1])), (2, trip(9, out, 40, &[2]))];
    assert_eq!(kinds(&both, &trips), [TravelTooLong]);
    // Over the night on which 02:00 becomes 03:00 there is one hour less.
    let spring = Some(("2026-03-29T01:30+01:00", "2026-03-29T03:30+02:00"));
    assert_eq!(kinds(&[], &[(1, trip(9, spring, 60, &[]))]), []);
    let found = kinds(&[], &[(1, trip(9, spring, 120, &[]))]);
    assert_eq!(found, [TravelTooLong]);
}

#[test]
fn a_day_cannot_hold_more_than_its_own_hours() {
    use ExceptionKind::DayTooLong;
    let day = |date: &str, offset: &str, next: &str, next_offset: &str| {
        visit(
            1,
            &format!("{date}T00:00{offset}"),
            &format!("{next}T00:00{next_offset}"),
        )
    };
    // 24 hours of meeting fill an ordinary day, and not a minute of travel more fits.
    let full = day("2026-02-02", "+01:00", "2026-02-03", "+01:00");
    assert_eq!(kinds(&[(1, full.clone())], &[]), []);
    let found = kinds(&[(1, full.clone())], &[(1, trip(9, None, 1, &[1]))]);
    assert_eq!(found, [DayTooLong]);
    // 2026-03-29 has 23 hours: 22 of meeting and one of travel fit, two do not.
    let short = visit(1, "2026-03-29T00:00+01:00", "2026-03-29T23:00+02:00");
    assert_eq!(short.length().unwrap(), Minutes(22 * 60));
    let with = |minutes| kinds(&[(1, short.clone())], &[(1, trip(9, None, minutes, &[1]))]);
    assert_eq!(with(60), []);
    assert_eq!(with(61), [DayTooLong]);
    // 2026-10-25 has 25.
    let long = visit(1, "2026-10-25T00:00+02:00", "2026-10-25T23:00+01:00");
    assert_eq!(long.length().unwrap(), Minutes(24 * 60));
    let with = |minutes| kinds(&[(1, long.clone())], &[(1, trip(9, None, minutes, &[1]))]);
    assert_eq!(with(60), []);
    assert_eq!(with(61), [DayTooLong]);
    // A meeting over midnight counts on both days.
    let late = visit(1, "2026-02-02T12:00+01:00", "2026-02-03T12:00+01:00");
    let travel = [
        (1, trip(8, None, 12 * 60, &[1])),
        (1, trip(9, None, 1, &[1])),
    ];
    assert_eq!(kinds(&[(1, late.clone())], &travel[..1]), []);
    assert_eq!(kinds(&[(1, late)], &travel), [DayTooLong]);
}

#[test]
fn a_trip_that_stands_in_every_casefile_of_a_group_counts_once() {
    let start = ("2026-02-02T00:00+01:00", "2026-02-02T20:00+01:00");
    let one = group(visit(1, start.0, start.1));
    let two = group(visit(2, start.0, start.1));
    let both = [(1, one), (2, two)];
    let trips = |minutes| {
        [
            (1, trip(8, None, minutes, &[1])),
            (2, trip(9, None, minutes, &[2])),
        ]
    };
    assert_eq!(kinds(&both, &trips(240)), []);
    assert_eq!(kinds(&both, &trips(241)), [ExceptionKind::DayTooLong]);
    // Out and back are two trips, though alike.
    let mut twice = trips(121).to_vec();
    twice.push((1, trip(7, None, 121, &[1])));
    assert_eq!(kinds(&both, &twice), [ExceptionKind::DayTooLong]);
}

fn alone(visit: &Visit, recorded: &str, now: &str) -> Vec<ExceptionKind> {
    let seen = SeenVisit {
        recorded: Some(at(recorded)),
        ..seen(1, visit)
    };
    let found = exceptions(&[seen], &[], &BTreeMap::new(), at(now));
    found.into_iter().map(|exception| exception.kind).collect()
}

#[test]
fn an_entry_is_late_after_seven_days_by_the_calendar() {
    let held = visit(1, "2026-03-27T23:00+01:00", "2026-03-27T23:45+01:00");
    let now = "2026-05-01T00:00+02:00";
    // The seventh day, to its last minute, though the clock moved in between.
    assert_eq!(alone(&held, "2026-04-03T23:59+02:00", now), []);
    let late = alone(&held, "2026-04-04T00:00+02:00", now);
    assert_eq!(late, [ExceptionKind::LateEntry]);
    // One over midnight counts from its end.
    let over = visit(1, "2026-03-27T23:30+01:00", "2026-03-28T00:30+01:00");
    assert_eq!(alone(&over, "2026-04-04T12:00+02:00", now), []);
    // What is only planned is not late, whenever it was written.
    let mut planned = held;
    planned.outcome = Outcome::Planned;
    assert_eq!(alone(&planned, "2026-04-20T12:00+02:00", now), []);
}

#[test]
fn a_held_meeting_lies_neither_in_the_future_nor_behind_its_entry() {
    let held = visit(1, "2026-02-02T09:00+01:00", "2026-02-02T10:00+01:00");
    let of = |recorded, now| alone(&held, recorded, now);
    let after = "2026-02-02T12:00+01:00";
    assert_eq!(of("2026-02-02T10:00+01:00", after), []);
    assert_eq!(of("2026-02-02T09:55+01:00", after), []);
    let early = of("2026-02-02T09:54+01:00", after);
    assert_eq!(early, [ExceptionKind::RecordedBeforeEnd]);
    let future = of("2026-02-02T08:00+01:00", "2026-02-02T09:30+01:00");
    assert_eq!(future, [ExceptionKind::InFuture]);
    assert_eq!(of("2026-02-02T10:00+01:00", "2026-02-02T10:00+01:00"), []);
    // Valid absence may be recorded beforehand.
    let mut excused = held.clone();
    excused.outcome = Outcome::Excused(crate::domain::Absence::Illness);
    assert_eq!(alone(&excused, "2026-02-01T10:00+01:00", after), []);
}

// --- confirmations ---

fn taken(visit: &Visit, grade: ConfirmationGrade, reason: &str) -> Confirmation {
    Confirmation {
        id: RecordId([0x51; 16]),
        visit: visit.id,
        digest: VisitDigest::of(visit),
        grade,
        at: visit.end,
        reason: reason.into(),
        proof: None,
    }
}

/// Checked, and found to hold.
fn holding(confirmation: &Confirmation) -> Taken<'_> {
    Taken {
        confirmation,
        holds: true,
        pin: None,
    }
}

fn said(visit: &Visit, verdict: Verdict) -> ThreadConfirmation {
    ThreadConfirmation {
        message: RecordId([0x60; 16]),
        visit: visit.id,
        digest: VisitDigest::of(visit),
        verdict,
        at: visit.end,
        device: DeviceId([0x77; 16]),
        shown: Some(Shown {
            start: visit.start,
            end: visit.end,
            form: visit.form,
        }),
    }
}

fn traced(visit: &Visit, recorded: &[&Confirmation], thread: &[ThreadConfirmation]) -> Evidence {
    let recorded: Vec<_> = recorded.iter().map(|taken| holding(taken)).collect();
    trace(visit, &recorded, thread, TimeCertainty::BoundedBothSides)
}

#[test]
fn the_strongest_confirmation_of_the_facts_as_they_are_counts() {
    let held = visit(1, "2026-02-02T09:00+01:00", "2026-02-02T10:00+01:00");
    let drawn = taken(&held, ConfirmationGrade::Drawn, "");
    let pin = taken(&held, ConfirmationGrade::Pin, "");
    let later = taken(&held, ConfirmationGrade::Later, "På papir");
    let of = |recorded: &[&Confirmation]| traced(&held, recorded, &[]);
    let evidence = of(&[&later, &drawn, &pin]);
    assert_eq!(
        (evidence.grade, evidence.stands),
        (ConfirmationGrade::Pin, true)
    );
    assert!(evidence.carries_a_claim() && evidence.weakness.is_none());
    assert_eq!(of(&[&later]).reason.as_deref(), Some("På papir"));
    let own = traced(&held, &[&pin], &[said(&held, Verdict::Yes)]);
    assert_eq!(own.grade, ConfirmationGrade::OwnDevice);
    // Of another visit, it is no confirmation of this one.
    let other = visit(2, "2026-02-02T09:00+01:00", "2026-02-02T10:00+01:00");
    let none = traced(&other, &[&pin], &[said(&held, Verdict::Yes)]);
    assert_eq!(
        (none.grade, none.weakness),
        (ConfirmationGrade::None, Some(Weakness::Unconfirmed))
    );
}

#[test]
fn a_casefile_cannot_claim_the_participants_own_device() {
    let held = visit(1, "2026-02-02T09:00+01:00", "2026-02-02T10:00+01:00");
    let forged = taken(&held, ConfirmationGrade::OwnDevice, "");
    let evidence = traced(&held, &[&forged], &[]);
    assert_eq!(
        (evidence.grade, evidence.stands),
        (ConfirmationGrade::None, false)
    );
}

#[test]
fn none_has_a_reason_and_carries_no_claim() {
    let held = visit(1, "2026-02-02T09:00+01:00", "2026-02-02T10:00+01:00");
    let none = taken(&held, ConfirmationGrade::None, "Hadde ikke telefon");
    let evidence = traced(&held, &[&none], &[]);
    assert_eq!(evidence.reason.as_deref(), Some("Hadde ikke telefon"));
    assert!(!evidence.stands && !evidence.carries_a_claim());
}

#[test]
fn a_change_of_the_facts_voids_the_confirmation_visibly_and_one_of_the_note_does_not() {
    let held = visit(1, "2026-02-02T09:00+01:00", "2026-02-02T10:00+01:00");
    let thread = [said(&held, Verdict::Yes)];
    let mut noted = held.clone();
    noted.note = "Skrev CV".into();
    assert!(traced(&noted, &[], &thread).stands);
    let mut longer = held.clone();
    longer.end = at("2026-02-02T10:15+01:00");
    let evidence = traced(&longer, &[], &thread);
    assert_eq!(
        (evidence.grade, evidence.stands, evidence.weakness),
        (
            ConfirmationGrade::OwnDevice,
            false,
            Some(Weakness::FactsChanged)
        )
    );
    // A weaker one of the new facts stands before a stronger one of the old.
    let pin = taken(&longer, ConfirmationGrade::Pin, "");
    let evidence = traced(&longer, &[&pin], &thread);
    assert_eq!(
        (evidence.grade, evidence.stands),
        (ConfirmationGrade::Pin, true)
    );
    let flagged = |visit: &Visit, recorded: &[&Confirmation]| {
        let seen = SeenVisit {
            confirmations: recorded.iter().map(|taken| holding(taken)).collect(),
            thread: thread.to_vec(),
            ..seen(1, visit)
        };
        let now = at("2027-01-01T00:00+01:00");
        let found = exceptions(&[seen], &[], &BTreeMap::new(), now);
        found.iter().map(|one| one.kind).collect::<Vec<_>>()
    };
    assert_eq!(flagged(&held, &[]), []);
    assert_eq!(
        flagged(&longer, &[]),
        [ExceptionKind::EditedAfterConfirmation]
    );
    assert_eq!(flagged(&longer, &[&pin]), []);
}

#[test]
fn only_the_participant_undoes_a_dispute() {
    let held = visit(1, "2026-02-02T09:00+01:00", "2026-02-02T10:00+01:00");
    let wrong = said(&held, Verdict::Wrong("Det var en halv time".into()));
    let evidence = traced(&held, &[], std::slice::from_ref(&wrong));
    assert!(evidence.disputed && !evidence.carries_a_claim());
    assert_eq!(evidence.weakness, Some(Weakness::Disputed));
    assert_eq!(evidence.reason.as_deref(), Some("Det var en halv time"));
    // Neither a PIN from before nor a change of the facts answers it.
    let pin = taken(&held, ConfirmationGrade::Pin, "");
    let evidence = traced(&held, &[&pin], std::slice::from_ref(&wrong));
    assert!(evidence.stands && evidence.disputed && !evidence.carries_a_claim());
    let mut shorter = held.clone();
    shorter.end = at("2026-02-02T09:30+01:00");
    assert!(traced(&shorter, &[], std::slice::from_ref(&wrong)).disputed);
    let both = [wrong, said(&shorter, Verdict::Yes)];
    let evidence = traced(&shorter, &[], &both);
    assert!(evidence.carries_a_claim());
    assert_eq!(evidence.reason, None);
    let taken_back = [said(&held, Verdict::Yes), said(&held, Verdict::No)];
    assert!(traced(&held, &[], &taken_back).disputed);
}

#[test]
fn what_was_shown_must_be_what_is_recorded() {
    let held = visit(1, "2026-02-02T09:00+01:00", "2026-02-02T10:00+01:00");
    let mut other = said(&held, Verdict::Yes);
    other.shown = other.shown.map(|shown| Shown {
        end: at("2026-02-02T09:15+01:00"),
        ..shown
    });
    let evidence = traced(&held, &[], &[other.clone()]);
    assert_eq!(evidence.weakness, Some(Weakness::ShownOtherwise));
    assert!(!evidence.stands);
    other.shown = None;
    assert!(!traced(&held, &[], &[other]).stands);
}

#[test]
fn one_device_for_both_is_shown() {
    let held = visit(1, "2026-02-02T09:00+01:00", "2026-02-02T10:00+01:00");
    let of = |device: u8| {
        let mut confirmed = said(&held, Verdict::Yes);
        confirmed.device = DeviceId([device; 16]);
        let seen = SeenVisit {
            thread: vec![confirmed],
            ..seen(1, &held)
        };
        let devices = BTreeMap::from([(KARI.into(), BTreeSet::from([DeviceId([1; 16])]))]);
        let now = at("2027-01-01T00:00+01:00");
        let found = exceptions(&[seen], &[], &devices, now);
        found.iter().map(|one| one.kind).collect::<Vec<_>>()
    };
    assert_eq!(of(2), []);
    assert_eq!(of(1), [ExceptionKind::OneDeviceForBoth]);
}

#[test]
fn a_confirmation_whose_proof_fails_counts_for_nothing_and_is_shown() {
    let held = visit(1, "2026-02-02T09:00+01:00", "2026-02-02T10:00+01:00");
    let pin = taken(&held, ConfirmationGrade::Pin, "");
    let drawn = taken(&held, ConfirmationGrade::Drawn, "");
    let failing = Taken {
        holds: false,
        ..holding(&pin)
    };
    let of = |recorded: &[Taken<'_>]| trace(&held, recorded, &[], TimeCertainty::DeviceOnly);
    let evidence = of(&[failing]);
    assert_eq!(
        (evidence.grade, evidence.stands, evidence.weakness),
        (ConfirmationGrade::None, false, Some(Weakness::ProofFails))
    );
    // Another that holds stands; the forged one stays on the list of exceptions.
    let both = [failing, holding(&drawn)];
    assert_eq!(of(&both).grade, ConfirmationGrade::Drawn);
    assert!(of(&both).carries_a_claim());
    let seen = SeenVisit {
        confirmations: both.to_vec(),
        ..seen(1, &held)
    };
    let now = at("2027-01-01T00:00+01:00");
    let found = exceptions(&[seen], &[], &BTreeMap::new(), now);
    assert_eq!(found[0].kind, ExceptionKind::ProofFails);
}

#[test]
fn a_pin_that_is_new_is_shown() {
    let held = visit(1, "2026-02-02T09:00+01:00", "2026-02-02T10:00+01:00");
    let of = |set: &str, is_first, used: &str| {
        let pin = taken(&held, ConfirmationGrade::Pin, "");
        let taken = Taken {
            pin: Some(PinSet {
                at: at(set),
                used: at(used),
                is_first,
            }),
            ..holding(&pin)
        };
        let seen = SeenVisit {
            confirmations: vec![taken],
            ..seen(1, &held)
        };
        let now = at("2027-01-01T00:00+01:00");
        let found = exceptions(&[seen], &[], &BTreeMap::new(), now);
        found.into_iter().map(|one| one.kind).collect::<Vec<_>>()
    };
    let used = "2026-02-02T10:05+01:00";
    let new = [ExceptionKind::PinSetJustBefore];
    // The first one is set at the first meeting that it confirms.
    assert_eq!(of("2026-02-02T10:04+01:00", true, used), []);
    assert_eq!(of("2026-02-02T10:04+01:00", false, used), new);
    assert_eq!(of("2026-02-01T10:06+01:00", false, used), new);
    assert_eq!(of("2026-02-01T10:05+01:00", false, used), []);
    // Set on a later day than the meeting's, in Oslo, however long before it was used.
    let later = "2026-02-20T10:05+01:00";
    assert_eq!(of("2026-02-03T00:00+01:00", true, later), new);
    assert_eq!(of("2026-02-02T23:59+01:00", true, later), []);
}

#[test]
fn an_answer_that_came_both_ways_counts_once_and_at_its_time() {
    let held = visit(1, "2026-02-02T09:00+01:00", "2026-02-02T10:00+01:00");
    let of = |message: u8, verdict, minute: i64| ThreadConfirmation {
        message: RecordId([message; 16]),
        at: Instant(held.end.0 + minute * MINUTE_MILLISECONDS),
        ..said(&held, verdict)
    };
    let (yes, no, again) = (
        of(1, Verdict::Yes, 1),
        of(2, Verdict::No, 5),
        of(3, Verdict::Yes, 9),
    );
    let names = |thread: &[&ThreadConfirmation], answers: &[&ThreadConfirmation]| {
        let owned = |all: &[&ThreadConfirmation]| all.iter().copied().cloned().collect();
        let all = merged(owned(thread), owned(answers));
        all.iter().map(|said| said.message.0[0]).collect::<Vec<_>>()
    };
    assert_eq!(names(&[&yes, &again], &[&no]), [1, 2, 3]);
    assert_eq!(names(&[&yes, &again], &[&again, &no, &no, &yes]), [1, 2, 3]);
    assert_eq!(names(&[], &[&again, &yes]), [1, 3]);
    // The thread's own order stays, whatever its clock says.
    assert_eq!(names(&[&again, &yes], &[&no]), [2, 3, 1]);
    // A no by code disputes, and only a later yes undoes it.
    let disputed = |thread: &[&ThreadConfirmation], answers: &[&ThreadConfirmation]| {
        let owned = |all: &[&ThreadConfirmation]| all.iter().copied().cloned().collect();
        traced(&held, &[], &merged(owned(thread), owned(answers))).disputed
    };
    assert!(disputed(&[&yes], &[&no]));
    assert!(!disputed(&[&again], &[&no]));
    // Another's message of the same name is another.
    let mut other = no.clone();
    other.device = DeviceId([0x78; 16]);
    assert_eq!(names(&[&no], &[&other]), [2, 2]);
}

#[test]
fn every_billed_quarter_is_traced_to_its_record() {
    let held = visit(1, "2026-02-02T09:00+01:00", "2026-02-02T10:00+01:00");
    let evidence = BTreeMap::from([(held.id, traced(&held, &[], &[said(&held, Verdict::Yes)]))]);
    let entry = |record: u8, kind| BilledEntry {
        record: RecordId([record; 16]),
        kind,
        date: Month {
            year: 2026,
            month: 2,
        }
        .first_day(),
        area: crate::domain::Area("B".into()),
        hourly_ore: 100_000,
        quarters: 4,
    };
    let entries = [
        entry(1, EntryKind::FollowUp),
        entry(1, EntryKind::Travel),
        entry(5, EntryKind::Report),
        entry(6, EntryKind::Report),
        entry(9, EntryKind::FollowUp),
    ];
    let reports = BTreeSet::from([RecordId([5; 16])]);
    let traced: Vec<_> = trace_entries(&entries, &evidence, &reports)
        .into_iter()
        .map(|(_, to)| to)
        .collect();
    let visit = TracedTo::Visit(&evidence[&held.id]);
    assert_eq!(
        traced,
        [
            visit,
            visit,
            TracedTo::Report,
            TracedTo::Nothing,
            TracedTo::Nothing
        ]
    );
}

#[test]
fn every_exception_has_its_own_code_texts_and_source() {
    let codes: BTreeSet<_> = ExceptionKind::ALL.iter().map(|kind| kind.code()).collect();
    assert_eq!(codes.len(), ExceptionKind::ALL.len());
    for kind in ExceptionKind::ALL {
        assert_ne!(kind.text(Language::Norwegian), kind.text(Language::English));
        assert!(kind.source().contains("DESIGN.md 8"));
    }
}
