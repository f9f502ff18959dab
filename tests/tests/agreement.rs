//! The agreement's rules at the client: what cannot be recorded, what is due, over the sample
//! caseload on the office's device.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};

use folge_core::Error;
use folge_core::client::{Client, NewParticipation};
use folge_core::contract::deadlines::{ObligationKind, ObligationState};
use folge_core::contract::terms::PersonalData;
use folge_core::contract::{AgreementChange, codes};
use folge_core::document::Record;
use folge_core::domain::participation::NationalId;
use folge_core::domain::{
    AgreementKey, Area, Billed, CodeListName, ContactAttempt, ContactChannel, EndReason,
    EndReasonKind, Instant, Language, LocalDate, Notice, NoticeChannel, NoticeKind, Outcome,
    Participation, Proposal, ProposalChange, ProposalState, RecordId, StaffKey, Status, Visit,
};
use folge_core::keys::Key32;
use folge_core::native::system_env;
use folge_core::store::{Store, Unlock};
use folge_core::sync::RelayAddress;
use folge_protocol::ids::DocumentId;
use folge_tests::caseload::Caseload;
use folge_tests::provider::{Plan, Work, perform};

struct Office {
    client: Client,
    documents: BTreeMap<String, DocumentId>,
    plan: Plan,
}

fn office(with_work: bool) -> Office {
    let conn = rusqlite::Connection::open_in_memory().unwrap();
    let unlock = Unlock::Secret(Key32::new([1; 32]));
    let store = Store::create_in(conn, &unlock, &mut system_env()).unwrap();
    let relay = RelayAddress {
        url: "http://127.0.0.1:1".into(),
        key: [9; 32],
    };
    let (mut client, _) = Client::found(store, system_env(), relay, "").unwrap();
    let caseload = Caseload::read(&Caseload::sample_dir()).unwrap();
    let plan = Plan::of(&caseload).unwrap();
    let documents = plan.set_up(&mut client, &BTreeMap::new()).unwrap();
    if with_work {
        for work in plan.work.values().flatten() {
            perform(&mut client, work, &documents).unwrap();
        }
    }
    Office {
        client,
        documents,
        plan,
    }
}

fn day(text: &str) -> LocalDate {
    text.parse().unwrap()
}

impl Office {
    fn participation(&mut self, key: &str) -> (DocumentId, Participation) {
        let document = self.documents[key];
        let page = self.client.participation(document).unwrap();
        let record = &page.records[&folge_core::document::RecordRef::Participation];
        let Record::Participation(participation) = &record.row.record else {
            panic!("a participation");
        };
        (document, (**participation).clone())
    }

    /// A participant who takes part today, with the first day.
    fn active(&self) -> (String, LocalDate) {
        let found = self.plan.participations.iter().find_map(|(key, p, _)| {
            let start = p
                .start
                .filter(|_| p.status == Status::Active && !p.address_protected)?;
            Some((key.clone(), start))
        });
        found.unwrap()
    }

    fn visit(&mut self, at: Instant) -> Visit {
        let sample = self
            .plan
            .work
            .values()
            .flatten()
            .find_map(|work| match work {
                Work::Visit { visit, .. } => Some(visit.clone()),
                _ => None,
            });
        Visit {
            id: self.client.new_record_id(),
            start: at,
            end: Instant(at.0 + 3_600_000),
            outcome: Outcome::Attended,
            ..sample.unwrap()
        }
    }
}

#[test]
fn a_visit_outside_the_participation_needs_a_reason() {
    let mut office = office(false);
    let (key, start) = office.active();
    let document = office.documents[&key];
    let before = office.visit(Instant(start.start().0 - 3_600_000));
    let client = &mut office.client;
    let error = client
        .record(document, Record::Visit(before.clone()))
        .unwrap_err();
    assert_eq!(error.code(), "outside_participation");
    assert!(
        error
            .user_text(Language::Norwegian)
            .contains("faktureres ikke")
    );
    let reason = "Formøte hos arbeidsgiver".to_owned();
    client
        .record_because(document, Record::Visit(before), reason.clone())
        .unwrap();
    let history = client.history(document).unwrap();
    assert!(
        history
            .iter()
            .any(|line| line.entry.reason.as_ref() == Some(&reason))
    );
    // The first day itself is inside.
    let first = office.visit(start.start());
    office
        .client
        .record(document, Record::Visit(first))
        .unwrap();
}

