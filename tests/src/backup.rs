//! What somebody can open who has a copy of the relay's database from before, and every secret that
//! is on the devices today: the attack that erasure has to stand against.

use std::collections::BTreeSet;
use std::path::Path;

use folge_core::envelope::open;
use folge_core::keys::{Granted, KemSecret, Key32, open_grant};
use folge_protocol::codec::{Decode, Encode};
use folge_protocol::envelope::Envelope;
use folge_protocol::grant::Grant;
use folge_protocol::ids::DocumentId;
use rusqlite::Connection;
use rusqlite::backup::Backup;

use crate::device::Device;

type Anything<T> = Result<T, Box<dyn std::error::Error>>;

/// Copies a relay's database while it serves, as a backup does.
/// # Errors
/// The database's.
pub fn copy_of(relay_data: &Path, copy: &Path) -> Anything<()> {
    let live = Connection::open(relay_data.join("relay.db"))?;
    let mut target = Connection::open(copy)?;
    Backup::new(&live, &mut target)?.step(-1)?;
    Ok(())
}

/// Every secret that is on a device, and what lets it in.
/// # Errors
/// The store's.
pub fn secrets_of(device: &Device) -> Result<BTreeSet<[u8; 32]>, folge_core::Error> {
    let rows = device.opened_store()?.secrets()?;
    let mut secrets: BTreeSet<[u8; 32]> = rows.into_iter().map(|row| row.key).collect();
    if let Some(entrance) = &device.client.identity().entrance
        && let Some((_, kem)) = entrance.opener()
    {
        secrets.insert(*kem.0.expose());
    }
    Ok(secrets)
}

fn blobs(database: &Path, sql: &str) -> Anything<Vec<Vec<u8>>> {
    let connection = Connection::open(database)?;
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Whose documents a relay's database has envelopes of, one line an envelope.
/// # Errors
/// The database's.
pub fn envelopes(database: &Path) -> Anything<Vec<DocumentId>> {
    let mut found = Vec::new();
    for bytes in blobs(database, "SELECT bytes FROM envelopes")? {
        found.push(Envelope::from_bytes(&bytes)?.header.document);
    }
    Ok(found)
}

/// Every key that follows from some: each is tried on every grant, whoever it is for.
#[must_use]
pub fn closure(grants: &[Grant], known: BTreeSet<[u8; 32]>) -> BTreeSet<[u8; 32]> {
    let mut keys = BTreeSet::new();
    let mut fresh: Vec<[u8; 32]> = known.into_iter().collect();
    let mut closed: Vec<&Grant> = grants.iter().collect();
    while let Some(key) = fresh.pop() {
        if !keys.insert(key) {
            continue;
        }
        let kem = KemSecret(Key32::new(key));
        closed.retain(|grant| match open_grant(grant, &kem) {
            Ok(Granted::Secrets(secrets)) => {
                fresh.extend(secrets.iter().map(|secret| *secret.key.expose()));
                false
            }
            Ok(_) => false,
            Err(_) => true,
        });
    }
    keys
}

/// Everything in a relay's database that opens with these secrets and with what they open: each
/// envelope's document and plain content.
/// # Errors
/// The database's.
pub fn opened(database: &Path, known: BTreeSet<[u8; 32]>) -> Anything<Vec<(DocumentId, Vec<u8>)>> {
    let mut grants = Vec::new();
    for bytes in blobs(database, "SELECT bytes FROM grants")? {
        grants.push(Grant::from_bytes(&bytes)?);
    }
    let keys: Vec<Key32> = closure(&grants, known)
        .into_iter()
        .map(Key32::new)
        .collect();
    let mut found = Vec::new();
    for bytes in blobs(database, "SELECT bytes FROM envelopes")? {
        let envelope = Envelope::from_bytes(&bytes)?;
        if let Some(content) = keys.iter().find_map(|key| open(&envelope, key).ok()) {
            found.push((envelope.header.document, content.to_bytes()));
        }
    }
    Ok(found)
}
