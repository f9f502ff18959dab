//! Older schemas.
//!
//! A document is never rewritten because the program is newer: devices of several versions
//! share it, and two that each rewrote it would conflict with each other. Instead the fields of
//! a record are raised to the newest schema as they are read, and the `schema` number is raised
//! by the next change that somebody makes anyway. A step must therefore leave fields alone that
//! are already as the newer version wants them.

use super::schema::{FieldMap, RecordRef, SCHEMA_VERSION};

/// Raises one record's fields by one version.
pub(crate) type Step = fn(&RecordRef, &mut FieldMap);

/// `STEPS[n]` raises version `n + 1` to `n + 2`.
pub(crate) const STEPS: &[Step] = &[];

const _: () = assert!(STEPS.len() as u64 == SCHEMA_VERSION - 1);

/// Raises fields found in a document of version `from`.
pub(crate) fn raise(steps: &[Step], from: u64, record: &RecordRef, fields: &mut FieldMap) {
    let done = usize::try_from(from.saturating_sub(1)).unwrap_or(usize::MAX);
    for step in steps.iter().skip(done) {
        step(record, fields);
    }
}

#[cfg(test)]
mod tests {
    use super::super::schema::Scalar;
    use super::*;

    #[test]
    fn an_older_record_is_raised_through_every_later_version() {
        let rename: Step = |_, fields| {
            if let Some(value) = fields.remove("telephone") {
                fields.entry("tel".into()).or_insert(value);
            }
        };
        let fill: Step = |record, fields| {
            if *record == RecordRef::Participation {
                fields
                    .entry("country".into())
                    .or_insert(Scalar::Text("NO".into()));
            }
        };
        let steps = [rename, fill];
        let old = FieldMap::from([("telephone".into(), Scalar::Text("1".into()))]);
        let mut from_1 = old.clone();
        raise(&steps, 1, &RecordRef::Participation, &mut from_1);
        assert_eq!(from_1.keys().collect::<Vec<_>>(), ["country", "tel"]);
        let mut again = from_1.clone();
        raise(&steps, 1, &RecordRef::Participation, &mut again);
        assert!(again == from_1);
        let mut from_2 = old;
        raise(&steps, 2, &RecordRef::Participation, &mut from_2);
        assert_eq!(from_2.keys().collect::<Vec<_>>(), ["country", "telephone"]);
    }
}
