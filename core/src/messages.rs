//! What the messages of threads and journals say. A thread is what is shown to one participant and
//! what comes back; a journal is what one member of staff opened, exported and reported.
//!
//! Messages are only ever added. Each names the time by its sender's clock; how sure that is, the
//! envelope's receipts say (DESIGN.md 5).

use folge_protocol::codec::{Decode, DecodeError, Encode, Reader, Writer};
use folge_protocol::ids::{DeviceId, DocumentId};
use folge_protocol::wire::Blob;

#[cfg(feature = "records")]
use crate::domain::ClaimPart;
use crate::domain::text::Both;
use crate::domain::{Instant, LocalDate, MeetingForm, RecordId, ReportKind, Verdict, VisitDigest};
use crate::limits::{
    BATCH_CHANGES_MAX, MESSAGE_BYTES_MAX, MESSAGE_TEXT_BYTES_MAX, REPORT_PARTS_MAX,
};

const MESSAGE_VERSION: u8 = 1;

/// A right that a participant asks for (GDPR; REQUIREMENTS.md K9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Right {
    /// Access (*innsyn*), article 15.
    Access,
    /// Rectification (*retting*), article 16.
    Rectification,
    /// Erasure (*sletting*), article 17.
    Erasure,
    /// Restriction (*begrensning*), article 18.
    Restriction,
    /// Portability (*dataportabilitet*), article 20.
    Portability,
    /// Objection (*innsigelse*), article 21.
    Objection,
}

impl Right {
    /// What a request for it is called.
    #[must_use]
    pub const fn request_text(self) -> Both {
        match self {
            Self::Access => ("krav om innsyn", "request for access"),
            Self::Rectification => ("krav om retting", "request for rectification"),
            Self::Erasure => ("krav om sletting", "request for erasure"),
            Self::Restriction => ("krav om begrensning", "request for restriction"),
            Self::Portability => ("krav om dataportabilitet", "request for portability"),
            Self::Objection => ("innsigelse", "objection"),
        }
    }

    const ALL: [Self; 6] = [
        Self::Access,
        Self::Rectification,
        Self::Erasure,
        Self::Restriction,
        Self::Portability,
        Self::Objection,
    ];
}

/// How far a request has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RequestState {
    /// Sent, and nobody has answered yet.
    Open,
    /// Passed on to NAV, which decides (DPA 5).
    Forwarded,
    /// Done.
    Done,
    /// Declined, with the reason in the text.
    Declined,
}

impl RequestState {
    const ALL: [Self; 4] = [Self::Open, Self::Forwarded, Self::Done, Self::Declined];
}

/// What was exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Export {
    /// The archive of one participant.
    Archive,
    /// Everything of an agreement that ends.
    Agreement,
    /// A breach notice.
    BreachNotice,
    /// The receipt of an erasure.
    ErasureReceipt,
    /// The audit log.
    Audit,
    /// An attendance list for NAV.
    AttendanceList,
}

impl Export {
    const ALL: [Self; 6] = [
        Self::Archive,
        Self::Agreement,
        Self::BreachNotice,
        Self::ErasureReceipt,
        Self::Audit,
        Self::AttendanceList,
    ];
}

/// Whether a lost phone's store was locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StoreLock {
    /// It was.
    Locked,
    /// It was open.
    Open,
    /// Nobody knows.
    Unknown,
}

impl StoreLock {
    const ALL: [Self; 3] = [Self::Locked, Self::Open, Self::Unknown];
}

/// What a participant says of a text that was shown (N3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stance {
    /// A comment, for and against nothing.
    Comment,
    /// The participant agrees with the text.
    Agree,
    /// The participant does not agree with it.
    Disagree,
}

impl Stance {
    const ALL: [Self; 3] = [Self::Comment, Self::Agree, Self::Disagree];
}

macro_rules! coded {
    ($($name:ident),*) => {$(
        impl Encode for $name {
            fn encode(&self, out: &mut Writer) {
                let place = Self::ALL.iter().position(|known| known == self).unwrap_or(0);
                out.u8(u8::try_from(place + 1).unwrap_or(0));
            }
        }
        impl Decode for $name {
            fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
                let code = input.u8()?;
                usize::from(code)
                    .checked_sub(1)
                    .and_then(|place| Self::ALL.get(place).copied())
                    .ok_or(DecodeError::UnknownTag(code))
            }
        }
    )*};
}
coded!(Right, RequestState, Export, StoreLock, Stance, ReportKind);

