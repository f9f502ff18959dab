//! Bytes from outside that are not what they should be: valid messages, mutated, for every
//! decoder. What each must hold stands in `folge_tests::fuzzing`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::path::Path;

use folge_protocol::crypto::{SecretKey, workspace_id};
use folge_protocol::ids::{DocumentId, GroupId, Hash, PersonId};
use folge_protocol::membership::{
    Author, Body, DeviceKeys, DocumentEntry, DocumentKind, Entry, Founding, Membership, Role,
};
use folge_tests::fuzzing::{TARGETS, Target};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};

/// One thing that goes wrong on the way.
#[derive(Debug, Clone)]
enum Mutation {
    FlipBit(Index, u8),
    SetByte(Index, u8),
    Truncate(Index),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    Duplicate(Index, usize),
    /// The rest is another sample's from a place on.
    Splice(Index, Index, Index),
}

impl Mutation {
    fn apply(&self, bytes: &mut Vec<u8>, samples: &[Vec<u8>]) {
        let len = bytes.len();
        match self {
            Self::Insert(place, more) => {
                let place = place.index(len + 1);
                bytes.splice(place..place, more.iter().copied());
            }
            Self::Splice(place, other, from) => {
                let other = other.get(samples);
                bytes.truncate(place.index(len + 1));
                bytes.extend(&other[from.index(other.len() + 1)..]);
            }
            _ if len == 0 => {}
            Self::FlipBit(place, bit) => bytes[place.index(len)] ^= 1 << (bit % 8),
            Self::SetByte(place, byte) => bytes[place.index(len)] = *byte,
            Self::Truncate(place) => bytes.truncate(place.index(len)),
            Self::Remove(place, count) => {
                let place = place.index(len);
                bytes.drain(place..(place + count).min(len));
            }
            Self::Duplicate(place, count) => {
                let place = place.index(len);
                let part = bytes[place..(place + count).min(len)].to_vec();
                bytes.splice(place..place, part);
            }
        }
    }
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let place = any::<Index>;
    // Bytes that mean something in lengths, counts, tags and variable-length numbers.
    let byte = prop_oneof![
        Just(0_u8),
        Just(1),
        Just(0x7f),
        Just(0x80),
        Just(0xff),
        any::<u8>()
    ];
    prop_oneof![
        4 => (place(), any::<u8>()).prop_map(|(at, bit)| Mutation::FlipBit(at, bit)),
        4 => (place(), byte).prop_map(|(at, byte)| Mutation::SetByte(at, byte)),
        1 => place().prop_map(Mutation::Truncate),
        2 => (place(), prop::collection::vec(any::<u8>(), 1..20))
            .prop_map(|(at, more)| Mutation::Insert(at, more)),
        2 => (place(), 1_usize..40).prop_map(|(at, count)| Mutation::Remove(at, count)),
        2 => (place(), 1_usize..80).prop_map(|(at, count)| Mutation::Duplicate(at, count)),
        2 => (place(), place(), place())
            .prop_map(|(at, other, from)| Mutation::Splice(at, other, from)),
    ]
}

fn target(name: &str) -> &'static Target {
    TARGETS.iter().find(|target| target.name == name).unwrap()
}

/// Every sample is taken, no mutation of it breaks the decoder, no signature outlives one.
fn survives_mutation(name: &str) {
    let target = target(name);
    let samples = (target.samples)();
    for sample in &samples {
        assert!((target.check)(sample), "a sample of {name} is refused");
        assert!(
            target.verifies.is_none_or(|verifies| verifies(sample)),
            "a sample of {name} does not verify"
        );
    }
    let config = Config {
        cases: target.cases,
        failure_persistence: None,
        ..Config::default()
    };
    let mutations = prop::collection::vec(mutation(), 1..4);
    let outcome = TestRunner::new(config).run(
        &(any::<Index>(), mutations),
        |(sample, mutations): (Index, Vec<Mutation>)| {
            let mut bytes = sample.get(&samples).clone();
            for mutation in &mutations {
                mutation.apply(&mut bytes, &samples);
            }
            let taken = (target.check)(&bytes);
            if taken && !samples.contains(&bytes) {
                let verified = target.verifies.is_some_and(|verifies| verifies(&bytes));
                prop_assert!(!verified, "a mutated message verifies");
            }
            Ok(())
        },
    );
    if let Err(error) = outcome {
        panic!("{name}: {error}");
    }
}

