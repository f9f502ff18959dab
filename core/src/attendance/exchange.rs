//! The participant's side of an exchange of codes: what a consultant's code shows, and the answer.

use folge_protocol::codec::{Decode, Encode};
use folge_protocol::crypto::SecretKey;
use folge_protocol::ids::{DeviceId, DocumentId, WorkspaceId};
use folge_protocol::membership::{Membership, Role};

use super::{CodeKind, Offer, SignedOffer, is_in_time, read_code, sign_answer, write_code};
use crate::domain::{Instant, RecordId, Verdict, VisitAnswer};

/// Why a code is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeFault {
    /// No code of the kind, mistyped, or not signed by whom it names.
    Bad,
    /// Another participant's, another device's, or another workspace's.
    NotForThis,
    /// Shown too long ago.
    TooOld,
}

/// Reads a consultant's code on the participant's device, which has `threads` at a time. Only what
/// a device of staff that writes in one of them signed is taken; who that is, the log says.
/// # Errors
/// [`CodeFault`].
pub fn read_offer(
    code: &str,
    workspace: WorkspaceId,
    threads: &[DocumentId],
    log: &Membership,
    now: Instant,
) -> Result<Offer, CodeFault> {
    let bytes = read_code(CodeKind::Offer, code).ok_or(CodeFault::Bad)?;
    let signed = SignedOffer::from_bytes(&bytes).map_err(|_| CodeFault::Bad)?;
    let offer = &signed.offer;
    let staff = log.device_role(offer.device).is_some_and(Role::is_staff);
    let device = log
        .active_device(offer.device)
        .filter(|_| staff && log.may_write(offer.device, offer.thread))
        .ok_or(CodeFault::NotForThis)?;
    if offer.workspace != workspace || !threads.contains(&offer.thread) {
        return Err(CodeFault::NotForThis);
    }
    if !signed.is_of(&device.verifier) {
        return Err(CodeFault::Bad);
    }
    if !is_in_time(offer.at, now) {
        return Err(CodeFault::TooOld);
    }
    Ok(signed.offer)
}

/// The code that answers an offer. `message` says the same in the thread; `at` is by the device's
/// clock.
#[must_use]
pub fn write_answer(
    offer: &Offer,
    verdict: Verdict,
    message: RecordId,
    at: Instant,
    device: DeviceId,
    key: &SecretKey,
) -> String {
    let card = &offer.card;
    let answer = VisitAnswer {
        workspace: offer.workspace,
        thread: offer.thread,
        visit: card.visit,
        digest: card.digest,
        start: card.start,
        end: card.end,
        form: card.form,
        verdict,
        challenge: offer.challenge,
        offered_at: offer.at,
        offered_by: offer.device,
        message,
        at,
        device,
    };
    write_code(CodeKind::Answer, &sign_answer(answer, key).to_bytes())
}
