//! Notice of a personal data breach to the controller (GDPR art. 33 no. 2; K15, DPA 13): a draft
//! that a person completes and sends. Nobody else is told: NAV tells the Data Protection Authority
//! and the persons concerned.

use std::collections::BTreeSet;
use std::fmt::{self, Write};

use serde::{Deserialize, Serialize};

use super::text::{Both, pick, time_text};
use crate::document::{CaseView, Record};
use crate::domain::{
    Absence, EndReason, EndReasonKind, Instant, Language, Outcome, Proof, Verdict,
};

/// The notice goes to NAV within this time, in hours (K15).
pub const NOTICE_HOURS_MAX: i64 = 24;

const HOUR_MILLISECONDS: i64 = 3_600_000;

/// A category of personal data, as the agreement's annex lists them (K20, K21).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataCategory {
    /// Name.
    Name,
    /// Address, municipality and service area.
    Address,
    /// That the address is protected (kode 6 or 7), though not the address.
    ProtectedAddress,
    /// Telephone.
    Phone,
    /// National identity number.
    NationalId,
    /// Date of birth.
    Birth,
    /// E-mail.
    Email,
    /// NAV's order (bestilling).
    Order,
    /// The NAV office and adviser.
    NavContact,
    /// Employment and employer.
    Employment,
    /// Periods, meetings, attendance and contact attempts.
    Attendance,
    /// That somebody came from school or from serving a sentence.
    Background,
    /// Health data: sick leave.
    SickLeave,
    /// Health data: reduced work capacity, absence or end through illness, a therapist's support.
    Health,
    /// Notes in free words, which may hold health data, education and practice.
    Notes,
}

impl DataCategory {
    /// Every category, in the order of the agreement's list.
    pub const ALL: [Self; 15] = [
        Self::Name,
        Self::Address,
        Self::ProtectedAddress,
        Self::Phone,
        Self::NationalId,
        Self::Birth,
        Self::Email,
        Self::Order,
        Self::NavContact,
        Self::Employment,
        Self::Attendance,
        Self::Background,
        Self::SickLeave,
        Self::Health,
        Self::Notes,
    ];

    pub(super) const fn both(self) -> Both {
        match self {
            Self::Name => ("navn", "name"),
            Self::Address => ("adresse, kommune og tjenesteområde", "address and area"),
            Self::ProtectedAddress => (
                "opplysning om at adressen er beskyttet (ikke adressen selv)",
                "that the address is protected (not the address itself)",
            ),
            Self::Phone => ("telefonnummer", "telephone"),
            Self::NationalId => ("fødselsnummer", "national identity number"),
            Self::Birth => ("fødselsdato", "date of birth"),
            Self::Email => ("e-postadresse", "e-mail address"),
            Self::Order => ("bestilling fra NAV", "order from NAV"),
            Self::NavContact => ("NAV-kontor og NAV-veileder", "NAV office and adviser"),
            Self::Employment => (
                "arbeidsforhold, stilling og arbeidsgiver",
                "employment, position and employer",
            ),
            Self::Attendance => (
                "perioder, møter, oppmøte, reiser og kontaktforsøk",
                "periods, meetings, attendance, travel and contact attempts",
            ),
            Self::Background => (
                "opplysning om overgang fra skole eller soning",
                "that somebody came from school or from serving a sentence",
            ),
            Self::SickLeave => ("helseopplysninger: sykmelding", "health data: sick leave"),
            Self::Health => (
                "helseopplysninger: nedsatt arbeidsevne, fravær eller avslutning på grunn av \
                 sykdom, støtte fra behandler",
                "health data: reduced work capacity, absence or end through illness, a therapist's \
                 support",
            ),
            Self::Notes => (
                "notater i fritekst, som kan inneholde helseopplysninger, utdanning og praksis",
                "notes in free words, which may hold health data, education and practice",
            ),
        }
    }

