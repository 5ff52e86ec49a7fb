//! Configuration of the HTTP client.

use std::{num::NonZeroU16, path::PathBuf, time::Duration};

use hyper::header::HeaderValue;

use super::error::BoxError;

/// Default maximum number of concurrent requests to one host.
const CONCURRENCY_PER_HOST: NonZeroU16 = NonZeroU16::new(2).expect("two is not zero");
/// Default minimum interval between requests to one host: five per second.
const REQUEST_INTERVAL: Duration = Duration::from_millis(200);
/// Default maximum number of retries of one request, its redirects included.
const RETRIES_MAX: u32 = 3;
/// Default maximum delay before the first retry. It doubles with every retry.
const RETRY_DELAY: Duration = Duration::from_secs(1);
/// Default maximum delay before any retry.
const RETRY_DELAY_MAX: Duration = Duration::from_secs(30);
/// Default maximum time for which a host can suspend requests with `Retry-After`.
const RETRY_AFTER_MAX: Duration = Duration::from_mins(2);
/// Default timeout for name resolution, connection and TLS handshake.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Default timeout for the head of a response, the connection included.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// Default timeout for the body of a response.
const BODY_TIMEOUT: Duration = Duration::from_mins(1);
/// Default timeout for a request with its redirects and retries.
const TOTAL_TIMEOUT: Duration = Duration::from_mins(5);
/// Default maximum length of a body as sent, in bytes.
const WIRE_BYTES_MAX: usize = 32 << 20;
/// Default maximum length of a decompressed body, in bytes.
const BODY_BYTES_MAX: usize = 64 << 20;

/// Settings of the HTTP client.
#[derive(Debug, Clone)]
pub(crate) struct HttpConfig {
    /// E-mail address or URL of the operator. Hosts see it in `User-Agent`.
    pub(crate) contact: String,
    /// PEM file of root certificates that are trusted as well as the built-in ones.
    pub(crate) ca_file: Option<PathBuf>,
    /// Maximum number of concurrent requests to one host.
    pub(crate) concurrency_per_host: NonZeroU16,
    /// Minimum interval between the starts of two requests to one host.
    pub(crate) request_interval: Duration,
    /// Maximum number of retries of one request, its redirects included.
    pub(crate) retries_max: u32,
    /// Maximum delay before the first retry. It doubles with every retry.
    pub(crate) retry_delay: Duration,
    /// Maximum delay before any retry.
    pub(crate) retry_delay_max: Duration,
    /// Maximum time for which a host can suspend requests with `Retry-After`. A request for which
    /// it demands more is not retried.
    pub(crate) retry_after_max: Duration,
    /// Limits on time and bytes.
    pub(crate) limits: HttpLimits,
}

/// Limits of one request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HttpLimits {
    /// Timeout for name resolution, connection and TLS handshake.
    pub(crate) connect_timeout: Duration,
    /// Timeout for the head of a response, the connection included.
    pub(crate) head_timeout: Duration,
    /// Timeout for the body of a response.
    pub(crate) body_timeout: Duration,
    /// Timeout for a request with its redirects and retries. It starts when the host has a permit
    /// for the first time: requests of the same run do not time out while they are queued.
    pub(crate) total_timeout: Duration,
    /// Maximum length of a body as sent, in bytes.
    pub(crate) wire_bytes_max: usize,
    /// Maximum length of a decompressed body, in bytes.
    pub(crate) body_bytes_max: usize,
}

/// Why a client cannot be created.
#[derive(Debug, thiserror::Error)]
pub enum HttpConfigError {
    /// The contact cannot be sent in a header.
    #[error(
        "`contact` must be an e-mail address or a URL, in printable ASCII without parentheses: \
         `{contact}`"
    )]
    Contact {
        /// As configured.
        contact: String,
    },
    /// The file of root certificates cannot be read or has an invalid certificate.
    #[error("cannot read the certificates of `ca_file`: `{}`", path.display())]
    CaFile {
        /// Path of the file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: BoxError,
    },
    /// The file has no certificates.
    #[error("`ca_file` contains no certificates in PEM format: `{}`", path.display())]
    NoCertificates {
        /// Path of the file.
        path: PathBuf,
    },
}

impl HttpConfig {
    /// The defaults, with the contact of the operator.
    pub(crate) fn new(contact: impl Into<String>) -> Self {
        Self {
            contact: contact.into(),
            ca_file: None,
            concurrency_per_host: CONCURRENCY_PER_HOST,
            request_interval: REQUEST_INTERVAL,
            retries_max: RETRIES_MAX,
            retry_delay: RETRY_DELAY,
            retry_delay_max: RETRY_DELAY_MAX,
            retry_after_max: RETRY_AFTER_MAX,
            limits: HttpLimits::default(),
        }
    }

    /// The value of `User-Agent`.
    ///
    /// # Errors
    /// If the contact is empty or cannot be part of the value.
    pub(super) fn user_agent(&self) -> Result<HeaderValue, HttpConfigError> {
        let contact = self.contact.trim();
        let is_valid = !contact.is_empty()
            && contact.bytes().all(|byte| byte.is_ascii_graphic() && !b"()\\".contains(&byte));
        let text = format!("Wegwijzer/{} (+{contact})", env!("CARGO_PKG_VERSION"));
        match HeaderValue::from_str(&text) {
            Ok(value) if is_valid => Ok(value),
            _ => Err(HttpConfigError::Contact { contact: self.contact.clone() }),
        }
    }
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            connect_timeout: CONNECT_TIMEOUT,
            head_timeout: HEAD_TIMEOUT,
            body_timeout: BODY_TIMEOUT,
            total_timeout: TOTAL_TIMEOUT,
            wire_bytes_max: WIRE_BYTES_MAX,
            body_bytes_max: BODY_BYTES_MAX,
        }
    }
}

#[cfg(test)]
mod unit_tests {
    use super::*;

    #[test]
    fn the_user_agent_must_name_the_program_and_the_contact() {
        let value = HttpConfig::new(" beheer@voorbeeld.nl ").user_agent().unwrap();
        let value = value.to_str().unwrap();
        assert!(value.starts_with("Wegwijzer/"), "{value}");
        assert!(value.ends_with(" (+beheer@voorbeeld.nl)"), "{value}");
        for contact in ["", "  ", "a\r\nX-Header: b", "a)", "café", "a b"] {
            let error = HttpConfig::new(contact).user_agent().unwrap_err();
            assert!(matches!(error, HttpConfigError::Contact { .. }), "{contact}");
        }
    }
}
