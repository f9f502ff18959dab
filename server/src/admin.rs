//! What an operator does beside serving: backup while it serves, restore, check.

use std::collections::HashMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use folge_protocol::codec::Decode;
use folge_protocol::envelope::{EnvelopeBytes, envelope_hash, next_head, stream_start};
use folge_protocol::grant::Grant;
use folge_protocol::ids::{DeviceId, DocumentId, Hash, InstanceId, WorkspaceId};
use folge_protocol::membership::Membership;
use rusqlite::backup::Backup;
use rusqlite::{Connection, OpenFlags};

use crate::data::{self, DataDir};
use crate::error::ServeError;
use crate::relay::replay_log;
use crate::storage::{SqliteStorage, StorageError, StorageRead};

/// Faults listed before a check gives up.
const FAULTS_MAX: usize = 100;
const POSITION_BITS: u32 = 40;

/// What a check went through.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// Workspaces.
    pub workspaces: u64,
    /// Membership entries.
    pub entries: u64,
    /// Streams.
    pub streams: u64,
    /// Envelopes.
    pub envelopes: u64,
    /// Grants.
    pub grants: u64,
}

fn file_error(path: &Path) -> impl FnOnce(std::io::Error) -> ServeError {
    let path = path.to_owned();
    move |cause| ServeError::File { path, cause }
}

fn sql(error: rusqlite::Error) -> ServeError {
    ServeError::Storage(StorageError::from(error))
}

/// Copies the database while a relay may be serving from it. The copy holds the relay's key:
/// keep it as the database itself is kept.
/// # Errors
/// What stands in the way.
pub fn backup(data: &Path, to: &Path, force: bool) -> Result<(), ServeError> {
    let data = DataDir::existing(data)?;
    if to.exists() && !force {
        return Err(ServeError::Exists {
            path: to.to_owned(),
        });
    }
    let partial = beside(to, "partial");
    remove(&partial)?;
    copy(&data.database(), &partial)?;
    put(&partial, to)
}

/// Puts a backup in the place of the database, as a new life of it: with another instance, so
/// that clients notice and bring back what the backup lacks.
/// # Errors
/// What stands in the way; the database is then as it was.
pub fn restore(data: &Path, from: &Path, force: bool) -> Result<(), ServeError> {
    if !from.is_file() {
        return Err(ServeError::NoDatabase {
            path: from.to_owned(),
        });
    }
    let data = DataDir::create(data)?;
    let _lock = data.lock()?;
    let database = data.database();
    if database.exists() && !force {
        return Err(ServeError::Exists { path: database });
    }
    let partial = beside(&database, "restoring");
    remove(&partial)?;
    copy(from, &partial)?;
    let fresh = data::fresh_seeds()?;
    {
        let storage = SqliteStorage::open(&partial)?;
        begin_life(storage.connection(), fresh.instance)?;
    }
    check_file(&partial)?;
    {
        let connection = Connection::open(&partial).map_err(sql)?;
        connection
            .pragma_update(None, "journal_mode", "DELETE")
            .map_err(sql)?;
    }
    // The log of the old database must not be taken for the new one's.
    remove(&beside_log(&database, "-wal"))?;
    remove(&beside_log(&database, "-shm"))?;
    put(&partial, &database)
}

/// Makes a database a new life: heads chain from the instance, and so are computed anew; marks
/// stand on old heads, and go.
/// # Errors
/// The store's.
pub fn begin_life(connection: &Connection, instance: InstanceId) -> Result<(), ServeError> {
    connection.execute_batch("BEGIN IMMEDIATE").map_err(sql)?;
    connection
        .execute("UPDATE relay SET instance = ?", [instance.0])
        .map_err(sql)?;
    connection.execute("DELETE FROM marks", []).map_err(sql)?;
    {
        let mut streams = connection
            .prepare(
                "SELECT s.id, w.workspace, s.document FROM streams s
                 JOIN workspaces w ON w.id = s.workspace",
            )
            .map_err(sql)?;
        let mut read = connection
            .prepare(
                "SELECT place, accepted_ms, bytes FROM envelopes WHERE stream = ? ORDER BY number",
            )
            .map_err(sql)?;
        let mut write = connection
            .prepare("UPDATE envelopes SET head = ? WHERE place = ?")
            .map_err(sql)?;
        let mut rows = streams.query([]).map_err(sql)?;
        while let Some(row) = rows.next().map_err(sql)? {
            let stream: i64 = row.get(0).map_err(sql)?;
            let workspace = WorkspaceId(row.get(1).map_err(sql)?);
            let document = DocumentId(row.get(2).map_err(sql)?);
            let mut head = stream_start(instance, workspace, document);
            let mut heads = Vec::new();
            let mut envelopes = read.query([stream]).map_err(sql)?;
            while let Some(row) = envelopes.next().map_err(sql)? {
                let place: i64 = row.get(0).map_err(sql)?;
                let accepted_ms: i64 = row.get(1).map_err(sql)?;
                let bytes: Vec<u8> = row.get(2).map_err(sql)?;
                let accepted_ms = u64::try_from(accepted_ms).unwrap_or(0);
                head = next_head(head, envelope_hash(&bytes), accepted_ms);
                heads.push((place, head));
            }
            drop(envelopes);
            for (place, head) in heads {
                write
                    .execute(rusqlite::params![head.0, place])
                    .map_err(sql)?;
            }
        }
    }
    connection.execute_batch("COMMIT").map_err(sql)
}

