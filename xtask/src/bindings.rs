//! `cargo xtask bindings`: builds `folge-mobile`, makes the Kotlin, Swift and Python code from it,
//! and compares what is public with what the repository says.

use std::fs;
use std::path::{Path, PathBuf};

use crate::process::{
    Failure, cargo, program, run as run_command, run_for_status, target_dir, works,
};

/// What is public, as the repository says, by the name under which it is made.
const SNAPSHOTS: [(&str, &str); 2] = [
    ("api.txt", "mobile-bindings/api.txt"),
    ("mobile-api.md", "docs/mobile-api.md"),
];

/// Where everything that the tests of the bindings need lies.
struct Built {
    /// The generated code.
    bindings: PathBuf,
    /// The folder with the library.
    library_dir: PathBuf,
    /// The relay's program.
    relay: PathBuf,
}

impl Built {
    fn in_profile(folder: &str) -> Result<Self, Failure> {
        let target = target_dir()?;
        Ok(Self {
            bindings: target.join("bindings"),
            relay: target.join(folder).join("folge-relay"),
            library_dir: target.join(folder),
        })
    }

    fn library(&self) -> PathBuf {
        let name = format!(
            "{}folge_mobile{}",
            std::env::consts::DLL_PREFIX,
            std::env::consts::DLL_SUFFIX
        );
        self.library_dir.join(name)
    }
}

pub(crate) fn run(args: &[String]) -> Result<(), Failure> {
    match args {
        [] => make().and_then(|built| compare(&built)),
        [only] if only == "--write" => make().and_then(|built| write(&built)),
        _ => Err(Failure::new("`bindings` takes `--write` or nothing")),
    }
}

fn make() -> Result<Built, Failure> {
    // As the tests build it, so that nothing is compiled twice.
    run_command(cargo().args(["build", "--workspace", "--all-features"]))?;
    let built = Built::in_profile("debug")?;
    generate(&built)?;
    Ok(built)
}

fn generate(built: &Built) -> Result<(), Failure> {
    if built.bindings.exists() {
        fs::remove_dir_all(&built.bindings).map_err(Failure::to("clear the generated code"))?;
    }
    let generator = target_dir()?.join("debug").join("folge-bindgen");
    run_command(program(generator).arg(built.library()).arg(&built.bindings))
}

fn read(path: impl AsRef<Path>) -> Result<String, Failure> {
    let path = path.as_ref();
    fs::read_to_string(path).map_err(Failure::to(format!("read `{}`", path.display())))
}

fn write(built: &Built) -> Result<(), Failure> {
    for (made, kept) in SNAPSHOTS {
        fs::write(kept, read(built.bindings.join(made))?)
            .map_err(Failure::to(format!("write `{kept}`")))?;
        println!("    wrote {kept}");
    }
    Ok(())
}

/// Fails where something public is not what the repository says, and shows the first difference.
fn compare(built: &Built) -> Result<(), Failure> {
    for (made, kept) in SNAPSHOTS {
        let (made, stands) = (read(built.bindings.join(made))?, read(kept)?);
        if made == stands {
            println!("    {kept} is up to date");
            continue;
        }
        let place = made
            .lines()
            .zip(stands.lines())
            .take_while(|(a, b)| a == b)
            .count();
        return Err(Failure::new(format!(
            "{kept} is out of date from line {} on:\n  it says:  {}\n  it is:    {}\nLook whether \
             apps can live with the change, then run `cargo xtask bindings --write`",
            place + 1,
            stands.lines().nth(place).unwrap_or("(nothing)"),
            made.lines().nth(place).unwrap_or("(nothing)"),
        )));
    }
    Ok(())
}

/// The step `bindings` of the tests: everything is made and is what the repository says; Python
/// can use it.
pub(crate) fn check() -> Result<(), Failure> {
    let built = make()?;
    compare(&built)?;
    run_command(
        program("python3")
            .arg("mobile-bindings/python/smoke_test.py")
            .arg(built.bindings.join("python"))
            .arg(built.library())
            .arg(&built.relay),
    )
}

/// The step `kotlin` of the tests.
pub(crate) fn kotlin() -> Result<(), Failure> {
    let built = Built::in_profile("debug")?;
    maven(&built, "test", &[])
}

fn maven(built: &Built, goal: &str, more: &[&str]) -> Result<(), Failure> {
    let property = |name: &str, path: &Path| format!("-Dfolge.{name}={}", path.display());
    run_command(
        program("mvn")
            .args(["--batch-mode", "--no-transfer-progress", "--file"])
            .arg("mobile-bindings/kotlin/pom.xml")
            .arg(property("bindings", &built.bindings))
            .arg(property("library.dir", &built.library_dir))
            .arg(property("relay", &built.relay))
            .arg(property("build.dir", &target_dir()?.join("kotlin")))
            .args(more)
            .arg(goal),
    )
}

/// How the Swift package's test program ends where there is no Swift to run it.
const SWIFT_NOT_RUN: i32 = 3;

/// The step `swift` of the tests. Without a `swift` of its own, Debian's is unpacked into the
/// target folder and run in a chroot. Where neither can be had, why.
pub(crate) fn swift() -> Result<Option<String>, Failure> {
    let built = Built::in_profile("debug")?;
    let status = run_for_status(
        program("bash")
            .arg("mobile-bindings/swift/test-linux.sh")
            .arg(&built.bindings)
            .arg(&built.library_dir)
            .arg(&built.relay)
            .arg(target_dir()?.join("swift-toolchain")),
    )?;
    match status.code() {
        Some(0) => Ok(None),
        Some(SWIFT_NOT_RUN) => Ok(Some(
            "no Swift here, and it could not be unpacked either; why is above".to_owned(),
        )),
        _ => Err(Failure::new(format!(
            "the Swift package's tests failed ({status}); their own words are above"
        ))),
    }
}

/// `cargo xtask bench`'s part that runs on the JVM, with the library as phones carry it.
pub(crate) fn bench() -> Result<(), Failure> {
    if !works(program("mvn").arg("--version")) {
        println!("Kotlin: not measured, for there is no `mvn` here.");
        return Ok(());
    }
    let mut library = cargo();
    library.args(["rustc", "--profile", "mobile", "--package", "folge-mobile"]);
    library.args(["--lib", "--crate-type", "cdylib", "--"]);
    if cfg!(target_os = "linux") {
        // As the Android build has it: like functions once, relocations packed.
        library.args(["-C", "link-arg=-Wl,--icf=all"]);
        library.args(["-C", "link-arg=-Wl,-z,pack-relative-relocs"]);
    }
    run_command(&mut library)?;
    run_command(cargo().args([
        "build",
        "--package",
        "folge-relay",
        "--package",
        "folge-bindgen",
    ]))?;
    let mut built = Built::in_profile("mobile")?;
    built.relay = target_dir()?.join("debug").join("folge-relay");
    generate(&Built::in_profile("debug")?)?;
    let size = fs::metadata(built.library()).map_err(Failure::to("look at the library"))?;
    println!("library: {} bytes", size.len());
    maven(&built, "test", &["-Dgroups=bench", "-DexcludedGroups="])
}
