use std::num::NonZero;
use std::thread;

use crate::env::{OneByOne, SignatureCheck, SignatureChecker};

/// Fewer checks than this are not worth a thread: they take about a third of a millisecond.
const CHECKS_PER_THREAD_MIN: usize = 8;

/// Checks signatures on all processors at once. The answers and their order are those of
/// [`OneByOne`]: each check is the same, and none knows of another.
#[derive(Debug, Clone, Copy)]
pub struct Spread {
    threads_max: usize,
}

impl Spread {
    /// On as many threads as the machine runs at once.
    #[must_use]
    pub fn over_all() -> Self {
        Self {
            threads_max: thread::available_parallelism().map_or(1, NonZero::get),
        }
    }
    /// On at most so many threads, the caller's among them.
    #[must_use]
    pub fn over(threads_max: NonZero<usize>) -> Self {
        Self {
            threads_max: threads_max.get(),
        }
    }
}

impl SignatureChecker for Spread {
    fn check(&self, checks: &[SignatureCheck<'_>]) -> Vec<bool> {
        let share = checks
            .len()
            .div_ceil(self.threads_max)
            .max(CHECKS_PER_THREAD_MIN);
        let mut shares = checks.chunks(share);
        let own = shares.next().unwrap_or_default();
        thread::scope(|scope| {
            let others: Vec<_> = shares
                .map(|share| {
                    let work = move || OneByOne.check(share);
                    (share, thread::Builder::new().spawn_scoped(scope, work))
                })
                .collect();
            let mut held = OneByOne.check(own);
            for (share, thread) in others {
                let checked = thread.ok().and_then(|thread| thread.join().ok());
                // No thread was to be had: then here.
                held.extend(checked.unwrap_or_else(|| OneByOne.check(share)));
            }
            held
        })
    }
}

#[cfg(test)]
mod tests {
    use folge_protocol::crypto::SecretKey;
    use folge_protocol::envelope::{Envelope, EnvelopeKind, Header};
    use folge_protocol::ids::{DeviceId, DocumentId, Hash, WorkspaceId};
    use proptest::prelude::*;

    use super::*;

    fn envelope(number: usize, key: &SecretKey) -> Envelope {
        let header = Header {
            workspace: WorkspaceId([1; 16]),
            document: DocumentId([2; 16]),
            kind: EnvelopeKind::Change,
            device: DeviceId(key.public().id()),
            sequence: 1,
            previous: Hash::ZERO,
            generation: 0,
            commitment: Hash::ZERO,
            seen_number: number as u64,
            seen_head: Hash::ZERO,
        };
        Envelope::sign(header, [3; 24], vec![4; 100], key)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn spread_over_threads_gives_what_one_by_one_gives_and_names_the_very_bad_ones(
            count in 0_usize..120,
            threads in 1_usize..9,
            bad in prop::collection::btree_set(0_usize..120, 0..6),
        ) {
            let keys = [5, 6].map(|seed| SecretKey::from_seed(&[seed; 32]));
            let public = keys.each_ref().map(SecretKey::public);
            let mut envelopes: Vec<_> = (0..count).map(|n| envelope(n, &keys[n % 2])).collect();
            for place in &bad {
                if let Some(envelope) = envelopes.get_mut(*place) {
                    envelope.ciphertext[*place % 100] ^= 1;
                }
            }
            let checks: Vec<_> = envelopes.iter().enumerate()
                .map(|(n, envelope)| SignatureCheck { key: &public[n % 2], envelope })
                .collect();
            let expected: Vec<bool> = (0..count).map(|place| !bad.contains(&place)).collect();
            prop_assert_eq!(&OneByOne.check(&checks), &expected);
            let spread = Spread::over(NonZero::new(threads).unwrap());
            prop_assert_eq!(spread.check(&checks), expected);
        }
    }
}
