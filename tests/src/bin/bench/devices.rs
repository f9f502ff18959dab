//! Devices that can be switched off, copied and switched on, and a relay's data likewise: what is
//! measured several times is made ready once.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use folge_core::client::{Client, NewParticipation};
use folge_core::document::Record;
use folge_core::domain::visit::CancelledBy;
use folge_core::domain::{
    Instant, LocalDate, MeetingForm, Minutes, Outcome, Participation, RecordId, StaffKey, Status,
    Trip, Visit, With,
};
use folge_core::keys::{InvitationLink, Key32};
use folge_core::native::system_env;
use folge_core::store::{Store, Unlock};
use folge_core::sync::RelayAddress;
use folge_protocol::ids::{DocumentId, PersonId};

use crate::Anything;

/// A device that is switched off.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    /// Its folder, with nothing else in it.
    pub(crate) dir: PathBuf,
    secret: Key32,
}

impl Stored {
    fn new(dir: PathBuf) -> Anything<(Self, Store)> {
        fs::create_dir_all(&dir)?;
        let secret = Key32::new(system_env().random());
        let stored = Self { dir, secret };
        let store = Store::create(&stored.path(), &stored.unlock(), &mut system_env())?;
        Ok((stored, store))
    }

    pub(crate) fn found(dir: PathBuf, relay: RelayAddress) -> Anything<(Self, Client)> {
        let (stored, store) = Self::new(dir)?;
        let (client, _) = Client::found(store, system_env(), relay, "")?;
        Ok((stored, client))
    }

    pub(crate) fn join(dir: PathBuf, link: &InvitationLink) -> Anything<(Self, Client)> {
        let (stored, store) = Self::new(dir)?;
        Ok((stored, Client::join(store, system_env(), link)?))
    }

    /// A device whose folder and secret another process was told.
    pub(crate) fn told(dir: PathBuf, secret: &str) -> Anything<Self> {
        // Two identifiers' worth of hexadecimal digits.
        let (high, low) = secret
            .split_at_checked(32)
            .ok_or("a secret has 64 digits")?;
        let (high, low): (DocumentId, DocumentId) = (high.parse()?, low.parse()?);
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(&high.0);
        bytes[16..].copy_from_slice(&low.0);
        let secret = Key32::new(bytes);
        Ok(Self { dir, secret })
    }

    pub(crate) fn secret_text(&self) -> String {
        let digits = self.secret.expose().iter();
        digits.map(|byte| format!("{byte:02x}")).collect()
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.dir.join("store.db")
    }

    fn unlock(&self) -> Unlock {
        Unlock::Secret(self.secret.clone())
    }

    /// What is on it, read from outside.
    pub(crate) fn store(&self) -> Anything<Store> {
        Ok(Store::open(
            &self.path(),
            &self.unlock(),
            &mut system_env(),
        )?)
    }

    /// Switches it on.
    pub(crate) fn open(&self) -> Anything<Client> {
        Ok(Client::open(self.store()?, system_env())?)
    }

    /// The same device once more, in another folder.
    pub(crate) fn copy(&self, dir: PathBuf) -> Anything<Self> {
        copy_dir(&self.dir, &dir)?;
        Ok(Self {
            dir,
            secret: self.secret.clone(),
        })
    }
}

/// Copies a folder's files, and has them on disk: so that no later `fsync` pays for the copy.
pub(crate) fn copy_dir(from: &Path, to: &Path) -> Anything<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_dir(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
            fs::File::open(&target)?.sync_all()?;
        }
    }
    Ok(())
}

// --- what is recorded ---

/// A participation with about as much in it as a real referral has.
pub(crate) fn participation(number: usize, consultant: &StaffKey) -> Participation {
    let mut made = Participation::new(
        &format!("participant-{number:04}"),
        ["Fatima", "Ola", "Kari", "Mohammed", "Ingrid"][number % 5],
        ["Dahl", "Hansen", "Berg", "Ali", "Lunde", "Moe", "Vik"][number % 7],
    );
    made.phone = Some(format!("+47 4{number:07}"));
    made.email = Some(format!("deltaker{number}@example.no"));
    made.address = Some(format!("Storgata {}, 0182 Oslo", number % 190 + 1));
    made.municipality = Some("Oslo".into());
    made.area = Some(["ost", "vest", "nord"][number % 3].into());
    made.nav_office = Some("NAV Gamle Oslo".into());
    made.nav_adviser = Some("Anne Lise Strand".into());
    made.order = Some("Oppfølging på arbeidsplassen, mål om 100 prosent stilling.".into());
    made.start = LocalDate::new(2024, 1, 8);
    made.consultant = Some(consultant.clone());
    made.status = Status::Active;
    made
}

pub(crate) fn new_participation(
    number: usize,
    consultant: &StaffKey,
    person: Option<PersonId>,
) -> NewParticipation {
    NewParticipation {
        participation: participation(number, consultant),
        consultants: BTreeSet::from_iter(person),
    }
}

/// A visit of an hour, `days` after the first Monday of 2024.
pub(crate) fn visit(
    client: &mut Client,
    consultant: &StaffKey,
    days: usize,
    hour: usize,
) -> Anything<Visit> {
    let monday = 1_704_697_200_000; // 2024-01-08, 08:00 in Oslo
    let start = monday + i64::try_from(days * 24 + hour % 9)? * 3_600_000;
    Ok(Visit {
        id: client.new_record_id(),
        start: Instant(start),
        end: Instant(start + 3_600_000),
        form: MeetingForm::InPerson,
        with: With::Both,
        consultants: vec![consultant.clone()],
        employer: None,
        activities: vec!["motivasjon".into()],
        outcome: match days % 11 {
            0 => Outcome::NoShow,
            1 => Outcome::Cancelled(CancelledBy::Provider),
            _ => Outcome::Attended,
        },
        planned: false,
        group: None,
        note: format!("Møte {days}: gikk gjennom oppgavene på lageret, pauser fungerer bedre nå."),
        agreed: "Øker til fire timer fra neste uke.".into(),
    })
}

/// The way there.
pub(crate) fn trip(client: &mut Client, consultant: &StaffKey, visit: RecordId) -> Record {
    Record::Trip(Trip {
        id: client.new_record_id(),
        consultant: consultant.clone(),
        minutes: Minutes(35),
        start: None,
        end: None,
        visits: vec![visit],
        meetings: 1,
    })
}
