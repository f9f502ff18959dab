//! Who is let in, who is put out, what comes back and what stays: with real devices on disk and
//! the real relay process.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use folge_core::client::{
    AuditAct, Client, InvitationUse, Invitee, LossReport, NewParticipation, RecordState,
};
use folge_core::document::{CaseFilter, Record, RecordRef};
use folge_core::domain::{Instant, Note, Participation};
use folge_core::keys::{InvitationLink, Key32, RecoverySecret};
use folge_core::limits::INVITATION_MILLISECONDS;
use folge_core::messages::{Export, RequestState, Right, Saying, StoreLock};
use folge_core::native::HttpRelay;
use folge_core::rights::{ContactPoint, DataCategory};
use folge_core::sync::AlarmKind;
use folge_protocol::codec::{Decode, Encode};
use folge_protocol::envelope::{Envelope, EnvelopeKind, Header, envelope_hash};
use folge_protocol::ids::{DocumentId, PersonId};
use folge_protocol::membership::{Body, Role};
use folge_protocol::wire::{Blob, PATH_SYNC, Signed, SyncReply, SyncRequest};
use folge_tests::device::Device;
use folge_tests::relay::RelayProcess;

struct World {
    dir: tempfile::TempDir,
    _relay: RelayProcess,
    http: HttpRelay,
    words: RecoverySecret,
    office: Device,
    phone: Device,
    person: PersonId,
    case: DocumentId,
}

fn participation(reference: &str) -> Participation {
    let mut participation = Participation::new(reference, "Fatima", "Dahl");
    participation.consultant = Some("consultant-00".into());
    participation.phone = Some("99887766".into());
    participation
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let relay = RelayProcess::start(&dir.path().join("relay"), "127.0.0.1:0").unwrap();
        let http = HttpRelay::new(&relay.url);
        let place = dir.path().join("office");
        fs::create_dir(&place).unwrap();
        let (mut office, words) = Device::found(&place, http.address().unwrap()).unwrap();
        http.sync(&mut office.client).unwrap();
        let invitee = Invitee::New(Role::Consultant);
        let link = office.client.invite(invitee, INVITATION_MILLISECONDS);
        let link = link.unwrap();
        let new = NewParticipation {
            participation: participation("p-0"),
            consultants: BTreeSet::from([link.person]),
        };
        let case = office.client.create_participations(&[new]).unwrap()[0];
        http.sync(&mut office.client).unwrap();
        let place = dir.path().join("phone");
        fs::create_dir(&place).unwrap();
        let mut phone = Device::join(&place, &link).unwrap();
        http.sync(&mut phone.client).unwrap();
        http.sync(&mut office.client).unwrap();
        Self {
            person: link.person,
            dir,
            _relay: relay,
            http,
            words,
            office,
            phone,
            case,
        }
    }

    fn place(&self, name: &str) -> PathBuf {
        let place = self.dir.path().join(name);
        fs::create_dir(&place).unwrap();
        place
    }

    fn join(&self, name: &str, link: &InvitationLink) -> Device {
        let mut device = Device::join(&self.place(name), link).unwrap();
        self.http.sync(&mut device.client).unwrap();
        device
    }

    /// Lets a person of a role in.
    fn person(&mut self, name: &str, role: Role) -> Device {
        let invitee = Invitee::New(role);
        let link = self.office.client.invite(invitee, INVITATION_MILLISECONDS);
        self.sync_office();
        let device = self.join(name, &link.unwrap());
        self.sync_office();
        device
    }

    fn sync_office(&mut self) {
        self.http.sync(&mut self.office.client).unwrap();
    }

    fn sync_phone(&mut self) {
        self.http.sync(&mut self.phone.client).unwrap();
    }

    fn sync(&self, device: &mut Device) {
        self.http.sync(&mut device.client).unwrap();
    }
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

fn sees(client: &mut Client, case: DocumentId, record: &RecordRef) -> bool {
    client
        .participation(case)
        .is_ok_and(|page| page.records.contains_key(record))
}

/// The last envelope that a device keeps of a document.
fn last_header(device: &Device, case: DocumentId) -> Header {
    let rows = device.opened_store().unwrap().envelopes_of(case).unwrap();
    let bytes = rows.last().unwrap().0.bytes.clone();
    Envelope::from_bytes(&bytes).unwrap().header
}

