//! The status page: generation, counts and health of the sources.

use askama::Template;
use indexer::catalog::{HealthState, time_of};
use schema::{Kind, NodeKind};

use super::{PageContext, PageError, layout::Layout};
use crate::alerts::Alert;

#[derive(Template)]
#[template(path = "status.html")]
struct StatusView<'a> {
    layout: Layout<'a>,
    /// The conditions that need an operator.
    alerts: Vec<String>,
    generation: String,
    counts: Vec<(String, String)>,
    /// Name, number of records, number of rejections, and date of the last read.
    sources: Vec<[String; 4]>,
    runs: Vec<RunRow<'a>>,
}

/// The synchronisation of one source.
struct RunRow<'a> {
    name: String,
    state: &'a str,
    last_run: String,
    completed: String,
    next_run: String,
    /// Why it is not healthy, in English.
    error: Option<String>,
}

/// The status page.
pub(super) fn page(context: PageContext<'_>, alerts: &[Alert]) -> Result<String, PageError> {
    let (messages, snapshot) = (context.messages, context.snapshot);
    let mut layout =
        Layout::new(context.site, messages, messages.get("status.title").to_owned(), "status");
    layout.is_indexable = false;
    let counts = *snapshot.counts();
    let kinds = Kind::ALL.iter().map(|kind| {
        (messages.enum_label("kinds", kind.name()), messages.number(counts.get((*kind).into())))
    });
    let others = [
        ("status.themes", NodeKind::Theme),
        ("status.organisations", NodeKind::Organisation),
        ("status.people", NodeKind::Person),
    ];
    let others =
        others.map(|(key, kind)| (messages.get(key).to_owned(), messages.number(counts.get(kind))));
    let sources = snapshot.sources().iter().map(|source| {
        [
            source.name.to_string(),
            messages.number(source.records),
            messages.number(source.rejected),
            messages.day_of(source.read_at),
        ]
    });
    let time = |seconds: Option<i64>| {
        let time = seconds.and_then(time_of);
        time.map_or_else(|| messages.get("status.none").to_owned(), |time| messages.minute_of(time))
    };
    let health = snapshot.source_health();
    let runs = health.iter().map(|(name, health)| RunRow {
        name: name.to_string(),
        state: messages.get(match health.state() {
            None => "status.pending",
            Some(HealthState::Healthy) => "status.healthy",
            Some(HealthState::Partial) => "status.partial",
            Some(HealthState::Failed) => "status.failed",
        }),
        last_run: time(health.last_run.as_ref().map(|run| run.at)),
        completed: time(health.completed_at),
        next_run: time(health.next_run_at),
        error: health.error().map(str::to_owned),
    });
    let describe = |alert: &Alert| {
        let (key, name) = alert.message();
        messages.format(key, "name", name)
    };
    let number = snapshot.generation().to_string();
    let view = StatusView {
        layout,
        alerts: alerts.iter().map(describe).collect(),
        generation: messages.format_all(
            "status.generation",
            &[("number", &number), ("date", &messages.day_of(snapshot.built_at()))],
        ),
        counts: kinds.chain(others).collect(),
        sources: sources.collect(),
        runs: runs.collect(),
    };
    Ok(view.render()?)
}
