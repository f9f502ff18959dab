//! The WebDriver protocol, as far as it is needed: requests to a chromedriver process of ours.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

/// What chromedriver answers where something fails: its code for it, and its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) code: String,
    pub(super) words: String,
}

impl Refused {
    fn new(code: &str, words: impl ToString) -> Self {
        Self {
            code: code.to_owned(),
            words: words.to_string(),
        }
    }
}

/// A chromedriver process. Killed when dropped, with its browsers.
#[derive(Debug)]
pub(super) struct Driver {
    child: Child,
    url: String,
    agent: ureq::Agent,
}

impl Driver {
    pub(super) fn start() -> std::io::Result<Self> {
        let mut child = Command::new("chromedriver")
            .arg("--port=0")
            .env("TZ", "Europe/Oslo")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| {
                std::io::Error::other(format!(
                    "chromedriver does not start ({error}); `cargo xtask test --only packages` \
                     installs it, or says what to install"
                ))
            })?;
        let stdout = child.stdout.take();
        let missing = || std::io::Error::other("chromedriver did not say where it listens");
        let mut lines = BufReader::new(stdout.ok_or_else(missing)?).lines();
        let port = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| {
                let port = line.split("started successfully on port ").nth(1)?;
                port.trim_end_matches('.').parse::<u16>().ok()
            })
            .ok_or_else(missing)?;
        // Whoever stops reading would make it wait.
        std::thread::spawn(move || lines.for_each(drop));
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(180)))
            .http_status_as_error(false)
            .build();
        Ok(Self {
            child,
            url: format!("http://127.0.0.1:{port}"),
            agent: config.into(),
        })
    }

    pub(super) fn post(&self, path: &str, body: &Value) -> Result<Value, Refused> {
        let request = self.agent.post(format!("{}{path}", self.url));
        let request = request.header("content-type", "application/json");
        answer(request.send(body.to_string()))
    }

    pub(super) fn get(&self, path: &str) -> Result<Value, Refused> {
        answer(self.agent.get(format!("{}{path}", self.url)).call())
    }

    pub(super) fn delete(&self, path: &str) -> Result<Value, Refused> {
        answer(self.agent.delete(format!("{}{path}", self.url)).call())
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Asked to end, it ends its browsers too; killed, it would leave them.
        let _ = self.get("/shutdown");
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn answer(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Value, Refused> {
    let mut answer = answer.map_err(|error| Refused::new("no answer", error))?;
    let text = answer
        .body_mut()
        .with_config()
        .limit(512 * 1024 * 1024)
        .read_to_string()
        .map_err(|error| Refused::new("no answer", error))?;
    let mut body: Value =
        serde_json::from_str(&text).map_err(|error| Refused::new("no JSON", error))?;
    let value = body["value"].take();
    match value["error"].as_str() {
        Some(code) if !answer.status().is_success() => {
            let words = value["message"].as_str().unwrap_or_default();
            let words = words.lines().next().unwrap_or_default();
            Err(Refused::new(code, words))
        }
        _ => Ok(value),
    }
}
