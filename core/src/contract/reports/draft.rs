//! A report's draft: its template, filled with what the records say and what was written, and what
//! is still missing.

use std::collections::BTreeMap;
use std::fmt;

use super::figures::{absence_text, month_text};
use super::templates::{self, Block, Field, Need, Source, Template};
use super::{
    Both, HoursByMonth, Period, absence, activity_counts, pick, status_period_on,
    workplace_meetings,
};
use crate::contract::activities;
use crate::contract::case::Case;
use crate::contract::terms::Terms;
use crate::domain::text::date_text;
use crate::domain::{
    CodeList, Employer, EmployerKey, Employment, EmploymentKind, EmploymentTerms, EndReasonKind,
    Language, LocalDate, Participation, Report, ReportKind, Review, StaffKey,
};

/// What the register calls those whom records name by key.
#[derive(Clone, Default)]
pub struct Names {
    /// Staff.
    pub staff: BTreeMap<StaffKey, String>,
    /// Employers.
    pub employers: BTreeMap<EmployerKey, Employer>,
    /// Activities, where the office imported a list.
    pub activities: Option<CodeList>,
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Names(..)")
    }
}

/// Where a value came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// There is none.
    Empty,
    /// From records.
    Records,
    /// From records and what was written.
    RecordsAndWritten,
    /// Somebody wrote it.
    Written,
    /// From the participant.
    Participant,
    /// From who signed.
    Signature,
    /// Held back: the address is protected (K12).
    Withheld,
}

/// A field with its value.
#[derive(Clone, PartialEq, Eq)]
pub struct DraftField {
    /// Which field.
    pub field: &'static Field,
    /// For a block that stands for each employer: which of them, from 0.
    pub number: Option<u32>,
    /// Its value, in Bokmål, as it goes to NAV.
    pub value: String,
    /// Where it came from.
    pub origin: Origin,
}

impl fmt::Debug for DraftField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DraftField")
            .field("code", &self.field.code)
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

/// What has to be done to fill a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Todo {
    /// Record it on the participation.
    OnParticipation,
    /// Record it on the employment.
    OnEmployment,
    /// Record the employment: the participant works, and nothing says where.
    RecordEmployment,
    /// Put the name into the register.
    InRegister,
    /// Write it.
    Write,
    /// Write how the consultant is reached.
    WriteContact,
    /// Go through the report with the participant.
    GoThrough,
    /// Fill in where it is signed and when.
    PlaceAndDate,
    /// Sign it.
    Sign,
    /// The hours have to be counted first.
    CountHours,
}

impl Todo {
    const fn both(self) -> Both {
        match self {
            Self::OnParticipation => (
                "Registrer det på deltakelsen.",
                "Record it on the participation.",
            ),
            Self::OnEmployment => (
                "Registrer det på arbeidsforholdet.",
                "Record it on the employment.",
            ),
            Self::RecordEmployment => (
                "Deltakeren er i arbeid: registrer arbeidsforholdet.",
                "The participant works: record the employment.",
            ),
            Self::InRegister => (
                "Be kontoret legge det inn i registeret.",
                "Ask the office to put it into the register.",
            ),
            Self::Write => ("Skriv det.", "Write it."),
            Self::WriteContact => (
                "Skriv telefon eller e-post til veilederen.",
                "Write the consultant's telephone or e-mail.",
            ),
            Self::GoThrough => (
                "Gå gjennom rapporten med deltakeren, og før kommentaren.",
                "Go through the report with the participant, and record the comment.",
            ),
            Self::PlaceAndDate => ("Fyll ut sted og dato.", "Fill in place and date."),
            Self::Sign => ("Signer rapporten.", "Sign the report."),
            Self::CountHours => (
                "Timene er ikke beregnet ennå.",
                "The hours have not been counted yet.",
            ),
        }
    }
}

/// A field that is not filled in, and what to do about it. It holds nothing that was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missing {
    /// The field.
    pub field: &'static Field,
    /// For a block: which employer, from 0.
    pub number: Option<u32>,
    /// What to do.
    pub todo: Todo,
}

