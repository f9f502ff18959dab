use folge_protocol::crypto::{SecretKey, workspace_id};
use folge_protocol::grant::{Grant, Recipient};
use folge_protocol::ids::{DocumentId, GroupId, Hash, PersonId, WorkspaceId};
use folge_protocol::membership::{Author, Body, DocumentEntry, DocumentKind, Entry, Founding};

use super::{
    DeviceSecrets, Granted, Issuer, KemError, KemPublic, KemSecret, Key32, Keyring, Secret,
    Subject, derive, seal_grant,
};
use crate::env::Env;
use crate::envelope::commitment;

/// The workspace's offline recovery secret: the root signing key and the recovery KEM key derive
/// from it. It is shown once at founding, as words, and kept nowhere.
#[derive(Debug, Clone)]
pub struct RecoverySecret(pub Key32);

impl RecoverySecret {
    /// The root key that certifies administrators.
    #[must_use]
    pub fn root(&self) -> SecretKey {
        SecretKey::from_seed(self.root_seed().expose())
    }
    /// The seed of the root key.
    #[must_use]
    pub fn root_seed(&self) -> Key32 {
        derive(&self.0, "folge root key v1", &[])
    }
    /// The workspace that the secret is of.
    #[must_use]
    pub fn workspace(&self) -> WorkspaceId {
        workspace_id(self.root().public().as_bytes())
    }
    /// The key that recovery grants are sealed to.
    #[must_use]
    pub fn kem(&self) -> KemSecret {
        KemSecret(derive(&self.0, "folge recovery key v1", &[]))
    }
}

/// A workspace just founded: its first entry, grants and secrets.
#[derive(Debug)]
pub struct Founded {
    /// To be shown once.
    pub recovery: RecoverySecret,
    /// The founding entry.
    pub entry: Entry,
    /// The grants that go with it, and what each holds.
    pub grants: Vec<(Grant, Granted)>,
    /// The founder's keyring.
    pub keyring: Keyring,
    /// The founder.
    pub person: PersonId,
}

impl Founded {
    /// Founds a workspace whose first administrator holds `device`.
    /// # Errors
    /// [`KemError`] where a grant cannot be sealed, which sound randomness excludes.
    pub fn make(
        device: &DeviceSecrets,
        device_kem: &Key32,
        env: &mut Env,
    ) -> Result<Self, KemError> {
        let recovery = RecoverySecret(Key32::new(env.random()));
        let root = recovery.root();
        let workspace = workspace_id(root.public().as_bytes());
        let office = GroupId(env.random());
        let person = PersonId(env.random());
        let register = DocumentId(env.random());
        let office_key = Key32::new(env.random());
        let person_key = Key32::new(env.random());
        let register_key = Key32::new(env.random());
        let founding = Founding {
            root: *root.public().as_bytes(),
            recovery: recovery.kem().public().0,
            office,
            office_key: KemSecret(office_key.clone()).public().0,
            person,
            person_key: KemSecret(person_key.clone()).public().0,
            device: device.public(&KemSecret(device_kem.clone())),
            register: DocumentEntry {
                document: register,
                kind: DocumentKind::Register,
                commitment: commitment(&register_key, register, 0),
                readers: vec![office],
            },
        };
        let entry = Entry::sign(
            workspace,
            0,
            Hash::ZERO,
            u64::try_from(env.now().wall_ms).unwrap_or(0),
            Author::Root,
            Body::Founded(Box::new(founding)),
            &root,
        );
        let secret = |subject, key: &Key32| Secret {
            subject,
            key: key.clone(),
        };
        let person_secret = secret(Subject::Group(person.into(), 0), &person_key);
        let office_secret = secret(Subject::Group(office, 0), &office_key);
        let register_secret = secret(Subject::Document(register, 0), &register_key);
        let mut keyring = Keyring::default();
        let device_secret = secret(Subject::Group(device.id().into(), 0), device_kem);
        for secret in [
            &device_secret,
            &person_secret,
            &office_secret,
            &register_secret,
        ] {
            keyring.insert(secret);
        }
        let issuer = Issuer {
            workspace,
            device: device.id(),
            key: device.sign(),
        };
        let person_public = KemSecret(person_key).public();
        let office_public = KemSecret(office_key).public();
        let device_public = KemSecret(device_kem.clone()).public();
        let recovered = [office_secret.clone()];
        let mut grant = |recipient, public: &KemPublic, secrets: &[Secret]| {
            let granted = Granted::Secrets(secrets.to_vec());
            seal_grant(&issuer, recipient, public, &granted, env.rng())
                .map(|grant| (grant, granted))
        };
        let grants = vec![
            grant(
                Recipient::Group(device.id().into(), 0),
                &device_public,
                &[person_secret],
            )?,
            grant(
                Recipient::Group(person.into(), 0),
                &person_public,
                &[office_secret],
            )?,
            grant(
                Recipient::Group(office, 0),
                &office_public,
                &[register_secret],
            )?,
            grant(Recipient::Recovery, &recovery.kem().public(), &recovered)?,
        ];
        Ok(Self {
            recovery,
            entry,
            grants,
            keyring,
            person,
        })
    }
}
