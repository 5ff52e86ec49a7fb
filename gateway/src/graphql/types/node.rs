//! `Node`: any object with an id.

use std::sync::Arc;

use async_graphql::{ID, Interface};
use schema::Record;

use super::{
    article::Article, audience::Audience, community::Community, content::Content, event::Event,
    organisation::Organisation, person::Person, theme::Theme, toolkit::Toolkit,
};
use crate::graphql::from_record::FromRecord;

// Invariant: the variant `Content` is never constructed. It makes async-graphql declare that
// `Content` implements `Node`; a value of it would have the type name `Content`.
/// Any object with an id.
#[derive(Interface, Clone)]
#[graphql(field(name = "id", ty = "ID", desc = "Opaque, stable identifier; it never changes."))]
pub(crate) enum Node {
    Article(Article),
    Toolkit(Toolkit),
    Community(Community),
    Event(Event),
    Theme(Theme),
    Organisation(Organisation),
    Person(Person),
    Audience(Audience),
    Content(Content),
}

impl FromRecord for Node {
    fn from_record(record: Arc<Record>) -> Option<Self> {
        match &*record {
            Record::Article(_) => Article::from_record(record).map(Self::Article),
            Record::Toolkit(_) => Toolkit::from_record(record).map(Self::Toolkit),
            Record::Community(_) => Community::from_record(record).map(Self::Community),
            Record::Event(_) => Event::from_record(record).map(Self::Event),
            Record::Theme(_) => Theme::from_record(record).map(Self::Theme),
            Record::Organisation(_) => Organisation::from_record(record).map(Self::Organisation),
            Record::Person(_) => Person::from_record(record).map(Self::Person),
            Record::Audience(_) => Audience::from_record(record).map(Self::Audience),
        }
    }
}
