//! The provider's register.

use std::collections::HashMap;

use folge_core::contract;
use folge_core::domain as core;

use super::{AgreementName, Day, EmployerName, PersonName, StaffName};
use crate::shape::{Shown, choice, record, view};

record! {
    both
    /// The provider (tiltaksarrangør).
    Provider = core::Provider {
        /// Its name.
        name: String,
        /// Organisation number, nine digits.
        org_number: String,
    }
}

record! {
    both
    /// An employer (arbeidsgiver).
    Employer = core::Employer {
        /// Its key.
        key: EmployerName,
        /// Its name.
        name: String,
        /// The service area that it lies in.
        #[uniffi(default = None)]
        area: Option<String>,
        /// The municipality.
        #[uniffi(default = None)]
        municipality: Option<String>,
        /// The contact person.
        #[uniffi(default = None)]
        contact: Option<String>,
    }
}

record! {
    both
    /// A member of staff.
    StaffMember = core::StaffMember {
        /// The key.
        key: StaffName,
        /// The name, as participants and NAV read it.
        name: String,
        /// Who it is in the workspace.
        #[uniffi(default = None)]
        person: Option<PersonName>,
        /// Position in percent.
        position_percent: i32,
    }
}

view! {
    /// An agreement (avtale) with NAV.
    Agreement {
        /// Its key.
        key: AgreementName,
        /// The measure (tiltak), in the agreement's own words.
        measure: String,
        /// The day from which each version of its terms counts.
        versions: Vec<Day>,
    }
}

impl Shown<contract::Agreement> for Agreement {
    fn shown(core: contract::Agreement) -> Self {
        Self {
            measure: core.measure().to_owned(),
            key: Shown::shown(core.key),
            versions: core.versions.into_keys().map(Shown::shown).collect(),
        }
    }
}

view! {
    /// A tender whose terms are built in, as a start for an agreement of one's own.
    BuiltInTerms {
        /// What it is called.
        name: String,
        /// The terms as TOML; docs/rules.md says what each line means. Prices are the provider's
        /// own offer: put them behind it, `[[pricing.hourly.prices]]` with `area`, `from` and
        /// `hourly_ore`.
        toml: String,
    }
}

view! {
    /// The register.
    Register {
        /// The provider; none before the office has filled it in.
        provider: Option<Provider>,
        /// The agreements.
        agreements: Vec<Agreement>,
        /// The employers.
        employers: Vec<Employer>,
        /// The staff.
        staff: Vec<StaffMember>,
    }
}

choice! {
    /// Which code list.
    CodeListName = core::CodeListName {
        /// Labour-market status at the end: NAV's, and in neither tender.
        EndStatuses,
        /// End reasons (sluttårsaker).
        EndReasons,
        /// Activities.
        Activities,
    }
}

record! {
    both
    /// A code list that NAV owns and the office imports.
    CodeList = core::CodeList {
        /// Which.
        name: CodeListName,
        /// Where it comes from.
        source: String,
        /// What each code means, in Bokmål.
        entries: HashMap<String, String>,
    }
}

view! {
    /// The places of a service area.
    PlacesOfArea {
        /// The service area.
        area: String,
        /// Who takes part.
        taken: i32,
        /// Who waits to start.
        waiting: i32,
        /// The agreement's least.
        min: i32,
        /// The agreement's most.
        max: i32,
        /// How many are free.
        free: i32,
    }
}

impl Shown<(core::Area, contract::areas::Places)> for PlacesOfArea {
    fn shown((area, places): (core::Area, contract::areas::Places)) -> Self {
        Self {
            area: area.0,
            free: Shown::shown(places.free()),
            taken: Shown::shown(places.taken),
            waiting: Shown::shown(places.waiting),
            min: Shown::shown(places.min),
            max: Shown::shown(places.max),
        }
    }
}
