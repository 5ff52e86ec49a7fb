//! A community platform: what it knows of communities and events of the knowledge base.

use async_graphql::{ID, Object, SimpleObject};

/// A number that is always the same for one id.
pub(crate) fn number(id: &ID, below: u32) -> u32 {
    id.bytes().fold(7_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into())) % below
}

/// The root.
pub(crate) struct Query;

#[Object]
impl Query {
    /// What is talked about now.
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

/// What people talk about.
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

    /// How many are logged in there.
    async fn members(&self) -> u32 {
        12 + number(&self.id, 400)
    }

    /// What its members talk about.
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

    /// Places that nobody took yet.
    async fn places_left(&self) -> Option<u32> {
        Some(number(&self.id, 40))
    }
}
