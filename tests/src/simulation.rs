//! A deterministic simulation: many devices, one relay, one virtual clock, and a network that
//! loses, reorders, repeats and partitions; devices and relay crash at any commit, the relay comes
//! back from older backups, clocks jump. All of it drawn from one seed, so that a failing run
//! replays byte for byte.
//!
//! After the network has healed: everything that a person was told is saved is on every device
//! that may read it, all devices are equal, nothing is in quarantine, and nothing readable stands
//! in any database.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use folge_core::Error;
use folge_core::client::{Client, Invitee, NewParticipation};
use folge_core::document::{CaseFilter, Record, RecordRef, RecordRow};
use folge_core::domain::{
    Instant, MeetingForm, Minutes, Note, Outcome, Participation, StaffKey, Trip, Visit, With,
};
use folge_core::env::{Clock, Env};
use folge_core::keys::Key32;
use folge_core::limits::INVITATION_MILLISECONDS;
use folge_core::store::{Store, StoreError, Unlock};
use folge_core::sync::{AlarmKind, Outgoing, RelayAddress, SyncWork};
use folge_protocol::codec::Decode as _;
use folge_protocol::envelope::Envelope;
use folge_protocol::grant::Grant;
use folge_protocol::ids::{DeviceId, DocumentId, InstanceId, PersonId};
use folge_protocol::membership::{ErasureReason, Role};
use folge_protocol::wire::{PATH_FOUND, RelayError};
use folge_relay::limits::Limits;
use folge_relay::relay::{FoundingPolicy, Relay, Settings};
use folge_relay::storage::{Seeds, SqliteStorage};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng as _, SeedableRng as _};
use rusqlite::Connection;
use sha2::{Digest, Sha256};

use crate::backup::closure;

/// What stands in every note and name, to be searched for in the databases.
const MARKER: &str = "HEMMELIGHET";
/// Where virtual time begins: 2 March 2026, 08:00 in Oslo.
const START_MS: i64 = 1_772_434_800_000;
const DOCUMENTS: usize = 6;
const CONSULTANTS: usize = 3;
/// Rounds of syncing after healing; more means that something does not settle.
const HEALING_ROUNDS_MAX: usize = 60;

/// What a run did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Steps taken.
    pub steps: u64,
    /// Records that a person was told are saved.
    pub acknowledged: u64,
    /// Requests that reached the relay.
    pub requests: u64,
    /// Messages lost, repeated or out of order.
    pub mishaps: u64,
    /// Crashes of devices.
    pub device_crashes: u64,
    /// Crashes of the relay.
    pub relay_crashes: u64,
    /// Times the relay came back from an older backup.
    pub restores: u64,
    /// Clock jumps.
    pub clock_jumps: u64,
    /// People put out, let in, assigned and taken off; participations erased.
    pub acts: u64,
    /// Devices put out.
    pub put_out: u64,
    /// Envelopes that keys of devices put out were tried on in vain.
    pub tried: u64,
    /// Hash of everything that happened, in order.
    pub trace: [u8; 32],
}

struct VirtualClock {
    world_ms: Arc<AtomicI64>,
    offset_ms: AtomicI64,
    boot: AtomicU32,
    booted_ms: AtomicI64,
}

impl Clock for VirtualClock {
    fn wall_ms(&self) -> i64 {
        self.world_ms.load(Ordering::SeqCst) + self.offset_ms.load(Ordering::SeqCst)
    }
    fn monotonic_ms(&self) -> u64 {
        let since = self.world_ms.load(Ordering::SeqCst) - self.booted_ms.load(Ordering::SeqCst);
        u64::try_from(since).unwrap_or(0)
    }
    fn boot(&self) -> u32 {
        self.boot.load(Ordering::SeqCst)
    }
}

struct SimDevice {
    name: String,
    uri: String,
    /// Keeps the in-memory database alive while the device is down.
    _keeper: Connection,
    secret: Key32,
    clock: Arc<VirtualClock>,
    client: Option<Client>,
    staff: StaffKey,
    offline: bool,
    /// It was let in by an invitation that was withdrawn before, and will never be in.
    barred: bool,
    /// The number of the request whose answer is awaited.
    awaiting: Option<u64>,
    records: Vec<(DocumentId, Record)>,
}

enum Payload {
    Request(Outgoing),
    Answer(Result<Vec<u8>, RelayError>),
}

struct Message {
    device: usize,
    number: u64,
    payload: Payload,
}

/// A device that was put out, and what it held then.
struct PutOut {
    device: DeviceId,
    secrets: Vec<[u8; 32]>,
}

/// One simulated world.
///
/// Every other one also has people who act: they put each other out, assign, invite, erase. In
/// those the relay is never restored from a backup: what two administrators append to a log whose
/// end was lost cannot be brought together (`docs/threat-model.md`).
pub struct World {
    run: u32,
    acts: bool,
    put_out: Vec<PutOut>,
    erased: BTreeSet<DocumentId>,
    seed: u64,
    rng: ChaCha8Rng,
    world_ms: Arc<AtomicI64>,
    relay: Option<Relay<SqliteStorage>>,
    relay_name: String,
    relay_keeper: Connection,
    relay_backup: Option<Connection>,
    devices: Vec<SimDevice>,
    documents: Vec<DocumentId>,
    readers: BTreeMap<DocumentId, BTreeSet<usize>>,
    persons: Vec<PersonId>,
    network: Vec<Message>,
    next_number: u64,
    acknowledged: BTreeMap<(DocumentId, RecordRef), ()>,
    trace: Sha256,
    summary: Summary,
    /// The last events, to be shown when something does not hold.
    log: std::collections::VecDeque<String>,
}

