//! `cargo xtask bench`: builds and starts the program `bench` of `folge-tests`, then measures the
//! mobile library from Kotlin.

use crate::bindings;
use crate::process::{Failure, run_program};

pub(crate) fn run(args: &[String]) -> Result<(), Failure> {
    run_program("bench", "release", args)?;
    bindings::bench()
}
