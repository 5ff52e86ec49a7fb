//! Holds the acceptance tests in `it/`; exports nothing.
