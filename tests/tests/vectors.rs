//! The committed vectors in `tests/vectors/`: every byte format of `docs/protocol.md` and
//! `docs/encryption.md`, made from fixed inputs.
//!
//! Each test makes the bytes anew and compares them with the committed file, and then takes the
//! committed bytes apart: by the product's own decoder, and, where that is short, by hand as the
//! documents tell it. So neither the writer nor the reader can change unnoticed.
//!
//! `FOLGE_WRITE_VECTORS=1 cargo test -p folge-tests --test vectors` writes the files anew. That
//! is right when a format gets a new version or a new field, and then only beside the old file:
//! what was released must open for ever. Nothing else writes them. One exception: a new version
//! of the deflate library may compress otherwise; the old bytes must still open.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on says so by panicking"
)]

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use folge_core::attendance::{
    CodeKind, Offer, PIN_COST, SignedOffer, challenge, pin_secret, read_code, sign_answer,
    write_code,
};
use folge_core::client::{ErasedDocument, ErasureReceipt, Holder};
use folge_core::document::{
    Actor, ChangeMeta, Command, Document, DocumentKind as CrdtKind, Record, RecordRef,
};
use folge_core::domain::proof::{drawing_hash, pin_hash};
use folge_core::domain::{
    Area, ClaimLine, ClaimPart, Drawing, DrawingProof, Instant, MeetingForm, Note, Participation,
    PinProof, Proof, RecordId, ReportKind, SignedAnswer, Verdict, VisitAnswer, VisitDigest,
};
use folge_core::env::{Clock, Env, Reading};
use folge_core::envelope::{ClockRun, Content, commitment, open, padme, seal};
use folge_core::keys::{
    DeviceSecrets, Granted, InvitationLink, Issuer, KemPublic, KemSecret, Key32, Keyring, LinkPage,
    RecoverySecret, Secret, Subject, derive, is_confirmed, open_grant, seal_grant,
};
use folge_core::messages::{
    Export, Message, ReportCard, ReportPart, RequestState, Right, Saying, Stance, StoreLock,
    VisitCard,
};
use folge_core::store::{PassphraseCost, Store, StoreError, Unlock};
use folge_core::sync::Pack;
use folge_protocol::codec::{Decode, Encode, Reader, Writer};
use folge_protocol::crypto::{PublicKey, SecretKey, Tag, key_id, tagged_hash, workspace_id};
use folge_protocol::envelope::{
    Envelope, EnvelopeKind, HEADER_BYTES, Header, envelope_hash, next_head, stream_start,
};
use folge_protocol::grant::{Grant, Recipient};
use folge_protocol::ids::{
    DeviceId, DocumentId, GroupId, Hash, InstanceId, InvitationId, PersonId, WorkspaceId,
};
use folge_protocol::membership::{
    Author, Body, DeviceKeys, DocumentEntry, DocumentKind, Entry, ErasureReason, Founding, Kept,
    Membership, Role,
};
use folge_protocol::wire::{
    Ack, Blob, Delivery, FoundRequest, LiveHello, Mark, PATH_SYNC, Receipt, Refusal, RefusalCode,
    Refused, RelayError, RelayInfo, Signed, StreamFrom, StreamHead, SyncReply, SyncRequest,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

// --- files ---

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap();
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

/// Compares what was made with the committed file, and gives the committed file.
fn committed(name: &str, made: &Value) -> Value {
    let path = format!("{}/vectors/{name}.json", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("FOLGE_WRITE_VECTORS").is_some_and(|value| value == "1") {
        let text = serde_json::to_string_pretty(made).unwrap() + "\n";
        std::fs::write(&path, text).unwrap();
    }
    let text = std::fs::read_to_string(&path).unwrap();
    let committed: Value = serde_json::from_str(&text).unwrap();
    assert_same(&format!("{name}.json"), &committed, made);
    committed
}

/// Names the first place that differs: whole files are unreadable side by side.
fn assert_same(place: &str, committed: &Value, made: &Value) {
    match (committed, made) {
        (Value::Object(left), Value::Object(right)) => {
            let keys =
                |map: &serde_json::Map<String, Value>| map.keys().cloned().collect::<Vec<_>>();
            assert_eq!(keys(left), keys(right), "{place}");
            for (key, value) in left {
                assert_same(&format!("{place}/{key}"), value, &right[key]);
            }
        }
        (Value::Array(left), Value::Array(right)) => {
            assert_eq!(left.len(), right.len(), "{place}");
            for (n, (left, right)) in left.iter().zip(right).enumerate() {
                assert_same(&format!("{place}/{n}"), left, right);
            }
        }
        _ => assert_eq!(committed, made, "{place}"),
    }
}

// --- fixed inputs ---

/// Bytes that count up from a first one: 32 from 0x10 are 10, 11, … 2f.
fn run<const N: usize>(first: u8) -> [u8; N] {
    std::array::from_fn(|n| first.wrapping_add(u8::try_from(n % 256).unwrap()))
}

fn key(first: u8) -> Key32 {
    Key32::new(run(first))
}

/// A stand-in for randomness that counts: 00, 01, 02, …
struct Counting(u8);

impl rand_core::TryRng for Counting {
    type Error = Infallible;
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_be_bytes(bytes))
    }
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_be_bytes(bytes))
    }
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for byte in bytes {
            *byte = self.0;
            self.0 = self.0.wrapping_add(1);
        }
        Ok(())
    }
}

impl rand_core::TryCryptoRng for Counting {}

struct Stopped;

impl Clock for Stopped {
    fn wall_ms(&self) -> i64 {
        NOW_MS
    }
    fn monotonic_ms(&self) -> u64 {
        1_000
    }
    fn boot(&self) -> u32 {
        7
    }
}

/// 5 January 2026, 07:00 UTC.
const NOW_MS: i64 = 1_767_596_400_000;
const NOW: u64 = 1_767_596_400_000;

fn env() -> Env {
    Env::new(Arc::new(Stopped), Box::new(Counting(0)))
}

fn root() -> SecretKey {
    SecretKey::from_seed(&run(0x10))
}
fn workspace() -> WorkspaceId {
    workspace_id(root().public().as_bytes())
}
/// The founder's device.
fn admin() -> DeviceSecrets {
    DeviceSecrets::from_seed(key(0x20))
}
/// Its KEM secret of epoch 0.
fn admin_kem() -> KemSecret {
    KemSecret(key(0x30))
}
/// A consultant's device.
fn phone() -> DeviceSecrets {
    DeviceSecrets::from_seed(key(0x40))
}
/// Its KEM secret of epoch 0.
fn phone_kem() -> KemSecret {
    KemSecret(key(0x50))
}
fn relay() -> SecretKey {
    SecretKey::from_seed(&run(0x60))
}
const OFFICE: GroupId = GroupId([0xa1; 16]);
const FOUNDER: PersonId = PersonId([0xa2; 16]);
const REGISTER: DocumentId = DocumentId([0xa3; 16]);
const CONSULTANT: PersonId = PersonId([0xa4; 16]);
const CASEFILE: DocumentId = DocumentId([0xa5; 16]);
const THREAD: DocumentId = DocumentId([0xa6; 16]);
const PARTICIPANT: PersonId = PersonId([0xa7; 16]);
const INSTANCE: InstanceId = InstanceId([0xa8; 16]);
const JOURNAL: DocumentId = DocumentId([0xa9; 16]);
const SECOND_THREAD: DocumentId = DocumentId([0xaa; 16]);

fn link() -> InvitationLink {
    InvitationLink {
        page: LinkPage::Staff,
        app_url: None,
        relay_url: "https://relay.example.no".to_owned(),
        relay_key: *relay().public().as_bytes(),
        workspace: workspace(),
        person: CONSULTANT,
        secret: key(0x70),
    }
}

fn group_public(first: u8) -> [u8; 32] {
    KemSecret(key(first)).public().0
}

