//! The client of one device: how it begins, opens and locks.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use folge_core::client::{Client, Vault};
use folge_core::domain::RecordId;
use folge_core::keys::{InvitationLink, RecoverySecret, fingerprint_words};
use folge_core::native::{HttpRelay, system_env};
use folge_core::qr::Qr;
use folge_core::store::{Store, StoreError};

use crate::error::FolgeError;
use crate::events::{Change, Events, LogLevel, Observation, Observer, log, quiet_panics};
use crate::keys::{KeyStore, UnlockWith, for_changed_store, for_new_store, for_own_store, forget};
use crate::shape::{Given, Shown, view};
use crate::sync::Carrier;
use crate::types::{LinkPreview, Me, RecordName, RecordState, RecoveryWords, Wording};
use crate::worker::{Desk, Worker, aside};

/// The store's file in the app's folder.
const STORE_FILE: &str = "folge.db";
/// What SQLite keeps beside it.
const BESIDE: [&str; 3] = ["", "-wal", "-shm"];

view! {
    /// How the client is set up.
    FolgeSettings {
        /// A folder that belongs to the app alone and is in no backup; it is made where it is
        /// missing.
        folder: String,
        /// Locks after so many seconds without use; the default is five minutes.
        #[uniffi(default = None)]
        lock_after_seconds: Option<i32>,
        /// Whether identity numbers made for tests may be recorded. Show a banner then.
        #[uniffi(default = false)]
        test_mode: bool,
    }
}

/// Whether there is a store on this device, and whether it is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum StoreState {
    /// There is none: found a workspace, or open an invitation.
    Empty,
    /// There is one: unlock it.
    Locked,
    /// It is open.
    Open,
}

/// The client of one device. Make one for the whole app; it may be used from any thread.
#[derive(uniffi::Object)]
pub struct Folge {
    pub(crate) worker: Arc<Worker>,
    pub(crate) events: Arc<Events>,
    pub(crate) carrier: Carrier,
    keys: Arc<dyn KeyStore>,
    place: PathBuf,
}

fn at(folder: &str) -> Result<PathBuf, FolgeError> {
    std::fs::create_dir_all(folder).map_err(|_| FolgeError::folder())?;
    Ok(Path::new(folder).join(STORE_FILE))
}

fn remove_store(place: &Path) {
    for end in BESIDE {
        let mut name = place.as_os_str().to_owned();
        name.push(end);
        // What is not there need not be removed; what cannot be is opened by no key any more.
        let _ = std::fs::remove_file(PathBuf::from(name));
    }
}

/// Makes a store, and a client in it. Nothing is left where that fails.
fn begin<T>(
    desk: &mut Desk,
    place: &Path,
    with: UnlockWith,
    keys: &dyn KeyStore,
    make: impl FnOnce(Store) -> Result<(Client, T), folge_core::Error>,
) -> Result<T, FolgeError> {
    desk.claim(place)?;
    // Before any key is made, and with nobody else at it: a key that is there already belongs to the
    // store that is there, and what is taken away below is what was made here.
    if place.exists() {
        desk.unclaim();
        return Err(StoreError::Exists.into());
    }
    desk.unlocks += 1;
    let made = make_in(place, with, keys, make);
    match made {
        Ok((client, more)) => {
            desk.hold(client);
            Ok(more)
        }
        Err(error) => {
            desk.unclaim();
            Err(error)
        }
    }
}

fn make_in<T>(
    place: &Path,
    with: UnlockWith,
    keys: &dyn KeyStore,
    make: impl FnOnce(Store) -> Result<(Client, T), folge_core::Error>,
) -> Result<(Client, T), FolgeError> {
    let mut env = system_env();
    let unlock = for_new_store(with, keys, &mut env)?;
    let made = Store::create(place, &unlock, &mut env)
        .map_err(folge_core::Error::from)
        .and_then(make);
    made.map_err(|error| {
        remove_store(place);
        error.into()
    })
}

fn link_of(text: &str) -> Result<InvitationLink, FolgeError> {
    InvitationLink::from_text(text.trim()).map_err(|_| folge_core::Error::BadInvitation.into())
}

/// A QR code as an SVG image.
pub(crate) fn qr_svg(text: &str) -> Result<String, FolgeError> {
    Qr::new(text)
        .map(|qr| qr.to_svg())
        .map_err(|error| FolgeError::too_long_for_qr(&error))
}

fn recovery_words(secret: &RecoverySecret) -> Result<RecoveryWords, FolgeError> {
    let words = secret.words();
    Ok(RecoveryWords {
        qr_svg: qr_svg(&words.to_uppercase())?,
        words: words.to_string(),
    })
}

