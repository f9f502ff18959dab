//! The Følge relay: it stores sealed envelopes and hands them on, and has no means to read one.
//!
//! [`relay`] is the core, without network, clock or threads: it judges signed requests by the
//! membership log. [`storage`] keeps what it takes. [`http`] serves it: [`http::serve`] is how a
//! test or another program embeds a relay. [`admin`] backs up, restores and checks. [`limits`]
//! bounds everything.

pub mod admin;
pub mod config;
mod data;
pub mod error;
pub mod http;
pub mod limits;
pub mod relay;
pub mod storage;

pub use config::Config;
pub use error::ServeError;
pub use http::{RunningRelay, serve};
