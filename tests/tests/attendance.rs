//! How a participant confirms a visit beside the consultant: codes from phone to phone with both
//! offline, a PIN, a drawn signature; what the office makes of each, and of each that is forged.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use folge_core::Error;
use folge_core::attendance::{
    CodeKind, PIN_COST, SignedOffer, challenge, pin_secret, read_code, sign_answer, write_code,
};
use folge_core::client::{Client, Invitee, NewParticipation};
use folge_core::contract::evidence::{Evidence, ExceptionKind, Weakness};
use folge_core::document::{Record, RecordRef};
use folge_core::domain::proof::{drawing_hash, pin_hash};
use folge_core::domain::{
    Confirmation, ConfirmationGrade, Drawing, DrawingProof, Instant, Language, LocalDate,
    MeetingForm, Outcome, Participation, PinKey, PinProof, Proof, RecordId, SignedAnswer,
    StaffMember, Verdict, Visit, VisitAnswer, VisitDigest,
};
use folge_core::env::{Clock, Env};
use folge_core::keys::{InvitationLink, Key32};
use folge_core::messages::Saying;
use folge_core::store::{Store, Unlock};
use folge_core::sync::RelayAddress;
use folge_protocol::codec::{Decode, Encode};
use folge_protocol::ids::{DocumentId, InstanceId};
use folge_protocol::membership::Role;
use folge_protocol::wire::PATH_FOUND;
use folge_relay::limits::Limits;
use folge_relay::relay::{FoundingPolicy, Relay, Settings};
use folge_relay::storage::{Seeds, SqliteStorage};
use folge_tests::visits::an_hour;
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng as _;

/// Noon in Oslo, 10 March 2026.
const START_MS: i64 = 1_773_140_400_000;
const HOUR: i64 = 3_600_000;
const PIN: &str = "830247";

#[derive(Default)]
struct Hands(AtomicI64);

impl Clock for Hands {
    fn wall_ms(&self) -> i64 {
        START_MS + self.0.load(Ordering::SeqCst)
    }
    fn monotonic_ms(&self) -> u64 {
        u64::try_from(self.0.load(Ordering::SeqCst)).unwrap()
    }
    fn boot(&self) -> u32 {
        1
    }
}

struct World {
    clock: Arc<Hands>,
    relay: Relay<SqliteStorage>,
    dir: tempfile::TempDir,
    devices: u64,
    office: Client,
    phone: Client,
    /// The participants of the two casefiles.
    own: Client,
    other: Client,
    cases: [DocumentId; 2],
}

fn env(clock: &Arc<Hands>, seed: u64) -> Env {
    let clock = Arc::clone(clock) as Arc<dyn Clock>;
    Env::new(clock, Box::new(ChaCha8Rng::seed_from_u64(seed)))
}

fn unlock() -> Unlock {
    Unlock::Secret(Key32::new([1; 32]))
}

fn sync(relay: &mut Relay<SqliteStorage>, clock: &Hands, client: &mut Client) {
    let now = u64::try_from(clock.wall_ms()).unwrap();
    for _ in 0..40 {
        let request = client.sync_request().unwrap();
        let answer = if request.path == PATH_FOUND {
            relay.found(&request.body, now)
        } else {
            relay.sync(&request.body, now)
        };
        if !client.sync_reply(&answer.unwrap()).unwrap().more {
            return;
        }
    }
    panic!("the sync does not come to an end");
}

fn path(dir: &tempfile::TempDir, seed: u64) -> PathBuf {
    dir.path().join(format!("device-{seed}"))
}

impl World {
    fn new(name: &str) -> Self {
        let clock = Arc::new(Hands::default());
        let seeds = Seeds {
            signing: [9; 32],
            instance: InstanceId([8; 16]),
        };
        let settings = Settings {
            limits: Limits::default(),
            founding: FoundingPolicy::Open,
        };
        let storage = SqliteStorage::open_memory(name).unwrap();
        let mut relay = Relay::open(storage, seeds, settings).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let address = RelayAddress {
            url: "http://in-process".to_owned(),
            key: *relay.identity().public(),
        };
        let store = |seed| Store::create(&path(&dir, seed), &unlock(), &mut env(&clock, seed));
        let join = |seed, link: &InvitationLink| {
            Client::join(store(seed).unwrap(), env(&clock, 100 + seed), link).unwrap()
        };
        let (mut office, _) =
            Client::found(store(1).unwrap(), env(&clock, 101), address, "").unwrap();
        sync(&mut relay, &clock, &mut office);
        let link = office.invite(Invitee::New(Role::Consultant), 100_000_000);
        let link = link.unwrap();
        let staff = StaffMember {
            key: "consultant-00".into(),
            name: "Kari Li".into(),
            person: Some(link.person),
            position_percent: 100,
        };
        office
            .put_register(None, vec![], vec![], vec![staff])
            .unwrap();
        let new = ["p-0", "p-1"].map(|reference| {
            let mut participation = Participation::new(reference, "Fatima", "Dahl");
            participation.born = LocalDate::new(1999, 3, 28);
            NewParticipation {
                participation,
                consultants: BTreeSet::from([link.person]),
            }
        });
        let cases = office.create_participations(&new).unwrap();
        let cases: [DocumentId; 2] = cases.try_into().unwrap();
        sync(&mut relay, &clock, &mut office);
        let mut phone = join(2, &link);
        sync(&mut relay, &clock, &mut phone);
        sync(&mut relay, &clock, &mut office);
        sync(&mut relay, &clock, &mut phone);
        let links = cases.map(|case| phone.invite_participant(case, 100_000_000).unwrap());
        sync(&mut relay, &clock, &mut phone);
        let (mut own, mut other) = (join(3, &links[0]), join(4, &links[1]));
        for _ in 0..2 {
            for client in [&mut own, &mut other, &mut phone, &mut office] {
                sync(&mut relay, &clock, client);
            }
        }
        Self {
            clock,
            relay,
            dir,
            devices: 4,
            office,
            phone,
            own,
            other,
            cases,
        }
    }

