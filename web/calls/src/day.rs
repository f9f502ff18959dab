//! The consultant's day: lists, timers, and what is recorded.

use folge_core::domain::{
    Absence, ContactChannel, EmployerKey, Instant, LocalDate, MeetingForm, NoticeChannel,
    NoticeKind, Outcome, RecordId, StaffKey, With,
};
use serde::{Deserialize, Serialize};

use crate::Words;

/// Names a participation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CaseId(pub [u8; 16]);

/// Names a timer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimerId(pub [u8; 16]);

/// Asks for a day.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetDay {
    /// Which; today where none is given.
    pub day: Option<LocalDate>,
}

/// Where a record is: always with its words beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Standing {
    /// Lagret på telefonen.
    SavedHere,
    /// Levert.
    Stored,
    /// Lest av kontoret.
    ReadByOffice,
}

/// Who has confirmed a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Proven {
    /// It cannot be confirmed yet: it is planned.
    NotYet,
    /// Nobody has.
    Not,
    /// It is confirmed.
    Confirmed,
    /// It was confirmed, and then changed.
    Changed,
    /// The participant does not agree.
    Disputed,
    /// There is a reason why not.
    Excused,
}

/// A visit in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisitLine {
    /// The participation.
    pub case: CaseId,
    /// The visit.
    pub visit: RecordId,
    /// The participant's name; none where the address is protected.
    pub who: Option<String>,
    /// The provider's own reference.
    pub reference: String,
    /// When it began, or will.
    pub start: Instant,
    /// When it ended, or will.
    pub end: Instant,
    /// How.
    pub form: MeetingForm,
    /// The employer's name.
    pub employer: Option<String>,
    /// What came of it.
    pub outcome: Outcome,
    /// How many were invited, where it was a group.
    pub group: Option<u32>,
    /// Where the record is.
    pub standing: Standing,
    /// Who has confirmed it.
    pub proven: Proven,
}

/// A timer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimerLine {
    /// Its name.
    pub id: TimerId,
    /// Whether it times travel; otherwise a visit.
    pub travel: bool,
    /// The participation, where it is known.
    pub case: Option<CaseId>,
    /// The participant's name.
    pub who: Option<String>,
    /// When it was started.
    pub started: Instant,
    /// Whether it was stopped and is to be recorded.
    pub stopped: bool,
}

/// How pressing something due is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Pressing {
    /// The day is past.
    Overdue,
    /// Today.
    Today,
    /// Soon: the time to warn has come.
    Soon,
    /// Later.
    Later,
}

/// Something due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DueLine {
    /// The participation.
    pub case: CaseId,
    /// The participant's name.
    pub who: Option<String>,
    /// The provider's own reference.
    pub reference: String,
    /// What.
    pub what: Words,
    /// Until when, that day included.
    pub due: Option<LocalDate>,
    /// How pressing.
    pub pressing: Pressing,
    /// The visit that it is about.
    pub visit: Option<RecordId>,
    /// Whether it is that NAV be told of an absence the same day.
    pub tell_nav: bool,
    /// Whether it is that somebody who stays away be contacted.
    pub contact: bool,
    /// Where the agreement says so.
    pub source: String,
}

/// A consultant's day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// Which.
    pub day: LocalDate,
    /// Today.
    pub today: LocalDate,
    /// The visits, by start.
    pub visits: Vec<VisitLine>,
    /// Timers that run or wait to be recorded.
    pub timers: Vec<TimerLine>,
}

/// Asks for held visits of the last two weeks that carry no claim: nobody confirmed them, or the
/// participant does not agree.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetUnconfirmed {}

/// Asks for the week that a day lies in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetWeek {
    /// The day; today where none is given.
    pub day: Option<LocalDate>,
}

/// A day of a week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayOfWeek {
    /// Which.
    pub day: LocalDate,
    /// Whether it is today.
    pub today: bool,
    /// The visits, by start.
    pub visits: Vec<VisitLine>,
}

/// Asks for participations.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct GetCases {
    /// Only where every word stands in the name or reference.
    pub search: String,
    /// Only this person's own, waiting or active.
    pub mine: bool,
    /// Only in this state: a code of `domain::Status`.
    pub status: Option<String>,
    /// Only of this consultant.
    pub consultant: Option<StaffKey>,
    /// Only where something is to be settled.
    pub conflicts: bool,
}

/// A participation in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseLine {
    /// The participation.
    pub case: CaseId,
    /// The participant's name; none where the address is protected.
    pub who: Option<String>,
    /// The provider's own reference.
    pub reference: String,
    /// The state: a code of `domain::Status`.
    pub status: String,
    /// The main consultant's name.
    pub consultant: Option<String>,
    /// The first day.
    pub start: Option<LocalDate>,
    /// The last day.
    pub end: Option<LocalDate>,
    /// When the participant was last met.
    pub last_met: Option<Instant>,
    /// The next planned visit.
    pub next: Option<Instant>,
    /// Visits.
    pub visits: u32,
    /// Fields to be settled.
    pub conflicts: u32,
    /// Minutes attended this month.
    pub minutes: u32,
}

/// Asks what forms choose from.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetChoices {}

