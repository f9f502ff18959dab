//! A visit (møte): who met, when, how, and what came of it for this participation.
//! `REQUIREMENTS.md` P1; a group meeting is H8.

use std::collections::BTreeSet;
use std::fmt;

use folge_protocol::codec::{Decode, DecodeError, Encode, Reader, Writer};
use folge_protocol::ids::DocumentId;
use serde::{Deserialize, Serialize};

use super::time::{Instant, Minutes, elapsed};
use super::{
    DomainError, EmployerKey, Field, GroupMeetingId, RecordId, StaffKey, check_line, check_text,
    limits,
};

codes! {
    /// How a meeting is held.
    MeetingForm {
        /// In the same room.
        InPerson = "in_person",
        /// By video.
        Video = "video",
        /// By telephone.
        Phone = "phone",
    }
}

impl Encode for MeetingForm {
    fn encode(&self, out: &mut Writer) {
        out.u8(match self {
            Self::InPerson => 1,
            Self::Video => 2,
            Self::Phone => 3,
        });
    }
}

impl Decode for MeetingForm {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match input.u8()? {
            1 => Ok(Self::InPerson),
            2 => Ok(Self::Video),
            3 => Ok(Self::Phone),
            other => Err(DecodeError::UnknownTag(other)),
        }
    }
}

codes! {
    /// Whom the consultant meets.
    With {
        /// The participant.
        Participant = "participant",
        /// The employer.
        Employer = "employer",
        /// Both.
        Both = "both",
    }
}

codes! {
    /// Why someone was excused (gyldig fravær), in classes that say nothing about health.
    Absence {
        /// Not stated.
        Unspecified = "unspecified",
        /// Own illness.
        Illness = "illness",
        /// A child's or another close person's illness.
        Family = "family",
        /// An appointment with an authority or a therapist.
        Appointment = "appointment",
        /// At work.
        Work = "work",
        /// Leave of absence (velferdspermisjon, holiday).
        Leave = "leave",
        /// Another valid reason.
        Other = "other",
    }
}

codes! {
    /// Who cancelled.
    CancelledBy {
        /// Not stated.
        Unspecified = "unspecified",
        /// The provider.
        Provider = "provider",
        /// The participant, in time.
        Participant = "participant",
    }
}

/// What came of the meeting for this participation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Outcome {
    /// Still to come.
    Planned,
    /// The participant was there.
    Attended,
    /// The participant did not come and gave no notice.
    NoShow,
    /// The participant was validly absent.
    Excused(Absence),
    /// It was cancelled.
    Cancelled(CancelledBy),
    /// It was moved: the new time is another visit.
    Moved,
}

impl Outcome {
    /// The stable text: `attended`, `excused`, `excused:illness`, `cancelled:provider`, ….
    #[must_use]
    pub fn code(self) -> String {
        match self {
            Self::Planned => "planned".into(),
            Self::Attended => "attended".into(),
            Self::NoShow => "no_show".into(),
            Self::Excused(Absence::Unspecified) => "excused".into(),
            Self::Excused(reason) => format!("excused:{}", reason.code()),
            Self::Cancelled(CancelledBy::Unspecified) => "cancelled".into(),
            Self::Cancelled(by) => format!("cancelled:{}", by.code()),
            Self::Moved => "moved".into(),
        }
    }

    /// The outcome that `code` stands for.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        match code.split_once(':') {
            None => match code {
                "planned" => Some(Self::Planned),
                "attended" => Some(Self::Attended),
                "no_show" => Some(Self::NoShow),
                "excused" => Some(Self::Excused(Absence::Unspecified)),
                "cancelled" => Some(Self::Cancelled(CancelledBy::Unspecified)),
                "moved" => Some(Self::Moved),
                _ => None,
            },
            Some(("excused", reason)) => Absence::from_code(reason).map(Self::Excused),
            Some(("cancelled", by)) => CancelledBy::from_code(by).map(Self::Cancelled),
            Some(_) => None,
        }
    }
}

/// What one casefile knows of a group meeting: counts, never who the others were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupInfo {
    /// The group meeting.
    pub id: GroupMeetingId,
    /// How many consultants held it.
    pub consultants: u32,
    /// How many were invited.
    pub invited: u32,
    /// How many came.
    pub present: u32,
}

