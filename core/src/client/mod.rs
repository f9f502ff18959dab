//! The façade that every shell uses: commands that are on disk when they return, queries over
//! projections, membership, timers, and the sync engine's bytes.
//!
//! A client is one device's; it is used by one thread at a time. It does no I/O but its store's.

mod agreements;
mod attendance;
mod claims;
mod drafts;
mod erasure;
mod evidence;
mod journal;
mod lock;
mod members;
mod queries;
mod records;
mod reports;
mod rights;
mod run;
mod sharing;
mod threads;
mod timers;

pub use crate::attendance::Offer as VisitOffer;
pub use agreements::CaseObligation;
pub use attendance::{PIN_NOTICE, TakenAnswer};
pub use drafts::Draft;
pub use erasure::{Departure, ErasedDocument, ErasureReceipt, Holder};
pub use journal::{AuditAct, AuditLine};
pub use lock::Vault;
pub use members::{InvitationUse, InvitationView, Invitee, NewParticipation};
pub use queries::{
    HistoryLine, ParticipationDetail, RecordDetail, RecordState, Sums, WorkspaceOverview,
};
pub use records::RecordedGroup;
pub use reports::MailNotice;
pub use rights::LossReport;
pub use run::{SyncRun, SyncTotals};
pub use threads::{RequestLine, ThreadLine};
pub use timers::{RunningTimer, StoppedTimer, TimerId, TimerKind};

use std::collections::BTreeMap;

use folge_protocol::codec::Encode;

use folge_protocol::ids::{DeviceId, DocumentId, PersonId, WorkspaceId};

use crate::document::DocumentKind;
use crate::env::Env;
use crate::error::Error;
use crate::keys::{DeviceSecrets, Founded, InvitationLink, Key32, RecoverySecret, Secret, Subject};
use crate::store::{Store, Unlock};
use crate::sync::{
    Alarm, Check, Entrance, Identity, Outgoing, Quarantined, RelayAddress, Replica, SyncReport,
    SyncWork,
};

/// A device's client.
#[derive(Debug)]
pub struct Client {
    pub(crate) replica: Replica,
    /// When each participation was last noted as opened in this run.
    openings: BTreeMap<DocumentId, i64>,
    /// Whether identity numbers made for tests may be recorded.
    test_mode: bool,
}

fn new_identity(
    relay: RelayAddress,
    device: DeviceSecrets,
    of: (WorkspaceId, PersonId),
    entrance: Option<Entrance>,
) -> Identity {
    let (workspace, person) = of;
    Identity {
        workspace,
        person,
        device,
        relay,
        entrance,
    }
}

fn new_device(env: &mut Env) -> (DeviceSecrets, Key32) {
    let device = DeviceSecrets::from_seed(Key32::new(env.random()));
    (device, Key32::new(env.random()))
}

/// A device that is yet to come in.
fn begin_outside(
    store: Store,
    mut env: Env,
    relay: RelayAddress,
    of: (WorkspaceId, PersonId),
    entrance: Entrance,
) -> Result<Replica, Error> {
    let (device, kem) = new_device(&mut env);
    let subject = Subject::Group(device.id().into(), 0);
    let identity = new_identity(relay, device, of, Some(entrance));
    let mut replica = Replica::begin(store, env, identity)?;
    replica.atomically(|replica| {
        replica.save_identity()?;
        replica.keep_secret(&Secret { subject, key: kem })
    })?;
    Ok(replica)
}

impl Client {
    fn over(replica: Replica) -> Self {
        Self {
            replica,
            openings: BTreeMap::new(),
            test_mode: false,
        }
    }

