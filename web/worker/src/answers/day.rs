//! The consultant's day: lists, timers, and what is recorded.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use folge_core::client::{Client, RecordState, TimerKind};
use folge_core::contract::deadlines::{ObligationKind, ObligationState};
use folge_core::contract::evidence::{Evidence, Weakness};
use folge_core::document::{CaseFilter, CaseListing, DayEntry, Record, RecordRef};
use folge_core::domain::{
    Attendee, ConfirmationGrade, ContactAttempt, ContactChannel, GroupMeeting, GroupMeetingId,
    Instant, LocalDate, MeetingForm, Minutes, Note, Notice, NoticeChannel, NoticeKind, Outcome,
    RecordId, StaffKey, Status, Trip, Visit, With,
};
use folge_core::rights::code_words;
use folge_core::{Error, client};
use folge_protocol::ids::DocumentId;
use folge_web_calls::{
    ABSENCES, AmendVisit, Answer, CaseLine, Choice, Choices, ClearTimer, Day, DayOfWeek, DueLine,
    Failure, GetCases, GetChoices, GetDay, GetDue, GetUnconfirmed, GetVisit, GetWeek, Measured,
    Pressing, Proven, RecordContact, RecordGroup, RecordName, RecordNote, RecordNotice,
    RecordVisit, Recorded, Standing, StartTimer, StopTimer, TimerId, TimerLine, Undo, VisitForm,
    VisitLine, Void, Words,
};

use super::{case, document};
use crate::desk::Desk;
use crate::failure::own;
use crate::names::{Names, both};

/// How far back an unconfirmed visit is asked about.
const UNCONFIRMED_DAYS: i32 = 14;
const MINUTE_MILLISECONDS: i64 = 60_000;

pub(super) const fn standing(state: RecordState) -> Standing {
    match state {
        RecordState::SavedHere => Standing::SavedHere,
        RecordState::Stored => Standing::Stored,
        RecordState::ReadByOffice => Standing::ReadByOffice,
    }
}

/// How a visit's confirmation stands, in a list.
pub(super) fn proven(visit: &Visit, evidence: Option<&Evidence>) -> Proven {
    if matches!(visit.outcome, Outcome::Planned | Outcome::Moved) {
        return Proven::NotYet;
    }
    match evidence {
        None => Proven::Not,
        Some(evidence) if evidence.disputed => Proven::Disputed,
        Some(evidence) if evidence.stands => Proven::Confirmed,
        Some(evidence) => match evidence.weakness {
            Some(Weakness::FactsChanged | Weakness::ShownOtherwise) => Proven::Changed,
            _ if evidence.grade == ConfirmationGrade::None && evidence.reason.is_some() => {
                Proven::Excused
            }
            _ => Proven::Not,
        },
    }
}

/// The evidence of several participations, each asked for once.
pub(super) struct Proofs(BTreeMap<DocumentId, BTreeMap<RecordId, Evidence>>);

impl Proofs {
    pub(super) const fn new() -> Self {
        Self(BTreeMap::new())
    }

    fn of(
        &mut self,
        client: &mut Client,
        document: DocumentId,
        visit: RecordId,
    ) -> Result<Option<&Evidence>, Error> {
        let all = match self.0.entry(document) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(client.evidence_for_lists(document)?),
        };
        Ok(all.get(&visit))
    }
}

/// A visit with what a list says of its participation.
pub(super) struct Met {
    pub(super) document: DocumentId,
    pub(super) name: Option<String>,
    pub(super) visit: Visit,
}

impl Met {
    fn of(entry: &DayEntry<'_>) -> Self {
        Self {
            document: entry.participation,
            name: entry.name.clone(),
            visit: entry.visit.clone(),
        }
    }

    pub(super) fn line(
        self,
        client: &mut Client,
        names: &Names,
        proofs: &mut Proofs,
    ) -> Result<VisitLine, Error> {
        let reference = RecordRef::Visit(self.visit.id);
        let state = client.record_state(self.document, &reference)?;
        let evidence = proofs.of(client, self.document, self.visit.id)?;
        let proven = proven(&self.visit, evidence);
        Ok(VisitLine {
            case: case(self.document),
            visit: self.visit.id,
            who: self.name,
            reference: reference_of(client, self.document),
            start: self.visit.start,
            end: self.visit.end,
            form: self.visit.form,
            employer: names.employer(self.visit.employer.as_ref()),
            outcome: self.visit.outcome,
            group: self.visit.group.map(|group| group.invited),
            standing: standing(state),
            proven,
        })
    }
}

