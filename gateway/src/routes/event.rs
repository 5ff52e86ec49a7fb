//! `/event/…`: an iCalendar file if the path ends in `.ics`, otherwise a page.

use poem::{Endpoint, Request, Response, Result};

use crate::{http::icalendar::IcalendarEndpoint, pages::endpoints::Pages};

/// Endpoint of both.
pub(super) struct EventEndpoint {
    pub(super) icalendar: IcalendarEndpoint,
    pub(super) pages: Pages,
}

impl Endpoint for EventEndpoint {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let file = request.raw_path_param("file").and_then(|file| file.strip_suffix(".ics"));
        if file.is_some() {
            self.icalendar.call(request).await
        } else {
            self.pages.call(request).await
        }
    }
}
