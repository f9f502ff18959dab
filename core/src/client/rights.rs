//! What participants and NAV may ask for: access, the notice of a breach, the record of
//! processing. What goes out is noted in the journal before it does.

use std::collections::BTreeMap;

use folge_protocol::ids::{DeviceId, DocumentId, PersonId};
use folge_protocol::membership::{DocumentKind, Role};

use super::{AuditAct, Client, HistoryLine};
use crate::contract::Agreement;
use crate::document::Record;
use crate::domain::register::{Employer, Provider, StaffMember};
use crate::domain::{CodeList, Instant, Language, MeetingForm, OfficeReport, StaffKey, Verdict};
use crate::error::Error;
use crate::messages::{Export, RequestState, Saying, Stance, StoreLock};
use crate::rights::{
    AccessArchive, Affected, ArchiveFile, ArchiveHistory, ArchiveMessage, ArchivePerson,
    ArchiveReading, BreachNotice, ContactPoint, Locked, LostDevice, Measures, ProcessingRegister,
    Subprocessor, time_text,
};
use crate::sync::TimeGrade;

/// What is known of a lost device.
#[derive(Clone)]
pub struct LossReport {
    /// When its owner still had it for certain.
    pub held_from: Instant,
    /// When they found it gone.
    pub held_until: Instant,
    /// Whether its store was locked.
    pub lock: StoreLock,
    /// Whom NAV asks.
    pub contact: ContactPoint,
    /// Anything else.
    pub other: String,
}

impl std::fmt::Debug for LossReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LossReport")
            .field("lock", &self.lock)
            .finish_non_exhaustive()
    }
}

/// The register's records by kind.
pub(super) struct Known {
    pub(super) provider: Provider,
    pub(super) agreements: Vec<Agreement>,
    pub(super) staff: Vec<StaffMember>,
    pub(super) employers: Vec<Employer>,
    pub(super) lists: Vec<CodeList>,
    pub(super) reports: Vec<OfficeReport>,
}

impl Default for Known {
    fn default() -> Self {
        Self {
            provider: Provider {
                name: String::new(),
                org_number: String::new(),
            },
            agreements: Vec::new(),
            staff: Vec::new(),
            employers: Vec::new(),
            lists: Vec::new(),
            reports: Vec::new(),
        }
    }
}

impl Client {
    /// Everything recorded of one participant, as a page for people and as JSON for programs
    /// (*innsyn*, GDPR articles 15 and 20), with who has read and changed it.
    /// # Errors
    /// [`Error::UnknownDocument`], [`Error::Store`].
    pub fn archive(&mut self, document: DocumentId) -> Result<Vec<ArchiveFile>, Error> {
        self.facts(document)?;
        self.note_export(Export::Archive, Some(document))?;
        self.archive_unnoted(document)
    }

    pub(super) fn archive_unnoted(
        &mut self,
        document: DocumentId,
    ) -> Result<Vec<ArchiveFile>, Error> {
        let known = self.known()?;
        let names = self.names(&known.staff)?;
        let participant = self.facts(document)?;
        let of = |person: Option<PersonId>| {
            person.and_then(|id| names.get(&id).cloned()).or_else(|| {
                (person.is_some() && person == participant.participant).then(|| ArchivePerson {
                    name: format!("{} {}", participant.first_name, participant.last_name),
                    role: Some(Role::Participant),
                })
            })
        };
        let unknown = || ArchivePerson {
            name: "–".to_owned(),
            role: None,
        };
        let mut history = Vec::new();
        for line in self.history_unnoted(document)? {
            let HistoryLine {
                entry,
                person,
                time,
                ..
            } = line;
            for change in entry.changes {
                history.push(ArchiveHistory {
                    who: of(person),
                    at: Instant(entry.wall_ms),
                    certainty: certainty(time).to_owned(),
                    record: entry.record.clone(),
                    field: change.field,
                    old: change.old,
                    new: change.new,
                    reason: entry.reason.clone(),
                });
            }
        }
        let mut messages = Vec::new();
        if let Some(thread) = participant.thread {
            for line in self.thread(thread)? {
                messages.push(ArchiveMessage {
                    from: of(line.person).unwrap_or_else(unknown),
                    at: Instant(line.at_ms),
                    text: said_text(&line.saying),
                    kind: kind_text(&line.saying),
                });
            }
        }
        let readings = self.audit()?.into_iter().filter_map(|line| {
            let what = match line.act {
                AuditAct::Said(Saying::Opened(of)) if of == document => "åpnet / opened",
                AuditAct::Said(Saying::Exported {
                    document: Some(of), ..
                }) if of == document => "eksportert / exported",
                _ => return None,
            };
            Some(ArchiveReading {
                who: of(line.person).unwrap_or_else(unknown),
                at: Instant(line.at_ms),
                what: what.to_owned(),
            })
        });
        let readings = readings.collect();
        let log = self.replica.log()?;
        let readers = log
            .persons()
            .keys()
            .filter(|person| log.person_may_read(**person, document))
            .filter_map(|person| of(Some(*person)));
        let readers = readers.collect();
        let staff: BTreeMap<StaffKey, ArchivePerson> = known
            .staff
            .iter()
            .map(|member| {
                let role = member
                    .person
                    .and_then(|person| log.persons().get(&person))
                    .map(|state| state.role);
                let name = member.name.clone();
                (member.key.clone(), ArchivePerson { name, role })
            })
            .collect();
        let employers = known
            .employers
            .iter()
            .map(|employer| (employer.key.clone(), employer.name.clone()))
            .collect();
        let made_at = Instant(self.replica.env().now().wall_ms);
        let view = self.replica.load_view(document)?;
        let key = view.participation().and_then(|p| p.agreement.as_ref());
        let agreement = known.agreements.iter().find(|a| Some(&a.key) == key);
        let archive = AccessArchive {
            provider: &known.provider,
            made_at,
            view,
            agreement,
            staff,
            employers,
            history,
            messages,
            readings,
            readers,
        };
        Ok(archive.files())
    }

