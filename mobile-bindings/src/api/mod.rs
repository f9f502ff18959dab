//! What an app calls, room by room: each function is the core's, with the app's types.

mod agreements;
mod claims;
mod drafts;
mod erasure;
mod evidence;
mod members;
mod queries;
mod records;
mod reports;
mod rights;
mod threads;
mod timers;
mod words;

pub use agreements::built_in_terms;
pub use words::{field_words, record_words, value_words};

use folge_core::client::Client;

use crate::app::Folge;
use crate::error::FolgeError;
use crate::events::Change;

impl Folge {
    /// Reads something.
    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Client) -> Result<T, FolgeError> + Send + 'static,
    ) -> Result<T, FolgeError> {
        self.worker.ask(|desk| work(desk.client()?)).await
    }

    /// Writes something: it is on disk when this returns, and who observes is told. The user did
    /// it, so the time until the lock begins anew.
    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Client) -> Result<T, FolgeError> + Send + 'static,
    ) -> Result<T, FolgeError> {
        self.act(Some(Change::Recorded), work).await
    }

    /// Keeps something that is nobody's but this app's: it is on disk when this returns, and nobody
    /// is told.
    async fn keep<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Client) -> Result<T, FolgeError> + Send + 'static,
    ) -> Result<T, FolgeError> {
        self.act(None, work).await
    }

    async fn act<T: Send + 'static>(
        &self,
        tells: Option<Change>,
        work: impl FnOnce(&mut Client) -> Result<T, FolgeError> + Send + 'static,
    ) -> Result<T, FolgeError> {
        self.worker
            .act(move |desk| {
                let result = work(desk.client()?)?;
                desk.vault.touch();
                if let Some(change) = tells {
                    desk.tell(change);
                }
                Ok(result)
            })
            .await
    }
}
