#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| folge_tests::fuzzing::check("signed_request", bytes));
