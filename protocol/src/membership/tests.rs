#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::crypto::{SecretKey, workspace_id};
use crate::ids::{DeviceId, DocumentId, GroupId, Hash, InvitationId, PersonId, WorkspaceId};

const NOW: u64 = 1_800_000_000_000;
const OFFICE: GroupId = GroupId([200; 16]);
const REGISTER: DocumentId = DocumentId([201; 16]);
/// Read by the office and the first consultant.
const CASE: DocumentId = DocumentId([202; 16]);
/// Read by the first consultant alone.
const PROTECTED: DocumentId = DocumentId([203; 16]);
/// Read by the office, the first consultant and the first participant.
const THREAD: DocumentId = DocumentId([204; 16]);
/// Read by the first consultant and the first participant.
const PROTECTED_THREAD: DocumentId = DocumentId([205; 16]);
/// The first consultant's.
const JOURNAL: DocumentId = DocumentId([206; 16]);
/// Read by the second consultant and the second participant.
const OTHER_THREAD: DocumentId = DocumentId([207; 16]);
const FRESH: DocumentId = DocumentId([208; 16]);

// Persons by number; each has one device, whose key has the same number.
const ADMIN: u8 = 1;
const COORDINATOR: u8 = 2;
const CONSULTANT: u8 = 3;
const AUDITOR: u8 = 4;
const PARTICIPANT: u8 = 5;
const OTHER_CONSULTANT: u8 = 6;
const OTHER_PARTICIPANT: u8 = 7;
/// Signs for the root.
const ROOT: u8 = 100;
/// The key of an open invitation of the first consultant.
const INVITATION: u8 = 101;

type Outcome = Result<(), MembershipError>;

fn key(n: u8) -> SecretKey {
    SecretKey::from_seed(&[n; 32])
}
fn keys(n: u8) -> DeviceKeys {
    DeviceKeys {
        sign: *key(n).public().as_bytes(),
        kem: [n; 32],
    }
}
fn device(n: u8) -> DeviceId {
    keys(n).id()
}
fn person(n: u8) -> PersonId {
    PersonId([n; 16])
}
fn group(n: u8) -> GroupId {
    person(n).into()
}
fn invitation(n: u8) -> InvitationId {
    InvitationId(key(n).public().id())
}
fn author(n: u8) -> Author {
    match n {
        ROOT => Author::Root,
        INVITATION.. => Author::Invitation(invitation(n)),
        _ => Author::Device(device(n)),
    }
}

fn document(id: DocumentId, kind: DocumentKind, readers: &[GroupId]) -> DocumentEntry {
    DocumentEntry {
        document: id,
        kind,
        commitment: Hash([id.0[0]; 32]),
        readers: readers.to_vec(),
    }
}
fn documents(id: DocumentId, kind: DocumentKind, readers: &[GroupId]) -> Body {
    Body::DocumentsAdded {
        documents: vec![document(id, kind, readers)],
    }
}
fn person_added(n: u8, role: Role) -> Body {
    Body::PersonAdded {
        person: person(n),
        role,
        key: [n; 32],
    }
}
fn device_added(of: u8, n: u8) -> Body {
    Body::DeviceAdded {
        person: person(of),
        keys: keys(n),
    }
}
fn invited(n: u8, of: u8) -> Body {
    Body::Invited {
        keys: keys(n),
        person: person(of),
        expires_ms: NOW + 1000,
    }
}
fn turned(group: GroupId, epoch: u32, severs: bool) -> Body {
    Body::EpochTurned {
        group,
        epoch,
        key: [9; 32],
        severs,
    }
}
fn generation(document: DocumentId, generation: u32) -> Body {
    Body::GenerationTurned {
        document,
        generation,
        commitment: Hash([7; 32]),
    }
}
fn readers(document: DocumentId, readers: &[GroupId]) -> Body {
    Body::ReadersChanged {
        document,
        readers: readers.to_vec(),
    }
}
fn erased(document: DocumentId) -> Body {
    Body::Erased {
        document,
        reason: ErasureReason::Retention,
    }
}
fn vouched(n: u8, document: DocumentId, sequence: u64) -> Body {
    Body::Vouched {
        kept: vec![Kept {
            device: device(n),
            document,
            sequence,
        }],
    }
}
fn device_revoked(n: u8) -> Body {
    Body::DeviceRevoked { device: device(n) }
}
fn person_revoked(n: u8) -> Body {
    Body::PersonRevoked { person: person(n) }
}
fn role_changed(n: u8, role: Role) -> Body {
    Body::RoleChanged {
        person: person(n),
        role,
    }
}

fn founding() -> Founding {
    Founding {
        root: *key(ROOT).public().as_bytes(),
        recovery: [3; 32],
        office: OFFICE,
        office_key: [4; 32],
        person: person(ADMIN),
        person_key: [5; 32],
        device: keys(ADMIN),
        register: document(REGISTER, DocumentKind::Register, &[OFFICE]),
    }
}

fn found(founding: Founding, signer: u8) -> Result<Membership, MembershipError> {
    let workspace = workspace_id(key(ROOT).public().as_bytes());
    let body = Body::Founded(Box::new(founding));
    let entry = Entry::sign(
        workspace,
        0,
        Hash::ZERO,
        NOW,
        Author::Root,
        body,
        &key(signer),
    );
    Membership::found(&entry)
}

#[derive(Clone)]
struct Log(Membership);

impl Log {
    fn founded() -> Self {
        Self(found(founding(), ROOT).unwrap())
    }

    /// A workspace with somebody of every role, documents of every kind, an open invitation.
    fn new() -> Self {
        let mut log = Self::founded();
        for (n, role) in [
            (COORDINATOR, Role::Coordinator),
            (CONSULTANT, Role::Consultant),
            (AUDITOR, Role::Auditor),
            (PARTICIPANT, Role::Participant),
            (OTHER_CONSULTANT, Role::Consultant),
            (OTHER_PARTICIPANT, Role::Participant),
        ] {
            log.must(ADMIN, person_added(n, role));
            log.must(ADMIN, device_added(n, n));
        }
        let (one, other) = (group(CONSULTANT), group(OTHER_CONSULTANT));
        for (id, kind, readers) in [
            (CASE, DocumentKind::Casefile, vec![OFFICE, one]),
            (PROTECTED, DocumentKind::Casefile, vec![one]),
            (
                THREAD,
                DocumentKind::Thread,
                vec![OFFICE, one, group(PARTICIPANT)],
            ),
            (
                PROTECTED_THREAD,
                DocumentKind::Thread,
                vec![one, group(PARTICIPANT)],
            ),
            (JOURNAL, DocumentKind::Journal, vec![OFFICE, one]),
            (
                OTHER_THREAD,
                DocumentKind::Thread,
                vec![other, group(OTHER_PARTICIPANT)],
            ),
        ] {
            log.must(ADMIN, documents(id, kind, &readers));
        }
        log.must(CONSULTANT, invited(INVITATION, CONSULTANT));
        log
    }

