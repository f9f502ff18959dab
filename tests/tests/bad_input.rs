//! What can go wrong, each with a typed error that says what to do, and nothing lost.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::fs;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;

use folge_core::Error;
use folge_core::client::{Client, Invitee, NewParticipation, RecordState};
use folge_core::document::{Record, RecordRef};
use folge_core::domain::{Instant, Language, Note, Participation};
use folge_core::keys::{InvitationLink, Key32, LinkPage};
use folge_core::limits::INVITATION_MILLISECONDS;
use folge_core::native::{HttpRelay, system_env};
use folge_core::store::{PassphraseCost, Store, StoreError, Unlock};
use folge_core::sync::QuarantineReason;
use folge_protocol::codec::{Decode as _, Encode as _};
use folge_protocol::envelope::Envelope;
use folge_protocol::ids::DocumentId;
use folge_protocol::limits::BODY_BYTES_MAX;
use folge_protocol::membership::Role;
use folge_protocol::wire::{PATH_SYNC, RelayError, SyncReply};
use folge_tests::device::Device;
use folge_tests::relay::EmbeddedRelay;

const CHEAP: PassphraseCost = PassphraseCost {
    memory_kib: 64,
    passes: 1,
};

struct World {
    dir: tempfile::TempDir,
    relay: EmbeddedRelay,
    http: HttpRelay,
    office: Device,
    link: InvitationLink,
    cases: Vec<DocumentId>,
}

fn world() -> World {
    let dir = tempfile::tempdir().unwrap();
    let relay = EmbeddedRelay::start(&dir.path().join("relay")).unwrap();
    let http = HttpRelay::new(&relay.url);
    fs::create_dir(dir.path().join("office")).unwrap();
    let (mut office, _) =
        Device::found(&dir.path().join("office"), http.address().unwrap()).unwrap();
    let invitee = Invitee::New(Role::Consultant);
    let link = office
        .client
        .invite(invitee, INVITATION_MILLISECONDS)
        .unwrap();
    let new = |reference: &str| NewParticipation {
        participation: Participation::new(reference, "Fatima", "Dahl"),
        consultants: BTreeSet::from([link.person]),
    };
    let cases = office
        .client
        .create_participations(&[new("p-0"), new("p-1")])
        .unwrap();
    http.sync(&mut office.client).unwrap();
    World {
        dir,
        relay,
        http,
        office,
        link,
        cases,
    }
}

fn note(client: &mut Client, text: &str) -> (RecordRef, Record) {
    let id = client.new_record_id();
    let at = Instant(1_772_434_800_000);
    (
        RecordRef::Note(id),
        Record::Note(Note {
            id,
            at,
            text: text.to_owned(),
        }),
    )
}

fn passphrase(text: &str) -> Unlock {
    Unlock::Passphrase(text.to_owned().into(), CHEAP)
}

fn bytes_below(dir: &Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect();
    files.sort();
    files
}

fn helps(error: &Error) {
    for language in [Language::Norwegian, Language::English] {
        let text = error.user_text(language);
        assert!(text.len() > 20 && text.ends_with('.'), "{text}");
    }
}

#[test]
fn a_wrong_passphrase_is_refused_and_counted_and_all_else_left_untouched() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store.db");
    drop(Store::create(&path, &passphrase("riktig hest"), &mut system_env()).unwrap());
    let before = bytes_below(dir.path());
    let open = |wrong: &Unlock| {
        let error = Store::open(&path, wrong, &mut system_env()).unwrap_err();
        assert!(matches!(error, StoreError::WrongSecret), "{error}");
        helps(&error.into());
    };
    open(&Unlock::Secret(Key32::new([0; 32])));
    assert_eq!(bytes_below(dir.path()), before);
    let meta = || {
        let conn = rusqlite::Connection::open(&path).unwrap();
        let sql = "SELECT name, value FROM meta WHERE name <> 'attempts' ORDER BY name";
        let mut rows = conn.prepare(sql).unwrap();
        let rows = rows.query_map([], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?))
        });
        rows.unwrap().map(Result::unwrap).collect::<Vec<_>>()
    };
    let rows = meta();
    open(&passphrase("gal hest"));
    open(&passphrase(""));
    assert_eq!(meta(), rows);
    drop(Store::open(&path, &passphrase("riktig hest"), &mut system_env()).unwrap());
}

