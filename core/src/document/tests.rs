use folge_protocol::ids::{DeviceId, DocumentId, PersonId};
use proptest::prelude::*;

use super::*;
use crate::domain::report::{Report, ReportKind};
use crate::domain::visit::{GroupInfo, MeetingForm, Outcome, Visit, With};
use crate::domain::work::{ContactAttempt, ContactChannel, Note, Trip};
use crate::domain::{
    GroupMeetingId, Instant, Minutes, RecordId, StaffKey, Status, participation::NationalId,
};

fn actor(n: u8) -> Actor {
    Actor {
        device: DeviceId([n; 16]),
        nonce: [n, 0, 0, 1],
    }
}

fn meta(wall_ms: i64) -> ChangeMeta {
    ChangeMeta {
        wall_ms,
        reason: None,
    }
}

/// Bytes that look random, as ids are.
fn id(n: u64) -> RecordId {
    use sha2::{Digest, Sha256};
    let hash: [u8; 32] = Sha256::digest(n.to_be_bytes()).into();
    RecordId(hash[..16].try_into().unwrap())
}

fn participation() -> Participation {
    let mut p = Participation::new("participant-000", "Fatima", "Dahl");
    p.national_id = Some(NationalId::new("28839909324").unwrap());
    p.born = "1999-03-28".parse().ok();
    p.phone = Some("+47 92182013".into());
    p.area = Some("B".into());
    p.municipality = Some("Kristiansand".into());
    p.nav_office = Some("NAV Kristiansand".into());
    p.nav_adviser = Some("Ola Haugen".into());
    p.ordered = "2026-01-10".parse().ok();
    p.start = "2026-01-26".parse().ok();
    p.reduced_work_capacity = true;
    p.order = Some("Bistand til å finne og beholde lønnet arbeid, helst i deltid først.".into());
    p.consultant = Some("consultant-00".into());
    p.co_consultants = vec!["consultant-01".into(), "consultant-02".into()];
    p.status = Status::Active;
    p
}

fn visit(n: u64) -> Visit {
    let start = 1_767_596_400_000 + i64::try_from(n % 400).unwrap() * 86_400_000;
    Visit {
        id: id(n),
        start: Instant(start),
        end: Instant(start + 3_900_000),
        form: MeetingForm::InPerson,
        with: With::Participant,
        consultants: vec!["consultant-05".into()],
        employer: Some("employer-014".into()),
        activities: vec!["motivasjon".into(), "veiledning-arbeidsgiver".into()],
        outcome: Outcome::Attended,
        planned: false,
        group: None,
        note: "Gikk gjennom arbeidsoppgavene med leder; pauser hver time fungerer bra.".into(),
        agreed: String::new(),
    }
}

fn trip(n: u64, visit: u64) -> Trip {
    Trip {
        id: id(n),
        consultant: "consultant-05".into(),
        minutes: Minutes(35),
        start: None,
        end: None,
        visits: vec![id(visit)],
        meetings: 1,
    }
}

fn casefile(n: u8) -> (Document, Vec<ChangeHash>) {
    let (mut document, first) =
        Document::create(DocumentKind::Casefile, actor(n), &meta(1_767_596_400_000)).unwrap();
    let command = Command::CreateParticipation(Box::new(participation()));
    let second = document.write(&command, &meta(1_767_596_401_000)).unwrap();
    (document, vec![first.hash, second.hash])
}

fn copy_of(document: &Document, n: u8) -> Document {
    Document::load(DocumentKind::Casefile, actor(n), &document.save()).unwrap()
}

fn send(from: &Document, hashes: &[ChangeHash], to: &mut Document) -> Applied {
    let batch = from.encode_batch(hashes).unwrap();
    to.apply_batch(&batch, from.actor().device).unwrap()
}

fn deflated(bytes: &[u8]) -> usize {
    miniz_oxide::deflate::compress_to_vec(bytes, 9).len()
}

#[test]
fn every_kind_of_record_comes_back_as_it_was_written() {
    let (mut document, _) = casefile(1);
    let mut group = visit(2);
    group.group = Some(GroupInfo {
        id: GroupMeetingId([3; 16]),
        consultants: 2,
        invited: 6,
        present: 5,
    });
    group.agreed = "Ring\nfredag".into();
    group.planned = true;
    let records = [
        Record::Visit(visit(1)),
        Record::Visit(group),
        Record::Trip(Trip {
            start: Some(Instant(1_767_596_400_000)),
            ..trip(3, 1)
        }),
        Record::Report(Report {
            minutes: Minutes(50),
            delivered: "2026-05-05".parse().ok(),
            consultant: None,
            ..Report::new(id(4), ReportKind::Status)
        }),
        Record::Contact(ContactAttempt {
            id: id(5),
            at: Instant(1_767_596_400_000),
            channel: ContactChannel::Letter,
            reached: false,
            consultant: Some("consultant-00".into()),
            note: "Ikke svar".into(),
        }),
        Record::Note(Note {
            id: id(6),
            at: Instant(1_767_596_400_000),
            text: "Æøå".into(),
        }),
    ];
    for record in &records {
        document
            .write(&Command::Record(record.clone()), &meta(1_767_596_402_000))
            .unwrap();
    }
    let loaded = copy_of(&document, 2);
    for record in &records {
        let view = loaded.record(&record.reference()).unwrap();
        assert!(view.record == *record, "{record:?}");
        assert!(view.damaged.is_empty() && view.conflicts.is_empty() && view.voided.is_none());
        let stamp = Stamp {
            device: actor(1).device,
            wall_ms: 1_767_596_402_000,
        };
        assert_eq!((view.created, view.changed), (Some(stamp), Some(stamp)));
    }
    let view = loaded.record(&RecordRef::Participation).unwrap();
    assert!(view.record == Record::Participation(Box::new(participation())));
    assert_eq!(loaded.records().len(), 7);
    assert_eq!(loaded.heads(), document.heads());
    assert_eq!(loaded.change_count(), 8);

    let mut p = participation();
    p.erasure_hold = Some("Klage til behandling".into());
    p.restricted = Some("Bestridt".into());
    p.thread = Some(DocumentId([7; 16]));
    p.participant = Some(PersonId([8; 16]));
    let update = Command::UpdateParticipation(Box::new(p.clone()));
    document.write(&update, &meta(1_767_596_403_000)).unwrap();
    let view = copy_of(&document, 2).record(&RecordRef::Participation);
    let view = view.unwrap();
    assert!(view.damaged.is_empty());
    assert!(view.record == Record::Participation(Box::new(p)));
}

