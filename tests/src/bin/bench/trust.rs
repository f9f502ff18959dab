//! Benchmark 5: what it costs to let a device in, to put one out and to erase, in a provider with
//! fifty devices; and to check and open what comes.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use folge_core::client::{Client, Invitee};
use folge_core::document::Record;
use folge_core::domain::{LocalDate, StaffKey, Status};
use folge_core::env::{OneByOne, SignatureCheck, SignatureChecker as _};
use folge_core::envelope::{open, seal};
use folge_core::keys::{InvitationLink, Key32};
use folge_core::limits::INVITATION_MILLISECONDS;
use folge_core::native::{HttpRelay, system_env};
use folge_protocol::codec::{Decode, Encode};
use folge_protocol::crypto::SecretKey;
use folge_protocol::envelope::{Envelope, envelope_hash};
use folge_protocol::ids::{DeviceId, DocumentId, Hash};
use folge_protocol::membership::{ErasureReason, Role};
use folge_tests::relay::RelayProcess;

use crate::devices::{Stored, copy_dir, new_participation, visit};
use crate::machine::own_cpu;
use crate::proxy::Proxy;
use crate::report::{Report, Target, kilobytes, median, millis};
use crate::{Anything, Bench};

/// One participation in so many has ended, all in one month.
const ENDED_ONE_IN: usize = 20;
const ROUND_TRIPS_MAX: usize = 10_000;

/// Processor time of one piece of work, on all threads.
fn timed<T>(cost: &mut Duration, work: impl FnOnce() -> T) -> T {
    let before = own_cpu();
    let done = work();
    *cost += own_cpu().saturating_sub(before);
    done
}

/// Syncs as the real transport does; the processor time of making requests and taking replies.
fn sync(http: &HttpRelay, client: &mut Client) -> Anything<Duration> {
    let mut cost = Duration::ZERO;
    for _ in 0..ROUND_TRIPS_MAX {
        let request = timed(&mut cost, || client.sync_request())?;
        let reply = http.post(request.path, &request.body)?;
        if !timed(&mut cost, || client.sync_reply(&reply))?.more {
            return Ok(cost);
        }
    }
    Err("a sync came to no end".into())
}

/// A provider, switched off: its relay's data and all of its devices.
struct Provider {
    dir: std::path::PathBuf,
    office: Stored,
    /// Other people's computers in the office, and the consultants' phones.
    others: Vec<(Role, DeviceId, Stored)>,
    documents: Vec<DocumentId>,
}

/// The same, switched on, on copies.
struct Running {
    _relay: RelayProcess,
    proxy: Proxy,
    http: HttpRelay,
    office: Client,
    others: Vec<Stored>,
}

fn join(dir: &Path, link: &InvitationLink, http: &HttpRelay) -> Anything<(Stored, Client)> {
    let (stored, mut client) = Stored::join(dir.to_owned(), link)?;
    http.sync(&mut client)?;
    Ok((stored, client))
}

impl Provider {
    fn make(dir: &Path, colleagues: usize, consultants: usize, each: usize) -> Anything<Self> {
        let relay = RelayProcess::start(&dir.join("relay"), "127.0.0.1:0")?;
        let http = HttpRelay::new(&relay.url);
        let (office, mut client) = Stored::found(dir.join("office"), http.address()?)?;
        let (mut links, mut documents) = (Vec::new(), Vec::new());
        for _ in 0..colleagues {
            let invitee = Invitee::New(Role::Coordinator);
            let link = client.invite(invitee, INVITATION_MILLISECONDS)?;
            links.push((
                Role::Coordinator,
                StaffKey::from("office"),
                link,
                Vec::new(),
            ));
        }
        for number in 0..consultants {
            let key = StaffKey::from(format!("consultant-{number:02}").as_str());
            let invitee = Invitee::New(Role::Consultant);
            let link = client.invite(invitee, INVITATION_MILLISECONDS)?;
            let mut new = Vec::with_capacity(each);
            for number in number * each..(number + 1) * each {
                let mut made = new_participation(number, &key, Some(link.person));
                if number % ENDED_ONE_IN == 0 {
                    made.participation.status = Status::Ended;
                    made.participation.end = LocalDate::new(2026, 3, 2);
                    made.participation.agreement = Some("oppfolging".into());
                }
                new.push(made);
            }
            let made = client.create_participations(&new)?;
            documents.extend(made.iter().copied());
            links.push((Role::Consultant, key, link, made));
        }
        http.sync(&mut client)?;
        let mut others = Vec::with_capacity(links.len());
        for (number, (role, key, link, cases)) in links.into_iter().enumerate() {
            let (stored, mut own) = join(&dir.join(format!("device-{number:02}")), &link, &http)?;
            for (hour, case) in cases.iter().enumerate() {
                let visit = visit(&mut own, &key, 7, hour)?;
                own.record(*case, Record::Visit(visit))?;
            }
            http.sync(&mut own)?;
            others.push((role, own.device(), stored));
        }
        // Until everybody has everything, and every key that is due has turned.
        for _ in 0..2 {
            http.sync(&mut client)?;
            for (.., stored) in &others {
                http.sync(&mut stored.open()?)?;
            }
        }
        http.sync(&mut client)?;
        Ok(Self {
            dir: dir.to_owned(),
            office,
            others,
            documents,
        })
    }

