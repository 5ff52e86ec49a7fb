//! Fuzz target for [`fuzz::api`].

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::api::check(bytes));
