//! Slows down whoever tries passphrases on a device, or a participant's PINs: failed attempts are
//! counted in the store file, in the clear, and each from the fourth on (of PINs, the fifth) makes
//! the next one wait longer.
//!
//! The count is on disk before an attempt is judged, so that killing the program in between gains
//! nothing. Within one run of the clock the monotonic one counts, which nobody can set; after a
//! restart the wall clock does, and where that was set back the whole wait begins anew.
//!
//! What this cannot do: whoever copies the file, or writes to it, escapes the count. Then only the
//! passphrase's own strength and what Argon2id makes each attempt cost stand in the way. So does
//! whoever may set the device's clock forward and restart the program.

use folge_protocol::codec::{DecodeError, Reader, Writer};
use folge_protocol::ids::DocumentId;
use rusqlite::{Connection, OptionalExtension};

use super::StoreError;
use crate::env::Reading;
use crate::limits::{
    PASSPHRASE_ATTEMPTS_FREE, PASSPHRASE_WAIT_MILLISECONDS_MAX, PASSPHRASE_WAIT_MILLISECONDS_MIN,
    PIN_ATTEMPTS_FREE, PIN_WAIT_MILLISECONDS_MAX, PIN_WAIT_MILLISECONDS_MIN,
};

const VERSION: u8 = 1;

/// What is tried, under which name it is counted, and how waits grow.
#[derive(Debug, Clone)]
pub(super) struct Tried {
    name: String,
    free: u32,
    wait_ms_min: u64,
    wait_ms_max: u64,
}

impl Tried {
    /// The store's passphrase.
    pub(super) fn passphrase() -> Self {
        Self {
            name: "attempts".to_owned(),
            free: PASSPHRASE_ATTEMPTS_FREE,
            wait_ms_min: PASSPHRASE_WAIT_MILLISECONDS_MIN,
            wait_ms_max: PASSPHRASE_WAIT_MILLISECONDS_MAX,
        }
    }

    /// The PIN of a participation's participant.
    pub(super) fn pin(of: DocumentId) -> Self {
        Self {
            name: format!("pin {of}"),
            free: PIN_ATTEMPTS_FREE,
            wait_ms_min: PIN_WAIT_MILLISECONDS_MIN,
            wait_ms_max: PIN_WAIT_MILLISECONDS_MAX,
        }
    }

    /// How long the wait after so many failures is, in milliseconds.
    fn whole_wait_ms(&self, failures: u32) -> u64 {
        let Some(doublings) = failures.checked_sub(self.free + 1) else {
            return 0;
        };
        1_u64
            .checked_shl(doublings)
            .unwrap_or(u64::MAX)
            .saturating_mul(self.wait_ms_min)
            .min(self.wait_ms_max)
    }
}

/// Failed attempts, and when the last one was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Attempts {
    failures: u32,
    at: Reading,
}

impl Attempts {
    /// What is left of the wait, and whether the wall clock was set back meanwhile.
    fn wait_ms(self, tried: &Tried, now: Reading) -> (u64, bool) {
        let whole = tried.whole_wait_ms(self.failures);
        if now.boot == self.at.boot && now.monotonic_ms >= self.at.monotonic_ms {
            let passed = now.monotonic_ms - self.at.monotonic_ms;
            return (whole.saturating_sub(passed), false);
        }
        match u64::try_from(now.wall_ms.saturating_sub(self.at.wall_ms)) {
            Ok(passed) => (whole.saturating_sub(passed), false),
            Err(_) => (whole, true),
        }
    }

    fn to_bytes(self) -> Vec<u8> {
        let mut out = Writer::new();
        out.u8(VERSION);
        out.u32(self.failures);
        out.raw(&self.at.wall_ms.to_be_bytes());
        out.u64(self.at.monotonic_ms);
        out.u32(self.at.boot);
        out.finish()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut input = Reader::new(bytes);
        match input.u8()? {
            VERSION => {}
            other => return Err(DecodeError::UnknownVersion(other)),
        }
        let attempts = Self {
            failures: input.u32()?,
            at: Reading {
                wall_ms: i64::from_be_bytes(input.array()?),
                monotonic_ms: input.u64()?,
                boot: input.u32()?,
            },
        };
        input.finish()?;
        Ok(attempts)
    }
}

/// Counts an attempt as failed, on disk, until [`forget`] says otherwise.
/// # Errors
/// [`StoreError::TooManyAttempts`] where it must wait; then it is not counted.
pub(super) fn count(conn: &Connection, tried: &Tried, now: Reading) -> Result<(), StoreError> {
    conn.execute_batch("BEGIN IMMEDIATE")?;
    let counted = count_in(conn, tried, now);
    // A refusal may have written too: where a wait begins anew.
    let committed = conn.execute_batch("COMMIT");
    if committed.is_err() {
        let _ = conn.execute_batch("ROLLBACK");
    }
    counted?;
    Ok(committed?)
}

