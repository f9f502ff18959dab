//! The operating system's clocks and randomness, and a small transport: HTTP by `ureq`, live push
//! by `tungstenite`, both over rustls. Blocking: the caller brings the thread.

mod http;
mod live;
mod system;

pub use http::{HttpRelay, SyncTotals};
pub use live::LiveConnection;
pub use system::system_env;
