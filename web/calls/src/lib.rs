//! The calls that a page of the staff app makes to the worker which holds the core, and what it is
//! told. Types only: neither side holds a rule of the agreements, which are the core's.
//!
//! A call is bytes ([`Call`], postcard) with a number; the answer has the same number and is
//! `Result<Reply, Failure>`. What the worker tells unasked is an [`Event`].

mod attendance;
mod case;
mod day;
mod office;
mod session;

pub use attendance::*;
pub use case::*;
pub use day::*;
pub use office::*;
pub use session::*;

use folge_core::domain::Language;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words {
    /// Bokmål.
    pub nb: String,
    /// English.
    pub en: String,
}

impl Words {
    /// Takes the text in each language.
    pub fn of<T: Into<String>>(text: impl Fn(Language) -> T) -> Self {
        Self {
            nb: text(Language::Norwegian).into(),
            en: text(Language::English).into(),
        }
    }

    /// The text in a language.
    #[must_use]
    pub fn pick(&self, language: Language) -> &str {
        match language {
            Language::Norwegian => &self.nb,
            Language::English => &self.en,
        }
    }
}

/// What a page does about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum FailureClass {
    /// Ask the user to unlock.
    Locked,
    /// Ask for the PIN again.
    WrongSecret,
    /// Ask for a reason, and do the same with it.
    ReasonNeeded,
    /// There is no connection: all is saved.
    Unreachable,
    /// The device was put out.
    PutOut,
    /// The storage is full: nothing of this was saved.
    StorageFull,
    /// The worker was started anew, or another tab took over: try again.
    TryAgain,
    /// Show the text beside what was typed.
    Other,
}

/// Why a call could not be done. Nothing that was saved before is lost. Holds nothing recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// A stable code, such as `reason_needed`.
    pub code: String,
    /// What to do about it.
    pub class: FailureClass,
    /// What the user reads.
    pub words: Words,
}

/// A call with its answer's type.
pub trait Ask: Into<Call> {
    /// What comes back.
    type Reply: Serialize + DeserializeOwned;
}

