//! The demo's open house: the app in the browser, with native devices that let newcomers in.

use std::io::BufRead as _;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use folge_core::qr::Qr;
use folge_relay::Config;
use folge_tests::provider::Plan;
use folge_tests::relay::EmbeddedRelay;
use folge_tests::scan::Needles;
use folge_tests::serving::{Links, Serving};
use folge_tests::story::Story;

use super::{Anything, heading};

/// Where the app is found if nobody else is there.
const PORT: u16 = 8787;
/// How often the native devices look for newcomers.
const PAUSE: Duration = Duration::from_secs(1);

/// A relay that hands out the app.
pub(crate) fn relay(data: &Path, web: Option<&Path>) -> Anything<EmbeddedRelay> {
    let web = web.ok_or(
        "no app to hand out: `cargo xtask demo` builds it; with --headless none is needed",
    )?;
    let mut config = Config::in_directory(data);
    config.limits.device_requests_per_minute = 1_000_000;
    config.web = Some(web.to_owned());
    config.listen = SocketAddr::from(([127, 0, 0, 1], PORT));
    EmbeddedRelay::start_with(config.clone()).or_else(|_| {
        config.listen.set_port(0);
        EmbeddedRelay::start_with(config)
    })
}

/// What the person at the terminal wants.
enum Wish {
    Scan,
    Links,
    End,
}

/// Serves until Ctrl-C.
pub(crate) fn house(story: Story, plan: &Plan, needles: &Needles, relay: &Path) -> Anything<()> {
    let mut serving = Serving::prepare(story, plan)?;
    let links = serving.links()?;
    show(&serving, &links)?;
    let wishes = listen()?;
    let mut failed = false;
    loop {
        match wishes.recv_timeout(PAUSE) {
            Ok(Wish::Scan) => scan(&serving, needles, relay)?,
            Ok(Wish::Links) => {
                let links = serving.links()?;
                show(&serving, &links)?;
            }
            Ok(Wish::End) | Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {}
        }
        // Once is enough to say it; it is tried again all the same.
        let synced = serving.sync();
        if let (Err(error), false) = (&synced, failed) {
            eprintln!("{error}");
        }
        failed = synced.is_err();
    }
    println!("\nSlutt. / The end.");
    Ok(())
}

/// Lines from the keyboard, and Ctrl-C. Without a keyboard only the latter.
fn listen() -> Anything<mpsc::Receiver<Wish>> {
    let (sender, wishes) = mpsc::channel();
    let keys = sender.clone();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            let wish = match line.trim() {
                "n" => Wish::Links,
                "q" => Wish::End,
                _ => Wish::Scan,
            };
            if keys.send(wish).is_err() {
                return;
            }
        }
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    std::thread::spawn(move || {
        let _ = runtime.block_on(tokio::signal::ctrl_c());
        let _ = sender.send(Wish::End);
    });
    Ok(wishes)
}

fn show(serving: &Serving, links: &Links) -> Anything<()> {
    let people = [
        (
            format!(
                "Konsulent: {}, {} deltakelser",
                serving.consultant_name, serving.caseload
            ),
            format!(
                "consultant, with {} participations: one more device of hers",
                serving.caseload
            ),
            links.consultant.to_text(),
        ),
        (
            format!(
                "Deltaker: {}, et besøk venter på svar",
                serving.participant_name
            ),
            "participant: a visit of today waits to be confirmed".to_owned(),
            links.participant_text(),
        ),
        (
            "Kontor: administrator".to_owned(),
            "office: one more device of the administrator".to_owned(),
            links.office.to_text(),
        ),
    ];
    for (norwegian, english, text) in people {
        heading(&norwegian, &english);
        print!("{}", Qr::new(&text)?.to_terminal());
        println!("  {text}");
    }
    println!(
        "
Hver lenke gjelder én nettleserprofil, én gang. Åpne dem i hver sin profil, for eksempel:
Each link is for one browser profile, once. Open each in a profile of its own, such as:
  chromium --user-data-dir=/tmp/folge-konsulent 'LENKE'
  chromium --user-data-dir=/tmp/folge-deltaker 'LENKE'
  firefox --no-remote --profile /tmp/folge-kontor 'LENKE'   (make the folder first)
Alt er syntetisk. Ta nettet fra en profil (utviklerverktøy: Network, Offline), registrer, og gi det
tilbake. / Everything is synthetic. Take a profile's network (developer tools: Network, Offline),
record, and give it back.

  Enter    søk i releets filer etter alle navn / search the relay's files for all names
  n Enter  nye lenker / new links
  q Enter, Ctrl-C   slutt / end"
    );
    Ok(())
}

fn scan(serving: &Serving, needles: &Needles, relay: &Path) -> Anything<()> {
    let found = needles.search(relay)?;
    println!(
        "Releets filer: {} filer, {} KB, søkt etter {} navn, {} notater og {} numre: {} funnet / \
         the relay's {} files searched for {} names, {} notes and {} numbers: {} found",
        found.files,
        found.bytes / 1024,
        needles.names,
        needles.notes,
        needles.numbers,
        found.found,
        found.files,
        needles.names,
        needles.notes,
        needles.numbers,
        found.found
    );
    let sums = serving.story.office.client.sums();
    println!(
        "Kontoret leser: {} deltakelser, {} møter / the office reads {} participations, {} meetings",
        sums.participations, sums.visits, sums.participations, sums.visits
    );
    Ok(())
}
