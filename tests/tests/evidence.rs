//! What the hours stand on, with real devices and the real relay process: visits shown, answered and
//! disputed through the thread, what an audit asks about, and reports that are whole or refused.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::fs;

use folge_core::Error;
use folge_core::client::{AuditAct, Client, Invitee, MailNotice, NewParticipation};
use folge_core::contract::evidence::{ExceptionKind, TimeCertainty, Weakness};
use folge_core::contract::reports::{CountingTable, Mailable, ResultGap, Todo};
use folge_core::contract::{Agreement, Terms};
use folge_core::document::{Record, RecordRef};
use folge_core::domain::participation::NationalId;
use folge_core::domain::{
    CodeList, CodeListName, ConfirmationGrade, Employer, Instant, Language, LocalDate, MeetingForm,
    OfficeReport, OfficeReportKey, OfficeReportKind, Outcome, Participation, Provider, RecordId,
    Report, ReportKind, StaffMember, Status, Verdict, Visit, VisitDigest, With,
};
use folge_core::keys::InvitationLink;
use folge_core::limits::INVITATION_MILLISECONDS;
use folge_core::messages::{Export, Saying, VisitCard};
use folge_core::native::{HttpRelay, system_env};
use folge_protocol::ids::DocumentId;
use folge_protocol::membership::Role;
use folge_tests::device::Device;
use folge_tests::final_report::record_final;
use folge_tests::relay::RelayProcess;

const HOUR: i64 = 3_600_000;

struct World {
    dir: tempfile::TempDir,
    _relay: RelayProcess,
    http: HttpRelay,
    office: Device,
    phone: Device,
    cases: Vec<DocumentId>,
}

fn now() -> Instant {
    Instant(system_env().now().wall_ms)
}

fn participation(reference: &str, name: &str) -> Participation {
    let mut p = Participation::new(reference, name, "Dahl");
    p.born = LocalDate::new(1999, 3, 28);
    p.agreement = Some("oppfolging".into());
    p.consultant = Some("consultant-00".into());
    p.status = Status::Active;
    p.start = Some(now().date().plus_days(-40));
    p
}

/// A visit that began `ago` hours ago and lasted one.
fn visit(client: &mut Client, ago: i64) -> Visit {
    let start = Instant(now().0 - ago * HOUR);
    Visit {
        id: client.new_record_id(),
        start,
        end: Instant(start.0 + HOUR),
        form: MeetingForm::InPerson,
        with: With::Both,
        consultants: vec!["consultant-00".into()],
        employer: Some("employer-1".into()),
        activities: vec!["jobbsoking".into()],
        outcome: Outcome::Attended,
        planned: false,
        group: None,
        note: "HEMMELIG NOTAT".into(),
        agreed: String::new(),
    }
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let relay = RelayProcess::start(&dir.path().join("relay"), "127.0.0.1:0").unwrap();
        let http = HttpRelay::new(&relay.url);
        let place = |name: &str| {
            let place = dir.path().join(name);
            fs::create_dir(&place).unwrap();
            place
        };
        let (mut office, _) = Device::found(&place("office"), http.address().unwrap()).unwrap();
        http.sync(&mut office.client).unwrap();
        let invitee = Invitee::New(Role::Consultant);
        let link = office.client.invite(invitee, INVITATION_MILLISECONDS);
        let link = link.unwrap();
        let provider = Provider {
            name: "Vekst AS".into(),
            org_number: "974760673".into(),
        };
        let terms = Terms::oppfolging_agder().unwrap();
        let from = LocalDate::new(2020, 1, 1).unwrap();
        let agreement = Agreement::new("oppfolging".into(), from, terms);
        let employer = Employer {
            key: "employer-1".into(),
            name: "Lager AS".into(),
            area: None,
            municipality: None,
            contact: None,
        };
        let staff = StaffMember {
            key: "consultant-00".into(),
            name: "Kari Li".into(),
            person: Some(link.person),
            position_percent: 100,
        };
        office
            .client
            .put_register(Some(provider), vec![agreement], vec![employer], vec![staff])
            .unwrap();
        let consultants = BTreeSet::from([link.person]);
        let new = [("p-0", "Fatima"), ("p-1", "Ahmed")].map(|(reference, name)| NewParticipation {
            participation: participation(reference, name),
            consultants: consultants.clone(),
        });
        let cases = office.client.create_participations(&new).unwrap();
        http.sync(&mut office.client).unwrap();
        let mut phone = Device::join(&place("phone"), &link).unwrap();
        http.sync(&mut phone.client).unwrap();
        http.sync(&mut office.client).unwrap();
        Self {
            dir,
            _relay: relay,
            http,
            office,
            phone,
            cases,
        }
    }

    fn join(&self, name: &str, link: &InvitationLink) -> Device {
        let place = self.dir.path().join(name);
        fs::create_dir(&place).unwrap();
        let mut device = Device::join(&place, link).unwrap();
        self.http.sync(&mut device.client).unwrap();
        device
    }

    fn sync(&mut self, participant: &mut Device) {
        for _ in 0..2 {
            for client in [
                &mut self.phone.client,
                &mut participant.client,
                &mut self.office.client,
            ] {
                self.http.sync(client).unwrap();
            }
        }
    }
}

