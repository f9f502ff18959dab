//! That visits took place, as their participants say.

use folge_core::domain::RecordId;
use serde::{Deserialize, Serialize};

use crate::{CaseId, Proven, QrModules, VisitLine, Words};

/// Asks how a visit can be confirmed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetConfirming {
    /// The participation.
    pub case: CaseId,
    /// The visit.
    pub visit: RecordId,
}

/// How a visit can be confirmed, and how it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirming {
    /// The visit.
    pub line: VisitLine,
    /// Whether the participant has an own page.
    pub invited: bool,
    /// Whether the participant has a PIN.
    pub has_pin: bool,
    /// How strong the confirmation is.
    pub grade: Words,
    /// What is wrong with it, where something is.
    pub weakness: Option<Words>,
    /// In the words of whoever confirmed later, could not, or disputes.
    pub reason: Option<String>,
    /// How it stands.
    pub proven: Proven,
}

/// Shows a visit to its participant, on the participant's own page.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShowVisit {
    /// The participation.
    pub case: CaseId,
    /// The visit.
    pub visit: RecordId,
}

/// Asks for the code that shows a visit to who stands beside.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferVisit {
    /// The participation.
    pub case: CaseId,
    /// The visit.
    pub visit: RecordId,
}

/// A code: as a picture, and as a text to type.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    /// The text.
    pub text: String,
    /// The picture.
    pub qr: QrModules,
}

/// Takes the participant's code.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakeAnswer {
    /// The participation.
    pub case: CaseId,
    /// The visit that is being confirmed.
    pub visit: RecordId,
    /// The code.
    pub code: String,
}

/// What the participant said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Said {
    /// Yes.
    Yes,
    /// No.
    No,
    /// Something is wrong, in own words.
    Wrong(String),
}

/// Sets the participant's PIN, who types it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetParticipantPin {
    /// The participation.
    pub case: CaseId,
    /// The PIN.
    pub pin: String,
}

/// Confirms by the participant's PIN, who types it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfirmByPin {
    /// The participation.
    pub case: CaseId,
    /// The visit.
    pub visit: RecordId,
    /// The PIN.
    pub pin: String,
}

/// Confirms by a signature that the participant draws.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfirmByDrawing {
    /// The participation.
    pub case: CaseId,
    /// The visit.
    pub visit: RecordId,
    /// The strokes: points of the drawing's own units.
    pub strokes: Vec<Vec<(u16, u16)>>,
}

/// Confirms later, or not, with a reason.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfirmOtherwise {
    /// The participation.
    pub case: CaseId,
    /// The visit.
    pub visit: RecordId,
    /// Whether it was confirmed later, such as on paper; otherwise it cannot be.
    pub later: bool,
    /// How, or why not.
    pub reason: String,
}

/// Invites the participant to an own page.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InviteParticipant {
    /// The participation.
    pub case: CaseId,
}
