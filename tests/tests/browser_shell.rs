//! The app's shell in a real browser: what the relay hands out and forbids, what is kept on the
//! device, and which releases are taken.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::{Path, PathBuf};
use std::time::Duration;

use folge_tests::browser::staff::{Provider, case, unlock};
use folge_tests::browser::{Browser, Lab, ORIGIN, Options, Slow, axe, dist, video};
use folge_web_bundle::{Inputs, Release, assemble};
use serde_json::{Value, json};

const APP_VERSION: &str = env!("CARGO_PKG_VERSION");

/// The sources and modules that the app was built from.
fn inputs() -> Inputs {
    let web = Path::new(env!("CARGO_MANIFEST_DIR")).join("../web");
    Inputs::read(&web, &modules(), &cache()).unwrap()
}

fn target() -> PathBuf {
    let web = dist();
    web.ancestors().nth(2).unwrap().to_path_buf()
}

fn modules() -> PathBuf {
    let modules = target().join("wasm/wasm32-unknown-unknown");
    let found = ["web", "web-dev"].map(|profile| modules.join(profile));
    let there = |folder: &&PathBuf| folder.join("folge_web_staff.wasm").exists();
    found.iter().find(there).expect("cargo xtask web").clone()
}

fn cache() -> PathBuf {
    target().join("web/cache")
}

/// A release of inputs in a folder of the lab's.
fn release(inputs: &Inputs, sequence: u64, into: &Path) -> PathBuf {
    let release = Release::development(APP_VERSION, sequence);
    assemble(inputs, &release)
        .unwrap()
        .write(into, &cache())
        .unwrap();
    into.to_owned()
}

/// Inputs whose pages say which build they are of.
fn marked(mark: &str) -> Inputs {
    let mut inputs = inputs();
    for page in ["pages/staff.html", "pages/participant.html"] {
        let text = String::from_utf8(inputs.sources[page].clone()).unwrap();
        let meta = format!("<meta name=\"mark\" content=\"{mark}\" /></head>");
        inputs
            .sources
            .insert(page.to_owned(), text.replace("</head>", &meta).into_bytes());
    }
    inputs
}

fn mark(browser: &Browser) -> String {
    let mark = browser.run("return document.querySelector('meta[name=mark]')?.content ?? ''");
    mark.as_str().unwrap().to_owned()
}

/// Keeps what the page is told about updates.
fn listen(browser: &Browser) {
    browser.run(
        "window.__told = []; window.addEventListener('folge-update',
            (event) => window.__told.push(event.detail));",
    );
}

fn check(browser: &Browser, expected: &str) {
    listen(browser);
    browser.run("window.dispatchEvent(new Event('folge-check-update'))");
    browser.wait(&format!("to be told: {expected}"), || {
        let told = browser.run("return window.__told");
        told.as_array().unwrap().iter().any(|told| told == expected)
    });
}

/// What a page hears that is opened later: it says hello once its program runs.
fn told_again(browser: &Browser, expected: &str) {
    listen(browser);
    browser.wait_until_kept();
    browser.run("navigator.serviceWorker.controller.postMessage('hello')");
    browser.wait("to be told again", || {
        let told = browser.run("return window.__told");
        told.as_array().unwrap().iter().any(|told| told == expected)
    });
}

fn awaited(browser: &Browser, script: &str) -> Value {
    browser.run(&format!("return (async () => {{ {script} }})()"))
}

fn severe(browser: &Browser) -> Vec<String> {
    let console = browser.console().into_iter();
    let severe = console.filter(|(level, _)| level == "SEVERE" || level == "WARNING");
    severe.map(|(_, text)| text).collect()
}

