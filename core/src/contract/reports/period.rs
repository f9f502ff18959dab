//! Reporting periods (E6, N1).

use crate::contract::deadlines::dates::period_days;
use crate::domain::{LocalDate, Month};

/// Days, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Period {
    /// The first day.
    pub from: LocalDate,
    /// The last day.
    pub to: LocalDate,
}

impl Period {
    /// Whether a day lies in it.
    #[must_use]
    pub fn contains(&self, day: LocalDate) -> bool {
        (self.from..=self.to).contains(&day)
    }

    /// Whether days from one to another (open where none) share a day with it.
    #[must_use]
    pub fn overlaps(&self, from: LocalDate, to: Option<LocalDate>) -> bool {
        from <= self.to && to.is_none_or(|to| to >= self.from)
    }

    /// The months that it touches.
    #[must_use]
    pub fn months(&self) -> Vec<Month> {
        let mut months = vec![self.from.month()];
        let last = self.to.month();
        while let Some(month) = months.last().copied()
            && month < last
        {
            months.push(month.next());
        }
        months
    }
}

/// The status report's period number `n`, from 1: `months` each, without a gap, ended by the
/// participation's end. None where it would begin after that.
#[must_use]
pub fn status_period(
    start: LocalDate,
    months: u32,
    n: u32,
    end: Option<LocalDate>,
) -> Option<Period> {
    if n == 0 {
        return None;
    }
    let (from, after) = period_days(start, months, n);
    let whole = after.plus_days(-1);
    let to = end.map_or(whole, |end| end.min(whole));
    (from <= to).then_some(Period { from, to })
}

/// The period whose report is to be written on a day: the last that is over, or the first while
/// none is. With its number.
#[must_use]
pub fn status_period_on(
    start: LocalDate,
    months: u32,
    end: Option<LocalDate>,
    today: LocalDate,
) -> Option<(u32, Period)> {
    let mut found = (1, status_period(start, months, 1, end)?);
    // A participation lasts three and a half years at most; the bound is for absurd dates.
    for n in 2..=500 {
        match status_period(start, months, n, end) {
            Some(period) if period.to < today => found = (n, period),
            _ => break,
        }
    }
    Some(found)
}
