//! What the agreement with NAV says: its terms as data, and the pure functions that apply them.
//!
//! Nothing here does I/O, reads a clock or knows how a record is stored: facts and terms go in,
//! figures and obligations come out, each with the rule that it stands on. Sources:
//! `REQUIREMENTS.md` A to R and the tenders that it cites; `docs/rules.md` lists every rule with
//! its function and its test.

pub mod activities;
mod agreement;
pub mod areas;
pub mod billing;
pub mod calendar;
pub mod case;
pub mod claim;
pub mod codes;
pub mod data;
pub mod deadlines;
pub mod evidence;
pub mod practice;
pub mod pseudonym;
mod reading;
pub mod referral;
pub mod reports;
pub mod status;
pub mod terms;

pub use agreement::{Agreement, AgreementChange, AgreementVersion};
pub use case::Case;
pub use terms::{Terms, TermsError};
