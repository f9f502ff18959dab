//! What happens to a provider besides its work: a colleague is let in, a phone is lost, a
//! participation is erased. Told by the demo after its [`Story`].

use std::collections::BTreeSet;
use std::path::Path;

use folge_core::client::{AuditAct, ErasureReceipt, Invitee, LossReport};
use folge_core::document::{CaseFilter, Record, RecordRef};
use folge_core::domain::{
    CohortStatistics, Instant, Minutes, Month, Note, Participation, Report, ReportKind, Status,
};
use folge_core::keys::{InvitationLink, fingerprint_words};
use folge_core::limits::INVITATION_MILLISECONDS;
use folge_core::messages::{Saying, StoreLock};
use folge_core::native::system_env;
use folge_core::rights::{BreachNotice, ContactPoint};
use folge_protocol::ids::DocumentId;
use folge_protocol::membership::{ErasureReason, Role};

use crate::backup;
use crate::device::Device;
use crate::final_report::record_final;
use crate::provider::Plan;
use crate::story::Story;

type Anything<T> = Result<T, Box<dyn std::error::Error>>;

const HOUR_MS: i64 = 3_600_000;
const REPORT_DAYS_AFTER_END: i32 = 7;
/// Everybody hears of an act, answers it, and hears of the answers.
const ROUNDS: usize = 3;

/// A colleague who came in by a link.
#[derive(Debug)]
pub struct Colleague {
    /// Her computer.
    pub device: Device,
    /// The workspace's fingerprint as the office's device shows it, and as hers does.
    pub fingerprints: [String; 2],
    /// Participations that she saw at once.
    pub seen: usize,
    /// The link that let her in.
    pub link: InvitationLink,
}

/// A lost phone's story.
#[derive(Debug)]
pub struct Loss {
    /// Whose it was.
    pub consultant: String,
    /// The notice's draft.
    pub notice: BreachNotice,
    /// Whether the found phone learned that it was put out, and got nothing more.
    pub refused: bool,
    /// Participations that it can still open: at most those in which it had something unsent.
    pub kept: usize,
    /// The size of what it handed over, in bytes.
    pub pack_bytes: usize,
    /// Records that the office admitted, of those that the phone had not sent.
    pub admitted: usize,
    /// Records that the phone had not sent.
    pub unsent: usize,
    /// Participations on the old phone, and on the new one.
    pub participations: (usize, usize),
    /// Whether the new phone has every admitted record.
    pub all_back: bool,
}

/// An erasure's story.
#[derive(Debug)]
pub struct Erasure {
    /// The provider's own id of it.
    pub reference: String,
    /// Why it was erased.
    pub reason: ErasureReason,
    /// The statistics of its cohort, drawn before.
    pub statistics: Option<CohortStatistics>,
    /// The receipt.
    pub receipt: ErasureReceipt,
    /// Whether another device finds the receipt true.
    pub receipt_checks: bool,
    /// Envelopes of it that a backup from before opens: with the secrets of before, of today.
    pub opened: (usize, usize),
    /// Envelopes of everything else that it opens, before and today.
    pub others: (usize, usize),
    /// Envelopes of it that the relay still has.
    pub on_relay: usize,
}

/// What stands in the audit log.
#[derive(Debug, Clone, Copy, Default)]
pub struct Audit {
    /// Acts in the membership log.
    pub acts: usize,
    /// Participations opened.
    pub openings: usize,
    /// Exports.
    pub exports: usize,
    /// Lost devices reported.
    pub losses: usize,
}

fn now() -> Instant {
    Instant(system_env().now().wall_ms)
}

fn fingerprint(device: &Device) -> String {
    fingerprint_words(&device.client.identity().workspace)
}

fn note(device: &mut Device, document: DocumentId, text: &str) -> Anything<RecordRef> {
    let note = Note {
        id: device.client.new_record_id(),
        at: now(),
        text: text.to_owned(),
    };
    let record = RecordRef::Note(note.id);
    device.client.record(document, Record::Note(note))?;
    Ok(record)
}

/// How many of these documents a device has a key to.
fn opens_still(device: &Device, cases: &[DocumentId]) -> Anything<usize> {
    let secrets = device.opened_store()?.secrets()?;
    let known: BTreeSet<[u8; 16]> = secrets.iter().map(|secret| secret.id).collect();
    Ok(cases.iter().filter(|case| known.contains(&case.0)).count())
}

