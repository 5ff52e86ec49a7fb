//! Calls one subgraph of somebody else over HTTP: within a time and a number of bytes, again where that
//! is safe, once for equal questions at the same time, and not at all while it does not answer.
//!
//! This module must not know plans nor what an answer is for. What a subgraph says is material: nothing
//! of it is trusted before it was looked at.

mod answer;
mod breaker;
mod client;
mod partners;
mod remote;
mod sdl;

use std::{sync::Arc, time::Duration};

use async_graphql::{PathSegment, Value};

pub(crate) use self::{
    breaker::State,
    client::Client,
    partners::Partners,
    remote::{Call, Health, Remote},
    sdl::{sdl_of, set_headers},
};
use crate::failure::Failure;

/// What a subgraph answered.
#[derive(Debug)]
pub(crate) struct Reply {
    /// Its data; null where it has none.
    pub(crate) data: Value,
    pub(crate) errors: Vec<Told>,
}

/// An error that a subgraph tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) message: String,
    pub(crate) path: Vec<PathSegment>,
    /// Its code, where it has one that looks like a code.
    pub(crate) code: Option<String>,
    /// What it is, where it is an error of our own graph, which clients may see.
    pub(crate) ours: Option<Failure>,
}

/// Why a subgraph gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CallError {
    /// No connection, or one that ended.
    #[error("it cannot be reached: {0}")]
    Unreachable(String),
    /// It took too long.
    #[error("it took more than {} ms", .0.as_millis())]
    TooSlow(Duration),
    /// It does not answer for some time, and is left alone.
    #[error("it failed again and again, and is left alone for a while")]
    LeftAlone,
    /// It answered with a status that means no answer.
    #[error("it answered with the HTTP status {0}")]
    Status(u16),
    /// Its answer is longer than is read.
    #[error("its answer is longer than {0} bytes")]
    TooLong(usize),
    /// Its answer is no GraphQL.
    #[error("its answer is no GraphQL: {0}")]
    NotGraphql(String),
    /// Its address is none.
    #[error("its address is none: {0}")]
    Address(String),
}

impl CallError {
    /// Whether it is likely to go well at once when asked again.
    fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable(_) => true,
            Self::Status(status) => matches!(status, 502..=504),
            _ => false,
        }
    }

    /// Whether it says that the subgraph is in trouble, and not that a question was wrong.
    fn is_trouble(&self) -> bool {
        match self {
            Self::Status(status) => *status >= 500,
            Self::LeftAlone | Self::Address(_) => false,
            _ => true,
        }
    }
}

/// How a subgraph is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settings {
    /// So long may one call take, its repetitions included.
    pub(crate) time: Duration,
    /// So often is a query asked again.
    pub(crate) retries: u32,
    /// So long an answer is read.
    pub(crate) bytes_max: usize,
    /// After so many failures one after the other it is left alone.
    pub(crate) failures_max: u32,
    /// For so long.
    pub(crate) pause: Duration,
}

/// Headers of the client's request that a subgraph gets, too.
pub(crate) type Headers = Arc<[(hyper::header::HeaderName, hyper::header::HeaderValue)]>;
