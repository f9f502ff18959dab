//! The staff app in real browsers: a consultant's day without a network, what survives, and what
//! the office sees of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use folge_core::document::Record;
use folge_core::domain::{Instant, Minutes, Report, ReportKind};
use folge_core::native::HttpRelay;
use folge_tests::browser::staff::{
    PIN, Provider, begin, case, choose, enter, go, looked_at, online, participant, standing,
    tab_to, unlock,
};
use folge_tests::browser::{Options, axe};
use folge_tests::device::Device;
use folge_tests::visits::an_hour;
use serde_json::json;

#[test]
#[ignore = "in a browser"]
fn a_visit_is_recorded_without_a_network_and_read_by_the_office() {
    let mut provider = Provider::new();
    let kari = provider.kari;
    let kari = provider.joined("kari", kari, Options::phone());
    go(&kari, "today");
    kari.network().cut();
    enter(&kari, "dahl");
    kari.text("Fatima Dahl");
    standing(&kari, "saved");
    go(&kari, "today");
    assert_eq!(
        kari.all("[data-visit]").len(),
        2,
        "in the day, and to be confirmed"
    );
    kari.network().mend();
    kari.find("[data-do=sync]").click();
    kari.wait("it to be read by the office", || {
        provider.sync();
        !kari.all("[data-standing=read]").is_empty()
    });
    let office = provider.office.client.identity().person;
    let office = provider.joined("office", office, Options::office());
    go(&office, "cases");
    office.label("Søk").type_text("dahl");
    office.wait("one participation", || office.all("[data-case]").len() == 1);
    office.find("[data-case] button").click();
    office.find("main[data-screen=case] [data-visit]");
    office.find("[data-do=history]").click();
    office.text("Kari Li");
}

#[test]
#[ignore = "in a browser"]
fn what_is_typed_survives_reload_crash_and_lock() {
    let mut provider = Provider::new();
    let kari = provider.kari;
    let kari = provider.joined("kari", kari, Options::phone());
    go(&kari, "people");
    kari.wait("the caseload", || kari.all("[data-case]").len() == 2);
    kari.find("[data-case]").click();
    kari.find("[data-do=note]").click();
    kari.label("Notat").type_text("Ringer i morgen");
    kari.wait("the draft to be kept", || {
        kari.run("return document.querySelector('textarea')?.value") == json!("Ringer i morgen")
    });
    kari.reload();
    unlock(&kari);
    kari.find("[data-draft] [data-do=go-on]").click();
    kari.wait("what was typed", || {
        kari.label("Notat").value() == "Ringer i morgen"
    });
    kari.label("Notat").type_text(" kl. ni");
    let kari = kari.kill_and_restart();
    kari.open("/");
    unlock(&kari);
    kari.find("[data-draft] [data-do=go-on]").click();
    kari.wait("what was typed", || {
        kari.label("Notat").value().starts_with("Ringer i morgen")
    });
    go(&kari, "me");
    kari.find("[data-do=lock]").click();
    unlock(&kari);
    go(&kari, "today");
    kari.find("[data-draft] [data-do=go-on]").click();
    kari.find("[data-do=save]").click();
    kari.find("[data-toast=good]");
    go(&kari, "today");
    kari.wait("no draft to be left", || {
        kari.all("[data-draft]").is_empty()
    });
}

#[test]
#[ignore = "in a browser"]
fn a_tab_that_is_killed_while_it_writes_loses_nothing_that_was_said_to_be_saved() {
    let mut provider = Provider::new();
    let kari = provider.kari;
    let mut kari = provider.joined("kari", kari, Options::phone());
    for round in 1..=3 {
        enter(&kari, "dahl");
        // The page's process dies, its worker with it, while the sync writes.
        kari.crash();
        kari = kari.restart();
        kari.open("/");
        unlock(&kari);
        go(&kari, "people");
        kari.wait("the caseload", || kari.all("[data-case]").len() == 2);
        kari.label("Søk").type_text("dahl");
        kari.wait("one", || kari.all("[data-case]").len() == 1);
        kari.find("[data-case]").click();
        kari.wait("every visit", || {
            kari.all("main[data-screen=case] [data-visit]").len() == round
        });
    }
}

