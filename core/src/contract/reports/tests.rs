//! Each template against the tenders' own text (bilag 8), and drafts against hand-made cases.

use crate::contract::case::Case;
use crate::contract::practice::{PracticeGap, practice_gaps, short_stay_tried};
use crate::contract::pseudonym::Pseudonym;
use std::collections::{BTreeMap, BTreeSet};

use folge_protocol::ids::DocumentId;

use super::templates::{EVALUATION, FINAL, PLAN, RESULT, STATUS};
use super::*;
use crate::contract::Terms;
use crate::contract::terms::TargetResult;
use crate::domain::participation::NationalId;
use crate::domain::{
    Absence, AgreementKey, CancelledBy, CodeList, CodeListName, Employer, EmployerKey, Employment,
    EmploymentKind, EmploymentTerms, EndReason, EndReasonKind, Instant, InsuranceTold, Language,
    LocalDate, MeetingForm, Minutes, Month, OfficeReport, OfficeReportKey, OfficeReportKind,
    Outcome, Participation, Proposal, ProposalChange, ProposalState, Provider, RecordId, Report,
    ReportKind, Review, Status, Visit, With,
};

/// Bilag 8 v1, as both tenders have it, lines joined.
const B8_V1: &str = "Statusrapport - Statusrapporten skal utarbeides hver tredje måned etter oppstart \
i tiltaket Oppfølging Navn: Fødselsnummer: Oppstartdato: Rapporteringsperiode: Innsøkende NAV-kontor: \
Veileder NAV: Veileder tiltaksarrangør: (navn og kontaktinfo/tlf) Bestilling fra NAV: Status og \
arbeidsrelatert progresjon inkl. ev. avvik fra tidligere plan: Begrunnelse for videre oppfølging: \
(spesifiser ev justeringer i plan og tilretteleggingsbehov) Arbeidsgiver i rapporteringsperioden \
Navnet på arbeidsgiver: Kontaktperson: Stillingsprosent: Ansettelsesforhold (fast / midlertidig): \
Arbeidsforhold (lønnet arbeid / arbeidspraksis): Begrunnelse for valg av arbeidsplass og –oppgaver: \
Antall oppfølgingstimer i rapporteringsperioden (pr mnd): Anslått oppfølgingsbehov kommende periode \
(pr mnd): Fravær: (dager/timer - årsak) Gjennomførte aktiviteter i perioden: Oppfølging på \
arbeidsplassen: (oppfølging av deltaker og arbeidsgiver; ev. tilrettelegging og tilpasning) \
Arbeidsgivers kommentar/vurdering av arbeidsplass: (mulighet for ordinær ansettelse og omfang, behov \
for kompensasjon/tilpasning ved ansettelse, m.m) Deltakers kommentar: (dersom deltaker ikke er enig \
i hele rapportens innhold) Sted og dato: Veileders underskrift:";

/// Bilag 8 v2.
const B8_V2: &str = "Navn: Fødselsnummer: Adresse: Poststed: Oppstartdato: Sluttdato: Innsøkende \
NAV-kontor: Veileder NAV: Veileder tiltaksarrangør: (navn og kontaktinfo/tlf) Arbeidsgiver (dersom \
deltaker har et arbeidsforhold): Bestilling fra NAV: Oppsummering/resultat av Oppfølging – status og \
anbefalinger knyttet til deltakers muligheter til å (for)bli selvforsørget med en varig tilknytning \
til arbeidslivet. Anbefalingene skal inkludere arbeidsgivers vurderinger. Dersom deltaker er helt \
eller delvis tilbake i arbeid: (a) Arbeidsgiver: (b) Kontaktperson: (b) Stillingsprosent: (c) Fast, \
midlertidig, vikariat osv: (d) Oppstartsdato: Gjennomførte aktiviteter i tiltaket: (f. eks \
kartlegging, arbeidspraksis, jobbsøking, kontakt med arbeidsgivere med eller uten deltaker, \
oppfølging av deltaker og arbeidsgiver og lignende. Begrunn valg av aktiviteter, beskriv hva som ble \
gjennomført og hvordan, informer om resultatet av aktivitetene, vurder hva resultatet betydde for \
gjennomføringen av tiltaket og arbeid/videre plan) Fravær: (dager/timer - årsak) Deltakers kommentar \
(dersom deltaker ikke er enig i hele rapportens innhold): Sted og dato: Veileders underskrift:";

/// OPP b8 v4, JMO b8 v3; the two parts under «samarbeidet med NAV;» with their head.
const B8_V4: &str = "Leverandør og tiltaksnummer: Rapport skal gis i fritekst til NAV [enhet] og må \
inneholde følgende elementer: - Erfaringer knyttet til etablering av arbeidsforhold for deltakerne i \
tiltaket - Erfaringer knyttet til oppfølging av deltaker og arbeidsgiver etter ansettelse - \
Oppsummering av systematiske tilbakemeldinger fra deltakerne - Erfaringer med samarbeidet med NAV; \
i oppfølgingen av de enkelte deltakerne - Erfaringer med samarbeidet med NAV; i oppfølgingen av \
gjeldende avtale på leverandørnivå - Andre forhold tiltaksarrangør vurderer som relevante for NAVs \
oppfølging av tiltaket - Ev forslag til endringer eller forbedringer - Kommentarer til resultatmål \
og ev beskrivelse av videre arbeid for å opprettholde/nå målene Sted og dato: Tiltaksarrangørens \
underskrift:";

fn in_order(template: &Template, text: &str) {
    let mut rest = text;
    for field in template.fields {
        let at = rest.find(field.label.0);
        let at = at.unwrap_or_else(|| panic!("{} stands not where it should", field.code));
        rest = &rest[at + field.label.0.len()..];
    }
}

fn codes(template: &Template) -> Vec<&'static str> {
    template.fields.iter().map(|field| field.code).collect()
}

#[test]
fn the_status_report_has_the_fields_of_n1_in_the_templates_words_and_order() {
    in_order(&STATUS, B8_V1);
    assert_eq!(
        codes(&STATUS),
        [
            "name",
            "national_id",
            "start",
            "period",
            "nav_office",
            "nav_adviser",
            "consultant",
            "order",
            "progress",
            "justification",
            "employer_name",
            "employer_contact",
            "employer_position",
            "employer_terms",
            "employer_kind",
            "employer_reason",
            "hours",
            "estimate",
            "absence",
            "activities",
            "workplace",
            "employer_comment",
            "participant_comment",
            "place_date",
            "signature",
        ]
    );
    // Nothing of the template is left over: its labels and headings are the whole of it.
    let mut rest = B8_V1.to_owned();
    for field in STATUS.fields {
        rest = rest.replacen(field.label.0, "", 1);
    }
    rest = rest.replacen(Block::Employer.heading().0, "", 1);
    let rest = rest.replace(':', "");
    assert_eq!(
        rest.split_whitespace().collect::<Vec<_>>().join(" "),
        "Statusrapport - Statusrapporten skal utarbeides hver tredje måned etter oppstart i tiltaket \
         Oppfølging"
    );
}

