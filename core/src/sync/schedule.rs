//! When to sync next: at once while there is work, and after failures with growing, jittered waits.

use crate::env::Env;
use crate::limits::{BACKOFF_MILLISECONDS_MAX, BACKOFF_MILLISECONDS_MIN};

/// Decides when to try again. Times are on the device's monotonic clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct Schedule {
    failures: u32,
    not_before_ms: u64,
}

impl Schedule {
    /// A sync went through.
    pub fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// A sync failed: waits double from a second to a quarter of an hour, each drawn evenly from
    /// its upper half, so that phones that lost coverage together do not come back together.
    /// `at_least_ms` is what the relay asked for.
    pub fn failed(&mut self, env: &mut Env, at_least_ms: u64) {
        let ceiling = BACKOFF_MILLISECONDS_MIN
            .saturating_mul(1 << self.failures.min(20))
            .min(BACKOFF_MILLISECONDS_MAX);
        let half = ceiling / 2;
        let jitter = u64::from_be_bytes(env.random()) % (half + 1);
        self.failures = self.failures.saturating_add(1);
        self.not_before_ms = env
            .now()
            .monotonic_ms
            .saturating_add((half + jitter).max(at_least_ms));
    }

    /// How long to wait from now, in milliseconds; 0 for not at all.
    #[must_use]
    pub fn wait_ms(&self, env: &Env) -> u64 {
        self.not_before_ms.saturating_sub(env.now().monotonic_ms)
    }

    /// Coverage came back, or the user asked: try now, but remember the failures.
    pub fn hurry(&mut self) {
        self.not_before_ms = 0;
    }
}
