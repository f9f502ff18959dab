//! The relay's core: takes signed requests, judges them by the membership log, stores what is
//! allowed, and says what it stored. No network, no clock, no randomness, no threads: the server
//! drives it from its writer thread, the simulation from a test.
//!
//! A batch of requests is judged one by one, made durable by ONE commit, and only then
//! acknowledged. If the commit fails nothing is acknowledged, and all that was held in memory is
//! read again from the store.

mod bounds;
pub(crate) mod guard;
mod live;
mod prepare;
mod reply;
mod stage;

use std::collections::HashMap;
use std::sync::Arc;

use folge_protocol::codec::{Decode, Encode};
use folge_protocol::crypto::SecretKey;
use folge_protocol::ids::{DeviceId, DocumentId, Hash, InstanceId, InvitationId, WorkspaceId};
use folge_protocol::limits::REQUEST_AGE_MILLISECONDS_MAX;
use folge_protocol::membership::{Body, Entry, Membership};
use folge_protocol::wire::{RelayError, RelayInfo};

use crate::limits::Limits;
use crate::storage::{Seeds, Storage, StorageError, StreamKey, WorkspaceRow};

pub use live::{Commit, View};
pub use prepare::{Prepared, Purpose};
pub use reply::{Staged, encode};

use guard::{Rates, ReplayWindow};
use live::Item;
use prepare::Work;
use stage::Failure;

/// The relay's signing key and the life of its database.
#[derive(Debug)]
pub struct Identity {
    pub(crate) key: SecretKey,
    pub(crate) public: [u8; 32],
    pub(crate) instance: InstanceId,
}

impl Identity {
    /// The identity of stored seeds.
    #[must_use]
    pub fn new(seeds: &Seeds) -> Self {
        let key = SecretKey::from_seed(&seeds.signing);
        let public = *key.public().as_bytes();
        Self {
            key,
            public,
            instance: seeds.instance,
        }
    }
    /// The public key, which requests are bound to.
    #[must_use]
    pub fn public(&self) -> &[u8; 32] {
        &self.public
    }
    /// What the relay says of itself.
    #[must_use]
    pub fn info(&self, now_ms: u64) -> RelayInfo {
        RelayInfo {
            key: self.public,
            instance: self.instance,
            now_ms,
        }
    }
}

/// Who may found a workspace.
#[derive(Clone, PartialEq, Eq)]
pub enum FoundingPolicy {
    /// Anyone who reaches the relay.
    Open,
    /// Whoever has the token.
    Token(Vec<u8>),
    /// Nobody.
    Closed,
}

impl std::fmt::Debug for FoundingPolicy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Open => "Open",
            Self::Token(_) => "Token(..)",
            Self::Closed => "Closed",
        })
    }
}

impl FoundingPolicy {
    fn admits(&self, token: &[u8]) -> bool {
        match self {
            Self::Open => true,
            Self::Closed => false,
            Self::Token(expected) => equal_in_constant_time(expected, token),
        }
    }
}

// Over hashes, so that neither content nor length shows in the time it takes.
fn equal_in_constant_time(left: &[u8], right: &[u8]) -> bool {
    use folge_protocol::crypto::{Tag, tagged_hash};
    let left = tagged_hash(Tag::Request, &[left]);
    let right = tagged_hash(Tag::Request, &[right]);
    let differing = left
        .0
        .iter()
        .zip(right.0)
        .fold(0, |differing, (left, right)| differing | (left ^ right));
    std::hint::black_box(differing) == 0
}

/// What a relay does with its requests.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The limits.
    pub limits: Limits,
    /// Who may found.
    pub founding: FoundingPolicy,
}

/// An answer that stands on what is durable.
#[derive(Debug)]
pub enum Answer {
    /// The workspace is here.
    Founded,
    /// The writes of a sync are stored; the reply can be built.
    Synced(Box<Staged>),
    /// A live connection may begin: what it lacks is behind the staged cursor, and the commits
    /// after this batch follow.
    Live(Box<Staged>),
}

/// A workspace in memory: what judging a request needs. Everything can be read from the store.
#[derive(Debug)]
struct Workspace {
    row: WorkspaceRow,
    membership: Arc<Membership>,
    streams: HashMap<DocumentId, Stream>,
    pending: Pending,
}

