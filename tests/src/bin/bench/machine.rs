//! What it was measured on, and what Linux says of a process.

use std::fmt;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde::Serialize;

use crate::Anything;

/// The machine and the program's version.
#[derive(Debug, Serialize)]
pub(crate) struct Machine {
    date: String,
    commit: String,
    cpu: String,
    cores: usize,
    memory_mib: u64,
    kernel: String,
    rustc: String,
    file_system: String,
    load_average: String,
}

fn said(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output();
    output.map_or_else(
        |_| "unknown".to_owned(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}

/// What follows a label in a file of `/proc`.
fn after(path: &str, label: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(label))?;
    let (_, value) = line.split_once(':')?;
    Some(value.trim().to_owned())
}

fn kibibytes(path: &str, label: &str) -> Option<u64> {
    after(path, label)?.split(' ').next()?.parse().ok()
}

impl Machine {
    /// This machine, with the data in a folder.
    pub(crate) fn of(data: &Path) -> Self {
        let mut commit = said("git", &["rev-parse", "--short=12", "HEAD"]);
        if !said("git", &["status", "--porcelain", "--untracked-files=no"]).is_empty() {
            commit.push_str(" with changes");
        }
        let data = data.display().to_string();
        Self {
            date: said("date", &["-u", "+%Y-%m-%dT%H:%M:%SZ"]),
            commit,
            cpu: after("/proc/cpuinfo", "model name").unwrap_or_default(),
            cores: std::thread::available_parallelism().map_or(0, Into::into),
            memory_mib: kibibytes("/proc/meminfo", "MemTotal").unwrap_or(0) / 1024,
            kernel: said("uname", &["-sr"]),
            rustc: said("rustc", &["--version"]),
            file_system: said("stat", &["-f", "-c", "%T", &data]),
            load_average: fs::read_to_string("/proc/loadavg")
                .unwrap_or_default()
                .trim()
                .to_owned(),
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}, commit {}\n{}, {} cores, {} MiB, {}, data on {}\n{}, load average before {}",
            self.date,
            self.commit,
            self.cpu,
            self.cores,
            self.memory_mib,
            self.kernel,
            self.file_system,
            self.rustc,
            self.load_average
        )
    }
}

/// Processor time that a process has used, in user and kernel: in steps of 10 ms, so only sums
/// over several runs say something.
pub(crate) fn cpu(pid: u32) -> Anything<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let (_, fields) = stat.rsplit_once(')').ok_or("no stat")?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let ticks =
        |place: usize| -> Anything<u64> { Ok(fields.get(place).ok_or("no stat")?.parse()?) };
    Ok(Duration::from_millis((ticks(11)? + ticks(12)?) * 10))
}

/// Processor time that this program has used on all its threads, to the nanosecond.
pub(crate) fn own_cpu() -> Duration {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let seconds = u64::try_from(used.tv_sec).unwrap_or(0);
    Duration::new(seconds, u32::try_from(used.tv_nsec).unwrap_or(0))
}

/// Memory that a process has now, in KiB.
pub(crate) fn resident_kib(pid: u32) -> Anything<u64> {
    let found = kibibytes(&format!("/proc/{pid}/status"), "VmRSS");
    found.ok_or_else(|| "no VmRSS".into())
}

/// The most memory that this process has had, in KiB.
pub(crate) fn own_peak_kib() -> Anything<u64> {
    kibibytes("/proc/self/status", "VmHWM").ok_or_else(|| "no VmHWM".into())
}
