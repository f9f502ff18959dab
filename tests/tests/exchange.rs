//! The exchange with the relay where it does not go straight: frames that overtake replies, pages
//! that are cut short, a relay that lost everything, a relay that refuses.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::time::{SystemTime, UNIX_EPOCH};

use folge_core::Error;
use folge_core::client::{Client, Invitee, NewParticipation, RecordState};
use folge_core::document::{Record, RecordRef};
use folge_core::domain::{Instant, Note, Participation};
use folge_core::keys::Key32;
use folge_core::native::system_env;
use folge_core::store::{Store, Unlock};
use folge_core::sync::{RelayAddress, SyncReport};
use folge_protocol::ids::{DocumentId, InstanceId, PersonId};
use folge_protocol::membership::Role;
use folge_protocol::wire::PATH_FOUND;
use folge_relay::limits::Limits;
use folge_relay::relay::{FoundingPolicy, Relay, Settings};
use folge_relay::storage::{Seeds, SqliteStorage};

const ROUNDS_MAX: usize = 40;

type SimRelay = Relay<SqliteStorage>;

fn now_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_millis() as u64
}

fn relay(name: &str, limits: Limits) -> SimRelay {
    let seeds = Seeds {
        signing: [9; 32],
        instance: InstanceId([8; 16]),
    };
    let storage = SqliteStorage::open_memory(name).unwrap();
    Relay::open(
        storage,
        seeds,
        Settings {
            limits,
            founding: FoundingPolicy::Open,
        },
    )
    .unwrap()
}

fn once(client: &mut Client, relay: &mut SimRelay) -> Result<SyncReport, Error> {
    let request = client.sync_request()?;
    let answer = if request.path == PATH_FOUND {
        relay.found(&request.body, now_ms())
    } else {
        relay.sync(&request.body, now_ms())
    };
    match answer {
        Ok(bytes) => client.sync_reply(&bytes),
        Err(error) => {
            let error = Error::from(error);
            client.sync_failed(&error);
            Err(error)
        }
    }
}

/// Syncs until there is nothing more to do; how many round trips that took.
fn sync(client: &mut Client, relay: &mut SimRelay) -> usize {
    for round in 1..=ROUNDS_MAX {
        if !once(client, relay).unwrap().more {
            return round;
        }
    }
    panic!("the sync does not come to an end");
}

struct World {
    office: Client,
    phone: Client,
    person: PersonId,
    case: DocumentId,
    _dir: tempfile::TempDir,
}

fn world(relay: &mut SimRelay) -> World {
    let dir = tempfile::tempdir().unwrap();
    let store = |name: &str| {
        let unlock = Unlock::Secret(Key32::new([1; 32]));
        Store::create(&dir.path().join(name), &unlock, &mut system_env()).unwrap()
    };
    let key = *relay.identity().public();
    let address = RelayAddress {
        url: "http://in-process".to_owned(),
        key,
    };
    let (mut office, _) = Client::found(store("office"), system_env(), address, "").unwrap();
    sync(&mut office, relay);
    let link = office
        .invite(Invitee::New(Role::Consultant), 1_000_000)
        .unwrap();
    sync(&mut office, relay);
    let mut phone = Client::join(store("phone"), system_env(), &link).unwrap();
    sync(&mut phone, relay);
    let new = NewParticipation {
        participation: Participation::new("p-1", "Fatima", "Dahl"),
        consultants: BTreeSet::from([link.person]),
    };
    let case = office.create_participations(&[new]).unwrap()[0];
    sync(&mut office, relay);
    sync(&mut phone, relay);
    World {
        office,
        phone,
        person: link.person,
        case,
        _dir: dir,
    }
}

fn note(client: &mut Client, case: DocumentId, text: &str) -> RecordRef {
    let id = client.new_record_id();
    let at = Instant(1_767_596_400_000);
    client
        .record(
            case,
            Record::Note(Note {
                id,
                at,
                text: text.to_owned(),
            }),
        )
        .unwrap();
    RecordRef::Note(id)
}

#[test]
fn a_live_frame_that_a_sync_has_overtaken_is_no_lost_relay() {
    let mut relay = relay("live-behind", Limits::default());
    let mut world = world(&mut relay);
    let own = note(&mut world.phone, world.case, "Egen.");
    sync(&mut world.phone, &mut relay);
    relay.take_commits();
    note(&mut world.office, world.case, "Første.");
    sync(&mut world.office, &mut relay);
    let device = world.phone.device();
    let frames: Vec<_> = relay
        .take_commits()
        .iter()
        .filter_map(|commit| Some(commit.frame(&commit.view(device)?, relay.identity())))
        .collect();
    assert!(!frames.is_empty());
    note(&mut world.office, world.case, "Andre.");
    sync(&mut world.office, &mut relay);
    sync(&mut world.phone, &mut relay);
    let state = world.phone.record_state(world.case, &own).unwrap();
    assert_eq!(state, RecordState::ReadByOffice);
    for frame in &frames {
        world.phone.live_frame(frame).unwrap();
    }
    assert_eq!(world.phone.record_state(world.case, &own).unwrap(), state);
    assert!(!world.phone.has_sync_work().unwrap());
    assert_eq!(
        world.phone.participation(world.case).unwrap().records.len(),
        4
    );
}