#[uniffi::export]
impl Folge {
    /// A client over a folder of the app. Nothing is opened yet: ask `state()`.
    #[uniffi::constructor]
    pub fn new(settings: FolgeSettings, keys: Arc<dyn KeyStore>) -> Result<Arc<Self>, FolgeError> {
        quiet_panics();
        let place = at(&settings.folder)?;
        let mut vault = Vault::at(place.clone(), system_env);
        if let Some(seconds) = settings.lock_after_seconds {
            let seconds = u64::try_from(seconds).map_err(|_| FolgeError::out_of_range())?;
            vault = vault.locking_after_ms(seconds.saturating_mul(1000));
        }
        let internal = |_| FolgeError::internal();
        let events = Arc::new(Events::new().map_err(internal)?);
        let worker = Worker::start(vault, settings.test_mode, Arc::clone(&events));
        let worker = Arc::new(worker.map_err(internal)?);
        Ok(Arc::new(Self {
            carrier: Carrier::new(Arc::clone(&worker), Arc::clone(&events)),
            worker,
            events,
            keys,
            place,
        }))
    }

    /// Whether there is a store on this device, and whether it is open.
    pub async fn state(&self) -> Result<StoreState, FolgeError> {
        let place = self.place.clone();
        self.worker
            .ask(move |desk| {
                Ok(if !desk.vault.is_locked() {
                    StoreState::Open
                } else if place.exists() {
                    StoreState::Locked
                } else {
                    StoreState::Empty
                })
            })
            .await
    }

    /// Founds a workspace on a relay, with this device as its first administrator's. It needs a
    /// connection, for the relay is asked for its key. The workspace is there with the first sync.
    /// The words are kept nowhere: show them now.
    pub async fn found(
        &self,
        relay_url: String,
        founding_token: String,
        with: UnlockWith,
    ) -> Result<RecoveryWords, FolgeError> {
        let relay = aside(move || Ok(HttpRelay::new(&relay_url).address()?)).await?;
        let (place, keys) = (self.place.clone(), Arc::clone(&self.keys));
        let secret = self.worker.act(move |desk| {
            begin(desk, &place, with, &*keys, |store| {
                Client::found(store, system_env(), relay, &founding_token)
            })
        });
        recovery_words(&secret.await?)
    }

    /// Joins the workspace that an invitation's link is for. The device is in after the first
    /// sync.
    pub async fn join(&self, link: String, with: UnlockWith) -> Result<(), FolgeError> {
        let link = link_of(&link)?;
        let (place, keys) = (self.place.clone(), Arc::clone(&self.keys));
        self.worker
            .act(move |desk| {
                begin(desk, &place, with, &*keys, |store| {
                    Ok((Client::join(store, system_env(), &link)?, ()))
                })
            })
            .await
    }

    /// Comes into a workspace that lost every administrator, by its recovery words.
    pub async fn recover(
        &self,
        relay_url: String,
        words: String,
        with: UnlockWith,
    ) -> Result<(), FolgeError> {
        let secret = RecoverySecret::from_words(&words).map_err(folge_core::Error::from)?;
        let relay = aside(move || Ok(HttpRelay::new(&relay_url).address()?)).await?;
        let (place, keys) = (self.place.clone(), Arc::clone(&self.keys));
        self.worker
            .act(move |desk| {
                begin(desk, &place, with, &*keys, |store| {
                    Ok((Client::recover(store, system_env(), relay, &secret)?, ()))
                })
            })
            .await
    }

    /// Opens the store. One that is open stays open.
    pub async fn unlock(&self, with: UnlockWith) -> Result<(), FolgeError> {
        let (place, keys) = (self.place.clone(), Arc::clone(&self.keys));
        self.worker
            .act(move |desk| unlock(desk, &place, with, &*keys))
            .await
    }

    /// Has the open store opened by something else from now on, such as another passphrase. `now`
    /// is what opens it yet; a wrong one counts as at the lock screen, and changes nothing.
    pub async fn change_unlock(&self, now: UnlockWith, then: UnlockWith) -> Result<(), FolgeError> {
        let keys = Arc::clone(&self.keys);
        self.worker
            .act(move |desk| {
                let client = desk.client()?;
                change_unlock(client, now, then, &*keys)?;
                desk.vault.touch();
                Ok(())
            })
            .await
    }

    /// Locks: every key leaves the memory, and the store is closed.
    pub async fn lock(&self) -> Result<(), FolgeError> {
        self.worker
            .act(|desk| {
                desk.lock();
                Ok(())
            })
            .await
    }

