//! Pages for those who have the token in a file.

use std::path::{Path, PathBuf};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use federation::bounded_file;
use poem::{
    Response,
    http::{HeaderMap, HeaderValue, StatusCode, header},
};
use sha2::{Digest as _, Sha256};

use crate::{
    error::{ApiError, ErrorCode},
    http::problem_details,
};

/// Minimum length of the token in bytes.
const TOKEN_BYTES_MIN: usize = 16;
/// Maximum size of the file with the token.
const FILE_BYTES_MAX: u64 = 4 << 10;

/// A file with a token. It is read for each request, so that the token can be replaced.
pub(super) struct TokenFile {
    pub(super) file: PathBuf,
    /// The key of the configuration with the path, as it stands in the log.
    pub(super) key: &'static str,
    /// The value of `WWW-Authenticate`, by which a browser requests the token.
    pub(super) challenge: &'static str,
}

impl TokenFile {
    /// Whether a request has the token.
    ///
    /// # Errors
    /// The response without the token.
    pub(super) async fn check(self, headers: &HeaderMap) -> Result<(), Response> {
        let authorization = headers.get(header::AUTHORIZATION);
        let sent = authorization.and_then(|value| token(value.to_str().ok()?));
        let (file, key) = (self.file, self.key);
        let checked = tokio::task::spawn_blocking(move || matches(&file, key, sent.as_deref()));
        let checked = checked.await.unwrap_or(Err("the check panicked"));
        checked.map_err(|error| rejection(error, self.challenge))
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

/// Compares a token with that in the file.
///
/// # Errors
/// What to correct.
fn matches(file: &Path, key: &str, sent: Option<&str>) -> Result<(), &'static str> {
    let expected = bounded_file::read(file, FILE_BYTES_MAX).ok();
    let expected = expected.as_deref().map(<[u8]>::trim_ascii).unwrap_or_default();
    if expected.len() < TOKEN_BYTES_MIN {
        tracing::error!(file = %file.display(), "{key} has no token");
        return Err("the file with the token cannot be used; see the log");
    }
    let sent = sent.ok_or("send the token as password, or as `Bearer`")?;
    // Equal digests take the same time to compare, however much of the token is right.
    if Sha256::digest(sent) == Sha256::digest(expected) {
        Ok(())
    } else {
        Err("this is not the token; check the file that the configuration names")
    }
}

fn rejection(message: &str, challenge: &'static str) -> Response {
    let error = ApiError::new(ErrorCode::Unauthenticated, message);
    let mut response = problem_details::response(StatusCode::UNAUTHORIZED, &error);
    let headers = response.headers_mut();
    headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