impl Missing {
    /// What the user reads.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        let label = pick(self.field.label, language);
        // The templates explain in the label what to write: the user needs its first words.
        let short = label.split([':', '–']).next().unwrap_or(label).trim();
        let short = if self.field.block.is_some() {
            let block = self.field.block.map_or("", |b| pick(b.heading(), language));
            let number = self.number.map_or(1, |n| n.saturating_add(1));
            format!("{short} ({block}, {number})")
        } else {
            short.to_owned()
        };
        match language {
            Language::Norwegian => {
                format!("«{short}» mangler. {}", pick(self.todo.both(), language))
            }
            Language::English => {
                format!("“{short}” is missing. {}", pick(self.todo.both(), language))
            }
        }
    }
}

/// A report's draft.
#[derive(Clone, PartialEq, Eq)]
pub struct ReportDraft {
    /// The title, in the agreement's own words.
    pub title: String,
    /// Its template.
    pub template: &'static Template,
    /// The days that it is about.
    pub period: Option<Period>,
    /// The fields in the template's order; those of a block once for each employer.
    pub fields: Vec<DraftField>,
    /// What is still missing.
    pub missing: Vec<Missing>,
}

impl fmt::Debug for ReportDraft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReportDraft")
            .field("fields", &self.fields)
            .field("missing", &self.missing.len())
            .finish_non_exhaustive()
    }
}

impl ReportDraft {
    /// Whether nothing is missing (N2: «i sin helhet»).
    #[must_use]
    pub fn complete(&self) -> bool {
        self.missing.is_empty()
    }

    /// The value of a field outside blocks; empty where there is none.
    #[must_use]
    pub fn value(&self, code: &str) -> &str {
        self.fields
            .iter()
            .find(|field| field.field.code == code)
            .map_or("", |field| field.value.as_str())
    }

    /// The missing fields as lines of text.
    #[must_use]
    pub fn missing_text(&self, language: Language) -> Vec<String> {
        let missing = self.missing.iter();
        missing.map(|missing| missing.text(language)).collect()
    }
}

fn filled(text: Option<&str>) -> Option<String> {
    text.map(str::trim)
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

fn joined(parts: impl IntoIterator<Item = Option<String>>, between: &str) -> Option<String> {
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(between))
}

/// Four digits and the words behind them, such as `4630 Kristiansand`; the last in the text.
fn post_town(address: &str) -> Option<String> {
    let words: Vec<&str> = address
        .split(|c: char| c.is_whitespace() || c == ',')
        .filter(|word| !word.is_empty())
        .collect();
    let code = words
        .iter()
        .rposition(|word| word.len() == 4 && word.bytes().all(|byte| byte.is_ascii_digit()))?;
    let town = words.get(code + 1..)?;
    (!town.is_empty()).then(|| format!("{} {}", words[code], town.join(" ")))
}

/// A workplace as a block of the report shows it: an employment, or the employer at referral of
/// whom no employment is recorded.
struct Workplace<'a> {
    employer: Option<&'a EmployerKey>,
    employment: Option<&'a Employment>,
}

/// What a field is made of.
struct Filler<'a> {
    facts: &'a Case<'a>,
    names: &'a Names,
    report: &'a Report,
    terms: Option<&'a Terms>,
    hours: Option<&'a HoursByMonth>,
    period: Option<Period>,
}

