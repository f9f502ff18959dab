//! From the relay's bytes to documents: verify, open, apply; what cannot be trusted or read goes
//! into quarantine where a person can see it, and nothing vanishes.

use std::collections::{BTreeMap, BTreeSet};

use folge_protocol::codec::{Decode, Encode, Reader, Writer};
use folge_protocol::crypto::{Tag, tagged_hash};
use folge_protocol::envelope::{
    Envelope, EnvelopeKind, Header, envelope_hash, next_head, stream_start,
};
use folge_protocol::grant::Grant;
use folge_protocol::ids::{DocumentId, GroupId, Hash};
use folge_protocol::membership::{Author, Body, DocumentKind as LogKind, Entry, Membership, Role};
use folge_protocol::wire::{Delivery, GrantBlob, SyncReply};

use super::alarms::{AlarmKind, Evidence};
use super::evidence::Origin;
use super::exchange::SyncReport;
use super::messages::KeptMessage;
use super::replica::{Replica, TailItem};
use super::signed::Claimed;
use crate::document::{ChangeHash, DocumentError};
use crate::domain::Language;
use crate::domain::text::pick;
use crate::envelope::{Content, open};
use crate::error::{Error, RelayFault};
use crate::keys::{Granted, Secret, Subject, is_confirmed};
use crate::messages::decode_messages;
use crate::store::{EnvelopeRow, EnvelopeState, StreamRow};

/// Why something is in quarantine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum QuarantineReason {
    /// The signature is not that of the device it names.
    BadSignature,
    /// The device may not write to this document.
    NotAllowed,
    /// It does not open: sealed under another key, or changed.
    Unopenable,
    /// It opens, but what is inside is damaged or not allowed.
    Damaged,
    /// The relay will never take it.
    RefusedByRelay,
}

impl QuarantineReason {
    /// What the user reads: what it is, and what to do.
    #[must_use]
    pub const fn user_text(self, language: Language) -> &'static str {
        let both = match self {
            Self::BadSignature => (
                "Ikke fra den det gir seg ut for. Det er lagt til side. Si fra til administrator.",
                "Not from whom it says. It was put aside. Tell an administrator.",
            ),
            Self::NotAllowed => (
                "Skrevet av noen som ikke kan skrive her. Det er lagt til side. Si fra til \
                 administrator.",
                "Written by somebody who may not write here. It was put aside. Tell an \
                 administrator.",
            ),
            Self::Unopenable => (
                "Kan ikke åpnes på denne enheten. Det er lagt til side. Synkroniser, og be om å \
                 bli tildelt på nytt hvis det varer.",
                "It cannot be opened on this device. It was put aside. Sync, and ask to be \
                 assigned anew if it lasts.",
            ),
            Self::Damaged => (
                "Innholdet er skadet. Det er lagt til side. Be den som skrev, om å føre det på \
                 nytt.",
                "What is in it is damaged. It was put aside. Ask who wrote it to record it anew.",
            ),
            Self::RefusedByRelay => (
                "Tjenesten tar ikke imot dette. Det ligger på denne enheten. Si fra til \
                 administrator.",
                "The relay does not take this. It stays on this device. Tell an administrator.",
            ),
        };
        pick(both, language)
    }

    const ALL: [Self; 5] = [
        Self::BadSignature,
        Self::NotAllowed,
        Self::Unopenable,
        Self::Damaged,
        Self::RefusedByRelay,
    ];
    const fn code(self) -> u8 {
        match self {
            Self::BadSignature => 1,
            Self::NotAllowed => 2,
            Self::Unopenable => 3,
            Self::Damaged => 4,
            Self::RefusedByRelay => 5,
        }
    }
}

/// Something in quarantine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantined {
    /// The document that it was for.
    pub document: DocumentId,
    /// Why it is here.
    pub reason: QuarantineReason,
    /// When it came here by this device's clock, in milliseconds since 1970 (UTC).
    pub at_ms: i64,
    /// The envelope, as it came.
    pub bytes: Vec<u8>,
}

pub(super) enum Outcome {
    Applied(Vec<u8>),
    Waiting,
    /// Its device was put out, and nobody vouched for it.
    Held,
    Quarantined(QuarantineReason),
}

impl Replica {
    pub(super) fn quarantine(
        &mut self,
        document: DocumentId,
        reason: QuarantineReason,
        bytes: &[u8],
    ) -> Result<(), Error> {
        let mut out = Writer::new();
        out.u8(reason.code());
        out.raw(&self.env.now().wall_ms.to_be_bytes());
        out.raw(bytes);
        Ok(self.store.add_quarantine(document, &out.finish())?)
    }

