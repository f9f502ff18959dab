//! What each billed quarter stands on (Q1, J6; DESIGN.md 8): which confirmation a visit has, how
//! strong it is and whether it still stands; and what an audit would ask about.
//!
//! Pure functions over records. Nothing here blocks anything: exceptions are shown, and a person
//! decides. Times are lengths between instants, and days are Oslo's, which have 23 or 25 hours twice
//! a year.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use folge_protocol::ids::{DeviceId, DocumentId};

use crate::domain::{
    BilledEntry, Confirmation, ConfirmationGrade, EntryKind, GroupMeetingId, Instant, Language,
    LocalDate, MeetingForm, Outcome, RecordId, StaffKey, Trip, Verdict, Visit, VisitDigest,
};

/// An outcome recorded more than so many days after the visit is shown as late. Neither tender sets
/// a limit; a week is the longest that an ordinary working week and a weekend explain (decided).
pub const LATE_ENTRY_DAYS: i32 = 7;

/// An outcome may be recorded so many minutes before the visit's end without being shown: an end is
/// rounded, and who closes the record in the doorway does nothing wrong (decided).
pub const EARLY_ENTRY_MINUTES: i64 = 5;

/// A PIN that was replaced is new for so long, in hours (decided).
pub const PIN_NEW_HOURS: i64 = 24;

const MINUTE_MILLISECONDS: i64 = 60_000;

// --- traceability ---

/// How sure it is when a visit's facts were recorded. The receipts that say so are `sync`'s matter;
/// this is their sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TimeCertainty {
    /// Between two receipts.
    BoundedBothSides,
    /// Before a receipt.
    BoundedAfter,
    /// Only the device's own clock says.
    DeviceOnly,
    /// The device's clock was set meanwhile.
    ClockJump,
    /// The receipts contradict the claimed time.
    Contradicted,
}

impl TimeCertainty {
    /// What it is called.
    #[must_use]
    pub const fn text(self, language: Language) -> &'static str {
        let (nb, en) = match self {
            Self::BoundedBothSides => ("avgrenset fra begge sider", "bounded on both sides"),
            Self::BoundedAfter => ("senest da", "at the latest then"),
            Self::DeviceOnly => ("bare enhetens klokke", "the device's clock only"),
            Self::ClockJump => ("klokken ble stilt", "the clock was set"),
            Self::Contradicted => ("motsagt av tjenesten", "contradicted by the relay"),
        };
        match language {
            Language::Norwegian => nb,
            Language::English => en,
        }
    }
}

/// What was shown to the participant, for the digest that they answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    /// When it began.
    pub start: Instant,
    /// When it ended.
    pub end: Instant,
    /// How it was held.
    pub form: MeetingForm,
}

/// What the participant's own device said of a visit, through the thread or by a code that the
/// consultant's phone read. The caller gives only what the participation's participant signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThreadConfirmation {
    /// The message: an answer that goes both ways has one name.
    pub message: RecordId,
    /// The visit.
    pub visit: RecordId,
    /// The facts that were shown.
    pub digest: VisitDigest,
    /// What the participant says of them.
    pub verdict: Verdict,
    /// When, by the participant's clock.
    pub at: Instant,
    /// With which device.
    pub device: DeviceId,
    /// What staff had shown under that digest; none where nothing was.
    pub shown: Option<Shown>,
}

/// What the participant's device said, of both ways, each once: the thread in the order in which it
/// came, and each answer by code that is not in it before the first line that is later.
#[must_use]
pub fn merged(
    thread: Vec<ThreadConfirmation>,
    mut answers: Vec<ThreadConfirmation>,
) -> Vec<ThreadConfirmation> {
    let mut all = thread;
    answers.sort_by_key(|answer| (answer.at, answer.message));
    for answer in answers {
        let name = |said: &ThreadConfirmation| (said.device, said.message, said.visit);
        if all.iter().any(|said| name(said) == name(&answer)) {
            continue;
        }
        let later = all.iter().position(|said| said.at > answer.at);
        all.insert(later.unwrap_or(all.len()), answer);
    }
    all
}

