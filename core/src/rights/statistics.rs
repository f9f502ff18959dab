//! Anonymous statistics (K18, K23): counts and sums over a cohort, drawn before it is erased.
//!
//! A cohort is the participations of one agreement that ended in one calendar month.
//!
//! * A cohort of fewer than [`COHORT_PARTICIPATIONS_MIN`] shows nothing, not even how many.
//! * A sum shows only where at least so many participations add to it: five people of whom one
//!   did not come would show that one.
//! * Where one service area has too few, no area shows. To leave out that one alone would be no
//!   use: the total less the others is it. (Complementary suppression.)
//! * A cohort is drawn ONCE, after its month has ended and before its first erasure; the register
//!   refuses a second drawing. Two drawings, one of them before somebody left the cohort, would
//!   show that person as their difference. A drawing can always come in time: participations are
//!   erased twelve weeks after their final report, and a month is shorter.
//! * Cohorts do not overlap, so none is another less a few persons.
//! * A participation whose processing is restricted (GDPR art. 18) is not counted.
//! * Weeks are summed and no dates, places or texts are kept.

use std::collections::BTreeMap;

use crate::document::{CaseView, Record};
use crate::domain::limits::COHORT_PARTICIPATIONS_MIN;
use crate::domain::register::Area;
use crate::domain::{
    CohortFigures, CohortStatistics, LocalDate, Month, Outcome, Participation, StatisticsKey,
    Status,
};

/// The first day on which a month's cohorts can be drawn: everybody who ended in it has ended.
#[must_use]
pub fn first_day(month: Month) -> LocalDate {
    month.next().first_day()
}

/// The cohort that a participation counts in, if any. Whoever erases it sees to it that this one is
/// drawn before.
#[must_use]
pub fn cohort_of(participation: &Participation) -> Option<StatisticsKey> {
    if participation.status != Status::Ended || participation.restricted.is_some() {
        return None;
    }
    Some(StatisticsKey {
        agreement: participation.agreement.clone()?,
        month: participation.end?.month(),
    })
}

/// The statistics of a cohort, out of all casefiles.
#[must_use]
pub fn draw<'a>(
    key: &StatisticsKey,
    cases: impl IntoIterator<Item = &'a CaseView>,
) -> CohortStatistics {
    let mut participations: u32 = 0;
    let mut by_area: BTreeMap<Area, u32> = BTreeMap::new();
    // Each sum with the number of participations that add to it.
    let mut sums: BTreeMap<&'static str, (u64, u32)> = BTreeMap::new();
    for view in cases {
        let Some(participation) = view
            .participation()
            .filter(|p| cohort_of(p).as_ref() == Some(key))
        else {
            continue;
        };
        participations = participations.saturating_add(1);
        let area = Area(participation.area.clone().unwrap_or_default());
        let count = by_area.entry(area).or_default();
        *count = count.saturating_add(1);
        for (name, value) in one(view, participation) {
            let (sum, contributors) = sums.entry(name).or_default();
            *sum = sum.saturating_add(value);
            *contributors = contributors.saturating_add(u32::from(value > 0));
        }
    }
    let enough = |count: u32| count >= COHORT_PARTICIPATIONS_MIN;
    let mut figures = CohortFigures {
        participations,
        by_area: by_area
            .values()
            .all(|count| enough(*count))
            .then_some(by_area),
        ..CohortFigures::default()
    };
    for (name, (sum, contributors)) in sums {
        if enough(contributors)
            && let Some(figure) = figures.sum_mut(name)
        {
            *figure = Some(sum);
        }
    }
    CohortStatistics {
        key: key.clone(),
        figures: enough(participations).then_some(figures),
    }
}

