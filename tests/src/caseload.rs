//! Reads a provider's caseload in the form of `tests/caseload`: one JSON object for the
//! organisation, and a JSON record a line for participants, meetings, trips and reports.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Why a caseload cannot be read. Names the file and line, never what stands there.
#[derive(Debug, thiserror::Error)]
pub enum CaseloadError {
    /// A file is missing or unreadable.
    #[error(
        "{file}: cannot be read ({cause}); a caseload folder holds organisation.json, \
             participants.jsonl, meetings.jsonl, trips.jsonl and reports.jsonl"
    )]
    File {
        /// Which file.
        file: PathBuf,
        /// Why.
        cause: std::io::ErrorKind,
    },
    /// A line is not of the form.
    #[error("{file}, line {line}, column {column}: not of the caseload's form ({category})")]
    Line {
        /// Which file.
        file: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// Which column, from 1.
        column: usize,
        /// `syntax`, `data` or `eof`.
        category: &'static str,
    },
    /// A record names something that is not there.
    #[error("{file}, line {line}: names a {what} that is not in the caseload")]
    Dangling {
        /// Which file.
        file: &'static str,
        /// Which line, from 1.
        line: usize,
        /// What kind of thing.
        what: &'static str,
    },
    /// A value cannot be recorded.
    #[error("{file}, line {line}: {cause}")]
    Value {
        /// Which file.
        file: &'static str,
        /// Which line, from 1.
        line: usize,
        /// What is wrong.
        cause: folge_core::domain::DomainError,
    },
}

/// The provider.
#[derive(Debug, Clone, Deserialize)]
pub struct Organisation {
    /// Its name.
    pub name: String,
    /// Its organisation number.
    pub org_number: String,
    /// Its agreements.
    pub contracts: Vec<Contract>,
    /// Its consultants.
    pub consultants: Vec<Consultant>,
    /// The employers it works with.
    pub employers: Vec<Employer>,
}

/// An agreement.
#[derive(Debug, Clone, Deserialize)]
pub struct Contract {
    /// Its key.
    pub id: String,
    /// The measure.
    pub measure: String,
    /// `hourly` or `place`.
    pub price_model: String,
    /// Prices by area and date.
    pub prices: Vec<Price>,
    /// Municipalities by area.
    pub areas: std::collections::BTreeMap<String, Vec<String>>,
}

/// A price from a date on.
#[derive(Debug, Clone, Deserialize)]
pub struct Price {
    /// The area.
    pub area: String,
    /// From when.
    pub from: String,
    /// Øre an hour.
    pub hourly_ore: u64,
}

/// A consultant.
#[derive(Debug, Clone, Deserialize)]
pub struct Consultant {
    /// The key.
    pub id: String,
    /// The name.
    pub name: String,
    /// Position, in per cent.
    pub position_percent: u8,
}

/// An employer.
#[derive(Debug, Clone, Deserialize)]
pub struct Employer {
    /// The key.
    pub id: String,
    /// The name.
    pub name: String,
    /// The area.
    pub area: Option<String>,
    /// The municipality.
    pub municipality: Option<String>,
    /// The contact person.
    pub contact: Option<String>,
}

/// A participant.
#[derive(Debug, Clone, Deserialize)]
pub struct Participant {
    /// The key.
    pub id: String,
    /// First name.
    pub first_name: String,
    /// Middle name.
    pub middle_name: Option<String>,
    /// Last name.
    pub last_name: String,
    /// Synthetic national identity number.
    pub national_id: String,
    /// Birth date.
    pub born: String,
    /// Phone.
    pub phone: Option<String>,
    /// Area.
    pub area: String,
    /// Municipality.
    pub municipality: String,
    /// NAV office.
    pub nav_office: String,
    /// NAV adviser.
    pub nav_adviser: String,
    /// The consultant's key.
    pub consultant: String,
    /// When the order came.
    pub ordered: Option<String>,
    /// First day.
    pub start: Option<String>,
    /// Last day.
    pub end: Option<String>,
    /// Whether employed at referral.
    pub employed_at_referral: bool,
    /// Whether the work capacity is reduced.
    pub reduced_work_capacity: bool,
    /// Whether the address is protected.
    pub address_protected: bool,
    /// The order's text.
    pub order: String,
}

