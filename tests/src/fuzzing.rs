//! Every decoder of bytes from outside, as an ordinary function over bytes that fails by
//! panicking. The fuzz targets in `fuzz/` call these, and so do the property tests in
//! `tests/tests/malformed.rs`, which mutate the valid samples that stand here too.
//!
//! A decoder must not panic, must not take two encodings for one value, and must either take
//! bytes wholly or leave everything as it was.

#![expect(
    clippy::unwrap_used,
    reason = "samples are valid by construction, and a check fails by panicking"
)]

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use folge_core::attendance::{CodeKind, Offer, SignedOffer, read_code, sign_answer, write_code};
use folge_core::client::Client;
use folge_core::contract::deadlines::{self, OfficeFacts};
use folge_core::contract::terms::BUILT_IN;
use folge_core::contract::{Agreement, Case, Terms};
use folge_core::document::{Actor, ChangeHash, ChangeMeta, Command, Document, Record};
use folge_core::domain::work::Note;
use folge_core::domain::{
    Area, ClaimLine, ClaimPart, Drawing, DrawingProof, Instant, LocalDate, MeetingForm,
    Participation, PinProof, Proof, RecordId, ReportKind, SignedAnswer, Verdict, VisitAnswer,
    VisitDigest,
};
use folge_core::env::{Clock, Env, Reading};
use folge_core::envelope::{ClockRun, Content};
use folge_core::keys::{
    DeviceSecrets, Founded, Granted, InvitationLink, Issuer, KemSecret, Key32, LinkPage, Secret,
    Subject, seal_grant,
};
use folge_core::messages::{
    Export, Message, ReportCard, ReportPart, RequestState, Right, Saying, Stance, StoreLock,
    VisitCard,
};
use folge_core::store::{SCHEMA_VERSION, Store, Unlock};
use folge_core::sync::{Pack, RelayAddress};
use folge_protocol::codec::{Decode, Encode, Writer};
use folge_protocol::crypto::SecretKey;
use folge_protocol::envelope::{Envelope, EnvelopeBytes, EnvelopeKind, Header};
use folge_protocol::grant::{Grant, Recipient};
use folge_protocol::ids::{
    DeviceId, DocumentId, GroupId, Hash, InstanceId, InvitationId, PersonId, WorkspaceId,
};
use folge_protocol::membership::{
    Author, Body, DeviceKeys, DocumentEntry, DocumentKind, Entry, ErasureReason, Kept, Membership,
    Role,
};
use folge_protocol::wire::{
    Ack, Blob, Delivery, FoundRequest, LiveHello, Mark, NO_REQUEST, Receipt, Refusal, RefusalCode,
    Refused, RelayError, RelayInfo, Signed, StreamFrom, StreamHead, SyncReply, SyncRequest,
};
use folge_thread::Thread;
use sha2::{Digest, Sha256};

use crate::threads::{self, sign_anew};

/// A decoder under test.
#[derive(Debug)]
pub struct Target {
    /// Its name, which is the fuzz target's.
    pub name: &'static str,
    /// Gives bytes to the decoder and checks what comes of it; says whether it took them.
    pub check: fn(&[u8]) -> bool,
    /// Valid inputs to begin with.
    pub samples: fn() -> Vec<Vec<u8>>,
    /// For a signed message: whether the signature holds. No mutation's may.
    pub verifies: Option<fn(&[u8]) -> bool>,
    /// How many mutations of samples a test can afford.
    pub cases: u32,
}

const CHEAP: u32 = 4_000;
const DEAR: u32 = 1_500;

/// All of them.
pub const TARGETS: &[Target] = &[
    target("envelope", envelope, envelopes, Some(envelope_verifies)),
    target("membership_entry", entry, entries, Some(entry_verifies)),
    target("grant", one_encoding::<Grant>, grants, Some(grant_verifies)),
    target("grant_secret", one_encoding::<Secret>, grant_secrets, None),
    target("granted", one_encoding::<Granted>, granted, None),
    target(
        "signed_request",
        one_encoding::<Signed>,
        signed_requests,
        Some(request_verifies),
    ),
    target(
        "found_request",
        one_encoding::<FoundRequest>,
        found_requests,
        None,
    ),
    target(
        "sync_request",
        one_encoding::<SyncRequest>,
        sync_requests,
        None,
    ),
    target("sync_reply", one_encoding::<SyncReply>, sync_replies, None),
    target("mark", one_encoding::<Mark>, marks, Some(mark_verifies)),
    target(
        "receipt",
        one_encoding::<Receipt>,
        receipts,
        Some(receipt_verifies),
    ),
    target("relay_info", one_encoding::<RelayInfo>, relay_infos, None),
    target(
        "relay_error",
        one_encoding::<RelayError>,
        relay_errors,
        None,
    ),
    target("live_hello", one_encoding::<LiveHello>, live_hellos, None),
    target("content", one_encoding::<Content>, contents, None),
    target("content_padded", content_padded, padded_contents, None),
    target("invitation_link", invitation_link, invitation_links, None),
    target("thread_message", one_encoding::<Message>, messages, None),
    target(
        "visit_offer",
        one_encoding::<SignedOffer>,
        visit_offers,
        Some(offer_verifies),
    ),
    target(
        "visit_answer",
        one_encoding::<SignedAnswer>,
        visit_answers,
        Some(answer_verifies),
    ),
    target("visit_code", visit_code, visit_codes, None),
    target("confirmation_proof", confirmation_proof, proofs, None),
    dear("document_batch", document_batch, document_batches),
    dear("document_change", document_change, document_changes),
    dear("document_snapshot", document_snapshot, document_snapshots),
    dear("store_unlock", store_unlock, store_unlocks),
    dear("agreement_terms", agreement_terms, agreement_files),
    dear("client_reply", client_reply, sync_replies),
    dear("client_pack", client_pack, packs),
    dear("participant_state", participant_state, || {
        participant_states().to_vec()
    }),
    dear("participant_reply", participant_reply, sync_replies),
];