#[test]
#[ignore = "in a browser"]
fn two_tabs_have_one_writer_and_the_other_takes_over() {
    let mut provider = Provider::new();
    let kari = provider.kari;
    let kari = provider.joined("kari", kari, Options::office());
    let first = kari.new_tab();
    kari.open("/");
    // The second tab is open already: the first one's worker answers for it.
    kari.find("main[data-screen=today]");
    enter(&kari, "dahl");
    let second = kari.new_tab();
    kari.close_tab();
    kari.tab(&first);
    go(&kari, "today");
    kari.wait("the other tab's visit", || {
        !kari.all("[data-visit]").is_empty()
    });
    kari.close_tab();
    kari.tab(&second);
    // The store was open in the tab that is gone: it is unlocked anew here.
    unlock(&kari);
    go(&kari, "today");
    kari.wait("the visit", || !kari.all("[data-visit]").is_empty());
    enter(&kari, "åsheim");
}

#[test]
#[ignore = "in a browser"]
fn a_wrong_and_a_used_link_say_what_to_do_and_leave_nothing() {
    let mut provider = Provider::new();
    let wrong = provider.lab.browser("wrong", Options::phone());
    wrong.open("/i#0123456789");
    wrong.find("[data-failure=bad_invitation]");
    wrong.find("main[data-screen=setup]");
    axe(&wrong);
    let kari = provider.kari;
    let link = provider.link(kari);
    let path = provider.lab.link(&link);
    let first = provider.lab.browser("first", Options::phone());
    first.open(&path);
    // The secret is out of the address bar and the history at once.
    first.wait("a bare address", || {
        first.run("return location.href.includes('#')") == json!(false)
    });
    begin(&first);
    first.find("[data-go=me]");
    first.wait("to be in", || {
        provider.sync();
        provider
            .office
            .client
            .overview()
            .unwrap()
            .devices
            .values()
            .any(|of| *of == kari)
    });
    let second = provider.lab.browser("second", Options::phone());
    second.open(&path);
    begin(&second);
    second.find("main[data-screen=joining] [role=alert]");
    axe(&second);
    // Nothing is left of it, and another invitation can be used.
    second.find("[data-do=start-over]").click();
    second.find("main[data-screen=setup]");
    let per = provider.per;
    let fresh = provider.link(per);
    second.open(&provider.lab.link(&fresh));
    begin(&second);
    second.wait("to be let in", || {
        provider.sync();
        !second.all("[data-go=people]").is_empty()
    });
}

#[test]
#[ignore = "in a browser"]
fn the_relay_may_be_down_and_the_storage_full() {
    let mut provider = Provider::new();
    let kari = provider.kari;
    let kari = provider.joined("kari", kari, Options::phone());
    kari.wait_until_kept();
    kari.network().cut();
    let kari = kari.restart();
    kari.open("/");
    unlock(&kari);
    go(&kari, "today");
    enter(&kari, "dahl");
    standing(&kari, "saved");
    // Full: nothing of it is recorded, what was typed stays, and it goes on once there is room.
    kari.quota(Some(1));
    go(&kari, "today");
    kari.find("[data-do=enter-visit]").click();
    choose(&kari, "åsheim");
    kari.find("form[data-loaded=visit]");
    kari.find("details summary").click();
    kari.find("#note");
    // Browsers hand out room in pieces, so one letter more need not be the one too many.
    let mut written = 0;
    kari.wait("that there is no room", || {
        written += 1;
        let text = format!("{written} {}", "Mye å skrive om dette møtet. ".repeat(150));
        kari.run_with(
            "const [text] = arguments;
             const field = document.querySelector('#note');
             Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value').set.call(field, text);
             field.dispatchEvent(new Event('input', { bubbles: true }));",
            &[json!(text)],
        );
        !kari.all("[data-toast=bad]").is_empty()
    });
    kari.text("full");
    kari.find("[data-do=save]").click();
    kari.find("form [role=alert]");
    kari.find("main[data-screen=visit]");
    assert!(kari.find("#note").value().contains("dette møtet"));
    kari.quota(None);
    kari.find("[data-do=save]").click();
    kari.find("main[data-screen=confirm]");
}

