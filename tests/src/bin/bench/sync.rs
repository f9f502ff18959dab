//! Benchmark 1: many small changes made offline, uploaded by one client in one sync; downloaded,
//! verified, decrypted and applied by a second that was behind, and by one that just joined.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant as Stopwatch};

use folge_core::client::{Client, Invitee};
use folge_core::document::Record;
use folge_core::domain::{Instant, Note, StaffKey};
use folge_core::keys::InvitationLink;
use folge_core::limits::INVITATION_MILLISECONDS;
use folge_core::native::HttpRelay;
use folge_protocol::ids::DocumentId;
use folge_protocol::membership::Role;
use folge_tests::relay::RelayProcess;

use crate::devices::{Stored, copy_dir, new_participation};
use crate::machine::cpu;
use crate::proxy::Proxy;
use crate::report::{Report, Target, kilobytes, median};
use crate::{Anything, Bench};

const CHANGES: usize = 40;

/// Everything before the first sync that is measured.
struct Ready {
    relay: std::path::PathBuf,
    /// With its changes made and not yet sent.
    office: Stored,
    /// A second person's computer, which has the documents as they were before.
    second: Stored,
    /// Lets a third person's in.
    link: InvitationLink,
    documents: Vec<DocumentId>,
}

fn note(client: &mut Client, change: usize) -> Note {
    Note {
        id: client.new_record_id(),
        at: Instant(1_767_258_000_000),
        text: text(change),
    }
}

fn text(change: usize) -> String {
    format!("Avtale {change} er flyttet.")
}

/// The changes, as the benchmark counts them: a note, then its text amended again and again.
fn amend_notes(client: &mut Client, documents: &[DocumentId]) -> Anything<()> {
    for document in documents {
        let mut note = note(client, 0);
        client.record(*document, Record::Note(note.clone()))?;
        for change in 1..CHANGES {
            note.text = text(change);
            client.amend(*document, Record::Note(note.clone()), None)?;
        }
    }
    Ok(())
}

/// As many notes instead.
fn add_notes(client: &mut Client, documents: &[DocumentId]) -> Anything<()> {
    for change in 0..CHANGES {
        let mut records = Vec::with_capacity(documents.len());
        for document in documents {
            records.push((*document, Record::Note(note(client, change))));
        }
        client.record_each(records)?;
    }
    Ok(())
}

fn ready(
    dir: &Path,
    count: usize,
    changes: fn(&mut Client, &[DocumentId]) -> Anything<()>,
) -> Anything<Ready> {
    let relay_dir = dir.join("relay");
    let relay = RelayProcess::start(&relay_dir, "127.0.0.1:0")?;
    let http = HttpRelay::new(&relay.url);
    let (office, mut client) = Stored::found(dir.join("office"), http.address()?)?;
    http.sync(&mut client)?;
    let key = StaffKey::from("consultant-00");
    let new: Vec<_> = (0..count)
        .map(|number| new_participation(number, &key, None))
        .collect();
    let documents = client.create_participations(&new)?;
    let mut links = Vec::new();
    for _ in 0..2 {
        let invitee = Invitee::New(Role::Coordinator);
        links.push(client.invite(invitee, INVITATION_MILLISECONDS)?);
    }
    http.sync(&mut client)?;
    let [second, link] = links.try_into().map_err(|_| "two links")?;
    let (second, mut behind) = Stored::join(dir.join("second"), &second)?;
    http.sync(&mut behind)?;
    http.sync(&mut client)?;
    drop((behind, relay));
    changes(&mut client, &documents)?;
    Ok(Ready {
        relay: relay_dir,
        office,
        second,
        link,
        documents,
    })
}

#[derive(Default)]
struct Run {
    upload: Duration,
    upload_cpu: Duration,
    upload_bytes: u64,
    download: Duration,
    download_bytes: u64,
    first: Duration,
    first_bytes: u64,
}