/// What one participation adds to each sum.
fn one(view: &CaseView, participation: &Participation) -> [(&'static str, u64); 8] {
    let (mut attended, mut no_show, mut excused, mut cancelled) = (0, 0, 0, 0);
    let (mut minutes_attended, mut minutes_travel, mut minutes_report) = (0, 0, 0);
    for row in view.rows.values().filter(|row| row.voided.is_none()) {
        match &row.record {
            Record::Visit(visit) => match visit.outcome {
                Outcome::Attended => {
                    attended += 1;
                    minutes_attended += visit.length().map_or(0, |length| u64::from(length.0));
                }
                Outcome::NoShow => no_show += 1,
                Outcome::Excused(_) => excused += 1,
                Outcome::Cancelled(_) => cancelled += 1,
                Outcome::Planned | Outcome::Moved => {}
            },
            Record::Trip(trip) => minutes_travel += u64::from(trip.minutes.0),
            Record::Report(report) => minutes_report += u64::from(report.minutes.0),
            _ => {}
        }
    }
    let weeks = match (participation.start, participation.end) {
        (Some(start), Some(end)) => {
            u64::try_from(start.days_until(end) + 1).map_or(0, |days| days.div_ceil(7))
        }
        _ => 0,
    };
    [
        ("attended", attended),
        ("no_show", no_show),
        ("excused", excused),
        ("cancelled", cancelled),
        ("minutes_attended", minutes_attended),
        ("minutes_travel", minutes_travel),
        ("minutes_report", minutes_report),
        ("weeks", weeks),
    ]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::retention::tests::put;
    use super::*;
    use crate::document::{Actor, CaseView};
    use crate::document::{ChangeMeta, Command, Document, DocumentError, DocumentKind, RecordRef};
    use crate::domain::visit::{MeetingForm, Visit, With};
    use crate::domain::{Instant, Minutes, RecordId, Report, ReportKind, Trip};

    fn key() -> StatisticsKey {
        StatisticsKey {
            agreement: "oppfolging".into(),
            month: "2026-05".parse().unwrap(),
        }
    }

    #[derive(Debug, Clone)]
    struct Case {
        area: u8,
        ended: bool,
        month: i8,
        restricted: bool,
        outcomes: Vec<(Outcome, bool)>,
        travel: u32,
        report: u32,
    }

    fn view(n: usize, case: &Case) -> CaseView {
        let mut participation = Participation::new(&format!("p{n}"), "Åse", "Lie");
        participation.agreement = Some("oppfolging".into());
        participation.area = (case.area > 0).then(|| format!("{}", case.area));
        participation.status = if case.ended {
            Status::Ended
        } else {
            Status::Active
        };
        participation.start = LocalDate::new(2026, 1, 5);
        participation.end = LocalDate::new(2026, case.month, 3);
        participation.restricted = case.restricted.then(|| "Bestridt".into());
        let mut view = CaseView::default();
        put(&mut view, Record::Participation(Box::new(participation)));
        for (at, (outcome, voided)) in case.outcomes.iter().enumerate() {
            let id = RecordId([at as u8; 16]);
            let start = 1_767_596_400_000;
            let visit = Visit {
                id,
                start: Instant(start),
                end: Instant(start + 3_600_000),
                form: MeetingForm::Video,
                with: With::Participant,
                consultants: vec!["consultant-00".into()],
                employer: None,
                activities: Vec::new(),
                outcome: *outcome,
                planned: true,
                group: None,
                note: String::new(),
                agreed: String::new(),
            };
            put(&mut view, Record::Visit(visit));
            if *voided {
                view.rows.get_mut(&RecordRef::Visit(id)).unwrap().voided = Some("Feil".into());
            }
        }
        let trip = Trip {
            id: RecordId([0; 16]),
            consultant: "consultant-00".into(),
            minutes: Minutes(case.travel),
            start: None,
            end: None,
            visits: Vec::new(),
            meetings: 0,
        };
        put(&mut view, Record::Trip(trip));
        let report = Report {
            minutes: Minutes(case.report),
            delivered: None,
            consultant: None,
            ..Report::new(RecordId([0; 16]), ReportKind::Final)
        };
        put(&mut view, Record::Report(report));
        view
    }

    fn plain() -> Case {
        Case {
            area: 1,
            ended: true,
            month: 5,
            restricted: false,
            outcomes: vec![(Outcome::Attended, false)],
            travel: 30,
            report: 60,
        }
    }

    fn drawn(cases: &[Case]) -> CohortStatistics {
        let views: Vec<_> = cases
            .iter()
            .enumerate()
            .map(|(n, case)| view(n, case))
            .collect();
        draw(&key(), &views)
    }

    #[test]
    fn a_cohort_of_five_shows_its_sums_and_one_of_four_nothing() {
        let figures = drawn(&vec![plain(); 5]).figures.unwrap();
        assert_eq!(figures.participations, 5);
        assert_eq!(figures.by_area, Some([(Area("1".into()), 5)].into()));
        assert_eq!((figures.attended, figures.no_show), (Some(5), None));
        assert_eq!(figures.minutes_attended, Some(300));
        assert_eq!(
            (figures.minutes_travel, figures.minutes_report),
            (Some(150), Some(300))
        );
        // 5 January to 3 May: 119 days, 17 weeks.
        assert_eq!(figures.weeks, Some(85));
        assert_eq!(drawn(&vec![plain(); 4]).figures, None);
        assert_eq!(drawn(&[]).figures, None);
    }

    #[test]
    fn one_small_area_hides_all_and_one_no_show_hides_itself() {
        let mut cases = vec![plain(); 9];
        for case in &mut cases[5..] {
            case.area = 2;
        }
        cases[0].outcomes.push((Outcome::NoShow, false));
        let figures = drawn(&cases).figures.unwrap();
        assert_eq!((figures.participations, figures.by_area), (9, None));
        assert_eq!(figures.no_show, None);
        cases.push(Case { area: 2, ..plain() });
        assert!(drawn(&cases).figures.unwrap().by_area.is_some());
    }

    #[test]
    fn a_cohort_is_kept_once_and_never_changed() {
        let meta = ChangeMeta::default();
        let actor = Actor {
            device: folge_protocol::ids::DeviceId([1; 16]),
            nonce: [0; 4],
        };
        let (mut register, _) = Document::create(DocumentKind::Register, actor, &meta).unwrap();
        let mut other = drawn(&[]);
        other.key.month = "2026-06".parse().unwrap();
        for cohort in [drawn(&vec![plain(); 5]), other] {
            let put = Command::PutStatistics(cohort.clone());
            register.write(&put, &meta).unwrap();
            let reference = RecordRef::Statistics(cohort.key.clone());
            let read = register.record(&reference).unwrap();
            assert!(read.damaged.is_empty());
            assert_eq!(read.record, Record::Statistics(cohort.clone()));
            assert_eq!(register.write(&put, &meta), Err(DocumentError::Exists));
            let mut more = cohort;
            more.figures = drawn(&vec![plain(); 6]).figures;
            let amend = Command::Amend(Record::Statistics(more));
            assert_eq!(register.write(&amend, &meta), Err(DocumentError::Exists));
        }
        assert_eq!(register.records().len(), 2);
        let mut small = drawn(&vec![plain(); 5]);
        small.key.month = "2026-07".parse().unwrap();
        small.figures.as_mut().unwrap().participations = 4;
        assert!(
            register
                .write(&Command::PutStatistics(small), &meta)
                .is_err()
        );
        let json = serde_json::to_value(drawn(&vec![plain(); 5])).unwrap();
        assert_eq!(json["key"]["month"], "2026-05");
    }

    #[test]
    fn a_month_is_drawn_when_it_has_ended_and_before_its_first_erasure() {
        let first = first_day("2026-12".parse().unwrap());
        assert_eq!(first.to_string(), "2027-01-01");
        const { assert!(super::super::ERASURE_WEEKS * 7 > 31) };
    }

    fn case() -> impl Strategy<Value = Case> {
        let outcome = prop_oneof![
            3 => Just(Outcome::Attended),
            1 => Just(Outcome::NoShow),
            1 => Just(Outcome::Excused(crate::domain::Absence::Illness)),
            1 => Just(Outcome::Cancelled(crate::domain::CancelledBy::Provider)),
            1 => Just(Outcome::Planned),
        ];
        let outcomes = prop::collection::vec((outcome, prop::bool::weighted(0.2)), 0..4);
        let weighted = prop::bool::weighted;
        let parts = (0..3_u8, weighted(0.8), 4..6_i8, weighted(0.1), outcomes);
        (parts, 0..3_u32, 0..2_u32).prop_map(|(parts, travel, report)| Case {
            area: parts.0,
            ended: parts.1,
            month: parts.2,
            restricted: parts.3,
            outcomes: parts.4,
            travel,
            report,
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn no_figure_is_of_fewer_than_five(cases in prop::collection::vec(case(), 0..24)) {
            let views: Vec<_> = cases.iter().enumerate().map(|(n, c)| view(n, c)).collect();
            let drawn = draw(&key(), &views);
            let cohort: Vec<_> = views
                .iter()
                .filter(|view| cohort_of(view.participation().unwrap()) == Some(key()))
                .collect();
            prop_assert_eq!(drawn.figures.is_some(), cohort.len() >= 5);
            prop_assert!(drawn.validate().is_ok());
            let Some(figures) = drawn.figures else { return Ok(()) };
            prop_assert_eq!(figures.participations as usize, cohort.len());
            for (area, count) in figures.by_area.iter().flatten() {
                let of_area = cohort.iter().filter(|view| {
                    view.participation().unwrap().area.clone().unwrap_or_default() == area.0
                });
                prop_assert_eq!(of_area.count(), *count as usize);
                prop_assert!(*count >= 5);
            }
            // Leaving any four out leaves somebody in each figure that shows.
            for (name, figure) in figures.sums() {
                let each: Vec<u64> = cohort
                    .iter()
                    .map(|view| {
                        let sums = one(view, view.participation().unwrap());
                        sums.iter().find(|(known, _)| *known == name).unwrap().1
                    })
                    .collect();
                let contributors = each.iter().filter(|value| **value > 0).count();
                prop_assert_eq!(figure.is_some(), contributors >= 5);
                prop_assert!(figure.is_none_or(|sum| sum == each.iter().sum::<u64>()));
            }
        }
    }
}
