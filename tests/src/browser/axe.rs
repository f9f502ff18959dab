//! axe-core over a page: what people who see, hear or move otherwise would stumble over.

use serde_json::{Value, json};

use super::{Browser, fail};

/// The rules of WCAG 2.2 A and AA that a program can check.
const TAGS: [&str; 5] = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/// What people act on: each says what it is for.
const ACTED_ON: [&str; 11] = [
    "button",
    "checkbox",
    "combobox",
    "Date",
    "image",
    "InputTime",
    "link",
    "radio",
    "searchbox",
    "textbox",
    "DisclosureTriangle",
];

/// Asserts that everything that is acted on says what it is for, and that axe-core finds nothing on the page as it is now, light and dark. It runs in a world
/// of its own beside the page, so that the page's policy stays as it is.
pub fn axe(browser: &Browser) {
    let path = super::built("axe", "axe.min.js", "FOLGE_AXE");
    let source = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| fail(&format!("{}: {error}", path.display())));
    for scheme in ["light", "dark"] {
        browser.scheme(scheme);
        let found = violations(browser, &source);
        if !found.is_empty() {
            fail(&format!(
                "{} in {scheme}: axe finds\n  {}",
                browser.name(),
                found.join("\n  ")
            ));
        }
    }
    browser.scheme("");
    for (role, name) in browser.read_aloud() {
        if ACTED_ON.contains(&role.as_str()) && name.is_empty() {
            fail(&format!(
                "{}: a {role} is read aloud without a name",
                browser.name()
            ));
        }
    }
}

fn violations(browser: &Browser, source: &str) -> Vec<String> {
    let tree = browser.cdp("Page.getFrameTree", json!({}));
    let frame = &tree["frameTree"]["frame"]["id"];
    let world = browser.cdp("Page.createIsolatedWorld", json!({ "frameId": frame }));
    let context = &world["executionContextId"];
    let evaluate = |expression: String| {
        let answer = browser.cdp(
            "Runtime.evaluate",
            json!({
                "contextId": context,
                "expression": expression,
                "awaitPromise": true,
                "returnByValue": true,
            }),
        );
        if !answer["exceptionDetails"].is_null() {
            fail(&format!("axe: {}", answer["exceptionDetails"]));
        }
        answer["result"]["value"].clone()
    };
    evaluate(format!("{source}\n;1"));
    let tags = json!(TAGS);
    // What is moving has other colours on its way.
    let result = evaluate(format!(
        "Promise.allSettled(document.getAnimations().map((one) => one.finished)).then(() =>
           axe.run(document, {{ runOnly: {{ type: 'tag', values: {tags} }} }})).then((result) => ({{
             checked: result.passes.length,
             found: result.violations.flatMap((rule) => rule.nodes.map((node) =>
               `${{rule.id}} (${{rule.impact}}): ${{node.target.join(' ')}}: ` +
               node.failureSummary.split('\\n').slice(1).join('; '))) }}))"
    ));
    // A page on which nothing can be checked would pass by being empty.
    if result["checked"].as_u64().unwrap_or_default() == 0 {
        fail("axe found nothing that it could check: the page is empty");
    }
    let found = result["found"].as_array().cloned().unwrap_or_default();
    found
        .iter()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}
