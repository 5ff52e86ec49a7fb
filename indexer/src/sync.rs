//! Sources over the network: [`http`] fetches addresses.
//!
//! Must not know: the store, the index, and how content is mapped to fields.

mod http;