fn healthy(client: &mut Client) {
    let check = client.verify_everything().unwrap();
    assert!(check.faults.is_empty(), "{:?}", check.faults);
    assert!(client.quarantined().unwrap().is_empty());
}

#[test]
fn an_invitation_lets_in_one_device_once_until_it_expires_or_is_withdrawn() {
    let mut world = World::new();
    let invitee = Invitee::New(Role::Consultant);
    let mut invite = |valid_ms| world.office.client.invite(invitee, valid_ms).unwrap();
    let (used, withdrawn, expired) = (invite(60_000), invite(60_000), invite(0));
    world
        .office
        .client
        .revoke_invitation(withdrawn.id())
        .unwrap();
    world.sync_office();
    std::thread::sleep(std::time::Duration::from_millis(5));
    let mut device = world.join("used", &used);
    assert!(device.client.register().is_ok());
    // Whose workspace it is, both can say.
    let words = |client: &Client| folge_core::keys::fingerprint_words(&client.identity().workspace);
    assert_eq!(words(&device.client), words(&world.office.client));
    for (name, link) in [("again", &used), ("late", &expired), ("never", &withdrawn)] {
        let mut late = Device::join(&world.place(name), link).unwrap();
        let refused = world.http.sync(&mut late.client);
        assert!(refused.is_err(), "{name}");
        assert!(late.client.overview().is_err(), "{name} has seen the log");
    }
    // Every invitation and admission is there for administrators to see.
    world.sync_office();
    let views = world.office.client.invitations().unwrap();
    let state = |link: &InvitationLink| {
        let view = views.iter().find(|view| view.id == link.id()).unwrap();
        view.state
    };
    assert_eq!(state(&used), InvitationUse::Used(device.client.device()));
    assert_eq!(state(&withdrawn), InvitationUse::Withdrawn);
    assert_eq!(state(&expired), InvitationUse::Expired);
    world.sync(&mut device);
    healthy(&mut world.office.client);
}

#[test]
fn a_device_that_is_put_out_is_refused_learns_it_and_hands_over_what_it_had() {
    let mut world = World::new();
    let case = world.case;
    let delivered = note(&mut world.phone.client, case, "Levert");
    world.sync_phone();
    world.sync_office();
    let offline = note(&mut world.phone.client, case, "Uten dekning");
    let device = world.phone.client.device();
    world.office.client.revoke_device(device).unwrap();
    world.sync_office();
    // It is told, with the signed entry that did it, and takes no more.
    let _ = world.http.sync(&mut world.phone.client);
    assert!(world.phone.client.is_put_out());
    assert!(!world.phone.client.has_sync_work().unwrap());
    let refused = world.http.sync(&mut world.phone.client).unwrap();
    assert_eq!(refused.report.acknowledged, 0);
    world.phone.reopen().unwrap();
    assert!(world.phone.client.is_put_out());
    // Nothing is left on it but what it has not delivered.
    let register = world.office.client.overview().unwrap();
    assert!(!register.devices.contains_key(&device));
    assert!(world.phone.client.register().is_err());
    let pack = world.phone.client.pack_unsent().unwrap();
    assert_eq!(world.office.client.take_pack(&pack).unwrap(), 1);
    assert_eq!(world.office.client.take_pack(&pack).unwrap(), 0);
    assert!(world.office.client.take_pack(b"nothing").is_err());
    world.sync_office();
    // Held back, with what it would change, until somebody admits it.
    assert!(sees(&mut world.office.client, case, &delivered));
    assert!(!sees(&mut world.office.client, case, &offline));
    let held = world.office.client.held().unwrap();
    assert_eq!(held.len(), 1);
    assert_eq!(
        (held[0].device, held[0].person),
        (device, Some(world.person))
    );
    assert_eq!(held[0].records[0].0, offline);
    world
        .office
        .client
        .admit(case, device, held[0].sequence)
        .unwrap();
    world.sync_office();
    world.sync_office();
    assert!(sees(&mut world.office.client, case, &offline));
    assert!(world.office.client.held().unwrap().is_empty());
    // Under the key of today: who was put out before cannot open it with the old one.
    let header = last_header(&world.office, case);
    assert_eq!(header.kind, EnvelopeKind::Carried);
    assert_eq!(
        (header.generation, header.device),
        (1, world.office.client.device())
    );
    // Others get it from the relay.
    let mut other = world.person("other", Role::Coordinator);
    assert!(sees(&mut other.client, case, &offline));
    healthy(&mut other.client);
    healthy(&mut world.office.client);
}

