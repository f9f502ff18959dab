//! Browsers for tests: real Chromium, a profile for each person, and a network for each profile
//! that can be cut.
//!
//! ```no_run
//! use folge_tests::browser::{Lab, Options, axe};
//!
//! let lab = Lab::start(); // the relay's program, handing out target/web/dist
//! let kari = lab.browser("kari", Options::phone());
//! kari.open("/");
//! kari.role("button", "Ny besøksregistrering").click();
//! kari.label("Notat").type_text("møtt kl. ni");
//! kari.network().cut(); // workers have no network either
//! kari.role("button", "Lagre").click();
//! kari.text("Lagret på denne enheten");
//! axe(&kari);
//! kari.network().mend();
//! let kari = kari.restart(); // the same profile, the browser started anew
//! kari.find("[data-screen=today]");
//! ```
//!
//! What looks for something waits until it is there, for [`WAIT`] at most; then the test fails and
//! says what it waited for. A failing test leaves a picture of the page, its console and its markup
//! in `target/web/failures`. All people here are synthetic.
//!
//! Browser tests are marked `#[ignore = "in a browser"]`: `cargo xtask test` builds what they need and runs them
//! (step `browser`). By hand, after `cargo xtask web`:
//! `cargo test -p folge-tests --test browser_shell -- --ignored`.
//!
//! All profiles see one origin, [`ORIGIN`], a secure context whatever port the relay is on. A link
//! made by a native client names the relay's real address: [`Lab::link`] turns it.

#![allow(clippy::panic, reason = "for tests, which fail by panicking")]

mod axe;
mod driver;
mod network;
pub mod staff;
pub mod video;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use folge_core::keys::InvitationLink;
use serde_json::{Value, json};

pub use axe::axe;
use driver::{Driver, Refused};
pub use network::{Network, Slow};

use crate::relay::RelayProcess;

/// Where every browser finds the app and its relay.
pub const ORIGIN: &str = "http://folge.localhost:8787";
const HOST: &str = "folge.localhost";
/// How long something may take until it is there: generous, for machines that do much at once.
pub const WAIT: Duration = Duration::from_secs(40);
const PAUSE: Duration = Duration::from_millis(40);
/// WebDriver's name for what is a reference to an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// Says why a test fails.
#[track_caller]
pub(crate) fn fail(why: &str) -> ! {
    panic!("{why}")
}

#[track_caller]
fn ok<T, E: std::fmt::Display>(result: Result<T, E>, attempted: &str) -> T {
    match result {
        Ok(value) => value,
        Err(error) => fail(&format!("could not {attempted}: {error}")),
    }
}

/// Something that `cargo xtask web` or the step before the tests made, in cargo's target folder or
/// where the environment says.
pub(crate) fn built(folder: &str, file: &str, variable: &str) -> PathBuf {
    let path = std::env::var_os(variable).map(PathBuf::from);
    let path = path.unwrap_or_else(|| target().join("web").join(folder).join(file));
    if !path.exists() {
        fail(&format!(
            "{} is not there: `cargo xtask test --only web --only browser` makes what browser \
             tests need, and runs them",
            path.display()
        ));
    }
    path
}

/// Cargo's target folder, above the program that runs.
fn target() -> PathBuf {
    let program = ok(std::env::current_exe(), "find this program");
    let profile = program
        .ancestors()
        .find(|folder| folder.join("deps").is_dir() || folder.ends_with("deps"));
    let profile = profile.unwrap_or(&program);
    let profile = if profile.ends_with("deps") {
        profile.parent().unwrap_or(profile)
    } else {
        profile
    };
    profile.parent().unwrap_or(profile).to_path_buf()
}

/// What browsers need and is not here, if anything.
#[must_use]
pub fn unavailable() -> Option<String> {
    let page = target().join("web").join("dist").join("index.html");
    if std::env::var_os("FOLGE_WEB_PAGE").is_none() && !page.exists() {
        return Some("the app is not built (`cargo xtask web`)".to_owned());
    }
    let version = Command::new("chromedriver").arg("--version").output();
    version
        .is_err()
        .then(|| "there is no chromedriver (`cargo xtask test --only packages`)".to_owned())
}

/// The folder with the finished app.
#[must_use]
pub fn dist() -> PathBuf {
    let page = built("dist", "index.html", "FOLGE_WEB_PAGE");
    page.parent().map_or_else(PathBuf::new, Path::to_path_buf)
}

