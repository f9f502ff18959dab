//! The network side: paths, bodies, limits, live connections. It decides nothing about records:
//! it decodes, asks the writer, and sends what the core says.

mod connections;
mod doors;
mod fanout;
mod listen;
mod live;
mod metrics;
mod web;
mod writer;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use folge_protocol::codec::Encode;
use folge_protocol::ids::DeviceId;
use folge_protocol::wire::{PATH_FOUND, PATH_LIVE, PATH_RELAY, PATH_SYNC, RelayError, SyncReply};
use tokio::sync::{Semaphore, watch};

use crate::config::Config;
use crate::data::{self, DataDir};
use crate::error::ServeError;
use crate::limits::{Limits, READERS_COUNT, SHUTDOWN_MILLISECONDS_MAX};
use crate::relay::{Answer, Identity, Prepared, Purpose, Relay, Settings, Staged};
use crate::storage::SqliteStorage;

use doors::{Doors, Peer};
use metrics::Metrics;
use writer::{Directory, Writer};

/// Bodies above this are decoded and hashed off the network threads, in bytes.
const INLINE_BYTES_MAX: usize = 64 * 1024;

/// The relay's clock, in milliseconds since 1970 (UTC).
pub(crate) fn now_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| {
            u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
        })
}

/// What every handler shares.
struct Shared {
    identity: Arc<Identity>,
    limits: Limits,
    doors: Doors,
    writer: Writer,
    directory: Arc<Directory>,
    readers: Readers,
    fanout: fanout::Sender,
    metrics: Arc<Metrics>,
    live_devices: Mutex<HashMap<DeviceId, u32>>,
    live_ids: AtomicU64,
    stopping: watch::Receiver<bool>,
    web: Option<web::Web>,
    app_origins: Vec<String>,
}

type App = Arc<Shared>;

/// Connections that read beside the writer.
struct Readers {
    free: Mutex<Vec<SqliteStorage>>,
    permits: Arc<Semaphore>,
}

impl Readers {
    fn open(path: &std::path::Path) -> Result<Self, ServeError> {
        let free = (0..READERS_COUNT)
            .map(|_| SqliteStorage::open_reader(path))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            permits: Arc::new(Semaphore::new(free.len())),
            free: Mutex::new(free),
        })
    }
}

