//! The code that a consultant shows: a visit as its participant sees it, signed by the consultant's
//! device, with a challenge that only that device can make.
//!
//! No state is kept for it: the challenge derives from the device's secret and what is shown, so the
//! program may be started anew between showing and reading the answer.

use std::fmt;

use folge_protocol::codec::{Decode, DecodeError, Encode, Reader, Writer};
use folge_protocol::crypto::{PublicKey, SecretKey, Tag, tagged_hash};
use folge_protocol::ids::{DeviceId, DocumentId, Hash, WorkspaceId};

use crate::domain::{Instant, RecordId, VisitDigest};
use crate::keys::{Key32, derive};
use crate::limits::{OFFER_HOURS_MAX, OFFER_TEXT_BYTES_MAX};
use crate::messages::VisitCard;

const OFFER_VERSION: u8 = 1;
const HOUR_MILLISECONDS: i64 = 3_600_000;

/// A visit as a consultant's code shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Offer {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The participant's thread.
    pub thread: DocumentId,
    /// What is shown. Names are cut to [`OFFER_TEXT_BYTES_MAX`].
    pub card: VisitCard,
    /// The consultant's device.
    pub device: DeviceId,
    /// When it is shown, by that device's clock.
    pub at: Instant,
    /// What the answer must hold.
    pub challenge: [u8; 16],
}

impl fmt::Debug for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Offer(..)")
    }
}

/// An offer with the signature of the consultant's device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedOffer {
    /// The offer.
    pub offer: Offer,
    /// The device's signature.
    pub signature: [u8; 64],
}

/// What an answer to an offer must hold: only the device with this secret can make it.
#[must_use]
pub fn challenge(
    secret: &Key32,
    thread: DocumentId,
    visit: RecordId,
    digest: VisitDigest,
    at: Instant,
) -> [u8; 16] {
    let at = at.0.to_be_bytes();
    let context: [&[u8]; 4] = [&thread.0, &visit.0, &digest.0, &at];
    let whole = derive(secret, "folge visit challenge v1", &context);
    let mut challenge = [0; 16];
    challenge.copy_from_slice(&whole.expose()[..16]);
    challenge
}

/// Whether an offer of one time may be taken at another. Clocks of two phones differ: one that seems
/// to be from later is taken as long as one from before.
#[must_use]
pub fn is_in_time(offered: Instant, now: Instant) -> bool {
    offered.0.abs_diff(now.0) <= u64::from(OFFER_HOURS_MAX) * HOUR_MILLISECONDS.unsigned_abs()
}

/// A text's beginning, in as many bytes as an offer has room for.
pub(super) fn cut(text: &str, bytes_max: usize) -> String {
    const MORE: &str = "…";
    if text.len() <= bytes_max {
        return text.to_owned();
    }
    let mut end = bytes_max.saturating_sub(MORE.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{MORE}", &text[..end])
}

impl Offer {
    /// Shortens the names, so that the code stays small.
    #[must_use]
    pub fn shortened(mut self) -> Self {
        for text in [&mut self.card.consultant, &mut self.card.place] {
            *text = cut(text, OFFER_TEXT_BYTES_MAX);
        }
        self
    }

    /// Signs it for the consultant's device.
    #[must_use]
    pub fn sign(self, key: &SecretKey) -> SignedOffer {
        let signature = key.sign(&self.hash());
        let offer = self;
        SignedOffer { offer, signature }
    }

    fn hash(&self) -> Hash {
        let mut out = Writer::new();
        self.encode(&mut out);
        tagged_hash(Tag::Offer, &[&out.finish()])
    }
}

impl SignedOffer {
    /// Whether it is a device's.
    #[must_use]
    pub fn is_of(&self, key: &PublicKey) -> bool {
        key.verify(&self.offer.hash(), &self.signature).is_ok()
    }
}

impl Encode for Offer {
    fn encode(&self, out: &mut Writer) {
        out.u8(OFFER_VERSION);
        self.workspace.encode(out);
        self.thread.encode(out);
        out.raw(&self.card.visit.0);
        out.raw(&self.card.digest.0);
        out.raw(&self.card.start.0.to_be_bytes());
        out.raw(&self.card.end.0.to_be_bytes());
        self.card.form.encode(out);
        out.bytes(self.card.consultant.as_bytes());
        out.bytes(self.card.place.as_bytes());
        self.device.encode(out);
        out.raw(&self.at.0.to_be_bytes());
        out.raw(&self.challenge);
    }
}

fn instant(input: &mut Reader<'_>) -> Result<Instant, DecodeError> {
    Ok(Instant(i64::from_be_bytes(input.array()?)))
}

fn text(input: &mut Reader<'_>) -> Result<String, DecodeError> {
    let bytes = input.bytes(OFFER_TEXT_BYTES_MAX)?.to_vec();
    String::from_utf8(bytes).map_err(|_| DecodeError::Invalid)
}

impl Decode for Offer {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match input.u8()? {
            OFFER_VERSION => {}
            other => return Err(DecodeError::UnknownVersion(other)),
        }
        Ok(Self {
            workspace: Decode::decode(input)?,
            thread: Decode::decode(input)?,
            card: VisitCard {
                visit: RecordId(input.array()?),
                digest: VisitDigest(input.array()?),
                start: instant(input)?,
                end: instant(input)?,
                form: Decode::decode(input)?,
                consultant: text(input)?,
                place: text(input)?,
            },
            device: Decode::decode(input)?,
            at: instant(input)?,
            challenge: input.array()?,
        })
    }
}

