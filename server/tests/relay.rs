//! The core by its rules, in memory, one clock.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use folge_protocol::codec::{Decode, Encode};
use folge_protocol::crypto::{PublicKey, Tag, tagged_hash};
use folge_protocol::envelope::{envelope_hash, next_head, stream_start};
use folge_protocol::grant::Recipient;
use folge_protocol::ids::*;
use folge_protocol::membership::*;
use folge_protocol::wire::*;
use folge_relay::relay::{Prepared, Purpose, Relay};
use folge_relay::storage::{FaultPoint, SqliteStorage, StorageRead};
use support::*;

fn envelopes(list: Vec<EnvelopeBlob>) -> SyncRequest {
    SyncRequest {
        envelopes: list,
        ..request()
    }
}

fn entries(list: Vec<EntryBlob>) -> SyncRequest {
    SyncRequest {
        entries: list,
        ..request()
    }
}

fn codes(reply: &SyncReply) -> Vec<(Refused, RefusalCode)> {
    reply
        .refusals
        .iter()
        .map(|one| (one.what, one.code))
        .collect()
}

/// Whether a grant is among the stored ones.
fn stored(name: &str, grant: &GrantBlob) -> bool {
    let storage = SqliteStorage::open_memory(name).unwrap();
    let hash = tagged_hash(Tag::Grant, &[&grant.0]);
    storage.has_grant(hash).unwrap()
}

#[test]
fn founding_is_idempotent_and_bound_to_root_and_relay() {
    let (mut relay, mut world) = founded("found");
    let again = world.found(NOW);
    relay.found(&again, NOW).unwrap();
    assert_eq!(relay.found(&again, NOW), Err(RelayError::Replayed));
    let mut other = World::new([9; 32]);
    let foreign = other.found(NOW);
    assert_eq!(relay.found(&foreign, NOW), Err(RelayError::Unauthorized));
    // The founding device may bring it back as well; a stranger may not.
    let payload = FoundRequest {
        token: vec![],
        entry: Blob(world.log[0].clone()),
    };
    let by_device = world.signed(PATH_FOUND, &payload, &key(10), NOW);
    relay.found(&by_device, NOW).unwrap();
    let by_stranger = world.signed(PATH_FOUND, &payload, &key(11), NOW);
    assert_eq!(
        relay.found(&by_stranger, NOW),
        Err(RelayError::Unauthorized)
    );
}

#[test]
fn envelopes_are_numbered_chained_receipted_and_repeatable() {
    let (mut relay, mut world) = founded("chain");
    let list: Vec<_> = (0..3).map(|_| world.envelope(REGISTER, 10)).collect();
    let reply = sync(&mut relay, &mut world, 10, &envelopes(list.clone())).unwrap();
    assert_eq!(reply.refusals, []);
    let numbers: Vec<_> = reply
        .acks
        .iter()
        .map(|ack| (ack.sequence, ack.number))
        .collect();
    assert_eq!(numbers, [(1, 1), (2, 2), (3, 3)]);
    assert_eq!(reply.position, 3);
    assert!(
        reply.deliveries.is_empty(),
        "own envelopes are not delivered"
    );
    let info = relay.info(NOW);
    let key = PublicKey::from_bytes(&info.key).unwrap();
    reply.receipt.verify(world.workspace, &key).unwrap();
    let mut head = stream_start(info.instance, world.workspace, REGISTER);
    for envelope in &list {
        head = next_head(head, envelope_hash(&envelope.0), NOW);
    }
    let expected = StreamHead {
        document: REGISTER,
        number: 3,
        head,
    };
    assert_eq!(reply.receipt.heads, [expected]);
    // The same again: the reply was lost.
    let again = sync(&mut relay, &mut world, 10, &envelopes(list)).unwrap();
    assert_eq!((again.acks, again.position), (reply.acks, 3));
    assert_eq!(again.receipt.heads, [expected]);
}

#[test]
fn a_gap_and_a_conflict_are_refused() {
    let (mut relay, mut world) = founded("gap");
    let first = world.envelope(REGISTER, 10);
    let second = world.envelope(REGISTER, 10);
    let reply = sync(&mut relay, &mut world, 10, &envelopes(vec![second.clone()])).unwrap();
    assert_eq!(
        codes(&reply),
        [(Refused::Envelope(0), RefusalCode::SequenceGap)]
    );
    sync(&mut relay, &mut world, 10, &envelopes(vec![first])).unwrap();
    let mut fork = World::new(world.relay_key);
    let other = fork.envelope_of(REGISTER, 10, 61);
    let reply = sync(&mut relay, &mut world, 10, &envelopes(vec![other, second])).unwrap();
    assert_eq!(
        codes(&reply),
        [(Refused::Envelope(0), RefusalCode::SequenceConflict)]
    );
    assert_eq!(reply.acks.len(), 1);
}

