//! A participation's states and the proposals that fit each, after NAV's model (`DOMAIN.md` 1.1 to
//! 1.3): *venter på oppstart*, then *deltar*, then *har sluttet*; or *ikke aktuell*, for whoever
//! never attended.

use super::Agreement;
use super::case::Case;
use super::deadlines::{Blocked, check_end, check_extension};
use crate::domain::{
    EndReasonKind, Language, LocalDate, Participation, ProposalChange, ProposalState, Status,
};

/// Somebody who took part for fewer days may count as never having attended, where that is so:
/// NAV's form asks then.
pub const BARELY_ATTENDED_DAYS: i32 = 15;

impl Status {
    /// NAV's code.
    #[must_use]
    pub const fn nav_code(self) -> &'static str {
        match self {
            Self::Waiting => "VENTER_PA_OPPSTART",
            Self::Active => "DELTAR",
            Self::Ended => "HAR_SLUTTET",
            Self::NotRelevant => "IKKE_AKTUELL",
        }
    }

    /// What it is called.
    #[must_use]
    pub const fn text(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::Waiting, Language::Norwegian) => "Venter på oppstart",
            (Self::Active, Language::Norwegian) => "Deltar",
            (Self::Ended, Language::Norwegian) => "Har sluttet",
            (Self::NotRelevant, Language::Norwegian) => "Ikke aktuell",
            (Self::Waiting, Language::English) => "Waiting to start",
            (Self::Active, Language::English) => "Takes part",
            (Self::Ended, Language::English) => "Has ended",
            (Self::NotRelevant, Language::English) => "Not relevant",
        }
    }
}

impl EndReasonKind {
    /// What NAV's form calls it.
    #[must_use]
    pub const fn text(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::FoundWork, Language::Norwegian) => "Fått jobb",
            (Self::Ill, Language::Norwegian) => "Syk",
            (Self::NeedsOtherSupport, Language::Norwegian) => "Trenger annen hjelp og støtte",
            (Self::DidNotCome, Language::Norwegian) => "Møter ikke opp",
            (Self::Education, Language::Norwegian) => "Utdanning",
            (Self::Other, Language::Norwegian) => "Annet - fyll ut",
            (Self::FoundWork, Language::English) => "Found work",
            (Self::Ill, Language::English) => "Ill",
            (Self::NeedsOtherSupport, Language::English) => "Needs other help and support",
            (Self::DidNotCome, Language::English) => "Does not come",
            (Self::Education, Language::English) => "Education",
            (Self::Other, Language::English) => "Other, in own words",
        }
    }
}

/// Why a state or a proposal does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StatusError {
    /// NAV's model knows no such step.
    #[error("a participation does not go from `{}` to `{}`", .from.code(), .to.code())]
    NoSuchStep {
        /// From.
        from: Status,
        /// To.
        to: Status,
    },
    /// A date that the state needs is missing.
    #[error("`{field}` is missing for this state: fill it in")]
    Missing {
        /// Which.
        field: &'static str,
    },
    /// A date says otherwise.
    #[error("`{field}` does not fit this state: check the date")]
    DateDoesNotFit {
        /// Which.
        field: &'static str,
    },
    /// The proposal does not fit the state.
    #[error("NAV takes no such proposal for a participation that is `{}`", .status.code())]
    ProposalDoesNotFit {
        /// The state.
        status: Status,
    },
    /// Something has to be done first.
    #[error(transparent)]
    Blocked(#[from] Blocked),
}

