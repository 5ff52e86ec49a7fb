//! The page that holds `GraphiQL`, and the one that says how to build it.

use askama::Template;

use super::{PageError, SiteUrls, layout::Layout};
use crate::messages::Messages;

/// Builds it, in the root of the repository.
const BUILD_COMMAND: &str = "npm --prefix gateway/graphiql run build";
/// Names where it was built.
const CONFIG_EXAMPLE: &str = "[graphql]\ngraphiql = \"gateway/graphiql/built\"";

#[derive(Template)]
#[template(path = "graphiql.html")]
struct GraphiqlView<'a> {
    layout: Layout<'a>,
}

#[derive(Template)]
#[template(path = "no_graphiql.html")]
struct NoGraphiqlView<'a> {
    layout: Layout<'a>,
    build_command: &'static str,
    config_example: &'static str,
}

/// The page that holds it. Those who build read English.
///
/// # Errors
/// [`PageError::Template`] where the template fails.
pub(crate) fn graphiql(site: &SiteUrls) -> Result<String, PageError> {
    let messages = Messages::of(schema::Language::En);
    Ok(GraphiqlView { layout: layout(site, messages) }.render()?)
}

/// The page that says how to build it.
///
/// # Errors
/// [`PageError::Template`] where the template fails.
pub(crate) fn no_graphiql(
    site: &SiteUrls,
    messages: &'static Messages,
) -> Result<String, PageError> {
    let view = NoGraphiqlView {
        layout: layout(site, messages),
        build_command: BUILD_COMMAND,
        config_example: CONFIG_EXAMPLE,
    };
    Ok(view.render()?)
}

fn layout<'a>(site: &'a SiteUrls, messages: &'static Messages) -> Layout<'a> {
    let mut layout = Layout::new(site, messages, "GraphiQL".to_owned(), "graphiql");
    layout.is_indexable = false;
    layout
}
