#![no_main]

// The CRDT library panics on some bytes, and the core catches it; libFuzzer's own hook would take
// that for a finding. What nobody catches is one all the same.
libfuzzer_sys::fuzz_target!(
    init: drop(std::panic::take_hook()),
    |bytes: &[u8]| folge_tests::fuzzing::check("document_batch", bytes)
);