#[test]
fn the_register_holds_agreements_employers_and_staff() {
    use crate::contract::terms::{HourlyPrice, Pricing};
    use crate::contract::{Agreement, AgreementChange, Terms};
    use crate::domain::register::{Area, Employer, Provider, StaffMember};
    let (mut document, _) = Document::create(DocumentKind::Register, actor(1), &meta(1)).unwrap();
    let terms = |hourly_ore| {
        let mut terms = Terms::oppfolging_agder().unwrap();
        let Pricing::Hourly(hourly) = &mut terms.pricing else {
            panic!("paid by the hour");
        };
        hourly.prices.push(HourlyPrice {
            area: Area("B".into()),
            from: "2025-07-01".parse().unwrap(),
            hourly_ore,
        });
        terms
    };
    let day = |text: &str| text.parse().unwrap();
    let mut agreement = Agreement::new("oppfolging-agder".into(), day("2025-07-01"), terms(71_250));
    let employer = |n: u8| Employer {
        key: format!("employer-{n:03}").as_str().into(),
        name: "Rema Søgne".into(),
        area: Some("B".into()),
        municipality: Some("Søgne".into()),
        contact: None,
    };
    let staff = StaffMember {
        key: "consultant-00".into(),
        name: "Åse Abdi".into(),
        person: Some(folge_protocol::ids::PersonId([7; 16])),
        position_percent: 60,
    };
    let provider = Provider {
        name: "Sørveien AS".into(),
        org_number: "312456788".into(),
    };
    for command in [
        Command::PutProvider(provider.clone()),
        Command::PutAgreement(agreement.clone()),
        Command::PutEmployer(employer(1)),
        Command::PutEmployer(employer(10)),
        Command::PutStaff(staff.clone()),
    ] {
        document.write(&command, &meta(2)).unwrap();
        assert_eq!(
            document.write(&command, &meta(2)),
            Err(DocumentError::Unchanged)
        );
    }
    let change = AgreementChange {
        number: 1,
        signed: Some(day("2026-03-01")),
        description: "Ny timespris".into(),
    };
    agreement.change(day("2026-03-16"), change, terms(73_400));
    document
        .write(&Command::PutAgreement(agreement.clone()), &meta(3))
        .unwrap();
    for record in [
        Record::Provider(provider),
        Record::Agreement(agreement),
        Record::Employer(employer(1)),
        Record::Employer(employer(10)),
        Record::Staff(staff),
    ] {
        let view = document.record(&record.reference()).unwrap();
        assert_eq!(view.record, record);
    }
    assert_eq!(document.records().len(), 5);
    let wrong = document.write(&Command::Record(Record::Visit(visit(1))), &meta(4));
    assert_eq!(wrong, Err(DocumentError::WrongKind));
}

#[test]
fn what_makes_no_sense_is_a_typed_error_and_changes_nothing() {
    let (mut document, _) = casefile(1);
    let m = meta(5);
    document
        .write(&Command::Record(Record::Visit(visit(1))), &m)
        .unwrap();
    let heads = document.heads();
    let reference = RecordRef::Visit(id(1));
    let again = document.write(&Command::Record(Record::Visit(visit(1))), &m);
    assert_eq!(again, Err(DocumentError::Exists));
    let same = document.write(&Command::Amend(Record::Visit(visit(1))), &m);
    assert_eq!(same, Err(DocumentError::Unchanged));
    let unknown = document.write(&Command::Amend(Record::Visit(visit(2))), &m);
    assert_eq!(unknown, Err(DocumentError::UnknownRecord));
    let no_reason = Command::Void {
        record: reference.clone(),
        reason: " ".into(),
    };
    assert_eq!(
        document.write(&no_reason, &m),
        Err(DocumentError::ReasonMissing)
    );
    let field = Command::Settle {
        record: reference.clone(),
        field: "out".into(),
        value: None,
    };
    assert_eq!(
        document.write(&field, &m),
        Err(DocumentError::NotInConflict)
    );
    assert_eq!(document.heads(), heads);

    let void = Command::Void {
        record: reference.clone(),
        reason: "Ført på feil person".into(),
    };
    document.write(&void, &m).unwrap();
    assert_eq!(document.write(&void, &m), Err(DocumentError::Voided));
    let mut changed = visit(1);
    changed.note = "x".into();
    let amended = document.write(&Command::Amend(Record::Visit(changed)), &m);
    assert_eq!(amended, Err(DocumentError::Voided));
    let view = document.record(&reference).unwrap();
    assert_eq!(view.voided.as_deref(), Some("Ført på feil person"));
    assert!(view.record == Record::Visit(visit(1)));

    let mut nothing = Document::empty(DocumentKind::Casefile, actor(9));
    let error = nothing.write(&Command::Record(Record::Visit(visit(1))), &m);
    assert_eq!(error, Err(DocumentError::Empty));
}

#[test]
fn an_amendment_writes_only_what_differs() {
    let (mut document, _) = casefile(1);
    document
        .write(&Command::Record(Record::Visit(visit(1))), &meta(5))
        .unwrap();
    let mut changed = visit(1);
    changed.outcome = Outcome::NoShow;
    changed.employer = None;
    let meta = ChangeMeta {
        wall_ms: 6,
        reason: Some("Kom ikke".into()),
    };
    document
        .write(&Command::Amend(Record::Visit(changed.clone())), &meta)
        .unwrap();
    let history = document.history();
    let last = history.last().unwrap();
    assert_eq!(last.reason.as_deref(), Some("Kom ikke"));
    assert_eq!((last.device, last.wall_ms), (actor(1).device, 6));
    let mut fields: Vec<_> = last
        .changes
        .iter()
        .map(|change| {
            (
                change.field.as_str(),
                change.old.as_deref(),
                change.new.as_deref(),
            )
        })
        .collect();
    fields.sort_unstable();
    assert_eq!(
        fields,
        [
            ("employer", Some("employer-014"), None),
            ("out", Some("attended"), Some("no_show"))
        ]
    );
    assert!(document.record(&RecordRef::Visit(id(1))).unwrap().record == Record::Visit(changed));
    assert_eq!(history[0].record, RecordRef::Participation);
    assert!(
        history[1]
            .changes
            .iter()
            .any(|change| change.field == "start")
    );
}

