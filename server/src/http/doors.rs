//! Floods seen from the network: failures by client address, and bytes sent to a device.
//!
//! An address is kept as a hash under a key that is drawn at the start and never leaves the
//! process: in memory only, never logged, and of no use to whoever reads the memory later. Behind
//! a proxy every client has the proxy's address. So the limits by address are generous, and a
//! request that names a member passes whatever others did from the same address.

use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, SocketAddr};
use std::sync::Mutex;

use folge_protocol::wire::RelayError;

use crate::limits::Limits;
use crate::relay::guard::{Buckets, DAY_MILLISECONDS, HOUR_MILLISECONDS, MINUTE_MILLISECONDS};

/// Who is at the other end of a connection: a keyed hash of the address.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Peer(u64);

pub(super) struct Doors {
    key: RandomState,
    limits: Limits,
    failures: Mutex<Buckets<Peer>>,
    foundings: Mutex<Buckets<Peer>>,
    sent: Mutex<Buckets<[u8; 16]>>,
}

impl Doors {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            key: RandomState::new(),
            limits,
            failures: Mutex::new(Buckets::new(MINUTE_MILLISECONDS)),
            foundings: Mutex::new(Buckets::new(HOUR_MILLISECONDS)),
            sent: Mutex::new(Buckets::new(DAY_MILLISECONDS)),
        }
    }

    /// Whoever holds an IPv6 address holds the 2^64 beside it.
    pub(super) fn peer(&self, addr: SocketAddr) -> Peer {
        let ip = match addr.ip() {
            IpAddr::V4(ip) => ip.to_bits().into(),
            IpAddr::V6(ip) => match ip.to_ipv4_mapped() {
                Some(ip) => ip.to_bits().into(),
                None => ip.to_bits() >> 64 << 64,
            },
        };
        Peer(self.key.hash_one::<u128>(ip))
    }

    /// Whether a request that no member made is looked at.
    pub(super) fn admits_stranger(&self, peer: Peer, now_ms: u64) -> Result<(), RelayError> {
        let per_minute = self.limits.address_failures_per_minute.into();
        check(&self.failures, peer, per_minute, now_ms)
    }

    /// Whether a founding request is looked at.
    pub(super) fn admits_founding(&self, peer: Peer, now_ms: u64) -> Result<(), RelayError> {
        let per_hour = self.limits.address_founding_failures_per_hour.into();
        check(&self.foundings, peer, per_hour, now_ms)
    }

    /// Counts what came of a request.
    pub(super) fn note<T>(&self, peer: Peer, result: &Result<T, RelayError>, now_ms: u64) {
        let failed = matches!(
            result,
            Err(RelayError::Malformed | RelayError::Unauthorized | RelayError::UnknownWorkspace)
        );
        if failed {
            let per_minute = self.limits.address_failures_per_minute.into();
            charge(&self.failures, peer, 1, per_minute, now_ms);
        }
    }

    /// Counts what came of a founding request.
    pub(super) fn note_founding<T>(&self, peer: Peer, result: &Result<T, RelayError>, now_ms: u64) {
        let refused = matches!(
            result,
            Err(RelayError::FoundingClosed | RelayError::Unauthorized | RelayError::Malformed)
        );
        if refused {
            let per_hour = self.limits.address_founding_failures_per_hour.into();
            charge(&self.foundings, peer, 1, per_hour, now_ms);
        }
    }

    /// Whether a device may still be sent anything today.
    pub(super) fn admits_reply(&self, device: [u8; 16], now_ms: u64) -> Result<(), RelayError> {
        check(&self.sent, device, self.limits.device_bytes_per_day, now_ms)
    }

    /// Counts what was sent to a device.
    pub(super) fn note_reply(&self, device: [u8; 16], bytes: usize, now_ms: u64) {
        let per_day = self.limits.device_bytes_per_day;
        charge(&self.sent, device, bytes as u64, per_day, now_ms);
    }
}

fn check<K: Eq + std::hash::Hash>(
    buckets: &Mutex<Buckets<K>>,
    key: K,
    per_period: u64,
    now_ms: u64,
) -> Result<(), RelayError> {
    let Ok(mut buckets) = buckets.lock() else {
        return Ok(());
    };
    buckets
        .check(key, per_period, now_ms)
        .map_err(|retry_after_ms| RelayError::Busy { retry_after_ms })
}

fn charge<K: Eq + std::hash::Hash>(
    buckets: &Mutex<Buckets<K>>,
    key: K,
    units: u64,
    per_period: u64,
    now_ms: u64,
) {
    if let Ok(mut buckets) = buckets.lock() {
        buckets.charge(key, units, per_period, now_ms);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_is_an_address_or_an_ipv6_network_and_says_nothing_outside_the_process() {
        let doors = Doors::new(Limits::default());
        let peer = |text: &str| doors.peer(text.parse().unwrap());
        assert!(peer("10.0.0.1:1") == peer("10.0.0.1:2"));
        assert!(peer("10.0.0.1:1") == peer("[::ffff:10.0.0.1]:1"));
        assert!(peer("10.0.0.1:1") != peer("10.0.0.2:1"));
        assert!(peer("[2001:db8::1]:1") == peer("[2001:db8::ffff:1]:1"));
        assert!(peer("[2001:db8::1]:1") != peer("[2001:db8:0:1::1]:1"));
        let other = Doors::new(Limits::default());
        assert!(peer("10.0.0.1:1") != other.peer("10.0.0.1:1".parse().unwrap()));
    }
}
