use std::io::Read;
use std::time::Duration;

use folge_protocol::codec::Decode;
use folge_protocol::limits::BODY_BYTES_MAX;
use folge_protocol::wire::{PATH_RELAY, RelayError, RelayInfo};

use crate::client::Client;
use crate::error::{Error, RelayFault};
use crate::sync::{Outgoing, RelayAddress, SyncReport};

/// How long one round trip may take.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Round trips of one sync before it is given up for now.
const ROUND_TRIPS_MAX: u32 = 10_000;

/// What a sync did in all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SyncTotals {
    /// What the replies brought.
    pub report: SyncReport,
    /// Round trips.
    pub round_trips: u32,
    /// Request bodies, in bytes.
    pub bytes_sent: u64,
    /// Reply bodies, in bytes.
    pub bytes_received: u64,
}

/// A sync under way: who carries the bytes asks it for each request, and gives it each reply. In
/// between the client is free for others.
#[derive(Debug, Default)]
pub struct SyncRun {
    totals: SyncTotals,
}

impl SyncRun {
    /// What it did so far.
    #[must_use]
    pub const fn totals(&self) -> &SyncTotals {
        &self.totals
    }

    /// The next request.
    /// # Errors
    /// As [`Client::sync_request`].
    pub fn request(&mut self, client: &mut Client) -> Result<Outgoing, Error> {
        let request = client.sync_request()?;
        self.totals.round_trips += 1;
        self.totals.bytes_sent += request.body.len() as u64;
        Ok(request)
    }

    /// Takes the reply, or why there is none. Says whether there is more to do.
    /// # Errors
    /// The first error; the client has noted it, and says when to try again.
    pub fn reply(
        &mut self,
        client: &mut Client,
        reply: Result<Vec<u8>, Error>,
    ) -> Result<bool, Error> {
        let in_bounds = self.totals.round_trips < ROUND_TRIPS_MAX;
        let bytes = match reply {
            Ok(bytes) => bytes,
            Err(error) if client.sync_failed(&error) => return Ok(in_bounds),
            // Who was never let in is told to ask for another invitation, not that it is unknown.
            Err(Error::Relay(RelayError::Unauthorized)) if client.membership().is_err() => {
                return Err(Error::BadInvitation);
            }
            Err(error) => return Err(error),
        };
        self.totals.bytes_received += bytes.len() as u64;
        match client.sync_reply(&bytes) {
            Ok(report) => self.totals.report.add(&report),
            Err(error) => {
                client.sync_failed(&error);
                return Err(error);
            }
        }
        Ok(self.totals.report.more && in_bounds)
    }
}

/// A relay reached by HTTP.
#[derive(Debug)]
pub struct HttpRelay {
    agent: ureq::Agent,
    url: String,
}

impl HttpRelay {
    /// A relay at an address such as `https://relay.example.no`.
    #[must_use]
    pub fn new(url: &str) -> Self {
        Self::within(url, TIMEOUT)
    }

    /// The same, where no round trip may take longer than a time, nor than a minute.
    #[must_use]
    pub fn within(url: &str, time: Duration) -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(time.min(TIMEOUT)))
            .http_status_as_error(false)
            .max_redirects(0)
            .build();
        Self {
            agent: config.into(),
            url: url.trim_end_matches('/').to_owned(),
        }
    }

    /// Asks the relay for its key, to pin it when founding.
    /// # Errors
    /// [`Error::Unreachable`], [`RelayFault::Malformed`].
    pub fn address(&self) -> Result<RelayAddress, Error> {
        let reply = self.agent.get(format!("{}{PATH_RELAY}", self.url)).call();
        let bytes = read(reply)?;
        let info = RelayInfo::from_bytes(&bytes).map_err(|_| RelayFault::Malformed)?;
        Ok(RelayAddress {
            url: self.url.clone(),
            key: info.key,
        })
    }

    /// Sends a body and brings the reply's.
    /// # Errors
    /// [`Error::Unreachable`], [`Error::Relay`].
    pub fn post(&self, path: &str, body: &[u8]) -> Result<Vec<u8>, Error> {
        if body.len() > BODY_BYTES_MAX {
            return Err(RelayError::TooLarge.into());
        }
        read(self.agent.post(format!("{}{path}", self.url)).send(body))
    }

    /// Syncs until there is nothing more to bring or fetch.
    /// # Errors
    /// The first error; the client has noted it, and says when to try again.
    pub fn sync(&self, client: &mut Client) -> Result<SyncTotals, Error> {
        let mut run = SyncRun::default();
        loop {
            let request = run.request(client)?;
            let reply = self.post(request.path, &request.body);
            if !run.reply(client, reply)? {
                return Ok(run.totals);
            }
        }
    }
}

fn read(reply: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Vec<u8>, Error> {
    let reply = reply.map_err(|error| {
        Error::Unreachable(match error {
            ureq::Error::Timeout(_) => "it did not answer in time",
            ureq::Error::HostNotFound => "its address is not known",
            ureq::Error::Tls(_) | ureq::Error::Rustls(_) => "its certificate is not trusted",
            _ => "no connection",
        })
    })?;
    let status = reply.status();
    let mut bytes = Vec::new();
    let limit = BODY_BYTES_MAX as u64 + 1;
    reply
        .into_body()
        .into_reader()
        .take(limit)
        .read_to_end(&mut bytes)
        .map_err(|_| Error::Unreachable("the connection broke"))?;
    if bytes.len() > BODY_BYTES_MAX {
        return Err(RelayFault::Malformed.into());
    }
    if status.is_success() {
        return Ok(bytes);
    }
    match RelayError::from_bytes(&bytes) {
        Ok(error) => Err(error.into()),
        Err(_) => Err(Error::Unreachable("it answered with an error page")),
    }
}
