//! Minutes per participation and month: a plain sum, before any contract rule (caps, quarters
//! and shares are `contract`'s matter).
//!
//! A visit's minutes fall in the Oslo month of its start; a trip's in the month of the first
//! visit that it serves; a report's in the month of its delivery. Planned and moved visits do
//! not count, nor anything voided: the caller leaves voided records out, except that a trip to
//! a voided visit is still placed by that visit's start.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::RecordId;
use super::report::Report;
use super::time::{Instant, Minutes, Month};
use super::visit::{Outcome, Visit};
use super::work::Trip;

/// Minutes of one month by category.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct MonthMinutes {
    /// Meetings that the participant came to.
    pub attended: Minutes,
    /// Meetings that the participant did not come to, without notice.
    pub no_show: Minutes,
    /// Meetings that the participant was excused from.
    pub excused: Minutes,
    /// Cancelled meetings.
    pub cancelled: Minutes,
    /// Travel.
    pub travel: Minutes,
    /// Report writing.
    pub report: Minutes,
}

/// The sums of one participation.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct MinutesByMonth {
    /// By month.
    pub months: BTreeMap<Month, MonthMinutes>,
    /// Travel that serves no visit known here and was not timed, and reports not delivered yet:
    /// minutes that belong to no month so far.
    pub unplaced: Minutes,
}

impl MinutesByMonth {
    /// Adds a visit.
    pub fn add_visit(&mut self, visit: &Visit) {
        let Ok(length) = visit.length() else { return };
        let month = visit.start.month();
        let sums = match visit.outcome {
            Outcome::Planned | Outcome::Moved => return,
            _ => self.months.entry(month).or_default(),
        };
        match visit.outcome {
            Outcome::Attended => sums.attended += length,
            Outcome::NoShow => sums.no_show += length,
            Outcome::Excused(_) => sums.excused += length,
            Outcome::Cancelled(_) => sums.cancelled += length,
            Outcome::Planned | Outcome::Moved => {}
        }
    }

    /// Adds a trip; `visit_start` tells when a visit of the casefile began.
    pub fn add_trip(&mut self, trip: &Trip, visit_start: impl Fn(&RecordId) -> Option<Instant>) {
        let first = trip
            .visits
            .iter()
            .filter_map(visit_start)
            .min()
            .or(trip.start);
        match first {
            Some(first) => self.months.entry(first.month()).or_default().travel += trip.minutes,
            None => self.unplaced += trip.minutes,
        }
    }

    /// Adds a report.
    pub fn add_report(&mut self, report: &Report) {
        match report.delivered {
            Some(day) => self.months.entry(day.month()).or_default().report += report.minutes,
            None => self.unplaced += report.minutes,
        }
    }
}

/// The sums over a participation's records, none of them voided.
pub fn minutes_by_month<'a>(
    visits: impl IntoIterator<Item = &'a Visit>,
    trips: impl IntoIterator<Item = &'a Trip>,
    reports: impl IntoIterator<Item = &'a Report>,
) -> MinutesByMonth {
    let mut sums = MinutesByMonth::default();
    let mut starts = BTreeMap::new();
    for visit in visits {
        starts.insert(visit.id, visit.start);
        sums.add_visit(visit);
    }
    for trip in trips {
        sums.add_trip(trip, |id| starts.get(id).copied());
    }
    for report in reports {
        sums.add_report(report);
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::super::visit::tests::visit;
    use super::super::{Absence, ReportKind};
    use super::*;

    #[test]
    fn a_meeting_over_midnight_at_a_months_end_belongs_to_the_month_of_its_start() {
        let late = visit(1, "2026-01-31T23:30+01:00", "2026-02-01T00:30+01:00");
        let mut excused = visit(2, "2026-03-29T01:30+01:00", "2026-03-29T03:30+02:00");
        excused.outcome = Outcome::Excused(Absence::Illness);
        let mut planned = visit(3, "2026-02-02T10:00+01:00", "2026-02-02T11:00+01:00");
        planned.outcome = Outcome::Planned;
        let trip = Trip {
            id: RecordId([7; 16]),
            consultant: "consultant-00".into(),
            minutes: Minutes(35),
            start: None,
            end: None,
            visits: vec![excused.id, late.id],
            meetings: 2,
        };
        let lost = Trip {
            visits: vec![RecordId([99; 16])],
            ..trip.clone()
        };
        let report = Report {
            minutes: Minutes(50),
            delivered: "2026-05-05".parse().ok(),
            ..Report::new(RecordId([8; 16]), ReportKind::Status)
        };
        let sums = minutes_by_month([&late, &excused, &planned], [&trip, &lost], [&report]);
        let month = |text: &str| sums.months.get(&text.parse().unwrap()).copied();
        assert_eq!(
            month("2026-01"),
            Some(MonthMinutes {
                attended: Minutes(60),
                travel: Minutes(35),
                ..MonthMinutes::default()
            })
        );
        assert_eq!(month("2026-02"), None);
        assert_eq!(month("2026-03").unwrap().excused, Minutes(60));
        assert_eq!(month("2026-05").unwrap().report, Minutes(50));
        assert_eq!(sums.unplaced, Minutes(35));
    }
}
