//! The operating system's clocks and randomness, and a small transport: HTTP by `ureq`, live push
//! by `tungstenite`, both over rustls. Blocking: the caller brings the thread. Only [`Spread`] has
//! threads of its own, which end before its call does.

mod http;
mod live;
mod spread;
mod system;

pub use http::HttpRelay;
pub use live::LiveConnection;
pub use spread::Spread;
pub use system::system_env;
