//! Sync: who carries the bytes, on threads of their own. The client is free for other calls
//! between the round trips.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use folge_core::client::SyncRun;
use folge_core::native::{HttpRelay, LiveConnection};
use folge_core::sync::{Outgoing, SyncReport, SyncWork};

use crate::app::Folge;
use crate::error::FolgeError;
use crate::events::{CallbackError, Change, Events, LogLevel, guarded, log};
use crate::shape::{Shown, choice, view};
use crate::worker::{Worker, aside};

/// How soon a stopped sync lets go.
const LET_GO: Duration = Duration::from_millis(50);
/// How soon a client in touch notices what is new on this device.
const NOTICE: Duration = Duration::from_secs(1);
/// The longest that a client in touch waits before it tries again what did not work.
const PAUSE_MAX: Duration = Duration::from_secs(60);
/// A round trip is not begun with less time left than this.
const ROUND_TRIP_MIN: Duration = Duration::from_millis(250);

view! {
    /// What a sync has done so far.
    SyncProgress {
        /// Round trips.
        round_trips: i32,
        /// Envelopes of this device that the relay has now.
        delivered: i64,
        /// Envelopes of others that were taken in.
        received: i64,
        /// Bytes sent.
        bytes_sent: i64,
        /// Bytes received.
        bytes_received: i64,
    }
}

impl SyncProgress {
    fn of(run: &SyncRun) -> Self {
        let totals = run.totals();
        Self {
            round_trips: Shown::shown(totals.round_trips),
            delivered: Shown::shown(totals.report.acknowledged),
            received: Shown::shown(totals.report.applied),
            bytes_sent: Shown::shown(totals.bytes_sent),
            bytes_received: Shown::shown(totals.bytes_received),
        }
    }
}

view! {
    /// What a sync did in all.
    SyncTotals {
        /// What was carried.
        progress: SyncProgress,
        /// Envelopes that wait for something that has not arrived.
        waiting: i64,
        /// Envelopes that were put aside: `quarantine()` lists them.
        quarantined: i64,
        /// Envelopes of devices that were put out, for the office to decide: `held()` lists them.
        held: i64,
        /// Envelopes that the relay did not take.
        refused: i64,
    }
}

impl SyncTotals {
    fn of(run: &SyncRun) -> Self {
        let report = &run.totals().report;
        Self {
            progress: SyncProgress::of(run),
            waiting: Shown::shown(report.waiting),
            quarantined: Shown::shown(report.quarantined),
            held: Shown::shown(report.held),
            refused: Shown::shown(report.refused),
        }
    }
}

/// Who is told how a sync goes, after each round trip, on a thread of Følge's own.
#[uniffi::export(with_foreign)]
pub trait SyncObserver: Send + Sync {
    /// How far it is.
    /// # Errors
    /// None that matters: the sync goes on.
    fn progressed(&self, progress: SyncProgress) -> Result<(), CallbackError>;
}

choice! {
    /// Something that a sync has to do.
    SyncNeed = SyncWork {
        /// The relay does not have the workspace yet, or any more.
        Founding,
        /// This device is not in yet.
        ComingIn,
        /// Changes of who is in wait to be sent.
        Members,
        /// Documents are to be fetched.
        Fetching,
        /// The relay lost something that is to be brought back.
        Recovering,
        /// Records wait to be sent.
        Records,
        /// Keys wait to be sent.
        Keys,
        /// What was read or erased waits to be told.
        Marks,
    }
}

view! {
    /// What a sync would do, and when it makes sense.
    SyncOutlook {
        /// What is known here that it has to do.
        needs: Vec<SyncNeed>,
        /// How long to wait before the next one after a failure, in milliseconds; 0 for not at
        /// all.
        wait_ms: i64,
    }
}

/// How a sync in the background ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum BackgroundOutcome {
    /// Nothing more is to be done.
    Done,
    /// The time was up first: ask the system for another turn.
    OutOfTime,
    /// It cannot be opened without the user.
    NeedsUser,
    /// No connection, or the relay refused: try again later.
    Failed,
}