#[test]
fn concurrent_edits_of_one_field_are_both_kept_until_a_person_settles_it() {
    let (mut one, _) = casefile(1);
    one.write(&Command::Record(Record::Visit(visit(1))), &meta(5))
        .unwrap();
    let mut two = copy_of(&one, 2);
    let mut late = visit(1);
    late.outcome = Outcome::NoShow;
    let mut early = visit(1);
    early.outcome = Outcome::Moved;
    early.note = "Ny tid".into();
    let a = one
        .write(&Command::Amend(Record::Visit(late.clone())), &meta(6))
        .unwrap();
    let b = two
        .write(&Command::Amend(Record::Visit(early)), &meta(7))
        .unwrap();
    let applied = send(&one, &[a.hash], &mut two);
    assert_eq!(applied.touched, BTreeSet::from([RecordRef::Visit(id(1))]));
    send(&two, &[b.hash], &mut one);
    let reference = RecordRef::Visit(id(1));
    let view = one.record(&reference).unwrap();
    assert_eq!(view, two.record(&reference).unwrap());
    let [conflict] = &view.conflicts[..] else {
        panic!("{:?}", view.conflicts)
    };
    assert_eq!(conflict.field, "out");
    let mut values: Vec<_> = conflict
        .values
        .iter()
        .map(|value| (value.text.clone().unwrap(), value.device, value.wall_ms))
        .collect();
    let shown = values.last().unwrap().0.clone();
    let Record::Visit(visit) = &view.record else {
        panic!()
    };
    assert_eq!(visit.outcome.code(), shown);
    values.sort();
    assert_eq!(
        values,
        [
            ("moved".into(), actor(2).device, 7),
            ("no_show".into(), actor(1).device, 6)
        ]
    );

    let mut third = visit.clone();
    third.outcome = Outcome::Attended;
    let amended = one.write(&Command::Amend(Record::Visit(third)), &meta(8));
    assert_eq!(
        amended,
        Err(DocumentError::InConflict {
            record: reference.clone(),
            field: "out".into()
        })
    );
    let settle = |value: &str| Command::Settle {
        record: reference.clone(),
        field: "out".into(),
        value: Some(value.into()),
    };
    let other = one.write(&settle("attended"), &meta(8));
    assert_eq!(other, Err(DocumentError::NotInConflict));
    // Whichever value the library shows, either can be chosen, and the other device takes it in.
    for chosen in ["no_show", "moved"] {
        let (mut by, mut at) = (one.clone(), two.clone());
        let settled = by.write(&settle(chosen), &meta(9)).unwrap();
        send(&by, &[settled.hash], &mut at);
        for document in [&by, &at] {
            let view = document.record(&reference).unwrap();
            assert!(view.conflicts.is_empty());
            let Record::Visit(visit) = &view.record else {
                panic!()
            };
            assert_eq!(visit.outcome.code(), chosen);
            let line = document.history().pop().unwrap();
            assert_eq!(line.changes.len(), 1);
            assert_eq!(line.changes[0].new.as_deref(), Some(chosen));
        }
    }
    let settled = one.write(&settle("no_show"), &meta(9)).unwrap();
    send(&one, &[settled.hash], &mut two);
    let view = two.record(&reference).unwrap();
    assert!(view.conflicts.is_empty());
    let Record::Visit(visit) = &view.record else {
        panic!()
    };
    assert_eq!(visit.outcome, Outcome::NoShow);
    let history = two.history();
    let old = history.last().unwrap().changes[0].old.as_deref().unwrap();
    assert!(old.contains("moved") && old.contains("no_show"));
}

#[test]
fn what_is_restricted_takes_no_change_but_keeps_taking_in_others() {
    let (mut one, _) = casefile(1);
    let record = |n| Command::Record(Record::Visit(visit(n)));
    one.write(&record(1), &meta(5)).unwrap();
    let mut two = copy_of(&one, 2);
    let update = |p: &Participation| Command::UpdateParticipation(Box::new(p.clone()));
    let mut p = participation();
    p.restricted = Some("Deltakeren bestrider notatet".into());
    let restricted = one.write(&update(&p), &meta(6)).unwrap();
    assert!(CaseView::rebuild(&one).summary.restricted);
    let mut amended = visit(1);
    amended.note = "Annet".into();
    let mut renamed = p.clone();
    renamed.last_name = "Lie".into();
    let mut lifted_and_renamed = renamed.clone();
    lifted_and_renamed.restricted = None;
    for command in [
        record(2),
        Command::Amend(Record::Visit(amended.clone())),
        Command::Void {
            record: RecordRef::Visit(id(1)),
            reason: "Feilført".into(),
        },
        update(&renamed),
        update(&lifted_and_renamed),
    ] {
        let heads = one.heads();
        let refused = one.write(&command, &meta(7));
        assert_eq!(refused, Err(DocumentError::Restricted), "{command:?}");
        assert_eq!(one.heads(), heads);
    }
    // Erasure can be held meanwhile, and the hold stays as long.
    p.erasure_hold = Some("Klage".into());
    one.write(&update(&p), &meta(8)).unwrap();
    let mut released = p.clone();
    released.erasure_hold = None;
    let refused = one.write(&update(&released), &meta(8));
    assert_eq!(refused, Err(DocumentError::Restricted));

    // Who had not heard of it went on; all of it arrives, and a conflict waits.
    let foreign = [
        two.write(&record(3), &meta(7)).unwrap().hash,
        two.write(&Command::Amend(Record::Visit(amended)), &meta(7))
            .unwrap()
            .hash,
    ];
    send(&two, &foreign, &mut one);
    assert_eq!(CaseView::rebuild(&one).summary.visit_count, 2);
    send(&one, &[restricted.hash], &mut two);
    assert_eq!(
        two.write(&record(4), &meta(9)),
        Err(DocumentError::Restricted)
    );

    p.restricted = None;
    one.write(&update(&p), &meta(10)).unwrap();
    one.write(&record(4), &meta(10)).unwrap();
    let view = CaseView::rebuild(&one);
    assert!(!view.summary.restricted && view.summary.erasure_hold);
}

