//! A relay that lies. It is the real relay's code with the real relay's signing key, and between
//! it and the devices stands whatever a test makes of its replies: withheld, changed, repeated,
//! in another order, from another time, different for different devices; signed anew, so that the
//! lie is the relay's own word. Several *faces* of one relay show different devices different
//! pasts.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use folge_core::Error;
use folge_core::client::Client;
use folge_core::env::{Clock, Env};
use folge_core::sync::{Outgoing, SyncReport};
use folge_protocol::codec::{Decode, Encode};
use folge_protocol::crypto::SecretKey;
use folge_protocol::envelope::{Envelope, envelope_hash, next_head, stream_start};
use folge_protocol::ids::{DeviceId, DocumentId, Hash, InstanceId, WorkspaceId};
use folge_protocol::wire::{NO_REQUEST, PATH_FOUND, RelayError, StreamHead, SyncReply};
use folge_relay::admin::begin_life;
use folge_relay::limits::Limits;
use folge_relay::relay::{FoundingPolicy, Relay, Settings};
use folge_relay::storage::{Seeds, SqliteStorage};
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng as _;
use rusqlite::Connection;

/// The seed of the relay's signing key.
const SIGNING_SEED: [u8; 32] = [9; 32];
/// Round trips of one sync; more means that it does not come to an end.
const ROUNDS_MAX: usize = 60;

/// A clock that stands until it is moved; the relay and all devices share it.
#[derive(Debug, Clone)]
pub struct StillClock(Arc<AtomicI64>);

impl StillClock {
    /// A clock at a time.
    #[must_use]
    pub fn at(ms: i64) -> Self {
        Self(Arc::new(AtomicI64::new(ms)))
    }
    /// Lets time pass.
    pub fn pass(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
    /// The relay's time.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        u64::try_from(self.0.load(Ordering::SeqCst)).unwrap_or(0)
    }
    /// A device's surroundings.
    #[must_use]
    pub fn env(&self, seed: u64) -> Env {
        Env::new(
            Arc::new(self.clone()),
            Box::new(ChaCha8Rng::seed_from_u64(seed)),
        )
    }
}

impl Clock for StillClock {
    fn wall_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
    fn monotonic_ms(&self) -> u64 {
        self.now_ms()
    }
    fn boot(&self) -> u32 {
        1
    }
}

/// A reply on its way to a device, to be lied about.
pub struct Lie<'a> {
    /// The reply; it is signed anew when the test is done with it.
    pub reply: SyncReply,
    told: &'a HashMap<DocumentId, (u64, Hash)>,
    workspace: WorkspaceId,
}

impl std::fmt::Debug for Lie<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Lie")
    }
}

impl Lie<'_> {
    /// Numbers the deliveries one after the other behind what this device was told before, and
    /// chains heads over them: a stream of which the device cannot see that anything was done
    /// to it.
    pub fn renumber(&mut self) {
        let instance = self.reply.receipt.instance;
        let mut heads: HashMap<DocumentId, (u64, Hash)> = HashMap::new();
        for delivery in &mut self.reply.deliveries {
            let Ok(document) = document_of(&delivery.envelope.0) else {
                continue;
            };
            let told = self.told.get(&document).copied();
            let (number, head) = heads
                .get(&document)
                .copied()
                .or(told)
                .unwrap_or_else(|| (0, stream_start(instance, self.workspace, document)));
            delivery.number = number + 1;
            let hash = envelope_hash(&delivery.envelope.0);
            let head = next_head(head, hash, delivery.accepted_ms);
            heads.insert(document, (delivery.number, head));
        }
        self.set_heads(&heads);
    }

    /// Sets the receipt's heads of some streams.
    pub fn set_heads(&mut self, heads: &HashMap<DocumentId, (u64, Hash)>) {
        let receipt = &mut self.reply.receipt;
        receipt
            .heads
            .retain(|head| !heads.contains_key(&head.document));
        receipt
            .heads
            .extend(heads.iter().map(|(document, (number, head))| StreamHead {
                document: *document,
                number: *number,
                head: *head,
            }));
    }

    /// Hides every envelope of a device, and that there is one.
    pub fn hide(&mut self, device: DeviceId) {
        self.reply
            .deliveries
            .retain(|delivery| device_of(&delivery.envelope.0) != Ok(device));
        let left: Vec<DocumentId> = self
            .reply
            .deliveries
            .iter()
            .filter_map(|delivery| document_of(&delivery.envelope.0).ok())
            .chain(self.reply.acks.iter().map(|ack| ack.document))
            .collect();
        self.reply
            .receipt
            .heads
            .retain(|head| left.contains(&head.document));
    }
}

