//! Fuzz target for [`fuzz::subgraph_response`].

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::subgraph_response::check(bytes));
