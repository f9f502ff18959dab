//! The whole story, with a browser for each: a consultant, her participant, a second consultant, the
//! office, one relay, and networks that fail.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use folge_tests::browser::staff::{
    Provider, SAID, case, choose, enter, go, looked_at, online, participant, standing, unlock,
};
use folge_tests::browser::{Options, axe, video};
use folge_tests::scan::Needles;

/// What the consultant writes about the visit.
const NOTE: &str = "Hyggelig møte om arbeidstid";
/// What the participant writes.
const WORDS: &str = "Møtet var litt kortere";

#[test]
#[ignore = "in a browser"]
fn four_people_record_confirm_and_read_while_networks_fail_and_nothing_readable_is_left() {
    let mut provider = Provider::new();
    let (kari, per) = (provider.kari, provider.per);
    let office = provider.office.client.identity().person;
    let kari = provider.joined("kari", kari, Options::phone());
    let per = provider.joined("per", per, Options::phone());
    let office = provider.joined("office", office, Options::office());
    let fatima = participant(&mut provider, &kari, "dahl", Options::phone());

    // At the workplace, where no phone has coverage.
    kari.network().cut();
    fatima.network().cut();
    go(&kari, "today");
    kari.find("[data-do=enter-visit]").click();
    choose(&kari, "dahl");
    kari.find("form[data-loaded=visit]");
    kari.find("details summary").click();
    kari.label("Notat").type_text(NOTE);
    kari.find("[data-do=save]").click();
    kari.find("main[data-screen=confirm]");
    standing(&kari, "saved");
    kari.find("[data-way=ask]").click();
    kari.find("[data-toast=good]");
    fatima.open("/p");
    fatima.find("main ul.menu");
    fatima.no_text("Var dere sammen?");

    // Back in town, one after the other.
    kari.network().mend();
    kari.find("[data-do=sync]").click();
    kari.wait("it to be delivered", || {
        kari.all("[data-standing=saved]").is_empty()
    });
    fatima.network().mend();
    online(&fatima);
    fatima.text("Var dere sammen?");
    fatima.text("Kari Li");
    looked_at(&fatima, "participant-question");
    fatima.network().cut();
    fatima.role("button", "Ja").click();
    fatima.text("Du svarte ja.");
    fatima.reload();
    fatima.role("button", "Møtene mine").click();
    fatima.text("Ditt svar: Ja");
    assert!(kari.all("[data-proven=confirmed]").is_empty());
    fatima.network().mend();
    online(&fatima);

    kari.find("[data-proven=confirmed]");
    case(&per, "people", "dahl");
    per.find("[data-visit] [data-proven=confirmed]");
    office.wait("it to be here", || {
        provider.sync();
        office.find("[data-do=sync]").click();
        case(&office, "cases", "dahl");
        !office
            .all("[data-visit] [data-proven=confirmed]")
            .is_empty()
    });
    office.find("[data-visit] [data-standing=read]");
    office.find("[data-do=history]").click();
    office.text("Kari Li");
    kari.wait("it to be read", || {
        kari.find("[data-do=sync]").click();
        !kari.all("[data-standing=read]").is_empty()
    });

    // The participant changes her mind, in her own words.
    fatima.role("button", "Endre svaret").click();
    fatima.role("button", "Noe er feil").click();
    fatima.label("Skriv med dine egne ord").type_text(WORDS);
    axe(&fatima);
    fatima.role("button", "Send").click();
    kari.find("[data-proven=disputed]");

    // In no address, no title, and no file of anybody's.
    for browser in [&kari, &per, &office, &fatima] {
        let said = browser.run("return document.title + ' ' + location.href");
        assert!(
            SAID.iter()
                .all(|name| !said.as_str().unwrap().contains(name))
        );
        assert_eq!(browser.violations(), Vec::<String>::new());
        for (level, text) in browser.console() {
            assert!(
                level != "SEVERE" || text.contains("net::ERR"),
                "{level}: {text}"
            );
            assert!(SAID.iter().all(|name| !text.contains(name)), "{text}");
        }
    }
    let names = ["kari", "per", "office", "participant"];
    drop((kari, per, office, fatima));
    let texts: Vec<&str> = SAID.into_iter().chain([NOTE, WORDS]).collect();
    let needles = Needles::of_texts(&texts).unwrap();
    let dir = provider.lab.dir();
    let relay = needles.search(&dir.join("relay")).unwrap();
    assert!(relay.files > 0 && relay.bytes > 50_000, "{relay:?}");
    assert_eq!(relay.found, 0);
    for name in names {
        let profile = dir.join(format!("profile-{name}"));
        assert!(needles.search(&profile).unwrap().files > 20, "{name}");
        assert_eq!(needles.places(&profile).unwrap(), Vec::new(), "{name}");
    }
}

#[test]
#[ignore = "in a browser"]
fn codes_go_from_phone_to_phone_by_the_camera_while_both_are_offline() {
    let mut provider = Provider::new();
    let (of_kari, of_fatima) = (
        provider.lab.dir().join("kari.y4m"),
        provider.lab.dir().join("fatima.y4m"),
    );
    video::film(&of_kari, &[]).unwrap();
    video::film(&of_fatima, &[]).unwrap();
    let kari = provider.kari;
    let kari = provider.joined("kari", kari, Options::phone().camera(&of_kari));
    let options = Options::phone().camera(&of_fatima);
    let fatima = participant(&mut provider, &kari, "dahl", options);
    kari.wait_until_kept();
    kari.network().cut();
    fatima.network().cut();

    enter(&kari, "dahl");
    kari.find("[data-way=codes]").click();
    kari.find("[data-code]");
    looked_at(&kari, "confirm-codes");
    kari.find(".card details summary").click();
    let code = kari.find("[data-code]").text();
    video::film(&of_fatima, &[&code]).unwrap();
    fatima.role("button", "Kode fra jobbkonsulenten").click();
    axe(&fatima);
    fatima.role("button", "Skann kode").click();
    fatima.text("Var dere sammen?");
    axe(&fatima);
    fatima.role("button", "Ja").click();
    let answer = fatima.find("main .code").text();
    looked_at(&fatima, "participant-answer-code");
    video::film(&of_kari, &[&answer]).unwrap();
    kari.find("[data-do=scan]").click();
    kari.find("[data-proven=confirmed]");

    // Without a camera the code is typed. A wrong one says so, and nothing is lost.
    enter(&kari, "dahl");
    kari.find("[data-way=codes]").click();
    kari.find(".card details summary").click();
    let code = kari.find("[data-code]").text();
    fatima.open("/p");
    fatima.role("button", "Kode fra jobbkonsulenten").click();
    fatima.role("button", "Skriv kode").click();
    fatima.label("Koden").type_text(&code);
    fatima.role("button", "Les koden").click();
    fatima.text("Var dere sammen?");
    fatima.role("button", "Nei").click();
    let other = fatima.find("main .code").text();
    kari.label("Kode").fill(&answer);
    kari.find("[data-do=take-code]").click();
    kari.find("[data-toast=bad]");
    kari.label("Kode").fill(&other);
    kari.find("[data-do=take-code]").click();
    kari.find("[data-proven=disputed], [data-proven=not]");
    // Locked, the phone shows none of it.
    go(&kari, "me");
    kari.find("[data-do=lock]").click();
    kari.find("[data-screen=locked]");
    assert!(!kari.shown().contains("Fatima"));
    unlock(&kari);
}
