//! A participation's page.

use std::collections::BTreeMap;

use folge_core::Error;
use folge_core::client::{Client, RecordDetail};
use folge_core::contract::billing::Hours;
use folge_core::contract::evidence::TimeCertainty;
use folge_core::contract::reports::templates;
use folge_core::document::{CaseFilter, Record, RecordRef};
use folge_core::domain::{Instant, LocalDate, Participation, ReportKind, Verdict};
use folge_core::messages::{Saying, Stance};
use folge_core::rights::{field_words, record_words, value_words};
use folge_protocol::ids::DocumentId;
use folge_protocol::membership::Role;
use folge_web_calls::{
    Answer, CasePage, DueLine, Entry, EntryLine, Failure, GetCase, GetHistory, HistoryLine,
    MonthHours, Pressing, RecordName, ReportLine, Say, ShowReport, ThreadLine, ThreadWhat,
    VisitLine, Words, WorkLine,
};

use super::day::{Met, Proofs, standing};
use super::{case, document};
use crate::desk::Desk;
use crate::names::{Names, both, short};

fn months(client: &mut Client, about: DocumentId) -> Result<Vec<MonthHours>, Error> {
    // Where the agreement is not known here, minutes are shown as recorded.
    let billed = match client.hours(about) {
        Ok(Hours::Billed(months)) => Some(months),
        Ok(Hours::Recorded(_)) | Err(Error::Claim(_)) => None,
        Err(error) => return Err(error),
    };
    let minutes = client.minutes(about)?.clone();
    let mut months: Vec<MonthHours> = minutes
        .months
        .iter()
        .map(|(month, minutes)| MonthHours {
            month: *month,
            attended: minutes.attended.0,
            travel: minutes.travel.0,
            report: minutes.report.0,
            no_show: minutes.no_show.0,
            quarters: billed
                .as_ref()
                .map(|billed| billed.get(month).map_or(0, |quarters| quarters.total())),
        })
        .collect();
    months.reverse();
    Ok(months)
}

