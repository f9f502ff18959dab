//! The participant's engine: one thread with a provider, on an own phone, without a CRDT and
//! without a store of its own (DESIGN.md 3 to 6, 8, 10).
//!
//! Sans-IO and deterministic: [`Thread::request`] gives bytes for the relay, [`Thread::reply`] takes
//! its answer, clocks and randomness come with [`Env`]. The whole state is one byte string,
//! [`Thread::serialize`]; whoever carries the bytes seals and stores it *before* it sends a request
//! or tells the user that something is saved. What the core judges, the core's functions judge here
//! too (`core::sync::rules`).
//!
//! Not here: the network, storage, sealing of the state, anything that is shown.
//!
//! [`Env`]: folge_core::env::Env

mod acts;
mod codec;
mod error;
mod exchange;
mod own;
mod state;
mod turning;
mod views;

pub use own::OwnLine;

pub use acts::{Answered, MessageName};
pub use error::Error;
pub use exchange::Report;
pub use state::{Kept, Oddity, Phase, Thread};
pub use views::{
    AbsenceView, Line, Meeting, MeetingState, Opinion, RequestView, Sender, Sent, ShownReport,
    Standing,
};
