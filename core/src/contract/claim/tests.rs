use proptest::prelude::*;

use super::*;
use crate::contract::billing::tests::{
    File, KEY, caseload, day, hourly_agreement, month, place_agreement, visit,
};
use crate::domain::Status;

/// The books of an agreement: what was approved, and the casefiles with what was billed.
struct Books {
    agreement: Agreement,
    approved: Vec<ApprovedClaim>,
}

impl Books {
    fn new(agreement: Agreement) -> Self {
        Self {
            agreement,
            approved: Vec::new(),
        }
    }

    fn draw(&self, files: &[File], of: &str) -> Result<Claim, ClaimError> {
        let cases: Vec<Case<'_>> = files.iter().map(File::case).collect();
        let approved: Vec<_> = self.approved.iter().map(Fact::sure).collect();
        let basis = Basis {
            agreement: &self.agreement,
            cases: &cases,
            approved: &approved,
            unseen: 0,
            of: None,
            parts: &[],
        };
        Claim::draw(basis, month(of))
    }

    /// Draws and approves, and writes into the casefiles what approving writes.
    fn approve(&mut self, files: &mut [File], of: &str) -> Result<ApprovedClaim, ClaimError> {
        let after = month(of).next().first_day();
        let approval = self.draw(files, of)?.approve(after)?;
        for (document, billed) in approval.billed {
            billed.validate().unwrap();
            let file = files.iter_mut().find(|file| file.id == document).unwrap();
            assert!(
                file.billed
                    .iter()
                    .all(|before| before.month != billed.month)
            );
            file.billed.push(billed);
        }
        approval.claim.validate().unwrap();
        self.approved.push(approval.claim.clone());
        Ok(approval.claim)
    }
}

const MONTHS: [&str; 6] = [
    "2026-01", "2026-02", "2026-03", "2026-04", "2026-05", "2026-06",
];

/// What lines come to, by month, area and price: quantity and øre.
type Sums = BTreeMap<(Month, Option<Area>, u64), (i64, i64)>;

fn sums<'a>(lines: impl IntoIterator<Item = &'a ClaimLine>) -> Sums {
    let mut sums = Sums::new();
    for line in lines {
        let key = (line.month, line.area.clone(), line.price_ore);
        let sum = sums.entry(key).or_default();
        sum.0 += line.quantity;
        sum.1 += line.amount_ore;
    }
    sums.retain(|_, sum| *sum != (0, 0));
    sums
}

fn from_scratch(files: &[File], agreement: &Agreement) -> Sums {
    let mut files = files.to_vec();
    for file in &mut files {
        file.billed.clear();
    }
    let fresh = Books::new(agreement.clone());
    let claims = MONTHS.map(|of| fresh.draw(&files, of).unwrap());
    sums(claims.iter().flat_map(|claim| &claim.lines))
}

fn one_visit(on: &str, minutes: u32) -> File {
    let mut file = File::new(1);
    file.visits.push((visit(1, on, minutes), false, None));
    file
}

#[test]
fn what_changes_after_an_approval_is_a_visible_correction_in_the_next_claim() {
    let mut books = Books::new(hourly_agreement(|_| {}));
    let mut files = vec![one_visit("2026-01-05", 60)];
    let january = books.approve(&mut files, "2026-01").unwrap();
    assert_eq!((january.amount_ore(), january.participations), (70_001, 1));
    let kept = january.clone();
    // The register's claim names no participation and no record (K25).
    let text = serde_json::to_string(&january).unwrap();
    let billed = serde_json::to_string(&files[0].billed[0]).unwrap();
    assert!(
        billed.contains("[1,1,1,1") && !text.contains("[1,1"),
        "{text}"
    );
    // Voided afterwards, and another one arrives late.
    files[0].visits[0].1 = true;
    files[0]
        .visits
        .push((visit(2, "2026-01-20", 30), false, None));
    let february = books.draw(&files, "2026-02").unwrap();
    let [line] = february.lines.as_slice() else {
        panic!("{february:?}");
    };
    assert_eq!((line.month, line.quantity), (month("2026-01"), -2));
    assert_eq!(line.amount_ore, 35_001 - 70_001);
    let entries = &february.cases[0].billed.entries;
    let named: Vec<_> = entries
        .iter()
        .map(|e| (e.record.0[0], e.quarters))
        .collect();
    assert_eq!(named, [(1, -4), (2, 2)]);
    assert!(february.cases[0].entries.is_empty());
    let approved = books.approve(&mut files, "2026-02").unwrap();
    assert_eq!(
        (approved.amount_ore(), approved.participations),
        (-35_000, 1)
    );
    assert_eq!(books.approved[0], kept);
    // Nothing is new any more.
    assert_eq!(books.draw(&files, "2026-03").unwrap().lines, []);
}