macro_rules! calls {
    ($($(#[$doc:meta])* $name:ident -> $reply:ty,)+) => {
        /// Every call, as it goes from the page to the worker.
        #[derive(Clone, PartialEq, Serialize, Deserialize)]
        pub enum Call {
            $($(#[$doc])* $name($name),)+
        }

        $(
            impl Ask for $name {
                type Reply = $reply;
            }
            impl From<$name> for Call {
                fn from(call: $name) -> Self {
                    Self::$name(call)
                }
            }
        )+

        /// Who answers every call.
        pub trait Answers: $(Answer<$name> +)+ {}
        impl<T: $(Answer<$name> +)+> Answers for T {}

        /// Has a call answered; gives the bytes of the answer.
        pub fn answer(desk: &mut impl Answers, call: Call) -> Vec<u8> {
            match call {
                $(Call::$name(call) => reply(&desk.answer(call)),)+
            }
        }
    };
}

/// Who answers one call.
pub trait Answer<C: Ask> {
    /// Answers it.
    /// # Errors
    /// [`Failure`].
    fn answer(&mut self, call: C) -> Result<C::Reply, Failure>;
}

fn reply<T: Serialize>(answer: &Result<T, Failure>) -> Vec<u8> {
    // What cannot be written is no answer, which the page takes as a failure.
    postcard::to_stdvec(answer).unwrap_or_default()
}

/// A call's bytes.
#[must_use]
pub fn encode(call: &Call) -> Vec<u8> {
    postcard::to_stdvec(call).unwrap_or_default()
}

/// The call that bytes are; none where they are of another version of the app.
#[must_use]
pub fn decode(bytes: &[u8]) -> Option<Call> {
    postcard::from_bytes(bytes).ok()
}

/// The answer that bytes are; none where they are of another version of the app.
#[must_use]
pub fn decode_reply<T: DeserializeOwned>(bytes: &[u8]) -> Option<Result<T, Failure>> {
    postcard::from_bytes(bytes).ok()
}

/// A failure as an answer's bytes, for who could not even have the call answered.
#[must_use]
pub fn failed(failure: Failure) -> Vec<u8> {
    reply::<()>(&Err(failure))
}

/// What the worker tells every page unasked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// Something that pages show has changed: ask again.
    Changed,
    /// How the sync stands.
    Sync(SyncStanding),
    /// The store was locked.
    Locked,
}

/// An event's bytes.
#[must_use]
pub fn encode_event(event: &Event) -> Vec<u8> {
    postcard::to_stdvec(event).unwrap_or_default()
}

/// The event that bytes are.
#[must_use]
pub fn decode_event(bytes: &[u8]) -> Option<Event> {
    postcard::from_bytes(bytes).ok()
}

calls! {
    /// How the app stands.
    GetStatus -> Status,
    /// What an invitation says before it is used.
    PreviewLink -> LinkPreview,
    /// Joins by an invitation.
    Join -> (),
    /// Takes an invitation that did not let the device in away again.
    StartOver -> (),
    /// Founds a workspace.
    Found -> RecoveryWords,
    /// Unlocks.
    Unlock -> (),
    /// Locks.
    Lock -> (),
    /// The user did something.
    Touch -> (),
    /// Sets, changes or removes the PIN.
    ChangePin -> (),
    /// Who this device is.
    GetMe -> Me,
    /// Syncs now.
    SyncNow -> (),
    /// How the sync stands.
    GetSync -> SyncStanding,
    /// Keeps what was typed.
    PutDraft -> (),
    /// Forgets what was typed.
    DropDraft -> (),
    /// What was typed in a form.
    GetDraft -> Option<Vec<u8>>,
    /// What is begun.
    GetDrafts -> Vec<DraftLine>,
    /// A day.
    GetDay -> Day,
    /// Visits to be confirmed.
    GetUnconfirmed -> Vec<VisitLine>,
    /// A week.
    GetWeek -> Vec<DayOfWeek>,
    /// Participations, filtered.
    GetCases -> Vec<CaseLine>,
    /// What forms choose from.
    GetChoices -> Choices,
    /// Starts a timer.
    StartTimer -> TimerId,
    /// Stops a timer.
    StopTimer -> Measured,
    /// Removes a timer.
    ClearTimer -> (),
    /// Records a visit.
    RecordVisit -> Recorded,
    /// Changes a visit.
    AmendVisit -> Recorded,
    /// Records a group meeting.
    RecordGroup -> Recorded,
    /// Records a contact attempt.
    RecordContact -> Recorded,
    /// Records a note.
    RecordNote -> Recorded,
    /// Records that NAV was told.
    RecordNotice -> Recorded,
    /// Takes back what was just recorded.
    Undo -> (),
    /// Voids a record.
    Void -> (),
    /// A participation's page.
    GetCase -> CasePage,
    /// A visit, to change it.
    GetVisit -> VisitForm,
    /// Who changed what.
    GetHistory -> Vec<HistoryLine>,
    /// Writes to the participant.
    Say -> (),
    /// Shows a report or plan to the participant.
    ShowReport -> (),
    /// Shows a visit to the participant.
    ShowVisit -> (),
    /// The code that shows a visit.
    OfferVisit -> Code,
    /// Takes the participant's code.
    TakeAnswer -> Said,
    /// How a visit can be confirmed.
    GetConfirming -> Confirming,
    /// Sets the participant's PIN.
    SetParticipantPin -> (),
    /// Confirms by the participant's PIN.
    ConfirmByPin -> (),
    /// Confirms by a drawn signature.
    ConfirmByDrawing -> (),
    /// Confirms later, or not, with a reason.
    ConfirmOtherwise -> (),
    /// Invites the participant.
    InviteParticipant -> Invitation,
    /// Everything that is due.
    GetDue -> Vec<DueLine>,
    /// The hours of a month.
    GetMonth -> MonthPage,
    /// The conflicts of a participation.
    GetConflicts -> Vec<ConflictLine>,
    /// Settles a conflict.
    Settle -> (),
    /// What is put aside, and what is amiss.
    GetTrouble -> Trouble,
    /// Marks an alarm as seen.
    DismissAlarm -> (),
    /// Who is in.
    GetMembers -> Members,
    /// Invites somebody new.
    Invite -> Invitation,
    /// Invites another device of somebody.
    InviteDevice -> Invitation,
    /// Withdraws an invitation.
    WithdrawInvitation -> (),
}