view! {
    /// What a sync in the background did.
    BackgroundSync {
        /// How it ended.
        outcome: BackgroundOutcome,
        /// The error's code, where it failed.
        code: Option<String>,
        /// What was carried.
        progress: SyncProgress,
        /// How long to wait before the next one, in milliseconds.
        wait_ms: i64,
    }
}

/// Why a sync under way ends early.
enum Halt {
    Stopped,
    OutOfTime,
}

/// Stops one sync: make one, give it to `sync`, and stop it from anywhere, before or after the
/// sync began.
#[derive(Default, uniffi::Object)]
pub struct SyncStop(Arc<AtomicBool>);

#[uniffi::export]
impl SyncStop {
    /// One that stops nothing yet.
    #[uniffi::constructor]
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Stops the sync that it was given to. It ends with the code `stopped`.
    pub fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// When to end.
#[derive(Clone, Default)]
struct Reins {
    /// For this sync alone; `stopSync` sets those of all.
    stop: Arc<AtomicBool>,
    /// What else ends it.
    also: Option<Arc<AtomicBool>>,
    until: Option<Instant>,
}

impl Reins {
    fn left(&self) -> Option<Duration> {
        self.until
            .map(|until| until.saturating_duration_since(Instant::now()))
    }
    fn check(&self, least: Duration) -> Result<(), Halt> {
        let is_set = |stop: &Arc<AtomicBool>| stop.load(Ordering::Relaxed);
        if is_set(&self.stop) || self.also.as_ref().is_some_and(is_set) {
            Err(Halt::Stopped)
        } else if self.left().is_some_and(|left| left <= least) {
            Err(Halt::OutOfTime)
        } else {
            Ok(())
        }
    }
}

/// A sync that `stopSync` stops. When the app stops waiting for it, it stops too.
struct Stoppable {
    stop: Arc<AtomicBool>,
    stops: Arc<Mutex<Vec<Arc<AtomicBool>>>>,
}

impl Drop for Stoppable {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        locked(&self.stops).retain(|stop| !Arc::ptr_eq(stop, &self.stop));
    }
}

/// How a sync ended.
enum Ending {
    Done,
    Halted(Halt),
    Failed(FolgeError),
}

/// Who carries the bytes between the client and the relay.
#[derive(Clone)]
pub(crate) struct Carrier {
    worker: Arc<Worker>,
    events: Arc<Events>,
    /// Held while a sync goes on: one at a time.
    turn: Arc<Mutex<()>>,
    /// The flags of those that go on or wait for their turn.
    stops: Arc<Mutex<Vec<Arc<AtomicBool>>>>,
    /// Ends the thread that keeps in touch.
    in_touch: Arc<Mutex<Option<Arc<AtomicBool>>>>,
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sends a request on a thread of its own, so that a halt need not wait for the network. A reply
/// that comes after that is dropped; the relay takes the same request again.
fn post(
    url: &str,
    request: Outgoing,
    reins: &Reins,
) -> Result<Result<Vec<u8>, folge_core::Error>, Halt> {
    let relay = match reins.left() {
        Some(left) => HttpRelay::within(url, left),
        None => HttpRelay::new(url),
    };
    let (sender, receiver) = channel();
    let thread = std::thread::Builder::new().name("folge-http".to_owned());
    let started = thread.spawn(move || {
        let _ = sender.send(relay.post(request.path, &request.body));
    });
    if started.is_err() {
        return Ok(Err(folge_core::Error::Unreachable("no thread")));
    }
    loop {
        match receiver.recv_timeout(LET_GO) {
            Ok(reply) => {
                // What ran into the end of the time is no failure of the relay.
                if reply.is_err() {
                    reins.check(ROUND_TRIP_MIN)?;
                }
                return Ok(reply);
            }
            Err(RecvTimeoutError::Timeout) => reins.check(Duration::ZERO)?,
            Err(RecvTimeoutError::Disconnected) => {
                return Ok(Err(folge_core::Error::Unreachable("no connection")));
            }
        }
    }
}

impl Carrier {
    pub(crate) fn new(worker: Arc<Worker>, events: Arc<Events>) -> Self {
        Self {
            worker,
            events,
            turn: Arc::default(),
            stops: Arc::default(),
            in_touch: Arc::default(),
        }
    }

