//! Where the faces of a lying relay run, and how bytes get from a device to one of them and back:
//! calls inside this program, or `folge-relay` processes with data directories of their own, to
//! which the devices' real transport carries over HTTP, through a proxy that the liar is.
//! Absent: what the lies are.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use folge_core::Error;
use folge_core::client::Client;
use folge_core::native::{HttpRelay, LiveConnection};
use folge_core::sync::{Outgoing, SyncReport};
use folge_protocol::crypto::SecretKey;
use folge_protocol::ids::{DeviceId, InstanceId};
use folge_protocol::wire::{PATH_FOUND, PATH_LIVE, RelayError};
use folge_relay::admin::begin_life;
use folge_relay::limits::Limits;
use folge_relay::relay::{FoundingPolicy, Relay, Settings};
use folge_relay::storage::{Seeds, SqliteStorage};
use rusqlite::{Connection, OpenFlags};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Message, WebSocket, accept, client};

use crate::clock::StillClock;
use crate::proxy::serve;
use crate::relay::RelayProcess;

/// The seed of the signing key of relays inside this program.
const SIGNING_SEED: [u8; 32] = [9; 32];
/// How long nothing comes before a live connection has said all.
const QUIET: Duration = Duration::from_millis(300);
/// Limits of the processes: lies are the matter here, not floods.
const LIMITS: &[&str] = &[
    "address_failures_per_minute=1000000",
    "workspace_strangers_per_minute=1000000",
    "unknown_workspaces_per_minute=1000000",
];

/// What a relay's answer is turned into on its way.
pub(crate) type Tamper<'a> = &'a mut dyn FnMut(Vec<u8>) -> Vec<u8>;

/// The faces of one relay: copies of it, each with a past of its own, under one key.
pub(crate) trait Faces {
    /// The relay's genuine signing key.
    fn key(&self) -> SecretKey;
    /// Its address, as devices are told.
    fn url(&self) -> String;
    /// Another face that knows all that one knows now.
    fn fork(&mut self, face: usize) -> usize;
    /// Makes a face what another is.
    fn overwrite(&mut self, from: usize, into: usize);
    /// A new life, as after a restore.
    fn begin_life(&mut self, face: usize);
    /// A face's honest answer to a request.
    fn ask(&mut self, face: usize, request: &Outgoing) -> Result<Vec<u8>, RelayError>;
    /// Carries a device's request to a face and the answer back, as `tamper` makes it.
    fn carry(
        &mut self,
        face: usize,
        request: &Outgoing,
        tamper: Tamper<'_>,
    ) -> Result<Vec<u8>, Error>;
    /// Answers a device's request with bytes, whatever it asked.
    fn answer(&mut self, request: &Outgoing, bytes: &[u8]) -> Result<Vec<u8>, Error>;
    /// Somebody who listens on a live connection, in a device's name.
    fn listen(&mut self, face: usize, client: &mut Client) -> Listener;
    /// The frames that came there since the last call.
    fn heard(&mut self, listener: &mut Listener) -> Vec<Vec<u8>>;
    /// Pushes a frame to a device.
    fn push(&mut self, client: &mut Client, frame: &[u8]) -> Result<SyncReport, Error>;
}

/// A live connection on which frames are gathered, and given to nobody.
pub struct Listener {
    face: usize,
    device: DeviceId,
    socket: Option<WebSocket<std::net::TcpStream>>,
}

impl std::fmt::Debug for Listener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Listener")
    }
}

// --- inside this program ---

struct Inside {
    name: String,
    relay: Option<Relay<SqliteStorage>>,
    /// Keeps the in-memory database alive.
    keeper: Connection,
}

/// Relays inside this program, in memory.
pub(crate) struct InProcess {
    faces: Vec<Inside>,
    clock: StillClock,
    lives: u8,
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

impl InProcess {
    pub(crate) fn start(clock: StillClock) -> Self {
        let mut faces = Self {
            faces: Vec::new(),
            clock,
            lives: 0,
        };
        faces.add();
        faces
    }

    fn add(&mut self) -> usize {
        let name = format!("liar-{}", NEXT.fetch_add(1, Ordering::SeqCst));
        let keeper = open(&name);
        let relay = Some(start(&name));
        self.faces.push(Inside {
            name,
            relay,
            keeper,
        });
        self.faces.len() - 1
    }
}

impl Faces for InProcess {
    fn key(&self) -> SecretKey {
        SecretKey::from_seed(&SIGNING_SEED)
    }

    fn url(&self) -> String {
        "http://in-process".to_owned()
    }

    fn fork(&mut self, face: usize) -> usize {
        let new = self.add();
        self.overwrite(face, new);
        new
    }

    fn overwrite(&mut self, from: usize, into: usize) {
        self.faces[into].relay = None;
        let mut database = open(&self.faces[into].name);
        copy(&self.faces[from].keeper, &mut database);
        self.faces[into].relay = Some(start(&self.faces[into].name));
    }

