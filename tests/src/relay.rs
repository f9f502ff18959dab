//! Relays to talk to: one inside this program, and the real one as a process that can be killed.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use folge_relay::{Config, RunningRelay};

/// A relay inside this program, on a free loopback port.
#[derive(Debug)]
pub struct EmbeddedRelay {
    runtime: tokio::runtime::Runtime,
    relay: Option<RunningRelay>,
    /// Its address.
    pub url: String,
}

impl EmbeddedRelay {
    /// Starts one with its data in a folder.
    /// # Errors
    /// What stands in the way.
    pub fn start(data: &Path) -> Result<Self, Box<dyn std::error::Error>> {
        let mut config = Config::in_directory(data);
        // One loopback caller stands for many phones here.
        config.limits.device_requests_per_minute = 1_000_000;
        Self::start_with(config)
    }

    /// Starts one with its own configuration.
    /// # Errors
    /// What stands in the way.
    pub fn start_with(config: Config) -> Result<Self, Box<dyn std::error::Error>> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?;
        let relay = runtime.block_on(folge_relay::serve(config))?;
        let url = relay.url();
        Ok(Self {
            runtime,
            relay: Some(relay),
            url,
        })
    }

    /// Stops it after the requests under way.
    pub fn stop(mut self) {
        if let Some(relay) = self.relay.take() {
            self.runtime.block_on(relay.shutdown());
        }
    }
}

/// The `folge-relay` program as a process of its own. Killed when dropped.
#[derive(Debug)]
pub struct RelayProcess {
    child: Child,
    /// Its address.
    pub url: String,
}

impl RelayProcess {
    /// The program, built if it is not there yet.
    /// # Errors
    /// Where it cannot be found or built.
    pub fn program() -> std::io::Result<PathBuf> {
        // Test programs lie in target/<profile>/deps, others in target/<profile>.
        let mut dir = std::env::current_exe()?;
        dir.pop();
        if dir.ends_with("deps") {
            dir.pop();
        }
        let program = dir.join("folge-relay");
        // Once a run, so that no older relay is talked to; tests run side by side.
        static BUILT: std::sync::Mutex<bool> = std::sync::Mutex::new(false);
        let mut built = BUILT
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if !*built {
            let mut cargo = Command::new(env!("CARGO"));
            cargo.args([
                "build",
                "--quiet",
                "--package",
                "folge-relay",
                "--bin",
                "folge-relay",
            ]);
            if dir.ends_with("release") {
                cargo.arg("--release");
            }
            // What `cargo test` set for this test means nothing to other packages; some build
            // scripts would take it for a change and build everything anew (as in `xtask`).
            for (name, _) in std::env::vars_os() {
                let of_this_test = [
                    "CARGO_PKG_",
                    "CARGO_MANIFEST_",
                    "CARGO_BIN_",
                    "CARGO_CRATE_",
                ]
                .iter()
                .any(|prefix| name.to_string_lossy().starts_with(prefix));
                if of_this_test || name == "CARGO_PRIMARY_PACKAGE" {
                    cargo.env_remove(name);
                }
            }
            cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status()?;
            *built = true;
        }
        Ok(program)
    }

    /// Starts it on an address (`127.0.0.1:0` for any free port) and waits until it serves.
    /// # Errors
    /// Where it does not start.
    pub fn start(data: &Path, listen: &str) -> std::io::Result<Self> {
        Self::start_with_limits(data, listen, &[])
    }

    /// The same with limits of its own, such as `device_live_connections_max=2000`.
    /// # Errors
    /// Where it does not start.
    pub fn start_with_limits(data: &Path, listen: &str, limits: &[&str]) -> std::io::Result<Self> {
        Self::start_with(data, listen, limits, |_| {})
    }

    /// The same with whatever else the program is given: flags, environment.
    /// # Errors
    /// Where it does not start.
    pub fn start_with(
        data: &Path,
        listen: &str,
        limits: &[&str],
        give: impl FnOnce(&mut Command),
    ) -> std::io::Result<Self> {
        let mut program = Command::new(Self::program()?);
        program
            .args(["serve", "--listen", listen, "--data"])
            .arg(data)
            .args(["--limit", "device_requests_per_minute=1000000"])
            .args(limits.iter().flat_map(|limit| ["--limit", limit]))
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        give(&mut program);
        let mut child = program.spawn()?;
        let missing = || std::io::Error::other("the relay did not say that it listens");
        let stdout = child.stdout.take().ok_or_else(missing)?;
        for line in BufReader::new(stdout).lines() {
            if let Some(url) = line?.strip_prefix("folge-relay listening on ") {
                let url = url.to_owned();
                return Ok(Self { child, url });
            }
        }
        let _ = child.kill();
        let _ = child.wait();
        Err(missing())
    }

    /// Kills it as a power cut does: SIGKILL, at once.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Its process number.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for RelayProcess {
    fn drop(&mut self) {
        self.kill();
    }
}
