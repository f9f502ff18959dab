//! The templates of bilag 8, field by field, in their order and with their own words.

use super::Both;
use crate::domain::{OfficeReportKind, ReportKind};

/// Where a field's value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Drawn from records; nobody writes it.
    Records,
    /// Drawn from records; what is written stands where nothing can be drawn.
    RecordsElseWritten,
    /// Drawn from records, with what is written behind it.
    RecordsAndWritten,
    /// Written by the consultant, or by the office in its own reports.
    Written,
    /// What the participant says (N3).
    Participant,
    /// Place and date, or who signed.
    Signature,
}

/// When a field must be filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Always.
    Always,
    /// Where the participant has or had an employer in the period.
    IfEmployed,
    /// Only where there is something to say.
    Optional,
    /// Where the agreement asks how the measure fits the participant (JMO b1.7).
    IfFitAsked,
}

/// Fields that stand once for each employer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Block {
    /// «Arbeidsgiver i rapporteringsperioden» (N1).
    Employer,
    /// «Dersom deltaker er helt eller delvis tilbake i arbeid» (N2).
    BackAtWork,
}

impl Block {
    /// The heading, in the template's own words.
    #[must_use]
    pub const fn heading(self) -> Both {
        match self {
            Self::Employer => (
                "Arbeidsgiver i rapporteringsperioden",
                "Employer in the reporting period",
            ),
            Self::BackAtWork => (
                "Dersom deltaker er helt eller delvis tilbake i arbeid",
                "If the participant is wholly or partly back at work",
            ),
        }
    }
}

/// A field of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Its code: the key in a report's texts.
    pub code: &'static str,
    /// What the template calls it, and the same in English.
    pub label: Both,
    /// Where its value comes from.
    pub source: Source,
    /// When it must be filled in.
    pub need: Need,
    /// The block that it stands in.
    pub block: Option<Block>,
    /// What to write and what not (K19 to K22).
    pub hint: Option<Both>,
}

/// A report's template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Template {
    /// The title, in the template's own words.
    pub title: Both,
    /// The fields in their order.
    pub fields: &'static [Field],
    /// Where the template stands.
    pub source: &'static str,
}

const fn field(
    code: &'static str,
    source: Source,
    need: Need,
    nb: &'static str,
    en: &'static str,
) -> Field {
    Field {
        code,
        label: (nb, en),
        source,
        need,
        block: None,
        hint: None,
    }
}

impl Field {
    const fn within(mut self, block: Block) -> Self {
        self.block = Some(block);
        self
    }
    const fn hint(mut self, hint: Both) -> Self {
        self.hint = Some(hint);
        self
    }
}

/// What no free text may hold: the data processing agreement's list is exhaustive (K19 to K22).
pub const KEEP_OUT: Both = (
    "Skriv bare det NAV trenger. Ingen diagnoser eller andre helsedetaljer, ingenting om andre \
     personer enn deltakeren, ingen fødselsnummer.",
    "Write only what NAV needs. No diagnoses or other details of health, nothing about persons \
     other than the participant, no identity numbers.",
);
const FUNCTION: Both = (
    "Beskriv hva deltakeren kan og trenger i arbeid, ikke hvorfor. Ingen diagnoser, medisiner eller \
     behandling. Ingenting om familie eller andre deltakere.",
    "Describe what the participant can do and needs at work, not why. No diagnoses, medication or \
     treatment. Nothing about family or other participants.",
);
const WORKPLACE: Both = (
    "Skriv om arbeidsplassen og tilretteleggingen. Ikke navngi kolleger, og ikke gjengi hva \
     deltakeren har fortalt om helse.",
    "Write about the workplace and its adaptation. Name no colleagues, and do not repeat what the \
     participant said of their health.",
);
const EXTENSION: Both = (
    "Gjør rede for progresjonen mot arbeid i perioden, og hvorfor mer tid bringer deltakeren nærmere. \
     Ta med planen for oppfølging etter ansettelse der den er avtalt. Ingen diagnoser.",
    "Account for the progress towards work in the period, and why more time brings the participant \
     closer. Include the plan for follow-up after employment where agreed. No diagnoses.",
);
const ACTIVITIES_FINAL: Both = (
    "Begrunn valget, beskriv hva som ble gjennomført og hvordan, resultatet og hva det betydde. \
     Ingen diagnoser, ingenting om andre deltakere.",
    "Give the reason, what was done and how, the result and what it meant. No diagnoses, nothing \
     about other participants.",
);
const CONTACT: Both = (
    "Skriv telefon eller e-post. Navnet står der allerede.",
    "Write a telephone number or e-mail address. The name stands there already.",
);
const NOBODY: Both = (
    "Ingen navn og ingenting som peker ut en deltaker, en arbeidsgiver eller en NAV-veileder.",
    "No names and nothing that points out a participant, an employer or a NAV adviser.",
);

