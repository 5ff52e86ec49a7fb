//! Hands bytes to [`fuzz::content::check_front_matter`].

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::content::check_front_matter(bytes));
