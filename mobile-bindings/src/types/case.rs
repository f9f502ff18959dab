//! What stands in a participation's casefile.

use std::collections::HashMap;
use std::time::SystemTime;

use folge_core::domain as core;
use folge_core::domain::participation::NationalId;

use super::{
    AgreementName, AmountOfMonth, BilledRecord, Confirmation, Day, EmployerName, GroupMeetingName,
    Month, ParticipationId, PersonName, RecordName, StaffName, ThreadId, Wording,
};
use crate::error::FolgeError;
use crate::shape::{Given, Shown, choice, record, view};

choice! {
    /// How a meeting is held.
    MeetingForm = core::MeetingForm {
        /// In the same room.
        InPerson,
        /// By video.
        Video,
        /// By telephone.
        Phone,
    }
}

choice! {
    /// Whom the consultant meets.
    With = core::With {
        /// The participant.
        Participant,
        /// The employer.
        Employer,
        /// Both.
        Both,
    }
}

choice! {
    /// Why someone was excused (gyldig fravær), in classes that say nothing about health.
    Absence = core::Absence {
        /// Not stated.
        Unspecified,
        /// Own illness.
        Illness,
        /// A child's or another close person's illness.
        Family,
        /// An appointment with an authority or a therapist.
        Appointment,
        /// At work.
        Work,
        /// Leave of absence (velferdspermisjon, holiday).
        Leave,
        /// Another valid reason.
        Other,
    }
}

choice! {
    /// Who cancelled.
    CancelledBy = core::CancelledBy {
        /// Not stated.
        Unspecified,
        /// The provider.
        Provider,
        /// The participant, in time.
        Participant,
    }
}

/// What came of a meeting for a participation.
#[derive(Clone, Copy, PartialEq, Eq, uniffi::Enum)]
#[uniffi::export(Debug)]
pub enum Outcome {
    /// Still to come.
    Planned,
    /// The participant was there.
    Attended,
    /// The participant did not come and gave no notice.
    NoShow,
    /// The participant was validly absent.
    Excused {
        /// Why.
        reason: Absence,
    },
    /// It was cancelled.
    Cancelled {
        /// By whom.
        by: CancelledBy,
    },
    /// It was moved: the new time is another visit.
    Moved,
}

impl std::fmt::Debug for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Outcome(..)")
    }
}

impl Shown<core::Outcome> for Outcome {
    fn shown(core: core::Outcome) -> Self {
        match core {
            core::Outcome::Planned => Self::Planned,
            core::Outcome::Attended => Self::Attended,
            core::Outcome::NoShow => Self::NoShow,
            core::Outcome::Excused(reason) => Self::Excused {
                reason: Shown::shown(reason),
            },
            core::Outcome::Cancelled(by) => Self::Cancelled {
                by: Shown::shown(by),
            },
            core::Outcome::Moved => Self::Moved,
        }
    }
}

impl Given<core::Outcome> for Outcome {
    fn given(self) -> Result<core::Outcome, FolgeError> {
        Ok(match self {
            Self::Planned => core::Outcome::Planned,
            Self::Attended => core::Outcome::Attended,
            Self::NoShow => core::Outcome::NoShow,
            Self::Excused { reason } => core::Outcome::Excused(reason.given()?),
            Self::Cancelled { by } => core::Outcome::Cancelled(by.given()?),
            Self::Moved => core::Outcome::Moved,
        })
    }
}

record! {
    both
    /// What one casefile knows of a group meeting: counts, never who the others were.
    GroupInfo = core::GroupInfo {
        /// The group meeting.
        id: GroupMeetingName,
        /// How many consultants held it.
        consultants: i32,
        /// How many were invited.
        invited: i32,
        /// How many came.
        present: i32,
    }
}

record! {
    both
    /// A meeting (møte) as one participation's casefile holds it.
    Visit = core::Visit {
        /// Its name: `newRecordName()` gives one.
        id: RecordName,
        /// When it began, or will.
        start: SystemTime,
        /// When it ended, or will.
        end: SystemTime,
        /// How it was held.
        form: MeetingForm,
        /// Whom the consultant met.
        with: With,
        /// The consultants.
        consultants: Vec<StaffName>,
        /// The employer, where one has to do with it.
        #[uniffi(default = None)]
        employer: Option<EmployerName>,
        /// Activity codes.
        #[uniffi(default = [])]
        activities: Vec<String>,
        /// What came of it.
        outcome: Outcome,
        /// Whether it was planned before it was held.
        #[uniffi(default = false)]
        planned: bool,
        /// The group, where it was a group meeting.
        #[uniffi(default = None)]
        group: Option<GroupInfo>,
        /// The consultant's note. No diagnosis (REQUIREMENTS.md K22).
        #[uniffi(default = "")]
        note: String,
        /// What was agreed.
        #[uniffi(default = "")]
        agreed: String,
    }
}

record! {
    both
    /// One who was invited to a group meeting.
    Attendee = core::Attendee {
        /// The participation.
        participation: ParticipationId,
        /// The name that the visit gets in the participation's casefile; another for each.
        record: RecordName,
        /// What came of it for this one.
        outcome: Outcome,
        /// What only this one's casefile says.
        #[uniffi(default = "")]
        note: String,
    }
}

record! {
    both
    /// A group meeting as it is recorded, before it is split over the casefiles.
    GroupMeeting = core::GroupMeeting {
        /// The group meeting's name.
        id: GroupMeetingName,
        /// Everything that all casefiles get alike; its name, outcome and group are replaced.
        common: Visit,
        /// Who was invited.
        attendees: Vec<Attendee>,
    }
}