#[test]
#[ignore = "in a browser"]
fn wrong_pins_are_counted_and_the_right_one_opens() {
    let mut provider = Provider::new();
    let kari = provider.kari;
    let kari = provider.joined("kari", kari, Options::phone());
    go(&kari, "me");
    kari.find("[data-do=lock]").click();
    kari.find("[data-screen=locked]");
    axe(&kari);
    kari.label("PIN").fill("kaffe 28");
    kari.role("button", "Lås opp").click();
    kari.find("[data-failure=wrong_secret]");
    assert!(
        !kari.shown().contains("Fatima"),
        "a name on the locked screen"
    );
    unlock(&kari);
    kari.find("main[data-screen]");
}

/// The screens of a consultant, in both themes and by what is read aloud.
#[test]
#[ignore = "in a browser"]
fn every_screen_of_a_consultant_can_be_used_by_everybody() {
    let mut provider = Provider::new();
    let person = provider.kari;
    let fresh = provider.lab.browser("fresh", Options::narrow());
    fresh.open("/");
    fresh.find("main[data-screen=setup]");
    looked_at(&fresh, "setup");
    fresh.find("details summary").click();
    looked_at(&fresh, "setup-founding");
    fresh.find("#founding-pin").fill(PIN);
    fresh.find("[data-do=found]").click();
    fresh.find("[data-recovery]");
    looked_at(&fresh, "recovery-words");
    drop(fresh);
    let fresh = provider.lab.browser("joining", Options::narrow());
    let link = provider.link(person);
    fresh.open(&provider.lab.link(&link));
    fresh.find("[data-do=begin]");
    looked_at(&fresh, "setup-pin");
    drop(fresh);
    let kari = provider.joined("kari", person, Options::narrow());
    enter(&kari, "dahl");
    looked_at(&kari, "confirm");
    for way in ["pin", "drawing", "later", "cannot"] {
        kari.find(&format!("[data-way={way}]")).click();
        looked_at(&kari, &format!("confirm-{way}"));
        kari.find(&format!("[data-way={way}]")).click();
    }
    kari.find("[data-do=change]").click();
    kari.find("form[data-loaded=visit]");
    looked_at(&kari, "visit-change");
    for screen in ["today", "week", "people", "me"] {
        go(&kari, screen);
        looked_at(&kari, screen);
    }
    go(&kari, "today");
    kari.find("[data-do=start-visit]").click();
    kari.find("main[data-screen=choose] [data-case]");
    looked_at(&kari, "choose");
    kari.find("[data-case]").click();
    kari.find("[data-timer]");
    looked_at(&kari, "today-timer");
    case(&kari, "people", "dahl");
    looked_at(&kari, "case");
    for name in ["note", "contact", "invite", "history", "enter-visit"] {
        kari.find(&format!("[data-do={name}]")).click();
        kari.find("[data-do=back]");
        looked_at(&kari, name);
        kari.find("[data-do=back]").click();
        kari.find("[data-do=history]");
    }
    kari.find("[data-do=invite]").click();
    kari.find("main[data-screen=invite] [data-do=invite]")
        .click();
    kari.find("[data-link]");
    looked_at(&kari, "invited");
    case(&kari, "people", "dahl");
    kari.find("[data-do=message]").click();
    kari.find("main[data-screen=message] [data-do=save]");
    looked_at(&kari, "message");
    // Who did not come: NAV is told the same day.
    go(&kari, "today");
    kari.find("[data-do=enter-visit]").click();
    choose(&kari, "åsheim");
    kari.find("form[data-loaded=visit]");
    kari.run("document.querySelector('input[value=no_show]').click()");
    looked_at(&kari, "visit-no-show");
    kari.find("[data-do=save]").click();
    kari.find("main[data-screen=notice]");
    looked_at(&kari, "notice");
    go(&kari, "today");
    kari.find("[data-do=group]").click();
    kari.find("[data-attendee]");
    looked_at(&kari, "group");
    go(&kari, "me");
    kari.find("[data-do=pin]").click();
    looked_at(&kari, "me-pin");
    kari.find("[data-do=trouble]").click();
    kari.find("main[data-screen=trouble]");
    looked_at(&kari, "trouble");
    go(&kari, "me");
    kari.find("[data-do=lock]").click();
    kari.find("[data-screen=locked]");
    looked_at(&kari, "locked");
}

