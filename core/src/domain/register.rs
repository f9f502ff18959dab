//! The provider's register: the provider, employers and staff. Its agreements are `contract`'s.

use std::fmt;

use folge_protocol::ids::PersonId;
use serde::{Deserialize, Serialize};

use super::identity::is_org_number;
use super::{DomainError, EmployerKey, Field, StaffKey, check_line, check_line_opt, limits};

fn check_name(name: &str) -> Result<(), DomainError> {
    if name.trim().is_empty() {
        return Err(DomainError::Missing { field: Field::Name });
    }
    check_line(Field::Name, name, limits::LINE_CHARS_MAX)
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
        if !is_org_number(&self.org_number) {
            return Err(DomainError::Unreadable {
                field: Field::OrganisationNumber,
            });
        }
        Ok(())
    }
}

/// A service area (tjenesteområde), such as `B`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Area(pub String);

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
        check_line_opt(Field::Area, self.area.as_deref(), limits::KEY_CHARS_MAX)?;
        check_line_opt(
            Field::Municipality,
            self.municipality.as_deref(),
            limits::LINE_CHARS_MAX,
        )?;
        check_line_opt(
            Field::ContactPerson,
            self.contact.as_deref(),
            limits::LINE_CHARS_MAX,
        )
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
            return Err(DomainError::PercentOutOfRange {
                field: Field::Position,
            });
        }
        Ok(())
    }
}
