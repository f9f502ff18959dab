//! An agreement's terms as data (`REQUIREMENTS.md` A): what differs between agreements is a value
//! here and never a constant in a rule. Read from TOML; a term that is missing or absurd is refused
//! with its path. Two are built in, [`oppfolging_agder`](Terms::oppfolging_agder) and
//! [`jobbmestrende_vest_viken`](Terms::jobbmestrende_vest_viken); the prices in them are zero-length
//! lists, for prices are offered by each provider.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::reading::read_toml;
use crate::domain::register::Area;
use crate::domain::{Language, LocalDate, ReportKind, limits};

/// A quarter of an hour in minutes: hours are claimed in whole quarters (H9).
pub const QUARTER_MINUTES: u32 = 15;

/// Why terms are refused: where, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {problem}")]
pub struct TermsError {
    /// The path of the term, such as `deadlines.plan_weeks`.
    pub path: String,
    /// What is wrong with it.
    pub problem: TermsProblem,
}

/// What is wrong with a term.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TermsProblem {
    /// The text is not TOML, or a term is missing, unknown or of another type.
    #[error("{0}")]
    Unreadable(String),
    /// A number outside what makes sense.
    #[error("must be from {min} to {max}")]
    OutOfRange {
        /// The least.
        min: u64,
        /// The most.
        max: u64,
    },
    /// A cap or a rounding that is not whole quarters.
    #[error("must be whole quarters of an hour: 15, 30, 45, 60, …")]
    NotQuarters,
    /// Nothing stands where something must.
    #[error("is empty: fill it in")]
    Empty,
    /// A text is too long or has control characters.
    #[error("is too long, or has characters that do not belong there")]
    BadText,
    /// The same thing stands twice.
    #[error("stands twice: remove one")]
    Duplicate,
    /// A service area that the agreement does not have.
    #[error("names an area that the agreement does not have")]
    UnknownArea,
    /// An end before its beginning.
    #[error("ends before it begins")]
    EndBeforeStart,
}

impl TermsError {
    fn new(path: impl Into<String>, problem: TermsProblem) -> Self {
        Self {
            path: path.into(),
            problem,
        }
    }

    /// What the user is told.
    #[must_use]
    pub fn user_text(&self, language: Language) -> String {
        if language == Language::English {
            return self.to_string();
        }
        let problem = match &self.problem {
            TermsProblem::Unreadable(why) => format!("kan ikke leses ({why})"),
            TermsProblem::OutOfRange { min, max } => format!("må være fra {min} til {max}"),
            TermsProblem::NotQuarters => "må være hele kvarter: 15, 30, 45, 60, …".into(),
            TermsProblem::Empty => "er tomt. Fyll det ut".into(),
            TermsProblem::BadText => "er for langt eller har tegn som ikke hører til".into(),
            TermsProblem::Duplicate => "står to ganger. Fjern den ene".into(),
            TermsProblem::UnknownArea => "nevner et tjenesteområde som avtalen ikke har".into(),
            TermsProblem::EndBeforeStart => "slutter før det begynner".into(),
        };
        format!("{}: {problem}.", self.path)
    }
}

/// The terms of an agreement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// The measure (tiltak), such as `Oppfølging`.
    pub measure: String,
    /// The buyer, such as `NAV Agder`.
    pub buyer: String,
    /// The tender's case number (saksnummer).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case_number: Option<String>,
    /// The contract's number (avtalenummer, J4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract_number: Option<String>,
    /// NAV's number of the measure (tiltaksnummer).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measure_number: Option<String>,
    /// How it is paid.
    pub pricing: Pricing,
    /// How many hours a participant is assumed to need.
    pub hours: HourTerms,
    /// What is due when.
    pub deadlines: DeadlineTerms,
    /// How long a participation lasts at most (C).
    pub durations: DurationTerms,
    /// Work practice (arbeidspraksis, G).
    pub work_practice: WorkPracticeTerms,
    /// Group activities.
    pub groups: GroupTerms,
    /// What is asked at intake and of reports.
    pub reports: ReportTerms,
    /// What is to come of it (B2).
    #[serde(default)]
    pub targets: Vec<Target>,
    /// The service areas (tjenesteområder, M).
    pub areas: BTreeMap<Area, AreaTerms>,
    /// Which personal data may be recorded (K20 to K22).
    pub data: DataTerms,
}