/// Verifies the database: SQLite's own check, every membership log with its signatures, every
/// stream's numbers, heads and sequences, every grant's form, the counters.
/// # Errors
/// [`ServeError::Broken`] with what is broken.
pub fn check(data: &Path) -> Result<CheckReport, ServeError> {
    check_file(&DataDir::existing(data)?.database())
}

fn check_file(path: &Path) -> Result<CheckReport, ServeError> {
    let storage = match SqliteStorage::open_reader(path) {
        Ok(storage) => storage,
        Err(StorageError::Corrupt(cause)) => return Err(ServeError::Broken(vec![cause])),
        Err(error) => return Err(error.into()),
    };
    let mut check = Check {
        storage: &storage,
        faults: Vec::new(),
        report: CheckReport::default(),
    };
    match check.run() {
        Ok(()) => {}
        Err(error) => check.faults.push(format!("reading failed: {error}")),
    }
    if check.faults.is_empty() {
        Ok(check.report)
    } else {
        Err(ServeError::Broken(check.faults))
    }
}

struct Check<'a> {
    storage: &'a SqliteStorage,
    faults: Vec<String>,
    report: CheckReport,
}

struct Row {
    key: i64,
    id: WorkspaceId,
    position: i64,
    bytes: i64,
}

impl Check<'_> {
    fn fault(&mut self, text: String) {
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(text);
        }
    }

    fn run(&mut self) -> Result<(), StorageError> {
        let connection = self.storage.connection();
        // One snapshot, so that a relay that serves meanwhile does not look like a fault.
        connection.execute_batch("BEGIN")?;
        let mut integrity = connection.prepare("PRAGMA integrity_check(100)")?;
        let lines = integrity.query_map([], |row| row.get::<_, String>(0))?;
        for line in lines {
            let line = line?;
            if line != "ok" {
                self.fault(format!("SQLite: {line}"));
            }
        }
        if !self.faults.is_empty() {
            return Ok(());
        }
        let instance: [u8; 16] =
            connection.query_row("SELECT instance FROM relay WHERE id = 1", [], |row| {
                row.get(0)
            })?;
        let mut statement =
            connection.prepare("SELECT id, workspace, position, bytes FROM workspaces")?;
        let rows = statement
            .query_map([], |row| {
                Ok(Row {
                    key: row.get(0)?,
                    id: WorkspaceId(row.get(1)?),
                    position: row.get(2)?,
                    bytes: row.get(3)?,
                })
            })?
            .collect::<Result<Vec<_>, _>>()?;
        for row in rows {
            self.report.workspaces += 1;
            self.workspace(&row, InstanceId(instance))?;
        }
        connection.execute_batch("COMMIT")?;
        Ok(())
    }

    fn workspace(&mut self, row: &Row, instance: InstanceId) -> Result<(), StorageError> {
        let key = crate::storage::WorkspaceKey(row.key);
        let entries = self.storage.entries(key, 0, usize::MAX)?;
        self.report.entries += entries.len() as u64;
        let mut bytes: usize = entries.iter().map(Vec::len).sum();
        let membership = match replay_log(&entries) {
            Ok(membership) => membership,
            Err(cause) => {
                self.fault(format!("workspace {}: the log breaks: {cause}", row.id));
                return Ok(());
            }
        };
        let connection = self.storage.connection();
        let mut statement =
            connection.prepare("SELECT id, document FROM streams WHERE workspace = ?")?;
        let streams = statement
            .query_map([row.key], |stream| {
                Ok((stream.get(0)?, DocumentId(stream.get(1)?)))
            })?
            .collect::<Result<Vec<(i64, DocumentId)>, _>>()?;
        for (stream, document) in streams {
            self.report.streams += 1;
            bytes += self.stream(row, instance, &membership, stream, document)?;
        }
        bytes += self.grants(row)?;
        if i64::try_from(bytes) != Ok(row.bytes) {
            self.fault(format!(
                "workspace {}: {bytes} bytes are stored, {} are counted",
                row.id, row.bytes
            ));
        }
        Ok(())
    }

    fn stream(
        &mut self,
        row: &Row,
        instance: InstanceId,
        membership: &Membership,
        stream: i64,
        document: DocumentId,
    ) -> Result<usize, StorageError> {
        let connection = self.storage.connection();
        let mut statement = connection.prepare_cached(
            "SELECT number, accepted_ms, head, bytes, place FROM envelopes
             WHERE stream = ? ORDER BY number",
        )?;
        let mut envelopes = statement.query([stream])?;
        let mut head = stream_start(instance, row.id, document);
        let mut lasts: HashMap<DeviceId, (u64, Hash)> = HashMap::new();
        let (mut expected, mut total) = (0_i64, 0);
        while let Some(envelope) = envelopes.next()? {
            self.report.envelopes += 1;
            expected += 1;
            let number: i64 = envelope.get(0)?;
            let accepted_ms: i64 = envelope.get(1)?;
            let stored = Hash(envelope.get(2)?);
            let bytes: Vec<u8> = envelope.get(3)?;
            let place: i64 = envelope.get(4)?;
            total += bytes.len();
            let at = format!("workspace {}, stream {document}, number {number}", row.id);
            if number != expected {
                self.fault(format!("{at}: number {expected} is missing"));
                return Ok(total);
            }
            let hash = envelope_hash(&bytes);
            head = next_head(head, hash, u64::try_from(accepted_ms).unwrap_or(0));
            if head != stored {
                self.fault(format!("{at}: the head's chain breaks"));
                return Ok(total);
            }
            if place >> POSITION_BITS != row.key
                || place & ((1 << POSITION_BITS) - 1) > row.position
            {
                self.fault(format!("{at}: the position is not the workspace's"));
            }
            let Ok((_, header)) = EnvelopeBytes::parse(&bytes) else {
                self.fault(format!("{at}: it is no envelope"));
                continue;
            };
            if header.workspace != row.id || header.document != document {
                self.fault(format!("{at}: it belongs to another stream"));
            }
            if !membership.devices().contains_key(&header.device) {
                self.fault(format!("{at}: its device was never a member"));
            }
            let last = lasts.entry(header.device).or_insert((0, Hash::ZERO));
            if header.sequence != last.0 + 1 || header.previous != last.1 {
                self.fault(format!("{at}: its device's sequence breaks"));
            }
            *last = (header.sequence, hash);
        }
        Ok(total)
    }

    fn grants(&mut self, row: &Row) -> Result<usize, StorageError> {
        let connection = self.storage.connection();
        let mut statement =
            connection.prepare("SELECT bytes FROM grants WHERE place > ? AND place < ?")?;
        let mut grants =
            statement.query([row.key << POSITION_BITS, (row.key + 1) << POSITION_BITS])?;
        let mut total = 0;
        while let Some(grant) = grants.next()? {
            let bytes: Vec<u8> = grant.get(0)?;
            self.report.grants += 1;
            total += bytes.len();
            if !Grant::from_bytes(&bytes).is_ok_and(|grant| grant.workspace == row.id) {
                self.fault(format!("workspace {}: a grant is malformed", row.id));
            }
        }
        Ok(total)
    }
}

