//! From changes to envelopes: what was written since the last envelope of a document is batched,
//! sealed and kept, so that every retry sends the same bytes.

use std::collections::BTreeMap;

use folge_protocol::codec::Encode;
use folge_protocol::envelope::{EnvelopeKind, Header, envelope_hash};
use folge_protocol::grant::Recipient;
use folge_protocol::ids::{DocumentId, GroupId, Hash};
use folge_protocol::limits::CIPHERTEXT_BYTES_MAX;
use folge_protocol::membership::{Author, Body, Membership};

use super::evidence::{Origin, clock_runs};
use super::replica::{Replica, decode_pending};
use crate::document::ChangeHash;
use crate::env::Reading;
use crate::envelope::{Content, seal};
use crate::error::Error;
use crate::keys::{Issuer, KemPublic, KemSecret, Key32, Secret, Subject, seal_grant};
use crate::limits::BATCH_CHANGES_MAX;
use crate::store::{EnvelopeRow, EnvelopeState, PendingRow};

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

    /// Seals every pending change into envelopes, one or more a document. All or none.
    pub(super) fn seal_pending(&mut self) -> Result<(), Error> {
        if self.store.pending_count()? == 0 {
            return Ok(());
        }
        let mut by_document: BTreeMap<DocumentId, Vec<PendingRow>> = BTreeMap::new();
        for row in self.store.pending()? {
            by_document.entry(row.document).or_default().push(row);
        }
        self.atomically(|replica| {
            for (document, rows) in &by_document {
                for part in rows.chunks(BATCH_CHANGES_MAX) {
                    replica.seal_batch(*document, part)?;
                }
                // With several envelopes a record counts as delivered when the last one is.
                let device = replica.device();
                if let Some((sequence, _)) = replica.store.last_sequence(*document, device)? {
                    replica
                        .store
                        .set_own_records_sequence(*document, sequence)?;
                }
            }
            Ok(())
        })
    }

    fn seal_batch(&mut self, document: DocumentId, rows: &[PendingRow]) -> Result<(), Error> {
        let Some((generation, key)) = self.keyring.document_newest(document) else {
            // Without the key nothing could have been written; kept until it is back.
            return Ok(());
        };
        let (key, device) = (key.clone(), self.device());
        let mut hashes = Vec::with_capacity(rows.len());
        let mut readings: Vec<(Reading, u64)> = Vec::with_capacity(rows.len());
        for row in rows {
            let (hash, reading, seen) = decode_pending(&row.plain)?;
            hashes.push(ChangeHash(hash));
            readings.push((reading, seen));
        }
        let batch = self.document(document)?.encode_batch(&hashes)?;
        let content = Content {
            sealed: self.env.now(),
            clocks: clock_runs(&readings),
            instance: self.progress.instance,
            log_len: self.confirmed.as_ref().map_or(0, Membership::len),
            log_head: self.confirmed.as_ref().map_or(Hash::ZERO, Membership::head),
            batch,
        };
        let last = self.store.last_sequence(document, device)?;
        let (sequence, previous) = last.map_or((1, Hash::ZERO), |(n, hash)| (n + 1, hash));
        let stream = self.streams.get(&document);
        let seen_number = stream.map_or(0, |stream| stream.number);
        let header = Header {
            workspace: self.identity.workspace,
            document,
            kind: EnvelopeKind::Change,
            device,
            sequence,
            previous,
            generation,
            commitment: Hash::ZERO,
            seen_number,
            seen_head: stream.map_or(Hash::ZERO, |stream| stream.head),
        };
        let nonce = self.env.random();
        let envelope = seal(header, &content, &key, nonce, self.identity.device.sign());
        if envelope.ciphertext.len() > CIPHERTEXT_BYTES_MAX && rows.len() > 1 {
            let (front, back) = rows.split_at(rows.len() / 2);
            self.seal_batch(document, front)?;
            return self.seal_batch(document, back);
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
        let origin = Origin::new(&hashes, seen_number, &content);
        self.store.add_envelope(&row, Some(&origin.to_bytes()))?;
        for row in rows {
            self.store.remove_pending(row.n)?;
        }
        Ok(())
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
            let issuer = Issuer {
                workspace: self.identity.workspace,
                device: self.identity.device.id(),
                key: self.identity.device.sign(),
            };
            let grant = seal_grant(&issuer, recipient, key, part, self.env.rng())?;
            self.add_own_grant(&grant.to_bytes())?;
        }
        Ok(())
    }

    pub(crate) fn add_own_grant(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let hash =
            folge_protocol::crypto::tagged_hash(folge_protocol::crypto::Tag::Grant, &[bytes]);
        // What this device grants to others, it has itself: nothing to open.
        self.store.add_grant(&hash, bytes, false, true)?;
        Ok(())
    }

    /// A joining device that has fetched the log admits itself with its invitation's key. The
    /// first device of a person also turns the person's epoch, so that whoever invited holds
    /// nothing of it.
    pub(super) fn admit_self(&mut self) -> Result<(), Error> {
        let Some(link) = self.identity.invitation.clone() else {
            return Ok(());
        };
        let device = self.device();
        let Some(log) = &self.local else {
            return Ok(());
        };
        if log.devices().contains_key(&device) {
            return Ok(());
        }
        let person = self.identity.person;
        let first = !log
            .devices()
            .values()
            .any(|state| state.person == person && !state.revoked);
        let group = GroupId::from(person);
        let (epoch, _) = log.group_key(group).ok_or(Error::BadInvitation)?;
        let usable = log
            .invitations()
            .get(&link.id())
            .is_some_and(|invitation| !invitation.spent && invitation.person == person);
        if !usable {
            return Err(Error::BadInvitation);
        }
        self.atomically(|replica| {
            let keys = replica.identity.device.public();
            let body = Body::DeviceAdded { person, keys };
            replica.add_entry(Author::Invitation(link.id()), body)?;
            let mut granted: Vec<Secret> = replica.keyring.group_secrets(group).collect();
            if first {
                let secret = Secret {
                    subject: Subject::Group(group, epoch + 1),
                    key: Key32::new(replica.env.random()),
                };
                let public = KemSecret(secret.key.clone()).public();
                let body = Body::EpochTurned {
                    group,
                    epoch: epoch + 1,
                    key: public.0,
                };
                replica.add_entry(Author::Device(device), body)?;
                replica.keep_secret(&secret)?;
                granted.push(secret);
            }
            // To itself, so that a device restored from its seeds opens everything again.
            let own = KemPublic(keys.kem);
            replica.grant(Recipient::Device(device), &own, &granted)
        })
    }
}