    /// Everything in quarantine.
    /// # Errors
    /// [`Error::Store`].
    pub fn quarantined(&self) -> Result<Vec<Quarantined>, Error> {
        let unreadable = |_| Error::Unreadable("quarantine");
        let mut found = Vec::new();
        for row in self.store.quarantine()? {
            let mut input = Reader::new(&row.plain);
            let code = input.u8().map_err(unreadable)?;
            let reason = QuarantineReason::ALL
                .into_iter()
                .find(|known| known.code() == code);
            found.push(Quarantined {
                document: row.document,
                reason: reason.ok_or(Error::Unreadable("quarantine"))?,
                at_ms: i64::from_be_bytes(input.array().map_err(unreadable)?),
                bytes: input.rest().to_vec(),
            });
        }
        Ok(found)
    }

    // --- membership ---

    /// Takes new entries; says whether there were any.
    pub(super) fn take_entries(&mut self, reply: &SyncReply) -> Result<bool, Error> {
        let len_before = self.confirmed.as_ref().map_or(0, Membership::len);
        if reply.entries.is_empty() {
            self.relay_log_len = (reply.log_len < len_before).then_some(reply.log_len);
            return Ok(false);
        }
        let readable_before = self.readable();
        let deltas = self.reader_deltas();
        let known = self.store.log_entries_from(
            reply
                .entries
                .first()
                .map_or(Ok(0), |blob| entry_of(&blob.0).map(|e| e.index))?,
        )?;
        let mut known = known.into_iter();
        let mut added = BTreeSet::new();
        let mut fresh: Vec<Entry> = Vec::new();
        for blob in &reply.entries {
            if let Some(known) = known.next() {
                if known != blob.0 {
                    let evidence = Evidence::new(&known, &blob.0);
                    return Err(self.fault(RelayFault::LogForked, None, None, evidence));
                }
                continue;
            }
            let entry = entry_of(&blob.0)?;
            let followed = match &mut self.confirmed {
                None => match Membership::found(&entry) {
                    Ok(log) if log.workspace() != self.identity.workspace => {
                        return Err(Error::BadInvitation);
                    }
                    Ok(log) => {
                        self.confirmed = Some(log);
                        Ok(())
                    }
                    Err(error) => Err(error),
                },
                Some(log) => log.apply(&entry, entry.time_ms),
            };
            if let Err(error) = followed {
                let evidence = Evidence::new(&[], &blob.0);
                return Err(self.fault(RelayFault::BadEntry(error), None, None, evidence));
            }
            self.store.append_log(entry.index, &blob.0)?;
            if let Body::DocumentsAdded { documents } = &entry.body {
                added.extend(documents.iter().map(|document| document.document));
            }
            // An own entry that the relay took is pending no more.
            if self.pending_entries.first() == Some(&entry) {
                self.pending_entries.remove(0);
            }
            fresh.push(entry);
        }
        self.carry_over(&deltas)?;
        let dropped = self.rebase_pending()?;
        self.note_dropped(&dropped)?;
        self.save_pending_entries()?;
        let len = self.confirmed.as_ref().map_or(0, Membership::len);
        self.relay_log_len = (reply.log_len < len).then_some(reply.log_len);
        self.follow_entries(&fresh, &readable_before)?;
        // What this device may read from now on, but whose stream lies behind its cursor.
        if self.progress.cursor > 0 {
            let fresh: Vec<_> = self
                .readable()
                .difference(&readable_before)
                .copied()
                .collect();
            for document in fresh {
                // A stream that began just now lies before the cursor in no part. One that this
                // device could read before is missing what came since.
                if !added.contains(&document) {
                    let from = self.stream_number(document) + 1;
                    self.wanted.insert(document, from);
                }
            }
            self.save_wanted()?;
        }
        Ok(len > len_before)
    }

