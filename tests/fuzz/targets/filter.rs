//! Fuzz target for [`fuzz::filter`].

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::filter::check(bytes));
