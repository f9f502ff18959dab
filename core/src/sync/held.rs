//! Envelopes of devices that were put out, or of people who were assigned elsewhere, which nobody
//! vouched for: kept aside until somebody in charge looks at them.

use std::collections::BTreeSet;

use folge_protocol::codec::{Decode, DecodeError, Encode, Reader, Writer};
use folge_protocol::envelope::{Envelope, EnvelopeKind, envelope_hash};
use folge_protocol::ids::{DeviceId, DocumentId, PersonId};
use folge_protocol::limits::{ENTRY_KEPT_MAX, MESSAGE_ENVELOPES_MAX};
use folge_protocol::membership::{Author, Body, DocumentKind, Kept, Role};
use folge_protocol::wire::{Blob, EnvelopeBlob};

use super::replica::Replica;
use crate::document::{RecordRef, RecordRow};
use crate::envelope::open;
use crate::error::Error;
use crate::store::{EnvelopeRow, EnvelopeState};

/// An envelope that is held back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The document that it is for.
    pub document: DocumentId,
    /// The device that made it.
    pub device: DeviceId,
    /// Whose device it was.
    pub person: Option<PersonId>,
    /// Its sequence.
    pub sequence: u64,
    /// When the relay accepted it, where it ever did.
    pub accepted_ms: Option<u64>,
    /// What would stand in the records that it touches, were it taken; nothing where it cannot be
    /// tried alone.
    pub records: Vec<(RecordRef, RecordRow)>,
}

/// Envelopes that a device hands over outside the relay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pack(pub Vec<Vec<u8>>);

const PACK_VERSION: u8 = 1;

impl Encode for Pack {
    fn encode(&self, out: &mut Writer) {
        out.u8(PACK_VERSION);
        let all: Vec<EnvelopeBlob> = self.0.iter().cloned().map(Blob).collect();
        out.list(&all);
    }
}

impl Decode for Pack {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match input.u8()? {
            PACK_VERSION => {}
            other => return Err(DecodeError::UnknownVersion(other)),
        }
        let all: Vec<EnvelopeBlob> = input.list(MESSAGE_ENVELOPES_MAX)?;
        Ok(Self(all.into_iter().map(|one| one.0).collect()))
    }
}

impl Replica {
    /// Takes an envelope that came outside its stream. It is held unless its device's word
    /// stands. Says whether it is new. The caller is in a transaction.
    pub(crate) fn take_parcel(&mut self, bytes: &[u8]) -> Result<bool, Error> {
        let Ok(envelope) = Envelope::from_bytes(bytes) else {
            return Ok(false);
        };
        let header = &envelope.header;
        let readable = self.log()?.may_read(self.device(), header.document);
        if header.workspace != self.identity.workspace || !readable {
            return Ok(false);
        }
        let hash = envelope_hash(bytes);
        let known = self
            .store
            .envelope(header.document, header.device, header.sequence)?;
        if known.is_some_and(|known| known.hash == hash) {
            return Ok(false);
        }
        let kind = self.log()?.documents().get(&header.document);
        if kind.is_none_or(|state| state.kind != DocumentKind::Journal) {
            return Ok(self.store.add_parcel(header.document, &hash, bytes)?);
        }
        // A journal takes envelopes of its own person only, so this one goes in as it is.
        let row = EnvelopeRow {
            id: 0,
            document: header.document,
            device: header.device,
            sequence: header.sequence,
            number: None,
            accepted_ms: None,
            hash,
            state: EnvelopeState::Held,
            bytes: bytes.to_vec(),
        };
        self.store.add_envelope(&row, None)?;
        Ok(true)
    }

    /// Takes what is held back of a device in a document, up to a sequence. The caller is in a
    /// transaction.
    pub(crate) fn admit(&mut self, admitted: Kept) -> Result<(), Error> {
        let Kept {
            device,
            document,
            sequence,
        } = admitted;
        if !self.log()?.may_vouch(self.device(), document) {
            return Err(Error::NotAllowed);
        }
        for row in self.store.parcels(false)? {
            let Ok(envelope) = Envelope::from_bytes(&row.bytes) else {
                continue;
            };
            let header = &envelope.header;
            if (row.document, header.device) == (document, device) && header.sequence <= sequence {
                self.store.admit_parcel(row.n)?;
            }
        }
        let in_stream = self.store.held_envelopes()?.into_iter().any(|row| {
            (row.document, row.device) == (document, device) && row.sequence <= sequence
        });
        if in_stream {
            self.vouch(&[admitted])?;
        }
        Ok(())
    }

    /// Everything that is held back, with what it would change.
    pub(crate) fn held(&mut self) -> Result<Vec<Held>, Error> {
        let mut found = Vec::new();
        let mut rows = self.store.held_envelopes()?;
        for parcel in self.store.parcels(false)? {
            let Ok(envelope) = Envelope::from_bytes(&parcel.bytes) else {
                continue;
            };
            let header = &envelope.header;
            let hash = envelope_hash(&parcel.bytes);
            let known = self
                .store
                .envelope(header.document, header.device, header.sequence)?;
            if known.is_some_and(|known| known.hash == hash) {
                // The relay had taken it after all.
                continue;
            }
            rows.push(EnvelopeRow {
                id: 0,
                document: header.document,
                device: header.device,
                sequence: header.sequence,
                number: None,
                accepted_ms: None,
                hash,
                state: EnvelopeState::Held,
                bytes: parcel.bytes,
            });
        }
        for row in rows {
            let person = self
                .log()?
                .devices()
                .get(&row.device)
                .map(|state| state.person);
            let records = self.preview(&row)?;
            found.push(Held {
                document: row.document,
                device: row.device,
                person,
                sequence: row.sequence,
                accepted_ms: row.accepted_ms,
                records,
            });
        }
        Ok(found)
    }

