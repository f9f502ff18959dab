//! What the staff app's worker answers, without a browser: the consultant's day from the invitation
//! to the participant's yes, drafts, locking, and what comes of each mistake.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use folge_core::client::{Client, Invitee, NewParticipation};
use folge_core::domain::{
    ContactChannel, Instant, LocalDate, MeetingForm, NoticeChannel, NoticeKind, Outcome,
    Participation, StaffMember, Verdict, With,
};
use folge_core::env::{Clock, Env};
use folge_core::keys::{InvitationLink, Key32};
use folge_core::store::{Store, StoreError, Unlock};
use folge_core::sync::RelayAddress;
use folge_protocol::ids::{DocumentId, InstanceId};
use folge_protocol::membership::Role;
use folge_protocol::wire::PATH_FOUND;
use folge_relay::limits::Limits;
use folge_relay::relay::{FoundingPolicy, Relay, Settings};
use folge_relay::storage::{Seeds, SqliteStorage};
use folge_web_calls as calls;
use folge_web_calls::{Ask, CaseId, Entry, Failure, FailureClass, Proven, Standing, VisitForm};
use folge_web_worker::{Desk, Place};
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng as _;

/// Noon in Oslo, 10 March 2026.
const START_MS: i64 = 1_773_140_400_000;
const PIN: &str = "kaffe 27";
const DAY_MS: u64 = 86_400_000;

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

fn env(clock: &Arc<Hands>, seed: u64) -> Env {
    let clock = Arc::clone(clock) as Arc<dyn Clock>;
    Env::new(clock, Box::new(ChaCha8Rng::seed_from_u64(seed)))
}

struct File(PathBuf);

impl Place for File {
    fn open(&self) -> Result<rusqlite::Connection, StoreError> {
        Ok(rusqlite::Connection::open(&self.0)?)
    }
    fn remove(&self) {
        std::fs::remove_file(&self.0).unwrap();
    }
}

struct World {
    clock: Arc<Hands>,
    relay: Relay<SqliteStorage>,
    dir: tempfile::TempDir,
    office: Client,
    link: InvitationLink,
    cases: Vec<DocumentId>,
}

fn carry(relay: &mut Relay<SqliteStorage>, clock: &Hands, client: &mut Client) {
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

/// A desk at a file. Every one over the same file has the browser's same secret.
fn desk(world: &World, name: &str) -> Desk {
    static SEED: AtomicU64 = AtomicU64::new(1000);
    let clock = Arc::clone(&world.clock);
    let place = Box::new(File(world.dir.path().join(name)));
    Desk::new(place, Key32::new([7; 32]), move || {
        env(&clock, SEED.fetch_add(1, Ordering::SeqCst))
    })
}

/// Asks as a page does: through the bytes.
fn ask<C: Ask>(desk: &mut Desk, call: C) -> Result<C::Reply, Failure> {
    let bytes = calls::encode(&call.into());
    let reply = calls::answer(desk, calls::decode(&bytes).unwrap());
    calls::decode_reply(&reply).unwrap()
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
        let unlock = Unlock::Secret(Key32::new([1; 32]));
        let store = Store::create(&dir.path().join("office"), &unlock, &mut env(&clock, 1));
        let (mut office, _) = Client::found(store.unwrap(), env(&clock, 2), address, "").unwrap();
        carry(&mut relay, &clock, &mut office);
        let link = office
            .invite(Invitee::New(Role::Consultant), DAY_MS)
            .unwrap();
        let staff = StaffMember {
            key: "consultant-00".into(),
            name: "Kari Li".into(),
            person: Some(link.person),
            position_percent: 100,
        };
        office
            .put_register(None, vec![], vec![], vec![staff])
            .unwrap();
        let new = [("p-0", "Fatima", "Dahl"), ("p-1", "Ola", "Ås")].map(|(key, first, last)| {
            let mut participation = Participation::new(key, first, last);
            participation.born = LocalDate::new(1999, 3, 28);
            participation.consultant = Some("consultant-00".into());
            NewParticipation {
                participation,
                consultants: BTreeSet::from([link.person]),
            }
        });
        let cases = office.create_participations(&new).unwrap();
        carry(&mut relay, &clock, &mut office);
        Self {
            clock,
            relay,
            dir,
            office,
            link,
            cases,
        }
    }

    fn sync(&mut self, desk: &mut Desk) {
        carry(&mut self.relay, &self.clock, desk.client().unwrap());
        carry(&mut self.relay, &self.clock, &mut self.office);
        carry(&mut self.relay, &self.clock, desk.client().unwrap());
        desk.sync_ended(&Ok(true), Instant(self.clock.wall_ms()));
    }

    /// A desk that has joined and synced.
    fn joined(&mut self) -> Desk {
        let mut desk = desk(self, "phone");
        let link = self.link.to_text();
        let pin = Some(PIN.to_owned());
        ask(&mut desk, calls::Join { link, pin }).unwrap();
        self.sync(&mut desk);
        self.sync(&mut desk);
        desk
    }

    fn case(&self, place: usize) -> CaseId {
        CaseId(self.cases[place].0)
    }
}

