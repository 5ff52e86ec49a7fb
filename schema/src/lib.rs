//! The domain model of Wegwijzer: records, queries and results. Pure data with validated
//! constructors.
//!
//! This crate must not depend on storage, search engines or transport: no IO, no `redb`, no
//! `tantivy`, no GraphQL library. The GraphQL contract built on these types is committed alongside
//! the code as `schema.graphql`.

pub mod cursor;
pub mod entity;
pub mod enums;
pub mod facet;
pub mod id;
pub mod moment;
pub mod normalisation;
pub mod part;
pub mod provenance;
pub mod query;
pub mod record;
pub mod recurrence;
pub mod repetition;
pub mod results;
pub mod value_objects;

pub use self::{
    facet::{ColumnValue, Facet, FacetCount, FacetValue, Facets, SearchFilter},
    moment::{Moment, MomentError},
    recurrence::{AddedOccurrence, Occurrence, Occurrences, Series},
    results::{
        EntityMention, Explanation, Highlight, Hit, Interpretation, MatchReason, MentionText,
        Preference, RecordPage, RelatedTerm, SearchPage, SharedPassage, Span, Suggestion,
        TermMatch,
    },
    value_objects::{
        ApproximateCount, Effort, Founded, Guideline, Image, Method, Place, Quote, Reference,
        Registration, Resource, Session, Step, Tip,
    },
};
pub use cursor::{Cursor, CursorError, SortValue};
pub use entity::{Audience, Organisation, Person, Theme};
pub use enums::*;
pub use id::{GenerationNumber, IdError, NodeId, NodeKind, SourceName};
pub use part::PartPosition;
pub use provenance::{Change, ChangePosition, Provenance, RemovalReason, SourceRecord};
pub use query::{Page, SearchExtras, SearchQuery};
pub use record::{Article, Body, Common, Community, Event, FirstSeen, Record, Toolkit};
