//! Partners: portals that embed results. A key identifies a partner, and does not authenticate it:
//! everything that it can read is public.
//!
//! Must not know: HTTP and pages.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use indexer::catalog::ClientId;
use jiff::{Timestamp, civil::Date};

use crate::{
    config::{PREVIEW_NAME, PartnerConfig},
    messages::home_day,
    search_params::SearchParams,
};

/// Start of every key that we generate.
const KEY_PREFIX: &str = "wk_";

/// Key of the preview in the configurator, whose pages have no origin.
pub(crate) const PREVIEW_KEY: &str = "wk_preview_of_the_configurator";
/// The partner of the preview.
fn preview() -> PartnerConfig {
    PartnerConfig {
        name: PREVIEW_NAME.to_owned(),
        keys: vec![PREVIEW_KEY.to_owned()],
        origins: vec!["null".to_owned()],
        filter: SearchParams::default(),
        requests_per_second: 10,
        burst: 50,
        requests_per_day: 20_000,
        expires: None,
        framing: false,
    }
}

/// A new key: two hashes that depend on the random seed of the process.
pub(crate) fn new_key() -> String {
    let random = || RandomState::new().hash_one(0);
    format!("{KEY_PREFIX}{:016x}{:016x}", random(), random())
}

/// Why a request with a key is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyError {
    /// No partner has the key.
    Unknown,
    /// The key is no longer valid.
    Expired,
    /// The page that sends the request is on another site.
    Origin,
    /// Too many requests; the next one is possible after this time.
    Rate(Duration),
    /// The key only finds part of the content, and the request is for other content.
    Filter,
}

/// All partners by their keys.
#[derive(Debug, Default)]
pub(crate) struct Partners {
    by_key: HashMap<String, Arc<Partner>>,
    /// In the order of the configuration, and the preview.
    all: Vec<Arc<Partner>>,
}

impl Partners {
    pub(crate) fn new(partners: &[PartnerConfig]) -> Self {
        let preview = preview();
        let numbered = (0..).zip(partners.iter().chain([&preview]));
        let all: Vec<_> = numbered
            .map(|(number, config)| Arc::new(Partner::new(ClientId::numbered(number), config)))
            .collect();
        let keys = all.iter().flat_map(|partner| {
            partner.config.keys.iter().map(|key| (key.clone(), Arc::clone(partner)))
        });
        Self { by_key: keys.collect(), all }
    }

    /// All partners, in the order of the configuration; the last is the preview.
    pub(crate) fn all(&self) -> &[Arc<Partner>] {
        &self.all
    }

    /// Whether a page on another site may use a key.
    pub(crate) fn allow(&self, key: &str, origin: &str) -> bool {
        self.by_key.get(key).is_some_and(|partner| partner.allows(origin))
    }

    /// The partner with a key.
    ///
    /// # Errors
    /// [`KeyError::Unknown`] or [`KeyError::Expired`].
    pub(crate) fn find(&self, key: &str, now: Timestamp) -> Result<&Arc<Partner>, KeyError> {
        let partner = self.by_key.get(key).ok_or(KeyError::Unknown)?;
        if partner.is_expired(home_day(now)) { Err(KeyError::Expired) } else { Ok(partner) }
    }

    /// The partner of a request.
    ///
    /// # Errors
    /// [`KeyError`] if the request is rejected.
    pub(crate) fn admit(&self, request: &KeyRequest<'_>) -> Result<&Arc<Partner>, KeyError> {
        let partner = self.by_key.get(request.key).ok_or(KeyError::Unknown)?;
        let admitted = partner.admit(request);
        let usage = &partner.usage;
        let counter = if admitted.is_ok() { &usage.admitted } else { &usage.rejected };
        counter.fetch_add(1, Ordering::Relaxed);
        admitted.map(|()| partner)
    }
}

/// A request with a key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeyRequest<'a> {
    pub(crate) key: &'a str,
    /// The site of the page that sends it, if a browser states one that is not ours.
    pub(crate) origin: Option<&'a str>,
    /// Whether the filter of a partner is applied to it.
    pub(crate) applies_filters: bool,
    /// By the clock of the service.
    pub(crate) now: Timestamp,
    /// By a clock that never goes back.
    pub(crate) instant: Instant,
}

/// A partner with its rates and usage.
#[derive(Debug)]
pub(crate) struct Partner {
    pub(crate) config: PartnerConfig,
    /// Its turns in the queue of searches.
    pub(crate) client: ClientId,
    pub(crate) usage: Usage,
    rate: Mutex<Rate>,
}

