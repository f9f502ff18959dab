//! The whole way of a record, against the real relay process: recorded offline, delivered sealed,
//! read in the office with who, when and how sure.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use folge_core::client::{Client, Invitee, NewParticipation, RecordState, TimerKind};
use folge_core::document::{CaseFilter, Record, RecordRef};
use folge_core::domain::{
    Instant, LocalDate, MeetingForm, Note, Outcome, Participation, Visit, With,
};
use folge_core::limits::INVITATION_MILLISECONDS;
use folge_core::native::{HttpRelay, LiveConnection};
use folge_core::sync::TimeGrade;
use folge_protocol::ids::{DocumentId, PersonId};
use folge_protocol::membership::Role;
use folge_tests::device::Device;
use folge_tests::relay::RelayProcess;

struct World {
    _dir: tempfile::TempDir,
    _relay: RelayProcess,
    http: HttpRelay,
    office: Device,
    consultant: Device,
    person: PersonId,
    case: DocumentId,
}

fn visit(client: &mut Client, note: &str) -> Visit {
    Visit {
        id: client.new_record_id(),
        start: Instant::parse("2026-03-02T09:00+01:00").unwrap(),
        end: Instant::parse("2026-03-02T10:05+01:00").unwrap(),
        form: MeetingForm::InPerson,
        with: With::Both,
        consultants: vec!["consultant-00".into()],
        employer: None,
        activities: vec!["motivasjon".into()],
        outcome: Outcome::Attended,
        planned: false,
        group: None,
        note: note.to_owned(),
        agreed: String::new(),
    }
}

fn world() -> World {
    let dir = tempfile::tempdir().unwrap();
    let relay = RelayProcess::start(&dir.path().join("relay"), "127.0.0.1:0").unwrap();
    let http = HttpRelay::new(&relay.url);
    for name in ["office", "consultant"] {
        fs::create_dir(dir.path().join(name)).unwrap();
    }
    let (mut office, _) =
        Device::found(&dir.path().join("office"), http.address().unwrap()).unwrap();
    http.sync(&mut office.client).unwrap();
    let link = office
        .client
        .invite(Invitee::New(Role::Consultant), INVITATION_MILLISECONDS);
    let link = link.unwrap();
    let mut participation = Participation::new("participant-000", "Fatima", "Dahl");
    participation.consultant = Some("consultant-00".into());
    participation.start = LocalDate::new(2026, 1, 5);
    participation.status = folge_core::domain::Status::Active;
    let new = NewParticipation {
        participation,
        consultants: BTreeSet::from([link.person]),
    };
    let case = office.client.create_participations(&[new]).unwrap()[0];
    http.sync(&mut office.client).unwrap();
    let mut consultant = Device::join(&dir.path().join("consultant"), &link).unwrap();
    http.sync(&mut consultant.client).unwrap();
    World {
        _dir: dir,
        _relay: relay,
        http,
        office,
        consultant,
        person: link.person,
        case,
    }
}

#[test]
fn a_record_made_offline_reaches_the_office_with_who_when_and_how_sure() {
    let mut world = world();
    let case = world.case;
    let client = &mut world.consultant.client;
    assert_eq!(client.caseload(&"consultant-00".into()).len(), 1);
    let visit = visit(client, "Avtalt arbeidstid fra mandag.");
    let record = RecordRef::Visit(visit.id);
    client.record(case, Record::Visit(visit)).unwrap();
    assert_eq!(
        client.record_state(case, &record).unwrap(),
        RecordState::SavedHere
    );

    // The phone loses power: what was saved is there.
    world.consultant.reopen().unwrap();
    let client = &mut world.consultant.client;
    let date = LocalDate::new(2026, 3, 2).unwrap();
    assert_eq!(client.day(&"consultant-00".into(), date).unwrap().len(), 1);
    world.http.sync(client).unwrap();
    assert_eq!(
        client.record_state(case, &record).unwrap(),
        RecordState::Stored
    );

    let office = &mut world.office.client;
    world.http.sync(office).unwrap();
    let list = office.office_list(&CaseFilter {
        search: "dahl".into(),
        ..CaseFilter::default()
    });
    assert_eq!(list[0].name.as_deref(), Some("Fatima Dahl"));
    assert_eq!(list[0].summary.visit_count, 1);
    let line = office.history(case).unwrap().pop().unwrap();
    assert_eq!(line.entry.record, record);
    assert_eq!(line.entry.device, world.consultant.client.device());
    assert_eq!(line.person, Some(world.person));
    assert_eq!(line.role, Some(Role::Consultant));
    assert!(
        matches!(line.time, TimeGrade::BoundedBothSides { .. }),
        "{:?}",
        line.time
    );

    let client = &mut world.consultant.client;
    world.http.sync(client).unwrap();
    assert_eq!(
        client.record_state(case, &record).unwrap(),
        RecordState::ReadByOffice
    );
}

