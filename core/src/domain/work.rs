//! The rest of a consultant's work on a participation: trips, contact attempts (E11, P3) and notes.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::time::{Instant, Minutes, elapsed};
use super::{DomainError, Field, RecordId, StaffKey, check_text, limits};

/// Travel (reise) to one or more meetings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trip {
    /// Its id.
    pub id: RecordId,
    /// Who travelled.
    pub consultant: StaffKey,
    /// How long it took.
    pub minutes: Minutes,
    /// When it began, where it was timed.
    pub start: Option<Instant>,
    /// When it ended, where it was timed.
    pub end: Option<Instant>,
    /// The visits of this casefile that it served.
    pub visits: Vec<RecordId>,
    /// How many meetings it served in all, those with other participants included: its minutes are
    /// shared among them (H8 of the decisions). A count, never who they were.
    pub meetings: u32,
}

impl Trip {
    /// Checks that everything can be recorded. The minutes need not be what passed between start
    /// and end: a consultant may leave out a stop.
    /// # Errors
    /// The first thing wrong.
    pub fn validate(&self) -> Result<(), DomainError> {
        self.consultant.validate()?;
        let max_minutes = limits::ENTRY_MINUTES_MAX;
        if self.minutes.0 > max_minutes {
            return Err(DomainError::TooLong { max_minutes });
        }
        if let (Some(start), Some(end)) = (self.start, self.end) {
            elapsed(start, end, max_minutes)?;
        }
        if self.visits.len() > limits::TRIP_VISITS_COUNT_MAX {
            return Err(DomainError::TooMany {
                field: Field::Meetings,
                max_count: limits::TRIP_VISITS_COUNT_MAX,
            });
        }
        if self.visits.iter().collect::<BTreeSet<_>>().len() != self.visits.len() {
            return Err(DomainError::Duplicate {
                field: Field::Meetings,
            });
        }
        if (self.meetings as usize) < self.visits.len() {
            return Err(DomainError::BadTripCount);
        }
        if self.meetings as usize > limits::TRIP_VISITS_COUNT_MAX {
            return Err(DomainError::TooMany {
                field: Field::Meetings,
                max_count: limits::TRIP_VISITS_COUNT_MAX,
            });
        }
        Ok(())
    }
}

codes! {
    /// How contact was attempted.
    ContactChannel {
        /// By telephone.
        Phone = "phone",
        /// By e-mail or text message.
        Mail = "mail",
        /// By letter.
        Letter = "letter",
        /// Otherwise.
        Other = "other",
    }
}

/// An attempt to reach a participant who does not come.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactAttempt {
    /// Its id.
    pub id: RecordId,
    /// When.
    pub at: Instant,
    /// How.
    pub channel: ContactChannel,
    /// Whether the participant was reached.
    pub reached: bool,
    /// Who tried.
    pub consultant: Option<StaffKey>,
    /// What came of it.
    pub note: String,
}

impl fmt::Debug for ContactAttempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContactAttempt")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl ContactAttempt {
    /// Checks that everything can be recorded.
    /// # Errors
    /// The first thing wrong.
    pub fn validate(&self) -> Result<(), DomainError> {
        self.at.checked(Field::Time)?;
        self.consultant
            .as_ref()
            .map_or(Ok(()), StaffKey::validate)?;
        check_text(Field::Note, &self.note, limits::NOTE_CHARS_MAX)
    }
}

/// A note that belongs to no meeting.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Its id.
    pub id: RecordId,
    /// When.
    pub at: Instant,
    /// The text.
    pub text: String,
}

impl fmt::Debug for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Note")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl Note {
    /// Checks that everything can be recorded.
    /// # Errors
    /// The first thing wrong.
    pub fn validate(&self) -> Result<(), DomainError> {
        self.at.checked(Field::Time)?;
        if self.text.trim().is_empty() {
            return Err(DomainError::Missing { field: Field::Text });
        }
        check_text(Field::Text, &self.text, limits::NOTE_CHARS_MAX)
    }
}
