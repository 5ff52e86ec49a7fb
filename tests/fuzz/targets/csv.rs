//! Fuzz target for [`fuzz::csv`].

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::csv::check(bytes));