/// A visit as it is shown to its participant (DESIGN.md 8): what they see, and the digest of the
/// facts that they confirm.
#[derive(Clone, PartialEq, Eq)]
pub struct VisitCard {
    /// The visit.
    pub visit: RecordId,
    /// The digest of its facts.
    pub digest: VisitDigest,
    /// When it began.
    pub start: Instant,
    /// When it ended.
    pub end: Instant,
    /// How it was held.
    pub form: MeetingForm,
    /// The consultants' names.
    pub consultant: String,
    /// The employer's name, where it was at or with one; may be empty.
    pub place: String,
}

impl VisitCard {
    /// Whether two cards show the same visit with the same facts; names may be cut.
    #[must_use]
    pub fn is_same_visit(&self, other: &Self) -> bool {
        (self.visit, self.digest) == (other.visit, other.digest)
            && (self.start, self.end, self.form) == (other.start, other.end, other.form)
    }
}

impl std::fmt::Debug for VisitCard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("VisitCard(..)")
    }
}

/// A part of a report: its heading and its text.
#[derive(Clone, PartialEq, Eq)]
pub struct ReportPart {
    /// The heading, in the template's words.
    pub heading: String,
    /// The text.
    pub text: String,
}

impl std::fmt::Debug for ReportPart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ReportPart(..)")
    }
}

/// A report or plan as it is shown to its participant (N3): one version of its text, which the
/// message that shows it names.
#[derive(Clone, PartialEq, Eq)]
pub struct ReportCard {
    /// The record.
    pub report: RecordId,
    /// Which report.
    pub kind: ReportKind,
    /// Its title.
    pub title: String,
    /// The first day that it is about.
    pub from: Option<LocalDate>,
    /// The last day that it is about.
    pub until: Option<LocalDate>,
    /// What it says.
    pub parts: Vec<ReportPart>,
}

impl ReportCard {
    /// Whether it is a plan; else a report.
    #[must_use]
    pub fn is_plan(&self) -> bool {
        matches!(self.kind, ReportKind::Plan | ReportKind::JointPlan)
    }
}

impl std::fmt::Debug for ReportCard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ReportCard(..)")
    }
}

/// What a message says.
#[derive(Clone, PartialEq, Eq)]
pub enum Saying {
    /// Staff tells the participant something.
    Notice(String),
    /// Either side writes.
    Comment(String),
    /// The participant asks for a right.
    Request {
        /// Which.
        right: Right,
        /// In own words; may be empty.
        text: String,
    },
    /// Staff says how far a request has come.
    Answer {
        /// The request.
        to: RecordId,
        /// How far.
        state: RequestState,
        /// What was done, or why not.
        text: String,
    },
    /// Staff shows the participant a visit, to be confirmed. From a participant's device: what a
    /// consultant's code showed it, before its answer.
    Card(VisitCard),
    /// The participant says whether a visit took place as shown.
    Confirmed {
        /// The visit.
        visit: RecordId,
        /// The facts that were shown.
        digest: VisitDigest,
        /// What the participant says of them.
        verdict: Verdict,
    },
    /// A member of staff opened a participation.
    Opened(DocumentId),
    /// A member of staff exported something.
    Exported {
        /// What.
        what: Export,
        /// Of which document; none where it is of many.
        document: Option<DocumentId>,
    },
    /// Staff shows the participant a version of a report or plan.
    Report(ReportCard),
    /// The participant says something of a report or plan that was shown.
    Opinion {
        /// The message that showed it.
        of: RecordId,
        /// For or against.
        stance: Stance,
        /// In own words; may be empty where it is for or against.
        text: String,
    },
    /// The participant says in advance that they cannot come.
    Absent {
        /// The first day.
        from: LocalDate,
        /// The last day; not before the first.
        until: LocalDate,
        /// In own words; may be empty.
        text: String,
    },
    /// A member of staff hands over what a participation comes to that the office cannot read.
    #[cfg(feature = "records")]
    ClaimPart(ClaimPart),
    /// A member of staff reported a lost device.
    Lost {
        /// The device.
        device: DeviceId,
        /// When the loss was noticed, in milliseconds since 1970 (UTC).
        noticed_ms: i64,
        /// Whether the store was locked.
        lock: StoreLock,
    },
}

