//! `cargo xtask web`: the app as browsers load it, in `target/web/dist`. See docs/web.md.
//!
//! Cargo compiles the modules; what is made of them is made by the program `folge-web-bundle`.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::imports::check_imports;
use crate::process::{Failure, cargo, output, program, repository, run as run_command, target_dir};
use crate::toolchain::{self, TARGET};
use crate::value;

/// Compiled in one go each: cargo gives all packages of one go the features that any of them asks
/// for, and the participant's page shall not have the core's records in it.
const PACKAGES: [&[&str]; 2] = [
    &["folge-web-participant", "folge-web-scan", "folge-web-staff"],
    &["folge-web-worker"],
];
/// What is shipped, and what developers build while they try things out.
const PROFILE: &str = "web";
const PROFILE_DEV: &str = "web-dev";

#[derive(Default)]
struct Options {
    dev: bool,
    check_reproducible: bool,
    release: Vec<String>,
}

/// Where the finished app lies.
pub(crate) fn dist() -> Result<PathBuf, Failure> {
    Ok(target_dir()?.join("web").join("dist"))
}

/// Where the compiled modules lie that it was made from.
pub(crate) fn modules(profile: &str) -> Result<PathBuf, Failure> {
    Ok(toolchain::folder()?.join(TARGET).join(profile))
}

pub(crate) fn run(args: &[String]) -> Result<(), Failure> {
    let mut options = Options::default();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--dev" => options.dev = true,
            "--check-reproducible" => options.check_reproducible = true,
            "--release-key" => {
                let file = std::path::absolute(value(arg, &mut args)?)
                    .map_err(Failure::to("find the release key"))?;
                options
                    .release
                    .extend([arg.clone(), file.display().to_string()]);
            }
            "--sequence" => {
                let sequence = value(arg, &mut args)?.to_owned();
                options.release.extend([arg.clone(), sequence]);
            }
            other => return Err(Failure::new(format!("`web` takes no `{other}`"))),
        }
    }
    if options.dev && !options.release.is_empty() {
        return Err(Failure::new("a release is never built with `--dev`"));
    }
    let profile = if options.dev { PROFILE_DEV } else { PROFILE };
    build(profile, &options.release, Bundler::Alone)?;
    if options.check_reproducible {
        check_reproducible(&options)?;
    }
    Ok(())
}

/// Builds the app as it is shipped, with the development key.
pub(crate) fn shipped() -> Result<(), Failure> {
    build(PROFILE, &[], Bundler::Alone)
}

/// The same as a step of the tests, which have compiled the whole workspace.
pub(crate) fn step() -> Result<(), Failure> {
    build(PROFILE, &[], Bundler::OfWorkspace)
}

/// How the program is built that puts the app together. Cargo gives dependencies other features by
/// what else is built, so one that was built for the other way is compiled anew.
#[derive(Clone, Copy)]
enum Bundler {
    Alone,
    OfWorkspace,
}

fn build(profile: &str, release: &[String], bundler: Bundler) -> Result<(), Failure> {
    let start = Instant::now();
    compile(&repository(), &toolchain::folder()?, profile)?;
    let modules = modules(profile)?;
    for package in PACKAGES.iter().copied().flatten() {
        let name = format!("{}.wasm", package.replace('-', "_"));
        let path = modules.join(&name);
        let bytes = fs::read(&path).map_err(Failure::to(format!("read {}", path.display())))?;
        check_imports(&name, &bytes)?;
    }
    let web = target_dir()?.join("web");
    run_command(bundle(bundler)?.args(release).args([
        "--modules".as_ref(),
        modules.as_os_str(),
        "--cache".as_ref(),
        web.join("cache").as_os_str(),
        "--out".as_ref(),
        web.join("dist").as_os_str(),
    ]))?;
    println!(
        "    {} in {:.1} s",
        web.join("dist").display(),
        start.elapsed().as_secs_f64()
    );
    Ok(())
}