fn form(desk: &mut Desk) -> VisitForm {
    let choices = ask(desk, calls::GetChoices {}).unwrap();
    VisitForm {
        id: None,
        day: choices.today,
        start: 10 * 60,
        end: 11 * 60 + 15,
        form: MeetingForm::InPerson,
        with: With::Participant,
        outcome: Outcome::Attended,
        employer: None,
        activities: Vec::new(),
        colleagues: Vec::new(),
        note: "Snakket om oppgaver.".to_owned(),
        agreed: String::new(),
        travel: Some(25),
    }
}

fn record(desk: &mut Desk, case: CaseId, form: VisitForm) -> calls::Recorded {
    let call = calls::RecordVisit {
        case,
        form,
        measured: None,
        timers: Vec::new(),
        draft: None,
        reason: None,
    };
    ask(desk, call).unwrap()
}

fn today(desk: &mut Desk) -> calls::Day {
    ask(desk, calls::GetDay { day: None }).unwrap()
}

#[test]
fn a_day_from_the_invitation_to_the_participants_yes() {
    let mut world = World::new("web-day");
    let mut phone = desk(&world, "phone");
    assert_eq!(
        ask(&mut phone, calls::GetStatus {}),
        Ok(calls::Status::Empty)
    );
    let link = world.link.to_text();
    let preview = ask(&mut phone, calls::PreviewLink { link: link.clone() }).unwrap();
    assert_eq!(preview.relay, "http://in-process");
    assert_eq!(preview.words.split_whitespace().count(), 6);
    let pin = Some(PIN.to_owned());
    ask(&mut phone, calls::Join { link, pin }).unwrap();
    let me = ask(&mut phone, calls::GetMe {}).unwrap();
    assert_eq!(me.part, calls::Part::Unknown);
    world.sync(&mut phone);
    world.sync(&mut phone);
    let me = ask(&mut phone, calls::GetMe {}).unwrap();
    assert_eq!(
        (me.part, me.name.as_deref()),
        (calls::Part::Consultant, Some("Kari Li"))
    );

    let search = calls::GetCases {
        search: "dahl".to_owned(),
        mine: true,
        ..calls::GetCases::default()
    };
    let found = ask(&mut phone, search).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].who.as_deref(), Some("Fatima Dahl"));
    let case = found[0].case;
    assert_eq!(case, world.case(0));

    // Recorded without a network: on the phone, not confirmed, and undone in one go.
    let mut typed = form(&mut phone);
    let recorded = record(&mut phone, case, typed.clone());
    assert_eq!(recorded.records.len(), 2, "the visit and its travel");
    let line = today(&mut phone).visits.remove(0);
    assert_eq!(
        (line.standing, line.proven),
        (Standing::SavedHere, Proven::Not)
    );
    ask(
        &mut phone,
        calls::Undo {
            records: recorded.records,
        },
    )
    .unwrap();
    assert!(today(&mut phone).visits.is_empty());
    typed.note.clear();
    record(&mut phone, case, typed);
    let line = today(&mut phone).visits.remove(0);
    assert_eq!(line.start.minute_of_day(), 600);
    let page = ask(&mut phone, calls::GetCase { case }).unwrap();
    assert_eq!(page.months[0].attended, 75);
    assert!(matches!(page.entries[0].entry, Entry::Trip { minutes: 25 }));

    // Invited, shown, answered.
    let own_link = ask(&mut phone, calls::InviteParticipant { case }).unwrap();
    let visit = line.visit;
    ask(&mut phone, calls::ShowVisit { case, visit }).unwrap();
    world.sync(&mut phone);
    assert_eq!(today(&mut phone).visits[0].standing, Standing::ReadByOffice);
    let unlock = Unlock::Secret(Key32::new([2; 32]));
    let path = world.dir.path().join("own");
    let store = Store::create(&path, &unlock, &mut env(&world.clock, 50)).unwrap();
    let link = InvitationLink::from_text(&own_link.link).unwrap();
    let mut own = Client::join(store, env(&world.clock, 51), &link).unwrap();
    carry(&mut world.relay, &world.clock, &mut own);
    world.sync(&mut phone);
    carry(&mut world.relay, &world.clock, &mut own);
    let thread = own.own_threads().unwrap()[0];
    let card = own
        .thread(thread)
        .unwrap()
        .into_iter()
        .find_map(|line| match line.saying {
            folge_core::messages::Saying::Card(card) => Some(card),
            _ => None,
        });
    let card = card.unwrap();
    own.confirm(thread, card.visit, card.digest, Verdict::Yes)
        .unwrap();
    carry(&mut world.relay, &world.clock, &mut own);
    assert_eq!(ask(&mut phone, calls::GetUnconfirmed {}).unwrap().len(), 1);
    world.sync(&mut phone);
    assert_eq!(today(&mut phone).visits[0].proven, Proven::Confirmed);
    assert!(
        ask(&mut phone, calls::GetUnconfirmed {})
            .unwrap()
            .is_empty()
    );

    // Changed after that: it needs a reason, and the confirmation is void.
    let mut change = ask(&mut phone, calls::GetVisit { case, visit }).unwrap();
    assert_eq!((change.start, change.end), (600, 675));
    change.end = 700;
    let mut amend = calls::AmendVisit {
        case,
        form: change,
        draft: None,
        reason: None,
    };
    let refused = ask(&mut phone, amend.clone()).unwrap_err();
    assert_eq!(refused.class, FailureClass::ReasonNeeded);
    amend.reason = Some("Skrev feil tid.".to_owned());
    ask(&mut phone, amend).unwrap();
    assert_eq!(today(&mut phone).visits[0].proven, Proven::Changed);
    let history = ask(&mut phone, calls::GetHistory { case }).unwrap();
    assert_eq!(history[0].reason.as_deref(), Some("Skrev feil tid."));
    assert_eq!(history[0].who.nb, "Kari Li");
    let made = history.iter().find(|line| line.fields.len() > 4).unwrap();
    let written = |heading: &str| {
        let mut fields = made.fields.iter();
        fields.find(|field| field.0 == heading).unwrap().2.clone()
    };
    assert_eq!(written("Veiledere").as_deref(), Some("Kari Li"));
    assert_eq!(
        (made.fields[0].0.as_str(), made.fields[1].0.as_str()),
        ("Fra", "Til")
    );
}

