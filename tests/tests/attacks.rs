//! Attacks on what the devices of a workspace believe, each a test named after it, made by a relay
//! that lies with its genuine key (see `folge_tests::liar`), by the network, or by a member.
//!
//! Each asserts that nothing false is merged and nothing true is lost; that the device shows it:
//! as an alarm, a refused reply or in the quarantine; and, where that is possible, that all devices
//! agree again once the relay is honest. Within one life of the relay that is not possible after
//! it has signed two pasts of one stream: its operator begins a new life then, as after a restore.
//!
//! The attacks are those of SUNDR (Li, Krohn, Mazières, Shasha: "Secure Untrusted Data
//! Repository", OSDI 2004: fork consistency), CONIKS (Melara et al., USENIX Security 2015:
//! equivocation), Depot (Mahajan et al., OSDI 2010: omission and reordering by storage nodes),
//! "Invisible Salamanders" (Dodis, Grubbs, Ristenpart, Woodage: "Fast Message Franking", CRYPTO
//! 2018; Len, Grubbs, Ristenpart: "Partitioning Oracle Attacks", USENIX Security 2021), and
//! "Mesh Messaging in Large-scale Protests" and "Three Lessons from Threema" (Albrecht et al. 2021,
//! Paterson, Scarlata, Truong 2023: reordering, replay, reflection).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;

use folge_core::client::{Client, Invitee, NewParticipation, RecordState};
use folge_core::document::{Record, RecordRef};
use folge_core::domain::{Instant, Note, Participation};
use folge_core::keys::Key32;
use folge_core::store::{Store, Unlock};
use folge_core::sync::{AlarmKind, QuarantineReason, RelayAddress, SyncReport, TimeGrade};
use folge_core::{Error, RelayFault};
use folge_protocol::codec::{Decode, Encode};
use folge_protocol::crypto::{PublicKey, SecretKey};
use folge_protocol::envelope::{Envelope, EnvelopeKind};
use folge_protocol::grant::{Grant, Recipient};
use folge_protocol::ids::{DeviceId, DocumentId, GroupId, PersonId};
use folge_protocol::membership::{Author, Body, Entry, Role};
use folge_protocol::wire::{
    Ack, Blob, Delivery, PATH_LIVE, PATH_SYNC, RelayError, Signed, SyncReply,
};
use folge_tests::clock::StillClock;
use folge_tests::liar::{Liar, Lie};

/// 5 January 2026, 09:00 in Oslo.
const START_MS: i64 = 1_767_600_000_000;
const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

/// Each attack is made on a relay inside this program, and on a relay process over HTTP.
macro_rules! attacks {
    ($($name:ident,)*) => {
        mod in_process {
            $(#[test] fn $name() { super::$name(super::world(super::Way::Calls)); })*
        }
        #[cfg(target_os = "linux")]
        mod over_http {
            $(#[test] fn $name() { super::$name(super::world(super::Way::Http)); })*
        }
    };
}

attacks! {
    drop_of_an_envelope_in_the_middle,
    drop_with_a_hole_that_is_never_filled,
    reorder_of_envelopes,
    duplicate_of_an_envelope,
    two_envelopes_under_one_number,
    envelopes_that_no_receipt_covers,
    truncation_of_a_stream,
    rollback_within_one_life,
    an_old_life_that_comes_back,
    acknowledged_and_thrown_away,
    envelope_moved_to_another_stream,
    forgery_in_the_place_of_an_envelope_that_comes_later,
    forgery_in_the_name_of_the_very_device,
    forgeries_among_many_that_are_genuine,
    substituted_snapshot,
    split_view_is_exposed_by_seen_heads,
    split_view_is_exposed_by_read_marks,
    withheld_envelopes_are_exposed_by_read_marks,
    withheld_tail,
    equivocation_of_the_membership_log,
    withheld_membership_entries,
    forged_member_entry,
    forged_grant,
    stale_grant_replayed,
    downgrade_of_version_or_suite,
    keys_of_small_order,
    replayed_request,
    replayed_reply,
    replayed_frames_of_an_old_life,
    reply_changed_on_the_way,
    backdated_acceptance_time,
    acceptance_time_from_the_future,
    what_was_seen_in_another_life_bounds_no_time,
    an_alarm_is_kept_until_seen_and_counted_again,
    a_flood_of_forgeries_fills_the_quarantine_and_not_the_list_of_alarms,
    key_commitment_against_invisible_salamanders,
}

struct World {
    clock: StillClock,
    liar: Liar,
    office: Client,
    phone: Client,
    colleague: Client,
    /// A case of both consultants.
    case: DocumentId,
    /// Another one.
    other: DocumentId,
    _dir: tempfile::TempDir,
}

/// Where the relay is, and how bytes get there.
#[derive(Clone, Copy)]
enum Way {
    /// Inside this program, by calls.
    Calls,
    /// A process of its own, by the client's real transport over HTTP, through the liar.
    #[cfg(target_os = "linux")]
    Http,
}

fn world(way: Way) -> World {
    let dir = tempfile::tempdir().unwrap();
    let (clock, mut liar) = match way {
        Way::Calls => {
            let clock = StillClock::at(START_MS);
            (clock.clone(), Liar::in_process(clock))
        }
        #[cfg(target_os = "linux")]
        Way::Http => {
            let clock = StillClock::for_programs(START_MS, dir.path()).unwrap();
            (clock.clone(), Liar::by_processes(clock))
        }
    };
    let mut seed = 0;
    let mut store = |name: &str| {
        seed += 1;
        let unlock = Unlock::Secret(Key32::new([seed; 32]));
        let mut env = clock.env(u64::from(seed));
        let store = Store::create(&dir.path().join(name), &unlock, &mut env).unwrap();
        (store, clock.env(100 + u64::from(seed)))
    };
    let address = RelayAddress {
        url: liar.url(),
        key: liar.public(),
    };
    let (office, env) = store("office");
    let (mut office, _) = Client::found(office, env, address, "").unwrap();
    liar.sync(0, &mut office).unwrap();
    let mut join = |liar: &mut Liar, office: &mut Client, role, name| {
        let link = office.invite(Invitee::New(role), 1_000_000_000).unwrap();
        liar.sync(0, office).unwrap();
        let (store, env) = store(name);
        let mut client = Client::join(store, env, &link).unwrap();
        liar.sync(0, &mut client).unwrap();
        (client, link.person)
    };
    let (mut phone, first) = join(&mut liar, &mut office, Role::Consultant, "phone");
    let (mut colleague, second) = join(&mut liar, &mut office, Role::Consultant, "colleague");
    let cases = ["p-1", "p-2"].map(|key| NewParticipation {
        participation: Participation::new(key, "Fatima", "Dahl"),
        consultants: BTreeSet::from([first, second]),
    });
    let cases = office.create_participations(&cases).unwrap();
    for _ in 0..2 {
        for client in [&mut office, &mut phone, &mut colleague] {
            liar.sync(0, client).unwrap();
        }
    }
    let world = World {
        clock,
        liar,
        office,
        phone,
        colleague,
        case: cases[0],
        other: cases[1],
        _dir: dir,
    };
    for client in [&world.office, &world.phone, &world.colleague] {
        assert_eq!(client.alarms().unwrap(), []);
    }
    world
}

fn note_in(client: &mut Client, case: DocumentId, text: &str) -> RecordRef {
    let id = client.new_record_id();
    let note = Note {
        id,
        at: Instant(START_MS),
        text: text.to_owned(),
    };
    client.record(case, Record::Note(note)).unwrap();
    RecordRef::Note(id)
}

fn has(client: &mut Client, case: DocumentId, record: &RecordRef) -> bool {
    client
        .participation(case)
        .unwrap()
        .records
        .contains_key(record)
}

fn kinds(client: &Client) -> Vec<AlarmKind> {
    let alarms = client.alarms().unwrap();
    alarms.iter().map(|alarm| alarm.kind).collect()
}

fn fault(result: Result<SyncReport, Error>) -> RelayFault {
    match result {
        Err(Error::RelayFault(fault)) => fault,
        other => panic!("the lie was believed: {other:?}"),
    }
}

impl World {
    /// A note of the phone that the relay has.
    fn sent(&mut self, text: &str) -> RecordRef {
        let record = note_in(&mut self.phone, self.case, text);
        self.liar.sync(0, &mut self.phone).unwrap();
        self.clock.pass(MINUTE_MS);
        record
    }

    /// The relay is honest from now on, in the life that it is in.
    fn honest(&mut self) {
        for _ in 0..3 {
            for client in [&mut self.office, &mut self.phone, &mut self.colleague] {
                self.liar.sync(0, client).unwrap();
            }
            self.clock.pass(MINUTE_MS);
        }
    }

    /// The relay's operator has begun a new life, and is honest.
    fn honest_again(&mut self) {
        self.liar.begin_life(0);
        self.honest();
    }

    /// All devices have these records, and are equal; none waits for anything.
    fn agree(&mut self, records: &[RecordRef]) {
        let case = self.case;
        let mut pages = Vec::new();
        // That somebody opened the participation is noted, and goes too.
        self.honest();
        for client in [&mut self.office, &mut self.phone, &mut self.colleague] {
            assert!(!client.has_sync_work().unwrap());
            let page = client.participation(case).unwrap().records;
            for record in records {
                assert!(page.contains_key(record));
            }
            let rows: Vec<_> = page
                .into_iter()
                .map(|(key, detail)| (key, detail.row))
                .collect();
            pages.push(rows);
        }
        assert!(pages.windows(2).all(|pair| pair[0] == pair[1]));
    }
}

fn envelope_of(delivery: &Delivery) -> Envelope {
    Envelope::from_bytes(&delivery.envelope.0).unwrap()
}

// --- streams: what is left out, in another order, twice, moved ---

fn drop_of_an_envelope_in_the_middle(mut world: World) {
    let records = ["Første", "Andre", "Tredje"].map(|text| world.sent(text));
    let phone = world.phone.device();
    world
        .liar
        .lie(0, &mut world.office, |lie: &mut Lie<'_>| {
            assert_eq!(lie.reply.deliveries.len(), 3);
            lie.reply.deliveries.remove(1);
            lie.renumber();
        })
        .unwrap();
    // What stands behind the gap is genuine, but waits: it is shown in its order or not at all.
    let shown = records
        .each_ref()
        .map(|record| has(&mut world.office, world.case, record));
    assert_eq!(shown, [true, false, false]);
    let alarms = world.office.alarms().unwrap();
    assert_eq!(alarms.len(), 1);
    assert_eq!(alarms[0].kind, AlarmKind::Dropped);
    assert_eq!(alarms[0].document, Some(world.case));
    assert_eq!(alarms[0].device, Some(phone));
    // The evidence is the phone's own signed word that there is one before.
    let evidence = Envelope::from_bytes(&alarms[0].evidence.now).unwrap();
    assert_eq!(evidence.header.device, phone);
    world.honest_again();
    world.agree(&records);
}

fn drop_with_a_hole_that_is_never_filled(mut world: World) {
    let records = ["Første", "Andre", "Tredje"].map(|text| world.sent(text));
    let case = world.case;
    let withhold = |lie: &mut Lie<'_>| {
        lie.reply.deliveries.retain(|delivery| {
            let header = envelope_of(delivery).header;
            header.document != case || header.sequence != 2
        });
    };
    let before = world.office.alarms().unwrap();
    assert_eq!(before, []);
    for _ in 0..4 {
        world.liar.lie(0, &mut world.office, withhold).unwrap();
        world.clock.pass(HOUR_MS / 2);
    }
    assert_eq!(kinds(&world.office), [AlarmKind::Withheld]);
    let shown = records
        .each_ref()
        .map(|record| has(&mut world.office, world.case, record));
    assert_eq!(shown, [true, false, false]);
    // Honest again within the same life: all comes, and the alarm goes.
    world.honest();
    world.agree(&records);
    assert_eq!(kinds(&world.office), []);
}

