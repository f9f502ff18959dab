//! The four messages that may go by unencrypted e-mail, under a pseudonym (K26 to K29): the
//! attendance list (frammøteliste), notice of start, of extension, and of the end. Nothing else may,
//! and nothing else can: a [`MailText`] is made in this module alone, by these four.
//!
//! They carry pseudonyms, dates and times, and no free text: no reason, no employer, no office. The
//! pseudonym reveals the birth date, so it is no identifier (K29). A participation with a protected
//! address goes by no e-mail at all (decided; K12).

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use folge_protocol::ids::DocumentId;

use super::figures::month_text;
use super::{Both, Period, pick};
use crate::contract::pseudonym::Pseudonym;
use crate::domain::text::date_text;
use crate::domain::{
    Instant, Language, LocalDate, MeetingForm, Month, Outcome, Participation, Proposal,
    ProposalChange, ProposalState, Visit, With,
};

/// Why there is no such message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// The address is protected.
    #[error("the address is protected: tell NAV in Deltakeroversikt or by letter")]
    Protected,
    /// Name or date of birth is missing, so there is no pseudonym.
    #[error("the pseudonym cannot be made: check name and date of birth")]
    NoPseudonym,
    /// The date that it tells is not recorded.
    #[error("the date is missing: record it on the participation")]
    NoDate,
    /// The proposal is of something else, or has no justification (C4).
    #[error("an extension needs a proposal with its justification")]
    NoJustification,
    /// NAV has not approved it, and nothing may be extended without (C4).
    #[error("NAV has not approved the extension")]
    NotApproved,
}

impl MailError {
    /// What the user reads.
    #[must_use]
    pub fn text(self, language: Language) -> String {
        if language == Language::English {
            return self.to_string();
        }
        match self {
            Self::Protected => {
                "Deltakeren har adressebeskyttelse. Meld det i Deltakeroversikt eller per brev."
            }
            Self::NoPseudonym => "Pseudonymet kan ikke lages. Sjekk navn og fødselsdato.",
            Self::NoDate => "Datoen mangler. Registrer den på deltakelsen.",
            Self::NoJustification => "En forlengelse trenger et forslag med begrunnelse.",
            Self::NotApproved => "NAV har ikke godkjent forlengelsen.",
        }
        .to_owned()
    }
}

/// A text that may go by unencrypted e-mail.
#[derive(Clone, PartialEq, Eq)]
pub struct MailText(String);

impl MailText {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for MailText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MailText(..)")
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::AttendanceList {}
    impl Sealed for super::StartNotice {}
    impl Sealed for super::ExtensionNotice {}
    impl Sealed for super::EndNotice {}
}

/// What may go by unencrypted e-mail: the four that K26 lists.
///
/// ```compile_fail
/// use folge_core::contract::reports::{AbsenceNotice, Mailable};
/// fn mail(notice: &AbsenceNotice) { notice.mail_text(); }
/// ```
pub trait Mailable: sealed::Sealed {
    /// The message.
    fn mail_text(&self) -> MailText;
}

/// The pseudonym of a participation that may go by e-mail.
fn pseudonym_of(participation: &Participation) -> Result<Pseudonym, MailError> {
    if participation.address_protected {
        return Err(MailError::Protected);
    }
    Pseudonym::of(participation).ok_or(MailError::NoPseudonym)
}

macro_rules! silent {
    ($($name:ident),+) => {
        $(impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        })+
    };
}
silent!(
    StartNotice,
    ExtensionNotice,
    EndNotice,
    AttendanceLine,
    AttendanceList,
    AbsenceNotice
);

/// Notice of start (melding om oppstart i tiltak).
pub struct StartNotice {
    who: Pseudonym,
    start: LocalDate,
}

impl StartNotice {
    /// The notice.
    /// # Errors
    /// [`MailError`].
    pub fn new(participation: &Participation) -> Result<Self, MailError> {
        Ok(Self {
            who: pseudonym_of(participation)?,
            start: participation.start.ok_or(MailError::NoDate)?,
        })
    }
}

