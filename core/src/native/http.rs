use std::io::Read;
use std::time::Duration;

use folge_protocol::codec::Decode;
use folge_protocol::limits::BODY_BYTES_MAX;
use folge_protocol::wire::{PATH_RELAY, RelayError, RelayInfo};

use crate::client::{Client, SyncRun, SyncTotals};
use crate::error::{Error, RelayFault};
use crate::sync::RelayAddress;

/// How long one round trip may take.
const TIMEOUT: Duration = Duration::from_secs(60);

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
                return Ok(*run.totals());
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
