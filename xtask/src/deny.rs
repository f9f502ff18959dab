//! `cargo xtask deny`: licences, banned crates and duplicate versions, by cargo-deny and
//! `deny.toml`. Not part of the tests: the tool compiles for minutes.
//!
//! Security advisories need a git repository from the network, so they are asked for by name:
//! `cargo xtask deny advisories`.

use std::path::PathBuf;

use crate::process::{Failure, cargo, program, run as run_command, target_dir, works};

const CHECKS: [&str; 3] = ["bans", "licenses", "sources"];

pub(crate) fn run(args: &[String]) -> Result<(), Failure> {
    let tool = tool()?;
    let mut command = program(&tool);
    command.args(["--all-features", "--workspace", "check"]);
    if args.is_empty() {
        println!("advisories are not asked: `cargo xtask deny advisories` does, with a network");
        command.args(CHECKS);
    } else {
        command.args(args);
    }
    run_command(&mut command)
}

/// cargo-deny: the installed one, or one of our own, compiled at the first call.
fn tool() -> Result<PathBuf, Failure> {
    if works(program("cargo-deny").arg("--version")) {
        return Ok("cargo-deny".into());
    }
    let root = target_dir()?.join("tools");
    let tool = root.join("bin").join("cargo-deny");
    if !works(program(&tool).arg("--version")) {
        println!("cargo-deny is not installed: compiling it once, some minutes");
        run_command(
            cargo()
                .args(["install", "cargo-deny", "--locked", "--root"])
                .arg(&root),
        )?;
    }
    Ok(tool)
}