fn reorder_of_envelopes(mut world: World) {
    let records = ["Første", "Andre", "Tredje"].map(|text| world.sent(text));
    world
        .liar
        .lie(0, &mut world.office, |lie| {
            lie.reply.deliveries.swap(1, 2);
            lie.renumber();
        })
        .unwrap();
    // All of it is genuine and here, so it is shown; and that the order is not the phone's.
    assert!(kinds(&world.office).contains(&AlarmKind::Dropped));
    for record in &records {
        assert!(has(&mut world.office, world.case, record));
    }
    world.honest_again();
    world.agree(&records);
}

fn duplicate_of_an_envelope(mut world: World) {
    let records = ["Første", "Andre"].map(|text| world.sent(text));
    let refused = world.liar.lie(0, &mut world.office, |lie| {
        let twice = lie.reply.deliveries[0].clone();
        lie.reply.deliveries.insert(1, twice);
        lie.renumber();
    });
    assert_eq!(fault(refused), RelayFault::StreamForked);
    assert_eq!(kinds(&world.office), [AlarmKind::StreamForked]);
    assert!(!has(&mut world.office, world.case, &records[0]));
    // Nothing was taken, so the same life goes on.
    world.honest();
    world.agree(&records);
}

fn two_envelopes_under_one_number(mut world: World) {
    let records = ["Første", "Andre"].map(|text| world.sent(text));
    let refused = world.liar.lie(0, &mut world.office, |lie| {
        lie.reply.deliveries[1].number = lie.reply.deliveries[0].number;
    });
    assert_eq!(fault(refused), RelayFault::StreamForked);
    world.honest();
    world.agree(&records);
}

fn envelopes_that_no_receipt_covers(mut world: World) {
    let record = world.sent("Første");
    let refused = world
        .liar
        .lie(0, &mut world.office, |lie| lie.reply.receipt.heads.clear());
    assert_eq!(fault(refused), RelayFault::Malformed);
    assert_eq!(kinds(&world.office), [AlarmKind::Garbled]);
    assert!(!has(&mut world.office, world.case, &record));
    world.honest();
    world.agree(&[record]);
}

fn truncation_of_a_stream(mut world: World) {
    let old = world.liar.fork(0);
    let first = world.sent("Første");
    world.liar.sync(0, &mut world.office).unwrap();
    // The relay cuts the note off and puts a colleague's in its place, as if it had never been.
    let second = note_in(&mut world.colleague, world.case, "Andre");
    let request = world.colleague.sync_request().unwrap();
    world.liar.ask(old, &request).unwrap();
    world.colleague.sync_failed(&Error::Unreachable("lost"));
    let request = world.office.sync_request().unwrap();
    let short = world.liar.ask(old, &request).unwrap();
    let short = world.liar.tell(&world.office, &short, |lie| {
        lie.reply.position += 1_000;
    });
    let refused = world.liar.answer(&mut world.office, &request, &short);
    assert_eq!(fault(refused), RelayFault::StreamForked);
    let alarms = world.office.alarms().unwrap();
    assert_eq!(alarms[0].kind, AlarmKind::StreamForked);
    // Both receipts are kept: the relay's signature stands under each.
    assert!(!alarms[0].evidence.earlier.is_empty() && !alarms[0].evidence.now.is_empty());
    assert!(has(&mut world.office, world.case, &first));
    assert!(!has(&mut world.office, world.case, &second));
    world.honest();
    world.agree(&[first, second]);
}

