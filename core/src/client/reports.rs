//! Reports to NAV: drafts out of what is recorded, the office's own reports, and the lists and
//! notices that may go by e-mail (N, K26). The rules are `contract::reports`'s.

use folge_protocol::ids::DocumentId;

use super::Client;
use super::rights::Known;
use crate::contract::Agreement;
use crate::contract::billing::{Groups, hourly};
use crate::contract::pseudonym::Pseudonym;
use crate::contract::reports::{
    AttendanceList, EndNotice, EvaluationFacts, ExtensionNotice, HoursByMonth, MailError, MailText,
    Mailable, Names, OnList, Period, ReportDraft, ResultCase, ResultGap, ResultModel, ResultReport,
    StartNotice, draft, ended_in, evaluation_draft, report_period, result_report,
};
use crate::contract::terms::Terms;
use crate::document::{Command, DocumentError, Record, RecordRef};
use crate::domain::{
    AgreementKey, CodeListName, EntryKind, LocalDate, Month, OfficeReport, OfficeReportKey,
    OfficeReportKind, RecordId, Report, ReportKind, Status,
};
use crate::error::Error;
use crate::messages::Export;

/// A notice that may go by unencrypted e-mail (K26).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailNotice {
    /// Of the start.
    Start,
    /// Of an extension that NAV approved: the proposal.
    Extension(RecordId),
    /// Of the end.
    End,
}

impl Known {
    fn names(&self) -> Names {
        let staff = self.staff.iter();
        let employers = self.employers.iter();
        let activities = self
            .lists
            .iter()
            .find(|list| list.name == CodeListName::Activities);
        Names {
            staff: staff.map(|m| (m.key.clone(), m.name.clone())).collect(),
            employers: employers.map(|e| (e.key.clone(), e.clone())).collect(),
            activities: activities.cloned(),
        }
    }

    fn agreement(&self, key: Option<&AgreementKey>) -> Option<&Agreement> {
        self.agreements
            .iter()
            .find(|agreement| Some(&agreement.key) == key)
    }

    fn terms(&self, key: Option<&AgreementKey>, day: LocalDate) -> Option<&Terms> {
        self.agreement(key)?.terms_on(day)
    }
}

impl Client {
    /// The draft of a report about a participation: of a recorded one, or of a new one of its kind.
    /// It counts as an opening. The hours are those of the period as they are claimed, so that both
    /// totals are one (N7); where places are paid, the meetings' own.
    /// # Errors
    /// [`Error::UnknownDocument`]; where there is no such report, or it was voided.
    pub fn report_draft(
        &mut self,
        document: DocumentId,
        kind: ReportKind,
        report: Option<RecordId>,
    ) -> Result<ReportDraft, Error> {
        self.facts(document)?;
        let report = match report {
            None => Report::new(RecordId([0; 16]), kind),
            Some(id) => {
                let view = self.replica.load_view(document)?;
                let row = view.rows.get(&RecordRef::Report(id));
                match row.map(|row| (&row.record, &row.voided)) {
                    Some((Record::Report(report), None)) => report.clone(),
                    Some(_) => return Err(DocumentError::Voided.into()),
                    None => return Err(DocumentError::UnknownRecord.into()),
                }
            }
        };
        self.report_preview(document, &report)
    }

    /// The draft of a report as it is being written, recorded or not. It counts as an opening.
    /// # Errors
    /// As [`Client::report_draft`].
    pub fn report_preview(
        &mut self,
        document: DocumentId,
        report: &Report,
    ) -> Result<ReportDraft, Error> {
        self.facts(document)?;
        self.note_opening(document)?;
        self.draft_of(document, report)
    }

