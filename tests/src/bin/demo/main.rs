//! `cargo xtask demo`: a provider's half year, from phones without coverage to the office; and then
//! the app in the browser, for whoever looks on.

mod open;

use std::collections::{BTreeMap, BTreeSet};
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use folge_core::client::Holder;
use folge_core::contract::claim::CaseClaim;
use folge_core::contract::deadlines::{ObligationKind, ObligationState};
use folge_core::document::{CaseFilter, Record};
use folge_core::domain::{Language, LocalDate, Month, MonthMinutes};
use folge_core::qr::Qr;
use folge_protocol::membership::ErasureReason;
use folge_tests::acts::{Audit, Colleague, Erasure, Loss};
use folge_tests::caseload::Caseload;
use folge_tests::claims::{self, MonthClaim, first_months};
use folge_tests::provider::{Plan, Work};
use folge_tests::relay::EmbeddedRelay;
use folge_tests::scan::{Findings, Needles};
use folge_tests::story::Story;
use indicatif::{ProgressBar, ProgressStyle};

const HELP: &str = "\
Viser hele veien: registrert uten dekning, levert forseglet, lest på kontoret; en invitasjon, en
mistet telefon, en sletting.
Shows the whole way: recorded without coverage, delivered sealed, read in the office; an
invitation, a lost phone, an erasure.

cargo xtask demo [--headless] [--caseload DIR] [--seed N] [--claims FILE] [--keep DIR]

Med --headless fortelles hele historien, og så er det slutt. Uten vises begynnelsen, og så står
appen åpen i nettleseren: lenker for konsulent, deltaker og kontor.
With --headless the whole story is told, and that is all. Without it the beginning is shown, and
then the app is open in the browser: links for a consultant, a participant and the office.

  --headless      the whole story, no browser; ends by itself
  --keep DIR      put the data into a new folder, and leave it there
  --caseload DIR  another provider, in the form of tests/caseload
  --claims FILE   write what is claimed: month, participant, quarters and øre, as JSON in the form
                  of tests/caseload/expected-billing.json
  --seed N        another interleaving of phones, lost coverage and crashes (default 1)
  --web DIR       the app that is handed out (`cargo xtask demo` builds it, and says where it is)";

struct Options {
    caseload: PathBuf,
    claims: Option<PathBuf>,
    seed: u64,
    headless: bool,
    keep: Option<PathBuf>,
    web: Option<PathBuf>,
}

fn options() -> Result<Option<Options>, String> {
    let mut options = Options {
        caseload: Caseload::sample_dir(),
        claims: None,
        seed: 1,
        headless: false,
        keep: None,
        web: None,
    };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or(format!("{arg} needs a value\n\n{HELP}"));
        match arg.as_str() {
            "--help" | "-h" => return Ok(None),
            "--caseload" => options.caseload = value()?.into(),
            "--headless" => options.headless = true,
            "--keep" => options.keep = Some(value()?.into()),
            "--web" => options.web = Some(value()?.into()),
            "--claims" => options.claims = Some(value()?.into()),
            "--seed" => {
                let text = value()?;
                options.seed = text
                    .parse()
                    .map_err(|_| format!("--seed takes a whole number, not {text}"))?;
            }
            other => return Err(format!("{other} is not an option\n\n{HELP}")),
        }
    }
    Ok(Some(options))
}