#[test]
fn a_restriction_lifted_on_one_device_and_changed_on_another_stands_until_settled() {
    let (mut one, _) = casefile(1);
    let mut p = participation();
    p.restricted = Some("Bestridt".into());
    let update = |p: &Participation| Command::UpdateParticipation(Box::new(p.clone()));
    one.write(&update(&p), &meta(5)).unwrap();
    let mut two = copy_of(&one, 2);
    p.restricted = Some("Bestridt, klage sendt".into());
    let other = two.write(&update(&p), &meta(6)).unwrap();
    p.restricted = None;
    one.write(&update(&p), &meta(6)).unwrap();
    send(&two, &[other.hash], &mut one);
    let record = Command::Record(Record::Visit(visit(1)));
    assert_eq!(one.write(&record, &meta(7)), Err(DocumentError::Restricted));
    let settle = Command::Settle {
        record: RecordRef::Participation,
        field: "restricted".into(),
        value: None,
    };
    one.write(&settle, &meta(8)).unwrap();
    one.write(&record, &meta(9)).unwrap();
}

#[test]
fn a_batch_is_taken_whole_or_not_at_all() {
    let (mut one, mut hashes) = casefile(1);
    let mut two = Document::empty(DocumentKind::Casefile, actor(2));
    let a = one
        .write(&Command::Record(Record::Visit(visit(1))), &meta(5))
        .unwrap();
    let b = one
        .write(&Command::Record(Record::Visit(visit(2))), &meta(5))
        .unwrap();
    let late = one.encode_batch(&[b.hash]).unwrap();
    let error = two.apply_batch(&late, actor(1).device);
    assert_eq!(error, Err(DocumentError::MissingDependencies(vec![a.hash])));
    assert_eq!(two.change_count(), 0);
    hashes.push(a.hash);
    let early = one.encode_batch(&hashes).unwrap();
    let foreign = two.apply_batch(&early, actor(3).device);
    assert_eq!(
        foreign,
        Err(DocumentError::ForeignActor {
            author: actor(3).device
        })
    );
    let applied = two.apply_batch(&early, actor(1).device).unwrap();
    assert_eq!((applied.new_count, applied.hashes.len()), (3, 3));
    let applied = two.apply_batch(&late, actor(1).device).unwrap();
    assert_eq!(applied.touched, BTreeSet::from([RecordRef::Visit(id(2))]));
    assert_eq!(
        two.apply_batch(&late, actor(1).device).unwrap().new_count,
        0
    );
    assert_eq!(two.heads(), one.heads());
    assert_eq!(
        two.encode_batch(&[b.hash]).unwrap_err().code(),
        "foreign_actor"
    );

    let mut register = Document::empty(DocumentKind::Register, actor(2));
    assert_eq!(
        register.apply_batch(&early, actor(1).device),
        Err(DocumentError::WrongKind)
    );
    let wrong = Document::load(DocumentKind::Register, actor(2), &one.save());
    assert_eq!(wrong.unwrap_err(), DocumentError::WrongKind);
}

#[test]
fn a_whole_history_is_sent_as_a_document_and_a_snapshot_names_its_authors() {
    let (mut one, mut hashes) = casefile(1);
    for n in 0..40 {
        let command = Command::Record(Record::Visit(visit(n)));
        hashes.push(one.write(&command, &meta(5)).unwrap().hash);
    }
    let batch = one.encode_batch(&hashes).unwrap();
    assert_eq!(batch[2], 2);
    let mut two = Document::empty(DocumentKind::Casefile, actor(2));
    let applied = two.apply_batch(&batch, actor(1).device).unwrap();
    assert_eq!((applied.new_count, applied.touched.len()), (42, 41));
    let mut foreign = Document::empty(DocumentKind::Casefile, actor(2));
    assert!(foreign.apply_batch(&batch, actor(2).device).is_err());
    // The one who took it in goes on writing, and the first takes that in.
    let own = two
        .write(&Command::Record(Record::Trip(trip(99, 1))), &meta(6))
        .unwrap();
    send(&two, &[own.hash], &mut one);
    assert_eq!(CaseView::rebuild(&one), CaseView::rebuild(&two));

    let snapshot = one.save();
    let mut three = Document::empty(DocumentKind::Casefile, actor(3));
    let wrong = three.apply_snapshot(&snapshot, &[own.hash, hashes[0]]);
    assert_eq!(wrong, Err(DocumentError::ManifestMismatch));
    let applied = three.apply_snapshot(&snapshot, &one.heads()).unwrap();
    assert_eq!((applied.new_count, applied.changes.len()), (43, 43));
    let devices: BTreeSet<_> = applied.changes.iter().map(|(device, _)| *device).collect();
    assert_eq!(devices, BTreeSet::from([actor(1).device, actor(2).device]));
    assert_eq!(CaseView::rebuild(&one), CaseView::rebuild(&three));
    // Into a document that has a part already.
    let mut four = Document::empty(DocumentKind::Casefile, actor(4));
    four.apply_batch(&batch, actor(1).device).unwrap();
    let applied = four.apply_snapshot(&snapshot, &one.heads()).unwrap();
    assert_eq!(applied.new_count, 1);
    assert_eq!(applied.touched, BTreeSet::from([RecordRef::Trip(id(99))]));
}

#[test]
fn a_document_of_a_newer_schema_is_read_only() {
    let (mut one, _) = casefile(1);
    let mut transaction = one.doc.transaction();
    transaction.put(ROOT, KEY_SCHEMA, 2).unwrap();
    let (hash, _) = transaction.commit();
    one.schema = Some(2);
    let access = Access::ReadOnly { found: 2, known: 1 };
    let mut loaded = copy_of(&one, 2);
    assert_eq!(loaded.access(), access);
    let error = loaded
        .write(&Command::Record(Record::Visit(visit(1))), &meta(5))
        .unwrap_err();
    assert_eq!(error, DocumentError::NewerSchema { found: 2, known: 1 });
    assert!(
        error
            .user_text(crate::domain::Language::Norwegian)
            .contains("Oppdater")
    );
    assert!(loaded.record(&RecordRef::Participation).is_some());
    let batch = one.encode_batch(&[hash.unwrap().into()]).unwrap();
    let (mut other, _) = casefile(1);
    assert_eq!(
        other
            .apply_batch(&batch, actor(1).device)
            .unwrap_err()
            .code(),
        "newer_schema"
    );
}

