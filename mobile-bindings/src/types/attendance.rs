//! What a visit's hours stand on.

use std::time::SystemTime;

use folge_core::contract::evidence;
use folge_core::domain as core;

use super::{
    Day, FactsDigest, ParticipationId, RecordName, StaffName, ThreadId, VisitCard, Wording,
};
use crate::error::FolgeError;
use crate::shape::{Given, Shown, choice, record, view};

choice! {
    /// How strong a confirmation is, strongest first.
    ConfirmationGrade = core::ConfirmationGrade {
        /// From the participant's own device.
        OwnDevice,
        /// A PIN that the participant knows, on the consultant's phone.
        Pin,
        /// A signature drawn on the consultant's phone.
        Drawn,
        /// Confirmed later, such as on paper.
        Later,
        /// None, with a reason.
        None,
    }
}

view! {
    /// A confirmation that was taken on a consultant's phone, or why there is none.
    Confirmation {
        /// Its name.
        id: RecordName,
        /// The visit.
        visit: RecordName,
        /// The facts that were confirmed.
        digest: FactsDigest,
        /// How strong it is.
        grade: ConfirmationGrade,
        /// When.
        at: SystemTime,
        /// Why there is none, or how it was confirmed later.
        reason: String,
        /// The signature that was drawn, an SVG image, where one was.
        drawing_svg: Option<String>,
    }
}

impl Shown<core::Confirmation> for Confirmation {
    fn shown(core: core::Confirmation) -> Self {
        let drawing_svg = match &core.proof {
            Some(core::Proof::Drawing(proof)) => Some(proof.drawing.to_svg()),
            _ => None,
        };
        Self {
            id: Shown::shown(core.id),
            visit: Shown::shown(core.visit),
            digest: Shown::shown(core.digest),
            grade: Shown::shown(core.grade),
            at: Shown::shown(core.at),
            reason: core.reason,
            drawing_svg,
        }
    }
}

view! {
    /// A visit that a consultant's code showed to this participant.
    VisitOffer {
        /// The participant's thread.
        thread: ThreadId,
        /// What was shown.
        card: VisitCard,
        /// When, by the consultant's clock.
        at: SystemTime,
    }
}

impl Shown<folge_core::client::VisitOffer> for VisitOffer {
    fn shown(core: folge_core::client::VisitOffer) -> Self {
        Self {
            thread: Shown::shown(core.thread),
            at: Shown::shown(core.at),
            card: Shown::shown(core.card),
        }
    }
}

record! {
    /// What came of a participant's code.
    TakenAnswer = folge_core::client::TakenAnswer {
        /// The visit.
        visit: RecordName,
        /// What the participant said of it.
        verdict: Verdict,
        /// The record that holds it.
        confirmation: RecordName,
    }
}

view! {
    /// A point of a drawn signature, in a square from 0 to 1023; y grows downwards.
    Point {
        /// From the left.
        x: i32,
        /// From the top.
        y: i32,
    }
}

impl Given<core::drawing::Point> for Point {
    fn given(self) -> Result<core::drawing::Point, FolgeError> {
        let part = |value| u16::try_from(value).map_err(|_| FolgeError::out_of_range());
        Ok((part(self.x)?, part(self.y)?))
    }
}

/// What a participant says of a visit.
#[derive(Clone, PartialEq, uniffi::Enum)]
#[uniffi::export(Debug)]
pub enum Verdict {
    /// It took place as shown.
    Yes,
    /// It did not take place.
    No,
    /// It took place, but something shown is wrong.
    Wrong {
        /// What, in own words.
        words: String,
    },
}

impl std::fmt::Debug for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Yes => "Yes",
            Self::No => "No",
            Self::Wrong { .. } => "Wrong(..)",
        })
    }
}

impl Shown<core::Verdict> for Verdict {
    fn shown(core: core::Verdict) -> Self {
        match core {
            core::Verdict::Yes => Self::Yes,
            core::Verdict::No => Self::No,
            core::Verdict::Wrong(words) => Self::Wrong { words },
        }
    }
}

impl Given<core::Verdict> for Verdict {
    fn given(self) -> Result<core::Verdict, FolgeError> {
        Ok(match self {
            Self::Yes => core::Verdict::Yes,
            Self::No => core::Verdict::No,
            Self::Wrong { words } => core::Verdict::Wrong(words),
        })
    }
}

choice! {
    /// How sure it is when something was recorded.
    TimeCertainty = evidence::TimeCertainty {
        /// Between two receipts of the relay.
        BoundedBothSides,
        /// Before a receipt.
        BoundedAfter,
        /// Only the device's own clock says.
        DeviceOnly,
        /// The device's clock was set meanwhile.
        ClockJump,
        /// The receipts contradict the claimed time.
        Contradicted,
    }
}

view! {
    /// What a visit's hours stand on.
    Evidence {
        /// The visit.
        visit: RecordName,
        /// The facts as they are now.
        digest: FactsDigest,
        /// The strongest confirmation.
        grade: ConfirmationGrade,
        /// Whether it is of the facts as they are now.
        stands: bool,
        /// Whether the participant's last word is that it was otherwise.
        disputed: bool,
        /// Whether the visit's hours can be claimed as confirmed.
        carries_a_claim: bool,
        /// How sure it is when the facts were recorded.
        time: TimeCertainty,
        /// The same in words.
        time_text: Wording,
        /// What is wrong with it and what to do, where something is.
        weakness: Option<Wording>,
        /// In the words of whoever confirmed later, could not, or disputes.
        reason: Option<String>,
    }
}

impl Shown<evidence::Evidence> for Evidence {
    fn shown(core: evidence::Evidence) -> Self {
        Self {
            carries_a_claim: core.carries_a_claim(),
            visit: Shown::shown(core.visit),
            digest: Shown::shown(core.digest),
            grade: Shown::shown(core.grade),
            stands: core.stands,
            disputed: core.disputed,
            time: Shown::shown(core.time),
            time_text: Wording::of(|language| core.time.text(language)),
            weakness: core
                .weakness
                .map(|weakness| Wording::of(|language| weakness.text(language))),
            reason: core.reason,
        }
    }
}

view! {
    /// A record that an exception is about.
    ExceptionRecord {
        /// The participation.
        participation: ParticipationId,
        /// The record.
        record: RecordName,
    }
}

view! {
    /// What an audit would ask about.
    AuditException {
        /// The day.
        date: Day,
        /// A stable code, such as `overlapping_visits`.
        code: String,
        /// What is odd, and what to do.
        text: Wording,
        /// Whose.
        consultant: Option<StaffName>,
        /// The records that it is about.
        records: Vec<ExceptionRecord>,
    }
}

impl Shown<evidence::Exception> for AuditException {
    fn shown(core: evidence::Exception) -> Self {
        let records = core
            .records
            .into_iter()
            .map(|(participation, record)| ExceptionRecord {
                participation: Shown::shown(folge_protocol::ids::DocumentId(participation)),
                record: Shown::shown(record),
            });
        Self {
            date: Shown::shown(core.date),
            code: core.kind.code().to_owned(),
            text: Wording::of(|language| core.kind.text(language)),
            consultant: Shown::shown(core.consultant),
            records: records.collect(),
        }
    }
}
