//! Files for programs: `/robots.txt`, `/sitemap.xml`, `/.well-known/security.txt` (RFC 9116) and
//! `/schema.graphql`.

use std::fmt::Write;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use poem::{
    Endpoint, Request, Response, Result,
    http::{StatusCode, header},
};
use url::Url;

use super::Pages;
use crate::{
    config::Config,
    http::{
        cached_response, cached_response::Caching, compression::ContentEncoding,
        search_request::value,
    },
    pages,
    pages::PageError,
};

/// The paths of these files.
pub(crate) const PATHS: [&str; 4] = ["/robots.txt", "/sitemap.xml", SECURITY_TXT_PATH, SCHEMA_PATH];
/// The contract, for code generators; only if introspection is allowed.
const SCHEMA_PATH: &str = "/schema.graphql";
const SECURITY_TXT_PATH: &str = "/.well-known/security.txt";
/// Minimum validity of `security.txt` after it is served; rounded down to a whole day.
const EXPIRES_AFTER: SignedDuration = SignedDuration::from_hours(24 * 90);
const PLAIN_TEXT: &str = "text/plain; charset=utf-8";

/// The response if no contact is configured.
const NO_CONTACT: &str = "\
No security contact is configured.

If this is your site: set a URL or a mailbox in wegwijzer.toml.

    [security]
    contact = [\"https://www.example.nl/melden\"]
";

/// The endpoint of these files.
pub(crate) struct WellKnownFiles(pub(crate) Pages);

impl WellKnownFiles {
    async fn respond(&self, request: &Request) -> Response {
        let Config { public_url, security_contacts, clock, graphql, .. } = &*self.0.inner.config;
        let (status, media, text) = match request.uri().path() {
            "/robots.txt" => (StatusCode::OK, PLAIN_TEXT, robots_txt(public_url)),
            SCHEMA_PATH if graphql.introspection => {
                (StatusCode::OK, PLAIN_TEXT, crate::graphql::CONTRACT.to_owned())
            }
            SCHEMA_PATH => return self.0.error_page(SCHEMA_PATH, StatusCode::NOT_FOUND, ""),
            SECURITY_TXT_PATH if security_contacts.is_empty() => {
                (StatusCode::NOT_FOUND, PLAIN_TEXT, NO_CONTACT.to_owned())
            }
            SECURITY_TXT_PATH => (
                StatusCode::OK,
                PLAIN_TEXT,
                security_txt(public_url, security_contacts, clock.now()),
            ),
            path => return self.sitemap(request, path).await,
        };
        let encoding = ContentEncoding::negotiate(request.headers());
        let mut response = Response::builder()
            .status(status)
            .content_type(media)
            .header(header::CACHE_CONTROL, "public, max-age=3600")
            .body(encoding.encode_off_runtime(text.into()).await);
        encoding.set_headers(response.headers_mut());
        response
    }

    /// The site map. It has an `ETag`, since reading it takes time in proportion to the content.
    async fn sitemap(&self, request: &Request, path: &str) -> Response {
        let inner = &self.0.inner;
        let Some(snapshot) = inner.pipeline.snapshot() else {
            return self.0.error_page(path, StatusCode::SERVICE_UNAVAILABLE, "");
        };
        let query = request.uri().query().unwrap_or_default();
        let part = value(query, "part").map(|part| part.parse::<usize>()).transpose();
        let Ok(part) = part else { return self.0.error_page(path, StatusCode::NOT_FOUND, "") };
        let key = ("sitemap", part);
        let key = inner.pipeline.page_cache_key(&snapshot, inner.config.clock.now(), &key);
        let render = async {
            let map = pages::sitemap(&inner.site, &snapshot, part).await?;
            map.map(Bytes::from).ok_or(PageError::NotFound)
        };
        let sent = (Caching::Validator(key), "application/xml; charset=utf-8");
        let response = cached_response::respond(&inner.pipeline, request.headers(), sent, render);
        response.await.unwrap_or_else(|error| self.0.error_response(request, &error))
    }
}

impl Endpoint for WellKnownFiles {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        Ok(self.respond(&request).await)
    }
}

fn robots_txt(base: &Url) -> String {
    format!(
        "User-agent: *\nDisallow: /graphql\nDisallow: /graphiql\n\nSitemap: {base}sitemap.xml\n"
    )
}

/// `security.txt`. It is valid as long as the server serves it, so its expiry date moves along.
fn security_txt(base: &Url, contacts: &[Url], now: Timestamp) -> String {
    let mut text = String::new();
    for contact in contacts {
        let _ = writeln!(text, "Contact: {contact}");
    }
    let seconds = (now + EXPIRES_AFTER).as_second();
    let day = Timestamp::from_second(seconds - seconds.rem_euclid(24 * 3_600)).unwrap_or(now);
    let origin = base.origin().ascii_serialization();
    let _ = write!(
        text,
        "Expires: {day}\nPreferred-Languages: nl, en\nCanonical: {origin}{SECURITY_TXT_PATH}\n"
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn security_txt_must_name_the_contacts_in_order_and_end_at_midnight() {
        let contacts = ["https://www.example.nl/melden", "mailto:melden@example.nl"];
        let contacts = contacts.map(|contact| contact.parse().unwrap());
        let base = "https://zoeken.example.nl/kennis/".parse().unwrap();
        let now = "2026-03-02T12:34:56.7+01:00".parse().unwrap();
        assert_eq!(
            security_txt(&base, &contacts, now),
            "Contact: https://www.example.nl/melden\n\
             Contact: mailto:melden@example.nl\n\
             Expires: 2026-05-31T00:00:00Z\n\
             Preferred-Languages: nl, en\n\
             Canonical: https://zoeken.example.nl/.well-known/security.txt\n"
        );
    }
}
