//! The staff app in real browsers: a consultant's day without a network, what survives, and what
//! the office sees of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::path::Path;

use folge_core::client::{Client, Invitee, NewParticipation};
use folge_core::domain::{Employer, LocalDate, Participation, StaffMember, Status};
use folge_core::keys::InvitationLink;
use folge_core::native::HttpRelay;
use folge_protocol::ids::{DocumentId, PersonId};
use folge_protocol::membership::Role;
use folge_tests::browser::{Browser, Lab, Options, axe};
use folge_tests::device::Device;
use serde_json::json;

const PIN: &str = "kaffe 27";
const WEEK_MS: u64 = 7 * 86_400_000;

/// A provider with an office device of its own, two consultants and some participants.
struct Provider {
    lab: Lab,
    office: Device,
    relay: HttpRelay,
    kari: PersonId,
    per: PersonId,
    cases: Vec<DocumentId>,
}

impl Provider {
    fn new() -> Self {
        let lab = Lab::start();
        let relay = HttpRelay::new(&lab.relay.url);
        let folder = lab.dir().join("office");
        std::fs::create_dir(&folder).unwrap();
        let (mut office, _) = Device::found(&folder, relay.address().unwrap()).unwrap();
        relay.sync(&mut office.client).unwrap();
        let mut provider = Self {
            kari: PersonId([0; 16]),
            per: PersonId([0; 16]),
            cases: Vec::new(),
            lab,
            office,
            relay,
        };
        provider.kari = provider.member("consultant-00", "Kari Li");
        provider.per = provider.member("consultant-01", "Per Moe");
        let employer = Employer {
            key: "employer-00".into(),
            name: "Fjordkraft Verksted".to_owned(),
            area: None,
            municipality: None,
            contact: None,
        };
        let client = &mut provider.office.client;
        client
            .put_register(None, vec![], vec![employer], vec![])
            .unwrap();
        let people = [("p-000", "Fatima", "Dahl"), ("p-001", "Ola", "Åsheim")];
        let new = people.map(|(key, first, last)| {
            let mut participation = Participation::new(key, first, last);
            participation.born = LocalDate::new(1990, 3, 28);
            participation.status = Status::Active;
            participation.consultant = Some("consultant-00".into());
            participation.co_consultants = vec!["consultant-01".into()];
            NewParticipation {
                participation,
                consultants: BTreeSet::from([provider.kari, provider.per]),
            }
        });
        provider.cases = client.create_participations(&new).unwrap();
        provider.sync();
        provider
    }

    fn member(&mut self, key: &str, name: &str) -> PersonId {
        let client = &mut self.office.client;
        let link = client
            .invite(Invitee::New(Role::Consultant), WEEK_MS)
            .unwrap();
        client.revoke_invitation(link.id()).unwrap();
        let member = StaffMember {
            key: key.into(),
            name: name.to_owned(),
            person: Some(link.person),
            position_percent: 100,
        };
        client
            .put_register(None, vec![], vec![], vec![member])
            .unwrap();
        link.person
    }

    fn sync(&mut self) {
        self.relay.sync(&mut self.office.client).unwrap();
    }

    fn client(&mut self) -> &mut Client {
        &mut self.office.client
    }

    /// A fresh link for somebody.
    fn link(&mut self, person: PersonId) -> InvitationLink {
        let link = self
            .client()
            .invite(Invitee::Known(person), WEEK_MS)
            .unwrap();
        self.sync();
        link
    }

    /// A browser that opened a link, chose a PIN, and is in.
    fn joined(&mut self, name: &str, person: PersonId, options: Options) -> Browser {
        let link = self.link(person);
        let browser = self.lab.browser(name, options);
        browser.open(&self.lab.link(&link));
        begin(&browser);
        // The newcomer is let in, and then given the keys by who has them.
        let list = if person == self.office.client.identity().person {
            "cases"
        } else {
            "people"
        };
        browser.wait("to be let in", || {
            self.sync();
            !browser.all(&format!("[data-go={list}]")).is_empty()
        });
        go(&browser, list);
        browser.wait("to be given the participants", || {
            self.sync();
            browser.find("[data-do=sync]").click();
            browser.all("[data-case]").len() == self.cases.len()
        });
        browser
    }
}

/// Compares the words, chooses a PIN, begins.
fn begin(browser: &Browser) {
    browser.label("PIN").fill(PIN);
    browser.role("button", "Ta i bruk").click();
}

fn unlock(browser: &Browser) {
    browser.find("[data-screen=locked]");
    browser.label("PIN").fill(PIN);
    browser.role("button", "Lås opp").click();
}

fn go(browser: &Browser, screen: &str) {
    browser.find(&format!("[data-go={screen}]")).click();
    browser.find(&format!("main[data-screen={screen}]"));
}

/// Chooses a participant of the caseload by a part of the name.
fn choose(browser: &Browser, name: &str) {
    browser.find("main[data-screen=choose]");
    browser.label("Søk").type_text(name);
    browser.wait("one participant to be left", || {
        browser.all("[data-case]").len() == 1
    });
    browser.find("[data-case]").click();
}

/// Enters a visit that was held just now; it stands in the day then.
fn enter(browser: &Browser, name: &str) {
    go(browser, "today");
    browser.find("[data-do=enter-visit]").click();
    choose(browser, name);
    browser.find("form[data-loaded=visit]");
    browser.find("[data-do=save]").click();
    browser.find("main[data-screen=confirm]");
}

fn standing(browser: &Browser, expected: &str) {
    browser.wait(&format!("a visit that is {expected}"), || {
        !browser
            .all(&format!("[data-standing={expected}]"))
            .is_empty()
    });
}

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
    second.wait("that it was used", || second.shown().contains("nvitasjon"));
    second.find(".standing .notice");
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
    let long = "Mye å skrive om dette møtet. ".repeat(300);
    kari.find("details summary").click();
    kari.find("#note");
    kari.run_with(
        "const [text] = arguments;
         const field = document.querySelector('#note');
         Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value').set.call(field, text);
         field.dispatchEvent(new Event('input', { bubbles: true }));",
        &[json!(long)],
    );
    kari.find("[data-do=save]").click();
    kari.find("[data-failure=storage_full], [data-toast=bad]");
    kari.find("main[data-screen=visit]");
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

/// A picture of a screen, to be looked at: in `target/web/pictures`.
fn picture(browser: &Browser, name: &str) {
    let folder = folge_tests::browser::dist().join("../pictures");
    std::fs::create_dir_all(&folder).unwrap();
    browser
        .screenshot(&Path::new(&folder).join(format!("{name}.png")))
        .unwrap();
}
