//! `kill -9` of the real relay and of a real client process at random moments: nothing that a
//! person was told is saved is lost, and nothing that the relay acknowledged.
//!
//! `FOLGE_KILLS` sets how many kills (200 unless said otherwise), `FOLGE_KILL_SEED` the moments.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use folge_core::client::{Client, Invitee, NewParticipation};
use folge_core::document::RecordRef;
use folge_core::domain::{Participation, RecordId};
use folge_core::keys::Key32;
use folge_core::limits::INVITATION_MILLISECONDS;
use folge_core::native::{HttpRelay, system_env};
use folge_core::store::{Store, Unlock};
use folge_protocol::ids::DocumentId;
use folge_protocol::membership::Role;
use folge_tests::device::Device;
use folge_tests::relay::RelayProcess;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng as _, SeedableRng as _};

const KILLS: u64 = 200;

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(otherwise)
}

struct Phone {
    child: Child,
    reader: thread::JoinHandle<()>,
}

fn start_phone(
    store: &Path,
    secret: &str,
    document: DocumentId,
    lines: mpsc::Sender<String>,
) -> Phone {
    let mut child = Command::new(env!("CARGO_BIN_EXE_phone"))
        .arg(store)
        .args([secret, &document.to_string()])
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let stdout = child.stdout.take().unwrap();
    let reader = thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            let _ = lines.send(line);
        }
    });
    Phone { child, reader }
}

#[test]
fn nothing_acknowledged_is_lost_when_relay_or_phone_is_killed() {
    let kills = number("FOLGE_KILLS", KILLS);
    let mut rng = ChaCha8Rng::seed_from_u64(number("FOLGE_KILL_SEED", 1));
    let dir = tempfile::tempdir().unwrap();
    let relay_dir = dir.path().join("relay");
    let mut relay = RelayProcess::start(&relay_dir, "127.0.0.1:0").unwrap();
    let listen = relay.url.trim_start_matches("http://").to_owned();
    let http = HttpRelay::new(&relay.url);
    fs::create_dir(dir.path().join("office")).unwrap();
    let (mut office, _) =
        Device::found(&dir.path().join("office"), http.address().unwrap()).unwrap();
    let link = office
        .client
        .invite(Invitee::New(Role::Consultant), INVITATION_MILLISECONDS)
        .unwrap();
    let new = NewParticipation {
        participation: Participation::new("p", "Fatima", "Dahl"),
        consultants: BTreeSet::from([link.person]),
    };
    let document = office.client.create_participations(&[new]).unwrap()[0];
    http.sync(&mut office.client).unwrap();

    let secret_bytes: [u8; 32] = system_env().random();
    let secret: String = secret_bytes
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let unlock = || Unlock::Secret(Key32::new(secret_bytes));
    let store_path = dir.path().join("phone.db");
    {
        let store = Store::create(&store_path, &unlock(), &mut system_env()).unwrap();
        let mut client = Client::join(store, system_env(), &link).unwrap();
        http.sync(&mut client).unwrap();
    }

    let (lines, heard) = mpsc::channel();
    let mut phone = start_phone(&store_path, &secret, document, lines.clone());
    let (mut relay_kills, mut phone_kills) = (0, 0);
    for _ in 0..kills {
        thread::sleep(Duration::from_millis(10 + rng.next_u64() % 50));
        if rng.next_u64().is_multiple_of(2) {
            relay.kill();
            relay_kills += 1;
            relay = RelayProcess::start(&relay_dir, &listen).unwrap();
        } else {
            phone.child.kill().unwrap();
            phone.child.wait().unwrap();
            phone.reader.join().unwrap();
            phone_kills += 1;
            phone = start_phone(&store_path, &secret, document, lines.clone());
        }
    }
    phone.child.kill().unwrap();
    phone.child.wait().unwrap();
    phone.reader.join().unwrap();
    drop(lines);
    let (mut saved, mut stored) = (BTreeSet::new(), BTreeSet::new());
    for line in heard {
        let (what, id) = line.split_once(' ').unwrap();
        let id: RecordId = id.parse().unwrap();
        match what {
            "saved" => saved.insert(id),
            _ => stored.insert(id),
        };
    }
    println!(
        "{relay_kills} kills of the relay, {phone_kills} of the phone; {} saved, {} stored",
        saved.len(),
        stored.len()
    );
    assert_eq!(relay_kills + phone_kills, kills);
    assert!(
        saved.len() as u64 >= kills / 2,
        "too little was recorded to show anything"
    );
    assert!(!stored.is_empty());

    // The office sees what the relay said it has, before the phone comes back.
    http.sync(&mut office.client).unwrap();
    let page = office.client.participation(document).unwrap();
    for id in &stored {
        assert!(
            page.records.contains_key(&RecordRef::Note(*id)),
            "the relay lost {id}"
        );
    }
    // The phone has all that it said was saved, and brings the rest.
    let store = Store::open(&store_path, &unlock(), &mut system_env()).unwrap();
    let mut client = Client::open(store, system_env()).unwrap();
    http.sync(&mut client).unwrap();
    http.sync(&mut office.client).unwrap();
    for client in [&mut client, &mut office.client] {
        let page = client.participation(document).unwrap();
        for id in &saved {
            assert!(
                page.records.contains_key(&RecordRef::Note(*id)),
                "{id} was lost"
            );
        }
        assert!(client.quarantined().unwrap().is_empty());
    }
    relay.kill();
    let check = Command::new(RelayProcess::program().unwrap())
        .args(["check", "--data"])
        .arg(&relay_dir)
        .output()
        .unwrap();
    assert!(
        check.status.success(),
        "{}",
        String::from_utf8_lossy(&check.stderr)
    );
}
