//! Nights when clocks change, midnight, and device clocks that are set: what the calendar shows,
//! what timers measure, and how sure a time is.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};

use folge_core::client::{Client, NewParticipation, TimerKind};
use folge_core::document::Record;
use folge_core::domain::{Instant, LocalDate, MeetingForm, Outcome, Participation, Visit, With};
use folge_core::env::{Clock, Env};
use folge_core::keys::Key32;
use folge_core::store::{Store, Unlock};
use folge_core::sync::RelayAddress;
use folge_protocol::ids::DocumentId;
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng as _;

#[derive(Default)]
struct Hands {
    wall_ms: AtomicI64,
    monotonic_ms: AtomicU64,
    boot: AtomicU32,
}

impl Clock for Hands {
    fn wall_ms(&self) -> i64 {
        self.wall_ms.load(Ordering::SeqCst)
    }
    fn monotonic_ms(&self) -> u64 {
        self.monotonic_ms.load(Ordering::SeqCst)
    }
    fn boot(&self) -> u32 {
        self.boot.load(Ordering::SeqCst)
    }
}

impl Hands {
    fn pass(&self, minutes: i64) {
        self.wall_ms.fetch_add(minutes * 60_000, Ordering::SeqCst);
        self.monotonic_ms
            .fetch_add((minutes * 60_000) as u64, Ordering::SeqCst);
    }
    fn set(&self, text: &str) {
        self.wall_ms
            .store(Instant::parse(text).unwrap().0, Ordering::SeqCst);
    }
}

struct Phone {
    client: Client,
    hands: Arc<Hands>,
    case: DocumentId,
    _dir: tempfile::TempDir,
}

fn phone(start: &str) -> Phone {
    let dir = tempfile::tempdir().unwrap();
    let hands = Arc::new(Hands::default());
    hands.set(start);
    let mut env = Env::new(
        Arc::clone(&hands) as Arc<dyn Clock>,
        Box::new(ChaCha8Rng::seed_from_u64(3)),
    );
    let unlock = Unlock::Secret(Key32::new([1; 32]));
    let store = Store::create(&dir.path().join("store.db"), &unlock, &mut env).unwrap();
    let relay = RelayAddress {
        url: "http://nowhere".to_owned(),
        key: [0; 32],
    };
    let (mut client, _) = Client::found(store, env, relay, "").unwrap();
    let mut participation = Participation::new("p", "Fatima", "Dahl");
    participation.consultant = Some("k".into());
    let new = NewParticipation {
        participation,
        consultants: Default::default(),
    };
    let case = client.create_participations(&[new]).unwrap()[0];
    Phone {
        client,
        hands,
        case,
        _dir: dir,
    }
}

fn visit(phone: &mut Phone, start: Instant, end: Instant) {
    let visit = Visit {
        id: phone.client.new_record_id(),
        start,
        end,
        form: MeetingForm::Phone,
        with: With::Participant,
        consultants: vec!["k".into()],
        employer: None,
        activities: Vec::new(),
        outcome: Outcome::Attended,
        planned: false,
        group: None,
        note: String::new(),
        agreed: String::new(),
    };
    phone
        .client
        .record(phone.case, Record::Visit(visit))
        .unwrap();
}

fn attended(phone: &Phone) -> Vec<(String, u32)> {
    let minutes = phone.client.minutes(phone.case).unwrap();
    minutes
        .months
        .iter()
        .map(|(month, sums)| (month.to_string(), sums.attended.0))
        .collect()
}

#[test]
fn a_timer_over_the_spring_night_measures_what_passed() {
    let mut phone = phone("2026-03-29T01:30+01:00");
    let id = phone
        .client
        .start_timer(TimerKind::Visit, &[phone.case])
        .unwrap();
    phone.hands.pass(60);
    let stopped = phone.client.stop_timer(id).unwrap();
    // 01:30 winter time and an hour is 03:30 summer time.
    assert_eq!(
        stopped.end,
        Instant::parse("2026-03-29T03:30+02:00").unwrap()
    );
    assert!(!stopped.clock_jumped);
    visit(&mut phone, stopped.start, stopped.end);
    assert_eq!(attended(&phone), [("2026-03".to_owned(), 60)]);
}

