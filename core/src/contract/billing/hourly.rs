//! Pay by the hour (OPP b3.1; H1 to H10 and the decisions 1 to 14).

use std::collections::{BTreeMap, BTreeSet};

use super::groups::shared_by_several;
use super::{
    Basis, BillingNotice, Case, CaseBilling, Divisor, Entry, Groups, NotBilled, NoticeReason,
    Ratio, Rule, Unbilled, Visiting, length, report_rule,
};
use crate::contract::Agreement;
use crate::contract::terms::{GroupShare, HourlyPricing, QUARTER_MINUTES, SeveralConsultants};
use crate::domain::limits::TRIP_VISITS_COUNT_MAX;
use crate::domain::{
    Area, EntryKind, GroupInfo, GroupMeetingId, LocalDate, MeetingForm, Outcome, RecordId, Report,
    Visit, With,
};

/// The terms, area and price that hold on a day for a participation.
struct Rate<'a> {
    terms: &'a HourlyPricing,
    area: &'a str,
    hourly_ore: u64,
}

/// The trips' parts for one meeting (decision 8).
#[derive(Default)]
struct Travel {
    spent: Ratio,
    trips: Vec<RecordId>,
    doubt: Option<NotBilled>,
}

/// What the records of a participation yield.
#[must_use]
pub fn bill(case: &Case<'_>, groups: &Groups, agreement: &Agreement) -> CaseBilling {
    let mut bill = Bill {
        case,
        groups,
        agreement,
        made: CaseBilling::default(),
    };
    let mut travel = bill.travel();
    let duplicates = duplicates(case);
    for visit in &case.visits {
        let why = bill.visit(visit, duplicates.contains(&visit.value.id));
        if let Some(travel) = travel.remove(&visit.value.id) {
            bill.travel_to(visit, why, travel);
        }
    }
    bill.overlaps();
    for report in &case.reports {
        let doubt = report.doubt.or(case.doubt).map(NotBilled::from);
        let why = match (report.voided, doubt) {
            (true, _) => Err(NotBilled::Voided),
            (false, Some(doubt)) => Err(doubt),
            (false, None) => bill.report(report.value),
        };
        if let Err(why) = why {
            let date = report.value.delivered;
            bill.leave_out(report.value.id, EntryKind::Report, date, why);
        }
    }
    let made = &mut bill.made;
    made.entries
        .sort_by_key(|entry| (entry.date, entry.record, entry.kind));
    made.not_billed.sort_unstable();
    made.notices.sort_unstable();
    made.notices.dedup();
    bill.made
}

/// Visits that say the same group meeting a second time: all but the one with the least id, those
/// that the participant came to before others.
fn duplicates(case: &Case<'_>) -> BTreeSet<RecordId> {
    let mut first: BTreeMap<GroupMeetingId, (bool, RecordId)> = BTreeMap::new();
    let mut duplicates = BTreeSet::new();
    for visit in case.visits.iter().filter(|visit| !visit.voided) {
        let Some(group) = visit.value.group else {
            continue;
        };
        let own = (visit.value.outcome != Outcome::Attended, visit.value.id);
        match first.get_mut(&group.id) {
            None => drop(first.insert(group.id, own)),
            Some(best) if own < *best => {
                duplicates.insert(best.1);
                *best = own;
            }
            Some(_) => drop(duplicates.insert(own.1)),
        }
    }
    duplicates
}

struct Bill<'a> {
    case: &'a Case<'a>,
    groups: &'a Groups,
    agreement: &'a Agreement,
    made: CaseBilling,
}

impl<'a> Bill<'a> {
    fn leave_out(
        &mut self,
        record: RecordId,
        kind: EntryKind,
        date: Option<LocalDate>,
        why: NotBilled,
    ) {
        self.made.not_billed.push(Unbilled {
            record,
            kind,
            date,
            why,
        });
    }

    fn notice(&mut self, visit: &Visit, reason: NoticeReason) {
        self.made.notices.push(BillingNotice {
            record: visit.id,
            date: visit.start.date(),
            reason,
        });
    }