fn compile(repository: &Path, into: &Path, profile: &str) -> Result<(), Failure> {
    for packages in PACKAGES {
        let mut build = toolchain::cargo_build(repository, into, profile == PROFILE)?;
        build.args(["--locked", "--profile", profile]);
        for package in packages {
            build.args(["--package", package]);
        }
        run_command(&mut build)?;
    }
    Ok(())
}

/// The program that puts the app together, built if it is not there.
fn bundle(bundler: Bundler) -> Result<std::process::Command, Failure> {
    const PACKAGE: &str = "folge-web-bundle";
    let packages: &[&str] = match bundler {
        Bundler::Alone => &["--package", PACKAGE],
        Bundler::OfWorkspace => &["--workspace", "--all-features"],
    };
    run_command(cargo().args(["build", "--quiet"]).args(packages))?;
    Ok(program(target_dir()?.join("debug").join(PACKAGE)))
}

/// Builds everything once more, from a copy of the sources in another folder, into another folder,
/// and without anything kept: each file must be the same to the byte.
fn check_reproducible(options: &Options) -> Result<(), Failure> {
    let again = target_dir()?.join("web").join("again");
    if again.exists() {
        fs::remove_dir_all(&again).map_err(Failure::to("clear the folder of the second build"))?;
    }
    let copy = again.join("somewhere").join("else");
    let files = output(program("git").args(["ls-files", "-co", "--exclude-standard"]))?;
    for file in files.lines().filter(|file| Path::new(file).is_file()) {
        let to = copy.join(file);
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder).map_err(Failure::to("copy the sources"))?;
        }
        fs::copy(file, &to).map_err(Failure::to(format!("copy {file}")))?;
    }
    let profile = if options.dev { PROFILE_DEV } else { PROFILE };
    let target = again.join("target");
    compile(&copy, &target, profile)?;
    let dist = dist()?;
    let sequence = sequence(&dist)?;
    let mut command = bundle(Bundler::Alone)?;
    let (modules, cache) = (target.join(TARGET).join(profile), again.join("cache"));
    let (web, out) = (copy.join("web"), again.join("dist"));
    for (name, path) in [
        ("--modules", &modules),
        ("--cache", &cache),
        ("--web", &web),
        ("--out", &out),
    ] {
        command.arg(name).arg(path);
    }
    if options.release.is_empty() {
        command.args(["--sequence", &sequence]);
    }
    command.args(&options.release);
    run_command(&mut command)?;
    let (first, second) = (contents(&dist)?, contents(&out)?);
    let names: Vec<&PathBuf> = first.iter().map(|(name, _)| name).collect();
    let others: Vec<&PathBuf> = second.iter().map(|(name, _)| name).collect();
    if first != second {
        let differs: Vec<String> = (first.iter().zip(&second))
            .filter(|(one, other)| one != other)
            .map(|((name, _), _)| name.display().to_string())
            .collect();
        return Err(Failure::new(format!(
            "two builds of the same sources differ: {} files and {}; {}",
            names.len(),
            others.len(),
            differs.join(", ")
        )));
    }
    println!(
        "    reproducible: {} files, built twice, are the same",
        names.len()
    );
    Ok(())
}

/// The sequence in a release's list, as it is written there.
fn sequence(dist: &Path) -> Result<String, Failure> {
    let path = dist.join("release.json");
    let text = fs::read_to_string(&path).map_err(Failure::to("read the release"))?;
    text.split("\\\"sequence\\\":")
        .nth(1)
        .map(|rest| rest.chars().take_while(char::is_ascii_digit).collect())
        .ok_or_else(|| Failure::new(format!("{} names no sequence", path.display())))
}

/// Every file below a folder, by its path in it.
fn contents(folder: &Path) -> Result<Vec<(PathBuf, Vec<u8>)>, Failure> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next)
            .map_err(Failure::to("list a build"))?
            .flatten()
        {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = fs::read(&path).map_err(Failure::to("read a build"))?;
            let name = path.strip_prefix(folder).unwrap_or(&path).to_path_buf();
            found.push((name, bytes));
        }
    }
    found.sort();
    Ok(found)
}
