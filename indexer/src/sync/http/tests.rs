//! Tests against servers on the loopback interface.