#[test]
fn documents_get_a_new_key_at_the_next_write_and_offline_records_are_sealed_anew() {
    let mut world = World::new();
    let case = world.case;
    let mut colleague = world.person("colleague", Role::Consultant);
    let person = colleague.client.identity().person;
    world.office.client.assign(case, person).unwrap();
    world.sync_office();
    world.sync(&mut colleague);
    note(&mut colleague.client, case, "Før");
    world.sync(&mut colleague);
    world.sync_phone();
    assert_eq!(last_header(&world.phone, case).generation, 0);
    // Made, and even sealed and sent into the void, before it hears of the new key.
    let offline = note(&mut world.phone.client, case, "Laget i en dal");
    let _lost = world.phone.client.sync_request().unwrap();
    world
        .phone
        .client
        .sync_failed(&folge_core::Error::Unreachable("in a tunnel"));
    let device = colleague.client.device();
    world.office.client.revoke_device(device).unwrap();
    world.sync_office();
    note(&mut world.office.client, case, "Etter");
    world.sync_office();
    assert_eq!(last_header(&world.office, case).generation, 1);
    world.sync_phone();
    assert_eq!(
        world.phone.client.record_state(case, &offline).unwrap(),
        RecordState::Stored
    );
    world.sync_office();
    assert!(sees(&mut world.office.client, case, &offline));
    assert_eq!(last_header(&world.office, case).generation, 1);
    // A newcomer reads what was before and after.
    let mut late = world.person("late", Role::Consultant);
    let person = late.client.identity().person;
    world.office.client.assign(case, person).unwrap();
    world.sync_office();
    world.sync(&mut late);
    assert!(sees(&mut late.client, case, &offline));
    healthy(&mut late.client);
    healthy(&mut world.phone.client);
}

#[test]
fn who_is_assigned_elsewhere_loses_the_keys_and_what_was_offline_is_not_lost() {
    let mut world = World::new();
    let case = world.case;
    note(&mut world.phone.client, case, "Levert");
    world.sync_phone();
    world.sync_office();
    let offline = note(&mut world.phone.client, case, "Før jeg visste det");
    world.office.client.unassign(case, world.person).unwrap();
    world.sync_office();
    world.sync_phone();
    world.sync_phone();
    assert!(world.phone.client.participation(case).is_err());
    let store = world.phone.opened_store().unwrap();
    let kept = store.secrets().unwrap();
    assert!(
        kept.iter().all(|secret| secret.id != case.0),
        "keys are left"
    );
    assert!(store.envelopes_of(case).unwrap().is_empty());
    world.sync_office();
    let held = world.office.client.held().unwrap();
    assert_eq!(held.len(), 1, "it came by itself");
    let (device, sequence) = (held[0].device, held[0].sequence);
    world.office.client.admit(case, device, sequence).unwrap();
    world.sync_office();
    world.sync_office();
    assert!(sees(&mut world.office.client, case, &offline));
    // Assigned again: all of it is back.
    world.office.client.assign(case, world.person).unwrap();
    world.sync_office();
    world.sync_phone();
    assert!(sees(&mut world.phone.client, case, &offline));
    let again = note(&mut world.phone.client, case, "Tilbake");
    world.sync_phone();
    world.sync_office();
    assert!(sees(&mut world.office.client, case, &again));
    healthy(&mut world.office.client);
    healthy(&mut world.phone.client);
}

#[test]
fn two_administrators_who_act_at_once_converge() {
    let mut world = World::new();
    let case = world.case;
    let mut second = world.person("second", Role::Administrator);
    let mut leaving = world.person("leaving", Role::Coordinator);
    let mut other = world.person("other", Role::Coordinator);
    world.sync(&mut second);
    // Both put somebody out, and both the same one, before either has heard of the other.
    let (one, two) = (leaving.client.device(), other.client.device());
    world.office.client.revoke_device(one).unwrap();
    second.client.revoke_device(one).unwrap();
    second.client.revoke_device(two).unwrap();
    world.sync_office();
    world.sync(&mut second);
    world.sync_office();
    world.sync(&mut second);
    for device in [&mut leaving, &mut other] {
        let _ = world.http.sync(&mut device.client);
        assert!(device.client.is_put_out());
    }
    // Both still read what the other writes.
    for turn in 0..2 {
        let (writer, reader) = if turn == 0 {
            (&mut world.office, &mut second)
        } else {
            (&mut second, &mut world.office)
        };
        let record = note(&mut writer.client, case, "Etterpå");
        world.http.sync(&mut writer.client).unwrap();
        world.http.sync(&mut reader.client).unwrap();
        assert!(sees(&mut reader.client, case, &record));
    }
    world.sync_phone();
    let record = note(&mut world.phone.client, case, "Ute");
    world.sync_phone();
    world.sync_office();
    assert!(sees(&mut world.office.client, case, &record));
    assert!(last_header(&world.office, case).generation > 0);
    healthy(&mut world.office.client);
    healthy(&mut second.client);
}