    fn begin_life(&mut self, face: usize) {
        self.lives += 1;
        self.faces[face].relay = None;
        let begun = begin_life(&self.faces[face].keeper, InstanceId([100 + self.lives; 16]));
        assert!(begun.is_ok(), "a new life begins");
        self.faces[face].relay = Some(start(&self.faces[face].name));
    }

    fn ask(&mut self, face: usize, request: &Outgoing) -> Result<Vec<u8>, RelayError> {
        let now_ms = self.clock.now_ms();
        match &mut self.faces[face].relay {
            None => Err(RelayError::Unavailable),
            Some(relay) if request.path == PATH_FOUND => relay.found(&request.body, now_ms),
            Some(relay) => relay.sync(&request.body, now_ms),
        }
    }

    fn carry(
        &mut self,
        face: usize,
        request: &Outgoing,
        tamper: Tamper<'_>,
    ) -> Result<Vec<u8>, Error> {
        Ok(tamper(self.ask(face, request)?))
    }

    fn answer(&mut self, _: &Outgoing, bytes: &[u8]) -> Result<Vec<u8>, Error> {
        Ok(bytes.to_vec())
    }

    fn listen(&mut self, face: usize, client: &mut Client) -> Listener {
        let mut listener = Listener {
            face,
            device: client.device(),
            socket: None,
        };
        self.heard(&mut listener);
        listener
    }

    fn heard(&mut self, listener: &mut Listener) -> Vec<Vec<u8>> {
        let Some(relay) = &mut self.faces[listener.face].relay else {
            return Vec::new();
        };
        let commits = relay.take_commits();
        let device = listener.device;
        commits
            .iter()
            .filter_map(|commit| Some(commit.frame(&commit.view(device)?, relay.identity())))
            .collect()
    }

    fn push(&mut self, client: &mut Client, frame: &[u8]) -> Result<SyncReport, Error> {
        client.live_frame(frame)
    }
}

// --- processes ---

struct Outside {
    data: PathBuf,
    relay: RelayProcess,
    http: HttpRelay,
}

/// `folge-relay` processes, and the devices' way to them: over HTTP, through a proxy.
pub(crate) struct Processes {
    faces: Vec<Outside>,
    dir: tempfile::TempDir,
    clock: StillClock,
    proxy: TcpListener,
    url: String,
    /// What the devices send with.
    transport: HttpRelay,
}

/// The result of what must not fail for the test to say anything.
fn sure<T, E: std::fmt::Display>(done: Result<T, E>) -> T {
    match done {
        Ok(done) => done,
        Err(error) => unreachable!("the relay's processes: {error}"),
    }
}

/// Runs the relay's program to its end.
fn run(arguments: &[&dyn AsRef<std::ffi::OsStr>]) {
    let mut command = Command::new(sure(RelayProcess::program()));
    for argument in arguments {
        command.arg(argument.as_ref());
    }
    let output = sure(command.output());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "folge-relay: {said}");
}

impl Processes {
    pub(crate) fn start(clock: StillClock) -> Self {
        let proxy = sure(TcpListener::bind("127.0.0.1:0"));
        let url = format!("http://{}", sure(proxy.local_addr()));
        let transport = HttpRelay::new(&url);
        let mut faces = Self {
            faces: Vec::new(),
            dir: sure(tempfile::tempdir()),
            clock,
            proxy,
            url,
            transport,
        };
        let data = faces.dir.path().join("face-0");
        faces.add(data);
        faces
    }

    fn serve(&self, data: PathBuf) -> Outside {
        let relay = RelayProcess::start_with(&data, "127.0.0.1:0", LIMITS, |program| {
            self.clock.give_to(program);
        });
        let relay = sure(relay);
        let http = HttpRelay::new(&relay.url);
        Outside { data, relay, http }
    }

    fn add(&mut self, data: PathBuf) -> usize {
        let face = self.serve(data);
        self.faces.push(face);
        self.faces.len() - 1
    }

    /// Does something to the data of a face while no relay serves it.
    fn stopped(&mut self, face: usize, work: impl FnOnce(&Self, &PathBuf)) {
        self.faces[face].relay.kill();
        let data = self.faces[face].data.clone();
        work(self, &data);
        self.faces[face] = self.serve(data);
    }

    /// Copies the database of a face, which may be serving, to where another one will be.
    fn copy(&self, from: usize, data: &PathBuf) {
        sure(fs::create_dir_all(data));
        for log in ["relay.db-wal", "relay.db-shm"] {
            // A database that is replaced leaves none behind; a new one has none.
            let _ = fs::remove_file(data.join(log));
        }
        let to = data.join("relay.db");
        let from = &self.faces[from].data;
        run(&[&"backup", &"--force", &"--data", from, &"--to", &to]);
    }

