//! The device's store: one SQLite file in which every value that could say something is sealed.
//!
//! WAL and `synchronous=FULL`: a transaction that returned is on disk. What stays in the clear is
//! opaque identifiers, counts and hashes. A sealed value is bound to its table and key, so that
//! rows cannot be swapped. Not here: what the values mean; see `sync` and `client`.

mod attempts;
mod schema;
mod sealing;
mod tables;
mod unlock;

pub use schema::SCHEMA_VERSION;
pub use tables::{
    EnvelopeRow, EnvelopeState, MessageRow, ParcelRow, PendingRow, PlacedEnvelope, QuarantineRow,
    SecretRow, StreamRow,
};
pub use unlock::{PassphraseCost, Unlock};

use std::path::Path;

use attempts::Tried;
use folge_protocol::ids::DocumentId;
use rusqlite::{Connection, ErrorCode};
use sealing::Sealer;

use crate::env::{Env, Reading};

/// Where a fault may be injected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultPoint {
    /// A transaction is about to be committed: a crash here loses it.
    BeforeCommit,
    /// A transaction was committed, and nobody knows yet: a crash here keeps it.
    AfterCommit,
}

/// Decides at each fault point whether the device crashes there. For simulations.
pub type FaultHook = Box<dyn FnMut(FaultPoint) -> bool + Send>;

/// Why the store could not do it. What was saved before is untouched.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The passphrase or secret is not this store's.
    #[error("the store does not open with this passphrase or key")]
    WrongSecret,
    /// Too many passphrases were tried.
    #[error("too many attempts: wait {} seconds and try again", .wait_ms.div_ceil(1000))]
    TooManyAttempts {
        /// How long to wait, in milliseconds.
        wait_ms: u64,
    },
    /// The file is no store of this program.
    #[error("this file is not a Følge store")]
    NotAStore,
    /// There is a store already.
    #[error("there is a store in this place already")]
    Exists,
    /// The store was written by a newer program.
    #[error("the store was written by a newer version ({found}; this one knows {known})")]
    TooNew {
        /// The store's version.
        found: u32,
        /// The newest version known here.
        known: u32,
    },
    /// The file is damaged.
    #[error("the store is damaged in {place}")]
    Corrupt {
        /// The table, or `file`.
        place: &'static str,
    },
    /// A passphrase cost that cannot be computed, or could never be opened again.
    #[error("the passphrase cost is out of range")]
    BadCost,
    /// The disk is full.
    #[error("the disk is full")]
    DiskFull,
    /// Another program has the store open for writing.
    #[error("the store is in use by another program")]
    Busy,
    /// A fault hook stopped the device here.
    #[error("stopped by a fault hook")]
    Interrupted,
    /// Anything else that SQLite reports.
    #[error("the store failed: {0}")]
    Sqlite(#[source] rusqlite::Error),
}

/// Whether a browser's file could not be written: it says no more than that, and what it means is
/// that the site may keep no more.
#[cfg(target_family = "wasm")]
fn is_over_quota(error: &rusqlite::Error) -> bool {
    use rusqlite::ffi;
    error.sqlite_error().is_some_and(|error| {
        matches!(
            error.extended_code,
            ffi::SQLITE_IOERR_WRITE | ffi::SQLITE_IOERR_TRUNCATE | ffi::SQLITE_IOERR_FSYNC
        )
    })
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        #[cfg(target_family = "wasm")]
        if is_over_quota(&error) {
            return Self::DiskFull;
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::DiskFull,
            Some(ErrorCode::NotADatabase) => Self::NotAStore,
            Some(ErrorCode::DatabaseCorrupt) => Self::Corrupt { place: "file" },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            _ => Self::Sqlite(error),
        }
    }
}

/// An unlocked store.
pub struct Store {
    conn: Connection,
    sealer: Sealer,
    fault: Option<FaultHook>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Store")
    }
}

