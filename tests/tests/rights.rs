//! Access and erasure dates over the sample caseload, on the office's device.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};

use folge_core::Error;
use folge_core::client::Client;
use folge_core::domain::{LocalDate, Minutes, Report, ReportKind};
use folge_core::keys::Key32;
use folge_core::native::system_env;
use folge_core::rights::Retention;
use folge_core::store::{Store, Unlock};
use folge_core::sync::RelayAddress;
use folge_protocol::ids::DocumentId;
use folge_tests::caseload::Caseload;
use folge_tests::final_report::record_final;
use folge_tests::provider::{Plan, perform};
use serde_json::Value;

struct Office {
    client: Client,
    documents: BTreeMap<String, DocumentId>,
    caseload: Caseload,
}

/// An office of one, with everything recorded on its own device.
fn office() -> Office {
    let conn = rusqlite::Connection::open_in_memory().unwrap();
    let unlock = Unlock::Secret(Key32::new([1; 32]));
    let store = Store::create_in(conn, &unlock, &mut system_env()).unwrap();
    let relay = RelayAddress {
        url: "http://127.0.0.1:1".into(),
        key: [9; 32],
    };
    let (mut client, _) = Client::found(store, system_env(), relay, "").unwrap();
    let caseload = Caseload::read(&Caseload::sample_dir()).unwrap();
    let plan = Plan::of(&caseload).unwrap();
    let person = client.identity().person;
    let first = plan.staff[0].key.0.clone();
    let documents = plan.set_up(&mut client, &[(first, person)].into()).unwrap();
    for work in plan.work.values().flatten() {
        perform(&mut client, work, &documents).unwrap();
    }
    Office {
        client,
        documents,
        caseload,
    }
}

fn day(text: &str) -> LocalDate {
    text.parse().unwrap()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

/// Every text in a JSON value.
fn texts(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            found.insert(text.clone());
        }
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(members) => members.values().for_each(|item| texts(item, found)),
        _ => {}
    }
}

#[test]
fn an_archive_holds_all_that_is_recorded_of_one_and_nothing_of_others() {
    let mut office = office();
    let caseload = &office.caseload;
    let client = &mut office.client;
    for participant in &caseload.participants {
        let document = office.documents[&participant.id];
        let files = client.archive(document).unwrap();
        let html = String::from_utf8(files[0].bytes.clone()).unwrap();
        let json: Value = serde_json::from_slice(&files[1].bytes).unwrap();
        let mut found = BTreeSet::new();
        texts(&json, &mut found);
        let mut expected = vec![
            &participant.first_name,
            &participant.last_name,
            &participant.national_id,
            &participant.born,
            &participant.area,
            &participant.municipality,
            &participant.nav_office,
            &participant.nav_adviser,
            &participant.order,
        ];
        expected.extend(
            [&participant.middle_name, &participant.phone]
                .into_iter()
                .flatten(),
        );
        expected.extend(
            [&participant.ordered, &participant.start, &participant.end]
                .into_iter()
                .flatten(),
        );
        let mut meetings = 0;
        for meeting in &caseload.meetings {
            let own = meeting
                .participants
                .iter()
                .find(|one| one.id == participant.id);
            let Some(own) = own else { continue };
            meetings += 1;
            expected.push(&own.outcome);
            expected.extend(meeting.activities.iter());
            expected.extend((!meeting.note.is_empty()).then_some(&meeting.note));
        }
        for text in expected {
            assert!(
                found.contains(text),
                "{}: a value is not in the JSON",
                participant.id
            );
            let is_date = text.len() == 10 && text.as_bytes()[4] == b'-';
            let shown = if is_date {
                format!("{}.{}.{}", &text[8..], &text[5..7], &text[..4])
            } else {
                escaped(text)
            };
            // Outcomes stand in words.
            let is_code = text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
            assert!(
                is_code || html.contains(&shown),
                "{}: not in the page",
                participant.id
            );
        }
        // Of staff only those whom the casefile names.
        let mut staff = BTreeSet::from([participant.consultant.as_str()]);
        for meeting in &caseload.meetings {
            if meeting
                .participants
                .iter()
                .any(|one| one.id == participant.id)
            {
                staff.extend(meeting.consultants.iter().map(String::as_str));
            }
        }
        for key in json["staff"].as_object().unwrap().keys() {
            assert!(staff.contains(key.as_str()), "{}: {key}", participant.id);
        }
        let records = json["records"].as_array().unwrap();
        let visits = records.iter().filter(|record| record["type"] == "visit");
        assert_eq!(visits.count(), meetings);
        let history = json["history"].as_array().unwrap();
        assert!(history.len() > records.len());
        assert_eq!(json["readers"].as_array().unwrap().len(), 1);
        for other in &caseload.participants {
            if other.id != participant.id {
                assert!(!html.contains(&other.national_id), "another's number");
                assert!(!found.contains(&other.id), "another's reference");
            }
        }
        for name in files.iter().map(|file| file.name) {
            assert!(name.starts_with("innsyn."));
        }
    }
    let missing = client.archive(DocumentId([9; 16]));
    assert!(matches!(missing, Err(Error::UnknownDocument)));
}

#[test]
fn what_is_due_is_twelve_weeks_after_the_final_reports() {
    let mut office = office();
    // The files have status reports; those who ended get their final one a week later.
    let mut last: BTreeMap<&str, LocalDate> = BTreeMap::new();
    for participant in &office.caseload.participants {
        let Some(end) = &participant.end else {
            continue;
        };
        let delivered = day(end).plus_days(7);
        let report = Report {
            minutes: Minutes(60),
            delivered: Some(delivered),
            consultant: None,
            ..Report::new(office.client.new_record_id(), ReportKind::Final)
        };
        let document = office.documents[&participant.id];
        record_final(&mut office.client, document, report).unwrap();
        last.insert(&participant.id, delivered);
    }
    assert!(!last.is_empty(), "somebody in the sample ended");
    let retention = office.client.retention().unwrap();
    assert_eq!(retention.len(), office.documents.len());
    for (participant, document) in &office.documents {
        let on = last.get(participant.as_str()).map(|day| day.plus_days(84));
        let expected = on.map_or(Retention::NotYet, |on| Retention::Due { on });
        assert_eq!(retention[document], expected, "{participant}");
    }
}