record! {
    both
    /// Travel (reise) to one or more meetings.
    Trip = core::Trip {
        /// Its name.
        id: RecordName,
        /// Who travelled.
        consultant: StaffName,
        /// How long it took, in minutes.
        minutes: i32,
        /// When it began, where it was timed.
        #[uniffi(default = None)]
        start: Option<SystemTime>,
        /// When it ended, where it was timed.
        #[uniffi(default = None)]
        end: Option<SystemTime>,
        /// The visits of this casefile that it served.
        visits: Vec<RecordName>,
        /// How many meetings it served in all, those with other participants included.
        meetings: i32,
    }
}

choice! {
    /// How contact was attempted.
    ContactChannel = core::ContactChannel {
        /// By telephone.
        Phone,
        /// By e-mail or text message.
        Mail,
        /// By letter.
        Letter,
        /// Otherwise.
        Other,
    }
}

record! {
    both
    /// An attempt to reach a participant who does not come.
    ContactAttempt = core::ContactAttempt {
        /// Its name.
        id: RecordName,
        /// When.
        at: SystemTime,
        /// How.
        channel: ContactChannel,
        /// Whether the participant was reached.
        reached: bool,
        /// Who tried.
        #[uniffi(default = None)]
        consultant: Option<StaffName>,
        /// What came of it.
        #[uniffi(default = "")]
        note: String,
    }
}

record! {
    both
    /// A note that belongs to no meeting.
    Note = core::Note {
        /// Its name.
        id: RecordName,
        /// When.
        at: SystemTime,
        /// The text.
        text: String,
    }
}

choice! {
    /// What kind of work it is.
    EmploymentKind = core::EmploymentKind {
        /// Paid work (lønnet arbeid).
        PaidWork,
        /// Work practice (arbeidspraksis).
        WorkPractice,
        /// A short stay to try (hospitering).
        ShortStay,
    }
}

choice! {
    /// On which terms somebody is employed.
    EmploymentTerms = core::EmploymentTerms {
        /// Permanent (fast).
        Permanent,
        /// Temporary (midlertidig).
        Temporary,
        /// As a substitute (vikariat).
        Substitute,
        /// Otherwise.
        Other,
    }
}

record! {
    both
    /// What a written agreement of work practice says.
    PracticeAgreement = core::PracticeAgreement {
        /// Purpose (formål).
        #[uniffi(default = "")]
        purpose: String,
        /// Training (opplæring).
        #[uniffi(default = "")]
        training: String,
        /// Follow-up (oppfølging).
        #[uniffi(default = "")]
        follow_up: String,
        /// Working time (arbeidstid).
        #[uniffi(default = "")]
        working_time: String,
        /// Tasks (arbeidsoppgaver).
        #[uniffi(default = "")]
        tasks: String,
        /// Adaptation (tilrettelegging), where any.
        #[uniffi(default = "")]
        adaptation: String,
        /// Whether it has the confidentiality declaration.
        #[uniffi(default = false)]
        confidentiality: bool,
        /// Whether it says how privacy is kept.
        #[uniffi(default = false)]
        privacy: bool,
        /// When employer, participant and provider had signed.
        #[uniffi(default = None)]
        signed: Option<Day>,
    }
}

record! {
    both
    /// That the employer was told that persons in work practice are insured as employees.
    InsuranceTold = core::InsuranceTold {
        /// When.
        on: Day,
        /// Whom.
        to: String,
        /// How.
        how: String,
    }
}

record! {
    both
    /// Work of a participant at an employer.
    Employment = core::Employment {
        /// Its name.
        id: RecordName,
        /// What kind.
        kind: EmploymentKind,
        /// The employer.
        #[uniffi(default = None)]
        employer: Option<EmployerName>,
        /// The contact person there.
        #[uniffi(default = None)]
        contact: Option<String>,
        /// Position in percent.
        #[uniffi(default = None)]
        position_percent: Option<i32>,
        /// On which terms.
        #[uniffi(default = None)]
        terms: Option<EmploymentTerms>,
        /// The first day.
        from: Day,
        /// The last day, inclusive, where it is known.
        #[uniffi(default = None)]
        to: Option<Day>,
        /// The agreed goal.
        #[uniffi(default = "")]
        goal: String,
        /// Why this workplace and these tasks.
        #[uniffi(default = "")]
        reason: String,
        /// What the employer says of the workplace.
        #[uniffi(default = "")]
        employer_comment: String,
        /// The written agreement of work practice.
        agreement: PracticeAgreement,
        /// How it was documented that the employer was told of the insurance.
        #[uniffi(default = None)]
        insurance: Option<InsuranceTold>,
    }
}

choice! {
    /// Why a participation ended, as a provider may choose (sluttårsak).
    EndReasonKind = core::EndReasonKind {
        /// Got a job (fått jobb).
        FoundWork,
        /// Ill (syk).
        Ill,
        /// Needs other help and support (trenger annen hjelp og støtte).
        NeedsOtherSupport,
        /// Does not come (møter ikke opp).
        DidNotCome,
        /// Education (utdanning).
        Education,
        /// Another, in own words (annet).
        Other,
    }
}

record! {
    both
    /// Why a participation ended.
    EndReason = core::EndReason {
        /// Which.
        kind: EndReasonKind,
        /// In own words; with `Other` only, and then always.
        #[uniffi(default = None)]
        text: Option<String>,
    }
}