impl StatusError {
    /// A stable code that shells and tests can act on.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoSuchStep { .. } => "no_such_step",
            Self::Missing { .. } => "status_missing",
            Self::DateDoesNotFit { .. } => "date_does_not_fit",
            Self::ProposalDoesNotFit { .. } => "proposal_does_not_fit",
            Self::Blocked(Blocked::ContactAttempts { .. }) => "contact_attempts",
            Self::Blocked(Blocked::BeyondLatestEnd { .. }) => "beyond_latest_end",
            Self::Blocked(Blocked::NoExtension { .. }) => "no_extension",
            Self::Blocked(Blocked::NotStarted) => "not_started",
        }
    }

    /// What the user is told: what is wrong and what to do.
    #[must_use]
    pub fn user_text(&self, language: Language) -> String {
        if language == Language::English {
            return self.to_string();
        }
        match self {
            Self::NoSuchStep { from, to } => format!(
                "En deltakelse går ikke fra «{}» til «{}».",
                from.text(language),
                to.text(language)
            ),
            Self::Missing { field } => {
                format!("«{field}» mangler for denne statusen. Fyll det ut.")
            }
            Self::DateDoesNotFit { field } => {
                format!("«{field}» passer ikke med statusen. Sjekk datoen.")
            }
            Self::ProposalDoesNotFit { status } => format!(
                "NAV tar ikke imot dette forslaget når deltakeren er «{}».",
                status.text(language)
            ),
            Self::Blocked(Blocked::ContactAttempts { made, needed }) => format!(
                "{made} av {needed} kontaktforsøk er registrert. Registrer resten før utskriving."
            ),
            Self::Blocked(Blocked::BeyondLatestEnd { latest }) => {
                format!("Deltakelsen kan vare til {latest} på det lengste. Velg en tidligere dag.")
            }
            Self::Blocked(Blocked::NoExtension { until }) => {
                format!("Deltakelsen varer allerede til {until}. Velg en senere dag.")
            }
            Self::Blocked(Blocked::NotStarted) => {
                "Deltakelsen har ingen startdato. Registrer oppstarten først.".into()
            }
        }
    }
}

/// The state that the dates give on a day: what NAV shows then. Who is not relevant stays so.
#[must_use]
pub fn status_on(participation: &Participation, day: LocalDate) -> Status {
    match (participation.status, participation.start, participation.end) {
        (Status::NotRelevant, ..) => Status::NotRelevant,
        (_, _, Some(end)) if end < day => Status::Ended,
        (_, Some(start), _) if start <= day => Status::Active,
        _ => Status::Waiting,
    }
}

/// Whether a participation may be changed to `after` where the state changes. Everything else that
/// is wrong with it, [`Participation::validate`] says.
/// # Errors
/// Which date is missing or does not fit, that the model knows no such step, or that contact was
/// not tried often enough before discharge (E11).
pub fn check_change(
    before: &Case<'_>,
    after: &Participation,
    agreement: Option<&Agreement>,
    today: LocalDate,
) -> Result<(), StatusError> {
    let (from, to) = (before.participation.status, after.status);
    if from == to {
        return Ok(());
    }
    let attended = before.participation.start.map(|start| {
        let last = before.participation.end.map_or(today, |end| end.min(today));
        start.days_until(last)
    });
    match (from, to) {
        // Begun, ended, or begun again after an end that NAV took back.
        (Status::Waiting | Status::Ended, Status::Active) => {
            let field = "start";
            let start = after.start.ok_or(StatusError::Missing { field })?;
            if start > today {
                return Err(StatusError::DateDoesNotFit { field });
            }
            Ok(())
        }
        (Status::Active | Status::Waiting, Status::Ended) => {
            after.start.ok_or(StatusError::Missing { field: "start" })?;
            after.end.ok_or(StatusError::Missing { field: "end" })?;
            let reason = after.end_reason.as_ref();
            let reason = reason.ok_or(StatusError::Missing {
                field: "end reason",
            })?;
            check_discharge(before, agreement, reason.kind)
        }
        (Status::Waiting, Status::NotRelevant) => {
            let reason = after.end_reason.as_ref();
            let reason = reason.ok_or(StatusError::Missing {
                field: "end reason",
            })?;
            check_discharge(before, agreement, reason.kind)
        }
        // Somebody who hardly began and, asked, never attended.
        (Status::Active, Status::NotRelevant)
            if attended.is_none_or(|days| days < BARELY_ATTENDED_DAYS) =>
        {
            Ok(())
        }
        // What was set by mistake.
        (Status::NotRelevant, Status::Waiting) | (Status::Active, Status::Waiting) => Ok(()),
        _ => Err(StatusError::NoSuchStep { from, to }),
    }
}

fn check_discharge(
    case: &Case<'_>,
    agreement: Option<&Agreement>,
    reason: EndReasonKind,
) -> Result<(), StatusError> {
    match agreement {
        Some(agreement) => Ok(check_end(case, agreement, Some(reason))?),
        None => Ok(()),
    }
}

