//! Questions that shells ask of projections: pure functions over summaries and views.
//!
//! Names of participants with protected address are withheld in every list, and such
//! participants are found by reference only (`DOMAIN.md` 1.7).

use std::collections::BTreeMap;
use std::fmt;

use folge_protocol::ids::DocumentId;

use super::projection::{CaseSummary, CaseView};
use crate::domain::{LocalDate, StaffKey, Status, Visit};

/// What the office's list is narrowed by; empty means all.
#[derive(Clone, Default)]
pub struct CaseFilter {
    /// Only these states.
    pub statuses: Vec<Status>,
    /// Only this service area.
    pub area: Option<String>,
    /// Only with this consultant, main or other.
    pub consultant: Option<StaffKey>,
    /// Only where something is to be settled.
    pub has_conflicts: bool,
    /// Only where every word stands in the name or reference.
    pub search: String,
}

impl fmt::Debug for CaseFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CaseFilter").finish_non_exhaustive()
    }
}

/// A line of a list.
#[derive(Clone, PartialEq, Eq)]
pub struct CaseListing<'a> {
    /// The participation.
    pub participation: DocumentId,
    /// The full name; none where the address is protected.
    pub name: Option<String>,
    /// The rest. Its name fields are not for lists.
    pub summary: &'a CaseSummary,
}

impl fmt::Debug for CaseListing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CaseListing")
            .field("participation", &self.participation)
            .finish_non_exhaustive()
    }
}

/// A visit in a consultant's day.
#[derive(Clone, PartialEq, Eq)]
pub struct DayEntry<'a> {
    /// The participation.
    pub participation: DocumentId,
    /// The full name; none where the address is protected.
    pub name: Option<String>,
    /// The visit.
    pub visit: &'a Visit,
}

impl fmt::Debug for DayEntry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DayEntry")
            .field("visit", &self.visit.id)
            .finish_non_exhaustive()
    }
}

/// A participant's full name as lists show it; none where the address is protected.
#[must_use]
pub fn listed_name(summary: &CaseSummary) -> Option<String> {
    if summary.address_protected {
        return None;
    }
    let parts = [
        &summary.first_name,
        summary.middle_name.as_ref().unwrap_or(&String::new()),
    ]
    .into_iter()
    .chain([&summary.last_name])
    .filter(|part| !part.is_empty())
    .cloned()
    .collect::<Vec<_>>();
    Some(parts.join(" "))
}

/// Lower case, with accents dropped and the Swedish and German vowels as the Norwegian ones.
fn fold(text: &str) -> String {
    text.chars()
        .flat_map(char::to_lowercase)
        .map(|c| match c {
            'ä' => 'æ',
            'ö' => 'ø',
            'á' | 'à' | 'â' | 'ã' | 'ą' => 'a',
            'é' | 'è' | 'ê' | 'ë' | 'ę' => 'e',
            'í' | 'ì' | 'î' | 'ï' => 'i',
            'ó' | 'ò' | 'ô' | 'õ' => 'o',
            'ú' | 'ù' | 'û' | 'ü' => 'u',
            'ý' | 'ÿ' => 'y',
            'ç' | 'ć' | 'č' => 'c',
            'ñ' | 'ń' => 'n',
            'ś' | 'š' => 's',
            'ź' | 'ż' | 'ž' => 'z',
            'ł' => 'l',
            'đ' | 'ð' => 'd',
            other => other,
        })
        .filter(|c| !matches!(c, '\u{300}'..='\u{36f}'))
        .collect::<String>()
        .replace("aa", "å")
}

/// As one types without Norwegian keys.
fn fold_to_ascii(folded: &str) -> String {
    folded
        .replace('æ', "ae")
        .replace('ø', "o")
        .replace('å', "a")
}

/// Whether every word of `search` stands in `text`, whatever the case: `ås` finds Åse but not
/// Asle, `as` finds both, `oystein` finds Øystein, and `aase` and `Åse` find each other.
fn matches(search: &str, text: &str) -> bool {
    let (text, search) = (fold(text), fold(search));
    let ascii = fold_to_ascii(&text);
    search
        .split_whitespace()
        .all(|word| text.contains(word) || ascii.contains(word))
}

/// The order of the Norwegian alphabet: æ, ø and å behind z.
fn sort_key(text: &str) -> String {
    fold(text)
        .chars()
        .map(|c| match c {
            'æ' => '{',
            'ø' => '|',
            'å' => '}',
            other => other,
        })
        .collect()
}

