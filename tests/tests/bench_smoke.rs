//! The benchmark program runs, prints its table and writes its figures. What they are is no
//! test's matter.

use std::process::Command;

#[test]
fn a_quick_run_gives_every_benchmark_figures() {
    let dir = tempfile::tempdir().unwrap();
    let json = dir.path().join("bench.json");
    // As other tests do: built where it is not there yet.
    folge_tests::relay::RelayProcess::program().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_bench"))
        .args(["--quick", "--json"])
        .arg(&json)
        .arg("--data")
        .arg(dir.path())
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let table = String::from_utf8(output.stdout).unwrap();
    let found: serde_json::Value = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
    assert!(found["machine"]["cores"].as_u64().unwrap() > 0);
    for name in ["sync", "office", "relay", "phone", "trust", "contract"] {
        let figures = found["figures"].as_array().unwrap();
        assert!(figures.iter().any(|figure| figure["benchmark"] == name));
        assert!(table.lines().any(|line| line.starts_with(name)), "{table}");
    }
}

#[test]
fn an_unknown_benchmark_is_named_in_the_error() {
    let output = Command::new(env!("CARGO_BIN_EXE_bench"))
        .args(["--only", "nothing"])
        .output()
        .unwrap();
    assert!(!output.status.success());
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("no benchmark nothing"), "{text}");
}
