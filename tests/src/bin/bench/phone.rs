//! Benchmark 4: a consultant's phone with three years of work on it.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant as Stopwatch;

use folge_core::client::{Client, Invitee};
use folge_core::document::Record;
use folge_core::domain::{LocalDate, StaffKey};
use folge_core::keys::InvitationLink;
use folge_core::limits::INVITATION_MILLISECONDS;
use folge_core::native::HttpRelay;
use folge_protocol::ids::DocumentId;
use folge_protocol::membership::Role;
use folge_tests::relay::RelayProcess;

use crate::devices::{Stored, new_participation, trip, visit};
use crate::machine::own_peak_kib;
use crate::proxy::Proxy;
use crate::report::{Report, median, millis, percentile};
use crate::{Anything, Bench};

/// The program's own option for the process whose memory is looked at.
pub(crate) const CHILD: &str = "--phone-process";

const CONSULTANT: &str = "consultant-00";

/// Records the visits of a day, one with each of some participations.
fn record_day(
    client: &mut Client,
    documents: &[DocumentId],
    day: usize,
    with_trips: bool,
) -> Anything<()> {
    let key = StaffKey::from(CONSULTANT);
    let mut records = Vec::new();
    for (hour, document) in documents.iter().enumerate() {
        let visit = visit(client, &key, day, hour)?;
        let trip = with_trips.then(|| trip(client, &key, visit.id));
        records.push((*document, Record::Visit(visit)));
        records.extend(trip.map(|trip| (*document, trip)));
    }
    Ok(client.record_each(records)?)
}

pub(crate) fn run(bench: &Bench, report: &mut Report) -> Anything<()> {
    let (participations, visits, timed) = bench.pick((25, 36 * 4, 1000), (3, 4, 20));
    let dir = bench.fast.join("phone");
    let relay = RelayProcess::start(&dir.join("relay"), "127.0.0.1:0")?;
    let http = HttpRelay::new(&relay.url);
    let (_, mut office) = Stored::found(dir.join("office"), http.address()?)?;
    let link = office.invite(Invitee::New(Role::Consultant), INVITATION_MILLISECONDS)?;
    let key = StaffKey::from(CONSULTANT);
    let new: Vec<_> = (0..participations)
        .map(|number| new_participation(number, &key, Some(link.person)))
        .collect();
    let documents = office.create_participations(&new)?;
    http.sync(&mut office)?;
    let (phone, mut client) = Stored::join(dir.join("phone"), &link)?;
    http.sync(&mut client)?;
    // Four visits a month, each with a trip, synced on the day.
    for week in 0..visits {
        record_day(&mut client, &documents, week * 7, true)?;
        http.sync(&mut client)?;
    }
    let further = Invitee::Known(client.identity().person);
    let link = client.invite(further, INVITATION_MILLISECONDS)?;
    http.sync(&mut client)?;
    drop(client);
    let phone = phone.copy(bench.disk.join("phone"))?;
    let what = format!(
        "{participations} participations, {} visits",
        participations * visits
    );

    let mut client = phone.open()?;
    let mut times = Vec::with_capacity(timed);
    for number in 0..timed {
        let visit = visit(&mut client, &key, visits * 7 + number % 300, number)?;
        let record = Record::Visit(visit);
        let started = Stopwatch::now();
        client.record(documents[number % documents.len()], record)?;
        times.push(millis(started.elapsed()));
    }
    for percent in [50, 99] {
        let name = format!("{what}: a visit recorded, p{percent}");
        report.plain("phone", name, percentile(&times, percent), "ms");
    }
    http.sync(&mut client)?;

    let proxy = Proxy::start(&relay.url)?;
    let counted = HttpRelay::new(&proxy.url);
    counted.sync(&mut client)?;
    let day = documents.len().min(6);
    for (name, together) in [("alone", 1), ("six a day", day)] {
        let mut bytes = Vec::new();
        for number in 0..bench.pick(20, 2) {
            record_day(&mut client, &documents[..together], number, false)?;
            proxy.take();
            counted.sync(&mut client)?;
            bytes.push(proxy.take() as f64 / together as f64);
        }
        let name = format!("bytes a visit on the wire, synced {name}");
        report.plain("phone", name, median(&bytes), "bytes");
    }
    drop(client);

    let opened = [&phone.dir.display().to_string(), &phone.secret_text()];
    let document = documents[0].to_string();
    let opened = child_peak(&["day", opened[0], opened[1], &document, &relay.url])?;
    report.plain(
        "phone",
        format!("{what}: peak memory of a day's use"),
        opened,
        "MiB",
    );
    let new = bench.disk.join("new-phone").display().to_string();
    let joined = child_peak(&["join", &new, &link.to_text(), &relay.url])?;
    report.plain(
        "phone",
        format!("{what}: peak memory of a new phone's start"),
        joined,
        "MiB",
    );
    let idle = child_peak(&["idle"])?;
    report.plain("phone", "the same program doing nothing", idle, "MiB");
    drop(relay);
    fs::remove_dir_all(&dir)?;
    Ok(())
}

/// Runs this program as a phone; gives its peak memory in MiB.
fn child_peak(args: &[&str]) -> Anything<f64> {
    let output = Command::new(std::env::current_exe()?)
        .arg(CHILD)
        .args(args)
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    let text = String::from_utf8(output.stdout)?;
    let kib: u32 = text.trim().parse()?;
    Ok(f64::from(kib) / 1024.0)
}

/// A phone as a process of its own: prints its peak memory in KiB.
pub(crate) fn child(args: &[String]) -> Anything<()> {
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["day", dir, secret, document, url] => {
            let key = StaffKey::from(CONSULTANT);
            let mut client = Stored::told(Path::new(dir).to_owned(), secret)?.open()?;
            let document: DocumentId = document.parse()?;
            let _ = client.caseload(&key);
            let monday = LocalDate::new(2025, 3, 3).ok_or("no date")?;
            client.week(&key, monday)?;
            client.participation(document)?;
            client.history(document)?;
            record_day(&mut client, &[document], 2000, false)?;
            HttpRelay::new(url).sync(&mut client)?;
        }
        ["join", dir, link, url] => {
            let link = InvitationLink::from_text(link)?;
            let (_, mut client) = Stored::join(Path::new(dir).to_owned(), &link)?;
            HttpRelay::new(url).sync(&mut client)?;
            let _ = client.caseload(&StaffKey::from(CONSULTANT));
        }
        ["idle"] => {}
        _ => return Err("the benchmark starts this itself".into()),
    }
    println!("{}", own_peak_kib()?);
    Ok(())
}