#[test]
#[ignore = "in a browser"]
fn both_pages_ask_nobody_but_their_host_and_break_no_rule_of_theirs() {
    let lab = Lab::start();
    for (path, scope) in [("/", "/"), ("/i#x", "/"), ("/p#x", "/p")] {
        let name = format!("first{}", path.replace(['/', '#'], "-"));
        let browser = lab.browser(&name, Options::phone());
        browser.open(path);
        browser.wait_until_kept();
        let registered = awaited(
            &browser,
            "return (await navigator.serviceWorker.getRegistrations()).map((one) => one.scope)",
        );
        assert_eq!(registered, json!([format!("{ORIGIN}{scope}")]));
        let requests = browser.requests();
        assert!(requests.len() > 4, "{requests:?}");
        for request in requests {
            assert!(request.starts_with(ORIGIN), "{path} asked {request}");
        }
        assert_eq!(browser.violations(), Vec::<String>::new(), "{path}");
        assert_eq!(severe(&browser), Vec::<String>::new(), "{path}");
        let channel =
            browser.run("return document.querySelector('meta[name=folge-channel]').content");
        assert_eq!(channel, "development");
        // The worker and the scanner that the page names are there.
        for name in ["folge-worker", "folge-scan"] {
            let script = format!(
                "const meta = document.querySelector('meta[name={name}]');
                 return meta ? (await fetch(meta.content)).status : 0"
            );
            let there = awaited(&browser, &script);
            let expected = if scope == "/p" && name == "folge-worker" {
                0
            } else {
                200
            };
            assert_eq!(there, expected, "{path} {name}");
        }
    }
}

#[test]
#[ignore = "in a browser"]
fn text_that_could_run_does_not_and_other_hosts_are_out_of_reach() {
    let lab = Lab::start();
    let browser = lab.browser("guarded", Options::office());
    browser.open("/");
    browser.wait_until_kept();
    assert_eq!(browser.violations(), Vec::<String>::new());
    let refused = |script: &str| {
        let script =
            format!("try {{ {script}; return 'done' }} catch (error) {{ return error.name }}");
        awaited(&browser, &script).as_str().unwrap().to_owned()
    };
    assert_eq!(
        refused("document.createElement('div').innerHTML = '<b>x</b>'"),
        "done"
    );
    assert_eq!(
        refused("document.createElement('div').innerHTML = '<svg><path d=\"M0 0\"/></svg>'"),
        "done"
    );
    for markup in [
        "<img src=x onerror=alert(1)>",
        "<script>1</script>",
        "<iframe srcdoc=x>",
        "<a href=javascript:1>x</a>",
        "<form action=/x>",
    ] {
        let script = format!(
            "document.createElement('div').innerHTML = {}",
            json!(markup)
        );
        assert_eq!(refused(&script), "TypeError", "{markup}");
    }
    assert_eq!(
        refused("document.createElement('script').src = '/v1/x'"),
        "TypeError"
    );
    assert_eq!(refused("new Worker('data:text/javascript,1')"), "TypeError");
    // Not in the driver's own call, which may do so.
    let evaluated = "await new Promise((done, failed) => setTimeout(() => {
        try { done(eval('1')) } catch (error) { failed(error) } }))";
    assert_eq!(refused(evaluated), "EvalError");
    assert_eq!(refused("await fetch('https://example.no/')"), "TypeError");
    assert_eq!(refused("await fetch('http://127.0.0.1:9/')"), "TypeError");
    assert_eq!(
        awaited(&browser, "return (await fetch('/v1/relay')).status"),
        200
    );
    let opened = awaited(
        &browser,
        "return new Promise((done) => {
            const socket = new WebSocket(location.origin.replace('http', 'ws') + '/v1/live');
            socket.onopen = () => done(true); socket.onerror = () => done(false); })",
    );
    assert_eq!(opened, true);
    assert!(!browser.violations().is_empty());
}