impl Store {
    /// Makes a new store in a file that does not exist yet.
    /// # Errors
    /// [`StoreError::Exists`], or what SQLite reports.
    pub fn create(path: &Path, unlock: &Unlock, env: &mut Env) -> Result<Self, StoreError> {
        if path.exists() {
            return Err(StoreError::Exists);
        }
        Self::create_in(Connection::open(path)?, unlock, env)
    }

    /// Opens a store. Attempts with a passphrase are counted in it, and slowed from the fourth on.
    /// # Errors
    /// [`StoreError::WrongSecret`], [`StoreError::TooManyAttempts`] and every other error leave
    /// all but that count untouched.
    pub fn open(path: &Path, unlock: &Unlock, env: &mut Env) -> Result<Self, StoreError> {
        let flags =
            rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE | rusqlite::OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = Connection::open_with_flags(path, flags).map_err(|error| {
            match error.sqlite_error_code() {
                Some(ErrorCode::CannotOpen) => StoreError::NotAStore,
                _ => error.into(),
            }
        })?;
        Self::open_in(conn, unlock, env)
    }

    /// Makes a new store in an empty database that the caller opened (a browser's, a test's).
    /// # Errors
    /// As [`Store::create`].
    pub fn create_in(conn: Connection, unlock: &Unlock, env: &mut Env) -> Result<Self, StoreError> {
        schema::configure(&conn)?;
        if schema::version(&conn)? != 0 {
            return Err(StoreError::Exists);
        }
        let (wrapped, key) = unlock::wrap_new(unlock, env)?;
        conn.execute_batch("BEGIN IMMEDIATE")?;
        schema::migrate(&conn, 0)?;
        conn.execute(
            "INSERT INTO meta (name, value) VALUES ('unlock', ?1)",
            [wrapped],
        )?;
        conn.execute_batch("COMMIT")?;
        Ok(Self {
            conn,
            sealer: Sealer::new(&key, env.random()),
            fault: None,
        })
    }

    /// Opens a store in a database that the caller opened.
    /// # Errors
    /// As [`Store::open`].
    pub fn open_in(conn: Connection, unlock: &Unlock, env: &mut Env) -> Result<Self, StoreError> {
        let found = schema::version(&conn)?;
        if found == 0 {
            return Err(StoreError::NotAStore);
        }
        if found > SCHEMA_VERSION {
            return Err(StoreError::TooNew {
                found,
                known: SCHEMA_VERSION,
            });
        }
        let wrapped: Vec<u8> =
            conn.query_row("SELECT value FROM meta WHERE name = 'unlock'", [], |row| {
                row.get(0)
            })?;
        let counted = unlock::is_attempt(&wrapped, unlock);
        if counted {
            schema::configure(&conn)?;
            attempts::count(&conn, &Tried::passphrase(), env.now())?;
        }
        let key = unlock::unwrap(&wrapped, unlock)?;
        schema::configure(&conn)?;
        if counted {
            attempts::forget(&conn, &Tried::passphrase());
        }
        if found < SCHEMA_VERSION {
            conn.execute_batch("BEGIN IMMEDIATE")?;
            schema::migrate(&conn, found)?;
            conn.execute_batch("COMMIT")?;
        }
        Ok(Self {
            conn,
            sealer: Sealer::new(&key, env.random()),
            fault: None,
        })
    }

    /// Whether a store in a database that the caller opened is opened by a passphrase; otherwise by
    /// 32 random bytes.
    /// # Errors
    /// [`StoreError::NotAStore`] where there is none yet.
    pub fn asks_for_passphrase(conn: &Connection) -> Result<bool, StoreError> {
        if schema::version(conn)? == 0 {
            return Err(StoreError::NotAStore);
        }
        let wrapped: Vec<u8> =
            conn.query_row("SELECT value FROM meta WHERE name = 'unlock'", [], |row| {
                row.get(0)
            })?;
        unlock::asks_for_passphrase(&wrapped)
    }

