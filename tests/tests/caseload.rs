//! The sample caseload through the whole product: everything arrives, and minutes per
//! participation and month equal a plain sum over the files.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::path::Path;

use folge_core::contract::billing::{Entry, Hours};
use folge_core::document::{CaseSummary, Record, RecordRef};
use folge_core::domain::{AgreementKey, ClaimPart, EntryKind, LocalDate, Month};
use folge_tests::caseload::Caseload;
use folge_tests::claims::{claimed, first_months};
use folge_tests::provider::Plan;
use folge_tests::relay::EmbeddedRelay;
use folge_tests::scan::Needles;
use folge_tests::story::Story;

/// Participant, month → minutes by kind.
type Sums = BTreeMap<(String, String), BTreeMap<&'static str, u32>>;

/// `2026-03-29T01:30+01:00` in minutes since some day; written without the product's calendar.
fn minute(text: &str) -> i64 {
    let number = |from: usize, to: usize| text[from..to].parse::<i64>().unwrap();
    let (year, month, day) = (number(0, 4), number(5, 7), number(8, 10));
    // Days from civil (Howard Hinnant).
    let (y, m) = if month <= 2 {
        (year - 1, month + 9)
    } else {
        (year, month - 3)
    };
    let days = 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1;
    let offset = number(17, 19) * 60 + number(20, 22);
    let sign = if &text[16..17] == "-" { -1 } else { 1 };
    days * 1440 + number(11, 13) * 60 + number(14, 16) - sign * offset
}

fn plain_sums(caseload: &Caseload) -> Sums {
    let mut sums = Sums::new();
    let mut add = |participant: &str, month: &str, kind: &'static str, minutes: u32| {
        let key = (participant.to_owned(), month.to_owned());
        *sums.entry(key).or_default().entry(kind).or_default() += minutes;
    };
    let mut starts = BTreeMap::new();
    for meeting in &caseload.meetings {
        let minutes = u32::try_from(minute(&meeting.end) - minute(&meeting.start)).unwrap();
        starts.insert(meeting.id.as_str(), meeting);
        for attendance in &meeting.participants {
            let kind = match attendance.outcome.as_str() {
                "attended" => "attended",
                "no_show" => "no_show",
                "excused" => "excused",
                "cancelled" => "cancelled",
                other => panic!("unknown outcome {other}"),
            };
            // The files' times are Oslo's own, so the text's month is the month in Oslo.
            add(&attendance.id, &meeting.start[..7], kind, minutes);
        }
    }
    for trip in &caseload.trips {
        let meeting = starts[trip.meetings[0].as_str()];
        for attendance in &meeting.participants {
            add(&attendance.id, &meeting.start[..7], "travel", trip.minutes);
        }
    }
    for report in &caseload.reports {
        let delivered = report.delivered.as_ref().unwrap();
        add(
            &report.participant,
            &delivered[..7],
            "report",
            report.minutes,
        );
    }
    sums
}

fn recorded_sums(story: &Story) -> Sums {
    let mut sums = Sums::new();
    for case in story.cases().values() {
        for (month, minutes) in &case.minutes.months {
            let kinds = [
                ("attended", minutes.attended),
                ("no_show", minutes.no_show),
                ("excused", minutes.excused),
                ("cancelled", minutes.cancelled),
                ("travel", minutes.travel),
                ("report", minutes.report),
            ];
            let kinds = kinds.into_iter().filter(|(_, minutes)| minutes.0 > 0);
            let key = (case.reference.clone(), month.to_string());
            sums.insert(
                key,
                kinds.map(|(kind, minutes)| (kind, minutes.0)).collect(),
            );
        }
    }
    sums
}

