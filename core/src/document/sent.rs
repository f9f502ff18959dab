//! How employments, notices, proposals, confirmations and PINs' keys stand in a casefile; see
//! [`schema`].
//!
//! [`schema`]: super::schema

use super::schema::{In, Out};
use crate::domain::proof::unhex_array;
use crate::domain::{
    Confirmation, ConfirmationGrade, EmployerKey, Employment, EmploymentKind, EmploymentTerms,
    EndReason, EndReasonKind, Instant, InsuranceTold, LocalDate, Notice, NoticeChannel, NoticeKind,
    PinKey, PracticeAgreement, Proof, Proposal, ProposalChange, ProposalState, RecordId, StaffKey,
    VisitDigest,
};

/// The day that stands where a record's own cannot be read; the record is shown as damaged.
fn no_day() -> LocalDate {
    Instant(0).date()
}

pub(super) fn write_employment(out: &mut Out, employment: &Employment) {
    out.text("kind", employment.kind.code());
    let employer = employment.employer.as_ref();
    out.opt("employer", employer.map(EmployerKey::as_str));
    out.opt("contact", employment.contact.as_deref());
    out.percent("pos", employment.position_percent);
    out.opt("terms", employment.terms.map(EmploymentTerms::code));
    out.date("from", Some(employment.from));
    out.date("to", employment.to);
    out.text("goal", &employment.goal);
    out.text("reason", &employment.reason);
    out.text("says", &employment.employer_comment);
    let agreement = &employment.agreement;
    out.text("purpose", &agreement.purpose);
    out.text("training", &agreement.training);
    out.text("followup", &agreement.follow_up);
    out.text("hours", &agreement.working_time);
    out.text("tasks", &agreement.tasks);
    out.text("adapt", &agreement.adaptation);
    out.bool("confid", agreement.confidentiality);
    out.bool("privacy", agreement.privacy);
    out.date("signed", agreement.signed);
    if let Some(insurance) = &employment.insurance {
        out.date("told", Some(insurance.on));
        out.text("toldto", &insurance.to);
        out.text("toldhow", &insurance.how);
    }
}

pub(super) fn read_employment(input: &mut In<'_>, id: RecordId) -> Employment {
    let told = input.date("told");
    Employment {
        id,
        kind: input
            .code("kind", EmploymentKind::from_code)
            .unwrap_or(EmploymentKind::ShortStay),
        employer: input.text_opt("employer").map(EmployerKey),
        contact: input.text_opt("contact"),
        position_percent: input.percent("pos"),
        terms: input.code("terms", EmploymentTerms::from_code),
        from: input.date("from").unwrap_or_else(no_day),
        to: input.date("to"),
        goal: input.text("goal"),
        reason: input.text("reason"),
        employer_comment: input.text("says"),
        agreement: PracticeAgreement {
            purpose: input.text("purpose"),
            training: input.text("training"),
            follow_up: input.text("followup"),
            working_time: input.text("hours"),
            tasks: input.text("tasks"),
            adaptation: input.text("adapt"),
            confidentiality: input.bool("confid"),
            privacy: input.bool("privacy"),
            signed: input.date("signed"),
        },
        insurance: told.map(|on| InsuranceTold {
            on,
            to: input.text("toldto"),
            how: input.text("toldhow"),
        }),
    }
}

pub(super) fn write_notice(out: &mut Out, notice: &Notice) {
    out.text("kind", notice.kind.code());
    out.instant("at", Some(notice.at));
    out.text("channel", notice.channel.code());
    out.opt("to", notice.recipient.as_deref());
    out.opt("about", notice.about.map(|id| id.to_string()).as_deref());
    out.opt("staff", notice.consultant.as_ref().map(StaffKey::as_str));
    out.text("text", &notice.text);
}

pub(super) fn read_notice(input: &mut In<'_>, id: RecordId) -> Notice {
    Notice {
        id,
        kind: input
            .code("kind", NoticeKind::from_code)
            .unwrap_or(NoticeKind::Other),
        at: input.instant("at"),
        channel: input
            .code("channel", NoticeChannel::from_code)
            .unwrap_or(NoticeChannel::Letter),
        recipient: input.text_opt("to"),
        about: input.code("about", |text| text.parse().ok()),
        consultant: input.text_opt("staff").map(StaffKey),
        text: input.text("text"),
    }
}

/// The reason's code, and its words on the next line.
pub(super) fn end_reason_text(reason: &EndReason) -> String {
    match &reason.text {
        Some(text) => format!("{}\n{text}", reason.kind.code()),
        None => reason.kind.code().to_owned(),
    }
}

pub(super) fn read_end_reason(text: &str) -> Option<EndReason> {
    let (kind, text) = match text.split_once('\n') {
        Some((kind, text)) => (kind, Some(text.to_owned())),
        None => (text, None),
    };
    let kind = EndReasonKind::from_code(kind)?;
    Some(EndReason { kind, text })
}