impl Encode for SignedOffer {
    fn encode(&self, out: &mut Writer) {
        self.offer.encode(out);
        out.raw(&self.signature);
    }
}

impl Decode for SignedOffer {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            offer: Decode::decode(input)?,
            signature: input.array()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{CodeKind, sign_answer, write_code};
    use super::*;
    use crate::domain::{MeetingForm, Verdict, VisitAnswer};
    use crate::qr::Qr;

    /// Modules from edge to edge, the margin included, that a phone's screen shows well.
    const MODULES_MAX: i32 = 97;

    fn offer() -> Offer {
        Offer {
            workspace: WorkspaceId([1; 16]),
            thread: DocumentId([2; 16]),
            card: VisitCard {
                visit: RecordId([3; 16]),
                digest: VisitDigest([4; 32]),
                start: Instant(1_772_434_800_000),
                end: Instant(1_772_438_400_000),
                form: MeetingForm::InPerson,
                consultant: "Kari Li".into(),
                place: "Lager AS".into(),
            },
            device: DeviceId([5; 16]),
            at: Instant(1_772_438_500_000),
            challenge: [6; 16],
        }
    }

    #[test]
    fn an_offer_survives_its_bytes_and_each_part_is_signed() {
        let key = SecretKey::from_seed(&[7; 32]);
        let signed = offer().sign(&key);
        assert!(signed.is_of(&key.public()));
        assert!(!signed.is_of(&SecretKey::from_seed(&[8; 32]).public()));
        let bytes = signed.to_bytes();
        assert_eq!(SignedOffer::from_bytes(&bytes).as_ref(), Ok(&signed));
        for place in 0..bytes.len() {
            let mut other = bytes.clone();
            other[place] ^= 1;
            let read = SignedOffer::from_bytes(&other);
            assert!(
                read.is_err() || !read.unwrap().is_of(&key.public()),
                "{place}"
            );
            assert!(SignedOffer::from_bytes(&bytes[..place]).is_err());
        }
        assert_eq!(format!("{:?}", signed.offer), "Offer(..)");
    }

    #[test]
    fn the_largest_codes_can_be_read_from_a_phone() {
        let mut large = offer();
        large.card.consultant = "Ø".repeat(300);
        large.card.place = "x".repeat(300);
        let large = large.shortened();
        assert!(large.card.consultant.ends_with("Ø…") && large.card.place.ends_with("x…"));
        let key = SecretKey::from_seed(&[7; 32]);
        let offer = large.clone().sign(&key).to_bytes();
        let answer = sign_answer(
            VisitAnswer {
                workspace: large.workspace,
                thread: large.thread,
                visit: large.card.visit,
                digest: large.card.digest,
                start: large.card.start,
                end: large.card.end,
                form: large.card.form,
                verdict: Verdict::Wrong("æ".repeat(9_000)),
                challenge: large.challenge,
                offered_at: large.at,
                offered_by: large.device,
                message: RecordId([9; 16]),
                at: large.at,
                device: DeviceId([10; 16]),
            },
            &key,
        )
        .to_bytes();
        for (kind, bytes, bytes_max) in [
            (CodeKind::Offer, offer, 360),
            (CodeKind::Answer, answer, 440),
        ] {
            assert!(bytes.len() <= bytes_max, "{kind:?}: {} bytes", bytes.len());
            let qr = Qr::new(&write_code(kind, &bytes)).unwrap();
            assert!(qr.size() <= MODULES_MAX, "{kind:?}: {} modules", qr.size());
        }
    }

    #[test]
    fn a_challenge_is_of_one_device_visit_and_moment() {
        let secret = Key32::new([1; 32]);
        let (thread, visit, digest) =
            (DocumentId([1; 16]), RecordId([2; 16]), VisitDigest([3; 32]));
        let at = Instant(5);
        let own = challenge(&secret, thread, visit, digest, at);
        assert_eq!(own, challenge(&secret, thread, visit, digest, at));
        for other in [
            challenge(&Key32::new([2; 32]), thread, visit, digest, at),
            challenge(&secret, DocumentId([9; 16]), visit, digest, at),
            challenge(&secret, thread, RecordId([9; 16]), digest, at),
            challenge(&secret, thread, visit, VisitDigest([9; 32]), at),
            challenge(&secret, thread, visit, digest, Instant(6)),
        ] {
            assert_ne!(own, other);
        }
    }

    #[test]
    fn an_offer_holds_a_day() {
        let day = 24 * HOUR_MILLISECONDS;
        let now = Instant(1_772_438_500_000);
        for (apart, in_time) in [(0, true), (day, true), (day + 1, false), (i64::MAX, false)] {
            let before = Instant(now.0.saturating_sub(apart));
            assert_eq!(is_in_time(before, now), in_time, "{apart}");
            assert_eq!(is_in_time(now, before), in_time, "{apart}");
        }
    }
}
