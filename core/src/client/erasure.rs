//! Erasure: by itself when its time has come, by hand with a reason, and of a whole agreement.
//! Statistics are drawn first. What erasing does to keys is `sync::turning`'s matter.

use std::collections::{BTreeMap, BTreeSet};

use folge_protocol::codec::{Decode, DecodeError, Encode, Reader, Writer};
use folge_protocol::crypto::{PublicKey, Tag, tagged_hash};
use folge_protocol::ids::{DeviceId, DocumentId, Hash, WorkspaceId};
use folge_protocol::limits::ENTRY_DOCUMENTS_MAX;
use folge_protocol::membership::{Author, Body, ErasureReason, Membership, Role};

use super::Client;
use crate::document::{Command, Record, RecordRef};
use crate::domain::{AgreementKey, Instant, Language, LocalDate};
use crate::error::Error;
use crate::messages::Export;
use crate::rights::{ArchiveFile, Retention, statistics};

const RECEIPT_VERSION: u8 = 1;

/// A device that could open what was erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// It says, signed in the log, that nothing is left on it and its keys have turned.
    Confirmed,
    /// It has yet to say so.
    Missing,
    /// It was put out before it said so, and cannot say so any more.
    PutOut,
}

impl Encode for Holder {
    fn encode(&self, out: &mut Writer) {
        out.u8(match self {
            Self::Confirmed => 1,
            Self::Missing => 2,
            Self::PutOut => 3,
        });
    }
}

impl Decode for Holder {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match input.u8()? {
            1 => Ok(Self::Confirmed),
            2 => Ok(Self::Missing),
            3 => Ok(Self::PutOut),
            other => Err(DecodeError::UnknownTag(other)),
        }
    }
}

/// What a receipt says of one document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErasedDocument {
    /// The document. It names nobody.
    pub document: DocumentId,
    /// The log's entry that erased it.
    pub index: u64,
    /// When, by the author's clock, in milliseconds since 1970 (UTC).
    pub erased_ms: u64,
    /// Why.
    pub reason: ErasureReason,
    /// Who.
    pub by: DeviceId,
    /// Every device, in at the time, that could open it.
    pub holders: BTreeMap<DeviceId, Holder>,
}

struct HolderLine(DeviceId, Holder);

impl Encode for HolderLine {
    fn encode(&self, out: &mut Writer) {
        self.0.encode(out);
        self.1.encode(out);
    }
}

impl Decode for HolderLine {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self(Decode::decode(input)?, Decode::decode(input)?))
    }
}

impl Encode for ErasedDocument {
    fn encode(&self, out: &mut Writer) {
        self.document.encode(out);
        out.u64(self.index);
        out.u64(self.erased_ms);
        self.reason.encode(out);
        self.by.encode(out);
        let holders: Vec<HolderLine> = self
            .holders
            .iter()
            .map(|(device, holder)| HolderLine(*device, *holder))
            .collect();
        out.list(&holders);
    }
}

impl Decode for ErasedDocument {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let document = Decode::decode(input)?;
        let (index, erased_ms) = (input.u64()?, input.u64()?);
        let (reason, by) = (Decode::decode(input)?, Decode::decode(input)?);
        let holders: Vec<HolderLine> = input.list(ENTRY_DOCUMENTS_MAX)?;
        // One encoding of each receipt: by device, each once.
        if holders.windows(2).any(|pair| pair[0].0 >= pair[1].0) {
            return Err(DecodeError::Invalid);
        }
        Ok(Self {
            document,
            index,
            erased_ms,
            reason,
            by,
            holders: holders.into_iter().map(|line| (line.0, line.1)).collect(),
        })
    }
}

/// A signed receipt of erasures: what, when, why, and which devices have yet to confirm. Anybody
/// who has the membership log can check it without this program's help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErasureReceipt {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// When it was made, by the signer's clock, in milliseconds since 1970 (UTC).
    pub made_ms: u64,
    /// How many entries of the log it stands on.
    pub log_len: u64,
    /// The last of them.
    pub log_head: Hash,
    /// What was erased.
    pub documents: Vec<ErasedDocument>,
    /// The device that signed.
    pub device: DeviceId,
    /// Its signature.
    pub signature: [u8; 64],
}

impl ErasureReceipt {
    fn unsigned(&self) -> Vec<u8> {
        let mut out = Writer::new();
        out.u8(RECEIPT_VERSION);
        out.u8(folge_protocol::crypto::SUITE_1);
        self.workspace.encode(&mut out);
        out.u64(self.made_ms);
        out.u64(self.log_len);
        self.log_head.encode(&mut out);
        out.list(&self.documents);
        self.device.encode(&mut out);
        out.finish()
    }

