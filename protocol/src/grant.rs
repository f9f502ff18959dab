//! Grants: secrets sealed with HPKE (RFC 9180) to the public key of a device, group or invitation.
//!
//! The layout and signature only; what is inside is opened in `folge-core`.

use crate::codec::{Decode, DecodeError, Encode, Reader, Writer};
use crate::crypto::{BadSignature, PublicKey, SUITE_1, SecretKey, Tag, tagged_hash};
use crate::envelope::expect_version_and_suite;
use crate::ids::{DeviceId, GroupId, Hash, InvitationId, WorkspaceId};
use crate::limits::GRANT_BYTES_MAX;

/// Version byte of the grant layout.
pub const GRANT_VERSION: u8 = 1;

/// Whose key a grant is sealed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Recipient {
    /// An invitation's one-time key.
    Invitation(InvitationId),
    /// A group's key of one epoch; a device is a group of its own.
    Group(GroupId, u32),
    /// The workspace's recovery key.
    Recovery,
}

impl Encode for Recipient {
    fn encode(&self, out: &mut Writer) {
        match self {
            Self::Invitation(id) => {
                out.u8(2);
                id.encode(out);
            }
            Self::Group(id, epoch) => {
                out.u8(3);
                id.encode(out);
                out.u32(*epoch);
            }
            Self::Recovery => out.u8(4),
        }
    }
}

impl Decode for Recipient {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match input.u8()? {
            2 => Self::Invitation(Decode::decode(input)?),
            3 => Self::Group(Decode::decode(input)?, input.u32()?),
            4 => Self::Recovery,
            other => return Err(DecodeError::UnknownTag(other)),
        })
    }
}

/// A sealed list of secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Whose key it is sealed to.
    pub recipient: Recipient,
    /// Who granted.
    pub issuer: DeviceId,
    /// The KEM's encapsulated key.
    pub encapsulated: [u8; 32],
    /// The sealed list and its tag.
    pub ciphertext: Vec<u8>,
    /// The issuer's signature over everything before it.
    pub signature: [u8; 64],
}

impl Grant {
    /// The part that is known before sealing; it is the associated data of the sealing.
    #[must_use]
    pub fn preamble(workspace: WorkspaceId, recipient: Recipient, issuer: DeviceId) -> Vec<u8> {
        let mut out = Writer::new();
        out.u8(GRANT_VERSION);
        out.u8(SUITE_1);
        workspace.encode(&mut out);
        recipient.encode(&mut out);
        issuer.encode(&mut out);
        out.finish()
    }

    /// Signs a sealed list.
    #[must_use]
    pub fn sign(
        workspace: WorkspaceId,
        recipient: Recipient,
        issuer: DeviceId,
        encapsulated: [u8; 32],
        ciphertext: Vec<u8>,
        key: &SecretKey,
    ) -> Self {
        let mut grant = Self {
            workspace,
            recipient,
            issuer,
            encapsulated,
            ciphertext,
            signature: [0; 64],
        };
        grant.signature = key.sign(&grant.signed_hash());
        grant
    }

    /// Checks the issuer's signature.
    /// # Errors
    /// [`BadSignature`].
    pub fn verify(&self, key: &PublicKey) -> Result<(), BadSignature> {
        key.verify(&self.signed_hash(), &self.signature)
    }

    fn signed_hash(&self) -> Hash {
        let mut out = Writer::new();
        self.encode_unsigned(&mut out);
        tagged_hash(Tag::Grant, &[&out.finish()])
    }

    fn encode_unsigned(&self, out: &mut Writer) {
        out.raw(&Self::preamble(self.workspace, self.recipient, self.issuer));
        out.raw(&self.encapsulated);
        out.bytes(&self.ciphertext);
    }
}

impl Encode for Grant {
    fn encode(&self, out: &mut Writer) {
        self.encode_unsigned(out);
        out.raw(&self.signature);
    }
}

impl Decode for Grant {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        expect_version_and_suite(input, GRANT_VERSION)?;
        Ok(Self {
            workspace: Decode::decode(input)?,
            recipient: Decode::decode(input)?,
            issuer: Decode::decode(input)?,
            encapsulated: input.array()?,
            ciphertext: input.bytes(GRANT_BYTES_MAX)?.to_vec(),
            signature: input.array()?,
        })
    }
}
