//! Rights, erasure, and what could not be trusted.

use std::time::SystemTime;

use folge_core::client as core;
use folge_core::messages;
use folge_core::rights;
use folge_core::sync;

use super::{
    AgreementName, AnyDocumentId, Day, DeviceName, ExportedFile, Month, ParticipationId,
    PersonName, RecordOnPage, Role, Wording,
};
use crate::shape::{Shown, choice, record, view};

/// When a participation is erased by itself.
#[derive(Clone, PartialEq, uniffi::Enum)]
#[uniffi::export(Debug)]
pub enum Retention {
    /// Nothing says when yet.
    NotYet,
    /// On a day.
    Due {
        /// The day.
        on: Day,
    },
    /// It would be on a day, and is held back.
    Held {
        /// Why.
        reason: String,
        /// The day.
        on: Day,
    },
}

impl std::fmt::Debug for Retention {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Retention(..)")
    }
}

impl Shown<rights::Retention> for Retention {
    fn shown(core: rights::Retention) -> Self {
        match core {
            rights::Retention::NotYet => Self::NotYet,
            rights::Retention::Due { on } => Self::Due {
                on: Shown::shown(on),
            },
            rights::Retention::Held { reason, on } => Self::Held {
                reason,
                on: Shown::shown(on),
            },
        }
    }
}

view! {
    /// A participation and when it is erased.
    RetentionOfCase {
        /// The participation.
        participation: ParticipationId,
        /// When.
        retention: Retention,
    }
}

choice! {
    /// Why something is erased.
    ErasureReason = folge_protocol::membership::ErasureReason {
        /// Twelve weeks after the final report was delivered.
        Retention,
        /// The participant asked for it, and NAV agreed.
        Request,
        /// The agreement ended.
        AgreementEnded,
        /// It was made by mistake.
        Mistake,
        /// NAV told the provider to.
        Instruction,
    }
}

view! {
    /// The signed receipt of an erasure.
    ErasureReceipt {
        /// Whether every device has confirmed.
        complete: bool,
        /// The receipt in Bokmål.
        nb: String,
        /// The same in English.
        en: String,
    }
}

impl Shown<core::ErasureReceipt> for ErasureReceipt {
    fn shown(core: core::ErasureReceipt) -> Self {
        let Wording { nb, en } = Wording::of(|language| core.to_text(language));
        Self {
            complete: core.is_complete(),
            nb,
            en,
        }
    }
}

choice! {
    /// Whether a lost phone's store was locked.
    StoreLock = messages::StoreLock {
        /// It was.
        Locked,
        /// It was open.
        Open,
        /// Nobody knows.
        Unknown,
    }
}

record! {
    both
    /// Whom NAV asks.
    ContactPoint = rights::ContactPoint {
        /// The provider.
        provider: String,
        /// The person's name.
        name: String,
        /// Telephone.
        phone: String,
        /// E-mail.
        email: String,
    }
}

record! {
    both
    /// The loss of a device, as its owner tells it.
    LossReport = core::LossReport {
        /// When its owner still had it for certain.
        held_from: SystemTime,
        /// When they found it gone.
        held_until: SystemTime,
        /// Whether its store was locked.
        lock: StoreLock,
        /// Whom NAV asks.
        contact: ContactPoint,
        /// Anything else.
        #[uniffi(default = "")]
        other: String,
    }
}

view! {
    /// The notice to NAV about a breach.
    BreachNotice {
        /// When it is due.
        due: SystemTime,
        /// How many persons it is about.
        person_count: i32,
        /// The notice in Bokmål.
        nb: String,
        /// The same in English.
        en: String,
    }
}

impl Shown<rights::BreachNotice> for BreachNotice {
    fn shown(core: rights::BreachNotice) -> Self {
        let Wording { nb, en } = Wording::of(|language| core.to_text(language));
        Self {
            due: Shown::shown(core.due),
            person_count: Shown::shown(core.person_count),
            nb,
            en,
        }
    }
}

choice! {
    /// Why something that came from the relay was put aside.
    QuarantineReason = sync::QuarantineReason {
        /// It is not from whom it says.
        BadSignature,
        /// Its author may not write there.
        NotAllowed,
        /// It cannot be opened.
        Unopenable,
        /// What is in it is damaged.
        Damaged,
        /// The relay did not take it.
        RefusedByRelay,
    }
}

view! {
    /// Something that was put aside, for a person to look at.
    QuarantineLine {
        /// The document.
        document: AnyDocumentId,
        /// Why.
        reason: QuarantineReason,
        /// The same in words, and what to do.
        text: Wording,
        /// When.
        at: SystemTime,
        /// How large it is, in bytes.
        byte_count: i32,
    }
}

impl Shown<sync::Quarantined> for QuarantineLine {
    fn shown(core: sync::Quarantined) -> Self {
        Self {
            document: Shown::shown(core.document),
            reason: Shown::shown(core.reason),
            text: Wording::of(|language| core.reason.user_text(language)),
            at: super::time_of(core.at_ms),
            byte_count: Shown::shown(core.bytes.len()),
        }
    }
}

view! {
    /// What a device that was put out handed over, and waits for the office to decide.
    HeldEnvelope {
        /// The document.
        document: AnyDocumentId,
        /// The device that wrote it.
        device: DeviceName,
        /// Whose device it was.
        person: Option<PersonName>,
        /// Its number among that device's.
        sequence: i64,
        /// When the relay had it.
        accepted: Option<SystemTime>,
        /// The records that it would add or change.
        records: Vec<RecordOnPage>,
    }
}