#[test]
fn a_lost_phone_is_put_out_and_the_notice_drafted_in_one_action() {
    let mut world = World::new();
    let case = world.case;
    note(&mut world.phone.client, case, "Helse");
    world.sync_phone();
    world.sync_office();
    let report = LossReport {
        held_from: Instant::parse("2026-03-02T08:00+01:00").unwrap(),
        held_until: Instant::parse("2026-03-02T12:00+01:00").unwrap(),
        lock: StoreLock::Unknown,
        contact: ContactPoint {
            provider: "Sørlandet Oppfølging AS".into(),
            name: "Ola Vern".into(),
            phone: "11223344".into(),
            email: "vern@example.no".into(),
        },
        other: String::new(),
    };
    let device = world.phone.client.device();
    let notice = world.office.client.report_lost(device, report).unwrap();
    assert_eq!(notice.person_count, 1);
    assert_eq!(notice.identities[0].reference, "p-0");
    assert!(notice.categories.contains(&DataCategory::Phone));
    assert_eq!(notice.due.0 - notice.reported_at.0, 24 * 3_600_000);
    world.sync_office();
    let _ = world.http.sync(&mut world.phone.client);
    assert!(world.phone.client.is_put_out());
    // The report is in the journal, for the auditor.
    let lines = world.office.client.audit().unwrap();
    let lost = lines.iter().any(|line| {
        matches!(&line.act, AuditAct::Said(Saying::Lost { device: of, .. }) if *of == device)
    });
    assert!(lost);
}

#[test]
fn a_person_who_lost_every_device_gets_everything_back_from_one_administrator() {
    let mut world = World::new();
    let case = world.case;
    let before = note(&mut world.phone.client, case, "Før tapet");
    world.sync_phone();
    world.sync_office();
    let device = world.phone.client.device();
    world.office.client.revoke_device(device).unwrap();
    world.sync_office();
    let invitee = Invitee::Known(world.person);
    let link = world.office.client.invite(invitee, INVITATION_MILLISECONDS);
    world.sync_office();
    let mut next = world.join("next", &link.unwrap());
    world.sync_office();
    assert_eq!(next.client.identity().person, world.person);
    assert!(sees(&mut next.client, case, &before));
    let after = note(&mut next.client, case, "Etter tapet");
    world.sync(&mut next);
    world.sync_office();
    assert!(sees(&mut world.office.client, case, &after));
    // Whoever still has a device is not invited by others.
    let again = world.office.client.invite(invitee, 1_000);
    assert_eq!(again.unwrap_err().code(), "not_allowed");
    healthy(&mut next.client);
}

