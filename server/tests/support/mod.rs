//! A workspace made by hand: keys, entries, envelopes and requests as clients make them.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

use std::collections::HashMap;

use folge_protocol::codec::{Decode, Encode};
use folge_protocol::crypto::{PublicKey, SecretKey, workspace_id};
use folge_protocol::envelope::{Envelope, EnvelopeKind, Header, envelope_hash};
use folge_protocol::grant::{Grant, Recipient};
use folge_protocol::ids::*;
use folge_protocol::membership::*;
use folge_protocol::wire::*;
use folge_relay::limits::Limits;
use folge_relay::relay::{FoundingPolicy, Relay, Settings};
use folge_relay::storage::{Seeds, SqliteStorage};

pub const NOW: u64 = 1_800_000_000_000;
pub const REGISTER: DocumentId = DocumentId([200; 16]);
pub const OFFICE: GroupId = GroupId([201; 16]);
pub const ADMIN: PersonId = PersonId([202; 16]);

pub fn key(byte: u8) -> SecretKey {
    SecretKey::from_seed(&[byte; 32])
}

pub fn keys(byte: u8) -> DeviceKeys {
    DeviceKeys {
        sign: *key(byte).public().as_bytes(),
        kem: [byte; 32],
    }
}

pub fn device(byte: u8) -> DeviceId {
    keys(byte).id()
}

pub fn person(byte: u8) -> PersonId {
    PersonId([byte; 16])
}

/// The founder's device is 10, the root 1; other persons and devices go by their byte.
#[derive(Clone)]
pub struct World {
    pub workspace: WorkspaceId,
    pub relay_key: [u8; 32],
    pub log: Vec<Vec<u8>>,
    head: Hash,
    nonce: u64,
    sequences: HashMap<(DocumentId, u8), (u64, Hash)>,
    /// The newest key generation of each document and its commitment.
    pub generations: HashMap<DocumentId, (u32, Hash)>,
}

impl World {
    pub fn new(relay_key: [u8; 32]) -> Self {
        let root = key(1);
        let workspace = workspace_id(root.public().as_bytes());
        let founding = Founding {
            root: *root.public().as_bytes(),
            recovery: [3; 32],
            office: OFFICE,
            office_key: [4; 32],
            person: ADMIN,
            person_key: [5; 32],
            device: keys(10),
            register: DocumentEntry {
                document: REGISTER,
                kind: DocumentKind::Register,
                commitment: Hash([6; 32]),
                readers: vec![OFFICE],
            },
        };
        let mut world = Self {
            workspace,
            relay_key,
            log: Vec::new(),
            head: Hash::ZERO,
            nonce: 0,
            sequences: HashMap::new(),
            generations: HashMap::from([(REGISTER, (0, Hash([6; 32])))]),
        };
        world.entry(Author::Root, Body::Founded(Box::new(founding)), &root);
        world
    }

    /// Makes the next entry of the log.
    pub fn entry(&mut self, author: Author, body: Body, signer: &SecretKey) -> EntryBlob {
        let index = self.log.len() as u64;
        let entry = Entry::sign(self.workspace, index, self.head, NOW, author, body, signer);
        self.head = entry.hash();
        self.log.push(entry.to_bytes());
        Blob(entry.to_bytes())
    }

    pub fn by_admin(&mut self, body: Body) -> EntryBlob {
        self.entry(Author::Device(device(10)), body, &key(10))
    }

    /// A person with one device.
    pub fn join(&mut self, byte: u8, role: Role) -> Vec<EntryBlob> {
        vec![
            self.by_admin(Body::PersonAdded {
                person: person(byte),
                role,
                key: [byte; 32],
            }),
            self.by_admin(Body::DeviceAdded {
                person: person(byte),
                keys: keys(byte),
            }),
        ]
    }

    pub fn casefile(&mut self, byte: u8, readers: &[GroupId]) -> EntryBlob {
        let first = (0, Hash([byte; 32]));
        self.generations.insert(DocumentId([byte; 16]), first);
        self.by_admin(Body::DocumentsAdded {
            documents: vec![DocumentEntry {
                document: DocumentId([byte; 16]),
                kind: DocumentKind::Casefile,
                commitment: Hash([byte; 32]),
                readers: readers.to_vec(),
            }],
        })
    }

    /// A document gets its next key.
    pub fn turn_document(&mut self, document: DocumentId, by: u8) -> EntryBlob {
        let (last, _) = self.generations[&document];
        let generation = last + 1;
        let commitment = Hash([u8::try_from(generation).unwrap(); 32]);
        self.generations.insert(document, (generation, commitment));
        let body = Body::GenerationTurned {
            document,
            generation,
            commitment,
        };
        self.entry(Author::Device(device(by)), body, &key(by))
    }