/// A meeting as one participation's casefile holds it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    /// Its id.
    pub id: RecordId,
    /// When it began, or will.
    pub start: Instant,
    /// When it ended, or will.
    pub end: Instant,
    /// How it was held.
    pub form: MeetingForm,
    /// Whom the consultant met.
    pub with: With,
    /// The consultants.
    pub consultants: Vec<StaffKey>,
    /// The employer, where one has to do with it.
    pub employer: Option<EmployerKey>,
    /// Activity codes (`DOMAIN.md` 1.4).
    pub activities: Vec<String>,
    /// What came of it.
    pub outcome: Outcome,
    /// Whether it was planned before it was held.
    pub planned: bool,
    /// The group, where it was a group meeting.
    pub group: Option<GroupInfo>,
    /// The consultant's note.
    pub note: String,
    /// What was agreed.
    pub agreed: String,
}

impl fmt::Debug for Visit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Visit")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl Visit {
    /// How long it lasted, in whole minutes.
    /// # Errors
    /// Where the times are absurd.
    pub fn length(&self) -> Result<Minutes, DomainError> {
        elapsed(self.start, self.end, limits::ENTRY_MINUTES_MAX)
    }

    /// Checks that everything can be recorded.
    /// # Errors
    /// The first thing wrong.
    pub fn validate(&self) -> Result<(), DomainError> {
        self.length()?;
        if self.consultants.is_empty() {
            return Err(DomainError::Missing {
                field: Field::Consultant,
            });
        }
        check_keys(&self.consultants)?;
        self.employer
            .as_ref()
            .map_or(Ok(()), EmployerKey::validate)?;
        if self.activities.len() > limits::ACTIVITIES_COUNT_MAX {
            return Err(DomainError::TooMany {
                field: Field::Activities,
                max_count: limits::ACTIVITIES_COUNT_MAX,
            });
        }
        for activity in &self.activities {
            if activity.is_empty() {
                return Err(DomainError::Missing {
                    field: Field::Activities,
                });
            }
            check_line(Field::Activities, activity, limits::KEY_CHARS_MAX)?;
        }
        if self
            .group
            .is_some_and(|group| group.present > group.invited)
        {
            return Err(DomainError::BadGroupCounts);
        }
        check_text(Field::Note, &self.note, limits::NOTE_CHARS_MAX)?;
        check_text(Field::Agreed, &self.agreed, limits::NOTE_CHARS_MAX)
    }
}

/// Checks a list of consultants: few enough, each once, each well formed.
pub(crate) fn check_keys(keys: &[StaffKey]) -> Result<(), DomainError> {
    if keys.len() > limits::CONSULTANTS_COUNT_MAX {
        return Err(DomainError::TooMany {
            field: Field::Consultants,
            max_count: limits::CONSULTANTS_COUNT_MAX,
        });
    }
    if keys.iter().collect::<BTreeSet<_>>().len() != keys.len() {
        return Err(DomainError::Duplicate {
            field: Field::Consultants,
        });
    }
    keys.iter().try_for_each(StaffKey::validate)
}

/// One who was invited to a group meeting.
#[derive(Clone, PartialEq, Eq)]
pub struct Attendee {
    /// The participation.
    pub participation: DocumentId,
    /// The id that the visit gets in the participation's casefile. Each attendee has another.
    pub record: RecordId,
    /// What came of it for this one.
    pub outcome: Outcome,
    /// What only this one's casefile says.
    pub note: String,
}

impl fmt::Debug for Attendee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attendee")
            .field("record", &self.record)
            .finish_non_exhaustive()
    }
}

/// A group meeting as it is recorded, before it is split over the casefiles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupMeeting {
    /// The group meeting's id.
    pub id: GroupMeetingId,
    /// Everything that all casefiles get alike. Its `id`, `outcome` and `group` are replaced,
    /// and its note goes to every casefile: the shells say so where it is written.
    pub common: Visit,
    /// Who was invited.
    pub attendees: Vec<Attendee>,
}