    /// Does what new entries of the log ask of this device.
    fn follow_entries(
        &mut self,
        entries: &[Entry],
        readable_before: &BTreeSet<DocumentId>,
    ) -> Result<(), Error> {
        if entries.is_empty() {
            return Ok(());
        }
        self.leave_unreadable(readable_before)?;
        if self.is_admitted() && !readable_before.is_empty() {
            let bodies: Vec<Body> = entries.iter().map(|entry| entry.body.clone()).collect();
            self.vouch_for_earlier(&bodies)?;
        }
        // What was granted when these were made may lack a key that was turned meanwhile.
        let own = Author::Device(self.device());
        let mine = entries.iter().filter(|entry| entry.author == own);
        self.regrant
            .extend(mine.filter_map(|entry| match &entry.body {
                Body::ReadersChanged { document, readers } => {
                    Some((Some(*document), readers.clone()))
                }
                Body::RoleChanged { person, .. } | Body::PersonAdded { person, .. } => {
                    Some((None, vec![GroupId::from(*person)]))
                }
                _ => None,
            }));
        for entry in entries {
            if let Body::ReadersChanged { document, readers } = &entry.body {
                self.grant_for_another(*document, readers, entry.author)?;
            }
        }
        let voids = entries.iter().any(|entry| {
            matches!(
                entry.body,
                Body::EpochTurned { severs: true, .. }
                    | Body::Erased { .. }
                    | Body::ReadersChanged { .. }
                    | Body::RoleChanged { .. }
                    | Body::InvitationRevoked { .. }
                    | Body::DeviceAdded { .. }
                    | Body::DeviceRevoked { .. }
                    | Body::PersonRevoked { .. }
            )
        });
        if voids {
            self.destroy_void()?;
        }
        Ok(())
    }

    /// Grants once more to whom this device let read something, where a key was turned before the
    /// log took it. The caller is in a transaction.
    pub(super) fn grant_again(&mut self) -> Result<(), Error> {
        for (document, groups) in std::mem::take(&mut self.regrant) {
            for group in groups {
                let log = self.log()?;
                let own = self.identity.person.into();
                if group == own || !log.is_active_group(group) {
                    continue;
                }
                let secrets: Vec<Secret> = match document {
                    Some(document) => self.keyring.document_secrets(document).collect(),
                    None => self.opened_by(group)?,
                };
                let turned = secrets.iter().any(
                    |secret| matches!(secret.subject, Subject::Document(_, generation) if generation > 0),
                );
                if turned {
                    self.grant_to_group(group, &secrets)?;
                }
            }
        }
        Ok(())
    }

    /// What the pending changes of readers add and take away: two who change them at once do not
    /// undo each other's change.
    fn reader_deltas(&self) -> Vec<(Entry, Vec<GroupId>, Vec<GroupId>)> {
        let mut now: BTreeMap<DocumentId, BTreeSet<GroupId>> = BTreeMap::new();
        let mut deltas = Vec::new();
        for entry in &self.pending_entries {
            let Body::ReadersChanged { document, readers } = &entry.body else {
                continue;
            };
            let confirmed = self.confirmed.as_ref();
            let before = now.entry(*document).or_insert_with(|| {
                confirmed
                    .and_then(|log| log.documents().get(document))
                    .map(|state| state.readers.clone())
                    .unwrap_or_default()
            });
            let after: BTreeSet<GroupId> = readers.iter().copied().collect();
            let added = after.difference(before).copied().collect();
            let removed = before.difference(&after).copied().collect();
            *before = after;
            deltas.push((entry.clone(), added, removed));
        }
        deltas
    }

    /// Makes pending changes of readers changes of what the log says now.
    fn carry_over(&mut self, deltas: &[(Entry, Vec<GroupId>, Vec<GroupId>)]) -> Result<(), Error> {
        let mut now: BTreeMap<DocumentId, BTreeSet<GroupId>> = BTreeMap::new();
        for pending in &mut self.pending_entries {
            let delta = deltas.iter().find(|(entry, ..)| entry == pending);
            let (Body::ReadersChanged { document, readers }, Some((_, added, removed))) =
                (&mut pending.body, delta)
            else {
                continue;
            };
            let confirmed = self.confirmed.as_ref();
            let current = now.entry(*document).or_insert_with(|| {
                confirmed
                    .and_then(|log| log.documents().get(document))
                    .map(|state| state.readers.clone())
                    .unwrap_or_default()
            });
            current.extend(added);
            current.retain(|group| !removed.contains(group));
            let changed: Vec<GroupId> = current.iter().copied().collect();
            if *readers != changed {
                *readers = changed;
                // Whatever it says now, it is signed anew.
                pending.previous = Hash::ZERO;
            }
        }
        Ok(())
    }

