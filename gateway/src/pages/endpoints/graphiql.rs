//! `/graphiql`: an editor in which developers try out GraphQL operations.
//!
//! It is built from npm packages (`gateway/graphiql`) into a separate folder. If it has not been
//! built, a page explains how. Invariant: this is the only path whose policy allows inline styles,
//! and only if the editor has been built; scripts come from our own files only.

use std::{io, path::Path, sync::Arc};

use federation::bounded_file;
use poem::{
    Endpoint, Request, Response, Result,
    http::{HeaderValue, StatusCode, header},
};

use super::{Pages, request_id};
use crate::{
    http::{
        compression::ContentEncoding,
        etag::{ETag, IfNoneMatch, not_modified},
    },
    pages,
    pages::PageError,
};

/// What the page may do: the editor adds inline styles, has a font embedded in its style sheet, and
/// parses operations in web workers.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; font-src 'self' data:; connect-src 'self'; worker-src 'self'; \
     form-action 'none'; base-uri 'none'; frame-ancestors 'none'";
/// Maximum length in bytes of a file of the build.
const ASSET_BYTES_MAX: u64 = 16 << 20;
/// The entry point; the editor has not been built if it is missing.
const ENTRY_SCRIPT: &str = "graphiql.js";

/// The endpoint of the page and its files.
pub(crate) struct Graphiql(pub(crate) Pages);

impl Graphiql {
    async fn respond(&self, request: &Request) -> Response {
        let path = request.uri().path();
        let site = &self.0.inner.site;
        let folder = self.0.inner.config.graphql.graphiql_dir.as_deref();
        let folder = folder.filter(|folder| folder.join(ENTRY_SCRIPT).is_file());
        if let Some(file) = path.strip_prefix("/graphiql/") {
            let built_file =
                folder.zip(media_type(file)).map(|(folder, media)| (folder.join(file), media));
            return match built_file {
                Some((file, media)) => self.serve_file(request, &file, media).await,
                None => self.0.error_response(request, &PageError::NotFound),
            };
        }
        let (language, _) = site.split_language(path);
        let (status, rendered) = match folder {
            Some(_) if language != site.config.default_language => {
                let location = site.root_href("graphiql");
                return self.0.error_response(request, &PageError::Moved(location));
            }
            Some(_) => (StatusCode::OK, pages::graphiql(site)),
            None => (StatusCode::NOT_FOUND, pages::no_graphiql(site, site.messages(language))),
        };
        let Ok(body) = rendered else {
            let id = request_id(request);
            return self.0.error_page(path, StatusCode::INTERNAL_SERVER_ERROR, id);
        };
        let encoding = ContentEncoding::negotiate(request.headers());
        let mut response = self.0.html(status, encoding.encode_off_runtime(body.into()).await);
        encoding.set_headers(response.headers_mut());
        if folder.is_some() {
            let policy = HeaderValue::from_static(CONTENT_SECURITY_POLICY);
            response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        response
    }

    /// Serves a file of the build, or 304.
    async fn serve_file(&self, request: &Request, file: &Path, media: &'static str) -> Response {
        let encoding = ContentEncoding::negotiate(request.headers());
        let if_none_match = IfNoneMatch::parse(request.headers());
        let file = Arc::<Path>::from(file);
        let read = tokio::task::spawn_blocking(move || -> io::Result<_> {
            let bytes = bounded_file::read(&file, ASSET_BYTES_MAX).map_err(io::Error::other)?;
            let digest = blake3::hash(&bytes).to_hex();
            let etag = ETag::new(&digest[..32], encoding.etag_suffix());
            let body =
                (!if_none_match.matches_existing(&etag)).then(|| encoding.encode(&bytes.into()));
            Ok((etag, body))
        });
        let Ok(Ok((etag, body))) = read.await else {
            return self.0.error_response(request, &PageError::NotFound);
        };
        let mut response = Response::builder()
            .content_type(media)
            .header(header::CACHE_CONTROL, "no-cache")
            .finish();
        encoding.set_headers(response.headers_mut());
        etag.set_header(response.headers_mut());
        match body {
            None => not_modified(response),
            Some(body) => {
                response.set_body(body);
                response
            }
        }
    }
}

impl Endpoint for Graphiql {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        Ok(self.respond(&request).await)
    }
}

/// The media type of a file that may be served: a plain name with a known extension.
fn media_type(file: &str) -> Option<&'static str> {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
    let (stem, extension) = file.rsplit_once('.')?;
    if !file.chars().all(is_plain) || stem.is_empty() || file.starts_with('.') {
        return None;
    }
    match extension {
        "js" => Some("text/javascript; charset=utf-8"),
        "css" => Some("text/css; charset=utf-8"),
        "ttf" => Some("font/ttf"),
        "woff2" => Some("font/woff2"),
        "svg" => Some("image/svg+xml"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_with_a_known_extension_must_be_served() {
        assert_eq!(media_type("graphiql.js"), Some("text/javascript; charset=utf-8"));
        assert!(media_type("codicon-B1a2.ttf").is_some());
        for file in ["", ".js", "..js", "../x.js", "%2e%2e%2fx.js", "a/b.js", "x.toml", "x", "ë.js"]
        {
            assert_eq!(media_type(file), None, "{file}");
        }
    }
}