/// The PIN of a confirmation: when it was set, and when it was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PinSet {
    /// When it was set.
    pub at: Instant,
    /// When it was used.
    pub used: Instant,
    /// Whether it is the participation's first.
    pub is_first: bool,
}

/// A confirmation that stands in the casefile, with what came of checking its proof.
#[derive(Debug, Clone, Copy)]
pub struct Taken<'a> {
    /// The confirmation.
    pub confirmation: &'a Confirmation,
    /// Whether its proof is there and holds. Where it does not, it counts for nothing.
    pub holds: bool,
    /// Its PIN, where it is one.
    pub pin: Option<PinSet>,
}

impl Taken<'_> {
    /// Whether the PIN is so new that nobody can tell whose it is: set after the day of the meeting,
    /// or replaced within a day before it was used (decided).
    fn is_pin_new(&self, visit: &Visit) -> bool {
        self.pin.is_some_and(|pin| {
            let since = pin.used.0.saturating_sub(pin.at.0);
            let replaced = !pin.is_first && since < PIN_NEW_HOURS * 60 * MINUTE_MILLISECONDS;
            replaced || pin.at.date() > visit.end.date()
        })
    }
}

/// Why a visit's evidence is not what it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weakness {
    /// Nobody confirmed it.
    Unconfirmed,
    /// The facts were changed since they were confirmed.
    FactsChanged,
    /// The participant was shown other times or another form than the record has.
    ShownOtherwise,
    /// The participant says that it did not take place, or was otherwise.
    Disputed,
    /// A confirmation is recorded whose proof does not hold.
    ProofFails,
}

impl Weakness {
    /// What the user reads.
    #[must_use]
    pub const fn text(self, language: Language) -> &'static str {
        let (nb, en) = match self {
            Self::Unconfirmed => (
                "Ikke bekreftet av deltakeren.",
                "Not confirmed by the participant.",
            ),
            Self::FactsChanged => (
                "Endret etter at deltakeren bekreftet. Vis møtet på nytt.",
                "Changed after the participant confirmed. Show the meeting anew.",
            ),
            Self::ShownOtherwise => (
                "Deltakeren ble vist noe annet enn det som er ført. Vis møtet på nytt.",
                "The participant was shown something else than is recorded. Show it anew.",
            ),
            Self::Disputed => (
                "Deltakeren er ikke enig. Avklar det med deltakeren før timene kreves.",
                "The participant does not agree. Settle it with them before the hours are claimed.",
            ),
            Self::ProofFails => (
                "Beviset for bekreftelsen holder ikke. Bekreft møtet på nytt med deltakeren.",
                "The confirmation's proof does not hold. Confirm the meeting anew.",
            ),
        };
        match language {
            Language::Norwegian => nb,
            Language::English => en,
        }
    }
}

/// What a visit's hours stand on.
#[derive(Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The visit.
    pub visit: RecordId,
    /// The facts as they are now.
    pub digest: VisitDigest,
    /// The strongest confirmation of these facts, or of earlier ones where none is of these.
    pub grade: ConfirmationGrade,
    /// Whether that confirmation is of the facts as they are now.
    pub stands: bool,
    /// Whether the participant's last word is that it did not take place, or was otherwise. A later
    /// change of the facts does not undo it: only the participant does.
    pub disputed: bool,
    /// How sure it is when the facts were recorded.
    pub time: TimeCertainty,
    /// What is wrong with it, where something is.
    pub weakness: Option<Weakness>,
    /// In the words of whoever confirmed later, could not, or disputes.
    pub reason: Option<String>,
}

impl fmt::Debug for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Evidence")
            .field("visit", &self.visit)
            .field("grade", &self.grade)
            .field("stands", &self.stands)
            .field("disputed", &self.disputed)
            .field("time", &self.time)
            .finish_non_exhaustive()
    }
}

