//! Why something cannot be recorded.

use super::field::Field;

/// The languages that the core's own texts exist in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// Bokmål, the users' language.
    #[default]
    Norwegian,
    /// English.
    English,
}

/// Why a value cannot be recorded. Names the field, never what stands in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DomainError {
    /// The end is before the start.
    #[error("the end is before the start: check both times")]
    EndBeforeStart,
    /// It lasts longer than a meeting, trip or report can.
    #[error("it lasts longer than {max_minutes} minutes: check the times and the date")]
    TooLong {
        /// The limit.
        max_minutes: u32,
    },
    /// A time outside the years 2000 to 2099.
    #[error("“{field}” is a time outside the years 2000 to 2099: check the clock and the date")]
    TimeOutOfRange {
        /// The field.
        field: Field,
    },
    /// A field that must be filled in is empty.
    #[error("“{field}” is missing: fill it in")]
    Missing {
        /// The field.
        field: Field,
    },
    /// A text is too long.
    #[error("“{field}” is longer than {max_chars} characters: shorten it")]
    TextTooLong {
        /// The field.
        field: Field,
        /// The limit.
        max_chars: usize,
    },
    /// A text has a character that does not belong there.
    #[error("“{field}” has a line break or control character: remove it")]
    BadCharacter {
        /// The field.
        field: Field,
    },
    /// A list is too long.
    #[error("“{field}” has more than {max_count} entries: remove some or split the record")]
    TooMany {
        /// The field.
        field: Field,
        /// The limit.
        max_count: usize,
    },
    /// A figure of anonymous statistics is about too few.
    #[error("“{field}” would show fewer than {min_count} participants: leave the figure out")]
    TooFew {
        /// The field.
        field: Field,
        /// The limit.
        min_count: u32,
    },
    /// The same entry stands twice in a list.
    #[error("“{field}” names the same entry twice: remove one")]
    Duplicate {
        /// The field.
        field: Field,
    },
    /// A percentage over 100.
    #[error("“{field}” is more than 100 percent")]
    PercentOutOfRange {
        /// The field.
        field: Field,
    },
    /// An address on a participation with protected address (adressebeskyttelse).
    #[error("this participant's address is protected: an address must not be recorded")]
    AddressProtected,
    /// An identity number that is not 11 digits.
    #[error("the national identity number is not 11 digits: check it")]
    BadNationalId,
    /// A group's counts contradict each other.
    #[error("more were present than were invited: check the group's counts")]
    BadGroupCounts,
    /// A trip serves fewer meetings in all than those of this participation.
    #[error("the trip serves fewer meetings than it names: check the count")]
    BadTripCount,
    /// Hardly anything was drawn.
    #[error("this is no signature: draw it anew, larger")]
    DrawingEmpty,
    /// A confirmation whose proof is missing, or of another kind.
    #[error("the confirmation's proof does not fit: confirm the meeting anew")]
    ProofUnfit,
    /// A date or another text that cannot be read.
    #[error("“{field}” cannot be read: check how it is written")]
    Unreadable {
        /// The field.
        field: Field,
    },
}

impl DomainError {
    /// A stable code that shells and tests can act on.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::EndBeforeStart => "end_before_start",
            Self::TooLong { .. } => "too_long",
            Self::TimeOutOfRange { .. } => "time_out_of_range",
            Self::Missing { .. } => "missing",
            Self::TextTooLong { .. } => "text_too_long",
            Self::BadCharacter { .. } => "bad_character",
            Self::TooMany { .. } => "too_many",
            Self::TooFew { .. } => "too_few",
            Self::Duplicate { .. } => "duplicate",
            Self::PercentOutOfRange { .. } => "percent_out_of_range",
            Self::AddressProtected => "address_protected",
            Self::BadNationalId => "bad_national_id",
            Self::BadGroupCounts => "bad_group_counts",
            Self::BadTripCount => "bad_trip_count",
            Self::DrawingEmpty => "drawing_empty",
            Self::ProofUnfit => "proof_unfit",
            Self::Unreadable { .. } => "unreadable",
        }
    }

    /// The field that it is about, where it is about one: shells show the error beside it.
    #[must_use]
    pub const fn field(&self) -> Option<Field> {
        Some(match self {
            Self::TimeOutOfRange { field }
            | Self::Missing { field }
            | Self::TextTooLong { field, .. }
            | Self::BadCharacter { field }
            | Self::TooMany { field, .. }
            | Self::TooFew { field, .. }
            | Self::Duplicate { field }
            | Self::PercentOutOfRange { field }
            | Self::Unreadable { field } => *field,
            Self::EndBeforeStart | Self::TooLong { .. } => Field::End,
            Self::AddressProtected => Field::Address,
            Self::BadNationalId => Field::NationalId,
            Self::BadGroupCounts => Field::Participants,
            Self::BadTripCount => Field::Meetings,
            Self::DrawingEmpty => Field::Drawing,
            Self::ProofUnfit => return None,
        })
    }

    /// What the user is told: what is wrong and what to do.
    #[must_use]
    pub fn user_text(&self, language: Language) -> String {
        if language == Language::English {
            return self.to_string();
        }
        let name = self.field().map_or("", |field| field.words(language));
        match self {
            Self::EndBeforeStart => "Slutt er før start. Sjekk begge tidspunktene.".into(),
            Self::TooLong { max_minutes } => {
                format!("Det varer lenger enn {max_minutes} minutter. Sjekk klokkeslett og dato.")
            }
            Self::TimeOutOfRange { .. } => format!(
                "«{name}» er utenfor årene 2000 til 2099. Sjekk klokken på enheten og datoen."
            ),
            Self::Missing { .. } => format!("«{name}» mangler. Fyll det ut."),
            Self::TextTooLong { max_chars, .. } => {
                format!("«{name}» er lengre enn {max_chars} tegn. Gjør teksten kortere.")
            }
            Self::BadCharacter { .. } => {
                format!("«{name}» har linjeskift eller et usynlig tegn. Fjern det.")
            }
            Self::TooMany { max_count, .. } => {
                format!("«{name}» har mer enn {max_count} oppføringer. Fjern noen eller del opp.")
            }
            Self::TooFew { min_count, .. } => {
                format!("«{name}» ville vist færre enn {min_count} deltakere. Utelat tallet.")
            }
            Self::Duplicate { .. } => {
                format!("«{name}» har samme oppføring to ganger. Fjern den ene.")
            }
            Self::PercentOutOfRange { .. } => format!("«{name}» er mer enn 100 prosent."),
            Self::AddressProtected => {
                "Deltakeren har adressebeskyttelse. Adressen skal ikke registreres.".into()
            }
            Self::BadNationalId => "Fødselsnummeret har ikke 11 siffer. Sjekk det.".into(),
            Self::BadGroupCounts => {
                "Flere møtte enn det var invitert. Sjekk antallene for gruppen.".into()
            }
            Self::BadTripCount => "Reisen har færre møter enn den nevner. Sjekk antallet.".into(),
            Self::DrawingEmpty => "Dette er ingen underskrift. Tegn den på nytt, større.".into(),
            Self::ProofUnfit => {
                "Bekreftelsen mangler beviset som hører til. Bekreft møtet på nytt.".into()
            }
            Self::Unreadable { .. } => {
                format!("«{name}» kan ikke leses. Sjekk hvordan det er skrevet.")
            }
        }
    }
}
