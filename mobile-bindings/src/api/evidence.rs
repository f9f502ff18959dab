//! That visits took place, as their participants say.

use folge_core::document::DocumentError;
use folge_core::domain::Drawing;

use crate::app::Folge;
use crate::error::FolgeError;
use crate::shape::{Given, Shown};
use crate::types::{
    AuditException, Day, Evidence, FactsDigest, ParticipationId, Point, RecordName, TakenAnswer,
    ThreadId, Verdict, VisitOffer,
};

#[uniffi::export]
impl Folge {
    /// Shows a visit to its participant, to be confirmed on an own device. Gives the message's
    /// name. A visit whose facts were changed is shown anew.
    pub async fn show_visit(
        &self,
        participation: ParticipationId,
        visit: RecordName,
    ) -> Result<RecordName, FolgeError> {
        self.write(|client| {
            let shown = client.show_visit(participation.given()?, visit.given()?)?;
            Ok(Shown::shown(shown))
        })
        .await
    }

    /// The participant's answer to a visit that was shown in a thread: the last one for each visit
    /// counts.
    pub async fn confirm(
        &self,
        thread: ThreadId,
        visit: RecordName,
        digest: FactsDigest,
        verdict: Verdict,
    ) -> Result<RecordName, FolgeError> {
        self.write(|client| {
            let (thread, visit) = (thread.given()?, visit.given()?);
            let said = client.confirm(thread, visit, digest.given()?, verdict.given()?)?;
            Ok(Shown::shown(said))
        })
        .await
    }

    /// The code that shows a visit to its participant, who stands beside and may be offline: a text
    /// for `qrCodeSvg`. It holds for a day.
    pub async fn offer_visit(
        &self,
        participation: ParticipationId,
        visit: RecordName,
    ) -> Result<String, FolgeError> {
        self.write(|client| Ok(client.offer_visit(participation.given()?, visit.given()?)?))
            .await
    }

    /// Reads a consultant's code on the participant's phone, without answering.
    pub async fn read_offer(&self, code: String) -> Result<VisitOffer, FolgeError> {
        self.read(move |client| Ok(Shown::shown(client.read_offer(&code)?)))
            .await
    }

    /// Answers what a consultant's code showed. Gives the code to show back; the answer is also
    /// delivered by the next sync, so nobody has to read it.
    pub async fn answer_offer(
        &self,
        offer_code: String,
        verdict: Verdict,
    ) -> Result<String, FolgeError> {
        self.write(move |client| {
            let offer = client.read_offer(&offer_code)?;
            Ok(client.answer_offer(&offer, verdict.given()?)?)
        })
        .await
    }

    /// Takes the participant's code on the phone that showed theirs, and records it with its
    /// signature. Read twice it is recorded once.
    pub async fn take_answer(
        &self,
        participation: ParticipationId,
        code: String,
    ) -> Result<TakenAnswer, FolgeError> {
        self.write(move |client| {
            Ok(Shown::shown(
                client.take_answer(participation.given()?, &code)?,
            ))
        })
        .await
    }

    /// The participant types a PIN of six to twelve digits, on the consultant's phone, with which
    /// they confirm meetings there. They are told of it in their thread.
    pub async fn set_pin(
        &self,
        participation: ParticipationId,
        pin: String,
    ) -> Result<(), FolgeError> {
        self.write(move |client| Ok(client.set_pin(participation.given()?, &pin)?))
            .await
    }

    /// Whether the participant has a PIN.
    pub async fn has_pin(&self, participation: ParticipationId) -> Result<bool, FolgeError> {
        self.read(|client| Ok(client.has_pin(participation.given()?)?))
            .await
    }

    /// Confirms a visit as it stands by the participant's PIN. Wrong ones make the next one wait.
    pub async fn confirm_by_pin(
        &self,
        participation: ParticipationId,
        visit: RecordName,
        pin: String,
    ) -> Result<RecordName, FolgeError> {
        self.write(move |client| {
            let (document, visit) = (participation.given()?, visit.given()?);
            Ok(Shown::shown(client.confirm_by_pin(document, visit, &pin)?))
        })
        .await
    }

    /// Confirms a visit as it stands by a signature that the participant draws: strokes of points.
    /// The shape alone is kept, no time and no pressure.
    pub async fn confirm_by_drawing(
        &self,
        participation: ParticipationId,
        visit: RecordName,
        strokes: Vec<Vec<Point>>,
    ) -> Result<RecordName, FolgeError> {
        self.write(|client| {
            let drawing = Drawing::new(strokes.given()?).map_err(DocumentError::from);
            let drawing = drawing.map_err(folge_core::Error::from)?;
            let (document, visit) = (participation.given()?, visit.given()?);
            let confirmed = client.confirm_by_drawing(document, visit, drawing)?;
            Ok(Shown::shown(confirmed))
        })
        .await
    }

    /// Records that a visit was confirmed later, such as on paper, and how.
    pub async fn confirm_later(
        &self,
        participation: ParticipationId,
        visit: RecordName,
        reason: String,
    ) -> Result<RecordName, FolgeError> {
        self.write(|client| {
            let (document, visit) = (participation.given()?, visit.given()?);
            Ok(Shown::shown(client.confirm_later(document, visit, reason)?))
        })
        .await
    }

    /// Records that a visit cannot be confirmed, and why. It carries no claim.
    pub async fn cannot_confirm(
        &self,
        participation: ParticipationId,
        visit: RecordName,
        reason: String,
    ) -> Result<RecordName, FolgeError> {
        self.write(|client| {
            let (document, visit) = (participation.given()?, visit.given()?);
            let said = client.cannot_confirm(document, visit, reason)?;
            Ok(Shown::shown(said))
        })
        .await
    }

    /// What each visit's hours stand on. It counts as an opening of the participation.
    pub async fn evidence(
        &self,
        participation: ParticipationId,
    ) -> Result<Vec<Evidence>, FolgeError> {
        self.read(|client| {
            let found = client.evidence(participation.given()?)?;
            Ok(found.into_values().map(Shown::shown).collect())
        })
        .await
    }

    /// The same for a list: without how sure the times are, and it counts as no opening.
    pub async fn evidence_for_lists(
        &self,
        participation: ParticipationId,
    ) -> Result<Vec<Evidence>, FolgeError> {
        self.read(|client| {
            let found = client.evidence_for_lists(participation.given()?)?;
            Ok(found.into_values().map(Shown::shown).collect())
        })
        .await
    }

    /// What an audit would ask about, from one day to another, both included. For an audit: it
    /// reads the history of every participation with a visit there.
    pub async fn exceptions(&self, from: Day, to: Day) -> Result<Vec<AuditException>, FolgeError> {
        self.read(|client| Ok(Shown::shown(client.exceptions(from.given()?, to.given()?)?)))
            .await
    }
}