#[test]
fn a_file_that_is_no_store_a_missing_one_and_a_newer_one_are_told_apart() {
    let dir = tempfile::tempdir().unwrap();
    let open = |path: &Path| {
        Store::open(path, &passphrase("x"), &mut system_env())
            .map(drop)
            .unwrap_err()
    };
    assert!(matches!(
        open(&dir.path().join("missing")),
        StoreError::NotAStore
    ));
    let text = dir.path().join("text");
    fs::write(
        &text,
        "dette er ikke en database, men en tekst ".repeat(200),
    )
    .unwrap();
    assert!(matches!(open(&text), StoreError::NotAStore));
    let newer = dir.path().join("newer");
    drop(Store::create(&newer, &passphrase("x"), &mut system_env()).unwrap());
    rusqlite::Connection::open(&newer)
        .unwrap()
        .pragma_update(None, "user_version", 99)
        .unwrap();
    assert!(matches!(open(&newer), StoreError::TooNew { found: 99, .. }));
    let again = Store::create(&newer, &passphrase("x"), &mut system_env()).unwrap_err();
    assert!(matches!(again, StoreError::Exists));
}

#[test]
fn a_damaged_page_is_noticed_never_read_as_something_else() {
    let mut world = world();
    let case = world.cases[0];
    for n in 0..40 {
        let (_, record) = note(
            &mut world.office.client,
            &format!("Notat {n} {}", "x".repeat(300)),
        );
        world.office.client.record(case, record).unwrap();
    }
    let before = world
        .office
        .client
        .participation(case)
        .unwrap()
        .records
        .len();
    let rows_before = world.office.client.retention().unwrap().len();
    let check_before = world.office.client.verify_everything().unwrap();
    assert!(check_before.faults.is_empty());
    let path = world.office.path.clone();
    // Everything out of the write-ahead log, and the connection closed.
    rusqlite::Connection::open(&path)
        .unwrap()
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .unwrap();
    let pages = fs::metadata(&path).unwrap().len() / 4096;
    let good = fs::read(&path).unwrap();
    let (mut noticed, mut whole) = (0, 0);
    for page in 1..pages {
        let mut file = fs::OpenOptions::new().write(true).open(&path).unwrap();
        file.seek(SeekFrom::Start(page * 4096 + 2000)).unwrap();
        file.write_all(&[0xff; 256]).unwrap();
        drop(file);
        // Reads every row and every document, and writes nothing.
        let office = &mut world.office;
        let read = office.reopen().and_then(|()| {
            let rows = office.client.retention()?.len();
            Ok((rows, office.client.verify_everything()?))
        });
        match read {
            // The damage hit something that nobody reads.
            Ok((rows, check)) if check.faults.is_empty() => {
                assert_eq!((rows, &check), (rows_before, &check_before));
                whole += 1;
            }
            Ok(_) => noticed += 1,
            Err(error) => {
                let codes = ["store_corrupt", "unreadable", "not_a_store", "store_failed"];
                assert!(codes.contains(&error.code()), "{} {error}", error.code());
                helps(&error);
                noticed += 1;
            }
        }
        for suffix in ["-wal", "-shm"] {
            let mut beside = path.clone().into_os_string();
            beside.push(suffix);
            let _ = fs::remove_file(beside);
        }
        fs::write(&path, &good).unwrap();
    }
    assert!(noticed > 0 && whole > 0, "{noticed} noticed, {whole} whole");
    world.office.reopen().unwrap();
    assert_eq!(
        world
            .office
            .client
            .participation(case)
            .unwrap()
            .records
            .len(),
        before
    );
}

