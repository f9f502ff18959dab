//! Service areas and places (M): which area a municipality lies in, how many places are taken, and
//! whether a participation stands in the area of where the participant lives.

use std::collections::BTreeMap;

use super::terms::Terms;
use crate::domain::register::Area;
use crate::domain::{LocalDate, Participation, Status};

/// How many places of an area are taken on a day (M, I7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Places {
    /// Who takes part.
    pub taken: u32,
    /// Who waits to start.
    pub waiting: u32,
    /// The agreement's least.
    pub min: u32,
    /// The agreement's most.
    pub max: u32,
}

impl Places {
    /// How many are free; none where more are taken than the agreement has (E2).
    #[must_use]
    pub const fn free(&self) -> u32 {
        self.max.saturating_sub(self.taken)
    }

    /// How many are taken above the agreement's most.
    #[must_use]
    pub const fn above(&self) -> u32 {
        self.taken.saturating_sub(self.max)
    }
}

/// The area that a municipality lies in, by the agreement's own list, which may name municipalities
/// that were merged since.
#[must_use]
pub fn area_of<'a>(terms: &'a Terms, municipality: &str) -> Option<&'a Area> {
    let municipality = municipality.trim().to_lowercase();
    let found = terms.areas.iter().find(|(_, area)| {
        let mut names = area.municipalities.iter();
        names.any(|name| name.to_lowercase() == municipality)
    });
    found.map(|(area, _)| area)
}

/// What is notable about a participation's area. NAV may use another area's provider where there is
/// no place (M1), so nothing of it is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AreaNotice {
    /// No area is recorded, so nothing can be billed.
    Missing,
    /// The agreement has no such area, so nothing can be billed.
    Unknown,
    /// The participant's municipality lies in another area.
    LivesElsewhere,
}

/// What is notable about a participation's area.
#[must_use]
pub fn notice(terms: &Terms, participation: &Participation) -> Option<AreaNotice> {
    let Some(area) = &participation.area else {
        return Some(AreaNotice::Missing);
    };
    let area = Area(area.clone());
    if !terms.areas.contains_key(&area) {
        return Some(AreaNotice::Unknown);
    }
    let home = participation.municipality.as_deref();
    let home = home.and_then(|municipality| area_of(terms, municipality));
    home.is_some_and(|home| *home != area)
        .then_some(AreaNotice::LivesElsewhere)
}

/// How many places of each area are taken on a day. Both the first and the last day count.
#[must_use]
pub fn places<'a>(
    terms: &Terms,
    participations: impl IntoIterator<Item = &'a Participation>,
    day: LocalDate,
) -> BTreeMap<Area, Places> {
    let mut all: BTreeMap<Area, Places> = terms
        .areas
        .iter()
        .map(|(area, terms)| {
            let places = Places {
                min: terms.places_min,
                max: terms.places_max,
                ..Places::default()
            };
            (area.clone(), places)
        })
        .collect();
    for participation in participations {
        let area = participation.area.clone().map(Area);
        let Some(places) = area.and_then(|area| all.get_mut(&area)) else {
            continue;
        };
        if participation.status == Status::NotRelevant {
            continue;
        }
        match (participation.start, participation.end) {
            (_, Some(end)) if end < day => {}
            (Some(start), _) if start <= day => places.taken += 1,
            _ => places.waiting += 1,
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_area(area: &str, start: Option<&str>, end: Option<&str>) -> Participation {
        let mut p = Participation::new("p", "A", "B");
        p.area = Some(area.into());
        p.start = start.map(|day| day.parse().unwrap());
        p.end = end.map(|day| day.parse().unwrap());
        p
    }

    #[test]
    fn places_count_the_first_and_the_last_day() {
        let mut terms = Terms::oppfolging_agder().unwrap();
        let area = Area("C".into());
        terms.areas.get_mut(&area).unwrap().places_max = 1;
        let mut gone = in_area("C", Some("2026-01-01"), None);
        gone.status = Status::NotRelevant;
        let all = [
            in_area("C", Some("2026-03-01"), None),
            in_area("C", Some("2026-01-01"), Some("2026-03-01")),
            in_area("C", None, None),
            in_area("B", Some("2026-01-01"), None),
            gone,
        ];
        let of = |day: &str| places(&terms, &all, day.parse().unwrap())[&area];
        let first = of("2026-03-01");
        assert_eq!(
            (first.taken, first.waiting, first.free(), first.above()),
            (2, 1, 0, 1)
        );
        let second = of("2026-03-02");
        assert_eq!((second.taken, second.above(), second.max), (1, 0, 1));
        assert_eq!(of("2026-02-28").waiting, 2);
    }

    #[test]
    fn a_municipality_lies_in_one_area() {
        let terms = Terms::oppfolging_agder().unwrap();
        assert_eq!(area_of(&terms, " evje og hornnes"), Some(&Area("C".into())));
        assert_eq!(area_of(&terms, "Oslo"), None);
        let mut all: Vec<_> = terms
            .areas
            .values()
            .flat_map(|a| &a.municipalities)
            .collect();
        let count = all.len();
        all.sort();
        all.dedup();
        assert_eq!((count, all.len()), (30, 30));
        let mut p = in_area("B", None, None);
        assert_eq!(notice(&terms, &p), None);
        p.municipality = Some("Bykle".into());
        assert_eq!(notice(&terms, &p), Some(AreaNotice::LivesElsewhere));
        p.municipality = Some("Oslo".into());
        assert_eq!(notice(&terms, &p), None);
        p.area = Some("Z".into());
        assert_eq!(notice(&terms, &p), Some(AreaNotice::Unknown));
        p.area = None;
        assert_eq!(notice(&terms, &p), Some(AreaNotice::Missing));
    }
}