/// How an agreement is paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pricing {
    /// One price an hour per service area (OPP b3.1).
    Hourly(HourlyPricing),
    /// One price per place and month (JMO b3.1).
    Place(PlacePricing),
}

/// A price an hour from a day on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HourlyPrice {
    /// The service area.
    pub area: Area,
    /// The first day.
    pub from: LocalDate,
    /// Øre for an hour, without VAT.
    pub hourly_ore: u64,
}

/// What is billed of two consultants in one individual meeting (H-decided 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeveralConsultants {
    /// The meeting's time, once.
    #[default]
    Once,
    /// The meeting's time for each consultant.
    Each,
}

/// Over whom a group's hours are divided (H-decided 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupShare {
    /// Those who came.
    #[default]
    Present,
    /// Those who were invited.
    Invited,
}

/// Pay by the hour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HourlyPricing {
    /// What an entry's time is rounded up to, in minutes (H9).
    pub round_up_to_minutes: u32,
    /// Cap of a no-show (H5).
    pub no_show_minutes_max: u32,
    /// Cap of travel per meeting (H6).
    pub travel_minutes_max: u32,
    /// Cap per report (H7).
    pub report_minutes_max: u32,
    /// Which reports are billed, by their codes (H7).
    pub billable_reports: Vec<ReportKind>,
    /// Whether meetings by video and telephone are billed (H2).
    pub video_and_phone: bool,
    /// Whether meetings with the employer alone are billed (H3).
    pub employer_meetings: bool,
    /// Two consultants in one individual meeting.
    #[serde(default)]
    pub several_consultants: SeveralConsultants,
    /// Over whom a group's hours are divided.
    #[serde(default)]
    pub group_share: GroupShare,
    /// Whether travel to a meeting is billed to which the participant did not come (H-decided 7).
    #[serde(default)]
    pub travel_to_no_show: bool,
    /// The prices, versions included.
    #[serde(default)]
    pub prices: Vec<HourlyPrice>,
}

/// A price per place and month from a month's first day on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlacePrice {
    /// The first day.
    pub from: LocalDate,
    /// Whole kroner, without VAT.
    pub monthly_nok: u64,
}

/// How a month that is not whole is counted (I5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proration {
    /// As NAV's payment system does: calendar days until July 2025, Mondays to Fridays after.
    #[default]
    Nav,
    /// Calendar days always.
    CalendarDays,
}

/// Days, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Days {
    /// The first day.
    pub from: LocalDate,
    /// The last day.
    pub to: LocalDate,
}

/// Pay by the place and month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlacePricing {
    /// How a month that is not whole is counted.
    #[serde(default)]
    pub proration: Proration,
    /// When the provider was closed (stengt): not paid.
    #[serde(default)]
    pub closed: Vec<Days>,
    /// The prices, versions included.
    #[serde(default)]
    pub prices: Vec<PlacePrice>,
}

/// The hours that a participant is assumed to need (D).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HourTerms {
    /// Hours per participant and month on average (D2).
    pub average_per_month: u32,
    /// After so many months above it NAV must be contacted (D3; the tenders say «over tid»).
    pub above_average_months: u32,
}

/// Which days are working days (virkedager). Neither tender says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Workdays {
    /// Due by Mondays to Fridays, with a warning already on the day that counting Saturdays gives.
    #[default]
    MondayToFriday,
    /// Saturdays count.
    MondayToSaturday,
}

