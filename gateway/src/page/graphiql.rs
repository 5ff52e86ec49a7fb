//! The page that holds `GraphiQL`, and the one that says how to build it.

use askama::Template;

use super::{PageError, Site, frame::Frame, words::Words};

/// Builds it, in the root of the repository.
const COMMAND: &str = "npm --prefix gateway/graphiql run build";
/// Names where it was built.
const KEY: &str = "[graphql]\ngraphiql = \"gateway/graphiql/built\"";

#[derive(Template)]
#[template(path = "graphiql.html")]
struct GraphiqlView<'a> {
    frame: Frame<'a>,
}

#[derive(Template)]
#[template(path = "no_graphiql.html")]
struct NoGraphiqlView<'a> {
    frame: Frame<'a>,
    command: &'static str,
    key: &'static str,
}

/// The page that holds it. Those who build read English.
///
/// # Errors
/// [`PageError::Template`] where the template fails.
pub(crate) fn graphiql(site: &Site) -> Result<String, PageError> {
    let words = Words::of(schema::Language::En);
    Ok(GraphiqlView { frame: frame(site, words) }.render()?)
}

/// The page that says how to build it.
///
/// # Errors
/// [`PageError::Template`] where the template fails.
pub(crate) fn no_graphiql(site: &Site, words: &'static Words) -> Result<String, PageError> {
    let view = NoGraphiqlView { frame: frame(site, words), command: COMMAND, key: KEY };
    Ok(view.render()?)
}

fn frame<'a>(site: &'a Site, words: &'static Words) -> Frame<'a> {
    let mut frame = Frame::new(site, words, "GraphiQL".to_owned(), "graphiql");
    frame.listed = false;
    frame
}