const fn target(
    name: &'static str,
    check: fn(&[u8]) -> bool,
    samples: fn() -> Vec<Vec<u8>>,
    verifies: Option<fn(&[u8]) -> bool>,
) -> Target {
    Target {
        name,
        check,
        samples,
        verifies,
        cases: CHEAP,
    }
}

const fn dear(
    name: &'static str,
    check: fn(&[u8]) -> bool,
    samples: fn() -> Vec<Vec<u8>>,
) -> Target {
    Target {
        name,
        check,
        samples,
        verifies: None,
        cases: DEAR,
    }
}

/// Gives bytes to the decoder of this name, as its fuzz target does.
pub fn check(name: &str, bytes: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name);
    assert!(target.is_some(), "there is no decoder {name}");
    if let Some(target) = target {
        (target.check)(bytes);
    }
}

// --- checks ---

/// What is accepted is the one encoding of its value.
fn one_encoding<T: Decode + Encode>(bytes: &[u8]) -> bool {
    let Ok(value) = T::from_bytes(bytes) else {
        return false;
    };
    assert!(value.to_bytes() == bytes, "two encodings of one value");
    true
}

/// The relay's reading (header only) and the client's agree on what an envelope is.
fn envelope(bytes: &[u8]) -> bool {
    let taken = one_encoding::<Envelope>(bytes);
    let whole = Envelope::from_bytes(bytes);
    let header = EnvelopeBytes::parse(bytes);
    match (whole, header) {
        (Ok(whole), Ok((kept, header))) => {
            assert!(whole.header == header, "two readings of one header");
            assert!(kept.as_bytes() == bytes, "an envelope changed on the way");
        }
        (whole, header) => assert!(
            whole.is_err() && header.is_err(),
            "relay and client disagree on what an envelope is"
        ),
    }
    taken
}

/// An entry that a log refuses leaves it as it was.
fn entry(bytes: &[u8]) -> bool {
    let taken = one_encoding::<Entry>(bytes);
    let Ok(entry) = Entry::from_bytes(bytes) else {
        return taken;
    };
    let _ = Membership::found(&entry);
    let world = World::new();
    let mut log = Membership::found(&world.founded.entry).unwrap();
    let before = log.clone();
    if log.apply(&entry, entry.time_ms).is_err() {
        assert!(before == log, "a refused entry changed the log");
    }
    taken
}

fn content_padded(bytes: &[u8]) -> bool {
    let Ok(content) = Content::from_padded(bytes) else {
        return false;
    };
    let again = Content::from_bytes(&content.to_bytes());
    assert!(again == Ok(content), "a content does not survive");
    true
}

/// People paste links: case and a slash too many do not matter, the meaning does.
fn invitation_link(bytes: &[u8]) -> bool {
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    let Ok(link) = InvitationLink::from_text(text) else {
        return false;
    };
    let written = link.to_text();
    let again = InvitationLink::from_text(&written);
    assert!(again.is_ok_and(|again| again.to_text() == written));
    true
}

/// People type codes: case, blanks and letters like digits do not matter, the meaning does.
fn visit_code(bytes: &[u8]) -> bool {
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    let mut taken = false;
    for kind in [CodeKind::Offer, CodeKind::Answer] {
        let Some(read) = read_code(kind, text) else {
            continue;
        };
        assert!(!taken, "one code of two kinds");
        let written = write_code(kind, &read);
        assert!(read_code(kind, &written).is_some_and(|again| again == read));
        taken = true;
    }
    taken
}

/// A proof has one spelling, and what it holds is within its limits.
fn confirmation_proof(bytes: &[u8]) -> bool {
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    let Ok(proof) = text.parse::<Proof>() else {
        return false;
    };
    assert!(proof.to_string() == text, "two spellings of one proof");
    if let Proof::Drawing(drawn) = proof {
        let strokes = drawn.drawing.strokes().to_vec();
        assert!(
            Drawing::new(strokes).is_ok(),
            "a drawing outside its limits"
        );
        let _ = drawn.drawing.to_svg();
    }
    true
}

/// A batch is taken wholly or not at all.
fn document_batch(bytes: &[u8]) -> bool {
    // Behind the batch's own header and its list of heads.
    let heads = bytes.get(11..15).and_then(|count| count.try_into().ok());
    let heads = heads.map_or(0, u32::from_be_bytes) as usize;
    let chunk_at = heads.saturating_mul(32).saturating_add(15);
    batch_as_it_is(&repaired(bytes, chunk_at));
    batch_as_it_is(bytes)
}

/// The bytes with the right checksum in the automerge chunk that begins at a place: without it
/// hardly a mutation gets further than the checksum.
fn repaired(bytes: &[u8], chunk_at: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    if let Some((head, body)) = bytes
        .get_mut(chunk_at..)
        .and_then(|chunk| chunk.split_at_mut_checked(8))
    {
        head[4..].copy_from_slice(&Sha256::digest(body)[..4]);
    }
    bytes
}

