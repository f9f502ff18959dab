//! What the relay counts, as Prometheus text. Counts only: no workspace, device or address.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds of the commit histogram, in microseconds.
const COMMIT_MICROSECONDS: [u64; 10] = [
    250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 100_000, 500_000, 2_500_000,
];
/// Upper bounds of the group histogram, in requests.
const GROUP_REQUESTS: [u64; 8] = [1, 2, 4, 8, 16, 64, 256, 1_024];

/// All counters of one relay.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    requests: Mutex<BTreeMap<(&'static str, u16), u64>>,
    pub(crate) envelopes: AtomicU64,
    pub(crate) bytes_in: AtomicU64,
    pub(crate) bytes_out: AtomicU64,
    pub(crate) live: AtomicI64,
    pub(crate) pushed: AtomicU64,
    pub(crate) slow: AtomicU64,
    pub(crate) queue: AtomicI64,
    pub(crate) failures: AtomicU64,
    commits: Histogram<10>,
    groups: Histogram<8>,
}

#[derive(Debug)]
struct Histogram<const N: usize> {
    buckets: [AtomicU64; N],
    count: AtomicU64,
    sum: AtomicU64,
}

impl<const N: usize> Default for Histogram<N> {
    fn default() -> Self {
        Self {
            buckets: std::array::from_fn(|_| AtomicU64::new(0)),
            count: AtomicU64::new(0),
            sum: AtomicU64::new(0),
        }
    }
}

impl<const N: usize> Histogram<N> {
    fn observe(&self, bounds: &[u64; N], value: u64) {
        for (bucket, bound) in self.buckets.iter().zip(bounds) {
            if value <= *bound {
                bucket.fetch_add(1, Ordering::Relaxed);
            }
        }
        self.count.fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(value, Ordering::Relaxed);
    }

    #[allow(clippy::cast_precision_loss)] // A display.
    fn write(&self, out: &mut String, name: &str, bounds: &[u64; N], unit: f64) {
        let _ = writeln!(out, "# TYPE {name} histogram");
        for (bucket, bound) in self.buckets.iter().zip(bounds) {
            let (bound, count) = (*bound as f64 / unit, bucket.load(Ordering::Relaxed));
            let _ = writeln!(out, "{name}_bucket{{le=\"{bound}\"}} {count}");
        }
        let count = self.count.load(Ordering::Relaxed);
        let sum = self.sum.load(Ordering::Relaxed) as f64 / unit;
        let _ = writeln!(out, "{name}_bucket{{le=\"+Inf\"}} {count}");
        let _ = writeln!(out, "{name}_sum {sum}\n{name}_count {count}");
    }
}

impl Metrics {
    /// Counts an answered request.
    pub(crate) fn request(&self, path: &'static str, status: u16) {
        // A poisoned counter is still a counter.
        let mut requests = match self.requests.lock() {
            Ok(requests) => requests,
            Err(poisoned) => poisoned.into_inner(),
        };
        *requests.entry((path, status)).or_default() += 1;
    }

    /// Counts a group of requests and the time to make it durable.
    pub(crate) fn group(&self, requests: usize, took: Duration) {
        self.groups.observe(&GROUP_REQUESTS, requests as u64);
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.commits.observe(&COMMIT_MICROSECONDS, took);
    }

    /// Everything as text.
    pub(crate) fn text(&self) -> String {
        let mut out = String::new();
        let _ = writeln!(out, "# TYPE folge_relay_requests_total counter");
        if let Ok(requests) = self.requests.lock() {
            for ((path, status), count) in requests.iter() {
                let _ = writeln!(
                    out,
                    "folge_relay_requests_total{{path=\"{path}\",status=\"{status}\"}} {count}"
                );
            }
        }
        for (name, value) in [
            ("envelopes_accepted_total", &self.envelopes),
            ("received_bytes_total", &self.bytes_in),
            ("sent_bytes_total", &self.bytes_out),
            ("live_frames_total", &self.pushed),
            ("live_slow_total", &self.slow),
            ("storage_failures_total", &self.failures),
        ] {
            let value = value.load(Ordering::Relaxed);
            let _ = writeln!(
                out,
                "# TYPE folge_relay_{name} counter\nfolge_relay_{name} {value}"
            );
        }
        for (name, value) in [
            ("live_connections", &self.live),
            ("queue_requests", &self.queue),
        ] {
            let value = value.load(Ordering::Relaxed);
            let _ = writeln!(
                out,
                "# TYPE folge_relay_{name} gauge\nfolge_relay_{name} {value}"
            );
        }
        self.commits.write(
            &mut out,
            "folge_relay_commit_seconds",
            &COMMIT_MICROSECONDS,
            1e6,
        );
        self.groups
            .write(&mut out, "folge_relay_group_requests", &GROUP_REQUESTS, 1.0);
        out
    }
}