    fn draft_of(&mut self, document: DocumentId, report: &Report) -> Result<ReportDraft, Error> {
        let known = match self.known() {
            Ok(known) => known,
            // A device that has not fetched the register yet: the names are missing, and said so.
            Err(Error::UnknownDocument | Error::NotAllowed) => Known::default(),
            Err(error) => return Err(error),
        };
        let today = self.today();
        let views: Vec<_> = self.replica.load_views_of(None)?.collect();
        let view = views.iter().find(|(id, _)| *id == document);
        let (_, view) = view.ok_or(Error::UnknownDocument)?;
        let facts = view.case().ok_or(Error::UnknownDocument)?;
        let key = facts.participation.agreement.as_ref();
        let terms = known.terms(key, today);
        let period = report_period(report, facts.participation, terms, today);
        let hours = period.and_then(|period| {
            if terms?.place().is_some() {
                let visits = facts.visits.iter().copied();
                return Some(HoursByMonth::of_visits(visits, period));
            }
            let cases: Vec<_> = views
                .iter()
                .filter_map(|(id, view)| view.billing_case(*id))
                .collect();
            let case = cases.iter().find(|case| case.id == document)?;
            let billing = hourly::bill(case, &Groups::of(&cases), known.agreement(key)?);
            let entries = billing.entries.iter();
            let follow_up = entries.filter(|entry| entry.kind == EntryKind::FollowUp);
            let days = follow_up.map(|entry| (entry.date, i64::from(entry.quarters)));
            Some(HoursByMonth::of_entries(days, period))
        });
        Ok(draft(
            report,
            &facts,
            &known.names(),
            terms,
            hours.as_ref(),
            today,
        ))
    }

    /// Refuses a final report that is said to be delivered and is not complete (N2).
    pub(super) fn check_delivery(
        &mut self,
        document: DocumentId,
        record: &Record,
    ) -> Result<(), Error> {
        let Record::Report(report) = record else {
            return Ok(());
        };
        if report.kind != ReportKind::Final || report.delivered.is_none() {
            return Ok(());
        }
        self.facts(document)?;
        let draft = self.draft_of(document, report)?;
        if draft.complete() {
            Ok(())
        } else {
            Err(Error::ReportIncomplete(draft.missing))
        }
    }

    /// Records what was delivered before Følge was taken into use, or otherwise than through it: a
    /// report of which only the day and the time spent are known. Nothing was written here, so
    /// nothing can be missing; a report with anything written goes the ordinary way.
    /// # Errors
    /// As [`Client::record`].
    pub fn record_delivered_elsewhere(
        &mut self,
        document: DocumentId,
        report: Report,
    ) -> Result<(), Error> {
        let record = Record::Report(report);
        if let Record::Report(report) = &record
            && (!report.texts.is_empty() || report.review.is_some() || report.signed.is_some())
        {
            return self.record(document, record);
        }
        self.record_unchecked(document, record)
    }

    // --- the office's ---

    /// What the result report counts each participation of an agreement by, and how many casefiles
    /// this device cannot read.
    fn result_cases(&mut self, agreement: &AgreementKey) -> Result<(Vec<ResultCase>, u32), Error> {
        let mut cases = Vec::new();
        let documents: Vec<DocumentId> = self.replica.summaries().keys().copied().collect();
        for document in documents {
            let facts = self.facts(document)?;
            if facts.agreement.as_ref() == Some(agreement) {
                cases.push(ResultCase {
                    participation: document,
                    status: facts.status,
                    start: facts.start,
                    end: facts.end,
                    employed_at_referral: facts.employed_at_referral,
                    end_status: facts.end_status,
                });
            }
        }
        Ok((cases, self.unseen_casefiles()?))
    }

    /// The result report of a month (N5): counts, statuses and results against the targets, and
    /// what is missing. It names nobody.
    /// # Errors
    /// [`Error::NotAllowed`] outside the office; [`Error::UnknownDocument`] where there is no such
    /// agreement.
    pub fn result_report(
        &mut self,
        agreement: &AgreementKey,
        month: Month,
        model: &dyn ResultModel,
    ) -> Result<ResultReport, Error> {
        self.require_office()?;
        let known = self.known()?;
        let today = self.today();
        let terms = known.terms(Some(agreement), month.last_day());
        let terms = terms.ok_or(Error::UnknownDocument)?;
        let (cases, unseen) = self.result_cases(agreement)?;
        let list = known
            .lists
            .iter()
            .find(|list| list.name == CodeListName::EndStatuses);
        let mut report = result_report(&cases, month, list, &terms.targets, model, today);
        if unseen > 0 {
            report.gaps.push(ResultGap::Unseen { count: unseen });
        }
        Ok(report)
    }

    /// The draft of the evaluation that begins with a month (N6), with the period's results.
    /// # Errors
    /// As [`Client::result_report`].
    pub fn evaluation(
        &mut self,
        agreement: &AgreementKey,
        month: Month,
        model: &dyn ResultModel,
    ) -> Result<ReportDraft, Error> {
        let key = OfficeReportKey {
            agreement: agreement.clone(),
            kind: OfficeReportKind::Evaluation,
            month,
        };
        let known = self.known()?;
        let recorded = known.reports.iter().find(|report| report.key == key);
        let report = recorded.cloned().unwrap_or_else(|| OfficeReport::new(key));
        self.evaluation_of(&report, &known, model)
    }

