//! Against replay and floods: both in memory only.
//!
//! After a restart both are empty. That is sound: what is repeated is idempotent, and the window
//! only spares the work.

use std::collections::{HashMap, HashSet, VecDeque};

use folge_protocol::limits::REQUEST_AGE_MILLISECONDS_MAX;

use crate::limits::{RATE_DEVICES_MAX, REPLAY_REQUESTS_MAX};

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

/// A token bucket a device.
#[derive(Debug, Default)]
pub(super) struct Rates {
    buckets: HashMap<[u8; 16], (u64, u64)>,
}

const MINUTE_MILLISECONDS: u64 = 60_000;

impl Rates {
    /// Takes one request's worth; else how long to wait, in milliseconds.
    pub(super) fn take(
        &mut self,
        signer: [u8; 16],
        per_minute: u32,
        now_ms: u64,
    ) -> Result<(), u64> {
        // Counted in sixty-thousandths of a request, so that a millisecond earns `per_minute`.
        let (rate, price) = (u64::from(per_minute), MINUTE_MILLISECONDS);
        let full = rate.saturating_mul(price);
        if self.buckets.len() >= RATE_DEVICES_MAX {
            self.buckets.retain(|_, (level, time)| {
                let earned = now_ms.saturating_sub(*time).saturating_mul(rate);
                level.saturating_add(earned) < full
            });
            if self.buckets.len() >= RATE_DEVICES_MAX {
                self.buckets.clear();
            }
        }
        let (level, time) = self.buckets.entry(signer).or_insert((full, now_ms));
        let earned = now_ms.saturating_sub(*time).saturating_mul(rate);
        *level = level.saturating_add(earned).min(full);
        *time = now_ms;
        if *level < price {
            return Err((price - *level).div_ceil(rate.max(1)).max(1));
        }
        *level -= price;
        Ok(())
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
        let mut rates = Rates::default();
        for _ in 0..60 {
            assert_eq!(rates.take([1; 16], 60, 5_000), Ok(()));
        }
        assert_eq!(rates.take([1; 16], 60, 5_000), Err(1_000));
        assert_eq!(rates.take([2; 16], 60, 5_000), Ok(()));
        assert_eq!(rates.take([1; 16], 60, 5_400), Err(600));
        assert_eq!(rates.take([1; 16], 60, 6_000), Ok(()));
        // A clock that jumps back earns nothing and breaks nothing.
        assert!(rates.take([1; 16], 60, 1_000).is_err());
    }
}
