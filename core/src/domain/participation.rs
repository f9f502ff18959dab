//! A participation (deltakelse): one person in one measure, and the referral (innsøking) that
//! began it. Fields: OPP b4.5, `REQUIREMENTS.md` O; NAV's own in `DOMAIN.md` 1.4.

use std::fmt;

use folge_protocol::ids::{DocumentId, PersonId};
use serde::{Deserialize, Serialize};

use super::ids::{document_id_option_serde, person_id_option_serde};
use super::time::LocalDate;
use super::{
    AgreementKey, DomainError, EmployerKey, EndReason, Field, StaffKey, check_line, check_line_opt,
    check_text, limits,
};

codes! {
    /// The state of a participation, as NAV shows it to providers (`DOMAIN.md` 1.1).
    Status {
        /// Ordered, not begun (venter på oppstart).
        Waiting = "waiting",
        /// Takes part (deltar).
        Active = "active",
        /// Has ended (har sluttet).
        Ended = "ended",
        /// Never took part (ikke aktuell).
        NotRelevant = "not_relevant",
    }
}

codes! {
    /// How the referral came (O1).
    ReferralChannel {
        /// NAV's Deltakeroversikt.
        Deltakeroversikt = "deltakeroversikt",
        /// A letter (innsøkingsbrev).
        Letter = "letter",
    }
}

/// A national identity number (fødselsnummer or D-number). Prints as `***********`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NationalId(String);

impl NationalId {
    /// The number, where it is 11 digits. Check digits are not this layer's matter: NAV sends
    /// numbers that later rules allow.
    /// # Errors
    /// [`DomainError::BadNationalId`].
    pub fn new(text: &str) -> Result<Self, DomainError> {
        if text.len() == 11 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(DomainError::BadNationalId)
        }
    }

    /// The number itself. Named so that each use is easy to find.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for NationalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***********")
    }
}

impl fmt::Display for NationalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***********")
    }
}

/// One person's participation in one measure.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participation {
    /// The provider's own id, such as `participant-000`.
    pub reference: String,
    /// Given name.
    pub first_name: String,
    /// Middle name.
    pub middle_name: Option<String>,
    /// Family name.
    pub last_name: String,
    /// National identity number.
    pub national_id: Option<NationalId>,
    /// Date of birth; never derived from the identity number (`DOMAIN.md` 4.1).
    pub born: Option<LocalDate>,
    /// Telephone.
    pub phone: Option<String>,
    /// E-mail.
    pub email: Option<String>,
    /// Postal address; never present where `address_protected`.
    pub address: Option<String>,
    /// Municipality (kommune).
    pub municipality: Option<String>,
    /// Service area (tjenesteområde), which decides the price.
    pub area: Option<String>,
    /// The referring NAV office.
    pub nav_office: Option<String>,
    /// The NAV adviser's name.
    pub nav_adviser: Option<String>,
    /// The NAV adviser's telephone.
    pub nav_adviser_phone: Option<String>,
    /// The NAV adviser's e-mail.
    pub nav_adviser_email: Option<String>,
    /// The day on which the order was received, which starts the response time (E1).
    pub ordered: Option<LocalDate>,
    /// How it was received.
    pub channel: Option<ReferralChannel>,
    /// First day in the measure.
    pub start: Option<LocalDate>,
    /// Last day in the measure, inclusive.
    pub end: Option<LocalDate>,
    /// Whether the participant had an employment relationship at referral (B1).
    pub employed_at_referral: bool,
    /// Position at referral in percent.
    pub position_percent: Option<u8>,
    /// First day on sick leave.
    pub sick_leave_from: Option<LocalDate>,
    /// Sick leave in percent.
    pub sick_leave_percent: Option<u8>,
    /// The employer.
    pub employer: Option<EmployerKey>,
    /// The order to the provider (bestilling), free text.
    pub order: Option<String>,
    /// Reduced work capacity (nedsatt arbeidsevne), which allows up to three years (C2).
    pub reduced_work_capacity: bool,
    /// Came from school or from serving a sentence, which allows six months more (C3).
    pub from_school_or_sentence: bool,
    /// Protected address (adressebeskyttelse): no name in lists, no address at all.
    pub address_protected: bool,
    /// The agreement that the participation belongs to.
    pub agreement: Option<AgreementKey>,
    /// The main consultant (fast veileder, F4).
    pub consultant: Option<StaffKey>,
    /// Other consultants (medveiledere).
    pub co_consultants: Vec<StaffKey>,
    /// The state.
    pub status: Status,
    /// Why it ended (sluttårsak).
    pub end_reason: Option<EndReason>,
    /// The labour-market status at the end, a code of NAV's list (B3, N5).
    pub end_status: Option<String>,
    /// When the participant said to want work (B5).
    pub wants_work: Option<LocalDate>,
    /// When the therapist said to know of and support the participation (B5). No diagnosis.
    pub therapist_supports: Option<LocalDate>,
    /// When the participant signed the confidentiality declaration (L1).
    pub declaration_signed: Option<LocalDate>,
    /// Why it must not be erased yet although its time is up (K7, K24), such as a complaint that
    /// is not decided.
    pub erasure_hold: Option<String>,
    /// Why the processing is restricted (begrenset behandling, GDPR art. 18), such as that the
    /// participant contests what is recorded. Nothing else can be changed meanwhile.
    pub restricted: Option<String>,
    /// The thread that is shared with the participant, once there is one.
    #[serde(with = "document_id_option_serde")]
    pub thread: Option<DocumentId>,
    /// Who the participant is in the membership log, once invited.
    #[serde(with = "person_id_option_serde")]
    pub participant: Option<PersonId>,
}

impl fmt::Debug for Participation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Participation")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

