//! The membership log: who is in a workspace, with which keys, and who may read which document.
//!
//! One log a workspace: entries, each naming the hash of the one before, each signed by someone
//! whom the entries before it empower. The relay keeps and enforces the log, every client verifies
//! it from the first entry, so the relay vouches for no key. An entry holds keys, ids and roles
//! only, never a name. [`Entry`] is the layout, [`Membership`] what the entries add up to.

mod entry;
mod state;
#[cfg(test)]
mod tests;

pub use entry::{
    Author, Body, DeviceKeys, DocumentEntry, DocumentKind, ENTRY_VERSION, Entry, ErasureReason,
    Founding, Kept, Role,
};
pub use state::{
    DeviceState, DocumentState, Erasure, GroupState, InvitationState, Membership, MembershipError,
    Moment, PersonState, Standing,
};