    fn pass(&self, ms: i64) {
        self.clock.0.fetch_add(ms, Ordering::SeqCst);
    }

    fn now(&self) -> Instant {
        Instant(self.clock.wall_ms())
    }

    /// The consultant's phone and the office meet the relay; the participants' phones do not.
    fn sync_staff(&mut self) {
        for _ in 0..2 {
            sync(&mut self.relay, &self.clock, &mut self.phone);
            sync(&mut self.relay, &self.clock, &mut self.office);
        }
    }

    fn sync_own(&mut self) {
        sync(&mut self.relay, &self.clock, &mut self.own);
    }

    /// A visit that ended now, recorded on the consultant's phone.
    fn visit(&mut self) -> Visit {
        let end = self.now();
        let visit = an_hour(self.phone.new_record_id(), end, "consultant-00".into());
        let record = Record::Visit(visit.clone());
        self.phone.record(self.cases[0], record).unwrap();
        visit
    }

    fn exchange(&mut self, visit: RecordId, verdict: Verdict) -> String {
        let code = self.phone.offer_visit(self.cases[0], visit).unwrap();
        let offer = self.own.read_offer(&code).unwrap();
        self.own.answer_offer(&offer, verdict).unwrap()
    }

    fn evidence(&mut self, visit: RecordId) -> Evidence {
        let evidence = self.office.evidence(self.cases[0]).unwrap();
        evidence[&visit].clone()
    }

    fn exceptions(&mut self) -> Vec<ExceptionKind> {
        let today = self.now().date();
        let found = self
            .office
            .exceptions(today.plus_days(-40), today.plus_days(2));
        found.unwrap().into_iter().map(|one| one.kind).collect()
    }
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, Error>, code: &str) {
    let error = result.unwrap_err();
    assert_eq!(error.code(), code, "{error}");
    let (nb, en) = (Language::Norwegian, Language::English);
    assert_ne!(error.user_text(nb), error.user_text(en));
    assert!(error.user_text(nb).ends_with('.'));
}

fn answer_of(code: &str) -> SignedAnswer {
    let bytes = read_code(CodeKind::Answer, code).unwrap();
    SignedAnswer::from_bytes(&bytes).unwrap()
}

fn code_of(answer: &SignedAnswer) -> String {
    write_code(CodeKind::Answer, &answer.to_bytes())
}

#[test]
fn two_phones_without_a_network_confirm_a_visit() {
    let mut world = World::new("two-phones");
    let (case, visit) = (world.cases[0], world.visit());
    let code = world.phone.offer_visit(case, visit.id).unwrap();
    let offer = world.own.read_offer(&code.to_lowercase()).unwrap();
    assert_eq!(offer.card.digest, VisitDigest::of(&visit));
    assert_eq!((offer.card.start, offer.card.end), (visit.start, visit.end));
    assert_eq!(offer.card.consultant, "Kari Li");
    assert_eq!(format!("{offer:?}"), "Offer(..)");
    world.pass(60_000);
    let answer = world.own.answer_offer(&offer, Verdict::Yes).unwrap();
    let taken = world.phone.take_answer(case, &answer).unwrap();
    assert_eq!(
        (taken.visit, taken.verdict.clone()),
        (visit.id, Verdict::Yes)
    );
    let of_phone = world.phone.evidence(case).unwrap();
    assert_eq!(of_phone[&visit.id].grade, ConfirmationGrade::OwnDevice);
    assert!(of_phone[&visit.id].carries_a_claim());

    // The office hears of it from the consultant's phone, and checks the signature itself.
    world.sync_staff();
    let evidence = world.evidence(visit.id);
    assert_eq!(evidence.grade, ConfirmationGrade::OwnDevice);
    assert!(evidence.carries_a_claim() && evidence.weakness.is_none());
    assert_eq!(world.exceptions(), []);
    // Read once more, nothing is written.
    let again = world.phone.take_answer(case, &answer).unwrap();
    assert_eq!(again, taken);
    assert!(!world.phone.has_sync_work().unwrap());

    // What the participant's phone delivers later is the same answer.
    world.sync_own();
    world.sync_staff();
    let thread = world.own.own_threads().unwrap()[0];
    let confirmed = |client: &Client| {
        let lines = client.thread(thread).unwrap();
        let said = |saying: &Saying| matches!(saying, Saying::Confirmed { .. });
        lines.iter().filter(|line| said(&line.saying)).count()
    };
    assert_eq!((confirmed(&world.own), confirmed(&world.office)), (1, 1));
    assert_eq!(world.evidence(visit.id), evidence);
    // Shown anew, no second card is written into the thread.
    let before = world.phone.thread(thread).unwrap().len();
    world.phone.offer_visit(case, visit.id).unwrap();
    assert_eq!(world.phone.thread(thread).unwrap().len(), before);
}

