//! Bytes as a text for QR codes, in capital letters and digits only, which makes the smallest code.
//! Also typed by hand: case, blanks and hyphens do not matter, nor do letters that look like digits.
//!
//! `FOLGE1`, a letter for what it is, and Crockford's base 32 of the bytes and of five bytes that
//! check them: a text that was mistyped or cut is noticed.

use sha2::{Digest, Sha256};

/// What a code is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeKind {
    /// A visit that a consultant shows.
    Offer,
    /// What the participant answers.
    Answer,
}

const PREFIX: &str = "FOLGE1";
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CHECK_BYTES: usize = 5;
/// No code is longer, in characters; blanks do not count.
const CHARS_MAX: usize = 1_200;

impl CodeKind {
    const fn letter(self) -> u8 {
        match self {
            Self::Offer => b'Q',
            Self::Answer => b'A',
        }
    }
}

fn check_of(kind: CodeKind, bytes: &[u8]) -> [u8; CHECK_BYTES] {
    let mut hash = Sha256::new();
    hash.update(b"folge visit code v1");
    hash.update([kind.letter()]);
    hash.update(bytes);
    let hash: [u8; 32] = hash.finalize().into();
    let mut check = [0; CHECK_BYTES];
    check.copy_from_slice(&hash[..CHECK_BYTES]);
    check
}

/// The text that stands for bytes.
#[must_use]
pub fn write_code(kind: CodeKind, bytes: &[u8]) -> String {
    let mut text = String::from(PREFIX);
    text.push(char::from(kind.letter()));
    let (mut held, mut bits) = (0_u32, 0);
    let check = check_of(kind, bytes);
    for byte in bytes.iter().chain(&check) {
        held = (held << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(digit(held >> bits));
        }
    }
    if bits > 0 {
        text.push(digit(held << (5 - bits)));
    }
    text
}

fn digit(value: u32) -> char {
    let place = usize::try_from(value & 31).unwrap_or(0);
    char::from(DIGITS.get(place).copied().unwrap_or(b'0'))
}

/// As it is read: capitals, and digits for the letters that look like them.
fn read_as(letter: char) -> u8 {
    match letter.to_ascii_uppercase() {
        'O' => b'0',
        'I' | 'L' => b'1',
        other => u8::try_from(other).unwrap_or(0),
    }
}

/// The bytes that a text stands for; none where it is another kind of code, cut or mistyped.
#[must_use]
pub fn read_code(kind: CodeKind, text: &str) -> Option<Vec<u8>> {
    let plain = text.chars().filter(|c| !c.is_whitespace() && *c != '-');
    let plain: Vec<u8> = plain.map(read_as).take(CHARS_MAX + 1).collect();
    if plain.len() > CHARS_MAX {
        return None;
    }
    let prefix: Vec<u8> = PREFIX.chars().map(read_as).collect();
    let digits = plain.strip_prefix(prefix.as_slice())?;
    let digits = digits.strip_prefix(&[kind.letter()])?;
    let mut bytes = Vec::with_capacity(digits.len());
    let (mut held, mut bits) = (0_u32, 0);
    for digit in digits {
        let value = DIGITS.iter().position(|known| known == digit)?;
        held = (held << 5) | u32::try_from(value).ok()?;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((held >> bits) & 255).ok()?);
            held &= (1 << bits) - 1;
        }
    }
    // What is left over is no whole digit, and zero.
    if bits >= 5 || held != 0 {
        return None;
    }
    let (bytes, check) = bytes.split_last_chunk::<CHECK_BYTES>()?;
    (*check == check_of(kind, bytes)).then(|| bytes.to_vec())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_mistyped_character_is_noticed() {
        for length in [0_u8, 1, 2, 3, 4, 5, 60] {
            let bytes: Vec<u8> = (0..length).collect();
            let text = write_code(CodeKind::Offer, &bytes);
            assert_eq!(read_code(CodeKind::Offer, &text), Some(bytes));
            for place in 0..text.len() {
                for other in (b'0'..=b'9').chain(b'A'..=b'Z') {
                    let mut wrong = text.clone().into_bytes();
                    wrong[place] = other;
                    let wrong = String::from_utf8(wrong).unwrap();
                    let same = wrong.chars().map(read_as).eq(text.chars().map(read_as));
                    let read = read_code(CodeKind::Offer, &wrong);
                    assert_eq!(read.is_some(), same, "{text} {wrong}");
                }
            }
            // Two that change places.
            for place in 1..text.len() {
                let mut wrong = text.clone().into_bytes();
                wrong.swap(place - 1, place);
                let wrong = String::from_utf8(wrong).unwrap();
                assert!(wrong == text || read_code(CodeKind::Offer, &wrong).is_none());
            }
        }
    }

    #[test]
    fn a_cut_code_another_kind_and_other_texts_are_none() {
        let text = write_code(CodeKind::Answer, b"ja, det stemmer");
        assert!((0..text.len()).all(|n| read_code(CodeKind::Answer, &text[..n]).is_none()));
        assert_eq!(read_code(CodeKind::Offer, &text), None);
        for other in [
            "",
            "FOLGE1A",
            "https://relay.example.no/i#00",
            "ÆØÅ",
            "\u{1f600}",
        ] {
            assert_eq!(read_code(CodeKind::Answer, other), None);
        }
        let longer = format!("{text}0");
        assert_eq!(read_code(CodeKind::Answer, &longer), None);
        assert_eq!(read_code(CodeKind::Answer, &"0".repeat(1 << 20)), None);
    }

    proptest! {
        #[test]
        fn codes_are_capitals_and_digits_and_are_read_as_people_type_them(
            bytes in prop::collection::vec(any::<u8>(), 0..500),
        ) {
            let text = write_code(CodeKind::Answer, &bytes);
            prop_assert!(text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()));
            let grouped: Vec<String> = text
                .to_lowercase()
                .as_bytes()
                .chunks(4)
                .map(|part| String::from_utf8_lossy(part).into_owned())
                .collect();
            let typed = grouped.join(" - ").replace('0', "o").replace('1', "l");
            prop_assert_eq!(read_code(CodeKind::Answer, &typed), Some(bytes));
        }
    }
}
