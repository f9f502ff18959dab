//! Every limit of the relay, unit last, with its default. The wire's own limits, which no relay
//! may exceed, are in `folge_protocol::limits`.

use folge_protocol::limits::BODY_BYTES_MAX;

/// Requests that one device may make in a minute.
pub const DEVICE_REQUESTS_PER_MINUTE: u32 = 6_000;
/// What one device may send in a day, in bytes; and as much may be sent to it.
pub const DEVICE_BYTES_PER_DAY: u64 = 4 * 1024 * 1024 * 1024;
/// Requests in a minute that no member of the workspace signed: guessed invitations, devices that
/// were shut out. More of them are not looked at; members are.
pub const WORKSPACE_STRANGERS_PER_MINUTE: u32 = 120;
/// Requests in a minute for workspaces that are not on this relay, over all.
pub const UNKNOWN_WORKSPACES_PER_MINUTE: u32 = 6_000;
/// Founding requests with a wrong token in an hour, over all. More are not looked at.
pub const FOUNDING_FAILURES_PER_HOUR: u32 = 600;
/// Requests from one address in a minute that were malformed or signed by nobody known. Generous:
/// behind a proxy, or in one office, many share an address. More are answered with `Busy`, except
/// those that a member signed.
pub const ADDRESS_FAILURES_PER_MINUTE: u32 = 1_200;
/// Founding requests from one address in an hour that were refused. Generous for the same reason.
pub const ADDRESS_FOUNDING_FAILURES_PER_HOUR: u32 = 60;
/// Entries in one workspace's log. At the bound only what shuts somebody out is taken.
pub const WORKSPACE_ENTRIES_MAX: u64 = 200_000;
/// Grants stored for one workspace.
pub const WORKSPACE_GRANTS_MAX: u64 = 4_000_000;
/// How long a connection may take to send a request's headers, and how long it may wait between
/// two requests, in milliseconds.
pub const HEADER_MILLISECONDS_MAX: u64 = 30_000;
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
/// What the app's files may come to, in bytes: they are held in memory.
pub const WEB_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Requests remembered against replay.
pub const REPLAY_REQUESTS_MAX: usize = 256 * 1024;
/// Devices, workspaces or addresses whose rate is remembered.
pub const RATE_KEYS_MAX: usize = 64 * 1024;
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
    /// See [`DEVICE_BYTES_PER_DAY`].
    pub device_bytes_per_day: u64,
    /// See [`WORKSPACE_STRANGERS_PER_MINUTE`].
    pub workspace_strangers_per_minute: u32,
    /// See [`UNKNOWN_WORKSPACES_PER_MINUTE`].
    pub unknown_workspaces_per_minute: u32,
    /// See [`FOUNDING_FAILURES_PER_HOUR`].
    pub founding_failures_per_hour: u32,
    /// See [`ADDRESS_FAILURES_PER_MINUTE`].
    pub address_failures_per_minute: u32,
    /// See [`ADDRESS_FOUNDING_FAILURES_PER_HOUR`].
    pub address_founding_failures_per_hour: u32,
    /// See [`WORKSPACE_ENTRIES_MAX`].
    pub workspace_entries_max: u64,
    /// See [`WORKSPACE_GRANTS_MAX`].
    pub workspace_grants_max: u64,
    /// See [`HEADER_MILLISECONDS_MAX`].
    pub header_milliseconds_max: u64,
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
            device_bytes_per_day: DEVICE_BYTES_PER_DAY,
            workspace_strangers_per_minute: WORKSPACE_STRANGERS_PER_MINUTE,
            unknown_workspaces_per_minute: UNKNOWN_WORKSPACES_PER_MINUTE,
            founding_failures_per_hour: FOUNDING_FAILURES_PER_HOUR,
            address_failures_per_minute: ADDRESS_FAILURES_PER_MINUTE,
            address_founding_failures_per_hour: ADDRESS_FOUNDING_FAILURES_PER_HOUR,
            workspace_entries_max: WORKSPACE_ENTRIES_MAX,
            workspace_grants_max: WORKSPACE_GRANTS_MAX,
            header_milliseconds_max: HEADER_MILLISECONDS_MAX,
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
            (
                "device_bytes_per_day",
                self.device_bytes_per_day,
                BODY_BYTES_MAX as u64,
                1 << 36,
            ),
            (
                "workspace_strangers_per_minute",
                self.workspace_strangers_per_minute.into(),
                1,
                10_000_000,
            ),
            (
                "unknown_workspaces_per_minute",
                self.unknown_workspaces_per_minute.into(),
                1,
                10_000_000,
            ),
            (
                "founding_failures_per_hour",
                self.founding_failures_per_hour.into(),
                1,
                10_000_000,
            ),
            (
                "address_failures_per_minute",
                self.address_failures_per_minute.into(),
                1,
                10_000_000,
            ),
            (
                "address_founding_failures_per_hour",
                self.address_founding_failures_per_hour.into(),
                1,
                10_000_000,
            ),
            (
                "workspace_entries_max",
                self.workspace_entries_max,
                1,
                1 << 32,
            ),
            (
                "workspace_grants_max",
                self.workspace_grants_max,
                1,
                1 << 40,
            ),
            (
                "header_milliseconds_max",
                self.header_milliseconds_max,
                10,
                hour_milliseconds,
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