impl Shared {
    /// Builds a reply, beside the network threads where it reads the store.
    async fn reply(
        self: &Arc<Self>,
        staged: Box<Staged>,
    ) -> Result<(Box<Staged>, SyncReply), RelayError> {
        if !staged.needs_storage() {
            let reply = staged
                .reply_at_once(&self.identity)
                .map_err(|_| RelayError::Unavailable)?;
            return Ok((staged, reply));
        }
        let permits = Arc::clone(&self.readers.permits);
        let permit = permits
            .acquire_owned()
            .await
            .map_err(|_| RelayError::Unavailable)?;
        let shared = Arc::clone(self);
        let built = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let reader = shared
                .readers
                .free
                .lock()
                .ok()
                .and_then(|mut free| free.pop());
            let reader = reader.ok_or(RelayError::Unavailable)?;
            let reply = staged.reply(&reader, &shared.identity).map_err(|error| {
                tracing::error!(%error, "a reply could not be read");
                RelayError::Unavailable
            });
            if let Ok(mut free) = shared.readers.free.lock() {
                free.push(reader);
            }
            reply.map(|reply| (staged, reply))
        });
        built.await.unwrap_or(Err(RelayError::Unavailable))
    }

    /// Decodes a request and checks its signatures as far as its workspace is known.
    async fn prepare(
        self: &Arc<Self>,
        purpose: Purpose,
        body: Bytes,
    ) -> Result<Prepared, RelayError> {
        if body.len() <= INLINE_BYTES_MAX {
            return self.prepare_now(purpose, &body);
        }
        let shared = Arc::clone(self);
        tokio::task::spawn_blocking(move || shared.prepare_now(purpose, &body))
            .await
            .unwrap_or(Err(RelayError::Malformed))
    }

    fn prepare_now(&self, purpose: Purpose, body: &[u8]) -> Result<Prepared, RelayError> {
        let mut prepared = Prepared::parse(purpose, body)?;
        let membership = self
            .directory
            .read()
            .ok()
            .and_then(|directory| directory.get(&prepared.workspace()).cloned());
        if let Some(membership) = membership {
            prepared.check(self.identity.public(), &membership)?;
        }
        Ok(prepared)
    }

    /// Whether a request is looked at: a member's always, another's unless too much came from there
    /// that was no member's. One whose workspace nobody used since the start counts as another's.
    fn admit(&self, prepared: &Prepared, peer: Peer) -> Result<(), RelayError> {
        let is_member = self.directory.read().is_ok_and(|directory| {
            directory
                .get(&prepared.workspace())
                .is_some_and(|membership| prepared.names_member(membership))
        });
        if is_member {
            self.doors.admits_reply(prepared.signer(), now_ms())
        } else {
            self.doors.admits_stranger(peer, now_ms())
        }
    }

    async fn body(&self, request: Request) -> Result<Bytes, RelayError> {
        let most = self.limits.body_bytes_max;
        let stated = request
            .headers()
            .get(header::CONTENT_LENGTH)
            .and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        if stated.is_some_and(|length| length > most) {
            return Err(RelayError::TooLarge);
        }
        // One byte more than allowed tells too long from broken off.
        let bytes = axum::body::to_bytes(request.into_body(), most)
            .await
            .map_err(|error| {
                let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
                while let Some(one) = cause {
                    if one.to_string().contains("length limit") {
                        return RelayError::TooLarge;
                    }
                    cause = one.source();
                }
                RelayError::Malformed
            })?;
        self.metrics
            .bytes_in
            .fetch_add(bytes.len() as u64, Ordering::Relaxed);
        Ok(bytes)
    }

    fn answer(&self, path: &'static str, result: Result<Vec<u8>, RelayError>) -> Response {
        let (status, body) = match result {
            Ok(body) => (StatusCode::OK, body),
            Err(error) => (
                StatusCode::from_u16(error.status()).unwrap_or(StatusCode::SERVICE_UNAVAILABLE),
                error.to_bytes(),
            ),
        };
        self.metrics.request(path, status.as_u16());
        self.metrics
            .bytes_out
            .fetch_add(body.len() as u64, Ordering::Relaxed);
        let kind = HeaderValue::from_static("application/octet-stream");
        let mut response = (status, body).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response
    }

    async fn in_time<T>(
        &self,
        work: impl Future<Output = Result<T, RelayError>>,
    ) -> Result<T, RelayError> {
        let most = Duration::from_millis(self.limits.request_milliseconds_max);
        match tokio::time::timeout(most, work).await {
            Ok(result) => result,
            // What was handed to the writer is carried out all the same: it is idempotent.
            Err(_) => Err(RelayError::Busy {
                retry_after_ms: crate::limits::BUSY_MILLISECONDS,
            }),
        }
    }
}

async fn relay_info(State(app): State<App>) -> Response {
    let info = app.identity.info(now_ms()).to_bytes();
    app.answer(PATH_RELAY, Ok(info))
}

fn peer_of(app: &App, request: &Request) -> Peer {
    let peer = request.extensions().get::<Peer>().copied();
    // Every connection's requests have one.
    peer.unwrap_or_else(|| app.doors.peer(SocketAddr::from(([0, 0, 0, 0], 0))))
}

async fn found(State(app): State<App>, request: Request) -> Response {
    let peer = peer_of(&app, &request);
    let work = async {
        app.doors.admits_founding(peer, now_ms())?;
        let body = app.body(request).await?;
        let prepared = app.prepare(Purpose::Found, body).await?;
        app.writer.submit(prepared, None).await?;
        Ok(app.identity.info(now_ms()).to_bytes())
    };
    let result = app.in_time(work).await;
    app.doors.note_founding(peer, &result, now_ms());
    app.answer(PATH_FOUND, result)
}

async fn sync(State(app): State<App>, request: Request) -> Response {
    let peer = peer_of(&app, &request);
    let work = async {
        let body = app.body(request).await?;
        let prepared = app.prepare(Purpose::Sync, body).await?;
        app.admit(&prepared, peer)?;
        let signer = prepared.signer();
        match app.writer.submit(prepared, None).await? {
            Answer::Synced(staged) => {
                let (_, reply) = app.reply(staged).await?;
                let reply = reply.to_bytes();
                app.doors.note_reply(signer, reply.len(), now_ms());
                Ok(reply)
            }
            _ => Err(RelayError::Malformed),
        }
    };
    let result = app.in_time(work).await;
    app.doors.note(peer, &result, now_ms());
    app.answer(PATH_SYNC, result)
}

