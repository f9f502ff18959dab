//! What a former member can open who keeps every key and has the relay's help.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use folge_core::client::{Client, Invitee, NewParticipation};
use folge_core::document::Record;
use folge_core::domain::{Instant, Note, Participation};
use folge_core::limits::INVITATION_MILLISECONDS;
use folge_core::native::HttpRelay;
use folge_protocol::ids::DocumentId;
use folge_protocol::membership::Role;
use folge_tests::backup;
use folge_tests::device::Device;
use folge_tests::relay::EmbeddedRelay;

const BEFORE: &str = "SKREVET FØR";
const AFTER: &str = "SKREVET ETTER";

fn note(client: &mut Client, case: DocumentId, text: &str) {
    let note = Note {
        id: client.new_record_id(),
        at: Instant::parse("2026-03-02T09:00+01:00").unwrap(),
        text: text.to_owned(),
    };
    client.record(case, Record::Note(note)).unwrap();
}

fn texts_in(found: &[(DocumentId, Vec<u8>)], text: &str) -> usize {
    let text = text.as_bytes();
    let holds = |bytes: &[u8]| bytes.windows(text.len()).any(|window| window == text);
    found.iter().filter(|(_, bytes)| holds(bytes)).count()
}

/// A role, put out as a device or as a person: with all that its device had, nothing that was
/// written afterwards opens, in no document; and everything from before does.
fn opens_nothing_later(role: Role, whole_person: bool) {
    let dir = tempfile::tempdir().unwrap();
    let place = |name: &str| {
        let place = dir.path().join(name);
        fs::create_dir(&place).unwrap();
        place
    };
    let data = place("relay");
    let relay = EmbeddedRelay::start(&data).unwrap();
    let http = HttpRelay::new(&relay.url);
    let (mut office, _) = Device::found(&place("office"), http.address().unwrap()).unwrap();
    http.sync(&mut office.client).unwrap();
    let mut invite = |role| {
        let invitee = Invitee::New(role);
        let link = office.client.invite(invitee, INVITATION_MILLISECONDS);
        link.unwrap()
    };
    let (leaving, staying) = (invite(role), invite(Role::Consultant));
    let new: Vec<_> = ["p-0", "p-1"]
        .map(|reference| NewParticipation {
            participation: Participation::new(reference, "Fatima", "Dahl"),
            consultants: BTreeSet::from([leaving.person, staying.person]),
        })
        .into();
    let cases = office.client.create_participations(&new).unwrap();
    http.sync(&mut office.client).unwrap();
    let mut leaves = Device::join(&place("leaves"), &leaving).unwrap();
    let mut stays = Device::join(&place("stays"), &staying).unwrap();
    for _ in 0..2 {
        for device in [&mut leaves, &mut stays, &mut office] {
            http.sync(&mut device.client).unwrap();
        }
    }
    for case in &cases {
        note(&mut leaves.client, *case, BEFORE);
        note(&mut stays.client, *case, BEFORE);
    }
    for device in [&mut leaves, &mut stays, &mut office] {
        http.sync(&mut device.client).unwrap();
    }
    let secrets = backup::secrets_of(&leaves).unwrap();

    if whole_person {
        office.client.revoke_person(leaving.person).unwrap();
    } else {
        office.client.revoke_device(leaves.client.device()).unwrap();
    }
    for case in &cases {
        note(&mut office.client, *case, AFTER);
    }
    http.sync(&mut office.client).unwrap();
    http.sync(&mut stays.client).unwrap();
    // Documents with a new key already, and new documents.
    for case in &cases {
        note(&mut stays.client, *case, AFTER);
    }
    let more = office.client.create_participations(&new[..1]).unwrap()[0];
    note(&mut office.client, more, AFTER);
    for device in [&mut stays, &mut office] {
        http.sync(&mut device.client).unwrap();
    }

    let copy = dir.path().join("copy.db");
    backup::copy_of(Path::new(&data), &copy).unwrap();
    let found = backup::opened(&copy, secrets).unwrap();
    assert_eq!(texts_in(&found, BEFORE), 4, "what was read is read");
    assert_eq!(texts_in(&found, AFTER), 0);
    // Those who are left open all of it.
    let found = backup::opened(&copy, backup::secrets_of(&office).unwrap()).unwrap();
    assert_eq!(texts_in(&found, AFTER), 5);
}

#[test]
fn a_consultants_phone_that_was_put_out_opens_nothing_that_is_written_later() {
    opens_nothing_later(Role::Consultant, false);
}

#[test]
fn an_office_computer_that_was_put_out_opens_nothing_that_is_written_later() {
    opens_nothing_later(Role::Coordinator, false);
}

#[test]
fn an_administrator_who_was_put_out_opens_nothing_that_is_written_later() {
    opens_nothing_later(Role::Administrator, true);
}

/// Two who owe a document its new key write at once: the relay takes one key, and what the other
/// one sealed is sealed anew.
#[test]
fn two_who_turn_a_documents_key_at_once_both_deliver() {
    let dir = tempfile::tempdir().unwrap();
    let place = |name: &str| {
        let place = dir.path().join(name);
        fs::create_dir(&place).unwrap();
        place
    };
    let relay = EmbeddedRelay::start(&place("relay")).unwrap();
    let http = HttpRelay::new(&relay.url);
    let (mut office, _) = Device::found(&place("office"), http.address().unwrap()).unwrap();
    http.sync(&mut office.client).unwrap();
    let links = [0, 1].map(|_| {
        let invitee = Invitee::New(Role::Consultant);
        let link = office.client.invite(invitee, INVITATION_MILLISECONDS);
        link.unwrap()
    });
    let new = NewParticipation {
        participation: Participation::new("p-0", "Fatima", "Dahl"),
        consultants: links.iter().map(|link| link.person).collect(),
    };
    let case = office.client.create_participations(&[new]).unwrap()[0];
    http.sync(&mut office.client).unwrap();
    let mut leaves = Device::join(&place("leaves"), &links[0]).unwrap();
    let mut stays = Device::join(&place("stays"), &links[1]).unwrap();
    for device in [&mut leaves, &mut stays, &mut office] {
        http.sync(&mut device.client).unwrap();
    }
    office.client.revoke_device(leaves.client.device()).unwrap();
    http.sync(&mut office.client).unwrap();
    http.sync(&mut stays.client).unwrap();
    // Both have heard of it; neither of the other's writing.
    note(&mut office.client, case, AFTER);
    note(&mut stays.client, case, AFTER);
    http.sync(&mut office.client).unwrap();
    for _ in 0..2 {
        http.sync(&mut stays.client).unwrap();
    }
    assert!(!stays.client.has_sync_work().unwrap());
    http.sync(&mut office.client).unwrap();
    let page = office.client.participation(case).unwrap();
    assert_eq!(page.records.len(), 3, "the participation and both notes");
}
