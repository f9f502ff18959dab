//! `cargo xtask fuzz`: every decoder under coverage-guided fuzzing. The targets are thin: what
//! they check are ordinary functions of `folge_tests::fuzzing`, which the property tests in
//! `tests/tests/malformed.rs` drive too.

use std::path::Path;

use crate::number;
use crate::process::{Failure, cargo_of, output, program, run as run_command, target_dir, works};

const FOLDER: &str = "fuzz";
const TOOLCHAIN: &str = "nightly";
/// Seconds for each target, where nobody says another number.
const SECONDS: u64 = 60;

/// Why there can be no fuzzing here; `None` where there can.
pub(crate) fn missing() -> Option<String> {
    if !works(program("rustup").args(["run", TOOLCHAIN, "rustc", "--version"])) {
        return Some(format!(
            "no {TOOLCHAIN} toolchain: `rustup toolchain install {TOOLCHAIN}`"
        ));
    }
    if !works(cargo_of(TOOLCHAIN).args(["fuzz", "--version"])) {
        return Some("no cargo-fuzz: `cargo install cargo-fuzz --locked`".to_owned());
    }
    None
}

pub(crate) fn run(args: &[String]) -> Result<(), Failure> {
    let mut seconds = SECONDS;
    let mut chosen = Vec::new();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--seconds" => seconds = number(arg, &mut args)?,
            name if !name.starts_with('-') => chosen.push(name.to_owned()),
            other => return Err(Failure::new(format!("`fuzz` takes no `{other}`"))),
        }
    }
    if let Some(why) = missing() {
        return Err(Failure::new(why));
    }
    let known = targets()?;
    if let Some(stranger) = chosen.iter().find(|name| !known.contains(name)) {
        return Err(Failure::new(format!(
            "there is no target `{stranger}`; there are: {}",
            known.join(", ")
        )));
    }
    fuzz(if chosen.is_empty() { &known } else { &chosen }, seconds)
}

/// Every target, briefly.
pub(crate) fn smoke(seconds: u64) -> Result<(), Failure> {
    fuzz(&targets()?, seconds)
}

fn targets() -> Result<Vec<String>, Failure> {
    let list = output(cargo_of(TOOLCHAIN).args(["fuzz", "list", "--fuzz-dir", FOLDER]))?;
    Ok(list.lines().map(str::to_owned).collect())
}

fn fuzz(targets: &[String], seconds: u64) -> Result<(), Failure> {
    let built = target_dir()?.join("fuzz");
    let fuzz = |verb: &str| {
        let mut command = cargo_of(TOOLCHAIN);
        command
            .args(["fuzz", verb, "--fuzz-dir", FOLDER, "--target-dir"])
            .arg(&built);
        command
    };
    run_command(&mut fuzz("build"))?;
    write_seeds()?;
    for target in targets {
        println!("--- {target}, {seconds} s");
        let corpus = Path::new(FOLDER).join("corpus").join(target);
        let time = format!("-max_total_time={seconds}");
        run_command(fuzz("run").arg(target).arg(corpus).args([
            "--",
            &time,
            "-max_len=65536",
            "-verbosity=0",
            "-rss_limit_mb=4096",
        ]))?;
    }
    println!(
        "fuzzed {} decoders for {seconds} s each: nothing found",
        targets.len()
    );
    Ok(())
}

/// Begins every corpus with the valid samples that the property tests begin with.
fn write_seeds() -> Result<(), Failure> {
    let corpus = std::path::absolute(Path::new(FOLDER).join("corpus"))
        .map_err(Failure::to("find the corpus"))?;
    run_command(
        crate::process::cargo()
            .env("FOLGE_FUZZ_CORPUS", corpus)
            .args([
                "test",
                "--workspace",
                "--all-features",
                "--test",
                "malformed",
                "--",
            ])
            .args(["--ignored", "--exact", "write_the_fuzzing_corpus"]),
    )
}