    fn signed_hash(&self) -> Hash {
        tagged_hash(Tag::Erasure, &[&self.unsigned()])
    }

    /// Checks the signature.
    #[must_use]
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        DeviceId(key.id()) == self.device
            && key.verify(&self.signed_hash(), &self.signature).is_ok()
    }

    /// Whether every device that could open it has confirmed.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.documents.iter().all(|document| {
            document
                .holders
                .values()
                .all(|holder| *holder == Holder::Confirmed)
        })
    }

    /// The receipt as text for people.
    #[must_use]
    pub fn to_text(&self, language: Language) -> String {
        use std::fmt::Write as _;
        let nb = language == Language::Norwegian;
        let time = |ms: u64| {
            let at = Instant(i64::try_from(ms).unwrap_or(i64::MAX));
            crate::rights::time_text(at, language)
        };
        let mut text = String::new();
        let title = if nb {
            "Kvittering for sletting"
        } else {
            "Receipt of erasure"
        };
        let _ = writeln!(text, "{title}\n{}\n", time(self.made_ms));
        for document in &self.documents {
            let (what, why) = if nb {
                ("Slettet", reason_text(document.reason).0)
            } else {
                ("Erased", reason_text(document.reason).1)
            };
            let when = time(document.erased_ms);
            let _ = writeln!(text, "{what}: {} ({when}), {why}", document.document);
            for (device, holder) in &document.holders {
                let state = match (holder, nb) {
                    (Holder::Confirmed, true) => "bekreftet slettet",
                    (Holder::Confirmed, false) => "confirmed",
                    (Holder::Missing, true) => "har ikke bekreftet ennå",
                    (Holder::Missing, false) => "has yet to confirm",
                    (Holder::PutOut, true) => "sperret, kan ikke bekrefte",
                    (Holder::PutOut, false) => "put out, cannot confirm",
                };
                let _ = writeln!(text, "  {device}: {state}");
            }
        }
        let signed = if nb { "Signert av" } else { "Signed by" };
        let _ = write!(text, "\n{signed} {} ", self.device);
        for byte in self.signature {
            let _ = write!(text, "{byte:02x}");
        }
        text.push('\n');
        text
    }
}

const fn reason_text(reason: ErasureReason) -> (&'static str, &'static str) {
    match reason {
        ErasureReason::Retention => (
            "tolv uker etter levert sluttrapport",
            "twelve weeks after the final report",
        ),
        ErasureReason::Request => ("etter krav fra deltakeren", "at the participant's request"),
        ErasureReason::AgreementEnded => ("avtalen er avsluttet", "the agreement ended"),
        ErasureReason::Mistake => ("opprettet ved en feil", "made by mistake"),
        ErasureReason::Instruction => ("etter instruks fra NAV", "on NAV's instruction"),
    }
}

impl Encode for ErasureReceipt {
    fn encode(&self, out: &mut Writer) {
        out.raw(&self.unsigned());
        out.raw(&self.signature);
    }
}

impl Decode for ErasureReceipt {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match input.u8()? {
            RECEIPT_VERSION => {}
            other => return Err(DecodeError::UnknownVersion(other)),
        }
        match input.u8()? {
            folge_protocol::crypto::SUITE_1 => {}
            other => return Err(DecodeError::UnknownSuite(other)),
        }
        Ok(Self {
            workspace: Decode::decode(input)?,
            made_ms: input.u64()?,
            log_len: input.u64()?,
            log_head: Decode::decode(input)?,
            documents: input.list(ENTRY_DOCUMENTS_MAX)?,
            device: Decode::decode(input)?,
            signature: input.array()?,
        })
    }
}

/// What comes of leaving an agreement: everything as files, before it is erased.
#[derive(Debug, Clone)]
pub struct Departure {
    /// For each participation its archive.
    pub archives: Vec<(DocumentId, Vec<ArchiveFile>)>,
    /// What was erased.
    pub erased: Vec<DocumentId>,
}

impl Client {
    /// When each participation that this device can read is to be erased.
    /// # Errors
    /// [`Error::Store`].
    pub fn retention(&mut self) -> Result<BTreeMap<DocumentId, Retention>, Error> {
        let cases: Vec<DocumentId> = self.replica.summaries().keys().copied().collect();
        let mut found = BTreeMap::new();
        let agreements = self.replica.agreements()?;
        for document in cases {
            let view = self.replica.load_view(document)?;
            let key = view.participation().and_then(|p| p.agreement.as_ref());
            let agreement = key.and_then(|key| agreements.get(key));
            found.insert(document, Retention::of(view, agreement));
        }
        Ok(found)
    }

