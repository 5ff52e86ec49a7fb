//! Whether search engines may show an object: its page says so, not the REST API, which sends
//! `X-Robots-Tag: noindex` with everything.

use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream};
use serde_json::Value;
use url::Url;

use super::{RunError, Walk, api::ApiError};
use crate::html_page::PageMetadata;

/// Number of pages that are requested at once.
const CONCURRENT_PAGES: usize = 2;
/// Number of pages in a row that cannot be read, after which the run does not try more.
const ERRORS_MAX: usize = 5;

/// What the page of an object says.
#[derive(Debug)]
pub(super) enum PageStatus {
    /// It exists, and search engines may show it.
    Public,
    /// There is no page, or search engines must not show it.
    Hidden,
    /// It cannot be read.
    Unknown(ApiError),
}

impl Walk<'_> {
    /// The status of objects, from the objects themselves or else from their pages.
    ///
    /// # Errors
    /// If [`ERRORS_MAX`] pages in a row cannot be read.
    pub(super) async fn page_statuses(
        &self,
        objects: Vec<(&u64, &Value)>,
    ) -> Result<Vec<(u64, PageStatus)>, RunError> {
        let statuses: Vec<BoxFuture<'_, _>> =
            objects.into_iter().map(|(id, object)| self.page_status(*id, object).boxed()).collect();
        let mut statuses = stream::iter(statuses).buffered(CONCURRENT_PAGES);
        let (mut found, mut errors) = (Vec::new(), 0);
        while let Some((id, status)) = statuses.next().await {
            match status {
                PageStatus::Unknown(error) if errors + 1 == ERRORS_MAX => return Err(error.into()),
                PageStatus::Unknown(_) => errors += 1,
                _ => errors = 0,
            }
            found.push((id, status));
        }
        Ok(found)
    }

    async fn page_status(&self, id: u64, object: &Value) -> (u64, PageStatus) {
        // Yoast SEO adds what the page will say.
        let index = object["yoast_head_json"]["robots"]["index"].as_str();
        let link = object["link"].as_str().and_then(|link| link.parse::<Url>().ok());
        let status = match (index, link) {
            (Some("noindex"), _) => PageStatus::Hidden,
            (Some("index"), _) => PageStatus::Public,
            (_, Some(link)) if self.options.read_pages && self.api.is_own_host(&link) => {
                match self.api.web_page(&link).await {
                    Ok(page) if page.is_noindex => PageStatus::Hidden,
                    Ok(page) => of_metadata(&PageMetadata::read(&page.body)),
                    // The page is that of another site; the object is as public as its link.
                    Err(ApiError::Moved { .. }) => PageStatus::Public,
                    Err(ApiError::Gone { .. }) => PageStatus::Hidden,
                    Err(error) => PageStatus::Unknown(error),
                }
            }
            _ => PageStatus::Public,
        };
        (id, status)
    }
}

fn of_metadata(page: &PageMetadata) -> PageStatus {
    if page.is_noindex { PageStatus::Hidden } else { PageStatus::Public }
}
