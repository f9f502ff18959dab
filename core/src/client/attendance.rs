//! How a participant confirms a visit beside the consultant (J6, DESIGN.md 8): by codes that the two
//! phones show each other, both offline; by a PIN or a drawn signature on the consultant's phone; or
//! later, or not, with a reason. What counts for what is `contract::evidence`'s matter, the codes
//! and keys are `attendance`'s.

use folge_protocol::codec::{Decode, Encode};
use folge_protocol::ids::DocumentId;
use folge_protocol::membership::Role;

use super::Client;
use super::evidence::standing;
use crate::attendance::{
    self, CodeFault, CodeKind, Offer, PIN_COST, is_in_time, is_signed, is_weak_pin,
    matching_secret, pin_secret, read_code, write_code,
};
use crate::document::{CaseView, Record};
use crate::domain::proof::{drawing_hash, pin_hash};
use crate::domain::{
    Confirmation, ConfirmationGrade, Drawing, DrawingProof, Instant, Participation, PinKey,
    PinProof, Proof, RecordId, SignedAnswer, Verdict, VisitAnswer, VisitDigest,
};
use crate::error::Error;
use crate::messages::{Saying, VisitCard};
use crate::store::StoreError;

/// What a participant reads when a PIN was set.
pub const PIN_NOTICE: &str = "Det ble satt en PIN-kode som bekrefter møtene dine. Var det ikke deg, \
     så si fra til kontoret.";

impl From<CodeFault> for Error {
    fn from(fault: CodeFault) -> Self {
        match fault {
            CodeFault::Bad => Self::BadCode,
            CodeFault::NotForThis => Self::CodeNotForThis,
            CodeFault::TooOld => Self::CodeTooOld,
        }
    }
}

/// What came of a participant's code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenAnswer {
    /// The visit.
    pub visit: RecordId,
    /// What the participant said of it.
    pub verdict: Verdict,
    /// The record that holds it.
    pub confirmation: RecordId,
}

/// The PINs of a casefile that are not voided.
pub(super) fn pins(view: &CaseView) -> Vec<&PinKey> {
    standing(view, |record| match record {
        Record::PinKey(key) => Some(key),
        _ => None,
    })
}

impl Client {
    // --- codes from phone to phone ---

    /// The code that shows a visit to its participant, who stands beside and may be offline. The
    /// card goes into the thread too, unless it is there. A code holds [`OFFER_HOURS_MAX`] hours;
    /// nothing is kept for it.
    /// # Errors
    /// As [`Client::show_visit`].
    ///
    /// [`OFFER_HOURS_MAX`]: crate::limits::OFFER_HOURS_MAX
    pub fn offer_visit(&mut self, document: DocumentId, visit: RecordId) -> Result<String, Error> {
        let (thread, card) = self.visit_card(document, visit)?;
        if !self.replica.log()?.may_write(self.device(), thread) {
            return Err(Error::NotAllowed);
        }
        let is_this = |other: &VisitCard| (other.visit, other.digest) == (card.visit, card.digest);
        if !self.is_shown(thread, is_this)? {
            let saying = Saying::Card(card.clone());
            self.replica
                .atomically(|replica| replica.say(thread, saying))?;
        }
        let at = self.now();
        let identity = self.identity();
        let own = &identity.device;
        let challenge = attendance::challenge(own.seed(), thread, card.visit, card.digest, at);
        let offer = Offer {
            workspace: identity.workspace,
            thread,
            card,
            device: own.id(),
            at,
            challenge,
        };
        let signed = offer.shortened().sign(own.sign());
        Ok(write_code(CodeKind::Offer, &signed.to_bytes()))
    }

    /// Reads a consultant's code on the participant's phone, without answering. Only what a device
    /// of staff that writes in the own thread signed is taken; who that is, this phone knows as of
    /// its last sync.
    /// # Errors
    /// [`Error::BadCode`], [`Error::CodeNotForThis`], [`Error::CodeTooOld`]; [`Error::NotAllowed`]
    /// for staff.
    pub fn read_offer(&mut self, code: &str) -> Result<Offer, Error> {
        if self.replica.role() != Some(Role::Participant) {
            return Err(Error::NotAllowed);
        }
        let (workspace, now) = (self.identity().workspace, self.now());
        let threads = self.own_threads()?;
        let log = self.replica.log()?;
        Ok(attendance::read_offer(code, workspace, &threads, log, now)?)
    }

