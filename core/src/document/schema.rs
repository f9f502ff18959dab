//! How records stand in an Automerge document: schema version 1.
//!
//! The root map holds `kind` and `schema`, then
//!
//! * the fields of what there is one of, or what two devices might create at once under the
//!   same key, directly: `p.first`, `o.name`, `a/<key>/measure`, `e/<key>/name`, `s/<key>/name`,
//!   `m/<agreement>/<month>/n`;
//! * for each record with a random id one map, under a letter and the id's 32 digits:
//!   `v:…` visit, `t:…` trip, `r:…` report, `c:…` contact attempt, `n:…` note.
//!
//! So no two devices ever create the same map, and every field is a register of its own.
//! Values are texts, integers and booleans; lists are one text with a line an entry; dates and
//! codes are texts; instants are integer milliseconds. A field that is empty, none or false is
//! absent; once written it is cleared by null. `void` in a record is the reason for its void.

use std::collections::BTreeMap;
use std::fmt;

use folge_protocol::ids::{DocumentId, PersonId};
use serde::{Deserialize, Serialize};

use crate::domain::participation::NationalId;
use crate::domain::register::{Agreement, Area, Employer, Price, Provider, StaffMember};
use crate::domain::visit::{GroupInfo, MeetingForm, Outcome, Visit, With};
use crate::domain::work::{ContactAttempt, ContactChannel, Note, ReportKind, ReportWork, Trip};
use crate::domain::{
    AgreementKey, CohortFigures, CohortStatistics, DomainError, EmployerKey, Instant, LocalDate,
    Minutes, Participation, RecordId, ReferralChannel, StaffKey, StatisticsKey, Status,
};

/// The newest schema version that this program knows.
pub const SCHEMA_VERSION: u64 = 1;

pub(crate) const KEY_KIND: &str = "kind";
pub(crate) const KEY_SCHEMA: &str = "schema";
pub(crate) const FIELD_VOID: &str = "void";
pub(crate) const FIELD_HOLD: &str = "hold";
pub(crate) const FIELD_RESTRICTED: &str = "restricted";
/// Where the restriction stands in the root map.
pub(crate) const KEY_RESTRICTED: &str = "p.restricted";

/// A value of a field.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scalar {
    Text(String),
    Int(i64),
    Bool(bool),
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Int(int) => int.fmt(f),
            Self::Bool(bool) => bool.fmt(f),
        }
    }
}

/// The fields of one record that are present.
pub(crate) type FieldMap = BTreeMap<String, Scalar>;

/// Names one record of a document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RecordRef {
    /// The participation of a casefile.
    Participation,
    /// A visit.
    Visit(RecordId),
    /// A trip.
    Trip(RecordId),
    /// Report writing.
    Report(RecordId),
    /// A contact attempt.
    Contact(RecordId),
    /// A note.
    Note(RecordId),
    /// The provider of a register.
    Provider,
    /// An agreement.
    Agreement(AgreementKey),
    /// An employer.
    Employer(EmployerKey),
    /// A member of staff.
    Staff(StaffKey),
    /// A cohort's statistics.
    Statistics(StatisticsKey),
}

/// Where a record's fields stand.
pub(crate) enum Place {
    /// In the root map, under keys that begin so.
    Flat(String),
    /// In a map under this key of the root map.
    Map(String),
}

impl RecordRef {
    pub(crate) fn place(&self) -> Place {
        match self {
            Self::Participation => Place::Flat("p.".into()),
            Self::Provider => Place::Flat("o.".into()),
            Self::Agreement(key) => Place::Flat(format!("a/{key}/")),
            Self::Employer(key) => Place::Flat(format!("e/{key}/")),
            Self::Staff(key) => Place::Flat(format!("s/{key}/")),
            Self::Statistics(key) => Place::Flat(format!("m/{}/{}/", key.agreement, key.month)),
            Self::Visit(id) => Place::Map(format!("v:{id}")),
            Self::Trip(id) => Place::Map(format!("t:{id}")),
            Self::Report(id) => Place::Map(format!("r:{id}")),
            Self::Contact(id) => Place::Map(format!("c:{id}")),
            Self::Note(id) => Place::Map(format!("n:{id}")),
        }
    }

