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

#[cfg(test)]
mod tests {
    use super::super::schema::RecordRef;
    use super::*;
    use crate::contract::billing::tests::{File, visit};

    fn view(change: impl FnOnce(&mut RecordRow, &mut RecordRow)) -> CaseView {
        let row = |record: Record| RecordRow {
            record,
            voided: None,
            conflicts: Vec::new(),
            damaged: Vec::new(),
            changed_by: None,
            changed_ms: 0,
        };
        let file = File::new(1);
        let met = visit(1, "2026-02-03", 60);
        let id = met.id;
        let mut participation = row(Record::Participation(Box::new(file.participation)));
        let mut met = row(Record::Visit(met));
        change(&mut participation, &mut met);
        let mut view = CaseView::default();
        view.rows.insert(RecordRef::Participation, participation);
        view.rows.insert(RecordRef::Visit(id), met);
        view
    }

    fn doubts(view: &CaseView) -> (Option<Doubt>, bool, Option<Doubt>) {
        let case = view.billing_case(DocumentId([1; 16])).unwrap();
        (case.doubt, case.restricted, case.visits[0].doubt)
    }

    #[test]
    fn only_what_money_hangs_on_holds_money_back() {
        let sure = view(|participation, met| {
            participation.conflicts = vec!["tel".into(), "mail".into()];
            met.conflicts = vec!["note".into()];
            met.damaged = vec!["act".into()];
        });
        assert_eq!(doubts(&sure), (None, false, None));
        for field in ["area", "start", "end", "agreement", "status"] {
            let view = view(|participation, _| participation.conflicts = vec![field.into()]);
            assert_eq!(doubts(&view), (Some(Doubt::Conflict), false, None));
        }
        for field in ["start", "end", "form", "with", "staff", "out", "group"] {
            let view = view(|_, met| met.damaged = vec![field.into()]);
            assert_eq!(doubts(&view), (None, false, Some(Doubt::Damaged)));
        }
    }

    #[test]
    fn a_restriction_holds_while_two_devices_disagree_on_it() {
        let view = view(|participation, _| {
            participation.conflicts = vec![FIELD_RESTRICTED.into()];
        });
        assert_eq!(doubts(&view), (None, true, None));
    }

    #[test]
    fn a_casefile_without_its_participation_is_not_billed() {
        assert!(
            CaseView::default()
                .billing_case(DocumentId([1; 16]))
                .is_none()
        );
    }
}
