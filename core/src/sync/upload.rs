//! From changes to envelopes: what was written since the last envelope of a document is batched,
//! sealed and kept, so that every retry sends the same bytes.

use std::collections::BTreeMap;

use folge_protocol::codec::{Decode, Encode};
use folge_protocol::crypto::{Tag, tagged_hash};
use folge_protocol::envelope::{Envelope, EnvelopeKind, Header, envelope_hash};
use folge_protocol::grant::{Grant, Recipient};
use folge_protocol::ids::{DocumentId, GroupId, Hash};
use folge_protocol::limits::CIPHERTEXT_BYTES_MAX;
use folge_protocol::membership::{Author, Body, Membership, Role};

use super::download::QuarantineReason;
use super::evidence::Origin;
use super::messages::KeptMessage;
use super::replica::{Replica, decode_pending, encode_pending};
use super::rules::is_usable;
use super::turning::{Contents, GrantContent};
use crate::document::ChangeHash;
use crate::env::Reading;
use crate::envelope::{Content, clock_runs, seal};
use crate::error::Error;
use crate::keys::{Granted, Issuer, KemPublic, KemSecret, Key32, Secret, Subject, seal_grant};
use crate::limits::BATCH_CHANGES_MAX;
use crate::messages::encode_messages;
use crate::store::{EnvelopeRow, EnvelopeState, MessageRow, ParcelRow, PendingRow};

const META_TOKEN: &str = "founding token";

impl Replica {
    pub(super) fn founding_token(&self) -> Result<Vec<u8>, Error> {
        Ok(self.store.meta(META_TOKEN)?.unwrap_or_default())
    }

    /// The token that this relay asks for at founding; kept, should it have to be founded again.
    /// The caller is in a transaction.
    pub(crate) fn set_founding_token(&mut self, token: &str) -> Result<(), Error> {
        let token = Some(token.as_bytes()).filter(|token| !token.is_empty());
        Ok(self.store.set_meta(META_TOKEN, token)?)
    }

    /// Seals every pending change and message into envelopes, one or more a document. What has no
    /// key yet stays pending. All or none.
    pub(super) fn seal_pending(&mut self) -> Result<(), Error> {
        let messages = self.store.pending_messages()?;
        let parcels = self.store.parcels(true)?;
        let nothing = self.store.pending_count()? == 0 && messages.is_empty() && parcels.is_empty();
        if self.is_out() || nothing {
            return Ok(());
        }
        let mut by_document: BTreeMap<DocumentId, (Vec<PendingRow>, Vec<MessageRow>)> =
            BTreeMap::new();
        for row in self.store.pending()? {
            by_document.entry(row.document).or_default().0.push(row);
        }
        for row in messages {
            by_document.entry(row.document).or_default().1.push(row);
        }
        for row in &parcels {
            by_document.entry(row.document).or_default();
        }
        self.atomically(|replica| {
            for (document, (rows, messages)) in &by_document {
                if !replica.log()?.may_write(replica.device(), *document) {
                    continue;
                }
                if let Some(key) = replica.sealing_key(*document)? {
                    replica.seal_document(*document, rows, messages, &key)?;
                    for row in parcels.iter().filter(|row| row.document == *document) {
                        replica.carry(row, &key)?;
                    }
                }
            }
            Ok(())
        })
    }

    /// Seals what is pending of a document under a key. The caller is in a transaction.
    pub(super) fn seal_document(
        &mut self,
        document: DocumentId,
        rows: &[PendingRow],
        messages: &[MessageRow],
        key: &(u32, Key32),
    ) -> Result<(), Error> {
        for part in rows.chunks(BATCH_CHANGES_MAX) {
            self.seal_batch(document, part, key)?;
        }
        // With several envelopes a record counts as delivered when the last one is.
        let device = self.device();
        if !rows.is_empty()
            && let Some((sequence, _)) = self.store.last_sequence(document, device)?
        {
            self.store.set_own_records_sequence(document, sequence)?;
        }
        for part in messages.chunks(BATCH_CHANGES_MAX) {
            self.seal_messages(document, part, key)?;
        }
        Ok(())
    }

