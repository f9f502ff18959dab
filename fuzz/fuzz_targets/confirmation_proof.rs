#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| folge_tests::fuzzing::check("confirmation_proof", bytes));
