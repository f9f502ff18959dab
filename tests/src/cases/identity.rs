//! Cases of identity numbers, pseudonyms and holidays.

use std::collections::BTreeMap;

use folge_core::contract::calendar;
use folge_core::contract::pseudonym::Pseudonym;
use folge_core::domain::LocalDate;
use folge_core::domain::identity::national_id_kind;
use serde::Deserialize;
use serde_json::{Value, json};

pub(super) fn national_ids(input: &[String]) -> Value {
    let kinds = input.iter().map(|text| national_id_kind(text));
    kinds
        .map(|kind| json!(kind.map(|kind| kind.to_string())))
        .collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Person {
    last: String,
    first: String,
    middle: Option<String>,
    born: LocalDate,
}

pub(super) fn pseudonyms(input: &[Person]) -> Value {
    let pseudonyms = input.iter().map(|person| {
        let middle = person.middle.as_deref();
        Pseudonym::new(&person.last, &person.first, middle, person.born)
    });
    pseudonyms
        .map(|pseudonym| json!(pseudonym.as_ref().map(Pseudonym::reveal)))
        .collect()
}

pub(super) fn holidays(input: &[i16]) -> Value {
    let years: BTreeMap<String, _> = input
        .iter()
        .map(|year| (year.to_string(), calendar::holidays(*year)))
        .collect();
    json!(years)
}
