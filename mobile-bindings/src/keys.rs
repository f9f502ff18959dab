//! The platform's key store, and what opens a store.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use folge_core::env::Env;
use folge_core::keys::Key32;
use folge_core::store::{PassphraseCost, Unlock};
use zeroize::{Zeroize, Zeroizing};

use crate::error::{FolgeError, KEY_LOST};

/// The name under which the store's key is kept.
const STORE_KEY: &str = "folge-store-key";

/// Why the platform did not give or keep a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum KeyStoreError {
    /// The user refused, such as by cancelling the fingerprint: ask again.
    #[error("the user refused")]
    Refused,
    /// The key store cannot be used now.
    #[error("the key store cannot be used")]
    Unavailable,
}

impl From<uniffi::UnexpectedUniFFICallbackError> for KeyStoreError {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Unavailable
    }
}

/// Where the app keeps small secrets: Android Keystore, iOS Keychain. The app implements it. Every
/// function is called on a thread of Følge's own, never on the app's main thread, so it may wait for
/// a fingerprint. A secret must never leave the device: no backup, no iCloud.
#[uniffi::export(with_foreign)]
pub trait KeyStore: Send + Sync {
    /// Keeps a secret, in place of one of the same name.
    /// # Errors
    /// [`KeyStoreError`]; nothing is kept then.
    fn save(&self, name: String, secret: Vec<u8>) -> Result<(), KeyStoreError>;
    /// Gives a secret; none where there is none of that name.
    /// # Errors
    /// [`KeyStoreError`].
    fn load(&self, name: String) -> Result<Option<Vec<u8>>, KeyStoreError>;
    /// Removes a secret, where it is there.
    /// # Errors
    /// [`KeyStoreError`].
    fn remove(&self, name: String) -> Result<(), KeyStoreError>;
}

/// A key store in memory, for tests: what it keeps is gone with it.
#[derive(Default)]
struct MemoryKeyStore(Mutex<BTreeMap<String, Vec<u8>>>);

impl KeyStore for MemoryKeyStore {
    fn save(&self, name: String, secret: Vec<u8>) -> Result<(), KeyStoreError> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(name, secret);
        Ok(())
    }
    fn load(&self, name: String) -> Result<Option<Vec<u8>>, KeyStoreError> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(kept.get(&name).cloned())
    }
    fn remove(&self, name: String) -> Result<(), KeyStoreError> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.remove(&name);
        Ok(())
    }
}

/// A key store in memory, for tests and previews: what it keeps is gone with the process.
#[uniffi::export]
#[must_use]
pub fn memory_key_store() -> Arc<dyn KeyStore> {
    Arc::new(MemoryKeyStore::default())
}

/// What opens the store on this device.
#[derive(Clone, PartialEq, Eq, uniffi::Enum)]
#[uniffi::export(Debug)]
pub enum UnlockWith {
    /// A random key that the platform's key store keeps.
    PlatformKey,
    /// A passphrase that the user types. Only where the platform has no key store.
    Passphrase {
        /// What was typed.
        text: String,
    },
}

impl std::fmt::Debug for UnlockWith {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::PlatformKey => "PlatformKey",
            Self::Passphrase { .. } => "Passphrase(..)",
        })
    }
}

fn refused(error: KeyStoreError) -> FolgeError {
    match error {
        KeyStoreError::Refused => FolgeError::key_refused(),
        KeyStoreError::Unavailable => FolgeError::key_unavailable(),
    }
}

fn passphrase(text: String) -> Unlock {
    Unlock::Passphrase(Zeroizing::new(text), PassphraseCost::DEFAULT)
}

/// What a new store is made with. A key is kept by the platform before the store is made.
pub(crate) fn for_new_store(
    with: UnlockWith,
    keys: &dyn KeyStore,
    env: &mut Env,
) -> Result<Unlock, FolgeError> {
    match with {
        UnlockWith::Passphrase { text } => Ok(passphrase(text)),
        UnlockWith::PlatformKey => {
            let key: [u8; 32] = env.random();
            keys.save(STORE_KEY.to_owned(), key.to_vec())
                .map_err(refused)?;
            Ok(Unlock::Secret(Key32::new(key)))
        }
    }
}

/// What a store that is there shall be opened with from now on. A key that is kept already is taken,
/// for it may be what opens the store: one is made only where there is none, and none is replaced.
pub(crate) fn for_changed_store(
    with: UnlockWith,
    keys: &dyn KeyStore,
    env: &mut Env,
) -> Result<Unlock, FolgeError> {
    match for_own_store(with.clone(), keys) {
        Err(error) if error.problem().code == KEY_LOST => for_new_store(with, keys, env),
        kept => kept,
    }
}

/// Removes the platform's key, which opens nothing any more.
pub(crate) fn forget(keys: &dyn KeyStore) -> Result<(), FolgeError> {
    keys.remove(STORE_KEY.to_owned()).map_err(refused)
}

/// What the store on this device is opened with.
pub(crate) fn for_own_store(with: UnlockWith, keys: &dyn KeyStore) -> Result<Unlock, FolgeError> {
    match with {
        UnlockWith::Passphrase { text } => Ok(passphrase(text)),
        UnlockWith::PlatformKey => {
            let kept = keys.load(STORE_KEY.to_owned()).map_err(refused)?;
            let mut kept = kept.ok_or_else(FolgeError::key_lost)?;
            let key = <[u8; 32]>::try_from(kept.as_slice()).map(Key32::new);
            kept.zeroize();
            Ok(Unlock::Secret(key.map_err(|_| FolgeError::key_lost())?))
        }
    }
}