fn rollback_within_one_life(mut world: World) {
    let old = world.liar.fork(0);
    let records = ["Første", "Andre"].map(|text| world.sent(text));
    world.honest();
    // An old copy of the database is put in the place of the newest, and says nothing of it.
    world.liar.overwrite(old, 0);
    world.liar.sync(0, &mut world.phone).unwrap();
    assert_eq!(kinds(&world.phone), [AlarmKind::RolledBack]);
    // The devices together are the backup: the phone brings its records again. To one who comes
    // later the relay has less than before too, or another past.
    let _ = world.liar.sync(0, &mut world.office);
    let next = note_in(&mut world.phone, world.case, "Tredje");
    world.liar.sync(0, &mut world.phone).unwrap();
    let _ = world.liar.sync(0, &mut world.office);
    let alarms = kinds(&world.office);
    assert!(
        alarms.contains(&AlarmKind::RolledBack) || alarms.contains(&AlarmKind::StreamForked),
        "{alarms:?}"
    );
    world.honest_again();
    let [first, second] = records;
    world.agree(&[first, second, next]);
}

fn an_old_life_that_comes_back(mut world: World) {
    let old = world.liar.fork(0);
    let record = world.sent("Første");
    world.honest_again();
    assert_eq!(kinds(&world.office), [AlarmKind::Restored]);
    world.liar.overwrite(old, 0);
    world.honest();
    assert_eq!(
        kinds(&world.office),
        [AlarmKind::Restored, AlarmKind::RolledBack]
    );
    world.agree(&[record]);
}

fn acknowledged_and_thrown_away(mut world: World) {
    let first = note_in(&mut world.phone, world.case, "Første");
    let request = world.phone.sync_request().unwrap();
    // The relay answers as to an empty request, and acknowledges what it never kept.
    let signed = Signed::from_bytes(&request.body).unwrap();
    let sent = folge_protocol::wire::SyncRequest::from_bytes(&signed.payload).unwrap();
    let bytes = sent.envelopes[0].0.clone();
    let header = Envelope::from_bytes(&bytes).unwrap().header;
    let another = world.colleague.sync_request().unwrap();
    let mut reply = SyncReply::from_bytes(&world.liar.ask(0, &another).unwrap()).unwrap();
    world.colleague.sync_failed(&Error::Unreachable("lost"));
    reply.receipt.answers = signed.nonce;
    let accepted_ms = world.clock.now_ms();
    reply.deliveries = vec![Delivery {
        number: 0,
        accepted_ms,
        envelope: Blob(bytes),
    }];
    let told = world.liar.tell(&world.phone, &reply.to_bytes(), |lie| {
        lie.renumber();
        lie.reply.acks = vec![Ack {
            document: header.document,
            device: header.device,
            sequence: header.sequence,
            number: lie.reply.deliveries[0].number,
            accepted_ms,
        }];
        lie.reply.deliveries.clear();
    });
    world
        .liar
        .answer(&mut world.phone, &request, &told)
        .unwrap();
    let state = world.phone.record_state(world.case, &first).unwrap();
    assert_eq!(state, RecordState::Stored, "so far the relay is believed");
    // The next one shows it: refused for want of the one that was acknowledged.
    let second = world.sent("Andre");
    assert!(kinds(&world.phone).contains(&AlarmKind::RolledBack));
    world.honest();
    world.agree(&[first, second]);
}

fn envelope_moved_to_another_stream(mut world: World) {
    let record = world.sent("Første");
    let (case, other) = (world.case, world.other);
    world
        .liar
        .lie(0, &mut world.office, |lie| {
            let mut moved = envelope_of(&lie.reply.deliveries[0]);
            moved.header.document = other;
            lie.reply.deliveries[0].envelope = Blob(moved.to_bytes());
            lie.reply.receipt.heads.clear();
            lie.renumber();
        })
        .unwrap();
    assert!(!has(&mut world.office, other, &record));
    assert!(!has(&mut world.office, case, &record));
    let aside = world.office.quarantined().unwrap();
    assert_eq!(aside[0].reason, QuarantineReason::BadSignature);
    assert_eq!(kinds(&world.office), [AlarmKind::ForgedEnvelope]);
    world.honest_again();
    world.agree(std::slice::from_ref(&record));
    assert!(!has(&mut world.office, other, &record));
}

fn forgery_in_the_place_of_an_envelope_that_comes_later(mut world: World) {
    let record = world.sent("Første");
    world
        .liar
        .lie(0, &mut world.office, |lie| {
            let mut forged = envelope_of(&lie.reply.deliveries[0]);
            forged.ciphertext[0] ^= 1;
            lie.reply.deliveries[0].envelope = Blob(forged.to_bytes());
            lie.renumber();
        })
        .unwrap();
    assert!(!has(&mut world.office, world.case, &record));
    assert_eq!(kinds(&world.office), [AlarmKind::ForgedEnvelope]);
    // It takes nobody's place: the genuine one is let in when it comes.
    world.honest_again();
    world.agree(&[record]);
}

fn forgery_in_the_name_of_the_very_device(mut world: World) {
    let first = world.sent("Første");
    let second = note_in(&mut world.colleague, world.case, "Andre");
    world.liar.sync(0, &mut world.colleague).unwrap();
    let phone = world.phone.device();
    let refused = world.liar.lie(0, &mut world.phone, |lie| {
        let mut forged = envelope_of(&lie.reply.deliveries[0]);
        forged.header.device = phone;
        forged.header.sequence = 2;
        forged.header.previous = folge_protocol::ids::Hash([1; 32]);
        lie.reply.deliveries[0].envelope = Blob(forged.to_bytes());
        lie.renumber();
    });
    assert_eq!(fault(refused), RelayFault::ForgedEnvelope);
    assert_eq!(kinds(&world.phone), [AlarmKind::ForgedEnvelope]);
    // Its own next envelope is not led astray.
    let third = world.sent("Tredje");
    world.honest();
    world.agree(&[first, second, third]);
}

fn forgeries_among_many_that_are_genuine(mut world: World) {
    let records: Vec<RecordRef> = (1..=40).map(|n| world.sent(&format!("Nr. {n}"))).collect();
    let forged = [16, 39];
    let mut handed = Vec::new();
    world
        .liar
        .lie(0, &mut world.office, |lie| {
            assert_eq!(lie.reply.deliveries.len(), 40);
            for place in forged {
                let mut envelope = envelope_of(&lie.reply.deliveries[place]);
                envelope.signature[7] ^= 1;
                handed.push(envelope.to_bytes());
                lie.reply.deliveries[place].envelope = Blob(envelope.to_bytes());
            }
            lie.renumber();
        })
        .unwrap();
    // Signatures are checked many at once; it is those two and no other that are set aside.
    let aside = world.office.quarantined().unwrap();
    let aside: Vec<_> = aside
        .into_iter()
        .map(|row| (row.reason, row.bytes))
        .collect();
    let handed = handed.into_iter();
    let expected: Vec<_> = handed
        .map(|bytes| (QuarantineReason::BadSignature, bytes))
        .collect();
    assert_eq!(aside, expected);
    let alarms = world.office.alarms().unwrap();
    let counted: Vec<_> = alarms
        .iter()
        .map(|alarm| (alarm.kind, alarm.count))
        .collect();
    assert!(
        counted.contains(&(AlarmKind::ForgedEnvelope, 2)),
        "{counted:?}"
    );
    // All before the first is shown; what is behind it waits for the one in whose place it stands.
    for (place, record) in records.iter().enumerate() {
        let shown = has(&mut world.office, world.case, record);
        assert_eq!(shown, place < forged[0], "{place}");
    }
    world.honest_again();
    world.agree(&records);
}

