//! What obligations are called, what meets them, and where they are asked for.

use super::{MissingPart, NotApplicable, ObligationKind, Strength};
use crate::domain::Language;

impl ObligationKind {
    /// Every kind.
    pub const ALL: [Self; 25] = [
        Self::Response,
        Self::Plan,
        Self::FirstEmployerContact,
        Self::BackAtWork,
        Self::StatusReport,
        Self::FinalReport,
        Self::JointPlan,
        Self::AbsenceNotice,
        Self::ContactAttempts,
        Self::HoursAboveAverage,
        Self::ExtensionOrEnd,
        Self::LatestEnd,
        Self::WorkPracticeEnd,
        Self::WorkPracticeAgreement,
        Self::InsuranceInformation,
        Self::Declaration,
        Self::DeclarationDeleted,
        Self::WishAndTherapist,
        Self::Deletion,
        Self::ResultReport,
        Self::Evaluation,
        Self::Premises,
        Self::Transfer,
        Self::BreachNotice,
        Self::DataRequest,
    ];

    /// What it is called.
    #[must_use]
    pub const fn text(self, language: Language) -> &'static str {
        let (nb, en) = match self {
            Self::Response => (
                "Oppstart innen responstiden",
                "Start within the response time",
            ),
            Self::Plan => ("Plan til NAV", "Plan to NAV"),
            Self::FirstEmployerContact => (
                "Første kontakt med arbeidsgiver",
                "First contact with an employer",
            ),
            Self::BackAtWork => (
                "Tilbake i arbeid, helt eller delvis",
                "Back at work, in part or whole",
            ),
            Self::StatusReport => ("Statusrapport", "Status report"),
            Self::FinalReport => ("Sluttrapport", "Final report"),
            Self::JointPlan => ("Felles plan før avslutning", "Joint plan before the end"),
            Self::AbsenceNotice => (
                "Varsle NAV om fravær samme dag",
                "Tell NAV of the absence the same day",
            ),
            Self::ContactAttempts => (
                "Kontaktforsøk før utskriving",
                "Contact attempts before discharge",
            ),
            Self::HoursAboveAverage => (
                "Kontakt NAV: timer over snittet",
                "Contact NAV: hours above the average",
            ),
            Self::ExtensionOrEnd => ("Forlengelse eller avslutning", "Extension or end"),
            Self::LatestEnd => ("Lengste varighet", "Longest duration"),
            Self::WorkPracticeEnd => ("Arbeidspraksis avsluttes", "Work practice ends"),
            Self::WorkPracticeAgreement => (
                "Skriftlig avtale om arbeidspraksis",
                "Written agreement of work practice",
            ),
            Self::InsuranceInformation => (
                "Arbeidsgiver informert om yrkesskadeforsikring",
                "Employer told of the insurance",
            ),
            Self::Declaration => (
                "Taushetserklæring før gruppe",
                "Confidentiality declaration before a group",
            ),
            Self::DeclarationDeleted => (
                "Taushetserklæring slettes",
                "Confidentiality declaration is deleted",
            ),
            Self::WishAndTherapist => (
                "Ønske om arbeid og behandlers støtte",
                "Wish to work and therapist's support",
            ),
            Self::Deletion => ("Personopplysninger slettes", "Personal data are erased"),
            Self::ResultReport => ("Resultatrapport", "Result report"),
            Self::Evaluation => ("Evalueringsrapport", "Evaluation report"),
            Self::Premises => (
                "Lokaler og kompetanse dokumentert",
                "Premises and competence documented",
            ),
            Self::Transfer => (
                "Deltakere fra forrige avtale overtatt",
                "Participants of the contract before taken over",
            ),
            Self::BreachNotice => ("Melding om brudd til NAV", "Notice of a breach to NAV"),
            Self::DataRequest => (
                "Videresend deltakerens krav til NAV",
                "Forward the participant's request to NAV",
            ),
        };
        pick(language, nb, en)
    }

    /// What meets it.
    #[must_use]
    pub const fn meets(self, language: Language) -> &'static str {
        let (nb, en) = match self {
            Self::Response => (
                "en startdato, eller melding til NAV om manglende kapasitet",
                "a start date, or a notice to NAV that there is no capacity",
            ),
            Self::Plan => ("en plan som er levert", "a plan that was delivered"),
            Self::FirstEmployerContact => {
                ("et møte med en arbeidsgiver", "a meeting with an employer")
            }
            Self::BackAtWork => (
                "et lønnet arbeidsforhold som har begynt",
                "paid work that has begun",
            ),
            Self::StatusReport => (
                "en statusrapport for perioden, levert",
                "a status report of the period, delivered",
            ),
            Self::FinalReport => ("en sluttrapport, levert", "a final report, delivered"),
            Self::JointPlan => ("en felles plan, levert", "a joint plan, delivered"),
            Self::AbsenceNotice => (
                "en melding om fraværet, sendt samme dag",
                "a notice of the absence, sent the same day",
            ),
            Self::ContactAttempts => (
                "tre registrerte kontaktforsøk",
                "three recorded contact attempts",
            ),
            Self::HoursAboveAverage => (
                "en melding til NAV om timebruken",
                "a notice to NAV of the hours",
            ),
            Self::ExtensionOrEnd => (
                "en godkjent forlengelse eller en sluttdato",
                "an approved extension or a last day",
            ),
            Self::LatestEnd => ("en sluttdato innen fristen", "a last day within the limit"),
            Self::WorkPracticeEnd => ("en sluttdato innen grensen", "a last day within the limit"),
            Self::WorkPracticeAgreement => (
                "en utfylt og signert avtale",
                "an agreement filled in and signed",
            ),
            Self::InsuranceInformation => (
                "når, hvem og hvordan arbeidsgiver ble informert",
                "when, whom and how the employer was told",
            ),
            Self::Declaration => (
                "dagen erklæringen ble signert",
                "the day on which it was signed",
            ),
            Self::DeclarationDeleted | Self::Deletion => ("sletting", "erasure"),
            Self::WishAndTherapist => ("datoene for begge deler", "the dates of both"),
            Self::ResultReport => (
                "en resultatrapport for måneden, levert",
                "a result report of the month, delivered",
            ),
            Self::Evaluation => (
                "en evalueringsrapport for halvåret, levert",
                "an evaluation of the half year, delivered",
            ),
            Self::Premises => ("dokumentasjonen, levert", "the documentation, delivered"),
            Self::Transfer => ("deltakerne er registrert", "the participants are recorded"),
            Self::BreachNotice => ("en melding til NAV", "a notice to NAV"),
            Self::DataRequest => (
                "et svar om at kravet er sendt videre",
                "an answer that it was forwarded",
            ),
        };
        pick(language, nb, en)
    }

    /// Where it is asked for: the row of `REQUIREMENTS.md` and the tenders' sections.
    #[must_use]
    pub const fn source(self) -> &'static str {
        match self {
            Self::Response => "E1: OPP b1.7; JMO b1.7",
            Self::Plan => "E3: OPP b1.7, b1.9.1; JMO b1.7, b1.10.1",
            Self::FirstEmployerContact => "E4: OPP b1.6; JMO b1.6",
            Self::BackAtWork => "E5: OPP b1.6; JMO b1.6",
            Self::StatusReport => "E6: OPP b1.9.1, b8 v1; JMO b1.10.1, b8 v1",
            Self::FinalReport => "E7: OPP b1.9.1, b8 v2; JMO b1.10.1, b8 v2",
            Self::JointPlan => "A: JMO b1.7",
            Self::AbsenceNotice => "E10, P2: OPP b1.7; JMO b1.7",
            Self::ContactAttempts => "E11, P3: OPP b3.1",
            Self::HoursAboveAverage => "D3: OPP b1.4; JMO b1.4",
            Self::ExtensionOrEnd => "C1, C4: OPP b1.3; JMO b1.3",
            Self::LatestEnd => "C1, C2, C3: OPP b1.3; JMO b1.3",
            Self::WorkPracticeEnd => "E14, G4: JMO b1.6",
            Self::WorkPracticeAgreement => "G1, G2: JMO b1.6",
            Self::InsuranceInformation => "G3: JMO b1.6",
            Self::Declaration => "L1, L3: JMO b1.7, b8 v4",
            Self::DeclarationDeleted => "L2: JMO b8 v4",
            Self::WishAndTherapist => "B5: JMO b1.2",
            Self::Deletion => "E15, K24: OPP b7 annex 1",
            Self::ResultReport => "E8: OPP b1.9.2; JMO b1.10.2",
            Self::Evaluation => "E9: OPP b1.9.3; JMO b1.10",
            Self::Premises => "E18: OPP b1.7, b1.8; JMO b1.7, b1.9",
            Self::Transfer => "E19: OPP b1.5",
            Self::BreachNotice => "E16: OPP b7 13.2",
            Self::DataRequest => "E21: OPP b7 5.1",
        }
    }

    /// How strong it is.
    #[must_use]
    pub const fn strength(self) -> Strength {
        match self {
            Self::FirstEmployerContact | Self::WorkPracticeEnd => Strength::Should,
            Self::BackAtWork | Self::Transfer => Strength::Usual,
            _ => Strength::Must,
        }
    }
}

