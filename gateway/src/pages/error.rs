//! Pages for when something is not there or goes wrong. They read no generation.

use askama::Template;

use super::{PageError, SiteUrls, layout::Layout};
use crate::messages::Messages;

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErrorPage {
    /// There is nothing at this address.
    NotFound,
    /// Not now.
    Unavailable,
    /// A fault of ours.
    Internal,
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorView<'a> {
    layout: Layout<'a>,
    text: String,
    request_text: String,
}

/// The page that says what went wrong; `request` is the id under which the log has it.
///
/// # Errors
/// [`PageError::Template`] where the template fails.
pub(crate) fn error_page(
    site: &SiteUrls,
    messages: &'static Messages,
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
    site: &SiteUrls,
    messages: &'static Messages,
    title: String,
    text: String,
    request_text: String,
) -> Result<String, PageError> {
    let mut layout = Layout::new(site, messages, title, "");
    layout.is_indexable = false;
    Ok(ErrorView { layout, text, request_text }.render()?)
}
