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
use crate::{
    config::Limits,
    failure::{Failure, Result},
};

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
    /// First day of an event (of any time of a series), else of publication; in Amsterdam.
    from: Option<Date>,
    /// Last day of an event (of any time of a series), else of publication; in Amsterdam.
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

impl ContentFilter {
    /// The conditions for the catalog, if none of them asks for too much.
    pub(super) fn checked(self, limits: &Limits) -> Result<schema::SearchFilter> {
        Ok(schema::SearchFilter {
            themes: ids(self.themes, NodeKind::Theme, limits)?,
            audiences: ids(self.audiences, NodeKind::Audience, limits)?,
            communities: ids(self.communities, NodeKind::Community, limits)?,
            organisations: ids(self.organisations, NodeKind::Organisation, limits)?,
            people: ids(self.people, NodeKind::Person, limits)?,
            languages: words(self.languages),
            years: years(self.years, limits)?,
            from: self.from.map(|Date(day)| day),
            until: self.until.map(|Date(day)| day),
            sources: source_names(self.sources, limits)?,
            ..schema::SearchFilter::default()
        })
    }
}

impl EventFilter {
    /// The conditions for the catalog, if none of them asks for too much.
    pub(super) fn checked(self, limits: &Limits) -> Result<schema::SearchFilter> {
        Ok(schema::SearchFilter {
            phases: words(self.phases),
            attendance: words(self.attendance),
            ..self.content.checked(limits)?
        })
    }
}

impl SearchFilter {
    /// The conditions for the catalog, if none of them asks for too much.
    pub(super) fn checked(self, limits: &Limits) -> Result<schema::SearchFilter> {
        Ok(schema::SearchFilter {
            kinds: words(self.kinds),
            article_forms: words(self.article_forms),
            toolkit_forms: words(self.toolkit_forms),
            community_forms: words(self.community_forms),
            event_forms: words(self.event_forms),
            organisation_kinds: words(self.organisation_kinds),
            layers: words(self.layers),
            attendance: words(self.attendance),
            phases: words(self.phases),
            ..self.content.checked(limits)?
        })
    }
}

/// Words of a vocabulary of the contract as words of the core, each once.
pub(super) fn words<W, T: From<W> + Ord>(given: Option<Vec<W>>) -> Vec<T> {
    let words: BTreeSet<T> = given.into_iter().flatten().map(T::from).collect();
    words.into_iter().collect()
}

/// The values of a list, if they are not too many.
fn values<T>(given: Option<Vec<T>>, limits: &Limits) -> Result<Vec<T>> {
    let given = given.unwrap_or_default();
    if given.len() > limits.filter_values_max {
        return Err(Failure::limit("filter_values_max", limits.filter_values_max as u64));
    }
    Ok(given)
}

fn ids(given: Option<Vec<ID>>, kind: NodeKind, limits: &Limits) -> Result<Vec<NodeId>> {
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
    values(given, limits)?.into_iter().map(id).collect()
}

fn years(given: Option<Vec<i32>>, limits: &Limits) -> Result<Vec<i16>> {
    let year = |year: i32| {
        i16::try_from(year).map_err(|_| Failure::bad_request(format!("not a year: `{year}`")))
    };
    values(given, limits)?.into_iter().map(year).collect()
}

fn source_names(given: Option<Vec<ID>>, limits: &Limits) -> Result<Vec<SourceName>> {
    values(given, limits)?.into_iter().map(|name| Ok(SourceName::new(&name)?)).collect()
}
