//! What lists are made from: plain rows drawn out of a casefile, kept by the store so that a
//! list of hundreds of participations loads no document.
//!
//! A view is a function of the document's records alone: [`CaseView::update`] with the touched
//! records gives exactly what [`CaseView::rebuild`] gives.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::schema::{Record, RecordRef};
use super::{Document, RecordView};
use crate::contract::Case;
use crate::domain::{
    Instant, LocalDate, MinutesByMonth, Outcome, Participation, StaffKey, Status, Visit,
};

/// Raised whenever a projection's form or meaning changes, so that stored ones are rebuilt.
pub const PROJECTION_VERSION: u32 = 4;

/// One record of a casefile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordRow {
    /// The record.
    pub record: Record,
    /// Why it was voided, where it was.
    pub voided: Option<String>,
    /// Fields with several values, to be settled.
    pub conflicts: Vec<String>,
    /// Fields that cannot be read.
    pub damaged: Vec<String>,
    /// The device of the last change.
    pub changed_by: Option<[u8; 16]>,
    /// When that was by its clock, milliseconds since 1970.
    pub changed_ms: i64,
}

impl From<RecordView> for RecordRow {
    fn from(view: RecordView) -> Self {
        Self {
            record: view.record,
            voided: view.voided,
            conflicts: view
                .conflicts
                .into_iter()
                .map(|conflict| conflict.field)
                .collect(),
            damaged: view.damaged,
            changed_by: view.changed.map(|stamp| stamp.device.0),
            changed_ms: view.changed.map_or(0, |stamp| stamp.wall_ms),
        }
    }
}

/// What a list shows of a participation, and filters and searches by.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseSummary {
    /// The provider's own id.
    pub reference: String,
    /// Given name.
    pub first_name: String,
    /// Middle name.
    pub middle_name: Option<String>,
    /// Family name.
    pub last_name: String,
    /// Protected address: lists must not show the name; [`CaseListing`](super::CaseListing)
    /// sees to that.
    pub address_protected: bool,
    /// Whether the processing is restricted: lists say so, and nothing can be changed.
    pub restricted: bool,
    /// Whether the erasure is held back.
    pub erasure_hold: bool,
    /// The state.
    pub status: Status,
    /// The main consultant.
    pub consultant: Option<StaffKey>,
    /// Other consultants.
    pub co_consultants: Vec<StaffKey>,
    /// Service area.
    pub area: Option<String>,
    /// Municipality.
    pub municipality: Option<String>,
    /// First day.
    pub start: Option<LocalDate>,
    /// Last day.
    pub end: Option<LocalDate>,
    /// Visits that are not voided, planned ones included.
    pub visit_count: u32,
    /// Trips that are not voided.
    pub trip_count: u32,
    /// Reports that are not voided.
    pub report_count: u32,
    /// Contact attempts that are not voided.
    pub contact_count: u32,
    /// Fields to be settled, over all records.
    pub conflict_count: u32,
    /// Fields that cannot be read, over all records.
    pub damaged_count: u32,
    /// When the last visit began that the participant came to.
    pub last_attended: Option<Instant>,
    /// When the visits still planned begin, in order; some may be past and lack an outcome.
    pub planned: Vec<Instant>,
    /// Minutes by month.
    pub minutes: MinutesByMonth,
}

impl fmt::Debug for CaseSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CaseSummary")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

impl Default for CaseSummary {
    fn default() -> Self {
        Self::of(&Participation::new("", "", ""))
    }
}

impl CaseSummary {
    fn of(participation: &Participation) -> Self {
        Self {
            reference: participation.reference.clone(),
            first_name: participation.first_name.clone(),
            middle_name: participation.middle_name.clone(),
            last_name: participation.last_name.clone(),
            address_protected: participation.address_protected,
            restricted: participation.restricted.is_some(),
            erasure_hold: participation.erasure_hold.is_some(),
            status: participation.status,
            consultant: participation.consultant.clone(),
            co_consultants: participation.co_consultants.clone(),
            area: participation.area.clone(),
            municipality: participation.municipality.clone(),
            start: participation.start,
            end: participation.end,
            visit_count: 0,
            trip_count: 0,
            report_count: 0,
            contact_count: 0,
            conflict_count: 0,
            damaged_count: 0,
            last_attended: None,
            planned: Vec::new(),
            minutes: MinutesByMonth::default(),
        }
    }