impl std::fmt::Debug for Saying {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Notice(_) => "Notice(..)",
            Self::Comment(_) => "Comment(..)",
            Self::Request { .. } => "Request(..)",
            Self::Answer { .. } => "Answer(..)",
            Self::Card(_) => "Card(..)",
            Self::Confirmed { .. } => "Confirmed(..)",
            Self::Opened(_) => "Opened",
            Self::Exported { .. } => "Exported",
            Self::Report(_) => "Report(..)",
            Self::Opinion { .. } => "Opinion(..)",
            Self::Absent { .. } => "Absent(..)",
            #[cfg(feature = "records")]
            Self::ClaimPart(_) => "ClaimPart",
            Self::Lost { .. } => "Lost",
        })
    }
}

impl Saying {
    /// Whether it belongs into a journal; else into a thread.
    #[must_use]
    pub fn is_of_journal(&self) -> bool {
        match self {
            Self::Opened(_) | Self::Exported { .. } | Self::Lost { .. } => true,
            #[cfg(feature = "records")]
            Self::ClaimPart(_) => true,
            _ => false,
        }
    }
    /// The text in it.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Notice(text)
            | Self::Comment(text)
            | Self::Request { text, .. }
            | Self::Answer { text, .. }
            | Self::Opinion { text, .. }
            | Self::Absent { text, .. }
            | Self::Confirmed {
                verdict: Verdict::Wrong(text),
                ..
            } => Some(text),
            _ => None,
        }
    }
}

/// Why words are not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WordsFault {
    /// More than [`MESSAGE_TEXT_BYTES_MAX`] bytes.
    TooLong,
    /// None, where there must be some.
    Missing,
}

impl Saying {
    /// Whether its words are there where there must be some, and not too many.
    /// # Errors
    /// What is wrong.
    pub fn check_words(&self) -> Result<(), WordsFault> {
        let text = self.text().unwrap_or_default();
        let needed = match self {
            Self::Confirmed { verdict, .. } => matches!(verdict, Verdict::Wrong(_)),
            Self::Opinion { stance, .. } => *stance == Stance::Comment,
            _ => false,
        };
        if text.len() > MESSAGE_TEXT_BYTES_MAX {
            Err(WordsFault::TooLong)
        } else if needed && text.trim().is_empty() {
            Err(WordsFault::Missing)
        } else {
            Ok(())
        }
    }
}

/// How far a request has come: only staff answers, and the last answer counts. The lines are in
/// their order, each with whether staff wrote it.
#[must_use]
pub fn state_of_request<'a>(
    lines: impl DoubleEndedIterator<Item = (&'a Saying, bool)>,
    request: RecordId,
) -> RequestState {
    let mut answers = lines.filter_map(|(saying, by_staff)| match saying {
        Saying::Answer { to, state, .. } if *to == request && by_staff => Some(*state),
        _ => None,
    });
    answers.next_back().unwrap_or(RequestState::Open)
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its name.
    pub id: RecordId,
    /// The sender's wall clock, in milliseconds since 1970 (UTC).
    pub wall_ms: i64,
    /// What it says.
    pub saying: Saying,
}

fn text(input: &mut Reader<'_>) -> Result<String, DecodeError> {
    let bytes = input.bytes(MESSAGE_TEXT_BYTES_MAX)?.to_vec();
    String::from_utf8(bytes).map_err(|_| DecodeError::Invalid)
}

impl Encode for ReportPart {
    fn encode(&self, out: &mut Writer) {
        out.bytes(self.heading.as_bytes());
        out.bytes(self.text.as_bytes());
    }
}

impl Decode for ReportPart {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            heading: text(input)?,
            text: text(input)?,
        })
    }
}

/// A day as year, month and day.
struct Day(LocalDate);

impl Encode for Day {
    fn encode(&self, out: &mut Writer) {
        let date = self.0.date();
        out.raw(&date.year().to_be_bytes());
        out.u8(date.month().unsigned_abs());
        out.u8(date.day().unsigned_abs());
    }
}

