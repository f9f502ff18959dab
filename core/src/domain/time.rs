//! Instants, local dates, months and minutes.
//!
//! What happened is an [`Instant`]; which day or month it belongs to is a question about
//! Europe/Oslo, answered with the time zone rules compiled into the program, never with the
//! device's. Lengths are differences of instants, so that the two nights a year on which the
//! clock is moved need no rule.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{DomainError, Field, limits};

/// Read when this is compiled: the other zones of the database are in no program.
static OSLO: TimeZone = jiff::tz::get!("Europe/Oslo");

/// A point in time: milliseconds since 1 January 1970 UTC.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Instant(pub i64);

impl Instant {
    /// Reads a time with an offset, such as `2026-01-05T08:00+01:00`.
    /// # Errors
    /// [`DomainError::Unreadable`].
    pub fn parse(text: &str) -> Result<Self, DomainError> {
        text.parse::<Timestamp>()
            .map(|timestamp| Self(timestamp.as_millisecond()))
            .map_err(|_| DomainError::Unreadable { field: Field::Time })
    }

    fn timestamp(self) -> Timestamp {
        let ms = self.0.clamp(limits::INSTANT_MS_MIN, limits::INSTANT_MS_MAX);
        Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// The day in Oslo. An instant outside 2000 to 2099 counts as the nearest inside.
    #[must_use]
    pub fn date(self) -> LocalDate {
        LocalDate(OSLO.to_datetime(self.timestamp()).date())
    }

    /// The month in Oslo.
    #[must_use]
    pub fn month(self) -> Month {
        self.date().month()
    }

    /// The time of day in Oslo as minutes since midnight on the clock.
    #[must_use]
    pub fn minute_of_day(self) -> u32 {
        let time = OSLO.to_datetime(self.timestamp()).time();
        u32::from(time.hour().unsigned_abs()) * 60 + u32::from(time.minute().unsigned_abs())
    }

    /// Date and time with Oslo's offset, such as `2026-01-05T08:00:00+01:00`.
    #[must_use]
    pub fn rfc3339(self) -> String {
        let zoned = self.timestamp().to_zoned(OSLO.clone());
        zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }

    /// Date and time in UTC, such as `2026-01-05T07:00:00Z`.
    #[must_use]
    pub fn utc(self) -> String {
        self.timestamp().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// The same instant, where it lies between 2000 and 2099.
    /// # Errors
    /// [`DomainError::TimeOutOfRange`].
    pub fn checked(self, field: Field) -> Result<Self, DomainError> {
        if (limits::INSTANT_MS_MIN..limits::INSTANT_MS_MAX).contains(&self.0) {
            Ok(self)
        } else {
            Err(DomainError::TimeOutOfRange { field })
        }
    }
}

/// Whole minutes that passed between two instants; a begun minute does not count.
/// # Errors
/// Where an instant is absurd, the end lies before the start, or more than `max_minutes` passed.
pub fn elapsed(start: Instant, end: Instant, max_minutes: u32) -> Result<Minutes, DomainError> {
    start.checked(Field::Start)?;
    end.checked(Field::End)?;
    let ms = end.0.saturating_sub(start.0);
    let minutes = u32::try_from(ms.div_euclid(60_000)).map_err(|_| {
        if ms < 0 {
            DomainError::EndBeforeStart
        } else {
            DomainError::TooLong { max_minutes }
        }
    })?;
    if ms > i64::from(max_minutes) * 60_000 {
        return Err(DomainError::TooLong { max_minutes });
    }
    Ok(Minutes(minutes))
}

/// A number of whole minutes.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Minutes(pub u32);

impl std::ops::AddAssign for Minutes {
    fn add_assign(&mut self, other: Self) {
        self.0 = self.0.saturating_add(other.0);
    }
}

impl fmt::Display for Minutes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A day in Oslo's calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalDate(Date);

impl LocalDate {
    /// The day, where it exists.
    #[must_use]
    pub fn new(year: i16, month: i8, day: i8) -> Option<Self> {
        Date::new(year, month, day).ok().map(Self)
    }

    /// The calendar date, for arithmetic.
    #[must_use]
    pub const fn date(self) -> Date {
        self.0
    }

    /// The first instant of the day in Oslo.
    #[must_use]
    pub fn start(self) -> Instant {
        self.0
            .to_zoned(OSLO.clone())
            .map_or(Instant(0), |z| Instant(z.timestamp().as_millisecond()))
    }

    /// The instant at which clocks in Oslo show so many minutes since midnight. What they skip in
    /// spring is an hour later, what they show twice in autumn the first time.
    #[must_use]
    pub fn at_minute(self, minute_of_day: u32) -> Instant {
        let minute = minute_of_day.min(24 * 60 - 1);
        let part = |value: u32| i8::try_from(value).unwrap_or(0);
        let time = self.0.at(part(minute / 60), part(minute % 60), 0, 0);
        time.to_zoned(OSLO.clone())
            .map_or(Instant(0), |z| Instant(z.timestamp().as_millisecond()))
    }

    /// The first instant of the next day: 23, 24 or 25 hours after [`start`](Self::start).
    #[must_use]
    pub fn end(self) -> Instant {
        self.plus_days(1).start()
    }

    /// The day `days` later, or earlier where negative; the last or first possible at the
    /// calendar's ends.
    #[must_use]
    pub fn plus_days(self, days: i32) -> Self {
        Self(self.0.saturating_add(days.days()))
    }

    /// The same day of the month `months` later, or earlier where negative; the month's last day
    /// where it has no such day (31 August and six months: 28 or 29 February).
    #[must_use]
    pub fn plus_months(self, months: i32) -> Self {
        Self(self.0.saturating_add(months.months()))
    }

    /// Monday is 0, Sunday 6.
    #[must_use]
    pub fn weekday(self) -> u8 {
        self.0.weekday().to_monday_zero_offset().unsigned_abs()
    }

    /// Days from this day to `other`; negative where that is earlier.
    #[must_use]
    pub fn days_until(self, other: Self) -> i32 {
        other.days() - self.days()
    }

    /// The month that the day lies in.
    #[must_use]
    pub fn month(self) -> Month {
        Month {
            year: self.0.year(),
            month: self.0.month(),
        }
    }

    /// ISO week year and number.
    #[must_use]
    pub fn iso_week(self) -> (i16, i8) {
        let week = self.0.iso_week_date();
        (week.year(), week.week())
    }

    /// Monday of the day's ISO week.
    #[must_use]
    pub fn monday(self) -> Self {
        self.plus_days(-i32::from(self.0.weekday().to_monday_zero_offset()))
    }

    fn days(self) -> i32 {
        Date::new(1970, 1, 1)
            .and_then(|epoch| self.0.since((jiff::Unit::Day, epoch)))
            .map_or(0, |span| span.get_days())
    }
}

impl fmt::Display for LocalDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for LocalDate {
    type Err = DomainError;
    fn from_str(text: &str) -> Result<Self, DomainError> {
        let unreadable = DomainError::Unreadable { field: Field::Date };
        if text.len() != 10 {
            return Err(unreadable);
        }
        text.parse().map(Self).map_err(|_| unreadable)
    }
}

/// As text where a person may read it, otherwise as days since 1 January 1970.
impl Serialize for LocalDate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            self.days().serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for LocalDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            text.parse().map_err(D::Error::custom)
        } else {
            let days = i32::deserialize(deserializer)?;
            let span = jiff::Span::new().try_days(days).map_err(D::Error::custom)?;
            Date::new(1970, 1, 1)
                .and_then(|epoch| epoch.checked_add(span))
                .map(Self)
                .map_err(D::Error::custom)
        }
    }
}