fn substituted_snapshot(mut world: World) {
    let record = world.sent("Første");
    world
        .liar
        .lie(0, &mut world.office, |lie| {
            let mut snapshot = envelope_of(&lie.reply.deliveries[0]);
            snapshot.header.kind = EnvelopeKind::Snapshot;
            lie.reply.deliveries[0].envelope = Blob(snapshot.to_bytes());
            lie.renumber();
        })
        .unwrap();
    assert!(!has(&mut world.office, world.case, &record));
    let aside = world.office.quarantined().unwrap();
    assert_eq!(aside[0].reason, QuarantineReason::BadSignature);
    world.honest_again();
    world.agree(&[record]);
}

// --- views: different devices are shown different pasts ---

/// Source: SUNDR, OSDI 2004. Once forked, two views can never be joined unnoticed.
fn split_view_is_exposed_by_seen_heads(mut world: World) {
    let second = world.liar.fork(0);
    let ours = note_in(&mut world.office, world.case, "Kontorets");
    world.liar.sync(0, &mut world.office).unwrap();
    let theirs = note_in(&mut world.phone, world.case, "Telefonens");
    world.liar.sync(second, &mut world.phone).unwrap();
    let later = note_in(&mut world.phone, world.case, "Telefonens neste");
    world.liar.sync(second, &mut world.phone).unwrap();
    assert_eq!(
        (kinds(&world.office), kinds(&world.phone)),
        (vec![], vec![])
    );
    // The relay hands the phone's words to the office as if all had been one stream.
    let request = world.colleague.sync_request().unwrap();
    let bytes = world.liar.ask(second, &request).unwrap();
    world.colleague.sync_failed(&Error::Unreachable("lost"));
    let deliveries = SyncReply::from_bytes(&bytes).unwrap().deliveries;
    assert_eq!(deliveries.len(), 2);
    world
        .liar
        .lie(0, &mut world.office, |lie| {
            lie.reply.deliveries = deliveries;
            lie.renumber();
        })
        .unwrap();
    let alarms = world.office.alarms().unwrap();
    assert_eq!(alarms.len(), 1);
    assert_eq!(alarms[0].kind, AlarmKind::SplitView);
    assert_eq!(alarms[0].device, Some(world.phone.device()));
    // The phone did write it.
    assert!(has(&mut world.office, world.case, &theirs));
    world.honest_again();
    world.agree(&[ours, theirs, later]);
}

fn split_view_is_exposed_by_read_marks(mut world: World) {
    let second = world.liar.fork(0);
    let ours = note_in(&mut world.colleague, world.case, "Kollegaens");
    world.liar.sync(0, &mut world.colleague).unwrap();
    world.liar.sync(0, &mut world.office).unwrap();
    let theirs = note_in(&mut world.phone, world.case, "Telefonens");
    world.liar.sync(second, &mut world.phone).unwrap();
    // The office has read its own view to the same number; the relay shows the phone that mark,
    // so that the phone's record seems read.
    let request = world.colleague.sync_request().unwrap();
    let marks = SyncReply::from_bytes(&world.liar.ask(0, &request).unwrap()).unwrap();
    world.colleague.sync_failed(&Error::Unreachable("lost"));
    let marks = marks.marks;
    assert!(!marks.is_empty());
    world
        .liar
        .lie(second, &mut world.phone, |lie| lie.reply.marks = marks)
        .unwrap();
    assert_eq!(kinds(&world.phone), [AlarmKind::SplitView]);
    let state = world.phone.record_state(world.case, &theirs).unwrap();
    assert_eq!(state, RecordState::Stored, "nobody has read it");
    world.honest_again();
    world.agree(&[ours, theirs]);
}

fn withheld_envelopes_are_exposed_by_read_marks(mut world: World) {
    let record = world.sent("Første");
    let phone = world.phone.device();
    world.liar.sync(0, &mut world.office).unwrap();
    // The colleague is given the office's mark, but not what it is about.
    for _ in 0..4 {
        world
            .liar
            .lie(0, &mut world.colleague, |lie| lie.hide(phone))
            .unwrap();
        world.clock.pass(HOUR_MS / 2);
    }
    assert_eq!(kinds(&world.colleague), [AlarmKind::Withheld]);
    world.honest();
    world.agree(&[record]);
    assert_eq!(kinds(&world.colleague), []);
}

fn withheld_tail(mut world: World) {
    let record = world.sent("Første");
    let phone = world.phone.device();
    let heard = world.office.last_heard().unwrap();
    let heard_before = heard[&phone];
    for _ in 0..80 {
        world
            .liar
            .lie(0, &mut world.office, |lie| lie.hide(phone))
            .unwrap();
        world.liar.sync(0, &mut world.phone).unwrap();
        world.clock.pass(HOUR_MS);
    }
    // The office cannot know, but sees since when it has heard nothing; the phone is told.
    assert_eq!(world.office.last_heard().unwrap()[&phone], heard_before);
    assert_eq!(kinds(&world.phone), [AlarmKind::Unread]);
    let state = world.phone.record_state(world.case, &record).unwrap();
    assert_eq!(state, RecordState::Stored);
    // What comes next shows the gap.
    let next = world.sent("Andre");
    world.honest();
    world.clock.pass(2 * HOUR_MS);
    world.honest();
    world.agree(&[record, next]);
    assert_eq!(kinds(&world.phone), []);
    assert!(world.office.last_heard().unwrap()[&phone] > heard_before);
}

// --- the membership log ---

/// Source: CONIKS, USENIX Security 2015: equivocation about who holds which key.
fn equivocation_of_the_membership_log(mut world: World) {
    let second = world.liar.fork(0);
    // On one face the office lets somebody in; on the other somebody else.
    let link = world
        .office
        .invite(Invitee::New(Role::Coordinator), 1_000_000)
        .unwrap();
    world.liar.sync(0, &mut world.office).unwrap();
    let mine = world.colleague.identity().person;
    world
        .colleague
        .invite(Invitee::Known(mine), 1_000_000)
        .unwrap();
    world.liar.sync(second, &mut world.colleague).unwrap();
    let theirs = note_in(&mut world.colleague, world.case, "Kollegaens");
    world.liar.sync(second, &mut world.colleague).unwrap();
    let request = world.phone.sync_request().unwrap();
    let other = SyncReply::from_bytes(&world.liar.ask(second, &request).unwrap()).unwrap();
    world.phone.sync_failed(&Error::Unreachable("lost"));
    // The phone follows the office's face, and is handed the colleague's note from the other.
    world.liar.sync(0, &mut world.phone).unwrap();
    world
        .liar
        .lie(0, &mut world.phone, |lie| {
            lie.reply.deliveries = other.deliveries;
            lie.renumber();
        })
        .unwrap();
    let alarms = world.phone.alarms().unwrap();
    assert_eq!(alarms[0].kind, AlarmKind::LogForked);
    assert_eq!(alarms[0].device, Some(world.colleague.device()));
    assert!(!alarms[0].evidence.earlier.is_empty());
    // The note is the colleague's own.
    assert!(has(&mut world.phone, world.case, &theirs));
    // Showing the other log outright is refused.
    let before = world.phone.overview().unwrap();
    let refused = world.liar.lie(0, &mut world.phone, |lie| {
        let entry = Entry::from_bytes(&other.entries[0].0);
        assert!(entry.is_ok());
        lie.reply.entries = other.entries;
    });
    assert!(matches!(
        fault(refused),
        RelayFault::LogForked | RelayFault::BadEntry(_)
    ));
    assert_eq!(world.phone.overview().unwrap(), before);
    assert!(before.persons.contains_key(&link.person));
}

