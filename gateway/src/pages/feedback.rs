//! The pages about the feedback of readers: what was counted, for editors, and thanks to a reader.

use askama::Template;

use super::{
    PageContext, PageError,
    layout::{Layout, Link},
};
use crate::{
    feedback::{CLIENTS_MIN, FeedbackReport, FeedbackReports, VoteCounts, VotedPage},
    messages::Messages,
};

#[derive(Template)]
#[template(path = "feedback.html")]
struct FeedbackView<'a> {
    layout: Layout<'a>,
    periods: Vec<PeriodView>,
    /// Why a query may be missing.
    explanation: String,
}

/// The counts of a day.
struct PeriodView {
    /// Key of the message.
    title: &'static str,
    /// The id of its heading, and the start of those below it.
    id: &'static str,
    since: String,
    tables: [TableView; 3],
}

/// A table of counts.
struct TableView {
    /// Key of the message.
    title: &'static str,
    /// Keys of the messages above the columns.
    columns: &'static [&'static str],
    /// The name and the counts of each row.
    rows: Vec<(String, Vec<String>)>,
}

#[derive(Template)]
#[template(path = "thanks.html")]
struct ThanksView<'a> {
    layout: Layout<'a>,
    /// The page that the reader came from.
    back: Option<Link>,
}

/// The counts of today and of the day before.
pub(super) fn reports_page(
    context: PageContext<'_>,
    reports: &FeedbackReports,
) -> Result<String, PageError> {
    let messages = context.messages;
    let title = messages.get("feedback.title").to_owned();
    let mut layout = Layout::new(context.site, messages, title, "feedback");
    layout.is_indexable = false;
    let today = PeriodView {
        id: "today",
        title: "feedback.today",
        since: since(messages, "feedback.since_today", &reports.today),
        tables: tables(messages, &reports.today),
    };
    let yesterday = reports.yesterday.iter().map(|report| PeriodView {
        id: "yesterday",
        title: "feedback.yesterday",
        since: since(messages, "feedback.since_yesterday", report),
        tables: tables(messages, report),
    });
    let periods = [today].into_iter().chain(yesterday).collect();
    let clients = CLIENTS_MIN.to_string();
    let explanation = messages.format("feedback.explanation", "clients", &clients);
    Ok(FeedbackView { layout, periods, explanation }.render()?)
}

/// Since when a report counts.
fn since(messages: &Messages, key: &str, report: &FeedbackReport) -> String {
    messages.format(key, "time", &messages.minute_of(report.since))
}

fn tables(messages: &Messages, report: &FeedbackReport) -> [TableView; 3] {
    let number = |number| messages.number(number);
    let counts = |votes: VoteCounts| vec![number(votes.yes), number(votes.no)];
    let pages = report.pages.iter().map(|entry| {
        let name = messages.enum_label("feedback_page", entry.page.name());
        (name, counts(entry.votes))
    });
    let queries = report.queries.iter();
    let queries = queries.map(|entry| (entry.query.clone(), counts(entry.votes)));
    let empty = report.queries_without_hits.iter();
    let empty = empty.map(|entry| (entry.query.clone(), vec![number(entry.clients)]));
    [
        TableView {
            title: "feedback.pages",
            columns: &["feedback.page", "feedback.yes", "feedback.no"],
            rows: pages.collect(),
        },
        TableView {
            title: "feedback.queries",
            columns: &["feedback.query", "feedback.yes", "feedback.no"],
            rows: queries.collect(),
        },
        TableView {
            title: "feedback.empty",
            columns: &["feedback.query", "feedback.clients"],
            rows: empty.collect(),
        },
    ]
}

/// Thanks to a reader, with a link back.
pub(super) fn thanks_page(
    context: PageContext<'_>,
    page: Option<&VotedPage>,
) -> Result<String, PageError> {
    let messages = context.messages;
    let title = messages.get("feedback.thanks").to_owned();
    let path = page.map_or_else(
        || "feedback/thanks".to_owned(),
        |page| {
            let page = url::form_urlencoded::byte_serialize(page.path.as_bytes());
            format!("feedback/thanks?page={}", page.collect::<String>())
        },
    );
    let mut layout = Layout::new(context.site, messages, title, &path);
    layout.is_indexable = false;
    let back = page.map(|page| Link {
        href: context.href(&page.path),
        text: messages.enum_label("feedback_back", page.page_type.name()),
    });
    Ok(ThanksView { layout, back }.render()?)
}
