//! Secrets and fingerprints as words that people write down and read aloud: the 2048 English words
//! of BIP 39, of which no two begin with the same four letters.

use bip39::{Language, Mnemonic};
use folge_protocol::ids::WorkspaceId;
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, Zeroizing};

use super::{Key32, RecoverySecret};

/// Words of a recovery secret: 256 bits and a checksum of 8.
pub const RECOVERY_WORDS: usize = 24;
/// Words of a workspace's fingerprint: 66 bits.
pub const FINGERPRINT_WORDS: usize = 6;
/// Letters that tell a word from every other.
const DISTINCT_LETTERS: usize = 4;
/// Typing errors in a word that a suggestion is still made for.
const SUGGESTION_EDITS_MAX: usize = 2;
/// A word longer than this is no typing error of one in the list, whose longest has 8 letters.
const WORD_LETTERS_MAX: usize = 16;
const FINGERPRINT_TAG: &[u8] = b"folge workspace words v1";

/// Why words are no recovery secret. Never carries what was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WordsError {
    /// Too few or too many.
    #[error("there are {found} words and there must be {expected}: compare with your copy")]
    WrongCount {
        /// How many there are.
        found: usize,
        /// How many there must be.
        expected: usize,
    },
    /// A word that is not in the list.
    #[error("{}", unknown_word(*.place, *.suggestion))]
    UnknownWord {
        /// Which, counted from 1.
        place: usize,
        /// The word of the list that was probably meant.
        suggestion: Option<&'static str>,
    },
    /// Every word is in the list, but together they are no secret.
    #[error(
        "the words do not fit together: one of them is another word, or two have changed places. \
         Compare each with your copy"
    )]
    BadChecksum,
}

fn unknown_word(place: usize, suggestion: Option<&str>) -> String {
    match suggestion {
        Some(word) => format!("word {place} is not in the list: did you mean \"{word}\"?"),
        None => format!("word {place} is not in the list: compare it with your copy"),
    }
}

impl WordsError {
    /// A stable code that shells and tests can act on.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::WrongCount { .. } => "wrong_word_count",
            Self::UnknownWord { .. } => "unknown_word",
            Self::BadChecksum => "bad_words",
        }
    }
}

impl RecoverySecret {
    /// The secret as 24 words to write down, with a blank between them.
    #[must_use]
    pub fn words(&self) -> Zeroizing<String> {
        let mut words = Zeroizing::new(String::with_capacity(RECOVERY_WORDS * 9));
        // 32 bytes are one of the lengths that BIP 39 has.
        if let Ok(mut mnemonic) = Mnemonic::from_entropy_in(Language::English, self.0.expose()) {
            for word in mnemonic.words() {
                if !words.is_empty() {
                    words.push(' ');
                }
                words.push_str(word);
            }
            mnemonic.zeroize();
        }
        words
    }

    /// Reads the words, whatever stands between them: blanks, line breaks, numbers, commas; in
    /// small or capital letters.
    /// # Errors
    /// What is wrong with them; an unknown word before a wrong count, since it is easier to find.
    pub fn from_words(text: &str) -> Result<Self, WordsError> {
        let mut joined = Zeroizing::new(String::with_capacity(RECOVERY_WORDS * 9));
        let mut found = 0;
        for typed in text.split(|c: char| !c.is_alphabetic()) {
            if typed.is_empty() {
                continue;
            }
            found += 1;
            let word = Zeroizing::new(typed.to_lowercase());
            let Some(index) = Language::English.find_word(&word) else {
                return Err(WordsError::UnknownWord {
                    place: found,
                    suggestion: suggestion(&word),
                });
            };
            if found <= RECOVERY_WORDS {
                if found > 1 {
                    joined.push(' ');
                }
                joined.push_str(Language::English.word_list()[usize::from(index)]);
            }
        }
        if found != RECOVERY_WORDS {
            return Err(WordsError::WrongCount {
                found,
                expected: RECOVERY_WORDS,
            });
        }
        let mut mnemonic = Mnemonic::parse_in_normalized(Language::English, &joined)
            .map_err(|_| WordsError::BadChecksum)?;
        let (entropy, length) = mnemonic.to_entropy_array();
        mnemonic.zeroize();
        let entropy = Zeroizing::new(entropy);
        match entropy[..length.min(entropy.len())].try_into() {
            Ok(bytes) => Ok(Self(Key32::new(bytes))),
            Err(_) => Err(WordsError::BadChecksum),
        }
    }
}

/// Six words that name a workspace: whoever joins compares them with whoever invited. To found
/// another workspace with the same words takes 2^66 attempts.
#[must_use]
pub fn fingerprint_words(workspace: &WorkspaceId) -> String {
    let mut hasher = Sha256::new();
    hasher.update([u8::try_from(FINGERPRINT_TAG.len()).unwrap_or(u8::MAX)]);
    hasher.update(FINGERPRINT_TAG);
    hasher.update(workspace.0);
    let hash = hasher.finalize();
    // Eleven bits a word, the highest first.
    let bit = |n: usize| usize::from(hash[n / 8] >> (7 - n % 8) & 1);
    let list = Language::English.word_list();
    let words: Vec<&str> = (0..FINGERPRINT_WORDS)
        .map(|word| list[(0..11).fold(0, |index, n| index << 1 | bit(word * 11 + n))])
        .collect();
    words.join(" ")
}

