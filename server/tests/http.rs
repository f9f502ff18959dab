//! The real server over the network, and the program with its commands.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use folge_protocol::codec::{Decode, Encode};
use folge_protocol::ids::*;
use folge_protocol::membership::*;
use folge_protocol::wire::*;
use folge_relay::{Config, RunningRelay, ServeError, admin};
use futures_util::{SinkExt, StreamExt};
use proptest::prelude::*;
use support::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(since.as_millis()).unwrap()
}

async fn call(addr: SocketAddr, method: &str, path: &str, body: &[u8]) -> (u16, Vec<u8>) {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: relay\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // A relay that refuses by the stated length may close before it has all.
    let _ = stream.write_all(body).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
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

async fn started(dir: &tempfile::TempDir) -> (RunningRelay, World) {
    let relay = folge_relay::serve(Config::in_directory(dir.path()))
        .await
        .unwrap();
    let mut world = World::new(*relay.identity().public());
    let found = world.found(now());
    let (status, _) = call(relay.addr(), "POST", PATH_FOUND, &found).await;
    assert_eq!(status, 200);
    (relay, world)
}

async fn sync_http(
    addr: SocketAddr,
    world: &mut World,
    signer: u8,
    request: &SyncRequest,
) -> SyncReply {
    let body = world.signed(PATH_SYNC, request, &key(signer), now());
    let (status, reply) = call(addr, "POST", PATH_SYNC, &body).await;
    assert_eq!(status, 200);
    SyncReply::from_bytes(&reply).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_round_trip_with_errors_metrics_and_restart() {
    let dir = tempfile::tempdir().unwrap();
    let (relay, mut world) = started(&dir).await;
    let addr = relay.addr();
    let (status, info) = call(addr, "GET", PATH_RELAY, b"").await;
    let info = RelayInfo::from_bytes(&info).unwrap();
    assert_eq!((status, info.key), (200, *relay.identity().public()));

    let mut asked = request();
    asked.envelopes = vec![world.envelope(REGISTER, 10)];
    let reply = sync_http(addr, &mut world, 10, &asked).await;
    assert_eq!(reply.acks.len(), 1);

    for (body, expected) in [
        (b"nonsense".to_vec(), RelayError::Malformed),
        (vec![0; 9 * 1024 * 1024], RelayError::TooLarge),
        (
            world.signed(PATH_SYNC, &request(), &key(66), now()),
            RelayError::Unauthorized,
        ),
    ] {
        let (status, error) = call(addr, "POST", PATH_SYNC, &body).await;
        assert_eq!(status, expected.status());
        assert_eq!(RelayError::from_bytes(&error), Ok(expected));
    }
    let skewed = world.signed(PATH_SYNC, &request(), &key(10), 5);
    let (status, error) = call(addr, "POST", PATH_SYNC, &skewed).await;
    assert_eq!(status, 401);
    assert!(matches!(
        RelayError::from_bytes(&error),
        Ok(RelayError::ClockSkew { .. })
    ));

    assert_eq!(call(addr, "GET", "/healthz", b"").await.0, 200);
    assert_eq!(call(addr, "GET", "/readyz", b"").await.0, 200);
    let (_, text) = call(addr, "GET", "/metrics", b"").await;
    let text = String::from_utf8(text).unwrap();
    assert!(
        text.contains("folge_relay_envelopes_accepted_total 1\n"),
        "{text}"
    );
    assert!(text.contains("folge_relay_requests_total{path=\"/v1/sync\",status=\"413\"} 1\n"));

    let second = folge_relay::serve(Config::in_directory(dir.path())).await;
    assert!(matches!(second, Err(ServeError::InUse { .. })));
    relay.shutdown().await;

    let relay = folge_relay::serve(Config::in_directory(dir.path()))
        .await
        .unwrap();
    let again = sync_http(relay.addr(), &mut world, 10, &asked).await;
    assert_eq!(again.acks, reply.acks);
    assert_eq!(again.receipt.instance, reply.receipt.instance);
    relay.shutdown().await;
}

async fn connect(
    addr: SocketAddr,
) -> tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<TcpStream>> {
    let url = format!("ws://{addr}{PATH_LIVE}");
    tokio_tungstenite::connect_async(url).await.unwrap().0
}

#[tokio::test(flavor = "multi_thread")]
async fn live_connections_catch_up_are_pushed_and_end_with_the_membership() {
    let dir = tempfile::tempdir().unwrap();
    let (relay, mut world) = started(&dir).await;
    let addr = relay.addr();
    let mut asked = request();
    asked.entries = world.join(12, Role::Coordinator);
    asked.envelopes = vec![world.envelope(REGISTER, 10)];
    let reply = sync_http(addr, &mut world, 10, &asked).await;

    let hello = LiveHello {
        instance: reply.receipt.instance,
        cursor: 0,
        log_len: 3,
    };
    let mut socket = connect(addr).await;
    let bytes = world.signed(PATH_LIVE, &hello, &key(12), now());
    socket.send(Message::Binary(bytes.into())).await.unwrap();
    let frame = |message: Message| SyncReply::from_bytes(&message.into_data()).unwrap();
    let first = frame(socket.next().await.unwrap().unwrap());
    assert_eq!((first.deliveries.len(), first.position), (1, 1));

    let mut asked = request();
    asked.envelopes = vec![world.envelope(REGISTER, 10)];
    sync_http(addr, &mut world, 10, &asked).await;
    let pushed = frame(socket.next().await.unwrap().unwrap());
    assert_eq!((pushed.deliveries.len(), pushed.position), (1, 2));

    let mut asked = request();
    asked.entries = vec![world.by_admin(Body::DeviceRevoked { device: device(12) })];
    sync_http(addr, &mut world, 10, &asked).await;
    let last = frame(socket.next().await.unwrap().unwrap());
    assert_eq!(last.entries.len(), 1);
    assert!(matches!(
        socket.next().await.unwrap().unwrap(),
        Message::Close(_)
    ));

    let mut socket = connect(addr).await;
    let bytes = world.signed(PATH_LIVE, &hello, &key(12), now());
    socket.send(Message::Binary(bytes.into())).await.unwrap();
    let Message::Close(Some(close)) = socket.next().await.unwrap().unwrap() else {
        panic!("a revoked device is let in");
    };
    assert_eq!(u16::from(close.code), 4401);
    relay.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn founding_on_a_public_address_needs_the_token() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = Config::in_directory(dir.path());
    config.founding_token = Some(b"open sesame".to_vec());
    let relay = folge_relay::serve(config).await.unwrap();
    let mut world = World::new(*relay.identity().public());
    let without = world.found(now());
    assert_eq!(
        call(relay.addr(), "POST", PATH_FOUND, &without).await.0,
        403
    );
    let with = world.found_with(b"open sesame", now());
    assert_eq!(call(relay.addr(), "POST", PATH_FOUND, &with).await.0, 200);
    relay.shutdown().await;
    let mut config = Config::in_directory(dir.path());
    config.listen = "0.0.0.0:0".parse().unwrap();
    assert_eq!(format!("{:?}", config.founding_policy()), "Closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_taken_while_writing_is_sound_and_restores_as_a_new_life() {
    let dir = tempfile::tempdir().unwrap();
    let (relay, mut world) = started(&dir).await;
    let addr = relay.addr();
    let copy = dir.path().join("copy.db");
    let (data, to) = (dir.path().to_owned(), copy.clone());
    let mut backup = None;
    for round in 0..60 {
        let mut asked = request();
        asked.envelopes = (0..20).map(|_| world.envelope(REGISTER, 10)).collect();
        sync_http(addr, &mut world, 10, &asked).await;
        if round == 20 {
            let (data, to) = (data.clone(), to.clone());
            backup = Some(tokio::task::spawn_blocking(move || {
                admin::backup(&data, &to, false)
            }));
        }
    }
    backup.unwrap().await.unwrap().unwrap();
    let whole = admin::check(&data).unwrap();
    assert_eq!(whole.envelopes, 1200);
    let old = relay.identity().public().to_owned();
    let before = sync_http(addr, &mut world, 10, &request()).await;
    relay.shutdown().await;

    assert!(matches!(
        admin::restore(&data, &copy, false),
        Err(ServeError::Exists { .. })
    ));
    admin::restore(&data, &copy, true).unwrap();
    let part = admin::check(&data).unwrap();
    assert!(part.envelopes >= 400 && part.envelopes <= 1200, "{part:?}");
    let relay = folge_relay::serve(Config::in_directory(&data))
        .await
        .unwrap();
    assert_eq!(*relay.identity().public(), old, "clients pin the key");
    let mut asked = request();
    asked.instance = Some(before.receipt.instance);
    asked.cursor = before.position;
    let reply = sync_http(relay.addr(), &mut world, 10, &asked).await;
    assert_ne!(reply.receipt.instance, before.receipt.instance);
    assert_eq!(reply.deliveries.len() as u64, part.envelopes);
    relay.shutdown().await;
}

#[test]
fn a_broken_stream_is_found_by_check() {
    let dir = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let (relay, mut world) = started(&dir).await;
        let mut asked = request();
        asked.envelopes = (0..3).map(|_| world.envelope(REGISTER, 10)).collect();
        sync_http(relay.addr(), &mut world, 10, &asked).await;
        relay.shutdown().await;
    });
    admin::check(dir.path()).unwrap();
    let connection = rusqlite::Connection::open(dir.path().join("relay.db")).unwrap();
    connection
        .execute(
            "UPDATE envelopes SET accepted_ms = accepted_ms + 1 WHERE number = 2",
            [],
        )
        .unwrap();
    drop(connection);
    let error = admin::check(dir.path()).unwrap_err().to_string();
    assert!(error.contains("chain breaks"), "{error}");
    let status = Command::new(env!("CARGO_BIN_EXE_folge-relay"))
        .args(["check", "--data"])
        .arg(dir.path())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(1));
}