impl Evidence {
    /// Whether the visit's hours can be claimed as confirmed (J6).
    #[must_use]
    pub const fn carries_a_claim(&self) -> bool {
        self.stands && !self.disputed
    }
}

/// What a visit's hours stand on. `recorded` are the confirmations in the casefile that are not
/// voided, `thread` what the participant's own device said, [`merged`]; both may be of any visit.
#[must_use]
pub fn trace(
    visit: &Visit,
    recorded: &[Taken<'_>],
    thread: &[ThreadConfirmation],
    time: TimeCertainty,
) -> Evidence {
    let digest = VisitDigest::of(visit);
    let shown_as_recorded = |shown: Option<Shown>| {
        shown.is_some_and(|shown| {
            (shown.start, shown.end, shown.form) == (visit.start, visit.end, visit.form)
        })
    };
    // Grade, whether it is of these facts, words. Weaker grades sort behind stronger ones.
    let mut found: Vec<(bool, ConfirmationGrade, Option<&str>)> = Vec::new();
    let mut shown_otherwise = false;
    let mut last: Option<&Verdict> = None;
    for said in thread.iter().filter(|said| said.visit == visit.id) {
        last = Some(&said.verdict);
        if said.verdict == Verdict::Yes {
            let mut stands = said.digest == digest;
            if stands && !shown_as_recorded(said.shown) {
                shown_otherwise = true;
                stands = false;
            }
            found.push((!stands, ConfirmationGrade::OwnDevice, None));
        }
    }
    let (mut none_because, mut proof_fails) = (None, false);
    let of_visit = |taken: &&Taken<'_>| taken.confirmation.visit == visit.id;
    for Taken {
        confirmation,
        holds,
        ..
    } in recorded.iter().filter(of_visit)
    {
        let words = Some(confirmation.reason.as_str()).filter(|words| !words.trim().is_empty());
        match confirmation.grade {
            _ if !holds => proof_fails = true,
            // What the participant's device answered is in `thread`, with what it says.
            ConfirmationGrade::OwnDevice => {}
            ConfirmationGrade::None => none_because = words,
            grade => found.push((confirmation.digest != digest, grade, words)),
        }
    }
    found.sort_by_key(|(changed, grade, _)| (*changed, *grade));
    let best = found.first().copied();
    let disputed = !matches!(last, None | Some(Verdict::Yes));
    let stands = best.is_some_and(|(changed, ..)| !changed);
    let weakness = if disputed {
        Some(Weakness::Disputed)
    } else if stands {
        None
    } else if proof_fails {
        Some(Weakness::ProofFails)
    } else if shown_otherwise {
        Some(Weakness::ShownOtherwise)
    } else if best.is_some() {
        Some(Weakness::FactsChanged)
    } else {
        Some(Weakness::Unconfirmed)
    };
    let reason = match last {
        Some(Verdict::Wrong(words)) => Some(words.as_str()),
        _ => best.map_or(none_because, |(.., words)| words),
    };
    Evidence {
        visit: visit.id,
        digest,
        grade: best.map_or(ConfirmationGrade::None, |(_, grade, _)| grade),
        stands,
        disputed,
        time,
        weakness,
        reason: reason.map(str::to_owned),
    }
}

/// What a claimed entry is traced to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TracedTo<'a> {
    /// A visit with its evidence; travel is traced to the visit that it served.
    Visit(&'a Evidence),
    /// A report, which its delivery to NAV proves.
    Report,
    /// Nothing: the record is not here, or is voided.
    Nothing,
}

/// Each entry of a claim with what it stands on: every billed quarter is traceable (Q1).
#[must_use]
pub fn trace_entries<'a>(
    entries: &'a [BilledEntry],
    evidence: &'a BTreeMap<RecordId, Evidence>,
    reports: &BTreeSet<RecordId>,
) -> Vec<(&'a BilledEntry, TracedTo<'a>)> {
    entries
        .iter()
        .map(|entry| {
            let to = match entry.kind {
                EntryKind::Report if reports.contains(&entry.record) => TracedTo::Report,
                EntryKind::Report => TracedTo::Nothing,
                _ => evidence
                    .get(&entry.record)
                    .map_or(TracedTo::Nothing, TracedTo::Visit),
            };
            (entry, to)
        })
        .collect()
}

