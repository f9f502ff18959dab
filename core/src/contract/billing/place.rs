//! Pay by the place and month (JMO b3.1; I1 to I7), counted as NAV's own payment system does
//! (`DOMAIN.md` 2): days in the measure over days in the month, each Monday to Friday, public
//! holidays not removed; calendar days for months that end before August 2025. Days on which the
//! provider was closed are not paid.

use std::collections::BTreeMap;

use super::{Case, NotBilled};
use crate::contract::Agreement;
use crate::contract::terms::Proration;
use crate::domain::{LocalDate, Month, Status};

/// A whole place in hundred-thousandths: NAV's factor has five decimals.
pub const WHOLE_PLACE: i64 = 100_000;
/// Øre in a krone.
const ORE: u64 = 100;

/// A month of an agreement that pays by the place: what each of its days counts and costs.
#[derive(Debug, Clone)]
pub struct PlaceMonth {
    /// Days that count in the month, closed ones included.
    of_days: u64,
    /// The days that count and on which the provider was open, with their price, where there is one.
    days: Vec<(LocalDate, Option<u64>)>,
    first: LocalDate,
    last: LocalDate,
}

/// What one participation used of a month.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PlaceUse {
    /// Hundred-thousandths of a place by whole kroner a month. More than one where the price
    /// changes inside the month.
    pub parts: BTreeMap<u64, i64>,
    /// Days that counted.
    pub days: u32,
    /// Days that count in the month.
    pub of_days: u32,
}

impl PlaceMonth {
    /// The month's days by the terms in force on each; none where the agreement does not pay by
    /// the place in that month.
    #[must_use]
    pub fn of(agreement: &Agreement, month: Month) -> Option<Self> {
        let (first, last) = (month.first_day(), month.last_day());
        let counts = agreement.terms_on(last).and_then(|terms| terms.place());
        let proration = counts.map(|place| place.proration);
        let calendar = proration == Some(Proration::CalendarDays) || last < weekdays_from()?;
        let mut found = false;
        let mut made = Self {
            of_days: 0,
            days: Vec::new(),
            first,
            last,
        };
        let mut day = first;
        while day <= last {
            if calendar || day.weekday() < 5 {
                made.of_days += 1;
                if let Some(place) = agreement.terms_on(day).and_then(|terms| terms.place()) {
                    found = true;
                    let closed =
                        |days: &crate::contract::terms::Days| (days.from..=days.to).contains(&day);
                    if !place.closed.iter().any(closed) {
                        let prices = place.prices.iter().filter(|price| price.from <= day);
                        let price = prices.max_by_key(|price| price.from);
                        made.days.push((day, price.map(|price| price.monthly_nok)));
                    }
                }
            }
            day = day.plus_days(1);
        }
        found.then_some(made)
    }

    /// What a participation used of the month.
    /// # Errors
    /// Why nothing is paid for a participation that has a day in the month, or may have.
    pub fn used(&self, case: &Case<'_>) -> Result<PlaceUse, NotBilled> {
        let participation = case.participation;
        if let Some(doubt) = case.doubt {
            return Err(doubt.into());
        }
        let start = participation.start.ok_or(NotBilled::NotStarted)?;
        if start > self.last || participation.end.is_some_and(|end| end < self.first) {
            return Err(NotBilled::OutsidePeriod);
        }
        match participation.status {
            Status::Active => {}
            Status::Ended if participation.end.is_some() => {}
            Status::Ended => return Err(NotBilled::EndMissing),
            Status::Waiting | Status::NotRelevant => return Err(NotBilled::NotTakingPart),
        }
        let mut days: BTreeMap<u64, u64> = BTreeMap::new();
        let (mut counted, mut unpriced) = (0, false);
        for (day, price) in &self.days {
            if case.is_inside(*day) {
                match price {
                    Some(price) => {
                        counted += 1;
                        *days.entry(*price).or_default() += 1;
                    }
                    None => unpriced = true,
                }
            }
        }
        if days.is_empty() && unpriced {
            return Err(NotBilled::NoPrice);
        }
        let parts = days
            .into_iter()
            .map(|(price, days)| (price, factor(days, self.of_days)));
        Ok(PlaceUse {
            parts: parts.collect(),
            days: counted,
            of_days: u32::try_from(self.of_days).unwrap_or(u32::MAX),
        })
    }

    /// The most places that were used on one day, and the first such day.
    #[must_use]
    pub fn most<'a>(
        &self,
        cases: impl Iterator<Item = &'a Case<'a>> + Clone,
    ) -> Option<(LocalDate, u32)> {
        let mut most: Option<(LocalDate, u32)> = None;
        for (day, _) in &self.days {
            let count = cases.clone().filter(|case| case.is_inside(*day)).count();
            let count = u32::try_from(count).unwrap_or(u32::MAX);
            if most.is_none_or(|(_, best)| count > best) {
                most = Some((*day, count));
            }
        }
        most
    }
}

/// The first day of the first month in which weekdays count.
fn weekdays_from() -> Option<LocalDate> {
    LocalDate::new(2025, 8, 1)
}

/// Days over days, five decimals, half rounded up.
fn factor(days: u64, of_days: u64) -> i64 {
    let whole = u64::try_from(WHOLE_PLACE).unwrap_or(0);
    let doubled = 2 * of_days.max(1);
    i64::try_from((2 * days * whole + of_days) / doubled).unwrap_or(i64::MAX)
}

/// The money for places: the sum of factor times price, rounded once, half up, to whole kroner;
/// in øre.
#[must_use]
pub fn amount_ore(parts: &BTreeMap<u64, i64>) -> i64 {
    let sum: i128 = parts
        .iter()
        .map(|(nok, parts)| i128::from(*nok) * i128::from(*parts))
        .sum();
    let whole = i128::from(WHOLE_PLACE);
    let nok = (2 * sum + whole).div_euclid(2 * whole);
    i64::try_from(nok * i128::from(ORE)).unwrap_or(i64::MAX)
}

/// The same money by price: each price's part is what it adds to the rounded sum of those before
/// it, so that the parts add up to [`amount_ore`].
#[must_use]
pub fn amounts_ore(parts: &BTreeMap<u64, i64>) -> BTreeMap<u64, i64> {
    let mut before = 0;
    let mut sum = BTreeMap::new();
    let mut amounts = BTreeMap::new();
    for (nok, part) in parts {
        sum.insert(*nok, *part);
        let now = amount_ore(&sum);
        amounts.insert(*nok, now - before);
        before = now;
    }
    amounts
}

/// A price a place and month in øre.
#[must_use]
pub const fn price_ore(monthly_nok: u64) -> u64 {
    monthly_nok.saturating_mul(ORE)
}

/// The price in whole kroner that a line's price in øre is.
#[must_use]
pub const fn price_nok(price_ore: u64) -> u64 {
    price_ore / ORE
}
