//! Agreements, the register, and what is due.

use folge_core::contract::terms;
use folge_core::document::Record;

use crate::app::Folge;
use crate::error::FolgeError;
use crate::shape::{Given, Shown};
use crate::types::{
    AgreementName, BuiltInTerms, CaseDeadline, CodeList, CodeListName, Day, Deadline, Employer,
    ParticipationId, PersonName, PlacesOfArea, Provider, Register, StaffMember, StaffName,
};

#[uniffi::export]
impl Folge {
    /// What is open on all participations that this device reads, by day; `onlyMine`: on those of
    /// this device's person.
    pub async fn deadlines(&self, only_mine: bool) -> Result<Vec<CaseDeadline>, FolgeError> {
        self.read(move |client| {
            let mine = if only_mine {
                client.own_staff_key()?
            } else {
                None
            };
            if only_mine && mine.is_none() {
                return Ok(Vec::new());
            }
            let today = client.today();
            Ok(Shown::shown(client.deadlines(mine.as_ref(), today)?))
        })
        .await
    }

    /// Everything that is or was due on one participation, by day.
    pub async fn participation_deadlines(
        &self,
        participation: ParticipationId,
    ) -> Result<Vec<Deadline>, FolgeError> {
        self.read(|client| {
            let today = client.today();
            let all = client.participation_deadlines(participation.given()?, today)?;
            Ok(Shown::shown(all))
        })
        .await
    }

    /// Everything that is or was due on an agreement, by day; breaches stand in their notices.
    pub async fn agreement_deadlines(
        &self,
        agreement: AgreementName,
    ) -> Result<Vec<Deadline>, FolgeError> {
        self.read(|client| {
            let now = std::time::SystemTime::now().given()?;
            let all = client.agreement_deadlines(&agreement.given()?, &[], now)?;
            Ok(Shown::shown(all))
        })
        .await
    }

    /// The register: provider, agreements, employers, staff.
    pub async fn register(&self) -> Result<Register, FolgeError> {
        self.read(|client| {
            let mut register = Register {
                provider: None,
                agreements: Shown::shown(client.agreements()?),
                employers: Vec::new(),
                staff: Vec::new(),
            };
            for row in client.register()? {
                match row.record {
                    Record::Provider(provider) => {
                        register.provider = Some(Shown::shown(provider));
                    }
                    Record::Employer(employer) => register.employers.push(Shown::shown(employer)),
                    Record::Staff(member) => register.staff.push(Shown::shown(member)),
                    _ => {}
                }
            }
            Ok(register)
        })
        .await
    }

    /// Puts the provider, employers and staff into the register. All or none. For the office.
    pub async fn put_register(
        &self,
        provider: Option<Provider>,
        employers: Vec<Employer>,
        staff: Vec<StaffMember>,
    ) -> Result<(), FolgeError> {
        self.write(|client| {
            let provider = provider.given()?;
            let (employers, staff) = (employers.given()?, staff.given()?);
            Ok(client.put_register(provider, Vec::new(), employers, staff)?)
        })
        .await
    }

    /// Says who a member of staff of the register is among the members. For the office.
    pub async fn name_member(
        &self,
        staff: StaffName,
        person: PersonName,
    ) -> Result<(), FolgeError> {
        self.write(|client| Ok(client.name_member(&staff.given()?, person.given()?)?))
            .await
    }

    /// Puts an agreement into the register: its terms as TOML, which count from a day. An
    /// agreement that is there gets another version of its terms. For the office.
    pub async fn put_agreement(
        &self,
        agreement: AgreementName,
        from: Day,
        terms_toml: String,
    ) -> Result<(), FolgeError> {
        self.write(move |client| {
            Ok(client.put_terms(agreement.given()?, from.given()?, &terms_toml)?)
        })
        .await
    }

    /// Puts a code list into the register. For the office.
    pub async fn put_code_list(&self, list: CodeList) -> Result<(), FolgeError> {
        self.write(|client| Ok(client.put_code_list(list.given()?)?))
            .await
    }

    /// A code list, as imported or as built in; none where NAV's has to be imported first.
    pub async fn code_list(&self, name: CodeListName) -> Result<Option<CodeList>, FolgeError> {
        self.read(move |client| Ok(Shown::shown(client.code_list(name.given()?)?)))
            .await
    }

    /// How many places of an agreement are taken and free on a day, by service area.
    pub async fn places(
        &self,
        agreement: AgreementName,
        day: Day,
    ) -> Result<Vec<PlacesOfArea>, FolgeError> {
        self.read(|client| {
            let places = client.places(&agreement.given()?, day.given()?)?;
            Ok(places.into_iter().map(Shown::shown).collect())
        })
        .await
    }
}

/// The tenders whose terms are built in.
#[uniffi::export]
#[must_use]
pub fn built_in_terms() -> Vec<BuiltInTerms> {
    let built_in = terms::BUILT_IN.iter();
    built_in
        .map(|(name, toml)| BuiltInTerms {
            name: (*name).to_owned(),
            toml: (*toml).to_owned(),
        })
        .collect()
}