impl<'a> Filler<'a> {
    fn participation(&self) -> &'a Participation {
        self.facts.participation
    }

    fn written(&self, code: &str) -> Option<String> {
        filled(self.report.texts.get(code).map(String::as_str))
    }

    fn employer_name(&self, key: Option<&EmployerKey>) -> Option<String> {
        let employer = self.names.employers.get(key?)?;
        filled(Some(&employer.name))
    }

    fn consultant_name(&self) -> Option<String> {
        let own = self.participation().consultant.as_ref();
        let key = self.report.consultant.as_ref().or(own)?;
        filled(self.names.staff.get(key).map(String::as_str))
    }

    /// The employer at referral, where no employment there was recorded since (B1).
    fn at_referral(&self) -> Option<Workplace<'a>> {
        let participation = self.participation();
        let employer = participation.employer.as_ref();
        let recorded = self
            .facts
            .employments
            .iter()
            .any(|employment| employment.employer.as_ref() == employer);
        let shown = participation.employed_at_referral && !(employer.is_some() && recorded);
        // Employed somewhere that nothing names, though other employments are known: enough.
        let unnamed = employer.is_none() && !self.facts.employments.is_empty();
        (shown && !unnamed).then_some(Workplace {
            employer,
            employment: None,
        })
    }

    /// Employments standing at the end (or, while there is none, on the period's last day).
    fn standing(&self, kind: EmploymentKind) -> Vec<&'a Employment> {
        let at = self.participation().end.or(self.period.map(|p| p.to));
        let mut found: Vec<&Employment> = self
            .facts
            .employments
            .iter()
            .filter(|employment| {
                employment.kind == kind
                    && at.is_none_or(|at| {
                        employment.from <= at && employment.to.is_none_or(|to| to >= at)
                    })
            })
            .copied()
            .collect();
        found.sort_by_key(|employment| (employment.from, employment.id));
        found
    }

    /// Whom a block stands for.
    fn workplaces(&self, block: Block) -> Vec<Workplace<'a>> {
        let of = |employment: &'a Employment| Workplace {
            employer: employment.employer.as_ref(),
            employment: Some(employment),
        };
        match block {
            Block::Employer => {
                let mut found: Vec<&Employment> = self
                    .facts
                    .employments
                    .iter()
                    .filter(|employment| {
                        self.period
                            .is_none_or(|p| p.overlaps(employment.from, employment.to))
                    })
                    .copied()
                    .collect();
                found.sort_by_key(|employment| (employment.from, employment.id));
                found
                    .into_iter()
                    .map(of)
                    .chain(self.at_referral())
                    .collect()
            }
            Block::BackAtWork => {
                let found = self.standing(EmploymentKind::PaidWork);
                let reason = self.participation().end_reason.as_ref();
                let found_work = reason.is_some_and(|r| r.kind == EndReasonKind::FoundWork);
                if found.is_empty() && found_work {
                    // NAV was told that they got a job: then the report says which.
                    return vec![Workplace {
                        employer: None,
                        employment: None,
                    }];
                }
                found.into_iter().map(of).collect()
            }
        }
    }

    /// Whether there is an employer that the report is to speak of.
    fn employed(&self) -> bool {
        match self.report.kind {
            ReportKind::Final => {
                self.at_referral().is_some() || !self.workplaces(Block::BackAtWork).is_empty()
            }
            _ => !self.workplaces(Block::Employer).is_empty(),
        }
    }

    /// Whether an employer of the final report is known by key, though not by name.
    fn names_employer(&self) -> bool {
        let work = self.standing(EmploymentKind::PaidWork);
        work.iter().any(|employment| employment.employer.is_some())
            || self.at_referral().is_some_and(|p| p.employer.is_some())
    }

    fn in_block(&self, code: &str, place: &Workplace<'_>) -> Option<String> {
        let employment = place.employment;
        let register = place.employer.and_then(|key| self.names.employers.get(key));
        match code {
            "employer_name" | "back_employer" => self.employer_name(place.employer),
            "employer_contact" | "back_contact" => {
                let own = filled(employment.and_then(|e| e.contact.as_deref()));
                own.or_else(|| filled(register.and_then(|r| r.contact.as_deref())))
            }
            "employer_position" | "back_position" => {
                let percent = match employment {
                    Some(employment) => employment.position_percent,
                    None => self.participation().position_percent,
                };
                percent.map(|percent| format!("{percent} %"))
            }
            "employer_terms" | "back_terms" => {
                // Practice and short stays are no employment (ansettelse).
                if employment.is_some_and(|e| e.kind != EmploymentKind::PaidWork) {
                    return Some("ikke ansatt".to_owned());
                }
                let terms = employment.and_then(|e| e.terms)?;
                Some(terms_text(terms).to_owned())
            }
            "employer_kind" => Some(
                match employment.map_or(EmploymentKind::PaidWork, |e| e.kind) {
                    EmploymentKind::PaidWork => "lønnet arbeid",
                    EmploymentKind::WorkPractice => "arbeidspraksis",
                    EmploymentKind::ShortStay => "hospitering",
                }
                .to_owned(),
            ),
            "employer_reason" => match employment {
                Some(employment) => filled(Some(&employment.reason)),
                // Nobody chose it in the measure.
                None => Some("Arbeidsforhold ved innsøking.".to_owned()),
            },
            "back_start" => employment.map(|e| date_text(e.from)),
            _ => None,
        }
    }

    fn todo_in_block(&self, code: &str, place: &Workplace<'_>) -> Todo {
        match code {
            _ if place.employment.is_none() => Todo::RecordEmployment,
            "employer_name" | "back_employer" if place.employer.is_some() => Todo::InRegister,
            _ => Todo::OnEmployment,
        }
    }

    fn activities(&self) -> Option<String> {
        let counts = activity_counts(self.facts.visits.iter().copied(), self.period);
        let named = |code: &str| {
            let list = self.names.activities.as_ref();
            list.and_then(|list| list.entries.get(code).cloned())
                .or_else(|| activities::of_code(code).map(|known| known.label.0.to_owned()))
                .unwrap_or_else(|| code.to_owned())
        };
        joined(
            counts.iter().map(|(code, count)| {
                let meetings = if *count == 1 { "møte" } else { "møter" };
                Some(format!("{}: {count} {meetings}", named(code)))
            }),
            "\n",
        )
    }

    fn at_workplace(&self) -> Option<String> {
        let counts = workplace_meetings(self.facts.visits.iter().copied(), self.period);
        let lines = counts
            .into_iter()
            .filter(|(_, (alone, both))| alone + both > 0)
            .map(|(employer, (alone, both))| {
                let name = self
                    .employer_name(employer)
                    .unwrap_or_else(|| "Arbeidsgiver".to_owned());
                let counts = [
                    (both > 0).then(|| format!("{both} med deltaker og arbeidsgiver")),
                    (alone > 0).then(|| format!("{alone} med arbeidsgiver")),
                ];
                Some(format!("{name}: {}", joined(counts, ", ")?))
            });
        joined(lines, "\n")
    }

    fn employers_comments(&self) -> Option<String> {
        let places = self.workplaces(Block::Employer);
        joined(
            places.iter().map(|place| {
                let comment = filled(Some(&place.employment?.employer_comment))?;
                let name = self.employer_name(place.employer);
                Some(name.map_or_else(|| comment.clone(), |name| format!("{name}: {comment}")))
            }),
            "\n",
        )
    }

    /// What the records say of a field outside blocks.
    fn drawn(&self, code: &str) -> Option<String> {
        let p = self.participation();
        match code {
            "name" => joined(
                [
                    filled(Some(&p.first_name)),
                    filled(p.middle_name.as_deref()),
                    filled(Some(&p.last_name)),
                ],
                " ",
            ),
            "national_id" => p.national_id.as_ref().map(|id| id.reveal().to_owned()),
            "address" => filled(p.address.as_deref()),
            "post_town" => post_town(p.address.as_deref()?),
            "start" => p.start.map(date_text),
            "end" => p.end.map(date_text),
            "period" => self
                .period
                .map(|period| format!("{}–{}", date_text(period.from), date_text(period.to))),
            "nav_office" => filled(p.nav_office.as_deref()),
            "nav_adviser" => {
                let name = filled(p.nav_adviser.as_deref())?;
                let contact = [
                    filled(p.nav_adviser_phone.as_deref()),
                    filled(p.nav_adviser_email.as_deref()),
                ];
                joined([Some(name)].into_iter().chain(contact), ", ")
            }
            "consultant" => self.consultant_name(),
            "order" => filled(p.order.as_deref()),
            "hours" => Some(self.hours?.text(self.period?)),
            "absence" => {
                let visits = self.facts.visits.iter().copied();
                Some(absence_text(&absence(visits, self.period)))
            }
            "activities" | "final_activities" => self.activities(),
            "workplace" => self.at_workplace(),
            "employer_comment" => self.employers_comments(),
            "employer" => {
                let work = self.standing(EmploymentKind::PaidWork);
                let keys = work.iter().map(|employment| employment.employer.as_ref());
                let referral = self.at_referral().and_then(|place| place.employer);
                let keys = keys.chain([referral]);
                joined(keys.map(|key| self.employer_name(key)), ", ")
            }
            _ => None,
        }
    }

    /// A field's value, where it came from, and what is to be done where it is not filled.
    fn fill(&self, field: &Field) -> (String, Origin, Option<Todo>) {
        let (drawn, written) = (self.drawn(field.code), self.written(field.code));
        let nothing = |todo| (String::new(), Origin::Empty, Some(todo));
        match (field.code, field.source) {
            ("address" | "post_town", _) if self.participation().address_protected => (
                "Adressebeskyttelse: oppgis ikke.".to_owned(),
                Origin::Withheld,
                None,
            ),
            ("consultant", _) => match (drawn, written) {
                (Some(name), Some(contact)) => (
                    format!("{name}, {contact}"),
                    Origin::RecordsAndWritten,
                    None,
                ),
                (Some(name), None) => (name, Origin::Records, Some(Todo::WriteContact)),
                (None, Some(contact)) => {
                    let known = self.participation().consultant.is_some();
                    let todo = if known || self.report.consultant.is_some() {
                        Todo::InRegister
                    } else {
                        Todo::OnParticipation
                    };
                    (contact, Origin::Written, Some(todo))
                }
                (None, None) => nothing(Todo::OnParticipation),
            },
            (_, Source::Records) => match drawn {
                Some(value) => (value, Origin::Records, None),
                None => nothing(match field.code {
                    "hours" => Todo::CountHours,
                    "employer" if self.names_employer() => Todo::InRegister,
                    "employer" => Todo::RecordEmployment,
                    _ => Todo::OnParticipation,
                }),
            },
            (_, Source::RecordsElseWritten) => match (drawn, written) {
                (Some(value), _) => (value, Origin::Records, None),
                (None, Some(value)) => (value, Origin::Written, None),
                (None, None) => nothing(Todo::Write),
            },
            (code, Source::RecordsAndWritten) => match (drawn, written) {
                (Some(drawn), Some(written)) => (
                    format!("{drawn}\n\n{written}"),
                    Origin::RecordsAndWritten,
                    None,
                ),
                (None, Some(written)) => (written, Origin::Written, None),
                (Some(drawn), None) => {
                    // The final report asks for reason, result and meaning: counts do not say them.
                    let todo = (code == "final_activities").then_some(Todo::Write);
                    (drawn, Origin::Records, todo)
                }
                (None, None) => nothing(Todo::Write),
            },
            (_, Source::Written) => match written {
                Some(value) => (value, Origin::Written, None),
                None => nothing(Todo::Write),
            },
            (_, Source::Participant) => match &self.report.review {
                Some(review) => (review_text(review), Origin::Participant, None),
                None => nothing(Todo::GoThrough),
            },
            ("place_date", Source::Signature) => {
                let place = filled(self.report.place.as_deref());
                let date = self.report.signed.map(date_text);
                let todo = (place.is_none() || date.is_none()).then_some(Todo::PlaceAndDate);
                match joined([place, date], ", ") {
                    Some(value) => (value, Origin::Signature, todo),
                    None => nothing(Todo::PlaceAndDate),
                }
            }
            (_, Source::Signature) => match (self.report.signed, self.consultant_name()) {
                (Some(_), Some(name)) => (name, Origin::Signature, None),
                (Some(_), None) => nothing(Todo::InRegister),
                (None, _) => nothing(Todo::Sign),
            },
        }
    }

    fn needed(&self, need: Need) -> bool {
        match need {
            Need::Always => true,
            Need::Optional => false,
            Need::IfEmployed => self.employed(),
            Need::IfFitAsked => self
                .terms
                .is_some_and(|terms| terms.reports.plan_covers_fit),
        }
    }
}

