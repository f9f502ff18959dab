//! A casefile's records, pages and lists of them.

use std::time::SystemTime;

use folge_core::domain as core;
use folge_protocol::ids::DocumentId;

use super::{
    AgreementName, AmountOfMonth, BilledRecord, Confirmation, ContactAttempt, Day, DeviceName,
    Employment, Month, Note, Notice, Participation, ParticipationId, ParticipationStatus,
    PersonName, Proposal, RecordName, Report, Role, StaffName, TimeCertainty, Trip, Visit, Wording,
};
use crate::error::FolgeError;
use crate::shape::{Given, Shown, choice, record, view};

view! {
    /// A month's claimed figures of a participation, as they stand in its casefile.
    Billed {
        /// The agreement.
        agreement: AgreementName,
        /// The claim's month.
        month: Month,
        /// When it was approved.
        approved: Day,
        /// What was billed by hour.
        entries: Vec<BilledRecord>,
        /// What it came to.
        amounts: Vec<AmountOfMonth>,
    }
}

impl Shown<core::Billed> for Billed {
    fn shown(core: core::Billed) -> Self {
        Self {
            agreement: Shown::shown(core.agreement),
            month: Shown::shown(core.month),
            approved: Shown::shown(core.approved),
            entries: Shown::shown(core.entries),
            amounts: Shown::shown(core.amounts),
        }
    }
}

/// A record of a casefile.
#[expect(
    clippy::large_enum_variant,
    reason = "it lives for the length of a call"
)]
#[derive(Clone, PartialEq, uniffi::Enum)]
#[uniffi::export(Debug)]
pub enum CaseRecord {
    /// The participation itself.
    OfParticipation {
        /// The participation.
        participation: Participation,
    },
    /// A meeting.
    OfVisit {
        /// The visit.
        visit: Visit,
    },
    /// Travel.
    OfTrip {
        /// The trip.
        trip: Trip,
    },
    /// A report.
    OfReport {
        /// The report.
        report: Report,
    },
    /// An attempt to reach the participant.
    OfContact {
        /// The attempt.
        contact: ContactAttempt,
    },
    /// A note.
    OfNote {
        /// The note.
        note: Note,
    },
    /// Work at an employer.
    OfEmployment {
        /// The employment.
        employment: Employment,
    },
    /// Something that NAV was told.
    OfNotice {
        /// The notice.
        notice: Notice,
    },
    /// A proposal to NAV.
    OfProposal {
        /// The proposal.
        proposal: Proposal,
    },
    /// A confirmation that was taken on a consultant's phone.
    OfConfirmation {
        /// The confirmation.
        confirmation: Confirmation,
    },
    /// The key that a participant's PIN gives. Only shown; setting a PIN writes it.
    OfPinKey {
        /// Its name.
        id: RecordName,
        /// When it was set.
        at: SystemTime,
    },
    /// A month's claimed figures. Only shown; approving a claim writes it.
    OfBilled {
        /// The figures.
        billed: Billed,
    },
    /// Something of the register. Only shown here: the register has its own functions.
    OfRegister,
}

impl std::fmt::Debug for CaseRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CaseRecord(..)")
    }
}

impl Shown<folge_core::document::Record> for CaseRecord {
    fn shown(core: folge_core::document::Record) -> Self {
        use folge_core::document::Record as Core;
        match core {
            Core::Participation(participation) => Self::OfParticipation {
                participation: Shown::shown(*participation),
            },
            Core::Visit(visit) => Self::OfVisit {
                visit: Shown::shown(visit),
            },
            Core::Trip(trip) => Self::OfTrip {
                trip: Shown::shown(trip),
            },
            Core::Report(report) => Self::OfReport {
                report: Shown::shown(report),
            },
            Core::Contact(contact) => Self::OfContact {
                contact: Shown::shown(contact),
            },
            Core::Note(note) => Self::OfNote {
                note: Shown::shown(note),
            },
            Core::Employment(employment) => Self::OfEmployment {
                employment: Shown::shown(*employment),
            },
            Core::Notice(notice) => Self::OfNotice {
                notice: Shown::shown(notice),
            },
            Core::Proposal(proposal) => Self::OfProposal {
                proposal: Shown::shown(proposal),
            },
            Core::Confirmation(confirmation) => Self::OfConfirmation {
                confirmation: Shown::shown(confirmation),
            },
            Core::PinKey(key) => Self::OfPinKey {
                id: Shown::shown(key.id),
                at: Shown::shown(key.at),
            },
            Core::Billed(billed) => Self::OfBilled {
                billed: Shown::shown(billed),
            },
            Core::Provider(_)
            | Core::Agreement(_)
            | Core::Employer(_)
            | Core::Staff(_)
            | Core::Statistics(_)
            | Core::Claim(_)
            | Core::OfficeReport(_)
            | Core::CodeList(_) => Self::OfRegister,
        }
    }
}

