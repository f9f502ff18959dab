//! Benchmark 6: the agreement's rules over a large provider's year, from the projections: a
//! month's claim, and all that is due.

use std::time::Instant as Stopwatch;

use folge_core::client::Client;
use folge_core::contract::terms::{AreaTerms, HourlyPrice, Pricing};
use folge_core::contract::{Agreement, Terms};
use folge_core::document::Record;
use folge_core::domain::{AgreementKey, Area, LocalDate, Month, StaffKey};
use folge_core::sync::RelayAddress;
use folge_protocol::ids::DocumentId;

use crate::devices::{Stored, new_participation, trip, visit};
use crate::report::{Report, Target, median};
use crate::{Anything, Bench};

const AGREEMENT: &str = "oppfolging";
/// The areas of the benchmarks' participations.
const AREAS: [&str; 3] = ["ost", "vest", "nord"];

fn agreement() -> Anything<Agreement> {
    let mut terms = Terms::oppfolging_agder()?;
    let places = AreaTerms {
        municipalities: Vec::new(),
        places_min: 0,
        places_max: 1000,
        delivery: Vec::new(),
    };
    let areas = AREAS.map(|area| (Area(area.into()), places.clone()));
    terms.areas = areas.into_iter().collect();
    let from = LocalDate::new(2024, 1, 1).ok_or("no such day")?;
    if let Pricing::Hourly(hourly) = &mut terms.pricing {
        hourly.prices.extend(AREAS.map(|area| HourlyPrice {
            area: Area(area.into()),
            from,
            hourly_ore: 71_250,
        }));
    }
    Ok(Agreement::new(AGREEMENT.into(), from, terms))
}

/// An office with participations that each have so many visits, every second with a trip.
fn office(bench: &Bench, participations: usize, visits: usize) -> Anything<Stored> {
    // Nothing is synced here.
    let relay = RelayAddress {
        url: "http://127.0.0.1:9".into(),
        key: [1; 32],
    };
    let (stored, mut client) = Stored::found(bench.fast.join("contract"), relay)?;
    client.put_register(None, vec![agreement()?], Vec::new(), Vec::new())?;
    let key = StaffKey::from("consultant-00");
    let new: Vec<_> = (0..participations)
        .map(|number| {
            let mut new = new_participation(number, &key, None);
            new.participation.agreement = Some(AGREEMENT.into());
            new
        })
        .collect();
    let documents = client.create_participations(&new)?;
    for n in 0..visits {
        let mut records: Vec<(DocumentId, Record)> = Vec::with_capacity(participations * 2);
        for (hour, document) in documents.iter().enumerate() {
            let visit = visit(&mut client, &key, n * 11 + 3, hour)?;
            if n % 2 == 0 {
                records.push((*document, trip(&mut client, &key, visit.id)));
            }
            records.push((*document, Record::Visit(visit)));
        }
        client.record_each(records)?;
    }
    Ok(stored)
}

fn timed_claim(client: &mut Client, month: Month) -> Anything<(f64, usize)> {
    let started = Stopwatch::now();
    let claim = client.claim(&AgreementKey::from(AGREEMENT), month)?;
    let took = started.elapsed().as_secs_f64() * 1000.0;
    let entries = claim.cases.iter().map(|case| case.entries.len()).sum();
    Ok((took, entries))
}

fn claims(bench: &Bench, report: &mut Report) -> Anything<Stored> {
    let (participations, visits) = bench.pick((640, 32), (6, 4));
    let stored = office(bench, participations, visits)?;
    let month: Month = "2024-06".parse()?;
    let (mut first, mut again) = (Vec::new(), Vec::new());
    let mut entries = 0;
    for _ in 0..bench.pick(5, 1) {
        let mut client = stored.open()?;
        first.push(timed_claim(&mut client, month)?.0);
        let (took, found) = timed_claim(&mut client, month)?;
        again.push(took);
        entries = found;
    }
    let total = participations * visits;
    let what = format!("{participations} participations, {total} visits: a month's claim");
    let target = (!bench.quick).then_some(Target::AtMost(100.0));
    let name = format!("{what} ({entries} entries)");
    report.aimed("contract", name, median(&again), "ms", target);
    let name = format!("{what}, first since unlock: opens every row");
    report.plain("contract", name, median(&first), "ms");
    Ok(stored)
}

fn timed_deadlines(client: &mut Client, today: LocalDate) -> Anything<(f64, usize)> {
    let started = Stopwatch::now();
    let open = client.deadlines(None, today)?;
    Ok((started.elapsed().as_secs_f64() * 1000.0, open.len()))
}

/// What is open on every participation.
fn deadlines(bench: &Bench, stored: &Stored, report: &mut Report) -> Anything<()> {
    let today = LocalDate::new(2024, 9, 1).ok_or("no such day")?;
    let mut client = stored.open()?;
    let (_, open) = timed_deadlines(&mut client, today)?;
    let mut times = Vec::new();
    for _ in 0..bench.pick(5, 1) {
        times.push(timed_deadlines(&mut client, today)?.0);
    }
    let name = format!("all deadlines of the same participations ({open} open)");
    let target = (!bench.quick).then_some(Target::AtMost(50.0));
    report.aimed("contract", name, median(&times), "ms", target);
    Ok(())
}

pub(crate) fn run(bench: &Bench, report: &mut Report) -> Anything<()> {
    let stored = claims(bench, report)?;
    deadlines(bench, &stored, report)
}