impl Story {
    fn new_device(&self, name: &str, link: &InvitationLink) -> Anything<Device> {
        let dir = self.devices_dir.join(name);
        std::fs::create_dir_all(&dir)?;
        Ok(Device::join(&dir, link)?)
    }

    /// A colleague is let in by a link, while no other device is online.
    /// # Errors
    /// The core's.
    pub fn let_colleague_in(&mut self) -> Anything<Colleague> {
        let invitee = Invitee::New(Role::Coordinator);
        let link = self
            .office
            .client
            .invite(invitee, INVITATION_MILLISECONDS)?;
        self.sync_office()?;
        // From here on every other device is switched off.
        let mut device = self.new_device("colleague", &link)?;
        self.http.sync(&mut device.client)?;
        Ok(Colleague {
            fingerprints: [fingerprint(&self.office), fingerprint(&device)],
            seen: device.client.office_list(&CaseFilter::default()).len(),
            device,
            link,
        })
    }

    /// Whoever has no protected participation: those are their consultants' alone, and none of the
    /// others could give the keys of one back.
    fn who_loses_a_phone(&self, plan: &Plan) -> Option<String> {
        let protected: BTreeSet<&String> = plan
            .participations
            .iter()
            .filter(|(_, participation, _)| participation.address_protected)
            .flat_map(|(.., team)| team)
            .collect();
        let mut keys = self.phones.keys().filter(|key| !protected.contains(key));
        keys.next().cloned()
    }

    /// A phone is lost with records on it that it has not sent. One act of the office puts it out
    /// and drafts the notice; the found phone hands over what it had; the consultant gets a new one.
    /// Nothing happens where every consultant has a protected participation.
    /// # Errors
    /// The core's.
    pub fn lose_a_phone(&mut self, plan: &Plan) -> Anything<Option<Loss>> {
        let Some(consultant) = self.who_loses_a_phone(plan) else {
            return Ok(None);
        };
        let mut lost = self.phones.remove(&consultant).ok_or("no phone")?;
        let all = CaseFilter::default();
        let cases: Vec<DocumentId> = lost
            .client
            .office_list(&all)
            .iter()
            .map(|line| line.participation)
            .collect();
        let mut unsent = Vec::new();
        for case in cases.iter().take(3) {
            unsent.push((*case, note(&mut lost, *case, "Avtalt uten dekning.")?));
        }
        let (device, person) = (lost.client.device(), lost.client.identity().person);

        let missed = now();
        let report = LossReport {
            held_from: Instant(missed.0 - 3 * HOUR_MS),
            held_until: missed,
            lock: StoreLock::Locked,
            contact: ContactPoint {
                provider: plan.provider.name.clone(),
                name: "Personvernombudet".into(),
                phone: "+47 00000000".into(),
                email: "personvern@example.no".into(),
            },
            other: String::new(),
        };
        let notice = self.office.client.report_lost(device, report)?;
        self.sync_office()?;

        // It is found, and comes into coverage. The sync may end with the relay's refusal.
        let _ = self.http.sync(&mut lost.client);
        let refused = lost.client.is_put_out() && !lost.client.has_sync_work()?;
        let kept = opens_still(&lost, &cases)?;
        let pack = lost.client.pack_unsent()?;
        self.office.client.take_pack(&pack)?;
        let held = self.office.client.held()?;
        for parcel in &held {
            let (document, sequence) = (parcel.document, parcel.sequence);
            self.office
                .client
                .admit(document, parcel.device, sequence)?;
        }
        self.sync_office()?;
        self.sync_office()?;
        let admitted = held.iter().map(|parcel| parcel.records.len()).sum();

        let link = self
            .office
            .client
            .invite(Invitee::Known(person), INVITATION_MILLISECONDS)?;
        self.sync_office()?;
        let mut next = self.new_device(&format!("{consultant}-ny"), &link)?;
        self.http.sync(&mut next.client)?;
        let mut all_back = true;
        for (case, record) in &unsent {
            let page = next.client.participation(*case)?;
            all_back &= page.records.contains_key(record);
        }
        let back = next.client.office_list(&all).len();
        self.phones.insert(consultant.clone(), next);
        Ok(Some(Loss {
            consultant,
            notice,
            refused,
            kept,
            pack_bytes: pack.len(),
            admitted,
            unsent: unsent.len(),
            participations: (cases.len(), back),
            all_back,
        }))
    }