#[test]
fn a_workspace_without_administrators_is_recovered_from_its_words() {
    let mut world = World::new();
    let case = world.case;
    let record = note(&mut world.phone.client, case, "Finnes fortsatt");
    world.sync_phone();
    world.sync_office();
    // Turned keys reach the words too.
    let mut passing = world.person("passing", Role::Coordinator);
    let device = passing.client.device();
    world.sync(&mut passing);
    world.office.client.revoke_device(device).unwrap();
    world.sync_office();
    let lost = world.office.client.device();

    let text = world.words.words();
    let words = RecoverySecret::from_words(&text).unwrap();
    let address = world.http.address().unwrap();
    let mut back = Device::recover(&world.place("back"), address.clone(), &words).unwrap();
    world.sync(&mut back);
    assert_eq!(back.client.overview().unwrap().persons.len(), 4);
    assert!(sees(&mut back.client, case, &record));
    // The words leave the device with its admission.
    assert!(back.client.identity().entrance.is_none());
    back.client.revoke_device(lost).unwrap();
    world.sync(&mut back);
    let invitee = Invitee::New(Role::Administrator);
    let link = back.client.invite(invitee, INVITATION_MILLISECONDS);
    world.sync(&mut back);
    let mut second = world.join("second", &link.unwrap());
    assert!(sees(&mut second.client, case, &record));
    let after = note(&mut second.client, case, "Videre");
    world.sync(&mut second);
    world.sync_phone();
    assert!(sees(&mut world.phone.client, case, &after));
    healthy(&mut back.client);

    // Words of nobody, words cut short, a word that is none.
    let stranger = RecoverySecret(Key32::new([7; 32]));
    let mut none = Device::recover(&world.place("none"), address, &stranger).unwrap();
    let error = world.http.sync(&mut none.client).unwrap_err();
    assert_eq!(error.code(), "unknown_workspace");
    let cut: Vec<&str> = text.split_whitespace().take(23).collect();
    assert!(RecoverySecret::from_words(&cut.join(" ")).is_err());
}

#[test]
fn a_phone_restored_from_a_backup_loses_nothing_and_numbers_nothing_twice() {
    let mut world = World::new();
    let case = world.case;
    let first = note(&mut world.phone.client, case, "Før sikkerhetskopien");
    world.sync_phone();
    let mut restored = world.phone.copy_to(&world.place("restored")).unwrap();
    let second = note(&mut world.phone.client, case, "Etter sikkerhetskopien");
    world.sync_phone();
    // The restored phone writes before it has heard of what it wrote in its other life.
    let third = note(&mut restored.client, case, "Etter gjenopprettingen");
    world.sync(&mut restored);
    world.sync(&mut restored);
    world.sync_office();
    for record in [&first, &second, &third] {
        assert!(sees(&mut restored.client, case, record));
        assert!(sees(&mut world.office.client, case, record));
    }
    healthy(&mut restored.client);
    // A copied phone: both go on, and both get all.
    let fourth = note(&mut world.phone.client, case, "Den ene");
    let fifth = note(&mut restored.client, case, "Den andre");
    world.sync_phone();
    world.sync(&mut restored);
    world.sync(&mut restored);
    world.sync_phone();
    world.sync_office();
    for record in [&third, &fourth, &fifth] {
        assert!(sees(&mut world.phone.client, case, record));
        assert!(sees(&mut restored.client, case, record));
        assert!(sees(&mut world.office.client, case, record));
    }
    healthy(&mut world.phone.client);
    healthy(&mut world.office.client);
}

#[test]
fn a_participant_has_one_thread_and_an_objection_reaches_the_office() {
    let mut world = World::new();
    let case = world.case;
    let link = world.phone.client.invite_participant(case, 60_000).unwrap();
    world.sync_phone();
    let mut own = world.join("participant", &link);
    world.sync_office();
    assert_eq!(own.client.identity().person, link.person);
    assert!(own.client.participation(case).is_err());
    assert!(own.client.register().is_err());
    let threads = own.client.own_threads().unwrap();
    assert_eq!(threads.len(), 1);
    let store = own.opened_store().unwrap();
    let documents = store.secrets().unwrap();
    let documents = documents.iter().filter(|secret| secret.kind == 2);
    assert_eq!(documents.count(), 1, "one key, the thread's");

    world
        .phone
        .client
        .say(case, Saying::Notice("Møte onsdag".into()))
        .unwrap();
    world.sync_phone();
    world.sync(&mut own);
    assert_eq!(own.client.thread(threads[0]).unwrap().len(), 1);
    let objection = Saying::Request {
        right: Right::Objection,
        text: "Jeg vil ikke at dere skal ringe legen.".into(),
    };
    let id = own.client.say_in(threads[0], objection.clone()).unwrap();
    assert!(world.phone.client.say(case, objection).is_err());
    world.sync(&mut own);
    world.sync_office();
    let requests = world.office.client.requests().unwrap();
    assert_eq!(requests.len(), 1);
    assert_eq!(
        (requests[0].right, requests[0].state),
        (Right::Objection, RequestState::Open)
    );
    let answer = Saying::Answer {
        to: id,
        state: RequestState::Forwarded,
        text: "Sendt til NAV.".into(),
    };
    world.office.client.say(case, answer).unwrap();
    world.sync_office();
    world.sync(&mut own);
    let requests = own.client.requests().unwrap();
    assert_eq!(requests[0].state, RequestState::Forwarded);
    healthy(&mut own.client);
    healthy(&mut world.office.client);
}

