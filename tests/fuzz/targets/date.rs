//! Fuzz target for [`fuzz::date`].

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::date::check(bytes));
