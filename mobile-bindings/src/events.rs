//! What the app is told: changes, and log lines without anybody's data.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};

/// What changed on this device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Change {
    /// Something was recorded or settled here: read again what is on the screen.
    Recorded,
    /// A sync brought or delivered something: read again what is on the screen.
    Synced,
    /// The client was unlocked.
    Unlocked,
    /// The client was locked; what is on the screen has to go.
    Locked,
}

/// The app's own code failed when it was told something. It changes nothing here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum CallbackError {
    /// It threw.
    #[error("the app's own code failed")]
    Failed,
}

impl From<uniffi::UnexpectedUniFFICallbackError> for CallbackError {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Failed
    }
}

/// Who is told of changes. Called on a thread of Følge's own, one after the other. It may call
/// [`Folge`](crate::Folge) without waiting in it. A new one may still be told of a change from just
/// before.
#[uniffi::export(with_foreign)]
pub trait Observer: Send + Sync {
    /// Something changed.
    /// # Errors
    /// None that matters: who throws is told of the next change all the same.
    fn changed(&self, change: Change) -> Result<(), CallbackError>;
}

/// How much a log line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, uniffi::Enum)]
pub enum LogLevel {
    /// For developers.
    Debug,
    /// What happened.
    Info,
    /// What somebody should look at.
    Warning,
}

/// Who takes log lines. A line is a fixed text with counts and codes: never a name, a note, an
/// address or an identifier of anybody.
#[uniffi::export(with_foreign)]
pub trait LogSink: Send + Sync {
    /// Takes a line.
    /// # Errors
    /// None that matters: the line is lost then.
    fn log(&self, level: LogLevel, line: String) -> Result<(), CallbackError>;
}

static SINK: RwLock<Option<Arc<dyn LogSink>>> = RwLock::new(None);

/// Sets who takes log lines, for the whole process; none, and nobody does. What panics is told
/// there by its place in the program only.
#[uniffi::export]
pub fn set_log_sink(sink: Option<Arc<dyn LogSink>>) {
    *SINK.write().unwrap_or_else(PoisonError::into_inner) = sink;
}

/// Writes a log line. The text is fixed; what varies are counts and codes.
pub(crate) fn log(level: LogLevel, line: impl FnOnce() -> String) {
    let sink = SINK
        .read()
        .unwrap_or_else(PoisonError::into_inner)
        .as_ref()
        .map(Arc::clone);
    if let Some(sink) = sink {
        let _ = sink.log(level, line());
    }
}

/// How the names of Følge's own threads begin.
const THREADS: &str = "folge-";

thread_local! {
    /// Where the last panic of this thread was.
    static PANICKED_AT: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Keeps of panics on Følge's own threads their place alone: their text may hold what was recorded.
pub(crate) fn quiet_panics() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let others = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let thread = std::thread::current();
            if !thread.name().is_some_and(|name| name.starts_with(THREADS)) {
                return others(panic);
            }
            let place = panic
                .location()
                .map(|place| format!("{}:{}", place.file(), place.line()));
            // No code of the app is called from here: one that panics too would end the process.
            PANICKED_AT.with_borrow_mut(|at| *at = place);
        }));
    });
}

/// Does something that must not take its thread along: none where it panicked, and the log has the
/// place.
pub(crate) fn guarded<T>(work: impl FnOnce() -> T) -> Option<T> {
    let done = catch_unwind(AssertUnwindSafe(work)).ok();
    if done.is_none() {
        let place = PANICKED_AT.take().unwrap_or_default();
        log(LogLevel::Warning, || format!("a defect at {place}"));
    }
    done
}

type Observers = Mutex<BTreeMap<u64, Arc<dyn Observer>>>;

/// Everybody who is told of changes.
pub(crate) struct Events {
    observers: Arc<Observers>,
    next: AtomicU64,
    changes: Sender<Change>,
}

impl Events {
    /// Nobody yet. The thread that tells them ends when this is dropped.
    pub(crate) fn new() -> std::io::Result<Self> {
        let observers: Arc<Observers> = Arc::default();
        let (changes, receiver) = channel::<Change>();
        let told = Arc::clone(&observers);
        std::thread::Builder::new()
            .name("folge-events".to_owned())
            .spawn(move || {
                for change in receiver {
                    let now: Vec<_> = told
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .values()
                        .cloned()
                        .collect();
                    for observer in now {
                        let _ = guarded(|| observer.changed(change));
                    }
                }
            })?;
        Ok(Self {
            observers,
            next: AtomicU64::new(0),
            changes,
        })
    }

    /// Tells everybody.
    pub(crate) fn tell(&self, change: Change) {
        // The thread ends only after this.
        let _ = self.changes.send(change);
    }

    /// Tells one more, until the observation is stopped or dropped.
    pub(crate) fn observe(&self, observer: Arc<dyn Observer>) -> Arc<Observation> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.observers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(number, observer);
        Arc::new(Observation {
            observers: Arc::downgrade(&self.observers),
            number,
        })
    }
}

/// An observer that is told of changes until this is stopped.
#[derive(uniffi::Object)]
pub struct Observation {
    observers: Weak<Observers>,
    number: u64,
}

#[uniffi::export]
impl Observation {
    /// Tells the observer of nothing more.
    pub fn stop(&self) {
        if let Some(observers) = self.observers.upgrade() {
            observers
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .remove(&self.number);
        }
    }
}

impl Drop for Observation {
    fn drop(&mut self) {
        self.stop();
    }
}
