use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use folge_protocol::codec::{DecodeError, Reader, Writer};
use zeroize::Zeroizing;

use super::StoreError;
use crate::env::Env;
use crate::keys::{Key32, derive};

const WRAP_VERSION: u8 = 1;
const BY_SECRET: u8 = 1;
const BY_PASSPHRASE: u8 = 2;
const AAD: &[u8] = b"folge store key v1";

/// What a passphrase costs to try: memory and passes of Argon2id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PassphraseCost {
    /// Memory, in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
}

impl PassphraseCost {
    /// 64 MiB and three passes (RFC 9106, the recommendation for constrained memory).
    pub const DEFAULT: Self = Self {
        memory_kib: 64 * 1024,
        passes: 3,
    };
    /// An upper bound on what a store file may ask of us.
    const MAX: Self = Self {
        memory_kib: 1024 * 1024,
        passes: 16,
    };
}

/// What opens a store.
pub enum Unlock {
    /// 32 random bytes that the platform's key store keeps.
    Secret(Key32),
    /// A passphrase that a person types, and what a try costs in a new store.
    Passphrase(Zeroizing<String>, PassphraseCost),
}

impl std::fmt::Debug for Unlock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Unlock(..)")
    }
}

fn passphrase_key(
    passphrase: &str,
    salt: &[u8; 16],
    cost: PassphraseCost,
) -> Result<Key32, StoreError> {
    let corrupt = |_| StoreError::Corrupt { place: "meta" };
    let params = Params::new(cost.memory_kib, cost.passes, 1, Some(32)).map_err(corrupt)?;
    let mut key = [0; 32];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.as_bytes(), salt, &mut key)
        .map_err(corrupt)?;
    Ok(Key32::new(key))
}

/// Makes a new random store key; gives it, and its wrapping for the `meta` table.
pub(super) fn wrap_new(unlock: &Unlock, env: &mut Env) -> Result<(Vec<u8>, Key32), StoreError> {
    let key = Key32::new(env.random());
    Ok((wrap(&key, unlock, env)?, key))
}

/// A store key's wrapping for the `meta` table.
pub(super) fn wrap(key: &Key32, unlock: &Unlock, env: &mut Env) -> Result<Vec<u8>, StoreError> {
    let salt: [u8; 16] = env.random();
    let nonce: [u8; 24] = env.random();
    let mut out = Writer::new();
    out.u8(WRAP_VERSION);
    let kek = match unlock {
        Unlock::Secret(secret) => {
            out.u8(BY_SECRET);
            derive(secret, "folge unlock v1", &[&salt])
        }
        Unlock::Passphrase(passphrase, cost) => {
            out.u8(BY_PASSPHRASE);
            out.u32(cost.memory_kib);
            out.u32(cost.passes);
            let within = (8..=PassphraseCost::MAX.memory_kib).contains(&cost.memory_kib)
                && (1..=PassphraseCost::MAX.passes).contains(&cost.passes);
            if !within {
                return Err(StoreError::BadCost);
            }
            passphrase_key(passphrase, &salt, *cost)?
        }
    };
    out.raw(&salt);
    out.raw(&nonce);
    let payload = Payload {
        msg: key.expose(),
        aad: AAD,
    };
    let sealed = XChaCha20Poly1305::new(kek.expose().into())
        .encrypt(&nonce.into(), payload)
        .unwrap_or_default();
    out.raw(&sealed);
    Ok(out.finish())
}

/// Whether a passphrase opens a store that is wrapped so.
pub(super) fn asks_for_passphrase(wrapped: &[u8]) -> Result<bool, StoreError> {
    let parts = parse(wrapped).map_err(|_| StoreError::Corrupt { place: "meta" })?;
    Ok(parts.cost.is_some())
}

/// Whether this is an attempt to be counted: a passphrase for a store that has one. 32 random bytes
/// need no counting.
pub(super) fn is_attempt(wrapped: &[u8], unlock: &Unlock) -> bool {
    matches!(unlock, Unlock::Passphrase(..))
        && parse(wrapped).is_ok_and(|parts| parts.cost.is_some())
}

/// The store key, where `unlock` is the right one.
pub(super) fn unwrap(wrapped: &[u8], unlock: &Unlock) -> Result<Key32, StoreError> {
    let parts = parse(wrapped).map_err(|_| StoreError::Corrupt { place: "meta" })?;
    let kek = match (unlock, parts.cost) {
        (Unlock::Secret(secret), None) => derive(secret, "folge unlock v1", &[&parts.salt]),
        (Unlock::Passphrase(passphrase, _), Some(cost)) => {
            passphrase_key(passphrase, &parts.salt, cost)?
        }
        _ => return Err(StoreError::WrongSecret),
    };
    let payload = Payload {
        msg: parts.sealed,
        aad: AAD,
    };
    let key = XChaCha20Poly1305::new(kek.expose().into())
        .decrypt(&parts.nonce.into(), payload)
        .map_err(|_| StoreError::WrongSecret)?;
    let key: [u8; 32] = Zeroizing::new(key)
        .as_slice()
        .try_into()
        .map_err(|_| StoreError::Corrupt { place: "meta" })?;
    Ok(Key32::new(key))
}

struct Wrapped<'a> {
    cost: Option<PassphraseCost>,
    salt: [u8; 16],
    nonce: [u8; 24],
    sealed: &'a [u8],
}

fn parse(bytes: &[u8]) -> Result<Wrapped<'_>, DecodeError> {
    let mut input = Reader::new(bytes);
    match input.u8()? {
        WRAP_VERSION => {}
        other => return Err(DecodeError::UnknownVersion(other)),
    }
    let cost = match input.u8()? {
        BY_SECRET => None,
        BY_PASSPHRASE => {
            let cost = PassphraseCost {
                memory_kib: input.u32()?,
                passes: input.u32()?,
            };
            if cost.memory_kib > PassphraseCost::MAX.memory_kib
                || cost.passes > PassphraseCost::MAX.passes
            {
                return Err(DecodeError::TooLarge);
            }
            Some(cost)
        }
        other => return Err(DecodeError::UnknownTag(other)),
    };
    Ok(Wrapped {
        cost,
        salt: input.array()?,
        nonce: input.array()?,
        sealed: input.rest(),
    })
}
