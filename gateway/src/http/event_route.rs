//! `/event/…`: the file for a calendar where the address ends in `.ics`, else the page.

use poem::{Endpoint, Request, Response, Result};

use super::icalendar::IcalendarEndpoint;
use crate::pages::http::Pages;

/// The two of them.
pub(super) struct EventRoute {
    pub(super) icalendar: IcalendarEndpoint,
    pub(super) pages: Pages,
}

impl Endpoint for EventRoute {
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