    /// The user did something: the time until the lock begins anew. Says whether it is locked.
    pub async fn touch(&self) -> Result<bool, FolgeError> {
        self.worker
            .act(|desk| {
                desk.vault.touch();
                Ok(desk.vault.is_locked())
            })
            .await
    }

    /// Tells an observer of every change, until the observation is stopped.
    #[must_use]
    pub fn observe(&self, observer: Arc<dyn Observer>) -> Arc<Observation> {
        self.events.observe(observer)
    }

    /// Who this device is.
    pub async fn me(&self) -> Result<Me, FolgeError> {
        self.worker
            .ask(|desk| {
                let test_mode = desk.test_mode;
                let client = desk.client()?;
                let staff = client.own_staff_key()?;
                let identity = client.identity();
                let role = client
                    .membership()
                    .ok()
                    .and_then(|log| Some(log.persons().get(&identity.person)?.role));
                Ok(Me {
                    person: Shown::shown(identity.person),
                    device: Shown::shown(client.device()),
                    role: Shown::shown(role),
                    staff: Shown::shown(staff),
                    workspace_words: fingerprint_words(&identity.workspace),
                    relay_url: identity.relay.url.clone(),
                    put_out: client.is_put_out(),
                    test_mode,
                })
            })
            .await
    }
}

fn change_unlock(
    client: &mut Client,
    now: UnlockWith,
    then: UnlockWith,
    keys: &dyn KeyStore,
) -> Result<(), FolgeError> {
    let no_key_after = matches!(then, UnlockWith::Passphrase { .. });
    let now = for_own_store(now, keys)?;
    let then = for_changed_store(then, keys, &mut system_env())?;
    client.change_unlock(&now, &then)?;
    // Only once it opens nothing for certain. Where it stays, nobody is the worse for it.
    if no_key_after {
        let _ = forget(keys);
    }
    Ok(())
}

/// Opens the store on this device.
pub(crate) fn unlock(
    desk: &mut Desk,
    place: &Path,
    with: UnlockWith,
    keys: &dyn KeyStore,
) -> Result<(), FolgeError> {
    if !place.exists() {
        return Err(FolgeError::empty());
    }
    desk.unlocks += 1;
    if !desk.vault.is_locked() {
        return Ok(());
    }
    let unlock = for_own_store(with, keys)?;
    desk.claim(place)?;
    let test_mode = desk.test_mode;
    match desk.vault.unlock(&unlock) {
        Ok(client) => client.set_test_mode(test_mode),
        Err(error) => {
            desk.unclaim();
            return Err(error.into());
        }
    }
    log(LogLevel::Info, || "unlocked".to_owned());
    desk.tell(Change::Unlocked);
    Ok(())
}

impl Folge {
    /// For the entry in the background: opens with the platform's key, without anybody's help.
    /// Gives how often the store had been opened then, where it was this that opened it.
    pub(crate) fn unlock_in_background(
        &self,
    ) -> impl FnOnce(&mut Desk) -> Result<Option<u64>, FolgeError> + Send + use<> {
        let (place, keys) = (self.place.clone(), Arc::clone(&self.keys));
        move |desk| {
            let was_locked = desk.vault.is_locked();
            unlock(desk, &place, UnlockWith::PlatformKey, &*keys)?;
            Ok(was_locked.then_some(desk.unlocks))
        }
    }
}

/// What an invitation's link says before it is used.
#[uniffi::export]
pub fn preview_link(link: String) -> Result<LinkPreview, FolgeError> {
    let link = link_of(&link)?;
    Ok(LinkPreview {
        workspace_words: fingerprint_words(&link.workspace),
        relay_url: link.relay_url,
    })
}

/// A fresh name for a record.
#[uniffi::export]
#[must_use]
pub fn new_record_name() -> RecordName {
    Shown::shown(RecordId(system_env().random()))
}

/// A text as a QR code, an SVG image that is dark on white.
#[uniffi::export]
pub fn qr_code_svg(text: String) -> Result<String, FolgeError> {
    qr_svg(&text)
}

/// What the user reads of where a record is: lagret på telefonen, levert, lest av kontoret.
#[uniffi::export]
pub fn record_state_words(state: RecordState) -> Result<Wording, FolgeError> {
    let state: folge_core::client::RecordState = state.given()?;
    Ok(Wording::of(|language| state.text(language)))
}

/// The version of Følge.
#[uniffi::export]
#[must_use]
pub fn folge_version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}
