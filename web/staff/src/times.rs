//! How days, times and lengths are written.

use folge_core::domain::{Instant, Language, LocalDate, Month};

const DAYS: [[&str; 7]; 2] = [
    [
        "mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag", "søndag",
    ],
    [
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
    ],
];
const MONTHS: [[&str; 12]; 2] = [
    [
        "januar",
        "februar",
        "mars",
        "april",
        "mai",
        "juni",
        "juli",
        "august",
        "september",
        "oktober",
        "november",
        "desember",
    ],
    [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
];

const fn row(language: Language) -> usize {
    match language {
        Language::Norwegian => 0,
        Language::English => 1,
    }
}

/// `09:05`.
pub(crate) fn clock(at: Instant) -> String {
    clock_of(at.minute_of_day())
}

/// `09:05`, of minutes since midnight.
pub(crate) fn clock_of(minute: u32) -> String {
    format!("{:02}:{:02}", minute / 60 % 24, minute % 60)
}

/// Minutes since midnight, of what a time field holds.
pub(crate) fn minute_of(text: &str) -> Option<u32> {
    let (hour, rest) = text.split_once(':')?;
    let minute = rest.get(..2)?;
    let (hour, minute): (u32, u32) = (hour.parse().ok()?, minute.parse().ok()?);
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
}

/// `mandag 5. januar`.
pub(crate) fn day_words(day: LocalDate, language: Language) -> String {
    let weekday = DAYS[row(language)][usize::from(day.weekday()) % 7];
    let month = MONTHS[row(language)][month_index(day.month())];
    let number = day.date().day();
    match language {
        Language::Norwegian => format!("{weekday} {number}. {month}"),
        Language::English => format!("{weekday} {number} {month}"),
    }
}

/// `5. januar 2026`.
pub(crate) fn date_words(day: LocalDate, language: Language) -> String {
    let month = MONTHS[row(language)][month_index(day.month())];
    let (number, year) = (day.date().day(), day.date().year());
    match language {
        Language::Norwegian => format!("{number}. {month} {year}"),
        Language::English => format!("{number} {month} {year}"),
    }
}

fn month_index(month: Month) -> usize {
    usize::try_from(month.month).unwrap_or(1).clamp(1, 12) - 1
}

/// `januar 2026`.
pub(crate) fn month_words(month: Month, language: Language) -> String {
    format!(
        "{} {}",
        MONTHS[row(language)][month_index(month)],
        month.year
    )
}

/// `5. januar 2026 09:05`.
pub(crate) fn moment(at: Instant, language: Language) -> String {
    format!("{} {}", date_words(at.date(), language), clock(at))
}

/// `1 t 30 min`.
pub(crate) fn length(minutes: u32, language: Language) -> String {
    let hour = match language {
        Language::Norwegian => "t",
        Language::English => "h",
    };
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} {hour}"),
        (hours, minutes) => format!("{hours} {hour} {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_written() {
        assert_eq!(clock_of(9 * 60 + 5), "09:05");
        assert_eq!(minute_of("09:05"), Some(545));
        assert_eq!(minute_of("23:59:30"), Some(1439));
        for bad in ["", "9", "24:00", "09:60", "a:b", "09:5"] {
            assert_eq!(minute_of(bad), None, "{bad}");
        }
        let day: LocalDate = "2026-01-05".parse().unwrap_or_else(|_| unreachable!());
        assert_eq!(day_words(day, Language::Norwegian), "mandag 5. januar");
        let week = (0..7).map(|days| day_words(day.plus_days(days), Language::English));
        let expected = [
            "Monday 5 January",
            "Tuesday 6 January",
            "Wednesday 7 January",
            "Thursday 8 January",
            "Friday 9 January",
            "Saturday 10 January",
            "Sunday 11 January",
        ];
        assert!(week.eq(expected));
        assert_eq!(date_words(day, Language::English), "5 January 2026");
        assert_eq!(length(90, Language::Norwegian), "1 t 30 min");
        assert_eq!(length(120, Language::English), "2 h");
    }
}
