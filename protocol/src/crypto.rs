//! Tagged hashes and Ed25519 signatures: what relay and clients both compute.
//!
//! Everything that is signed is first hashed together with a tag that names its meaning, so that
//! a signature over one kind of thing can never be shown as one over another.

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};

use crate::ids::Hash;

/// Suite 1: X25519-HKDF-SHA256, XChaCha20-Poly1305, Ed25519, SHA-256.
pub const SUITE_1: u8 = 1;

/// What a hash or signature is about. The tag's text is part of the hashed bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    /// Identifier of a key.
    KeyId,
    /// Identifier of a workspace.
    Workspace,
    /// An envelope's signature.
    Envelope,
    /// An envelope's hash in streams.
    EnvelopeHash,
    /// A stream's head before its first envelope.
    Stream,
    /// A stream's head after an envelope.
    Head,
    /// A membership entry's signature.
    Entry,
    /// A membership entry's hash in the log.
    EntryHash,
    /// A grant's signature.
    Grant,
    /// A relay's receipt.
    Receipt,
    /// The message that a receipt stands in.
    Reply,
    /// A device's mark that it has read a stream up to a head.
    Mark,
    /// A request to the relay.
    Request,
    /// A message's name.
    Message,
    /// A receipt of an erasure.
    Erasure,
    /// A visit that a consultant's device shows to its participant.
    Offer,
    /// What the participant's device answers.
    Answer,
    /// What a participant's PIN confirms.
    Pin,
    /// What a drawn signature confirms.
    Drawing,
}

impl Tag {
    const fn text(self) -> &'static [u8] {
        match self {
            Self::KeyId => b"folge key id v1",
            Self::Workspace => b"folge workspace v1",
            Self::Envelope => b"folge envelope v1",
            Self::EnvelopeHash => b"folge envelope hash v1",
            Self::Stream => b"folge stream v1",
            Self::Head => b"folge head v1",
            Self::Entry => b"folge entry v1",
            Self::EntryHash => b"folge entry hash v1",
            Self::Grant => b"folge grant v1",
            Self::Receipt => b"folge receipt v1",
            Self::Reply => b"folge reply v1",
            Self::Mark => b"folge mark v1",
            Self::Request => b"folge request v1",
            Self::Message => b"folge message v1",
            Self::Erasure => b"folge erasure receipt v1",
            Self::Offer => b"folge visit offer v1",
            Self::Answer => b"folge visit answer v1",
            Self::Pin => b"folge visit pin v1",
            Self::Drawing => b"folge visit drawing v1",
        }
    }
}

/// SHA-256 over the tag's length (one byte), the tag's text and the parts one after the other.
#[must_use]
pub fn tagged_hash(tag: Tag, parts: &[&[u8]]) -> Hash {
    let mut hasher = Sha256::new();
    let text = tag.text();
    hasher.update([u8::try_from(text.len()).unwrap_or(u8::MAX)]);
    hasher.update(text);
    for part in parts {
        hasher.update(part);
    }
    Hash(hasher.finalize().into())
}

/// The 16-byte name of a public signing key.
#[must_use]
pub fn key_id(public_key: &[u8; 32]) -> [u8; 16] {
    let hash = tagged_hash(Tag::KeyId, &[public_key]);
    let mut id = [0; 16];
    id.copy_from_slice(&hash.0[..16]);
    id
}

/// The workspace that a root key founds.
#[must_use]
pub fn workspace_id(root_key: &[u8; 32]) -> crate::ids::WorkspaceId {
    let hash = tagged_hash(Tag::Workspace, &[root_key]);
    let mut id = [0; 16];
    id.copy_from_slice(&hash.0[..16]);
    crate::ids::WorkspaceId(id)
}

/// A signature does not belong to what it stands under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a signature does not verify")]
pub struct BadSignature;

/// A public key that signatures are checked with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PublicKey(")?;
        crate::ids::hex(self.0.as_bytes(), f)?;
        f.write_str(")")
    }
}

