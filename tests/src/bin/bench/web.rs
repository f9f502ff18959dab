//! The app in Chromium: what comes over the wire, and how long until it can be used, on a network
//! as valleys have it and a processor as cheap phones have it.

use std::time::{Duration, Instant};

use folge_tests::browser::staff::{Provider, choose, go};
use folge_tests::browser::{Browser, Lab, Options, Slow, unavailable};
use folge_tests::caseload::Caseload;
use folge_tests::provider::Plan;
use folge_tests::serving::Serving;
use folge_tests::story::Story;

use serde_json::json;

use crate::report::{Report, Target};
use crate::{Anything, Bench};

const NAME: &str = "web";
/// A phone at the edge of coverage.
const NETWORK: Slow = Slow {
    bits_per_second: 400_000,
    round_trip: Duration::from_millis(400),
};
/// How much slower a cheap phone's processor is.
const PROCESSOR: u32 = 4;
/// What DESIGN.md 10 allows the participant's page.
const PARTICIPANT_BYTES_MAX: f64 = 130_000.0;
const PARTICIPANT_MILLISECONDS_MAX: f64 = 5_000.0;
/// The participant's page has a heading from its first screen on, and its menu once the invitation
/// is used and the thread is there.
const PARTICIPANT: [&str; 2] = ["main h1", "main ul.menu"];
/// The staff app asks for a PIN first.
const STAFF: [&str; 2] = ["[data-screen]", "#no-pin"];
const START_MILLISECONDS_MAX: f64 = 1_000.0;
const TAP_MILLISECONDS_MAX: f64 = 100.0;
/// Screens show 60 pictures a second; one in sixty may be late.
const FRAMES_PER_SECOND_MIN: f64 = 59.0;
/// What DESIGN.md 10 reckons with.
const PARTICIPATIONS: usize = 640;
const TODAY: &str = "[data-screen=today]";

pub(crate) fn run(bench: &Bench, report: &mut Report) -> Anything<()> {
    if let Some(why) = unavailable() {
        eprintln!("bench: web is not measured: {why}");
        return Ok(());
    }
    let lab = Lab::start();
    let plan = Plan::of(&Caseload::read(&Caseload::sample_dir())?)?;
    let devices = bench.fast.join("web-devices");
    let story = Story::begin(&plan, &lab.relay.url, &devices, 1)?;
    let mut serving = Serving::prepare(story, &plan)?;
    let runs = bench.pick(5, 1);
    let (mut participant, mut staff) = (Vec::new(), Vec::new());
    for number in 0..runs {
        let links = serving.links()?;
        let path = lab.link(&links.participant).replacen("/i#", "/p#", 1);
        participant
            .push(first_load(&lab, &format!("participant-{number}"), &path, PARTICIPANT).first);
        let path = lab.link(&links.consultant);
        let loaded = first_load(&lab, &format!("staff-{number}"), &path, STAFF);
        staff.push((loaded.first, starts(loaded.browser)));
    }
    let median = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let of = |pick: fn(&First) -> f64| {
        let participant = participant.iter().map(pick);
        let staff = staff.iter().map(|(first, _)| pick(first));
        (median(participant.collect()), median(staff.collect()))
    };
    let (ms, staff_ms) = of(|first| first.milliseconds);
    let (usable, _) = of(|first| first.usable_milliseconds);
    let (bytes, staff_bytes) = of(|first| first.bytes);
    let (kept, staff_kept) = of(|first| first.bytes_when_kept);
    let at_most = |most| Some(Target::AtMost(most));
    report.aimed(
        NAME,
        "participant's page, first load to its first screen",
        ms,
        "ms",
        at_most(PARTICIPANT_MILLISECONDS_MAX),
    );
    report.aimed(
        NAME,
        "participant's page, first load to the visit that waits",
        usable,
        "ms",
        at_most(PARTICIPANT_MILLISECONDS_MAX),
    );
    report.aimed(
        NAME,
        "participant's page, over the wire until the first screen",
        bytes,
        "bytes",
        at_most(PARTICIPANT_BYTES_MAX),
    );
    report.plain(
        NAME,
        "participant's page, until kept for offline use",
        kept,
        "bytes",
    );
    report.plain(
        NAME,
        "staff app, first load to its first screen",
        staff_ms,
        "ms",
    );
    report.plain(
        NAME,
        "staff app, over the wire until then",
        staff_bytes,
        "bytes",
    );
    report.plain(
        NAME,
        "staff app, until kept for offline use",
        staff_kept,
        "bytes",
    );
    let repeat = median(staff.iter().map(|(_, ms)| *ms).collect());
    report.aimed(
        NAME,
        "staff app, repeated start to today's plan",
        repeat,
        "ms",
        at_most(START_MILLISECONDS_MAX),
    );
    at_work(bench.pick(20, 2), report);
    a_long_list(report);
    Ok(())
}

