use folge_protocol::codec::{Decode, DecodeError, Encode, Reader, Writer};
use folge_protocol::crypto::SecretKey;
use folge_protocol::ids::{InvitationId, PersonId, WorkspaceId};
use folge_protocol::membership::DeviceKeys;

use super::{KemSecret, Key32, derive};
use crate::limits::URL_BYTES_MAX;

/// Version byte of the secret part of a link to an app that the relay itself serves.
const LINK_VERSION: u8 = 1;
/// Version byte of the secret part where the app is served from another host: the relay's address
/// stands in it.
const LINK_VERSION_ELSEWHERE: u8 = 2;
const SCHEMES: [&str; 2] = ["https://", "http://"];

/// A text is no invitation link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a complete invitation link: open the whole link, or scan the QR code again")]
pub struct LinkError;

/// Which page a link opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LinkPage {
    /// The staff's app: `/i#`.
    Staff,
    /// The participant's page: `/p#`.
    Participant,
}

impl LinkPage {
    const ALL: [Self; 2] = [Self::Staff, Self::Participant];

    const fn path(self) -> &'static str {
        match self {
            Self::Staff => "/i",
            Self::Participant => "/p",
        }
    }
}

/// An invitation link: where the relay is, whose workspace it is, and, in the fragment that no
/// browser sends to a server, the secret of a one-time key pair that the log admits already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationLink {
    /// Which page it opens.
    pub page: LinkPage,
    /// The app's address, such as `https://app.example.no`; none where the relay itself serves it.
    pub app_url: Option<String>,
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

    /// The same link to an app at an address of its own.
    #[must_use]
    pub fn served_from(self, app_url: &str) -> Self {
        let front = app_url.trim_end_matches('/');
        let app_url = (front != self.relay_url.trim_end_matches('/')).then(|| front.to_owned());
        Self { app_url, ..self }
    }

    /// The link as text: `<app>/i#<hexadecimal>`, and `/p#` for participants.
    #[must_use]
    pub fn to_text(&self) -> String {
        let front = self.app_url.as_ref().unwrap_or(&self.relay_url);
        let mut text = front.trim_end_matches('/').to_owned();
        text.push_str(self.page.path());
        text.push('#');
        for byte in self.to_bytes() {
            for digit in [byte >> 4, byte & 15] {
                text.extend(char::from_digit(u32::from(digit), 16));
            }
        }
        text
    }

    /// Reads a link.
    /// # Errors
    /// [`LinkError`] where anything is missing or too much.
    pub fn from_text(text: &str) -> Result<Self, LinkError> {
        let (front, fragment) = text.trim().split_once('#').ok_or(LinkError)?;
        let (page, front) = LinkPage::ALL
            .into_iter()
            .find_map(|page| Some((page, front.strip_suffix(page.path())?)))
            .ok_or(LinkError)?;
        // A slash too many does not matter.
        let front = front.trim_end_matches('/');
        if !is_address(front) {
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
        let link = Self::decode_with(&mut input, page, front).map_err(|_| LinkError)?;
        input.finish().map_err(|_| LinkError)?;
        Ok(link)
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut out = Writer::new();
        out.u8(match self.app_url {
            None => LINK_VERSION,
            Some(_) => LINK_VERSION_ELSEWHERE,
        });
        out.raw(&self.relay_key);
        self.workspace.encode(&mut out);
        self.person.encode(&mut out);
        out.raw(self.secret.expose());
        if self.app_url.is_some() {
            out.bytes(self.relay_url.as_bytes());
        }
        out.finish()
    }

    fn decode_with(
        input: &mut Reader<'_>,
        page: LinkPage,
        front: &str,
    ) -> Result<Self, DecodeError> {
        let elsewhere = match input.u8()? {
            LINK_VERSION => false,
            LINK_VERSION_ELSEWHERE => true,
            other => return Err(DecodeError::UnknownVersion(other)),
        };
        let mut link = Self {
            page,
            app_url: None,
            relay_url: front.to_owned(),
            relay_key: input.array()?,
            workspace: Decode::decode(input)?,
            person: Decode::decode(input)?,
            secret: Key32::new(input.array()?),
        };
        if elsewhere {
            let url = String::from_utf8(input.bytes(URL_BYTES_MAX)?.to_vec());
            let url = url.map_err(|_| DecodeError::Invalid)?;
            // One way to write it: no slash at the end, and nothing that the front says already.
            if !is_address(&url) || url.ends_with('/') || url == front {
                return Err(DecodeError::Invalid);
            }
            link.app_url = Some(std::mem::replace(&mut link.relay_url, url));
        }
        Ok(link)
    }
}

/// A scheme without a host is no address.
fn is_address(url: &str) -> bool {
    SCHEMES
        .iter()
        .any(|scheme| url.len() > scheme.len() && url.starts_with(scheme))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_survives_text_and_a_cut_one_is_refused() {
        let link = InvitationLink {
            page: LinkPage::Staff,
            app_url: None,
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

    #[test]
    fn a_link_tells_its_page_and_where_app_and_relay_are() {
        let link = InvitationLink {
            page: LinkPage::Participant,
            app_url: None,
            relay_url: "https://relay.example.no".to_owned(),
            relay_key: [1; 32],
            workspace: WorkspaceId([2; 16]),
            person: PersonId([3; 16]),
            secret: Key32::new([4; 32]),
        };
        let same = link.clone().served_from("https://relay.example.no/");
        assert_eq!(same, link);
        assert!(link.to_text().starts_with("https://relay.example.no/p#01"));
        let elsewhere = link.clone().served_from("https://app.example.no/");
        let text = elsewhere.to_text();
        assert!(text.starts_with("https://app.example.no/p#02"));
        assert_eq!(InvitationLink::from_text(&text), Ok(elsewhere.clone()));
        let staff = text.replacen("/p#", "/i#", 1);
        let staff = InvitationLink::from_text(&staff).unwrap();
        assert_eq!(staff.page, LinkPage::Staff);
        assert_eq!(staff.relay_url, link.relay_url);
        for cut in 1..30 {
            assert!(InvitationLink::from_text(&text[..text.len() - cut]).is_err());
        }
        for wrong in ["https://app.example.no", "relay", "https://r/"] {
            let mut wrong_link = elsewhere.clone();
            wrong_link.relay_url = wrong.to_owned();
            assert!(
                InvitationLink::from_text(&wrong_link.to_text()).is_err(),
                "{wrong}"
            );
        }
    }
}
