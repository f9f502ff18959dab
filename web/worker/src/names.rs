//! What keys of the register are called, and what fields and records are called.

use std::collections::BTreeMap;

use folge_core::client::Client;
use folge_core::document::Record;
use folge_core::domain::{CodeListName, EmployerKey, StaffKey};
use folge_core::{Error, ErrorClass};
use folge_protocol::ids::{DeviceId, PersonId};
use folge_protocol::membership::Role;
use folge_web_calls::Words;

/// The register's names.
#[derive(Default)]
pub(crate) struct Names {
    pub(crate) employers: BTreeMap<EmployerKey, String>,
    pub(crate) staff: BTreeMap<StaffKey, String>,
    pub(crate) persons: BTreeMap<PersonId, StaffKey>,
    pub(crate) activities: BTreeMap<String, String>,
}

impl Names {
    pub(crate) fn of(client: &mut Client) -> Result<Self, Error> {
        let mut names = Self::default();
        let rows = match client.register() {
            Ok(rows) => rows,
            Err(error) if error.class() == ErrorClass::Damaged => return Err(error),
            // Newcomers have no register yet.
            Err(_) => return Ok(names),
        };
        for row in rows {
            match row.record {
                Record::Employer(employer) => {
                    names.employers.insert(employer.key, employer.name);
                }
                Record::Staff(member) => {
                    if let Some(person) = member.person {
                        names.persons.insert(person, member.key.clone());
                    }
                    names.staff.insert(member.key, member.name);
                }
                _ => {}
            }
        }
        if let Some(list) = client.code_list(CodeListName::Activities)? {
            names.activities = list.entries;
        }
        Ok(names)
    }

    pub(crate) fn employer(&self, key: Option<&EmployerKey>) -> Option<String> {
        let key = key?;
        Some(
            self.employers
                .get(key)
                .cloned()
                .unwrap_or_else(|| key.as_str().to_owned()),
        )
    }

    pub(crate) fn member(&self, key: &StaffKey) -> String {
        self.staff
            .get(key)
            .cloned()
            .unwrap_or_else(|| key.as_str().to_owned())
    }

    /// A list of keys as a list of names; other text as it is.
    pub(crate) fn in_text(&self, text: &str) -> String {
        let name = |key: &str| {
            let employer = self.employers.get(&EmployerKey::from(key));
            employer
                .or_else(|| self.staff.get(&StaffKey::from(key)))
                .cloned()
        };
        let pieces: Option<Vec<String>> = text.split(", ").map(name).collect();
        pieces.map_or_else(|| text.to_owned(), |pieces| pieces.join(", "))
    }

    /// Who a person is: the name where the register has it, otherwise the role.
    pub(crate) fn person(&self, person: Option<PersonId>, role: Option<Role>) -> Words {
        let known = person.and_then(|person| self.persons.get(&person));
        match known {
            Some(key) => Words::of(|_| self.member(key)),
            None => role.map_or_else(|| Words::of(|_| "?"), role_words),
        }
    }
}

/// What a role is called.
pub(crate) fn role_words(role: Role) -> Words {
    let (nb, en) = match role {
        Role::Administrator => ("Administrator", "Administrator"),
        Role::Coordinator => ("Koordinator", "Coordinator"),
        Role::Consultant => ("Veileder", "Consultant"),
        Role::Auditor => ("Revisor", "Auditor"),
        Role::Participant => ("Deltaker", "Participant"),
    };
    Words {
        nb: nb.to_owned(),
        en: en.to_owned(),
    }
}

/// The first digits of a device's name: enough to tell a person's devices apart.
pub(crate) fn short(device: DeviceId) -> String {
    let mut text = device.to_string();
    text.truncate(6);
    text
}

/// Both languages of a text of the core's.
pub(crate) fn both(both: folge_core::domain::text::Both) -> Words {
    Words {
        nb: both.0.to_owned(),
        en: both.1.to_owned(),
    }
}