#[test]
fn what_the_log_does_not_allow_is_refused() {
    let (mut relay, mut world) = founded("rights");
    let secret = DocumentId([30; 16]);
    let mut list = world.join(11, Role::Consultant);
    list.extend(world.join(12, Role::Auditor));
    list.push(world.casefile(30, &[OFFICE]));
    let reply = sync(&mut relay, &mut world, 10, &entries(list)).unwrap();
    assert_eq!(reply.refusals, []);
    assert_eq!((reply.log_len, reply.entries.len()), (6, 6));

    let (in_secret, unknown, in_register) = (
        world.envelope(secret, 11),
        world.envelope(DocumentId([99; 16]), 11),
        world.envelope(REGISTER, 11),
    );
    let mut asked = envelopes(vec![in_secret, unknown, in_register, Blob(vec![1, 2])]);
    asked.fetch = vec![StreamFrom {
        document: secret,
        from: 1,
    }];
    let reply = sync(&mut relay, &mut world, 11, &asked).unwrap();
    assert_eq!(
        codes(&reply),
        [
            (Refused::Envelope(0), RefusalCode::NotAllowed),
            (Refused::Envelope(1), RefusalCode::UnknownDocument),
            (Refused::Envelope(2), RefusalCode::NotAllowed),
            (Refused::Envelope(3), RefusalCode::Malformed),
            (Refused::Fetch(0), RefusalCode::NotAllowed),
        ]
    );
    // The office's envelope reaches the auditor, not the consultant.
    let secret_one = world.envelope(secret, 10);
    sync(
        &mut relay,
        &mut world,
        10,
        &envelopes(vec![secret_one.clone()]),
    )
    .unwrap();
    let for_consultant = sync(&mut relay, &mut world, 11, &request()).unwrap();
    assert!(for_consultant.deliveries.is_empty());
    assert_eq!(for_consultant.position, 1);
    let for_auditor = sync(&mut relay, &mut world, 12, &request()).unwrap();
    assert_eq!(for_auditor.deliveries.len(), 1);
    assert_eq!(for_auditor.deliveries[0].envelope, secret_one);
    // An auditor cannot pass off an auditor's writing as a re-upload.
    let forged = world.envelope(secret, 12);
    let reply = sync(&mut relay, &mut world, 12, &envelopes(vec![forged])).unwrap();
    assert_eq!(
        codes(&reply),
        [(Refused::Envelope(0), RefusalCode::NotAllowed)]
    );
    // Newly assigned: asked for by name, own included.
    let entry = world.by_admin(Body::ReadersChanged {
        document: secret,
        readers: vec![OFFICE, GroupId([11; 16])],
    });
    sync(&mut relay, &mut world, 10, &entries(vec![entry])).unwrap();
    let asked = SyncRequest {
        cursor: 1,
        fetch: vec![StreamFrom {
            document: secret,
            from: 1,
        }],
        ..request()
    };
    let reply = sync(&mut relay, &mut world, 11, &asked).unwrap();
    assert_eq!(reply.deliveries.len(), 1);
    assert_eq!(reply.receipt.heads.len(), 1);
}

#[test]
fn a_device_that_was_put_out_is_shown_why_and_nothing_else() {
    let (mut relay, mut world) = founded("former");
    let mut list = world.join(11, Role::Consultant);
    list.push(world.casefile(30, &[OFFICE, GroupId([11; 16])]));
    let document = DocumentId([30; 16]);
    let mut asked = entries(list);
    asked.grants = vec![world.grant(Recipient::Group(device(11).into(), 0), 10)];
    asked.envelopes = vec![world.envelope(document, 10)];
    sync(&mut relay, &mut world, 10, &asked).unwrap();
    let late = world.envelope(document, 11);
    let entry = world.by_admin(Body::PersonRevoked { person: person(11) });
    let put_out_at = world.log.len() as u64 - 1;
    let after = world.join(12, Role::Auditor);
    let list = [vec![entry], after].concat();
    sync(&mut relay, &mut world, 10, &entries(list)).unwrap();

    let mut asked = envelopes(vec![late]);
    asked.grants = vec![world.grant(Recipient::Group(OFFICE, 0), 11)];
    asked.fetch = vec![StreamFrom { document, from: 1 }];
    asked.log_len = 2;
    let reply = sync(&mut relay, &mut world, 11, &asked).unwrap();
    assert_eq!(
        codes(&reply),
        [(Refused::Envelope(0), RefusalCode::NotAllowed)]
    );
    let shown: Vec<u64> = reply
        .entries
        .iter()
        .map(|blob| Entry::from_bytes(&blob.0).unwrap().index)
        .collect();
    assert_eq!(shown, (2..=put_out_at).collect::<Vec<_>>());
    assert!(reply.grants.is_empty() && reply.deliveries.is_empty() && reply.acks.is_empty());
    assert!(reply.marks.is_empty() && reply.receipt.heads.is_empty());
    assert!(!stored("former", &asked.grants[0]), "nothing is taken");
    // Told once more, it is shown nothing: what came after is not its business.
    asked.log_len = put_out_at + 1;
    let again = sync(&mut relay, &mut world, 11, &asked).unwrap();
    assert!(again.entries.is_empty() && !again.more);
    let hello = LiveHello {
        instance: relay.info(NOW).instance,
        cursor: 0,
        log_len: 0,
    };
    let hello = world.signed(PATH_LIVE, &hello, &key(11), NOW);
    assert!(matches!(
        relay.live(&hello, NOW),
        Err(RelayError::Unauthorized)
    ));
}