#[test]
#[ignore = "in a browser"]
fn the_app_starts_without_a_network_and_the_relays_answers_are_never_kept() {
    let lab = Lab::start();
    for (path, other) in [("/", "/i?from=mail#abc"), ("/p#abc", "/p?x=1#abc")] {
        let browser = lab.browser(&format!("offline{}", &path[..1]), Options::phone());
        browser.open(path);
        browser.wait_until_kept();
        assert_eq!(
            awaited(&browser, "return (await fetch('/v1/relay')).status"),
            200
        );
        browser.network().cut();
        let browser = browser.restart();
        for path in [path, other] {
            browser.open(path);
            assert!(
                browser
                    .run("return document.title")
                    .as_str()
                    .unwrap()
                    .contains("Følge")
            );
            let started = browser.run("return document.body.innerText.includes('cannot start')");
            assert_eq!(started, false);
        }
        let scan = awaited(
            &browser,
            "const { scan } = await import(document.querySelector('meta[name=folge-scan]').content);
             return scan(1, 1, new Uint8Array(1)) ?? null",
        );
        assert_eq!(scan, Value::Null);
        let outcome = awaited(
            &browser,
            "return fetch('/v1/relay').then((answer) => answer.status, (error) => error.name)",
        );
        assert_eq!(outcome, "TypeError");
        let kept = awaited(
            &browser,
            "const all = [];
             for (const name of await caches.keys())
               for (const { url } of await (await caches.open(name)).keys())
                 all.push(new URL(url).pathname + new URL(url).search + new URL(url).hash);
             return all",
        );
        let kept: Vec<&str> = kept
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_str)
            .collect();
        assert!(kept.len() > 6, "{kept:?}");
        for path in kept {
            assert!(!path.contains("v1") && !path.contains(['?', '#']), "{path}");
            // A participant's phone keeps nothing of the staff app.
            let staff = ["staff", "worker", "index"]
                .iter()
                .any(|part| path.contains(part));
            assert!(!staff || browser.name() == "offline/", "{path}");
        }
        // A page that is none of the app's is not shown, from wherever it would come.
        browser.network().mend();
        browser.open("/v1/relay");
        browser.text("not in this release");
    }
}

#[test]
#[ignore = "in a browser"]
fn a_newer_release_is_taken_when_told_or_when_the_app_is_opened_next() {
    let folders = tempfile::tempdir().unwrap();
    let first = release(&marked("first"), 10, &folders.path().join("first"));
    let second = release(&marked("second"), 11, &folders.path().join("second"));
    let third = release(&marked("third"), 12, &folders.path().join("third"));
    let mut lab = Lab::serving(&first);
    let browser = lab.browser("updated", Options::office());
    browser.open("/");
    browser.wait_until_kept();
    lab.restart_relay(&second, &[&browser]);
    check(&browser, "ready");
    // Loaded again, the page is still the old one, and is told again.
    browser.reload();
    assert_eq!(mark(&browser), "first");
    told_again(&browser, "ready");
    // A second tab goes on with the old files until it is loaded anew.
    let one = browser.new_tab();
    browser.open("/");
    assert_eq!(mark(&browser), "first");
    browser.tab(&one);
    browser.run("window.dispatchEvent(new Event('folge-use-update'))");
    browser.wait("the second release", || mark(&browser) == "second");
    let browser = browser.restart();
    browser.open("/");
    browser.wait_until_kept();
    assert_eq!(mark(&browser), "second");

    lab.restart_relay(&third, &[&browser]);
    check(&browser, "ready");
    assert_eq!(mark(&browser), "second");
    browser.network().cut();
    let browser = browser.restart();
    browser.open("/");
    assert_eq!(mark(&browser), "third");
    let kept = awaited(
        &browser,
        "return (await caches.keys()).filter((name) => !name.includes('state')).length",
    );
    assert_eq!(kept, 1);
}

#[test]
#[ignore = "in a browser"]
fn what_is_begun_survives_the_update_to_a_new_version() {
    let folders = tempfile::tempdir().unwrap();
    let first = release(&marked("first"), 10, &folders.path().join("first"));
    let second = release(&marked("second"), 11, &folders.path().join("second"));
    let mut provider = Provider::serving(&first);
    let kari = provider.kari;
    let kari = provider.joined("kari", kari, Options::phone());
    kari.wait_until_kept();
    case(&kari, "people", "dahl");
    kari.find("[data-do=note]").click();
    kari.label("Notat").type_text("Ringer i morgen");
    provider.lab.restart_relay(&second, &[&kari]);
    check(&kari, "ready");
    assert_eq!(mark(&kari), "first");
    kari.label("Notat").type_text(" kl. ni");
    kari.role("button", "Bruk den nå").click();
    kari.wait("the second release", || mark(&kari) == "second");
    unlock(&kari);
    kari.find("[data-draft] [data-do=go-on]").click();
    kari.wait("what was typed", || {
        kari.label("Notat").value() == "Ringer i morgen kl. ni"
    });
    kari.find("[data-do=save]").click();
    kari.find("[data-toast=good]");
}

/// What somebody does to a release that is handed out.
type Harm = fn(&Path);