    /// Answers what a consultant's code showed: the answer goes into the own thread, with what was
    /// shown, and is delivered when there is coverage. Gives the code to show back at once.
    /// # Errors
    /// As [`Client::read_offer`] and [`Client::confirm`].
    pub fn answer_offer(&mut self, offer: &Offer, verdict: Verdict) -> Result<String, Error> {
        if self.replica.role() != Some(Role::Participant) {
            return Err(Error::NotAllowed);
        }
        let card = offer.card.clone();
        let thread = offer.thread;
        let said = Saying::Confirmed {
            visit: card.visit,
            digest: card.digest,
            verdict: verdict.clone(),
        };
        said.check_words()?;
        self.check_in_time(offer.at)?;
        let is_shown = self.is_shown(thread, |other| card.is_same_visit(other))?;
        let message = self.replica.atomically(|replica| {
            // What this phone was shown stands before what it says of it.
            if !is_shown {
                replica.say(thread, Saying::Card(card))?;
            }
            replica.say(thread, said)
        })?;
        let (at, own) = (self.now(), &self.identity().device);
        Ok(attendance::write_answer(
            offer,
            verdict,
            message,
            at,
            own.id(),
            own.sign(),
        ))
    }

    /// Takes the participant's code on the phone that showed theirs, and records it with its
    /// signature. Read twice it is recorded once. Where the facts were changed since they were
    /// shown, it is recorded all the same, and is seen to be of earlier ones.
    /// # Errors
    /// [`Error::BadCode`], [`Error::CodeTooOld`]; [`Error::CodeNotForThis`] where it answers another
    /// phone's code or is not from the participant's device; as [`Client::record`].
    pub fn take_answer(&mut self, document: DocumentId, code: &str) -> Result<TakenAnswer, Error> {
        let participation = self.writable(document)?;
        let bytes = read_code(CodeKind::Answer, code).ok_or(Error::BadCode)?;
        let signed = SignedAnswer::from_bytes(&bytes).map_err(|_| Error::BadCode)?;
        self.check_answer(&signed, &participation)?;
        let answer = &signed.answer;
        self.held_visit(document, answer.visit)?;
        let taken = |confirmation| TakenAnswer {
            visit: answer.visit,
            verdict: answer.verdict.clone(),
            confirmation,
        };
        if let Some(known) = self.taken_before(document, answer)? {
            return Ok(taken(known));
        }
        let confirmation = Confirmation {
            id: self.new_record_id(),
            visit: answer.visit,
            digest: answer.digest,
            grade: ConfirmationGrade::OwnDevice,
            at: answer.at,
            reason: String::new(),
            proof: Some(Proof::Answer(Box::new(signed.clone()))),
        };
        let id = confirmation.id;
        self.record(document, Record::Confirmation(confirmation))?;
        Ok(taken(id))
    }

    /// Whether an answer is to a code that this device showed, and of the participant's device.
    fn check_answer(
        &self,
        signed: &SignedAnswer,
        participation: &Participation,
    ) -> Result<(), Error> {
        let answer = &signed.answer;
        let identity = self.identity();
        let own = attendance::challenge(
            identity.device.seed(),
            answer.thread,
            answer.visit,
            answer.digest,
            answer.offered_at,
        );
        let device = self
            .replica
            .log()?
            .active_device(answer.device)
            .filter(|device| Some(device.person) == participation.participant)
            .ok_or(Error::CodeNotForThis)?;
        if answer.workspace != identity.workspace
            || Some(answer.thread) != participation.thread
            || answer.offered_by != identity.device.id()
            || answer.challenge != own
        {
            return Err(Error::CodeNotForThis);
        }
        if !is_signed(signed, &device.verifier) {
            return Err(Error::BadCode);
        }
        self.check_in_time(answer.offered_at)
    }