    /// The agreement's price for the participation's area on a day: the last from that day or
    /// before, in the terms that are in force (Q5, H10).
    fn rate(&self, day: LocalDate) -> Result<Rate<'a>, NotBilled> {
        let terms = self.agreement.terms_on(day).and_then(|t| t.hourly());
        let terms = terms.ok_or(NotBilled::NotHourly)?;
        let area = self.case.participation.area.as_deref();
        let area = area
            .filter(|area| !area.is_empty())
            .ok_or(NotBilled::AreaMissing)?;
        let price = terms
            .prices
            .iter()
            .filter(|price| price.area.0 == area && price.from <= day)
            .max_by_key(|price| price.from);
        Ok(Rate {
            terms,
            area,
            hourly_ore: price.ok_or(NotBilled::NoPrice)?.hourly_ore,
        })
    }

    /// The trips' parts by meeting: a trip's minutes in equal parts over all its meetings, held or
    /// not, those with other participants included.
    fn travel(&mut self) -> BTreeMap<RecordId, Travel> {
        let here: BTreeSet<RecordId> = self.case.visits.iter().map(|v| v.value.id).collect();
        let mut travel: BTreeMap<RecordId, Travel> = BTreeMap::new();
        for trip in &self.case.trips {
            let id = trip.value.id;
            if trip.voided {
                self.leave_out(id, EntryKind::Travel, None, NotBilled::Voided);
                continue;
            }
            let visits: BTreeSet<RecordId> = trip.value.visits.iter().copied().collect();
            let known: Vec<RecordId> = visits.intersection(&here).copied().collect();
            let doubt = trip.doubt.map(NotBilled::from).or_else(|| {
                let meetings = trip.value.meetings as usize;
                let makes_sense = (visits.len()..=TRIP_VISITS_COUNT_MAX).contains(&meetings);
                (!makes_sense).then_some(NotBilled::Unreadable)
            });
            if known.is_empty() {
                let why = doubt.unwrap_or(NotBilled::TravelUntied);
                self.leave_out(id, EntryKind::Travel, None, why);
            }
            for visit in known {
                let sum = travel.entry(visit).or_default();
                let part = Ratio::whole(trip.value.minutes.0).shared_by(trip.value.meetings);
                sum.spent = sum.spent.plus(part);
                sum.trips.push(id);
                sum.doubt = sum.doubt.or(doubt);
            }
        }
        for sum in travel.values_mut() {
            sum.trips.sort_unstable();
        }
        travel
    }

    fn divisor(&self, group: &GroupInfo, terms: &HourlyPricing) -> (u32, Divisor) {
        let divisor = self.groups.divisor(&group.id);
        let by = match terms.group_share {
            GroupShare::Present => divisor.present,
            GroupShare::Invited => divisor.invited,
        };
        (by.max(1), divisor)
    }

    /// What stands against billing anything of a visit, before its outcome is looked at.
    fn standing(&self, visit: &Visiting<'_>, duplicate: bool) -> Result<Rate<'a>, NotBilled> {
        if visit.voided {
            return Err(NotBilled::Voided);
        }
        if let Some(doubt) = visit.doubt.or(self.case.doubt) {
            return Err(doubt.into());
        }
        match visit.value.outcome {
            Outcome::Planned => return Err(NotBilled::Planned),
            Outcome::Excused(_) => return Err(NotBilled::Excused),
            Outcome::Cancelled(_) => return Err(NotBilled::Cancelled),
            Outcome::Moved => return Err(NotBilled::Moved),
            Outcome::Attended | Outcome::NoShow => {}
        }
        if duplicate {
            return Err(NotBilled::Duplicate);
        }
        let day = visit.value.start.date();
        if self.case.participation.start.is_none() {
            return Err(NotBilled::NotStarted);
        }
        if !self.case.is_inside(day) {
            return Err(NotBilled::OutsidePeriod);
        }
        let rate = self.rate(day)?;
        if !rate.terms.video_and_phone && visit.value.form != MeetingForm::InPerson {
            return Err(NotBilled::VideoOrPhone);
        }
        if !rate.terms.employer_meetings && visit.value.with == With::Employer {
            return Err(NotBilled::EmployerMeeting);
        }
        if visit.value.outcome == Outcome::NoShow && shared_by_several(visit.value.group).is_some()
        {
            return Err(NotBilled::GroupNoShow);
        }
        Ok(rate)
    }

    /// Bills a visit itself. Gives the rate for its travel, or why the meeting is not paid.
    fn visit(&mut self, visit: &Visiting<'_>, duplicate: bool) -> Result<Rate<'a>, NotBilled> {
        let value = visit.value;
        let kind = match value.outcome {
            Outcome::NoShow => EntryKind::NoShow,
            _ => EntryKind::FollowUp,
        };
        let standing = self.standing(visit, duplicate);
        let standing = standing.and_then(|rate| {
            let minutes = length(value).ok_or(NotBilled::Unreadable)?;
            Ok((rate, minutes))
        });
        let (rate, minutes) = match standing {
            Ok(standing) => standing,
            Err(why) => {
                self.leave_out(value.id, kind, Some(value.start.date()), why);
                return Err(why);
            }
        };
        let spent = Ratio::whole(minutes.0);
        let consultants = u32::try_from(value.consultants.len()).unwrap_or(u32::MAX);
        let mut basis = Basis {
            spent,
            shared_by: 1,
            ..Basis::default()
        };
        let rule = if kind == EntryKind::NoShow {
            basis.cap_minutes = Some(rate.terms.no_show_minutes_max);
            Rule::NoShow
        } else if let Some(group) = shared_by_several(value.group) {
            let (by, divisor) = self.divisor(&group, rate.terms);
            basis.spent = spent.times(group.consultants.max(1));
            basis.shared_by = by;
            basis.unseen = divisor.unseen;
            if divisor.unseen > 0 {
                self.notice(value, NoticeReason::GroupSeenInPart);
            }
            Rule::GroupShare
        } else {
            if consultants > 1 {
                match rate.terms.several_consultants {
                    SeveralConsultants::Once => {
                        self.notice(value, NoticeReason::SeveralConsultants);
                    }
                    SeveralConsultants::Each => basis.spent = spent.times(consultants),
                }
            }
            if value.with == With::Employer {
                Rule::Employer
            } else {
                Rule::FollowUp
            }
        };
        let to = (value.id, kind, value.start.date());
        self.enter(to, rule, &rate, Some(value.form), basis);
        Ok(rate)
    }

    /// Bills the travel to a visit (H6; decisions 6 to 8).
    fn travel_to(
        &mut self,
        visit: &Visiting<'_>,
        meeting: Result<Rate<'a>, NotBilled>,
        travel: Travel,
    ) {
        let value = visit.value;
        let day = value.start.date();
        let kind = EntryKind::Travel;
        let rate = match (meeting, travel.doubt) {
            (Err(why), _) => Err(match why {
                NotBilled::Planned
                | NotBilled::Excused
                | NotBilled::Cancelled
                | NotBilled::Moved
                | NotBilled::Voided => NotBilled::TravelNotHeld,
                NotBilled::GroupNoShow => NotBilled::TravelToNoShow,
                other => other,
            }),
            (Ok(_), Some(doubt)) => Err(doubt),
            (Ok(rate), None)
                if value.outcome == Outcome::NoShow && !rate.terms.travel_to_no_show =>
            {
                Err(NotBilled::TravelToNoShow)
            }
            (Ok(rate), None) => Ok(rate),
        };
        let rate = match rate {
            Ok(rate) => rate,
            Err(why) => {
                if why == NotBilled::TravelToNoShow {
                    self.notice(value, NoticeReason::TravelToNoShow);
                }
                return self.leave_out(value.id, kind, Some(day), why);
            }
        };
        let mut basis = Basis {
            spent: travel.spent,
            cap_minutes: Some(rate.terms.travel_minutes_max),
            shared_by: 1,
            trips: travel.trips,
            ..Basis::default()
        };
        let mut rule = Rule::Travel;
        if let Some(group) = shared_by_several(value.group) {
            let (by, divisor) = self.divisor(&group, rate.terms);
            basis.shared_by = by;
            basis.unseen = divisor.unseen;
            rule = Rule::GroupTravel;
        }
        self.enter((value.id, kind, day), rule, &rate, Some(value.form), basis);
    }

    /// Bills report writing by the day of delivery, whenever that is (H7; decisions 10 and 12).
    fn report(&mut self, report: &Report) -> Result<(), NotBilled> {
        let day = report.delivered.ok_or(NotBilled::NotDelivered)?;
        let rate = self.rate(day)?;
        if !rate.terms.billable_reports.contains(&report.kind) {
            return Err(NotBilled::ReportKind);
        }
        let basis = Basis {
            spent: Ratio::whole(report.minutes.0),
            cap_minutes: Some(rate.terms.report_minutes_max),
            shared_by: 1,
            ..Basis::default()
        };
        let to = (report.id, EntryKind::Report, day);
        self.enter(to, report_rule(report.kind), &rate, None, basis);
        Ok(())
    }

    /// Caps, shares, rounds up (decisions 1 to 3), and enters what comes of it.
    fn enter(
        &mut self,
        (record, kind, date): (RecordId, EntryKind, LocalDate),
        rule: Rule,
        rate: &Rate<'_>,
        form: Option<MeetingForm>,
        basis: Basis,
    ) {
        let capped = basis
            .cap_minutes
            .map_or(basis.spent, |cap| basis.spent.at_most(cap));
        let minutes = capped.shared_by(basis.shared_by);
        if minutes.is_zero() {
            return self.leave_out(record, kind, Some(date), NotBilled::NoTime);
        }
        let step = rate.terms.round_up_to_minutes.max(QUARTER_MINUTES);
        self.made.entries.push(Entry {
            participation: self.case.id,
            record,
            kind,
            date,
            rule,
            minutes,
            quarters: quarters_up(minutes, step),
            area: Area(rate.area.to_owned()),
            hourly_ore: rate.hourly_ore,
            form,
            basis,
        });
    }

    /// Tells of individual meetings that overlap: perhaps one was recorded twice.
    fn overlaps(&mut self) {
        let paid: BTreeSet<RecordId> = self.made.entries.iter().map(|e| e.record).collect();
        let mut visits: Vec<&Visit> = self
            .case
            .visits
            .iter()
            .map(|visit| visit.value)
            .filter(|visit| paid.contains(&visit.id) && visit.group.is_none())
            .collect();
        visits.sort_by_key(|visit| (visit.start, visit.id));
        let mut last: Option<&Visit> = None;
        for visit in visits {
            if let Some(before) = last
                && visit.start < before.end
            {
                self.notice(before, NoticeReason::SameTime);
                self.notice(visit, NoticeReason::SameTime);
            }
            if last.is_none_or(|before| visit.end > before.end) {
                last = Some(visit);
            }
        }
    }
}

/// Whole steps, as quarters.
pub(super) fn quarters_up(minutes: Ratio, step_minutes: u32) -> u32 {
    minutes
        .steps_up(step_minutes)
        .saturating_mul(step_minutes / QUARTER_MINUTES)
}
