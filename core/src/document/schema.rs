//! How records stand in an Automerge document: schema version 1.
//!
//! The root map holds `kind` and `schema`, then
//!
//! * the fields of what there is one of, or what two devices might create at once under the
//!   same key, directly: `p.first`, `o.name`, `a/<key>/measure`, `e/<key>/name`, `s/<key>/name`,
//!   `m/<agreement>/<month>/n` statistics, `k/<agreement>/<month>/on` an approved claim,
//!   `r/<agreement>/<kind>/<month>/delivered` a report of the office, `l/<list>/src` a code list,
//!   `b/<month>/on` what a claim held of the participation;
//! * for each record with a random id one map, under a letter and the id's 32 digits:
//!   `v:…` visit, `t:…` trip, `r:…` report, `c:…` contact attempt, `n:…` note, `w:…` employment,
//!   `d:…` notice to NAV, `f:…` proposal, `k:…` confirmation, `i:…` a PIN's key.
//!
//! So no two devices ever create the same map, and every field is a register of its own.
//! Values are texts, integers and booleans; lists are one text with a line an entry; dates and
//! codes are texts; instants are integer milliseconds. A field that is empty, none or false is
//! absent; once written it is cleared by null. `void` in a record is the reason for its void.

use std::collections::BTreeMap;
use std::fmt;

use folge_protocol::ids::{DocumentId, PersonId};
use serde::{Deserialize, Serialize};