#[test]
fn the_final_report_has_the_fields_of_n2_in_the_templates_words_and_order() {
    in_order(&FINAL, B8_V2);
    let mut rest = B8_V2.to_owned();
    for field in FINAL.fields {
        rest = rest.replacen(field.label.0, "", 1);
    }
    rest = rest.replacen(Block::BackAtWork.heading().0, "", 1);
    assert_eq!(rest.replace(':', "").trim(), "");
    // R6: two «(b)».
    let b = FINAL.fields.iter().filter(|f| f.label.0.starts_with("(b)"));
    assert_eq!(b.count(), 2);
}

#[test]
fn the_evaluation_has_the_elements_of_n6_and_two_of_them_are_if_any() {
    in_order(&EVALUATION, B8_V4);
    let optional = EVALUATION
        .fields
        .iter()
        .filter(|f| f.need == Need::Optional);
    let optional: Vec<_> = optional.map(|field| field.code).collect();
    assert_eq!(optional, ["other", "proposals"]);
}

#[test]
fn the_plan_has_what_n4_asks_and_who_it_is_from() {
    assert_eq!(
        codes(&PLAN),
        [
            "name",
            "national_id",
            "start",
            "nav_office",
            "nav_adviser",
            "consultant",
            "order",
            "estimated_hours",
            "planned_activities",
            "fit",
            "place_date",
            "signature",
        ]
    );
    assert_eq!(codes(&RESULT), ["active", "ended", "end_statuses"]);
}

#[test]
fn every_report_about_a_participation_names_office_adviser_and_consultant() {
    // O2.
    for template in [&PLAN, &STATUS, &FINAL] {
        for code in ["nav_office", "nav_adviser", "consultant"] {
            let field = template.fields.iter().find(|field| field.code == code);
            assert_eq!(field.unwrap().need, Need::Always);
        }
    }
}

#[test]
fn every_free_text_says_what_not_to_write() {
    // K19 to K22. Hours and estimates are figures.
    let figures = ["estimated_hours", "estimate"];
    for template in [&PLAN, &STATUS, &FINAL, &EVALUATION] {
        let mut seen = BTreeSet::new();
        for field in template.fields {
            assert!(seen.insert(field.code), "{} twice", field.code);
            assert!(
                field
                    .code
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b == b'_')
            );
            let free = matches!(field.source, Source::Written | Source::RecordsAndWritten);
            assert!(
                !free || figures.contains(&field.code) || field.hint.is_some(),
                "{}",
                field.code
            );
        }
    }
}

// --- a case ---

fn day(text: &str) -> LocalDate {
    text.parse().unwrap()
}

fn month(text: &str) -> Month {
    text.parse().unwrap()
}

fn visit(id: u8, start: &str, end: &str) -> Visit {
    Visit {
        id: RecordId([id; 16]),
        start: Instant::parse(start).unwrap(),
        end: Instant::parse(end).unwrap(),
        form: MeetingForm::InPerson,
        with: With::Participant,
        consultants: vec!["consultant-00".into()],
        employer: None,
        activities: vec!["jobbsoking".into()],
        outcome: Outcome::Attended,
        planned: false,
        group: None,
        note: String::new(),
        agreed: String::new(),
    }
}

fn someone() -> Participation {
    let mut p = Participation::new("participant-000", "Fatima", "Dahl");
    p.middle_name = Some("Noor".into());
    p.national_id = NationalId::new("28839909324").ok();
    p.address = Some("Storgata 1, 4630 Kristiansand S".into());
    p.nav_office = Some("NAV Kristiansand".into());
    p.nav_adviser = Some("Ola Haugen".into());
    p.nav_adviser_phone = Some("55 55 33 33".into());
    p.start = Some(day("2026-01-15"));
    p.order = Some("Finne lønnet arbeid".into());
    p.consultant = Some("consultant-00".into());
    p.status = Status::Active;
    p
}

fn names() -> Names {
    let employer = |key: &str, name: &str| Employer {
        key: key.into(),
        name: name.into(),
        area: None,
        municipality: None,
        contact: Some("Lise Lager".into()),
    };
    Names {
        staff: [("consultant-00".into(), "Kari Li".to_owned())].into(),
        employers: [
            (
                EmployerKey::from("employer-1"),
                employer("employer-1", "Lager AS"),
            ),
            (
                EmployerKey::from("employer-2"),
                employer("employer-2", "Kafé AS"),
            ),
        ]
        .into(),
        activities: None,
    }
}

fn practice() -> Employment {
    let mut work = Employment::new(
        RecordId([0x31; 16]),
        EmploymentKind::WorkPractice,
        day("2026-03-02"),
    );
    work.employer = Some("employer-1".into());
    work.position_percent = Some(50);
    work.reason = "Vil prøve lager".into();
    work.employer_comment = "Fungerer godt".into();
    work.to = Some(day("2026-04-10"));
    work
}

fn job() -> Employment {
    let mut work = Employment::new(
        RecordId([0x32; 16]),
        EmploymentKind::PaidWork,
        day("2026-05-04"),
    );
    work.employer = Some("employer-2".into());
    work.contact = Some("Jon Sjef".into());
    work.position_percent = Some(80);
    work.terms = Some(EmploymentTerms::Temporary);
    work.reason = "Fikk tilbud".into();
    work
}

fn report(kind: ReportKind, texts: &[(&str, &str)]) -> Report {
    Report {
        consultant: Some("consultant-00".into()),
        texts: texts
            .iter()
            .map(|(code, text)| ((*code).to_owned(), (*text).to_owned()))
            .collect(),
        review: Some(Review {
            on: day("2026-04-16"),
            agrees: true,
            comment: String::new(),
        }),
        place: Some("Kristiansand".into()),
        signed: Some(day("2026-04-17")),
        ..Report::new(RecordId([0x41; 16]), kind)
    }
}

const STATUS_TEXTS: [(&str, &str); 5] = [
    ("consultant", "99 88 77 66"),
    ("progress", "Skriver søknader selv"),
    ("justification", "Nærmer seg jobb"),
    ("estimate", "8 t"),
    ("workplace", "Justert arbeidstid"),
];

fn quarters(of: &[(&str, u32)]) -> HoursByMonth {
    HoursByMonth::Quarters(of.iter().map(|(m, q)| (month(m), *q)).collect())
}

fn drafted(
    report: &Report,
    participation: &Participation,
    visits: &[Visit],
    work: &[Employment],
    hours: Option<&HoursByMonth>,
) -> ReportDraft {
    let terms = Terms::oppfolging_agder().unwrap();
    let facts = Case {
        visits: visits.iter().collect(),
        employments: work.iter().collect(),
        ..Case::new(participation)
    };
    draft(
        report,
        &facts,
        &names(),
        Some(&terms),
        hours,
        day("2026-04-16"),
    )
}

fn missing(draft: &ReportDraft) -> Vec<(&'static str, Todo)> {
    let missing = draft.missing.iter();
    missing.map(|one| (one.field.code, one.todo)).collect()
}

