//! Fuzz target for [`fuzz::sdl`].

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::sdl::check(bytes));
