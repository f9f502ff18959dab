//! The compiler for browsers.
//!
//! Where rustup has the target, that is all. Where it has not and cannot be asked (CI reaches
//! package registries only), Debian's compiler is unpacked beside the build, installed nowhere,
//! and the standard library is built from Debian's sources.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::packages::{apt_get, is_debian, update};
use crate::process::{Failure, cargo, output, program, run as run_command, target_dir};

/// What browsers run.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";
/// Debian's compiler, the one that it keeps current for browsers.
const DEBIAN_COMPILER: &str = "rustc-web";
/// The oldest one that compiles this workspace: as `rust-version` in Cargo.toml.
const DEBIAN_MINOR_MIN: u32 = 95;

/// Where everything that is built for browsers lies.
pub(crate) fn folder() -> Result<PathBuf, Failure> {
    Ok(target_dir()?.join("wasm"))
}

/// What makes modules smaller where the standard library is compiled along: no `Debug` texts, no
/// places in sources, and a panic is a trap without words. None of it is ever shown to a user, and
/// words of a panic could hold what was recorded.
const SMALL: [&str; 4] = [
    "-Zfmt-debug=none",
    "-Zlocation-detail=none",
    "-Zunstable-options",
    "-Cpanic=immediate-abort",
];

/// `cargo build` for browsers, into a folder, without a path of this machine in what it makes.
/// What to build, and in which profile, is for the caller to add. `small` gives up what only helps
/// developers, where the compiler can.
pub(crate) fn cargo_build(repository: &Path, into: &Path, small: bool) -> Result<Command, Failure> {
    let mut build = cargo();
    let mut paths = vec![
        (repository.to_path_buf(), "/folge"),
        (into.to_path_buf(), "/target"),
        (cargo_home()?, "/cargo"),
    ];
    let mut flags = vec!["--cfg=sha2_backend_soft=\"compact\"".to_owned()];
    if has_target()? {
        println!("    rustup's {TARGET}");
        paths.push((sysroot()?, "/rust"));
    } else if is_debian() {
        let toolchain = DebianToolchain::unpacked(&folder()?)?;
        println!("    Debian's rustc {}", toolchain.version);
        toolchain.equip(&mut build)?;
        if small {
            flags.extend(SMALL.map(str::to_owned));
            build.arg("-Zbuild-std-features=optimize_for_size");
        }
        // Where its paths are neutral already, nothing is found to replace.
        paths.push((toolchain.root, "/rust"));
    } else {
        return Err(Failure::new(format!(
            "the standard library for {TARGET} is missing: `rustup target add {TARGET}`"
        )));
    }
    // Of two prefixes that fit, rustc takes the one given last: the longest.
    paths.sort_by_key(|(path, _)| path.as_os_str().len());
    let renamed = paths.iter();
    flags.extend(
        renamed.map(|(path, name)| format!("--remap-path-prefix={}={name}", path.display())),
    );
    build
        .current_dir(repository)
        .env("CARGO_TARGET_DIR", into)
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"))
        .env_remove("RUSTFLAGS")
        .args(["build", "--target", TARGET]);
    Ok(build)
}

/// Where cargo keeps the sources of dependencies.
fn cargo_home() -> Result<PathBuf, Failure> {
    if let Some(home) = std::env::var_os("CARGO_HOME") {
        return Ok(home.into());
    }
    let home = std::env::var_os("HOME").ok_or_else(|| Failure::new("HOME is not set"))?;
    Ok(Path::new(&home).join(".cargo"))
}

/// Where the active compiler lives.
fn sysroot() -> Result<PathBuf, Failure> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    output(program(rustc).args(["--print", "sysroot"])).map(PathBuf::from)
}

/// Whether the active compiler has the standard library of the target.
fn has_target() -> Result<bool, Failure> {
    let libraries = sysroot()?.join("lib/rustlib").join(TARGET).join("lib");
    let Ok(entries) = std::fs::read_dir(libraries) else {
        return Ok(false);
    };
    Ok(entries
        .flatten()
        .any(|entry| entry.file_name().to_string_lossy().starts_with("libstd-")))
}

/// Debian's compiler and the sources of its standard library, unpacked.
struct DebianToolchain {
    version: String,
    root: PathBuf,
}

impl DebianToolchain {
    /// Downloads and unpacks what is not there yet. A folder has the version in its name, and
    /// appears only when it is complete.
    fn unpacked(folder: &Path) -> Result<Self, Failure> {
        let version = match candidate() {
            Some(version) => version,
            None => {
                update()?;
                candidate().ok_or_else(|| {
                    Failure::new(format!(
                        "Debian has no {DEBIAN_COMPILER} from 1.{DEBIAN_MINOR_MIN} on here: \
                         `rustup target add {TARGET}`"
                    ))
                })?
            }
        };
        let name: String = version
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .collect();
        let root = folder.join(format!("debian-{name}"));
        let toolchain = Self { version, root };
        if !toolchain.root.exists() {
            toolchain.unpack(folder)?;
        }
        Ok(toolchain)
    }

