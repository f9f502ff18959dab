//! Which keys have to turn, and turning them: after somebody was put out, after something was
//! erased, and when a person's first device comes in.
//!
//! What is owed follows from the log alone, so that a crash in between loses nothing and any
//! device that may do it does it. Two that turn the same key at once: the relay takes one, the
//! other's secret is thrown away and planned anew.

use std::collections::BTreeSet;

use folge_protocol::codec::{Decode, DecodeError, Encode, Reader, Writer};
use folge_protocol::envelope::Envelope;
use folge_protocol::grant::{Grant, Recipient};
use folge_protocol::ids::{DocumentId, GroupId};
use folge_protocol::limits::GRANT_BYTES_MAX;
use folge_protocol::membership::{Author, Body, Role};

use super::replica::Replica;
use super::rules;
use crate::envelope::commitment;
use crate::error::Error;
use crate::keys::{Granted, KemPublic, KemSecret, Key32, Secret, Subject};
use crate::limits::{GRANT_SECRETS_MAX, KEYLESS_REQUESTS_MAX};

const META_WITHDRAW: &str = "withdraw";

/// What a grant made here holds, without its secrets: enough to make it anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct GrantContent {
    pub(super) recipient: Recipient,
    pub(super) what: Contents,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Contents {
    Secrets(Vec<Subject>),
    Parcel(Vec<u8>),
}

impl Encode for GrantContent {
    fn encode(&self, out: &mut Writer) {
        self.recipient.encode(out);
        match &self.what {
            Contents::Secrets(subjects) => {
                out.u8(1);
                out.list(subjects);
            }
            Contents::Parcel(envelope) => {
                out.u8(2);
                out.bytes(envelope);
            }
        }
    }
}

impl Decode for GrantContent {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            recipient: Decode::decode(input)?,
            what: match input.u8()? {
                1 => Contents::Secrets(input.list(GRANT_SECRETS_MAX)?),
                2 => Contents::Parcel(input.bytes(GRANT_BYTES_MAX)?.to_vec()),
                other => return Err(DecodeError::UnknownTag(other)),
            },
        })
    }
}

impl Replica {
    /// Turns every key that is owed and that this device may turn, and confirms what it erased.
    /// The caller is in a transaction.
    pub(crate) fn plan_turns(&mut self) -> Result<(), Error> {
        let Some(role) = self.local_role() else {
            return Ok(());
        };
        let own = GroupId::from(self.identity.person);
        let device = GroupId::from(self.device());
        let leads = matches!(role, Role::Administrator | Role::Coordinator);
        // After somebody was put out: persons first, so that the office's new secret is granted
        // to their new keys.
        let log = self.log()?;
        let office = log.office();
        let owed: Vec<GroupId> = log
            .groups()
            .iter()
            .filter(|(group, state)| {
                // The own one is severed below, which turns it too.
                state.must_turn()
                    && **group != office
                    && ((**group == own && !state.must_sever())
                        || (**group != own && role == Role::Administrator))
                    && log.is_active_group(**group)
            })
            .map(|(group, _)| *group)
            .collect();
        for group in owed {
            self.turn_group(group, false)?;
        }
        for group in self.owed_to_invitations()? {
            self.turn_group(group, false)?;
            let opened = self.opened_by(group)?;
            self.grant_to_group(group, &opened)?;
        }
        if rules::is_first_device(self.log()?, self.identity.person) {
            self.turn_group(own, false)?;
        }
        let state = |replica: &Self, group: GroupId| {
            let state = replica.log().ok()?.groups().get(&group);
            state.map(|state| (state.must_turn(), state.must_sever()))
        };
        // After something was erased: from the top down, so that nothing old is granted anew.
        if let Some((turn, sever)) = state(self, office)
            && leads
        {
            let sever = sever && self.may_sever(office)?;
            if turn || sever {
                self.turn_group(office, sever)?;
            }
        }
        for group in [own, device] {
            if let Some((turn, true)) = state(self, group) {
                if self.may_sever(group)? {
                    self.turn_group(group, true)?;
                } else if turn {
                    self.turn_group(group, false)?;
                }
            }
        }
        self.withdraw()?;
        self.confirm_erasures()
    }

