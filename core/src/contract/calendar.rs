//! The Norwegian calendar: public holidays and working days. `DOMAIN.md` 5.

use std::collections::BTreeSet;

use super::terms::Workdays;
use crate::domain::LocalDate;

/// Easter Sunday of a year in the Gregorian calendar (Meeus, Jones and Butcher).
fn easter(year: i16) -> Option<LocalDate> {
    let year = i32::from(year);
    let a = year % 19;
    let (b, c) = (year / 100, year % 100);
    let (d, e) = (b / 4, b % 4);
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let n = h + l - 7 * m + 114;
    LocalDate::new(
        i16::try_from(year).ok()?,
        i8::try_from(n / 31).ok()?,
        i8::try_from(n % 31 + 1).ok()?,
    )
}

/// The public holidays of a year, Sundays among them only where they are holidays by name. 24 and
/// 31 December are ordinary days in law.
#[must_use]
pub fn holidays(year: i16) -> BTreeSet<LocalDate> {
    let fixed = [(1, 1), (5, 1), (5, 17), (12, 25), (12, 26)];
    let fixed = fixed
        .into_iter()
        .filter_map(|(month, day)| LocalDate::new(year, month, day));
    // Maundy Thursday, Good Friday, Easter, Ascension, Whitsun.
    let moved = [-3, -2, 0, 1, 39, 49, 50];
    let moved = easter(year)
        .into_iter()
        .flat_map(|easter| moved.map(|days| easter.plus_days(days)));
    fixed.chain(moved).collect()
}

/// Whether a day is a public holiday by name.
#[must_use]
pub fn is_holiday(day: LocalDate) -> bool {
    holidays(day.date().year()).contains(&day)
}

/// Whether a day is a working day (virkedag): no Sunday, no holiday, and no Saturday unless those
/// count.
#[must_use]
pub fn is_working_day(day: LocalDate, workdays: Workdays) -> bool {
    let last = match workdays {
        Workdays::MondayToFriday => 4,
        Workdays::MondayToSaturday => 5,
    };
    day.weekday() <= last && !is_holiday(day)
}

/// The `count`th working day after a day.
#[must_use]
pub fn working_days_after(day: LocalDate, count: u32, workdays: Workdays) -> LocalDate {
    let mut day = day;
    let mut left = count;
    while left > 0 {
        let next = day.plus_days(1);
        if next == day {
            // The calendar's last day.
            return day;
        }
        day = next;
        if is_working_day(day, workdays) {
            left -= 1;
        }
    }
    day
}

/// A day so many weeks later: «innen tre uker etter start» includes the day itself.
#[must_use]
pub fn weeks_after(day: LocalDate, weeks: u32) -> LocalDate {
    day.plus_days(i32::try_from(weeks.saturating_mul(7)).unwrap_or(i32::MAX))
}

/// A day so many calendar months later, on the month's last day where it has no such day.
#[must_use]
pub fn months_after(day: LocalDate, months: u32) -> LocalDate {
    day.plus_months(i32::try_from(months).unwrap_or(i32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> LocalDate {
        text.parse().unwrap()
    }

    #[test]
    fn holidays_that_coincide_stand_once() {
        // 17 May 2027 is Whit Monday too.
        let year = holidays(2027);
        assert_eq!(year.len(), 11);
        assert!(year.contains(&day("2027-05-16")) && year.contains(&day("2027-05-17")));
        assert!(!year.contains(&day("2027-12-24")) && !year.contains(&day("2027-12-31")));
    }

    #[test]
    fn easter_falls_on_the_days_that_are_published() {
        // The earliest and the latest of the century, and leap years.
        for text in [
            "2000-04-23",
            "2008-03-23",
            "2011-04-24",
            "2024-03-31",
            "2038-04-25",
            "2096-04-15",
        ] {
            assert_eq!(easter(day(text).date().year()), Some(day(text)));
        }
    }

    #[test]
    fn working_days_leave_out_weekends_and_holidays() {
        let week = Workdays::MondayToFriday;
        // The Wednesday before Easter 2026: the next working day is the Tuesday after.
        assert_eq!(
            working_days_after(day("2026-04-01"), 1, week),
            day("2026-04-07")
        );
        assert_eq!(
            working_days_after(day("2026-04-01"), 1, Workdays::MondayToSaturday),
            day("2026-04-04")
        );
        assert_eq!(
            working_days_after(day("2026-11-21"), 0, week),
            day("2026-11-21")
        );
        assert_eq!(
            working_days_after(day("2026-12-23"), 2, week),
            day("2026-12-28")
        );
    }

    #[test]
    fn months_end_on_their_last_day() {
        assert_eq!(months_after(day("2025-08-31"), 6), day("2026-02-28"));
        assert_eq!(months_after(day("2027-08-31"), 6), day("2028-02-29"));
        assert_eq!(weeks_after(day("2026-03-20"), 2), day("2026-04-03"));
    }
}
