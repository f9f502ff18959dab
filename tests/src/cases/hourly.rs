//! `billing_hourly`: records of some participants, each in a casefile of its own, and what is
//! billed for each of them in each month.

use std::collections::{BTreeMap, BTreeSet};

use folge_core::contract::billing::{Case, Fact, Groups, hourly};
use folge_core::contract::claim::{Basis, Claim};
use folge_core::contract::terms::{AreaTerms, HourlyPrice, Pricing};
use folge_core::contract::{Agreement, Terms};
use folge_core::domain::visit::Attendee;
use folge_core::domain::{
    Area, GroupMeeting, GroupMeetingId, Instant, LocalDate, MeetingForm, Minutes, Month, Outcome,
    Participation, Report, ReportKind, Trip, Visit, With,
};
use folge_protocol::ids::DocumentId;
use serde::Deserialize;
use serde_json::Value;

use super::text;
use crate::caseload;
use crate::claims::figures;
use crate::provider::record_id;

const AGREEMENT: &str = "oppfolging";

#[derive(Deserialize)]
pub(super) struct Input {
    participants: Vec<Person>,
    prices: Vec<caseload::Price>,
    meetings: Vec<Meeting>,
    trips: Vec<Journey>,
    reports: Vec<caseload::Report>,
}

#[derive(Deserialize)]
struct Person {
    id: String,
    area: String,
    start: Option<String>,
    end: Option<String>,
}

#[derive(Deserialize)]
struct Meeting {
    id: String,
    start: String,
    end: String,
    form: String,
    with: String,
    consultants: Vec<String>,
    participants: Vec<caseload::Attendance>,
}

#[derive(Deserialize)]
struct Journey {
    id: String,
    #[serde(default)]
    consultant: Option<String>,
    minutes: u32,
    meetings: Vec<String>,
}

/// What one participant's casefile holds.
struct Casefile {
    id: DocumentId,
    participation: Participation,
    visits: Vec<Visit>,
    trips: Vec<Trip>,
    reports: Vec<Report>,
}

fn document(participant: &str) -> DocumentId {
    DocumentId(record_id("casefile", participant, "").0)
}

/// The built-in terms with the case's own areas and prices.
fn agreement(input: &Input) -> Result<Agreement, String> {
    let mut terms = Terms::oppfolging_agder().map_err(text)?;
    let areas = input.participants.iter().map(|person| &person.area);
    let areas: BTreeSet<&String> = areas.chain(input.prices.iter().map(|p| &p.area)).collect();
    terms.areas = areas
        .into_iter()
        .map(|area| {
            let places = AreaTerms {
                municipalities: Vec::new(),
                places_min: 0,
                places_max: 100,
                delivery: Vec::new(),
            };
            (Area(area.clone()), places)
        })
        .collect();
    let mut first: Option<LocalDate> = None;
    if let Pricing::Hourly(hourly) = &mut terms.pricing {
        for price in &input.prices {
            let from: LocalDate = price.from.parse().map_err(text)?;
            first = first.into_iter().chain([from]).min();
            hourly.prices.push(HourlyPrice {
                area: Area(price.area.clone()),
                from,
                hourly_ore: price.hourly_ore,
            });
        }
    }
    let from = first.ok_or("there is no price")?;
    let agreement = Agreement::new(AGREEMENT.into(), from, terms);
    agreement.check_terms().map_err(text)?;
    Ok(agreement)
}

fn visits(meeting: &Meeting) -> Result<Vec<(String, Visit)>, String> {
    let id = |participant: &str| record_id("meeting", &meeting.id, participant);
    let first = meeting.participants.first().ok_or("nobody in a meeting")?;
    let outcome = |attendance: &caseload::Attendance| {
        Outcome::from_code(&attendance.outcome).ok_or("an unknown outcome")
    };
    let common = Visit {
        id: id(&first.id),
        start: Instant::parse(&meeting.start).map_err(text)?,
        end: Instant::parse(&meeting.end).map_err(text)?,
        form: MeetingForm::from_code(&meeting.form).ok_or("an unknown form")?,
        with: With::from_code(&meeting.with).ok_or("an unknown kind of meeting")?,
        consultants: meeting
            .consultants
            .iter()
            .map(|c| c.as_str().into())
            .collect(),
        employer: None,
        activities: Vec::new(),
        outcome: outcome(first)?,
        planned: false,
        group: None,
        note: String::new(),
        agreed: String::new(),
    };
    if let [only] = meeting.participants.as_slice() {
        common.validate().map_err(text)?;
        return Ok(vec![(only.id.clone(), common)]);
    }
    let mut attendees = Vec::new();
    for attendance in &meeting.participants {
        attendees.push(Attendee {
            participation: document(&attendance.id),
            record: id(&attendance.id),
            outcome: outcome(attendance)?,
            note: String::new(),
        });
    }
    let group = GroupMeeting {
        id: GroupMeetingId(record_id("group", &meeting.id, "").0),
        common,
        attendees,
    };
    let split = group.split().map_err(text)?;
    let names = meeting.participants.iter().map(|p| p.id.clone());
    Ok(names
        .zip(split.into_iter().map(|(_, visit)| visit))
        .collect())
}