#[test]
fn a_status_report_is_filled_from_the_records() {
    let mut no_show = visit(2, "2026-02-02T09:00+01:00", "2026-02-02T10:00+01:00");
    no_show.outcome = Outcome::NoShow;
    let mut at_work = visit(3, "2026-03-09T09:00+01:00", "2026-03-09T10:00+01:00");
    at_work.with = With::Both;
    at_work.employer = Some("employer-1".into());
    at_work.activities = vec!["oppfolging-arbeidsplassen".into(), "jobbsoking".into()];
    let visits = [
        visit(1, "2026-01-20T09:00+01:00", "2026-01-20T10:00+01:00"),
        no_show,
        at_work,
        // Outside the period.
        visit(4, "2026-04-15T09:00+02:00", "2026-04-15T10:00+02:00"),
    ];
    let hours = quarters(&[("2026-01", 4), ("2026-02", 1), ("2026-03", 6)]);
    let report = report(ReportKind::Status, &STATUS_TEXTS);
    let draft = drafted(&report, &someone(), &visits, &[practice()], Some(&hours));
    // E6: three months from the start, and the report is drawn on the day after.
    let period = Period {
        from: day("2026-01-15"),
        to: day("2026-04-14"),
    };
    assert_eq!(draft.period, Some(period));
    for (code, value) in [
        ("name", "Fatima Noor Dahl"),
        ("national_id", "28839909324"),
        ("start", "15.01.2026"),
        ("period", "15.01.2026–14.04.2026"),
        ("nav_office", "NAV Kristiansand"),
        ("nav_adviser", "Ola Haugen, 55 55 33 33"),
        ("consultant", "Kari Li, 99 88 77 66"),
        ("order", "Finne lønnet arbeid"),
        ("employer_name", "Lager AS"),
        ("employer_contact", "Lise Lager"),
        ("employer_position", "50 %"),
        ("employer_terms", "ikke ansatt"),
        ("employer_kind", "arbeidspraksis"),
        ("employer_reason", "Vil prøve lager"),
        (
            "hours",
            "januar 2026: 1 t\nfebruar 2026: 0,25 t\nmars 2026: 1,5 t\napril 2026: 0 t\nSum: 2,75 t",
        ),
        ("absence", "1 dag, 1 t – ikke møtt, uten beskjed"),
        (
            "activities",
            "Målrettet jobbsøking: 2 møter\nOppfølging på arbeidsplassen: 1 møte",
        ),
        (
            "workplace",
            "Lager AS: 1 med deltaker og arbeidsgiver\n\nJustert arbeidstid",
        ),
        ("employer_comment", "Lager AS: Fungerer godt"),
        (
            "participant_comment",
            "Gjennomgått med deltakeren 16.04.2026. Deltakeren er enig i hele rapportens innhold.",
        ),
        ("place_date", "Kristiansand, 17.04.2026"),
        ("signature", "Kari Li"),
    ] {
        assert_eq!(draft.value(code), value, "{code}");
    }
    assert_eq!(missing(&draft), []);
    assert!(draft.complete());
    assert_eq!(draft.title, "Statusrapport Oppfølging");
    assert!(!format!("{draft:?}").contains("Fatima"));
}

#[test]
fn activities_are_called_what_the_offices_list_calls_them() {
    let mut held = visit(1, "2026-01-20T09:00+01:00", "2026-01-20T10:00+01:00");
    // Named twice, it is part of one meeting; an unknown code stands as it is.
    held.activities = vec![
        "jobbsoking".into(),
        "motivasjon".into(),
        "motivasjon".into(),
        "egen-kode".into(),
    ];
    let mut names = names();
    names.activities = Some(CodeList {
        name: CodeListName::Activities,
        source: "NAV".into(),
        entries: [("jobbsoking".to_owned(), "Jobbsøk".to_owned())].into(),
    });
    let p = someone();
    let facts = Case {
        visits: vec![&held],
        ..Case::new(&p)
    };
    let report = report(ReportKind::Status, &[]);
    let draft = draft(&report, &facts, &names, None, None, day("2026-04-16"));
    assert_eq!(
        draft.value("activities"),
        "egen-kode: 1 møte\nJobbsøk: 1 møte\nMotivasjon: 1 møte"
    );
}

#[test]
fn a_reports_own_period_goes_before_the_one_that_is_due() {
    let mut report = report(ReportKind::Status, &STATUS_TEXTS);
    report.period_from = Some(day("2026-02-01"));
    report.period_to = Some(day("2026-02-28"));
    let visits = [
        visit(1, "2026-01-20T09:00+01:00", "2026-01-20T10:00+01:00"),
        // The last minute of the period in Oslo, and the first after it.
        visit(2, "2026-02-28T22:59Z", "2026-02-28T23:30Z"),
        visit(3, "2026-02-28T23:00Z", "2026-02-28T23:30Z"),
    ];
    let hours = quarters(&[("2026-02", 3)]);
    let draft = drafted(&report, &someone(), &visits, &[], Some(&hours));
    assert_eq!(draft.value("period"), "01.02.2026–28.02.2026");
    assert_eq!(draft.value("activities"), "Målrettet jobbsøking: 1 møte");
    assert_eq!(draft.value("hours"), "februar 2026: 0,75 t\nSum: 0,75 t");
}

#[test]
fn an_empty_status_report_names_all_that_is_missing_and_what_to_do() {
    let mut p = Participation::new("participant-000", "Fatima", "Dahl");
    p.start = Some(day("2026-01-15"));
    let report = Report::new(RecordId([1; 16]), ReportKind::Status);
    let draft = drafted(&report, &p, &[], &[], None);
    assert_eq!(
        missing(&draft),
        [
            ("national_id", Todo::OnParticipation),
            ("nav_office", Todo::OnParticipation),
            ("nav_adviser", Todo::OnParticipation),
            ("consultant", Todo::OnParticipation),
            ("order", Todo::OnParticipation),
            ("progress", Todo::Write),
            ("justification", Todo::Write),
            ("hours", Todo::CountHours),
            ("estimate", Todo::Write),
            ("activities", Todo::Write),
            ("participant_comment", Todo::GoThrough),
            ("place_date", Todo::PlaceAndDate),
            ("signature", Todo::Sign),
        ]
    );
    // Without an employer in the period its fields are neither there nor missing.
    assert!(draft.fields.iter().all(|field| field.field.block.is_none()));
    assert_eq!(draft.value("absence"), "Ingen fravær.");
    let texts = draft.missing_text(Language::Norwegian);
    assert_eq!(
        texts[0],
        "«Fødselsnummer» mangler. Registrer det på deltakelsen."
    );
    assert!(texts.contains(
        &"«Deltakers kommentar» mangler. Gå gjennom rapporten med deltakeren, og før kommentaren."
            .to_owned()
    ));
    let english = draft.missing_text(Language::English);
    assert_eq!(english.len(), texts.len());
    assert!(english[0].contains("National identity number"));
}

