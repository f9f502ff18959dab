//! The thread that is shared with one participant.

use std::time::SystemTime;

use folge_core::client as core;
use folge_core::messages::{self, Saying};

use super::{
    Day, DeviceName, FactsDigest, MeetingForm, ParticipationId, PersonName, RecordName, ReportKind,
    Role, ThreadId, Verdict,
};
use crate::shape::{Shown, choice, record, view};

choice! {
    /// A right that a participant asks for (GDPR).
    Right = messages::Right {
        /// Access (innsyn), article 15.
        Access,
        /// Rectification (retting), article 16.
        Rectification,
        /// Erasure (sletting), article 17.
        Erasure,
        /// Restriction (begrensning), article 18.
        Restriction,
        /// Portability (dataportabilitet), article 20.
        Portability,
        /// Objection (innsigelse), article 21.
        Objection,
    }
}

choice! {
    /// How far a request has come.
    RequestState = messages::RequestState {
        /// Sent, and nobody has answered yet.
        Open,
        /// Passed on to NAV, which decides.
        Forwarded,
        /// Done.
        Done,
        /// Declined, with the reason in the text.
        Declined,
    }
}

record! {
    /// A visit as it is shown to its participant.
    VisitCard = messages::VisitCard {
        /// The visit.
        visit: RecordName,
        /// The digest of its facts, which the participant confirms.
        digest: FactsDigest,
        /// When it began.
        start: SystemTime,
        /// When it ended.
        end: SystemTime,
        /// How it was held.
        form: MeetingForm,
        /// The consultants' names.
        consultant: String,
        /// The employer's name, where it was at or with one; may be empty.
        place: String,
    }
}

choice! {
    /// What a participant says of a text that was shown.
    Stance = messages::Stance {
        /// A comment, for and against nothing.
        Comment,
        /// The participant agrees with the text.
        Agree,
        /// The participant does not agree with it.
        Disagree,
    }
}

record! {
    /// A part of a report: its heading and its text.
    ReportPart = messages::ReportPart {
        /// The heading, in the template's words.
        heading: String,
        /// The text.
        text: String,
    }
}

record! {
    /// A report or plan as it is shown to its participant.
    ReportCard = messages::ReportCard {
        /// The record.
        report: RecordName,
        /// Which report.
        kind: ReportKind,
        /// Its title.
        title: String,
        /// The first day that it is about.
        from: Option<Day>,
        /// The last day that it is about.
        until: Option<Day>,
        /// What it says.
        parts: Vec<ReportPart>,
    }
}

/// What a message says.
#[derive(Clone, PartialEq, uniffi::Enum)]
#[uniffi::export(Debug)]
pub enum MessageBody {
    /// Staff tells the participant something.
    Notice {
        /// What.
        text: String,
    },
    /// Either side writes.
    Comment {
        /// What.
        text: String,
    },
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
        to: RecordName,
        /// How far.
        state: RequestState,
        /// What was done, or why not.
        text: String,
    },
    /// Staff shows the participant a visit, to be confirmed.
    Card {
        /// The visit.
        card: VisitCard,
    },
    /// The participant says whether a visit took place as shown.
    Confirmed {
        /// The visit.
        visit: RecordName,
        /// The facts that were shown.
        digest: FactsDigest,
        /// What the participant says of them.
        verdict: Verdict,
    },
    /// Staff shows the participant a version of a report or plan.
    Report {
        /// What it says.
        card: ReportCard,
    },
    /// The participant says something of a report or plan that was shown.
    Opinion {
        /// The message that showed it.
        of: RecordName,
        /// For or against.
        stance: Stance,
        /// In own words; may be empty where it is for or against.
        text: String,
    },
    /// The participant says in advance that they cannot come.
    Absent {
        /// The first day.
        from: Day,
        /// The last day.
        until: Day,
        /// In own words; may be empty.
        text: String,
    },
    /// Something that a newer version of the app shows.
    Other,
}

impl std::fmt::Debug for MessageBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MessageBody(..)")
    }
}

impl Shown<Saying> for MessageBody {
    fn shown(core: Saying) -> Self {
        match core {
            Saying::Notice(text) => Self::Notice { text },
            Saying::Comment(text) => Self::Comment { text },
            Saying::Request { right, text } => Self::Request {
                right: Shown::shown(right),
                text,
            },
            Saying::Answer { to, state, text } => Self::Answer {
                to: Shown::shown(to),
                state: Shown::shown(state),
                text,
            },
            Saying::Card(card) => Self::Card {
                card: Shown::shown(card),
            },
            Saying::Confirmed {
                visit,
                digest,
                verdict,
            } => Self::Confirmed {
                visit: Shown::shown(visit),
                digest: Shown::shown(digest),
                verdict: Shown::shown(verdict),
            },
            Saying::Report(card) => Self::Report {
                card: Shown::shown(card),
            },
            Saying::Opinion { of, stance, text } => Self::Opinion {
                of: Shown::shown(of),
                stance: Shown::shown(stance),
                text,
            },
            Saying::Absent { from, until, text } => Self::Absent {
                from: Shown::shown(from),
                until: Shown::shown(until),
                text,
            },
            // Of journals; no thread has them.
            Saying::Opened(_)
            | Saying::Exported { .. }
            | Saying::ClaimPart(_)
            | Saying::Lost { .. } => Self::Other,
        }
    }
}

view! {
    /// A line of a thread.
    ThreadLine {
        /// Its name.
        id: RecordName,
        /// Who wrote.
        person: Option<PersonName>,
        /// That person's role now.
        role: Option<Role>,
        /// With which device.
        device: DeviceName,
        /// When, by that device's clock.
        at: SystemTime,
        /// When the relay had it, where it has.
        accepted: Option<SystemTime>,
        /// What it says.
        body: MessageBody,
    }
}

impl Shown<core::ThreadLine> for ThreadLine {
    fn shown(core: core::ThreadLine) -> Self {
        Self {
            id: Shown::shown(core.id),
            person: Shown::shown(core.person),
            role: Shown::shown(core.role),
            device: Shown::shown(core.device),
            at: super::time_of(core.at_ms),
            accepted: core.accepted_ms.map(super::relay_time_of),
            body: Shown::shown(core.saying),
        }
    }
}

view! {
    /// A participant's request, and how far it has come.
    RequestLine {
        /// The participation; none on the participant's own device.
        participation: Option<ParticipationId>,
        /// The thread.
        thread: ThreadId,
        /// The request.
        id: RecordName,
        /// Which right.
        right: Right,
        /// In own words.
        text: String,
        /// When, by the participant's clock.
        at: SystemTime,
        /// How far.
        state: RequestState,
    }
}

impl Shown<core::RequestLine> for RequestLine {
    fn shown(core: core::RequestLine) -> Self {
        Self {
            participation: Shown::shown(core.participation),
            thread: Shown::shown(core.thread),
            id: Shown::shown(core.id),
            right: Shown::shown(core.right),
            text: core.text,
            at: super::time_of(core.at_ms),
            state: Shown::shown(core.state),
        }
    }
}
