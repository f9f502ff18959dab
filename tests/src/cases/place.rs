//! `billing_place`: who was in the measure in a month, and what the places come to.

use std::collections::BTreeMap;

use folge_core::contract::billing::Case;
use folge_core::contract::billing::place::{PlaceMonth, WHOLE_PLACE};
use folge_core::contract::claim::{Basis, Claim};
use folge_core::contract::terms::{Days, PlacePrice, Pricing};
use folge_core::contract::{Agreement, Terms};
use folge_core::domain::{LocalDate, Month, Participation, Status};
use folge_protocol::ids::DocumentId;
use serde::Deserialize;
use serde_json::{Value, json};

use super::text;
use crate::provider::record_id;

const AGREEMENT: &str = "jobbmestrende";

#[derive(Deserialize)]
pub(super) struct Input {
    month: Month,
    monthly_nok: u64,
    participants: Vec<Person>,
    #[serde(default)]
    closed: Vec<Days>,
}

#[derive(Deserialize)]
struct Person {
    id: String,
    start: Option<LocalDate>,
    end: Option<LocalDate>,
}

fn agreement(input: &Input) -> Result<Agreement, String> {
    let mut terms = Terms::jobbmestrende_vest_viken().map_err(text)?;
    let from = input.month.first_day();
    if let Pricing::Place(place) = &mut terms.pricing {
        place.closed.clone_from(&input.closed);
        place.prices.push(PlacePrice {
            from,
            monthly_nok: input.monthly_nok,
        });
    }
    let agreement = Agreement::new(AGREEMENT.into(), from, terms);
    agreement.check_terms().map_err(text)?;
    Ok(agreement)
}

/// The factors and the claim's amount by the product's own functions.
pub(super) fn run(input: &Input) -> Result<Value, String> {
    let agreement = agreement(input)?;
    let people: Vec<(DocumentId, Participation)> = input
        .participants
        .iter()
        .map(|person| {
            let mut participation = Participation::new(&person.id, "Test", "Testesen");
            participation.agreement = Some(AGREEMENT.into());
            participation.start = person.start;
            participation.end = person.end;
            participation.status = match (person.start, person.end) {
                (_, Some(_)) => Status::Ended,
                (Some(_), None) => Status::Active,
                (None, None) => Status::Waiting,
            };
            let id = DocumentId(record_id("casefile", &person.id, "").0);
            (id, participation)
        })
        .collect();
    let cases: Vec<Case<'_>> = people.iter().map(|(id, p)| Case::new(*id, p)).collect();
    let month = PlaceMonth::of(&agreement, input.month).ok_or("the month is not paid")?;
    let mut factors = BTreeMap::new();
    for case in &cases {
        let parts: i64 = month.used(case).map_or(0, |used| used.parts.values().sum());
        let factor = format!("{}.{:05}", parts / WHOLE_PLACE, parts % WHOLE_PLACE);
        factors.insert(case.participation.reference.as_str(), factor);
    }
    let basis = Basis {
        agreement: &agreement,
        cases: &cases,
        approved: &[],
        unseen: 0,
        of: None,
        parts: &[],
    };
    let claim = Claim::draw(basis, input.month).map_err(text)?;
    let amount = claim.amount_ore();
    if amount % 100 != 0 {
        return Err(format!("{amount} øre is not whole kroner"));
    }
    Ok(json!({"factors": factors, "amount_nok": amount / 100}))
}