// --- exceptions ---

/// A visit with what is known of its recording. Voided ones are left out by the caller.
#[derive(Debug, Clone)]
pub struct SeenVisit<'a> {
    /// The participation.
    pub participation: DocumentId,
    /// The visit.
    pub visit: &'a Visit,
    /// When its outcome was first recorded, by the device's clock; none while it is not known.
    pub recorded: Option<Instant>,
    /// Its confirmations in the casefile.
    pub confirmations: Vec<Taken<'a>>,
    /// What the participant's own device said of it, [`merged`].
    pub thread: Vec<ThreadConfirmation>,
}

/// A trip. Voided ones are left out by the caller.
#[derive(Debug, Clone, Copy)]
pub struct SeenTrip<'a> {
    /// The participation.
    pub participation: DocumentId,
    /// The trip.
    pub trip: &'a Trip,
}

/// What an audit would ask about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExceptionKind {
    /// Two visits of one consultant overlap.
    OverlappingVisits,
    /// A trip overlaps a visit of the same consultant.
    TravelDuringVisit,
    /// A trip to a visit ends after the visit began.
    TravelEndsAfterStart,
    /// A trip is recorded as longer than the time that there was for it.
    TravelTooLong,
    /// Visits and travel of one consultant fill more than the day.
    DayTooLong,
    /// The outcome was recorded late.
    LateEntry,
    /// The facts were changed after they were confirmed.
    EditedAfterConfirmation,
    /// A visit that is said to have been held lies in the future.
    InFuture,
    /// The outcome was recorded before the visit's end.
    RecordedBeforeEnd,
    /// The participant's confirmation came from a consultant's device.
    OneDeviceForBoth,
    /// A confirmation's proof does not hold.
    ProofFails,
    /// A confirmation's PIN was set after the meeting's day, or replaced just before it was used.
    PinSetJustBefore,
}

