//! The monthly result report (N5) and the result targets (B2). Counts only: nobody is named. Small
//! numbers stand as they are, since they are NAV's own participants.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use folge_protocol::ids::DocumentId;

use super::figures::month_text;
use super::{Both, Period, pick};
use crate::contract::terms::{Target, TargetResult};
use crate::domain::{CodeList, Language, LocalDate, Month, Status};

/// What the result report counts a participation by.
#[derive(Clone, PartialEq, Eq)]
pub struct ResultCase {
    /// The participation, so that the office finds what is missing. It is in no report.
    pub participation: DocumentId,
    /// The state.
    pub status: Status,
    /// First day.
    pub start: Option<LocalDate>,
    /// Last day.
    pub end: Option<LocalDate>,
    /// Whether there was an employment relationship at referral (B1).
    pub employed_at_referral: bool,
    /// The labour-market status at the end, a code of NAV's list (B3).
    pub end_status: Option<String>,
}

impl fmt::Debug for ResultCase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResultCase")
            .field("participation", &self.participation)
            .finish_non_exhaustive()
    }
}

/// One who ended.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ended {
    /// Whether there was an employment relationship at referral.
    pub employed_at_referral: bool,
    /// NAV's code of the status at the end.
    pub end_status: Option<String>,
}

impl fmt::Debug for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ended(..)")
    }
}

/// How results are measured. NAV defines what counts (B3) and will probably bring another indicator
/// (actual against expected result, JMO b1.1): then another model takes this one's place.
pub trait ResultModel {
    /// What came of each target.
    fn measure(&self, targets: &[Target], ended: &[Ended]) -> Vec<Measured>;
}

/// The tenders' model: the share of those who ended whose status counts towards a target. Which
/// status counts towards which result is NAV's to say, so it is a table and not a rule.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CountingTable(pub BTreeMap<String, BTreeSet<TargetResult>>);

impl CountingTable {
    /// Whether any status counts towards a result.
    fn defines(&self, result: TargetResult) -> bool {
        self.0.values().any(|results| results.contains(&result))
    }
}

/// What came of a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measured {
    /// What is measured.
    pub label: Both,
    /// Of those with or without an employment relationship at referral.
    pub employed_at_referral: bool,
    /// How many ended.
    pub of: u32,
    /// How many of them reached it; none while NAV has not defined what counts.
    pub reached: Option<u32>,
    /// The target in percent, where there is one.
    pub target_percent: Option<u32>,
}

impl Measured {
    /// The share in whole percent, rounded down: a target is reached when it is reached. None
    /// where nobody ended, or nothing says what counts.
    #[must_use]
    pub fn percent(&self) -> Option<u32> {
        let share = u64::from(self.reached?) * 100;
        share
            .checked_div(u64::from(self.of))
            .and_then(|percent| u32::try_from(percent).ok())
    }

    /// Whether the target is reached.
    #[must_use]
    pub fn met(&self) -> Option<bool> {
        Some(self.percent()? >= self.target_percent?)
    }

    /// As it stands in a report.
    #[must_use]
    pub fn text(&self) -> String {
        let group = if self.employed_at_referral {
            "med arbeidsforhold ved innsøking"
        } else {
            "uten arbeidsforhold ved innsøking"
        };
        let target = self
            .target_percent
            .map_or_else(String::new, |percent| format!(" (mål {percent} %)"));
        let result = match (self.reached, self.percent()) {
            (None, _) => "NAV har ikke definert hva som teller".to_owned(),
            (Some(_), None) => "ingen avsluttet".to_owned(),
            (Some(reached), Some(percent)) => format!("{reached} av {} = {percent} %", self.of),
        };
        format!("{}, {group}: {result}{target}", self.label.0)
    }
}

const fn result_label(result: TargetResult) -> Both {
    match result {
        TargetResult::TransitionToWork => ("Overgang til arbeid", "Transition to work"),
        TargetResult::FullReturn => ("Tilbake i arbeid fullt ut", "Full return to work"),
        TargetResult::IncreasedWork => ("Økt arbeidsdeltakelse", "Increased work participation"),
        TargetResult::ReturnToWork => ("Tilbake i arbeid", "Return to work"),
    }
}