#[test]
fn a_month_that_was_never_approved_waits_for_its_own_claim() {
    let mut books = Books::new(hourly_agreement(|_| {}));
    let mut files = vec![one_visit("2026-01-05", 60)];
    books.approve(&mut files, "2026-01").unwrap();
    files[0]
        .visits
        .push((visit(2, "2026-02-20", 30), false, None));
    files[0]
        .visits
        .push((visit(3, "2026-03-20", 15), false, None));
    let march = books.draw(&files, "2026-03").unwrap();
    assert_eq!(march.lines.len(), 1);
    assert_eq!(march.lines[0].month, month("2026-03"));
}

#[test]
fn approving_twice_early_or_out_of_order_is_refused() {
    let mut books = Books::new(hourly_agreement(|_| {}));
    let mut files = vec![one_visit("2026-01-05", 60)];
    let early = books.draw(&files, "2026-01").unwrap();
    let last = early.approve(day("2026-01-31")).unwrap_err();
    assert_eq!(last, ClaimError::NotOver(month("2026-01")));
    // Work of January is not claimed yet.
    let first = books.approve(&mut files, "2026-02").unwrap_err();
    assert_eq!(first, ClaimError::OutOfOrder(month("2026-01")));
    books.approve(&mut files, "2026-01").unwrap();
    let again = books.approve(&mut files, "2026-01").unwrap_err();
    assert_eq!(again, ClaimError::AlreadyApproved(month("2026-01")));
    let skipped = books.approve(&mut files, "2026-03").unwrap_err();
    assert_eq!(skipped, ClaimError::OutOfOrder(month("2026-02")));
    let before = books.approve(&mut files, "2025-12").unwrap_err();
    assert_eq!(before, ClaimError::AlreadyApproved(month("2025-12")));
    assert_eq!(skipped.code(), "out_of_order");
    assert!(skipped.user_text(Language::Norwegian).contains("2026-02"));
    // A month with nothing in it is approved like any other.
    let empty = books.approve(&mut files, "2026-02").unwrap();
    assert_eq!((empty.participations, empty.lines.len()), (0, 0));
    books.approve(&mut files, "2026-03").unwrap();
}

#[test]
fn what_is_in_doubt_is_not_claimed_and_takes_nothing_back() {
    let mut books = Books::new(hourly_agreement(|_| {}));
    let mut files = vec![one_visit("2026-01-05", 60)];
    books.approve(&mut files, "2026-01").unwrap();
    // A record that was claimed is in conflict now: what was claimed stands.
    files[0].visits[0].2 = Some(Doubt::Conflict);
    files[0]
        .visits
        .push((visit(2, "2026-02-05", 30), false, Some(Doubt::Conflict)));
    assert_eq!(books.draw(&files, "2026-02").unwrap().lines, []);
    // The participation itself: it is left out altogether.
    files[0].doubt = Some(Doubt::Conflict);
    let claim = books.draw(&files, "2026-02").unwrap();
    assert_eq!(
        claim.left_out,
        [(files[0].id, LeftOut::InDoubt(Doubt::Conflict))]
    );
    assert_eq!(claim.cases, []);
    // Settled: voided after all.
    files[0].doubt = None;
    files[0].visits[0].2 = None;
    files[0].visits[0].1 = true;
    files[0].visits[1].2 = None;
    let claim = books.approve(&mut files, "2026-02").unwrap();
    assert_eq!(
        claim.lines.iter().map(|l| l.quantity).collect::<Vec<_>>(),
        [-4, 2]
    );
}

#[test]
fn a_restricted_participation_comes_with_the_claim_after_the_restriction() {
    let mut books = Books::new(hourly_agreement(|_| {}));
    let mut files = vec![one_visit("2026-01-05", 60)];
    files[0].participation.restricted = Some("Bestridt".into());
    let claim = books.draw(&files, "2026-01").unwrap();
    assert_eq!(claim.left_out, [(files[0].id, LeftOut::Restricted)]);
    assert_eq!(
        books.approve(&mut files, "2026-01").unwrap().amount_ore(),
        0
    );
    files[0].participation.restricted = None;
    let claim = books.approve(&mut files, "2026-02").unwrap();
    assert_eq!(
        (claim.lines[0].month, claim.amount_ore()),
        (month("2026-01"), 70_001)
    );
}

