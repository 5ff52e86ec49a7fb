//! Hands bytes to [`fuzz::search_query::check`].

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::search_query::check(bytes));
