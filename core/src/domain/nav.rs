//! What is sent to NAV about a participation: notices, and proposals that NAV answers.
//! `REQUIREMENTS.md` E, K26; NAV's own model of proposals is in `DOMAIN.md` 1.2 and 1.3.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    DomainError, Field, Instant, LocalDate, RecordId, StaffKey, check_line, check_line_opt,
    check_text, limits,
};

codes! {
    /// Why a participation ended, as a provider may choose (sluttårsak, `DOMAIN.md` 1.2).
    EndReasonKind {
        /// Got a job (fått jobb).
        FoundWork = "FATT_JOBB",
        /// Ill (syk).
        Ill = "SYK",
        /// Needs other help and support (trenger annen hjelp og støtte).
        NeedsOtherSupport = "TRENGER_ANNEN_STOTTE",
        /// Does not come (møter ikke opp).
        DidNotCome = "IKKE_MOTT",
        /// Education (utdanning).
        Education = "UTDANNING",
        /// Another, in own words (annet).
        Other = "ANNET",
    }
}

/// Why a participation ended.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndReason {
    /// Which.
    pub kind: EndReasonKind,
    /// In own words; with [`EndReasonKind::Other`] only, and then always.
    pub text: Option<String>,
}

impl fmt::Debug for EndReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The reason may be illness.
        f.write_str("EndReason(..)")
    }
}

impl EndReason {
    /// Checks that NAV takes it.
    /// # Errors
    /// Where the words are missing, too long, or stand where none may.
    pub fn validate(&self) -> Result<(), DomainError> {
        let field = Field::EndReason;
        match (self.kind, &self.text) {
            (EndReasonKind::Other, Some(text)) if !text.trim().is_empty() => {
                check_line(field, text, limits::END_REASON_CHARS_MAX)
            }
            (EndReasonKind::Other, _) => Err(DomainError::Missing { field }),
            (_, None) => Ok(()),
            (_, Some(_)) => Err(DomainError::Unreadable { field }),
        }
    }
}

codes! {
    /// What NAV is told.
    NoticeKind {
        /// No free capacity (E2).
        NoCapacity = "no_capacity",
        /// Absence without a valid reason (E10).
        Absence = "absence",
        /// The participant stops under way (E10).
        Quit = "quit",
        /// The need is above the average over time (D3).
        HoursAboveAverage = "hours_above_average",
        /// The measure is clearly unsuitable (E12).
        Unsuitable = "unsuitable",
        /// Attendance was refused for safety (E13).
        SafetyRefusal = "safety_refusal",
        /// Start.
        Start = "start",
        /// Extension.
        Extension = "extension",
        /// End.
        End = "end",
        /// A request or complaint of the participant about the data (E21).
        DataRequest = "data_request",
        /// An authority asked for data (E20).
        AuthorityRequest = "authority_request",
        /// Anything else.
        Other = "other",
    }
}

codes! {
    /// How it was sent.
    NoticeChannel {
        /// In NAV's Deltakeroversikt.
        Deltakeroversikt = "deltakeroversikt",
        /// By telephone.
        Phone = "phone",
        /// By e-mail, pseudonymised (K26).
        Mail = "mail",
        /// By letter.
        Letter = "letter",
    }
}

/// Something that NAV was told.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Its id.
    pub id: RecordId,
    /// What about.
    pub kind: NoticeKind,
    /// When it was sent.
    pub at: Instant,
    /// How.
    pub channel: NoticeChannel,
    /// To whom, where not the adviser of the participation.
    pub recipient: Option<String>,
    /// The record that it is about, such as the visit that the participant did not come to.
    pub about: Option<RecordId>,
    /// Who sent it.
    pub consultant: Option<StaffKey>,
    /// What was said.
    pub text: String,
}

impl fmt::Debug for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notice")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl Notice {
    /// Checks that everything can be recorded.
    /// # Errors
    /// The first thing wrong.
    pub fn validate(&self) -> Result<(), DomainError> {
        self.at.checked(Field::Time)?;
        check_line_opt(
            Field::Recipient,
            self.recipient.as_deref(),
            limits::LINE_CHARS_MAX,
        )?;
        self.consultant
            .as_ref()
            .map_or(Ok(()), StaffKey::validate)?;
        check_text(Field::Text, &self.text, limits::NOTE_CHARS_MAX)
    }
}

/// What a proposal (forslag) asks NAV to change.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProposalChange {
    /// Extend until a day (forleng deltakelse). Needs a justification (C4).
    Extend {
        /// The new last day.
        end: LocalDate,
    },
    /// End (avslutt deltakelse).
    End {
        /// The last day.
        end: Option<LocalDate>,
        /// Why.
        reason: Option<EndReason>,
        /// Whether the person took part at all.
        participated: Option<bool>,
    },
    /// Never took part (ikke aktuell).
    NotRelevant {
        /// Why.
        reason: EndReason,
    },
    /// Another first day.
    StartDate {
        /// The first day.
        start: LocalDate,
        /// The last day.
        end: Option<LocalDate>,
    },
    /// Another last day.
    EndDate {
        /// The last day.
        end: LocalDate,
    },
    /// Another reason for the end.
    EndReason {
        /// Why.
        reason: EndReason,
    },
    /// No first day any more.
    RemoveStart,
}