impl Decode for Day {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let year = i16::from_be_bytes(input.array()?);
        let small = |byte: u8| i8::try_from(byte).map_err(|_| DecodeError::Invalid);
        let (month, day) = (small(input.u8()?)?, small(input.u8()?)?);
        LocalDate::new(year, month, day)
            .map(Self)
            .ok_or(DecodeError::Invalid)
    }
}

impl Encode for ReportCard {
    fn encode(&self, out: &mut Writer) {
        out.raw(&self.report.0);
        self.kind.encode(out);
        out.bytes(self.title.as_bytes());
        out.option(self.from.map(Day).as_ref());
        out.option(self.until.map(Day).as_ref());
        out.list(&self.parts);
    }
}

impl Decode for ReportCard {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let day = |input: &mut Reader<'_>| {
            let day: Option<Day> = input.option()?;
            Ok::<_, DecodeError>(day.map(|day| day.0))
        };
        Ok(Self {
            report: RecordId(input.array()?),
            kind: Decode::decode(input)?,
            title: text(input)?,
            from: day(input)?,
            until: day(input)?,
            parts: input.list(REPORT_PARTS_MAX)?,
        })
    }
}

/// A part of a claim, as JSON: sound, and in the one form in which it is written.
#[cfg(feature = "records")]
fn claim_part(input: &mut Reader<'_>) -> Result<ClaimPart, DecodeError> {
    let bytes = input.bytes(MESSAGE_TEXT_BYTES_MAX)?;
    let part: ClaimPart = serde_json::from_slice(bytes).map_err(|_| DecodeError::Invalid)?;
    let same = serde_json::to_vec(&part).is_ok_and(|again| again == bytes);
    if same && part.validate().is_ok() {
        Ok(part)
    } else {
        Err(DecodeError::Invalid)
    }
}

impl Encode for Message {
    fn encode(&self, out: &mut Writer) {
        out.u8(MESSAGE_VERSION);
        out.raw(&self.id.0);
        out.raw(&self.wall_ms.to_be_bytes());
        match &self.saying {
            Saying::Notice(text) => {
                out.u8(1);
                out.bytes(text.as_bytes());
            }
            Saying::Comment(text) => {
                out.u8(2);
                out.bytes(text.as_bytes());
            }
            Saying::Request { right, text } => {
                out.u8(3);
                right.encode(out);
                out.bytes(text.as_bytes());
            }
            Saying::Answer { to, state, text } => {
                out.u8(4);
                out.raw(&to.0);
                state.encode(out);
                out.bytes(text.as_bytes());
            }
            Saying::Opened(document) => {
                out.u8(5);
                document.encode(out);
            }
            Saying::Exported { what, document } => {
                out.u8(6);
                what.encode(out);
                out.option(document.as_ref());
            }
            Saying::Lost {
                device,
                noticed_ms,
                lock,
            } => {
                out.u8(7);
                device.encode(out);
                out.raw(&noticed_ms.to_be_bytes());
                lock.encode(out);
            }
            Saying::Report(card) => {
                out.u8(11);
                card.encode(out);
            }
            Saying::Opinion { of, stance, text } => {
                out.u8(12);
                out.raw(&of.0);
                stance.encode(out);
                out.bytes(text.as_bytes());
            }
            Saying::Absent { from, until, text } => {
                out.u8(13);
                Day(*from).encode(out);
                Day(*until).encode(out);
                out.bytes(text.as_bytes());
            }
            #[cfg(feature = "records")]
            Saying::ClaimPart(part) => {
                out.u8(10);
                out.bytes(&serde_json::to_vec(part).unwrap_or_default());
            }
            Saying::Card(card) => {
                out.u8(8);
                out.raw(&card.visit.0);
                out.raw(&card.digest.0);
                out.raw(&card.start.0.to_be_bytes());
                out.raw(&card.end.0.to_be_bytes());
                card.form.encode(out);
                out.bytes(card.consultant.as_bytes());
                out.bytes(card.place.as_bytes());
            }
            Saying::Confirmed {
                visit,
                digest,
                verdict,
            } => {
                out.u8(9);
                out.raw(&visit.0);
                out.raw(&digest.0);
                match verdict {
                    Verdict::Yes => out.u8(1),
                    Verdict::No => out.u8(2),
                    Verdict::Wrong(text) => {
                        out.u8(3);
                        out.bytes(text.as_bytes());
                    }
                }
            }
        }
    }
}

