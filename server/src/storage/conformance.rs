//! x
use super::*;
pub fn run<S: Storage>(_open: impl FnMut(bool) -> Result<S, StorageError>) {}