/// What is due when (E).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeadlineTerms {
    /// Order to start (E1).
    pub response_workdays: u32,
    /// Which days count as working days.
    #[serde(default)]
    pub workdays: Workdays,
    /// Start to plan (E3).
    pub plan_weeks: u32,
    /// Start to first contact with an employer (E4).
    pub first_employer_contact_weeks: u32,
    /// Start to being back at work (E5).
    pub back_at_work_weeks: u32,
    /// Months of a status report's period (E6).
    pub status_report_months: u32,
    /// Weeks after the period in which it is sent (E6).
    pub status_report_weeks: u32,
    /// End to final report (E7).
    pub final_report_weeks: u32,
    /// Day of the next month on which the result report is due (E8; by local routine).
    pub result_report_day: u32,
    /// Months of an evaluation's period (E9).
    pub evaluation_months: u32,
    /// Contact attempts before discharge (E11); none where the agreement asks for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_attempts: Option<u32>,
    /// Final report to deletion (E15).
    pub deletion_weeks: u32,
    /// Breach known to notice (E16).
    pub breach_notice_hours: u32,
    /// Whether attendance may be refused for safety, NAV being told at once (E13).
    pub safety_refusal: bool,
    /// Months in which electronic invoices must be possible once NAV asks (E17).
    pub e_invoice_months: u32,
    /// Weeks before the start in which premises and competence are documented (E18).
    pub premises_weeks: u32,
    /// Months after the start in which participants of the contract before are taken over (E19).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer_months: Option<u32>,
}

/// How long a participation lasts (C).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DurationTerms {
    /// At first (C1).
    pub ordinary_months: u32,
    /// More by extension (C1).
    pub extension_months: u32,
    /// In all, with reduced work capacity (C2).
    pub reduced_work_capacity_months: u32,
    /// Beyond that, after school or a sentence (C3).
    pub school_or_sentence_months: u32,
}

/// Work practice (G).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkPracticeTerms {
    /// Weeks that it should not go beyond (E14).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weeks_max: Option<u32>,
    /// Whether a written agreement of three parties is asked for (G1, G2).
    pub written_agreement: bool,
    /// Whether it must be documented that the employer was told of the insurance (G3).
    pub insurance_information: bool,
}

/// Group activities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupTerms {
    /// Whether each participant signs a confidentiality declaration first (L1).
    pub declaration: bool,
}

/// What is asked at intake and of reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportTerms {
    /// The title of the final report (N2).
    pub final_report_title: String,
    /// Whether the plan says how the measure fits the participant (N4).
    pub plan_covers_fit: bool,
    /// Whether the participant's wish to work and the therapist's support are recorded (B5).
    pub wish_and_therapist: bool,
    /// Whether a joint plan with NAV and the therapist is made before the end.
    pub joint_plan_at_end: bool,
}

/// Which result a target counts (B2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetResult {
    /// Transition to work (overgang til arbeid).
    TransitionToWork,
    /// Full return to work.
    FullReturn,
    /// More work than before.
    IncreasedWork,
    /// Return to work, wholly or partly.
    ReturnToWork,
}

/// A result target, measured at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Of those with or without an employment relationship at referral (B1).
    pub employed_at_referral: bool,
    /// What counts.
    pub result: TargetResult,
    /// Percent.
    pub percent: u32,
}

/// A service area.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AreaTerms {
    /// Its municipalities; empty where everybody is taken.
    #[serde(default)]
    pub municipalities: Vec<String>,
    /// Parallel places at least.
    pub places_min: u32,
    /// Parallel places at most (I7).
    pub places_max: u32,
    /// Where the service is given.
    #[serde(default)]
    pub delivery: Vec<String>,
}

/// What kinds of personal data there are: NAV's list for agreements (`DOMAIN.md` 1.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PersonalData {
    /// Name.
    Navn,
    /// Sex.
    Kjonn,
    /// Address.
    Adresse,
    /// Telephone.
    Telefonnummer,
    /// National identity number.
    FolkeregisterIdentifikator,
    /// Date of birth.
    Fodselsdato,
    /// Need of help from NAV: the order.
    BehovForBistandFraNav,
    /// Benefits.
    YtelserFraNav,
    /// Pictures.
    Bilde,
    /// E-mail.
    Epost,
    /// User names.
    Brukernavn,
    /// Work experience, employment and practice.
    ArbeidserfaringOgVerv,
    /// Certificates and courses.
    SertifikaterOgKurs,
    /// Education.
    UtdanningOgFagbrev,
    /// IP addresses.
    IpAdresse,
    /// Personal traits and interests.
    PersonligeEgenskaperOgInteresser,
    /// Languages.
    Sprakkunnskap,
    /// Behaviour.
    Adferd,
    /// Social circumstances.
    SosialeForhold,
    /// Health.
    Helseopplysninger,
    /// Religion.
    Religion,
    /// Nationality, ethnic origin.
    Nasjonalitet,
    /// That the address is protected.
    Adressesperre,
    /// Guardianship.
    Vergemal,
    /// Voice.
    Stemme,
    /// Police certificate (politiattest) and what else is agreed.
    Annet,
}