    /// Round trips until there is nothing more to do.
    fn trips(
        &self,
        run: &mut SyncRun,
        reins: &Reins,
        told: &dyn Fn(SyncProgress),
    ) -> Result<(), Result<Halt, FolgeError>> {
        let url = self
            .worker
            .wait(|desk| Ok(desk.client()?.identity().relay.url.clone()));
        let url = url.map_err(Err)?;
        loop {
            reins.check(ROUND_TRIP_MIN).map_err(Ok)?;
            let mut taken = std::mem::take(run);
            let asked = self.worker.wait(move |desk| {
                let request = desk.client().and_then(|client| Ok(taken.request(client)?));
                Ok((taken, request))
            });
            let (taken, request) = asked.map_err(Err)?;
            *run = taken;
            let request = request.map_err(Err)?;
            let reply = post(&url, request, reins).map_err(Ok)?;
            let mut taken = std::mem::take(run);
            let done = self.worker.wait(move |desk| {
                let more = desk
                    .client()
                    .and_then(|client| Ok(taken.reply(client, reply)?));
                Ok((taken, more))
            });
            let (taken, more) = done.map_err(Err)?;
            *run = taken;
            told(SyncProgress::of(run));
            if !more.map_err(Err)? {
                return Ok(());
            }
        }
    }

    /// A sync, in its turn, on a thread that may wait.
    fn carry(&self, reins: &Reins, told: &dyn Fn(SyncProgress)) -> (SyncRun, Ending) {
        let turn = locked(&self.turn);
        let mut run = SyncRun::default();
        let ending = match self.trips(&mut run, reins, told) {
            Ok(()) => Ending::Done,
            Err(Ok(halt)) => Ending::Halted(halt),
            Err(Err(error)) => Ending::Failed(error),
        };
        drop(turn);
        let totals = run.totals();
        log(LogLevel::Info, || {
            let how = match &ending {
                Ending::Done => "done",
                Ending::Halted(Halt::Stopped) => "stopped",
                Ending::Halted(Halt::OutOfTime) => "out of time",
                Ending::Failed(error) => &error.problem().code,
            };
            format!(
                "sync: {how}, {} round trips, {} bytes out, {} in, {} delivered, {} taken in",
                totals.round_trips,
                totals.bytes_sent,
                totals.bytes_received,
                totals.report.acknowledged,
                totals.report.applied
            )
        });
        if brought(&totals.report) {
            self.events.tell(Change::Synced);
        }
        (run, ending)
    }

    /// A flag that `stopSync` sets, from now until the sync has ended.
    fn stoppable(&self) -> Stoppable {
        let stop = Arc::new(AtomicBool::new(false));
        locked(&self.stops).push(Arc::clone(&stop));
        Stoppable {
            stop,
            stops: Arc::clone(&self.stops),
        }
    }

    /// Stops every sync that goes on or waits.
    fn stop(&self) {
        for stop in locked(&self.stops).iter() {
            stop.store(true, Ordering::Relaxed);
        }
    }

    /// Syncs where there is something to send, and listens for what others send, until told to
    /// stop. Nothing that goes wrong ends it: it tries again, as the client's schedule says, and
    /// less and less often where there is no live connection to be had.
    fn stay_in_touch(&self, stop: &Arc<AtomicBool>) {
        let mut live: Option<LiveConnection> = None;
        let mut not_before = Instant::now();
        let mut pause = NOTICE;
        while !stop.load(Ordering::Relaxed) {
            let has_work = match self.outlook() {
                Some((has_work, 0)) => has_work,
                // Locked, or too early after a failure.
                _ => {
                    live = None;
                    std::thread::sleep(NOTICE);
                    continue;
                }
            };
            // What was missed without a connection is asked for.
            if (has_work || live.is_none()) && Instant::now() >= not_before {
                let is_done = self.carry_in_touch(stop);
                if is_done && live.is_none() {
                    live = self.listen();
                }
                let is_well = live.is_some() && self.outlook() == Some((false, 0));
                pause = if is_well {
                    NOTICE
                } else {
                    (pause * 2).min(PAUSE_MAX)
                };
                not_before = if is_well {
                    Instant::now()
                } else {
                    Instant::now() + pause
                };
            }
            live = match live {
                Some(live) => self.hear(live),
                None => {
                    std::thread::sleep(NOTICE);
                    None
                }
            };
        }
    }

