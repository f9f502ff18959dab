//! The demo's story: a provider's half year, recorded offline on many phones and read in the
//! office. Seeded; used by `cargo xtask demo` and by the caseload test.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use folge_core::Error;
use folge_core::client::Invitee;
use folge_core::document::{CaseFilter, CaseSummary};
use folge_core::keys::RecoverySecret;
use folge_core::limits::INVITATION_MILLISECONDS;
use folge_core::native::HttpRelay;
use folge_core::store::{FaultHook, FaultPoint, StoreError};
use folge_protocol::ids::{DocumentId, PersonId};
use folge_protocol::membership::Role;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng as _, SeedableRng as _};

use crate::device::Device;
use crate::provider::{Plan, Work, perform};

/// What happened on the way.
#[derive(Debug, Clone, Copy, Default)]
pub struct Figures {
    /// Things recorded.
    pub recorded: usize,
    /// Crashes of phones, at a random commit.
    pub crashes: usize,
    /// Syncs of phones.
    pub syncs: usize,
    /// Syncs that found no coverage.
    pub no_coverage: usize,
    /// Request and reply bodies, in bytes.
    pub bytes: u64,
    /// Round trips.
    pub round_trips: u64,
    /// Time spent in syncs.
    pub sync_time: Duration,
    /// Time spent recording.
    pub record_time: Duration,
}

/// A provider whose people have devices.
#[derive(Debug)]
pub struct Story {
    /// The office's device.
    pub office: Device,
    /// Each consultant's phone, by key.
    pub phones: BTreeMap<String, Device>,
    /// Each participation's document, by key.
    pub documents: BTreeMap<String, DocumentId>,
    /// What happened.
    pub figures: Figures,
    /// Where the devices' stores are.
    pub devices_dir: PathBuf,
    /// The workspace's recovery secret, as it is shown once at founding.
    pub recovery: RecoverySecret,
    pub(crate) http: HttpRelay,
    rng: ChaCha8Rng,
}

fn make_dir(dir: &Path) -> Result<(), Box<dyn std::error::Error>> {
    Ok(fs::create_dir_all(dir)?)
}

impl Story {
    /// Founds the workspace, fills the register, makes the participations, lets everybody in.
    /// # Errors
    /// The core's, or the disk's.
    pub fn begin(
        plan: &Plan,
        url: &str,
        dir: &Path,
        seed: u64,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let http = HttpRelay::new(url);
        let devices_dir = dir.to_owned();
        let office_dir = dir.join("office");
        make_dir(&office_dir)?;
        let (mut office, recovery) = Device::found(&office_dir, http.address()?)?;
        let mut links = BTreeMap::new();
        let mut persons: BTreeMap<String, PersonId> = BTreeMap::new();
        for member in &plan.staff {
            let invitee = Invitee::New(Role::Consultant);
            let link = office.client.invite(invitee, INVITATION_MILLISECONDS)?;
            persons.insert(member.key.0.clone(), link.person);
            links.insert(member.key.0.clone(), link);
        }
        let documents = plan.set_up(&mut office.client, &persons)?;
        let mut story = Self {
            office,
            phones: BTreeMap::new(),
            documents,
            figures: Figures::default(),
            devices_dir,
            recovery,
            http,
            rng: ChaCha8Rng::seed_from_u64(seed),
        };
        story.sync_office()?;
        for (key, link) in links {
            let phone_dir = dir.join(&key);
            make_dir(&phone_dir)?;
            let mut phone = Device::join(&phone_dir, &link)?;
            let totals = story.http.sync(&mut phone.client)?;
            story.count(&totals, Duration::ZERO);
            story.phones.insert(key, phone);
        }
        Ok(story)
    }

    fn count(&mut self, totals: &folge_core::client::SyncTotals, took: Duration) {
        self.figures.bytes += totals.bytes_sent + totals.bytes_received;
        self.figures.round_trips += u64::from(totals.round_trips);
        self.figures.sync_time += took;
    }

    fn draw(&mut self, below: usize) -> usize {
        usize::try_from(self.rng.next_u64() % below.max(1) as u64).unwrap_or(0)
    }