/// Which personal data may be recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataTerms {
    /// The agreement's list.
    pub allowed: BTreeSet<PersonalData>,
}

const OPPFOLGING_AGDER: &str = include_str!("agreements/oppfolging-agder.toml");
const JOBBMESTRENDE_VEST_VIKEN: &str = include_str!("agreements/jobbmestrende-vest-viken.toml");

/// The agreements that are built in, as TOML: to read, and to begin another's file from.
pub const BUILT_IN: [(&str, &str); 2] = [
    ("oppfolging-agder", OPPFOLGING_AGDER),
    ("jobbmestrende-vest-viken", JOBBMESTRENDE_VEST_VIKEN),
];

impl Terms {
    /// *Oppfølging*, NAV Agder (OPP). Without prices: those are the provider's offer.
    /// # Errors
    /// None; a test reads it.
    pub fn oppfolging_agder() -> Result<Self, TermsError> {
        Self::from_toml(OPPFOLGING_AGDER)
    }

    /// *Jobbmestrende oppfølging*, NAV Vest-Viken (JMO). Without prices.
    /// # Errors
    /// None; a test reads it.
    pub fn jobbmestrende_vest_viken() -> Result<Self, TermsError> {
        Self::from_toml(JOBBMESTRENDE_VEST_VIKEN)
    }

    /// Reads and checks terms.
    /// # Errors
    /// The path and the problem of the first that is missing, unknown or absurd.
    pub fn from_toml(text: &str) -> Result<Self, TermsError> {
        let terms: Self = read_toml(text)?;
        terms.check()?;
        Ok(terms)
    }

    /// The hourly pricing, where that is how it is paid.
    #[must_use]
    pub const fn hourly(&self) -> Option<&HourlyPricing> {
        match &self.pricing {
            Pricing::Hourly(hourly) => Some(hourly),
            Pricing::Place(_) => None,
        }
    }

    /// The pricing per place, where that is how it is paid.
    #[must_use]
    pub const fn place(&self) -> Option<&PlacePricing> {
        match &self.pricing {
            Pricing::Place(place) => Some(place),
            Pricing::Hourly(_) => None,
        }
    }

    /// Checks that no term is absurd.
    /// # Errors
    /// The path and the problem of the first that is.
    pub fn check(&self) -> Result<(), TermsError> {
        line("measure", &self.measure)?;
        line("buyer", &self.buyer)?;
        line(
            "reports.final_report_title",
            &self.reports.final_report_title,
        )?;
        for (path, text) in [
            ("case_number", &self.case_number),
            ("contract_number", &self.contract_number),
            ("measure_number", &self.measure_number),
        ] {
            text.as_ref().map_or(Ok(()), |text| line(path, text))?;
        }
        self.check_areas()?;
        match &self.pricing {
            Pricing::Hourly(hourly) => self.check_hourly(hourly)?,
            Pricing::Place(place) => check_place(place)?,
        }
        range(
            "hours.average_per_month",
            self.hours.average_per_month,
            1,
            200,
        )?;
        range(
            "hours.above_average_months",
            self.hours.above_average_months,
            1,
            12,
        )?;
        self.check_deadlines()?;
        self.check_durations()?;
        if let Some(weeks) = self.work_practice.weeks_max {
            range("work_practice.weeks_max", weeks, 1, 104)?;
        }
        for (n, target) in self.targets.iter().enumerate() {
            range(&format!("targets[{n}].percent"), target.percent, 0, 100)?;
        }
        if self.data.allowed.contains(&PersonalData::Navn) {
            Ok(())
        } else {
            // A participation is recorded by name or not at all.
            Err(TermsError::new("data.allowed", TermsProblem::Empty))
        }
    }

