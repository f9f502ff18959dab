//! The core of Følge: what runs on every phone, in every browser and on the office's computer.
//!
//! `ARCHITECTURE.md` has the drawing. Arrows point one way: `domain` → `contract` → `document` → `keys`,
//! `envelope` → `attendance`, `store` → `sync` → `client`.

pub mod attendance;
pub mod client;
pub mod contract;
pub mod document;
pub mod domain;
pub mod env;
pub mod envelope;
mod error;
pub mod keys;
pub mod limits;
pub mod messages;
#[cfg(feature = "native")]
pub mod native;
pub mod qr;
pub mod rights;
pub mod store;
pub mod sync;

pub use error::{Error, ErrorClass, RelayFault};