    /// A group gets its next key.
    pub fn turn_group(&mut self, group: GroupId, epoch: u32, severs: bool, by: u8) -> EntryBlob {
        let body = Body::EpochTurned {
            group,
            epoch,
            key: [u8::try_from(epoch).unwrap(); 32],
            severs,
        };
        self.entry(Author::Device(device(by)), body, &key(by))
    }

    /// Forgets the last entries: the relay refused them.
    pub fn forget_entries(&mut self, count: usize) {
        self.log.truncate(self.log.len() - count);
        self.head = Entry::from_bytes(self.log.last().unwrap()).unwrap().hash();
    }

    pub fn signed<T: Encode>(
        &mut self,
        path: &str,
        payload: &T,
        signer: &SecretKey,
        now: u64,
    ) -> Vec<u8> {
        self.nonce += 1;
        let mut nonce = [0; 16];
        nonce[..8].copy_from_slice(&self.nonce.to_be_bytes());
        let payload = payload.to_bytes();
        Signed::sign(
            &self.relay_key,
            path,
            self.workspace,
            now,
            nonce,
            payload,
            signer,
        )
        .to_bytes()
    }

    pub fn found(&mut self, now: u64) -> Vec<u8> {
        self.found_with(b"", now)
    }

    pub fn found_with(&mut self, token: &[u8], now: u64) -> Vec<u8> {
        let request = FoundRequest {
            token: token.to_vec(),
            entry: Blob(self.log[0].clone()),
        };
        self.signed(PATH_FOUND, &request, &key(1), now)
    }

    pub fn envelope(&mut self, document: DocumentId, author: u8) -> EnvelopeBlob {
        self.envelope_of(document, author, 60)
    }

    pub fn envelope_of(&mut self, document: DocumentId, author: u8, len: usize) -> EnvelopeBlob {
        let first = (0, Hash([6; 32]));
        let (generation, commitment) = *self.generations.get(&document).unwrap_or(&first);
        let last = self
            .sequences
            .entry((document, author))
            .or_insert((0, Hash::ZERO));
        let header = Header {
            workspace: self.workspace,
            document,
            kind: EnvelopeKind::Change,
            device: device(author),
            sequence: last.0 + 1,
            previous: last.1,
            generation,
            commitment,
            seen_number: 0,
            seen_head: Hash::ZERO,
        };
        let bytes = Envelope::sign(header, [7; 24], vec![author; len], &key(author)).to_bytes();
        *last = (last.0 + 1, envelope_hash(&bytes));
        Blob(bytes)
    }

    pub fn grant(&self, to: Recipient, issuer: u8) -> GrantBlob {
        self.grant_of(to, issuer, issuer)
    }

    /// A grant that another content tells from others.
    pub fn grant_of(&self, to: Recipient, issuer: u8, content: u8) -> GrantBlob {
        let (encapsulated, sealed) = ([8; 32], vec![content; 48]);
        let (issuer, key) = (device(issuer), key(issuer));
        let grant = Grant::sign(self.workspace, to, issuer, encapsulated, sealed, &key);
        Blob(grant.to_bytes())
    }
}

pub fn request() -> SyncRequest {
    SyncRequest {
        instance: None,
        cursor: 0,
        log_len: 0,
        entries: vec![],
        grants: vec![],
        envelopes: vec![],
        marks: vec![],
        fetch: vec![],
        returning: false,
    }
}

pub fn settings() -> Settings {
    Settings {
        limits: Limits::default(),
        founding: FoundingPolicy::Open,
    }
}

pub fn seeds(byte: u8) -> Seeds {
    Seeds {
        signing: [byte; 32],
        instance: InstanceId([byte; 16]),
    }
}

pub fn relay_over(storage: SqliteStorage) -> Relay<SqliteStorage> {
    Relay::open(storage, seeds(77), settings()).unwrap()
}

/// A relay in memory with the world's workspace founded.
pub fn founded(name: &str) -> (Relay<SqliteStorage>, World) {
    let mut relay = relay_over(SqliteStorage::open_memory(name).unwrap());
    let mut world = World::new(relay.info(NOW).key);
    let found = world.found(NOW);
    relay.found(&found, NOW).unwrap();
    (relay, world)
}

pub fn sync(
    relay: &mut Relay<SqliteStorage>,
    world: &mut World,
    signer: u8,
    request: &SyncRequest,
) -> Result<SyncReply, RelayError> {
    let bytes = world.signed(PATH_SYNC, request, &key(signer), NOW);
    let nonce = Signed::from_bytes(&bytes).unwrap().nonce;
    let reply = SyncReply::from_bytes(&relay.sync(&bytes, NOW)?).unwrap();
    let relay_key = PublicKey::from_bytes(&world.relay_key).unwrap();
    reply.verify(world.workspace, &relay_key).unwrap();
    assert_eq!(reply.receipt.answers, nonce, "it answers another request");
    Ok(reply)
}
