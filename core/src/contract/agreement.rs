//! An agreement (avtale) with NAV: its terms by the day from which they hold.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::terms::{Terms, TermsError};
use crate::domain::{AgreementKey, DomainError, Field, LocalDate, check_line, check_text, limits};

/// A change to an agreement, as bilag 6 numbers them (Q5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgreementChange {
    /// Its number in the change catalogue.
    pub number: u32,
    /// The day on which both parties had signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed: Option<LocalDate>,
    /// What is changed, price and time included.
    pub description: String,
}

/// The terms from a day on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgreementVersion {
    /// The change that brought them; none for the agreement as it was signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<AgreementChange>,
    /// The terms.
    pub terms: Terms,
}

/// An agreement with NAV.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreement {
    /// Its key.
    pub key: AgreementKey,
    /// The terms by the first day on which they hold. The first of them begins the agreement.
    pub versions: BTreeMap<LocalDate, AgreementVersion>,
}

impl Agreement {
    /// An agreement as it was signed.
    #[must_use]
    pub fn new(key: AgreementKey, from: LocalDate, terms: Terms) -> Self {
        let version = AgreementVersion {
            change: None,
            terms,
        };
        Self {
            key,
            versions: BTreeMap::from([(from, version)]),
        }
    }

    /// The terms that hold on a day. Before the first version the first holds: what happened
    /// before an agreement began is judged by no other.
    #[must_use]
    pub fn terms_on(&self, day: LocalDate) -> Option<&Terms> {
        let held = self.versions.range(..=day).next_back();
        held.or_else(|| self.versions.first_key_value())
            .map(|(_, version)| &version.terms)
    }

    /// The newest terms, whether they hold already or not: what the agreement is called by.
    #[must_use]
    pub fn newest(&self) -> Option<&Terms> {
        self.versions.values().next_back().map(|v| &v.terms)
    }

    /// What the measure is called (tiltak), such as `Oppfølging`.
    #[must_use]
    pub fn measure(&self) -> &str {
        self.newest().map_or("", |terms| &terms.measure)
    }

    /// The day on which the agreement begins.
    #[must_use]
    pub fn begins(&self) -> Option<LocalDate> {
        self.versions.keys().next().copied()
    }

    /// Adds a change with the day from which it holds.
    pub fn change(&mut self, from: LocalDate, change: AgreementChange, terms: Terms) {
        let version = AgreementVersion {
            change: Some(change),
            terms,
        };
        self.versions.insert(from, version);
    }

    /// Checks that everything can be recorded. The terms themselves are checked by
    /// [`Terms::check`], which names the path of what is wrong; here that is only counted wrong.
    /// # Errors
    /// The first thing wrong.
    pub fn validate(&self) -> Result<(), DomainError> {
        self.key.validate()?;
        if self.versions.is_empty() {
            return Err(DomainError::Missing {
                field: Field::Terms,
            });
        }
        if self.versions.len() > limits::VERSIONS_COUNT_MAX {
            return Err(DomainError::TooMany {
                field: Field::Versions,
                max_count: limits::VERSIONS_COUNT_MAX,
            });
        }
        for version in self.versions.values() {
            if let Some(change) = &version.change {
                if change.description.trim().is_empty() {
                    return Err(DomainError::Missing {
                        field: Field::ChangeDescription,
                    });
                }
                check_text(
                    Field::ChangeDescription,
                    &change.description,
                    limits::NOTE_CHARS_MAX,
                )?;
            }
            check_line(
                Field::Measure,
                &version.terms.measure,
                limits::LINE_CHARS_MAX,
            )?;
        }
        self.check_terms().map_err(|_| DomainError::Unreadable {
            field: Field::Terms,
        })
    }

    /// Checks the terms of every version.
    /// # Errors
    /// The path and the problem of the first that is wrong.
    pub fn check_terms(&self) -> Result<(), TermsError> {
        self.versions
            .values()
            .try_for_each(|version| version.terms.check())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_hold_from_their_day_until_the_next() {
        let day = |text: &str| text.parse::<LocalDate>().unwrap();
        let mut terms = Terms::oppfolging_agder().unwrap();
        let mut agreement = Agreement::new("a".into(), day("2026-01-01"), terms.clone());
        terms.hours.average_per_month = 12;
        let change = AgreementChange {
            number: 1,
            signed: None,
            description: "Snitt 12 timer".into(),
        };
        agreement.change(day("2026-03-16"), change, terms);
        assert_eq!(agreement.validate(), Ok(()));
        let hours = |text: &str| {
            let terms = agreement.terms_on(day(text));
            terms.map(|terms| terms.hours.average_per_month)
        };
        assert_eq!(hours("2026-03-15"), Some(10));
        assert_eq!(hours("2026-03-16"), Some(12));
        assert_eq!(hours("2025-01-01"), Some(10));
        let mut bad = agreement.clone();
        for version in bad.versions.values_mut() {
            version.terms.hours.average_per_month = 0;
        }
        assert_eq!(
            bad.check_terms().unwrap_err().path,
            "hours.average_per_month"
        );
        assert!(bad.validate().is_err());
        bad.versions.clear();
        assert!(bad.validate().is_err());
    }
}