fn main() -> ExitCode {
    let done = match options() {
        Ok(None) => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Ok(Some(options)) => demo(&options).map_err(|error| error.to_string()),
        Err(error) => Err(error),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

type Anything<T> = Result<T, Box<dyn std::error::Error>>;

fn demo(options: &Options) -> Anything<bool> {
    let caseload = Caseload::read(&options.caseload)?;
    let plan = Plan::of(&caseload)?;
    let needles = Needles::of(&caseload)?;
    let protected = caseload.participants.iter().filter(|p| p.address_protected);
    let protected = protected.count();
    let dir = Folder::of(options)?;
    let (relay_dir, devices_dir) = (dir.path().join("relay"), dir.path().join("devices"));
    let relay = if options.headless {
        EmbeddedRelay::start(&relay_dir)?
    } else {
        open::relay(&relay_dir, options.web.as_deref())?
    };
    println!(
        "Relay: {} (data in {})",
        relay.url,
        match &options.keep {
            Some(folder) => folder.display().to_string(),
            None => "a temporary folder".to_owned(),
        }
    );

    let started = Instant::now();
    let mut story = Story::begin(&plan, &relay.url, &devices_dir, options.seed)?;
    println!(
        "Workspace founded: 1 office device, {} phones, {} participations ({:.1} s)",
        story.phones.len(),
        story.documents.len(),
        started.elapsed().as_secs_f64()
    );
    show_founding(&story)?;

    let total: usize = plan.work.values().map(Vec::len).sum();
    let bar = progress(total as u64)?;
    let started = Instant::now();
    story.replay(&plan, || bar.inc(1))?;
    bar.finish_and_clear();
    println!(
        "\nRecorded offline: {} meetings, trips and reports on {} phones, {} crashes at a commit, \
         {} syncs without coverage, seed {} ({:.1} s)",
        story.figures.recorded,
        story.phones.len(),
        story.figures.crashes,
        story.figures.no_coverage,
        options.seed,
        started.elapsed().as_secs_f64()
    );
    story.come_together()?;

    let meetings = meetings_seen(&mut story)?;
    show_office(&story, meetings, protected);
    show_sync(&story, started.elapsed());
    if !options.headless {
        open::house(story, &plan, &needles, &relay_dir)?;
        relay.stop();
        return Ok(true);
    }
    show_claims(&mut story, &plan, options.claims.as_deref())?;
    show_deadlines(&mut story, &plan)?;
    let mut colleague = story.let_colleague_in()?;
    let mut good = show_colleague(&story, &colleague);
    if let Some(loss) = story.lose_a_phone(&plan)? {
        good &= show_loss(&loss);
    }
    let (device, copy) = (&mut colleague.device, dir.path().join("backup.db"));
    good &= show_erasure(&story.erase_one(&plan, device, &relay_dir, &copy)?);
    show_audit(&story.audit(device)?);
    good &= prove(&needles, &relay_dir, &story)?;
    if !good {
        println!("Noe stemmer ikke: se over. / Something does not hold: see above.");
    }
    Ok(good)
}

/// Where the data lies.
enum Folder {
    /// Gone at the end.
    Temporary(tempfile::TempDir),
    Kept(PathBuf),
}

impl Folder {
    fn of(options: &Options) -> Anything<Self> {
        let Some(keep) = &options.keep else {
            return Ok(Self::Temporary(tempfile::tempdir()?));
        };
        if keep.exists() {
            let why = format!(
                "{} is there already: --keep makes a new folder",
                keep.display()
            );
            return Err(why.into());
        }
        std::fs::create_dir_all(keep)?;
        Ok(Self::Kept(keep.clone()))
    }

    fn path(&self) -> &Path {
        match self {
            Self::Temporary(dir) => dir.path(),
            Self::Kept(dir) => dir,
        }
    }
}

/// Months that the demo draws claims of.
const CLAIM_MONTHS: usize = 3;

/// The claims of the first months per service area, drawn from the synced documents; and into a
/// file what each participant comes to.
fn show_claims(story: &mut Story, plan: &Plan, file: Option<&Path>) -> Anything<()> {
    heading(
        "Krav til NAV per tjenesteområde",
        "claims to NAV per service area",
    );
    let months = first_months(&story.office.client, CLAIM_MONTHS);
    let kroner = |ore: i64| {
        format!(
            "{}{}.{:02}",
            if ore < 0 { "-" } else { "" },
            ore.abs() / 100,
            ore.abs() % 100
        )
    };
    let mut written = claims::Figures::new();
    for agreement in &plan.agreements {
        println!(
            "  {:8} {:>4} {:>12} {:>9} {:>9} {:>13}",
            "Month", "Area", "kr an hour", "quarters", "hours", "kr"
        );
        for month in &months {
            let MonthClaim { office, protected } = claims::draw(story, &agreement.key, *month)?;
            for line in &office.lines {
                let area = line.area.as_ref().map_or("-", |area| area.0.as_str());
                let hours = format!("{}.{:02}", line.quantity / 4, line.quantity % 4 * 25);
                println!(
                    "  {month} {area:>5} {:>12} {:>9} {hours:>9} {:>13}",
                    kroner(i64::try_from(line.price_ore)?),
                    line.quantity,
                    kroner(line.amount_ore)
                );
            }
            let hidden: i64 = protected.iter().map(CaseClaim::amount_ore).sum();
            let (left, notices) = office.cases.iter().fold((0, 0), |(left, notices), case| {
                (left + case.not_billed.len(), notices + case.notices.len())
            });
            println!(
                "  {month} in all {:>43}   {left} records not billed, each with its reason; {notices} \
                 notices; {:.1} % of follow-up by video or telephone; {} casefiles not seen by the \
                 office (their consultants' phones say {} kr)",
                kroner(office.amount_ore()),
                office.remote.per_mille().unwrap_or(0) as f64 / 10.0,
                office.unseen,
                kroner(hidden)
            );
        }
        for (month, figures) in claims::claimed(story, &agreement.key, &months)? {
            written.entry(month).or_default().extend(figures);
        }
    }
    if let Some(file) = file {
        std::fs::write(file, serde_json::to_string_pretty(&written)?)?;
        println!("  {}", file.display());
    }
    Ok(())
}

/// Lines of the deadline list that are printed one by one.
const DEADLINE_LINES: usize = 12;

/// What is open on the last day that anything was recorded: by kind, and the most pressing one by
/// one. Protected participations are their consultants' alone and not in the office's list.
fn show_deadlines(story: &mut Story, plan: &Plan) -> Anything<()> {
    let Some(today) = last_day(plan) else {
        return Ok(());
    };
    heading(
        &format!("Frister på kontoret per {today}"),
        &format!("what is due, seen by the office on {today}"),
    );
    let office = &mut story.office.client;
    let mut open = office.deadlines(None, today)?;
    let mut kinds: BTreeMap<ObligationKind, (usize, usize)> = BTreeMap::new();
    for line in &open {
        let (due, overdue) = kinds.entry(line.obligation.kind).or_default();
        match line.obligation.state {
            ObligationState::Overdue => *overdue += 1,
            _ => *due += 1,
        }
    }
    println!("  {:>5} {:>8}", "due", "overdue");
    for (kind, (due, overdue)) in kinds {
        let (norwegian, english) = (kind.text(Language::Norwegian), kind.text(Language::English));
        let source = kind.source();
        println!("  {due:>5} {overdue:>8}  {norwegian} / {english} ({source})");
    }
    open.retain(|line| line.obligation.due.is_some_and(|due| due >= today));
    println!(
        "  The next {} that are not overdue:",
        DEADLINE_LINES.min(open.len())
    );
    for line in open.iter().take(DEADLINE_LINES) {
        let obligation = &line.obligation;
        let name = line.name.as_deref().unwrap_or("(skjermet / protected)");
        println!(
            "  {}  {:<24} {}: {}",
            obligation
                .due
                .map_or_else(String::new, |due| due.to_string()),
            name,
            obligation.kind.text(Language::Norwegian),
            obligation.kind.meets(Language::Norwegian),
        );
    }
    for agreement in &plan.agreements {
        let now = folge_core::domain::Instant(today.start().0 + 12 * 3_600_000);
        let all = office.agreement_deadlines(&agreement.key, &[], now)?;
        let open = all.iter().filter(|obligation| obligation.is_open());
        let overdue = all
            .iter()
            .filter(|obligation| obligation.state == ObligationState::Overdue);
        println!(
            "  {}: {} reports of the office are open, {} of them overdue",
            agreement.key,
            open.count(),
            overdue.count()
        );
    }
    Ok(())
}

/// The last day on which the caseload has anything.
fn last_day(plan: &Plan) -> Option<LocalDate> {
    let days = plan.work.values().flatten().filter_map(|work| match work {
        Work::Visit { visit, .. } => Some(visit.start.date()),
        Work::Group { meeting, .. } => Some(meeting.common.start.date()),
        Work::Report { report, .. } => report.delivered,
        Work::Trip(_) => None,
    });
    days.max()
}

fn heading(norwegian: &str, english: &str) {
    println!("\n{norwegian} / {english}");
}

fn show_founding(story: &Story) -> Anything<()> {
    let words = story.recovery.words();
    let first: Vec<&str> = words.split(' ').take(3).collect();
    heading(
        "Gjenopprettingsord til safen, vist én gang",
        "recovery words for the safe, shown once",
    );
    println!(
        "  {} … ({} in all)",
        first.join(" "),
        words.split(' ').count()
    );
    print!("{}", Qr::new(&words.to_uppercase())?.to_terminal());
    Ok(())
}

fn show_colleague(story: &Story, colleague: &Colleague) -> bool {
    heading(
        "Ny kollega slippes inn av en lenke, mens ingen andre er på nett",
        "a new colleague is let in by a link, while nobody else is online",
    );
    let link = colleague.link.to_text();
    println!(
        "  {}… ({} characters)",
        link.chars().take(40).collect::<String>(),
        link.len()
    );
    let [office, own] = &colleague.fingerprints;
    println!("  Office:    {office}\n  Colleague: {own}");
    println!("  She sees {} participations at once", colleague.seen);
    office == own && colleague.seen == story.office.client.sums().participations
}

fn show_loss(loss: &Loss) -> bool {
    heading(
        "En telefon er mistet, og kontoret sperrer den",
        "a phone is lost, and the office puts it out",
    );
    let text = loss.notice.to_text(Language::Norwegian);
    for line in text.lines().take_while(|line| !line.is_empty()) {
        println!("  | {line}");
    }
    let categories = loss.notice.categories.iter();
    let categories: Vec<&str> = categories
        .map(|category| category.text(Language::Norwegian))
        .collect();
    println!(
        "  | Personer: {}. Opplysninger: {}",
        loss.notice.person_count,
        categories.join("; ")
    );
    let (before, back) = loss.participations;
    println!(
        "  {}'s phone is found: {}; of {before} participations it still opens {}, in which it had \
         something unsent",
        loss.consultant,
        if loss.refused {
            "refused"
        } else {
            "NOT refused"
        },
        loss.kept
    );
    println!(
        "  It hands over what it had not sent, sealed, as a file of {} bytes; the office admits {} of \
         {} records",
        loss.pack_bytes, loss.admitted, loss.unsent
    );
    println!(
        "  A new phone by a new link: {back} of {before} participations and {} records back",
        if loss.all_back { "those" } else { "NOT all" }
    );
    loss.refused
        && loss.kept <= loss.unsent
        && loss.admitted == loss.unsent
        && loss.all_back
        && before == back
}

fn show_erasure(erasure: &Erasure) -> bool {
    heading(
        "En deltakelse slettes overalt",
        "a participation is erased everywhere",
    );
    let why = match erasure.reason {
        ErasureReason::Retention => "twelve weeks after its final report, by itself",
        _ => "on NAV's instruction",
    };
    println!("  {}: {why}", erasure.reference);
    if let Some(cohort) = &erasure.statistics {
        let figures = cohort.figures.as_ref().map_or_else(
            || "fewer than five ended, so no figure".to_owned(),
            |figures| {
                let attended = figures.attended.map_or("-".to_owned(), |n| n.to_string());
                let count = figures.participations;
                format!("{count} participations, {attended} meetings attended")
            },
        );
        println!(
            "  Statistics drawn before, naming nobody: {}: {figures}",
            cohort.key.month
        );
    }
    let holders = erasure
        .receipt
        .documents
        .iter()
        .flat_map(|line| line.holders.values());
    let (mut confirmed, mut all) = (0, 0);
    for holder in holders {
        all += 1;
        confirmed += usize::from(*holder == Holder::Confirmed);
    }
    println!(
        "  Receipt: {confirmed} of {all} devices confirmed; signed, and {} by the colleague's device",
        if erasure.receipt_checks {
            "found true"
        } else {
            "found FALSE"
        }
    );
    for line in erasure.receipt.to_text(Language::Norwegian).lines() {
        let line: String = line.chars().take(90).collect();
        if !line.is_empty() {
            println!("  | {line}");
        }
    }
    let ((own_before, own), (others_before, others)) = (erasure.opened, erasure.others);
    println!(
        "  Proof: a backup of the relay from before, opened with every secret on every device:\n    \
         before the erasure {own_before} envelopes of it and {others_before} of the rest; \
         today {own} of it and {others} of the rest\n    \
         on the relay today: {} envelopes of it",
        erasure.on_relay
    );
    own_before > 0
        && own == 0
        && others > 0
        && erasure.on_relay == 0
        && all > 0
        && erasure.receipt.is_complete()
        && erasure.receipt_checks
}

fn show_audit(audit: &Audit) {
    heading("Revisjonsloggen", "the audit log");
    println!(
        "  {} lines: {} acts of membership, {} openings, {} exports, {} lost phone",
        audit.acts + audit.openings + audit.exports + audit.losses,
        audit.acts,
        audit.openings,
        audit.exports,
        audit.losses
    );
}

fn progress(total: u64) -> Anything<ProgressBar> {
    if !std::io::stderr().is_terminal() {
        println!("Replaying {total} records ...");
    }
    let style =
        ProgressStyle::with_template("{bar:40} {pos}/{len} recorded, {elapsed}, {eta} left")?;
    Ok(ProgressBar::new(total).with_style(style))
}

/// How many meetings the office sees: a group meeting stands with each participant, and counts once.
fn meetings_seen(story: &mut Story) -> Anything<usize> {
    let (mut single, mut groups) = (0, BTreeSet::new());
    let all = story.office.client.office_list(&CaseFilter::default());
    let documents: Vec<_> = all.iter().map(|line| line.participation).collect();
    for document in documents {
        for detail in story
            .office
            .client
            .participation(document)?
            .records
            .values()
        {
            if let Record::Visit(visit) = &detail.row.record {
                match visit.group {
                    Some(group) => drop(groups.insert(group.id)),
                    None => single += 1,
                }
            }
        }
    }
    Ok(single + groups.len())
}

fn show_office(story: &Story, meetings: usize, protected: usize) {
    let client = &story.office.client;
    let sums = client.sums();
    println!("\nKontoret ser / the office sees:");
    println!(
        "  {} participations, {} meetings ({} records: a group meeting stands with each participant), \
         {} trips, {} reports, {} conflicts, {} in quarantine",
        sums.participations,
        meetings,
        sums.visits,
        sums.trips,
        sums.reports,
        sums.conflicts,
        client.quarantined().map_or(0, |found| found.len())
    );
    println!(
        "  {protected} av {all} er skjermet (kode 6/7) og bare hos konsulentene sine / {protected} of \
         {all} are protected, and their consultants' alone",
        all = story.documents.len()
    );
    let mut months: BTreeMap<Month, (MonthMinutes, usize)> = BTreeMap::new();
    let list = client.office_list(&CaseFilter::default());
    for line in &list {
        for (month, minutes) in &line.summary.minutes.months {
            let (sum, participations) = months.entry(*month).or_default();
            sum.attended += minutes.attended;
            sum.no_show += minutes.no_show;
            sum.excused += minutes.excused;
            sum.cancelled += minutes.cancelled;
            sum.travel += minutes.travel;
            sum.report += minutes.report;
            *participations += 1;
        }
    }
    let hours = |minutes: folge_core::domain::Minutes| f64::from(minutes.0) / 60.0;
    println!(
        "\n  {:8} {:>14} {:>9} {:>8} {:>8} {:>10} {:>7} {:>8}",
        "Month",
        "participations",
        "attended",
        "no-show",
        "excused",
        "cancelled",
        "travel",
        "reports"
    );
    for (month, (sum, participations)) in &months {
        println!(
            "  {:8} {participations:>14} {:>9.2} {:>8.2} {:>8.2} {:>10.2} {:>7.2} {:>8.2}",
            month.to_string(),
            hours(sum.attended),
            hours(sum.no_show),
            hours(sum.excused),
            hours(sum.cancelled),
            hours(sum.travel),
            hours(sum.report),
        );
    }
    println!("  (clock hours as recorded, before any rule of the agreement)");
    println!(
        "\n  {:18} {:24} {:6} {:>8} {:>6} {:>8}",
        "Reference", "Name", "Area", "meetings", "trips", "reports"
    );
    for line in list.iter().take(8) {
        println!(
            "  {:18} {:24} {:6} {:>8} {:>6} {:>8}",
            line.summary.reference,
            line.name.as_deref().unwrap_or("(skjermet / protected)"),
            line.summary.area.as_deref().unwrap_or("-"),
            line.summary.visit_count,
            line.summary.trip_count,
            line.summary.report_count
        );
    }
    if list.len() > 8 {
        println!("  ... and {} more", list.len() - 8);
    }
}

fn show_sync(story: &Story, took: Duration) {
    let figures = &story.figures;
    println!(
        "\nSync: {} round trips, {} KB both ways, {:.2} s in syncs of {:.1} s in all; a record \
         saved in {:.2} ms on average",
        figures.round_trips,
        figures.bytes / 1024,
        figures.sync_time.as_secs_f64(),
        took.as_secs_f64(),
        figures.record_time.as_secs_f64() * 1000.0 / figures.recorded.max(1) as f64
    );
}

fn prove(needles: &Needles, relay: &Path, story: &Story) -> Anything<bool> {
    let mut findings = Findings::default();
    findings.add(needles.search(relay)?);
    let relay_files = findings.files;
    findings.add(needles.search(&story.devices_dir)?);
    println!(
        "\nProof: searched for {} names, {} notes and {} identity and phone numbers in {} files of \
         the relay and {} of the devices ({} KB): {} found",
        needles.names,
        needles.notes,
        needles.numbers,
        relay_files,
        findings.files - relay_files,
        findings.bytes / 1024,
        findings.found
    );
    Ok(findings.found == 0)
}
