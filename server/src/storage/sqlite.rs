//! The store on SQLite: write-ahead log, `synchronous=FULL`, one writer, any number of readers.
//!
//! Envelopes, grants and marks are keyed by one integer, the workspace's row and the position in
//! it, so that new rows go to the end of a B-tree and what lies behind a cursor is one range.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use folge_protocol::envelope::envelope_hash;
use folge_protocol::grant::Recipient;
use folge_protocol::ids::{DeviceId, DocumentId, Hash, InstanceId, WorkspaceId};
use folge_protocol::wire::Mark;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, params};

use super::{
    Choose, EnvelopePlace, NewEnvelope, Placed, Seeds, Storage, StorageError, StorageRead,
    StoredEnvelope, StreamKey, StreamRow, Want, WorkspaceKey, WorkspaceRow,
};
use crate::limits::DATABASE_LOCK_MILLISECONDS_MAX;

/// The steps from an empty database to today's format. A step, once released, never changes.
const MIGRATIONS: [&str; 1] = [include_str!("migration_1.sql")];
/// Positions a workspace has room for.
const POSITION_BITS: u32 = 40;
const STATEMENTS_CACHED_COUNT: usize = 64;

type Outcome<T> = Result<T, StorageError>;

/// Where a fault can be injected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultPoint {
    /// Before the commit: nothing of the transaction is kept.
    BeforeCommit,
    /// After the commit: all of it is kept, the caller is told otherwise.
    AfterCommit,
}

type Fault = Box<dyn FnMut(FaultPoint) -> bool + Send>;

/// The relay's store in one SQLite database.
pub struct SqliteStorage {
    connection: Connection,
    fault: Option<Fault>,
    // Row numbers and what they stand for: of this connection, forgotten on rollback.
    devices: RefCell<HashMap<i64, DeviceId>>,
    device_keys: RefCell<HashMap<DeviceId, i64>>,
    documents: RefCell<HashMap<i64, DocumentId>>,
}

impl std::fmt::Debug for SqliteStorage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SqliteStorage(..)")
    }
}

impl From<rusqlite::Error> for StorageError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked,
            Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
                Self::CannotOpen
            }
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Corrupt(error.to_string())
            }
            _ => Self::Other(error.to_string()),
        }
    }
}

impl SqliteStorage {
    /// Opens the database for the one writer, makes it where there is none, and migrates it.
    /// # Errors
    /// [`StorageError::CannotOpen`], [`StorageError::TooNew`], [`StorageError::Corrupt`].
    pub fn open(path: &Path) -> Outcome<Self> {
        let connection = Connection::open(path)?;
        Self::prepare(connection)
    }

    /// Opens a named database in memory. It lives as long as a connection to it is open: a test
    /// that reopens it keeps a second one.
    /// # Errors
    /// The store's.
    pub fn open_memory(name: &str) -> Outcome<Self> {
        let uri = format!("file:{name}?mode=memory&cache=shared");
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_URI
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Self::prepare(Connection::open_with_flags(uri, flags)?)
    }

