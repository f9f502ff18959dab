//! What is truly gone: erasure with real devices and the real relay process, and the proof that a
//! backup from before and every secret of today open nothing of it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use folge_core::client::{Client, Holder, Invitee, NewParticipation};
use folge_core::document::{Record, RecordRef};
use folge_core::domain::{
    Instant, LocalDate, Minutes, Note, Participation, Report, ReportKind, StaffMember, Status,
};
use folge_core::limits::INVITATION_MILLISECONDS;
use folge_core::messages::Saying;
use folge_core::native::HttpRelay;
use folge_core::rights::Retention;
use folge_protocol::codec::{Decode, Encode};
use folge_protocol::ids::{DocumentId, PersonId};
use folge_protocol::membership::{DocumentKind, ErasureReason, Role};
use folge_tests::backup::{copy_of, envelopes, opened, secrets_of};
use folge_tests::device::Device;
use folge_tests::final_report::record_final;
use folge_tests::relay::RelayProcess;

const ERASED: &str = "DETTE SKAL SLETTES";
const KEPT: &str = "DETTE SKAL BLI";

struct World {
    dir: tempfile::TempDir,
    _relay: RelayProcess,
    http: HttpRelay,
    office: Device,
    colleague: Device,
    phone: Device,
    second: Device,
    participant: Device,
    erased: DocumentId,
    thread: DocumentId,
    kept: DocumentId,
}

fn ended(reference: &str, person: &str) -> Participation {
    let mut participation = Participation::new(reference, person, "Dahl");
    participation.agreement = Some("oppfolging".into());
    participation.status = Status::Ended;
    participation.start = LocalDate::new(2026, 1, 5);
    participation.end = LocalDate::new(2026, 3, 2);
    participation
}

fn note(client: &mut Client, case: DocumentId, text: &str) -> RecordRef {
    let note = Note {
        id: client.new_record_id(),
        at: Instant::parse("2026-03-02T09:00+01:00").unwrap(),
        text: text.to_owned(),
    };
    let record = RecordRef::Note(note.id);
    client.record(case, Record::Note(note)).unwrap();
    record
}

fn final_report(client: &mut Client, case: DocumentId, delivered: Option<LocalDate>) {
    let report = Report {
        minutes: Minutes(60),
        delivered,
        consultant: None,
        ..Report::new(client.new_record_id(), ReportKind::Final)
    };
    record_final(client, case, report).unwrap();
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let relay = RelayProcess::start(&dir.path().join("relay"), "127.0.0.1:0").unwrap();
        let http = HttpRelay::new(&relay.url);
        let place = |name: &str| {
            let place = dir.path().join(name);
            fs::create_dir(&place).unwrap();
            place
        };
        let (mut office, _) = Device::found(&place("office"), http.address().unwrap()).unwrap();
        http.sync(&mut office.client).unwrap();
        let staff = StaffMember {
            key: "consultant-00".into(),
            name: "Kari Li".into(),
            person: None,
            position_percent: 100,
        };
        let none = (Vec::new(), Vec::new());
        office
            .client
            .put_register(None, none.0, none.1, vec![staff])
            .unwrap();
        let links = [Role::Coordinator, Role::Consultant].map(|role| {
            let invitee = Invitee::New(role);
            let link = office.client.invite(invitee, INVITATION_MILLISECONDS);
            link.unwrap()
        });
        let consultant = links[1].person;
        let consultants = BTreeSet::from([consultant]);
        let new = [
            ("p-0", ERASED, consultants.clone()),
            ("p-1", KEPT, consultants),
            ("p-2", KEPT, BTreeSet::new()),
        ];
        let new = new.map(|(reference, name, consultants)| NewParticipation {
            participation: ended(reference, name),
            consultants,
        });
        let cases = office.client.create_participations(&new).unwrap();
        http.sync(&mut office.client).unwrap();
        let join = |place: PathBuf, link| {
            let mut device = Device::join(&place, link).unwrap();
            http.sync(&mut device.client).unwrap();
            device
        };
        let colleague = join(place("colleague"), &links[0]);
        let mut phone = join(place("phone"), &links[1]);
        let own = Invitee::Known(consultant);
        let further = phone.client.invite(own, INVITATION_MILLISECONDS).unwrap();
        let link = phone
            .client
            .invite_participant(cases[0], INVITATION_MILLISECONDS)
            .unwrap();
        http.sync(&mut phone.client).unwrap();
        let second = join(place("second"), &further);
        let participant = join(place("participant"), &link);
        let thread = participant.client.own_threads().unwrap()[0];
        let mut world = Self {
            dir,
            _relay: relay,
            http,
            office,
            colleague,
            phone,
            second,
            participant,
            erased: cases[0],
            thread,
            kept: cases[1],
        };
        note(&mut world.phone.client, cases[0], ERASED);
        note(&mut world.phone.client, cases[1], KEPT);
        let said = Saying::Comment(ERASED.into());
        world.participant.client.say_in(thread, said).unwrap();
        world.sync_all();
        world
    }

    fn devices(&mut self) -> [&mut Device; 5] {
        [
            &mut self.office,
            &mut self.colleague,
            &mut self.phone,
            &mut self.second,
            &mut self.participant,
        ]
    }

    fn sync_all(&mut self) {
        for _ in 0..3 {
            let http = HttpRelay::new(&self._relay.url);
            for device in self.devices() {
                http.sync(&mut device.client).unwrap();
            }
        }
    }

    fn sync_office(&mut self) {
        self.http.sync(&mut self.office.client).unwrap();
    }

    /// A copy of the relay's database, as a backup has it.
    fn backup(&self, name: &str) -> PathBuf {
        let copy = self.dir.path().join(name);
        copy_of(&self.dir.path().join("relay"), &copy).unwrap();
        copy
    }
}