impl ExceptionKind {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::OverlappingVisits,
        Self::TravelDuringVisit,
        Self::TravelEndsAfterStart,
        Self::TravelTooLong,
        Self::DayTooLong,
        Self::LateEntry,
        Self::EditedAfterConfirmation,
        Self::InFuture,
        Self::RecordedBeforeEnd,
        Self::OneDeviceForBoth,
        Self::ProofFails,
        Self::PinSetJustBefore,
    ];

    /// The stable text that stands for it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::OverlappingVisits => "overlapping_visits",
            Self::TravelDuringVisit => "travel_during_visit",
            Self::TravelEndsAfterStart => "travel_ends_after_start",
            Self::TravelTooLong => "travel_too_long",
            Self::DayTooLong => "day_too_long",
            Self::LateEntry => "late_entry",
            Self::EditedAfterConfirmation => "edited_after_confirmation",
            Self::InFuture => "in_future",
            Self::RecordedBeforeEnd => "recorded_before_end",
            Self::OneDeviceForBoth => "one_device_for_both",
            Self::ProofFails => "proof_fails",
            Self::PinSetJustBefore => "pin_set_just_before",
        }
    }

    /// What the user reads: what is odd, and what to do.
    #[must_use]
    pub const fn text(self, language: Language) -> &'static str {
        let (nb, en) = match self {
            Self::OverlappingVisits => (
                "Veilederen har to møter som overlapper. Sjekk klokkeslettene.",
                "The consultant has two overlapping meetings. Check the times.",
            ),
            Self::TravelDuringVisit => (
                "Veilederen reiste mens et møte pågikk. Sjekk klokkeslettene.",
                "The consultant travelled during a meeting. Check the times.",
            ),
            Self::TravelEndsAfterStart => (
                "Reisen sluttet etter at møtet begynte. Sjekk klokkeslettene.",
                "The trip ended after the meeting began. Check the times.",
            ),
            Self::TravelTooLong => (
                "Reisen er ført lengre enn det var tid til. Sjekk minuttene.",
                "The trip is recorded as longer than there was time for. Check the minutes.",
            ),
            Self::DayTooLong => (
                "Møter og reiser er til sammen lengre enn døgnet. Sjekk dagen.",
                "Meetings and travel are longer than the day. Check the day.",
            ),
            Self::LateEntry => (
                "Ført mer enn en uke etter møtet. Skriv hvorfor.",
                "Recorded more than a week after the meeting. Say why.",
            ),
            Self::EditedAfterConfirmation => (
                "Endret etter at deltakeren bekreftet. Vis møtet på nytt.",
                "Changed after the participant confirmed. Show the meeting anew.",
            ),
            Self::InFuture => (
                "Ført som holdt, men ligger fram i tid. Sjekk datoen.",
                "Recorded as held, but lies in the future. Check the date.",
            ),
            Self::RecordedBeforeEnd => (
                "Ført som holdt før det var slutt. Sjekk klokkeslettene.",
                "Recorded as held before its end. Check the times.",
            ),
            Self::OneDeviceForBoth => (
                "Bekreftelsen kom fra en veileders enhet. Be deltakeren bekrefte selv.",
                "The confirmation came from a consultant's device. Ask the participant to confirm.",
            ),
            Self::ProofFails => (
                "Beviset for bekreftelsen holder ikke. Spør den som førte den.",
                "The confirmation's proof does not hold. Ask who recorded it.",
            ),
            Self::PinSetJustBefore => (
                "PIN-koden ble satt etter møtet eller byttet like før. Spør deltakeren.",
                "The PIN was set after the meeting or replaced just before. Ask the participant.",
            ),
        };
        match language {
            Language::Norwegian => nb,
            Language::English => en,
        }
    }

    /// Where the rule stands.
    #[must_use]
    pub const fn source(self) -> &'static str {
        match self {
            Self::EditedAfterConfirmation
            | Self::OneDeviceForBoth
            | Self::ProofFails
            | Self::PinSetJustBefore => "DESIGN.md 8; J6",
            Self::TravelDuringVisit | Self::TravelEndsAfterStart | Self::TravelTooLong => {
                "DESIGN.md 8; H6, H9; Q1"
            }
            _ => "DESIGN.md 8; H9; Q1",
        }
    }
}

/// Something that an audit would ask about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exception {
    /// The day in Oslo.
    pub date: LocalDate,
    /// What.
    pub kind: ExceptionKind,
    /// The consultant; none where it is nobody's in particular.
    pub consultant: Option<StaffKey>,
    /// The records that it is about, each with its participation.
    pub records: BTreeSet<([u8; 16], RecordId)>,
}

impl Exception {
    fn new<'r>(
        kind: ExceptionKind,
        date: LocalDate,
        consultant: Option<&StaffKey>,
        records: impl IntoIterator<Item = &'r (DocumentId, RecordId)>,
    ) -> Self {
        Self {
            date,
            kind,
            consultant: consultant.cloned(),
            records: records.into_iter().map(|(of, id)| (of.0, *id)).collect(),
        }
    }
}

/// What tells meetings apart: a group meeting stands in many casefiles and is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum MeetingKey {
    Group(GroupMeetingId),
    Alone(DocumentId, RecordId),
}

/// A meeting that was held, as one consultant's time.
#[derive(Debug, Clone)]
struct Meeting {
    key: MeetingKey,
    start: Instant,
    end: Instant,
    records: Vec<(DocumentId, RecordId)>,
}