// --- the codec, tagged hashes, signatures ---

const TAGS: [(Tag, &str); 19] = [
    (Tag::KeyId, "folge key id v1"),
    (Tag::Workspace, "folge workspace v1"),
    (Tag::Envelope, "folge envelope v1"),
    (Tag::EnvelopeHash, "folge envelope hash v1"),
    (Tag::Stream, "folge stream v1"),
    (Tag::Head, "folge head v1"),
    (Tag::Entry, "folge entry v1"),
    (Tag::EntryHash, "folge entry hash v1"),
    (Tag::Grant, "folge grant v1"),
    (Tag::Receipt, "folge receipt v1"),
    (Tag::Reply, "folge reply v1"),
    (Tag::Mark, "folge mark v1"),
    (Tag::Request, "folge request v1"),
    (Tag::Message, "folge message v1"),
    (Tag::Erasure, "folge erasure receipt v1"),
    (Tag::Offer, "folge visit offer v1"),
    (Tag::Answer, "folge visit answer v1"),
    (Tag::Pin, "folge visit pin v1"),
    (Tag::Drawing, "folge visit drawing v1"),
];

#[test]
fn codec_and_tagged_hashes() {
    let mut out = Writer::new();
    out.u8(0x01);
    out.u32(0x0203_0405);
    out.u64(0x0607_0809_0a0b_0c0d);
    out.bytes(b"abc");
    out.list(&[1_u64, 2]);
    out.option::<u64>(None);
    out.option(Some(&3_u64));
    let hashes: Vec<Value> = TAGS
        .iter()
        .map(|(tag, text)| json!({"tag": text, "hash": tagged_hash(*tag, &[b"ab", b"c"]).to_string()}))
        .collect();
    let signer = SecretKey::from_seed(&run(0));
    let hash = tagged_hash(Tag::Entry, &[b"abc"]);
    let file = committed(
        "codec",
        &json!({
            "values": "u8 1, u32 0x02030405, u64 0x060708090a0b0c0d, bytes 'abc', list of u64 1 and 2, no option, option of u64 3",
            "encoded": hex(&out.finish()),
            "hashed": hex(b"abc"),
            "tagged_hashes": hashes,
            "seed": hex(&run::<32>(0)),
            "public_key": hex(signer.public().as_bytes()),
            "key_id": hex(&signer.public().id()),
            "workspace_id": workspace_id(signer.public().as_bytes()).to_string(),
            "signed_tag": "folge entry v1",
            "signature": hex(&signer.sign(&hash)),
        }),
    );

    let bytes = unhex(&file["encoded"]);
    let mut input = Reader::new(&bytes);
    assert_eq!(input.u8(), Ok(1));
    assert_eq!(input.u32(), Ok(0x0203_0405));
    assert_eq!(input.u64(), Ok(0x0607_0809_0a0b_0c0d));
    assert_eq!(input.bytes(3), Ok(&b"abc"[..]));
    assert_eq!(input.list::<u64>(2), Ok(vec![1, 2]));
    assert_eq!(input.option::<u64>(), Ok(None));
    assert_eq!(input.option::<u64>(), Ok(Some(3)));
    assert_eq!(input.finish(), Ok(()));
    for line in file["tagged_hashes"].as_array().unwrap() {
        let tag = line["tag"].as_str().unwrap();
        let length = u8::try_from(tag.len()).unwrap();
        assert_eq!(
            unhex(&line["hash"]),
            sha256(&[&[length], tag.as_bytes(), b"abc"]),
            "{tag}"
        );
    }
    let public: [u8; 32] = unhex(&file["public_key"]).try_into().unwrap();
    let id = sha256(&[&[15], b"folge key id v1", &public]);
    assert_eq!(unhex(&file["key_id"]), id[..16]);
    let id = sha256(&[&[18], b"folge workspace v1", &public]);
    assert_eq!(unhex(&file["workspace_id"]), id[..16]);
    let public = PublicKey::from_bytes(&public).unwrap();
    let signature = unhex(&file["signature"]).try_into().unwrap();
    assert_eq!(public.verify(&hash, &signature), Ok(()));
}

fn sha256(parts: &[&[u8]]) -> Vec<u8> {
    Sha256::digest(parts.concat()).to_vec()
}

// --- keys ---

#[test]
fn derived_keys() {
    let document_context = [&CASEFILE.0[..], &3_u32.to_be_bytes()].concat();
    let document_key = key(0x80);
    let recovery = RecoverySecret(key(0x90));
    let device = admin();
    let file = committed(
        "keys",
        &json!({
            "hkdf": {
                "secret": hex(document_key.expose()),
                "label": "folge content key v1",
                "context": hex(&document_context),
                "key": hex(derive(&document_key, "folge content key v1", &[&document_context]).expose()),
            },
            "commitment": {
                "document_key": hex(document_key.expose()),
                "document": CASEFILE.to_string(),
                "generation": 3,
                "commitment": commitment(&document_key, CASEFILE, 3).to_string(),
            },
            "kem": {
                "secret": hex(key(0x90).expose()),
                "public_key": hex(&group_public(0x90)),
            },
            "device": {
                "sign_seed": hex(device.seed().expose()),
                "kem_secret": hex(admin_kem().0.expose()),
                "sign_public": hex(&device.public(&admin_kem()).sign),
                "kem_public": hex(&device.public(&admin_kem()).kem),
                "device": device.id().to_string(),
            },
            "recovery": {
                "secret": hex(recovery.0.expose()),
                "words": *recovery.words(),
                "root_public": hex(recovery.root().public().as_bytes()),
                "kem_public": hex(&recovery.kem().public().0),
            },
        }),
    );

    let generation = u32::try_from(file["commitment"]["generation"].as_u64().unwrap()).unwrap();
    assert_eq!(
        derive(
            &key(0x80),
            "folge key commitment v1",
            &[&CASEFILE.0, &generation.to_be_bytes()]
        )
        .expose()[..],
        unhex(&file["commitment"]["commitment"])
    );
    let words = file["recovery"]["words"].as_str().unwrap();
    let read = RecoverySecret::from_words(words).unwrap();
    assert_eq!(
        Value::from(hex(read.0.expose())),
        file["recovery"]["secret"]
    );
    let root = derive(&key(0x90), "folge root key v1", &[]);
    let root = SecretKey::from_seed(root.expose()).public();
    assert_eq!(unhex(&file["recovery"]["root_public"]), root.as_bytes());
    let kem = KemSecret(derive(&key(0x90), "folge recovery key v1", &[]));
    assert_eq!(unhex(&file["recovery"]["kem_public"]), kem.public().0);
}

// --- envelope ---

fn content() -> Content {
    Content {
        sealed: Reading {
            wall_ms: NOW_MS,
            monotonic_ms: 1_000,
            boot: 7,
        },
        clocks: vec![
            ClockRun {
                count: 2,
                boot: 6,
                offset_s: 1_767_500_000,
                seen_number: 3,
            },
            ClockRun {
                count: 1,
                boot: 7,
                offset_s: -5,
                seen_number: 4,
            },
        ],
        instance: Some(INSTANCE),
        log_len: 5,
        log_head: Hash([0xb3; 32]),
        batch: b"the batch, see batch.json".to_vec(),
    }
}

fn header() -> Header {
    Header {
        workspace: workspace(),
        document: CASEFILE,
        kind: EnvelopeKind::Change,
        device: phone().id(),
        sequence: 2,
        previous: Hash([0xb1; 32]),
        generation: 3,
        commitment: Hash::ZERO,
        seen_number: 9,
        seen_head: Hash([0xb2; 32]),
    }
}