/// From the finger on *Lagre* until the page says that the visit is saved, which it says once it is
/// on the disk.
fn at_work(runs: usize, report: &mut Report) {
    let mut provider = Provider::new();
    let kari = provider.kari;
    let kari = provider.joined("kari", kari, Options::phone());
    kari.slower_processor(PROCESSOR);
    let mut taps = Vec::new();
    for _ in 0..runs {
        go(&kari, "today");
        kari.find("[data-do=enter-visit]").click();
        choose(&kari, "dahl");
        kari.find("form[data-loaded=visit]");
        let took = kari.run(
            "return new Promise((done) => {
                const start = performance.now();
                const seen = new MutationObserver(() => {
                    if (document.querySelector('main[data-screen=confirm]')) {
                        seen.disconnect(); done(performance.now() - start); } });
                seen.observe(document.body, { subtree: true, childList: true, attributes: true });
                document.querySelector('[data-do=save]').click();
             })",
        );
        taps.push(took.as_f64().unwrap_or(f64::NAN));
    }
    taps.sort_by(f64::total_cmp);
    let (name, worst) = ("staff app, tap to durable record", taps[taps.len() - 1]);
    report.aimed(
        NAME,
        name,
        taps[taps.len() / 2],
        "ms",
        Some(Target::AtMost(TAP_MILLISECONDS_MAX)),
    );
    report.plain(NAME, format!("{name}, the slowest of {runs}"), worst, "ms");
}

/// The office's list of as many participations as a large provider has: filtered and scrolled.
fn a_long_list(report: &mut Report) {
    let mut provider = Provider::new();
    provider.assign_more(PARTICIPATIONS - provider.cases.len());
    let office = provider.office.client.identity().person;
    let office = provider.joined("office", office, Options::office());
    office.slower_processor(PROCESSOR);
    go(&office, "cases");
    office.wait("the list", || {
        provider.sync();
        office.shown().contains(&format!("{PARTICIPATIONS} vist"))
    });
    // Whatever scrolls: the list, or the page.
    let frames = office.run(
        "const inner = [...document.querySelectorAll('main *')].find((one) =>
            one.scrollHeight > one.clientHeight + 500 &&
            /auto|scroll/.test(getComputedStyle(one).overflowY));
         const scrolled = inner ?? document.scrollingElement;
         const end = scrolled.scrollHeight;
         return new Promise((done) => {
            const frames = []; let last;
            const step = (now) => {
                if (last) frames.push(now - last);
                last = now;
                scrolled.scrollTop += 60;
                if (frames.length < 300 && scrolled.scrollTop + scrolled.clientHeight < end - 1)
                    requestAnimationFrame(step);
                else done({ frames, end });
            };
            requestAnimationFrame(step);
         })",
    );
    let frames: Vec<f64> = frames["frames"]
        .as_array()
        .map(|all| all.iter().filter_map(serde_json::Value::as_f64).collect())
        .unwrap_or_default();
    let whole: f64 = frames.iter().sum();
    #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
    let rate = frames.len() as f64 * 1000.0 / whole.max(1.0);
    report.aimed(
        NAME,
        format!("office, scrolling through {PARTICIPATIONS}, pictures a second"),
        rate,
        "Hz",
        Some(Target::AtLeast(FRAMES_PER_SECOND_MIN)),
    );
    let filtered = office.run_with(
        "const field = document.querySelector('main input');
         const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set;
         return new Promise((done) => {
            const start = performance.now();
            const seen = new MutationObserver(() => {
                if (document.querySelectorAll('[data-case]').length === 1) {
                    seen.disconnect(); done(performance.now() - start); } });
            seen.observe(document.body, { subtree: true, childList: true });
            set.call(field, arguments[0]);
            field.dispatchEvent(new Event('input', { bubbles: true }));
         })",
        &[json!("Deltaker 417")],
    );
    report.plain(
        NAME,
        format!("office, filtering {PARTICIPATIONS} to one"),
        filtered.as_f64().unwrap_or(f64::NAN),
        "ms",
    );
}

struct First {
    milliseconds: f64,
    usable_milliseconds: f64,
    bytes: f64,
    bytes_when_kept: f64,
}

struct Loaded {
    first: First,
    browser: Browser,
}

#[expect(clippy::cast_precision_loss, reason = "a display")]
fn received(browser: &Browser) -> f64 {
    browser.network().bytes().1 as f64
}

fn first_load(lab: &Lab, name: &str, path: &str, screens: [&str; 2]) -> Loaded {
    let browser = lab.browser(name, Options::phone());
    browser.network().slow(Some(NETWORK));
    browser.slower_processor(PROCESSOR);
    let start = Instant::now();
    browser.open(path);
    browser.find(screens[0]);
    let milliseconds = start.elapsed().as_secs_f64() * 1000.0;
    let bytes = received(&browser);
    browser.find(screens[1]);
    let usable_milliseconds = start.elapsed().as_secs_f64() * 1000.0;
    browser.network().slow(None);
    browser.wait_until_kept();
    let bytes_when_kept = received(&browser);
    Loaded {
        first: First {
            milliseconds,
            usable_milliseconds,
            bytes,
            bytes_when_kept,
        },
        browser,
    }
}

/// Lets the consultant's device in, closes the browser, and measures how long it takes from its
/// icon to today's plan.
fn starts(browser: Browser) -> f64 {
    browser.find("#no-pin").click();
    browser.find("[data-do=begin]").click();
    browser.find(TODAY);
    let browser = browser.restart();
    browser.network().slow(Some(NETWORK));
    browser.slower_processor(PROCESSOR);
    let start = Instant::now();
    browser.open("/");
    browser.find(TODAY);
    start.elapsed().as_secs_f64() * 1000.0
}
