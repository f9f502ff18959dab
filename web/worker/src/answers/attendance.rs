//! That visits took place, as their participants say.

use folge_core::Error;
use folge_core::client::Client;
use folge_core::document::DocumentError;
use folge_core::domain::{Drawing, RecordId, Verdict};
use folge_core::limits::INVITATION_MILLISECONDS;
use folge_core::rights::code_words;
use folge_protocol::ids::DocumentId;
use folge_web_calls::{
    Answer, Code, ConfirmByDrawing, ConfirmByPin, ConfirmOtherwise, Confirming, Failure,
    GetConfirming, Invitation, InviteParticipant, OfferVisit, Said, SetParticipantPin, ShowVisit,
    TakeAnswer, Words,
};

use super::day::{Met, Proofs, proven};
use super::office::invitation;
use super::{document, qr};
use crate::desk::Desk;
use crate::failure::own;
use crate::names::both;

fn met(client: &mut Client, about: DocumentId, visit: RecordId) -> Result<Met, Error> {
    let page = client.participation(about)?;
    let name = folge_core::document::CaseFilter::default();
    let name = client
        .office_list(&name)
        .into_iter()
        .find(|line| line.participation == about)
        .and_then(|line| line.name);
    let reference = folge_core::document::RecordRef::Visit(visit);
    match page
        .records
        .get(&reference)
        .map(|detail| &detail.row.record)
    {
        Some(folge_core::document::Record::Visit(visit)) => Ok(Met {
            document: about,
            name,
            visit: visit.clone(),
        }),
        _ => Err(DocumentError::UnknownRecord.into()),
    }
}

impl Answer<GetConfirming> for Desk {
    fn answer(&mut self, call: GetConfirming) -> Result<Confirming, Failure> {
        self.read_with_names(|client, names| {
            let about = document(call.case);
            let met = met(client, about, call.visit)?;
            let evidence = client.evidence_for_lists(about)?.remove(&call.visit);
            let proven = proven(&met.visit, evidence.as_ref());
            let grade = evidence
                .as_ref()
                .map_or("none", |evidence| evidence.grade.code());
            let weakness = evidence.as_ref().and_then(|evidence| evidence.weakness);
            Ok(Confirming {
                line: met.line(client, names, &mut Proofs::new())?,
                invited: client.has_participant(about)?,
                has_pin: client.has_pin(about)?,
                grade: code_words(grade).map_or_else(|| Words::of(|_| grade), both),
                weakness: weakness.map(|weakness| Words::of(|language| weakness.text(language))),
                reason: evidence.and_then(|evidence| evidence.reason),
                proven,
            })
        })
    }
}

impl Answer<ShowVisit> for Desk {
    fn answer(&mut self, call: ShowVisit) -> Result<(), Failure> {
        self.write(|client| client.show_visit(document(call.case), call.visit).map(drop))
    }
}

impl Answer<OfferVisit> for Desk {
    fn answer(&mut self, call: OfferVisit) -> Result<Code, Failure> {
        let text = self.write(|client| client.offer_visit(document(call.case), call.visit))?;
        Ok(Code {
            qr: qr(&text)?,
            text,
        })
    }
}

impl Answer<TakeAnswer> for Desk {
    fn answer(&mut self, call: TakeAnswer) -> Result<Said, Failure> {
        let taken = self.write(|client| client.take_answer(document(call.case), &call.code))?;
        if taken.visit != call.visit {
            return Err(own(
                "answer_of_other_visit",
                "Koden er svaret på et annet møte, og er lagret der. Be om koden for dette møtet.",
                "The code answers another visit, and is saved there. Ask for the code of this visit.",
            ));
        }
        Ok(match taken.verdict {
            Verdict::Yes => Said::Yes,
            Verdict::No => Said::No,
            Verdict::Wrong(words) => Said::Wrong(words),
        })
    }
}

impl Answer<SetParticipantPin> for Desk {
    fn answer(&mut self, call: SetParticipantPin) -> Result<(), Failure> {
        self.write(|client| client.set_pin(document(call.case), &call.pin))
    }
}

impl Answer<ConfirmByPin> for Desk {
    fn answer(&mut self, call: ConfirmByPin) -> Result<(), Failure> {
        self.write(|client| {
            let about = document(call.case);
            client
                .confirm_by_pin(about, call.visit, &call.pin)
                .map(drop)
        })
    }
}

impl Answer<ConfirmByDrawing> for Desk {
    fn answer(&mut self, call: ConfirmByDrawing) -> Result<(), Failure> {
        self.write(|client| {
            let drawing = Drawing::new(call.strokes).map_err(DocumentError::from)?;
            let about = document(call.case);
            client
                .confirm_by_drawing(about, call.visit, drawing)
                .map(drop)
        })
    }
}

impl Answer<ConfirmOtherwise> for Desk {
    fn answer(&mut self, call: ConfirmOtherwise) -> Result<(), Failure> {
        self.write(|client| {
            let about = document(call.case);
            if call.later {
                client
                    .confirm_later(about, call.visit, call.reason)
                    .map(drop)
            } else {
                client
                    .cannot_confirm(about, call.visit, call.reason)
                    .map(drop)
            }
        })
    }
}

impl Answer<InviteParticipant> for Desk {
    fn answer(&mut self, call: InviteParticipant) -> Result<Invitation, Failure> {
        let made = self.write(|client| {
            let link = client.invite_participant(document(call.case), INVITATION_MILLISECONDS)?;
            Ok((link, client.now()))
        })?;
        invitation(made)
    }
}