/// The office's screens, wide.
#[test]
#[ignore = "in a browser"]
fn every_screen_of_the_office_can_be_used_by_everybody() {
    let mut provider = Provider::new();
    let kari = provider.kari;
    let kari = provider.joined("kari", kari, Options::phone());
    enter(&kari, "dahl");
    kari.find("[data-do=sync]").click();
    kari.find("[data-standing=stored], [data-standing=read]");
    let office = provider.office.client.identity().person;
    let office = provider.joined("office", office, Options::office());
    for screen in ["cases", "due", "month", "members", "me"] {
        go(&office, screen);
        looked_at(&office, &format!("office-{screen}"));
    }
    case(&office, "cases", "dahl");
    office.find("[data-visit]");
    looked_at(&office, "office-case");
    office.find("[data-do=history]").click();
    office.text("Kari Li");
    looked_at(&office, "office-history");
    go(&office, "me");
    office.find("[data-do=trouble]").click();
    office.find("main[data-screen=trouble]");
    looked_at(&office, "office-trouble");
}

/// Two devices changed the same hour, each without the other: the office settles it.
#[test]
#[ignore = "in a browser"]
fn the_office_settles_what_two_devices_changed_at_once() {
    let mut provider = Provider::new();
    let person = provider.office.client.identity().person;
    let link = provider.link(person);
    let folder = provider.lab.dir().join("second");
    std::fs::create_dir(&folder).unwrap();
    let mut second = Device::join(&folder, &link).unwrap();
    let relay = HttpRelay::new(&provider.lab.relay.url);
    relay.sync(&mut second.client).unwrap();
    provider.sync();
    relay.sync(&mut second.client).unwrap();
    let case_id = provider.cases[0];
    let end = second.client.now().0 / 60_000 * 60_000;
    let visit = an_hour(
        second.client.new_record_id(),
        Instant(end),
        "consultant-00".into(),
    );
    let record = Record::Visit(visit.clone());
    second.client.record(case_id, record).unwrap();
    relay.sync(&mut second.client).unwrap();
    provider.sync();
    for (client, earlier) in [
        (&mut second.client, 15 * 60_000),
        (&mut provider.office.client, 30 * 60_000),
    ] {
        let mut changed = visit.clone();
        changed.start = Instant(visit.start.0 - earlier);
        let reason = Some("Begynte tidligere".to_owned());
        client
            .amend(case_id, Record::Visit(changed), reason)
            .unwrap();
    }
    relay.sync(&mut second.client).unwrap();
    provider.sync();
    let office = provider.joined("office", person, Options::office());
    case(&office, "cases", "dahl");
    office.find("[data-do=conflicts]").click();
    office.find("main[data-screen=conflicts] [data-conflict]");
    looked_at(&office, "office-conflicts");
    office.find("[data-do=settle]").click();
    office.wait("the conflict to be settled", || {
        office.all("[data-conflict]").is_empty()
    });
}

