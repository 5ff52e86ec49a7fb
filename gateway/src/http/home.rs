//! `/`: a short page that says what this is, until there is a search page.

use std::sync::Arc;

use poem::{Endpoint, Request, Response, Result};
use url::Url;

use crate::{PROGRAM, pipeline::Pipeline};

/// The text of the page, in Dutch and in English.
const PAGE: &str = include_str!("home.html");

/// What the page tells.
#[derive(Clone)]
pub(super) struct Home {
    pipeline: Arc<Pipeline>,
    graphql: String,
}

impl Home {
    /// The page of a service that people reach at `public_url`.
    pub(super) fn new(pipeline: Arc<Pipeline>, public_url: &Url) -> Self {
        // A URL has neither `<` nor `"` in it, so it can stand in HTML as it is; `&` cannot.
        let graphql = format!("{public_url}graphql").replace('&', "&amp;");
        Self { pipeline, graphql }
    }
}

impl Endpoint for Home {
    type Output = Response;

    async fn call(&self, _request: Request) -> Result<Response> {
        let (dutch, english) = match self.pipeline.snapshot() {
            Some(snapshot) => {
                let number = snapshot.generation();
                let day = snapshot.built_at().strftime("%Y-%m-%d %H:%M UTC");
                (
                    format!("De kennisbank is generatie {number}, gemaakt op {day}."),
                    format!("The knowledge base is generation {number}, built on {day}."),
                )
            }
            None => (
                "Er is nog geen kennisbank. De beheerder kan er een maken.".to_owned(),
                "There is no knowledge base yet. The operator can build one.".to_owned(),
            ),
        };
        let page = PAGE
            .replace("{state_nl}", &dutch)
            .replace("{state_en}", &english)
            .replace("{graphql}", &self.graphql)
            .replace("{program}", PROGRAM);
        Ok(Response::builder().content_type("text/html; charset=utf-8").body(page))
    }
}
