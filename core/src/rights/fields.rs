//! What each field of a casefile is called, in Bokmål and English and in the archive's JSON, and
//! how its value is written. Field keys are those of `document::schema`.

use super::text::Both;
use crate::document::RecordRef;

/// How a field's value is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// As it stands.
    Text,
    /// Milliseconds since 1970, written as date and time.
    Instant,
    /// A date.
    Date,
    /// Whole minutes.
    Minutes,
    /// Percent.
    Percent,
    /// Yes; no is absent.
    Bool,
    /// A code that [`code`] explains.
    Code,
    /// A line for each of several texts.
    List,
    /// A line for each of several members of staff.
    Staff,
    /// An employer's key.
    Employer,
    /// A line for each of several meetings.
    Visits,
}

/// A field as people and programs see it.
#[derive(Clone, Copy)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) both: Both,
    pub(super) kind: Kind,
}

const fn field(name: &'static str, nb: &'static str, en: &'static str, kind: Kind) -> Field {
    Field {
        name,
        both: (nb, en),
        kind,
    }
}

/// What a kind of record is called.
pub(super) const fn record_name(record: &RecordRef) -> (&'static str, Both) {
    match record {
        RecordRef::Participation => ("participation", ("Deltakelsen", "The participation")),
        RecordRef::Visit(_) => ("visit", ("Møte", "Meeting")),
        RecordRef::Trip(_) => ("trip", ("Reise", "Travel")),
        RecordRef::Report(_) => ("report", ("Rapport", "Report")),
        RecordRef::Contact(_) => ("contact_attempt", ("Kontaktforsøk", "Contact attempt")),
        RecordRef::Note(_) => ("note", ("Notat", "Note")),
        _ => ("register", ("Register", "Register")),
    }
}

/// What a field of a record is; none for one that a newer program wrote.
pub(super) fn describe(record: &RecordRef, key: &str) -> Option<Field> {
    if key == "void" {
        return Some(field(
            "voided",
            "Annullert fordi",
            "Voided because",
            Kind::Text,
        ));
    }
    match record {
        RecordRef::Participation => participation(key),
        RecordRef::Visit(_) => visit(key),
        RecordRef::Trip(_) => Some(match key {
            "staff" => field("consultant", "Veileder", "Consultant", Kind::Staff),
            "min" => field("minutes", "Minutter", "Minutes", Kind::Minutes),
            "start" => field("start", "Fra", "From", Kind::Instant),
            "end" => field("end", "Til", "Until", Kind::Instant),
            "visits" => field("visits", "Til møtene", "For the meetings", Kind::Visits),
            _ => return None,
        }),
        RecordRef::Report(_) => Some(match key {
            "kind" => field("kind", "Slags rapport", "Kind of report", Kind::Code),
            "min" => field("minutes", "Minutter", "Minutes", Kind::Minutes),
            "delivered" => field("delivered", "Levert NAV", "Delivered to NAV", Kind::Date),
            "staff" => field("consultant", "Skrevet av", "Written by", Kind::Staff),
            _ => return None,
        }),
        RecordRef::Contact(_) => Some(match key {
            "at" => field("at", "Tidspunkt", "Time", Kind::Instant),
            "channel" => field("channel", "Hvordan", "How", Kind::Code),
            "reached" => field("reached", "Fikk kontakt", "Reached", Kind::Bool),
            "staff" => field("consultant", "Veileder", "Consultant", Kind::Staff),
            "note" => field(
                "note",
                "Hva som kom ut av det",
                "What came of it",
                Kind::Text,
            ),
            _ => return None,
        }),
        RecordRef::Note(_) => Some(match key {
            "at" => field("at", "Tidspunkt", "Time", Kind::Instant),
            "text" => field("text", "Tekst", "Text", Kind::Text),
            _ => return None,
        }),
        _ => None,
    }
}