    /// Somebody who cannot read a document assigned it: who can, grants its keys.
    fn grant_for_another(
        &mut self,
        document: DocumentId,
        readers: &[GroupId],
        author: Author,
    ) -> Result<(), Error> {
        let Author::Device(author) = author else {
            return Ok(());
        };
        let log = self.log()?;
        let reads = log.may_read(author, document);
        if reads || author == self.device() || !log.may_read(self.device(), document) {
            return Ok(());
        }
        let own = GroupId::from(self.identity.person);
        let groups: Vec<GroupId> = readers
            .iter()
            .copied()
            .filter(|group| *group != own && log.is_active_group(*group))
            .collect();
        let secrets: Vec<_> = self.keyring.document_secrets(document).collect();
        for group in groups {
            self.grant_to_group(group, &secrets)?;
        }
        Ok(())
    }

    /// An entry made here that the log does not allow any more: listed, never lost silently.
    pub(super) fn note_dropped(&mut self, dropped: &[Body]) -> Result<(), Error> {
        for body in dropped {
            let document = match body {
                Body::DocumentsAdded { documents } => documents.first().map(|entry| entry.document),
                Body::ReadersChanged { document, .. }
                | Body::GenerationTurned { document, .. }
                | Body::Erased { document, .. } => Some(*document),
                _ => None,
            };
            let document = document.unwrap_or(DocumentId([0; 16]));
            self.quarantine(document, QuarantineReason::RefusedByRelay, &body.to_bytes())?;
        }
        Ok(())
    }

    pub(super) fn reads(&self, document: DocumentId) -> bool {
        self.confirmed
            .as_ref()
            .is_some_and(|log| log.may_read(self.device(), document))
    }

    /// Whether the log has the document, and does not let this device read it.
    fn is_barred(&self, document: DocumentId) -> bool {
        let log = self.confirmed.as_ref();
        log.is_some_and(|log| log.documents().contains_key(&document)) && !self.reads(document)
    }

    pub(super) fn readable(&self) -> BTreeSet<DocumentId> {
        let Some(log) = &self.confirmed else {
            return BTreeSet::new();
        };
        let device = self.device();
        log.documents()
            .keys()
            .filter(|id| log.may_read(device, **id))
            .copied()
            .collect()
    }

    // --- grants ---

    pub(super) fn take_grants(&mut self, grants: &[GrantBlob]) -> Result<(), Error> {
        for blob in grants {
            let grant = Grant::from_bytes(&blob.0).map_err(|_| RelayFault::Malformed)?;
            let issuer = self
                .confirmed
                .as_ref()
                .and_then(|log| log.devices().get(&grant.issuer));
            if issuer.is_some_and(|issuer| grant.verify(&issuer.verifier).is_err()) {
                let evidence = Evidence::new(&[], &blob.0);
                self.raise(AlarmKind::ForgedGrant, None, Some(grant.issuer), evidence)?;
                continue;
            }
            let hash = tagged_hash(Tag::Grant, &[&blob.0]);
            self.store.add_grant(&hash, &blob.0)?;
        }
        self.open_grants()
    }

    /// Opens every grant that can be opened now; one may hold the key to the next.
    fn open_grants(&mut self) -> Result<(), Error> {
        if self.store.unopened_grants()?.is_empty() {
            return Ok(());
        }
        let Some(log) = self.confirmed.clone() else {
            return Ok(());
        };
        let entrance = self
            .identity
            .entrance
            .as_ref()
            .and_then(super::identity::Entrance::opener);
        loop {
            let mut opened = false;
            for (n, bytes) in self.store.unopened_grants()? {
                let grant = Grant::from_bytes(&bytes).map_err(|_| Error::Unreadable("grants"))?;
                let signed = log
                    .devices()
                    .get(&grant.issuer)
                    .is_some_and(|issuer| grant.verify(&issuer.verifier).is_ok());
                if !signed {
                    // The log may bring the issuer later; a forged one never opens anything.
                    continue;
                }
                let Some(granted) = self.keyring.open(&grant, entrance.as_ref()) else {
                    continue;
                };
                match granted {
                    Granted::Secrets(secrets) => {
                        for secret in secrets {
                            if is_confirmed(&secret, &log) {
                                self.keep_secret(&secret)?;
                            }
                        }
                    }
                    Granted::Parcel(envelope) => drop(self.take_parcel(&envelope)?),
                }
                self.store.set_grant_opened(n)?;
                opened = true;
            }
            if !opened {
                return Ok(());
            }
        }
    }

    // --- envelopes ---

