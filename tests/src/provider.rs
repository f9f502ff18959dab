//! Turns a caseload into what the core records, and does it on clients as the people would.

use std::collections::{BTreeMap, BTreeSet};

use folge_core::client::{Client, NewParticipation};
use folge_core::contract::terms::{HourlyPrice, Pricing};
use folge_core::contract::{Agreement, Terms};
use folge_core::document::Record;
use folge_core::domain::participation::NationalId;
use folge_core::domain::visit::Attendee;
use folge_core::domain::{
    Area, DomainError, Employer, GroupMeeting, GroupMeetingId, Instant, LocalDate, MeetingForm,
    Minutes, Outcome, Participation, Provider, RecordId, Report, ReportKind, StaffKey, StaffMember,
    Status, Trip, Visit, With,
};
use folge_protocol::ids::{DocumentId, PersonId};
use sha2::{Digest, Sha256};

use crate::caseload::{Caseload, CaseloadError, Contract};

/// One thing that a consultant records.
#[derive(Debug, Clone)]
pub enum Work {
    /// A meeting with one participant.
    Visit {
        /// The participant's key.
        participant: String,
        /// The visit.
        visit: Visit,
    },
    /// A meeting with several.
    Group {
        /// The participants' keys, in the order of the attendees.
        participants: Vec<String>,
        /// The meeting; its attendees' casefiles are filled in when it is recorded.
        meeting: GroupMeeting,
    },
    /// Travel, as it stands in each participant's casefile.
    Trip(Vec<(String, Trip)>),
    /// Report writing.
    Report {
        /// The participant's key.
        participant: String,
        /// The report.
        report: Report,
    },
}

impl Work {
    /// The participants that it is about.
    #[must_use]
    pub fn participants(&self) -> Vec<&str> {
        match self {
            Self::Visit { participant, .. } | Self::Report { participant, .. } => vec![participant],
            Self::Group { participants, .. } => participants.iter().map(String::as_str).collect(),
            Self::Trip(trips) => trips
                .iter()
                .map(|(participant, _)| participant.as_str())
                .collect(),
        }
    }
}

/// A caseload as plain domain values.
#[derive(Debug)]
pub struct Plan {
    /// The provider.
    pub provider: Provider,
    /// Its agreements.
    pub agreements: Vec<Agreement>,
    /// Its employers.
    pub employers: Vec<Employer>,
    /// Its consultants: key, name, position.
    pub staff: Vec<StaffMember>,
    /// Participations by key, with the keys of all who work with them.
    pub participations: Vec<(String, Participation, BTreeSet<String>)>,
    /// What each consultant records, in the order of the files.
    pub work: BTreeMap<String, Vec<Work>>,
}

/// A stable record id out of the files' keys, so that a trip can name a meeting's record.
pub(crate) fn record_id(kind: &str, key: &str, participant: &str) -> RecordId {
    let hash = Sha256::digest(format!("{kind}\0{key}\0{participant}"));
    let mut id = [0; 16];
    id.copy_from_slice(&hash[..16]);
    RecordId(id)
}

struct Line {
    file: &'static str,
    line: usize,
}

