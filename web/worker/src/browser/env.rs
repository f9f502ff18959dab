//! The browser's clocks and randomness.

use std::convert::Infallible;
use std::sync::{Arc, OnceLock};

use folge_core::env::{Clock, Env};
use rand_core::{TryCryptoRng, TryRng};
use wasm_bindgen::JsCast;
use web_sys::DedicatedWorkerGlobalScope;

/// The run of the monotonic clock, which is this worker's life.
static BOOT: OnceLock<u32> = OnceLock::new();

struct BrowserClock {
    boot: u32,
}

impl Clock for BrowserClock {
    fn wall_ms(&self) -> i64 {
        js_sys::Date::now() as i64
    }
    fn monotonic_ms(&self) -> u64 {
        let scope = js_sys::global().dyn_into::<DedicatedWorkerGlobalScope>();
        let now = scope
            .ok()
            .and_then(|scope| scope.performance())
            .map(|clock| clock.now());
        now.map_or(0, |now| now as u64)
    }
    fn boot(&self) -> u32 {
        self.boot
    }
}

/// `crypto.getRandomValues`. Without it nothing here is safe, so failing ends the worker.
struct BrowserRng;

impl TryRng for BrowserRng {
    type Error = Infallible;
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_ne_bytes(bytes))
    }
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_ne_bytes(bytes))
    }
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        if getrandom::fill(bytes).is_err() {
            std::process::abort();
        }
        Ok(())
    }
}

impl TryCryptoRng for BrowserRng {}

/// The browser's clocks and randomness.
pub(super) fn browser_env() -> Env {
    let boot = *BOOT.get_or_init(|| {
        let mut bytes = [0; 4];
        let _ = BrowserRng.try_fill_bytes(&mut bytes);
        u32::from_ne_bytes(bytes)
    });
    Env::new(Arc::new(BrowserClock { boot }), Box::new(BrowserRng))
}

/// Fresh random bytes.
pub(super) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    let _ = BrowserRng.try_fill_bytes(&mut bytes);
    bytes
}
