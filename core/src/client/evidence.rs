//! What the hours stand on: visits are shown to the participant, who answers on an own device; what
//! came of it, and what an audit would ask about (J6, Q1, DESIGN.md 8). The rules are
//! `contract::evidence`'s.

use std::collections::{BTreeMap, BTreeSet};

use folge_protocol::ids::{DeviceId, DocumentId};
use folge_protocol::membership::{Membership, Role};

use super::attendance::pins;
use super::{Client, HistoryLine, ThreadLine};
use crate::attendance::{Ground, proof_holds};
use crate::contract::evidence::{
    self, Evidence, Exception, PinSet, SeenTrip, SeenVisit, Shown, Taken, ThreadConfirmation,
    TimeCertainty,
};
use crate::document::{CaseView, DocumentError, Record, RecordRef};
use crate::domain::{
    Confirmation, Instant, LocalDate, Outcome, Participation, PinKey, Proof, RecordId, StaffKey,
    Trip, Verdict, Visit, VisitDigest,
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

/// When PINs were set and used, by the clocks of the phones that wrote it down. What a record says of
/// itself does not make a PIN older, nor its use later.
#[derive(Default)]
struct PinTimes {
    /// When each PIN was set, or its record changed last.
    set: BTreeMap<RecordId, Instant>,
    /// PINs whose record was changed since: no program of ours does that.
    changed: BTreeSet<RecordId>,
    /// When each confirmation was recorded.
    used: BTreeMap<RecordId, Instant>,
}

impl PinTimes {
    fn of(history: &[HistoryLine], view: &CaseView) -> Self {
        let mut times = Self::default();
        for line in history {
            let at = Instant(line.entry.wall_ms);
            match line.entry.record {
                RecordRef::PinKey(id) => {
                    if let Some(before) = times.set.insert(id, at) {
                        times.changed.insert(id);
                        times.set.insert(id, at.max(before));
                    }
                }
                RecordRef::Confirmation(id) => {
                    times.used.entry(id).or_insert(at);
                }
                _ => {}
            }
        }
        for row in view.rows.values() {
            if let Record::PinKey(key) = &row.record {
                let set = times.set.entry(key.id).or_insert(key.at);
                *set = key.at.max(*set);
            }
        }
        times
    }

    fn pin_of(&self, confirmation: &Confirmation) -> Option<PinSet> {
        let Some(Proof::Pin(pin)) = &confirmation.proof else {
            return None;
        };
        let at = *self.set.get(&pin.key)?;
        let recorded = self.used.get(&confirmation.id).copied();
        // A voided one was the first all the same.
        let first = self.set.values().min().copied();
        Some(PinSet {
            at,
            used: recorded.map_or(confirmation.at, |at| at.min(confirmation.at)),
            is_first: Some(at) == first && !self.changed.contains(&pin.key),
        })
    }
}

/// The confirmations of a casefile that are not voided, each with what came of checking its proof.
fn checked<'a>(view: &'a CaseView, ground: &Ground<'_>, times: &PinTimes) -> Vec<Taken<'a>> {
    let of = |confirmation: &'a Confirmation| Taken {
        confirmation,
        holds: proof_holds(confirmation, ground),
        pin: times.pin_of(confirmation),
    };
    confirmations(view).into_iter().map(of).collect()
}

/// What the participant's device answered by codes, as far as its signature holds. One that was
/// voided is among them: as in the thread, nobody takes back what the participant says.
fn answered(view: &CaseView, ground: &Ground<'_>) -> Vec<ThreadConfirmation> {
    let of = |record: &Record| {
        let Record::Confirmation(confirmation) = record else {
            return None;
        };
        let Some(Proof::Answer(signed)) = &confirmation.proof else {
            return None;
        };
        let answer = &signed.answer;
        proof_holds(confirmation, ground).then(|| ThreadConfirmation {
            message: answer.message,
            visit: answer.visit,
            digest: answer.digest,
            verdict: answer.verdict.clone(),
            at: answer.at,
            device: answer.device,
            shown: Some(Shown {
                start: answer.start,
                end: answer.end,
                form: answer.form,
            }),
        })
    };
    view.rows
        .values()
        .filter_map(|row| of(&row.record))
        .collect()
}

