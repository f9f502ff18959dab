//! Minutes as exact fractions: what is shared among meetings or participants is rounded once, at
//! the very end (H8, H9 and the decisions 3 and 8).

use std::cmp::Ordering;
use std::fmt;

/// A number of minutes that may be a fraction; never negative.
///
/// Denominators come from trips (at most 50 meetings) and groups, so that they stay far below
/// what is held; where a hostile value would not, the number saturates and is capped like any.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ratio {
    num: u128,
    den: u128,
}

impl Ratio {
    /// No time.
    pub const ZERO: Self = Self { num: 0, den: 1 };

    /// Whole minutes.
    #[must_use]
    pub fn whole(minutes: u32) -> Self {
        Self {
            num: minutes.into(),
            den: 1,
        }
    }

    /// Numerator and denominator in lowest terms.
    #[must_use]
    pub const fn parts(self) -> (u128, u128) {
        (self.num, self.den)
    }

    /// Whether it is no time at all.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.num == 0
    }

    fn of(num: u128, den: u128) -> Self {
        let common = if den == 1 { 1 } else { gcd(num, den).max(1) };
        Self {
            num: num / common,
            den: (den / common).max(1),
        }
    }

    /// So many times as much.
    #[must_use]
    pub fn times(self, count: u32) -> Self {
        Self::of(self.num.saturating_mul(count.into()), self.den)
    }

    /// A share of it. Among nobody it is all of it.
    #[must_use]
    pub fn shared_by(self, count: u32) -> Self {
        Self::of(self.num, self.den.saturating_mul(u128::from(count).max(1)))
    }

    /// The sum.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        let common = gcd(self.den, other.den).max(1);
        let (left, right) = (other.den / common, self.den / common);
        Self::of(
            self.num
                .saturating_mul(left)
                .saturating_add(other.num.saturating_mul(right)),
            self.den.saturating_mul(left),
        )
    }

    /// At most so many minutes.
    #[must_use]
    pub fn at_most(self, minutes: u32) -> Self {
        if self > Self::whole(minutes) {
            Self::whole(minutes)
        } else {
            self
        }
    }

    /// Rounded up to whole steps of so many minutes: how many steps (H9).
    #[must_use]
    pub fn steps_up(self, step_minutes: u32) -> u32 {
        let step = self.den.saturating_mul(u128::from(step_minutes).max(1));
        u32::try_from(self.num.div_ceil(step)).unwrap_or(u32::MAX)
    }
}

impl PartialOrd for Ratio {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ratio {
    fn cmp(&self, other: &Self) -> Ordering {
        let left = self.num.saturating_mul(other.den);
        left.cmp(&other.num.saturating_mul(self.den))
    }
}

/// As a whole number with a fraction behind it: `22 1/2`.
impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.num / self.den, self.num % self.den);
        match (whole, rest) {
            (_, 0) => write!(f, "{whole}"),
            (0, _) => write!(f, "{rest}/{}", self.den),
            _ => write!(f, "{whole} {rest}/{}", self.den),
        }
    }
}

impl fmt::Debug for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_are_exact_and_printed_for_people() {
        let half = Ratio::whole(90).shared_by(4);
        assert_eq!(half.to_string(), "22 1/2");
        assert_eq!(half.steps_up(15), 2);
        let third = Ratio::whole(10).shared_by(3);
        let whole = third.plus(third).plus(third);
        assert_eq!(whole, Ratio::whole(10));
        assert_eq!(Ratio::whole(1).shared_by(3).to_string(), "1/3");
        assert_eq!(Ratio::whole(75).at_most(60), Ratio::whole(60));
        assert_eq!(Ratio::ZERO.steps_up(15), 0);
    }

    #[test]
    fn the_most_uneven_trips_still_add_up_exactly() {
        // One trip for each possible number of meetings, as often.
        let sum = (1..=50u32).fold(Ratio::ZERO, |sum, n| {
            (0..n).fold(sum, |sum, _| sum.plus(Ratio::whole(1440).shared_by(n)))
        });
        assert_eq!(sum, Ratio::whole(1440 * 50));
        // What no record can hold saturates, and is capped.
        let absurd = Ratio::whole(u32::MAX).times(u32::MAX).times(u32::MAX);
        let absurd = absurd.times(u32::MAX).times(u32::MAX);
        assert_eq!(absurd.at_most(60), Ratio::whole(60));
    }
}