#[test]
fn an_envelope_under_a_replaced_key_is_stale_and_a_repeated_one_is_not() {
    let (mut relay, mut world) = founded("stale");
    let document = DocumentId([30; 16]);
    let other = GroupId([11; 16]);
    let mut list = world.join(11, Role::Consultant);
    list.push(world.casefile(30, &[OFFICE, other]));
    let mut asked = entries(list);
    let first = world.envelope(document, 10);
    asked.envelopes = vec![first.clone()];
    sync(&mut relay, &mut world, 10, &asked).unwrap();

    // Somebody who has the key may not read any more: the next envelope needs a new one.
    let fewer = world.by_admin(Body::ReadersChanged {
        document,
        readers: vec![OFFICE],
    });
    sync(&mut relay, &mut world, 10, &entries(vec![fewer])).unwrap();
    let mut fork = world.clone();
    let stale = fork.envelope(document, 10);
    let asked = envelopes(vec![first.clone(), stale.clone()]);
    let reply = sync(&mut relay, &mut world, 10, &asked).unwrap();
    assert_eq!(
        codes(&reply),
        [(Refused::Envelope(1), RefusalCode::StaleKey)]
    );
    assert_eq!(reply.acks.len(), 1, "what is stored is acknowledged again");

    // Turned: the old key is stale, and so is another key under the new number.
    let turned = world.turn_document(document, 10);
    sync(&mut relay, &mut world, 10, &entries(vec![turned])).unwrap();
    let mut fork = world.clone();
    fork.generations.insert(document, (1, Hash([66; 32])));
    let wrong = fork.envelope(document, 10);
    let mut fork = world.clone();
    fork.generations.insert(document, (2, Hash([1; 32])));
    let ahead = fork.envelope(document, 10);
    for envelope in [stale.clone(), wrong, ahead] {
        let reply = sync(&mut relay, &mut world, 10, &envelopes(vec![envelope])).unwrap();
        assert_eq!(
            codes(&reply),
            [(Refused::Envelope(0), RefusalCode::StaleKey)]
        );
    }
    let right = world.envelope(document, 10);
    let reply = sync(&mut relay, &mut world, 10, &envelopes(vec![right])).unwrap();
    assert_eq!(reply.refusals, []);
    assert_eq!(reply.acks.len(), 1);
}

#[test]
fn what_was_stored_before_comes_back_under_its_old_keys() {
    let (mut relay, mut world) = founded("returning");
    let document = DocumentId([30; 16]);
    let mut list = vec![world.casefile(30, &[OFFICE])];
    let old = world.envelope(document, 10);
    let grant = world.grant(Recipient::Group(OFFICE, 0), 10);
    list.push(world.turn_document(document, 10));
    list.push(world.turn_group(OFFICE, 1, false, 10));
    let mut asked = entries(list);
    asked.envelopes = vec![old];
    asked.grants = vec![grant];
    let reply = sync(&mut relay, &mut world, 10, &asked).unwrap();
    assert_eq!(
        codes(&reply),
        [
            (Refused::Grant(0), RefusalCode::StaleKey),
            (Refused::Envelope(0), RefusalCode::StaleKey)
        ]
    );
    asked.returning = true;
    let reply = sync(&mut relay, &mut world, 10, &asked).unwrap();
    assert_eq!(reply.refusals, []);
    assert_eq!(reply.acks.len(), 1);
    assert!(stored("returning", &asked.grants[0]));
}

#[test]
fn a_grant_goes_to_the_newest_key_of_a_group_that_is_in() {
    let (mut relay, mut world) = founded("grants");
    let own = GroupId::from(ADMIN);
    let mut list = world.join(11, Role::Consultant);
    list.extend(world.join(12, Role::Auditor));
    list.push(world.turn_group(own, 1, false, 10));
    list.push(world.by_admin(Body::PersonRevoked { person: person(11) }));
    list.push(world.by_admin(Body::DeviceRevoked { device: device(12) }));
    sync(&mut relay, &mut world, 10, &entries(list)).unwrap();
    let unknown = InvitationId([9; 16]);
    let mut asked = request();
    asked.grants = [
        // Its own key, and its person's newest: those are taken.
        Recipient::Group(device(10).into(), 0),
        Recipient::Group(own, 1),
        Recipient::Recovery,
        // Replaced, yet to come, waiting to be turned.
        Recipient::Group(own, 0),
        Recipient::Group(own, 2),
        Recipient::Group(OFFICE, 0),
        Recipient::Group(GroupId([12; 16]), 0),
        // Put out, a person and a device; not there.
        Recipient::Group(GroupId([11; 16]), 0),
        Recipient::Group(device(12).into(), 0),
        Recipient::Group(GroupId([99; 16]), 0),
        Recipient::Invitation(unknown),
    ]
    .map(|to| world.grant(to, 10))
    .to_vec();
    let reply = sync(&mut relay, &mut world, 10, &asked).unwrap();
    let stale = |n| (Refused::Grant(n), RefusalCode::StaleKey);
    let not_allowed = |n| (Refused::Grant(n), RefusalCode::NotAllowed);
    assert_eq!(
        codes(&reply),
        [
            stale(3),
            stale(4),
            stale(5),
            stale(6),
            not_allowed(7),
            not_allowed(8),
            not_allowed(9),
            not_allowed(10)
        ]
    );
    // Turned, the office's newest key is granted to again.
    let mut asked = entries(vec![world.turn_group(OFFICE, 1, false, 10)]);
    asked.grants = vec![world.grant(Recipient::Group(OFFICE, 1), 10)];
    let reply = sync(&mut relay, &mut world, 10, &asked).unwrap();
    assert_eq!(reply.refusals, []);
}

