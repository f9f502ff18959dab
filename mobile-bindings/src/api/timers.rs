//! Timers.

use crate::app::Folge;
use crate::error::FolgeError;
use crate::shape::{Given, Shown};
use crate::types::{ParticipationId, RunningTimer, StoppedTimer, TimerKind, TimerName};

#[uniffi::export]
impl Folge {
    /// Starts a timer; it is on disk when this returns, and a restart of the app does not stop it.
    pub async fn start_timer(
        &self,
        kind: TimerKind,
        participations: Vec<ParticipationId>,
    ) -> Result<TimerName, FolgeError> {
        self.write(move |client| {
            let participations: Vec<_> = participations.given()?;
            Ok(Shown::shown(
                client.start_timer(kind.given()?, &participations)?,
            ))
        })
        .await
    }

    /// The timers that run, and those stopped but not cleared.
    pub async fn timers(&self) -> Result<Vec<RunningTimer>, FolgeError> {
        self.read(|client| Ok(Shown::shown(client.timers()?))).await
    }

    /// Stops a timer and gives what it measured. It gives the same again until `clearTimer` is
    /// called once the visit is recorded: a phone that dies in between loses nothing.
    pub async fn stop_timer(&self, timer: TimerName) -> Result<StoppedTimer, FolgeError> {
        self.write(|client| Ok(Shown::shown(client.stop_timer(timer.given()?)?)))
            .await
    }

    /// Removes a timer: what it measured is recorded, or not wanted.
    pub async fn clear_timer(&self, timer: TimerName) -> Result<(), FolgeError> {
        self.write(|client| Ok(client.clear_timer(timer.given()?)?))
            .await
    }
}
