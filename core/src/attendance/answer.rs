//! What the participant's device answers.

use folge_protocol::crypto::SecretKey;

use super::offer::cut;
use crate::domain::limits::ANSWER_WORDS_BYTES_MAX;
use crate::domain::{SignedAnswer, Verdict, VisitAnswer};

/// Signs an answer for the participant's device. Long words are cut, so that the code stays small;
/// the thread carries them whole.
#[must_use]
pub fn sign_answer(mut answer: VisitAnswer, key: &SecretKey) -> SignedAnswer {
    if let Verdict::Wrong(words) = &mut answer.verdict {
        *words = cut(words, ANSWER_WORDS_BYTES_MAX);
    }
    let signature = key.sign(&answer.hash());
    SignedAnswer { answer, signature }
}
