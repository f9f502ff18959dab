//! Guesses, floods and quotas, tried on a `folge-relay` process over HTTP by real clients with
//! their real transport. The limits are set by the program's own flags, and its wall clock is
//! moved, so that minutes and days pass. By calls, and with slow connections: `floods.rs` of the
//! relay.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::path::PathBuf;

use folge_core::Error;
use folge_core::client::{Client, Invitee, NewParticipation, RecordState};
use folge_core::document::{Record, RecordRef};
use folge_core::domain::{Instant, Note, Participation};
use folge_core::keys::{InvitationLink, Key32, LinkPage};
use folge_core::native::HttpRelay;
use folge_core::store::{Store, Unlock};
use folge_core::sync::SyncReport;
use folge_protocol::ids::{DocumentId, WorkspaceId};
use folge_protocol::limits::BODY_BYTES_MAX;
use folge_protocol::membership::Role;
use folge_protocol::wire::{PATH_FOUND, PATH_SYNC, RelayError};
use folge_tests::clock::StillClock;
use folge_tests::relay::RelayProcess;

/// 5 January 2026, 09:00 in Oslo.
const START_MS: i64 = 1_767_600_000_000;
const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;
const INVITATION_MS: u64 = 1_000_000_000;

/// A relay process with limits, and folders for devices.
struct Place {
    clock: StillClock,
    relay: RelayProcess,
    http: HttpRelay,
    stores: u8,
    dir: tempfile::TempDir,
}

fn place(limits: &[&str], flags: &[&str]) -> Place {
    let dir = tempfile::tempdir().unwrap();
    let clock = StillClock::for_programs(START_MS, dir.path()).unwrap();
    let token = dir.path().join("founding.token");
    std::fs::write(&token, "riktig hest\n").unwrap();
    let relay = RelayProcess::start_with(&data(&dir), "127.0.0.1:0", limits, |program| {
        clock.give_to(program);
        program.args(flags).current_dir(dir.path());
    });
    let relay = relay.unwrap();
    let http = HttpRelay::new(&relay.url);
    Place {
        clock,
        relay,
        http,
        stores: 0,
        dir,
    }
}

fn data(dir: &tempfile::TempDir) -> PathBuf {
    dir.path().join("relay")
}

impl Place {
    fn store(&mut self) -> Store {
        self.stores += 1;
        let unlock = Unlock::Secret(Key32::new([self.stores; 32]));
        let path = self.dir.path().join(format!("store-{}", self.stores));
        let mut env = self.clock.env(u64::from(self.stores));
        Store::create(&path, &unlock, &mut env).unwrap()
    }

    fn found(&mut self, token: &str) -> Client {
        let (store, address) = (self.store(), self.http.address().unwrap());
        let env = self.clock.env(100 + u64::from(self.stores));
        Client::found(store, env, address, token).unwrap().0
    }

    fn join(&mut self, link: &InvitationLink) -> Client {
        let store = self.store();
        let env = self.clock.env(100 + u64::from(self.stores));
        Client::join(store, env, link).unwrap()
    }

    /// An office and a consultant's phone that are in, with a participation of theirs.
    fn provider(&mut self) -> (Client, Client, DocumentId) {
        let mut office = self.found("");
        self.http.sync(&mut office).unwrap();
        let invitee = Invitee::New(Role::Consultant);
        let link = office.invite(invitee, INVITATION_MS).unwrap();
        let new = NewParticipation {
            participation: Participation::new("p-1", "Fatima", "Dahl"),
            consultants: BTreeSet::from([link.person]),
        };
        let case = office.create_participations(&[new]).unwrap()[0];
        self.http.sync(&mut office).unwrap();
        let mut phone = self.join(&link);
        self.http.sync(&mut phone).unwrap();
        self.http.sync(&mut office).unwrap();
        (office, phone, case)
    }

    /// One round trip of the client's over its transport.
    fn once(&self, client: &mut Client) -> Result<SyncReport, Error> {
        let request = client.sync_request()?;
        match self.http.post(request.path, &request.body) {
            Ok(reply) => client.sync_reply(&reply),
            Err(error) => {
                client.sync_failed(&error);
                Err(error)
            }
        }
    }
}

/// How long the relay says to wait.
fn wait_of<T: Debug>(result: Result<T, Error>) -> i64 {
    match result {
        Err(Error::Relay(RelayError::Busy { retry_after_ms })) => {
            i64::try_from(retry_after_ms).unwrap()
        }
        other => panic!("not told to wait: {other:?}"),
    }
}

fn refusal<T: Debug>(result: Result<T, Error>) -> RelayError {
    match result {
        Err(Error::Relay(error)) => error,
        other => panic!("not refused: {other:?}"),
    }
}