/// Something that must hold does not: what, and how to see it again.
#[derive(Debug)]
pub struct Failure(pub String);

type Outcomes<T> = Result<T, Failure>;

fn memory_uri(name: &str) -> String {
    format!("file:{name}?mode=memory&cache=shared")
}

fn open(uri: &str) -> Connection {
    use rusqlite::OpenFlags;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    match Connection::open_with_flags(uri, flags) {
        Ok(connection) => connection,
        Err(error) => unreachable!("an in-memory database opens: {error}"),
    }
}

impl World {
    /// Makes a world and lets everybody in, without mishaps yet.
    /// # Errors
    /// What does not hold.
    pub fn new(seed: u64) -> Outcomes<Self> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let run = NEXT_RUN.fetch_add(1, Ordering::SeqCst);
        let relay_name = format!("relay-{run}");
        let relay_keeper = open(&memory_uri(&relay_name));
        let mut world = Self {
            run,
            acts: seed % 2 == 1,
            put_out: Vec::new(),
            erased: BTreeSet::new(),
            seed,
            world_ms: Arc::new(AtomicI64::new(START_MS)),
            relay: None,
            relay_name,
            relay_keeper,
            relay_backup: None,
            devices: Vec::new(),
            documents: Vec::new(),
            readers: BTreeMap::new(),
            persons: Vec::new(),
            network: Vec::new(),
            next_number: 0,
            acknowledged: BTreeMap::new(),
            trace: Sha256::new(),
            summary: Summary::default(),
            log: std::collections::VecDeque::new(),
            rng: ChaCha8Rng::seed_from_u64(rng.next_u64()),
        };
        world.start_relay()?;
        world.populate(run)?;
        Ok(world)
    }

    fn populate(&mut self, run: u32) -> Outcomes<()> {
        let key = match &self.relay {
            Some(relay) => relay.info(0).key,
            None => return self.fail("no relay"),
        };
        let address = RelayAddress {
            url: "http://simulated".to_owned(),
            key,
        };
        let office = self.add_device(run, "office", "office", |store, env| {
            Client::found(store, env, address, "").map(|(client, _)| client)
        })?;
        self.settle(office)?;
        let mut links = Vec::new();
        let first = if self.acts {
            Role::Administrator
        } else {
            Role::Coordinator
        };
        let roles =
            std::iter::once(first).chain(std::iter::repeat_n(Role::Consultant, CONSULTANTS));
        for role in roles {
            let client = self.client(office)?;
            match client.invite(Invitee::New(role), INVITATION_MILLISECONDS) {
                Ok(link) => links.push(link),
                Err(error) => return self.fail(&format!("invite: {}", error.code())),
            }
        }
        self.persons = links.iter().map(|link| link.person).collect();
        let mut new = Vec::new();
        let mut teams = Vec::new();
        for n in 0..DOCUMENTS {
            let mut participation =
                Participation::new(&format!("p-{n}"), &format!("{MARKER} {n}"), MARKER);
            let main = 1 + n % CONSULTANTS;
            let other = 1 + (n + 1) % CONSULTANTS;
            participation.consultant = Some(format!("staff-{main}").as_str().into());
            let team = if n % 2 == 0 {
                vec![main]
            } else {
                vec![main, other]
            };
            let consultants = team.iter().map(|place| self.persons[*place]).collect();
            new.push(NewParticipation {
                participation,
                consultants,
            });
            teams.push(team);
        }
        self.documents = match self.client(office)?.create_participations(&new) {
            Ok(documents) => documents,
            Err(error) => return self.fail(&format!("create: {}", error.code())),
        };
        self.settle(office)?;
        // Places in `persons`: 0 the coordinator, then the consultants; devices come one later.
        for (place, link) in links.iter().enumerate() {
            let name = format!("person-{place}");
            let staff = format!("staff-{place}");
            let device = self.add_device(run, &name, &staff, |store, env| {
                Client::join(store, env, link)
            })?;
            self.settle(device)?;
        }
        // A second phone of the first consultant, invited by the consultant.
        let person = self.persons[1];
        let link = match self
            .client(2)?
            .invite(Invitee::Known(person), INVITATION_MILLISECONDS)
        {
            Ok(link) => link,
            Err(error) => return self.fail(&format!("invite own: {}", error.code())),
        };
        self.settle(2)?;
        let second = self.add_device(run, "second", "staff-1", |store, env| {
            Client::join(store, env, &link)
        })?;
        self.settle(second)?;
        for (n, document) in self.documents.iter().enumerate() {
            let mut readers = BTreeSet::from([0, 1]);
            readers.extend(teams[n].iter().map(|place| place + 1));
            if teams[n].contains(&1) {
                readers.insert(second);
            }
            self.readers.insert(*document, readers);
        }
        for device in 0..self.devices.len() {
            self.settle(device)?;
        }
        Ok(())
    }

    fn add_device(
        &mut self,
        run: u32,
        name: &str,
        staff: &str,
        make: impl FnOnce(Store, Env) -> Result<Client, Error>,
    ) -> Outcomes<usize> {
        let uri = format!("file:device-{run}-{name}?mode=memory&cache=shared");
        let keeper = open(&uri);
        let clock = Arc::new(VirtualClock {
            world_ms: Arc::clone(&self.world_ms),
            offset_ms: AtomicI64::new(0),
            boot: AtomicU32::new(1),
            booted_ms: AtomicI64::new(START_MS - 1_000),
        });
        let mut secret = [0; 32];
        self.rng.fill_bytes(&mut secret);
        let secret = Key32::new(secret);
        let mut env = self.env(&clock);
        let unlock = Unlock::Secret(secret.clone());
        let client = Store::create_in(open(&uri), &unlock, &mut env)
            .map_err(Error::from)
            .and_then(|store| make(store, env));
        let client = match client {
            Ok(client) => client,
            Err(error) => return self.fail(&format!("new device: {}", error.code())),
        };
        self.devices.push(SimDevice {
            name: name.to_owned(),
            uri,
            _keeper: keeper,
            secret,
            clock,
            client: Some(client),
            staff: staff.into(),
            offline: false,
            barred: false,
            awaiting: None,
            records: Vec::new(),
        });
        Ok(self.devices.len() - 1)
    }

    fn env(&mut self, clock: &Arc<VirtualClock>) -> Env {
        let rng = ChaCha8Rng::seed_from_u64(self.rng.next_u64());
        Env::new(Arc::clone(clock) as Arc<dyn Clock>, Box::new(rng))
    }

    fn fail<T>(&self, what: &str) -> Outcomes<T> {
        let mut text = format!(
            "seed {}, step {}: {what}\nlast events:\n",
            self.seed, self.summary.steps
        );
        for line in &self.log {
            let _ = writeln!(text, "  {line}");
        }
        Err(Failure(text))
    }

    fn note(&mut self, event: String) {
        self.trace.update(event.as_bytes());
        self.trace.update([0]);
        if self.log.len() >= 40 {
            self.log.pop_front();
        }
        self.log
            .push_back(format!("{}: {event}", self.summary.steps));
    }

    fn draw(&mut self, below: usize) -> usize {
        let below = below.max(1) as u64;
        usize::try_from(self.rng.next_u64() % below).unwrap_or(0)
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.draw(100) < percent
    }

    fn client(&mut self, device: usize) -> Outcomes<&mut Client> {
        if self.devices[device].client.is_none() {
            self.start_device(device)?;
        }
        match &mut self.devices[device].client {
            Some(client) => Ok(client),
            None => Err(Failure("the device does not start".to_owned())),
        }
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.world_ms.load(Ordering::SeqCst)).unwrap_or(0)
    }

    // --- starting and crashing ---

    fn start_relay(&mut self) -> Outcomes<()> {
        let mut seeds = Seeds {
            signing: [0; 32],
            instance: InstanceId([0; 16]),
        };
        self.rng.fill_bytes(&mut seeds.signing);
        self.rng.fill_bytes(&mut seeds.instance.0);
        let limits = Limits {
            device_requests_per_minute: 60_000_000,
            ..Limits::default()
        };
        let settings = Settings {
            limits,
            founding: FoundingPolicy::Open,
        };
        let storage = match SqliteStorage::open_memory(&self.relay_name) {
            Ok(storage) => storage,
            Err(error) => return self.fail(&format!("relay storage: {error}")),
        };
        match Relay::open(storage, seeds, settings) {
            Ok(relay) => self.relay = Some(relay),
            Err(error) => return self.fail(&format!("relay: {error}")),
        }
        Ok(())
    }

    /// Lets the relay break at one of its next commits.
    fn arm_relay(&mut self) -> Outcomes<()> {
        self.relay = None;
        let after = self.chance(50);
        let mut countdown = 1 + self.draw(4);
        let storage = match SqliteStorage::open_memory(&self.relay_name) {
            Ok(storage) => storage.with_fault(Box::new(move |point| {
                use folge_relay::storage::FaultPoint;
                if (point == FaultPoint::AfterCommit) != after {
                    return false;
                }
                countdown = countdown.saturating_sub(1);
                countdown == 0
            })),
            Err(error) => return self.fail(&format!("relay storage: {error}")),
        };
        let limits = Limits {
            device_requests_per_minute: 60_000_000,
            ..Limits::default()
        };
        let settings = Settings {
            limits,
            founding: FoundingPolicy::Open,
        };
        let seeds = Seeds {
            signing: [0; 32],
            instance: InstanceId([0; 16]),
        };
        match Relay::open(storage, seeds, settings) {
            Ok(relay) => self.relay = Some(relay),
            Err(_) => self.start_relay()?,
        }
        Ok(())
    }

    fn backup_relay(&mut self) -> Outcomes<()> {
        let Ok(mut copy) = Connection::open_in_memory() else {
            return self.fail("backup");
        };
        let done = rusqlite::backup::Backup::new(&self.relay_keeper, &mut copy)
            .and_then(|backup| backup.step(-1));
        if let Err(error) = done {
            return self.fail(&format!("backup: {error}"));
        }
        self.relay_backup = Some(copy);
        Ok(())
    }

    fn restore_relay(&mut self) -> Outcomes<()> {
        let Some(backup) = self.relay_backup.take() else {
            return Ok(());
        };
        self.relay = None;
        let mut keeper = open(&memory_uri(&self.relay_name));
        let done =
            rusqlite::backup::Backup::new(&backup, &mut keeper).and_then(|backup| backup.step(-1));
        if let Err(error) = done {
            return self.fail(&format!("restore: {error}"));
        }
        let mut instance = [0; 16];
        self.rng.fill_bytes(&mut instance);
        if let Err(error) = folge_relay::admin::begin_life(&keeper, InstanceId(instance)) {
            return self.fail(&format!("restore: {error}"));
        }
        self.relay_backup = Some(backup);
        self.summary.restores += 1;
        self.start_relay()
    }

    fn crash_device(&mut self, device: usize) {
        let down = &mut self.devices[device];
        down.client = None;
        down.awaiting = None;
        self.summary.device_crashes += 1;
        let name = down.name.clone();
        self.note(format!("{name} crashes"));
    }

    fn start_device(&mut self, device: usize) -> Outcomes<()> {
        let clock = Arc::clone(&self.devices[device].clock);
        clock.boot.fetch_add(1, Ordering::SeqCst);
        clock
            .booted_ms
            .store(self.world_ms.load(Ordering::SeqCst), Ordering::SeqCst);
        let mut env = self.env(&clock);
        let (uri, secret) = (
            self.devices[device].uri.clone(),
            self.devices[device].secret.clone(),
        );
        let client = Store::open_in(open(&uri), &Unlock::Secret(secret), &mut env)
            .map_err(Error::from)
            .and_then(|store| Client::open(store, env));
        match client {
            Ok(client) => self.devices[device].client = Some(client),
            Err(error) => {
                return self.fail(&format!(
                    "{} does not open: {error}",
                    self.devices[device].name
                ));
            }
        }
        Ok(())
    }

    /// Lets a device crash at one of its next commits.
    fn arm_device(&mut self, device: usize) -> Outcomes<()> {
        let after = self.chance(50);
        let mut countdown = 1 + self.draw(5);
        let hook: folge_core::store::FaultHook = Box::new(move |point| {
            use folge_core::store::FaultPoint;
            if (point == FaultPoint::AfterCommit) != after {
                return false;
            }
            countdown = countdown.saturating_sub(1);
            countdown == 0
        });
        self.client(device)?.set_fault_hook(Some(hook));
        Ok(())
    }

    // --- what people do ---

    fn new_record(&mut self, device: usize) -> Outcomes<Record> {
        // A wrong clock is no reason to refuse a record; people type sensible times.
        let start = Instant(self.world_ms.load(Ordering::SeqCst) - 3_600_000);
        let staff = self.devices[device].staff.clone();
        let number = self.draw(1_000_000);
        let kind = self.draw(4);
        let id = self.client(device)?.new_record_id();
        Ok(match kind {
            0 | 1 => Record::Visit(Visit {
                id,
                start,
                end: Instant(start.0 + 1_800_000),
                form: MeetingForm::InPerson,
                with: With::Participant,
                consultants: vec![staff],
                employer: None,
                activities: vec!["motivasjon".into()],
                outcome: Outcome::Attended,
                planned: false,
                group: None,
                note: format!("{MARKER} {number}"),
                agreed: String::new(),
            }),
            2 => Record::Trip(Trip {
                id,
                consultant: staff,
                minutes: Minutes(25),
                start: Some(start),
                end: Some(Instant(start.0 + 1_500_000)),
                visits: Vec::new(),
                meetings: 0,
            }),
            _ => Record::Note(Note {
                id,
                at: start,
                text: format!("{MARKER} {number}"),
            }),
        })
    }

    fn record(&mut self, device: usize) -> Outcomes<()> {
        let all = CaseFilter::default();
        let here = self.client(device)?.office_list(&all).into_iter();
        let here: BTreeSet<DocumentId> = here.map(|line| line.participation).collect();
        let readable: Vec<DocumentId> = if self.acts {
            here.into_iter().collect()
        } else {
            let readers = &self.readers;
            let documents = self.documents.iter().copied();
            documents
                .filter(|document| readers[document].contains(&device))
                .collect()
        };
        if readable.is_empty() {
            return Ok(());
        }
        let document = readable[self.draw(readable.len())];
        let known = self.devices[device].records.len();
        let amend = known > 0 && self.chance(25);
        let (document, reference, done) = if amend {
            let place = self.draw(known);
            let (document, mut record) = self.devices[device].records[place].clone();
            let number = self.draw(1_000);
            match &mut record {
                Record::Visit(visit) => visit.note = format!("{MARKER} endret {number}"),
                Record::Trip(trip) => trip.minutes = Minutes(1 + (number % 90) as u32),
                Record::Note(note) => note.text = format!("{MARKER} endret {number}"),
                _ => {}
            }
            let reference = record.reference();
            let done = self
                .client(device)?
                .amend(document, record, Some("rettet".to_owned()));
            (document, reference, done)
        } else {
            let record = self.new_record(device)?;
            let reference = record.reference();
            let done = self.client(device)?.record(document, record.clone());
            if done.is_ok() {
                self.devices[device].records.push((document, record));
            }
            (document, reference, done)
        };
        let name = self.devices[device].name.clone();
        match done {
            Ok(()) => {
                self.summary.acknowledged += 1;
                self.note(format!("{name} records {reference:?}"));
                self.acknowledged.insert((document, reference), ());
                Ok(())
            }
            Err(Error::Store(StoreError::Interrupted)) => {
                self.crash_device(device);
                Ok(())
            }
            // Another device changed the same field, or nothing differs: a person is told so.
            Err(Error::Document(_)) => Ok(()),
            // Taken off, put out, erased: a person is told so.
            Err(Error::NotAllowed | Error::PutOut | Error::UnknownDocument) if self.acts => Ok(()),
            Err(error) => self.fail(&format!("{name} records: {error}")),
        }
    }

    // --- the network ---

    fn begin_sync(&mut self, device: usize) -> Outcomes<()> {
        let name = self.devices[device].name.clone();
        let request = match self.client(device)?.sync_request() {
            Ok(request) => request,
            Err(Error::Store(StoreError::Interrupted)) => {
                self.crash_device(device);
                return Ok(());
            }
            Err(error) if self.acts && error.code() == "bad_invitation" => {
                self.devices[device].barred = true;
                return Ok(());
            }
            Err(error) => return self.fail(&format!("{name} makes a request: {error}")),
        };
        self.next_number += 1;
        let number = self.next_number;
        self.devices[device].awaiting = Some(number);
        let hash = Sha256::digest(&request.body);
        self.note(format!("{name} sends {number} {hash:x?}"));
        self.network.push(Message {
            device,
            number,
            payload: Payload::Request(request),
        });
        Ok(())
    }

    fn carry(&mut self) -> Outcomes<()> {
        if self.network.is_empty() {
            return Ok(());
        }
        let place = self.draw(self.network.len());
        if place > 0 {
            self.summary.mishaps += 1;
        }
        let device = self.network[place].device;
        if self.devices[device].offline || self.chance(8) {
            // Lost; the device waits in vain, gives up, and tries again later.
            let message = self.network.remove(place);
            self.summary.mishaps += 1;
            self.note(format!("{} is lost", message.number));
            if self.devices[device].awaiting == Some(message.number) {
                self.give_up(device)?;
            }
            return Ok(());
        }
        let repeated = self.chance(5);
        let message = if repeated {
            self.summary.mishaps += 1;
            let original = &self.network[place];
            let payload = match &original.payload {
                Payload::Request(request) => Payload::Request(request.clone()),
                Payload::Answer(answer) => Payload::Answer(answer.clone()),
            };
            Message {
                device,
                number: original.number,
                payload,
            }
        } else {
            self.network.remove(place)
        };
        self.arrive(message)
    }

    fn give_up(&mut self, device: usize) -> Outcomes<()> {
        self.devices[device].awaiting = None;
        if let Some(client) = &mut self.devices[device].client {
            client.sync_failed(&Error::Unreachable("simulated"));
        }
        Ok(())
    }

    fn arrive(&mut self, message: Message) -> Outcomes<()> {
        let Message {
            device,
            number,
            payload,
        } = message;
        match payload {
            Payload::Request(request) => {
                self.summary.requests += 1;
                let answer = self.ask_relay(&request)?;
                let kind = match &answer {
                    Ok(reply) => format!("{:x?}", Sha256::digest(reply)),
                    Err(error) => error.to_string(),
                };
                self.note(format!("the relay answers {number}: {kind}"));
                self.network.push(Message {
                    device,
                    number,
                    payload: Payload::Answer(answer),
                });
                Ok(())
            }
            Payload::Answer(answer) => {
                if self.devices[device].awaiting != Some(number) {
                    return Ok(());
                }
                self.devices[device].awaiting = None;
                self.take_answer(device, answer).map(drop)
            }
        }
    }

    fn ask_relay(&mut self, request: &Outgoing) -> Outcomes<Result<Vec<u8>, RelayError>> {
        let now_ms = self.now_ms();
        let Some(relay) = &mut self.relay else {
            return Ok(Err(RelayError::Unavailable));
        };
        let answer = if request.path == PATH_FOUND {
            relay.found(&request.body, now_ms)
        } else {
            relay.sync(&request.body, now_ms)
        };
        if answer == Err(RelayError::Unavailable) {
            // The fault struck: the relay is gone, and comes back with what it had stored.
            self.summary.relay_crashes += 1;
            self.relay = None;
            self.start_relay()?;
        }
        Ok(answer)
    }

    fn take_answer(
        &mut self,
        device: usize,
        answer: Result<Vec<u8>, RelayError>,
    ) -> Outcomes<bool> {
        let name = self.devices[device].name.clone();
        let client = self.client(device)?;
        let taken = match answer {
            Ok(bytes) => client.sync_reply(&bytes),
            Err(error) => Err(error.into()),
        };
        match taken {
            Ok(report) => {
                if report.quarantined > 0 {
                    return self.fail(&format!("{name} put something into quarantine"));
                }
                Ok(report.more)
            }
            Err(Error::Store(StoreError::Interrupted)) => {
                self.crash_device(device);
                Ok(true)
            }
            Err(error @ Error::RelayFault(_)) => self.fail(&format!("{name}: {error}")),
            Err(error) => {
                if let Some(client) = &mut self.devices[device].client {
                    client.sync_failed(&error);
                }
                Ok(matches!(error, Error::Relay(_)))
            }
        }
    }

    /// Syncs one device without mishaps until it has nothing more to do; at most a few rounds.
    fn settle(&mut self, device: usize) -> Outcomes<()> {
        for _ in 0..20 {
            if self.devices[device].barred {
                return Ok(());
            }
            let request = match self.client(device)?.sync_request() {
                Ok(request) => request,
                Err(error) if self.acts && error.code() == "bad_invitation" => {
                    self.devices[device].barred = true;
                    return Ok(());
                }
                Err(error) => return self.fail(&format!("settling: {error}")),
            };
            let answer = self.ask_relay(&request)?;
            if !self.take_answer(device, answer)? {
                return Ok(());
            }
        }
        Ok(())
    }

    // --- steps ---

    /// Takes one step.
    /// # Errors
    /// What does not hold.
    pub fn step(&mut self) -> Outcomes<()> {
        self.summary.steps += 1;
        let passed = i64::try_from(self.draw(20_000)).unwrap_or(0);
        self.world_ms.fetch_add(passed, Ordering::SeqCst);
        let device = self.draw(self.devices.len());
        match self.draw(1000) {
            0..250 => self.record(device),
            250..500
                if !self.devices[device].offline && self.devices[device].awaiting.is_none() =>
            {
                self.begin_sync(device)
            }
            250..500 => {
                // Waiting long enough: the request may still arrive, its answer is not heard.
                if self.chance(20) {
                    self.give_up(device)?;
                }
                Ok(())
            }
            500..930 => self.carry(),
            930..950 => {
                let offline = !self.devices[device].offline;
                self.devices[device].offline = offline;
                self.note(format!("{} offline: {offline}", self.devices[device].name));
                Ok(())
            }
            950..962 => {
                self.crash_device(device);
                Ok(())
            }
            962..976 => self.arm_device(device),
            976..983 => self.arm_relay(),
            983..989 if self.acts => self.act(),
            983..987 => self.backup_relay(),
            987..989 => self.restore_relay(),
            _ => {
                // A second, an hour, or years.
                let size = [1_000, 3_600_000, 4 * 365 * 86_400_000_i64][self.draw(3)];
                let sign = if self.chance(50) { 1 } else { -1 };
                self.summary.clock_jumps += 1;
                let back = self.chance(50);
                let offset = if back { 0 } else { sign * size };
                self.devices[device]
                    .clock
                    .offset_ms
                    .store(offset, Ordering::SeqCst);
                self.note(format!(
                    "{} clock off by {offset} ms",
                    self.devices[device].name
                ));
                Ok(())
            }
        }
    }

    /// Somebody in charge does something about who may read what.
    fn act(&mut self) -> Outcomes<()> {
        let chief = self.draw(2);
        let (who, what) = (self.draw(CONSULTANTS), self.draw(self.documents.len()));
        let (person, document) = (self.persons[1 + who], self.documents[what]);
        let kind = self.draw(10);
        let name = self.devices[chief].name.clone();
        let done = match kind {
            0 | 1 => self.client(chief)?.unassign(document, person),
            2 | 3 => self.client(chief)?.assign(document, person),
            4 | 5 => return self.put_out(chief, person),
            6..9 => return self.let_in(chief, person),
            _ if self.erased.len() < 2 => {
                let reason = ErasureReason::Instruction;
                let done = self.client(chief)?.erase(document, reason);
                if done.is_ok() {
                    self.erased.insert(document);
                }
                done
            }
            _ => return Ok(()),
        };
        self.acted(chief, done, &format!("{name} acts {kind}"))
    }

    fn acted(&mut self, device: usize, done: Result<(), Error>, what: &str) -> Outcomes<()> {
        match done {
            Ok(()) => {
                self.summary.acts += 1;
                self.note(what.to_owned());
                Ok(())
            }
            Err(Error::Store(StoreError::Interrupted)) => {
                self.crash_device(device);
                Ok(())
            }
            // What somebody else did already, or what is not here yet.
            Err(
                Error::NotAllowed
                | Error::UnknownDocument
                | Error::Membership(_)
                | Error::Held
                | Error::BadInvitation,
            ) => Ok(()),
            Err(error) => self.fail(&format!("{what}: {error}")),
        }
    }

    /// Puts out one device of a consultant, at random.
    fn put_out(&mut self, chief: usize, person: PersonId) -> Outcomes<()> {
        let own: Vec<usize> = (2..self.devices.len())
            .filter(|place| !self.devices[*place].barred)
            .collect();
        let place = own[self.draw(own.len())];
        let (device, of) = {
            let client = self.client(place)?;
            (client.device(), client.identity().person)
        };
        let chiefs = self.client(chief)?.membership();
        let is_in = chiefs.is_ok_and(|log| log.active_device(device).is_some());
        if of != person || !is_in {
            return Ok(());
        }
        let secrets = self.secrets(place)?;
        let done = self.client(chief)?.revoke_device(device);
        if done.is_ok() {
            self.summary.put_out += 1;
            self.put_out.push(PutOut { device, secrets });
        }
        let name = self.devices[place].name.clone();
        self.acted(chief, done, &format!("{name} is put out"))
    }

    /// Invites a further device of a consultant, by an own one or by somebody in charge.
    fn let_in(&mut self, chief: usize, person: PersonId) -> Outcomes<()> {
        if self.devices.len() > 14 {
            return Ok(());
        }
        let mut own = None;
        for place in 2..self.devices.len() {
            let client = self.client(place)?;
            if client.identity().person == person && client.membership().is_ok() {
                own = Some(place);
            }
        }
        let inviter = if self.chance(50) {
            chief
        } else {
            own.unwrap_or(chief)
        };
        let staff = self.devices[own.unwrap_or(2)].staff.clone();
        let invitee = Invitee::Known(person);
        let link = self
            .client(inviter)?
            .invite(invitee, INVITATION_MILLISECONDS);
        match link {
            Ok(link) => {
                let name = format!("further-{}", self.devices.len());
                let run = self.run;
                self.summary.acts += 1;
                self.note(format!("{name} is invited"));
                self.add_device(run, &name, staff.as_str(), |store, env| {
                    Client::join(store, env, &link)
                })?;
                Ok(())
            }
            Err(error) => self.acted(inviter, Err(error), "invites"),
        }
    }

    /// Every secret on a device.
    fn secrets(&mut self, place: usize) -> Outcomes<Vec<[u8; 32]>> {
        let clock = Arc::clone(&self.devices[place].clock);
        let mut env = self.env(&clock);
        let device = &self.devices[place];
        let unlock = Unlock::Secret(device.secret.clone());
        let rows =
            Store::open_in(open(&device.uri), &unlock, &mut env).and_then(|store| store.secrets());
        match rows {
            Ok(rows) => Ok(rows.into_iter().map(|row| row.key).collect()),
            Err(error) => self.fail(&format!("secrets: {error}")),
        }
    }

    /// Somebody in charge looks at what is held back and takes it, and at what devices that were
    /// put out hand over.
    fn admit_everything(&mut self) -> Outcomes<bool> {
        let mut packs = Vec::new();
        for place in 0..self.devices.len() {
            if self.client(place)?.is_put_out() {
                match self.client(place)?.pack_unsent() {
                    Ok(pack) => packs.push(pack),
                    Err(error) => return self.fail(&format!("pack: {error}")),
                }
            }
        }
        let mut any = false;
        for place in [0, 1] {
            any |= self.admit_on(place, &packs)?;
        }
        Ok(any)
    }

    fn admit_on(&mut self, place: usize, packs: &[Vec<u8>]) -> Outcomes<bool> {
        let chief = self.client(place)?;
        let mut new = 0;
        for pack in packs {
            match chief.take_pack(pack) {
                Ok(count) => new += count,
                Err(error) => return self.fail(&format!("take pack: {error}")),
            }
        }
        let held = match chief.held() {
            Ok(held) => held,
            Err(error) => return self.fail(&format!("held: {error}")),
        };
        for line in &held {
            if let Err(error) = chief.admit(line.document, line.device, line.sequence) {
                return self.fail(&format!("admit: {error}"));
            }
        }
        Ok(new > 0 || !held.is_empty())
    }

    /// No key that a device held when it was put out, nor any that opens with it, opens what was
    /// sealed by somebody who knew that it was out.
    fn check_put_out(&mut self) -> Outcomes<()> {
        let mine = self.secrets(0)?;
        let all = |sql: &str| -> rusqlite::Result<Vec<Vec<u8>>> {
            let mut statement = self.relay_keeper.prepare(sql)?;
            statement.query_map([], |row| row.get(0))?.collect()
        };
        let (Ok(grants), Ok(envelopes)) = (
            all("SELECT bytes FROM grants"),
            all("SELECT bytes FROM envelopes"),
        ) else {
            return self.fail("the relay's tables");
        };
        let grants: Vec<Grant> = grants
            .iter()
            .filter_map(|bytes| Grant::from_bytes(bytes).ok())
            .collect();
        let opens = |envelope: &Envelope, keys: &[[u8; 32]]| {
            keys.iter()
                .find_map(|key| folge_core::envelope::open(envelope, &Key32::new(*key)).ok())
        };
        let envelopes: Vec<(Envelope, u64)> = envelopes
            .iter()
            .filter_map(|bytes| Envelope::from_bytes(bytes).ok())
            .filter_map(|envelope| {
                let content = opens(&envelope, &mine)?;
                Some((envelope, content.log_len))
            })
            .collect();
        let mut tried = 0;
        let out = std::mem::take(&mut self.put_out);
        let log = match self.client(0)?.membership() {
            Ok(log) => log.clone(),
            Err(error) => return self.fail(&format!("the log: {error}")),
        };
        for out in &out {
            let Some(moment) = log.put_out_at(out.device) else {
                continue;
            };
            let known = out.secrets.iter().copied().collect();
            let keys: Vec<[u8; 32]> = closure(&grants, known).into_iter().collect();
            for (envelope, log_len) in &envelopes {
                if *log_len <= moment.index || envelope.header.device == out.device {
                    continue;
                }
                tried += 1;
                if opens(envelope, &keys).is_some() {
                    return self.fail(&format!(
                        "{} opens what {} sealed at {log_len}, put out at {}",
                        out.device, envelope.header.device, moment.index
                    ));
                }
            }
        }
        self.summary.tried += tried;
        Ok(())
    }

    /// Heals everything and checks all that must hold.
    /// # Errors
    /// What does not hold.
    pub fn heal_and_check(mut self) -> Outcomes<Summary> {
        self.network.clear();
        self.relay = None;
        self.start_relay()?;
        for device in 0..self.devices.len() {
            self.devices[device].offline = false;
            self.devices[device].awaiting = None;
            self.client(device)?.set_fault_hook(None);
        }
        let mut rounds = 0;
        loop {
            for device in 0..self.devices.len() {
                self.settle(device)?;
            }
            let mut busy = Vec::new();
            for device in 0..self.devices.len() {
                match self.client(device)?.sync_work() {
                    // Nobody granted its invitation the newest key: by the clock of whoever turned
                    // it, it was too old. Somebody invites it anew.
                    Ok(work) if work == [SyncWork::ComingIn] && self.acts => {}
                    Ok(work) if work.is_empty() => {}
                    Ok(work) => busy.push(format!("{} {work:?}", self.devices[device].name)),
                    Err(error) => return self.fail(&format!("healing: {error}")),
                }
            }
            rounds += 1;
            if self.acts && self.admit_everything()? {
                busy.push("held".to_owned());
            }
            // Two quiet rounds: what one device brings up last, the others must still fetch.
            if busy.is_empty() && rounds > 3 {
                break;
            }
            if rounds > HEALING_ROUNDS_MAX {
                return self.fail(&format!("does not settle: {busy:?}"));
            }
        }
        self.check()?;
        self.summary.trace = self.trace.clone().finalize().into();
        Ok(self.summary)
    }

    fn rows(
        &mut self,
        device: usize,
        document: DocumentId,
    ) -> Outcomes<BTreeMap<RecordRef, RecordRow>> {
        match self.client(device)?.participation(document) {
            Ok(page) => Ok(page
                .records
                .into_iter()
                .map(|(key, detail)| (key, detail.row))
                .collect()),
            Err(error) => self.fail(&format!("{}: {error}", self.devices[device].name)),
        }
    }

    /// An honest relay gives no cause for alarm, whatever happens to it: that it was restored is
    /// told, and nothing else.
    fn check_alarms(&mut self) -> Outcomes<()> {
        for device in 0..self.devices.len() {
            let alarms = match self.client(device)?.alarms() {
                Ok(alarms) => alarms,
                Err(error) => return self.fail(&format!("alarms: {error}")),
            };
            let restored = self.summary.restores > 0;
            for alarm in alarms {
                if alarm.kind != AlarmKind::Restored || !restored {
                    let name = self.devices[device].name.clone();
                    return self.fail(&format!("{name} is alarmed: {alarm:?}"));
                }
            }
        }
        Ok(())
    }

    /// The devices that read a document, by the log.
    fn readers_of(&mut self, document: DocumentId) -> Outcomes<BTreeSet<usize>> {
        if !self.acts {
            return Ok(self.readers[&document].clone());
        }
        let devices: Vec<DeviceId> = (0..self.devices.len())
            .map(|place| Ok(self.client(place)?.device()))
            .collect::<Outcomes<_>>()?;
        match self.client(0)?.membership() {
            Ok(log) => Ok((0..devices.len())
                .filter(|place| log.may_read(devices[*place], document))
                .collect()),
            Err(error) => self.fail(&format!("the log: {error}")),
        }
    }

    fn check(&mut self) -> Outcomes<()> {
        self.check_alarms()?;
        if self.acts {
            self.check_put_out()?;
        }
        for document in self.documents.clone() {
            let readers = self.readers_of(document)?;
            let mut first: Option<BTreeMap<RecordRef, RecordRow>> = None;
            for device in readers {
                let rows = self.rows(device, document)?;
                let name = self.devices[device].name.clone();
                for (acknowledged, record) in self.acknowledged.keys() {
                    if *acknowledged == document && !rows.contains_key(record) {
                        return self.fail(&format!("{name} lacks {record:?}"));
                    }
                }
                match &first {
                    None => first = Some(rows),
                    Some(first) if *first == rows => {}
                    Some(_) => return self.fail(&format!("{name} differs")),
                }
                // What was built up step by step is what the documents say.
                if let Err(error) = self.client(device)?.rebuild_projections() {
                    return self.fail(&format!("{name} rebuilds: {error}"));
                }
                if first.as_ref() != Some(&self.rows(device, document)?) {
                    return self.fail(&format!("{name}'s projection is not its documents'"));
                }
            }
        }
        self.check_unreadable()
    }

    fn check_unreadable(&self) -> Outcomes<()> {
        let relay = ("relay", memory_uri(&self.relay_name));
        let devices = self
            .devices
            .iter()
            .map(|device| (device.name.as_str(), device.uri.clone()));
        for (name, uri) in devices.chain([relay]) {
            let mut database = open(&uri);
            let Ok(bytes) = database.serialize("main") else {
                return self.fail("serialize");
            };
            if bytes.len() < 4096 {
                return self.fail(&format!("{name}'s database was not searched"));
            }
            if bytes
                .windows(MARKER.len())
                .any(|window| window == MARKER.as_bytes())
            {
                return self.fail(&format!("{name} holds readable text"));
            }
        }
        Ok(())
    }
}

static NEXT_RUN: AtomicU32 = AtomicU32::new(0);

/// One whole run.
/// # Errors
/// What does not hold.
pub fn run(seed: u64, steps: u64) -> Outcomes<Summary> {
    let mut world = World::new(seed)?;
    for _ in 0..steps {
        world.step()?;
    }
    world.heal_and_check()
}
