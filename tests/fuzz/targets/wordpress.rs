//! Fuzz target for [`fuzz::wordpress`].

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::wordpress::check(bytes));