fn all_cases(client: &Client) -> BTreeMap<DocumentId, (Option<String>, String)> {
    let listed = client.office_list(&CaseFilter::default());
    let of = |line: CaseListing<'_>| {
        let known = (line.name, line.summary.reference.clone());
        (line.participation, known)
    };
    listed.into_iter().map(of).collect()
}

fn reference_of(client: &Client, document: DocumentId) -> String {
    client
        .summary(document)
        .map(|summary| summary.reference.clone())
        .unwrap_or_default()
}

fn no_staff_key() -> Failure {
    own(
        "not_in_register",
        "Kontoret har ikke lagt deg inn i registeret ennå. Be kontoret om det, og synk på nytt.",
        "The office has not put you into the register yet. Ask for it, and sync again.",
    )
}

fn own_key(desk: &mut Desk) -> Result<StaffKey, Failure> {
    desk.read(Client::own_staff_key)?.ok_or_else(no_staff_key)
}

fn lines(
    client: &mut Client,
    names: &Names,
    met: Vec<Met>,
    proofs: &mut Proofs,
) -> Result<Vec<VisitLine>, Error> {
    met.into_iter()
        .map(|met| met.line(client, names, proofs))
        .collect()
}

fn timer_lines(client: &mut Client) -> Result<Vec<TimerLine>, Error> {
    let timers = client.timers()?;
    let cases = all_cases(client);
    let line = |timer: client::RunningTimer| {
        let about = timer.participations.first().copied();
        TimerLine {
            id: TimerId(timer.id.0),
            travel: timer.kind == TimerKind::Travel,
            case: about.map(case),
            who: about.and_then(|about| cases.get(&about)?.0.clone()),
            started: timer.started,
            stopped: timer.stopped,
        }
    };
    Ok(timers.into_iter().map(line).collect())
}

impl Answer<GetDay> for Desk {
    fn answer(&mut self, call: GetDay) -> Result<Day, Failure> {
        let key = self.read(Client::own_staff_key)?;
        self.read_with_names(|client, names| {
            let today = client.today();
            let day = call.day.unwrap_or(today);
            let met = match &key {
                Some(key) => client.day(key, day)?.iter().map(Met::of).collect(),
                None => Vec::new(),
            };
            Ok(Day {
                day,
                today,
                visits: lines(client, names, met, &mut Proofs::new())?,
                timers: timer_lines(client)?,
            })
        })
    }
}

impl Answer<GetUnconfirmed> for Desk {
    fn answer(&mut self, _: GetUnconfirmed) -> Result<Vec<VisitLine>, Failure> {
        let key = own_key(self)?;
        self.read_with_names(|client, names| {
            let today = client.today();
            let mut met: Vec<Met> = Vec::new();
            for back in 0..=UNCONFIRMED_DAYS {
                let day = client.day(&key, today.plus_days(-back))?;
                met.extend(day.iter().rev().map(Met::of));
            }
            met.retain(|met| {
                // Only a visit that the participant came to is the participant's to confirm.
                met.visit.outcome == Outcome::Attended && met.visit.with != With::Employer
            });
            let mut found = lines(client, names, met, &mut Proofs::new())?;
            found.retain(|line| {
                matches!(
                    line.proven,
                    Proven::Not | Proven::Changed | Proven::Disputed
                )
            });
            Ok(found)
        })
    }
}

impl Answer<GetWeek> for Desk {
    fn answer(&mut self, call: GetWeek) -> Result<Vec<DayOfWeek>, Failure> {
        let key = own_key(self)?;
        self.read_with_names(|client, names| {
            let today = client.today();
            let week = client.week(&key, call.day.unwrap_or(today))?;
            let week: Vec<(LocalDate, Vec<Met>)> = week
                .into_iter()
                .map(|(day, entries)| (day, entries.iter().map(Met::of).collect()))
                .collect();
            let mut proofs = Proofs::new();
            week.into_iter()
                .map(|(day, met)| {
                    Ok(DayOfWeek {
                        day,
                        today: day == today,
                        visits: lines(client, names, met, &mut proofs)?,
                    })
                })
                .collect()
        })
    }
}

