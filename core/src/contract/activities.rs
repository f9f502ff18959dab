//! The activities that a meeting can be part of, with the tender's words for each (F1 to F3).
//!
//! The codes are NAV's own content codes where it has one (`DOMAIN.md` 1.4), otherwise ours. A code
//! list that the office imports (`CodeListName::Activities`) goes before.

use crate::domain::text::Both;

/// Which agreements ask for an activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskedBy {
    /// Both (F1).
    Both,
    /// *Jobbmestrende oppfølging* alone (F2, F3).
    Jobbmestrende,
    /// Neither by name; NAV has a code for it.
    Nav,
}

/// An activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Activity {
    /// Its code.
    pub code: &'static str,
    /// What it is called.
    pub label: Both,
    /// Which agreements ask for it.
    pub asked_by: AskedBy,
    /// Whether it is follow-up at the workplace.
    pub workplace: bool,
    /// Whether the code is NAV's.
    pub of_nav: bool,
}

const fn activity(
    code: &'static str,
    asked_by: AskedBy,
    nb: &'static str,
    en: &'static str,
) -> Activity {
    Activity {
        code,
        label: (nb, en),
        asked_by,
        workplace: false,
        of_nav: true,
    }
}

impl Activity {
    const fn at_work(mut self) -> Self {
        self.workplace = true;
        self
    }
    const fn ours(mut self) -> Self {
        self.of_nav = false;
        self
    }
}

use AskedBy::{Both as All, Jobbmestrende, Nav};

/// All of them.
pub const ACTIVITIES: &[Activity] = &[
    activity(
        "karriereveiledning",
        All,
        "Karriereveiledning og egne muligheter",
        "Career guidance",
    ),
    activity(
        "jobbsoking",
        All,
        "Målrettet jobbsøking",
        "Targeted job search",
    ),
    activity(
        "veiledning-sosialt",
        All,
        "Opplæring i arbeidsrelaterte og sosiale ferdigheter",
        "Work-related and social skills",
    ),
    activity(
        "oppfolging-arbeidsplassen",
        All,
        "Oppfølging på arbeidsplassen",
        "Follow-up at the workplace",
    )
    .at_work(),
    activity(
        "veiledning-arbeidsgiver",
        All,
        "Veiledning og råd til arbeidsgiver",
        "Advice to the employer",
    )
    .at_work(),
    activity(
        "tilpasse-arbeidsoppgaver",
        All,
        "Tilpasning av arbeid og arbeidssituasjon",
        "Adaptation of work",
    )
    .at_work(),
    activity(
        "jobbfastholdelse",
        All,
        "Støtte for jobbfastholdelse",
        "Support for keeping the job",
    )
    .at_work()
    .ours(),
    activity("arbeidspraksis", All, "Arbeidspraksis", "Work practice").at_work(),
    activity(
        "arbeidsutproving",
        Nav,
        "Arbeidsutprøving",
        "Trying out work",
    )
    .at_work(),
    activity(
        "kartlegge-arbeidsplassen",
        Nav,
        "Kartlegging av arbeidsplassen",
        "Mapping the workplace",
    )
    .at_work(),
    activity(
        "kartlegge-forventninger",
        Nav,
        "Kartlegging av forventninger",
        "Mapping expectations",
    ),
    activity(
        "kartlegge-delta-tiltak",
        Nav,
        "Kartlegging av hva som trengs for å delta",
        "Mapping what is needed to take part",
    ),
    activity(
        "kartlegge-grunnleggende-ferdigheter",
        Nav,
        "Kartlegging av grunnleggende ferdigheter",
        "Mapping basic skills",
    ),
    activity(
        "kartlegge-helse",
        Nav,
        "Kartlegging av hva helsen betyr for arbeid",
        "Mapping what health means for work",
    ),
    activity("motivasjon", Nav, "Motivasjon", "Motivation"),
    activity(
        "veiledning-livsstil",
        Nav,
        "Veiledning om livsstil",
        "Guidance on lifestyle",
    ),
    activity(
        "veiledning-trening",
        Nav,
        "Veiledning om trening",
        "Guidance on exercise",
    ),
    activity(
        "kognitiv-trening",
        Jobbmestrende,
        "Arbeidsrettet veiledning med elementer fra kognitiv trening",
        "Guidance with elements of cognitive training",
    )
    .ours(),
    activity(
        "yrkeskartlegging",
        Jobbmestrende,
        "Yrkeskartlegging",
        "Vocational mapping",
    )
    .ours(),
    activity(
        "tilrettelegging-funksjonsutredning",
        Jobbmestrende,
        "Tilrettelegging på bakgrunn av funksjonsutredning",
        "Adaptation based on an assessment",
    )
    .at_work()
    .ours(),
    activity(
        "mestringsstrategier",
        Jobbmestrende,
        "Mestringsstrategier for jobbfastholdelse",
        "Coping strategies for keeping the job",
    )
    .ours(),
    activity(
        "trekantsamtale",
        Jobbmestrende,
        "Trekantsamtale med deltaker og NAV",
        "Three-way talk with participant and NAV",
    )
    .ours(),
];

/// The activity of a code.
#[must_use]
pub fn of_code(code: &str) -> Option<&'static Activity> {
    ACTIVITIES.iter().find(|activity| activity.code == code)
}
