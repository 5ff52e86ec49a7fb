//! The page of a content record: facts, text, sections and provenance.

use std::sync::Arc;

use askama::Template;
use schema::{NodeId, NodeKind, Provenance, Record, TitleSource};
use tokio::task::yield_now;

use super::{
    PageContext, PageError,
    body_html::page_html,
    feed_links, hit,
    hit::HitView,
    id_from_slug,
    item_relations::ItemRelations,
    item_sections,
    item_sections::{Fact, ItemSections, Section},
    json_ld,
    layout::{Layout, Link},
    picture::Picture,
    record_lookup,
    record_lookup::RecordsById,
    render_template, site,
};
use crate::{
    blocking, messages::Messages, search_params::SearchParams, truncation::truncate_at_word,
};

/// Maximum number of related records shown.
const RELATED_SHOWN: usize = 4;
/// Maximum number of records named that share passages and come from other sources.
const SHARED_PASSAGES_SHOWN: usize = 3;

/// The place of the body in the rendered template: a long body is inserted off the runtime threads.
/// Neither sanitised nor escaped text contains a comment.
const BODY_MARKER: &str = "<!--body-->";

#[derive(Template)]
#[template(path = "item.html")]
struct ItemView<'a> {
    layout: Layout<'a>,
    kind: String,
    kind_code: &'static str,
    kind_href: String,
    kind_plural: String,
    form: String,
    lang: &'static str,
    title: String,
    title_is_derived: bool,
    /// The time of an event, and what is unusual about it.
    moment: String,
    notice: String,
    lead: Option<String>,
    picture: Option<Picture>,
    /// [`BODY_MARKER`], or empty if there is no body.
    body_html: &'static str,
    sections: Vec<Section>,
    facts: Vec<Fact>,
    themes: Vec<Link>,
    /// The page at the source, if it has one.
    original: Option<Link>,
    actions: Vec<Link>,
    provenance: Vec<(String, String)>,
    /// Records elsewhere with the same passages: their publisher and a link.
    shared_passages: Vec<(String, Link)>,
    related: Vec<HitView>,
}

/// The page of the record at the end of the URL.
pub(super) async fn page(
    context: PageContext<'_>,
    kind: NodeKind,
    slug: &str,
) -> Result<String, PageError> {
    let record = find(context, kind, slug).await?;
    let path = site::path(&record).ok_or(PageError::NotFound)?;
    if path != format!("{}/{slug}", kind.as_str()) {
        return Err(PageError::Moved(context.site.href(context.messages.language, &path)));
    }
    let (view, body_html) = view(context, &record, &path).await?;
    let page = render_template(&view).await?;
    Ok(blocking::run(body_html.len(), move || page.replacen(BODY_MARKER, &body_html, 1)).await)
}

/// Finds a record by kind and slug, whatever the URL of the site was when the generation was built;
/// otherwise by our own URL, as stored in earlier generations, or by the id at its end.
async fn find(
    context: PageContext<'_>,
    kind: NodeKind,
    slug: &str,
) -> Result<Arc<Record>, PageError> {
    let page = [(kind, slug.to_owned())];
    let mut id = context.snapshot.by_pages(&page).await?.into_iter().next().flatten();
    let page_url = context.site.url.join(&format!("{}/{slug}", kind.as_str()));
    if let (None, Ok(url)) = (id, page_url) {
        id = context.snapshot.by_urls(&[url]).await?.into_iter().next().flatten();
    }
    let id = id.filter(|id| id.kind() == kind).or_else(|| id_from_slug(slug, kind));
    let id = id.ok_or(PageError::NotFound)?;
    let record = context.snapshot.get_many(&[id]).await?.into_iter().next().flatten();
    record.ok_or(PageError::NotFound)
}