    /// Founds a workspace on a relay, with this device as its first administrator's. The relay
    /// hears of it with the first sync. The recovery secret is kept nowhere: show it now.
    /// # Errors
    /// [`Error::Store`].
    pub fn found(
        store: Store,
        mut env: Env,
        relay: RelayAddress,
        founding_token: &str,
    ) -> Result<(Self, RecoverySecret), Error> {
        let (device, kem) = new_device(&mut env);
        let founded = Founded::make(&device, &kem, &mut env)?;
        let of = (founded.entry.workspace, founded.person);
        let identity = new_identity(relay, device, of, None);
        let mut replica = Replica::begin(store, env, identity)?;
        replica.begin_founded(&founded, founding_token)?;
        Ok((Self::over(replica), founded.recovery))
    }

    /// Joins the workspace that an invitation is for. The device is in after the first syncs.
    /// # Errors
    /// [`Error::Store`].
    pub fn join(store: Store, env: Env, link: &InvitationLink) -> Result<Self, Error> {
        let relay = RelayAddress {
            url: link.relay_url.clone(),
            key: link.relay_key,
        };
        let of = (link.workspace, link.person);
        let replica = begin_outside(store, env, relay, of, Entrance::invitation(link))?;
        Ok(Self::over(replica))
    }

    /// Comes into a workspace that lost every administrator, by its recovery words: as a new
    /// administrator. The words are kept until the relay has let this device in.
    /// # Errors
    /// [`Error::Store`]; the first syncs tell whether the relay knows the workspace.
    pub fn recover(
        store: Store,
        mut env: Env,
        relay: RelayAddress,
        secret: &RecoverySecret,
    ) -> Result<Self, Error> {
        let of = (secret.workspace(), PersonId(env.random()));
        let replica = begin_outside(store, env, relay, of, Entrance::recovery(secret))?;
        Ok(Self::over(replica))
    }

    /// Opens a device's store again.
    /// # Errors
    /// [`Error::Unreadable`], [`Error::Store`].
    pub fn open(store: Store, env: Env) -> Result<Self, Error> {
        Ok(Self::over(Replica::open(store, env)?))
    }

    /// Lets identity numbers made for tests be recorded, in this run. Shells show a banner as long
    /// as [`Client::is_in_test_mode`] says so (`DOMAIN.md` 4.1).
    pub const fn set_test_mode(&mut self, on: bool) {
        self.test_mode = on;
    }

    /// Whether identity numbers made for tests may be recorded.
    #[must_use]
    pub const fn is_in_test_mode(&self) -> bool {
        self.test_mode
    }

    /// Has the store opened by something else from now on, such as a new PIN. `now` is what opens
    /// it yet.
    /// # Errors
    /// [`StoreError::WrongSecret`], [`StoreError::TooManyAttempts`]; then nothing has changed.
    ///
    /// [`StoreError::WrongSecret`]: crate::store::StoreError::WrongSecret
    /// [`StoreError::TooManyAttempts`]: crate::store::StoreError::TooManyAttempts
    pub fn change_unlock(&mut self, now: &Unlock, then: &Unlock) -> Result<(), Error> {
        self.replica.change_unlock(now, then)
    }

    /// This device's identifier.
    #[must_use]
    pub fn device(&self) -> DeviceId {
        self.replica.device()
    }

