use folge_core::RelayFault;
use folge_core::attendance::CodeFault;
use folge_core::messages::WordsFault;
use folge_protocol::membership::MembershipError;
use folge_protocol::wire::RelayError;

/// Why something could not be done. Nothing that was saved before is lost. Carries nothing that
/// anybody wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// The invitation was used, withdrawn, is too old, or is for another workspace.
    BadInvitation,
    /// The thread is not here yet: it comes with the first sync.
    NotJoined,
    /// This device was put out.
    PutOut,
    /// The thread was erased.
    Erased,
    /// What the relay said cannot be true; its reply was not taken.
    Fault(RelayFault),
    /// The relay refused the request.
    Relay(RelayError),
    /// The relay cannot be reached.
    Unreachable,
    /// An entry of this device does not fit the log.
    Membership(MembershipError),
    /// A key is not valid.
    Key,
    /// The stored state cannot be read: it is damaged, or of another version.
    Unreadable,
    /// Too many words.
    TooLong,
    /// Words are missing.
    WordsMissing,
    /// The last day lies before the first, or a day is no day.
    BadDays,
    /// What it is about was never shown here.
    NotShown,
    /// A consultant's code is no code, or mistyped.
    BadCode,
    /// A consultant's code is another participant's.
    CodeNotForThis,
    /// A consultant's code was shown too long ago.
    CodeTooOld,
}

impl From<RelayFault> for Error {
    fn from(fault: RelayFault) -> Self {
        Self::Fault(fault)
    }
}

impl From<MembershipError> for Error {
    fn from(error: MembershipError) -> Self {
        match error {
            MembershipError::InvitationSpent => Self::BadInvitation,
            other => Self::Membership(other),
        }
    }
}

impl From<WordsFault> for Error {
    fn from(fault: WordsFault) -> Self {
        match fault {
            WordsFault::TooLong => Self::TooLong,
            WordsFault::Missing => Self::WordsMissing,
        }
    }
}

impl From<CodeFault> for Error {
    fn from(fault: CodeFault) -> Self {
        match fault {
            CodeFault::Bad => Self::BadCode,
            CodeFault::NotForThis => Self::CodeNotForThis,
            CodeFault::TooOld => Self::CodeTooOld,
        }
    }
}
