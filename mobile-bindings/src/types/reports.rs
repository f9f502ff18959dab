//! Reports as NAV's templates ask for them.

use std::collections::HashMap;

use folge_core::contract::reports as core;
use folge_core::domain;

use super::{AgreementName, Day, Month, RecordName, StaffName, Wording};
use crate::error::FolgeError;
use crate::shape::{Given, Shown, choice, record, view};

choice! {
    /// Which report about a participation.
    ReportKind = domain::ReportKind {
        /// The status report, every third month.
        Status,
        /// The final report.
        Final,
        /// The plan.
        Plan,
        /// The joint plan with NAV and the therapist before the end.
        JointPlan,
        /// Another.
        Other,
    }
}

record! {
    both
    /// What the participant says of a report.
    Review = domain::Review {
        /// When it was gone through with the participant.
        on: Day,
        /// Whether the participant agrees with the whole of it.
        agrees: bool,
        /// The comment; never empty where the participant does not agree.
        #[uniffi(default = "")]
        comment: String,
    }
}

record! {
    both
    /// A report about a participation: what was written, and the time spent on it. What can be
    /// drawn from other records is not in it, but in its draft.
    Report = domain::Report {
        /// Its name.
        id: RecordName,
        /// Which report.
        kind: ReportKind,
        /// How long writing it took, in minutes.
        #[uniffi(default = 0)]
        minutes: i32,
        /// The day on which NAV got it; none while it is being written.
        #[uniffi(default = None)]
        delivered: Option<Day>,
        /// Who wrote it.
        #[uniffi(default = None)]
        consultant: Option<StaffName>,
        /// The period's first day.
        #[uniffi(default = None)]
        period_from: Option<Day>,
        /// The period's last day.
        #[uniffi(default = None)]
        period_to: Option<Day>,
        /// What was written, by the template's field codes.
        #[uniffi(default)]
        texts: HashMap<String, String>,
        /// What the participant says.
        #[uniffi(default = None)]
        review: Option<Review>,
        /// Where it was signed.
        #[uniffi(default = None)]
        place: Option<String>,
        /// When the consultant signed it.
        #[uniffi(default = None)]
        signed: Option<Day>,
    }
}

choice! {
    /// Where a field's value came from.
    FieldOrigin = core::Origin {
        /// There is none.
        Empty,
        /// From records.
        Records,
        /// From records and what was written.
        RecordsAndWritten,
        /// Somebody wrote it.
        Written,
        /// From the participant.
        Participant,
        /// From who signed.
        Signature,
        /// Held back: the address is protected.
        Withheld,
    }
}

view! {
    /// A field of a report, in the template's order.
    ReportField {
        /// Its code: the key in a report's texts.
        code: String,
        /// What the template calls it.
        label: Wording,
        /// For a block that stands for each employer: which of them, from 0.
        number: Option<i32>,
        /// Its value, in Bokmål, as it goes to NAV.
        value: String,
        /// Where it came from.
        origin: FieldOrigin,
        /// What to write and what not, beside the field.
        hint: Option<Wording>,
    }
}

view! {
    /// A report as it stands: drawn from the records, with what was written.
    ReportDraft {
        /// The title, in the agreement's own words.
        title: String,
        /// Where the template stands in the tender.
        source: String,
        /// The first day that it is about.
        from: Option<Day>,
        /// The last day that it is about.
        to: Option<Day>,
        /// The fields.
        fields: Vec<ReportField>,
        /// Whether nothing is missing.
        complete: bool,
        /// What is still missing, a line each, in Bokmål.
        missing_nb: Vec<String>,
        /// The same in English.
        missing_en: Vec<String>,
    }
}