use Need::{Always, IfEmployed, IfFitAsked, Optional};
use Source::{Participant, Records, RecordsAndWritten, RecordsElseWritten, Signature, Written};

const NAME: Field = field("name", Records, Always, "Navn", "Name");
const NATIONAL_ID: Field = field(
    "national_id",
    Records,
    Always,
    "Fødselsnummer",
    "National identity number",
);
const START: Field = field("start", Records, Always, "Oppstartdato", "Start date");
const NAV_OFFICE: Field = field(
    "nav_office",
    Records,
    Always,
    "Innsøkende NAV-kontor",
    "Referring NAV office",
);
const NAV_ADVISER: Field = field(
    "nav_adviser",
    Records,
    Always,
    "Veileder NAV",
    "NAV adviser",
);
const CONSULTANT: Field = field(
    "consultant",
    RecordsAndWritten,
    Always,
    "Veileder tiltaksarrangør: (navn og kontaktinfo/tlf)",
    "Provider's consultant (name and contact/telephone)",
)
.hint(CONTACT);
const ORDER: Field = field(
    "order",
    Records,
    Always,
    "Bestilling fra NAV",
    "Order from NAV",
);
const ABSENCE: Field = field(
    "absence",
    Records,
    Always,
    "Fravær: (dager/timer - årsak)",
    "Absence (days/hours, cause)",
);
const COMMENT: Field = field(
    "participant_comment",
    Participant,
    Always,
    "Deltakers kommentar: (dersom deltaker ikke er enig i hele rapportens innhold)",
    "Participant's comment (where they do not agree with the whole report)",
);
const PLACE_DATE: Field = field(
    "place_date",
    Signature,
    Always,
    "Sted og dato",
    "Place and date",
);
const SIGNATURE: Field = field(
    "signature",
    Signature,
    Always,
    "Veileders underskrift",
    "Consultant's signature",
);

/// The plan (N4): free text in both agreements (b1.9.1, JMO b1.10.1). NAV adviser, NAV office and
/// consultant stand on it as on every report (O2).
pub const PLAN: Template = Template {
    title: ("Plan for tiltaket", "Plan of the measure"),
    source: "OPP b1.7, b1.9.1; JMO b1.7, b1.10.1",
    fields: &[
        NAME,
        NATIONAL_ID,
        START,
        NAV_OFFICE,
        NAV_ADVISER,
        CONSULTANT,
        ORDER,
        field(
            "estimated_hours",
            Written,
            Always,
            "Estimert timeforbruk",
            "Estimated hours",
        ),
        field(
            "planned_activities",
            Written,
            Always,
            "Beskrivelse av hvilke aktiviteter som planlegges gjennomført i perioden",
            "Planned activities",
        )
        .hint(KEEP_OUT),
        field(
            "fit",
            Written,
            IfFitAsked,
            "Tilpasning til deltakers forutsetninger, interesser og ferdigheter",
            "How the measure fits the participant's prerequisites, interests and skills",
        )
        .hint(FUNCTION),
        PLACE_DATE,
        SIGNATURE,
    ],
};

