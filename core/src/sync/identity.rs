//! Who this device is in which workspace, on which relay: sealed in the store.

use folge_protocol::codec::{Decode, DecodeError, Encode, Reader, Writer};
use folge_protocol::ids::{InstanceId, PersonId, WorkspaceId};

use crate::keys::{DeviceSecrets, InvitationLink, Key32};

/// The longest relay address, in bytes.
const URL_BYTES_MAX: usize = 1024;

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
    /// Distinguishes installations: part of the CRDT actor.
    pub installation: [u8; 4],
    /// The relay.
    pub relay: RelayAddress,
    /// The invitation that let this device in. Kept after use: should the relay lose the entry
    /// that admitted the device, nobody else could bring it back.
    pub invitation: Option<InvitationLink>,
}

impl Identity {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Writer::new();
        out.u8(1);
        self.workspace.encode(&mut out);
        self.person.encode(&mut out);
        let (sign, kem) = self.device.seeds();
        out.raw(sign.expose());
        out.raw(kem.expose());
        out.raw(&self.installation);
        out.bytes(self.relay.url.as_bytes());
        out.raw(&self.relay.key);
        match &self.invitation {
            None => out.u8(0),
            Some(link) => {
                out.u8(1);
                out.raw(link.secret.expose());
            }
        }
        out.finish()
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut input = Reader::new(bytes);
        match input.u8()? {
            1 => {}
            other => return Err(DecodeError::UnknownVersion(other)),
        }
        let workspace = WorkspaceId::decode(&mut input)?;
        let person = PersonId::decode(&mut input)?;
        let device =
            DeviceSecrets::from_seeds(Key32::new(input.array()?), Key32::new(input.array()?));
        let installation = input.array()?;
        let url = String::from_utf8(input.bytes(URL_BYTES_MAX)?.to_vec())
            .map_err(|_| DecodeError::Invalid)?;
        let relay = RelayAddress {
            url,
            key: input.array()?,
        };
        let invitation = match input.u8()? {
            0 => None,
            _ => Some(InvitationLink {
                relay_url: relay.url.clone(),
                relay_key: relay.key,
                workspace,
                person,
                secret: Key32::new(input.array()?),
            }),
        };
        input.finish()?;
        Ok(Self {
            workspace,
            person,
            device,
            installation,
            relay,
            invitation,
        })
    }
}

/// How far this device has followed its relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Progress {
    /// The relay life that `cursor` is of.
    pub(super) instance: Option<InstanceId>,
    /// The last position taken in.
    pub(super) cursor: u64,
    /// Whether the relay lost data, and what it still has is being fetched from the start.
    pub(super) recovering: bool,
}

impl Encode for Progress {
    fn encode(&self, out: &mut Writer) {
        out.option(self.instance.as_ref());
        out.u64(self.cursor);
        out.u8(u8::from(self.recovering));
    }
}

impl Decode for Progress {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            instance: input.option()?,
            cursor: input.u64()?,
            recovering: input.u8()? != 0,
        })
    }
}