    /// Who this device is, where.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        self.replica.identity()
    }

    // --- sync: see `sync` for what these do ---

    /// Whether there is anything to send or fetch that is known here.
    /// # Errors
    /// [`Error::Store`].
    pub fn has_sync_work(&self) -> Result<bool, Error> {
        self.replica.has_work()
    }
    /// What a sync has to do, as far as that is known here.
    /// # Errors
    /// [`Error::Store`].
    pub fn sync_work(&self) -> Result<Vec<SyncWork>, Error> {
        self.replica.work()
    }
    /// The next request for the relay.
    /// # Errors
    /// [`Error::Store`], [`Error::BadInvitation`].
    pub fn sync_request(&mut self) -> Result<Outgoing, Error> {
        self.replica.request()
    }
    /// Takes the relay's reply.
    /// # Errors
    /// [`Error::RelayFault`], [`Error::Store`]; nothing was taken then.
    pub fn sync_reply(&mut self, bytes: &[u8]) -> Result<SyncReport, Error> {
        self.replica.reply(bytes)
    }
    /// Takes note that a round trip failed. Says whether another one at once makes sense; else
    /// [`Client::sync_wait_ms`] says when.
    pub fn sync_failed(&mut self, error: &Error) -> bool {
        self.replica.failed(error)
    }
    /// How long to wait before the next sync, in milliseconds; 0 for not at all.
    #[must_use]
    pub fn sync_wait_ms(&self) -> u64 {
        self.replica.wait_ms()
    }
    /// Coverage came back, or the user asked: sync may go at once.
    pub fn hurry_sync(&mut self) {
        self.replica.hurry();
    }
    /// What was found amiss with the relay or its members, the newest last.
    /// # Errors
    /// [`Error::Unreadable`], [`Error::Store`].
    pub fn alarms(&self) -> Result<Vec<Alarm>, Error> {
        self.replica.alarms()
    }
    /// Marks an alarm as seen; it stays on the list.
    /// # Errors
    /// [`Error::Store`].
    pub fn dismiss_alarm(&mut self, number: i64) -> Result<(), Error> {
        self.replica.dismiss_alarm(number)
    }
    /// When each other device was last heard of, by the relay's clock, in milliseconds since 1970
    /// (UTC); nothing for one never heard of.
    /// # Errors
    /// [`Error::Store`].
    pub fn last_heard(&self) -> Result<BTreeMap<DeviceId, Option<u64>>, Error> {
        self.replica.last_heard()
    }
    /// The first message for a live connection; none before the first sync.
    #[must_use]
    pub fn live_hello(&mut self) -> Option<Outgoing> {
        self.replica.live_hello()
    }
    /// Takes a frame of the live connection.
    /// # Errors
    /// As [`Client::sync_reply`].
    pub fn live_frame(&mut self, bytes: &[u8]) -> Result<SyncReport, Error> {
        self.replica.live_frame(bytes)
    }
    /// What could not be trusted or read, for a person to look at.
    /// # Errors
    /// [`Error::Store`].
    pub fn quarantined(&self) -> Result<Vec<Quarantined>, Error> {
        self.replica.quarantined()
    }
    /// Checks everything that this device keeps: the log, each envelope's signature, chain and
    /// content, and that each document loads and holds what its envelopes carry and nothing else.
    /// Reads only.
    /// # Errors
    /// [`Error::Store`] where the store itself cannot be read; what is wrong besides is in the
    /// [`Check`].
    pub fn verify_everything(&mut self) -> Result<Check, Error> {
        self.replica.check()
    }
    /// Makes every list anew from the documents.
    /// # Errors
    /// [`Error::Store`].
    pub fn rebuild_projections(&mut self) -> Result<(), Error> {
        self.replica.rebuild_projections()
    }
    /// Limits how large the store's file may grow, in pages beside those it has; `None` lifts the
    /// limit. A device that shares its storage keeps room for others so; tests fill a disk.
    /// # Errors
    /// [`Error::Store`].
    pub fn limit_store_pages(&mut self, more: Option<u32>) -> Result<(), Error> {
        Ok(self.replica.store().limit_pages(more)?)
    }
    /// For simulations: where the device crashes.
    pub fn set_fault_hook(&mut self, hook: Option<crate::store::FaultHook>) {
        self.replica.store().set_fault_hook(hook);
    }
}

impl Replica {
    fn begin_founded(&mut self, founded: &Founded, token: &str) -> Result<(), Error> {
        self.atomically(|replica| {
            replica.save_identity()?;
            replica.set_founding_token(token)?;
            replica.store().append_log(0, &founded.entry.to_bytes())?;
            for secret in founded.keyring.secrets() {
                replica.keep_secret(&secret)?;
            }
            for (grant, granted) in &founded.grants {
                replica.add_own_grant(grant, granted)?;
            }
            replica.found_log(&founded.entry)?;
            let register = replica.log()?.register();
            replica.begin_document(register, DocumentKind::Register)?;
            replica.open_journal(founded.person)
        })
    }
}