#[test]
fn each_employer_of_the_period_has_a_block_and_its_gaps_are_named_by_number() {
    let mut second = job();
    second.from = day("2026-04-14");
    second.terms = None;
    let mut before = practice();
    before.id = RecordId([0x30; 16]);
    before.from = day("2025-11-01");
    before.to = Some(day("2026-01-14"));
    let report = report(ReportKind::Status, &STATUS_TEXTS);
    let hours = quarters(&[]);
    let work = [second, practice(), before];
    let draft = drafted(&report, &someone(), &[], &work, Some(&hours));
    let employers: Vec<_> = draft
        .fields
        .iter()
        .filter(|field| field.field.code == "employer_name")
        .map(|field| (field.number, field.value.as_str()))
        .collect();
    assert_eq!(employers, [(Some(0), "Lager AS"), (Some(1), "Kafé AS")]);
    // The contact of the employment goes before that of the register.
    let contacts = draft
        .fields
        .iter()
        .filter(|f| f.field.code == "employer_contact");
    let contacts: Vec<_> = contacts.map(|field| field.value.as_str()).collect();
    assert_eq!(contacts, ["Lise Lager", "Jon Sjef"]);
    // No visits, so what was done must be written; and the second's terms are missing.
    assert_eq!(
        missing(&draft),
        [
            ("employer_terms", Todo::OnEmployment),
            ("activities", Todo::Write)
        ]
    );
    assert_eq!(
        draft.missing[0].text(Language::Norwegian),
        "«Ansettelsesforhold (fast / midlertidig) (Arbeidsgiver i rapporteringsperioden, 2)» \
         mangler. Registrer det på arbeidsforholdet."
    );
}

#[test]
fn who_was_employed_at_referral_has_an_employer_block_until_the_employment_is_recorded() {
    // B1.
    let mut p = someone();
    p.employed_at_referral = true;
    p.employer = Some("employer-2".into());
    p.position_percent = Some(100);
    let report = report(ReportKind::Status, &STATUS_TEXTS);
    let hours = quarters(&[]);
    let draft = drafted(&report, &p, &[], &[], Some(&hours));
    assert_eq!(draft.value("employer_name"), "Kafé AS");
    assert_eq!(draft.value("employer_position"), "100 %");
    assert_eq!(draft.value("employer_kind"), "lønnet arbeid");
    assert!(missing(&draft).contains(&("employer_terms", Todo::RecordEmployment)));
    let mut recorded = job();
    recorded.from = day("2020-01-01");
    let draft = drafted(&report, &p, &[], &[recorded], Some(&hours));
    let blocks = draft
        .fields
        .iter()
        .filter(|f| f.field.code == "employer_name");
    assert_eq!(blocks.count(), 1);
    assert!(
        !missing(&draft)
            .iter()
            .any(|(code, _)| *code == "employer_terms")
    );
}

#[test]
fn a_disagreement_stands_in_the_report() {
    // N3.
    let mut report = report(ReportKind::Status, &STATUS_TEXTS);
    report.review = Some(Review {
        on: day("2026-04-16"),
        agrees: false,
        comment: "Jeg vil heller jobbe ute.".into(),
    });
    let draft = drafted(&report, &someone(), &[], &[], None);
    let value = draft.value("participant_comment");
    assert!(value.contains("ikke enig") && value.ends_with("Jeg vil heller jobbe ute."));
    let field = draft
        .fields
        .iter()
        .find(|f| f.field.code == "participant_comment");
    assert_eq!(field.unwrap().origin, Origin::Participant);
}

// --- the final report ---

fn ended() -> Participation {
    let mut p = someone();
    p.end = Some(day("2026-06-26"));
    p.status = Status::Ended;
    p
}

const FINAL_TEXTS: [(&str, &str); 3] = [
    ("consultant", "99 88 77 66"),
    ("summary", "Kan stå i fast arbeid"),
    ("final_activities", "Jobbsøking fordi han ønsket lager"),
];

#[test]
fn a_final_report_is_complete_only_when_every_field_is_filled() {
    let visits = [visit(1, "2026-01-20T09:00+01:00", "2026-01-20T10:00+01:00")];
    let whole = report(ReportKind::Final, &FINAL_TEXTS);
    let of = |report: &Report, p: &Participation| drafted(report, p, &visits, &[job()], None);
    let draft = of(&whole, &ended());
    assert_eq!(missing(&draft), []);
    for (code, value) in [
        ("address", "Storgata 1, 4630 Kristiansand S"),
        ("post_town", "4630 Kristiansand S"),
        ("end", "26.06.2026"),
        ("employer", "Kafé AS"),
        ("back_employer", "Kafé AS"),
        ("back_contact", "Jon Sjef"),
        ("back_position", "80 %"),
        ("back_terms", "midlertidig"),
        ("back_start", "04.05.2026"),
        (
            "final_activities",
            "Målrettet jobbsøking: 1 møte\n\nJobbsøking fordi han ønsket lager",
        ),
        ("absence", "Ingen fravær."),
    ] {
        assert_eq!(draft.value(code), value, "{code}");
    }
    assert_eq!(draft.title, "Sluttrapport Oppfølging");
    // Each single field that is taken away makes it incomplete and is named alone.
    type Take = fn(&mut Report, &mut Participation);
    let cases: [(&str, Take); 14] = [
        ("national_id", |_, p| p.national_id = None),
        ("address", |_, p| p.address = None),
        ("post_town", |_, p| p.address = Some("Storgata 1".into())),
        ("start", |_, p| p.start = None),
        ("end", |_, p| p.end = None),
        ("nav_office", |_, p| p.nav_office = None),
        ("nav_adviser", |_, p| p.nav_adviser = Some("  ".into())),
        ("consultant", |r, _| drop(r.texts.remove("consultant"))),
        ("order", |_, p| p.order = None),
        ("summary", |r, _| drop(r.texts.remove("summary"))),
        ("final_activities", |r, _| {
            drop(r.texts.remove("final_activities"));
        }),
        ("participant_comment", |r, _| r.review = None),
        ("place_date", |r, _| r.place = None),
        ("signature", |r, _| r.signed = None),
    ];
    for (code, take) in cases {
        let (mut report, mut p) = (whole.clone(), ended());
        take(&mut report, &mut p);
        let named: Vec<_> = missing(&of(&report, &p)).iter().map(|m| m.0).collect();
        assert!(named.contains(&code), "{code}: {named:?}");
        let allowed: &[&str] = match code {
            // No address, no town; no signature, no date.
            "address" => &["address", "post_town"],
            "signature" => &["signature", "place_date"],
            other => &[other][..],
        };
        assert!(named.iter().all(|one| allowed.contains(one)), "{named:?}");
    }
    // A town that cannot be read out of the address can be written.
    let (mut report, mut p) = (whole, ended());
    p.address = Some("Storgata 1".into());
    report
        .texts
        .insert("post_town".into(), "4630 Kristiansand".into());
    assert_eq!(missing(&of(&report, &p)), []);
}

#[test]
fn who_got_a_job_needs_the_job_and_who_has_none_needs_no_employer() {
    let report = report(ReportKind::Final, &FINAL_TEXTS);
    let draft = drafted(&report, &ended(), &[], &[practice()], None);
    // A practice that is over is no return to work.
    assert!(draft.complete(), "{:?}", draft.missing);
    assert_eq!(draft.value("employer"), "");
    let mut found_work = ended();
    found_work.end_reason = Some(EndReason {
        kind: EndReasonKind::FoundWork,
        text: None,
    });
    let draft = drafted(&report, &found_work, &[], &[], None);
    let named = missing(&draft);
    assert!(named.contains(&("back_employer", Todo::RecordEmployment)));
    assert!(named.contains(&("employer", Todo::RecordEmployment)));
    // One that ended before the participation did is not where they work now.
    let mut before = job();
    before.to = Some(day("2026-06-25"));
    let draft = drafted(&report, &ended(), &[], &[before.clone()], None);
    assert!(draft.fields.iter().all(|f| f.field.block.is_none()));
    before.to = Some(day("2026-06-26"));
    let draft = drafted(&report, &ended(), &[], &[before], None);
    assert_eq!(draft.value("back_employer"), "Kafé AS");
}

