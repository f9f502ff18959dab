//! A provider with real clients, the real relay inside this program, and a participant with the
//! page's engine: for the tests of the page and for its decoder's valid samples.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::visits::an_hour;
use folge_core::client::{Client, Invitee, NewParticipation};
use folge_core::document::Record;
use folge_core::domain::{Instant, LocalDate, Participation, StaffMember, Visit};
use folge_core::env::{Clock, Env};
use folge_core::keys::{InvitationLink, Key32};
use folge_core::store::{Store, Unlock};
use folge_core::sync::RelayAddress;
use folge_protocol::codec::{Decode, Encode};
use folge_protocol::crypto::SecretKey;
use folge_protocol::ids::{DocumentId, InstanceId, PersonId};
use folge_protocol::membership::{DocumentKind, Role};
use folge_protocol::wire::{PATH_FOUND, Signed, SyncReply};
use folge_relay::limits::Limits;
use folge_relay::relay::{FoundingPolicy, Relay, Settings};
use folge_relay::storage::{Seeds, SqliteStorage};
use folge_thread::{Error, Kept, Report, Thread};
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng as _;

/// Noon in Oslo, 10 March 2026.
pub const START_MS: i64 = 1_773_140_400_000;
/// An hour in milliseconds.
pub const HOUR: i64 = 3_600_000;
/// How long the links hold, in milliseconds.
pub const VALID_MS: u64 = 100_000_000;
const SIGNING: [u8; 32] = [9; 32];
const INSTANCE: InstanceId = InstanceId([8; 16]);

/// A clock that the test moves.
#[derive(Debug, Default)]
pub struct Hands(AtomicI64);

impl Clock for Hands {
    fn wall_ms(&self) -> i64 {
        START_MS + self.0.load(Ordering::SeqCst)
    }
    fn monotonic_ms(&self) -> u64 {
        u64::try_from(self.0.load(Ordering::SeqCst)).unwrap_or(0)
    }
    fn boot(&self) -> u32 {
        1
    }
}

/// Everybody.
pub struct World {
    /// The clock of all.
    pub clock: Arc<Hands>,
    /// The relay.
    pub relay: Relay<SqliteStorage>,
    dir: tempfile::TempDir,
    seed: u64,
    /// The office's device.
    pub office: Client,
    /// The consultant's.
    pub phone: Client,
    /// The consultant.
    pub consultant: PersonId,
    /// The participant's.
    pub own: Thread,
    /// The participation.
    pub case: DocumentId,
    /// The thread.
    pub thread: DocumentId,
}

fn env(clock: &Arc<Hands>, seed: u64) -> Env {
    let clock = Arc::clone(clock) as Arc<dyn Clock>;
    Env::new(clock, Box::new(ChaCha8Rng::seed_from_u64(seed)))
}

/// The key that the relay signs with.
#[must_use]
pub fn relay_key() -> SecretKey {
    SecretKey::from_seed(&SIGNING)
}

/// Signs a reply anew as the relay: a lie under its own word.
#[must_use]
pub fn sign_anew(mut reply: SyncReply, request: &[u8]) -> Vec<u8> {
    let signed = Signed::from_bytes(request).unwrap();
    reply.receipt.answers = signed.nonce;
    reply.sign(signed.workspace, &relay_key());
    reply.to_bytes()
}

impl World {
    /// A provider with one participation, whose participant has a link and has not come in yet.
    /// # Panics
    /// Where anything of it fails.
    #[must_use]
    pub fn invited(name: &str) -> (Self, InvitationLink) {
        let clock = Arc::new(Hands::default());
        let seeds = Seeds {
            signing: SIGNING,
            instance: INSTANCE,
        };
        let settings = Settings {
            limits: Limits::default(),
            founding: FoundingPolicy::Open,
        };
        let storage = SqliteStorage::open_memory(name).unwrap();
        let mut relay = Relay::open(storage, seeds, settings).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let address = RelayAddress {
            url: "http://in-process".to_owned(),
            key: *relay.identity().public(),
        };
        let path = |seed: u64| dir.path().join(format!("device-{seed}"));
        let unlock = Unlock::Secret(Key32::new([1; 32]));
        let store = |seed| Store::create(&path(seed), &unlock, &mut env(&clock, seed)).unwrap();
        let (mut office, _) = Client::found(store(1), env(&clock, 101), address, "").unwrap();
        sync(&mut relay, &clock, &mut office);
        let link = office
            .invite(Invitee::New(Role::Consultant), VALID_MS)
            .unwrap();
        let consultant = link.person;
        let staff = StaffMember {
            key: "consultant-00".into(),
            name: "Kari Li".into(),
            person: Some(consultant),
            position_percent: 100,
        };
        office
            .put_register(None, vec![], vec![], vec![staff])
            .unwrap();
        let new = NewParticipation {
            participation: Participation::new("p-0", "Fatima", "Dahl"),
            consultants: BTreeSet::from([consultant]),
        };
        let case = office.create_participations(&[new]).unwrap()[0];
        sync(&mut relay, &clock, &mut office);
        let mut phone = Client::join(store(2), env(&clock, 102), &link).unwrap();
        sync(&mut relay, &clock, &mut phone);
        sync(&mut relay, &clock, &mut office);
        sync(&mut relay, &clock, &mut phone);
        let link = phone.invite_participant(case, VALID_MS).unwrap();
        sync(&mut relay, &clock, &mut phone);
        sync(&mut relay, &clock, &mut office);
        let documents = phone.membership().unwrap().documents();
        let mut threads = documents
            .iter()
            .filter(|(_, state)| state.kind == DocumentKind::Thread);
        let thread = *threads.next().unwrap().0;
        let own = Thread::join(env(&clock, 103), &link);
        let world = Self {
            clock,
            relay,
            dir,
            seed: 103,
            office,
            phone,
            consultant,
            own,
            case,
            thread,
        };
        (world, link)
    }

