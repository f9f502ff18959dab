//! What is sent to NAV about a participation.

use std::time::SystemTime;

use folge_core::domain as core;

use super::{Day, RecordName, StaffName};
use crate::error::FolgeError;
use crate::shape::{Given, Shown, choice, record};

choice! {
    /// Why a participation ended, as a provider may choose (sluttårsak).
    EndReasonKind = core::EndReasonKind {
        /// Got a job (fått jobb).
        FoundWork,
        /// Ill (syk).
        Ill,
        /// Needs other help and support (trenger annen hjelp og støtte).
        NeedsOtherSupport,
        /// Does not come (møter ikke opp).
        DidNotCome,
        /// Education (utdanning).
        Education,
        /// Another, in own words (annet).
        Other,
    }
}

record! {
    both
    /// Why a participation ended.
    EndReason = core::EndReason {
        /// Which.
        kind: EndReasonKind,
        /// In own words; with `Other` only, and then always.
        #[uniffi(default = None)]
        text: Option<String>,
    }
}

choice! {
    /// What NAV is told.
    NoticeKind = core::NoticeKind {
        /// No free capacity.
        NoCapacity,
        /// Absence without a valid reason.
        Absence,
        /// The participant stops under way.
        Quit,
        /// The need is above the average over time.
        HoursAboveAverage,
        /// The measure is clearly unsuitable.
        Unsuitable,
        /// Attendance was refused for safety.
        SafetyRefusal,
        /// Start.
        Start,
        /// Extension.
        Extension,
        /// End.
        End,
        /// A request or complaint of the participant about the data.
        DataRequest,
        /// An authority asked for data.
        AuthorityRequest,
        /// Anything else.
        Other,
    }
}

choice! {
    /// How NAV was told.
    NoticeChannel = core::NoticeChannel {
        /// In NAV's Deltakeroversikt.
        Deltakeroversikt,
        /// By telephone.
        Phone,
        /// By e-mail, pseudonymised.
        Mail,
        /// By letter.
        Letter,
    }
}

record! {
    both
    /// Something that NAV was told.
    Notice = core::Notice {
        /// Its name.
        id: RecordName,
        /// What about.
        kind: NoticeKind,
        /// When it was sent.
        at: SystemTime,
        /// How.
        channel: NoticeChannel,
        /// To whom, where not the adviser of the participation.
        #[uniffi(default = None)]
        recipient: Option<String>,
        /// The record that it is about, such as the visit that the participant did not come to.
        #[uniffi(default = None)]
        about: Option<RecordName>,
        /// Who sent it.
        #[uniffi(default = None)]
        consultant: Option<StaffName>,
        /// What was said.
        #[uniffi(default = "")]
        text: String,
    }
}

/// What a proposal (forslag) asks NAV to change.
#[derive(Clone, PartialEq, uniffi::Enum)]
#[uniffi::export(Debug)]
pub enum ProposalChange {
    /// Extend until a day (forleng deltakelse). Needs a justification.
    Extend {
        /// The new last day.
        end: Day,
    },
    /// End (avslutt deltakelse).
    End {
        /// The last day.
        end: Option<Day>,
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
        start: Day,
        /// The last day.
        end: Option<Day>,
    },
    /// Another last day.
    EndDate {
        /// The last day.
        end: Day,
    },
    /// Another reason for the end.
    Reason {
        /// Why.
        reason: EndReason,
    },
    /// No first day any more.
    RemoveStart,
}

impl std::fmt::Debug for ProposalChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ProposalChange(..)")
    }
}

