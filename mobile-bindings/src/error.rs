//! What goes wrong, as Kotlin and Swift see it.

use folge_core::domain::Language;
use folge_core::qr::QrTooLong;
use folge_core::store::StoreError;
use folge_core::{Error, ErrorClass};

/// Which error, and what the user reads. Holds nothing that was recorded.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Problem {
    /// A stable code, for tests and support; such as `reason_needed`.
    pub code: String,
    /// What happened and what to do, in Bokmål.
    pub nb: String,
    /// The same in English.
    pub en: String,
}

/// Why it could not be done. Nothing that was saved before is lost. Which one it is says what an
/// app does about it; what the user reads is in its problem.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
#[uniffi::export(Display)]
pub enum FolgeError {
    /// Ask the user to unlock.
    #[error("{}", problem.code)]
    Locked {
        /// Which, in words.
        problem: Problem,
    },
    /// Ask for the secret again.
    #[error("{}", problem.code)]
    WrongSecret {
        /// Which, in words.
        problem: Problem,
    },
    /// Wait, and ask again then.
    #[error("{}", problem.code)]
    TooManyAttempts {
        /// Which, in words.
        problem: Problem,
        /// How long to wait, in milliseconds.
        wait_ms: i64,
    },
    /// Show what is wrong beside what was typed.
    #[error("{}", problem.code)]
    Invalid {
        /// Which, in words.
        problem: Problem,
        /// The field that it is about, such as `note` or `national_id`; none where it is about no
        /// single one.
        field: Option<String>,
    },
    /// Ask for a reason, and do the same with it.
    #[error("{}", problem.code)]
    ReasonNeeded {
        /// Which, in words.
        problem: Problem,
    },
    /// Something else has to be done first: show what.
    #[error("{}", problem.code)]
    Blocked {
        /// Which, in words.
        problem: Problem,
    },
    /// The user's role does not allow it.
    #[error("{}", problem.code)]
    NotAllowed {
        /// Which, in words.
        problem: Problem,
    },
    /// It is not here, or not any more.
    #[error("{}", problem.code)]
    NotFound {
        /// Which, in words.
        problem: Problem,
    },
    /// The invitation or the recovery words do not fit: ask for others.
    #[error("{}", problem.code)]
    BadInvitation {
        /// Which, in words.
        problem: Problem,
    },
    /// No connection: all is saved, and the next sync tries again.
    #[error("{}", problem.code)]
    Unreachable {
        /// Which, in words.
        problem: Problem,
    },
    /// The relay refuses or contradicts itself: tell an administrator.
    #[error("{}", problem.code)]
    Relay {
        /// Which, in words.
        problem: Problem,
    },
    /// This device was put out: hand over what was not delivered.
    #[error("{}", problem.code)]
    PutOut {
        /// Which, in words.
        problem: Problem,
    },
    /// The storage is full: nothing of this was saved.
    #[error("{}", problem.code)]
    StorageFull {
        /// Which, in words.
        problem: Problem,
    },
    /// A newer version of the app is needed.
    #[error("{}", problem.code)]
    UpdateNeeded {
        /// Which, in words.
        problem: Problem,
    },
    /// The store cannot be used as it is: keep it, and tell an administrator.
    #[error("{}", problem.code)]
    Damaged {
        /// Which, in words.
        problem: Problem,
    },
    /// Something is open twice or was stopped: try again.
    #[error("{}", problem.code)]
    TryAgain {
        /// Which, in words.
        problem: Problem,
    },
    /// The platform's key store did not give or keep the key.
    #[error("{}", problem.code)]
    KeyStore {
        /// Which, in words.
        problem: Problem,
    },
    /// A defect of ours. What was saved is safe; unlock again.
    #[error("{}", problem.code)]
    Internal {
        /// Which, in words.
        problem: Problem,
    },
}

/// The code of a key that the platform does not have.
pub(crate) const KEY_LOST: &str = "key_lost";

fn problem(code: &str, nb: &str, en: &str) -> Problem {
    Problem {
        code: code.to_owned(),
        nb: nb.to_owned(),
        en: en.to_owned(),
    }
}

impl FolgeError {
    /// The problem, whichever error it is.
    #[must_use]
    pub const fn problem(&self) -> &Problem {
        match self {
            Self::Locked { problem }
            | Self::WrongSecret { problem }
            | Self::TooManyAttempts { problem, .. }
            | Self::Invalid { problem, .. }
            | Self::ReasonNeeded { problem }
            | Self::Blocked { problem }
            | Self::NotAllowed { problem }
            | Self::NotFound { problem }
            | Self::BadInvitation { problem }
            | Self::Unreachable { problem }
            | Self::Relay { problem }
            | Self::PutOut { problem }
            | Self::StorageFull { problem }
            | Self::UpdateNeeded { problem }
            | Self::Damaged { problem }
            | Self::TryAgain { problem }
            | Self::KeyStore { problem }
            | Self::Internal { problem } => problem,
        }
    }

    /// A number that is negative, or larger than any that is recorded.
    pub(crate) fn out_of_range() -> Self {
        Self::Invalid {
            problem: problem(
                "out_of_range",
                "Tallet er utenfor det som kan føres. Sjekk det.",
                "The number is outside what can be recorded. Check it.",
            ),
            field: None,
        }
    }