#[test]
fn a_full_disk_refuses_the_record_and_keeps_everything_before_it() {
    let mut world = world();
    let case = world.cases[0];
    let (first, record) = note(&mut world.office.client, "Før.");
    world.office.client.record(case, record).unwrap();
    world.office.client.limit_store_pages(Some(1)).unwrap();
    let mut refused = None;
    for _ in 0..200 {
        let (_, record) = note(&mut world.office.client, &"fullt ".repeat(300));
        if let Err(error) = world.office.client.record(case, record.clone()) {
            refused = Some((error, record));
            break;
        }
    }
    let (error, record) = refused.expect("the disk was never full");
    assert_eq!(error.code(), "disk_full");
    helps(&error);
    let page = world.office.client.participation(case).unwrap();
    assert!(page.records.contains_key(&first));
    assert!(
        !page.records.contains_key(&record.reference()),
        "refused, yet shown"
    );
    // Space again: the same record goes in, and nothing of before is missing.
    world.office.client.limit_store_pages(None).unwrap();
    world.office.client.record(case, record.clone()).unwrap();
    world.office.reopen().unwrap();
    let page = world.office.client.participation(case).unwrap();
    assert!(page.records.contains_key(&first) && page.records.contains_key(&record.reference()));
    world.http.sync(&mut world.office.client).unwrap();
}

#[test]
fn an_invitation_of_another_workspace_and_a_used_one_are_refused() {
    let mut world = world();
    let other = self::world();
    let join = |link: &InvitationLink, name: &str| {
        let dir = world.dir.path().join(name);
        fs::create_dir(&dir).unwrap();
        Device::join(&dir, link).unwrap()
    };
    let foreign = InvitationLink {
        page: LinkPage::Staff,
        app_url: None,
        relay_url: world.relay.url.clone(),
        ..other.link.clone()
    };
    let foreign = &mut join(&foreign, "foreign").client;
    let error = world.http.sync(foreign).unwrap_err();
    assert_eq!(error.code(), "unknown_workspace");
    let secret = Key32::new([7; 32]);
    let guessed = InvitationLink {
        page: LinkPage::Staff,
        app_url: None,
        secret,
        ..world.link.clone()
    };
    let guessed = &mut join(&guessed, "guessed").client;
    let error = world.http.sync(guessed).unwrap_err();
    assert_eq!(error.code(), "bad_invitation");
    let mut first = join(&world.link, "first");
    world.http.sync(&mut first.client).unwrap();
    assert_eq!(first.client.sums().participations, 2);
    let mut second = join(&world.link, "second");
    let error = world.http.sync(&mut second.client).unwrap_err();
    assert_eq!(error.code(), "bad_invitation");
    helps(&error);
    world.http.sync(&mut world.office.client).unwrap();
    assert_eq!(world.office.client.overview().unwrap().devices.len(), 2);
}

/// A reply for the office with one more envelope, changed by `change`, under a genuine receipt:
/// what a relay or member that means ill could send at most.
fn tampered(world: &mut World, change: impl FnOnce(&mut Envelope)) -> Result<(), Error> {
    let dir = world.dir.path().join("phone");
    fs::create_dir(&dir).unwrap();
    let mut phone = Device::join(&dir, &world.link).unwrap();
    world.http.sync(&mut phone.client).unwrap();
    let (_, record) = note(&mut phone.client, "Notat.");
    phone.client.record(world.cases[0], record).unwrap();
    world.http.sync(&mut phone.client).unwrap();
    let request = world.office.client.sync_request().unwrap();
    let reply = world.http.post(PATH_SYNC, &request.body).unwrap();
    let mut reply = SyncReply::from_bytes(&reply).unwrap();
    let delivery = reply.deliveries.last_mut().unwrap();
    let mut envelope = Envelope::from_bytes(&delivery.envelope.0).unwrap();
    change(&mut envelope);
    delivery.envelope.0 = envelope.to_bytes();
    world.office.client.sync_reply(&reply.to_bytes()).map(drop)
}

#[test]
fn an_envelope_changed_on_the_way_contradicts_the_receipt() {
    let mut world = world();
    let error = tampered(&mut world, |envelope| envelope.ciphertext[0] ^= 1).unwrap_err();
    assert_eq!(error.code(), "relay_fault");
    helps(&error);
    // Nothing of that reply was taken; the true one is, afterwards.
    assert_eq!(
        world
            .office
            .client
            .participation(world.cases[0])
            .unwrap()
            .records
            .len(),
        1
    );
    world.http.sync(&mut world.office.client).unwrap();
    assert_eq!(
        world
            .office
            .client
            .participation(world.cases[0])
            .unwrap()
            .records
            .len(),
        2
    );
    assert!(world.office.client.quarantined().unwrap().is_empty());
}