    /// Whether there is something to sync, and how long to wait before; none where it is locked.
    fn outlook(&self) -> Option<(bool, u64)> {
        let outlook = self.worker.wait(|desk| {
            let client = desk.client()?;
            Ok((client.has_sync_work()?, client.sync_wait_ms()))
        });
        outlook.ok()
    }

    /// One sync of being in touch: `stopSync` ends it, and not the being in touch. Says whether it
    /// was done.
    fn carry_in_touch(&self, stop: &Arc<AtomicBool>) -> bool {
        let stoppable = self.stoppable();
        let reins = Reins {
            stop: Arc::clone(&stoppable.stop),
            also: Some(Arc::clone(stop)),
            until: None,
        };
        let (_, ending) = self.carry(&reins, &|_| ());
        matches!(ending, Ending::Done)
    }

    fn listen(&self) -> Option<LiveConnection> {
        let hello = self.worker.wait(|desk| {
            let client = desk.client()?;
            let url = client.identity().relay.url.clone();
            Ok(client.live_hello().map(|hello| (url, hello)))
        });
        let (url, hello) = hello.ok().flatten()?;
        let mut live = LiveConnection::open(&url, hello).ok()?;
        live.set_timeout(Some(NOTICE)).ok()?;
        Some(live)
    }

    /// Takes the next frame; none where the connection broke.
    fn hear(&self, mut live: LiveConnection) -> Option<LiveConnection> {
        let frame = match live.next_frame() {
            Ok(None) => return Some(live),
            Ok(Some(frame)) => frame,
            Err(_) => return None,
        };
        let report = self
            .worker
            .wait(move |desk| Ok(desk.client()?.live_frame(&frame)?))
            .ok()?;
        if brought(&report) {
            self.events.tell(Change::Synced);
        }
        Some(live)
    }
}

fn brought(report: &SyncReport) -> bool {
    report.acknowledged + report.applied + report.quarantined + report.held + report.refused > 0
}

impl Drop for Folge {
    fn drop(&mut self) {
        self.stop_in_touch();
        self.carrier.stop();
    }
}

#[uniffi::export]
impl Folge {
    /// Syncs until there is nothing more to bring or fetch. Stopped by `stop`, by `stopSync`, or in
    /// Kotlin by cancelling the coroutine, it ends within a moment, and what it had not done is done
    /// next time. (Swift's generated code does not pass a task's cancellation on; the package's own
    /// `sync` does, by `stop`.)
    #[uniffi::method(default(stop = None))]
    pub async fn sync(
        &self,
        observer: Option<Arc<dyn SyncObserver>>,
        stop: Option<Arc<SyncStop>>,
    ) -> Result<SyncTotals, FolgeError> {
        let stoppable = self.carrier.stoppable();
        let reins = Reins {
            stop: Arc::clone(&stoppable.stop),
            also: stop.map(|stop| Arc::clone(&stop.0)),
            until: None,
        };
        // The user asked: an earlier failure does not hold it back.
        self.worker
            .act(|desk| {
                desk.client()?.hurry_sync();
                Ok(())
            })
            .await?;
        let carrier = self.carrier.clone();
        aside(move || {
            let told = |progress: SyncProgress| {
                if let Some(observer) = &observer {
                    let _ = observer.progressed(progress);
                }
            };
            let (run, ending) = carrier.carry(&reins, &told);
            match ending {
                Ending::Done => Ok(SyncTotals::of(&run)),
                Ending::Halted(_) => Err(FolgeError::stopped()),
                Ending::Failed(error) => Err(error),
            }
        })
        .await
    }