pub(super) fn write_proposal(out: &mut Out, proposal: &Proposal) {
    out.text("change", proposal.change.code());
    let (start, end) = match &proposal.change {
        ProposalChange::Extend { end } | ProposalChange::EndDate { end } => (None, Some(*end)),
        ProposalChange::End { end, .. } => (None, *end),
        ProposalChange::StartDate { start, end } => (Some(*start), *end),
        _ => (None, None),
    };
    out.date("start", start);
    out.date("end", end);
    if let Some(reason) = proposal.change.reason() {
        out.text("endwhy", &end_reason_text(reason));
    }
    if let ProposalChange::End {
        participated: Some(participated),
        ..
    } = proposal.change
    {
        out.text("took", if participated { "yes" } else { "no" });
    }
    out.text("why", &proposal.justification);
    out.instant("at", Some(proposal.at));
    out.opt("staff", proposal.consultant.as_ref().map(StaffKey::as_str));
    out.text("state", proposal.state.code());
    match &proposal.state {
        ProposalState::Waiting => {}
        ProposalState::Approved { by, on } => {
            out.text("by", by);
            out.date("on", Some(*on));
        }
        ProposalState::Rejected { by, on, reason } => {
            out.text("by", by);
            out.date("on", Some(*on));
            out.text("answer", reason);
        }
        ProposalState::Withdrawn { on } => out.date("on", Some(*on)),
        ProposalState::Replaced { by, on } => {
            out.text("by", &by.to_string());
            out.date("on", Some(*on));
        }
    }
}

fn read_change(input: &mut In<'_>) -> Option<ProposalChange> {
    let code = input.text("change");
    let end = input.date("end");
    let reason = input.code("endwhy", read_end_reason);
    Some(match code.as_str() {
        "extend" => ProposalChange::Extend { end: end? },
        "end" => ProposalChange::End {
            end,
            reason,
            participated: input.code("took", |text| match text {
                "yes" => Some(true),
                "no" => Some(false),
                _ => None,
            }),
        },
        "not_relevant" => ProposalChange::NotRelevant { reason: reason? },
        "start_date" => ProposalChange::StartDate {
            start: input.date("start")?,
            end,
        },
        "end_date" => ProposalChange::EndDate { end: end? },
        "end_reason" => ProposalChange::EndReason { reason: reason? },
        "remove_start" => ProposalChange::RemoveStart,
        _ => return None,
    })
}

fn read_state(input: &mut In<'_>) -> Option<ProposalState> {
    let code = input.text("state");
    if code == "waiting" {
        return Some(ProposalState::Waiting);
    }
    let on = input.date("on")?;
    let by = input.text("by");
    Some(match code.as_str() {
        "approved" => ProposalState::Approved { by, on },
        "rejected" => ProposalState::Rejected {
            by,
            on,
            reason: input.text("answer"),
        },
        "withdrawn" => ProposalState::Withdrawn { on },
        "replaced" => ProposalState::Replaced {
            by: by.parse().ok()?,
            on,
        },
        _ => return None,
    })
}

pub(super) fn read_proposal(input: &mut In<'_>, id: RecordId) -> Proposal {
    let change = read_change(input).unwrap_or_else(|| {
        input.damage("change");
        ProposalChange::RemoveStart
    });
    let state = read_state(input).unwrap_or_else(|| {
        input.damage("state");
        ProposalState::Waiting
    });
    Proposal {
        id,
        change,
        justification: input.text("why"),
        at: input.instant("at"),
        consultant: input.text_opt("staff").map(StaffKey),
        state,
    }
}

pub(super) fn write_confirmation(out: &mut Out, confirmation: &Confirmation) {
    out.text("visit", &confirmation.visit.to_string());
    out.text("digest", &confirmation.digest.to_string());
    out.text("grade", confirmation.grade.code());
    out.instant("at", Some(confirmation.at));
    out.text("reason", &confirmation.reason);
    let proof = confirmation.proof.as_ref().map(Proof::to_string);
    out.opt("proof", proof.as_deref());
}

pub(super) fn read_confirmation(input: &mut In<'_>, id: RecordId) -> Confirmation {
    Confirmation {
        id,
        visit: input
            .code("visit", |text| text.parse().ok())
            .unwrap_or(RecordId([0; 16])),
        digest: input
            .code("digest", |text| text.parse().ok())
            .unwrap_or(VisitDigest([0; 32])),
        // What cannot be read confirms nothing.
        grade: input
            .code("grade", ConfirmationGrade::from_code)
            .unwrap_or(ConfirmationGrade::None),
        at: input.instant("at"),
        reason: input.text("reason"),
        // One that cannot be read proves nothing.
        proof: input.code("proof", |text| text.parse().ok()),
    }
}

pub(super) fn write_pin_key(out: &mut Out, key: &PinKey) {
    out.instant("at", Some(key.at));
    out.text("salt", &key.salt_text());
    out.int("mem", i64::from(key.memory_kib));
    out.int("passes", i64::from(key.passes));
    out.text("key", &key.public_text());
}

pub(super) fn read_pin_key(input: &mut In<'_>, id: RecordId) -> PinKey {
    PinKey {
        id,
        at: input.instant("at"),
        salt: input.code("salt", unhex_array).unwrap_or([0; 16]),
        memory_kib: input.number("mem").unwrap_or(0),
        passes: input.number("passes").unwrap_or(0),
        // No signature is of a weak key's.
        public: input.code("key", unhex_array).unwrap_or([0; 32]),
    }
}
