//! The participant's engine against the real relay and real staff clients: coming in, answering
//! offline, disputes, codes, several devices, keys that turn, erasure, and a relay that lies. The
//! page is closed and opened again before every request.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;

use folge_core::RelayFault;
use folge_core::client::{Client, Invitee};
use folge_core::contract::evidence::Weakness;
use folge_core::document::Record;
use folge_core::domain::{ConfirmationGrade, Minutes, Report, ReportKind, Verdict, VisitDigest};
use folge_core::keys::{InvitationLink, Key32, LinkPage};
use folge_core::messages::{RequestState, Right, Saying, Stance};
use folge_core::native::HttpRelay;
use folge_protocol::codec::{Decode, Encode};
use folge_protocol::ids::{GroupId, Hash, InstanceId};
use folge_protocol::membership::{ErasureReason, Role};
use folge_protocol::wire::{Blob, RelayError, Signed, SyncReply, SyncRequest};
use folge_tests::threads::{HOUR, VALID_MS, World, sign_anew};
use folge_thread::{Error, Kept, MeetingState, Oddity, Phase, Sender, Sent, Standing, Thread};

fn answer(world: &mut World, verdict: Verdict) -> folge_thread::MessageName {
    let card = world.own.meetings()[0].card.clone();
    world.own.answer(card.visit, card.digest, verdict).unwrap()
}

fn answered(world: &World) -> (Verdict, Sent) {
    match &world.own.meetings()[0].state {
        MeetingState::Answered { verdict, sent, .. } => (verdict.clone(), *sent),
        MeetingState::Waiting => panic!("no answer"),
    }
}

#[test]
fn a_link_lets_one_device_into_one_thread_and_turns_the_persons_key() {
    let (mut world, link) = World::invited("coming-in");
    assert_eq!(link.page, LinkPage::Participant);
    assert_eq!(world.own.phase(), Phase::Joining);
    // Nothing can be said before the thread is here.
    let right = world.own.request_right(Right::Access, String::new());
    assert_eq!(right, Err(Error::NotJoined));
    world.sync_own().unwrap();
    assert_eq!(world.own.phase(), Phase::In);
    assert!(!world.own.has_work());
    world.sync_staff();
    let log = world.office.membership().unwrap();
    assert_eq!(log.device_role(world.own.device()), Some(Role::Participant));
    // Whoever invited holds nothing of it any more.
    assert_eq!(log.groups()[&GroupId::from(link.person)].epoch(), 1);
    assert!(log.invitations()[&link.id()].spent);
    // Used once, it lets nobody in any more.
    let env = world.env();
    let mut second = Thread::join(env, &link);
    let refused = world.sync_thread(&mut second).unwrap_err();
    let told = matches!(
        refused,
        Error::BadInvitation | Error::Relay(RelayError::Unauthorized)
    );
    assert!(told, "{refused:?}");
    assert_ne!(second.phase(), Phase::In);
    // One that nobody made, or that was withdrawn, neither.
    let mut guessed = link.clone();
    guessed.secret = Key32::new([3; 32]);
    let env = world.env();
    let mut stranger = Thread::join(env, &guessed);
    assert!(world.sync_thread(&mut stranger).is_err());
    let withdrawn = world
        .office
        .invite_participant(world.case, VALID_MS)
        .unwrap();
    world.sync_staff();
    world.office.revoke_invitation(withdrawn.id()).unwrap();
    world.sync_staff();
    let env = world.env();
    let mut late = Thread::join(env, &withdrawn);
    assert!(world.sync_thread(&mut late).is_err());
    assert_ne!(late.phase(), Phase::In);
}

/// A link that got lost on its way: whoever invited, or the office, makes another.
#[test]
fn who_never_used_the_first_link_comes_in_by_the_next_one() {
    for by_office in [true, false] {
        let (mut world, lost) = World::invited(if by_office { "anew-o" } else { "anew-c" });
        let inviter = if by_office {
            &mut world.office
        } else {
            &mut world.phone
        };
        let link = inviter.invite_participant(world.case, VALID_MS).unwrap();
        assert_eq!(link.person, lost.person);
        // Meanwhile another device's entry comes first: what was written is written anew.
        let phone = Invitee::Known(world.phone.identity().person);
        world.phone.invite(phone, VALID_MS).unwrap();
        world.sync_staff();
        let env = world.env();
        world.own = Thread::join(env, &link);
        world.sync_own().unwrap();
        assert_eq!(world.own.phase(), Phase::In, "by the office: {by_office}");
        let visit = world.shown();
        assert_eq!(world.own.meetings()[0].card.visit, visit.id);
        // The lost one lets nobody in any more.
        world.sync_staff();
        // A further phone comes in by the office, also where entries cross.
        let second = world.office.invite_participant(world.case, VALID_MS);
        let second = second.unwrap();
        let phone = Invitee::Known(world.phone.identity().person);
        world.phone.invite(phone, VALID_MS).unwrap();
        world.sync_staff();
        let env = world.env();
        let mut further = Thread::join(env, &second);
        world.sync_thread(&mut further).unwrap();
        assert_eq!(further.phase(), Phase::In);
        assert_eq!(further.meetings()[0].card.visit, visit.id);
        let env = world.env();
        let mut finder = Thread::join(env, &lost);
        let refused = world.sync_thread(&mut finder);
        assert!(refused.is_err() || finder.phase() != Phase::In);
    }
}

