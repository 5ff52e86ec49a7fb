//! The list of facets: everything that a search can filter by and count.
//!
//! [`SearchFilter`], [`Facets`] and all code that iterates over facets are generated from the table
//! at the end of this file. To add a facet, add a row; the compiler then reports the missing index
//! column. Only the GraphQL types repeat the list, because they are written by hand.
//!
//! This module must not know how facets are stored, counted or displayed.

use std::{fmt, str::FromStr};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{
    ArticleForm, Attendance, CommunityForm, EventForm, EventPhase, GovernmentLayer, Kind, Language,
    NodeId, NodeKind, OrganisationKind, SourceName, ToolkitForm,
};

/// Maximum number of values of a closed vocabulary.
const VOCABULARY_MAX: u64 = 64;

/// A value that index columns store as a number.
pub trait ColumnValue: Copy + Ord + FromStr + Into<FacetValue> {
    /// The number in the column. Stable, because it is stored in generations on disk.
    fn code(self) -> u64;

    /// The value of a code; `None` if this version has no such code.
    fn from_code(code: u64) -> Option<Self>;
}

impl ColumnValue for NodeId {
    fn code(self) -> u64 {
        self.to_bits()
    }

    fn from_code(code: u64) -> Option<Self> {
        Self::from_bits(code).ok()
    }
}

/// A year.
impl ColumnValue for i16 {
    fn code(self) -> u64 {
        i64::from(self).cast_unsigned()
    }

    fn from_code(code: u64) -> Option<Self> {
        code.cast_signed().try_into().ok()
    }
}

/// A value of any facet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FacetValue {
    /// The name of an enum value, such as `PRACTICE_CASE`.
    Name(&'static str),
    /// The id of an entity.
    Entity(NodeId),
    /// A year.
    Year(i16),
}

impl From<NodeId> for FacetValue {
    fn from(id: NodeId) -> Self {
        Self::Entity(id)
    }
}

impl From<i16> for FacetValue {
    fn from(year: i16) -> Self {
        Self::Year(year)
    }
}

impl fmt::Display for FacetValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Entity(id) => id.fmt(f),
            Self::Year(year) => year.fmt(f),
        }
    }
}

/// Number of hits with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FacetCount<T> {
    /// The value.
    pub value: T,
    /// Number of hits with the value, ignoring the filter on this facet itself.
    pub count: u64,
    /// Whether the filter contains the value.
    pub selected: bool,
}

impl<T> FacetCount<T> {
    /// Maps the value to another type; `None` if `map` returns `None`.
    pub fn try_map<U>(self, map: impl FnOnce(T) -> Option<U>) -> Option<FacetCount<U>> {
        let Self { value, count, selected } = self;
        map(value).map(|value| FacetCount { value, count, selected })
    }
}

impl Facet {
    /// The kind of content that a form facet belongs to; `None` for all other facets.
    pub const fn form_of(self) -> Option<Kind> {
        match self {
            Self::ArticleForm => Some(Kind::Article),
            Self::ToolkitForm => Some(Kind::Toolkit),
            Self::CommunityForm => Some(Kind::Community),
            Self::EventForm => Some(Kind::Event),
            _ => None,
        }
    }

    /// The kind of entity that the values identify; `None` for enums and years.
    pub const fn entity_kind(self) -> Option<NodeKind> {
        match self {
            Self::Theme => Some(NodeKind::Theme),
            Self::Community => Some(NodeKind::Community),
            Self::Organisation => Some(NodeKind::Organisation),
            Self::Audience => Some(NodeKind::Audience),
            _ => None,
        }
    }

    /// Whether a parsed value belongs to this facet: an id must be of its kind of entity.
    fn accepts(self, value: FacetValue) -> bool {
        match value {
            FacetValue::Entity(id) => self.entity_kind() == Some(id.kind()),
            FacetValue::Name(_) | FacetValue::Year(_) => true,
        }
    }
}