#[test]
fn the_program_says_where_it_listens_and_stops_when_told() {
    let dir = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_folge-relay"))
        .args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--limit",
            "workspaces_max=3",
            "--data",
        ])
        .arg(dir.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let addr: SocketAddr = line
        .trim()
        .strip_prefix("folge-relay listening on http://")
        .unwrap()
        .parse()
        .unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    assert_eq!(runtime.block_on(call(addr, "GET", "/healthz", b"")).0, 200);
    let told = Command::new("kill")
        .arg(child.id().to_string())
        .status()
        .unwrap();
    assert!(told.success());
    assert!(child.wait().unwrap().success());
}

#[test]
fn wrong_settings_are_said_clearly() {
    for (arguments, said) in [
        (vec!["serve", "--limit", "nonsense=1"], "no such limit"),
        (
            vec!["serve", "--limit", "workspaces_max=0"],
            "workspaces_max must be between",
        ),
        (
            vec!["serve", "--tls-cert", "x.pem"],
            "both --tls-cert and --tls-key",
        ),
        (vec!["serve", "--data", "/proc/none"], "--data"),
        (vec!["serve", "--config", "/nowhere.toml"], "/nowhere.toml"),
        (vec!["check", "--data", "/nowhere"], "no relay database"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_folge-relay"))
            .args(&arguments)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(text.contains(said), "{arguments:?}: {text}");
    }
}

/// A request with everything in it, to be mutated.
fn full(world: &mut World) -> SyncRequest {
    let head = Hash([1; 32]);
    SyncRequest {
        instance: Some(InstanceId([5; 16])),
        cursor: 9,
        entries: world.join(12, Role::Coordinator),
        grants: vec![world.grant(
            folge_protocol::grant::Recipient::Group(device(12).into(), 0),
            10,
        )],
        envelopes: vec![world.envelope(REGISTER, 10)],
        marks: vec![Mark::sign(REGISTER, 1, head, &key(10))],
        fetch: vec![StreamFrom {
            document: REGISTER,
            from: 0,
        }],
        returning: false,
        log_len: 0,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_bytes_make_the_relay_panic_or_fail(
        garbage in prop::collection::vec(any::<u8>(), 0..400),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
        sign_after in any::<bool>(),
    ) {
        let name = format!("fuzz{:?}", std::thread::current().id());
        let (mut relay, mut world) = founded(&name);
        let mut tried = vec![garbage];
        let mut payload = full(&mut world).to_bytes();
        if sign_after {
            // Mutated inside a valid signature: reaches what lies behind the door.
            for (at, with) in &flips {
                let at = at.index(payload.len());
                payload[at] ^= with;
            }
        }
        let mut nonce = [0; 16];
        nonce[0] = 255;
        let signed = Signed::sign(
            &world.relay_key, PATH_SYNC, world.workspace, NOW, nonce, payload, &key(10),
        );
        let mut bytes = signed.to_bytes();
        if !sign_after {
            for (at, with) in &flips {
                let at = at.index(bytes.len());
                bytes[at] ^= with;
            }
        }
        let shorter = bytes[..cut.index(bytes.len())].to_vec();
        tried.extend([bytes, shorter]);
        for bytes in tried {
            let results = [
                relay.sync(&bytes, NOW).err(),
                relay.found(&bytes, NOW).err(),
                relay.live(&bytes, NOW).err(),
            ];
            for error in results.into_iter().flatten() {
                prop_assert!(error.status() < 500, "{error:?} {:?}", relay.take_error());
            }
        }
        // And it goes on serving.
        prop_assert!(sync(&mut relay, &mut world, 10, &request()).is_ok());
    }
}
