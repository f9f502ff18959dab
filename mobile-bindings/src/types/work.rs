//! The rest of a consultant's work on a participation: trips, contact attempts, notes, employments.

use std::time::SystemTime;

use folge_core::domain as core;

use super::{Day, EmployerName, RecordName, StaffName};
use crate::shape::{choice, record};

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
