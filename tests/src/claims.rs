//! A provider's claims as its devices draw them: the office's, and for protected participations
//! the part that only their consultants' phones can draw.

use std::collections::{BTreeMap, BTreeSet};

use folge_core::Error;
use folge_core::client::Client;
use folge_core::contract::billing::KindQuarters;
use folge_core::contract::claim::{CaseClaim, Claim};
use folge_core::document::CaseFilter;
use folge_core::domain::{AgreementKey, Month};
use folge_protocol::ids::DocumentId;
use serde_json::{Value, json};

use crate::story::Story;

/// Month, participant → quarters by kind and øre: the form of `expected-billing.json`.
pub type Figures = BTreeMap<String, BTreeMap<String, Value>>;

/// Quarters by kind, their sum and øre, in the form of the cases and the caseload.
#[must_use]
pub fn figures(quarters: KindQuarters, amount_ore: i64) -> Value {
    json!({
        "follow_up": quarters.follow_up,
        "no_show": quarters.no_show,
        "travel": quarters.travel,
        "report": quarters.report,
        "quarters": quarters.total(),
        "amount_ore": amount_ore,
    })
}

/// A month's claim, and what the office cannot see of it.
#[derive(Debug)]
pub struct MonthClaim {
    /// The office's claim.
    pub office: Claim,
    /// Protected participations, each as its main consultant's phone has it.
    pub protected: Vec<CaseClaim>,
}

/// The first months in which anything was recorded, at most so many.
#[must_use]
pub fn first_months(client: &Client, count: usize) -> Vec<Month> {
    let list = client.office_list(&CaseFilter::default());
    let months = list
        .iter()
        .flat_map(|line| line.summary.minutes.months.keys());
    let months: BTreeSet<Month> = months.copied().collect();
    months.into_iter().take(count).collect()
}

/// Draws a month's claim on the office's device, and on the phones what the office does not see.
/// # Errors
/// The core's.
pub fn draw(
    story: &mut Story,
    agreement: &AgreementKey,
    month: Month,
) -> Result<MonthClaim, Error> {
    let office = story.office.client.claim(agreement, month)?;
    let seen: BTreeSet<DocumentId> = story
        .office
        .client
        .office_list(&CaseFilter::default())
        .iter()
        .map(|line| line.participation)
        .collect();
    let mut protected = Vec::new();
    for (key, phone) in &mut story.phones {
        let own: BTreeSet<DocumentId> = phone
            .client
            .office_list(&CaseFilter::default())
            .iter()
            .filter(|line| !seen.contains(&line.participation))
            .filter(|line| {
                line.summary
                    .consultant
                    .as_ref()
                    .is_some_and(|c| c.0 == *key)
            })
            .map(|line| line.participation)
            .collect();
        if !own.is_empty() {
            let cases = phone.client.claim(agreement, month)?.cases.into_iter();
            protected.extend(cases.filter(|case| own.contains(&case.participation)));
        }
    }
    Ok(MonthClaim { office, protected })
}

/// What is claimed for each participant in each month, over all devices.
/// # Errors
/// The core's.
pub fn claimed(
    story: &mut Story,
    agreement: &AgreementKey,
    months: &[Month],
) -> Result<Figures, Error> {
    let names: BTreeMap<DocumentId, String> = story
        .documents
        .iter()
        .map(|(name, document)| (*document, name.clone()))
        .collect();
    let mut found = Figures::new();
    for month in months {
        let claim = draw(story, agreement, *month)?;
        let cases = claim.office.cases.iter().chain(&claim.protected);
        for case in cases.filter(|case| !case.entries.is_empty()) {
            let name = names.get(&case.participation);
            let name = name.ok_or(Error::UnknownDocument)?;
            let figures = figures(case.quarters(), case.amount_ore());
            let of_month = found.entry(month.to_string()).or_default();
            of_month.insert(name.clone(), figures);
        }
    }
    Ok(found)
}