fn count_in(conn: &Connection, tried: &Tried, now: Reading) -> Result<(), StoreError> {
    let put = |attempts: Attempts| {
        let sql = "INSERT OR REPLACE INTO meta (name, value) VALUES (?1, ?2)";
        conn.execute(sql, (&tried.name, attempts.to_bytes()))
    };
    let stored: Option<Vec<u8>> = conn
        .query_row(
            "SELECT value FROM meta WHERE name = ?1",
            [&tried.name],
            |row| row.get(0),
        )
        .optional()?;
    // One that cannot be read counts as all free attempts.
    let last = stored.map(|bytes| {
        Attempts::from_bytes(&bytes).unwrap_or(Attempts {
            failures: tried.free,
            at: now,
        })
    });
    if let Some(last) = last {
        let (wait_ms, set_back) = last.wait_ms(tried, now);
        if wait_ms > 0 {
            if set_back {
                put(Attempts { at: now, ..last })?;
            }
            return Err(StoreError::TooManyAttempts { wait_ms });
        }
    }
    put(Attempts {
        failures: last.map_or(0, |last| last.failures).saturating_add(1),
        at: now,
    })?;
    Ok(())
}

/// The attempt was right: forgets it and those before.
pub(super) fn forget(conn: &Connection, tried: &Tried) {
    // Where this fails the count stays, and the next right attempt clears it.
    let _ = conn.execute("DELETE FROM meta WHERE name = ?1", [&tried.name]);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn conn() -> Connection {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch("CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL)")
            .unwrap();
        conn
    }

    fn at(wall_ms: i64, monotonic_ms: u64, boot: u32) -> Reading {
        Reading {
            wall_ms,
            monotonic_ms,
            boot,
        }
    }

    fn wait_of(conn: &Connection, now: Reading) -> u64 {
        match count(conn, &Tried::passphrase(), now) {
            Ok(()) => 0,
            Err(StoreError::TooManyAttempts { wait_ms }) => wait_ms,
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn waits_begin_at_the_fourth_failure_and_double_up_to_a_quarter_of_an_hour() {
        let waits: Vec<u64> = (0..16)
            .map(|n| Tried::passphrase().whole_wait_ms(n))
            .collect();
        assert_eq!(waits[..8], [0, 0, 0, 0, 1_000, 2_000, 4_000, 8_000]);
        assert_eq!(waits[13..], [512_000, 900_000, 900_000]);
        assert_eq!(Tried::passphrase().whole_wait_ms(u32::MAX), 900_000);
    }

    #[test]
    fn pins_wait_from_the_fifth_failure_and_are_counted_for_each_participation() {
        let conn = conn();
        let (one, other) = (
            Tried::pin(DocumentId([1; 16])),
            Tried::pin(DocumentId([2; 16])),
        );
        let now = |second: u64| at(0, second * 1000, 1);
        for _ in 0..5 {
            count(&conn, &one, now(0)).unwrap();
        }
        let wait = |tried, second| match count(&conn, tried, now(second)) {
            Err(StoreError::TooManyAttempts { wait_ms }) => wait_ms,
            other => panic!("{other:?}"),
        };
        assert_eq!(wait(&one, 1), 29_000);
        assert!(count(&conn, &other, now(1)).is_ok());
        assert!(count(&conn, &Tried::passphrase(), now(1)).is_ok());
        assert!(count(&conn, &one, now(30)).is_ok());
        assert_eq!(wait(&one, 31), 59_000);
        forget(&conn, &one);
        assert!(count(&conn, &one, now(31)).is_ok());
        assert_eq!(one.whole_wait_ms(u32::MAX), 3_600_000);
    }

    #[test]
    fn a_wait_survives_restarts_and_clocks_that_are_set() {
        let conn = conn();
        for n in 0..4 {
            assert_eq!(wait_of(&conn, at(n, 5_000, 1)), 0);
        }
        // The wall clock does not matter within a run.
        assert_eq!(wait_of(&conn, at(1 << 40, 5_400, 1)), 600);
        assert_eq!(wait_of(&conn, at(-(1 << 40), 5_400, 1)), 600);
        // After a restart it does; set back, the wait begins anew and then ends.
        assert_eq!(wait_of(&conn, at(303, 10, 2)), 700);
        assert_eq!(wait_of(&conn, at(-9_000, 20, 2)), 1_000);
        assert_eq!(wait_of(&conn, at(-9_000, 420, 2)), 600);
        assert_eq!(wait_of(&conn, at(-9_000, 1_020, 2)), 0);
        assert_eq!(wait_of(&conn, at(-9_000, 1_020, 2)), 2_000);
        forget(&conn, &Tried::passphrase());
        for _ in 0..4 {
            assert_eq!(wait_of(&conn, at(0, 0, 3)), 0);
        }
        assert_eq!(wait_of(&conn, at(0, 0, 3)), 1_000);
    }

    #[test]
    fn a_damaged_count_neither_opens_nor_locks_out() {
        let conn = conn();
        conn.execute("INSERT INTO meta VALUES ('attempts', x'0102')", [])
            .unwrap();
        assert_eq!(wait_of(&conn, at(0, 0, 1)), 0);
        assert_eq!(wait_of(&conn, at(0, 0, 1)), 1_000);
    }

    proptest! {
        #[test]
        fn no_wait_within_a_run_is_shorter_than_what_is_left_of_it(
            steps in prop::collection::vec((any::<i32>(), 0..400_000_u64), 1..60),
        ) {
            let conn = conn();
            let (mut monotonic, mut failures, mut last) = (0_u64, 0_u32, 0_u64);
            for (wall, step) in steps {
                monotonic += step;
                let left = (last + Tried::passphrase().whole_wait_ms(failures)).saturating_sub(monotonic);
                let expected = if failures == 0 { 0 } else { left };
                prop_assert_eq!(wait_of(&conn, at(i64::from(wall), monotonic, 1)), expected);
                if expected == 0 {
                    failures += 1;
                    last = monotonic;
                }
            }
        }
    }
}
