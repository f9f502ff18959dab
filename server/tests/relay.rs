//! The core by its rules, in memory, one clock.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use folge_protocol::codec::{Decode, Encode};
use folge_protocol::crypto::PublicKey;
use folge_protocol::envelope::{envelope_hash, next_head, stream_start};
use folge_protocol::grant::Recipient;
use folge_protocol::ids::*;
use folge_protocol::membership::*;
use folge_protocol::wire::*;
use folge_relay::relay::{Prepared, Purpose, Relay};
use folge_relay::storage::{FaultPoint, SqliteStorage};
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
    // Put out: nothing goes any more.
    let entry = world.by_admin(Body::PersonRevoked { person: person(11) });
    sync(&mut relay, &mut world, 10, &entries(vec![entry])).unwrap();
    let refused = sync(&mut relay, &mut world, 11, &request());
    assert_eq!(refused, Err(RelayError::Unauthorized));
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
