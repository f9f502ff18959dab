//! What users read of rules, reasons and notices.

use super::{NotBilled, NoticeReason, Rule};
use crate::domain::Language;

impl Rule {
    /// Where the rule stands.
    #[must_use]
    pub const fn source(self) -> &'static str {
        match self {
            Self::FollowUp => "OPP b3.1 (H2, H9)",
            Self::Employer => "OPP b3.1 (H3, H9)",
            Self::GroupShare => "OPP b3.1 (H8, H9)",
            Self::NoShow => "OPP b3.1 (H5)",
            Self::Travel => "OPP b3.1 (H6)",
            Self::GroupTravel => "OPP b3.1 (H6, H8)",
            Self::StatusReport | Self::FinalReport | Self::OtherReport => "OPP b3.1 (H7)",
        }
    }

    /// What the rule says.
    #[must_use]
    pub const fn user_text(self, language: Language) -> &'static str {
        match (language, self) {
            (Language::Norwegian, Self::FollowUp) => "Oppfølging med deltakeren",
            (Language::English, Self::FollowUp) => "Follow-up with the participant",
            (Language::Norwegian, Self::Employer) => "Oppfølging av arbeidsgiver",
            (Language::English, Self::Employer) => "Follow-up of the employer",
            (Language::Norwegian, Self::GroupShare) => "Andel av gruppeaktivitet",
            (Language::English, Self::GroupShare) => "Share of a group activity",
            (Language::Norwegian, Self::NoShow) => "Deltakeren møtte ikke",
            (Language::English, Self::NoShow) => "The participant did not come",
            (Language::Norwegian, Self::Travel) => "Reisetid til møte",
            (Language::English, Self::Travel) => "Travel to a meeting",
            (Language::Norwegian, Self::GroupTravel) => "Andel av reisetid til gruppeaktivitet",
            (Language::English, Self::GroupTravel) => "Share of the travel to a group activity",
            (Language::Norwegian, Self::StatusReport) => "Utarbeiding av statusrapport",
            (Language::English, Self::StatusReport) => "Writing a status report",
            (Language::Norwegian, Self::FinalReport) => "Utarbeiding av sluttrapport",
            (Language::English, Self::FinalReport) => "Writing a final report",
            (Language::Norwegian, Self::OtherReport) => "Utarbeiding av annen rapport",
            (Language::English, Self::OtherReport) => "Writing another report",
        }
    }
}