fn withheld_membership_entries(mut world: World) {
    world
        .office
        .invite(Invitee::New(Role::Consultant), 1_000_000)
        .unwrap();
    world.liar.sync(0, &mut world.office).unwrap();
    let record = note_in(&mut world.office, world.case, "Kontorets");
    world.liar.sync(0, &mut world.office).unwrap();
    world
        .liar
        .lie(0, &mut world.phone, |lie| {
            lie.reply.log_len -= lie.reply.entries.len() as u64;
            lie.reply.entries.clear();
        })
        .unwrap();
    let alarms = world.phone.alarms().unwrap();
    assert_eq!(alarms[0].kind, AlarmKind::LogWithheld);
    assert_eq!(alarms[0].device, Some(world.office.device()));
    world.honest();
    world.agree(&[record]);
    let persons = world.phone.overview().unwrap().persons.len();
    assert_eq!(persons, world.office.overview().unwrap().persons.len());
}

fn forged_member_entry(mut world: World) {
    let before = world.phone.overview().unwrap();
    let (office, workspace) = (world.office.device(), world.phone.identity().workspace);
    let intruder = SecretKey::from_seed(&[66; 32]);
    let entry = |index, previous, author, key: &SecretKey| {
        let body = Body::PersonAdded {
            person: PersonId([66; 16]),
            role: Role::Administrator,
            key: [9; 32],
        };
        Entry::sign(workspace, index, previous, 0, author, body, key).to_bytes()
    };
    // The last entry, to follow it truly.
    let last = note_in(&mut world.office, world.case, "Kontorets");
    world
        .office
        .invite(Invitee::New(Role::Consultant), 1_000_000)
        .unwrap();
    world.liar.sync(0, &mut world.office).unwrap();
    let request = world.phone.sync_request().unwrap();
    let honest = world.liar.ask(0, &request).unwrap();
    let next = SyncReply::from_bytes(&honest).unwrap().entries;
    let head = Entry::from_bytes(&next.last().unwrap().0).unwrap();
    let previous = folge_protocol::crypto::tagged_hash(
        folge_protocol::crypto::Tag::EntryHash,
        &[&next.last().unwrap().0],
    );
    let forged = [
        entry(head.index + 1, previous, Author::Device(office), &intruder),
        entry(
            head.index + 1,
            previous,
            Author::Device(DeviceId(intruder.public().id())),
            &intruder,
        ),
        entry(head.index + 1, previous, Author::Root, &intruder),
    ];
    world.phone.sync_failed(&Error::Unreachable("lost"));
    for bytes in forged {
        let refused = world.liar.lie(0, &mut world.phone, |lie| {
            lie.reply.entries.push(Blob(bytes.clone()));
            lie.reply.log_len += 1;
        });
        assert!(matches!(fault(refused), RelayFault::BadEntry(_)));
        let alarms = world.phone.alarms().unwrap();
        assert_eq!(alarms[0].kind, AlarmKind::ForgedEntry);
    }
    let alarms = world.phone.alarms().unwrap();
    assert_eq!((alarms.len(), alarms[0].count), (1, 3));
    assert_eq!(world.phone.overview().unwrap().devices, before.devices);
    world.honest();
    world.agree(&[last]);
    assert_eq!(
        world.phone.overview().unwrap(),
        world.office.overview().unwrap()
    );
}

// --- grants ---

fn forged_grant(mut world: World) {
    let (office, workspace) = (world.office.device(), world.phone.identity().workspace);
    let person = world.phone.identity().person;
    let intruder = SecretKey::from_seed(&[66; 32]);
    let recipients = [
        Recipient::Group(world.phone.device().into(), 0),
        Recipient::Group(GroupId::from(person), 1),
    ];
    for recipient in recipients {
        let forged = Grant::sign(
            workspace,
            recipient,
            office,
            [9; 32],
            vec![1; 200],
            &intruder,
        );
        world
            .liar
            .lie(0, &mut world.phone, |lie| {
                lie.reply.grants.push(Blob(forged.to_bytes()));
            })
            .unwrap();
    }
    assert_eq!(kinds(&world.phone), [AlarmKind::ForgedGrant]);
    let record = world.sent("Første");
    world.honest();
    world.agree(&[record]);
}

fn stale_grant_replayed(mut world: World) {
    let first = world.sent("Første");
    // Everything that was ever granted to the phone comes again with a new life.
    let mut old = Vec::new();
    world.liar.begin_life(0);
    for _ in 0..3 {
        world
            .liar
            .lie(0, &mut world.phone, |lie| {
                old.extend(lie.reply.grants.clone())
            })
            .unwrap();
    }
    assert!(!old.is_empty());
    let alarms = world.phone.alarms().unwrap();
    for _ in 0..2 {
        world
            .liar
            .lie(0, &mut world.phone, |lie| {
                lie.reply.grants.extend(old.clone());
            })
            .unwrap();
    }
    // They say nothing new, and change nothing.
    assert_eq!(world.phone.alarms().unwrap(), alarms);
    let second = world.sent("Andre");
    world.honest();
    world.agree(&[first, second]);
}

// --- versions, suites, keys ---

fn downgrade_of_version_or_suite(mut world: World) {
    let record = world.sent("Første");
    world
        .office
        .invite(Invitee::New(Role::Consultant), 1_000_000)
        .unwrap();
    world.liar.sync(0, &mut world.office).unwrap();
    // Version and suite are the first two bytes of envelopes and entries.
    for place in 0..2 {
        for value in [0, 2, 255] {
            let refused = world.liar.lie(0, &mut world.colleague, |lie| {
                lie.reply.deliveries[0].envelope.0[place] = value;
                lie.renumber();
            });
            assert_eq!(fault(refused), RelayFault::Malformed);
            let refused = world.liar.lie(0, &mut world.colleague, |lie| {
                lie.reply.entries[0].0[place] = value;
            });
            assert_eq!(fault(refused), RelayFault::Malformed);
        }
    }
    assert_eq!(kinds(&world.colleague), [AlarmKind::Garbled]);
    assert!(!has(&mut world.colleague, world.case, &record));
    // The same in a request, which the relay refuses.
    let request = world.phone.sync_request().unwrap();
    for place in 0..2 {
        let mut changed = request.clone();
        changed.body[place] = 0;
        assert_eq!(world.liar.ask(0, &changed), Err(RelayError::Malformed));
    }
    world.honest();
    world.agree(&[record]);
}

fn keys_of_small_order(world: World) {
    // Source: RFC 7748 and 9180; Cremers, Jackson: "Prime, Order Please!", CSF 2019.
    let mut weak = [0; 32];
    weak[0] = 1;
    assert!(PublicKey::from_bytes(&weak).is_err());
    let order_8 = [
        0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4,
        0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49,
        0xb8, 0x00,
    ];
    let other_8 = [
        0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef,
        0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f,
        0x11, 0x57,
    ];
    let mut minus_one = [0xff; 32];
    (minus_one[0], minus_one[31]) = (0xec, 0x7f);
    let issuer = folge_core::keys::Issuer {
        workspace: world.office.identity().workspace,
        device: world.office.device(),
        key: &SecretKey::from_seed(&[1; 32]),
    };
    let recipient = Recipient::Group(world.phone.device().into(), 0);
    for point in [[0; 32], weak, order_8, other_8, minus_one] {
        assert!(!folge_protocol::crypto::valid_kem_key(&point));
        // What the log refuses to hold could not be sealed to.
        let public = folge_core::keys::KemPublic(point);
        let mut rng = world.clock.env(1);
        let nothing = folge_core::keys::Granted::Secrets(Vec::new());
        let sealed = folge_core::keys::seal_grant(&issuer, recipient, &public, &nothing, rng.rng());
        assert!(sealed.is_err(), "{point:x?}");
    }
}