    fn entry(&self, author: Author, body: Body, signer: u8) -> Entry {
        let (workspace, len, head) = (self.0.workspace(), self.0.len(), self.0.head());
        Entry::sign(workspace, len, head, NOW, author, body, &key(signer))
    }

    /// Takes an entry, or leaves everything as it was.
    fn take(&mut self, by: u8, body: Body) -> Outcome {
        let before = self.0.clone();
        let entry = self.entry(author(by), body, by);
        let taken = self.0.apply(&entry, NOW);
        if taken.is_err() {
            assert!(before == self.0, "a refused entry changed the log");
        }
        taken
    }

    fn must(&mut self, by: u8, body: Body) {
        let what = format!("{by}: {body:?}");
        assert_eq!(self.take(by, body), Ok(()), "{what}");
    }

    /// Who may say something now: the root, then by person; then the invitation.
    fn who(&self, body: &Body) -> Vec<u8> {
        let authors = [
            ROOT,
            ADMIN,
            COORDINATOR,
            CONSULTANT,
            AUDITOR,
            PARTICIPANT,
            OTHER_CONSULTANT,
            OTHER_PARTICIPANT,
            INVITATION,
        ];
        let may = |by: &u8| self.clone().take(*by, body.clone()).is_ok();
        authors.into_iter().filter(may).collect()
    }

    fn group(&self, group: GroupId) -> &GroupState {
        &self.0.groups()[&group]
    }
    fn must_turn(&self, document: DocumentId) -> bool {
        self.0.documents()[&document].must_turn
    }
    fn reads(&self, document: DocumentId) -> Vec<u8> {
        let reads = |n: &u8| self.0.may_read(device(*n), document);
        (ADMIN..=OTHER_PARTICIPANT).filter(reads).collect()
    }
    fn writes(&self, document: DocumentId) -> Vec<u8> {
        let writes = |n: &u8| self.0.may_write(device(*n), document);
        (ADMIN..=OTHER_PARTICIPANT).filter(writes).collect()
    }
}

// --- founding and following ---

#[test]
fn a_workspace_begins_with_an_entry_that_its_root_key_signed() {
    assert!(found(founding(), ROOT).is_ok());
    assert_eq!(found(founding(), ADMIN), Err(MembershipError::BadAuthor));
    let mut foreign = founding();
    foreign.root = *key(ADMIN).public().as_bytes();
    assert_eq!(
        found(foreign, ADMIN),
        Err(MembershipError::ForeignWorkspace)
    );
}

#[test]
fn the_founding_register_is_a_register_that_the_office_reads() {
    let with = |register: DocumentEntry| {
        let mut founding = founding();
        founding.register = register;
        found(founding, ROOT).map(drop)
    };
    let wrong = Err(MembershipError::Contradiction);
    let kind = DocumentKind::Register;
    assert_eq!(
        with(document(REGISTER, DocumentKind::Casefile, &[OFFICE])),
        wrong
    );
    assert_eq!(with(document(REGISTER, kind, &[])), wrong);
    assert_eq!(with(document(REGISTER, kind, &[OFFICE, group(9)])), wrong);
    assert_eq!(with(document(REGISTER, kind, &[OFFICE])), Ok(()));
}

#[test]
fn an_entry_follows_the_last_one_of_its_own_workspace() {
    let log = Log::new();
    let sign = |workspace, index, previous| {
        let body = person_added(50, Role::Auditor);
        let (author, key) = (author(ADMIN), key(ADMIN));
        Entry::sign(workspace, index, previous, NOW, author, body, &key)
    };
    let (workspace, len, head) = (log.0.workspace(), log.0.len(), log.0.head());
    for (entry, error) in [
        (
            sign(WorkspaceId([1; 16]), len, head),
            MembershipError::ForeignWorkspace,
        ),
        (sign(workspace, len + 1, head), MembershipError::NotNext),
        (sign(workspace, len - 1, head), MembershipError::NotNext),
        (
            sign(workspace, len, Hash([1; 32])),
            MembershipError::NotNext,
        ),
    ] {
        let mut copy = log.clone();
        assert_eq!(copy.0.apply(&entry, NOW), Err(error));
        assert!(copy.0 == log.0);
    }
}

#[test]
fn nobody_signs_for_another_and_no_stranger_signs() {
    let mut log = Log::new();
    let body = person_added(50, Role::Auditor);
    for (named, signer) in [(ADMIN, COORDINATOR), (ROOT, ADMIN), (51, 51)] {
        let entry = log.entry(author(named), body.clone(), signer);
        assert_eq!(log.0.apply(&entry, NOW), Err(MembershipError::BadAuthor));
    }
}

#[test]
fn a_workspace_is_founded_once() {
    let mut log = Log::new();
    let again = Body::Founded(Box::new(founding()));
    assert_eq!(log.take(ROOT, again), Err(MembershipError::NotNext));
}

// --- persons, devices, invitations ---

#[test]
fn administrators_and_the_root_let_in_staff() {
    for role in [
        Role::Administrator,
        Role::Coordinator,
        Role::Consultant,
        Role::Auditor,
    ] {
        assert_eq!(Log::new().who(&person_added(50, role)), [ROOT, ADMIN]);
    }
}

#[test]
fn whoever_works_with_participants_lets_in_participants() {
    assert_eq!(
        Log::new().who(&person_added(50, Role::Participant)),
        [ROOT, ADMIN, COORDINATOR, CONSULTANT, OTHER_CONSULTANT]
    );
}

#[test]
fn a_person_is_added_once_and_takes_no_other_groups_name() {
    let log = Log::new();
    assert!(log.who(&person_added(CONSULTANT, Role::Auditor)).is_empty());
    for taken in [OFFICE.0, device(CONSULTANT).0] {
        let body = Body::PersonAdded {
            person: PersonId(taken),
            role: Role::Auditor,
            key: [1; 32],
        };
        assert!(log.who(&body).is_empty());
    }
}