    /// Stops every sync that goes on. Each ends with the code `stopped`.
    pub fn stop_sync(&self) {
        self.carrier.stop();
    }

    /// What a sync would do, and when it makes sense.
    pub async fn sync_outlook(&self) -> Result<SyncOutlook, FolgeError> {
        self.worker
            .ask(|desk| {
                let client = desk.client()?;
                Ok(SyncOutlook {
                    needs: Shown::shown(client.sync_work()?),
                    wait_ms: Shown::shown(client.sync_wait_ms()),
                })
            })
            .await
    }

    /// While the app is in front: what is recorded goes out at once, what others record comes in at
    /// once, and a broken connection is made again. Started twice, it goes on as it is.
    pub fn start_in_touch(&self) {
        let mut in_touch = locked(&self.carrier.in_touch);
        if in_touch.is_some() {
            return;
        }
        let stop = Arc::new(AtomicBool::new(false));
        let (carrier, flag) = (self.carrier.clone(), Arc::clone(&stop));
        let thread = std::thread::Builder::new().name("folge-live".to_owned());
        let work = move || {
            let _ = guarded(|| carrier.stay_in_touch(&flag));
        };
        if thread.spawn(work).is_ok() {
            *in_touch = Some(stop);
        }
    }

    /// The app goes to the back: ends what `startInTouch` began.
    pub fn stop_in_touch(&self) {
        if let Some(stop) = locked(&self.carrier.in_touch).take() {
            stop.store(true, Ordering::Relaxed);
        }
    }

    /// Ends everything that goes on here: syncs, being in touch; and locks. To be called before the
    /// app lets go of the client.
    pub async fn shut_down(&self) -> Result<(), FolgeError> {
        self.stop_in_touch();
        self.carrier.stop();
        self.lock().await
    }

    /// For Android's WorkManager and iOS's BGTaskScheduler: opens the store with the platform's
    /// key, syncs for so many milliseconds at most, and locks again what it opened. It never
    /// fails: how it ended says what to tell the system.
    pub async fn background_sync(&self, budget_ms: i64) -> BackgroundSync {
        let budget = Duration::from_millis(u64::try_from(budget_ms).unwrap_or(0));
        let stoppable = self.carrier.stoppable();
        let reins = Reins {
            stop: Arc::clone(&stoppable.stop),
            also: None,
            until: Instant::now().checked_add(budget),
        };
        let failed = |outcome, error: &FolgeError| BackgroundSync {
            outcome,
            code: Some(error.problem().code.clone()),
            progress: SyncProgress::of(&SyncRun::default()),
            wait_ms: 0,
        };
        let opened = match self.worker.act(self.unlock_in_background()).await {
            Ok(opened) => opened,
            Err(error) => return failed(BackgroundOutcome::NeedsUser, &error),
        };
        let carrier = self.carrier.clone();
        let carried = aside(move || {
            let (run, ending) = carrier.carry(&reins, &|_| ());
            let wait = carrier.worker.wait(move |desk| {
                let wait_ms = desk.client()?.sync_wait_ms();
                // Somebody who opened it meanwhile is using it.
                if opened == Some(desk.unlocks) {
                    desk.lock();
                }
                Ok(wait_ms)
            });
            let (outcome, code) = match &ending {
                Ending::Done => (BackgroundOutcome::Done, None),
                Ending::Halted(_) => (BackgroundOutcome::OutOfTime, None),
                Ending::Failed(error) => (
                    BackgroundOutcome::Failed,
                    Some(error.problem().code.clone()),
                ),
            };
            Ok(BackgroundSync {
                outcome,
                code,
                progress: SyncProgress::of(&run),
                wait_ms: Shown::shown(wait.unwrap_or(0)),
            })
        });
        carried
            .await
            .unwrap_or_else(|error| failed(BackgroundOutcome::Failed, &error))
    }
}
