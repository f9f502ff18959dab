//! A device that locks itself, and passphrases that are tried on it: by calls, and as a process
//! with a clock that is moved, which is killed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use folge_core::Error;
use folge_core::client::{Client, Vault};
use folge_core::domain::{Language, Provider};
use folge_core::env::{Clock, Env};
use folge_core::limits::LOCK_AFTER_MILLISECONDS;
use folge_core::store::{PassphraseCost, Store, StoreError, Unlock};
use folge_core::sync::RelayAddress;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

const CHEAP: PassphraseCost = PassphraseCost {
    memory_kib: 8,
    passes: 1,
};
const START_MS: i64 = 1_772_434_800_000;

#[derive(Default)]
struct Hands {
    wall: AtomicI64,
    monotonic: AtomicU64,
    boot: AtomicU64,
}

impl Clock for Hands {
    fn wall_ms(&self) -> i64 {
        START_MS + self.wall.load(Ordering::SeqCst)
    }
    fn monotonic_ms(&self) -> u64 {
        self.monotonic.load(Ordering::SeqCst)
    }
    fn boot(&self) -> u32 {
        u32::try_from(self.boot.load(Ordering::SeqCst)).unwrap()
    }
}

impl Hands {
    fn pass(&self, ms: u64) {
        self.monotonic.fetch_add(ms, Ordering::SeqCst);
        self.wall
            .fetch_add(i64::try_from(ms).unwrap(), Ordering::SeqCst);
    }
    fn set_wall(&self, by_ms: i64) {
        self.wall.fetch_add(by_ms, Ordering::SeqCst);
    }
    fn restart(&self) {
        self.monotonic.store(0, Ordering::SeqCst);
        self.boot.fetch_add(1, Ordering::SeqCst);
    }
}

fn env(clock: &Arc<Hands>) -> Env {
    Env::new(
        Arc::clone(clock) as Arc<dyn Clock>,
        Box::new(ChaCha20Rng::from_seed([7; 32])),
    )
}

fn passphrase(text: &str) -> Unlock {
    Unlock::Passphrase(text.to_owned().into(), CHEAP)
}

fn found(path: &Path, clock: &Arc<Hands>) -> Client {
    found_at_cost(path, clock, CHEAP)
}

fn found_at_cost(path: &Path, clock: &Arc<Hands>, cost: PassphraseCost) -> Client {
    let unlock = Unlock::Passphrase("riktig hest".to_owned().into(), cost);
    let store = Store::create(path, &unlock, &mut env(clock)).unwrap();
    let relay = RelayAddress {
        url: "http://127.0.0.1:1".into(),
        key: [9; 32],
    };
    Client::found(store, env(clock), relay, "").unwrap().0
}

fn vault(path: &Path, clock: &Arc<Hands>) -> Vault {
    let clock = Arc::clone(clock);
    Vault::at(path.to_owned(), move || env(&clock))
}

fn is_locked(result: Result<&mut Client, Error>) -> bool {
    matches!(result, Err(Error::Locked))
}

#[test]
fn a_device_that_nobody_uses_locks_itself_and_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store.db");
    let clock = Arc::new(Hands::default());
    let mut vault = vault(&path, &clock);
    assert!(is_locked(vault.client()) && vault.lock_in_ms().is_none());
    vault.hold(found(&path, &clock));
    let provider = Provider {
        name: "Vekst AS".into(),
        org_number: "974760673".into(),
    };
    let client = vault.client().unwrap();
    client
        .put_register(Some(provider), vec![], vec![], vec![])
        .unwrap();

    clock.pass(LOCK_AFTER_MILLISECONDS - 1);
    assert!(!vault.tick() && vault.lock_in_ms() == Some(1));
    vault.touch();
    assert_eq!(vault.lock_in_ms(), Some(LOCK_AFTER_MILLISECONDS));
    // A sync in the background is no use of the device.
    clock.pass(LOCK_AFTER_MILLISECONDS - 1);
    assert!(vault.client().is_ok());
    clock.pass(1);
    // Nobody ticked: to touch it comes too late.
    vault.touch();
    assert!(vault.is_locked() && is_locked(vault.client()));

    let wrong = vault.unlock(&passphrase("gal hest")).unwrap_err();
    assert_eq!(wrong.code(), "wrong_secret");
    assert!(vault.is_locked());
    let client = vault.unlock(&passphrase("riktig hest")).unwrap();
    assert_eq!(client.register().unwrap().len(), 1);

    // A device that sleeps: only the wall clock goes on.
    clock.set_wall(i64::try_from(LOCK_AFTER_MILLISECONDS).unwrap());
    assert!(vault.tick());
    vault.unlock(&passphrase("riktig hest")).unwrap();
    clock.set_wall(-3_600_000);
    clock.pass(LOCK_AFTER_MILLISECONDS - 1);
    assert!(
        !vault.tick(),
        "a clock set back neither locks nor keeps open"
    );
    clock.pass(1);
    assert!(vault.tick());

    vault.unlock(&passphrase("riktig hest")).unwrap();
    vault.lock();
    assert!(is_locked(vault.client()));
    for language in [Language::Norwegian, Language::English] {
        assert!(Error::Locked.user_text(language).len() > 20);
    }
}