#[test]
fn a_device_fetches_the_grants_of_its_own_groups_alone() {
    let (mut relay, mut world) = founded("groups");
    let mut list = world.join(11, Role::Consultant);
    list.extend(world.join(12, Role::Auditor));
    let mut asked = entries(list);
    let (consultant, auditor) = (GroupId([11; 16]), GroupId([12; 16]));
    asked.grants = [
        Recipient::Group(device(11).into(), 0),
        Recipient::Group(consultant, 0),
        Recipient::Group(OFFICE, 0),
        Recipient::Group(auditor, 0),
        Recipient::Recovery,
    ]
    .map(|to| world.grant(to, 10))
    .to_vec();
    sync(&mut relay, &mut world, 10, &asked).unwrap();
    let got = |relay: &mut Relay<SqliteStorage>, world: &mut World, who| {
        sync(relay, world, who, &request()).unwrap().grants
    };
    assert_eq!(got(&mut relay, &mut world, 11), asked.grants[..2]);
    assert_eq!(got(&mut relay, &mut world, 12), asked.grants[2..4]);
    // The root gets what is sealed to the recovery words.
    assert_eq!(got(&mut relay, &mut world, 1), asked.grants[4..]);
}

#[test]
fn a_key_is_severed_by_who_has_seen_every_grant_to_it_and_the_void_ones_go() {
    let (mut relay, mut world) = founded("sever");
    let joined = world.join(12, Role::Coordinator);
    let first = sync(&mut relay, &mut world, 10, &entries(joined)).unwrap();
    let mut asked = request();
    asked.grants = vec![
        world.grant_of(Recipient::Group(OFFICE, 0), 12, 1),
        world.grant_of(Recipient::Group(ADMIN.into(), 0), 12, 2),
    ];
    sync(&mut relay, &mut world, 12, &asked).unwrap();
    let [to_office, to_person] = [asked.grants[0].clone(), asked.grants[1].clone()];

    // A grant that the requester has not seen would be void before anybody opened it.
    let severed = world.turn_group(OFFICE, 1, true, 10);
    let mut asked = entries(vec![severed.clone()]);
    asked.instance = Some(first.receipt.instance);
    asked.cursor = first.position;
    asked.grants = vec![world.grant_of(Recipient::Group(OFFICE, 1), 10, 3)];
    let reply = sync(&mut relay, &mut world, 10, &asked).unwrap();
    assert_eq!(
        codes(&reply),
        [
            (Refused::Entry(0), RefusalCode::LogConflict),
            // Made for an entry that was refused.
            (Refused::Grant(0), RefusalCode::LogConflict)
        ]
    );
    assert_eq!(reply.grants, [to_office.clone(), to_person.clone()]);
    assert!(stored("sever", &to_office));
    // A cursor of another life says nothing of what was seen.
    let mut elsewhere = asked.clone();
    elsewhere.cursor = reply.position;
    elsewhere.instance = Some(InstanceId([9; 16]));
    let refused = sync(&mut relay, &mut world, 10, &elsewhere).unwrap();
    assert_eq!(
        codes(&refused)[0],
        (Refused::Entry(0), RefusalCode::LogConflict)
    );

    asked.cursor = reply.position;
    let reply = sync(&mut relay, &mut world, 10, &asked).unwrap();
    assert_eq!(reply.refusals, []);
    assert!(!stored("sever", &to_office), "void");
    assert!(stored("sever", &to_person), "of another group");
    assert!(stored("sever", &asked.grants[0]));
    // Brought back, it is let go without a word: nobody holds its key.
    let mut back = request();
    back.grants = vec![to_office.clone()];
    back.returning = true;
    let reply = sync(&mut relay, &mut world, 12, &back).unwrap();
    assert_eq!(reply.refusals, []);
    assert!(!stored("sever", &to_office));
    // Every other device may turn without having seen anything: nothing becomes void by it.
    let turned = world.turn_group(OFFICE, 2, false, 12);
    let reply = sync(&mut relay, &mut world, 12, &entries(vec![turned])).unwrap();
    assert_eq!(reply.refusals, []);
    assert!(stored("sever", &asked.grants[0]));
}

#[test]
fn grants_that_come_with_a_refused_entry_are_refused() {
    let (mut relay, mut world) = founded("with");
    let joined = world.join(12, Role::Coordinator);
    sync(&mut relay, &mut world, 10, &entries(joined)).unwrap();
    let unallowed = world.entry(
        Author::Device(device(12)),
        Body::PersonRevoked { person: ADMIN },
        &key(12),
    );
    world.forget_entries(1);
    let mut asked = entries(vec![unallowed]);
    let stored_before = world.grant_of(Recipient::Group(OFFICE, 0), 12, 1);
    let mut earlier = request();
    earlier.grants = vec![stored_before.clone()];
    sync(&mut relay, &mut world, 12, &earlier).unwrap();
    asked.grants = vec![
        world.grant_of(Recipient::Group(OFFICE, 0), 12, 2),
        stored_before,
    ];
    let reply = sync(&mut relay, &mut world, 12, &asked).unwrap();
    assert_eq!(
        codes(&reply),
        [
            (Refused::Entry(0), RefusalCode::NotAllowed),
            (Refused::Grant(0), RefusalCode::LogConflict)
        ]
    );
    assert!(!stored("with", &asked.grants[0]));
}

