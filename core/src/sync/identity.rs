//! Who this device is in which workspace, on which relay: sealed in the store.

use folge_protocol::codec::{Decode, DecodeError, Encode, Reader, Writer};
use folge_protocol::crypto::SecretKey;
use folge_protocol::grant::Recipient;
#[cfg(feature = "records")]
use folge_protocol::ids::InstanceId;
use folge_protocol::ids::{InvitationId, PersonId, WorkspaceId};
use folge_protocol::membership::Author;

use crate::keys::{DeviceSecrets, InvitationLink, KemSecret, Key32, RecoverySecret};
use crate::limits::URL_BYTES_MAX;

/// Where the relay is and how it proves itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayAddress {
    /// Such as `https://relay.example.no`.
    pub url: String,
    /// The relay's signing key, pinned at founding or by the invitation.
    pub key: [u8; 32],
}

/// This device's place in a workspace.
#[derive(Debug)]
pub struct Identity {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Whose device it is.
    pub person: PersonId,
    /// The device's own secrets.
    pub device: DeviceSecrets,
    /// The relay.
    pub relay: RelayAddress,
    /// What lets this device in, where it did not found the workspace.
    pub entrance: Option<Entrance>,
}

/// What lets a device in: an invitation, or the recovery words.
#[derive(Debug)]
pub struct Entrance {
    /// The seed of the one-time or root signing key. An invitation's is kept after use: should
    /// the relay lose the entry that admitted the device, it signs its request with it.
    sign: Key32,
    /// Opens the grants to the entrance; gone once the device is in.
    kem: Option<KemSecret>,
    recovery: bool,
}

impl Entrance {
    /// By an invitation.
    #[must_use]
    pub fn invitation(link: &InvitationLink) -> Self {
        Self {
            sign: link.sign_seed(),
            kem: Some(link.kem()),
            recovery: false,
        }
    }
    /// By the recovery words.
    #[must_use]
    pub fn recovery(secret: &RecoverySecret) -> Self {
        Self {
            sign: secret.root_seed(),
            kem: Some(secret.kem()),
            recovery: true,
        }
    }
    /// Whether it is the recovery words.
    #[must_use]
    pub fn is_recovery(&self) -> bool {
        self.recovery
    }
    /// Signs as the entrance.
    #[must_use]
    pub fn sign(&self) -> SecretKey {
        SecretKey::from_seed(self.sign.expose())
    }
    /// As whom it signs entries.
    #[must_use]
    pub fn author(&self) -> Author {
        if self.recovery {
            Author::Root
        } else {
            Author::Invitation(InvitationId(self.sign().public().id()))
        }
    }
    /// To whom its grants are, and what opens them.
    #[must_use]
    pub fn opener(&self) -> Option<(Recipient, KemSecret)> {
        let recipient = match self.author() {
            Author::Invitation(id) => Recipient::Invitation(id),
            _ => Recipient::Recovery,
        };
        Some((recipient, self.kem.clone()?))
    }
    /// Forgets what is of no use any more once the device is in. Says whether anything is left.
    pub fn close(&mut self) -> bool {
        self.kem = None;
        !self.recovery
    }
}

impl Identity {
    /// As bytes: secrets, to be sealed.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer::new();
        out.u8(1);
        self.workspace.encode(&mut out);
        self.person.encode(&mut out);
        out.raw(self.device.seed().expose());
        out.bytes(self.relay.url.as_bytes());
        out.raw(&self.relay.key);
        match &self.entrance {
            None => out.u8(0),
            Some(entrance) => {
                out.u8(if entrance.recovery { 2 } else { 1 });
                out.raw(entrance.sign.expose());
                out.bool(entrance.kem.is_some());
                if let Some(kem) = &entrance.kem {
                    out.raw(kem.0.expose());
                }
            }
        }
        out.finish()
    }

    /// Reads what [`Identity::encode`] gave.
    /// # Errors
    /// What is wrong with the bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut input = Reader::new(bytes);
        match input.u8()? {
            1 => {}
            other => return Err(DecodeError::UnknownVersion(other)),
        }
        let workspace = WorkspaceId::decode(&mut input)?;
        let person = PersonId::decode(&mut input)?;
        let device = DeviceSecrets::from_seed(Key32::new(input.array()?));
        let url = String::from_utf8(input.bytes(URL_BYTES_MAX)?.to_vec())
            .map_err(|_| DecodeError::Invalid)?;
        let relay = RelayAddress {
            url,
            key: input.array()?,
        };
        let entrance = match input.u8()? {
            0 => None,
            kind => Some(Entrance {
                sign: Key32::new(input.array()?),
                kem: if input.bool()? {
                    Some(KemSecret(Key32::new(input.array()?)))
                } else {
                    None
                },
                recovery: kind == 2,
            }),
        };
        input.finish()?;
        Ok(Self {
            workspace,
            person,
            device,
            relay,
            entrance,
        })
    }
}

/// How far this device has followed its relay.
#[cfg(feature = "records")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Progress {
    /// The relay life that `cursor` is of.
    pub(super) instance: Option<InstanceId>,
    /// The last position taken in.
    pub(super) cursor: u64,
    /// Whether the relay lost data, and what it still has is being fetched from the start.
    pub(super) recovering: bool,
    /// What the log erased before this index is gone here.
    pub(super) purged: u64,
}

#[cfg(feature = "records")]
impl Encode for Progress {
    fn encode(&self, out: &mut Writer) {
        out.option(self.instance.as_ref());
        out.u64(self.cursor);
        out.bool(self.recovering);
        out.u64(self.purged);
    }
}

#[cfg(feature = "records")]
impl Decode for Progress {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            instance: input.option()?,
            cursor: input.u64()?,
            recovering: input.bool()?,
            purged: input.u64()?,
        })
    }
}
