//! Fuzz target for [`fuzz::json_lines`].

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::json_lines::check(bytes));