#[test]
fn a_number_made_for_tests_and_a_wrong_one_are_refused() {
    let mut office = office(false);
    let new = |number: &str| {
        let mut participation = Participation::new("ny", "Testine", "Prøvesen");
        participation.national_id = Some(NationalId::new(number).unwrap());
        [NewParticipation {
            participation,
            consultants: BTreeSet::new(),
        }]
    };
    let client = &mut office.client;
    assert!(client.is_in_test_mode());
    client.set_test_mode(false);
    let mut code = |number: &str| {
        client
            .create_participations(&new(number))
            .map_err(|e| e.code())
    };
    assert_eq!(code("10915596784"), Err("synthetic_identity"));
    assert_eq!(code("13527248013"), Err("synthetic_identity"));
    assert_eq!(code("13097248023"), Err("bad_identity"));
    assert!(code("13097248022").is_ok() && code("53097248016").is_ok());
    // What stands there already does not hinder other changes.
    let (key, _) = office.active();
    let (document, mut participation) = office.participation(&key);
    participation.phone = Some("+47 90000000".into());
    office
        .client
        .update_participation(document, participation, Some("Nytt nummer".into()))
        .unwrap();
}

#[test]
fn terms_make_an_agreement_or_another_version_of_one() {
    let mut office = office(false);
    let key: AgreementKey = "ny".into();
    let toml = folge_core::contract::terms::BUILT_IN[0].1;
    let mut put = |from: &str, toml: &str| office.client.put_terms(key.clone(), day(from), toml);
    put("2026-01-01", toml).unwrap();
    put(
        "2027-01-01",
        &toml.replace("plan_weeks = 3", "plan_weeks = 4"),
    )
    .unwrap();
    let error = put(
        "2028-01-01",
        &toml.replace("plan_weeks = 3", "plan_weeks = 0"),
    )
    .unwrap_err();
    assert!(matches!(&error, Error::Terms(error) if error.path == "deadlines.plan_weeks"));
    let agreement = office.client.agreement(&key).unwrap();
    let weeks = |date: &str| agreement.terms_on(day(date)).unwrap().deadlines.plan_weeks;
    assert_eq!((weeks("2026-12-31"), weeks("2027-01-01")), (3, 4));
    assert_eq!(agreement.versions.len(), 2);
}

#[test]
fn what_the_agreement_does_not_allow_cannot_be_recorded() {
    let mut office = office(false);
    let (key, _) = office.active();
    let (document, participation) = office.participation(&key);
    let agreement_key = participation.agreement.clone().unwrap();
    let mut agreement = office.client.agreement(&agreement_key).unwrap();
    let mut terms = agreement.newest().unwrap().clone();
    terms.data.allowed.remove(&PersonalData::Epost);
    let change = AgreementChange {
        number: 1,
        signed: None,
        description: "E-post tas ut".into(),
    };
    agreement.change(day("2026-01-01"), change, terms);
    office.client.put_agreement(agreement.clone()).unwrap();
    let mut with_mail = participation;
    with_mail.email = Some("test@example.no".into());
    let error = office
        .client
        .update_participation(document, with_mail, Some("Ny".into()))
        .unwrap_err();
    assert_eq!(error.code(), "data_not_allowed");
    assert!(!error.to_string().contains("test@example.no"));

    // An absurd term is refused with its path, and nothing is changed.
    for version in agreement.versions.values_mut() {
        version.terms.deadlines.plan_weeks = 0;
    }
    let error = office.client.put_agreement(agreement).unwrap_err();
    assert!(matches!(&error, Error::Terms(error) if error.path == "deadlines.plan_weeks"));
    let kept = office.client.agreement(&agreement_key).unwrap();
    assert_eq!(kept.newest().unwrap().deadlines.plan_weeks, 3);
    assert_eq!(
        office.client.agreement(&"ingen".into()).unwrap_err().code(),
        "unknown_agreement"
    );
}

