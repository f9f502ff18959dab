//! What every device judges and decides in the same way, whatever it keeps its state in: a
//! [`Replica`] in its store, a participant's page in one sealed piece.
//!
//! Pure functions over messages, the membership log and keys. Not here: what is kept, and when.
//!
//! [`Replica`]: crate::sync

use folge_protocol::crypto::{PublicKey, SecretKey};
use folge_protocol::grant::Recipient;
use folge_protocol::ids::{DeviceId, DocumentId, GroupId, InvitationId, PersonId, WorkspaceId};
use folge_protocol::maps::Map;
use folge_protocol::membership::{Author, Body, DocumentKind, Entry, Membership, Role};
use folge_protocol::wire::{Signed, SyncReply};

use crate::fault::RelayFault;
use crate::keys::{KemPublic, Keyring, Secret, Subject, is_confirmed};

/// Bytes for the relay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The path, such as `/v1/sync`.
    pub path: &'static str,
    /// The request's body.
    pub body: Vec<u8>,
}

impl Outgoing {
    /// Signs a request to a relay. `time_ms` is the signer's idea of the relay's clock, in
    /// milliseconds since 1970 (UTC).
    #[must_use]
    pub fn sign(
        path: &'static str,
        relay: &[u8; 32],
        workspace: WorkspaceId,
        time_ms: i64,
        nonce: [u8; 16],
        payload: Vec<u8>,
        key: &SecretKey,
    ) -> Self {
        use folge_protocol::codec::Encode;
        let time_ms = u64::try_from(time_ms).unwrap_or(0);
        let signed = Signed::sign(relay, path, workspace, time_ms, nonce, payload, key);
        Self {
            path,
            body: signed.to_bytes(),
        }
    }
}

/// Whether the relay said all of a reply, in answer to this request, and covers by its receipt what
/// it gives numbers to.
/// # Errors
/// What is amiss.
pub fn judge_reply(
    reply: &SyncReply,
    workspace: WorkspaceId,
    relay: &[u8; 32],
    nonce: Option<[u8; 16]>,
) -> Result<(), RelayFault> {
    let signed =
        PublicKey::from_bytes(relay).is_ok_and(|relay| reply.verify(workspace, &relay).is_ok());
    if !signed {
        Err(RelayFault::BadReceipt)
    } else if nonce != Some(reply.receipt.answers) {
        Err(RelayFault::NotAnAnswer)
    } else {
        judge_cover(reply)
    }
}

/// The receipt must cover whatever number the message gives to an envelope.
fn judge_cover(reply: &SyncReply) -> Result<(), RelayFault> {
    let heads = reply.receipt.heads.iter();
    let heads: Map<DocumentId, u64> = heads.map(|head| (head.document, head.number)).collect();
    let covered = |document: DocumentId, number: u64| {
        number > 0 && heads.get(&document).is_some_and(|head| number <= *head)
    };
    let acks = reply
        .acks
        .iter()
        .all(|ack| covered(ack.document, ack.number));
    // The document stands behind version, suite and workspace.
    let deliveries = reply.deliveries.iter().all(|delivery| {
        let id = delivery
            .envelope
            .0
            .get(18..34)
            .and_then(|id| id.try_into().ok());
        id.is_some_and(|id| covered(DocumentId(id), delivery.number))
    });
    if acks && deliveries {
        Ok(())
    } else {
        Err(RelayFault::Malformed)
    }
}

/// Signs the log's next entry. `wall_ms` is the signer's idea of the relay's clock, in milliseconds
/// since 1970 (UTC). Whether an invitation is too old is the relay's to say: a device's clock may be
/// wrong.
#[must_use]
pub fn sign_entry(
    log: &Membership,
    author: Author,
    body: Body,
    wall_ms: i64,
    key: &SecretKey,
) -> Entry {
    let mut time_ms = u64::try_from(wall_ms).unwrap_or(0);
    if let Author::Invitation(id) = &author
        && let Some(invitation) = log.invitations().get(id)
    {
        time_ms = time_ms.min(invitation.expires_ms);
    }
    let (workspace, len, head) = (log.workspace(), log.len(), log.head());
    Entry::sign(workspace, len, head, time_ms, author, body, key)
}

