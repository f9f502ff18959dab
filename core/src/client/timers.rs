//! Timers for visits and travel: they run in the store, so a restart of the app stops none, and
//! what a stopped one measured stays there until it is recorded.

use folge_protocol::ids::DocumentId;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Client;
use crate::domain::{Instant, RecordId};
use crate::env::Reading;
use crate::error::Error;
use crate::limits::{CLOCK_DRIFT_SECONDS_MAX, TIMERS_MAX};

/// Names a timer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimerId(pub [u8; 16]);

/// What is timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TimerKind {
    /// A visit.
    Visit,
    /// Travel.
    Travel,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Stored {
    kind: TimerKind,
    participations: Vec<[u8; 16]>,
    started: Reading,
    /// Once stopped: the milliseconds that passed, and whether the clock jumped.
    measured: Option<(i64, bool)>,
}

/// A timer that runs, or was stopped and is not recorded yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunningTimer {
    /// Its name.
    pub id: TimerId,
    /// What is timed.
    pub kind: TimerKind,
    /// The participations that it is for; none where that is not known yet.
    pub participations: Vec<DocumentId>,
    /// When it was started, by the device's wall clock then.
    pub started: Instant,
    /// Whether it was stopped: [`Client::stop_timer`] gives again what it measured.
    pub stopped: bool,
}

/// A timer that was stopped: what to record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoppedTimer {
    /// What was timed.
    pub kind: TimerKind,
    /// The participations that it was for.
    pub participations: Vec<DocumentId>,
    /// The names for what is recorded of it: one for each participation, and one where there is
    /// none yet. They are the same every time, so that what was recorded just before the phone died
    /// is not recorded again.
    pub records: Vec<RecordId>,
    /// When it was started.
    pub start: Instant,
    /// When it was stopped: the start and the time that passed. Within one run of the device the
    /// monotonic clock measures it, so that setting the wall clock changes nothing.
    pub end: Instant,
    /// Whether the wall clock was set meanwhile, or cannot be right: ask the user.
    pub clock_jumped: bool,
}

impl Client {
    /// Starts a timer; it is on disk when this returns.
    /// # Errors
    /// [`Error::TooManyTimers`], [`Error::Store`].
    pub fn start_timer(
        &mut self,
        kind: TimerKind,
        participations: &[DocumentId],
    ) -> Result<TimerId, Error> {
        if self.timers()?.len() >= TIMERS_MAX {
            return Err(Error::TooManyTimers);
        }
        let id: [u8; 16] = self.replica.env().random();
        let stored = Stored {
            kind,
            participations: participations.iter().map(|id| id.0).collect(),
            started: self.replica.env().now(),
            measured: None,
        };
        let bytes = postcard::to_stdvec(&stored).map_err(|_| Error::Unreadable("timer"))?;
        self.replica
            .store()
            .transaction(|store| store.put_timer(id, Some(&bytes)))?;
        Ok(TimerId(id))
    }

    /// The timers that run, and those stopped but not cleared.
    /// # Errors
    /// [`Error::Store`].
    pub fn timers(&mut self) -> Result<Vec<RunningTimer>, Error> {
        let mut timers = Vec::new();
        for (id, bytes) in self.replica.store().timers()? {
            let stored = read(&bytes)?;
            timers.push(RunningTimer {
                id: TimerId(id),
                kind: stored.kind,
                participations: stored.participations.into_iter().map(DocumentId).collect(),
                started: Instant(stored.started.wall_ms),
                stopped: stored.measured.is_some(),
            });
        }
        Ok(timers)
    }

    /// Stops a timer and gives what it measured. It stays in the store, and gives the same again,
    /// until what it measured is recorded and [`Client::clear_timer`] is called: a phone that dies
    /// in between loses nothing.
    /// # Errors
    /// [`Error::UnknownTimer`], [`Error::Store`].
    pub fn stop_timer(&mut self, id: TimerId) -> Result<StoppedTimer, Error> {
        let now = self.replica.env().now();
        let timers = self.replica.store().timers()?;
        let (_, bytes) = timers
            .into_iter()
            .find(|(known, _)| *known == id.0)
            .ok_or(Error::UnknownTimer)?;
        let mut stored = read(&bytes)?;
        let (passed_ms, clock_jumped) = match stored.measured {
            Some(measured) => measured,
            None => {
                let measured = passed(&stored.started, &now);
                stored.measured = Some(measured);
                let bytes = postcard::to_stdvec(&stored).map_err(|_| Error::Unreadable("timer"))?;
                self.replica
                    .store()
                    .transaction(|store| store.put_timer(id.0, Some(&bytes)))?;
                measured
            }
        };
        Ok(StoppedTimer {
            records: (0..stored.participations.len().max(1))
                .map(|place| record_of(id, place))
                .collect(),
            kind: stored.kind,
            participations: stored.participations.into_iter().map(DocumentId).collect(),
            start: Instant(stored.started.wall_ms),
            end: Instant(stored.started.wall_ms.saturating_add(passed_ms)),
            clock_jumped,
        })
    }

    /// Removes a timer: what it measured is recorded, or not wanted.
    /// # Errors
    /// [`Error::Store`].
    pub fn clear_timer(&mut self, id: TimerId) -> Result<(), Error> {
        let store = self.replica.store();
        Ok(store.transaction(|store| store.put_timer(id.0, None))?)
    }
}

/// The name of what is recorded for a timer's participation: as random as the timer's own.
fn record_of(timer: TimerId, place: usize) -> RecordId {
    let mut hash = Sha256::new();
    hash.update(b"folge record of a timer 1");
    hash.update(timer.0);
    hash.update((place as u64).to_be_bytes());
    let hash: [u8; 32] = hash.finalize().into();
    let mut name = [0; 16];
    name.copy_from_slice(&hash[..16]);
    RecordId(name)
}

fn read(bytes: &[u8]) -> Result<Stored, Error> {
    postcard::from_bytes(bytes).map_err(|_| Error::Unreadable("timer"))
}

/// How long it has been, in milliseconds, and whether the wall clock disagrees.
fn passed(from: &Reading, to: &Reading) -> (i64, bool) {
    let wall_ms = to.wall_ms.saturating_sub(from.wall_ms);
    if from.boot == to.boot {
        let monotonic = to.monotonic_ms.saturating_sub(from.monotonic_ms);
        let drift = from.offset_s().abs_diff(to.offset_s());
        let jumped = drift > CLOCK_DRIFT_SECONDS_MAX.unsigned_abs();
        (i64::try_from(monotonic).unwrap_or(i64::MAX), jumped)
    } else {
        (wall_ms.max(0), wall_ms < 0)
    }
}