impl Answer<GetCases> for Desk {
    fn answer(&mut self, call: GetCases) -> Result<Vec<CaseLine>, Failure> {
        let own = self.read(Client::own_staff_key)?;
        self.read_with_names(|client, names| {
            let today = client.today();
            let now = client.now();
            let filter = CaseFilter {
                statuses: match &call.status {
                    Some(code) => Status::from_code(code).into_iter().collect(),
                    None if call.mine => vec![Status::Waiting, Status::Active],
                    None => Vec::new(),
                },
                area: None,
                consultant: if call.mine { own } else { call.consultant },
                has_conflicts: call.conflicts,
                search: call.search,
            };
            let line = |listing: CaseListing<'_>| {
                let summary = listing.summary;
                let month = summary.minutes.months.get(&today.month());
                CaseLine {
                    case: case(listing.participation),
                    who: listing.name,
                    reference: summary.reference.clone(),
                    status: summary.status.code().to_owned(),
                    consultant: summary.consultant.as_ref().map(|key| names.member(key)),
                    start: summary.start,
                    end: summary.end,
                    last_met: summary.last_attended,
                    next: summary.next_planned(now),
                    visits: summary.visit_count,
                    conflicts: summary.conflict_count,
                    minutes: month.map_or(0, |month| month.attended.0),
                }
            };
            Ok(client.office_list(&filter).into_iter().map(line).collect())
        })
    }
}