    /// Opens a reader beside the writer.
    /// # Errors
    /// The store's.
    pub fn open_reader(path: &Path) -> Outcome<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        configure(&connection)?;
        let found = format_of(&connection)?;
        refuse_newer(found)?;
        Ok(Self::over(connection))
    }

    /// Asks the closure at each commit whether to break there. After a fault the object is to be
    /// dropped and opened anew, as after a crash.
    #[must_use]
    pub fn with_fault(mut self, fault: Fault) -> Self {
        self.fault = Some(fault);
        self
    }

    /// The connection, for maintenance.
    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    fn prepare(mut connection: Connection) -> Outcome<Self> {
        configure(&connection)?;
        connection.execute_batch(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=4000;",
        )?;
        migrate(&mut connection)?;
        Ok(Self::over(connection))
    }

    fn over(connection: Connection) -> Self {
        Self {
            connection,
            fault: None,
            devices: RefCell::default(),
            device_keys: RefCell::default(),
            documents: RefCell::default(),
        }
    }

    fn faulty(&mut self, point: FaultPoint) -> bool {
        self.fault.as_mut().is_some_and(|fault| fault(point))
    }

    fn forget(&mut self) {
        self.devices.borrow_mut().clear();
        self.device_keys.borrow_mut().clear();
        self.documents.borrow_mut().clear();
    }

    fn device(&self, key: i64) -> Outcome<DeviceId> {
        if let Some(device) = self.devices.borrow().get(&key) {
            return Ok(*device);
        }
        let mut statement = self
            .connection
            .prepare_cached("SELECT device FROM devices WHERE id = ?")?;
        let device = DeviceId(statement.query_row([key], |row| row.get(0))?);
        self.devices.borrow_mut().insert(key, device);
        Ok(device)
    }

    fn device_key(&self, device: DeviceId) -> Outcome<Option<i64>> {
        if let Some(key) = self.device_keys.borrow().get(&device) {
            return Ok(Some(*key));
        }
        let mut statement = self
            .connection
            .prepare_cached("SELECT id FROM devices WHERE device = ?")?;
        let key = statement
            .query_row([device.0], |row| row.get(0))
            .optional()?;
        if let Some(key) = key {
            self.device_keys.borrow_mut().insert(device, key);
        }
        Ok(key)
    }

    fn device_key_or_new(&self, device: DeviceId) -> Outcome<i64> {
        if let Some(key) = self.device_key(device)? {
            return Ok(key);
        }
        let mut statement = self
            .connection
            .prepare_cached("INSERT INTO devices (device) VALUES (?)")?;
        let key = statement.insert([device.0])?;
        self.device_keys.borrow_mut().insert(device, key);
        Ok(key)
    }

    fn document(&self, key: i64) -> Outcome<DocumentId> {
        if let Some(document) = self.documents.borrow().get(&key) {
            return Ok(*document);
        }
        let mut statement = self
            .connection
            .prepare_cached("SELECT document FROM streams WHERE id = ?")?;
        let document = DocumentId(statement.query_row([key], |row| row.get(0))?);
        self.documents.borrow_mut().insert(key, document);
        Ok(document)
    }

    fn collect(
        &self,
        mut rows: rusqlite::Rows<'_>,
        choose: &mut Choose<'_>,
    ) -> Outcome<Vec<StoredEnvelope>> {
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let place = EnvelopePlace {
                position: position_of(row.get(0)?),
                document: self.document(row.get(1)?)?,
                number: unsigned(row.get(2)?),
                device: self.device(row.get(3)?)?,
            };
            let bytes = row.get_ref(6)?.as_blob().map_err(rusqlite::Error::from)?;
            match choose(&place, bytes.len()) {
                Want::Skip => {}
                Want::Stop => break,
                Want::Take => found.push(StoredEnvelope {
                    place,
                    accepted_ms: unsigned(row.get(4)?),
                    head: Hash(row.get(5)?),
                    bytes: bytes.to_vec(),
                }),
            }
        }
        Ok(found)
    }
}

fn configure(connection: &Connection) -> Outcome<()> {
    connection.busy_timeout(Duration::from_millis(DATABASE_LOCK_MILLISECONDS_MAX))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED_COUNT);
    connection.execute_batch(
        "PRAGMA cache_size=-32768; PRAGMA trusted_schema=OFF; PRAGMA secure_delete=ON;",
    )?;
    Ok(())
}

