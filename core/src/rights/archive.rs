//! Access and portability (innsyn, GDPR art. 15 and 20; K6): everything that is recorded of one
//! participant, as a page for people and as JSON for programs.
//!
//! Not in it: other participants (a group meeting is counts), and of staff anything but name and
//! role. The files' names say nothing of whom they are about.
//!
//! `innsyn.json` is `{"format": "folge-innsyn", "version": 1, …}` with `made_at`, `provider`,
//! `processing` (purpose, categories, recipients, storage, rights), `participation` (the fields
//! by name), `records` (each with `type`, `id`, `fields`, `voided`, `unreadable`, `several_values`,
//! `changed_at`), `staff` and `employers` (names by key), `messages`, `history`, `readings` and
//! `readers`. Times are RFC 3339 with Oslo's offset, dates `YYYY-MM-DD`, minutes integers, codes
//! those of the program. A field that is empty is absent. `docs/access-archive.md` lists all.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write};

use folge_protocol::membership::Role;
use serde_json::{Map, Value};

use super::breach::DataCategory;
use super::fields::{self, Kind};
use super::retention::Retention;
use super::text::{self, Both, date_text, escape, label, role_text, time_text};
use crate::contract::Agreement;
use crate::document::schema::{FIELD_VOID, Scalar};
use crate::document::{CaseView, RecordRef, RecordRow};
use crate::domain::{
    Billed, EmployerKey, Instant, Language, LocalDate, Proof, Provider, RecordId, StaffKey, Verdict,
};

/// The version of the JSON's form.
pub const ARCHIVE_VERSION: u32 = 1;

/// Somebody who had to do with the participation: no more of them than this is shown.
#[derive(Clone, PartialEq, Eq)]
pub struct ArchivePerson {
    /// The name.
    pub name: String,
    /// The role, where it is known.
    pub role: Option<Role>,
}

/// A line of the history: who changed which field, when, and why.
#[derive(Clone, PartialEq, Eq)]
pub struct ArchiveHistory {
    /// Who; none where the device is not known any more.
    pub who: Option<ArchivePerson>,
    /// When, by the device's clock.
    pub at: Instant,
    /// How sure that is, in words.
    pub certainty: String,
    /// The record.
    pub record: RecordRef,
    /// The field's key, as `FieldChange` has it.
    pub field: String,
    /// What stood there.
    pub old: Option<String>,
    /// What stands there since.
    pub new: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

/// A message of the participant's thread.
#[derive(Clone, PartialEq, Eq)]
pub struct ArchiveMessage {
    /// Who sent it.
    pub from: ArchivePerson,
    /// When.
    pub at: Instant,
    /// What it says.
    pub text: String,
    /// What kind of message it is, in words.
    pub kind: String,
}

/// That somebody opened or exported the participation.
#[derive(Clone, PartialEq, Eq)]
pub struct ArchiveReading {
    /// Who.
    pub who: ArchivePerson,
    /// When.
    pub at: Instant,
    /// What they opened or exported, in words.
    pub what: String,
}

/// A file of the archive.
#[derive(Clone, PartialEq, Eq)]
pub struct ArchiveFile {
    /// Its name.
    pub name: &'static str,
    /// Its content.
    pub bytes: Vec<u8>,
}

macro_rules! silent {
    ($($name:ident),+) => {
        $(impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        })+
    };
}
silent!(
    ArchivePerson,
    ArchiveHistory,
    ArchiveMessage,
    ArchiveReading,
    ArchiveFile
);

impl fmt::Debug for AccessArchive<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessArchive(..)")
    }
}

/// What goes into one participant's archive.
#[derive(Clone)]
pub struct AccessArchive<'a> {
    /// The provider.
    pub provider: &'a Provider,
    /// When it is made.
    pub made_at: Instant,
    /// Everything recorded, voided records included.
    pub view: &'a CaseView,
    /// The agreement that it belongs to, which says when it is erased.
    pub agreement: Option<&'a Agreement>,
    /// Members of staff: the archive holds those of them whom records or the history name.
    pub staff: BTreeMap<StaffKey, ArchivePerson>,
    /// Names of employers: likewise.
    pub employers: BTreeMap<EmployerKey, String>,
    /// Who changed what.
    pub history: Vec<ArchiveHistory>,
    /// The thread's messages.
    pub messages: Vec<ArchiveMessage>,
    /// Who opened or exported it.
    pub readings: Vec<ArchiveReading>,
    /// Who can read it now.
    pub readers: Vec<ArchivePerson>,
}

/// What art. 15 no. 1 asks for beside the data itself.
const ABOUT: &[(&str, Both, Both)] = &[
    (
        "purpose",
        ("Formål", "Purpose"),
        (
            "Å gjennomføre arbeidsmarkedstiltaket som NAV har bestilt for deg, og å dokumentere \
             det overfor NAV.",
            "To carry out the labour-market measure that NAV ordered for you, and to document it \
             to NAV.",
        ),
    ),
    (
        "controller",
        ("Behandlingsansvarlig", "Controller"),
        (
            "NAV. Tiltaksarrangøren er databehandler.",
            "NAV. The provider is its processor.",
        ),
    ),
    (
        "recipients",
        ("Mottakere", "Recipients"),
        (
            "NAV, og hos tiltaksarrangøren bare de som er oppført nedenfor. Opplysningene er \
             kryptert på vei og der de lagres.",
            "NAV, and at the provider only those listed below. The data is encrypted on its way \
             and where it is stored.",
        ),
    ),
    (
        "storage",
        ("Lagring", "Storage"),
        (
            "Slettes tolv uker etter at sluttrapporten er levert NAV, med mindre en grunn til å \
             vente er oppført.",
            "Erased twelve weeks after the final report was delivered to NAV, unless a reason to \
             wait is listed.",
        ),
    ),
    (
        "source",
        ("Hvor opplysningene kommer fra", "Where the data comes from"),
        (
            "Fra NAV, fra deg og fra veilederne dine.",
            "From NAV, from you and from your consultants.",
        ),
    ),
    (
        "third_countries",
        ("Overføring ut av EØS", "Transfer out of the EEA"),
        ("Ingen.", "None."),
    ),
    (
        "automated_decisions",
        ("Automatiske avgjørelser", "Automated decisions"),
        ("Ingen, heller ikke profilering.", "None, and no profiling."),
    ),
    (
        "rights",
        ("Rettighetene dine", "Your rights"),
        (
            "Du kan be om at opplysninger rettes eller slettes, at behandlingen begrenses, og du \
             kan protestere. Du kan klage til Datatilsynet.",
            "You can ask to have data corrected or erased or its processing restricted, and you \
             can object. You can complain to the Data Protection Authority.",
        ),
    ),
];

fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    let members = members.into_iter();
    Value::Object(
        members
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    )
}

fn person(who: &ArchivePerson) -> Value {
    object([
        ("name", who.name.as_str().into()),
        ("role", who.role.map(|role| role_text(role).1).into()),
    ])
}

fn person_text(who: &ArchivePerson) -> String {
    match who.role {
        Some(role) => format!("{} ({})", who.name, role_text(role).0),
        None => who.name.clone(),
    }
}

fn person_html(who: &ArchivePerson) -> String {
    match who.role {
        Some(role) => format!("{} ({})", escape(&who.name), label(role_text(role))),
        None => escape(&who.name),
    }
}

/// When a record is about, to sort by and to head it with.
fn moment(row: &RecordRow) -> Option<Instant> {
    use crate::document::Record;
    match &row.record {
        Record::Visit(visit) => Some(visit.start),
        Record::Trip(trip) => trip.start,
        Record::Contact(contact) => Some(contact.at),
        Record::Note(note) => Some(note.at),
        Record::Report(report) => report.delivered.map(LocalDate::start),
        Record::Employment(employment) => Some(employment.from.start()),
        Record::Notice(notice) => Some(notice.at),
        Record::Proposal(proposal) => Some(proposal.at),
        Record::Confirmation(confirmation) => Some(confirmation.at),
        Record::PinKey(key) => Some(key.at),
        Record::Billed(billed) => Some(billed.approved.start()),
        _ => None,
    }
}

