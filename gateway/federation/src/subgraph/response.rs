//! Parses untrusted responses of subgraphs.

use crate::{
    error::{PathSegment, cause},
    text_limits::check_json,
};
use async_graphql_value::{ConstValue as Value, indexmap::IndexMap};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{FetchError, SubgraphError, SubgraphResponse, http_client::HttpResponse};

/// Maximum number of errors that are read from a response.
const ERRORS_MAX: usize = 1_000;
/// Maximum length of an error path.
const PATH_MAX: usize = 64;
/// Maximum length of an error code in bytes.
const CODE_BYTES_MAX: usize = 64;
const NULL: &[u8] = b"null";

/// The body of a response; its members can have any type.
#[derive(Deserialize)]
struct RawResponse<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    data: Option<&'a RawValue>,
    #[serde(default)]
    errors: Value,
}

/// Distinguishes `"data": null` from absent `data`.
fn present<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// Parses the response of an HTTP exchange.
///
/// # Errors
/// [`FetchError`] if it is not a GraphQL response.
pub(super) fn read(exchange: &HttpResponse) -> Result<SubgraphResponse, FetchError> {
    let HttpResponse { status, is_json, body } = exchange;
    let is_success = (200..300).contains(status);
    // A response of a proxy is identified by its status; a subgraph can report errors with any
    // status.
    if !is_success && !is_json {
        return Err(FetchError::Status(*status));
    }
    let parsed = check_json(body).map_err(cause).and_then(|()| {
        let text = std::str::from_utf8(body).map_err(cause)?;
        serde_json::from_str(text).map_err(cause)
    });
    let parsed: RawResponse<'_> = parsed.map_err(|error| {
        if is_success { FetchError::MalformedResponse(error) } else { FetchError::Status(*status) }
    })?;
    let errors = match parsed.errors {
        Value::List(errors) => errors.into_iter().take(ERRORS_MAX).map(subgraph_error).collect(),
        _ => Vec::new(),
    };
    let data = parsed.data.map(|data| body.slice_ref(data.get().as_bytes()));
    let is_object = data.as_ref().is_some_and(|data| data.starts_with(b"{"));
    match data {
        Some(data) if is_object && (is_success || !errors.is_empty()) => {
            Ok(SubgraphResponse { data, errors })
        }
        Some(data) if data == NULL && (is_success || !errors.is_empty()) => {
            Ok(SubgraphResponse { data, errors })
        }
        None if !errors.is_empty() => {
            Ok(SubgraphResponse { data: Bytes::from_static(NULL), errors })
        }
        _ if !is_success => Err(FetchError::Status(*status)),
        Some(_) => Err(FetchError::MalformedResponse(cause("`data` is not an object"))),
        None => Err(FetchError::MalformedResponse(cause("neither `data` nor `errors`"))),
    }
}

/// Parses an error, which should be an object but can be any value.
fn subgraph_error(error: Value) -> SubgraphError {
    let Value::Object(mut error) = error else {
        return SubgraphError {
            message: String::new(),
            path: Vec::new(),
            code: None,
            local_error: None,
        };
    };
    let message = match error.swap_remove("message") {
        Some(Value::String(message)) => message,
        _ => String::new(),
    };
    let path = match error.swap_remove("path") {
        Some(Value::List(path)) if path.len() <= PATH_MAX => {
            path.iter().map(segment).collect::<Option<_>>().unwrap_or_default()
        }
        _ => Vec::new(),
    };
    let extensions = match error.swap_remove("extensions") {
        Some(Value::Object(extensions)) => extensions,
        _ => IndexMap::new(),
    };
    let code = match extensions.get("code") {
        Some(Value::String(code)) if is_code(code) => Some(code.clone()),
        _ => None,
    };
    SubgraphError { message, path, code, local_error: None }
}

fn segment(value: &Value) -> Option<PathSegment> {
    match value {
        Value::String(key) => Some(PathSegment::Field(key.clone())),
        Value::Number(index) => Some(PathSegment::Index(usize::try_from(index.as_u64()?).ok()?)),
        _ => None,
    }
}

/// Whether a text has the form of an error code.
fn is_code(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= CODE_BYTES_MAX
        && text
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(status: u16, is_json: bool, body: &str) -> Result<SubgraphResponse, FetchError> {
        read(&HttpResponse { status, is_json, body: body.to_owned().into() })
    }

    #[test]
    fn unusable_responses_must_be_classified() {
        for (status, is_json, body) in [
            (502, false, "<html>Bad gateway</html>"),
            (500, true, "{\"oops\": 1}"),
            (404, true, "not json"),
        ] {
            let error = reading(status, is_json, body).unwrap_err();
            assert!(
                matches!(error, FetchError::Status(code) if code == status),
                "{body}: {error:?}"
            );
        }
        for body in
            ["", "{\"data\": {\"a\"", "[]", "{}", "{\"data\": 3}", "{\"data\": []}", "<html>"]
        {
            let error = reading(200, true, body).unwrap_err();
            assert!(matches!(error, FetchError::MalformedResponse(_)), "{body}: {error:?}");
        }
    }

    #[test]
    fn errors_of_any_shape_must_be_errors() {
        let body = r#"{"data": null, "errors": ["text", {"message": 4, "path": "x"},
            {"message": "no", "path": ["a", 0, "b"], "extensions": {"code": "NOT_HERE"}},
            {"path": [true], "extensions": {"code": "a sentence that is no code"}}]}"#;
        let SubgraphResponse { data, errors } = reading(200, true, body).unwrap();
        assert_eq!((&*data, errors.len()), (NULL, 4));
        assert_eq!(errors[2].code.as_deref(), Some("NOT_HERE"));
        assert_eq!(errors[2].path.len(), 3);
        assert_eq!((errors[3].path.len(), &errors[3].code), (0, &None));
    }

    #[test]
    fn errors_under_an_error_status_must_be_read() {
        let body = r#"{"errors": [{"message": "sign in"}]}"#;
        assert_eq!(reading(401, true, body).unwrap().errors[0].message, "sign in");
    }

    #[test]
    fn nesting_must_not_be_followed_without_end() {
        let deep = format!("{{\"data\": {}", "{\"a\": ".repeat(100_000));
        assert!(matches!(reading(200, true, &deep), Err(FetchError::MalformedResponse(_))));
    }
}
