//! What is recorded: participations, visits, travel, reports, contact attempts, notes, and the
//! provider's register.
//!
//! Plain types and pure functions: nothing here reads a clock, draws randomness, does I/O or
//! knows how a record is stored or merged. Types that hold personal data print nothing of it
//! in `Debug`, and no error text carries any. Sources: `REQUIREMENTS.md` A, D, F, N, O, P (the
//! tenders' sections are named there) and NAV's own models in `DOMAIN.md` 1.

/// Declares an enumeration whose values have a stable code text, which is what documents hold.
macro_rules! codes {
    ($(#[$doc:meta])* $name:ident { $($(#[$value_doc:meta])* $value:ident = $code:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($(#[$value_doc])* $value),+
        }

        impl $name {
            /// Every value, in declaration order.
            pub const ALL: &'static [Self] = &[$(Self::$value),+];

            /// The stable text that stands for the value in documents and files.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$value => $code),+ }
            }

            /// The value that `code` stands for.
            #[must_use]
            pub fn from_code(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$value),)+ _ => None }
            }
        }
    };
}

pub mod claim;
pub mod code_list;
pub mod confirmation;
pub mod drawing;
pub mod employment;
mod error;
mod field;
pub mod identity;
pub mod ids;
pub mod limits;
pub mod minutes;
pub mod nav;
pub mod participation;
pub mod proof;
pub mod register;
pub mod report;
pub mod statistics;
pub mod text;
pub mod time;
pub mod visit;
pub mod work;

pub use claim::{
    ApprovedClaim, Billed, BilledAmount, BilledEntry, ClaimKey, ClaimLine, ClaimPart, EntryKind,
};
pub use code_list::{CodeList, CodeListName};
pub use confirmation::{Confirmation, ConfirmationGrade, Verdict, VisitDigest};
pub use drawing::Drawing;
pub use employment::{
    Employment, EmploymentKind, EmploymentTerms, InsuranceTold, PracticeAgreement,
};
pub use error::{DomainError, Language};
pub use field::Field;
pub use ids::{AgreementKey, EmployerKey, GroupMeetingId, RecordId, StaffKey};
pub use minutes::{MinutesByMonth, MonthMinutes};
pub use nav::{
    EndReason, EndReasonKind, Notice, NoticeChannel, NoticeKind, Proposal, ProposalChange,
    ProposalState,
};
pub use participation::{Participation, ReferralChannel, Status};
pub use proof::{DrawingProof, PinKey, PinProof, Proof, SignedAnswer, VisitAnswer};
pub use register::{Area, Employer, Provider, StaffMember};
pub use report::{OfficeReport, OfficeReportKey, OfficeReportKind, Report, ReportKind, Review};
pub use statistics::{CohortFigures, CohortStatistics, StatisticsKey};
pub use time::{Instant, LocalDate, Minutes, Month};
pub use visit::{
    Absence, Attendee, CancelledBy, GroupInfo, GroupMeeting, MeetingForm, Outcome, Visit, With,
};
pub use work::{ContactAttempt, ContactChannel, Note, Trip};

/// Checks a text's length in characters.
pub(crate) fn check_text(field: Field, text: &str, max_chars: usize) -> Result<(), DomainError> {
    // Bytes are at least as many as characters, so most texts need no counting.
    if text.len() > max_chars && text.chars().count() > max_chars {
        return Err(DomainError::TextTooLong { field, max_chars });
    }
    if text.chars().any(|c| c == '\0') {
        return Err(DomainError::BadCharacter { field });
    }
    Ok(())
}

/// Checks a text that stands on one line.
pub(crate) fn check_line(field: Field, text: &str, max_chars: usize) -> Result<(), DomainError> {
    check_text(field, text, max_chars)?;
    if text.chars().any(char::is_control) {
        return Err(DomainError::BadCharacter { field });
    }
    Ok(())
}

/// Checks an optional text that stands on one line.
pub(crate) fn check_line_opt(
    field: Field,
    text: Option<&str>,
    max_chars: usize,
) -> Result<(), DomainError> {
    text.map_or(Ok(()), |text| check_line(field, text, max_chars))
}
