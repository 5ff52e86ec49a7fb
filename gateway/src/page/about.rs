//! The page about a theme or an organisation: what it is, and who has done what.

use std::sync::Arc;

use askama::Template;
use schema::{EventPhase, Kind, NodeKind, Record, SearchFilter, SearchSort, Wanted};

use super::{
    PageError, Visit,
    evidence::{self, Evidence},
    frame::{Frame, Link},
    hit::{self, HitView},
    id_in,
    names::Names,
    site, start,
};

/// So many things are shown of each sort.
const SHOWN: usize = 5;
/// So many organisations of a theme, or themes of an organisation, are shown.
const GROUPS: usize = 8;

#[derive(Template)]
#[template(path = "about.html")]
struct AboutView<'a> {
    frame: Frame<'a>,
    heading: String,
    also: String,
    definition: String,
    facts: Vec<(String, Vec<Link>)>,
    all: Link,
    upcoming: Vec<HitView>,
    groups_title: String,
    groups_intro: String,
    groups: Vec<Group>,
    newest: Vec<HitView>,
}

/// What one organisation did within a theme, or what was done within one theme.
struct Group {
    about: Link,
    /// The way to all of it, with how much that is.
    all: Link,
    items: Vec<Evidence>,
}

/// The page about the thing whose id ends an address.
pub(super) async fn page(
    visit: Visit<'_>,
    kind: NodeKind,
    slug: &str,
) -> Result<String, PageError> {
    let id = id_in(slug, kind).ok_or(PageError::NotFound)?;
    let found = visit.snapshot.get_many(&[id]).await?.into_iter().next().flatten();
    let record = found.ok_or(PageError::NotFound)?;
    let path = site::path(&record).ok_or(PageError::NotFound)?;
    if path != format!("{}/{slug}", kind.word()) {
        return Err(PageError::Moved(visit.site.href(visit.words.language, &path)));
    }
    Ok(view(visit, &record, &path).await?.render()?)
}

async fn view<'a>(
    visit: Visit<'a>,
    record: &Arc<Record>,
    path: &str,
) -> Result<AboutView<'a>, PageError> {
    let words = visit.words;
    let id = record.id();
    let (heading, also, definition, facts) = described(visit, record).await?;
    let own = evidence::with(SearchFilter::default(), id);
    let coming = SearchFilter {
        kinds: vec![Kind::Event],
        phases: vec![EventPhase::Upcoming, EventPhase::Ongoing],
        ..own.clone()
    };
    let mut frame = Frame::new(visit.site, words, heading.clone(), path);
    if !definition.is_empty() {
        frame.description = hit::shortened(&definition, 200);
    }
    let is_theme = id.kind() == NodeKind::Theme;
    let (title, all) = if is_theme {
        ("theme.who", "theme.all")
    } else {
        ("organisation.did", "organisation.all")
    };
    Ok(AboutView {
        heading,
        also,
        definition,
        facts: facts.into_iter().filter(|(_, links)| !links.is_empty()).collect(),
        all: Link {
            href: frame.href(&format!("?{}={id}", id.kind().word())),
            text: words.say(all).to_owned(),
        },
        upcoming: start::list(visit, coming, SearchSort::Start, SHOWN).await?,
        groups_title: words.say(title).to_owned(),
        groups_intro: if is_theme {
            words.say("theme.who_intro").to_owned()
        } else {
            String::new()
        },
        groups: groups(visit, record, &own).await?,
        newest: start::list(visit, own, SearchSort::Newest, SHOWN).await?,
        frame,
    })
}

/// What a thing is called, its other names, what it is, and facts about it with links.
type Described = (String, String, String, Vec<(String, Vec<Link>)>);

async fn described(visit: Visit<'_>, record: &Record) -> Result<Described, PageError> {
    let words = visit.words;
    Ok(match record {
        Record::Theme(theme) => {
            let names = Names::of(visit, theme.broader).await?;
            let broader = names.links(visit, &theme.broader.into_iter().collect::<Vec<_>>());
            (
                words.fill("theme.title", "name", &theme.label),
                filled(visit, "theme.also", &theme.alt_labels),
                theme.definition.clone().unwrap_or_default(),
                vec![(words.say("theme.broader").to_owned(), broader)],
            )
        }
        Record::Organisation(one) => {
            let names = Names::of(visit, one.parent).await?;
            let parent = names.links(visit, &one.parent.into_iter().collect::<Vec<_>>());
            let website =
                one.url.iter().map(|url| Link { href: url.to_string(), text: hit::host(url) });
            (
                one.name.clone(),
                filled(
                    visit,
                    "organisation.also",
                    &[&one.abbreviations[..], &one.aliases].concat(),
                ),
                words.name("organisation_kind", one.kind.name()),
                vec![
                    (words.say("organisation.website").to_owned(), website.collect()),
                    (words.say("organisation.parent").to_owned(), parent),
                ],
            )
        }
        _ => return Err(PageError::NotFound),
    })
}

fn filled(visit: Visit<'_>, key: &str, also: &[String]) -> String {
    if also.is_empty() { String::new() } else { visit.words.fill(key, "names", &also.join(", ")) }
}

/// The organisations of a theme, or the themes of an organisation, with what shows it.
async fn groups(
    visit: Visit<'_>,
    record: &Record,
    own: &SearchFilter,
) -> Result<Vec<Group>, PageError> {
    let wanted = Wanted { facets: true, ..Wanted::default() };
    let found = start::found(visit, own.clone(), SearchSort::Newest, 1, wanted).await?;
    let facets = found.facets.unwrap_or_default();
    let is_theme = record.id().kind() == NodeKind::Theme;
    let counts = if is_theme { facets.organisations } else { facets.themes };
    let ids: Vec<_> = counts.iter().take(GROUPS).map(|facet| facet.value).collect();
    let names = Names::of(visit, ids).await?;
    let mut groups = Vec::new();
    for facet in counts.iter().take(GROUPS) {
        let Some(about) = names.links(visit, &[facet.value]).pop() else { continue };
        let filter = evidence::with(own.clone(), facet.value);
        let (who, what) = if is_theme {
            (about.text.as_str(), record.name())
        } else {
            (record.name(), about.text.as_str())
        };
        let items = evidence::of(visit, filter, (who, what)).await?;
        let all = [record.id(), facet.value].map(|id| format!("{}={id}", id.kind().word()));
        let href = visit.site.href(visit.words.language, &format!("?{}&{}", all[0], all[1]));
        let number = visit.words.number(facet.count);
        let text = match facet.count {
            1 => visit.words.say("theme.in_item").to_owned(),
            _ => visit.words.fill("theme.in_items", "count", &number),
        };
        groups.push(Group { about, all: Link { href, text }, items });
    }
    Ok(groups)
}