    fn check_areas(&self) -> Result<(), TermsError> {
        if self.areas.is_empty() {
            return Err(TermsError::new("areas", TermsProblem::Empty));
        }
        count("areas", self.areas.len(), limits::AREAS_COUNT_MAX)?;
        for (area, terms) in &self.areas {
            let path = |field: &str| format!("areas.{}.{field}", area.0);
            line(&path("name"), &area.0)?;
            range(&path("places_min"), terms.places_min, 0, 100_000)?;
            range(
                &path("places_max"),
                terms.places_max,
                terms.places_min.max(1),
                100_000,
            )?;
            let municipalities = path("municipalities");
            count(
                &municipalities,
                terms.municipalities.len(),
                limits::MUNICIPALITIES_COUNT_MAX,
            )?;
            let mut seen = BTreeSet::new();
            for name in &terms.municipalities {
                line(&municipalities, name)?;
                if !seen.insert(name) {
                    return Err(TermsError::new(municipalities, TermsProblem::Duplicate));
                }
            }
            for place in &terms.delivery {
                line(&path("delivery"), place)?;
            }
        }
        Ok(())
    }

    fn check_hourly(&self, hourly: &HourlyPricing) -> Result<(), TermsError> {
        let path = |field: &str| format!("pricing.hourly.{field}");
        for (field, minutes, max) in [
            ("round_up_to_minutes", hourly.round_up_to_minutes, 60),
            ("no_show_minutes_max", hourly.no_show_minutes_max, 1440),
            ("travel_minutes_max", hourly.travel_minutes_max, 1440),
            ("report_minutes_max", hourly.report_minutes_max, 1440),
        ] {
            range(&path(field), minutes, QUARTER_MINUTES, max)?;
            let step = if field == "round_up_to_minutes" {
                QUARTER_MINUTES
            } else {
                hourly.round_up_to_minutes
            };
            // Caps are whole steps, so that capping and rounding commute (H-decided 2).
            if !minutes.is_multiple_of(step) {
                return Err(TermsError::new(path(field), TermsProblem::NotQuarters));
            }
        }
        count(
            &path("prices"),
            hourly.prices.len(),
            limits::PRICES_COUNT_MAX,
        )?;
        let mut seen = BTreeSet::new();
        for (n, price) in hourly.prices.iter().enumerate() {
            let path = |field: &str| format!("pricing.hourly.prices[{n}].{field}");
            if !self.areas.contains_key(&price.area) {
                return Err(TermsError::new(path("area"), TermsProblem::UnknownArea));
            }
            // From 1 krone to 100 000 kroner an hour; the product with a month's quarters stays
            // far below what an integer holds.
            ore(&path("hourly_ore"), price.hourly_ore, 100, 10_000_000)?;
            if !seen.insert((&price.area, price.from)) {
                return Err(TermsError::new(path("from"), TermsProblem::Duplicate));
            }
        }
        Ok(())
    }

    fn check_deadlines(&self) -> Result<(), TermsError> {
        let terms = &self.deadlines;
        for (field, value, max) in [
            ("response_workdays", terms.response_workdays, 250),
            ("plan_weeks", terms.plan_weeks, 104),
            (
                "first_employer_contact_weeks",
                terms.first_employer_contact_weeks,
                104,
            ),
            ("back_at_work_weeks", terms.back_at_work_weeks, 104),
            ("status_report_months", terms.status_report_months, 24),
            ("status_report_weeks", terms.status_report_weeks, 52),
            ("final_report_weeks", terms.final_report_weeks, 52),
            ("result_report_day", terms.result_report_day, 28),
            ("evaluation_months", terms.evaluation_months, 24),
            ("contact_attempts", terms.contact_attempts.unwrap_or(1), 20),
            ("deletion_weeks", terms.deletion_weeks, 520),
            ("breach_notice_hours", terms.breach_notice_hours, 72),
            ("e_invoice_months", terms.e_invoice_months, 24),
            ("premises_weeks", terms.premises_weeks, 52),
            ("transfer_months", terms.transfer_months.unwrap_or(1), 24),
        ] {
            range(&format!("deadlines.{field}"), value, 1, max)?;
        }
        Ok(())
    }