/// Whoever is invited, and has the key already, is given no other one while they take their time.
#[test]
fn an_invitation_that_waits_turns_no_key() {
    let mut world = World::new("waiting");
    let invitee = Invitee::New(Role::Consultant);
    let link = world.office.invite(invitee, VALID_MS).unwrap();
    world.sync_staff();
    let len = world.office.membership().unwrap().len();
    for _ in 0..3 {
        world.pass(HOUR);
        world.sync_staff();
    }
    let log = world.office.membership().unwrap();
    assert_eq!(log.len(), len);
    assert_eq!(log.groups()[&GroupId::from(link.person)].epoch(), 0);
}

#[test]
fn an_answer_given_offline_is_evidence_of_an_own_device() {
    let mut world = World::new("offline-answer");
    let visit = world.shown();
    let meetings = world.own.meetings();
    assert_eq!(meetings.len(), 1);
    assert_eq!(meetings[0].state, MeetingState::Waiting);
    assert_eq!(meetings[0].card.digest, VisitDigest::of(&visit));
    assert_eq!(meetings[0].card.consultant, "Kari Li");
    let evidence = world.office.evidence(world.case).unwrap();
    assert_eq!(evidence[&visit.id].weakness, Some(Weakness::Unconfirmed));

    // In a tunnel, and the phone is switched off and on there.
    answer(&mut world, Verdict::Yes);
    world.restart();
    assert_eq!(answered(&world), (Verdict::Yes, Sent::Saved));
    assert_eq!(world.own.unsent(), 1);
    world.pass(HOUR);
    world.sync_own().unwrap();
    assert_eq!(answered(&world), (Verdict::Yes, Sent::Stored));
    world.sync_staff();
    world.sync_own().unwrap();
    assert_eq!(answered(&world), (Verdict::Yes, Sent::Read));
    let evidence = world.office.evidence(world.case).unwrap()[&visit.id].clone();
    assert_eq!(evidence.grade, ConfirmationGrade::OwnDevice);
    assert!(evidence.carries_a_claim() && evidence.weakness.is_none());

    // A visit whose facts were changed asks anew.
    let mut changed = visit.clone();
    changed.end.0 += HOUR / 2;
    let changed = Record::Visit(changed);
    world
        .phone
        .amend(world.case, changed, Some("Varte lenger".into()))
        .unwrap();
    world.phone.show_visit(world.case, visit.id).unwrap();
    world.sync_staff();
    world.sync_own().unwrap();
    let meeting = world.own.meetings()[0].clone();
    assert!(meeting.changed && meeting.state == MeetingState::Waiting);
    // The old facts cannot be answered as if they were the new ones.
    let old = world
        .own
        .answer(visit.id, VisitDigest([1; 32]), Verdict::Yes);
    assert_eq!(old, Err(Error::NotShown));
    answer(&mut world, Verdict::Yes);
    world.sync_own().unwrap();
    world.sync_staff();
    let evidence = world.office.evidence(world.case).unwrap()[&visit.id].clone();
    assert!(evidence.carries_a_claim() && evidence.weakness.is_none());
    assert!(world.own.oddities().is_empty());
}

#[test]
fn an_answer_can_be_taken_back_until_it_is_sent() {
    let mut world = World::new("taken-back");
    world.shown();
    let message = answer(&mut world, Verdict::No);
    world.restart();
    assert!(world.own.take_back(message));
    assert!(!world.own.take_back(message));
    assert_eq!(world.own.meetings()[0].state, MeetingState::Waiting);
    let message = answer(&mut world, Verdict::No);
    world.sync_own().unwrap();
    assert!(!world.own.take_back(message));
    // Another answer counts instead.
    answer(&mut world, Verdict::Yes);
    assert_eq!(answered(&world).0, Verdict::Yes);
}