fn batch_as_it_is(bytes: &[u8]) -> bool {
    let mut taken = true;
    for mut document in [empty_casefile(2), written_casefile(2)] {
        let before = document.heads();
        match document.apply_batch(bytes, actor(1).device) {
            Ok(applied) => {
                let there = applied.hashes.iter().all(|hash| document.has_change(hash));
                assert!(there, "an accepted change is missing");
                look_at(&document);
            }
            Err(_) => {
                taken = false;
                assert!(document.heads() == before, "a refused batch left a trace");
            }
        }
    }
    taken
}

fn document_change(bytes: &[u8]) -> bool {
    change_as_it_is(&repaired(bytes, 0));
    change_as_it_is(bytes)
}

fn change_as_it_is(bytes: &[u8]) -> bool {
    let mut taken = false;
    for mut document in [empty_casefile(2), written_casefile(1)] {
        let before = (document.heads(), document.change_count());
        match document.apply_raw(bytes) {
            Ok(_) => {
                taken = true;
                look_at(&document);
            }
            Err(_) => assert!(
                (document.heads(), document.change_count()) == before,
                "a refused change left a trace"
            ),
        }
    }
    taken
}

fn document_snapshot(bytes: &[u8]) -> bool {
    snapshot_as_it_is(&repaired(bytes, 0));
    snapshot_as_it_is(bytes)
}

fn snapshot_as_it_is(bytes: &[u8]) -> bool {
    let kind = folge_core::document::DocumentKind::Casefile;
    let loaded = Document::load(kind, actor(3), bytes);
    if let Ok(document) = &loaded {
        look_at(document);
        let again = Document::load(kind, actor(3), &document.save());
        assert!(again.is_ok_and(|again| again.heads() == document.heads()));
    }
    let expected: Vec<ChangeHash> = written_casefile(1).heads();
    let mut document = empty_casefile(2);
    match document.apply_snapshot(bytes, &expected) {
        Ok(applied) => {
            assert!(document.heads() == expected, "other heads than expected");
            let there = applied
                .changes
                .iter()
                .all(|(_, hash)| document.has_change(hash));
            assert!(there, "an accepted change is missing");
        }
        Err(_) => assert!(
            document.change_count() == 0,
            "a refused snapshot left a trace"
        ),
    }
    loaded.is_ok()
}

/// Reads all that a document has, as lists and views do.
fn look_at(document: &Document) {
    let _ = document.access();
    for record in document.records() {
        let _ = document.record(&record);
    }
}

/// Whatever terms a file gives: what is taken is sound, survives the register's form, and every rule
/// about a participation comes to an end with it.
fn agreement_terms(bytes: &[u8]) -> bool {
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    let Ok(terms) = Terms::from_toml(text) else {
        return false;
    };
    assert!(terms.check().is_ok());
    let kept = serde_json::to_string(&terms).unwrap_or_default();
    assert!(serde_json::from_str::<Terms>(&kept).is_ok_and(|again| again == terms));
    let now = Instant(1_767_596_400_000);
    let (from, today) = (now.date().plus_days(-500), now.date());
    let agreement = Agreement::new("a".into(), from, terms);
    let mut participation = Participation::new("p", "A", "B");
    participation.ordered = Some(from);
    participation.start = Some(from.plus_days(20));
    participation.end = Some(today.plus_days(-20));
    let case = Case::new(&participation);
    let due = deadlines::of_participation(&case, &agreement, &BTreeMap::new(), today);
    assert!(!due.is_empty());
    let office = deadlines::of_agreement(&agreement, &OfficeFacts::default(), now);
    assert!(!office.is_empty());
    true
}

fn agreement_files() -> Vec<Vec<u8>> {
    BUILT_IN.map(|(_, text)| text.as_bytes().to_vec()).to_vec()
}

/// Of all store headers, only the right one opens; no other costs memory or time.
fn store_unlock(bytes: &[u8]) -> bool {
    let right = store_unlocks();
    let conn = rusqlite::Connection::open_in_memory().unwrap();
    conn.execute_batch("CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL)")
        .unwrap();
    conn.pragma_update(None, "user_version", SCHEMA_VERSION)
        .unwrap();
    conn.execute("INSERT INTO meta VALUES ('unlock', ?1)", [bytes])
        .unwrap();
    let opened = Store::open_in(conn, &unlock(), &mut env());
    assert!(
        opened.is_ok() == right.iter().any(|right| right == bytes),
        "a store header that nobody wrote opens"
    );
    opened.is_ok()
}

fn founded_client() -> Client {
    let conn = rusqlite::Connection::open_in_memory().unwrap();
    let store = Store::create_in(conn, &unlock(), &mut env()).unwrap();
    let relay = RelayAddress {
        url: "http://127.0.0.1:1".to_owned(),
        key: *key(9).public().as_bytes(),
    };
    Client::found(store, env(), relay, "").unwrap().0
}

/// A client takes any bytes for what another device hands over, and nothing in it for its own.
fn client_pack(bytes: &[u8]) -> bool {
    let mut client = founded_client();
    let taken = client.take_pack(bytes);
    let pack = Pack::from_bytes(bytes);
    assert!(taken.is_ok() == pack.is_ok(), "a pack is taken by halves");
    assert!(taken.unwrap_or(0) == 0, "an envelope of another workspace");
    assert!(client.held().unwrap().is_empty());
    one_encoding::<Pack>(bytes)
}

