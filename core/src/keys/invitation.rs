use folge_protocol::codec::{Decode, DecodeError, Encode, Reader, Writer};
use folge_protocol::crypto::SecretKey;
use folge_protocol::ids::{InvitationId, PersonId, WorkspaceId};
use folge_protocol::membership::DeviceKeys;

use super::{KemSecret, Key32, derive};

/// Version byte of the link's secret part.
const LINK_VERSION: u8 = 1;

/// A text is no invitation link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a complete invitation link: open the whole link, or scan the QR code again")]
pub struct LinkError;

/// An invitation link: where the relay is, whose workspace it is, and, in the fragment that no
/// browser sends to a server, the secret of a one-time key pair that the log admits already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationLink {
    /// The relay's address, such as `https://relay.example.no`.
    pub relay_url: String,
    /// The relay's signing key.
    pub relay_key: [u8; 32],
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Who is invited.
    pub person: PersonId,
    /// What the one-time keys derive from.
    pub secret: Key32,
}

impl InvitationLink {
    /// The one-time signing key.
    #[must_use]
    pub fn sign(&self) -> SecretKey {
        SecretKey::from_seed(self.sign_seed().expose())
    }
    /// The seed of the one-time signing key.
    #[must_use]
    pub fn sign_seed(&self) -> Key32 {
        derive(&self.secret, "folge invitation sign v1", &[])
    }
    /// The one-time KEM key.
    #[must_use]
    pub fn kem(&self) -> KemSecret {
        KemSecret(derive(&self.secret, "folge invitation kem v1", &[]))
    }
    /// The one-time public keys.
    #[must_use]
    pub fn public(&self) -> DeviceKeys {
        DeviceKeys {
            sign: *self.sign().public().as_bytes(),
            kem: self.kem().public().0,
        }
    }
    /// The invitation's id.
    #[must_use]
    pub fn id(&self) -> InvitationId {
        InvitationId(self.sign().public().id())
    }

    /// The link as text: `<relay>/i#<hexadecimal>`.
    #[must_use]
    pub fn to_text(&self) -> String {
        let hex: String = self
            .to_bytes()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        format!("{}/i#{hex}", self.relay_url.trim_end_matches('/'))
    }

    /// Reads a link.
    /// # Errors
    /// [`LinkError`] where anything is missing or too much.
    pub fn from_text(text: &str) -> Result<Self, LinkError> {
        let (front, fragment) = text.trim().split_once("/i#").ok_or(LinkError)?;
        // A slash too many does not matter; a scheme without a host is no address.
        let front = front.trim_end_matches('/');
        if !["https://", "http://"]
            .iter()
            .any(|scheme| front.len() > scheme.len() && front.starts_with(scheme))
        {
            return Err(LinkError);
        }
        let digits = fragment.as_bytes();
        if !digits.len().is_multiple_of(2) {
            return Err(LinkError);
        }
        let bytes: Option<Vec<u8>> = digits
            .chunks_exact(2)
            .map(|pair| {
                let high = char::from(pair[0]).to_digit(16)?;
                let low = char::from(pair[1]).to_digit(16)?;
                u8::try_from(high * 16 + low).ok()
            })
            .collect();
        let bytes = bytes.ok_or(LinkError)?;
        let mut input = Reader::new(&bytes);
        let link = Self::decode_with(&mut input, front.to_owned()).map_err(|_| LinkError)?;
        input.finish().map_err(|_| LinkError)?;
        Ok(link)
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut out = Writer::new();
        out.u8(LINK_VERSION);
        out.raw(&self.relay_key);
        self.workspace.encode(&mut out);
        self.person.encode(&mut out);
        out.raw(self.secret.expose());
        out.finish()
    }

    fn decode_with(input: &mut Reader<'_>, relay_url: String) -> Result<Self, DecodeError> {
        match input.u8()? {
            LINK_VERSION => {}
            other => return Err(DecodeError::UnknownVersion(other)),
        }
        Ok(Self {
            relay_url,
            relay_key: input.array()?,
            workspace: Decode::decode(input)?,
            person: Decode::decode(input)?,
            secret: Key32::new(input.array()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_survives_text_and_a_cut_one_is_refused() {
        let link = InvitationLink {
            relay_url: "http://127.0.0.1:8787".to_owned(),
            relay_key: [1; 32],
            workspace: WorkspaceId([2; 16]),
            person: PersonId([3; 16]),
            secret: Key32::new([4; 32]),
        };
        let text = link.to_text();
        assert_eq!(InvitationLink::from_text(&text).as_ref(), Ok(&link));
        let slashes = text.replacen("/i#", "///i#", 1);
        assert_eq!(InvitationLink::from_text(&slashes), Ok(link));
        let (_, fragment) = text.split_once('#').unwrap();
        for front in ["http:", "http:/", "http://", "https:///", "ftp://x", ""] {
            let text = format!("{front}/i#{fragment}");
            assert_eq!(InvitationLink::from_text(&text), Err(LinkError), "{front}");
        }
        for cut in [0, 10, text.len() - 1, text.len() - 2] {
            assert_eq!(
                InvitationLink::from_text(&text[..cut]),
                Err(LinkError),
                "{cut}"
            );
        }
    }
}
