use std::collections::BTreeMap;

use folge_protocol::crypto::SecretKey;
use folge_protocol::grant::{Grant, Recipient};
use folge_protocol::ids::{DeviceId, DocumentId, GroupId, Hash};
use folge_protocol::membership::{DeviceKeys, Membership};

use super::{KemPublic, KemSecret, Key32, Secret, Subject, open_grant};
use crate::envelope::commitment;

/// A device's own two secrets: made on it, never leaving it.
#[derive(Debug)]
pub struct DeviceSecrets {
    sign_seed: Key32,
    kem: KemSecret,
    sign: SecretKey,
}

impl DeviceSecrets {
    /// The secrets of two random seeds.
    #[must_use]
    pub fn from_seeds(sign_seed: Key32, kem_seed: Key32) -> Self {
        let sign = SecretKey::from_seed(sign_seed.expose());
        Self {
            sign_seed,
            kem: KemSecret(kem_seed),
            sign,
        }
    }
    /// The two seeds, for the sealed store.
    #[must_use]
    pub fn seeds(&self) -> (&Key32, &Key32) {
        (&self.sign_seed, &self.kem.0)
    }
    /// Signs for the device.
    #[must_use]
    pub fn sign(&self) -> &SecretKey {
        &self.sign
    }
    /// The public keys, for the membership log.
    #[must_use]
    pub fn public(&self) -> DeviceKeys {
        DeviceKeys {
            sign: *self.sign.public().as_bytes(),
            kem: self.kem.public().0,
        }
    }
    /// The device's id.
    #[must_use]
    pub fn id(&self) -> DeviceId {
        DeviceId(self.sign.public().id())
    }
}

/// Every secret that this device holds for groups and documents.
#[derive(Debug, Default, Clone)]
pub struct Keyring {
    groups: BTreeMap<(GroupId, u32), Key32>,
    documents: BTreeMap<(DocumentId, u32), Key32>,
}

impl Keyring {
    /// Puts a secret in. Says whether it is new.
    pub fn insert(&mut self, secret: &Secret) -> bool {
        let (slot, key) = match secret.subject {
            Subject::Group(group, epoch) => (
                self.groups.insert((group, epoch), secret.key.clone()),
                &secret.key,
            ),
            Subject::Document(document, generation) => (
                self.documents
                    .insert((document, generation), secret.key.clone()),
                &secret.key,
            ),
        };
        slot.as_ref() != Some(key)
    }
    /// All secrets.
    pub fn secrets(&self) -> impl Iterator<Item = Secret> + '_ {
        let groups = self.groups.iter().map(|((id, epoch), key)| Secret {
            subject: Subject::Group(*id, *epoch),
            key: key.clone(),
        });
        let documents = self.documents.iter().map(|((id, generation), key)| Secret {
            subject: Subject::Document(*id, *generation),
            key: key.clone(),
        });
        groups.chain(documents)
    }
    /// A document's key of one generation.
    #[must_use]
    pub fn document(&self, document: DocumentId, generation: u32) -> Option<&Key32> {
        self.documents.get(&(document, generation))
    }
    /// A document's newest key and its generation.
    #[must_use]
    pub fn document_newest(&self, document: DocumentId) -> Option<(u32, &Key32)> {
        self.documents
            .range((document, 0)..=(document, u32::MAX))
            .next_back()
            .map(|((_, generation), key)| (*generation, key))
    }
    /// All keys of a document, for one who is newly assigned: a newcomer reads history.
    pub fn document_secrets(&self, document: DocumentId) -> impl Iterator<Item = Secret> + '_ {
        self.documents
            .range((document, 0)..=(document, u32::MAX))
            .map(|((id, generation), key)| Secret {
                subject: Subject::Document(*id, *generation),
                key: key.clone(),
            })
    }
    /// All secrets of a group, for a new member.
    pub fn group_secrets(&self, group: GroupId) -> impl Iterator<Item = Secret> + '_ {
        self.groups
            .range((group, 0)..=(group, u32::MAX))
            .map(|((id, epoch), key)| Secret {
                subject: Subject::Group(*id, *epoch),
                key: key.clone(),
            })
    }

    /// Opens a grant with what is here, and keeps of it what the membership log confirms.
    ///
    /// The secrets come back that are new; `None` where no key here opens it (yet).
    pub fn take_grant(
        &mut self,
        grant: &Grant,
        device: &DeviceSecrets,
        invitation: Option<&KemSecret>,
        log: &Membership,
    ) -> Option<Vec<Secret>> {
        let opener = match grant.recipient {
            Recipient::Device(id) if id == device.id() => device.kem.clone(),
            Recipient::Group(group, epoch) => KemSecret(self.groups.get(&(group, epoch))?.clone()),
            Recipient::Invitation(_) => invitation?.clone(),
            Recipient::Device(_) | Recipient::Recovery => return None,
        };
        let secrets = open_grant(grant, &opener).ok()?;
        Some(
            secrets
                .into_iter()
                .filter(|secret| confirmed(secret, log) && self.insert(secret))
                .collect(),
        )
    }
}

/// Whether a secret is the one that the log commits to: a forged grant holds another.
fn confirmed(secret: &Secret, log: &Membership) -> bool {
    match secret.subject {
        Subject::Group(group, epoch) => log
            .group_key_at(group, epoch)
            .is_some_and(|key| KemSecret(secret.key.clone()).public() == KemPublic(*key)),
        Subject::Document(document, generation) => {
            let known: Option<&Hash> = log
                .documents()
                .get(&document)
                .and_then(|state| state.commitments.get(usize::try_from(generation).ok()?));
            known == Some(&commitment(&secret.key, document, generation))
        }
    }
}