#[test]
fn a_dispute_with_words_reaches_the_office_and_costs_nothing() {
    let mut world = World::new("dispute");
    let visit = world.shown();
    let card = world.own.meetings()[0].card.clone();
    let empty = Verdict::Wrong("  ".into());
    let missing = world.own.answer(card.visit, card.digest, empty);
    assert_eq!(missing, Err(Error::WordsMissing));
    let long = Verdict::Wrong("æ".repeat(10_001));
    let long = world.own.answer(card.visit, card.digest, long);
    assert_eq!(long, Err(Error::TooLong));
    let words = "Vi møttes bare en halv time";
    answer(&mut world, Verdict::Wrong(words.into()));
    world.sync_own().unwrap();
    world.sync_staff();
    let evidence = world.office.evidence(world.case).unwrap()[&visit.id].clone();
    assert_eq!(evidence.weakness, Some(Weakness::Disputed));
    let lines = world.office.thread(world.thread).unwrap();
    assert!(lines.iter().any(|line| line.saying.text() == Some(words)));
}

#[test]
fn a_crash_between_sending_and_hearing_says_nothing_twice() {
    let mut world = World::new("crash");
    world.shown();
    answer(&mut world, Verdict::Yes);
    // Sealed, stored, sent; and the reply never comes.
    let request = world.own.request().unwrap();
    let kept = world.own.serialize();
    let now = u64::try_from(folge_core::env::Clock::wall_ms(&*world.clock)).unwrap();
    world.relay.sync(&request.body, now).unwrap();
    let env = world.env();
    let Ok(Kept::Thread(thread)) = Thread::deserialize(&kept, env) else {
        panic!("the state cannot be read")
    };
    world.own = *thread;
    let sent = |request: &[u8]| {
        let signed = Signed::from_bytes(request).unwrap();
        SyncRequest::from_bytes(&signed.payload).unwrap().envelopes
    };
    let again = world.own.request().unwrap();
    assert_eq!(sent(&request.body), sent(&again.body));
    assert_eq!(sent(&again.body).len(), 1);
    world.sync_own().unwrap();
    world.sync_staff();
    let lines = world.office.thread(world.thread).unwrap();
    let answers = lines
        .iter()
        .filter(|line| matches!(line.saying, Saying::Confirmed { .. }));
    assert_eq!(answers.count(), 1);
    assert_eq!(answered(&world).1, Sent::Stored);

    // A copy of the state from before: what it says comes behind, under a number of its own.
    answer(&mut world, Verdict::No);
    let copy = world.own.serialize();
    world.sync_own().unwrap();
    let env = world.env();
    let Ok(Kept::Thread(mut copied)) = Thread::deserialize(&copy, env) else {
        panic!("the state cannot be read")
    };
    copied
        .request_right(Right::Access, "Fra en kopi".into())
        .unwrap();
    world.sync_thread(&mut copied).unwrap();
    assert_eq!(copied.unsent(), 0);
    world.sync_staff();
    let lines = world.office.thread(world.thread).unwrap();
    let requests = lines
        .iter()
        .filter(|line| matches!(line.saying, Saying::Request { .. }));
    assert_eq!(requests.count(), 1);
    assert!(!world.office.has_sync_work().unwrap());
}

#[test]
fn codes_from_phone_to_phone_without_a_network() {
    let mut world = World::new("codes");
    let visit = world.visit();
    let code = world.phone.offer_visit(world.case, visit.id).unwrap();
    let offer = world.own.read_offer(&code.to_lowercase()).unwrap();
    assert_eq!(offer.card.digest, VisitDigest::of(&visit));
    world.restart();
    let given = world.own.answer_offer(&offer, Verdict::Yes).unwrap();
    let taken = world.phone.take_answer(world.case, &given.code).unwrap();
    assert_eq!((taken.visit, taken.verdict), (visit.id, Verdict::Yes));
    let evidence = world.phone.evidence(world.case).unwrap()[&visit.id].clone();
    assert_eq!(evidence.grade, ConfirmationGrade::OwnDevice);
    assert!(evidence.carries_a_claim());
    // It stands in the thread too, once, with what was shown.
    assert_eq!(answered(&world), (Verdict::Yes, Sent::Saved));
    world.sync_own().unwrap();
    world.sync_staff();
    world.sync_own().unwrap();
    assert_eq!(world.own.meetings().len(), 1);
    assert_eq!(answered(&world), (Verdict::Yes, Sent::Read));
    assert_eq!(
        world.office.evidence(world.case).unwrap()[&visit.id],
        world.phone.evidence(world.case).unwrap()[&visit.id]
    );

    // Mistyped, too old, not signed by staff of this thread, for somebody else.
    let mut wrong = code.clone();
    let last = wrong.pop().unwrap();
    wrong.push(if last == '0' { '1' } else { '0' });
    assert_eq!(world.own.read_offer(&wrong), Err(Error::BadCode));
    assert_eq!(world.own.read_offer(&given.code), Err(Error::BadCode));
    let (other, _) = World::invited("codes-other");
    let mut other = other;
    let foreign = other.visit();
    let foreign = other.phone.offer_visit(other.case, foreign.id).unwrap();
    let (mut third, _) = World::invited("codes-third");
    third.sync_own().unwrap();
    assert_eq!(
        third.own.read_offer(&code).err(),
        world.own.read_offer(&foreign).err()
    );
    world.pass(25 * HOUR);
    assert_eq!(world.own.read_offer(&code), Err(Error::CodeTooOld));
    assert_eq!(
        world.own.answer_offer(&offer, Verdict::Yes),
        Err(Error::CodeTooOld)
    );
}