#[test]
fn nobody_can_delete_hide_or_replace_a_record() {
    let (mut honest, _) = casefile(1);
    honest
        .write(&Command::Record(Record::Visit(visit(1))), &meta(5))
        .unwrap();
    let key = format!("v:{}", id(1));
    let attack = |work: &dyn Fn(&mut automerge::transaction::Transaction<'_>)| {
        let mut evil = copy_of(&honest, 2);
        let mut transaction = evil.doc.transaction();
        work(&mut transaction);
        let (hash, _) = transaction.commit();
        let batch = evil.encode_batch(&[hash.unwrap().into()]).unwrap();
        let mut target = copy_of(&honest, 3);
        let error = target.apply_batch(&batch, actor(2).device).unwrap_err();
        assert_eq!(target.heads(), honest.heads());
        error.code()
    };
    assert_eq!(
        attack(&|t| t.delete(ROOT, key.as_str()).unwrap()),
        "forbidden"
    );
    assert_eq!(
        attack(&|t| t.put(ROOT, key.as_str(), 1).unwrap()),
        "forbidden"
    );
    let hide = |t: &mut automerge::transaction::Transaction<'_>| {
        t.put_object(ROOT, key.as_str(), ObjType::Map).unwrap();
    };
    assert_eq!(attack(&hide), "forbidden");
    let list = |t: &mut automerge::transaction::Transaction<'_>| {
        t.put_object(ROOT, "x", ObjType::List).unwrap();
    };
    assert_eq!(attack(&list), "forbidden");
    let field = |t: &mut automerge::transaction::Transaction<'_>| {
        let (_, map) = t.get(ROOT, key.as_str()).unwrap().unwrap();
        t.delete(&map, "out").unwrap();
    };
    assert_eq!(attack(&field), "forbidden");
}

#[test]
fn a_change_from_the_own_store_is_taken_in() {
    let (document, _) = Document::create(DocumentKind::Casefile, actor(1), &meta(1)).unwrap();
    let mut original = document.clone();
    let mut restored = document;
    let written = original
        .write(
            &Command::CreateParticipation(Box::new(participation())),
            &meta(2),
        )
        .unwrap();
    let second = original
        .write(&Command::Record(Record::Visit(visit(1))), &meta(2))
        .unwrap();
    assert_eq!(
        restored.apply_raw(&second.raw).unwrap_err().code(),
        "missing_dependencies"
    );
    assert_eq!(restored.apply_raw(&written.raw).unwrap(), written.touched);
    assert_eq!(restored.apply_raw(&second.raw).unwrap(), second.touched);
    assert_eq!(restored.apply_raw(&second.raw).unwrap(), BTreeSet::new());
    assert_eq!(restored.heads(), original.heads());
    // It goes on where it was.
    restored
        .write(&Command::Record(Record::Visit(visit(2))), &meta(3))
        .unwrap();
    assert_eq!(
        restored.apply_raw(&second.raw[1..]).unwrap_err().code(),
        "damaged"
    );
}

#[test]
fn forty_small_changes_fit_into_little() {
    let (mut one, _) = casefile(1);
    let reader = copy_of(&one, 2);
    let mut hashes = Vec::new();
    let mut visits = Vec::new();
    for n in 0..40 {
        let command = Command::Record(Record::Visit(visit(n)));
        let time = 1_767_596_400_000 + i64::try_from(n * n).unwrap() * 7_654_321;
        visits.push(one.write(&command, &meta(time)).unwrap().hash);
    }
    for n in 0..40 {
        let mut changed = visit(n);
        changed.note = format!("Avtalt {n}");
        let time = 1_769_596_400_000 + i64::try_from(n * n).unwrap() * 7_654_321;
        hashes.push(
            one.write(&Command::Amend(Record::Visit(changed)), &meta(time))
                .unwrap()
                .hash,
        );
    }
    let batch = one.encode_batch(&visits).unwrap();
    let visits_size = deflated(&batch);
    println!("40 visits: {} bytes, {visits_size} deflated", batch.len());
    let batch = one.encode_batch(&hashes).unwrap();
    let size = deflated(&batch);
    println!("40 amendments: {} bytes, {size} deflated", batch.len());
    println!(
        "whole document of 80 changes: plain {} deflated {}, compressed {} deflated {}",
        one.doc.save_nocompress().len(),
        deflated(&one.doc.save_nocompress()),
        one.doc.save().len(),
        deflated(&one.doc.save()),
    );
    drop(reader);
    assert!(size < 2_500, "{size}");
    assert!(visits_size < 4_500, "{visits_size}");
}