#[test]
fn a_participation_that_changes_agreement_is_taken_back_by_the_first() {
    let mut books = Books::new(hourly_agreement(|_| {}));
    let mut files = vec![one_visit("2026-01-05", 60)];
    books.approve(&mut files, "2026-01").unwrap();
    files[0].participation.agreement = Some("annen".into());
    let claim = books.approve(&mut files, "2026-02").unwrap();
    assert_eq!(claim.amount_ore(), -70_001);
    // The other agreement's claim of the month finds the casefile's place taken: next month.
    let mut other = hourly_agreement(|_| {});
    other.key = "annen".into();
    let mut others = Books::new(other);
    let claim = others.draw(&files, "2026-02").unwrap();
    assert_eq!(claim.left_out, [(files[0].id, LeftOut::OtherAgreement)]);
    others.approve(&mut files, "2026-02").unwrap();
    assert_eq!(
        others.approve(&mut files, "2026-03").unwrap().amount_ore(),
        70_001
    );
    assert_eq!(KEY, "avtale");
}

#[test]
fn a_claim_in_doubt_in_the_register_holds_the_next_one_back() {
    let books = Books::new(hourly_agreement(|_| {}));
    let claim = books
        .draw(&[], "2026-01")
        .unwrap()
        .approve(day("2026-02-01"))
        .unwrap()
        .claim;
    let doubted = [Fact {
        doubt: Some(Doubt::Conflict),
        ..Fact::sure(&claim)
    }];
    let basis = Basis {
        agreement: &books.agreement,
        cases: &[],
        approved: &doubted,
        unseen: 0,
        of: None,
        parts: &[],
    };
    let refused = Claim::draw(basis, month("2026-02")).unwrap_err();
    assert_eq!(refused, ClaimError::ClaimsInDoubt);
}

#[test]
fn places_are_rounded_once_and_corrected_by_whole_kroner() {
    let mut agreement = place_agreement(&[("2026-01-01", 10_001)], |_| {});
    let terms = agreement.versions.remove(&day("2023-01-01")).unwrap();
    agreement.versions.insert(day("2026-01-01"), terms);
    let mut books = Books::new(agreement);
    // April 2026 has 22 weekdays; three participations of 7.
    let mut files: Vec<File> = (1..=3).map(File::new).collect();
    for file in &mut files {
        file.participation.area = None;
        file.participation.start = Some(day("2026-04-22"));
    }
    let april = books.approve(&mut files, "2026-04").unwrap();
    // 3 × 0.31818 × 10 001 = 9 546.35.
    assert_eq!(
        (april.amount_ore(), april.lines[0].quantity),
        (954_600, 3 * 31_818)
    );
    assert_eq!(april.lines[0].price_ore, 1_000_100);
    // One had ended already; another's casefile is erased, which takes nothing back.
    files[0].participation.end = Some(day("2026-04-22"));
    files[0].participation.status = Status::Ended;
    files.pop();
    let may = books.approve(&mut files, "2026-05").unwrap();
    // 0.04545 + 2 × 0.31818 = 0.68181, × 10 001 = 6 818.78.
    let correction: i64 = may
        .lines
        .iter()
        .filter(|l| l.month == month("2026-04"))
        .map(|l| l.amount_ore)
        .sum();
    assert_eq!(correction, 681_900 - 954_600);
    let own: i64 = may
        .lines
        .iter()
        .filter(|l| l.month == month("2026-05"))
        .map(|l| l.amount_ore)
        .sum();
    assert_eq!(own, 1_000_100);
}

#[test]
fn more_places_than_agreed_are_pointed_out() {
    let books = Books::new(place_agreement(&[("2023-01-01", 100)], |_| {}));
    let mut files: Vec<File> = (1..=17).map(File::new).collect();
    for file in &mut files {
        file.participation.area = Some("Drammen".into());
    }
    files[0].participation.start = Some(day("2026-02-10"));
    let claim = books.draw(&files, "2026-02").unwrap();
    let [above] = claim.places_above.as_slice() else {
        panic!("{:?}", claim.places_above);
    };
    assert_eq!(
        (above.used, above.agreed, above.day),
        (17, 16, day("2026-02-10"))
    );
    assert_eq!(books.draw(&files[1..], "2026-02").unwrap().places_above, []);
}

/// A number that depends on the seed and the place.
fn mix(seed: u64, place: usize) -> u64 {
    let mixed = (seed ^ (place as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15))
        .wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed ^ (mixed >> 29)
}