fn participation(key: &str) -> Option<Field> {
    use Kind::{Bool, Code, Date, Employer, Percent, Staff, Text};
    Some(match key {
        "ref" => field("reference", "Referanse", "Reference", Text),
        "first" => field("first_name", "Fornavn", "First name", Text),
        "middle" => field("middle_name", "Mellomnavn", "Middle name", Text),
        "last" => field("last_name", "Etternavn", "Last name", Text),
        "nid" => field(
            "national_id",
            "Fødselsnummer",
            "National identity number",
            Text,
        ),
        "born" => field("born", "Født", "Born", Date),
        "tel" => field("phone", "Telefon", "Telephone", Text),
        "mail" => field("email", "E-post", "E-mail", Text),
        "addr" => field("address", "Adresse", "Address", Text),
        "muni" => field("municipality", "Kommune", "Municipality", Text),
        "area" => field("area", "Tjenesteområde", "Service area", Text),
        "office" => field("nav_office", "NAV-kontor", "NAV office", Text),
        "adv" => field("nav_adviser", "NAV-veileder", "NAV adviser", Text),
        "advtel" => field(
            "nav_adviser_phone",
            "NAV-veileders telefon",
            "NAV adviser's telephone",
            Text,
        ),
        "advmail" => field(
            "nav_adviser_email",
            "NAV-veileders e-post",
            "NAV adviser's e-mail",
            Text,
        ),
        "ordered" => field("ordered", "Bestilling mottatt", "Order received", Date),
        "channel" => field("channel", "Mottatt gjennom", "Received through", Code),
        "start" => field("start", "Første dag", "First day", Date),
        "end" => field("end", "Siste dag", "Last day", Date),
        "employed" => field(
            "employed_at_referral",
            "I arbeidsforhold ved innsøking",
            "Employed at referral",
            Bool,
        ),
        "pos" => field("position_percent", "Stilling", "Position", Percent),
        "sick" => field(
            "sick_leave_from",
            "Sykmeldt fra",
            "On sick leave from",
            Date,
        ),
        "sickpct" => field(
            "sick_leave_percent",
            "Sykmeldingsgrad",
            "Sick leave",
            Percent,
        ),
        "employer" => field("employer", "Arbeidsgiver", "Employer", Employer),
        "order" => field("order", "Bestilling fra NAV", "Order from NAV", Text),
        "reduced" => field(
            "reduced_work_capacity",
            "Nedsatt arbeidsevne",
            "Reduced work capacity",
            Bool,
        ),
        "protected" => field(
            "address_protected",
            "Adressebeskyttelse",
            "Protected address",
            Bool,
        ),
        "agreement" => field("agreement", "Avtale", "Agreement", Text),
        "staff" => field("consultant", "Fast veileder", "Main consultant", Staff),
        "costaff" => field("co_consultants", "Medveiledere", "Other consultants", Staff),
        "status" => field("status", "Status", "Status", Code),
        "hold" => field(
            "erasure_hold",
            "Slettes ikke ennå fordi",
            "Not erased yet because",
            Text,
        ),
        "restricted" => field(
            "restricted",
            "Behandlingen er begrenset fordi",
            "Processing restricted because",
            Text,
        ),
        "thread" => field("thread", "Din tråd (id)", "Your thread (id)", Text),
        "person" => field("participant", "Din bruker (id)", "Your user (id)", Text),
        _ => return None,
    })
}

fn visit(key: &str) -> Option<Field> {
    use Kind::{Bool, Code, Employer, Instant, List, Staff, Text};
    Some(match key {
        "start" => field("start", "Fra", "From", Instant),
        "end" => field("end", "Til", "Until", Instant),
        "form" => field("form", "Møteform", "Form", Code),
        "with" => field("with", "Møte med", "Meeting with", Code),
        "staff" => field("consultants", "Veiledere", "Consultants", Staff),
        "employer" => field("employer", "Arbeidsgiver", "Employer", Employer),
        "act" => field("activities", "Aktiviteter", "Activities", List),
        "out" => field("outcome", "Oppmøte", "Attendance", Code),
        "planned" => field("planned", "Planlagt på forhånd", "Planned before", Bool),
        "group" => field(
            "group",
            "Gruppemøte (id, veiledere, invitert, møtt)",
            "Group meeting (id, consultants, invited, present)",
            Text,
        ),
        "note" => field("note", "Notat", "Note", Text),
        "agreed" => field("agreed", "Avtalt", "Agreed", Text),
        _ => return None,
    })
}

