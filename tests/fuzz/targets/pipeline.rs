//! Fuzz target for [`fuzz::pipeline`].

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::pipeline::check(bytes));