    /// A text that stands for something and does not read as it.
    pub(crate) fn unreadable(what: &str) -> Self {
        Self::Invalid {
            problem: Problem {
                code: "unreadable_text".to_owned(),
                nb: format!("Teksten kan ikke leses som {what}."),
                en: format!("The text does not read as a {what}."),
            },
            field: None,
        }
    }

    /// There is no store in the folder yet.
    pub(crate) fn empty() -> Self {
        Self::NotFound {
            problem: problem(
                "no_store",
                "Følge er ikke satt opp på denne enheten. Åpne en invitasjon først.",
                "Følge is not set up on this device. Open an invitation first.",
            ),
        }
    }

    /// The platform has no key for a store that is there.
    pub(crate) fn key_lost() -> Self {
        Self::KeyStore {
            problem: problem(
                KEY_LOST,
                "Nøkkelen til lageret er borte fra telefonen. Be om en ny invitasjon; det som er \
                 levert, hentes tilbake.",
                "The store's key is gone from the phone. Ask for a new invitation; what was \
                 delivered comes back.",
            ),
        }
    }

    /// The platform refused the key, such as when the user cancelled the fingerprint.
    pub(crate) fn key_refused() -> Self {
        Self::KeyStore {
            problem: problem(
                "key_refused",
                "Telefonen ga ikke fra seg nøkkelen. Prøv å låse opp igjen.",
                "The phone did not give the key. Try to unlock again.",
            ),
        }
    }

    /// The platform's key store cannot be used.
    pub(crate) fn key_unavailable() -> Self {
        Self::KeyStore {
            problem: problem(
                "key_unavailable",
                "Telefonens nøkkellager kan ikke brukes nå. Lås opp telefonen og prøv igjen.",
                "The phone's key store cannot be used now. Unlock the phone and try again.",
            ),
        }
    }

    /// The app's folder cannot be made.
    pub(crate) fn folder() -> Self {
        Self::Damaged {
            problem: problem(
                "folder",
                "Mappen til Følge kan ikke brukes. Sjekk lagringsplassen.",
                "The folder of Følge cannot be used. Check the storage.",
            ),
        }
    }

    /// A text that no QR code holds.
    pub(crate) fn too_long_for_qr(error: &QrTooLong) -> Self {
        Self::Invalid {
            problem: Problem {
                code: error.code().to_owned(),
                nb: error.user_text(Language::Norwegian),
                en: error.user_text(Language::English),
            },
            field: None,
        }
    }

    /// A sync that was stopped.
    pub(crate) fn stopped() -> Self {
        Self::TryAgain {
            problem: problem(
                "stopped",
                "Synkroniseringen ble stoppet. Alt er lagret og sendes neste gang.",
                "The sync was stopped. All is saved and is sent next time.",
            ),
        }
    }

    /// The app let go of the client.
    pub(crate) fn closed() -> Self {
        Self::Locked {
            problem: problem(
                "closed",
                "Følge er lukket. Åpne appen på nytt.",
                "Følge is closed. Open the app again.",
            ),
        }
    }

    /// A defect.
    pub(crate) fn internal() -> Self {
        Self::Internal {
            problem: problem(
                "internal",
                "Noe gikk galt i Følge. Det som var lagret, er trygt. Lås opp igjen.",
                "Something went wrong in Følge. What was saved is safe. Unlock again.",
            ),
        }
    }
}

impl From<Error> for FolgeError {
    fn from(error: Error) -> Self {
        let problem = Problem {
            code: error.code().to_owned(),
            nb: error.user_text(Language::Norwegian),
            en: error.user_text(Language::English),
        };
        match error.class() {
            ErrorClass::Locked => Self::Locked { problem },
            ErrorClass::WrongSecret => Self::WrongSecret { problem },
            ErrorClass::TooManyAttempts => Self::TooManyAttempts {
                wait_ms: match &error {
                    Error::Store(StoreError::TooManyAttempts { wait_ms })
                    | Error::TooManyPins { wait_ms } => i64::try_from(*wait_ms).unwrap_or(i64::MAX),
                    _ => 0,
                },
                problem,
            },
            ErrorClass::Invalid => Self::Invalid {
                field: error.field().map(|field| field.key().to_owned()),
                problem,
            },
            ErrorClass::ReasonNeeded => Self::ReasonNeeded { problem },
            ErrorClass::Blocked => Self::Blocked { problem },
            ErrorClass::NotAllowed => Self::NotAllowed { problem },
            ErrorClass::NotFound => Self::NotFound { problem },
            ErrorClass::BadInvitation => Self::BadInvitation { problem },
            ErrorClass::Unreachable => Self::Unreachable { problem },
            ErrorClass::Relay => Self::Relay { problem },
            ErrorClass::PutOut => Self::PutOut { problem },
            ErrorClass::StorageFull => Self::StorageFull { problem },
            ErrorClass::UpdateNeeded => Self::UpdateNeeded { problem },
            ErrorClass::Damaged => Self::Damaged { problem },
            ErrorClass::TryAgain => Self::TryAgain { problem },
        }
    }
}

impl From<StoreError> for FolgeError {
    fn from(error: StoreError) -> Self {
        Error::from(error).into()
    }
}
