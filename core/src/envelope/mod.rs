//! Sealing and opening envelopes: deflate, pad, XChaCha20-Poly1305, sign; and back.
//!
//! The layout is `folge_protocol::envelope`; what is inside is [`Content`]. Byte for byte in
//! `docs/encryption.md`, with vectors in `tests/vectors/`. Not here: which key, which document,
//! what the changes mean.

mod content;
mod padding;

pub use content::{ClockRun, Content, clock_runs};
pub use padding::padme;

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use folge_protocol::codec::Encode;
use folge_protocol::crypto::SecretKey;
use folge_protocol::envelope::{Envelope, Header};
use folge_protocol::ids::{DocumentId, Hash};

use crate::keys::{Key32, derive};

/// Why an envelope could not be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The header's commitment is not that of the document key.
    #[error("the envelope was sealed under another key")]
    WrongKey,
    /// The ciphertext was changed.
    #[error("the envelope was changed on the way")]
    Tampered,
    /// What was sealed is not a content of this version.
    #[error("the envelope's content cannot be read: {0}")]
    Content(#[from] folge_protocol::codec::DecodeError),
}

fn context(document: DocumentId, generation: u32) -> [u8; 20] {
    let mut bytes = [0; 20];
    bytes[..16].copy_from_slice(&document.0);
    bytes[16..].copy_from_slice(&generation.to_be_bytes());
    bytes
}

/// What a document key is committed to by, in the log and in every envelope header.
#[must_use]
pub fn commitment(key: &Key32, document: DocumentId, generation: u32) -> Hash {
    Hash(
        *derive(
            key,
            "folge key commitment v1",
            &[&context(document, generation)],
        )
        .expose(),
    )
}

fn cipher(key: &Key32, document: DocumentId, generation: u32) -> XChaCha20Poly1305 {
    let key = derive(
        key,
        "folge content key v1",
        &[&context(document, generation)],
    );
    XChaCha20Poly1305::new(key.expose().into())
}

/// A participant's few words are stored as they are, in deflate's own form for that: whoever reads
/// inflates them like any others, and the page goes without a compressor.
#[cfg(any(test, not(feature = "records")))]
fn stored(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 5);
    let mut blocks = bytes.chunks(0xffff).peekable();
    while let Some(block) = blocks.next() {
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        out.push(u8::from(blocks.peek().is_none()));
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend(block);
    }
    out
}

#[cfg(not(feature = "records"))]
use stored as deflated;

#[cfg(feature = "records")]
fn deflated(bytes: &[u8]) -> Vec<u8> {
    miniz_oxide::deflate::compress_to_vec(bytes, 6)
}

/// Seals a content under a document key and signs it. The header's commitment is set here.
#[must_use]
pub fn seal(
    mut header: Header,
    content: &Content,
    key: &Key32,
    nonce: [u8; 24],
    signer: &SecretKey,
) -> Envelope {
    header.commitment = commitment(key, header.document, header.generation);
    let padded = padding::pad(&deflated(&content.to_bytes()));
    let payload = Payload {
        msg: &padded,
        aad: &header.to_bytes(),
    };
    // Encrypting fails only beyond 256 GB, far over any limit here.
    let ciphertext = cipher(key, header.document, header.generation)
        .encrypt(&nonce.into(), payload)
        .unwrap_or_default();
    Envelope::sign(header, nonce, ciphertext, signer)
}

/// Opens an envelope whose signature was verified.
/// # Errors
/// [`OpenError`].
pub fn open(envelope: &Envelope, key: &Key32) -> Result<Content, OpenError> {
    let header = &envelope.header;
    if header.commitment != commitment(key, header.document, header.generation) {
        return Err(OpenError::WrongKey);
    }
    let payload = Payload {
        msg: &envelope.ciphertext,
        aad: &header.to_bytes(),
    };
    let padded = cipher(key, header.document, header.generation)
        .decrypt(&envelope.nonce.into(), payload)
        .map_err(|_| OpenError::Tampered)?;
    Ok(Content::from_padded(&padded)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_inflates_to_what_it_was() {
        for length in [0, 1, 200, 65_535, 65_536, 200_000] {
            let bytes: Vec<u8> = (0..length).map(|n: u32| n.to_le_bytes()[0]).collect();
            let inflated = miniz_oxide::inflate::decompress_to_vec(&stored(&bytes));
            // Nothing at all has no block; a content is never empty.
            if length > 0 {
                assert!(inflated.is_ok_and(|inflated| inflated == bytes));
            }
        }
    }
}
