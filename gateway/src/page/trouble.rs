//! Pages for when something is not there or goes wrong. They read no generation.

use askama::Template;

use super::{PageError, Site, frame::Frame, words::Words};

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// There is nothing at this address.
    NotFound,
    /// Not now.
    Unavailable,
    /// A fault of ours.
    Internal,
}

#[derive(Template)]
#[template(path = "trouble.html")]
struct TroubleView<'a> {
    frame: Frame<'a>,
    text: String,
    request: String,
}

/// The page that says what went wrong; `request` is the id under which the log has it.
///
/// # Errors
/// [`PageError::Template`] where the template fails.
pub(crate) fn trouble(
    site: &Site,
    words: &'static Words,
    what: Trouble,
    request: &str,
) -> Result<String, PageError> {
    let key = match what {
        Trouble::NotFound => "not_found",
        Trouble::Unavailable => "unavailable",
        Trouble::Internal => "internal",
    };
    let request = match what {
        Trouble::NotFound => String::new(),
        _ => words.fill("error.request", "id", request),
    };
    render(
        site,
        words,
        words.name("error", key),
        words.name("error", &format!("{key}_text")),
        request,
    )
}

fn render(
    site: &Site,
    words: &'static Words,
    title: String,
    text: String,
    request: String,
) -> Result<String, PageError> {
    let mut frame = Frame::new(site, words, title, "");
    frame.listed = false;
    Ok(TroubleView { frame, text, request }.render()?)
}