    fn start(&self, dir: &Path) -> Anything<Running> {
        copy_dir(&self.dir.join("relay"), &dir.join("relay"))?;
        let office = self.office.copy(dir.join("office"))?;
        let mut others = Vec::with_capacity(self.others.len());
        for (number, (.., stored)) in self.others.iter().enumerate() {
            others.push(stored.copy(dir.join(format!("device-{number:02}")))?);
        }
        let relay = RelayProcess::start(&dir.join("relay"), "127.0.0.1:0")?;
        let proxy = Proxy::start(&relay.url)?;
        let http = HttpRelay::new(&proxy.url);
        let mut office = office.open()?;
        // As in the app that runs all day: connected, nothing new.
        sync(&http, &mut office)?;
        proxy.take();
        Ok(Running {
            _relay: relay,
            proxy,
            http,
            office,
            others,
        })
    }
}

/// What one act cost a device: processor time, and bytes both ways.
#[derive(Debug, Clone, Copy, Default)]
struct Cost {
    cpu: Duration,
    bytes: u64,
}

fn cpu_of(costs: &[Cost]) -> f64 {
    let times: Vec<f64> = costs.iter().map(|cost| millis(cost.cpu)).collect();
    median(&times)
}

pub(crate) fn run(bench: &Bench, report: &mut Report) -> Anything<()> {
    let (colleagues, consultants, each) = bench.pick((5, 44, 1000 / 44 + 1), (1, 2, 25));
    let dir = bench.fast.join("trust");
    let provider = Provider::make(&dir, colleagues, consultants, each)?;
    let what = format!(
        "{} devices, {} documents",
        provider.others.len() + 1,
        provider.documents.len()
    );
    let disk = bench.disk.join("trust");
    adding(bench, report, &provider, &disk, &what)?;
    putting_out(bench, report, &provider, &disk, &what)?;
    erasing(bench, report, &provider, &disk, &what)?;
    opening(bench, report, &provider)?;
    fs::remove_dir_all(&dir)?;
    Ok(())
}

fn adding(
    bench: &Bench,
    report: &mut Report,
    provider: &Provider,
    disk: &Path,
    what: &str,
) -> Anything<()> {
    let (mut invites, mut joins, mut plans) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..bench.pick(3, 1) {
        let Running {
            _relay,
            proxy,
            http,
            mut office,
            ..
        } = provider.start(disk)?;
        let own = Invitee::Known(office.identity().person);
        let mut cost = Cost::default();
        let link = timed(&mut cost.cpu, || {
            office.invite(own, INVITATION_MILLISECONDS)
        })?;
        cost.cpu += sync(&http, &mut office)?;
        cost.bytes = proxy.take();
        invites.push(cost);
        let mut cost = Cost::default();
        let stored = timed(&mut cost.cpu, || Stored::join(disk.join("new"), &link));
        let (_, mut new) = stored?;
        cost.cpu += sync(&http, &mut new)?;
        cost.bytes = proxy.take();
        joins.push(cost);
        if new.sums().participations != provider.documents.len() {
            return Err("the new device did not get everything".into());
        }
        let cpu = sync(&http, &mut office)?;
        let bytes = proxy.take();
        plans.push(Cost { cpu, bytes });
        fs::remove_dir_all(disk)?;
    }
    for (name, costs) in [
        ("invite, on the inviting device", &invites),
        ("the new device comes in and has everything", &joins),
        ("the inviting device takes note", &plans),
    ] {
        let name = format!("{what}: {name}");
        report.plain("trust", format!("{name}, CPU"), cpu_of(costs), "ms");
        report.plain(
            "trust",
            format!("{name}, both ways"),
            kilobytes(costs[0].bytes),
            "KB",
        );
    }
    Ok(())
}