/// The casefiles as they were when a month was approved: some records had not arrived, some were
/// not voided, corrected or settled yet.
fn as_of(last: &[File], stage: u64, seed: u64) -> Vec<File> {
    let mut files = last.to_vec();
    for (f, file) in files.iter_mut().enumerate() {
        let mut place = f * 1000;
        file.visits.retain_mut(|(visit, voided, doubt)| {
            place += 1;
            let draw = mix(seed, place);
            *voided &= draw % 5 <= stage;
            if stage == 5 {
                *doubt = None;
            }
            if (draw >> 8) % 7 > stage {
                visit.end.0 += 20 * 60_000;
            }
            (draw >> 16) % 6 <= stage
        });
        file.trips.retain(|_| {
            place += 1;
            mix(seed, place) % 6 <= stage
        });
        if stage < mix(seed, f) % 6 {
            file.participation.end = None;
        }
        if stage < 2 && mix(seed, f + 500).is_multiple_of(3) {
            file.participation.area = Some("B".into());
        }
        if stage == 3 && mix(seed, f + 600).is_multiple_of(4) {
            file.participation.restricted = Some("Bestridt".into());
        }
    }
    files
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn a_claim_and_its_corrections_are_the_claim_from_scratch(
        last in caseload(),
        seed in any::<u64>(),
    ) {
        let agreement = hourly_agreement(|_| {});
        let mut books = Books::new(agreement.clone());
        let mut billed: BTreeMap<DocumentId, Vec<Billed>> = BTreeMap::new();
        let mut files = Vec::new();
        for (stage, of) in MONTHS.iter().enumerate() {
            files = as_of(&last, stage as u64, seed);
            for file in &mut files {
                file.billed = billed.get(&file.id).cloned().unwrap_or_default();
            }
            books.approve(&mut files, of).unwrap();
            billed = files.iter().map(|file| (file.id, file.billed.clone())).collect();
        }
        let claimed = sums(books.approved.iter().flat_map(|claim| &claim.lines));
        prop_assert_eq!(claimed, from_scratch(&files, &agreement));
        // And by entry: what the casefiles hold is what is billed, each record and kind once.
        for file in &files {
            let mut held: BTreeMap<(RecordId, EntryKind), i64> = BTreeMap::new();
            for entry in file.billed.iter().flat_map(|billed| &billed.entries) {
                *held.entry((entry.record, entry.kind)).or_default() += entry.quarters;
            }
            held.retain(|_, quarters| *quarters != 0);
            let cases: Vec<Case<'_>> = files.iter().map(File::case).collect();
            let bill = hourly::bill(&file.case(), &Groups::of(&cases), &agreement);
            let now: BTreeMap<_, _> = bill
                .entries
                .iter()
                .map(|entry| ((entry.record, entry.kind), i64::from(entry.quarters)))
                .collect();
            prop_assert_eq!(held, now);
        }
    }

    #[test]
    fn places_and_their_corrections_are_the_claim_from_scratch(
        people in proptest::collection::vec(
            (0..150i32, proptest::option::of(0..120i32), any::<u64>()), 1..12),
        price in 1..40_000u64,
        later in 1..40_000u64,
    ) {
        let prices = [("2026-01-01", price), ("2026-03-11", later)];
        let mut agreement = place_agreement(&prices, |_| {});
        let terms = agreement.versions.remove(&day("2023-01-01")).unwrap();
        agreement.versions.insert(day("2026-01-01"), terms);
        let mut books = Books::new(agreement.clone());
        let mut files: Vec<File> = (1..).zip(&people).map(|(n, _)| File::new(n)).collect();
        for (stage, of) in MONTHS.iter().enumerate() {
            let stage = stage as u64;
            for (file, (start, length, seed)) in files.iter_mut().zip(&people) {
                // Known from a stage on only; the start is corrected once, the end told late.
                let shift = if stage < seed % 4 { 9 } else { 0 };
                let start = day("2026-01-01").plus_days(start + shift);
                file.participation.start = (stage >= seed % 3).then_some(start);
                file.participation.end = None;
                file.participation.status = Status::Active;
                if let Some(length) = length
                    && stage >= (seed >> 8) % 6
                {
                    file.participation.end = Some(start.plus_days(*length));
                    file.participation.status = Status::Ended;
                }
            }
            books.approve(&mut files, of).unwrap();
        }
        let claimed = sums(books.approved.iter().flat_map(|claim| &claim.lines));
        let scratch = from_scratch(&files, &agreement);
        let by_month = |sums: &Sums| {
            let mut months: BTreeMap<Month, i64> = BTreeMap::new();
            for ((month, ..), (_, ore)) in sums {
                *months.entry(*month).or_default() += ore;
            }
            months.retain(|_, ore| *ore != 0);
            months
        };
        prop_assert_eq!(by_month(&claimed), by_month(&scratch));
        let quantities = |sums: &Sums| -> Vec<i64> {
            sums.values().map(|sum| sum.0).filter(|q| *q != 0).collect()
        };
        prop_assert_eq!(quantities(&claimed), quantities(&scratch));
    }
}