use super::sent;
use crate::contract::{Agreement, AgreementVersion};
use crate::domain::participation::NationalId;
use crate::domain::register::{Area, Employer, Provider, StaffMember};
use crate::domain::visit::{GroupInfo, MeetingForm, Outcome, Visit, With};
use crate::domain::work::{ContactAttempt, ContactChannel, Note, Trip};
use crate::domain::{
    AgreementKey, ApprovedClaim, Billed, ClaimKey, CodeList, CodeListName, CohortFigures,
    CohortStatistics, Confirmation, DomainError, EmployerKey, Employment, Instant, LocalDate,
    Minutes, Month, Notice, OfficeReport, OfficeReportKey, OfficeReportKind, Participation, PinKey,
    Proposal, RecordId, ReferralChannel, Report, ReportKind, Review, StaffKey, StatisticsKey,
    Status,
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
    /// A report.
    Report(RecordId),
    /// A contact attempt.
    Contact(RecordId),
    /// A note.
    Note(RecordId),
    /// Work at an employer.
    Employment(RecordId),
    /// Something that NAV was told.
    Notice(RecordId),
    /// A proposal to NAV.
    Proposal(RecordId),
    /// A confirmation of a visit.
    Confirmation(RecordId),
    /// The key of a participant's PIN.
    PinKey(RecordId),
    /// What the claim of a month held of the participation.
    Billed(Month),
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
    /// An approved claim.
    Claim(ClaimKey),
    /// A report of the office.
    OfficeReport(OfficeReportKey),
    /// A code list of NAV's.
    CodeList(CodeListName),
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
            Self::Claim(key) => Place::Flat(format!("k/{}/{}/", key.agreement, key.month)),
            Self::OfficeReport(key) => Place::Flat(format!(
                "r/{}/{}/{}/",
                key.agreement,
                key.kind.code(),
                key.month
            )),
            Self::CodeList(name) => Place::Flat(format!("l/{}/", name.code())),
            Self::Billed(month) => Place::Flat(format!("b/{month}/")),
            Self::Visit(id) => Place::Map(format!("v:{id}")),
            Self::Trip(id) => Place::Map(format!("t:{id}")),
            Self::Report(id) => Place::Map(format!("r:{id}")),
            Self::Contact(id) => Place::Map(format!("c:{id}")),
            Self::Note(id) => Place::Map(format!("n:{id}")),
            Self::Employment(id) => Place::Map(format!("w:{id}")),
            Self::Notice(id) => Place::Map(format!("d:{id}")),
            Self::Proposal(id) => Place::Map(format!("f:{id}")),
            Self::Confirmation(id) => Place::Map(format!("k:{id}")),
            Self::PinKey(id) => Place::Map(format!("i:{id}")),
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
            "w" => Self::Employment,
            "d" => Self::Notice,
            "f" => Self::Proposal,
            "k" => Self::Confirmation,
            "i" => Self::PinKey,
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
            "l" => Self::CodeList(CodeListName::from_code(name)?),
            "b" => Self::Billed(name.parse().ok()?),
            "m" => {
                let (month, field) = field.split_once('/')?;
                let key = StatisticsKey {
                    agreement: name.into(),
                    month: month.parse().ok()?,
                };
                return Some((Self::Statistics(key), field));
            }
            "k" => {
                let (month, field) = field.split_once('/')?;
                let key = ClaimKey {
                    agreement: name.into(),
                    month: month.parse().ok()?,
                };
                return Some((Self::Claim(key), field));
            }
            "r" => {
                let mut parts = field.splitn(3, '/');
                let key = OfficeReportKey {
                    agreement: name.into(),
                    kind: OfficeReportKind::from_code(parts.next()?)?,
                    month: parts.next()?.parse().ok()?,
                };
                return Some((Self::OfficeReport(key), parts.next()?));
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
                | Self::Claim(_)
                | Self::OfficeReport(_)
                | Self::CodeList(_)
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
    /// A report.
    Report(Report),
    /// A contact attempt.
    Contact(ContactAttempt),
    /// A note.
    Note(Note),
    /// Work at an employer.
    Employment(Box<Employment>),
    /// Something that NAV was told.
    Notice(Notice),
    /// A proposal to NAV.
    Proposal(Proposal),
    /// A confirmation of a visit.
    Confirmation(Confirmation),
    /// The key of a participant's PIN.
    PinKey(PinKey),
    /// What the claim of a month held of the participation.
    Billed(Billed),
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
    /// An approved claim.
    Claim(ApprovedClaim),
    /// A report of the office.
    OfficeReport(OfficeReport),
    /// A code list of NAV's.
    CodeList(CodeList),
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
            Self::Employment(employment) => RecordRef::Employment(employment.id),
            Self::Notice(notice) => RecordRef::Notice(notice.id),
            Self::Proposal(proposal) => RecordRef::Proposal(proposal.id),
            Self::Confirmation(confirmation) => RecordRef::Confirmation(confirmation.id),
            Self::PinKey(key) => RecordRef::PinKey(key.id),
            Self::Billed(billed) => RecordRef::Billed(billed.month),
            Self::Claim(claim) => RecordRef::Claim(claim.key.clone()),
            Self::OfficeReport(report) => RecordRef::OfficeReport(report.key.clone()),
            Self::CodeList(list) => RecordRef::CodeList(list.name),
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
            Self::Employment(employment) => employment.validate(),
            Self::Notice(notice) => notice.validate(),
            Self::Proposal(proposal) => proposal.validate(),
            Self::Confirmation(confirmation) => confirmation.validate(),
            Self::PinKey(key) => key.validate(),
            Self::Billed(billed) => billed.validate(),
            Self::Claim(claim) => claim.validate(),
            Self::OfficeReport(report) => report.validate(),
            Self::CodeList(list) => list.validate(),
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
                // Absent where it is the number of the visits named.
                if trip.meetings as usize != trip.visits.len() {
                    out.int("of", i64::from(trip.meetings));
                }
            }
            Self::Report(report) => write_report(&mut out, report),
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
                for (from, version) in &agreement.versions {
                    out.text(&format!("v:{from}"), &json(version));
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
            Self::Employment(employment) => sent::write_employment(&mut out, employment),
            Self::Notice(notice) => sent::write_notice(&mut out, notice),
            Self::Proposal(proposal) => sent::write_proposal(&mut out, proposal),
            Self::Confirmation(confirmation) => sent::write_confirmation(&mut out, confirmation),
            Self::PinKey(key) => sent::write_pin_key(&mut out, key),
            Self::Billed(billed) => {
                out.date("on", Some(billed.approved));
                out.text("is", &json(billed));
            }
            Self::Claim(claim) => {
                out.date("on", Some(claim.approved));
                out.text("is", &json(claim));
            }
            Self::OfficeReport(report) => {
                // Present also where nothing is written yet.
                out.bool("made", true);
                out.date("delivered", report.delivered);
                out.opt("place", report.place.as_deref());
                out.date("signed", report.signed);
                out.texts(&report.texts);
            }
            Self::CodeList(list) => {
                out.text("src", &list.source);
                for (code, text) in &list.entries {
                    out.text(&format!("c.{code}"), text);
                }
            }
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
                meetings: input.number("of").unwrap_or_else(|| {
                    let lines = input.fields.get("visits").map(ToString::to_string);
                    u32::try_from(lines.map_or(0, |text| text.lines().count())).unwrap_or(u32::MAX)
                }),
            }),
            RecordRef::Report(id) => Self::Report(read_report(&mut input, *id)),
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
            RecordRef::Employment(id) => {
                Self::Employment(Box::new(sent::read_employment(&mut input, *id)))
            }
            RecordRef::Notice(id) => Self::Notice(sent::read_notice(&mut input, *id)),
            RecordRef::Proposal(id) => Self::Proposal(sent::read_proposal(&mut input, *id)),
            RecordRef::Confirmation(id) => {
                Self::Confirmation(sent::read_confirmation(&mut input, *id))
            }
            RecordRef::PinKey(id) => Self::PinKey(sent::read_pin_key(&mut input, *id)),
            RecordRef::Billed(month) => {
                let read: Option<Billed> =
                    input.json_if("is", |billed: &Billed| billed.validate().is_ok());
                Self::Billed(read.unwrap_or(Billed {
                    agreement: AgreementKey(String::new()),
                    month: *month,
                    approved: month.last_day(),
                    entries: Vec::new(),
                    amounts: Vec::new(),
                    places: BTreeMap::new(),
                }))
            }
            RecordRef::Claim(key) => {
                let read: Option<ApprovedClaim> =
                    input.json_if("is", |claim: &ApprovedClaim| claim.validate().is_ok());
                Self::Claim(read.unwrap_or(ApprovedClaim {
                    key: key.clone(),
                    approved: key.month.last_day(),
                    participations: 0,
                    lines: Vec::new(),
                    parts: Vec::new(),
                }))
            }
            RecordRef::OfficeReport(key) => Self::OfficeReport(OfficeReport {
                key: key.clone(),
                delivered: input.date("delivered"),
                place: input.text_opt("place"),
                signed: input.date("signed"),
                texts: input.texts(),
            }),
            RecordRef::CodeList(name) => Self::CodeList(CodeList {
                name: *name,
                source: input.text("src"),
                entries: input.under("c."),
            }),
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
    out.bool("school", p.from_school_or_sentence);
    out.bool("protected", p.address_protected);
    out.opt("agreement", p.agreement.as_ref().map(AgreementKey::as_str));
    out.opt("staff", p.consultant.as_ref().map(StaffKey::as_str));
    out.list("costaff", p.co_consultants.iter());
    out.text("status", p.status.code());
    if let Some(reason) = &p.end_reason {
        out.text("endwhy", &sent::end_reason_text(reason));
    }
    out.opt("endstatus", p.end_status.as_deref());
    out.date("wants", p.wants_work);
    out.date("therapist", p.therapist_supports);
    out.date("declared", p.declaration_signed);
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
        from_school_or_sentence: input.bool("school"),
        address_protected: input.bool("protected"),
        agreement: input.text_opt("agreement").map(AgreementKey),
        consultant: input.text_opt("staff").map(StaffKey),
        co_consultants: input.list("costaff", |text| Some(StaffKey::from(text))),
        status: input
            .code("status", Status::from_code)
            .unwrap_or(Status::Waiting),
        end_reason: input.code("endwhy", sent::read_end_reason),
        end_status: input.text_opt("endstatus"),
        wants_work: input.date("wants"),
        therapist_supports: input.date("therapist"),
        declaration_signed: input.date("declared"),
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
    let mut versions = BTreeMap::new();
    for field in input.fields.keys() {
        let Some(from) = field.strip_prefix("v:") else {
            continue;
        };
        let version: Option<AgreementVersion> = input.json(field);
        match (from.parse::<LocalDate>(), version) {
            // Absurd terms are as bad as unreadable ones: no device of ours wrote them.
            (Ok(from), Some(version)) if version.terms.check().is_ok() => {
                versions.insert(from, version);
            }
            // Named as damaged already.
            (_, None) => {}
            (_, Some(_)) => input.damaged.push(field.clone()),
        }
    }
    Agreement {
        key: key.clone(),
        versions,
    }
}

