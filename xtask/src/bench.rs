//! `cargo xtask bench`: builds and starts the program `bench` of `folge-tests`.

use crate::process::{Failure, run_program};

pub(crate) fn run(args: &[String]) -> Result<(), Failure> {
    run_program("bench", "release", args)
}