#[test]
fn a_second_device_of_the_same_person_sees_and_says_the_same() {
    let mut world = World::new("second-device");
    world.shown();
    answer(&mut world, Verdict::Yes);
    world.sync_own().unwrap();
    let link = world
        .office
        .invite_participant(world.case, VALID_MS)
        .unwrap();
    world.sync_staff();
    assert!(world.own.is_of(&link));
    let env = world.env();
    let mut second = Thread::join(env, &link);
    // The first device turned the key: who invites does not have it, so it is granted anew.
    world.sync_thread(&mut second).unwrap();
    world.sync_own().unwrap();
    world.sync_thread(&mut second).unwrap();
    assert_eq!(second.phase(), Phase::In);
    assert_eq!(second.meetings(), {
        let mut own = world.own.meetings();
        own[0].clone_from(&second.meetings()[0]);
        own
    });
    let MeetingState::Answered { verdict, .. } = &second.meetings()[0].state else {
        panic!("the first device's answer is missing")
    };
    assert_eq!(*verdict, Verdict::Yes);
    second.write("Hei fra nettbrettet".into()).unwrap();
    world.sync_thread(&mut second).unwrap();
    world.sync_own().unwrap();
    let note = world.own.notes()[0].clone();
    assert_eq!(note.sender, Sender::Own);
    world.sync_staff();
    let lines = world.office.thread(world.thread).unwrap();
    assert_eq!(lines.last().unwrap().role, Some(Role::Participant));
    assert!(world.own.oddities().is_empty() && second.oddities().is_empty());
}

#[test]
fn after_a_consultant_was_put_out_the_participants_next_words_have_a_new_key() {
    let mut world = World::new("new-key");
    world.shown();
    let link = world
        .office
        .invite(Invitee::New(Role::Consultant), VALID_MS)
        .unwrap();
    let store = world.store();
    let env = world.env();
    let mut leaving = Client::join(store, env, &link).unwrap();
    world.sync_staff();
    world.sync_client(&mut leaving);
    world.sync_staff();
    let (case, person) = (world.case, link.person);
    world.office.assign(case, person).unwrap();
    world.sync_staff();
    world.sync_client(&mut leaving);
    world.sync_client(&mut leaving);
    assert!(!leaving.thread(world.thread).unwrap().is_empty());
    world.office.revoke_person(person).unwrap();
    world.sync_staff();
    let generations = |world: &World| {
        let log = world.office.membership().unwrap();
        log.documents()[&world.thread].commitments.len()
    };
    let before = generations(&world);
    world
        .own
        .write("Bare for dere som er igjen".into())
        .unwrap();
    world.sync_own().unwrap();
    world.sync_staff();
    assert_eq!(generations(&world), before + 1);
    let lines = world.office.thread(world.thread).unwrap();
    assert_eq!(
        lines.last().unwrap().saying.text(),
        Some("Bare for dere som er igjen")
    );
    assert_eq!(world.own.unsent(), 0);
    // And the other way: staff turned it, and the participant reads on.
    world.restart();
    let notice = Saying::Notice("Velkommen tilbake".into());
    world.phone.say(case, notice).unwrap();
    world.sync_staff();
    world.sync_own().unwrap();
    assert_eq!(world.own.notes()[0].sender, Sender::Staff);
    assert_eq!(world.own.unreadable(), 0);
}

fn report(world: &mut World, kind: ReportKind, text: &str) -> Report {
    let mut report = Report::new(world.phone.new_record_id(), kind);
    report.minutes = Minutes(30);
    let field = match kind {
        ReportKind::Plan => "planned_activities",
        _ => "progress",
    };
    report.texts.insert(field.to_owned(), text.to_owned());
    let record = Record::Report(report.clone());
    world.phone.record(world.case, record).unwrap();
    report
}

