use folge_protocol::codec::{Decode, DecodeError, Encode, Reader, Writer};
use folge_protocol::ids::{Hash, InstanceId};

use super::padding;
use crate::env::Reading;
use crate::limits::{BATCH_CHANGES_MAX, CONTENT_BYTES_MAX};

/// Version byte of the content layout.
const CONTENT_VERSION: u8 = 1;

/// How many changes in a row were made under one state of the device's clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockRun {
    /// How many changes.
    pub count: u32,
    /// The run of the monotonic clock.
    pub boot: u32,
    /// Wall clock less monotonic clock, in whole seconds.
    pub offset_s: i64,
    /// The last number of the stream that the device had seen when it made them: the receipt
    /// there bounds their time from below.
    pub seen_number: u64,
}

impl Encode for ClockRun {
    fn encode(&self, out: &mut Writer) {
        out.u32(self.count);
        out.u32(self.boot);
        out.raw(&self.offset_s.to_be_bytes());
        out.u64(self.seen_number);
    }
}

impl Decode for ClockRun {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            count: input.u32()?,
            boot: input.u32()?,
            offset_s: i64::from_be_bytes(input.array()?),
            seen_number: input.u64()?,
        })
    }
}

/// What a change envelope holds before deflating and sealing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// The device's clocks when it sealed.
    pub sealed: Reading,
    /// The device's clocks when each change was made, in the batch's order.
    pub clocks: Vec<ClockRun>,
    /// The relay life that the header's seen number and head are of; none before the first sync.
    /// In here, not in the header: the relay need not know what it could be caught with.
    pub instance: Option<InstanceId>,
    /// How many entries of the membership log the device had from the relay when it sealed.
    pub log_len: u64,
    /// The last one's hash; zero for none.
    pub log_head: Hash,
    /// The batch of changes; see `document::batch`.
    pub batch: Vec<u8>,
}

impl Encode for Content {
    fn encode(&self, out: &mut Writer) {
        out.u8(CONTENT_VERSION);
        out.raw(&self.sealed.wall_ms.to_be_bytes());
        out.u64(self.sealed.monotonic_ms);
        out.u32(self.sealed.boot);
        out.list(&self.clocks);
        out.option(self.instance.as_ref());
        out.u64(self.log_len);
        self.log_head.encode(out);
        out.raw(&self.batch);
    }
}

impl Decode for Content {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match input.u8()? {
            CONTENT_VERSION => {}
            other => return Err(DecodeError::UnknownVersion(other)),
        }
        let sealed = Reading {
            wall_ms: i64::from_be_bytes(input.array()?),
            monotonic_ms: input.u64()?,
            boot: input.u32()?,
        };
        let clocks = input.list(BATCH_CHANGES_MAX)?;
        let instance = input.option()?;
        let log_len = input.u64()?;
        let log_head = Hash::decode(input)?;
        if (log_len == 0) != (log_head == Hash::ZERO) {
            return Err(DecodeError::Invalid);
        }
        let batch = input.take(input.rest().len())?.to_vec();
        Ok(Self {
            sealed,
            clocks,
            instance,
            log_len,
            log_head,
            batch,
        })
    }
}

impl Content {
    /// Reads a content out of what was sealed.
    /// # Errors
    /// What is wrong with the bytes.
    pub fn from_padded(padded: &[u8]) -> Result<Self, DecodeError> {
        let deflated = padding::unpad(padded)?;
        let bytes = miniz_oxide::inflate::decompress_to_vec_with_limit(deflated, CONTENT_BYTES_MAX)
            .map_err(|_| DecodeError::Invalid)?;
        Self::from_bytes(&bytes)
    }

    /// The clocks' state when each change was made, as far as it was kept: the wall clock less
    /// the monotonic one.
    #[must_use]
    pub fn readings(&self) -> Vec<Reading> {
        let runs = self.clocks.iter().flat_map(|run| {
            let reading = Reading {
                wall_ms: run.offset_s.saturating_mul(1000),
                monotonic_ms: 0,
                boot: run.boot,
            };
            std::iter::repeat_n(reading, run.count as usize)
        });
        runs.collect()
    }

    /// Whether the wall clock was set while the device ran, between any of these changes.
    #[must_use]
    pub fn clock_jumped(&self, drift_seconds_max: i64) -> bool {
        let last = ClockRun {
            count: 0,
            boot: self.sealed.boot,
            offset_s: self.sealed.offset_s(),
            seen_number: 0,
        };
        let runs = self.clocks.iter().chain(std::iter::once(&last));
        runs.clone().zip(runs.skip(1)).any(|(before, after)| {
            before.boot == after.boot
                && before.offset_s.abs_diff(after.offset_s) > drift_seconds_max.unsigned_abs()
        })
    }
}

/// The clocks' states when changes were made, and the last number of the stream seen then: equal
/// neighbours together.
#[must_use]
pub fn clock_runs(readings: &[(Reading, u64)]) -> Vec<ClockRun> {
    let mut runs: Vec<ClockRun> = Vec::new();
    for (reading, seen_number) in readings {
        let (boot, offset_s, seen_number) = (reading.boot, reading.offset_s(), *seen_number);
        match runs.last_mut() {
            Some(run)
                if (run.boot, run.offset_s, run.seen_number) == (boot, offset_s, seen_number) =>
            {
                run.count += 1;
            }
            _ => runs.push(ClockRun {
                count: 1,
                boot,
                offset_s,
                seen_number,
            }),
        }
    }
    runs
}