    /// What it is called.
    #[must_use]
    pub const fn text(self, language: Language) -> &'static str {
        pick(self.both(), language)
    }

    /// Whether it is of a special category (GDPR art. 9).
    #[must_use]
    pub const fn is_sensitive(self) -> bool {
        matches!(
            self,
            Self::Background | Self::SickLeave | Self::Health | Self::Notes
        )
    }

    /// The categories that a casefile holds something of, voided records included.
    #[must_use]
    pub fn of(view: &CaseView) -> BTreeSet<Self> {
        let mut found = BTreeSet::new();
        let mut has = |category, present: bool| {
            if present {
                found.insert(category);
            }
        };
        for row in view.rows.values() {
            match &row.record {
                Record::Participation(p) => {
                    has(
                        Self::Name,
                        !(p.first_name.is_empty() && p.last_name.is_empty()),
                    );
                    has(
                        Self::Address,
                        p.address.is_some() || p.municipality.is_some() || p.area.is_some(),
                    );
                    has(Self::ProtectedAddress, p.address_protected);
                    has(Self::Phone, p.phone.is_some());
                    has(Self::NationalId, p.national_id.is_some());
                    has(Self::Birth, p.born.is_some());
                    has(Self::Email, p.email.is_some());
                    has(Self::Order, p.order.is_some());
                    let adviser = [
                        &p.nav_office,
                        &p.nav_adviser,
                        &p.nav_adviser_phone,
                        &p.nav_adviser_email,
                    ];
                    has(Self::NavContact, adviser.iter().any(|part| part.is_some()));
                    has(
                        Self::Employment,
                        p.employed_at_referral
                            || p.position_percent.is_some()
                            || p.employer.is_some()
                            || p.wants_work.is_some()
                            || p.end_status.is_some(),
                    );
                    has(Self::Background, p.from_school_or_sentence);
                    has(
                        Self::Attendance,
                        p.start.is_some()
                            || p.end.is_some()
                            || p.ordered.is_some()
                            || p.end_reason.is_some()
                            || p.declaration_signed.is_some(),
                    );
                    has(
                        Self::SickLeave,
                        p.sick_leave_from.is_some() || p.sick_leave_percent.is_some(),
                    );
                    has(
                        Self::Health,
                        p.reduced_work_capacity
                            || p.therapist_supports.is_some()
                            || is_illness(p.end_reason.as_ref()),
                    );
                    let words = p.end_reason.as_ref().is_some_and(|r| r.text.is_some());
                    has(
                        Self::Notes,
                        words || p.erasure_hold.is_some() || p.restricted.is_some(),
                    );
                }
                Record::Visit(visit) => {
                    has(Self::Attendance, true);
                    has(Self::Employment, visit.employer.is_some());
                    has(
                        Self::Notes,
                        !(visit.note.is_empty() && visit.agreed.is_empty()),
                    );
                    let ill = matches!(
                        visit.outcome,
                        Outcome::Excused(Absence::Illness | Absence::Family | Absence::Appointment)
                    );
                    has(Self::Health, ill);
                }
                Record::Contact(contact) => {
                    has(Self::Attendance, true);
                    has(Self::Notes, !contact.note.is_empty());
                }
                Record::Note(_) => has(Self::Notes, true),
                Record::Report(report) => {
                    has(Self::Attendance, true);
                    has(
                        Self::Notes,
                        !report.texts.is_empty() || report.review.is_some(),
                    );
                }
                Record::Employment(employment) => {
                    has(Self::Employment, true);
                    let agreement = &employment.agreement;
                    let texts = [
                        &employment.goal,
                        &employment.reason,
                        &employment.employer_comment,
                        &agreement.purpose,
                        &agreement.training,
                        &agreement.follow_up,
                        &agreement.working_time,
                        &agreement.tasks,
                        &agreement.adaptation,
                    ];
                    has(Self::Notes, texts.iter().any(|text| !text.is_empty()));
                }
                Record::Notice(notice) => {
                    has(Self::Attendance, true);
                    has(Self::Notes, !notice.text.is_empty());
                }
                Record::Proposal(proposal) => {
                    has(Self::Attendance, true);
                    has(Self::Health, is_illness(proposal.change.reason()));
                    has(Self::Notes, !proposal.justification.is_empty());
                }
                Record::Confirmation(confirmation) => {
                    has(Self::Attendance, true);
                    let words = matches!(&confirmation.proof, Some(Proof::Answer(signed))
                        if matches!(signed.answer.verdict, Verdict::Wrong(_)));
                    has(Self::Notes, words || !confirmation.reason.is_empty());
                }
                Record::Trip(_) | Record::Billed(_) | Record::PinKey(_) => {
                    has(Self::Attendance, true)
                }
                Record::Provider(_)
                | Record::Agreement(_)
                | Record::Employer(_)
                | Record::Staff(_)
                | Record::Statistics(_)
                | Record::Claim(_)
                | Record::OfficeReport(_)
                | Record::CodeList(_) => {}
            }
            has(Self::Notes, row.voided.is_some());
        }
        found
    }
}

