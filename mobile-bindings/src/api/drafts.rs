//! What was typed and is not recorded yet.

use crate::app::Folge;
use crate::error::FolgeError;
use crate::shape::{Given, Shown};
use crate::types::{Draft, ParticipationId};

#[uniffi::export]
impl Folge {
    /// Keeps what was typed and is not recorded yet, sealed, on this device alone: the lock, a crash
    /// or a reboot loses none of it. One of that name is written anew. Observers are not told.
    pub async fn put_draft(
        &self,
        name: String,
        participation: Option<ParticipationId>,
        content: String,
    ) -> Result<(), FolgeError> {
        self.keep(move |client| {
            let participation: Option<_> = participation.given()?;
            Ok(client.put_draft(&name, participation, content.as_bytes())?)
        })
        .await
    }

    /// What was begun, the newest first.
    pub async fn drafts(&self) -> Result<Vec<Draft>, FolgeError> {
        self.read(|client| Ok(Shown::shown(client.drafts()?))).await
    }

    /// Removes a draft: it is recorded, or not wanted.
    pub async fn drop_draft(&self, name: String) -> Result<(), FolgeError> {
        self.keep(move |client| Ok(client.drop_draft(&name)?)).await
    }
}