    fn preview(&mut self, row: &EnvelopeRow) -> Result<Vec<(RecordRef, RecordRow)>, Error> {
        let Ok(envelope) = Envelope::from_bytes(&row.bytes) else {
            return Ok(Vec::new());
        };
        let header = &envelope.header;
        let key = self.keyring.document(row.document, header.generation);
        let genuine = self
            .log()?
            .devices()
            .get(&row.device)
            .is_some_and(|state| envelope.verify(&state.verifier).is_ok());
        let Some(Ok(content)) = key.filter(|_| genuine).map(|key| open(&envelope, key)) else {
            return Ok(Vec::new());
        };
        if header.kind != EnvelopeKind::Change {
            return Ok(Vec::new());
        }
        let mut trial = self.document(row.document)?.clone();
        let touched: BTreeSet<RecordRef> = match trial.apply_batch(&content.batch, row.device) {
            Ok(applied) => applied.touched,
            Err(_) => return Ok(Vec::new()),
        };
        Ok(touched
            .into_iter()
            .filter_map(|record| Some((record.clone(), trial.record(&record)?.into())))
            .collect())
    }

    /// Vouches for what devices wrote. The caller is in a transaction.
    pub(crate) fn vouch(&mut self, kept: &[Kept]) -> Result<(), Error> {
        let author = Author::Device(self.device());
        for part in kept.chunks(ENTRY_KEPT_MAX) {
            let kept = part.to_vec();
            self.add_entry(author, Body::Vouched { kept })?;
        }
        Ok(())
    }

    /// Vouches for what devices wrote that are about to lose a right: once now, and once more
    /// when what they wrote last has been fetched. The caller is in a transaction.
    pub(crate) fn vouch_for(
        &mut self,
        devices: &[DeviceId],
        which: impl Fn(DocumentId) -> bool,
    ) -> Result<(), Error> {
        let kept = self.standing(devices, which)?;
        self.fetch_first = true;
        self.vouch(&kept)
    }

    /// Vouches for what has arrived since of devices that a pending entry puts out.
    pub(super) fn vouch_again(&mut self) -> Result<(), Error> {
        let bodies = self.pending_entries.iter().map(|entry| entry.body.clone());
        let fresh = self.unvouched(&bodies.collect::<Vec<_>>())?;
        self.vouch(&fresh)
    }

    /// Vouches for what the relay had handed out here before it handed out the entries that put
    /// its device out: it was taken in time, and whoever put the device out had not seen it yet.
    /// Those in charge do so, for all to see in the log.
    pub(super) fn vouch_for_earlier(&mut self, bodies: &[Body]) -> Result<(), Error> {
        let leads = matches!(self.role(), Some(Role::Administrator | Role::Coordinator));
        if !leads || self.is_out() {
            return Ok(());
        }
        let fresh = self.unvouched(bodies)?;
        self.vouch(&fresh)
    }

    /// What stands here of devices that entries put out, and nobody has vouched for.
    fn unvouched(&self, bodies: &[Body]) -> Result<Vec<Kept>, Error> {
        let log = self.log()?;
        let mut leaving: BTreeSet<(DeviceId, Option<DocumentId>)> = BTreeSet::new();
        for body in bodies {
            match body {
                Body::DeviceRevoked { device } => drop(leaving.insert((*device, None))),
                Body::PersonRevoked { person } | Body::RoleChanged { person, .. } => {
                    let devices = log.devices().iter();
                    let own = devices.filter(|(_, state)| state.person == *person);
                    leaving.extend(own.map(|(id, _)| (*id, None)));
                }
                Body::ReadersChanged { document, .. } => {
                    let devices = log.devices().keys();
                    leaving.extend(devices.map(|id| (*id, Some(*document))));
                }
                _ => {}
            }
        }
        let mut fresh = BTreeSet::new();
        for (device, only) in leaving {
            let standing = self.standing(&[device], |of| only.is_none_or(|only| of == only))?;
            let open = standing
                .into_iter()
                .filter(|kept| !log.stands(device, kept.document, kept.sequence));
            fresh.extend(open);
        }
        Ok(fresh.into_iter().collect())
    }

    /// Up to where the envelopes of devices stand here, in documents that this device may vouch
    /// for and that `which` names.
    pub(crate) fn standing(
        &self,
        devices: &[DeviceId],
        which: impl Fn(DocumentId) -> bool,
    ) -> Result<Vec<Kept>, Error> {
        let log = self.log()?;
        let mut kept = Vec::new();
        for device in devices {
            for (document, sequence) in self.store.last_sequences(*device)? {
                let known = log.documents().get(&document);
                let living = known.is_some_and(|state| state.erasure.is_none());
                if living && which(document) && log.may_vouch(self.device(), document) {
                    kept.push(Kept {
                        device: *device,
                        document,
                        sequence,
                    });
                }
            }
        }
        Ok(kept)
    }
}
