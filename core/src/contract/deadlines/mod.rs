//! What is due, until when, by which source, and whether it was done (`REQUIREMENTS.md` C, D, E, G,
//! L, P). One function from the facts of a participation, [`of_participation`], and one from those
//! of an agreement, [`of_agreement`]. Dates are days in Oslo; a breach is due at an instant.

pub mod dates;
mod office;
mod participation;
#[cfg(test)]
mod tests;
mod texts;

pub use office::{Breach, OfficeFacts, of_agreement};
pub use participation::{
    Blocked, check_end, check_extension, contact_attempts, of_participation, of_request,
};

use super::practice::PracticeGap;
use crate::domain::{Instant, LocalDate, Month, RecordId};

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObligationKind {
    /// The participant can start (E1).
    Response,
    /// The plan is with NAV (E3).
    Plan,
    /// First contact with an employer (E4).
    FirstEmployerContact,
    /// Back at work, wholly or partly (E5).
    BackAtWork,
    /// The status report of a period (E6).
    StatusReport,
    /// The final report (E7).
    FinalReport,
    /// A joint plan with NAV and the therapist before the end (A, JMO).
    JointPlan,
    /// NAV is told of an absence the same day (E10, P2).
    AbsenceNotice,
    /// Three attempts to reach somebody who stays away (E11, P3).
    ContactAttempts,
    /// NAV is contacted about hours above the average (D3).
    HoursAboveAverage,
    /// An extension is approved, or the participation ends (C1, C4).
    ExtensionOrEnd,
    /// The participation ends at the latest (C1 to C3).
    LatestEnd,
    /// Work practice ends (E14).
    WorkPracticeEnd,
    /// The written agreement of work practice is complete and signed (G1, G2).
    WorkPracticeAgreement,
    /// The employer was told of the insurance (G3).
    InsuranceInformation,
    /// The participant in a group signed the confidentiality declaration (L1, L3).
    Declaration,
    /// The declaration is deleted (L2, R9).
    DeclarationDeleted,
    /// The participant's wish and the therapist's support are recorded (B5).
    WishAndTherapist,
    /// The personal data are erased (E15, K24).
    Deletion,
    /// The result report of a month (E8).
    ResultReport,
    /// The evaluation of a half year (E9).
    Evaluation,
    /// Premises and competence are documented (E18).
    Premises,
    /// Participants of the contract before are taken over (E19).
    Transfer,
    /// NAV is told of a breach (E16).
    BreachNotice,
    /// A participant's request about the data is forwarded to NAV (E21).
    DataRequest,
}

/// How strong it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// Must (skal).
    Must,
    /// Should (bør).
    Should,
    /// As a rule, or for information.
    Usual,
}

/// Why something is not asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NotApplicable {
    /// The participation never began or is not relevant any more.
    NeverBegan,
    /// It ended before this was due.
    EndedBefore,
    /// It is held back: a hold or a restriction.
    Held,
    /// NAV was told that there is no capacity (E2).
    NoCapacity,
}

/// Where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ObligationState {
    /// To be done.
    Due,
    /// To be done, and the day is past.
    Overdue,
    /// Done.
    Met {
        /// When.
        on: LocalDate,
        /// Whether that was after the day.
        late: bool,
    },
    /// Not asked for.
    NotApplicable(NotApplicable),
}

/// A part that something due still lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MissingPart {
    /// Of work practice.
    Practice(PracticeGap),
    /// When the participant said to want work (B5).
    WantsWork,
    /// When the therapist said to support it (B5).
    TherapistSupports,
}

/// Something that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obligation {
    /// What.
    pub kind: ObligationKind,
    /// Until when, that day included; none where only something else waits for it.
    pub due: Option<LocalDate>,
    /// Until which instant, where hours count.
    pub due_at: Option<Instant>,
    /// From when to warn.
    pub warn: Option<LocalDate>,
    /// Where it stands.
    pub state: ObligationState,
    /// The record that it is about: a visit, an employment.
    pub about: Option<RecordId>,
    /// The record that met it.
    pub met_by: Option<RecordId>,
    /// The month that it is about.
    pub month: Option<Month>,
    /// What is done and what is asked for, where that can be counted.
    pub count: Option<(u32, u32)>,
    /// What of it is missing.
    pub missing: Vec<MissingPart>,
}

impl Obligation {
    fn new(kind: ObligationKind, due: LocalDate, met: Option<LocalDate>, today: LocalDate) -> Self {
        let state = match met {
            Some(on) => ObligationState::Met { on, late: on > due },
            None if today > due => ObligationState::Overdue,
            None => ObligationState::Due,
        };
        Self {
            kind,
            due: Some(due),
            due_at: None,
            warn: None,
            state,
            about: None,
            met_by: None,
            month: None,
            count: None,
            missing: Vec::new(),
        }
    }

    fn unless(mut self, reason: Option<NotApplicable>) -> Self {
        if let Some(reason) = reason
            && self.is_open()
        {
            self.state = ObligationState::NotApplicable(reason);
        }
        self
    }

    fn about(mut self, record: RecordId) -> Self {
        self.about = Some(record);
        self
    }

    fn met_by(mut self, record: Option<RecordId>) -> Self {
        self.met_by = record;
        self
    }

    fn warn(mut self, from: LocalDate) -> Self {
        self.warn = Some(from);
        self
    }

    fn month(mut self, month: Month) -> Self {
        self.month = Some(month);
        self
    }

    /// Whether somebody still has to do it.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self.state, ObligationState::Due | ObligationState::Overdue)
    }

    /// Whether to warn on a day: the day to warn from has come and it is still open.
    #[must_use]
    pub fn warns(&self, today: LocalDate) -> bool {
        self.is_open() && self.warn.or(self.due).is_some_and(|from| today >= from)
    }
}
