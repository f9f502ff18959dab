//! How sure a record's time is: the relay's receipts before and after an envelope, and the
//! device's two clocks (DESIGN.md 5). Shown, never silently corrected.

use folge_protocol::codec::{Decode, DecodeError, Encode, Reader, Writer};
use folge_protocol::ids::{Hash, InstanceId};

use crate::document::ChangeHash;
use crate::envelope::Content;
use crate::limits::{
    BATCH_CHANGES_MAX, CLOCK_DRIFT_SECONDS_MAX, TIME_GRADE_TOLERANCE_MILLISECONDS,
};

/// How sure it is when a change was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeGrade {
    /// Not on the relay yet: only the device's own clock says when.
    Unsent,
    /// Made before the relay took it; nothing bounds it from below.
    BoundedAfter {
        /// The relay had it at this time, in milliseconds since 1970 (UTC).
        before_ms: u64,
    },
    /// Made between two receipts.
    BoundedBothSides {
        /// The device had seen an envelope that the relay took at this time.
        after_ms: u64,
        /// The relay had it at this time.
        before_ms: u64,
    },
    /// The device's wall clock was set while the changes were made.
    ClockJump {
        /// The relay had it at this time.
        before_ms: u64,
    },
    /// The claimed time lies outside what the receipts allow.
    Contradicted {
        /// The lower bound, where there is one.
        after_ms: Option<u64>,
        /// The upper bound.
        before_ms: u64,
    },
}

impl TimeGrade {
    /// Grades a claimed time.
    #[must_use]
    pub fn of(
        claimed_ms: i64,
        jumped: bool,
        after_ms: Option<u64>,
        before_ms: Option<u64>,
    ) -> Self {
        let Some(before_ms) = before_ms else {
            return Self::Unsent;
        };
        let signed = |ms: u64| i64::try_from(ms).unwrap_or(i64::MAX);
        let late = claimed_ms > signed(before_ms).saturating_add(TIME_GRADE_TOLERANCE_MILLISECONDS);
        let early = after_ms.is_some_and(|after| {
            claimed_ms < signed(after).saturating_sub(TIME_GRADE_TOLERANCE_MILLISECONDS)
        });
        match (late || early, jumped, after_ms) {
            (true, _, _) => Self::Contradicted {
                after_ms,
                before_ms,
            },
            (false, true, _) => Self::ClockJump { before_ms },
            (false, false, Some(after_ms)) => Self::BoundedBothSides {
                after_ms,
                before_ms,
            },
            (false, false, None) => Self::BoundedAfter { before_ms },
        }
    }
}

/// What is kept of an envelope's content: which changes it brought, under which clocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    /// Each change, and the last number of the stream that the device had seen when making it.
    pub(crate) changes: Vec<([u8; 32], u64)>,
    pub(crate) jumped: bool,
    /// The relay life that the seen numbers are of.
    pub(crate) instance: Option<InstanceId>,
    /// The membership log as its author had it.
    pub(super) log_len: u64,
    pub(super) log_head: Hash,
}

impl Origin {
    /// `seen_number` is the header's: no change can have seen more than its envelope.
    pub(super) fn new(changes: &[ChangeHash], seen_number: u64, content: &Content) -> Self {
        let seen = content
            .clocks
            .iter()
            .flat_map(|run| std::iter::repeat_n(run.seen_number, run.count as usize));
        // A content that says too little bounds nothing.
        let seen = seen
            .chain(std::iter::repeat(0))
            .map(|seen| seen.min(seen_number));
        Self {
            changes: changes.iter().map(|hash| hash.0).zip(seen).collect(),
            jumped: content.clock_jumped(CLOCK_DRIFT_SECONDS_MAX),
            instance: content.instance,
            log_len: content.log_len,
            log_head: content.log_head,
        }
    }
}

struct Change(([u8; 32], u64));

impl Encode for Change {
    fn encode(&self, out: &mut Writer) {
        out.raw(&self.0.0);
        out.u64(self.0.1);
    }
}

impl Decode for Change {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self((input.array()?, input.u64()?)))
    }
}

impl Encode for Origin {
    fn encode(&self, out: &mut Writer) {
        out.u8(u8::from(self.jumped));
        out.option(self.instance.as_ref());
        out.u64(self.log_len);
        self.log_head.encode(out);
        let changes: Vec<Change> = self.changes.iter().copied().map(Change).collect();
        out.list(&changes);
    }
}

impl Decode for Origin {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let jumped = input.u8()? != 0;
        let instance = input.option()?;
        let log_len = input.u64()?;
        let log_head = Hash::decode(input)?;
        let changes: Vec<Change> = input.list(BATCH_CHANGES_MAX)?;
        Ok(Self {
            changes: changes.into_iter().map(|change| change.0).collect(),
            jumped,
            instance,
            log_len,
            log_head,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_as_sure_as_its_receipts() {
        let hour = 3_600_000;
        assert_eq!(TimeGrade::of(0, false, None, None), TimeGrade::Unsent);
        assert_eq!(
            TimeGrade::of(hour, false, None, Some(2 * 3_600_000)),
            TimeGrade::BoundedAfter {
                before_ms: 7_200_000
            }
        );
        assert_eq!(
            TimeGrade::of(hour, false, Some(1), Some(7_200_000)),
            TimeGrade::BoundedBothSides {
                after_ms: 1,
                before_ms: 7_200_000
            }
        );
        assert_eq!(
            TimeGrade::of(hour, true, Some(1), Some(7_200_000)),
            TimeGrade::ClockJump {
                before_ms: 7_200_000
            }
        );
        for claimed in [-10 * hour, 10 * hour] {
            assert_eq!(
                TimeGrade::of(claimed, true, Some(1), Some(7_200_000)),
                TimeGrade::Contradicted {
                    after_ms: Some(1),
                    before_ms: 7_200_000
                }
            );
        }
    }
}
