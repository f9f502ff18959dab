//! Benchmark 3: load on the real relay, from a generator that speaks the wire itself: keys,
//! entries and envelopes made by hand, so that the generator costs as little as it can. It shares
//! the machine with the relay all the same.

use std::collections::HashMap;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use folge_protocol::codec::{Decode, Encode};
use folge_protocol::crypto::{SecretKey, workspace_id};
use folge_protocol::envelope::{Envelope, EnvelopeKind, Header, envelope_hash};
use folge_protocol::ids::{DocumentId, GroupId, Hash, PersonId, WorkspaceId};
use folge_protocol::membership::{
    Author, Body, DeviceKeys, DocumentEntry, DocumentKind, Entry, Founding, Role,
};
use folge_protocol::wire::{
    Blob, EntryBlob, EnvelopeBlob, FoundRequest, LiveHello, PATH_FOUND, PATH_LIVE, PATH_RELAY,
    PATH_SYNC, RelayInfo, Signed, SyncReply, SyncRequest,
};
use folge_tests::relay::RelayProcess;
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

use crate::machine::{cpu, resident_kib};
use crate::report::{Report, Target, millis, percentile};
use crate::{Anything, Bench};

/// What can cross from one task to another.
type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

const REGISTER: DocumentId = DocumentId([200; 16]);
const OFFICE: GroupId = GroupId([201; 16]);
/// The administrator's device; consultants' devices go by the bytes from [`FIRST`] on.
const ADMIN: u8 = 10;
const FIRST: u8 = 20;
const CLIENTS: u8 = 32;
/// A sealed visit's size.
const CIPHERTEXT_BYTES: usize = 250;

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    })
}

fn key(byte: u8) -> SecretKey {
    SecretKey::from_seed(&[byte; 32])
}

fn keys(byte: u8) -> DeviceKeys {
    DeviceKeys {
        sign: *key(byte).public().as_bytes(),
        kem: [byte; 32],
    }
}

fn case_of(byte: u8) -> DocumentId {
    DocumentId([byte + 100; 16])
}

/// What a document's key is committed to in the log, and by every envelope under it.
fn commitment_of(document: DocumentId) -> Hash {
    let mut commitment = [6; 32];
    commitment[..16].copy_from_slice(&document.0);
    Hash(commitment)
}

/// A workspace in which each of many consultants has a casefile.
struct World {
    workspace: WorkspaceId,
    relay_key: [u8; 32],
    log: Vec<Vec<u8>>,
    head: Hash,
    nonce: u64,
    sequences: HashMap<(DocumentId, u8), (u64, Hash)>,
}

impl World {
    fn new(relay_key: [u8; 32]) -> Self {
        let root = key(1);
        let founding = Founding {
            root: *root.public().as_bytes(),
            recovery: [3; 32],
            office: OFFICE,
            office_key: [4; 32],
            person: PersonId([202; 16]),
            person_key: [5; 32],
            device: keys(ADMIN),
            register: DocumentEntry {
                document: REGISTER,
                kind: DocumentKind::Register,
                commitment: commitment_of(REGISTER),
                readers: vec![OFFICE],
            },
        };
        let mut world = Self {
            workspace: workspace_id(root.public().as_bytes()),
            relay_key,
            log: Vec::new(),
            head: Hash::ZERO,
            nonce: 0,
            sequences: HashMap::new(),
        };
        world.entry(Author::Root, Body::Founded(Box::new(founding)), &root);
        world
    }

    fn entry(&mut self, author: Author, body: Body, signer: &SecretKey) -> EntryBlob {
        let index = self.log.len() as u64;
        let workspace = self.workspace;
        let entry = Entry::sign(workspace, index, self.head, now_ms(), author, body, signer);
        self.head = entry.hash();
        self.log.push(entry.to_bytes());
        Blob(entry.to_bytes())
    }

    fn by_admin(&mut self, body: Body) -> EntryBlob {
        self.entry(Author::Device(keys(ADMIN).id()), body, &key(ADMIN))
    }