#[test]
fn a_protected_participation_is_its_consultants_alone() {
    let mut world = World::new();
    let mut protected = participation("p-1");
    protected.address_protected = true;
    let new = NewParticipation {
        participation: protected,
        consultants: BTreeSet::from([world.person]),
    };
    let case = world.office.client.create_participations(&[new]).unwrap()[0];
    world.sync_office();
    world.sync_office();
    world.sync_phone();
    let record = note(&mut world.phone.client, case, "Skjermet");
    world.sync_phone();
    world.sync_office();
    assert!(world.office.client.participation(case).is_err());
    assert_eq!(
        world
            .office
            .client
            .office_list(&CaseFilter::default())
            .len(),
        1
    );
    let store = world.office.opened_store().unwrap();
    assert!(
        store
            .secrets()
            .unwrap()
            .iter()
            .all(|secret| secret.id != case.0)
    );
    assert!(store.envelopes_of(case).unwrap().is_empty());
    assert!(sees(&mut world.phone.client, case, &record));
    // What the office knew of its key opens nothing that came later.
    assert_eq!(last_header(&world.phone, case).generation, 1);
    // Handed on: the office says to whom, the consultant's phone grants.
    let mut next = world.person("next", Role::Consultant);
    let person = next.client.identity().person;
    world.office.client.assign(case, person).unwrap();
    world.sync_office();
    world.sync_phone();
    world.sync(&mut next);
    world.sync(&mut next);
    assert!(sees(&mut next.client, case, &record));
    healthy(&mut next.client);
    // One whose address becomes protected.
    world.office.client.protect(world.case).unwrap();
    world.sync_office();
    assert!(world.office.client.participation(world.case).is_err());
    world.sync_phone();
    let record = note(&mut world.phone.client, world.case, "Nå skjermet");
    world.sync_phone();
    assert!(sees(&mut world.phone.client, world.case, &record));
}

#[test]
fn an_auditor_reads_everything_writes_nothing_and_sees_who_opened_what() {
    let mut world = World::new();
    let case = world.case;
    let record = note(&mut world.phone.client, case, "Lest");
    world.phone.client.participation(case).unwrap();
    world.phone.client.participation(case).unwrap();
    world.sync_phone();
    world.sync_office();
    world.office.client.participation(case).unwrap();
    let files = world.office.client.archive(case).unwrap();
    assert_eq!(files.len(), 2);
    world.sync_office();
    let mut auditor = world.person("auditor", Role::Auditor);
    assert!(sees(&mut auditor.client, case, &record));
    let id = auditor.client.new_record_id();
    let written = auditor.client.record(
        case,
        Record::Note(Note {
            id,
            at: Instant(1_718_000_000_000),
            text: "x".into(),
        }),
    );
    assert!(written.is_err());
    world.sync(&mut auditor);
    let lines = auditor.client.audit().unwrap();
    let said = |wanted: &Saying| {
        lines
            .iter()
            .filter(|line| matches!(&line.act, AuditAct::Said(said) if said == wanted))
            .map(|line| line.person.unwrap())
            .collect::<Vec<_>>()
    };
    let office = world.office.client.identity().person;
    let own = auditor.client.identity().person;
    let mut opened = said(&Saying::Opened(case));
    opened.sort_unstable();
    let mut expected = vec![office, own, world.person];
    expected.sort_unstable();
    assert_eq!(opened, expected, "twice in a quarter of an hour is once");
    let exported = Saying::Exported {
        what: Export::Archive,
        document: Some(case),
    };
    assert_eq!(said(&exported), [office]);
    let acts = lines.iter().filter(|line| {
        matches!(&line.act, AuditAct::Membership(body) if matches!(**body, Body::Invited { .. }))
    });
    assert_eq!(acts.count(), 2);
    // The consultant sees the own journal, and nobody else's.
    world.sync_phone();
    let lines = world.phone.client.audit().unwrap();
    let foreign = lines
        .iter()
        .any(|line| matches!(line.act, AuditAct::Said(_)) && line.person != Some(world.person));
    assert!(!foreign);
    healthy(&mut auditor.client);
}

