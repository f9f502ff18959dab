//! A sync from its first request to its last reply, whoever carries the bytes: a thread with
//! sockets, a browser, a test.

use folge_protocol::wire::RelayError;

use super::Client;
use crate::error::Error;
use crate::sync::{Outgoing, SyncReport};

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