    /// Erases every participation whose time has come: twelve weeks after its final report (K24).
    /// Shells call it when they start and once a day; it takes effect with the next sync. What is
    /// held back with a reason stays.
    /// # Errors
    /// [`Error::Store`].
    pub fn erase_due(&mut self) -> Result<Vec<DocumentId>, Error> {
        let today = self.today();
        let due: Vec<DocumentId> = self
            .retention()?
            .into_iter()
            .filter(|(_, retention)| retention.is_due(today))
            .map(|(document, _)| document)
            .filter(|document| self.may_erase(*document))
            .collect();
        self.erase_all(&due, ErasureReason::Retention)?;
        Ok(due)
    }

    /// Erases a participation with everything that belongs to it, everywhere, for good.
    /// # Errors
    /// [`Error::NotAllowed`] outside the office; [`Error::Held`] where it is held back: release
    /// it first.
    pub fn erase(&mut self, document: DocumentId, reason: ErasureReason) -> Result<(), Error> {
        if !self.may_erase(document) {
            return Err(Error::NotAllowed);
        }
        let facts = self.facts(document)?;
        if facts.erasure_hold.is_some() || facts.restricted.is_some() {
            return Err(Error::Held);
        }
        self.erase_all(&[document], reason)
    }

    /// Keeps a participation from being erased, with a reason; without one it is released.
    /// # Errors
    /// As [`Client::record`](Client::record).
    pub fn hold(&mut self, document: DocumentId, reason: Option<String>) -> Result<(), Error> {
        self.require_office()?;
        let mut facts = self.facts(document)?;
        facts.erasure_hold = reason;
        self.update_participation(document, facts, None)
    }

    /// Restricts a participation's processing (GDPR article 18), with a reason; without one the
    /// restriction is lifted.
    /// # Errors
    /// As [`Client::record`](Client::record).
    pub fn restrict(&mut self, document: DocumentId, reason: Option<String>) -> Result<(), Error> {
        self.require_office()?;
        let mut facts = self.facts(document)?;
        facts.restricted = reason;
        self.update_participation(document, facts, None)
    }

    /// Leaves an agreement: everything is exported, then erased, holds or not.
    /// # Errors
    /// [`Error::NotAllowed`] outside the office.
    pub fn leave_agreement(&mut self, agreement: &AgreementKey) -> Result<Departure, Error> {
        self.require_office()?;
        let cases: Vec<DocumentId> = self.replica.summaries().keys().copied().collect();
        let mut erased = Vec::new();
        for document in cases {
            if self.facts(document)?.agreement.as_ref() == Some(agreement)
                && self.may_erase(document)
            {
                erased.push(document);
            }
        }
        self.note_export(Export::Agreement, None)?;
        let mut archives = Vec::with_capacity(erased.len());
        for document in &erased {
            archives.push((*document, self.archive_unnoted(*document)?));
        }
        self.erase_all(&erased, ErasureReason::AgreementEnded)?;
        Ok(Departure { archives, erased })
    }

    /// A signed receipt of what was erased, as things stand now.
    /// # Errors
    /// [`Error::UnknownDocument`] where one of them was not erased.
    pub fn erasure_receipt(&mut self, documents: &[DocumentId]) -> Result<ErasureReceipt, Error> {
        self.note_export(Export::ErasureReceipt, None)?;
        let now_ms = u64::try_from(self.replica.env().now().wall_ms).unwrap_or(0);
        let log = self.replica.confirmed_log()?;
        let lines: Option<Vec<ErasedDocument>> = documents
            .iter()
            .map(|document| erased_document(log, *document))
            .collect();
        let mut receipt = ErasureReceipt {
            workspace: log.workspace(),
            made_ms: now_ms,
            log_len: log.len(),
            log_head: log.head(),
            documents: lines.ok_or(Error::UnknownDocument)?,
            device: self.device(),
            signature: [0; 64],
        };
        receipt.signature = self.identity().device.sign().sign(&receipt.signed_hash());
        Ok(receipt)
    }

