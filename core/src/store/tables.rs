//! One method a question or a change: the only place with SQL besides the schema.

use folge_protocol::envelope::Header;
use folge_protocol::ids::{DeviceId, DocumentId, Hash};
use rusqlite::{OptionalExtension, Row, params};

use super::{Store, StoreError};

/// Where an envelope stands on this device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnvelopeState {
    /// Its changes are in the document.
    Applied,
    /// A key or an earlier change is missing here yet.
    Waiting,
    /// It could not be trusted or read: see the quarantine.
    Quarantined,
    /// Its device was put out, and nobody has vouched for it: an administrator decides.
    Held,
}

impl EnvelopeState {
    const fn code(self) -> u8 {
        match self {
            Self::Applied => 0,
            Self::Waiting => 1,
            Self::Quarantined => 2,
            Self::Held => 3,
        }
    }
    const fn from_code(code: u8) -> Self {
        match code {
            0 => Self::Applied,
            1 => Self::Waiting,
            3 => Self::Held,
            _ => Self::Quarantined,
        }
    }
}

/// An envelope as stored.
#[derive(Debug, Clone)]
pub struct EnvelopeRow {
    /// The row's number: envelopes of this device are in the order in which they were made.
    pub id: i64,
    /// The stream.
    pub document: DocumentId,
    /// Who sealed it.
    pub device: DeviceId,
    /// The device's sequence in the stream.
    pub sequence: u64,
    /// Its number in the relay's stream, once the relay has it.
    pub number: Option<u64>,
    /// When the relay accepted it.
    pub accepted_ms: Option<u64>,
    /// Its hash.
    pub hash: Hash,
    /// Where it stands.
    pub state: EnvelopeState,
    /// The envelope.
    pub bytes: Vec<u8>,
}

/// An envelope at its place in a stream, and the one of its device before it.
#[derive(Debug, Clone)]
pub struct PlacedEnvelope {
    /// The row's number.
    pub id: i64,
    /// Its hash.
    pub hash: Hash,
    /// When the relay accepted it.
    pub accepted_ms: u64,
    /// Who sealed it.
    pub device: DeviceId,
    /// The device's sequence in the stream.
    pub sequence: u64,
    /// The hash that its header names as the device's envelope before it.
    pub previous: Hash,
    /// The last number that its author had seen.
    pub seen_number: u64,
    /// The head there.
    pub seen_head: Hash,
    /// The hash of the device's envelope before it, where that is here.
    pub before: Option<Hash>,
    /// That one's number.
    pub before_number: Option<u64>,
    /// What the sync layer noted of its content, once it was opened.
    pub origin: Option<Vec<u8>>,
}

/// What is known of a stream on the relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamRow {
    /// The last number taken in without a gap.
    pub number: u64,
    /// The head there.
    pub head: Hash,
    /// The last number that a device of the office has read.
    pub office: u64,
    /// The last number that this device has sent a mark for.
    pub marked: u64,
}

/// A change that is in no envelope yet.
#[derive(Debug, Clone)]
pub struct PendingRow {
    /// The row's number: the order in which changes were made.
    pub n: i64,
    /// The document.
    pub document: DocumentId,
    /// What the sync layer wrote.
    pub plain: Vec<u8>,
}

/// An envelope that came outside its stream.
#[derive(Debug, Clone)]
pub struct ParcelRow {
    /// The row's number.
    pub n: i64,
    /// The document.
    pub document: DocumentId,
    /// The envelope.
    pub bytes: Vec<u8>,
}

/// A message of a thread or journal.
#[derive(Debug, Clone)]
pub struct MessageRow {
    /// The row's number.
    pub n: i64,
    /// The document.
    pub document: DocumentId,
    /// The envelope that it came in.
    pub envelope: Option<Hash>,
    /// What the sync layer wrote.
    pub plain: Vec<u8>,
}

/// A secret of the keyring.
#[derive(Debug, Clone)]
pub struct SecretRow {
    /// 1 for a group, 2 for a document.
    pub kind: u8,
    /// The group's or document's id.
    pub id: [u8; 16],
    /// Epoch or generation.
    pub n: u32,
    /// The 32 bytes.
    pub key: [u8; 32],
}

/// Something that could not be trusted or read.
#[derive(Debug, Clone)]
pub struct QuarantineRow {
    /// The row's number.
    pub n: i64,
    /// The document.
    pub document: DocumentId,
    /// What the sync layer wrote.
    pub plain: Vec<u8>,
}

