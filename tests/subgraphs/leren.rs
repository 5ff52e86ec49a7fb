//! An academy: its events require a field of another subgraph, and its courses implement an
//! interface.

use async_graphql::{ID, Interface, Object, SimpleObject};

/// An event with fewer places left is almost full.
const FEW_PLACES: i32 = 10;

/// The query root.
pub(crate) struct Query;

#[Object]
impl Query {
    /// All courses.
    async fn courses(&self) -> Vec<Course> {
        courses()
    }

    #[graphql(entity)]
    async fn event(&self, #[graphql(key)] id: ID, places_left: Option<i32>) -> Option<Event> {
        Some(Event { id, places_left })
    }
}

fn courses() -> Vec<Course> {
    vec![
        Course::Workshop(Workshop { name: "Schrijven op B1".to_owned(), seats: 16 }),
        Course::Online(Online { name: "Testen met gebruikers".to_owned(), minutes: 45 }),
    ]
}

/// A course.
#[derive(Interface)]
#[graphql(field(name = "name", ty = "&String"))]
enum Course {
    Workshop(Workshop),
    Online(Online),
}

#[derive(SimpleObject)]
struct Workshop {
    name: String,
    seats: i32,
}

#[derive(SimpleObject)]
struct Online {
    name: String,
    minutes: i32,
}

struct Event {
    id: ID,
    places_left: Option<i32>,
}

#[Object]
impl Event {
    async fn id(&self) -> &ID {
        &self.id
    }

    #[graphql(external)]
    async fn places_left(&self) -> Option<i32> {
        self.places_left
    }

    /// Whether only a few places are left.
    #[graphql(requires = "placesLeft")]
    async fn is_almost_full(&self) -> Option<bool> {
        self.places_left.map(|left| left < FEW_PLACES)
    }

    /// Courses that prepare for the event.
    async fn courses(&self) -> Vec<Course> {
        courses()
    }
}