/// A client takes any bytes for a reply without a panic, and goes on asking.
fn client_reply(bytes: &[u8]) -> bool {
    let mut client = founded_client();
    let asked = client.sync_request().unwrap();
    let _ = client.sync_reply(bytes);
    let _ = client.live_frame(bytes);
    assert!(!asked.body.is_empty());
    let asked = client.sync_request().unwrap();
    assert!(client.has_sync_work().unwrap(), "nothing was acknowledged");
    // The same from a relay that says such things under its own signature, in answer to this
    // client.
    let Ok(mut reply) = SyncReply::from_bytes(bytes) else {
        return false;
    };
    let workspace = client.identity().workspace;
    reply.receipt.answers = Signed::from_bytes(&asked.body).unwrap().nonce;
    reply.sign(workspace, &key(9));
    let _ = client.sync_reply(&reply.to_bytes());
    reply.receipt.answers = NO_REQUEST;
    reply.sign(workspace, &key(9));
    let _ = client.live_frame(&reply.to_bytes());
    assert!(client.sync_request().is_ok(), "the client stopped asking");
    true
}

/// What a participant's page kept is read wholly or not at all, and says the same when it is kept
/// again. Whatever was read can be shown and goes on asking.
fn participant_state(bytes: &[u8]) -> bool {
    match Thread::deserialize(bytes, env()) {
        Ok(folge_thread::Kept::Thread(mut thread)) => {
            let _ = (thread.meetings(), thread.reports(), thread.requests());
            let _ = (
                thread.own_data_json(&|ms| ms.to_string()),
                thread.unreadable(),
            );
            let _ = thread.request();
            // Refused is refused: the state can be kept all the same.
            let again = Thread::deserialize(&thread.serialize(), env());
            assert!(again.is_ok(), "what was kept cannot be read");
            true
        }
        Ok(folge_thread::Kept::Erased) => true,
        Err(_) => false,
    }
}

/// A participant's page takes any bytes for a reply without a panic, under the relay's signature
/// too, and goes on asking.
fn participant_reply(bytes: &[u8]) -> bool {
    let mut taken = false;
    for state in participant_states() {
        let Ok(folge_thread::Kept::Thread(mut thread)) = Thread::deserialize(state, env()) else {
            continue;
        };
        let Ok(asked) = thread.request() else {
            continue;
        };
        assert!(thread.reply(bytes).is_err(), "nobody signed it");
        let Ok(reply) = SyncReply::from_bytes(bytes) else {
            continue;
        };
        let before = thread.lines();
        let refused = thread.reply(&sign_anew(reply, &asked.body)).is_err();
        assert!(!refused || thread.lines() == before, "half of it was taken");
        assert!(Thread::deserialize(&thread.serialize(), env()).is_ok());
        taken = true;
    }
    taken
}

/// A page that was opened by its link, and one that is in and has something to answer.
fn participant_states() -> &'static [Vec<u8>] {
    static STATES: std::sync::OnceLock<Vec<Vec<u8>>> = std::sync::OnceLock::new();
    STATES.get_or_init(|| {
        let (mut world, _) = threads::World::invited("fuzzing");
        let joining = world.own.serialize();
        world.sync_own().unwrap();
        world.sync_staff();
        world.shown();
        let card = world.own.meetings()[0].card.clone();
        let verdict = Verdict::Wrong("Det var en halv time".into());
        world.own.answer(card.visit, card.digest, verdict).unwrap();
        world.own.set_draft("absence", "Jeg kan ikke");
        let waiting = world.own.serialize();
        world.own.request().unwrap();
        vec![joining, waiting, world.own.serialize()]
    })
}

// --- signatures: a mutated message that still decodes must not verify ---

fn envelope_verifies(bytes: &[u8]) -> bool {
    Envelope::from_bytes(bytes).is_ok_and(|envelope| envelope.verify(&key(1).public()).is_ok())
}

fn entry_verifies(bytes: &[u8]) -> bool {
    let world = World::new();
    let keys = [key(1), world.founded.recovery.root(), key(8)];
    Entry::from_bytes(bytes)
        .is_ok_and(|entry| keys.iter().any(|key| entry.verify(&key.public()).is_ok()))
}

fn grant_verifies(bytes: &[u8]) -> bool {
    Grant::from_bytes(bytes).is_ok_and(|grant| grant.verify(&key(1).public()).is_ok())
}

fn request_verifies(bytes: &[u8]) -> bool {
    let relay = *key(9).public().as_bytes();
    Signed::from_bytes(bytes)
        .is_ok_and(|signed| signed.verify(&relay, "/v1/sync", &key(1).public()).is_ok())
}

fn mark_verifies(bytes: &[u8]) -> bool {
    Mark::from_bytes(bytes).is_ok_and(|mark| mark.verify(&key(1).public()).is_ok())
}

fn receipt_verifies(bytes: &[u8]) -> bool {
    Receipt::from_bytes(bytes)
        .is_ok_and(|receipt| receipt.verify(WORKSPACE, &key(9).public()).is_ok())
}

fn offer_verifies(bytes: &[u8]) -> bool {
    SignedOffer::from_bytes(bytes).is_ok_and(|signed| signed.is_of(&key(1).public()))
}

fn answer_verifies(bytes: &[u8]) -> bool {
    SignedAnswer::from_bytes(bytes).is_ok_and(|signed| {
        let hash = signed.answer.hash();
        key(1).public().verify(&hash, &signed.signature).is_ok()
    })
}

// --- a small world, the same at each call ---

const WORKSPACE: WorkspaceId = WorkspaceId([1; 16]);
const DOCUMENT: DocumentId = DocumentId([2; 16]);
const INSTANCE: InstanceId = InstanceId([3; 16]);
const NOW_MS: u64 = 1_767_596_400_000;