/// Whether NAV takes a proposal about a participation now, as its form offers them by state.
/// # Errors
/// That it does not fit the state; where it would extend beyond the longest duration; where contact
/// was not tried often enough.
pub fn check_proposal(
    case: &Case<'_>,
    change: &ProposalChange,
    agreement: Option<&Agreement>,
) -> Result<(), StatusError> {
    let participation = case.participation;
    let status = participation.status;
    let fits = match change {
        ProposalChange::Extend { .. } => {
            status == Status::Ended || status == Status::Active && participation.end.is_some()
        }
        ProposalChange::End { .. } => status == Status::Active,
        ProposalChange::NotRelevant { .. } => status == Status::Waiting,
        ProposalChange::StartDate { .. } => status != Status::Ended,
        ProposalChange::EndDate { .. } => status == Status::Ended,
        ProposalChange::EndReason { .. } => {
            matches!(status, Status::Ended | Status::NotRelevant)
        }
        ProposalChange::RemoveStart => status == Status::Waiting && participation.start.is_some(),
    };
    if !fits {
        return Err(StatusError::ProposalDoesNotFit { status });
    }
    let Some(agreement) = agreement else {
        return Ok(());
    };
    if let ProposalChange::Extend { end } = change {
        check_extension(case, agreement, *end)?;
    }
    check_end(case, agreement, change.reason().map(|reason| reason.kind))?;
    Ok(())
}