#[test]
fn a_refused_upload_is_not_tried_again_at_once_and_nothing_is_lost() {
    let _keeper = SqliteStorage::open_memory("quota").unwrap();
    let mut relay = relay("quota", Limits::default());
    let mut world = world(&mut relay);
    drop(relay);
    let mut full = self::relay(
        "quota",
        Limits {
            workspace_bytes_max: 1024,
            ..Limits::default()
        },
    );
    let record = note(&mut world.phone, world.case, "Får ikke plass.");
    assert!(sync(&mut world.phone, &mut full) <= 3);
    let state = world.phone.record_state(world.case, &record).unwrap();
    assert_eq!(state, RecordState::SavedHere);
    assert!(world.phone.has_sync_work().unwrap());
    drop(full);
    // The operator gives it room.
    let mut relay = self::relay("quota", Limits::default());
    sync(&mut world.phone, &mut relay);
    let state = world.phone.record_state(world.case, &record).unwrap();
    assert_eq!(state, RecordState::Stored);
    assert!(world.phone.quarantined().unwrap().is_empty());
}

#[test]
fn an_empty_relay_gets_the_workspace_back_whoever_comes_first() {
    let mut before = relay("empty-before", Limits::default());
    let mut world = world(&mut before);
    sync(&mut world.office, &mut before);
    // The same signing key, an empty database: what a machine is after its disk was replaced.
    let seeds = Seeds {
        signing: [9; 32],
        instance: InstanceId([77; 16]),
    };
    let storage = SqliteStorage::open_memory("empty-after").unwrap();
    let settings = Settings {
        limits: Limits::default(),
        founding: FoundingPolicy::Open,
    };
    let mut after = Relay::open(storage, seeds, settings).unwrap();
    let record = note(
        &mut world.phone,
        world.case,
        "Skrevet mens releet var borte.",
    );
    // Only the founding device can bring the workspace back; the phone waits for it.
    for _ in 0..3 {
        assert_eq!(
            once(&mut world.phone, &mut after).unwrap_err().code(),
            "unknown_workspace"
        );
    }
    assert_eq!(
        once(&mut world.office, &mut after).unwrap_err().code(),
        "unknown_workspace"
    );
    sync(&mut world.office, &mut after);
    sync(&mut world.phone, &mut after);
    sync(&mut world.office, &mut after);
    sync(&mut world.phone, &mut after);
    assert!(
        world
            .office
            .participation(world.case)
            .unwrap()
            .records
            .contains_key(&record)
    );
    let state = world.phone.record_state(world.case, &record).unwrap();
    assert_eq!(state, RecordState::ReadByOffice);
    // That the office opened the participation is noted, and goes too.
    sync(&mut world.office, &mut after);
    for client in [&world.office, &world.phone] {
        assert!(!client.has_sync_work().unwrap());
        assert!(client.quarantined().unwrap().is_empty());
    }
}

#[test]
fn a_history_larger_than_one_page_comes_page_by_page() {
    let mut relay = relay("pages", Limits::default());
    let mut world = world(&mut relay);
    let new = NewParticipation {
        participation: Participation::new("p-2", "Fatima", "Dahl"),
        consultants: BTreeSet::new(),
    };
    let case = world.office.create_participations(&[new]).unwrap()[0];
    let mut state: u64 = 1;
    for _ in 0..130 {
        // Text that does not compress, so that the pages fill.
        let text: String = (0..20_000)
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                char::from(33 + ((state >> 33) % 90) as u8)
            })
            .collect();
        note(&mut world.office, case, &text);
        sync(&mut world.office, &mut relay);
    }
    sync(&mut world.phone, &mut relay);
    world.office.assign(case, world.person).unwrap();
    sync(&mut world.office, &mut relay);
    let rounds = sync(&mut world.phone, &mut relay);
    assert!(!world.phone.has_sync_work().unwrap());
    assert_eq!(world.phone.participation(case).unwrap().records.len(), 131);
    assert!((2..10).contains(&rounds), "{rounds}");
}

#[test]
fn a_large_backlog_goes_in_several_requests_and_a_lost_reply_loses_nothing() {
    let mut relay = relay("backlog", Limits::default());
    let mut world = world(&mut relay);
    let mut state: u64 = 7;
    for n in 0..200 {
        let text: String = (0..8_000)
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                char::from(33 + ((state >> 33) % 90) as u8)
            })
            .collect();
        note(&mut world.phone, world.case, &text);
        if n % 10 == 9 {
            // Sealed, sent, and the reply never heard.
            let request = world.phone.sync_request().unwrap();
            let _ = relay.sync(&request.body, now_ms());
            world.phone.sync_failed(&Error::Unreachable("in a tunnel"));
        }
    }
    sync(&mut world.phone, &mut relay);
    sync(&mut world.office, &mut relay);
    assert_eq!(
        world
            .office
            .participation(world.case)
            .unwrap()
            .records
            .len(),
        201
    );
    assert!(!world.phone.has_sync_work().unwrap());
}