    /// Has the store opened by something else from now on. `now` is what opens it yet: an attempt
    /// with a wrong one is counted as at the door.
    /// # Errors
    /// [`StoreError::WrongSecret`], [`StoreError::TooManyAttempts`]; then nothing has changed.
    pub fn change_unlock(
        &mut self,
        now: &Unlock,
        then: &Unlock,
        env: &mut Env,
    ) -> Result<(), StoreError> {
        let wrapped: Vec<u8> =
            self.conn
                .query_row("SELECT value FROM meta WHERE name = 'unlock'", [], |row| {
                    row.get(0)
                })?;
        if unlock::is_attempt(&wrapped, now) {
            attempts::count(&self.conn, &Tried::passphrase(), env.now())?;
        }
        let key = unlock::unwrap(&wrapped, now)?;
        attempts::forget(&self.conn, &Tried::passphrase());
        let wrapped = unlock::wrap(&key, then, env)?;
        self.transaction(|store| {
            store.conn.execute(
                "UPDATE meta SET value = ?1 WHERE name = 'unlock'",
                [wrapped],
            )?;
            Ok(())
        })?;
        // The old wrapping stands in the log yet.
        self.checkpoint()
    }

    /// Counts a PIN of a participation's participant as failed, on disk, until
    /// [`Store::forget_pins`] says otherwise. Not within a transaction.
    /// # Errors
    /// [`StoreError::TooManyAttempts`] where it must wait; then it is not counted.
    pub fn count_pin(&mut self, of: DocumentId, now: Reading) -> Result<(), StoreError> {
        attempts::count(&self.conn, &Tried::pin(of), now)
    }

    /// The PIN was right, or is another one now, or its participation is gone.
    pub fn forget_pins(&mut self, of: DocumentId) {
        attempts::forget(&self.conn, &Tried::pin(of));
    }

    /// Sets the hook that decides where the device crashes.
    pub fn set_fault_hook(&mut self, hook: Option<FaultHook>) {
        self.fault = hook;
    }

    /// Lets the file grow by so many pages at most; `None` lifts the limit.
    /// # Errors
    /// [`StoreError`].
    pub fn limit_pages(&mut self, more: Option<u32>) -> Result<(), StoreError> {
        let pages: u32 = self
            .conn
            .pragma_query_value(None, "page_count", |row| row.get(0))?;
        let limit = more.map_or(u32::MAX - 1, |more| pages.saturating_add(more));
        let sql = format!("PRAGMA max_page_count = {limit}");
        Ok(self.conn.query_row(&sql, [], |_| Ok(()))?)
    }

    /// Runs `work` as one transaction: all of it is on disk when this returns `Ok`, none otherwise.
    /// # Errors
    /// Those of `work`, and of the commit.
    pub fn transaction<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.begin()?;
        let done = work(self).and_then(|value| self.commit().map(|()| value));
        if done.is_err() {
            self.rollback();
        }
        done
    }

    /// Begins a transaction, for a caller that drives [`Store::commit`] and [`Store::rollback`].
    /// # Errors
    /// [`StoreError`].
    pub fn begin(&mut self) -> Result<(), StoreError> {
        self.execute("BEGIN IMMEDIATE")
    }

    /// Commits: what the transaction wrote is on disk when this returns `Ok`.
    /// # Errors
    /// [`StoreError`]; then the caller rolls back.
    pub fn commit(&mut self) -> Result<(), StoreError> {
        if self.faults(FaultPoint::BeforeCommit) {
            return Err(StoreError::Interrupted);
        }
        self.execute("COMMIT")?;
        if self.faults(FaultPoint::AfterCommit) {
            return Err(StoreError::Interrupted);
        }
        Ok(())
    }

    /// Drops what the transaction wrote. A full disk may have done so already.
    pub fn rollback(&mut self) {
        if !self.conn.is_autocommit() {
            let _ = self.conn.execute_batch("ROLLBACK");
        }
    }

    fn execute(&self, sql: &str) -> Result<(), StoreError> {
        Ok(self.conn.execute_batch(sql)?)
    }

    fn faults(&mut self, point: FaultPoint) -> bool {
        self.fault.as_mut().is_some_and(|hook| hook(point))
    }
}