#[test]
fn a_protected_address_is_withheld_and_nothing_of_it_is_missing() {
    // K12.
    let mut p = ended();
    p.address = None;
    p.address_protected = true;
    let report = report(ReportKind::Final, &FINAL_TEXTS);
    let draft = drafted(&report, &p, &[], &[job()], None);
    assert!(draft.complete());
    let withheld = draft.fields.iter().filter(|f| f.origin == Origin::Withheld);
    let withheld: Vec<_> = withheld.map(|field| field.field.code).collect();
    assert_eq!(withheld, ["address", "post_town"]);
}

#[test]
fn the_agreement_has_the_final_reports_title_and_says_whether_the_plan_covers_fit() {
    let ended = ended();
    let facts = Case::new(&ended);
    let of = |terms: &Terms, kind| {
        let report = report(kind, &[("consultant", "1")]);
        draft(
            &report,
            &facts,
            &names(),
            Some(terms),
            None,
            day("2026-07-01"),
        )
    };
    let opp = Terms::oppfolging_agder().unwrap();
    let jmo = Terms::jobbmestrende_vest_viken().unwrap();
    assert_eq!(
        of(&jmo, ReportKind::Final).title,
        jmo.reports.final_report_title
    );
    assert!(jmo.reports.final_report_title.contains("Jobbmestrende"));
    // R5: the status report is headed alike.
    assert_eq!(
        of(&jmo, ReportKind::Status).title,
        of(&opp, ReportKind::Status).title
    );
    let fit = ("fit", Todo::Write);
    assert!(missing(&of(&jmo, ReportKind::Plan)).contains(&fit));
    assert!(!missing(&of(&opp, ReportKind::Plan)).contains(&fit));
}

// --- periods and figures ---

#[test]
fn status_periods_follow_without_gap_and_end_with_the_participation() {
    let start = day("2026-01-31");
    let period = |n, end: Option<&str>| {
        status_period(start, 3, n, end.map(day)).map(|p| (p.from.to_string(), p.to.to_string()))
    };
    let days = |from: &str, to: &str| Some((from.to_owned(), to.to_owned()));
    assert_eq!(period(1, None), days("2026-01-31", "2026-04-29"));
    assert_eq!(period(2, None), days("2026-04-30", "2026-07-30"));
    assert_eq!(period(3, None), days("2026-07-31", "2026-10-30"));
    assert_eq!(
        period(2, Some("2026-06-30")),
        days("2026-04-30", "2026-06-30")
    );
    assert_eq!(period(3, Some("2026-06-30")), None);
    assert_eq!(period(0, None), None);
    let on = |today: &str| status_period_on(start, 3, None, day(today)).unwrap().0;
    // While the first runs it is the one; on its last day too; each next once it is over.
    assert_eq!(
        [
            on("2026-02-01"),
            on("2026-04-29"),
            on("2026-07-30"),
            on("2026-07-31"),
            on("2026-10-31")
        ],
        [1, 1, 1, 2, 3]
    );
}

#[test]
fn hours_are_the_claims_own_quarters() {
    // N7.
    let period = Period {
        from: day("2026-01-15"),
        to: day("2026-03-14"),
    };
    let entries = [
        (day("2026-01-14"), 9),
        (day("2026-01-15"), 4),
        (day("2026-01-31"), 1),
        (day("2026-02-03"), 6),
        (day("2026-02-03"), -2),
        (day("2026-03-14"), 3),
        (day("2026-03-15"), 9),
    ];
    let hours = HoursByMonth::of_entries(entries, period);
    assert_eq!(
        hours,
        quarters(&[("2026-01", 5), ("2026-02", 4), ("2026-03", 3)])
    );
    assert_eq!(
        hours.text(period),
        "januar 2026: 1,25 t\nfebruar 2026: 1 t\nmars 2026: 0,75 t\nSum: 3 t"
    );
    let claimed = BTreeMap::from([
        (month("2026-01"), 5),
        (month("2026-02"), 4),
        (month("2026-03"), 3),
    ]);
    assert_eq!(differences(&hours, &claimed), []);
    let claimed = BTreeMap::from([(month("2026-01"), 5), (month("2026-04"), 1)]);
    let found = differences(&hours, &claimed);
    let line = |m: &str, reported, claimed| Difference {
        month: month(m),
        reported,
        claimed,
    };
    assert_eq!(
        found,
        [
            line("2026-02", 4, 0),
            line("2026-03", 3, 0),
            line("2026-04", 0, 1)
        ]
    );
}

#[test]
fn where_places_are_paid_the_minutes_are_the_meetings_own() {
    let period = Period {
        from: day("2026-03-01"),
        to: day("2026-03-31"),
    };
    let mut missed = visit(2, "2026-03-03T09:00+01:00", "2026-03-03T10:00+01:00");
    missed.outcome = Outcome::NoShow;
    // Over the night on which the clock is moved: an hour, not two.
    let spring = visit(1, "2026-03-29T01:30+01:00", "2026-03-29T03:30+02:00");
    let other = visit(3, "2026-03-30T09:00+02:00", "2026-03-30T09:20+02:00");
    let hours = HoursByMonth::of_visits([&spring, &missed, &other], period);
    assert_eq!(
        hours,
        HoursByMonth::Minutes([(month("2026-03"), Minutes(80))].into())
    );
    assert_eq!(hours.text(period), "mars 2026: 1 t 20 min\nSum: 1 t 20 min");
    assert_eq!(differences(&hours, &BTreeMap::new()), []);
}

#[test]
fn absence_is_summed_in_days_and_hours_by_cause() {
    // P4.
    let missed = |id, start: &str, end: &str, outcome| Visit {
        outcome,
        ..visit(id, start, end)
    };
    let ill = Outcome::Excused(Absence::Illness);
    let visits = [
        missed(1, "2026-02-02T09:00+01:00", "2026-02-02T10:00+01:00", ill),
        missed(2, "2026-02-02T13:00+01:00", "2026-02-02T13:30+01:00", ill),
        missed(3, "2026-02-03T09:00+01:00", "2026-02-03T10:00+01:00", ill),
        missed(
            4,
            "2026-02-03T13:00+01:00",
            "2026-02-03T14:00+01:00",
            Outcome::NoShow,
        ),
        // Begins on the 4th in Oslo, however long it lasts.
        missed(
            5,
            "2026-02-04T23:30+01:00",
            "2026-02-05T00:30+01:00",
            Outcome::NoShow,
        ),
        // The two nights on which the clock moves: 1 and 3 hours.
        missed(
            6,
            "2026-03-29T01:30+01:00",
            "2026-03-29T03:30+02:00",
            Outcome::Excused(Absence::Leave),
        ),
        missed(
            7,
            "2026-10-25T01:30+02:00",
            "2026-10-25T03:30+01:00",
            Outcome::Excused(Absence::Leave),
        ),
        // None of these is absence.
        missed(
            8,
            "2026-02-06T09:00+01:00",
            "2026-02-06T10:00+01:00",
            Outcome::Cancelled(CancelledBy::Participant),
        ),
        missed(
            9,
            "2026-02-06T09:00+01:00",
            "2026-02-06T10:00+01:00",
            Outcome::Moved,
        ),
        Visit {
            with: With::Employer,
            ..missed(
                10,
                "2026-02-06T09:00+01:00",
                "2026-02-06T10:00+01:00",
                Outcome::NoShow,
            )
        },
    ];
    let sums = absence(&visits, None);
    let sum = |days, minutes| AbsenceSum {
        days,
        minutes: Minutes(minutes),
    };
    assert_eq!(
        sums,
        BTreeMap::from([
            (AbsenceClass::NoNotice, sum(2, 120)),
            (AbsenceClass::Valid(Absence::Illness), sum(2, 150)),
            (AbsenceClass::Valid(Absence::Leave), sum(2, 240)),
        ])
    );
    let february = Period {
        from: day("2026-02-01"),
        to: day("2026-02-03"),
    };
    let sums = absence(&visits, Some(february));
    assert_eq!(sums[&AbsenceClass::NoNotice], sum(1, 60));
    assert_eq!(sums.len(), 2);
}