fn change(file: &Path, change: impl FnOnce(Vec<u8>) -> Vec<u8>) {
    let bytes = std::fs::read(file).unwrap();
    std::fs::write(file, change(bytes)).unwrap();
    let _ = std::fs::remove_file(file.with_added_extension("br"));
}

fn staff_module(folder: &Path) -> PathBuf {
    let entries = std::fs::read_dir(folder.join("a")).unwrap().flatten();
    let mut paths = entries.map(|entry| entry.path());
    let name = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
    let found =
        paths.find(|path| name(path).starts_with("staff.") && name(path).ends_with(".wasm"));
    found.unwrap()
}

#[test]
#[ignore = "in a browser"]
fn a_release_that_is_not_whole_and_newer_is_refused_and_the_old_one_goes_on() {
    let folders = tempfile::tempdir().unwrap();
    let first = release(&marked("first"), 10, &folders.path().join("first"));
    let mut lab = Lab::serving(&first);
    let mut browser = lab.browser("wary", Options::office());
    browser.open("/");
    browser.wait_until_kept();
    let harms: [(&str, u64, Harm); 6] = [
        ("signature", 11, |folder| {
            change(&folder.join("release.json"), |bytes| {
                let text = String::from_utf8(bytes).unwrap();
                // Another sequence under the same signature.
                text.replace("\\\"sequence\\\":11", "\\\"sequence\\\":12")
                    .into_bytes()
            });
        }),
        ("page", 11, |folder| {
            change(&folder.join("index.html"), |mut bytes| {
                bytes.extend(b"<p>changed</p>");
                bytes
            });
        }),
        ("module", 11, |folder| {
            change(&staff_module(folder), |mut bytes| {
                let last = bytes.len() - 1;
                bytes[last] ^= 1;
                bytes
            });
        }),
        ("missing", 11, |folder| {
            let module = staff_module(folder);
            std::fs::remove_file(module.with_added_extension("br")).unwrap();
            std::fs::remove_file(module).unwrap();
        }),
        ("older", 9, |_| {}),
        ("same", 10, |_| {}),
    ];
    for (name, sequence, harm) in harms {
        let mut inputs = marked(name);
        // A file of its own, that the browser has not kept yet.
        if let Some(module) = inputs.modules.get_mut("staff") {
            module.wasm.extend([0, 5, 4]);
            module.wasm.extend(&name.as_bytes()[..4]);
        }
        let folder = release(&inputs, sequence, &folders.path().join(name));
        harm(&folder);
        lab.restart_relay(&folder, &[&browser]);
        check(&browser, "refused");
        browser.reload();
        assert_eq!(mark(&browser), "first", "{name}");
        browser = browser.restart();
        browser.open("/");
        browser.wait_until_kept();
        assert_eq!(mark(&browser), "first", "{name}");
        // Whoever opens the app later is told too.
        told_again(&browser, "refused");
    }
    // Signed by another key, however new: that of a host that signs for itself.
    let key = folders.path().join("key");
    std::fs::write(&key, "5a".repeat(32)).unwrap();
    let other = Release::signed(APP_VERSION, 99, &key).unwrap();
    let folder = folders.path().join("other");
    assemble(&marked("other"), &other)
        .unwrap()
        .write(&folder, &cache())
        .unwrap();
    lab.restart_relay(&folder, &[&browser]);
    check(&browser, "refused");
    // And a good one is taken after all that.
    let good = release(&marked("good"), 13, &folders.path().join("good"));
    lab.restart_relay(&good, &[&browser]);
    check(&browser, "ready");
    browser.run("window.dispatchEvent(new Event('folge-use-update'))");
    browser.wait("the good release", || mark(&browser) == "good");
}

#[test]
#[ignore = "in a browser"]
fn a_host_out_of_reach_or_in_repair_is_no_reason_for_alarm() {
    let folders = tempfile::tempdir().unwrap();
    let first = release(&marked("first"), 10, &folders.path().join("first"));
    let lab = Lab::serving(&first);
    let browser = lab.browser("patient", Options::office());
    browser.open("/");
    browser.wait_until_kept();
    browser.network().cut();
    let answer = awaited(
        &browser,
        "return new Promise((done) => {
            navigator.serviceWorker.addEventListener('message', ({ data }) => done(data.update));
            navigator.serviceWorker.controller.postMessage('check'); })",
    );
    assert_eq!(answer, "unreachable");
    // Where the browser threw away what was kept, it is fetched anew, or said that it cannot be.
    awaited(
        &browser,
        "for (const name of await caches.keys()) await caches.delete(name)",
    );
    browser.open("/i");
    browser.text("Not available now");
    browser.network().mend();
    browser.open("/");
    assert_eq!(mark(&browser), "first");
}

