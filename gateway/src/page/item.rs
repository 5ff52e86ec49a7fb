//! The page about one piece of content: what it is, its text, its parts, and where it comes from.

use std::sync::Arc;

use askama::Template;
use schema::{NodeId, NodeKind, Record, TitleSource};

use super::{
    PageError, Visit,
    frame::{Frame, Link},
    hit::{self, HitView},
    id_in, json_ld,
    names::{self, Names},
    part::{self, Fact, Section},
    prose, site,
};

/// So many related things are shown.
const RELATED: usize = 4;
/// So many things of other sources with the same passages are named.
const ELSEWHERE: usize = 3;

#[derive(Template)]
#[template(path = "item.html")]
struct ItemView<'a> {
    frame: Frame<'a>,
    kind: String,
    kind_code: &'static str,
    kind_href: String,
    kinds: String,
    form: String,
    lang: &'static str,
    title: String,
    derived: bool,
    /// When it is, and what is different about it.
    moment: String,
    notice: String,
    lead: Option<String>,
    prose: String,
    sections: Vec<Section>,
    facts: Vec<Fact>,
    themes: Vec<Link>,
    original: Link,
    calls: Vec<Link>,
    provenance: Vec<(String, String)>,
    /// Where the same passages stand elsewhere: at whom, and in what.
    elsewhere: Vec<(String, Link)>,
    related: Vec<HitView>,
}

/// The page about the thing at the end of an address.
pub(super) async fn page(
    visit: Visit<'_>,
    kind: NodeKind,
    slug: &str,
) -> Result<String, PageError> {
    let record = find(visit, kind, slug).await?;
    let path = site::path(&record).ok_or(PageError::NotFound)?;
    if path != format!("{}/{slug}", kind.word()) {
        return Err(PageError::Moved(visit.site.href(visit.words.language, &path)));
    }
    Ok(view(visit, &record, &path).await?.render()?)
}

/// By our own address, which the catalog knows; else by the id at its end.
async fn find(visit: Visit<'_>, kind: NodeKind, slug: &str) -> Result<Arc<Record>, PageError> {
    let own = visit.site.url.join(&format!("{}/{slug}", kind.word()));
    let id = match own {
        Ok(url) => visit.snapshot.by_urls(&[url]).await?.into_iter().next().flatten(),
        Err(_) => None,
    };
    let id = id.filter(|id| id.kind() == kind).or_else(|| id_in(slug, kind));
    let id = id.ok_or(PageError::NotFound)?;
    let found = visit.snapshot.get_many(&[id]).await?.into_iter().next().flatten();
    found.ok_or(PageError::NotFound)
}

async fn view<'a>(
    visit: Visit<'a>,
    record: &Record,
    path: &str,
) -> Result<ItemView<'a>, PageError> {
    let words = visit.words;
    let common = record.common().ok_or(PageError::NotFound)?;
    let kind = record.kind().ok_or(PageError::NotFound)?;
    let id = common.id;
    let body = visit.snapshot.bodies(&[id]).await?.into_iter().next().flatten();
    let like = visit.snapshot.related(&[id], RELATED).await?.into_iter().next().unwrap_or_default();
    let like: Vec<Arc<Record>> =
        visit.snapshot.get_many(&like).await?.into_iter().flatten().collect();
    let elsewhere = elsewhere(visit, id).await?;
    let parts = part::of(visit, record).await?;
    let ids: Vec<NodeId> =
        record.about().into_iter().chain(hit::named(&like)).chain(parts.named.clone()).collect();
    let names = Names::of(visit, ids).await?;
    let provenance = visit.snapshot.provenance(&[id]).await?.into_iter().next().unwrap_or_default();

    let mut frame = Frame::new(visit.site, words, hit::shortened(&common.title, 90), path);
    frame.json_ld = json_ld::of(record, &frame.canonical());
    if let Some(summary) = &common.summary {
        frame.description = hit::shortened(summary, 200);
    }
    let host = hit::host(&common.url);
    let node: NodeKind = kind.into();
    Ok(ItemView {
        kind: words.name("kind", kind.name()),
        kind_code: kind.name(),
        kind_href: frame.href(node.word()),
        kinds: words.name("kinds", kind.name()),
        form: words.name("form", part::form(record)),
        lang: names::foreign(visit, common.language),
        title: common.title.clone(),
        derived: common.title_source == TitleSource::Derived,
        moment: part::moment(visit, record),
        notice: part::notice(visit, record),
        lead: part::lead(record),
        prose: body.map(|body| prose::safe(&body.html)).unwrap_or_default(),
        sections: parts.sections(visit, record, &names),
        facts: part::facts(visit, record, &names),
        themes: names.links(visit, &common.themes),
        original: Link {
            href: common.url.to_string(),
            text: words.fill("item.original_host", "host", &host),
        },
        calls: part::calls(visit, record),
        provenance: provenance
            .iter()
            .map(|one| {
                let day = words.day_of(one.record.fetched_at);
                let values = [("source", one.record.source.as_str()), ("date", day.as_str())];
                let fields = words.fill("item.provenance_fields", "fields", &one.fields.join(", "));
                (words.fill_all("item.provenance_row", &values), fields)
            })
            .collect(),
        elsewhere,
        related: like.iter().filter_map(|one| HitView::of_record(visit, one, &names)).collect(),
        frame,
    })
}

/// Where the passages of a thing stand elsewhere: at which organisation or site, and in what.
async fn elsewhere(visit: Visit<'_>, id: NodeId) -> Result<Vec<(String, Link)>, PageError> {
    let found = visit.snapshot.similar_elsewhere(&[id], ELSEWHERE).await?.into_iter().flatten();
    let ids: Vec<NodeId> = found.map(|passage| passage.id).collect();
    let records: Vec<_> = visit.snapshot.get_many(&ids).await?.into_iter().flatten().collect();
    let organisations = records.iter().filter_map(|record| record.common());
    let organisations = organisations.filter_map(|common| common.organisations.first().copied());
    let names = Names::of(visit, organisations).await?;
    let place = |record: &Arc<Record>| {
        let common = record.common()?;
        let organisation = common.organisations.first().and_then(|id| names.get(*id));
        let by = match organisation {
            Some(organisation) => organisation.name().to_owned(),
            None => hit::host(&common.url),
        };
        Some((visit.words.fill("item.elsewhere_at", "by", &by), names::link(visit, record)))
    };
    Ok(records.iter().filter_map(place).collect())
}
