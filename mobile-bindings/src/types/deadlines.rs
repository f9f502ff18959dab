//! What is due, and when.

use std::time::SystemTime;

use folge_core::client::CaseObligation;
use folge_core::contract::deadlines as core;

use super::{Day, Month, ParticipationId, RecordName, Wording};
use crate::shape::{Shown, choice, view};

choice! {
    /// What is due.
    DeadlineKind = core::ObligationKind {
        /// Answer to the order (svarfrist).
        Response,
        /// The plan.
        Plan,
        /// First contact with an employer.
        FirstEmployerContact,
        /// Back at work.
        BackAtWork,
        /// The status report.
        StatusReport,
        /// The final report.
        FinalReport,
        /// The joint plan.
        JointPlan,
        /// NAV is told of an absence.
        AbsenceNotice,
        /// Contact attempts before discharge.
        ContactAttempts,
        /// Hours above the agreement's average.
        HoursAboveAverage,
        /// Extension or end.
        ExtensionOrEnd,
        /// The latest end.
        LatestEnd,
        /// The end of a work practice.
        WorkPracticeEnd,
        /// The written agreement of a work practice.
        WorkPracticeAgreement,
        /// The employer is told of the insurance.
        InsuranceInformation,
        /// The confidentiality declaration.
        Declaration,
        /// The declaration is deleted.
        DeclarationDeleted,
        /// The participant's wish and the therapist's support.
        WishAndTherapist,
        /// The participation is deleted.
        Deletion,
        /// The result report.
        ResultReport,
        /// The evaluation.
        Evaluation,
        /// Documentation of premises and competence.
        Premises,
        /// Handing over at the agreement's end.
        Transfer,
        /// NAV is told of a breach.
        BreachNotice,
        /// A participant's request is passed on.
        DataRequest,
    }
}

/// How it stands.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum DeadlineState {
    /// To be done.
    Due,
    /// The day is past.
    Overdue,
    /// Done.
    Met {
        /// When.
        on: Day,
        /// Whether that was too late.
        late: bool,
    },
    /// Not asked for here.
    NotApplicable,
}

view! {
    /// Something that is or was due.
    Deadline {
        /// What.
        kind: DeadlineKind,
        /// What to do, in words.
        text: Wording,
        /// Where it stands in the tender.
        source: String,
        /// The day; none where something else has to come first.
        due: Option<Day>,
        /// The moment, where it is due by the hour.
        due_at: Option<SystemTime>,
        /// From this day on it is shown as near.
        warn: Option<Day>,
        /// How it stands.
        state: DeadlineState,
        /// Whether it is still to be done.
        is_open: bool,
        /// The record that it is about.
        about: Option<RecordName>,
        /// The record that met it.
        met_by: Option<RecordName>,
        /// The month that it is about.
        month: Option<Month>,
        /// How many there are, where some number is asked for.
        have: Option<i32>,
        /// How many are asked for.
        needed: Option<i32>,
        /// What is still missing, in words.
        missing: Vec<Wording>,
    }
}

impl Shown<core::Obligation> for Deadline {
    fn shown(core: core::Obligation) -> Self {
        let missing = core.missing.iter();
        Self {
            is_open: core.is_open(),
            missing: missing
                .map(|part| Wording::of(|language| part.text(language)))
                .collect(),
            text: Wording::of(|language| core.kind.text(language)),
            source: core.kind.source().to_owned(),
            kind: Shown::shown(core.kind),
            due: Shown::shown(core.due),
            due_at: Shown::shown(core.due_at),
            warn: Shown::shown(core.warn),
            state: match core.state {
                core::ObligationState::Due => DeadlineState::Due,
                core::ObligationState::Overdue => DeadlineState::Overdue,
                core::ObligationState::Met { on, late } => DeadlineState::Met {
                    on: Shown::shown(on),
                    late,
                },
                core::ObligationState::NotApplicable(_) => DeadlineState::NotApplicable,
            },
            about: Shown::shown(core.about),
            met_by: Shown::shown(core.met_by),
            month: Shown::shown(core.month),
            have: core.count.map(|(have, _)| Shown::shown(have)),
            needed: core.count.map(|(_, needed)| Shown::shown(needed)),
        }
    }
}

view! {
    /// Something that is due on a participation.
    CaseDeadline {
        /// The participation.
        participation: ParticipationId,
        /// The provider's own id.
        reference: String,
        /// The full name; none where the address is protected.
        name: Option<String>,
        /// What is due.
        deadline: Deadline,
    }
}

impl Shown<CaseObligation> for CaseDeadline {
    fn shown(core: CaseObligation) -> Self {
        Self {
            participation: Shown::shown(core.participation),
            reference: core.reference,
            name: core.name,
            deadline: Shown::shown(core.obligation),
        }
    }
}
