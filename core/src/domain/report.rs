//! Reports to NAV: those about one participation, which stand in its casefile, and those of the
//! office about an agreement. `REQUIREMENTS.md` E6 to E9, N.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    AgreementKey, DomainError, Field, LocalDate, Minutes, Month, RecordId, StaffKey,
    check_line_opt, check_text, limits,
};

codes! {
    /// Which report about a participation.
    ReportKind {
        /// The status report, every third month (E6).
        Status = "status",
        /// The final report (E7).
        Final = "final",
        /// The plan (E3).
        Plan = "plan",
        /// The joint plan with NAV and the therapist before the end (JMO b1.7).
        JointPlan = "joint_plan",
        /// Another.
        Other = "other",
    }
}

/// What the participant says of a report (N3).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// When it was gone through with the participant.
    pub on: LocalDate,
    /// Whether the participant agrees with the whole of it.
    pub agrees: bool,
    /// The comment; never empty where the participant does not agree.
    pub comment: String,
}

impl fmt::Debug for Review {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Review").finish_non_exhaustive()
    }
}

/// A report about a participation: what stands in it, and the time spent on writing it. What can
/// be drawn from other records is not stored here, but drawn anew (`contract::reports`).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Its id.
    pub id: RecordId,
    /// Which report.
    pub kind: ReportKind,
    /// How long writing it took.
    pub minutes: Minutes,
    /// The day on which NAV got it; none while it is being written.
    pub delivered: Option<LocalDate>,
    /// Who wrote it.
    pub consultant: Option<StaffKey>,
    /// The period's first day.
    pub period_from: Option<LocalDate>,
    /// The period's last day.
    pub period_to: Option<LocalDate>,
    /// What was written, by the template's field codes.
    pub texts: BTreeMap<String, String>,
    /// What the participant says.
    pub review: Option<Review>,
    /// Where it was signed.
    pub place: Option<String>,
    /// When the consultant signed it.
    pub signed: Option<LocalDate>,
}

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Report")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

impl Report {
    /// A report of which nothing is written yet.
    #[must_use]
    pub fn new(id: RecordId, kind: ReportKind) -> Self {
        Self {
            id,
            kind,
            minutes: Minutes(0),
            delivered: None,
            consultant: None,
            period_from: None,
            period_to: None,
            texts: BTreeMap::new(),
            review: None,
            place: None,
            signed: None,
        }
    }

    /// Checks that everything can be recorded.
    /// # Errors
    /// The first thing wrong.
    pub fn validate(&self) -> Result<(), DomainError> {
        let max_minutes = limits::REPORT_MINUTES_MAX;
        if self.minutes.0 > max_minutes {
            return Err(DomainError::TooLong { max_minutes });
        }
        self.consultant
            .as_ref()
            .map_or(Ok(()), StaffKey::validate)?;
        if let (Some(from), Some(to)) = (self.period_from, self.period_to)
            && to < from
        {
            return Err(DomainError::EndBeforeStart);
        }
        check_texts(&self.texts)?;
        check_line_opt(Field::Place, self.place.as_deref(), limits::LINE_CHARS_MAX)?;
        let Some(review) = &self.review else {
            return Ok(());
        };
        if !review.agrees && review.comment.trim().is_empty() {
            return Err(DomainError::Missing {
                field: Field::Comment,
            });
        }
        check_text(Field::Comment, &review.comment, limits::NOTE_CHARS_MAX)
    }
}

/// Checks the written fields of a report.
fn check_texts(texts: &BTreeMap<String, String>) -> Result<(), DomainError> {
    let field = Field::ReportTexts;
    if texts.len() > limits::REPORT_FIELDS_COUNT_MAX {
        return Err(DomainError::TooMany {
            field,
            max_count: limits::REPORT_FIELDS_COUNT_MAX,
        });
    }
    for (code, text) in texts {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if code.is_empty() || code.len() > limits::KEY_CHARS_MAX || !code.chars().all(plain) {
            return Err(DomainError::BadCharacter { field });
        }
        check_text(field, text, limits::NOTE_CHARS_MAX)?;
    }
    Ok(())
}

codes! {
    /// Which report of the office.
    OfficeReportKind {
        /// The monthly result report (E8, N5).
        Result = "result",
        /// The half-yearly evaluation (E9, N6).
        Evaluation = "evaluation",
        /// Documentation of premises and competence before the agreement begins (E18).
        Premises = "premises",
    }
}

/// Which report of the office, on which agreement, from which month on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OfficeReportKey {
    /// The agreement.
    pub agreement: AgreementKey,
    /// Which report.
    pub kind: OfficeReportKind,
    /// The first month that it is about.
    pub month: Month,
}

/// A report of the office about an agreement. It holds no participant's data.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfficeReport {
    /// Which.
    pub key: OfficeReportKey,
    /// The day on which NAV got it; none while it is being written.
    pub delivered: Option<LocalDate>,
    /// What was written, by the template's field codes.
    pub texts: BTreeMap<String, String>,
    /// Where it was signed.
    pub place: Option<String>,
    /// When it was signed.
    pub signed: Option<LocalDate>,
}

impl fmt::Debug for OfficeReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OfficeReport")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

impl OfficeReport {
    /// A report of which nothing is written yet.
    #[must_use]
    pub const fn new(key: OfficeReportKey) -> Self {
        Self {
            key,
            delivered: None,
            texts: BTreeMap::new(),
            place: None,
            signed: None,
        }
    }

    /// Checks that everything can be recorded.
    /// # Errors
    /// The first thing wrong.
    pub fn validate(&self) -> Result<(), DomainError> {
        self.key.agreement.validate()?;
        check_texts(&self.texts)?;
        check_line_opt(Field::Place, self.place.as_deref(), limits::LINE_CHARS_MAX)
    }
}