fn documents(found: &[(DocumentId, Vec<u8>)]) -> BTreeSet<DocumentId> {
    found.iter().map(|(document, _)| *document).collect()
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}

#[test]
fn a_backup_from_before_and_every_secret_of_today_open_nothing_that_was_erased() {
    let mut world = World::new();
    let backup = world.backup("before.db");
    let all = |world: &mut World| -> BTreeSet<[u8; 32]> {
        world
            .devices()
            .iter()
            .flat_map(|device| secrets_of(device).unwrap())
            .collect()
    };
    // The attack works while nothing is erased.
    let before = opened(&backup, all(&mut world)).unwrap();
    for document in [world.erased, world.thread, world.kept] {
        assert!(documents(&before).contains(&document));
    }
    assert!(before.iter().any(|(_, bytes)| holds(bytes, ERASED)));

    let case = world.erased;
    let office = &mut world.office.client;
    office.erase(case, ErasureReason::Instruction).unwrap();
    world.sync_all();
    let erased = [world.erased, world.thread];
    let receipt = world.office.client.erasure_receipt(&erased).unwrap();
    assert!(receipt.is_complete(), "{:?}", receipt.documents);
    assert_eq!(receipt.documents[0].holders.len(), 4);
    assert_eq!(receipt.documents[1].holders.len(), 5);

    let after = opened(&backup, all(&mut world)).unwrap();
    let found = documents(&after);
    assert!(!found.contains(&world.erased) && !found.contains(&world.thread));
    assert!(
        found.contains(&world.kept),
        "the attack still opens the rest"
    );
    assert!(after.iter().any(|(_, bytes)| holds(bytes, KEPT)));
    assert!(!after.iter().any(|(_, bytes)| holds(bytes, ERASED)));

    // Nothing is left on the relay of today, and nothing on the devices.
    let (erased, thread) = (world.erased, world.thread);
    let now = world.backup("after.db");
    for document in envelopes(&now).unwrap() {
        assert!(document != erased && document != thread);
    }
    for device in world.devices() {
        let store = device.opened_store().unwrap();
        for document in [erased, thread] {
            assert!(store.envelopes_of(document).unwrap().is_empty());
            assert!(store.rows(document).unwrap().is_empty());
            assert!(store.messages(document).unwrap().is_empty());
            assert!(store.snapshot(document).unwrap().is_none());
            assert!(store.tail(document).unwrap().is_empty());
        }
        assert!(!store.documents().unwrap().contains(&erased));
        let log = PathBuf::from(format!("{}-wal", device.path.display()));
        device.client.has_sync_work().unwrap();
        assert!(
            fs::metadata(log).map_or(0, |file| file.len()) < 64 * 1024,
            "the store's log was not emptied"
        );
    }
    // And the rest goes on: everybody reads and writes what is left.
    let (kept, erased) = (world.kept, world.erased);
    let record = note(&mut world.second.client, kept, "Videre");
    world.sync_all();
    for device in [&mut world.office, &mut world.colleague, &mut world.phone] {
        let page = device.client.participation(kept).unwrap();
        assert!(page.records.contains_key(&record));
        assert!(device.client.participation(erased).is_err());
        let check = device.client.verify_everything().unwrap();
        assert!(check.faults.is_empty(), "{:?}", check.faults);
    }
    // A newcomer needs no old key.
    let invitee = Invitee::New(Role::Coordinator);
    let link = world.office.client.invite(invitee, INVITATION_MILLISECONDS);
    world.sync_office();
    let place = world.dir.path().join("late");
    fs::create_dir(&place).unwrap();
    let mut late = Device::join(&place, &link.unwrap()).unwrap();
    world.http.sync(&mut late.client).unwrap();
    let page = late.client.participation(kept).unwrap();
    assert!(page.records.contains_key(&record));
}

