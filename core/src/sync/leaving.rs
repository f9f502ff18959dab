//! What happens to a document that this device may not read any more: it was assigned to others,
//! the device was put out, or it was erased.

use folge_protocol::grant::Recipient;
use folge_protocol::ids::{DocumentId, GroupId};

use super::replica::Replica;
use crate::error::Error;
use crate::keys::{Granted, KemPublic, Subject};

impl Replica {
    /// Removes a document from this device, its keys too. What was recorded here and is not with
    /// the relay yet is sealed to those who may decide about it, before; on a device that was put
    /// out it stays, to be handed over. The caller is in a transaction.
    pub(super) fn leave(&mut self, document: DocumentId, erased: bool) -> Result<(), Error> {
        if !erased {
            let unsent = !self.store.never_stored(document, self.device())?.is_empty()
                || self
                    .store
                    .pending()?
                    .iter()
                    .any(|row| row.document == document)
                || self
                    .store
                    .pending_messages()?
                    .iter()
                    .any(|row| row.document == document);
            if unsent && self.is_out() {
                return Ok(());
            }
            if unsent {
                self.parcel_up(document)?;
            }
        }
        self.store.purge_document(document)?;
        self.forget_loaded(document);
        self.summaries.remove(&document);
        self.streams.remove(&document);
        self.wanted.remove(&document);
        self.forget_alarms(document)?;
        let keys: Vec<Subject> = self
            .keyring
            .document_secrets(document)
            .map(|secret| secret.subject)
            .collect();
        for subject in keys {
            self.destroy_secret(subject)?;
        }
        self.checkpoint_due = true;
        self.save_wanted()
    }

    /// Seals what is pending of a document under the newest key that is here.
    pub(super) fn seal_remaining(&mut self, document: DocumentId) -> Result<(), Error> {
        let Some((generation, key)) = self.keyring.document_newest(document) else {
            return Ok(());
        };
        let key = (generation, key.clone());
        let of = |row: &DocumentId| *row == document;
        let mut rows = self.store.pending()?;
        rows.retain(|row| of(&row.document));
        let mut messages = self.store.pending_messages()?;
        messages.retain(|row| of(&row.document));
        self.seal_document(document, &rows, &messages, &key)
    }

    /// Sends what this device recorded, and may not send itself any more, to the office, or to
    /// the document's readers where the office is none of them.
    fn parcel_up(&mut self, document: DocumentId) -> Result<(), Error> {
        self.seal_remaining(document)?;
        let log = self.log()?;
        let office = log.office();
        let own = GroupId::from(self.identity.person);
        let mut groups = log.groups_to_grant(document);
        groups.retain(|group| *group != own);
        if groups.is_empty() || groups.contains(&office) {
            groups = vec![office];
        }
        let targets: Vec<(Recipient, KemPublic)> = groups
            .into_iter()
            .filter_map(|group| {
                let (epoch, key) = log.group_key(group)?;
                Some((Recipient::Group(group, epoch), KemPublic(*key)))
            })
            .collect();
        for row in self.store.never_stored(document, self.device())? {
            for (recipient, key) in &targets {
                self.grant_any(*recipient, key, &Granted::Parcel(row.bytes.clone()))?;
            }
        }
        Ok(())
    }

    /// Brings this device in line with what it may read now. The caller is in a transaction.
    pub(super) fn leave_unreadable(
        &mut self,
        before: &std::collections::BTreeSet<DocumentId>,
    ) -> Result<(), Error> {
        let after = self.readable();
        let gone: Vec<DocumentId> = before.difference(&after).copied().collect();
        for document in gone {
            let erased = self.confirmed.as_ref().is_some_and(|log| {
                log.documents()
                    .get(&document)
                    .is_some_and(|state| state.erasure.is_some())
            });
            self.leave(document, erased)?;
        }
        if let Some(log) = &self.confirmed {
            self.progress.purged = log.len();
        }
        Ok(())
    }

    /// Envelopes of this device that the relay never had, as bytes: what a device that was put
    /// out hands over.
    pub(crate) fn unsent_bytes(&mut self) -> Result<Vec<Vec<u8>>, Error> {
        self.atomically(|replica| {
            let mut documents: std::collections::BTreeSet<DocumentId> = replica
                .store
                .pending()?
                .iter()
                .map(|row| row.document)
                .collect();
            documents.extend(replica.streams.keys());
            documents.extend(replica.store.documents()?);
            let mut found = Vec::new();
            for document in documents {
                replica.seal_remaining(document)?;
                let rows = replica.store.never_stored(document, replica.device())?;
                found.extend(rows.into_iter().map(|row| row.bytes));
            }
            Ok(found)
        })
    }
}
