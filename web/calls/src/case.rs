//! A participation's page.

use folge_core::domain::{ContactChannel, Instant, LocalDate, Month, RecordId};
use serde::{Deserialize, Serialize};

use crate::{CaseId, DueLine, RecordName, Standing, VisitLine, Words};

/// Asks for a participation's page. It is noted as an opening.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetCase {
    /// Which.
    pub case: CaseId,
}

/// Hours of a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MonthHours {
    /// The month.
    pub month: Month,
    /// Minutes of meetings with the participant.
    pub attended: u32,
    /// Minutes of travel.
    pub travel: u32,
    /// Minutes of reports.
    pub report: u32,
    /// Minutes of no-shows.
    pub no_show: u32,
    /// Quarters that are billed; none where places are paid.
    pub quarters: Option<u64>,
}

/// A report in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportLine {
    /// Its name.
    pub id: RecordId,
    /// Which: a code of `domain::ReportKind`.
    pub kind: String,
    /// The period's first day.
    pub from: Option<LocalDate>,
    /// The period's last day.
    pub to: Option<LocalDate>,
    /// When NAV got it.
    pub delivered: Option<LocalDate>,
    /// What was written, in the order of the template: the field's heading, the text.
    pub texts: Vec<(String, String)>,
    /// Where the record is.
    pub standing: Standing,
}

/// Work at an employer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkLine {
    /// The employer's name.
    pub employer: Option<String>,
    /// Which: a code of `domain::EmploymentKind`.
    pub kind: String,
    /// The first day.
    pub from: LocalDate,
    /// The last day.
    pub to: Option<LocalDate>,
    /// Position in percent.
    pub percent: Option<u8>,
    /// The contact person there.
    pub contact: Option<String>,
    /// The agreed goal.
    pub goal: String,
}

/// Something else that was recorded, by time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Entry {
    /// A contact attempt.
    Contact {
        /// How.
        channel: ContactChannel,
        /// Whether the participant was reached.
        reached: bool,
        /// What came of it.
        note: String,
    },
    /// A note.
    Note {
        /// The text.
        text: String,
    },
    /// NAV was told.
    Notice {
        /// What about: a code of `domain::NoticeKind`.
        kind: String,
        /// What was said.
        text: String,
    },
    /// A trip.
    Trip {
        /// How long, in minutes.
        minutes: u32,
    },
}

/// Something else with its time and place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryLine {
    /// Its name.
    pub record: RecordName,
    /// When.
    pub at: Option<Instant>,
    /// What.
    pub entry: Entry,
    /// Where the record is.
    pub standing: Standing,
}

/// What stands in the thread with the participant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadLine {
    /// When, by the writer's clock.
    pub at: Instant,
    /// Whether the participant wrote it.
    pub participant: bool,
    /// What.
    pub what: ThreadWhat,
}

/// What a line of the thread says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ThreadWhat {
    /// Words.
    Text(String),
    /// A visit was shown.
    Shown {
        /// When it began.
        start: Instant,
    },
    /// The participant said yes.
    Yes,
    /// The participant said no.
    No,
    /// The participant says that something is wrong, in own words.
    Wrong(String),
    /// The participant asks for a right (in words), in own words.
    Request(Words, String),
    /// The participant says to be away, from a day to a day, in own words.
    Away(LocalDate, LocalDate, String),
    /// A report or plan was shown: its title.
    Report(String),
    /// What the participant says of a report or plan: for, against, or neither, in own words.
    Opinion(Option<bool>, String),
    /// Something that a newer app shows.
    Other,
}

/// A participation's page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CasePage {
    /// The participation.
    pub case: CaseId,
    /// The name; none where the address is protected and a list would not show it either.
    pub who: String,
    /// The provider's own reference.
    pub reference: String,
    /// The state: a code of `domain::Status`.
    pub status: String,
    /// Telephone.
    pub phone: Option<String>,
    /// The main consultant's name.
    pub consultant: Option<String>,
    /// The first day.
    pub start: Option<LocalDate>,
    /// The last day.
    pub end: Option<LocalDate>,
    /// The referring NAV office.
    pub nav_office: Option<String>,
    /// The NAV adviser.
    pub nav_adviser: Option<String>,
    /// What NAV ordered.
    pub order: Option<String>,
    /// Why the processing is restricted.
    pub restricted: Option<String>,
    /// Protected address.
    pub protected: bool,
    /// Whether the participant has a page: was invited.
    pub invited: bool,
    /// The hours by month, the newest first.
    pub months: Vec<MonthHours>,
    /// The agreement's average in hours a month.
    pub average_hours: Option<u32>,
    /// What is and was due.
    pub due: Vec<DueLine>,
    /// The visits, the newest first.
    pub visits: Vec<VisitLine>,
    /// The rest, the newest first.
    pub entries: Vec<EntryLine>,
    /// Reports, the newest first; the plan is one.
    pub reports: Vec<ReportLine>,
    /// Work at employers.
    pub work: Vec<WorkLine>,
    /// The thread with the participant, the oldest first.
    pub thread: Vec<ThreadLine>,
    /// Fields to be settled.
    pub conflicts: u32,
}

/// Asks for a visit, to change it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetVisit {
    /// The participation.
    pub case: CaseId,
    /// The visit.
    pub visit: RecordId,
}

/// Asks who changed what. It is noted as an opening.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetHistory {
    /// The participation.
    pub case: CaseId,
}

/// A change of a participation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryLine {
    /// When, by the device's clock.
    pub at: Instant,
    /// Who, by the register; otherwise the role.
    pub who: Words,
    /// From which device, short.
    pub device: String,
    /// Which kind of record.
    pub record: Words,
    /// The fields: heading, what stood there, what was written.
    pub fields: Vec<(String, Option<String>, Option<String>)>,
    /// Why.
    pub reason: Option<String>,
    /// How sure the time is.
    pub time: Words,
}

/// Shows the participant a report or plan as it is now, to agree or disagree with (N3).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShowReport {
    /// The participation.
    pub case: CaseId,
    /// The report.
    pub report: RecordId,
    /// Which: a code of `domain::ReportKind`.
    pub kind: String,
}

/// Writes to the participant, in the thread.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Say {
    /// The participation.
    pub case: CaseId,
    /// What.
    pub text: String,
    /// The draft that this was.
    pub draft: Option<String>,
}
