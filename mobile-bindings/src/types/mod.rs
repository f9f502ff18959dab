//! The types of the app, room by room as in the core.

mod attendance;
mod case;
mod claims;
mod common;
mod deadlines;
mod membership;
mod register;
mod reports;
mod rights;
mod thread;

pub use attendance::*;
pub use case::*;
pub use claims::*;
pub use common::*;
pub use deadlines::*;
pub use membership::*;
pub use register::*;
pub use reports::*;
pub use rights::*;
pub use thread::*;