/// A relay that hands out the app, and what starts browsers. Everything ends when it is dropped.
#[derive(Debug)]
pub struct Lab {
    driver: Arc<Driver>,
    /// The relay.
    pub relay: RelayProcess,
    addr: SocketAddr,
    dir: tempfile::TempDir,
}

/// How a browser is started.
#[derive(Debug, Clone, Default)]
pub struct Options {
    size: Option<(u32, u32)>,
    touch: bool,
    camera: Option<PathBuf>,
    english: bool,
    flags: Vec<String>,
}

impl Options {
    /// A phone's screen, with touch.
    #[must_use]
    pub fn phone() -> Self {
        Self {
            size: Some((390, 844)),
            touch: true,
            ..Self::default()
        }
    }
    /// An office's screen.
    #[must_use]
    pub fn office() -> Self {
        Self {
            size: Some((1360, 900)),
            ..Self::default()
        }
    }
    /// The narrowest screen that everything has to fit on (WCAG 1.4.10).
    #[must_use]
    pub fn narrow() -> Self {
        Self {
            size: Some((320, 700)),
            touch: true,
            ..Self::default()
        }
    }
    /// A camera that sees a film: see [`video::film`].
    #[must_use]
    pub fn camera(mut self, film: &Path) -> Self {
        self.camera = Some(film.to_owned());
        self
    }
    /// A browser whose person reads English, not Bokmål.
    #[must_use]
    pub fn english(mut self) -> Self {
        self.english = true;
        self
    }
    /// One more flag for Chromium.
    #[must_use]
    pub fn flag(mut self, flag: &str) -> Self {
        self.flags.push(flag.to_owned());
        self
    }
}

impl Lab {
    /// A relay with empty data that hands out the app that was built.
    #[must_use]
    pub fn start() -> Self {
        Self::serving(&dist())
    }

    /// The same with an app from another folder.
    #[must_use]
    pub fn serving(web: &Path) -> Self {
        let dir = ok(tempfile::tempdir(), "make a folder");
        let data = dir.path().join("relay");
        let relay = RelayProcess::start_with(&data, "127.0.0.1:0", &[], |program: &mut Command| {
            program.arg("--web").arg(web);
        });
        let relay = ok(relay, "start the relay");
        let addr = address(&relay.url);
        Self {
            driver: Arc::new(ok(Driver::start(), "start chromedriver")),
            relay,
            addr,
            dir,
        }
    }

    /// Stops the relay, as when its machine is restarted, and starts it with an app from a folder:
    /// on the same data, and for browsers at the same place.
    pub fn restart_relay(&mut self, web: &Path, browsers: &[&Browser]) {
        self.relay.kill();
        let data = self.dir.path().join("relay");
        let relay = RelayProcess::start_with(&data, "127.0.0.1:0", &[], |program: &mut Command| {
            program.arg("--web").arg(web);
        });
        self.relay = ok(relay, "start the relay again");
        self.addr = address(&self.relay.url);
        for browser in browsers {
            browser.network.lead_to(self.addr);
        }
    }

    /// A folder of this lab's own.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// A link that a native client made, as browsers here can follow it: the path to
    /// [`Browser::open`].
    #[must_use]
    pub fn link(&self, link: &InvitationLink) -> String {
        let mut link = link.clone();
        link.relay_url = ORIGIN.to_owned();
        link.to_text().replacen(ORIGIN, "", 1)
    }

    /// A new profile in a browser of its own, with a network of its own.
    #[must_use]
    pub fn browser(&self, name: &str, options: Options) -> Browser {
        let network = ok(Network::to(self.addr), "open a way to the relay");
        let profile = self.dir.path().join(format!("profile-{name}"));
        Browser::start(Arc::clone(&self.driver), name, profile, network, options)
    }
}

fn address(url: &str) -> SocketAddr {
    let text = url.trim_start_matches("http://");
    ok(text.parse(), "read the relay's address")
}

/// One person's browser. Dropped, it closes; its profile stays as long as the lab.
#[derive(Debug)]
pub struct Browser {
    driver: Arc<Driver>,
    session: String,
    name: String,
    profile: PathBuf,
    network: Network,
    options: Options,
}

