//! `cargo xtask bench`: what the product costs in time, bytes, processor and memory, measured on
//! the real client over loopback against the real relay process. `docs/performance.md` tells how.

mod contract;
mod devices;
mod load;
mod machine;
mod office;
mod phone;
mod proxy;
mod report;
mod sync;
mod trust;
mod web;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::report::Report;

pub(crate) type Anything<T> = Result<T, Box<dyn std::error::Error>>;

const HELP: &str = "\
Measures sync, the office's start, the relay, the phone, trust, claims and the app in a browser; prints a
table and writes JSON.

cargo xtask bench [--only NAME] [--quick] [--json FILE] [--data DIR]

  --only NAME  one of sync, office, relay, phone, trust, contract, web; may be given several times
  --quick      a small run that shows that all of it works; its figures say little
  --json FILE  where the figures go (default: bench.json in cargo's target folder)
  --data DIR   on which file system the data is (default: cargo's target folder)";

/// A benchmark: writes its figures into the report.
type Benchmark = fn(&Bench, &mut Report) -> Anything<()>;

const BENCHMARKS: [(&str, Benchmark); 7] = [
    ("sync", sync::run),
    ("office", office::run),
    ("relay", load::run),
    ("phone", phone::run),
    ("trust", trust::run),
    ("contract", contract::run),
    (WEB, web::run),
];
/// Needs a browser and the built app: a quick run of everything leaves it out.
const WEB: &str = "web";

/// How and where to measure.
#[derive(Debug)]
pub(crate) struct Bench {
    /// A smoke run.
    pub(crate) quick: bool,
    /// On the disk that is measured.
    pub(crate) disk: PathBuf,
    /// In memory where there is such a file system: for what is made ready and not measured.
    pub(crate) fast: PathBuf,
}

impl Bench {
    /// One number for a full run, another for a quick one.
    pub(crate) fn pick<T>(&self, full: T, quick: T) -> T {
        if self.quick { quick } else { full }
    }
}

struct Options {
    only: Vec<String>,
    quick: bool,
    json: PathBuf,
    data: PathBuf,
}

fn target_dir() -> Anything<PathBuf> {
    // target/<profile>/bench
    let program = std::env::current_exe()?;
    let dir = program.ancestors().nth(2).ok_or("no target folder")?;
    Ok(dir.to_owned())
}

fn options(args: &[String]) -> Anything<Option<Options>> {
    let target = target_dir()?;
    let mut options = Options {
        only: Vec::new(),
        quick: false,
        json: target.join("bench.json"),
        data: target,
    };
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or(format!("{arg} needs a value\n\n{HELP}"));
        match arg.as_str() {
            "--help" | "-h" => return Ok(None),
            "--quick" => options.quick = true,
            "--json" => options.json = value()?.into(),
            "--data" => options.data = value()?.into(),
            "--only" => {
                let name = value()?;
                if !BENCHMARKS.iter().any(|(known, _)| known == name) {
                    return Err(format!("there is no benchmark {name}\n\n{HELP}").into());
                }
                options.only.push(name.clone());
            }
            other => return Err(format!("{other} is not an option\n\n{HELP}").into()),
        }
    }
    Ok(Some(options))
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let done = match args.split_first() {
        Some((arg, rest)) if arg == phone::CHILD => phone::child(rest),
        _ => run(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[String]) -> Anything<()> {
    let Some(options) = options(args)? else {
        println!("{HELP}");
        return Ok(());
    };
    let disk = tempfile::Builder::new()
        .prefix("bench-data-")
        .tempdir_in(&options.data)?;
    let memory = Path::new("/dev/shm");
    let fast = if memory.is_dir() {
        tempfile::tempdir_in(memory)?
    } else {
        tempfile::tempdir_in(&options.data)?
    };
    let bench = Bench {
        quick: options.quick,
        disk: disk.path().to_owned(),
        fast: fast.path().to_owned(),
    };
    let mut report = Report::new(machine::Machine::of(disk.path()), options.quick);
    for (name, benchmark) in BENCHMARKS {
        let by_itself = options.only.is_empty() && !(options.quick && name == WEB);
        if by_itself || options.only.iter().any(|wanted| wanted == name) {
            eprintln!("bench: {name} ...");
            benchmark(&bench, &mut report)?;
        }
    }
    report.print();
    report.write(&options.json)?;
    println!("\n{}", options.json.display());
    Ok(())
}
