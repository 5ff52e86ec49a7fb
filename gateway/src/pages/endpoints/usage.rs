//! `/status/partners`: the usage of each partner, for operators with the token.

use std::sync::Arc;

use jiff::Timestamp;
use poem::{
    Endpoint, Request, Response, Result,
    http::{HeaderValue, header},
};

use super::{PageCaching, Pages, token_file::TokenFile};
use crate::{
    pages::{PageError, PageRequest},
    partners::Partners,
};

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
        let token = TokenFile {
            file,
            key: "`security.operator_token_file`",
            challenge: "Basic realm=\"Wegwijzer\", charset=\"UTF-8\"",
        };
        if let Err(rejection) = token.check(request.headers()).await {
            return Ok(rejection);
        }
        let variant = self.pages.variant(request.uri().path(), PageCaching::None);
        let page_request =
            PageRequest::Usage { partners: Arc::clone(&self.partners), since: self.since };
        let mut response = self.pages.page(&request, &page_request, variant).await;
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Ok(response)
    }
}