/// The status report (N1, b8 v1). Both agreements head it «Oppfølging» (R5).
pub const STATUS: Template = Template {
    title: ("Statusrapport Oppfølging", "Status report Oppfølging"),
    source: "OPP b8 v1; JMO b8 v1",
    fields: &[
        NAME,
        NATIONAL_ID,
        START,
        field(
            "period",
            Records,
            Always,
            "Rapporteringsperiode",
            "Reporting period",
        ),
        NAV_OFFICE,
        NAV_ADVISER,
        CONSULTANT,
        ORDER,
        field(
            "progress",
            Written,
            Always,
            "Status og arbeidsrelatert progresjon inkl. ev. avvik fra tidligere plan",
            "Status and work-related progress, deviation from the earlier plan included",
        )
        .hint(FUNCTION),
        field(
            "justification",
            Written,
            Always,
            "Begrunnelse for videre oppfølging: (spesifiser ev justeringer i plan og \
             tilretteleggingsbehov)",
            "Why further follow-up (changes of the plan, needs of adaptation)",
        )
        .hint(EXTENSION),
        field(
            "employer_name",
            Records,
            IfEmployed,
            "Navnet på arbeidsgiver",
            "Name of the employer",
        )
        .within(Block::Employer),
        field(
            "employer_contact",
            Records,
            IfEmployed,
            "Kontaktperson",
            "Contact person",
        )
        .within(Block::Employer),
        field(
            "employer_position",
            Records,
            IfEmployed,
            "Stillingsprosent",
            "Position in percent",
        )
        .within(Block::Employer),
        field(
            "employer_terms",
            Records,
            IfEmployed,
            "Ansettelsesforhold (fast / midlertidig)",
            "Employment (permanent / temporary)",
        )
        .within(Block::Employer),
        field(
            "employer_kind",
            Records,
            IfEmployed,
            "Arbeidsforhold (lønnet arbeid / arbeidspraksis)",
            "Kind (paid work / work practice)",
        )
        .within(Block::Employer),
        field(
            "employer_reason",
            Records,
            IfEmployed,
            "Begrunnelse for valg av arbeidsplass og –oppgaver",
            "Why this workplace and these tasks",
        )
        .within(Block::Employer)
        .hint(FUNCTION),
        field(
            "hours",
            Records,
            Always,
            "Antall oppfølgingstimer i rapporteringsperioden (pr mnd)",
            "Hours of follow-up in the period (per month)",
        ),
        field(
            "estimate",
            Written,
            Always,
            "Anslått oppfølgingsbehov kommende periode (pr mnd)",
            "Estimated need in the next period (per month)",
        ),
        ABSENCE,
        field(
            "activities",
            RecordsAndWritten,
            Always,
            "Gjennomførte aktiviteter i perioden",
            "Activities carried out in the period",
        )
        .hint(KEEP_OUT),
        field(
            "workplace",
            RecordsAndWritten,
            IfEmployed,
            "Oppfølging på arbeidsplassen: (oppfølging av deltaker og arbeidsgiver; ev. \
             tilrettelegging og tilpasning)",
            "Follow-up at the workplace (participant and employer; adaptation)",
        )
        .hint(WORKPLACE),
        field(
            "employer_comment",
            RecordsAndWritten,
            IfEmployed,
            "Arbeidsgivers kommentar/vurdering av arbeidsplass: (mulighet for ordinær ansettelse og \
             omfang, behov for kompensasjon/tilpasning ved ansettelse, m.m)",
            "Employer's comment on the workplace (ordinary employment and its extent, need of \
             compensation or adaptation)",
        )
        .hint(WORKPLACE),
        COMMENT,
        PLACE_DATE,
        SIGNATURE,
    ],
};

