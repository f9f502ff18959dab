//! What `cargo xtask demo` opens: its three links lead three people's browsers into the app.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use folge_core::domain::ConfirmationGrade;
use folge_tests::browser::staff::{case, enter, online, standing};
use folge_tests::browser::{Lab, Options};
use folge_tests::caseload::Caseload;
use folge_tests::provider::Plan;
use folge_tests::scan::Needles;
use folge_tests::serving::Serving;
use folge_tests::story::Story;

#[test]
#[ignore = "in a browser"]
fn the_demos_links_let_a_consultant_a_participant_and_the_office_in() {
    let lab = Lab::start();
    let caseload = Caseload::read(&Caseload::sample_dir()).unwrap();
    let plan = Plan::of(&caseload).unwrap();
    let story = Story::begin(&plan, &lab.relay.url, &lab.dir().join("devices"), 1).unwrap();
    let mut serving = Serving::prepare(story, &plan).unwrap();
    // Those of the first round are made anew, as somebody at the terminal may.
    serving.links().unwrap();
    let links = serving.links().unwrap();
    assert!(links.participant_text().contains("/p#"));

    let consultant = lab.browser("consultant", Options::phone());
    consultant.open(&lab.link(&links.consultant));
    consultant.find("#no-pin").click();
    consultant.find("[data-do=begin]").click();
    consultant.find("[data-screen=today]");
    consultant.text(&serving.participant_name);

    let office = lab.browser("office", Options::office());
    office.open(&lab.link(&links.office));
    office.find("#no-pin").click();
    office.find("[data-do=begin]").click();
    office.find("main[data-screen=cases]");

    // A link lets in one device.
    let late = lab.browser("late", Options::phone());
    late.open(&lab.link(&links.consultant));
    late.find("#no-pin").click();
    late.find("[data-do=begin]").click();
    late.find("[data-screen=joining] [role=alert]");

    let participant = lab.browser("participant", Options::phone());
    participant.open(&lab.link(&links.participant));
    participant.wait("to be let in", || {
        serving.sync().unwrap();
        !participant.all("main ul.menu").is_empty()
    });
    participant.role("button", "Ja").click();
    participant.wait("the answer to reach the consultant's own phone", || {
        serving.sync().unwrap();
        let phone = serving.story.phones.get_mut(&serving.consultant).unwrap();
        let evidence = phone.client.evidence(serving.participation).unwrap();
        let found = &evidence[&serving.visit];
        found.stands && found.grade == ConfirmationGrade::OwnDevice
    });

    // What a newcomer is told to walk through: a visit recorded without a network, back, confirmed,
    // seen by both.
    consultant.network().cut();
    enter(&consultant, &serving.participant_name);
    standing(&consultant, "saved");
    consultant.find("[data-way=ask]").click();
    consultant.find("[data-toast=good]");
    consultant.network().mend();
    consultant.find("[data-do=sync]").click();
    consultant.wait("it to be delivered", || {
        consultant.all("[data-standing=saved]").is_empty()
    });
    online(&participant);
    participant.text("Var dere sammen?");
    participant.role("button", "Ja").click();
    participant.text("Du svarte ja.");
    consultant.find("[data-proven=confirmed]");
    office.wait("the office to see it", || {
        serving.sync().unwrap();
        office.find("[data-do=sync]").click();
        case(&office, "cases", &serving.participant_name);
        office.all("[data-visit] [data-proven=confirmed]").len() >= 2
    });
    let needles = Needles::of(&caseload).unwrap();
    assert_eq!(needles.search(&lab.dir().join("relay")).unwrap().found, 0);
}