fn note_in(client: &mut Client, case: DocumentId, text: &str) -> RecordRef {
    let id = client.new_record_id();
    let note = Note {
        id,
        at: Instant(START_MS),
        text: text.to_owned(),
    };
    client.record(case, Record::Note(note)).unwrap();
    RecordRef::Note(id)
}

/// The longest note, of text that does not compress.
fn long_text(seed: u64) -> String {
    let mut state = seed.wrapping_mul(2) + 1;
    let letters = (0..20_000).map(|_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        char::from(33 + ((state >> 33) % 90) as u8)
    });
    letters.collect()
}

#[test]
fn guessed_invitations_are_slowed_and_members_and_the_invited_come_in() {
    let mut place = place(&["workspace_strangers_per_minute=6"], &[]);
    let (mut office, mut phone, _) = place.provider();
    let invitee = Invitee::New(Role::Consultant);
    let link = office.invite(invitee, INVITATION_MS).unwrap();
    place.http.sync(&mut office).unwrap();
    // All of the link but its secret is known to the guesser.
    let guess = |place: &mut Place, n: u8| {
        let secret = Key32::new([n; 32]);
        let mut client = place.join(&InvitationLink {
            page: LinkPage::Staff,
            app_url: None,
            secret,
            ..link.clone()
        });
        place.once(&mut client)
    };
    for n in 0..6 {
        let refused = guess(&mut place, n);
        assert_eq!(refusal(refused), RelayError::Unauthorized, "{n}");
    }
    assert_eq!(wait_of(guess(&mut place, 6)), MINUTE_MS / 6);
    assert_eq!(wait_of(guess(&mut place, 7)), MINUTE_MS / 6);
    // Nobody who is in, or who has the link, is kept out by that.
    place.http.sync(&mut office).unwrap();
    place.http.sync(&mut phone).unwrap();
    let mut invited = place.join(&link);
    place.http.sync(&mut invited).unwrap();
    assert_eq!(invited.identity().person, link.person);
    assert!(!invited.overview().unwrap().devices.is_empty());
    // One more guess in ten seconds.
    place.clock.pass(MINUTE_MS / 6);
    let refused = guess(&mut place, 8);
    assert_eq!(refusal(refused), RelayError::Unauthorized);
    wait_of(guess(&mut place, 9));
}

#[test]
fn guessed_founding_tokens_are_slowed() {
    let flags = ["--founding-token-file", "founding.token"];
    let mut place = place(&["founding_failures_per_hour=3"], &flags);
    for token in ["", "gal hest", "riktig hest "] {
        let mut guesser = place.found(token);
        let refused = place.once(&mut guesser);
        assert_eq!(refusal(refused), RelayError::FoundingClosed, "{token:?}");
    }
    // The right one waits too: else the answer would tell.
    let mut founder = place.found("riktig hest");
    assert_eq!(wait_of(place.once(&mut founder)), 20 * MINUTE_MS);
    place.clock.pass(20 * MINUTE_MS);
    place.http.sync(&mut founder).unwrap();
    assert_eq!(founder.overview().unwrap().devices.len(), 1);
}

#[test]
fn a_device_that_floods_is_told_to_wait_and_others_are_not() {
    let mut place = place(&["device_requests_per_minute=30"], &[]);
    let (mut office, mut phone, case) = place.provider();
    place.clock.pass(MINUTE_MS);
    let record = note_in(&mut phone, case, "Mens det flommer");
    let mut answered = 0;
    let wait = loop {
        let request = phone.sync_request().unwrap();
        match place.http.post(request.path, &request.body) {
            Ok(_) => answered += 1,
            Err(error) => break wait_of::<()>(Err(error)),
        }
        assert!(answered <= 30, "a flood is answered");
    };
    assert_eq!(answered, 30);
    assert!((1..=MINUTE_MS).contains(&wait), "{wait}");
    place.http.sync(&mut office).unwrap();
    assert!(
        office
            .participation(case)
            .unwrap()
            .records
            .contains_key(&record)
    );
    // The phone heard none of it, and loses nothing.
    place.clock.pass(MINUTE_MS);
    place.http.sync(&mut phone).unwrap();
    let state = phone.record_state(case, &record).unwrap();
    assert!(state >= RecordState::Stored, "{state:?}");
}