/// A meeting.
#[derive(Debug, Clone, Deserialize)]
pub struct Meeting {
    /// The key.
    pub id: String,
    /// Start, with offset.
    pub start: String,
    /// End, with offset.
    pub end: String,
    /// `in_person`, `video` or `phone`.
    pub form: String,
    /// `participant`, `employer` or `both`.
    pub with: String,
    /// The consultants' keys.
    pub consultants: Vec<String>,
    /// The employer's key.
    pub employer: Option<String>,
    /// Activity codes.
    pub activities: Vec<String>,
    /// Who was to come, and whether they did.
    pub participants: Vec<Attendance>,
    /// The note.
    pub note: String,
}

/// What came of a meeting for one participant.
#[derive(Debug, Clone, Deserialize)]
pub struct Attendance {
    /// The participant's key.
    pub id: String,
    /// `attended`, `no_show`, `excused` or `cancelled`.
    pub outcome: String,
}

/// A trip.
#[derive(Debug, Clone, Deserialize)]
pub struct Trip {
    /// The key.
    pub id: String,
    /// The consultant's key.
    pub consultant: String,
    /// Minutes.
    pub minutes: u32,
    /// The meetings that it serves.
    pub meetings: Vec<String>,
}

/// A report.
#[derive(Debug, Clone, Deserialize)]
pub struct Report {
    /// The participant's key.
    pub participant: String,
    /// `status` or `final`.
    pub kind: String,
    /// Minutes of writing.
    pub minutes: u32,
    /// When it was delivered.
    pub delivered: Option<String>,
}

/// A whole caseload.
#[derive(Debug, Clone)]
pub struct Caseload {
    /// The provider.
    pub organisation: Organisation,
    /// The participants.
    pub participants: Vec<Participant>,
    /// The meetings, in the order in which they were recorded.
    pub meetings: Vec<Meeting>,
    /// The trips.
    pub trips: Vec<Trip>,
    /// The reports.
    pub reports: Vec<Report>,
}

impl Caseload {
    /// The sample provider that comes with the project.
    #[must_use]
    pub fn sample_dir() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("caseload")
    }

    /// Reads a folder.
    /// # Errors
    /// Which file and line is not as it should be.
    pub fn read(dir: &Path) -> Result<Self, CaseloadError> {
        let organisation = dir.join("organisation.json");
        let text = read(&organisation)?;
        Ok(Self {
            organisation: parse(&organisation, 1, &text)?,
            participants: lines(&dir.join("participants.jsonl"))?,
            meetings: lines(&dir.join("meetings.jsonl"))?,
            trips: lines(&dir.join("trips.jsonl"))?,
            reports: lines(&dir.join("reports.jsonl"))?,
        })
    }
}

fn read(file: &Path) -> Result<String, CaseloadError> {
    fs::read_to_string(file).map_err(|error| CaseloadError::File {
        file: file.to_owned(),
        cause: error.kind(),
    })
}

fn parse<T: DeserializeOwned>(file: &Path, line: usize, text: &str) -> Result<T, CaseloadError> {
    serde_json::from_str(text).map_err(|error| CaseloadError::Line {
        file: file.to_owned(),
        line: line + error.line().saturating_sub(1),
        column: error.column(),
        category: match error.classify() {
            serde_json::error::Category::Syntax => "syntax",
            serde_json::error::Category::Eof => "it ends too early",
            _ => "a field is missing or of another type",
        },
    })
}

fn lines<T: DeserializeOwned>(file: &Path) -> Result<Vec<T>, CaseloadError> {
    let text = read(file)?;
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(n, line)| parse(file, n + 1, line))
        .collect()
}
