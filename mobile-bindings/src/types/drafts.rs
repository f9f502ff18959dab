//! What was typed and is not recorded yet.

use std::time::SystemTime;

use folge_core::client as core;

use super::{ParticipationId, time_of};
use crate::shape::{Shown, view};

view! {
    /// Something begun.
    Draft {
        /// Its name, by which it is written anew and removed: which form, and of what.
        name: String,
        /// The participation that it is about; it goes when that one is erased.
        participation: Option<ParticipationId>,
        /// When it was last written, by this device's clock.
        at: SystemTime,
        /// What was typed, in the app's own form, such as JSON.
        content: String,
    }
}

impl Shown<core::Draft> for Draft {
    fn shown(core: core::Draft) -> Self {
        Self {
            name: core.name,
            participation: Shown::shown(core.participation),
            at: time_of(core.at_ms),
            // It was given as text.
            content: String::from_utf8_lossy(&core.content).into_owned(),
        }
    }
}
