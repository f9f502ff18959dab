//! The core of Følge: what runs on every phone, in every browser and on the office's computer.
//!
//! `ARCHITECTURE.md` has the drawing. Arrows point one way: `domain` → `contract` → `document` → `keys`,
//! `envelope` → `attendance`, `store` → `sync` → `client`.
//!
//! The feature `records` has documents, store, agreement and client. Without it this is what a
//! participant's page is made of, with no CRDT, no SQLite and no time zone tables.

pub mod attendance;
#[cfg(feature = "records")]
pub mod client;
#[cfg(feature = "records")]
pub mod contract;
#[cfg(feature = "records")]
pub mod document;
pub mod domain;
pub mod env;
pub mod envelope;
#[cfg(feature = "records")]
mod error;
mod fault;
pub mod keys;
pub mod limits;
pub mod messages;
#[cfg(feature = "native")]
pub mod native;
pub mod qr;
#[cfg(feature = "records")]
pub mod rights;
#[cfg(feature = "records")]
pub mod store;
pub mod sync;

#[cfg(feature = "records")]
pub use error::{Error, ErrorClass};
pub use fault::RelayFault;