#[test]
fn an_envelope_moved_to_another_document_is_never_applied() {
    let mut world = world();
    let other = world.cases[1];
    let outcome = tampered(&mut world, |envelope| envelope.header.document = other);
    let quarantined = world.office.client.quarantined().unwrap();
    match outcome {
        Err(error) => assert_eq!(error.code(), "relay_fault"),
        Ok(()) => assert_eq!(quarantined[0].reason, QuarantineReason::BadSignature),
    }
    assert_eq!(
        world
            .office
            .client
            .participation(other)
            .unwrap()
            .records
            .len(),
        1
    );
}

#[test]
fn a_reply_replayed_truncated_or_of_another_workspace_changes_nothing() {
    let mut world = world();
    let request = world.office.client.sync_request().unwrap();
    let reply = world.http.post(PATH_SYNC, &request.body).unwrap();
    assert_eq!(
        world
            .http
            .post(PATH_SYNC, &request.body)
            .unwrap_err()
            .code(),
        "relay_refused"
    );
    for cut in [0, 1, reply.len() / 2, reply.len() - 1] {
        let error = world.office.client.sync_reply(&reply[..cut]).unwrap_err();
        assert_eq!(error.code(), "relay_fault");
        helps(&error);
    }
    world.office.client.sync_reply(&reply).unwrap();
    let error = world.office.client.sync_reply(&reply).unwrap_err();
    assert_eq!(error.code(), "relay_fault");
    let mut other = self::world();
    let error = other.office.client.sync_reply(&reply).unwrap_err();
    assert_eq!(error.code(), "relay_fault");
}

#[test]
fn an_oversized_body_is_refused_with_its_reason() {
    let world = world();
    let body = vec![0; BODY_BYTES_MAX + 1];
    let error = world.http.post(PATH_SYNC, &body).unwrap_err();
    assert!(
        matches!(error, Error::Relay(RelayError::TooLarge)),
        "{error}"
    );
    helps(&error);
}

#[test]
fn a_clock_wrong_by_years_stops_neither_recording_nor_syncing() {
    use folge_core::env::{Clock, Env};
    struct Wrong;
    impl Clock for Wrong {
        fn wall_ms(&self) -> i64 {
            946_684_800_000 + self.monotonic_ms() as i64
        }
        fn monotonic_ms(&self) -> u64 {
            use std::time::{Instant, SystemTime};
            static START: std::sync::OnceLock<(Instant, SystemTime)> = std::sync::OnceLock::new();
            START
                .get_or_init(|| (Instant::now(), SystemTime::now()))
                .0
                .elapsed()
                .as_millis() as u64
        }
        fn boot(&self) -> u32 {
            1
        }
    }
    let mut world = world();
    let rng = <rand_chacha::ChaCha8Rng as rand_core::SeedableRng>::seed_from_u64(5);
    let mut env = Env::new(std::sync::Arc::new(Wrong), Box::new(rng));
    let path = world.dir.path().join("wrong.db");
    let store = Store::create(&path, &Unlock::Secret(Key32::new([1; 32])), &mut env).unwrap();
    let mut client = Client::join(store, env, &world.link).unwrap();
    world.http.sync(&mut client).unwrap();
    let (reference, record) = note(&mut client, "Fra en telefon fra år 2000.");
    client.record(world.cases[0], record).unwrap();
    world.http.sync(&mut client).unwrap();
    assert_eq!(
        client.record_state(world.cases[0], &reference).unwrap(),
        RecordState::Stored
    );
    world.http.sync(&mut world.office.client).unwrap();
    let line = world
        .office
        .client
        .history(world.cases[0])
        .unwrap()
        .pop()
        .unwrap();
    let shown = format!("{:?}", line.time);
    assert!(shown.starts_with("Contradicted"), "{shown}");
}

#[test]
fn a_member_without_the_right_to_write_is_told_so_and_writes_nothing() {
    let mut world = world();
    let link = world
        .office
        .client
        .invite(Invitee::New(Role::Auditor), INVITATION_MILLISECONDS);
    let link = link.unwrap();
    world.http.sync(&mut world.office.client).unwrap();
    let dir = world.dir.path().join("auditor");
    fs::create_dir(&dir).unwrap();
    let mut auditor = Device::join(&dir, &link).unwrap();
    world.http.sync(&mut auditor.client).unwrap();
    assert_eq!(auditor.client.sums().participations, 2);
    let (_, record) = note(&mut auditor.client, "Revisor skriver ikke.");
    let error = auditor.client.record(world.cases[0], record).unwrap_err();
    assert_eq!(error.code(), "not_allowed");
    helps(&error);
    let refused = [
        auditor
            .client
            .create_participations(&[])
            .map(drop)
            .unwrap_err(),
        auditor
            .client
            .invite(Invitee::New(Role::Auditor), 1)
            .map(drop)
            .unwrap_err(),
        auditor
            .client
            .assign(world.cases[0], link.person)
            .unwrap_err(),
    ];
    assert!(refused.iter().all(|error| error.code() == "not_allowed"));
}

