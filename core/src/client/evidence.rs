//! What the hours stand on: visits are shown to the participant, who answers on an own device; what
//! came of it, and what an audit would ask about (J6, Q1, DESIGN.md 8). The rules are
//! `contract::evidence`'s.

use std::collections::{BTreeMap, BTreeSet};

use folge_protocol::ids::{DeviceId, DocumentId};
use folge_protocol::membership::Role;

use super::{Client, HistoryLine, ThreadLine};
use crate::contract::evidence::{
    self, Evidence, Exception, SeenTrip, SeenVisit, Shown, ThreadConfirmation, TimeCertainty,
};
use crate::document::{CaseView, DocumentError, Record, RecordRef};
use crate::domain::{
    Confirmation, Instant, LocalDate, Outcome, Participation, RecordId, StaffKey, Trip, Verdict,
    Visit, VisitDigest,
};
use crate::error::Error;
use crate::messages::{Saying, VisitCard};
use crate::sync::TimeGrade;

impl From<TimeGrade> for TimeCertainty {
    fn from(grade: TimeGrade) -> Self {
        match grade {
            TimeGrade::Unsent => Self::DeviceOnly,
            TimeGrade::BoundedAfter { .. } => Self::BoundedAfter,
            TimeGrade::BoundedBothSides { .. } => Self::BoundedBothSides,
            TimeGrade::ClockJump { .. } => Self::ClockJump,
            TimeGrade::Contradicted { .. } => Self::Contradicted,
        }
    }
}

/// When a visit's outcome was first recorded, and how sure the time of its last facts is.
#[derive(Clone, Copy)]
struct Recorded {
    at: Option<Instant>,
    time: TimeCertainty,
}

/// The fields of a visit that its digest is over.
const FACTS: [&str; 7] = ["start", "end", "form", "with", "staff", "employer", "out"];

fn recorded(history: &[HistoryLine]) -> BTreeMap<RecordId, Recorded> {
    let mut found: BTreeMap<RecordId, Recorded> = BTreeMap::new();
    for line in history {
        let RecordRef::Visit(id) = line.entry.record else {
            continue;
        };
        let facts = |field: &str| FACTS.contains(&field);
        if !line.entry.changes.iter().any(|change| facts(&change.field)) {
            continue;
        }
        let known = found.entry(id).or_insert(Recorded {
            at: None,
            time: TimeCertainty::DeviceOnly,
        });
        known.time = line.time.into();
        let planned = Outcome::Planned.code();
        let held = line.entry.changes.iter().any(|change| {
            change.field == "out" && change.new.as_ref().is_some_and(|new| *new != planned)
        });
        if held && known.at.is_none() {
            known.at = Some(Instant(line.entry.wall_ms));
        }
    }
    found
}

fn standing<T>(view: &CaseView, pick: impl Fn(&Record) -> Option<&T>) -> Vec<&T> {
    let rows = view.rows.values().filter(|row| row.voided.is_none());
    rows.filter_map(|row| pick(&row.record)).collect()
}

fn confirmations(view: &CaseView) -> Vec<&Confirmation> {
    standing(view, |record| match record {
        Record::Confirmation(confirmation) => Some(confirmation),
        _ => None,
    })
}

fn trips(view: &CaseView) -> Vec<&Trip> {
    standing(view, |record| match record {
        Record::Trip(trip) => Some(trip),
        _ => None,
    })
}

fn visit_of(view: &CaseView, id: RecordId) -> Option<&Visit> {
    let row = view.rows.get(&RecordRef::Visit(id))?;
    match &row.record {
        Record::Visit(visit) if row.voided.is_none() => Some(visit),
        _ => None,
    }
}

