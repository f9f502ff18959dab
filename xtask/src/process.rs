//! Starting other programs, and saying clearly what went wrong.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Why a command of ours failed, in words for the person at the terminal.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
    /// For `map_err`: what was attempted, and the system's word on it.
    pub(crate) fn to<E: std::fmt::Display>(attempted: impl Into<String>) -> impl FnOnce(E) -> Self {
        let attempted = attempted.into();
        move |error| Self(format!("could not {attempted}: {error}"))
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The repository's root.
pub(crate) fn repository() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// Goes to the repository's root, so that every path here is relative to it.
pub(crate) fn enter_repository() -> Result<(), Failure> {
    std::env::set_current_dir(repository()).map_err(Failure::to("enter the repository"))
}

/// Where cargo puts what it builds, as an absolute path.
pub(crate) fn target_dir() -> Result<PathBuf, Failure> {
    let dir = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    std::path::absolute(dir).map_err(Failure::to("find the target directory"))
}

/// A program to start. It has no standard input.
pub(crate) fn program(name: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(name);
    command.stdin(Stdio::null());
    // What `cargo run` set for xtask means nothing to other packages; some build scripts would
    // take it for a change and build everything anew.
    for (key, _) in std::env::vars_os() {
        let name = key.to_string_lossy();
        let ours = [
            "CARGO_PKG_",
            "CARGO_MANIFEST_",
            "CARGO_BIN_",
            "CARGO_CRATE_",
        ];
        if ours.iter().any(|prefix| name.starts_with(prefix)) || name == "CARGO_PRIMARY_PACKAGE" {
            command.env_remove(&key);
        }
    }
    command
}

/// Cargo, of the toolchain that runs xtask.
pub(crate) fn cargo() -> Command {
    program(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Cargo, of another toolchain.
pub(crate) fn cargo_of(toolchain: &str) -> Command {
    let mut command = program("rustup");
    command.args(["run", toolchain, "cargo"]);
    command.env_remove("CARGO");
    command.env_remove("RUSTC");
    command.env_remove("RUSTUP_TOOLCHAIN");
    command
}

/// The command as one would type it.
fn shown(command: &Command) -> String {
    let name = Path::new(command.get_program());
    let mut text = name
        .file_name()
        .unwrap_or(name.as_os_str())
        .to_string_lossy()
        .into_owned();
    for arg in command.get_args() {
        text.push(' ');
        text.push_str(&arg.to_string_lossy());
    }
    text
}

/// Starts a program that writes to the terminal, and waits for it to succeed.
pub(crate) fn run(command: &mut Command) -> Result<(), Failure> {
    let status = run_for_status(command)?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::new(format!(
            "`{}` failed ({status}); its own words are above",
            shown(command)
        )))
    }
}

/// The same for a program whose way of ending says more than whether it failed.
pub(crate) fn run_for_status(command: &mut Command) -> Result<std::process::ExitStatus, Failure> {
    println!("    $ {}", shown(command));
    command
        .status()
        .map_err(Failure::to(format!("start `{}`", shown(command))))
}

/// Starts a program and gives what it prints.
pub(crate) fn output(command: &mut Command) -> Result<String, Failure> {
    let output = command
        .output()
        .map_err(Failure::to(format!("start `{}`", shown(command))))?;
    if !output.status.success() {
        return Err(Failure::new(format!(
            "`{}` failed ({}): {}",
            shown(command),
            output.status,
            String::from_utf8_lossy(&output.stderr).trim()
        )));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Whether a program can be started and succeeds.
pub(crate) fn works(command: &mut Command) -> bool {
    command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Builds a program of `folge-tests` in a profile and starts it. The keyboard is its.
pub(crate) fn run_program(name: &str, profile: &str, args: &[String]) -> Result<(), Failure> {
    run(&mut program_of_tests(name, profile, args))
}

/// The same in the place of this program, so that Ctrl-C is that one's alone.
#[cfg(unix)]
pub(crate) fn become_program(name: &str, profile: &str, args: &[String]) -> Result<(), Failure> {
    use std::os::unix::process::CommandExt as _;

    let mut command = program_of_tests(name, profile, args);
    println!("    $ {}", shown(&command));
    let error = command.exec();
    Err(Failure::to(format!("start `{}`", shown(&command)))(error))
}

/// The same, where programs cannot take one another's place.
#[cfg(not(unix))]
pub(crate) fn become_program(name: &str, profile: &str, args: &[String]) -> Result<(), Failure> {
    run_program(name, profile, args)
}

fn program_of_tests(name: &str, profile: &str, args: &[String]) -> Command {
    let mut command = cargo();
    command.stdin(Stdio::inherit());
    command.args([
        "run",
        "--profile",
        profile,
        "--package",
        "folge-tests",
        "--bin",
    ]);
    command.arg(name).arg("--").args(args);
    command
}