#[test]
fn a_no_show_a_contact_a_note_and_a_group() {
    let mut world = World::new("web-more");
    let mut phone = world.joined();
    let case = world.case(0);
    let mut typed = form(&mut phone);
    typed.outcome = Outcome::NoShow;
    typed.travel = None;
    let recorded = record(&mut phone, case, typed.clone());
    let calls::RecordName::Visit(visit) = recorded.records[0].1 else {
        panic!("no visit");
    };
    let notice = calls::RecordNotice {
        case,
        kind: NoticeKind::Absence,
        channel: NoticeChannel::Deltakeroversikt,
        about: Some(visit),
        text: "Møtte ikke.".to_owned(),
        draft: None,
    };
    ask(&mut phone, notice).unwrap();
    let contact = calls::RecordContact {
        case,
        channel: ContactChannel::Phone,
        reached: false,
        note: String::new(),
        draft: None,
    };
    ask(&mut phone, contact).unwrap();
    let text = "Ring i morgen.".to_owned();
    ask(
        &mut phone,
        calls::RecordNote {
            case,
            text,
            draft: None,
        },
    )
    .unwrap();
    let page = ask(&mut phone, calls::GetCase { case }).unwrap();
    assert_eq!(page.entries.len(), 3);
    assert_eq!(page.months[0].no_show, 75);

    typed.travel = Some(40);
    let group = calls::RecordGroup {
        form: typed,
        attendees: vec![
            (world.case(0), Outcome::Attended),
            (world.case(1), Outcome::NoShow),
        ],
        draft: None,
    };
    ask(&mut phone, group).unwrap();
    let shown = today(&mut phone).visits;
    let groups: Vec<_> = shown.iter().filter(|line| line.group == Some(2)).collect();
    assert_eq!(groups.len(), 2);
    let alone = calls::RecordGroup {
        form: form(&mut phone),
        attendees: Vec::new(),
        draft: None,
    };
    assert_eq!(ask(&mut phone, alone).unwrap_err().code, "missing");
}