/// What the participation's own participant said of visits that staff had shown.
fn said(lines: &[ThreadLine], participation: &Participation) -> Vec<ThreadConfirmation> {
    let mut shown: BTreeMap<(RecordId, VisitDigest), Shown> = BTreeMap::new();
    let mut found = Vec::new();
    for line in lines {
        match &line.saying {
            Saying::Card(card) if line.role.is_some_and(Role::is_staff) => {
                let facts = Shown {
                    start: card.start,
                    end: card.end,
                    form: card.form,
                };
                shown.insert((card.visit, card.digest), facts);
            }
            Saying::Confirmed {
                visit,
                digest,
                verdict,
            } if line.person.is_some() && line.person == participation.participant => {
                found.push(ThreadConfirmation {
                    visit: *visit,
                    digest: *digest,
                    verdict: verdict.clone(),
                    at: Instant(line.at_ms),
                    device: line.device,
                    shown: shown.get(&(*visit, *digest)).copied(),
                });
            }
            _ => {}
        }
    }
    found
}

impl Client {
    /// Shows a visit to its participant, to be confirmed. Gives the message's name. A visit whose
    /// facts were changed is shown anew.
    /// # Errors
    /// [`Error::NotAllowed`] for participants; [`Error::UnknownDocument`] where the participant was
    /// never invited; where the visit is not known, was voided, or has no outcome yet.
    pub fn show_visit(&mut self, document: DocumentId, visit: RecordId) -> Result<RecordId, Error> {
        if self.replica.role().is_none_or(|role| !role.is_staff()) {
            return Err(Error::NotAllowed);
        }
        let thread = self.thread_of(document)?.ok_or(Error::UnknownDocument)?;
        let known = self.known()?;
        let view = self.replica.load_view(document)?;
        let visit = visit_of(view, visit).ok_or(DocumentError::UnknownRecord)?;
        if matches!(visit.outcome, Outcome::Planned | Outcome::Moved) {
            return Err(DocumentError::Forbidden("a visit that is still planned").into());
        }
        let name = |key: &StaffKey| {
            let member = known.staff.iter().find(|member| member.key == *key);
            member.map(|member| member.name.clone())
        };
        let names: Vec<String> = visit.consultants.iter().filter_map(name).collect();
        let employer = known
            .employers
            .iter()
            .find(|employer| Some(&employer.key) == visit.employer.as_ref());
        let card = VisitCard {
            visit: visit.id,
            digest: VisitDigest::of(visit),
            start: visit.start,
            end: visit.end,
            form: visit.form,
            consultant: names.join(", "),
            place: employer.map(|e| e.name.clone()).unwrap_or_default(),
        };
        self.replica
            .atomically(|replica| replica.say(thread, Saying::Card(card)))
    }

    /// The participant's answer to a visit that was shown in a thread: the last one for each visit
    /// counts.
    /// # Errors
    /// [`Error::NotAllowed`] for staff; where that visit with those facts was never shown; where
    /// the words are missing or too long.
    pub fn confirm(
        &mut self,
        thread: DocumentId,
        visit: RecordId,
        digest: VisitDigest,
        verdict: Verdict,
    ) -> Result<RecordId, Error> {
        if self.replica.role() != Some(Role::Participant) {
            return Err(Error::NotAllowed);
        }
        if let Verdict::Wrong(words) = &verdict {
            super::threads::check_text(words)?;
            if words.trim().is_empty() {
                let field = "message";
                let error = crate::domain::DomainError::Missing { field };
                return Err(DocumentError::from(error).into());
            }
        }
        let shown = self.thread(thread)?.iter().any(|line| {
            let of_staff = line.role.is_some_and(Role::is_staff);
            of_staff
                && matches!(&line.saying, Saying::Card(card)
                    if card.visit == visit && card.digest == digest)
        });
        if !shown {
            return Err(DocumentError::UnknownRecord.into());
        }
        let saying = Saying::Confirmed {
            visit,
            digest,
            verdict,
        };
        self.replica
            .atomically(|replica| replica.say(thread, saying))
    }

