//! Whether what a confirmation stands on holds: each reader of a casefile asks for itself, with the
//! membership log, and takes nobody's word for it.

use folge_protocol::crypto::PublicKey;
use folge_protocol::ids::{DeviceId, DocumentId, PersonId, WorkspaceId};
use folge_protocol::membership::{DeviceState, Membership, Role};

use crate::domain::proof::{drawing_hash, pin_hash};
use crate::domain::{Confirmation, DrawingProof, Instant, PinKey, PinProof, Proof, SignedAnswer};
use crate::limits::PIN_REPLACED_HOURS;

const HOUR_MILLISECONDS: i64 = 3_600_000;

/// What a proof is checked against.
#[derive(Debug, Clone, Copy)]
pub struct Ground<'a> {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The casefile.
    pub case: DocumentId,
    /// The participant's thread.
    pub thread: Option<DocumentId>,
    /// The participant.
    pub participant: Option<PersonId>,
    /// The casefile's PINs that are not voided.
    pub pins: &'a [&'a PinKey],
    /// Who is in.
    pub log: &'a Membership,
}

/// Whether a confirmation has the proof that its grade needs, and that proof holds. It may be of
/// facts that were changed since: that is another question.
#[must_use]
pub fn proof_holds(confirmation: &Confirmation, ground: &Ground<'_>) -> bool {
    confirmation.proof_fits()
        && match &confirmation.proof {
            None => true,
            Some(Proof::Answer(signed)) => ground.answer_holds(signed),
            Some(Proof::Pin(pin)) => ground.pin_holds(confirmation, pin),
            Some(Proof::Drawing(drawn)) => ground.drawing_holds(confirmation, drawn),
        }
}

impl Ground<'_> {
    /// A device that was in at a time, by its own word for the time and the log's for the end.
    fn device_at(&self, id: DeviceId, at: Instant) -> Option<&DeviceState> {
        let out = self.log.put_out_at(id);
        let was_out = out.is_some_and(|out| i128::from(out.time_ms) <= i128::from(at.0));
        self.log.devices().get(&id).filter(|_| !was_out)
    }

    fn answer_holds(&self, signed: &SignedAnswer) -> bool {
        let answer = &signed.answer;
        let device = self.device_at(answer.device, answer.at);
        let own = device.filter(|device| Some(device.person) == self.participant);
        answer.workspace == self.workspace
            && Some(answer.thread) == self.thread
            && own.is_some_and(|own| is_signed(signed, &own.verifier))
    }

    fn pin_holds(&self, confirmation: &Confirmation, pin: &PinProof) -> bool {
        let Some(key) = self.pins.iter().find(|key| key.id == pin.key) else {
            return false;
        };
        let Confirmation {
            visit, digest, at, ..
        } = confirmation;
        let hash = pin_hash(self.case, *visit, *digest, *at);
        let public = PublicKey::from_bytes(&key.public);
        self.is_in_force(key, *at)
            && public.is_ok_and(|public| public.verify(&hash, &pin.signature).is_ok())
    }

    /// Whether a PIN counted at a time. One that was replaced counts for a while still: another
    /// phone may not have heard of it.
    fn is_in_force(&self, key: &PinKey, at: Instant) -> bool {
        let later = self.pins.iter().map(|other| other.at);
        let replaced = later.filter(|other| *other > key.at).min();
        let grace = PIN_REPLACED_HOURS * HOUR_MILLISECONDS;
        key.at <= at && replaced.is_none_or(|by| at.0 <= by.0.saturating_add(grace))
    }

    fn drawing_holds(&self, confirmation: &Confirmation, drawn: &DrawingProof) -> bool {
        let Confirmation {
            visit, digest, at, ..
        } = confirmation;
        let staff = self.device_at(drawn.device, *at).filter(|device| {
            let person = self.log.persons().get(&device.person);
            person.is_some_and(|person| person.roles.iter().copied().any(Role::is_staff))
        });
        let hash = drawing_hash(self.case, *visit, *digest, *at, &drawn.drawing);
        staff.is_some_and(|device| device.verifier.verify(&hash, &drawn.signature).is_ok())
    }
}

/// Whether an answer is a device's.
#[must_use]
pub(crate) fn is_signed(signed: &SignedAnswer, key: &PublicKey) -> bool {
    key.verify(&signed.answer.hash(), &signed.signature).is_ok()
}