/// Prints figures; run with `cargo test --release -- --ignored --nocapture timings`.
#[test]
#[ignore = "prints timings"]
fn timings() {
    use std::time::Instant as Clock;
    for size in [100, 500, 2_000] {
        let (mut one, _) = casefile(1);
        for n in 0..size {
            one.write(&Command::Record(Record::Visit(visit(n))), &meta(5))
                .unwrap();
        }
        let saved = one.save();
        let started = Clock::now();
        let mut two = Document::load(DocumentKind::Casefile, actor(2), &saved).unwrap();
        println!("{size}: load {} bytes {:?}", saved.len(), started.elapsed());
        let started = Clock::now();
        let mut hashes = Vec::new();
        for n in size..size + 40 {
            hashes.push(
                one.write(&Command::Record(Record::Visit(visit(n))), &meta(5))
                    .unwrap()
                    .hash,
            );
        }
        println!("{size}: write {:?} each", started.elapsed() / 40);
        let started = Clock::now();
        let batch = one.encode_batch(&hashes).unwrap();
        println!("{size}: encode 40 {:?}", started.elapsed());
        let started = Clock::now();
        let copy = two.doc.clone();
        println!("{size}: clone {:?}", started.elapsed());
        drop(copy);
        let started = Clock::now();
        let applied = two.apply_batch(&batch, actor(1).device).unwrap();
        println!("{size}: apply 40 {:?}", started.elapsed());
        let started = Clock::now();
        let mut view = CaseView::rebuild(&two);
        println!("{size}: rebuild {:?}", started.elapsed());
        let started = Clock::now();
        view.update(&two, &applied.touched);
        println!("{size}: update 40 {:?}", started.elapsed());
        let started = Clock::now();
        view.update(&two, &BTreeSet::from([RecordRef::Visit(id(7))]));
        println!("{size}: update 1 {:?}", started.elapsed());
        let started = Clock::now();
        let count = two.history().len();
        println!("{size}: history of {count} {:?}", started.elapsed());
        let started = Clock::now();
        let mut third = Document::empty(DocumentKind::Casefile, actor(3));
        third.apply_snapshot(&two.save(), &two.heads()).unwrap();
        println!("{size}: save and apply snapshot {:?}", started.elapsed());
    }
    let (mut one, mut hashes) = casefile(1);
    for n in 0..40 {
        hashes.push(
            one.write(&Command::Record(Record::Visit(visit(n))), &meta(5))
                .unwrap()
                .hash,
        );
    }
    let started = Clock::now();
    let batch = one.encode_batch(&hashes).unwrap();
    println!(
        "whole history of 42: encode {} form {} {:?}",
        batch.len(),
        batch[2],
        started.elapsed()
    );
    let started = Clock::now();
    let mut two = Document::empty(DocumentKind::Casefile, actor(2));
    two.apply_batch(&batch, actor(1).device).unwrap();
    println!("whole history of 42: apply {:?}", started.elapsed());
    let first = one
        .write(&Command::Record(Record::Visit(visit(999))), &meta(5))
        .unwrap()
        .hash;
    let mut small = vec![first];
    for n in 0..39 {
        let mut changed = visit(n);
        changed.note = format!("Avtalt {n}");
        small.push(
            one.write(&Command::Amend(Record::Visit(changed)), &meta(6))
                .unwrap()
                .hash,
        );
    }
    let batch = one.encode_batch(&small).unwrap();
    let started = Clock::now();
    two.apply_batch(&batch, actor(1).device).unwrap();
    println!(
        "40 small changes on 40 visits: apply {:?}",
        started.elapsed()
    );
}

#[derive(Debug, Clone)]
enum Act {
    Visit(u64),
    Trip(u64, u64),
    AmendNote(u64, u8),
    AmendOutcome(u64, bool),
    Void(u64),
    Status(bool),
    Restrict(bool),
    SettleFirst(u64),
    Send {
        from: usize,
        to: usize,
        which: usize,
    },
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => (0..12_u64).prop_map(Act::Visit),
        1 => ((20..26_u64), (0..12_u64)).prop_map(|(n, v)| Act::Trip(n, v)),
        2 => ((0..12_u64), any::<u8>()).prop_map(|(n, t)| Act::AmendNote(n, t % 3)),
        2 => ((0..12_u64), any::<bool>()).prop_map(|(n, o)| Act::AmendOutcome(n, o)),
        1 => (0..12_u64).prop_map(Act::Void),
        1 => any::<bool>().prop_map(Act::Status),
        1 => any::<bool>().prop_map(Act::Restrict),
        1 => (0..12_u64).prop_map(Act::SettleFirst),
        6 => ((0..3_usize), (0..3_usize), any::<usize>())
            .prop_map(|(from, to, which)| Act::Send { from, to, which }),
    ]
}