    fn seal_batch(
        &mut self,
        document: DocumentId,
        rows: &[PendingRow],
        key: &(u32, Key32),
    ) -> Result<(), Error> {
        let mut hashes = Vec::with_capacity(rows.len());
        let mut readings: Vec<(Reading, u64)> = Vec::with_capacity(rows.len());
        for row in rows {
            let (hash, reading, seen) = decode_pending(&row.plain)?;
            hashes.push(ChangeHash(hash));
            readings.push((reading, seen));
        }
        let batch = self.document(document)?.encode_batch(&hashes)?;
        let content = self.content(&readings, batch);
        if !self.seal_content(
            document,
            EnvelopeKind::Change,
            &content,
            &hashes,
            key,
            rows.len(),
        )? {
            let (front, back) = rows.split_at(rows.len() / 2);
            self.seal_batch(document, front, key)?;
            return self.seal_batch(document, back, key);
        }
        for row in rows {
            self.store.remove_pending(row.n)?;
        }
        Ok(())
    }

    fn seal_messages(
        &mut self,
        document: DocumentId,
        rows: &[MessageRow],
        key: &(u32, Key32),
    ) -> Result<(), Error> {
        let mut texts = Vec::with_capacity(rows.len());
        let mut hashes = Vec::with_capacity(rows.len());
        let mut readings = Vec::with_capacity(rows.len());
        for row in rows {
            let kept =
                KeptMessage::from_bytes(&row.plain).map_err(|_| Error::Unreadable("message"))?;
            hashes.push(message_name(&kept.message));
            readings.push((kept.made, kept.seen));
            texts.push(kept.message);
        }
        let content = self.content(&readings, encode_messages(&texts));
        if !self.seal_content(
            document,
            EnvelopeKind::Message,
            &content,
            &hashes,
            key,
            rows.len(),
        )? {
            let (front, back) = rows.split_at(rows.len() / 2);
            self.seal_messages(document, front, key)?;
            return self.seal_messages(document, back, key);
        }
        if let Some((_, hash)) = self.store.last_sequence(document, self.device())? {
            for row in rows {
                self.store.set_message_envelope(row.n, &hash)?;
            }
        }
        Ok(())
    }

    /// Takes an admitted envelope into the document, and seals it anew under the key of today.
    fn carry(&mut self, row: &ParcelRow, key: &(u32, Key32)) -> Result<(), Error> {
        let hash = envelope_hash(&row.bytes);
        let Ok(inner) = self.carried(row.document, &row.bytes) else {
            self.quarantine(row.document, QuarantineReason::Damaged, &row.bytes)?;
            return Ok(self.store.settle_parcel(row.document, &hash)?);
        };
        // One that stands on another that is still held back waits for it.
        let Some(opened) = self.open_carried(&inner) else {
            return Ok(());
        };
        let content = self.content(&[], row.bytes.clone());
        let Ok(names) = self.apply_content(&inner, &opened, &hash)? else {
            return Ok(());
        };
        self.seal_content(
            row.document,
            EnvelopeKind::Carried,
            &content,
            &names,
            key,
            1,
        )?;
        if inner.header.kind == EnvelopeKind::Message
            && let Some((_, outer)) = self.store.last_sequence(row.document, self.device())?
        {
            self.store.move_messages(&hash, &outer)?;
        }
        Ok(self.store.settle_parcel(row.document, &hash)?)
    }

    fn content(&self, readings: &[(Reading, u64)], batch: Vec<u8>) -> Content {
        Content {
            sealed: self.env.now(),
            clocks: clock_runs(readings),
            instance: self.progress.instance,
            log_len: self.confirmed.as_ref().map_or(0, Membership::len),
            log_head: self.confirmed.as_ref().map_or(Hash::ZERO, Membership::head),
            batch,
        }
    }

