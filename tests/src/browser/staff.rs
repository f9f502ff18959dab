//! A provider at work in browsers: an office, two consultants, some participants, and what people do
//! in the staff app. All of them are synthetic.

use std::collections::BTreeSet;
use std::path::Path;

use folge_core::client::{Invitee, NewParticipation};
use folge_core::domain::{Employer, LocalDate, Participation, StaffMember, Status};
use folge_core::keys::InvitationLink;
use folge_core::native::HttpRelay;
use folge_protocol::ids::{DocumentId, PersonId};
use folge_protocol::membership::Role;

use serde_json::json;

use super::{Browser, Lab, ORIGIN, Options, axe, dist, fail, ok};
use crate::device::Device;

/// What every synthetic consultant opens the app with.
pub const PIN: &str = "kaffe 27";
/// Lines of a list that every screen shows.
const IN_SIGHT: usize = 8;
const WEEK_MS: u64 = 7 * 86_400_000;

/// A provider with an office device of its own, two consultants and some participants.
#[derive(Debug)]
pub struct Provider {
    /// The relay and the browsers.
    pub lab: Lab,
    /// The office's own device, a native one.
    pub office: Device,
    /// A consultant with all participants.
    pub kari: PersonId,
    /// Her colleague, a consultant of all participants too.
    pub per: PersonId,
    /// The participations: Fatima Dahl's and Ola Åsheim's.
    pub cases: Vec<DocumentId>,
    relay: HttpRelay,
}

/// Everything that says something about somebody and is recorded in every such world.
pub const SAID: [&str; 5] = ["Fatima", "Åsheim", "Kari Li", "Per Moe", "Fjordkraft"];

impl Provider {
    /// A provider whose relay hands out the app that was built.
    #[must_use]
    pub fn new() -> Self {
        Self::serving(&dist())
    }

    /// The same with an app from another folder.
    #[must_use]
    pub fn serving(web: &Path) -> Self {
        let lab = Lab::serving(web);
        let relay = HttpRelay::new(&lab.relay.url);
        let folder = lab.dir().join("office");
        ok(std::fs::create_dir(&folder), "make a folder");
        let address = ok(relay.address(), "ask the relay for its key");
        let (mut office, _) = ok(Device::found(&folder, address), "found a workspace");
        ok(relay.sync(&mut office.client), "sync");
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
        ok(
            client.put_register(None, vec![], vec![employer], vec![]),
            "put into the register",
        );
        provider.assign(&[("p-000", "Fatima", "Dahl"), ("p-001", "Ola", "Åsheim")]);
        provider.sync();
        provider
    }

    fn assign(&mut self, people: &[(&str, &str, &str)]) {
        let new: Vec<NewParticipation> = people
            .iter()
            .map(|(key, first, last)| {
                let mut participation = Participation::new(key, first, last);
                participation.born = LocalDate::new(1990, 3, 28);
                participation.status = Status::Active;
                participation.consultant = Some("consultant-00".into());
                participation.co_consultants = vec!["consultant-01".into()];
                NewParticipation {
                    participation,
                    consultants: BTreeSet::from([self.kari, self.per]),
                }
            })
            .collect();
        let made = self.office.client.create_participations(&new);
        self.cases.extend(ok(made, "create participations"));
    }

    /// Gives the consultants so many participants more.
    pub fn assign_more(&mut self, count: usize) {
        for number in 0..count {
            let (key, last) = (format!("m-{number:03}"), format!("Deltaker {number:03}"));
            self.assign(&[(&key, "Test", &last)]);
        }
        self.sync();
    }

    fn member(&mut self, key: &str, name: &str) -> PersonId {
        let client = &mut self.office.client;
        let invitee = Invitee::New(Role::Consultant);
        let link = ok(client.invite(invitee, WEEK_MS), "invite");
        ok(client.revoke_invitation(link.id()), "withdraw");
        let member = StaffMember {
            key: key.into(),
            name: name.to_owned(),
            person: Some(link.person),
            position_percent: 100,
        };
        ok(
            client.put_register(None, vec![], vec![], vec![member]),
            "put into the register",
        );
        link.person
    }

    /// The office's device meets the relay: newcomers get their keys.
    pub fn sync(&mut self) {
        ok(self.relay.sync(&mut self.office.client), "sync");
    }

    /// A fresh link for somebody.
    #[must_use]
    pub fn link(&mut self, person: PersonId) -> InvitationLink {
        let invitee = Invitee::Known(person);
        let link = ok(self.office.client.invite(invitee, WEEK_MS), "invite");
        self.sync();
        link
    }

    /// A browser that opened a link, chose a PIN, and is in.
    #[must_use]
    pub fn joined(&mut self, name: &str, person: PersonId, options: Options) -> Browser {
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
            // A long list holds only what is in sight.
            browser.all("[data-case]").len() >= self.cases.len().min(IN_SIGHT)
        });
        browser
    }
}