fn command_of(document: &Document, act: &Act) -> Option<Command> {
    let current = |n: u64| match document.record(&RecordRef::Visit(id(n)))?.record {
        Record::Visit(visit) => Some(visit),
        _ => None,
    };
    Some(match act {
        Act::Visit(n) => Command::Record(Record::Visit(visit(*n))),
        Act::Trip(n, v) => Command::Record(Record::Trip(trip(*n, *v))),
        Act::AmendNote(n, text) => {
            let mut visit = current(*n)?;
            visit.note = if *text == 0 {
                String::new()
            } else {
                format!("note {text}")
            };
            Command::Amend(Record::Visit(visit))
        }
        Act::AmendOutcome(n, planned) => {
            let mut visit = current(*n)?;
            visit.outcome = if *planned {
                Outcome::Planned
            } else {
                Outcome::NoShow
            };
            Command::Amend(Record::Visit(visit))
        }
        Act::Void(n) => Command::Void {
            record: RecordRef::Visit(id(*n)),
            reason: "Feilført".into(),
        },
        Act::Status(ended) => {
            let mut p = participation();
            p.status = if *ended {
                Status::Ended
            } else {
                Status::Waiting
            };
            Command::UpdateParticipation(Box::new(p))
        }
        Act::Restrict(restrict) => {
            let mut p = CaseView::rebuild(document).participation()?.clone();
            p.restricted = restrict.then(|| "Bestridt".into());
            Command::UpdateParticipation(Box::new(p))
        }
        Act::SettleFirst(n) => {
            let view = document.record(&RecordRef::Visit(id(*n)))?;
            let conflict = view.conflicts.first()?;
            Command::Settle {
                record: RecordRef::Visit(id(*n)),
                field: conflict.field.clone(),
                value: conflict.values.first()?.text.clone(),
            }
        }
        Act::Send { .. } => return None,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn devices_converge_and_views_kept_up_to_date_equal_rebuilt_ones(
        acts in prop::collection::vec((0..3_usize, act()), 1..60),
    ) {
        let (origin, _) = casefile(1);
        let mut documents = [copy_of(&origin, 1), copy_of(&origin, 2), copy_of(&origin, 3)];
        let mut views: Vec<_> = documents.iter().map(CaseView::rebuild).collect();
        let mut own: [Vec<ChangeHash>; 3] = Default::default();
        for (time, (who, act)) in acts.iter().enumerate() {
            if let Act::Send { from, to, which } = act {
                if own[*from].is_empty() || from == to {
                    continue;
                }
                // A run of own changes, early or late, sent before or not.
                let first = which % own[*from].len();
                let batch = documents[*from].encode_batch(&own[*from][first..]).unwrap();
                let heads = documents[*to].heads();
                match documents[*to].apply_batch(&batch, actor(*from as u8 + 1).device) {
                    Ok(applied) => views[*to].update(&documents[*to], &applied.touched),
                    Err(DocumentError::MissingDependencies(_)) => {
                        prop_assert_eq!(documents[*to].heads(), heads);
                    }
                    Err(error) => panic!("{error}"),
                }
            } else if let Some(command) = command_of(&documents[*who], act) {
                let meta = meta(1_767_596_500_000 + time as i64);
                let restricted = views[*who].summary.restricted;
                if let Ok(written) = documents[*who].write(&command, &meta) {
                    let nothing_else = BTreeSet::from([RecordRef::Participation]);
                    prop_assert!(!restricted || written.touched == nothing_else);
                    own[*who].push(written.hash);
                    views[*who].update(&documents[*who], &written.touched);
                }
            }
        }
        for (document, view) in documents.iter().zip(&views) {
            prop_assert_eq!(&CaseView::rebuild(document), view);
        }
        // Heal: everybody sends everybody a change at a time, in any order, until all have all.
        for _ in 0..200 {
            for from in 0..3 {
                for hash in own[from].iter().rev() {
                    let batch = documents[from].encode_batch(&[*hash]).unwrap();
                    for to in 0..3 {
                        let device = actor(from as u8 + 1).device;
                        if let Ok(applied) = documents[to].apply_batch(&batch, device) {
                            views[to].update(&documents[to], &applied.touched);
                        }
                    }
                }
            }
            if documents[0].heads() == documents[1].heads()
                && documents[1].heads() == documents[2].heads()
            {
                break;
            }
        }
        prop_assert_eq!(documents[0].heads(), documents[1].heads());
        prop_assert_eq!(documents[1].heads(), documents[2].heads());
        prop_assert_eq!(&views[0], &views[1]);
        prop_assert_eq!(&views[1], &views[2]);
        for (document, view) in documents.iter().zip(&views) {
            prop_assert_eq!(&CaseView::rebuild(document), view);
        }
        let bytes = postcard::to_stdvec(&views[0]).unwrap();
        prop_assert_eq!(&postcard::from_bytes::<CaseView>(&bytes).unwrap(), &views[0]);
        let loaded = copy_of(&documents[0], 1);
        prop_assert_eq!(&CaseView::rebuild(&loaded), &views[0]);
        prop_assert_eq!(loaded.history(), documents[0].history());
    }
}

fn mutated(bytes: &[u8], kind: u8, at: usize, value: u8) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let at = at % bytes.len();
    match kind % 5 {
        0 => bytes[at] ^= 1 << (value % 8),
        1 => bytes[at] = value,
        2 => bytes.truncate(at),
        3 => bytes.insert(at, value),
        _ => drop(bytes.remove(at)),
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn mutated_batches_never_panic_and_never_change_anything(
        form in 0..2_usize, kind in any::<u8>(), at in any::<usize>(), value in any::<u8>(),
    ) {
        use std::sync::LazyLock;
        static BATCHES: LazyLock<[(Document, Vec<u8>); 2]> = LazyLock::new(|| {
            let (mut one, mut hashes) = casefile(1);
            let part = copy_of(&one, 2);
            for n in 0..4 {
                let command = Command::Record(Record::Visit(visit(n)));
                hashes.push(one.write(&command, &meta(5)).unwrap().hash);
            }
            let tail = one.encode_batch(&hashes[2..]).unwrap();
            for n in 4..40 {
                let command = Command::Record(Record::Visit(visit(n)));
                hashes.push(one.write(&command, &meta(5)).unwrap().hash);
            }
            let whole = one.encode_batch(&hashes).unwrap();
            assert_eq!((tail[2], whole[2]), (1, 2));
            [(part, tail), (Document::empty(DocumentKind::Casefile, actor(2)), whole)]
        });
        let (document, batch) = &BATCHES[form];
        let bytes = mutated(batch, kind, at, value);
        let mut target = document.clone();
        match target.apply_batch(&bytes, actor(1).device) {
            Err(_) => {
                prop_assert_eq!(target.heads(), document.heads());
                prop_assert_eq!(target.change_count(), document.change_count());
            }
            Ok(_) => {
                let mut expected = document.clone();
                expected.apply_batch(batch, actor(1).device).unwrap();
                prop_assert_eq!(target.heads(), expected.heads());
                // Only the schema version, which is not hashed, may differ; it has one value.
                prop_assert_eq!(&bytes, batch);
            }
        }
    }

    #[test]
    fn mutated_snapshots_never_panic(kind in any::<u8>(), at in any::<usize>(), value in any::<u8>()) {
        use std::sync::LazyLock;
        static SNAPSHOT: LazyLock<Vec<u8>> = LazyLock::new(|| {
            let (mut one, _) = casefile(1);
            one.write(&Command::Record(Record::Visit(visit(1))), &meta(5)).unwrap();
            one.save()
        });
        let mut bytes = mutated(&SNAPSHOT, kind, at, value);
        // With the checksum made right, so that what is behind it is tried too.
        if kind & 0x80 != 0 && bytes.len() > 8 {
            use sha2::{Digest, Sha256};
            let hash: [u8; 32] = Sha256::digest(&bytes[8..]).into();
            bytes[4..8].copy_from_slice(&hash[..4]);
        }
        let _ = Document::load(DocumentKind::Casefile, actor(2), &bytes);
    }
}

#[test]
fn a_consultants_day_and_week_and_caseload() {
    use folge_protocol::ids::DocumentId;
    let (mut document, _) = casefile(1);
    for n in 0..10 {
        document
            .write(&Command::Record(Record::Visit(visit(n))), &meta(5))
            .unwrap();
    }
    let void = Command::Void {
        record: RecordRef::Visit(id(1)),
        reason: "Feil".into(),
    };
    document.write(&void, &meta(6)).unwrap();
    let view = CaseView::rebuild(&document);
    let cases = [(DocumentId([1; 16]), &view)];
    let consultant = StaffKey::from("consultant-05");
    let date = Instant(1_767_596_400_000).date();
    assert_eq!(date.to_string(), "2026-01-05");
    assert_eq!(day(cases, &consultant, date).len(), 1);
    assert_eq!(day(cases, &consultant, date.plus_days(1)).len(), 0);
    assert_eq!(day(cases, &"consultant-06".into(), date).len(), 0);
    let days = week(cases, &consultant, date);
    assert_eq!(days.len(), 7);
    assert_eq!(days.values().map(Vec::len).sum::<usize>(), 6);
    let summaries = [(DocumentId([1; 16]), &view.summary)];
    assert_eq!(caseload(summaries, &"consultant-02".into()).len(), 1);
    assert_eq!(caseload(summaries, &consultant).len(), 0);
    assert_eq!(
        view.summary.minutes.months[&date.month()].attended,
        Minutes(9 * 65)
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    /// A member's device that has gone bad can sign what it likes: changes that are malformed
    /// inside a batch that is well formed around them.
    #[test]
    fn malformed_changes_with_right_hashes_never_harm_the_document(
        kinds in prop::collection::vec((any::<u8>(), any::<usize>(), any::<u8>()), 1..3),
        which in 0..2_usize,
    ) {
        use std::sync::LazyLock;
        static PARTS: LazyLock<(Document, [Vec<u8>; 2])> = LazyLock::new(|| {
            let (mut one, _) = casefile(1);
            one.write(&Command::Record(Record::Visit(visit(1))), &meta(5)).unwrap();
            let base = copy_of(&one, 2);
            let mut changed = visit(1);
            changed.outcome = Outcome::NoShow;
            let amend = base
                .clone()
                .write(&Command::Amend(Record::Visit(changed)), &meta(6))
                .unwrap();
            let record =
                base.clone().write(&Command::Record(Record::Visit(visit(2))), &meta(6)).unwrap();
            (base, [amend.raw, record.raw])
        });
        let (base, raws) = &*PARTS;
        let (_, body, _) = chunk::open(&raws[which]).unwrap();
        let parts = chunk::split_change(body).unwrap();
        let mut rest = parts.rest.to_vec();
        for (kind, at, value) in kinds {
            if rest.len() > 22 {
                // Behind the actor.
                let tail = mutated(&rest[21..], kind, at, value);
                rest.truncate(21);
                rest.extend(tail);
            }
        }
        let mut body = vec![1];
        body.extend(parts.dependencies[0]);
        body.extend(&rest);
        let (_, hash) = chunk::build(chunk::TYPE_CHANGE, &body);
        let mut batch = vec![1, 2, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1];
        batch.extend(hash);
        batch.extend([1, 0]);
        batch.extend(parts.dependencies[0]);
        chunk::put_uleb(&mut batch, rest.len() as u64);
        batch.extend(&rest);
        let mut target = base.clone();
        if target.apply_batch(&batch, actor(2).device).is_err() {
            prop_assert_eq!(target.heads(), base.heads());
        }
        // Whatever was taken in, the document can be read, written, saved and loaded.
        let view = CaseView::rebuild(&target);
        let _ = target.history();
        let mut loaded = copy_of(&target, 3);
        prop_assert_eq!(CaseView::rebuild(&loaded), view);
        loaded.write(&Command::Record(Record::Visit(visit(3))), &meta(7)).unwrap();
        target.write(&Command::Record(Record::Visit(visit(3))), &meta(7)).unwrap();
    }
}

/// The committed batches must open for ever; new ones must be written alike until the batch
/// version is raised. `UPDATE_VECTORS=1` writes them anew.
#[test]
fn committed_batches_open_and_are_written_alike() {
    let (mut one, mut hashes) = casefile(1);
    hashes.push(
        one.write(&Command::Record(Record::Visit(visit(1))), &meta(5))
            .unwrap()
            .hash,
    );
    let mut changed = visit(1);
    changed.outcome = Outcome::NoShow;
    let reason = ChangeMeta {
        wall_ms: 6,
        reason: Some("Kom ikke".into()),
    };
    hashes.push(
        one.write(&Command::Amend(Record::Visit(changed)), &reason)
            .unwrap()
            .hash,
    );
    for n in 2..20 {
        let command = Command::Record(Record::Visit(visit(n)));
        hashes.push(one.write(&command, &meta(7)).unwrap().hash);
    }
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/document/vectors");
    let mut target = Document::empty(DocumentKind::Casefile, actor(2));
    for (name, form, hashes) in [
        ("batch-1-changes", 1, &hashes[..4]),
        ("batch-1-tail", 1, &hashes[4..]),
        ("batch-1-document", 2, &hashes[..]),
    ] {
        let batch = one.encode_batch(hashes).unwrap();
        assert_eq!(batch[2], form, "{name}");
        let path = format!("{folder}/{name}.hex");
        let text: String = batch
            .chunks(40)
            .map(|line| line.iter().map(|b| format!("{b:02x}")).collect::<String>() + "\n")
            .collect();
        if std::env::var_os("UPDATE_VECTORS").is_some() {
            std::fs::create_dir_all(folder).unwrap();
            std::fs::write(&path, &text).unwrap();
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "{name}");
        target.apply_batch(&batch, actor(1).device).unwrap();
    }
    assert_eq!(target.heads(), one.heads());
}

#[test]
fn absurd_terms_of_another_device_are_damage_and_never_used() {
    use crate::contract::{Agreement, AgreementVersion, Terms};
    let mut terms = Terms::oppfolging_agder().unwrap();
    terms.deadlines.response_workdays = u32::MAX;
    let version = AgreementVersion {
        change: None,
        terms,
    };
    let text = serde_json::to_string(&version).unwrap();
    let fields = schema::FieldMap::from([
        ("v:2026-01-01".to_owned(), Scalar::Text(text)),
        ("v:soon".to_owned(), Scalar::Text("{}".into())),
        ("v:2026-02-01".to_owned(), Scalar::Int(1)),
    ]);
    let reference = RecordRef::Agreement("a".into());
    let (record, damaged) = Record::from_fields(&reference, &fields);
    let empty = Agreement {
        key: "a".into(),
        versions: BTreeMap::new(),
    };
    assert_eq!(record, Record::Agreement(empty));
    assert_eq!(damaged, ["v:2026-01-01", "v:2026-02-01", "v:soon"]);
}
