//! A final report that may be said to be delivered: complete in every field (N2).

use folge_core::Error;
use folge_core::client::Client;
use folge_core::document::{Record, RecordRef};
use folge_core::domain::participation::NationalId;
use folge_core::domain::{
    Employment, EmploymentKind, Instant, Participation, Report, ReportKind, Review,
};
use folge_protocol::ids::DocumentId;

fn or<T>(field: &mut Option<T>, value: Option<T>) {
    if field.is_none() {
        *field = value;
    }
}

/// Fills in what the participation lacks for a complete report.
fn completed(mut facts: Participation) -> Participation {
    let text = |text: &str| Some(text.to_owned());
    or(&mut facts.national_id, NationalId::new("28839909324").ok());
    if !facts.address_protected {
        or(&mut facts.address, text("Storgata 1, 4630 Kristiansand"));
    }
    or(&mut facts.nav_office, text("NAV Kristiansand"));
    or(&mut facts.nav_adviser, text("Ola Haugen"));
    or(&mut facts.order, text("Bistand til å finne arbeid"));
    or(&mut facts.consultant, Some("consultant-00".into()));
    let start = facts
        .start
        .unwrap_or_else(|| Instant(1_767_596_400_000).date());
    facts.start = Some(start);
    or(&mut facts.end, Some(start.plus_days(60)));
    facts
}

/// Records a final report as delivered on its day, with everything that it must hold. The register
/// must know the consultant by name.
/// # Errors
/// The core's.
pub fn record_final(client: &mut Client, case: DocumentId, report: Report) -> Result<(), Error> {
    debug_assert_eq!(report.kind, ReportKind::Final);
    let page = client.participation(case)?;
    let row = page.records.get(&RecordRef::Participation);
    let Some(Record::Participation(facts)) = row.map(|detail| &detail.row.record) else {
        return Err(Error::UnknownDocument);
    };
    let whole = completed((**facts).clone());
    if whole != **facts {
        let reason = Some("Opplysninger til sluttrapporten".to_owned());
        client.update_participation(case, whole.clone(), reason)?;
    }
    if whole.employed_at_referral {
        // The job at referral, which ended before the measure began.
        let start = whole.start.ok_or(Error::UnknownDocument)?;
        let (id, from) = (client.new_record_id(), start.plus_days(-365));
        let mut job = Employment::new(id, EmploymentKind::PaidWork, from);
        job.to = Some(start);
        job.employer.clone_from(&whole.employer);
        client.record(case, Record::Employment(Box::new(job)))?;
    }
    let on = report.delivered.or(whole.end);
    let on = on.ok_or(Error::UnknownDocument)?;
    let written = [
        ("consultant", "99 88 77 66"),
        ("summary", "Klar for arbeid"),
        (
            "final_activities",
            "Jobbsøking, fordi det var det som manglet",
        ),
    ];
    let report = Report {
        texts: written
            .map(|(code, text)| (code.to_owned(), text.to_owned()))
            .into(),
        review: Some(Review {
            on,
            agrees: true,
            comment: String::new(),
        }),
        place: Some("Kristiansand".to_owned()),
        signed: Some(on),
        ..report
    };
    client.record(case, Record::Report(report))
}