#[test]
fn a_record_that_has_left_the_phone_is_amended_with_a_reason_only() {
    let mut world = world();
    let case = world.case;
    let client = &mut world.consultant.client;
    let mut visit = visit(client, "");
    let record = RecordRef::Visit(visit.id);
    client.record(case, Record::Visit(visit.clone())).unwrap();
    visit.note = "Lagt til før levering.".into();
    client
        .amend(case, Record::Visit(visit.clone()), None)
        .unwrap();
    world.http.sync(client).unwrap();
    visit.outcome = Outcome::NoShow;
    let error = client
        .amend(case, Record::Visit(visit.clone()), None)
        .unwrap_err();
    assert_eq!(error.code(), "reason_needed");
    client
        .amend(case, Record::Visit(visit), Some("Feil registrert.".into()))
        .unwrap();
    client
        .void(case, record.clone(), "Dobbelt registrert.".into())
        .unwrap();
    world.http.sync(client).unwrap();
    let office = &mut world.office.client;
    world.http.sync(office).unwrap();
    let history = office.history(case).unwrap();
    let reasons: Vec<_> = history
        .iter()
        .filter_map(|line| line.entry.reason.as_deref())
        .collect();
    assert!(reasons.contains(&"Feil registrert."), "{reasons:?}");
    let page = office.participation(case).unwrap();
    assert_eq!(
        page.records[&record].row.voided.as_deref(),
        Some("Dobbelt registrert.")
    );
    assert_eq!(office.sums().visits, 0);
}

#[test]
fn concurrent_changes_of_one_field_are_both_kept_and_settled_by_a_person() {
    let mut world = world();
    let case = world.case;
    let client = &mut world.consultant.client;
    let mut visit = visit(client, "");
    let record = RecordRef::Visit(visit.id);
    client.record(case, Record::Visit(visit.clone())).unwrap();
    world.http.sync(client).unwrap();
    world.http.sync(&mut world.office.client).unwrap();
    // Neither hears of the other's change before making its own.
    visit.outcome = Outcome::NoShow;
    let office = &mut world.office.client;
    office
        .amend(case, Record::Visit(visit.clone()), Some("Ringte.".into()))
        .unwrap();
    visit.outcome = Outcome::Cancelled(folge_core::domain::visit::CancelledBy::Provider);
    let client = &mut world.consultant.client;
    client
        .amend(case, Record::Visit(visit), Some("Avlyst.".into()))
        .unwrap();
    world.http.sync(client).unwrap();
    world.http.sync(&mut world.office.client).unwrap();
    world.http.sync(&mut world.consultant.client).unwrap();
    for client in [&mut world.office.client, &mut world.consultant.client] {
        assert_eq!(client.sums().conflicts, 1);
        let conflicts = client.conflicts(case, &record).unwrap();
        let mut values: Vec<_> = conflicts[0]
            .values
            .iter()
            .filter_map(|value| value.text.as_deref())
            .collect();
        values.sort_unstable();
        assert_eq!(values, ["cancelled:provider", "no_show"]);
    }
    let office = &mut world.office.client;
    let field = office.conflicts(case, &record).unwrap()[0].field.clone();
    office
        .settle(case, record.clone(), field, Some("no_show".into()))
        .unwrap();
    world.http.sync(&mut world.office.client).unwrap();
    world.http.sync(&mut world.consultant.client).unwrap();
    assert_eq!(world.consultant.client.sums().conflicts, 0);
    let page = world.consultant.client.participation(case).unwrap();
    let Record::Visit(visit) = &page.records[&record].row.record else {
        panic!("not a visit")
    };
    assert_eq!(visit.outcome, Outcome::NoShow);
}

#[test]
fn timers_survive_a_restart() {
    let mut world = world();
    let case = world.case;
    let id = world
        .consultant
        .client
        .start_timer(TimerKind::Visit, &[case])
        .unwrap();
    world.consultant.reopen().unwrap();
    let client = &mut world.consultant.client;
    assert_eq!(client.timers().unwrap().len(), 1);
    let stopped = client.stop_timer(id).unwrap();
    assert_eq!(stopped.participations, [case]);
    assert!(stopped.end >= stopped.start && !stopped.clock_jumped);
    // The phone dies before the visit is recorded: what was measured is there.
    world.consultant.reopen().unwrap();
    let client = &mut world.consultant.client;
    assert!(client.timers().unwrap()[0].stopped);
    assert_eq!(client.stop_timer(id).unwrap(), stopped);
    client.clear_timer(id).unwrap();
    assert!(client.timers().unwrap().is_empty());
    assert_eq!(client.stop_timer(id).unwrap_err().code(), "unknown_timer");
}