fn sorted(mut listings: Vec<CaseListing<'_>>) -> Vec<CaseListing<'_>> {
    listings.sort_by_cached_key(|listing| {
        let summary = listing.summary;
        let name = listing
            .name
            .as_ref()
            .map(|_| (sort_key(&summary.last_name), sort_key(&summary.first_name)));
        // Those without a name stand last, by reference.
        (
            name.is_none(),
            name,
            summary.reference.clone(),
            listing.participation,
        )
    });
    listings
}

/// The office's list, by family name.
pub fn office_list<'a>(
    cases: impl IntoIterator<Item = (DocumentId, &'a CaseSummary)>,
    filter: &CaseFilter,
) -> Vec<CaseListing<'a>> {
    let listings = cases
        .into_iter()
        .filter(|(_, case)| {
            (filter.statuses.is_empty() || filter.statuses.contains(&case.status))
                && (filter.area.is_none() || filter.area == case.area)
                && filter
                    .consultant
                    .as_ref()
                    .is_none_or(|key| case.has_consultant(key))
                && (!filter.has_conflicts || case.conflict_count > 0)
        })
        .map(|(participation, summary)| CaseListing {
            participation,
            name: listed_name(summary),
            summary,
        })
        .filter(|listing| {
            let name = listing.name.as_deref().unwrap_or_default();
            filter.search.trim().is_empty()
                || matches(
                    &filter.search,
                    &format!("{name} {}", listing.summary.reference),
                )
        });
    sorted(listings.collect())
}

/// A consultant's caseload: those waiting or active, by family name.
pub fn caseload<'a>(
    cases: impl IntoIterator<Item = (DocumentId, &'a CaseSummary)>,
    consultant: &StaffKey,
) -> Vec<CaseListing<'a>> {
    let filter = CaseFilter {
        statuses: vec![Status::Waiting, Status::Active],
        consultant: Some(consultant.clone()),
        ..CaseFilter::default()
    };
    office_list(cases, &filter)
}

/// The visits of a consultant that touch a day in Oslo, by start.
pub fn day<'a>(
    cases: impl IntoIterator<Item = (DocumentId, &'a CaseView)>,
    consultant: &StaffKey,
    date: LocalDate,
) -> Vec<DayEntry<'a>> {
    let (start, end) = (date.start(), date.end());
    let mut entries = Vec::new();
    for (participation, case) in cases {
        for visit in case.visits() {
            let touches = visit.start < end && (visit.end > start || visit.start >= start);
            if touches && visit.consultants.contains(consultant) {
                let name = listed_name(&case.summary);
                entries.push(DayEntry {
                    participation,
                    name,
                    visit,
                });
            }
        }
    }
    entries.sort_by_key(|entry| (entry.visit.start, entry.visit.end, entry.visit.id));
    entries
}

/// The seven days of the ISO week that `date` lies in, Monday first, each as [`day`].
pub fn week<'a>(
    cases: impl IntoIterator<Item = (DocumentId, &'a CaseView)> + Clone,
    consultant: &StaffKey,
    date: LocalDate,
) -> BTreeMap<LocalDate, Vec<DayEntry<'a>>> {
    let monday = date.monday();
    (0..7)
        .map(|offset| monday.plus_days(offset))
        .map(|date| (date, day(cases.clone(), consultant, date)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(first: &str, last: &str, protected: bool) -> CaseSummary {
        CaseSummary {
            reference: format!("ref-{last}"),
            first_name: first.into(),
            last_name: last.into(),
            address_protected: protected,
            ..CaseSummary::default()
        }
    }

    #[test]
    fn search_finds_norwegian_names_however_they_are_typed() {
        for (search, text) in [
            ("åse", "Åse Abdi"),
            ("ase", "Åse Abdi"),
            ("aase", "Åse Abdi"),
            ("ÅSE", "Aase Abdi"),
            ("OYSTEIN", "Øystein Ætle"),
            ("øyst ætle", "Øystein Ætle"),
            ("ostberg", "Östberg"),
            ("rené", "Rene"),
            ("abdi å", "Åse Abdi"),
        ] {
            assert!(matches(search, text), "{search} in {text}");
        }
        assert!(!matches("ås", "Asle"));
        assert!(!matches("abdi x", "Åse Abdi"));
    }

    #[test]
    fn a_protected_participant_is_listed_without_name_and_not_found_by_it() {
        let cases = [
            case("Åse", "Åsen", false),
            case("Zofia", "Zahl", false),
            case("X", "Hemmelig", true),
        ];
        let with_ids = || (0_u8..).map(|n| DocumentId([n; 16])).zip(&cases);
        let all = office_list(with_ids(), &CaseFilter::default());
        let names: Vec<_> = all.iter().map(|listing| listing.name.as_deref()).collect();
        assert_eq!(names, [Some("Zofia Zahl"), Some("Åse Åsen"), None]);
        let search = |text: &str| {
            let filter = CaseFilter {
                search: text.into(),
                ..CaseFilter::default()
            };
            office_list(with_ids(), &filter).len()
        };
        assert_eq!(
            (search("X Hemmelig"), search("ref-hemmelig"), search("zahl")),
            (0, 1, 1)
        );
    }
}