    /// Seals one content into this device's next envelope of a document; says no, and does
    /// nothing, where it is too large and holds several things.
    fn seal_content(
        &mut self,
        document: DocumentId,
        kind: EnvelopeKind,
        content: &Content,
        names: &[ChangeHash],
        (generation, key): &(u32, Key32),
        count: usize,
    ) -> Result<bool, Error> {
        let device = self.device();
        let last = self.store.last_sequence(document, device)?;
        let (sequence, previous) = last.map_or((1, Hash::ZERO), |(n, hash)| (n + 1, hash));
        let stream = self.streams.get(&document);
        let seen_number = stream.map_or(0, |stream| stream.number);
        let header = Header {
            workspace: self.identity.workspace,
            document,
            kind,
            device,
            sequence,
            previous,
            generation: *generation,
            commitment: Hash::ZERO,
            seen_number,
            seen_head: stream.map_or(Hash::ZERO, |stream| stream.head),
        };
        let nonce = self.env.random();
        let envelope = seal(header, content, key, nonce, self.identity.device.sign());
        if envelope.ciphertext.len() > CIPHERTEXT_BYTES_MAX && count > 1 {
            return Ok(false);
        }
        let bytes = envelope.to_bytes();
        let row = EnvelopeRow {
            id: 0,
            document,
            device,
            sequence,
            number: None,
            accepted_ms: None,
            hash: envelope_hash(&bytes),
            state: EnvelopeState::Applied,
            bytes,
        };
        let origin = Origin::new(names, seen_number, content);
        self.store.add_envelope(&row, Some(&origin.to_bytes()))?;
        Ok(true)
    }

    /// Takes this device's envelopes of a document apart that the relay never had, from a
    /// sequence on: their changes and messages are pending again, and sealed anew under the key
    /// and the place that the stream has now. The caller is in a transaction.
    pub(super) fn unseal(&mut self, document: DocumentId, from: u64) -> Result<(), Error> {
        let rows = self.store.never_stored(document, self.device())?;
        let mut pending = Vec::new();
        for row in rows.iter().filter(|row| row.sequence >= from) {
            let envelope =
                Envelope::from_bytes(&row.bytes).map_err(|_| Error::Unreadable("envelope"))?;
            let header = &envelope.header;
            if header.kind == EnvelopeKind::Message {
                self.store.reset_messages(&row.hash)?;
            } else if header.kind == EnvelopeKind::Carried {
                let key = self.keyring.document(document, header.generation);
                let Some(Ok(content)) = key.map(|key| crate::envelope::open(&envelope, key)) else {
                    continue;
                };
                let inner = envelope_hash(&content.batch);
                self.store.drop_messages(&row.hash)?;
                self.store
                    .unsettle_parcel(document, &inner, &content.batch)?;
            } else {
                let key = self.keyring.document(document, header.generation);
                let opened = key.and_then(|key| crate::envelope::open(&envelope, key).ok());
                let origin = self.store.envelope_origin(row.id, &row.hash)?;
                let (Some(content), Some(origin)) = (opened, origin) else {
                    // Without its key it cannot be sealed anew; it stays as it is.
                    continue;
                };
                let origin =
                    Origin::from_bytes(&origin).map_err(|_| Error::Unreadable("envelope"))?;
                let readings = content.readings();
                for ((hash, seen), reading) in origin.changes.iter().zip(readings) {
                    pending.push(encode_pending(*hash, reading, *seen));
                }
            }
            self.store.remove_envelope(row.id)?;
            self.store.reset_own_records(document, row.sequence)?;
        }
        Ok(self.store.put_pending_first(document, &pending)?)
    }

    // --- grants and admission ---

    /// Seals secrets to the current key of a group.
    pub(crate) fn grant_to_group(
        &mut self,
        group: GroupId,
        secrets: &[Secret],
    ) -> Result<(), Error> {
        let (epoch, key) = self.log()?.group_key(group).ok_or(Error::NotAllowed)?;
        let (recipient, key) = (Recipient::Group(group, epoch), KemPublic(*key));
        self.grant(recipient, &key, secrets)
    }