const fn terms_text(terms: EmploymentTerms) -> &'static str {
    match terms {
        EmploymentTerms::Permanent => "fast",
        EmploymentTerms::Temporary => "midlertidig",
        EmploymentTerms::Substitute => "vikariat",
        EmploymentTerms::Other => "annet",
    }
}

/// What the participant says: that they agree, or what they do not agree with (N3).
fn review_text(review: &Review) -> String {
    let on = date_text(review.on);
    let comment = review.comment.trim();
    let head = if review.agrees {
        format!("Gjennomgått med deltakeren {on}. Deltakeren er enig i hele rapportens innhold.")
    } else {
        format!("Gjennomgått med deltakeren {on}. Deltakeren er ikke enig i hele innholdet:")
    };
    if comment.is_empty() {
        head
    } else {
        format!("{head}\n{comment}")
    }
}

/// The days that a report is about: its own where it has them, otherwise those that its kind gives.
#[must_use]
pub fn report_period(
    report: &Report,
    participation: &Participation,
    terms: Option<&Terms>,
    today: LocalDate,
) -> Option<Period> {
    if let (Some(from), Some(to)) = (report.period_from, report.period_to) {
        return Some(Period { from, to });
    }
    let start = participation.start?;
    match report.kind {
        ReportKind::Status => {
            // Every third month in both tenders; without an agreement nothing else is known.
            let months = terms.map_or(3, |terms| terms.deadlines.status_report_months);
            let found = status_period_on(start, months, participation.end, today);
            found.map(|(_, period)| period)
        }
        ReportKind::Final => participation.end.map(|end| Period {
            from: start,
            to: end,
        }),
        ReportKind::Plan | ReportKind::JointPlan | ReportKind::Other => None,
    }
}

