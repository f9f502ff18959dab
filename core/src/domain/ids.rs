//! How records, people and things are named inside documents.

use std::fmt;
use std::str::FromStr;

use folge_protocol::ids::ParseIdError;
use serde::{Deserialize, Serialize};

use super::{DomainError, Field, check_line, limits};

macro_rules! bytes_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub [u8; 16]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;
            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                // The protocol's reader of 32 hexadecimal digits; only lower case is one encoding.
                if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
                    return Err(ParseIdError);
                }
                text.parse::<folge_protocol::ids::DocumentId>().map(|id| Self(id.0))
            }
        }
    };
}

bytes_id! {
    /// A visit, trip, report, contact attempt or note. Random, given by the caller.
    RecordId
}
bytes_id! {
    /// A group meeting: the same in the casefile of each who was invited. Random.
    GroupMeetingId
}

macro_rules! text_key {
    ($(#[$doc:meta])* $name:ident, $field:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// The key as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Checks that the key is short, on one line, and has none of the characters that
            /// documents use as separators.
            /// # Errors
            /// What is wrong with it.
            pub fn validate(&self) -> Result<(), DomainError> {
                if self.0.is_empty() {
                    return Err(DomainError::Missing { field: $field });
                }
                check_line($field, &self.0, limits::KEY_CHARS_MAX)?;
                if self.0.contains('/') {
                    return Err(DomainError::BadCharacter { field: $field });
                }
                Ok(())
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_key! {
    /// A member of staff, as the register names them (such as `consultant-00`): no name of a
    /// person.
    StaffKey, Field::Consultant
}
text_key! {
    /// An employer, as the register names it.
    EmployerKey, Field::Employer
}
text_key! {
    /// An agreement (avtale) with NAV, as the register names it.
    AgreementKey, Field::Agreement
}

macro_rules! id_option_serde {
    ($(#[$doc:meta])* $module:ident, $id:ident) => {
        $(#[$doc])*
        pub mod $module {
            use folge_protocol::ids::$id;
            use serde::{Deserialize, Deserializer, Serialize, Serializer};

            /// Writes the 16 bytes, or that there are none.
            /// # Errors
            /// Those of the serializer.
            pub fn serialize<S: Serializer>(
                id: &Option<$id>,
                serializer: S,
            ) -> Result<S::Ok, S::Error> {
                id.map(|id| id.0).serialize(serializer)
            }

            /// Reads them.
            /// # Errors
            /// Those of the deserializer.
            pub fn deserialize<'de, D: Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Option<$id>, D::Error> {
                Option::<[u8; 16]>::deserialize(deserializer).map(|id| id.map($id))
            }
        }
    };
}

id_option_serde! {
    /// `#[serde(with = …)]` for a document's identifier that may be absent.
    document_id_option_serde, DocumentId
}
id_option_serde! {
    /// `#[serde(with = …)]` for a person's identifier that may be absent.
    person_id_option_serde, PersonId
}

macro_rules! id_serde {
    ($(#[$doc:meta])* $module:ident, $id:ident) => {
        $(#[$doc])*
        pub mod $module {
            use folge_protocol::ids::$id;
            use serde::{Deserialize, Deserializer, Serialize, Serializer};

            /// Writes the 16 bytes.
            /// # Errors
            /// Those of the serializer.
            pub fn serialize<S: Serializer>(id: &$id, serializer: S) -> Result<S::Ok, S::Error> {
                id.0.serialize(serializer)
            }

            /// Reads the 16 bytes.
            /// # Errors
            /// Those of the deserializer.
            pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<$id, D::Error> {
                <[u8; 16]>::deserialize(deserializer).map($id)
            }
        }
    };
}

id_serde! {
    /// `#[serde(with = …)]` for a participation's (document's) identifier.
    document_id_serde, DocumentId
}
id_serde! {
    /// `#[serde(with = …)]` for a person's identifier.
    person_id_serde, PersonId
}
id_serde! {
    /// `#[serde(with = …)]` for a device's identifier.
    device_id_serde, DeviceId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_id_survives_text_and_has_one_spelling() {
        let id = RecordId([0xab; 16]);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert!("AB".repeat(16).parse::<RecordId>().is_err());
        assert!("ab".parse::<RecordId>().is_err());
    }

    #[test]
    fn keys_with_separators_are_refused() {
        for bad in ["", "a/b", "a\nb", &"x".repeat(65)] {
            assert!(StaffKey::from(bad).validate().is_err(), "{bad:?}");
        }
        assert_eq!(StaffKey::from("consultant-00").validate(), Ok(()));
    }
}
