//! What records, fields and values are called, for histories and conflicts.

use folge_core::domain::text::pick;
use folge_core::rights;

use crate::error::FolgeError;
use crate::shape::Given;
use crate::types::{RecordRef, Wording};

/// What a kind of record is called, such as Møte.
#[uniffi::export]
pub fn record_words(record: RecordRef) -> Result<Wording, FolgeError> {
    let record = record.given()?;
    Ok(Wording::of(|language| {
        pick(rights::record_words(&record), language)
    }))
}

/// What a field of a record is called, such as Oppmøte for `out`: for a line of the history and for
/// a conflict. None for a field that this version does not know.
#[uniffi::export]
pub fn field_words(record: RecordRef, field: String) -> Result<Option<Wording>, FolgeError> {
    let words = rights::field_words(&record.given()?, &field);
    Ok(words.map(|both| Wording::of(|language| pick(both, language))))
}

/// A field's value as people read it: times as dates, codes in words. The keys of employers and
/// staff stand as they are: their names are in the register.
#[uniffi::export]
pub fn value_words(record: RecordRef, field: String, value: String) -> Result<Wording, FolgeError> {
    let record = record.given()?;
    Ok(Wording::of(|language| {
        rights::value_words(&record, &field, &value, language)
    }))
}