fn last_card(client: &Client) -> (DocumentId, VisitCard) {
    let thread = client.own_threads().unwrap()[0];
    let lines = client.thread(thread).unwrap();
    let mut cards = lines.into_iter().filter_map(|line| match line.saying {
        Saying::Card(card) => Some(card),
        _ => None,
    });
    (thread, cards.next_back().unwrap())
}

fn answer(participant: &mut Device, verdict: Verdict) {
    let (thread, card) = last_card(&participant.client);
    participant
        .client
        .confirm(thread, card.visit, card.digest, verdict)
        .unwrap();
}

#[test]
fn a_visit_is_confirmed_disputed_and_confirmed_anew_on_the_participants_own_device() {
    let mut world = World::new();
    let case = world.cases[0];
    let held = visit(&mut world.phone.client, 3);
    let id = held.id;
    world
        .phone
        .client
        .record(case, Record::Visit(held.clone()))
        .unwrap();
    let evidence = world.phone.client.evidence(case).unwrap();
    assert_eq!(evidence[&id].weakness, Some(Weakness::Unconfirmed));
    assert_eq!(evidence[&id].time, TimeCertainty::DeviceOnly);
    // Nobody was invited, so there is nobody to show it to.
    let refused = world.phone.client.show_visit(case, id);
    assert!(matches!(refused, Err(Error::UnknownDocument)));
    let link = world.phone.client.invite_participant(case, 60_000).unwrap();
    world.http.sync(&mut world.phone.client).unwrap();
    let mut own = world.join("participant", &link);
    world.sync(&mut own);

    world.phone.client.show_visit(case, id).unwrap();
    world.sync(&mut own);
    let (thread, card) = last_card(&own.client);
    assert_eq!(
        (card.visit, card.digest, card.start, card.end),
        (id, VisitDigest::of(&held), held.start, held.end)
    );
    assert_eq!(
        (card.consultant.as_str(), card.place.as_str()),
        ("Kari Li", "Lager AS")
    );
    // Only what was shown can be answered, only by the participant, and only so.
    let confirm = |client: &mut Client, digest| client.confirm(thread, id, digest, Verdict::Yes);
    let other = VisitDigest([9; 32]);
    assert!(confirm(&mut own.client, other).is_err());
    for client in [&mut world.phone.client, &mut world.office.client] {
        let refused = confirm(client, card.digest);
        assert!(matches!(refused, Err(Error::NotAllowed)));
        let forged = Saying::Confirmed {
            visit: id,
            digest: card.digest,
            verdict: Verdict::Yes,
        };
        assert!(matches!(
            client.say_in(thread, forged),
            Err(Error::NotAllowed)
        ));
    }
    assert!(matches!(
        own.client.show_visit(case, id),
        Err(Error::NotAllowed)
    ));
    let card_again = Saying::Card(card.clone());
    assert!(own.client.say_in(thread, card_again).is_err());
    let silent = own
        .client
        .confirm(thread, id, card.digest, Verdict::Wrong(" ".into()));
    assert_eq!(silent.unwrap_err().code(), "missing");

    answer(&mut own, Verdict::Yes);
    world.sync(&mut own);
    for client in [&mut world.phone.client, &mut world.office.client] {
        let evidence = client.evidence(case).unwrap();
        let of = &evidence[&id];
        assert_eq!(of.grade, ConfirmationGrade::OwnDevice);
        assert!(of.carries_a_claim() && of.weakness.is_none());
        assert_ne!(of.time, TimeCertainty::DeviceOnly, "the relay has it");
    }

    // The times are changed: the confirmation is void, visibly, and an audit sees it.
    let mut longer = held.clone();
    longer.end = Instant(held.end.0 + HOUR / 2);
    let reason = Some("Glemte den siste halvtimen".to_owned());
    let changed = Record::Visit(longer.clone());
    world.phone.client.amend(case, changed, reason).unwrap();
    world.sync(&mut own);
    let evidence = world.office.client.evidence(case).unwrap();
    assert_eq!(evidence[&id].weakness, Some(Weakness::FactsChanged));
    let today = held.start.date();
    let found = |client: &mut Client| {
        let found = client.exceptions(today.plus_days(-1), today.plus_days(1));
        let found = found.unwrap().into_iter();
        found.map(|one| one.kind).collect::<Vec<_>>()
    };
    let edited = ExceptionKind::EditedAfterConfirmation;
    assert_eq!(found(&mut world.office.client), [edited]);

    // Shown anew, the participant says what is wrong; only the participant undoes that.
    world.phone.client.show_visit(case, id).unwrap();
    world.sync(&mut own);
    answer(&mut own, Verdict::Wrong("Det var en time".into()));
    world.sync(&mut own);
    let evidence = world.office.client.evidence(case).unwrap();
    assert!(evidence[&id].disputed);
    assert_eq!(evidence[&id].reason.as_deref(), Some("Det var en time"));
    let phone = &mut world.phone.client;
    phone.set_pin(case, "830247").unwrap();
    phone.confirm_by_pin(case, id, "830247").unwrap();
    let evidence = world.phone.client.evidence(case).unwrap();
    assert!(evidence[&id].stands && !evidence[&id].carries_a_claim());
    let reason = Some("Deltakeren hadde rett".to_owned());
    let back = Record::Visit(held.clone());
    world.phone.client.amend(case, back, reason).unwrap();
    world.phone.client.show_visit(case, id).unwrap();
    world.sync(&mut own);
    answer(&mut own, Verdict::Yes);
    world.sync(&mut own);
    let evidence = world.office.client.evidence(case).unwrap();
    assert!(evidence[&id].carries_a_claim());
    assert_eq!(found(&mut world.office.client), []);

    // Another participation's meeting at the same time is seen across casefiles.
    let mut second = visit(&mut world.phone.client, 3);
    second.start = Instant(held.start.0 + HOUR / 2);
    second.end = Instant(held.end.0 + HOUR / 2);
    let other = world.cases[1];
    let record = Record::Visit(second);
    world.phone.client.record(other, record).unwrap();
    let overlapping = ExceptionKind::OverlappingVisits;
    assert_eq!(found(&mut world.phone.client), [overlapping]);
    let far = world
        .phone
        .client
        .exceptions(today.plus_days(-9), today.plus_days(-5));
    assert_eq!(far.unwrap(), []);

    // What the participant's phone was shown is in the archive, the consultant's note in no thread.
    let archive = world.phone.client.archive(case).unwrap();
    let html = String::from_utf8(archive[0].bytes.clone()).unwrap();
    assert!(html.contains("Det var en time") && html.contains("Lager AS"));
    assert!(html.contains("Bekreftelse av møte"));
    for line in own.client.thread(thread).unwrap() {
        assert!(!line.saying.text().unwrap_or_default().contains("HEMMELIG"));
    }
}