#[test]
fn an_answer_that_nobody_read_comes_through_the_thread_before_the_card_or_after() {
    for own_first in [true, false] {
        let mut world = World::new(&format!("nobody-read-{own_first}"));
        let visit = world.visit();
        world.exchange(visit.id, Verdict::Yes);
        if own_first {
            world.sync_own();
            world.sync_staff();
        } else {
            world.sync_staff();
            world.sync_own();
            world.sync_staff();
        }
        let evidence = world.evidence(visit.id);
        assert_eq!(evidence.grade, ConfirmationGrade::OwnDevice);
        assert!(evidence.carries_a_claim(), "{own_first}: {evidence:?}");
    }
}

#[test]
fn what_a_code_showed_must_be_what_is_recorded() {
    // A consultant's own program shows an hour with the digest of two.
    let mut world = World::new("shown-otherwise");
    let case = world.cases[0];
    let mut visit = world.visit();
    visit.start = Instant(visit.end.0 - 2 * HOUR);
    let record = Record::Visit(visit.clone());
    world.phone.amend(case, record, None).unwrap();
    let code = world.phone.offer_visit(case, visit.id).unwrap();
    let bytes = read_code(CodeKind::Offer, &code).unwrap();
    let mut offer = SignedOffer::from_bytes(&bytes).unwrap().offer;
    offer.card.start = Instant(visit.end.0 - HOUR);
    let signed = offer.sign(world.phone.identity().device.sign());
    let code = write_code(CodeKind::Offer, &signed.to_bytes());
    let offer = world.own.read_offer(&code).unwrap();
    let answer = world.own.answer_offer(&offer, Verdict::Yes).unwrap();
    world.phone.take_answer(case, &answer).unwrap();
    world.sync_staff();
    let seen = world.evidence(visit.id).weakness;
    assert_eq!(seen, Some(Weakness::ShownOtherwise));
    world.sync_own();
    world.sync_staff();
    let seen = world.evidence(visit.id).weakness;
    assert_eq!(seen, Some(Weakness::ShownOtherwise));
}

#[test]
fn a_no_by_code_disputes_until_the_participant_says_otherwise() {
    let mut world = World::new("no-disputes");
    let case = world.cases[0];
    let (no, wrong) = (world.visit(), world.visit());
    for (visit, verdict) in [
        (no.id, Verdict::No),
        (
            wrong.id,
            Verdict::Wrong("Det var en halv time. ".repeat(20)),
        ),
    ] {
        let answer = world.exchange(visit, verdict);
        world.phone.take_answer(case, &answer).unwrap();
    }
    world.sync_staff();
    let evidence = world.evidence(no.id);
    assert!(evidence.disputed && !evidence.carries_a_claim());
    assert_eq!(evidence.weakness, Some(Weakness::Disputed));
    let reason = world.evidence(wrong.id).reason.unwrap();
    assert!(reason.starts_with("Det var en halv time.") && reason.ends_with('…'));
    // Neither does voiding the record of it: it is the participant's word.
    let page = world.phone.participation(case).unwrap();
    let of_no = |record: &Record| matches!(record, Record::Confirmation(c) if c.visit == no.id);
    let mut rows = page.records.iter();
    let (record, _) = rows.find(|(_, row)| of_no(&row.row.record)).unwrap();
    let reason = "Feil".to_owned();
    world.phone.void(case, record.clone(), reason).unwrap();
    world.sync_staff();
    assert!(world.evidence(no.id).disputed);
    // A PIN typed afterwards does not undo it, and the thread brings the words whole.
    world.phone.set_pin(case, PIN).unwrap();
    world.phone.confirm_by_pin(case, no.id, PIN).unwrap();
    world.sync_own();
    world.sync_staff();
    assert!(world.evidence(no.id).disputed);
    let reason = world.evidence(wrong.id).reason.unwrap();
    assert_eq!(reason, "Det var en halv time. ".repeat(20));
    world.pass(60_000);
    let answer = world.exchange(no.id, Verdict::Yes);
    world.phone.take_answer(case, &answer).unwrap();
    world.sync_staff();
    assert!(world.evidence(no.id).carries_a_claim());
    let empty = world.phone.offer_visit(case, no.id).unwrap();
    let empty = world.own.read_offer(&empty).unwrap();
    refused(
        world.own.answer_offer(&empty, Verdict::Wrong("  ".into())),
        "missing",
    );
}