/// Whether an invitation still lets a device of a person in.
#[must_use]
pub fn is_usable(log: &Membership, invitation: InvitationId, person: PersonId) -> bool {
    log.invitations()
        .get(&invitation)
        .is_some_and(|state| !state.spent && state.person == person)
}

/// Entries that a device makes of itself, because the log asks for it.
#[must_use]
pub fn is_housekeeping(body: &Body) -> bool {
    matches!(
        body,
        Body::EpochTurned { .. } | Body::GenerationTurned { .. } | Body::ErasureConfirmed { .. }
    )
}

/// Whether a person's epoch was last turned by somebody who is not one of its devices: the first
/// one turns it, so that whoever invited holds nothing of it.
#[must_use]
pub fn is_first_device(log: &Membership, person: PersonId) -> bool {
    let first = log
        .devices_of(person)
        .filter_map(|id| log.devices().get(&id))
        .map(|device| device.added.index)
        .min();
    let turned = log.groups().get(&person.into()).map(|state| state.turned);
    turned < first && first.is_some_and(|index| index > 0)
}

/// Whether a group is the person of a participant who was invited and has never come in, and whose
/// secrets open nothing that was erased.
#[must_use]
pub fn is_awaited(log: &Membership, group: GroupId) -> bool {
    let person = PersonId(group.0);
    let mut devices = log.devices().values();
    let state = log.persons().get(&person);
    state.is_some_and(|state| state.role == Role::Participant && state.revoked.is_none())
        && log
            .groups()
            .get(&group)
            .is_some_and(|state| !state.must_sever())
        && devices.all(|device| device.person != person)
}

/// The open invitations that this device made for others, whose person's newest key it does not
/// hold, and which nobody has turned since: unless it was granted to them, they lead nowhere.
#[must_use]
pub fn invitations_to_look_after(
    log: &Membership,
    keyring: &Keyring,
    device: DeviceId,
) -> Vec<(InvitationId, GroupId)> {
    if log.device_role(device) != Some(Role::Administrator) {
        return Vec::new();
    }
    let own = log.devices().get(&device).map(|device| device.person);
    let made = log.invitations().iter().filter(|(_, invitation)| {
        !invitation.spent && invitation.by_device == Some(device) && Some(invitation.person) != own
    });
    let wanting = made.filter_map(|(id, invitation)| {
        let group = GroupId::from(invitation.person);
        let (epoch, _) = log.group_key(group)?;
        let turned = log.groups().get(&group)?.turned;
        let wanting = turned < invitation.made.index && keyring.group(group, epoch).is_none();
        (wanting && log.is_active_group(group)).then_some((*id, group))
    });
    wanting.collect()
}

/// To whom a group's new secret is granted. `now_ms` is the relay's clock, in milliseconds since
/// 1970 (UTC): open invitations of a person are among them.
#[must_use]
pub fn members_of(log: &Membership, group: GroupId, now_ms: i64) -> Vec<(Recipient, KemPublic)> {
    let current = |group: GroupId| {
        let (epoch, key) = log.group_key(group)?;
        Some((Recipient::Group(group, epoch), KemPublic(*key)))
    };
    if group == log.office() {
        let persons = log
            .persons()
            .iter()
            .filter(|(_, state)| state.revoked.is_none() && state.role.is_office());
        let recovery = (Recipient::Recovery, KemPublic(*log.recovery_key()));
        return persons
            .filter_map(|(id, _)| current((*id).into()))
            .chain([recovery])
            .collect();
    }
    let person = PersonId(group.0);
    if !log.persons().contains_key(&person) {
        // A device's own.
        return Vec::new();
    }
    let now_ms = u64::try_from(now_ms).unwrap_or(0);
    let invited = log.invitations().iter().filter(|(_, invitation)| {
        invitation.person == person && !invitation.spent && invitation.expires_ms >= now_ms
    });
    let invited = invited
        .map(|(id, invitation)| (Recipient::Invitation(*id), KemPublic(invitation.keys.kem)));
    log.devices_of(person)
        .filter_map(|device| current(device.into()))
        .chain(invited)
        .collect()
}