#[test]
fn envelope() {
    let (document_key, nonce) = (key(0x80), run(0xc0));
    let sealed = seal(header(), &content(), &document_key, nonce, phone().sign());
    let bytes = sealed.to_bytes();
    let plain = content_cipher(&document_key)
        .decrypt(
            &nonce.into(),
            Payload {
                msg: &sealed.ciphertext,
                aad: &bytes[..HEADER_BYTES],
            },
        )
        .unwrap();
    let lengths: BTreeMap<String, usize> = [1, 9, 100, 1_000, 4_097, 100_000, 1_000_000]
        .into_iter()
        .map(|len| (format!("{len:07}"), padme(len)))
        .collect();
    let file = committed(
        "envelope",
        &json!({
            "document_key": hex(document_key.expose()),
            "nonce": hex(&nonce),
            "device_sign_seed": hex(phone().seed().expose()),
            "content": hex(&content().to_bytes()),
            "padded": hex(&plain),
            "header": hex(&bytes[..HEADER_BYTES]),
            "envelope": hex(&bytes),
            "hash": envelope_hash(&bytes).to_string(),
            "padded_lengths": lengths,
        }),
    );

    let bytes = unhex(&file["envelope"]);
    let envelope = Envelope::from_bytes(&bytes).unwrap();
    assert_eq!(envelope.verify(&phone().sign().public()), Ok(()));
    assert_eq!(open(&envelope, &document_key), Ok(content()));
    assert_eq!(Content::from_padded(&unhex(&file["padded"])), Ok(content()));
    let expected = Header {
        commitment: commitment(&document_key, CASEFILE, 3),
        ..header()
    };
    assert_eq!(envelope.header, expected);
    assert_eq!(
        unhex(&file["hash"]),
        sha256(&[&[22], b"folge envelope hash v1", &bytes])
    );
    // By hand, as docs/encryption.md tells it.
    let (front, signature) = bytes.split_last_chunk::<64>().unwrap();
    assert_eq!(signature, &envelope.signature);
    let (head, rest) = front.split_at(HEADER_BYTES);
    let (nonce, rest) = rest.split_first_chunk::<24>().unwrap();
    let (len, ciphertext) = rest.split_first_chunk::<4>().unwrap();
    assert_eq!(u32::from_be_bytes(*len) as usize, ciphertext.len());
    let padded = content_cipher(&document_key)
        .decrypt(
            &(*nonce).into(),
            Payload {
                msg: ciphertext,
                aad: head,
            },
        )
        .unwrap();
    let (len, rest) = padded.split_first_chunk::<4>().unwrap();
    let (deflated, zeros) = rest.split_at(u32::from_be_bytes(*len) as usize);
    assert!(zeros.iter().all(|byte| *byte == 0));
    assert_eq!(padded.len(), padme(4 + deflated.len()));
    let inflated = miniz_oxide::inflate::decompress_to_vec(deflated).unwrap();
    assert_eq!(inflated, unhex(&file["content"]));
}

fn content_cipher(document_key: &Key32) -> XChaCha20Poly1305 {
    let context = [&CASEFILE.0[..], &3_u32.to_be_bytes()].concat();
    let key = derive(document_key, "folge content key v1", &[&context]);
    XChaCha20Poly1305::new(key.expose().into())
}

// --- grant ---