#[test]
fn only_the_participants_own_phone_reads_a_genuine_code() {
    let mut world = World::new("genuine-offers");
    let (case, visit) = (world.cases[0], world.visit());
    let code = world.phone.offer_visit(case, visit.id).unwrap();
    for mistyped in [&code[..code.len() - 1], &code.replace('7', "8"), ""] {
        refused(world.own.read_offer(mistyped), "bad_code");
    }
    refused(world.other.read_offer(&code), "code_not_for_this");
    refused(world.phone.read_offer(&code), "not_allowed");
    refused(world.own.offer_visit(case, visit.id), "not_allowed");
    let bytes = read_code(CodeKind::Offer, &code).unwrap();
    let genuine = SignedOffer::from_bytes(&bytes).unwrap();
    let write = |signed: &SignedOffer| write_code(CodeKind::Offer, &signed.to_bytes());
    // Changed on the way: the signature is not over it.
    let mut changed = genuine.clone();
    changed.offer.card.start.0 -= HOUR;
    refused(world.own.read_offer(&write(&changed)), "bad_code");
    // Signed by a participant, or in the consultant's name by another key.
    let others = world.other.identity().device.sign();
    let mut forged = genuine.offer.clone().sign(others);
    refused(world.own.read_offer(&write(&forged)), "bad_code");
    forged.offer.device = world.other.device();
    let forged = forged.offer.sign(others);
    refused(world.own.read_offer(&write(&forged)), "code_not_for_this");
    // A day holds, either way; no longer.
    world.pass(24 * HOUR);
    let offer = world.own.read_offer(&code).unwrap();
    world.pass(1);
    refused(world.own.read_offer(&code), "code_too_old");
    refused(world.own.answer_offer(&offer, Verdict::Yes), "code_too_old");
    let thread = world.own.own_threads().unwrap()[0];
    assert_eq!(world.own.thread(thread).unwrap(), [], "nothing was said");
}

#[test]
fn only_the_answer_to_the_own_code_of_the_own_participant_is_taken() {
    let mut world = World::new("genuine-answers");
    let (case, visit, second) = (world.cases[0], world.visit(), world.visit());
    let code = world.exchange(visit.id, Verdict::Yes);
    let genuine = answer_of(&code);
    let own = genuine.clone().answer;
    let taken =
        |world: &mut World, answer: &SignedAnswer| world.phone.take_answer(case, &code_of(answer));
    refused(world.phone.take_answer(case, &code[..90]), "bad_code");
    refused(world.own.take_answer(case, &code), "unknown_document");
    // In another casefile, on another phone, by another participant.
    let other_case = world.cases[1];
    refused(
        world.phone.take_answer(other_case, &code),
        "code_not_for_this",
    );
    world.sync_staff();
    refused(world.office.take_answer(case, &code), "code_not_for_this");
    let of_other = {
        let mut answer = own.clone();
        answer.device = world.other.device();
        sign_answer(answer, world.other.identity().device.sign())
    };
    refused(taken(&mut world, &of_other), "code_not_for_this");
    // By the consultant's own phone, which can make the challenge.
    let by_phone = {
        let identity = world.phone.identity();
        let mut answer = own.clone();
        answer.device = identity.device.id();
        sign_answer(answer, identity.device.sign())
    };
    refused(taken(&mut world, &by_phone), "code_not_for_this");
    let in_its_name = sign_answer(own.clone(), world.phone.identity().device.sign());
    refused(taken(&mut world, &in_its_name), "bad_code");
    // Each part of it is bound: to the challenge, or by the signature.
    let signer = |world: &World, answer: VisitAnswer| {
        sign_answer(answer, world.own.identity().device.sign())
    };
    for change in [
        (|a: &mut VisitAnswer| a.digest = VisitDigest([1; 32])) as fn(&mut VisitAnswer),
        |a| a.challenge[0] ^= 1,
        |a| a.offered_at.0 += 1,
        |a| a.thread = DocumentId([1; 16]),
        |a| a.workspace.0[0] ^= 1,
    ] {
        let mut changed = own.clone();
        change(&mut changed);
        let signed = signer(&world, changed);
        refused(taken(&mut world, &signed), "code_not_for_this");
    }
    let mut for_second = own.clone();
    for_second.visit = second.id;
    let signed = signer(&world, for_second);
    refused(taken(&mut world, &signed), "code_not_for_this");
    let mut turned = genuine.clone();
    turned.answer.verdict = Verdict::No;
    refused(taken(&mut world, &turned), "bad_code");
    // Nothing of all that was recorded.
    world.sync_staff();
    let before = world.evidence(visit.id);
    assert_eq!(before.weakness, Some(Weakness::Unconfirmed));
    world.pass(24 * HOUR + 1);
    refused(world.phone.take_answer(case, &code), "code_too_old");
    // A phone that was put out.
    let code = world.exchange(visit.id, Verdict::Yes);
    let device = world.own.device();
    world.phone.take_answer(case, &code).unwrap();
    world.pass(1000);
    let late = world.exchange(second.id, Verdict::Yes);
    world.office.revoke_device(device).unwrap();
    world.sync_staff();
    refused(world.phone.take_answer(case, &late), "code_not_for_this");
    // What it signed while it was in stands.
    assert!(world.evidence(visit.id).carries_a_claim());
}

#[test]
fn facts_that_change_after_they_were_shown_are_seen() {
    let mut world = World::new("changed-since");
    let (case, mut visit) = (world.cases[0], world.visit());
    let code = world.exchange(visit.id, Verdict::Yes);
    visit.end = Instant(visit.end.0 + HOUR / 2);
    let record = Record::Visit(visit.clone());
    world
        .phone
        .amend(case, record, Some("Lengre".into()))
        .unwrap();
    world.phone.take_answer(case, &code).unwrap();
    world.sync_staff();
    let evidence = world.evidence(visit.id);
    assert_eq!(evidence.weakness, Some(Weakness::FactsChanged));
    assert!(!evidence.carries_a_claim());
    // The same of a PIN and of what was drawn.
    world.phone.set_pin(case, PIN).unwrap();
    world.phone.confirm_by_pin(case, visit.id, PIN).unwrap();
    world
        .phone
        .confirm_by_drawing(case, visit.id, name())
        .unwrap();
    world.sync_staff();
    assert!(world.evidence(visit.id).carries_a_claim());
    visit.form = MeetingForm::Video;
    let record = Record::Visit(visit.clone());
    world
        .phone
        .amend(case, record, Some("Video".into()))
        .unwrap();
    world.sync_staff();
    let evidence = world.evidence(visit.id);
    assert_eq!(evidence.weakness, Some(Weakness::FactsChanged));
}