impl AccessArchive<'_> {
    /// The archive's files.
    #[must_use]
    pub fn files(&self) -> Vec<ArchiveFile> {
        let json = serde_json::to_vec_pretty(&self.json()).unwrap_or_default();
        vec![
            ArchiveFile {
                name: "innsyn.html",
                bytes: self.html().into_bytes(),
            },
            ArchiveFile {
                name: "innsyn.json",
                bytes: json,
            },
        ]
    }

    /// The rows in the order in which people read them.
    fn rows(&self) -> Vec<(&RecordRef, &RecordRow)> {
        let mut rows: Vec<_> = self.view.rows.iter().collect();
        let kind = |record: &RecordRef| match record {
            RecordRef::Participation => 0,
            RecordRef::Visit(_) => 1,
            RecordRef::Trip(_) => 2,
            RecordRef::Report(_) => 3,
            RecordRef::Contact(_) => 4,
            RecordRef::Note(_) => 5,
            RecordRef::Employment(_) => 6,
            RecordRef::Confirmation(_) => 7,
            RecordRef::Notice(_) => 8,
            RecordRef::Proposal(_) => 9,
            RecordRef::Billed(_) => 10,
            RecordRef::PinKey(_) => 11,
            _ => 12,
        };
        rows.sort_by_key(|(record, row)| (kind(record), moment(row)));
        rows
    }

    /// The keys of staff and employers that records and the history name: whoever else is in the
    /// register is nobody's matter here.
    fn named_keys(&self) -> BTreeSet<String> {
        let mut named = BTreeSet::new();
        let mut add = |record: &RecordRef, key: &str, value: &str| {
            let kind = fields::describe(record, key).map(|field| field.kind);
            if matches!(kind, Some(Kind::Staff | Kind::Employer)) {
                named.extend(value.lines().map(str::to_owned));
            }
        };
        for (record, row) in &self.view.rows {
            for (key, scalar) in row.record.to_fields() {
                add(record, &key, &scalar.to_string());
            }
        }
        for line in &self.history {
            for value in [&line.old, &line.new].into_iter().flatten() {
                add(&line.record, &line.field, value);
            }
        }
        named
    }

    // --- values ---

    fn staff_text(&self, key: &str) -> String {
        match self.staff.get(&StaffKey(key.to_owned())) {
            Some(who) => person_text(who),
            None => key.to_owned(),
        }
    }

    fn visit_text(&self, id: &str) -> String {
        let at = id
            .parse::<RecordId>()
            .ok()
            .and_then(|id| moment(self.view.rows.get(&RecordRef::Visit(id))?));
        at.map_or_else(|| id.to_owned(), |at| time_text(at, Language::Norwegian))
    }

    /// A value as people read it, escaped.
    fn value_html(&self, kind: Kind, value: &str) -> String {
        let lines = |each: &dyn Fn(&str) -> String| {
            let lines: Vec<String> = value.lines().map(|line| escape(&each(line))).collect();
            lines.join("\n")
        };
        let parsed = match kind {
            Kind::Text | Kind::List | Kind::Count => None,
            Kind::Instant => value
                .parse()
                .ok()
                .map(|ms| time_text(Instant(ms), Language::Norwegian)),
            Kind::Date => value.parse().ok().map(date_text),
            Kind::Minutes => Some(format!("{value} min")),
            Kind::Percent => Some(format!("{value} %")),
            Kind::Bool => {
                return label(if value == "true" {
                    ("ja", "yes")
                } else {
                    ("nei", "no")
                });
            }
            Kind::Code => return fields::code(value).map_or_else(|| escape(value), label),
            Kind::Answer => return fields::answer(value).map_or_else(|| escape(value), label),
            Kind::EndReason => {
                let (code, words) = value.split_once('\n').unwrap_or((value, ""));
                let known = fields::code(code).map_or_else(|| escape(code), label);
                return if words.is_empty() {
                    known
                } else {
                    format!("{known}: {}", escape(words))
                };
            }
            Kind::Billed => billed_text(value),
            Kind::Proof => return proof_html(value),
            Kind::Staff => return lines(&|key| self.staff_text(key)),
            Kind::Visits => return lines(&|id| self.visit_text(id)),
            Kind::Employer => self.employers.get(&EmployerKey(value.to_owned())).cloned(),
        };
        escape(parsed.as_deref().unwrap_or(value))
    }

    /// A value as programs read it.
    fn value_json(kind: Kind, value: &str) -> Value {
        match kind {
            Kind::Instant => match value.parse() {
                Ok(ms) => Instant(ms).rfc3339().into(),
                Err(_) => value.into(),
            },
            Kind::Minutes | Kind::Percent | Kind::Count => match value.parse::<i64>() {
                Ok(number) => number.into(),
                Err(_) => value.into(),
            },
            Kind::Bool => (value == "true").into(),
            Kind::Billed => serde_json::from_str(value).unwrap_or_else(|_| value.into()),
            Kind::List | Kind::Staff | Kind::Visits => value.lines().collect(),
            Kind::Text
            | Kind::Date
            | Kind::Code
            | Kind::Answer
            | Kind::EndReason
            | Kind::Proof
            | Kind::Employer => value.into(),
        }
    }

    // --- JSON ---

    fn fields_json(record: &RecordRef, row: &RecordRow) -> Value {
        let mut out = Map::new();
        for (key, scalar) in row.record.to_fields() {
            let known = fields::describe(record, &key);
            let (name, kind) = known.map_or((key.as_str(), Kind::Text), |f| (f.name, f.kind));
            let value = match scalar {
                Scalar::Text(text) => Self::value_json(kind, &text),
                Scalar::Bool(bool) => bool.into(),
                Scalar::Int(int) if kind == Kind::Instant => Instant(int).rfc3339().into(),
                Scalar::Int(int) => int.into(),
            };
            out.insert(name.to_owned(), value);
        }
        Value::Object(out)
    }

    fn record_json(record: &RecordRef, row: &RecordRow) -> Value {
        let names = |keys: &[String]| -> Value {
            let named = keys
                .iter()
                .map(|key| fields::describe(record, key).map_or(key.as_str(), |field| field.name));
            match keys {
                [] => Value::Null,
                _ => named.collect(),
            }
        };
        object([
            ("type", fields::record_name(record).0.into()),
            ("id", record_id(record).into()),
            ("fields", Self::fields_json(record, row)),
            ("voided", row.voided.as_deref().into()),
            ("several_values", names(&row.conflicts)),
            ("unreadable", names(&row.damaged)),
            ("changed_at", Instant(row.changed_ms).rfc3339().into()),
        ])
    }

    fn history_json(line: &ArchiveHistory) -> Value {
        let known = fields::describe(&line.record, &line.field);
        let kind = known.map_or(Kind::Text, |field| field.kind);
        let value = |text: &Option<String>| {
            text.as_deref()
                .map_or(Value::Null, |text| Self::value_json(kind, text))
        };
        object([
            ("at", line.at.rfc3339().into()),
            ("certainty", line.certainty.as_str().into()),
            ("who", line.who.as_ref().map_or(Value::Null, person)),
            ("type", fields::record_name(&line.record).0.into()),
            ("id", record_id(&line.record).into()),
            (
                "field",
                known.map_or(line.field.as_str(), |field| field.name).into(),
            ),
            ("old", value(&line.old)),
            ("new", value(&line.new)),
            ("reason", line.reason.as_deref().into()),
        ])
    }

    fn json(&self) -> Value {
        let about: Map<String, Value> = ABOUT
            .iter()
            .map(|(name, _, text)| ((*name).to_owned(), text.0.into()))
            .chain([(
                "categories".to_owned(),
                DataCategory::of(self.view)
                    .iter()
                    .map(|category| category.both().0)
                    .collect(),
            )])
            .chain(
                self.erased_on()
                    .map(|on| ("erased_on".to_owned(), on.to_string().into())),
            )
            .collect();
        let rows = self.rows();
        let participation = rows
            .iter()
            .find(|(record, _)| **record == RecordRef::Participation)
            .map_or(Value::Null, |(record, row)| Self::record_json(record, row));
        let records: Value = rows
            .iter()
            .filter(|(record, _)| **record != RecordRef::Participation)
            .map(|(record, row)| Self::record_json(record, row))
            .collect();
        let named = self.named_keys();
        let staff: Map<String, Value> = self
            .staff
            .iter()
            .filter(|(key, _)| named.contains(&key.0))
            .map(|(key, who)| (key.0.clone(), person(who)))
            .collect();
        let employers: Map<String, Value> = self
            .employers
            .iter()
            .filter(|(key, _)| named.contains(&key.0))
            .map(|(key, name)| (key.0.clone(), name.as_str().into()))
            .collect();
        let messages = self.messages.iter().map(|message| {
            object([
                ("at", message.at.rfc3339().into()),
                ("from", person(&message.from)),
                ("kind", message.kind.as_str().into()),
                ("text", message.text.as_str().into()),
            ])
        });
        let readings = self.readings.iter().map(|reading| {
            object([
                ("at", reading.at.rfc3339().into()),
                ("who", person(&reading.who)),
                ("what", reading.what.as_str().into()),
            ])
        });
        object([
            ("format", "folge-innsyn".into()),
            ("version", ARCHIVE_VERSION.into()),
            ("made_at", self.made_at.rfc3339().into()),
            (
                "provider",
                object([
                    ("name", self.provider.name.as_str().into()),
                    ("org_number", self.provider.org_number.as_str().into()),
                ]),
            ),
            ("processing", Value::Object(about)),
            ("participation", participation),
            ("records", records),
            ("staff", Value::Object(staff)),
            ("employers", Value::Object(employers)),
            ("messages", messages.collect()),
            (
                "history",
                self.history.iter().map(Self::history_json).collect(),
            ),
            ("readings", readings.collect()),
            ("readers", self.readers.iter().map(person).collect()),
        ])
    }

    fn erased_on(&self) -> Option<LocalDate> {
        match Retention::of(self.view, self.agreement) {
            Retention::Due { on } => Some(on),
            _ => None,
        }
    }

    // --- HTML ---

    fn html(&self) -> String {
        let mut out = String::new();
        heading(
            &mut out,
            1,
            (
                "Innsyn: alt som er registrert om deg",
                "Access: all that is recorded of you",
            ),
        );
        let provider = format!(
            "{}, {}",
            escape(&self.provider.name),
            escape(&self.provider.org_number)
        );
        let made = time_text(self.made_at, Language::Norwegian);
        table(
            &mut out,
            &[
                (label(("Tiltaksarrangør", "Provider")), provider),
                (label(("Laget", "Made")), escape(&made)),
            ],
        );
        self.html_about(&mut out);
        self.html_records(&mut out);
        self.html_messages(&mut out);
        self.html_history(&mut out);
        heading(
            &mut out,
            2,
            (
                "Hvem som har åpnet eller eksportert",
                "Who opened or exported it",
            ),
        );
        let lines: Vec<[String; 3]> = self
            .readings
            .iter()
            .map(|reading| {
                [
                    time_text(reading.at, Language::Norwegian),
                    person_html(&reading.who),
                    escape(&reading.what),
                ]
            })
            .collect();
        let head = [("Når", "When"), ("Hvem", "Who"), ("Hva", "What")];
        rows_table(&mut out, &head, &lines);
        heading(&mut out, 2, ("Hvem som kan lese nå", "Who can read it now"));
        let lines: Vec<[String; 1]> = self.readers.iter().map(|who| [person_html(who)]).collect();
        rows_table(&mut out, &[("Hvem", "Who")], &lines);
        text::page("Innsyn", &out)
    }

    fn html_about(&self, out: &mut String) {
        heading(out, 2, ("Om behandlingen", "About the processing"));
        let mut about: Vec<(String, String)> = ABOUT
            .iter()
            .map(|(_, name, text)| (label(*name), label(*text)))
            .collect();
        let categories: Vec<String> = DataCategory::of(self.view)
            .iter()
            .map(|category| label(category.both()))
            .collect();
        about.push((
            label(("Kategorier av opplysninger", "Categories of data")),
            categories.join("\n"),
        ));
        if let Some(on) = self.erased_on() {
            about.push((label(("Slettes", "Erased on")), date_text(on)));
        }
        table(out, &about);
    }

    fn html_records(&self, out: &mut String) {
        for (record, row) in self.rows() {
            let (_, name) = fields::record_name(record);
            if *record == RecordRef::Participation {
                heading(out, 2, name);
            } else {
                let at = moment(row).map_or_else(String::new, |at| {
                    format!(", {}", time_text(at, Language::Norwegian))
                });
                let void = if row.voided.is_some() {
                    " class=\"void\""
                } else {
                    ""
                };
                let _ = writeln!(out, "<h3{void}>{}{at}</h3>", label(name));
            }
            let mut lines = Vec::new();
            for (key, scalar) in row.record.to_fields() {
                let known = fields::describe(record, &key);
                let name = known.map_or_else(|| escape(&key), |field| label(field.both));
                let kind = known.map_or(Kind::Text, |field| field.kind);
                lines.push((name, self.value_html(kind, &scalar.to_string())));
            }
            let list = |keys: &[String]| {
                let names: Vec<String> = keys
                    .iter()
                    .map(|key| {
                        fields::describe(record, key)
                            .map_or_else(|| escape(key), |field| label(field.both))
                    })
                    .collect();
                names.join(", ")
            };
            if !row.conflicts.is_empty() {
                let name = (
                    "Har flere verdier, se historikken",
                    "Several values, see the history",
                );
                lines.push((label(name), list(&row.conflicts)));
            }
            if !row.damaged.is_empty() {
                lines.push((
                    label(("Kan ikke leses", "Cannot be read")),
                    list(&row.damaged),
                ));
            }
            if let Some(reason) = &row.voided
                && let Some(field) = fields::describe(record, FIELD_VOID)
            {
                lines.push((label(field.both), escape(reason)));
            }
            table(out, &lines);
        }
    }

    fn html_messages(&self, out: &mut String) {
        heading(out, 2, ("Meldinger", "Messages"));
        let lines: Vec<[String; 4]> = self
            .messages
            .iter()
            .map(|message| {
                [
                    time_text(message.at, Language::Norwegian),
                    person_html(&message.from),
                    escape(&message.kind),
                    escape(&message.text),
                ]
            })
            .collect();
        let head = [
            ("Når", "When"),
            ("Fra", "From"),
            ("Slags", "Kind"),
            ("Tekst", "Text"),
        ];
        rows_table(out, &head, &lines);
    }

    fn html_history(&self, out: &mut String) {
        heading(out, 2, ("Historikk", "History"));
        let lines: Vec<[String; 7]> = self
            .history
            .iter()
            .map(|line| {
                let known = fields::describe(&line.record, &line.field);
                let kind = known.map_or(Kind::Text, |field| field.kind);
                let value = |text: &Option<String>| {
                    let text = text.as_deref();
                    text.map_or_else(String::new, |text| self.value_html(kind, text))
                };
                let row = self.view.rows.get(&line.record);
                let at = row.and_then(moment).map_or_else(String::new, |at| {
                    format!("\n{}", time_text(at, Language::Norwegian))
                });
                let field = known.map_or_else(|| escape(&line.field), |field| label(field.both));
                [
                    format!(
                        "{}\n{}",
                        time_text(line.at, Language::Norwegian),
                        escape(&line.certainty)
                    ),
                    line.who
                        .as_ref()
                        .map_or_else(|| label(("ukjent enhet", "unknown device")), person_html),
                    format!("{}{at}", label(fields::record_name(&line.record).1)),
                    field,
                    value(&line.old),
                    value(&line.new),
                    escape(line.reason.as_deref().unwrap_or_default()),
                ]
            })
            .collect();
        let head = [
            ("Når", "When"),
            ("Hvem", "Who"),
            ("Hva", "What"),
            ("Felt", "Field"),
            ("Før", "Before"),
            ("Etter", "After"),
            ("Hvorfor", "Why"),
        ];
        rows_table(out, &head, &lines);
    }
}