#[test]
fn a_participant_who_stays_away_is_not_discharged_before_the_third_attempt() {
    let mut office = office(false);
    let (key, start) = office.active();
    let (document, participation) = office.participation(&key);
    let at = Instant(start.start().0 + 9 * 3_600_000);
    let mut missed = office.visit(at);
    missed.outcome = Outcome::NoShow;
    let missed_id = missed.id;
    office
        .client
        .record(document, Record::Visit(missed))
        .unwrap();
    let mut ended = participation;
    ended.status = Status::Ended;
    ended.end = Some(start.plus_days(20));
    ended.end_reason = Some(EndReason {
        kind: EndReasonKind::DidNotCome,
        text: None,
    });
    let discharge = |office: &mut Office| {
        let reason = Some("Utskrevet".to_owned());
        let done = office
            .client
            .update_participation(document, ended.clone(), reason);
        done.map_err(|error| error.code())
    };
    for n in 1..=3 {
        assert_eq!(discharge(&mut office), Err("contact_attempts"));
        let attempt = ContactAttempt {
            id: office.client.new_record_id(),
            at: Instant(at.0 + n * 3_600_000),
            channel: ContactChannel::Phone,
            reached: false,
            consultant: None,
            note: String::new(),
        };
        office
            .client
            .record(document, Record::Contact(attempt))
            .unwrap();
    }
    // A proposal to NAV is held by the same rule, and open now.
    let proposal = Proposal {
        id: office.client.new_record_id(),
        change: ProposalChange::End {
            end: ended.end,
            reason: ended.end_reason.clone(),
            participated: Some(true),
        },
        justification: String::new(),
        at,
        consultant: None,
        state: ProposalState::Waiting,
    };
    office
        .client
        .record(document, Record::Proposal(proposal.clone()))
        .unwrap();
    let answered = |state| Proposal {
        state,
        ..proposal.clone()
    };
    let on = start.plus_days(21);
    let withdrawn = answered(ProposalState::Withdrawn { on });
    office
        .client
        .amend(document, Record::Proposal(withdrawn), None)
        .unwrap();
    let by = "NAV".to_owned();
    let approved = answered(ProposalState::Approved { by, on });
    let error = office
        .client
        .amend(document, Record::Proposal(approved), None);
    assert_eq!(error.unwrap_err().code(), "proposal_does_not_fit");
    discharge(&mut office).unwrap();

    // The absence is still to be told, until it is.
    let open = |office: &mut Office| {
        let today = start.plus_days(1);
        let all = office
            .client
            .participation_deadlines(document, today)
            .unwrap();
        let absence = all
            .into_iter()
            .find(|o| o.kind == ObligationKind::AbsenceNotice);
        absence.unwrap().state
    };
    assert_eq!(open(&mut office), ObligationState::Overdue);
    let notice = Notice {
        id: office.client.new_record_id(),
        kind: NoticeKind::Absence,
        at: Instant(at.0 + 1_200_000),
        channel: NoticeChannel::Deltakeroversikt,
        recipient: None,
        about: Some(missed_id),
        consultant: None,
        text: String::new(),
    };
    office
        .client
        .record(document, Record::Notice(notice))
        .unwrap();
    assert_eq!(
        open(&mut office),
        ObligationState::Met {
            on: start,
            late: false
        }
    );
}

#[test]
fn what_was_claimed_is_written_by_no_hand() {
    let mut office = office(false);
    let (key, _) = office.active();
    let document = office.documents[&key];
    let billed = Billed {
        agreement: "oppfolging-agder".into(),
        month: "2026-01".parse().unwrap(),
        approved: day("2026-02-07"),
        entries: Vec::new(),
        amounts: Vec::new(),
        places: BTreeMap::new(),
    };
    let error = office.client.record(document, Record::Billed(billed));
    assert!(matches!(error, Err(Error::NotAllowed)));
}

