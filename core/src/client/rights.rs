//! What the law asks for, over what this device can read: see `rights` for the rules.

use std::collections::BTreeMap;

use folge_protocol::ids::{DocumentId, PersonId};
use folge_protocol::membership::Role;

use super::{Client, HistoryLine};
use crate::document::{CaseView, Command, Record, RecordRef};
use crate::domain::{
    CohortStatistics, EmployerKey, Instant, LocalDate, Provider, StaffKey, StatisticsKey,
};
use crate::error::Error;
use crate::rights::{
    AccessArchive, Affected, ArchiveFile, ArchiveHistory, ArchiveMessage, ArchivePerson,
    ArchiveReading, Retention, statistics,
};
use crate::sync::TimeGrade;

/// Who is not in the register: the log knows them, and no name does.
const UNNAMED: &str = "(ikke i registeret)";

/// What the register says of people and things that casefiles name by key.
#[derive(Default)]
struct Names {
    provider: Option<Provider>,
    staff: BTreeMap<StaffKey, (String, Option<PersonId>)>,
    employers: BTreeMap<EmployerKey, String>,
}

impl Client {
    /// When a participation is to be erased.
    /// # Errors
    /// [`Error::UnknownDocument`], [`Error::Store`].
    pub fn retention(&mut self, document: DocumentId) -> Result<Retention, Error> {
        Ok(Retention::of(self.case(document)?))
    }

    /// The participations whose time is up on a day, and those that would be but for a hold.
    /// # Errors
    /// [`Error::Store`].
    pub fn due_for_erasure(
        &mut self,
        today: LocalDate,
    ) -> Result<Vec<(DocumentId, Retention)>, Error> {
        let views = self.replica.load_views_of(None)?;
        let each = views.map(|(document, view)| (document, Retention::of(view)));
        let due = each.filter(|(_, retention)| match retention {
            Retention::NotYet => false,
            Retention::Due { on } | Retention::Held { on, .. } => *on <= today,
        });
        Ok(due.collect())
    }

    /// The statistics of a cohort: drawn and put into the register the first time, and as they
    /// stand there ever after. To be drawn before anybody of the cohort is erased
    /// ([`statistics::cohort_of`]), on a device that has all casefiles.
    /// # Errors
    /// [`Error::MonthNotOver`], [`Error::NotAllowed`] outside the office, [`Error::Store`].
    pub fn draw_statistics(
        &mut self,
        key: &StatisticsKey,
        today: LocalDate,
    ) -> Result<CohortStatistics, Error> {
        let office = [Some(Role::Administrator), Some(Role::Coordinator)];
        if !office.contains(&self.replica.role()) {
            return Err(Error::NotAllowed);
        }
        if today < statistics::first_day(key.month) {
            return Err(Error::MonthNotOver);
        }
        let register = self.replica.log()?.register();
        let reference = RecordRef::Statistics(key.clone());
        let stored = self.replica.document(register)?.record(&reference);
        if let Some(Record::Statistics(drawn)) = stored.map(|view| view.record) {
            return Ok(drawn);
        }
        let views: Vec<_> = self.replica.load_views_of(None)?.collect();
        let drawn = statistics::draw(key, views.iter().map(|(_, view)| *view));
        self.execute(&[(register, Command::PutStatistics(drawn.clone()), None)])?;
        Ok(drawn)
    }

    /// What the loss of a device means for the participations that it could read.
    /// # Errors
    /// [`Error::UnknownDocument`], [`Error::Store`].
    pub fn affected(&mut self, documents: &[DocumentId]) -> Result<Vec<Affected>, Error> {
        let mut affected = Vec::with_capacity(documents.len());
        for document in documents {
            affected.push(Affected::of(self.case(*document)?));
        }
        Ok(affected)
    }

