//! Fuzz target for [`fuzz::icalendar`].

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::icalendar::check(bytes));
