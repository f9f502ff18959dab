//! Synchronisation without I/O: [`Replica::request`] gives bytes to send, [`Replica::reply`] takes
//! the relay's bytes. Who carries them, when and how, is the shell's matter; `transport` is one.
//!
//! `docs/protocol.md` tells the exchange. Uploading is in `upload`, taking in what the relay
//! delivers in `download`, what both share in `exchange`. What a participant's page, which has no
//! replica, must judge in the same way is in [`rules`].

#[cfg(feature = "records")]
mod alarms;
#[cfg(feature = "records")]
mod check;
#[cfg(feature = "records")]
mod download;
#[cfg(feature = "records")]
mod evidence;
#[cfg(feature = "records")]
mod exchange;
#[cfg(feature = "records")]
mod held;
mod identity;
#[cfg(feature = "records")]
mod judge;
#[cfg(feature = "records")]
mod leaving;
#[cfg(feature = "records")]
mod messages;
#[cfg(feature = "records")]
mod replica;
pub mod rules;
mod schedule;
#[cfg(feature = "records")]
mod signed;
#[cfg(feature = "records")]
mod turning;
#[cfg(feature = "records")]
mod upload;

pub use identity::{Entrance, Identity, RelayAddress};
pub use rules::Outgoing;
pub use schedule::Schedule;

#[cfg(feature = "records")]
pub use self::{
    alarms::{Alarm, AlarmKind, Evidence},
    check::{Check, Fault},
    download::{QuarantineReason, Quarantined},
    evidence::TimeGrade,
    exchange::{SyncReport, SyncWork},
    held::{Held, Pack},
    replica::Replica,
};
#[cfg(feature = "records")]
pub(crate) use self::{evidence::Origin, replica::record_key};