impl Participation {
    /// A participation of which only the reference and the name are known.
    #[must_use]
    pub fn new(reference: &str, first_name: &str, last_name: &str) -> Self {
        Self {
            reference: reference.to_owned(),
            first_name: first_name.to_owned(),
            middle_name: None,
            last_name: last_name.to_owned(),
            national_id: None,
            born: None,
            phone: None,
            email: None,
            address: None,
            municipality: None,
            area: None,
            nav_office: None,
            nav_adviser: None,
            nav_adviser_phone: None,
            nav_adviser_email: None,
            ordered: None,
            channel: None,
            start: None,
            end: None,
            employed_at_referral: false,
            position_percent: None,
            sick_leave_from: None,
            sick_leave_percent: None,
            employer: None,
            order: None,
            reduced_work_capacity: false,
            from_school_or_sentence: false,
            address_protected: false,
            agreement: None,
            consultant: None,
            co_consultants: Vec::new(),
            status: Status::Waiting,
            end_reason: None,
            end_status: None,
            wants_work: None,
            therapist_supports: None,
            declaration_signed: None,
            erasure_hold: None,
            restricted: None,
            thread: None,
            participant: None,
        }
    }

    /// The main consultant and the others, in that order.
    pub fn consultants(&self) -> impl Iterator<Item = &StaffKey> {
        self.consultant.iter().chain(&self.co_consultants)
    }

    /// Checks that everything can be recorded.
    /// # Errors
    /// The first thing wrong.
    pub fn validate(&self) -> Result<(), DomainError> {
        for (field, text) in [
            (Field::Reference, &self.reference),
            (Field::FirstName, &self.first_name),
            (Field::LastName, &self.last_name),
        ] {
            if text.trim().is_empty() {
                return Err(DomainError::Missing { field });
            }
            check_line(field, text, limits::LINE_CHARS_MAX)?;
        }
        for (field, text) in [
            (Field::MiddleName, &self.middle_name),
            (Field::Phone, &self.phone),
            (Field::Email, &self.email),
            (Field::Municipality, &self.municipality),
            (Field::Area, &self.area),
            (Field::NavOffice, &self.nav_office),
            (Field::NavAdviser, &self.nav_adviser),
            (Field::NavAdviserPhone, &self.nav_adviser_phone),
            (Field::NavAdviserEmail, &self.nav_adviser_email),
            (Field::EndStatus, &self.end_status),
        ] {
            check_line_opt(field, text.as_deref(), limits::LINE_CHARS_MAX)?;
        }
        if let Some(address) = &self.address {
            if self.address_protected {
                return Err(DomainError::AddressProtected);
            }
            check_text(Field::Address, address, limits::LINE_CHARS_MAX * 2)?;
        }
        if let Some(order) = &self.order {
            check_text(Field::Order, order, limits::NOTE_CHARS_MAX)?;
        }
        for (field, reason) in [
            (Field::ErasureHold, &self.erasure_hold),
            (Field::Restricted, &self.restricted),
        ] {
            if let Some(reason) = reason {
                if reason.trim().is_empty() {
                    return Err(DomainError::Missing { field });
                }
                check_text(field, reason, limits::REASON_CHARS_MAX)?;
            }
        }
        for (field, percent) in [
            (Field::Position, self.position_percent),
            (Field::SickLeave, self.sick_leave_percent),
        ] {
            if percent.is_some_and(|percent| percent > 100) {
                return Err(DomainError::PercentOutOfRange { field });
            }
        }
        if let (Some(start), Some(end)) = (self.start, self.end)
            && end < start
        {
            return Err(DomainError::EndBeforeStart);
        }
        self.end_reason
            .as_ref()
            .map_or(Ok(()), EndReason::validate)?;
        self.employer
            .as_ref()
            .map_or(Ok(()), EmployerKey::validate)?;
        self.agreement
            .as_ref()
            .map_or(Ok(()), AgreementKey::validate)?;
        if self.co_consultants.len() > limits::CONSULTANTS_COUNT_MAX {
            return Err(DomainError::TooMany {
                field: Field::Consultants,
                max_count: limits::CONSULTANTS_COUNT_MAX,
            });
        }
        self.consultants().try_for_each(StaffKey::validate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing_personal() {
        let mut participation = Participation::new("participant-000", "Fatima", "Dahl");
        participation.national_id = Some(NationalId::new("28839909324").unwrap());
        participation.order = Some("Bistand".into());
        let text = format!("{participation:?} {:?}", participation.national_id);
        for secret in [
            "Fatima",
            "Dahl",
            "28839909324",
            "participant-000",
            "Bistand",
        ] {
            assert!(!text.contains(secret), "{text}");
        }
    }

    #[test]
    fn a_hold_and_a_restriction_need_a_reason() {
        let set: [fn(&mut Participation, String); 2] = [
            |p, reason| p.erasure_hold = Some(reason),
            |p, reason| p.restricted = Some(reason),
        ];
        for set in set {
            let mut participation = Participation::new("p", "A", "B");
            set(&mut participation, "Klage til behandling".into());
            assert_eq!(participation.validate(), Ok(()));
            set(&mut participation, " \n".into());
            assert!(matches!(
                participation.validate(),
                Err(DomainError::Missing { .. })
            ));
            set(&mut participation, "å".repeat(limits::REASON_CHARS_MAX + 1));
            assert!(matches!(
                participation.validate(),
                Err(DomainError::TextTooLong { .. })
            ));
        }
    }

    #[test]
    fn a_protected_address_is_not_recorded() {
        let mut participation = Participation::new("p", "A", "B");
        participation.address = Some("Storgata 1".into());
        assert_eq!(participation.validate(), Ok(()));
        participation.address_protected = true;
        assert_eq!(participation.validate(), Err(DomainError::AddressProtected));
    }
}
