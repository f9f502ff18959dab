//! Visits (møter): who met, when, how, and what came of it.

use std::time::SystemTime;

use folge_core::domain as core;

use super::{EmployerName, GroupMeetingName, ParticipationId, RecordName, StaffName};
use crate::error::FolgeError;
use crate::shape::{Given, Shown, choice, record};

choice! {
    /// How a meeting is held.
    MeetingForm = core::MeetingForm {
        /// In the same room.
        InPerson,
        /// By video.
        Video,
        /// By telephone.
        Phone,
    }
}

choice! {
    /// Whom the consultant meets.
    With = core::With {
        /// The participant.
        Participant,
        /// The employer.
        Employer,
        /// Both.
        Both,
    }
}

choice! {
    /// Why someone was excused (gyldig fravær), in classes that say nothing about health.
    Absence = core::Absence {
        /// Not stated.
        Unspecified,
        /// Own illness.
        Illness,
        /// A child's or another close person's illness.
        Family,
        /// An appointment with an authority or a therapist.
        Appointment,
        /// At work.
        Work,
        /// Leave of absence (velferdspermisjon, holiday).
        Leave,
        /// Another valid reason.
        Other,
    }
}

choice! {
    /// Who cancelled.
    CancelledBy = core::CancelledBy {
        /// Not stated.
        Unspecified,
        /// The provider.
        Provider,
        /// The participant, in time.
        Participant,
    }
}

/// What came of a meeting for a participation.
#[derive(Clone, Copy, PartialEq, Eq, uniffi::Enum)]
#[uniffi::export(Debug)]
pub enum Outcome {
    /// Still to come.
    Planned,
    /// The participant was there.
    Attended,
    /// The participant did not come and gave no notice.
    NoShow,
    /// The participant was validly absent.
    Excused {
        /// Why.
        reason: Absence,
    },
    /// It was cancelled.
    Cancelled {
        /// By whom.
        by: CancelledBy,
    },
    /// It was moved: the new time is another visit.
    Moved,
}

impl std::fmt::Debug for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Outcome(..)")
    }
}

impl Shown<core::Outcome> for Outcome {
    fn shown(core: core::Outcome) -> Self {
        match core {
            core::Outcome::Planned => Self::Planned,
            core::Outcome::Attended => Self::Attended,
            core::Outcome::NoShow => Self::NoShow,
            core::Outcome::Excused(reason) => Self::Excused {
                reason: Shown::shown(reason),
            },
            core::Outcome::Cancelled(by) => Self::Cancelled {
                by: Shown::shown(by),
            },
            core::Outcome::Moved => Self::Moved,
        }
    }
}

impl Given<core::Outcome> for Outcome {
    fn given(self) -> Result<core::Outcome, FolgeError> {
        Ok(match self {
            Self::Planned => core::Outcome::Planned,
            Self::Attended => core::Outcome::Attended,
            Self::NoShow => core::Outcome::NoShow,
            Self::Excused { reason } => core::Outcome::Excused(reason.given()?),
            Self::Cancelled { by } => core::Outcome::Cancelled(by.given()?),
            Self::Moved => core::Outcome::Moved,
        })
    }
}

record! {
    both
    /// What one casefile knows of a group meeting: counts, never who the others were.
    GroupInfo = core::GroupInfo {
        /// The group meeting.
        id: GroupMeetingName,
        /// How many consultants held it.
        consultants: i32,
        /// How many were invited.
        invited: i32,
        /// How many came.
        present: i32,
    }
}

record! {
    both
    /// A meeting (møte) as one participation's casefile holds it.
    Visit = core::Visit {
        /// Its name: `newRecordName()` gives one.
        id: RecordName,
        /// When it began, or will.
        start: SystemTime,
        /// When it ended, or will.
        end: SystemTime,
        /// How it was held.
        form: MeetingForm,
        /// Whom the consultant met.
        with: With,
        /// The consultants.
        consultants: Vec<StaffName>,
        /// The employer, where one has to do with it.
        #[uniffi(default = None)]
        employer: Option<EmployerName>,
        /// Activity codes.
        #[uniffi(default = [])]
        activities: Vec<String>,
        /// What came of it.
        outcome: Outcome,
        /// Whether it was planned before it was held.
        #[uniffi(default = false)]
        planned: bool,
        /// The group, where it was a group meeting.
        #[uniffi(default = None)]
        group: Option<GroupInfo>,
        /// The consultant's note. No diagnosis (REQUIREMENTS.md K22).
        #[uniffi(default = "")]
        note: String,
        /// What was agreed.
        #[uniffi(default = "")]
        agreed: String,
    }
}

record! {
    both
    /// One who was invited to a group meeting.
    Attendee = core::Attendee {
        /// The participation.
        participation: ParticipationId,
        /// The name that the visit gets in the participation's casefile; another for each.
        record: RecordName,
        /// What came of it for this one.
        outcome: Outcome,
        /// What only this one's casefile says.
        #[uniffi(default = "")]
        note: String,
    }
}

record! {
    both
    /// A group meeting as it is recorded, before it is split over the casefiles.
    GroupMeeting = core::GroupMeeting {
        /// The group meeting's name.
        id: GroupMeetingName,
        /// Everything that all casefiles get alike; its name, outcome and group are replaced.
        common: Visit,
        /// Who was invited.
        attendees: Vec<Attendee>,
    }
}