/// Whoever invited a participant keeps that person's first secret until they come in. Where they
/// never do, it must not outlive what it opens.
#[test]
fn who_was_invited_and_never_came_in_leaves_no_secret_that_opens_what_was_erased() {
    let mut world = World::new();
    let case = world.kept;
    let phone = &mut world.phone.client;
    phone
        .invite_participant(case, INVITATION_MILLISECONDS)
        .unwrap();
    let words = Saying::Notice("Velkommen".to_owned());
    phone.say(case, words).unwrap();
    world.sync_all();
    let documents_of = |world: &World| {
        let log = world.phone.client.membership().unwrap();
        let all = log.documents().iter();
        let threads = all.filter(|(_, state)| state.kind == DocumentKind::Thread);
        threads.map(|(id, _)| *id).collect::<BTreeSet<_>>()
    };
    let mut waiting = documents_of(&world);
    waiting.remove(&world.thread);
    let backup = world.backup("waiting.db");
    let own = |world: &mut World| -> BTreeSet<[u8; 32]> {
        let phone = &world.phone;
        secrets_of(phone).unwrap().into_iter().collect()
    };
    let before = documents(&opened(&backup, own(&mut world)).unwrap());
    assert!(waiting.len() == 1 && waiting.is_subset(&before));
    let office = &mut world.office.client;
    office.erase(case, ErasureReason::Instruction).unwrap();
    world.sync_all();
    let after = documents(&opened(&backup, own(&mut world)).unwrap());
    assert!(waiting.is_disjoint(&after) && !after.contains(&case));
}

#[test]
fn what_is_due_is_erased_by_itself_and_what_is_held_is_not() {
    let mut world = World::new();
    let (due, held) = (world.erased, world.kept);
    let delivered = LocalDate::new(2026, 3, 9);
    final_report(&mut world.phone.client, due, delivered);
    final_report(&mut world.phone.client, held, delivered);
    world.sync_all();
    let reason = Some("Klagesak pågår".to_owned());
    world.office.client.hold(held, reason).unwrap();
    world.sync_all();
    let retention = world.office.client.retention().unwrap();
    assert!(matches!(retention[&held], Retention::Held { .. }));
    let by_hand = world.office.client.erase(held, ErasureReason::Request);
    assert_eq!(by_hand.unwrap_err().code(), "held");
    // A consultant does not erase what the office reads.
    assert_eq!(world.phone.client.erase_due().unwrap(), []);
    let refused = world.phone.client.erase(due, ErasureReason::Request);
    assert_eq!(refused.unwrap_err().code(), "not_allowed");
    assert_eq!(world.office.client.erase_due().unwrap(), [due]);
    // A second time, or on a second device at once, changes nothing.
    assert_eq!(world.office.client.erase_due().unwrap(), []);
    assert_eq!(world.colleague.client.erase_due().unwrap(), [due]);
    world.sync_all();
    assert!(world.office.client.quarantined().unwrap().is_empty());
    assert!(world.colleague.client.quarantined().unwrap().is_empty());
    assert!(world.office.client.participation(due).is_err());
    assert!(world.phone.client.participation(held).is_ok());
    // Three who ended in a month are too few to count.
    let statistics = world.office.client.statistics().unwrap();
    assert_eq!(statistics.len(), 1);
    assert_eq!(statistics[0].figures, None);
    world.office.client.hold(held, None).unwrap();
    world.sync_office();
    assert_eq!(world.office.client.erase_due().unwrap(), [held]);
}