macro_rules! decoders {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                survives_mutation(stringify!($name));
            }
        )*

        #[test]
        fn every_decoder_has_a_test_and_a_fuzz_target() {
            let tested = [$(stringify!($name)),*];
            let known: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
            assert_eq!(known, tested);
            let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz");
            let manifest = std::fs::read_to_string(fuzz.join("Cargo.toml")).unwrap();
            for name in tested {
                let path = format!("fuzz_targets/{name}.rs");
                assert!(fuzz.join(&path).exists(), "fuzz/{path} is missing");
                assert!(manifest.contains(&path), "fuzz/Cargo.toml lacks {path}");
            }
        }
    };
}

decoders! {
    envelope
    membership_entry
    grant
    grant_secret
    granted
    signed_request
    found_request
    sync_request
    sync_reply
    mark
    receipt
    relay_info
    relay_error
    live_hello
    content
    content_padded
    invitation_link
    thread_message
    visit_offer
    visit_answer
    visit_code
    confirmation_proof
    document_batch
    document_change
    document_snapshot
    store_unlock
    agreement_terms
    client_reply
    client_pack
    participant_state
    participant_reply
}

/// Not a test: `cargo xtask fuzz` calls it, so that fuzzing begins with valid messages.
#[test]
#[ignore = "writes files: cargo xtask fuzz calls it"]
fn write_the_fuzzing_corpus() {
    let folder = std::env::var_os("FOLGE_FUZZ_CORPUS").unwrap();
    for target in TARGETS {
        let folder = Path::new(&folder).join(target.name);
        std::fs::create_dir_all(&folder).unwrap();
        for (place, sample) in (target.samples)().iter().enumerate() {
            std::fs::write(folder.join(format!("sample-{place}")), sample).unwrap();
        }
    }
}

#[test]
fn the_log_holds_no_key_that_nothing_can_be_sealed_to() {
    let key = |byte: u8| SecretKey::from_seed(&[byte; 32]);
    let keys = |byte: u8, kem: [u8; 32]| DeviceKeys {
        sign: *key(byte).public().as_bytes(),
        kem,
    };
    let office = GroupId([2; 16]);
    let founding = |recovery, office_key, person_key, kem| Founding {
        root: *key(1).public().as_bytes(),
        recovery,
        office,
        office_key,
        person: PersonId([3; 16]),
        person_key,
        device: keys(4, kem),
        register: DocumentEntry {
            document: DocumentId([5; 16]),
            kind: DocumentKind::Register,
            commitment: Hash([6; 32]),
            readers: vec![office],
        },
    };
    let workspace = workspace_id(key(1).public().as_bytes());
    let found = |founding| {
        let body = Body::Founded(Box::new(founding));
        let entry = Entry::sign(workspace, 0, Hash::ZERO, 1, Author::Root, body, &key(1));
        Membership::found(&entry)
    };
    let (good, mut order_4) = ([9; 32], [0; 32]);
    order_4[0] = 1;
    for (tried, taken) in [(good, true), ([0; 32], false), (order_4, false)] {
        assert_eq!(found(founding(tried, good, good, good)).is_ok(), taken);
        assert_eq!(found(founding(good, tried, good, good)).is_ok(), taken);
        assert_eq!(found(founding(good, good, tried, good)).is_ok(), taken);
        assert_eq!(found(founding(good, good, good, tried)).is_ok(), taken);
        let (person, device) = (PersonId([7; 16]), keys(4, good).id());
        for body in [
            Body::PersonAdded {
                person,
                role: Role::Consultant,
                key: tried,
            },
            Body::DeviceAdded {
                person: PersonId([3; 16]),
                keys: keys(8, tried),
            },
            Body::Invited {
                keys: keys(8, tried),
                person: PersonId([3; 16]),
                expires_ms: 1000,
            },
        ] {
            let mut log = found(founding(good, good, good, good)).unwrap();
            let by = Author::Device(device);
            let entry = Entry::sign(workspace, 1, log.head(), 2, by, body, &key(4));
            assert_eq!(log.apply(&entry, 3).is_ok(), taken);
        }
    }
}