impl Browser {
    fn start(
        driver: Arc<Driver>,
        name: &str,
        profile: PathBuf,
        network: Network,
        options: Options,
    ) -> Self {
        let map = format!("MAP {HOST} 127.0.0.1:{}, MAP * ~NOTFOUND", network.port());
        let mut args = vec![
            "--headless=new".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-quic".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--no-first-run".to_owned(),
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            "--disable-sync".to_owned(),
            "--use-fake-ui-for-media-stream".to_owned(),
            "--use-fake-device-for-media-stream".to_owned(),
            format!("--user-data-dir={}", profile.display()),
            format!("--host-resolver-rules={map}"),
        ];
        if let Some(film) = &options.camera {
            args.push(format!(
                "--use-file-for-fake-video-capture={}",
                film.display()
            ));
        }
        let language = if options.english {
            "en-GB,en"
        } else {
            "nb-NO,nb"
        };
        args.push(format!("--lang={}", &language[..5]));
        args.extend(options.flags.iter().cloned());
        let mut chrome = json!({
            "args": args,
            "prefs": { "intl.accept_languages": language, "intl.selected_languages": language },
        });
        match options.size {
            Some((width, height)) if options.touch => {
                let metrics =
                    json!({ "width": width, "height": height, "pixelRatio": 1, "touch": true });
                chrome["mobileEmulation"] = json!({ "deviceMetrics": metrics });
            }
            Some((width, height)) => {
                let size = json!(format!("--window-size={width},{height}"));
                if let Some(args) = chrome["args"].as_array_mut() {
                    args.push(size);
                }
            }
            None => {}
        }
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": chrome,
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
            "timeouts": { "script": 120_000, "pageLoad": 120_000, "implicit": 0 },
            "unhandledPromptBehavior": "ignore",
        } } });
        let session = match driver.post("/session", &wanted) {
            Ok(session) => session,
            Err(refused) => fail(&format!("no browser for {name}: {}", refused.words)),
        };
        let session = session["sessionId"].as_str().unwrap_or_default().to_owned();
        let browser = Self {
            driver,
            session,
            name: name.to_owned(),
            profile,
            network,
            options,
        };
        // What a page's policy forbids is kept for the test to ask for.
        let watch = "window.__violations = []; document.addEventListener(
            'securitypolicyviolation', (event) => window.__violations.push(
                `${event.effectiveDirective}: ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));";
        browser.cdp(
            "Page.addScriptToEvaluateOnNewDocument",
            json!({ "source": watch }),
        );
        browser
    }

    /// Whose it is.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its way to the relay.
    #[must_use]
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Closes the browser, as a person does, and starts it with the same profile.
    #[must_use]
    pub fn restart(self) -> Self {
        let (driver, network) = (Arc::clone(&self.driver), self.network.clone());
        let (name, profile) = (self.name.clone(), self.profile.clone());
        let options = self.options.clone();
        drop(self);
        Self::start(driver, &name, profile, network, options)
    }

    /// Kills the browser's processes, as when a phone's battery ends, and starts it again.
    #[must_use]
    pub fn kill_and_restart(self) -> Self {
        if let Some(pid) = self.pid() {
            let _ = Command::new("kill").args(["-9", &pid]).status();
        }
        self.restart()
    }

    /// The process number of the browser.
    fn pid(&self) -> Option<String> {
        // Chromium's own lock on the profile: a link to `host-pid`.
        let lock = std::fs::read_link(self.profile.join("SingletonLock")).ok()?;
        let lock = lock.to_string_lossy().into_owned();
        lock.rsplit('-').next().map(str::to_owned)
    }

    fn path(&self, rest: &str) -> String {
        format!("/session/{}{rest}", self.session)
    }

    #[track_caller]
    fn post(&self, rest: &str, body: Value) -> Value {
        match self.driver.post(&self.path(rest), &body) {
            Ok(value) => value,
            Err(refused) => fail(&format!(
                "{}: {rest}: {} ({})",
                self.name, refused.words, refused.code
            )),
        }
    }

    /// Goes to a path of the app, such as `/` or `/p#...`. Where only what is after `#` differs, the
    /// page stays: see [`Browser::reload`].
    #[track_caller]
    pub fn open(&self, path: &str) {
        self.post("/url", json!({ "url": format!("{ORIGIN}{path}") }));
    }

    /// The same, where the page may fail to load: gives whether it did load.
    #[must_use]
    pub fn try_open(&self, path: &str) -> bool {
        let url = json!({ "url": format!("{ORIGIN}{path}") });
        self.driver.post(&self.path("/url"), &url).is_ok()
    }

    /// Loads the page anew.
    #[track_caller]
    pub fn reload(&self) {
        self.post("/refresh", json!({}));
    }

    /// Opens another tab and goes there. Gives the name of the one before, for [`Browser::tab`].
    #[track_caller]
    pub fn new_tab(&self) -> String {
        let here = self.driver.get(&self.path("/window"));
        let here = here.ok().and_then(|here| Some(here.as_str()?.to_owned()));
        let there = self.post("/window/new", json!({ "type": "tab" }));
        self.tab(there["handle"].as_str().unwrap_or_default());
        here.unwrap_or_default()
    }

    /// Goes to a tab.
    #[track_caller]
    pub fn tab(&self, tab: &str) {
        self.post("/window", json!({ "handle": tab }));
    }

    /// Closes the tab one is in. Go to another one then.
    pub fn close_tab(&self) {
        let _ = self.driver.delete(&self.path("/window"));
    }

    /// Runs a script in the page, the body of a function, and gives what it returns. A promise is
    /// awaited.
    #[track_caller]
    pub fn run(&self, script: &str) -> Value {
        self.run_with(script, &[])
    }

    /// The same with arguments.
    #[track_caller]
    pub fn run_with(&self, script: &str, args: &[Value]) -> Value {
        let body = json!({ "script": script, "args": args });
        self.post("/execute/sync", body)
    }

    /// A command of Chromium's own protocol for the page.
    #[track_caller]
    pub fn cdp(&self, method: &str, params: Value) -> Value {
        let body = json!({ "cmd": method, "params": params });
        self.post("/goog/cdp/execute", body)
    }

    /// Waits until something holds.
    /// # Panics
    /// Where it does not within [`WAIT`].
    #[track_caller]
    pub fn wait(&self, what: &str, mut holds: impl FnMut() -> bool) {
        self.wait_for(what, || holds().then_some(()));
    }

    /// Waits until there is something, and gives it.
    /// # Panics
    /// Where there is nothing within [`WAIT`].
    #[track_caller]
    pub fn wait_for<T>(&self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        let start = Instant::now();
        loop {
            if let Some(found) = look() {
                return found;
            }
            if start.elapsed() > WAIT {
                fail(&format!("{} waited for {what}, in vain", self.name));
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// The first element that a CSS selector finds.
    #[track_caller]
    pub fn find(&self, css: &str) -> Element<'_> {
        self.wait_for(css, || self.all(css).into_iter().next())
    }

    /// All elements that a CSS selector finds now, maybe none.
    #[must_use]
    pub fn all(&self, css: &str) -> Vec<Element<'_>> {
        let by = json!({ "using": "css selector", "value": css });
        let found = self.driver.post(&self.path("/elements"), &by);
        let found = found.ok().and_then(|found| found.as_array().cloned());
        found
            .unwrap_or_default()
            .iter()
            .filter_map(|reference| self.element(reference))
            .collect()
    }

    /// The element that assistive technology knows by a role and a name, such as `button`, `Lagre`.
    #[track_caller]
    pub fn role(&self, role: &str, name: &str) -> Element<'_> {
        self.wait_for(&format!("{role} \"{name}\""), || {
            self.roles(role, |found| found == name).into_iter().next()
        })
    }

    /// The same where the name only begins so.
    #[track_caller]
    pub fn role_beginning(&self, role: &str, name: &str) -> Element<'_> {
        self.wait_for(&format!("{role} \"{name}…\""), || {
            let found = self.roles(role, |found| found.starts_with(name));
            found.into_iter().next()
        })
    }

    /// The field with a label: text, number, date, choice or tick.
    #[track_caller]
    pub fn label(&self, name: &str) -> Element<'_> {
        self.wait_for(&format!("a field \"{name}\""), || {
            let fields = [
                "textbox",
                "combobox",
                "spinbutton",
                "checkbox",
                "radio",
                "switch",
                "Date",
                "InputTime",
                "searchbox",
                "slider",
                "listbox",
            ];
            let nodes = self.accessible(None)?;
            let node = nodes
                .iter()
                .find(|node| fields.contains(&node.role.as_str()) && node.name == name)?;
            self.resolve(node.id)
        })
    }

    /// All elements by role whose name fits, maybe none.
    #[must_use]
    pub fn roles(&self, role: &str, fits: impl Fn(&str) -> bool) -> Vec<Element<'_>> {
        let nodes = self.accessible(Some(role)).unwrap_or_default();
        nodes
            .iter()
            .filter(|node| fits(&node.name))
            .filter_map(|node| self.resolve(node.id))
            .collect()
    }

    /// What assistive technology is told, in the page's order: each role with its name.
    #[must_use]
    pub fn read_aloud(&self) -> Vec<(String, String)> {
        let nodes = self.accessible(None).unwrap_or_default();
        nodes
            .into_iter()
            .map(|node| (node.role, node.name))
            .collect()
    }

    fn accessible(&self, role: Option<&str>) -> Option<Vec<Accessible>> {
        let command = |method: &str, params: Value| {
            let body = json!({ "cmd": method, "params": params });
            self.driver
                .post(&self.path("/goog/cdp/execute"), &body)
                .ok()
        };
        // While a page is changing there may be no document for a moment: looked at again later.
        let document = command("Runtime.evaluate", json!({ "expression": "document" }))?;
        let mut asked = json!({ "objectId": document["result"]["objectId"] });
        if let Some(role) = role {
            asked["role"] = json!(role);
        }
        let answer = command("Accessibility.queryAXTree", asked)?;
        let nodes = answer["nodes"].as_array()?;
        let text = |value: &Value| {
            value["value"]
                .as_str()
                .unwrap_or_default()
                .trim()
                .to_owned()
        };
        let found = nodes
            .iter()
            .filter(|node| node["ignored"] != json!(true))
            .filter_map(|node| {
                Some(Accessible {
                    id: node["backendDOMNodeId"].as_u64()?,
                    role: text(&node["role"]),
                    name: text(&node["name"]),
                })
            });
        Some(found.collect())
    }

    /// The element behind a node of the accessibility tree.
    fn resolve(&self, node: u64) -> Option<Element<'_>> {
        let command = |method: &str, params: Value| {
            let body = json!({ "cmd": method, "params": params });
            self.driver
                .post(&self.path("/goog/cdp/execute"), &body)
                .ok()
        };
        let object = command("DOM.resolveNode", json!({ "backendNodeId": node }))?;
        let object = &object["object"]["objectId"];
        let keep = "function () {
            window.__found = this.nodeType === 1 ? this : this.parentElement; }";
        let call = json!({ "objectId": object, "functionDeclaration": keep });
        command("Runtime.callFunctionOn", call)?;
        let give = json!({
            "script": "const found = window.__found; delete window.__found; return found;",
            "args": [],
        });
        let reference = self.driver.post(&self.path("/execute/sync"), &give).ok()?;
        self.element(&reference)
    }

    fn element(&self, reference: &Value) -> Option<Element<'_>> {
        Some(Element {
            browser: self,
            id: reference[ELEMENT].as_str()?.to_owned(),
        })
    }

    /// Waits until the page shows a text.
    #[track_caller]
    pub fn text(&self, text: &str) {
        self.wait(&format!("the text \"{text}\""), || {
            self.shown().contains(text)
        });
    }

    /// Waits until the page shows a text no more.
    #[track_caller]
    pub fn no_text(&self, text: &str) {
        self.wait(&format!("\"{text}\" to go"), || {
            !self.shown().contains(text)
        });
    }

    /// All text that the page shows.
    #[must_use]
    pub fn shown(&self) -> String {
        let script = json!({ "script": "return document.body?.innerText ?? ''", "args": [] });
        let text = self.driver.post(&self.path("/execute/sync"), &script);
        text.ok()
            .and_then(|text| Some(text.as_str()?.to_owned()))
            .unwrap_or_default()
    }

    /// Presses a key where the focus is: `Tab`, `Shift+Tab`, `Enter`, `Escape`, `Space`, arrows
    /// (`Up`, `Down`, `Left`, `Right`), or a character.
    #[track_caller]
    pub fn press(&self, key: &str) {
        let (shift, key) = key
            .strip_prefix("Shift+")
            .map_or((false, key), |key| (true, key));
        let code = match key {
            "Tab" => "\u{e004}",
            "Enter" => "\u{e007}",
            "Escape" => "\u{e00c}",
            "Space" => " ",
            "Left" => "\u{e012}",
            "Up" => "\u{e013}",
            "Right" => "\u{e014}",
            "Down" => "\u{e015}",
            "Home" => "\u{e011}",
            "End" => "\u{e010}",
            "Backspace" => "\u{e003}",
            other => other,
        };
        let mut actions = vec![
            json!({ "type": "keyDown", "value": code }),
            json!({ "type": "keyUp", "value": code }),
        ];
        if shift {
            actions.insert(0, json!({ "type": "keyDown", "value": "\u{e008}" }));
            actions.push(json!({ "type": "keyUp", "value": "\u{e008}" }));
        }
        let keyboard = json!({ "type": "key", "id": "keyboard", "actions": actions });
        self.post("/actions", json!({ "actions": [keyboard] }));
    }

    /// Draws a line with the pointer through points relative to the middle of an element.
    #[track_caller]
    pub fn draw(&self, on: &Element<'_>, points: &[(i32, i32)]) {
        let origin = json!({ ELEMENT: on.id });
        let mut actions = Vec::new();
        for (index, (x, y)) in points.iter().enumerate() {
            actions.push(json!({
                "type": "pointerMove", "duration": 20, "x": x, "y": y, "origin": origin,
            }));
            if index == 0 {
                actions.push(json!({ "type": "pointerDown", "button": 0 }));
            }
        }
        actions.push(json!({ "type": "pointerUp", "button": 0 }));
        let finger = json!({
            "type": "pointer", "id": "finger", "actions": actions,
            "parameters": { "pointerType": if self.options.touch { "touch" } else { "mouse" } },
        });
        self.post("/actions", json!({ "actions": [finger] }));
    }

    /// The element that has the focus.
    #[track_caller]
    pub fn focused(&self) -> Element<'_> {
        let answer = self.run("return document.activeElement");
        match self.element(&answer) {
            Some(element) => element,
            None => fail("nothing has the focus"),
        }
    }

    /// `light`, `dark`, or with `""` what the browser has by itself.
    #[track_caller]
    pub fn scheme(&self, scheme: &str) {
        let feature = json!({ "name": "prefers-color-scheme", "value": scheme });
        self.cdp(
            "Emulation.setEmulatedMedia",
            json!({ "features": [feature] }),
        );
    }

    /// How many times slower the page's processor shall be. Workers keep theirs.
    #[track_caller]
    pub fn slower_processor(&self, rate: u32) {
        self.cdp("Emulation.setCPUThrottlingRate", json!({ "rate": rate }));
    }

    /// Bounds what the origin may store, in bytes; `None` lifts the bound.
    #[track_caller]
    pub fn quota(&self, bytes: Option<u64>) {
        let mut params = json!({ "origin": ORIGIN });
        if let Some(bytes) = bytes {
            params["quotaSize"] = json!(bytes);
        }
        self.cdp("Storage.overrideQuotaForOrigin", params);
    }

    /// Lets the page's process crash, its dedicated workers with it. Go on with
    /// [`Browser::restart`].
    pub fn crash(&self) {
        let body = json!({ "cmd": "Page.crash", "params": {} });
        // There is nobody left to answer.
        let _ = self.driver.post(&self.path("/goog/cdp/execute"), &body);
    }

    /// Bytes of memory that the page's scripts use, after a collection.
    #[must_use]
    pub fn heap_bytes(&self) -> u64 {
        self.cdp("HeapProfiler.collectGarbage", json!({}));
        let usage = self.cdp("Runtime.getHeapUsage", json!({}));
        usage["usedSize"].as_u64().unwrap_or_default()
    }

    /// What the page's content security policy has forbidden since it was loaded.
    #[must_use]
    pub fn violations(&self) -> Vec<String> {
        texts(&self.run("return window.__violations"))
    }

    /// What the console said since the last call: level and text. Violations of the policy and
    /// failed requests stand there too.
    #[must_use]
    pub fn console(&self) -> Vec<(String, String)> {
        let log = self.log("browser");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        log.iter()
            .map(|line| (text(&line["level"]), text(&line["message"])))
            .collect()
    }

    /// The addresses that the page asked for over a network since the last call.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        self.log("performance")
            .iter()
            .filter_map(|line| serde_json::from_str::<Value>(line["message"].as_str()?).ok())
            .filter_map(|event| {
                let message = &event["message"];
                let field = match message["method"].as_str()? {
                    "Network.requestWillBeSent" => &message["params"]["request"]["url"],
                    "Network.webSocketCreated" => &message["params"]["url"],
                    _ => return None,
                };
                Some(field.as_str()?.to_owned())
            })
            // What is in the page itself, or in Chromium, goes nowhere.
            .filter(|url| ["http", "ws"].iter().any(|scheme| url.starts_with(scheme)))
            .collect()
    }

    fn log(&self, kind: &str) -> Vec<Value> {
        let log = self
            .driver
            .post(&self.path("/se/log"), &json!({ "type": kind }));
        let log = log.ok().and_then(|log| log.as_array().cloned());
        log.unwrap_or_default()
    }

    /// Waits until the app is kept for use without a network.
    #[track_caller]
    pub fn wait_until_kept(&self) {
        self.wait("the service worker to be in charge", || {
            let script =
                json!({ "args": [], "script": "return !!navigator.serviceWorker.controller" });
            let answer = self.driver.post(&self.path("/execute/sync"), &script);
            answer.is_ok_and(|answer| answer == json!(true))
        });
    }

    /// Writes a picture of the page as PNG.
    /// # Errors
    /// Where there is none to be had, or the file cannot be written.
    pub fn screenshot(&self, path: &Path) -> Result<(), Box<dyn std::error::Error>> {
        let picture = self.driver.get(&self.path("/screenshot"));
        let picture = picture.map_err(|Refused { words, .. }| words)?;
        let bytes = base64(picture.as_str().unwrap_or_default()).ok_or("no picture")?;
        Ok(std::fs::write(path, bytes)?)
    }

    /// What somebody needs who looks for why a test failed.
    fn leave_traces(&self) {
        let test = std::thread::current()
            .name()
            .unwrap_or("main")
            .replace("::", "-");
        let folder = target().join("web").join("failures").join(test);
        let write = |ending: &str, text: String| {
            let path = folder.join(format!("{}.{ending}", self.name));
            let _ = std::fs::write(path, text);
        };
        let _ = std::fs::create_dir_all(&folder);
        let _ = self.screenshot(&folder.join(format!("{}.png", self.name)));
        let console: Vec<String> = self
            .console()
            .into_iter()
            .map(|(level, text)| format!("{level}: {text}\n"))
            .collect();
        write("console.txt", console.concat());
        let page = json!({
            "script": "return document.documentElement.outerHTML", "args": [],
        });
        if let Ok(page) = self.driver.post(&self.path("/execute/sync"), &page) {
            write("html", page.as_str().unwrap_or_default().to_owned());
        }
        eprintln!("{}'s page is in {}", self.name, folder.display());
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.leave_traces();
        }
        let _ = self.driver.delete(&self.path(""));
    }
}