/// What can be granted: secrets of both kinds, or an envelope that its device may not send.
fn granted() -> [(&'static str, Granted); 2] {
    let secrets = vec![
        Secret {
            subject: Subject::Group(OFFICE, 2),
            key: key(0xd0),
        },
        Secret {
            subject: Subject::Document(CASEFILE, 3),
            key: key(0xe0),
        },
    ];
    let envelope = seal(header(), &content(), &key(0x80), run(0xc0), phone().sign());
    [
        ("secrets", Granted::Secrets(secrets)),
        ("parcel", Granted::Parcel(envelope.to_bytes())),
    ]
}

#[test]
fn grant() {
    let recipient = Recipient::Group(GroupId(CONSULTANT.0), 1);
    let receiver = KemSecret(key(0x51));
    let issuer = admin();
    let issued_by = Issuer {
        workspace: workspace(),
        device: issuer.id(),
        key: issuer.sign(),
    };
    let mut grants = serde_json::Map::new();
    for (name, granted) in granted() {
        let public = receiver.public();
        let random = &mut Counting(0);
        let sealed = seal_grant(&issued_by, recipient, &public, &granted, random).unwrap();
        grants.insert(
            name.to_owned(),
            json!({"plaintext": hex(&granted.to_bytes()), "grant": hex(&sealed.to_bytes())}),
        );
    }
    let recipients: BTreeMap<&str, String> = [
        ("device", Recipient::Group(issuer.id().into(), 0)),
        ("invitation", Recipient::Invitation(link().id())),
        ("group", recipient),
        ("recovery", Recipient::Recovery),
    ]
    .into_iter()
    .map(|(name, recipient)| (name, hex(&recipient.to_bytes())))
    .collect();
    let file = committed(
        "grant",
        &json!({
            "issuer_sign_seed": hex(issuer.seed().expose()),
            "recipient_secret": hex(key(0x51).expose()),
            "recipient_public": hex(&receiver.public().0),
            "ephemeral_ikm": hex(&run::<32>(0)),
            "info": hex(b"folge grant v1"),
            "aad": hex(&Grant::preamble(workspace(), recipient, issuer.id())),
            "grants": grants,
            "recipients": recipients,
        }),
    );

    for (name, granted) in granted() {
        let bytes = unhex(&file["grants"][name]["grant"]);
        let grant = Grant::from_bytes(&bytes).unwrap();
        assert_eq!(grant.verify(&issuer.sign().public()), Ok(()));
        assert_eq!((grant.workspace, grant.recipient), (workspace(), recipient));
        assert_eq!(open_grant(&grant, &receiver).unwrap(), granted);
        assert!(open_grant(&grant, &KemSecret(key(0x52))).is_err());
        assert!(bytes.starts_with(&unhex(&file["aad"])));
        // The encapsulated key is that of RFC 9180's DeriveKeyPair over the first 32 random bytes.
        assert_eq!(grant.encapsulated, KemSecret(key(0)).public().0);
        let plain = unhex(&file["grants"][name]["plaintext"]);
        assert_eq!(Granted::from_bytes(&plain), Ok(granted.clone()));
        // By hand, as docs/encryption.md tells it.
        let (tag, rest) = plain.split_first().unwrap();
        let (count, rest) = rest.split_first_chunk::<4>().unwrap();
        let count = u32::from_be_bytes(*count) as usize;
        match granted {
            Granted::Secrets(secrets) => {
                assert_eq!((*tag, count, rest.len()), (1, secrets.len(), 53 * count));
            }
            Granted::Parcel(envelope) => {
                assert_eq!((*tag, count, rest), (2, rest.len(), &envelope[..]))
            }
        }
    }
    for (name, line) in file["recipients"].as_object().unwrap() {
        let len = match name.as_str() {
            "recovery" => 1,
            "invitation" => 17,
            _ => 21,
        };
        assert_eq!(unhex(line).len(), len, "{name}");
        assert!(Recipient::from_bytes(&unhex(line)).is_ok(), "{name}");
    }
    // Tag 1 named a device before it became a group of its own.
    assert!(Recipient::from_bytes(&[&[1][..], &issuer.id().0].concat()).is_err());
}

// --- membership ---

fn founding() -> Body {
    Body::Founded(Box::new(Founding {
        root: *root().public().as_bytes(),
        recovery: group_public(0x01),
        office: OFFICE,
        office_key: group_public(0x02),
        person: FOUNDER,
        person_key: group_public(0x03),
        device: admin().public(&admin_kem()),
        register: DocumentEntry {
            document: REGISTER,
            kind: DocumentKind::Register,
            commitment: commitment(&key(0x04), REGISTER, 0),
            readers: vec![OFFICE],
        },
    }))
}

/// A log with every body and every author.
fn log() -> Vec<(&'static str, Author, Body)> {
    let by_admin = Author::Device(admin().id());
    let second = SecretKey::from_seed(&run(0x71));
    let unused = DeviceKeys {
        sign: *second.public().as_bytes(),
        kem: group_public(0x72),
    };
    let casefile = DocumentEntry {
        document: CASEFILE,
        kind: DocumentKind::Casefile,
        commitment: commitment(&key(0x80), CASEFILE, 0),
        readers: vec![OFFICE, CONSULTANT.into()],
    };
    let thread = DocumentEntry {
        document: THREAD,
        kind: DocumentKind::Thread,
        commitment: commitment(&key(0x81), THREAD, 0),
        readers: vec![OFFICE],
    };
    let person = |person, role, first| Body::PersonAdded {
        person,
        role,
        key: group_public(first),
    };
    vec![
        ("founded", Author::Root, founding()),
        (
            "person added",
            by_admin,
            person(CONSULTANT, Role::Consultant, 0x05),
        ),
        (
            "invited",
            by_admin,
            Body::Invited {
                keys: link().public(),
                person: CONSULTANT,
                expires_ms: NOW + 1,
            },
        ),
        (
            "device added by invitation",
            Author::Invitation(link().id()),
            Body::DeviceAdded {
                person: CONSULTANT,
                keys: phone().public(&phone_kem()),
            },
        ),
        (
            "epoch turned",
            Author::Device(phone().id()),
            Body::EpochTurned {
                group: CONSULTANT.into(),
                epoch: 1,
                key: group_public(0x51),
                severs: false,
            },
        ),
        (
            "documents added",
            by_admin,
            Body::DocumentsAdded {
                documents: vec![casefile, thread],
            },
        ),
        (
            "person added by root",
            Author::Root,
            person(PARTICIPANT, Role::Participant, 0x06),
        ),
        (
            "readers changed",
            by_admin,
            Body::ReadersChanged {
                document: THREAD,
                readers: vec![OFFICE, PARTICIPANT.into()],
            },
        ),
        (
            "generation turned",
            Author::Device(phone().id()),
            Body::GenerationTurned {
                document: CASEFILE,
                generation: 1,
                commitment: commitment(&key(0x82), CASEFILE, 1),
            },
        ),
        (
            "invited again",
            by_admin,
            Body::Invited {
                keys: unused,
                person: CONSULTANT,
                expires_ms: NOW,
            },
        ),
        (
            "invitation revoked",
            by_admin,
            Body::InvitationRevoked {
                invitation: InvitationId(key_id(&unused.sign)),
            },
        ),
        (
            "role changed",
            by_admin,
            Body::RoleChanged {
                person: CONSULTANT,
                role: Role::Coordinator,
            },
        ),
        (
            "journal and second thread added",
            by_admin,
            Body::DocumentsAdded {
                documents: vec![
                    DocumentEntry {
                        document: JOURNAL,
                        kind: DocumentKind::Journal,
                        commitment: commitment(&key(0x83), JOURNAL, 0),
                        readers: vec![OFFICE, CONSULTANT.into()],
                    },
                    DocumentEntry {
                        document: SECOND_THREAD,
                        kind: DocumentKind::Thread,
                        commitment: commitment(&key(0x84), SECOND_THREAD, 0),
                        readers: vec![OFFICE, CONSULTANT.into(), PARTICIPANT.into()],
                    },
                ],
            },
        ),
        (
            "erased",
            by_admin,
            Body::Erased {
                document: THREAD,
                reason: ErasureReason::Retention,
            },
        ),
        ("office severed", by_admin, severed(OFFICE, 1, 0x07)),
        ("person severed", by_admin, severed(FOUNDER.into(), 1, 0x08)),
        (
            "device severed",
            by_admin,
            severed(admin().id().into(), 1, 0x09),
        ),
        (
            "erasure confirmed",
            by_admin,
            Body::ErasureConfirmed { upto: 17 },
        ),
        (
            "vouched",
            by_admin,
            Body::Vouched {
                kept: vec![
                    Kept {
                        device: phone().id(),
                        document: CASEFILE,
                        sequence: 3,
                    },
                    Kept {
                        device: phone().id(),
                        document: JOURNAL,
                        sequence: 1,
                    },
                ],
            },
        ),
        (
            "device revoked",
            by_admin,
            Body::DeviceRevoked {
                device: phone().id(),
            },
        ),
        (
            "person revoked",
            by_admin,
            Body::PersonRevoked { person: CONSULTANT },
        ),
    ]
}

fn severed(group: GroupId, epoch: u32, first: u8) -> Body {
    Body::EpochTurned {
        group,
        epoch,
        key: group_public(first),
        severs: true,
    }
}

const REASONS: [ErasureReason; 5] = [
    ErasureReason::Retention,
    ErasureReason::Request,
    ErasureReason::AgreementEnded,
    ErasureReason::Mistake,
    ErasureReason::Instruction,
];

#[test]
fn membership_entries() {
    let (admin, phone, invitation, root) = (admin(), phone(), link().sign(), root());
    let mut previous = Hash::ZERO;
    let mut entries = Vec::new();
    for (index, (name, author, body)) in (0_u64..).zip(log()) {
        let signer = match author {
            Author::Root => &root,
            Author::Device(id) if id == admin.id() => admin.sign(),
            Author::Device(_) => phone.sign(),
            Author::Invitation(_) => &invitation,
        };
        let entry = Entry::sign(workspace(), index, previous, NOW, author, body, signer);
        previous = entry.hash();
        entries.push(
            json!({"what": name, "entry": hex(&entry.to_bytes()), "hash": previous.to_string()}),
        );
    }
    let file = committed(
        "membership",
        &json!({
            "root_seed": hex(&run::<32>(0x10)),
            "admin_device_seed": hex(admin.seed().expose()),
            "consultant_device_seed": hex(phone.seed().expose()),
            "invitation_secret": hex(link().secret.expose()),
            "workspace": workspace().to_string(),
            "time_ms": NOW,
            "log": entries,
            "erasure_reasons": REASONS.map(|reason| hex(&reason.to_bytes())),
        }),
    );

    let lines = file["log"].as_array().unwrap();
    let entries: Vec<Entry> = lines
        .iter()
        .map(|line| Entry::from_bytes(&unhex(&line["entry"])).unwrap())
        .collect();
    let mut state = Membership::found(&entries[0]).unwrap();
    assert_eq!(
        Value::from(state.workspace().to_string()),
        file["workspace"]
    );
    for ((entry, line), (name, author, body)) in entries.iter().zip(lines).zip(log()) {
        assert_eq!((entry.author, &entry.body), (author, &body), "{name}");
        if entry.index > 0 {
            assert_eq!(state.apply(entry, entry.time_ms), Ok(()), "{name}");
        }
        assert_eq!(
            Value::from(state.head().to_string()),
            line["hash"],
            "{name}"
        );
        match name {
            "device added by invitation" => {
                assert_eq!(state.device_role(phone.id()), Some(Role::Consultant));
                assert!(state.may_read(phone.id(), REGISTER));
                assert!(!state.may_write(phone.id(), REGISTER));
            }
            "documents added" => assert!(state.may_write(phone.id(), CASEFILE)),
            "role changed" => assert!(state.may_write(phone.id(), REGISTER)),
            "journal and second thread added" => {
                assert!(state.may_write(phone.id(), JOURNAL));
                assert!(!state.may_write(admin.id(), JOURNAL));
            }
            "erased" => {
                assert!(!state.may_read(admin.id(), THREAD));
                assert!(state.groups()[&OFFICE].must_sever());
            }
            "device severed" => {
                for group in [OFFICE, FOUNDER.into(), admin.id().into()] {
                    let group = &state.groups()[&group];
                    assert_eq!((group.must_sever(), group.floor), (false, 1));
                }
            }
            "erasure confirmed" => assert_eq!(state.devices()[&admin.id()].confirmed, 17),
            "device revoked" => {
                assert_eq!(state.active_device(phone.id()), None);
                assert!(state.stands(phone.id(), CASEFILE, 3));
                assert!(!state.stands(phone.id(), CASEFILE, 4));
            }
            _ => {}
        }
    }
    assert_eq!(
        state.group_key(CONSULTANT.into()),
        Some((1, &group_public(0x51)))
    );
    let commitments = &state.documents()[&CASEFILE].commitments;
    assert_eq!(commitments.len(), 2);
    // A key is taken from a grant only if the log commits to it.
    let granted = |first| {
        let secret = Secret {
            subject: Subject::Document(CASEFILE, 1),
            key: key(first),
        };
        let issuer = Issuer {
            workspace: workspace(),
            device: admin.id(),
            key: admin.sign(),
        };
        let (epoch, public) = state.group_key(OFFICE).unwrap();
        let recipient = Recipient::Group(OFFICE, epoch);
        let granted = Granted::Secrets(vec![secret]);
        let random = &mut Counting(9);
        let grant = seal_grant(&issuer, recipient, &KemPublic(*public), &granted, random).unwrap();
        let mut keyring = Keyring::default();
        keyring.insert(&Secret {
            subject: Subject::Group(OFFICE, epoch),
            key: key(0x07),
        });
        let Some(Granted::Secrets(opened)) = keyring.open(&grant, None) else {
            panic!("the grant does not open");
        };
        opened.iter().all(|secret| is_confirmed(secret, &state))
    };
    assert_eq!((granted(0x82), granted(0x83)), (true, false));
    // Void: it would open, in an old backup, what was erased.
    let of_office = |epoch, first| Secret {
        subject: Subject::Group(OFFICE, epoch),
        key: key(first),
    };
    assert!(is_confirmed(&of_office(1, 0x07), &state));
    assert!(!is_confirmed(&of_office(0, 0x02), &state));
    for (line, reason) in file["erasure_reasons"]
        .as_array()
        .unwrap()
        .iter()
        .zip(REASONS)
    {
        assert_eq!(ErasureReason::from_bytes(&unhex(line)), Ok(reason));
    }
}

// --- streams ---

fn heads() -> Vec<Hash> {
    let mut heads = vec![stream_start(INSTANCE, workspace(), CASEFILE)];
    for n in 1..=3_u8 {
        heads.push(next_head(
            heads[usize::from(n) - 1],
            Hash([n; 32]),
            NOW + u64::from(n),
        ));
    }
    heads
}

fn receipt() -> Receipt {
    let heads = vec![StreamHead {
        document: CASEFILE,
        number: 3,
        head: heads()[3],
    }];
    let mut receipt = Receipt::unsigned(INSTANCE, [0xb4; 16], NOW + 4, heads);
    receipt.sign(workspace(), &relay());
    receipt
}

fn mark() -> Mark {
    Mark::sign(CASEFILE, 3, heads()[3], admin().sign())
}

#[test]
fn stream_heads_receipt_and_mark() {
    let envelopes: Vec<Value> = (1..=3_u8)
        .map(|n| json!({"hash": Hash([n; 32]).to_string(), "accepted_ms": NOW + u64::from(n), "head": heads()[usize::from(n)].to_string()}))
        .collect();
    let file = committed(
        "stream",
        &json!({
            "instance": INSTANCE.to_string(),
            "workspace": workspace().to_string(),
            "document": CASEFILE.to_string(),
            "start": heads()[0].to_string(),
            "envelopes": envelopes,
            "relay_seed": hex(&run::<32>(0x60)),
            "receipt": hex(&receipt().to_bytes()),
            "marking_device_seed": hex(admin().seed().expose()),
            "mark": hex(&mark().to_bytes()),
        }),
    );

    let mut head = sha256(&[
        &[15],
        b"folge stream v1",
        &INSTANCE.0,
        &workspace().0,
        &CASEFILE.0,
    ]);
    assert_eq!(unhex(&file["start"]), head);
    for line in file["envelopes"].as_array().unwrap() {
        let time = line["accepted_ms"].as_u64().unwrap().to_be_bytes();
        head = sha256(&[&[13], b"folge head v1", &head, &unhex(&line["hash"]), &time]);
        assert_eq!(unhex(&line["head"]), head);
    }
    let receipt = Receipt::from_bytes(&unhex(&file["receipt"])).unwrap();
    assert_eq!(receipt.verify(workspace(), &relay().public()), Ok(()));
    assert!(
        receipt
            .verify(WorkspaceId([0; 16]), &relay().public())
            .is_err()
    );
    assert_eq!(receipt.heads[0].head.0[..], head);
    let mark = Mark::from_bytes(&unhex(&file["mark"])).unwrap();
    assert_eq!(mark.verify(&admin().sign().public()), Ok(()));
    assert_eq!((mark.device, mark.number), (admin().id(), 3));
}

// --- messages ---

fn request() -> SyncRequest {
    SyncRequest {
        instance: Some(INSTANCE),
        cursor: 17,
        log_len: 5,
        entries: vec![Blob(b"entry".to_vec())],
        grants: vec![Blob(b"grant".to_vec())],
        envelopes: vec![Blob(b"envelope".to_vec())],
        marks: vec![mark()],
        fetch: vec![StreamFrom {
            document: CASEFILE,
            from: 4,
        }],
        returning: true,
    }
}

const REFUSALS: [(Refused, RefusalCode); 9] = [
    (Refused::Entry(1), RefusalCode::NotAllowed),
    (Refused::Grant(2), RefusalCode::SequenceConflict),
    (Refused::Envelope(3), RefusalCode::SequenceGap),
    (Refused::Mark(4), RefusalCode::UnknownDocument),
    (Refused::Fetch(5), RefusalCode::Malformed),
    (Refused::Envelope(6), RefusalCode::Quota),
    (Refused::Entry(7), RefusalCode::LogConflict),
    (Refused::Entry(8), RefusalCode::InvitationSpent),
    (Refused::Grant(9), RefusalCode::StaleKey),
];

fn reply() -> SyncReply {
    let refusal = |(what, code)| Refusal { what, code };
    let mut reply = SyncReply {
        position: 18,
        more: true,
        log_len: 6,
        entries: vec![Blob(b"entry".to_vec())],
        grants: vec![Blob(b"grant".to_vec())],
        acks: vec![Ack {
            document: CASEFILE,
            device: phone().id(),
            sequence: 2,
            number: 3,
            accepted_ms: NOW + 3,
        }],
        refusals: REFUSALS.into_iter().map(refusal).collect(),
        deliveries: vec![Delivery {
            number: 1,
            accepted_ms: NOW + 1,
            envelope: Blob(b"envelope".to_vec()),
        }],
        marks: vec![mark()],
        receipt: receipt(),
    };
    reply.sign(workspace(), &relay());
    reply
}

const ERRORS: [RelayError; 9] = [
    RelayError::Malformed,
    RelayError::Unauthorized,
    RelayError::ClockSkew { now_ms: NOW },
    RelayError::Replayed,
    RelayError::UnknownWorkspace,
    RelayError::TooLarge,
    RelayError::Busy {
        retry_after_ms: 500,
    },
    RelayError::FoundingClosed,
    RelayError::Unavailable,
];

#[test]
fn messages() {
    let relay_key = *relay().public().as_bytes();
    let info = RelayInfo {
        key: relay_key,
        instance: INSTANCE,
        now_ms: NOW,
    };
    let found = FoundRequest {
        token: b"token".to_vec(),
        entry: Blob(b"entry".to_vec()),
    };
    let hello = LiveHello {
        instance: INSTANCE,
        cursor: 17,
        log_len: 5,
    };
    let payload = request().to_bytes();
    let phone = phone();
    let signed = Signed::sign(
        &relay_key,
        PATH_SYNC,
        workspace(),
        NOW,
        run(0xf0),
        payload,
        phone.sign(),
    );
    let errors: Vec<Value> = ERRORS
        .iter()
        .map(|error| json!({"status": error.status(), "error": hex(&error.to_bytes()), "means": error.to_string()}))
        .collect();
    let file = committed(
        "messages",
        &json!({
            "relay_info": hex(&info.to_bytes()),
            "found_request": hex(&found.to_bytes()),
            "sync_request": hex(&request().to_bytes()),
            "signed_path": PATH_SYNC,
            "signed_by_seed": hex(phone.seed().expose()),
            "signed": hex(&signed.to_bytes()),
            "sync_reply": hex(&reply().to_bytes()),
            "live_hello": hex(&hello.to_bytes()),
            "relay_errors": errors,
        }),
    );

    assert_eq!(RelayInfo::from_bytes(&unhex(&file["relay_info"])), Ok(info));
    assert_eq!(
        FoundRequest::from_bytes(&unhex(&file["found_request"])),
        Ok(found)
    );
    assert_eq!(
        SyncRequest::from_bytes(&unhex(&file["sync_request"])),
        Ok(request())
    );
    assert_eq!(
        SyncReply::from_bytes(&unhex(&file["sync_reply"])),
        Ok(reply())
    );
    assert_eq!(
        LiveHello::from_bytes(&unhex(&file["live_hello"])),
        Ok(hello)
    );
    let signed = Signed::from_bytes(&unhex(&file["signed"])).unwrap();
    let device = phone.sign().public();
    assert_eq!(signed.verify(&relay_key, PATH_SYNC, &device), Ok(()));
    assert!(signed.verify(&relay_key, "/v1/live", &device).is_err());
    assert!(signed.verify(&[0; 32], PATH_SYNC, &device).is_err());
    assert_eq!(signed.payload, request().to_bytes());
    for (line, error) in file["relay_errors"].as_array().unwrap().iter().zip(ERRORS) {
        assert_eq!(RelayError::from_bytes(&unhex(&line["error"])), Ok(error));
    }
}

// --- threads, journals, packs ---

/// Every saying, and every code in it.
fn sayings() -> Vec<(String, Saying)> {
    let rights = [
        Right::Access,
        Right::Rectification,
        Right::Erasure,
        Right::Restriction,
        Right::Portability,
        Right::Objection,
    ];
    let states = [
        RequestState::Open,
        RequestState::Forwarded,
        RequestState::Done,
        RequestState::Declined,
    ];
    let exports = [
        Export::Archive,
        Export::Agreement,
        Export::BreachNotice,
        Export::ErasureReceipt,
        Export::Audit,
        Export::AttendanceList,
    ];
    let mut sayings = vec![
        (
            "notice".to_owned(),
            Saying::Notice("Møte onsdag kl. 9".to_owned()),
        ),
        ("comment".to_owned(), Saying::Comment("Takk!".to_owned())),
        ("opened".to_owned(), Saying::Opened(CASEFILE)),
    ];
    for right in rights {
        let text = "Jeg vil se alt".to_owned();
        sayings.push((
            format!("request {right:?}"),
            Saying::Request { right, text },
        ));
    }
    for state in states {
        let (to, text) = (RecordId([0xc2; 16]), "Sendt til NAV".to_owned());
        sayings.push((
            format!("answer {state:?}"),
            Saying::Answer { to, state, text },
        ));
    }
    for (what, document) in exports
        .into_iter()
        .zip([Some(CASEFILE), None, None, None, None, None])
    {
        sayings.push((
            format!("exported {what:?}"),
            Saying::Exported { what, document },
        ));
    }
    for lock in [StoreLock::Locked, StoreLock::Open, StoreLock::Unknown] {
        let (device, noticed_ms) = (phone().id(), NOW_MS - 3_600_000);
        let lost = Saying::Lost {
            device,
            noticed_ms,
            lock,
        };
        sayings.push((format!("lost {lock:?}"), lost));
    }
    let part = ClaimPart {
        participation: CASEFILE,
        agreement: "oppfolging-agder".into(),
        month: "2026-02".parse().unwrap(),
        lines: vec![ClaimLine {
            month: "2026-01".parse().unwrap(),
            area: Some(Area("B".into())),
            price_ore: 71_250,
            quantity: -3,
            amount_ore: -53_438,
        }],
    };
    sayings.push(("claim part".to_owned(), Saying::ClaimPart(part)));
    let (visit, digest) = (RecordId([0xc4; 16]), VisitDigest([0xc5; 32]));
    for form in [
        MeetingForm::InPerson,
        MeetingForm::Video,
        MeetingForm::Phone,
    ] {
        let card = VisitCard {
            visit,
            digest,
            start: Instant(NOW_MS - 7_200_000),
            end: Instant(NOW_MS - 3_600_000),
            form,
            consultant: "Kari Li".to_owned(),
            place: "Lager AS".to_owned(),
        };
        sayings.push((format!("card {}", form.code()), Saying::Card(card)));
    }
    for (name, verdict) in [
        ("confirmed yes", Verdict::Yes),
        ("confirmed no", Verdict::No),
        (
            "confirmed wrong",
            Verdict::Wrong("Det var en halv time".to_owned()),
        ),
    ] {
        let confirmed = Saying::Confirmed {
            visit,
            digest,
            verdict,
        };
        sayings.push((name.to_owned(), confirmed));
    }
    let day = |text: &str| text.parse().unwrap();
    let card = ReportCard {
        report: RecordId([0xc6; 16]),
        kind: ReportKind::Status,
        title: "Statusrapport".to_owned(),
        from: Some(day("2026-01-05")),
        until: Some(day("2026-03-31")),
        parts: vec![ReportPart {
            heading: "Status".to_owned(),
            text: "Praksis fra mandag".to_owned(),
        }],
    };
    sayings.push(("report".to_owned(), Saying::Report(card.clone())));
    for kind in ReportKind::ALL {
        let bare = ReportCard {
            kind: *kind,
            from: None,
            until: None,
            parts: Vec::new(),
            ..card.clone()
        };
        sayings.push((format!("report {}", kind.code()), Saying::Report(bare)));
    }
    for stance in [Stance::Comment, Stance::Agree, Stance::Disagree] {
        let (of, text) = (RecordId([0xc3; 16]), "Det stemmer ikke helt".to_owned());
        let opinion = Saying::Opinion { of, stance, text };
        sayings.push((format!("opinion {stance:?}"), opinion));
    }
    let absent = Saying::Absent {
        from: day("2026-03-02"),
        until: day("2026-03-04"),
        text: "Legetime".to_owned(),
    };
    sayings.push(("absent".to_owned(), absent));
    sayings
}

#[test]
fn thread_and_journal_messages() {
    let messages: Vec<(String, Message)> = sayings()
        .into_iter()
        .map(|(name, saying)| {
            let message = Message {
                id: RecordId([0xc3; 16]),
                wall_ms: NOW_MS,
                saying,
            };
            (name, message)
        })
        .collect();
    let lines: Vec<Value> = messages
        .iter()
        .map(|(name, message)| json!({"what": name, "message": hex(&message.to_bytes())}))
        .collect();
    // What an envelope of kind 3 carries in the place of a batch.
    let mut batch = Writer::new();
    batch.u32(2);
    for (_, message) in &messages[..2] {
        batch.bytes(&message.to_bytes());
    }
    let first = messages[0].1.to_bytes();
    let file = committed(
        "thread",
        &json!({
            "id": hex(&[0xc3; 16]),
            "wall_ms": NOW_MS,
            "messages": lines,
            "batch_of_the_first_two": hex(&batch.finish()),
            "name_of_the_first": tagged_hash(Tag::Message, &[&first]).to_string(),
        }),
    );

    for (line, (name, message)) in file["messages"].as_array().unwrap().iter().zip(messages) {
        let bytes = unhex(&line["message"]);
        assert_eq!(Message::from_bytes(&bytes).as_ref(), Ok(&message), "{name}");
        // By hand: version, id, time.
        assert_eq!(bytes[0], 1);
        assert_eq!(bytes[1..17], [0xc3; 16]);
        assert_eq!(bytes[17..25], NOW_MS.to_be_bytes());
    }
}

// --- attendance ---

fn offer() -> Offer {
    let (thread, at) = (DocumentId([0xd1; 16]), Instant(NOW_MS));
    let (visit, digest) = (RecordId([0xc4; 16]), VisitDigest([0xc5; 32]));
    let own = phone();
    Offer {
        workspace: workspace(),
        thread,
        card: VisitCard {
            visit,
            digest,
            start: Instant(NOW_MS - 7_200_000),
            end: Instant(NOW_MS - 3_600_000),
            form: MeetingForm::InPerson,
            consultant: "Kari Li".to_owned(),
            place: "Lager AS".to_owned(),
        },
        device: own.id(),
        at,
        challenge: challenge(own.seed(), thread, visit, digest, at),
    }
}

fn answer(verdict: Verdict) -> VisitAnswer {
    let offer = offer();
    VisitAnswer {
        workspace: offer.workspace,
        thread: offer.thread,
        visit: offer.card.visit,
        digest: offer.card.digest,
        start: offer.card.start,
        end: offer.card.end,
        form: offer.card.form,
        verdict,
        challenge: offer.challenge,
        offered_at: offer.at,
        offered_by: offer.device,
        message: RecordId([0xd2; 16]),
        at: Instant(NOW_MS + 60_000),
        device: admin().id(),
    }
}

#[test]
fn codes_pins_and_drawings_that_confirm_a_visit() {
    let signed = offer().sign(phone().sign());
    let words = Verdict::Wrong("Det var en halv time".to_owned());
    let answers = [Verdict::Yes, Verdict::No, words]
        .map(|verdict| sign_answer(answer(verdict), admin().sign()));
    let (visit, digest) = (signed.offer.card.visit, signed.offer.card.digest);
    let at = Instant(NOW_MS);
    let pin = pin_secret(CASEFILE, "830247", &run(0x20), PIN_COST).unwrap();
    let pin_proof = Proof::Pin(PinProof {
        key: RecordId([0xd3; 16]),
        signature: pin.sign(&pin_hash(CASEFILE, visit, digest, at)),
    });
    let drawing = Drawing::new(vec![vec![(100, 500), (300, 200), (900, 400)], vec![(7, 7)]]);
    let drawing = drawing.unwrap();
    let hash = drawing_hash(CASEFILE, visit, digest, at, &drawing);
    let drawn = Proof::Drawing(Box::new(DrawingProof {
        device: phone().id(),
        signature: phone().sign().sign(&hash),
        drawing,
    }));
    let code =
        |kind, bytes: Vec<u8>| json!({"bytes": hex(&bytes), "code": write_code(kind, &bytes)});
    let lines: Vec<Value> = answers
        .iter()
        .map(|answer| code(CodeKind::Answer, answer.to_bytes()))
        .collect();
    let file = committed(
        "attendance",
        &json!({
            "challenge": hex(&signed.offer.challenge),
            "offer": code(CodeKind::Offer, signed.to_bytes()),
            "answers": lines,
            "answer_proof": Proof::Answer(Box::new(answers[0].clone())).to_string(),
            "pin": "830247",
            "pin_salt": hex(&run::<16>(0x20)),
            "pin_memory_kib": PIN_COST.memory_kib,
            "pin_passes": PIN_COST.passes,
            "pin_public_key": hex(pin.public().as_bytes()),
            "pin_proof": pin_proof.to_string(),
            "drawing_proof": drawn.to_string(),
        }),
    );
    let bytes = unhex(&file["offer"]["bytes"]);
    assert_eq!(SignedOffer::from_bytes(&bytes).as_ref(), Ok(&signed));
    for (line, answer) in file["answers"].as_array().unwrap().iter().zip(&answers) {
        let bytes = unhex(&line["bytes"]);
        assert_eq!(SignedAnswer::from_bytes(&bytes).as_ref(), Ok(answer));
        let text = line["code"].as_str().unwrap();
        assert_eq!(read_code(CodeKind::Answer, text), Some(bytes));
    }
    // By hand: five bits a digit, and the check at the end.
    let check = sha256(&[b"folge visit code v1", b"Q", &bytes]);
    let text = file["offer"]["code"].as_str().unwrap();
    let bits: String = text
        .strip_prefix("FOLGE1Q")
        .unwrap()
        .chars()
        .map(|digit| "0123456789ABCDEFGHJKMNPQRSTVWXYZ".find(digit).unwrap())
        .map(|value| format!("{value:05b}"))
        .collect();
    let expected: String = bytes
        .iter()
        .chain(&check[..5])
        .map(|byte| format!("{byte:08b}"))
        .collect();
    assert!(bits.starts_with(&expected) && bits.len() < expected.len() + 5);
    for name in ["answer_proof", "pin_proof", "drawing_proof"] {
        let text = file[name].as_str().unwrap();
        assert_eq!(text.parse::<Proof>().unwrap().to_string(), text);
    }
}

#[test]
fn pack_of_what_was_not_delivered() {
    let envelope = seal(header(), &content(), &key(0x80), run(0xc0), phone().sign());
    let pack = Pack(vec![envelope.to_bytes(), b"any bytes".to_vec()]);
    let file = committed("pack", &json!({ "pack": hex(&pack.to_bytes()) }));

    let bytes = unhex(&file["pack"]);
    assert_eq!(Pack::from_bytes(&bytes).as_ref(), Ok(&pack));
    let mut input = Reader::new(&bytes);
    assert_eq!((input.u8(), input.u32()), (Ok(1), Ok(2)));
    assert_eq!(input.bytes(2_000), Ok(&envelope.to_bytes()[..]));
    assert_eq!(input.bytes(20), Ok(&b"any bytes"[..]));
    assert_eq!(input.finish(), Ok(()));
}

#[test]
fn receipt_of_erasures() {
    let signer = admin();
    let mut receipt = ErasureReceipt {
        workspace: workspace(),
        made_ms: NOW + 9,
        log_len: 18,
        log_head: Hash([0xb5; 32]),
        documents: vec![ErasedDocument {
            document: THREAD,
            index: 13,
            erased_ms: NOW,
            reason: ErasureReason::Retention,
            by: signer.id(),
            holders: BTreeMap::from([
                (signer.id(), Holder::Confirmed),
                (phone().id(), Holder::Missing),
                (DeviceId([0xff; 16]), Holder::PutOut),
            ]),
        }],
        device: signer.id(),
        signature: [0; 64],
    };
    let bytes = receipt.to_bytes();
    let (unsigned, _) = bytes.split_last_chunk::<64>().unwrap();
    receipt.signature = signer.sign().sign(&tagged_hash(Tag::Erasure, &[unsigned]));
    let file = committed(
        "erasure",
        &json!({
            "signing_device_seed": hex(signer.seed().expose()),
            "receipt": hex(&receipt.to_bytes()),
        }),
    );

    let bytes = unhex(&file["receipt"]);
    let read = ErasureReceipt::from_bytes(&bytes).unwrap();
    assert_eq!(read, receipt);
    assert!(read.is_signed_by(&signer.sign().public()));
    assert!(!read.is_signed_by(&phone().sign().public()));
    // Version, suite, workspace, times, head; a document; three holders; device, signature.
    assert_eq!(bytes.len(), 66 + 4 + 49 + 4 + 3 * 17 + 16 + 64);
}

// --- invitation link ---

#[test]
fn invitation_link() {
    let link = link();
    let participant = InvitationLink {
        page: LinkPage::Participant,
        ..link.clone()
    };
    let elsewhere = participant.clone().served_from("https://app.example.no");
    let file = committed(
        "invitation",
        &json!({
            "relay_url": link.relay_url,
            "relay_key": hex(&link.relay_key),
            "workspace": link.workspace.to_string(),
            "person": link.person.to_string(),
            "secret": hex(link.secret.expose()),
            "text": link.to_text(),
            "text_of_participant": participant.to_text(),
            "app_url": "https://app.example.no",
            "text_elsewhere": elsewhere.to_text(),
            "invitation": link.id().to_string(),
            "sign_public": hex(&link.public().sign),
            "kem_public": hex(&link.public().kem),
        }),
    );

    let text = file["text"].as_str().unwrap();
    assert_eq!(InvitationLink::from_text(text), Ok(link.clone()));
    let text = file["text_of_participant"].as_str().unwrap();
    assert_eq!(InvitationLink::from_text(text), Ok(participant));
    let text = file["text_elsewhere"].as_str().unwrap();
    assert_eq!(InvitationLink::from_text(text), Ok(elsewhere));
    let seed = derive(&link.secret, "folge invitation sign v1", &[]);
    let sign = SecretKey::from_seed(seed.expose()).public();
    assert_eq!(unhex(&file["sign_public"]), sign.as_bytes());
    assert_eq!(unhex(&file["invitation"]), sign.id());
    let kem = KemSecret(derive(&link.secret, "folge invitation kem v1", &[]));
    assert_eq!(unhex(&file["kem_public"]), kem.public().0);
}

// --- device store ---

/// A new store that draws its randomness from a count, and what it wrote: the wrapped store key
/// and one sealed value.
fn new_store(unlock: &Unlock) -> (Vec<u8>, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let mut store = Store::create(&path, unlock, &mut env()).unwrap();
    store
        .transaction(|store| store.set_meta("vector", Some(b"sealed value")))
        .unwrap();
    drop(store);
    let conn = rusqlite::Connection::open(&path).unwrap();
    let value = |name: &str| {
        conn.query_row("SELECT value FROM meta WHERE name = ?1", [name], |row| {
            row.get(0)
        })
        .unwrap()
    };
    (value("unlock"), value("vector"))
}

/// What the product reads out of a store that holds these bytes.
fn read_store(unlock: &Unlock, wrapped: &[u8], row: &[u8]) -> Result<Vec<u8>, StoreError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    drop(Store::create(&path, &Unlock::Secret(key(0)), &mut env()).unwrap());
    let conn = rusqlite::Connection::open(&path).unwrap();
    let sql = "INSERT OR REPLACE INTO meta (name, value) VALUES (?1, ?2)";
    conn.execute(sql, rusqlite::params!["unlock", wrapped])
        .unwrap();
    conn.execute(sql, rusqlite::params!["vector", row]).unwrap();
    drop(conn);
    Store::open(&path, unlock, &mut env())?
        .meta("vector")
        .map(Option::unwrap)
}