#[derive(Debug, Default)]
struct Pending {
    dirty: bool,
    before: u64,
    entries: Vec<Vec<u8>>,
    items: Vec<Item>,
}

#[derive(Debug)]
struct Stream {
    key: StreamKey,
    number: u64,
    head: Hash,
    accepted_ms: u64,
    authors: HashMap<DeviceId, Option<(u64, Hash)>>,
}

/// Who made a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Requester {
    Device(DeviceId),
    Invitation(InvitationId),
    Root,
    /// A device that was put out: told so, and nothing else.
    Former(DeviceId),
}

/// The relay over a store.
#[derive(Debug)]
pub struct Relay<S> {
    storage: S,
    identity: Arc<Identity>,
    settings: Settings,
    workspaces: HashMap<WorkspaceId, Workspace>,
    replay: ReplayWindow,
    rates: Rates,
    /// Grants stored, or a little more, by workspace: counted anew where they reach the limit.
    grant_counts: HashMap<WorkspaceId, u64>,
    dirty: Vec<WorkspaceId>,
    commits: Vec<Commit>,
    last_error: Option<StorageError>,
}

impl<S: Storage> Relay<S> {
    /// The relay over a store; `fresh` becomes its identity where the store has none.
    /// # Errors
    /// The store's.
    pub fn open(mut storage: S, fresh: Seeds, settings: Settings) -> Result<Self, StorageError> {
        let seeds = storage.identity(fresh)?;
        Ok(Self {
            storage,
            identity: Arc::new(Identity::new(&seeds)),
            settings,
            workspaces: HashMap::new(),
            replay: ReplayWindow::default(),
            rates: Rates::default(),
            grant_counts: HashMap::new(),
            dirty: Vec::new(),
            commits: Vec::new(),
            last_error: None,
        })
    }

    /// The relay's key and instance.
    #[must_use]
    pub fn identity(&self) -> &Arc<Identity> {
        &self.identity
    }

    /// What the relay says of itself.
    #[must_use]
    pub fn info(&self, now_ms: u64) -> RelayInfo {
        self.identity.info(now_ms)
    }

    /// The store, to read from.
    #[must_use]
    pub fn storage(&self) -> &S {
        &self.storage
    }

    /// The membership of a workspace that was asked for since the start.
    #[must_use]
    pub fn membership(&self, workspace: WorkspaceId) -> Option<&Arc<Membership>> {
        self.workspaces
            .get(&workspace)
            .map(|workspace| &workspace.membership)
    }

    /// Whether the store can write now.
    /// # Errors
    /// The store's.
    pub fn probe(&mut self) -> Result<(), StorageError> {
        self.storage.probe()
    }

    /// What was committed since the last call, in order: to be pushed to live connections.
    pub fn take_commits(&mut self) -> Vec<Commit> {
        std::mem::take(&mut self.commits)
    }

    /// Why the last batch was not stored, for the operator's log.
    pub fn take_error(&mut self) -> Option<StorageError> {
        self.last_error.take()
    }

    /// Takes one founding request; gives the relay's self-description.
    /// # Errors
    /// What a client is told.
    pub fn found(&mut self, signed: &[u8], now_ms: u64) -> Result<Vec<u8>, RelayError> {
        self.one(Purpose::Found, signed, now_ms)?;
        Ok(self.info(now_ms).to_bytes())
    }

    /// Takes one sync request; gives the encoded `SyncReply`.
    /// # Errors
    /// What a client is told.
    pub fn sync(&mut self, signed: &[u8], now_ms: u64) -> Result<Vec<u8>, RelayError> {
        match self.one(Purpose::Sync, signed, now_ms)? {
            Answer::Synced(staged) => self.reply(&staged).map(|reply| encode(&reply)),
            _ => Err(RelayError::Malformed),
        }
    }

    /// Takes a live connection's hello. Ask [`Relay::reply`] and [`Staged::advance`] until there
    /// is no `more`; then push the frames of later commits.
    /// # Errors
    /// What a client is told.
    pub fn live(&mut self, signed: &[u8], now_ms: u64) -> Result<Staged, RelayError> {
        match self.one(Purpose::Live, signed, now_ms)? {
            Answer::Live(staged) => Ok(*staged),
            _ => Err(RelayError::Malformed),
        }
    }

