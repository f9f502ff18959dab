//! The provider's register: the provider, its agreements and prices, employers and staff.

use std::collections::BTreeMap;
use std::fmt;

use folge_protocol::ids::PersonId;
use serde::{Deserialize, Serialize};

use super::time::LocalDate;
use super::{AgreementKey, DomainError, EmployerKey, StaffKey, check_line, check_line_opt, limits};

fn check_name(name: &str) -> Result<(), DomainError> {
    if name.trim().is_empty() {
        return Err(DomainError::Missing { field: "name" });
    }
    check_line("name", name, limits::LINE_CHARS_MAX)
}

/// The provider (tiltaksarrangør).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provider {
    /// Its name.
    pub name: String,
    /// Organisation number, nine digits.
    pub org_number: String,
}

impl Provider {
    /// Checks that everything can be recorded.
    /// # Errors
    /// The first thing wrong.
    pub fn validate(&self) -> Result<(), DomainError> {
        check_name(&self.name)?;
        if self.org_number.len() != 9 || !self.org_number.bytes().all(|b| b.is_ascii_digit()) {
            return Err(DomainError::Unreadable {
                field: "organisation number",
            });
        }
        Ok(())
    }
}

/// A service area (tjenesteområde), such as `B`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Area(pub String);

/// A price from a day on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Price {
    /// The service area.
    pub area: Area,
    /// The first day.
    pub from: LocalDate,
    /// Øre for an hour, without VAT.
    pub hourly_ore: u64,
}

/// An agreement (avtale) with NAV. What its terms mean is `contract`'s matter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreement {
    /// Its key.
    pub key: AgreementKey,
    /// The measure (tiltak), such as `Oppfølging`.
    pub measure: String,
    /// The price model's code, such as `hourly`.
    pub price_model: String,
    /// The prices, versions included.
    pub prices: Vec<Price>,
    /// The municipalities of each service area.
    pub areas: BTreeMap<Area, Vec<String>>,
}

impl Agreement {
    /// Checks that everything can be recorded.
    /// # Errors
    /// The first thing wrong.
    pub fn validate(&self) -> Result<(), DomainError> {
        self.key.validate()?;
        check_name(&self.measure)?;
        check_line("price model", &self.price_model, limits::KEY_CHARS_MAX)?;
        let too_many = |field, count: usize, max_count| {
            if count > max_count {
                Err(DomainError::TooMany { field, max_count })
            } else {
                Ok(())
            }
        };
        too_many("prices", self.prices.len(), limits::PRICES_COUNT_MAX)?;
        too_many("areas", self.areas.len(), limits::AREAS_COUNT_MAX)?;
        for area in self
            .prices
            .iter()
            .map(|price| &price.area)
            .chain(self.areas.keys())
        {
            check_line("area", &area.0, limits::KEY_CHARS_MAX)?;
        }
        for municipalities in self.areas.values() {
            too_many(
                "municipalities",
                municipalities.len(),
                limits::MUNICIPALITIES_COUNT_MAX,
            )?;
            for name in municipalities {
                check_line("municipality", name, limits::LINE_CHARS_MAX)?;
            }
        }
        Ok(())
    }
}

/// An employer (arbeidsgiver).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Employer {
    /// Its key.
    pub key: EmployerKey,
    /// Its name.
    pub name: String,
    /// The service area that it lies in.
    pub area: Option<String>,
    /// The municipality.
    pub municipality: Option<String>,
    /// The contact person.
    pub contact: Option<String>,
}

impl fmt::Debug for Employer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Employer")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

impl Employer {
    /// Checks that everything can be recorded.
    /// # Errors
    /// The first thing wrong.
    pub fn validate(&self) -> Result<(), DomainError> {
        self.key.validate()?;
        check_name(&self.name)?;
        check_line_opt("area", self.area.as_deref(), limits::KEY_CHARS_MAX)?;
        check_line_opt(
            "municipality",
            self.municipality.as_deref(),
            limits::LINE_CHARS_MAX,
        )?;
        check_line_opt("contact", self.contact.as_deref(), limits::LINE_CHARS_MAX)
    }
}

/// A member of staff.
#[derive(Clone, PartialEq, Eq)]
pub struct StaffMember {
    /// The key that records name them by.
    pub key: StaffKey,
    /// The name.
    pub name: String,
    /// The person in the membership log, once invited.
    pub person: Option<PersonId>,
    /// Position in percent.
    pub position_percent: u8,
}

impl fmt::Debug for StaffMember {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StaffMember")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

#[derive(Serialize, Deserialize)]
struct StaffMemberForm {
    key: StaffKey,
    name: String,
    person: Option<[u8; 16]>,
    position_percent: u8,
}

impl Serialize for StaffMember {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        StaffMemberForm {
            key: self.key.clone(),
            name: self.name.clone(),
            person: self.person.map(|person| person.0),
            position_percent: self.position_percent,
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for StaffMember {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        StaffMemberForm::deserialize(deserializer).map(|form| Self {
            key: form.key,
            name: form.name,
            person: form.person.map(PersonId),
            position_percent: form.position_percent,
        })
    }
}

impl StaffMember {
    /// Checks that everything can be recorded.
    /// # Errors
    /// The first thing wrong.
    pub fn validate(&self) -> Result<(), DomainError> {
        self.key.validate()?;
        check_name(&self.name)?;
        if self.position_percent > 100 {
            return Err(DomainError::PercentOutOfRange { field: "position" });
        }
        Ok(())
    }
}