fn format_of(connection: &Connection) -> Outcome<i64> {
    Ok(connection.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

fn refuse_newer(found: i64) -> Outcome<()> {
    let known = MIGRATIONS.len() as i64;
    if found > known {
        return Err(StorageError::TooNew { found, known });
    }
    Ok(())
}

fn migrate(connection: &mut Connection) -> Outcome<()> {
    let found = format_of(connection)?;
    refuse_newer(found)?;
    for (step, sql) in MIGRATIONS.iter().enumerate() {
        let version = step as i64 + 1;
        if version <= found {
            continue;
        }
        let transaction = connection.transaction()?;
        transaction.execute_batch(sql)?;
        transaction.pragma_update(None, "user_version", version)?;
        transaction.commit()?;
    }
    Ok(())
}

// SQLite's integers are signed. Positions, numbers and times stay far below 2^63; where a device
// claims more, it is refused before it comes here, and saturation keeps the order.
fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

fn place(workspace: WorkspaceKey, position: u64) -> i64 {
    let most = (1_i64 << POSITION_BITS) - 1;
    (workspace.0 << POSITION_BITS) | signed(position).min(most)
}

fn position_of(place: i64) -> u64 {
    unsigned(place & ((1_i64 << POSITION_BITS) - 1))
}

fn recipient_columns(recipient: &Recipient) -> (i64, [u8; 16], i64) {
    match recipient {
        Recipient::Invitation(id) => (2, id.0, 0),
        Recipient::Group(id, epoch) => (3, id.0, i64::from(*epoch)),
        Recipient::Recovery => (4, [0; 16], 0),
    }
}

fn recipient_from(kind: i64, id: [u8; 16], epoch: i64) -> Recipient {
    use folge_protocol::ids::{GroupId, InvitationId};
    match kind {
        2 => Recipient::Invitation(InvitationId(id)),
        3 => Recipient::Group(GroupId(id), u32::try_from(epoch).unwrap_or(u32::MAX)),
        _ => Recipient::Recovery,
    }
}

impl StorageRead for SqliteStorage {
    fn workspace(&self, workspace: WorkspaceId) -> Outcome<Option<WorkspaceRow>> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT id, position, bytes FROM workspaces WHERE workspace = ?")?;
        let row = statement.query_row([workspace.0], |row| {
            Ok(WorkspaceRow {
                key: WorkspaceKey(row.get(0)?),
                position: unsigned(row.get(1)?),
                bytes: unsigned(row.get(2)?),
            })
        });
        Ok(row.optional()?)
    }

    fn workspace_count(&self) -> Outcome<u64> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT count(*) FROM workspaces")?;
        Ok(unsigned(statement.query_row([], |row| row.get(0))?))
    }

    fn entries(
        &self,
        workspace: WorkspaceKey,
        from: u64,
        bytes_max: usize,
    ) -> Outcome<Vec<Vec<u8>>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT bytes FROM entries WHERE workspace = ? AND place >= ? ORDER BY place",
        )?;
        let mut rows = statement.query(params![workspace.0, signed(from)])?;
        let mut found: Vec<Vec<u8>> = Vec::new();
        let mut total = 0;
        while let Some(row) = rows.next()? {
            let bytes: Vec<u8> = row.get(0)?;
            total += bytes.len();
            if total > bytes_max && !found.is_empty() {
                break;
            }
            found.push(bytes);
        }
        Ok(found)
    }

    fn stream(&self, workspace: WorkspaceKey, document: DocumentId) -> Outcome<Option<StreamRow>> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT id FROM streams WHERE workspace = ? AND document = ?")?;
        let key: Option<i64> = statement
            .query_row(params![workspace.0, document.0], |row| row.get(0))
            .optional()?;
        let Some(key) = key else { return Ok(None) };
        let mut statement = self.connection.prepare_cached(
            "SELECT number, head, accepted_ms FROM envelopes WHERE stream = ?
             ORDER BY number DESC LIMIT 1",
        )?;
        let last = statement
            .query_row([key], |row| {
                Ok(StreamRow {
                    key: StreamKey(key),
                    number: unsigned(row.get(0)?),
                    head: Some(Hash(row.get(1)?)),
                    accepted_ms: unsigned(row.get(2)?),
                })
            })
            .optional()?;
        Ok(Some(last.unwrap_or(StreamRow {
            key: StreamKey(key),
            number: 0,
            head: None,
            accepted_ms: 0,
        })))
    }

    fn last_of_device(&self, stream: StreamKey, device: DeviceId) -> Outcome<Option<(u64, Hash)>> {
        let Some(device) = self.device_key(device)? else {
            return Ok(None);
        };
        // Walks the covering index backwards; the answer is kept in memory by the relay.
        let mut statement = self.connection.prepare_cached(
            "SELECT sequence, bytes FROM envelopes WHERE stream = ? AND device = ?
             ORDER BY number DESC LIMIT 1",
        )?;
        let last = statement
            .query_row([stream.0, device], |row| {
                let bytes = row.get_ref(1)?.as_blob()?;
                Ok((unsigned(row.get(0)?), envelope_hash(bytes)))
            })
            .optional()?;
        Ok(last)
    }

    fn placed(
        &self,
        stream: StreamKey,
        device: DeviceId,
        sequence: u64,
    ) -> Outcome<Option<Placed>> {
        let Some(device) = self.device_key(device)? else {
            return Ok(None);
        };
        let mut statement = self.connection.prepare_cached(
            "SELECT number, accepted_ms, head, bytes FROM envelopes
             WHERE stream = ? AND device = ? AND sequence = ? ORDER BY number DESC LIMIT 1",
        )?;
        let placed = statement
            .query_row([stream.0, device, signed(sequence)], |row| {
                let bytes = row.get_ref(3)?.as_blob()?;
                Ok(Placed {
                    number: unsigned(row.get(0)?),
                    accepted_ms: unsigned(row.get(1)?),
                    head: Hash(row.get(2)?),
                    hash: envelope_hash(bytes),
                })
            })
            .optional()?;
        Ok(placed)
    }

    fn head_at(&self, stream: StreamKey, number: u64) -> Outcome<Option<Hash>> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT head FROM envelopes WHERE stream = ? AND number = ?")?;
        let head = statement
            .query_row([stream.0, signed(number)], |row| row.get(0))
            .optional()?;
        Ok(head.map(Hash))
    }

    fn envelopes(
        &self,
        workspace: WorkspaceKey,
        after: u64,
        upto: u64,
        choose: &mut Choose<'_>,
    ) -> Outcome<Vec<StoredEnvelope>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT place, stream, number, device, accepted_ms, head, bytes FROM envelopes
             WHERE place > ? AND place <= ? ORDER BY place",
        )?;
        let rows = statement.query([place(workspace, after), place(workspace, upto)])?;
        self.collect(rows, choose)
    }

    fn stream_envelopes(
        &self,
        stream: StreamKey,
        from: u64,
        choose: &mut Choose<'_>,
    ) -> Outcome<Vec<StoredEnvelope>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT place, stream, number, device, accepted_ms, head, bytes FROM envelopes
             WHERE stream = ? AND number >= ? ORDER BY number",
        )?;
        let rows = statement.query([stream.0, signed(from)])?;
        self.collect(rows, choose)
    }

    fn grants(
        &self,
        workspace: WorkspaceKey,
        after: u64,
        upto: u64,
        count_max: usize,
        bytes_max: usize,
        wanted: &dyn Fn(&Recipient) -> bool,
    ) -> Outcome<Vec<(u64, Vec<u8>)>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT place, kind, recipient, epoch, bytes FROM grants
             WHERE place > ? AND place <= ? ORDER BY place",
        )?;
        let mut rows = statement.query([place(workspace, after), place(workspace, upto)])?;
        let mut found = Vec::new();
        let mut total = 0;
        while let Some(row) = rows.next()? {
            let recipient = recipient_from(row.get(1)?, row.get(2)?, row.get(3)?);
            if !wanted(&recipient) {
                continue;
            }
            let bytes: Vec<u8> = row.get(4)?;
            total += bytes.len();
            found.push((position_of(row.get(0)?), bytes));
            if found.len() >= count_max || total >= bytes_max {
                break;
            }
        }
        Ok(found)
    }

    fn marks(
        &self,
        workspace: WorkspaceKey,
        after: u64,
        upto: u64,
        count_max: usize,
        wanted: &dyn Fn(&DocumentId, &DeviceId) -> bool,
    ) -> Outcome<Vec<(u64, Mark)>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT place, stream, device, number, head, signature FROM marks
             WHERE place > ? AND place <= ? ORDER BY place",
        )?;
        let mut rows = statement.query([place(workspace, after), place(workspace, upto)])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let document = self.document(row.get(1)?)?;
            let device = self.device(row.get(2)?)?;
            if !wanted(&document, &device) {
                continue;
            }
            let mark = Mark {
                document,
                device,
                number: unsigned(row.get(3)?),
                head: Hash(row.get(4)?),
                signature: row.get(5)?,
            };
            found.push((position_of(row.get(0)?), mark));
            if found.len() >= count_max {
                break;
            }
        }
        Ok(found)
    }

    fn grant_count(&self, workspace: WorkspaceKey) -> Outcome<u64> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT count(*) FROM grants WHERE place > ? AND place <= ?")?;
        let range = [place(workspace, 0), place(workspace, u64::MAX)];
        Ok(unsigned(statement.query_row(range, |row| row.get(0))?))
    }

    fn has_grant(&self, hash: Hash) -> Outcome<bool> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT 1 FROM grants WHERE hash = ?")?;
        Ok(statement.exists([hash.0])?)
    }

    fn mark_number(&self, stream: StreamKey, device: DeviceId) -> Outcome<u64> {
        let Some(device) = self.device_key(device)? else {
            return Ok(0);
        };
        let mut statement = self
            .connection
            .prepare_cached("SELECT number FROM marks WHERE stream = ? AND device = ?")?;
        let number = statement
            .query_row([stream.0, device], |row| row.get(0))
            .optional()?;
        Ok(number.map_or(0, unsigned))
    }
}

