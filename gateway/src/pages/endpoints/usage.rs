//! `/status/partners`: the usage of each partner, for operators with the token.

use std::{path::Path, sync::Arc};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use federation::bounded_file;
use jiff::Timestamp;
use poem::{
    Endpoint, Request, Response, Result,
    http::{HeaderValue, StatusCode, header},
};
use sha2::{Digest as _, Sha256};

use super::{HTML, PageCaching, PageVariant, Pages};
use crate::{
    error::{ApiError, ErrorCode},
    http::problem_details,
    pages::{PageError, PageRequest},
    partners::Partners,
};

/// Minimum length of the token in bytes.
const TOKEN_BYTES_MIN: usize = 16;
/// Maximum size of the file with the token.
const FILE_BYTES_MAX: u64 = 4 << 10;

/// The endpoint.
pub(crate) struct PartnerUsage {
    pub(crate) pages: Pages,
    pub(crate) partners: Arc<Partners>,
    /// The time since which usage is counted.
    pub(crate) since: Timestamp,
}

impl Endpoint for PartnerUsage {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let Some(file) = self.pages.inner.config.operator_token_file.clone() else {
            return Ok(self.pages.error_response(&request, &PageError::NotFound));
        };
        let authorization = request.headers().get(header::AUTHORIZATION);
        let sent = authorization.and_then(|value| token(value.to_str().ok()?));
        let checked = tokio::task::spawn_blocking(move || matches(&file, sent.as_deref()));
        if let Err(error) = checked.await.unwrap_or_else(|_| Err("panicked".to_owned())) {
            return Ok(rejection(&error));
        }
        let (language, path) = self.pages.inner.site.split_language(request.uri().path());
        let variant = PageVariant {
            language,
            path_and_query: path.to_owned(),
            caching: PageCaching::None,
            media_type: HTML,
            policy: self.pages.policy(),
            status: StatusCode::OK,
        };
        let page_request =
            PageRequest::Usage { partners: Arc::clone(&self.partners), since: self.since };
        let mut response = self.pages.page(&request, &page_request, variant).await;
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Ok(response)
    }
}

/// The token in a header: the password of `Basic` with any user name, as browsers send it, or `Bearer`.
fn token(authorization: &str) -> Option<String> {
    let (scheme, value) = authorization.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(value.trim().to_owned());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(BASE64_STANDARD.decode(value.trim()).ok()?).ok()?;
    decoded.split_once(':').map(|(_, password)| password.to_owned())
}

/// Compares a token with that in the file, which is read each time, so that it can be replaced.
///
/// # Errors
/// What to correct.
fn matches(file: &Path, sent: Option<&str>) -> Result<(), String> {
    let expected = bounded_file::read(file, FILE_BYTES_MAX).ok();
    let expected = expected.as_deref().map(<[u8]>::trim_ascii).unwrap_or_default();
    if expected.len() < TOKEN_BYTES_MIN {
        tracing::error!(file = %file.display(), "`security.operator_token_file` has no token");
        return Err("the file with the token cannot be used; see the log".to_owned());
    }
    let sent = sent.ok_or("send the token of the operator as password, or as `Bearer`")?;
    // Equal digests take the same time to compare, however much of the token is right.
    if Sha256::digest(sent) == Sha256::digest(expected) {
        Ok(())
    } else {
        Err("this is not the token of the operator".to_owned())
    }
}

fn rejection(message: &str) -> Response {
    let error = ApiError::new(ErrorCode::Unauthenticated, message);
    let mut response = problem_details::response(StatusCode::UNAUTHORIZED, &error);
    let headers = response.headers_mut();
    headers.insert(
        header::WWW_AUTHENTICATE,
        HeaderValue::from_static("Basic realm=\"Wegwijzer\", charset=\"UTF-8\""),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
