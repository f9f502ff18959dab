//! Against replay and floods: both in memory only.
//!
//! After a restart both are empty. That is sound: what is repeated is idempotent, and the window
//! only spares the work.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::Hash;

use folge_protocol::ids::WorkspaceId;
use folge_protocol::limits::REQUEST_AGE_MILLISECONDS_MAX;

use crate::limits::{RATE_KEYS_MAX, REPLAY_REQUESTS_MAX};

type Key = ([u8; 16], [u8; 16]);

/// The requests of the last minutes, each taken once.
#[derive(Debug, Default)]
pub(super) struct ReplayWindow {
    seen: HashSet<Key>,
    order: VecDeque<(u64, Key)>,
}

impl ReplayWindow {
    /// Remembers a request; false if it was there.
    pub(super) fn take(&mut self, signer: [u8; 16], nonce: [u8; 16], now_ms: u64) -> bool {
        // A request is valid for the age limit to both sides of its own time.
        let oldest = now_ms.saturating_sub(2 * REQUEST_AGE_MILLISECONDS_MAX);
        while let Some((time, key)) = self.order.front()
            && (*time < oldest || self.order.len() >= REPLAY_REQUESTS_MAX)
        {
            self.seen.remove(key);
            self.order.pop_front();
        }
        let key = (signer, nonce);
        if !self.seen.insert(key) {
            return false;
        }
        self.order.push_back((now_ms, key));
        true
    }

    /// Forgets a request that was not carried out, so that it may be sent again.
    pub(super) fn forget(&mut self, signer: [u8; 16], nonce: [u8; 16]) {
        let key = (signer, nonce);
        if self.seen.remove(&key) {
            self.order.retain(|(_, other)| *other != key);
        }
    }
}

/// A token bucket for each key: what a period allows may be used at once, and comes back evenly.
#[derive(Debug)]
pub(crate) struct Buckets<K> {
    period_ms: u64,
    /// What is left, in units times the period's milliseconds, and when that was.
    levels: HashMap<K, (u64, u64)>,
}

pub(crate) const MINUTE_MILLISECONDS: u64 = 60_000;
pub(crate) const HOUR_MILLISECONDS: u64 = 60 * MINUTE_MILLISECONDS;
pub(crate) const DAY_MILLISECONDS: u64 = 24 * HOUR_MILLISECONDS;

impl<K: Eq + Hash> Buckets<K> {
    pub(crate) fn new(period_ms: u64) -> Self {
        Self {
            period_ms,
            levels: HashMap::new(),
        }
    }

    /// Brings a key's level up to now.
    fn level(&mut self, key: K, per_period: u64, now_ms: u64) -> &mut u64 {
        // Counted so that a millisecond earns `per_period`.
        let full = per_period.saturating_mul(self.period_ms);
        let risen = |level: u64, time: u64| {
            let earned = now_ms.saturating_sub(time).saturating_mul(per_period);
            level.saturating_add(earned).min(full)
        };
        if self.levels.len() >= RATE_KEYS_MAX && !self.levels.contains_key(&key) {
            self.levels
                .retain(|_, (level, time)| risen(*level, *time) < full);
            if self.levels.len() >= RATE_KEYS_MAX {
                self.levels.clear();
            }
        }
        let (level, time) = self.levels.entry(key).or_insert((full, now_ms));
        *level = risen(*level, *time);
        *time = now_ms;
        level
    }

    /// Takes so many units; else how long to wait, in milliseconds, and nothing is taken.
    pub(crate) fn take(
        &mut self,
        key: K,
        units: u64,
        per_period: u64,
        now_ms: u64,
    ) -> Result<(), u64> {
        let price = units.saturating_mul(self.period_ms);
        let level = self.level(key, per_period, now_ms);
        if *level < price {
            return Err((price - *level).div_ceil(per_period.max(1)).max(1));
        }
        *level -= price;
        Ok(())
    }