/// A timed trip, as one consultant's time: the copies in several casefiles are one.
#[derive(Debug, Clone)]
struct TimedTrip {
    start: Instant,
    end: Instant,
    minutes: i64,
    serves: BTreeSet<MeetingKey>,
    records: Vec<(DocumentId, RecordId)>,
}

fn meeting_key(of: DocumentId, visit: &Visit) -> MeetingKey {
    visit
        .group
        .map_or(MeetingKey::Alone(of, visit.id), |group| {
            MeetingKey::Group(group.id)
        })
}

/// One consultant's meetings and trips.
#[derive(Debug, Default)]
struct Diary {
    meetings: Vec<Meeting>,
    timed: Vec<TimedTrip>,
    /// Untimed travel: for each trip (told apart by its length, its count of meetings and a meeting
    /// that it served) its share in milliseconds, its day, and how often it stands in each casefile.
    untimed: BTreeMap<(u32, u32, MeetingKey), Untimed>,
}

#[derive(Debug)]
struct Untimed {
    date: LocalDate,
    share_ms: i64,
    times: BTreeMap<DocumentId, i64>,
    records: Vec<(DocumentId, RecordId)>,
}

impl Diary {
    fn add_visit(&mut self, seen: &SeenVisit<'_>) {
        let (key, visit) = (meeting_key(seen.participation, seen.visit), seen.visit);
        let record = (seen.participation, visit.id);
        // Copies with other times are another meeting: then they overlap, and are shown.
        let same = self.meetings.iter_mut().find(|meeting| {
            (meeting.key, meeting.start, meeting.end) == (key, visit.start, visit.end)
        });
        match same {
            Some(meeting) => meeting.records.push(record),
            None => self.meetings.push(Meeting {
                key,
                start: visit.start,
                end: visit.end,
                records: vec![record],
            }),
        }
    }

    fn add_trip(
        &mut self,
        seen: SeenTrip<'_>,
        visits: &BTreeMap<(DocumentId, RecordId), (MeetingKey, Instant)>,
    ) {
        let (of, trip) = (seen.participation, seen.trip);
        let record = (of, trip.id);
        let served = trip
            .visits
            .iter()
            .filter_map(|id| visits.get(&(of, *id)).copied());
        if let (Some(start), Some(end)) = (trip.start, trip.end) {
            let minutes = i64::from(trip.minutes.0);
            let same = self.timed.iter_mut().find(|known| {
                (known.start, known.end, known.minutes) == (start, end, minutes)
                    // The same trip cannot stand twice in one casefile.
                    && known.records.iter().all(|(other, _)| *other != of)
            });
            let serves = served.map(|(key, _)| key);
            match same {
                Some(known) => {
                    known.serves.extend(serves);
                    known.records.push(record);
                }
                None => self.timed.push(TimedTrip {
                    start,
                    end,
                    minutes,
                    serves: serves.collect(),
                    records: vec![record],
                }),
            }
            return;
        }
        let count = trip.meetings.max(1);
        let share_ms = i64::from(trip.minutes.0) * MINUTE_MILLISECONDS / i64::from(count);
        for (key, start) in served {
            let untimed = self
                .untimed
                .entry((trip.minutes.0, count, key))
                .or_insert_with(|| Untimed {
                    date: start.date(),
                    share_ms,
                    times: BTreeMap::new(),
                    records: Vec::new(),
                });
            *untimed.times.entry(of).or_default() += 1;
            untimed.records.push(record);
        }
    }

    fn overlaps(&self, who: &StaffKey, found: &mut Vec<Exception>) {
        for (n, first) in self.meetings.iter().enumerate() {
            let later = &self.meetings[n + 1..];
            // Sorted by start: the first that begins at or after this one's end ends the search.
            for second in later.iter().take_while(|other| other.start < first.end) {
                if second.end > first.start && second.end > second.start {
                    let records = first.records.iter().chain(&second.records);
                    let kind = ExceptionKind::OverlappingVisits;
                    let date = second.start.date();
                    found.push(Exception::new(kind, date, Some(who), records));
                }
            }
        }
    }