#[test]
fn reports_and_plans_are_read_and_agreed_with_version_by_version() {
    let mut world = World::new("reports");
    let status = report(&mut world, ReportKind::Status, "Praksis fra mandag");
    let plan = report(&mut world, ReportKind::Plan, "Truckkurs i mars");
    let case = world.case;
    let first = world.phone.share_report(case, status.id).unwrap();
    // Unchanged, it is not shown twice; a plan is no report.
    assert_eq!(world.phone.share_report(case, status.id).unwrap(), first);
    assert!(world.phone.share_report(case, plan.id).is_err());
    world.phone.share_plan(case, plan.id).unwrap();
    world.sync_staff();
    world.sync_own().unwrap();
    let shown = world.own.reports();
    assert_eq!((shown.len(), world.own.plans().len()), (1, 1));
    let says = |texts: &[folge_core::messages::ReportPart], what: &str| {
        texts.iter().any(|part| part.text.contains(what))
    };
    assert!(says(&shown[0].card.parts, "Praksis fra mandag"));
    assert!(says(&world.own.plans()[0].card.parts, "Truckkurs i mars"));
    assert_eq!(shown[0].standing(), Standing::Open);
    let message = shown[0].message;
    world
        .own
        .disagree(message, "Det var tirsdag".into())
        .unwrap();
    let empty = world.own.comment(message, String::new());
    assert_eq!(empty, Err(Error::WordsMissing));
    world.own.comment(message, "Ellers greit".into()).unwrap();
    world.restart();
    assert_eq!(world.own.reports()[0].standing(), Standing::Disagrees);
    let unknown = world
        .own
        .agree(folge_core::domain::RecordId([9; 16]), String::new());
    assert_eq!(unknown, Err(Error::NotShown));
    world.sync_own().unwrap();
    world.sync_staff();
    let lines = world.office.thread(world.thread).unwrap();
    let stances: Vec<Stance> = lines
        .iter()
        .filter_map(|line| match &line.saying {
            Saying::Opinion { of, stance, .. } if *of == message => Some(*stance),
            _ => None,
        })
        .collect();
    assert_eq!(stances, [Stance::Disagree, Stance::Comment]);

    // The text is mended: a new version, of which nothing is said yet.
    let mut mended = status.clone();
    mended
        .texts
        .insert("progress".into(), "Praksis fra tirsdag".into());
    let mended = Record::Report(mended);
    world
        .phone
        .amend(case, mended, Some("Etter merknad".into()))
        .unwrap();
    assert_ne!(world.phone.share_report(case, status.id).unwrap(), first);
    world.sync_staff();
    world.sync_own().unwrap();
    let shown = world.own.reports();
    assert_eq!((shown.len(), shown[0].earlier), (1, 1));
    assert_eq!(shown[0].standing(), Standing::Open);
    world.own.agree(shown[0].message, String::new()).unwrap();
    assert_eq!(world.own.reports()[0].standing(), Standing::Agrees);
}

#[test]
fn absences_and_requests_go_to_staff_and_own_data_can_be_taken_home() {
    let mut world = World::new("absences");
    world.shown();
    let (from, until) = (world.day(2), world.day(4));
    let turned = world.own.report_absence(until, from, String::new());
    assert_eq!(turned, Err(Error::BadDays));
    world
        .own
        .report_absence(from, until, "Legetime".into())
        .unwrap();
    let words = "Navnet mitt er \"feil\" <b>skrevet</b>\n";
    let id = world
        .own
        .request_right(Right::Rectification, words.into())
        .unwrap();
    world.restart();
    world.sync_own().unwrap();
    world.sync_staff();
    let lines = world.office.thread(world.thread).unwrap();
    let absent = Saying::Absent {
        from,
        until,
        text: "Legetime".into(),
    };
    assert!(lines.iter().any(|line| line.saying == absent));
    assert_eq!(world.office.requests().unwrap()[0].text, words);
    let done = Saying::Answer {
        to: id,
        state: RequestState::Done,
        text: "Rettet i dag".into(),
    };
    world.office.say(world.case, done).unwrap();
    world.sync_staff();
    world.sync_own().unwrap();
    let request = world.own.requests()[0].clone();
    assert_eq!(
        (request.state, request.answer.as_str()),
        (RequestState::Done, "Rettet i dag")
    );
    assert_eq!(world.own.absences()[0].until, until);
    // Staff reports no absence in the participant's name.
    assert!(world.phone.say(world.case, absent).is_err());

    let time = |ms: i64| format!("t{ms}");
    let json = world.own.own_data_json(&time);
    let read: serde_json::Value = serde_json::from_str(&json).unwrap();
    let lines = read["lines"].as_array().unwrap();
    assert_eq!(lines.len(), world.own.lines().len());
    let held = |text: &str| {
        lines.iter().any(|line| {
            let fields = line["fields"].as_array().unwrap();
            fields.iter().any(|field| field[1] == text)
        })
    };
    assert!(held(words) && held("Kari Li") && held("Rettet i dag"));
    let html = world
        .own
        .own_data_html("nb", "Mine data", &time, &|code| format!("[{code}]"));
    assert!(html.contains("&quot;feil&quot; &lt;b&gt;skrevet"));
    assert!(!html.contains("<b>") && html.contains("[rectification]"));
    for plain in [&json, &html] {
        assert!(!plain.contains("secret"));
    }
}