    /// The record whose map stands under `key` of the root map.
    pub(crate) fn of_map_key(key: &str) -> Option<Self> {
        let (letter, id) = key.split_once(':')?;
        let make = match letter {
            "v" => Self::Visit,
            "t" => Self::Trip,
            "r" => Self::Report,
            "c" => Self::Contact,
            "n" => Self::Note,
            _ => return None,
        };
        id.parse().ok().map(make)
    }

    /// The record and field that `key` of the root map is.
    pub(crate) fn of_flat_key(key: &str) -> Option<(Self, &str)> {
        if let Some(field) = key.strip_prefix("p.") {
            return Some((Self::Participation, field));
        }
        if let Some(field) = key.strip_prefix("o.") {
            return Some((Self::Provider, field));
        }
        let mut parts = key.splitn(3, '/');
        let (letter, name, field) = (parts.next()?, parts.next()?, parts.next()?);
        let record = match letter {
            "a" => Self::Agreement(name.into()),
            "e" => Self::Employer(name.into()),
            "s" => Self::Staff(name.into()),
            "m" => {
                let (month, field) = field.split_once('/')?;
                let key = StatisticsKey {
                    agreement: name.into(),
                    month: month.parse().ok()?,
                };
                return Some((Self::Statistics(key), field));
            }
            _ => return None,
        };
        Some((record, field))
    }

    pub(crate) const fn in_casefile(&self) -> bool {
        !matches!(
            self,
            Self::Provider
                | Self::Agreement(_)
                | Self::Employer(_)
                | Self::Staff(_)
                | Self::Statistics(_)
        )
    }
}

/// One record of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Record {
    /// The participation of a casefile.
    Participation(Box<Participation>),
    /// A visit.
    Visit(Visit),
    /// A trip.
    Trip(Trip),
    /// Report writing.
    Report(ReportWork),
    /// A contact attempt.
    Contact(ContactAttempt),
    /// A note.
    Note(Note),
    /// The provider of a register.
    Provider(Provider),
    /// An agreement.
    Agreement(Agreement),
    /// An employer.
    Employer(Employer),
    /// A member of staff.
    Staff(StaffMember),
    /// A cohort's statistics.
    Statistics(CohortStatistics),
}

impl Record {
    /// The record's name.
    #[must_use]
    pub fn reference(&self) -> RecordRef {
        match self {
            Self::Participation(_) => RecordRef::Participation,
            Self::Visit(visit) => RecordRef::Visit(visit.id),
            Self::Trip(trip) => RecordRef::Trip(trip.id),
            Self::Report(report) => RecordRef::Report(report.id),
            Self::Contact(contact) => RecordRef::Contact(contact.id),
            Self::Note(note) => RecordRef::Note(note.id),
            Self::Provider(_) => RecordRef::Provider,
            Self::Agreement(agreement) => RecordRef::Agreement(agreement.key.clone()),
            Self::Employer(employer) => RecordRef::Employer(employer.key.clone()),
            Self::Staff(staff) => RecordRef::Staff(staff.key.clone()),
            Self::Statistics(cohort) => RecordRef::Statistics(cohort.key.clone()),
        }
    }

    /// Checks that everything can be recorded.
    /// # Errors
    /// The first thing wrong.
    pub fn validate(&self) -> Result<(), DomainError> {
        match self {
            Self::Participation(participation) => participation.validate(),
            Self::Visit(visit) => visit.validate(),
            Self::Trip(trip) => trip.validate(),
            Self::Report(report) => report.validate(),
            Self::Contact(contact) => contact.validate(),
            Self::Note(note) => note.validate(),
            Self::Provider(provider) => provider.validate(),
            Self::Agreement(agreement) => agreement.validate(),
            Self::Employer(employer) => employer.validate(),
            Self::Staff(staff) => staff.validate(),
            Self::Statistics(cohort) => cohort.validate(),
        }
    }