fn unlocks() -> [(&'static str, Unlock); 2] {
    let cost = PassphraseCost {
        memory_kib: 64,
        passes: 2,
    };
    let passphrase = "en lang frase å huske".to_owned();
    [
        ("secret", Unlock::Secret(key(0x55))),
        ("passphrase", Unlock::Passphrase(passphrase.into(), cost)),
    ]
}

#[test]
fn store_unlocking_and_sealing() {
    let mut made = serde_json::Map::new();
    for (name, unlock) in unlocks() {
        let (wrapped, row) = new_store(&unlock);
        let by = match &unlock {
            Unlock::Secret(secret) => hex(secret.expose()),
            Unlock::Passphrase(passphrase, _) => passphrase.to_string(),
        };
        made.insert(
            name.to_owned(),
            json!({"unlocked_by": by, "store_key": hex(&run::<32>(0)), "wrapped": hex(&wrapped), "sealed_value": hex(&row)}),
        );
    }
    made.insert(
        "value".to_owned(),
        json!({"table": "meta", "key": "vector", "plain": hex(b"sealed value")}),
    );
    let file = committed("store", &Value::Object(made));

    for (name, unlock) in unlocks() {
        let (wrapped, row) = (
            unhex(&file[name]["wrapped"]),
            unhex(&file[name]["sealed_value"]),
        );
        assert_eq!(
            read_store(&unlock, &wrapped, &row).unwrap(),
            b"sealed value"
        );
        let wrong = Unlock::Secret(key(0x56));
        assert!(matches!(
            read_store(&wrong, &wrapped, &row),
            Err(StoreError::WrongSecret)
        ));
        // By hand: a value is sealed under a key derived from the store key, bound to its place.
        let store_key = Key32::new(unhex(&file[name]["store_key"]).try_into().unwrap());
        let rows_key = derive(&store_key, "folge store rows v1", &[]);
        let (nonce, sealed) = row.split_first_chunk::<24>().unwrap();
        let plain = XChaCha20Poly1305::new(rows_key.expose().into())
            .decrypt(
                &(*nonce).into(),
                Payload {
                    msg: sealed,
                    aad: b"meta\0vector",
                },
            )
            .unwrap();
        assert_eq!(plain, b"sealed value");
    }
    let wrapped = unhex(&file["secret"]["wrapped"]);
    let kek = derive(&key(0x55), "folge unlock v1", &[&wrapped[2..18]]);
    let nonce: [u8; 24] = wrapped[18..42].try_into().unwrap();
    let store_key = XChaCha20Poly1305::new(kek.expose().into())
        .decrypt(
            &nonce.into(),
            Payload {
                msg: &wrapped[42..],
                aad: b"folge store key v1",
            },
        )
        .unwrap();
    assert_eq!(store_key, unhex(&file["secret"]["store_key"]));
}

// --- document batch ---

#[test]
fn document_batches() {
    let device = phone().id();
    let actor = Actor {
        device,
        nonce: [1, 2, 3, 4],
    };
    let meta = |wall_ms| ChangeMeta {
        wall_ms,
        reason: None,
    };
    let note = RecordId([0xc1; 16]);
    let (mut document, first) = Document::create(CrdtKind::Casefile, actor, &meta(NOW_MS)).unwrap();
    let participation = Participation::new("participant-000", "Fatima", "Dahl");
    let second = document
        .write(
            &Command::CreateParticipation(Box::new(participation)),
            &meta(NOW_MS + 1),
        )
        .unwrap();
    let record = Record::Note(Note {
        id: note,
        at: Instant(NOW_MS),
        text: "Ringte.".to_owned(),
    });
    let third = document
        .write(&Command::Record(record.clone()), &meta(NOW_MS + 2))
        .unwrap();
    let hashes = [first.hash, second.hash, third.hash];
    let file = committed(
        "batch",
        &json!({
            "actor": hex(&actor.to_bytes()),
            "changes": hashes.map(|hash| hash.to_string()),
            "raw_changes": [hex(&first.raw), hex(&second.raw), hex(&third.raw)],
            "first_two": hex(&document.encode_batch(&hashes[..2]).unwrap()),
            "third": hex(&document.encode_batch(&hashes[2..]).unwrap()),
            "all": hex(&document.encode_batch(&hashes).unwrap()),
        }),
    );

    let reader = Actor {
        device: DeviceId([0xee; 16]),
        nonce: [0; 4],
    };
    for batches in [vec!["first_two", "third"], vec!["all"]] {
        let mut copy = Document::empty(CrdtKind::Casefile, reader);
        for batch in batches {
            copy.apply_batch(&unhex(&file[batch]), device).unwrap();
        }
        assert_eq!(copy.heads(), document.heads());
        assert_eq!(copy.record(&RecordRef::Note(note)).unwrap().record, record);
    }
    // The last batch stands on changes that are not there.
    let mut empty = Document::empty(CrdtKind::Casefile, reader);
    assert!(empty.apply_batch(&unhex(&file["third"]), device).is_err());
}
