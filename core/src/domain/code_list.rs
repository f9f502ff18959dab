//! Code lists that NAV owns and the office imports (B3): end statuses, end reasons, activities.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{DomainError, Field, check_line, limits};

codes! {
    /// Which list.
    CodeListName {
        /// Labour-market status at the end (B3, N5): NAV's, and in neither tender.
        EndStatuses = "end_statuses",
        /// End reasons (sluttårsaker).
        EndReasons = "end_reasons",
        /// Activities.
        Activities = "activities",
    }
}

/// A code list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeList {
    /// Which.
    pub name: CodeListName,
    /// Where it comes from.
    pub source: String,
    /// What each code means, in Bokmål.
    pub entries: BTreeMap<String, String>,
}

impl CodeList {
    /// Checks that everything can be recorded.
    /// # Errors
    /// The first thing wrong.
    pub fn validate(&self) -> Result<(), DomainError> {
        check_line(Field::Source, &self.source, limits::LINE_CHARS_MAX)?;
        if self.entries.is_empty() {
            return Err(DomainError::Missing {
                field: Field::Codes,
            });
        }
        if self.entries.len() > limits::CODES_COUNT_MAX {
            return Err(DomainError::TooMany {
                field: Field::Codes,
                max_count: limits::CODES_COUNT_MAX,
            });
        }
        for (code, text) in &self.entries {
            if code.is_empty() || text.trim().is_empty() {
                return Err(DomainError::Missing {
                    field: Field::Codes,
                });
            }
            check_line(Field::Code, code, limits::KEY_CHARS_MAX)?;
            check_line(Field::CodeText, text, limits::LINE_CHARS_MAX)?;
        }
        Ok(())
    }
}
