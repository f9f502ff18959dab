//! Hours and money: what is billed, and why the rest is not. Money is whole øre.

use folge_core::contract::{billing, claim};
use folge_core::domain as core;

use super::{AgreementName, Day, Month, MonthAndMinutes, ParticipationId, RecordName, Wording};
use crate::shape::{Shown, choice, record, view};

choice! {
    /// What something is billed for.
    BilledFor = core::EntryKind {
        /// Follow-up (oppfølging).
        FollowUp,
        /// A participant who did not come.
        NoShow,
        /// Travel (reise).
        Travel,
        /// Report writing (rapportskriving).
        Report,
    }
}

view! {
    /// What was billed by hour for a record.
    BilledRecord {
        /// The visit or report; travel is to a visit.
        record: RecordName,
        /// What for.
        kind: BilledFor,
        /// The day that it belongs to.
        date: Day,
        /// The service area.
        area: String,
        /// Øre for an hour.
        hourly_ore: i64,
        /// Quarters of an hour; negative in a correction.
        quarters: i64,
    }
}

impl Shown<core::BilledEntry> for BilledRecord {
    fn shown(core: core::BilledEntry) -> Self {
        Self {
            record: Shown::shown(core.record),
            kind: Shown::shown(core.kind),
            date: Shown::shown(core.date),
            area: core.area.0,
            hourly_ore: Shown::shown(core.hourly_ore),
            quarters: core.quarters,
        }
    }
}

view! {
    /// Money for a month's work.
    AmountOfMonth {
        /// The month in which the work was done.
        month: Month,
        /// The service area.
        area: String,
        /// Øre for an hour.
        hourly_ore: i64,
        /// Quarters of an hour.
        quarters: i64,
        /// Øre.
        amount_ore: i64,
    }
}

impl Shown<core::BilledAmount> for AmountOfMonth {
    fn shown(core: core::BilledAmount) -> Self {
        Self {
            month: Shown::shown(core.month),
            area: core.area.0,
            hourly_ore: Shown::shown(core.hourly_ore),
            quarters: core.quarters,
            amount_ore: core.amount_ore,
        }
    }
}

view! {
    /// A line of a claim.
    ClaimLine {
        /// The month in which the work was done: the claim's, or an earlier one that is corrected.
        month: Month,
        /// The service area; none where places are paid.
        area: Option<String>,
        /// Øre for an hour, or for a place and month.
        price_ore: i64,
        /// Quarters of an hour, or hundred-thousandths of a place.
        quantity: i64,
        /// Øre.
        amount_ore: i64,
    }
}

impl Shown<core::ClaimLine> for ClaimLine {
    fn shown(core: core::ClaimLine) -> Self {
        Self {
            month: Shown::shown(core.month),
            area: core.area.map(|area| area.0),
            price_ore: Shown::shown(core.price_ore),
            quantity: core.quantity,
            amount_ore: core.amount_ore,
        }
    }
}

view! {
    /// An entry of a claim: what is billed, by which rule.
    ClaimEntry {
        /// The visit or report; travel is to a visit.
        record: RecordName,
        /// What for.
        kind: BilledFor,
        /// The day that it belongs to.
        date: Day,
        /// The rule, and where it stands.
        rule: Wording,
        /// Quarters of an hour.
        quarters: i64,
        /// The service area.
        area: String,
        /// Øre for an hour.
        hourly_ore: i64,
    }
}

impl Shown<billing::Entry> for ClaimEntry {
    fn shown(core: billing::Entry) -> Self {
        Self {
            record: Shown::shown(core.record),
            kind: Shown::shown(core.kind),
            date: Shown::shown(core.date),
            rule: Wording::of(|language| core.rule.user_text(language)),
            quarters: i64::from(core.quarters),
            area: core.area.0,
            hourly_ore: Shown::shown(core.hourly_ore),
        }
    }
}

view! {
    /// A record that is not billed, and why.
    NotBilledRecord {
        /// The record.
        record: RecordName,
        /// Its day, where it has one.
        date: Option<Day>,
        /// Why it is not billed, and what to do.
        why: Wording,
    }
}

impl Shown<billing::Unbilled> for NotBilledRecord {
    fn shown(core: billing::Unbilled) -> Self {
        Self {
            record: Shown::shown(core.record),
            date: Shown::shown(core.date),
            why: Wording::of(|language| core.why.user_text(language)),
        }
    }
}

view! {
    /// What a claim holds of one participation.
    ClaimedCase {
        /// The participation.
        participation: ParticipationId,
        /// Øre.
        amount_ore: i64,
        /// The entries.
        entries: Vec<ClaimEntry>,
        /// What is not billed.
        not_billed: Vec<NotBilledRecord>,
    }
}

