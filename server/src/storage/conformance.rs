//! What every [`Storage`] must do, as one suite: run it over each implementation.
//!
//! It panics, by an assertion, where an implementation deviates.

use folge_protocol::codec::Encode;
use folge_protocol::crypto::SecretKey;
use folge_protocol::envelope::{Envelope, EnvelopeKind, Header, envelope_hash};
use folge_protocol::grant::Recipient;
use folge_protocol::ids::{DeviceId, DocumentId, GroupId, Hash, InstanceId, WorkspaceId};
use folge_protocol::wire::Mark;

use super::{
    NewEnvelope, Placed, Seeds, Storage, StorageError, StoredEnvelope, Want, WorkspaceRow,
};

const WORKSPACE: WorkspaceId = WorkspaceId([1; 16]);
const OTHER: WorkspaceId = WorkspaceId([2; 16]);
const DOCUMENT: DocumentId = DocumentId([3; 16]);
const ALL: u64 = u64::MAX;

type Outcome = Result<(), StorageError>;

/// Runs the suite. `open(true)` gives a new empty store, `open(false)` opens the last one again.
/// # Errors
/// The store's own.
pub fn run<S: Storage>(mut open: impl FnMut(bool) -> Result<S, StorageError>) -> Outcome {
    identity_is_made_once(&mut open)?;
    what_is_committed_survives_and_the_rest_does_not(&mut open)?;
    streams_are_read_by_position_and_by_number(&mut open)?;
    grants_and_marks_are_paged_and_idempotent(&mut open)?;
    erasing_takes_one_stream_and_no_other(&mut open)
}

fn identity_is_made_once<S: Storage>(
    open: &mut impl FnMut(bool) -> Result<S, StorageError>,
) -> Outcome {
    let seeds = |byte| Seeds {
        signing: [byte; 32],
        instance: InstanceId([byte; 16]),
    };
    let mut storage = open(true)?;
    assert_eq!(storage.identity(seeds(1))?, seeds(1));
    assert_eq!(storage.identity(seeds(2))?, seeds(1));
    drop(storage);
    let mut storage = open(false)?;
    assert_eq!(storage.identity(seeds(3))?, seeds(1));
    storage.probe()
}

fn what_is_committed_survives_and_the_rest_does_not<S: Storage>(
    open: &mut impl FnMut(bool) -> Result<S, StorageError>,
) -> Outcome {
    let mut storage = open(true)?;
    assert_eq!(storage.workspace(WORKSPACE)?, None);
    storage.begin()?;
    let key = storage.add_workspace(WORKSPACE)?;
    storage.add_entry(key, 0, b"first")?;
    storage.commit()?;

    storage.begin()?;
    storage.add_entry(key, 1, b"second")?;
    storage.add_workspace(OTHER)?;
    storage.add_stream(key, DOCUMENT)?;
    storage.rollback()?;
    assert_eq!(storage.workspace(OTHER)?, None);
    assert_eq!(storage.stream(key, DOCUMENT)?, None);
    assert_eq!(storage.entries(key, 0, usize::MAX)?, [b"first".to_vec()]);

    let row = WorkspaceRow {
        key,
        position: 7,
        bytes: 5,
    };
    storage.begin()?;
    storage.add_entry(key, 1, b"another")?;
    storage.set_workspace(&row)?;
    storage.commit()?;
    // What was begun and not committed is gone with the process.
    storage.begin()?;
    storage.add_entry(key, 2, b"lost")?;
    drop(storage);

    let storage = open(false)?;
    assert_eq!(storage.workspace(WORKSPACE)?, Some(row));
    assert_eq!(storage.workspace_count()?, 1);
    let all = [b"first".to_vec(), b"another".to_vec()];
    assert_eq!(storage.entries(key, 0, usize::MAX)?, all);
    assert_eq!(storage.entries(key, 1, usize::MAX)?, all[1..]);
    assert_eq!(storage.entries(key, 0, 1)?, all[..1]);
    assert_eq!(storage.entries(key, 2, 1)?, Vec::<Vec<u8>>::new());
    Ok(())
}

