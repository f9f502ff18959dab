//! A check of everything that this device keeps: every signature, every chain, every document.

use std::collections::{BTreeMap, BTreeSet};

use folge_protocol::codec::Decode;
use folge_protocol::envelope::{Envelope, EnvelopeKind, envelope_hash, next_head, stream_start};
use folge_protocol::ids::{DeviceId, DocumentId, Hash};
use folge_protocol::membership::{DocumentKind, Entry, Membership};

use super::replica::Replica;
use crate::document::{ChangeHash, batch_manifest};
use crate::env::SignatureCheck;
use crate::envelope::open;
use crate::error::Error;
use crate::messages::decode_messages;
use crate::store::{EnvelopeRow, EnvelopeState};

/// What is wrong with something that this device keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The membership log does not verify.
    Log,
    /// An envelope is damaged, or not the one that its row says.
    Envelope,
    /// An envelope's signature is not that of its device.
    Signature,
    /// An envelope's device may not have written to its document.
    NotAllowed,
    /// A device's envelopes do not follow one another.
    Chain,
    /// The stream's head is not what its envelopes give.
    Head,
    /// An envelope does not open.
    Unopenable,
    /// The document does not load.
    Document,
    /// The document lacks a change that an applied envelope carries.
    ChangeMissing,
    /// The document has a change that neither an envelope nor the outbox accounts for.
    ChangeUnsigned,
}

/// What a check looked at and found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Check {
    /// Entries of the membership log.
    pub entries: u64,
    /// Envelopes whose signature, chain and content were checked.
    pub envelopes: u64,
    /// Envelopes in quarantine: known to be bad, and not counted among the faults.
    pub quarantined: u64,
    /// Envelopes that wait for a key or an earlier change: only their signature and chain are
    /// checked.
    pub waiting: u64,
    /// Documents that were loaded and compared with their envelopes.
    pub documents: u64,
    /// Everything that is wrong; no document for the log.
    pub faults: BTreeSet<(Option<DocumentId>, Fault)>,
}

/// What a document's envelopes say that it holds.
#[derive(Default)]
struct Expected {
    heads: BTreeSet<ChangeHash>,
    changes: usize,
}

impl Replica {
    /// Checks the log from its first entry, each envelope's signature, chain and content, each
    /// stream's head, and that each document loads and holds what its envelopes carry and nothing
    /// else. Reads only.
    pub(crate) fn check(&mut self) -> Result<Check, Error> {
        let mut check = Check::default();
        let Some(log) = self.checked_log(&mut check)? else {
            return Ok(check);
        };
        let mut documents: BTreeSet<DocumentId> = self.store.documents()?.into_iter().collect();
        documents.extend(self.streams.keys());
        let mut pending: BTreeMap<DocumentId, usize> = BTreeMap::new();
        for row in self.store.pending()? {
            *pending.entry(row.document).or_default() += 1;
        }
        for document in documents {
            let expected = self.check_envelopes(document, &log, &mut check)?;
            let kind = log.documents().get(&document).map(|state| state.kind);
            if matches!(kind, Some(DocumentKind::Thread | DocumentKind::Journal)) {
                let kept = self.store.messages(document)?;
                let sealed = kept.iter().filter(|row| row.envelope.is_some()).count();
                if sealed != expected.changes {
                    check.faults.insert((Some(document), Fault::ChangeMissing));
                }
                check.documents += 1;
                continue;
            }
            let unsent = pending.get(&document).copied().unwrap_or(0);
            let mut fault = |fault| check.faults.insert((Some(document), fault));
            // From the store, not from memory: it is what is on disk that is checked.
            self.forget_loaded(document);
            match self.load(document) {
                Err(Error::Store(error)) => return Err(error.into()),
                Err(_) => {
                    fault(Fault::Document);
                }
                Ok(loaded) => {
                    let loaded = &loaded.document;
                    if !expected.heads.iter().all(|head| loaded.has_change(head)) {
                        fault(Fault::ChangeMissing);
                    }
                    if loaded.change_count() > expected.changes + unsent {
                        fault(Fault::ChangeUnsigned);
                    }
                }
            }
            check.documents += 1;
        }
        Ok(check)
    }

    fn checked_log(&self, check: &mut Check) -> Result<Option<Membership>, Error> {
        let mut log: Option<Membership> = None;
        for bytes in self.store.log_entries()? {
            let verified = Entry::from_bytes(&bytes).is_ok_and(|entry| match &mut log {
                None => Membership::found(&entry)
                    .map(|made| log = Some(made))
                    .is_ok(),
                Some(log) => log.apply(&entry, entry.time_ms).is_ok(),
            });
            if !verified {
                check.faults.insert((None, Fault::Log));
                return Ok(None);
            }
            check.entries += 1;
        }
        Ok(log)
    }