fn putting_out(
    bench: &Bench,
    report: &mut Report,
    provider: &Provider,
    disk: &Path,
    what: &str,
) -> Anything<()> {
    let aim = (!bench.quick).then_some(Target::AtMost(50.0));
    for (role, whose) in [
        (Role::Consultant, "a consultant's phone"),
        (Role::Coordinator, "an office computer"),
    ] {
        let mut of = provider.others.iter();
        let (_, device, _) = of.find(|(of, ..)| *of == role).ok_or("nobody")?;
        let (mut revocations, mut syncs) = (Vec::new(), Vec::new());
        for _ in 0..bench.pick(3, 1) {
            let mut running = provider.start(disk)?;
            let office = &mut running.office;
            let mut cost = Cost::default();
            timed(&mut cost.cpu, || office.revoke_device(*device))?;
            revocations.push(cost);
            let cpu = sync(&running.http, office)?;
            let bytes = running.proxy.take();
            syncs.push(Cost { cpu, bytes });
            drop(running);
            fs::remove_dir_all(disk)?;
        }
        let name = format!("{what}: {whose} put out, CPU");
        report.aimed("trust", name, cpu_of(&revocations), "ms", aim);
        let name = format!("{what}: {whose} put out, the sync after it");
        report.plain("trust", format!("{name}, CPU"), cpu_of(&syncs), "ms");
        report.plain(
            "trust",
            format!("{name}, both ways"),
            kilobytes(syncs[0].bytes),
            "KB",
        );
    }
    Ok(())
}

fn erasing(
    bench: &Bench,
    report: &mut Report,
    provider: &Provider,
    disk: &Path,
    what: &str,
) -> Anything<()> {
    let target = |most: f64| (!bench.quick).then_some(Target::AtMost(most));
    let names = [
        "first of its month erased, statistics drawn",
        "another of its month erased",
    ];
    let ended = [provider.documents[0], provider.documents[ENDED_ONE_IN]];
    let (mut office, mut rest) = ([const { Vec::new() }; 2], [const { Vec::new() }; 2]);
    for _ in 0..bench.pick(3, 1) {
        let mut running = provider.start(disk)?;
        for (turn, case) in ended.into_iter().enumerate() {
            let client = &mut running.office;
            let mut cost = Cost::default();
            let reason = ErasureReason::Instruction;
            timed(&mut cost.cpu, || client.erase(case, reason))?;
            // The entry, and then the confirmation of this device.
            for _ in 0..2 {
                cost.cpu += sync(&running.http, client)?;
            }
            cost.bytes = running.proxy.take();
            office[turn].push(cost);
            let mut others = Vec::with_capacity(running.others.len());
            for stored in &running.others {
                let mut client = stored.open()?;
                let mut cpu = Duration::ZERO;
                for _ in 0..2 {
                    cpu += sync(&running.http, &mut client)?;
                }
                let bytes = running.proxy.take();
                others.push(Cost { cpu, bytes });
            }
            let client = &mut running.office;
            let cpu = sync(&running.http, client)?;
            let bytes = running.proxy.take();
            rest[turn].push((others, Cost { cpu, bytes }));
            if !client.erasure_receipt(&[case])?.is_complete() {
                return Err("not everybody has confirmed".into());
            }
        }
        drop(running);
        fs::remove_dir_all(disk)?;
    }
    for (turn, name) in names.into_iter().enumerate() {
        let name = format!("{what}: {name}");
        let costs = &office[turn];
        let cpu = format!("{name}, CPU in the office");
        report.aimed("trust", cpu, cpu_of(costs), "ms", target(100.0));
        let bytes = kilobytes(costs[0].bytes);
        let ways = format!("{name}, both ways");
        report.aimed("trust", ways, bytes, "KB", target(200.0));
        let Some((others, after)) = rest[turn].first() else {
            continue;
        };
        let most = |of: fn(&Cost) -> f64| others.iter().map(of).fold(0.0, f64::max);
        let most_cpu = most(|cost| millis(cost.cpu));
        let most_bytes = most(|cost| kilobytes(cost.bytes));
        let mut plain = |of: &str, value, unit| {
            report.plain("trust", format!("{name}: {of}"), value, unit);
        };
        plain("the most of another device, CPU", most_cpu, "ms");
        plain("the most of another device", most_bytes, "KB");
        let all: u64 = others.iter().map(|cost| cost.bytes).sum();
        plain("all other devices together", kilobytes(all), "KB");
        plain("their news in the office, CPU", millis(after.cpu), "ms");
    }
    Ok(())
}

