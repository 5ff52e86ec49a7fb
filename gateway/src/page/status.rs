//! How things stand, for people: generation, counts, health of the sources.

use askama::Template;
use schema::{Kind, NodeKind};

use super::{PageError, Visit, frame::Frame};

#[derive(Template)]
#[template(path = "status.html")]
struct StatusView<'a> {
    frame: Frame<'a>,
    health: &'a str,
    generation: String,
    built: String,
    counts: Vec<(String, String)>,
    /// Name, records, rejected, day of reading.
    sources: Vec<[String; 4]>,
}

/// The page that says how things stand.
pub(super) fn page(visit: Visit<'_>, damaged: bool) -> Result<String, PageError> {
    let (words, snapshot) = (visit.words, visit.snapshot);
    let mut frame = Frame::new(visit.site, words, words.say("status.title").to_owned(), "status");
    frame.listed = false;
    let counts = *snapshot.counts();
    let kinds = Kind::ALL
        .iter()
        .map(|kind| (words.name("kinds", kind.name()), words.number(counts.get((*kind).into()))));
    let others = [
        ("status.themes", NodeKind::Theme),
        ("status.organisations", NodeKind::Organisation),
        ("status.people", NodeKind::Person),
    ];
    let others =
        others.map(|(key, kind)| (words.say(key).to_owned(), words.number(counts.get(kind))));
    let sources = snapshot.sources().iter().map(|source| {
        [
            source.name.to_string(),
            words.number(source.records),
            words.number(source.rejected),
            words.day_of(source.read_at),
        ]
    });
    let view = StatusView {
        frame,
        health: words.say(if damaged { "status.damaged" } else { "status.sound" }),
        generation: snapshot.generation().to_string(),
        built: words.day_of(snapshot.built_at()),
        counts: kinds.chain(others).collect(),
        sources: sources.collect(),
    };
    Ok(view.render()?)
}