async fn health() -> &'static str {
    "ok\n"
}

async fn ready(State(app): State<App>) -> Response {
    if !*app.stopping.borrow() && app.writer.probe().await {
        "ready\n".into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "cannot write\n").into_response()
    }
}

async fn metrics_text(State(app): State<App>) -> Response {
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
    (kind, Body::from(app.metrics.text())).into_response()
}

fn router(app: App) -> Router {
    let crossing = axum::middleware::from_fn_with_state(Arc::clone(&app), web::cross_origin);
    Router::new()
        .route(PATH_RELAY, get(relay_info))
        .route(PATH_FOUND, post(found))
        .route(PATH_SYNC, post(sync))
        .route(PATH_LIVE, get(live::open))
        .route_layer(crossing)
        .route("/healthz", get(health))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics_text))
        .fallback(web::file)
        .with_state(app)
}

/// A relay that serves, until [`RunningRelay::shutdown`].
#[derive(Debug)]
pub struct RunningRelay {
    addr: SocketAddr,
    tls: bool,
    identity: Arc<Identity>,
    stop: watch::Sender<bool>,
    server: tokio::task::JoinHandle<()>,
    threads: Vec<JoinHandle<()>>,
    _lock: data::Lock,
}

impl RunningRelay {
    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Its address as clients write it.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        format!("{scheme}://{}", self.addr)
    }

    /// Its signing key and instance.
    #[must_use]
    pub fn identity(&self) -> &Arc<Identity> {
        &self.identity
    }

    /// Takes no more requests, answers those it has, closes live connections and the store.
    pub async fn shutdown(mut self) {
        let _ = self.stop.send(true);
        let most = Duration::from_millis(SHUTDOWN_MILLISECONDS_MAX);
        if tokio::time::timeout(most, &mut self.server).await.is_err() {
            self.server.abort();
            tracing::warn!("connections were still open when the relay stopped");
        }
        // With the last handler gone the writer's queue ends, and with the writer the push.
        let threads = std::mem::take(&mut self.threads);
        let joined = tokio::task::spawn_blocking(move || {
            threads.into_iter().all(|thread| thread.join().is_ok())
        });
        let _ = tokio::time::timeout(most, joined).await;
    }
}

/// Opens the store and serves. Returns when requests are being accepted.
/// # Errors
/// What is wrong with the configuration, the data directory or the address, and what to do.
pub async fn serve(config: Config) -> Result<RunningRelay, ServeError> {
    config.limits.validate()?;
    let web = web::Web::open(&config)?;
    let origins = config.app_origins.iter();
    let app_origins = origins
        .map(|url| web::origin(url))
        .collect::<Result<_, _>>()?;
    let data = DataDir::create(&config.data)?;
    let lock = data.lock()?;
    let path: PathBuf = data.database();
    let storage = SqliteStorage::open(&path)?;
    data.protect()?;
    let settings = Settings {
        limits: config.limits,
        founding: config.founding_policy(),
    };
    let relay = Relay::open(storage, data::fresh_seeds()?, settings)?;
    let listener = listen::bind(&config).await?;
    let addr = listener.addr();

    let identity = Arc::clone(relay.identity());
    let metrics = Arc::new(Metrics::default());
    let directory = Arc::new(Directory::default());
    let (fanout, push) =
        fanout::start(Arc::clone(&identity), Arc::clone(&metrics)).map_err(ServeError::Thread)?;
    let (writer, writing) = writer::start(
        relay,
        Arc::clone(&directory),
        fanout.clone(),
        Arc::clone(&metrics),
        config.limits.queue_requests_max as usize,
        config.limits.group_requests_max as usize,
    )
    .map_err(ServeError::Thread)?;
    let (stop, stopping) = watch::channel(false);
    let app = Arc::new(Shared {
        identity: Arc::clone(&identity),
        limits: config.limits,
        doors: Doors::new(config.limits),
        writer,
        directory,
        readers: Readers::open(&path)?,
        fanout,
        metrics,
        live_devices: Mutex::default(),
        live_ids: AtomicU64::new(1),
        stopping: stopping.clone(),
        web,
        app_origins,
    });
    let routes = router(Arc::clone(&app));
    let server = tokio::spawn(connections::serve(listener, routes, app, stopping));
    Ok(RunningRelay {
        addr,
        tls: config.tls.is_some(),
        identity,
        stop,
        server,
        threads: vec![writing, push],
        _lock: lock,
    })
}