fn write_report(out: &mut Out, report: &Report) {
    out.text("kind", report.kind.code());
    out.int("min", i64::from(report.minutes.0));
    out.date("delivered", report.delivered);
    out.opt("staff", report.consultant.as_ref().map(StaffKey::as_str));
    out.date("from", report.period_from);
    out.date("to", report.period_to);
    out.opt("place", report.place.as_deref());
    out.date("signed", report.signed);
    out.texts(&report.texts);
    if let Some(review) = &report.review {
        out.date("reviewed", Some(review.on));
        out.bool("agrees", review.agrees);
        out.text("comment", &review.comment);
    }
}

fn read_report(input: &mut In<'_>, id: RecordId) -> Report {
    let reviewed = input.date("reviewed");
    Report {
        id,
        kind: input
            .code("kind", ReportKind::from_code)
            .unwrap_or(ReportKind::Other),
        minutes: input.minutes("min"),
        delivered: input.date("delivered"),
        consultant: input.text_opt("staff").map(StaffKey),
        period_from: input.date("from"),
        period_to: input.date("to"),
        place: input.text_opt("place"),
        signed: input.date("signed"),
        texts: input.texts(),
        review: reviewed.map(|on| Review {
            on,
            agrees: input.bool("agrees"),
            comment: input.text("comment"),
        }),
    }
}

/// A value that stands as one text because it is one statement.
fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
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
pub(super) struct Out(FieldMap);