#[test]
fn a_new_role_brings_and_takes_keys() {
    let mut world = World::new();
    let mut person = world.person("person", Role::Consultant);
    assert!(person.client.participation(world.case).is_err());
    let id = person.client.identity().person;
    world
        .office
        .client
        .change_role(id, Role::Coordinator)
        .unwrap();
    world.sync_office();
    world.sync(&mut person);
    world.sync(&mut person);
    assert!(person.client.participation(world.case).is_ok());
    let record = note(&mut person.client, world.case, "Som koordinator");
    world.sync(&mut person);
    world.sync_office();
    world
        .office
        .client
        .change_role(id, Role::Consultant)
        .unwrap();
    world.sync_office();
    world.sync(&mut person);
    assert!(person.client.participation(world.case).is_err());
    let store = person.opened_store().unwrap();
    assert!(store.envelopes_of(world.case).unwrap().is_empty());
    // What was written as coordinator stands.
    note(&mut world.office.client, world.case, "Ny nøkkel");
    world.sync_office();
    assert!(sees(&mut world.office.client, world.case, &record));
    assert_eq!(last_header(&world.office, world.case).generation, 1);
    let mut late = world.person("late", Role::Coordinator);
    assert!(sees(&mut late.client, world.case, &record));
    healthy(&mut late.client);
}

/// A consultant who would put words into the office's mouth: an envelope that claims to carry one
/// of another device, which that device never signed.
#[test]
fn nobody_carries_what_its_device_never_signed() {
    let mut world = World::new();
    let case = world.case;
    note(&mut world.phone.client, case, "Ekte");
    world.sync_phone();
    world.sync_office();
    let before = world.office.client.participation(case).unwrap().records;
    let store = world.phone.opened_store().unwrap();
    let rows = store.envelopes_of(case).unwrap();
    let own = world.phone.client.device();
    let mut mine = rows.iter().filter(|(row, _)| row.device == own);
    let genuine = Envelope::from_bytes(&mine.next_back().unwrap().0.bytes).unwrap();
    let keys = store.secrets().unwrap();
    let key = keys.iter().find(|key| key.kind == 2 && key.id == case.0);
    let key = Key32::new(key.unwrap().key);
    let content = folge_core::envelope::open(&genuine, &key).unwrap();
    let signer = world.phone.client.identity().device.sign();
    // What the phone wrote, as if the office had.
    let claimed = Header {
        device: world.office.client.device(),
        sequence: 40,
        ..genuine.header.clone()
    };
    let inner = folge_core::envelope::seal(claimed, &content, &key, [1; 24], signer);
    let outer = Header {
        kind: EnvelopeKind::Carried,
        sequence: genuine.header.sequence + 1,
        previous: envelope_hash(&genuine.to_bytes()),
        ..genuine.header.clone()
    };
    let content = folge_core::envelope::Content {
        batch: inner.to_bytes(),
        clocks: Vec::new(),
        ..content
    };
    let forged = folge_core::envelope::seal(outer, &content, &key, [2; 24], signer);
    let request = SyncRequest {
        instance: None,
        cursor: 0,
        log_len: 0,
        entries: Vec::new(),
        grants: Vec::new(),
        envelopes: vec![Blob(forged.to_bytes())],
        marks: Vec::new(),
        fetch: Vec::new(),
        returning: false,
    };
    let relay = world.http.address().unwrap().key;
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    let signed = Signed::sign(
        &relay,
        PATH_SYNC,
        world.phone.client.identity().workspace,
        u64::try_from(now.as_millis()).unwrap(),
        [3; 16],
        request.to_bytes(),
        signer,
    );
    let reply = world.http.post(PATH_SYNC, &signed.to_bytes()).unwrap();
    let reply = SyncReply::from_bytes(&reply).unwrap();
    assert_eq!(
        (reply.acks.len(), reply.refusals.len()),
        (1, 0),
        "the relay cannot tell"
    );
    world.sync_office();
    assert_eq!(
        world.office.client.participation(case).unwrap().records,
        before
    );
    let quarantined = world.office.client.quarantined().unwrap();
    assert_eq!(quarantined.len(), 1);
    let kinds: Vec<AlarmKind> = world
        .office
        .client
        .alarms()
        .unwrap()
        .iter()
        .map(|alarm| alarm.kind)
        .collect();
    assert!(kinds.contains(&AlarmKind::ForgedEnvelope), "{kinds:?}");
}