    /// Seals secrets to a public key; the grant goes with the next sync. The caller is in a
    /// transaction.
    pub(crate) fn grant(
        &mut self,
        recipient: Recipient,
        key: &KemPublic,
        secrets: &[Secret],
    ) -> Result<(), Error> {
        for part in secrets.chunks(crate::limits::GRANT_SECRETS_MAX) {
            self.grant_any(recipient, key, &Granted::Secrets(part.to_vec()))?;
        }
        Ok(())
    }

    pub(super) fn grant_any(
        &mut self,
        recipient: Recipient,
        key: &KemPublic,
        granted: &Granted,
    ) -> Result<(), Error> {
        let issuer = Issuer {
            workspace: self.identity.workspace,
            device: self.identity.device.id(),
            key: self.identity.device.sign(),
        };
        let grant = seal_grant(&issuer, recipient, key, granted, self.env.rng())?;
        self.add_own_grant(&grant, granted)
    }

    pub(crate) fn add_own_grant(&mut self, grant: &Grant, granted: &Granted) -> Result<(), Error> {
        let bytes = grant.to_bytes();
        let hash =
            folge_protocol::crypto::tagged_hash(folge_protocol::crypto::Tag::Grant, &[&bytes]);
        let what = match granted {
            Granted::Secrets(secrets) => {
                Contents::Secrets(secrets.iter().map(|secret| secret.subject).collect())
            }
            Granted::Parcel(envelope) => Contents::Parcel(envelope.clone()),
        };
        let content = GrantContent {
            recipient: grant.recipient,
            what,
        };
        // What this device grants to others, it has itself: nothing to open.
        Ok(self
            .store
            .add_own_grant(&hash, &bytes, &content.to_bytes())?)
    }

    /// A joining device that has fetched the log admits itself with its entrance's key; by the
    /// recovery words it brings a new administrator. The first device of a person also turns the
    /// person's epoch, so that whoever invited holds nothing of it.
    pub(super) fn admit_self(&mut self) -> Result<(), Error> {
        let Some(entrance) = &self.identity.entrance else {
            return Ok(());
        };
        let (author, recovery) = (entrance.author(), entrance.is_recovery());
        let device = self.device();
        let Some(log) = &self.local else {
            return Ok(());
        };
        if log.devices().contains_key(&device) {
            return Ok(());
        }
        let person = self.identity.person;
        let group = GroupId::from(person);
        if let Author::Invitation(id) = author
            && !is_usable(log, id, person)
        {
            return Err(Error::BadInvitation);
        }
        let office = log.office();
        // Who turned the key since this device last fetched has granted it to the entrance: that
        // comes first, because the grant goes with the admission.
        let needed = if recovery { office } else { group };
        let held = log
            .group_key(needed)
            .is_some_and(|(epoch, _)| self.keyring.group(needed, epoch).is_some());
        if !held {
            if recovery && self.progress.instance.is_some() && !self.store.grants()?.is_empty() {
                return Err(Error::BadRecovery);
            }
            return Ok(());
        }
        let kem = self.keyring.group(device.into(), 0).cloned();
        let kem = KemSecret(kem.ok_or(Error::Unreadable("secret"))?);
        self.atomically(|replica| {
            if recovery {
                let key = Key32::new(replica.env.random());
                let subject = Subject::Group(group, 0);
                let public = KemSecret(key.clone()).public();
                replica.keep_secret(&Secret { subject, key })?;
                let body = Body::PersonAdded {
                    person,
                    role: Role::Administrator,
                    key: public.0,
                };
                replica.add_entry(author, body)?;
            }
            let keys = replica.identity.device.public(&kem);
            replica.add_entry(author, Body::DeviceAdded { person, keys })?;
            replica.plan_turns()?;
            if recovery {
                let secrets: Vec<Secret> = replica.keyring.group_secrets(office).collect();
                replica.grant_to_group(group, &secrets)?;
            }
            // To its own key too: what stands on the relay opens everything again.
            let held: Vec<Secret> = replica.keyring.group_secrets(group).collect();
            replica.grant_to_group(device.into(), &held)
        })
    }
}

/// What names a message among an envelope's things.
pub(super) fn message_name(message: &[u8]) -> ChangeHash {
    ChangeHash(tagged_hash(Tag::Message, &[message]).0)
}
