//! Benchmark 2: the office's computer in the morning, after a year of a large provider's work.

use std::fs;
use std::time::Instant as Stopwatch;

use folge_core::client::Invitee;
use folge_core::document::{CaseFilter, Record};
use folge_core::domain::StaffKey;
use folge_core::limits::INVITATION_MILLISECONDS;
use folge_core::native::HttpRelay;
use folge_protocol::ids::DocumentId;
use folge_protocol::membership::Role;
use folge_tests::relay::RelayProcess;

use crate::devices::{Stored, new_participation, visit};
use crate::report::{Report, Target, kilobytes, median};
use crate::{Anything, Bench};

pub(crate) fn run(bench: &Bench, report: &mut Report) -> Anything<()> {
    let (consultants, each, visits) = bench.pick((10, 100, 20), (2, 5, 3));
    let dir = bench.fast.join("office");
    let relay = RelayProcess::start(&dir.join("relay"), "127.0.0.1:0")?;
    let http = HttpRelay::new(&relay.url);
    let (office, mut client) = Stored::found(dir.join("office"), http.address()?)?;
    let mut phones = Vec::new();
    for number in 0..consultants {
        let key = StaffKey::from(format!("consultant-{number:02}").as_str());
        let invitee = Invitee::New(Role::Consultant);
        let link = client.invite(invitee, INVITATION_MILLISECONDS)?;
        let new: Vec<_> = (number * each..(number + 1) * each)
            .map(|number| new_participation(number, &key, Some(link.person)))
            .collect();
        let documents = client.create_participations(&new)?;
        phones.push((key, link, documents));
    }
    http.sync(&mut client)?;
    // Each visit reaches the relay in an envelope of its own, as it does where a phone syncs at
    // least daily: the most that there can be to verify.
    for (key, link, documents) in &phones {
        let (_, mut phone) = Stored::join(dir.join(&key.0), link)?;
        http.sync(&mut phone)?;
        for day in 0..visits {
            let mut records: Vec<(DocumentId, Record)> = Vec::with_capacity(each);
            for (hour, document) in documents.iter().enumerate() {
                let visit = visit(&mut phone, key, day * 7, hour)?;
                records.push((*document, Record::Visit(visit)));
            }
            phone.record_each(records)?;
            http.sync(&mut phone)?;
        }
    }
    let started = Stopwatch::now();
    http.sync(&mut client)?;
    let total = consultants * each;
    let what = format!("{total} participations, {} visits", total * visits);
    report.plain(
        "office",
        format!("{what}: catching up with all of it"),
        started.elapsed().as_secs_f64(),
        "s",
    );
    drop((client, relay));

    let office = office.copy(bench.disk.join("office"))?;
    fs::remove_dir_all(&dir)?;
    let (mut lists, mut checks) = (Vec::new(), Vec::new());
    let mut envelopes = 0;
    for _ in 0..bench.pick(5, 1) {
        let started = Stopwatch::now();
        let mut client = office.open()?;
        let shown = client.office_list(&CaseFilter::default()).len();
        lists.push(started.elapsed().as_secs_f64());
        let started = Stopwatch::now();
        let check = client.verify_everything()?;
        checks.push(started.elapsed().as_secs_f64());
        if shown != total || !check.faults.is_empty() {
            return Err(format!("{shown} in the list; {check:?}").into());
        }
        envelopes = check.envelopes;
    }
    let target = |most: f64| (!bench.quick).then_some(Target::AtMost(most));
    let name = format!("{what}: unlock to first list");
    report.aimed("office", name, median(&lists), "s", target(0.3));
    let name = format!("{what}: verify {envelopes} envelopes, load all");
    report.aimed("office", name, median(&checks), "s", target(1.0));
    let size = fs::metadata(office.path())?.len();
    report.plain("office", format!("{what}: store"), kilobytes(size), "KB");
    fs::remove_dir_all(&office.dir)?;
    Ok(())
}