#[test]
fn live_push_brings_a_record_to_the_office_without_asking() {
    let mut world = world();
    let case = world.case;
    let hello = world.office.client.live_hello().unwrap();
    let url = world.office.client.identity().relay.url.clone();
    let mut live = LiveConnection::open(&url, hello).unwrap();
    live.set_timeout(Some(std::time::Duration::from_secs(10)))
        .unwrap();
    let client = &mut world.consultant.client;
    let visit = visit(client, "");
    client.record(case, Record::Visit(visit)).unwrap();
    world.http.sync(client).unwrap();
    for _ in 0..10 {
        if world.office.client.sums().visits == 1 {
            return;
        }
        if let Some(frame) = live.next_frame().unwrap() {
            world.office.client.live_frame(&frame).unwrap();
        }
    }
    panic!("the record was not pushed");
}

#[test]
fn one_who_is_assigned_later_reads_the_history_and_one_who_is_not_reads_nothing() {
    let mut world = world();
    let (case, dir) = (world.case, world._dir.path().to_owned());
    let client = &mut world.consultant.client;
    let visit = visit(client, "");
    client.record(case, Record::Visit(visit)).unwrap();
    world.http.sync(client).unwrap();
    let office = &mut world.office.client;
    world.http.sync(office).unwrap();
    let link = office
        .invite(Invitee::New(Role::Consultant), INVITATION_MILLISECONDS)
        .unwrap();
    world.http.sync(office).unwrap();
    fs::create_dir(dir.join("second")).unwrap();
    let mut second = Device::join(&dir.join("second"), &link).unwrap();
    world.http.sync(&mut second.client).unwrap();
    assert_eq!(second.client.sums().participations, 0);
    let note = Record::Note(Note {
        id: second.client.new_record_id(),
        at: Instant::parse("2026-03-03T09:00+01:00").unwrap(),
        text: "Ikke min sak.".into(),
    });
    let refused = second.client.record(case, note).unwrap_err();
    assert!(
        ["not_allowed", "unknown_document"].contains(&refused.code()),
        "{}",
        refused.code()
    );
    world.office.client.assign(case, link.person).unwrap();
    world.http.sync(&mut world.office.client).unwrap();
    world.http.sync(&mut second.client).unwrap();
    assert_eq!(second.client.sums().visits, 1);
    assert_eq!(
        second.client.history(case).unwrap().len(),
        world.office.client.history(case).unwrap().len()
    );
}

#[test]
fn a_relay_restored_from_an_old_backup_gets_the_rest_back_from_the_devices() {
    let mut world = world();
    let case = world.case;
    let client = &mut world.consultant.client;
    let mut records = BTreeMap::new();
    for n in 0..5 {
        let visit = visit(client, &format!("Besøk {n}"));
        records.insert(RecordRef::Visit(visit.id), n);
        client.record(case, Record::Visit(visit)).unwrap();
        world.http.sync(client).unwrap();
    }
    // The relay is restored from a backup that knows nothing of what came later.
    let program = RelayProcess::program().unwrap();
    let data = world._dir.path().join("relay");
    world._relay.kill();
    let run = |args: &[&str]| {
        let done = std::process::Command::new(&program)
            .args(args)
            .output()
            .unwrap();
        assert!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stderr)
        );
    };
    let backup = world._dir.path().join("backup.db");
    run(&[
        "backup",
        "--data",
        data.to_str().unwrap(),
        "--to",
        backup.to_str().unwrap(),
    ]);
    let listen = world._relay.url.trim_start_matches("http://").to_owned();
    world._relay = RelayProcess::start(&data, &listen).unwrap();
    for n in 5..10 {
        let client = &mut world.consultant.client;
        let visit = visit(client, &format!("Besøk {n}"));
        records.insert(RecordRef::Visit(visit.id), n);
        client.record(case, Record::Visit(visit)).unwrap();
        world.http.sync(client).unwrap();
    }
    world._relay.kill();
    run(&[
        "restore",
        "--data",
        data.to_str().unwrap(),
        "--from",
        backup.to_str().unwrap(),
        "--force",
    ]);
    world._relay = RelayProcess::start(&data, &listen).unwrap();
    // The office has never seen the last five; the consultant brings them back unasked.
    world.http.sync(&mut world.consultant.client).unwrap();
    world.http.sync(&mut world.office.client).unwrap();
    let page = world.office.client.participation(case).unwrap();
    for record in records.keys() {
        assert!(page.records.contains_key(record));
        let state = world.consultant.client.record_state(case, record).unwrap();
        assert!(state >= RecordState::Stored, "{state:?}");
    }
    run(&["check", "--data", data.to_str().unwrap()]);
}