impl Given<folge_core::document::Record> for CaseRecord {
    fn given(self) -> Result<folge_core::document::Record, FolgeError> {
        use folge_core::document::Record as Core;
        Ok(match self {
            Self::OfParticipation { participation } => {
                Core::Participation(Box::new(participation.given()?))
            }
            Self::OfVisit { visit } => Core::Visit(visit.given()?),
            Self::OfTrip { trip } => Core::Trip(trip.given()?),
            Self::OfReport { report } => Core::Report(report.given()?),
            Self::OfContact { contact } => Core::Contact(contact.given()?),
            Self::OfNote { note } => Core::Note(note.given()?),
            Self::OfEmployment { employment } => Core::Employment(Box::new(employment.given()?)),
            Self::OfNotice { notice } => Core::Notice(notice.given()?),
            Self::OfProposal { proposal } => Core::Proposal(proposal.given()?),
            // What only shows: confirmations are taken by the acts of attendance, figures written
            // by approving a claim.
            Self::OfConfirmation { .. }
            | Self::OfPinKey { .. }
            | Self::OfBilled { .. }
            | Self::OfRegister => {
                return Err(FolgeError::unreadable("record that is written here"));
            }
        })
    }
}

/// Which record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, uniffi::Enum)]
pub enum RecordRef {
    /// The participation itself.
    Participation,
    /// A meeting.
    Visit {
        /// Its name.
        id: RecordName,
    },
    /// Travel.
    Trip {
        /// Its name.
        id: RecordName,
    },
    /// A report.
    Report {
        /// Its name.
        id: RecordName,
    },
    /// An attempt to reach the participant.
    Contact {
        /// Its name.
        id: RecordName,
    },
    /// A note.
    Note {
        /// Its name.
        id: RecordName,
    },
    /// Work at an employer.
    Employment {
        /// Its name.
        id: RecordName,
    },
    /// Something that NAV was told.
    Notice {
        /// Its name.
        id: RecordName,
    },
    /// A proposal to NAV.
    Proposal {
        /// Its name.
        id: RecordName,
    },
    /// A confirmation.
    Confirmation {
        /// Its name.
        id: RecordName,
    },
    /// The key that a participant's PIN gives.
    PinKey {
        /// Its name.
        id: RecordName,
    },
    /// A month's claimed figures.
    Billed {
        /// The month.
        month: Month,
    },
    /// Something of the register.
    Register,
}

macro_rules! record_refs {
    ($($kind:ident),*) => {
        impl Shown<folge_core::document::RecordRef> for RecordRef {
            fn shown(core: folge_core::document::RecordRef) -> Self {
                use folge_core::document::RecordRef as Core;
                match core {
                    Core::Participation => Self::Participation,
                    $(Core::$kind(id) => Self::$kind { id: Shown::shown(id) },)*
                    Core::Billed(month) => Self::Billed { month: Shown::shown(month) },
                    _ => Self::Register,
                }
            }
        }
        impl Given<folge_core::document::RecordRef> for RecordRef {
            fn given(self) -> Result<folge_core::document::RecordRef, FolgeError> {
                use folge_core::document::RecordRef as Core;
                Ok(match self {
                    Self::Participation => Core::Participation,
                    $(Self::$kind { id } => Core::$kind(id.given()?),)*
                    Self::Billed { month } => Core::Billed(month.given()?),
                    Self::Register => return Err(FolgeError::unreadable("record of a casefile")),
                })
            }
        }
    };
}
record_refs!(
    Visit,
    Trip,
    Report,
    Contact,
    Note,
    Employment,
    Notice,
    Proposal,
    Confirmation,
    PinKey
);

choice! {
    /// Where a record is. The user always sees which.
    RecordState = folge_core::client::RecordState {
        /// Saved on this phone (lagret på telefonen).
        SavedHere,
        /// Stored by the relay (levert).
        Stored,
        /// Read by the office (lest av kontoret).
        ReadByOffice,
    }
}

view! {
    /// A record on a participation's page.
    RecordOnPage {
        /// Which.
        reference: RecordRef,
        /// What it says.
        record: CaseRecord,
        /// Why it was voided, where it was.
        voided: Option<String>,
        /// The fields with several values: `conflicts` gives them, `settle` settles them.
        conflicts: Vec<String>,
        /// The fields that cannot be read, and were left out.
        damaged: Vec<String>,
        /// When it was last changed, by the clock of who did.
        changed: SystemTime,
        /// Where its last change is.
        state: RecordState,
        /// The same in words, for beside the record.
        state_text: Wording,
    }
}

