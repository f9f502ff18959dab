//! That a visit took place, as its participant says (J6, DESIGN.md 8).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{DomainError, Field, Instant, Proof, RecordId, Visit, check_text, limits};

codes! {
    /// How strong a confirmation is, strongest first (DESIGN.md 8).
    ConfirmationGrade {
        /// From the participant's own device.
        OwnDevice = "own_device",
        /// A PIN that the participant knows, on the consultant's phone.
        Pin = "pin",
        /// A signature drawn on the consultant's phone.
        Drawn = "drawn",
        /// Confirmed later, such as on paper.
        Later = "later",
        /// None, with a reason.
        None = "none",
    }
}

/// What a participant says of a visit that was shown on their own device (DESIGN.md 8).
#[derive(Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It took place as shown.
    Yes,
    /// It did not take place.
    No,
    /// It took place, but something shown is wrong; what, in own words.
    Wrong(String),
}

impl fmt::Debug for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Yes => "Yes",
            Self::No => "No",
            Self::Wrong(_) => "Wrong(..)",
        })
    }
}

/// What a participant confirms: the digest of a visit's facts. Another text for each participant,
/// since the participation stands in the visit's id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct VisitDigest(pub [u8; 32]);

impl fmt::Display for VisitDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for VisitDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VisitDigest({self})")
    }
}

impl FromStr for VisitDigest {
    type Err = DomainError;
    fn from_str(text: &str) -> Result<Self, DomainError> {
        let unreadable = DomainError::Unreadable {
            field: Field::Digest,
        };
        let mut digest = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return Err(unreadable);
        }
        for (byte, place) in digest.iter_mut().zip((0..64).step_by(2)) {
            *byte = u8::from_str_radix(&text[place..place + 2], 16).map_err(|_| unreadable)?;
        }
        Ok(Self(digest))
    }
}

impl VisitDigest {
    /// The digest of the facts that a participant can know: id, times, form, with whom, which
    /// consultants, at which employer, what came of it. Notes and activities are the consultant's
    /// and may be written later; travel is not what a participant sees.
    #[must_use]
    pub fn of(visit: &Visit) -> Self {
        let mut hash = Sha256::new();
        let mut part = |bytes: &[u8]| {
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        };
        part(b"folge visit 1");
        part(&visit.id.0);
        part(&visit.start.0.to_be_bytes());
        part(&visit.end.0.to_be_bytes());
        part(visit.form.code().as_bytes());
        part(visit.with.code().as_bytes());
        part(visit.outcome.code().as_bytes());
        let employer = visit.employer.as_ref();
        part(employer.map_or("", |key| key.as_str()).as_bytes());
        let mut consultants: Vec<_> = visit.consultants.iter().map(|key| key.as_str()).collect();
        consultants.sort_unstable();
        for consultant in consultants {
            part(consultant.as_bytes());
        }
        Self(hash.finalize().into())
    }
}

/// A confirmation that was taken on the consultant's phone, or why there is none. What the
/// participant's own device says comes through the thread too; a code that was read from it stands
/// here.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// Its id.
    pub id: RecordId,
    /// The visit.
    pub visit: RecordId,
    /// The facts that were confirmed; a later change of them voids it visibly.
    pub digest: VisitDigest,
    /// How strong it is.
    pub grade: ConfirmationGrade,
    /// When.
    pub at: Instant,
    /// Why there is none, or how it was confirmed later.
    pub reason: String,
    /// What it stands on; none where it was confirmed later, or not.
    pub proof: Option<Proof>,
}

impl fmt::Debug for Confirmation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Confirmation")
            .field("id", &self.id)
            .field("grade", &self.grade)
            .finish_non_exhaustive()
    }
}

impl Confirmation {
    /// Checks that everything can be recorded.
    /// # Errors
    /// The first thing wrong.
    pub fn validate(&self) -> Result<(), DomainError> {
        self.at.checked(Field::Time)?;
        let needs_reason = matches!(
            self.grade,
            ConfirmationGrade::Later | ConfirmationGrade::None
        );
        if needs_reason && self.reason.trim().is_empty() {
            return Err(DomainError::Missing {
                field: Field::Reason,
            });
        }
        if !self.proof_fits() {
            return Err(DomainError::ProofUnfit);
        }
        check_text(Field::Reason, &self.reason, limits::REASON_CHARS_MAX)
    }

    /// Whether it has the proof that its grade needs, and no other. Whether that proof holds is not
    /// asked here: it takes the membership log.
    #[must_use]
    pub fn proof_fits(&self) -> bool {
        match (self.grade, &self.proof) {
            (ConfirmationGrade::OwnDevice, Some(Proof::Answer(signed))) => {
                let answer = &signed.answer;
                (answer.visit, answer.digest, answer.at) == (self.visit, self.digest, self.at)
            }
            (ConfirmationGrade::Pin, Some(Proof::Pin(_)))
            | (ConfirmationGrade::Drawn, Some(Proof::Drawing(_)))
            | (ConfirmationGrade::Later | ConfirmationGrade::None, None) => true,
            _ => false,
        }
    }
}
