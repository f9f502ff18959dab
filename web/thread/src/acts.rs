//! What a participant does. Each act is in the state when it returns; it is saved once the state is
//! stored, and goes with the next sync.

use folge_core::attendance::{self, Offer};
use folge_core::domain::{Instant, LocalDate, RecordId, Verdict, VisitDigest};
use folge_core::messages::{Message, Right, Saying, Stance, VisitCard};

use crate::error::Error;
use crate::state::{Phase, Thread, Unsealed};
use crate::views::Sender;

/// The name of a message that was just written.
pub type MessageName = RecordId;

/// An answer to a consultant's code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The message in the thread.
    pub message: MessageName,
    /// The code to show back.
    pub code: String,
}

impl Thread {
    fn say(&mut self, saying: Saying) -> Result<MessageName, Error> {
        match self.phase() {
            Phase::PutOut => return Err(Error::PutOut),
            Phase::Erased => return Err(Error::Erased),
            Phase::Joining | Phase::In => {}
        }
        saying.check_words()?;
        if self.state.thread(self.who()).is_none() {
            return Err(Error::NotJoined);
        }
        let made = self.env.now();
        let message = Message {
            id: RecordId(self.env.random()),
            wall_ms: made.wall_ms,
            saying,
        };
        let id = message.id;
        let (seen, _) = self.state.end();
        self.state.unsealed.push(Unsealed {
            made,
            seen,
            message,
        });
        Ok(id)
    }

    /// Takes a message back that was not sealed yet. Says whether it did: what a request has
    /// carried stays said.
    pub fn take_back(&mut self, message: MessageName) -> bool {
        let before = self.state.unsealed.len();
        self.state.unsealed.retain(|one| one.message.id != message);
        self.state.unsealed.len() < before
    }

    fn is_shown(&self, is_this: impl Fn(&VisitCard) -> bool, own_too: bool) -> bool {
        self.lines().iter().any(|line| {
            let counts = line.sender == Sender::Staff || (own_too && line.sender.is_participant());
            counts && matches!(&line.saying, Saying::Card(card) if is_this(card))
        })
    }

    /// Says whether a meeting took place as it was shown; the last answer counts.
    /// # Errors
    /// [`Error::NotShown`]; [`Error::WordsMissing`], [`Error::TooLong`]; where the device is not in.
    pub fn answer(
        &mut self,
        visit: RecordId,
        digest: VisitDigest,
        verdict: Verdict,
    ) -> Result<MessageName, Error> {
        // What only a code showed is answered by its code once more, or here.
        if !self.is_shown(|card| (card.visit, card.digest) == (visit, digest), true) {
            return Err(Error::NotShown);
        }
        self.say(Saying::Confirmed {
            visit,
            digest,
            verdict,
        })
    }

    /// Says something of a report or plan: of the version that a message showed.
    /// # Errors
    /// As [`Thread::answer`].
    pub fn opine(
        &mut self,
        of: MessageName,
        stance: Stance,
        text: String,
    ) -> Result<MessageName, Error> {
        let shown = self.lines().iter().any(|line| {
            line.id == of
                && line.sender == Sender::Staff
                && matches!(line.saying, Saying::Report(_))
        });
        if !shown {
            return Err(Error::NotShown);
        }
        self.say(Saying::Opinion { of, stance, text })
    }

    /// Agrees with a report or plan.
    /// # Errors
    /// As [`Thread::opine`].
    pub fn agree(&mut self, of: MessageName, text: String) -> Result<MessageName, Error> {
        self.opine(of, Stance::Agree, text)
    }

    /// Does not agree with a report or plan.
    /// # Errors
    /// As [`Thread::opine`].
    pub fn disagree(&mut self, of: MessageName, text: String) -> Result<MessageName, Error> {
        self.opine(of, Stance::Disagree, text)
    }

    /// Comments on a report or plan.
    /// # Errors
    /// As [`Thread::opine`].
    pub fn comment(&mut self, of: MessageName, text: String) -> Result<MessageName, Error> {
        self.opine(of, Stance::Comment, text)
    }

    /// Says in advance that the participant cannot come.
    /// # Errors
    /// [`Error::BadDays`]; as [`Thread::answer`].
    pub fn report_absence(
        &mut self,
        from: LocalDate,
        until: LocalDate,
        text: String,
    ) -> Result<MessageName, Error> {
        if until < from {
            return Err(Error::BadDays);
        }
        self.say(Saying::Absent { from, until, text })
    }

    /// Asks for a right.
    /// # Errors
    /// As [`Thread::answer`].
    pub fn request_right(&mut self, right: Right, text: String) -> Result<MessageName, Error> {
        self.say(Saying::Request { right, text })
    }

    /// Writes to staff.
    /// # Errors
    /// As [`Thread::answer`].
    pub fn write(&mut self, text: String) -> Result<MessageName, Error> {
        if text.trim().is_empty() {
            return Err(Error::WordsMissing);
        }
        self.say(Saying::Comment(text))
    }

    // --- codes from phone to phone ---

    /// Reads a consultant's code, without answering. Who is staff, this device knows as of its last
    /// sync.
    /// # Errors
    /// [`Error::BadCode`], [`Error::CodeNotForThis`], [`Error::CodeTooOld`], [`Error::NotJoined`].
    pub fn read_offer(&self, code: &str) -> Result<Offer, Error> {
        let who = self.who();
        let log = self.state.confirmed.as_ref().ok_or(Error::NotJoined)?;
        let threads: Vec<_> = self.state.thread(who).into_iter().collect();
        let now = Instant(self.env.now().wall_ms);
        Ok(attendance::read_offer(
            code,
            who.workspace,
            &threads,
            log,
            now,
        )?)
    }

    /// Answers what a consultant's code showed: the answer goes into the thread, with what was
    /// shown, and is sent when there is coverage. Gives the code to show back at once.
    /// # Errors
    /// As [`Thread::read_offer`] and [`Thread::answer`].
    pub fn answer_offer(&mut self, offer: &Offer, verdict: Verdict) -> Result<Answered, Error> {
        let who = self.who();
        let at = Instant(self.env.now().wall_ms);
        if Some(offer.thread) != self.state.thread(who) {
            return Err(Error::CodeNotForThis);
        }
        if !attendance::is_in_time(offer.at, at) {
            return Err(Error::CodeTooOld);
        }
        let card = &offer.card;
        let said = Saying::Confirmed {
            visit: card.visit,
            digest: card.digest,
            verdict: verdict.clone(),
        };
        said.check_words()?;
        // What this phone was shown stands before what it says of it.
        if !self.is_shown(|other| card.is_same_visit(other), false) {
            self.say(Saying::Card(card.clone()))?;
        }
        let message = self.say(said)?;
        let own = &self.identity.device;
        let code = attendance::write_answer(offer, verdict, message, at, own.id(), own.sign());
        Ok(Answered { message, code })
    }
}