fn check(dir: &Path, seed: u64, then: impl FnOnce(&mut Story, &Plan, &Path)) -> Story {
    let caseload = Caseload::read(dir).unwrap();
    let plan = Plan::of(&caseload).unwrap();
    let temporary = tempfile::tempdir().unwrap();
    let relay_dir = temporary.path().join("relay");
    let relay = EmbeddedRelay::start(&relay_dir).unwrap();
    let mut story =
        Story::begin(&plan, &relay.url, &temporary.path().join("devices"), seed).unwrap();
    story.replay(&plan, || {}).unwrap();
    story.come_together().unwrap();
    let cases = story.cases();
    let sum = |count: fn(&CaseSummary) -> u32| cases.values().map(count).sum::<u32>() as usize;
    let attendances: usize = caseload.meetings.iter().map(|m| m.participants.len()).sum();
    assert_eq!(cases.len(), caseload.participants.len());
    assert_eq!(sum(|case| case.visit_count), attendances);
    assert_eq!(sum(|case| case.report_count), caseload.reports.len());
    assert_eq!(sum(|case| case.conflict_count), 0);
    // The office sees all but the protected ones, and of those not even that they exist by name.
    let protected = caseload.participants.iter().filter(|p| p.address_protected);
    let seen = story.office.client.sums().participations;
    assert_eq!(seen, caseload.participants.len() - protected.count());
    let expected = plain_sums(&caseload);
    assert!(!expected.is_empty());
    assert_eq!(recorded_sums(&story), expected);
    assert!(story.office.client.quarantined().unwrap().is_empty());
    let needles = Needles::of(&caseload).unwrap();
    for place in [relay_dir.as_path(), story.devices_dir.as_path()] {
        let findings = needles.search(place).unwrap();
        assert!(findings.files > 0 && findings.bytes > 100_000);
        assert_eq!(findings.found, 0, "{findings:?}");
    }
    then(&mut story, &plan, &relay_dir);
    story
}

/// Any other provider can be shown too.
fn acts_of_another(story: &mut Story, plan: &Plan, relay_dir: &Path) {
    let mut colleague = story.let_colleague_in().unwrap();
    assert_eq!(colleague.seen, 2);
    let loss = story.lose_a_phone(plan).unwrap().unwrap();
    assert!(loss.refused && loss.all_back, "{loss:?}");
    let copy = story.devices_dir.join("backup.db");
    let device = &mut colleague.device;
    let erasure = story.erase_one(plan, device, relay_dir, &copy).unwrap();
    assert!(erasure.receipt.is_complete(), "{erasure:?}");
    assert_eq!((erasure.opened.1, erasure.on_relay), (0, 0));
    assert!(erasure.opened.0 > 0 && erasure.statistics.is_none());
}

/// January to March, from the synced documents of the office's device and, for the protected
/// participations, of their consultants' phones.
fn claims_are_as_expected(story: &mut Story) {
    let text = std::fs::read_to_string(Caseload::sample_dir().join("expected-billing.json"));
    let expected: serde_json::Value = serde_json::from_str(&text.unwrap()).unwrap();
    let agreement = AgreementKey::from("oppfolging-agder");
    let months = first_months(&story.office.client, 3);
    let names: Vec<String> = months.iter().map(ToString::to_string).collect();
    assert_eq!(names, ["2026-01", "2026-02", "2026-03"]);
    let found = serde_json::to_value(claimed(story, &agreement, &months).unwrap()).unwrap();
    for name in &names {
        let (expected, found) = (&expected[name], &found[name]);
        for participant in expected.as_object().unwrap().keys() {
            let (expected, found) = (&expected[participant], &found[participant]);
            assert_eq!(found, expected, "{name} {participant}");
        }
    }
    assert_eq!(found, expected);
    let january = expected["2026-01"].as_object().unwrap().values();
    let january = january.map(|figures| figures["amount_ore"].as_i64().unwrap());
    approve(story, &agreement, january.sum());
}

