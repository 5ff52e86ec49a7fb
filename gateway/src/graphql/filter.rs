//! Filters: the conditions that a client can set on a list.

use async_graphql::{ID, InputObject};
use schema::{NodeId, NodeKind, SourceName};

use super::{
    enums::{
        ArticleForm, Attendance, CommunityForm, EventForm, EventPhase, GovernmentLayer, Kind,
        Language, OrganisationKind, ToolkitForm, enum_values,
    },
    types::scalar::Date,
};
use crate::{
    config::Limits,
    error::{ApiError, Result},
};

/// Conditions are combined with AND, values within a list with OR. An empty list is ignored.
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
    /// Year (Amsterdam time) of an event's start, or else of publication, such as `2026`.
    years: Option<Vec<i32>>,
    /// Earliest day (Amsterdam time): of an event or any occurrence of it, or else of publication.
    from: Option<Date>,
    /// Latest day (Amsterdam time): of an event or any occurrence of it, or else of publication.
    until: Option<Date>,
    /// Names of sources, such as `blog`.
    sources: Option<Vec<ID>>,
}

/// Conditions are combined with AND, values within a list with OR. An empty list is ignored.
#[derive(InputObject, Default)]
pub(super) struct EventFilter {
    #[graphql(flatten)]
    content: ContentFilter,
    /// Event phases at the time of the request.
    phases: Option<Vec<EventPhase>>,
    /// Online or in person.
    attendance: Option<Vec<Attendance>>,
}

/// Conditions are combined with AND, values within a list with OR. An empty list is ignored.
#[derive(InputObject, Default)]
pub(super) struct SearchFilter {
    #[graphql(flatten)]
    content: ContentFilter,
    /// Kinds of content.
    kinds: Option<Vec<Kind>>,
    /// Forms of article. Forms of different kinds are combined with OR.
    article_forms: Option<Vec<ArticleForm>>,
    /// Forms of toolkit.
    toolkit_forms: Option<Vec<ToolkitForm>>,
    /// Forms of community.
    community_forms: Option<Vec<CommunityForm>>,
    /// Forms of event.
    event_forms: Option<Vec<EventForm>>,
    /// Kinds of the organisations involved.
    organisation_kinds: Option<Vec<OrganisationKind>>,
    /// Levels of government involved.
    layers: Option<Vec<GovernmentLayer>>,
    /// Online or in person; only for events.
    attendance: Option<Vec<Attendance>>,
    /// Event phases at the time of the request; only events have one.
    phases: Option<Vec<EventPhase>>,
}

impl ContentFilter {
    /// Converts to the filter of the catalog, unless a limit is exceeded.
    pub(super) fn checked(self, limits: &Limits) -> Result<schema::SearchFilter> {
        Ok(schema::SearchFilter {
            themes: ids(self.themes, NodeKind::Theme, limits)?,
            audiences: ids(self.audiences, NodeKind::Audience, limits)?,
            communities: ids(self.communities, NodeKind::Community, limits)?,
            organisations: ids(self.organisations, NodeKind::Organisation, limits)?,
            people: ids(self.people, NodeKind::Person, limits)?,
            languages: enum_values(self.languages),
            years: years(self.years, limits)?,
            from: self.from.map(|Date(day)| day),
            until: self.until.map(|Date(day)| day),
            sources: source_names(self.sources, limits)?,
            ..schema::SearchFilter::default()
        })
    }
}

impl EventFilter {
    /// Converts to the filter of the catalog, unless a limit is exceeded.
    pub(super) fn checked(self, limits: &Limits) -> Result<schema::SearchFilter> {
        Ok(schema::SearchFilter {
            phases: enum_values(self.phases),
            attendance: enum_values(self.attendance),
            ..self.content.checked(limits)?
        })
    }
}

impl SearchFilter {
    /// Converts to the filter of the catalog, unless a limit is exceeded.
    pub(super) fn checked(self, limits: &Limits) -> Result<schema::SearchFilter> {
        Ok(schema::SearchFilter {
            kinds: enum_values(self.kinds),
            article_forms: enum_values(self.article_forms),
            toolkit_forms: enum_values(self.toolkit_forms),
            community_forms: enum_values(self.community_forms),
            event_forms: enum_values(self.event_forms),
            organisation_kinds: enum_values(self.organisation_kinds),
            layers: enum_values(self.layers),
            attendance: enum_values(self.attendance),
            phases: enum_values(self.phases),
            ..self.content.checked(limits)?
        })
    }
}

/// The values of a list, unless there are too many.
fn values<T>(list: Option<Vec<T>>, limits: &Limits) -> Result<Vec<T>> {
    let list = list.unwrap_or_default();
    if list.len() > limits.filter_values_max {
        return Err(ApiError::limit("filter_values_max", limits.filter_values_max as u64));
    }
    Ok(list)
}

fn ids(texts: Option<Vec<ID>>, kind: NodeKind, limits: &Limits) -> Result<Vec<NodeId>> {
    let id = |text: ID| -> Result<NodeId> {
        let id: NodeId = text.parse().map_err(|_| {
            ApiError::bad_user_input(format!("not a valid {} id: `{}`", kind.as_str(), *text))
        })?;
        if id.kind() == kind {
            Ok(id)
        } else {
            let actual = id.kind().as_str();
            Err(ApiError::bad_user_input(format!(
                "id of kind {actual} where kind {} is expected: `{id}`",
                kind.as_str()
            )))
        }
    };
    values(texts, limits)?.into_iter().map(id).collect()
}

fn years(years: Option<Vec<i32>>, limits: &Limits) -> Result<Vec<i16>> {
    let year = |year: i32| {
        i16::try_from(year).map_err(|_| ApiError::bad_user_input(format!("invalid year: `{year}`")))
    };
    values(years, limits)?.into_iter().map(year).collect()
}

fn source_names(names: Option<Vec<ID>>, limits: &Limits) -> Result<Vec<SourceName>> {
    values(names, limits)?
        .into_iter()
        .map(|name| SourceName::new(&name).map_err(|error| crate::error::from_id(&error)))
        .collect()
}