    fn check_durations(&self) -> Result<(), TermsError> {
        let terms = &self.durations;
        range("durations.ordinary_months", terms.ordinary_months, 1, 120)?;
        range("durations.extension_months", terms.extension_months, 0, 120)?;
        range(
            "durations.reduced_work_capacity_months",
            terms.reduced_work_capacity_months,
            terms.ordinary_months + terms.extension_months,
            240,
        )?;
        range(
            "durations.school_or_sentence_months",
            terms.school_or_sentence_months,
            0,
            120,
        )
    }
}

fn check_place(place: &PlacePricing) -> Result<(), TermsError> {
    let path = "pricing.place.prices";
    count(path, place.prices.len(), limits::PRICES_COUNT_MAX)?;
    let mut seen = BTreeSet::new();
    for (n, price) in place.prices.iter().enumerate() {
        ore(
            &format!("{path}[{n}].monthly_nok"),
            price.monthly_nok,
            1,
            10_000_000,
        )?;
        if !seen.insert(price.from) {
            let path = format!("{path}[{n}].from");
            return Err(TermsError::new(path, TermsProblem::Duplicate));
        }
    }
    for (n, days) in place.closed.iter().enumerate() {
        if days.to < days.from {
            let path = format!("pricing.place.closed[{n}]");
            return Err(TermsError::new(path, TermsProblem::EndBeforeStart));
        }
    }
    Ok(())
}

fn range(path: &str, value: u32, min: u32, max: u32) -> Result<(), TermsError> {
    ore(path, value.into(), min.into(), max.into())
}

fn ore(path: &str, value: u64, min: u64, max: u64) -> Result<(), TermsError> {
    if (min..=max).contains(&value) {
        Ok(())
    } else {
        Err(TermsError::new(path, TermsProblem::OutOfRange { min, max }))
    }
}

fn count(path: &str, found: usize, max: usize) -> Result<(), TermsError> {
    if found <= max {
        return Ok(());
    }
    let problem = TermsProblem::OutOfRange {
        min: 0,
        max: max as u64,
    };
    Err(TermsError::new(path, problem))
}

