use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};
use rand_core::CryptoRng;

use super::Key32;

/// Sealing or opening with HPKE failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sealed key does not open with this device's keys")]
pub struct KemError;

/// A public KEM key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KemPublic(pub [u8; 32]);

/// A KEM key pair, as the secret that it derives from (RFC 9180 DeriveKeyPair).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KemSecret(pub Key32);

impl KemSecret {
    /// The public half.
    #[must_use]
    pub fn public(&self) -> KemPublic {
        let (_, public) = X25519HkdfSha256::derive_keypair(self.0.expose());
        KemPublic(public.to_bytes().into())
    }

    /// Opens what was sealed to the public half.
    /// # Errors
    /// [`KemError`], without saying why.
    pub fn open(
        &self,
        encapsulated: &[u8; 32],
        info: &[u8],
        aad: &[u8],
        ciphertext: &[u8],
    ) -> Result<Vec<u8>, KemError> {
        let (private, _) = X25519HkdfSha256::derive_keypair(self.0.expose());
        let encapsulated = <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(encapsulated)
            .map_err(|_| KemError)?;
        hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
            &OpModeR::Base,
            &private,
            &encapsulated,
            info,
            ciphertext,
            aad,
        )
        .map_err(|_| KemError)
    }
}

impl KemPublic {
    /// Seals to this key: the encapsulated key and the ciphertext.
    /// # Errors
    /// [`KemError`] where the key is no valid point.
    pub fn seal(
        &self,
        info: &[u8],
        aad: &[u8],
        plaintext: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<([u8; 32], Vec<u8>), KemError> {
        let public =
            <X25519HkdfSha256 as Kem>::PublicKey::from_bytes(&self.0).map_err(|_| KemError)?;
        let (encapsulated, ciphertext) = hpke::single_shot_seal_with_rng::<
            ChaCha20Poly1305,
            HkdfSha256,
            X25519HkdfSha256,
        >(
            &OpModeS::Base, &public, info, plaintext, aad, rng
        )
        .map_err(|_| KemError)?;
        Ok((encapsulated.to_bytes().into(), ciphertext))
    }
}