impl RecordOnPage {
    /// A row of a casefile with where it is.
    pub(crate) fn of(
        reference: folge_core::document::RecordRef,
        row: folge_core::document::RecordRow,
        state: folge_core::client::RecordState,
    ) -> Self {
        Self {
            reference: Shown::shown(reference),
            record: Shown::shown(row.record),
            voided: row.voided,
            conflicts: row.conflicts,
            damaged: row.damaged,
            changed: super::time_of(row.changed_ms),
            state: Shown::shown(state),
            state_text: Wording::of(|language| state.text(language)),
        }
    }
}

record! {
    /// Minutes of one month by category: plain sums, before any rule of the agreement.
    MinutesOfMonth = core::MonthMinutes {
        /// Meetings that the participant came to.
        attended: i32,
        /// Meetings that the participant did not come to, without notice.
        no_show: i32,
        /// Meetings that the participant was excused from.
        excused: i32,
        /// Cancelled meetings.
        cancelled: i32,
        /// Travel.
        travel: i32,
        /// Report writing.
        report: i32,
    }
}

view! {
    /// A participation's minutes in a month.
    MonthAndMinutes {
        /// The month.
        month: Month,
        /// The minutes.
        minutes: MinutesOfMonth,
    }
}

impl Shown<core::MinutesByMonth> for Vec<MonthAndMinutes> {
    fn shown(core: core::MinutesByMonth) -> Self {
        let months = core.months.into_iter();
        months
            .map(|(month, minutes)| MonthAndMinutes {
                month: Shown::shown(month),
                minutes: Shown::shown(minutes),
            })
            .collect()
    }
}

view! {
    /// A participation's page.
    ParticipationPage {
        /// The participation; none where its record has not arrived yet.
        participation: Option<Participation>,
        /// Every record, voided ones included, the participation's own left out.
        records: Vec<RecordOnPage>,
        /// Minutes by month.
        minutes: Vec<MonthAndMinutes>,
    }
}

impl Shown<folge_core::client::ParticipationDetail> for ParticipationPage {
    fn shown(core: folge_core::client::ParticipationDetail) -> Self {
        let mut participation = None;
        let mut records = Vec::new();
        for (reference, detail) in core.records {
            let on_page = RecordOnPage::of(reference, detail.row, detail.state);
            match on_page.record {
                CaseRecord::OfParticipation {
                    participation: found,
                } => participation = Some(found),
                _ => records.push(on_page),
            }
        }
        Self {
            participation,
            records,
            minutes: Shown::shown(core.minutes),
        }
    }
}

view! {
    /// A line of a list of participations.
    CaseLine {
        /// The participation.
        participation: ParticipationId,
        /// The provider's own id.
        reference: String,
        /// The full name; none where the address is protected.
        name: Option<String>,
        /// The state.
        status: ParticipationStatus,
        /// Whether the address is protected.
        address_protected: bool,
        /// Whether the processing is restricted.
        restricted: bool,
        /// The main consultant.
        consultant: Option<StaffName>,
        /// The service area.
        area: Option<String>,
        /// The municipality.
        municipality: Option<String>,
        /// The first day.
        start: Option<Day>,
        /// The last day.
        end: Option<Day>,
        /// How many visits there are.
        visit_count: i32,
        /// How many fields have several values.
        conflict_count: i32,
        /// When the participant last came to a meeting.
        last_attended: Option<SystemTime>,
        /// The next planned meetings.
        planned: Vec<SystemTime>,
    }
}

impl Shown<folge_core::document::CaseListing<'_>> for CaseLine {
    fn shown(core: folge_core::document::CaseListing<'_>) -> Self {
        let case = core.summary;
        Self {
            participation: Shown::shown(core.participation),
            reference: case.reference.clone(),
            name: core.name,
            status: Shown::shown(case.status),
            address_protected: case.address_protected,
            restricted: case.restricted,
            consultant: Shown::shown(case.consultant.clone()),
            area: case.area.clone(),
            municipality: case.municipality.clone(),
            start: Shown::shown(case.start),
            end: Shown::shown(case.end),
            visit_count: Shown::shown(case.visit_count),
            conflict_count: Shown::shown(case.conflict_count),
            last_attended: Shown::shown(case.last_attended),
            planned: Shown::shown(case.planned.clone()),
        }
    }
}