fn record_id(record: &RecordRef) -> Option<String> {
    match record {
        RecordRef::Visit(id)
        | RecordRef::Trip(id)
        | RecordRef::Report(id)
        | RecordRef::Contact(id)
        | RecordRef::Note(id)
        | RecordRef::Employment(id)
        | RecordRef::Notice(id)
        | RecordRef::Proposal(id)
        | RecordRef::Confirmation(id)
        | RecordRef::PinKey(id) => Some(id.to_string()),
        RecordRef::Billed(month) => Some(month.to_string()),
        _ => None,
    }
}

/// What a confirmation stands on, for people: what was answered, that a PIN was typed, or what was
/// drawn.
fn proof_html(text: &str) -> String {
    match text.parse() {
        Ok(Proof::Answer(signed)) => match &signed.answer.verdict {
            Verdict::Yes => label((
                "Svar fra deltakerens enhet: det stemmer",
                "Answer of the participant's device: it is right",
            )),
            Verdict::No => label((
                "Svar fra deltakerens enhet: møtet fant ikke sted",
                "Answer of the participant's device: the meeting did not take place",
            )),
            Verdict::Wrong(words) => {
                let wrong = (
                    "Svar fra deltakerens enhet: noe er feil",
                    "Answer of the participant's device: something is wrong",
                );
                format!("{}: {}", label(wrong), escape(words))
            }
        },
        Ok(Proof::Pin(_)) => label(("PIN-koden ble tastet", "The PIN was typed")),
        // Numbers only: it is an image, and no text of anybody's.
        Ok(Proof::Drawing(drawn)) => {
            let svg = drawn.drawing.to_svg();
            svg.replacen("<svg", "<svg width=\"240\" height=\"240\"", 1)
        }
        Err(_) => escape(text),
    }
}

