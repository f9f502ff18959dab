//! A participant's PIN: a key pair is derived from it, so that the casefile can hold what checks it
//! without holding it. What a PIN is worth stands in `docs/threat-model.md`: whoever reads the
//! casefile can try all PINs, and only their number and Argon2id's cost stand in the way.

use argon2::{Algorithm, Argon2, Params, Version};
use folge_protocol::crypto::SecretKey;
use folge_protocol::ids::DocumentId;
use zeroize::Zeroizing;

use crate::domain::{LocalDate, PinKey};
use crate::keys::{Key32, derive};
use crate::limits::{PIN_DIGITS_MAX, PIN_DIGITS_MIN, PIN_MEMORY_KIB, PIN_PASSES};

/// What a PIN costs to try: memory and passes of Argon2id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PinCost {
    /// Memory, in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
}

/// What a new PIN costs to try.
pub const PIN_COST: PinCost = PinCost {
    memory_kib: PIN_MEMORY_KIB,
    passes: PIN_PASSES,
};

/// The key that a PIN gives for a participation; none where the cost is none that can be paid.
#[must_use]
pub fn pin_secret(of: DocumentId, pin: &str, salt: &[u8; 16], cost: PinCost) -> Option<SecretKey> {
    let params = Params::new(cost.memory_kib, cost.passes, 1, Some(32)).ok()?;
    let mut key = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(pin.as_bytes(), salt, &mut *key)
        .ok()?;
    let seed = derive(&Key32::new(*key), "folge visit pin v1", &[&of.0]);
    Some(SecretKey::from_seed(seed.expose()))
}

/// The key that a typed PIN gives, where it is the one that stands in the casefile.
#[must_use]
pub(crate) fn matching_secret(of: DocumentId, pin: &str, key: &PinKey) -> Option<SecretKey> {
    key.validate().ok()?;
    let cost = PinCost {
        memory_kib: key.memory_kib,
        passes: key.passes,
    };
    let secret = pin_secret(of, pin, &key.salt, cost)?;
    (secret.public().as_bytes() == &key.public).then_some(secret)
}

/// Whether a PIN is none, or one of the first that anybody would try: too short or long, one digit
/// over and over, two in turn, a straight run, or the day of birth.
#[must_use]
pub fn is_weak_pin(pin: &str, born: Option<LocalDate>) -> bool {
    let digits: Vec<u8> = pin.bytes().collect();
    if !(PIN_DIGITS_MIN..=PIN_DIGITS_MAX).contains(&digits.len())
        || !digits.iter().all(u8::is_ascii_digit)
    {
        return true;
    }
    let step = |pair: &[u8]| match pair {
        [one, next] => (10 + next - one) % 10,
        _ => 0,
    };
    let steps: Vec<u8> = digits.windows(2).map(step).collect();
    let straight = |step: u8| steps.iter().all(|other| *other == step);
    let in_turn = digits
        .iter()
        .zip(digits.iter().skip(2))
        .all(|(a, b)| a == b);
    let of_birth = born.is_some_and(|born| {
        let text = born.to_string().replace('-', "");
        let (year, rest) = text.split_at_checked(4).unwrap_or_default();
        let (month, day) = rest.split_at_checked(2).unwrap_or_default();
        let short = year.get(2..).unwrap_or_default();
        [
            format!("{day}{month}{short}"),
            format!("{day}{month}{year}"),
            format!("{short}{month}{day}"),
            format!("{year}{month}{day}"),
        ]
        .iter()
        .any(|date| date == pin)
    });
    straight(0) || straight(1) || straight(9) || in_turn || of_birth
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_pins_that_anybody_would_try_are_weak() {
        let born = LocalDate::new(1999, 3, 28);
        for weak in [
            "",
            "12345",
            "1234567890123",
            "111111",
            "123456",
            "654321",
            "890123",
            "210987",
            "121212",
            "280399",
            "28031999",
            "990328",
            "19990328",
            "12345a",
            " 83024",
            "٨٣٠٢٤٧",
        ] {
            assert!(is_weak_pin(weak, born), "{weak}");
        }
        for good in ["830247", "112233", "280398", "830247830247"] {
            assert!(!is_weak_pin(good, born), "{good}");
        }
        assert!(!is_weak_pin("280399", None));
    }

    #[test]
    fn a_pins_key_is_of_one_participation_salt_and_cost() {
        let of = DocumentId([1; 16]);
        let cheap_for_tests = PinCost {
            memory_kib: 8,
            passes: 1,
        };
        let public = |of, pin, salt: u8, passes| {
            let cost = PinCost {
                passes,
                ..cheap_for_tests
            };
            let secret = pin_secret(of, pin, &[salt; 16], cost).unwrap();
            *secret.public().as_bytes()
        };
        let own = public(of, "830247", 1, 1);
        assert_eq!(own, public(of, "830247", 1, 1));
        assert_ne!(own, public(DocumentId([2; 16]), "830247", 1, 1));
        assert_ne!(own, public(of, "830248", 1, 1));
        assert_ne!(own, public(of, "830247", 2, 1));
        assert_ne!(own, public(of, "830247", 1, 2));
        let none = PinCost {
            memory_kib: 0,
            passes: 0,
        };
        assert!(pin_secret(of, "830247", &[1; 16], none).is_none());
    }
}
