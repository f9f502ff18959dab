//! The data directory: one database, one lock, nobody else's business.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use folge_protocol::ids::InstanceId;

use crate::error::ServeError;
use crate::storage::Seeds;

const DATABASE: &str = "relay.db";
const LOCK: &str = "relay.lock";

/// A relay's directory.
#[derive(Debug, Clone)]
pub(crate) struct DataDir(PathBuf);

/// Held while a relay or a restore uses the directory.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl DataDir {
    pub(crate) fn create(path: &Path) -> Result<Self, ServeError> {
        let unusable = |cause| ServeError::Data {
            path: path.to_owned(),
            cause,
        };
        let fresh = !path.exists();
        fs::create_dir_all(path).map_err(unusable)?;
        if fresh {
            restrict(path, 0o700).map_err(unusable)?;
        }
        Ok(Self(path.to_owned()))
    }

    pub(crate) fn existing(path: &Path) -> Result<Self, ServeError> {
        let data = Self(path.to_owned());
        if data.database().is_file() {
            Ok(data)
        } else {
            Err(ServeError::NoDatabase {
                path: data.database(),
            })
        }
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.0.join(DATABASE)
    }

    /// The signing key is in the database: nobody else shall read it.
    pub(crate) fn protect(&self) -> Result<(), ServeError> {
        let path = self.database();
        restrict(&path, 0o600).map_err(|cause| ServeError::File { path, cause })
    }

    pub(crate) fn lock(&self) -> Result<Lock, ServeError> {
        let unusable = |cause| ServeError::Data {
            path: self.0.clone(),
            cause,
        };
        let file = File::create(self.0.join(LOCK)).map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => Ok(Lock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(ServeError::InUse {
                path: self.0.clone(),
            }),
            Err(TryLockError::Error(cause)) => Err(unusable(cause)),
        }
    }
}

#[cfg(unix)]
pub(crate) fn restrict(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
pub(crate) fn restrict(_: &Path, _: u32) -> io::Result<()> {
    Ok(())
}

/// New randomness for a database without an identity.
pub(crate) fn fresh_seeds() -> Result<Seeds, ServeError> {
    let mut signing = [0; 32];
    let mut instance = [0; 16];
    getrandom::fill(&mut signing).map_err(|_| ServeError::Random)?;
    getrandom::fill(&mut instance).map_err(|_| ServeError::Random)?;
    Ok(Seeds {
        signing,
        instance: InstanceId(instance),
    })
}