    /// The participation to erase: of the largest month that is over, who ended first; any where
    /// nobody has ended yet.
    fn what_to_erase<'a>(&self, plan: &'a Plan) -> Option<&'a Participation> {
        let this_month = now().month();
        let ended: Vec<(Month, &Participation)> = plan
            .participations
            .iter()
            .filter(|(_, case, _)| case.status == Status::Ended && !case.address_protected)
            .filter_map(|(_, case, _)| Some((case.end?.month(), case)))
            .filter(|(month, _)| *month < this_month)
            .collect();
        let size = |of: Month| ended.iter().filter(|(month, _)| *month == of).count();
        let months = ended.iter().map(|(month, _)| *month);
        let largest = months.max_by_key(|month| size(*month));
        let of_it = ended.iter().filter(|(month, _)| Some(*month) == largest);
        let first = of_it.map(|(_, case)| *case).min_by_key(|case| case.end);
        let mut all = plan.participations.iter().map(|(_, case, _)| case);
        first.or_else(|| all.find(|case| !case.address_protected))
    }

    fn every_secret(&self, colleague: &Device) -> Anything<BTreeSet<[u8; 32]>> {
        let mut secrets = BTreeSet::new();
        for device in self.phones.values().chain([&self.office, colleague]) {
            secrets.extend(backup::secrets_of(device)?);
        }
        Ok(secrets)
    }

    /// A participation whose final report was handed over long ago is erased. Then the proof: a
    /// backup of the relay from before, and every secret that is left.
    /// # Errors
    /// The core's.
    pub fn erase_one(
        &mut self,
        plan: &Plan,
        colleague: &mut Device,
        relay_data: &Path,
        copy: &Path,
    ) -> Anything<Erasure> {
        let facts = self.what_to_erase(plan).ok_or("no participation")?;
        let reference = facts.reference.clone();
        let case = *self.documents.get(&reference).ok_or("no document")?;
        let consultant = facts.consultant.clone().ok_or("no consultant")?;
        let phone = self.phones.get_mut(&consultant.0).ok_or("no phone")?;
        let report = Report {
            minutes: Minutes(90),
            delivered: facts.end.map(|end| end.plus_days(REPORT_DAYS_AFTER_END)),
            consultant: Some(consultant),
            ..Report::new(phone.client.new_record_id(), ReportKind::Final)
        };
        record_final(&mut phone.client, case, report)?;
        for _ in 0..2 {
            self.come_together()?;
            self.http.sync(&mut colleague.client)?;
        }
        backup::copy_of(relay_data, copy)?;
        let split = |found: Vec<(DocumentId, Vec<u8>)>| {
            let own = found
                .iter()
                .filter(|(document, _)| *document == case)
                .count();
            (own, found.len() - own)
        };
        let before = split(backup::opened(copy, self.every_secret(colleague)?)?);

        let mut reason = ErasureReason::Retention;
        if !self.office.client.erase_due()?.contains(&case) {
            // The clock of this computer says that it is too early: NAV says so instead.
            reason = ErasureReason::Instruction;
            self.office.client.erase(case, reason)?;
        }
        for _ in 0..ROUNDS {
            self.come_together()?;
            self.http.sync(&mut colleague.client)?;
        }
        self.sync_office()?;
        let month = facts.end.map(|end| end.month());
        let statistics = self.office.client.statistics()?;
        let statistics = statistics
            .into_iter()
            .find(|cohort| Some(cohort.key.month) == month);
        let receipt = self.office.client.erasure_receipt(&[case])?;
        self.sync_office()?;
        let after = split(backup::opened(copy, self.every_secret(colleague)?)?);
        let left = backup::envelopes(&relay_data.join("relay.db"))?;
        Ok(Erasure {
            reference,
            reason,
            statistics,
            receipt_checks: colleague.client.check_receipt(&receipt)?,
            receipt,
            opened: (before.0, after.0),
            others: (before.1, after.1),
            on_relay: left.iter().filter(|document| **document == case).count(),
        })
    }

    /// The audit log as a colleague in the office sees it.
    /// # Errors
    /// The core's.
    pub fn audit(&self, colleague: &mut Device) -> Anything<Audit> {
        self.http.sync(&mut colleague.client)?;
        let mut audit = Audit::default();
        for line in colleague.client.audit()? {
            match line.act {
                AuditAct::Membership(_) => audit.acts += 1,
                AuditAct::Said(Saying::Opened(_)) => audit.openings += 1,
                AuditAct::Said(Saying::Exported { .. }) => audit.exports += 1,
                AuditAct::Said(Saying::Lost { .. }) => audit.losses += 1,
                AuditAct::Said(_) => {}
            }
        }
        Ok(audit)
    }
}
