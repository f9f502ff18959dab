//! Drafts: what a person has typed and not recorded yet. They stand in the store, sealed, so that a
//! reload, a crash or the lock loses none, and they leave this device never.

use folge_protocol::codec::{DecodeError, Reader, Writer};
use folge_protocol::ids::DocumentId;

use super::Client;
use crate::document::DocumentError;
use crate::domain::{DomainError, Field};
use crate::error::Error;
use crate::limits::{DRAFT_BYTES_MAX, DRAFTS_MAX};

const VERSION: u8 = 1;
/// The name is the shell's own: which form, and of what.
const NAME_BYTES_MAX: usize = 128;

/// Something begun.
#[derive(Clone, PartialEq, Eq)]
pub struct Draft {
    /// Its name, by which it is written anew and removed.
    pub name: String,
    /// The participation that it is about; it goes with that one.
    pub participation: Option<DocumentId>,
    /// When it was last written, by this device's clock, in milliseconds since 1970 (UTC).
    pub at_ms: i64,
    /// What was typed, in the shell's own form.
    pub content: Vec<u8>,
}

impl std::fmt::Debug for Draft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Draft(..)")
    }
}

fn decode(participation: Option<DocumentId>, bytes: &[u8]) -> Result<Draft, DecodeError> {
    let mut input = Reader::new(bytes);
    match input.u8()? {
        VERSION => {}
        other => return Err(DecodeError::UnknownVersion(other)),
    }
    let at_ms = i64::from_be_bytes(input.array()?);
    let name = input.bytes(NAME_BYTES_MAX)?.to_vec();
    let name = String::from_utf8(name).map_err(|_| DecodeError::Invalid)?;
    let content = input.bytes(DRAFT_BYTES_MAX)?.to_vec();
    input.finish()?;
    Ok(Draft {
        name,
        participation,
        at_ms,
        content,
    })
}

fn too_long(field: Field, max_chars: usize) -> Error {
    DocumentError::from(DomainError::TextTooLong { field, max_chars }).into()
}

impl Client {
    /// Writes a draft; it is on disk when this returns. One of that name is written anew.
    /// # Errors
    /// [`Error::TooManyDrafts`]; where it is too long; [`Error::Store`].
    pub fn put_draft(
        &mut self,
        name: &str,
        participation: Option<DocumentId>,
        content: &[u8],
    ) -> Result<(), Error> {
        if name.len() > NAME_BYTES_MAX {
            return Err(too_long(Field::Name, NAME_BYTES_MAX));
        }
        if content.len() > DRAFT_BYTES_MAX {
            return Err(too_long(Field::Draft, DRAFT_BYTES_MAX));
        }
        let drafts = self.drafts()?;
        if drafts.len() >= DRAFTS_MAX && drafts.iter().all(|draft| draft.name != name) {
            return Err(Error::TooManyDrafts);
        }
        let mut out = Writer::new();
        out.u8(VERSION);
        out.raw(&self.replica.now().wall_ms.to_be_bytes());
        out.bytes(name.as_bytes());
        out.bytes(content);
        let bytes = out.finish();
        let store = self.replica.store();
        Ok(store.transaction(|store| store.put_draft(name, participation, Some(&bytes)))?)
    }

    /// The drafts, the newest first.
    /// # Errors
    /// [`Error::Store`], [`Error::Unreadable`].
    pub fn drafts(&mut self) -> Result<Vec<Draft>, Error> {
        let mut drafts = Vec::new();
        for (participation, bytes) in self.replica.store().drafts()? {
            let draft = decode(participation, &bytes).map_err(|_| Error::Unreadable("draft"))?;
            drafts.push(draft);
        }
        drafts.sort_by_key(|draft| std::cmp::Reverse(draft.at_ms));
        Ok(drafts)
    }

    /// Removes a draft: it is recorded, or not wanted.
    /// # Errors
    /// [`Error::Store`].
    pub fn drop_draft(&mut self, name: &str) -> Result<(), Error> {
        let store = self.replica.store();
        Ok(store.transaction(|store| store.put_draft(name, None, None))?)
    }
}
