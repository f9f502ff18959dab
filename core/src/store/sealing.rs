use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};

use super::StoreError;
use crate::keys::{Key32, derive};

/// Seals and opens the store's values under the store key.
pub(super) struct Sealer {
    cipher: XChaCha20Poly1305,
    names: Key32,
    nonce_prefix: [u8; 16],
    nonce_count: u64,
}

impl Sealer {
    /// `nonce_prefix` is random for each opening of the store; the rest of a nonce counts.
    pub(super) fn new(store_key: &Key32, nonce_prefix: [u8; 16]) -> Self {
        let key = derive(store_key, "folge store rows v1", &[]);
        let names = derive(store_key, "folge store names v1", &[]);
        Self {
            names,
            cipher: XChaCha20Poly1305::new(key.expose().into()),
            nonce_prefix,
            nonce_count: 0,
        }
    }

    /// The nonce, then the ciphertext, which is bound to `place` and `key`.
    pub(super) fn seal(&mut self, place: &'static str, key: &[u8], plain: &[u8]) -> Vec<u8> {
        let mut nonce = [0; 24];
        nonce[..16].copy_from_slice(&self.nonce_prefix);
        nonce[16..].copy_from_slice(&self.nonce_count.to_be_bytes());
        self.nonce_count += 1;
        let payload = Payload {
            msg: plain,
            aad: &aad(place, key),
        };
        // Encrypting fails only beyond 256 GB, far over SQLite's own limit.
        let sealed = self
            .cipher
            .encrypt(&nonce.into(), payload)
            .unwrap_or_default();
        [nonce.as_slice(), &sealed].concat()
    }

    /// Stands for a name that may say something, where a column must be compared: the same name
    /// gives the same bytes in this store, and in no other.
    pub(super) fn name(&self, plain: &[u8]) -> [u8; 32] {
        *derive(&self.names, "folge store name v1", &[plain]).expose()
    }

    pub(super) fn open(
        &self,
        place: &'static str,
        key: &[u8],
        sealed: &[u8],
    ) -> Result<Vec<u8>, StoreError> {
        let corrupt = StoreError::Corrupt { place };
        let Some((nonce, ciphertext)) = sealed.split_first_chunk::<24>() else {
            return Err(corrupt);
        };
        let payload = Payload {
            msg: ciphertext,
            aad: &aad(place, key),
        };
        self.cipher
            .decrypt(&(*nonce).into(), payload)
            .map_err(|_| corrupt)
    }
}

fn aad(place: &str, key: &[u8]) -> Vec<u8> {
    [place.as_bytes(), &[0], key].concat()
}