fn line(path: &str, text: &str) -> Result<(), TermsError> {
    if text.trim().is_empty() {
        return Err(TermsError::new(path, TermsProblem::Empty));
    }
    if text.chars().count() > limits::LINE_CHARS_MAX || text.chars().any(char::is_control) {
        return Err(TermsError::new(path, TermsProblem::BadText));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_agreements_built_in_are_the_tenders() {
        let opp = Terms::oppfolging_agder().unwrap();
        let jmo = Terms::jobbmestrende_vest_viken().unwrap();
        let figures = |terms: &Terms| {
            let d = terms.deadlines;
            (
                terms.hours.average_per_month,
                d.plan_weeks,
                d.first_employer_contact_weeks,
                d.back_at_work_weeks,
                d.contact_attempts,
                terms.work_practice.weeks_max,
                d.safety_refusal,
                terms.groups.declaration,
            )
        };
        assert_eq!(figures(&opp), (10, 3, 4, 6, Some(3), None, false, false));
        assert_eq!(figures(&jmo), (15, 4, 10, 12, None, Some(16), true, true));
        // Identical in both.
        for terms in [&opp, &jmo] {
            let d = terms.deadlines;
            assert_eq!(
                (
                    d.response_workdays,
                    d.status_report_months,
                    d.status_report_weeks,
                    d.final_report_weeks,
                    d.evaluation_months,
                    d.deletion_weeks
                ),
                (10, 3, 1, 1, 6, 12)
            );
            let durations = terms.durations;
            assert_eq!(
                (
                    durations.ordinary_months,
                    durations.extension_months,
                    durations.reduced_work_capacity_months,
                    durations.school_or_sentence_months
                ),
                (6, 6, 36, 6)
            );
        }
        let hourly = opp.hourly().unwrap();
        assert_eq!(
            (
                hourly.round_up_to_minutes,
                hourly.no_show_minutes_max,
                hourly.travel_minutes_max,
                hourly.report_minutes_max
            ),
            (15, 15, 60, 60)
        );
        assert!(jmo.place().is_some() && jmo.hourly().is_none());
        assert_eq!(jmo.areas[&Area("Drammen".into())].places_max, 16);
        let places: u32 = opp.areas.values().map(|area| area.places_max).sum();
        assert_eq!(
            (opp.areas.len(), places),
            (6, 100 + 170 + 50 + 90 + 175 + 55)
        );
        let percents: Vec<u32> = opp.targets.iter().map(|target| target.percent).collect();
        assert_eq!(percents, [65, 65, 20]);
    }

    #[test]
    fn a_term_that_is_missing_unknown_or_absurd_is_refused_with_its_path() {
        for (from, to, path) in [
            ("measure = \"Oppfølging\"", "measure = \"\"", "measure"),
            ("plan_weeks = 3", "", "deadlines"),
            ("plan_weeks = 3", "plan_weeks = 0", "deadlines.plan_weeks"),
            (
                "plan_weeks = 3",
                "plan_weeks = \"tre\"",
                "deadlines.plan_weeks",
            ),
            (
                "plan_weeks = 3",
                "plan_weeks = 3\nplan_month = 1",
                "deadlines.plan_month",
            ),
            (
                "travel_minutes_max = 60",
                "travel_minutes_max = 50",
                "pricing.hourly.travel_minutes_max",
            ),
            (
                "round_up_to_minutes = 15",
                "round_up_to_minutes = 10",
                "pricing.hourly.round_up_to_minutes",
            ),
            (
                "round_up_to_minutes = 15",
                "round_up_to_minutes = 30",
                "pricing.hourly.no_show_minutes_max",
            ),
            ("percent = 65", "percent = 165", "targets[0].percent"),
            ("places_max = 100", "places_max = 10", "areas.A.places_max"),
            (
                "\"Kristiansand\", \"Søgne\"",
                "\"Søgne\", \"Søgne\"",
                "areas.B.municipalities",
            ),
            (
                "reduced_work_capacity_months = 36",
                "reduced_work_capacity_months = 6",
                "durations.reduced_work_capacity_months",
            ),
            ("\"NAVN\", ", "", "data.allowed"),
            ("\"NAVN\", ", "\"NAVN\", \"BLOD\", ", "data.allowed[1]"),
            (
                "employer_meetings = true",
                "employer_meetings = true\nprices = [{ area = \"X\", from = \"2026-01-01\", hourly_ore = 70000 }]",
                "pricing.hourly.prices[0].area",
            ),
            (
                "employer_meetings = true",
                "employer_meetings = true\nprices = [{ area = \"A\", from = \"2026-01-01\", hourly_ore = 7 }]",
                "pricing.hourly.prices[0].hourly_ore",
            ),
        ] {
            assert!(OPPFOLGING_AGDER.contains(from), "{from}");
            let text = OPPFOLGING_AGDER.replacen(from, to, 1);
            let error = Terms::from_toml(&text).unwrap_err();
            assert_eq!(error.path, path, "{error}");
            assert!(error.user_text(Language::Norwegian).starts_with(path));
        }
        assert!(Terms::from_toml("not = [toml").is_err());
    }

    #[test]
    fn terms_survive_the_form_that_the_register_keeps() {
        for terms in [
            Terms::oppfolging_agder().unwrap(),
            Terms::jobbmestrende_vest_viken().unwrap(),
        ] {
            let text = serde_json::to_string(&terms).unwrap();
            assert_eq!(serde_json::from_str::<Terms>(&text).unwrap(), terms);
        }
    }
}
