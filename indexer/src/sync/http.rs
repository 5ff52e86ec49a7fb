//! The HTTP client of all sources: one GET at a time per call, within limits on time and bytes, at
//! the pace that a host allows, and only to addresses that the source may reach.
//!
//! Must not know: kinds of sources, formats, content fields, and the store.

mod address;
mod body;
mod client;
mod config;
mod connector;
mod counters;
mod credentials;
mod decompress;
mod error;
mod network;
mod rate;
mod request;
mod response;
mod retry;
mod route;
#[cfg(test)]
mod tests;
mod tls;
mod transport;

pub(crate) use self::{
    client::HttpClient,
    config::HttpConfig,
    counters::HttpCounters,
    credentials::Credentials,
    error::HttpError,
    request::{HttpRequest, SourcePolicy, Validators},
    response::{Fetched, HttpContent, HttpResponse},
};
pub use self::{
    config::HttpConfigError,
    credentials::{CredentialsError, SecretLocation},
};
#[cfg(test)]
use self::{
    config::HttpLimits,
    error::{HttpPhase, SizeLimit},
    network::{Network, SystemNetwork},
    response::HostChange,
};