fn to_sql(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn from_sql(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

fn numbered(document: DocumentId, n: i64) -> [u8; 24] {
    let mut key = [0; 24];
    key[..16].copy_from_slice(&document.0);
    key[16..].copy_from_slice(&n.to_be_bytes());
    key
}

fn row_key(document: DocumentId, record: &[u8]) -> Vec<u8> {
    [document.0.as_slice(), record].concat()
}

const ENVELOPE_COLUMNS: &str =
    "id, doc, device, sequence, number, accepted, hash, state, bytes FROM envelope";

fn envelope_row(row: &Row<'_>) -> rusqlite::Result<EnvelopeRow> {
    Ok(EnvelopeRow {
        id: row.get(0)?,
        document: DocumentId(row.get(1)?),
        device: DeviceId(row.get(2)?),
        sequence: from_sql(row.get(3)?),
        number: row.get::<_, Option<i64>>(4)?.map(from_sql),
        accepted_ms: row.get::<_, Option<i64>>(5)?.map(from_sql),
        hash: Hash(row.get(6)?),
        state: EnvelopeState::from_code(row.get(7)?),
        bytes: row.get(8)?,
    })
}

type Result<T> = std::result::Result<T, StoreError>;

impl Store {
    // --- meta: small sealed values by name ---

    /// A sealed value by name.
    /// # Errors
    /// [`StoreError`].
    pub fn meta(&self, name: &'static str) -> Result<Option<Vec<u8>>> {
        let sealed: Option<Vec<u8>> = self
            .conn
            .prepare_cached("SELECT value FROM meta WHERE name = ?1")?
            .query_row([name], |row| row.get(0))
            .optional()?;
        sealed
            .map(|sealed| self.sealer.open("meta", name.as_bytes(), &sealed))
            .transpose()
    }
    /// Sets a sealed value; `None` removes it.
    /// # Errors
    /// [`StoreError`].
    pub fn set_meta(&mut self, name: &'static str, value: Option<&[u8]>) -> Result<()> {
        match value {
            None => self
                .conn
                .prepare_cached("DELETE FROM meta WHERE name = ?1")?
                .execute([name])?,
            Some(plain) => {
                let sealed = self.sealer.seal("meta", name.as_bytes(), plain);
                self.conn
                    .prepare_cached("INSERT OR REPLACE INTO meta (name, value) VALUES (?1, ?2)")?
                    .execute(params![name, sealed])?
            }
        };
        Ok(())
    }

    // --- membership log ---

    /// All log entries, in order.
    /// # Errors
    /// [`StoreError`].
    pub fn log_entries(&self) -> Result<Vec<Vec<u8>>> {
        self.numbered_rows("log", "SELECT idx, sealed FROM log ORDER BY idx")
    }
    /// Log entries from an index on.
    /// # Errors
    /// [`StoreError`].
    pub fn log_entries_from(&self, index: u64) -> Result<Vec<Vec<u8>>> {
        let sql = format!("SELECT idx, sealed FROM log WHERE idx >= {index} ORDER BY idx");
        self.numbered_rows("log", &sql)
    }
    /// One log entry.
    /// # Errors
    /// [`StoreError`].
    pub fn log_entry(&self, index: u64) -> Result<Option<Vec<u8>>> {
        let index = to_sql(index);
        let sealed: Option<Vec<u8>> = self
            .conn
            .prepare_cached("SELECT sealed FROM log WHERE idx = ?1")?
            .query_row([index], |row| row.get(0))
            .optional()?;
        sealed
            .map(|sealed| self.sealer.open("log", &index.to_be_bytes(), &sealed))
            .transpose()
    }
    /// Adds an entry.
    /// # Errors
    /// [`StoreError`].
    pub fn append_log(&mut self, index: u64, entry: &[u8]) -> Result<()> {
        let index = to_sql(index);
        let sealed = self.sealer.seal("log", &index.to_be_bytes(), entry);
        self.conn
            .prepare_cached("INSERT INTO log (idx, sealed) VALUES (?1, ?2)")?
            .execute(params![index, sealed])?;
        Ok(())
    }
    /// Entries made here that the relay has not taken yet, in order.
    /// # Errors
    /// [`StoreError`].
    pub fn pending_entries(&self) -> Result<Vec<Vec<u8>>> {
        self.numbered_rows(
            "pending_entry",
            "SELECT n, sealed FROM pending_entry ORDER BY n",
        )
    }
    /// Replaces the entries that the relay has not taken yet.
    /// # Errors
    /// [`StoreError`].
    pub fn set_pending_entries(&mut self, entries: &[Vec<u8>]) -> Result<()> {
        self.conn
            .prepare_cached("DELETE FROM pending_entry")?
            .execute([])?;
        for (n, entry) in (0_i64..).zip(entries) {
            let sealed = self.sealer.seal("pending_entry", &n.to_be_bytes(), entry);
            self.conn
                .prepare_cached("INSERT INTO pending_entry (n, sealed) VALUES (?1, ?2)")?
                .execute(params![n, sealed])?;
        }
        Ok(())
    }
    fn numbered_rows(&self, place: &'static str, sql: &str) -> Result<Vec<Vec<u8>>> {
        let mut statement = self.conn.prepare(sql)?;
        let mut rows = statement.query([])?;
        let mut values = Vec::new();
        while let Some(row) = rows.next()? {
            let n: i64 = row.get(0)?;
            values.push(self.sealer.open(
                place,
                &n.to_be_bytes(),
                row.get_ref(1)?.blob_or(place)?,
            )?);
        }
        Ok(values)
    }

    // --- grants and keyring ---

    /// Adds a grant that came from the relay. Says whether it is new.
    /// # Errors
    /// [`StoreError`].
    pub fn add_grant(&mut self, hash: &Hash, bytes: &[u8]) -> Result<bool> {
        let added = self
            .conn
            .prepare_cached(
                "INSERT OR IGNORE INTO grants (hash, opened, sent, stored, bytes) \
                 VALUES (?1, 0, 1, 1, ?2)",
            )?
            .execute(params![hash.0, bytes])?;
        Ok(added == 1)
    }
    /// Adds a grant made here; `content` names what is in it, should it have to be made anew.
    /// # Errors
    /// [`StoreError`].
    pub fn add_own_grant(&mut self, hash: &Hash, bytes: &[u8], content: &[u8]) -> Result<()> {
        let sealed = self.sealer.seal("grants", &hash.0, content);
        self.conn
            .prepare_cached(
                "INSERT OR IGNORE INTO grants (hash, opened, sent, stored, bytes, content) \
                 VALUES (?1, 1, 0, 0, ?2, ?3)",
            )?
            .execute(params![hash.0, bytes, sealed])?;
        Ok(())
    }
    /// Grants that no key here has opened yet, with their row numbers.
    /// # Errors
    /// [`StoreError`].
    pub fn unopened_grants(&self) -> Result<Vec<(i64, Vec<u8>)>> {
        self.grants_where("SELECT n, bytes FROM grants WHERE opened = 0 ORDER BY n")
    }
    /// Grants that the relay does not have, with their row numbers: those that it had before it
    /// lost data, or those that it never had.
    /// # Errors
    /// [`StoreError`].
    pub fn unsent_grants(&self, returning: bool) -> Result<Vec<(i64, Vec<u8>)>> {
        self.grants_where(if returning {
            "SELECT n, bytes FROM grants WHERE sent = 0 AND stored = 1 ORDER BY n"
        } else {
            "SELECT n, bytes FROM grants WHERE sent = 0 AND stored = 0 ORDER BY n"
        })
    }
    /// Every grant here, with their row numbers.
    /// # Errors
    /// [`StoreError`].
    pub fn grants(&self) -> Result<Vec<(i64, Vec<u8>)>> {
        self.grants_where("SELECT n, bytes FROM grants ORDER BY n")
    }
    fn grants_where(&self, sql: &str) -> Result<Vec<(i64, Vec<u8>)>> {
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
    /// What the grants made here that the relay never had hold, with their row numbers.
    /// # Errors
    /// [`StoreError`].
    pub fn unsent_grant_contents(&self) -> Result<Vec<(i64, Vec<u8>)>> {
        let mut statement = self.conn.prepare_cached(
            "SELECT n, hash, content FROM grants WHERE stored = 0 AND content IS NOT NULL \
             ORDER BY n",
        )?;
        let mut rows = statement.query([])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let hash: [u8; 32] = row.get(1)?;
            let sealed = row.get_ref(2)?.blob_or("grants")?;
            found.push((row.get(0)?, self.sealer.open("grants", &hash, sealed)?));
        }
        Ok(found)
    }
    /// Removes a grant.
    /// # Errors
    /// [`StoreError`].
    pub fn remove_grant(&mut self, n: i64) -> Result<()> {
        self.conn
            .prepare_cached("DELETE FROM grants WHERE n = ?1")?
            .execute([n])?;
        Ok(())
    }
    /// Notes that a grant was opened.
    /// # Errors
    /// [`StoreError`].
    pub fn set_grant_opened(&mut self, n: i64) -> Result<()> {
        self.conn
            .prepare_cached("UPDATE grants SET opened = 1 WHERE n = ?1")?
            .execute([n])?;
        Ok(())
    }
    /// Notes that the relay has a grant.
    /// # Errors
    /// [`StoreError`].
    pub fn set_grant_sent(&mut self, n: i64) -> Result<()> {
        self.conn
            .prepare_cached("UPDATE grants SET sent = 1, stored = 1 WHERE n = ?1")?
            .execute([n])?;
        Ok(())
    }
    /// Notes that the relay lost all grants.
    /// # Errors
    /// [`StoreError`].
    pub fn set_grants_unsent(&mut self) -> Result<()> {
        self.conn.execute("UPDATE grants SET sent = 0", [])?;
        Ok(())
    }
    /// Removes a secret from the keyring.
    /// # Errors
    /// [`StoreError`].
    pub fn remove_secret(&mut self, kind: u8, id: [u8; 16], n: u32) -> Result<()> {
        self.conn
            .prepare_cached("DELETE FROM secret WHERE kind = ?1 AND id = ?2 AND n = ?3")?
            .execute(params![kind, id, n])?;
        Ok(())
    }
    /// Puts a secret into the keyring.
    /// # Errors
    /// [`StoreError`].
    pub fn put_secret(&mut self, row: &SecretRow) -> Result<()> {
        let key = [&[row.kind], row.id.as_slice(), &row.n.to_be_bytes()].concat();
        let sealed = self.sealer.seal("secret", &key, &row.key);
        self.conn
            .prepare_cached(
                "INSERT OR REPLACE INTO secret (kind, id, n, sealed) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![row.kind, row.id, row.n, sealed])?;
        Ok(())
    }
    /// The whole keyring.
    /// # Errors
    /// [`StoreError`].
    pub fn secrets(&self) -> Result<Vec<SecretRow>> {
        let mut statement = self
            .conn
            .prepare_cached("SELECT kind, id, n, sealed FROM secret")?;
        let mut rows = statement.query([])?;
        let mut secrets = Vec::new();
        while let Some(row) = rows.next()? {
            let (kind, id, n): (u8, [u8; 16], u32) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let key = [&[kind], id.as_slice(), &n.to_be_bytes()].concat();
            let plain = self
                .sealer
                .open("secret", &key, row.get_ref(3)?.blob_or("secret")?)?;
            let key: [u8; 32] = plain
                .as_slice()
                .try_into()
                .map_err(|_| StoreError::Corrupt { place: "secret" })?;
            secrets.push(SecretRow { kind, id, n, key });
        }
        Ok(secrets)
    }

    // --- streams ---

    /// What is known of every stream.
    /// # Errors
    /// [`StoreError`].
    pub fn streams(&self) -> Result<Vec<(DocumentId, StreamRow)>> {
        let mut statement = self
            .conn
            .prepare_cached("SELECT doc, number, head, office, marked FROM stream")?;
        let rows = statement.query_map([], |row| {
            let stream = StreamRow {
                number: from_sql(row.get(1)?),
                head: Hash(row.get(2)?),
                office: from_sql(row.get(3)?),
                marked: from_sql(row.get(4)?),
            };
            Ok((DocumentId(row.get(0)?), stream))
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
    /// Sets what is known of a stream.
    /// # Errors
    /// [`StoreError`].
    pub fn put_stream(&mut self, document: DocumentId, row: &StreamRow) -> Result<()> {
        self.conn
            .prepare_cached(
                "INSERT OR REPLACE INTO stream (doc, number, head, office, marked) \
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![
                document.0,
                to_sql(row.number),
                row.head.0,
                to_sql(row.office),
                to_sql(row.marked)
            ])?;
        Ok(())
    }
    /// Forgets the relay's numbering: it lost its data, or is another one.
    /// # Errors
    /// [`StoreError`].
    pub fn forget_numbers(&mut self) -> Result<()> {
        self.conn.execute("DELETE FROM stream", [])?;
        self.conn.execute(
            "UPDATE envelope SET number = NULL, accepted = NULL, head = NULL",
            [],
        )?;
        Ok(())
    }

    // --- envelopes ---

    /// Adds an envelope; `origin` is what the sync layer wants to know of it later.
    /// # Errors
    /// [`StoreError`].
    pub fn add_envelope(&mut self, row: &EnvelopeRow, origin: Option<&[u8]>) -> Result<()> {
        let sealed = origin.map(|plain| self.sealer.seal("envelope", &row.hash.0, plain));
        self.conn
            .prepare_cached(
                "INSERT INTO envelope \
                 (doc, device, sequence, number, accepted, hash, state, origin, bytes, stored) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?4 IS NOT NULL)",
            )?
            .execute(params![
                row.document.0,
                row.device.0,
                to_sql(row.sequence),
                row.number.map(to_sql),
                row.accepted_ms.map(to_sql),
                row.hash.0,
                row.state.code(),
                sealed,
                row.bytes
            ])?;
        Ok(())
    }
    /// Notes what became of an envelope that waited.
    /// # Errors
    /// [`StoreError`].
    pub fn set_envelope_state(
        &mut self,
        hash: &Hash,
        id: i64,
        state: EnvelopeState,
        origin: Option<&[u8]>,
    ) -> Result<()> {
        let sealed = origin.map(|plain| self.sealer.seal("envelope", &hash.0, plain));
        self.conn
            .prepare_cached("UPDATE envelope SET state = ?2, origin = ?3 WHERE id = ?1")?
            .execute(params![id, state.code(), sealed])?;
        Ok(())
    }
    /// Notes the number that the relay gave.
    /// # Errors
    /// [`StoreError`].
    pub fn set_envelope_number(&mut self, id: i64, number: u64, accepted_ms: u64) -> Result<()> {
        self.conn
            .prepare_cached(
                "UPDATE envelope SET number = ?2, accepted = ?3, stored = 1 WHERE id = ?1",
            )?
            .execute(params![id, to_sql(number), to_sql(accepted_ms)])?;
        Ok(())
    }
    /// Notes the stream's head after an envelope.
    /// # Errors
    /// [`StoreError`].
    pub fn set_envelope_head(&mut self, id: i64, head: &Hash) -> Result<()> {
        self.conn
            .prepare_cached("UPDATE envelope SET head = ?2 WHERE id = ?1")?
            .execute(params![id, head.0])?;
        Ok(())
    }
    /// An envelope by device and sequence.
    /// # Errors
    /// [`StoreError`].
    pub fn envelope(
        &self,
        document: DocumentId,
        device: DeviceId,
        sequence: u64,
    ) -> Result<Option<EnvelopeRow>> {
        let sql =
            format!("SELECT {ENVELOPE_COLUMNS} WHERE doc = ?1 AND device = ?2 AND sequence = ?3");
        Ok(self
            .conn
            .prepare_cached(&sql)?
            .query_row(
                params![document.0, device.0, to_sql(sequence)],
                envelope_row,
            )
            .optional()?)
    }
    /// Whether the very envelope is here.
    /// # Errors
    /// [`StoreError`].
    pub fn has_envelope(&self, header: &Header, hash: &Hash) -> Result<bool> {
        let sql = "SELECT 1 FROM envelope \
                   WHERE doc = ?1 AND device = ?2 AND sequence = ?3 AND hash = ?4";
        Ok(self.conn.prepare_cached(sql)?.exists(params![
            header.document.0,
            header.device.0,
            to_sql(header.sequence),
            hash.0
        ])?)
    }
    /// The envelope with a number in a stream, with what its place is judged by.
    /// # Errors
    /// [`StoreError`].
    pub fn placed(&self, document: DocumentId, number: u64) -> Result<Option<PlacedEnvelope>> {
        // Where the header's fields stand: see `folge_protocol::envelope`.
        let sql = "SELECT e.id, e.hash, e.accepted, e.device, e.sequence, \
                   substr(e.bytes, 60, 32), substr(e.bytes, 128, 8), substr(e.bytes, 136, 32), \
                   p.number, p.hash, e.origin FROM envelope e LEFT JOIN envelope p \
                   ON p.doc = e.doc AND p.device = e.device AND p.sequence = e.sequence - 1 \
                   WHERE e.doc = ?1 AND e.number = ?2";
        let mut statement = self.conn.prepare_cached(sql)?;
        let mut rows = statement.query(params![document.0, to_sql(number)])?;
        let Some(row) = rows.next()? else {
            return Ok(None);
        };
        let hash = Hash(row.get(1)?);
        let origin: Option<Vec<u8>> = row.get(10)?;
        let before: Option<[u8; 32]> = row.get(9)?;
        Ok(Some(PlacedEnvelope {
            id: row.get(0)?,
            hash,
            accepted_ms: from_sql(row.get(2)?),
            device: DeviceId(row.get(3)?),
            sequence: from_sql(row.get(4)?),
            previous: Hash(row.get(5)?),
            seen_number: u64::from_be_bytes(row.get(6)?),
            seen_head: Hash(row.get(7)?),
            before: before.map(Hash),
            before_number: row.get::<_, Option<i64>>(8)?.map(from_sql),
            origin: origin
                .map(|sealed| self.sealer.open("envelope", &hash.0, &sealed))
                .transpose()?,
        }))
    }
    /// Whether an envelope of a stream has a number.
    /// # Errors
    /// [`StoreError`].
    pub fn has_number(&self, document: DocumentId, number: u64) -> Result<bool> {
        Ok(self
            .conn
            .prepare_cached("SELECT 1 FROM envelope WHERE doc = ?1 AND number = ?2")?
            .exists(params![document.0, to_sql(number)])?)
    }
    /// When the relay took the oldest envelope of a device behind a number of a stream.
    /// # Errors
    /// [`StoreError`].
    pub fn oldest_behind(
        &self,
        document: DocumentId,
        device: DeviceId,
        number: u64,
    ) -> Result<Option<u64>> {
        let oldest: Option<i64> = self
            .conn
            .prepare_cached(
                "SELECT min(accepted) FROM envelope WHERE doc = ?1 AND device = ?2 AND number > ?3",
            )?
            .query_row(params![document.0, device.0, to_sql(number)], |row| {
                row.get(0)
            })?;
        Ok(oldest.map(from_sql))
    }
    /// When the relay last took something of each device.
    /// # Errors
    /// [`StoreError`].
    pub fn last_accepted(&self) -> Result<Vec<(DeviceId, u64)>> {
        let sql = "SELECT device, max(accepted) FROM envelope WHERE accepted IS NOT NULL \
                   GROUP BY device";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows =
            statement.query_map([], |row| Ok((DeviceId(row.get(0)?), from_sql(row.get(1)?))))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
    /// Removes an envelope that turned out to be a forgery.
    /// # Errors
    /// [`StoreError`].
    pub fn remove_envelope(&mut self, id: i64) -> Result<()> {
        self.conn
            .execute("DELETE FROM envelope WHERE id = ?1", [id])?;
        Ok(())
    }
    /// The head after a number of a stream, where known.
    /// # Errors
    /// [`StoreError`].
    pub fn head_at(&self, document: DocumentId, number: u64) -> Result<Option<Hash>> {
        let head: Option<Option<[u8; 32]>> = self
            .conn
            .prepare_cached("SELECT head FROM envelope WHERE doc = ?1 AND number = ?2")?
            .query_row(params![document.0, to_sql(number)], |row| row.get(0))
            .optional()?;
        Ok(head.flatten().map(Hash))
    }
    /// A device's last sequence in a stream, and that envelope's hash.
    /// # Errors
    /// [`StoreError`].
    pub fn last_sequence(
        &self,
        document: DocumentId,
        device: DeviceId,
    ) -> Result<Option<(u64, Hash)>> {
        Ok(self
            .conn
            .prepare_cached(
                "SELECT sequence, hash FROM envelope WHERE doc = ?1 AND device = ?2 \
                 ORDER BY sequence DESC LIMIT 1",
            )?
            .query_row(params![document.0, device.0], |row| {
                Ok((from_sql(row.get(0)?), Hash(row.get(1)?)))
            })
            .optional()?)
    }
    /// Envelopes that the relay does not have, in the order in which they came here, up to about
    /// `bytes_max`: those to be brought back, which the relay had before or others sealed, or
    /// those of `own` that it never had.
    /// # Errors
    /// [`StoreError`].
    pub fn unsent_envelopes(
        &self,
        own: DeviceId,
        returning: bool,
        bytes_max: usize,
    ) -> Result<Vec<EnvelopeRow>> {
        let which = "(stored = 1 OR device <> ?1) = ?2";
        let sql = format!(
            "SELECT {ENVELOPE_COLUMNS} WHERE number IS NULL AND state < 2 AND {which} ORDER BY id"
        );
        let mut statement = self.conn.prepare_cached(&sql)?;
        let mut rows = statement.query(params![own.0, returning])?;
        let (mut found, mut bytes) = (Vec::new(), 0);
        while let Some(row) = rows.next()? {
            let row = envelope_row(row)?;
            bytes += row.bytes.len();
            if bytes > bytes_max && !found.is_empty() {
                break;
            }
            found.push(row);
        }
        Ok(found)
    }
    /// Whether there are envelopes to be brought back to a relay that lost them.
    /// # Errors
    /// [`StoreError`].
    pub fn has_returning(&self, own: DeviceId) -> Result<bool> {
        Ok(self
            .conn
            .prepare_cached(
                "SELECT 1 FROM envelope WHERE number IS NULL AND state < 2 \
                 AND (stored = 1 OR device <> ?1) LIMIT 1",
            )?
            .exists([own.0])?)
    }
    /// Whether the relay ever had an envelope.
    /// # Errors
    /// [`StoreError`].
    pub fn was_stored(&self, id: i64) -> Result<bool> {
        Ok(self
            .conn
            .prepare_cached("SELECT stored FROM envelope WHERE id = ?1")?
            .query_row([id], |row| row.get(0))
            .optional()?
            .unwrap_or(false))
    }
    /// A device's envelopes in a document that the relay never had, by sequence.
    /// # Errors
    /// [`StoreError`].
    pub fn never_stored(&self, document: DocumentId, device: DeviceId) -> Result<Vec<EnvelopeRow>> {
        let sql = format!(
            "SELECT {ENVELOPE_COLUMNS} WHERE doc = ?1 AND device = ?2 AND number IS NULL \
             AND stored = 0 AND state < 2 ORDER BY sequence"
        );
        let mut statement = self.conn.prepare_cached(&sql)?;
        let rows = statement.query_map(params![document.0, device.0], envelope_row)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
    /// What an envelope's origin was noted as.
    /// # Errors
    /// [`StoreError`].
    pub fn envelope_origin(&self, id: i64, hash: &Hash) -> Result<Option<Vec<u8>>> {
        let sealed: Option<Vec<u8>> = self
            .conn
            .prepare_cached("SELECT origin FROM envelope WHERE id = ?1")?
            .query_row([id], |row| row.get(0))?;
        sealed
            .map(|sealed| self.sealer.open("envelope", &hash.0, &sealed))
            .transpose()
    }
    /// The last sequence of a device in each document where it has envelopes that stand.
    /// # Errors
    /// [`StoreError`].
    pub fn last_sequences(&self, device: DeviceId) -> Result<Vec<(DocumentId, u64)>> {
        let mut statement = self.conn.prepare_cached(
            "SELECT doc, max(sequence) FROM envelope WHERE device = ?1 AND state < 2 GROUP BY doc",
        )?;
        let rows = statement.query_map([device.0], |row| {
            Ok((DocumentId(row.get(0)?), from_sql(row.get(1)?)))
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
    /// Envelopes of devices that were put out, which nobody vouched for.
    /// # Errors
    /// [`StoreError`].
    pub fn held_envelopes(&self) -> Result<Vec<EnvelopeRow>> {
        let sql = format!("SELECT {ENVELOPE_COLUMNS} WHERE state = 3 ORDER BY id");
        let mut statement = self.conn.prepare_cached(&sql)?;
        let rows = statement.query_map([], envelope_row)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
    /// How many envelopes the relay does not have.
    /// # Errors
    /// [`StoreError`].
    pub fn unsent_count(&self) -> Result<u64> {
        let sql = "SELECT count(*) FROM envelope WHERE number IS NULL AND state < 2";
        Ok(from_sql(
            self.conn
                .prepare_cached(sql)?
                .query_row([], |row| row.get(0))?,
        ))
    }
    /// How many envelopes wait for a key or an earlier change.
    /// # Errors
    /// [`StoreError`].
    pub fn waiting_count(&self) -> Result<u64> {
        let sql = "SELECT count(*) FROM envelope WHERE state = 1";
        Ok(from_sql(
            self.conn
                .prepare_cached(sql)?
                .query_row([], |row| row.get(0))?,
        ))
    }
    /// Envelopes that wait for a key or an earlier change.
    /// # Errors
    /// [`StoreError`].
    pub fn waiting_envelopes(&self) -> Result<Vec<EnvelopeRow>> {
        let sql = format!("SELECT {ENVELOPE_COLUMNS} WHERE state = 1 ORDER BY id");
        let mut statement = self.conn.prepare_cached(&sql)?;
        let rows = statement.query_map([], envelope_row)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
    /// All envelopes of a stream with what was noted of their origin, by number.
    /// # Errors
    /// [`StoreError`].
    pub fn envelopes_of(
        &self,
        document: DocumentId,
    ) -> Result<Vec<(EnvelopeRow, Option<Vec<u8>>)>> {
        let sql = "SELECT id, doc, device, sequence, number, accepted, hash, state, bytes, origin \
                   FROM envelope WHERE doc = ?1 ORDER BY number";
        let mut statement = self.conn.prepare_cached(sql)?;
        let mut rows = statement.query([document.0])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let sealed: Option<Vec<u8>> = row.get(9)?;
            let row = envelope_row(row)?;
            let origin = sealed
                .map(|sealed| self.sealer.open("envelope", &row.hash.0, &sealed))
                .transpose()?;
            found.push((row, origin));
        }
        Ok(found)
    }

    // --- documents: snapshot, tail, pending changes ---

    /// A document's local snapshot.
    /// # Errors
    /// [`StoreError`].
    pub fn snapshot(&self, document: DocumentId) -> Result<Option<Vec<u8>>> {
        let sealed: Option<Vec<u8>> = self
            .conn
            .prepare_cached("SELECT sealed FROM snapshot WHERE doc = ?1")?
            .query_row([document.0], |row| row.get(0))
            .optional()?;
        sealed
            .map(|sealed| self.sealer.open("snapshot", &document.0, &sealed))
            .transpose()
    }
    /// Replaces a document's snapshot, and drops the tail, which it holds.
    /// # Errors
    /// [`StoreError`].
    pub fn put_snapshot(&mut self, document: DocumentId, plain: &[u8]) -> Result<()> {
        let sealed = self.sealer.seal("snapshot", &document.0, plain);
        self.conn
            .prepare_cached("INSERT OR REPLACE INTO snapshot (doc, sealed) VALUES (?1, ?2)")?
            .execute(params![document.0, sealed])?;
        self.conn
            .prepare_cached("DELETE FROM tail WHERE doc = ?1")?
            .execute([document.0])?;
        Ok(())
    }
    /// What came after a document's snapshot, in order.
    /// # Errors
    /// [`StoreError`].
    pub fn tail(&self, document: DocumentId) -> Result<Vec<Vec<u8>>> {
        let mut statement = self
            .conn
            .prepare_cached("SELECT n, sealed FROM tail WHERE doc = ?1 ORDER BY n")?;
        let mut rows = statement.query([document.0])?;
        let mut tail = Vec::new();
        while let Some(row) = rows.next()? {
            let key = numbered(document, row.get(0)?);
            tail.push(
                self.sealer
                    .open("tail", &key, row.get_ref(1)?.blob_or("tail")?)?,
            );
        }
        Ok(tail)
    }
    /// Adds to a document's tail at place `n`.
    /// # Errors
    /// [`StoreError`].
    pub fn append_tail(&mut self, document: DocumentId, n: i64, plain: &[u8]) -> Result<()> {
        let sealed = self.sealer.seal("tail", &numbered(document, n), plain);
        self.conn
            .prepare_cached("INSERT INTO tail (doc, n, sealed) VALUES (?1, ?2, ?3)")?
            .execute(params![document.0, n, sealed])?;
        Ok(())
    }
    /// Adds a change that is in no envelope yet.
    /// # Errors
    /// [`StoreError`].
    pub fn add_pending(&mut self, document: DocumentId, plain: &[u8]) -> Result<()> {
        let last: Option<i64> = self
            .conn
            .prepare_cached("SELECT max(n) FROM pending")?
            .query_row([], |row| row.get(0))?;
        let n = last.unwrap_or(0) + 1;
        let sealed = self.sealer.seal("pending", &numbered(document, n), plain);
        self.conn
            .prepare_cached("INSERT INTO pending (n, doc, sealed) VALUES (?1, ?2, ?3)")?
            .execute(params![n, document.0, sealed])?;
        Ok(())
    }
    /// Puts changes of a document before those of it that are in no envelope yet: they were in
    /// one that has to be sealed anew.
    /// # Errors
    /// [`StoreError`].
    pub fn put_pending_first(&mut self, document: DocumentId, plains: &[Vec<u8>]) -> Result<()> {
        let later = self.pending()?;
        let later = later.into_iter().filter(|row| row.document == document);
        for plain in plains {
            self.add_pending(document, plain)?;
        }
        for row in later {
            self.remove_pending(row.n)?;
            self.add_pending(document, &row.plain)?;
        }
        Ok(())
    }
    /// All changes that are in no envelope yet, in order.
    /// # Errors
    /// [`StoreError`].
    pub fn pending(&self) -> Result<Vec<PendingRow>> {
        let mut statement = self
            .conn
            .prepare_cached("SELECT n, doc, sealed FROM pending ORDER BY n")?;
        let mut rows = statement.query([])?;
        let mut pending = Vec::new();
        while let Some(row) = rows.next()? {
            let n: i64 = row.get(0)?;
            let document = DocumentId(row.get(1)?);
            let sealed = row.get_ref(2)?.blob_or("pending")?;
            let plain = self
                .sealer
                .open("pending", &numbered(document, n), sealed)?;
            pending.push(PendingRow { n, document, plain });
        }
        Ok(pending)
    }
    /// How many changes are in no envelope yet.
    /// # Errors
    /// [`StoreError`].
    pub fn pending_count(&self) -> Result<u64> {
        let sql = "SELECT count(*) FROM pending";
        Ok(from_sql(
            self.conn
                .prepare_cached(sql)?
                .query_row([], |row| row.get(0))?,
        ))
    }
    /// Takes a change off the list: it is in an envelope now.
    /// # Errors
    /// [`StoreError`].
    pub fn remove_pending(&mut self, n: i64) -> Result<()> {
        self.conn
            .prepare_cached("DELETE FROM pending WHERE n = ?1")?
            .execute([n])?;
        Ok(())
    }

    // --- which of this device's envelopes carries a record's last change ---

    /// Notes that a record was changed here and is in no envelope yet.
    /// # Errors
    /// [`StoreError`].
    pub fn put_own_record(&mut self, document: DocumentId, record: &[u8]) -> Result<()> {
        self.conn
            .prepare_cached(
                "INSERT OR REPLACE INTO own_record (doc, record, sequence) VALUES (?1, ?2, NULL)",
            )?
            .execute(params![document.0, self.sealer.name(record)])?;
        Ok(())
    }
    /// Notes that a document's records that were in no envelope are in one now.
    /// # Errors
    /// [`StoreError`].
    pub fn set_own_records_sequence(&mut self, document: DocumentId, sequence: u64) -> Result<()> {
        self.conn
            .prepare_cached(
                "UPDATE own_record SET sequence = ?2 WHERE doc = ?1 AND sequence IS NULL",
            )?
            .execute(params![document.0, to_sql(sequence)])?;
        Ok(())
    }
    /// Notes that a document's records are in no envelope any more from a sequence on.
    /// # Errors
    /// [`StoreError`].
    pub fn reset_own_records(&mut self, document: DocumentId, sequence: u64) -> Result<()> {
        self.conn
            .prepare_cached(
                "UPDATE own_record SET sequence = NULL WHERE doc = ?1 AND sequence >= ?2",
            )?
            .execute(params![document.0, to_sql(sequence)])?;
        Ok(())
    }
    /// Whether a record was changed here last, and in which envelope that change is.
    /// # Errors
    /// [`StoreError`].
    pub fn own_record(&self, document: DocumentId, record: &[u8]) -> Result<Option<Option<u64>>> {
        Ok(self
            .conn
            .prepare_cached("SELECT sequence FROM own_record WHERE doc = ?1 AND record = ?2")?
            .query_row(params![document.0, self.sealer.name(record)], |row| {
                Ok(row.get::<_, Option<i64>>(0)?.map(from_sql))
            })
            .optional()?)
    }

    // --- projections ---

    /// Every document's summary.
    /// # Errors
    /// [`StoreError`].
    pub fn summaries(&self) -> Result<Vec<(DocumentId, Vec<u8>)>> {
        let mut statement = self
            .conn
            .prepare_cached("SELECT doc, sealed FROM summary")?;
        let mut rows = statement.query([])?;
        let mut summaries = Vec::new();
        while let Some(row) = rows.next()? {
            let document = DocumentId(row.get(0)?);
            let sealed = row.get_ref(1)?.blob_or("summary")?;
            summaries.push((document, self.sealer.open("summary", &document.0, sealed)?));
        }
        Ok(summaries)
    }
    /// Replaces a document's summary.
    /// # Errors
    /// [`StoreError`].
    pub fn put_summary(&mut self, document: DocumentId, plain: &[u8]) -> Result<()> {
        let sealed = self.sealer.seal("summary", &document.0, plain);
        self.conn
            .prepare_cached("INSERT OR REPLACE INTO summary (doc, sealed) VALUES (?1, ?2)")?
            .execute(params![document.0, sealed])?;
        Ok(())
    }
    /// A document's record rows: key and content.
    /// # Errors
    /// [`StoreError`].
    pub fn rows(&self, document: DocumentId) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
        let mut statement = self
            .conn
            .prepare_cached("SELECT record, sealed FROM row WHERE doc = ?1")?;
        let mut rows = statement.query([document.0])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let record: Vec<u8> = row.get(0)?;
            let sealed = row.get_ref(1)?.blob_or("row")?;
            let plain = self
                .sealer
                .open("row", &row_key(document, &record), sealed)?;
            found.push((record, plain));
        }
        Ok(found)
    }
    /// Replaces a record's row.
    /// # Errors
    /// [`StoreError`].
    pub fn put_row(&mut self, document: DocumentId, record: &[u8], plain: &[u8]) -> Result<()> {
        let sealed = self.sealer.seal("row", &row_key(document, record), plain);
        self.conn
            .prepare_cached("INSERT OR REPLACE INTO row (doc, record, sealed) VALUES (?1, ?2, ?3)")?
            .execute(params![document.0, record, sealed])?;
        Ok(())
    }
    /// Drops every projection, to be made anew.
    /// # Errors
    /// [`StoreError`].
    pub fn clear_projections(&mut self) -> Result<()> {
        self.conn
            .execute_batch("DELETE FROM summary; DELETE FROM row;")?;
        Ok(())
    }
    /// Every document that has content here.
    /// # Errors
    /// [`StoreError`].
    pub fn documents(&self) -> Result<Vec<DocumentId>> {
        let mut statement = self
            .conn
            .prepare("SELECT doc FROM snapshot UNION SELECT doc FROM tail ORDER BY doc")?;
        let rows = statement.query_map([], |row| Ok(DocumentId(row.get(0)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Removes everything of a document: it was erased, or may not be read here any more.
    /// # Errors
    /// [`StoreError`].
    pub fn purge_document(&mut self, document: DocumentId) -> Result<()> {
        for table in [
            "envelope",
            "stream",
            "snapshot",
            "tail",
            "pending",
            "own_record",
            "summary",
            "row",
            "quarantine",
            "parcel",
            "message",
            "draft",
        ] {
            self.conn
                .prepare_cached(&format!("DELETE FROM {table} WHERE doc = ?1"))?
                .execute([document.0])?;
        }
        self.forget_pins(document);
        Ok(())
    }
    // --- envelopes that came outside their stream ---

    /// Keeps an envelope that came outside its stream. Says whether it is new.
    /// # Errors
    /// [`StoreError`].
    pub fn add_parcel(&mut self, document: DocumentId, hash: &Hash, bytes: &[u8]) -> Result<bool> {
        let added = self
            .conn
            .prepare_cached(
                "INSERT OR IGNORE INTO parcel (doc, hash, admitted, bytes) VALUES (?1, ?2, 0, ?3)",
            )?
            .execute(params![document.0, hash.0, bytes])?;
        Ok(added == 1)
    }
    /// The envelopes that came outside their stream, admitted or not, with their row numbers.
    /// # Errors
    /// [`StoreError`].
    pub fn parcels(&self, admitted: bool) -> Result<Vec<ParcelRow>> {
        let mut statement = self
            .conn
            .prepare_cached("SELECT n, doc, bytes FROM parcel WHERE admitted = ?1 ORDER BY n")?;
        let rows = statement.query_map([admitted], |row| {
            Ok(ParcelRow {
                n: row.get(0)?,
                document: DocumentId(row.get(1)?),
                bytes: row.get(2)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
    /// Notes that somebody in charge took a parcel.
    /// # Errors
    /// [`StoreError`].
    pub fn admit_parcel(&mut self, n: i64) -> Result<()> {
        self.conn
            .prepare_cached("UPDATE parcel SET admitted = 1 WHERE n = ?1")?
            .execute([n])?;
        Ok(())
    }
    /// Takes an envelope out of the one that carried it, to be carried anew.
    /// # Errors
    /// [`StoreError`].
    pub fn unsettle_parcel(
        &mut self,
        document: DocumentId,
        hash: &Hash,
        bytes: &[u8],
    ) -> Result<()> {
        self.conn
            .prepare_cached(
                "INSERT OR REPLACE INTO parcel (doc, hash, admitted, bytes) VALUES (?1, ?2, 1, ?3)",
            )?
            .execute(params![document.0, hash.0, bytes])?;
        Ok(())
    }
    /// Notes that an envelope is in its stream, carried by another: its parcel is empty, and none
    /// of the same is taken again.
    /// # Errors
    /// [`StoreError`].
    pub fn settle_parcel(&mut self, document: DocumentId, hash: &Hash) -> Result<()> {
        self.conn
            .prepare_cached(
                "INSERT OR REPLACE INTO parcel (doc, hash, admitted, bytes) \
                 VALUES (?1, ?2, 2, x'')",
            )?
            .execute(params![document.0, hash.0])?;
        Ok(())
    }

    /// Writes the log back into the file and empties it, so that no deleted page is left there.
    /// # Errors
    /// [`StoreError`].
    pub fn checkpoint(&mut self) -> Result<()> {
        Ok(self
            .conn
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?)
    }

    // --- messages of threads and journals ---

    /// Adds a message; `envelope` is the one that it came in, none while it is in none yet.
    /// # Errors
    /// [`StoreError`].
    pub fn add_message(
        &mut self,
        document: DocumentId,
        envelope: Option<&Hash>,
        plain: &[u8],
    ) -> Result<()> {
        let sealed = self.sealer.seal("message", &document.0, plain);
        self.conn
            .prepare_cached("INSERT INTO message (doc, envelope, sealed) VALUES (?1, ?2, ?3)")?
            .execute(params![document.0, envelope.map(|hash| hash.0), sealed])?;
        Ok(())
    }
    /// A document's messages with their envelopes, in the order in which they came here.
    /// # Errors
    /// [`StoreError`].
    pub fn messages(&self, document: DocumentId) -> Result<Vec<MessageRow>> {
        self.messages_where(
            "SELECT n, doc, envelope, sealed FROM message WHERE doc = ?1 ORDER BY n",
            [document.0],
        )
    }
    /// Messages that are in no envelope yet, in order.
    /// # Errors
    /// [`StoreError`].
    pub fn pending_messages(&self) -> Result<Vec<MessageRow>> {
        self.messages_where(
            "SELECT n, doc, envelope, sealed FROM message WHERE envelope IS NULL ORDER BY n",
            [],
        )
    }
    fn messages_where(&self, sql: &str, params: impl rusqlite::Params) -> Result<Vec<MessageRow>> {
        let mut statement = self.conn.prepare_cached(sql)?;
        let mut rows = statement.query(params)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let document = DocumentId(row.get(1)?);
            let sealed = row.get_ref(3)?.blob_or("message")?;
            found.push(MessageRow {
                n: row.get(0)?,
                document,
                envelope: row.get::<_, Option<[u8; 32]>>(2)?.map(Hash),
                plain: self.sealer.open("message", &document.0, sealed)?,
            });
        }
        Ok(found)
    }
    /// Notes the envelope that a message is in.
    /// # Errors
    /// [`StoreError`].
    pub fn set_message_envelope(&mut self, n: i64, envelope: &Hash) -> Result<()> {
        self.conn
            .prepare_cached("UPDATE message SET envelope = ?2 WHERE n = ?1")?
            .execute(params![n, envelope.0])?;
        Ok(())
    }
    /// Notes that messages are in another envelope.
    /// # Errors
    /// [`StoreError`].
    pub fn move_messages(&mut self, from: &Hash, to: &Hash) -> Result<()> {
        self.conn
            .prepare_cached("UPDATE message SET envelope = ?2 WHERE envelope = ?1")?
            .execute(params![from.0, to.0])?;
        Ok(())
    }
    /// Removes an envelope's messages.
    /// # Errors
    /// [`StoreError`].
    pub fn drop_messages(&mut self, envelope: &Hash) -> Result<()> {
        self.conn
            .prepare_cached("DELETE FROM message WHERE envelope = ?1")?
            .execute([envelope.0])?;
        Ok(())
    }
    /// Notes that an envelope's messages are in none any more.
    /// # Errors
    /// [`StoreError`].
    pub fn reset_messages(&mut self, envelope: &Hash) -> Result<()> {
        self.conn
            .prepare_cached("UPDATE message SET envelope = NULL WHERE envelope = ?1")?
            .execute([envelope.0])?;
        Ok(())
    }

    // --- quarantine and timers ---

    /// Puts something into quarantine.
    /// # Errors
    /// [`StoreError`].
    pub fn add_quarantine(&mut self, document: DocumentId, plain: &[u8]) -> Result<()> {
        let last: Option<i64> =
            self.conn
                .query_row("SELECT max(n) FROM quarantine", [], |row| row.get(0))?;
        let n = last.unwrap_or(0) + 1;
        let sealed = self
            .sealer
            .seal("quarantine", &numbered(document, n), plain);
        self.conn
            .prepare_cached("INSERT INTO quarantine (n, doc, sealed) VALUES (?1, ?2, ?3)")?
            .execute(params![n, document.0, sealed])?;
        Ok(())
    }
    /// All that is in quarantine.
    /// # Errors
    /// [`StoreError`].
    pub fn quarantine(&self) -> Result<Vec<QuarantineRow>> {
        let mut statement = self
            .conn
            .prepare("SELECT n, doc, sealed FROM quarantine ORDER BY n")?;
        let mut rows = statement.query([])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let n: i64 = row.get(0)?;
            let document = DocumentId(row.get(1)?);
            let sealed = row.get_ref(2)?.blob_or("quarantine")?;
            let plain = self
                .sealer
                .open("quarantine", &numbered(document, n), sealed)?;
            found.push(QuarantineRow { n, document, plain });
        }
        Ok(found)
    }
    /// Alarms, by number.
    /// # Errors
    /// [`StoreError`].
    pub fn alarms(&self) -> Result<Vec<(i64, Vec<u8>)>> {
        let mut statement = self
            .conn
            .prepare_cached("SELECT n, sealed FROM alarm ORDER BY n")?;
        let mut rows = statement.query([])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let n: i64 = row.get(0)?;
            let sealed = row.get_ref(1)?.blob_or("alarm")?;
            found.push((n, self.sealer.open("alarm", &n.to_be_bytes(), sealed)?));
        }
        Ok(found)
    }
    /// An alarm.
    /// # Errors
    /// [`StoreError`].
    pub fn alarm(&self, n: i64) -> Result<Option<Vec<u8>>> {
        let sealed: Option<Vec<u8>> = self
            .conn
            .prepare_cached("SELECT sealed FROM alarm WHERE n = ?1")?
            .query_row([n], |row| row.get(0))
            .optional()?;
        sealed
            .map(|sealed| self.sealer.open("alarm", &n.to_be_bytes(), &sealed))
            .transpose()
    }
    /// Sets an alarm.
    /// # Errors
    /// [`StoreError`].
    pub fn put_alarm(&mut self, n: i64, plain: &[u8]) -> Result<()> {
        let sealed = self.sealer.seal("alarm", &n.to_be_bytes(), plain);
        self.conn
            .prepare_cached("INSERT OR REPLACE INTO alarm (n, sealed) VALUES (?1, ?2)")?
            .execute(params![n, sealed])?;
        Ok(())
    }
    /// Removes an alarm.
    /// # Errors
    /// [`StoreError`].
    pub fn remove_alarm(&mut self, n: i64) -> Result<()> {
        self.conn.execute("DELETE FROM alarm WHERE n = ?1", [n])?;
        Ok(())
    }

    /// Running timers.
    /// # Errors
    /// [`StoreError`].
    pub fn timers(&self) -> Result<Vec<([u8; 16], Vec<u8>)>> {
        let mut statement = self
            .conn
            .prepare("SELECT id, sealed FROM timer ORDER BY id")?;
        let mut rows = statement.query([])?;
        let mut timers = Vec::new();
        while let Some(row) = rows.next()? {
            let id: [u8; 16] = row.get(0)?;
            timers.push((
                id,
                self.sealer
                    .open("timer", &id, row.get_ref(1)?.blob_or("timer")?)?,
            ));
        }
        Ok(timers)
    }
    /// Sets a timer; `None` removes it.
    /// # Errors
    /// [`StoreError`].
    pub fn put_timer(&mut self, id: [u8; 16], plain: Option<&[u8]>) -> Result<()> {
        match plain {
            None => self.conn.execute("DELETE FROM timer WHERE id = ?1", [id])?,
            Some(plain) => {
                let sealed = self.sealer.seal("timer", &id, plain);
                self.conn.execute(
                    "INSERT OR REPLACE INTO timer (id, sealed) VALUES (?1, ?2)",
                    params![id, sealed],
                )?
            }
        };
        Ok(())
    }

    // --- drafts ---

    /// The drafts, in no order that says anything.
    /// # Errors
    /// [`StoreError`].
    pub fn drafts(&self) -> Result<Vec<(Option<DocumentId>, Vec<u8>)>> {
        let mut statement = self
            .conn
            .prepare_cached("SELECT name, doc, sealed FROM draft")?;
        let mut rows = statement.query([])?;
        let mut drafts = Vec::new();
        while let Some(row) = rows.next()? {
            let name = row.get_ref(0)?.blob_or("draft")?;
            let document: Option<[u8; 16]> = row.get(1)?;
            let sealed = row.get_ref(2)?.blob_or("draft")?;
            let plain = self.sealer.open("draft", name, sealed)?;
            drafts.push((document.map(DocumentId), plain));
        }
        Ok(drafts)
    }
    /// Sets a draft; `None` removes it. It goes with its document.
    /// # Errors
    /// [`StoreError`].
    pub fn put_draft(
        &mut self,
        name: &str,
        document: Option<DocumentId>,
        plain: Option<&[u8]>,
    ) -> Result<()> {
        let name = self.sealer.name(name.as_bytes());
        match plain {
            None => self
                .conn
                .prepare_cached("DELETE FROM draft WHERE name = ?1")?
                .execute([name])?,
            Some(plain) => {
                let sealed = self.sealer.seal("draft", &name, plain);
                self.conn
                    .prepare_cached(
                        "INSERT OR REPLACE INTO draft (name, doc, sealed) VALUES (?1, ?2, ?3)",
                    )?
                    .execute(params![name, document.map(|id| id.0), sealed])?
            }
        };
        Ok(())
    }
}

/// Reads a blob column without copying it; another type means a damaged page.
trait AsBlobOr<'a> {
    fn blob_or(self, place: &'static str) -> Result<&'a [u8]>;
}

impl<'a> AsBlobOr<'a> for rusqlite::types::ValueRef<'a> {
    fn blob_or(self, place: &'static str) -> Result<&'a [u8]> {
        self.as_blob().map_err(|_| StoreError::Corrupt { place })
    }
}