    /// The reply to what was staged.
    /// # Errors
    /// [`RelayError::Unavailable`].
    pub fn reply(&self, staged: &Staged) -> Result<folge_protocol::wire::SyncReply, RelayError> {
        staged
            .reply_or_at_once(&self.storage, &self.identity)
            .map_err(|_| RelayError::Unavailable)
    }

    fn one(&mut self, purpose: Purpose, signed: &[u8], now_ms: u64) -> Result<Answer, RelayError> {
        if signed.len() > self.settings.limits.body_bytes_max {
            return Err(RelayError::TooLarge);
        }
        let prepared = Prepared::parse(purpose, signed)?;
        self.process_batch(vec![prepared], now_ms)
            .pop()
            .unwrap_or(Err(RelayError::Unavailable))
    }

    /// Takes many requests, makes them durable with one commit, and answers each.
    pub fn process_batch(
        &mut self,
        requests: Vec<Prepared>,
        now_ms: u64,
    ) -> Vec<Result<Answer, RelayError>> {
        let mut answers = Vec::with_capacity(requests.len());
        let mut nonces = Vec::with_capacity(requests.len());
        let mut begun = false;
        let mut failure = None;
        for request in requests {
            if failure.is_some() {
                answers.push(Err(RelayError::Unavailable));
                continue;
            }
            let key = (request.signed.signer, request.signed.nonce);
            answers.push(match self.judge(request, now_ms, &mut begun) {
                Ok(answer) => {
                    nonces.push(key);
                    Ok(answer)
                }
                Err(Failure::Refused(error)) => Err(error),
                Err(Failure::Storage(error)) => {
                    nonces.push(key);
                    failure = Some(error);
                    Err(RelayError::Unavailable)
                }
            });
        }
        if failure.is_none() && begun {
            failure = self.commit(now_ms).err();
        }
        if let Some(error) = failure {
            self.undo(begun, &nonces);
            self.last_error = Some(error);
            for answer in &mut answers {
                if answer.is_ok() {
                    *answer = Err(RelayError::Unavailable);
                }
            }
        }
        answers
    }

    fn commit(&mut self, now_ms: u64) -> Result<(), StorageError> {
        for id in &self.dirty {
            if let Some(workspace) = self.workspaces.get(id) {
                self.storage.set_workspace(&workspace.row)?;
            }
        }
        self.storage.commit()?;
        for id in std::mem::take(&mut self.dirty) {
            let Some(workspace) = self.workspaces.get_mut(&id) else {
                continue;
            };
            let pending = std::mem::take(&mut workspace.pending);
            self.commits.extend(Commit::cut(
                id,
                &workspace.membership,
                pending.before,
                now_ms,
                pending.entries,
                pending.items,
            ));
        }
        Ok(())
    }

    // Whatever the store kept or lost, memory follows it: every workspace is read anew.
    fn undo(&mut self, begun: bool, nonces: &[([u8; 16], [u8; 16])]) {
        if begun && let Err(error) = self.storage.rollback() {
            self.last_error = Some(error);
        }
        self.workspaces.clear();
        self.grant_counts.clear();
        self.dirty.clear();
        for (signer, nonce) in nonces {
            self.replay.forget(*signer, *nonce);
        }
    }

    fn judge(
        &mut self,
        request: Prepared,
        now_ms: u64,
        begun: &mut bool,
    ) -> Result<Answer, Failure> {
        let time = request.signed.time_ms;
        if time.abs_diff(now_ms) > REQUEST_AGE_MILLISECONDS_MAX {
            return Err(RelayError::ClockSkew { now_ms }.into());
        }
        match request.work {
            Work::Found { .. } => self.judge_found(request, now_ms, begun),
            Work::Sync(_) | Work::Live(_) => self.judge_member(request, now_ms, begun),
        }
    }

    /// Puts a workspace into memory.
    fn load(&mut self, id: WorkspaceId) -> Result<bool, StorageError> {
        if self.workspaces.contains_key(&id) {
            return Ok(true);
        }
        let Some(row) = self.storage.workspace(id)? else {
            return Ok(false);
        };
        let entries = self.storage.entries(row.key, 0, usize::MAX)?;
        let membership = replay_log(&entries)
            .map_err(|_| StorageError::Corrupt("a membership log does not verify".into()))?;
        self.workspaces.insert(
            id,
            Workspace {
                row,
                membership: Arc::new(membership),
                streams: HashMap::new(),
                pending: Pending::default(),
            },
        );
        Ok(true)
    }

