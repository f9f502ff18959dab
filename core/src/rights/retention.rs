//! When a participation is erased (K7, K24).

use std::fmt;

use crate::contract::Agreement;
use crate::contract::calendar::weeks_after;
use crate::contract::deadlines::dates::deletion;
use crate::document::{CaseView, Record};
use crate::domain::{LocalDate, ReportKind};

/// Weeks from the final report to the erasure (K24) where the agreement is not known; otherwise it
/// is a term of the agreement.
pub const ERASURE_WEEKS: u32 = 12;

/// When a participation is to be erased.
#[derive(Clone, PartialEq, Eq)]
pub enum Retention {
    /// No final report was delivered, so no time runs.
    NotYet,
    /// To be erased on a day in Oslo.
    Due {
        /// The day.
        on: LocalDate,
    },
    /// The time runs or is up, but it must be kept.
    Held {
        /// Why: the hold's reason, or the restriction's.
        reason: String,
        /// The day on which it would be erased.
        on: LocalDate,
    },
}

impl fmt::Debug for Retention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotYet => f.write_str("NotYet"),
            Self::Due { on } => write!(f, "Due({on})"),
            Self::Held { on, .. } => write!(f, "Held({on})"),
        }
    }
}

impl Retention {
    /// Counts from the last final report that was delivered and is not voided: where one was
    /// corrected and handed over again, from then. A restriction (GDPR art. 18) holds as a hold
    /// does, since erasing is processing too.
    #[must_use]
    pub fn of(view: &CaseView, agreement: Option<&Agreement>) -> Self {
        let delivered = view
            .rows
            .values()
            .filter(|row| row.voided.is_none())
            .filter_map(|row| match &row.record {
                Record::Report(report) if report.kind == ReportKind::Final => report.delivered,
                _ => None,
            })
            .max();
        let Some(delivered) = delivered else {
            return Self::NotYet;
        };
        let terms = agreement.and_then(|agreement| agreement.terms_on(delivered));
        let on = match terms {
            Some(terms) => deletion(&terms.deadlines, delivered),
            None => weeks_after(delivered, ERASURE_WEEKS),
        };
        let reason = view.participation().and_then(|participation| {
            let hold = participation.erasure_hold.as_ref();
            hold.or(participation.restricted.as_ref())
        });
        match reason {
            Some(reason) => Self::Held {
                reason: reason.clone(),
                on,
            },
            None => Self::Due { on },
        }
    }

    /// Days until it is erased, from a day in Oslo; none where no day is set. Never negative: what
    /// is overdue is due today.
    #[must_use]
    pub fn days_left(&self, today: LocalDate) -> Option<u32> {
        match self {
            Self::Due { on } => Some(u32::try_from(today.days_until(*on)).unwrap_or(0)),
            Self::NotYet | Self::Held { .. } => None,
        }
    }

    /// Whether it is to be erased now.
    #[must_use]
    pub fn is_due(&self, today: LocalDate) -> bool {
        self.days_left(today) == Some(0)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::document::{RecordRef, RecordRow};
    use crate::domain::{Minutes, Participation, RecordId, Report};

    pub(in crate::rights) fn put(view: &mut CaseView, record: Record) {
        let row = RecordRow {
            record,
            voided: None,
            conflicts: Vec::new(),
            damaged: Vec::new(),
            changed_by: None,
            changed_ms: 0,
        };
        view.rows.insert(row.record.reference(), row);
    }

    fn report(id: u8, kind: ReportKind, delivered: Option<&str>) -> Record {
        Record::Report(Report {
            minutes: Minutes(60),
            delivered: delivered.map(|day| day.parse().unwrap()),
            consultant: None,
            ..Report::new(RecordId([id; 16]), kind)
        })
    }

    fn day(text: &str) -> LocalDate {
        text.parse().unwrap()
    }

    #[test]
    fn twelve_weeks_run_from_the_last_final_report_that_stands() {
        let mut view = CaseView::default();
        let mut participation = Participation::new("p", "A", "B");
        put(
            &mut view,
            Record::Participation(Box::new(participation.clone())),
        );
        assert_eq!(Retention::of(&view, None), Retention::NotYet);
        put(&mut view, report(1, ReportKind::Status, Some("2026-01-05")));
        put(&mut view, report(2, ReportKind::Final, None));
        assert_eq!(Retention::of(&view, None), Retention::NotYet);
        assert_eq!(
            Retention::of(&view, None).days_left(day("2030-01-01")),
            None
        );
        put(&mut view, report(3, ReportKind::Final, Some("2026-02-02")));
        let on = day("2026-04-27");
        assert_eq!(Retention::of(&view, None), Retention::Due { on });
        // Over the night on which the clock is moved.
        assert_eq!(
            Retention::of(&view, None).days_left(day("2026-02-02")),
            Some(84)
        );
        assert_eq!(
            Retention::of(&view, None).days_left(day("2026-04-26")),
            Some(1)
        );
        assert!(!Retention::of(&view, None).is_due(day("2026-04-26")));
        assert!(
            Retention::of(&view, None).is_due(on)
                && Retention::of(&view, None).is_due(day("2027-01-01"))
        );

        put(&mut view, report(4, ReportKind::Final, Some("2026-03-02")));
        let later = day("2026-05-25");
        assert_eq!(Retention::of(&view, None), Retention::Due { on: later });
        let second = RecordRef::Report(RecordId([4; 16]));
        view.rows.get_mut(&second).unwrap().voided = Some("Feil".into());
        assert_eq!(Retention::of(&view, None), Retention::Due { on });

        // The agreement says how long, by the terms that held on the day of delivery.
        let mut terms = crate::contract::Terms::oppfolging_agder().unwrap();
        terms.deadlines.deletion_weeks = 4;
        let agreement = Agreement::new("a".into(), day("2025-01-01"), terms);
        let on_terms = Retention::of(&view, Some(&agreement));
        assert_eq!(
            on_terms,
            Retention::Due {
                on: day("2026-03-02")
            }
        );

        participation.restricted = Some("Bestridt av Ola".into());
        put(
            &mut view,
            Record::Participation(Box::new(participation.clone())),
        );
        let held = Retention::of(&view, None);
        assert!(matches!(&held, Retention::Held { reason, .. } if reason == "Bestridt av Ola"));
        assert!(!format!("{held:?}").contains("Ola") && !held.is_due(day("2027-01-01")));
        participation.erasure_hold = Some("Klage".into());
        put(&mut view, Record::Participation(Box::new(participation)));
        let reason = "Klage".to_owned();
        assert_eq!(Retention::of(&view, None), Retention::Held { reason, on });
    }
}