async fn view<'a>(
    context: PageContext<'a>,
    record: &Record,
    path: &str,
) -> Result<(ItemView<'a>, String), PageError> {
    let messages = context.messages;
    let common = record.common().ok_or(PageError::NotFound)?;
    let kind = record.kind().ok_or(PageError::NotFound)?;
    let id = common.id;
    let body = context.snapshot.bodies(&[id]).await?.into_iter().next().flatten();
    let lead = item_sections::lead(record, body.as_deref());
    let body_html = match body {
        Some(body) => blocking::run(body.html.len(), move || page_html(&body.html)).await,
        None => String::new(),
    };
    yield_now().await;
    let shared_passages = shared_passages(context, id).await?;
    let item_sections = item_sections::load(context, record).await?;
    let related = related(context, id, &item_sections).await?;
    let item_relations = ItemRelations::load(context, record).await?;
    let ids: Vec<NodeId> = record
        .linked_ids()
        .into_iter()
        .chain(hit::referenced_ids(&related))
        .chain(item_sections.referenced_ids.clone())
        .chain(item_relations.referenced_ids())
        .collect();
    let records_by_id = RecordsById::load(context, ids).await?;
    let provenance =
        context.snapshot.provenance(&[id]).await?.into_iter().next().unwrap_or_default();

    let layout = layout(context, record, path);
    let host = hit::host(&common.url);
    let view = ItemView {
        kind: messages.enum_label("kind", kind.name()),
        kind_code: kind.name(),
        kind_href: layout.href(id.kind().as_str()),
        kind_plural: messages.enum_label("kinds", kind.name()),
        form: messages.enum_label("form", item_sections::form(record)),
        lang: record_lookup::foreign_language_code(context, common.language),
        title: common.title.clone(),
        title_is_derived: common.title_source == TitleSource::Derived,
        moment: item_sections::moment(context, record),
        notice: item_sections::notice(context, record),
        lead,
        picture: Picture::of(context.site, record),
        body_html: if body_html.is_empty() { "" } else { BODY_MARKER },
        facts: item_sections::facts(context, record, &records_by_id)
            .into_iter()
            .chain(item_relations.facts(context, &records_by_id))
            .collect(),
        sections: item_sections.sections(context, record, &records_by_id),
        themes: records_by_id.links(context, &common.themes),
        original: (!site::is_own_address(context.site, record)).then(|| Link {
            href: common.url.to_string(),
            text: messages.format("item.original_host", "host", &host),
        }),
        actions: item_sections::actions(context, record),
        provenance: provenance_rows(messages, &provenance),
        shared_passages,
        related: related
            .iter()
            .filter_map(|one| HitView::from_record(context, one, &records_by_id))
            .collect(),
        layout,
    };
    Ok((view, body_html))
}

/// The most similar records, without those in a list of the page.
async fn related(
    context: PageContext<'_>,
    id: NodeId,
    item_sections: &ItemSections,
) -> Result<Vec<Arc<Record>>, PageError> {
    let ids = context.snapshot.related(&[id], RELATED_SHOWN).await?.into_iter().next();
    let records = context.snapshot.get_many(&ids.unwrap_or_default()).await?;
    let href = |record: &Record| site::path(record).map(|path| context.href(&path));
    let is_new =
        |record: &Arc<Record>| !href(record).is_some_and(|href| item_sections.lists(&href));
    Ok(records.into_iter().flatten().filter(is_new).collect())
}

/// The frame of the page, with its title, description and JSON-LD.
fn layout<'a>(context: PageContext<'a>, record: &Record, path: &str) -> Layout<'a> {
    let title = truncate_at_word(record.name(), 90);
    let mut layout = Layout::new(context.site, context.messages, title, path);
    layout.json_ld = json_ld::render(record, &layout.canonical());
    layout.has_feedback_form = context.feedback.is_some();
    layout.image =
        record.common().and_then(|common| common.image.as_ref()).map(|image| image.url.to_string());
    if let Some(summary) = record.common().and_then(|common| common.summary.as_ref()) {
        layout.description = truncate_at_word(summary, 200);
    }
    if let Record::Community(community) = record {
        let condition = format!("community={}", community.common.id);
        layout.feeds = feed_links::of_search(context, &SearchParams::parse(&condition).0);
    }
    layout
}

/// One line per source record: the site and the day on which it was read, and the fields that it provided.
fn provenance_rows(messages: &Messages, provenance: &[Provenance]) -> Vec<(String, String)> {
    let row = |one: &Provenance| {
        let day = messages.day_of(one.record.fetched_at);
        let site = match &one.record.url {
            Some(url) => hit::host(url),
            None => messages.get("item.provenance_file").to_owned(),
        };
        let values = [("source", site.as_str()), ("date", day.as_str())];
        let fields: Vec<_> =
            one.fields.iter().map(|name| messages.enum_label("field", name)).collect();
        let fields = messages.format("item.provenance_fields", "fields", &fields.join(", "));
        (messages.format_all("item.provenance_row", &values), fields)
    };
    provenance.iter().map(row).collect()
}

/// Records elsewhere that share passages with a record: their organisation or site, and a link.
async fn shared_passages(
    context: PageContext<'_>,
    id: NodeId,
) -> Result<Vec<(String, Link)>, PageError> {
    let passages =
        context.snapshot.shared_passages(&[id], SHARED_PASSAGES_SHOWN).await?.into_iter().flatten();
    let ids: Vec<NodeId> = passages.map(|passage| passage.id).collect();
    let records: Vec<_> = context.snapshot.get_many(&ids).await?.into_iter().flatten().collect();
    let organisations = records.iter().filter_map(|record| record.common());
    let organisations = organisations.filter_map(|common| common.organisations.first().copied());
    let records_by_id = RecordsById::load(context, organisations).await?;
    let link_row = |record: &Arc<Record>| {
        let common = record.common()?;
        let organisation = common.organisations.first().and_then(|id| records_by_id.get(*id));
        let publisher = match organisation {
            Some(organisation) => organisation.name().to_owned(),
            None => hit::host(&common.url),
        };
        Some((
            context.messages.format("item.elsewhere_at", "by", &publisher),
            record_lookup::link(context, record),
        ))
    };
    Ok(records.iter().filter_map(link_row).collect())
}