    fn consultant(&mut self, byte: u8) -> Vec<EntryBlob> {
        let person = PersonId([byte; 16]);
        let document = DocumentEntry {
            document: case_of(byte),
            kind: DocumentKind::Casefile,
            commitment: commitment_of(case_of(byte)),
            readers: vec![OFFICE, GroupId([byte; 16])],
        };
        let bodies = [
            Body::PersonAdded {
                person,
                role: Role::Consultant,
                key: [byte; 32],
            },
            Body::DeviceAdded {
                person,
                keys: keys(byte),
            },
            Body::DocumentsAdded {
                documents: vec![document],
            },
        ];
        bodies.map(|body| self.by_admin(body)).into()
    }

    fn signed(&mut self, path: &str, payload: Vec<u8>, signer: &SecretKey) -> Vec<u8> {
        self.nonce += 1;
        signed(
            self.relay_key,
            self.workspace,
            path,
            self.nonce,
            payload,
            signer,
        )
    }

    fn envelope(&mut self, document: DocumentId, author: u8) -> EnvelopeBlob {
        let start = (0, Hash::ZERO);
        let last = self.sequences.entry((document, author)).or_insert(start);
        let header = Header {
            workspace: self.workspace,
            document,
            kind: EnvelopeKind::Change,
            device: keys(author).id(),
            sequence: last.0 + 1,
            previous: last.1,
            generation: 0,
            commitment: commitment_of(document),
            seen_number: 0,
            seen_head: Hash::ZERO,
        };
        let ciphertext = vec![author; CIPHERTEXT_BYTES];
        let bytes = Envelope::sign(header, [7; 24], ciphertext, &key(author)).to_bytes();
        *last = (last.0 + 1, envelope_hash(&bytes));
        Blob(bytes)
    }
}

fn signed(
    relay: [u8; 32],
    workspace: WorkspaceId,
    path: &str,
    number: u64,
    payload: Vec<u8>,
    signer: &SecretKey,
) -> Vec<u8> {
    let mut nonce = [0; 16];
    nonce[..8].copy_from_slice(&number.to_be_bytes());
    Signed::sign(&relay, path, workspace, now_ms(), nonce, payload, signer).to_bytes()
}

fn request(log_len: u64, cursor: u64, envelopes: Vec<EnvelopeBlob>) -> SyncRequest {
    SyncRequest {
        instance: None,
        cursor,
        log_len,
        entries: Vec::new(),
        grants: Vec::new(),
        envelopes,
        marks: Vec::new(),
        fetch: Vec::new(),
        returning: false,
    }
}