#[test]
fn an_invitations_grants_go_once_it_is_used_or_withdrawn_or_its_maker_is_out() {
    let (mut relay, mut world) = founded("spent");
    let mut list = world.join(12, Role::Administrator);
    let invite = |world: &mut World, by: u8, n: u8| {
        let body = Body::Invited {
            keys: keys(n),
            person: ADMIN,
            expires_ms: NOW + 1000,
        };
        world.entry(Author::Device(device(by)), body, &key(by))
    };
    let id = |n: u8| InvitationId(key(n).public().id());
    for (by, n) in [(10, 50), (10, 51), (12, 52), (10, 53)] {
        list.push(invite(&mut world, by, n));
    }
    let mut asked = entries(list);
    asked.grants = [50, 51, 52, 53]
        .map(|n| world.grant(Recipient::Invitation(id(n)), 10))
        .to_vec();
    sync(&mut relay, &mut world, 10, &asked).unwrap();
    let left = || {
        let stored = asked.grants.iter().map(|grant| stored("spent", grant));
        stored.collect::<Vec<_>>()
    };
    assert_eq!(left(), [true, true, true, true]);

    let joined = world.entry(
        Author::Invitation(id(50)),
        Body::DeviceAdded {
            person: ADMIN,
            keys: keys(13),
        },
        &key(50),
    );
    sync(&mut relay, &mut world, 50, &entries(vec![joined])).unwrap();
    assert_eq!(left(), [false, true, true, true]);
    let withdrawn = world.by_admin(Body::InvitationRevoked { invitation: id(51) });
    sync(&mut relay, &mut world, 10, &entries(vec![withdrawn])).unwrap();
    assert_eq!(left(), [false, false, true, true]);
    let out = world.by_admin(Body::DeviceRevoked { device: device(12) });
    sync(&mut relay, &mut world, 10, &entries(vec![out])).unwrap();
    assert_eq!(left(), [false, false, false, true]);
    // And no new one is taken for a spent one, nor does its key fetch anything.
    let mut late = request();
    late.grants = vec![world.grant_of(Recipient::Invitation(id(51)), 10, 9)];
    let reply = sync(&mut relay, &mut world, 10, &late).unwrap();
    assert_eq!(
        codes(&reply),
        [(Refused::Grant(0), RefusalCode::InvitationSpent)]
    );
    late.returning = true;
    let reply = sync(&mut relay, &mut world, 10, &late).unwrap();
    assert_eq!(reply.refusals, []);
    assert!(!stored("spent", &late.grants[0]));
    let refused = sync(&mut relay, &mut world, 52, &request());
    assert_eq!(refused, Err(RelayError::Unauthorized));
}

#[test]
fn the_recovery_words_let_in_an_administrator_with_grants_in_one_request() {
    let (mut relay, mut world) = founded("root");
    let mut asked = request();
    asked.grants = vec![world.grant(Recipient::Recovery, 10)];
    asked.envelopes = vec![world.envelope(REGISTER, 10)];
    sync(&mut relay, &mut world, 10, &asked).unwrap();
    let shown = sync(&mut relay, &mut world, 1, &request()).unwrap();
    assert_eq!((shown.entries.len(), &shown.grants), (1, &asked.grants));
    assert!(shown.deliveries.is_empty());

    // Without a device that it lets in, the root grants and writes nothing.
    let mut alone = request();
    alone.grants = vec![world.grant(Recipient::Group(OFFICE, 0), 10)];
    let reply = sync(&mut relay, &mut world, 1, &alone).unwrap();
    assert_eq!(
        codes(&reply),
        [(Refused::Grant(0), RefusalCode::NotAllowed)]
    );

    let added = Body::PersonAdded {
        person: person(20),
        role: Role::Administrator,
        key: [20; 32],
    };
    let own = GroupId([20; 16]);
    let list = vec![
        world.entry(Author::Root, added, &key(1)),
        world.entry(
            Author::Root,
            Body::DeviceAdded {
                person: person(20),
                keys: keys(20),
            },
            &key(1),
        ),
        world.turn_group(own, 1, false, 20),
        world.turn_group(OFFICE, 1, false, 20),
    ];
    let mut asked = entries(list);
    asked.grants = vec![
        world.grant_of(Recipient::Group(device(20).into(), 0), 20, 1),
        world.grant_of(Recipient::Group(own, 1), 20, 2),
        world.grant_of(Recipient::Group(OFFICE, 1), 20, 3),
        world.grant_of(Recipient::Recovery, 20, 4),
    ];
    asked.envelopes = vec![world.envelope(REGISTER, 20)];
    for _ in 0..2 {
        // The second time the reply was lost.
        let reply = sync(&mut relay, &mut world, 1, &asked).unwrap();
        assert_eq!(reply.refusals, []);
        assert_eq!((reply.acks.len(), reply.log_len), (1, 5));
    }
    let own = sync(&mut relay, &mut world, 20, &request()).unwrap();
    assert_eq!(own.grants, asked.grants[..3]);
    assert_eq!(
        own.deliveries.len(),
        2,
        "a device that is new here gets all"
    );
    // The device signs what is its own: the root's key does not do for it.
    let mut forged = world.envelope(REGISTER, 20);
    let last = forged.0.len() - 1;
    forged.0[last] ^= 1;
    asked.envelopes = vec![forged];
    let reply = sync(&mut relay, &mut world, 1, &asked).unwrap();
    assert_eq!(
        codes(&reply),
        [(Refused::Envelope(0), RefusalCode::Malformed)]
    );
}