// --- requests and replies ---

fn replayed_request(mut world: World) {
    let record = note_in(&mut world.phone, world.case, "Første");
    let request = world.phone.sync_request().unwrap();
    let reply = world.liar.ask(0, &request).unwrap();
    world
        .liar
        .answer(&mut world.phone, &request, &reply)
        .unwrap();
    assert_eq!(world.liar.ask(0, &request), Err(RelayError::Replayed));
    // A little of it changed: somebody else's time, nonce, body.
    for place in 34..request.body.len() {
        let mut changed = request.clone();
        changed.body[place] ^= 1;
        let answer = world.liar.ask(0, &changed).unwrap_err();
        assert_ne!(answer, RelayError::Replayed, "byte {place}");
    }
    // It is for this relay and this path alone.
    let signed = Signed::from_bytes(&request.body).unwrap();
    let phone = *world.phone.identity().device.sign().public().as_bytes();
    let phone = PublicKey::from_bytes(&phone).unwrap();
    let relay = world.liar.public();
    assert!(signed.verify(&relay, PATH_SYNC, &phone).is_ok());
    assert!(signed.verify(&relay, PATH_LIVE, &phone).is_err());
    assert!(signed.verify(&[7; 32], PATH_SYNC, &phone).is_err());
    // Later it is too old.
    world.clock.pass(6 * MINUTE_MS);
    assert!(matches!(
        world.liar.ask(0, &request),
        Err(RelayError::ClockSkew { .. })
    ));
    world.honest();
    world.agree(&[record]);
}

fn replayed_reply(mut world: World) {
    let request = world.phone.sync_request().unwrap();
    let old = world.liar.ask(0, &request).unwrap();
    let told = world.liar.answer(&mut world.phone, &request, &old);
    assert!(told.is_ok());
    let record = note_in(&mut world.phone, world.case, "Første");
    let request = world.phone.sync_request().unwrap();
    let refused = world.liar.answer(&mut world.phone, &request, &old);
    assert_eq!(fault(refused), RelayFault::NotAnAnswer);
    assert_eq!(kinds(&world.phone), [AlarmKind::Replayed]);
    // Nor is it a frame of the live push, nor a frame a reply.
    let refused = world.liar.push(&mut world.phone, &old);
    assert_eq!(fault(refused), RelayFault::NotAnAnswer);
    let request = world.phone.sync_request().unwrap();
    let frame = world.liar.as_frame(&world.phone, &old);
    let refused = world.liar.answer(&mut world.phone, &request, &frame);
    assert_eq!(fault(refused), RelayFault::NotAnAnswer);
    // One asked for by another device.
    let request = world.colleague.sync_request().unwrap();
    let others = world.liar.ask(0, &request).unwrap();
    let told = world.liar.answer(&mut world.colleague, &request, &others);
    assert!(told.is_ok());
    let request = world.phone.sync_request().unwrap();
    let refused = world.liar.answer(&mut world.phone, &request, &others);
    assert_eq!(fault(refused), RelayFault::NotAnAnswer);
    world.honest();
    world.agree(&[record]);
}

fn replayed_frames_of_an_old_life(mut world: World) {
    let mut listener = world.liar.listen(0, &mut world.phone);
    let record = note_in(&mut world.office, world.case, "Kontorets");
    world.liar.sync(0, &mut world.office).unwrap();
    let frames = world.liar.heard(&mut listener);
    assert!(!frames.is_empty());
    world.honest_again();
    let before = (kinds(&world.phone), world.phone.has_sync_work().unwrap());
    for frame in &frames {
        let report = world.liar.push(&mut world.phone, frame).unwrap();
        assert!(report.more, "a sync is to tell");
        assert_eq!(report.applied, 0);
    }
    let after = (kinds(&world.phone), world.phone.has_sync_work().unwrap());
    assert_eq!(before, after);
    world.agree(&[record]);
}

fn reply_changed_on_the_way(mut world: World) {
    let record = world.sent("Første");
    let mut request = world.office.sync_request().unwrap();
    let honest = world.liar.ask(0, &request).unwrap();
    let mut places: Vec<usize> = (0..64).collect();
    places.extend((64..honest.len()).step_by(37));
    for place in places {
        let mut changed = honest.clone();
        changed[place] ^= 1;
        let refused = world.liar.answer(&mut world.office, &request, &changed);
        let found = fault(refused);
        assert!(
            matches!(found, RelayFault::BadReceipt | RelayFault::Malformed),
            "byte {place}: {found}"
        );
        request = world.office.sync_request().unwrap();
    }
    assert_eq!(kinds(&world.office), [AlarmKind::ForgedReply]);
    // Another relay's word is none.
    let request = world.office.sync_request().unwrap();
    let mut foreign = SyncReply::from_bytes(&world.liar.ask(0, &request).unwrap()).unwrap();
    let workspace = world.office.identity().workspace;
    foreign.sign(workspace, &SecretKey::from_seed(&[66; 32]));
    let foreign = foreign.to_bytes();
    let refused = world.liar.answer(&mut world.office, &request, &foreign);
    assert_eq!(fault(refused), RelayFault::BadReceipt);
    world.honest();
    world.agree(&[record]);
}

// --- times ---

fn backdated_acceptance_time(mut world: World) {
    world.clock.pass(48 * HOUR_MS);
    world.honest();
    let record = world.sent("Første");
    let yesterday = world.clock.now_ms() - u64::try_from(24 * HOUR_MS).unwrap();
    world
        .liar
        .lie(0, &mut world.office, |lie| {
            lie.reply.deliveries[0].accepted_ms = yesterday;
            lie.renumber();
        })
        .unwrap();
    let alarms = world.office.alarms().unwrap();
    assert_eq!(alarms[0].kind, AlarmKind::ImpossibleTime);
    // The relay's time and the phone's contradict each other, and the history says so.
    let history = world.office.history(world.case).unwrap();
    let line = history.last().unwrap();
    assert!(
        matches!(line.time, TimeGrade::Contradicted { .. }),
        "{line:?}"
    );
    assert!(has(&mut world.office, world.case, &record));
    world.honest_again();
    world.agree(&[record]);
}

fn acceptance_time_from_the_future(mut world: World) {
    let record = world.sent("Første");
    let tomorrow = world.clock.now_ms() + u64::try_from(24 * HOUR_MS).unwrap();
    world
        .liar
        .lie(0, &mut world.office, |lie| {
            lie.reply.deliveries[0].accepted_ms = tomorrow;
            lie.renumber();
        })
        .unwrap();
    assert_eq!(kinds(&world.office), [AlarmKind::ImpossibleTime]);
    world.honest_again();
    world.agree(&[record]);
}

fn what_was_seen_in_another_life_bounds_no_time(mut world: World) {
    let first = world.sent("Første");
    world.honest();
    let second = world.sent("Andre");
    world.honest_again();
    for line in world.office.history(world.case).unwrap() {
        assert!(
            !matches!(line.time, TimeGrade::Contradicted { .. }),
            "{line:?}"
        );
    }
    // Looking is noted in the office's journal, which goes out too.
    world.honest();
    world.agree(&[first, second]);
}

// --- the list itself ---