fn casefiles(input: &Input) -> Result<BTreeMap<String, Casefile>, String> {
    let mut cases = BTreeMap::new();
    for person in &input.participants {
        let mut participation = Participation::new(&person.id, "Test", "Testesen");
        let date = |text: &Option<String>| text.as_ref().map(|text| text.parse()).transpose();
        participation.area = Some(person.area.clone());
        participation.agreement = Some(AGREEMENT.into());
        participation.start = date(&person.start).map_err(text)?;
        participation.end = date(&person.end).map_err(text)?;
        let casefile = Casefile {
            id: document(&person.id),
            participation,
            visits: Vec::new(),
            trips: Vec::new(),
            reports: Vec::new(),
        };
        cases.insert(person.id.clone(), casefile);
    }
    let unknown = "names a participant that is not there";
    for meeting in &input.meetings {
        for (participant, visit) in visits(meeting)? {
            cases
                .get_mut(&participant)
                .ok_or(unknown)?
                .visits
                .push(visit);
        }
    }
    for journey in &input.trips {
        let mut own: BTreeMap<&str, Vec<_>> = BTreeMap::new();
        for id in &journey.meetings {
            let meeting = input.meetings.iter().find(|meeting| meeting.id == *id);
            for person in &meeting.ok_or("a trip to an unknown meeting")?.participants {
                let visit = record_id("meeting", id, &person.id);
                own.entry(&person.id).or_default().push(visit);
            }
        }
        for (participant, visits) in own {
            let trip = Trip {
                id: record_id("trip", &journey.id, participant),
                consultant: journey.consultant.as_deref().unwrap_or("consultant").into(),
                minutes: Minutes(journey.minutes),
                start: None,
                end: None,
                visits,
                meetings: u32::try_from(journey.meetings.len()).map_err(text)?,
            };
            trip.validate().map_err(text)?;
            cases.get_mut(participant).ok_or(unknown)?.trips.push(trip);
        }
    }
    for (n, written) in input.reports.iter().enumerate() {
        // Reports of the office are no participant's; a casefile could only call them others.
        let kind = match written.kind.as_str() {
            "evaluation" | "result" => Some(ReportKind::Other),
            code => ReportKind::from_code(code),
        };
        let kind = kind.ok_or("an unknown kind of report")?;
        let id = record_id("report", &n.to_string(), &written.participant);
        let delivered = written.delivered.as_ref().map(|text| text.parse());
        let report = Report {
            minutes: Minutes(written.minutes),
            delivered: delivered.transpose().map_err(text)?,
            ..Report::new(id, kind)
        };
        report.validate().map_err(text)?;
        let case = cases.get_mut(&written.participant).ok_or(unknown)?;
        case.reports.push(report);
    }
    Ok(cases)
}

/// Bills the case by the product's own functions, each month as a claim.
pub(super) fn run(input: &Input) -> Result<Value, String> {
    let agreement = agreement(input)?;
    let files = casefiles(input)?;
    let cases: Vec<Case<'_>> = files
        .values()
        .map(|file| Case {
            visits: file.visits.iter().map(Fact::sure).collect(),
            trips: file.trips.iter().map(Fact::sure).collect(),
            reports: file.reports.iter().map(Fact::sure).collect(),
            ..Case::new(file.id, &file.participation)
        })
        .collect();
    let groups = Groups::of(&cases);
    let months: BTreeSet<Month> = cases
        .iter()
        .flat_map(|case| {
            hourly::bill(case, &groups, &agreement)
                .quarters()
                .into_keys()
        })
        .collect();
    let names: BTreeMap<DocumentId, &String> =
        files.iter().map(|(name, file)| (file.id, name)).collect();
    let mut found: BTreeMap<&String, BTreeMap<String, Value>> = BTreeMap::new();
    for month in months {
        let basis = Basis {
            agreement: &agreement,
            cases: &cases,
            approved: &[],
            unseen: 0,
            of: None,
            parts: &[],
        };
        let claim = Claim::draw(basis, month).map_err(text)?;
        for case in claim.cases.iter().filter(|case| !case.entries.is_empty()) {
            let name = names
                .get(&case.participation)
                .ok_or("an unknown casefile")?;
            let figures = figures(case.quarters(), case.amount_ore());
            found
                .entry(name)
                .or_default()
                .insert(month.to_string(), figures);
        }
    }
    serde_json::to_value(found).map_err(text)
}