/// What a participant sees, on the narrowest screen.
#[test]
#[ignore = "in a browser"]
fn every_screen_of_a_participant_can_be_used_by_everybody() {
    let mut provider = Provider::new();
    let kari = provider.kari;
    let kari = provider.joined("kari", kari, Options::phone());
    let fatima = participant(&mut provider, &kari, "dahl", Options::narrow());
    looked_at(&fatima, "participant-home");
    enter(&kari, "dahl");
    kari.find("[data-way=ask]").click();
    kari.find("[data-toast=good]");
    kari.find("[data-standing=stored], [data-standing=read]");
    online(&fatima);
    fatima.text("Var dere sammen?");
    looked_at(&fatima, "participant-question");
    fatima.role("button", "Noe er feil").click();
    looked_at(&fatima, "participant-wrong");
    fatima.role("button", "Avbryt").click();
    // The whole way by keyboard.
    tab_to(&fatima, "button", "Ja");
    fatima.press("Enter");
    fatima.text("Du svarte ja.");
    looked_at(&fatima, "participant-answered");
    for (text, name) in [
        ("Møtene mine", "meetings"),
        ("Planen min", "plan"),
        ("Rapporter om meg", "reports"),
        ("Meld fravær", "absence"),
        ("Meldinger", "messages"),
        ("Kode fra jobbkonsulenten", "code"),
        ("Mine data", "data"),
        ("Språk", "language"),
    ] {
        tab_to(&fatima, "button", text);
        fatima.press("Enter");
        fatima.find("main h1");
        looked_at(&fatima, &format!("participant-{name}"));
        fatima.role("button", "Tilbake").click();
        fatima.find("main ul.menu");
    }
    // A report is shown, read and disagreed with.
    let client = &mut provider.office.client;
    let mut report = Report::new(client.new_record_id(), ReportKind::Status);
    report.minutes = Minutes(30);
    report
        .texts
        .insert("progress".to_owned(), "Praksis fra mandag".to_owned());
    let (shown, id) = (provider.cases[0], report.id);
    client.record(shown, Record::Report(report)).unwrap();
    client.share_report(shown, id).unwrap();
    provider.sync();
    online(&fatima);
    fatima.role("button", "Rapporter om meg").click();
    fatima.role("button", "Les").click();
    fatima.text("Praksis fra mandag");
    looked_at(&fatima, "participant-report");
    fatima.role("button", "Jeg er ikke enig").click();
    fatima.text("Du er ikke enig.");
    fatima.open("/p");
    fatima.role("button", "Mine data").click();
    fatima.role("button", "Se alt").click();
    looked_at(&fatima, "participant-everything");
    // Where text is twice its size, nothing is cut off and nothing scrolls sideways.
    fatima.run("document.documentElement.style.fontSize = '200%'");
    let sideways = "return document.documentElement.scrollWidth > innerWidth";
    assert_eq!(fatima.run(sideways), json!(false));
    let stranger = provider.lab.browser("stranger", Options::narrow());
    stranger.open("/p");
    stranger.text("Du trenger en lenke");
    looked_at(&stranger, "participant-no-link");
}

#[test]
#[ignore = "in a browser"]
fn a_visit_is_entered_and_confirmed_by_keyboard_alone() {
    let mut provider = Provider::new();
    let kari = provider.kari;
    let kari = provider.joined("kari", kari, Options::office());
    go(&kari, "today");
    let is = |css: &str| {
        kari.run_with(
            "return document.activeElement.matches(arguments[0])",
            &[json!(css)],
        ) == json!(true)
    };
    let to = |css: &str| {
        for _ in 0..120 {
            if is(css) {
                return;
            }
            kari.press("Tab");
        }
        panic!("no way by Tab to {css}");
    };
    // The first stop leads past the menu.
    kari.run("document.activeElement.blur()");
    to("[data-do=enter-visit]");
    kari.press("Enter");
    kari.find("main[data-screen=choose]");
    kari.wait("the heading to have the focus", || is("h1"));
    to("input");
    for letter in ["d", "a", "h", "l"] {
        kari.press(letter);
    }
    kari.wait("one participant to be left", || {
        kari.all("[data-case]").len() == 1
    });
    to("[data-case]");
    kari.press("Enter");
    kari.find("form[data-loaded=visit]");
    to("[data-do=save]");
    kari.press("Enter");
    kari.find("main[data-screen=confirm]");
    to("[data-way=pin]");
    kari.press("Enter");
    to("#participant-pin");
    for digit in ["8", "3", "0", "2", "4", "7"] {
        kari.press(digit);
    }
    kari.press("Enter");
    kari.find("[data-proven=confirmed]");
}