#[test]
fn a_receipt_says_who_has_yet_to_confirm_and_cannot_be_forged() {
    let mut world = World::new();
    let case = world.erased;
    world
        .office
        .client
        .erase(case, ErasureReason::Request)
        .unwrap();
    assert!(
        world.office.client.erasure_receipt(&[case]).is_err(),
        "not yet"
    );
    world.sync_office();
    world.sync_office();
    let receipt = world.office.client.erasure_receipt(&[case]).unwrap();
    let holders = &receipt.documents[0].holders;
    let own = world.office.client.device();
    assert_eq!(holders[&own], Holder::Confirmed);
    let missing = holders.values().filter(|h| **h == Holder::Missing).count();
    assert_eq!(missing, 3);
    assert!(!receipt.is_complete());
    assert!(world.colleague.client.check_receipt(&receipt).is_err() || !receipt.is_complete());
    // One of them is lost before it hears of it.
    let lost = world.second.client.device();
    world.office.client.revoke_device(lost).unwrap();
    world.sync_office();
    for device in [&mut world.colleague, &mut world.phone] {
        for _ in 0..2 {
            world.http.sync(&mut device.client).unwrap();
        }
    }
    world.sync_office();
    let receipt = world.office.client.erasure_receipt(&[case]).unwrap();
    let holders = &receipt.documents[0].holders;
    assert_eq!(holders[&lost], Holder::PutOut);
    assert_eq!(holders[&world.phone.client.device()], Holder::Confirmed);
    world.http.sync(&mut world.colleague.client).unwrap();
    let bytes = receipt.to_bytes();
    let read = folge_core::client::ErasureReceipt::from_bytes(&bytes).unwrap();
    assert!(world.colleague.client.check_receipt(&read).unwrap());
    let text = read.to_text(folge_core::domain::Language::Norwegian);
    assert!(text.contains("Kvittering for sletting"), "{text}");
    assert!(text.contains("sperret, kan ikke bekrefte"), "{text}");
    for change in 0..3 {
        let mut forged = read.clone();
        match change {
            0 => forged.documents[0].reason = ErasureReason::Mistake,
            1 => drop(forged.documents[0].holders.insert(lost, Holder::Confirmed)),
            _ => forged.signature[5] ^= 1,
        }
        assert!(!world.colleague.client.check_receipt(&forged).unwrap());
    }
}

#[test]
fn leaving_an_agreement_exports_everything_and_then_erases_it() {
    let mut world = World::new();
    let reason = Some("Klagesak".to_owned());
    let (held, erased) = (world.kept, world.erased);
    world.office.client.hold(held, reason).unwrap();
    world.sync_all();
    let left = world
        .office
        .client
        .leave_agreement(&"oppfolging".into())
        .unwrap();
    assert_eq!(left.erased.len(), 3, "held or not");
    let archive = left.archives.iter().find(|(id, _)| *id == erased).unwrap();
    assert!(archive.1.iter().all(|file| holds(&file.bytes, ERASED)));
    world.sync_all();
    assert_eq!(world.office.client.sums().participations, 0);
    assert_eq!(world.phone.client.sums().participations, 0);
    let receipt = world.office.client.erasure_receipt(&left.erased).unwrap();
    assert!(receipt.is_complete());
}

#[test]
fn somebody_offline_for_long_keeps_nothing_and_loses_nothing_else() {
    let mut world = World::new();
    let (case, kept) = (world.erased, world.kept);
    let offline = note(&mut world.second.client, kept, "Lenge uten dekning");
    note(&mut world.second.client, case, ERASED);
    world
        .office
        .client
        .erase(case, ErasureReason::Retention)
        .unwrap();
    for _ in 0..3 {
        for device in [&mut world.office, &mut world.colleague, &mut world.phone] {
            world.http.sync(&mut device.client).unwrap();
        }
    }
    // New keys are granted to its person meanwhile.
    let person: PersonId = world.phone.client.identity().person;
    let new = NewParticipation {
        participation: ended("p-9", KEPT),
        consultants: BTreeSet::from([person]),
    };
    let fresh = world.office.client.create_participations(&[new]).unwrap()[0];
    world.sync_office();
    for _ in 0..2 {
        world.http.sync(&mut world.second.client).unwrap();
    }
    assert!(world.second.client.participation(case).is_err());
    assert!(world.second.client.participation(fresh).is_ok());
    world.sync_all();
    let page = world.office.client.participation(kept).unwrap();
    assert!(page.records.contains_key(&offline));
    let receipt = world.office.client.erasure_receipt(&[case]).unwrap();
    assert!(receipt.is_complete());
    let check = world.second.client.verify_everything().unwrap();
    assert!(check.faults.is_empty(), "{:?}", check.faults);
}