impl Decode for Message {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match input.u8()? {
            MESSAGE_VERSION => {}
            other => return Err(DecodeError::UnknownVersion(other)),
        }
        let id = RecordId(input.array()?);
        let wall_ms = i64::from_be_bytes(input.array()?);
        let saying = match input.u8()? {
            1 => Saying::Notice(text(input)?),
            2 => Saying::Comment(text(input)?),
            3 => Saying::Request {
                right: Decode::decode(input)?,
                text: text(input)?,
            },
            4 => Saying::Answer {
                to: RecordId(input.array()?),
                state: Decode::decode(input)?,
                text: text(input)?,
            },
            5 => Saying::Opened(Decode::decode(input)?),
            6 => Saying::Exported {
                what: Decode::decode(input)?,
                document: input.option()?,
            },
            7 => Saying::Lost {
                device: Decode::decode(input)?,
                noticed_ms: i64::from_be_bytes(input.array()?),
                lock: Decode::decode(input)?,
            },
            8 => Saying::Card(VisitCard {
                visit: RecordId(input.array()?),
                digest: VisitDigest(input.array()?),
                start: Instant(i64::from_be_bytes(input.array()?)),
                end: Instant(i64::from_be_bytes(input.array()?)),
                form: Decode::decode(input)?,
                consultant: text(input)?,
                place: text(input)?,
            }),
            9 => Saying::Confirmed {
                visit: RecordId(input.array()?),
                digest: VisitDigest(input.array()?),
                verdict: match input.u8()? {
                    1 => Verdict::Yes,
                    2 => Verdict::No,
                    3 => Verdict::Wrong(text(input)?),
                    other => return Err(DecodeError::UnknownTag(other)),
                },
            },
            #[cfg(feature = "records")]
            10 => Saying::ClaimPart(claim_part(input)?),
            11 => Saying::Report(Decode::decode(input)?),
            12 => Saying::Opinion {
                of: RecordId(input.array()?),
                stance: Decode::decode(input)?,
                text: text(input)?,
            },
            13 => {
                let (from, until) = (Day::decode(input)?.0, Day::decode(input)?.0);
                if until < from {
                    return Err(DecodeError::Invalid);
                }
                let text = text(input)?;
                Saying::Absent { from, until, text }
            }
            other => return Err(DecodeError::UnknownTag(other)),
        };
        Ok(Self {
            id,
            wall_ms,
            saying,
        })
    }
}

type MessageBlob = Blob<MESSAGE_BYTES_MAX>;

/// Messages as an envelope carries them.
#[must_use]
pub fn encode_messages(messages: &[Vec<u8>]) -> Vec<u8> {
    let mut out = Writer::new();
    let messages: Vec<MessageBlob> = messages.iter().cloned().map(Blob).collect();
    out.list(&messages);
    out.finish()
}