#[test]
fn a_device_that_was_put_out_keeps_only_what_it_never_delivered() {
    let mut world = World::new("put-out");
    world.shown();
    answer(&mut world, Verdict::Yes);
    world.sync_own().unwrap();
    world.own.write("Ble aldri sendt".into()).unwrap();
    let device = world.own.device();
    world.sync_staff();
    world.office.revoke_device(device).unwrap();
    world.sync_staff();
    let _ = world.sync_own();
    assert_eq!(world.own.phase(), Phase::PutOut);
    world.restart();
    let lines = world.own.lines();
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0].saying.text(), Some("Ble aldri sendt"));
    assert_eq!(world.own.write("Hallo?".into()), Err(Error::PutOut));
    assert_eq!(world.own.request().unwrap_err(), Error::PutOut);
    let state = world.own.serialize();
    assert!(!state.windows(7).any(|part| part == b"Kari Li"));
}

#[test]
fn an_erased_thread_is_gone_here_and_the_receipt_says_so() {
    let mut world = World::new("erased");
    world.shown();
    answer(&mut world, Verdict::Wrong("DETTE SKAL SLETTES".into()));
    world.sync_own().unwrap();
    world.own.set_draft("comment", "Halvskrevet");
    world.own.write("Aldri sendt".into()).unwrap();
    let state = world.own.serialize();
    let holds = |state: &[u8], text: &str| {
        state
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    };
    assert!(holds(&state, "Aldri sendt") && holds(&state, "Halvskrevet"));
    world.sync_staff();
    let case = world.case;
    world.office.erase(case, ErasureReason::Request).unwrap();
    world.sync_staff();
    let erased = [case, world.thread];
    let receipt = world.office.erasure_receipt(&erased).unwrap();
    assert!(!receipt.is_complete());
    world.sync_own().unwrap();
    assert_eq!(world.own.phase(), Phase::Erased);
    assert!(world.own.lines().is_empty());
    let state = world.own.serialize();
    assert!(state.len() < 64, "{} bytes are left", state.len());
    let env = world.env();
    assert!(matches!(Thread::deserialize(&state, env), Ok(Kept::Erased)));
    for _ in 0..2 {
        world.sync_staff();
    }
    let receipt = world.office.erasure_receipt(&erased).unwrap();
    let holders = &receipt.documents[1].holders;
    assert!(holders.contains_key(&world.own.device()));
    assert!(receipt.is_complete(), "{holders:?}");
}

// --- a relay that lies ---

struct Asked {
    request: Vec<u8>,
    reply: SyncReply,
}

/// What the relay answers to the participant's next request.
fn ask(world: &mut World) -> Asked {
    let request = world.own.request().unwrap().body;
    let now = u64::try_from(folge_core::env::Clock::wall_ms(&*world.clock)).unwrap();
    let reply = world.relay.sync(&request, now).unwrap();
    let reply = SyncReply::from_bytes(&reply).unwrap();
    Asked { request, reply }
}

#[track_caller]
fn refused(world: &mut World, asked: &Asked, lie: impl FnOnce(&mut SyncReply), fault: RelayFault) {
    let mut reply = asked.reply.clone();
    lie(&mut reply);
    let (before, lines) = (world.own.serialize(), world.own.lines());
    let bytes = sign_anew(reply, &asked.request);
    assert_eq!(world.own.reply(&bytes), Err(Error::Fault(fault)));
    // Nothing of it was taken; that it was said is shown.
    assert_eq!(world.own.lines(), lines);
    assert_eq!(world.own.oddities(), [Oddity::Fault]);
    world.own.forget_oddities();
    assert!(world.own.serialize() == before);
}

#[test]
fn what_is_not_signed_by_the_relay_for_this_very_request_is_not_looked_at() {
    let mut world = World::new("not-signed");
    world.shown();
    let asked = ask(&mut world);
    let before = world.own.serialize();
    let genuine = asked.reply.to_bytes();
    for place in 0..genuine.len() {
        let mut wrong = genuine.clone();
        wrong[place] ^= 1;
        assert!(world.own.reply(&wrong).is_err(), "{place}");
    }
    for cut in 0..genuine.len() {
        assert!(world.own.reply(&genuine[..cut]).is_err(), "{cut}");
    }
    assert!(world.own.serialize() == before);
    // The genuine one still counts, once.
    world.own.reply(&genuine).unwrap();
    let again = world.own.reply(&genuine);
    assert_eq!(again, Err(Error::Fault(RelayFault::NotAnAnswer)));
}