impl Storage for SqliteStorage {
    fn identity(&mut self, fresh: Seeds) -> Outcome<Seeds> {
        self.connection.execute(
            "INSERT OR IGNORE INTO relay (id, signing, instance) VALUES (1, ?, ?)",
            params![fresh.signing, fresh.instance.0],
        )?;
        let seeds = self.connection.query_row(
            "SELECT signing, instance FROM relay WHERE id = 1",
            [],
            |row| {
                Ok(Seeds {
                    signing: row.get(0)?,
                    instance: InstanceId(row.get(1)?),
                })
            },
        )?;
        Ok(seeds)
    }

    fn probe(&mut self) -> Outcome<()> {
        self.connection
            .execute("UPDATE relay SET instance = instance", [])?;
        Ok(())
    }

    fn begin(&mut self) -> Outcome<()> {
        self.connection
            .prepare_cached("BEGIN IMMEDIATE")?
            .execute([])?;
        Ok(())
    }

    fn commit(&mut self) -> Outcome<()> {
        if self.faulty(FaultPoint::BeforeCommit) {
            self.rollback()?;
            return Err(StorageError::Fault);
        }
        let done = self
            .connection
            .prepare_cached("COMMIT")
            .and_then(|mut statement| statement.execute([]));
        if let Err(error) = done {
            self.rollback()?;
            return Err(error.into());
        }
        if self.faulty(FaultPoint::AfterCommit) {
            return Err(StorageError::Fault);
        }
        Ok(())
    }

