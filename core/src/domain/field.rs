//! The fields that an error can name, and what people call them.

use std::fmt;

use super::Language;
use super::text::{Both, pick};

macro_rules! fields {
    ($($name:ident = $key:literal, $nb:literal, $en:literal;)+) => {
        /// A field of what is recorded.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "each is what its words say")]
        pub enum Field {
            $($name),+
        }

        impl Field {
            /// Every field, in declaration order.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The stable text that stands for it: shells put an error beside what was typed by it.
            #[must_use]
            pub const fn key(self) -> &'static str {
                match self { $(Self::$name => $key),+ }
            }

            const fn both(self) -> Both {
                match self { $(Self::$name => ($nb, $en)),+ }
            }
        }
    };
}

fields! {
    Activities = "activities", "Aktiviteter", "Activities";
    Adaptation = "adaptation", "Tilrettelegging", "Adaptation";
    Address = "address", "Adresse", "Address";
    AddressProtected = "address_protected", "Adressebeskyttelse", "Protected address";
    Agreed = "agreed", "Avtalt", "Agreed";
    Agreement = "agreement", "Avtale", "Agreement";
    Area = "area", "Tjenesteområde", "Service area";
    Areas = "areas", "Tjenesteområder", "Service areas";
    Born = "born", "Fødselsdato", "Date of birth";
    ChangeDescription = "description", "Beskrivelse av endringen", "Description of the change";
    Code = "code", "Kode", "Code";
    CodeText = "code_text", "Kodens tekst", "The code's text";
    Codes = "codes", "Koder", "Codes";
    Comment = "comment", "Kommentar", "Comment";
    Consultant = "consultant", "Veileder", "Consultant";
    Consultants = "consultants", "Veiledere", "Consultants";
    ContactPerson = "contact", "Kontaktperson", "Contact person";
    Date = "date", "Dato", "Date";
    DecidedBy = "by", "Besluttet av", "Decided by";
    Digest = "digest", "Møtets kontrollsum", "The meeting's digest";
    Draft = "draft", "Utkast", "Draft";
    Drawing = "drawing", "Underskrift", "Signature";
    Email = "email", "E-post", "E-mail";
    Employer = "employer", "Arbeidsgiver", "Employer";
    EmployerComment = "employer_comment", "Arbeidsgivers kommentar", "The employer's comment";
    Employment = "employment", "Arbeid og praksis", "Work and practice";
    End = "end", "Slutt", "End";
    EndReason = "end_reason", "Sluttårsak", "Reason for the end";
    EndStatus = "end_status", "Status ved avslutning", "Status at the end";
    Entries = "entries", "Oppføringer", "Entries";
    ErasureHold = "erasure_hold", "Grunn til å vente med sletting", "Reason for holding the erasure";
    Figure = "figure", "Tall", "Figure";
    FirstName = "first_name", "Fornavn", "First name";
    FollowUp = "follow_up", "Oppfølging", "Follow-up";
    Goal = "goal", "Mål", "Goal";
    Illness = "absence_through_illness", "Fravær på grunn av sykdom", "Absence through illness";
    Justification = "justification", "Begrunnelse", "Justification";
    LastName = "last_name", "Etternavn", "Last name";
    Lines = "lines", "Linjer", "Lines";
    Measure = "measure", "Tiltak", "Measure";
    Meetings = "meetings", "Møter", "Meetings";
    Message = "message", "Melding", "Message";
    MiddleName = "middle_name", "Mellomnavn", "Middle name";
    Month = "month", "Måned", "Month";
    Municipality = "municipality", "Kommune", "Municipality";
    Name = "name", "Navn", "Name";
    NationalId = "national_id", "Fødselsnummer", "National identity number";
    NavAdviser = "nav_adviser", "Veileder i NAV", "Adviser at NAV";
    NavAdviserEmail = "nav_adviser_email", "NAV-veilederens e-post", "The NAV adviser's e-mail";
    NavAdviserPhone = "nav_adviser_phone", "NAV-veilederens telefon", "The NAV adviser's phone";
    NavOffice = "nav_office", "NAV-kontor", "NAV office";
    Note = "note", "Notat", "Note";
    Order = "order", "Bestilling", "Order";
    OrganisationNumber = "organisation_number", "Organisasjonsnummer", "Organisation number";
    Participants = "participants", "Deltakere", "Participants";
    Phone = "phone", "Telefon", "Phone";
    Proof = "proof", "Bevis", "Proof";
    PinCost = "cost", "PIN-kodens innstillinger", "The PIN's settings";
    Place = "place", "Sted", "Place";
    Position = "position", "Stilling", "Position";
    Purpose = "purpose", "Formål", "Purpose";
    Reason = "reason", "Begrunnelse", "Reason";
    Recipient = "recipient", "Mottaker", "Recipient";
    ReducedWorkCapacity = "reduced_work_capacity", "Nedsatt arbeidsevne", "Reduced work capacity";
    Reference = "reference", "Referanse", "Reference";
    ReportTexts = "texts", "Rapportens tekster", "The report's texts";
    Restricted = "restricted", "Grunn til begrensningen", "Reason for the restriction";
    SickLeave = "sick_leave", "Sykmelding", "Sick leave";
    Source = "source", "Kilde", "Source";
    Start = "start", "Start", "Start";
    Statistics = "statistics", "Statistikk", "Statistics";
    Tasks = "tasks", "Arbeidsoppgaver", "Tasks";
    Terms = "terms", "Avtalens vilkår", "The agreement's terms";
    Text = "text", "Tekst", "Text";
    TherapistSupports = "therapist_supports", "Behandlerens støtte", "The therapist's support";
    Time = "time", "Tidspunkt", "Time";
    ToldHow = "told_how", "Hvordan det ble meldt", "How it was told";
    ToldTo = "told_to", "Hvem det ble meldt til", "Who was told";
    Training = "training", "Opplæring", "Training";
    Versions = "versions", "Versjoner", "Versions";
    WorkingTime = "working_time", "Arbeidstid", "Working time";
}

impl Field {
    /// What people call it.
    #[must_use]
    pub const fn words(self, language: Language) -> &'static str {
        pick(self.both(), language)
    }
}

/// In English.
impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words(Language::English))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_field_has_a_key_of_its_own_and_words() {
        let keys: BTreeSet<&str> = Field::ALL.iter().map(|field| field.key()).collect();
        assert_eq!(keys.len(), Field::ALL.len());
        for field in Field::ALL {
            assert!(
                (field.key().chars()).all(|c| c.is_ascii_lowercase() || c == '_'),
                "{field:?}"
            );
            for language in [Language::Norwegian, Language::English] {
                let words = field.words(language);
                assert!(words.starts_with(char::is_uppercase), "{field:?}: {words}");
            }
        }
    }
}