/// What a claim held of the participation, a line for each entry.
fn billed_text(json: &str) -> Option<String> {
    let billed: Billed = serde_json::from_str(json).ok()?;
    let mut lines: Vec<String> = billed
        .entries
        .iter()
        .map(|entry| {
            let (nb, en) = fields::entry_kind(entry.kind);
            let date = date_text(entry.date);
            format!("{date}: {nb} / {en}, {} × 15 min", entry.quarters)
        })
        .collect();
    lines.extend(billed.places.iter().flat_map(|(month, prices)| {
        let parts = prices.values();
        parts.map(move |part| format!("{month}: {part} / 100000 plass / place"))
    }));
    Some(lines.join("\n"))
}

fn heading(out: &mut String, level: u8, name: Both) {
    let _ = writeln!(out, "<h{level}>{}</h{level}>", label(name));
}

/// A table of names and values, both escaped by the caller.
fn table(out: &mut String, lines: &[(String, String)]) {
    out.push_str("<table>");
    for (name, value) in lines {
        let _ = writeln!(
            out,
            "<tr><th scope=\"row\">{name}</th><td>{value}</td></tr>"
        );
    }
    out.push_str("</table>\n");
}

/// A table of rows, their cells escaped by the caller.
fn rows_table<const N: usize>(out: &mut String, head: &[Both; N], lines: &[[String; N]]) {
    if lines.is_empty() {
        let _ = writeln!(out, "<p>{}</p>", label(("Ingen.", "None.")));
        return;
    }
    out.push_str("<table><thead><tr>");
    for name in head {
        let _ = write!(out, "<th scope=\"col\">{}</th>", label(*name));
    }
    out.push_str("</tr></thead>\n");
    for line in lines {
        out.push_str("<tr>");
        for cell in line {
            let _ = write!(out, "<td>{cell}</td>");
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</table>\n");
}

#[cfg(test)]
mod tests {
    use folge_protocol::ids::DeviceId;

    use super::super::retention::tests::put;
    use super::*;
    use crate::document::Record;
    use crate::domain::participation::NationalId;
    use crate::domain::report::{Report, ReportKind};
    use crate::domain::visit::{GroupInfo, MeetingForm, Visit, With};
    use crate::domain::work::{ContactAttempt, ContactChannel, Note, Trip};
    use crate::domain::{
        Absence, Area, BilledEntry, Confirmation, ConfirmationGrade, Drawing, DrawingProof,
        Employment, EmploymentKind, EmploymentTerms, EndReason, EndReasonKind, EntryKind,
        GroupMeetingId, InsuranceTold, Minutes, Notice, NoticeChannel, NoticeKind, Outcome,
        Participation, PinKey, PracticeAgreement, Proposal, ProposalChange, ProposalState,
        ReferralChannel, Review, Status, VisitDigest,
    };

    const HOSTILE: &str = "<img src=x onerror=alert(1)>\"'&</td></script>";

    /// A casefile in which every field of every record is filled in.
    fn full() -> CaseView {
        let mut p = Participation::new("participant-000", "Fatima", "Dahl");
        let text = |text: &str| Some(text.to_owned());
        p.middle_name = text("Noor");
        p.national_id = NationalId::new("28839909324").ok();
        p.born = "1999-03-28".parse().ok();
        p.phone = text("+47 92182013");
        p.email = text("fatima@example.no");
        p.address = text("Storgata 1");
        p.municipality = text("Kristiansand");
        p.area = text("B");
        p.nav_office = text("NAV Kristiansand");
        p.nav_adviser = text("Ola Haugen");
        p.nav_adviser_phone = text("+47 55553333");
        p.nav_adviser_email = text("ola@nav.example");
        p.ordered = "2026-01-10".parse().ok();
        p.channel = Some(ReferralChannel::Letter);
        p.start = "2026-01-26".parse().ok();
        p.end = "2026-06-26".parse().ok();
        p.employed_at_referral = true;
        p.position_percent = Some(40);
        p.sick_leave_from = "2026-01-02".parse().ok();
        p.sick_leave_percent = Some(60);
        p.employer = Some("employer-014".into());
        p.order = text("Bistand til å finne arbeid");
        p.reduced_work_capacity = true;
        p.from_school_or_sentence = true;
        p.end_reason = Some(EndReason {
            kind: EndReasonKind::Other,
            text: text("Flyttet til Bergen"),
        });
        p.end_status = text("ordinaert-arbeid");
        p.wants_work = "2026-01-11".parse().ok();
        p.therapist_supports = "2026-01-12".parse().ok();
        p.declaration_signed = "2026-01-27".parse().ok();
        p.agreement = Some("oppfolging".into());
        p.consultant = Some("consultant-00".into());
        p.co_consultants = vec!["consultant-01".into(), "consultant-02".into()];
        p.status = Status::Ended;
        p.erasure_hold = text("Klage til behandling");
        p.restricted = text("Bestrider notatet");
        p.thread = Some(folge_protocol::ids::DocumentId([7; 16]));
        p.participant = Some(folge_protocol::ids::PersonId([8; 16]));
        let mut view = CaseView::default();
        put(&mut view, Record::Participation(Box::new(p)));
        let visit = Visit {
            id: RecordId([1; 16]),
            start: Instant::parse("2026-02-02T09:00+01:00").unwrap(),
            end: Instant::parse("2026-02-02T10:15+01:00").unwrap(),
            form: MeetingForm::InPerson,
            with: With::Both,
            consultants: vec!["consultant-00".into(), "consultant-09".into()],
            employer: Some("employer-014".into()),
            activities: vec!["motivasjon".into(), "veiledning".into()],
            outcome: Outcome::Excused(Absence::Family),
            planned: true,
            group: Some(GroupInfo {
                id: GroupMeetingId([3; 16]),
                consultants: 2,
                invited: 6,
                present: 5,
            }),
            note: HOSTILE.into(),
            agreed: "Ring\nfredag".into(),
        };
        put(&mut view, Record::Visit(visit));
        let trip = Trip {
            id: RecordId([2; 16]),
            consultant: "consultant-00".into(),
            minutes: Minutes(35),
            start: Some(Instant::parse("2026-02-02T08:20+01:00").unwrap()),
            end: Some(Instant::parse("2026-02-02T08:55+01:00").unwrap()),
            visits: vec![RecordId([1; 16]), RecordId([99; 16])],
            meetings: 3,
        };
        put(&mut view, Record::Trip(trip));
        let written = [
            ("summary", "Klar for fast jobb"),
            ("newer_field", "Fra en nyere utgave"),
        ];
        let report = Report {
            minutes: Minutes(150),
            delivered: "2026-07-01".parse().ok(),
            consultant: Some("consultant-00".into()),
            period_from: "2026-01-26".parse().ok(),
            period_to: "2026-06-26".parse().ok(),
            texts: written
                .map(|(code, text)| (code.into(), text.into()))
                .into(),
            review: Some(Review {
                on: "2026-06-30".parse().unwrap(),
                agrees: true,
                comment: "Godt samarbeid".into(),
            }),
            place: text("Kristiansand"),
            signed: "2026-06-30".parse().ok(),
            ..Report::new(RecordId([3; 16]), ReportKind::Final)
        };
        put(&mut view, Record::Report(report));
        newer_records(&mut view);
        let contact = ContactAttempt {
            id: RecordId([4; 16]),
            at: Instant::parse("2026-03-03T12:00+01:00").unwrap(),
            channel: ContactChannel::Letter,
            reached: true,
            consultant: Some("consultant-00".into()),
            note: "Svarte i brev".into(),
        };
        put(&mut view, Record::Contact(contact));
        let note = Note {
            id: RecordId([5; 16]),
            at: Instant::parse("2026-03-04T12:00+01:00").unwrap(),
            text: "Ønsker lager".into(),
        };
        put(&mut view, Record::Note(note));
        let voided = view
            .rows
            .get_mut(&RecordRef::Note(RecordId([5; 16])))
            .unwrap();
        voided.voided = Some("Ført på feil deltaker".into());
        voided.conflicts = vec!["text".into()];
        voided.damaged = vec!["at".into()];
        view
    }

    /// Employment, notice, proposals, confirmation and claim, every field filled in.
    fn newer_records(view: &mut CaseView) {
        let day = |text: &str| text.parse::<LocalDate>().unwrap();
        let at = Instant::parse("2026-05-04T12:00+02:00").unwrap();
        let mut employment = Employment::new(
            RecordId([6; 16]),
            EmploymentKind::WorkPractice,
            day("2026-03-02"),
        );
        employment.employer = Some("employer-014".into());
        employment.contact = Some("Lise Lager".into());
        employment.position_percent = Some(50);
        employment.terms = Some(EmploymentTerms::Temporary);
        employment.to = Some(day("2026-05-29"));
        employment.goal = "Prøve truck".into();
        employment.reason = "Nær hjemmet".into();
        employment.employer_comment = "Pålitelig".into();
        employment.agreement = PracticeAgreement {
            purpose: "Avklare".into(),
            training: "Truckkurs".into(),
            follow_up: "Ukentlig".into(),
            working_time: "Ni til tolv".into(),
            tasks: "Plukke varer".into(),
            adaptation: "Korte dager".into(),
            confidentiality: true,
            privacy: true,
            signed: Some(day("2026-03-01")),
        };
        employment.insurance = Some(InsuranceTold {
            on: day("2026-02-27"),
            to: "Daglig leder".into(),
            how: "E-post".into(),
        });
        put(view, Record::Employment(Box::new(employment)));
        let notice = Notice {
            id: RecordId([7; 16]),
            kind: NoticeKind::Absence,
            at,
            channel: NoticeChannel::Phone,
            recipient: Some("NAV Kristiansand".into()),
            about: Some(RecordId([1; 16])),
            consultant: Some("consultant-00".into()),
            text: "Kom ikke".into(),
        };
        put(view, Record::Notice(notice));
        let proposal = |id, change, state| {
            Record::Proposal(Proposal {
                id: RecordId([id; 16]),
                change,
                justification: "Trenger mer tid".into(),
                at,
                consultant: Some("consultant-00".into()),
                state,
            })
        };
        let end = ProposalChange::End {
            end: Some(day("2026-06-26")),
            reason: Some(EndReason {
                kind: EndReasonKind::FoundWork,
                text: None,
            }),
            participated: Some(true),
        };
        let rejected = ProposalState::Rejected {
            by: "Ola Haugen".into(),
            on: day("2026-05-05"),
            reason: "For tidlig".into(),
        };
        put(view, proposal(8, end, rejected));
        let start = ProposalChange::StartDate {
            start: day("2026-02-01"),
            end: None,
        };
        put(view, proposal(9, start, ProposalState::Waiting));
        let confirmation = Confirmation {
            id: RecordId([10; 16]),
            visit: RecordId([1; 16]),
            digest: VisitDigest([0xab; 32]),
            grade: ConfirmationGrade::Drawn,
            at,
            reason: "På papir".into(),
            proof: Some(Proof::Drawing(Box::new(DrawingProof {
                device: DeviceId([11; 16]),
                signature: [12; 64],
                drawing: Drawing::new(vec![vec![(3, 4), (500, 600)]]).unwrap(),
            }))),
        };
        put(view, Record::Confirmation(confirmation));
        let pin = PinKey {
            id: RecordId([13; 16]),
            at,
            salt: [0xa1; 16],
            memory_kib: 19_456,
            passes: 3,
            public: [0xa2; 32],
        };
        put(view, Record::PinKey(pin));
        let billed = Billed {
            agreement: "oppfolging-agder".into(),
            month: day("2026-02-01").month(),
            approved: day("2026-03-05"),
            entries: vec![BilledEntry {
                record: RecordId([1; 16]),
                kind: EntryKind::Travel,
                date: day("2026-02-02"),
                area: Area("B".into()),
                hourly_ore: 90_000,
                quarters: 3,
            }],
            amounts: Vec::new(),
            places: [(day("2026-02-01").month(), [(1_000_000, 50_000)].into())].into(),
        };
        put(view, Record::Billed(billed));
    }

    fn who(name: &str, role: Role) -> ArchivePerson {
        ArchivePerson {
            name: name.into(),
            role: Some(role),
        }
    }

    fn files(view: &CaseView) -> (String, Value) {
        let provider = Provider {
            name: "Vekst & Vei AS".into(),
            org_number: "999888777".into(),
        };
        let at = Instant::parse("2026-07-02T10:00+02:00").unwrap();
        let staff = [
            ("consultant-00", "Kari Li"),
            ("consultant-01", "Per Bø"),
            ("consultant-77", "En Annen"),
        ];
        let archive = AccessArchive {
            provider: &provider,
            made_at: at,
            view,
            agreement: None,
            staff: staff
                .map(|(key, name)| (key.into(), who(name, Role::Consultant)))
                .into(),
            employers: [("employer-014".into(), "Lager <AS>".to_owned())].into(),
            history: vec![ArchiveHistory {
                who: Some(who("Kari Li", Role::Consultant)),
                at,
                certainty: "mellom to kvitteringer".into(),
                record: RecordRef::Visit(RecordId([1; 16])),
                field: "start".into(),
                old: Some("1770019200000".into()),
                new: Some("1770022800000".into()),
                reason: Some(HOSTILE.into()),
            }],
            messages: vec![ArchiveMessage {
                from: who(HOSTILE, Role::Participant),
                at,
                text: "Kommer ti minutter for sent".into(),
                kind: "beskjed".into(),
            }],
            readings: vec![ArchiveReading {
                who: who("Nina Kontor", Role::Coordinator),
                at,
                what: "åpnet deltakelsen".into(),
            }],
            readers: vec![who("Nina Kontor", Role::Coordinator)],
        };
        assert_eq!(
            format!("{archive:?} {:?}", archive.files()[0]),
            "AccessArchive(..) ArchiveFile(..)"
        );
        let files = archive.files();
        let names: Vec<&str> = files.iter().map(|file| file.name).collect();
        assert_eq!(names, ["innsyn.html", "innsyn.json"]);
        let html = String::from_utf8(files[0].bytes.clone()).unwrap();
        (html, serde_json::from_slice(&files[1].bytes).unwrap())
    }

    #[test]
    fn every_recorded_value_is_in_both_files() {
        let view = full();
        let (html, json) = files(&view);
        let mut values = 0;
        let mut named = BTreeSet::new();
        for (record, row) in &view.rows {
            let part = if *record == RecordRef::Participation {
                json["participation"].clone()
            } else {
                let all = json["records"].as_array().unwrap();
                let id = record_id(record).unwrap();
                all.iter().find(|one| one["id"] == *id).unwrap().clone()
            };
            for (key, scalar) in row.record.to_fields() {
                values += 1;
                if key == "f.newer_field" {
                    // A field that only a newer program knows stands under its key.
                    assert_eq!(part["fields"][&key], "Fra en nyere utgave");
                    assert!(html.contains("f.newer_field"));
                    continue;
                }
                let field = fields::describe(record, &key).unwrap_or_else(|| panic!("{key}"));
                named.insert((fields::record_name(record).0, field.name));
                assert_ne!(fields::record_name(record).0, "register");
                let value = &part["fields"][field.name];
                let text = scalar.to_string();
                let (expected, shown): (Value, String) = match field.kind {
                    Kind::Instant => {
                        let at = Instant(text.parse().unwrap());
                        (at.rfc3339().into(), time_text(at, Language::Norwegian))
                    }
                    Kind::Minutes => (text.parse::<i64>().unwrap().into(), format!("{text} min")),
                    Kind::Count => (text.parse::<i64>().unwrap().into(), text.clone()),
                    Kind::Percent => (text.parse::<i64>().unwrap().into(), format!("{text} %")),
                    Kind::Bool => (true.into(), label(("ja", "yes"))),
                    Kind::Date => (text.as_str().into(), date_text(text.parse().unwrap())),
                    Kind::Code => (text.as_str().into(), label(fields::code(&text).unwrap())),
                    Kind::Answer => (text.as_str().into(), label(fields::answer(&text).unwrap())),
                    Kind::EndReason => {
                        let code = text.lines().next().unwrap();
                        (text.as_str().into(), label(fields::code(code).unwrap()))
                    }
                    Kind::Billed => (
                        serde_json::from_str(&text).unwrap(),
                        "02.02.2026: reise / travel, 3 × 15 min\n2026-02: 50000 / 100000 plass"
                            .into(),
                    ),
                    Kind::List | Kind::Staff | Kind::Visits => {
                        // Staff who are known stand with their name.
                        let last = text.lines().last().unwrap();
                        let last = last.replace("consultant-00", "Kari Li (veileder)");
                        // Meetings that are known stand with their time.
                        let own = RecordId([1; 16]).to_string();
                        let last = last.replace(&own, "02.02.2026 kl. 09.00");
                        (text.lines().collect(), escape(&last))
                    }
                    Kind::Employer => (text.as_str().into(), "Lager &lt;AS&gt;".into()),
                    Kind::Proof => (text.as_str().into(), "M3 4l497 596".into()),
                    Kind::Text => (text.as_str().into(), escape(&text)),
                };
                assert_eq!(*value, expected, "{key}");
                assert!(html.contains(&shown), "{key}: {shown}");
                assert!(html.contains(&label(field.both)), "{key}");
            }
        }
        // Every field that the schema can write, so that a new one cannot be forgotten.
        // Participation (a protected one has no address), visit, trip, report (11, one written,
        // one that a newer program wrote), contact, note, employment, notice, proposals (of 11 and
        // 6 fields), confirmation, claim, a PIN's key.
        let records = [40, 12, 6, 13, 5, 2, 22, 7, 17, 6, 2, 5];
        assert_eq!(values, records.iter().sum::<usize>());
        // No two fields of one kind of record share a name.
        assert_eq!(named.len(), values - 1 - 5);
        for part in [
            "Ført på feil deltaker",
            "Kari Li",
            "Nina Kontor",
            "ti minutter for sent",
        ] {
            assert!(
                html.contains(part) && json.to_string().contains(part),
                "{part}"
            );
        }
        assert!(!html.contains("En Annen") && !json.to_string().contains("En Annen"));
        assert_eq!(json["staff"].as_object().unwrap().len(), 2);
        assert_eq!(json["history"][0]["old"], "2026-02-02T09:00:00+01:00");
        assert!(html.contains("02.02.2026 kl. 09.00"));
        assert_eq!(json["version"], ARCHIVE_VERSION);
        assert_eq!(json["readings"][0]["who"]["role"], "coordinator");
    }

    #[test]
    fn hostile_text_stays_text() {
        let (html, json) = files(&full());
        for bad in [
            "<img",
            "<script",
            "onerror=alert(1)>",
            "</td></script>",
            "Lager <AS>",
        ] {
            assert!(!html.contains(bad), "{bad}");
        }
        assert!(html.contains("&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;"));
        assert!(html.contains("Vekst &amp; Vei AS"));
        let visit = json["records"].as_array().unwrap().iter();
        let mut visit = visit.filter(|one| one["type"] == "visit");
        assert_eq!(visit.next().unwrap()["fields"]["note"], HOSTILE);
    }
}
