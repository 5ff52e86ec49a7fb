//! The page for operators with the usage of each partner.

use askama::Template;
use jiff::Timestamp;

use super::{PageContext, PageError, layout::Layout};
use crate::{config::PREVIEW_NAME, partners::Partner};

#[derive(Template)]
#[template(path = "usage.html")]
struct UsageView<'a> {
    layout: Layout<'a>,
    since: String,
    /// Name, and the numbers of admitted and rejected requests, of searches, and the share of those
    /// without hits.
    rows: Vec<[String; 5]>,
}

/// The usage since a time.
pub(super) fn page<'p>(
    context: PageContext<'_>,
    partners: impl IntoIterator<Item = &'p Partner>,
    since: Timestamp,
) -> Result<String, PageError> {
    let messages = context.messages;
    let title = messages.get("usage.title").to_owned();
    let mut layout = Layout::new(context.site, messages, title, "status/partners");
    layout.is_indexable = false;
    let rows = partners.into_iter().map(|partner| {
        let name = match partner.config.name.as_str() {
            PREVIEW_NAME => messages.get("usage.preview").to_owned(),
            name => name.to_owned(),
        };
        let [admitted, rejected, searches, empty] = partner.usage.counts();
        let share = match (empty * 100).checked_div(searches) {
            None => messages.get("usage.none").to_owned(),
            Some(percent) => format!("{percent}%"),
        };
        let number = |number| messages.number(number);
        [name, number(admitted), number(rejected), number(searches), share]
    });
    let since = messages.format("usage.since", "time", &messages.minute_of(since));
    Ok(UsageView { layout, since, rows: rows.collect() }.render()?)
}
