//! Queries: what people see. Lists come from summaries alone; a participation's page from its
//! rows; only its history loads the document.

use std::collections::{BTreeMap, BTreeSet};

use folge_protocol::codec::Decode;
use folge_protocol::ids::{DeviceId, DocumentId, PersonId};
use folge_protocol::membership::{Membership, Role};

use super::Client;
use crate::document::{
    self, CaseFilter, CaseListing, CaseSummary, CaseView, Conflict, DayEntry, HistoryEntry, Record,
    RecordRef, RecordRow,
};
use crate::domain::text::pick;
use crate::domain::{Language, LocalDate, MinutesByMonth, StaffKey};
use crate::error::{Error, ErrorClass};
use crate::sync::{Replica, TimeGrade, record_key};

/// Where a record is. The user always sees which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RecordState {
    /// Saved on this phone (*lagret på telefonen*).
    SavedHere,
    /// Stored by the relay (*levert*).
    Stored,
    /// Read by the office (*lest av kontoret*).
    ReadByOffice,
}

impl RecordState {
    /// What the user reads beside a record.
    #[must_use]
    pub const fn text(self, language: Language) -> &'static str {
        let both = match self {
            Self::SavedHere => ("lagret på telefonen", "saved on this phone"),
            Self::Stored => ("levert", "delivered"),
            Self::ReadByOffice => ("lest av kontoret", "read by the office"),
        };
        pick(both, language)
    }
}

/// A record on a participation's page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordDetail {
    /// The record.
    pub row: RecordRow,
    /// Where its last change is.
    pub state: RecordState,
}

/// A participation's page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParticipationDetail {
    /// Every record, voided ones included.
    pub records: BTreeMap<RecordRef, RecordDetail>,
    /// Minutes by month.
    pub minutes: MinutesByMonth,
}

/// A line of a participation's history: who changed what, when, from which device, how sure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryLine {
    /// What was changed, with the device and its claimed time.
    pub entry: HistoryEntry,
    /// Whose device it is.
    pub person: Option<PersonId>,
    /// That person's role now.
    pub role: Option<Role>,
    /// How sure the time is.
    pub time: TimeGrade,
}

/// Sums over all that this device can read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sums {
    /// Participations.
    pub participations: usize,
    /// Visits that are not voided.
    pub visits: u64,
    /// Trips that are not voided.
    pub trips: u64,
    /// Reports that are not voided.
    pub reports: u64,
    /// Fields with several values.
    pub conflicts: u64,
}

/// The workspace at a glance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkspaceOverview {
    /// Persons who are in, with their roles.
    pub persons: BTreeMap<PersonId, Role>,
    /// Devices that are in, with whose they are.
    pub devices: BTreeMap<DeviceId, PersonId>,
}