/// One consistent copy in one step: writers go on beside it.
fn copy(from: &Path, to: &Path) -> Result<(), ServeError> {
    File::create(to).map_err(file_error(to))?;
    data::restrict(to, 0o600).map_err(file_error(to))?;
    let source =
        Connection::open_with_flags(from, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(sql)?;
    source.busy_timeout(Duration::from_secs(5)).map_err(sql)?;
    let mut target = Connection::open(to).map_err(sql)?;
    Backup::new(&source, &mut target)
        .and_then(|backup| backup.run_to_completion(i32::MAX, Duration::ZERO, None))
        .map_err(sql)?;
    // A file of its own, without a write-ahead log beside it.
    target
        .pragma_update(None, "journal_mode", "DELETE")
        .map_err(sql)
}

fn put(partial: &Path, to: &Path) -> Result<(), ServeError> {
    File::open(partial)
        .and_then(|file| file.sync_all())
        .map_err(file_error(partial))?;
    fs::rename(partial, to).map_err(file_error(to))?;
    let parent = match to.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    File::open(parent)
        .and_then(|directory| directory.sync_all())
        .map_err(file_error(parent))
}

fn remove(path: &Path) -> Result<(), ServeError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(file_error(path)(error)),
        _ => Ok(()),
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    beside_log(path, &format!(".{ending}"))
}

fn beside_log(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}