impl ProposalChange {
    /// The stable text that stands for the kind of change.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Extend { .. } => "extend",
            Self::End { .. } => "end",
            Self::NotRelevant { .. } => "not_relevant",
            Self::StartDate { .. } => "start_date",
            Self::EndDate { .. } => "end_date",
            Self::EndReason { .. } => "end_reason",
            Self::RemoveStart => "remove_start",
        }
    }

    /// The reason that it gives, where it gives one.
    #[must_use]
    pub const fn reason(&self) -> Option<&EndReason> {
        match self {
            Self::End { reason, .. } => reason.as_ref(),
            Self::NotRelevant { reason } | Self::EndReason { reason } => Some(reason),
            _ => None,
        }
    }
}

/// What became of a proposal.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProposalState {
    /// NAV has not answered (venter på svar).
    Waiting,
    /// Approved (godkjent).
    Approved {
        /// By whom.
        by: String,
        /// When.
        on: LocalDate,
    },
    /// Rejected (avvist).
    Rejected {
        /// By whom.
        by: String,
        /// When.
        on: LocalDate,
        /// NAV's reason.
        reason: String,
    },
    /// Called back by the provider (tilbakekalt).
    Withdrawn {
        /// When.
        on: LocalDate,
    },
    /// Replaced by another (erstattet).
    Replaced {
        /// The other.
        by: RecordId,
        /// When.
        on: LocalDate,
    },
}

impl ProposalState {
    /// The stable text that stands for it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Approved { .. } => "approved",
            Self::Rejected { .. } => "rejected",
            Self::Withdrawn { .. } => "withdrawn",
            Self::Replaced { .. } => "replaced",
        }
    }
}

/// A proposal (forslag) to NAV.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// Its id.
    pub id: RecordId,
    /// What is to change.
    pub change: ProposalChange,
    /// Why (begrunnelse).
    pub justification: String,
    /// When it was made.
    pub at: Instant,
    /// Who made it.
    pub consultant: Option<StaffKey>,
    /// What became of it.
    pub state: ProposalState,
}

impl fmt::Debug for Proposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proposal")
            .field("id", &self.id)
            .field("change", &self.change.code())
            .field("state", &self.state.code())
            .finish_non_exhaustive()
    }
}

impl Proposal {
    /// Checks that NAV's form takes it: an extension has a justification, no text is longer or has
    /// other characters than the form allows (`DOMAIN.md` 1.3).
    /// # Errors
    /// The first thing wrong.
    pub fn validate(&self) -> Result<(), DomainError> {
        let field = Field::Justification;
        if matches!(self.change, ProposalChange::Extend { .. })
            && self.justification.trim().is_empty()
        {
            return Err(DomainError::Missing { field });
        }
        check_text(field, &self.justification, limits::JUSTIFICATION_CHARS_MAX)?;
        let taken = |c: char| {
            c.is_ascii_digit()
                || c == ' '
                || c == '\n'
                || c.is_alphabetic()
                || "!\"#%&'()*+,-./:;<=>?@[]_«»–—’…§".contains(c)
        };
        if !self.justification.chars().all(taken) {
            return Err(DomainError::BadCharacter { field });
        }
        self.at.checked(Field::Time)?;
        self.consultant
            .as_ref()
            .map_or(Ok(()), StaffKey::validate)?;
        if let ProposalChange::StartDate {
            start,
            end: Some(end),
        } = &self.change
            && end < start
        {
            return Err(DomainError::EndBeforeStart);
        }
        self.change.reason().map_or(Ok(()), EndReason::validate)?;
        match &self.state {
            ProposalState::Approved { by, .. } => {
                check_line(Field::DecidedBy, by, limits::LINE_CHARS_MAX)
            }
            ProposalState::Rejected { by, reason, .. } => {
                check_line(Field::DecidedBy, by, limits::LINE_CHARS_MAX)?;
                check_text(Field::Reason, reason, limits::NOTE_CHARS_MAX)
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extension(justification: &str) -> Proposal {
        Proposal {
            id: RecordId([1; 16]),
            change: ProposalChange::Extend {
                end: "2026-12-31".parse().unwrap(),
            },
            justification: justification.into(),
            at: Instant::parse("2026-06-01T12:00+02:00").unwrap(),
            consultant: None,
            state: ProposalState::Waiting,
        }
    }

    #[test]
    fn an_extension_needs_its_justification() {
        assert_eq!(
            extension("Framgang i praksis; 50 % stilling.").validate(),
            Ok(())
        );
        assert_eq!(extension(" ").validate().unwrap_err().code(), "missing");
        let mut end = extension("");
        end.change = ProposalChange::End {
            end: None,
            reason: None,
            participated: None,
        };
        assert_eq!(end.validate(), Ok(()));
    }

    #[test]
    fn navs_form_limits_hold() {
        let long = |count: usize| extension(&"å".repeat(count)).validate();
        assert_eq!(long(350), Ok(()));
        assert_eq!(long(351).unwrap_err().code(), "text_too_long");
        for bad in ["tab\t", "\u{200b}", "emoji 😀", "{json}"] {
            let error = extension(bad).validate().unwrap_err();
            assert_eq!(error.code(), "bad_character", "{bad:?}");
        }
        let reason = |kind, text: Option<&str>| {
            let text = text.map(str::to_owned);
            EndReason { kind, text }.validate().is_ok()
        };
        assert!(reason(EndReasonKind::Other, Some(&"ø".repeat(40))));
        assert!(!reason(EndReasonKind::Other, Some(&"ø".repeat(41))));
        assert!(!reason(EndReasonKind::Other, None));
        assert!(!reason(EndReasonKind::Other, Some(" ")));
        assert!(reason(EndReasonKind::Ill, None));
        // A diagnosis has no place beside a reason that says enough.
        assert!(!reason(EndReasonKind::Ill, Some("F20")));
    }
}