/// What a code means; none for one that a newer program wrote.
pub(super) fn code(code: &str) -> Option<Both> {
    Some(match code {
        "waiting" => ("venter på oppstart", "waiting"),
        "active" => ("deltar", "takes part"),
        "ended" => ("har sluttet", "has ended"),
        "not_relevant" => ("ikke aktuell", "not relevant"),
        "deltakeroversikt" => ("Deltakeroversikt", "Deltakeroversikt"),
        "letter" => ("brev", "letter"),
        "in_person" => ("ved oppmøte", "in person"),
        "video" => ("video", "video"),
        "phone" => ("telefon", "telephone"),
        "mail" => ("e-post eller melding", "e-mail or message"),
        "other" => ("annet", "other"),
        "participant" => ("deltaker", "participant"),
        "employer" => ("arbeidsgiver", "employer"),
        "both" => ("deltaker og arbeidsgiver", "participant and employer"),
        "planned" => ("planlagt", "planned"),
        "attended" => ("møtte", "attended"),
        "no_show" => ("møtte ikke, uten beskjed", "did not come, no notice"),
        "excused" => ("gyldig fravær", "valid absence"),
        "excused:illness" => ("gyldig fravær: egen sykdom", "valid absence: own illness"),
        "excused:family" => (
            "gyldig fravær: sykdom hos barn eller nærstående",
            "valid absence: illness in the family",
        ),
        "excused:appointment" => (
            "gyldig fravær: time hos etat eller behandler",
            "valid absence: an appointment",
        ),
        "excused:work" => ("gyldig fravær: arbeid", "valid absence: work"),
        "excused:leave" => ("gyldig fravær: permisjon", "valid absence: leave"),
        "excused:other" => ("gyldig fravær: annen grunn", "valid absence: other reason"),
        "cancelled" => ("avlyst", "cancelled"),
        "cancelled:provider" => ("avlyst av arrangør", "cancelled by the provider"),
        "cancelled:participant" => ("avlyst av deltaker", "cancelled by the participant"),
        "moved" => ("flyttet", "moved"),
        "status" => ("statusrapport", "status report"),
        "final" => ("sluttrapport", "final report"),
        "plan" => ("plan", "plan"),
        "joint_plan" => ("felles plan før avslutning", "joint plan before the end"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ReportKind;
    use crate::domain::work::ContactChannel;
    use crate::domain::{
        Absence, CancelledBy, MeetingForm, Outcome, ReferralChannel, Status, With,
    };

    #[test]
    fn every_code_is_explained() {
        let mut codes: Vec<String> = Vec::new();
        codes.extend(Status::ALL.iter().map(|c| c.code().to_owned()));
        codes.extend(ReferralChannel::ALL.iter().map(|c| c.code().to_owned()));
        codes.extend(MeetingForm::ALL.iter().map(|c| c.code().to_owned()));
        codes.extend(With::ALL.iter().map(|c| c.code().to_owned()));
        codes.extend(ReportKind::ALL.iter().map(|c| c.code().to_owned()));
        codes.extend(ContactChannel::ALL.iter().map(|c| c.code().to_owned()));
        let outcomes = [
            Outcome::Planned,
            Outcome::Attended,
            Outcome::NoShow,
            Outcome::Moved,
        ];
        codes.extend(outcomes.map(Outcome::code));
        codes.extend(Absence::ALL.iter().map(|a| Outcome::Excused(*a).code()));
        codes.extend(
            CancelledBy::ALL
                .iter()
                .map(|c| Outcome::Cancelled(*c).code()),
        );
        for name in codes {
            assert!(code(&name).is_some(), "{name}");
        }
    }
}