    fn take_nonce(&mut self, request: &Prepared, now_ms: u64) -> Result<(), RelayError> {
        let (signer, nonce) = (request.signed.signer, request.signed.nonce);
        if !self.replay.take(signer, nonce, now_ms) {
            return Err(RelayError::Replayed);
        }
        let limits = &self.settings.limits;
        let (per_minute, per_day) = (
            limits.device_requests_per_minute.into(),
            limits.device_bytes_per_day,
        );
        let bytes = request.bytes_count() as u64;
        let Rates {
            requests,
            bytes: sent,
            ..
        } = &mut self.rates;
        let taken = requests
            .take(signer, 1, per_minute, now_ms)
            .and_then(|()| sent.take(signer, bytes, per_day, now_ms));
        taken.map_err(|wait| {
            // It was not carried out, so the same bytes may come again.
            self.replay.forget(signer, nonce);
            busy(wait)
        })
    }

    fn judge_found(
        &mut self,
        mut request: Prepared,
        now_ms: u64,
        begun: &mut bool,
    ) -> Result<Answer, Failure> {
        let Work::Found {
            token,
            entry,
            bytes,
        } = std::mem::replace(&mut request.work, Work::nothing())
        else {
            return Err(RelayError::Malformed.into());
        };
        let membership = Membership::found(&entry).map_err(|_| RelayError::Malformed)?;
        let Body::Founded(founding) = &entry.body else {
            return Err(RelayError::Malformed.into());
        };
        let id = entry.workspace;
        if request.workspace() != id {
            return Err(RelayError::Malformed.into());
        }
        // The root key founds; the founding device brings a workspace back that the relay lost.
        let signer = request.signed.signer;
        let own = signer == membership.root().id() || signer == founding.device.id().0;
        let key = prepare::signer_key(&membership, signer).filter(|_| own);
        let key = key.ok_or(RelayError::Unauthorized)?;
        request.verify(&self.identity.public, &key)?;
        self.take_nonce(&request, now_ms)?;
        if self.load(id)? {
            let row = self.storage.workspace(id)?;
            let stored = match row {
                Some(row) => self.storage.entries(row.key, 0, 1)?,
                None => Vec::new(),
            };
            return if stored.first() == Some(&bytes) {
                Ok(Answer::Founded)
            } else {
                Err(RelayError::Unauthorized.into())
            };
        }
        self.admit_founding(&request, &token, now_ms)?;
        if self.storage.workspace_count()? >= self.settings.limits.workspaces_max {
            return Err(RelayError::FoundingClosed.into());
        }
        if !*begun {
            self.storage.begin()?;
            *begun = true;
        }
        let key = self.storage.add_workspace(id)?;
        self.storage.add_entry(key, 0, &bytes)?;
        self.workspaces.insert(
            id,
            Workspace {
                row: WorkspaceRow {
                    key,
                    position: 0,
                    bytes: bytes.len() as u64,
                },
                membership: Arc::new(membership),
                streams: HashMap::new(),
                pending: Pending {
                    dirty: true,
                    before: 0,
                    entries: vec![bytes],
                    items: Vec::new(),
                },
            },
        );
        self.dirty.push(id);
        Ok(Answer::Founded)
    }
}

fn busy(retry_after_ms: u64) -> RelayError {
    RelayError::Busy { retry_after_ms }
}

/// What a stored log adds up to. Each entry is judged by its own time, as clients do: the relay
/// took none whose time its own clock and the entry's did not both allow.
pub(crate) fn replay_log(entries: &[Vec<u8>]) -> Result<Membership, String> {
    let decode = |bytes: &Vec<u8>| Entry::from_bytes(bytes).map_err(|error| error.to_string());
    let (first, rest) = entries.split_first().ok_or("the log is empty")?;
    let mut membership = Membership::found(&decode(first)?).map_err(|error| error.to_string())?;
    for bytes in rest {
        let entry = decode(bytes)?;
        membership
            .apply(&entry, entry.time_ms)
            .map_err(|error| error.to_string())?;
    }
    Ok(membership)
}
