//! The thread that the client lives on: one job after the other.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use folge_core::client::{Client, Vault};
use folge_core::store::StoreError;
use tokio::sync::oneshot;

use crate::error::FolgeError;
use crate::events::{Change, Events, LogLevel, guarded, log};

/// What the thread holds.
pub(crate) struct Desk {
    /// The client behind its lock.
    pub(crate) vault: Vault,
    /// Whether identity numbers made for tests may be recorded.
    pub(crate) test_mode: bool,
    /// How often somebody opened, or asked to.
    pub(crate) unlocks: u64,
    /// Held while the client is open, so that no second one opens the same store: two would write
    /// in one device's name.
    claim: Option<File>,
    events: Arc<Events>,
}

impl Desk {
    /// The client, where it is unlocked.
    pub(crate) fn client(&mut self) -> Result<&mut Client, FolgeError> {
        Ok(self.vault.client()?)
    }

    /// Tells who observes.
    pub(crate) fn tell(&self, change: Change) {
        self.events.tell(change);
    }

    /// Makes this the only client over a store.
    pub(crate) fn claim(&mut self, place: &Path) -> Result<(), FolgeError> {
        if self.claim.is_some() {
            return Ok(());
        }
        let mut name = place.as_os_str().to_owned();
        name.push("-claim");
        let file = File::create(name).map_err(|_| FolgeError::folder())?;
        // One that was just let go of may still be at its last job.
        for _ in 0..CLAIM_TRIES {
            match file.try_lock() {
                Ok(()) => {
                    self.claim = Some(file);
                    return Ok(());
                }
                Err(TryLockError::WouldBlock) => std::thread::sleep(CLAIM_AGAIN),
                Err(TryLockError::Error(_)) => return Err(FolgeError::folder()),
            }
        }
        Err(StoreError::Busy.into())
    }

    /// Gives the claim up where nothing was opened.
    pub(crate) fn unclaim(&mut self) {
        if self.vault.is_locked() {
            self.claim = None;
        }
    }

    /// Takes a client that has just come in.
    pub(crate) fn hold(&mut self, mut client: Client) {
        client.set_test_mode(self.test_mode);
        self.vault.hold(client);
        self.tell(Change::Unlocked);
    }

    /// Locks now.
    pub(crate) fn lock(&mut self) {
        self.vault.lock();
        self.settle();
    }

    /// Locks where the time is up; where it is locked since the last time, says so.
    fn settle(&mut self) {
        if self.vault.tick() && self.claim.take().is_some() {
            log(LogLevel::Info, || "locked".to_owned());
            self.tell(Change::Locked);
        }
    }
}

/// How often, and how soon, a store that another client has open is tried again.
const CLAIM_TRIES: u32 = 40;
const CLAIM_AGAIN: Duration = Duration::from_millis(50);

type Job = Box<dyn FnOnce(&mut Desk) + Send>;

/// The thread, from outside. It ends after its last job when this is dropped.
pub(crate) struct Worker(Sender<Job>);

/// The longest that the lock is not looked at.
const TICK: Duration = Duration::from_secs(1);

fn run(jobs: &Receiver<Job>, desk: &mut Desk) {
    loop {
        let wait = desk.vault.lock_in_ms().map(Duration::from_millis);
        // A device that slept wakes up with a time that is long past.
        let job = match wait {
            Some(wait) => jobs.recv_timeout(wait.min(TICK)),
            None => jobs.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        desk.settle();
        match job {
            Ok(job) => {
                job(desk);
                desk.settle();
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

impl Worker {
    pub(crate) fn start(
        vault: Vault,
        test_mode: bool,
        events: Arc<Events>,
    ) -> std::io::Result<Self> {
        let (jobs, receiver) = channel::<Job>();
        let mut desk = Desk {
            vault,
            test_mode,
            unlocks: 0,
            claim: None,
            events,
        };
        std::thread::Builder::new()
            .name("folge-client".to_owned())
            .spawn(move || run(&receiver, &mut desk))?;
        Ok(Self(jobs))
    }

    fn send<T: Send + 'static>(
        &self,
        skip_unwanted: bool,
        work: impl FnOnce(&mut Desk) -> Result<T, FolgeError> + Send + 'static,
    ) -> oneshot::Receiver<Result<T, FolgeError>> {
        let (sender, receiver) = oneshot::channel();
        let job: Job = Box::new(move |desk| {
            if skip_unwanted && sender.is_closed() {
                return;
            }
            let result = guarded(|| work(desk)).unwrap_or_else(|| {
                // What was in memory may be half done; the store is whole.
                desk.lock();
                Err(FolgeError::internal())
            });
            // Nobody waits any more.
            let _ = sender.send(result);
        });
        // The thread ends only after the last sender.
        let _ = self.0.send(job);
        receiver
    }

    /// Does something that writes: done even if the app stops waiting.
    pub(crate) async fn act<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Desk) -> Result<T, FolgeError> + Send + 'static,
    ) -> Result<T, FolgeError> {
        self.send(false, work)
            .await
            .unwrap_or_else(|_| Err(FolgeError::closed()))
    }

    /// Reads something: skipped where the app stopped waiting before it began.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Desk) -> Result<T, FolgeError> + Send + 'static,
    ) -> Result<T, FolgeError> {
        self.send(true, work)
            .await
            .unwrap_or_else(|_| Err(FolgeError::closed()))
    }

    /// The same from a thread that may wait.
    pub(crate) fn wait<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Desk) -> Result<T, FolgeError> + Send + 'static,
    ) -> Result<T, FolgeError> {
        self.send(false, work)
            .blocking_recv()
            .unwrap_or_else(|_| Err(FolgeError::closed()))
    }
}

