//! What a relay says that cannot be true.

use folge_protocol::membership::MembershipError;

/// How a relay's reply contradicts what this device knows. The reply is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RelayFault {
    /// The bytes are no reply, or hold something that is no envelope, entry or grant.
    #[error("the reply cannot be read")]
    Malformed,
    /// The receipt is not signed by the pinned relay.
    #[error("the receipt is not signed by this workspace's relay")]
    BadReceipt,
    /// The reply answers another request than the one under way.
    #[error("the reply answers another request")]
    NotAnAnswer,
    /// A stream's head is not what its envelopes add up to, or not what was shown before.
    #[error("a stream is not the one that was shown before")]
    StreamForked,
    /// An envelope in this device's name that it never signed.
    #[error("an envelope is not from whom it says")]
    ForgedEnvelope,
    /// A membership entry does not follow the verified log.
    #[error("a membership entry does not verify: {0}")]
    BadEntry(MembershipError),
    /// A membership entry differs from the one that was shown before.
    #[error("the membership log is not the one that was shown before")]
    LogForked,
}