impl Shown<core::ReportDraft> for ReportDraft {
    fn shown(core: core::ReportDraft) -> Self {
        let fields = core.fields.iter().map(|field| ReportField {
            code: field.field.code.to_owned(),
            label: Wording::of(|language| domain::text::pick(field.field.label, language)),
            number: Shown::shown(field.number),
            value: field.value.clone(),
            origin: Shown::shown(field.origin),
            hint: field
                .field
                .hint
                .map(|hint| Wording::of(|language| domain::text::pick(hint, language))),
        });
        Self {
            fields: fields.collect(),
            complete: core.complete(),
            missing_nb: core.missing_text(domain::Language::Norwegian),
            missing_en: core.missing_text(domain::Language::English),
            source: core.template.source.to_owned(),
            from: Shown::shown(core.period.map(|period| period.from)),
            to: Shown::shown(core.period.map(|period| period.to)),
            title: core.title,
        }
    }
}

choice! {
    /// Which report of the office.
    OfficeReportKind = domain::OfficeReportKind {
        /// The monthly result report.
        Result,
        /// The half-yearly evaluation.
        Evaluation,
        /// Documentation of premises and competence before the agreement begins.
        Premises,
    }
}

record! {
    both
    /// Which report of the office, on which agreement, from which month on.
    OfficeReportKey = domain::OfficeReportKey {
        /// The agreement.
        agreement: AgreementName,
        /// Which report.
        kind: OfficeReportKind,
        /// The first month that it is about.
        month: Month,
    }
}

record! {
    both
    /// A report of the office about an agreement. It holds no participant's data.
    OfficeReport = domain::OfficeReport {
        /// Which.
        key: OfficeReportKey,
        /// The day on which NAV got it; none while it is being written.
        #[uniffi(default = None)]
        delivered: Option<Day>,
        /// What was written, by the template's field codes.
        #[uniffi(default)]
        texts: HashMap<String, String>,
        /// Where it was signed.
        #[uniffi(default = None)]
        place: Option<String>,
        /// When it was signed.
        #[uniffi(default = None)]
        signed: Option<Day>,
    }
}

/// A message to NAV that may go by e-mail: a pseudonym and a day, nothing else.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum MailNotice {
    /// The participation starts.
    Start,
    /// It is extended, by an approved proposal.
    Extension {
        /// The proposal.
        proposal: RecordName,
    },
    /// It ends.
    End,
}

impl Given<folge_core::client::MailNotice> for MailNotice {
    fn given(self) -> Result<folge_core::client::MailNotice, FolgeError> {
        use folge_core::client::MailNotice as Core;
        Ok(match self {
            Self::Start => Core::Start,
            Self::Extension { proposal } => Core::Extension(proposal.given()?),
            Self::End => Core::End,
        })
    }
}

view! {
    /// The attendance list of a month, by pseudonyms, for NAV.
    AttendanceList {
        /// How many lines it has.
        lines: i32,
        /// The list as text.
        text: String,
        /// What to look at before it is sent, in Bokmål.
        warnings_nb: Vec<String>,
        /// The same in English.
        warnings_en: Vec<String>,
    }
}

view! {
    /// How many ended with a status.
    StatusCount {
        /// NAV's code.
        code: String,
        /// What it means.
        text: String,
        /// Of those employed at referral.
        employed: i32,
        /// Of the others.
        others: i32,
    }
}

view! {
    /// The result report of a month. It names nobody.
    ResultReport {
        /// The month.
        month: Month,
        /// Who took part on its last day.
        active_at_end: i32,
        /// Who took part on any of its days.
        active_in_month: i32,
        /// Who ended in it.
        ended: i32,
        /// How many ended without a status.
        without_status: i32,
        /// How many ended with each status.
        statuses: Vec<StatusCount>,
        /// The report as text, with what is missing.
        text: String,
    }
}

impl Shown<core::ResultReport> for ResultReport {
    fn shown(core: core::ResultReport) -> Self {
        let statuses = core.statuses.iter().map(|status| StatusCount {
            code: status.code.clone(),
            text: status.text.clone(),
            employed: Shown::shown(status.counts.0),
            others: Shown::shown(status.counts.1),
        });
        Self {
            text: core.text(),
            statuses: statuses.collect(),
            month: Shown::shown(core.month),
            active_at_end: Shown::shown(core.active_at_end),
            active_in_month: Shown::shown(core.active_in_month),
            ended: Shown::shown(core.ended),
            without_status: Shown::shown(core.without_status),
        }
    }
}
