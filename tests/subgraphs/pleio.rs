//! A community platform that extends communities and events of the knowledge base.

use async_graphql::{ID, Object, SimpleObject};

/// A number below `below` that depends only on the id.
pub(crate) fn number(id: &ID, below: u32) -> u32 {
    id.bytes().fold(7_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into())) % below
}

/// The query root.
pub(crate) struct Query;

#[Object]
impl Query {
    /// Current discussions.
    async fn discussions(&self) -> Vec<Discussion> {
        ["Wie test met burgers?", "Brieven in klare taal"].map(Discussion::new).into()
    }

    #[graphql(entity)]
    async fn community(&self, id: ID) -> Option<Community> {
        Some(Community { id })
    }

    #[graphql(entity)]
    async fn event(&self, id: ID) -> Option<Event> {
        Some(Event { id })
    }
}

/// A discussion.
#[derive(SimpleObject)]
struct Discussion {
    title: String,
    replies: i32,
}

impl Discussion {
    fn new(title: &str) -> Self {
        Self { title: title.to_owned(), replies: 3 }
    }
}

struct Community {
    id: ID,
}

#[Object]
impl Community {
    async fn id(&self) -> &ID {
        &self.id
    }

    /// Number of members on the platform.
    async fn members(&self) -> u32 {
        12 + number(&self.id, 400)
    }

    /// Discussions of the members.
    async fn discussions(&self) -> Vec<Discussion> {
        vec![Discussion::new("Welkom")]
    }
}

struct Event {
    id: ID,
}

#[Object]
impl Event {
    async fn id(&self) -> &ID {
        &self.id
    }

    /// Number of places left.
    async fn places_left(&self) -> Option<u32> {
        Some(number(&self.id, 40))
    }
}
