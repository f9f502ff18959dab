//! Cases of what is due: the facts of one participation become its records, and the dates are those
//! of the list that people see.

use std::collections::BTreeMap;

use folge_core::contract::deadlines::{self, Breach, Obligation, ObligationKind, OfficeFacts};
use folge_core::contract::{Agreement, Case, Terms};
use folge_core::domain::{Instant, LocalDate, Participation, RecordId, Report, ReportKind, Status};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::text;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    terms: CaseTerms,
    facts: Facts,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseTerms {
    response_workdays: u32,
    plan_weeks: u32,
    first_employer_contact_weeks: u32,
    back_at_work_weeks: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Facts {
    ordered: Option<LocalDate>,
    employed_at_referral: bool,
    reduced_work_capacity: bool,
    from_school_or_sentence: bool,
    start: Option<LocalDate>,
    until: Option<LocalDate>,
    end: Option<LocalDate>,
    final_report_delivered: Option<LocalDate>,
    breach_known_at: Option<String>,
}

fn agreement(terms: &CaseTerms) -> Result<Agreement, String> {
    let mut all = Terms::oppfolging_agder().map_err(text)?;
    all.deadlines.response_workdays = terms.response_workdays;
    all.deadlines.plan_weeks = terms.plan_weeks;
    all.deadlines.first_employer_contact_weeks = terms.first_employer_contact_weeks;
    all.deadlines.back_at_work_weeks = terms.back_at_work_weeks;
    all.check().map_err(text)?;
    let from = "2020-01-01".parse().map_err(text)?;
    Ok(Agreement::new("case".into(), from, all))
}

pub(super) fn run(input: &Input) -> Result<Value, String> {
    let agreement = agreement(&input.terms)?;
    let facts = &input.facts;
    let mut participation = Participation::new("case", "A", "B");
    participation.ordered = facts.ordered;
    participation.start = facts.start;
    participation.end = facts.end;
    participation.employed_at_referral = facts.employed_at_referral;
    participation.reduced_work_capacity = facts.reduced_work_capacity;
    participation.from_school_or_sentence = facts.from_school_or_sentence;
    participation.status = Status::Active;
    participation.validate().map_err(text)?;
    let report = Report {
        delivered: facts.final_report_delivered,
        ..Report::new(RecordId([1; 16]), ReportKind::Final)
    };
    let mut case = Case::new(&participation);
    if report.delivered.is_some() {
        case.reports.push(&report);
    }
    let today = facts
        .until
        .or(facts.ordered)
        .unwrap_or_else(|| Instant(0).date());
    let all = deadlines::of_participation(&case, &agreement, &BTreeMap::new(), today);
    let mut found = Map::new();
    let mut put = |name: &str, kind: ObligationKind| {
        let due = all.iter().find(|o| o.kind == kind).and_then(|o| o.due);
        if let Some(due) = due {
            found.insert(name.into(), json!(due));
        }
    };
    put("response", ObligationKind::Response);
    put("plan", ObligationKind::Plan);
    put(
        "first_employer_contact",
        ObligationKind::FirstEmployerContact,
    );
    put("back_at_work", ObligationKind::BackAtWork);
    put("ordinary_duration", ObligationKind::ExtensionOrEnd);
    put("max_duration", ObligationKind::LatestEnd);
    put("final_report", ObligationKind::FinalReport);
    put("delete_personal_data", ObligationKind::Deletion);
    if let (Some(_), Some(until)) = (facts.start, facts.until) {
        // The list names the period that runs as well; asked for are those that ended.
        let ended = |o: &&Obligation| {
            o.kind == ObligationKind::StatusReport && o.warn.is_some_and(|end| end <= until)
        };
        let due: Vec<_> = all.iter().filter(ended).map(|o| o.due).collect();
        found.insert("status_reports".into(), json!(due));
    }
    if let Some(known) = &facts.breach_known_at {
        let known = Instant::parse(known).map_err(text)?;
        let office = OfficeFacts {
            breaches: vec![Breach { known, told: None }],
            ..OfficeFacts::default()
        };
        let all = deadlines::of_agreement(&agreement, &office, known);
        let due = all
            .iter()
            .find_map(|o| o.due_at)
            .ok_or("no breach notice")?;
        found.insert("breach_notice".into(), json!(due.utc()));
    }
    Ok(Value::Object(found))
}