#[test]
fn every_activity_of_the_tenders_has_a_code() {
    use crate::contract::activities::{ACTIVITIES, AskedBy};
    let codes: BTreeSet<_> = ACTIVITIES.iter().map(|activity| activity.code).collect();
    assert_eq!(codes.len(), ACTIVITIES.len());
    let asked = |by| ACTIVITIES.iter().filter(|a| a.asked_by == by).count();
    // F1: guidance, search, skills, workplace, advice, adaptation, job retention, and practice.
    // F2: cognitive training, mapping, adaptation on an assessment, coping; F3: three-way talk.
    assert_eq!(
        (asked(AskedBy::Both), asked(AskedBy::Jobbmestrende)),
        (8, 5)
    );
    // All sixteen of NAV's own content codes (DOMAIN.md 1.4).
    assert_eq!(ACTIVITIES.iter().filter(|a| a.of_nav).count(), 16);
    let held = visit(1, "2026-02-02T09:00+01:00", "2026-02-02T10:00+01:00");
    let counts = activity_counts([&held], None);
    assert_eq!(counts, BTreeMap::from([("jobbsoking", 1)]));
}

// --- work practice ---

#[test]
fn a_work_practice_lacks_what_its_agreement_asks_for() {
    let opp = Terms::oppfolging_agder().unwrap().work_practice;
    let jmo = Terms::jobbmestrende_vest_viken().unwrap().work_practice;
    let mut work = Employment::new(
        RecordId([1; 16]),
        EmploymentKind::WorkPractice,
        day("2026-03-02"),
    );
    use PracticeGap::{
        Confidentiality, Duration, FollowUp, Goal, Insurance, Privacy, Purpose, Signatures, Tasks,
        Training, WorkingTime,
    };
    // G5: OPP asks for goal and limit, and no written agreement.
    assert_eq!(practice_gaps(&work, &opp), [Goal, Duration]);
    // G1 to G4.
    let all = [
        Goal,
        Duration,
        Purpose,
        Training,
        FollowUp,
        WorkingTime,
        Tasks,
        Confidentiality,
        Privacy,
        Signatures,
        Insurance,
    ];
    assert_eq!(practice_gaps(&work, &jmo), all);
    type Fill = fn(&mut Employment);
    let fills: [Fill; 11] = [
        |w| w.goal = "x".into(),
        |w| w.to = Some(day("2026-05-29")),
        |w| w.agreement.purpose = "x".into(),
        |w| w.agreement.training = "x".into(),
        |w| w.agreement.follow_up = "x".into(),
        |w| w.agreement.working_time = "x".into(),
        |w| w.agreement.tasks = "x".into(),
        |w| w.agreement.confidentiality = true,
        |w| w.agreement.privacy = true,
        |w| w.agreement.signed = Some(day("2026-03-01")),
        |w| {
            w.insurance = Some(InsuranceTold {
                on: day("2026-03-01"),
                to: "Leder".into(),
                how: "E-post".into(),
            });
        },
    ];
    for (n, fill) in fills.iter().enumerate() {
        assert_eq!(practice_gaps(&work, &jmo), all[n..]);
        fill(&mut work);
    }
    // Adaptation is only «eventuell».
    assert_eq!(practice_gaps(&work, &jmo), []);
    let mut stay = Employment::new(
        RecordId([2; 16]),
        EmploymentKind::ShortStay,
        day("2026-02-02"),
    );
    assert_eq!(practice_gaps(&stay, &jmo), []);
    assert!(short_stay_tried(&[&stay], &work));
    stay.from = day("2026-04-01");
    assert!(!short_stay_tried(&[&stay, &work], &work));
}

#[test]
fn the_declaration_says_what_l2_asks() {
    let form = Declaration {
        date: day("2026-01-27"),
        place: "Drammen".into(),
        name: "Fatima Dahl".into(),
    };
    let text = form.text();
    for part in [
        "Målet med denne taushetserklæringen",
        "Personopplysninger er alle opplysninger",
        "ikke deler personopplysninger du får vite om andre videre",
        "både i arbeidsmarkedstiltaket og på fritiden, også etter",
        "slette den 12 uker etter du har sluttet",
        "Jeg bekrefter at jeg har lest og forstått",
        "Dato: 27.01.2026",
        "Sted: Drammen",
        "Underskrift:",
        "Navn med blokkbokstaver: FATIMA DAHL",
    ] {
        assert!(text.contains(part), "{part}");
    }
    assert_eq!(format!("{form:?}"), "Declaration(..)");
}

// --- results ---

fn case(n: u8, employed: bool, dates: (&str, Option<&str>), status: Option<&str>) -> ResultCase {
    ResultCase {
        participation: DocumentId([n; 16]),
        status: if dates.1.is_some() {
            Status::Ended
        } else {
            Status::Active
        },
        start: Some(day(dates.0)),
        end: dates.1.map(day),
        employed_at_referral: employed,
        end_status: status.map(str::to_owned),
    }
}

fn statuses() -> CodeList {
    CodeList {
        name: CodeListName::EndStatuses,
        source: "NAV".into(),
        entries: [
            ("jobb".to_owned(), "I ordinært arbeid".to_owned()),
            ("delvis".to_owned(), "Delvis i arbeid".to_owned()),
            ("uten".to_owned(), "Uten arbeid".to_owned()),
        ]
        .into(),
    }
}

fn counting() -> CountingTable {
    use TargetResult::{FullReturn, IncreasedWork, TransitionToWork};
    CountingTable(
        [
            (
                "jobb".to_owned(),
                BTreeSet::from([TransitionToWork, FullReturn]),
            ),
            ("delvis".to_owned(), BTreeSet::from([IncreasedWork])),
        ]
        .into(),
    )
}

