//! What the core is given from outside: clocks and randomness. It never reaches for its own, so
//! that a simulation can replay every run from a seed, and wasm can pass the browser's.

use std::sync::Arc;

use rand_core::CryptoRng;

/// A device's clocks.
pub trait Clock: Send + Sync {
    /// The wall clock, in milliseconds since 1970 (UTC). It may jump or be wrong.
    fn wall_ms(&self) -> i64;
    /// A clock that never goes back while the device runs, in milliseconds.
    fn monotonic_ms(&self) -> u64;
    /// Names the run of the monotonic clock: it changes when that clock starts anew.
    fn boot(&self) -> u32;
}

/// Both clocks at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Reading {
    /// The wall clock, in milliseconds since 1970 (UTC).
    pub wall_ms: i64,
    /// The monotonic clock, in milliseconds.
    pub monotonic_ms: u64,
    /// The run of the monotonic clock.
    pub boot: u32,
}

impl Reading {
    /// How far the wall clock is ahead of the monotonic one, in whole seconds. Constant within a
    /// run unless somebody set the wall clock.
    #[must_use]
    pub fn offset_s(&self) -> i64 {
        let monotonic = i64::try_from(self.monotonic_ms).unwrap_or(i64::MAX);
        self.wall_ms.saturating_sub(monotonic).div_euclid(1000)
    }
}

/// Clocks and randomness.
pub struct Env {
    clock: Arc<dyn Clock>,
    rng: Box<dyn CryptoRng + Send>,
}

impl std::fmt::Debug for Env {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Env")
    }
}

impl Env {
    /// Takes clocks and a cryptographically secure source of randomness.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, rng: Box<dyn CryptoRng + Send>) -> Self {
        Self { clock, rng }
    }
    /// Both clocks now.
    #[must_use]
    pub fn now(&self) -> Reading {
        Reading {
            wall_ms: self.clock.wall_ms(),
            monotonic_ms: self.clock.monotonic_ms(),
            boot: self.clock.boot(),
        }
    }
    /// Fresh random bytes.
    #[must_use]
    pub fn random<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        rand_core::Rng::fill_bytes(&mut self.rng, &mut bytes);
        bytes
    }
    /// The source of randomness.
    pub fn rng(&mut self) -> &mut (impl CryptoRng + use<>) {
        &mut self.rng
    }
}