    fn unpack(&self, folder: &Path) -> Result<(), Failure> {
        let fresh = folder.join("debian-unpacking");
        let _ = std::fs::remove_dir_all(&fresh);
        std::fs::create_dir_all(&fresh).map_err(Failure::to("make a folder for the compiler"))?;
        let packages = self.packages()?;
        let download = || {
            let mut command = apt_get();
            command.args(["download", "-q"]).args(&packages);
            run_command(command.current_dir(&fresh))
        };
        // Old package lists name files that are gone.
        if download().is_err() {
            update()?;
            download()?;
        }
        let entries = std::fs::read_dir(&fresh).map_err(Failure::to("list the packages"))?;
        let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        files.sort();
        for file in files {
            extract(&file, &fresh)?;
            std::fs::remove_file(&file).map_err(Failure::to("remove an unpacked package"))?;
        }
        std::fs::rename(&fresh, &self.root).map_err(Failure::to("keep the unpacked compiler"))
    }

    /// The packages, the libraries that the compiler needs among them, by their names in this
    /// release of Debian.
    fn packages(&self) -> Result<Vec<String>, Failure> {
        let exactly = |name: &str| format!("{name}={}", self.version);
        let library = depends(&exactly("libstd-rust-web-dev"))?
            .into_iter()
            .find(|name| name.starts_with("libstd-rust-web-"))
            .ok_or_else(|| Failure::new("libstd-rust-web-dev names no library"))?;
        let llvm = depends(&exactly(&library))?
            .into_iter()
            .find(|name| name.starts_with("libllvm"))
            .ok_or_else(|| Failure::new(format!("{library} names no LLVM")))?;
        Ok(vec![
            exactly(DEBIAN_COMPILER),
            exactly(&library),
            exactly("libstd-rust-web-dev"),
            exactly("rust-web-src"),
            llvm,
        ])
    }

    /// Makes a call of cargo use this compiler.
    fn equip(&self, build: &mut Command) -> Result<(), Failure> {
        let usr = self.root.join("usr");
        let rustc = usr.join("bin/rustc");
        let libraries = usr.join("lib").join(multiarch()?);
        // The linker is the active toolchain's: Debian's own would have to be installed.
        let host = output(program("rustc").arg("-vV"))?;
        let host = host
            .lines()
            .find_map(|line| line.strip_prefix("host: "))
            .ok_or_else(|| Failure::new("rustc names no host"))?;
        let linker = sysroot()?
            .join("lib/rustlib")
            .join(host)
            .join("bin/rust-lld");
        build
            .env("RUSTC", &rustc)
            .env("RUSTC_BOOTSTRAP", "1")
            .env("LD_LIBRARY_PATH", &libraries)
            .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker)
            .env("CC_wasm32_unknown_unknown", "clang")
            .env_remove("RUSTC_WRAPPER");
        output(
            program(&rustc)
                .env("LD_LIBRARY_PATH", &libraries)
                .arg("--version"),
        )?;
        build.arg("-Zbuild-std=std,panic_abort");
        Ok(())
    }
}

/// The name of the folder with this machine's libraries, such as `x86_64-linux-gnu`.
fn multiarch() -> Result<String, Failure> {
    output(program("cc").arg("-print-multiarch"))
}

/// The newest version of Debian's compiler that the package lists name, if it is new enough.
fn candidate() -> Option<String> {
    let policy = output(program("apt-cache").args(["policy", DEBIAN_COMPILER])).ok()?;
    let version = policy
        .lines()
        .find_map(|line| line.trim().strip_prefix("Candidate: "))?;
    let minor: u32 = version
        .strip_prefix("1.")?
        .split('.')
        .next()?
        .parse()
        .ok()?;
    (minor >= DEBIAN_MINOR_MIN).then(|| version.to_owned())
}

/// The names of the packages that one needs.
fn depends(package: &str) -> Result<Vec<String>, Failure> {
    let text = output(program("apt-cache").args(["depends", package]))?;
    Ok(text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("Depends: "))
        .map(str::to_owned)
        .collect())
}

/// Unpacks a package; of the compiler's sources, only the standard library's.
fn extract(package: &Path, into: &Path) -> Result<(), Failure> {
    let sources = package
        .file_name()
        .is_some_and(|name| name.to_string_lossy().starts_with("rust-web-src"));
    if !sources {
        return run_command(program("dpkg").arg("-x").arg(package).arg(into));
    }
    let mut unpacked = program("dpkg")
        .arg("--fsys-tarfile")
        .arg(package)
        .stdout(Stdio::piped())
        .spawn()
        .map_err(Failure::to("start dpkg"))?;
    let Some(archive) = unpacked.stdout.take() else {
        return Err(Failure::new("dpkg gives no archive"));
    };
    let mut tar = program("tar");
    tar.stdin(archive).arg("-x").arg("-C").arg(into);
    tar.args([
        "--wildcards",
        "./usr/src/*/library",
        "./usr/lib/rustlib/src/rust",
    ]);
    run_command(&mut tar)?;
    if unpacked.wait().is_ok_and(|status| status.success()) {
        Ok(())
    } else {
        Err(Failure::new(format!("{} is damaged", package.display())))
    }
}
