//! Floods, guesses and slow clients: each bounded by a named limit, and none of them at the cost of
//! those who are in.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use folge_protocol::codec::{Decode, Encode};
use folge_protocol::grant::Recipient;
use folge_protocol::ids::*;
use folge_protocol::limits::BODY_BYTES_MAX;
use folge_protocol::membership::*;
use folge_protocol::wire::*;
use folge_relay::limits::Limits;
use folge_relay::relay::{FoundingPolicy, Relay, Settings};
use folge_relay::storage::SqliteStorage;
use folge_relay::{Config, RunningRelay};
use futures_util::{SinkExt, StreamExt};
use support::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

const MINUTE: u64 = 60_000;

fn relay_with(name: &str, limits: Limits, founding: FoundingPolicy) -> Relay<SqliteStorage> {
    let storage = SqliteStorage::open_memory(name).unwrap();
    Relay::open(storage, seeds(77), Settings { limits, founding }).unwrap()
}

fn founded_with(name: &str, limits: Limits) -> (Relay<SqliteStorage>, World) {
    let mut relay = relay_with(name, limits, FoundingPolicy::Open);
    let mut world = World::new(relay.info(NOW).key);
    let found = world.found(NOW);
    relay.found(&found, NOW).unwrap();
    (relay, world)
}

fn sync_at(
    relay: &mut Relay<SqliteStorage>,
    world: &mut World,
    signer: u8,
    request: &SyncRequest,
    now: u64,
) -> Result<SyncReply, RelayError> {
    let bytes = world.signed(PATH_SYNC, request, &key(signer), now);
    let reply = relay.sync(&bytes, now)?;
    Ok(SyncReply::from_bytes(&reply).unwrap())
}

fn waits<T: std::fmt::Debug>(result: Result<T, RelayError>) -> u64 {
    match result {
        Err(RelayError::Busy { retry_after_ms }) => retry_after_ms,
        other => panic!("not told to wait: {other:?}"),
    }
}

#[test]
fn strangers_and_guessed_invitations_are_slowed_and_members_are_not() {
    let limits = Limits {
        workspace_strangers_per_minute: 6,
        ..Limits::default()
    };
    let (mut relay, mut world) = founded_with("strangers", limits);
    let mut asked = request();
    asked.entries = world.join(12, Role::Consultant);
    sync_at(&mut relay, &mut world, 10, &asked, NOW).unwrap();
    let put_out = world.by_admin(Body::DeviceRevoked { device: device(12) });
    asked.entries = vec![put_out];
    sync_at(&mut relay, &mut world, 10, &asked, NOW).unwrap();
    // Each guess is another key: a device's own rate would see none of them twice.
    for guess in 0..5 {
        let refused = sync_at(&mut relay, &mut world, 100 + guess, &request(), NOW);
        assert_eq!(refused.unwrap_err(), RelayError::Unauthorized);
    }
    // One that was put out is told so once, and is a stranger too.
    let told = sync_at(&mut relay, &mut world, 12, &request(), NOW).unwrap();
    assert_eq!(told.entries.len(), 4);
    assert!(told.grants.is_empty() && told.deliveries.is_empty());
    assert_eq!(
        waits(sync_at(&mut relay, &mut world, 12, &request(), NOW)),
        MINUTE / 6
    );
    assert_eq!(
        waits(sync_at(&mut relay, &mut world, 106, &request(), NOW)),
        MINUTE / 6
    );
    let hello = LiveHello {
        instance: relay.info(NOW).instance,
        cursor: 0,
        log_len: 0,
    };
    let bytes = world.signed(PATH_LIVE, &hello, &key(107), NOW);
    waits(relay.live(&bytes, NOW));
    sync_at(&mut relay, &mut world, 10, &request(), NOW).unwrap();
    let invited = key(90);
    let entry = world.by_admin(Body::Invited {
        person: ADMIN,
        keys: keys(90),
        expires_ms: NOW + MINUTE,
    });
    asked.entries = vec![entry];
    let reply = sync_at(&mut relay, &mut world, 10, &asked, NOW).unwrap();
    assert_eq!(reply.refusals, []);
    let bytes = world.signed(PATH_SYNC, &request(), &invited, NOW);
    relay
        .sync(&bytes, NOW)
        .expect("an invitation that is there passes");
    let later = NOW + MINUTE / 6;
    let refused = sync_at(&mut relay, &mut world, 108, &request(), later);
    assert_eq!(refused.unwrap_err(), RelayError::Unauthorized);
}

