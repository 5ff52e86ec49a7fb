//! The one list of facets: what a search can be filtered by and counted over.
//!
//! [`SearchFilter`], [`Facets`] and everything that walks over facets come from the table at the end
//! of this file, so that a facet is added there, and the compiler names the index column that it
//! lacks. Only the GraphQL types repeat the list, since they are typed by hand.
//!
//! This module must not know how facets are stored, counted or shown.

use std::{fmt, str::FromStr};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{
    ArticleForm, Attendance, CommunityForm, EventForm, EventPhase, GovernmentLayer, Kind, Language,
    NodeId, NodeKind, OrganisationKind, SourceName, ToolkitForm,
};

/// A value that columns store as a number.
pub trait ColumnValue: Copy + Ord + FromStr + Into<FacetValue> {
    /// The number in columns. It never changes, since generations on disk hold it.
    fn code(self) -> u64;

    /// The value with this code; `None` for a code that this version does not know.
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
    /// Hits with the value, where the facet's own condition is left out of the filter.
    pub count: u64,
    /// Whether the filter contains the value.
    pub selected: bool,
}

impl<T> FacetCount<T> {
    /// The same count for another representation of the value; `None` where it has none.
    pub fn try_map<U>(self, map: impl FnOnce(T) -> Option<U>) -> Option<FacetCount<U>> {
        let Self { value, count, selected } = self;
        map(value).map(|value| FacetCount { value, count, selected })
    }
}

impl Facet {
    /// The kind of content that alone has this form; `None` for facets that are no form.
    pub const fn form_of(self) -> Option<Kind> {
        match self {
            Self::ArticleForm => Some(Kind::Article),
            Self::ToolkitForm => Some(Kind::Toolkit),
            Self::CommunityForm => Some(Kind::Community),
            Self::EventForm => Some(Kind::Event),
            _ => None,
        }
    }

    /// The kind of entity whose ids are the values; `None` for enumerations and years.
    pub const fn entity_kind(self) -> Option<NodeKind> {
        match self {
            Self::Theme => Some(NodeKind::Theme),
            Self::Community => Some(NodeKind::Community),
            Self::Organisation => Some(NodeKind::Organisation),
            Self::Audience => Some(NodeKind::Audience),
            _ => None,
        }
    }

    /// Whether a text that has been parsed is a value of this facet and not an id of another kind.
    fn accepts(self, value: FacetValue) -> bool {
        match value {
            FacetValue::Entity(id) => self.entity_kind() == Some(id.kind()),
            FacetValue::Name(_) | FacetValue::Year(_) => true,
        }
    }
}

macro_rules! facets {
    ($($(#[doc = $doc:literal])+ $facet:ident($parameter:expr) $field:ident: $value:ty;)+) => {
        /// Something that a search can be filtered by and counted over.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Facet { $($(#[doc = $doc])+ $facet,)+ }

        impl Facet {
            /// Every facet, in the order of pages and query strings; the forms are adjacent.
            pub const ALL: &'static [Self] = &[$(Self::$facet,)+];

            /// Number of facets.
            pub const COUNT: usize = Self::ALL.len();

            /// Name of the field in [`SearchFilter`] and [`Facets`], such as `article_forms`.
            pub const fn field(self) -> &'static str {
                match self { $(Self::$facet => stringify!($field),)+ }
            }

            /// Name of the parameter in a query string; `None` for a facet of GraphQL alone. The
            /// forms share one.
            pub const fn parameter(self) -> Option<&'static str> {
                match self { $(Self::$facet => $parameter,)+ }
            }

            /// Parses a value; enum values in either case, with hyphens or underscores.
            pub fn parse(self, text: &str) -> Option<FacetValue> {
                let value: FacetValue = match self {
                    $(Self::$facet => text.parse::<$value>().ok()?.into(),)+
                };
                self.accepts(value).then_some(value)
            }
        }

        /// All conditions must hold; within a list, any one. An empty list is no condition.
        #[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub struct SearchFilter {
            $($(#[doc = $doc])+ pub $field: Vec<$value>,)+
            /// People.
            pub people: Vec<NodeId>,
            /// First day of an event (of any time of a series), else of publication, in Amsterdam.
            pub from: Option<Date>,
            /// Last day of the same.
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

            /// Parses a value of a facet and adds it unless it is present.
            pub fn select(&mut self, facet: Facet, text: &str) -> Option<FacetValue> {
                let value = facet.parse(text)?;
                match facet {
                    $(Facet::$facet => push_unique(&mut self.$field, text),)+
                }
                Some(value)
            }
        }

        /// Counts per facet, highest first. Each leaves its own condition out of the filter.
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

            /// The counts of a facet, whatever the type of its values.
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
    /// Forms of article. Forms of one kind exclude the other kinds, except for those that `kinds` or
    /// forms of their own select.
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
    /// Layers of government.
    Layer(Some("layer")) layers: GovernmentLayer;
    /// Audiences.
    Audience(Some("audience")) audiences: NodeId;
    /// Phase of an event: upcoming, ongoing or past; only events have one.
    Phase(Some("phase")) phases: EventPhase;
    /// Online or on location; only events have it.
    Attendance(Some("attendance")) attendance: Attendance;
    /// Years of an event's start, else of publication, in Amsterdam; counts latest first.
    Year(Some("year")) years: i16;
    /// Languages.
    Language(Some("language")) languages: Language;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A value of a facet as text, and of another type.
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
