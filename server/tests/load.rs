//! Load on the real program, by hand: `cargo test --release -p folge-relay --test load -- --ignored
//! --nocapture`. The proper benchmark is `cargo xtask bench`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use folge_protocol::codec::{Decode, Encode};
use folge_protocol::ids::*;
use folge_protocol::membership::*;
use folge_protocol::wire::*;
use futures_util::{SinkExt, StreamExt};
use support::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(since.as_millis()).unwrap()
}

struct Program {
    child: Child,
    addr: SocketAddr,
    _dir: tempfile::TempDir,
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn start() -> Program {
    let dir = tempfile::tempdir_in(".").unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_folge-relay"))
        .args(["serve", "--listen", "127.0.0.1:0", "--limit"])
        .args(["device_requests_per_minute=1000000", "--limit"])
        .args(["device_live_connections_max=2000", "--data"])
        .arg(dir.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let addr = line
        .trim()
        .rsplit("http://")
        .next()
        .unwrap()
        .parse()
        .unwrap();
    Program {
        child,
        addr,
        _dir: dir,
    }
}

fn cpu(pid: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<_> = stat
        .rsplit(')')
        .next()
        .unwrap()
        .split_whitespace()
        .collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 10)
}

fn resident(pid: u32) -> u64 {
    let statm = std::fs::read_to_string(format!("/proc/{pid}/statm")).unwrap();
    statm
        .split_whitespace()
        .nth(1)
        .unwrap()
        .parse::<u64>()
        .unwrap()
        * 4096
}

async fn post(stream: &mut TcpStream, path: &str, body: &[u8]) -> (u16, Vec<u8>) {
    let mut message = format!(
        "POST {path} HTTP/1.1\r\nhost: relay\r\ncontent-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    message.extend_from_slice(body);
    stream.write_all(&message).await.unwrap();
    let mut answer = Vec::new();
    loop {
        let read = stream.read_buf(&mut answer).await.unwrap();
        assert!(read > 0);
        let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8_lossy(&answer[..end]).to_lowercase();
        let length: usize = head
            .split("content-length: ")
            .nth(1)
            .and_then(|rest| rest.split("\r\n").next()?.parse().ok())
            .unwrap();
        if answer.len() >= end + 4 + length {
            return (head[9..12].parse().unwrap(), answer[end + 4..].to_vec());
        }
    }
}

async fn info(addr: SocketAddr) -> RelayInfo {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    let ask = format!("GET {PATH_RELAY} HTTP/1.1\r\nhost: relay\r\nconnection: close\r\n\r\n");
    stream.write_all(ask.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let end = answer
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap();
    RelayInfo::from_bytes(&answer[end + 4..]).unwrap()
}

const CLIENTS: u8 = 32;

/// A world of many consultants, each with a casefile of its own.
async fn many(addr: SocketAddr) -> (World, u64) {
    let mut world = World::new(info(addr).await.key);
    let mut stream = TcpStream::connect(addr).await.unwrap();
    let found = world.found(now());
    assert_eq!(post(&mut stream, PATH_FOUND, &found).await.0, 200);
    let mut asked = request();
    for byte in 20..20 + CLIENTS {
        asked.entries.extend(world.join(byte, Role::Consultant));
        let entry = world.casefile(byte + 100, &[OFFICE, GroupId([byte; 16])]);
        asked.entries.push(entry);
    }
    let body = world.signed(PATH_SYNC, &asked, &key(10), now());
    let (status, reply) = post(&mut stream, PATH_SYNC, &body).await;
    assert_eq!(status, 200);
    let reply = SyncReply::from_bytes(&reply).unwrap();
    assert!(reply.refusals.is_empty(), "{:?}", reply.refusals);
    (world, reply.log_len)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn durable_envelopes_per_second() {
    for per_request in [1, 10, 40] {
        let program = start();
        let (mut world, log_len) = many(program.addr).await;
        let rounds = if per_request == 1 { 200 } else { 60 };
        // Envelopes are sealed beforehand: the generator's cryptography shall not be measured.
        let mut work = Vec::new();
        for byte in 20..20 + CLIENTS {
            let document = DocumentId([byte + 100; 16]);
            let batches: Vec<Vec<_>> = (0..rounds)
                .map(|_| {
                    (0..per_request)
                        .map(|_| world.envelope_of(document, byte, 250))
                        .collect()
                })
                .collect();
            work.push((byte, batches));
        }
        let before = cpu(program.child.id());
        let begun = Instant::now();
        let (addr, relay_key, workspace) = (program.addr, world.relay_key, world.workspace);
        let tasks: Vec<_> = work
            .into_iter()
            .map(|(byte, batches)| {
                tokio::spawn(async move {
                    let mut stream = TcpStream::connect(addr).await.unwrap();
                    stream.set_nodelay(true).unwrap();
                    let (mut took, mut cursor) = (Vec::new(), 0);
                    for (round, envelopes) in batches.into_iter().enumerate() {
                        let mut asked = request();
                        (asked.log_len, asked.cursor) = (log_len, cursor);
                        asked.envelopes = envelopes;
                        let mut nonce = [byte; 16];
                        nonce[..8].copy_from_slice(&(round as u64).to_be_bytes());
                        let signed = Signed::sign(
                            &relay_key,
                            PATH_SYNC,
                            workspace,
                            now(),
                            nonce,
                            asked.to_bytes(),
                            &key(byte),
                        );
                        let sent = Instant::now();
                        let (status, reply) =
                            post(&mut stream, PATH_SYNC, &signed.to_bytes()).await;
                        took.push(sent.elapsed());
                        assert_eq!(status, 200);
                        cursor = SyncReply::from_bytes(&reply).unwrap().position;
                    }
                    took
                })
            })
            .collect();
        let mut took = Vec::new();
        for task in tasks {
            took.extend(task.await.unwrap());
        }
        let elapsed = begun.elapsed();
        let spent = cpu(program.child.id()) - before;
        took.sort();
        let count = took.len() * per_request;
        println!(
            "{per_request} a request, {CLIENTS} clients: {:.0} envelopes/s, p50 {:?}, p99 {:?}, relay CPU {:?} = {:.1} µs/envelope",
            count as f64 / elapsed.as_secs_f64(),
            took[took.len() / 2],
            took[took.len() * 99 / 100],
            spent,
            spent.as_secs_f64() * 1e6 / count as f64,
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn fan_out_to_many_live_connections() {
    const CONNECTIONS: usize = 1500;
    let program = start();
    let (mut world, log_len) = many(program.addr).await;
    let addr = program.addr;
    let instance = info(addr).await.instance;
    let empty = resident(program.child.id());
    let mut sockets = Vec::new();
    for place in 0..CONNECTIONS {
        let byte = 20 + u8::try_from(place % 31).unwrap();
        let hello = LiveHello {
            instance,
            cursor: 0,
            log_len,
        };
        let bytes = world.signed(PATH_LIVE, &hello, &key(byte), now());
        let url = format!("ws://{addr}{PATH_LIVE}");
        let mut socket = tokio_tungstenite::connect_async(url).await.unwrap().0;
        socket.send(Message::Binary(bytes.into())).await.unwrap();
        socket.next().await.unwrap().unwrap();
        sockets.push(socket);
    }
    let per = (resident(program.child.id()) - empty) / CONNECTIONS as u64;
    println!("{CONNECTIONS} connections, {per} bytes of memory each");
    let (sender, mut arrivals) = tokio::sync::mpsc::unbounded_channel();
    for mut socket in sockets {
        let sender = sender.clone();
        tokio::spawn(async move {
            while let Some(Ok(Message::Binary(_))) = socket.next().await {
                let _ = sender.send(Instant::now());
            }
        });
    }
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (mut all, mut few) = (Vec::new(), Vec::new());
    for round in 0..20 {
        // The register reaches all 1,500 connections; a casefile some 48.
        let wide = round % 2 == 0;
        let mut asked = request();
        asked.log_len = log_len;
        asked.cursor = round;
        asked.envelopes = vec![if wide {
            world.envelope(REGISTER, 10)
        } else {
            world.envelope(DocumentId([120; 16]), 10)
        }];
        let body = world.signed(PATH_SYNC, &asked, &key(10), now());
        let answer = post(&mut stream, PATH_SYNC, &body);
        assert_eq!(answer.await.0, 200);
        let acknowledged = Instant::now();
        let expected = if wide {
            CONNECTIONS
        } else {
            CONNECTIONS.div_ceil(31)
        };
        let into = if wide { &mut all } else { &mut few };
        for _ in 0..expected {
            let arrived = arrivals.recv().await.unwrap();
            into.push(arrived.saturating_duration_since(acknowledged));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for (name, mut times) in [("all", all), ("one casefile's", few)] {
        times.sort();
        println!(
            "after the acknowledgement, to {name} readers: p50 {:?}, p99 {:?}, last {:?}",
            times[times.len() / 2],
            times[times.len() * 99 / 100],
            times[times.len() - 1],
        );
    }
}