#[test]
fn the_result_report_counts_active_and_ended_and_names_nobody() {
    let cases = [
        case(1, false, ("2026-01-15", None), None),
        case(2, false, ("2026-01-15", Some("2026-03-31")), Some("jobb")),
        case(3, true, ("2026-01-15", Some("2026-03-01")), Some("delvis")),
        case(4, true, ("2026-01-15", Some("2026-03-15")), Some("jobb")),
        case(5, false, ("2026-01-15", Some("2026-03-20")), Some("uten")),
        // Ended before, began after, never took part.
        case(6, false, ("2026-01-15", Some("2026-02-28")), Some("jobb")),
        case(7, false, ("2026-04-01", None), None),
        ResultCase {
            status: Status::NotRelevant,
            ..case(8, false, ("2026-03-01", Some("2026-03-20")), None)
        },
    ];
    let terms = Terms::oppfolging_agder().unwrap();
    let list = statuses();
    let report = result_report(
        &cases,
        month("2026-03"),
        Some(&list),
        &terms.targets,
        &counting(),
        day("2026-04-07"),
    );
    // The one whose last day is the month's is active on it still.
    assert_eq!(
        (report.active_at_end, report.active_in_month, report.ended),
        (2, 5, 4)
    );
    let counts: Vec<_> = report
        .statuses
        .iter()
        .map(|status| (status.code.as_str(), status.counts))
        .collect();
    assert_eq!(
        counts,
        [("delvis", (0, 1)), ("jobb", (1, 1)), ("uten", (1, 0))]
    );
    assert_eq!((report.without_status, report.gaps.len()), (0, 0));
    // B2: without a job 1 of 2; with one 1 of 2 fully back and 1 of 2 with more work.
    let measured: Vec<_> = report
        .measured
        .iter()
        .map(|one| (one.employed_at_referral, one.reached, one.of, one.met()))
        .collect();
    assert_eq!(
        measured,
        [
            (false, Some(1), 2, Some(false)),
            (true, Some(1), 2, Some(false)),
            (true, Some(1), 2, Some(true)),
        ]
    );
    let text = report.text();
    assert!(text.contains("Antall avsluttede deltakere: 4"));
    assert!(text.contains("I ordinært arbeid: 1 / 1"));
    assert!(text.contains("Overgang til arbeid, uten arbeidsforhold ved innsøking: 1 av 2 = 50 %"));
    assert!(text.contains("(mål 65 %)"));
}

#[test]
fn what_the_result_report_lacks_is_named() {
    let cases = [
        case(1, false, ("2026-01-15", Some("2026-03-31")), None),
        case(2, false, ("2026-01-15", Some("2026-03-31")), Some("annet")),
        ResultCase {
            status: Status::Active,
            ..case(3, true, ("2026-01-15", Some("2026-03-31")), Some("jobb"))
        },
        // Its last day is still to come.
        case(4, true, ("2026-01-15", Some("2026-03-31")), Some("jobb")),
    ];
    let terms = Terms::oppfolging_agder().unwrap();
    let of = |cases: &[ResultCase], list: Option<&CodeList>, today: &str| {
        let table = CountingTable::default();
        result_report(
            cases,
            month("2026-03"),
            list,
            &terms.targets,
            &table,
            day(today),
        )
    };
    let list = statuses();
    let report = of(&cases[..3], Some(&list), "2026-04-07");
    let participation = |n: u8| [n; 16];
    assert_eq!(
        report.gaps,
        [
            ResultGap::NoStatus {
                participation: participation(1)
            },
            ResultGap::UnknownStatus {
                participation: participation(2)
            },
            ResultGap::StillActive {
                participation: participation(3)
            },
            ResultGap::NoCounting,
        ]
    );
    assert_eq!((report.ended, report.without_status), (3, 2));
    assert!(report.text().contains("Ikke registrert: 2"));
    // Without NAV's list nothing is counted by status, and that is said once.
    let report = of(&cases[..1], None, "2026-04-07");
    assert!(report.gaps.contains(&ResultGap::NoList));
    assert!(report.statuses.is_empty());
    assert_eq!(of(&cases[3..], Some(&list), "2026-03-30").ended, 0);
    let defined = report.measured.iter().all(|one| one.reached.is_none());
    assert!(defined && report.measured[0].text().contains("ikke definert"));
}

#[test]
fn another_model_of_results_takes_the_first_ones_place() {
    // B2: JMO expects an indicator of actual against expected results.
    struct Expected;
    impl ResultModel for Expected {
        fn measure(&self, _: &[crate::contract::terms::Target], ended: &[Ended]) -> Vec<Measured> {
            vec![Measured {
                label: ("Faktisk mot forventet", "Actual against expected"),
                employed_at_referral: false,
                of: u32::try_from(ended.len()).unwrap(),
                reached: Some(1),
                target_percent: None,
            }]
        }
    }
    let cases = [case(1, false, ("2026-01-15", Some("2026-03-31")), None)];
    let report = result_report(
        &cases,
        month("2026-03"),
        Some(&statuses()),
        &[],
        &Expected,
        day("2026-04-07"),
    );
    assert_eq!(report.measured[0].percent(), Some(100));
    assert_eq!(report.measured[0].met(), None);
}

#[test]
fn jmo_is_measured_by_its_own_targets() {
    let terms = Terms::jobbmestrende_vest_viken().unwrap();
    let ended = [
        Ended {
            employed_at_referral: false,
            end_status: Some("jobb".into()),
        },
        Ended {
            employed_at_referral: false,
            end_status: None,
        },
    ];
    let measured = counting().measure(&terms.targets, &ended);
    let lines: Vec<_> = measured
        .iter()
        .map(|one| (one.target_percent, one.reached, one.of, one.met()))
        .collect();
    // Nothing counts as «tilbake i arbeid» in this table, so it is not said to be zero.
    assert_eq!(
        lines,
        [
            (Some(40), Some(1), 2, Some(true)),
            (Some(40), None, 0, None)
        ]
    );
}

// --- the evaluation ---

#[test]
fn an_evaluation_is_whole_when_everything_that_it_must_hold_is_written() {
    let mut terms = Terms::oppfolging_agder().unwrap();
    terms.measure_number = Some("2026/77".into());
    let provider = Provider {
        name: "Vekst AS".into(),
        org_number: "999888777".into(),
    };
    let mut report = OfficeReport::new(OfficeReportKey {
        agreement: AgreementKey::from("oppfolging"),
        kind: OfficeReportKind::Evaluation,
        month: month("2026-01"),
    });
    let measured = counting().measure(&terms.targets, &[]);
    let of = |report: &OfficeReport, terms: &Terms| {
        let facts = EvaluationFacts {
            provider: Some(&provider),
            terms,
            measured: &measured,
        };
        evaluation_draft(report, &facts)
    };
    let empty = of(&report, &terms);
    assert_eq!(empty.value("provider_and_number"), "Vekst AS, 2026/77");
    assert_eq!(empty.value("recipient"), "NAV Agder");
    let half_year = Period {
        from: day("2026-01-01"),
        to: day("2026-06-30"),
    };
    assert_eq!(empty.period, Some(half_year));
    let needed = [
        "establishing",
        "after_employment",
        "feedback",
        "cooperation_individuals",
        "cooperation_contract",
        "targets",
    ];
    let named: Vec<_> = missing(&empty).iter().map(|m| m.0).collect();
    assert_eq!(named[..6], needed);
    assert_eq!(named[6..], ["place_date", "signature"]);
    for code in needed {
        report.texts.insert(code.into(), "Erfaring".into());
    }
    report.texts.insert("signature".into(), "Nina Leder".into());
    report.place = Some("Kristiansand".into());
    report.signed = Some(day("2026-07-10"));
    let whole = of(&report, &terms);
    assert!(whole.complete(), "{:?}", whole.missing);
    assert!(whole.value("targets").contains("mål 65 %"));
    assert!(whole.value("targets").ends_with("Erfaring"));
    terms.measure_number = None;
    assert_eq!(
        missing(&of(&report, &terms)),
        [("provider_and_number", Todo::InRegister)]
    );
}

