//! The worked cases of the agreement's rules, put through the product's own functions. The folder
//! is `tests/cases`, or the one that `CONTRACT_CASES` names.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::PathBuf;

use folge_tests::cases::{own_dir, run};

#[test]
fn every_worked_case_comes_out_as_expected() {
    let dir = std::env::var_os("CONTRACT_CASES").map_or_else(own_dir, PathBuf::from);
    let outcome = run(&dir).unwrap();
    for (kind, count) in &outcome.counts {
        println!("{kind}: {count} cases");
    }
    assert!(
        outcome.failures.is_empty(),
        "{} cases fail:\n{}",
        outcome.failures.len(),
        outcome.failures.join("\n")
    );
}

#[test]
fn an_empty_folder_and_an_unknown_kind_fail() {
    let dir = tempfile::tempdir().unwrap();
    assert!(run(dir.path()).unwrap_err().contains("no case"));
    let file = dir.path().join("other.json");
    let case = r#"[{"id":"one","kind":"nothing","input":{},"expect":{}}]"#;
    std::fs::write(&file, case).unwrap();
    let outcome = run(dir.path()).unwrap();
    assert!(outcome.failures[0].contains("one (nothing): there is no kind nothing"));
    std::fs::write(&file, "{}").unwrap();
    assert!(run(dir.path()).unwrap_err().contains("other.json"));
}

#[test]
fn a_wrong_figure_is_named_with_case_and_place() {
    let dir = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(own_dir().join("billing_place.json")).unwrap();
    let wrong = text.replacen("0.22727", "0.22728", 1);
    std::fs::write(dir.path().join("place.json"), wrong).unwrap();
    let outcome = run(dir.path()).unwrap();
    assert_eq!(outcome.failures.len(), 1);
    let failure = &outcome.failures[0];
    assert!(
        failure.starts_with("place-nav-0") && failure.contains("factors/p0"),
        "{failure}"
    );
}