#[test]
fn the_projection_of_a_store_can_be_rebuilt_from_its_documents() {
    let mut world = world();
    for n in 0..10 {
        let (_, record) = note(&mut world.office.client, &format!("Notat {n}"));
        world
            .office
            .client
            .record(world.cases[n % 2], record)
            .unwrap();
    }
    let before = world.office.client.participation(world.cases[0]).unwrap();
    rusqlite::Connection::open(&world.office.path)
        .unwrap()
        .execute_batch("DELETE FROM row; DELETE FROM summary;")
        .unwrap();
    world.office.reopen().unwrap();
    assert_eq!(world.office.client.sums().participations, 0);
    world.office.client.rebuild_projections().unwrap();
    assert_eq!(
        world.office.client.participation(world.cases[0]).unwrap(),
        before
    );
}

#[test]
fn lists_come_from_summaries_and_load_no_document() {
    let mut world = world();
    world.office.reopen().unwrap();
    // Without its documents the store still lists, searches and sums; a page comes from its rows.
    rusqlite::Connection::open(&world.office.path)
        .unwrap()
        .execute_batch("DELETE FROM snapshot; DELETE FROM tail;")
        .unwrap();
    world.office.reopen().unwrap();
    let filter = folge_core::document::CaseFilter {
        search: "dahl".to_owned(),
        ..folge_core::document::CaseFilter::default()
    };
    assert_eq!(world.office.client.office_list(&filter).len(), 2);
    assert_eq!(world.office.client.sums().participations, 2);
    assert_eq!(
        world
            .office
            .client
            .participation(world.cases[0])
            .unwrap()
            .records
            .len(),
        1
    );
}

#[test]
fn a_check_of_everything_finds_what_was_changed_in_the_store() {
    let mut world = world();
    for n in 0..6 {
        let (_, record) = note(&mut world.office.client, &format!("Notat {n}"));
        let case = world.cases[n % 2];
        world.office.client.record(case, record).unwrap();
        world.http.sync(&mut world.office.client).unwrap();
    }
    let check = world.office.client.verify_everything().unwrap();
    assert!(check.faults.is_empty(), "{:?}", check.faults);
    assert!(check.envelopes >= 8 && check.documents >= 3 && check.entries >= 3);
    let damages = [
        // One byte of a ciphertext; a stream's head; an envelope that is not there any more.
        "UPDATE envelope SET bytes = CAST(substr(bytes, 1, 300) || x'00' || substr(bytes, 302) AS BLOB)",
        "UPDATE stream SET head = zeroblob(32)",
        "DELETE FROM envelope WHERE sequence = 2",
    ];
    let path = world.office.path.clone();
    for damage in damages {
        let sql = rusqlite::Connection::open(&path).unwrap();
        let good = world.dir.path().join("good.db");
        sql.execute("VACUUM INTO ?1", [good.to_str().unwrap()])
            .unwrap();
        sql.execute_batch(damage).unwrap();
        drop(sql);
        world.office.reopen().unwrap();
        let check = world.office.client.verify_everything().unwrap();
        assert!(!check.faults.is_empty(), "{damage}");
        let sql = rusqlite::Connection::open(&path).unwrap();
        for table in ["envelope", "stream"] {
            sql.execute_batch(&format!(
                "ATTACH '{}' AS good; DELETE FROM {table}; \
                 INSERT INTO {table} SELECT * FROM good.{table}; DETACH good;",
                good.to_str().unwrap()
            ))
            .unwrap();
        }
        std::fs::remove_file(&good).unwrap();
    }
    world.office.reopen().unwrap();
    assert!(
        world
            .office
            .client
            .verify_everything()
            .unwrap()
            .faults
            .is_empty()
    );
}