#[test]
fn a_device_is_let_in_by_its_person_an_administrator_the_root_or_its_invitation() {
    let log = Log::new();
    assert_eq!(
        log.who(&device_added(CONSULTANT, 50)),
        [ROOT, ADMIN, CONSULTANT, INVITATION]
    );
    assert_eq!(
        log.who(&device_added(PARTICIPANT, 50)),
        [ROOT, ADMIN, PARTICIPANT]
    );
    assert!(
        log.who(&device_added(CONSULTANT, AUDITOR)).is_empty(),
        "it is somebody's already"
    );
    assert!(log.who(&device_added(50, 50)).is_empty(), "of nobody");
}

#[test]
fn an_invitation_lets_in_one_device_and_says_nothing_else() {
    let mut log = Log::new();
    for body in [
        person_added(50, Role::Participant),
        device_added(AUDITOR, 50),
        invited(51, CONSULTANT),
        device_revoked(CONSULTANT),
        turned(group(CONSULTANT), 1, false),
        generation(CASE, 1),
        vouched(CONSULTANT, CASE, 1),
        erased(PROTECTED),
        Body::ErasureConfirmed { upto: 1 },
    ] {
        assert!(log.take(INVITATION, body).is_err());
    }
    log.must(INVITATION, device_added(CONSULTANT, 50));
    assert_eq!(
        log.take(INVITATION, device_added(CONSULTANT, 51)),
        Err(MembershipError::InvitationSpent)
    );
    let state = &log.0.invitations()[&invitation(INVITATION)];
    assert_eq!((state.spent, state.device), (true, Some(device(50))));
}

#[test]
fn an_invitation_is_too_old_by_the_judges_clock() {
    let mut log = Log::new();
    let entry = log.entry(author(INVITATION), device_added(CONSULTANT, 50), INVITATION);
    assert_eq!(
        log.0.apply(&entry, NOW + 1001),
        Err(MembershipError::InvitationSpent)
    );
    assert_eq!(log.0.apply(&entry, NOW + 1000), Ok(()));
}

#[test]
fn everybody_invites_own_devices_and_administrators_everybodys() {
    let log = Log::new();
    assert_eq!(log.who(&invited(50, CONSULTANT)), [ROOT, ADMIN, CONSULTANT]);
    assert_eq!(log.who(&invited(50, AUDITOR)), [ROOT, ADMIN, AUDITOR]);
}

#[test]
fn a_consultant_invites_the_participants_that_it_works_with() {
    let log = Log::new();
    assert_eq!(
        log.who(&invited(50, PARTICIPANT)),
        [ROOT, ADMIN, COORDINATOR, CONSULTANT, PARTICIPANT]
    );
    assert_eq!(
        log.who(&invited(50, OTHER_PARTICIPANT)),
        [
            ROOT,
            ADMIN,
            COORDINATOR,
            OTHER_CONSULTANT,
            OTHER_PARTICIPANT
        ]
    );
}

#[test]
fn an_invitation_is_withdrawn_by_who_made_it_who_is_invited_or_an_administrator() {
    let mut log = Log::new();
    log.must(CONSULTANT, invited(50, PARTICIPANT));
    let body = Body::InvitationRevoked {
        invitation: invitation(50),
    };
    assert_eq!(log.who(&body), [ROOT, ADMIN, CONSULTANT, PARTICIPANT]);
    log.must(PARTICIPANT, body);
    let entry = log.entry(
        Author::Invitation(invitation(50)),
        device_added(PARTICIPANT, 51),
        50,
    );
    assert_eq!(
        log.0.apply(&entry, NOW),
        Err(MembershipError::InvitationSpent)
    );
}

#[test]
fn a_device_is_put_out_by_its_person_or_an_administrator() {
    let log = Log::new();
    assert_eq!(
        log.who(&device_revoked(CONSULTANT)),
        [ROOT, ADMIN, CONSULTANT]
    );
    assert_eq!(
        log.who(&device_revoked(PARTICIPANT)),
        [ROOT, ADMIN, PARTICIPANT]
    );
    assert!(log.who(&device_revoked(99)).is_empty());
}

#[test]
fn a_person_is_put_out_by_an_administrator() {
    let log = Log::new();
    assert_eq!(log.who(&person_revoked(CONSULTANT)), [ROOT, ADMIN]);
    assert_eq!(log.who(&person_revoked(PARTICIPANT)), [ROOT, ADMIN]);
}

#[test]
fn putting_out_twice_is_taken_and_changes_nothing() {
    let mut log = Log::new();
    log.must(ADMIN, device_revoked(CONSULTANT));
    let first = log.0.put_out_at(device(CONSULTANT));
    log.must(ADMIN, device_revoked(CONSULTANT));
    log.must(ADMIN, person_revoked(CONSULTANT));
    log.must(ADMIN, person_revoked(CONSULTANT));
    assert_eq!(log.0.put_out_at(device(CONSULTANT)), first);
}

#[test]
fn a_role_is_changed_by_an_administrator() {
    let log = Log::new();
    assert_eq!(
        log.who(&role_changed(CONSULTANT, Role::Coordinator)),
        [ROOT, ADMIN]
    );
    assert!(log.who(&role_changed(99, Role::Auditor)).is_empty());
}

#[test]
fn the_last_administrator_is_neither_put_out_nor_given_another_role() {
    let mut log = Log::new();
    for body in [person_revoked(ADMIN), role_changed(ADMIN, Role::Auditor)] {
        assert!(log.who(&body).is_empty());
    }
    log.must(ADMIN, role_changed(COORDINATOR, Role::Administrator));
    log.must(COORDINATOR, person_revoked(ADMIN));
    assert!(log.take(COORDINATOR, person_revoked(COORDINATOR)).is_err());
}

#[test]
fn whoever_is_put_out_says_nothing_any_more() {
    for body in [device_revoked(CONSULTANT), person_revoked(CONSULTANT)] {
        let mut log = Log::new();
        log.must(ADMIN, body);
        for body in [
            person_added(50, Role::Participant),
            device_added(CONSULTANT, 50),
            turned(group(CONSULTANT), 1, false),
            generation(CASE, 1),
            vouched(CONSULTANT, CASE, 1),
        ] {
            assert_eq!(log.take(CONSULTANT, body), Err(MembershipError::BadAuthor));
        }
    }
}

