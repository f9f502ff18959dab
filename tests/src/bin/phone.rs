//! A phone as a process of its own, for tests that kill it.
//!
//! `phone STORE SECRET-HEX DOCUMENT-HEX` records notes and syncs, and says on standard output what
//! it was told is saved (`saved ID`) and what the relay has (`stored ID`), until it is killed.
//!
//! `phone locked STORE` holds a store behind its lock and does what it reads, a line each:
//! `unlock PASSPHRASE` (says `open`, `wrong`, or `wait MILLISECONDS`), `look` (`cases COUNT` or
//! `locked`), `touch` (`ok`).

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use folge_core::Error;
use folge_core::client::{Client, RecordState, Vault};
use folge_core::document::{Record, RecordRef};
use folge_core::domain::{Instant, Note, RecordId};
use folge_core::keys::Key32;
use folge_core::native::{HttpRelay, system_env};
use folge_core::store::{PassphraseCost, Store, StoreError, Unlock};
use folge_protocol::ids::{DocumentId, Hash};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let done = match args.as_slice() {
        [mode, store] if mode == "locked" => hold_locked(Path::new(store)),
        [store, secret, document] => run(Path::new(store), secret, document),
        _ => Err("phone STORE SECRET-HEX DOCUMENT-HEX | phone locked STORE".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn hex32(text: &str) -> Option<Hash> {
    let high: DocumentId = text.get(..32)?.parse().ok()?;
    let low: DocumentId = text.get(32..)?.parse().ok()?;
    let mut bytes = [0; 32];
    bytes[..16].copy_from_slice(&high.0);
    bytes[16..].copy_from_slice(&low.0);
    Some(Hash(bytes))
}

fn hold_locked(store: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let mut vault = Vault::at(store.to_owned(), system_env);
    let mut out = std::io::stdout();
    for line in std::io::stdin().lines() {
        let line = line?;
        let said = match line.split_once(' ').unwrap_or((&line, "")) {
            ("unlock", passphrase) => {
                let passphrase = passphrase.to_owned().into();
                let unlock = Unlock::Passphrase(passphrase, PassphraseCost::DEFAULT);
                match vault.unlock(&unlock) {
                    Ok(_) => "open".to_owned(),
                    Err(Error::Store(StoreError::WrongSecret)) => "wrong".to_owned(),
                    Err(Error::Store(StoreError::TooManyAttempts { wait_ms })) => {
                        format!("wait {wait_ms}")
                    }
                    Err(error) => return Err(error.into()),
                }
            }
            ("look", _) => match vault.client() {
                Ok(client) => format!("cases {}", client.sums().participations),
                Err(Error::Locked) => "locked".to_owned(),
                Err(error) => return Err(error.into()),
            },
            ("touch", _) => {
                vault.touch();
                "ok".to_owned()
            }
            _ => return Err("it is unlock, look or touch".into()),
        };
        writeln!(out, "{said}")?;
        out.flush()?;
    }
    Ok(())
}

fn run(store: &Path, secret: &str, document: &str) -> Result<(), Box<dyn std::error::Error>> {
    let secret = hex32(secret).ok_or("the secret is 64 hexadecimal digits")?;
    let document: DocumentId = document.parse()?;
    let unlock = Unlock::Secret(Key32::new(secret.0));
    let store = Store::open(store, &unlock, &mut system_env())?;
    let mut client = Client::open(store, system_env())?;
    let relay = HttpRelay::new(&client.identity().relay.url);
    let mut open: Vec<RecordId> = Vec::new();
    let mut out = std::io::stdout();
    loop {
        for _ in 0..3 {
            let id = client.new_record_id();
            let note = Note {
                id,
                at: Instant(1_772_434_800_000),
                text: "HEMMELIGHET".to_owned(),
            };
            client.record(document, Record::Note(note))?;
            writeln!(out, "saved {id}")?;
            out.flush()?;
            open.push(id);
        }
        match relay.sync(&mut client) {
            Ok(_) => {}
            // The relay is down or was killed: later.
            Err(Error::Unreachable(_) | Error::Relay(_)) => {
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
            Err(error) => return Err(error.into()),
        }
        let mut left = Vec::new();
        for id in open.drain(..) {
            if client.record_state(document, &RecordRef::Note(id))? >= RecordState::Stored {
                writeln!(out, "stored {id}")?;
            } else {
                left.push(id);
            }
        }
        out.flush()?;
        open = left;
    }
}