/// A report's draft. `hours` are those of the report's period; only the status report has them.
/// The terms are those that hold on the day.
#[must_use]
pub fn draft(
    report: &Report,
    facts: &Case<'_>,
    names: &Names,
    terms: Option<&Terms>,
    hours: Option<&HoursByMonth>,
    today: LocalDate,
) -> ReportDraft {
    let template = templates::of_report(report.kind);
    let period = report_period(report, facts.participation, terms, today);
    let filler = Filler {
        facts,
        names,
        report,
        terms,
        hours,
        period,
    };
    let mut fields = Vec::new();
    let mut missing = Vec::new();
    let mut block_done = None;
    for field in template.fields {
        let Some(block) = field.block else {
            let needed = filler.needed(field.need);
            let (value, origin, todo) = filler.fill(field);
            if let (Some(todo), true) = (todo, needed) {
                missing.push(Missing {
                    field,
                    number: None,
                    todo,
                });
            }
            fields.push(DraftField {
                field,
                number: None,
                value,
                origin,
            });
            continue;
        };
        // A block's fields stand together: all of one employer, then all of the next.
        if block_done == Some(block) {
            continue;
        }
        block_done = Some(block);
        let own = || template.fields.iter().filter(|f| f.block == Some(block));
        for (number, place) in (0_u32..).zip(filler.workplaces(block)) {
            for field in own() {
                let value = filler.in_block(field.code, &place);
                if value.is_none() {
                    missing.push(Missing {
                        field,
                        number: Some(number),
                        todo: filler.todo_in_block(field.code, &place),
                    });
                }
                fields.push(DraftField {
                    field,
                    number: Some(number),
                    origin: if value.is_some() {
                        Origin::Records
                    } else {
                        Origin::Empty
                    },
                    value: value.unwrap_or_default(),
                });
            }
        }
    }
    let title = match (report.kind, terms) {
        (ReportKind::Final, Some(terms)) => terms.reports.final_report_title.clone(),
        (ReportKind::Other, _) => {
            let month = today.month();
            format!("{} {}", template.title.0, month_text(month))
        }
        _ => template.title.0.to_owned(),
    };
    ReportDraft {
        title,
        template,
        period,
        fields,
        missing,
    }
}