choice! {
    /// What NAV is told.
    NoticeKind = core::NoticeKind {
        /// No free capacity.
        NoCapacity,
        /// Absence without a valid reason.
        Absence,
        /// The participant stops under way.
        Quit,
        /// The need is above the average over time.
        HoursAboveAverage,
        /// The measure is clearly unsuitable.
        Unsuitable,
        /// Attendance was refused for safety.
        SafetyRefusal,
        /// Start.
        Start,
        /// Extension.
        Extension,
        /// End.
        End,
        /// A request or complaint of the participant about the data.
        DataRequest,
        /// An authority asked for data.
        AuthorityRequest,
        /// Anything else.
        Other,
    }
}

choice! {
    /// How NAV was told.
    NoticeChannel = core::NoticeChannel {
        /// In NAV's Deltakeroversikt.
        Deltakeroversikt,
        /// By telephone.
        Phone,
        /// By e-mail, pseudonymised.
        Mail,
        /// By letter.
        Letter,
    }
}

record! {
    both
    /// Something that NAV was told.
    Notice = core::Notice {
        /// Its name.
        id: RecordName,
        /// What about.
        kind: NoticeKind,
        /// When it was sent.
        at: SystemTime,
        /// How.
        channel: NoticeChannel,
        /// To whom, where not the adviser of the participation.
        #[uniffi(default = None)]
        recipient: Option<String>,
        /// The record that it is about, such as the visit that the participant did not come to.
        #[uniffi(default = None)]
        about: Option<RecordName>,
        /// Who sent it.
        #[uniffi(default = None)]
        consultant: Option<StaffName>,
        /// What was said.
        #[uniffi(default = "")]
        text: String,
    }
}

/// What a proposal (forslag) asks NAV to change.
#[derive(Clone, PartialEq, uniffi::Enum)]
#[uniffi::export(Debug)]
pub enum ProposalChange {
    /// Extend until a day (forleng deltakelse). Needs a justification.
    Extend {
        /// The new last day.
        end: Day,
    },
    /// End (avslutt deltakelse).
    End {
        /// The last day.
        end: Option<Day>,
        /// Why.
        reason: Option<EndReason>,
        /// Whether the person took part at all.
        participated: Option<bool>,
    },
    /// Never took part (ikke aktuell).
    NotRelevant {
        /// Why.
        reason: EndReason,
    },
    /// Another first day.
    StartDate {
        /// The first day.
        start: Day,
        /// The last day.
        end: Option<Day>,
    },
    /// Another last day.
    EndDate {
        /// The last day.
        end: Day,
    },
    /// Another reason for the end.
    Reason {
        /// Why.
        reason: EndReason,
    },
    /// No first day any more.
    RemoveStart,
}

impl std::fmt::Debug for ProposalChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ProposalChange(..)")
    }
}

impl Shown<core::ProposalChange> for ProposalChange {
    fn shown(core: core::ProposalChange) -> Self {
        use core::ProposalChange as Core;
        match core {
            Core::Extend { end } => Self::Extend {
                end: Shown::shown(end),
            },
            Core::End {
                end,
                reason,
                participated,
            } => Self::End {
                end: Shown::shown(end),
                reason: Shown::shown(reason),
                participated,
            },
            Core::NotRelevant { reason } => Self::NotRelevant {
                reason: Shown::shown(reason),
            },
            Core::StartDate { start, end } => Self::StartDate {
                start: Shown::shown(start),
                end: Shown::shown(end),
            },
            Core::EndDate { end } => Self::EndDate {
                end: Shown::shown(end),
            },
            Core::EndReason { reason } => Self::Reason {
                reason: Shown::shown(reason),
            },
            Core::RemoveStart => Self::RemoveStart,
        }
    }
}

impl Given<core::ProposalChange> for ProposalChange {
    fn given(self) -> Result<core::ProposalChange, FolgeError> {
        use core::ProposalChange as Core;
        Ok(match self {
            Self::Extend { end } => Core::Extend { end: end.given()? },
            Self::End {
                end,
                reason,
                participated,
            } => Core::End {
                end: end.given()?,
                reason: reason.given()?,
                participated,
            },
            Self::NotRelevant { reason } => Core::NotRelevant {
                reason: reason.given()?,
            },
            Self::StartDate { start, end } => Core::StartDate {
                start: start.given()?,
                end: end.given()?,
            },
            Self::EndDate { end } => Core::EndDate { end: end.given()? },
            Self::Reason { reason } => Core::EndReason {
                reason: reason.given()?,
            },
            Self::RemoveStart => Core::RemoveStart,
        })
    }
}

/// What became of a proposal.
#[derive(Clone, PartialEq, uniffi::Enum)]
#[uniffi::export(Debug)]
pub enum ProposalState {
    /// NAV has not answered (venter på svar).
    Waiting,
    /// Approved (godkjent).
    Approved {
        /// By whom.
        by: String,
        /// When.
        on: Day,
    },
    /// Rejected (avvist).
    Rejected {
        /// By whom.
        by: String,
        /// When.
        on: Day,
        /// NAV's reason.
        reason: String,
    },
    /// Called back by the provider (tilbakekalt).
    Withdrawn {
        /// When.
        on: Day,
    },
    /// Replaced by another (erstattet).
    Replaced {
        /// The other.
        by: RecordName,
        /// When.
        on: Day,
    },
}

impl std::fmt::Debug for ProposalState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ProposalState(..)")
    }
}