/// What pages show by a word: every code of the lists that forms choose from.
fn words() -> Vec<(String, Words)> {
    let mut codes: Vec<String> = Vec::new();
    let mut all = |more: &[&'static str]| codes.extend(more.iter().map(|code| (*code).to_owned()));
    all(&MeetingForm::ALL
        .iter()
        .map(|v| v.code())
        .collect::<Vec<_>>());
    all(&With::ALL.iter().map(|v| v.code()).collect::<Vec<_>>());
    all(&Status::ALL.iter().map(|v| v.code()).collect::<Vec<_>>());
    all(&ContactChannel::ALL
        .iter()
        .map(|v| v.code())
        .collect::<Vec<_>>());
    all(&NoticeKind::ALL.iter().map(|v| v.code()).collect::<Vec<_>>());
    all(&NoticeChannel::ALL
        .iter()
        .map(|v| v.code())
        .collect::<Vec<_>>());
    all(&folge_core::domain::ReportKind::ALL
        .iter()
        .map(|v| v.code())
        .collect::<Vec<_>>());
    all(&folge_core::domain::EmploymentKind::ALL
        .iter()
        .map(|v| v.code())
        .collect::<Vec<_>>());
    all(&[
        "planned",
        "attended",
        "no_show",
        "moved",
        "cancelled",
        "excused",
    ]);
    all(&["cancelled:provider", "cancelled:participant"]);
    codes.extend(
        ABSENCES
            .iter()
            .map(|absence| Outcome::Excused(*absence).code()),
    );
    codes.sort_unstable();
    codes.dedup();
    codes
        .into_iter()
        .filter_map(|code| Some((code.clone(), both(code_words(&code)?))))
        .collect()
}

impl Answer<GetChoices> for Desk {
    fn answer(&mut self, _: GetChoices) -> Result<Choices, Failure> {
        let own = self.read(Client::own_staff_key)?;
        self.read_with_names(|client, names| {
            fn choices<K: ToString>(all: &BTreeMap<K, String>) -> Vec<Choice> {
                let mut found: Vec<Choice> = all
                    .iter()
                    .map(|(key, name)| Choice {
                        key: key.to_string(),
                        name: name.clone(),
                    })
                    .collect();
                found.sort_by(|a, b| a.name.cmp(&b.name));
                found
            }
            Ok(Choices {
                employers: choices(&names.employers),
                activities: choices(&names.activities),
                staff: choices(&names.staff),
                own,
                words: words(),
                today: client.today(),
                now: client.now(),
            })
        })
    }
}

// --- what is due ---

fn pressing(line: &client::CaseObligation, today: LocalDate) -> Pressing {
    let due = &line.obligation;
    match due.due {
        _ if due.state == ObligationState::Overdue => Pressing::Overdue,
        // What has no day waits for something else that can be done today.
        Some(day) if day <= today => Pressing::Today,
        _ if due.warns(today) => Pressing::Soon,
        _ => Pressing::Later,
    }
}

pub(super) fn due_line(line: client::CaseObligation, today: LocalDate) -> DueLine {
    let pressing = pressing(&line, today);
    let due = line.obligation;
    DueLine {
        case: case(line.participation),
        who: line.name,
        reference: line.reference,
        what: Words::of(|language| due.kind.text(language)),
        due: due.due,
        pressing,
        visit: due.about,
        tell_nav: due.kind == ObligationKind::AbsenceNotice,
        contact: due.kind == ObligationKind::ContactAttempts,
        source: due.kind.source().to_owned(),
    }
}

impl Answer<GetDue> for Desk {
    fn answer(&mut self, call: GetDue) -> Result<Vec<DueLine>, Failure> {
        let own = self.read(Client::own_staff_key)?;
        if call.mine && own.is_none() {
            return Ok(Vec::new());
        }
        self.read(|client| {
            let today = client.today();
            let mine = own.filter(|_| call.mine);
            let mut due: Vec<DueLine> = client
                .deadlines(mine.as_ref(), today)?
                .into_iter()
                .map(|line| due_line(line, today))
                .collect();
            due.sort_by_key(|line| line.pressing);
            Ok(due)
        })
    }
}

// --- timers ---

impl Answer<StartTimer> for Desk {
    fn answer(&mut self, call: StartTimer) -> Result<TimerId, Failure> {
        let kind = if call.travel {
            TimerKind::Travel
        } else {
            TimerKind::Visit
        };
        let cases: Vec<DocumentId> = call.cases.into_iter().map(document).collect();
        let id = self.write(|client| client.start_timer(kind, &cases))?;
        Ok(TimerId(id.0))
    }
}

impl Answer<StopTimer> for Desk {
    fn answer(&mut self, call: StopTimer) -> Result<Measured, Failure> {
        let stopped = self.write(|client| client.stop_timer(client::TimerId(call.id.0)))?;
        Ok(Measured {
            travel: stopped.kind == TimerKind::Travel,
            cases: stopped.participations.into_iter().map(case).collect(),
            records: stopped.records,
            start: stopped.start,
            end: stopped.end,
            clock_jumped: stopped.clock_jumped,
        })
    }
}

impl Answer<ClearTimer> for Desk {
    fn answer(&mut self, call: ClearTimer) -> Result<(), Failure> {
        self.write(|client| client.clear_timer(client::TimerId(call.id.0)))
    }
}

// --- recording ---

/// The times of a form: where its end is before its start, it ended the day after.
fn times(form: &VisitForm) -> (Instant, Instant) {
    let start = form.day.at_minute(form.start);
    let end_day = if form.end < form.start {
        form.day.plus_days(1)
    } else {
        form.day
    };
    (start, end_day.at_minute(form.end))
}

/// The measured times, as long as the form still says the same minutes.
fn exact(form: &VisitForm, measured: Option<(Instant, Instant)>) -> (Instant, Instant) {
    let (start, end) = times(form);
    let same = |typed: Instant, measured: Instant| {
        (0..MINUTE_MILLISECONDS).contains(&(measured.0 - typed.0))
    };
    match measured {
        Some((from, to)) if same(start, from) && same(end, to) => (from, to),
        _ => (start, end),
    }
}

fn visit_of(
    form: &VisitForm,
    id: RecordId,
    own: StaffKey,
    measured: Option<(Instant, Instant)>,
) -> Visit {
    let (start, end) = exact(form, measured);
    let mut consultants = vec![own];
    let others = form.colleagues.iter();
    consultants.extend(
        others
            .filter(|key| **key != consultants[0])
            .cloned()
            .collect::<Vec<_>>(),
    );
    Visit {
        id,
        start,
        end,
        form: form.form,
        with: form.with,
        consultants,
        employer: form.employer.clone(),
        activities: form.activities.clone(),
        outcome: form.outcome,
        planned: form.outcome == Outcome::Planned,
        group: None,
        note: form.note.clone(),
        agreed: form.agreed.clone(),
    }
}

fn trip_of(
    id: RecordId,
    minutes: u32,
    own: StaffKey,
    visits: Vec<RecordId>,
    meetings: u32,
) -> Trip {
    Trip {
        id,
        consultant: own,
        minutes: Minutes(minutes),
        start: None,
        end: None,
        visits,
        meetings,
    }
}

/// What was typed is recorded: its draft and its timers go.
fn done_with(client: &mut Client, draft: Option<&str>, timers: &[TimerId]) -> Result<(), Error> {
    for timer in timers {
        client.clear_timer(client::TimerId(timer.0))?;
    }
    match draft {
        Some(draft) => client.drop_draft(draft),
        None => Ok(()),
    }
}

impl Answer<RecordVisit> for Desk {
    fn answer(&mut self, call: RecordVisit) -> Result<Recorded, Failure> {
        let own = own_key(self)?;
        self.write(|client| {
            let about = document(call.case);
            let id = call.form.id.unwrap_or_else(|| client.new_record_id());
            let visit = visit_of(&call.form, id, own.clone(), call.measured);
            let mut written = vec![(call.case, RecordName::Visit(id))];
            let travel = call.form.travel.filter(|minutes| *minutes > 0);
            match (travel, call.reason) {
                // Outside the participation's days, with the reason; the travel follows.
                (_, Some(reason)) => {
                    client.record_because(about, Record::Visit(visit), reason)?;
                    if let Some(minutes) = travel {
                        let trip = client.new_record_id();
                        written.push((call.case, RecordName::Trip(trip)));
                        let trip = trip_of(trip, minutes, own, vec![id], 1);
                        client.record(about, Record::Trip(trip))?;
                    }
                }
                (Some(minutes), None) => {
                    let trip = client.new_record_id();
                    written.push((call.case, RecordName::Trip(trip)));
                    let trip = trip_of(trip, minutes, own, vec![id], 1);
                    let both = vec![(about, Record::Visit(visit)), (about, Record::Trip(trip))];
                    client.record_each(both)?;
                }
                (None, None) => client.record(about, Record::Visit(visit))?,
            }
            done_with(client, call.draft.as_deref(), &call.timers)?;
            Ok(Recorded { records: written })
        })
    }
}

fn visit_in(client: &mut Client, about: DocumentId, id: RecordId) -> Result<Visit, Error> {
    let page = client.participation(about)?;
    match page
        .records
        .get(&RecordRef::Visit(id))
        .map(|detail| &detail.row.record)
    {
        Some(Record::Visit(visit)) => Ok(visit.clone()),
        _ => Err(Error::UnknownDocument),
    }
}

impl Answer<GetVisit> for Desk {
    fn answer(&mut self, call: GetVisit) -> Result<VisitForm, Failure> {
        let own = self.read(Client::own_staff_key)?;
        self.read(|client| {
            let visit = visit_in(client, document(call.case), call.visit)?;
            let colleagues = visit
                .consultants
                .iter()
                .filter(|key| Some(*key) != own.as_ref());
            Ok(VisitForm {
                id: Some(visit.id),
                day: visit.start.date(),
                start: visit.start.minute_of_day(),
                end: visit.end.minute_of_day(),
                form: visit.form,
                with: visit.with,
                outcome: visit.outcome,
                employer: visit.employer.clone(),
                activities: visit.activities.clone(),
                colleagues: colleagues.cloned().collect(),
                note: visit.note,
                agreed: visit.agreed,
                travel: None,
            })
        })
    }
}

impl Answer<AmendVisit> for Desk {
    fn answer(&mut self, call: AmendVisit) -> Result<Recorded, Failure> {
        self.write(|client| {
            let about = document(call.case);
            let id = call.form.id.ok_or(Error::UnknownDocument)?;
            let before = visit_in(client, about, id)?;
            let mut consultants: Vec<StaffKey> = before
                .consultants
                .iter()
                .filter(|key| !call.form.colleagues.contains(key))
                .take(1)
                .cloned()
                .collect();
            consultants.extend(call.form.colleagues.iter().cloned());
            let measured = Some((before.start, before.end));
            let (start, end) = exact(&call.form, measured);
            let after = Visit {
                start,
                end,
                form: call.form.form,
                with: call.form.with,
                consultants,
                employer: call.form.employer.clone(),
                activities: call.form.activities.clone(),
                outcome: call.form.outcome,
                note: call.form.note.clone(),
                agreed: call.form.agreed.clone(),
                ..before
            };
            client.amend(about, Record::Visit(after), call.reason)?;
            let mut written = Vec::new();
            if let Some(minutes) = call.form.travel.filter(|minutes| *minutes > 0)
                && let Some(own) = client.own_staff_key()?
            {
                let trip = client.new_record_id();
                written.push((call.case, RecordName::Trip(trip)));
                let trip = trip_of(trip, minutes, own, vec![id], 1);
                client.record(about, Record::Trip(trip))?;
            }
            done_with(client, call.draft.as_deref(), &[])?;
            Ok(Recorded { records: written })
        })
    }
}

impl Answer<RecordGroup> for Desk {
    fn answer(&mut self, call: RecordGroup) -> Result<Recorded, Failure> {
        let own = own_key(self)?;
        self.write(|client| {
            let id = client.new_record_id();
            let attendees: Vec<Attendee> = call
                .attendees
                .iter()
                .map(|(participation, outcome)| Attendee {
                    participation: document(*participation),
                    record: client.new_record_id(),
                    outcome: *outcome,
                    note: String::new(),
                })
                .collect();
            let meeting = GroupMeeting {
                id: GroupMeetingId(id.0),
                common: visit_of(&call.form, id, own.clone(), None),
                attendees,
            };
            let written = client.record_group(&meeting)?;
            let mut names: Vec<_> = written
                .iter()
                .map(|(about, id)| (case(*about), RecordName::Visit(*id)))
                .collect();
            if let Some(minutes) = call.form.travel.filter(|minutes| *minutes > 0) {
                // One trip to all of them: each casefile knows how many meetings share it.
                let meetings = u32::try_from(written.len()).unwrap_or(u32::MAX);
                let mut trips = Vec::new();
                for (about, visit) in &written {
                    let trip = client.new_record_id();
                    names.push((case(*about), RecordName::Trip(trip)));
                    let trip = trip_of(trip, minutes, own.clone(), vec![*visit], meetings);
                    trips.push((*about, Record::Trip(trip)));
                }
                client.record_each(trips)?;
            }
            done_with(client, call.draft.as_deref(), &[])?;
            Ok(Recorded { records: names })
        })
    }
}

impl Answer<RecordContact> for Desk {
    fn answer(&mut self, call: RecordContact) -> Result<Recorded, Failure> {
        self.write(|client| {
            let id = client.new_record_id();
            let attempt = ContactAttempt {
                id,
                at: client.now(),
                channel: call.channel,
                reached: call.reached,
                consultant: client.own_staff_key()?,
                note: call.note,
            };
            client.record(document(call.case), Record::Contact(attempt))?;
            done_with(client, call.draft.as_deref(), &[])?;
            Ok(Recorded {
                records: vec![(call.case, RecordName::Contact(id))],
            })
        })
    }
}

impl Answer<RecordNote> for Desk {
    fn answer(&mut self, call: RecordNote) -> Result<Recorded, Failure> {
        self.write(|client| {
            let id = client.new_record_id();
            let note = Note {
                id,
                at: client.now(),
                text: call.text,
            };
            client.record(document(call.case), Record::Note(note))?;
            done_with(client, call.draft.as_deref(), &[])?;
            Ok(Recorded {
                records: vec![(call.case, RecordName::Note(id))],
            })
        })
    }
}

impl Answer<RecordNotice> for Desk {
    fn answer(&mut self, call: RecordNotice) -> Result<Recorded, Failure> {
        self.write(|client| {
            let id = client.new_record_id();
            let notice = Notice {
                id,
                kind: call.kind,
                at: client.now(),
                channel: call.channel,
                recipient: None,
                about: call.about,
                consultant: client.own_staff_key()?,
                text: call.text,
            };
            client.record(document(call.case), Record::Notice(notice))?;
            done_with(client, call.draft.as_deref(), &[])?;
            Ok(Recorded {
                records: vec![(call.case, RecordName::Notice(id))],
            })
        })
    }
}

const fn reference(name: RecordName) -> RecordRef {
    match name {
        RecordName::Visit(id) => RecordRef::Visit(id),
        RecordName::Trip(id) => RecordRef::Trip(id),
        RecordName::Contact(id) => RecordRef::Contact(id),
        RecordName::Note(id) => RecordRef::Note(id),
        RecordName::Notice(id) => RecordRef::Notice(id),
        RecordName::Confirmation(id) => RecordRef::Confirmation(id),
    }
}

impl Answer<Undo> for Desk {
    fn answer(&mut self, call: Undo) -> Result<(), Failure> {
        self.write(|client| {
            let all = call.records.into_iter();
            let all = all.map(|(about, record)| (document(about), reference(record)));
            client.void_each(all.collect(), "Angret med en gang.")
        })
    }
}

impl Answer<Void> for Desk {
    fn answer(&mut self, call: Void) -> Result<(), Failure> {
        self.write(|client| client.void(document(call.case), reference(call.record), call.reason))
    }
}