    /// Syncs the office.
    /// # Errors
    /// The core's.
    pub fn sync_office(&mut self) -> Result<(), Error> {
        let started = Instant::now();
        let totals = self.http.sync(&mut self.office.client)?;
        self.count(&totals, started.elapsed());
        Ok(())
    }

    /// Syncs one phone.
    /// # Errors
    /// The core's.
    pub fn sync_phone(&mut self, key: &str) -> Result<(), Error> {
        let Some(phone) = self.phones.get_mut(key) else {
            return Ok(());
        };
        let started = Instant::now();
        let totals = match self.http.sync(&mut phone.client) {
            Err(Error::Store(StoreError::Interrupted)) => {
                self.figures.crashes += 1;
                phone.reopen()?;
                return Ok(());
            }
            done => done?,
        };
        self.count(&totals, started.elapsed());
        self.figures.syncs += 1;
        Ok(())
    }

    /// Everything that the consultants record, each phone in its own order, the phones in random
    /// interleaving, with phones that crash and syncs that find no coverage. `told` hears of each.
    /// # Errors
    /// The core's.
    pub fn replay(&mut self, plan: &Plan, mut told: impl FnMut()) -> Result<(), Error> {
        let mut queues: Vec<(&str, std::slice::Iter<'_, Work>)> = plan
            .work
            .iter()
            .map(|(key, work)| (key.as_str(), work.iter()))
            .collect();
        queues.retain(|(_, work)| work.len() > 0);
        while !queues.is_empty() {
            let place = self.draw(queues.len());
            // A stretch of work without coverage, then perhaps a sync.
            let stretch = 1 + self.draw(12);
            for _ in 0..stretch {
                let (key, queue) = &mut queues[place];
                let Some(work) = queue.next() else { break };
                let key = (*key).to_owned();
                self.record(&key, work)?;
                told();
            }
            let key = queues[place].0.to_owned();
            match self.draw(10) {
                0..6 => self.sync_phone(&key)?,
                6..8 => self.figures.no_coverage += 1,
                _ => {}
            }
            if self.draw(20) == 0 {
                self.sync_office()?;
            }
            queues.retain(|(_, work)| work.len() > 0);
        }
        Ok(())
    }

    fn record(&mut self, key: &str, work: &Work) -> Result<(), Error> {
        // One in fifty: the phone loses power at this record's commit, before or after it.
        let crash = self.draw(50) == 0;
        let after = self.draw(2) == 0;
        let Some(phone) = self.phones.get_mut(key) else {
            return Err(Error::UnknownDocument);
        };
        if crash {
            let hook: FaultHook =
                Box::new(move |point| (point == FaultPoint::AfterCommit) == after);
            phone.client.set_fault_hook(Some(hook));
        }
        let started = Instant::now();
        match perform(&mut phone.client, work, &self.documents) {
            Err(Error::Store(StoreError::Interrupted)) => {
                self.figures.crashes += 1;
                phone.reopen()?;
                // The consultant looks, and records it again where it is not there.
                match perform(&mut phone.client, work, &self.documents) {
                    Err(error) if error.code() == "exists" => {}
                    done => done?,
                }
            }
            done => done?,
        }
        self.figures.record_time += started.elapsed();
        self.figures.recorded += 1;
        Ok(())
    }

    /// Every participation as the office sees it, and the protected ones, which are their
    /// consultants' alone, as those see them.
    #[must_use]
    pub fn cases(&self) -> BTreeMap<DocumentId, CaseSummary> {
        let all = CaseFilter::default();
        let devices = std::iter::once(&self.office).chain(self.phones.values());
        devices
            .flat_map(|device| device.client.office_list(&all))
            .map(|line| (line.participation, line.summary.clone()))
            .collect()
    }

    /// Coverage everywhere: everybody syncs until all have everything.
    /// # Errors
    /// The core's.
    pub fn come_together(&mut self) -> Result<(), Error> {
        for _ in 0..2 {
            let keys: Vec<String> = self.phones.keys().cloned().collect();
            for key in keys {
                self.sync_phone(&key)?;
            }
            self.sync_office()?;
        }
        Ok(())
    }
}
