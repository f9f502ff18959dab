//! What a confirmation stands on: the participant's signed answer, a PIN's signature, or a drawn
//! signature (DESIGN.md 8). How they are made and checked is `attendance`'s matter.

use std::fmt;
use std::str::FromStr;

use folge_protocol::codec::{Decode, DecodeError, Encode, Reader, Writer};
use folge_protocol::crypto::{Tag, tagged_hash};
use folge_protocol::ids::{DeviceId, DocumentId, Hash, WorkspaceId};
use serde::{Deserialize, Serialize};

use super::{
    DomainError, Drawing, Field, Instant, MeetingForm, RecordId, Verdict, VisitDigest, limits,
};

const ANSWER_VERSION: u8 = 1;

/// What a participant says of a visit that a consultant's code showed.
#[derive(Clone, PartialEq, Eq)]
pub struct VisitAnswer {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The participant's thread.
    pub thread: DocumentId,
    /// The visit.
    pub visit: RecordId,
    /// The digest of its facts.
    pub digest: VisitDigest,
    /// When it began, as it was shown.
    pub start: Instant,
    /// When it ended, as it was shown.
    pub end: Instant,
    /// How it was held, as it was shown.
    pub form: MeetingForm,
    /// What the participant says; words at most [`limits::ANSWER_WORDS_BYTES_MAX`].
    pub verdict: Verdict,
    /// The offer's challenge.
    pub challenge: [u8; 16],
    /// When it was offered, by the consultant's clock.
    pub offered_at: Instant,
    /// The consultant's device.
    pub offered_by: DeviceId,
    /// The message in the thread that says the same.
    pub message: RecordId,
    /// When it was answered, by the participant's clock.
    pub at: Instant,
    /// The participant's device.
    pub device: DeviceId,
}

impl fmt::Debug for VisitAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VisitAnswer(..)")
    }
}

impl VisitAnswer {
    /// What the participant's device signs.
    #[must_use]
    pub fn hash(&self) -> Hash {
        let mut out = Writer::new();
        self.encode(&mut out);
        tagged_hash(Tag::Answer, &[&out.finish()])
    }
}

impl Encode for VisitAnswer {
    fn encode(&self, out: &mut Writer) {
        out.u8(ANSWER_VERSION);
        self.workspace.encode(out);
        self.thread.encode(out);
        out.raw(&self.visit.0);
        out.raw(&self.digest.0);
        out.raw(&self.start.0.to_be_bytes());
        out.raw(&self.end.0.to_be_bytes());
        self.form.encode(out);
        match &self.verdict {
            Verdict::Yes => out.u8(1),
            Verdict::No => out.u8(2),
            Verdict::Wrong(words) => {
                out.u8(3);
                out.bytes(words.as_bytes());
            }
        }
        out.raw(&self.challenge);
        out.raw(&self.offered_at.0.to_be_bytes());
        self.offered_by.encode(out);
        out.raw(&self.message.0);
        out.raw(&self.at.0.to_be_bytes());
        self.device.encode(out);
    }
}

fn words(input: &mut Reader<'_>) -> Result<Verdict, DecodeError> {
    let bytes = input.bytes(limits::ANSWER_WORDS_BYTES_MAX)?.to_vec();
    let words = String::from_utf8(bytes).map_err(|_| DecodeError::Invalid)?;
    Ok(Verdict::Wrong(words))
}

impl Decode for VisitAnswer {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match input.u8()? {
            ANSWER_VERSION => {}
            other => return Err(DecodeError::UnknownVersion(other)),
        }
        let instant = |input: &mut Reader<'_>| Ok(Instant(i64::from_be_bytes(input.array()?)));
        Ok(Self {
            workspace: Decode::decode(input)?,
            thread: Decode::decode(input)?,
            visit: RecordId(input.array()?),
            digest: VisitDigest(input.array()?),
            start: instant(input)?,
            end: instant(input)?,
            form: Decode::decode(input)?,
            verdict: match input.u8()? {
                1 => Verdict::Yes,
                2 => Verdict::No,
                3 => words(input)?,
                other => return Err(DecodeError::UnknownTag(other)),
            },
            challenge: input.array()?,
            offered_at: instant(input)?,
            offered_by: Decode::decode(input)?,
            message: RecordId(input.array()?),
            at: instant(input)?,
            device: Decode::decode(input)?,
        })
    }
}

/// An answer with the signature of the participant's device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedAnswer {
    /// The answer.
    pub answer: VisitAnswer,
    /// The device's signature.
    pub signature: [u8; 64],
}

impl Encode for SignedAnswer {
    fn encode(&self, out: &mut Writer) {
        self.answer.encode(out);
        out.raw(&self.signature);
    }
}

impl Decode for SignedAnswer {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            answer: Decode::decode(input)?,
            signature: input.array()?,
        })
    }
}