fn due(client: &mut Client, about: DocumentId, today: LocalDate) -> Result<Vec<DueLine>, Error> {
    let all = match client.participation_deadlines(about, today) {
        Ok(all) => all,
        Err(Error::UnknownAgreement) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let open = all.into_iter().filter(|due| due.is_open());
    let lines = open.map(|obligation| {
        super::day::due_line(
            folge_core::client::CaseObligation {
                participation: about,
                reference: String::new(),
                name: None,
                obligation,
            },
            today,
        )
    });
    let mut lines: Vec<DueLine> = lines.collect();
    lines.sort_by_key(|line: &DueLine| (line.pressing != Pressing::Overdue, line.due));
    Ok(lines)
}

/// What stands beside the visits.
#[derive(Default)]
struct Sorted {
    visits: Vec<Met>,
    entries: Vec<EntryLine>,
    reports: Vec<ReportLine>,
    work: Vec<WorkLine>,
    conflicts: u32,
}

fn sorted(
    about: DocumentId,
    name: Option<&String>,
    records: &BTreeMap<RecordRef, RecordDetail>,
    names: &Names,
) -> Sorted {
    let mut sorted = Sorted::default();
    for detail in records.values() {
        let row = &detail.row;
        sorted.conflicts += u32::try_from(row.conflicts.len()).unwrap_or(u32::MAX);
        if row.voided.is_some() {
            continue;
        }
        let standing = standing(detail.state);
        let mut entry = |record, at, entry| {
            sorted.entries.push(EntryLine {
                record,
                at,
                entry,
                standing,
            });
        };
        match &row.record {
            Record::Visit(visit) => sorted.visits.push(Met {
                document: about,
                name: name.cloned(),
                visit: visit.clone(),
            }),
            Record::Trip(trip) => {
                let minutes = trip.minutes.0;
                let at = trip.start.or_else(|| {
                    let visit = RecordRef::Visit(*trip.visits.first()?);
                    match &records.get(&visit)?.row.record {
                        Record::Visit(visit) => Some(visit.start),
                        _ => None,
                    }
                });
                entry(RecordName::Trip(trip.id), at, Entry::Trip { minutes });
            }
            Record::Contact(contact) => entry(
                RecordName::Contact(contact.id),
                Some(contact.at),
                Entry::Contact {
                    channel: contact.channel,
                    reached: contact.reached,
                    note: contact.note.clone(),
                },
            ),
            Record::Note(note) => entry(
                RecordName::Note(note.id),
                Some(note.at),
                Entry::Note {
                    text: note.text.clone(),
                },
            ),
            Record::Notice(notice) => entry(
                RecordName::Notice(notice.id),
                Some(notice.at),
                Entry::Notice {
                    kind: notice.kind.code().to_owned(),
                    text: notice.text.clone(),
                },
            ),
            Record::Report(report) => {
                let template = templates::of_report(report.kind);
                let texts = template.fields.iter().filter_map(|field| {
                    let text = report.texts.get(field.code)?;
                    Some((field.label.0.to_owned(), text.clone()))
                });
                sorted.reports.push(ReportLine {
                    id: report.id,
                    kind: report.kind.code().to_owned(),
                    from: report.period_from,
                    to: report.period_to,
                    delivered: report.delivered,
                    texts: texts.collect(),
                    standing,
                });
            }
            Record::Employment(work) => sorted.work.push(WorkLine {
                employer: names.employer(work.employer.as_ref()),
                kind: work.kind.code().to_owned(),
                from: work.from,
                to: work.to,
                percent: work.position_percent,
                contact: work.contact.clone(),
                goal: work.goal.clone(),
            }),
            _ => {}
        }
    }
    sorted
        .visits
        .sort_by_key(|met| std::cmp::Reverse(met.visit.start));
    sorted
        .entries
        .sort_by_key(|entry| std::cmp::Reverse(entry.at));
    sorted
        .reports
        .sort_by_key(|report| std::cmp::Reverse(report.to));
    sorted.work.sort_by_key(|work| std::cmp::Reverse(work.from));
    sorted
}

fn what(saying: Saying) -> Option<ThreadWhat> {
    Some(match saying {
        Saying::Notice(text) | Saying::Comment(text) | Saying::Answer { text, .. } => {
            ThreadWhat::Text(text)
        }
        Saying::Request { right, text } => ThreadWhat::Request(both(right.request_text()), text),
        Saying::Card(card) => ThreadWhat::Shown { start: card.start },
        Saying::Confirmed { verdict, .. } => match verdict {
            Verdict::Yes => ThreadWhat::Yes,
            Verdict::No => ThreadWhat::No,
            Verdict::Wrong(words) => ThreadWhat::Wrong(words),
        },
        Saying::Report(card) => ThreadWhat::Report(card.title),
        Saying::Opinion { stance, text, .. } => {
            let agrees = match stance {
                Stance::Comment => None,
                Stance::Agree => Some(true),
                Stance::Disagree => Some(false),
            };
            ThreadWhat::Opinion(agrees, text)
        }
        Saying::Absent { from, until, text } => ThreadWhat::Away(from, until, text),
        other if other.is_of_journal() => return None,
        _ => ThreadWhat::Other,
    })
}

fn thread(client: &mut Client, facts: &Participation) -> Result<Vec<ThreadLine>, Error> {
    let Some(thread) = facts.thread else {
        return Ok(Vec::new());
    };
    let mut lines: Vec<ThreadLine> = Vec::new();
    for line in client.thread(thread)? {
        let participant = line.role == Some(Role::Participant);
        // What a consultant's code showed to the participant's phone was shown already.
        if participant && matches!(line.saying, Saying::Card(_)) {
            continue;
        }
        if let Some(what) = what(line.saying) {
            lines.push(ThreadLine {
                at: Instant(line.at_ms),
                participant,
                what,
            });
        }
    }
    Ok(lines)
}

fn average(client: &mut Client, facts: &Participation, today: LocalDate) -> Option<u32> {
    let agreement = client.agreement(facts.agreement.as_ref()?).ok()?;
    Some(agreement.terms_on(today)?.hours.average_per_month)
}

impl Answer<GetCase> for Desk {
    fn answer(&mut self, call: GetCase) -> Result<CasePage, Failure> {
        let about = document(call.case);
        self.read_with_names(|client, names| {
            let page = client.participation(about)?;
            let facts = page.records.get(&RecordRef::Participation);
            let Some(Record::Participation(facts)) = facts.map(|detail| &detail.row.record) else {
                return Err(Error::UnknownDocument);
            };
            let today = client.today();
            let listed = client
                .office_list(&CaseFilter::default())
                .into_iter()
                .find(|line| line.participation == about)
                .and_then(|line| line.name);
            let sorted = sorted(about, listed.as_ref(), &page.records, names);
            let mut proofs = Proofs::new();
            let visits = sorted.visits.into_iter();
            let visits: Vec<VisitLine> = visits
                .map(|met| met.line(client, names, &mut proofs))
                .collect::<Result<_, Error>>()?;
            let middle = facts.middle_name.as_deref().unwrap_or_default();
            let who = [&facts.first_name, middle, &facts.last_name];
            let who = who.into_iter().filter(|part| !part.is_empty());
            Ok(CasePage {
                case: case(about),
                who: who.collect::<Vec<_>>().join(" "),
                reference: facts.reference.clone(),
                status: facts.status.code().to_owned(),
                phone: facts.phone.clone(),
                consultant: facts.consultant.as_ref().map(|key| names.member(key)),
                start: facts.start,
                end: facts.end,
                nav_office: facts.nav_office.clone(),
                nav_adviser: facts.nav_adviser.clone(),
                order: facts.order.clone(),
                restricted: facts.restricted.clone(),
                protected: facts.address_protected,
                invited: facts.thread.is_some(),
                months: months(client, about)?,
                average_hours: average(client, facts, today),
                due: due(client, about, today)?,
                visits,
                entries: sorted.entries,
                reports: sorted.reports,
                work: sorted.work,
                thread: thread(client, facts)?,
                conflicts: sorted.conflicts,
            })
        })
    }
}

impl Answer<GetHistory> for Desk {
    fn answer(&mut self, call: GetHistory) -> Result<Vec<HistoryLine>, Failure> {
        let about = document(call.case);
        self.read_with_names(|client, names| {
            let lines = client.history(about)?.into_iter().rev().map(|line| {
                let record = &line.entry.record;
                let value = |key: &str, value: Option<String>| {
                    let language = folge_core::domain::Language::Norwegian;
                    Some(names.in_text(&value_words(record, key, &value?, language)))
                };
                let mut changes: Vec<_> = line.entry.changes.iter().collect();
                // From when until when stands first, in this order.
                changes.sort_by_key(|change| match change.field.as_str() {
                    "start" => 0,
                    "end" => 1,
                    _ => 2,
                });
                let fields = changes.into_iter().map(|change| {
                    let heading = field_words(record, &change.field);
                    let heading = heading.map_or_else(|| change.field.clone(), |h| h.0.to_owned());
                    (
                        heading,
                        value(&change.field, change.old.clone()),
                        value(&change.field, change.new.clone()),
                    )
                });
                HistoryLine {
                    at: Instant(line.entry.wall_ms),
                    who: names.person(line.person, line.role),
                    device: short(line.entry.device),
                    fields: fields.collect(),
                    record: both(record_words(record)),
                    reason: line.entry.reason.clone(),
                    time: {
                        let time = TimeCertainty::from(line.time);
                        Words::of(|language| time.text(language))
                    },
                }
            });
            Ok(lines.collect())
        })
    }
}

impl Answer<ShowReport> for Desk {
    fn answer(&mut self, call: ShowReport) -> Result<(), Failure> {
        let about = document(call.case);
        self.write(|client| match ReportKind::from_code(&call.kind) {
            Some(ReportKind::Plan | ReportKind::JointPlan) => {
                client.share_plan(about, call.report).map(drop)
            }
            _ => client.share_report(about, call.report).map(drop),
        })
    }
}

impl Answer<Say> for Desk {
    fn answer(&mut self, call: Say) -> Result<(), Failure> {
        self.write(|client| {
            client.say(document(call.case), Saying::Comment(call.text))?;
            match call.draft {
                Some(draft) => client.drop_draft(&draft),
                None => Ok(()),
            }
        })
    }
}
