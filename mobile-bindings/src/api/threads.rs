//! The thread that is shared with one participant.

use folge_core::messages::Saying;

use crate::api::members::{invitation_of, valid_ms};
use crate::app::Folge;
use crate::error::FolgeError;
use crate::shape::{Given, Shown};
use crate::types::{
    Invitation, ParticipationId, RecordName, RequestLine, RequestState, Right, ThreadId, ThreadLine,
};

#[uniffi::export]
impl Folge {
    /// Invites a participation's participant: the link lets their device into their thread alone.
    /// Invited anew, the participant keeps the thread.
    pub async fn invite_participant(
        &self,
        participation: ParticipationId,
        valid_hours: i32,
    ) -> Result<Invitation, FolgeError> {
        self.write(move |client| {
            let link = client.invite_participant(participation.given()?, valid_ms(valid_hours)?)?;
            invitation_of(&link)
        })
        .await
    }

    /// The threads of this device's participant. For a participant's app: one.
    pub async fn own_threads(&self) -> Result<Vec<ThreadId>, FolgeError> {
        self.read(|client| Ok(Shown::shown(client.own_threads()?)))
            .await
    }

    /// A thread's lines, in the order in which they came here. Staff finds the thread on the
    /// participation.
    pub async fn thread(&self, thread: ThreadId) -> Result<Vec<ThreadLine>, FolgeError> {
        self.read(|client| Ok(Shown::shown(client.thread(thread.given()?)?)))
            .await
    }

    /// Either side writes into a thread.
    pub async fn comment(&self, thread: ThreadId, text: String) -> Result<RecordName, FolgeError> {
        self.say(thread, Saying::Comment(text)).await
    }

    /// Staff tells the participant something.
    pub async fn notify_participant(
        &self,
        thread: ThreadId,
        text: String,
    ) -> Result<RecordName, FolgeError> {
        self.say(thread, Saying::Notice(text)).await
    }

    /// The participant asks for a right: to see, correct, delete.
    pub async fn request_right(
        &self,
        thread: ThreadId,
        right: Right,
        text: String,
    ) -> Result<RecordName, FolgeError> {
        let right = right.given()?;
        self.say(thread, Saying::Request { right, text }).await
    }

    /// Staff says how far a request has come.
    pub async fn answer_request(
        &self,
        thread: ThreadId,
        request: RecordName,
        state: RequestState,
        text: String,
    ) -> Result<RecordName, FolgeError> {
        let (to, state) = (request.given()?, state.given()?);
        self.say(thread, Saying::Answer { to, state, text }).await
    }

    /// Participants' requests in everything that this device can read, the open ones first.
    pub async fn requests(&self) -> Result<Vec<RequestLine>, FolgeError> {
        self.read(|client| Ok(Shown::shown(client.requests()?)))
            .await
    }
}

impl Folge {
    async fn say(&self, thread: ThreadId, saying: Saying) -> Result<RecordName, FolgeError> {
        self.write(|client| Ok(Shown::shown(client.say_in(thread.given()?, saying)?)))
            .await
    }
}