impl Shown<claim::CaseClaim> for ClaimedCase {
    fn shown(core: claim::CaseClaim) -> Self {
        Self {
            amount_ore: core.amount_ore(),
            participation: Shown::shown(core.participation),
            entries: Shown::shown(core.entries),
            not_billed: Shown::shown(core.not_billed),
        }
    }
}

view! {
    /// A participation that is left out of a claim.
    LeftOutCase {
        /// The participation.
        participation: ParticipationId,
        /// Why, and what to do.
        why: Wording,
    }
}

view! {
    /// A month's claim as it would be approved now.
    Claim {
        /// The agreement.
        agreement: AgreementName,
        /// The month.
        month: Month,
        /// Øre.
        amount_ore: i64,
        /// The lines: the month's own, and corrections of earlier ones.
        lines: Vec<ClaimLine>,
        /// What each participation comes to.
        cases: Vec<ClaimedCase>,
        /// Participations that are left out.
        left_out: Vec<LeftOutCase>,
        /// Participations of the agreement that this device cannot read.
        unseen: i32,
        /// Follow-up by video or telephone, per mille of all; none without follow-up.
        remote_per_mille: Option<i64>,
    }
}

impl Shown<claim::Claim> for Claim {
    fn shown(core: claim::Claim) -> Self {
        let left_out = core
            .left_out
            .iter()
            .map(|(participation, why)| LeftOutCase {
                participation: Shown::shown(*participation),
                why: Wording::of(|language| why.user_text(language)),
            });
        Self {
            amount_ore: core.amount_ore(),
            left_out: left_out.collect(),
            remote_per_mille: Shown::shown(core.remote.per_mille()),
            agreement: Shown::shown(core.key.agreement),
            month: Shown::shown(core.key.month),
            lines: Shown::shown(core.lines),
            cases: Shown::shown(core.cases),
            unseen: Shown::shown(core.unseen),
        }
    }
}

view! {
    /// A claim that was approved.
    ApprovedClaim {
        /// The agreement.
        agreement: AgreementName,
        /// The month.
        month: Month,
        /// The day on which it was approved.
        approved: Day,
        /// Participations with something in it.
        participations: i32,
        /// The lines.
        lines: Vec<ClaimLine>,
    }
}

impl Shown<core::ApprovedClaim> for ApprovedClaim {
    fn shown(core: core::ApprovedClaim) -> Self {
        Self {
            agreement: Shown::shown(core.key.agreement),
            month: Shown::shown(core.key.month),
            approved: Shown::shown(core.approved),
            participations: Shown::shown(core.participations),
            lines: Shown::shown(core.lines),
        }
    }
}

view! {
    /// What one participation comes to, as it is handed to an office that cannot read it.
    ClaimPart {
        /// The participation.
        participation: ParticipationId,
        /// The agreement.
        agreement: AgreementName,
        /// The month that is claimed.
        month: Month,
        /// The lines.
        lines: Vec<ClaimLine>,
    }
}

impl Shown<core::ClaimPart> for ClaimPart {
    fn shown(core: core::ClaimPart) -> Self {
        Self {
            participation: Shown::shown(core.participation),
            agreement: Shown::shown(core.agreement),
            month: Shown::shown(core.month),
            lines: Shown::shown(core.lines),
        }
    }
}

record! {
    /// Quarters of an hour of a month, by what they are for.
    Quarters = billing::KindQuarters {
        /// Follow-up.
        follow_up: i64,
        /// Participants who did not come.
        no_show: i64,
        /// Travel.
        travel: i64,
        /// Report writing.
        report: i64,
    }
}

view! {
    /// A month's billed quarters of a participation.
    MonthAndQuarters {
        /// The month.
        month: Month,
        /// The quarters.
        quarters: Quarters,
    }
}

/// A participation's hours.
#[derive(Debug, Clone, PartialEq, uniffi::Enum)]
pub enum Hours {
    /// Where the agreement pays by the hour: what is billed.
    Billed {
        /// By month.
        months: Vec<MonthAndQuarters>,
    },
    /// Where it pays by the place, or there is none: what was recorded.
    Recorded {
        /// By month.
        months: Vec<MonthAndMinutes>,
    },
}

impl Shown<billing::Hours> for Hours {
    fn shown(core: billing::Hours) -> Self {
        match core {
            billing::Hours::Billed(months) => Self::Billed {
                months: months
                    .into_iter()
                    .map(|(month, quarters)| MonthAndQuarters {
                        month: Shown::shown(month),
                        quarters: Shown::shown(quarters),
                    })
                    .collect(),
            },
            billing::Hours::Recorded(minutes) => Self::Recorded {
                months: Shown::shown(minutes),
            },
        }
    }
}

view! {
    /// A participation and its hours.
    HoursOfCase {
        /// The participation.
        participation: ParticipationId,
        /// Its hours.
        hours: Hours,
    }
}