impl Shown<core::ProposalChange> for ProposalChange {
    fn shown(core: core::ProposalChange) -> Self {
        use core::ProposalChange as Core;
        match core {
            Core::Extend { end } => Self::Extend {
                end: Shown::shown(end),
            },
            Core::End {
                end,
                reason,
                participated,
            } => Self::End {
                end: Shown::shown(end),
                reason: Shown::shown(reason),
                participated,
            },
            Core::NotRelevant { reason } => Self::NotRelevant {
                reason: Shown::shown(reason),
            },
            Core::StartDate { start, end } => Self::StartDate {
                start: Shown::shown(start),
                end: Shown::shown(end),
            },
            Core::EndDate { end } => Self::EndDate {
                end: Shown::shown(end),
            },
            Core::EndReason { reason } => Self::Reason {
                reason: Shown::shown(reason),
            },
            Core::RemoveStart => Self::RemoveStart,
        }
    }
}

impl Given<core::ProposalChange> for ProposalChange {
    fn given(self) -> Result<core::ProposalChange, FolgeError> {
        use core::ProposalChange as Core;
        Ok(match self {
            Self::Extend { end } => Core::Extend { end: end.given()? },
            Self::End {
                end,
                reason,
                participated,
            } => Core::End {
                end: end.given()?,
                reason: reason.given()?,
                participated,
            },
            Self::NotRelevant { reason } => Core::NotRelevant {
                reason: reason.given()?,
            },
            Self::StartDate { start, end } => Core::StartDate {
                start: start.given()?,
                end: end.given()?,
            },
            Self::EndDate { end } => Core::EndDate { end: end.given()? },
            Self::Reason { reason } => Core::EndReason {
                reason: reason.given()?,
            },
            Self::RemoveStart => Core::RemoveStart,
        })
    }
}

/// What became of a proposal.
#[derive(Clone, PartialEq, uniffi::Enum)]
#[uniffi::export(Debug)]
pub enum ProposalState {
    /// NAV has not answered (venter på svar).
    Waiting,
    /// Approved (godkjent).
    Approved {
        /// By whom.
        by: String,
        /// When.
        on: Day,
    },
    /// Rejected (avvist).
    Rejected {
        /// By whom.
        by: String,
        /// When.
        on: Day,
        /// NAV's reason.
        reason: String,
    },
    /// Called back by the provider (tilbakekalt).
    Withdrawn {
        /// When.
        on: Day,
    },
    /// Replaced by another (erstattet).
    Replaced {
        /// The other.
        by: RecordName,
        /// When.
        on: Day,
    },
}

impl std::fmt::Debug for ProposalState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ProposalState(..)")
    }
}

impl Shown<core::ProposalState> for ProposalState {
    fn shown(core: core::ProposalState) -> Self {
        use core::ProposalState as Core;
        match core {
            Core::Waiting => Self::Waiting,
            Core::Approved { by, on } => Self::Approved {
                by,
                on: Shown::shown(on),
            },
            Core::Rejected { by, on, reason } => Self::Rejected {
                by,
                on: Shown::shown(on),
                reason,
            },
            Core::Withdrawn { on } => Self::Withdrawn {
                on: Shown::shown(on),
            },
            Core::Replaced { by, on } => Self::Replaced {
                by: Shown::shown(by),
                on: Shown::shown(on),
            },
        }
    }
}

impl Given<core::ProposalState> for ProposalState {
    fn given(self) -> Result<core::ProposalState, FolgeError> {
        use core::ProposalState as Core;
        Ok(match self {
            Self::Waiting => Core::Waiting,
            Self::Approved { by, on } => Core::Approved {
                by,
                on: on.given()?,
            },
            Self::Rejected { by, on, reason } => Core::Rejected {
                by,
                on: on.given()?,
                reason,
            },
            Self::Withdrawn { on } => Core::Withdrawn { on: on.given()? },
            Self::Replaced { by, on } => Core::Replaced {
                by: by.given()?,
                on: on.given()?,
            },
        })
    }
}

record! {
    both
    /// A proposal (forslag) to NAV.
    Proposal = core::Proposal {
        /// Its name.
        id: RecordName,
        /// What is to change.
        change: ProposalChange,
        /// Why (begrunnelse).
        justification: String,
        /// When it was made.
        at: SystemTime,
        /// Who made it.
        #[uniffi(default = None)]
        consultant: Option<StaffName>,
        /// What became of it.
        state: ProposalState,
    }
}