/// What a partner used since the start.
#[derive(Debug, Default)]
pub(crate) struct Usage {
    /// Number of requests that were admitted.
    admitted: AtomicU64,
    /// Number of requests that were rejected.
    rejected: AtomicU64,
    /// Number of searches.
    searches: AtomicU64,
    /// Number of searches without hits.
    empty_searches: AtomicU64,
}

impl Usage {
    /// Counts a search with a number of hits.
    pub(crate) fn record_search(&self, hits: u64) {
        self.searches.fetch_add(1, Ordering::Relaxed);
        self.empty_searches.fetch_add(u64::from(hits == 0), Ordering::Relaxed);
    }

    /// The counters: admitted and rejected requests, searches, and those without hits.
    pub(crate) fn counts(&self) -> [u64; 4] {
        let all = [&self.admitted, &self.rejected, &self.searches, &self.empty_searches];
        all.map(|counter| counter.load(Ordering::Relaxed))
    }
}

/// A token bucket, and the number of requests of a day.
#[derive(Debug)]
struct Rate {
    tokens: f64,
    filled_at: Option<Instant>,
    day: Option<Date>,
    requests_of_day: u64,
}

impl Partner {
    fn new(client: ClientId, config: &PartnerConfig) -> Self {
        let rate = Rate {
            tokens: f64::from(config.burst),
            filled_at: None,
            day: None,
            requests_of_day: 0,
        };
        let (config, usage) = (config.clone(), Usage::default());
        Self { config, client, usage, rate: Mutex::new(rate) }
    }

    /// Whether a page on this origin may use the keys.
    fn allows(&self, origin: &str) -> bool {
        self.config.origins.iter().any(|allowed| allows(allowed, origin.as_bytes()))
    }

    fn is_expired(&self, today: Date) -> bool {
        self.config.expires.is_some_and(|last| last < today)
    }

    fn admit(&self, request: &KeyRequest<'_>) -> Result<(), KeyError> {
        let today = home_day(request.now);
        if self.is_expired(today) {
            return Err(KeyError::Expired);
        }
        if request.origin.is_some_and(|origin| !self.allows(origin)) {
            return Err(KeyError::Origin);
        }
        if !request.applies_filters && !self.config.filter.conditions().is_empty() {
            return Err(KeyError::Filter);
        }
        let mut rate = self.rate.lock().unwrap_or_else(PoisonError::into_inner);
        rate.take(&self.config, today, request).map_err(KeyError::Rate)
    }
}

impl Rate {
    /// Counts a request, or returns the time after which one is possible.
    fn take(
        &mut self,
        config: &PartnerConfig,
        today: Date,
        at: &KeyRequest<'_>,
    ) -> Result<(), Duration> {
        let per_second = f64::from(config.requests_per_second);
        if let Some(filled_at) = self.filled_at {
            let elapsed = at.instant.saturating_duration_since(filled_at).as_secs_f64();
            self.tokens = (self.tokens + elapsed * per_second).min(f64::from(config.burst));
        }
        self.filled_at = Some(at.instant);
        if self.day != Some(today) {
            (self.day, self.requests_of_day) = (Some(today), 0);
        }
        if self.requests_of_day >= config.requests_per_day {
            return Err(until_tomorrow(today, at.now));
        }
        if self.tokens < 1.0 {
            return Err(Duration::from_secs_f64((1.0 - self.tokens) / per_second));
        }
        self.tokens -= 1.0;
        self.requests_of_day += 1;
        Ok(())
    }
}

/// The time until the next day in Amsterdam.
fn until_tomorrow(today: Date, now: Timestamp) -> Duration {
    let midnight = today.tomorrow().ok().and_then(|day| day.in_tz(schema::moment::HOME_ZONE).ok());
    let left = midnight.map(|midnight| midnight.timestamp().duration_since(now));
    left.and_then(|left| left.try_into().ok()).unwrap_or(Duration::from_mins(1))
}