    pub(crate) fn to_fields(&self) -> FieldMap {
        let mut out = Out::default();
        match self {
            Self::Participation(p) => write_participation(&mut out, p),
            Self::Visit(visit) => write_visit(&mut out, visit),
            Self::Trip(trip) => {
                out.text("staff", &trip.consultant.0);
                out.int("min", i64::from(trip.minutes.0));
                out.instant("start", trip.start);
                out.instant("end", trip.end);
                out.list("visits", trip.visits.iter());
            }
            Self::Report(report) => {
                out.text("kind", report.kind.code());
                out.int("min", i64::from(report.minutes.0));
                out.date("delivered", report.delivered);
                out.opt("staff", report.consultant.as_ref().map(StaffKey::as_str));
            }
            Self::Contact(contact) => {
                out.instant("at", Some(contact.at));
                out.text("channel", contact.channel.code());
                out.bool("reached", contact.reached);
                out.opt("staff", contact.consultant.as_ref().map(StaffKey::as_str));
                out.text("note", &contact.note);
            }
            Self::Note(note) => {
                out.instant("at", Some(note.at));
                out.text("text", &note.text);
            }
            Self::Provider(provider) => {
                out.text("name", &provider.name);
                out.text("org", &provider.org_number);
            }
            Self::Agreement(agreement) => {
                out.text("measure", &agreement.measure);
                out.text("model", &agreement.price_model);
                for price in &agreement.prices {
                    let ore = i64::try_from(price.hourly_ore).unwrap_or(i64::MAX);
                    out.int(&format!("price:{}:{}", price.area.0, price.from), ore);
                }
                for (area, municipalities) in &agreement.areas {
                    // Present even where empty, so that the area itself is not lost.
                    let text = municipalities.join("\n");
                    out.0.insert(format!("area:{}", area.0), Scalar::Text(text));
                }
            }
            Self::Employer(employer) => {
                out.text("name", &employer.name);
                out.opt("area", employer.area.as_deref());
                out.opt("muni", employer.municipality.as_deref());
                out.opt("contact", employer.contact.as_deref());
            }
            Self::Staff(staff) => {
                out.text("name", &staff.name);
                out.opt(
                    "person",
                    staff.person.map(|person| person.to_string()).as_deref(),
                );
                out.int("pos", i64::from(staff.position_percent));
            }
            Self::Statistics(cohort) => write_statistics(&mut out, cohort),
        }
        out.0
    }

    /// Reads a record; what cannot be read is named in the second part and gets the field's
    /// empty value, so that a record never vanishes because of one bad field.
    pub(crate) fn from_fields(reference: &RecordRef, fields: &FieldMap) -> (Self, Vec<String>) {
        let mut input = In {
            fields,
            damaged: Vec::new(),
        };
        let record = match reference {
            RecordRef::Participation => {
                Self::Participation(Box::new(read_participation(&mut input)))
            }
            RecordRef::Visit(id) => Self::Visit(read_visit(&mut input, *id)),
            RecordRef::Trip(id) => Self::Trip(Trip {
                id: *id,
                consultant: StaffKey(input.text("staff")),
                minutes: input.minutes("min"),
                start: input.int_opt("start").map(Instant),
                end: input.int_opt("end").map(Instant),
                visits: input.list("visits", |text| text.parse().ok()),
            }),
            RecordRef::Report(id) => Self::Report(ReportWork {
                id: *id,
                kind: input
                    .code("kind", ReportKind::from_code)
                    .unwrap_or(ReportKind::Other),
                minutes: input.minutes("min"),
                delivered: input.date("delivered"),
                consultant: input.text_opt("staff").map(StaffKey),
            }),
            RecordRef::Contact(id) => Self::Contact(ContactAttempt {
                id: *id,
                at: input.instant("at"),
                channel: input
                    .code("channel", ContactChannel::from_code)
                    .unwrap_or(ContactChannel::Other),
                reached: input.bool("reached"),
                consultant: input.text_opt("staff").map(StaffKey),
                note: input.text("note"),
            }),
            RecordRef::Note(id) => Self::Note(Note {
                id: *id,
                at: input.instant("at"),
                text: input.text("text"),
            }),
            RecordRef::Provider => Self::Provider(Provider {
                name: input.text("name"),
                org_number: input.text("org"),
            }),
            RecordRef::Agreement(key) => Self::Agreement(read_agreement(&mut input, key)),
            RecordRef::Employer(key) => Self::Employer(Employer {
                key: key.clone(),
                name: input.text("name"),
                area: input.text_opt("area"),
                municipality: input.text_opt("muni"),
                contact: input.text_opt("contact"),
            }),
            RecordRef::Staff(key) => Self::Staff(StaffMember {
                key: key.clone(),
                name: input.text("name"),
                person: input.code("person", |text| text.parse::<PersonId>().ok()),
                position_percent: input.percent("pos").unwrap_or(0),
            }),
            RecordRef::Statistics(key) => Self::Statistics(read_statistics(&mut input, key)),
        };
        (record, input.damaged)
    }
}

