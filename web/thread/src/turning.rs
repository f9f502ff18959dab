//! Keys: which this device owes, making them, granting them, and what the log makes void.

use folge_core::env::Env;
use folge_core::envelope::commitment;
use folge_core::keys::{
    Granted, Issuer, KemPublic, KemSecret, Key32, Secret, Subject, is_confirmed, seal_grant,
};
use folge_core::limits::{GRANT_SECRETS_MAX, KEYLESS_REQUESTS_MAX};
use folge_core::sync::rules::{
    floor_to_sever, is_first_device, is_owing, is_usable, is_void, members_of, opened_by,
    owes_confirmation, void_secrets,
};
use folge_protocol::codec::{Decode, Encode};
use folge_protocol::grant::{Grant, Recipient};
use folge_protocol::ids::{DocumentId, GroupId};
use folge_protocol::membership::{Author, Body};

use crate::error::Error;
use crate::state::{Oddity, OwnGrant, Thread};

impl Thread {
    /// A device that has fetched the log admits itself with its link's key. The first device of a
    /// person also turns the person's key, so that whoever invited holds nothing of it.
    pub(crate) fn admit_self(&mut self) -> Result<(), Error> {
        let who = self.who();
        let Some(entrance) = &self.identity.entrance else {
            return Ok(());
        };
        let author = entrance.author();
        let Some(log) = &self.state.local else {
            return Ok(());
        };
        if log.devices().contains_key(&who.device) {
            return Ok(());
        }
        if let Author::Invitation(id) = author
            && !is_usable(log, id, who.person)
        {
            return Err(Error::BadInvitation);
        }
        // Who turned the key since this device last fetched has granted it to the link: that comes
        // first, because the grant goes with the admission.
        let group = GroupId::from(who.person);
        let held = log
            .group_key(group)
            .is_some_and(|(epoch, _)| self.state.keyring.group(group, epoch).is_some());
        if !held {
            return Ok(());
        }
        let own = GroupId::from(who.device);
        let kem = self.state.keyring.group(own, 0).cloned();
        let keys = self
            .identity
            .device
            .public(&KemSecret(kem.ok_or(Error::Unreadable)?));
        let person = who.person;
        self.add_entry(author, Body::DeviceAdded { person, keys })?;
        self.plan_turns()?;
        // To its own key too: what stands on the relay opens everything again.
        let held: Vec<Secret> = self.state.keyring.group_secrets(group).collect();
        self.grant_to_group(own, &held)
    }

    /// Turns every key that is owed and that this device may turn, and confirms what it erased.
    pub(crate) fn plan_turns(&mut self) -> Result<(), Error> {
        let who = self.who();
        let log = self.state.log()?;
        if log.active_device(who.device).is_none() {
            return Ok(());
        }
        let (own, device) = (GroupId::from(who.person), GroupId::from(who.device));
        let owed = |thread: &Self, group: GroupId| {
            let state = thread.state.local.as_ref()?.groups().get(&group)?;
            Some((state.must_turn(), state.must_sever()))
        };
        let turn = matches!(owed(self, own), Some((true, false)));
        if turn || is_first_device(log, who.person) {
            self.turn_group(own, false)?;
        }
        // After something was erased: from the top down, so that nothing old is granted anew.
        for group in [own, device] {
            if let Some((turn, true)) = owed(self, group) {
                if self.may_sever(group)? {
                    self.turn_group(group, true)?;
                } else if turn {
                    self.turn_group(group, false)?;
                }
            }
        }
        if owes_confirmation(self.state.log()?, who.device, self.state.purged) {
            let upto = self.state.purged.min(self.state.log()?.len());
            match self.add_entry(Author::Device(who.device), Body::ErasureConfirmed { upto }) {
                // The keys have yet to turn.
                Err(Error::Membership(_)) => {}
                done => done?,
            }
        }
        Ok(())
    }

    /// Whether everything that a group's older keys open is here: else voiding them would lose it.
    fn may_sever(&self, group: GroupId) -> Result<bool, Error> {
        let state = &self.state;
        if !state.is_admitted(self.who()) || state.recovering || state.cursor == 0 {
            return Ok(false);
        }
        let floor = floor_to_sever(state.log()?, &state.keyring, group);
        Ok(!state.grants.iter().any(|bytes| {
            Grant::from_bytes(bytes).is_ok_and(|grant| {
                matches!(grant.recipient, Recipient::Group(of, epoch) if of == group && epoch >= floor)
            })
        }))
    }

