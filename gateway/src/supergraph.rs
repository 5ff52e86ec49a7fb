//! Supergraphs: several graphs as one.

pub mod compose;