fn is_illness(reason: Option<&EndReason>) -> bool {
    reason.is_some_and(|reason| reason.kind == EndReasonKind::Ill)
}

/// A participation that the lost device could read.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Affected {
    /// The provider's own id.
    pub reference: String,
    /// The name; withheld where the address is protected, since who learns the name may find it.
    pub name: Option<String>,
    /// What is recorded of them.
    pub categories: BTreeSet<DataCategory>,
    /// How many records, voided ones included.
    pub record_count: u32,
}

impl fmt::Debug for Affected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Affected").finish_non_exhaustive()
    }
}

impl Affected {
    /// What a casefile means for a notice.
    #[must_use]
    pub fn of(view: &CaseView) -> Self {
        let summary = &view.summary;
        let parts = [
            Some(&summary.first_name),
            summary.middle_name.as_ref(),
            Some(&summary.last_name),
        ];
        let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
        Self {
            reference: summary.reference.clone(),
            name: (!summary.address_protected).then(|| parts.join(" ")),
            categories: DataCategory::of(view),
            record_count: u32::try_from(view.rows.len()).unwrap_or(u32::MAX),
        }
    }
}

/// Whether what the device holds was locked when it was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Locked {
    /// Locked: only ciphertext is in the finder's hands.
    Yes,
    /// Open.
    No,
    /// Nobody knows.
    Unknown,
}

/// Whom NAV asks.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct ContactPoint {
    /// The provider.
    pub provider: String,
    /// The data protection officer, or who else knows.
    pub name: String,
    /// Telephone.
    pub phone: String,
    /// E-mail.
    pub email: String,
}

impl fmt::Debug for ContactPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ContactPoint(..)")
    }
}

/// What was done already, each with its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Measures {
    /// The device was shut out of the workspace.
    pub revoked_at: Option<Instant>,
    /// The groups got new keys, so that the device's keys open nothing that comes after.
    pub rekeyed_at: Option<Instant>,
    /// The police were told.
    pub police_at: Option<Instant>,
}

/// A device that was lost or stolen, and what is known of it.
#[derive(Debug, Clone)]
pub struct LostDevice {
    /// When the provider learned of it: the 24 hours run from here.
    pub reported_at: Instant,
    /// When the owner still had it for certain.
    pub held_from: Instant,
    /// When they found it gone.
    pub held_until: Instant,
    /// Whether it was locked.
    pub store_locked: Locked,
    /// The participations that it could read.
    pub participations: Vec<Affected>,
    /// Whom NAV asks.
    pub contact: ContactPoint,
    /// What was done already.
    pub measures: Measures,
    /// Anything else (K15 f).
    pub other: String,
}

