//! Tables and their numbered migrations. A released migration is never changed.

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use super::StoreError;

/// The newest schema version; kept in SQLite's `user_version`.
pub const SCHEMA_VERSION: u32 = MIGRATIONS.len() as u32;

const MIGRATIONS: [&str; 3] = [
    r"
CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE log (idx INTEGER PRIMARY KEY, sealed BLOB NOT NULL);
CREATE TABLE pending_entry (n INTEGER PRIMARY KEY, sealed BLOB NOT NULL);
CREATE TABLE grants (
    n INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE,
    opened INTEGER NOT NULL, sent INTEGER NOT NULL, bytes BLOB NOT NULL);
CREATE TABLE secret (
    kind INTEGER NOT NULL, id BLOB NOT NULL, n INTEGER NOT NULL, sealed BLOB NOT NULL,
    PRIMARY KEY (kind, id, n)) WITHOUT ROWID;
CREATE TABLE stream (
    doc BLOB PRIMARY KEY, number INTEGER NOT NULL, head BLOB NOT NULL,
    office INTEGER NOT NULL, marked INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE envelope (
    id INTEGER PRIMARY KEY,
    doc BLOB NOT NULL, device BLOB NOT NULL, sequence INTEGER NOT NULL,
    number INTEGER, accepted INTEGER, head BLOB, hash BLOB NOT NULL,
    state INTEGER NOT NULL, origin BLOB, bytes BLOB NOT NULL,
    UNIQUE (doc, device, sequence));
CREATE INDEX envelope_number ON envelope (doc, number);
CREATE INDEX envelope_unsent ON envelope (id) WHERE number IS NULL;
CREATE INDEX envelope_waiting ON envelope (doc) WHERE state = 1;
CREATE TABLE snapshot (doc BLOB PRIMARY KEY, sealed BLOB NOT NULL);
CREATE TABLE tail (
    doc BLOB NOT NULL, n INTEGER NOT NULL, sealed BLOB NOT NULL,
    PRIMARY KEY (doc, n)) WITHOUT ROWID;
CREATE TABLE pending (n INTEGER PRIMARY KEY, doc BLOB NOT NULL, sealed BLOB NOT NULL);
CREATE TABLE own_record (
    doc BLOB NOT NULL, record BLOB NOT NULL, sequence INTEGER,
    PRIMARY KEY (doc, record)) WITHOUT ROWID;
CREATE TABLE summary (doc BLOB PRIMARY KEY, sealed BLOB NOT NULL);
CREATE TABLE row (
    doc BLOB NOT NULL, record BLOB NOT NULL, sealed BLOB NOT NULL,
    PRIMARY KEY (doc, record)) WITHOUT ROWID;
CREATE TABLE quarantine (n INTEGER PRIMARY KEY, doc BLOB NOT NULL, sealed BLOB NOT NULL);
CREATE TABLE timer (id BLOB PRIMARY KEY, sealed BLOB NOT NULL) WITHOUT ROWID;
",
    // Trust: what the relay once had, what a grant of this device holds, messages of threads and
    // journals, what is amiss.
    r"
ALTER TABLE envelope ADD COLUMN stored INTEGER NOT NULL DEFAULT 0;
UPDATE envelope SET stored = 1 WHERE number IS NOT NULL;
ALTER TABLE grants ADD COLUMN stored INTEGER NOT NULL DEFAULT 0;
ALTER TABLE grants ADD COLUMN content BLOB;
UPDATE grants SET stored = sent;
CREATE TABLE message (
    n INTEGER PRIMARY KEY, doc BLOB NOT NULL, envelope BLOB, sealed BLOB NOT NULL);
CREATE INDEX message_doc ON message (doc, n);
CREATE TABLE parcel (
    n INTEGER PRIMARY KEY, doc BLOB NOT NULL, hash BLOB NOT NULL UNIQUE,
    admitted INTEGER NOT NULL, bytes BLOB NOT NULL);
CREATE TABLE alarm (n INTEGER PRIMARY KEY, sealed BLOB NOT NULL);
",
    r"
CREATE TABLE draft (name BLOB PRIMARY KEY, doc BLOB, sealed BLOB NOT NULL) WITHOUT ROWID;
",
];

/// Full durability; deleted content is overwritten; nothing spills into temporary files.
pub(super) fn configure(conn: &Connection) -> Result<(), StoreError> {
    // A browser's files have no shared memory for the index of the log. Nobody else has the store
    // open there, so the index may stand in this program's own.
    #[cfg(target_family = "wasm")]
    conn.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    conn.pragma_update(None, "journal_mode", "WAL")?;
    conn.pragma_update(None, "synchronous", "FULL")?;
    conn.pragma_update(None, "secure_delete", "ON")?;
    conn.pragma_update(None, "temp_store", "MEMORY")?;
    // Plans do not look at bound values: else the partial indexes of `envelope` have SQLite prepare
    // its statements anew at every binding.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    conn.set_prepared_statement_cache_capacity(64);
    Ok(())
}

pub(super) fn version(conn: &Connection) -> Result<u32, StoreError> {
    Ok(conn.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

/// Brings a database from version `from` to the newest, inside the caller's transaction.
pub(super) fn migrate(conn: &Connection, from: u32) -> Result<(), StoreError> {
    for (number, migration) in (1_u32..).zip(MIGRATIONS) {
        if number > from {
            conn.execute_batch(migration)?;
            conn.pragma_update(None, "user_version", number)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_older_version_migrates_to_the_newest() {
        for from in 0..=SCHEMA_VERSION {
            let conn = Connection::open_in_memory().unwrap();
            for (number, migration) in (1_u32..).zip(MIGRATIONS) {
                if number <= from {
                    conn.execute_batch(migration).unwrap();
                }
            }
            migrate(&conn, from).unwrap();
            let tables: i64 = conn
                .query_row(
                    "SELECT count(*) FROM sqlite_schema WHERE type = 'table'",
                    [],
                    |row| row.get(0),
                )
                .unwrap();
            assert_eq!(tables, 19, "from version {from}");
        }
    }
}
