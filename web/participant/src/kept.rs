//! Sealing the state: XChaCha20-Poly1305 under a key that the browser keeps wrapped. A fresh nonce
//! each time; the nonce stands before what is sealed.

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};

use crate::browser::random;

const BOUND_TO: &[u8] = b"folge participant state v1";

/// Seals the state.
pub(crate) fn seal(key: &[u8; 32], state: &[u8]) -> Vec<u8> {
    let mut nonce = [0; 24];
    nonce.copy_from_slice(&random(24));
    let payload = Payload {
        msg: state,
        aad: BOUND_TO,
    };
    let mut sealed = nonce.to_vec();
    // Encrypting fails only beyond 256 GB.
    let cipher = XChaCha20Poly1305::new(key.into());
    sealed.extend(cipher.encrypt(&nonce.into(), payload).unwrap_or_default());
    sealed
}

/// Opens it again; `None` where it was changed, or the key is another.
pub(crate) fn open(key: &[u8; 32], sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, sealed) = sealed.split_first_chunk::<24>()?;
    let payload = Payload {
        msg: sealed,
        aad: BOUND_TO,
    };
    let cipher = XChaCha20Poly1305::new(key.into());
    cipher.decrypt(&(*nonce).into(), payload).ok()
}