/// A notice to NAV, with everything that K15 asks for.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct BreachNotice {
    /// When the provider learned of it.
    pub reported_at: Instant,
    /// a) What happened, between when and when.
    pub lost_between: (Instant, Instant),
    /// a) The categories of data.
    pub categories: BTreeSet<DataCategory>,
    /// a) How many persons.
    pub person_count: u32,
    /// a) How many records.
    pub record_count: u64,
    /// b) Who is affected.
    pub identities: Vec<Affected>,
    /// c) Whom to ask.
    pub contact: ContactPoint,
    /// d) What the likely consequences stand on: whether the device was locked.
    pub store_locked: Locked,
    /// e) What was done.
    pub measures: Measures,
    /// f) Anything else.
    pub other: String,
    /// When NAV must have it.
    pub due: Instant,
}

impl fmt::Debug for BreachNotice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BreachNotice")
            .field("due", &self.due)
            .field("person_count", &self.person_count)
            .finish_non_exhaustive()
    }
}

impl LostDevice {
    /// The notice's draft. Somebody reads it before it is sent.
    #[must_use]
    pub fn notice(&self) -> BreachNotice {
        let each = &self.participations;
        let mut identities = each.clone();
        identities.sort_by(|a, b| a.reference.cmp(&b.reference));
        BreachNotice {
            reported_at: self.reported_at,
            lost_between: (self.held_from, self.held_until),
            categories: each
                .iter()
                .flat_map(|one| one.categories.iter().copied())
                .collect(),
            person_count: u32::try_from(each.len()).unwrap_or(u32::MAX),
            record_count: each.iter().map(|one| u64::from(one.record_count)).sum(),
            identities,
            contact: self.contact.clone(),
            store_locked: self.store_locked,
            measures: self.measures,
            other: self.other.clone(),
            due: Instant(
                self.reported_at
                    .0
                    .saturating_add(NOTICE_HOURS_MAX * HOUR_MILLISECONDS),
            ),
        }
    }
}