#[test]
fn guessing_gets_slower_over_restarts_and_clocks_that_are_set() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store.db");
    let clock = Arc::new(Hands::default());
    drop(found(&path, &clock));
    let wait_of = |text: &str| match vault(&path, &clock).unlock(&passphrase(text)) {
        Err(Error::Store(StoreError::TooManyAttempts { wait_ms })) => wait_ms,
        Err(Error::Store(StoreError::WrongSecret)) | Ok(_) => 0,
        Err(error) => panic!("{error}"),
    };
    for _ in 0..4 {
        assert_eq!(wait_of("gal hest"), 0);
    }
    // The right one too: else the answer would tell.
    assert_eq!(wait_of("riktig hest"), 1_000);
    clock.pass(400);
    clock.set_wall(-1_000_000_000);
    assert_eq!(wait_of("gal hest"), 600);
    clock.set_wall(2_000_000_000);
    assert_eq!(wait_of("gal hest"), 600);
    clock.set_wall(-1_000_000_000);
    clock.restart();
    assert_eq!(wait_of("gal hest"), 600);
    clock.set_wall(-60_000);
    assert_eq!(wait_of("gal hest"), 1_000);
    clock.pass(1_000);
    assert_eq!(wait_of("gal hest"), 0);
    assert_eq!(wait_of("gal hest"), 2_000);
    // Whoever has the secret of the platform's key store is no guesser, but this store has none.
    let secret = Unlock::Secret(folge_core::keys::Key32::new([0; 32]));
    let refused = vault(&path, &clock).unlock(&secret).unwrap_err();
    assert_eq!(refused.code(), "wrong_secret");
    clock.pass(2_000);
    assert_eq!(wait_of("riktig hest"), 0);
    for _ in 0..4 {
        assert_eq!(wait_of("gal hest"), 0);
    }
    assert_eq!(wait_of("gal hest"), 1_000);
    let error = Error::Store(StoreError::TooManyAttempts { wait_ms: 61_500 });
    assert_eq!(error.code(), "too_many_attempts");
    let text = error.user_text(Language::Norwegian);
    assert_eq!(
        text,
        "For mange feil passord. Vent 62 sekunder og prøv igjen."
    );
}

#[cfg(target_os = "linux")]
mod as_a_process {
    use std::io::{BufRead as _, BufReader, Lines, Write as _};
    use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
    use std::time::{Duration, Instant};

    use folge_core::client::NewParticipation;
    use folge_core::domain::Participation;
    use folge_tests::clock::StillClock;

    use super::*;

    /// A phone's program. Killed when dropped: at once, as when its battery is taken out.
    struct Phone {
        child: Child,
        says: ChildStdin,
        hears: Lines<BufReader<ChildStdout>>,
    }

    impl Phone {
        fn start(store: &Path, clock: &StillClock) -> Self {
            let mut program = Command::new(env!("CARGO_BIN_EXE_phone"));
            program.arg("locked").arg(store);
            program.stdin(Stdio::piped()).stdout(Stdio::piped());
            clock.give_to(&mut program);
            let mut child = program.spawn().unwrap();
            let says = child.stdin.take().unwrap();
            let hears = BufReader::new(child.stdout.take().unwrap()).lines();
            Self { child, says, hears }
        }

        fn say(&mut self, line: &str) {
            writeln!(self.says, "{line}").unwrap();
        }

        fn ask(&mut self, line: &str) -> String {
            self.say(line);
            self.hears.next().unwrap().unwrap()
        }

        /// Kills it; what it had said that nobody heard.
        fn kill(mut self) -> Vec<String> {
            self.child.kill().unwrap();
            self.child.wait().unwrap();
            self.hears.by_ref().map_while(Result::ok).collect()
        }
    }

    impl Drop for Phone {
        fn drop(&mut self) {
            self.child.kill().unwrap();
            self.child.wait().unwrap();
        }
    }

