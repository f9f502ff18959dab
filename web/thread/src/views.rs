//! What the page shows: drawn from the thread's lines whenever it is asked for.

use folge_core::domain::{LocalDate, RecordId, Verdict};
use folge_core::messages::{
    Message, ReportCard, RequestState, Right, Saying, Stance, VisitCard, state_of_request,
};
use folge_protocol::ids::DeviceId;
use folge_protocol::maps::Map;
use folge_protocol::membership::Role;

use crate::state::{Row, Status, Thread};

/// Who wrote something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// This device.
    Me,
    /// Another device of the same person.
    Own,
    /// Staff.
    Staff,
    /// Nobody who counts.
    Unknown,
}

impl Sender {
    /// Whether the participant wrote it, on whichever device.
    #[must_use]
    pub const fn is_participant(self) -> bool {
        matches!(self, Self::Me | Self::Own)
    }
}

/// How far something has come that was written here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sent {
    /// It is on this phone.
    Saved,
    /// The relay has it.
    Stored,
    /// The office has read it.
    Read,
}

/// A line of the thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its name.
    pub id: RecordId,
    /// Who wrote it.
    pub sender: Sender,
    /// When, by the sender's clock, in milliseconds since 1970 (UTC).
    pub at_ms: i64,
    /// How far it has come.
    pub sent: Sent,
    /// What it says.
    pub saying: Saying,
}

/// Whether a meeting was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MeetingState {
    /// It waits for an answer.
    Waiting,
    /// The participant answered.
    Answered {
        /// What.
        verdict: Verdict,
        /// How far the answer has come.
        sent: Sent,
        /// The message that says it.
        message: RecordId,
    },
}

/// A meeting, as it was shown last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meeting {
    /// What was shown.
    pub card: VisitCard,
    /// Whether it was answered.
    pub state: MeetingState,
    /// Whether an answer was given to facts that were changed since.
    pub changed: bool,
}

/// What the participant said of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opinion {
    /// For or against.
    pub stance: Stance,
    /// In own words.
    pub text: String,
    /// When, in milliseconds since 1970 (UTC).
    pub at_ms: i64,
    /// How far it has come.
    pub sent: Sent,
}

/// Whether the participant agrees with a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing was said.
    Open,
    /// The participant agrees.
    Agrees,
    /// The participant does not.
    Disagrees,
}

/// A report or plan, in the version that was shown last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownReport {
    /// The message that showed it.
    pub message: RecordId,
    /// What it says.
    pub card: ReportCard,
    /// When it was shown, in milliseconds since 1970 (UTC).
    pub at_ms: i64,
    /// How many versions were shown before.
    pub earlier: u32,
    /// What the participant said of this version, in order.
    pub opinions: Vec<Opinion>,
}

impl ShownReport {
    /// Whether the participant agrees with this version: the last word counts.
    #[must_use]
    pub fn standing(&self) -> Standing {
        let last = self.opinions.iter().rev();
        let mut last = last.filter(|opinion| opinion.stance != Stance::Comment);
        match last.next().map(|opinion| opinion.stance) {
            Some(Stance::Agree) => Standing::Agrees,
            Some(_) => Standing::Disagrees,
            None => Standing::Open,
        }
    }
}

/// A request for a right, and how far it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestView {
    /// Its name.
    pub id: RecordId,
    /// Which right.
    pub right: Right,
    /// In own words.
    pub text: String,
    /// When, in milliseconds since 1970 (UTC).
    pub at_ms: i64,
    /// How far it has come on the way.
    pub sent: Sent,
    /// What staff did.
    pub state: RequestState,
    /// What staff says of it; empty for nothing.
    pub answer: String,
}

/// An absence that was reported in advance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AbsenceView {
    /// Its name.
    pub id: RecordId,
    /// The first day.
    pub from: LocalDate,
    /// The last day.
    pub until: LocalDate,
    /// In own words.
    pub text: String,
    /// When it was reported, in milliseconds since 1970 (UTC).
    pub at_ms: i64,
    /// How far it has come.
    pub sent: Sent,
}

