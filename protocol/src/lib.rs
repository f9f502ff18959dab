//! What devices and relay agree on, and nothing else.

pub mod codec;
pub mod ids;
