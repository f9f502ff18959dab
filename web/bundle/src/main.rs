//! The program that `cargo xtask web` starts when the modules are compiled.

use std::path::PathBuf;
use std::process::ExitCode;

use folge_web_bundle::{Dist, Error, Inputs, Release, assemble, sequence_of};

const USAGE: &str = "folge-web-bundle --modules DIR --cache DIR --out DIR [--web DIR] \
                     [--release-key FILE --sequence N]";
const VERSION: &str = env!("CARGO_PKG_VERSION");

struct Options {
    web: PathBuf,
    modules: PathBuf,
    cache: PathBuf,
    out: PathBuf,
    release_key: Option<PathBuf>,
    sequence: Option<u64>,
}

fn options() -> Option<Options> {
    let mut given = std::collections::BTreeMap::new();
    let mut args = std::env::args().skip(1);
    while let Some(name) = args.next() {
        given.insert(name, args.next()?);
    }
    let sequence = match given.remove("--sequence") {
        Some(text) => Some(text.parse().ok()?),
        None => None,
    };
    let options = Options {
        web: given.remove("--web").unwrap_or_else(|| "web".into()).into(),
        modules: given.remove("--modules")?.into(),
        cache: given.remove("--cache")?.into(),
        out: given.remove("--out")?.into(),
        release_key: given.remove("--release-key").map(PathBuf::from),
        sequence,
    };
    given.is_empty().then_some(options)
}

fn main() -> ExitCode {
    let Some(options) = options() else {
        eprintln!("{USAGE}");
        return ExitCode::FAILURE;
    };
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("folge-web-bundle: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), Error> {
    let inputs = Inputs::read(&options.web, &options.modules, &options.cache)?;
    let dist = match (&options.release_key, options.sequence) {
        (Some(key), Some(sequence)) => {
            assemble(&inputs, &Release::signed(VERSION, sequence, key)?)?
        }
        (Some(_), None) => {
            let why = "a release needs a --sequence, higher than that of the one before";
            return Err(Error::Key(why.to_owned()));
        }
        (None, Some(sequence)) => assemble(&inputs, &Release::development(VERSION, sequence))?,
        // Browsers that had the build before shall take this one, and the same sources are the
        // same release.
        (None, None) => {
            let first = assemble(&inputs, &Release::development(VERSION, 1))?;
            match sequence_of(&options.out, &first.files) {
                None => first,
                Some((sequence, same)) => {
                    let sequence = sequence.saturating_add(u64::from(!same));
                    assemble(&inputs, &Release::development(VERSION, sequence))?
                }
            }
        }
    };
    let compressed = dist.write(&options.out, &options.cache)?;
    print(&dist, &compressed);
    Ok(())
}

fn print(dist: &Dist, compressed: &std::collections::BTreeMap<String, usize>) {
    println!("    {:<48} {:>10} {:>10}", "file", "bytes", "brotli");
    for (path, file) in &dist.files {
        let small = compressed.get(path).map(usize::to_string);
        println!(
            "    {path:<48} {:>10} {:>10}",
            file.bytes.len(),
            small.unwrap_or_default()
        );
    }
}
