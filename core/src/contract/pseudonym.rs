//! The pseudonym `EFM DDMMÅÅ` (K26 to K29): initials of family, first and middle name, and the date
//! of birth. It is weak, for it shows the date of birth; so only the four exports that may carry
//! it ask for it, and it is never an id.

use std::collections::BTreeMap;
use std::fmt;

use crate::domain::{LocalDate, Participation};

/// A pseudonym. `Debug` prints none of it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pseudonym(String);

impl fmt::Debug for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pseudonym(..)")
    }
}

impl Pseudonym {
    /// From the parts of a name and a date of birth. The first letter of each part in upper case,
    /// as it is written (Æ, Ø, Å kept; of `de la Cruz` the D); no third letter without a middle
    /// name (K28). None where family or first name is empty.
    #[must_use]
    pub fn new(last: &str, first: &str, middle: Option<&str>, born: LocalDate) -> Option<Self> {
        let initial = |name: &str| {
            let letter = name.trim().chars().next()?;
            Some(letter.to_uppercase().collect::<String>())
        };
        let (last, first) = (initial(last)?, initial(first)?);
        let middle = middle.and_then(initial).unwrap_or_default();
        let born = born.date();
        Some(Self(format!(
            "{last}{first}{middle} {:02}{:02}{:02}",
            born.day(),
            born.month(),
            born.year().rem_euclid(100)
        )))
    }

    /// Of a participation; none without a date of birth, which is never read out of the identity
    /// number (`DOMAIN.md` 4.1), and none of a protected participant, who is in no list by name or
    /// initials (`DOMAIN.md` 1.7).
    #[must_use]
    pub fn of(participation: &Participation) -> Option<Self> {
        if participation.address_protected {
            return None;
        }
        Self::new(
            &participation.last_name,
            &participation.first_name,
            participation.middle_name.as_deref(),
            participation.born?,
        )
    }

    /// The text, for the four exports that may carry it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// The pseudonyms that stand for more than one of those given (K28): whoever reads the export
/// could take one for the other.
pub fn collisions<K: Clone>(
    all: impl IntoIterator<Item = (K, Pseudonym)>,
) -> Vec<(Pseudonym, Vec<K>)> {
    let mut by_text: BTreeMap<Pseudonym, Vec<K>> = BTreeMap::new();
    for (key, pseudonym) in all {
        by_text.entry(pseudonym).or_default().push(key);
    }
    let several = by_text.into_iter().filter(|(_, keys)| keys.len() > 1);
    several.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn collisions_are_named_and_nobody_else() {
        let born: LocalDate = "1987-03-09".parse().unwrap();
        let of = |last, first| Pseudonym::new(last, first, None, born).unwrap();
        let all = [
            (1, of("Hansen", "Kari")),
            (2, of("Hagen", "Knut")),
            (3, of("Hansen", "Ola")),
        ];
        let found = collisions(all);
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].0.reveal(), &found[0].1),
            ("HK 090387", &vec![1, 2])
        );
        assert_eq!(format!("{:?}", found[0].0), "Pseudonym(..)");
    }

    #[test]
    fn a_protected_participant_has_none() {
        let mut participation = Participation::new("p", "Kari", "Hansen");
        assert_eq!(Pseudonym::of(&participation), None);
        participation.born = "1987-03-09".parse().ok();
        assert!(Pseudonym::of(&participation).is_some());
        participation.address_protected = true;
        assert_eq!(Pseudonym::of(&participation), None);
        assert_eq!(
            Pseudonym::new(" ", "K", None, "1987-03-09".parse().unwrap()),
            None
        );
    }
}