#[test]
fn no_invitation_outlives_the_right_to_make_it() {
    // Kept ready by an administrator, to come back as another one.
    let ready = || {
        let mut log = Log::new();
        log.must(ADMIN, role_changed(COORDINATOR, Role::Administrator));
        log.must(COORDINATOR, person_added(50, Role::Administrator));
        log.must(COORDINATOR, invited(110, 50));
        log.must(COORDINATOR, person_added(51, Role::Participant));
        log.must(COORDINATOR, invited(111, 51));
        log.must(ADMIN, invited(112, 50));
        log
    };
    let spent = |log: &Log| [110, 111, 112].map(|n| log.0.invitations()[&invitation(n)].spent);
    assert_eq!(spent(&ready()), [false, false, false]);
    for (body, expected) in [
        (device_revoked(COORDINATOR), [true, true, false]),
        (person_revoked(COORDINATOR), [true, true, false]),
        (
            role_changed(COORDINATOR, Role::Coordinator),
            [true, false, false],
        ),
        (
            role_changed(COORDINATOR, Role::Auditor),
            [true, true, false],
        ),
        // The participant became somebody whom its maker could not let in.
        (role_changed(51, Role::Auditor), [false, false, false]),
    ] {
        let mut log = ready();
        log.must(ADMIN, body);
        assert_eq!(spent(&log), expected);
    }
    let mut log = Log::new();
    log.must(CONSULTANT, invited(110, PARTICIPANT));
    log.must(ADMIN, role_changed(PARTICIPANT, Role::Coordinator));
    assert!(log.0.invitations()[&invitation(110)].spent);
}

#[test]
fn a_lost_phone_comes_back_by_no_invitation_that_it_made_for_itself() {
    let mut log = Log::new();
    assert!(!log.0.invitations()[&invitation(INVITATION)].spent);
    log.must(CONSULTANT, device_added(CONSULTANT, 50));
    log.must(50, invited(110, CONSULTANT));
    log.must(ADMIN, device_revoked(CONSULTANT));
    assert_eq!(
        log.take(INVITATION, device_added(CONSULTANT, 51)),
        Err(MembershipError::InvitationSpent)
    );
    assert!(
        !log.0.invitations()[&invitation(110)].spent,
        "the person's other device made it"
    );
}

// --- epochs ---

#[test]
fn a_persons_key_is_turned_by_the_person_an_administrator_or_the_root() {
    assert_eq!(
        Log::new().who(&turned(group(CONSULTANT), 1, false)),
        [ROOT, ADMIN, CONSULTANT]
    );
}

#[test]
fn a_persons_key_is_severed_by_the_person() {
    assert_eq!(
        Log::new().who(&turned(group(CONSULTANT), 1, true)),
        [CONSULTANT]
    );
}

#[test]
fn a_devices_key_is_turned_and_severed_by_the_device() {
    let log = Log::new();
    for severs in [false, true] {
        let body = turned(device(CONSULTANT).into(), 1, severs);
        assert_eq!(log.who(&body), [CONSULTANT]);
    }
    // Not by another device of the person.
    let mut log = log;
    log.must(CONSULTANT, device_added(CONSULTANT, 50));
    assert!(
        log.take(50, turned(device(CONSULTANT).into(), 1, false))
            .is_err()
    );
}

#[test]
fn the_offices_key_is_turned_by_administrators_coordinators_and_the_root() {
    let log = Log::new();
    assert_eq!(
        log.who(&turned(OFFICE, 1, false)),
        [ROOT, ADMIN, COORDINATOR]
    );
    assert_eq!(log.who(&turned(OFFICE, 1, true)), [ADMIN, COORDINATOR]);
}

#[test]
fn an_epoch_is_one_more_than_the_last_of_a_group_that_is_there() {
    let log = Log::new();
    for epoch in [0, 2, u32::MAX] {
        assert!(log.who(&turned(OFFICE, epoch, false)).is_empty());
    }
    assert!(log.who(&turned(GroupId([99; 16]), 1, false)).is_empty());
}

#[test]
fn severing_voids_what_came_before_and_turning_does_not() {
    let mut log = Log::new();
    log.must(ADMIN, turned(OFFICE, 1, false));
    assert_eq!((log.group(OFFICE).epoch(), log.group(OFFICE).floor), (1, 0));
    log.must(ADMIN, turned(OFFICE, 2, true));
    assert_eq!((log.group(OFFICE).epoch(), log.group(OFFICE).floor), (2, 2));
    log.must(ADMIN, turned(OFFICE, 3, false));
    assert_eq!((log.group(OFFICE).epoch(), log.group(OFFICE).floor), (3, 2));
}

// --- what turns when somebody is put out ---

#[test]
fn a_device_that_is_put_out_leaves_keys_that_must_turn() {
    let mut log = Log::new();
    log.must(ADMIN, device_revoked(CONSULTANT));
    assert!(log.group(group(CONSULTANT)).must_turn());
    assert!(!log.group(OFFICE).must_turn(), "it never had that one");
    for (document, turns) in [
        (CASE, true),
        (PROTECTED, true),
        (THREAD, true),
        (JOURNAL, true),
        (REGISTER, true),
        (OTHER_THREAD, false),
    ] {
        assert_eq!(log.must_turn(document), turns, "{document}");
    }
    log.must(ADMIN, turned(group(CONSULTANT), 1, false));
    assert!(!log.group(group(CONSULTANT)).must_turn());
}

#[test]
fn a_device_of_the_office_that_is_put_out_leaves_the_offices_key() {
    let mut log = Log::new();
    log.must(ADMIN, device_revoked(AUDITOR));
    assert!(log.group(OFFICE).must_turn());
    assert!(log.group(group(AUDITOR)).must_turn());
    assert!(log.must_turn(CASE) && log.must_turn(REGISTER));
    assert!(!log.must_turn(PROTECTED));
}

#[test]
fn whoever_leaves_the_office_leaves_its_key_and_whoever_moves_within_does_not() {
    let mut log = Log::new();
    log.must(ADMIN, role_changed(AUDITOR, Role::Coordinator));
    log.must(ADMIN, role_changed(COORDINATOR, Role::Auditor));
    assert!(!log.group(OFFICE).must_turn() && !log.must_turn(CASE));
    log.must(ADMIN, role_changed(COORDINATOR, Role::Consultant));
    assert!(log.group(OFFICE).must_turn());
    assert!(log.must_turn(CASE));
    assert!(!log.must_turn(REGISTER), "consultants read it too");
}

#[test]
fn whoever_leaves_the_staff_leaves_the_registers_key() {
    let mut log = Log::new();
    log.must(ADMIN, role_changed(OTHER_CONSULTANT, Role::Participant));
    assert!(log.must_turn(REGISTER));
    assert!(log.group(group(OTHER_CONSULTANT)).must_turn());
    assert!(!log.0.may_read(device(OTHER_CONSULTANT), REGISTER));
}

