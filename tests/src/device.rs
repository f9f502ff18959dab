//! Devices on disk, as phones are: a store file, an unlock secret, a client that can crash.

use std::path::{Path, PathBuf};

use folge_core::Error;
use folge_core::client::Client;
use folge_core::keys::{InvitationLink, Key32, RecoverySecret};
use folge_core::native::system_env;
use folge_core::store::{Store, Unlock};
use folge_core::sync::RelayAddress;

/// A device with its store in a folder.
#[derive(Debug)]
pub struct Device {
    /// The store's file.
    pub path: PathBuf,
    secret: Key32,
    /// The client.
    pub client: Client,
}

fn unlock(secret: &Key32) -> Unlock {
    Unlock::Secret(secret.clone())
}

fn new_store(dir: &Path, secret: &Key32) -> Result<(PathBuf, Store), Error> {
    let path = dir.join("store.db");
    let store = Store::create(&path, &unlock(secret), &mut system_env())?;
    Ok((path, store))
}

impl Device {
    /// A device that founds a workspace.
    /// # Errors
    /// The core's.
    pub fn found(dir: &Path, relay: RelayAddress) -> Result<(Self, RecoverySecret), Error> {
        let secret = Key32::new(system_env().random());
        let (path, store) = new_store(dir, &secret)?;
        let (mut client, recovery) = Client::found(store, system_env(), relay, "")?;
        // The sample's people are synthetic.
        client.set_test_mode(true);
        Ok((
            Self {
                path,
                secret,
                client,
            },
            recovery,
        ))
    }

    /// A device that joins by an invitation.
    /// # Errors
    /// The core's.
    pub fn join(dir: &Path, link: &InvitationLink) -> Result<Self, Error> {
        let secret = Key32::new(system_env().random());
        let (path, store) = new_store(dir, &secret)?;
        let mut client = Client::join(store, system_env(), link)?;
        client.set_test_mode(true);
        Ok(Self {
            path,
            secret,
            client,
        })
    }

    /// A device that comes into a workspace by its recovery words.
    /// # Errors
    /// The core's.
    pub fn recover(dir: &Path, relay: RelayAddress, words: &RecoverySecret) -> Result<Self, Error> {
        let secret = Key32::new(system_env().random());
        let (path, store) = new_store(dir, &secret)?;
        let mut client = Client::recover(store, system_env(), relay, words)?;
        client.set_test_mode(true);
        Ok(Self {
            path,
            secret,
            client,
        })
    }

    /// The store as a thief would open it who has the unlock secret too.
    /// # Errors
    /// The store's.
    pub fn opened_store(&self) -> Result<Store, Error> {
        Ok(Store::open(
            &self.path,
            &unlock(&self.secret),
            &mut system_env(),
        )?)
    }

    /// A phone made from a copy of this one's store, as a backup of the whole phone is restored.
    /// # Errors
    /// The disk's, or the core's.
    pub fn copy_to(&self, dir: &Path) -> Result<Self, Box<dyn std::error::Error>> {
        let path = dir.join("store.db");
        // What the store has in its log is part of it.
        self.opened_store()?.checkpoint()?;
        std::fs::copy(&self.path, &path)?;
        let store = Store::open(&path, &unlock(&self.secret), &mut system_env())?;
        let mut client = Client::open(store, system_env())?;
        client.set_test_mode(true);
        Ok(Self {
            client,
            path,
            secret: self.secret.clone(),
        })
    }

    /// Opens the store once more, as after a crash: what was in memory is gone.
    /// # Errors
    /// The core's.
    pub fn reopen(&mut self) -> Result<(), Error> {
        let store = Store::open(&self.path, &unlock(&self.secret), &mut system_env())?;
        self.client = Client::open(store, system_env())?;
        self.client.set_test_mode(true);
        Ok(())
    }
}
