//! Why the program cannot do what the operator asked, and what to do about it.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::limits::BadLimit;
use crate::storage::StorageError;

/// What can be wrong around a relay.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// A limit cannot work.
    #[error("a limit is not usable: {0}")]
    Limit(#[from] BadLimit),
    /// A setting cannot be read.
    #[error("{what}: {cause}")]
    Setting {
        /// Which one.
        what: String,
        /// What is wrong with it.
        cause: String,
    },
    /// The data directory cannot be used.
    #[error(
        "the data directory {path} is not usable: {cause}. Give one that this user may write with --data"
    )]
    Data {
        /// Where.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// Another relay uses the data directory.
    #[error("another relay uses {path}: stop it first, or give another directory with --data")]
    InUse {
        /// Where.
        path: PathBuf,
    },
    /// The address cannot be listened on.
    #[error(
        "cannot listen on {addr}: {cause}. Choose another with --listen, port 0 for any free one"
    )]
    Listen {
        /// Which.
        addr: SocketAddr,
        /// What the system says.
        cause: io::Error,
    },
    /// The certificate files cannot be used.
    #[error(
        "the TLS file {path} is not usable: {cause}. It must be PEM, and certificate and key must belong together"
    )]
    Tls {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        cause: String,
    },
    /// The store.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// There is no database to work on.
    #[error("there is no relay database at {path}")]
    NoDatabase {
        /// Where it should be.
        path: PathBuf,
    },
    /// Something would be overwritten.
    #[error("{path} is there already: give --force to overwrite it")]
    Exists {
        /// What.
        path: PathBuf,
    },
    /// A file cannot be read or written.
    #[error("{path}: {cause}")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// The database is not what it should be.
    #[error("the database is broken; restore a backup:\n{}", .0.join("\n"))]
    Broken(Vec<String>),
    /// The system gives no randomness.
    #[error("the system gives no random bytes")]
    Random,
    /// The system gives no thread.
    #[error("the system gives no thread: {0}")]
    Thread(io::Error),
}
