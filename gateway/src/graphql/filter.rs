//! Filters: what a client may ask of the things in a list.

use std::collections::BTreeSet;

use async_graphql::{ID, InputObject};
use schema::{NodeId, NodeKind, SourceName};

use super::{
    scalar::Date,
    vocabulary::{
        ArticleForm, Attendance, CommunityForm, EventForm, EventPhase, GovernmentLayer, Kind,
        Language, OrganisationKind, ToolkitForm,
    },
};
use crate::failure::{Failure, Result};

/// All given conditions hold together; inside a list, any one. An empty list is no condition.
#[derive(InputObject, Default)]
pub(super) struct ContentFilter {
    /// Ids of themes.
    themes: Option<Vec<ID>>,
    /// Ids of audiences.
    audiences: Option<Vec<ID>>,
    /// Ids of communities.
    communities: Option<Vec<ID>>,
    /// Ids of organisations.
    organisations: Option<Vec<ID>>,
    /// Ids of people.
    people: Option<Vec<ID>>,
    /// Languages of the text.
    languages: Option<Vec<Language>>,
    /// Years of an event's start, else of publication, such as `2026`; in Amsterdam.
    years: Option<Vec<i32>>,
    /// First day of an event's start, else of publication.
    from: Option<Date>,
    /// Last day of an event's start, else of publication.
    until: Option<Date>,
    /// Names of sources, such as `blog`.
    sources: Option<Vec<ID>>,
}

/// All given conditions hold together; inside a list, any one. An empty list is no condition.
#[derive(InputObject, Default)]
pub(super) struct EventFilter {
    #[graphql(flatten)]
    content: ContentFilter,
    /// Where events are in time, at the moment of asking.
    phases: Option<Vec<EventPhase>>,
    /// Online or on location.
    attendance: Option<Vec<Attendance>>,
}

/// All given conditions hold together; inside a list, any one. An empty list is no condition.
#[derive(InputObject, Default)]
pub(super) struct SearchFilter {
    #[graphql(flatten)]
    content: ContentFilter,
    /// Kinds of content.
    kinds: Option<Vec<Kind>>,
    /// Forms of article. Forms of several kinds together find any of them.
    article_forms: Option<Vec<ArticleForm>>,
    /// Forms of toolkit.
    toolkit_forms: Option<Vec<ToolkitForm>>,
    /// Forms of community.
    community_forms: Option<Vec<CommunityForm>>,
    /// Forms of event.
    event_forms: Option<Vec<EventForm>>,
    /// Kinds of organisation that have a part in it.
    organisation_kinds: Option<Vec<OrganisationKind>>,
    /// Layers of government that have a part in it.
    layers: Option<Vec<GovernmentLayer>>,
    /// Online or on location; only events have it.
    attendance: Option<Vec<Attendance>>,
    /// Where events are in time, at the moment of asking; only events have it.
    phases: Option<Vec<EventPhase>>,
}

impl TryFrom<ContentFilter> for schema::SearchFilter {
    type Error = Failure;

    fn try_from(filter: ContentFilter) -> Result<Self> {
        Ok(Self {
            themes: ids(filter.themes, NodeKind::Theme)?,
            audiences: ids(filter.audiences, NodeKind::Audience)?,
            communities: ids(filter.communities, NodeKind::Community)?,
            organisations: ids(filter.organisations, NodeKind::Organisation)?,
            people: ids(filter.people, NodeKind::Person)?,
            languages: words(filter.languages),
            years: years(filter.years)?,
            from: filter.from.map(|Date(day)| day),
            until: filter.until.map(|Date(day)| day),
            sources: source_names(filter.sources)?,
            ..Self::default()
        })
    }
}

impl TryFrom<EventFilter> for schema::SearchFilter {
    type Error = Failure;

    fn try_from(filter: EventFilter) -> Result<Self> {
        Ok(Self {
            phases: words(filter.phases),
            attendance: words(filter.attendance),
            ..filter.content.try_into()?
        })
    }
}

impl TryFrom<SearchFilter> for schema::SearchFilter {
    type Error = Failure;

    fn try_from(filter: SearchFilter) -> Result<Self> {
        Ok(Self {
            kinds: words(filter.kinds),
            article_forms: words(filter.article_forms),
            toolkit_forms: words(filter.toolkit_forms),
            community_forms: words(filter.community_forms),
            event_forms: words(filter.event_forms),
            organisation_kinds: words(filter.organisation_kinds),
            layers: words(filter.layers),
            attendance: words(filter.attendance),
            phases: words(filter.phases),
            ..filter.content.try_into()?
        })
    }
}

/// So many ids, years or names may be asked for in one list.
const FILTER_VALUES_MAX: usize = 100;

/// Words of a vocabulary of the contract as words of the core, each once.
pub(super) fn words<W, T: From<W> + Ord>(given: Option<Vec<W>>) -> Vec<T> {
    let words: BTreeSet<T> = given.into_iter().flatten().map(T::from).collect();
    words.into_iter().collect()
}

/// The values of a list, if they are not too many.
fn values<T>(given: Option<Vec<T>>) -> Result<Vec<T>> {
    let given = given.unwrap_or_default();
    if given.len() > FILTER_VALUES_MAX {
        return Err(Failure::limit("filter_values_max", FILTER_VALUES_MAX as u64));
    }
    Ok(given)
}

fn ids(given: Option<Vec<ID>>, kind: NodeKind) -> Result<Vec<NodeId>> {
    let id = |text: ID| -> Result<NodeId> {
        let id: NodeId = text.parse().map_err(|_| {
            Failure::bad_request(format!(
                "not the id of a thing of kind {}: `{}`",
                kind.word(),
                *text
            ))
        })?;
        if id.kind() == kind {
            Ok(id)
        } else {
            let given = id.kind().word();
            Err(Failure::bad_request(format!(
                "the id of a thing of kind {given}, not {}: `{id}`",
                kind.word()
            )))
        }
    };
    values(given)?.into_iter().map(id).collect()
}

fn years(given: Option<Vec<i32>>) -> Result<Vec<i16>> {
    let year = |year: i32| {
        i16::try_from(year).map_err(|_| Failure::bad_request(format!("not a year: `{year}`")))
    };
    values(given)?.into_iter().map(year).collect()
}

fn source_names(given: Option<Vec<ID>>) -> Result<Vec<SourceName>> {
    values(given)?.into_iter().map(|name| Ok(SourceName::new(&name)?)).collect()
}