    fn travel(&self, who: &StaffKey, found: &mut Vec<Exception>) {
        for trip in &self.timed {
            let mut note = |kind, other: &[(DocumentId, RecordId)]| {
                let records = trip.records.iter().chain(other);
                let date = trip.start.date();
                found.push(Exception::new(kind, date, Some(who), records));
            };
            for meeting in &self.meetings {
                let overlap = trip.start < meeting.end && meeting.start < trip.end;
                let to_it = trip.serves.contains(&meeting.key) && trip.start < meeting.start;
                if overlap && to_it {
                    note(ExceptionKind::TravelEndsAfterStart, &meeting.records);
                } else if overlap {
                    note(ExceptionKind::TravelDuringVisit, &meeting.records);
                }
            }
            if trip.minutes * MINUTE_MILLISECONDS > trip.end.0 - trip.start.0 {
                note(ExceptionKind::TravelTooLong, &[]);
            }
        }
        // Between two meetings: all timed travel there together must fit.
        for pair in self.meetings.windows(2) {
            let [before, after] = pair else { continue };
            let gap = after.start.0 - before.end.0;
            if gap <= 0 {
                continue;
            }
            let inside: Vec<&TimedTrip> = self
                .timed
                .iter()
                .filter(|trip| trip.start >= before.end && trip.end <= after.start)
                .collect();
            let minutes: i64 = inside.iter().map(|trip| trip.minutes).sum();
            // One trip alone is longer than its own times then, and shown above.
            if inside.len() > 1 && minutes * MINUTE_MILLISECONDS > gap {
                let records = inside.iter().flat_map(|trip| &trip.records);
                let date = after.start.date();
                let kind = ExceptionKind::TravelTooLong;
                found.push(Exception::new(kind, date, Some(who), records));
            }
        }
    }

    fn days(&self, who: &StaffKey, found: &mut Vec<Exception>) {
        let mut sums: BTreeMap<LocalDate, (i64, Vec<(DocumentId, RecordId)>)> = BTreeMap::new();
        let mut add = |date, ms: i64, records: &[(DocumentId, RecordId)]| {
            let sum = sums.entry(date).or_default();
            sum.0 += ms;
            sum.1.extend_from_slice(records);
        };
        for meeting in &self.meetings {
            for (date, ms) in by_day(meeting.start, meeting.end) {
                add(date, ms, &meeting.records);
            }
        }
        for trip in &self.timed {
            let whole = (trip.end.0 - trip.start.0).max(1);
            let minutes_ms = trip.minutes * MINUTE_MILLISECONDS;
            for (date, ms) in by_day(trip.start, trip.end) {
                // The minutes are spread over the trip's own time.
                let part = i128::from(minutes_ms) * i128::from(ms) / i128::from(whole);
                add(date, i64::try_from(part).unwrap_or(i64::MAX), &trip.records);
            }
        }
        for trip in self.untimed.values() {
            let times = trip.times.values().copied().max().unwrap_or(0);
            add(trip.date, trip.share_ms * times, &trip.records);
        }
        for (date, (ms, records)) in sums {
            // 23 or 25 hours on the two days on which the clock moves.
            if ms > date.end().0 - date.start().0 {
                let kind = ExceptionKind::DayTooLong;
                found.push(Exception::new(kind, date, Some(who), &records));
            }
        }
    }
}

/// The milliseconds of a span on each day of Oslo's.
fn by_day(start: Instant, end: Instant) -> Vec<(LocalDate, i64)> {
    let mut parts = Vec::new();
    let mut at = start;
    // No meeting or trip is longer than 24 hours, so it touches three days at most.
    while at < end && parts.len() < 4 {
        let date = at.date();
        let until = date.end().min(end);
        parts.push((date, until.0 - at.0));
        if until <= at {
            break;
        }
        at = until;
    }
    parts
}