impl BreachNotice {
    /// The likely consequences, in plain words.
    #[must_use]
    pub fn consequences(&self, language: Language) -> Vec<&'static str> {
        let mut out = vec![match self.store_locked {
            Locked::Yes => (
                "Enheten var låst. Alt på den er kryptert, og nøkkelen ligger ikke i klartekst. \
                 Det er lite sannsynlig at noen kan lese opplysningene.",
                "The device was locked. All on it is encrypted, and the key is not kept in the \
                 clear. It is unlikely that anybody can read the data.",
            ),
            Locked::No => (
                "Enheten var åpen. Den som har den, kan ha lest opplysningene, kopiert dem og \
                 brukt dem til å kontakte eller krenke deltakerne.",
                "The device was open. Whoever has it may have read the data, copied it, and used \
                 it to contact or harm the participants.",
            ),
            Locked::Unknown => (
                "Vi vet ikke om enheten var låst. Var den åpen, kan den som har den, ha lest \
                 opplysningene. Regn med det til noe annet er klart.",
                "We do not know whether the device was locked. If it was open, whoever has it may \
                 have read the data. Assume so until it is known.",
            ),
        }];
        if self.store_locked != Locked::Yes {
            if self.categories.contains(&DataCategory::NationalId) {
                out.push((
                    "Fødselsnummer kan misbrukes til identitetstyveri.",
                    "National identity numbers can be used for identity theft.",
                ));
            }
            if self
                .categories
                .iter()
                .any(|category| category.is_sensitive())
            {
                out.push((
                    "Helseopplysninger eller notater kan bli kjent for andre og oppleves som en \
                     alvorlig krenkelse.",
                    "Health data or notes may become known to others, which is a serious intrusion.",
                ));
            }
            if self.categories.contains(&DataCategory::ProtectedAddress) {
                out.push((
                    "Minst én deltaker har adressebeskyttelse. Adressen er ikke registrert, men \
                     møter og arbeidssted kan vise hvor personen oppholder seg. Vurder \
                     sikkerheten til personen straks.",
                    "At least one participant has a protected address. The address is not \
                     recorded, but meetings and workplace may show where the person stays. Assess \
                     that person's safety at once.",
                ));
            }
        }
        out.into_iter().map(|both| pick(both, language)).collect()
    }

    /// The notice as text, for a letter or NAV's form.
    #[must_use]
    pub fn to_text(&self, language: Language) -> String {
        let say = |both: Both| pick(both, language);
        let time = |at| time_text(at, language);
        let mut out = String::new();
        let mut line = |text: &str| {
            let _ = writeln!(out, "{text}");
        };
        line(say((
            "MELDING OM BRUDD PÅ PERSONOPPLYSNINGSSIKKERHETEN (UTKAST)",
            "NOTICE OF A PERSONAL DATA BREACH (DRAFT)",
        )));
        line(&format!(
            "{}: {}",
            say(("Fra databehandler", "From the processor")),
            self.contact.provider
        ));
        line(say((
            "Til behandlingsansvarlig: NAV",
            "To the controller: NAV",
        )));
        line(&format!(
            "{}: {}",
            say(("Oppdaget", "Learned of")),
            time(self.reported_at)
        ));
        line(&format!(
            "{}: {}",
            say(("NAV skal ha meldingen innen", "NAV must have this by")),
            time(self.due)
        ));
        line("");
        line(say(("a) Hva som har skjedd", "a) What happened")));
        let (from, until) = (time(self.lost_between.0), time(self.lost_between.1));
        line(&match language {
            Language::Norwegian => format!(
                "En enhet med tilgang til Følge er mistet eller stjålet. Eieren hadde den sikkert \
                 {from} og savnet den {until}."
            ),
            Language::English => format!(
                "A device with access to Følge was lost or stolen. Its owner had it for certain at \
                 {from} and missed it at {until}."
            ),
        });
        line(say((
            "Registrerte: deltakere i arbeidsmarkedstiltak.",
            "Persons concerned: participants in labour-market measures.",
        )));
        line(&match language {
            Language::Norwegian => format!(
                "Omtrentlig antall personer: {}. Omtrentlig antall registreringer: {}.",
                self.person_count, self.record_count
            ),
            Language::English => format!(
                "Approximate number of persons: {}. Approximate number of records: {}.",
                self.person_count, self.record_count
            ),
        });
        line(say(("Kategorier av opplysninger:", "Categories of data:")));
        for category in &self.categories {
            line(&format!("- {}", category.text(language)));
        }
        line("");
        line(say(("b) Hvem det gjelder", "b) Who is affected")));
        let withheld = say((
            "navn holdt tilbake, adressebeskyttelse",
            "name withheld, protected address",
        ));
        for one in &self.identities {
            let name = one.name.as_deref().unwrap_or(withheld);
            line(&format!("- {} ({name})", one.reference));
        }
        line("");
        line(say(("c) Kontaktpunkt", "c) Contact point")));
        let contact = &self.contact;
        line(&format!(
            "{}, {}, {}",
            contact.name, contact.phone, contact.email
        ));
        line("");
        line(say(("d) Sannsynlige følger", "d) Likely consequences")));
        for consequence in self.consequences(language) {
            line(&format!("- {consequence}"));
        }
        line("");
        line(say(("e) Tiltak", "e) Measures")));
        let measures = [
            (
                self.measures.revoked_at,
                (
                    "Enheten er stengt ute fra tjenesten",
                    "The device was shut out of the service",
                ),
                (
                    "Steng enheten ute fra tjenesten (ikke gjort)",
                    "Shut the device out of the service (not done)",
                ),
            ),
            (
                self.measures.rekeyed_at,
                (
                    "Nøklene er byttet, så enheten kan ikke lese noe nytt",
                    "The keys were changed, so the device can read nothing new",
                ),
                ("Bytt nøklene (ikke gjort)", "Change the keys (not done)"),
            ),
            (
                self.measures.police_at,
                ("Forholdet er meldt til politiet", "The police were told"),
                (
                    "Vurder å melde forholdet til politiet (ikke gjort)",
                    "Consider telling the police (not done)",
                ),
            ),
        ];
        for (at, done, to_do) in measures {
            match at {
                Some(at) => line(&format!("- {}: {}", say(done), time(at))),
                None => line(&format!("- {}", say(to_do))),
            }
        }
        line("");
        line(say(("f) Annet", "f) Other")));
        line(if self.other.trim().is_empty() {
            say(("Ingenting mer er kjent.", "Nothing more is known."))
        } else {
            &self.other
        });
        line("");
        line(say((
            "Bare NAV varsler Datatilsynet og de registrerte. Databehandleren uttaler seg ikke \
             offentlig.",
            "Only NAV tells the Data Protection Authority and the persons. The processor makes no \
             public statement.",
        )));
        out
    }
}