    /// Sends as a device does, while this thread is the proxy.
    fn send(
        &self,
        request: &Outgoing,
        proxy: impl FnOnce(&str, &[u8]) -> Result<Vec<u8>, Error>,
    ) -> Result<Vec<u8>, Error> {
        std::thread::scope(|scope| {
            let device = scope.spawn(|| self.transport.post(request.path, &request.body));
            let (stream, _) = sure(self.proxy.accept());
            sure(serve(stream, proxy));
            match device.join() {
                Ok(reply) => reply,
                Err(panic) => std::panic::resume_unwind(panic),
            }
        })
    }
}

impl Faces for Processes {
    fn key(&self) -> SecretKey {
        // The relay's own, from its data: whoever runs it has it.
        let database = self.faces[0].data.join("relay.db");
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        let connection = sure(Connection::open_with_flags(database, flags));
        let sql = "SELECT signing FROM relay WHERE id = 1";
        let seed: [u8; 32] = sure(connection.query_row(sql, [], |row| row.get(0)));
        SecretKey::from_seed(&seed)
    }

    fn url(&self) -> String {
        self.url.clone()
    }

    fn fork(&mut self, face: usize) -> usize {
        let data = self.dir.path().join(format!("face-{}", self.faces.len()));
        self.copy(face, &data);
        self.add(data)
    }

    fn overwrite(&mut self, from: usize, into: usize) {
        self.stopped(into, |faces, data| faces.copy(from, data));
    }

    fn begin_life(&mut self, face: usize) {
        self.stopped(face, |faces, data| {
            let backup = faces.dir.path().join("backup.db");
            run(&[&"backup", &"--force", &"--data", data, &"--to", &backup]);
            run(&[&"restore", &"--force", &"--data", data, &"--from", &backup]);
        });
    }

    fn ask(&mut self, face: usize, request: &Outgoing) -> Result<Vec<u8>, RelayError> {
        let answer = self.faces[face].http.post(request.path, &request.body);
        answer.map_err(|error| match error {
            Error::Relay(error) => error,
            other => unreachable!("the relay's process answers: {other}"),
        })
    }

    fn carry(
        &mut self,
        face: usize,
        request: &Outgoing,
        tamper: Tamper<'_>,
    ) -> Result<Vec<u8>, Error> {
        let relay = &self.faces[face].http;
        self.send(request, |path, body| Ok(tamper(relay.post(path, body)?)))
    }

    fn answer(&mut self, request: &Outgoing, bytes: &[u8]) -> Result<Vec<u8>, Error> {
        self.send(request, |_, _| Ok(bytes.to_vec()))
    }

    fn listen(&mut self, face: usize, device: &mut Client) -> Listener {
        let address = self.faces[face].relay.url.trim_start_matches("http://");
        let hello = device.live_hello();
        let request = sure(format!("ws://{address}{PATH_LIVE}").into_client_request());
        let stream = sure(std::net::TcpStream::connect(address));
        sure(stream.set_read_timeout(Some(QUIET)));
        let (mut socket, _) = sure(client(request, stream));
        let hello = hello.map_or_else(Vec::new, |hello| hello.body);
        sure(socket.send(Message::binary(hello)));
        let mut listener = Listener {
            face,
            device: device.device(),
            socket: Some(socket),
        };
        // What lies behind the device's cursor is no news.
        let caught_up = self.heard(&mut listener);
        assert!(!caught_up.is_empty(), "the live connection stands");
        listener
    }

    fn heard(&mut self, listener: &mut Listener) -> Vec<Vec<u8>> {
        let mut frames = Vec::new();
        let socket = listener.socket.as_mut();
        if let Some(socket) = socket {
            // Ends where nothing comes in time.
            while let Ok(message) = socket.read() {
                if let Message::Binary(frame) = message {
                    frames.push(frame.to_vec());
                }
            }
        }
        frames
    }

    fn push(&mut self, client: &mut Client, frame: &[u8]) -> Result<SyncReport, Error> {
        std::thread::scope(|scope| {
            let liar = scope.spawn(|| {
                let (stream, _) = sure(self.proxy.accept());
                let mut socket = sure(accept(stream));
                let hello = sure(socket.read());
                assert!(hello.is_binary(), "a device says hello first");
                sure(socket.send(Message::binary(frame.to_vec())));
            });
            let frame = client
                .live_hello()
                .ok_or(Error::Unreachable("sync first"))
                .and_then(|hello| LiveConnection::open(&client.identity().relay.url, hello))
                .and_then(|mut live| live.next_frame());
            if let Err(panic) = liar.join() {
                std::panic::resume_unwind(panic);
            }
            client.live_frame(&frame?.ok_or(Error::Unreachable("no frame came"))?)
        })
    }
}