/// Approves January in the office, changes something, and finds it in February's claim. What
/// reports show is what is claimed.
fn approve(story: &mut Story, agreement: &AgreementKey, all_of_january: i64) {
    let (january, today) = ("2026-01".parse().unwrap(), "2026-07-01".parse().unwrap());
    let hidden = hand_over(story, agreement, january, today);
    let client = &mut story.office.client;
    let drawn = client.claim(agreement, january).unwrap();
    assert_eq!(drawn.unseen, 2);
    // With what the phones handed over the office claims everything that was expected.
    assert_eq!(drawn.parts.len(), hidden.len());
    assert_eq!(drawn.amount_ore(), all_of_january);
    // A meeting of one: where one of a group is voided, the others' shares grow, and so may the sum.
    let alone = |entry: &&Entry| entry.kind == EntryKind::FollowUp && entry.basis.shared_by <= 1;
    let case = drawn
        .cases
        .iter()
        .find(|case| case.entries.iter().any(|entry| alone(&entry)))
        .unwrap();
    let Hours::Billed(hours) = client.hours(case.participation).unwrap() else {
        panic!("not by the hour");
    };
    assert_eq!(hours[&january], case.quarters());
    let february = "2026-02".parse().unwrap();
    let skipped = client
        .approve_claim(agreement, february, today)
        .unwrap_err();
    assert_eq!(skipped.code(), "out_of_order");
    let approved = client.approve_claim(agreement, january, today).unwrap();
    assert_eq!(approved.lines, drawn.lines);
    assert_eq!(client.claims().unwrap(), std::slice::from_ref(&approved));
    let again = client.approve_claim(agreement, january, today).unwrap_err();
    assert_eq!(again.code(), "already_approved");
    let page = client.participation(case.participation).unwrap();
    let Record::Billed(billed) = &page.records[&RecordRef::Billed(january)].row.record else {
        panic!("not billed");
    };
    assert_eq!(
        (&billed.entries, billed.approved),
        (&case.billed.entries, today)
    );
    // Voided after approval: a correction, and the approved claim stays as it is.
    let before = client.claim(agreement, february).unwrap().amount_ore();
    let entry = case.entries.iter().find(alone);
    let visit = RecordRef::Visit(entry.unwrap().record);
    client
        .void(case.participation, visit, "Ført feil".into())
        .unwrap();
    let corrected = client.claim(agreement, february).unwrap();
    assert!(corrected.amount_ore() < before);
    assert!(
        corrected
            .lines
            .iter()
            .any(|line| line.month == january && line.quantity < 0)
    );
    assert_eq!(client.claims().unwrap(), [approved]);
    // Consultants see their own, and approve nothing.
    let phone = story.phones.values_mut().next().unwrap();
    let refused = phone
        .client
        .approve_claim(agreement, february, today)
        .unwrap_err();
    assert_eq!(refused.code(), "not_allowed");
    correct_a_part(story, agreement, &hidden[0]);
}

/// Every phone hands over what only it can read; the office hears of it.
fn hand_over(
    story: &mut Story,
    agreement: &AgreementKey,
    month: Month,
    today: LocalDate,
) -> Vec<(String, ClaimPart)> {
    let mut handed = Vec::new();
    for (key, phone) in &mut story.phones {
        let early = phone
            .client
            .hand_over_claims(agreement, month, month.last_day());
        assert_eq!(early.unwrap_err().code(), "month_not_over");
        let parts = phone.client.hand_over_claims(agreement, month, today);
        handed.extend(parts.unwrap().into_iter().map(|part| (key.clone(), part)));
        // A second time there is nothing new.
        let again = phone.client.hand_over_claims(agreement, month, today);
        assert_eq!(again.unwrap(), []);
    }
    story.come_together().unwrap();
    assert!(handed.iter().any(|(_, part)| part.amount_ore() > 0));
    handed
}