    /// Whether a unit is left; else how long to wait, in milliseconds. Takes nothing.
    pub(crate) fn check(&mut self, key: K, per_period: u64, now_ms: u64) -> Result<(), u64> {
        let price = self.period_ms;
        let level = self.level(key, per_period, now_ms);
        if *level < price {
            return Err((price - *level).div_ceil(per_period.max(1)).max(1));
        }
        Ok(())
    }

    /// Takes so many units, or all that is left: for what is known only afterwards.
    pub(crate) fn charge(&mut self, key: K, units: u64, per_period: u64, now_ms: u64) {
        let price = units.saturating_mul(self.period_ms);
        let level = self.level(key, per_period, now_ms);
        *level = level.saturating_sub(price);
    }
}

/// What the judge counts, a kind of flood each.
#[derive(Debug)]
pub(super) struct Rates {
    /// Requests of a device.
    pub(super) requests: Buckets<[u8; 16]>,
    /// Bytes that a device sent.
    pub(super) bytes: Buckets<[u8; 16]>,
    /// Requests that no member signed, by workspace; all workspaces that are not here share one.
    pub(super) strangers: Buckets<Option<WorkspaceId>>,
    /// Founding requests without the right token.
    pub(super) foundings: Buckets<()>,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            requests: Buckets::new(MINUTE_MILLISECONDS),
            bytes: Buckets::new(DAY_MILLISECONDS),
            strangers: Buckets::new(MINUTE_MILLISECONDS),
            foundings: Buckets::new(HOUR_MILLISECONDS),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_taken_once_until_it_is_too_old_to_be_valid() {
        let mut window = ReplayWindow::default();
        assert!(window.take([1; 16], [2; 16], 1_000_000));
        assert!(!window.take([1; 16], [2; 16], 1_000_001));
        assert!(window.take([3; 16], [2; 16], 1_000_001));
        let later = 1_000_001 + 2 * REQUEST_AGE_MILLISECONDS_MAX;
        assert!(window.take([1; 16], [2; 16], later));
        window.forget([1; 16], [2; 16]);
        assert!(window.take([1; 16], [2; 16], later));
    }

    #[test]
    fn the_rate_is_a_minutes_worth_and_then_one_at_a_time() {
        let mut rates = Buckets::new(MINUTE_MILLISECONDS);
        for _ in 0..60 {
            assert_eq!(rates.take(1, 1, 60, 5_000), Ok(()));
        }
        assert_eq!(rates.take(1, 1, 60, 5_000), Err(1_000));
        assert_eq!(rates.check(1, 60, 5_000), Err(1_000));
        assert_eq!(rates.take(2, 1, 60, 5_000), Ok(()));
        assert_eq!(rates.take(1, 1, 60, 5_400), Err(600));
        assert_eq!(rates.check(1, 60, 6_000), Ok(()));
        assert_eq!(rates.take(1, 1, 60, 6_000), Ok(()));
        // A clock that jumps back earns nothing and breaks nothing.
        assert!(rates.take(1, 1, 60, 1_000).is_err());
    }

    #[test]
    fn bytes_are_counted_by_the_day_and_may_be_charged_afterwards() {
        let gigabyte = 1 << 30;
        let mut bytes = Buckets::new(DAY_MILLISECONDS);
        assert_eq!(bytes.take(1, gigabyte, gigabyte, 0), Ok(()));
        let wait = bytes.take(1, gigabyte / 24, gigabyte, 0).unwrap_err();
        assert!(wait.abs_diff(HOUR_MILLISECONDS) < 2, "{wait}");
        assert_eq!(bytes.take(1, gigabyte / 24, gigabyte, wait), Ok(()));
        bytes.charge(2, 5 * gigabyte, gigabyte, 0);
        assert!(bytes.check(2, gigabyte, 0).is_err());
        assert_eq!(bytes.check(2, gigabyte, 1), Ok(()));
    }

    #[test]
    fn a_flood_of_keys_takes_no_more_memory_than_its_limit() {
        let mut buckets = Buckets::new(HOUR_MILLISECONDS);
        for key in 0..3 * RATE_KEYS_MAX {
            let _ = buckets.take(key, 1, 10, 0);
            assert!(buckets.levels.len() <= RATE_KEYS_MAX);
        }
    }
}