fn write_participation(out: &mut Out, p: &Participation) {
    out.text("ref", &p.reference);
    out.text("first", &p.first_name);
    out.opt("middle", p.middle_name.as_deref());
    out.text("last", &p.last_name);
    out.opt("nid", p.national_id.as_ref().map(NationalId::reveal));
    out.date("born", p.born);
    out.opt("tel", p.phone.as_deref());
    out.opt("mail", p.email.as_deref());
    out.opt("addr", p.address.as_deref());
    out.opt("muni", p.municipality.as_deref());
    out.opt("area", p.area.as_deref());
    out.opt("office", p.nav_office.as_deref());
    out.opt("adv", p.nav_adviser.as_deref());
    out.opt("advtel", p.nav_adviser_phone.as_deref());
    out.opt("advmail", p.nav_adviser_email.as_deref());
    out.date("ordered", p.ordered);
    out.opt("channel", p.channel.map(ReferralChannel::code));
    out.date("start", p.start);
    out.date("end", p.end);
    out.bool("employed", p.employed_at_referral);
    out.percent("pos", p.position_percent);
    out.date("sick", p.sick_leave_from);
    out.percent("sickpct", p.sick_leave_percent);
    out.opt("employer", p.employer.as_ref().map(EmployerKey::as_str));
    out.opt("order", p.order.as_deref());
    out.bool("reduced", p.reduced_work_capacity);
    out.bool("protected", p.address_protected);
    out.opt("agreement", p.agreement.as_ref().map(AgreementKey::as_str));
    out.opt("staff", p.consultant.as_ref().map(StaffKey::as_str));
    out.list("costaff", p.co_consultants.iter());
    out.text("status", p.status.code());
    out.opt(FIELD_HOLD, p.erasure_hold.as_deref());
    out.opt(FIELD_RESTRICTED, p.restricted.as_deref());
    out.opt("thread", p.thread.map(|id| id.to_string()).as_deref());
    out.opt("person", p.participant.map(|id| id.to_string()).as_deref());
}

fn read_participation(input: &mut In<'_>) -> Participation {
    Participation {
        reference: input.text("ref"),
        first_name: input.text("first"),
        middle_name: input.text_opt("middle"),
        last_name: input.text("last"),
        national_id: input.code("nid", |text| NationalId::new(text).ok()),
        born: input.date("born"),
        phone: input.text_opt("tel"),
        email: input.text_opt("mail"),
        address: input.text_opt("addr"),
        municipality: input.text_opt("muni"),
        area: input.text_opt("area"),
        nav_office: input.text_opt("office"),
        nav_adviser: input.text_opt("adv"),
        nav_adviser_phone: input.text_opt("advtel"),
        nav_adviser_email: input.text_opt("advmail"),
        ordered: input.date("ordered"),
        channel: input.code("channel", ReferralChannel::from_code),
        start: input.date("start"),
        end: input.date("end"),
        employed_at_referral: input.bool("employed"),
        position_percent: input.percent("pos"),
        sick_leave_from: input.date("sick"),
        sick_leave_percent: input.percent("sickpct"),
        employer: input.text_opt("employer").map(EmployerKey),
        order: input.text_opt("order"),
        reduced_work_capacity: input.bool("reduced"),
        address_protected: input.bool("protected"),
        agreement: input.text_opt("agreement").map(AgreementKey),
        consultant: input.text_opt("staff").map(StaffKey),
        co_consultants: input.list("costaff", |text| Some(StaffKey::from(text))),
        status: input
            .code("status", Status::from_code)
            .unwrap_or(Status::Waiting),
        erasure_hold: input.text_opt(FIELD_HOLD),
        restricted: input.text_opt(FIELD_RESTRICTED),
        thread: input.code("thread", |text| text.parse::<DocumentId>().ok()),
        participant: input.code("person", |text| text.parse::<PersonId>().ok()),
    }
}