impl Shown<core::ProposalState> for ProposalState {
    fn shown(core: core::ProposalState) -> Self {
        use core::ProposalState as Core;
        match core {
            Core::Waiting => Self::Waiting,
            Core::Approved { by, on } => Self::Approved {
                by,
                on: Shown::shown(on),
            },
            Core::Rejected { by, on, reason } => Self::Rejected {
                by,
                on: Shown::shown(on),
                reason,
            },
            Core::Withdrawn { on } => Self::Withdrawn {
                on: Shown::shown(on),
            },
            Core::Replaced { by, on } => Self::Replaced {
                by: Shown::shown(by),
                on: Shown::shown(on),
            },
        }
    }
}

impl Given<core::ProposalState> for ProposalState {
    fn given(self) -> Result<core::ProposalState, FolgeError> {
        use core::ProposalState as Core;
        Ok(match self {
            Self::Waiting => Core::Waiting,
            Self::Approved { by, on } => Core::Approved {
                by,
                on: on.given()?,
            },
            Self::Rejected { by, on, reason } => Core::Rejected {
                by,
                on: on.given()?,
                reason,
            },
            Self::Withdrawn { on } => Core::Withdrawn { on: on.given()? },
            Self::Replaced { by, on } => Core::Replaced {
                by: by.given()?,
                on: on.given()?,
            },
        })
    }
}

record! {
    both
    /// A proposal (forslag) to NAV.
    Proposal = core::Proposal {
        /// Its name.
        id: RecordName,
        /// What is to change.
        change: ProposalChange,
        /// Why (begrunnelse).
        justification: String,
        /// When it was made.
        at: SystemTime,
        /// Who made it.
        #[uniffi(default = None)]
        consultant: Option<StaffName>,
        /// What became of it.
        state: ProposalState,
    }
}

choice! {
    /// Which report about a participation.
    ReportKind = core::ReportKind {
        /// The status report, every third month.
        Status,
        /// The final report.
        Final,
        /// The plan.
        Plan,
        /// The joint plan with NAV and the therapist before the end.
        JointPlan,
        /// Another.
        Other,
    }
}

record! {
    both
    /// What the participant says of a report.
    Review = core::Review {
        /// When it was gone through with the participant.
        on: Day,
        /// Whether the participant agrees with the whole of it.
        agrees: bool,
        /// The comment; never empty where the participant does not agree.
        #[uniffi(default = "")]
        comment: String,
    }
}

record! {
    both
    /// A report about a participation: what was written, and the time spent on it. What can be
    /// drawn from other records is not in it, but in its draft.
    Report = core::Report {
        /// Its name.
        id: RecordName,
        /// Which report.
        kind: ReportKind,
        /// How long writing it took, in minutes.
        #[uniffi(default = 0)]
        minutes: i32,
        /// The day on which NAV got it; none while it is being written.
        #[uniffi(default = None)]
        delivered: Option<Day>,
        /// Who wrote it.
        #[uniffi(default = None)]
        consultant: Option<StaffName>,
        /// The period's first day.
        #[uniffi(default = None)]
        period_from: Option<Day>,
        /// The period's last day.
        #[uniffi(default = None)]
        period_to: Option<Day>,
        /// What was written, by the template's field codes.
        #[uniffi(default)]
        texts: HashMap<String, String>,
        /// What the participant says.
        #[uniffi(default = None)]
        review: Option<Review>,
        /// Where it was signed.
        #[uniffi(default = None)]
        place: Option<String>,
        /// When the consultant signed it.
        #[uniffi(default = None)]
        signed: Option<Day>,
    }
}

choice! {
    /// The state of a participation, as NAV shows it to providers.
    ParticipationStatus = core::Status {
        /// Ordered, not begun (venter på oppstart).
        Waiting,
        /// Takes part (deltar).
        Active,
        /// Has ended (har sluttet).
        Ended,
        /// Never took part (ikke aktuell).
        NotRelevant,
    }
}

choice! {
    /// How a referral came.
    ReferralChannel = core::ReferralChannel {
        /// NAV's Deltakeroversikt.
        Deltakeroversikt,
        /// A letter (innsøkingsbrev).
        Letter,
    }
}

impl Shown<NationalId> for String {
    fn shown(core: NationalId) -> Self {
        core.reveal().to_owned()
    }
}

impl Given<NationalId> for String {
    fn given(self) -> Result<NationalId, FolgeError> {
        NationalId::new(&self).map_err(|error| {
            folge_core::Error::from(folge_core::document::DocumentError::from(error)).into()
        })
    }
}