/// The envelopes of as many visits, sealed by one device in one document.
fn sealed(provider: &Provider, count: usize) -> Anything<(SecretKey, Key32, Vec<Vec<u8>>)> {
    let document = provider.documents[0];
    let store = provider.office.store()?;
    let rows = store.envelopes_of(document)?;
    // The visit is the last one; its key the newest.
    let (row, _) = rows.last().ok_or("no envelope")?;
    let real = Envelope::from_bytes(&row.bytes)?;
    let generation = real.header.generation;
    let secrets = store.secrets()?;
    let secret = secrets
        .iter()
        .find(|row| row.id == document.0 && row.n == generation)
        .ok_or("no key")?;
    let key = Key32::new(secret.key);
    let content = open(&real, &key)?;
    let signer = SecretKey::from_seed(&[7; 32]);
    let mut envelopes = Vec::with_capacity(count);
    let mut previous = Hash::ZERO;
    for number in 0..count {
        let mut header = real.header.clone();
        header.sequence = number as u64 + 1;
        header.previous = previous;
        let mut nonce = [0; 24];
        nonce[..8].copy_from_slice(&header.sequence.to_be_bytes());
        let bytes = seal(header, &content, &key, nonce, &signer).to_bytes();
        previous = envelope_hash(&bytes);
        envelopes.push(bytes);
    }
    Ok((signer, key, envelopes))
}

/// What one piece of the opening took.
#[derive(Default)]
struct Piece {
    times: Vec<f64>,
    cpus: Vec<f64>,
}

impl Piece {
    /// Does it once more.
    fn run<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let (started, mut cpu) = (Instant::now(), Duration::ZERO);
        let done = timed(&mut cpu, work);
        self.times.push(started.elapsed().as_secs_f64());
        self.cpus.push(cpu.as_secs_f64());
        done
    }
}

/// As a device's download does it: signatures with all that the machine has, the rest on the
/// thread that called.
fn opening(bench: &Bench, report: &mut Report, provider: &Provider) -> Anything<()> {
    let count = bench.pick(10_000, 100);
    let (signer, key, sealed) = sealed(provider, count)?;
    let (public, env) = (signer.public(), system_env());
    let [mut reads, mut checks, mut opens, mut alone]: [Piece; 4] = Default::default();
    for _ in 0..bench.pick(5, 1) {
        let envelopes = reads.run(|| {
            let all = sealed.iter().map(|bytes| Envelope::from_bytes(bytes));
            all.collect::<Result<Vec<Envelope>, _>>()
        })?;
        let key_and = |envelope| SignatureCheck {
            key: &public,
            envelope,
        };
        let asked: Vec<SignatureCheck<'_>> = envelopes.iter().map(key_and).collect();
        let held = checks.run(|| env.check(&asked));
        let bytes = opens.run(|| {
            let contents = envelopes.iter().map(|envelope| open(envelope, &key));
            contents
                .map(|content| content.map(|content| content.batch.len()))
                .sum::<Result<usize, _>>()
        })?;
        if held != alone.run(|| OneByOne.check(&asked)) || held.contains(&false) || bytes == 0 {
            return Err("an envelope did not open".into());
        }
    }
    let pieces = [
        ("decoding", &reads),
        ("signatures", &checks),
        ("opening and inflating", &opens),
    ];
    let sum = |of: fn(&Piece) -> &Vec<f64>| {
        let runs =
            (0..of(&reads).len()).map(|run| pieces.iter().map(|(_, piece)| of(piece)[run]).sum());
        median(&runs.collect::<Vec<f64>>())
    };
    let aim = (!bench.quick).then_some(Target::AtMost(0.5));
    let what = format!("{count} envelopes checked and opened");
    let time = sum(|piece| &piece.times);
    report.aimed("trust", format!("{what}: time"), time, "s", aim);
    let cpu = sum(|piece| &piece.cpus);
    report.aimed(
        "trust",
        format!("{what}: CPU of all threads"),
        cpu,
        "s",
        aim,
    );
    for (name, piece) in pieces {
        let name = format!("{count} envelopes: {name}");
        report.plain("trust", format!("{name}, time"), median(&piece.times), "s");
        report.plain("trust", format!("{name}, CPU"), median(&piece.cpus), "s");
    }
    let name = format!("{count} envelopes: signatures one after the other, time");
    report.plain("trust", name, median(&alone.times), "s");
    Ok(())
}
