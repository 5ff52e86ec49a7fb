//! `/embed/v1/…`: the module with our elements, and its types, under addresses that stay the same.

use poem::{
    Endpoint, Request, Response, Result,
    http::{HeaderValue, header},
};

use super::Pages;
use crate::http::{
    compression::ContentEncoding,
    etag::{ETag, IfNoneMatch, not_modified},
};

/// Paths of the files, and the names of their assets.
pub(crate) const FILES: [(&str, &str); 2] =
    [("/embed/v1/wegwijzer.js", "wegwijzer.js"), ("/embed/v1/wegwijzer.d.ts", "wegwijzer.d.ts")];
/// How long an address that stays the same may be cached.
const CACHE_CONTROL: &str = "public, max-age=300";

/// The endpoint of one file.
pub(crate) struct ElementFile {
    pub(crate) pages: Pages,
    pub(crate) name: &'static str,
}

impl Endpoint for ElementFile {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let assets = &self.pages.inner.site.assets;
        let asset = assets.named(self.name).expect("the files are assets");
        let encoding = ContentEncoding::negotiate(request.headers());
        let etag = ETag::new(asset.hashed.replace('.', "-"), encoding.etag_suffix());
        let is_cached = IfNoneMatch::parse(request.headers()).matches(&etag);
        let body = if is_cached { Vec::new() } else { asset.bytes.to_vec() };
        let mut response = Response::builder()
            .content_type(asset.content_type)
            .header(header::CACHE_CONTROL, CACHE_CONTROL)
            .body(encoding.encode_off_runtime(body.into()).await);
        encoding.set_headers(response.headers_mut());
        etag.set_header(response.headers_mut());
        allow_any_origin(&mut response);
        Ok(if is_cached { not_modified(response) } else { response })
    }
}

/// Allows pages of all sites to load a file: modules of another origin need it.
pub(super) fn allow_any_origin(response: &mut Response) {
    let any = HeaderValue::from_static("*");
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, any);
    let cross_origin = HeaderValue::from_static("cross-origin");
    response.headers_mut().insert("cross-origin-resource-policy", cross_origin);
}
