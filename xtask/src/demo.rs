//! `cargo xtask demo`: builds and starts the program `demo` of `folge-tests`.

use crate::process::{Failure, run_program};

pub(crate) fn run(args: &[String]) -> Result<(), Failure> {
    // The tests' profile: a newcomer compiles once for both commands.
    run_program("demo", "dev", args)
}
