//! Types of single values: enum values, dates and times.

use std::borrow::Cow;

use jiff::{Timestamp, civil};
use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef, Registry},
    types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type},
};
use schema::NodeKind;
use serde_json::Value;

/// Implements an `OpenAPI` type that is written as a text.
macro_rules! text_type {
    ($name:ident) => {
        impl Type for $name {
            const IS_REQUIRED: bool = true;
            type RawValueType = Self;
            type RawElementValueType = Self;

            fn name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn schema_ref() -> MetaSchemaRef {
                Self::text_schema()
            }

            fn register(registry: &mut Registry) {
                Self::text_register(registry);
            }

            fn as_raw_value(&self) -> Option<&Self> {
                Some(self)
            }

            fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
                Box::new(std::iter::once(self))
            }
        }

        /// Required of every field of an object; no request has a body.
        impl ParseFromJSON for $name {
            fn parse_from_json(_value: Option<Value>) -> ParseResult<Self> {
                Err(ParseError::custom("in responses only"))
            }
        }

        impl ToJSON for $name {
            fn to_json(&self) -> Option<Value> {
                Some(Value::String(self.text()))
            }
        }
    };
}

/// Defines the closed vocabularies of the contract.
macro_rules! vocabularies {
    ($($(#[doc = $doc:literal])+ $name:ident = $vocabulary:ident;)+) => {$(
        $(#[doc = $doc])+
        pub(super) struct $name(schema::$vocabulary);

        impl $name {
            fn text_schema() -> MetaSchemaRef {
                MetaSchemaRef::Reference(stringify!($vocabulary).to_owned())
            }

            fn text_register(registry: &mut Registry) {
                let name = stringify!($vocabulary).to_owned();
                let names = || schema::$vocabulary::ALL.iter().map(|value| value.name().into());
                registry.create_schema::<Self, _>(name, |_| MetaSchema {
                    description: Some(concat!($($doc),+).trim_ascii()),
                    enum_items: names().collect(),
                    ..MetaSchema::new("string")
                });
            }
        }

        impl From<schema::$vocabulary> for $name {
            fn from(value: schema::$vocabulary) -> Self {
                Self(value)
            }
        }

        impl $name {
            fn text(&self) -> String {
                self.0.name().to_owned()
            }
        }

        text_type!($name);
    )+};
}

vocabularies! {
    /// Language of a text.
    LanguageName = Language;
    /// Where a title comes from.
    TitleSourceName = TitleSource;
    /// Phase of an event at the time of the request.
    EventPhaseName = EventPhase;
    /// Whether an event takes place as planned.
    EventStatusName = EventStatus;
    /// Whether an event is attended in person or online.
    AttendanceName = Attendance;
    /// How precise a date is.
    DatePrecisionName = DatePrecision;
    /// Kind of change.
    ChangeOpName = ChangeOp;
    /// Kind of suggestion.
    SuggestionKindName = SuggestionKind;
    /// Part of a record that contains words of a search.
    SearchFieldName = SearchField;
    /// Kind of organisation.
    OrganisationKindName = OrganisationKind;
    /// Level of government.
    GovernmentLayerName = GovernmentLayer;
    /// Whether an audience consists of professionals or citizens.
    PerspectiveName = Perspective;
    /// Whether content has the words of a search, or only related words.
    MatchClassName = MatchClass;
}

/// Kind of content or entity.
pub(super) struct KindName(pub(super) NodeKind);

impl KindName {
    fn text(&self) -> String {
        Self::name(self.0)
    }

    /// The name in responses, such as `ARTICLE`.
    fn name(kind: NodeKind) -> String {
        kind.as_str().to_ascii_uppercase()
    }

    fn text_schema() -> MetaSchemaRef {
        MetaSchemaRef::Reference("Kind".to_owned())
    }

    fn text_register(registry: &mut Registry) {
        registry.create_schema::<Self, _>("Kind".to_owned(), |_| MetaSchema {
            description: Some("Kind of content or entity."),
            enum_items: NodeKind::ALL.iter().map(|kind| Self::name(*kind).into()).collect(),
            ..MetaSchema::new("string")
        });
    }
}

text_type!(KindName);

/// A time in UTC, as in RFC 3339.
pub(super) struct UtcTime(pub(super) Timestamp);

impl UtcTime {
    fn text(&self) -> String {
        self.0.to_string()
    }

    fn text_schema() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema::new_with_format("string", "date-time")))
    }

    const fn text_register(_registry: &mut Registry) {}
}

text_type!(UtcTime);

/// A day.
pub(super) struct CalendarDay(pub(super) civil::Date);

impl CalendarDay {
    fn text(&self) -> String {
        self.0.to_string()
    }

    fn text_schema() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema::new_with_format("string", "date")))
    }

    const fn text_register(_registry: &mut Registry) {}
}

text_type!(CalendarDay);
