//! Worked cases of the agreement's rules, in the form of `tests/cases`: each is put through the
//! product's own functions and compared with what is expected.

mod deadlines;
mod hourly;
mod identity;
mod place;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A worked case.
#[derive(Debug, Clone, Deserialize)]
pub struct WorkedCase {
    /// Its name.
    pub id: String,
    /// Which rule it is about.
    pub kind: String,
    /// What goes in.
    pub input: Value,
    /// What must come out.
    pub expect: Value,
}

/// What came of a folder of cases.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// Cases by kind.
    pub counts: BTreeMap<String, usize>,
    /// Each case that failed, with its first difference.
    pub failures: Vec<String>,
}

/// The project's own copy of the cases.
#[must_use]
pub fn own_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cases")
}

/// Puts every case of every `*.json` in a folder to the test.
/// # Errors
/// Where the folder or a file cannot be read, or there is no case.
pub fn run(dir: &Path) -> Result<Outcome, String> {
    let mut outcome = Outcome::default();
    let entries = fs::read_dir(dir).map_err(|error| format!("{}: {error}", dir.display()))?;
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in entries {
        let path = entry
            .map_err(|error| format!("{}: {error}", dir.display()))?
            .path();
        if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            files.push(path);
        }
    }
    files.sort();
    for file in files {
        let name = file.display();
        let text = fs::read_to_string(&file).map_err(|error| format!("{name}: {error}"))?;
        let cases: Vec<WorkedCase> =
            serde_json::from_str(&text).map_err(|error| format!("{name}: {error}"))?;
        for case in cases {
            *outcome.counts.entry(case.kind.clone()).or_default() += 1;
            if let Err(difference) = check(&case) {
                let failure = format!("{} ({}): {difference}", case.id, case.kind);
                outcome.failures.push(failure);
            }
        }
    }
    if outcome.counts.is_empty() {
        return Err(format!("{}: there is no case in it", dir.display()));
    }
    Ok(outcome)
}

fn check(case: &WorkedCase) -> Result<(), String> {
    let found = match case.kind.as_str() {
        "billing_hourly" => hourly::run(&read(&case.input)?)?,
        "billing_place" => place::run(&read(&case.input)?)?,
        "deadlines" => deadlines::run(&read(&case.input)?)?,
        "national_id" => identity::national_ids(&read::<Vec<String>>(&case.input)?),
        "pseudonym" => identity::pseudonyms(&read::<Vec<identity::Person>>(&case.input)?),
        "holidays" => identity::holidays(&read::<Vec<i16>>(&case.input)?),
        other => return Err(format!("there is no kind {other}")),
    };
    first_difference("", &case.expect, &found).map_or(Ok(()), Err)
}

fn read<T: DeserializeOwned>(input: &Value) -> Result<T, String> {
    serde_json::from_value(input.clone()).map_err(|error| format!("input: {error}"))
}

/// Where two values differ first.
fn first_difference(path: &str, expected: &Value, found: &Value) -> Option<String> {
    if let (Value::Object(expected), Value::Object(found)) = (expected, found) {
        let keys = expected.keys().chain(found.keys());
        return keys
            .map(|key| {
                let part = |of: &serde_json::Map<String, Value>| of.get(key).cloned();
                let path = format!("{path}/{key}");
                match (part(expected), part(found)) {
                    (Some(expected), Some(found)) => first_difference(&path, &expected, &found),
                    (Some(expected), None) => Some(format!("{path}: {expected} is missing")),
                    (None, found) => {
                        Some(format!("{path}: {} is too much", found.unwrap_or_default()))
                    }
                }
            })
            .find_map(|difference| difference);
    }
    (expected != found).then(|| format!("{path}: expected {expected}, found {found}"))
}

/// What went wrong, as text.
fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::first_difference;

    #[test]
    fn a_difference_is_named_with_its_path() {
        let expected = json!({"p0": {"2026-02": {"quarters": 1}}});
        assert_eq!(first_difference("", &expected, &expected), None);
        let other = json!({"p0": {"2026-02": {"quarters": 2}}});
        let text = first_difference("", &expected, &other).unwrap_or_default();
        assert_eq!(text, "/p0/2026-02/quarters: expected 1, found 2");
        let more = json!({"p0": {"2026-02": {"quarters": 1}}, "p1": {}});
        let text = first_difference("", &expected, &more).unwrap_or_default();
        assert!(text.contains("/p1"), "{text}");
        let text = first_difference("", &more, &expected).unwrap_or_default();
        assert!(text.contains("missing"), "{text}");
    }
}