record! {
    both
    /// One person's participation (deltakelse) in one measure.
    Participation = core::Participation {
        /// The provider's own id, such as `participant-000`.
        reference: String,
        /// Given name.
        first_name: String,
        /// Middle name.
        #[uniffi(default = None)]
        middle_name: Option<String>,
        /// Family name.
        last_name: String,
        /// National identity number, 11 digits. Never write it into a log.
        #[uniffi(default = None)]
        national_id: Option<String>,
        /// Date of birth.
        #[uniffi(default = None)]
        born: Option<Day>,
        /// Telephone.
        #[uniffi(default = None)]
        phone: Option<String>,
        /// E-mail.
        #[uniffi(default = None)]
        email: Option<String>,
        /// Postal address; never present where the address is protected.
        #[uniffi(default = None)]
        address: Option<String>,
        /// Municipality (kommune).
        #[uniffi(default = None)]
        municipality: Option<String>,
        /// Service area (tjenesteområde), which decides the price.
        #[uniffi(default = None)]
        area: Option<String>,
        /// The referring NAV office.
        #[uniffi(default = None)]
        nav_office: Option<String>,
        /// The NAV adviser's name.
        #[uniffi(default = None)]
        nav_adviser: Option<String>,
        /// The NAV adviser's telephone.
        #[uniffi(default = None)]
        nav_adviser_phone: Option<String>,
        /// The NAV adviser's e-mail.
        #[uniffi(default = None)]
        nav_adviser_email: Option<String>,
        /// The day on which the order was received, which starts the response time.
        #[uniffi(default = None)]
        ordered: Option<Day>,
        /// How it was received.
        #[uniffi(default = None)]
        channel: Option<ReferralChannel>,
        /// First day in the measure.
        #[uniffi(default = None)]
        start: Option<Day>,
        /// Last day in the measure, inclusive.
        #[uniffi(default = None)]
        end: Option<Day>,
        /// Whether the participant had an employment relationship at referral.
        #[uniffi(default = false)]
        employed_at_referral: bool,
        /// Position at referral in percent.
        #[uniffi(default = None)]
        position_percent: Option<i32>,
        /// First day on sick leave.
        #[uniffi(default = None)]
        sick_leave_from: Option<Day>,
        /// Sick leave in percent.
        #[uniffi(default = None)]
        sick_leave_percent: Option<i32>,
        /// The employer.
        #[uniffi(default = None)]
        employer: Option<EmployerName>,
        /// The order to the provider (bestilling), free text.
        #[uniffi(default = None)]
        order: Option<String>,
        /// Reduced work capacity (nedsatt arbeidsevne), which allows up to three years.
        #[uniffi(default = false)]
        reduced_work_capacity: bool,
        /// Came from school or from serving a sentence, which allows six months more.
        #[uniffi(default = false)]
        from_school_or_sentence: bool,
        /// Protected address (adressebeskyttelse): no name in lists, no address at all.
        #[uniffi(default = false)]
        address_protected: bool,
        /// The agreement that the participation belongs to.
        #[uniffi(default = None)]
        agreement: Option<AgreementName>,
        /// The main consultant (fast veileder).
        #[uniffi(default = None)]
        consultant: Option<StaffName>,
        /// Other consultants (medveiledere).
        #[uniffi(default = [])]
        co_consultants: Vec<StaffName>,
        /// The state.
        status: ParticipationStatus,
        /// Why it ended (sluttårsak).
        #[uniffi(default = None)]
        end_reason: Option<EndReason>,
        /// The labour-market status at the end, a code of NAV's list.
        #[uniffi(default = None)]
        end_status: Option<String>,
        /// When the participant said to want work.
        #[uniffi(default = None)]
        wants_work: Option<Day>,
        /// When the therapist said to know of and support the participation. No diagnosis.
        #[uniffi(default = None)]
        therapist_supports: Option<Day>,
        /// When the participant signed the confidentiality declaration.
        #[uniffi(default = None)]
        declaration_signed: Option<Day>,
        /// Why it must not be erased yet although its time is up.
        #[uniffi(default = None)]
        erasure_hold: Option<String>,
        /// Why the processing is restricted (GDPR art. 18). Nothing else can be changed meanwhile.
        #[uniffi(default = None)]
        restricted: Option<String>,
        /// The thread that is shared with the participant, once there is one.
        #[uniffi(default = None)]
        thread: Option<ThreadId>,
        /// Who the participant is in the workspace, once invited.
        #[uniffi(default = None)]
        participant: Option<PersonName>,
    }
}

view! {
    /// A month's claimed figures of a participation, as they stand in its casefile.
    Billed {
        /// The agreement.
        agreement: AgreementName,
        /// The claim's month.
        month: Month,
        /// When it was approved.
        approved: Day,
        /// What was billed by hour.
        entries: Vec<BilledRecord>,
        /// What it came to.
        amounts: Vec<AmountOfMonth>,
    }
}

impl Shown<core::Billed> for Billed {
    fn shown(core: core::Billed) -> Self {
        Self {
            agreement: Shown::shown(core.agreement),
            month: Shown::shown(core.month),
            approved: Shown::shown(core.approved),
            entries: Shown::shown(core.entries),
            amounts: Shown::shown(core.amounts),
        }
    }
}

/// A record of a casefile.
#[expect(
    clippy::large_enum_variant,
    reason = "it lives for the length of a call"
)]
#[derive(Clone, PartialEq, uniffi::Enum)]
#[uniffi::export(Debug)]
pub enum CaseRecord {
    /// The participation itself.
    OfParticipation {
        /// The participation.
        participation: Participation,
    },
    /// A meeting.
    OfVisit {
        /// The visit.
        visit: Visit,
    },
    /// Travel.
    OfTrip {
        /// The trip.
        trip: Trip,
    },
    /// A report.
    OfReport {
        /// The report.
        report: Report,
    },
    /// An attempt to reach the participant.
    OfContact {
        /// The attempt.
        contact: ContactAttempt,
    },
    /// A note.
    OfNote {
        /// The note.
        note: Note,
    },
    /// Work at an employer.
    OfEmployment {
        /// The employment.
        employment: Employment,
    },
    /// Something that NAV was told.
    OfNotice {
        /// The notice.
        notice: Notice,
    },
    /// A proposal to NAV.
    OfProposal {
        /// The proposal.
        proposal: Proposal,
    },
    /// A confirmation that was taken on a consultant's phone.
    OfConfirmation {
        /// The confirmation.
        confirmation: Confirmation,
    },
    /// The key that a participant's PIN gives. Only shown; setting a PIN writes it.
    OfPinKey {
        /// Its name.
        id: RecordName,
        /// When it was set.
        at: SystemTime,
    },
    /// A month's claimed figures. Only shown; approving a claim writes it.
    OfBilled {
        /// The figures.
        billed: Billed,
    },
    /// Something of the register. Only shown here: the register has its own functions.
    OfRegister,
}

