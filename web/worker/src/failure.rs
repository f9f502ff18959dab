//! What goes wrong, as pages see it.

use folge_core::qr::QrTooLong;
use folge_core::store::StoreError;
use folge_core::{Error, ErrorClass};
use folge_web_calls::{Failure, FailureClass, Words};

/// A failure of the core's in a page's words.
#[must_use]
pub fn failure_of(error: &Error) -> Failure {
    Failure {
        code: error.code().to_owned(),
        class: match error.class() {
            ErrorClass::Locked => FailureClass::Locked,
            ErrorClass::WrongSecret | ErrorClass::TooManyAttempts => FailureClass::WrongSecret,
            ErrorClass::ReasonNeeded => FailureClass::ReasonNeeded,
            ErrorClass::Unreachable => FailureClass::Unreachable,
            ErrorClass::PutOut => FailureClass::PutOut,
            ErrorClass::StorageFull => FailureClass::StorageFull,
            ErrorClass::TryAgain => FailureClass::TryAgain,
            _ => FailureClass::Other,
        },
        words: Words::of(|language| error.user_text(language)),
    }
}

pub(crate) fn of_store(error: StoreError) -> Failure {
    failure_of(&error.into())
}

pub(crate) fn of_qr(error: QrTooLong) -> Failure {
    Failure {
        code: error.code().to_owned(),
        class: FailureClass::Other,
        words: Words::of(|language| error.user_text(language)),
    }
}

/// A failure that only the app has.
pub(crate) fn own(code: &str, nb: &str, en: &str) -> Failure {
    Failure {
        code: code.to_owned(),
        class: FailureClass::Other,
        words: Words {
            nb: nb.to_owned(),
            en: en.to_owned(),
        },
    }
}
