//! The records of one participation that the rules work on: those that stand, none voided.

use crate::domain::{ContactAttempt, Employment, Notice, Participation, Proposal, Report, Visit};

/// One participation and its records.
#[derive(Clone)]
pub struct Case<'a> {
    /// The participation.
    pub participation: &'a Participation,
    /// Visits.
    pub visits: Vec<&'a Visit>,
    /// Reports.
    pub reports: Vec<&'a Report>,
    /// Contact attempts.
    pub contacts: Vec<&'a ContactAttempt>,
    /// Work at employers.
    pub employments: Vec<&'a Employment>,
    /// What NAV was told.
    pub notices: Vec<&'a Notice>,
    /// Proposals to NAV.
    pub proposals: Vec<&'a Proposal>,
}

impl std::fmt::Debug for Case<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Case").finish_non_exhaustive()
    }
}

impl<'a> Case<'a> {
    /// A participation without records.
    #[must_use]
    pub const fn new(participation: &'a Participation) -> Self {
        Self {
            participation,
            visits: Vec::new(),
            reports: Vec::new(),
            contacts: Vec::new(),
            employments: Vec::new(),
            notices: Vec::new(),
            proposals: Vec::new(),
        }
    }
}