// --- what may go by e-mail ---

fn proposal(change: ProposalChange, approved: bool) -> Proposal {
    Proposal {
        id: RecordId([5; 16]),
        change,
        justification: "Progresjon mot arbeid, trenger mer tid".into(),
        at: Instant::parse("2026-05-04T12:00+02:00").unwrap(),
        consultant: None,
        state: if approved {
            ProposalState::Approved {
                by: "Ola Haugen".into(),
                on: day("2026-05-05"),
            }
        } else {
            ProposalState::Waiting
        },
    }
}

/// With what the pseudonym is made of.
fn born(mut p: Participation) -> Participation {
    p.middle_name = Some("Noor".into());
    p.born = Some(day("1999-03-28"));
    p
}

/// Nothing that says more of a person than the pseudonym does.
fn harmless(text: &MailText) {
    for secret in [
        "Fatima",
        "Dahl",
        "28839909324",
        "participant-000",
        "Ola",
        "Kristiansand",
        "Progresjon",
        "sykdom",
        "Flyttet",
    ] {
        assert!(!text.as_str().contains(secret), "{secret}");
    }
    assert_eq!(format!("{text:?}"), "MailText(..)");
}

#[test]
fn the_three_notices_carry_pseudonym_and_date_and_nothing_else() {
    let mut p = born(ended());
    p.end_reason = Some(EndReason {
        kind: EndReasonKind::Ill,
        text: None,
    });
    let start = StartNotice::new(&p).unwrap().mail_text();
    assert_eq!(
        start.as_str(),
        "Melding om oppstart i tiltak\nDFN 280399\nOppstart: 15.01.2026\n"
    );
    let end = EndNotice::new(&p).unwrap().mail_text();
    assert_eq!(
        end.as_str(),
        "Avslutning av tiltak\nDFN 280399\nSiste dag: 26.06.2026\n"
    );
    let extend = ProposalChange::Extend {
        end: day("2026-12-26"),
    };
    let approved = proposal(extend.clone(), true);
    let extension = ExtensionNotice::new(&p, &approved).unwrap();
    let extension = extension.mail_text();
    assert_eq!(
        extension.as_str(),
        "Melding om forlengelse av tiltak\nDFN 280399\nForlenget til: 26.12.2026\n"
    );
    for text in [&start, &end, &extension] {
        harmless(text);
    }
    // C4: never without NAV's approval, nor without a justification.
    let of = |proposal: &Proposal| ExtensionNotice::new(&p, proposal).unwrap_err();
    assert_eq!(of(&proposal(extend.clone(), false)), MailError::NotApproved);
    let mut silent = proposal(extend, true);
    silent.justification = " ".into();
    assert_eq!(of(&silent), MailError::NoJustification);
    let other = proposal(ProposalChange::RemoveStart, true);
    assert_eq!(of(&other), MailError::NoJustification);
}

#[test]
fn names_numbers_and_protected_participants_go_by_no_mail() {
    let p = born(ended());
    let mut nameless = p.clone();
    nameless.born = None;
    let refused = StartNotice::new(&nameless).unwrap_err();
    assert_eq!(refused, MailError::NoPseudonym);
    let mut protected = p.clone();
    protected.address_protected = true;
    let refused = EndNotice::new(&protected).unwrap_err();
    assert_eq!(refused, MailError::Protected);
    let mut open = p;
    open.end = None;
    assert_eq!(EndNotice::new(&open).unwrap_err(), MailError::NoDate);
}

#[test]
fn an_attendance_list_says_who_came_and_never_why_not() {
    let visits = [
        visit(1, "2026-03-02T09:00+01:00", "2026-03-02T10:15+01:00"),
        Visit {
            outcome: Outcome::Excused(Absence::Illness),
            form: MeetingForm::Video,
            ..visit(2, "2026-03-29T01:30+01:00", "2026-03-29T03:30+02:00")
        },
        Visit {
            outcome: Outcome::NoShow,
            ..visit(3, "2026-03-31T23:30+02:00", "2026-04-01T00:30+02:00")
        },
        // Another month in Oslo; planned; with the employer alone.
        visit(4, "2026-03-31T22:00Z", "2026-03-31T22:30Z"),
        Visit {
            outcome: Outcome::Planned,
            ..visit(5, "2026-03-03T09:00+01:00", "2026-03-03T10:00+01:00")
        },
        Visit {
            with: With::Employer,
            ..visit(6, "2026-03-03T09:00+01:00", "2026-03-03T10:00+01:00")
        },
    ];
    let born = day("1999-03-28");
    let fatima = Pseudonym::new("Dahl", "Fatima", Some("Noor"), born);
    let other = Pseudonym::new("Xu", "Yu", Some("Zoe"), day("1990-01-01"));
    let person = |n: u8, pseudonym: &Option<Pseudonym>, protected| OnList {
        participation: DocumentId([n; 16]),
        pseudonym: pseudonym.clone(),
        address_protected: protected,
        visits: visits.iter().collect(),
    };
    let list = AttendanceList::new("Oppfølging", month("2026-03"), &[person(1, &fatima, false)]);
    assert_eq!(
        list.mail_text().as_str(),
        "Frammøteliste Oppfølging, mars 2026\n\
         DFN 280399; 02.03.2026; 09.00–10.15; oppmøte; møtt\n\
         DFN 280399; 29.03.2026; 01.30–03.30; video; gyldig fravær\n\
         DFN 280399; 31.03.2026; 23.30–00.30; oppmøte; ikke møtt\n"
    );
    harmless(&list.mail_text());
    assert!(list.warnings(Language::Norwegian).is_empty());
    let debug = format!("{list:?} {:?}", person(1, &fatima, false));
    assert!(!debug.contains("280399"));
    // K28: two who share a pseudonym are shown; protected and nameless ones are left out, and said.
    let list = AttendanceList::new(
        "Oppfølging",
        month("2026-03"),
        &[
            person(1, &fatima, false),
            person(2, &fatima, false),
            person(3, &other, true),
            person(4, &None, false),
        ],
    );
    assert_eq!((list.len(), list.withheld, list.nameless), (6, 1, 1));
    assert_eq!(list.collisions, ["DFN 280399"]);
    assert_eq!(list.warnings(Language::English).len(), 3);
    assert!(!list.mail_text().as_str().contains("XYZ"));
}

#[test]
fn the_notice_of_absence_is_of_a_no_show_alone() {
    let p = someone();
    let mut missed = visit(1, "2026-03-02T09:00+01:00", "2026-03-02T10:15+01:00");
    assert!(AbsenceNotice::new(&p, &missed).is_none());
    missed.outcome = Outcome::NoShow;
    let notice = AbsenceNotice::new(&p, &missed).unwrap();
    assert!(notice.text().contains("02.03.2026 kl. 09.00"));
    assert_eq!(format!("{notice:?}"), "AbsenceNotice(..)");
}
