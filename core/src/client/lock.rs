//! The lock: what a shell holds in place of a client. It drops the client, and with it every key,
//! when nobody has used the device for a while.

use std::fmt;
use std::path::PathBuf;

use super::Client;
use crate::env::{Env, Reading};
use crate::error::Error;
use crate::limits::LOCK_AFTER_MILLISECONDS;
use crate::store::{Store, StoreError, Unlock};

/// Opens the store in its place.
type Place = Box<dyn FnMut(&Unlock, &mut Env) -> Result<Store, StoreError> + Send>;
/// Gives clocks and randomness anew; the clocks are the same each time.
type Envs = Box<dyn FnMut() -> Env + Send>;

/// A device's client behind a lock.
///
/// Locking drops the client: store key, keyring, device secrets and loaded documents. Keys are
/// wiped; documents are given back to the allocator and not wiped. A lock keeps out whoever finds
/// the device, not a program that reads the memory of this one while it is open.
pub struct Vault {
    place: Place,
    envs: Envs,
    clock: Env,
    client: Option<Client>,
    used: Reading,
    lock_after_ms: u64,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault")
            .field("is_locked", &self.is_locked())
            .finish_non_exhaustive()
    }
}

impl Vault {
    /// A locked vault. `place` opens the store; `envs` gives clocks and randomness, and must give
    /// the same clocks each time.
    #[must_use]
    pub fn new(
        place: impl FnMut(&Unlock, &mut Env) -> Result<Store, StoreError> + Send + 'static,
        envs: impl FnMut() -> Env + Send + 'static,
    ) -> Self {
        let mut envs: Envs = Box::new(envs);
        let clock = envs();
        let used = clock.now();
        Self {
            place: Box::new(place),
            envs,
            clock,
            client: None,
            used,
            lock_after_ms: LOCK_AFTER_MILLISECONDS,
        }
    }

    /// A locked vault over a store file.
    #[must_use]
    pub fn at(path: PathBuf, envs: impl FnMut() -> Env + Send + 'static) -> Self {
        Self::new(move |unlock, env| Store::open(&path, unlock, env), envs)
    }

    /// Locks after so many milliseconds without use, in place of [`LOCK_AFTER_MILLISECONDS`].
    #[must_use]
    pub fn locking_after_ms(mut self, lock_after_ms: u64) -> Self {
        self.lock_after_ms = lock_after_ms;
        self
    }

    /// Takes a client that is open already: one that has just founded or joined.
    pub fn hold(&mut self, client: Client) {
        self.client = Some(client);
        self.used = self.clock.now();
    }

    /// Opens the store and the client. One that is open is used on, whatever `unlock` is.
    /// # Errors
    /// [`StoreError::WrongSecret`], [`StoreError::TooManyAttempts`], what [`Client::open`] says.
    pub fn unlock(&mut self, unlock: &Unlock) -> Result<&mut Client, Error> {
        self.tick();
        let client = match self.client.take() {
            Some(client) => client,
            None => {
                let mut env = (self.envs)();
                let store = (self.place)(unlock, &mut env)?;
                Client::open(store, env)?
            }
        };
        self.used = self.clock.now();
        Ok(self.client.insert(client))
    }

    /// The client. Asking for it is no use of the device: a sync in the background does not keep
    /// it open.
    /// # Errors
    /// [`Error::Locked`], also where the time is up and nobody called [`tick`](Self::tick).
    pub fn client(&mut self) -> Result<&mut Client, Error> {
        self.tick();
        self.client.as_mut().ok_or(Error::Locked)
    }

    /// The person did something: the time begins anew, unless it is up already.
    pub fn touch(&mut self) {
        if !self.tick() {
            self.used = self.clock.now();
        }
    }

    /// Locks where the time is up. To be called now and then, and when the shell comes to the
    /// front. Says whether it is locked.
    pub fn tick(&mut self) -> bool {
        if self.lock_in_ms() == Some(0) {
            self.lock();
        }
        self.is_locked()
    }

    /// Locks now.
    pub fn lock(&mut self) {
        self.client = None;
    }

    /// Whether it is locked.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        self.client.is_none()
    }

    /// How long until it locks, in milliseconds; none where it is locked.
    #[must_use]
    pub fn lock_in_ms(&self) -> Option<u64> {
        self.client.as_ref()?;
        let now = self.clock.now();
        let monotonic = now.monotonic_ms.saturating_sub(self.used.monotonic_ms);
        // The monotonic clock stands still while some devices sleep; the wall clock does not. One
        // that was set forward locks too early, which costs little.
        let wall = now.wall_ms.saturating_sub(self.used.wall_ms);
        let passed = monotonic.max(u64::try_from(wall).unwrap_or(0));
        if now.boot != self.used.boot {
            return Some(0);
        }
        Some(self.lock_after_ms.saturating_sub(passed))
    }
}