impl Ready {
    /// One run on copies. Bytes are counted by a proxy, which takes time: so a run gives either.
    fn run(&self, dir: &Path, warm: bool, count_bytes: bool) -> Anything<Run> {
        copy_dir(&self.relay, &dir.join("relay"))?;
        let office = self.office.copy(dir.join("office"))?;
        let second = self.second.copy(dir.join("second"))?;
        let relay = RelayProcess::start(&dir.join("relay"), "127.0.0.1:0")?;
        let proxy = Proxy::start(&relay.url)?;
        let url = if count_bytes { &proxy.url } else { &relay.url };
        let mut run = Run::default();

        let mut client = office.open()?;
        if warm {
            // As in the app in which the changes were made: the documents are in memory.
            for document in &self.documents {
                client.history(*document)?;
            }
        }
        let cpu_before = cpu(relay.pid())?;
        let started = Stopwatch::now();
        HttpRelay::new(url).sync(&mut client)?;
        run.upload = started.elapsed();
        run.upload_cpu = cpu(relay.pid())?.saturating_sub(cpu_before);
        run.upload_bytes = proxy.take();

        let mut client = second.open()?;
        let started = Stopwatch::now();
        let totals = HttpRelay::new(url).sync(&mut client)?;
        run.download = started.elapsed();
        run.download_bytes = proxy.take();
        if totals.report.applied < self.documents.len() as u64 {
            return Err("the second client did not get everything".into());
        }

        let (_, mut client) = Stored::join(dir.join("third"), &self.link)?;
        let started = Stopwatch::now();
        HttpRelay::new(url).sync(&mut client)?;
        run.first = started.elapsed();
        run.first_bytes = proxy.take();
        if client.sums().participations != self.documents.len() {
            return Err("the new client did not get everything".into());
        }
        drop(relay);
        fs::remove_dir_all(dir)?;
        Ok(run)
    }
}

pub(crate) fn run(bench: &Bench, report: &mut Report) -> Anything<()> {
    let sizes: &[(usize, usize)] = bench.pick(&[(50, 15), (500, 5)], &[(5, 1)]);
    for (count, runs) in sizes {
        let dir = bench.fast.join(format!("sync-{count}"));
        let ready = ready(&dir, *count, amend_notes)?;
        let disk = bench.disk.join("sync");
        let bytes = ready.run(&disk, true, true)?;
        let timed = (0..*runs)
            .map(|_| ready.run(&disk, true, false))
            .collect::<Anything<Vec<Run>>>()?;
        let restarted = ready.run(&disk, false, false)?;
        fs::remove_dir_all(&dir)?;
        note_figures(report, *count, &bytes, &timed, &restarted);
    }
    let count = sizes[0].0;
    let dir = bench.fast.join("sync-notes");
    let bytes = ready(&dir, count, add_notes)?.run(&bench.disk.join("sync"), true, true)?;
    fs::remove_dir_all(&dir)?;
    let name = format!("{count} x {CHANGES} new notes instead: upload");
    report.plain("sync", name, kilobytes(bytes.upload_bytes), "KB");
    let name = format!("{count} x {CHANGES} new notes instead: first download");
    report.plain("sync", name, kilobytes(bytes.first_bytes), "KB");
    Ok(())
}

fn note_figures(report: &mut Report, count: usize, bytes: &Run, timed: &[Run], restarted: &Run) {
    // The targets are for 50 documents.
    let aim = |most: f64| (count == 50).then_some(Target::AtMost(most));
    let middle = |time: fn(&Run) -> Duration| {
        let times: Vec<f64> = timed.iter().map(|run| time(run).as_secs_f64()).collect();
        median(&times)
    };
    let what = format!("{count} x {CHANGES}");
    let cpu: Duration = timed.iter().map(|run| run.upload_cpu).sum();
    let cpu_ms = cpu.as_secs_f64() * 1000.0 / timed.len().max(1) as f64;
    let mut seconds = |name: &str, value: f64, target| {
        report.aimed("sync", format!("{what}: {name}"), value, "s", target);
    };
    seconds("upload", middle(|run| run.upload), aim(0.10));
    seconds(
        "upload after a restart",
        restarted.upload.as_secs_f64(),
        None,
    );
    seconds(
        "download by one behind",
        middle(|run| run.download),
        aim(0.05),
    );
    seconds("first download", middle(|run| run.first), None);
    let name = format!("{what}: relay CPU of the upload");
    report.aimed("sync", name, cpu_ms, "ms", aim(30.0));
    let mut sizes = |name: &str, bytes: u64, target| {
        let name = format!("{what}: {name}");
        report.aimed("sync", name, kilobytes(bytes), "KB", target);
    };
    sizes("upload", bytes.upload_bytes, aim(125.0));
    sizes("download by one behind", bytes.download_bytes, None);
    sizes("first download", bytes.first_bytes, aim(60.0));
}
