//! The limits of what a document takes in, unit last.

/// One batch, as it comes out of its envelope.
pub const BATCH_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Changes in one batch.
pub const BATCH_CHANGES_MAX: usize = 20_000;
/// Heads that one batch may leave.
pub const BATCH_HEADS_MAX: usize = 1_000;
/// One change.
pub const CHANGE_BYTES_MAX: usize = 256 * 1024;
/// Changes that one change may stand on.
pub const CHANGE_DEPENDENCIES_MAX: usize = 1_000;
/// Operations in one change.
pub const CHANGE_OPERATIONS_MAX: u64 = 20_000;
/// A whole document.
pub const SNAPSHOT_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Changes of a whole document.
pub const SNAPSHOT_CHANGES_MAX: u64 = 1_000_000;
/// Operations of a whole document.
pub const SNAPSHOT_OPERATIONS_MAX: u64 = 5_000_000;