#[test]
fn a_reader_who_is_taken_out_leaves_the_documents_key_and_a_new_one_does_not() {
    let mut log = Log::new();
    let (one, other) = (group(CONSULTANT), group(OTHER_CONSULTANT));
    log.must(COORDINATOR, readers(CASE, &[OFFICE, one, other]));
    assert!(!log.must_turn(CASE));
    log.must(COORDINATOR, readers(CASE, &[OFFICE, other]));
    assert!(log.must_turn(CASE));
    log.must(OTHER_CONSULTANT, generation(CASE, 1));
    assert!(!log.must_turn(CASE));
}

// --- documents ---

#[test]
fn administrators_and_coordinators_make_documents() {
    for kind in [DocumentKind::Casefile, DocumentKind::Thread] {
        let body = documents(FRESH, kind, &[OFFICE, group(OTHER_PARTICIPANT)]);
        assert_eq!(Log::new().who(&body), [ADMIN, COORDINATOR]);
    }
}

#[test]
fn a_consultant_opens_threads_that_it_reads_itself() {
    let mut log = Log::new();
    log.must(CONSULTANT, person_added(50, Role::Participant));
    let readers = [OFFICE, group(CONSULTANT), group(50)];
    let body = documents(FRESH, DocumentKind::Thread, &readers);
    assert_eq!(log.who(&body), [ADMIN, COORDINATOR, CONSULTANT]);
    let body = documents(FRESH, DocumentKind::Casefile, &readers);
    assert_eq!(log.who(&body), [ADMIN, COORDINATOR]);
    log.must(CONSULTANT, documents(FRESH, DocumentKind::Thread, &readers));
    assert_eq!(log.take(CONSULTANT, invited(110, 50)), Ok(()));
}

#[test]
fn a_consultant_opens_no_thread_with_anothers_participant() {
    let mut log = Log::new();
    let readers = [group(CONSULTANT), group(OTHER_PARTICIPANT)];
    let thread = documents(FRESH, DocumentKind::Thread, &readers);
    assert_eq!(log.who(&thread), [ADMIN, COORDINATOR]);
    // Assigned, it may.
    let all = [
        group(CONSULTANT),
        group(OTHER_CONSULTANT),
        group(OTHER_PARTICIPANT),
    ];
    log.must(COORDINATOR, super::tests::readers(OTHER_THREAD, &all));
    assert_eq!(log.take(CONSULTANT, thread), Ok(()));
}

#[test]
fn documents_are_new_and_no_second_register_is_made() {
    let log = Log::new();
    let readers = [OFFICE];
    for body in [
        documents(CASE, DocumentKind::Casefile, &readers),
        documents(FRESH, DocumentKind::Register, &readers),
        Body::DocumentsAdded {
            documents: vec![document(FRESH, DocumentKind::Casefile, &readers); 2],
        },
    ] {
        assert!(log.who(&body).is_empty());
    }
}

#[test]
fn readers_are_the_office_and_persons_and_never_a_device() {
    let log = Log::new();
    let groups = [GroupId([99; 16]), device(CONSULTANT).into()];
    for reader in groups {
        let readers = [OFFICE, reader];
        let new = documents(FRESH, DocumentKind::Casefile, &readers);
        assert!(log.who(&new).is_empty());
        assert!(log.who(&super::tests::readers(CASE, &readers)).is_empty());
    }
}

#[test]
fn a_journal_is_one_members_of_the_staff() {
    let log = Log::new();
    let journal = |readers: &[GroupId]| documents(FRESH, DocumentKind::Journal, readers);
    assert_eq!(
        log.who(&journal(&[OFFICE, group(AUDITOR)])),
        [ADMIN, COORDINATOR]
    );
    for readers in [
        &[OFFICE][..],
        &[OFFICE, group(AUDITOR), group(CONSULTANT)],
        &[OFFICE, group(PARTICIPANT)],
    ] {
        assert!(log.who(&journal(readers)).is_empty());
    }
}

#[test]
fn administrators_and_coordinators_change_readers() {
    let log = Log::new();
    let readers = [OFFICE, group(OTHER_CONSULTANT)];
    assert_eq!(
        log.who(&super::tests::readers(CASE, &readers)),
        [ADMIN, COORDINATOR]
    );
    for fixed in [REGISTER, JOURNAL, FRESH] {
        assert!(log.who(&super::tests::readers(fixed, &readers)).is_empty());
    }
}

#[test]
fn no_document_is_left_without_a_reader() {
    let mut log = Log::new();
    assert!(log.who(&readers(CASE, &[])).is_empty());
    log.must(ADMIN, person_revoked(OTHER_CONSULTANT));
    assert!(
        log.who(&readers(CASE, &[group(OTHER_CONSULTANT)]))
            .is_empty()
    );
}

#[test]
fn a_documents_key_is_turned_by_who_writes_it() {
    let log = Log::new();
    for (document, who) in [
        (CASE, &[ADMIN, COORDINATOR, CONSULTANT][..]),
        (PROTECTED, &[CONSULTANT]),
        (THREAD, &[ADMIN, COORDINATOR, CONSULTANT, PARTICIPANT]),
        (JOURNAL, &[CONSULTANT]),
        (REGISTER, &[ADMIN, COORDINATOR]),
    ] {
        assert_eq!(log.who(&generation(document, 1)), who, "{document}");
    }
}

#[test]
fn a_generation_is_one_more_than_the_last() {
    for wrong in [0, 2, u32::MAX] {
        assert!(Log::new().who(&generation(CASE, wrong)).is_empty());
    }
}

#[test]
fn a_documents_key_waits_for_the_keys_that_it_is_granted_to() {
    let mut log = Log::new();
    log.must(ADMIN, device_revoked(AUDITOR));
    let turn = generation(CASE, 1);
    assert_eq!(
        log.take(CONSULTANT, turn.clone()),
        Err(MembershipError::Contradiction)
    );
    assert_eq!(log.take(CONSULTANT, generation(PROTECTED, 1)), Ok(()));
    log.must(COORDINATOR, turned(OFFICE, 1, false));
    assert_eq!(log.take(CONSULTANT, turn), Ok(()));
    assert!(!log.must_turn(CASE));
    // The register waits for every member of the staff.
    assert!(log.must_turn(REGISTER));
    log.must(CONSULTANT, device_added(CONSULTANT, 50));
    log.must(ADMIN, device_revoked(50));
    assert!(log.take(ADMIN, generation(REGISTER, 1)).is_err());
    log.must(CONSULTANT, turned(group(CONSULTANT), 1, false));
    assert_eq!(log.take(ADMIN, generation(REGISTER, 1)), Ok(()));
}