    fn minutes(count: i64) -> i64 {
        count * 60_000
    }

    #[test]
    fn a_phone_that_nobody_uses_locks_itself_and_a_killed_one_is_locked() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("store.db");
        let clock = StillClock::for_programs(START_MS, dir.path()).unwrap();
        let mut client = found(&path, &Arc::new(Hands::default()));
        let new = NewParticipation {
            participation: Participation::new("p-1", "Fatima", "Dahl"),
            consultants: std::collections::BTreeSet::new(),
        };
        client.create_participations(&[new]).unwrap();
        drop(client);

        let mut phone = Phone::start(&path, &clock);
        assert_eq!(phone.ask("look"), "locked");
        assert_eq!(phone.ask("unlock gal hest"), "wrong");
        assert_eq!(phone.ask("look"), "locked");
        assert_eq!(phone.ask("unlock riktig hest"), "open");
        assert_eq!(phone.ask("look"), "cases 1");
        clock.pass(minutes(4));
        assert_eq!(phone.ask("touch"), "ok");
        clock.pass(minutes(4));
        // A look is no use of the device: the time runs since the touch.
        assert_eq!(phone.ask("look"), "cases 1");
        clock.pass(minutes(1));
        assert_eq!(phone.ask("look"), "locked");
        assert_eq!(phone.ask("touch"), "ok");
        assert_eq!(phone.ask("look"), "locked");
        assert_eq!(phone.ask("unlock riktig hest"), "open");
        // Killed while it is open.
        drop(phone);
        let mut phone = Phone::start(&path, &clock);
        assert_eq!(phone.ask("look"), "locked");
        assert_eq!(phone.ask("unlock riktig hest"), "open");
        assert_eq!(phone.ask("look"), "cases 1");
    }

    #[test]
    fn killing_the_program_between_guesses_gains_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("store.db");
        let clock = StillClock::for_programs(START_MS, dir.path()).unwrap();
        drop(found(&path, &Arc::new(Hands::default())));
        // A program for each guess, killed after it.
        let try_one = |text: &str| Phone::start(&path, &clock).ask(&format!("unlock {text}"));
        for _ in 0..4 {
            assert_eq!(try_one("gal hest"), "wrong");
        }
        // The right one too: else the answer would tell.
        assert_eq!(try_one("riktig hest"), "wait 1000");
        clock.pass(400);
        assert_eq!(try_one("gal hest"), "wait 600");
        clock.pass(-minutes(60));
        assert_eq!(try_one("gal hest"), "wait 1000");
        clock.pass(1_000);
        assert_eq!(try_one("gal hest"), "wrong");
        assert_eq!(try_one("riktig hest"), "wait 2000");
        clock.pass(2_000);
        assert_eq!(try_one("riktig hest"), "open");
        assert_eq!(try_one("gal hest"), "wrong");
    }

    #[test]
    fn killing_the_program_in_the_middle_of_a_guess_gains_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("store.db");
        let clock = StillClock::for_programs(START_MS, dir.path()).unwrap();
        // The most that a store may ask for a guess: long enough to be killed in.
        let cost = PassphraseCost {
            passes: 16,
            ..PassphraseCost::DEFAULT
        };
        drop(found_at_cost(&path, &Arc::new(Hands::default()), cost));
        let counted = || -> Option<Vec<u8>> {
            let file = rusqlite::Connection::open(&path).unwrap();
            let sql = "SELECT value FROM meta WHERE name = 'attempts'";
            file.query_row(sql, [], |row| row.get(0)).ok()
        };
        let mut in_the_middle = 0;
        for guess in 0..4 {
            let before = counted();
            let mut phone = Phone::start(&path, &clock);
            phone.say("unlock gal hest");
            // It is on disk long before the passphrase is judged; then the program dies.
            let deadline = Instant::now() + Duration::from_secs(60);
            while counted() == before {
                assert!(Instant::now() < deadline, "guess {guess} is not counted");
                std::thread::sleep(Duration::from_millis(2));
            }
            std::thread::sleep(Duration::from_millis(50));
            in_the_middle += usize::from(phone.kill().is_empty());
        }
        assert!(
            in_the_middle > 0,
            "a guess is counted when it has been judged"
        );
        let mut phone = Phone::start(&path, &clock);
        assert_eq!(phone.ask("unlock riktig hest"), "wait 1000");
        clock.pass(1_000);
        drop(phone);
        let mut phone = Phone::start(&path, &clock);
        assert_eq!(phone.ask("unlock riktig hest"), "open");
    }
}
