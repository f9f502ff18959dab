//! What the relay keeps, behind a trait: so that a larger store can take SQLite's place, and so
//! that the simulation can break it at any commit.
//!
//! The trait is synchronous and knows no rules: it stores rows that the relay has judged. Writes
//! happen between [`Storage::begin`] and [`Storage::commit`]; after a commit they survive power
//! loss. [`conformance`] says in code what an implementation must do.

pub mod conformance;
pub mod sqlite;

use folge_protocol::grant::Recipient;
use folge_protocol::ids::{DeviceId, DocumentId, Hash, InstanceId, WorkspaceId};
use folge_protocol::wire::Mark;

pub use sqlite::{FaultPoint, SqliteStorage};

/// Why the store could not do something. The cause is for the operator's log; it names no user.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The database was written by a newer program.
    #[error(
        "the database has format {found}, this program knows up to {known}: use the newer folge-relay"
    )]
    TooNew {
        /// The database's format.
        found: i64,
        /// The newest format that this program knows.
        known: i64,
    },
    /// No room.
    #[error("the disk is full: make room, the relay goes on by itself")]
    Full,
    /// Another process holds the database.
    #[error("the database is locked by another process: stop the other relay or tool")]
    Locked,
    /// The file is missing, not readable or not writable.
    #[error("the database cannot be opened for writing: check the data directory and its owner")]
    CannotOpen,
    /// The file is no database, or is damaged.
    #[error("the database is damaged ({0}): run `folge-relay check`, then restore a backup")]
    Corrupt(String),
    /// The simulation broke it here.
    #[error("a fault was injected")]
    Fault,
    /// Anything else that SQLite says.
    #[error("the database failed: {0}")]
    Other(String),
}

/// A workspace's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkspaceKey(pub i64);

/// A stream's row. Never used again after the stream was erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamKey(pub i64);

/// What is random at a relay's first start.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Seeds {
    /// The seed of the relay's signing key.
    pub signing: [u8; 32],
    /// This life of the database.
    pub instance: InstanceId,
}

impl std::fmt::Debug for Seeds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Seeds({})", self.instance)
    }
}

/// A workspace as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkspaceRow {
    /// Its row.
    pub key: WorkspaceKey,
    /// The last position given.
    pub position: u64,
    /// What it stores, in bytes.
    pub bytes: u64,
}

/// A stream's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamRow {
    /// Its row.
    pub key: StreamKey,
    /// The last number; 0 for none.
    pub number: u64,
    /// The head at that number, if there is one.
    pub head: Option<Hash>,
    /// When the last envelope was accepted.
    pub accepted_ms: u64,
}

/// Where an envelope stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// Its number in the stream.
    pub number: u64,
    /// When it was accepted.
    pub accepted_ms: u64,
    /// The head after it.
    pub head: Hash,
    /// Its hash.
    pub hash: Hash,
}

/// An envelope to store.
#[derive(Debug, Clone, Copy)]
pub struct NewEnvelope<'a> {
    /// Its place in the workspace.
    pub position: u64,
    /// The stream.
    pub stream: StreamKey,
    /// Its number in the stream.
    pub number: u64,
    /// Its author.
    pub device: DeviceId,
    /// The author's sequence.
    pub sequence: u64,
    /// When it was accepted.
    pub accepted_ms: u64,
    /// The head after it.
    pub head: Hash,
    /// The envelope.
    pub bytes: &'a [u8],
}

/// An envelope's place, before its bytes are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EnvelopePlace {
    /// Its place in the workspace.
    pub position: u64,
    /// The stream.
    pub document: DocumentId,
    /// Its number in the stream.
    pub number: u64,
    /// Its author.
    pub device: DeviceId,
}

/// An envelope as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEnvelope {
    /// Where it stands.
    pub place: EnvelopePlace,
    /// When it was accepted.
    pub accepted_ms: u64,
    /// The head after it.
    pub head: Hash,
    /// The envelope.
    pub bytes: Vec<u8>,
}

/// Whether reading goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Want {
    /// Read this one's bytes.
    Take,
    /// Pass over it.
    Skip,
    /// Read no further.
    Stop,
}

/// Decides by place and length in bytes whether an envelope is read.
pub type Choose<'a> = dyn FnMut(&EnvelopePlace, usize) -> Want + 'a;

type Outcome<T> = Result<T, StorageError>;