/// Whether a proposal's state may become another: NAV answers once, and only what waits can be
/// withdrawn or replaced.
#[must_use]
pub const fn may_become(before: &ProposalState, after: &ProposalState) -> bool {
    matches!(
        (before, after),
        (ProposalState::Waiting, _)
            | (
                ProposalState::Approved { .. },
                ProposalState::Approved { .. }
            )
            | (
                ProposalState::Rejected { .. },
                ProposalState::Rejected { .. }
            )
            | (
                ProposalState::Withdrawn { .. },
                ProposalState::Withdrawn { .. }
            )
            | (
                ProposalState::Replaced { .. },
                ProposalState::Replaced { .. }
            )
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Terms;
    use crate::domain::visit::tests::visit;
    use crate::domain::{
        ContactAttempt, ContactChannel, EndReason, Instant, Outcome, RecordId, Visit,
    };

    fn day(text: &str) -> LocalDate {
        text.parse().unwrap()
    }

    fn active() -> Participation {
        let mut participation = Participation::new("p", "A", "B");
        participation.status = Status::Active;
        participation.start = Some(day("2026-01-05"));
        participation
    }

    fn agreement() -> Agreement {
        let terms = Terms::oppfolging_agder().unwrap();
        Agreement::new("opp".into(), day("2025-07-01"), terms)
    }

    fn ended(before: &Participation, reason: EndReasonKind) -> Participation {
        let mut after = before.clone();
        after.status = Status::Ended;
        after.end = Some(day("2026-03-31"));
        after.end_reason = Some(EndReason {
            kind: reason,
            text: None,
        });
        after
    }

    #[test]
    fn an_end_has_a_day_and_a_reason() {
        let before = active();
        let case = Case::new(&before);
        let today = day("2026-04-01");
        let check = |after: &Participation| check_change(&case, after, Some(&agreement()), today);
        let good = ended(&before, EndReasonKind::FoundWork);
        assert_eq!(check(&good), Ok(()));
        let mut bad = good.clone();
        bad.end_reason = None;
        assert_eq!(
            check(&bad),
            Err(StatusError::Missing {
                field: "end reason"
            })
        );
        let mut bad = good;
        bad.end = None;
        assert_eq!(check(&bad), Err(StatusError::Missing { field: "end" }));
    }

    #[test]
    fn discharge_for_staying_away_waits_for_the_third_attempt() {
        let before = active();
        let missed = Visit {
            outcome: Outcome::NoShow,
            ..visit(1, "2026-03-03T09:00+01:00", "2026-03-03T09:15+01:00")
        };
        let attempt = |n: u8| ContactAttempt {
            id: RecordId([n; 16]),
            at: Instant(missed.start.0 + i64::from(n) * 3_600_000),
            channel: ContactChannel::Phone,
            reached: false,
            consultant: None,
            note: String::new(),
        };
        let attempts = [attempt(1), attempt(2), attempt(3)];
        let after = ended(&before, EndReasonKind::DidNotCome);
        let check = |count: usize| {
            let mut case = Case::new(&before);
            case.visits.push(&missed);
            case.contacts.extend(&attempts[..count]);
            check_change(&case, &after, Some(&agreement()), day("2026-04-01"))
        };
        let blocked = Blocked::ContactAttempts { made: 2, needed: 3 };
        assert_eq!(check(2), Err(StatusError::Blocked(blocked)));
        assert_eq!(check(3), Ok(()));
        // Jobbmestrende oppfølging asks for none.
        let jmo = Agreement::new(
            "jmo".into(),
            day("2025-07-01"),
            Terms::jobbmestrende_vest_viken().unwrap(),
        );
        let mut case = Case::new(&before);
        case.visits.push(&missed);
        assert_eq!(
            check_change(&case, &after, Some(&jmo), day("2026-04-01")),
            Ok(())
        );
    }

    #[test]
    fn who_attended_is_not_called_not_relevant() {
        let before = active();
        let case = Case::new(&before);
        let mut after = before.clone();
        after.status = Status::NotRelevant;
        let check = |today: &str| check_change(&case, &after, None, day(today));
        assert_eq!(check("2026-01-19"), Ok(()));
        let from = Status::Active;
        let to = Status::NotRelevant;
        assert_eq!(
            check("2026-01-20"),
            Err(StatusError::NoSuchStep { from, to })
        );
    }

    #[test]
    fn proposals_fit_the_state_as_navs_form_offers_them() {
        let end = day("2026-08-31");
        let reason = EndReason {
            kind: EndReasonKind::Education,
            text: None,
        };
        let all = [
            ProposalChange::Extend { end },
            ProposalChange::End {
                end: None,
                reason: None,
                participated: None,
            },
            ProposalChange::NotRelevant {
                reason: reason.clone(),
            },
            ProposalChange::StartDate {
                start: end,
                end: None,
            },
            ProposalChange::EndDate { end },
            ProposalChange::EndReason { reason },
            ProposalChange::RemoveStart,
        ];
        let fitting = |participation: &Participation| -> Vec<&'static str> {
            let case = Case::new(participation);
            let fitting = all
                .iter()
                .filter(|change| check_proposal(&case, change, None).is_ok());
            fitting.map(ProposalChange::code).collect()
        };
        let mut p = active();
        assert_eq!(fitting(&p), ["end", "start_date"]);
        p.end = Some(day("2026-07-04"));
        assert_eq!(fitting(&p), ["extend", "end", "start_date"]);
        p.status = Status::Ended;
        assert_eq!(fitting(&p), ["extend", "end_date", "end_reason"]);
        p.status = Status::Waiting;
        assert_eq!(fitting(&p), ["not_relevant", "start_date", "remove_start"]);
        p.status = Status::NotRelevant;
        assert_eq!(fitting(&p), ["start_date", "end_reason"]);
    }

    #[test]
    fn an_extension_stays_within_the_longest_duration() {
        let mut p = active();
        p.end = Some(day("2026-07-04"));
        let check = |p: &Participation, end: &str| {
            let change = ProposalChange::Extend { end: day(end) };
            check_proposal(&Case::new(p), &change, Some(&agreement()))
        };
        assert_eq!(check(&p, "2027-01-05"), Ok(()));
        let latest = day("2027-01-05");
        assert_eq!(
            check(&p, "2027-01-06"),
            Err(Blocked::BeyondLatestEnd { latest }.into())
        );
        assert_eq!(
            check(&p, "2026-07-04"),
            Err(Blocked::NoExtension {
                until: day("2026-07-04")
            }
            .into())
        );
        p.reduced_work_capacity = true;
        assert_eq!(check(&p, "2029-01-05"), Ok(()));
        assert!(check(&p, "2029-01-06").is_err());
        p.from_school_or_sentence = true;
        assert_eq!(check(&p, "2029-07-05"), Ok(()));
        assert!(check(&p, "2029-07-06").is_err());
    }

    #[test]
    fn the_state_follows_the_dates() {
        let mut p = active();
        p.status = Status::Waiting;
        assert_eq!(status_on(&p, day("2026-01-04")), Status::Waiting);
        assert_eq!(status_on(&p, day("2026-01-05")), Status::Active);
        p.end = Some(day("2026-02-01"));
        assert_eq!(status_on(&p, day("2026-02-01")), Status::Active);
        assert_eq!(status_on(&p, day("2026-02-02")), Status::Ended);
        p.status = Status::NotRelevant;
        assert_eq!(status_on(&p, day("2026-02-02")), Status::NotRelevant);
    }
}