impl Mailable for StartNotice {
    fn mail_text(&self) -> MailText {
        MailText(format!(
            "Melding om oppstart i tiltak\n{}\nOppstart: {}\n",
            self.who.reveal(),
            date_text(self.start)
        ))
    }
}

/// Notice of extension (melding om forlengelse av tiltak). The justification that C4 asks for goes
/// with the proposal, not by e-mail.
pub struct ExtensionNotice {
    who: Pseudonym,
    end: LocalDate,
}

impl ExtensionNotice {
    /// The notice of an extension that NAV approved.
    /// # Errors
    /// [`MailError`].
    pub fn new(participation: &Participation, proposal: &Proposal) -> Result<Self, MailError> {
        let who = pseudonym_of(participation)?;
        let ProposalChange::Extend { end } = proposal.change else {
            return Err(MailError::NoJustification);
        };
        if proposal.justification.trim().is_empty() {
            return Err(MailError::NoJustification);
        }
        if !matches!(proposal.state, ProposalState::Approved { .. }) {
            return Err(MailError::NotApproved);
        }
        Ok(Self { who, end })
    }
}

impl Mailable for ExtensionNotice {
    fn mail_text(&self) -> MailText {
        MailText(format!(
            "Melding om forlengelse av tiltak\n{}\nForlenget til: {}\n",
            self.who.reveal(),
            date_text(self.end)
        ))
    }
}

/// Notice of the end (avslutning av tiltak). Without the reason, which may be illness.
pub struct EndNotice {
    who: Pseudonym,
    end: LocalDate,
}

impl EndNotice {
    /// The notice.
    /// # Errors
    /// [`MailError`].
    pub fn new(participation: &Participation) -> Result<Self, MailError> {
        Ok(Self {
            who: pseudonym_of(participation)?,
            end: participation.end.ok_or(MailError::NoDate)?,
        })
    }
}

impl Mailable for EndNotice {
    fn mail_text(&self) -> MailText {
        MailText(format!(
            "Avslutning av tiltak\n{}\nSiste dag: {}\n",
            self.who.reveal(),
            date_text(self.end)
        ))
    }
}

/// One participant for an attendance list.
#[derive(Clone)]
pub struct OnList<'a> {
    /// Which participation, to tell those of one pseudonym apart. It is not in the list.
    pub participation: DocumentId,
    /// The pseudonym; none where it cannot be made.
    pub pseudonym: Option<Pseudonym>,
    /// Whether the address is protected.
    pub address_protected: bool,
    /// The visits, voided ones left out.
    pub visits: Vec<&'a Visit>,
}

impl fmt::Debug for OnList<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The pseudonym reveals the birth date (K29).
        f.debug_struct("OnList")
            .field("participation", &self.participation)
            .finish_non_exhaustive()
    }
}

/// A line of an attendance list.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AttendanceLine {
    /// Whom it is about.
    pseudonym: String,
    /// When the meeting began.
    start: Instant,
    /// When it ended.
    end: Instant,
    /// What came of it: came, did not come, validly absent. Never why.
    what: &'static str,
    /// How it was held.
    form: &'static str,
}

/// The attendance list (frammøteliste) of a month.
pub struct AttendanceList {
    measure: String,
    month: Month,
    lines: Vec<AttendanceLine>,
    /// Pseudonyms that stand for several participants (K28).
    pub collisions: Vec<String>,
    /// Participants left out because their address is protected.
    pub withheld: u32,
    /// Participants left out because no pseudonym can be made: name or birth date is missing.
    pub nameless: u32,
}

