//! A casefile's rows as billing sees them: which of a record's fields money hangs on, and whether
//! one of them is in conflict or cannot be read.

use folge_protocol::ids::DocumentId;

use super::projection::{CaseView, RecordRow};
use super::schema::{FIELD_RESTRICTED, Record};
use crate::contract::billing::{Case, Doubt, Fact};

/// The fields that money hangs on, by record. A conflict in a note holds no money back.
const PARTICIPATION: &[&str] = &["area", "start", "end", "agreement", "status"];
const VISIT: &[&str] = &["start", "end", "form", "with", "staff", "out", "group"];
const TRIP: &[&str] = &["min", "visits", "of"];
const REPORT: &[&str] = &["kind", "min", "delivered"];
const BILLED: &[&str] = &["is"];

impl RecordRow {
    /// Whether one of these fields is in conflict or cannot be read.
    pub(crate) fn doubt(&self, fields: &[&str]) -> Option<Doubt> {
        let names = |list: &[String]| list.iter().any(|name| fields.contains(&name.as_str()));
        if names(&self.conflicts) {
            Some(Doubt::Conflict)
        } else if names(&self.damaged) {
            Some(Doubt::Damaged)
        } else {
            None
        }
    }

    /// A record of the register, such as an agreement or a claim, where any doubt counts.
    pub(crate) fn any_doubt(&self) -> Option<Doubt> {
        if !self.conflicts.is_empty() {
            Some(Doubt::Conflict)
        } else if self.damaged.is_empty() {
            None
        } else {
            Some(Doubt::Damaged)
        }
    }

    fn fact<'a, T>(&self, value: &'a T, fields: &[&str]) -> Fact<'a, T> {
        Fact {
            value,
            voided: self.voided.is_some(),
            doubt: self.doubt(fields),
        }
    }
}

impl CaseView {
    /// The casefile as billing sees it; none before its participation has arrived.
    #[must_use]
    pub fn billing_case(&self, id: DocumentId) -> Option<Case<'_>> {
        let mut case = Case::new(id, self.participation()?);
        for row in self.rows.values() {
            match &row.record {
                Record::Participation(_) => {
                    case.doubt = row.doubt(PARTICIPATION);
                    // Of two devices one may have lifted it: then it holds until that is settled.
                    case.restricted |= row.doubt(&[FIELD_RESTRICTED]).is_some();
                }
                Record::Visit(visit) => case.visits.push(row.fact(visit, VISIT)),
                Record::Trip(trip) => case.trips.push(row.fact(trip, TRIP)),
                Record::Report(report) => case.reports.push(row.fact(report, REPORT)),
                Record::Billed(billed) => case.billed.push(row.fact(billed, BILLED)),
                _ => {}
            }
        }
        Some(case)
    }
}