struct Still;

impl Clock for Still {
    fn wall_ms(&self) -> i64 {
        1_767_596_400_000
    }
    fn monotonic_ms(&self) -> u64 {
        5_000
    }
    fn boot(&self) -> u32 {
        1
    }
}

/// Randomness that is the same in every run.
struct Counter(u64);

impl rand_core::TryRng for Counter {
    type Error = Infallible;
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.try_next_u64()
            .map(|word| u32::try_from(word >> 32).unwrap_or_default())
    }
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let step = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = step.wrapping_add(1_442_695_040_888_963_407);
        Ok(self.0)
    }
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for byte in bytes {
            *byte = self.try_next_u64()?.to_be_bytes()[0];
        }
        Ok(())
    }
}

impl rand_core::TryCryptoRng for Counter {}

fn env() -> Env {
    Env::new(Arc::new(Still), Box::new(Counter(1)))
}

fn key(n: u8) -> SecretKey {
    SecretKey::from_seed(&[n; 32])
}

fn unlock() -> Unlock {
    Unlock::Secret(Key32::new([7; 32]))
}

struct World {
    founded: Founded,
}

impl World {
    fn new() -> Self {
        let device = DeviceSecrets::from_seed(Key32::new([1; 32]));
        let founded = Founded::make(&device, &Key32::new([2; 32]), &mut env()).unwrap();
        Self { founded }
    }
}

fn encoded<T: Encode>(values: &[T]) -> Vec<Vec<u8>> {
    values.iter().map(Encode::to_bytes).collect()
}

// --- samples ---

fn header(sequence: u64) -> Header {
    Header {
        workspace: WORKSPACE,
        document: DOCUMENT,
        kind: EnvelopeKind::Change,
        device: DeviceId(key(1).public().id()),
        sequence,
        previous: if sequence == 1 {
            Hash::ZERO
        } else {
            Hash([4; 32])
        },
        generation: 0,
        commitment: Hash::ZERO,
        seen_number: sequence - 1,
        seen_head: Hash([5; 32]),
    }
}

fn content() -> Content {
    Content {
        sealed: Reading {
            wall_ms: 1_767_596_400_000,
            monotonic_ms: 77,
            boot: 1,
        },
        clocks: vec![ClockRun {
            count: 3,
            boot: 1,
            offset_s: 1_767_596_400,
            seen_number: 0,
        }],
        instance: Some(INSTANCE),
        log_len: 4,
        log_head: Hash([6; 32]),
        batch: document_batches().remove(0),
    }
}

fn envelopes() -> Vec<Vec<u8>> {
    let document_key = Key32::new([6; 32]);
    let seal = |sequence, kind, content: &Content| {
        let mut header = header(sequence);
        header.kind = kind;
        folge_core::envelope::seal(header, content, &document_key, [8; 24], &key(1))
    };
    let mut small = content();
    small.batch.clear();
    encoded(&[
        seal(1, EnvelopeKind::Change, &content()),
        seal(2, EnvelopeKind::Snapshot, &small),
        seal(3, EnvelopeKind::Message, &small),
    ])
}

fn entries() -> Vec<Vec<u8>> {
    let world = World::new();
    let founding = &world.founded.entry;
    let person = PersonId([10; 16]);
    let device = DeviceId(key(1).public().id());
    let keys = DeviceKeys {
        sign: *key(8).public().as_bytes(),
        kem: KemSecret(Key32::new([11; 32])).public().0,
    };
    let document = DocumentEntry {
        document: DOCUMENT,
        kind: DocumentKind::Casefile,
        commitment: Hash([12; 32]),
        readers: vec![GroupId(person.0), GroupId([13; 16])],
    };
    let bodies = vec![
        Body::PersonAdded {
            person,
            role: Role::Consultant,
            key: keys.kem,
        },
        Body::DeviceAdded { person, keys },
        Body::EpochTurned {
            group: GroupId([13; 16]),
            epoch: 1,
            key: keys.kem,
            severs: true,
        },
        Body::Invited {
            keys,
            person,
            expires_ms: NOW_MS,
        },
        Body::InvitationRevoked {
            invitation: InvitationId([14; 16]),
        },
        Body::DeviceRevoked { device },
        Body::PersonRevoked { person },
        Body::RoleChanged {
            person,
            role: Role::Auditor,
        },
        Body::DocumentsAdded {
            documents: vec![document.clone(), document],
        },
        Body::ReadersChanged {
            document: DOCUMENT,
            readers: vec![GroupId(person.0)],
        },
        Body::GenerationTurned {
            document: DOCUMENT,
            generation: 1,
            commitment: Hash([15; 32]),
        },
        Body::Erased {
            document: DOCUMENT,
            reason: ErasureReason::Instruction,
        },
        Body::Vouched {
            kept: vec![Kept {
                device,
                document: DOCUMENT,
                sequence: 7,
            }],
        },
        Body::ErasureConfirmed { upto: 5 },
    ];
    let sign = |author, body, signer: &SecretKey| {
        let previous = founding.hash();
        Entry::sign(
            founding.workspace,
            1,
            previous,
            NOW_MS,
            author,
            body,
            signer,
        )
    };
    let mut entries: Vec<Entry> = bodies
        .into_iter()
        .map(|body| sign(Author::Device(device), body, &key(1)))
        .collect();
    let invited = Author::Invitation(InvitationId(key(8).public().id()));
    entries.push(sign(invited, Body::DeviceAdded { person, keys }, &key(8)));
    entries.push(founding.clone());
    encoded(&entries)
}

