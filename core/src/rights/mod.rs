//! What the law and the data processing agreement ask for: erasure in time, anonymous statistics,
//! notice of a breach, access, and the record of processing activities.
//!
//! Pure functions over what a device can read anyway. Sources: GDPR art. 15, 17, 18, 20, 30 and
//! 33; `REQUIREMENTS.md` K. Nothing here reads a clock, a store or a key; who may call it, and
//! where the result goes, is the callers' matter.

pub mod archive;
pub mod breach;
mod fields;
pub mod processing;
pub mod retention;
pub mod statistics;
mod text;
pub(crate) use text::time_text;

pub use archive::{
    AccessArchive, ArchiveFile, ArchiveHistory, ArchiveMessage, ArchivePerson, ArchiveReading,
};
pub use breach::{
    Affected, BreachNotice, ContactPoint, DataCategory, Locked, LostDevice, Measures,
};
pub use fields::{code_words, field_words, record_words, value_words};
pub use processing::{ProcessingRegister, Subprocessor};
pub use retention::{ERASURE_WEEKS, Retention};
pub use statistics::draw;
