//! The words of Wegwijzer: what exists in the knowledge base, how it is asked for, and what comes
//! back. Pure data with validated constructors.
//!
//! This crate must not know where a record came from on disk, which engine stores or finds it, or
//! how it travels over the wire: no IO, no `redb`, no `tantivy`, no GraphQL library. The GraphQL
//! contract that grows out of these words is committed beside the code as `schema.graphql`.

pub mod cursor;
pub mod entity;
pub mod fold;
pub mod hit;
pub mod id;
pub mod moment;
pub mod part;
pub mod provenance;
pub mod query;
pub mod record;
pub mod series;
pub mod vocabulary;

pub use cursor::{Cursor, CursorError, SortValue};
pub use entity::{Audience, Organisation, Person, Theme};
pub use hit::{
    Explanation, FacetCount, Facets, Highlight, Hit, Interpretation, MatchWay, NamePage,
    SearchPage, SharedPassage, Span, Suggestion, WordMatch,
};
pub use id::{GenerationNumber, IdError, NodeId, NodeKind, SourceName};
pub use moment::{EventMoment, MomentError};
pub use part::{
    ApproximateCount, Effort, Founded, Guideline, Image, Method, Place, Quote, Reference,
    Registration, Resource, Session, Step, Tip,
};
pub use provenance::{Change, Provenance, RemovalReason, SourceRecord};
pub use query::{Page, SearchFilter, SearchQuery, Wanted};
pub use record::{Article, Body, Common, Community, Event, Record, Toolkit};
pub use series::{Occurrence, Occurrences, Series};
pub use vocabulary::*;
