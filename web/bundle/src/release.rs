//! The signed list of an app's files.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use serde_json::{Value, json};

use crate::names::{hex, sha256};
use crate::{Error, File, mime};

/// Before what is signed, so that a signature says nothing else. As in service-worker.js.
const TAG: &str = "folge-web-release-1\n";
const FORMAT: u32 = 1;
/// Of builds that are signed with the key in the repository, which everybody has.
pub const DEVELOPMENT_CHANNEL: &str = "development";
/// The channel of builds that are signed with a key of their own.
const RELEASE_CHANNEL: &str = "release";
/// The development key's secret. Everybody has it: it proves nothing.
const DEVELOPMENT_KEY: &[u8; 32] = b"folge development key: no secret";

/// What a build is released as.
#[derive(Clone)]
pub struct Release {
    /// The app's version.
    pub version: String,
    /// Grows with each release; browsers that have one take no lower one.
    pub sequence: u64,
    /// `release`, or [`DEVELOPMENT_CHANNEL`].
    pub channel: String,
    key: SigningKey,
}

impl std::fmt::Debug for Release {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Release({} {} {})",
            self.version, self.sequence, self.channel
        )
    }
}

impl Release {
    /// One signed with the key that everybody has.
    #[must_use]
    pub fn development(version: &str, sequence: u64) -> Self {
        Self {
            version: version.to_owned(),
            sequence,
            channel: DEVELOPMENT_CHANNEL.to_owned(),
            key: SigningKey::from_bytes(DEVELOPMENT_KEY),
        }
    }

    /// One signed with a key: the file holds its 32 secret bytes as 64 hex digits.
    /// # Errors
    /// A file that cannot be read or holds no key.
    pub fn signed(version: &str, sequence: u64, key: &Path) -> Result<Self, Error> {
        let text = fs::read_to_string(key).map_err(Error::file(key))?;
        let bad = || Error::Key(format!("{}: not 64 hex digits", key.display()));
        let secret = unhex(text.trim()).ok_or_else(bad)?;
        let secret: [u8; 32] = secret.try_into().map_err(|_| bad())?;
        if &secret == DEVELOPMENT_KEY {
            let known = "this is the development key, which everybody has: make one of your own";
            return Err(Error::Key(known.to_owned()));
        }
        Ok(Self {
            version: version.to_owned(),
            sequence,
            channel: RELEASE_CHANNEL.to_owned(),
            key: SigningKey::from_bytes(&secret),
        })
    }

    pub(crate) fn public_key(&self) -> String {
        hex(self.key.verifying_key().as_bytes())
    }

    /// The list as it is served: what is signed as a text of its own, so that one file is either
    /// whole or not.
    pub(crate) fn sign(&self, files: &BTreeMap<String, File>) -> Vec<u8> {
        let list: Vec<Value> = files
            .iter()
            .map(|(path, file)| {
                let parts: Vec<&str> = file.parts.iter().map(|part| part.name()).collect();
                json!({
                    "path": path,
                    "bytes": file.bytes.len(),
                    "sha256": sha256(&file.bytes),
                    "type": mime(path),
                    "parts": parts,
                })
            })
            .collect();
        let signed = json!({
            "format": FORMAT,
            "app": self.version,
            "channel": self.channel,
            "sequence": self.sequence,
            "files": list,
        })
        .to_string();
        let signature = self.key.sign(format!("{TAG}{signed}").as_bytes());
        let outer = json!({ "signed": signed, "signature": hex(&signature.to_bytes()) });
        format!("{outer}\n").into_bytes()
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text
        .chars()
        .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect();
    let (pairs, odd) = digits.as_deref()?.as_chunks::<2>();
    odd.is_empty()
        .then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

/// What is signed in a `release.json`, if its signature is that key's (hex). As browsers check it.
#[must_use]
pub fn verify(release: &[u8], public_key: &str) -> Option<Value> {
    let outer: Value = serde_json::from_slice(release).ok()?;
    let signed = outer.get("signed")?.as_str()?;
    let key: [u8; 32] = unhex(public_key)?.try_into().ok()?;
    let signature = Signature::from_slice(&unhex(outer.get("signature")?.as_str()?)?).ok()?;
    VerifyingKey::from_bytes(&key)
        .ok()?
        .verify_strict(format!("{TAG}{signed}").as_bytes(), &signature)
        .ok()?;
    serde_json::from_str(signed).ok()
}

/// The sequence that the development build in a folder has, and whether it lists these files.
#[must_use]
pub fn sequence_of(folder: &Path, files: &BTreeMap<String, File>) -> Option<(u64, bool)> {
    let key = Release::development("", 0).public_key();
    let there = verify(&fs::read(folder.join("release.json")).ok()?, &key)?;
    let listed = there.get("files")?.as_array()?;
    let listed: Option<BTreeMap<&str, &str>> = listed
        .iter()
        .map(|file| Some((file.get("path")?.as_str()?, file.get("sha256")?.as_str()?)))
        .collect();
    let listed = listed?;
    let ours = files.iter().filter(|(path, _)| *path != "/release.json");
    let same = listed.len() == ours.clone().count()
        && ours
            .clone()
            .all(|(path, file)| listed.get(path.as_str()) == Some(&sha256(&file.bytes).as_str()));
    Some((there.get("sequence")?.as_u64()?, same))
}