fn envelope(author: u8, sequence: u64) -> Vec<u8> {
    let header = Header {
        workspace: WORKSPACE,
        document: DOCUMENT,
        kind: EnvelopeKind::Change,
        device: DeviceId([author; 16]),
        sequence,
        previous: if sequence == 1 {
            Hash::ZERO
        } else {
            Hash([9; 32])
        },
        generation: 0,
        commitment: Hash([8; 32]),
        seen_number: 0,
        seen_head: Hash::ZERO,
    };
    let key = SecretKey::from_seed(&[author; 32]);
    Envelope::sign(header, [0; 24], vec![author; 40], &key).to_bytes()
}

fn streams_are_read_by_position_and_by_number<S: Storage>(
    open: &mut impl FnMut(bool) -> Result<S, StorageError>,
) -> Outcome {
    let mut storage = open(true)?;
    storage.begin()?;
    let key = storage.add_workspace(WORKSPACE)?;
    let neighbour = storage.add_workspace(OTHER)?;
    let stream = storage.add_stream(key, DOCUMENT)?;
    let foreign = storage.add_stream(neighbour, DOCUMENT)?;
    // Two devices take turns; every position is used in both workspaces.
    for number in 1..=6_u64 {
        let (author, sequence) = (if number % 2 == 1 { 1 } else { 2 }, number.div_ceil(2));
        let bytes = envelope(author, sequence);
        let new = NewEnvelope {
            position: number * 10,
            stream,
            number,
            device: DeviceId([author; 16]),
            sequence,
            accepted_ms: 100 + number,
            head: Hash([u8::try_from(number).unwrap_or(0); 32]),
            bytes: &bytes,
        };
        storage.add_envelope(key, &new)?;
        storage.add_envelope(
            neighbour,
            &NewEnvelope {
                stream: foreign,
                ..new
            },
        )?;
    }
    storage.commit()?;
    drop(storage);

    let storage = open(false)?;
    let row = storage.stream(key, DOCUMENT)?;
    assert_eq!(
        row.map(|row| (row.key, row.number, row.head, row.accepted_ms)),
        Some((stream, 6, Some(Hash([6; 32])), 106))
    );
    let numbers = |found: &[StoredEnvelope]| {
        found
            .iter()
            .map(|envelope| (envelope.place.position, envelope.place.number))
            .collect::<Vec<_>>()
    };
    let found = storage.envelopes(key, 10, 50, &mut |_, _| Want::Take)?;
    assert_eq!(numbers(&found), [(20, 2), (30, 3), (40, 4), (50, 5)]);
    assert_eq!(found[0].bytes, envelope(2, 1));
    assert_eq!(found[0].place.document, DOCUMENT);
    assert_eq!(found[0].place.device, DeviceId([2; 16]));
    assert_eq!((found[0].accepted_ms, found[0].head), (102, Hash([2; 32])));
    let found = storage.envelopes(key, 0, ALL, &mut |place, _| match place.number {
        1 | 3 => Want::Skip,
        5 => Want::Stop,
        _ => Want::Take,
    })?;
    assert_eq!(numbers(&found), [(20, 2), (40, 4)]);
    let found = storage.stream_envelopes(stream, 5, &mut |_, _| Want::Take)?;
    assert_eq!(numbers(&found), [(50, 5), (60, 6)]);

    let hash = |author, sequence| envelope_hash(&envelope(author, sequence));
    let device = DeviceId([2; 16]);
    assert_eq!(
        storage.last_of_device(stream, device)?,
        Some((3, hash(2, 3)))
    );
    assert_eq!(storage.last_of_device(stream, DeviceId([7; 16]))?, None);
    assert_eq!(
        storage.placed(stream, device, 2)?,
        Some(Placed {
            number: 4,
            accepted_ms: 104,
            head: Hash([4; 32]),
            hash: hash(2, 2),
        })
    );
    assert_eq!(storage.placed(stream, device, 4)?, None);
    assert_eq!(storage.head_at(stream, 3)?, Some(Hash([3; 32])));
    assert_eq!(storage.head_at(stream, 7)?, None);
    Ok(())
}

fn mark(number: u64) -> Mark {
    let key = SecretKey::from_seed(&[4; 32]);
    Mark::sign(DOCUMENT, number, Hash([4; 32]), &key)
}

