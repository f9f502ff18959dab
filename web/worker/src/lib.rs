//! The core in a browser: answers the calls of the staff app's pages, in a dedicated worker with
//! SQLite on the origin-private file system, and syncs.
//!
//! What is here beside the browser's own parts holds no rule: it asks the core's client and puts
//! what comes back into the shape that the screens show. It is the same on every machine, so that
//! it is tested without a browser.

mod answers;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod browser;
mod desk;
mod failure;
mod names;

pub use desk::{Desk, Place};
pub use failure::failure_of;