/// Does something that waits for others, such as for the relay, on a thread of its own.
pub(crate) async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, FolgeError> + Send + 'static,
) -> Result<T, FolgeError> {
    let (sender, receiver) = oneshot::channel();
    let thread = std::thread::Builder::new().name("folge-net".to_owned());
    let started = thread.spawn(move || {
        let result = guarded(work).unwrap_or_else(|| Err(FolgeError::internal()));
        let _ = sender.send(result);
    });
    if started.is_err() {
        return Err(FolgeError::internal());
    }
    receiver.await.unwrap_or_else(|_| Err(FolgeError::closed()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use std::sync::{Mutex, PoisonError};

    use folge_core::client::Vault;
    use folge_core::native::system_env;

    use super::*;
    use crate::events::{CallbackError, LogSink, quiet_panics, set_log_sink};

    /// Waits for what needs no runtime.
    fn wait_for<T>(future: impl Future<Output = T>) -> T {
        let mut future = std::pin::pin!(future);
        let waker = std::task::Waker::noop();
        let mut context = std::task::Context::from_waker(waker);
        loop {
            if let std::task::Poll::Ready(value) = future.as_mut().poll(&mut context) {
                return value;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn worker() -> Worker {
        let events = Arc::new(Events::new().unwrap());
        let vault = Vault::at("/nowhere".into(), system_env);
        Worker::start(vault, false, events).unwrap()
    }

    #[derive(Default)]
    struct Lines(Mutex<Vec<String>>);

    impl LogSink for Lines {
        fn log(&self, _: LogLevel, line: String) -> Result<(), CallbackError> {
            let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            lines.push(line);
            Err(CallbackError::Failed)
        }
    }

    #[test]
    fn a_panic_is_an_error_its_words_reach_no_log_and_the_thread_lives_on() {
        quiet_panics();
        let lines = Arc::new(Lines::default());
        set_log_sink(Some(lines.clone()));
        let worker = worker();
        let failed: Result<(), _> = wait_for(worker.act(|_| panic!("Fatima Dahl")));
        assert_eq!(failed.unwrap_err().problem().code, "internal");
        let failed: Result<(), _> = wait_for(aside(|| panic!("Fatima Dahl")));
        assert_eq!(failed.unwrap_err().problem().code, "internal");
        assert_eq!(wait_for(worker.ask(|_| Ok(7))), Ok(7));
        set_log_sink(None);
        let lines = lines.0.lock().unwrap();
        let told = lines.iter().filter(|line| line.contains("worker.rs"));
        assert_eq!(told.count(), 2, "{lines:?}");
        assert!(!lines.iter().any(|line| line.contains("Fatima")));
    }

    #[test]
    fn who_stops_waiting_is_not_read_for_but_written_for() {
        let worker = worker();
        let (hold, held) = channel::<()>();
        let first = worker.send(false, move |_| {
            held.recv().unwrap();
            Ok(())
        });
        let done = Arc::new(Mutex::new(Vec::new()));
        for (skip, what) in [(true, "read"), (false, "written")] {
            let done = Arc::clone(&done);
            drop(worker.send(skip, move |_| {
                done.lock().unwrap().push(what);
                Ok(())
            }));
        }
        hold.send(()).unwrap();
        assert_eq!(first.blocking_recv().unwrap(), Ok(()));
        wait_for(worker.act(|_| Ok(()))).unwrap();
        assert_eq!(*done.lock().unwrap(), ["written"]);
    }
}