#[test]
#[ignore = "in a browser"]
fn messages_wait_for_the_core_and_a_trap_is_told() {
    let folders = tempfile::tempdir().unwrap();
    let mut inputs = inputs();
    // A core that takes its time, answers, and traps when told to.
    inputs.modules.get_mut("worker").unwrap().js = "
        export default () => new Promise((done) => setTimeout(done, 400));
        export const start = () => {
            self.onmessage = ({ data }) => {
                if (data[0] === 'trap') throw new WebAssembly.RuntimeError('unreachable');
                self.postMessage(data);
            };
        };"
    .to_owned();
    let folder = release(&inputs, 1, &folders.path().join("dist"));
    let lab = Lab::serving(&folder);
    let browser = lab.browser("worker", Options::office());
    // The staff's page has a worker of its own, which would lead.
    browser.open("/p");
    let heard = awaited(
        &browser,
        "const page = await (await fetch('/')).text();
         const url = page.split('folge-worker')[1].split(String.fromCharCode(34))[2];
         const worker = new Worker(url, { type: 'module' });
         const heard = [];
         const all = new Promise((done) => {
            worker.onmessage = ({ data }) => { heard.push(data); if (data.crashed) done(heard); };
         });
         for (const number of [1, 2, 'trap', 3]) worker.postMessage([number, 0]);
         return all",
    );
    assert_eq!(heard, json!([[1, 0], [2, 0], { "crashed": true }]));
}

#[test]
#[ignore = "in a browser"]
fn a_code_before_the_camera_is_read() {
    let lab = Lab::start();
    let film = lab.dir().join("code.y4m");
    let text = format!("{ORIGIN}/i#{}", "0123456789abcdef".repeat(8));
    video::film(&film, &[&text]).unwrap();
    let browser = lab.browser("camera", Options::phone().camera(&film));
    browser.open("/");
    let read = awaited(
        &browser,
        "const { scan } = await import(document.querySelector('meta[name=folge-scan]').content);
         const video = document.createElement('video');
         video.srcObject = await navigator.mediaDevices.getUserMedia({ video: true });
         await video.play();
         const canvas = document.createElement('canvas');
         for (let attempt = 0; attempt < 50; attempt++) {
            await new Promise((done) => setTimeout(done, 100));
            [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
            const pen = canvas.getContext('2d', { willReadFrequently: true });
            pen.drawImage(video, 0, 0);
            const { data } = pen.getImageData(0, 0, canvas.width, canvas.height);
            const grey = Uint8Array.from({ length: data.length / 4 }, (_, i) => data[4 * i + 1]);
            const text = scan(canvas.width, canvas.height, grey);
            if (text) return text;
         }
         return null",
    );
    assert_eq!(read, text);
    assert_eq!(browser.violations(), Vec::<String>::new());
}

/// A staff page of our own instead of the app's.
fn page(lab_folder: &Path, markup: &str) -> PathBuf {
    let mut inputs = inputs();
    let show = format!(
        "document.body.insertAdjacentHTML('beforeend', {})",
        json!(markup)
    );
    inputs.modules.get_mut("staff").unwrap().js =
        format!("export default async () => {{ document.title = 'Side'; {show} }};");
    release(&inputs, 1, lab_folder)
}

#[test]
#[ignore = "in a browser"]
fn the_search_for_barriers_finds_them_and_passes_what_is_good() {
    let folders = tempfile::tempdir().unwrap();
    let good = page(
        &folders.path().join("good"),
        "<main><h1>Besøk</h1><label>Notat <input></label><button class=main>Lagre</button></main>",
    );
    let lab = Lab::serving(&good);
    let browser = lab.browser("good", Options::phone());
    browser.open("/");
    browser.role("button", "Lagre");
    axe(&browser);
    // The harness itself: what it finds by label and role, types and reads.
    let field = browser.label("Notat");
    field.fill("først");
    field.fill("møtt kl. ni");
    assert_eq!(
        (field.value().as_str(), field.accessible_name().as_str()),
        ("møtt kl. ni", "Notat")
    );
    browser.press("Tab");
    assert_eq!(browser.focused().text(), "Lagre");
    let heard = browser.read_aloud();
    assert!(
        heard.contains(&("heading".to_owned(), "Besøk".to_owned())),
        "{heard:?}"
    );
    assert!(browser.roles("button", |name| name == "Slett").is_empty());

    for (name, markup) in [
        ("label", "<main><h1>Besøk</h1><input></main>"),
        (
            "contrast",
            "<main><h1>Besøk</h1><button class=main id=x>Lagre</button></main>",
        ),
    ] {
        let bad = page(&folders.path().join(name), markup);
        let lab = Lab::serving(&bad);
        let browser = lab.browser(name, Options::phone());
        browser.open("/");
        browser.find("h1");
        if name == "contrast" {
            // Good in the light, bad in the dark alone.
            browser.run(
                "document.getElementById('x').style.cssText = 'color: #fff; background: #0b4f6c';
                 matchMedia('(prefers-color-scheme: dark)').onchange = ({ matches }) => {
                    if (matches) document.getElementById('x').style.color = '#0c506d'; };",
            );
        }
        let found = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| axe(&browser)));
        let why = *found.unwrap_err().downcast::<String>().unwrap();
        assert!(why.contains(name), "{why}");
        assert_eq!(why.contains("in dark"), name == "contrast", "{why}");
    }
}

