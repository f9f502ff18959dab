//! Why a document refuses a command or bytes.

use folge_protocol::ids::DeviceId;

use super::{ChangeHash, RecordRef};
use crate::domain::{DomainError, Language};

/// Why a document refuses a command or bytes. Carries no content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// The value cannot be recorded.
    #[error(transparent)]
    Domain(#[from] DomainError),
    /// The document was written by a newer version of the app.
    #[error(
        "written by a newer version (schema {found}, known {known}): update the app to change it"
    )]
    NewerSchema {
        /// The document's schema version.
        found: u64,
        /// The newest that this program knows.
        known: u64,
    },
    /// The bytes or the command belong to another kind of document.
    #[error("this belongs to another kind of document")]
    WrongKind,
    /// The document has nothing in it yet: its first change has not arrived.
    #[error("the document has not arrived yet: wait for the next sync")]
    Empty,
    /// The record exists already.
    #[error("the record exists already: amend it instead")]
    Exists,
    /// There is no such record.
    #[error("there is no such record")]
    UnknownRecord,
    /// The record is voided.
    #[error("the record is voided: record a new one instead")]
    Voided,
    /// The processing of the participation is restricted (GDPR art. 18).
    #[error("the processing is restricted, so nothing can be changed: lift the restriction first")]
    Restricted,
    /// A void without a reason.
    #[error("a reason is needed")]
    ReasonMissing,
    /// The command would change nothing.
    #[error("nothing is different")]
    Unchanged,
    /// The field has two values that were written at the same time.
    #[error("a field has two values from two devices: settle that first")]
    InConflict {
        /// The record.
        record: RecordRef,
        /// The field's key.
        field: String,
    },
    /// The field is in no conflict, or the chosen value is none of those in conflict.
    #[error("the value is none of those in conflict: look at the record again")]
    NotInConflict,
    /// The batch has a version that this program does not know.
    #[error("batch version {0} is not known here: update the app")]
    UnknownBatchVersion(u8),
    /// The bytes are no valid batch, change or snapshot.
    #[error("the data is damaged: {0}")]
    Damaged(&'static str),
    /// A part is over its limit.
    #[error("a part of the data is larger than its limit: {0}")]
    TooLarge(&'static str),
    /// The rebuilt changes are not those that the manifest names.
    #[error("the changes are not those that the manifest names")]
    ManifestMismatch,
    /// A change was made by another device than the one that sent it.
    #[error("a change names another device than its sender {author}")]
    ForeignActor {
        /// The device that sent the batch.
        author: DeviceId,
    },
    /// Changes that these stand on have not arrived. Nothing was applied; try again later.
    #[error("{} changes that these stand on have not arrived yet", .0.len())]
    MissingDependencies(Vec<ChangeHash>),
    /// A change does what no program of ours does, such as deleting a record.
    #[error("a change does what is not allowed in a document: {0}")]
    Forbidden(&'static str),
    /// The device has no such change.
    #[error("this document has no such change")]
    UnknownChange,
    /// The CRDT library failed.
    #[error("the document library failed: {0}")]
    Library(&'static str),
}

impl DocumentError {
    /// A stable code that shells and tests can act on.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Domain(error) => error.code(),
            Self::NewerSchema { .. } => "newer_schema",
            Self::WrongKind => "wrong_kind",
            Self::Empty => "not_arrived",
            Self::Exists => "exists",
            Self::UnknownRecord => "unknown_record",
            Self::Voided => "voided",
            Self::Restricted => "restricted",
            Self::ReasonMissing => "reason_missing",
            Self::Unchanged => "unchanged",
            Self::InConflict { .. } => "in_conflict",
            Self::NotInConflict => "not_in_conflict",
            Self::UnknownBatchVersion(_) => "unknown_batch_version",
            Self::Damaged(_) => "damaged",
            Self::TooLarge(_) => "too_large",
            Self::ManifestMismatch => "manifest_mismatch",
            Self::ForeignActor { .. } => "foreign_actor",
            Self::MissingDependencies(_) => "missing_dependencies",
            Self::Forbidden(_) => "forbidden",
            Self::UnknownChange => "unknown_change",
            Self::Library(_) => "library",
        }
    }

    /// What the user is told: what is wrong and what to do.
    #[must_use]
    pub fn user_text(&self, language: Language) -> String {
        if let Self::Domain(error) = self {
            return error.user_text(language);
        }
        if language == Language::English {
            return self.to_string();
        }
        match self {
            Self::Domain(_) => String::new(),
            Self::NewerSchema { .. } => {
                "Skrevet med en nyere versjon av appen. Oppdater appen for å endre.".into()
            }
            Self::WrongKind => "Dette hører til en annen slags mappe.".into(),
            Self::Empty => "Mappen har ikke kommet ennå. Vent til neste synkronisering.".into(),
            Self::Exists => "Oppføringen finnes allerede. Endre den i stedet.".into(),
            Self::UnknownRecord => "Oppføringen finnes ikke.".into(),
            Self::Voided => "Oppføringen er annullert. Lag en ny i stedet.".into(),
            Self::Restricted => {
                "Behandlingen av opplysningene er begrenset, så ingenting kan endres. \
                                 Opphev begrensningen først."
                    .into()
            }
            Self::ReasonMissing => "Skriv en begrunnelse.".into(),
            Self::Unchanged => "Ingenting er endret.".into(),
            Self::InConflict { .. } => {
                "Et felt har to verdier fra to enheter. Velg først hvilken som gjelder.".into()
            }
            Self::NotInConflict => {
                "Verdien er ikke en av dem som står mot hverandre. Se på oppføringen igjen.".into()
            }
            Self::UnknownBatchVersion(_) => {
                "Data fra en nyere versjon av appen. Oppdater appen.".into()
            }
            Self::MissingDependencies(_) => {
                "Noe som dette bygger på, har ikke kommet ennå. Det prøves igjen.".into()
            }
            _ => {
                "Mottatte data kan ikke leses. De er lagt til side, og ingenting er endret.".into()
            }
        }
    }
}