fn document_of(envelope: &[u8]) -> Result<DocumentId, ()> {
    Envelope::from_bytes(envelope)
        .map(|envelope| envelope.header.document)
        .map_err(drop)
}

fn device_of(envelope: &[u8]) -> Result<DeviceId, ()> {
    Envelope::from_bytes(envelope)
        .map(|envelope| envelope.header.device)
        .map_err(drop)
}

struct Face {
    name: String,
    relay: Option<Relay<SqliteStorage>>,
    /// Keeps the in-memory database alive.
    keeper: Connection,
}

/// The lying relay.
pub struct Liar {
    faces: Vec<Face>,
    key: SecretKey,
    clock: StillClock,
    lives: u8,
    /// What each device was told of each stream last, by the receipts that it was given.
    told: HashMap<(DeviceId, InstanceId), HashMap<DocumentId, (u64, Hash)>>,
}

impl std::fmt::Debug for Liar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Liar")
    }
}

static NEXT: AtomicU32 = AtomicU32::new(0);

fn open(name: &str) -> Connection {
    let uri = format!("file:{name}?mode=memory&cache=shared");
    match Connection::open(uri) {
        Ok(connection) => connection,
        Err(error) => unreachable!("an in-memory database opens: {error}"),
    }
}

fn copy(from: &Connection, into: &mut Connection) {
    let done = rusqlite::backup::Backup::new(from, into).and_then(|backup| backup.step(-1));
    assert!(done.is_ok(), "an in-memory database is copied");
}

fn start(name: &str) -> Relay<SqliteStorage> {
    let seeds = Seeds {
        signing: SIGNING_SEED,
        instance: InstanceId([8; 16]),
    };
    let limits = Limits {
        device_requests_per_minute: 60_000_000,
        ..Limits::default()
    };
    let settings = Settings {
        limits,
        founding: FoundingPolicy::Open,
    };
    let relay =
        SqliteStorage::open_memory(name).and_then(|storage| Relay::open(storage, seeds, settings));
    match relay {
        Ok(relay) => relay,
        Err(error) => unreachable!("a relay in memory starts: {error}"),
    }
}

impl Liar {
    /// A relay that has not lied yet.
    #[must_use]
    pub fn new(clock: StillClock) -> Self {
        let mut liar = Self {
            faces: Vec::new(),
            key: SecretKey::from_seed(&SIGNING_SEED),
            clock,
            lives: 0,
            told: HashMap::new(),
        };
        liar.add_face();
        liar
    }

    fn add_face(&mut self) -> usize {
        let name = format!("liar-{}", NEXT.fetch_add(1, Ordering::SeqCst));
        let keeper = open(&name);
        let relay = Some(start(&name));
        self.faces.push(Face {
            name,
            relay,
            keeper,
        });
        self.faces.len() - 1
    }

    /// The relay's public key.
    #[must_use]
    pub fn public(&self) -> [u8; 32] {
        *self.key.public().as_bytes()
    }

    /// The relay's signing key, to lie with.
    #[must_use]
    pub fn key(&self) -> &SecretKey {
        &self.key
    }

    /// Another face that knows all that this one knows now.
    pub fn fork(&mut self, face: usize) -> usize {
        let new = self.add_face();
        self.overwrite(face, new);
        new
    }

