//! The types of the app, room by room as in the core.

mod attendance;
mod casefile;
mod claims;
mod common;
mod deadlines;
mod drafts;
mod membership;
mod nav;
mod participation;
mod register;
mod reports;
mod rights;
mod thread;
mod timers;
mod visits;
mod work;

pub use attendance::*;
pub use casefile::*;
pub use claims::*;
pub use common::*;
pub use deadlines::*;
pub use drafts::*;
pub use membership::*;
pub use nav::*;
pub use participation::*;
pub use register::*;
pub use reports::*;
pub use rights::*;
pub use thread::*;
pub use timers::*;
pub use visits::*;
pub use work::*;