impl std::fmt::Debug for CaseRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CaseRecord(..)")
    }
}

impl Shown<folge_core::document::Record> for CaseRecord {
    fn shown(core: folge_core::document::Record) -> Self {
        use folge_core::document::Record as Core;
        match core {
            Core::Participation(participation) => Self::OfParticipation {
                participation: Shown::shown(*participation),
            },
            Core::Visit(visit) => Self::OfVisit {
                visit: Shown::shown(visit),
            },
            Core::Trip(trip) => Self::OfTrip {
                trip: Shown::shown(trip),
            },
            Core::Report(report) => Self::OfReport {
                report: Shown::shown(report),
            },
            Core::Contact(contact) => Self::OfContact {
                contact: Shown::shown(contact),
            },
            Core::Note(note) => Self::OfNote {
                note: Shown::shown(note),
            },
            Core::Employment(employment) => Self::OfEmployment {
                employment: Shown::shown(*employment),
            },
            Core::Notice(notice) => Self::OfNotice {
                notice: Shown::shown(notice),
            },
            Core::Proposal(proposal) => Self::OfProposal {
                proposal: Shown::shown(proposal),
            },
            Core::Confirmation(confirmation) => Self::OfConfirmation {
                confirmation: Shown::shown(confirmation),
            },
            Core::PinKey(key) => Self::OfPinKey {
                id: Shown::shown(key.id),
                at: Shown::shown(key.at),
            },
            Core::Billed(billed) => Self::OfBilled {
                billed: Shown::shown(billed),
            },
            Core::Provider(_)
            | Core::Agreement(_)
            | Core::Employer(_)
            | Core::Staff(_)
            | Core::Statistics(_)
            | Core::Claim(_)
            | Core::OfficeReport(_)
            | Core::CodeList(_) => Self::OfRegister,
        }
    }
}

impl Given<folge_core::document::Record> for CaseRecord {
    fn given(self) -> Result<folge_core::document::Record, FolgeError> {
        use folge_core::document::Record as Core;
        Ok(match self {
            Self::OfParticipation { participation } => {
                Core::Participation(Box::new(participation.given()?))
            }
            Self::OfVisit { visit } => Core::Visit(visit.given()?),
            Self::OfTrip { trip } => Core::Trip(trip.given()?),
            Self::OfReport { report } => Core::Report(report.given()?),
            Self::OfContact { contact } => Core::Contact(contact.given()?),
            Self::OfNote { note } => Core::Note(note.given()?),
            Self::OfEmployment { employment } => Core::Employment(Box::new(employment.given()?)),
            Self::OfNotice { notice } => Core::Notice(notice.given()?),
            Self::OfProposal { proposal } => Core::Proposal(proposal.given()?),
            // What only shows: confirmations are taken by the acts of attendance, figures written
            // by approving a claim.
            Self::OfConfirmation { .. }
            | Self::OfPinKey { .. }
            | Self::OfBilled { .. }
            | Self::OfRegister => {
                return Err(FolgeError::unreadable("record that is written here"));
            }
        })
    }
}

/// Which record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, uniffi::Enum)]
pub enum RecordRef {
    /// The participation itself.
    Participation,
    /// A meeting.
    Visit {
        /// Its name.
        id: RecordName,
    },
    /// Travel.
    Trip {
        /// Its name.
        id: RecordName,
    },
    /// A report.
    Report {
        /// Its name.
        id: RecordName,
    },
    /// An attempt to reach the participant.
    Contact {
        /// Its name.
        id: RecordName,
    },
    /// A note.
    Note {
        /// Its name.
        id: RecordName,
    },
    /// Work at an employer.
    Employment {
        /// Its name.
        id: RecordName,
    },
    /// Something that NAV was told.
    Notice {
        /// Its name.
        id: RecordName,
    },
    /// A proposal to NAV.
    Proposal {
        /// Its name.
        id: RecordName,
    },
    /// A confirmation.
    Confirmation {
        /// Its name.
        id: RecordName,
    },
    /// The key that a participant's PIN gives.
    PinKey {
        /// Its name.
        id: RecordName,
    },
    /// A month's claimed figures.
    Billed {
        /// The month.
        month: Month,
    },
    /// Something of the register.
    Register,
}

macro_rules! record_refs {
    ($($kind:ident),*) => {
        impl Shown<folge_core::document::RecordRef> for RecordRef {
            fn shown(core: folge_core::document::RecordRef) -> Self {
                use folge_core::document::RecordRef as Core;
                match core {
                    Core::Participation => Self::Participation,
                    $(Core::$kind(id) => Self::$kind { id: Shown::shown(id) },)*
                    Core::Billed(month) => Self::Billed { month: Shown::shown(month) },
                    _ => Self::Register,
                }
            }
        }
        impl Given<folge_core::document::RecordRef> for RecordRef {
            fn given(self) -> Result<folge_core::document::RecordRef, FolgeError> {
                use folge_core::document::RecordRef as Core;
                Ok(match self {
                    Self::Participation => Core::Participation,
                    $(Self::$kind { id } => Core::$kind(id.given()?),)*
                    Self::Billed { month } => Core::Billed(month.given()?),
                    Self::Register => return Err(FolgeError::unreadable("record of a casefile")),
                })
            }
        }
    };
}
record_refs!(
    Visit,
    Trip,
    Report,
    Contact,
    Note,
    Employment,
    Notice,
    Proposal,
    Confirmation,
    PinKey
);

