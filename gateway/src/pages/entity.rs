//! The page of a theme, organisation or audience: a description, a panel with its sessions, toolkits
//! and letters, the work of organisations on themes, and what is new.

mod panel;

use std::sync::Arc;

use askama::Template;
use schema::{
    Kind, NodeKind, Organisation, OrganisationKind, Record, SearchExtras, SearchFilter, SearchSort,
};

use self::panel::Card;
use super::{
    PageContext, PageError, feed_links, hit,
    hit::HitView,
    home, id_from_slug,
    layout::{Layout, Link},
    mentions,
    mentions::Mention,
    record_lookup::RecordsById,
    render_template, site,
};
use crate::{search_params::SearchParams, truncation::truncate_at_word};

/// Maximum number of items shown per list.
const ITEMS_SHOWN: usize = 6;
/// Maximum number of organisations shown per theme, or of themes per organisation.
const GROUPS_SHOWN: usize = 8;

#[derive(Template)]
#[template(path = "entity.html")]
struct EntityView<'a> {
    layout: Layout<'a>,
    heading: String,
    /// The list of all entities of the kind.
    overview: Link,
    also_known_as: String,
    definition: String,
    facts: Vec<(String, Vec<Link>)>,
    all: Link,
    panel: Vec<Card>,
    groups_title: String,
    groups_intro: String,
    groups: Vec<Group>,
    newest: Vec<HitView>,
}

/// The content of one organisation about a theme, on the page of either.
struct Group {
    entity: Link,
    /// Link to all items of the group, with their number.
    all: Link,
    items: Vec<Mention>,
}

/// The page of an entity.
pub(super) async fn page(
    context: PageContext<'_>,
    kind: NodeKind,
    slug: &str,
) -> Result<String, PageError> {
    let by_slug = context.snapshot.by_pages(&[(kind, slug.to_owned())]).await?;
    // The slug may have been that of an earlier name; those with an id still lead to the page.
    let id = by_slug.into_iter().next().flatten().or_else(|| id_from_slug(slug, kind));
    let id = id.filter(|id| id.kind() == kind).ok_or(PageError::NotFound)?;
    let record = context.snapshot.get_many(&[id]).await?.into_iter().next().flatten();
    let record = record.ok_or(PageError::NotFound)?;
    let path = site::path(&record).ok_or(PageError::NotFound)?;
    if path != format!("{}/{slug}", kind.as_str()) {
        return Err(PageError::Moved(context.site.href(context.messages.language, &path)));
    }
    render_template(&view(context, &record, &path).await?).await
}

async fn view<'a>(
    context: PageContext<'a>,
    record: &Arc<Record>,
    path: &str,
) -> Result<EntityView<'a>, PageError> {
    let messages = context.messages;
    let id = record.id();
    let (heading, also_known_as, definition, facts) = describe(context, record).await?;
    let entity_filter = mentions::filter_by_entity(SearchFilter::default(), id);
    let mut layout = Layout::new(context.site, messages, heading.clone(), path);
    if !definition.is_empty() {
        layout.description = truncate_at_word(&definition, 200);
    }
    let condition = SearchParams::parse(&format!("{}={id}", id.kind().as_str())).0;
    layout.feeds = feed_links::of_search(context, &condition);
    let is_theme = id.kind() == NodeKind::Theme;
    let (title_key, all_key) = match id.kind() {
        NodeKind::Theme => ("theme.who", "theme.all"),
        NodeKind::Audience => ("audience.themes", "audience.all"),
        _ => ("organisation.did", "organisation.all"),
    };
    let panel = panel::load(context, &entity_filter, &condition).await?;
    // What the panel lists is not repeated, and events are not news.
    let in_panel: Vec<_> =
        panel.iter().flat_map(|card| &card.rows).map(|row| &row.link.href).collect();
    let newest_max = ITEMS_SHOWN + in_panel.len();
    let news = SearchFilter {
        kinds: vec![Kind::Article, Kind::Toolkit, Kind::Community],
        ..entity_filter.clone()
    };
    let newest = home::list(context, news, SearchSort::Newest, newest_max).await?;
    let newest = newest.into_iter().filter(|hit| !in_panel.contains(&&hit.href));
    let newest = newest.take(ITEMS_SHOWN).collect();
    let (overview_key, _) = overview_keys(id.kind());
    Ok(EntityView {
        overview: Link {
            href: layout.href(id.kind().as_str()),
            text: messages.get(overview_key).to_owned(),
        },
        heading,
        also_known_as,
        definition,
        facts: facts.into_iter().filter(|(_, links)| !links.is_empty()).collect(),
        all: Link {
            href: layout.href(&format!("?{}={id}", id.kind().as_str())),
            text: messages.get(all_key).to_owned(),
        },
        panel,
        groups_title: messages.get(title_key).to_owned(),
        groups_intro: if is_theme {
            messages.get("theme.who_intro").to_owned()
        } else {
            String::new()
        },
        groups: groups(context, record, &entity_filter).await?,
        newest,
        layout,
    })
}