// --- rights ---

#[test]
fn who_reads_and_writes_what() {
    let log = Log::new();
    for (document, reads, writes) in [
        (
            REGISTER,
            &[ADMIN, COORDINATOR, CONSULTANT, AUDITOR, OTHER_CONSULTANT][..],
            &[ADMIN, COORDINATOR][..],
        ),
        (
            CASE,
            &[ADMIN, COORDINATOR, CONSULTANT, AUDITOR],
            &[ADMIN, COORDINATOR, CONSULTANT],
        ),
        (PROTECTED, &[CONSULTANT], &[CONSULTANT]),
        (
            THREAD,
            &[ADMIN, COORDINATOR, CONSULTANT, AUDITOR, PARTICIPANT],
            &[ADMIN, COORDINATOR, CONSULTANT, PARTICIPANT],
        ),
        (
            PROTECTED_THREAD,
            &[CONSULTANT, PARTICIPANT],
            &[CONSULTANT, PARTICIPANT],
        ),
        (
            JOURNAL,
            &[ADMIN, COORDINATOR, CONSULTANT, AUDITOR],
            &[CONSULTANT],
        ),
    ] {
        assert_eq!(log.reads(document), reads, "{document}");
        assert_eq!(log.writes(document), writes, "{document}");
    }
}

#[test]
fn a_participant_who_reads_a_casefile_does_not_write_it() {
    let mut log = Log::new();
    log.must(ADMIN, readers(CASE, &[OFFICE, group(PARTICIPANT)]));
    assert!(log.0.may_read(device(PARTICIPANT), CASE));
    assert!(!log.0.may_write(device(PARTICIPANT), CASE));
}

#[test]
fn a_journal_is_written_by_its_person_alone_whatever_the_role() {
    let mut log = Log::new();
    let own = [OFFICE, group(AUDITOR)];
    log.must(ADMIN, documents(FRESH, DocumentKind::Journal, &own));
    assert_eq!(log.writes(FRESH), [AUDITOR]);
    log.must(ADMIN, role_changed(AUDITOR, Role::Participant));
    assert!(log.writes(FRESH).is_empty());
}

#[test]
fn keys_are_granted_to_readers_who_are_in_and_the_registers_to_all_staff() {
    let mut log = Log::new();
    let staff = BTreeSet::from([OFFICE, group(CONSULTANT), group(OTHER_CONSULTANT)]);
    let granted = |log: &Log, document| -> BTreeSet<GroupId> {
        log.0.groups_to_grant(document).into_iter().collect()
    };
    assert_eq!(granted(&log, REGISTER), staff);
    log.must(ADMIN, person_revoked(CONSULTANT));
    assert_eq!(granted(&log, CASE), BTreeSet::from([OFFICE]));
    assert_eq!(
        granted(&log, REGISTER),
        BTreeSet::from([OFFICE, group(OTHER_CONSULTANT)])
    );
    assert!(granted(&log, PROTECTED).is_empty());
}

// --- vouching ---

#[test]
fn who_writes_a_document_vouches_for_what_others_wrote_in_it() {
    let log = Log::new();
    assert_eq!(
        log.who(&vouched(CONSULTANT, CASE, 3)),
        [ROOT, ADMIN, COORDINATOR, CONSULTANT]
    );
    assert_eq!(
        log.who(&vouched(CONSULTANT, PROTECTED, 3)),
        [ROOT, CONSULTANT]
    );
}

#[test]
fn administrators_and_coordinators_vouch_in_journals_for_their_person() {
    let log = Log::new();
    assert_eq!(
        log.who(&vouched(CONSULTANT, JOURNAL, 3)),
        [ROOT, ADMIN, COORDINATOR, CONSULTANT]
    );
    for stranger in [ADMIN, COORDINATOR, AUDITOR, PARTICIPANT] {
        assert!(log.who(&vouched(stranger, JOURNAL, 3)).is_empty());
    }
}

#[test]
fn nobodys_word_makes_a_writer_of_one_who_never_was() {
    let log = Log::new();
    for (n, document) in [
        (AUDITOR, CASE),
        (PARTICIPANT, CASE),
        (OTHER_CONSULTANT, CASE),
        (ADMIN, PROTECTED),
        (CONSULTANT, REGISTER),
        (99, CASE),
        (CONSULTANT, FRESH),
    ] {
        assert!(log.who(&vouched(n, document, 1)).is_empty(), "{n}");
    }
}

#[test]
fn what_was_vouched_for_stands_after_its_device_is_put_out_and_nothing_else() {
    let mut log = Log::new();
    let stands = |log: &Log, sequence| log.0.stands(device(CONSULTANT), CASE, sequence);
    assert!(stands(&log, 9));
    log.must(ADMIN, vouched(CONSULTANT, CASE, 3));
    log.must(ADMIN, vouched(CONSULTANT, CASE, 2));
    log.must(ADMIN, device_revoked(CONSULTANT));
    assert!(stands(&log, 3) && !stands(&log, 4));
    assert!(!log.0.stands(device(CONSULTANT), THREAD, 1));
    // Admitted later.
    log.must(COORDINATOR, vouched(CONSULTANT, CASE, 5));
    assert!(stands(&log, 5) && !stands(&log, 6));
}

#[test]
fn whoever_is_assigned_again_is_believed_again() {
    let mut log = Log::new();
    log.must(ADMIN, readers(CASE, &[OFFICE]));
    assert!(!log.0.stands(device(CONSULTANT), CASE, 1));
    log.must(ADMIN, readers(CASE, &[OFFICE, group(CONSULTANT)]));
    assert!(log.0.stands(device(CONSULTANT), CASE, 1));
}

/// A person vouches for its own devices, as it must to hand a participation over. That word ends
/// when somebody else puts it out: else it could be given in advance for what is written later.
#[test]
fn nobody_vouches_for_what_the_own_device_writes_once_it_is_put_out() {
    let mut log = Log::new();
    let _ = log.take(CONSULTANT, vouched(CONSULTANT, CASE, u64::MAX));
    log.must(ADMIN, vouched(CONSULTANT, CASE, 3));
    log.must(ADMIN, person_revoked(CONSULTANT));
    assert!(log.0.stands(device(CONSULTANT), CASE, 3));
    assert!(!log.0.stands(device(CONSULTANT), CASE, 4));
}

// --- erasing ---

#[test]
fn administrators_and_coordinators_erase() {
    let log = Log::new();
    for document in [CASE, THREAD] {
        assert_eq!(log.who(&erased(document)), [ADMIN, COORDINATOR]);
    }
}

