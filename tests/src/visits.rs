//! The visit that most tests record.

use folge_core::domain::{Instant, MeetingForm, Outcome, RecordId, StaffKey, Visit, With};

const HOUR_MS: i64 = 3_600_000;

/// An hour with the participant, in person, that ends then and took place.
#[must_use]
pub fn an_hour(id: RecordId, end: Instant, consultant: StaffKey) -> Visit {
    Visit {
        id,
        start: Instant(end.0 - HOUR_MS),
        end,
        form: MeetingForm::InPerson,
        with: With::Participant,
        consultants: vec![consultant],
        employer: None,
        activities: Vec::new(),
        outcome: Outcome::Attended,
        planned: false,
        group: None,
        note: String::new(),
        agreed: String::new(),
    }
}