#[test]
fn a_phone_that_was_restored_is_given_what_it_wrote_since_its_backup() {
    let (mut relay, mut world) = founded("restored");
    let first = envelopes(vec![world.envelope(REGISTER, 10)]);
    let backup = sync(&mut relay, &mut world, 10, &first).unwrap();
    let mut restored = world.clone();
    let mut later = envelopes(vec![
        world.envelope(REGISTER, 10),
        world.envelope(REGISTER, 10),
    ]);
    later.instance = Some(backup.receipt.instance);
    later.cursor = backup.position;
    let reply = sync(&mut relay, &mut world, 10, &later).unwrap();
    assert!(reply.deliveries.is_empty(), "it has them");
    // Restored, it writes under a sequence that it has used.
    let mut asked = envelopes(vec![restored.envelope_of(REGISTER, 10, 61)]);
    asked.instance = later.instance;
    asked.cursor = backup.position;
    let reply = sync(&mut relay, &mut world, 10, &asked).unwrap();
    assert_eq!(
        codes(&reply),
        [(Refused::Envelope(0), RefusalCode::SequenceConflict)]
    );
    let got: Vec<_> = reply
        .deliveries
        .iter()
        .map(|one| one.envelope.clone())
        .collect();
    assert_eq!(got, later.envelopes);
    assert_eq!(reply.position, 3);
    asked.cursor = 3;
    asked.envelopes.clear();
    let reply = sync(&mut relay, &mut world, 10, &asked).unwrap();
    assert!(reply.deliveries.is_empty());
}

#[test]
fn a_skewed_clock_a_forged_signature_and_a_stranger_are_refused() {
    let (mut relay, mut world) = founded("forged");
    let late = world.signed(PATH_SYNC, &request(), &key(10), NOW - 301_000);
    assert_eq!(
        relay.sync(&late, NOW),
        Err(RelayError::ClockSkew { now_ms: NOW })
    );
    let mut forged = world.signed(PATH_SYNC, &request(), &key(10), NOW);
    let last = forged.len() - 1;
    forged[last] ^= 1;
    assert!(relay.sync(&forged, NOW).is_err());
    let elsewhere = world.signed(PATH_LIVE, &request(), &key(10), NOW);
    assert_eq!(relay.sync(&elsewhere, NOW), Err(RelayError::Unauthorized));
    let stranger = world.signed(PATH_SYNC, &request(), &key(66), NOW);
    assert_eq!(relay.sync(&stranger, NOW), Err(RelayError::Unauthorized));
    world.workspace = WorkspaceId([1; 16]);
    let nowhere = world.signed(PATH_SYNC, &request(), &key(10), NOW);
    assert_eq!(relay.sync(&nowhere, NOW), Err(RelayError::UnknownWorkspace));
}

#[test]
fn an_invitation_lets_one_device_in_and_its_lost_reply_can_be_asked_for() {
    let (mut relay, mut world) = founded("invite");
    let invited = world.by_admin(Body::Invited {
        keys: keys(50),
        person: ADMIN,
        expires_ms: NOW + 1000,
    });
    let id = InvitationId(key(50).public().id());
    let mut asked = entries(vec![invited]);
    asked.grants = vec![world.grant(Recipient::Invitation(id), 10)];
    sync(&mut relay, &mut world, 10, &asked).unwrap();
    let reply = sync(&mut relay, &mut world, 50, &request()).unwrap();
    assert_eq!(
        (reply.entries.len(), reply.grants.len(), reply.position),
        (2, 1, 0)
    );

    let before = world.log.len();
    let joined = world.entry(
        Author::Invitation(id),
        Body::DeviceAdded {
            person: ADMIN,
            keys: keys(13),
        },
        &key(50),
    );
    let turned = world.entry(
        Author::Device(device(13)),
        Body::EpochTurned {
            group: GroupId::from(ADMIN),
            epoch: 1,
            key: [9; 32],
            severs: false,
        },
        &key(13),
    );
    let mut asked = entries(vec![joined, turned]);
    asked.grants = vec![world.grant(Recipient::Group(GroupId::from(ADMIN), 1), 13)];
    let reply = sync(&mut relay, &mut world, 50, &asked).unwrap();
    assert_eq!(
        (reply.refusals.as_slice(), reply.log_len),
        ([].as_slice(), 4)
    );
    let again = sync(&mut relay, &mut world, 50, &asked).unwrap();
    assert_eq!(
        (again.refusals.as_slice(), again.log_len),
        ([].as_slice(), 4)
    );
    // The new device signs itself; it gets the grants of its person.
    let own = sync(&mut relay, &mut world, 13, &request()).unwrap();
    assert_eq!(own.grants.len(), 1);
    // A second device by the same link.
    world.log.truncate(before);
    let mut fork = World::new(world.relay_key);
    fork.log = world.log.clone();
    let second = fork.entry(
        Author::Invitation(id),
        Body::DeviceAdded {
            person: ADMIN,
            keys: keys(14),
        },
        &key(50),
    );
    let refused = sync(&mut relay, &mut world, 50, &entries(vec![second])).unwrap();
    assert_eq!(
        codes(&refused),
        [(Refused::Entry(0), RefusalCode::InvitationSpent)]
    );
    assert!(refused.entries.is_empty() && refused.grants.is_empty());
    let refused = sync(&mut relay, &mut world, 50, &request());
    assert_eq!(refused, Err(RelayError::Unauthorized));
}