#[test]
fn a_consultant_erases_what_the_office_cannot_read_and_a_participant_nothing() {
    let log = Log::new();
    for document in [PROTECTED, PROTECTED_THREAD] {
        assert_eq!(log.who(&erased(document)), [ADMIN, COORDINATOR, CONSULTANT]);
    }
}

#[test]
fn registers_and_journals_are_never_erased_and_nothing_twice() {
    let mut log = Log::new();
    for document in [REGISTER, JOURNAL, FRESH] {
        assert!(log.who(&erased(document)).is_empty());
    }
    log.must(ADMIN, erased(CASE));
    assert!(log.who(&erased(CASE)).is_empty());
}

#[test]
fn nobody_reads_writes_vouches_or_turns_what_was_erased() {
    let mut log = Log::new();
    log.must(ADMIN, vouched(CONSULTANT, CASE, 3));
    log.must(ADMIN, erased(CASE));
    assert!(log.reads(CASE).is_empty() && log.writes(CASE).is_empty());
    assert!(!log.0.stands(device(CONSULTANT), CASE, 1));
    for body in [
        vouched(CONSULTANT, CASE, 1),
        generation(CASE, 1),
        readers(CASE, &[OFFICE]),
    ] {
        assert!(log.who(&body).is_empty());
    }
}

#[test]
fn every_key_that_ever_opened_what_was_erased_must_be_severed() {
    let mut log = Log::new();
    // Read once, and not any more; and a person who has an invitation, and no device yet.
    log.must(ADMIN, readers(CASE, &[OFFICE, group(OTHER_CONSULTANT)]));
    log.must(ADMIN, person_added(50, Role::Auditor));
    log.must(ADMIN, invited(110, 50));
    log.must(ADMIN, erased(CASE));
    let holders = [ADMIN, COORDINATOR, CONSULTANT, AUDITOR, OTHER_CONSULTANT];
    let erasure = log.0.documents()[&CASE].erasure.clone().unwrap();
    assert_eq!(erasure.holders, holders.map(device).into());
    for n in holders {
        assert!(log.group(group(n)).must_sever(), "{n}");
        assert!(log.group(device(n).into()).must_sever(), "{n}");
    }
    assert!(log.group(group(50)).must_sever());
    assert!(log.group(OFFICE).must_sever());
    for n in [PARTICIPANT, OTHER_PARTICIPANT] {
        assert!(!log.group(group(n)).must_sever(), "{n}");
    }
}

#[test]
fn turning_a_key_without_severing_it_does_not_do_for_erasure() {
    let mut log = Log::new();
    log.must(ADMIN, erased(CASE));
    log.must(ADMIN, turned(OFFICE, 1, false));
    assert!(log.group(OFFICE).must_sever());
    log.must(ADMIN, turned(OFFICE, 2, true));
    assert!(!log.group(OFFICE).must_sever());
}

#[test]
fn an_erasure_is_confirmed_once_every_key_of_the_device_is_severed() {
    let mut log = Log::new();
    log.must(ADMIN, erased(CASE));
    let confirmed = |log: &Log| Body::ErasureConfirmed { upto: log.0.len() };
    let groups = [
        OFFICE,
        group(COORDINATOR),
        GroupId::from(device(COORDINATOR)),
    ];
    for left in groups {
        let mut log = log.clone();
        for other in groups.into_iter().filter(|other| *other != left) {
            log.must(COORDINATOR, turned(other, 1, true));
        }
        assert_eq!(
            log.take(COORDINATOR, confirmed(&log)),
            Err(MembershipError::Contradiction)
        );
    }
    for group in groups {
        log.must(COORDINATOR, turned(group, 1, true));
    }
    let upto = log.0.len();
    assert!(
        log.take(COORDINATOR, Body::ErasureConfirmed { upto: upto + 1 })
            .is_err(),
        "of what is yet to come"
    );
    log.must(COORDINATOR, confirmed(&log));
    log.must(COORDINATOR, Body::ErasureConfirmed { upto: 0 });
    assert_eq!(log.0.devices()[&device(COORDINATOR)].confirmed, upto);
    assert!(log.take(ROOT, confirmed(&log)).is_err());
}

// --- whatever is said in whatever order ---

#[derive(Debug, Clone)]
struct Saying {
    by: u8,
    body: Body,
}

const DOCUMENTS: [DocumentId; 8] = [
    REGISTER,
    CASE,
    PROTECTED,
    THREAD,
    PROTECTED_THREAD,
    JOURNAL,
    OTHER_THREAD,
    FRESH,
];

fn role() -> impl Strategy<Value = Role> {
    prop_oneof![
        Just(Role::Administrator),
        Just(Role::Coordinator),
        Just(Role::Consultant),
        Just(Role::Auditor),
        Just(Role::Participant),
    ]
}

/// One of the workspace, or somebody who may come in.
fn anybody() -> impl Strategy<Value = u8> {
    prop_oneof![6 => ADMIN..=OTHER_PARTICIPANT, 1 => 8_u8..12]
}

fn any_group() -> impl Strategy<Value = GroupId> {
    prop_oneof![
        2 => Just(OFFICE),
        4 => anybody().prop_map(group),
        2 => anybody().prop_map(|n| GroupId::from(device(n))),
    ]
}

fn any_document() -> impl Strategy<Value = DocumentId> {
    prop::sample::select(&DOCUMENTS[..])
}

fn some_groups() -> impl Strategy<Value = Vec<GroupId>> {
    let reader = prop_oneof![8 => anybody().prop_map(group), 6 => Just(OFFICE), 1 => any_group()];
    prop::collection::vec(reader, 0..4)
}

fn any_kind() -> impl Strategy<Value = DocumentKind> {
    prop_oneof![
        Just(DocumentKind::Casefile),
        Just(DocumentKind::Thread),
        Just(DocumentKind::Journal),
        Just(DocumentKind::Register),
    ]
}

