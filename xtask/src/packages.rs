//! What the tests and the demo need besides cargo. On Debian as root it is installed; elsewhere the
//! person is told exactly what to install.

use std::path::Path;

use crate::process::{Failure, cargo, output, program, run, works};

/// Something that the tests need.
struct Need {
    /// What it is for.
    purpose: &'static str,
    /// The command that is looked for.
    command: &'static str,
    /// Debian's package.
    package: &'static str,
}

const NEEDS: &[Need] = &[
    Need {
        purpose: "compiling the bundled SQLite",
        command: "cc",
        package: "build-essential",
    },
    Need {
        purpose: "compiling SQLite for browsers",
        command: "clang",
        package: "clang",
    },
    Need {
        purpose: "the mobile library from Python",
        command: "python3",
        package: "python3",
    },
    Need {
        purpose: "compiling Kotlin",
        command: "javac",
        package: "default-jdk-headless",
    },
    Need {
        purpose: "the Kotlin library and its tests",
        command: "mvn",
        package: "maven",
    },
    Need {
        purpose: "the app in a browser",
        command: "chromium",
        package: "chromium",
    },
    Need {
        purpose: "driving the browser",
        command: "chromedriver",
        package: "chromium-driver",
    },
];

/// Makes sure that everything the tests need is there.
pub(crate) fn check() -> Result<(), Failure> {
    for (tool, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        if !works(cargo().args([tool, "--version"])) {
            return Err(Failure::new(format!(
                "cargo {tool} is missing: `rustup component add {component}`"
            )));
        }
    }
    install(|_| true)
}

/// Makes sure that what compiles the programs and the app for browsers is there.
pub(crate) fn check_compilers() -> Result<(), Failure> {
    install(|need| ["cc", "clang"].contains(&need.command))
}

fn install(is_needed: impl Fn(&Need) -> bool) -> Result<(), Failure> {
    let missing: Vec<&Need> = NEEDS
        .iter()
        .filter(|need| is_needed(need))
        .filter(|need| !works(program(need.command).arg("--version")))
        .collect();
    if missing.is_empty() {
        println!("    all there");
        return Ok(());
    }
    for need in &missing {
        println!("    missing: {} ({})", need.command, need.purpose);
    }
    let packages: Vec<&str> = missing.iter().map(|need| need.package).collect();
    if !can_install() {
        return Err(Failure::new(format!(
            "install what is missing; on Debian or Ubuntu: `sudo apt-get install {}`",
            packages.join(" ")
        )));
    }
    update()?;
    run(apt_get()
        .args(["install", "-y", "-q", "--no-install-recommends"])
        .args(packages))
}

/// Whether this is Debian or a relative, and we are root.
pub(crate) fn can_install() -> bool {
    is_debian() && output(program("id").arg("-u")).is_ok_and(|id| id == "0")
}

/// Whether Debian's tools are here.
pub(crate) fn is_debian() -> bool {
    Path::new("/etc/debian_version").exists() && works(apt_get().arg("--version"))
}

/// `apt-get`, which asks nothing and tries again where the network fails.
pub(crate) fn apt_get() -> std::process::Command {
    let mut command = program("apt-get");
    command
        .env("DEBIAN_FRONTEND", "noninteractive")
        .args(["-o", "Acquire::Retries=3"]);
    command
}

/// Fetches the package lists. Only root can.
pub(crate) fn update() -> Result<(), Failure> {
    run(apt_get().args(["update", "-q"]))
}