impl Client {
    /// The office's list over all participations, filtered and searched, by family name.
    #[must_use]
    pub fn office_list(&self, filter: &CaseFilter) -> Vec<CaseListing<'_>> {
        document::office_list(
            self.replica
                .summaries()
                .iter()
                .map(|(id, case)| (*id, case)),
            filter,
        )
    }

    /// A consultant's caseload: the participations waiting or active, by family name.
    #[must_use]
    pub fn caseload(&self, consultant: &StaffKey) -> Vec<CaseListing<'_>> {
        let cases = self
            .replica
            .summaries()
            .iter()
            .map(|(id, case)| (*id, case));
        document::caseload(cases, consultant)
    }

    /// A consultant's visits of a day in Oslo, by start.
    /// # Errors
    /// [`Error::Store`].
    pub fn day(
        &mut self,
        consultant: &StaffKey,
        date: LocalDate,
    ) -> Result<Vec<DayEntry<'_>>, Error> {
        let views = self.replica.load_views_of(Some(consultant))?;
        Ok(document::day(views, consultant, date))
    }

    /// A consultant's visits of the ISO week that a date lies in, Monday first.
    /// # Errors
    /// [`Error::Store`].
    pub fn week(
        &mut self,
        consultant: &StaffKey,
        date: LocalDate,
    ) -> Result<BTreeMap<LocalDate, Vec<DayEntry<'_>>>, Error> {
        let views: Vec<_> = self.replica.load_views_of(Some(consultant))?.collect();
        Ok(document::week(views.iter().copied(), consultant, date))
    }

    /// What lists show of a participation; none for one that is not here.
    #[must_use]
    pub fn summary(&self, document: DocumentId) -> Option<&CaseSummary> {
        self.replica.summaries().get(&document)
    }

    /// Minutes per month of a participation.
    /// # Errors
    /// [`Error::UnknownDocument`].
    pub fn minutes(&self, document: DocumentId) -> Result<&MinutesByMonth, Error> {
        let summary = self
            .replica
            .summaries()
            .get(&document)
            .ok_or(Error::UnknownDocument)?;
        Ok(&summary.minutes)
    }

    /// A participation's page: every record, and where each stands.
    /// # Errors
    /// [`Error::UnknownDocument`], [`Error::Store`].
    pub fn participation(&mut self, document: DocumentId) -> Result<ParticipationDetail, Error> {
        if !self.replica.summaries().contains_key(&document) {
            return Err(Error::UnknownDocument);
        }
        self.note_opening(document)?;
        let view = self.replica.load_view(document)?.clone();
        let mut records = BTreeMap::new();
        for (record, row) in view.rows {
            let state = self.record_state(document, &record)?;
            records.insert(record, RecordDetail { row, state });
        }
        Ok(ParticipationDetail {
            records,
            minutes: view.summary.minutes,
        })
    }

    /// The conflicts of a record: the fields with several values, and who wrote each.
    /// # Errors
    /// [`Error::UnknownDocument`], [`Error::Store`].
    pub fn conflicts(
        &mut self,
        document: DocumentId,
        record: &RecordRef,
    ) -> Result<Vec<Conflict>, Error> {
        let view = self.replica.document(document)?.record(record);
        Ok(view.map(|view| view.conflicts).unwrap_or_default())
    }

    /// A participation's history: who changed what, when, from which device, how sure.
    /// # Errors
    /// [`Error::UnknownDocument`], [`Error::Store`].
    pub fn history(&mut self, document: DocumentId) -> Result<Vec<HistoryLine>, Error> {
        self.note_opening(document)?;
        self.history_unnoted(document)
    }

    pub(super) fn history_unnoted(
        &mut self,
        document: DocumentId,
    ) -> Result<Vec<HistoryLine>, Error> {
        let grades = self.replica.time_grades(document)?;
        let history = self.replica.document(document)?.history();
        let log = self.replica.log()?;
        let lines = history.into_iter().map(|entry| {
            let person = log.devices().get(&entry.device).map(|device| device.person);
            let role = person
                .and_then(|person| log.persons().get(&person))
                .map(|p| p.role);
            let (jumped, after, before) = grades
                .get(&entry.hash.0)
                .copied()
                .unwrap_or((false, None, None));
            let time = TimeGrade::of(entry.wall_ms, jumped, after, before);
            HistoryLine {
                entry,
                person,
                role,
                time,
            }
        });
        Ok(lines.collect())
    }

    /// Where a record's last change is.
    /// # Errors
    /// [`Error::Store`].
    pub fn record_state(
        &self,
        document: DocumentId,
        record: &RecordRef,
    ) -> Result<RecordState, Error> {
        self.replica.record_state(document, record)
    }

    /// Sums over all participations that this device can read.
    #[must_use]
    pub fn sums(&self) -> Sums {
        let mut sums = Sums::default();
        for case in self.replica.summaries().values() {
            sums.participations += 1;
            sums.visits += u64::from(case.visit_count);
            sums.trips += u64::from(case.trip_count);
            sums.reports += u64::from(case.report_count);
            sums.conflicts += u64::from(case.conflict_count);
        }
        sums
    }

    /// The register's records: provider, agreements, employers, staff.
    /// # Errors
    /// [`Error::UnknownDocument`], [`Error::Store`].
    pub fn register(&mut self) -> Result<Vec<document::RecordView>, Error> {
        let log = self.replica.log()?;
        let register = log.register();
        if !log.may_read(self.device(), register) {
            return Err(Error::NotAllowed);
        }
        let document = self.replica.document(register)?;
        let records: BTreeSet<RecordRef> = document.records();
        Ok(records
            .iter()
            .filter_map(|record| document.record(record))
            .collect())
    }

    /// Who the person of this device is in the register; none for those who read no register, and
    /// where nobody said so.
    /// # Errors
    /// [`Error::Store`], [`Error::Unreadable`].
    pub fn own_staff_key(&mut self) -> Result<Option<StaffKey>, Error> {
        let person = self.identity().person;
        let rows = match self.register() {
            Ok(rows) => rows,
            Err(error) if error.class() == ErrorClass::Damaged => return Err(error),
            // Participants read none, and newcomers have none yet.
            Err(_) => return Ok(None),
        };
        Ok(rows.into_iter().find_map(|row| match row.record {
            Record::Staff(member) if member.person == Some(person) => Some(member.key),
            _ => None,
        }))
    }

    /// The membership log's sum, this device's own pending entries included: who is in, with which
    /// rights, and what was erased.
    /// # Errors
    /// [`Error::BadInvitation`] before a joining device has fetched the log.
    pub fn membership(&self) -> Result<&Membership, Error> {
        self.replica.log()
    }

    /// Who is in the workspace.
    /// # Errors
    /// [`Error::BadInvitation`] before a joining device has fetched the log.
    pub fn overview(&self) -> Result<WorkspaceOverview, Error> {
        let log = self.replica.log()?;
        let persons = log
            .persons()
            .iter()
            .filter(|(_, state)| state.revoked.is_none());
        let devices = log
            .devices()
            .keys()
            .filter_map(|id| log.active_device(*id).map(|d| (*id, d)));
        Ok(WorkspaceOverview {
            persons: persons.map(|(id, state)| (*id, state.role)).collect(),
            devices: devices.map(|(id, state)| (id, state.person)).collect(),
        })
    }
}

