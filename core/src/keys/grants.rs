use folge_protocol::codec::{Decode, DecodeError, Encode, Reader, Writer};
use folge_protocol::crypto::SecretKey;
use folge_protocol::grant::{Grant, Recipient};
use folge_protocol::ids::{DeviceId, DocumentId, GroupId, WorkspaceId};
use folge_protocol::limits::GRANT_BYTES_MAX;
use rand_core::CryptoRng;

use super::{KemError, KemPublic, KemSecret, Key32};
use crate::limits::GRANT_SECRETS_MAX;

/// HPKE's `info` for grants.
const INFO: &[u8] = b"folge grant v1";

/// What a granted secret opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A group's secret of one epoch.
    Group(GroupId, u32),
    /// A document's key of one generation.
    Document(DocumentId, u32),
}

/// A secret and what it opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    /// What it opens.
    pub subject: Subject,
    /// The secret.
    pub key: Key32,
}

impl Encode for Subject {
    fn encode(&self, out: &mut Writer) {
        match self {
            Self::Group(group, epoch) => {
                out.u8(1);
                group.encode(out);
                out.u32(*epoch);
            }
            Self::Document(document, generation) => {
                out.u8(2);
                document.encode(out);
                out.u32(*generation);
            }
        }
    }
}

impl Decode for Subject {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match input.u8()? {
            1 => Self::Group(Decode::decode(input)?, input.u32()?),
            2 => Self::Document(Decode::decode(input)?, input.u32()?),
            other => return Err(DecodeError::UnknownTag(other)),
        })
    }
}

impl Encode for Secret {
    fn encode(&self, out: &mut Writer) {
        self.subject.encode(out);
        out.raw(self.key.expose());
    }
}

impl Decode for Secret {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            subject: Decode::decode(input)?,
            key: Key32::new(input.array()?),
        })
    }
}

/// Who issues a grant.
#[derive(Debug)]
pub struct Issuer<'a> {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The issuing device.
    pub device: DeviceId,
    /// Its signing key.
    pub key: &'a SecretKey,
}

/// What a grant holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Granted {
    /// Secrets for the keyring.
    Secrets(Vec<Secret>),
    /// An envelope that its device may not send any more, for those who may decide about it.
    Parcel(Vec<u8>),
}

impl Encode for Granted {
    fn encode(&self, out: &mut Writer) {
        match self {
            Self::Secrets(secrets) => {
                out.u8(1);
                out.list(secrets);
            }
            Self::Parcel(envelope) => {
                out.u8(2);
                out.bytes(envelope);
            }
        }
    }
}

impl Decode for Granted {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match input.u8()? {
            1 => Self::Secrets(input.list(GRANT_SECRETS_MAX)?),
            2 => Self::Parcel(input.bytes(GRANT_BYTES_MAX)?.to_vec()),
            other => return Err(DecodeError::UnknownTag(other)),
        })
    }
}

/// Seals something to a recipient's public key and signs the grant.
/// # Errors
/// [`KemError`] where the public key is not valid.
pub fn seal_grant(
    issuer: &Issuer<'_>,
    recipient: Recipient,
    public: &KemPublic,
    granted: &Granted,
    rng: &mut impl CryptoRng,
) -> Result<Grant, KemError> {
    let preamble = Grant::preamble(issuer.workspace, recipient, issuer.device);
    let payload = zeroize::Zeroizing::new(granted.to_bytes());
    let (encapsulated, ciphertext) = public.seal(INFO, &preamble, &payload, rng)?;
    Ok(Grant::sign(
        issuer.workspace,
        recipient,
        issuer.device,
        encapsulated,
        ciphertext,
        issuer.key,
    ))
}

/// Opens a grant. The caller has verified its signature, and compares what comes out with the
/// membership log: a group secret with the group's public key, a document key with its commitment.
/// # Errors
/// [`KemError`] where it does not open, or holds something else than secrets.
pub fn open_grant(grant: &Grant, secret: &KemSecret) -> Result<Granted, KemError> {
    let preamble = Grant::preamble(grant.workspace, grant.recipient, grant.issuer);
    let payload = secret.open(&grant.encapsulated, INFO, &preamble, &grant.ciphertext)?;
    let payload = zeroize::Zeroizing::new(payload);
    Granted::from_bytes(&payload).map_err(|_| KemError)
}