struct Accessible {
    id: u64,
    role: String,
    name: String,
}

/// Something on a page.
#[derive(Debug, Clone)]
pub struct Element<'a> {
    browser: &'a Browser,
    id: String,
}

impl Element<'_> {
    fn path(&self, rest: &str) -> String {
        self.browser.path(&format!("/element/{}{rest}", self.id))
    }

    /// Scrolls to it and clicks it, as soon as nothing lies over it and it has stopped moving.
    #[track_caller]
    pub fn click(&self) {
        // By the page's own rules, which know of the menu at its foot; the driver's do not.
        let near = json!({
            "script": "arguments[0].scrollIntoView({ block: 'nearest', behavior: 'instant' })",
            "args": [{ ELEMENT: self.id }],
        });
        let mut last = None;
        let start = Instant::now();
        while start.elapsed() < WAIT {
            let _ = self
                .browser
                .driver
                .post(&self.browser.path("/execute/sync"), &near);
            match self.browser.driver.post(&self.path("/click"), &json!({})) {
                Ok(_) => return,
                Err(refused) => last = Some(refused),
            }
            std::thread::sleep(PAUSE);
        }
        let words = last.map(|refused| refused.words).unwrap_or_default();
        fail(&format!("{} could not click: {words}", self.browser.name));
    }

    /// Types into it, after what is there.
    #[track_caller]
    pub fn type_text(&self, text: &str) {
        let keys = json!({ "text": text });
        if let Err(refused) = self.browser.driver.post(&self.path("/value"), &keys) {
            fail(&format!(
                "{} could not type: {}",
                self.browser.name, refused.words
            ));
        }
    }

    /// Empties it, and types. Dates (`2026-03-01`) and times (`08:30`) are set as they are.
    #[track_caller]
    pub fn fill(&self, text: &str) {
        let kind = self.attribute("type").unwrap_or_default();
        if ["date", "time", "month", "datetime-local"].contains(&kind.as_str()) {
            // How these are typed depends on the browser's language.
            let set = "const [field, text] = arguments;
                const all = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value');
                all.set.call(field, text);
                field.dispatchEvent(new Event('input', { bubbles: true }));
                field.dispatchEvent(new Event('change', { bubbles: true }));";
            self.browser
                .run_with(set, &[json!({ ELEMENT: self.id }), json!(text)]);
            return;
        }
        if let Err(refused) = self.browser.driver.post(&self.path("/clear"), &json!({})) {
            fail(&format!(
                "{} could not clear: {}",
                self.browser.name, refused.words
            ));
        }
        self.type_text(text);
    }

    /// Chooses what a list offers under a text.
    #[track_caller]
    pub fn choose(&self, text: &str) {
        let choose = "const [list, text] = arguments;
            const option = [...list.options].find((one) => one.text.trim() === text);
            if (!option) return [...list.options].map((one) => one.text.trim()).join(', ');
            list.value = option.value;
            list.dispatchEvent(new Event('input', { bubbles: true }));
            list.dispatchEvent(new Event('change', { bubbles: true }));
            return null;";
        let offered = self
            .browser
            .run_with(choose, &[json!({ ELEMENT: self.id }), json!(text)]);
        if let Some(offered) = offered.as_str() {
            fail(&format!("\"{text}\" is not among: {offered}"));
        }
    }

    /// The text that it shows.
    #[must_use]
    pub fn text(&self) -> String {
        self.get("/text")
    }

    /// An attribute as it stands in the markup.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<String> {
        let value = self
            .browser
            .driver
            .get(&self.path(&format!("/attribute/{name}")));
        value
            .ok()
            .and_then(|value| Some(value.as_str()?.to_owned()))
    }

    /// What is in a field.
    #[must_use]
    pub fn value(&self) -> String {
        self.get("/property/value")
    }

    /// The name that assistive technology says.
    #[must_use]
    pub fn accessible_name(&self) -> String {
        self.get("/computedlabel")
    }

    fn get(&self, rest: &str) -> String {
        let value = self.browser.driver.get(&self.path(rest));
        value
            .ok()
            .and_then(|value| Some(value.as_str()?.to_owned()))
            .unwrap_or_default()
    }
}