choice! {
    /// Where a record is. The user always sees which.
    RecordState = folge_core::client::RecordState {
        /// Saved on this phone (lagret på telefonen).
        SavedHere,
        /// Stored by the relay (levert).
        Stored,
        /// Read by the office (lest av kontoret).
        ReadByOffice,
    }
}

view! {
    /// A record on a participation's page.
    RecordOnPage {
        /// Which.
        reference: RecordRef,
        /// What it says.
        record: CaseRecord,
        /// Why it was voided, where it was.
        voided: Option<String>,
        /// The fields with several values: `conflicts` gives them, `settle` settles them.
        conflicts: Vec<String>,
        /// The fields that cannot be read, and were left out.
        damaged: Vec<String>,
        /// When it was last changed, by the clock of who did.
        changed: SystemTime,
        /// Where its last change is.
        state: RecordState,
        /// The same in words, for beside the record.
        state_text: Wording,
    }
}

impl RecordOnPage {
    /// A row of a casefile with where it is.
    pub(crate) fn of(
        reference: folge_core::document::RecordRef,
        row: folge_core::document::RecordRow,
        state: folge_core::client::RecordState,
    ) -> Self {
        Self {
            reference: Shown::shown(reference),
            record: Shown::shown(row.record),
            voided: row.voided,
            conflicts: row.conflicts,
            damaged: row.damaged,
            changed: super::time_of(row.changed_ms),
            state: Shown::shown(state),
            state_text: Wording::of(|language| state.text(language)),
        }
    }
}

record! {
    /// Minutes of one month by category: plain sums, before any rule of the agreement.
    MinutesOfMonth = core::MonthMinutes {
        /// Meetings that the participant came to.
        attended: i32,
        /// Meetings that the participant did not come to, without notice.
        no_show: i32,
        /// Meetings that the participant was excused from.
        excused: i32,
        /// Cancelled meetings.
        cancelled: i32,
        /// Travel.
        travel: i32,
        /// Report writing.
        report: i32,
    }
}

view! {
    /// A participation's minutes in a month.
    MonthAndMinutes {
        /// The month.
        month: Month,
        /// The minutes.
        minutes: MinutesOfMonth,
    }
}

impl Shown<core::MinutesByMonth> for Vec<MonthAndMinutes> {
    fn shown(core: core::MinutesByMonth) -> Self {
        let months = core.months.into_iter();
        months
            .map(|(month, minutes)| MonthAndMinutes {
                month: Shown::shown(month),
                minutes: Shown::shown(minutes),
            })
            .collect()
    }
}

view! {
    /// A participation's page.
    ParticipationPage {
        /// The participation; none where its record has not arrived yet.
        participation: Option<Participation>,
        /// Every record, voided ones included, the participation's own left out.
        records: Vec<RecordOnPage>,
        /// Minutes by month.
        minutes: Vec<MonthAndMinutes>,
    }
}

impl Shown<folge_core::client::ParticipationDetail> for ParticipationPage {
    fn shown(core: folge_core::client::ParticipationDetail) -> Self {
        let mut participation = None;
        let mut records = Vec::new();
        for (reference, detail) in core.records {
            let on_page = RecordOnPage::of(reference, detail.row, detail.state);
            match on_page.record {
                CaseRecord::OfParticipation {
                    participation: found,
                } => participation = Some(found),
                _ => records.push(on_page),
            }
        }
        Self {
            participation,
            records,
            minutes: Shown::shown(core.minutes),
        }
    }
}

view! {
    /// A line of a list of participations.
    CaseLine {
        /// The participation.
        participation: ParticipationId,
        /// The provider's own id.
        reference: String,
        /// The full name; none where the address is protected.
        name: Option<String>,
        /// The state.
        status: ParticipationStatus,
        /// Whether the address is protected.
        address_protected: bool,
        /// Whether the processing is restricted.
        restricted: bool,
        /// The main consultant.
        consultant: Option<StaffName>,
        /// The service area.
        area: Option<String>,
        /// The municipality.
        municipality: Option<String>,
        /// The first day.
        start: Option<Day>,
        /// The last day.
        end: Option<Day>,
        /// How many visits there are.
        visit_count: i32,
        /// How many fields have several values.
        conflict_count: i32,
        /// When the participant last came to a meeting.
        last_attended: Option<SystemTime>,
        /// The next planned meetings.
        planned: Vec<SystemTime>,
    }
}

impl Shown<folge_core::document::CaseListing<'_>> for CaseLine {
    fn shown(core: folge_core::document::CaseListing<'_>) -> Self {
        let case = core.summary;
        Self {
            participation: Shown::shown(core.participation),
            reference: case.reference.clone(),
            name: core.name,
            status: Shown::shown(case.status),
            address_protected: case.address_protected,
            restricted: case.restricted,
            consultant: Shown::shown(case.consultant.clone()),
            area: case.area.clone(),
            municipality: case.municipality.clone(),
            start: Shown::shown(case.start),
            end: Shown::shown(case.end),
            visit_count: Shown::shown(case.visit_count),
            conflict_count: Shown::shown(case.conflict_count),
            last_attended: Shown::shown(case.last_attended),
            planned: Shown::shown(case.planned.clone()),
        }
    }
}

