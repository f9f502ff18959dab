//! Numbers with check digits: the national identity number and its relatives, organisation
//! numbers, account numbers and KID. `DOMAIN.md` 4.
//!
//! From 2032 the single digits of an identity number tell neither century nor sex, so nothing is
//! ever read out of one: neither a date of birth nor an age nor a sex.

use std::fmt;

/// What kind of identity number it is, by the marks on its day and month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct NationalIdKind {
    /// A D-number (day + 40), otherwise a fødselsnummer.
    pub d_number: bool,
    /// Made for tests, and how.
    pub synthetic: Option<Synthetic>,
}

/// How a synthetic number is marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Synthetic {
    /// H-number and NAV's own test numbers: month + 40.
    H,
    /// Norsk helsenett: month + 65.
    Nhn,
    /// Skatteetaten (Tenor): month + 80.
    Tenor,
}

/// The short names of `tests/cases`: `f`, `d`, `h`, `tenor`, `nhn`, `d+h`, ….
impl fmt::Display for NationalIdKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let synthetic = match self.synthetic {
            None => return f.write_str(if self.d_number { "d" } else { "f" }),
            Some(Synthetic::H) => "h",
            Some(Synthetic::Nhn) => "nhn",
            Some(Synthetic::Tenor) => "tenor",
        };
        if self.d_number {
            f.write_str("d+")?;
        }
        f.write_str(synthetic)
    }
}

fn digits<const N: usize>(text: &str) -> Option<[u32; N]> {
    let bytes: [u8; N] = text.as_bytes().try_into().ok()?;
    if !bytes.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(bytes.map(|byte| u32::from(byte - b'0')))
}

fn weighted(digits: &[u32], weights: &[u32]) -> u32 {
    digits.iter().zip(weights).map(|(d, w)| d * w).sum()
}

/// The kind of identity number that a text is; none where it is none. Only eleven ASCII digits are
/// read, nothing is trimmed. The first check digit by the rule of 2032, which every older number
/// keeps too: a remainder of 0 to 3.
#[must_use]
pub fn national_id_kind(text: &str) -> Option<NationalIdKind> {
    let d: [u32; 11] = digits(text)?;
    let first = weighted(&d, &[3, 7, 6, 1, 8, 9, 4, 5, 2, 1]) % 11;
    let second = weighted(&d, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]) % 11;
    if first > 3 || second != 0 {
        return None;
    }
    let (day, month) = (d[0] * 10 + d[1], d[2] * 10 + d[3]);
    let (day, d_number) = if day > 40 {
        (day - 40, true)
    } else {
        (day, false)
    };
    let (month, synthetic) = match month {
        81..=92 => (month - 80, Some(Synthetic::Tenor)),
        66..=77 => (month - 65, Some(Synthetic::Nhn)),
        41..=52 => (month - 40, Some(Synthetic::H)),
        month => (month, None),
    };
    // The century is not known, so 29 February stands in every year that some century has it in.
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if (d[4] * 10 + d[5]).is_multiple_of(4) => 29,
        2 => 28,
        _ => return None,
    };
    (1..=days).contains(&day).then_some(NationalIdKind {
        d_number,
        synthetic,
    })
}

/// Whether a text is an organisation number: nine digits, the last by modulus 11.
#[must_use]
pub fn is_org_number(text: &str) -> bool {
    digits(text)
        .is_some_and(|d: [u32; 9]| weighted(&d, &[3, 2, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11))
}

/// Whether a text is an account number: eleven digits, the last by modulus 11.
#[must_use]
pub fn is_account_number(text: &str) -> bool {
    digits(text).is_some_and(|d: [u32; 11]| {
        weighted(&d, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11)
    })
}

/// Whether a text is a KID: 2 to 25 characters, the last a check digit by modulus 10 (Luhn) or
/// modulus 11, where `-` stands for ten.
#[must_use]
pub fn is_kid(text: &str) -> bool {
    let Some((body, check)) = text.split_at_checked(text.len().saturating_sub(1)) else {
        return false;
    };
    if !(2..=25).contains(&text.len()) || !body.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let check = match check.as_bytes() {
        [b'-'] => 10,
        [digit] if digit.is_ascii_digit() => u32::from(digit - b'0'),
        _ => return false,
    };
    let from_right = || body.bytes().rev().map(|byte| u32::from(byte - b'0'));
    let luhn: u32 = from_right()
        .zip([2, 1].into_iter().cycle())
        .map(|(digit, weight)| {
            let product = digit * weight;
            product / 10 + product % 10
        })
        .sum();
    let eleven: u32 = from_right()
        .zip((2..=7).cycle())
        .map(|(digit, weight)| digit * weight)
        .sum();
    (luhn + check).is_multiple_of(10) && check < 10 || (eleven + check).is_multiple_of(11)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn organisation_and_account_numbers_have_a_check_digit() {
        for good in ["889640782", "974760673"] {
            assert!(is_org_number(good), "{good}");
        }
        for bad in [
            "889640783",
            "88964078",
            "8896407822",
            " 889640782",
            "88964078x",
            "",
        ] {
            assert!(!is_org_number(bad), "{bad}");
        }
        assert!(is_account_number("86011117947"));
        assert!(!is_account_number("86011117948"));
    }

    #[test]
    fn a_kid_is_of_either_modulus() {
        // Luhn; modulus 11; modulus 11 with ten.
        for good in ["2345676", "12345678903", "1234567892", "00"] {
            assert!(is_kid(good), "{good}");
        }
        for bad in [
            "2345677",
            "5",
            "",
            "1-2",
            "x6",
            "-",
            "12345678901234567890123456",
        ] {
            assert!(!is_kid(bad), "{bad}");
        }
        let with_ten = (0..100_000_u32)
            .map(|n| format!("{n:05}-"))
            .find(|kid| is_kid(kid));
        assert!(with_ten.is_some());
    }

    #[test]
    fn a_day_or_month_that_does_not_exist_is_no_number() {
        for bad in ["32127248022", "13137248022", "00000000000"] {
            assert_eq!(national_id_kind(bad), None);
        }
    }
}