#[test]
fn requests_for_workspaces_that_are_not_here_are_slowed_together() {
    let limits = Limits {
        unknown_workspaces_per_minute: 3,
        ..Limits::default()
    };
    let (mut relay, mut world) = founded_with("unknown", limits);
    let own = world.workspace;
    for n in 0..3 {
        world.workspace = WorkspaceId([n; 16]);
        let refused = sync_at(&mut relay, &mut world, 10, &request(), NOW);
        assert_eq!(refused.unwrap_err(), RelayError::UnknownWorkspace);
    }
    world.workspace = WorkspaceId([9; 16]);
    assert_eq!(
        waits(sync_at(&mut relay, &mut world, 10, &request(), NOW)),
        MINUTE / 3
    );
    world.workspace = own;
    sync_at(&mut relay, &mut world, 10, &request(), NOW).unwrap();
}

#[test]
fn guessing_the_founding_token_is_slowed_and_the_right_one_waits_too() {
    let limits = Limits {
        founding_failures_per_hour: 3,
        ..Limits::default()
    };
    let token = FoundingPolicy::Token(b"open sesame".to_vec());
    let mut relay = relay_with("tokens", limits, token);
    let mut world = World::new(relay.info(NOW).key);
    for guess in [&b"a"[..], b"b", b"c"] {
        let bytes = world.found_with(guess, NOW);
        assert_eq!(relay.found(&bytes, NOW), Err(RelayError::FoundingClosed));
    }
    let bytes = world.found_with(b"open sesame", NOW);
    assert_eq!(waits(relay.found(&bytes, NOW)), 20 * MINUTE);
    // Too soon still; and the same bytes may come again, for they were not judged.
    waits(relay.found(&bytes, NOW + 1));
    let later = NOW + 20 * MINUTE;
    let bytes = world.found_with(b"open sesame", later);
    relay.found(&bytes, later).unwrap();
    // What is founded needs no token again, whatever others guess.
    let bytes = world.found_with(b"d", later);
    relay.found(&bytes, later).unwrap();
}

#[test]
fn a_device_sends_only_so_many_bytes_in_a_day() {
    let limits = Limits {
        device_bytes_per_day: BODY_BYTES_MAX as u64,
        ..Limits::default()
    };
    let (mut relay, mut world) = founded_with("bytes", limits);
    let mut asked = request();
    asked.entries = world.join(12, Role::Coordinator);
    sync_at(&mut relay, &mut world, 10, &asked, NOW).unwrap();
    asked.entries = Vec::new();
    let big = |world: &mut World| {
        (0..5)
            .map(|_| world.envelope_of(REGISTER, 10, 900_000))
            .collect()
    };
    asked.envelopes = big(&mut world);
    let reply = sync_at(&mut relay, &mut world, 10, &asked, NOW).unwrap();
    assert_eq!(reply.acks.len(), 5);
    asked.envelopes = big(&mut world);
    let bytes = world.signed(PATH_SYNC, &asked, &key(10), NOW);
    let wait = waits(relay.sync(&bytes, NOW));
    assert!((60 * MINUTE..24 * 60 * MINUTE).contains(&wait), "{wait}");
    sync_at(&mut relay, &mut world, 12, &request(), NOW).unwrap();
    sync_at(&mut relay, &mut world, 10, &request(), NOW).expect("small ones still pass");
    let later = NOW + wait + MINUTE;
    let reply = sync_at(&mut relay, &mut world, 10, &asked, later).unwrap();
    assert_eq!(reply.acks.len(), 5, "nothing was lost by waiting");
}

#[test]
fn a_log_grows_to_its_limit_and_still_shuts_people_out() {
    let limits = Limits {
        workspace_entries_max: 5,
        ..Limits::default()
    };
    let (mut relay, mut world) = founded_with("entries", limits);
    let mut asked = request();
    asked.entries = world.join(12, Role::Consultant);
    asked.entries.extend(world.join(13, Role::Consultant));
    let reply = sync_at(&mut relay, &mut world, 10, &asked, NOW).unwrap();
    assert_eq!(reply.refusals, []);
    let before = (world.log.clone(), world.casefile(40, &[OFFICE]));
    asked.entries.push(before.1);
    asked.entries.push(world.casefile(41, &[OFFICE]));
    asked.envelopes = vec![world.envelope(REGISTER, 10)];
    let reply = sync_at(&mut relay, &mut world, 10, &asked, NOW).unwrap();
    let refused = Refusal {
        what: Refused::Entry(4),
        code: RefusalCode::Quota,
    };
    assert_eq!(
        reply.refusals,
        [refused],
        "the entries before it were there already"
    );
    assert_eq!(reply.acks.len(), 1, "records are taken all the same");

    let head = Entry::from_bytes(before.0.last().unwrap()).unwrap().hash();
    let entry = Entry::sign(
        world.workspace,
        5,
        head,
        NOW,
        Author::Device(device(10)),
        Body::PersonRevoked { person: person(12) },
        &key(10),
    );
    let mut asked = request();
    asked.entries = vec![Blob(entry.to_bytes())];
    let reply = sync_at(&mut relay, &mut world, 10, &asked, NOW).unwrap();
    assert_eq!(reply.refusals, []);
    let gone = sync_at(&mut relay, &mut world, 12, &request(), NOW).unwrap();
    assert_eq!(gone.entries.len(), 6, "told, and nothing else");
    assert!(gone.grants.is_empty() && gone.deliveries.is_empty());
}

