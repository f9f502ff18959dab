//! The project's own commands: `cargo xtask <command>`. See CONTRIBUTING.md.
//!
//! Nothing here knows the product. The demo and the benchmark are programs of `folge-tests`, which
//! this one builds with optimisation and starts.

mod bench;
mod bindings;
mod browser;
mod demo;
mod deny;
mod fuzz;
mod imports;
mod packages;
mod process;
mod test;
mod toolchain;
mod web;

use std::process::ExitCode;

use process::Failure;

const HELP: &str = "\
Usage: cargo xtask <command>

  test [--steps N] [--kills N] [--only STEP]...
          Everything that a submission must pass: formatting, lints, all tests, the
          mobile library with its Python, Kotlin and Swift tests, the app in Chromium.
          --steps  steps of the simulation (200000)
          --kills  how often relay and client processes are killed (200)
          --only   for developers: only this step; may be repeated
  fuzz [--seconds N] [TARGET]...
          Fuzzes every decoder, or those named, for N seconds each (60).
          Needs a nightly toolchain and cargo-fuzz.
  deny    Licences, banned and duplicate crates, by cargo-deny.
  web [--dev] [--check-reproducible] [--release-key FILE --sequence N]
          The app for browsers, in target/web/dist; signed with the development key, which
          everybody has, or as a release with a key of your own. See docs/web.md.
          --dev                 hardly optimised, compiled in a fraction of the time
          --check-reproducible  builds twice, in two folders, and compares every byte
  bindings [--write]
          Makes the Kotlin, Swift and Python code of the mobile library, and says whether what is
          public differs from mobile-bindings/api.txt; --write takes it over.
  demo [--headless] [--caseload DIR] [--seed N] [--keep DIR]
          A provider's sample caseload, recorded offline on many devices and synced, and the app
          in the browser over it; with --headless the whole story on the terminal, and no browser.
  bench   The benchmark: a table, and JSON.

demo and bench take more arguments: see `cargo xtask demo --help`.
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("\nxtask: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[String]) -> Result<(), Failure> {
    process::enter_repository()?;
    let (command, rest) = match args.split_first() {
        None => ("help", args),
        Some((command, rest)) => (command.as_str(), rest),
    };
    match command {
        "test" => test::run(rest),
        "fuzz" => fuzz::run(rest),
        "deny" => deny::run(rest),
        "web" => web::run(rest),
        "bindings" => bindings::run(rest),
        "demo" => demo::run(rest),
        "bench" => bench::run(rest),
        "help" | "--help" | "-h" => {
            print!("{HELP}");
            Ok(())
        }
        other => Err(Failure::new(format!(
            "there is no command `{other}`.\n\n{HELP}"
        ))),
    }
}

/// The value that must follow an option.
fn value<'a>(
    option: &str,
    args: &mut impl Iterator<Item = &'a String>,
) -> Result<&'a str, Failure> {
    args.next()
        .map(String::as_str)
        .ok_or_else(|| Failure::new(format!("`{option}` needs a value")))
}

/// The number that must follow an option.
fn number<'a>(option: &str, args: &mut impl Iterator<Item = &'a String>) -> Result<u64, Failure> {
    let text = value(option, args)?;
    text.replace('_', "")
        .parse()
        .map_err(|_| Failure::new(format!("`{option} {text}`: not a number")))
}