impl Shown<sync::Held> for HeldEnvelope {
    fn shown(core: sync::Held) -> Self {
        // The relay has it, and the office has yet to let it in.
        let state = folge_core::client::RecordState::Stored;
        let records = core
            .records
            .into_iter()
            .map(|(reference, row)| RecordOnPage::of(reference, row, state));
        Self {
            records: records.collect(),
            document: Shown::shown(core.document),
            device: Shown::shown(core.device),
            person: Shown::shown(core.person),
            sequence: Shown::shown(core.sequence),
            accepted: core.accepted_ms.map(super::relay_time_of),
        }
    }
}

view! {
    /// What a check of everything found.
    CheckResult {
        /// Entries of the membership log.
        entries: i64,
        /// Envelopes.
        envelopes: i64,
        /// Documents.
        documents: i64,
        /// Put aside.
        quarantined: i64,
        /// Waiting for something that has not arrived.
        waiting: i64,
        /// How many faults there are; 0 is well.
        faults: i32,
    }
}

impl Shown<sync::Check> for CheckResult {
    fn shown(core: sync::Check) -> Self {
        Self {
            entries: Shown::shown(core.entries),
            envelopes: Shown::shown(core.envelopes),
            documents: Shown::shown(core.documents),
            quarantined: Shown::shown(core.quarantined),
            waiting: Shown::shown(core.waiting),
            faults: Shown::shown(core.faults.len()),
        }
    }
}

view! {
    /// A line of the audit log.
    AuditLine {
        /// Who; none for the workspace's own key.
        person: Option<PersonName>,
        /// That person's role now.
        role: Option<Role>,
        /// With which device.
        device: Option<DeviceName>,
        /// When, by that device's clock.
        at: SystemTime,
        /// When the relay had it.
        accepted: Option<SystemTime>,
        /// A stable code for what was done, such as `opened` or `device_added`.
        act: String,
        /// Of which document, where one is named.
        document: Option<AnyDocumentId>,
    }
}

record! {
    both
    /// Somebody who processes data for the provider, such as the relay's host.
    Subprocessor = rights::Subprocessor {
        /// Its name.
        name: String,
        /// Its address.
        address: String,
        /// Where it processes.
        place: String,
        /// What it does.
        task: String,
    }
}

view! {
    /// The archive of one participation, for who it is about or for another provider.
    CaseArchive {
        /// The participation.
        participation: ParticipationId,
        /// Its files.
        files: Vec<ExportedFile>,
    }
}

view! {
    /// What leaving an agreement came to: everything exported, then erased.
    Departure {
        /// For each participation its archive.
        archives: Vec<CaseArchive>,
        /// What was erased.
        erased: Vec<ParticipationId>,
    }
}

impl Shown<rights::ArchiveFile> for ExportedFile {
    fn shown(core: rights::ArchiveFile) -> Self {
        Self {
            name: core.name.to_owned(),
            bytes: core.bytes,
        }
    }
}

impl Shown<core::Departure> for Departure {
    fn shown(core: core::Departure) -> Self {
        let archives = core.archives.into_iter();
        Self {
            archives: archives
                .map(|(participation, files)| CaseArchive {
                    participation: Shown::shown(participation),
                    files: Shown::shown(files),
                })
                .collect(),
            erased: Shown::shown(core.erased),
        }
    }
}

view! {
    /// Anonymous statistics of the participations of an agreement that ended in a month. A figure is
    /// missing where it would be about too few.
    CohortStatistics {
        /// The agreement.
        agreement: AgreementName,
        /// The month.
        month: Month,
        /// Participations; none where they are too few to show anything.
        participations: Option<i32>,
        /// Meetings that participants came to.
        attended: Option<i64>,
        /// Meetings that they did not come to, without notice.
        no_show: Option<i64>,
        /// Meetings that they were excused from.
        excused: Option<i64>,
        /// Cancelled meetings.
        cancelled: Option<i64>,
        /// Minutes of the meetings that participants came to.
        minutes_attended: Option<i64>,
        /// Minutes of travel.
        minutes_travel: Option<i64>,
        /// Minutes of report writing.
        minutes_report: Option<i64>,
        /// Weeks in the measure, begun ones included.
        weeks: Option<i64>,
    }
}

impl Shown<folge_core::domain::CohortStatistics> for CohortStatistics {
    fn shown(core: folge_core::domain::CohortStatistics) -> Self {
        let participations = core.figures.as_ref().map(|figures| figures.participations);
        let figures = core.figures.unwrap_or_default();
        Self {
            agreement: Shown::shown(core.key.agreement),
            month: Shown::shown(core.key.month),
            participations: Shown::shown(participations),
            attended: Shown::shown(figures.attended),
            no_show: Shown::shown(figures.no_show),
            excused: Shown::shown(figures.excused),
            cancelled: Shown::shown(figures.cancelled),
            minutes_attended: Shown::shown(figures.minutes_attended),
            minutes_travel: Shown::shown(figures.minutes_travel),
            minutes_report: Shown::shown(figures.minutes_report),
            weeks: Shown::shown(figures.weeks),
        }
    }
}