#[test]
fn grants_are_counted_by_workspace_and_across_restarts() {
    let limits = Limits {
        workspace_grants_max: 3,
        ..Limits::default()
    };
    let (mut relay, mut world) = founded_with("grants", limits);
    // The store outlives the relay.
    let keep = SqliteStorage::open_memory("grants").unwrap();
    let mut asked = request();
    let grant = |world: &World, epoch| world.grant(Recipient::Group(OFFICE, epoch), 10);
    asked.grants = vec![grant(&world, 0), world.grant(Recipient::Recovery, 10)];
    let reply = sync_at(&mut relay, &mut world, 10, &asked, NOW).unwrap();
    assert_eq!(reply.refusals, []);
    drop(relay);
    let settings = Settings {
        limits,
        founding: FoundingPolicy::Open,
    };
    let mut relay = Relay::open(keep, seeds(77), settings).unwrap();
    let to = |byte| Recipient::Group(device(byte).into(), 0);
    asked.grants = vec![world.grant(to(10), 10), world.grant(to(10), 10)];
    asked.grants[1] = {
        // Another grant to the same recipient.
        let mut other = folge_protocol::grant::Grant::from_bytes(&asked.grants[1].0).unwrap();
        other = folge_protocol::grant::Grant::sign(
            world.workspace,
            other.recipient,
            device(10),
            [9; 32],
            vec![9; 48],
            &key(10),
        );
        Blob(other.to_bytes())
    };
    let reply = sync_at(&mut relay, &mut world, 10, &asked, NOW).unwrap();
    let refused = Refusal {
        what: Refused::Grant(1),
        code: RefusalCode::Quota,
    };
    assert_eq!(reply.refusals, [refused]);
    let reply = sync_at(&mut relay, &mut world, 10, &asked, NOW).unwrap();
    assert_eq!(reply.refusals.len(), 2, "and it stays so");
}

// --- over the network ---

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(since.as_millis()).unwrap()
}

async fn post(addr: SocketAddr, path: &str, body: &[u8]) -> (u16, Vec<u8>) {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: relay\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let end = answer
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap();
    let status = std::str::from_utf8(&answer[9..12])
        .unwrap()
        .parse()
        .unwrap();
    (status, answer[end + 4..].to_vec())
}