    /// Takes the delivered envelopes; gives back the streams that they are of.
    pub(super) fn take_deliveries(
        &mut self,
        reply: &SyncReply,
        report: &mut SyncReport,
    ) -> Result<BTreeSet<DocumentId>, Error> {
        let mut touched: BTreeSet<DocumentId> = reply.acks.iter().map(|ack| ack.document).collect();
        let mut deliveries = Vec::with_capacity(reply.deliveries.len());
        for delivery in &reply.deliveries {
            let envelope = Envelope::from_bytes(&delivery.envelope.0);
            deliveries.push((envelope.map_err(|_| RelayFault::Malformed)?, delivery));
        }
        // Each stream in its order, but one stream after the other: so that a document is loaded
        // once and not once an envelope. Nothing in one stream waits for another.
        deliveries.sort_by_key(|(envelope, _)| envelope.header.document);
        // What may not be read here any more goes unseen: the log says so in this very reply.
        deliveries.retain(|(envelope, _)| !self.is_barred(envelope.header.document));
        let deliveries: Vec<(Claimed<'_>, &Delivery)> = deliveries
            .iter()
            .map(|(envelope, delivery)| (Claimed::new(envelope), *delivery))
            .collect();
        let mut news = Vec::with_capacity(deliveries.len());
        for (claimed, delivery) in &deliveries {
            // What is here needs no signature once more: a new life of the relay brings it again.
            let header = &claimed.envelope.header;
            if !self
                .store
                .has_envelope(header, &envelope_hash(&delivery.envelope.0))?
            {
                news.push(claimed);
            }
        }
        self.check_all(news);
        for (claimed, delivery) in &deliveries {
            touched.insert(self.take_delivery(claimed, delivery, reply, report)?);
        }
        touched.retain(|document| self.reads(*document) || !self.is_admitted());
        Ok(touched)
    }

    fn take_delivery(
        &mut self,
        claimed: &Claimed<'_>,
        delivery: &Delivery,
        reply: &SyncReply,
        report: &mut SyncReport,
    ) -> Result<DocumentId, Error> {
        let bytes = &delivery.envelope.0;
        let header = &claimed.envelope.header;
        let (document, hash) = (header.document, envelope_hash(bytes));
        if header.workspace != self.identity.workspace {
            return Err(RelayFault::Malformed.into());
        }
        let known = self
            .store
            .envelope(document, header.device, header.sequence)?;
        // A copy of this device, or this one before it was restored, was here first: what the
        // relay never had is sealed anew behind it.
        let mut known = known;
        if let Some(row) = &known
            && row.hash != hash
            && row.device == self.device()
            && row.number.is_none()
            && self.is_genuine(claimed)
        {
            self.unseal(document, header.sequence)?;
            known = self
                .store
                .envelope(document, header.device, header.sequence)?;
        }
        if let Some(row) = &known
            && row.hash != hash
            && row.number.is_none()
            && row.state == EnvelopeState::Held
        {
            // Another one took the place of one that came by parcel.
            self.quarantine(document, QuarantineReason::RefusedByRelay, &row.bytes)?;
            self.store.remove_envelope(row.id)?;
            known = None;
        }
        // A forgery that a lying relay handed out takes no genuine envelope's place for ever.
        let known = match known {
            Some(known) if known.hash != hash && self.is_forgery(&known) => {
                self.store.remove_envelope(known.id)?;
                None
            }
            known => known,
        };
        if let Some(known) = known {
            if known.hash != hash || known.number.is_some_and(|n| n != delivery.number) {
                let evidence = Evidence::new(&known.bytes, bytes);
                let at = (Some(document), Some(header.device));
                return Err(self.fault(RelayFault::StreamForked, at.0, at.1, evidence));
            }
            if known.number.is_none() {
                self.number_is_free(document, delivery.number, reply)?;
                self.store
                    .set_envelope_number(known.id, delivery.number, delivery.accepted_ms)?;
                if known.device == self.device() {
                    report.acknowledged += 1;
                }
            }
            return Ok(document);
        }
        if header.device == self.device() && !self.is_genuine(claimed) {
            // An own envelope that this device never made would stand in the way of its next one.
            let evidence = Evidence::new(&[], bytes);
            let at = (Some(document), Some(header.device));
            return Err(self.fault(RelayFault::ForgedEnvelope, at.0, at.1, evidence));
        }
        self.number_is_free(document, delivery.number, reply)?;
        self.judge_time(document, header.device, delivery, reply)?;
        let outcome = self.apply_in_order(claimed)?;
        let (state, origin) = self.note_outcome(header, bytes, outcome, report)?;
        let row = EnvelopeRow {
            id: 0,
            document,
            device: header.device,
            sequence: header.sequence,
            number: Some(delivery.number),
            accepted_ms: Some(delivery.accepted_ms),
            hash,
            state,
            bytes: bytes.clone(),
        };
        self.store.add_envelope(&row, origin.as_deref())?;
        Ok(document)
    }

    fn note_outcome(
        &mut self,
        header: &Header,
        bytes: &[u8],
        outcome: Outcome,
        report: &mut SyncReport,
    ) -> Result<(EnvelopeState, Option<Vec<u8>>), Error> {
        let document = header.document;
        Ok(match outcome {
            Outcome::Applied(origin) => {
                report.applied += 1;
                self.judge_log(header.device, &origin, bytes)?;
                (EnvelopeState::Applied, Some(origin))
            }
            Outcome::Waiting => (EnvelopeState::Waiting, None),
            Outcome::Held => {
                report.held += 1;
                (EnvelopeState::Held, None)
            }
            Outcome::Quarantined(reason) => {
                report.quarantined += 1;
                self.quarantine(document, reason, bytes)?;
                let of = (Some(document), Some(header.device));
                let evidence = Evidence::new(&[], bytes);
                self.raise(AlarmKind::ForgedEnvelope, of.0, of.1, evidence)?;
                (EnvelopeState::Quarantined, None)
            }
        })
    }

    /// Verifies, opens and applies one envelope.
    pub(super) fn apply(&mut self, claimed: &Claimed<'_>) -> Result<Outcome, Error> {
        let envelope = claimed.envelope;
        let header = &envelope.header;
        let (document, device) = (header.document, header.device);
        let Some(log) = &self.confirmed else {
            return Ok(Outcome::Waiting);
        };
        if !self.is_genuine(claimed) {
            return Ok(Outcome::Quarantined(QuarantineReason::BadSignature));
        }
        let Some(state) = log.documents().get(&document) else {
            return Ok(Outcome::Waiting);
        };
        // One put out or assigned elsewhere since may have written before that: somebody who may
        // write vouched for it then.
        if !log.stands(device, document, header.sequence) {
            return Ok(Outcome::Held);
        }
        let is_messages = matches!(state.kind, LogKind::Thread | LogKind::Journal);
        let fits = match header.kind {
            EnvelopeKind::Change => !is_messages,
            EnvelopeKind::Message => is_messages,
            EnvelopeKind::Carried => true,
            // A later version's: kept, and read when the app is updated.
            EnvelopeKind::Snapshot => return Ok(Outcome::Waiting),
        };
        if !fits {
            return Ok(Outcome::Quarantined(QuarantineReason::Damaged));
        }
        let Some(key) = self.keyring.document(document, header.generation) else {
            return Ok(Outcome::Waiting);
        };
        let Ok(content) = open(envelope, key) else {
            return Ok(Outcome::Quarantined(QuarantineReason::Unopenable));
        };
        let hash = envelope_hash(&envelope.to_bytes());
        let names = if header.kind == EnvelopeKind::Carried {
            let Ok(inner) = self.carried(document, &content.batch) else {
                return Ok(Outcome::Quarantined(QuarantineReason::Damaged));
            };
            let Some(carried) = self.open_carried(&inner) else {
                return Ok(Outcome::Waiting);
            };
            let taken = self.apply_content(&inner, &carried, &hash)?;
            if taken.is_ok() {
                self.store
                    .settle_parcel(document, &envelope_hash(&content.batch))?;
            }
            taken
        } else {
            self.apply_content(envelope, &content, &hash)?
        };
        Ok(match names {
            Ok(names) => {
                let origin = Origin::new(&names, header.seen_number, &content);
                Outcome::Applied(origin.to_bytes())
            }
            Err(outcome) => outcome,
        })
    }

    /// Reads an envelope that another one carries: of the same document, signed by its device.
    pub(super) fn carried(&self, document: DocumentId, bytes: &[u8]) -> Result<Envelope, Error> {
        let damaged = || Error::Unreadable("envelope");
        let inner = Envelope::from_bytes(bytes).map_err(|_| damaged())?;
        let header = &inner.header;
        let simple = matches!(header.kind, EnvelopeKind::Change | EnvelopeKind::Message);
        let here = header.document == document && header.workspace == self.identity.workspace;
        if simple && here && self.verifies(&inner) {
            Ok(inner)
        } else {
            Err(damaged())
        }
    }

    /// Opens an envelope that another one carries; `None` where its key is not here.
    pub(super) fn open_carried(&self, inner: &Envelope) -> Option<Content> {
        let header = &inner.header;
        let key = self.keyring.document(header.document, header.generation)?;
        open(inner, key).ok()
    }

    /// Applies what an envelope's device wrote; `seen_in` is the envelope of the stream that
    /// brought it. Gives the names of its changes or messages.
    pub(super) fn apply_content(
        &mut self,
        envelope: &Envelope,
        content: &Content,
        seen_in: &Hash,
    ) -> Result<Result<Vec<ChangeHash>, Outcome>, Error> {
        let (document, device) = (envelope.header.document, envelope.header.device);
        if envelope.header.kind == EnvelopeKind::Message {
            let Ok(messages) = decode_messages(&content.batch) else {
                return Ok(Err(Outcome::Quarantined(QuarantineReason::Damaged)));
            };
            let mut names = Vec::with_capacity(messages.len());
            for message in messages {
                names.push(super::upload::message_name(&message));
                let kept = KeptMessage::of_another(device, message);
                self.store
                    .add_message(document, Some(seen_in), &kept.to_bytes())?;
            }
            return Ok(Ok(names));
        }
        let loaded = self.load(document)?;
        let applied = match loaded.document.apply_batch(&content.batch, device) {
            Ok(applied) => applied,
            Err(
                DocumentError::MissingDependencies(_)
                | DocumentError::UnknownBatchVersion(_)
                | DocumentError::NewerSchema { .. },
            ) => return Ok(Err(Outcome::Waiting)),
            Err(_) => return Ok(Err(Outcome::Quarantined(QuarantineReason::Damaged))),
        };
        self.append_tail(document, &TailItem::Batch(device, &content.batch).encode())?;
        self.project(document, &applied.touched)?;
        Ok(Ok(applied.hashes))
    }

    /// Tries again what waited for a key or an earlier change, as long as that helps.
    pub(super) fn retry_waiting(&mut self, report: &mut SyncReport) -> Result<(), Error> {
        loop {
            let mut helped = false;
            let mut rows = self.store.waiting_envelopes()?;
            if let Some(log) = &self.confirmed {
                let held = self.store.held_envelopes()?.into_iter();
                rows.extend(held.filter(|row| log.stands(row.device, row.document, row.sequence)));
            }
            let mut envelopes = Vec::with_capacity(rows.len());
            for row in &rows {
                let envelope = Envelope::from_bytes(&row.bytes);
                envelopes.push(envelope.map_err(|_| Error::Unreadable("envelope"))?);
            }
            let claims: Vec<Claimed<'_>> = envelopes.iter().map(Claimed::new).collect();
            self.check_all(&claims);
            for (row, claimed) in rows.iter().zip(&claims) {
                let envelope = claimed.envelope;
                let outcome = self.apply_in_order(claimed)?;
                if matches!(outcome, Outcome::Waiting) && row.state == EnvelopeState::Waiting {
                    continue;
                }
                if matches!(outcome, Outcome::Held) && row.state == EnvelopeState::Held {
                    continue;
                }
                helped = true;
                let (state, origin) =
                    self.note_outcome(&envelope.header, &row.bytes, outcome, report)?;
                self.store
                    .set_envelope_state(&row.hash, row.id, state, origin.as_deref())?;
                // Its stream was followed past it before it could be opened.
                let placed = match row.number {
                    Some(number) if number <= self.stream_number(row.document) => {
                        self.store.placed(row.document, number)?
                    }
                    _ => None,
                };
                if let (Some(number), Some(placed)) = (row.number, placed) {
                    self.judge_seen(row.document, number, &placed)?;
                }
            }
            if !helped {
                return Ok(());
            }
        }
    }

    // --- streams ---

    /// Follows each touched stream as far as it has no gap, compares its head with the receipt,
    /// and asks by name for what is missing.
    pub(super) fn follow_streams(
        &mut self,
        reply: &SyncReply,
        mut touched: BTreeSet<DocumentId>,
        fetched: &[DocumentId],
    ) -> Result<(), Error> {
        let instance = reply.receipt.instance;
        let promised: BTreeMap<DocumentId, (u64, Hash)> = reply
            .receipt
            .heads
            .iter()
            .map(|head| (head.document, (head.number, head.head)))
            .collect();
        let is_office = self.role().is_some_and(Role::is_office);
        touched.extend(promised.keys().filter(|named| self.reads(**named)));
        for document in touched {
            let start = stream_start(instance, self.identity.workspace, document);
            let mut stream = self.streams.get(&document).copied().unwrap_or(StreamRow {
                number: 0,
                head: start,
                office: 0,
                marked: 0,
            });
            let last = self.store.placed(document, stream.number)?;
            let mut last_ms = last.map_or(0, |last| last.accepted_ms);
            while let Some(placed) = self.store.placed(document, stream.number + 1)? {
                stream.number += 1;
                stream.head = next_head(stream.head, placed.hash, placed.accepted_ms);
                self.store.set_envelope_head(placed.id, &stream.head)?;
                self.judge_place(document, stream.number, &placed, last_ms)?;
                last_ms = placed.accepted_ms;
            }
            if let Some((number, head)) = promised.get(&document)
                && (1..=stream.number).contains(number)
                && self.store.head_at(document, *number)? != Some(*head)
            {
                let evidence = self.receipts(reply)?;
                let fault = RelayFault::StreamForked;
                return Err(self.fault(fault, Some(document), None, evidence));
            }
            if is_office {
                stream.office = stream.office.max(stream.number);
            }
            self.store.put_stream(document, &stream)?;
            self.streams.insert(document, stream);
            let behind = promised
                .get(&document)
                .is_some_and(|(number, _)| *number > stream.number);
            if behind {
                let number = promised.get(&document).map_or(0, |(number, _)| *number);
                self.note_behind(document, number, reply.receipt.now_ms);
                self.wanted.insert(document, stream.number + 1);
            } else if reply.more && fetched.contains(&document) {
                // The page was cut short: from here on with the next one.
                self.wanted.insert(document, stream.number + 1);
            }
        }
        self.save_wanted()
    }

    // --- read marks ---

    /// The marks that this device of the office has yet to send.
    pub(super) fn marks_due(&self) -> impl Iterator<Item = (DocumentId, u64, Hash)> + '_ {
        let office = self.role().is_some_and(Role::is_office) && self.is_admitted();
        self.streams
            .iter()
            .filter(move |(_, stream)| office && stream.number > stream.marked)
            .take(folge_protocol::limits::MESSAGE_MARKS_MAX)
            .map(|(document, stream)| (*document, stream.number, stream.head))
    }