impl Thread {
    fn sender(&self, device: DeviceId) -> Sender {
        let who = self.who();
        if device == who.device {
            return Sender::Me;
        }
        let log = self.state.confirmed.as_ref();
        let Some((log, state)) = log.and_then(|log| Some((log, log.devices().get(&device)?)))
        else {
            return Sender::Unknown;
        };
        let role = log.persons().get(&state.person).map(|person| person.role);
        if state.person == who.person {
            Sender::Own
        } else if role.is_some_and(Role::is_staff) {
            Sender::Staff
        } else {
            Sender::Unknown
        }
    }

    /// The thread's rows in the order of the stream; what the relay does not have yet comes last.
    fn rows(&self) -> Map<(u64, u64, usize), &Row> {
        let mut rows = Map::new();
        for (place, row) in self.state.rows.iter().enumerate() {
            let number = row.number.unwrap_or(u64::MAX);
            rows.insert((number, row.header.sequence, place), row);
        }
        rows
    }

    /// Every line that can be read, in order.
    #[must_use]
    pub fn lines(&self) -> Vec<Line> {
        let line = |message: &Message, sender, sent| Line {
            id: message.id,
            sender,
            at_ms: message.wall_ms,
            sent,
            saying: message.saying.clone(),
        };
        let mut lines = Vec::new();
        for row in self.rows().values() {
            let sent = match row.number {
                None => Sent::Saved,
                Some(number) if number <= self.state.office => Sent::Read,
                Some(_) => Sent::Stored,
            };
            for said in &row.said {
                if let Some(message) = &said.message
                    && !message.saying.is_of_journal()
                {
                    lines.push(line(message, self.sender(said.device), sent));
                }
            }
        }
        let unsealed = self.state.unsealed.iter();
        lines.extend(unsealed.map(|one| line(&one.message, Sender::Me, Sent::Saved)));
        lines
    }

    /// How many things cannot be read here: damaged, of a later version, or waiting for a key.
    #[must_use]
    pub fn unreadable(&self) -> usize {
        let rows = self.state.rows.iter();
        let closed = rows.clone().filter(|row| row.status != Status::Applied);
        let said = rows.flat_map(|row| &row.said);
        closed.count() + said.filter(|said| said.message.is_none()).count()
    }

    /// How many own messages the relay does not have yet.
    #[must_use]
    pub fn unsent(&self) -> usize {
        let device = self.who().device;
        let rows = self.state.rows.iter();
        let own = rows.filter(|row| row.header.device == device && row.number.is_none());
        own.map(|row| row.said.len()).sum::<usize>() + self.state.unsealed.len()
    }

    /// The meetings that were shown, the newest first, each as it was shown last.
    #[must_use]
    pub fn meetings(&self) -> Vec<Meeting> {
        let lines = self.lines();
        let mut found: Map<RecordId, Meeting> = Map::new();
        for line in &lines {
            let Saying::Card(card) = &line.saying else {
                continue;
            };
            let known = found.get(&card.visit);
            let again = known.is_some_and(|known| known.card.is_same_visit(card));
            // What a consultant's code showed has names that are cut.
            let counts = match line.sender {
                Sender::Staff => true,
                Sender::Me | Sender::Own => !again,
                Sender::Unknown => false,
            };
            if counts {
                let meeting = Meeting {
                    card: card.clone(),
                    state: MeetingState::Waiting,
                    changed: false,
                };
                found.insert(card.visit, meeting);
            }
        }
        for line in lines.iter().filter(|line| line.sender.is_participant()) {
            let Saying::Confirmed {
                visit,
                digest,
                verdict,
            } = &line.saying
            else {
                continue;
            };
            let Some(meeting) = found.get_mut(visit) else {
                continue;
            };
            if meeting.card.digest == *digest {
                meeting.state = MeetingState::Answered {
                    verdict: verdict.clone(),
                    sent: line.sent,
                    message: line.id,
                };
            } else {
                meeting.changed = true;
            }
        }
        let mut by_time = Map::new();
        for meeting in found.into_values() {
            by_time.insert((meeting.card.start, meeting.card.visit), meeting);
        }
        let mut meetings: Vec<Meeting> = by_time.into_values().collect();
        meetings.reverse();
        meetings
    }