fn secrets() -> Vec<Secret> {
    let key = Key32::new([16; 32]);
    let of = |subject| Secret {
        subject,
        key: key.clone(),
    };
    vec![
        of(Subject::Group(GroupId([13; 16]), 2)),
        of(Subject::Document(DOCUMENT, 3)),
    ]
}

fn grant_secrets() -> Vec<Vec<u8>> {
    encoded(&secrets())
}

fn grants() -> Vec<Vec<u8>> {
    let signer = key(1);
    let issuer = Issuer {
        workspace: WORKSPACE,
        device: DeviceId(signer.public().id()),
        key: &signer,
    };
    let public = KemSecret(Key32::new([11; 32])).public();
    let recipients = [
        Recipient::Invitation(InvitationId([14; 16])),
        Recipient::Group(GroupId([13; 16]), 4),
        Recipient::Recovery,
    ];
    let secrets = Granted::Secrets(secrets());
    let grants =
        recipients.map(|to| seal_grant(&issuer, to, &public, &secrets, &mut Counter(2)).unwrap());
    encoded(&grants)
}

/// What a grant holds, opened.
fn granted() -> Vec<Vec<u8>> {
    encoded(&[
        Granted::Secrets(secrets()),
        Granted::Secrets(Vec::new()),
        Granted::Parcel(envelopes().remove(0)),
    ])
}

fn packs() -> Vec<Vec<u8>> {
    encoded(&[Pack(envelopes()), Pack(Vec::new())])
}

fn messages() -> Vec<Vec<u8>> {
    let text = || "Møte onsdag klokken ni".to_owned();
    let sayings = [
        Saying::Notice(text()),
        Saying::Comment(String::new()),
        Saying::Request {
            right: Right::Objection,
            text: text(),
        },
        Saying::Answer {
            to: RecordId([23; 16]),
            state: RequestState::Declined,
            text: text(),
        },
        Saying::Opened(DOCUMENT),
        Saying::Exported {
            what: Export::Audit,
            document: Some(DOCUMENT),
        },
        Saying::Exported {
            what: Export::Archive,
            document: None,
        },
        Saying::Lost {
            device: DeviceId([24; 16]),
            noticed_ms: -1,
            lock: StoreLock::Unknown,
        },
        Saying::ClaimPart(ClaimPart {
            participation: DOCUMENT,
            agreement: "oppfolging-agder".into(),
            month: "2026-02".parse().unwrap_or_else(|_| Instant(0).month()),
            lines: vec![ClaimLine {
                month: "2026-01".parse().unwrap_or_else(|_| Instant(0).month()),
                area: Some(Area("B".into())),
                price_ore: 71_250,
                quantity: -3,
                amount_ore: -53_438,
            }],
        }),
        Saying::Card(VisitCard {
            visit: RecordId([26; 16]),
            digest: VisitDigest([27; 32]),
            start: Instant(1_767_596_400_000),
            end: Instant(1_767_600_000_000),
            form: MeetingForm::Video,
            consultant: text(),
            place: String::new(),
        }),
        Saying::Confirmed {
            visit: RecordId([26; 16]),
            digest: VisitDigest([27; 32]),
            verdict: Verdict::Yes,
        },
        Saying::Confirmed {
            visit: RecordId([26; 16]),
            digest: VisitDigest([27; 32]),
            verdict: Verdict::Wrong(text()),
        },
        Saying::Report(ReportCard {
            report: RecordId([28; 16]),
            kind: ReportKind::JointPlan,
            title: text(),
            from: LocalDate::new(2026, 1, 5),
            until: None,
            parts: vec![
                ReportPart {
                    heading: text(),
                    text: text(),
                },
                ReportPart {
                    heading: String::new(),
                    text: String::new(),
                },
            ],
        }),
        Saying::Opinion {
            of: RecordId([25; 16]),
            stance: Stance::Disagree,
            text: text(),
        },
        Saying::Absent {
            from: Instant(1_767_596_400_000).date(),
            until: Instant(1_767_696_400_000).date(),
            text: text(),
        },
    ];
    encoded(&sayings.map(|saying| Message {
        id: RecordId([25; 16]),
        wall_ms: 1_767_596_400_000,
        saying,
    }))
}

fn signed_requests() -> Vec<Vec<u8>> {
    let relay = *key(9).public().as_bytes();
    let sign = |payload| {
        Signed::sign(
            &relay,
            "/v1/sync",
            WORKSPACE,
            NOW_MS,
            [18; 16],
            payload,
            &key(1),
        )
    };
    let mut payloads = sync_requests();
    payloads.push(Vec::new());
    encoded(&payloads.into_iter().map(sign).collect::<Vec<_>>())
}

fn found_requests() -> Vec<Vec<u8>> {
    let entry = World::new().founded.entry.to_bytes();
    let of = |token: &[u8]| FoundRequest {
        token: token.to_vec(),
        entry: Blob(entry.clone()),
    };
    encoded(&[of(b""), of(b"a founding token")])
}

fn mark() -> Mark {
    Mark::sign(DOCUMENT, 7, Hash([19; 32]), &key(1))
}

fn marks() -> Vec<Vec<u8>> {
    encoded(&[mark()])
}

