//! The worker's state: the store's place, the client while it is unlocked, how the sync stands.

use std::sync::{Arc, Mutex, PoisonError};

use folge_core::client::{Client, Vault};
use folge_core::domain::Instant;
use folge_core::env::Env;
use folge_core::keys::{Key32, derive};
use folge_core::store::{PassphraseCost, Store, StoreError, Unlock};
use folge_core::{Error, ErrorClass};
use folge_web_calls::{Failure, SyncStanding, Words};
use rusqlite::Connection;
use zeroize::Zeroizing;

use crate::failure::{failure_of, of_store, own};
use crate::names::Names;

/// Locks after so long without use.
const LOCK_AFTER_MILLISECONDS: u64 = 10 * 60 * 1000;
/// What a try of the PIN costs: OWASP's second choice for Argon2id, for a phone's browser has to
/// pay it at every start. A stolen disk is guarded by the PIN's length (docs/threat-model.md).
const PIN_COST: PassphraseCost = PassphraseCost {
    memory_kib: 19 * 1024,
    passes: 2,
};

/// Where the store is.
pub trait Place: Send {
    /// Opens the database; an empty one where there is none.
    /// # Errors
    /// What SQLite reports.
    fn open(&self) -> Result<Connection, StoreError>;
    /// Takes the database away.
    fn remove(&self);
}

type SharedPlace = Arc<Mutex<Box<dyn Place>>>;

/// The worker's state.
pub struct Desk {
    place: SharedPlace,
    /// What the browser keeps for this app alone; half of what opens the store.
    secret: Key32,
    envs: Arc<dyn Fn() -> Env + Send + Sync>,
    pub(crate) vault: Vault,
    pub(crate) standing: SyncStanding,
    names: Option<Names>,
    /// Something was written that the sync should carry away.
    wrote: bool,
    /// A person asked for a sync.
    asked: bool,
    /// Something that pages show has changed.
    changed: bool,
    test_mode: bool,
    /// Whether a PIN opened the store that is open: it lets nobody else look.
    opened_by_pin: bool,
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Desk")
    }
}

impl Desk {
    /// A desk over a place. `secret` is what the browser keeps for this app alone.
    #[must_use]
    pub fn new(
        place: Box<dyn Place>,
        secret: Key32,
        envs: impl Fn() -> Env + Send + Sync + 'static,
    ) -> Self {
        let place: SharedPlace = Arc::new(Mutex::new(place));
        let envs: Arc<dyn Fn() -> Env + Send + Sync> = Arc::new(envs);
        let (at, make) = (Arc::clone(&place), Arc::clone(&envs));
        let open = move |unlock: &Unlock, env: &mut Env| {
            let conn = at.lock().unwrap_or_else(PoisonError::into_inner).open()?;
            Store::open_in(conn, unlock, env)
        };
        Self {
            vault: Vault::new(open, move || make()).locking_after_ms(LOCK_AFTER_MILLISECONDS),
            place,
            secret,
            envs,
            standing: SyncStanding {
                running: false,
                last: None,
                waiting: false,
                trouble: None,
                offline: false,
            },
            names: None,
            wrote: false,
            asked: false,
            changed: false,
            test_mode: false,
            opened_by_pin: false,
        }
    }

    /// Lets identity numbers that are made for tests be recorded.
    pub const fn set_test_mode(&mut self, on: bool) {
        self.test_mode = on;
    }

    // --- the store ---

    fn open(&self) -> Result<Connection, StoreError> {
        let place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        place.open()
    }

    /// Whether there is a store, and whether a PIN opens it.
    pub(crate) fn pin(&self) -> Result<Option<bool>, Failure> {
        if !self.vault.is_locked() {
            return Ok(Some(self.opened_by_pin));
        }
        match self
            .open()
            .and_then(|conn| Store::asks_for_passphrase(&conn))
        {
            Ok(pin) => Ok(Some(pin)),
            Err(StoreError::NotAStore) => Ok(None),
            Err(error) => Err(of_store(error)),
        }
    }

    /// What opens the store.
    pub(crate) fn unlock_by(&self, pin: Option<&str>) -> Unlock {
        let secret = derive(&self.secret, "folge web unlock v1", &[]);
        let Some(pin) = pin else {
            return Unlock::Secret(secret);
        };
        // Both are needed: the file alone gives no guesses, nor does the browser's own secret.
        let mut text = Zeroizing::new(String::with_capacity(80));
        for byte in secret.expose() {
            let digit = |half: u8| char::from(if half < 10 { b'0' + half } else { b'W' + half });
            text.push(digit(byte >> 4));
            text.push(digit(byte & 15));
        }
        text.push(' ');
        text.push_str(pin);
        Unlock::Passphrase(text, PIN_COST)
    }

    /// Makes a store, and a client in it. Nothing is left where that fails.
    pub(crate) fn begin<T>(
        &mut self,
        pin: Option<&str>,
        make: impl FnOnce(Store, Env) -> Result<(Client, T), Error>,
    ) -> Result<T, Failure> {
        if self.pin()?.is_some() {
            return Err(of_store(StoreError::Exists));
        }
        let mut env = (self.envs)();
        let unlock = self.unlock_by(pin);
        let made = self
            .open()
            .and_then(|conn| Store::create_in(conn, &unlock, &mut env))
            .map_err(Error::from)
            .and_then(|store| make(store, env));
        match made {
            Ok((mut client, more)) => {
                client.set_test_mode(self.test_mode);
                self.vault.hold(client);
                self.opened_by_pin = pin.is_some();
                self.note_write();
                Ok(more)
            }
            Err(error) => {
                let place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
                place.remove();
                Err(failure_of(&error))
            }
        }
    }