    /// Gives a group a new key: granted to its members, and, where it severs, with everything
    /// that its older keys open.
    fn turn_group(&mut self, group: GroupId, severs: bool) -> Result<(), Error> {
        let (epoch, _) = self.state.log()?.group_key(group).ok_or(Error::Key)?;
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
        self.add_entry(Author::Device(self.who().device), body)?;
        let members = members_of(self.state.log()?, group, self.relay_now_ms());
        self.state.keyring.insert(&secret);
        for (recipient, key) in members {
            self.grant(recipient, &key, std::slice::from_ref(&secret))?;
        }
        if severs {
            let opened = opened_by(self.state.log()?, &self.state.keyring, group);
            self.grant(Recipient::Group(group, epoch), &public, &opened)?;
        }
        Ok(())
    }

    /// The key that the next envelope is to be sealed under, turned first where the log asks for
    /// it; `None` where it is not here yet.
    pub(crate) fn sealing_key(
        &mut self,
        document: DocumentId,
    ) -> Result<Option<(u32, Key32)>, Error> {
        let log = self.state.log()?;
        let Some(state) = log.documents().get(&document) else {
            return Ok(None);
        };
        let device = self.who().device;
        if state.erasure.is_some() || !log.may_write(device, document) {
            return Ok(None);
        }
        let last = u32::try_from(state.commitments.len().saturating_sub(1)).unwrap_or(u32::MAX);
        let held = self.state.keyring.document(document, last).cloned();
        if !state.must_turn
            && let Some(key) = held
        {
            self.state.keyless = 0;
            return Ok(Some((last, key)));
        }
        if !state.must_turn && self.state.keyless <= KEYLESS_REQUESTS_MAX {
            // Somebody turned it; the grant is on its way. Should it never come, this device
            // turns it once more.
            self.state.keyless += 1;
            return Ok(None);
        }
        if is_owing(log, document) {
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
        self.add_entry(Author::Device(device), body)?;
        self.state.keyring.insert(&secret);
        let log = self.state.log()?;
        let groups = log.groups_to_grant(document);
        let recovery = KemPublic(*log.recovery_key());
        let with_office = groups.contains(&log.office());
        let secrets = [secret];
        for group in groups {
            self.grant_to_group(group, &secrets)?;
        }
        if !with_office {
            self.grant(Recipient::Recovery, &recovery, &secrets)?;
        }
        self.state.keyless = 0;
        Ok(Some((generation, key)))
    }

    // --- grants ---

    fn grant_to_group(&mut self, group: GroupId, secrets: &[Secret]) -> Result<(), Error> {
        let (epoch, key) = self.state.log()?.group_key(group).ok_or(Error::Key)?;
        let (recipient, key) = (Recipient::Group(group, epoch), KemPublic(*key));
        self.grant(recipient, &key, secrets)
    }

    fn grant(
        &mut self,
        recipient: Recipient,
        key: &KemPublic,
        secrets: &[Secret],
    ) -> Result<(), Error> {
        for part in secrets.chunks(GRANT_SECRETS_MAX) {
            let issuer = Issuer {
                workspace: self.identity.workspace,
                device: self.identity.device.id(),
                key: self.identity.device.sign(),
            };
            let granted = Granted::Secrets(part.to_vec());
            let rng = Env::rng(&mut self.env);
            let grant = seal_grant(&issuer, recipient, key, &granted, rng);
            self.state.own_grants.push(OwnGrant {
                recipient,
                subjects: part.iter().map(|secret| secret.subject).collect(),
                bytes: grant.map_err(|_| Error::Key)?.to_bytes(),
                sent: false,
                stored: false,
            });
        }
        Ok(())
    }

    /// Makes a grant anew whose recipient's key was replaced.
    pub(crate) fn remake_grant(&mut self, place: usize) -> Result<(), Error> {
        let old = self.state.own_grants.remove(place);
        let log = self.state.log()?;
        let target = match old.recipient {
            Recipient::Group(group, _) if log.is_active_group(group) => log
                .group_key(group)
                .map(|(epoch, key)| (Recipient::Group(group, epoch), KemPublic(*key))),
            Recipient::Group(..) | Recipient::Invitation(_) => None,
            Recipient::Recovery => Some((old.recipient, KemPublic(*log.recovery_key()))),
        };
        let Some((recipient, key)) = target else {
            return Ok(());
        };
        let keyring = &self.state.keyring;
        let secrets = old.subjects.into_iter();
        let secrets: Vec<Secret> = secrets.filter_map(|of| keyring.secret(of)).collect();
        self.grant(recipient, &key, &secrets)
    }

    /// Takes grants from the relay, and opens what can be opened; one may hold the key to the next.
    /// Says whether one was opened.
    pub(crate) fn take_grants(&mut self, fresh: &[Vec<u8>]) -> Result<bool, Error> {
        for bytes in fresh {
            let grant = Grant::from_bytes(bytes)
                .map_err(|_| Error::Fault(folge_core::RelayFault::Malformed))?;
            let log = self.state.confirmed.as_ref();
            let issuer = log.and_then(|log| log.devices().get(&grant.issuer));
            if issuer.is_some_and(|issuer| grant.verify(&issuer.verifier).is_err()) {
                self.state.note(Oddity::ForgedGrant);
            } else if !self.state.grants.contains(bytes) {
                self.state.grants.push(bytes.clone());
            }
        }
        let waiting = self.state.grants.len();
        self.open_grants();
        Ok(self.state.grants.len() < waiting)
    }

    fn open_grants(&mut self) {
        let state = &mut self.state;
        let Some(log) = &state.confirmed else {
            return;
        };
        let entrance = self.identity.entrance.as_ref();
        let opener = entrance.and_then(|entrance| entrance.opener());
        loop {
            let before = state.grants.len();
            let keyring = &mut state.keyring;
            state.grants.retain(|bytes| {
                let Ok(grant) = Grant::from_bytes(bytes) else {
                    return false;
                };
                // The log may bring the issuer later; a forged one never opens anything.
                let signed = log
                    .devices()
                    .get(&grant.issuer)
                    .is_some_and(|issuer| grant.verify(&issuer.verifier).is_ok());
                let granted = signed
                    .then(|| keyring.open(&grant, opener.as_ref()))
                    .flatten();
                let Some(granted) = granted else {
                    return true;
                };
                // Parcels are for staff, who decide about them.
                if let Granted::Secrets(secrets) = granted {
                    for secret in secrets.iter().filter(|secret| is_confirmed(secret, log)) {
                        keyring.insert(secret);
                    }
                }
                false
            });
            if state.grants.len() == before {
                return;
            }
        }
    }

    // --- what is void ---

    /// Takes back a turned key that the log never took: its secret and its grants go.
    pub(crate) fn undo(&mut self, body: &Body) {
        let subject = match body {
            Body::EpochTurned { group, epoch, .. } => Subject::Group(*group, *epoch),
            Body::GenerationTurned {
                document,
                generation,
                ..
            } => {
                self.unseal(|row| row.header.generation >= *generation);
                Subject::Document(*document, *generation)
            }
            _ => return,
        };
        self.state.keyring.remove(subject);
        self.state.own_grants.retain(|grant| {
            let to_it = match (grant.recipient, subject) {
                (Recipient::Group(group, epoch), Subject::Group(undone, at)) => {
                    (group, epoch) == (undone, at)
                }
                _ => false,
            };
            grant.stored || !(to_it || grant.subjects.contains(&subject))
        });
    }

    /// Destroys every secret and grant that the log makes void.
    pub(crate) fn destroy_void(&mut self) -> Result<(), Error> {
        let device = self.who().device;
        let state = &mut self.state;
        let Some(log) = &state.confirmed else {
            return Ok(());
        };
        if log.active_device(device).is_none() {
            return Ok(());
        }
        for subject in void_secrets(log, state.local.as_ref(), &state.keyring, device) {
            state.keyring.remove(subject);
        }
        state.grants.retain(|bytes| {
            Grant::from_bytes(bytes).is_ok_and(|grant| !is_void(log, grant.recipient))
        });
        let log = log.clone();
        while let Some(place) = self
            .state
            .own_grants
            .iter()
            .position(|grant| is_void(&log, grant.recipient))
        {
            if self.state.own_grants[place].stored {
                self.state.own_grants.remove(place);
            } else {
                // Its recipient's key was replaced before it was delivered.
                self.remake_grant(place)?;
            }
        }
        Ok(())
    }
}