async fn serving(dir: &tempfile::TempDir, limits: Limits) -> (RunningRelay, World) {
    let mut config = Config::in_directory(dir.path());
    config.limits = limits;
    let relay = folge_relay::serve(config).await.unwrap();
    let mut world = World::new(*relay.identity().public());
    let found = world.found(now());
    assert_eq!(post(relay.addr(), PATH_FOUND, &found).await.0, 200);
    (relay, world)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_fails_too_often_waits_and_members_behind_it_do_not() {
    let dir = tempfile::tempdir().unwrap();
    let limits = Limits {
        address_failures_per_minute: 4,
        address_founding_failures_per_hour: 2,
        ..Limits::default()
    };
    let (relay, mut world) = serving(&dir, limits).await;
    let addr = relay.addr();
    let stranger = |world: &mut World, byte| world.signed(PATH_SYNC, &request(), &key(byte), now());
    // Of every kind: nonsense, a stranger, a forged signature, a workspace that is not here.
    assert_eq!(post(addr, PATH_SYNC, b"nonsense").await.0, 400);
    let bytes = stranger(&mut world, 66);
    assert_eq!(post(addr, PATH_SYNC, &bytes).await.0, 401);
    let mut forged = Signed::from_bytes(&stranger(&mut world, 10)).unwrap();
    forged.time_ms += 1;
    let bytes = forged.to_bytes();
    assert_eq!(post(addr, PATH_SYNC, &bytes).await.0, 401);
    let own = std::mem::replace(&mut world.workspace, WorkspaceId([9; 16]));
    let bytes = stranger(&mut world, 10);
    assert_eq!(post(addr, PATH_SYNC, &bytes).await.0, 404);
    world.workspace = own;

    let bytes = stranger(&mut world, 67);
    let (status, error) = post(addr, PATH_SYNC, &bytes).await;
    assert_eq!(status, 429);
    let wait = waits::<()>(Err(RelayError::from_bytes(&error).unwrap()));
    assert!((1..=MINUTE / 4).contains(&wait), "{wait}");
    let bytes = stranger(&mut world, 10);
    assert_eq!(
        post(addr, PATH_SYNC, &bytes).await.0,
        200,
        "a member passes"
    );

    // Founding is counted by itself.
    for _ in 0..2 {
        assert_eq!(post(addr, PATH_FOUND, b"nonsense").await.0, 400);
    }
    let again = world.found(now());
    assert_eq!(post(addr, PATH_FOUND, &again).await.0, 429);
    relay.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_is_sent_only_so_many_bytes_in_a_day() {
    let dir = tempfile::tempdir().unwrap();
    let limits = Limits {
        device_bytes_per_day: BODY_BYTES_MAX as u64,
        ..Limits::default()
    };
    let (relay, mut world) = serving(&dir, limits).await;
    let addr = relay.addr();
    let mut asked = request();
    asked.entries = world.join(12, Role::Coordinator);
    asked.envelopes = (0..2)
        .map(|_| world.envelope_of(REGISTER, 10, 1_000_000))
        .collect();
    let bytes = world.signed(PATH_SYNC, &asked, &key(10), now());
    assert_eq!(post(addr, PATH_SYNC, &bytes).await.0, 200);
    // The same two megabytes again and again, for requests of a few bytes.
    let mut statuses = Vec::new();
    for _ in 0..6 {
        let bytes = world.signed(PATH_SYNC, &request(), &key(12), now());
        statuses.push(post(addr, PATH_SYNC, &bytes).await.0);
    }
    assert_eq!(statuses, [200, 200, 200, 200, 200, 429]);
    let bytes = world.signed(PATH_SYNC, &request(), &key(10), now());
    assert_eq!(post(addr, PATH_SYNC, &bytes).await.0, 200);
    relay.shutdown().await;
}

/// How long a connection stays open that says this and no more.
async fn held(addr: SocketAddr, says: &[u8]) -> Duration {
    let started = Instant::now();
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all(says).await.unwrap();
    let mut rest = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut rest));
    read.await.expect("the connection is never closed").ok();
    started.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_headers_and_idle_connections_are_closed_and_live_ones_are_not() {
    let dir = tempfile::tempdir().unwrap();
    let limits = Limits {
        header_milliseconds_max: 300,
        ..Limits::default()
    };
    let (relay, mut world) = serving(&dir, limits).await;
    let addr = relay.addr();
    let hello = LiveHello {
        instance: relay.identity().info(0).instance,
        cursor: 0,
        log_len: 0,
    };
    let url = format!("ws://{addr}{PATH_LIVE}");
    let mut live = tokio_tungstenite::connect_async(url).await.unwrap().0;
    let bytes = world.signed(PATH_LIVE, &hello, &key(10), now());
    live.send(Message::Binary(bytes.into())).await.unwrap();
    assert!(live.next().await.unwrap().unwrap().is_binary());

    for says in [
        &b""[..],
        b"POST /v1/sync HTTP/1.1\r\nhost: relay\r\nx-slow:",
        b"GET /healthz HTTP/1.1\r\nhost: relay\r\n\r\n",
    ] {
        let time = held(addr, says).await;
        let expected = Duration::from_millis(250)..Duration::from_secs(10);
        assert!(expected.contains(&time), "{time:?}");
    }
    // A byte now and then is no request either.
    let mut stream = TcpStream::connect(addr).await.unwrap();
    let mut closed = false;
    for byte in b"POST /v1/sync HTTP/1.1\r\nhost: relay\r\n"
        .iter()
        .cycle()
        .take(100)
    {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let mut buffer = [0; 1];
        let read = stream.try_read(&mut buffer);
        closed = matches!(read, Ok(0)) || stream.write_all(&[*byte]).await.is_err();
        if closed {
            break;
        }
    }
    assert!(closed, "a slow client keeps its connection");
    let mut asked = request();
    asked.entries = world.join(12, Role::Coordinator);
    let bytes = world.signed(PATH_SYNC, &asked, &key(10), now());
    assert_eq!(post(addr, PATH_SYNC, &bytes).await.0, 200);
    assert!(
        live.next().await.unwrap().unwrap().is_binary(),
        "live is still pushed"
    );
    relay.shutdown().await;
}

#[test]
fn every_limit_can_be_set_by_name_and_has_bounds() {
    let help = std::process::Command::new(env!("CARGO_BIN_EXE_folge-relay"))
        .args(["serve", "--help"])
        .output()
        .unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let names: Vec<&str> = help
        .split(|c: char| !(c.is_ascii_lowercase() || c == '_'))
        .filter(|word| word.ends_with("_max") || word.contains("_per_"))
        .collect();
    assert!(names.len() >= 20, "{names:?}");
    for name in names {
        let mut limits = Limits::default();
        limits.set(name, 4_000_000_000).unwrap();
        assert_ne!(limits, Limits::default(), "{name}");
        limits.set(name, 0).unwrap();
        assert!(limits.validate().is_err(), "{name} may be 0");
    }
    assert_eq!(Limits::default().validate(), Ok(()));
}
