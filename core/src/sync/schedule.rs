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

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use proptest::prelude::*;
    use rand_core::{TryCryptoRng, TryRng};

    use super::*;
    use crate::env::Clock;

    #[derive(Default)]
    struct Still(AtomicU64);

    impl Clock for Still {
        fn wall_ms(&self) -> i64 {
            0
        }
        fn monotonic_ms(&self) -> u64 {
            self.0.load(Ordering::SeqCst)
        }
        fn boot(&self) -> u32 {
            0
        }
    }

    /// Counts up: not random, but different each time.
    struct Counter(u64);

    impl TryRng for Counter {
        type Error = std::convert::Infallible;
        fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
            self.try_next_u64().map(|word| word as u32)
        }
        fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            Ok(self.0)
        }
        fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
            for byte in bytes {
                *byte = (self.try_next_u64()? >> 33) as u8;
            }
            Ok(())
        }
    }

    impl TryCryptoRng for Counter {}

    proptest! {
        #[test]
        fn waits_grow_within_their_bounds_and_are_never_all_alike(seed: u64, failures in 1_u32..40) {
            let clock = Arc::new(Still::default());
            let mut env = Env::new(Arc::clone(&clock) as Arc<dyn Clock>, Box::new(Counter(seed)));
            let mut schedule = Schedule::default();
            prop_assert_eq!(schedule.wait_ms(&env), 0);
            let mut waits = Vec::new();
            for n in 0..failures {
                schedule.failed(&mut env, 0);
                let wait = schedule.wait_ms(&env);
                let ceiling =
                    (BACKOFF_MILLISECONDS_MIN << n.min(20)).min(BACKOFF_MILLISECONDS_MAX);
                prop_assert!((ceiling / 2..=ceiling).contains(&wait), "{} of {}", wait, ceiling);
                waits.push(wait);
            }
            if failures > 15 {
                let late: std::collections::BTreeSet<_> = waits[12..].iter().collect();
                prop_assert!(late.len() > 1, "no jitter");
            }
            schedule.failed(&mut env, 2 * BACKOFF_MILLISECONDS_MAX);
            prop_assert_eq!(schedule.wait_ms(&env), 2 * BACKOFF_MILLISECONDS_MAX);
            clock.0.fetch_add(BACKOFF_MILLISECONDS_MAX, Ordering::SeqCst);
            prop_assert_eq!(schedule.wait_ms(&env), BACKOFF_MILLISECONDS_MAX);
            schedule.hurry();
            prop_assert_eq!(schedule.wait_ms(&env), 0);
            schedule.failed(&mut env, 0);
            schedule.succeeded();
            prop_assert_eq!(schedule.wait_ms(&env), 0);
        }
    }
}
