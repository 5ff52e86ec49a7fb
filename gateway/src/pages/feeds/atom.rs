//! A feed as Atom (RFC 4287), with links to its next page (RFC 5005).

use askama::Template;

use super::{FeedView, PageContext, PageError};
use crate::pages::render_template;

#[derive(Template)]
#[template(path = "atom.xml")]
struct AtomView<'a> {
    feed: &'a FeedView,
    language: &'static str,
    author: &'a str,
    site_url: &'a str,
}

/// A feed as XML.
pub(super) async fn render(context: PageContext<'_>, feed: &FeedView) -> Result<String, PageError> {
    let messages = context.messages;
    let view = AtomView {
        feed,
        language: messages.language_code(),
        author: messages.get("site.name"),
        site_url: context.site.url.as_str(),
    };
    render_template(&view).await
}