impl ResultModel for CountingTable {
    fn measure(&self, targets: &[Target], ended: &[Ended]) -> Vec<Measured> {
        let counts_towards = |one: &Ended, result| {
            let status = one.end_status.as_ref();
            status
                .and_then(|status| self.0.get(status))
                .is_some_and(|results| results.contains(&result))
        };
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        targets
            .iter()
            .map(|target| {
                let group: Vec<&Ended> = ended
                    .iter()
                    .filter(|one| one.employed_at_referral == target.employed_at_referral)
                    .collect();
                let reached = group
                    .iter()
                    .filter(|one| counts_towards(one, target.result))
                    .count();
                Measured {
                    label: result_label(target.result),
                    employed_at_referral: target.employed_at_referral,
                    of: count(group.len()),
                    reached: self.defines(target.result).then_some(count(reached)),
                    target_percent: Some(target.percent),
                }
            })
            .collect()
    }
}

/// How many ended with a status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusCount {
    /// NAV's code.
    pub code: String,
    /// What it means.
    pub text: String,
    /// How many, without and with an employment relationship at referral (B1).
    pub counts: (u32, u32),
}

/// What keeps the report from being whole.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ResultGap {
    /// The office has not imported NAV's list of end statuses (B3).
    NoList,
    /// A participation that ended in the month has no end status.
    NoStatus {
        /// Which; for the office, not for the report.
        participation: [u8; 16],
    },
    /// Its end status is not in NAV's list.
    UnknownStatus {
        /// Which.
        participation: [u8; 16],
    },
    /// Its last day is past, and it still stands as active.
    StillActive {
        /// Which.
        participation: [u8; 16],
    },
    /// Nothing says which statuses count towards the targets.
    NoCounting,
    /// Participations that this device cannot read, since their address is protected: the
    /// consultants give their figures.
    Unseen {
        /// How many.
        count: u32,
    },
}

impl ResultGap {
    /// What the user reads.
    #[must_use]
    pub const fn text(&self, language: Language) -> &'static str {
        pick(
            match self {
                Self::NoList => (
                    "NAVs liste over sluttstatuser mangler. Be NAV om den, og importer den.",
                    "NAV's list of end statuses is missing. Ask NAV for it, and import it.",
                ),
                Self::NoStatus { .. } => (
                    "En avsluttet deltaker mangler status ved avslutning. Registrer den.",
                    "An ended participant has no status at the end. Record it.",
                ),
                Self::UnknownStatus { .. } => (
                    "En avsluttet deltaker har en status som ikke er i NAVs liste. Rett den.",
                    "An ended participant has a status that is not in NAV's list. Correct it.",
                ),
                Self::StillActive { .. } => (
                    "Siste dag er passert, men deltakeren står som aktiv. Avslutt eller forleng.",
                    "The last day is past, but the participant stands as active. End or extend.",
                ),
                Self::NoCounting => (
                    "Det er ikke lagt inn hvilke statuser som teller mot resultatmålene.",
                    "Nothing says which statuses count towards the targets.",
                ),
                Self::Unseen { .. } => (
                    "Skjermede deltakelser er ikke med. Spør veilederne deres om tallene.",
                    "Protected participations are not included. Ask their consultants.",
                ),
            },
            language,
        )
    }
}

/// The result report of a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultReport {
    /// The month.
    pub month: Month,
    /// Who took part on the month's last day.
    pub active_at_end: u32,
    /// Who took part on any day of the month, those who ended in it included.
    pub active_in_month: u32,
    /// Who ended in the month.
    pub ended: u32,
    /// Their statuses: every one of NAV's list, those that nobody has included.
    pub statuses: Vec<StatusCount>,
    /// Who ended without a status of the list.
    pub without_status: u32,
    /// The month's results against the targets.
    pub measured: Vec<Measured>,
    /// What is missing.
    pub gaps: Vec<ResultGap>,
}