fn an_alarm_is_kept_until_seen_and_counted_again(mut world: World) {
    let record = world.sent("Første");
    for expected in 1..=3 {
        let refused = world
            .liar
            .lie(0, &mut world.office, |lie| lie.reply.receipt.heads.clear());
        assert_eq!(fault(refused), RelayFault::Malformed);
        let alarms = world.office.alarms().unwrap();
        assert_eq!(alarms.len(), 1);
        assert_eq!((alarms[0].count, alarms[0].seen), (expected, false));
        world.office.dismiss_alarm(alarms[0].number).unwrap();
        assert!(world.office.alarms().unwrap()[0].seen);
        world.clock.pass(MINUTE_MS);
    }
    let alarm = &world.office.alarms().unwrap()[0];
    assert_eq!(alarm.last_ms - alarm.first_ms, 2 * MINUTE_MS);
    world.honest();
    world.agree(&[record]);
}

fn a_flood_of_forgeries_fills_the_quarantine_and_not_the_list_of_alarms(mut world: World) {
    use folge_core::limits::ALARMS_MAX;

    let record = world.sent("Første");
    let many = u16::try_from(ALARMS_MAX + 100).unwrap();
    world
        .liar
        .lie(0, &mut world.office, |lie| {
            let genuine = lie.reply.deliveries[0].clone();
            for n in 0..many {
                let mut forged = envelope_of(&genuine);
                forged.header.device.0[..2].copy_from_slice(&n.to_be_bytes());
                let envelope = Blob(forged.to_bytes());
                lie.reply.deliveries.push(Delivery {
                    envelope,
                    ..genuine.clone()
                });
            }
            lie.renumber();
        })
        .unwrap();
    let alarms = world.office.alarms().unwrap();
    assert!(alarms.len() <= ALARMS_MAX + 1, "{}", alarms.len());
    let count: u64 = alarms.iter().map(|alarm| alarm.count).sum();
    assert_eq!(count, u64::from(many));
    let aside = world.office.quarantined().unwrap();
    assert_eq!(aside.len(), usize::from(many));
    assert!(has(&mut world.office, world.case, &record));
    world.honest_again();
    world.agree(&[record]);
}

// --- over HTTP, before a relay that runs as a process of its own ---

#[test]
fn somebody_between_the_phone_and_the_relay() {
    use std::sync::{Arc, Mutex};

    use folge_core::native::HttpRelay;
    use folge_tests::device::Device;
    use folge_tests::proxy::TamperingProxy;
    use folge_tests::relay::RelayProcess;

    let dir = tempfile::tempdir().unwrap();
    let folder = |name: &str| {
        let path = dir.path().join(name);
        std::fs::create_dir(&path).unwrap();
        path
    };
    let relay = RelayProcess::start(&folder("relay"), "127.0.0.1:0").unwrap();
    let proxy = TamperingProxy::start(&relay.url).unwrap();
    let direct = HttpRelay::new(&relay.url);
    let mut office = Device::found(&folder("office"), direct.address().unwrap())
        .unwrap()
        .0;
    direct.sync(&mut office.client).unwrap();
    let link = office
        .client
        .invite(Invitee::New(Role::Consultant), 1_000_000)
        .unwrap();
    direct.sync(&mut office.client).unwrap();
    // The phone only ever meets the proxy.
    let carried = HttpRelay::new(&proxy.url);
    let mut phone = Device::join(&folder("phone"), &link).unwrap();
    carried.sync(&mut phone.client).unwrap();
    let new = NewParticipation {
        participation: Participation::new("p-1", "Fatima", "Dahl"),
        consultants: BTreeSet::from([link.person]),
    };
    let case = office.client.create_participations(&[new]).unwrap()[0];
    let record = note_in(&mut office.client, case, "Kontorets");
    direct.sync(&mut office.client).unwrap();

    // A bit is turned.
    proxy.tamper(|_, mut reply| {
        let place = reply.len() / 2;
        reply[place] ^= 1;
        reply
    });
    let refused = carried.sync(&mut phone.client).unwrap_err();
    assert!(matches!(refused, Error::RelayFault(_)), "{refused}");
    assert!(phone.client.participation(case).is_err());
    // A page of a café's login.
    proxy.tamper(|_, _| b"<html>Velkommen til kafeen</html>".to_vec());
    let refused = carried.sync(&mut phone.client).unwrap_err();
    assert!(matches!(refused, Error::RelayFault(RelayFault::Malformed)));
    // Every reply after the first is the first.
    let first: Arc<Mutex<Option<Vec<u8>>>> = Arc::default();
    let kept = Arc::clone(&first);
    proxy.tamper(move |_, reply| kept.lock().unwrap().get_or_insert(reply).clone());
    carried.sync(&mut phone.client).unwrap();
    let hidden = note_in(&mut office.client, case, "Kontorets neste");
    direct.sync(&mut office.client).unwrap();
    let refused = carried.sync(&mut phone.client).unwrap_err();
    assert!(matches!(
        refused,
        Error::RelayFault(RelayFault::NotAnAnswer)
    ));
    assert!(!has(&mut phone.client, case, &hidden));
    // The list survives the app's end.
    phone.reopen().unwrap();
    assert!(kinds(&phone.client).contains(&AlarmKind::Replayed));
    // An honest network again.
    proxy.tamper(|_, reply| reply);
    carried.sync(&mut phone.client).unwrap();
    assert!(has(&mut phone.client, case, &record));
    assert!(has(&mut phone.client, case, &hidden));
    let answer = note_in(&mut phone.client, case, "Telefonens");
    carried.sync(&mut phone.client).unwrap();
    direct.sync(&mut office.client).unwrap();
    assert!(has(&mut office.client, case, &answer));
    assert_eq!(kinds(&office.client), []);
}

// --- one ciphertext, two keys ---

/// Source: "invisible salamanders": Dodis, Grubbs, Ristenpart, Woodage, CRYPTO 2018; Len, Grubbs,
/// Ristenpart, USENIX Security 2021. XChaCha20-Poly1305 does not commit to its key: here is a
/// ciphertext that two keys open. So a member could show different colleagues different contents
/// under one envelope; the commitment in header and log forbids it.
fn key_commitment_against_invisible_salamanders(world: World) {
    use chacha20poly1305::aead::{Aead, Payload};
    use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
    use folge_core::envelope::{OpenError, open, seal};
    use folge_core::keys::derive;

    let signer = SecretKey::from_seed(&[1; 32]);
    let keys = [[21; 32], [22; 32]].map(Key32::new);
    let nonce = [5; 24];
    let header = folge_protocol::envelope::Header {
        workspace: world.office.identity().workspace,
        document: world.case,
        kind: EnvelopeKind::Change,
        device: DeviceId(signer.public().id()),
        sequence: 1,
        previous: folge_protocol::ids::Hash::ZERO,
        generation: 0,
        commitment: folge_protocol::ids::Hash::ZERO,
        seen_number: 0,
        seen_head: folge_protocol::ids::Hash::ZERO,
    };
    let content = folge_core::envelope::Content {
        sealed: world.clock.env(1).now(),
        clocks: Vec::new(),
        instance: None,
        log_len: 0,
        log_head: folge_protocol::ids::Hash::ZERO,
        batch: Vec::new(),
    };
    let sealed = seal(header, &content, &keys[0], nonce, &signer);
    let aad = sealed.header.to_bytes();
    let context = [&world.case.0[..], &0_u32.to_be_bytes()].concat();
    let content_keys = keys
        .each_ref()
        .map(|key| derive(key, "folge content key v1", &[&context]));
    let exposed = content_keys.each_ref().map(|key| *key.expose());
    let ciphertext = salamander::ciphertext(&exposed, &nonce, &aad);

    // Both keys open it, to different contents.
    let opened = content_keys.each_ref().map(|key| {
        XChaCha20Poly1305::new(key.expose().into())
            .decrypt(
                &nonce.into(),
                Payload {
                    msg: &ciphertext,
                    aad: &aad,
                },
            )
            .expect("the tag holds under both keys")
    });
    assert_ne!(opened[0], opened[1]);
    // In an envelope it opens under the key that its header commits to, and no other.
    let envelope = Envelope::sign(sealed.header, nonce, ciphertext, &signer);
    assert_eq!(open(&envelope, &keys[1]), Err(OpenError::WrongKey));
    assert!(matches!(
        open(&envelope, &keys[0]),
        Err(OpenError::Content(_))
    ));
}