impl NotBilled {
    /// A stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Excused => "excused",
            Self::Cancelled => "cancelled",
            Self::Moved => "moved",
            Self::Voided => "voided",
            Self::NotStarted => "not_started",
            Self::OutsidePeriod => "outside_period",
            Self::AreaMissing => "area_missing",
            Self::NoPrice => "no_price",
            Self::NotHourly => "not_hourly",
            Self::VideoOrPhone => "video_or_phone",
            Self::EmployerMeeting => "employer_meeting",
            Self::GroupNoShow => "group_no_show",
            Self::NoTime => "no_time",
            Self::Duplicate => "duplicate",
            Self::InConflict => "in_conflict",
            Self::Unreadable => "unreadable",
            Self::ReportKind => "report_kind",
            Self::NotDelivered => "not_delivered",
            Self::TravelToNoShow => "travel_to_no_show",
            Self::TravelNotHeld => "travel_not_held",
            Self::TravelUntied => "travel_untied",
            Self::EndMissing => "end_missing",
            Self::NotTakingPart => "not_taking_part",
        }
    }

    /// What the user reads: why it is not billed, and what can be done.
    #[must_use]
    pub const fn user_text(self, language: Language) -> &'static str {
        match language {
            Language::Norwegian => self.norwegian(),
            Language::English => self.english(),
        }
    }

    const fn norwegian(self) -> &'static str {
        match self {
            Self::Planned => {
                "Møtet er ikke holdt ennå, eller utfallet mangler. Registrer utfallet."
            }
            Self::Excused => "Deltakeren hadde gyldig fravær: faktureres ikke.",
            Self::Cancelled => "Møtet ble avlyst: faktureres ikke.",
            Self::Moved => "Møtet ble flyttet: det nye møtet faktureres.",
            Self::Voided => "Registreringen er strøket.",
            Self::NotStarted => "Deltakelsen har ingen startdato. Fyll den ut.",
            Self::OutsidePeriod => "Utenfor deltakelsens start- og sluttdato: faktureres ikke.",
            Self::AreaMissing => "Deltakelsen har ikke tjenesteområde. Fyll det ut.",
            Self::NoPrice => "Avtalen har ingen pris for området den dagen. Sjekk prisene.",
            Self::NotHourly => "Avtalen betales ikke per time den dagen.",
            Self::VideoOrPhone => "Avtalen betaler ikke møter på video eller telefon.",
            Self::EmployerMeeting => "Avtalen betaler ikke møter med bare arbeidsgiver.",
            Self::GroupNoShow => "Møtte ikke til gruppeaktivitet: faktureres ikke.",
            Self::NoTime => "Ingen hele minutter er registrert.",
            Self::Duplicate => "Samme gruppeaktivitet er registrert to ganger: faktureres én gang.",
            Self::InConflict => {
                "To enheter har ulike opplysninger: faktureres når det er avgjort hva som gjelder."
            }
            Self::Unreadable => "En opplysning kan ikke leses eller er urimelig. Rett den.",
            Self::ReportKind => "Avtalen betaler ikke for denne typen rapport.",
            Self::NotDelivered => "Rapporten er ikke levert ennå.",
            Self::TravelToNoShow => "Reise til møte som deltakeren ikke kom til: faktureres ikke.",
            Self::TravelNotHeld => "Reise til møte som ikke ble holdt: faktureres ikke.",
            Self::TravelUntied => {
                "Reisen er ikke knyttet til noe møte med deltakeren. Knytt den til møtet."
            }
            Self::EndMissing => "Deltakelsen er avsluttet uten sluttdato. Fyll den ut.",
            Self::NotTakingPart => "Deltakeren deltar ikke etter statusen. Sjekk status og datoer.",
        }
    }

    const fn english(self) -> &'static str {
        match self {
            Self::Planned => "The meeting is still to come, or its outcome is missing: record it.",
            Self::Excused => "The participant was validly absent: not billed.",
            Self::Cancelled => "The meeting was cancelled: not billed.",
            Self::Moved => "The meeting was moved: the new one is billed.",
            Self::Voided => "The record was voided.",
            Self::NotStarted => "The participation has no start date: fill it in.",
            Self::OutsidePeriod => "Before the participation's start or after its end: not billed.",
            Self::AreaMissing => "The participation has no service area: fill it in.",
            Self::NoPrice => "The agreement has no price for the area on that day: check prices.",
            Self::NotHourly => "The agreement does not pay by the hour on that day.",
            Self::VideoOrPhone => "The agreement does not pay meetings by video or telephone.",
            Self::EmployerMeeting => "The agreement does not pay meetings with the employer alone.",
            Self::GroupNoShow => "Did not come to a group activity: not billed.",
            Self::NoTime => "No whole minute is recorded.",
            Self::Duplicate => "The same group activity is recorded twice: it is billed once.",
            Self::InConflict => "Two devices say different things: billed once that is settled.",
            Self::Unreadable => "A value cannot be read or makes no sense: correct it.",
            Self::ReportKind => "The agreement does not pay for this kind of report.",
            Self::NotDelivered => "The report is not delivered yet.",
            Self::TravelToNoShow => "Travel to a meeting the participant missed: not billed.",
            Self::TravelNotHeld => "Travel to a meeting that was not held: not billed.",
            Self::TravelUntied => {
                "The trip is tied to no meeting with the participant: tie it to the meeting."
            }
            Self::EndMissing => "The participation ended without an end date: fill it in.",
            Self::NotTakingPart => "By its state the participant does not take part: check it.",
        }
    }
}

impl NoticeReason {
    /// What the office reads.
    #[must_use]
    pub const fn user_text(self, language: Language) -> &'static str {
        match (language, self) {
            (Language::Norwegian, Self::SeveralConsultants) => {
                "Flere konsulenter i et individuelt møte: tiden faktureres én gang."
            }
            (Language::English, Self::SeveralConsultants) => {
                "Several consultants in an individual meeting: its time is billed once."
            }
            (Language::Norwegian, Self::TravelToNoShow) => {
                "Reise til et møte som deltakeren ikke kom til, er ikke fakturert."
            }
            (Language::English, Self::TravelToNoShow) => {
                "Travel to a meeting that the participant missed is not billed."
            }
            (Language::Norwegian, Self::GroupSeenInPart) => {
                "Ikke alle i gruppen er synlige her: andelen bygger på antallet som møtte."
            }
            (Language::English, Self::GroupSeenInPart) => {
                "Not everybody in the group is visible here: the share stands on the counts."
            }
            (Language::Norwegian, Self::SameTime) => {
                "To møter med deltakeren overlapper. Sjekk om ett er registrert to ganger."
            }
            (Language::English, Self::SameTime) => {
                "Two meetings with the participant overlap: check whether one stands twice."
            }
        }
    }
}