/// That the participant typed their PIN: the signature of the key that it gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinProof {
    /// The PIN's key.
    pub key: RecordId,
    /// Its signature.
    pub signature: [u8; 64],
}

/// A drawn signature, bound to what was shown by the device that it was drawn on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrawingProof {
    /// The device.
    pub device: DeviceId,
    /// Its signature over the facts and the drawing.
    pub signature: [u8; 64],
    /// What was drawn.
    pub drawing: Drawing,
}

/// What a confirmation stands on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Proof {
    /// The answer of the participant's own device.
    Answer(Box<SignedAnswer>),
    /// A PIN's signature.
    Pin(PinProof),
    /// A drawn signature.
    Drawing(Box<DrawingProof>),
}

const ANSWER: &str = "answer:";
const PIN: &str = "pin:";
const DRAWING: &str = "drawing:";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads bytes from their one spelling.
pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let byte = |[high, low]: &[u8; 2]| Some(digit(*high)? * 16 + digit(*low)?);
    pairs.iter().map(byte).collect()
}

/// The same of a fixed number.
pub(crate) fn unhex_array<const N: usize>(text: &str) -> Option<[u8; N]> {
    unhex(text)?.try_into().ok()
}

/// How it stands in documents: `answer:` and the bytes; `pin:`, the key and the signature;
/// `drawing:`, the device, the signature and the strokes.
impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer(signed) => write!(f, "{ANSWER}{}", hex(&signed.to_bytes())),
            Self::Pin(pin) => write!(f, "{PIN}{}:{}", pin.key, hex(&pin.signature)),
            Self::Drawing(drawn) => {
                let signature = hex(&drawn.signature);
                write!(f, "{DRAWING}{}:{signature}:{}", drawn.device, drawn.drawing)
            }
        }
    }
}

fn read(text: &str) -> Option<Proof> {
    if let Some(bytes) = text.strip_prefix(ANSWER) {
        let answer = SignedAnswer::from_bytes(&unhex(bytes)?).ok()?;
        return Some(Proof::Answer(Box::new(answer)));
    }
    if let Some(pin) = text.strip_prefix(PIN) {
        let (key, signature) = pin.split_once(':')?;
        return Some(Proof::Pin(PinProof {
            key: key.parse().ok()?,
            signature: unhex_array(signature)?,
        }));
    }
    let (device, rest) = text.strip_prefix(DRAWING)?.split_once(':')?;
    let (signature, drawing) = rest.split_once(':')?;
    Some(Proof::Drawing(Box::new(DrawingProof {
        device: DeviceId(unhex_array(device)?),
        signature: unhex_array(signature)?,
        drawing: drawing.parse().ok()?,
    })))
}

impl FromStr for Proof {
    type Err = DomainError;
    fn from_str(text: &str) -> Result<Self, DomainError> {
        read(text).ok_or(DomainError::Unreadable {
            field: Field::Proof,
        })
    }
}

impl From<Proof> for String {
    fn from(proof: Proof) -> Self {
        proof.to_string()
    }
}

impl TryFrom<String> for Proof {
    type Error = DomainError;
    fn try_from(text: String) -> Result<Self, DomainError> {
        text.parse()
    }
}

/// What a PIN's key signs: the facts as they stood, and when.
#[must_use]
pub fn pin_hash(of: DocumentId, visit: RecordId, digest: VisitDigest, at: Instant) -> Hash {
    let at = at.0.to_be_bytes();
    tagged_hash(Tag::Pin, &[&of.0, &visit.0, &digest.0, &at])
}

/// What the device signs that a signature was drawn on: the facts as they were shown, when, and the
/// drawing.
#[must_use]
pub fn drawing_hash(
    of: DocumentId,
    visit: RecordId,
    digest: VisitDigest,
    at: Instant,
    drawing: &Drawing,
) -> Hash {
    let at = at.0.to_be_bytes();
    let drawing = drawing.to_string();
    let parts: [&[u8]; 5] = [&of.0, &visit.0, &digest.0, &at, drawing.as_bytes()];
    tagged_hash(Tag::Drawing, &parts)
}

/// What stands of a participant's PIN in the casefile: enough to check a PIN that is typed, and not
/// the PIN. One that is set anew is a new record; what the earlier ones signed stays.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinKey {
    /// Its id.
    pub id: RecordId,
    /// From when it counts.
    pub at: Instant,
    /// What is mixed into the PIN. Random.
    pub salt: [u8; 16],
    /// Argon2id's memory, in KiB.
    pub memory_kib: u32,
    /// Argon2id's passes.
    pub passes: u32,
    /// The public key that the PIN gives.
    pub public: [u8; 32],
}

