//! What an agreement of work practice (arbeidspraksis) must hold (G1 to G4; JMO b1.6). Whether it
//! lasts too long (E14) is the deadlines' matter.

use crate::contract::terms::WorkPracticeTerms;
use crate::domain::text::{Both, pick};
use crate::domain::{Employment, EmploymentKind, Language};

/// What is missing in an agreement of work practice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PracticeGap {
    /// The agreed goal (G4); both agreements ask for one.
    Goal,
    /// The last day: it is limited in time (G4), and the duration is part of the agreement (G2).
    Duration,
    /// Purpose (formål).
    Purpose,
    /// Training (opplæring).
    Training,
    /// Follow-up (oppfølging).
    FollowUp,
    /// Working time (arbeidstid).
    WorkingTime,
    /// Tasks (arbeidsoppgaver).
    Tasks,
    /// The confidentiality declaration.
    Confidentiality,
    /// Provisions on privacy.
    Privacy,
    /// The signatures of employer, participant and provider (G1).
    Signatures,
    /// That the employer was told of the occupational-injury insurance: when, who, how (G3).
    Insurance,
}

impl PracticeGap {
    const fn both(self) -> Both {
        match self {
            Self::Goal => ("Avtalt mål mangler.", "The agreed goal is missing."),
            Self::Duration => (
                "Siste dag mangler. Praksisen skal være tidsavgrenset.",
                "The last day is missing. The practice must be limited in time.",
            ),
            Self::Purpose => (
                "Formål mangler i avtalen.",
                "The agreement lacks the purpose.",
            ),
            Self::Training => (
                "Opplæring mangler i avtalen.",
                "The agreement lacks the training.",
            ),
            Self::FollowUp => (
                "Oppfølging mangler i avtalen.",
                "The agreement lacks the follow-up.",
            ),
            Self::WorkingTime => (
                "Arbeidstid mangler i avtalen.",
                "The agreement lacks the working time.",
            ),
            Self::Tasks => (
                "Arbeidsoppgaver mangler i avtalen.",
                "The agreement lacks the tasks.",
            ),
            Self::Confidentiality => (
                "Taushetserklæringen mangler i avtalen.",
                "The agreement lacks the confidentiality declaration.",
            ),
            Self::Privacy => (
                "Bestemmelser om personvern mangler i avtalen.",
                "The agreement lacks provisions on privacy.",
            ),
            Self::Signatures => (
                "Avtalen er ikke signert av arbeidsgiver, deltaker og leverandør.",
                "Employer, participant and provider have not signed the agreement.",
            ),
            Self::Insurance => (
                "Det er ikke dokumentert at arbeidsgiver har fått vite om yrkesskadeforsikring. Skriv \
                 når, hvem og hvordan.",
                "It is not documented that the employer was told of the insurance. Say when, who and \
                 how.",
            ),
        }
    }

    /// What the user reads.
    #[must_use]
    pub const fn text(self, language: Language) -> &'static str {
        pick(self.both(), language)
    }
}

/// What is missing. Paid work and short stays need nothing of it (G5); adaptation only «eventuell».
#[must_use]
pub fn practice_gaps(employment: &Employment, terms: &WorkPracticeTerms) -> Vec<PracticeGap> {
    if employment.kind != EmploymentKind::WorkPractice {
        return Vec::new();
    }
    let agreement = &employment.agreement;
    let filled = |text: &str| !text.trim().is_empty();
    let always = [
        (PracticeGap::Goal, filled(&employment.goal)),
        (PracticeGap::Duration, employment.to.is_some()),
    ];
    let written = [
        (PracticeGap::Purpose, filled(&agreement.purpose)),
        (PracticeGap::Training, filled(&agreement.training)),
        (PracticeGap::FollowUp, filled(&agreement.follow_up)),
        (PracticeGap::WorkingTime, filled(&agreement.working_time)),
        (PracticeGap::Tasks, filled(&agreement.tasks)),
        (PracticeGap::Confidentiality, agreement.confidentiality),
        (PracticeGap::Privacy, agreement.privacy),
        (PracticeGap::Signatures, agreement.signed.is_some()),
    ];
    let insurance = [(PracticeGap::Insurance, employment.insurance.is_some())];
    let written = written.iter().filter(|_| terms.written_agreement);
    let insurance = insurance.iter().filter(|_| terms.insurance_information);
    always
        .iter()
        .chain(written)
        .chain(insurance)
        .filter(|(_, there)| !there)
        .map(|(gap, _)| *gap)
        .collect()
}

/// Whether a short stay (hospitering, «jobbsmak») came before a work practice, as OPP b1.6 would
/// have it considered first (G5). A notice to show, not a bar.
#[must_use]
pub fn short_stay_tried(employments: &[&Employment], practice: &Employment) -> bool {
    employments
        .iter()
        .any(|other| other.kind == EmploymentKind::ShortStay && other.from <= practice.from)
}