#[test]
fn forged_shortened_and_forked_replies_are_refused() {
    let mut world = World::new("forked");
    world.shown();
    world
        .phone
        .say(world.case, Saying::Notice("Ett".into()))
        .unwrap();
    world.sync_staff();
    let asked = ask(&mut world);
    assert!(!asked.reply.deliveries.is_empty());
    // Another head than the envelopes add up to.
    let head = |reply: &mut SyncReply| reply.receipt.heads[0].head = Hash([1; 32]);
    refused(&mut world, &asked, head, RelayFault::StreamForked);
    // A number that is taken already.
    let asked = ask(&mut world);
    let number = |reply: &mut SyncReply| reply.deliveries[0].number = 1;
    refused(&mut world, &asked, number, RelayFault::StreamForked);
    // A number that the receipt does not cover.
    let asked = ask(&mut world);
    let beyond = |reply: &mut SyncReply| reply.deliveries[0].number = 99;
    let mut reply = asked.reply.clone();
    beyond(&mut reply);
    let bytes = sign_anew(reply, &asked.request);
    assert_eq!(
        world.own.reply(&bytes),
        Err(Error::Fault(RelayFault::Malformed))
    );
    // Another time than the chain has.
    let asked = ask(&mut world);
    let time = |reply: &mut SyncReply| reply.deliveries[0].accepted_ms += 1;
    refused(&mut world, &asked, time, RelayFault::StreamForked);
    // Another entry in the log's place, and one that nobody signed.
    let log = world.office.membership().unwrap().len();
    world
        .office
        .invite(Invitee::New(Role::Consultant), VALID_MS)
        .unwrap();
    world.sync_staff();
    assert!(world.office.membership().unwrap().len() > log);
    let asked = ask(&mut world);
    let entries = asked.reply.entries.len();
    assert!(entries > 0);
    let mut other = asked.reply.clone();
    let last = other.entries[entries - 1].0.len() - 1;
    other.entries[entries - 1].0[last] ^= 1;
    let bytes = sign_anew(other, &asked.request);
    let unsigned = world.own.reply(&bytes);
    assert!(
        matches!(unsigned, Err(Error::Fault(RelayFault::BadEntry(_)))),
        "{unsigned:?}"
    );
    world.own.forget_oddities();

    // The truth is taken after all of it.
    world.sync_own().unwrap();
    assert_eq!(world.own.notes().len(), 1);
    assert!(world.own.oddities().is_empty());
}

#[test]
fn a_forged_envelope_is_put_aside_and_counted() {
    let mut world = World::new("forged-envelope");
    world.shown();
    world
        .phone
        .say(world.case, Saying::Notice("Ekte".into()))
        .unwrap();
    world.sync_staff();
    let asked = ask(&mut world);
    let mut reply = asked.reply.clone();
    let bytes = &mut reply.deliveries[0].envelope.0;
    let last = bytes.len() - 70;
    bytes[last] ^= 1;
    // The heads are the relay's own over what it forged.
    let before = world.own.lines().len();
    reply.receipt.heads[0].number = reply.deliveries[0].number;
    reply.receipt.heads[0].head = {
        let mut probe = asked.reply.clone();
        probe.deliveries.clear();
        probe.receipt.heads[0].head
    };
    let bytes = sign_anew(reply, &asked.request);
    assert_eq!(
        world.own.reply(&bytes),
        Err(Error::Fault(RelayFault::StreamForked))
    );
    assert_eq!(world.own.lines().len(), before);
    assert!(world.own.oddities().contains(&Oddity::ForgedEnvelope));
    world.sync_own().unwrap();
    assert_eq!(world.own.lines().len(), before + 1);
    assert_eq!(world.own.unreadable(), 0);
}

#[test]
fn a_relay_that_goes_back_takes_nothing_away() {
    let mut world = World::new("goes-back");
    world.shown();
    answer(&mut world, Verdict::Yes);
    world.sync_own().unwrap();
    let lines = world.own.lines();
    // Shorter than it was: it is said, and everything stays.
    let asked = ask(&mut world);
    let mut shorter = asked.reply.clone();
    shorter.position = 1;
    shorter.receipt.heads.clear();
    let bytes = sign_anew(shorter, &asked.request);
    world.own.reply(&bytes).unwrap();
    assert_eq!(world.own.oddities(), [Oddity::RolledBack]);
    let without_places = |lines: &[folge_thread::Line]| -> Vec<_> {
        lines
            .iter()
            .map(|line| (line.id, line.saying.clone()))
            .collect()
    };
    let ids = |lines: &[folge_thread::Line]| -> BTreeSet<_> {
        without_places(lines)
            .into_iter()
            .map(|(id, _)| id)
            .collect()
    };
    assert_eq!(ids(&world.own.lines()), ids(&lines));
    world.restart();
    world.sync_own().unwrap();
    assert_eq!(without_places(&world.own.lines()), without_places(&lines));
    assert_eq!(world.own.unsent(), 0);
    world.own.forget_oddities();
    // Another life of the relay, and back: both are said.
    let asked = ask(&mut world);
    let mut other = asked.reply.clone();
    other.receipt.instance = InstanceId([7; 16]);
    other.receipt.heads.clear();
    let bytes = sign_anew(other, &asked.request);
    world.own.reply(&bytes).unwrap();
    assert_eq!(world.own.oddities(), [Oddity::Restored]);
    world.sync_own().unwrap();
    assert_eq!(world.own.oddities(), [Oddity::Restored, Oddity::RolledBack]);
    assert_eq!(without_places(&world.own.lines()), without_places(&lines));
    assert!(!world.own.has_work());
    // What was said since is heard by all.
    world.own.write("Fortsatt her".into()).unwrap();
    world.sync_own().unwrap();
    world.sync_staff();
    let heard = world.office.thread(world.thread).unwrap();
    assert_eq!(heard.last().unwrap().saying.text(), Some("Fortsatt her"));
}

