//! A phone as a process of its own, for tests that kill it: records notes and syncs, and says on
//! standard output what it was told is saved (`saved ID`) and what the relay has (`stored ID`).
//!
//! `phone STORE SECRET-HEX DOCUMENT-HEX`; it goes on until it is killed.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use folge_core::Error;
use folge_core::client::{Client, RecordState};
use folge_core::document::{Record, RecordRef};
use folge_core::domain::{Instant, Note, RecordId};
use folge_core::keys::Key32;
use folge_core::native::{HttpRelay, system_env};
use folge_core::store::{Store, Unlock};
use folge_protocol::ids::{DocumentId, Hash};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [store, secret, document] = args.as_slice() else {
        eprintln!("phone STORE SECRET-HEX DOCUMENT-HEX");
        return ExitCode::FAILURE;
    };
    match run(Path::new(store), secret, document) {
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
