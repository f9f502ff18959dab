//! The Følge relay: it stores sealed envelopes and hands them on, and has no means to read one.
//!
//! [`relay`] is the core, without network, clock or threads; [`storage`] keeps what it takes;
//! [`limits`] bounds everything.

pub mod limits;
pub mod relay;
pub mod storage;