/// The word of the list that is nearest to what was typed, where one is nearer than all others.
fn suggestion(typed: &str) -> Option<&'static str> {
    let letters: Vec<char> = typed.chars().collect();
    if letters.len() > WORD_LETTERS_MAX {
        return None;
    }
    let mut best: (usize, Vec<&'static str>) = (SUGGESTION_EDITS_MAX, Vec::new());
    for word in Language::English.word_list() {
        let edits = edits(&letters, word);
        if edits < best.0 {
            best = (edits, vec![word]);
        } else if edits == best.0 {
            best.1.push(word);
        }
    }
    let begins_alike = |word: &&&str| {
        let same = |(a, b): (char, &char)| a == *b;
        letters.len() >= DISTINCT_LETTERS
            && word.chars().count() >= DISTINCT_LETTERS
            && word.chars().zip(&letters).take(DISTINCT_LETTERS).all(same)
    };
    // Two edits turn a word of three letters into nearly any other.
    match best.1.as_slice() {
        [word] if best.0 < SUGGESTION_EDITS_MAX || letters.len() > 3 => Some(word),
        words => words.iter().find(begins_alike).copied().or_else(|| {
            let mut all = Language::English.word_list().iter();
            all.find(begins_alike).copied()
        }),
    }
}

/// How many letters must be put in, left out, replaced or swapped with their neighbour.
fn edits(typed: &[char], word: &str) -> usize {
    let word: Vec<char> = word.chars().collect();
    let mut rows = vec![vec![0; word.len() + 1]; typed.len() + 1];
    for i in 0..=typed.len() {
        for j in 0..=word.len() {
            rows[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let replaced = rows[i - 1][j - 1] + usize::from(typed[i - 1] != word[j - 1]);
                let mut least = replaced.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
                if i > 1 && j > 1 && typed[i - 1] == word[j - 2] && typed[i - 2] == word[j - 1] {
                    least = least.min(rows[i - 2][j - 2] + 1);
                }
                least
            };
        }
    }
    rows[typed.len()][word.len()]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn secret(byte: u8) -> RecoverySecret {
        RecoverySecret(Key32::new([byte; 32]))
    }

    #[test]
    fn the_words_are_those_of_bip_39() {
        // From the list of vectors that BIP 39 names.
        let words = secret(0).words();
        assert_eq!(*words, format!("{}art", "abandon ".repeat(23)));
        let words = secret(0x7f).words();
        let begin = "legal winner thank year wave sausage worth useful";
        assert!(words.starts_with(begin) && words.ends_with("worth title"));
    }

    #[test]
    fn words_are_read_however_they_are_written() {
        let words = secret(0x7f).words();
        let list: Vec<&str> = words.split(' ').collect();
        let numbered = |between: &str| -> String {
            let lines = list.iter().enumerate();
            lines
                .map(|(n, word)| format!("{}{between}{word}\r\n", n + 1))
                .collect()
        };
        for text in [
            words.to_string(),
            format!("  {}\n", words.to_uppercase()),
            words.replace(' ', "\n\n\t"),
            words.replace(' ', ", "),
            numbered(". "),
            numbered("."),
            numbered(") "),
            numbered(" "),
        ] {
            let read = RecoverySecret::from_words(&text).unwrap();
            assert_eq!(read.0, secret(0x7f).0);
        }
    }

    #[test]
    fn what_is_wrong_is_named_without_the_word() {
        let words = secret(0x7f).words();
        let read = |text: &str| RecoverySecret::from_words(text).unwrap_err();
        let expected = RECOVERY_WORDS;
        assert_eq!(read(""), WordsError::WrongCount { found: 0, expected });
        let short = words.rsplit_once(' ').unwrap().0;
        assert_eq!(
            read(short),
            WordsError::WrongCount {
                found: 23,
                expected
            }
        );
        assert_eq!(
            read(&format!("{} {}", *words, *words)),
            WordsError::WrongCount {
                found: 48,
                expected
            }
        );
        let swapped = words.replacen("legal winner", "winner legal", 1);
        assert_eq!(read(&swapped), WordsError::BadChecksum);
        for (typed, suggestion) in [
            ("winnner", Some("winner")),
            ("wniner", Some("winner")),
            ("winn", Some("winner")),
            ("winnxyzzy", Some("winner")),
            ("hemmelighet", None),
            ("øåæ", None),
        ] {
            let error = read(&words.replacen("winner", typed, 1));
            let place = 2;
            assert_eq!(error, WordsError::UnknownWord { place, suggestion });
            assert!(!error.to_string().contains(&format!("{typed}\"")));
        }
    }

    #[test]
    fn a_fingerprint_is_six_words_and_names_one_workspace() {
        let words = fingerprint_words(&WorkspaceId([1; 16]));
        assert_eq!(words.split(' ').count(), FINGERPRINT_WORDS);
        assert_ne!(words, fingerprint_words(&WorkspaceId([2; 16])));
        // By hand: the first eleven bits of the hash.
        let mut hasher = Sha256::new();
        hasher.update(b"\x18folge workspace words v1");
        hasher.update([1; 16]);
        let hash = hasher.finalize();
        let first = usize::from(hash[0]) << 3 | usize::from(hash[1]) >> 5;
        let expected = Language::English.word_list()[first];
        assert_eq!(words.split(' ').next(), Some(expected));
    }

    proptest! {
        #[test]
        fn every_secret_survives_its_words(bytes in any::<[u8; 32]>()) {
            let secret = RecoverySecret(Key32::new(bytes));
            let read = RecoverySecret::from_words(&secret.words()).unwrap();
            prop_assert_eq!(read.0, secret.0);
        }

        #[test]
        fn any_text_is_read_or_refused(text in any::<String>()) {
            let _ = RecoverySecret::from_words(&text);
        }
    }
}
