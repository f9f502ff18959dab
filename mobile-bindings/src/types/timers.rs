//! Timers.

use std::time::SystemTime;

use super::{ParticipationId, RecordName, TimerName};
use crate::shape::{choice, record, view};

choice! {
    /// What is timed.
    TimerKind = folge_core::client::TimerKind {
        /// A visit.
        Visit,
        /// Travel.
        Travel,
    }
}

record! {
    /// A timer that runs, or was stopped and is not recorded yet.
    RunningTimer = folge_core::client::RunningTimer {
        /// Its name.
        id: TimerName,
        /// What is timed.
        kind: TimerKind,
        /// The participations that it is for; none where that is not known yet.
        participations: Vec<ParticipationId>,
        /// When it was started, by the device's wall clock then.
        started: SystemTime,
        /// Whether it was stopped: `stopTimer` gives again what it measured.
        stopped: bool,
    }
}

record! {
    /// A timer that was stopped: what to record.
    StoppedTimer = folge_core::client::StoppedTimer {
        /// What was timed.
        kind: TimerKind,
        /// The participations that it was for.
        participations: Vec<ParticipationId>,
        /// The names for what is recorded of it: one for each participation, and one where there is
        /// none yet. The same every time: what was recorded already is refused with `exists`.
        records: Vec<RecordName>,
        /// When it was started.
        start: SystemTime,
        /// When it was stopped: the start and the time that passed, whatever the wall clock did.
        end: SystemTime,
        /// Whether the wall clock was set meanwhile, or cannot be right: ask the user.
        clock_jumped: bool,
    }
}

view! {
    /// The visit that a group meeting became in one participation's casefile.
    RecordedVisit {
        /// The participation.
        participation: ParticipationId,
        /// The visit.
        visit: RecordName,
    }
}
