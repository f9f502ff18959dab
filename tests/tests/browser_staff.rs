//! The staff app in real browsers: a consultant's day without a network, what survives, and what
//! the office sees of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use folge_tests::browser::staff::{Provider, begin, choose, enter, go, picture, standing, unlock};
use folge_tests::browser::{Options, axe};
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

/// Every screen, in both themes and by what is read aloud.
#[test]
#[ignore = "in a browser"]
fn every_screen_can_be_used_by_everybody() {
    let mut provider = Provider::new();
    let person = provider.kari;
    let kari = provider.joined("kari", person, Options::narrow());
    enter(&kari, "dahl");
    axe(&kari);
    picture(&kari, "confirm");
    for way in ["pin", "drawing", "later", "cannot"] {
        kari.find(&format!("[data-way={way}]")).click();
        axe(&kari);
    }
    for screen in ["today", "week", "people", "me"] {
        go(&kari, screen);
        kari.wait("it to be there", || !kari.shown().contains("Henter"));
        axe(&kari);
        picture(&kari, screen);
    }
    go(&kari, "people");
    kari.wait("the caseload", || kari.all("[data-case]").len() == 2);
    kari.find("[data-case]").click();
    kari.find("[data-do=history]");
    axe(&kari);
    picture(&kari, "case");
    for name in ["note", "contact", "invite", "history", "enter-visit"] {
        kari.find(&format!("[data-do={name}]")).click();
        kari.wait("it to be there", || !kari.shown().contains("Henter"));
        axe(&kari);
        picture(&kari, name);
        kari.find("[data-do=back]").click();
        kari.find("[data-do=history]");
    }
    go(&kari, "today");
    kari.find("[data-do=group]").click();
    kari.find("[data-attendee]");
    axe(&kari);
    picture(&kari, "group");
    let office = provider.office.client.identity().person;
    let office = provider.joined("office", office, Options::office());
    for screen in ["cases", "due", "month", "members", "me"] {
        go(&office, screen);
        office.wait("it to be there", || !office.shown().contains("Henter"));
        axe(&office);
        picture(&office, &format!("office-{screen}"));
    }
}
