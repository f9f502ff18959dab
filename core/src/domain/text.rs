//! Texts in both languages, and how dates are written for people.

use super::{Language, LocalDate};

/// A text in Bokmål and in English.
pub type Both = (&'static str, &'static str);

/// The half of a text that is in a language.
#[must_use]
pub const fn pick(both: Both, language: Language) -> &'static str {
    match language {
        Language::Norwegian => both.0,
        Language::English => both.1,
    }
}

/// `05.01.2026`.
#[must_use]
pub fn date_text(date: LocalDate) -> String {
    date.date().strftime("%d.%m.%Y").to_string()
}