impl AttendanceList {
    /// The list of a measure's month: every meeting with the participant that was held or missed.
    #[must_use]
    pub fn new(measure: &str, month: Month, people: &[OnList<'_>]) -> Self {
        let days = Period {
            from: month.first_day(),
            to: month.last_day(),
        };
        let mut lines = Vec::new();
        let mut seen: BTreeMap<String, DocumentId> = BTreeMap::new();
        let mut collisions = Vec::new();
        let (mut withheld, mut nameless) = (0, 0);
        for person in people {
            let of_month: Vec<(&Visit, &'static str)> = person
                .visits
                .iter()
                .filter(|visit| visit.with != With::Employer && days.contains(visit.start.date()))
                .filter_map(|visit| Some((*visit, attendance(visit.outcome)?)))
                .collect();
            if of_month.is_empty() {
                continue;
            }
            if person.address_protected {
                withheld += 1;
                continue;
            }
            let Some(pseudonym) = person.pseudonym.as_ref() else {
                nameless += 1;
                continue;
            };
            let pseudonym = pseudonym.reveal().to_owned();
            let before = seen.insert(pseudonym.clone(), person.participation);
            if before.is_some_and(|other| other != person.participation)
                && !collisions.contains(&pseudonym)
            {
                collisions.push(pseudonym.clone());
            }
            lines.extend(of_month.into_iter().map(|(visit, what)| AttendanceLine {
                pseudonym: pseudonym.clone(),
                start: visit.start,
                end: visit.end,
                what,
                form: match visit.form {
                    MeetingForm::InPerson => "oppmøte",
                    MeetingForm::Video => "video",
                    MeetingForm::Phone => "telefon",
                },
            }));
        }
        lines.sort();
        Self {
            measure: measure.to_owned(),
            month,
            lines,
            collisions,
            withheld,
            nameless,
        }
    }

    /// How many lines it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether nobody met in the month.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// What the user must look at before it is sent (K28).
    #[must_use]
    pub fn warnings(&self, language: Language) -> Vec<String> {
        let mut out = Vec::new();
        let mut say = |both: Both, what: &str| {
            out.push(pick(both, language).replace("{}", what));
        };
        for pseudonym in &self.collisions {
            say(
                (
                    "«{}» står for flere deltakere. Meld dem til NAV på en annen måte.",
                    "“{}” stands for several participants. Tell NAV of them otherwise.",
                ),
                pseudonym,
            );
        }
        if self.withheld > 0 {
            say(
                (
                    "{} med adressebeskyttelse er utelatt.",
                    "{} with a protected address are left out.",
                ),
                &self.withheld.to_string(),
            );
        }
        if self.nameless > 0 {
            say(
                (
                    "{} uten navn eller fødselsdato er utelatt. Registrer det.",
                    "{} without name or date of birth are left out. Record it.",
                ),
                &self.nameless.to_string(),
            );
        }
        out
    }
}

/// What an attendance list says of an outcome; none for what is still to come or was called off.
const fn attendance(outcome: Outcome) -> Option<&'static str> {
    match outcome {
        Outcome::Attended => Some("møtt"),
        Outcome::NoShow => Some("ikke møtt"),
        Outcome::Excused(_) => Some("gyldig fravær"),
        Outcome::Planned | Outcome::Cancelled(_) | Outcome::Moved => None,
    }
}

fn clock(at: Instant) -> String {
    let minute = at.minute_of_day();
    format!("{:02}.{:02}", minute / 60, minute % 60)
}

impl Mailable for AttendanceList {
    fn mail_text(&self) -> MailText {
        let month = month_text(self.month);
        let mut out = format!("Frammøteliste {}, {month}\n", self.measure);
        for line in &self.lines {
            let _ = writeln!(
                out,
                "{}; {}; {}–{}; {}; {}",
                line.pseudonym,
                date_text(line.start.date()),
                clock(line.start),
                clock(line.end),
                line.form,
                line.what
            );
        }
        MailText(out)
    }
}

/// Notice of absence without a valid reason (E10): the same day, in Deltakeroversikt, by telephone
/// or letter. It is not among the four, so it is no mail and takes no pseudonym.
#[derive(Clone, PartialEq, Eq)]
pub struct AbsenceNotice {
    text: String,
}

impl AbsenceNotice {
    /// The notice of a meeting that the participant did not come to; none where they came or were
    /// excused.
    #[must_use]
    pub fn new(participation: &Participation, visit: &Visit) -> Option<Self> {
        (visit.outcome == Outcome::NoShow).then(|| Self {
            text: format!(
                "Melding om fravær uten gyldig grunn\n{} {} ({}) møtte ikke til avtale {} kl. {}.\n",
                participation.first_name,
                participation.last_name,
                participation.reference,
                date_text(visit.start.date()),
                clock(visit.start)
            ),
        })
    }

    /// The text, for Deltakeroversikt, a call or a letter.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}