macro_rules! facets {
    ($($(#[doc = $doc:literal])+ $facet:ident($parameter:expr) $field:ident: $value:ty;)+) => {
        /// A dimension that a search can filter by and count.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Facet { $($(#[doc = $doc])+ $facet,)+ }

        impl Facet {
            /// Every facet, in the order of pages and query strings; the form facets are adjacent.
            pub const ALL: &'static [Self] = &[$(Self::$facet,)+];

            /// Number of facets.
            pub const COUNT: usize = Self::ALL.len();

            /// Name of the field in [`SearchFilter`] and [`Facets`], such as `article_forms`.
            pub const fn field(self) -> &'static str {
                match self { $(Self::$facet => stringify!($field),)+ }
            }

            /// Name of the query string parameter; `None` for a facet that only GraphQL has. The
            /// form facets share one parameter.
            pub const fn parameter(self) -> Option<&'static str> {
                match self { $(Self::$facet => $parameter,)+ }
            }

            /// The names of all values, if they are a closed vocabulary; otherwise none.
            pub fn names(self) -> Vec<&'static str> {
                let values: Vec<FacetValue> = match self {
                    $(Self::$facet => {
                        let values = (0..VOCABULARY_MAX).filter_map(<$value>::from_code);
                        values.map(Into::into).collect()
                    })+
                };
                let name = |value| match value {
                    FacetValue::Name(name) => Some(name),
                    FacetValue::Entity(_) | FacetValue::Year(_) => None,
                };
                values.into_iter().filter_map(name).collect()
            }

            /// Parses a value. Names of enum values are case-insensitive and may have hyphens for
            /// underscores.
            pub fn parse(self, text: &str) -> Option<FacetValue> {
                let value: FacetValue = match self {
                    $(Self::$facet => text.parse::<$value>().ok()?.into(),)+
                };
                self.accepts(value).then_some(value)
            }
        }

        /// Conditions of a search: all must hold; within a list, any one. An empty list is no
        /// condition.
        #[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub struct SearchFilter {
            $($(#[doc = $doc])+ pub $field: Vec<$value>,)+
            /// People.
            pub people: Vec<NodeId>,
            /// First day (inclusive, Amsterdam time): of any occurrence of an event, else of
            /// publication.
            pub from: Option<Date>,
            /// Last day (inclusive) of the same.
            pub until: Option<Date>,
            /// Sources.
            pub sources: Vec<SourceName>,
        }

        impl SearchFilter {
            /// Codes of the selected values of a facet.
            pub fn selected(&self, facet: Facet) -> Vec<u64> {
                match facet {
                    $(Facet::$facet => self.$field.iter().map(|value| value.code()).collect(),)+
                }
            }

            /// The selected values of a facet with type-erased values.
            pub fn selected_values(&self, facet: Facet) -> Vec<FacetValue> {
                match facet {
                    $(Facet::$facet => self.$field.iter().map(|value| (*value).into()).collect(),)+
                }
            }

            /// Parses a value of a facet and adds it if it is not present yet.
            pub fn select(&mut self, facet: Facet, text: &str) -> Option<FacetValue> {
                let value = facet.parse(text)?;
                match facet {
                    $(Facet::$facet => push_unique(&mut self.$field, text),)+
                }
                Some(value)
            }
        }

        /// Counts per facet, highest first. Each count ignores the filter on its own facet.
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        pub struct Facets { $($(#[doc = $doc])+ pub $field: Vec<FacetCount<$value>>,)+ }

        impl Facets {
            /// Sets the counts of a facet from the codes of its values.
            pub fn set(&mut self, facet: Facet, counts: Vec<FacetCount<u64>>) {
                let counts = counts.into_iter();
                match facet {
                    $(Facet::$facet => {
                        let typed = counts.filter_map(|count| count.try_map(ColumnValue::from_code));
                        self.$field = typed.collect();
                    })+
                }
            }

            /// The counts of a facet with type-erased values.
            pub fn counts(&self, facet: Facet) -> Vec<FacetCount<FacetValue>> {
                match facet {
                    $(Facet::$facet => self
                        .$field
                        .iter()
                        .filter_map(|count| count.try_map(|value| Some(value.into())))
                        .collect(),)+
                }
            }
        }
    };
}

fn push_unique<T: ColumnValue>(list: &mut Vec<T>, text: &str) {
    if let Ok(value) = text.parse()
        && !list.contains(&value)
    {
        list.push(value);
    }
}

facets! {
    /// Kinds of content.
    Kind(Some("kind")) kinds: Kind;
    /// Forms of article. A form filter excludes all other kinds, except those selected by `kinds`
    /// or by a form of their own.
    ArticleForm(Some("form")) article_forms: ArticleForm;
    /// Forms of toolkit.
    ToolkitForm(Some("form")) toolkit_forms: ToolkitForm;
    /// Forms of community.
    CommunityForm(Some("form")) community_forms: CommunityForm;
    /// Forms of event.
    EventForm(Some("form")) event_forms: EventForm;
    /// Themes.
    Theme(Some("theme")) themes: NodeId;
    /// Communities.
    Community(Some("community")) communities: NodeId;
    /// Organisations.
    Organisation(Some("organisation")) organisations: NodeId;
    /// Kinds of organisation.
    OrganisationKind(None) organisation_kinds: OrganisationKind;
    /// Levels of government.
    Layer(Some("layer")) layers: GovernmentLayer;
    /// Audiences.
    Audience(Some("audience")) audiences: NodeId;
    /// Phases of events: upcoming, ongoing or past.
    Phase(Some("phase")) phases: EventPhase;
    /// Attendance of events: online, in person or both.
    Attendance(Some("attendance")) attendance: Attendance;
    /// Years of the start of an event, or else of publication, in Amsterdam; latest first in counts.
    Year(Some("year")) years: i16;
    /// Languages.
    Language(Some("language")) languages: Language;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A valid value of a facet, as text.
    fn example(facet: Facet) -> String {
        match facet.entity_kind() {
            Some(kind) => NodeId::new(kind, 7).to_string(),
            None => [
                "2026", "training", "own", "blog", "event", "PAST", "rijk", "nl", "online",
                "library",
            ]
            .into_iter()
            .find(|text| facet.parse(text).is_some())
            .unwrap()
            .to_owned(),
        }
    }

    #[test]
    fn every_facet_must_be_filtered_and_counted_by_the_same_code() {
        for facet in Facet::ALL {
            let mut filter = SearchFilter::default();
            let value = filter.select(*facet, &example(*facet)).unwrap();
            assert_eq!(filter.select(*facet, &value.to_string()), Some(value));
            let codes = filter.selected(*facet);
            assert_eq!(codes.len(), 1, "{facet:?}");
            let mut facets = Facets::default();
            facets.set(*facet, vec![FacetCount { value: codes[0], count: 3, selected: true }]);
            assert_eq!(facets.counts(*facet), [FacetCount { value, count: 3, selected: true }]);
            assert_eq!(filter.select(*facet, "p000000000007"), None, "{facet:?}");
            let others = Facet::ALL.iter().filter(|other| *other != facet);
            assert!(others.clone().all(|other| facets.counts(*other).is_empty()));
            assert!(others.clone().all(|other| filter.selected(*other).is_empty()));
            assert!(others.clone().all(|other| other.field() != facet.field()));
        }
    }
}