impl ResultReport {
    /// The report as text. It names nobody.
    #[must_use]
    pub fn text(&self) -> String {
        let mut lines =
            vec![
            format!("Resultatrapport {}", month_text(self.month)),
            format!("Antall aktive deltakere ved månedens slutt: {}", self.active_at_end),
            format!("Antall deltakere i løpet av måneden: {}", self.active_in_month),
            format!("Antall avsluttede deltakere: {}", self.ended),
            "Status på arbeidsmarkedet ved avslutning (uten / med arbeidsforhold ved innsøking):"
                .to_owned(),
        ];
        for status in &self.statuses {
            let (without, with) = status.counts;
            lines.push(format!("{}: {without} / {with}", status.text));
        }
        if self.without_status > 0 {
            lines.push(format!("Ikke registrert: {}", self.without_status));
        }
        lines.push("Resultat mot mål:".to_owned());
        lines.extend(self.measured.iter().map(Measured::text));
        lines.join("\n")
    }
}

/// Whether it ended in a period that is over: its last day lies there and is not in the future.
fn ended(case: &ResultCase, period: Period, today: LocalDate) -> bool {
    case.status != Status::NotRelevant
        && case.start.is_some()
        && case
            .end
            .is_some_and(|end| period.contains(end) && end <= today)
}

/// Those who ended in a period, for [`ResultModel::measure`].
#[must_use]
pub fn ended_in(cases: &[ResultCase], period: Period, today: LocalDate) -> Vec<Ended> {
    let found = cases.iter().filter(|case| ended(case, period, today));
    found
        .map(|case| Ended {
            employed_at_referral: case.employed_at_referral,
            end_status: case.end_status.clone(),
        })
        .collect()
}

/// The result report of a month over the participations of one agreement. Those erased already are
/// in it no more: it is drawn up to twelve weeks after the final report (K24).
#[must_use]
pub fn result_report(
    cases: &[ResultCase],
    month: Month,
    list: Option<&CodeList>,
    targets: &[Target],
    model: &dyn ResultModel,
    today: LocalDate,
) -> ResultReport {
    let period = Period {
        from: month.first_day(),
        to: month.last_day(),
    };
    let takes_part = |case: &ResultCase, on: Period| {
        case.status != Status::NotRelevant
            && case.start.is_some_and(|start| on.overlaps(start, case.end))
    };
    let last = Period {
        from: period.to,
        to: period.to,
    };
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let number = |on: Period| count(cases.iter().filter(|case| takes_part(case, on)).count());
    let mut statuses: Vec<StatusCount> = list
        .iter()
        .flat_map(|list| &list.entries)
        .map(|(code, text)| StatusCount {
            code: code.clone(),
            text: text.clone(),
            counts: (0, 0),
        })
        .collect();
    let mut gaps = BTreeSet::new();
    if list.is_none() {
        gaps.insert(ResultGap::NoList);
    }
    let mut without_status = 0;
    let mut ended_count = 0;
    for case in cases.iter().filter(|case| ended(case, period, today)) {
        ended_count += 1;
        let participation = case.participation.0;
        if case.status != Status::Ended && case.end.is_some_and(|end| end < today) {
            gaps.insert(ResultGap::StillActive { participation });
        }
        let known = case
            .end_status
            .as_ref()
            .and_then(|code| statuses.iter_mut().find(|status| status.code == *code));
        match (known, &case.end_status) {
            (Some(status), _) if case.employed_at_referral => status.counts.1 += 1,
            (Some(status), _) => status.counts.0 += 1,
            (None, status) => {
                without_status += 1;
                if status.is_none() {
                    gaps.insert(ResultGap::NoStatus { participation });
                } else if list.is_some() {
                    gaps.insert(ResultGap::UnknownStatus { participation });
                }
            }
        }
    }
    let measured = model.measure(targets, &ended_in(cases, period, today));
    if measured.iter().any(|one| one.reached.is_none()) {
        gaps.insert(ResultGap::NoCounting);
    }
    ResultReport {
        month,
        active_at_end: number(last),
        active_in_month: number(period),
        ended: ended_count,
        statuses,
        without_status,
        measured,
        gaps: gaps.into_iter().collect(),
    }
}