/// Everything that a group's keys open, of what is in a keyring: what a newcomer to it needs.
#[must_use]
pub fn opened_by(log: &Membership, keyring: &Keyring, group: GroupId) -> Vec<Secret> {
    let office = log.office();
    let valid = |secret: &Secret| is_confirmed(secret, log);
    if let Some(device) = log.devices().get(&DeviceId(group.0)) {
        let secrets = keyring.group_secrets(device.person.into());
        return secrets.filter(valid).collect();
    }
    let role = log
        .persons()
        .get(&PersonId(group.0))
        .map(|state| state.role);
    let mut secrets = Vec::new();
    if role.is_some_and(Role::is_office) {
        secrets.extend(keyring.group_secrets(office).filter(valid));
    }
    let wide = group == office || role.is_some_and(|r| r.is_staff() && !r.is_office());
    for (document, state) in log.documents() {
        let register = *document == log.register() && wide;
        if state.erasure.is_none() && (register || state.readers.contains(&group)) {
            secrets.extend(keyring.document_secrets(*document).filter(valid));
        }
    }
    secrets
}

/// The first epoch of a group whose grants a device still needs before it may sever the group's
/// key: what was granted to epochs before the first that is here nobody can open any more, since
/// the person lost every device, and all of it was granted anew.
#[must_use]
pub fn floor_to_sever(log: &Membership, keyring: &Keyring, group: GroupId) -> u32 {
    let floor = log.groups().get(&group).map_or(0, |state| state.floor);
    let held = keyring.group_secrets(group);
    let first = held
        .filter_map(|secret| match secret.subject {
            Subject::Group(_, epoch) => Some(epoch),
            Subject::Document(..) => None,
        })
        .min();
    floor.max(first.unwrap_or(0))
}

/// Whether a group that a document's key is granted to has yet to get a new key itself: then the
/// document's waits.
#[must_use]
pub fn is_owing(log: &Membership, document: DocumentId) -> bool {
    log.groups_to_grant(document).iter().any(|group| {
        log.groups()
            .get(group)
            .is_some_and(|state| state.must_turn())
    })
}

/// Whether the log makes what was granted to a recipient void.
#[must_use]
pub fn is_void(log: &Membership, recipient: Recipient) -> bool {
    match recipient {
        Recipient::Group(group, epoch) => log
            .groups()
            .get(&group)
            .is_some_and(|state| epoch < state.floor),
        Recipient::Invitation(id) => log
            .invitations()
            .get(&id)
            .is_some_and(|invitation| invitation.spent),
        Recipient::Recovery => false,
    }
}

/// The secrets that the log makes void for a device: of severed epochs, and of documents that it
/// may not read. `pending` is the log with the device's own pending entries.
#[must_use]
pub fn void_secrets(
    log: &Membership,
    pending: Option<&Membership>,
    keyring: &Keyring,
    device: DeviceId,
) -> Vec<Subject> {
    keyring
        .secrets()
        .filter(|secret| match secret.subject {
            Subject::Group(group, epoch) => {
                let floor = log.groups().get(&group).map_or(0, |state| state.floor);
                epoch < floor
            }
            Subject::Document(document, _) => {
                let known = pending.is_some_and(|log| log.documents().contains_key(&document));
                known && !pending.is_some_and(|log| log.may_read(device, document))
            }
        })
        .map(|secret| secret.subject)
        .collect()
}

/// Whether a device has erasures to confirm. `purged` is the entry before which nothing is left on
/// it of what was erased.
#[must_use]
pub fn owes_confirmation(log: &Membership, device: DeviceId, purged: u64) -> bool {
    log.active_device(device).is_some_and(|state| {
        log.documents().values().any(|document| {
            document.erasure.as_ref().is_some_and(|erasure| {
                erasure.holders.contains(&device)
                    && erasure.at.index >= state.confirmed
                    && erasure.at.index < purged
            })
        })
    })
}

/// The threads that a person takes part in as a participant.
pub fn threads_of(log: &Membership, person: PersonId) -> impl Iterator<Item = DocumentId> + '_ {
    let own = GroupId::from(person);
    let threads = log.documents().iter().filter(move |(_, state)| {
        state.kind == DocumentKind::Thread
            && state.erasure.is_none()
            && state.readers.contains(&own)
    });
    threads.map(|(id, _)| *id)
}
