//! Reads TOML. What is wrong is named by its path, such as `pricing.hourly.prices[1].from`.

use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::de::{DeTable, DeValue, Deserializer};

use super::terms::{TermsError, TermsProblem};

/// What an error is about that is about the whole text.
const WHOLE: &str = "toml";

/// Reads TOML.
/// # Errors
/// Where it is none, or something is missing, unknown or of another type, and why.
pub(super) fn read_toml<T: DeserializeOwned>(text: &str) -> Result<T, TermsError> {
    let read = Deserializer::parse(text).and_then(|input| T::deserialize(input));
    read.map_err(|error| {
        let path = error.span().and_then(|place| path_at(text, &place));
        let why = error.message().trim().to_owned();
        TermsError {
            path: path.unwrap_or_else(|| WHOLE.to_owned()),
            problem: TermsProblem::Unreadable(why),
        }
    })
}

/// The path of the key or value that stands at a place of the text.
fn path_at(text: &str, place: &Range<usize>) -> Option<String> {
    in_table(DeTable::parse(text).ok()?.get_ref(), place)
}

fn in_table(table: &DeTable<'_>, place: &Range<usize>) -> Option<String> {
    table.iter().find_map(|(key, value)| {
        let behind = in_value(value.get_ref(), value.span(), place);
        let here = (key.span() == *place).then(String::new);
        let behind = behind.or(here)?;
        Some(format!("{}{behind}", key.get_ref()))
    })
}

/// What has to be put behind a value's own path: nothing for the value itself. What is inside comes
/// first, for the first table of a list stands where the list does.
fn in_value(value: &DeValue<'_>, span: Range<usize>, place: &Range<usize>) -> Option<String> {
    let inside = match value {
        DeValue::Table(table) => in_table(table, place).map(|path| format!(".{path}")),
        DeValue::Array(items) => items.iter().enumerate().find_map(|(number, item)| {
            let behind = in_value(item.get_ref(), item.span(), place)?;
            Some(format!("[{number}]{behind}"))
        }),
        _ => None,
    };
    inside.or_else(|| (span == *place).then(String::new))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Whole {
        #[serde(default, rename = "list")]
        _list: Vec<Part>,
        #[serde(default, rename = "table")]
        _table: BTreeMap<String, Part>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Part {
        #[serde(rename = "number")]
        _number: u8,
    }

    #[test]
    fn what_is_wrong_is_named_by_its_path() {
        for (text, path) in [
            ("what = 1", "what"),
            ("list = 1", "list"),
            ("list = [1]", "list[0]"),
            ("list = [{}]", "list[0]"),
            ("list = [{ number = 1 }, { number = -1 }]", "list[1].number"),
            ("[[list]]\nno = 1", "list[0].no"),
            ("[[list]]", "list[0]"),
            (
                "[[list]]\nnumber = 1\n[[list]]\nnumber = \"a\"",
                "list[1].number",
            ),
            ("[table.a]\nnumber = 1\n[table.b]", "table.b"),
            ("table.a.number = 300", "table.a.number"),
            ("table.a = 300", "table.a"),
            ("list = [", "toml"),
            ("list = 1\nlist = 2", "toml"),
        ] {
            let error = read_toml::<Whole>(text).unwrap_err();
            assert_eq!(error.path, path, "{text}: {error}");
        }
    }
}
