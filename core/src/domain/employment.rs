//! Where a participant works: paid work, work practice (arbeidspraksis, G) and short stays
//! (hospitering). `REQUIREMENTS.md` G, N1, N2.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    DomainError, EmployerKey, Field, LocalDate, RecordId, check_line_opt, check_text, limits,
};

codes! {
    /// What kind of work it is.
    EmploymentKind {
        /// Paid work (lønnet arbeid).
        PaidWork = "paid_work",
        /// Work practice (arbeidspraksis).
        WorkPractice = "work_practice",
        /// A short stay to try (hospitering, «jobbsmak»; G5).
        ShortStay = "short_stay",
    }
}

codes! {
    /// On which terms somebody is employed (N1, N2).
    EmploymentTerms {
        /// Permanent (fast).
        Permanent = "permanent",
        /// Temporary (midlertidig).
        Temporary = "temporary",
        /// As a substitute (vikariat).
        Substitute = "substitute",
        /// Otherwise.
        Other = "other",
    }
}

/// Work of a participant at an employer.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Employment {
    /// Its id.
    pub id: RecordId,
    /// What kind.
    pub kind: EmploymentKind,
    /// The employer.
    pub employer: Option<EmployerKey>,
    /// The contact person there.
    pub contact: Option<String>,
    /// Position in percent.
    pub position_percent: Option<u8>,
    /// On which terms.
    pub terms: Option<EmploymentTerms>,
    /// The first day.
    pub from: LocalDate,
    /// The last day, inclusive, where it is known.
    pub to: Option<LocalDate>,
    /// The agreed goal (G4).
    pub goal: String,
    /// Why this workplace and these tasks (N1).
    pub reason: String,
    /// What the employer says of the workplace (N1).
    pub employer_comment: String,
    /// The written agreement of work practice (G1, G2).
    pub agreement: PracticeAgreement,
    /// How it was documented that the employer was told of the insurance (G3).
    pub insurance: Option<InsuranceTold>,
}

/// What a written agreement of work practice says (G2). Its duration is the employment's days.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PracticeAgreement {
    /// Purpose (formål).
    pub purpose: String,
    /// Training (opplæring).
    pub training: String,
    /// Follow-up (oppfølging).
    pub follow_up: String,
    /// Working time (arbeidstid).
    pub working_time: String,
    /// Tasks (arbeidsoppgaver).
    pub tasks: String,
    /// Adaptation (tilrettelegging), where any.
    pub adaptation: String,
    /// Whether it has the confidentiality declaration.
    pub confidentiality: bool,
    /// Whether it says how privacy is kept.
    pub privacy: bool,
    /// When employer, participant and provider had signed.
    pub signed: Option<LocalDate>,
}

/// That the employer was told that persons in work practice are insured as employees (G3).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InsuranceTold {
    /// When.
    pub on: LocalDate,
    /// Who was told.
    pub to: String,
    /// How, such as by e-mail.
    pub how: String,
}

impl fmt::Debug for Employment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Employment")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for PracticeAgreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PracticeAgreement").finish_non_exhaustive()
    }
}

impl fmt::Debug for InsuranceTold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InsuranceTold").finish_non_exhaustive()
    }
}

impl Employment {
    /// Work of which only kind and first day are known.
    #[must_use]
    pub fn new(id: RecordId, kind: EmploymentKind, from: LocalDate) -> Self {
        Self {
            id,
            kind,
            employer: None,
            contact: None,
            position_percent: None,
            terms: None,
            from,
            to: None,
            goal: String::new(),
            reason: String::new(),
            employer_comment: String::new(),
            agreement: PracticeAgreement::default(),
            insurance: None,
        }
    }

    /// Checks that everything can be recorded.
    /// # Errors
    /// The first thing wrong.
    pub fn validate(&self) -> Result<(), DomainError> {
        self.employer
            .as_ref()
            .map_or(Ok(()), EmployerKey::validate)?;
        check_line_opt(
            Field::ContactPerson,
            self.contact.as_deref(),
            limits::LINE_CHARS_MAX,
        )?;
        if self.position_percent.is_some_and(|percent| percent > 100) {
            return Err(DomainError::PercentOutOfRange {
                field: Field::Position,
            });
        }
        if self.to.is_some_and(|to| to < self.from) {
            return Err(DomainError::EndBeforeStart);
        }
        let agreement = &self.agreement;
        for (field, text) in [
            (Field::Goal, &self.goal),
            (Field::Reason, &self.reason),
            (Field::EmployerComment, &self.employer_comment),
            (Field::Purpose, &agreement.purpose),
            (Field::Training, &agreement.training),
            (Field::FollowUp, &agreement.follow_up),
            (Field::WorkingTime, &agreement.working_time),
            (Field::Tasks, &agreement.tasks),
            (Field::Adaptation, &agreement.adaptation),
        ] {
            check_text(field, text, limits::NOTE_CHARS_MAX)?;
        }
        let Some(insurance) = &self.insurance else {
            return Ok(());
        };
        for (field, text) in [
            (Field::ToldTo, &insurance.to),
            (Field::ToldHow, &insurance.how),
        ] {
            if text.trim().is_empty() {
                return Err(DomainError::Missing { field });
            }
            check_line_opt(field, Some(text), limits::LINE_CHARS_MAX)?;
        }
        Ok(())
    }
}