#[test]
fn a_timer_is_recorded_with_its_travel_to_the_second() {
    let mut world = World::new("web-timer");
    let mut phone = world.joined();
    let case = world.case(0);
    let start = |phone: &mut Desk, travel| {
        let cases = vec![case];
        ask(phone, calls::StartTimer { travel, cases }).unwrap()
    };
    let id = start(&mut phone, false);
    world
        .clock
        .0
        .fetch_add(37 * 60_000 + 12_000, Ordering::SeqCst);
    let measured = ask(&mut phone, calls::StopTimer { id });
    // Left alone for so long the app has locked; the timer ran on.
    let measured = measured.unwrap_or_else(|failure| {
        assert_eq!(failure.class, FailureClass::Locked);
        let pin = Some(PIN.to_owned());
        ask(&mut phone, calls::Unlock { pin }).unwrap();
        ask(&mut phone, calls::StopTimer { id }).unwrap()
    });
    assert_eq!(measured.end.0 - measured.start.0, 37 * 60_000 + 12_000);
    let mut typed = form(&mut phone);
    typed.id = measured.records.first().copied();
    typed.start = measured.start.minute_of_day();
    typed.end = measured.end.minute_of_day();
    let call = calls::RecordVisit {
        case,
        form: typed,
        measured: Some((measured.start, measured.end)),
        timers: vec![id],
        draft: None,
        reason: None,
    };
    ask(&mut phone, call).unwrap();
    let day = today(&mut phone);
    assert!(day.timers.is_empty());
    assert_eq!(day.visits[0].start, measured.start);
    assert_eq!(day.visits[0].end, measured.end);
}

#[test]
fn what_is_typed_survives_the_lock_and_a_crash_and_goes_when_it_is_recorded() {
    let mut world = World::new("web-draft");
    let mut phone = world.joined();
    let case = world.case(0);
    let put = |content: &[u8]| calls::PutDraft {
        name: "a form".to_owned(),
        case: Some(case),
        content: content.to_vec(),
    };
    ask(&mut phone, put(b"first")).unwrap();
    ask(&mut phone, put("nesten ferdig".as_bytes())).unwrap();
    ask(&mut phone, calls::Lock {}).unwrap();
    let get = || calls::GetDraft {
        name: "a form".to_owned(),
    };
    let refused = ask(&mut phone, get()).unwrap_err();
    assert_eq!(refused.class, FailureClass::Locked);
    assert_eq!(
        ask(&mut phone, calls::GetStatus {}),
        Ok(calls::Status::Locked { pin: true })
    );

    // The worker dies, and another one opens the same file.
    drop(phone);
    let mut phone = desk(&world, "phone");
    for wrong in [None, Some("kaffe 28".to_owned())] {
        let refused = ask(&mut phone, calls::Unlock { pin: wrong }).unwrap_err();
        assert_eq!(refused.class, FailureClass::WrongSecret);
    }
    let pin = Some(PIN.to_owned());
    ask(&mut phone, calls::Unlock { pin }).unwrap();
    assert_eq!(
        ask(&mut phone, get()).unwrap().as_deref(),
        Some("nesten ferdig".as_bytes())
    );
    let listed = ask(&mut phone, calls::GetDrafts {}).unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].who.as_deref(), Some("Fatima Dahl"));
    let file = std::fs::read(world.dir.path().join("phone")).unwrap();
    let wal = std::fs::read(world.dir.path().join("phone-wal")).unwrap_or_default();
    for bytes in [file, wal] {
        assert!(
            !bytes.windows(6).any(|part| part == b"nesten"),
            "a draft in the clear"
        );
    }

    let mut call = calls::RecordVisit {
        case,
        form: form(&mut phone),
        measured: None,
        timers: Vec::new(),
        draft: Some("a form".to_owned()),
        reason: None,
    };
    // Refused: what was typed stays.
    call.form.note = "x".repeat(100_000);
    assert!(ask(&mut phone, call.clone()).is_err());
    assert!(ask(&mut phone, get()).unwrap().is_some());
    call.form.note.clear();
    ask(&mut phone, call).unwrap();
    assert_eq!(ask(&mut phone, get()), Ok(None));
}