fn office_report(kind: OfficeReportKind) -> OfficeReport {
    OfficeReport::new(OfficeReportKey {
        agreement: "oppfolging".into(),
        kind,
        month: now().date().month(),
    })
}

#[test]
fn a_final_report_is_delivered_whole_and_the_offices_reports_are_the_offices() {
    let mut world = World::new();
    let case = world.cases[0];
    let held = visit(&mut world.phone.client, 3);
    let month = held.start.month();
    let record = Record::Visit(held);
    world.phone.client.record(case, record).unwrap();
    // The draft is an opening of the participation.
    let draft = world
        .phone
        .client
        .report_draft(case, ReportKind::Status, None)
        .unwrap();
    assert_eq!(draft.value("name"), "Fatima Dahl");
    assert!(
        draft
            .value("activities")
            .starts_with("Målrettet jobbsøking: 1")
    );
    let opened = world.phone.client.audit().unwrap();
    let openings = opened
        .iter()
        .filter(|line| matches!(line.act, AuditAct::Said(Saying::Opened(of)) if of == case));
    assert_eq!(openings.count(), 1);

    // Written, but not delivered: anything goes. Delivered: every field (N2).
    let today = now().date();
    let id = world.phone.client.new_record_id();
    let mut report = Report::new(id, ReportKind::Final);
    let record = Record::Report(report.clone());
    world.phone.client.record(case, record).unwrap();
    report.delivered = Some(today);
    let refused = world
        .phone
        .client
        .amend(case, Record::Report(report.clone()), None)
        .unwrap_err();
    assert_eq!(refused.code(), "report_incomplete");
    let Error::ReportIncomplete(missing) = &refused else {
        panic!("{refused}")
    };
    let summary = missing.iter().find(|one| one.field.code == "summary");
    assert_eq!(summary.unwrap().todo, Todo::Write);
    let text = refused.user_text(Language::Norwegian);
    assert!(text.starts_with("Rapporten er ikke fylt ut i sin helhet."));
    assert!(text.contains("«Fødselsnummer» mangler. Registrer det på deltakelsen."));
    assert!(!text.contains("Fatima") && !refused.to_string().contains("Fatima"));
    let direct = Report {
        id: world.phone.client.new_record_id(),
        ..report.clone()
    };
    let refused = world
        .phone
        .client
        .record_each(vec![(case, Record::Report(direct))]);
    assert_eq!(refused.unwrap_err().code(), "report_incomplete");
    // One that was delivered otherwise than through Følge is recorded as it was; one with anything
    // written here is not such.
    let mut elsewhere = Report {
        id: world.phone.client.new_record_id(),
        ..report.clone()
    };
    let other = world.cases[1];
    let phone = &mut world.phone.client;
    phone
        .record_delivered_elsewhere(other, elsewhere.clone())
        .unwrap();
    elsewhere.id = phone.new_record_id();
    elsewhere
        .texts
        .insert("summary".into(), "Halvferdig".into());
    let refused = phone.record_delivered_elsewhere(other, elsewhere);
    assert_eq!(refused.unwrap_err().code(), "report_incomplete");
    let whole = Report {
        id: world.phone.client.new_record_id(),
        ..report
    };
    record_final(&mut world.phone.client, case, whole.clone()).unwrap();
    let draft = world
        .phone
        .client
        .report_draft(case, ReportKind::Final, Some(whole.id))
        .unwrap();
    assert!(draft.complete());
    let unknown = world
        .phone
        .client
        .report_draft(case, ReportKind::Final, Some(RecordId([1; 16])));
    assert!(unknown.is_err());

    // The office's own.
    for _ in 0..2 {
        world.http.sync(&mut world.phone.client).unwrap();
        world.http.sync(&mut world.office.client).unwrap();
    }
    let agreement = "oppfolging".into();
    let table = CountingTable::default();
    let refused = world.phone.client.result_report(&agreement, month, &table);
    assert!(matches!(refused, Err(Error::NotAllowed)));
    let office = &mut world.office.client;
    let result = office.result_report(&agreement, month, &table).unwrap();
    assert!(result.gaps.contains(&ResultGap::NoList));
    assert_eq!(result.active_in_month, 2);
    let list = CodeList {
        name: CodeListName::EndStatuses,
        source: "NAV".into(),
        entries: [("jobb".to_owned(), "I arbeid".to_owned())].into(),
    };
    office.put_code_list(list).unwrap();
    let result = office.result_report(&agreement, month, &table).unwrap();
    assert!(!result.gaps.contains(&ResultGap::NoList));
    assert!(!result.text().contains("Fatima"));
    let missing = office.result_report(&"annen".into(), month, &table);
    assert!(matches!(missing, Err(Error::UnknownDocument)));

    let mut evaluation = office_report(OfficeReportKind::Evaluation);
    office.put_office_report(evaluation.clone()).unwrap();
    evaluation.delivered = Some(today);
    let refused = office.put_office_report(evaluation.clone()).unwrap_err();
    assert_eq!(refused.code(), "report_incomplete");
    let draft = office.evaluation(&agreement, evaluation.key.month, &table);
    assert_eq!(draft.unwrap().value("recipient"), "NAV Agder");
    let mut result = office_report(OfficeReportKind::Result);
    result.delivered = Some(today);
    office.put_office_report(result.clone()).unwrap();
    let refused = world.phone.client.put_office_report(result);
    assert!(matches!(refused, Err(Error::NotAllowed)));

    // What may go by e-mail.
    let office = &mut world.office.client;
    let list = office.attendance_list(&agreement, month).unwrap();
    assert_eq!(list.len(), 1);
    assert!(list.mail_text().as_str().contains("DF 280399; "));
    let exports = office.audit().unwrap();
    let noted = exports.iter().filter(|line| {
        matches!(&line.act, AuditAct::Said(Saying::Exported { what, .. })
            if *what == Export::AttendanceList)
    });
    assert_eq!(noted.count(), 1);
    let start = office.mail_notice(case, MailNotice::Start);
    assert!(start.unwrap().as_str().starts_with("Melding om oppstart"));
    let no_proposal = MailNotice::Extension(RecordId([1; 16]));
    assert!(office.mail_notice(case, no_proposal).is_err());
    assert!(NationalId::new("28839909324").is_ok());
    let page = office.participation(case).unwrap();
    assert!(page.records.contains_key(&RecordRef::Report(whole.id)));
}