impl Default for Provider {
    fn default() -> Self {
        Self::new()
    }
}

/// Compares the words, chooses a PIN, begins.
pub fn begin(browser: &Browser) {
    browser.label("PIN").fill(PIN);
    browser.role("button", "Ta i bruk").click();
}

/// Unlocks with the PIN.
pub fn unlock(browser: &Browser) {
    browser.find("[data-screen=locked]");
    browser.label("PIN").fill(PIN);
    browser.role("button", "Lås opp").click();
}

/// Goes to one of the main screens.
pub fn go(browser: &Browser, screen: &str) {
    browser.find(&format!("[data-go={screen}]")).click();
    browser.find(&format!("main[data-screen={screen}]"));
}

/// Chooses a participant of the caseload by a part of the name.
pub fn choose(browser: &Browser, name: &str) {
    browser.find("main[data-screen=choose]");
    browser.label("Søk").type_text(name);
    browser.wait("one participant to be left", || {
        browser.all("[data-case]").len() == 1
    });
    browser.find("[data-case]").click();
}

/// Enters a visit that was held just now; it stands in the day then.
pub fn enter(browser: &Browser, name: &str) {
    go(browser, "today");
    browser.find("[data-do=enter-visit]").click();
    choose(browser, name);
    browser.find("form[data-loaded=visit]");
    browser.find("[data-do=save]").click();
    browser.find("main[data-screen=confirm]");
}

/// Waits for a record that is `saved`, `stored` or `read`.
pub fn standing(browser: &Browser, expected: &str) {
    browser.wait(&format!("a visit that is {expected}"), || {
        !browser
            .all(&format!("[data-standing={expected}]"))
            .is_empty()
    });
}

/// Goes to a participant's page, by a part of the name.
pub fn case(browser: &Browser, list: &str, name: &str) {
    go(browser, list);
    browser.label("Søk").fill(name);
    browser.wait("one participant to be left", || {
        browser.all("[data-case]").len() == 1
    });
    let line = if list == "cases" {
        "[data-case] button"
    } else {
        "[data-case]"
    };
    browser.find(line).click();
    browser.find("main[data-screen=case] [data-do=history]");
}

/// Has the consultant invite her participant, as the app does it; gives the link's path.
#[must_use]
pub fn invitation(consultant: &Browser, name: &str) -> String {
    case(consultant, "people", name);
    consultant.find("[data-do=invite]").click();
    consultant
        .find("main[data-screen=invite] [data-do=invite]")
        .click();
    let link = consultant.find("[data-link]").text();
    match link.strip_prefix(ORIGIN) {
        Some(path) => path.to_owned(),
        None => fail("the link leads elsewhere"),
    }
}

/// The page of a consultant's participant, once its person was let in.
#[must_use]
pub fn participant(
    provider: &mut Provider,
    consultant: &Browser,
    name: &str,
    options: Options,
) -> Browser {
    let link = invitation(consultant, name);
    let browser = provider.lab.browser("participant", options);
    browser.open(&link);
    browser.wait("to be let in", || {
        provider.sync();
        !browser.all("main ul.menu").is_empty()
    });
    browser.wait_until_kept();
    browser
}

/// What a phone tells its pages when coverage is back.
pub fn online(browser: &Browser) {
    browser.run("dispatchEvent(new Event('online'))");
}

/// Goes by the tabulator, as who uses no pointer does, to what has a role's tag and a text.
pub fn tab_to(browser: &Browser, tag: &str, text: &str) {
    let here = "const [tag, text] = arguments;
        return document.activeElement.matches(tag)
            && document.activeElement.textContent.trim() === text";
    for _ in 0..120 {
        if browser.run_with(here, &[json!(tag), json!(text)]) == json!(true) {
            return;
        }
        browser.press("Tab");
    }
    fail(&format!("{}: no way by Tab to {text}", browser.name()));
}

/// Asserts that everybody can use the screen as it is now, and keeps pictures of it in
/// `target/web/pictures`, to be looked at: a phone's at 360 by 740, and the dark one too.
pub fn looked_at(browser: &Browser, name: &str) {
    browser.wait("all to be there", || !browser.shown().contains("Henter"));
    axe(browser);
    let folder = dist().join("../pictures");
    ok(std::fs::create_dir_all(&folder), "make a folder");
    let phone = browser.options.touch;
    let size = |width: u32, height: u32| {
        browser.cdp(
            "Emulation.setDeviceMetricsOverride",
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": true }),
        );
    };
    if phone {
        size(360, 740);
    }
    for (scheme, suffix) in [("light", ""), ("dark", "-dark")] {
        browser.scheme(scheme);
        let file = folder.join(format!("{name}{suffix}.png"));
        ok(browser.screenshot(&file), "take a picture");
    }
    browser.scheme("");
    if let (true, Some((width, height))) = (phone, browser.options.size) {
        size(width, height);
    }
}
