//! Tests against hostile servers on the loopback interface, under names and public addresses of a
//! network of their own.

mod addresses;
mod limits;
mod redirects;
mod responses;
mod retries;
mod support;
mod tls;
