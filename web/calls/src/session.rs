//! Setting up, locking, syncing, drafts.

use folge_core::domain::{Instant, StaffKey};
use serde::{Deserialize, Serialize};

use crate::{CaseId, Words};

/// Asks how the app stands.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetStatus {}

/// How the app stands on this device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// Nothing is set up: open an invitation.
    Empty,
    /// Locked.
    Locked {
        /// Whether a PIN opens it; otherwise it opens by itself.
        pin: bool,
    },
    /// Open.
    Open,
}

/// Asks what an invitation says.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviewLink {
    /// The whole link.
    pub link: String,
}

/// What an invitation says before it is used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkPreview {
    /// The relay's address.
    pub relay: String,
    /// Six words of the workspace, to compare with who sent the link.
    pub words: String,
}

/// Joins by an invitation. The device is in after the first sync.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Join {
    /// The whole link.
    pub link: String,
    /// The PIN that will open the app; none where the device's own lock is enough.
    pub pin: Option<String>,
}

/// Takes an invitation that did not let the device in away again, with everything here.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartOver {}

/// Founds a workspace on the relay that serves the app.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The relay's address.
    pub relay: String,
    /// The relay's key. The page leaves it out; who carries the call asks the relay for it.
    pub relay_key: Option<[u8; 32]>,
    /// The relay operator's founding code.
    pub token: String,
    /// As [`Join::pin`].
    pub pin: Option<String>,
}

/// The words that bring a workspace back; shown once, kept nowhere.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryWords {
    /// Twenty-four words.
    pub words: String,
    /// The same as a QR code: its dark modules.
    pub qr: QrModules,
}

/// A QR code's modules, row by row, without a margin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QrModules {
    /// Modules on a side.
    pub side: u32,
    /// Whether each is dark.
    pub dark: Vec<bool>,
}

/// Unlocks.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unlock {
    /// The PIN, where there is one.
    pub pin: Option<String>,
}

/// Locks: every key leaves the memory.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {}

/// The user did something: the time until the lock begins anew.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Touch {}

/// Sets, changes or removes the PIN.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangePin {
    /// The one that opens the app now.
    pub now: Option<String>,
    /// The one from now on.
    pub then: Option<String>,
}

/// Asks who this device is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetMe {}

/// What this device's person may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Part {
    /// Not known yet: the first sync is to come.
    Unknown,
    /// A consultant's.
    Consultant,
    /// The office's.
    Office,
    /// An auditor's: the office's, and writes nothing.
    Auditor,
    /// A participant's: the other page is theirs.
    Participant,
}

/// Who this device is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Me {
    /// What its person may see.
    pub part: Part,
    /// Whether the person lets people in and out.
    pub administrator: bool,
    /// The person's name in the register.
    pub name: Option<String>,
    /// The person's key in the register.
    pub staff: Option<StaffKey>,
    /// Six words of the workspace.
    pub workspace: String,
    /// The relay's address.
    pub relay: String,
    /// Whether this device was put out.
    pub put_out: bool,
    /// Whether a PIN opens the app.
    pub pin: bool,
    /// This device's own name, short.
    pub device: String,
}

/// Syncs now.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncNow {}

/// Asks how the sync stands.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetSync {}

/// How the sync stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncStanding {
    /// Whether one is under way.
    pub running: bool,
    /// When the last one ended well, by this device's clock.
    pub last: Option<Instant>,
    /// Whether something recorded here waits to be delivered.
    pub waiting: bool,
    /// Why the last one failed, where it did.
    pub trouble: Option<Words>,
    /// Whether that is only that there is no connection.
    pub offline: bool,
}

/// Keeps what was typed; it is on disk when this is answered.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PutDraft {
    /// Which form, and of what.
    pub name: String,
    /// The participation that it is about.
    pub case: Option<CaseId>,
    /// What was typed, in the page's own form.
    pub content: Vec<u8>,
}

/// Forgets what was typed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DropDraft {
    /// Which.
    pub name: String,
}

/// Asks what was typed in a form.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetDraft {
    /// Which.
    pub name: String,
}

/// Asks what is begun.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetDrafts {}

/// Something begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftLine {
    /// Which.
    pub name: String,
    /// The participation.
    pub case: Option<CaseId>,
    /// The participant's name, where lists show it.
    pub who: Option<String>,
    /// When it was last written.
    pub at: Instant,
}
