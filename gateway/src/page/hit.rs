//! One thing in a list: what it is, where the words stand in it, when and from whom.

use std::sync::Arc;

use askama::Template;
use schema::{EventPhase, Highlight, Hit, NodeId, Record, SearchField, Span};

use super::{
    Visit,
    frame::Link,
    names::{self, Names},
    part, site,
    words::home_day,
};

/// At most so many stretches of text are shown.
const FRAGMENTS_MAX: usize = 2;
/// At most so many themes are named.
const THEMES_MAX: usize = 4;
/// At most so many organisations are named.
const ORGANISATIONS_MAX: usize = 3;
/// A summary is cut after so many characters.
const SUMMARY_MAX: usize = 260;

/// One thing in a list.
#[derive(Template)]
#[template(path = "hit.html")]
pub(super) struct HitView {
    href: String,
    lang: &'static str,
    title: Vec<Span>,
    kind: String,
    kind_code: &'static str,
    form: String,
    fragments: Vec<Vec<Span>>,
    /// The date as people write it, and as machines do.
    date: Option<(String, String)>,
    place: String,
    /// What is different from what one expects of an event.
    notice: String,
    past: bool,
    themes: Vec<Link>,
    organisations: Vec<Link>,
    source: String,
}

/// Everything that hits name.
pub(super) fn named<'a>(records: impl IntoIterator<Item = &'a Arc<Record>>) -> Vec<NodeId> {
    records.into_iter().flat_map(|record| record.about()).collect()
}

impl HitView {
    /// A thing that was found.
    pub(super) fn of_hit(visit: Visit<'_>, hit: &Hit, names: &Names) -> Option<Self> {
        Self::new(visit, &hit.record, &hit.highlights, names)
    }

    /// A thing that is shown for another reason.
    pub(super) fn of_record(visit: Visit<'_>, record: &Record, names: &Names) -> Option<Self> {
        Self::new(visit, record, &[], names)
    }

    fn new(
        visit: Visit<'_>,
        record: &Record,
        highlights: &[Highlight],
        names: &Names,
    ) -> Option<Self> {
        let common = record.common()?;
        let words = visit.words;
        let (form, event) = match record {
            Record::Article(article) => (article.form.name(), None),
            Record::Toolkit(toolkit) => (toolkit.form.name(), None),
            Record::Community(community) => (community.form.name(), None),
            Record::Event(event) => (event.form.name(), Some(event)),
            _ => return None,
        };
        let kind = record.kind()?;
        let date = match event {
            Some(event) => {
                let next = event.occurrences(visit.now, 1).into_iter().next();
                let start =
                    next.as_ref().filter(|_| event.series.is_some()).unwrap_or(&event.start);
                Some((words.moment(start), start.date.to_string()))
            }
            None => common.published_at.map(|at| (words.day_of(at), home_day(at).to_string())),
        };
        let place = event
            .and_then(|event| event.place.as_ref())
            .and_then(|place| place.city.clone().or_else(|| place.name.clone()));
        let notice = event.map(|event| part::change(visit, event)).unwrap_or_default();
        let few = |ids: &[NodeId], most| names.links(visit, &ids[..ids.len().min(most)]);
        Some(Self {
            href: visit.site.href(words.language, &site::path(record)?),
            lang: names::foreign(visit, common.language),
            title: title(&common.title, highlights),
            kind: words.name("kind", kind.name()),
            kind_code: kind.name(),
            form: words.name("form", form),
            fragments: fragments(common.summary.as_deref(), highlights),
            date,
            place: place.unwrap_or_default(),
            notice,
            past: event.is_some_and(|event| event.phase(visit.now) == EventPhase::Past),
            themes: few(&common.themes, THEMES_MAX),
            organisations: few(&common.organisations, ORGANISATIONS_MAX),
            source: host(&common.url),
        })
    }
}

/// The host of an address, without `www.`.
pub(super) fn host(url: &url::Url) -> String {
    let host = url.host_str().unwrap_or_default();
    host.strip_prefix("www.").unwrap_or(host).to_owned()
}

fn plain(text: &str) -> Vec<Span> {
    vec![Span { text: text.to_owned(), hit: false }]
}

/// The whole title, marked where that is known.
fn title(title: &str, highlights: &[Highlight]) -> Vec<Span> {
    let marked = highlights
        .iter()
        .filter(|highlight| highlight.field == SearchField::Title)
        .flat_map(|highlight| &highlight.fragments)
        .find(|spans| spans.iter().map(|span| span.text.as_str()).collect::<String>() == title);
    marked.cloned().unwrap_or_else(|| plain(title))
}

/// The best stretches of the text, the summary where none is known.
fn fragments(summary: Option<&str>, highlights: &[Highlight]) -> Vec<Vec<Span>> {
    let texts = highlights
        .iter()
        .filter(|highlight| matches!(highlight.field, SearchField::Lead | SearchField::Body));
    let found: Vec<_> = texts.flat_map(|one| &one.fragments).take(FRAGMENTS_MAX).cloned().collect();
    if !found.is_empty() {
        return found;
    }
    summary.map(|summary| vec![plain(&shortened(summary, SUMMARY_MAX))]).unwrap_or_default()
}

/// The front of a text, cut between words.
pub(super) fn shortened(text: &str, most: usize) -> String {
    let Some((end, _)) = text.char_indices().nth(most) else { return text.to_owned() };
    let front = &text[..end];
    let end = front.rfind(char::is_whitespace).filter(|at| *at > most / 2).unwrap_or(front.len());
    format!("{}…", front[..end].trim_end_matches([',', '.', ' ']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_must_be_cut_between_words_and_never_within_a_letter() {
        assert_eq!(shortened("één twee drie", 20), "één twee drie");
        assert_eq!(shortened("één twee, drie", 10), "één twee…");
        assert_eq!(shortened("ëëëëëëëëëë", 4), "ëëëë…");
    }
}