fn name() -> Drawing {
    Drawing::new(vec![vec![(100, 500), (300, 200), (500, 700), (900, 400)]]).unwrap()
}

#[test]
fn a_visit_that_was_not_held_is_confirmed_no_way() {
    let mut world = World::new("not-held");
    let (case, held) = (world.cases[0], world.visit());
    world.phone.set_pin(case, PIN).unwrap();
    let code = world.exchange(held.id, Verdict::Yes);
    let mut all = |visit: RecordId, code: &str| {
        let phone = &mut world.phone;
        refused(phone.show_visit(case, visit), code);
        refused(phone.offer_visit(case, visit), code);
        refused(phone.confirm_by_pin(case, visit, PIN), code);
        refused(phone.confirm_by_drawing(case, visit, name()), code);
        refused(phone.confirm_later(case, visit, "På papir".into()), code);
        refused(phone.cannot_confirm(case, visit, "Syk".into()), code);
    };
    all(RecordId([9; 16]), "unknown_record");
    for outcome in [Outcome::Planned, Outcome::Moved] {
        let mut visit = world.visit();
        visit.outcome = outcome;
        let record = Record::Visit(visit.clone());
        world.phone.amend(case, record, None).unwrap();
        let mut all = |code: &str| {
            let phone = &mut world.phone;
            refused(phone.show_visit(case, visit.id), code);
            refused(phone.offer_visit(case, visit.id), code);
            refused(phone.confirm_by_pin(case, visit.id, PIN), code);
            refused(phone.confirm_by_drawing(case, visit.id, name()), code);
            refused(phone.cannot_confirm(case, visit.id, "Syk".into()), code);
        };
        all("forbidden");
    }
    let record = RecordRef::Visit(held.id);
    world
        .phone
        .void(case, record, "Feil deltaker".into())
        .unwrap();
    refused(world.phone.offer_visit(case, held.id), "unknown_record");
    refused(
        world.phone.confirm_by_pin(case, held.id, PIN),
        "unknown_record",
    );
    refused(world.phone.take_answer(case, &code), "unknown_record");
}

#[test]
fn a_pin_confirms_and_the_office_checks_it() {
    let mut world = World::new("pin");
    let (case, visit) = (world.cases[0], world.visit());
    assert!(!world.phone.has_pin(case).unwrap());
    refused(world.phone.confirm_by_pin(case, visit.id, PIN), "no_pin");
    for weak in ["12345", "111111", "123456", "280399", "83024x"] {
        refused(world.phone.set_pin(case, weak), "weak_pin");
    }
    refused(world.own.set_pin(case, PIN), "unknown_document");
    world.phone.set_pin(case, PIN).unwrap();
    assert!(world.phone.has_pin(case).unwrap());
    refused(
        world.phone.confirm_by_pin(case, visit.id, "830248"),
        "wrong_pin",
    );
    world.phone.confirm_by_pin(case, visit.id, PIN).unwrap();
    world.sync_staff();
    let evidence = world.evidence(visit.id);
    assert_eq!(evidence.grade, ConfirmationGrade::Pin);
    assert!(evidence.carries_a_claim());
    assert_eq!(
        world.exceptions(),
        [],
        "the first PIN, at the first meeting"
    );

    // Another PIN: what the first one confirmed stays, and the first confirms nothing more.
    world.pass(72 * HOUR);
    world.phone.set_pin(case, "5092841").unwrap();
    let later = world.visit();
    refused(world.phone.confirm_by_pin(case, later.id, PIN), "wrong_pin");
    world.sync_staff();
    assert!(world.evidence(visit.id).carries_a_claim());
    world.pass(25 * HOUR);
    let later = world.visit();
    world
        .phone
        .confirm_by_pin(case, later.id, "5092841")
        .unwrap();
    world.sync_staff();
    assert!(world.evidence(later.id).carries_a_claim());
    assert_eq!(world.exceptions(), []);
    // No file and no casefile has a PIN in it.
    let archive = world.office.archive(case).unwrap();
    for file in archive {
        let text = String::from_utf8(file.bytes).unwrap();
        assert!(!text.contains(PIN) && !text.contains("5092841"));
    }
}