    /// Makes a face what another is: an old copy, an old face again.
    pub fn overwrite(&mut self, from: usize, into: usize) {
        self.faces[into].relay = None;
        let mut database = open(&self.faces[into].name);
        copy(&self.faces[from].keeper, &mut database);
        self.faces[into].relay = Some(start(&self.faces[into].name));
    }

    /// What an honest operator does after something went wrong: a new life.
    pub fn begin_life(&mut self, face: usize) {
        self.lives += 1;
        self.faces[face].relay = None;
        let begun = begin_life(&self.faces[face].keeper, InstanceId([100 + self.lives; 16]));
        assert!(begun.is_ok(), "a new life begins");
        self.faces[face].relay = Some(start(&self.faces[face].name));
    }

    /// The honest answer of a face.
    /// # Errors
    /// What the relay refuses.
    pub fn ask(&mut self, face: usize, request: &Outgoing) -> Result<Vec<u8>, RelayError> {
        let now_ms = self.clock.now_ms();
        match &mut self.faces[face].relay {
            None => Err(RelayError::Unavailable),
            Some(relay) if request.path == PATH_FOUND => relay.found(&request.body, now_ms),
            Some(relay) => relay.sync(&request.body, now_ms),
        }
    }

    /// The frames of the live push that a device would get of everything since the last call.
    pub fn frames(&mut self, face: usize, device: DeviceId) -> Vec<Vec<u8>> {
        let Some(relay) = &mut self.faces[face].relay else {
            return Vec::new();
        };
        let commits = relay.take_commits();
        commits
            .iter()
            .filter_map(|commit| Some(commit.frame(&commit.view(device)?, relay.identity())))
            .collect()
    }

    /// One round trip with a lie in it.
    /// # Errors
    /// What the client says of it.
    pub fn lie(
        &mut self,
        face: usize,
        client: &mut Client,
        lie: impl FnOnce(&mut Lie<'_>),
    ) -> Result<SyncReport, Error> {
        let request = client.sync_request()?;
        let answer = self.ask(face, &request);
        let bytes = match answer {
            Ok(bytes) => bytes,
            Err(error) => {
                let error = Error::from(error);
                client.sync_failed(&error);
                return Err(error);
            }
        };
        if request.path == PATH_FOUND {
            return client.sync_reply(&bytes);
        }
        let bytes = self.tell(client, &bytes, lie);
        client.sync_reply(&bytes)
    }

    /// Makes of a reply what a lie makes of it, and signs it anew.
    pub fn tell(
        &mut self,
        client: &Client,
        reply: &[u8],
        lie: impl FnOnce(&mut Lie<'_>),
    ) -> Vec<u8> {
        let Ok(reply) = SyncReply::from_bytes(reply) else {
            return reply.to_vec();
        };
        let workspace = client.identity().workspace;
        let life = (client.device(), reply.receipt.instance);
        let told = self.told.entry(life).or_default();
        let mut telling = Lie {
            reply,
            told,
            workspace,
        };
        lie(&mut telling);
        let mut reply = telling.reply;
        reply.sign(workspace, &self.key);
        for head in &reply.receipt.heads {
            let last = told.entry(head.document).or_insert((0, Hash::ZERO));
            if head.number > last.0 {
                *last = (head.number, head.head);
            }
        }
        reply.to_bytes()
    }

    /// Syncs honestly until there is nothing more to do.
    /// # Errors
    /// What the client says of it.
    pub fn sync(&mut self, face: usize, client: &mut Client) -> Result<(), Error> {
        for _ in 0..ROUNDS_MAX {
            if !self.lie(face, client, |_| {})?.more {
                return Ok(());
            }
        }
        unreachable!("the sync does not come to an end")
    }

    /// Signs a reply as a frame of the live push.
    #[must_use]
    pub fn as_frame(&self, client: &Client, reply: &[u8]) -> Vec<u8> {
        let Ok(mut reply) = SyncReply::from_bytes(reply) else {
            return reply.to_vec();
        };
        reply.receipt.answers = NO_REQUEST;
        reply.sign(client.identity().workspace, &self.key);
        reply.to_bytes()
    }
}