fn sync_requests() -> Vec<Vec<u8>> {
    let empty = SyncRequest {
        instance: None,
        cursor: 0,
        log_len: 0,
        entries: Vec::new(),
        grants: Vec::new(),
        envelopes: Vec::new(),
        marks: Vec::new(),
        fetch: Vec::new(),
        returning: false,
    };
    let full = SyncRequest {
        instance: Some(INSTANCE),
        cursor: 41,
        log_len: 3,
        entries: entries().into_iter().take(2).map(Blob).collect(),
        grants: grants().into_iter().take(2).map(Blob).collect(),
        envelopes: envelopes().into_iter().map(Blob).collect(),
        marks: vec![mark(), mark()],
        fetch: vec![StreamFrom {
            document: DOCUMENT,
            from: 5,
        }],
        returning: true,
    };
    encoded(&[empty, full])
}

fn receipt() -> Receipt {
    let head = StreamHead {
        document: DOCUMENT,
        number: 7,
        head: Hash([19; 32]),
    };
    signed(Receipt::unsigned(
        INSTANCE,
        [3; 16],
        NOW_MS,
        vec![head, head],
    ))
}

fn signed(mut receipt: Receipt) -> Receipt {
    receipt.sign(WORKSPACE, &key(9));
    receipt
}

fn receipts() -> Vec<Vec<u8>> {
    let none = signed(Receipt::unsigned(INSTANCE, NO_REQUEST, NOW_MS, Vec::new()));
    encoded(&[receipt(), none])
}

fn sync_replies() -> Vec<Vec<u8>> {
    let device = DeviceId(key(1).public().id());
    let refused = [
        (Refused::Entry(0), RefusalCode::NotAllowed),
        (Refused::Grant(1), RefusalCode::SequenceConflict),
        (Refused::Envelope(2), RefusalCode::SequenceGap),
        (Refused::Mark(3), RefusalCode::UnknownDocument),
        (Refused::Fetch(4), RefusalCode::Malformed),
        (Refused::Entry(5), RefusalCode::Quota),
        (Refused::Grant(6), RefusalCode::LogConflict),
        (Refused::Envelope(7), RefusalCode::InvitationSpent),
        (Refused::Grant(8), RefusalCode::StaleKey),
    ];
    let full = SyncReply {
        position: 42,
        more: true,
        log_len: 4,
        entries: entries().into_iter().take(2).map(Blob).collect(),
        grants: grants().into_iter().take(2).map(Blob).collect(),
        acks: vec![Ack {
            document: DOCUMENT,
            device,
            sequence: 1,
            number: 6,
            accepted_ms: NOW_MS,
        }],
        refusals: refused.map(|(what, code)| Refusal { what, code }).to_vec(),
        deliveries: envelopes()
            .into_iter()
            .map(|bytes| Delivery {
                number: 7,
                accepted_ms: NOW_MS,
                envelope: Blob(bytes),
            })
            .collect(),
        marks: vec![mark()],
        receipt: receipt(),
    };
    let empty = SyncReply {
        more: false,
        entries: Vec::new(),
        grants: Vec::new(),
        acks: Vec::new(),
        refusals: Vec::new(),
        deliveries: Vec::new(),
        marks: Vec::new(),
        ..full.clone()
    };
    encoded(&[full, empty])
}

fn relay_infos() -> Vec<Vec<u8>> {
    encoded(&[RelayInfo {
        key: *key(9).public().as_bytes(),
        instance: INSTANCE,
        now_ms: NOW_MS,
    }])
}

fn relay_errors() -> Vec<Vec<u8>> {
    encoded(&[
        RelayError::Malformed,
        RelayError::Unauthorized,
        RelayError::ClockSkew { now_ms: NOW_MS },
        RelayError::Replayed,
        RelayError::UnknownWorkspace,
        RelayError::TooLarge,
        RelayError::Busy {
            retry_after_ms: 500,
        },
        RelayError::FoundingClosed,
        RelayError::Unavailable,
    ])
}

fn live_hellos() -> Vec<Vec<u8>> {
    encoded(&[LiveHello {
        instance: INSTANCE,
        cursor: 42,
        log_len: 4,
    }])
}

fn contents() -> Vec<Vec<u8>> {
    encoded(&[content()])
}

/// As sealing does it: deflated, its length before it, zeros behind it up to a bucket.
fn padded_contents() -> Vec<Vec<u8>> {
    let pad = |content: Vec<u8>| {
        let mut out = Writer::new();
        out.bytes(&miniz_oxide::deflate::compress_to_vec(&content, 6));
        let mut padded = out.finish();
        padded.resize(folge_core::envelope::padme(padded.len()), 0);
        padded
    };
    contents().into_iter().map(pad).collect()
}

fn offers() -> Vec<SignedOffer> {
    let of = |place: &str| Offer {
        workspace: WORKSPACE,
        thread: DOCUMENT,
        card: VisitCard {
            visit: RecordId([24; 16]),
            digest: VisitDigest([25; 32]),
            start: Instant(1_772_434_800_000),
            end: Instant(1_772_438_400_000),
            form: MeetingForm::Video,
            consultant: "Kari Li".to_owned(),
            place: place.to_owned(),
        },
        device: DeviceId([26; 16]),
        at: Instant(1_772_438_500_000),
        challenge: [27; 16],
    };
    ["", "Lager AS"]
        .map(|place| of(place).sign(&key(1)))
        .to_vec()
}

