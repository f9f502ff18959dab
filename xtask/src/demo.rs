//! `cargo xtask demo`: builds and starts the program `demo` of `folge-tests`.

use crate::process::{Failure, run_program};

pub(crate) fn run(args: &[String]) -> Result<(), Failure> {
    run_program("demo", args)
}