    /// Whether `consultant` is the main or another consultant.
    #[must_use]
    pub fn has_consultant(&self, consultant: &StaffKey) -> bool {
        self.consultant.as_ref() == Some(consultant) || self.co_consultants.contains(consultant)
    }

    /// The first planned visit from `now` on.
    #[must_use]
    pub fn next_planned(&self, now: Instant) -> Option<Instant> {
        self.planned.iter().copied().find(|start| *start >= now)
    }
}

/// A casefile's summary and rows.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CaseView {
    /// What lists show.
    pub summary: CaseSummary,
    /// Every record, voided ones included.
    pub rows: BTreeMap<RecordRef, RecordRow>,
}

impl CaseView {
    /// Draws the view out of the whole document.
    #[must_use]
    pub fn rebuild(document: &Document) -> Self {
        let mut view = Self::default();
        view.update(document, &document.records());
        view
    }

    /// Brings the view up to date where `touched` records changed.
    pub fn update(&mut self, document: &Document, touched: &BTreeSet<RecordRef>) {
        for record in touched {
            match document.record(record) {
                Some(view) => {
                    self.rows.insert(record.clone(), view.into());
                }
                None => {
                    self.rows.remove(record);
                }
            }
        }
        self.summarise();
    }

    /// The participation.
    #[must_use]
    pub fn participation(&self) -> Option<&Participation> {
        match self.rows.get(&RecordRef::Participation)?.record {
            Record::Participation(ref participation) => Some(participation),
            _ => None,
        }
    }

    /// The records that stand, for the rules of the agreement; none before the participation is
    /// here.
    #[must_use]
    pub fn case(&self) -> Option<Case<'_>> {
        let mut case = Case::new(self.participation()?);
        for row in self.rows.values().filter(|row| row.voided.is_none()) {
            match &row.record {
                Record::Visit(visit) => case.visits.push(visit),
                Record::Report(report) => case.reports.push(report),
                Record::Contact(contact) => case.contacts.push(contact),
                Record::Employment(work) => case.employments.push(work),
                Record::Notice(notice) => case.notices.push(notice),
                Record::Proposal(proposal) => case.proposals.push(proposal),
                _ => {}
            }
        }
        Some(case)
    }

    /// The visits that are not voided.
    pub fn visits(&self) -> impl Iterator<Item = &Visit> {
        self.rows
            .values()
            .filter(|row| row.voided.is_none())
            .filter_map(|row| match &row.record {
                Record::Visit(visit) => Some(visit),
                _ => None,
            })
    }

    fn summarise(&mut self) {
        let mut summary = self
            .participation()
            .map_or_else(CaseSummary::default, CaseSummary::of);
        for row in self.rows.values() {
            let count = |entries: &[String]| u32::try_from(entries.len()).unwrap_or(u32::MAX);
            summary.conflict_count += count(&row.conflicts);
            summary.damaged_count += count(&row.damaged);
            if row.voided.is_some() {
                continue;
            }
            match &row.record {
                Record::Visit(visit) => {
                    summary.visit_count += 1;
                    summary.minutes.add_visit(visit);
                    match visit.outcome {
                        Outcome::Planned => summary.planned.push(visit.start),
                        Outcome::Attended => {
                            summary.last_attended = summary.last_attended.max(Some(visit.start));
                        }
                        _ => {}
                    }
                }
                Record::Trip(trip) => {
                    summary.trip_count += 1;
                    summary.minutes.add_trip(trip, |id| {
                        match &self.rows.get(&RecordRef::Visit(*id))?.record {
                            Record::Visit(visit) => Some(visit.start),
                            _ => None,
                        }
                    });
                }
                Record::Report(report) => {
                    summary.report_count += 1;
                    summary.minutes.add_report(report);
                }
                Record::Contact(_) => summary.contact_count += 1,
                _ => {}
            }
        }
        summary.planned.sort_unstable();
        self.summary = summary;
    }
}