    /// Unlocks.
    pub(crate) fn unlock(&mut self, pin: Option<&str>) -> Result<(), Failure> {
        let unlock = self.unlock_by(pin);
        let was_locked = self.vault.is_locked();
        let test_mode = self.test_mode;
        let client = self
            .vault
            .unlock(&unlock)
            .map_err(|error| failure_of(&error))?;
        client.set_test_mode(test_mode);
        if was_locked {
            self.opened_by_pin = pin.is_some();
        }
        self.note_write();
        Ok(())
    }

    /// Takes the store away.
    pub(crate) fn leave(&mut self) {
        self.lock();
        self.standing.last = None;
        self.standing.offline = false;
        let place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        place.remove();
        self.changed = true;
    }

    /// The store is opened by a PIN, or not, from now on.
    pub(crate) const fn set_opened_by_pin(&mut self, pin: bool) {
        self.opened_by_pin = pin;
    }

    /// Locks: every key leaves the memory.
    pub(crate) fn lock(&mut self) {
        self.vault.lock();
        self.names = None;
        self.standing.trouble = None;
    }

    /// Locks where the time is up. Says whether it just did.
    pub fn tick(&mut self) -> bool {
        let was_open = !self.vault.is_locked();
        let locked = self.vault.tick();
        if was_open && locked {
            self.lock();
        }
        was_open && locked
    }

    // --- the client ---

    /// Asks the client something.
    pub(crate) fn read<T>(
        &mut self,
        ask: impl FnOnce(&mut Client) -> Result<T, Error>,
    ) -> Result<T, Failure> {
        let client = self.vault.client().map_err(|error| failure_of(&error))?;
        ask(client).map_err(|error| failure_of(&error))
    }

    /// Asks the client something that needs the register's names.
    pub(crate) fn read_with_names<T>(
        &mut self,
        ask: impl FnOnce(&mut Client, &Names) -> Result<T, Error>,
    ) -> Result<T, Failure> {
        let client = self.vault.client().map_err(|error| failure_of(&error))?;
        let names = match &self.names {
            Some(names) => names,
            None => {
                let names = Names::of(client).map_err(|error| failure_of(&error))?;
                self.names.insert(names)
            }
        };
        ask(client, names).map_err(|error| failure_of(&error))
    }

    /// Has the client do something; it is on disk when this returns.
    pub(crate) fn write<T>(
        &mut self,
        act: impl FnOnce(&mut Client) -> Result<T, Error>,
    ) -> Result<T, Failure> {
        let done = self.read(act)?;
        self.vault.touch();
        self.note_write();
        Ok(done)
    }

    /// A person asks that everything be carried away now.
    pub(crate) const fn ask_for_sync(&mut self) {
        self.wrote = true;
        self.asked = true;
    }

    /// Whether a person asked for a sync since this was asked last.
    pub fn take_asked(&mut self) -> bool {
        std::mem::take(&mut self.asked)
    }

    fn note_write(&mut self) {
        self.wrote = true;
        self.note_change();
    }

    /// Something that pages show has changed.
    pub(crate) fn note_change(&mut self) {
        self.names = None;
        self.changed = true;
    }

    /// Whether something was written since this was asked last.
    pub fn take_wrote(&mut self) -> bool {
        std::mem::take(&mut self.wrote)
    }

    /// Whether something that pages show has changed since this was asked last.
    pub fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    // --- the sync ---

    /// The client, for who carries bytes.
    pub fn client(&mut self) -> Option<&mut Client> {
        self.vault.client().ok()
    }

    /// Notes that a sync began.
    pub const fn sync_began(&mut self) {
        self.standing.running = true;
    }

    /// Notes how a sync ended.
    pub fn sync_ended(&mut self, ended: &Result<bool, Error>, now: Instant) {
        self.standing.running = false;
        match ended {
            Ok(news) => {
                self.standing.last = Some(now);
                self.standing.trouble = None;
                self.standing.offline = false;
                if *news {
                    self.note_change();
                }
            }
            Err(error) => {
                self.standing.offline = error.class() == ErrorClass::Unreachable;
                self.standing.trouble = Some(Words::of(|language| error.user_text(language)));
                // Who was just let in or put out sees another app.
                self.note_change();
            }
        }
        self.standing.waiting = self
            .client()
            .is_some_and(|client| client.has_sync_work().unwrap_or(true));
    }

    /// How the sync stands.
    pub fn sync_standing(&mut self) -> SyncStanding {
        self.standing.waiting = self
            .client()
            .is_some_and(|client| client.has_sync_work().unwrap_or(true));
        self.standing.clone()
    }
}

/// A PIN that anybody guesses.
pub(crate) fn weak_pin() -> Failure {
    own(
        "weak_pin",
        "Velg en PIN med minst seks tegn som ikke er lett å gjette, ikke 123456 eller en dato.",
        "Choose a PIN of at least six characters that is not easy to guess, not 123456 or a date.",
    )
}