#[test]
fn wrong_pins_wait_and_a_restart_does_not_help() {
    let mut world = World::new("pin-waits");
    let (case, visit) = (world.cases[0], world.visit());
    world.phone.set_pin(case, PIN).unwrap();
    for _ in 0..5 {
        refused(
            world.phone.confirm_by_pin(case, visit.id, "830248"),
            "wrong_pin",
        );
    }
    let reopened = |world: &mut World| {
        world.devices += 1;
        let env_of = |seed| env(&world.clock, seed);
        let path = path(&world.dir, 2);
        let store = Store::open(&path, &unlock(), &mut env_of(world.devices)).unwrap();
        world.phone = Client::open(store, env_of(200 + world.devices)).unwrap();
    };
    let wait = |world: &mut World| {
        let error = world.phone.confirm_by_pin(case, visit.id, PIN).unwrap_err();
        assert!(error.user_text(Language::Norwegian).contains("PIN-koder"));
        match error {
            Error::TooManyPins { wait_ms } => wait_ms,
            other => panic!("{other}"),
        }
    };
    assert_eq!(wait(&mut world), 30_000);
    reopened(&mut world);
    world.pass(10_000);
    assert_eq!(wait(&mut world), 20_000);
    world.pass(20_000);
    refused(
        world.phone.confirm_by_pin(case, visit.id, "830248"),
        "wrong_pin",
    );
    reopened(&mut world);
    assert_eq!(wait(&mut world), 60_000);
    world.pass(60_000);
    world.phone.confirm_by_pin(case, visit.id, PIN).unwrap();
    // The right one clears the count.
    refused(
        world.phone.confirm_by_pin(case, visit.id, "830248"),
        "wrong_pin",
    );
    world.phone.confirm_by_pin(case, visit.id, PIN).unwrap();
}

#[test]
fn a_consultant_who_sets_the_pin_is_seen() {
    let mut world = World::new("own-pin");
    let (case, visit) = (world.cases[0], world.visit());
    world.phone.set_pin(case, PIN).unwrap();
    world.phone.confirm_by_pin(case, visit.id, PIN).unwrap();
    world.pass(72 * HOUR);
    let forged = world.visit();
    world.phone.set_pin(case, "5092841").unwrap();
    world
        .phone
        .confirm_by_pin(case, forged.id, "5092841")
        .unwrap();
    world.sync_staff();
    // It cannot be prevented: it stands, and an audit sees it.
    assert!(world.evidence(forged.id).carries_a_claim());
    assert_eq!(world.exceptions(), [ExceptionKind::PinSetJustBefore]);
    // The record of a PIN is not changed behind what it confirmed.
    let page = world.phone.participation(case).unwrap();
    let mut rows = page.records.values().map(|row| row.row.record.clone());
    let pin = rows.find(|record| matches!(record, Record::PinKey(_)));
    let reason = Some("Annen kode".to_owned());
    refused(world.phone.amend(case, pin.unwrap(), reason), "not_allowed");
}

#[test]
fn a_pin_that_claims_to_be_older_than_it_is_is_seen() {
    let mut world = World::new("backdated-pin");
    let (case, visit) = (world.cases[0], world.visit());
    world.phone.set_pin(case, PIN).unwrap();
    world.phone.confirm_by_pin(case, visit.id, PIN).unwrap();
    world.pass(72 * HOUR);
    let forged = world.visit();
    let secret = pin_secret(case, "5092841", &[7; 16], PIN_COST).unwrap();
    let key = PinKey {
        id: world.phone.new_record_id(),
        at: Instant(START_MS + 30 * HOUR),
        salt: [7; 16],
        memory_kib: PIN_COST.memory_kib,
        passes: PIN_COST.passes,
        public: *secret.public().as_bytes(),
    };
    // Set two days ago, and used in two days, as the records say.
    let at = Instant(world.now().0 + 48 * HOUR);
    let digest = VisitDigest::of(&forged);
    let confirmation = Confirmation {
        id: world.phone.new_record_id(),
        visit: forged.id,
        digest,
        grade: ConfirmationGrade::Pin,
        at,
        reason: String::new(),
        proof: Some(Proof::Pin(PinProof {
            key: key.id,
            signature: secret.sign(&pin_hash(case, forged.id, digest, at)),
        })),
    };
    world.phone.record(case, Record::PinKey(key)).unwrap();
    let record = Record::Confirmation(confirmation);
    world.phone.record(case, record).unwrap();
    world.sync_staff();
    assert_eq!(world.exceptions(), [ExceptionKind::PinSetJustBefore]);
}

#[test]
fn a_first_pin_set_long_after_the_meeting_is_seen() {
    let mut world = World::new("late-pin");
    let (case, visit) = (world.cases[0], world.visit());
    world.pass(72 * HOUR);
    world.phone.set_pin(case, PIN).unwrap();
    world.pass(48 * HOUR);
    world.phone.confirm_by_pin(case, visit.id, PIN).unwrap();
    world.sync_staff();
    assert_eq!(world.exceptions(), [ExceptionKind::PinSetJustBefore]);
}

