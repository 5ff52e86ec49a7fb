//! Hands bytes to [`fuzz::content::check_html`].

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::content::check_html(bytes));
