//! The page with `GraphiQL`, and the page with instructions for building it.

use askama::Template;

use super::{PageError, Site, layout::Layout};
use crate::messages::Messages;

/// Command that builds `GraphiQL`, from the root of the repository.
const BUILD_COMMAND: &str = "npm --prefix gateway/graphiql run build";
/// Configuration that points to the build.
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

/// The page with `GraphiQL`. It is in English only, for developers.
///
/// # Errors
/// [`PageError::Template`] if the template fails.
pub(crate) fn graphiql(site: &Site) -> Result<String, PageError> {
    let messages = site.messages(schema::Language::En);
    Ok(GraphiqlView { layout: layout(site, messages) }.render()?)
}

/// The page with instructions for building it.
///
/// # Errors
/// [`PageError::Template`] if the template fails.
pub(crate) fn no_graphiql(site: &Site, messages: &Messages) -> Result<String, PageError> {
    let view = NoGraphiqlView {
        layout: layout(site, messages),
        build_command: BUILD_COMMAND,
        config_example: CONFIG_EXAMPLE,
    };
    Ok(view.render()?)
}

fn layout<'a>(site: &'a Site, messages: &'a Messages) -> Layout<'a> {
    let mut layout = Layout::new(site, messages, "GraphiQL".to_owned(), "graphiql");
    layout.is_indexable = false;
    layout
}