#[test]
fn marks_keep_the_newest_and_reach_other_readers() {
    let (mut relay, mut world) = founded("marks");
    let joined = world.join(12, Role::Coordinator);
    let mut asked = entries(joined);
    asked.envelopes = vec![world.envelope(REGISTER, 10), world.envelope(REGISTER, 10)];
    let first = sync(&mut relay, &mut world, 10, &asked).unwrap();
    let head = first.receipt.heads[0];
    let mut asked = request();
    asked.marks = vec![
        Mark::sign(REGISTER, 2, head.head, &key(12)),
        Mark::sign(REGISTER, 1, head.head, &key(12)),
        Mark::sign(REGISTER, 3, head.head, &key(12)),
    ];
    let reply = sync(&mut relay, &mut world, 12, &asked).unwrap();
    assert_eq!(
        codes(&reply),
        [
            (Refused::Mark(1), RefusalCode::SequenceConflict),
            (Refused::Mark(2), RefusalCode::SequenceGap)
        ]
    );
    let mut behind = request();
    behind.cursor = first.position;
    let reply = sync(&mut relay, &mut world, 10, &behind).unwrap();
    assert_eq!(reply.marks, asked.marks[..1]);
}

#[test]
fn an_erased_document_leaves_no_rows() {
    let (mut relay, mut world) = founded("erase");
    let document = DocumentId([30; 16]);
    let mut asked = entries(vec![world.casefile(30, &[OFFICE])]);
    asked.envelopes = vec![world.envelope(document, 10), world.envelope(REGISTER, 10)];
    sync(&mut relay, &mut world, 10, &asked).unwrap();
    let erased = world.by_admin(Body::Erased {
        document,
        reason: ErasureReason::Retention,
    });
    sync(&mut relay, &mut world, 10, &entries(vec![erased])).unwrap();
    let mut all = request();
    all.instance = Some(InstanceId([0; 16]));
    all.fetch = vec![StreamFrom { document, from: 1 }];
    let reply = sync(&mut relay, &mut world, 10, &all).unwrap();
    assert_eq!(
        reply.deliveries.len(),
        1,
        "own ones too: the cursor was of another life"
    );
    assert_eq!(
        codes(&reply),
        [(Refused::Fetch(0), RefusalCode::UnknownDocument)]
    );
    let more = world.envelope(document, 10);
    let reply = sync(&mut relay, &mut world, 10, &envelopes(vec![more])).unwrap();
    assert_eq!(
        codes(&reply),
        [(Refused::Envelope(0), RefusalCode::UnknownDocument)]
    );
}

#[test]
fn a_large_workspace_comes_in_pages_that_lose_and_repeat_nothing() {
    let (mut relay, mut world) = founded("pages");
    let joined = world.join(12, Role::Coordinator);
    sync(&mut relay, &mut world, 10, &entries(joined)).unwrap();
    for _ in 0..9 {
        let mut asked = request();
        asked.envelopes = (0..4)
            .map(|_| world.envelope_of(REGISTER, 10, 300_000))
            .collect();
        asked.grants = vec![];
        sync(&mut relay, &mut world, 10, &asked).unwrap();
    }
    let (mut numbers, mut pages, mut asked) = (Vec::new(), 0, request());
    loop {
        let reply = sync(&mut relay, &mut world, 12, &asked).unwrap();
        numbers.extend(reply.deliveries.iter().map(|one| one.number));
        assert_eq!(reply.receipt.heads[0].number, *numbers.last().unwrap());
        pages += 1;
        asked.cursor = reply.position;
        if !reply.more {
            break;
        }
    }
    assert_eq!(numbers, (1..=36).collect::<Vec<_>>());
    assert!(pages >= 5, "{pages}");
    // By name, from the middle, also in pages.
    let (mut numbers, mut from) = (Vec::new(), 3);
    loop {
        let mut asked = asked.clone();
        asked.fetch = vec![StreamFrom {
            document: REGISTER,
            from,
        }];
        let reply = sync(&mut relay, &mut world, 12, &asked).unwrap();
        numbers.extend(reply.deliveries.iter().map(|one| one.number));
        from = numbers.last().unwrap() + 1;
        if !reply.more {
            break;
        }
    }
    assert_eq!(numbers, (3..=36).collect::<Vec<_>>());
}

