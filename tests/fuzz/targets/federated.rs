//! Fuzz target for [`fuzz::federated`].

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::federated::check(bytes));