impl Replica {
    /// The views of a consultant's casefiles (all, without one), loaded where they are not.
    pub(crate) fn load_views_of<'a>(
        &'a mut self,
        consultant: Option<&StaffKey>,
    ) -> Result<impl Iterator<Item = (DocumentId, &'a CaseView)> + use<'a>, Error> {
        let wanted: Vec<DocumentId> = self
            .summaries()
            .iter()
            .filter(|(_, case)| consultant.is_none_or(|key| case.has_consultant(key)))
            .map(|(id, _)| *id)
            .collect();
        for document in &wanted {
            self.load_view(*document)?;
        }
        Ok(wanted
            .into_iter()
            .filter_map(|id| Some((id, self.view(id)?))))
    }

    fn record_state(&self, document: DocumentId, record: &RecordRef) -> Result<RecordState, Error> {
        let office = self.office_number(document);
        let number = match self.stored().own_record(document, &record_key(record)?)? {
            // Not changed here: another device's, so the relay had it. Which envelope carries it is
            // not kept, so it counts as read when the office has read the whole stream.
            None => {
                let read = office > 0 && office >= self.stream_number(document);
                return Ok(if read {
                    RecordState::ReadByOffice
                } else {
                    RecordState::Stored
                });
            }
            Some(None) => return Ok(RecordState::SavedHere),
            Some(Some(sequence)) => self
                .stored()
                .envelope(document, self.device(), sequence)?
                .and_then(|envelope| envelope.number),
        };
        Ok(match number {
            None => RecordState::SavedHere,
            Some(number) if number <= office => RecordState::ReadByOffice,
            Some(_) => RecordState::Stored,
        })
    }
}

/// What bounds a change's time: whether the clock jumped, the receipt before, the receipt after.
type Bounds = (bool, Option<u64>, Option<u64>);

impl Replica {
    fn time_grades(&self, document: DocumentId) -> Result<BTreeMap<[u8; 32], Bounds>, Error> {
        let envelopes = self.stored().envelopes_of(document)?;
        let accepted: BTreeMap<u64, u64> = envelopes
            .iter()
            .filter_map(|(row, _)| Some((row.number?, row.accepted_ms?)))
            .collect();
        let mut grades = BTreeMap::new();
        for (row, origin) in &envelopes {
            let Some(origin) = origin else { continue };
            let origin = crate::sync::Origin::from_bytes(origin)
                .map_err(|_| Error::Unreadable("envelope"))?;
            // What was seen in another life of the relay says nothing by its number in this one.
            let same_life = origin.instance == self.instance();
            for (change, seen_number) in origin.changes {
                let after = accepted.get(&seen_number).copied().filter(|_| same_life);
                grades.insert(change, (origin.jumped, after, row.accepted_ms));
            }
        }
        Ok(grades)
    }
}