#[test]
fn the_sample_providers_deadlines_are_listed_without_protected_names() {
    let mut office = office(true);
    let today = day("2026-04-01");
    let all = office.client.deadlines(None, today).unwrap();
    assert!(all.len() > 100, "{}", all.len());
    let protected: BTreeSet<DocumentId> = office
        .plan
        .participations
        .iter()
        .filter(|(_, p, _)| p.address_protected)
        .map(|(key, ..)| office.documents[key])
        .collect();
    for line in &all {
        assert!(line.obligation.is_open());
        let named = line.name.is_some();
        assert_eq!(named, !protected.contains(&line.participation));
    }
    let days: Vec<_> = all.iter().map(|line| line.obligation.due).collect();
    assert!(days.is_sorted());
    // Every final report that is late by the files is in the list, and no other.
    let late: BTreeSet<DocumentId> = office
        .plan
        .participations
        .iter()
        .filter(|(key, p, _)| {
            let due = p.end.map(|end| end.plus_days(7));
            let delivered = office.plan.work.values().flatten().any(|work| match work {
                Work::Report {
                    participant,
                    report,
                } => {
                    participant == key
                        && report.kind == folge_core::domain::ReportKind::Final
                        && report.delivered.is_some()
                }
                _ => false,
            });
            due.is_some_and(|due| due < today) && !delivered
        })
        .map(|(key, ..)| office.documents[key])
        .collect();
    let listed: BTreeSet<DocumentId> = all
        .iter()
        .filter(|line| line.obligation.kind == ObligationKind::FinalReport)
        .filter(|line| line.obligation.state == ObligationState::Overdue)
        .map(|line| line.participation)
        .collect();
    assert_eq!(listed, late);
    // One consultant's are a part of all, and each is on a participation of that consultant's.
    let key = StaffKey::from("consultant-00");
    let mine = office.client.deadlines(Some(&key), today).unwrap();
    assert!(!mine.is_empty() && mine.len() < all.len());
    let own: BTreeSet<DocumentId> = office
        .plan
        .participations
        .iter()
        .filter(|(_, p, _)| p.consultants().any(|other| *other == key))
        .map(|(name, ..)| office.documents[name])
        .collect();
    assert!(mine.iter().all(|line| own.contains(&line.participation)));

    let agreement = office.plan.agreements[0].key.clone();
    let places = office.client.places(&agreement, today).unwrap();
    let taken: u32 = places.values().map(|area| area.taken).sum();
    let active = office.plan.participations.iter().filter(|(_, p, _)| {
        p.start.is_some_and(|start| start <= today) && p.end.is_none_or(|end| end >= today)
    });
    assert_eq!(taken as usize, active.count());
    assert_eq!(places[&Area("C".into())].max, 50);
}

#[test]
fn navs_lists_are_imported_into_the_register() {
    let mut office = office(false);
    let client = &mut office.client;
    assert_eq!(client.code_list(CodeListName::EndStatuses).unwrap(), None);
    let built_in = client.code_list(CodeListName::Activities).unwrap();
    assert_eq!(built_in, codes::built_in(CodeListName::Activities));
    let list = codes::from_toml(
        "list = \"end_statuses\"\nsource = \"NAV\"\n[codes]\nARBEID = \"I arbeid\"\n",
    )
    .unwrap();
    client.put_code_list(list.clone()).unwrap();
    assert_eq!(
        client.code_list(CodeListName::EndStatuses).unwrap(),
        Some(list)
    );
}

#[test]
fn a_proposal_that_does_not_fit_is_refused() {
    let mut office = office(false);
    let (key, start) = office.active();
    let document = office.documents[&key];
    let proposal = Proposal {
        id: RecordId([7; 16]),
        change: ProposalChange::NotRelevant {
            reason: EndReason {
                kind: EndReasonKind::Ill,
                text: None,
            },
        },
        justification: String::new(),
        at: start.start(),
        consultant: None,
        state: ProposalState::Waiting,
    };
    let error = office.client.record(document, Record::Proposal(proposal));
    assert_eq!(error.unwrap_err().code(), "proposal_does_not_fit");
}