    /// Takes others' marks: only those of the office, signed, and over the same stream as ours.
    ///
    /// The relay takes a mark only over its own head, and forgets all marks when it begins a new
    /// life. So one over another head than ours, in the life that we follow, comes of another
    /// stream that the relay shows to others; and one beyond our stream, of envelopes that it
    /// holds back.
    pub(super) fn take_marks(&mut self, reply: &SyncReply) -> Result<(), Error> {
        for mark in &reply.marks {
            let (document, number) = (mark.document, mark.number);
            let Some(stream) = self.streams.get(&document).copied() else {
                continue;
            };
            let head = self.store.head_at(document, number)?;
            let same = head == Some(mark.head);
            let beyond = number > stream.number && !reply.more;
            // The signature comes last: it costs most, and an office's own devices need no mark.
            if same && number <= stream.office || !same && head.is_none() && !beyond {
                continue;
            }
            let genuine = self.confirmed.as_ref().is_some_and(|log| {
                log.device_role(mark.device).is_some_and(Role::is_office)
                    && log
                        .active_device(mark.device)
                        .is_some_and(|device| mark.verify(&device.verifier).is_ok())
            });
            if !genuine {
                continue;
            }
            if same {
                let stream = StreamRow {
                    office: number,
                    ..stream
                };
                self.streams.insert(document, stream);
                self.store.put_stream(document, &stream)?;
            } else if head.is_some() {
                let evidence = Evidence::new(&mark.to_bytes(), &reply.receipt.to_bytes());
                let device = Some(mark.device);
                self.raise(AlarmKind::SplitView, Some(document), device, evidence)?;
            } else {
                self.note_behind(document, number, reply.receipt.now_ms);
            }
        }
        Ok(())
    }
}

fn entry_of(bytes: &[u8]) -> Result<Entry, Error> {
    Entry::from_bytes(bytes).map_err(|_| RelayFault::Malformed.into())
}