    fn evaluation_of(
        &mut self,
        report: &OfficeReport,
        known: &Known,
        model: &dyn ResultModel,
    ) -> Result<ReportDraft, Error> {
        self.require_office()?;
        let (agreement, month) = (&report.key.agreement, report.key.month);
        let today = self.today();
        let terms = known.terms(Some(agreement), month.last_day());
        let terms = terms.ok_or(Error::UnknownDocument)?;
        let months = i32::try_from(terms.deadlines.evaluation_months).unwrap_or(6);
        let period = Period {
            from: month.first_day(),
            to: month.plus_months(months - 1).last_day(),
        };
        let (cases, _) = self.result_cases(agreement)?;
        let measured = model.measure(&terms.targets, &ended_in(&cases, period, today));
        let facts = EvaluationFacts {
            provider: Some(&known.provider),
            terms,
            measured: &measured,
        };
        Ok(evaluation_draft(report, &facts))
    }

    /// Writes a report of the office into the register. An evaluation is delivered whole (N6: «må
    /// inneholde»).
    /// # Errors
    /// [`Error::NotAllowed`] outside the office, [`Error::ReportIncomplete`]; what is wrong with it.
    pub fn put_office_report(&mut self, report: OfficeReport) -> Result<(), Error> {
        self.require_office()?;
        if report.key.kind == OfficeReportKind::Evaluation && report.delivered.is_some() {
            let known = self.known()?;
            let table = crate::contract::reports::CountingTable::default();
            let draft = self.evaluation_of(&report, &known, &table)?;
            if !draft.complete() {
                return Err(Error::ReportIncomplete(draft.missing));
            }
        }
        self.put(vec![Command::PutOfficeReport(report)])
    }

    // --- what may go by e-mail ---

    /// The attendance list of an agreement's month, over all that this device can read. It is noted
    /// as an export.
    /// # Errors
    /// [`Error::UnknownDocument`] where there is no such agreement.
    pub fn attendance_list(
        &mut self,
        agreement: &AgreementKey,
        month: Month,
    ) -> Result<AttendanceList, Error> {
        let known = self.known()?;
        let measure = known.agreement(Some(agreement)).map(Agreement::measure);
        let measure = measure.ok_or(Error::UnknownDocument)?.to_owned();
        let mut views = Vec::new();
        let documents: Vec<DocumentId> = self.replica.summaries().keys().copied().collect();
        for document in documents {
            let view = self.replica.load_view(document)?;
            let own = view.participation().is_some_and(|participation| {
                participation.agreement.as_ref() == Some(agreement)
                    && participation.status != Status::NotRelevant
            });
            if own {
                views.push((document, view.clone()));
            }
        }
        self.note_export(Export::AttendanceList, None)?;
        let people: Vec<OnList<'_>> = views
            .iter()
            .filter_map(|(document, view)| {
                let participation = view.participation()?;
                Some(OnList {
                    participation: *document,
                    pseudonym: Pseudonym::of(participation),
                    address_protected: participation.address_protected,
                    visits: view.visits().collect(),
                })
            })
            .collect();
        Ok(AttendanceList::new(&measure, month, &people))
    }

    /// A notice that may go by e-mail under a pseudonym. It counts as an opening; that it was sent
    /// is recorded as a notice.
    /// # Errors
    /// [`Error::Mail`] where it may not go so; [`Error::UnknownDocument`].
    pub fn mail_notice(
        &mut self,
        document: DocumentId,
        notice: MailNotice,
    ) -> Result<MailText, Error> {
        let facts = self.facts(document)?;
        self.note_opening(document)?;
        Ok(match notice {
            MailNotice::Start => StartNotice::new(&facts)?.mail_text(),
            MailNotice::End => EndNotice::new(&facts)?.mail_text(),
            MailNotice::Extension(id) => {
                let view = self.replica.load_view(document)?;
                let row = view.rows.get(&RecordRef::Proposal(id));
                let row = row.filter(|row| row.voided.is_none());
                let Some(Record::Proposal(proposal)) = row.map(|row| &row.record) else {
                    return Err(MailError::NoJustification.into());
                };
                ExtensionNotice::new(&facts, proposal)?.mail_text()
            }
        })
    }
}