    fn rollback(&mut self) -> Outcome<()> {
        self.forget();
        // After a full disk SQLite has rolled back by itself.
        if !self.connection.is_autocommit() {
            self.connection.execute_batch("ROLLBACK")?;
        }
        Ok(())
    }

    fn add_workspace(&mut self, workspace: WorkspaceId) -> Outcome<WorkspaceKey> {
        let mut statement = self.connection.prepare_cached(
            "INSERT INTO workspaces (workspace, position, bytes) VALUES (?, 0, 0)",
        )?;
        Ok(WorkspaceKey(statement.insert([workspace.0])?))
    }

    fn set_workspace(&mut self, row: &WorkspaceRow) -> Outcome<()> {
        let mut statement = self
            .connection
            .prepare_cached("UPDATE workspaces SET position = ?, bytes = ? WHERE id = ?")?;
        statement.execute([signed(row.position), signed(row.bytes), row.key.0])?;
        Ok(())
    }

    fn add_entry(&mut self, workspace: WorkspaceKey, index: u64, bytes: &[u8]) -> Outcome<()> {
        let mut statement = self
            .connection
            .prepare_cached("INSERT INTO entries (workspace, place, bytes) VALUES (?, ?, ?)")?;
        statement.execute(params![workspace.0, signed(index), bytes])?;
        Ok(())
    }

    fn add_stream(&mut self, workspace: WorkspaceKey, document: DocumentId) -> Outcome<StreamKey> {
        let mut statement = self
            .connection
            .prepare_cached("INSERT INTO streams (workspace, document) VALUES (?, ?)")?;
        Ok(StreamKey(
            statement.insert(params![workspace.0, document.0])?,
        ))
    }