/// The messages of an envelope, as bytes each.
/// # Errors
/// What is wrong with the bytes.
pub fn decode_messages(bytes: &[u8]) -> Result<Vec<Vec<u8>>, DecodeError> {
    let mut input = Reader::new(bytes);
    let messages: Vec<MessageBlob> = input.list(BATCH_CHANGES_MAX)?;
    input.finish()?;
    Ok(messages.into_iter().map(|one| one.0).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn confirmed(verdict: Verdict) -> Saying {
        Saying::Confirmed {
            visit: RecordId([4; 16]),
            digest: VisitDigest([5; 32]),
            verdict,
        }
    }

    fn part(participation: DocumentId) -> ClaimPart {
        ClaimPart {
            participation,
            agreement: "oppfolging-agder".into(),
            month: "2026-02".parse().unwrap(),
            lines: vec![crate::domain::ClaimLine {
                month: "2026-01".parse().unwrap(),
                area: Some(crate::domain::Area("B".into())),
                price_ore: 71_250,
                quantity: -3,
                amount_ore: -53_438,
            }],
        }
    }

    #[test]
    fn a_claims_part_is_sound_and_in_one_form() {
        let message = Message {
            id: RecordId([1; 16]),
            wall_ms: 1,
            saying: Saying::ClaimPart(part(DocumentId([2; 16]))),
        };
        let bytes = message.to_bytes();
        let spaced = String::from_utf8_lossy(&bytes).contains("quantity");
        assert!(spaced && Message::from_bytes(&bytes).is_ok());
        let mut absurd = part(DocumentId([2; 16]));
        absurd.lines[0].amount_ore = i64::MAX;
        let absurd = Message {
            saying: Saying::ClaimPart(absurd),
            ..message
        };
        assert!(Message::from_bytes(&absurd.to_bytes()).is_err());
    }

    #[test]
    fn what_is_shown_and_said_of_a_visit_is_printed_by_no_debug() {
        let wrong = confirmed(Verdict::Wrong("Jeg var syk".into()));
        let text = format!("{wrong:?} {:?}", Verdict::Wrong("Jeg var syk".into()));
        assert_eq!(text, "Confirmed(..) Wrong(..)");
        assert_eq!(wrong.text(), Some("Jeg var syk"));
    }

    #[test]
    fn every_message_survives_its_bytes_and_no_cut_one_is_read() {
        let document = DocumentId([1; 16]);
        let sayings = [
            Saying::Notice("Møte onsdag".into()),
            Saying::Comment(String::new()),
            Saying::Request {
                right: Right::Objection,
                text: "Jeg vil ikke".into(),
            },
            Saying::Answer {
                to: RecordId([2; 16]),
                state: RequestState::Forwarded,
                text: "Sendt til NAV".into(),
            },
            Saying::ClaimPart(part(document)),
            Saying::Opened(document),
            Saying::Exported {
                what: Export::Archive,
                document: Some(document),
            },
            Saying::Lost {
                device: DeviceId([3; 16]),
                noticed_ms: -5,
                lock: StoreLock::Unknown,
            },
            Saying::Card(VisitCard {
                visit: RecordId([4; 16]),
                digest: VisitDigest([5; 32]),
                start: Instant(1_772_438_400_000),
                end: Instant(1_772_442_000_000),
                form: MeetingForm::Phone,
                consultant: "Kari Li".into(),
                place: String::new(),
            }),
            Saying::Report(ReportCard {
                report: RecordId([6; 16]),
                kind: ReportKind::Final,
                title: "Sluttrapport".into(),
                from: LocalDate::new(2026, 1, 5),
                until: None,
                parts: vec![ReportPart {
                    heading: "Resultat".into(),
                    text: "Fast stilling".into(),
                }],
            }),
            Saying::Opinion {
                of: RecordId([7; 16]),
                stance: Stance::Disagree,
                text: "Det var ikke slik".into(),
            },
            Saying::Absent {
                from: LocalDate::new(2026, 3, 2).unwrap(),
                until: LocalDate::new(2026, 3, 4).unwrap(),
                text: "Legetime".into(),
            },
            confirmed(Verdict::Yes),
            confirmed(Verdict::No),
            confirmed(Verdict::Wrong("Det var en halv time".into())),
        ];
        for saying in sayings {
            let message = Message {
                id: RecordId([9; 16]),
                wall_ms: 1_772_434_800_000,
                saying,
            };
            let bytes = message.to_bytes();
            assert_eq!(Message::from_bytes(&bytes), Ok(message));
            for cut in 0..bytes.len() {
                assert!(Message::from_bytes(&bytes[..cut]).is_err());
            }
        }
    }

    #[test]
    fn an_absence_ends_on_its_first_day_or_later_and_days_exist() {
        let day = |day| LocalDate::new(2026, 2, day).unwrap();
        let bytes = |from, until| {
            let saying = Saying::Absent {
                from: day(from),
                until: day(until),
                text: String::new(),
            };
            let (id, wall_ms) = (RecordId([1; 16]), 0);
            Message {
                id,
                wall_ms,
                saying,
            }
            .to_bytes()
        };
        assert!(Message::from_bytes(&bytes(3, 3)).is_ok());
        assert!(Message::from_bytes(&bytes(4, 3)).is_err());
        let mut no_day = bytes(27, 28);
        let end = no_day.len() - 4;
        no_day[end - 1] = 30;
        assert!(Message::from_bytes(&no_day).is_err());
    }
}
