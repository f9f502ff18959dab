use std::sync::{Arc, LazyLock};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use rand_core::{TryCryptoRng, TryRng};

use super::Spread;
use crate::env::{Clock, Env};

/// The run of the monotonic clock, which is the program's: where it began, and its name. One for
/// all, so that a store opened twice in a run sees how much time passed.
static RUN: LazyLock<(Instant, u32)> = LazyLock::new(|| {
    let mut boot = [0; 4];
    let _ = SystemRng.try_fill_bytes(&mut boot);
    (Instant::now(), u32::from_ne_bytes(boot))
});

/// The machine's clocks. The monotonic one counts from the first use in the program.
struct SystemClock {
    started: Instant,
    boot: u32,
}

impl Clock for SystemClock {
    fn wall_ms(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        since.map_or(0, |since| {
            i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
        })
    }
    fn monotonic_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
    fn boot(&self) -> u32 {
        self.boot
    }
}

/// The operating system's randomness. Without it nothing here is safe, so failing ends the program.
struct SystemRng;

impl TryRng for SystemRng {
    type Error = std::convert::Infallible;
    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_ne_bytes(bytes))
    }
    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_ne_bytes(bytes))
    }
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        if getrandom::fill(bytes).is_err() {
            std::process::abort();
        }
        Ok(())
    }
}

impl TryCryptoRng for SystemRng {}

/// The machine's own clocks and randomness, and all its processors for signatures.
#[must_use]
pub fn system_env() -> Env {
    let (started, boot) = *RUN;
    let clock = SystemClock { started, boot };
    Env::new(Arc::new(clock), Box::new(SystemRng)).checking_with(Arc::new(Spread::over_all()))
}
