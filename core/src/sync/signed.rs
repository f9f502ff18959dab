//! Whether devices signed what is given out as theirs: asked once of each envelope, and of many
//! at once where somebody can answer that sooner (see [`SignatureChecker`]).
//!
//! Not here: what becomes of an envelope that its device did not sign.
//!
//! [`SignatureChecker`]: crate::env::SignatureChecker

use std::cell::OnceCell;

use folge_protocol::envelope::Envelope;

use super::replica::Replica;
use crate::env::SignatureCheck;

/// An envelope, and whether the device that it names signed it, as soon as that was asked.
pub(super) struct Claimed<'a> {
    pub(super) envelope: &'a Envelope,
    genuine: OnceCell<bool>,
}

impl<'a> Claimed<'a> {
    pub(super) fn new(envelope: &'a Envelope) -> Self {
        let genuine = OnceCell::new();
        Self { envelope, genuine }
    }
}

impl Replica {
    /// Whether the device that an envelope names is in the log, and signed it. The log must not
    /// change between the first question and the last: nothing that takes envelopes changes it.
    pub(super) fn is_genuine(&self, claimed: &Claimed<'_>) -> bool {
        *claimed
            .genuine
            .get_or_init(|| self.verifies(claimed.envelope))
    }

    /// The same of one that is asked about once.
    pub(super) fn verifies(&self, envelope: &Envelope) -> bool {
        self.check_of(envelope).is_some_and(|check| check.holds())
    }

    /// Finds out about many at once.
    pub(super) fn check_all<'a>(&self, claimed: impl IntoIterator<Item = &'a Claimed<'a>>) {
        let (claimed, checks): (Vec<_>, Vec<_>) = claimed
            .into_iter()
            .filter_map(|claimed| Some((claimed, self.check_of(claimed.envelope)?)))
            .unzip();
        for (claimed, held) in claimed.into_iter().zip(self.env.check(&checks)) {
            // Asked before: then the answer is the same.
            let _ = claimed.genuine.set(held);
        }
    }

    fn check_of<'a>(&'a self, envelope: &'a Envelope) -> Option<SignatureCheck<'a>> {
        let author = self
            .confirmed
            .as_ref()?
            .devices()
            .get(&envelope.header.device)?;
        Some(SignatureCheck {
            key: &author.verifier,
            envelope,
        })
    }
}