#[test]
fn a_pin_that_was_replaced_counts_for_a_day_more_and_a_voided_one_not_at_all() {
    let mut world = World::new("replaced-pin");
    let case = world.cases[0];
    world.phone.set_pin(case, PIN).unwrap();
    let page = world.phone.participation(case).unwrap();
    let mut keys = page
        .records
        .values()
        .filter_map(|row| match &row.row.record {
            Record::PinKey(key) => Some(key.clone()),
            _ => None,
        });
    let old = keys.next().unwrap();
    let secret = pin_secret(case, PIN, &old.salt, PIN_COST).unwrap();
    assert_eq!(secret.public().as_bytes(), &old.public);
    world.pass(48 * HOUR);
    world.phone.set_pin(case, "5092841").unwrap();
    // As another phone writes it that has not heard of the new one.
    let confirm = |world: &mut World| {
        let (visit, at) = (world.visit(), world.now());
        let digest = VisitDigest::of(&visit);
        let confirmation = Confirmation {
            id: world.phone.new_record_id(),
            visit: visit.id,
            digest,
            grade: ConfirmationGrade::Pin,
            at,
            reason: String::new(),
            proof: Some(Proof::Pin(PinProof {
                key: old.id,
                signature: secret.sign(&pin_hash(case, visit.id, digest, at)),
            })),
        };
        let record = Record::Confirmation(confirmation);
        world.phone.record(case, record).unwrap();
        visit.id
    };
    world.pass(24 * HOUR);
    let within = confirm(&mut world);
    world.pass(1);
    let after = confirm(&mut world);
    world.sync_staff();
    assert!(world.evidence(within).carries_a_claim());
    let failed = world.evidence(after).weakness;
    assert_eq!(failed, Some(Weakness::ProofFails));
    let reason = "Noen så den".to_owned();
    world
        .phone
        .void(case, RecordRef::PinKey(old.id), reason)
        .unwrap();
    world.sync_staff();
    assert!(!world.evidence(within).carries_a_claim());
    // The new one is there still.
    let visit = world.visit();
    world
        .phone
        .confirm_by_pin(case, visit.id, "5092841")
        .unwrap();
}

#[test]
fn a_consultant_who_is_the_participant_too_is_seen() {
    let mut world = World::new("one-for-both");
    let (case, visit) = (world.cases[0], world.visit());
    let answered = answer_of(&world.exchange(visit.id, Verdict::Yes));
    // Another program may write that the consultant is the participant, and answer itself.
    let page = world.phone.participation(case).unwrap();
    let row = &page.records[&RecordRef::Participation];
    let Record::Participation(mut participation) = row.row.record.clone() else {
        panic!("no participation")
    };
    participation.participant = Some(world.phone.identity().person);
    let reason = Some("Bytte".to_owned());
    world
        .phone
        .update_participation(case, *participation, reason)
        .unwrap();
    let device = &world.phone.identity().device;
    let mut answer = answered.answer;
    answer.device = device.id();
    let code = code_of(&sign_answer(answer, device.sign()));
    world.phone.take_answer(case, &code).unwrap();
    world.sync_staff();
    assert_eq!(world.exceptions(), [ExceptionKind::OneDeviceForBoth]);
}

#[test]
fn a_drawn_signature_is_bound_to_what_was_shown() {
    let mut world = World::new("drawn");
    let (case, visit) = (world.cases[0], world.visit());
    let id = world
        .phone
        .confirm_by_drawing(case, visit.id, name())
        .unwrap();
    world.sync_staff();
    let evidence = world.evidence(visit.id);
    assert_eq!(evidence.grade, ConfirmationGrade::Drawn);
    assert!(evidence.carries_a_claim());
    let archive = world.office.archive(case).unwrap();
    let html = String::from_utf8(archive[0].bytes.clone()).unwrap();
    assert!(html.contains("M100 500l200 -300l200 500l400 -300"));

    // Put under other facts than those that it was drawn for.
    let mut longer = visit.clone();
    longer.end = Instant(visit.end.0 + HOUR);
    let record = Record::Visit(longer.clone());
    world
        .phone
        .amend(case, record, Some("Lengre".into()))
        .unwrap();
    let page = world.phone.participation(case).unwrap();
    let row = &page.records[&RecordRef::Confirmation(id)];
    let Record::Confirmation(mut confirmation) = row.row.record.clone() else {
        panic!("no confirmation")
    };
    confirmation.digest = VisitDigest::of(&longer);
    let moved = Record::Confirmation(confirmation);
    world
        .phone
        .amend(case, moved, Some("Flyttet".into()))
        .unwrap();
    world.sync_staff();
    let evidence = world.evidence(visit.id);
    assert_eq!(evidence.weakness, Some(Weakness::ProofFails));
    assert!(world.exceptions().contains(&ExceptionKind::ProofFails));
}

#[test]
fn later_and_none_say_why() {
    let mut world = World::new("later");
    let (case, visit, none) = (world.cases[0], world.visit(), world.visit());
    let phone = &mut world.phone;
    refused(phone.confirm_later(case, visit.id, " ".into()), "missing");
    refused(
        phone.cannot_confirm(case, visit.id, String::new()),
        "missing",
    );
    phone
        .confirm_later(case, visit.id, "På papir".into())
        .unwrap();
    phone
        .cannot_confirm(case, none.id, "Hadde ikke telefon".into())
        .unwrap();
    world.sync_staff();
    let evidence = world.evidence(visit.id);
    assert_eq!(evidence.grade, ConfirmationGrade::Later);
    assert_eq!(evidence.reason.as_deref(), Some("På papir"));
    assert!(evidence.carries_a_claim());
    let evidence = world.evidence(none.id);
    assert_eq!(evidence.grade, ConfirmationGrade::None);
    assert_eq!(evidence.reason.as_deref(), Some("Hadde ikke telefon"));
    assert!(!evidence.carries_a_claim());
}

