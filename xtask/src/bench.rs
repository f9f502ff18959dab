//! `cargo xtask bench`: builds the app for browsers, builds and starts the program `bench` of
//! `folge-tests`, then measures the mobile library from Kotlin.

use crate::bindings;
use crate::process::{Failure, run_program};
use crate::web;

pub(crate) fn run(args: &[String]) -> Result<(), Failure> {
    // What is measured alone needs no more than itself.
    let only: Vec<&String> = args
        .iter()
        .zip(args.iter().skip(1))
        .filter_map(|(option, name)| (option == "--only").then_some(name))
        .collect();
    let help = args.iter().any(|arg| arg == "--help" || arg == "-h");
    if !help && (only.is_empty() || only.iter().any(|name| *name == "web")) {
        web::shipped()?;
    }
    run_program("bench", "release", args)?;
    if help || !only.is_empty() {
        return Ok(());
    }
    bindings::bench()
}