    /// A participation's access archive. Messages of its thread and readings of its journal are
    /// passed in.
    /// # Errors
    /// [`Error::UnknownDocument`], [`Error::Store`].
    pub fn access_archive(
        &mut self,
        document: DocumentId,
        messages: Vec<ArchiveMessage>,
        readings: Vec<ArchiveReading>,
    ) -> Result<Vec<ArchiveFile>, Error> {
        let made_at = Instant(self.replica.env().now().wall_ms);
        let view = self.case(document)?.clone();
        let names = self.names()?;
        let lines = self.history(document)?;
        let history = lines.into_iter().flat_map(|line| history(&names, line));
        let history = history.collect();
        let log = self.replica.log()?;
        let role_of = |person: Option<PersonId>| Some(log.persons().get(&person?)?.role);
        let staff = names.staff.iter().map(|(key, (name, person))| {
            // Consultants who were never invited are named in records all the same.
            let role = role_of(*person).or(Some(Role::Consultant));
            let name = name.clone();
            (key.clone(), ArchivePerson { name, role })
        });
        let named = staff
            .filter(|(key, _)| names_staff(&view, key))
            .collect::<BTreeMap<_, _>>();
        let readers = log.documents().get(&document).map(|state| &state.readers);
        let reads = |person: &PersonId, role: Role| {
            readers.is_some_and(|readers| {
                readers.contains(&(*person).into())
                    || (role.is_office() && readers.contains(&log.office()))
            })
        };
        let persons = log.persons().iter().filter(|(_, state)| !state.revoked);
        let readers = persons
            .filter(|(person, state)| reads(person, state.role))
            .map(|(person, state)| names.person(*person, Some(state.role)))
            .collect();
        let provider = names.provider.clone().unwrap_or(Provider {
            name: String::new(),
            org_number: String::new(),
        });
        let employers = names.employers.iter();
        let archive = AccessArchive {
            provider: &provider,
            made_at,
            view: &view,
            staff: named,
            employers: employers
                .filter(|(key, _)| names_employer(&view, key))
                .map(|(key, name)| (key.clone(), name.clone()))
                .collect(),
            history,
            messages,
            readings,
            readers,
        };
        Ok(archive.files())
    }

    fn case(&mut self, document: DocumentId) -> Result<&CaseView, Error> {
        if !self.replica.summaries().contains_key(&document) {
            return Err(Error::UnknownDocument);
        }
        self.replica.load_view(document)
    }

    fn names(&mut self) -> Result<Names, Error> {
        let mut names = Names::default();
        for view in self.register()? {
            match view.record {
                Record::Provider(provider) => names.provider = Some(provider),
                Record::Staff(staff) => {
                    names.staff.insert(staff.key, (staff.name, staff.person));
                }
                Record::Employer(employer) => {
                    names.employers.insert(employer.key, employer.name);
                }
                _ => {}
            }
        }
        Ok(names)
    }
}

impl Names {
    fn person(&self, person: PersonId, role: Option<Role>) -> ArchivePerson {
        let known = self.staff.values().find(|(_, own)| *own == Some(person));
        ArchivePerson {
            name: known.map_or_else(|| UNNAMED.to_owned(), |(name, _)| name.clone()),
            role,
        }
    }
}

/// Whether a record of the casefile names a member of staff.
fn names_staff(view: &CaseView, key: &StaffKey) -> bool {
    view.rows.values().any(|row| match &row.record {
        Record::Participation(participation) => participation.consultants().any(|one| one == key),
        Record::Visit(visit) => visit.consultants.contains(key),
        Record::Trip(trip) => trip.consultant == *key,
        Record::Report(report) => report.consultant.as_ref() == Some(key),
        Record::Contact(contact) => contact.consultant.as_ref() == Some(key),
        _ => false,
    })
}

/// Whether a record of the casefile names an employer.
fn names_employer(view: &CaseView, key: &EmployerKey) -> bool {
    view.rows.values().any(|row| match &row.record {
        Record::Participation(participation) => participation.employer.as_ref() == Some(key),
        Record::Visit(visit) => visit.employer.as_ref() == Some(key),
        _ => false,
    })
}

fn history(names: &Names, line: HistoryLine) -> Vec<ArchiveHistory> {
    let who = line.person.map(|person| names.person(person, line.role));
    let certainty = certainty(line.time);
    let entry = line.entry;
    let each = entry.changes.into_iter().map(|change| ArchiveHistory {
        who: who.clone(),
        at: Instant(entry.wall_ms),
        certainty: certainty.to_owned(),
        record: entry.record.clone(),
        field: change.field,
        old: change.old,
        new: change.new,
        reason: entry.reason.clone(),
    });
    each.collect()
}

/// How sure a time is, in words.
const fn certainty(grade: TimeGrade) -> &'static str {
    match grade {
        TimeGrade::Unsent => "etter enhetens egen klokke, ikke sendt ennå",
        TimeGrade::BoundedAfter { .. } => "bekreftet senest da tjenesten mottok det",
        TimeGrade::BoundedBothSides { .. } => "bekreftet mellom to kvitteringer",
        TimeGrade::ClockJump { .. } => "usikkert: enhetens klokke ble stilt",
        TimeGrade::Contradicted { .. } => "usikkert: stemmer ikke med kvitteringene",
    }
}
