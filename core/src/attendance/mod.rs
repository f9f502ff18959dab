//! How a participant confirms a visit without a network between the phones, and how whoever reads
//! the casefile checks it (DESIGN.md 8): the codes that two phones show each other, the key that a
//! PIN gives, the signature under what was drawn.
//!
//! Pure functions: keys, clocks and randomness are passed in. Absent: who may do it and where it is
//! kept, which is the client's matter; what it counts for, which is `contract::evidence`'s.

mod answer;
mod check;
mod code;
mod exchange;
mod offer;
#[cfg(feature = "records")]
mod pin;

pub use answer::sign_answer;
#[cfg(feature = "records")]
pub(crate) use check::is_signed;
pub use check::{Ground, proof_holds};
pub use code::{CodeKind, read_code, write_code};
pub use exchange::{CodeFault, read_offer, write_answer};
pub use offer::{Offer, SignedOffer, challenge, is_in_time};
#[cfg(feature = "records")]
pub(crate) use pin::matching_secret;
#[cfg(feature = "records")]
pub use pin::{PIN_COST, PinCost, is_weak_pin, pin_secret};