impl NotApplicable {
    /// Why it is not asked for.
    #[must_use]
    pub const fn text(self, language: Language) -> &'static str {
        let (nb, en) = match self {
            Self::NeverBegan => ("deltakelsen begynte aldri", "the participation never began"),
            Self::EndedBefore => (
                "deltakelsen sluttet før fristen",
                "the participation ended before",
            ),
            Self::Held => ("slettingen er holdt tilbake", "the erasure is held back"),
            Self::NoCapacity => (
                "NAV fikk melding om manglende kapasitet",
                "NAV was told that there is no capacity",
            ),
        };
        pick(language, nb, en)
    }
}

impl MissingPart {
    /// What the user reads.
    #[must_use]
    pub const fn text(self, language: Language) -> &'static str {
        let (nb, en) = match self {
            Self::Practice(gap) => return gap.text(language),
            Self::WantsWork => (
                "Når deltakeren sa at hen ønsker arbeid, mangler.",
                "When the participant said to want work is missing.",
            ),
            Self::TherapistSupports => (
                "Når behandleren sa at deltakelsen støttes, mangler.",
                "When the therapist said to support it is missing.",
            ),
        };
        pick(language, nb, en)
    }
}

const fn pick(language: Language, nb: &'static str, en: &'static str) -> &'static str {
    crate::domain::text::pick((nb, en), language)
}