/// A visit of a protected participation is voided after its month was claimed: the next part has
/// the correction, once.
fn correct_a_part(story: &mut Story, agreement: &AgreementKey, first: &(String, ClaimPart)) {
    let (february, today) = ("2026-02".parse().unwrap(), "2026-07-01".parse().unwrap());
    let (key, part) = first;
    let phone = &mut story.phones.get_mut(key).unwrap().client;
    let page = phone.participation(part.participation).unwrap();
    let Record::Billed(billed) = &page.records[&RecordRef::Billed(part.month)].row.record else {
        panic!("not billed");
    };
    let entry = billed
        .entries
        .iter()
        .find(|e| e.kind == EntryKind::FollowUp);
    let visit = RecordRef::Visit(entry.unwrap().record);
    phone
        .void(part.participation, visit, "Ført feil".into())
        .unwrap();
    let before = story.office.client.claim(agreement, february).unwrap();
    assert_eq!(before.parts, []);
    let handed = hand_over(story, agreement, february, today);
    let corrected: Vec<_> = handed
        .iter()
        .filter(|(_, other)| other.participation == part.participation)
        .flat_map(|(_, other)| &other.lines)
        .filter(|line| line.month == part.month)
        .collect();
    assert!(corrected.iter().all(|line| line.quantity < 0) && !corrected.is_empty());
    let after = story.office.client.claim(agreement, february).unwrap();
    let more: i64 = handed.iter().map(|(_, part)| part.amount_ore()).sum();
    assert_eq!(after.amount_ore(), before.amount_ore() + more);
}

/// What the demo tells after the work.
fn acts(story: &mut Story, plan: &Plan, relay_dir: &Path) {
    let cases = story.cases();
    let sum = |count: fn(&CaseSummary) -> u32| cases.values().map(count).sum::<u32>();
    assert_eq!(
        (
            cases.len(),
            sum(|case| case.visit_count),
            sum(|case| case.trip_count),
            sum(|case| case.report_count)
        ),
        (96, 1492, 1148, 127)
    );
    assert_eq!(story.office.client.sums().participations, 94);
    claims_are_as_expected(story);
    let mut colleague = story.let_colleague_in().unwrap();
    assert_eq!(colleague.fingerprints[0], colleague.fingerprints[1]);
    assert_eq!(colleague.seen, 94);
    let loss = story.lose_a_phone(plan).unwrap().unwrap();
    assert!(loss.refused && loss.all_back, "{loss:?}");
    assert_eq!((loss.unsent, loss.admitted, loss.kept), (3, 3, 3));
    assert_eq!(loss.participations.0, loss.participations.1);
    let persons = usize::try_from(loss.notice.person_count).unwrap();
    assert_eq!(persons, loss.participations.0);
    let copy = story.devices_dir.join("backup.db");
    let device = &mut colleague.device;
    let erasure = story.erase_one(plan, device, relay_dir, &copy).unwrap();
    assert!(
        erasure.receipt.is_complete() && erasure.receipt_checks,
        "{erasure:?}"
    );
    assert!(erasure.opened.0 > 0 && erasure.others.0 > 1000);
    assert_eq!((erasure.opened.1, erasure.on_relay), (0, 0));
    assert_eq!(erasure.others.0, erasure.others.1);
    let audit = story.audit(device).unwrap();
    assert!(audit.acts > 60, "{audit:?}");
    assert_eq!((audit.exports, audit.losses), (2, 1));
}

#[test]
fn the_sample_caseload_arrives_whole_and_its_minutes_are_the_plain_sums() {
    let story = check(&Caseload::sample_dir(), 1, acts);
    assert_eq!(story.office.client.sums().participations, 93);
    assert!(story.figures.crashes > 10, "{:?}", story.figures);
}