    /// The record of processing activities (GDPR article 30), out of the register's agreements.
    /// # Errors
    /// [`Error::Store`].
    pub fn processing_register<T>(
        &mut self,
        contact: &ContactPoint,
        subprocessors: &[Subprocessor],
        form: impl FnOnce(&ProcessingRegister<'_>) -> T,
    ) -> Result<T, Error> {
        let known = self.known()?;
        let made_on = Instant(self.replica.env().now().wall_ms).date();
        Ok(form(&ProcessingRegister {
            provider: &known.provider,
            contact,
            agreements: &known.agreements,
            subprocessors,
            made_on,
        }))
    }

    /// One action for a lost phone: it is put out, its keys turn, and the notice to NAV is
    /// drafted (K15), due within 24 hours.
    /// # Errors
    /// [`Error::NotAllowed`], [`Error::Membership`].
    pub fn report_lost(
        &mut self,
        device: DeviceId,
        report: LossReport,
    ) -> Result<BreachNotice, Error> {
        let log = self.replica.log()?;
        let person = log.devices().get(&device).ok_or(Error::NotAllowed)?.person;
        let readable: Vec<DocumentId> = log
            .documents()
            .iter()
            .filter(|(id, state)| {
                state.kind == DocumentKind::Casefile && log.person_may_read(person, **id)
            })
            .map(|(id, _)| *id)
            .collect();
        let mut participations = Vec::new();
        let mut unseen = 0_u32;
        for document in readable {
            if self.replica.summaries().contains_key(&document) {
                participations.push(Affected::of(self.replica.load_view(document)?));
            } else {
                unseen += 1;
            }
        }
        let noticed_ms = self.replica.env().now().wall_ms;
        self.replica.atomically(|replica| {
            replica.note(Saying::Lost {
                device,
                noticed_ms,
                lock: report.lock,
            })
        })?;
        self.revoke_device(device)?;
        let reported_at = Instant(noticed_ms);
        let mut other = report.other;
        if unseen > 0 {
            other = format!(
                "{other}\nI tillegg {unseen} skjermede deltakelser som kontoret ikke kan lese. / \
                 Besides, {unseen} protected participations that the office cannot read."
            );
        }
        let lost = LostDevice {
            reported_at,
            held_from: report.held_from,
            held_until: report.held_until,
            store_locked: match report.lock {
                StoreLock::Locked => Locked::Yes,
                StoreLock::Open => Locked::No,
                StoreLock::Unknown => Locked::Unknown,
            },
            participations,
            contact: report.contact,
            measures: Measures {
                revoked_at: Some(reported_at),
                rekeyed_at: Some(reported_at),
                police_at: None,
            },
            other,
        };
        self.note_export(Export::BreachNotice, None)?;
        Ok(lost.notice())
    }

    pub(super) fn known(&mut self) -> Result<Known, Error> {
        let mut known = Known::default();
        for view in self.register()? {
            match view.record {
                Record::Provider(provider) => known.provider = provider,
                Record::Agreement(agreement) => known.agreements.push(agreement),
                Record::Staff(member) => known.staff.push(member),
                Record::Employer(employer) => known.employers.push(employer),
                Record::CodeList(list) => known.lists.push(list),
                Record::OfficeReport(report) => known.reports.push(report),
                _ => {}
            }
        }
        Ok(known)
    }

    /// The staff's names by person.
    fn names(&self, staff: &[StaffMember]) -> Result<BTreeMap<PersonId, ArchivePerson>, Error> {
        let log = self.replica.log()?;
        let mut names: BTreeMap<PersonId, ArchivePerson> = log
            .persons()
            .iter()
            .filter(|(_, state)| state.role.is_staff())
            .map(|(id, state)| {
                // Nobody has entered a name yet: the role says enough.
                let person = ArchivePerson {
                    name: "–".to_owned(),
                    role: Some(state.role),
                };
                (*id, person)
            })
            .collect();
        for member in staff {
            if let Some(person) = member.person
                && let Some(known) = names.get_mut(&person)
            {
                known.name.clone_from(&member.name);
            }
        }
        Ok(names)
    }
}

const fn certainty(time: TimeGrade) -> &'static str {
    match time {
        TimeGrade::Unsent => "bare enhetens klokke / the device's clock only",
        TimeGrade::BoundedAfter { .. } => "senest da / at the latest then",
        TimeGrade::BoundedBothSides { .. } => "avgrenset fra begge sider / bounded on both sides",
        TimeGrade::ClockJump { .. } => "klokken ble stilt / the clock was set",
        TimeGrade::Contradicted { .. } => "motsagt av tjenesten / contradicted by the relay",
    }
}