#[test]
#[ignore = "in a browser"]
fn what_is_kept_outlives_crashes_and_the_harness_can_make_them() {
    let lab = Lab::start();
    let browser = lab.browser("unlucky", Options::office());
    browser.open("/");
    browser.wait_until_kept();
    awaited(
        &browser,
        "const root = await navigator.storage.getDirectory();
         const file = await (await root.getFileHandle('x', { create: true })).createWritable();
         await file.write('kept'); await file.close()",
    );
    let kept = |browser: &Browser| {
        awaited(
            browser,
            "const root = await navigator.storage.getDirectory();
             return (await (await root.getFileHandle('x')).getFile()).text()",
        )
    };
    browser.crash();
    let browser = browser.restart();
    browser.open("/");
    assert_eq!(kept(&browser), "kept");
    browser.network().cut();
    let browser = browser.kill_and_restart();
    browser.open("/");
    browser.wait_until_kept();
    assert_eq!(kept(&browser), "kept");
    browser.network().mend();

    // More than the app itself takes.
    browser.quota(Some(60_000_000));
    // What the browser says of its quota is a constant, so that pages learn nothing of the disk.
    let write = || {
        awaited(
            &browser,
            "try {
                const root = await navigator.storage.getDirectory();
                const file = await root.getFileHandle('large', { create: true });
                const writable = await file.createWritable();
                await writable.write(new Uint8Array(80_000_000)); await writable.close();
                return 'written';
             } catch (error) { return error.name }",
        )
    };
    assert_eq!(write(), "QuotaExceededError");
    browser.quota(None);
    assert_eq!(write(), "written");
    assert!(browser.heap_bytes() > 10_000);
    let picture = lab.dir().join("page.png");
    browser.screenshot(&picture).unwrap();
    assert!(std::fs::read(&picture).unwrap().starts_with(b"\x89PNG"));
    // Slow for pages and for what is asked beside them.
    let timed = || {
        let took = awaited(
            &browser,
            "const start = performance.now(); await fetch('/v1/relay');
             return performance.now() - start",
        );
        took.as_f64().unwrap()
    };
    browser.network().slow(Some(Slow {
        bits_per_second: 400_000,
        round_trip: Duration::from_millis(400),
    }));
    let relay = lab.relay.url.trim_start_matches("http://").parse().unwrap();
    // Only new connections are slow.
    browser.network().lead_to(relay);
    assert!(timed() > 790.0);
    browser.network().slow(None);
    browser.network().lead_to(relay);
    assert!(timed() < 790.0);
}