fn texts(value: &Value) -> Vec<String> {
    let texts = value.as_array().cloned().unwrap_or_default();
    texts
        .iter()
        .filter_map(|text| Some(text.as_str()?.to_owned()))
        .collect()
}

/// Decodes base64 as WebDriver writes it.
fn base64(text: &str) -> Option<Vec<u8>> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits: Option<Vec<usize>> = text
        .trim_end_matches('=')
        .bytes()
        .map(|byte| DIGITS.iter().position(|digit| *digit == byte))
        .collect();
    let mut bytes = Vec::new();
    for four in digits?.chunks(4) {
        let bits = four.iter().fold(0, |bits, digit| bits << 6 | digit) << (6 * (4 - four.len()));
        let three = [bits >> 16, bits >> 8, bits];
        let whole = three.iter().take(four.len().saturating_sub(1));
        bytes.extend(whole.map(|bits| u8::try_from(bits & 0xff).unwrap_or_default()));
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    #[test]
    fn base64_is_decoded() {
        let decoded = |text| super::base64(text).map(String::from_utf8);
        for (text, plain) in [
            ("", ""),
            ("Zg==", "f"),
            ("Zm8=", "fo"),
            ("Zm9v", "foo"),
            ("Zm9vYg==", "foob"),
        ] {
            assert_eq!(decoded(text), Some(Ok(plain.to_owned())));
        }
        assert_eq!(super::base64("Z!"), None);
    }
}
