//! The thread that is shared with one participant.

use folge_core::messages::Saying;

use crate::api::members::{invitation_of, valid_ms};
use crate::app::Folge;
use crate::error::FolgeError;
use crate::shape::{Given, Shown};
use crate::types::{
    Day, Invitation, ParticipationId, RecordName, RequestLine, RequestState, Right, Stance,
    ThreadId, ThreadLine,
};

#[uniffi::export]
impl Folge {
    /// Invites a participation's participant: the link lets their device into their thread alone.
    /// Invited anew, the participant keeps the thread; a link that nobody used lets nobody in any
    /// more, where this device's person made it, or an administrator invites.
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

    /// Shows a recorded report to its participant, as it stands. Shown again without a change it
    /// is the message that showed it before.
    pub async fn share_report(
        &self,
        participation: ParticipationId,
        report: RecordName,
    ) -> Result<RecordName, FolgeError> {
        self.write(move |client| {
            let (document, report) = (participation.given()?, report.given()?);
            Ok(Shown::shown(client.share_report(document, report)?))
        })
        .await
    }

    /// Shows a recorded plan to its participant, as it stands.
    pub async fn share_plan(
        &self,
        participation: ParticipationId,
        plan: RecordName,
    ) -> Result<RecordName, FolgeError> {
        self.write(move |client| {
            let (document, plan) = (participation.given()?, plan.given()?);
            Ok(Shown::shown(client.share_plan(document, plan)?))
        })
        .await
    }

    /// The participant agrees with a report or plan that was shown, or not, or comments on it.
    pub async fn give_opinion(
        &self,
        thread: ThreadId,
        message: RecordName,
        stance: Stance,
        text: String,
    ) -> Result<RecordName, FolgeError> {
        let (of, stance) = (message.given()?, stance.given()?);
        self.say(thread, Saying::Opinion { of, stance, text }).await
    }

    /// The participant says in advance that they cannot come.
    pub async fn report_absence(
        &self,
        thread: ThreadId,
        from: Day,
        until: Day,
        text: String,
    ) -> Result<RecordName, FolgeError> {
        let (from, until) = (from.given()?, until.given()?);
        self.say(thread, Saying::Absent { from, until, text }).await
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