impl Line {
    fn value<T>(&self, value: Result<T, DomainError>) -> Result<T, CaseloadError> {
        value.map_err(|cause| CaseloadError::Value {
            file: self.file,
            line: self.line,
            cause,
        })
    }
    fn some<T>(&self, what: &'static str, value: Option<T>) -> Result<T, CaseloadError> {
        value.ok_or(CaseloadError::Dangling {
            file: self.file,
            line: self.line,
            what,
        })
    }
    /// The built-in terms of *Oppfølging* with the provider's own areas and prices.
    fn agreement(&self, contract: &Contract) -> Result<Agreement, CaseloadError> {
        let known = (contract.price_model == "hourly").then(Terms::oppfolging_agder);
        let mut terms = self.some("price model", known.and_then(Result::ok))?;
        terms.measure.clone_from(&contract.measure);
        let mut areas = BTreeMap::new();
        for (area, municipalities) in &contract.areas {
            let area = Area(area.clone());
            let mut own = self.some("service area", terms.areas.remove(&area))?;
            own.municipalities.clone_from(municipalities);
            areas.insert(area, own);
        }
        terms.areas = areas;
        if let Pricing::Hourly(hourly) = &mut terms.pricing {
            for price in &contract.prices {
                hourly.prices.push(HourlyPrice {
                    area: Area(price.area.clone()),
                    from: self.value(price.from.parse())?,
                    hourly_ore: price.hourly_ore,
                });
            }
        }
        let first = contract.prices.iter().map(|price| price.from.parse());
        let from = self.some("price", first.flatten().min())?;
        let agreement = Agreement::new(contract.id.as_str().into(), from, terms);
        self.value(agreement.validate())?;
        Ok(agreement)
    }
    fn date(&self, text: Option<&String>) -> Result<Option<LocalDate>, CaseloadError> {
        text.map(|text| self.value(text.parse())).transpose()
    }
}

impl Plan {
    /// Reads a caseload's meaning; every reference and value is checked.
    /// # Errors
    /// Which line names something unknown, or cannot be recorded.
    pub fn of(caseload: &Caseload) -> Result<Self, CaseloadError> {
        let organisation = &caseload.organisation;
        let line = Line {
            file: "organisation.json",
            line: 1,
        };
        let mut agreements = Vec::new();
        for contract in &organisation.contracts {
            agreements.push(line.agreement(contract)?);
        }
        let employers = organisation.employers.iter().map(|employer| Employer {
            key: employer.id.as_str().into(),
            name: employer.name.clone(),
            area: employer.area.clone(),
            municipality: employer.municipality.clone(),
            contact: employer.contact.clone(),
        });
        let staff = organisation
            .consultants
            .iter()
            .map(|consultant| StaffMember {
                key: consultant.id.as_str().into(),
                name: consultant.name.clone(),
                person: None,
                position_percent: consultant.position_percent,
            });
        let mut plan = Self {
            provider: Provider {
                name: organisation.name.clone(),
                org_number: organisation.org_number.clone(),
            },
            agreements,
            employers: employers.collect(),
            staff: staff.collect(),
            participations: Vec::new(),
            work: organisation
                .consultants
                .iter()
                .map(|c| (c.id.clone(), Vec::new()))
                .collect(),
        };
        let known: BTreeMap<&str, &str> = caseload
            .participants
            .iter()
            .map(|p| (p.id.as_str(), p.consultant.as_str()))
            .collect();
        let mut teams: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        plan.take_meetings(caseload, &known, &mut teams)?;
        plan.take_trips(caseload)?;
        plan.take_reports(caseload, &known)?;
        plan.take_participants(caseload, &mut teams)?;
        Ok(plan)
    }