#[cfg(test)]
mod tests {
    use super::super::retention::tests::put;
    use super::*;
    use crate::domain::participation::NationalId;
    use crate::domain::{
        Confirmation, ConfirmationGrade, Employment, EmploymentKind, Note, Participation, Proposal,
        ProposalChange, ProposalState, RecordId, Report, ReportKind, VisitDigest,
    };

    fn view(reference: &str, protected: bool) -> CaseView {
        let mut p = Participation::new(reference, "Fatima", "Dahl");
        p.address_protected = protected;
        p.national_id = Some(NationalId::new("28839909324").unwrap());
        let mut view = CaseView::default();
        put(&mut view, Record::Participation(Box::new(p.clone())));
        let note = Note {
            id: RecordId([1; 16]),
            at: Instant(1_767_596_400_000),
            text: "Ryggplager".into(),
        };
        put(&mut view, Record::Note(note));
        view.summary.reference = p.reference;
        view.summary.first_name = p.first_name;
        view.summary.last_name = p.last_name;
        view.summary.address_protected = protected;
        view
    }

    fn lost(store_locked: Locked) -> LostDevice {
        LostDevice {
            reported_at: Instant::parse("2026-03-28T12:30+01:00").unwrap(),
            held_from: Instant::parse("2026-03-28T08:00+01:00").unwrap(),
            held_until: Instant::parse("2026-03-28T11:45+01:00").unwrap(),
            store_locked,
            participations: vec![
                Affected::of(&view("participant-002", true)),
                Affected::of(&view("participant-001", false)),
            ],
            contact: ContactPoint {
                provider: "Vekst AS".into(),
                name: "Kari Personvern".into(),
                phone: "+47 900 00 000".into(),
                email: "personvern@vekst.example".into(),
            },
            measures: Measures {
                revoked_at: Some(Instant::parse("2026-03-28T12:40+01:00").unwrap()),
                ..Measures::default()
            },
            other: String::new(),
        }
    }

    #[test]
    fn a_notice_has_everything_that_the_agreement_asks_for() {
        let notice = lost(Locked::Unknown).notice();
        // 24 hours, over the night on which the clock is moved.
        assert_eq!(notice.due.rfc3339(), "2026-03-29T13:30:00+02:00");
        assert_eq!((notice.person_count, notice.record_count), (2, 4));
        let text = notice.to_text(Language::Norwegian);
        for part in [
            "a) ",
            "b) ",
            "c) ",
            "d) ",
            "e) ",
            "f) ",
            "29.03.2026 kl. 13.30",
            "28.03.2026 kl. 08.00",
            "personer: 2",
            "registreringer: 4",
            "fødselsnummer",
            "notater",
            "participant-001 (Fatima Dahl)",
            "participant-002 (navn holdt tilbake",
            "Kari Personvern",
            "stengt ute fra tjenesten: 28.03.2026 kl. 12.40",
            "Bytt nøklene (ikke gjort)",
            "identitetstyveri",
            "adressebeskyttelse. Adressen er ikke registrert",
        ] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
        for part in ["telefonnummer", "sykmelding", "Ryggplager", "28839909324"] {
            assert!(!text.contains(part), "{part} is in\n{text}");
        }
        let english = notice.to_text(Language::English);
        assert!(english.contains("2026-03-29 13:30") && english.contains("identity theft"));
        let debug = format!("{notice:?} {:?}", lost(Locked::No));
        assert!(!debug.contains("Fatima") && !debug.contains("Kari"));
    }

