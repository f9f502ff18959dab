//! NAV's reports as data (bilag 8; `REQUIREMENTS.md` N): what each template asks for, what the
//! records already say of it, and what is still missing.
//!
//! A draft is a template times the facts of a participation. Nothing of what is drawn is stored: a
//! report keeps only what people wrote, and is drawn anew each time, so that hours and absence are
//! never other than the records' (N7).
//!
//! What the tenders leave open is said where it acts. Oddities of the templates themselves (R):
//! both head the status report «Oppfølging» (R5); the final report has two «(b)» (R6); the result
//! report's layout is in neither (OPP: an Excel sheet that is not included; JMO: not listed, R4);
//! JMO calls the confidentiality declaration «vedlegg 5» and lists it as 4 (R2), and numbers the
//! evaluation «9.3» inside chapter 10 (R3).

mod declaration;
mod draft;
mod evaluation;
mod figures;
mod mailable;
mod period;
mod result;
pub mod templates;

use crate::domain::text::{Both, pick};

pub use declaration::{DECLARATION, DECLARATION_FIELDS, Declaration};
pub use draft::{DraftField, Missing, Names, Origin, ReportDraft, Todo, draft, report_period};
pub use evaluation::{EvaluationFacts, evaluation_draft};
pub use figures::{
    AbsenceClass, AbsenceSum, Difference, HoursByMonth, absence, activity_counts, differences,
    workplace_meetings,
};
pub use mailable::{
    AbsenceNotice, AttendanceLine, AttendanceList, EndNotice, ExtensionNotice, MailError, MailText,
    Mailable, OnList, StartNotice,
};
pub use period::{Period, status_period, status_period_on};
pub use result::{
    CountingTable, Ended, Measured, ResultCase, ResultGap, ResultModel, ResultReport, StatusCount,
    ended_in, result_report,
};
pub use templates::{Block, Field, Need, Source, Template};

#[cfg(test)]
mod tests;