#[test]
fn a_grant_or_an_answer_that_was_tampered_with_opens_nothing() {
    let (mut world, _) = World::invited("tampered");
    let mut tampered = 0;
    for _ in 0..20 {
        let asked = ask(&mut world);
        let mut reply = asked.reply.clone();
        for Blob(bytes) in &mut reply.grants {
            let last = bytes.len() - 80;
            bytes[last] ^= 1;
            tampered += 1;
        }
        let bytes = sign_anew(reply, &asked.request);
        world.own.reply(&bytes).unwrap();
    }
    assert!(tampered > 0);
    assert_eq!(world.own.phase(), Phase::Joining);
    assert_eq!(world.own.oddities(), [Oddity::ForgedGrant]);
    world.sync_own().unwrap();
    assert_eq!(world.own.phase(), Phase::In);
}

#[test]
fn a_state_that_was_cut_or_changed_is_refused_or_says_the_same() {
    let mut world = World::new("state");
    world.shown();
    answer(&mut world, Verdict::Yes);
    world.sync_own().unwrap();
    world.own.set_draft("absence", "Jeg kan ikke");
    world.own.set_language("nn");
    world.own.write("Ikke sendt".into()).unwrap();
    world.restart();
    assert_eq!(world.own.draft("absence"), "Jeg kan ikke");
    assert_eq!(world.own.language(), "nn");
    let bytes = world.own.serialize();
    for cut in (0..bytes.len()).step_by(97).chain([bytes.len() - 1]) {
        let env = world.env();
        assert!(Thread::deserialize(&bytes[..cut], env).is_err(), "{cut}");
    }
    for place in (0..bytes.len()).step_by(211) {
        let mut wrong = bytes.clone();
        wrong[place] ^= 0x40;
        let env = world.env();
        // Whatever is read, it never panics.
        if let Ok(Kept::Thread(thread)) = Thread::deserialize(&wrong, env) {
            let _ = (thread.lines(), thread.meetings(), thread.serialize());
        }
    }
    let mut later = bytes;
    later[0] = 2;
    let env = world.env();
    assert_eq!(
        Thread::deserialize(&later, env).unwrap_err(),
        Error::Unreadable
    );
}

#[test]
fn a_link_may_lead_to_an_app_elsewhere() {
    let (_, link) = World::invited("elsewhere");
    let text = link.clone().served_from("https://app.example.no").to_text();
    assert!(text.starts_with("https://app.example.no/p#"));
    let read = InvitationLink::from_text(&text).unwrap();
    assert_eq!(read.page, LinkPage::Participant);
    assert_eq!(read.relay_url, link.relay_url);
    assert_eq!(read.id(), link.id());
}

#[test]
fn the_same_over_http() {
    use folge_core::native::system_env;
    use folge_tests::device::Device;
    use folge_tests::relay::EmbeddedRelay;

    let dir = tempfile::tempdir().unwrap();
    let folder = |name: &str| {
        let path = dir.path().join(name);
        std::fs::create_dir(&path).unwrap();
        path
    };
    let relay = EmbeddedRelay::start(&folder("relay")).unwrap();
    let http = HttpRelay::new(&relay.url);
    let address = http.address().unwrap();
    let (mut office, _) = Device::found(&folder("office"), address).unwrap();
    let new = folge_core::client::NewParticipation {
        participation: folge_core::domain::Participation::new("p-0", "Fatima", "Dahl"),
        consultants: BTreeSet::new(),
    };
    let case = office.client.create_participations(&[new]).unwrap()[0];
    let link = office.client.invite_participant(case, VALID_MS).unwrap();
    http.sync(&mut office.client).unwrap();
    let mut own = Thread::join(system_env(), &link);
    assert_eq!(own.relay_url(), relay.url);
    let sync = |own: &mut Thread| {
        loop {
            let request = own.request().unwrap();
            let reply = http.post(request.path, &request.body).unwrap();
            if !own.reply(&reply).unwrap().more {
                return;
            }
        }
    };
    sync(&mut own);
    assert_eq!(own.phase(), Phase::In);
    own.write("Hei".into()).unwrap();
    sync(&mut own);
    http.sync(&mut office.client).unwrap();
    let requests = office.client.requests().unwrap();
    assert!(requests.is_empty());
    assert_eq!(own.notes()[0].sent, Sent::Stored);
    sync(&mut own);
    relay.stop();
}