#[test]
fn an_address_that_fails_too_often_waits_and_members_behind_it_do_not() {
    let limits = [
        "address_failures_per_minute=4",
        "address_founding_failures_per_hour=2",
    ];
    let mut place = place(&limits, &[]);
    let (mut office, ..) = place.provider();
    // Every door: nonsense, a stranger, a workspace that is not here.
    let nonsense = place.http.post(PATH_SYNC, b"tull");
    assert_eq!(refusal(nonsense), RelayError::Malformed);
    let invitee = Invitee::New(Role::Consultant);
    let link = office.invite(invitee, INVITATION_MS).unwrap();
    let stranger = |place: &mut Place, workspace| {
        let secret = Key32::new([66; 32]);
        let mut client = place.join(&InvitationLink {
            page: LinkPage::Staff,
            app_url: None,
            secret,
            workspace,
            ..link.clone()
        });
        place.once(&mut client)
    };
    for _ in 0..2 {
        let refused = stranger(&mut place, link.workspace);
        assert_eq!(refusal(refused), RelayError::Unauthorized);
    }
    let elsewhere = WorkspaceId([9; 16]);
    let refused = stranger(&mut place, elsewhere);
    assert_eq!(refusal(refused), RelayError::UnknownWorkspace);
    let wait = wait_of(stranger(&mut place, elsewhere));
    assert!((1..=MINUTE_MS / 4).contains(&wait), "{wait}");
    place.http.sync(&mut office).unwrap();
    // Founding is counted by itself.
    for _ in 0..2 {
        let nonsense = place.http.post(PATH_FOUND, b"tull");
        assert_eq!(refusal(nonsense), RelayError::Malformed);
    }
    let mut founder = place.found("");
    wait_of(place.once(&mut founder));
    place.clock.pass(60 * MINUTE_MS);
    place.http.sync(&mut founder).unwrap();
}

#[test]
fn a_device_sends_only_so_many_bytes_in_a_day_and_loses_nothing() {
    let limit = format!("device_bytes_per_day={BODY_BYTES_MAX}");
    let mut place = place(&[&limit], &[]);
    let (mut office, mut phone, case) = place.provider();
    let mut records = Vec::new();
    let wait = loop {
        for _ in 0..20 {
            records.push(note_in(&mut phone, case, &long_text(records.len() as u64)));
        }
        match place.http.sync(&mut phone) {
            Ok(_) => assert!(records.len() < 1_000, "a day without an end"),
            Err(error) => break wait_of::<()>(Err(error)),
        }
    };
    assert!((1..DAY_MS).contains(&wait), "{wait}");
    // About as many as fit: not a page more, and not long before.
    let sent = records.len() * 20_000;
    assert!(
        (BODY_BYTES_MAX / 2..2 * BODY_BYTES_MAX).contains(&sent),
        "{sent}"
    );
    let last = records.last().unwrap();
    assert_eq!(
        phone.record_state(case, last).unwrap(),
        RecordState::SavedHere
    );
    // Others are not concerned.
    note_in(&mut office, case, "Kontorets");
    place.once(&mut office).unwrap();
    place.clock.pass(DAY_MS);
    place.http.sync(&mut phone).unwrap();
    for record in &records {
        assert!(phone.record_state(case, record).unwrap() >= RecordState::Stored);
    }
}

#[test]
fn a_workspace_over_its_quota_takes_no_more_until_the_operator_allows_it() {
    let mut place = place(&["workspace_bytes_max=400000"], &[]);
    let (mut office, mut phone, case) = place.provider();
    let mut records = Vec::new();
    for n in 0..40 {
        records.push(note_in(&mut phone, case, &long_text(n)));
        let _ = place.http.sync(&mut phone);
    }
    let stored = |phone: &Client| {
        let states = records
            .iter()
            .map(|record| phone.record_state(case, record));
        states
            .filter(|state| *state.as_ref().unwrap() >= RecordState::Stored)
            .count()
    };
    let before = stored(&phone);
    assert!((5..30).contains(&before), "{before}");
    // It can still be read, and what the phone has is not lost. The participation is a record too.
    place.http.sync(&mut office).unwrap();
    let page = office.participation(case).unwrap();
    assert_eq!(page.records.len(), 1 + before);
    assert!(phone.has_sync_work().unwrap());
    // The operator gives it more room.
    place.relay.kill();
    let listen = place.relay.url.trim_start_matches("http://").to_owned();
    let limits = ["workspace_bytes_max=4000000"];
    place.relay = RelayProcess::start_with(&data(&place.dir), &listen, &limits, |program| {
        place.clock.give_to(program);
    })
    .unwrap();
    place.clock.pass(DAY_MS);
    place.http.sync(&mut phone).unwrap();
    assert_eq!(stored(&phone), records.len());
    place.http.sync(&mut office).unwrap();
    let page = office.participation(case).unwrap();
    assert_eq!(page.records.len(), 1 + records.len());
}
