//! What the core is given from outside: clocks, randomness, and who checks many signatures. It
//! never reaches for its own, so that a simulation can replay every run from a seed, and wasm can
//! pass the browser's.

use std::sync::Arc;

use folge_protocol::crypto::PublicKey;
use folge_protocol::envelope::Envelope;
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

/// Whether an envelope's signature is a key's.
#[derive(Debug, Clone, Copy)]
pub struct SignatureCheck<'a> {
    /// The key of the device that the envelope names.
    pub key: &'a PublicKey,
    /// The envelope.
    pub envelope: &'a Envelope,
}

impl SignatureCheck<'_> {
    /// Whether it is.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.envelope.verify(self.key).is_ok()
    }
}

/// Who checks many signatures. Each is checked by itself, strictly: an Ed25519 batch equation,
/// which is quicker, takes some signatures that a check one by one refuses, and two devices could
/// then disagree about an envelope for ever.
pub trait SignatureChecker: Send + Sync {
    /// For each check whether it holds, in the order given.
    fn check(&self, checks: &[SignatureCheck<'_>]) -> Vec<bool>;
}

/// Checks one after the other.
#[derive(Debug, Clone, Copy)]
pub struct OneByOne;

impl SignatureChecker for OneByOne {
    fn check(&self, checks: &[SignatureCheck<'_>]) -> Vec<bool> {
        checks.iter().map(SignatureCheck::holds).collect()
    }
}

/// Clocks, randomness, and who checks signatures.
pub struct Env {
    clock: Arc<dyn Clock>,
    rng: Box<dyn CryptoRng + Send>,
    checker: Arc<dyn SignatureChecker>,
}

impl std::fmt::Debug for Env {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Env")
    }
}

impl Env {
    /// Takes clocks and a cryptographically secure source of randomness. Signatures are checked
    /// one after the other.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, rng: Box<dyn CryptoRng + Send>) -> Self {
        Self {
            clock,
            rng,
            checker: Arc::new(OneByOne),
        }
    }
    /// The same, with somebody else to check signatures.
    #[must_use]
    pub fn checking_with(self, checker: Arc<dyn SignatureChecker>) -> Self {
        Self { checker, ..self }
    }
    /// For each check whether it holds, in the order given.
    #[must_use]
    pub fn check(&self, checks: &[SignatureCheck<'_>]) -> Vec<bool> {
        self.checker.check(checks)
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
