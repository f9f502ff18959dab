//! Reports and plans as they are shown to their participant, who reads them, comments, and agrees
//! or not (N3). Each version of a text is shown anew, and what is said of it names the version.

use folge_protocol::codec::Encode;
use folge_protocol::ids::DocumentId;

use super::Client;
use super::threads::too_long;
use crate::contract::reports::ReportDraft;
use crate::document::{DocumentError, Record, RecordRef};
use crate::domain::{Language, RecordId, Report};
use crate::error::Error;
use crate::limits::{MESSAGE_BYTES_MAX, MESSAGE_TEXT_BYTES_MAX, REPORT_PARTS_MAX};
use crate::messages::{Message, ReportCard, ReportPart, Saying};

/// The template's field that a participant knows by heart, and that a screen need not show.
const UNSHOWN: &str = "national_id";

impl Client {
    /// Shows a recorded report to its participant, as it stands. Gives the message's name; shown
    /// again without a change it is the one that showed it before.
    /// # Errors
    /// [`Error::NotAllowed`] for participants; [`Error::UnknownDocument`] where the participant was
    /// never invited; where the report is not known, was voided, is a plan, or is too long.
    pub fn share_report(
        &mut self,
        document: DocumentId,
        report: RecordId,
    ) -> Result<RecordId, Error> {
        self.share(document, report, false)
    }

    /// Shows a recorded plan to its participant, as it stands: as [`Client::share_report`].
    /// # Errors
    /// As [`Client::share_report`]; where it is no plan.
    pub fn share_plan(&mut self, document: DocumentId, plan: RecordId) -> Result<RecordId, Error> {
        self.share(document, plan, true)
    }

    fn share(&mut self, document: DocumentId, id: RecordId, plan: bool) -> Result<RecordId, Error> {
        if self.replica.role().is_none_or(|role| !role.is_staff()) {
            return Err(Error::NotAllowed);
        }
        let thread = self.thread_of(document)?.ok_or(Error::UnknownDocument)?;
        let report = self.standing_report(document, id)?;
        let draft = self.report_draft(document, report.kind, Some(id))?;
        let card = card_of(&report, &draft)?;
        if card.is_plan() != plan {
            return Err(DocumentError::UnknownRecord.into());
        }
        let lines = self.thread(thread)?;
        let shown = lines.iter().rev().find_map(|line| match &line.saying {
            Saying::Report(shown) if shown.report == id => Some((line.id, shown)),
            _ => None,
        });
        if let Some((message, shown)) = shown
            && *shown == card
        {
            return Ok(message);
        }
        self.replica
            .atomically(|replica| replica.say(thread, Saying::Report(card)))
    }

    fn standing_report(&mut self, document: DocumentId, id: RecordId) -> Result<Report, Error> {
        let view = self.replica.load_view(document)?;
        let row = view.rows.get(&RecordRef::Report(id));
        match row.map(|row| (&row.record, &row.voided)) {
            Some((Record::Report(report), None)) => Ok(report.clone()),
            Some(_) => Err(DocumentError::Voided.into()),
            None => Err(DocumentError::UnknownRecord.into()),
        }
    }
}

/// What a participant sees of a report: every field that has a value, in the template's order.
fn card_of(report: &Report, draft: &ReportDraft) -> Result<ReportCard, Error> {
    let mut parts = Vec::new();
    for field in &draft.fields {
        if field.field.code == UNSHOWN || field.value.trim().is_empty() {
            continue;
        }
        let mut heading = crate::domain::text::pick(field.field.label, Language::Norwegian);
        let mut left = field.value.as_str();
        while !left.is_empty() {
            let mut end = left.len().min(MESSAGE_TEXT_BYTES_MAX);
            while !left.is_char_boundary(end) {
                end -= 1;
            }
            let (text, rest) = left.split_at(end);
            parts.push(ReportPart {
                heading: std::mem::take(&mut heading).to_owned(),
                text: text.to_owned(),
            });
            left = rest;
        }
    }
    let card = ReportCard {
        report: report.id,
        kind: report.kind,
        title: draft.title.clone(),
        from: draft.period.map(|period| period.from),
        until: draft.period.map(|period| period.to),
        parts,
    };
    let whole = Message {
        id: report.id,
        wall_ms: 0,
        saying: Saying::Report(card.clone()),
    };
    if card.parts.len() > REPORT_PARTS_MAX || whole.to_bytes().len() > MESSAGE_BYTES_MAX {
        return Err(too_long(MESSAGE_BYTES_MAX));
    }
    Ok(card)
}