#[test]
fn a_failed_commit_acknowledges_nothing_and_memory_follows_the_store() {
    for point in [FaultPoint::BeforeCommit, FaultPoint::AfterCommit] {
        let name = format!("fault{point:?}");
        let (relay, mut world) = founded(&name);
        let anchor = SqliteStorage::open_memory(&name).unwrap();
        drop(relay);
        let mut left = 1;
        let storage = SqliteStorage::open_memory(&name)
            .unwrap()
            .with_fault(Box::new(move |at| {
                let now = at == point && left > 0;
                left -= i32::from(now);
                now
            }));
        let mut relay = relay_over(storage);
        let asked = envelopes(vec![
            world.envelope(REGISTER, 10),
            world.envelope(REGISTER, 10),
        ]);
        let refused = sync(&mut relay, &mut world, 10, &asked);
        assert_eq!(refused, Err(RelayError::Unavailable));
        assert!(relay.take_error().is_some());
        // The same relay, or the process started anew: both go on from what is stored.
        let reply = sync(&mut relay, &mut world, 10, &asked).unwrap();
        assert_eq!((reply.acks.len(), reply.position), (2, 2), "{point:?}");
        drop(relay);
        let mut relay = relay_over(SqliteStorage::open_memory(&name).unwrap());
        let reply = sync(&mut relay, &mut world, 10, &asked).unwrap();
        assert_eq!((reply.acks.len(), reply.position), (2, 2), "{point:?}");
        drop(anchor);
    }
}

#[test]
fn a_batch_is_judged_in_order_and_each_gets_its_own_answer() {
    let (mut relay, mut world) = founded("batch");
    let first = envelopes(vec![world.envelope(REGISTER, 10)]);
    let second = envelopes(vec![world.envelope(REGISTER, 10)]);
    let requests = [(first, 10), (request(), 66), (second, 10)].map(|(request, signer)| {
        let bytes = world.signed(PATH_SYNC, &request, &key(signer), NOW);
        Prepared::parse(Purpose::Sync, &bytes).unwrap()
    });
    let answers = relay.process_batch(requests.into(), NOW);
    assert!(answers[0].is_ok() && answers[1].is_err() && answers[2].is_ok());
    assert_eq!(relay.take_commits().len(), 2, "the founding and the batch");
}

#[test]
fn another_device_brings_back_what_the_relay_lost() {
    let (mut relay, mut world) = founded("loss");
    let mut asked = entries(world.join(12, Role::Coordinator));
    asked.envelopes = vec![world.envelope(REGISTER, 10)];
    sync(&mut relay, &mut world, 10, &asked).unwrap();
    let got = sync(&mut relay, &mut world, 12, &request()).unwrap();
    // All is lost; the founding entry comes back, then a device that the relay cannot know yet.
    let mut relay: Relay<_> = relay_over(SqliteStorage::open_memory("loss2").unwrap());
    let lost = sync(&mut relay, &mut world, 12, &request());
    assert_eq!(lost, Err(RelayError::UnknownWorkspace));
    let found = world.found(NOW);
    relay.found(&found, NOW).unwrap();
    let mut asked = entries(world.log.iter().cloned().map(Blob).collect());
    asked.cursor = got.position;
    asked.envelopes = got
        .deliveries
        .iter()
        .map(|one| one.envelope.clone())
        .collect();
    let reply = sync(&mut relay, &mut world, 12, &asked).unwrap();
    assert_eq!(reply.refusals, []);
    assert_eq!((reply.acks.len(), reply.log_len), (1, 3));
    // A tampered one is not taken.
    let mut bad = world.envelope(REGISTER, 10);
    let last = bad.0.len() - 1;
    bad.0[last] ^= 1;
    let reply = sync(&mut relay, &mut world, 12, &envelopes(vec![bad])).unwrap();
    assert_eq!(
        codes(&reply),
        [(Refused::Envelope(0), RefusalCode::Malformed)]
    );
}

#[test]
fn a_live_device_is_pushed_what_others_wrote() {
    let (mut relay, mut world) = founded("live");
    let mut asked = entries(world.join(12, Role::Coordinator));
    asked.envelopes = vec![world.envelope(REGISTER, 10)];
    sync(&mut relay, &mut world, 10, &asked).unwrap();
    relay.take_commits();
    let hello = LiveHello {
        instance: relay.info(NOW).instance,
        cursor: 0,
        log_len: 1,
    };
    let bytes = world.signed(PATH_LIVE, &hello, &key(12), NOW);
    let mut staged = relay.live(&bytes, NOW).unwrap();
    let reply = relay.reply(&staged).unwrap();
    staged.advance(&reply);
    assert_eq!(
        (reply.deliveries.len(), reply.entries.len(), reply.more),
        (1, 2, false)
    );
    let more = envelopes(vec![world.envelope(REGISTER, 10)]);
    sync(&mut relay, &mut world, 10, &more).unwrap();
    let commits = relay.take_commits();
    assert_eq!(commits.len(), 1);
    assert!(
        commits[0].view(device(10)).is_none(),
        "the author has it already"
    );
    let view = commits[0].view(device(12)).unwrap();
    let frame = commits[0].frame(&view, relay.identity());
    let frame = SyncReply::from_bytes(&frame).unwrap();
    assert_eq!((frame.deliveries.len(), frame.position), (1, 2));
    let key = PublicKey::from_bytes(&relay.info(NOW).key).unwrap();
    frame.receipt.verify(world.workspace, &key).unwrap();
    assert_eq!(frame.receipt.heads[0].number, 2);
    assert!(!reply.to_bytes().is_empty());
}