async fn connect(addr: &str) -> Outcome<TcpStream> {
    let stream = TcpStream::connect(addr).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// One request on a connection that stays open.
async fn ask(stream: &mut TcpStream, head: &str, body: &[u8]) -> Outcome<Vec<u8>> {
    let length = body.len();
    let head = format!("{head} HTTP/1.1\r\nhost: relay\r\ncontent-length: {length}\r\n\r\n");
    stream.write_all(&[head.as_bytes(), body].concat()).await?;
    let mut answer = Vec::new();
    loop {
        if stream.read_buf(&mut answer).await? == 0 {
            return Err("the relay hung up".into());
        }
        let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8_lossy(&answer[..end]).to_lowercase();
        let length: usize = head
            .split("content-length: ")
            .nth(1)
            .and_then(|rest| rest.split("\r\n").next()?.parse().ok())
            .ok_or("no length")?;
        if answer.len() >= end + 4 + length {
            if !head.starts_with("http/1.1 200") {
                return Err(format!("the relay answered {head}").into());
            }
            return Ok(answer.split_off(end + 4));
        }
    }
}

async fn post(stream: &mut TcpStream, path: &str, body: &[u8]) -> Outcome<Vec<u8>> {
    ask(stream, &format!("POST {path}"), body).await
}

async fn info(addr: &str) -> Outcome<RelayInfo> {
    let answer = ask(&mut connect(addr).await?, &format!("GET {PATH_RELAY}"), b"").await?;
    Ok(RelayInfo::from_bytes(&answer)?)
}

/// The world, founded on the relay, and its log's length.
async fn found(addr: &str) -> Outcome<(World, u64)> {
    let mut world = World::new(info(addr).await?.key);
    let mut stream = connect(addr).await?;
    let founding = FoundRequest {
        token: Vec::new(),
        entry: Blob(world.log[0].clone()),
    };
    let body = world.signed(PATH_FOUND, founding.to_bytes(), &key(1));
    post(&mut stream, PATH_FOUND, &body).await?;
    let mut asked = request(0, 0, Vec::new());
    for byte in FIRST..FIRST + CLIENTS {
        asked.entries.extend(world.consultant(byte));
    }
    let body = world.signed(PATH_SYNC, asked.to_bytes(), &key(ADMIN));
    let reply = SyncReply::from_bytes(&post(&mut stream, PATH_SYNC, &body).await?)?;
    if !reply.refusals.is_empty() {
        return Err(format!("refused: {:?}", reply.refusals).into());
    }
    Ok((world, reply.log_len))
}

struct Sustained {
    per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
    cpu_us: f64,
}

async fn sustained(relay: &RelayProcess, per_request: usize, rounds: usize) -> Outcome<Sustained> {
    let addr = relay.url.trim_start_matches("http://").to_owned();
    let (mut world, log_len) = found(&addr).await?;
    // Envelopes are sealed beforehand: the generator's cryptography shall not be measured.
    let mut work = Vec::new();
    for byte in FIRST..FIRST + CLIENTS {
        let mut batches: Vec<Vec<EnvelopeBlob>> = Vec::with_capacity(rounds);
        for _ in 0..rounds {
            let batch = (0..per_request).map(|_| world.envelope(case_of(byte), byte));
            batches.push(batch.collect());
        }
        work.push((byte, batches));
    }
    let pid = relay.pid();
    let cpu_before = cpu(pid).map_err(|error| error.to_string())?;
    let begun = Instant::now();
    let (relay_key, workspace) = (world.relay_key, world.workspace);
    let mut tasks = Vec::new();
    for (byte, batches) in work {
        let addr = addr.clone();
        tasks.push(tokio::spawn(async move {
            let mut stream = connect(&addr).await?;
            let (mut took, mut cursor) = (Vec::new(), 0);
            for (number, envelopes) in (0..).zip(batches) {
                let payload = request(log_len, cursor, envelopes).to_bytes();
                let key = key(byte);
                let body = signed(relay_key, workspace, PATH_SYNC, number, payload, &key);
                let sent = Instant::now();
                let reply = post(&mut stream, PATH_SYNC, &body).await?;
                took.push(millis(sent.elapsed()));
                let reply = SyncReply::from_bytes(&reply)?;
                if reply.acks.len() != per_request {
                    return Err("not everything was taken".into());
                }
                cursor = reply.position;
            }
            Outcome::Ok(took)
        }));
    }
    let mut took = Vec::new();
    for task in tasks {
        took.extend(task.await??);
    }
    let elapsed = begun.elapsed();
    let spent = cpu(pid).map_err(|error| error.to_string())? - cpu_before;
    let count = (took.len() * per_request) as f64;
    Ok(Sustained {
        per_second: count / elapsed.as_secs_f64(),
        p50_ms: percentile(&took, 50),
        p99_ms: percentile(&took, 99),
        cpu_us: spent.as_secs_f64() * 1e6 / count,
    })
}

struct FanOut {
    kib_each: f64,
    /// After the acknowledgement, to everybody and to one casefile's readers.
    all_ms: Vec<f64>,
    few_ms: Vec<f64>,
    /// The same to one casefile's readers, from when the request was sent.
    few_whole_ms: Vec<f64>,
}

async fn fan_out(relay: &RelayProcess, connections: usize, rounds: u64) -> Outcome<FanOut> {
    let addr = relay.url.trim_start_matches("http://").to_owned();
    let (mut world, log_len) = found(&addr).await?;
    let instance = info(&addr).await?.instance;
    let resident = || resident_kib(relay.pid()).map_err(|error| error.to_string());
    let empty = resident()?;
    let persons = usize::from(CLIENTS);
    let mut sockets = Vec::with_capacity(connections);
    for place in 0..connections {
        let byte = FIRST + u8::try_from(place % persons)?;
        let hello = LiveHello {
            instance,
            cursor: 0,
            log_len,
        };
        let hello = world.signed(PATH_LIVE, hello.to_bytes(), &key(byte));
        let url = format!("ws://{addr}{PATH_LIVE}");
        let mut socket = tokio_tungstenite::connect_async(url).await?.0;
        socket.send(Message::Binary(hello.into())).await?;
        socket.next().await.ok_or("the relay hung up")??;
        sockets.push(socket);
    }
    let kib_each = resident()?.saturating_sub(empty) as f64 / connections as f64;
    let (sender, mut arrivals) = tokio::sync::mpsc::unbounded_channel();
    for mut socket in sockets {
        let sender = sender.clone();
        tokio::spawn(async move {
            while let Some(Ok(Message::Binary(_))) = socket.next().await {
                let _ = sender.send(Instant::now());
            }
        });
    }
    let mut stream = connect(&addr).await?;
    let mut found = FanOut {
        kib_each,
        all_ms: Vec::new(),
        few_ms: Vec::new(),
        few_whole_ms: Vec::new(),
    };
    for round in 0..rounds {
        // The register reaches every connection; a casefile one person's.
        let wide = round % 4 == 0;
        let (document, expected) = if wide {
            (REGISTER, connections)
        } else {
            (case_of(FIRST), connections.div_ceil(persons))
        };
        let envelopes = vec![world.envelope(document, ADMIN)];
        let payload = request(log_len, round, envelopes).to_bytes();
        let body = world.signed(PATH_SYNC, payload, &key(ADMIN));
        let sent = Instant::now();
        post(&mut stream, PATH_SYNC, &body).await?;
        let acknowledged = Instant::now();
        for _ in 0..expected {
            let wait = tokio::time::timeout(Duration::from_secs(10), arrivals.recv());
            let arrived = wait.await?.ok_or("nobody listens")?;
            let after = millis(arrived.saturating_duration_since(acknowledged));
            if wide {
                found.all_ms.push(after);
            } else {
                found.few_ms.push(after);
                found
                    .few_whole_ms
                    .push(millis(arrived.saturating_duration_since(sent)));
            }
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(found)
}

pub(crate) fn run(bench: &Bench, report: &mut Report) -> Anything<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let start = |name: &str| {
        let dir = bench.disk.join(format!("relay-{name}"));
        let limits = ["device_live_connections_max=2000"];
        RelayProcess::start_with_limits(&dir, "127.0.0.1:0", &limits)
    };
    let aim = |target: Target| (!bench.quick).then_some(target);
    for (per_request, rounds) in
        bench.pick([(1, 200), (10, 100), (40, 60)], [(1, 2), (10, 2), (40, 2)])
    {
        let relay = start(&per_request.to_string())?;
        let found = runtime.block_on(sustained(&relay, per_request, rounds));
        let found = found.map_err(|error| error.to_string())?;
        let what = format!("{CLIENTS} clients, {per_request} envelopes a request");
        let target = aim(Target::AtLeast(20_000.0)).filter(|_| per_request == 40);
        let name = format!("{what}: durable");
        report.aimed("relay", name, found.per_second, "/s", target);
        report.plain(
            "relay",
            format!("{what}: acknowledged, p50"),
            found.p50_ms,
            "ms",
        );
        report.plain(
            "relay",
            format!("{what}: acknowledged, p99"),
            found.p99_ms,
            "ms",
        );
        report.plain(
            "relay",
            format!("{what}: CPU an envelope"),
            found.cpu_us,
            "us",
        );
    }
    let connections = bench.pick(1500, 40);
    let relay = start("live")?;
    let found = runtime.block_on(fan_out(&relay, connections, bench.pick(60, 4)));
    let found = found.map_err(|error| error.to_string())?;
    let what = format!("{connections} live connections");
    report.plain(
        "relay",
        format!("{what}: memory each"),
        found.kib_each,
        "KiB",
    );
    let target = aim(Target::AtMost(5.0));
    let mut times = |name: &str, times: &[f64], target| {
        let name = format!("{what}: {name}");
        report.plain("relay", format!("{name}, p50"), percentile(times, 50), "ms");
        report.aimed(
            "relay",
            format!("{name}, p99"),
            percentile(times, 99),
            "ms",
            target,
        );
    };
    times("pushed to a casefile's readers", &found.few_ms, target);
    times(
        "recorded to pushed, sync and fsync included",
        &found.few_whole_ms,
        None,
    );
    times("pushed to all", &found.all_ms, target);
    Ok(())
}
