//! A plain GraphQL service with the interface of a Pleio site: groups with their members, events
//! with their attendees. It knows nothing of federation: no `_service`, no `_entities`.
//!
//! Its identifiers are those of the demo: the last segment of the platform URL of a community, and
//! the keys of events. `placesLeft` is ours; Pleio has `maxAttendees` and `totalAccept` only.

use async_graphql::{EmptyMutation, EmptySubscription, Interface, Object, Schema, SimpleObject};

/// Groups of the platform: guid, name and number of members.
const GROUPS: [(&str, &str, i32); 8] = [
    ("community-cx", "Community CX", 412),
    ("omnichannel", "Community Omnichannel", 186),
    ("online-formulieren", "Community Online Formulieren", 231),
    ("proactief", "Community Proactieve Dienstverlening", 158),
    ("leerkring-duinstad", "Leerkring Duinstad", 23),
    ("direct-duidelijk", "Netwerk Direct Duidelijk", 640),
    ("klantcontact-merenland", "Netwerk Klantcontact Merenland", 47),
    ("rotterdammer-centraal", "Rotterdammer Centraal", 92),
];

/// Events of the platform: guid, title, and numbers of places and of attendees.
const EVENTS: [(&str, &str, i32, i32); 7] = [
    ("ev-112", "Meeloopdag Klantcontact Merenland", 16, 13),
    ("ev-113", "Bouwweekend Formulierendokter", 30, 25),
    ("ev-115", "Webinar Chatbots en de menselijke maat", 200, 121),
    ("ev-116", "Gluren bij de Buren bij Waterschap Zeeveen", 20, 20),
    ("ev-117", "Training Schrijven op B1", 12, 9),
    ("ev-119", "Estafette Zorgplicht", 60, 38),
    ("ev-122", "Kennissessie Meten met het meethuis", 80, 44),
];

/// The number of items that a list returns without `limit`.
const LIMIT_DEFAULT: usize = 20;

/// The schema of the service.
pub(crate) type PlainSchema = Schema<PlainQuery, EmptyMutation, EmptySubscription>;

/// The service.
pub(crate) fn schema() -> PlainSchema {
    Schema::build(PlainQuery, EmptyMutation, EmptySubscription).finish()
}

/// The query root.
pub(crate) struct PlainQuery;

#[Object(name = "Query")]
impl PlainQuery {
    /// Groups, by name; all of them, or those with the given identifiers.
    async fn groups(
        &self,
        guids: Option<Vec<String>>,
        #[graphql(default)] offset: usize,
        #[graphql(default = 20)] limit: usize,
    ) -> GroupList {
        let is_selected =
            |guid: &str| guids.as_ref().is_none_or(|all| all.iter().any(|one| one == guid));
        let selected: Vec<_> = GROUPS.into_iter().filter(|(guid, ..)| is_selected(guid)).collect();
        let page = selected.iter().skip(offset).take(limit);
        GroupList {
            total: selected.len(),
            edges: page.map(|(guid, name, members)| Group::new(guid, name, *members)).collect(),
        }
    }

    /// A group or an event, or nothing.
    async fn entity(&self, guid: String) -> Option<Entity> {
        let group = GROUPS.into_iter().find(|(one, ..)| *one == guid);
        let group =
            group.map(|(guid, name, members)| Entity::Group(Group::new(guid, name, members)));
        group.or_else(|| {
            let event = EVENTS.into_iter().find(|(one, ..)| *one == guid)?;
            Some(Entity::Event(Event::new(event)))
        })
    }

    /// Upcoming events.
    async fn events(&self, #[graphql(default)] offset: usize, limit: Option<usize>) -> EventList {
        let page = EVENTS.into_iter().skip(offset).take(limit.unwrap_or(LIMIT_DEFAULT));
        EventList { total: EVENTS.len(), edges: page.map(Event::new).collect() }
    }
}

/// Anything with an identifier.
#[derive(Interface)]
#[graphql(field(name = "guid", ty = "&String"))]
enum Entity {
    Group(Group),
    Event(Event),
}

#[derive(SimpleObject)]
struct GroupList {
    total: usize,
    edges: Vec<Group>,
}

/// A group of members.
#[derive(SimpleObject)]
struct Group {
    guid: String,
    name: String,
    url: String,
    /// Number of members at this moment.
    member_count: i32,
}

impl Group {
    fn new(guid: &str, name: &str, member_count: i32) -> Self {
        let url = format!("/groups/view/{guid}/{}", name.to_lowercase().replace(' ', "-"));
        Self { guid: guid.to_owned(), name: name.to_owned(), url, member_count }
    }
}

#[derive(SimpleObject)]
struct EventList {
    total: usize,
    edges: Vec<Event>,
}

/// An event.
#[derive(SimpleObject)]
struct Event {
    guid: String,
    title: String,
    max_attendees: Option<String>,
    /// Number of places left at this moment.
    places_left: Option<i32>,
    attendees: AttendeesList,
}

impl Event {
    fn new((guid, title, places, accepted): (&str, &str, i32, i32)) -> Self {
        let state = || "accept".to_owned();
        let attendee = |number| Attendee {
            name: format!("Deelnemer {number}"),
            email: format!("deelnemer{number}@example.nl"),
            state: state(),
        };
        let attendees = AttendeesList {
            total: accepted,
            total_accept: accepted,
            edges: (1..=accepted).map(attendee).collect(),
        };
        Self {
            guid: guid.to_owned(),
            title: title.to_owned(),
            max_attendees: Some(places.to_string()),
            places_left: Some(places - accepted),
            attendees,
        }
    }
}

/// Who attends an event.
#[derive(SimpleObject)]
struct AttendeesList {
    total: i32,
    /// Number of people who accepted.
    total_accept: i32,
    edges: Vec<Attendee>,
}

#[derive(SimpleObject)]
struct Attendee {
    name: String,
    email: String,
    state: String,
}