    /// The persons whose keys have to turn for invitations made here: the turn that was made for
    /// them was taken back, because another entry came first.
    fn owed_to_invitations(&self) -> Result<BTreeSet<GroupId>, Error> {
        let wanting = rules::invitations_to_look_after(self.log()?, &self.keyring, self.device());
        if wanting.is_empty() {
            return Ok(BTreeSet::new());
        }
        let mut granted = BTreeSet::new();
        for (_, bytes) in self.store.grants()? {
            let grant = Grant::from_bytes(&bytes).map_err(|_| Error::Unreadable("grants"))?;
            if let Recipient::Invitation(id) = grant.recipient {
                granted.insert(id);
            }
        }
        let owed = wanting.into_iter();
        Ok(owed
            .filter(|(id, _)| !granted.contains(id))
            .map(|(_, group)| group)
            .collect())
    }

    /// Whether everything that a group's older keys open is here: else voiding them would lose it.
    fn may_sever(&self, group: GroupId) -> Result<bool, Error> {
        if !self.is_admitted() || self.progress.recovering || self.progress.cursor == 0 {
            return Ok(false);
        }
        let floor = rules::floor_to_sever(self.log()?, &self.keyring, group);
        for (_, bytes) in self.store.unopened_grants()? {
            let grant = Grant::from_bytes(&bytes).map_err(|_| Error::Unreadable("grants"))?;
            if matches!(grant.recipient, Recipient::Group(of, epoch) if of == group && epoch >= floor)
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn local_role(&self) -> Option<Role> {
        if self.is_out() { None } else { self.role() }
    }

    /// Gives a group a new key: granted to its members, and, where it severs, with everything
    /// that its older keys open.
    fn turn_group(&mut self, group: GroupId, severs: bool) -> Result<(), Error> {
        let (epoch, _) = self.log()?.group_key(group).ok_or(Error::NotAllowed)?;
        let epoch = epoch + 1;
        let key = Key32::new(self.env.random());
        let secret = Secret {
            subject: Subject::Group(group, epoch),
            key: key.clone(),
        };
        let public = KemSecret(key).public();
        let body = Body::EpochTurned {
            group,
            epoch,
            key: public.0,
            severs,
        };
        self.add_entry(Author::Device(self.device()), body)?;
        let members = self.members_of(group)?;
        // An administrator who turns another's key keeps it until its grants are delivered, should
        // they have to be made anew; see `destroy_foreign`.
        self.keep_secret(&secret)?;
        for (recipient, key) in members {
            self.grant(recipient, &key, std::slice::from_ref(&secret))?;
        }
        if severs {
            let opened = self.opened_by(group)?;
            self.grant(Recipient::Group(group, epoch), &public, &opened)?;
        }
        Ok(())
    }

    /// Turns the key of a person who lost every device, for the invitation of the next one.
    pub(crate) fn turn_for_invitation(&mut self, person: GroupId) -> Result<(), Error> {
        self.turn_group(person, false)
    }

    // --- protected participations ---

    /// Notes that this device hands a document over once all that it wrote there is delivered.
    pub(crate) fn withdraw_later(&mut self, document: DocumentId) -> Result<(), Error> {
        let mut bytes = self.store.meta(META_WITHDRAW)?.unwrap_or_default();
        bytes.extend(document.0);
        Ok(self.store.set_meta(META_WITHDRAW, Some(&bytes))?)
    }

    /// Takes this device's person from the readers of what it has handed over. The caller is in a
    /// transaction.
    fn withdraw(&mut self) -> Result<(), Error> {
        let bytes = self.store.meta(META_WITHDRAW)?.unwrap_or_default();
        if bytes.is_empty() {
            return Ok(());
        }
        let own = GroupId::from(self.identity.person);
        let pending = self.store.pending()?;
        let mut left = Vec::new();
        for id in bytes.as_chunks::<16>().0 {
            let document = DocumentId(*id);
            let state = self.log()?.documents().get(&document);
            let others = state.is_some_and(|state| state.readers.iter().any(|id| *id != own));
            let delivered = self.stream_number(document) > 0
                && self.store.never_stored(document, self.device())?.is_empty()
                && !pending.iter().any(|row| row.document == document);
            if others && delivered {
                self.remove_readers(document, &[own])?;
            } else if state.is_some_and(|state| state.erasure.is_none()) {
                left.extend(document.0);
            }
        }
        let left = Some(left.as_slice()).filter(|left| !left.is_empty());
        Ok(self.store.set_meta(META_WITHDRAW, left)?)
    }

    /// To whom a group's new secret is granted.
    fn members_of(&self, group: GroupId) -> Result<Vec<(Recipient, KemPublic)>, Error> {
        let now_ms = self.env.now().wall_ms.saturating_add(self.relay_offset_ms);
        Ok(rules::members_of(self.log()?, group, now_ms))
    }

    /// Everything that a group's keys open: what a newcomer to it needs.
    pub(crate) fn opened_by(&self, group: GroupId) -> Result<Vec<Secret>, Error> {
        Ok(rules::opened_by(self.log()?, &self.keyring, group))
    }

    /// Says that nothing is left here of what was erased, once that is so.
    fn confirm_erasures(&mut self) -> Result<(), Error> {
        let log = self.log()?;
        let device = self.device();
        if !rules::owes_confirmation(log, device, self.progress.purged) {
            return Ok(());
        }
        let upto = self.progress.purged.min(log.len());
        match self.add_entry(Author::Device(device), Body::ErasureConfirmed { upto }) {
            // The keys have yet to turn.
            Err(Error::Membership(_)) => Ok(()),
            done => done,
        }
    }

    // --- a document's key ---

    /// The key that a document's next envelope is to be sealed under, turned first where the log
    /// asks for it; `None` where it is not here yet.
    pub(super) fn sealing_key(
        &mut self,
        document: DocumentId,
    ) -> Result<Option<(u32, Key32)>, Error> {
        let log = self.log()?;
        let Some(state) = log.documents().get(&document) else {
            return Ok(None);
        };
        if state.erasure.is_some() {
            return Ok(None);
        }
        let last = u32::try_from(state.commitments.len().saturating_sub(1)).unwrap_or(u32::MAX);
        let held = self.keyring.document(document, last).cloned();
        let lost = self.keyless.get(&document).copied().unwrap_or(0) > KEYLESS_REQUESTS_MAX;
        if !state.must_turn
            && let Some(key) = held
        {
            self.keyless.remove(&document);
            return Ok(Some((last, key)));
        }
        if !state.must_turn && !lost {
            // Somebody turned it; the grant is on its way. Should it never come, this device
            // turns it once more.
            *self.keyless.entry(document).or_default() += 1;
            return Ok(None);
        }
        if rules::is_owing(log, document) || !log.may_write(self.device(), document) {
            return Ok(None);
        }
        let generation = last + 1;
        let key = Key32::new(self.env.random());
        let secret = Secret {
            subject: Subject::Document(document, generation),
            key: key.clone(),
        };
        let body = Body::GenerationTurned {
            document,
            generation,
            commitment: commitment(&key, document, generation),
        };
        self.add_entry(Author::Device(self.device()), body)?;
        self.keep_secret(&secret)?;
        self.grant_document(document, &[secret])?;
        self.keyless.remove(&document);
        Ok(Some((generation, key)))
    }

    /// Grants a document's secrets to everybody who may read it; and where the office may not,
    /// to the recovery words, so that they are not lost with one phone.
    pub(crate) fn grant_document(
        &mut self,
        document: DocumentId,
        secrets: &[Secret],
    ) -> Result<(), Error> {
        let log = self.log()?;
        let groups = log.groups_to_grant(document);
        let recovery = KemPublic(*log.recovery_key());
        let with_office = groups.contains(&log.office());
        for group in groups {
            self.grant_to_group(group, secrets)?;
        }
        if !with_office {
            self.grant(Recipient::Recovery, &recovery, secrets)?;
        }
        Ok(())
    }

    // --- what is void ---

    /// Takes back a turned key that the log never took: its secret and its grants go.
    pub(super) fn undo_turn(&mut self, body: &Body) -> Result<(), Error> {
        let subject = match body {
            Body::EpochTurned { group, epoch, .. } => Subject::Group(*group, *epoch),
            Body::GenerationTurned {
                document,
                generation,
                ..
            } => Subject::Document(*document, *generation),
            _ => return Ok(()),
        };
        if let Subject::Document(document, generation) = subject {
            // What was sealed under it is taken apart while its key is here.
            let rows = self.store.never_stored(document, self.device())?;
            let first = rows.iter().find(|row| {
                Envelope::from_bytes(&row.bytes)
                    .is_ok_and(|envelope| envelope.header.generation == generation)
            });
            if let Some(row) = first {
                self.unseal(document, row.sequence)?;
            }
        }
        self.destroy_secret(subject)?;
        for (n, bytes) in self.store.unsent_grant_contents()? {
            let content =
                GrantContent::from_bytes(&bytes).map_err(|_| Error::Unreadable("grants"))?;
            let to_it = match (content.recipient, subject) {
                (Recipient::Group(group, epoch), Subject::Group(undone, at)) => {
                    (group, epoch) == (undone, at)
                }
                _ => false,
            };
            let of_it = matches!(&content.what, Contents::Secrets(all) if all.contains(&subject));
            if to_it || of_it {
                self.store.remove_grant(n)?;
            }
        }
        Ok(())
    }

    /// Makes a grant anew that the relay refused because its recipient's key was replaced.
    pub(super) fn remake_grant(&mut self, n: i64) -> Result<(), Error> {
        let contents = self.store.unsent_grant_contents()?;
        let Some((_, bytes)) = contents.into_iter().find(|(row, _)| *row == n) else {
            return Ok(());
        };
        let content = GrantContent::from_bytes(&bytes).map_err(|_| Error::Unreadable("grants"))?;
        let log = self.log()?;
        let target = match content.recipient {
            Recipient::Group(group, _) if log.is_active_group(group) => log
                .group_key(group)
                .map(|(epoch, key)| (Recipient::Group(group, epoch), KemPublic(*key))),
            // Used, or its group is out: whoever came of it is granted to by name.
            Recipient::Group(..) | Recipient::Invitation(_) => None,
            Recipient::Recovery => Some((content.recipient, KemPublic(*log.recovery_key()))),
        };
        self.store.remove_grant(n)?;
        let Some((recipient, key)) = target else {
            return Ok(());
        };
        match content.what {
            Contents::Secrets(subjects) => {
                let secrets: Vec<Secret> = subjects
                    .into_iter()
                    .filter_map(|subject| self.keyring.secret(subject))
                    .collect();
                self.grant(recipient, &key, &secrets)
            }
            Contents::Parcel(envelope) => {
                self.grant_any(recipient, &key, &Granted::Parcel(envelope))
            }
        }
    }

    /// Destroys every secret and grant that the log makes void. The caller is in a transaction.
    pub(super) fn destroy_void(&mut self) -> Result<(), Error> {
        let Some(log) = self.confirmed.as_ref() else {
            return Ok(());
        };
        let device = self.device();
        if log.active_device(device).is_none() {
            return Ok(());
        }
        let void = rules::void_secrets(log, self.local.as_ref(), &self.keyring, device);
        let mut grants = Vec::new();
        for (n, bytes) in self.store.grants()? {
            let grant = Grant::from_bytes(&bytes).map_err(|_| Error::Unreadable("grants"))?;
            if rules::is_void(log, grant.recipient) {
                grants.push(n);
            }
        }
        self.checkpoint_due |= !void.is_empty() || !grants.is_empty();
        for subject in void {
            self.destroy_secret(subject)?;
        }
        let contents = self.store.unsent_grant_contents()?;
        let unsent: BTreeSet<i64> = contents.into_iter().map(|(n, _)| n).collect();
        for n in grants {
            if unsent.contains(&n) {
                // Its recipient's key was replaced before it was delivered.
                self.remake_grant(n)?;
            } else {
                self.store.remove_grant(n)?;
            }
        }
        Ok(())
    }

    /// Destroys the secrets of groups that this device is not of, once what it granted of them is
    /// delivered. A participant's is kept until their first device has turned it: whoever invited
    /// them may have to do so again, where the link was lost on its way. The caller is in a
    /// transaction.
    pub(super) fn destroy_foreign(&mut self) -> Result<(), Error> {
        let Some(log) = self.confirmed.as_ref() else {
            return Ok(());
        };
        let device = self.device();
        if log.active_device(device).is_none() {
            return Ok(());
        }
        let mine = log.groups_of(device);
        let foreign: Vec<Subject> = self
            .keyring
            .group_subjects()
            .filter(|subject| {
                matches!(subject, Subject::Group(group, _)
                    if !mine.contains(group) && !rules::is_awaited(log, *group))
            })
            .collect();
        if foreign.is_empty() {
            return Ok(());
        }
        let mut needed = BTreeSet::new();
        for (_, bytes) in self.store.unsent_grant_contents()? {
            let content =
                GrantContent::from_bytes(&bytes).map_err(|_| Error::Unreadable("grants"))?;
            if let Contents::Secrets(subjects) = content.what {
                needed.extend(subjects);
            }
        }
        for subject in foreign {
            if !needed.contains(&subject) {
                self.destroy_secret(subject)?;
            }
        }
        Ok(())
    }
}
