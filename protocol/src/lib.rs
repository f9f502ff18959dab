//! What devices and relay agree on: identifiers, byte layouts, signatures, and the rules of
//! membership. No CRDT and no decryption here, so that the relay, which depends on this crate
//! alone, has no means to read anything.
//!
//! `docs/protocol.md` describes every layout byte for byte.

pub mod codec;
pub mod crypto;
pub mod envelope;
pub mod grant;
pub mod ids;
pub mod limits;
pub mod maps;
pub mod membership;
pub mod wire;
