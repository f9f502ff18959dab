use folge_protocol::crypto::SecretKey;
use folge_protocol::grant::{Grant, Recipient};
use folge_protocol::ids::{DeviceId, DocumentId, GroupId, Hash};
use folge_protocol::maps::Map;
use folge_protocol::membership::{DeviceKeys, Membership};

use super::{Granted, KemPublic, KemSecret, Key32, Secret, Subject, open_grant};
use crate::envelope::commitment;

/// A device's signing secret: made on it, never leaving it. Its KEM secret is a group's like any
/// other and in the keyring.
#[derive(Debug)]
pub struct DeviceSecrets {
    seed: Key32,
    sign: SecretKey,
}

impl DeviceSecrets {
    /// The secret of a random seed.
    #[must_use]
    pub fn from_seed(seed: Key32) -> Self {
        let sign = SecretKey::from_seed(seed.expose());
        Self { seed, sign }
    }
    /// The seed, for the sealed store.
    #[must_use]
    pub fn seed(&self) -> &Key32 {
        &self.seed
    }
    /// Signs for the device.
    #[must_use]
    pub fn sign(&self) -> &SecretKey {
        &self.sign
    }
    /// The public keys of a device that comes in, for the membership log.
    #[must_use]
    pub fn public(&self, kem: &KemSecret) -> DeviceKeys {
        DeviceKeys {
            sign: *self.sign.public().as_bytes(),
            kem: kem.public().0,
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
    groups: Map<(GroupId, u32), Key32>,
    documents: Map<(DocumentId, u32), Key32>,
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

    /// What group secrets are here.
    pub fn group_subjects(&self) -> impl Iterator<Item = Subject> + '_ {
        self.groups
            .keys()
            .map(|(group, epoch)| Subject::Group(*group, *epoch))
    }
    /// A group's secret of one epoch.
    #[must_use]
    pub fn group(&self, group: GroupId, epoch: u32) -> Option<&Key32> {
        self.groups.get(&(group, epoch))
    }
    /// Takes a secret out.
    pub fn remove(&mut self, subject: Subject) {
        match subject {
            Subject::Group(group, epoch) => drop(self.groups.remove(&(group, epoch))),
            Subject::Document(document, generation) => {
                drop(self.documents.remove(&(document, generation)));
            }
        }
    }
    /// A secret by what it opens.
    #[must_use]
    pub fn secret(&self, subject: Subject) -> Option<Secret> {
        let key = match subject {
            Subject::Group(group, epoch) => self.groups.get(&(group, epoch)),
            Subject::Document(document, generation) => self.documents.get(&(document, generation)),
        };
        key.cloned().map(|key| Secret { subject, key })
    }

    /// Opens a grant with what is here. What comes out is to be kept only where
    /// [`is_confirmed`] says so. `None` where no key here opens it (yet).
    #[must_use]
    pub fn open(
        &self,
        grant: &Grant,
        entrance: Option<&(Recipient, KemSecret)>,
    ) -> Option<Granted> {
        let opener = match grant.recipient {
            Recipient::Group(group, epoch) => KemSecret(self.groups.get(&(group, epoch))?.clone()),
            other => entrance
                .filter(|(recipient, _)| *recipient == other)?
                .1
                .clone(),
        };
        open_grant(grant, &opener).ok()
    }
}

/// Whether a secret is the one that the log commits to, and is not void: a forged grant holds
/// another, and what was erased must not come back.
#[must_use]
pub fn is_confirmed(secret: &Secret, log: &Membership) -> bool {
    match secret.subject {
        Subject::Group(group, epoch) => log.groups().get(&group).is_some_and(|state| {
            let key = usize::try_from(epoch).ok().and_then(|n| state.keys.get(n));
            epoch >= state.floor
                && key.is_some_and(|key| KemSecret(secret.key.clone()).public() == KemPublic(*key))
        }),
        Subject::Document(document, generation) => {
            let state = log.documents().get(&document);
            let known: Option<&Hash> = state
                .filter(|state| state.erasure.is_none())
                .and_then(|state| state.commitments.get(usize::try_from(generation).ok()?));
            known == Some(&commitment(&secret.key, document, generation))
        }
    }
}
