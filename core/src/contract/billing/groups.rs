//! Over whom a group's time is divided (H8 and decision 4), where each participant's part of a
//! group meeting stands in another casefile and a device may not see all of them.

use std::collections::BTreeMap;

use folge_protocol::ids::DocumentId;

use super::{Case, Visiting};
use crate::domain::{GroupInfo, GroupMeetingId, Outcome};

/// What one casefile says of a group meeting.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    /// Its own outcome was that the participant came; also where the visit was voided since.
    stated_attended: bool,
    /// It counts: came, is not voided, and lies inside the participation.
    counts: bool,
    /// It still stands, whatever its outcome.
    stands: bool,
}

#[derive(Debug, Clone, Default)]
struct Group {
    /// Invited and present as the casefiles say; the most, where they differ.
    invited: u32,
    present: u32,
    seen: BTreeMap<DocumentId, Seen>,
}

/// What a group's time is divided by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Divisor {
    /// Those present, inside their participation.
    pub present: u32,
    /// Those invited whose part was not voided.
    pub invited: u32,
    /// Those of the invited whose casefile is not here: protected, erased, or not shared with
    /// this device.
    pub unseen: u32,
}

/// The group meetings of the casefiles at hand.
///
/// A group's divisor is: the casefiles seen that count (came, not voided, inside their
/// participation), plus those that are not seen. Of those it is only known how many were invited
/// and how many came in all, so `min(unseen, stated present - seen that came)` of them count, as
/// inside their participation: the shares of the others are then never too large.
#[derive(Debug, Clone, Default)]
pub struct Groups(BTreeMap<GroupMeetingId, Group>);

impl Groups {
    /// Gathers the group meetings of all casefiles at hand, whatever their agreement.
    pub fn of<'a>(cases: impl IntoIterator<Item = &'a Case<'a>>) -> Self {
        let mut groups = Self::default();
        for case in cases {
            for visit in &case.visits {
                if let Some(group) = shared_by_several(visit.value.group) {
                    groups.add(case, visit, group);
                }
            }
        }
        groups
    }

    fn add(&mut self, case: &Case<'_>, visit: &Visiting<'_>, info: GroupInfo) {
        let group = self.0.entry(info.id).or_default();
        group.invited = group.invited.max(info.invited);
        group.present = group.present.max(info.present);
        let seen = group.seen.entry(case.id).or_default();
        let came = visit.value.outcome == Outcome::Attended;
        seen.stated_attended |= came;
        if !visit.voided {
            seen.stands = true;
            // Whether somebody came or took part that day may be in doubt: until that is settled
            // they count, so that nobody else is billed too much.
            let doubt = visit.doubt.is_some() || case.doubt.is_some();
            seen.counts |= doubt || (came && case.is_inside(visit.value.start.date()));
        }
    }

    /// What a group's time is divided by.
    #[must_use]
    pub fn divisor(&self, id: &GroupMeetingId) -> Divisor {
        let Some(group) = self.0.get(id) else {
            return Divisor::default();
        };
        let count =
            |which: fn(&Seen) -> bool| to_count(group.seen.values().filter(|s| which(s)).count());
        let unseen = group.invited.saturating_sub(to_count(group.seen.len()));
        let elsewhere = group
            .present
            .saturating_sub(count(|seen| seen.stated_attended));
        Divisor {
            present: count(|seen| seen.counts).saturating_add(unseen.min(elsewhere)),
            invited: count(|seen| seen.stands).saturating_add(unseen),
            unseen,
        }
    }
}

/// A group of one is a meeting like any other.
pub(super) fn shared_by_several(group: Option<GroupInfo>) -> Option<GroupInfo> {
    group.filter(|group| group.invited > 1)
}

fn to_count(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