/// Whether a configured origin allows the origin of a request: the same, or any port if it ends in
/// `:*`.
pub(crate) fn allows(allowed: &str, origin: &[u8]) -> bool {
    match allowed.strip_suffix(":*") {
        None => allowed.as_bytes() == origin,
        Some(host) => match origin.strip_prefix(host.as_bytes()) {
            Some([]) => true,
            Some([b':', port @ ..]) => {
                (1..=5).contains(&port.len()) && port.iter().all(u8::is_ascii_digit)
            }
            _ => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search_params::SearchParams;

    fn config() -> PartnerConfig {
        PartnerConfig {
            name: "portaal".to_owned(),
            keys: vec!["wk_0123456789abcdef".to_owned(), "wk_fedcba9876543210".to_owned()],
            origins: vec!["https://portaal.example".to_owned(), "http://localhost:*".to_owned()],
            filter: SearchParams::default(),
            requests_per_second: 2,
            burst: 3,
            requests_per_day: 8,
            expires: Some("2026-12-01".parse().unwrap()),
            framing: false,
        }
    }

    fn request<'a>(key: &'a str, now: &str, instant: Instant) -> KeyRequest<'a> {
        KeyRequest { key, origin: None, applies_filters: true, now: now.parse().unwrap(), instant }
    }

    #[test]
    fn a_key_must_be_known_valid_and_used_by_its_sites() {
        let (key, other) = ("wk_0123456789abcdef", "wk_fedcba9876543210");
        let portal = Some("https://portaal.example");
        for (key, origin, now, expected) in [
            (key, None, "2026-11-28T12:00:00Z", Ok(())),
            (other, portal, "2026-11-28T12:00:00Z", Ok(())),
            (key, Some("http://localhost:3000"), "2026-12-01T22:59:59Z", Ok(())),
            (key, portal, "2026-12-01T23:00:00Z", Err(KeyError::Expired)),
            ("wk_0123456789abcdeF", portal, "2026-11-28T12:00:00Z", Err(KeyError::Unknown)),
            ("", portal, "2026-11-28T12:00:00Z", Err(KeyError::Unknown)),
            (key, Some("http://portaal.example"), "2026-11-28T12:00:00Z", Err(KeyError::Origin)),
            (
                key,
                Some("https://portaal.example.nl"),
                "2026-11-28T12:00:00Z",
                Err(KeyError::Origin),
            ),
            (key, Some("null"), "2026-11-28T12:00:00Z", Err(KeyError::Origin)),
        ] {
            let partners = Partners::new(&[config()]);
            let request = KeyRequest { origin, ..request(key, now, Instant::now()) };
            let found = partners.admit(&request).map(|_| ());
            assert_eq!(found, expected, "{key} {origin:?} {now}");
        }
        // A filter that cannot be applied, which takes nothing from the rate.
        let filter = SearchParams::parse("kind=event").0;
        let partners = Partners::new(&[PartnerConfig { filter, ..config() }]);
        let now = "2026-11-28T12:00:00Z";
        for (applies_filters, expected) in [
            (false, Err(KeyError::Filter)),
            (false, Err(KeyError::Filter)),
            (false, Err(KeyError::Filter)),
            (true, Ok(())),
        ] {
            let request = KeyRequest { applies_filters, ..request(key, now, Instant::now()) };
            assert_eq!(partners.admit(&request).map(|_| ()), expected);
        }
        assert_eq!(partners.all()[0].usage.counts()[..2], [1, 3]);
    }

    #[test]
    fn rates_must_hold_per_second_and_per_day() {
        let partners = Partners::new(&[config()]);
        let start = Instant::now();
        let admit = |now: &str, milliseconds: u64| {
            let instant = start + Duration::from_millis(milliseconds);
            partners.admit(&request("wk_0123456789abcdef", now, instant)).map(|_| ())
        };
        let now = "2026-11-28T12:00:00Z";
        for _ in 0..3 {
            assert_eq!(admit(now, 0), Ok(()));
        }
        assert_eq!(admit(now, 0), Err(KeyError::Rate(Duration::from_millis(500))));
        assert_eq!(admit(now, 500), Ok(()));
        assert!(matches!(admit(now, 600), Err(KeyError::Rate(_))));
        // A pause never gives more than the burst.
        for _ in 0..3 {
            assert_eq!(admit(now, 60_000), Ok(()));
        }
        assert!(matches!(admit(now, 60_000), Err(KeyError::Rate(_))));
        assert_eq!(admit(now, 70_000), Ok(()));
        let evening = "2026-11-28T22:59:00Z";
        assert_eq!(admit(evening, 80_000), Err(KeyError::Rate(Duration::from_mins(1))));
        assert_eq!(admit("2026-11-28T23:00:00Z", 80_000), Ok(()));
        assert_eq!(partners.all()[0].usage.counts()[..2], [9, 4]);
    }

    #[test]
    fn any_port_must_not_allow_another_host() {
        let local = "http://localhost:*";
        for origin in ["http://localhost", "http://localhost:3000", "http://localhost:65535"] {
            assert!(allows(local, origin.as_bytes()), "{origin}");
        }
        for origin in [
            "http://localhost.example.nl",
            "http://localhost:3000.example.nl",
            "http://localhost:",
            "http://localhost:*",
            "https://localhost:3000",
            "http://127.0.0.1:3000",
            "null",
        ] {
            assert!(!allows(local, origin.as_bytes()), "{origin}");
        }
    }

    #[test]
    fn keys_must_differ() {
        let keys: std::collections::HashSet<_> = (0..100).map(|_| new_key()).collect();
        assert!(keys.len() == 100 && keys.iter().all(|key| key.len() == 35));
    }
}
