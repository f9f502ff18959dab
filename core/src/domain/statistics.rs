//! Anonymous statistics of a cohort (K23): what is left when its participations are erased. How
//! they are drawn, and why they show nobody, is `rights::statistics`' matter.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::register::Area;
use super::time::Month;
use super::{AgreementKey, DomainError, Field, check_line, limits};

/// The participations of one agreement that ended in one calendar month.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StatisticsKey {
    /// The agreement.
    pub agreement: AgreementKey,
    /// The month.
    pub month: Month,
}

/// A cohort's figures. Each is either a sum over enough participations or withheld.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CohortFigures {
    /// Participations.
    pub participations: u32,
    /// Participations by service area; none where any area has too few. An empty area stands for
    /// those without one.
    pub by_area: Option<BTreeMap<Area, u32>>,
    /// Meetings that participants came to.
    pub attended: Option<u64>,
    /// Meetings that they did not come to, without notice.
    pub no_show: Option<u64>,
    /// Meetings that they were excused from.
    pub excused: Option<u64>,
    /// Cancelled meetings.
    pub cancelled: Option<u64>,
    /// Minutes of the meetings that participants came to.
    pub minutes_attended: Option<u64>,
    /// Minutes of travel.
    pub minutes_travel: Option<u64>,
    /// Minutes of report writing.
    pub minutes_report: Option<u64>,
    /// Weeks in the measure, begun ones included.
    pub weeks: Option<u64>,
}

/// A cohort's statistics, drawn once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CohortStatistics {
    /// Which cohort.
    pub key: StatisticsKey,
    /// The figures; none where the cohort is too small to show any.
    pub figures: Option<CohortFigures>,
}

impl CohortFigures {
    /// The figures that are sums, by their stable names.
    #[must_use]
    pub fn sums(&self) -> [(&'static str, Option<u64>); 8] {
        [
            ("attended", self.attended),
            ("no_show", self.no_show),
            ("excused", self.excused),
            ("cancelled", self.cancelled),
            ("minutes_attended", self.minutes_attended),
            ("minutes_travel", self.minutes_travel),
            ("minutes_report", self.minutes_report),
            ("weeks", self.weeks),
        ]
    }

    /// The figure of a name that [`sums`](Self::sums) gives.
    pub fn sum_mut(&mut self, name: &str) -> Option<&mut Option<u64>> {
        Some(match name {
            "attended" => &mut self.attended,
            "no_show" => &mut self.no_show,
            "excused" => &mut self.excused,
            "cancelled" => &mut self.cancelled,
            "minutes_attended" => &mut self.minutes_attended,
            "minutes_travel" => &mut self.minutes_travel,
            "minutes_report" => &mut self.minutes_report,
            "weeks" => &mut self.weeks,
            _ => return None,
        })
    }
}

impl CohortStatistics {
    /// Checks that everything can be recorded, and that no figure is of fewer participations
    /// than may be shown.
    /// # Errors
    /// The first thing wrong.
    pub fn validate(&self) -> Result<(), DomainError> {
        self.key.agreement.validate()?;
        let Some(figures) = &self.figures else {
            return Ok(());
        };
        let field = Field::Statistics;
        if figures.participations < limits::COHORT_PARTICIPATIONS_MIN {
            return Err(DomainError::TooFew {
                field,
                min_count: limits::COHORT_PARTICIPATIONS_MIN,
            });
        }
        let Some(areas) = &figures.by_area else {
            return Ok(());
        };
        if areas.len() > limits::AREAS_COUNT_MAX {
            return Err(DomainError::TooMany {
                field: Field::Areas,
                max_count: limits::AREAS_COUNT_MAX,
            });
        }
        for (area, count) in areas {
            check_line(Field::Area, &area.0, limits::LINE_CHARS_MAX)?;
            if *count < limits::COHORT_PARTICIPATIONS_MIN {
                return Err(DomainError::TooFew {
                    field,
                    min_count: limits::COHORT_PARTICIPATIONS_MIN,
                });
            }
        }
        Ok(())
    }
}
