//! Pages for a missing record or a failure. They do not depend on a generation.

use askama::Template;

use super::{PageError, Site, layout::Layout};
use crate::messages::Messages;

/// The kind of error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErrorPage {
    /// There is no page at this URL.
    NotFound,
    /// Temporarily unavailable.
    Unavailable,
    /// An internal error.
    Internal,
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorView<'a> {
    layout: Layout<'a>,
    text: String,
    request_text: String,
}

/// The error page; `request_id` identifies the request in the log.
///
/// # Errors
/// [`PageError::Template`] if the template fails.
pub(crate) fn error_page(
    site: &Site,
    messages: &Messages,
    kind: ErrorPage,
    request_id: &str,
) -> Result<String, PageError> {
    let key = match kind {
        ErrorPage::NotFound => "not_found",
        ErrorPage::Unavailable => "unavailable",
        ErrorPage::Internal => "internal",
    };
    let request_text = match kind {
        ErrorPage::NotFound => String::new(),
        _ if request_id.is_empty() => String::new(),
        _ => messages.format("error.request", "id", request_id),
    };
    render(
        site,
        messages,
        messages.enum_label("error", key),
        messages.enum_label("error", &format!("{key}_text")),
        request_text,
    )
}

fn render(
    site: &Site,
    messages: &Messages,
    title: String,
    text: String,
    request_text: String,
) -> Result<String, PageError> {
    let mut layout = Layout::new(site, messages, title, "");
    layout.is_indexable = false;
    Ok(ErrorView { layout, text, request_text }.render()?)
}