fn grants_and_marks_are_paged_and_idempotent<S: Storage>(
    open: &mut impl FnMut(bool) -> Result<S, StorageError>,
) -> Outcome {
    let mut storage = open(true)?;
    storage.begin()?;
    let key = storage.add_workspace(WORKSPACE)?;
    let group = Recipient::Group(GroupId([5; 16]), 3);
    let device = Recipient::Group(GroupId([6; 16]), 0);
    for position in 1..=4_u64 {
        let recipient = if position == 2 { device } else { group };
        let byte = u8::try_from(position).unwrap_or(0);
        storage.add_grant(key, position, &recipient, Hash([byte; 32]), &[byte; 10])?;
    }
    storage.commit()?;
    assert!(storage.has_grant(Hash([4; 32]))?);
    assert_eq!(storage.grant_count(key)?, 4);
    storage.begin()?;
    let other = storage.add_workspace(WorkspaceId([99; 16]))?;
    storage.commit()?;
    assert_eq!(storage.grant_count(other)?, 0);
    assert!(!storage.has_grant(Hash([5; 32]))?);
    let positions = |after, upto, count, bytes| {
        storage
            .grants(key, after, upto, count, bytes, &|to| *to == group)
            .map(|found| found.into_iter().map(|(at, _)| at).collect::<Vec<_>>())
    };
    assert_eq!(positions(0, ALL, 9, 1000)?, [1, 3, 4]);
    assert_eq!(positions(1, 3, 9, 1000)?, [3]);
    assert_eq!(positions(0, ALL, 2, 1000)?, [1, 3]);
    assert_eq!(positions(0, ALL, 9, 15)?, [1, 3]);
    storage.begin()?;
    let epoch = |epoch| Recipient::Group(GroupId([5; 16]), epoch);
    assert_eq!(storage.erase_grants(key, &epoch(3))?, 0);
    let invited = Recipient::Invitation(folge_protocol::ids::InvitationId([8; 16]));
    storage.add_grant(key, 10, &invited, Hash([10; 32]), &[1; 10])?;
    assert_eq!(storage.erase_grants(key, &invited)?, 10);
    assert_eq!(storage.erase_grants(key, &epoch(4))?, 30);
    storage.commit()?;
    assert!(storage.has_grant(Hash([2; 32]))?);
    assert!(!storage.has_grant(Hash([1; 32]))?);

    storage.begin()?;
    let stream = storage.add_stream(key, DOCUMENT)?;
    storage.set_mark(key, 5, stream, &mark(1))?;
    storage.set_mark(key, 6, stream, &mark(2))?;
    storage.commit()?;
    let found = storage.marks(key, 0, ALL, 9, &|_, _| true)?;
    assert_eq!(
        found,
        [(6, mark(2))],
        "the newer mark takes the older one's place"
    );
    assert_eq!(storage.marks(key, 6, ALL, 9, &|_, _| true)?, []);
    assert_eq!(storage.marks(key, 0, ALL, 9, &|_, _| false)?, []);
    assert_eq!(storage.mark_number(stream, mark(2).device)?, 2);
    assert_eq!(storage.mark_number(stream, DeviceId([9; 16]))?, 0);
    Ok(())
}

fn erasing_takes_one_stream_and_no_other<S: Storage>(
    open: &mut impl FnMut(bool) -> Result<S, StorageError>,
) -> Outcome {
    let mut storage = open(true)?;
    let kept = DocumentId([7; 16]);
    storage.begin()?;
    let key = storage.add_workspace(WORKSPACE)?;
    let bytes = envelope(1, 1);
    for (position, document) in [(1, DOCUMENT), (2, kept)] {
        let stream = storage.add_stream(key, document)?;
        let new = NewEnvelope {
            position,
            stream,
            number: 1,
            device: DeviceId([1; 16]),
            sequence: 1,
            accepted_ms: 1,
            head: Hash([1; 32]),
            bytes: &bytes,
        };
        storage.add_envelope(key, &new)?;
    }
    storage.commit()?;
    storage.begin()?;
    assert_eq!(storage.erase_stream(key, DOCUMENT)?, bytes.len() as u64);
    assert_eq!(storage.erase_stream(key, DOCUMENT)?, 0);
    storage.commit()?;
    drop(storage);
    let storage = open(false)?;
    assert_eq!(storage.stream(key, DOCUMENT)?, None);
    let found = storage.envelopes(key, 0, ALL, &mut |_, _| Want::Take)?;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].place.document, kept);
    Ok(())
}
