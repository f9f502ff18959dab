//! Every limit of the relay, unit last, with its default. The wire's own limits, which no relay
//! may exceed, are in `folge_protocol::limits`.

use folge_protocol::limits::BODY_BYTES_MAX;

/// Requests that one device may make in a minute.
pub const DEVICE_REQUESTS_PER_MINUTE: u32 = 6_000;
/// Workspaces on one relay.
pub const WORKSPACES_MAX: u64 = 10_000;
/// What one workspace may store, in bytes.
pub const WORKSPACE_BYTES_MAX: u64 = 20 * 1024 * 1024 * 1024;
/// Live connections of one device: a page and a worker, or an old one that is not yet closed.
pub const DEVICE_LIVE_CONNECTIONS_MAX: u32 = 4;
/// Live connections in all.
pub const LIVE_CONNECTIONS_MAX: u32 = 20_000;
/// Open TCP connections in all.
pub const CONNECTIONS_MAX: u32 = 24_000;
/// How long a live connection may wait before its first message, in milliseconds.
pub const LIVE_HELLO_MILLISECONDS_MAX: u64 = 10_000;
/// How long one request may take, its body included, in milliseconds.
pub const REQUEST_MILLISECONDS_MAX: u64 = 60_000;
/// Requests waiting for the writer; more are answered with `Busy`.
pub const QUEUE_REQUESTS_MAX: u32 = 4_096;
/// Requests committed together.
pub const GROUP_REQUESTS_MAX: u32 = 1_024;

/// Bytes of requests committed together: bounds the memory of a transaction.
pub const GROUP_BYTES_MAX: usize = 4 * BODY_BYTES_MAX;
/// Connections that read for replies.
pub const READERS_COUNT: usize = 2;
/// Pushed frames waiting in one live connection; at more it is closed and catches up later.
pub const LIVE_FRAMES_MAX: usize = 64;
/// How long one frame may take to a live client, in milliseconds.
pub const LIVE_SEND_MILLISECONDS_MAX: u64 = 20_000;
/// How often a live connection is pinged, in milliseconds.
pub const LIVE_PING_MILLISECONDS: u64 = 30_000;
/// The largest message that a live client may send, in bytes: its hello.
pub const LIVE_HELLO_BYTES_MAX: usize = 4 * 1024;
/// Requests remembered against replay.
pub const REPLAY_REQUESTS_MAX: usize = 256 * 1024;
/// Devices whose rate is remembered.
pub const RATE_DEVICES_MAX: usize = 64 * 1024;
/// How long a client that finds the relay's queue full shall wait, in milliseconds.
pub const BUSY_MILLISECONDS: u64 = 500;
/// How long open requests may take when the relay is told to stop, in milliseconds.
pub const SHUTDOWN_MILLISECONDS_MAX: u64 = 10_000;
/// How long a TLS handshake may take, in milliseconds.
pub const TLS_HANDSHAKE_MILLISECONDS_MAX: u64 = 10_000;
/// How long SQLite waits for another process's lock, in milliseconds.
pub const DATABASE_LOCK_MILLISECONDS_MAX: u64 = 5_000;

/// The limits that an operator can set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// See [`BODY_BYTES_MAX`].
    pub body_bytes_max: usize,
    /// See [`DEVICE_REQUESTS_PER_MINUTE`].
    pub device_requests_per_minute: u32,
    /// See [`WORKSPACES_MAX`].
    pub workspaces_max: u64,
    /// See [`WORKSPACE_BYTES_MAX`].
    pub workspace_bytes_max: u64,
    /// See [`DEVICE_LIVE_CONNECTIONS_MAX`].
    pub device_live_connections_max: u32,
    /// See [`LIVE_CONNECTIONS_MAX`].
    pub live_connections_max: u32,
    /// See [`CONNECTIONS_MAX`].
    pub connections_max: u32,
    /// See [`LIVE_HELLO_MILLISECONDS_MAX`].
    pub live_hello_milliseconds_max: u64,
    /// See [`REQUEST_MILLISECONDS_MAX`].
    pub request_milliseconds_max: u64,
    /// See [`QUEUE_REQUESTS_MAX`].
    pub queue_requests_max: u32,
    /// See [`GROUP_REQUESTS_MAX`].
    pub group_requests_max: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes_max: BODY_BYTES_MAX,
            device_requests_per_minute: DEVICE_REQUESTS_PER_MINUTE,
            workspaces_max: WORKSPACES_MAX,
            workspace_bytes_max: WORKSPACE_BYTES_MAX,
            device_live_connections_max: DEVICE_LIVE_CONNECTIONS_MAX,
            live_connections_max: LIVE_CONNECTIONS_MAX,
            connections_max: CONNECTIONS_MAX,
            live_hello_milliseconds_max: LIVE_HELLO_MILLISECONDS_MAX,
            request_milliseconds_max: REQUEST_MILLISECONDS_MAX,
            queue_requests_max: QUEUE_REQUESTS_MAX,
            group_requests_max: GROUP_REQUESTS_MAX,
        }
    }
}

/// A limit is set to something that cannot work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{name} must be between {least} and {most}")]
pub struct BadLimit {
    /// The setting.
    pub name: &'static str,
    /// The least it can be.
    pub least: u64,
    /// The most it can be.
    pub most: u64,
}

impl Limits {
    /// Checks every limit.
    /// # Errors
    /// The first that cannot work.
    pub fn validate(&self) -> Result<(), BadLimit> {
        let hour_milliseconds = 3_600_000;
        let checks = [
            (
                "body_bytes_max",
                self.body_bytes_max as u64,
                1024,
                BODY_BYTES_MAX as u64,
            ),
            (
                "device_requests_per_minute",
                self.device_requests_per_minute.into(),
                1,
                10_000_000,
            ),
            ("workspaces_max", self.workspaces_max, 1, 1 << 20),
            (
                "workspace_bytes_max",
                self.workspace_bytes_max,
                1024,
                1 << 50,
            ),
            (
                "device_live_connections_max",
                self.device_live_connections_max.into(),
                1,
                100_000,
            ),
            (
                "live_connections_max",
                self.live_connections_max.into(),
                1,
                1_000_000,
            ),
            ("connections_max", self.connections_max.into(), 1, 1_000_000),
            (
                "live_hello_milliseconds_max",
                self.live_hello_milliseconds_max,
                10,
                hour_milliseconds,
            ),
            (
                "request_milliseconds_max",
                self.request_milliseconds_max,
                10,
                hour_milliseconds,
            ),
            (
                "queue_requests_max",
                self.queue_requests_max.into(),
                1,
                1_000_000,
            ),
            (
                "group_requests_max",
                self.group_requests_max.into(),
                1,
                100_000,
            ),
        ];
        for (name, value, least, most) in checks {
            if value < least || value > most {
                return Err(BadLimit { name, least, most });
            }
        }
        Ok(())
    }
}