/// The final report (N2, b8 v2): to be filled in completely (b1.9.1). The agreement has its title.
pub const FINAL: Template = Template {
    title: ("Sluttrapport", "Final report"),
    source: "OPP b8 v2; JMO b8 v2",
    fields: &[
        NAME,
        NATIONAL_ID,
        field("address", Records, Always, "Adresse", "Address"),
        field(
            "post_town",
            RecordsElseWritten,
            Always,
            "Poststed",
            "Post town",
        ),
        START,
        field("end", Records, Always, "Sluttdato", "End date"),
        NAV_OFFICE,
        NAV_ADVISER,
        CONSULTANT,
        field(
            "employer",
            Records,
            IfEmployed,
            "Arbeidsgiver (dersom deltaker har et arbeidsforhold)",
            "Employer (where the participant has an employment relationship)",
        ),
        ORDER,
        field(
            "summary",
            Written,
            Always,
            "Oppsummering/resultat av Oppfølging – status og anbefalinger knyttet til deltakers \
             muligheter til å (for)bli selvforsørget med en varig tilknytning til arbeidslivet. \
             Anbefalingene skal inkludere arbeidsgivers vurderinger.",
            "Summary and result: status and recommendations on becoming or staying self-supporting \
             with a lasting attachment to work, the employer's assessments included",
        )
        .hint(FUNCTION),
        field(
            "back_employer",
            Records,
            IfEmployed,
            "(a) Arbeidsgiver",
            "(a) Employer",
        )
        .within(Block::BackAtWork),
        field(
            "back_contact",
            Records,
            IfEmployed,
            "(b) Kontaktperson",
            "(b) Contact person",
        )
        .within(Block::BackAtWork),
        // The template's own second «(b)» (R6).
        field(
            "back_position",
            Records,
            IfEmployed,
            "(b) Stillingsprosent",
            "(b) Position in percent",
        )
        .within(Block::BackAtWork),
        field(
            "back_terms",
            Records,
            IfEmployed,
            "(c) Fast, midlertidig, vikariat osv",
            "(c) Permanent, temporary, substitute etc.",
        )
        .within(Block::BackAtWork),
        field(
            "back_start",
            Records,
            IfEmployed,
            "(d) Oppstartsdato",
            "(d) Start date",
        )
        .within(Block::BackAtWork),
        field(
            "final_activities",
            RecordsAndWritten,
            Always,
            "Gjennomførte aktiviteter i tiltaket: (f. eks kartlegging, arbeidspraksis, jobbsøking, \
             kontakt med arbeidsgivere med eller uten deltaker, oppfølging av deltaker og \
             arbeidsgiver og lignende. Begrunn valg av aktiviteter, beskriv hva som ble gjennomført \
             og hvordan, informer om resultatet av aktivitetene, vurder hva resultatet betydde for \
             gjennomføringen av tiltaket og arbeid/videre plan)",
            "Activities carried out in the measure (reason, what and how, result, meaning)",
        )
        .hint(ACTIVITIES_FINAL),
        ABSENCE,
        Field {
            label: (
                "Deltakers kommentar (dersom deltaker ikke er enig i hele rapportens innhold)",
                COMMENT.label.1,
            ),
            ..COMMENT
        },
        PLACE_DATE,
        SIGNATURE,
    ],
};

/// The joint plan of provider, participant, NAV adviser and therapist before the end (JMO b1.7).
pub const JOINT_PLAN: Template = Template {
    title: ("Felles plan før avslutning", "Joint plan before the end"),
    source: "JMO b1.7",
    fields: &[
        NAME,
        NATIONAL_ID,
        NAV_OFFICE,
        NAV_ADVISER,
        CONSULTANT,
        field("joint_plan", Written, Always, "Felles plan", "Joint plan").hint(KEEP_OUT),
        field(
            "future_need",
            Written,
            Always,
            "Hva deltaker gjør ved framtidig behov",
            "What the participant does on future need",
        )
        .hint(KEEP_OUT),
        PLACE_DATE,
        SIGNATURE,
    ],
};

/// A report that no template is for: what was written, as it stands.
pub const OTHER: Template = Template {
    title: ("Rapport", "Report"),
    source: "",
    fields: &[],
};

/// The monthly result report (N5, b1.9.2). Its layout is in neither tender (R4): what the text asks
/// for, and nothing else.
pub const RESULT: Template = Template {
    title: ("Resultatrapport", "Result report"),
    source: "OPP b1.9.2, b8 v3 (the sheet is not included); JMO b1.10.2",
    fields: &[
        field(
            "active",
            Records,
            Always,
            "Antall aktive deltakere i tiltaket",
            "Active participants",
        ),
        field(
            "ended",
            Records,
            Always,
            "Antall avsluttede deltakere i tiltaket",
            "Ended participants",
        ),
        field(
            "end_statuses",
            Records,
            Always,
            "Status på arbeidsmarkedet ved avslutning av tiltaket",
            "Labour-market status at the end",
        ),
    ],
};

