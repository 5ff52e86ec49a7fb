//! Package of the acceptance tests in `it/`; exports nothing.
