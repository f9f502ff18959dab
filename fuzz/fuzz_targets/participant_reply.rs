#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| folge_tests::fuzzing::check("participant_reply", bytes));
