//! A clock that stands until a test moves it: for devices in this program, and, on Linux, for real
//! programs, whose wall clock it is by a preloaded library (`still_clock.c`). Absent: their
//! monotonic clock, which goes on.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use folge_core::env::{Clock, Env};
use folge_core::native::Spread;
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng as _;

const SHIM_SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/still_clock.c");
/// Threads on which a device's signatures are checked: more than one on every machine.
const THREADS: NonZero<usize> = NonZero::new(3).unwrap();

/// A clock that stands until it is moved; the relay and all devices share it.
#[derive(Debug, Clone)]
pub struct StillClock {
    now_ms: Arc<AtomicI64>,
    shown: Option<Arc<Shown>>,
}

/// The clock as other programs see it.
#[derive(Debug)]
struct Shown {
    file: Mutex<File>,
    path: PathBuf,
    library: PathBuf,
}

impl Shown {
    fn put(&self, ms: i64) -> io::Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&ms.to_ne_bytes())
    }
}

impl StillClock {
    /// A clock at a time.
    #[must_use]
    pub fn at(ms: i64) -> Self {
        Self {
            now_ms: Arc::new(AtomicI64::new(ms)),
            shown: None,
        }
    }

    /// One that real programs can be given too (see [`StillClock::give_to`]); it needs a folder,
    /// and a C compiler as all of the workspace does.
    /// # Errors
    /// The disk's or the compiler's.
    pub fn for_programs(ms: i64, dir: &Path) -> io::Result<Self> {
        let (path, library) = (dir.join("clock"), dir.join("still_clock.so"));
        let built = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"])
            .arg(&library)
            .arg(SHIM_SOURCE)
            .status()?;
        if !built.success() {
            return Err(io::Error::other("still_clock.c does not compile"));
        }
        let shown = Shown {
            file: Mutex::new(File::create(&path)?),
            path,
            library,
        };
        shown.put(ms)?;
        Ok(Self {
            now_ms: Arc::new(AtomicI64::new(ms)),
            shown: Some(Arc::new(shown)),
        })
    }

    /// Makes this a program's wall clock.
    pub fn give_to(&self, program: &mut Command) {
        if let Some(shown) = &self.shown {
            program
                .env("LD_PRELOAD", OsString::from(&shown.library))
                .env("FOLGE_STILL_CLOCK", &shown.path);
        }
    }

    /// Lets time pass.
    pub fn pass(&self, ms: i64) {
        let now = self.now_ms.fetch_add(ms, Ordering::SeqCst) + ms;
        let put = self.shown.as_ref().map_or(Ok(()), |shown| shown.put(now));
        assert!(put.is_ok(), "the clock's file is written");
    }

    /// The relay's time.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        u64::try_from(self.now_ms.load(Ordering::SeqCst)).unwrap_or(0)
    }

    /// A device's surroundings, with signatures checked on several threads as in the product.
    #[must_use]
    pub fn env(&self, seed: u64) -> Env {
        let rng = ChaCha8Rng::seed_from_u64(seed);
        Env::new(Arc::new(self.clone()), Box::new(rng))
            .checking_with(Arc::new(Spread::over(THREADS)))
    }
}

impl Clock for StillClock {
    fn wall_ms(&self) -> i64 {
        self.now_ms.load(Ordering::SeqCst)
    }
    fn monotonic_ms(&self) -> u64 {
        self.now_ms()
    }
    fn boot(&self) -> u32 {
        1
    }
}