    /// The record of an answer that was taken already.
    fn taken_before(
        &mut self,
        document: DocumentId,
        answer: &VisitAnswer,
    ) -> Result<Option<RecordId>, Error> {
        let view = self.replica.load_view(document)?;
        let known = standing(view, |record| match record {
            Record::Confirmation(confirmation) => Some(confirmation),
            _ => None,
        });
        let is_same = |confirmation: &&&Confirmation| matches!(&confirmation.proof, Some(Proof::Answer(signed)) if signed.answer == *answer);
        Ok(known.iter().find(is_same).map(|known| known.id))
    }

    // --- a PIN ---

    /// Sets the participant's PIN, or another one: the participant types it. Only a key that it
    /// gives is kept; what an earlier one confirmed stays. The thread tells the participant of it.
    /// # Errors
    /// [`Error::WeakPin`]; as [`Client::record`].
    pub fn set_pin(&mut self, document: DocumentId, pin: &str) -> Result<(), Error> {
        let participation = self.writable(document)?;
        if is_weak_pin(pin, participation.born) {
            return Err(Error::WeakPin);
        }
        let salt = self.replica.env().random();
        let secret = pin_secret(document, pin, &salt, PIN_COST);
        // The cost is this program's own.
        let secret = secret.ok_or(StoreError::BadCost)?;
        let last = self.newest_pin(document)?.map(|key| key.at);
        // Clocks of two phones differ: a new PIN is later than the one that it replaces.
        let after = last.map_or(i64::MIN, |last| last.0.saturating_add(1));
        let key = PinKey {
            id: self.new_record_id(),
            at: Instant(self.now().0.max(after)),
            salt,
            memory_kib: PIN_COST.memory_kib,
            passes: PIN_COST.passes,
            public: *secret.public().as_bytes(),
        };
        self.record(document, Record::PinKey(key))?;
        self.replica.store().forget_pins(document);
        // The participant is told, so that a PIN which somebody else set does not stay unseen.
        if let Some(thread) = participation.thread
            && self.replica.log()?.may_write(self.device(), thread)
        {
            let notice = Saying::Notice(PIN_NOTICE.to_owned());
            self.replica
                .atomically(|replica| replica.say(thread, notice))?;
        }
        Ok(())
    }

    /// Whether the participant has a PIN.
    /// # Errors
    /// [`Error::UnknownDocument`], [`Error::Store`].
    pub fn has_pin(&mut self, document: DocumentId) -> Result<bool, Error> {
        self.facts(document)?;
        Ok(self.newest_pin(document)?.is_some())
    }

    /// Confirms a visit as it stands by the participant's PIN, which the participant types. Gives
    /// the record's name. Wrong PINs are counted, and from the fifth on make the next one wait.
    /// # Errors
    /// [`Error::NoPin`], [`Error::WrongPin`], [`Error::TooManyPins`]; as [`Client::show_visit`] and
    /// [`Client::record`].
    pub fn confirm_by_pin(
        &mut self,
        document: DocumentId,
        visit: RecordId,
        pin: &str,
    ) -> Result<RecordId, Error> {
        let digest = self.facts_to_confirm(document, visit)?;
        let key = self.newest_pin(document)?.ok_or(Error::NoPin)?;
        let now = self.replica.now();
        self.replica
            .store()
            .count_pin(document, now)
            .map_err(|error| match error {
                StoreError::TooManyAttempts { wait_ms } => Error::TooManyPins { wait_ms },
                other => other.into(),
            })?;
        let secret = matching_secret(document, pin, &key).ok_or(Error::WrongPin)?;
        self.replica.store().forget_pins(document);
        // Another phone's clock may have set the PIN ahead of this one's.
        let at = Instant(now.wall_ms).max(key.at);
        let signature = secret.sign(&pin_hash(document, visit, digest, at));
        let proof = Proof::Pin(PinProof {
            key: key.id,
            signature,
        });
        let confirmation = Confirmation {
            id: self.new_record_id(),
            visit,
            digest,
            grade: ConfirmationGrade::Pin,
            at,
            reason: String::new(),
            proof: Some(proof),
        };
        self.confirmed_as(document, confirmation)
    }

