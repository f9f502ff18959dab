//! Slows down whoever tries passphrases on a device: failed attempts are counted in the store
//! file, in the clear, and each from the fourth on makes the next one wait longer.
//!
//! The count is on disk before an attempt is judged, so that killing the program in between gains
//! nothing. Within one run of the clock the monotonic one counts, which nobody can set; after a
//! restart the wall clock does, and where that was set back the whole wait begins anew.
//!
//! What this cannot do: whoever copies the file, or writes to it, escapes the count. Then only the
//! passphrase's own strength and what Argon2id makes each attempt cost stand in the way. So does
//! whoever may set the device's clock forward and restart the program.

use folge_protocol::codec::{DecodeError, Reader, Writer};
use rusqlite::{Connection, OptionalExtension};

use super::StoreError;
use crate::env::Reading;
use crate::limits::{
    PASSPHRASE_ATTEMPTS_FREE, PASSPHRASE_WAIT_MILLISECONDS_MAX, PASSPHRASE_WAIT_MILLISECONDS_MIN,
};

const VERSION: u8 = 1;
const NAME: &str = "attempts";

/// Failed attempts, and when the last one was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Attempts {
    failures: u32,
    at: Reading,
}

impl Attempts {
    /// How long the wait after so many failures is, in milliseconds.
    fn whole_wait_ms(failures: u32) -> u64 {
        let Some(doublings) = failures.checked_sub(PASSPHRASE_ATTEMPTS_FREE + 1) else {
            return 0;
        };
        1_u64
            .checked_shl(doublings)
            .unwrap_or(u64::MAX)
            .saturating_mul(PASSPHRASE_WAIT_MILLISECONDS_MIN)
            .min(PASSPHRASE_WAIT_MILLISECONDS_MAX)
    }

    /// What is left of it, and whether the wall clock was set back meanwhile.
    fn wait_ms(self, now: Reading) -> (u64, bool) {
        let whole = Self::whole_wait_ms(self.failures);
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
pub(super) fn count(conn: &Connection, now: Reading) -> Result<(), StoreError> {
    conn.execute_batch("BEGIN IMMEDIATE")?;
    let counted = count_in(conn, now);
    // A refusal may have written too: where a wait begins anew.
    let committed = conn.execute_batch("COMMIT");
    if committed.is_err() {
        let _ = conn.execute_batch("ROLLBACK");
    }
    counted?;
    Ok(committed?)
}

fn count_in(conn: &Connection, now: Reading) -> Result<(), StoreError> {
    let put = |attempts: Attempts| {
        let sql = "INSERT OR REPLACE INTO meta (name, value) VALUES (?1, ?2)";
        conn.execute(sql, (NAME, attempts.to_bytes()))
    };
    let stored: Option<Vec<u8>> = conn
        .query_row("SELECT value FROM meta WHERE name = ?1", [NAME], |row| {
            row.get(0)
        })
        .optional()?;
    // One that cannot be read counts as all free attempts.
    let last = stored.map(|bytes| {
        Attempts::from_bytes(&bytes).unwrap_or(Attempts {
            failures: PASSPHRASE_ATTEMPTS_FREE,
            at: now,
        })
    });
    if let Some(last) = last {
        let (wait_ms, set_back) = last.wait_ms(now);
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
pub(super) fn forget(conn: &Connection) {
    // Where this fails the count stays, and the next right attempt clears it.
    let _ = conn.execute("DELETE FROM meta WHERE name = ?1", [NAME]);
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
        match count(conn, now) {
            Ok(()) => 0,
            Err(StoreError::TooManyAttempts { wait_ms }) => wait_ms,
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn waits_begin_at_the_fourth_failure_and_double_up_to_a_quarter_of_an_hour() {
        let waits: Vec<u64> = (0..16).map(Attempts::whole_wait_ms).collect();
        assert_eq!(waits[..8], [0, 0, 0, 0, 1_000, 2_000, 4_000, 8_000]);
        assert_eq!(waits[13..], [512_000, 900_000, 900_000]);
        assert_eq!(Attempts::whole_wait_ms(u32::MAX), 900_000);
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
        forget(&conn);
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
                let left = (last + Attempts::whole_wait_ms(failures)).saturating_sub(monotonic);
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