#[test]
fn a_draft_goes_with_its_participation() {
    let mut world = World::new("web-draft-erased");
    let mut phone = world.joined();
    for (name, case) in [("of the one", 0), ("of the other", 1)] {
        let call = calls::PutDraft {
            name: name.to_owned(),
            case: Some(world.case(case)),
            content: b"typed".to_vec(),
        };
        ask(&mut phone, call).unwrap();
    }
    let person = world.link.person;
    world.office.unassign(world.cases[0], person).unwrap();
    carry(&mut world.relay, &world.clock, &mut world.office);
    world.sync(&mut phone);
    let left = ask(&mut phone, calls::GetDrafts {}).unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].name, "of the other");
}

#[test]
fn a_pin_is_set_changed_and_removed_and_a_weak_one_refused() {
    let mut world = World::new("web-pin");
    let mut phone = desk(&world, "phone");
    let link = world.link.to_text();
    for weak in ["123456", "12345", "111111"] {
        let pin = Some(weak.to_owned());
        let refused = ask(
            &mut phone,
            calls::Join {
                link: link.clone(),
                pin,
            },
        )
        .unwrap_err();
        assert_eq!(refused.code, "weak_pin", "{weak}");
    }
    assert_eq!(
        ask(&mut phone, calls::GetStatus {}),
        Ok(calls::Status::Empty)
    );
    ask(
        &mut phone,
        calls::Join {
            link: link.clone(),
            pin: None,
        },
    )
    .unwrap();
    // Used up here: a second store is not made beside it.
    let again = ask(&mut phone, calls::Join { link, pin: None }).unwrap_err();
    assert_eq!(again.code, "store_exists");
    world.sync(&mut phone);
    let change = |now: Option<&str>, then: Option<&str>| calls::ChangePin {
        now: now.map(str::to_owned),
        then: then.map(str::to_owned),
    };
    ask(&mut phone, change(None, Some(PIN))).unwrap();
    let wrong = ask(&mut phone, change(Some("kaffe 28"), None)).unwrap_err();
    assert_eq!(wrong.class, FailureClass::WrongSecret);
    ask(&mut phone, calls::Lock {}).unwrap();
    assert_eq!(
        ask(&mut phone, calls::GetStatus {}),
        Ok(calls::Status::Locked { pin: true })
    );
    assert!(ask(&mut phone, calls::Unlock { pin: None }).is_err());
    let pin = Some(PIN.to_owned());
    ask(&mut phone, calls::Unlock { pin }).unwrap();
    ask(&mut phone, change(Some(PIN), None)).unwrap();
    ask(&mut phone, calls::Lock {}).unwrap();
    assert_eq!(
        ask(&mut phone, calls::GetStatus {}),
        Ok(calls::Status::Locked { pin: false })
    );
    ask(&mut phone, calls::Unlock { pin: None }).unwrap();
    assert_eq!(today(&mut phone).visits.len(), 0);
}

#[test]
fn an_invitation_that_lets_nobody_in_can_be_put_away_for_another() {
    let mut world = World::new("web-start-over");
    let mut first = world.joined();
    // In: what is there stays.
    let refused = ask(&mut first, calls::StartOver {}).unwrap_err();
    assert_eq!(refused.code, "already_in");
    let mut second = desk(&world, "second");
    let used = calls::Join {
        link: world.link.to_text(),
        pin: None,
    };
    ask(&mut second, used).unwrap();
    let refused = Err(folge_core::Error::BadInvitation);
    second.sync_ended(&refused, Instant(world.clock.wall_ms()));
    let standing = ask(&mut second, calls::GetSync {}).unwrap();
    assert!(standing.trouble.is_some() && !standing.offline);
    ask(&mut second, calls::StartOver {}).unwrap();
    assert_eq!(
        ask(&mut second, calls::GetStatus {}),
        Ok(calls::Status::Empty)
    );
    let new = Invitee::New(Role::Consultant);
    world.link = world.office.invite(new, DAY_MS).unwrap();
    carry(&mut world.relay, &world.clock, &mut world.office);
    let fresh = calls::Join {
        link: world.link.to_text(),
        pin: None,
    };
    ask(&mut second, fresh).unwrap();
    world.sync(&mut second);
    let me = ask(&mut second, calls::GetMe {}).unwrap();
    assert_eq!(me.part, calls::Part::Consultant);
}