const fn told(code: &'static str, need: Need, nb: &'static str, en: &'static str) -> Field {
    field(code, Written, need, nb, en).hint(NOBODY)
}

/// The half-yearly evaluation (N6; OPP b8 v4, JMO b8 v3).
pub const EVALUATION: Template = Template {
    title: ("Evaluering av tiltaket", "Evaluation of the measure"),
    source: "OPP b1.9.3, b8 v4; JMO b1.10 («9.3»), b8 v3",
    fields: &[
        field(
            "provider_and_number",
            Records,
            Always,
            "Leverandør og tiltaksnummer",
            "Provider and measure number",
        ),
        field(
            "recipient",
            Records,
            Always,
            "Rapport skal gis i fritekst til NAV [enhet]",
            "To NAV [unit]",
        ),
        told(
            "establishing",
            Always,
            "Erfaringer knyttet til etablering av arbeidsforhold for deltakerne i tiltaket",
            "Experience with establishing employment",
        ),
        told(
            "after_employment",
            Always,
            "Erfaringer knyttet til oppfølging av deltaker og arbeidsgiver etter ansettelse",
            "Experience with follow-up of participant and employer after employment",
        ),
        told(
            "feedback",
            Always,
            "Oppsummering av systematiske tilbakemeldinger fra deltakerne",
            "Summary of the participants' systematic feedback",
        ),
        told(
            "cooperation_individuals",
            Always,
            "Erfaringer med samarbeidet med NAV; i oppfølgingen av de enkelte deltakerne",
            "Cooperation with NAV about individual participants",
        ),
        told(
            "cooperation_contract",
            Always,
            "Erfaringer med samarbeidet med NAV; i oppfølgingen av gjeldende avtale på \
             leverandørnivå",
            "Cooperation with NAV on the agreement",
        ),
        told(
            "other",
            Optional,
            "Andre forhold tiltaksarrangør vurderer som relevante for NAVs oppfølging av tiltaket",
            "Other matters",
        ),
        told(
            "proposals",
            Optional,
            "Ev forslag til endringer eller forbedringer",
            "Proposals of changes or improvements",
        ),
        told(
            "targets",
            Always,
            "Kommentarer til resultatmål og ev beskrivelse av videre arbeid for å opprettholde/nå \
             målene",
            "Comments on the result targets, and what is done to keep or reach them",
        ),
        PLACE_DATE,
        Field {
            label: ("Tiltaksarrangørens underskrift", "Provider's signature"),
            ..SIGNATURE
        },
    ],
};

/// Documentation of premises and competence before the agreement begins (E18). It is free in form.
pub const PREMISES: Template = Template {
    title: ("Lokaler og kompetanse", "Premises and competence"),
    source: "OPP b1.7, b1.8; JMO b1.7, b1.9",
    fields: &[],
};

/// The template of a report about a participation.
#[must_use]
pub const fn of_report(kind: ReportKind) -> &'static Template {
    match kind {
        ReportKind::Plan => &PLAN,
        ReportKind::Status => &STATUS,
        ReportKind::Final => &FINAL,
        ReportKind::JointPlan => &JOINT_PLAN,
        ReportKind::Other => &OTHER,
    }
}

/// The template of a report of the office.
#[must_use]
pub const fn of_office_report(kind: OfficeReportKind) -> &'static Template {
    match kind {
        OfficeReportKind::Result => &RESULT,
        OfficeReportKind::Evaluation => &EVALUATION,
        OfficeReportKind::Premises => &PREMISES,
    }
}

/// The field that a code stands for in reports about participations.
#[must_use]
pub fn field_of(code: &str) -> Option<&'static Field> {
    [&PLAN, &STATUS, &FINAL, &JOINT_PLAN]
        .into_iter()
        .flat_map(|template| template.fields)
        .find(|field| field.code == code)
}