/// What a message says, for people.
fn said_text(saying: &Saying) -> String {
    match saying {
        Saying::Card(card) => {
            let from = time_text(card.start, Language::Norwegian);
            let until = card.end.minute_of_day();
            let form = match card.form {
                MeetingForm::InPerson => "ved oppmøte / in person",
                MeetingForm::Video => "video",
                MeetingForm::Phone => "telefon / telephone",
            };
            let place = Some(card.place.as_str()).filter(|place| !place.is_empty());
            let parts = [
                format!("{from}–{:02}.{:02}", until / 60, until % 60),
                form.to_owned(),
                card.consultant.clone(),
            ];
            let parts = parts.into_iter().chain(place.map(str::to_owned));
            parts.collect::<Vec<_>>().join(", ")
        }
        Saying::Confirmed { verdict, .. } => match verdict {
            Verdict::Yes => "Det stemmer. / That is right.".to_owned(),
            Verdict::No => "Møtet fant ikke sted. / It did not take place.".to_owned(),
            Verdict::Wrong(text) => format!("Noe er feil / something is wrong: {text}"),
        },
        Saying::Report(card) => {
            let parts = card.parts.iter();
            let parts = parts.map(|part| format!("{}: {}", part.heading, part.text));
            let whole: Vec<String> = [card.title.clone()].into_iter().chain(parts).collect();
            whole.join("\n")
        }
        Saying::Absent { from, until, text } => format!("{from}–{until}: {text}"),
        other => other.text().unwrap_or_default().to_owned(),
    }
}

fn kind_text(saying: &Saying) -> String {
    let text = match saying {
        Saying::Request { right, .. } => {
            let (nb, en) = right.request_text();
            return format!("{nb} / {en}");
        }
        Saying::Notice(_) => "melding / notice",
        Saying::Comment(_) => "kommentar / comment",
        Saying::Answer { state, .. } => match state {
            RequestState::Open => "mottatt / received",
            RequestState::Forwarded => "sendt videre til NAV / forwarded to NAV",
            RequestState::Done => "utført / done",
            RequestState::Declined => "avslått / declined",
        },
        Saying::Card(_) => "møte til bekreftelse / meeting to confirm",
        Saying::Confirmed { .. } => "svar om et møte / answer about a meeting",
        Saying::Report(_) => "rapport eller plan / report or plan",
        Saying::Opinion { stance, .. } => match stance {
            Stance::Comment => "kommentar til rapport / comment on a report",
            Stance::Agree => "enig i rapport / agrees with a report",
            Stance::Disagree => "uenig i rapport / does not agree with a report",
        },
        Saying::Absent { .. } => "meldt fravær / absence reported",
        Saying::Opened(_)
        | Saying::Exported { .. }
        | Saying::Lost { .. }
        | Saying::ClaimPart(_) => "",
    };
    text.to_owned()
}