    /// The same, with the participant in.
    /// # Panics
    /// Where anything of it fails.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let (mut world, _) = Self::invited(name);
        world.sync_own().unwrap();
        world.sync_staff();
        world
    }

    /// Another environment, with randomness of its own.
    pub fn env(&mut self) -> Env {
        self.seed += 1;
        env(&self.clock, self.seed)
    }

    /// A store for another client.
    /// # Panics
    /// Where it cannot be made.
    pub fn store(&mut self) -> Store {
        let mut env = self.env();
        let path = self.dir.path().join(format!("device-{}", self.seed));
        Store::create(&path, &Unlock::Secret(Key32::new([1; 32])), &mut env).unwrap()
    }

    /// Time passes, in milliseconds.
    pub fn pass(&self, ms: i64) {
        self.clock.0.fetch_add(ms, Ordering::SeqCst);
    }

    /// The page is closed and opened again: everything in memory is gone.
    /// # Panics
    /// Where the state is not the same.
    pub fn restart(&mut self) {
        let bytes = self.own.serialize();
        let env = self.env();
        let Ok(Kept::Thread(thread)) = Thread::deserialize(&bytes, env) else {
            unreachable!("the state cannot be read")
        };
        assert!(thread.serialize() == bytes, "another state was read");
        assert_eq!(thread.lines(), self.own.lines());
        self.own = *thread;
    }

    /// A client meets the relay.
    pub fn sync_client(&mut self, client: &mut Client) {
        sync(&mut self.relay, &self.clock, client);
    }

    /// Staff meets the relay.
    pub fn sync_staff(&mut self) {
        for _ in 0..2 {
            sync(&mut self.relay, &self.clock, &mut self.phone);
            sync(&mut self.relay, &self.clock, &mut self.office);
        }
    }

    /// The participant's device meets the relay. It is opened anew before each request.
    /// # Errors
    /// The engine's.
    pub fn sync_own(&mut self) -> Result<Report, Error> {
        let mut totals = Report::default();
        for _ in 0..40 {
            self.restart_quietly();
            let (relay, clock) = (&mut self.relay, &self.clock);
            let Some(report) = round(relay, clock, &mut self.own)? else {
                continue;
            };
            totals.acknowledged += report.acknowledged;
            totals.arrived += report.arrived;
            totals.refused += report.refused;
            if !report.more {
                return Ok(totals);
            }
        }
        unreachable!("the sync does not come to an end")
    }

    /// Another device of the participant meets the relay.
    /// # Errors
    /// The engine's.
    pub fn sync_thread(&mut self, thread: &mut Thread) -> Result<(), Error> {
        for _ in 0..40 {
            let report = round(&mut self.relay, &self.clock, thread)?;
            if report.is_some_and(|report| !report.more) {
                return Ok(());
            }
        }
        unreachable!("the sync does not come to an end")
    }

    /// As [`World::restart`], without what a sync has learned of clocks lost meanwhile.
    fn restart_quietly(&mut self) {
        let bytes = self.own.serialize();
        let env = self.env();
        if let Ok(Kept::Thread(thread)) = Thread::deserialize(&bytes, env) {
            self.own = *thread;
        }
    }

    /// A visit that ended now, recorded on the consultant's phone.
    /// # Panics
    /// Where it cannot be recorded.
    pub fn visit(&mut self) -> Visit {
        let end = Instant(self.clock.wall_ms());
        let visit = an_hour(self.phone.new_record_id(), end, "consultant-00".into());
        let record = Record::Visit(visit.clone());
        self.phone.record(self.case, record).unwrap();
        visit
    }

    /// A visit that is recorded, shown, and synced everywhere.
    /// # Panics
    /// Where it cannot be.
    pub fn shown(&mut self) -> Visit {
        let visit = self.visit();
        self.phone.show_visit(self.case, visit.id).unwrap();
        self.sync_staff();
        self.sync_own().unwrap();
        visit
    }

    /// A day.
    #[must_use]
    pub fn day(&self, plus: i32) -> LocalDate {
        Instant(self.clock.wall_ms()).date().plus_days(plus)
    }
}

fn round(
    relay: &mut Relay<SqliteStorage>,
    clock: &Hands,
    thread: &mut Thread,
) -> Result<Option<Report>, Error> {
    let now = u64::try_from(clock.wall_ms()).unwrap_or(0);
    let request = thread.request()?;
    match relay.sync(&request.body, now) {
        Ok(reply) => thread.reply(&reply).map(Some),
        Err(error) => {
            let error = Error::Relay(error);
            if thread.failed(&error) {
                Ok(None)
            } else {
                Err(error)
            }
        }
    }
}

fn sync(relay: &mut Relay<SqliteStorage>, clock: &Hands, client: &mut Client) {
    let now = u64::try_from(clock.wall_ms()).unwrap_or(0);
    for _ in 0..40 {
        let request = client.sync_request().unwrap();
        let answer = if request.path == PATH_FOUND {
            relay.found(&request.body, now)
        } else {
            relay.sync(&request.body, now)
        };
        if !client.sync_reply(&answer.unwrap()).unwrap().more {
            return;
        }
    }
    unreachable!("the sync does not come to an end")
}