fn write_visit(out: &mut Out, visit: &Visit) {
    out.instant("start", Some(visit.start));
    out.instant("end", Some(visit.end));
    out.text("form", visit.form.code());
    out.text("with", visit.with.code());
    out.list("staff", visit.consultants.iter());
    out.opt("employer", visit.employer.as_ref().map(EmployerKey::as_str));
    out.list("act", visit.activities.iter());
    out.text("out", &visit.outcome.code());
    out.bool("planned", visit.planned);
    if let Some(group) = visit.group {
        // One text: the counts are one statement about one meeting.
        let text = format!(
            "{} {} {} {}",
            group.id, group.consultants, group.invited, group.present
        );
        out.text("group", &text);
    }
    out.text("note", &visit.note);
    out.text("agreed", &visit.agreed);
}

fn read_group(text: &str) -> Option<GroupInfo> {
    let mut parts = text.split(' ');
    let group = GroupInfo {
        id: parts.next()?.parse().ok()?,
        consultants: parts.next()?.parse().ok()?,
        invited: parts.next()?.parse().ok()?,
        present: parts.next()?.parse().ok()?,
    };
    parts.next().is_none().then_some(group)
}

fn read_visit(input: &mut In<'_>, id: RecordId) -> Visit {
    Visit {
        id,
        start: input.instant("start"),
        end: input.instant("end"),
        form: input
            .code("form", MeetingForm::from_code)
            .unwrap_or(MeetingForm::InPerson),
        with: input
            .code("with", With::from_code)
            .unwrap_or(With::Participant),
        consultants: input.list("staff", |text| Some(StaffKey::from(text))),
        employer: input.text_opt("employer").map(EmployerKey),
        activities: input.list("act", |text| Some(text.to_owned())),
        // What cannot be read must not be billed: planned counts nowhere.
        outcome: input
            .code("out", Outcome::from_code)
            .unwrap_or(Outcome::Planned),
        planned: input.bool("planned"),
        group: input.code("group", read_group),
        note: input.text("note"),
        agreed: input.text("agreed"),
    }
}

fn read_agreement(input: &mut In<'_>, key: &AgreementKey) -> Agreement {
    let mut prices = Vec::new();
    let mut areas = BTreeMap::new();
    for (field, value) in input.fields {
        if let Some(rest) = field.strip_prefix("price:") {
            let price = rest.rsplit_once(':').and_then(|(area, from)| {
                let Scalar::Int(ore) = value else { return None };
                Some(Price {
                    area: Area(area.to_owned()),
                    from: from.parse().ok()?,
                    hourly_ore: u64::try_from(*ore).ok()?,
                })
            });
            match price {
                Some(price) => prices.push(price),
                None => input.damaged.push(field.clone()),
            }
        } else if let Some(area) = field.strip_prefix("area:") {
            match value {
                Scalar::Text(text) => {
                    let names = text.lines().map(str::to_owned).collect();
                    areas.insert(Area(area.to_owned()), names);
                }
                _ => input.damaged.push(field.clone()),
            }
        }
    }
    prices.sort();
    Agreement {
        key: key.clone(),
        measure: input.text("measure"),
        price_model: input.text("model"),
        prices,
        areas,
    }
}

fn write_statistics(out: &mut Out, cohort: &CohortStatistics) {
    // Present also where nothing is shown, so that the cohort is not drawn again.
    let count = cohort.figures.as_ref().map_or(0, |f| f.participations);
    out.int("n", i64::from(count));
    let Some(figures) = &cohort.figures else {
        return;
    };
    for (name, sum) in figures.sums() {
        if let Some(sum) = sum {
            out.int(name, i64::try_from(sum).unwrap_or(i64::MAX));
        }
    }
    for (area, count) in figures.by_area.iter().flatten() {
        out.int(&format!("area:{}", area.0), i64::from(*count));
    }
}