    /// What each visit's hours stand on. It counts as an opening of the participation.
    /// # Errors
    /// [`Error::UnknownDocument`], [`Error::Store`].
    pub fn evidence(
        &mut self,
        document: DocumentId,
    ) -> Result<BTreeMap<RecordId, Evidence>, Error> {
        let participation = self.facts(document)?;
        self.note_opening(document)?;
        let lines = match participation.thread {
            Some(thread) => self.thread(thread)?,
            None => Vec::new(),
        };
        let thread = said(&lines, &participation);
        let recorded = recorded(&self.history_unnoted(document)?);
        let view = self.replica.load_view(document)?;
        let taken = confirmations(view);
        let visits = view
            .visits()
            .filter(|visit| !matches!(visit.outcome, Outcome::Planned | Outcome::Moved));
        let traced = visits.map(|visit| {
            let time = recorded
                .get(&visit.id)
                .map_or(TimeCertainty::DeviceOnly, |recorded| recorded.time);
            (visit.id, evidence::trace(visit, &taken, &thread, time))
        });
        Ok(traced.collect())
    }

    /// What an audit would ask about, over all that this device can read, from one day to another,
    /// both included. Reads the history of every participation with a visit there: for an audit, not
    /// for a list.
    /// # Errors
    /// [`Error::Store`].
    pub fn exceptions(&mut self, from: LocalDate, to: LocalDate) -> Result<Vec<Exception>, Error> {
        let devices = self.consultants_devices()?;
        // What begins the day before or after may overlap into the span.
        let around = from.plus_days(-1)..=to.plus_days(1);
        let mut cases = Vec::new();
        let documents: Vec<DocumentId> = self.replica.summaries().keys().copied().collect();
        for document in documents {
            let view = self.replica.load_view(document)?.clone();
            let near = |at: Instant| around.contains(&at.date());
            let in_span = view.visits().any(|visit| near(visit.start))
                || trips(&view).iter().any(|trip| trip.start.is_some_and(near));
            if !in_span {
                continue;
            }
            let lines = match view.participation().and_then(|p| p.thread) {
                Some(thread) => self.thread(thread)?,
                None => Vec::new(),
            };
            let recorded = recorded(&self.history_unnoted(document)?);
            cases.push((document, view, lines, recorded));
        }
        let mut visits = Vec::new();
        let mut travelled = Vec::new();
        for (document, view, lines, recorded) in &cases {
            let thread = view
                .participation()
                .map(|participation| said(lines, participation))
                .unwrap_or_default();
            let taken = confirmations(view);
            for visit in view.visits() {
                if !around.contains(&visit.start.date()) {
                    continue;
                }
                visits.push(SeenVisit {
                    participation: *document,
                    visit,
                    recorded: recorded.get(&visit.id).and_then(|recorded| recorded.at),
                    confirmations: taken
                        .iter()
                        .filter(|taken| taken.visit == visit.id)
                        .copied()
                        .collect(),
                    thread: thread
                        .iter()
                        .filter(|said| said.visit == visit.id)
                        .cloned()
                        .collect(),
                });
            }
            travelled.extend(trips(view).into_iter().map(|trip| SeenTrip {
                participation: *document,
                trip,
            }));
        }
        let now = Instant(self.replica.env().now().wall_ms);
        let mut found = evidence::exceptions(&visits, &travelled, &devices, now);
        found.retain(|exception| (from..=to).contains(&exception.date));
        Ok(found)
    }

    /// Every device of each member of staff whom the register knows.
    fn consultants_devices(&mut self) -> Result<BTreeMap<StaffKey, BTreeSet<DeviceId>>, Error> {
        let known = self.known()?;
        let log = self.replica.log()?;
        let devices_of = |person| {
            let own = log
                .devices()
                .iter()
                .filter(move |(_, d)| d.person == person);
            own.map(|(id, _)| *id).collect()
        };
        Ok(known
            .staff
            .iter()
            .filter_map(|member| Some((member.key.clone(), devices_of(member.person?))))
            .collect())
    }
}
