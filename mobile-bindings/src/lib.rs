//! Følge for Android and iOS: the core's [`Client`] as Kotlin, Swift and Python hold it.
//!
//! [`Folge`] is the client of one device. Everything that touches the store is asynchronous
//! (`suspend` in Kotlin, `async` in Swift) and runs on a thread of its own, one after the other, so
//! that no call blocks the app's main thread and calls may come from any. What has returned is on
//! disk. A call that the app no longer waits for (a cancelled coroutine in Kotlin) is skipped where
//! it only reads; what writes is done, for the user has pressed the button.
//!
//! Nothing here decides anything: rules, texts and figures are the core's. A panic below ends as
//! [`FolgeError::Internal`] and locks the client, whose store is whole.
//!
//! [`Client`]: folge_core::client::Client

mod api;
mod app;
mod error;
mod events;
mod keys;
mod shape;
mod sync;
mod types;
mod worker;

pub use api::{built_in_terms, field_words, record_words, value_words};
pub use app::{
    Folge, FolgeSettings, StoreState, folge_version, new_record_name, preview_link, qr_code_svg,
    record_state_words,
};
pub use error::{FolgeError, Problem};
pub use events::{CallbackError, Change, LogLevel, LogSink, Observation, Observer, set_log_sink};
pub use keys::{KeyStore, KeyStoreError, UnlockWith, memory_key_store};
pub use sync::{
    BackgroundOutcome, BackgroundSync, SyncNeed, SyncObserver, SyncOutlook, SyncProgress, SyncStop,
    SyncTotals,
};
pub use types::*;

uniffi::setup_scaffolding!("folge");