pub(super) fn standing<T>(view: &CaseView, pick: impl Fn(&Record) -> Option<&T>) -> Vec<&T> {
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
    let is_own =
        |line: &ThreadLine| line.person.is_some() && line.person == participation.participant;
    let mut shown: BTreeMap<(RecordId, VisitDigest), Shown> = BTreeMap::new();
    let mut found = Vec::new();
    for line in lines {
        match &line.saying {
            // A participant's phone says itself what a consultant's code showed it.
            Saying::Card(card) if line.role.is_some_and(Role::is_staff) || is_own(line) => {
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
            } if is_own(line) => {
                found.push(ThreadConfirmation {
                    message: line.id,
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

/// What was recorded of a participation, what its participant said, and what is known of both.
struct Ways {
    document: DocumentId,
    participation: Option<Participation>,
    view: CaseView,
    lines: Vec<ThreadLine>,
    recorded: BTreeMap<RecordId, Recorded>,
    pin_times: PinTimes,
}

impl Ways {
    /// The confirmations in the casefile, and what the participant's device said, both ways as one.
    fn confirmations(&self, log: &Membership) -> (Vec<Taken<'_>>, Vec<ThreadConfirmation>) {
        let Some(participation) = &self.participation else {
            return (Vec::new(), Vec::new());
        };
        let pins: Vec<&PinKey> = pins(&self.view);
        let ground = Ground {
            workspace: log.workspace(),
            case: self.document,
            thread: participation.thread,
            participant: participation.participant,
            pins: &pins,
            log,
        };
        let taken = checked(&self.view, &ground, &self.pin_times);
        let answers = answered(&self.view, &ground);
        let said = evidence::merged(said(&self.lines, participation), answers);
        (taken, said)
    }
}

impl Client {
    /// Shows a visit to its participant, to be confirmed. Gives the message's name. A visit whose
    /// facts were changed is shown anew.
    /// # Errors
    /// [`Error::NotAllowed`] for participants; [`Error::UnknownDocument`] where the participant was
    /// never invited; where the visit is not known, was voided, or has no outcome yet.
    pub fn show_visit(&mut self, document: DocumentId, visit: RecordId) -> Result<RecordId, Error> {
        let (thread, card) = self.visit_card(document, visit)?;
        self.replica
            .atomically(|replica| replica.say(thread, Saying::Card(card)))
    }

    /// A visit that can be confirmed: it is here, not voided, and has an outcome.
    pub(super) fn held_visit(
        &mut self,
        document: DocumentId,
        visit: RecordId,
    ) -> Result<Visit, Error> {
        let view = self.replica.load_view(document)?;
        let visit = visit_of(view, visit).ok_or(DocumentError::UnknownRecord)?;
        if matches!(visit.outcome, Outcome::Planned | Outcome::Moved) {
            return Err(DocumentError::Forbidden("a visit that is still planned").into());
        }
        Ok(visit.clone())
    }

    /// Whether staff has shown such a card in a thread.
    pub(super) fn is_shown(
        &self,
        thread: DocumentId,
        is_this: impl Fn(&VisitCard) -> bool,
    ) -> Result<bool, Error> {
        Ok(self.thread(thread)?.iter().any(|line| {
            line.role.is_some_and(Role::is_staff)
                && matches!(&line.saying, Saying::Card(card) if is_this(card))
        }))
    }

    /// A visit as its participant sees it, and the thread to show it in.
    pub(super) fn visit_card(
        &mut self,
        document: DocumentId,
        visit: RecordId,
    ) -> Result<(DocumentId, VisitCard), Error> {
        if self.replica.role().is_none_or(|role| !role.is_staff()) {
            return Err(Error::NotAllowed);
        }
        let thread = self.thread_of(document)?.ok_or(Error::UnknownDocument)?;
        let known = self.known()?;
        let visit = &self.held_visit(document, visit)?;
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
        Ok((thread, card))
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
        let saying = Saying::Confirmed {
            visit,
            digest,
            verdict,
        };
        saying.check_words()?;
        let is_this = |card: &VisitCard| (card.visit, card.digest) == (visit, digest);
        if !self.is_shown(thread, is_this)? {
            return Err(DocumentError::UnknownRecord.into());
        }
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
        self.facts(document)?;
        self.note_opening(document)?;
        let ways = self.ways(document)?;
        let (taken, said) = ways.confirmations(self.replica.log()?);
        let visits = ways
            .view
            .visits()
            .filter(|visit| !matches!(visit.outcome, Outcome::Planned | Outcome::Moved));
        let traced = visits.map(|visit| {
            let recorded = ways.recorded.get(&visit.id);
            let time = recorded.map_or(TimeCertainty::DeviceOnly, |recorded| recorded.time);
            (visit.id, evidence::trace(visit, &taken, &said, time))
        });
        Ok(traced.collect())
    }

    /// The same for a list: without how sure the times are, which takes the whole history, and
    /// not noted as an opening, for it says no more than a list does.
    /// # Errors
    /// As [`Client::evidence`].
    pub fn evidence_for_lists(
        &mut self,
        document: DocumentId,
    ) -> Result<BTreeMap<RecordId, Evidence>, Error> {
        self.facts(document)?;
        let ways = self.ways_without_history(document)?;
        let (taken, said) = ways.confirmations(self.replica.log()?);
        let visits = ways
            .view
            .visits()
            .filter(|visit| !matches!(visit.outcome, Outcome::Planned | Outcome::Moved));
        let traced = visits.map(|visit| {
            let time = TimeCertainty::DeviceOnly;
            (visit.id, evidence::trace(visit, &taken, &said, time))
        });
        Ok(traced.collect())
    }

    /// Reads what a participation's evidence is drawn from.
    fn ways(&mut self, document: DocumentId) -> Result<Ways, Error> {
        let mut ways = self.ways_without_history(document)?;
        let history = self.history_unnoted(document)?;
        ways.recorded = recorded(&history);
        ways.pin_times = PinTimes::of(&history, &ways.view);
        Ok(ways)
    }

    fn ways_without_history(&mut self, document: DocumentId) -> Result<Ways, Error> {
        let view = self.replica.load_view(document)?.clone();
        let participation = view.participation().cloned();
        let lines = match participation.as_ref().and_then(|p| p.thread) {
            Some(thread) => self.thread(thread)?,
            None => Vec::new(),
        };
        Ok(Ways {
            document,
            participation,
            lines,
            recorded: BTreeMap::new(),
            pin_times: PinTimes::default(),
            view,
        })
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
            let view = self.replica.load_view(document)?;
            let near = |at: Instant| around.contains(&at.date());
            let in_span = view.visits().any(|visit| near(visit.start))
                || trips(view).iter().any(|trip| trip.start.is_some_and(near));
            if !in_span {
                continue;
            }
            cases.push(self.ways(document)?);
        }
        let log = self.replica.log()?;
        let mut visits = Vec::new();
        let mut travelled = Vec::new();
        for ways in &cases {
            let participation = ways.document;
            let (taken, said) = ways.confirmations(log);
            let near = |visit: &&Visit| around.contains(&visit.start.date());
            for visit in ways.view.visits().filter(near) {
                let of_visit = |taken: &&Taken<'_>| taken.confirmation.visit == visit.id;
                let recorded = ways.recorded.get(&visit.id);
                visits.push(SeenVisit {
                    participation,
                    visit,
                    recorded: recorded.and_then(|recorded| recorded.at),
                    confirmations: taken.iter().filter(of_visit).copied().collect(),
                    thread: said
                        .iter()
                        .filter(|said| said.visit == visit.id)
                        .cloned()
                        .collect(),
                });
            }
            travelled.extend(trips(&ways.view).into_iter().map(|trip| SeenTrip {
                participation,
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