/// What an audit would ask about, over all records given, by day. `devices` are those of the
/// consultants. Visits that are still planned, were moved or cancelled are no time of anybody's.
#[must_use]
pub fn exceptions(
    visits: &[SeenVisit<'_>],
    trips: &[SeenTrip<'_>],
    devices: &BTreeMap<StaffKey, BTreeSet<DeviceId>>,
    now: Instant,
) -> Vec<Exception> {
    let mut found = Vec::new();
    let mut diaries: BTreeMap<&StaffKey, Diary> = BTreeMap::new();
    let mut keys = BTreeMap::new();
    for seen in visits {
        let visit = seen.visit;
        let key = meeting_key(seen.participation, visit);
        keys.insert((seen.participation, visit.id), (key, visit.start));
        one_visit(seen, devices, now, &mut found);
        // Who waited for somebody who did not come may have left.
        if visit.outcome == Outcome::Attended {
            for consultant in &visit.consultants {
                diaries.entry(consultant).or_default().add_visit(seen);
            }
        }
    }
    for seen in trips {
        let diary = diaries.entry(&seen.trip.consultant).or_default();
        diary.add_trip(*seen, &keys);
    }
    for (who, diary) in &mut diaries {
        diary.meetings.sort_by_key(|m| (m.start, m.end, m.key));
        diary.timed.sort_by_key(|trip| (trip.start, trip.end));
        diary.overlaps(who, &mut found);
        diary.travel(who, &mut found);
        diary.days(who, &mut found);
    }
    found.sort();
    found.dedup();
    found
}

/// What is odd about one visit by itself.
fn one_visit(
    seen: &SeenVisit<'_>,
    devices: &BTreeMap<StaffKey, BTreeSet<DeviceId>>,
    now: Instant,
    found: &mut Vec<Exception>,
) {
    let visit = seen.visit;
    if matches!(visit.outcome, Outcome::Planned | Outcome::Moved) {
        return;
    }
    let record = (seen.participation, visit.id);
    let mut note = |kind| {
        let consultant = visit.consultants.first();
        let date = visit.start.date();
        found.push(Exception::new(kind, date, consultant, [&record]));
    };
    if let Some(recorded) = seen.recorded {
        if visit.end.date().days_until(recorded.date()) > LATE_ENTRY_DAYS {
            note(ExceptionKind::LateEntry);
        }
        let early = visit.end.0 - recorded.0 > EARLY_ENTRY_MINUTES * MINUTE_MILLISECONDS;
        if visit.outcome == Outcome::Attended && visit.end <= now && early {
            note(ExceptionKind::RecordedBeforeEnd);
        }
    }
    if visit.outcome == Outcome::Attended && visit.end > now {
        note(ExceptionKind::InFuture);
    }
    let evidence = trace(
        visit,
        &seen.confirmations,
        &seen.thread,
        TimeCertainty::DeviceOnly,
    );
    if evidence.grade != ConfirmationGrade::None && !evidence.stands {
        note(ExceptionKind::EditedAfterConfirmation);
    }
    let taken = seen.confirmations.iter();
    let taken: Vec<_> = taken
        .filter(|taken| taken.confirmation.visit == visit.id)
        .collect();
    if taken.iter().any(|taken| !taken.holds) {
        note(ExceptionKind::ProofFails);
    }
    if taken
        .iter()
        .any(|taken| taken.holds && taken.is_pin_new(visit))
    {
        note(ExceptionKind::PinSetJustBefore);
    }
    let own = seen.thread.iter().filter(|said| said.visit == visit.id);
    let consultants: BTreeSet<&DeviceId> = devices.values().flatten().collect();
    if own
        .filter(|said| said.verdict == Verdict::Yes)
        .any(|said| consultants.contains(&said.device))
    {
        note(ExceptionKind::OneDeviceForBoth);
    }
}

#[cfg(test)]
mod tests;
