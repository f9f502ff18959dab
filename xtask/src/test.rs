//! `cargo xtask test`: every check that a submission must pass, in the order in which they fail
//! fastest.

use std::time::{Duration, Instant};

use crate::process::{Failure, cargo, run as run_command};
use crate::{bindings, browser, fuzz, number, packages, value, web};

/// Steps of the simulation, where nobody says another number.
const SIMULATION_STEPS: u64 = 200_000;
/// How often a process is killed in the kill tests, where nobody says another number.
const KILLS: u64 = 200;
/// Seconds that each decoder is fuzzed as part of the tests.
const FUZZ_SMOKE_SECONDS: u64 = 3;

struct Options {
    steps: u64,
    kills: u64,
    only: Vec<String>,
}

/// How a step ended that did not fail.
enum Outcome {
    Passed,
    Skipped(String),
}

struct Step {
    name: &'static str,
    what: &'static str,
    run: fn(&Options) -> Result<Outcome, Failure>,
}

const STEPS: &[Step] = &[
    Step {
        name: "packages",
        what: "the programs that the tests need",
        run: |_| packages::check().map(|()| Outcome::Passed),
    },
    Step {
        name: "fmt",
        what: "formatting",
        run: |_| passed(&["fmt", "--all", "--check"]),
    },
    Step {
        name: "clippy",
        what: "lints; a warning fails",
        run: |_| {
            passed(&[
                "clippy",
                "--workspace",
                "--all-targets",
                "--all-features",
                "--",
                "-D",
                "warnings",
            ])
        },
    },
    Step {
        name: "architecture",
        what: "who may depend on whom",
        run: |_| {
            passed(&[
                "test",
                "--workspace",
                "--all-features",
                "--test",
                "architecture",
            ])
        },
    },
    Step {
        name: "tests",
        what: "unit, property, simulation and end-to-end tests",
        run: |options| {
            let mut command = cargo();
            command
                .env("FOLGE_SIM_STEPS", options.steps.to_string())
                .env("FOLGE_KILLS", options.kills.to_string())
                .args(["test", "--workspace", "--all-features"]);
            run_command(&mut command).map(|()| Outcome::Passed)
        },
    },
    Step {
        name: "bindings",
        what: "the mobile library, its public API, and Python over it",
        run: |_| bindings::check().map(|()| Outcome::Passed),
    },
    Step {
        name: "kotlin",
        what: "the Kotlin library on the JVM, against a relay process",
        run: |_| bindings::kotlin().map(|()| Outcome::Passed),
    },
    Step {
        name: "swift",
        what: "the Swift package on Linux, against a relay process",
        run: |_| Ok(bindings::swift()?.map_or(Outcome::Passed, Outcome::Skipped)),
    },
    Step {
        name: "web",
        what: "the app for browsers, as it is shipped, the core in it",
        run: |_| web::step().map(|()| Outcome::Passed),
    },
    Step {
        name: "browser",
        what: "the app in Chromium, with a relay process",
        run: |_| browser::run().map(|()| Outcome::Passed),
    },
    Step {
        name: "fuzz",
        what: "every decoder, briefly",
        run: |_| match fuzz::missing() {
            Some(why) => Ok(Outcome::Skipped(why)),
            None => fuzz::smoke(FUZZ_SMOKE_SECONDS).map(|()| Outcome::Passed),
        },
    },
];

fn passed(args: &[&str]) -> Result<Outcome, Failure> {
    run_command(cargo().args(args)).map(|()| Outcome::Passed)
}

fn options(args: &[String]) -> Result<Options, Failure> {
    let mut options = Options {
        steps: SIMULATION_STEPS,
        kills: KILLS,
        only: Vec::new(),
    };
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--steps" => options.steps = number(arg, &mut args)?,
            "--kills" => options.kills = number(arg, &mut args)?,
            "--only" => {
                let name = value(arg, &mut args)?;
                if !STEPS.iter().any(|step| step.name == name) {
                    let names: Vec<&str> = STEPS.iter().map(|step| step.name).collect();
                    return Err(Failure::new(format!(
                        "there is no step `{name}`; there are: {}",
                        names.join(", ")
                    )));
                }
                options.only.push(name.to_owned());
            }
            other => return Err(Failure::new(format!("`test` takes no `{other}`"))),
        }
    }
    Ok(options)
}

pub(crate) fn run(args: &[String]) -> Result<(), Failure> {
    let options = options(args)?;
    let chosen: Vec<&Step> = STEPS
        .iter()
        .filter(|step| options.only.is_empty() || options.only.iter().any(|name| name == step.name))
        .collect();
    let mut done: Vec<(&Step, &'static str, Duration, String)> = Vec::new();
    let mut failure = None;
    for (place, step) in chosen.iter().enumerate() {
        println!(
            "\n==> {} of {}: {} ({})",
            place + 1,
            chosen.len(),
            step.name,
            step.what
        );
        let start = Instant::now();
        let result = (step.run)(&options);
        let took = start.elapsed();
        let (word, note) = match result {
            Ok(Outcome::Passed) => ("passed", String::new()),
            Ok(Outcome::Skipped(why)) => ("skipped", why),
            Err(error) => {
                failure = Some((step.name, error));
                ("FAILED", String::new())
            }
        };
        println!("<== {} {word} in {:.1} s", step.name, took.as_secs_f64());
        done.push((step, word, took, note));
        if failure.is_some() {
            break;
        }
    }
    print_summary(&done, chosen.len());
    match failure {
        None => Ok(()),
        Some((name, error)) => Err(Failure::new(format!("step `{name}` failed: {error}"))),
    }
}

fn print_summary(done: &[(&Step, &'static str, Duration, String)], chosen: usize) {
    println!("\n  step          result    seconds");
    for (step, word, took, note) in done {
        let seconds = took.as_secs_f64();
        println!("  {:<12}  {word:<8}  {seconds:>7.1}  {note}", step.name);
    }
    let total: f64 = done.iter().map(|(_, _, took, _)| took.as_secs_f64()).sum();
    println!("  {:<12}  {:<8}  {total:>7.1}", "total", "");
    if done.len() < chosen {
        println!("  {} steps were not run", chosen - done.len());
    }
    let count = |wanted| done.iter().filter(|(_, word, ..)| *word == wanted).count();
    println!(
        "\nsteps: {} passed, {} failed, {} skipped",
        count("passed"),
        count("FAILED"),
        count("skipped")
    );
}