fn answers() -> Vec<SignedAnswer> {
    let verdicts = [
        Verdict::Yes,
        Verdict::No,
        Verdict::Wrong("Det var en time".to_owned()),
    ];
    let of = |verdict| VisitAnswer {
        workspace: WORKSPACE,
        thread: DOCUMENT,
        visit: RecordId([24; 16]),
        digest: VisitDigest([25; 32]),
        start: Instant(1_772_434_800_000),
        end: Instant(1_772_438_400_000),
        form: MeetingForm::InPerson,
        verdict,
        challenge: [27; 16],
        offered_at: Instant(1_772_438_500_000),
        offered_by: DeviceId([26; 16]),
        message: RecordId([28; 16]),
        at: Instant(1_772_438_600_000),
        device: DeviceId([29; 16]),
    };
    verdicts
        .map(|verdict| sign_answer(of(verdict), &key(1)))
        .to_vec()
}

fn visit_offers() -> Vec<Vec<u8>> {
    encoded(&offers())
}

fn visit_answers() -> Vec<Vec<u8>> {
    encoded(&answers())
}

fn visit_codes() -> Vec<Vec<u8>> {
    let offers = visit_offers()
        .into_iter()
        .map(|bytes| (CodeKind::Offer, bytes));
    let answers = visit_answers()
        .into_iter()
        .map(|bytes| (CodeKind::Answer, bytes));
    let short = [(CodeKind::Answer, b"ja".to_vec())];
    let codes = offers.chain(answers).chain(short);
    codes
        .map(|(kind, bytes)| write_code(kind, &bytes).into_bytes())
        .collect()
}

fn proofs() -> Vec<Vec<u8>> {
    let strokes = vec![vec![(3, 4), (500, 600), (20, 1000)], vec![(7, 7)]];
    let drawn = DrawingProof {
        device: DeviceId([26; 16]),
        signature: [30; 64],
        drawing: Drawing::new(strokes).unwrap(),
    };
    let pin = PinProof {
        key: RecordId([31; 16]),
        signature: [32; 64],
    };
    let mut proofs = vec![Proof::Pin(pin), Proof::Drawing(Box::new(drawn))];
    let answers = answers().into_iter();
    proofs.extend(answers.map(|answer| Proof::Answer(Box::new(answer))));
    let texts = proofs.iter().map(Proof::to_string);
    texts.map(String::into_bytes).collect()
}

fn invitation_links() -> Vec<Vec<u8>> {
    let link = |url: &str| InvitationLink {
        page: LinkPage::Staff,
        app_url: None,
        relay_url: url.to_owned(),
        relay_key: [1; 32],
        workspace: WORKSPACE,
        person: PersonId([10; 16]),
        secret: Key32::new([4; 32]),
    };
    let plain = ["https://relay.example.no", "http://127.0.0.1:8787"].map(link);
    let elsewhere = link("https://relay.example.no").served_from("https://app.example.no");
    let participant = InvitationLink {
        page: LinkPage::Participant,
        ..elsewhere.clone()
    };
    let all = plain.into_iter().chain([elsewhere, participant]);
    all.map(|link| link.to_text().into_bytes()).collect()
}

fn actor(n: u8) -> Actor {
    Actor {
        device: DeviceId([n; 16]),
        nonce: [n, 0, 0, 1],
    }
}

fn empty_casefile(n: u8) -> Document {
    Document::empty(folge_core::document::DocumentKind::Casefile, actor(n))
}

/// A casefile that was only just made, and the change that made it.
fn created_casefile(n: u8) -> (Document, Vec<folge_core::document::Written>) {
    let meta = ChangeMeta {
        wall_ms: 1_767_596_400_000,
        reason: None,
    };
    let kind = folge_core::document::DocumentKind::Casefile;
    let (document, first) = Document::create(kind, actor(n), &meta).unwrap();
    (document, vec![first])
}

/// A casefile with its participation and two notes, and the changes that made it.
fn filled_casefile(n: u8) -> (Document, Vec<folge_core::document::Written>) {
    let (mut document, mut changes) = created_casefile(n);
    let participation = Participation::new("participant-000", "Fatima", "Dahl");
    let note = |id: u8, text: &str| {
        Command::Record(Record::Note(Note {
            id: RecordId([id; 16]),
            at: Instant(1_767_596_400_000),
            text: text.to_owned(),
        }))
    };
    let commands = [
        Command::CreateParticipation(Box::new(participation)),
        note(21, "Ønsker å begynne på lager."),
        note(22, "Ringte; ikke svar."),
    ];
    for (step, command) in commands.into_iter().enumerate() {
        let meta = ChangeMeta {
            wall_ms: 1_767_596_400_000 + i64::try_from(step).unwrap_or_default(),
            reason: None,
        };
        changes.push(document.write(&command, &meta).unwrap());
    }
    (document, changes)
}

fn written_casefile(n: u8) -> Document {
    filled_casefile(n).0
}

fn document_batches() -> Vec<Vec<u8>> {
    let (document, changes) = filled_casefile(1);
    let hashes: Vec<ChangeHash> = changes.iter().map(|change| change.hash).collect();
    vec![
        document.encode_batch(&hashes).unwrap(),
        document.encode_batch(&hashes[..2]).unwrap(),
    ]
}

fn document_changes() -> Vec<Vec<u8>> {
    let (_, changes) = filled_casefile(1);
    changes.into_iter().map(|change| change.raw).collect()
}

fn document_snapshots() -> Vec<Vec<u8>> {
    vec![written_casefile(1).save(), empty_casefile(1).save()]
}

fn store_unlocks() -> Vec<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    drop(Store::create(&path, &unlock(), &mut env()).unwrap());
    let conn = rusqlite::Connection::open(&path).unwrap();
    let read = "SELECT value FROM meta WHERE name = 'unlock'";
    vec![conn.query_row(read, [], |row| row.get(0)).unwrap()]
}