record! {
    both
    /// What an office's list shows. Empty: everything.
    CaseFilter = folge_core::document::CaseFilter {
        /// Only these states.
        #[uniffi(default = [])]
        statuses: Vec<ParticipationStatus>,
        /// Only this service area.
        #[uniffi(default = None)]
        area: Option<String>,
        /// Only with this consultant, main or other.
        #[uniffi(default = None)]
        consultant: Option<StaffName>,
        /// Only where something is to be settled.
        #[uniffi(default = false)]
        has_conflicts: bool,
        /// Only where every word stands in the name or reference.
        #[uniffi(default = "")]
        search: String,
    }
}

view! {
    /// A visit of a day.
    VisitOfDay {
        /// The participation.
        participation: ParticipationId,
        /// The full name; none where the address is protected.
        name: Option<String>,
        /// The visit.
        visit: Visit,
    }
}

impl Shown<folge_core::document::DayEntry<'_>> for VisitOfDay {
    fn shown(core: folge_core::document::DayEntry<'_>) -> Self {
        Self {
            participation: Shown::shown(core.participation),
            name: core.name,
            visit: Shown::shown(core.visit.clone()),
        }
    }
}

view! {
    /// A day of a week.
    DayOfWeek {
        /// The day.
        day: Day,
        /// Its visits, by start.
        visits: Vec<VisitOfDay>,
    }
}

view! {
    /// One of several values that were written at the same time.
    ConflictValue {
        /// The value; none for an empty field.
        value: Option<String>,
        /// Which device wrote it.
        device: super::DeviceName,
        /// When, by that device's clock.
        at: SystemTime,
    }
}

view! {
    /// A field with several values.
    Conflict {
        /// The field.
        field: String,
        /// The values.
        values: Vec<ConflictValue>,
    }
}

impl Shown<folge_core::document::Conflict> for Conflict {
    fn shown(core: folge_core::document::Conflict) -> Self {
        let values = core.values.into_iter().map(|value| ConflictValue {
            value: value.text,
            device: Shown::shown(value.device),
            at: super::time_of(value.wall_ms),
        });
        Self {
            field: core.field,
            values: values.collect(),
        }
    }
}

view! {
    /// What one field was and became.
    FieldChange {
        /// The field.
        field: String,
        /// What it was.
        old: Option<String>,
        /// What it became.
        new: Option<String>,
    }
}

view! {
    /// A line of a participation's history: who changed what, when, from which device, how sure.
    HistoryLine {
        /// Which record.
        record: RecordRef,
        /// What was changed.
        changes: Vec<FieldChange>,
        /// Why, where a reason was given.
        reason: Option<String>,
        /// From which device.
        device: super::DeviceName,
        /// Whose device it is.
        person: Option<PersonName>,
        /// That person's role now.
        role: Option<super::Role>,
        /// When, by that device's clock.
        at: SystemTime,
        /// How sure that time is.
        certainty: super::TimeCertainty,
    }
}

impl Shown<folge_core::client::HistoryLine> for HistoryLine {
    fn shown(core: folge_core::client::HistoryLine) -> Self {
        let entry = core.entry;
        let changes = entry.changes.into_iter().map(|change| FieldChange {
            field: change.field,
            old: change.old,
            new: change.new,
        });
        let certainty: folge_core::contract::evidence::TimeCertainty = core.time.into();
        Self {
            record: Shown::shown(entry.record),
            changes: changes.collect(),
            reason: entry.reason,
            device: Shown::shown(entry.device),
            person: Shown::shown(core.person),
            role: Shown::shown(core.role),
            at: super::time_of(entry.wall_ms),
            certainty: Shown::shown(certainty),
        }
    }
}

record! {
    /// Sums over all that this device can read.
    Sums = folge_core::client::Sums {
        /// Participations.
        participations: i32,
        /// Visits that are not voided.
        visits: i64,
        /// Trips that are not voided.
        trips: i64,
        /// Reports that are not voided.
        reports: i64,
        /// Fields with several values.
        conflicts: i64,
    }
}

choice! {
    /// What is timed.
    TimerKind = folge_core::client::TimerKind {
        /// A visit.
        Visit,
        /// Travel.
        Travel,
    }
}

record! {
    /// A timer that runs, or was stopped and is not recorded yet.
    RunningTimer = folge_core::client::RunningTimer {
        /// Its name.
        id: super::TimerName,
        /// What is timed.
        kind: TimerKind,
        /// The participations that it is for; none where that is not known yet.
        participations: Vec<ParticipationId>,
        /// When it was started, by the device's wall clock then.
        started: SystemTime,
        /// Whether it was stopped: `stopTimer` gives again what it measured.
        stopped: bool,
    }
}

record! {
    /// A timer that was stopped: what to record.
    StoppedTimer = folge_core::client::StoppedTimer {
        /// What was timed.
        kind: TimerKind,
        /// The participations that it was for.
        participations: Vec<ParticipationId>,
        /// The names for what is recorded of it: one for each participation, and one where there is
        /// none yet. The same every time: what was recorded already is refused with `exists`.
        records: Vec<RecordName>,
        /// When it was started.
        start: SystemTime,
        /// When it was stopped: the start and the time that passed, whatever the wall clock did.
        end: SystemTime,
        /// Whether the wall clock was set meanwhile, or cannot be right: ask the user.
        clock_jumped: bool,
    }
}

view! {
    /// The visit that a group meeting became in one participation's casefile.
    RecordedVisit {
        /// The participation.
        participation: ParticipationId,
        /// The visit.
        visit: RecordName,
    }
}