/// An entry to choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// Its key.
    pub key: String,
    /// What it is called.
    pub name: String,
}

/// What forms choose from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choices {
    /// Employers of the register.
    pub employers: Vec<Choice>,
    /// Activities.
    pub activities: Vec<Choice>,
    /// Colleagues.
    pub staff: Vec<Choice>,
    /// Who this person is.
    pub own: Option<StaffKey>,
    /// What codes are called.
    pub words: Vec<(String, Words)>,
    /// Today.
    pub today: LocalDate,
    /// Now.
    pub now: Instant,
}

/// Starts a timer; it is on disk when this is answered.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartTimer {
    /// Whether it times travel; otherwise a visit.
    pub travel: bool,
    /// The participations.
    pub cases: Vec<CaseId>,
}

/// Stops a timer.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopTimer {
    /// Which.
    pub id: TimerId,
}

/// What a timer measured. It stays until it is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measured {
    /// Whether it timed travel.
    pub travel: bool,
    /// The participations.
    pub cases: Vec<CaseId>,
    /// The names for what is recorded of it.
    pub records: Vec<RecordId>,
    /// When it was started.
    pub start: Instant,
    /// When it was stopped.
    pub end: Instant,
    /// Whether the clock was set meanwhile: ask the user.
    pub clock_jumped: bool,
}

/// Removes a timer.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClearTimer {
    /// Which.
    pub id: TimerId,
}

/// A visit as a form has it. Times are Oslo's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisitForm {
    /// Its name, where it has one already.
    pub id: Option<RecordId>,
    /// The day.
    pub day: LocalDate,
    /// When it began, in minutes since midnight.
    pub start: u32,
    /// When it ended, in minutes since midnight; where that is before the start, the day after.
    pub end: u32,
    /// How.
    pub form: MeetingForm,
    /// Whom.
    pub with: With,
    /// What came of it.
    pub outcome: Outcome,
    /// The employer.
    pub employer: Option<EmployerKey>,
    /// Activities.
    pub activities: Vec<String>,
    /// Other consultants who held it too.
    pub colleagues: Vec<StaffKey>,
    /// The note.
    pub note: String,
    /// What was agreed.
    pub agreed: String,
    /// How long the travel took in minutes; none for no travel.
    pub travel: Option<u32>,
}

/// Records a visit, and the travel to it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordVisit {
    /// The participation.
    pub case: CaseId,
    /// The visit.
    pub form: VisitForm,
    /// The exact times, where a timer measured them and the form's are still these minutes.
    pub measured: Option<(Instant, Instant)>,
    /// The timers that are recorded by this.
    pub timers: Vec<TimerId>,
    /// The draft that this was.
    pub draft: Option<String>,
    /// Why, where it is outside the participation's days.
    pub reason: Option<String>,
}

/// Changes a visit.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AmendVisit {
    /// The participation.
    pub case: CaseId,
    /// The visit; its name is set.
    pub form: VisitForm,
    /// The draft that this was.
    pub draft: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

/// Records a group meeting.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordGroup {
    /// Everything that all have alike; its note goes to every casefile.
    pub form: VisitForm,
    /// Who was invited, and what came of it for each.
    pub attendees: Vec<(CaseId, Outcome)>,
    /// The draft that this was.
    pub draft: Option<String>,
}

/// Records an attempt to reach a participant, now.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordContact {
    /// The participation.
    pub case: CaseId,
    /// How.
    pub channel: ContactChannel,
    /// Whether the participant was reached.
    pub reached: bool,
    /// What came of it.
    pub note: String,
    /// The draft that this was.
    pub draft: Option<String>,
}

/// Records a note, now.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordNote {
    /// The participation.
    pub case: CaseId,
    /// The text.
    pub text: String,
    /// The draft that this was.
    pub draft: Option<String>,
}

/// Records that NAV was told, now.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordNotice {
    /// The participation.
    pub case: CaseId,
    /// What about.
    pub kind: NoticeKind,
    /// How.
    pub channel: NoticeChannel,
    /// The visit that it is about.
    pub about: Option<RecordId>,
    /// What was said.
    pub text: String,
    /// The draft that this was.
    pub draft: Option<String>,
}

/// What was recorded: for showing, and for taking it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// Each record.
    pub records: Vec<(CaseId, RecordName)>,
}

/// Names a record of a participation that can be voided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum RecordName {
    /// A visit.
    Visit(RecordId),
    /// A trip.
    Trip(RecordId),
    /// A contact attempt.
    Contact(RecordId),
    /// A note.
    Note(RecordId),
    /// A notice to NAV.
    Notice(RecordId),
    /// A confirmation.
    Confirmation(RecordId),
}

/// Takes back what was just recorded: it is voided, and the history says so.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undo {
    /// What.
    pub records: Vec<(CaseId, RecordName)>,
}

/// Voids a record, with a reason.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Void {
    /// The participation.
    pub case: CaseId,
    /// The record.
    pub record: RecordName,
    /// Why.
    pub reason: String,
}

/// The reasons for a valid absence, in classes that say nothing about health.
pub const ABSENCES: &[Absence] = Absence::ALL;