#[test]
fn whatever_a_consultant_makes_up_the_office_sees_that_it_fails() {
    let mut world = World::new("made-up");
    let case = world.cases[0];
    world.phone.set_pin(case, PIN).unwrap();
    // A genuine one of another visit, to take parts from.
    let genuine = world.visit();
    let code = world.exchange(genuine.id, Verdict::Yes);
    let answered = answer_of(&code);
    let pin = world.phone.confirm_by_pin(case, genuine.id, PIN).unwrap();
    let page = world.phone.participation(case).unwrap();
    let row = &page.records[&RecordRef::Confirmation(pin)];
    let Record::Confirmation(Confirmation {
        proof: Some(Proof::Pin(pin)),
        ..
    }) = row.row.record.clone()
    else {
        panic!("no PIN")
    };
    let forge = |world: &mut World, grade, make: &dyn Fn(&World, &Visit, Instant) -> Proof| {
        let visit = world.visit();
        let at = world.now();
        let proof = make(world, &visit, at);
        let confirmation = Confirmation {
            id: world.phone.new_record_id(),
            visit: visit.id,
            digest: VisitDigest::of(&visit),
            grade,
            at,
            reason: String::new(),
            proof: Some(proof),
        };
        let record = Record::Confirmation(confirmation);
        world.phone.record(case, record).unwrap();
        visit.id
    };
    let answer_for = |world: &World, visit: &Visit, at: Instant| {
        let identity = world.phone.identity();
        let digest = VisitDigest::of(visit);
        let thread = answered.answer.thread;
        let secret = identity.device.seed();
        VisitAnswer {
            visit: visit.id,
            digest,
            start: visit.start,
            end: visit.end,
            form: visit.form,
            challenge: challenge(secret, thread, visit.id, digest, at),
            offered_at: at,
            message: RecordId([5; 16]),
            at,
            ..answered.answer.clone()
        }
    };
    let own_device = ConfirmationGrade::OwnDevice;
    let forged = [
        // Signed by the consultant in the participant's name, and in the own.
        forge(&mut world, own_device, &|world, visit, at| {
            let answer = answer_for(world, visit, at);
            let key = world.phone.identity().device.sign();
            Proof::Answer(Box::new(sign_answer(answer, key)))
        }),
        forge(&mut world, own_device, &|world, visit, at| {
            let mut answer = answer_for(world, visit, at);
            answer.device = world.phone.device();
            let key = world.phone.identity().device.sign();
            Proof::Answer(Box::new(sign_answer(answer, key)))
        }),
        // By another participant.
        forge(&mut world, own_device, &|world, visit, at| {
            let mut answer = answer_for(world, visit, at);
            answer.device = world.other.device();
            let key = world.other.identity().device.sign();
            Proof::Answer(Box::new(sign_answer(answer, key)))
        }),
        // The signature of another visit's PIN, one of no PIN, and one of another key.
        forge(&mut world, ConfirmationGrade::Pin, &|_, _, _| {
            Proof::Pin(pin.clone())
        }),
        forge(&mut world, ConfirmationGrade::Pin, &|_, _, _| {
            Proof::Pin(PinProof {
                key: RecordId([4; 16]),
                ..pin.clone()
            })
        }),
        // A drawing that another device signed, and one that was signed for something else.
        forge(&mut world, ConfirmationGrade::Drawn, &|world, visit, at| {
            let digest = VisitDigest::of(visit);
            let hash = drawing_hash(case, visit.id, digest, at, &name());
            let device = &world.own.identity().device;
            Proof::Drawing(Box::new(DrawingProof {
                device: device.id(),
                signature: device.sign().sign(&hash),
                drawing: name(),
            }))
        }),
        forge(&mut world, ConfirmationGrade::Drawn, &|world, visit, at| {
            let digest = VisitDigest::of(visit);
            let hash = drawing_hash(case, genuine.id, digest, at, &name());
            let device = &world.phone.identity().device;
            Proof::Drawing(Box::new(DrawingProof {
                device: device.id(),
                signature: device.sign().sign(&hash),
                drawing: name(),
            }))
        }),
    ];
    // A proof of another grade, or none, is not even recorded.
    let visit = world.visit();
    for (grade, proof) in [
        (own_device, None),
        (ConfirmationGrade::Pin, None),
        (ConfirmationGrade::Drawn, Some(Proof::Pin(pin.clone()))),
        (ConfirmationGrade::Later, Some(Proof::Pin(pin.clone()))),
    ] {
        let confirmation = Confirmation {
            id: world.phone.new_record_id(),
            visit: visit.id,
            digest: VisitDigest::of(&visit),
            grade,
            at: world.now(),
            reason: "På papir".into(),
            proof,
        };
        let record = Record::Confirmation(confirmation);
        refused(world.phone.record(case, record), "proof_unfit");
    }
    world.sync_staff();
    for (n, visit) in forged.into_iter().enumerate() {
        let evidence = world.evidence(visit);
        assert_eq!(evidence.weakness, Some(Weakness::ProofFails), "{n}");
        assert_eq!(evidence.grade, ConfirmationGrade::None, "{n}");
        assert!(!evidence.carries_a_claim());
    }
    assert!(world.evidence(genuine.id).carries_a_claim());
    let failing = world.exceptions().into_iter();
    let failing = failing.filter(|kind| *kind == ExceptionKind::ProofFails);
    assert_eq!(failing.count(), 7);
}