impl GroupMeeting {
    /// The visit for each casefile: the group's counts, never the others' names or ids.
    /// # Errors
    /// Where nobody or one twice was invited, or a visit cannot be recorded.
    pub fn split(&self) -> Result<Vec<(DocumentId, Visit)>, DomainError> {
        if self.attendees.is_empty() {
            return Err(DomainError::Missing {
                field: Field::Participants,
            });
        }
        if self.attendees.len() > limits::GROUP_COUNT_MAX {
            return Err(DomainError::TooMany {
                field: Field::Participants,
                max_count: limits::GROUP_COUNT_MAX,
            });
        }
        let distinct: BTreeSet<_> = self.attendees.iter().map(|a| a.participation).collect();
        let records: BTreeSet<_> = self.attendees.iter().map(|a| a.record).collect();
        if distinct.len() != self.attendees.len() || records.len() != self.attendees.len() {
            return Err(DomainError::Duplicate {
                field: Field::Participants,
            });
        }
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let present = self
            .attendees
            .iter()
            .filter(|a| a.outcome == Outcome::Attended)
            .count();
        let group = GroupInfo {
            id: self.id,
            consultants: count(self.common.consultants.len()),
            invited: count(self.attendees.len()),
            present: count(present),
        };
        self.attendees
            .iter()
            .map(|attendee| {
                let mut visit = self.common.clone();
                visit.id = attendee.record;
                visit.outcome = attendee.outcome;
                visit.group = Some(group);
                if !attendee.note.is_empty() {
                    if !visit.note.is_empty() {
                        visit.note.push('\n');
                    }
                    visit.note.push_str(&attendee.note);
                }
                visit.validate()?;
                Ok((attendee.participation, visit))
            })
            .collect()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn visit(id: u8, start: &str, end: &str) -> Visit {
        Visit {
            id: RecordId([id; 16]),
            start: Instant::parse(start).unwrap(),
            end: Instant::parse(end).unwrap(),
            form: MeetingForm::InPerson,
            with: With::Participant,
            consultants: vec!["consultant-04".into(), "consultant-03".into()],
            employer: None,
            activities: vec!["jobbsoking".into()],
            outcome: Outcome::Attended,
            planned: false,
            group: None,
            note: "Jobbsøkerverksted.".into(),
            agreed: String::new(),
        }
    }

    #[test]
    fn every_outcome_survives_its_code() {
        let mut all = vec![
            Outcome::Planned,
            Outcome::Attended,
            Outcome::NoShow,
            Outcome::Moved,
        ];
        all.extend(Absence::ALL.iter().copied().map(Outcome::Excused));
        all.extend(CancelledBy::ALL.iter().copied().map(Outcome::Cancelled));
        for outcome in all {
            assert_eq!(Outcome::from_code(&outcome.code()), Some(outcome));
        }
        for bad in ["", "excused:", "attended:x", "excused:diagnosis"] {
            assert_eq!(Outcome::from_code(bad), None);
        }
    }

    #[test]
    fn a_split_group_meeting_tells_nobody_who_the_others_were() {
        let attendees: Vec<_> = (1..=5)
            .map(|n| Attendee {
                participation: DocumentId([n; 16]),
                record: RecordId([0x10 + n; 16]),
                outcome: if n == 5 {
                    Outcome::NoShow
                } else {
                    Outcome::Attended
                },
                note: format!("private-{n}"),
            })
            .collect();
        let group = GroupMeeting {
            id: GroupMeetingId([9; 16]),
            common: visit(0, "2026-01-07T12:00+01:00", "2026-01-07T13:30+01:00"),
            attendees: attendees.clone(),
        };
        let parts = group.split().unwrap();
        assert_eq!(parts.len(), 5);
        for ((participation, visit), own) in parts.iter().zip(&attendees) {
            assert_eq!((*participation, visit.id), (own.participation, own.record));
            let info = visit.group.unwrap();
            assert_eq!((info.consultants, info.invited, info.present), (2, 5, 4));
            let bytes = postcard::to_stdvec(visit).unwrap();
            let holds = |needle: &[u8]| bytes.windows(needle.len()).any(|part| part == needle);
            for other in attendees.iter().filter(|other| other.record != own.record) {
                assert!(!holds(&other.participation.0));
                assert!(!holds(&other.record.0));
                assert!(!holds(other.note.as_bytes()));
            }
        }
        let mut twice = group;
        twice.attendees[1].participation = twice.attendees[0].participation;
        assert_eq!(
            twice.split(),
            Err(DomainError::Duplicate {
                field: Field::Participants
            })
        );
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let good = visit(1, "2026-01-07T12:00+01:00", "2026-01-07T13:30+01:00");
        assert_eq!(good.validate(), Ok(()));
        assert_eq!(good.length(), Ok(Minutes(90)));
        let bad = Visit {
            end: Instant(good.start.0 - 60_000),
            ..good.clone()
        };
        assert_eq!(bad.validate(), Err(DomainError::EndBeforeStart));
        let bad = Visit {
            consultants: vec![],
            ..good.clone()
        };
        assert_eq!(bad.validate().unwrap_err().code(), "missing");
        let bad = Visit {
            activities: vec!["a\nb".into()],
            ..good.clone()
        };
        assert_eq!(bad.validate().unwrap_err().code(), "bad_character");
        let bad = Visit {
            note: "å".repeat(limits::NOTE_CHARS_MAX + 1),
            ..good
        };
        assert_eq!(bad.validate().unwrap_err().code(), "text_too_long");
    }
}