fn read_statistics(input: &mut In<'_>, key: &StatisticsKey) -> CohortStatistics {
    let mut figures = CohortFigures {
        participations: input.number("n").unwrap_or(0),
        ..CohortFigures::default()
    };
    for (name, _) in CohortFigures::default().sums() {
        let read = input.number(name);
        if let Some(sum) = figures.sum_mut(name) {
            *sum = read;
        }
    }
    let fields = input.fields;
    let mut areas = BTreeMap::new();
    for field in fields.keys() {
        if let Some(area) = field.strip_prefix("area:")
            && let Some(count) = input.number(field)
        {
            areas.insert(Area(area.to_owned()), count);
        }
    }
    figures.by_area = (!areas.is_empty()).then_some(areas);
    CohortStatistics {
        key: key.clone(),
        figures: (figures.participations > 0).then_some(figures),
    }
}

/// Collects fields, leaving out what is empty.
#[derive(Default)]
struct Out(FieldMap);

impl Out {
    fn text(&mut self, key: &str, text: &str) {
        if !text.is_empty() {
            self.0.insert(key.to_owned(), Scalar::Text(text.to_owned()));
        }
    }
    fn opt(&mut self, key: &str, text: Option<&str>) {
        self.text(key, text.unwrap_or_default());
    }
    fn int(&mut self, key: &str, int: i64) {
        self.0.insert(key.to_owned(), Scalar::Int(int));
    }
    fn instant(&mut self, key: &str, instant: Option<Instant>) {
        if let Some(instant) = instant {
            self.int(key, instant.0);
        }
    }
    fn percent(&mut self, key: &str, percent: Option<u8>) {
        if let Some(percent) = percent {
            self.int(key, i64::from(percent));
        }
    }
    fn bool(&mut self, key: &str, bool: bool) {
        if bool {
            self.0.insert(key.to_owned(), Scalar::Bool(true));
        }
    }
    fn date(&mut self, key: &str, date: Option<LocalDate>) {
        if let Some(date) = date {
            self.text(key, &date.to_string());
        }
    }
    fn list(&mut self, key: &str, entries: impl Iterator<Item = impl fmt::Display>) {
        let text = entries
            .map(|entry| entry.to_string())
            .collect::<Vec<_>>()
            .join("\n");
        self.text(key, &text);
    }
}

/// Takes fields, noting which could not be read.
struct In<'a> {
    fields: &'a FieldMap,
    damaged: Vec<String>,
}

impl In<'_> {
    fn code<T>(&mut self, key: &str, read: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let value = match self.fields.get(key)? {
            Scalar::Text(text) => read(text),
            _ => None,
        };
        if value.is_none() {
            self.damaged.push(key.to_owned());
        }
        value
    }
    fn text_opt(&mut self, key: &str) -> Option<String> {
        self.code(key, |text| Some(text.to_owned()))
    }
    fn text(&mut self, key: &str) -> String {
        self.text_opt(key).unwrap_or_default()
    }
    fn date(&mut self, key: &str) -> Option<LocalDate> {
        self.code(key, |text| text.parse().ok())
    }
    fn list<T>(&mut self, key: &str, read: impl Fn(&str) -> Option<T>) -> Vec<T> {
        self.code(key, |text| text.lines().map(read).collect())
            .unwrap_or_default()
    }
    fn int_opt(&mut self, key: &str) -> Option<i64> {
        match self.fields.get(key)? {
            Scalar::Int(int) => Some(*int),
            _ => {
                self.damaged.push(key.to_owned());
                None
            }
        }
    }
    fn number<T: TryFrom<i64>>(&mut self, key: &str) -> Option<T> {
        let value = T::try_from(self.int_opt(key)?).ok();
        if value.is_none() {
            self.damaged.push(key.to_owned());
        }
        value
    }
    fn percent(&mut self, key: &str) -> Option<u8> {
        self.number(key)
    }
    fn minutes(&mut self, key: &str) -> Minutes {
        Minutes(self.number(key).unwrap_or(0))
    }
    /// An instant that must be there.
    fn instant(&mut self, key: &str) -> Instant {
        if !self.fields.contains_key(key) {
            self.damaged.push(key.to_owned());
        }
        Instant(self.int_opt(key).unwrap_or(0))
    }
    fn bool(&mut self, key: &str) -> bool {
        match self.fields.get(key) {
            None => false,
            Some(Scalar::Bool(bool)) => *bool,
            Some(_) => {
                self.damaged.push(key.to_owned());
                false
            }
        }
    }
}