/// What can be read, from the writer's side or from a reader beside it.
pub trait StorageRead {
    /// A workspace.
    /// # Errors
    /// The store's.
    fn workspace(&self, workspace: WorkspaceId) -> Outcome<Option<WorkspaceRow>>;
    /// How many workspaces there are.
    /// # Errors
    /// The store's.
    fn workspace_count(&self) -> Outcome<u64>;
    /// Membership entries from an index on, at most so many bytes, at least one if there is one.
    /// # Errors
    /// The store's.
    fn entries(
        &self,
        workspace: WorkspaceKey,
        from: u64,
        bytes_max: usize,
    ) -> Outcome<Vec<Vec<u8>>>;
    /// A stream, if it has a row.
    /// # Errors
    /// The store's.
    fn stream(&self, workspace: WorkspaceKey, document: DocumentId) -> Outcome<Option<StreamRow>>;
    /// The last sequence of a device in a stream, and that envelope's hash.
    /// # Errors
    /// The store's.
    fn last_of_device(&self, stream: StreamKey, device: DeviceId) -> Outcome<Option<(u64, Hash)>>;
    /// Where the envelope with a device's sequence stands.
    /// # Errors
    /// The store's.
    fn placed(&self, stream: StreamKey, device: DeviceId, sequence: u64)
    -> Outcome<Option<Placed>>;
    /// The head at a number.
    /// # Errors
    /// The store's.
    fn head_at(&self, stream: StreamKey, number: u64) -> Outcome<Option<Hash>>;
    /// Envelopes of a workspace with `after < position <= upto`, in order of position.
    /// # Errors
    /// The store's.
    fn envelopes(
        &self,
        workspace: WorkspaceKey,
        after: u64,
        upto: u64,
        choose: &mut Choose<'_>,
    ) -> Outcome<Vec<StoredEnvelope>>;
    /// Envelopes of a stream with `number >= from`, in order of number.
    /// # Errors
    /// The store's.
    fn stream_envelopes(
        &self,
        stream: StreamKey,
        from: u64,
        choose: &mut Choose<'_>,
    ) -> Outcome<Vec<StoredEnvelope>>;
    /// Grants with `after < position <= upto` whose recipient is wanted, in order of position, at
    /// most so many, and no further one once so many bytes are reached.
    /// # Errors
    /// The store's.
    fn grants(
        &self,
        workspace: WorkspaceKey,
        after: u64,
        upto: u64,
        count_max: usize,
        bytes_max: usize,
        wanted: &dyn Fn(&Recipient) -> bool,
    ) -> Outcome<Vec<(u64, Vec<u8>)>>;
    /// Marks with `after < position <= upto`, in order of position, at most so many.
    /// # Errors
    /// The store's.
    fn marks(
        &self,
        workspace: WorkspaceKey,
        after: u64,
        upto: u64,
        count_max: usize,
        wanted: &dyn Fn(&DocumentId, &DeviceId) -> bool,
    ) -> Outcome<Vec<(u64, Mark)>>;
    /// How many grants a workspace has.
    /// # Errors
    /// The store's.
    fn grant_count(&self, workspace: WorkspaceKey) -> Outcome<u64>;
    /// Whether a grant with this hash is stored.
    /// # Errors
    /// The store's.
    fn has_grant(&self, hash: Hash) -> Outcome<bool>;
    /// A device's mark number in a stream; 0 for none.
    /// # Errors
    /// The store's.
    fn mark_number(&self, stream: StreamKey, device: DeviceId) -> Outcome<u64>;
}

/// What the one writer does.
pub trait Storage: StorageRead {
    /// The relay's key and instance; `fresh` is stored where there is none yet.
    /// # Errors
    /// The store's.
    fn identity(&mut self, fresh: Seeds) -> Outcome<Seeds>;
    /// Writes and commits something that changes nothing: shows that writing is possible.
    /// # Errors
    /// The store's.
    fn probe(&mut self) -> Outcome<()>;
    /// Begins a transaction.
    /// # Errors
    /// The store's.
    fn begin(&mut self) -> Outcome<()>;
    /// Makes everything since `begin` durable. After an error the caller reads anew what is
    /// stored: it may be all or nothing of it.
    /// # Errors
    /// The store's.
    fn commit(&mut self) -> Outcome<()>;
    /// Undoes everything since `begin`.
    /// # Errors
    /// The store's.
    fn rollback(&mut self) -> Outcome<()>;
    /// Adds a workspace.
    /// # Errors
    /// The store's.
    fn add_workspace(&mut self, workspace: WorkspaceId) -> Outcome<WorkspaceKey>;
    /// Sets a workspace's last position and its bytes.
    /// # Errors
    /// The store's.
    fn set_workspace(&mut self, row: &WorkspaceRow) -> Outcome<()>;
    /// Adds a membership entry.
    /// # Errors
    /// The store's.
    fn add_entry(&mut self, workspace: WorkspaceKey, index: u64, bytes: &[u8]) -> Outcome<()>;
    /// Adds a stream.
    /// # Errors
    /// The store's.
    fn add_stream(&mut self, workspace: WorkspaceKey, document: DocumentId) -> Outcome<StreamKey>;
    /// Adds an envelope.
    /// # Errors
    /// The store's.
    fn add_envelope(&mut self, workspace: WorkspaceKey, envelope: &NewEnvelope<'_>) -> Outcome<()>;
    /// Adds a grant.
    /// # Errors
    /// The store's.
    fn add_grant(
        &mut self,
        workspace: WorkspaceKey,
        position: u64,
        recipient: &Recipient,
        hash: Hash,
        bytes: &[u8],
    ) -> Outcome<()>;
    /// Stores a mark in place of the device's earlier one.
    /// # Errors
    /// The store's.
    fn set_mark(
        &mut self,
        workspace: WorkspaceKey,
        position: u64,
        stream: StreamKey,
        mark: &Mark,
    ) -> Outcome<()>;
    /// Deletes a stream, its envelopes and marks; gives the bytes set free.
    /// # Errors
    /// The store's.
    fn erase_stream(&mut self, workspace: WorkspaceKey, document: DocumentId) -> Outcome<u64>;
    /// Deletes the grants to a group's epochs before the one named, or to an invitation; gives the
    /// bytes set free.
    /// # Errors
    /// The store's.
    fn erase_grants(&mut self, workspace: WorkspaceKey, void: &Recipient) -> Outcome<u64>;
}