impl PublicKey {
    /// Reads a key's 32 bytes.
    /// # Errors
    /// [`BadSignature`] where they are no point of the curve, or a weak one.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, BadSignature> {
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| BadSignature)?;
        if key.is_weak() {
            Err(BadSignature)
        } else {
            Ok(Self(key))
        }
    }
    /// The key's 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
    /// The key's 16-byte name.
    #[must_use]
    pub fn id(&self) -> [u8; 16] {
        key_id(self.as_bytes())
    }
    /// Checks a signature over a tagged hash.
    /// # Errors
    /// [`BadSignature`].
    pub fn verify(&self, hash: &Hash, signature: &[u8; 64]) -> Result<(), BadSignature> {
        self.0
            .verify_strict(&hash.0, &Signature::from_bytes(signature))
            .map_err(|_| BadSignature)
    }
}

/// A signing key pair. The secret is wiped from memory when it goes out of use.
pub struct SecretKey(SigningKey);

impl std::fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretKey(..)")
    }
}

impl SecretKey {
    /// The key pair of a 32-byte seed.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }
    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }
    /// Signs a tagged hash.
    #[must_use]
    pub fn sign(&self, hash: &Hash) -> [u8; 64] {
        self.0.sign(&hash.0).to_bytes()
    }
}

/// The u-coordinates of small order on Curve25519 and its twist, little-endian, as far as their
/// encoding is canonical: 0, 1, the two of order 8, and p - 1.
const SMALL_ORDER: [[u8; 32]; 5] = [
    [0; 32],
    [
        1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0,
    ],
    [
        0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4,
        0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49,
        0xb8, 0x00,
    ],
    [
        0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef,
        0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f,
        0x11, 0x57,
    ],
    [
        0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0x7f,
    ],
];

/// Whether an X25519 public key can be sealed to: canonically encoded, and of no small order, with
/// which every shared secret would be zero and sealing would fail (RFC 9180, 7.1.4).
#[must_use]
pub fn valid_kem_key(key: &[u8; 32]) -> bool {
    // p = 2^255 - 19: everything from ed ff .. ff 7f on is another encoding of a smaller number.
    let canonical = key[31] < 0x7f
        || key[31] == 0x7f && (key[0] < 0xed || key[1..31].iter().any(|byte| *byte != 0xff));
    canonical && !SMALL_ORDER.contains(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_holds_for_its_hash_and_key_only() {
        let key = SecretKey::from_seed(&[1; 32]);
        let hash = tagged_hash(Tag::Entry, &[b"a"]);
        let signature = key.sign(&hash);
        assert_eq!(key.public().verify(&hash, &signature), Ok(()));
        let other = tagged_hash(Tag::Grant, &[b"a"]);
        assert_eq!(key.public().verify(&other, &signature), Err(BadSignature));
        let stranger = SecretKey::from_seed(&[2; 32]).public();
        assert_eq!(stranger.verify(&hash, &signature), Err(BadSignature));
    }

    #[test]
    fn a_weak_key_is_refused() {
        let mut weak = [0; 32];
        weak[0] = 1;
        assert_eq!(PublicKey::from_bytes(&weak), Err(BadSignature));
    }

    #[test]
    fn no_key_of_small_order_and_no_second_encoding_is_sealed_to() {
        for point in SMALL_ORDER {
            assert!(!valid_kem_key(&point), "{point:x?}");
            let mut high_bit = point;
            high_bit[31] |= 0x80;
            assert!(!valid_kem_key(&high_bit), "{high_bit:x?}");
        }
        // p, p + 1, and so on up to 2^255 - 1: other encodings of 0 to 18.
        for low in 0xed..=0xff {
            let mut key = [0xff; 32];
            (key[0], key[31]) = (low, 0x7f);
            assert!(!valid_kem_key(&key), "{low:x}");
            key[31] = 0xff;
            assert!(!valid_kem_key(&key), "{low:x}");
        }
        // The base point, and the largest number below p - 1.
        let mut key = [0; 32];
        key[0] = 9;
        assert!(valid_kem_key(&key));
        let mut key = [0xff; 32];
        (key[0], key[31]) = (0xeb, 0x7f);
        assert!(valid_kem_key(&key));
    }
}