    /// The plans that were shown, the newest first.
    #[must_use]
    pub fn plans(&self) -> Vec<ShownReport> {
        self.shown(true)
    }

    /// The reports that were shown, the newest first.
    #[must_use]
    pub fn reports(&self) -> Vec<ShownReport> {
        self.shown(false)
    }

    fn shown(&self, plans: bool) -> Vec<ShownReport> {
        let lines = self.lines();
        let mut found: Vec<ShownReport> = Vec::new();
        for line in lines.iter().filter(|line| line.sender == Sender::Staff) {
            let Saying::Report(card) = &line.saying else {
                continue;
            };
            if card.is_plan() != plans {
                continue;
            }
            let before = found
                .iter()
                .position(|known| known.card.report == card.report)
                .map(|at| found.remove(at));
            found.push(ShownReport {
                message: line.id,
                card: card.clone(),
                at_ms: line.at_ms,
                earlier: before.map_or(0, |before| before.earlier + 1),
                opinions: Vec::new(),
            });
        }
        for line in lines.iter().filter(|line| line.sender.is_participant()) {
            if let Saying::Opinion { of, stance, text } = &line.saying
                && let Some(report) = found.iter_mut().find(|report| report.message == *of)
            {
                report.opinions.push(Opinion {
                    stance: *stance,
                    text: text.clone(),
                    at_ms: line.at_ms,
                    sent: line.sent,
                });
            }
        }
        found.reverse();
        found
    }

    /// Own requests, the newest first.
    #[must_use]
    pub fn requests(&self) -> Vec<RequestView> {
        let lines = self.lines();
        let by_staff = |line: &Line| line.sender == Sender::Staff;
        let own = lines.iter().filter(|line| line.sender.is_participant());
        let mut found: Vec<RequestView> = own
            .filter_map(|line| {
                let Saying::Request { right, text } = &line.saying else {
                    return None;
                };
                let said = lines.iter().map(|other| (&other.saying, by_staff(other)));
                let answer = lines.iter().rev().find_map(|other| match &other.saying {
                    Saying::Answer { to, text, .. } if *to == line.id && by_staff(other) => {
                        Some(text.clone())
                    }
                    _ => None,
                });
                Some(RequestView {
                    id: line.id,
                    right: *right,
                    text: text.clone(),
                    at_ms: line.at_ms,
                    sent: line.sent,
                    state: state_of_request(said, line.id),
                    answer: answer.unwrap_or_default(),
                })
            })
            .collect();
        found.reverse();
        found
    }

    /// Absences that were reported, the newest first.
    #[must_use]
    pub fn absences(&self) -> Vec<AbsenceView> {
        let lines = self.lines();
        let own = lines
            .iter()
            .rev()
            .filter(|line| line.sender.is_participant());
        own.filter_map(|line| match &line.saying {
            Saying::Absent { from, until, text } => Some(AbsenceView {
                id: line.id,
                from: *from,
                until: *until,
                text: text.clone(),
                at_ms: line.at_ms,
                sent: line.sent,
            }),
            _ => None,
        })
        .collect()
    }

    /// Notices, comments and answers, the newest first.
    #[must_use]
    pub fn notes(&self) -> Vec<Line> {
        let mut lines = self.lines();
        lines.retain(|line| {
            let staff = line.sender == Sender::Staff;
            match line.saying {
                Saying::Notice(_) => staff,
                Saying::Comment(_) => staff || line.sender.is_participant(),
                _ => false,
            }
        });
        lines.reverse();
        lines
    }
}
