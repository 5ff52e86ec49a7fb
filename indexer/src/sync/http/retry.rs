//! When a failed request is sent again.

use std::{
    hash::{BuildHasher, RandomState},
    time::{Duration, SystemTime},
};

use hyper::header::{self, HeaderMap};
use tokio::time::Instant;

use super::{config::HttpConfig, error::HttpError};

/// Number of doublings after which the maximum delay no longer grows.
const DOUBLINGS_MAX: u32 = 16;

/// The remaining retries of one request.
#[derive(Debug)]
pub(super) struct Retries {
    /// Number of retries so far.
    count: u32,
    count_max: u32,
    delay: Duration,
    delay_max: Duration,
    retry_after_max: Duration,
    deadline: Instant,
}

impl Retries {
    pub(super) fn new(config: &HttpConfig, deadline: Instant) -> Self {
        Self {
            count: 0,
            count_max: config.retries_max,
            delay: config.retry_delay,
            delay_max: config.retry_delay_max,
            retry_after_max: config.retry_after_max,
            deadline,
        }
    }

    /// The delay before the next attempt.
    ///
    /// # Errors
    /// `error` itself, if there must be no further attempt: it is permanent, there were enough
    /// retries, or the host demands a longer wait than allowed or than the deadline leaves.
    pub(super) fn delay_after(&mut self, error: HttpError) -> Result<Duration, HttpError> {
        let demanded = error.retry_after().unwrap_or_default();
        let max = self.delay.saturating_mul(1 << self.count.min(DOUBLINGS_MAX));
        let delay = full_jitter(max.min(self.delay_max)).max(demanded);
        let remaining = self.deadline.saturating_duration_since(Instant::now());
        let is_allowed = error.is_transient()
            && self.count < self.count_max
            && demanded <= self.retry_after_max
            && delay < remaining;
        if !is_allowed {
            return Err(error);
        }
        self.count += 1;
        Ok(delay)
    }
}

/// A random time up to `max`, so that clients do not retry simultaneously.
fn full_jitter(max: Duration) -> Duration {
    // The random seed of a hash map is sufficient here.
    let random = RandomState::new().hash_one(0_u8);
    let per_mille = u32::try_from(random % 1_001).unwrap_or_default();
    max / 1_000 * per_mille
}

/// The time that `Retry-After` demands, in seconds or until a date (RFC 9110, section 10.2.3). The
/// date is compared with the clock of the host, if it sends the time.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // So many digits that they do not fit are a very long time.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let until = httpdate::parse_http_date(text).ok()?;
    let date = headers.get(header::DATE).and_then(|value| value.to_str().ok());
    let date = date.and_then(|text| httpdate::parse_http_date(text).ok());
    let now = date.unwrap_or_else(SystemTime::now);
    Some(until.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod unit_tests {
    use bytes::Bytes;
    use hyper::header::HeaderValue;

    use super::*;

    fn retries() -> Retries {
        let deadline = Instant::now() + Duration::from_mins(5);
        Retries::new(&HttpConfig::new("test@example.nl"), deadline)
    }

    fn overloaded(retry_after: Option<Duration>) -> HttpError {
        HttpError::Status { url: String::new(), status: 503, retry_after, body: Bytes::new() }
    }

    #[test]
    fn delays_must_grow_up_to_a_maximum_and_end() {
        let mut retries = Retries { count_max: 40, ..retries() };
        for count in 0..40 {
            let max = Duration::from_secs(1 << count.min(16)).min(Duration::from_secs(30));
            assert!(retries.delay_after(overloaded(None)).unwrap() <= max);
        }
        assert!(retries.delay_after(overloaded(None)).is_err());
    }

    #[test]
    fn the_delay_must_be_random() {
        let delays: Vec<_> = (0..20).map(|_| full_jitter(Duration::from_secs(1))).collect();
        assert!(delays.iter().any(|delay| *delay != delays[0]));
        assert!(delays.iter().all(|delay| *delay <= Duration::from_secs(1)));
    }

    #[test]
    fn a_demanded_delay_must_be_respected_or_end_the_request() {
        let seconds = Duration::from_secs;
        assert!(retries().delay_after(overloaded(Some(seconds(100)))).unwrap() >= seconds(100));
        for too_long in [seconds(121), Duration::MAX] {
            assert!(retries().delay_after(overloaded(Some(too_long))).is_err());
        }
        let mut short = Retries { deadline: Instant::now() + seconds(50), ..retries() };
        assert!(short.delay_after(overloaded(Some(seconds(60)))).is_err());
    }

    #[test]
    fn a_permanent_error_must_not_be_retried() {
        let error = HttpError::RedirectLoop { url: String::new() };
        assert!(retries().delay_after(error).is_err());
    }

    #[test]
    fn retry_after_must_be_read_as_seconds_or_a_date() {
        let read = |value: &str, date: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(header::RETRY_AFTER, HeaderValue::from_str(value).unwrap());
            if let Some(date) = date {
                headers.insert(header::DATE, HeaderValue::from_str(date).unwrap());
            }
            retry_after(&headers)
        };
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(read("120", None), seconds(120));
        assert_eq!(read(" 0 ", None), seconds(0));
        assert_eq!(read("99999999999999999999999", None), seconds(u64::MAX));
        let date = Some("Thu, 26 Nov 2026 10:00:00 GMT");
        assert_eq!(read("Thu, 26 Nov 2026 10:01:30 GMT", date), seconds(90));
        assert_eq!(read("Thu, 26 Nov 2026 09:00:00 GMT", date), seconds(0));
        assert_eq!(read("Thu, 01 Jan 1970 00:00:01 GMT", None), seconds(0));
        for invalid in ["", "-1", "1.5", "soon", "Thu, 99 Nov 2026 10:01:30 GMT"] {
            assert_eq!(read(invalid, None), None, "{invalid}");
        }
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }
}
