//! Synchronisation without I/O: [`Replica::request`] gives bytes to send, [`Replica::reply`] takes
//! the relay's bytes. Who carries them, when and how, is the shell's matter; `transport` is one.
//!
//! `docs/protocol.md` tells the exchange. Uploading is in `upload`, taking in what the relay
//! delivers in `download`, what both share in `exchange`.

mod alarms;
mod check;
mod download;
mod evidence;
mod exchange;
mod held;
mod identity;
mod judge;
mod leaving;
mod messages;
mod replica;
mod schedule;
mod signed;
mod turning;
mod upload;

pub use alarms::{Alarm, AlarmKind, Evidence};
pub use check::{Check, Fault};
pub use download::{QuarantineReason, Quarantined};
pub(crate) use evidence::Origin;
pub use evidence::TimeGrade;
pub use exchange::{Outgoing, SyncReport, SyncWork};
pub use held::{Held, Pack};
pub use identity::{Entrance, Identity, RelayAddress};
pub use replica::Replica;
pub(crate) use replica::record_key;
pub use schedule::Schedule;
