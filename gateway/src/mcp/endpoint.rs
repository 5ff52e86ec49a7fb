//! HTTP: what is rejected before the protocol, and the form of responses.

use std::sync::Arc;

use poem::{
    Endpoint, EndpointExt, IntoResponse, Request, Response, Result,
    endpoint::{BoxEndpoint, TowerCompatExt},
    http::{HeaderValue, Method, StatusCode, header},
};
use rmcp::{
    model::{ClientJsonRpcMessage, ErrorCode as RpcErrorCode},
    transport::streamable_http_server::{
        StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
    },
};
use serde_json::{Value, json};

use super::handler::{McpHandler, RequestSpan};
use crate::{
    blocking,
    config::{Config, CorsOrigins, Limits},
    error::{ApiError, ErrorCode},
    http::{
        compression::ContentEncoding,
        cors,
        partner::RequestPartner,
        problem_details, quality_value,
        request_body::{RequestError, read_body},
    },
    pipeline::Pipeline,
};

const JSON: &str = "application/json";
/// What the library requires of clients; our responses are JSON always.
const ACCEPTED: HeaderValue = HeaderValue::from_static("application/json, text/event-stream");

/// The endpoint of assistants.
pub(crate) struct McpEndpoint {
    service: BoxEndpoint<'static, Response>,
    cors: CorsOrigins,
    limits: Limits,
    /// The origin of our own pages.
    own_origin: String,
}

impl McpEndpoint {
    pub(crate) fn new(pipeline: Arc<Pipeline>, config: &Config) -> Self {
        let handler = McpHandler::new(pipeline, config);
        // Not the header `Host`: a proxy may send another one. Origins are checked here.
        let settings = StreamableHttpServerConfig::default()
            .with_legacy_session_mode(false)
            .with_json_response(true)
            .with_max_request_body_bytes(config.limits.request_bytes_max)
            .disable_allowed_hosts();
        let sessions = Arc::new(NeverSessionManager::default());
        let service = StreamableHttpService::new(move || Ok(handler.clone()), sessions, settings);
        Self {
            service: service.compat().boxed(),
            cors: config.cors.clone(),
            limits: config.limits.clone(),
            own_origin: config.public_url.origin().ascii_serialization(),
        }
    }

    /// Checks everything but the message.
    fn check(&self, request: &Request) -> Result<(), RequestError> {
        let headers = request.headers();
        if let Some(origin) = headers.get(header::ORIGIN)
            && origin.as_bytes() != self.own_origin.as_bytes()
            && request.data::<RequestPartner>().is_none()
            && !cors::is_allowed(&self.cors, origin)
        {
            let message = "pages of this origin may not use MCP; see `[cors]` and `[[partner]]`";
            let error = ApiError::new(ErrorCode::Forbidden, message);
            return Err(RequestError { status: StatusCode::FORBIDDEN, error });
        }
        if *request.method() != Method::POST {
            let message = "MCP clients send messages with POST to this address";
            return Err(RequestError::new(StatusCode::METHOD_NOT_ALLOWED, message));
        }
        let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let essence = content_type.and_then(|value| value.split(';').next()).unwrap_or_default();
        if !essence.trim().eq_ignore_ascii_case(JSON) {
            let message = "`content-type` must be `application/json`";
            return Err(RequestError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
        }
        let accepted = quality_value::members(headers, &header::ACCEPT);
        let accepts_json = accepted.iter().any(|range| {
            range.quality > 0 && [JSON, "application/*", "*/*"].contains(&&*range.name)
        });
        if headers.contains_key(header::ACCEPT) && !accepts_json {
            let message = "`accept` must include `application/json`";
            return Err(RequestError::new(StatusCode::NOT_ACCEPTABLE, message));
        }
        Ok(())
    }
}

impl Endpoint for McpEndpoint {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let encoding = ContentEncoding::negotiate(request.headers());
        if let Err(error) = self.check(&request) {
            let mut response = problem_details::response(error.status, &error.error);
            if error.status == StatusCode::METHOD_NOT_ALLOWED {
                response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
            }
            return Ok(response);
        }
        let body = match read_body(request.take_body(), &self.limits).await {
            Ok(body) => body,
            Err(error) => return Ok(problem_details::response(error.status, &error.error)),
        };
        let message = body.clone();
        let checked = blocking::run(body.len(), move || check_message(&message)).await;
        if let Err(error) = checked {
            return Ok(error.response());
        }
        request.set_body(body);
        request.set_data(RequestSpan(tracing::Span::current()));
        request.headers_mut().insert(header::ACCEPT, ACCEPTED);
        let response = self.service.call(request).await?.into_response();
        readable(response, encoding).await
    }
}

/// An error of JSON-RPC.
struct RpcError {
    code: RpcErrorCode,
    message: String,
    /// The id of the request, if it has one.
    id: Value,
}

impl RpcError {
    fn response(&self) -> Response {
        let error = json!({ "code": self.code.0, "message": self.message });
        let body = json!({ "jsonrpc": "2.0", "id": self.id, "error": error });
        Response::builder()
            .status(StatusCode::BAD_REQUEST)
            .content_type(JSON)
            .body(body.to_string())
    }
}

/// Checks that a body is one message of the protocol.
fn check_message(body: &[u8]) -> Result<(), RpcError> {
    let error = |code, message: String, id| Err(RpcError { code, message, id });
    let value: Value = match serde_json::from_slice(body) {
        Ok(value) => value,
        Err(invalid) => {
            return error(
                RpcErrorCode::PARSE_ERROR,
                format!("invalid JSON: {invalid}"),
                Value::Null,
            );
        }
    };
    if value.is_array() {
        let message = "batches are not part of the protocol; send one message per request";
        return error(RpcErrorCode::INVALID_REQUEST, message.to_owned(), Value::Null);
    }
    let id = value.get("id").filter(|id| id.is_string() || id.is_number());
    let id = id.cloned().unwrap_or_default();
    if serde_json::from_value::<ClientJsonRpcMessage>(value).is_err() {
        let message = "not a JSON-RPC 2.0 message of a client; it needs `jsonrpc`, and `method` with its `params`";
        return error(RpcErrorCode::INVALID_REQUEST, message.to_owned(), id);
    }
    Ok(())
}

/// A response of the library: texts become errors of JSON-RPC, and bodies are compressed.
async fn readable(mut response: Response, encoding: ContentEncoding) -> Result<Response> {
    let status = response.status();
    let is_json = response.content_type().is_some_and(|media_type| media_type.starts_with(JSON));
    let body = response.take_body().into_bytes().await?;
    if body.is_empty() && status.is_success() {
        return Ok(response);
    }
    if !is_json {
        let message = if status.is_client_error() {
            String::from_utf8_lossy(&body).into_owned()
        } else {
            tracing::error!(status = status.as_u16(), "MCP request failed");
            ApiError::internal().message.clone()
        };
        let code = if status.is_client_error() {
            RpcErrorCode::INVALID_REQUEST
        } else {
            RpcErrorCode::INTERNAL_ERROR
        };
        let mut response = RpcError { code, message, id: Value::Null }.response();
        response.set_status(status);
        return Ok(response);
    }
    response.set_body(encoding.encode_off_runtime(body).await);
    encoding.set_headers(response.headers_mut());
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