impl fmt::Debug for PinKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PinKey")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl PinKey {
    /// Checks that everything can be recorded.
    /// # Errors
    /// The first thing wrong.
    pub fn validate(&self) -> Result<(), DomainError> {
        self.at.checked(Field::Time)?;
        let memory = limits::PIN_MEMORY_KIB_MIN..=limits::PIN_MEMORY_KIB_MAX;
        let passes = limits::PIN_PASSES_MIN..=limits::PIN_PASSES_MAX;
        if memory.contains(&self.memory_kib) && passes.contains(&self.passes) {
            Ok(())
        } else {
            Err(DomainError::Unreadable {
                field: Field::PinCost,
            })
        }
    }

    /// The salt as it stands in documents.
    #[must_use]
    pub fn salt_text(&self) -> String {
        hex(&self.salt)
    }

    /// The public key as it stands in documents.
    #[must_use]
    pub fn public_text(&self) -> String {
        hex(&self.public)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(verdict: Verdict) -> VisitAnswer {
        VisitAnswer {
            workspace: WorkspaceId([1; 16]),
            thread: DocumentId([2; 16]),
            visit: RecordId([3; 16]),
            digest: VisitDigest([4; 32]),
            start: Instant(1_772_434_800_000),
            end: Instant(1_772_438_400_000),
            form: MeetingForm::Video,
            verdict,
            challenge: [5; 16],
            offered_at: Instant(1_772_438_500_000),
            offered_by: DeviceId([6; 16]),
            message: RecordId([7; 16]),
            at: Instant(1_772_438_600_000),
            device: DeviceId([8; 16]),
        }
    }

    fn proofs() -> Vec<Proof> {
        let signature = [0xab; 64];
        let verdicts = [
            Verdict::Yes,
            Verdict::No,
            Verdict::Wrong("Det var en time".into()),
        ];
        let mut proofs: Vec<Proof> = verdicts
            .map(|verdict| {
                let answer = answer(verdict);
                Proof::Answer(Box::new(SignedAnswer { answer, signature }))
            })
            .to_vec();
        proofs.push(Proof::Pin(PinProof {
            key: RecordId([9; 16]),
            signature,
        }));
        proofs.push(Proof::Drawing(Box::new(DrawingProof {
            device: DeviceId([6; 16]),
            signature,
            drawing: Drawing::new(vec![vec![(0, 0), (500, 300)]]).unwrap(),
        })));
        proofs
    }

    #[test]
    fn a_proof_has_one_spelling_and_no_cut_one_is_read() {
        for proof in proofs() {
            let text = proof.to_string();
            assert_eq!(text.parse(), Ok(proof));
            assert!(text.to_uppercase().parse::<Proof>().is_err());
            assert!(format!("{text}0").parse::<Proof>().is_err());
            let cut = |n: usize| text[..n].parse::<Proof>();
            // A drawing that is cut may be a shorter one; the signature tells.
            let whole = text
                .split_once("M0 0")
                .map_or(text.len(), |(head, _)| head.len());
            assert!((0..whole).all(|n| cut(n).is_err()), "{text}");
        }
    }

    #[test]
    fn no_proof_prints_what_it_holds() {
        for proof in proofs() {
            let debug = format!("{proof:?}");
            assert!(
                !debug.contains("time\"") && !debug.contains("500"),
                "{debug}"
            );
        }
    }

    #[test]
    fn what_is_signed_differs_with_each_part() {
        let of = DocumentId([1; 16]);
        let (visit, digest, at) = (RecordId([2; 16]), VisitDigest([3; 32]), Instant(4));
        let drawing = Drawing::new(vec![vec![(0, 0), (500, 300)]]).unwrap();
        let hashes = [
            pin_hash(of, visit, digest, at),
            pin_hash(DocumentId([9; 16]), visit, digest, at),
            pin_hash(of, RecordId([9; 16]), digest, at),
            pin_hash(of, visit, VisitDigest([9; 32]), at),
            pin_hash(of, visit, digest, Instant(9)),
            drawing_hash(of, visit, digest, at, &drawing),
        ];
        let different: std::collections::BTreeSet<_> = hashes.iter().map(|hash| hash.0).collect();
        assert_eq!(different.len(), hashes.len());
    }

    #[test]
    fn a_pin_that_costs_nothing_or_too_much_is_refused() {
        let key = PinKey {
            id: RecordId([1; 16]),
            at: Instant(1_772_438_600_000),
            salt: [2; 16],
            memory_kib: limits::PIN_MEMORY_KIB_MIN,
            passes: limits::PIN_PASSES_MIN,
            public: [3; 32],
        };
        assert_eq!(key.validate(), Ok(()));
        for (memory_kib, passes) in [(8, 3), (1 << 24, 3), (20_000, 0), (20_000, 1000)] {
            let key = PinKey {
                memory_kib,
                passes,
                ..key.clone()
            };
            assert!(key.validate().is_err());
        }
        assert_eq!(format!("{key:?}").matches("02").count(), 0);
    }
}