    fn take_meetings<'a>(
        &mut self,
        caseload: &'a Caseload,
        known: &BTreeMap<&str, &str>,
        teams: &mut BTreeMap<&'a str, BTreeSet<String>>,
    ) -> Result<(), CaseloadError> {
        for (n, meeting) in caseload.meetings.iter().enumerate() {
            let line = Line {
                file: "meetings.jsonl",
                line: n + 1,
            };
            let recorder = line.some("consultant", meeting.consultants.first())?;
            let mut attendees = Vec::new();
            for attendance in &meeting.participants {
                line.some("participant", known.get(attendance.id.as_str()))?;
                teams
                    .entry(&attendance.id)
                    .or_default()
                    .extend(meeting.consultants.iter().cloned());
                attendees.push(Attendee {
                    participation: DocumentId([0; 16]),
                    record: record_id("meeting", &meeting.id, &attendance.id),
                    outcome: line.some("outcome", Outcome::from_code(&attendance.outcome))?,
                    note: String::new(),
                });
            }
            let first = line.some("participant", attendees.first())?.clone();
            let common = Visit {
                id: first.record,
                start: line.value(Instant::parse(&meeting.start))?,
                end: line.value(Instant::parse(&meeting.end))?,
                form: line.some("form", MeetingForm::from_code(&meeting.form))?,
                with: line.some("kind of meeting", With::from_code(&meeting.with))?,
                consultants: meeting
                    .consultants
                    .iter()
                    .map(|c| c.as_str().into())
                    .collect(),
                employer: meeting.employer.as_deref().map(Into::into),
                activities: meeting.activities.clone(),
                outcome: first.outcome,
                planned: false,
                group: None,
                note: meeting.note.clone(),
                agreed: String::new(),
            };
            let participants: Vec<String> =
                meeting.participants.iter().map(|p| p.id.clone()).collect();
            let work = match participants.as_slice() {
                [participant] => Work::Visit {
                    participant: participant.clone(),
                    visit: common,
                },
                _ => {
                    let id = GroupMeetingId(record_id("group", &meeting.id, "").0);
                    Work::Group {
                        participants,
                        meeting: GroupMeeting {
                            id,
                            common,
                            attendees,
                        },
                    }
                }
            };
            line.some("consultant", self.work.get_mut(recorder))?
                .push(work);
        }
        Ok(())
    }

    fn take_trips(&mut self, caseload: &Caseload) -> Result<(), CaseloadError> {
        let meetings: BTreeMap<&str, Vec<&str>> = caseload
            .meetings
            .iter()
            .map(|m| {
                (
                    m.id.as_str(),
                    m.participants.iter().map(|p| p.id.as_str()).collect(),
                )
            })
            .collect();
        for (n, trip) in caseload.trips.iter().enumerate() {
            let line = Line {
                file: "trips.jsonl",
                line: n + 1,
            };
            let mut by_participant: BTreeMap<&str, Vec<RecordId>> = BTreeMap::new();
            for meeting in &trip.meetings {
                for participant in line.some("meeting", meetings.get(meeting.as_str()))? {
                    let visit = record_id("meeting", meeting, participant);
                    by_participant.entry(participant).or_default().push(visit);
                }
            }
            let trips = by_participant.into_iter().map(|(participant, visits)| {
                let value = Trip {
                    id: record_id("trip", &trip.id, participant),
                    consultant: trip.consultant.as_str().into(),
                    minutes: Minutes(trip.minutes),
                    start: None,
                    end: None,
                    visits,
                    meetings: u32::try_from(trip.meetings.len()).unwrap_or(u32::MAX),
                };
                (participant.to_owned(), value)
            });
            let work = Work::Trip(trips.collect());
            line.some("consultant", self.work.get_mut(&trip.consultant))?
                .push(work);
        }
        Ok(())
    }

    fn take_reports(
        &mut self,
        caseload: &Caseload,
        known: &BTreeMap<&str, &str>,
    ) -> Result<(), CaseloadError> {
        for (n, report) in caseload.reports.iter().enumerate() {
            let line = Line {
                file: "reports.jsonl",
                line: n + 1,
            };
            let consultant = line.some("participant", known.get(report.participant.as_str()))?;
            let id = record_id("report", &n.to_string(), &report.participant);
            let kind = line.some("kind of report", ReportKind::from_code(&report.kind))?;
            let value = Report {
                minutes: Minutes(report.minutes),
                delivered: line.date(report.delivered.as_ref())?,
                consultant: Some(StaffKey::from(*consultant)),
                ..Report::new(id, kind)
            };
            let work = Work::Report {
                participant: report.participant.clone(),
                report: value,
            };
            line.some("consultant", self.work.get_mut(*consultant))?
                .push(work);
        }
        Ok(())
    }

    fn take_participants(
        &mut self,
        caseload: &Caseload,
        teams: &mut BTreeMap<&str, BTreeSet<String>>,
    ) -> Result<(), CaseloadError> {
        for (n, person) in caseload.participants.iter().enumerate() {
            let line = Line {
                file: "participants.jsonl",
                line: n + 1,
            };
            line.some("consultant", self.work.get(&person.consultant))?;
            let mut value = Participation::new(&person.id, &person.first_name, &person.last_name);
            value.middle_name.clone_from(&person.middle_name);
            value.national_id = Some(line.value(NationalId::new(&person.national_id))?);
            value.born = Some(line.value(person.born.parse())?);
            value.phone.clone_from(&person.phone);
            value.area = Some(person.area.clone());
            value.municipality = Some(person.municipality.clone());
            value.nav_office = Some(person.nav_office.clone());
            value.nav_adviser = Some(person.nav_adviser.clone());
            value.ordered = line.date(person.ordered.as_ref())?;
            value.start = line.date(person.start.as_ref())?;
            value.end = line.date(person.end.as_ref())?;
            value.employed_at_referral = person.employed_at_referral;
            value.reduced_work_capacity = person.reduced_work_capacity;
            value.address_protected = person.address_protected;
            value.order = Some(person.order.clone());
            value.agreement = caseload
                .organisation
                .contracts
                .first()
                .map(|c| c.id.as_str().into());
            value.status = match (value.start, value.end) {
                (_, Some(_)) => Status::Ended,
                (Some(_), None) => Status::Active,
                (None, None) => Status::Waiting,
            };
            let mut team = teams.remove(person.id.as_str()).unwrap_or_default();
            team.remove(&person.consultant);
            value.consultant = Some(person.consultant.as_str().into());
            value.co_consultants = team.iter().map(|key| key.as_str().into()).collect();
            team.insert(person.consultant.clone());
            line.value(value.validate())?;
            self.participations.push((person.id.clone(), value, team));
        }
        Ok(())
    }

    /// What the office does first: fills the register and makes the participations.
    /// # Errors
    /// The core's.
    pub fn set_up(
        &self,
        office: &mut Client,
        persons: &BTreeMap<String, PersonId>,
    ) -> Result<BTreeMap<String, DocumentId>, folge_core::Error> {
        // The sample's people are synthetic.
        office.set_test_mode(true);
        let staff = self.staff.iter().map(|member| StaffMember {
            person: persons.get(&member.key.0).copied(),
            ..member.clone()
        });
        office.put_register(
            Some(self.provider.clone()),
            self.agreements.clone(),
            self.employers.clone(),
            staff.collect(),
        )?;
        let new: Vec<NewParticipation> = self
            .participations
            .iter()
            .map(|(_, participation, team)| NewParticipation {
                participation: participation.clone(),
                consultants: team
                    .iter()
                    .filter_map(|key| persons.get(key).copied())
                    .collect(),
            })
            .collect();
        let made = office.create_participations(&new)?;
        Ok(self
            .participations
            .iter()
            .map(|(key, ..)| key.clone())
            .zip(made)
            .collect())
    }
}

/// Records one thing on a consultant's client.
/// # Errors
/// The core's; `exists` where it was recorded before (a retry after a crash).
pub fn perform(
    client: &mut Client,
    work: &Work,
    documents: &BTreeMap<String, DocumentId>,
) -> Result<(), folge_core::Error> {
    let of = |participant: &str| {
        documents
            .get(participant)
            .copied()
            .ok_or(folge_core::Error::UnknownDocument)
    };
    match work {
        Work::Visit { participant, visit } => {
            client.record(of(participant)?, Record::Visit(visit.clone()))
        }
        Work::Group {
            participants,
            meeting,
        } => {
            let mut meeting = meeting.clone();
            for (attendee, participant) in meeting.attendees.iter_mut().zip(participants) {
                attendee.participation = of(participant)?;
            }
            client.record_group(&meeting).map(drop)
        }
        Work::Trip(trips) => {
            let mut records = Vec::new();
            for (participant, trip) in trips {
                records.push((of(participant)?, Record::Trip(trip.clone())));
            }
            client.record_each(records)
        }
        Work::Report {
            participant,
            report,
        } => client.record_delivered_elsewhere(of(participant)?, report.clone()),
    }
}