#[test]
fn a_bad_link_leaves_nothing_and_says_what_to_do() {
    let world = World::new("web-link");
    let mut phone = desk(&world, "phone");
    let text = world.link.to_text();
    for link in ["", "https://relay.example.no", &text[..text.len() - 4]] {
        let link = link.to_owned();
        let refused = ask(&mut phone, calls::Join { link, pin: None }).unwrap_err();
        assert_eq!(refused.code, "bad_invitation");
        assert!(refused.words.nb.ends_with('.') && refused.words.en.ends_with('.'));
    }
    assert_eq!(
        ask(&mut phone, calls::GetStatus {}),
        Ok(calls::Status::Empty)
    );
}

#[test]
fn bytes_that_are_no_call_are_none() {
    for bytes in [&[][..], &[255, 255, 255], &[60; 40]] {
        assert!(calls::decode(bytes).is_none());
    }
    let mut call = calls::encode(&calls::GetCases::default().into());
    call.truncate(call.len() - 1);
    assert!(calls::decode(&call).is_none());
}

#[test]
fn the_office_sees_all_settles_conflicts_and_invites() {
    let mut world = World::new("web-office");
    let mut phone = world.joined();
    let case = world.case(0);
    let typed = form(&mut phone);
    record(&mut phone, case, typed);
    world.sync(&mut phone);
    let link = world
        .office
        .invite(Invitee::Known(world.office.identity().person), DAY_MS);
    let link = link.unwrap();
    carry(&mut world.relay, &world.clock, &mut world.office);
    let mut office = desk(&world, "office-web");
    let text = link.to_text();
    ask(
        &mut office,
        calls::Join {
            link: text,
            pin: None,
        },
    )
    .unwrap();
    for _ in 0..2 {
        world.sync(&mut office);
    }
    let me = ask(&mut office, calls::GetMe {}).unwrap();
    assert_eq!((me.part, me.administrator), (calls::Part::Office, true));
    let all = ask(&mut office, calls::GetCases::default()).unwrap();
    assert_eq!(all.len(), 2);
    let month = ask(&mut office, calls::GetMonth { month: None }).unwrap();
    assert_eq!(month.lines.len(), 1);
    assert_eq!((month.lines[0].attended, month.lines[0].travel), (75, 25));

    // Two devices change one field at once.
    let visit = today(&mut phone).visits[0].visit;
    let change = |desk: &mut Desk, end: u32| {
        let mut form = ask(desk, calls::GetVisit { case, visit }).unwrap();
        form.end = end;
        let reason = Some("Feil tid.".to_owned());
        ask(
            desk,
            calls::AmendVisit {
                case,
                form,
                draft: None,
                reason,
            },
        )
        .unwrap();
    };
    change(&mut phone, 680);
    change(&mut office, 690);
    world.sync(&mut phone);
    world.sync(&mut office);
    world.sync(&mut phone);
    let filter = calls::GetCases {
        conflicts: true,
        ..calls::GetCases::default()
    };
    assert_eq!(ask(&mut office, filter.clone()).unwrap().len(), 1);
    let lines = ask(&mut office, calls::GetConflicts { case }).unwrap();
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0].values.len(), 2);
    let settle = calls::Settle {
        case,
        line: lines[0].clone(),
        value: 0,
    };
    ask(&mut office, settle.clone()).unwrap();
    assert!(ask(&mut office, filter).unwrap().is_empty());
    // It was settled already: nothing is settled blindly.
    assert!(ask(&mut office, settle).is_err());

    let invite = calls::Invite {
        role: calls::NewRole::Consultant,
        staff: None,
    };
    let made = ask(&mut office, invite.clone()).unwrap();
    assert!(InvitationLink::from_text(&made.link).is_ok());
    assert_eq!(ask(&mut phone, invite).err().unwrap().code, "not_allowed");
    let members = ask(&mut office, calls::GetMembers {}).unwrap();
    let open = |line: &&calls::InvitationLine| line.standing == calls::InvitationStanding::Open;
    let id = members.invitations.iter().find(open).unwrap().id;
    ask(&mut office, calls::WithdrawInvitation { id }).unwrap();
    let members = ask(&mut office, calls::GetMembers {}).unwrap();
    assert!(!members.invitations.iter().any(|line| open(&line)));
}