record! {
    both
    /// What an office's list shows. Empty: everything.
    CaseFilter = folge_core::document::CaseFilter {
        /// Only these states.
        #[uniffi(default = [])]
        statuses: Vec<ParticipationStatus>,
        /// Only this service area.
        #[uniffi(default = None)]
        area: Option<String>,
        /// Only with this consultant, main or other.
        #[uniffi(default = None)]
        consultant: Option<StaffName>,
        /// Only where something is to be settled.
        #[uniffi(default = false)]
        has_conflicts: bool,
        /// Only where every word stands in the name or reference.
        #[uniffi(default = "")]
        search: String,
    }
}

view! {
    /// A visit of a day.
    VisitOfDay {
        /// The participation.
        participation: ParticipationId,
        /// The full name; none where the address is protected.
        name: Option<String>,
        /// The visit.
        visit: Visit,
    }
}

impl Shown<folge_core::document::DayEntry<'_>> for VisitOfDay {
    fn shown(core: folge_core::document::DayEntry<'_>) -> Self {
        Self {
            participation: Shown::shown(core.participation),
            name: core.name,
            visit: Shown::shown(core.visit.clone()),
        }
    }
}

view! {
    /// A day of a week.
    DayOfWeek {
        /// The day.
        day: Day,
        /// Its visits, by start.
        visits: Vec<VisitOfDay>,
    }
}

view! {
    /// One of several values that were written at the same time.
    ConflictValue {
        /// The value; none for an empty field.
        value: Option<String>,
        /// Which device wrote it.
        device: DeviceName,
        /// When, by that device's clock.
        at: SystemTime,
    }
}

view! {
    /// A field with several values.
    Conflict {
        /// The field.
        field: String,
        /// The values.
        values: Vec<ConflictValue>,
    }
}

impl Shown<folge_core::document::Conflict> for Conflict {
    fn shown(core: folge_core::document::Conflict) -> Self {
        let values = core.values.into_iter().map(|value| ConflictValue {
            value: value.text,
            device: Shown::shown(value.device),
            at: super::time_of(value.wall_ms),
        });
        Self {
            field: core.field,
            values: values.collect(),
        }
    }
}

view! {
    /// What one field was and became; `fieldWords` and `valueWords` say it in words.
    FieldChange {
        /// The field.
        field: String,
        /// What it was.
        old: Option<String>,
        /// What it became.
        new: Option<String>,
    }
}

view! {
    /// A line of a participation's history: who changed what, when, from which device, how sure.
    HistoryLine {
        /// Which record.
        record: RecordRef,
        /// What was changed.
        changes: Vec<FieldChange>,
        /// Why, where a reason was given.
        reason: Option<String>,
        /// From which device.
        device: DeviceName,
        /// Whose device it is.
        person: Option<PersonName>,
        /// That person's role now.
        role: Option<Role>,
        /// When, by that device's clock.
        at: SystemTime,
        /// How sure that time is.
        certainty: TimeCertainty,
    }
}

impl Shown<folge_core::client::HistoryLine> for HistoryLine {
    fn shown(core: folge_core::client::HistoryLine) -> Self {
        let entry = core.entry;
        let changes = entry.changes.into_iter().map(|change| FieldChange {
            field: change.field,
            old: change.old,
            new: change.new,
        });
        let certainty: folge_core::contract::evidence::TimeCertainty = core.time.into();
        Self {
            record: Shown::shown(entry.record),
            changes: changes.collect(),
            reason: entry.reason,
            device: Shown::shown(entry.device),
            person: Shown::shown(core.person),
            role: Shown::shown(core.role),
            at: super::time_of(entry.wall_ms),
            certainty: Shown::shown(certainty),
        }
    }
}

record! {
    /// Sums over all that this device can read.
    Sums = folge_core::client::Sums {
        /// Participations.
        participations: i32,
        /// Visits that are not voided.
        visits: i64,
        /// Trips that are not voided.
        trips: i64,
        /// Reports that are not voided.
        reports: i64,
        /// Fields with several values.
        conflicts: i64,
    }
}

view! {
    /// What to record, and in which participation.
    RecordOfCase {
        /// The participation.
        participation: ParticipationId,
        /// What to record.
        record: CaseRecord,
    }
}

view! {
    /// A record, and the participation that it is in.
    RefOfCase {
        /// The participation.
        participation: ParticipationId,
        /// The record.
        record: RecordRef,
    }
}

impl Given<(DocumentId, folge_core::document::Record)> for RecordOfCase {
    fn given(self) -> Result<(DocumentId, folge_core::document::Record), FolgeError> {
        Ok((self.participation.given()?, self.record.given()?))
    }
}

impl Given<(DocumentId, folge_core::document::RecordRef)> for RefOfCase {
    fn given(self) -> Result<(DocumentId, folge_core::document::RecordRef), FolgeError> {
        Ok((self.participation.given()?, self.record.given()?))
    }
}
