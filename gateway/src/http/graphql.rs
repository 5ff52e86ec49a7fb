//! `/graphql`: GraphQL over HTTP.

use std::sync::Arc;

use async_graphql::{ServerError, Value};
use poem::{
    Endpoint, Request, Response, Result,
    http::{HeaderValue, StatusCode, header},
};
use schema::GenerationNumber;
use serde::Serialize;

use super::{
    media::Media,
    question::{self, Refusal},
};
use crate::{
    failure::Code,
    pipeline::{Answer, Outcome, Pipeline},
};

/// The endpoint.
pub(super) struct Graphql(pub(super) Arc<Pipeline>);

/// What the log says about a GraphQL request; travels with the response.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub(super) operation_name: Option<String>,
    pub(super) generation: Option<GenerationNumber>,
}

/// The body of an answer: errors first, and no `data` where nothing was executed.
#[derive(Serialize)]
struct AnswerBody<'a> {
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [ServerError],
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Value>,
}

impl Endpoint for Graphql {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let body = request.take_body();
        let Some(media) = Media::accepted(request.headers()) else {
            let message = "accept `application/graphql-response+json` or `application/json`";
            let refusal = Refusal::new(StatusCode::NOT_ACCEPTABLE, message);
            return Ok(refused(Media::Json, refusal));
        };
        let question = match question::read(&request, body, self.0.limits()).await {
            Ok(question) => question,
            Err(refusal) => return Ok(refused(media, refusal)),
        };
        let Answer { outcome, operation_name, generation } = self.0.answer(question).await;
        let mut response = response(media, outcome);
        response.set_data(Told { operation_name, generation });
        Ok(response)
    }
}

/// The response that tells an outcome.
fn response(media: Media, outcome: Outcome) -> Response {
    match outcome {
        Outcome::Executed(executed) => {
            respond(media, StatusCode::OK, &executed.errors, Some(&executed.data))
        }
        Outcome::Refused(errors) => {
            let status = match media {
                Media::GraphqlResponse => StatusCode::BAD_REQUEST,
                Media::Json => StatusCode::OK,
            };
            respond(media, status, &errors, None)
        }
        Outcome::NotAllowed(failure) => {
            let mut response =
                refused(media, Refusal { status: StatusCode::METHOD_NOT_ALLOWED, failure });
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
            response
        }
        Outcome::Failed(failure) => {
            let status = match failure.code {
                Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
                _ => StatusCode::SERVICE_UNAVAILABLE,
            };
            refused(media, Refusal { status, failure })
        }
    }
}

fn refused(media: Media, Refusal { status, failure }: Refusal) -> Response {
    let mut response = respond(media, status, &[failure.at(None)], None);
    if status == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, POST"));
    }
    response
}

fn respond(
    media: Media,
    status: StatusCode,
    errors: &[ServerError],
    data: Option<&Value>,
) -> Response {
    let body =
        serde_json::to_vec(&AnswerBody { errors, data }).expect("GraphQL values are always JSON");
    Response::builder()
        .status(status)
        .content_type(media.content_type())
        .header(header::VARY, "accept")
        .body(body)
}
