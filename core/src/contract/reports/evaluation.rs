//! The half-yearly evaluation (N6).

use super::templates::{EVALUATION, Need};
use super::{DraftField, Measured, Missing, Origin, Period, ReportDraft, Todo};
use crate::contract::terms::Terms;
use crate::domain::text::date_text;
use crate::domain::{Month, OfficeReport, Provider};

/// What the evaluation draws on.
#[derive(Debug, Clone)]
pub struct EvaluationFacts<'a> {
    /// The provider.
    pub provider: Option<&'a Provider>,
    /// The agreement's terms.
    pub terms: &'a Terms,
    /// The results of the half-year, to be commented on; they stand above the comment.
    pub measured: &'a [Measured],
}

fn days(month: Month, months: u32) -> Period {
    let months = i32::try_from(months.max(1)).unwrap_or(6);
    Period {
        from: month.first_day(),
        to: month.plus_months(months - 1).last_day(),
    }
}

/// The draft of an evaluation. The report holds what was written and, under `signature`, the name
/// of who signed for the provider.
#[must_use]
pub fn evaluation_draft(report: &OfficeReport, facts: &EvaluationFacts<'_>) -> ReportDraft {
    let terms = facts.terms;
    let written = |code: &str| {
        let text = report.texts.get(code).map(|text| text.trim());
        text.filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let mut fields = Vec::new();
    let mut missing = Vec::new();
    for field in EVALUATION.fields {
        let (value, origin, todo) = match field.code {
            "provider_and_number" => {
                let name = facts.provider.map(|provider| provider.name.trim());
                let name = name.filter(|name| !name.is_empty());
                let number = terms.measure_number.as_deref();
                let parts: Vec<&str> = name.into_iter().chain(number).collect();
                let todo = (parts.len() < 2).then_some(Todo::InRegister);
                (Some(parts.join(", ")), Origin::Records, todo)
            }
            "recipient" => (Some(terms.buyer.clone()), Origin::Records, None),
            "place_date" => {
                let place = report.place.as_deref().map(str::trim).map(str::to_owned);
                let place = place.filter(|place| !place.is_empty());
                let todo =
                    (place.is_none() || report.signed.is_none()).then_some(Todo::PlaceAndDate);
                let parts: Vec<String> = place
                    .into_iter()
                    .chain(report.signed.map(date_text))
                    .collect();
                (Some(parts.join(", ")), Origin::Signature, todo)
            }
            "signature" => {
                let name = written(field.code).filter(|_| report.signed.is_some());
                let todo = name.is_none().then_some(Todo::Sign);
                (name, Origin::Signature, todo)
            }
            "targets" => {
                let lines: Vec<String> = facts.measured.iter().map(Measured::text).collect();
                let comment = written(field.code);
                let todo = comment.is_none().then_some(Todo::Write);
                let origin = if lines.is_empty() {
                    Origin::Written
                } else {
                    Origin::RecordsAndWritten
                };
                let drawn = (!lines.is_empty()).then(|| lines.join("\n"));
                let parts: Vec<String> = drawn.into_iter().chain(comment).collect();
                (Some(parts.join("\n\n")), origin, todo)
            }
            code => {
                let text = written(code);
                let todo = text.is_none().then_some(Todo::Write);
                (text, Origin::Written, todo)
            }
        };
        if let Some(todo) = todo.filter(|_| field.need != Need::Optional) {
            missing.push(Missing {
                field,
                number: None,
                todo,
            });
        }
        let value = value.unwrap_or_default();
        let origin = if value.is_empty() {
            Origin::Empty
        } else {
            origin
        };
        fields.push(DraftField {
            field,
            number: None,
            value,
            origin,
        });
    }
    ReportDraft {
        title: format!("{} – {}", EVALUATION.title.0, terms.measure),
        template: &EVALUATION,
        period: Some(days(report.key.month, terms.deadlines.evaluation_months)),
        fields,
        missing,
    }
}