    fn add_envelope(&mut self, workspace: WorkspaceKey, envelope: &NewEnvelope<'_>) -> Outcome<()> {
        let device = self.device_key_or_new(envelope.device)?;
        let mut statement = self.connection.prepare_cached(
            "INSERT INTO envelopes (place, stream, number, device, sequence, accepted_ms, head, bytes)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )?;
        statement.execute(params![
            place(workspace, envelope.position),
            envelope.stream.0,
            signed(envelope.number),
            device,
            signed(envelope.sequence),
            signed(envelope.accepted_ms),
            envelope.head.0,
            envelope.bytes,
        ])?;
        Ok(())
    }

    fn add_grant(
        &mut self,
        workspace: WorkspaceKey,
        position: u64,
        recipient: &Recipient,
        hash: Hash,
        bytes: &[u8],
    ) -> Outcome<()> {
        let (kind, id, epoch) = recipient_columns(recipient);
        let mut statement = self.connection.prepare_cached(
            "INSERT INTO grants (place, kind, recipient, epoch, hash, bytes)
             VALUES (?, ?, ?, ?, ?, ?)",
        )?;
        statement.execute(params![
            place(workspace, position),
            kind,
            id,
            epoch,
            hash.0,
            bytes
        ])?;
        Ok(())
    }

    fn set_mark(
        &mut self,
        workspace: WorkspaceKey,
        position: u64,
        stream: StreamKey,
        mark: &Mark,
    ) -> Outcome<()> {
        let device = self.device_key_or_new(mark.device)?;
        self.connection
            .prepare_cached("DELETE FROM marks WHERE stream = ? AND device = ?")?
            .execute([stream.0, device])?;
        let mut statement = self.connection.prepare_cached(
            "INSERT INTO marks (place, stream, device, number, head, signature)
             VALUES (?, ?, ?, ?, ?, ?)",
        )?;
        statement.execute(params![
            place(workspace, position),
            stream.0,
            device,
            signed(mark.number),
            mark.head.0,
            mark.signature,
        ])?;
        Ok(())
    }

    fn erase_stream(&mut self, workspace: WorkspaceKey, document: DocumentId) -> Outcome<u64> {
        let Some(stream) = self.stream(workspace, document)? else {
            return Ok(0);
        };
        let key = [stream.key.0];
        let bytes = self
            .connection
            .prepare_cached("SELECT total(length(bytes)) FROM envelopes WHERE stream = ?")?
            .query_row(key, |row| row.get::<_, f64>(0))?;
        for sql in [
            "DELETE FROM envelopes WHERE stream = ?",
            "DELETE FROM marks WHERE stream = ?",
            "DELETE FROM streams WHERE id = ?",
        ] {
            self.connection.prepare_cached(sql)?.execute(key)?;
        }
        // A blob's length is far below what a double holds exactly.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let bytes = bytes as u64;
        Ok(bytes)
    }

    fn erase_grants(&mut self, workspace: WorkspaceKey, void: &Recipient) -> Outcome<u64> {
        let (kind, id, epoch) = recipient_columns(void);
        let before = match void {
            Recipient::Group(..) => epoch,
            Recipient::Invitation(_) | Recipient::Recovery => 1,
        };
        let (from, upto) = (place(workspace, 0), place(workspace, u64::MAX));
        let which = "place BETWEEN ? AND ? AND kind = ? AND recipient = ? AND epoch < ?";
        let wanted = params![from, upto, kind, id, before];
        let bytes: i64 = self
            .connection
            .prepare_cached(&format!(
                "SELECT coalesce(sum(length(bytes)), 0) FROM grants WHERE {which}"
            ))?
            .query_row(wanted, |row| row.get(0))?;
        self.connection
            .prepare_cached(&format!("DELETE FROM grants WHERE {which}"))?
            .execute(wanted)?;
        Ok(unsigned(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use folge_protocol::ids::{GroupId, InvitationId};

    #[test]
    fn the_sqlite_store_conforms_in_memory_and_on_disk() {
        let mut anchors = Vec::new();
        super::super::conformance::run(|fresh| {
            if fresh {
                anchors.push(SqliteStorage::open_memory(&name(anchors.len() + 1))?);
            }
            SqliteStorage::open_memory(&name(anchors.len()))
        })
        .unwrap();
        let dir = tempfile::tempdir().unwrap();
        let mut life = 0;
        super::super::conformance::run(|fresh| {
            life += u32::from(fresh);
            SqliteStorage::open(&dir.path().join(format!("{life}.db")))
        })
        .unwrap();
    }

    fn name(life: usize) -> String {
        format!("conformance{life}")
    }

    #[test]
    fn a_database_of_version_1_opens_and_a_newer_one_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("relay.db");
        {
            let connection = Connection::open(&path).unwrap();
            connection
                .execute_batch(include_str!("migration_1.sql"))
                .unwrap();
            connection.pragma_update(None, "user_version", 1).unwrap();
            connection
                .execute(
                    "INSERT INTO workspaces (workspace, position, bytes) VALUES (?, 7, 9)",
                    [[5_u8; 16]],
                )
                .unwrap();
        }
        let storage = SqliteStorage::open(&path).unwrap();
        let row = storage.workspace(WorkspaceId([5; 16])).unwrap().unwrap();
        assert_eq!((row.position, row.bytes), (7, 9));
        storage
            .connection
            .pragma_update(None, "user_version", 99)
            .unwrap();
        drop(storage);
        assert!(matches!(
            SqliteStorage::open(&path),
            Err(StorageError::TooNew { found: 99, .. })
        ));
    }

    #[test]
    fn recipients_survive_their_columns() {
        for recipient in [
            Recipient::Invitation(InvitationId([2; 16])),
            Recipient::Group(GroupId([3; 16]), u32::MAX),
            Recipient::Recovery,
        ] {
            let (kind, id, epoch) = recipient_columns(&recipient);
            assert_eq!(recipient_from(kind, id, epoch), recipient);
        }
    }
}