impl Out {
    /// A report's written fields.
    fn texts(&mut self, texts: &BTreeMap<String, String>) {
        for (code, text) in texts {
            self.text(&format!("f.{code}"), text);
        }
    }
    pub(super) fn text(&mut self, key: &str, text: &str) {
        if !text.is_empty() {
            self.0.insert(key.to_owned(), Scalar::Text(text.to_owned()));
        }
    }
    pub(super) fn opt(&mut self, key: &str, text: Option<&str>) {
        self.text(key, text.unwrap_or_default());
    }
    pub(super) fn int(&mut self, key: &str, int: i64) {
        self.0.insert(key.to_owned(), Scalar::Int(int));
    }
    pub(super) fn instant(&mut self, key: &str, instant: Option<Instant>) {
        if let Some(instant) = instant {
            self.int(key, instant.0);
        }
    }
    pub(super) fn percent(&mut self, key: &str, percent: Option<u8>) {
        if let Some(percent) = percent {
            self.int(key, i64::from(percent));
        }
    }
    pub(super) fn bool(&mut self, key: &str, bool: bool) {
        if bool {
            self.0.insert(key.to_owned(), Scalar::Bool(true));
        }
    }
    pub(super) fn date(&mut self, key: &str, date: Option<LocalDate>) {
        if let Some(date) = date {
            self.text(key, &date.to_string());
        }
    }
    pub(super) fn list(&mut self, key: &str, entries: impl Iterator<Item = impl fmt::Display>) {
        let text = entries
            .map(|entry| entry.to_string())
            .collect::<Vec<_>>()
            .join("\n");
        self.text(key, &text);
    }
}

/// Takes fields, noting which could not be read.
pub(super) struct In<'a> {
    fields: &'a FieldMap,
    damaged: Vec<String>,
}

impl In<'_> {
    fn json<T: serde::de::DeserializeOwned>(&mut self, key: &str) -> Option<T> {
        self.code(key, |text| serde_json::from_str(text).ok())
    }
    /// A value that stands as one text, where it is sound.
    fn json_if<T: serde::de::DeserializeOwned>(
        &mut self,
        key: &str,
        sound: impl Fn(&T) -> bool,
    ) -> Option<T> {
        self.code(key, |text| serde_json::from_str(text).ok().filter(sound))
    }
    /// A report's written fields.
    fn texts(&mut self) -> BTreeMap<String, String> {
        self.under("f.")
    }
    /// The texts of all fields under a prefix.
    fn under(&mut self, prefix: &str) -> BTreeMap<String, String> {
        let fields = self.fields;
        let named = fields.keys().filter_map(|key| key.strip_prefix(prefix));
        named
            .map(|name| (name.to_owned(), self.text(&format!("{prefix}{name}"))))
            .collect()
    }
    pub(super) fn code<T>(&mut self, key: &str, read: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let value = match self.fields.get(key)? {
            Scalar::Text(text) => read(text),
            _ => None,
        };
        if value.is_none() {
            self.damaged.push(key.to_owned());
        }
        value
    }
    pub(super) fn text_opt(&mut self, key: &str) -> Option<String> {
        self.code(key, |text| Some(text.to_owned()))
    }
    pub(super) fn text(&mut self, key: &str) -> String {
        self.text_opt(key).unwrap_or_default()
    }
    pub(super) fn date(&mut self, key: &str) -> Option<LocalDate> {
        self.code(key, |text| text.parse().ok())
    }
    pub(super) fn list<T>(&mut self, key: &str, read: impl Fn(&str) -> Option<T>) -> Vec<T> {
        self.code(key, |text| text.lines().map(read).collect())
            .unwrap_or_default()
    }
    pub(super) fn int_opt(&mut self, key: &str) -> Option<i64> {
        match self.fields.get(key)? {
            Scalar::Int(int) => Some(*int),
            _ => {
                self.damaged.push(key.to_owned());
                None
            }
        }
    }
    pub(super) fn number<T: TryFrom<i64>>(&mut self, key: &str) -> Option<T> {
        let value = T::try_from(self.int_opt(key)?).ok();
        if value.is_none() {
            self.damaged.push(key.to_owned());
        }
        value
    }
    pub(super) fn percent(&mut self, key: &str) -> Option<u8> {
        self.number(key)
    }
    pub(super) fn minutes(&mut self, key: &str) -> Minutes {
        Minutes(self.number(key).unwrap_or(0))
    }
    /// Names a field that cannot be read.
    pub(super) fn damage(&mut self, key: &str) {
        self.damaged.push(key.to_owned());
    }
    /// An instant that must be there.
    pub(super) fn instant(&mut self, key: &str) -> Instant {
        if !self.fields.contains_key(key) {
            self.damaged.push(key.to_owned());
        }
        Instant(self.int_opt(key).unwrap_or(0))
    }
    pub(super) fn bool(&mut self, key: &str) -> bool {
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
