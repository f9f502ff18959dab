//! Which personal data an agreement allows (K19 to K22): what is not on its list cannot be
//! recorded. What a free text holds no program can know; so each has a hint of what not to write.
//!
//! Confirmations of visits, a PIN's key and a drawn signature's shape are on no such list: they are
//! the evidence for what is claimed (J6), and say nothing else of the participant.

use std::collections::BTreeSet;

use super::terms::{PersonalData, Terms};
use crate::domain::{Absence, Employment, Field, Language, Outcome, Participation, Visit};

/// A field that the agreement does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the agreement does not allow “{field}” to be recorded: leave it empty")]
pub struct NotAllowed {
    /// The field.
    pub field: Field,
    /// The kind of data that it is.
    pub kind: PersonalData,
}

impl NotAllowed {
    /// What the user is told.
    #[must_use]
    pub fn user_text(&self, language: Language) -> String {
        match language {
            Language::English => self.to_string(),
            Language::Norwegian => format!(
                "Avtalen tillater ikke at «{}» registreres. La feltet stå tomt.",
                self.field.words(language)
            ),
        }
    }
}

fn check(
    used: impl IntoIterator<Item = (Field, PersonalData, bool)>,
    allowed: &BTreeSet<PersonalData>,
) -> Result<(), NotAllowed> {
    used.into_iter()
        .find(|(_, kind, filled)| *filled && !allowed.contains(kind))
        .map_or(Ok(()), |(field, kind, _)| Err(NotAllowed { field, kind }))
}

/// Whether everything that stands in a participation is allowed. What the referral form asks for
/// (O) and NAV's list names is mapped here, field by field; what is not personal data of the
/// participant (NAV's adviser, dates of the measure) is not.
/// # Errors
/// The first field that is not.
pub fn check_participation(p: &Participation, terms: &Terms) -> Result<(), NotAllowed> {
    use PersonalData::{
        Adresse, Adressesperre, ArbeidserfaringOgVerv, BehovForBistandFraNav, Epost, Fodselsdato,
        FolkeregisterIdentifikator, Helseopplysninger, Navn, Telefonnummer,
    };
    check(
        [
            (Field::Name, Navn, true),
            (
                Field::NationalId,
                FolkeregisterIdentifikator,
                p.national_id.is_some(),
            ),
            (Field::Born, Fodselsdato, p.born.is_some()),
            (Field::Phone, Telefonnummer, p.phone.is_some()),
            (Field::Email, Epost, p.email.is_some()),
            (Field::Address, Adresse, p.address.is_some()),
            (Field::Municipality, Adresse, p.municipality.is_some()),
            (Field::AddressProtected, Adressesperre, p.address_protected),
            (Field::Order, BehovForBistandFraNav, p.order.is_some()),
            (
                Field::Position,
                ArbeidserfaringOgVerv,
                p.position_percent.is_some(),
            ),
            (Field::Employer, ArbeidserfaringOgVerv, p.employer.is_some()),
            (
                Field::SickLeave,
                Helseopplysninger,
                p.sick_leave_from.is_some(),
            ),
            (
                Field::SickLeave,
                Helseopplysninger,
                p.sick_leave_percent.is_some(),
            ),
            (
                Field::ReducedWorkCapacity,
                Helseopplysninger,
                p.reduced_work_capacity,
            ),
            (
                Field::TherapistSupports,
                Helseopplysninger,
                p.therapist_supports.is_some(),
            ),
        ],
        &terms.data.allowed,
    )
}

/// Whether a visit's outcome is allowed: an absence through illness is health data.
/// # Errors
/// Where it is not.
pub fn check_visit(visit: &Visit, terms: &Terms) -> Result<(), NotAllowed> {
    let ill = matches!(visit.outcome, Outcome::Excused(Absence::Illness));
    check(
        [(Field::Illness, PersonalData::Helseopplysninger, ill)],
        &terms.data.allowed,
    )
}