    fn check_envelopes(
        &self,
        document: DocumentId,
        log: &Membership,
        check: &mut Check,
    ) -> Result<Expected, Error> {
        let mut expected = Expected::default();
        // The last envelope seen of each device. Numbered ones come in the relay's order, and
        // unsent ones, which have none, before them: so the chain is looked at by sequence.
        let mut chains: BTreeMap<(DeviceId, u64), (Hash, Hash)> = BTreeMap::new();
        let stream = self.streams.get(&document);
        let instance = self.progress.instance;
        let mut head =
            instance.map(|instance| stream_start(instance, self.identity.workspace, document));
        let mut number = 0;
        let rows = self.store.envelopes_of(document)?;
        let envelopes: Vec<Option<Envelope>> = rows
            .iter()
            .filter(|(row, _)| row.state != EnvelopeState::Quarantined)
            .map(|(row, _)| Envelope::from_bytes(&row.bytes).ok())
            .collect();
        let mut signed = self.signed_by_members(&envelopes, log).into_iter();
        let mut envelopes = envelopes.iter();
        for (row, _) in rows {
            let mut fault = |fault| check.faults.insert((Some(document), fault));
            if let (Some(before), Some(at)) = (head, row.number)
                && at == number + 1
            {
                number = at;
                head = row.accepted_ms.map(|ms| next_head(before, row.hash, ms));
                if stream.is_some_and(|stream| stream.number == number && Some(stream.head) != head)
                {
                    fault(Fault::Head);
                }
            }
            if row.state == EnvelopeState::Quarantined {
                check.quarantined += 1;
                continue;
            }
            let envelope = envelopes.next().and_then(Option::as_ref);
            let signed = signed.next().unwrap_or(false);
            match self.check_envelope(&row, envelope, signed, log, &mut expected) {
                Ok((previous, opened)) => {
                    chains.insert((row.device, row.sequence), (previous, row.hash));
                    check.waiting += u64::from(!opened);
                }
                Err(found) => {
                    fault(found);
                }
            }
            check.envelopes += 1;
        }
        let broken = chains.iter().any(|((device, sequence), (previous, _))| {
            let before = chains.get(&(*device, sequence - 1));
            before.is_some_and(|(_, hash)| hash != previous)
        });
        if broken {
            check.faults.insert((Some(document), Fault::Chain));
        }
        if stream.is_some_and(|stream| stream.number > number) {
            check.faults.insert((Some(document), Fault::Head));
        }
        Ok(expected)
    }

    /// For each whether the device that it names is in a log, and signed it.
    fn signed_by_members(&self, envelopes: &[Option<Envelope>], log: &Membership) -> Vec<bool> {
        let checks: Vec<Option<SignatureCheck<'_>>> = envelopes
            .iter()
            .map(|envelope| {
                let envelope = envelope.as_ref()?;
                let author = log.devices().get(&envelope.header.device)?;
                let key = &author.verifier;
                Some(SignatureCheck { key, envelope })
            })
            .collect();
        let known: Vec<SignatureCheck<'_>> = checks.iter().copied().flatten().collect();
        let mut held = self.env.check(&known).into_iter();
        let answers = checks.iter();
        answers
            .map(|check| check.is_some() && held.next() == Some(true))
            .collect()
    }

    /// The hash of the device's envelope before this one, and whether it was opened. `signed` says
    /// whether the device that the envelope names signed it.
    fn check_envelope(
        &self,
        row: &EnvelopeRow,
        envelope: Option<&Envelope>,
        signed: bool,
        log: &Membership,
        expected: &mut Expected,
    ) -> Result<(Hash, bool), Fault> {
        let envelope = envelope.ok_or(Fault::Envelope)?;
        let header = &envelope.header;
        let named = (header.document, header.device, header.sequence);
        if named != (row.document, row.device, row.sequence)
            || header.workspace != self.identity.workspace
            || envelope_hash(&row.bytes) != row.hash
        {
            return Err(Fault::Envelope);
        }
        if !signed {
            return Err(Fault::Signature);
        }
        let own_unsent = row.number.is_none() && row.device == self.device();
        let stands = log.stands(row.device, row.document, row.sequence);
        if row.state != EnvelopeState::Held && !own_unsent && !stands {
            return Err(Fault::NotAllowed);
        }
        let mut kind = header.kind;
        let kept = matches!(row.state, EnvelopeState::Waiting | EnvelopeState::Held);
        if kept || header.kind == EnvelopeKind::Snapshot {
            return Ok((header.previous, false));
        }
        let key = self.keyring.document(row.document, header.generation);
        let content = open(envelope, key.ok_or(Fault::Unopenable)?);
        let content = content.map_err(|_| Fault::Unopenable)?;
        let content = if header.kind == EnvelopeKind::Carried {
            let inner = self.carried(row.document, &content.batch);
            let inner = inner.map_err(|_| Fault::Signature)?;
            kind = inner.header.kind;
            self.open_carried(&inner).ok_or(Fault::Unopenable)?
        } else {
            content
        };
        if kind == EnvelopeKind::Message {
            let messages = decode_messages(&content.batch).map_err(|_| Fault::Unopenable)?;
            expected.changes += messages.len();
            return Ok((header.previous, true));
        }
        // A hash covers its dependencies' hashes, so the heads stand for every byte of the batch.
        let (count, heads) = batch_manifest(&content.batch).map_err(|_| Fault::Unopenable)?;
        expected.changes += count;
        expected.heads.extend(heads);
        Ok((header.previous, true))
    }
}