/// A body; epochs and generations are mostly the next ones.
fn body() -> impl Strategy<Value = Body> {
    prop_oneof![
        2 => (8_u8..12, role()).prop_map(|(n, role)| person_added(n, role)),
        2 => (anybody(), 8_u8..12).prop_map(|(of, n)| device_added(of, n)),
        8 => (any_group(), 1_u32..5, any::<bool>())
            .prop_map(|(group, epoch, severs)| turned(group, epoch, severs)),
        2 => (INVITATION..106, anybody()).prop_map(|(n, of)| invited(n, of)),
        1 => (INVITATION..106).prop_map(|n| Body::InvitationRevoked { invitation: invitation(n) }),
        2 => anybody().prop_map(device_revoked),
        1 => anybody().prop_map(person_revoked),
        2 => (anybody(), role()).prop_map(|(n, role)| role_changed(n, role)),
        2 => (any_document(), any_kind(), some_groups())
            .prop_map(|(id, kind, readers)| documents(id, kind, &readers)),
        3 => (any_document(), some_groups()).prop_map(|(id, groups)| readers(id, &groups)),
        5 => (any_document(), 1_u32..5).prop_map(|(id, n)| generation(id, n)),
        2 => any_document().prop_map(erased),
        4 => (anybody(), any_document(), 0_u64..6).prop_map(|(n, id, at)| vouched(n, id, at)),
        3 => (0_u64..60).prop_map(|upto| Body::ErasureConfirmed { upto }),
    ]
}

fn saying() -> impl Strategy<Value = Saying> {
    let by = prop_oneof![
        6 => Just(ADMIN),
        2 => Just(COORDINATOR),
        6 => anybody(),
        1 => Just(ROOT),
        1 => INVITATION..106_u8,
    ];
    (by, body()).prop_map(|(by, body)| Saying { by, body })
}

/// Epochs and generations that are the next ones half the time, so that some are taken.
fn fitted(log: &Log, mut body: Body) -> Body {
    match &mut body {
        Body::EpochTurned { group, epoch, .. } if *epoch > 2 => {
            if let Some(state) = log.0.groups().get(group) {
                *epoch = state.epoch() + 1;
            }
        }
        Body::GenerationTurned {
            document,
            generation,
            ..
        } if *generation > 2 => {
            if let Some(state) = log.0.documents().get(document) {
                *generation = u32::try_from(state.commitments.len()).unwrap();
            }
        }
        _ => {}
    }
    body
}

/// The groups whose newest secret a device holds.
fn held(log: &Log, device: DeviceId) -> BTreeSet<GroupId> {
    log.0
        .groups_of(device)
        .into_iter()
        .filter(|group| *group != GroupId::from(device))
        .collect()
}

fn all_standing(log: &Log) -> BTreeSet<(DeviceId, DocumentId, u64)> {
    let devices: Vec<DeviceId> = log.0.devices().keys().copied().collect();
    let mut standing = BTreeSet::new();
    for device in devices {
        for document in DOCUMENTS {
            for sequence in [0, 1, 3, 5, u64::MAX] {
                if log.0.stands(device, document, sequence) {
                    standing.insert((device, document, sequence));
                }
            }
        }
    }
    standing
}

/// What must hold from one state to the next, whatever was taken.
fn check_step(before: &Log, after: &Log, saying: &Saying, owed: &mut BTreeSet<GroupId>) {
    let (old, new) = (&before.0, &after.0);
    for (id, state) in new.groups() {
        let floor = old.groups().get(id).map_or(0, |state| state.floor);
        assert!(state.floor >= floor, "a floor fell");
        assert!(state.floor <= state.epoch());
    }
    // Whoever is out of a group leaves a key that must turn, as long as anybody is left in it.
    for device in old.devices().keys() {
        let lost: Vec<GroupId> = held(before, *device)
            .difference(&held(after, *device))
            .copied()
            .collect();
        owed.extend(lost);
    }
    if let Body::EpochTurned { group, .. } = &saying.body {
        owed.remove(group);
    }
    owed.retain(|group| new.is_active_group(*group));
    for group in &*owed {
        assert!(after.group(*group).must_turn(), "{group} need not turn");
    }
    // A key that somebody could open who may not read any more must turn before it is used.
    for (id, state) in new.documents() {
        for device in old.devices().keys() {
            let lost = old.may_read(*device, *id) && !new.may_read(*device, *id);
            assert!(!lost || state.must_turn || state.erasure.is_some(), "{id}");
        }
    }
    if let Body::GenerationTurned { document, .. } = &saying.body {
        for group in old.groups_to_grant(*document) {
            assert!(!before.group(group).must_turn(), "granted to who is out");
        }
    }
    for device in new.devices().keys() {
        if new.put_out_at(*device).is_some() {
            for document in DOCUMENTS {
                assert!(!new.may_read(*device, document));
                assert!(!new.may_write(*device, document));
            }
            assert!(new.groups_of(*device).is_empty());
        }
        assert!(old.put_out_at(*device).is_none() || new.put_out_at(*device).is_some());
    }
    let gained = all_standing(after);
    for (device, document, sequence) in gained.difference(&all_standing(before)) {
        let vouched = matches!(saying.body, Body::Vouched { .. });
        assert!(
            vouched || new.may_write(*device, *document),
            "{device} {document} {sequence} stands by nobody's word"
        );
    }
    if let (Body::ErasureConfirmed { .. }, Author::Device(device)) =
        (&saying.body, author(saying.by))
    {
        for group in old.groups_of(device) {
            assert!(!before.group(group).must_sever(), "confirmed too early");
        }
    }
    for (id, state) in new.documents() {
        let Some(erasure) = &state.erasure else {
            continue;
        };
        let known = old
            .documents()
            .get(id)
            .and_then(|state| state.erasure.as_ref());
        assert!(known.is_none_or(|known| known == erasure));
    }
    let administers = |role: Role| role == Role::Administrator;
    let persons = new.persons().values();
    assert!(
        persons
            .filter(|state| state.revoked.is_none() && administers(state.role))
            .count()
            > 0,
        "nobody administers"
    );
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 128,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn whatever_is_said_the_rules_hold(sayings in prop::collection::vec(saying(), 1..40)) {
        let mut log = Log::new();
        let mut owed = BTreeSet::new();
        for mut saying in sayings {
            saying.body = fitted(&log, saying.body);
            let before = log.clone();
            // `take` checks that a refused entry changes nothing.
            if log.take(saying.by, saying.body.clone()).is_ok() {
                check_step(&before, &log, &saying, &mut owed);
            }
        }
    }

    #[test]
    fn a_log_that_is_read_again_adds_up_to_the_same(
        sayings in prop::collection::vec(saying(), 1..30)
    ) {
        let mut log = Log::founded();
        let mut taken = Vec::new();
        for saying in sayings {
            let body = fitted(&log, saying.body);
            let entry = log.entry(author(saying.by), body, saying.by);
            if log.0.apply(&entry, NOW).is_ok() {
                taken.push(entry);
            }
        }
        let mut again = Log::founded();
        for entry in taken {
            prop_assert_eq!(again.0.apply(&entry, entry.time_ms), Ok(()));
        }
        prop_assert!(again.0 == log.0);
    }
}