/// A calendar month. Its text is `2026-01`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    /// The year.
    pub year: i16,
    /// 1 to 12.
    pub month: i8,
}

impl Month {
    /// The month after.
    #[must_use]
    pub const fn next(self) -> Self {
        if self.month >= 12 {
            Self {
                year: self.year + 1,
                month: 1,
            }
        } else {
            Self {
                year: self.year,
                month: self.month + 1,
            }
        }
    }

    /// The month `months` later, or earlier where negative.
    #[must_use]
    pub fn plus_months(self, months: i32) -> Self {
        self.first_day().plus_months(months).month()
    }

    /// The month's last day.
    #[must_use]
    pub fn last_day(self) -> LocalDate {
        self.next().first_day().plus_days(-1)
    }

    /// The month's first day; the calendar's last day where it has no such month.
    #[must_use]
    pub fn first_day(self) -> LocalDate {
        LocalDate(Date::new(self.year, self.month.clamp(1, 12), 1).unwrap_or(Date::MAX))
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl FromStr for Month {
    type Err = DomainError;
    fn from_str(text: &str) -> Result<Self, DomainError> {
        let unreadable = DomainError::Unreadable {
            field: Field::Month,
        };
        if text.len() != 7 {
            return Err(unreadable);
        }
        format!("{text}-01")
            .parse::<LocalDate>()
            .map(LocalDate::month)
            .map_err(|_| unreadable)
    }
}

/// As text where a person may read it, otherwise as year and month.
impl Serialize for Month {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            (self.year, self.month).serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Month {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            return text.parse().map_err(D::Error::custom);
        }
        let (year, month) = <(i16, i8)>::deserialize(deserializer)?;
        LocalDate::new(year, month, 1)
            .map(LocalDate::month)
            .ok_or_else(|| {
                D::Error::custom(DomainError::Unreadable {
                    field: Field::Month,
                })
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        Instant::parse(text).unwrap()
    }

    #[test]
    fn what_clocks_skip_is_an_hour_later_and_what_they_show_twice_is_the_first() {
        for (day, minute, instant) in [
            ("2026-01-05", 8 * 60, "2026-01-05T08:00+01:00"),
            ("2026-07-05", 23 * 60 + 59, "2026-07-05T23:59+02:00"),
            ("2026-03-29", 2 * 60 + 30, "2026-03-29T03:30+02:00"),
            ("2026-10-25", 2 * 60 + 30, "2026-10-25T02:30+02:00"),
        ] {
            let day: LocalDate = day.parse().unwrap();
            assert_eq!(day.at_minute(minute), at(instant), "{day}");
        }
    }

    #[test]
    fn a_night_on_which_the_clock_moves_keeps_its_true_length() {
        // 2026-03-29: 02:00 becomes 03:00. 2026-10-25: 03:00 becomes 02:00.
        let spring = elapsed(
            at("2026-03-29T01:30+01:00"),
            at("2026-03-29T03:30+02:00"),
            1440,
        );
        assert_eq!(spring, Ok(Minutes(60)));
        let autumn = elapsed(
            at("2026-10-25T01:30+02:00"),
            at("2026-10-25T03:30+01:00"),
            1440,
        );
        assert_eq!(autumn, Ok(Minutes(180)));
        let hours = |text: &str| {
            let day: LocalDate = text.parse().unwrap();
            (day.end().0 - day.start().0) / 3_600_000
        };
        assert_eq!(
            (
                hours("2026-03-29"),
                hours("2026-10-25"),
                hours("2026-10-26")
            ),
            (23, 25, 24)
        );
    }

    #[test]
    fn days_and_months_end_at_oslos_midnight() {
        assert_eq!(at("2026-01-31T22:59:59Z").month().to_string(), "2026-01");
        assert_eq!(at("2026-01-31T23:00:00Z").month().to_string(), "2026-02");
        assert_eq!(at("2026-07-31T22:00:00Z").date().to_string(), "2026-08-01");
        assert_eq!(at("2026-12-31T23:00:00Z").date().to_string(), "2027-01-01");
        assert_eq!(at("2026-07-01T06:05:00Z").minute_of_day(), 8 * 60 + 5);
    }

    #[test]
    fn weeks_begin_on_monday_and_may_belong_to_another_year() {
        let day: LocalDate = "2027-01-01".parse().unwrap();
        assert_eq!(day.iso_week(), (2026, 53));
        assert_eq!(day.monday().to_string(), "2026-12-28");
    }

    #[test]
    fn absurd_lengths_are_refused() {
        let start = at("2026-01-05T08:00+01:00");
        assert_eq!(
            elapsed(start, Instant(start.0 - 1), 1440),
            Err(DomainError::EndBeforeStart)
        );
        assert_eq!(
            elapsed(start, Instant(start.0 + 59_999), 1440),
            Ok(Minutes(0))
        );
        assert_eq!(
            elapsed(start, Instant(start.0 + 1440 * 60_000), 1440),
            Ok(Minutes(1440))
        );
        assert!(elapsed(start, Instant(start.0 + 1440 * 60_000 + 1), 1440).is_err());
        assert!(elapsed(Instant(i64::MIN), Instant(i64::MAX), 1440).is_err());
        assert!(elapsed(Instant(0), start, 1440).is_err());
    }

    #[test]
    fn dates_survive_text_and_bytes() {
        for text in ["2026-02-28", "2000-01-01", "1931-12-31", "2099-12-31"] {
            let date: LocalDate = text.parse().unwrap();
            assert_eq!(serde_json::to_string(&date).unwrap(), format!("\"{text}\""));
            let bytes = postcard::to_stdvec(&date).unwrap();
            assert_eq!(postcard::from_bytes::<LocalDate>(&bytes).unwrap(), date);
        }
        for bad in ["2026-02-30", "", "2026-2-3", "2026-02-28T10:00"] {
            assert!(bad.parse::<LocalDate>().is_err(), "{bad}");
        }
        let last: Month = "9999-12".parse().unwrap();
        assert!(last.last_day() >= last.first_day() && last.plus_months(1) >= last);
        assert!("2026-13".parse::<Month>().is_err());
        assert_eq!("2026-01".parse::<Month>().unwrap().to_string(), "2026-01");
    }
}