/// Whether work at an employer is allowed; an adaptation says something about health.
/// # Errors
/// The first field that is not.
pub fn check_employment(work: &Employment, terms: &Terms) -> Result<(), NotAllowed> {
    check(
        [
            (Field::Employment, PersonalData::ArbeidserfaringOgVerv, true),
            (
                Field::Adaptation,
                PersonalData::Helseopplysninger,
                !work.agreement.adaptation.trim().is_empty(),
            ),
        ],
        &terms.data.allowed,
    )
}

/// A field in free words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FreeText {
    /// A visit's note, a note of its own, what came of a contact attempt.
    Note,
    /// A group meeting's note, which stands in the casefile of everybody who was invited.
    GroupNote,
    /// What was agreed.
    Agreed,
    /// The order from NAV.
    Order,
    /// A notice to NAV.
    Notice,
    /// A proposal's justification.
    Justification,
    /// A report's text.
    Report,
    /// The reason for a change, a void, a hold.
    Reason,
}

impl FreeText {
    /// What not to write there, beside the field.
    #[must_use]
    pub const fn hint(self, language: Language) -> &'static str {
        let (nb, en) = match self {
            Self::Note | Self::Agreed => (
                "Skriv det som trengs for å følge opp jobben. Ikke diagnoser, behandling, \
                 opplysninger om familie eller kolleger.",
                "Write what is needed to follow up the work. No diagnoses, no treatment, nothing \
                 about family or colleagues.",
            ),
            Self::GroupNote => (
                "Notatet havner hos alle som var invitert. Ikke skriv noe om én deltaker.",
                "The note goes to everybody who was invited. Write nothing about one of them.",
            ),
            Self::Order => (
                "Skriv av bestillingen fra NAV. Ikke legg til helseopplysninger.",
                "Copy the order from NAV. Add no health data.",
            ),
            Self::Notice => (
                "Bare det NAV trenger å vite. Ikke fødselsnummer eller årsak til sykdom.",
                "Only what NAV needs to know. No identity number, no cause of illness.",
            ),
            Self::Justification => (
                "Beskriv framgang mot arbeid og hvorfor mer tid hjelper. Ikke diagnoser.",
                "Describe progress towards work and why more time helps. No diagnoses.",
            ),
            Self::Report => (
                "Rapporten er deltakerens dokument. Skriv det dere har avklart sammen. Ikke \
                 diagnoser eller opplysninger om andre.",
                "The report is the participant's document. Write what you cleared together. No \
                 diagnoses, nothing about others.",
            ),
            Self::Reason => (
                "Skriv kort hva som var feil. Ikke helseopplysninger.",
                "Say briefly what was wrong. No health data.",
            ),
        };
        match language {
            Language::Norwegian => nb,
            Language::English => en,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::participation::NationalId;

    #[test]
    fn what_is_not_on_the_list_is_refused_by_its_name() {
        let mut terms = Terms::oppfolging_agder().unwrap();
        let mut p = Participation::new("p", "Kari", "Hansen");
        p.national_id = NationalId::new("13097248022").ok();
        p.born = "1972-09-13".parse().ok();
        p.phone = Some("1".into());
        p.email = Some("a@b.no".into());
        p.municipality = Some("Mandal".into());
        p.order = Some("Bistand".into());
        p.position_percent = Some(50);
        p.sick_leave_percent = Some(50);
        p.address_protected = true;
        assert_eq!(check_participation(&p, &terms), Ok(()));
        for (kind, field) in [
            (PersonalData::FolkeregisterIdentifikator, Field::NationalId),
            (PersonalData::Fodselsdato, Field::Born),
            (PersonalData::Telefonnummer, Field::Phone),
            (PersonalData::Epost, Field::Email),
            (PersonalData::Adresse, Field::Municipality),
            (PersonalData::Adressesperre, Field::AddressProtected),
            (PersonalData::BehovForBistandFraNav, Field::Order),
            (PersonalData::ArbeidserfaringOgVerv, Field::Position),
            (PersonalData::Helseopplysninger, Field::SickLeave),
        ] {
            terms.data.allowed.remove(&kind);
            assert_eq!(
                check_participation(&p, &terms),
                Err(NotAllowed { field, kind })
            );
            terms.data.allowed.insert(kind);
        }
    }
}