#[test]
fn another_provider_in_the_same_form_arrives_too() {
    // The sample turned around: other keys, other months, meetings across midnight and DST.
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    write(
        "organisation.json",
        r#"{"name":"Fjordvei Arbeid AS","org_number":"312456788","contracts":[{"id":"avtale","measure":"Oppfølging","price_model":"hourly","prices":[{"area":"A","from":"2025-07-01","hourly_ore":70000}],"areas":{"A":["Mandal"]}}],"consultants":[{"id":"k1","name":"Berit Fjellheim","position_percent":50},{"id":"k2","name":"Tormod Elvestad","position_percent":100}],"employers":[]}"#,
    );
    let person = |id: &str, consultant: &str| {
        format!(
            r#"{{"id":"{id}","first_name":"Testine","middle_name":null,"last_name":"Prøvesen","national_id":"28839909324","born":"1999-03-28","phone":null,"area":"A","municipality":"Mandal","nav_office":"NAV Mandal","nav_adviser":"Ola Rådgiver","consultant":"{consultant}","ordered":"2026-01-10","start":"2026-01-26","end":null,"employed_at_referral":false,"reduced_work_capacity":true,"address_protected":false,"order":"Bistand til å finne arbeid."}}"#
        )
    };
    write(
        "participants.jsonl",
        &format!("{}\n{}\n", person("a", "k1"), person("b", "k2")),
    );
    let meeting = |id: &str, start: &str, end: &str, people: &str| {
        format!(
            r#"{{"id":"{id}","start":"{start}","end":"{end}","form":"phone","with":"participant","consultants":["k1","k2"],"employer":null,"activities":[],"participants":[{people}],"note":"Samtale om arbeidstid."}}"#
        )
    };
    let both = r#"{"id":"a","outcome":"attended"},{"id":"b","outcome":"no_show"}"#;
    let one = r#"{"id":"a","outcome":"attended"}"#;
    write(
        "meetings.jsonl",
        &[
            meeting(
                "m1",
                "2026-03-29T01:30+01:00",
                "2026-03-29T03:30+02:00",
                both,
            ),
            meeting(
                "m2",
                "2026-10-25T01:30+02:00",
                "2026-10-25T03:30+01:00",
                one,
            ),
            meeting(
                "m3",
                "2026-01-31T23:30+01:00",
                "2026-02-01T00:45+01:00",
                one,
            ),
        ]
        .join("\n"),
    );
    write(
        "trips.jsonl",
        r#"{"id":"t1","consultant":"k2","minutes":12,"meetings":["m3"]}"#,
    );
    write(
        "reports.jsonl",
        r#"{"participant":"b","kind":"final","minutes":61,"delivered":"2026-12-31"}"#,
    );
    let minutes_and_acts = |story: &mut Story, plan: &Plan, relay_dir: &Path| {
        minutes_of_a(story);
        acts_of_another(story, plan, relay_dir);
    };
    check(dir.path(), 2, minutes_and_acts);
}

fn minutes_of_a(story: &Story) {
    let minutes = story.office.client.minutes(story.documents["a"]).unwrap();
    let attended: Vec<u32> = minutes
        .months
        .values()
        .map(|month| month.attended.0)
        .collect();
    // January (across midnight), March (an hour is skipped), October (an hour comes twice).
    assert_eq!(attended, [75, 60, 180]);
}

#[test]
fn a_damaged_caseload_is_refused_with_file_and_line() {
    let dir = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(Caseload::sample_dir()).unwrap() {
        let file = file.unwrap().path();
        std::fs::copy(&file, dir.path().join(file.file_name().unwrap())).unwrap();
    }
    let trips = dir.path().join("trips.jsonl");
    let good = std::fs::read_to_string(&trips).unwrap();
    std::fs::write(&trips, good.replacen("\"minutes\"", "\"minuts\"", 1)).unwrap();
    let error = Caseload::read(dir.path()).unwrap_err().to_string();
    assert!(error.contains("trips.jsonl, line 1"), "{error}");
    std::fs::write(&trips, good.replacen("m-000-001", "m-nowhere", 2)).unwrap();
    let error = Plan::of(&Caseload::read(dir.path()).unwrap())
        .unwrap_err()
        .to_string();
    assert!(error.contains("trips.jsonl, line 2"), "{error}");
    std::fs::remove_file(&trips).unwrap();
    let error = Caseload::read(dir.path()).unwrap_err().to_string();
    assert!(error.contains("trips.jsonl"), "{error}");
}

#[test]
fn the_demo_writes_what_is_claimed_in_the_form_of_the_expected_figures() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("claims.json");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_demo"))
        .args(["--headless", "--seed", "7", "--claims"])
        .arg(&file)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("claims to NAV per service area"), "{text}");
    let read = |path: &Path| -> serde_json::Value {
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
    };
    let expected = Caseload::sample_dir().join("expected-billing.json");
    assert_eq!(read(&file), read(&expected));
}
