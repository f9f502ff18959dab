//! Identifiers that cross crate and network borders: 16 opaque bytes each, one type a meaning.
//!
//! An identifier says nothing about who or what it names: it is random, or the front of a hash
//! of a public key. So it may stand in logs, file names and the relay's database.

use std::fmt;
use std::str::FromStr;

/// An identifier could not be read from text: it must be 32 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an identifier is 32 hexadecimal digits")]
pub struct ParseIdError;

pub(crate) fn hex(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

pub(crate) fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != N * 2 {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let high = char::from(pair[0]).to_digit(16)?;
        let low = char::from(pair[1]).to_digit(16)?;
        *byte = u8::try_from(high * 16 + low).ok()?;
    }
    Some(bytes)
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; 16]);

        impl $name {
            /// The identifier's 16 bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                hex(&self.0, f)
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
                unhex(text).map(Self).ok_or(ParseIdError)
            }
        }

        impl crate::codec::Encode for $name {
            fn encode(&self, out: &mut crate::codec::Writer) {
                out.raw(&self.0);
            }
        }

        impl crate::codec::Decode for $name {
            fn decode(input: &mut crate::codec::Reader<'_>) -> Result<Self, crate::codec::DecodeError> {
                input.array().map(Self)
            }
        }
    };
}

id! {
    /// An organisation's workspace: the front of the SHA-256 of its root public key.
    WorkspaceId
}
id! {
    /// A document, which is also a stream of envelopes. Random.
    DocumentId
}
id! {
    /// A device: the front of the SHA-256 of its signing key.
    DeviceId
}
id! {
    /// A person. Random. A person is also a key group (of the person's devices): see [`GroupId`].
    PersonId
}
id! {
    /// A group of key holders: one device, a person's devices, the office. Random; a person's
    /// group has the person's id, a device's group the device's.
    GroupId
}
id! {
    /// An invitation: the front of the SHA-256 of its one-time signing key.
    InvitationId
}
id! {
    /// One life of a relay's database. It changes whenever the relay is restored or made anew,
    /// so that clients notice and bring back what was lost.
    InstanceId
}

impl From<DeviceId> for GroupId {
    fn from(device: DeviceId) -> Self {
        Self(device.0)
    }
}

impl From<PersonId> for GroupId {
    fn from(person: PersonId) -> Self {
        Self(person.0)
    }
}

/// A SHA-256 hash.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// The hash that stands where there is nothing before: 32 zero bytes.
    pub const ZERO: Self = Self([0; 32]);
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(&self.0, f)
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

impl crate::codec::Encode for Hash {
    fn encode(&self, out: &mut crate::codec::Writer) {
        out.raw(&self.0);
    }
}

impl crate::codec::Decode for Hash {
    fn decode(input: &mut crate::codec::Reader<'_>) -> Result<Self, crate::codec::DecodeError> {
        input.array().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_text_and_bad_text_is_refused() {
        let id = DeviceId([0xa5; 16]);
        assert_eq!(id.to_string().parse(), Ok(id));
        for bad in [
            "",
            "a5",
            &"g".repeat(32),
            &"a".repeat(33),
            "ååååååååååååååååååååå",
        ] {
            assert_eq!(bad.parse::<DeviceId>(), Err(ParseIdError), "{bad}");
        }
    }
}
