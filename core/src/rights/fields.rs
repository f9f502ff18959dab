//! What each field of a casefile is called, in Bokmål and English and in the archive's JSON, and
//! how its value is written. Field keys are those of `document::schema`.

use super::text::{Both, time_text};
use crate::contract::reports::templates;
use crate::document::RecordRef;
use crate::domain::text::pick;
use crate::domain::{EntryKind, Instant, Language};

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
    /// A number.
    Count,
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
    /// A reason for the end: its code, and own words on the next line.
    EndReason,
    /// What became of a proposal: a code that [`answer`] explains.
    Answer,
    /// What a claim held, as JSON.
    Billed,
    /// What a confirmation stands on.
    Proof,
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
        RecordRef::Employment(_) => ("employment", ("Arbeid og praksis", "Work and practice")),
        RecordRef::Notice(_) => ("notice", ("Melding til NAV", "Notice to NAV")),
        RecordRef::Proposal(_) => ("proposal", ("Forslag til NAV", "Proposal to NAV")),
        RecordRef::Confirmation(_) => (
            "confirmation",
            ("Bekreftelse av møte", "Confirmation of a meeting"),
        ),
        RecordRef::PinKey(_) => ("pin_key", ("PIN-kode", "PIN")),
        RecordRef::Billed(_) => ("billed", ("Krevd fra NAV", "Claimed from NAV")),
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
            "of" => field(
                "meetings",
                "Antall møter reisen gjaldt",
                "Meetings that the trip served",
                Kind::Count,
            ),
            _ => return None,
        }),
        RecordRef::Report(_) => Some(match key {
            "kind" => field("kind", "Slags rapport", "Kind of report", Kind::Code),
            "min" => field("minutes", "Minutter", "Minutes", Kind::Minutes),
            "delivered" => field("delivered", "Levert NAV", "Delivered to NAV", Kind::Date),
            "staff" => field("consultant", "Skrevet av", "Written by", Kind::Staff),
            "from" => field(
                "period_from",
                "Om tiden fra",
                "About the time from",
                Kind::Date,
            ),
            "to" => field(
                "period_to",
                "Om tiden til",
                "About the time until",
                Kind::Date,
            ),
            "place" => field("place", "Sted", "Place", Kind::Text),
            "signed" => field("signed", "Signert", "Signed", Kind::Date),
            "reviewed" => field(
                "reviewed",
                "Gjennomgått med deg",
                "Gone through with you",
                Kind::Date,
            ),
            "agrees" => field(
                "agrees",
                "Du er enig i hele innholdet",
                "You agree with the whole of it",
                Kind::Bool,
            ),
            "comment" => field("comment", "Din kommentar", "Your comment", Kind::Text),
            _ => {
                // What was written, under the template's own words.
                let written = templates::field_of(key.strip_prefix("f.")?)?;
                field(written.code, written.label.0, written.label.1, Kind::Text)
            }
        }),
        RecordRef::Employment(_) => employment(key),
        RecordRef::Notice(_) => notice(key),
        RecordRef::Proposal(_) => proposal(key),
        RecordRef::Confirmation(_) => Some(match key {
            "visit" => field("visit", "Møtet", "The meeting", Kind::Visits),
            "digest" => field(
                "digest",
                "Fingeravtrykk av det som ble bekreftet",
                "Digest of what was confirmed",
                Kind::Text,
            ),
            "grade" => field("grade", "Bekreftet med", "Confirmed by", Kind::Code),
            "at" => field("at", "Tidspunkt", "Time", Kind::Instant),
            "reason" => field("reason", "Hvorfor eller hvordan", "Why or how", Kind::Text),
            "proof" => field("proof", "Bevis", "Proof", Kind::Proof),
            _ => return None,
        }),
        RecordRef::PinKey(_) => Some(match key {
            "at" => field("at", "Satt", "Set", Kind::Instant),
            "salt" => field("salt", "Salt", "Salt", Kind::Text),
            "mem" => field(
                "memory_kib",
                "Minne for å prøve en kode (KiB)",
                "Memory for trying a PIN (KiB)",
                Kind::Count,
            ),
            "passes" => field(
                "passes",
                "Gjennomganger for å prøve en kode",
                "Passes for trying a PIN",
                Kind::Count,
            ),
            "key" => field("public_key", "Offentlig nøkkel", "Public key", Kind::Text),
            _ => return None,
        }),
        RecordRef::Billed(_) => Some(match key {
            "on" => field("approved", "Godkjent", "Approved", Kind::Date),
            "is" => field(
                "entries",
                "Timer og plasser",
                "Hours and places",
                Kind::Billed,
            ),
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

fn employment(key: &str) -> Option<Field> {
    use Kind::{Bool, Code, Date, Employer, Percent, Text};
    Some(match key {
        "kind" => field("kind", "Slags arbeid", "Kind of work", Code),
        "employer" => field("employer", "Arbeidsgiver", "Employer", Employer),
        "contact" => field("contact", "Kontaktperson", "Contact person", Text),
        "pos" => field("position_percent", "Stilling", "Position", Percent),
        "terms" => field("terms", "Ansettelsesforhold", "Terms", Code),
        "from" => field("from", "Første dag", "First day", Date),
        "to" => field("to", "Siste dag", "Last day", Date),
        "goal" => field("goal", "Avtalt mål", "Agreed goal", Text),
        "reason" => field(
            "reason",
            "Hvorfor denne arbeidsplassen",
            "Why this workplace",
            Text,
        ),
        "says" => field(
            "employer_comment",
            "Arbeidsgivers kommentar",
            "Employer's comment",
            Text,
        ),
        "purpose" => field("purpose", "Formål", "Purpose", Text),
        "training" => field("training", "Opplæring", "Training", Text),
        "followup" => field("follow_up", "Oppfølging", "Follow-up", Text),
        "hours" => field("working_time", "Arbeidstid", "Working time", Text),
        "tasks" => field("tasks", "Arbeidsoppgaver", "Tasks", Text),
        "adapt" => field("adaptation", "Tilrettelegging", "Adaptation", Text),
        "confid" => field(
            "confidentiality",
            "Avtalen har taushetserklæring",
            "The agreement has a confidentiality declaration",
            Bool,
        ),
        "privacy" => field(
            "privacy",
            "Avtalen sier hvordan personvernet ivaretas",
            "The agreement says how privacy is kept",
            Bool,
        ),
        "signed" => field("signed", "Avtalen signert", "Agreement signed", Date),
        "told" => field(
            "insurance_told_on",
            "Arbeidsgiver fortalt om yrkesskadeforsikring",
            "Employer told of the insurance",
            Date,
        ),
        "toldto" => field(
            "insurance_told_to",
            "Fortalt om forsikring til",
            "Told of the insurance",
            Text,
        ),
        "toldhow" => field(
            "insurance_told_how",
            "Fortalt om forsikring gjennom",
            "Told of the insurance by",
            Text,
        ),
        _ => return None,
    })
}

fn notice(key: &str) -> Option<Field> {
    use Kind::{Code, Instant, Staff, Text};
    Some(match key {
        "kind" => field(
            "kind",
            "Hva meldingen gjaldt",
            "What the notice was about",
            Code,
        ),
        "at" => field("at", "Tidspunkt", "Time", Instant),
        "channel" => field("channel", "Hvordan", "How", Code),
        "to" => field("recipient", "Til", "To", Text),
        "about" => field(
            "about",
            "Om registreringen (id)",
            "About the record (id)",
            Text,
        ),
        "staff" => field("consultant", "Sendt av", "Sent by", Staff),
        "text" => field("text", "Tekst", "Text", Text),
        _ => return None,
    })
}

fn proposal(key: &str) -> Option<Field> {
    use Kind::{Answer, Code, Date, EndReason, Instant, Staff, Text};
    Some(match key {
        "change" => field("change", "Foreslått endring", "Proposed change", Code),
        "start" => field("start", "Ny første dag", "New first day", Date),
        "end" => field("end", "Ny siste dag", "New last day", Date),
        "endwhy" => field("end_reason", "Sluttårsak", "Reason for the end", EndReason),
        "took" => field("participated", "Har deltatt", "Took part", Code),
        "why" => field("justification", "Begrunnelse", "Justification", Text),
        "at" => field("at", "Tidspunkt", "Time", Instant),
        "staff" => field("consultant", "Sendt av", "Sent by", Staff),
        "state" => field("state", "Svar", "Answer", Answer),
        "by" => field("answered_by", "Besvart av", "Answered by", Text),
        "on" => field("answered_on", "Besvart", "Answered", Date),
        "answer" => field("nav_reason", "NAVs begrunnelse", "NAV's reason", Text),
        _ => return None,
    })
}

fn participation(key: &str) -> Option<Field> {
    use Kind::{Bool, Code, Date, Employer, EndReason, Percent, Staff, Text};
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
        "school" => field(
            "from_school_or_sentence",
            "Fra skole eller soning",
            "From school or serving a sentence",
            Bool,
        ),
        "endwhy" => field("end_reason", "Sluttårsak", "Reason for the end", EndReason),
        "endstatus" => field(
            "end_status",
            "Status på arbeidsmarkedet ved avslutning",
            "Labour-market status at the end",
            Text,
        ),
        "wants" => field(
            "wants_work",
            "Sagt at du ønsker arbeid",
            "Said that you want to work",
            Date,
        ),
        "therapist" => field(
            "therapist_supports",
            "Behandler kjenner til og støtter deltakelsen",
            "Therapist knows of and supports the participation",
            Date,
        ),
        "declared" => field(
            "declaration_signed",
            "Taushetserklæring signert",
            "Confidentiality declaration signed",
            Date,
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
        "paid_work" => ("lønnet arbeid", "paid work"),
        "work_practice" => ("arbeidspraksis", "work practice"),
        "short_stay" => ("hospitering", "a short stay"),
        "permanent" => ("fast", "permanent"),
        "temporary" => ("midlertidig", "temporary"),
        "substitute" => ("vikariat", "as a substitute"),
        "no_capacity" => ("ingen ledig plass", "no free capacity"),
        "absence" => ("fravær uten gyldig grunn", "absence without a valid reason"),
        "quit" => ("sluttet underveis", "stopped under way"),
        "hours_above_average" => (
            "større behov enn gjennomsnittet",
            "a need above the average",
        ),
        "unsuitable" => ("tiltaket passer ikke", "the measure is unsuitable"),
        "safety_refusal" => (
            "nektet oppmøte av hensyn til sikkerhet",
            "attendance refused for safety",
        ),
        "start" => ("oppstart", "start"),
        "extension" | "extend" => ("forlengelse", "extension"),
        "end" => ("avslutning", "end"),
        "data_request" => (
            "krav eller klage om personopplysninger",
            "a request or complaint about personal data",
        ),
        "authority_request" => (
            "en myndighet ba om opplysninger",
            "an authority asked for data",
        ),
        "start_date" => ("annen første dag", "another first day"),
        "end_date" => ("annen siste dag", "another last day"),
        "end_reason" => ("annen sluttårsak", "another reason for the end"),
        "remove_start" => ("ingen første dag lenger", "no first day any more"),
        "yes" => ("ja", "yes"),
        "no" => ("nei", "no"),
        "own_device" => ("egen enhet", "your own device"),
        "pin" => ("PIN-kode", "a PIN"),
        "drawn" => ("tegnet underskrift", "a drawn signature"),
        "later" => ("bekreftet senere", "confirmed later"),
        "none" => ("ikke bekreftet", "not confirmed"),
        "FATT_JOBB" => ("fått jobb", "got a job"),
        "SYK" => ("syk", "ill"),
        "TRENGER_ANNEN_STOTTE" => (
            "trenger annen hjelp og støtte",
            "needs other help and support",
        ),
        "IKKE_MOTT" => ("møter ikke opp", "does not come"),
        "UTDANNING" => ("utdanning", "education"),
        "ANNET" => ("annet", "other"),
        _ => return None,
    })
}

/// What an answer to a proposal means. `waiting` is another thing in a participation.
pub(super) fn answer(code: &str) -> Option<Both> {
    Some(match code {
        "waiting" => ("venter på svar", "waiting for an answer"),
        "approved" => ("godkjent", "approved"),
        "rejected" => ("avvist", "rejected"),
        "withdrawn" => ("tilbakekalt", "called back"),
        "replaced" => ("erstattet", "replaced"),
        _ => return None,
    })
}

/// What a kind of record is called.
#[must_use]
pub const fn record_words(record: &RecordRef) -> Both {
    record_name(record).1
}

/// What a field of a casefile's record is called; none for one that this version does not know.
#[must_use]
pub fn field_words(record: &RecordRef, key: &str) -> Option<Both> {
    describe(record, key).map(|field| field.both)
}

/// What a code of the casefile is called; none for one that this version does not know.
#[must_use]
pub fn code_words(text: &str) -> Option<Both> {
    code(text)
}

/// A field's value as people read it: times as dates, codes in words. Keys of employers and staff
/// stand as they are, for their names are the register's.
#[must_use]
pub fn value_words(record: &RecordRef, key: &str, value: &str, language: Language) -> String {
    let kind = describe(record, key).map_or(Kind::Text, |field| field.kind);
    let known = |both: Option<Both>| both.map(|both| pick(both, language).to_owned());
    match kind {
        Kind::Instant => value
            .parse()
            .map_or_else(|_| value.to_owned(), |ms| time_text(Instant(ms), language)),
        Kind::Date => value
            .parse()
            .map_or_else(|_| value.to_owned(), crate::domain::text::date_text),
        Kind::Minutes => format!("{value} min"),
        Kind::Percent => format!("{value} %"),
        Kind::Bool => pick(("ja", "yes"), language).to_owned(),
        Kind::Code => known(code(value)).unwrap_or_else(|| value.to_owned()),
        Kind::Answer => known(answer(value)).unwrap_or_else(|| value.to_owned()),
        // What it stands on and what was claimed have pages of their own.
        Kind::Proof | Kind::Billed => "…".to_owned(),
        Kind::Text
        | Kind::Count
        | Kind::List
        | Kind::Staff
        | Kind::Employer
        | Kind::Visits
        | Kind::EndReason => value.to_owned(),
    }
}

/// What an entry of a claim is for.
pub(super) const fn entry_kind(kind: EntryKind) -> Both {
    match kind {
        EntryKind::FollowUp => ("oppfølging", "follow-up"),
        EntryKind::NoShow => ("ikke møtt", "did not come"),
        EntryKind::Travel => ("reise", "travel"),
        EntryKind::Report => ("rapport", "report"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ReportKind;
    use crate::domain::work::ContactChannel;
    use crate::domain::{
        Absence, CancelledBy, ConfirmationGrade, EmploymentKind, EmploymentTerms, EndReasonKind,
        MeetingForm, NoticeChannel, NoticeKind, Outcome, ReferralChannel, Status, With,
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
        codes.extend(EmploymentKind::ALL.iter().map(|c| c.code().to_owned()));
        codes.extend(EmploymentTerms::ALL.iter().map(|c| c.code().to_owned()));
        codes.extend(NoticeKind::ALL.iter().map(|c| c.code().to_owned()));
        codes.extend(NoticeChannel::ALL.iter().map(|c| c.code().to_owned()));
        codes.extend(ConfirmationGrade::ALL.iter().map(|c| c.code().to_owned()));
        codes.extend(EndReasonKind::ALL.iter().map(|c| c.code().to_owned()));
        let changes = ["extend", "end", "not_relevant", "start_date", "end_date"];
        codes.extend(changes.map(str::to_owned));
        codes.extend(["end_reason", "remove_start", "yes", "no"].map(str::to_owned));
        for name in codes {
            assert!(code(&name).is_some(), "{name}");
        }
        for state in ["waiting", "approved", "rejected", "withdrawn", "replaced"] {
            assert!(answer(state).is_some(), "{state}");
        }
    }

    #[test]
    fn every_written_field_of_the_templates_is_named_by_the_templates_own_words() {
        let report = RecordRef::Report(crate::domain::RecordId([1; 16]));
        for template in [&templates::PLAN, &templates::STATUS, &templates::FINAL] {
            for of_template in template.fields {
                let key = format!("f.{}", of_template.code);
                let field = describe(&report, &key).unwrap();
                assert_eq!(field.name, of_template.code);
                assert!(field.both.0.starts_with(&of_template.label.0[..4]));
            }
        }
        assert!(describe(&report, "f.something_newer").is_none());
        assert!(describe(&report, "f").is_none());
    }
}