    fn newest_pin(&mut self, document: DocumentId) -> Result<Option<PinKey>, Error> {
        let view = self.replica.load_view(document)?;
        let newest = pins(view).into_iter().max_by_key(|key| (key.at, key.id));
        Ok(newest.cloned())
    }

    // --- a drawn signature, later, none ---

    /// Confirms a visit as it stands by a signature that the participant draws. Gives the record's
    /// name.
    /// # Errors
    /// As [`Client::show_visit`] and [`Client::record`].
    pub fn confirm_by_drawing(
        &mut self,
        document: DocumentId,
        visit: RecordId,
        drawing: Drawing,
    ) -> Result<RecordId, Error> {
        let digest = self.facts_to_confirm(document, visit)?;
        let at = self.now();
        let own = &self.identity().device;
        let hash = drawing_hash(document, visit, digest, at, &drawing);
        let proof = Proof::Drawing(Box::new(DrawingProof {
            device: own.id(),
            signature: own.sign().sign(&hash),
            drawing,
        }));
        let confirmation = Confirmation {
            id: self.new_record_id(),
            visit,
            digest,
            grade: ConfirmationGrade::Drawn,
            at,
            reason: String::new(),
            proof: Some(proof),
        };
        self.confirmed_as(document, confirmation)
    }

    /// Records that a visit was confirmed later, such as on paper, and how.
    /// # Errors
    /// Where the words are missing; as [`Client::show_visit`] and [`Client::record`].
    pub fn confirm_later(
        &mut self,
        document: DocumentId,
        visit: RecordId,
        reason: String,
    ) -> Result<RecordId, Error> {
        self.without_proof(document, visit, ConfirmationGrade::Later, reason)
    }

    /// Records that a visit cannot be confirmed, and why. It carries no claim.
    /// # Errors
    /// As [`Client::confirm_later`].
    pub fn cannot_confirm(
        &mut self,
        document: DocumentId,
        visit: RecordId,
        reason: String,
    ) -> Result<RecordId, Error> {
        self.without_proof(document, visit, ConfirmationGrade::None, reason)
    }

    fn without_proof(
        &mut self,
        document: DocumentId,
        visit: RecordId,
        grade: ConfirmationGrade,
        reason: String,
    ) -> Result<RecordId, Error> {
        let digest = self.facts_to_confirm(document, visit)?;
        let confirmation = Confirmation {
            id: self.new_record_id(),
            visit,
            digest,
            grade,
            at: self.now(),
            reason,
            proof: None,
        };
        self.confirmed_as(document, confirmation)
    }

    // --- what they share ---

    fn confirmed_as(
        &mut self,
        document: DocumentId,
        confirmation: Confirmation,
    ) -> Result<RecordId, Error> {
        let id = confirmation.id;
        self.record(document, Record::Confirmation(confirmation))?;
        Ok(id)
    }

    /// Now, by this device's clock.
    #[must_use]
    pub fn now(&self) -> Instant {
        Instant(self.replica.now().wall_ms)
    }

    /// The participation, where this device may write its casefile.
    fn writable(&mut self, document: DocumentId) -> Result<Participation, Error> {
        let participation = self.facts(document)?;
        if self.replica.log()?.may_write(self.device(), document) {
            Ok(participation)
        } else {
            Err(Error::NotAllowed)
        }
    }

    /// The digest of a visit's facts as they stand, where it can be confirmed here.
    fn facts_to_confirm(
        &mut self,
        document: DocumentId,
        visit: RecordId,
    ) -> Result<VisitDigest, Error> {
        self.writable(document)?;
        self.held_visit(document, visit)
            .map(|visit| VisitDigest::of(&visit))
    }

    fn check_in_time(&self, offered: Instant) -> Result<(), Error> {
        if is_in_time(offered, self.now()) {
            Ok(())
        } else {
            Err(Error::CodeTooOld)
        }
    }
}
