//! The step `browser` of the tests: everything in `tests/tests/browser_*.rs`, in Chromium, on the
//! app that the step `web` built.

use std::fs;
use std::path::PathBuf;

use crate::packages::{apt_get, can_install, update};
use crate::process::{Failure, cargo, output, program, run as run_command, target_dir, works};
use crate::web;

/// What looks for barriers on a page, and the digest of its package as npm gives it.
const AXE: &str = "axe-core@4.14.1";
const AXE_INTEGRITY: &str = "sha512-FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76A\
                             SyFNNtuFooJpZe37OgudVGtQ==";
/// Browsers at once: each is several processes.
const THREADS: &str = "2";

pub(crate) fn run() -> Result<(), Failure> {
    let page = web::dist()?.join("index.html");
    if !page.exists() {
        return Err(Failure::new(
            "the app is not built: `cargo xtask web`, or the step `web`, comes first",
        ));
    }
    for tool in ["chromium", "chromedriver"] {
        if !works(program(tool).arg("--version")) {
            return Err(Failure::new(format!(
                "{tool} is missing: the step `packages` installs it on Debian"
            )));
        }
    }
    let axe = axe()?;
    let failures = target_dir()?.join("web").join("failures");
    let _ = fs::remove_dir_all(&failures);
    let mut tests = cargo();
    tests
        .env("FOLGE_WEB_PAGE", page)
        .env("FOLGE_AXE", axe)
        .args(["test", "--workspace", "--all-features"])
        .args(["--test", "browser_*", "--", "--ignored", "--test-threads"])
        .arg(THREADS);
    run_command(&mut tests).map_err(|failure| {
        let left = failures.exists();
        let where_to = format!("{failure}; see {}", failures.display());
        if left {
            Failure::new(where_to)
        } else {
            failure
        }
    })
}

/// axe-core's program, fetched from npm once and checked against the digest above.
fn axe() -> Result<PathBuf, Failure> {
    let folder = target_dir()?.join("web").join("axe");
    let script = folder.join("axe.min.js");
    let mark = folder.join(AXE);
    if script.exists() && mark.exists() {
        return Ok(script);
    }
    if !works(program("npm").arg("--version")) {
        if !can_install() {
            return Err(Failure::new(
                "npm is missing, which axe-core comes by: install Node.js",
            ));
        }
        update()?;
        run_command(apt_get().args(["install", "-y", "-q", "--no-install-recommends", "npm"]))?;
    }
    fs::create_dir_all(&folder).map_err(Failure::to("make a folder for axe-core"))?;
    let packed = output(
        program("npm")
            .args(["pack", "--json", AXE])
            .current_dir(&folder),
    )?;
    if !packed.contains(&format!("\"{AXE_INTEGRITY}\"")) {
        return Err(Failure::new(format!(
            "npm gave another {AXE} than the one that is known here"
        )));
    }
    let archive = folder.join(AXE.replace('@', "-") + ".tgz");
    let mut unpack = program("tar");
    unpack.arg("-xzf").arg(&archive).arg("-C").arg(&folder);
    run_command(unpack.args(["--strip-components=1", "package/axe.min.js"]))?;
    let _ = fs::remove_file(archive);
    fs::write(mark, "").map_err(Failure::to("keep axe-core"))?;
    Ok(script)
}