    #[test]
    fn what_follows_depends_on_whether_it_was_locked() {
        let of = |locked| lost(locked).notice().consequences(Language::Norwegian);
        assert_eq!(of(Locked::Yes).len(), 1);
        assert!(of(Locked::Yes)[0].contains("kryptert"));
        assert!(of(Locked::No)[0].contains("var åpen") && of(Locked::No).len() == 4);
        assert!(of(Locked::Unknown)[0].contains("vet ikke"));
    }

    #[test]
    fn a_full_participation_has_every_category() {
        let mut view = view("p", true);
        let Some(row) = view
            .rows
            .get_mut(&crate::document::RecordRef::Participation)
        else {
            panic!()
        };
        let Record::Participation(p) = &mut row.record else {
            panic!()
        };
        p.municipality = Some("Oslo".into());
        p.phone = Some("1".into());
        p.born = "1999-03-28".parse().ok();
        p.email = Some("a@b".into());
        p.order = Some("x".into());
        p.nav_office = Some("NAV".into());
        p.employed_at_referral = true;
        p.start = "2026-01-05".parse().ok();
        p.sick_leave_percent = Some(50);
        p.reduced_work_capacity = true;
        p.from_school_or_sentence = true;
        assert_eq!(DataCategory::of(&view), DataCategory::ALL.into());
    }

    #[test]
    fn each_kind_of_record_says_what_it_holds() {
        use DataCategory::{Attendance, Employment as Work, Health, Name, Notes};
        let of = |record: Record| {
            let mut view = CaseView::default();
            put(
                &mut view,
                Record::Participation(Box::new(Participation::new("p", "A", "B"))),
            );
            put(&mut view, record);
            let mut found = DataCategory::of(&view);
            assert!(found.remove(&Name));
            found.into_iter().collect::<Vec<_>>()
        };
        let id = RecordId([2; 16]);
        let at = Instant(1_767_596_400_000);
        let day = at.date();
        let mut work = Employment::new(id, EmploymentKind::PaidWork, day);
        assert_eq!(of(Record::Employment(Box::new(work.clone()))), [Work]);
        work.employer_comment = "Flink".into();
        assert_eq!(of(Record::Employment(Box::new(work))), [Work, Notes]);
        let ended = |kind| {
            Record::Proposal(Proposal {
                id,
                change: ProposalChange::EndReason {
                    reason: EndReason { kind, text: None },
                },
                justification: String::new(),
                at,
                consultant: None,
                state: ProposalState::Waiting,
            })
        };
        assert_eq!(of(ended(EndReasonKind::FoundWork)), [Attendance]);
        assert_eq!(of(ended(EndReasonKind::Ill)), [Attendance, Health]);
        let mut report = Report::new(id, ReportKind::Status);
        assert_eq!(of(Record::Report(report.clone())), [Attendance]);
        report.texts.insert("progress".into(), "God".into());
        assert_eq!(of(Record::Report(report)), [Attendance, Notes]);
        let confirmation = |reason: &str| {
            Record::Confirmation(Confirmation {
                id,
                visit: id,
                digest: VisitDigest([0; 32]),
                grade: ConfirmationGrade::Later,
                at,
                reason: reason.into(),
                proof: None,
            })
        };
        assert_eq!(of(confirmation("")), [Attendance]);
        assert_eq!(of(confirmation("På papir")), [Attendance, Notes]);
    }
}