/// Name, other names, description, and facts with links.
type EntityDescription = (String, String, String, Vec<(String, Vec<Link>)>);

async fn describe(
    context: PageContext<'_>,
    record: &Record,
) -> Result<EntityDescription, PageError> {
    let messages = context.messages;
    Ok(match record {
        Record::Theme(theme) => {
            let records_by_id = RecordsById::load(context, theme.broader).await?;
            let broader =
                records_by_id.links(context, &theme.broader.into_iter().collect::<Vec<_>>());
            (
                messages.format("theme.title", "name", &theme.label),
                format_aliases(context, "theme.also", &theme.alt_labels),
                theme.definition.clone().unwrap_or_default(),
                vec![(messages.get("theme.broader").to_owned(), broader)],
            )
        }
        Record::Organisation(organisation) => {
            let records_by_id = RecordsById::load(context, organisation.parent).await?;
            let parent =
                records_by_id.links(context, &organisation.parent.into_iter().collect::<Vec<_>>());
            let website = organisation
                .website
                .iter()
                .map(|url| Link { href: url.to_string(), text: hit::host(url) });
            (
                organisation.name.clone(),
                format_aliases(
                    context,
                    "organisation.also",
                    &[&organisation.abbreviations[..], &organisation.aliases].concat(),
                ),
                organisation_kind(context, organisation),
                vec![
                    (messages.get("organisation.website").to_owned(), website.collect()),
                    (messages.get("organisation.parent").to_owned(), parent),
                ],
            )
        }
        Record::Audience(audience) => (
            messages.format("audience.title", "name", &audience.label),
            String::new(),
            messages.enum_label("perspective", audience.perspective.name()),
            Vec::new(),
        ),
        _ => return Err(PageError::NotFound),
    })
}

/// Keys of the title and the introduction of the overview of a kind.
pub(super) const fn overview_keys(kind: NodeKind) -> (&'static str, &'static str) {
    match kind {
        NodeKind::Theme => ("entities.theme", "entities.theme_intro"),
        NodeKind::Audience => ("entities.audience", "entities.audience_intro"),
        _ => ("entities.organisation", "entities.organisation_intro"),
    }
}

/// The type of an organisation; empty if it is not known.
pub(super) fn organisation_kind(context: PageContext<'_>, organisation: &Organisation) -> String {
    match organisation.kind {
        OrganisationKind::Other => String::new(),
        kind => context.messages.enum_label("organisation_kind", kind.name()),
    }
}

fn format_aliases(context: PageContext<'_>, key: &str, aliases: &[String]) -> String {
    if aliases.is_empty() {
        String::new()
    } else {
        context.messages.format(key, "names", &aliases.join(", "))
    }
}

/// The organisations of a theme, or the themes of an organisation, with mentions as evidence; none
/// for an audience, which texts seldom name.
async fn groups(
    context: PageContext<'_>,
    record: &Record,
    entity_filter: &SearchFilter,
) -> Result<Vec<Group>, PageError> {
    if record.id().kind() == NodeKind::Audience {
        return Ok(Vec::new());
    }
    let extras = SearchExtras { facets: true, ..SearchExtras::default() };
    let results =
        home::search_filtered(context, entity_filter.clone(), SearchSort::Newest, 1, extras)
            .await?;
    let facets = results.facets.unwrap_or_default();
    let is_theme = record.id().kind() == NodeKind::Theme;
    let counts = if is_theme { facets.organisations } else { facets.themes };
    let ids: Vec<_> = counts.iter().take(GROUPS_SHOWN).map(|facet| facet.value).collect();
    let records_by_id = RecordsById::load(context, ids).await?;
    let mut groups = Vec::new();
    for facet in counts.iter().take(GROUPS_SHOWN) {
        let Some(entity) = records_by_id.links(context, &[facet.value]).pop() else { continue };
        let filter = mentions::filter_by_entity(entity_filter.clone(), facet.value);
        let (organisation, theme) = if is_theme {
            (entity.text.as_str(), record.name())
        } else {
            (record.name(), entity.text.as_str())
        };
        let items = mentions::find(context, filter, (organisation, theme)).await?;
        let conditions =
            [record.id(), facet.value].map(|id| format!("{}={id}", id.kind().as_str()));
        let href = context
            .site
            .href(context.messages.language, &format!("?{}&{}", conditions[0], conditions[1]));
        let number = context.messages.number(facet.count);
        let text = match facet.count {
            1 => context.messages.get("theme.in_item").to_owned(),
            _ => context.messages.format("theme.in_items", "count", &number),
        };
        groups.push(Group { entity, all: Link { href, text }, items });
    }
    // A stable sort: among equals, those with the most content first.
    groups.sort_by_key(|group| group.items.iter().all(|item| item.sentence.is_empty()));
    Ok(groups)
}
