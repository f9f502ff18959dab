//! What kind of thing went wrong: what a shell does about it.

use folge_protocol::membership::MembershipError;
use folge_protocol::wire::RelayError;

use super::Error;
use crate::contract::claim::ClaimError;
use crate::contract::status::StatusError;
use crate::document::DocumentError;
use crate::store::StoreError;

/// What a shell does about an error. The code and the text say which error it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ErrorClass {
    /// Ask the user to unlock.
    Locked,
    /// Ask for the secret again.
    WrongSecret,
    /// Wait, and ask again then.
    TooManyAttempts,
    /// Show what is wrong beside what was typed.
    Invalid,
    /// Ask for a reason, and do the same with it.
    ReasonNeeded,
    /// Something else has to be done first: show what.
    Blocked,
    /// The user's role does not allow it.
    NotAllowed,
    /// It is not here, or not any more.
    NotFound,
    /// The invitation or the recovery words do not fit: ask for others.
    BadInvitation,
    /// No connection: all is saved, and the next sync tries again.
    Unreachable,
    /// The relay refuses or contradicts itself: tell an administrator.
    Relay,
    /// This device was put out: hand over what was not delivered.
    PutOut,
    /// The storage is full: nothing of this was saved.
    StorageFull,
    /// A newer version of the program is needed.
    UpdateNeeded,
    /// The store cannot be used as it is: keep it, and tell an administrator.
    Damaged,
    /// Another program has the store open, or a work was stopped: try again.
    TryAgain,
}

impl Error {
    /// What a shell does about it.
    #[must_use]
    pub const fn class(&self) -> ErrorClass {
        match self {
            Self::Store(error) => of_store(error),
            Self::Document(error) => of_document(error),
            Self::Status(error) => of_status(error),
            Self::Claim(error) => of_claim(error),
            Self::Membership(MembershipError::InvitationSpent)
            | Self::Words(_)
            | Self::Key(_)
            | Self::BadInvitation
            | Self::BadRecovery => ErrorClass::BadInvitation,
            Self::Membership(_) | Self::NotAllowed => ErrorClass::NotAllowed,
            // The next sync corrects for the clock.
            Self::Unreachable(_) | Self::Relay(RelayError::ClockSkew { .. }) => {
                ErrorClass::Unreachable
            }
            Self::Relay(_) | Self::RelayFault(_) => ErrorClass::Relay,
            Self::DataNotAllowed(_)
            | Self::Terms(_)
            | Self::BadIdentity
            | Self::SyntheticIdentity
            | Self::BadPack => ErrorClass::Invalid,
            Self::OutsideParticipation | Self::ReasonNeeded => ErrorClass::ReasonNeeded,
            Self::Mail(_)
            | Self::ReportIncomplete(_)
            | Self::Held
            | Self::TooManyTimers
            | Self::TooManyDrafts => ErrorClass::Blocked,
            Self::UnknownAgreement | Self::UnknownDocument | Self::UnknownTimer => {
                ErrorClass::NotFound
            }
            Self::BadCode | Self::CodeNotForThis | Self::CodeTooOld | Self::WeakPin => {
                ErrorClass::Invalid
            }
            Self::NoPin => ErrorClass::Blocked,
            Self::WrongPin => ErrorClass::WrongSecret,
            Self::TooManyPins { .. } => ErrorClass::TooManyAttempts,
            Self::Locked => ErrorClass::Locked,
            Self::PutOut => ErrorClass::PutOut,
            Self::Unreadable(_) => ErrorClass::Damaged,
        }
    }
}

const fn of_store(error: &StoreError) -> ErrorClass {
    match error {
        StoreError::WrongSecret => ErrorClass::WrongSecret,
        StoreError::TooManyAttempts { .. } => ErrorClass::TooManyAttempts,
        StoreError::Exists => ErrorClass::Blocked,
        StoreError::BadCost => ErrorClass::Invalid,
        StoreError::TooNew { .. } => ErrorClass::UpdateNeeded,
        StoreError::DiskFull => ErrorClass::StorageFull,
        StoreError::Busy | StoreError::Interrupted => ErrorClass::TryAgain,
        StoreError::NotAStore | StoreError::Corrupt { .. } | StoreError::Sqlite(_) => {
            ErrorClass::Damaged
        }
    }
}

const fn of_document(error: &DocumentError) -> ErrorClass {
    match error {
        DocumentError::Domain(_) | DocumentError::Unchanged | DocumentError::NotInConflict => {
            ErrorClass::Invalid
        }
        DocumentError::ReasonMissing => ErrorClass::ReasonNeeded,
        DocumentError::Empty
        | DocumentError::Exists
        | DocumentError::Voided
        | DocumentError::Restricted
        | DocumentError::InConflict { .. }
        | DocumentError::Forbidden(_) => ErrorClass::Blocked,
        DocumentError::UnknownRecord
        | DocumentError::UnknownChange
        | DocumentError::MissingDependencies(_) => ErrorClass::NotFound,
        DocumentError::NewerSchema { .. } | DocumentError::UnknownBatchVersion(_) => {
            ErrorClass::UpdateNeeded
        }
        DocumentError::WrongKind
        | DocumentError::Damaged(_)
        | DocumentError::TooLarge(_)
        | DocumentError::ManifestMismatch
        | DocumentError::ForeignActor { .. }
        | DocumentError::Library(_) => ErrorClass::Damaged,
    }
}

const fn of_status(_: &StatusError) -> ErrorClass {
    ErrorClass::Blocked
}

const fn of_claim(error: &ClaimError) -> ErrorClass {
    match error {
        ClaimError::NoAgreement => ErrorClass::NotFound,
        ClaimError::AgreementInDoubt
        | ClaimError::ClaimsInDoubt
        | ClaimError::AlreadyApproved(_)
        | ClaimError::OutOfOrder(_)
        | ClaimError::NotOver(_) => ErrorClass::Blocked,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{DomainError, Field, Month};

    #[test]
    fn what_the_user_can_mend_is_told_from_what_only_time_or_others_can() {
        let month: Month = "2026-01".parse().unwrap();
        let missing = DomainError::Missing { field: Field::Text };
        for (error, class) in [
            (Error::Locked, ErrorClass::Locked),
            (StoreError::WrongSecret.into(), ErrorClass::WrongSecret),
            (StoreError::DiskFull.into(), ErrorClass::StorageFull),
            (DocumentError::from(missing).into(), ErrorClass::Invalid),
            (
                DocumentError::ReasonMissing.into(),
                ErrorClass::ReasonNeeded,
            ),
            (Error::OutsideParticipation, ErrorClass::ReasonNeeded),
            (ClaimError::NotOver(month).into(), ErrorClass::Blocked),
            (Error::Unreachable("no"), ErrorClass::Unreachable),
            (RelayError::Unauthorized.into(), ErrorClass::Relay),
            (
                MembershipError::InvitationSpent.into(),
                ErrorClass::BadInvitation,
            ),
            (Error::PutOut, ErrorClass::PutOut),
            (Error::WrongPin, ErrorClass::WrongSecret),
        ] {
            assert_eq!(error.class(), class, "{}", error.code());
        }
    }
}
