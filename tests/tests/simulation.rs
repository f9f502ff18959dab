//! Many seeded worlds; see `folge_tests::simulation`. `FOLGE_SIM_STEPS` sets how many steps in
//! all (200,000 unless said otherwise), `FOLGE_SIM_SEED` replays one world alone.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use folge_tests::simulation::{Summary, run};

const STEPS: u64 = 200_000;
const STEPS_PER_WORLD: u64 = 4_000;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

fn world(seed: u64, steps: u64) -> Summary {
    match run(seed, steps) {
        Ok(summary) => summary,
        Err(failure) => panic!(
            "{}\nreplay: FOLGE_SIM_SEED={seed} cargo test -p folge-tests --test simulation",
            failure.0
        ),
    }
}

#[test]
fn everything_acknowledged_survives_and_all_devices_agree() {
    if let Some(seed) = number("FOLGE_SIM_SEED") {
        println!("{:#?}", world(seed, STEPS_PER_WORLD));
        return;
    }
    let steps = number("FOLGE_SIM_STEPS").unwrap_or(STEPS);
    let worlds = steps.div_ceil(STEPS_PER_WORLD);
    let next = std::sync::atomic::AtomicU64::new(0);
    let total = std::sync::Mutex::new(Summary::default());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                    if seed >= worlds {
                        return;
                    }
                    let summary = world(seed, STEPS_PER_WORLD.min(steps));
                    let mut total = total.lock().unwrap();
                    total.steps += summary.steps;
                    total.acknowledged += summary.acknowledged;
                    total.requests += summary.requests;
                    total.mishaps += summary.mishaps;
                    total.device_crashes += summary.device_crashes;
                    total.relay_crashes += summary.relay_crashes;
                    total.restores += summary.restores;
                    total.clock_jumps += summary.clock_jumps;
                    total.acts += summary.acts;
                    total.put_out += summary.put_out;
                    total.tried += summary.tried;
                }
            });
        }
    });
    let total = total.into_inner().unwrap();
    println!("{total:?}");
    // A simulation in which nothing goes wrong shows nothing.
    assert!(total.steps >= steps);
    if steps >= STEPS {
        assert!(
            total.acknowledged > steps / 10 && total.requests > steps / 20,
            "{total:?}"
        );
        assert!(
            total.device_crashes > 1_000 && total.relay_crashes > 100,
            "{total:?}"
        );
        assert!(
            total.restores > 50 && total.clock_jumps > 1_000,
            "{total:?}"
        );
        assert!(
            total.acts > 150 && total.put_out > 15 && total.tried > 1_000,
            "{total:?}"
        );
    }
}

#[test]
fn a_seed_replays_byte_for_byte() {
    assert_eq!(world(7, 1_500), world(7, 1_500));
    assert_ne!(world(7, 200).trace, world(8, 200).trace);
}