/// Just enough of ChaCha20 and Poly1305 to solve for a ciphertext with one tag under two keys.
mod salamander {
    /// A number below 2^192, the least significant limb first.
    type Number = [u64; 3];
    /// 2^130 - 5.
    const P: Number = [0xffff_ffff_ffff_fffb, u64::MAX, 3];

    fn quarter(state: &mut [u32; 16], a: usize, b: usize, c: usize, d: usize) {
        for (first, second) in [(16, 12), (8, 7)] {
            state[a] = state[a].wrapping_add(state[b]);
            state[d] = (state[d] ^ state[a]).rotate_left(first);
            state[c] = state[c].wrapping_add(state[d]);
            state[b] = (state[b] ^ state[c]).rotate_left(second);
        }
    }

    fn rounds(state: &mut [u32; 16]) {
        for _ in 0..10 {
            quarter(state, 0, 4, 8, 12);
            quarter(state, 1, 5, 9, 13);
            quarter(state, 2, 6, 10, 14);
            quarter(state, 3, 7, 11, 15);
            quarter(state, 0, 5, 10, 15);
            quarter(state, 1, 6, 11, 12);
            quarter(state, 2, 7, 8, 13);
            quarter(state, 3, 4, 9, 14);
        }
    }

    fn state(key: &[u8; 32], last: [u8; 16]) -> [u32; 16] {
        let mut bytes = b"expand 32-byte k".to_vec();
        bytes.extend(key);
        bytes.extend(last);
        let mut state = [0; 16];
        for (word, bytes) in state.iter_mut().zip(bytes.chunks(4)) {
            *word = u32::from_le_bytes(bytes.try_into().unwrap());
        }
        state
    }

    /// The Poly1305 key of XChaCha20-Poly1305: (r, s).
    fn poly_key(key: &[u8; 32], nonce: &[u8; 24]) -> (Number, u128) {
        let mut inner = state(key, nonce[..16].try_into().unwrap());
        rounds(&mut inner);
        let mut subkey = [0; 32];
        let words = inner[..4].iter().chain(&inner[12..]);
        for (bytes, word) in subkey.chunks_mut(4).zip(words) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        let mut last = [0; 16];
        last[8..].copy_from_slice(&nonce[16..]);
        let begin = state(&subkey, last);
        let mut block = begin;
        rounds(&mut block);
        let mut bytes = Vec::new();
        for (word, begin) in block.iter().zip(begin) {
            bytes.extend(word.wrapping_add(begin).to_le_bytes());
        }
        let r = u128::from_le_bytes(bytes[..16].try_into().unwrap())
            & 0x0fff_fffc_0fff_fffc_0fff_fffc_0fff_ffff;
        let s = u128::from_le_bytes(bytes[16..32].try_into().unwrap());
        (number(r, 0), s)
    }

    fn number(low: u128, high: u64) -> Number {
        [low as u64, (low >> 64) as u64, high]
    }

    fn low(n: Number) -> u128 {
        u128::from(n[0]) | u128::from(n[1]) << 64
    }

    fn less(a: Number, b: Number) -> bool {
        a.iter().rev().lt(b.iter().rev())
    }

    fn raw_add(a: Number, b: Number) -> Number {
        let (mut sum, mut carry) = ([0; 3], 0);
        for n in 0..3 {
            let limb = u128::from(a[n]) + u128::from(b[n]) + carry;
            sum[n] = limb as u64;
            carry = limb >> 64;
        }
        sum
    }

    fn raw_sub(a: Number, b: Number) -> Number {
        let (mut rest, mut borrow) = ([0; 3], false);
        for n in 0..3 {
            let (limb, first) = a[n].overflowing_sub(b[n]);
            let (limb, second) = limb.overflowing_sub(u64::from(borrow));
            rest[n] = limb;
            borrow = first || second;
        }
        rest
    }

    fn add(a: Number, b: Number) -> Number {
        let sum = raw_add(a, b);
        if less(sum, P) { sum } else { raw_sub(sum, P) }
    }

    fn sub(a: Number, b: Number) -> Number {
        add(a, raw_sub(P, b))
    }

    fn bit(n: Number, place: usize) -> bool {
        n[place / 64] >> (place % 64) & 1 == 1
    }

    fn mul(a: Number, b: Number) -> Number {
        (0..131).rev().fold([0; 3], |product, place| {
            let product = add(product, product);
            if bit(b, place) {
                add(product, a)
            } else {
                product
            }
        })
    }

    fn inverse(a: Number) -> Number {
        // Fermat: a^(p-2).
        let exponent = raw_sub(P, [2, 0, 0]);
        (0..131).rev().fold([1, 0, 0], |power, place| {
            let power = mul(power, power);
            if bit(exponent, place) {
                mul(power, a)
            } else {
                power
            }
        })
    }

    fn blocks(aad: &[u8], ciphertext: &[u8]) -> Vec<Number> {
        let mut bytes = aad.to_vec();
        bytes.resize(bytes.len().next_multiple_of(16), 0);
        bytes.extend(ciphertext);
        assert_eq!(bytes.len() % 16, 0);
        bytes.extend((aad.len() as u64).to_le_bytes());
        bytes.extend((ciphertext.len() as u64).to_le_bytes());
        bytes
            .chunks(16)
            .map(|block| number(u128::from_le_bytes(block.try_into().unwrap()), 1))
            .collect()
    }

    /// The tag is this plus s, modulo 2^128.
    fn hash(r: Number, blocks: &[Number]) -> Number {
        blocks
            .iter()
            .fold([0; 3], |hash, block| mul(add(hash, *block), r))
    }

    /// A ciphertext with its tag, which both keys accept.
    pub(super) fn ciphertext(keys: &[[u8; 32]; 2], nonce: &[u8; 24], aad: &[u8]) -> Vec<u8> {
        let [(r, s), (other_r, other_s)] = keys.each_ref().map(|key| poly_key(key, nonce));
        for attempt in 0..200_u128 {
            // Two blocks: one to vary, one to solve for. The second stands before the block of
            // lengths, so the hash is `x * r^2` and the rest.
            let mut bytes = attempt.to_le_bytes().to_vec();
            bytes.extend([0; 16]);
            let mut all = blocks(aad, &bytes);
            let place = all.len() - 2;
            all[place] = [0; 3];
            let rest = sub(hash(r, &all), hash(other_r, &all));
            let slope = sub(mul(r, r), mul(other_r, other_r));
            for wraps in 0..4 {
                // hash - other hash = other s - s + wraps * 2^128
                let wanted = add(number(other_s.wrapping_sub(s), 0), [0, 0, wraps]);
                let x = mul(sub(wanted, rest), inverse(slope));
                if x[2] != 1 {
                    continue;
                }
                all[place] = x;
                let tag = low(hash(r, &all)).wrapping_add(s);
                if tag == low(hash(other_r, &all)).wrapping_add(other_s) {
                    bytes.truncate(16);
                    bytes.extend(low(x).to_le_bytes());
                    bytes.extend(tag.to_le_bytes());
                    return bytes;
                }
            }
        }
        panic!("no ciphertext was found")
    }
}