#[test]
fn the_hour_that_comes_twice_in_autumn_counts_twice() {
    let mut phone = phone("2026-10-25T01:30+02:00");
    let id = phone
        .client
        .start_timer(TimerKind::Visit, &[phone.case])
        .unwrap();
    phone.hands.pass(120);
    let stopped = phone.client.stop_timer(id).unwrap();
    assert_eq!(
        stopped.end,
        Instant::parse("2026-10-25T02:30+01:00").unwrap()
    );
    visit(&mut phone, stopped.start, stopped.end);
    assert_eq!(attended(&phone), [("2026-10".to_owned(), 120)]);
    let day = LocalDate::new(2026, 10, 25).unwrap();
    assert_eq!(phone.client.day(&"k".into(), day).unwrap().len(), 1);
}

#[test]
fn a_visit_across_midnight_and_month_end_belongs_to_its_start() {
    let mut phone = phone("2026-01-31T23:30+01:00");
    let end = Instant::parse("2026-02-01T00:45+01:00").unwrap();
    let start = Instant::parse("2026-01-31T23:30+01:00").unwrap();
    visit(&mut phone, start, end);
    assert_eq!(attended(&phone), [("2026-01".to_owned(), 75)]);
    // It touches both days, and is shown on both.
    for (month, day) in [(1, 31), (2, 1)] {
        let date = LocalDate::new(2026, month, day).unwrap();
        assert_eq!(
            phone.client.day(&"k".into(), date).unwrap().len(),
            1,
            "{date}"
        );
    }
    let monday = LocalDate::new(2026, 1, 28).unwrap();
    let week = phone.client.week(&"k".into(), monday).unwrap();
    assert_eq!(week.values().map(Vec::len).sum::<usize>(), 2);
}

#[test]
fn setting_the_wall_clock_changes_no_measured_time_and_is_noticed() {
    let mut phone = phone("2026-03-02T09:00+01:00");
    let id = phone.client.start_timer(TimerKind::Travel, &[]).unwrap();
    phone.hands.pass(20);
    phone.hands.set("2031-07-01T12:00+02:00");
    phone.hands.pass(5);
    let stopped = phone.client.stop_timer(id).unwrap();
    assert!(stopped.clock_jumped);
    assert_eq!(
        stopped.end,
        Instant::parse("2026-03-02T09:25+01:00").unwrap()
    );
}

#[test]
fn a_timer_across_a_restart_trusts_the_wall_clock_unless_it_went_back() {
    for (set, minutes, jumped) in [
        ("2026-03-02T09:40+01:00", 40, false),
        ("2019-01-01T00:00+01:00", 0, true),
    ] {
        let mut phone = phone("2026-03-02T09:00+01:00");
        let id = phone
            .client
            .start_timer(TimerKind::Visit, &[phone.case])
            .unwrap();
        phone.hands.boot.store(9, Ordering::SeqCst);
        phone.hands.monotonic_ms.store(17, Ordering::SeqCst);
        phone.hands.set(set);
        let stopped = phone.client.stop_timer(id).unwrap();
        assert_eq!((stopped.end.0 - stopped.start.0) / 60_000, minutes);
        assert_eq!(stopped.clock_jumped, jumped);
    }
}

#[test]
fn a_clock_before_1970_or_beyond_the_calendar_records_all_the_same() {
    for wall_ms in [i64::MIN / 4, -1, 0, i64::MAX / 4] {
        let mut phone = phone("2026-03-02T09:00+01:00");
        phone.hands.wall_ms.store(wall_ms, Ordering::SeqCst);
        let start = Instant::parse("2026-03-02T09:00+01:00").unwrap();
        visit(&mut phone, start, Instant(start.0 + 600_000));
        assert_eq!(attended(&phone), [("2026-03".to_owned(), 10)]);
        assert_eq!(phone.client.history(phone.case).unwrap().len(), 2);
        phone.client.sync_request().unwrap();
    }
}
