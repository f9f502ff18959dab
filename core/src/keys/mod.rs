//! Keys: the secrets of this device, of groups and of documents; how they are sealed to others.
//!
//! Hierarchy (DESIGN.md 4, `docs/encryption.md`): a *device* opens grants to itself; these hold
//! *group* secrets (person, office); grants to groups hold *document* keys and other groups'
//! secrets. Everything below a group secret derives from it; nothing derives upwards.

mod founding;
mod grants;
mod invitation;
mod kem;
mod keyring;
#[cfg(feature = "records")]
mod words;

pub use founding::{Founded, RecoverySecret};
pub use grants::{Granted, Issuer, Secret, Subject, open_grant, seal_grant};
pub use invitation::{InvitationLink, LinkError, LinkPage};
pub use kem::{KemError, KemPublic, KemSecret};
pub use keyring::{DeviceSecrets, Keyring, is_confirmed};
#[cfg(feature = "records")]
pub use words::{FINGERPRINT_WORDS, RECOVERY_WORDS, WordsError, fingerprint_words};

/// A 32-byte secret that is wiped when it goes out of use and never printed.
#[derive(Clone, PartialEq, Eq, zeroize::Zeroize, zeroize::ZeroizeOnDrop)]
pub struct Key32([u8; 32]);

impl Key32 {
    /// Takes the bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
    /// The bytes: for sealing and deriving only.
    #[must_use]
    pub const fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Debug for Key32 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key32(..)")
    }
}

/// HKDF-SHA256 with a label as salt: derives an independent key for each purpose.
#[must_use]
pub fn derive(secret: &Key32, label: &str, context: &[&[u8]]) -> Key32 {
    let mut out = [0; 32];
    let hkdf = hkdf::Hkdf::<sha2::Sha256>::new(Some(label.as_bytes()), secret.expose());
    // 32 bytes are within HKDF's output limit, so this cannot fail.
    let _ = hkdf.expand_multi_info(context, &mut out);
    Key32(out)
}