    /// Checks a receipt against the log that is here: its signature, and what it says of when
    /// and by whom.
    /// # Errors
    /// [`Error::BadInvitation`] before a joining device has fetched the log.
    pub fn check_receipt(&self, receipt: &ErasureReceipt) -> Result<bool, Error> {
        let log = self.replica.confirmed_log()?;
        let signer = log.devices().get(&receipt.device);
        let signed = signer.is_some_and(|device| receipt.is_signed_by(&device.verifier));
        let stands = receipt.documents.iter().all(|line| {
            let state = log.documents().get(&line.document);
            state
                .and_then(|state| state.erasure.as_ref())
                .is_some_and(|erasure| {
                    let known: BTreeSet<DeviceId> = line.holders.keys().copied().collect();
                    let confirmed = line.holders.iter().all(|(device, holder)| {
                        *holder != Holder::Confirmed
                            || log
                                .devices()
                                .get(device)
                                .is_some_and(|state| state.confirmed > erasure.at.index)
                    });
                    (erasure.at.index, erasure.at.time_ms) == (line.index, line.erased_ms)
                        && (erasure.by, erasure.reason) == (line.by, line.reason)
                        && erasure.holders == known
                        && confirmed
                })
        });
        Ok(signed && stands && receipt.workspace == log.workspace())
    }

    /// Today in Oslo, by the device's clock.
    pub fn today(&mut self) -> LocalDate {
        Instant(self.replica.env().now().wall_ms).date()
    }

    /// The office erases what it can read; what only consultants can, they do.
    fn may_erase(&self, document: DocumentId) -> bool {
        let Ok(log) = self.replica.log() else {
            return false;
        };
        let device = self.device();
        let office = log
            .documents()
            .get(&document)
            .is_some_and(|state| state.readers.contains(&log.office()));
        let leads = matches!(
            log.device_role(device),
            Some(Role::Administrator | Role::Coordinator)
        );
        log.may_read(device, document) && (leads || (!office && log.may_write(device, document)))
    }

    fn erase_all(&mut self, cases: &[DocumentId], reason: ErasureReason) -> Result<(), Error> {
        if cases.is_empty() {
            return Ok(());
        }
        self.draw_statistics(cases)?;
        let mut documents = Vec::new();
        for case in cases {
            documents.extend(self.with_thread(*case)?);
        }
        let author = Author::Device(self.device());
        self.replica.atomically(|replica| {
            for document in documents {
                replica.add_entry(author, Body::Erased { document, reason })?;
            }
            replica.plan_turns()
        })
    }

    /// Draws the statistics of the cohorts that these participations belong to, where nobody has
    /// yet and the cohort's month is over.
    fn draw_statistics(&mut self, cases: &[DocumentId]) -> Result<(), Error> {
        let today = self.today();
        if self.require_office().is_err() {
            return Ok(());
        }
        let mut keys = BTreeSet::new();
        for case in cases {
            let facts = self.facts(*case)?;
            keys.extend(
                statistics::cohort_of(&facts)
                    .filter(|key| statistics::first_day(key.month) <= today),
            );
        }
        let register = self.replica.log()?.register();
        for key in keys {
            let reference = RecordRef::Statistics(key.clone());
            if self
                .replica
                .document(register)?
                .record(&reference)
                .is_some()
            {
                continue;
            }
            let all: Vec<DocumentId> = self.replica.summaries().keys().copied().collect();
            let mut views = Vec::with_capacity(all.len());
            for document in all {
                views.push(self.replica.load_view(document)?.clone());
            }
            let drawn = statistics::draw(&key, &views);
            self.replica.atomically(|replica| {
                replica
                    .write(register, &Command::PutStatistics(drawn), None)
                    .map(drop)
            })?;
        }
        Ok(())
    }

    /// The statistics that were drawn.
    /// # Errors
    /// [`Error::Store`].
    pub fn statistics(&mut self) -> Result<Vec<crate::domain::CohortStatistics>, Error> {
        Ok(self
            .register()?
            .into_iter()
            .filter_map(|view| match view.record {
                Record::Statistics(cohort) => Some(cohort),
                _ => None,
            })
            .collect())
    }
}

fn erased_document(log: &Membership, document: DocumentId) -> Option<ErasedDocument> {
    let erasure = log.documents().get(&document)?.erasure.as_ref()?;
    let holders = erasure.holders.iter().map(|device| {
        let state = log.devices().get(device);
        let confirmed = state.is_some_and(|state| state.confirmed > erasure.at.index);
        let holder = match (confirmed, log.active_device(*device)) {
            (true, _) => Holder::Confirmed,
            (false, Some(_)) => Holder::Missing,
            (false, None) => Holder::PutOut,
        };
        (*device, holder)
    });
    Some(ErasedDocument {
        document,
        index: erasure.at.index,
        erased_ms: erasure.at.time_ms,
        reason: erasure.reason,
        by: erasure.by,
        holders: holders.collect(),
    })
}
