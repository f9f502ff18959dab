//! Code lists: those built in, and others read from TOML. They are NAV's: the office imports a new
//! one when NAV has one (B3), and it replaces the one built in.
//!
//! The list of labour-market statuses at the end is in neither tender (R4), so none is built in:
//! until the office imports one, reports name it as missing.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::activities::ACTIVITIES;
use super::terms::{TermsError, TermsProblem};
use crate::domain::{CodeList, CodeListName, EndReasonKind, Language};

/// The list that is built in; none for what NAV has not given.
#[must_use]
pub fn built_in(name: CodeListName) -> Option<CodeList> {
    let entries: BTreeMap<String, String> = match name {
        CodeListName::EndStatuses => return None,
        CodeListName::Activities => ACTIVITIES
            .iter()
            .map(|activity| (activity.code.to_owned(), activity.label.0.to_owned()))
            .collect(),
        CodeListName::EndReasons => EndReasonKind::ALL
            .iter()
            .map(|kind| {
                (
                    kind.code().to_owned(),
                    kind.text(Language::Norwegian).to_owned(),
                )
            })
            .collect(),
    };
    Some(CodeList {
        name,
        source: "NAV".into(),
        entries,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    list: CodeListName,
    source: String,
    codes: BTreeMap<String, String>,
}

/// Reads a code list from TOML: `list`, `source`, and under `[codes]` a text for each code.
/// # Errors
/// The path and the problem of the first that is missing, unknown or empty.
pub fn from_toml(text: &str) -> Result<CodeList, TermsError> {
    let form: Form = super::reading::read_toml(text)?;
    let list = CodeList {
        name: form.list,
        source: form.source,
        entries: form.codes,
    };
    list.validate().map_err(|error| TermsError {
        path: "codes".into(),
        problem: TermsProblem::Unreadable(error.to_string()),
    })?;
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn navs_end_statuses_are_imported_and_never_invented() {
        assert_eq!(built_in(CodeListName::EndStatuses), None);
        for name in [CodeListName::Activities, CodeListName::EndReasons] {
            assert_eq!(built_in(name).unwrap().validate(), Ok(()));
        }
        let list = from_toml(
            "list = \"end_statuses\"\nsource = \"NAV Agder, januar 2026\"\n[codes]\nARBEID = \
             \"I arbeid\"\nUTDANNING = \"I utdanning\"\n",
        )
        .unwrap();
        assert_eq!(
            (list.name, list.entries.len()),
            (CodeListName::EndStatuses, 2)
        );
        for (bad, path) in [
            (
                "list = \"x\"\nsource = \"NAV\"\n[codes]\nA = \"a\"\n",
                "list",
            ),
            (
                "list = \"activities\"\nsource = \"NAV\"\n[codes]\n",
                "codes",
            ),
            (
                "list = \"activities\"\nsource = \"NAV\"\n[codes]\nA = \"\"\n",
                "codes",
            ),
            (
                "list = \"activities\"\nsource = \"NAV\"\n[codes]\nA = 1\n",
                "codes.A",
            ),
        ] {
            assert_eq!(from_toml(bad).unwrap_err().path, path);
        }
    }
}
