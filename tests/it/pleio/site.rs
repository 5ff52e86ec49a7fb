//! A stand-in for a Pleio site, written from what is known of its interface: lists by offset in an
//! order without a tie-break, totals, relative addresses, instances of recurring events that reading
//! makes, a session for each request without a cookie, a login page instead of a closed site.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_graphql::{
    Context, EmptyMutation, EmptySubscription, Enum, Error, Interface, Object, Request, Schema,
    SimpleObject, ValidationMode,
};
use jiff::{ToSpan, Zoned};
use poem::{
    EndpointExt, IntoResponse, Response, Route, Server, handler,
    http::{StatusCode, header},
    listener::{Acceptor, Listener, TcpListener},
    web::Data,
};

use crate::support::runtime;

#[derive(SimpleObject, Clone, Default)]
pub(super) struct Featured {
    pub(super) image: Option<String>,
    pub(super) alt: Option<String>,
}

#[derive(SimpleObject, Clone, Default)]
pub(super) struct User {
    pub(super) guid: String,
    pub(super) name: String,
}

#[derive(SimpleObject, Clone, Default)]
pub(super) struct Group {
    pub(super) guid: String,
    pub(super) name: String,
    pub(super) url: String,
    pub(super) description: String,
    pub(super) introduction: String,
    pub(super) is_closed: bool,
    pub(super) is_membership_on_request: bool,
    pub(super) member_count: i32,
    pub(super) tags: Vec<String>,
    pub(super) featured: Option<Featured>,
    #[graphql(skip)]
    pub(super) is_hidden: bool,
}

macro_rules! content_types {
    ($($name:ident = $type_name:literal { $($field:ident: $type:ty,)* })+) => {$(
        #[derive(SimpleObject, Clone, Default)]
        #[graphql(name = $type_name)]
        pub(super) struct $name {
            pub(super) guid: String,
            pub(super) title: String,
            pub(super) rich_description: String,
            pub(super) url: String,
            pub(super) time_created: String,
            pub(super) time_updated: String,
            pub(super) access_id: i32,
            $(pub(super) $field: $type,)*
        }
    )+};
}

content_types! {
    Blog = "Blog" {
        r#abstract: String, tags: Vec<String>, time_published: String, group: Option<Group>,
        featured: Option<Featured>, owner: User,
    }
    News = "News" { r#abstract: String, source: String, time_published: String, }
    Wiki = "Wiki" { r#abstract: String, group: Option<Group>, parent: Option<User>, }
    Inquiry = "Question" {}
    Event = "Event" {
        r#abstract: String, start_date: Option<String>, end_date: Option<String>, location: String,
        location_address: String, location_link: String, ticket_link: String, source: String,
        max_attendees: Option<String>, group: Option<Group>, children: Vec<Entity>,
    }
}

#[derive(Interface, Clone)]
#[graphql(field(name = "guid", ty = "&String"), field(name = "access_id", ty = "&i32"))]
pub(super) enum Entity {
    Blog(Blog),
    News(News),
    Wiki(Wiki),
    Inquiry(Inquiry),
    Event(Event),
}

impl Entity {
    fn subtype(&self) -> &'static str {
        match self {
            Self::Blog(_) => "blog",
            Self::News(_) => "news",
            Self::Wiki(_) => "wiki",
            Self::Inquiry(_) => "question",
            Self::Event(_) => "event",
        }
    }

    fn time_created(&self) -> &str {
        match self {
            Self::Blog(one) => &one.time_created,
            Self::News(one) => &one.time_created,
            Self::Wiki(one) => &one.time_created,
            Self::Inquiry(one) => &one.time_created,
            Self::Event(one) => &one.time_created,
        }
    }

    pub(super) fn identifier(&self) -> &str {
        match self {
            Self::Blog(one) => &one.guid,
            Self::News(one) => &one.guid,
            Self::Wiki(one) => &one.guid,
            Self::Inquiry(one) => &one.guid,
            Self::Event(one) => &one.guid,
        }
    }

    fn start_date(&self) -> Option<&String> {
        if let Self::Event(event) = self { event.start_date.as_ref() } else { None }
    }
}

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(rename_items = "camelCase")]
enum OrderBy {
    TimeCreated,
    StartDate,
}

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(rename_items = "camelCase")]
enum OrderDirection {
    Asc,
    Desc,
}

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(rename_items = "camelCase")]
enum StatusPublished {
    Published,
    Archived,
}

#[derive(SimpleObject)]
struct EntityList {
    total: usize,
    edges: Vec<Entity>,
}

#[derive(SimpleObject)]
struct GroupList {
    total: usize,
    edges: Vec<Group>,
}

/// What a site holds: what anybody may read, in lists.
#[derive(Default)]
pub(super) struct Content {
    pub(super) groups: Vec<Group>,
    pub(super) entities: Vec<Entity>,
    /// The first instance of an event that is repeated every week, without end.
    pub(super) weekly: Option<Event>,
    /// Number of its instances; reading makes more.
    pub(super) instances: usize,
    pub(super) is_closed: bool,
    /// The subtype whose list is an error.
    pub(super) failing: Option<&'static str>,
    pub(super) sessions: usize,
    pub(super) requests: Vec<String>,
}

impl Content {
    fn instances(&self) -> impl Iterator<Item = Entity> {
        let weekly = self.weekly.iter();
        weekly.flat_map(|first| (0..self.instances).map(move |number| instance(first, number)))
    }
}

fn instance(first: &Event, number: usize) -> Entity {
    let weeks = i64::try_from(number).expect("few weeks").weeks();
    let start: Zoned = first.start_date.as_deref().unwrap_or_default().parse().expect("a time");
    let start = start.checked_add(weeks).expect("a time");
    Entity::Event(Event {
        guid: format!("{}-{number}", first.guid),
        url: format!("/events/view/{}-{number}/inloop", first.guid),
        start_date: Some(start.timestamp().to_string()),
        ..first.clone()
    })
}

type Shared = Arc<Mutex<Content>>;

fn lock(content: &Shared) -> MutexGuard<'_, Content> {
    content.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Query;

#[Object]
#[expect(clippy::unused_async, reason = "resolvers are")]
impl Query {
    async fn groups(
        &self,
        context: &Context<'_>,
        #[graphql(default)] offset: usize,
        #[graphql(default = 20)] limit: usize,
    ) -> GroupList {
        let content = lock(context.data_unchecked());
        let shown: Vec<_> =
            content.groups.iter().filter(|group| !group.is_hidden).cloned().collect();
        GroupList {
            total: shown.len(),
            edges: shown.into_iter().skip(offset).take(limit).collect(),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "those of the site")]
    async fn entities(
        &self,
        context: &Context<'_>,
        #[graphql(default)] offset: usize,
        #[graphql(default = 20)] limit: usize,
        subtypes: Option<Vec<String>>,
        order_by: Option<OrderBy>,
        order_direction: Option<OrderDirection>,
        status_published: Option<Vec<StatusPublished>>,
    ) -> Result<EntityList, Error> {
        let subtypes = subtypes.unwrap_or_default();
        let is_of_events = subtypes == ["event"];
        if order_by == Some(OrderBy::StartDate) && !is_of_events {
            return Err(Error::new("could_not_order_by_start_date"));
        }
        let mut site = lock(context.data_unchecked());
        if site.failing.is_some_and(|name| subtypes.iter().any(|one| one == name)) {
            return Err(Error::new("internal_error"));
        }
        if is_of_events && site.weekly.is_some() {
            site.instances = site.instances.max(offset + limit);
        }
        let all = site.entities.iter().cloned().chain(site.instances());
        let mut shown: Vec<_> =
            all.filter(|one| subtypes.iter().any(|name| *name == one.subtype())).collect();
        // Nothing decides between equal times: another order for each request.
        let turn = site.requests.len() % shown.len().max(1);
        shown.rotate_left(turn);
        if order_by == Some(OrderBy::StartDate) {
            shown.sort_by(|one, other| one.start_date().cmp(&other.start_date()));
        } else {
            shown.sort_by(|one, other| one.time_created().cmp(other.time_created()));
        }
        if order_direction != Some(OrderDirection::Asc) {
            shown.reverse();
        }
        drop(status_published);
        Ok(EntityList {
            total: shown.len(),
            edges: shown.into_iter().skip(offset).take(limit).collect(),
        })
    }

    async fn entity(&self, context: &Context<'_>, guid: String) -> Option<Entity> {
        let content = lock(context.data_unchecked());
        content.entities.iter().find(|one| one.identifier() == guid).cloned()
    }
}

#[handler]
async fn execute(
    schema: Data<&Schema<Query, EmptyMutation, EmptySubscription>>,
    content: Data<&Shared>,
    request: &poem::Request,
    body: String,
) -> Response {
    let has_session = {
        let mut content = lock(content.0);
        content.requests.push(body.clone());
        if content.is_closed {
            let page = "<html><form action=/login>Inloggen</form></html>";
            return page
                .with_content_type("text/html")
                .with_status(StatusCode::UNAUTHORIZED)
                .into_response();
        }
        let has_session =
            request.header(header::COOKIE).is_some_and(|text| text.contains("sessionid="));
        content.sessions += usize::from(!has_session);
        has_session
    };
    let Ok(query) = serde_json::from_str::<Request>(&body) else {
        return "Bad request".with_status(StatusCode::BAD_REQUEST).into_response();
    };
    let response = schema.execute(query).await;
    let is_invalid = response.errors.iter().any(|error| error.path.is_empty());
    let status = if is_invalid { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let json = serde_json::to_string(&response).expect("a response");
    let mut reply = json.with_content_type("application/json").with_status(status).into_response();
    if !has_session {
        let cookie = "sessionid=abc123; HttpOnly; Path=/; SameSite=Lax";
        reply.headers_mut().append(header::SET_COOKIE, cookie.parse().expect("a header"));
    }
    reply
}

/// A running site.
pub(super) struct PleioSite {
    pub(super) port: u16,
    content: Shared,
    _runtime: tokio::runtime::Runtime,
}

impl PleioSite {
    pub(super) fn start(content: Content) -> Self {
        let (runtime, content) = (runtime(), Arc::new(Mutex::new(content)));
        let schema = Schema::build(Query, EmptyMutation, EmptySubscription)
            .data(Arc::clone(&content))
            .disable_introspection()
            .validation_mode(ValidationMode::Strict)
            .finish();
        let page = "<!doctype html><title>Leren</title><meta property=og:title content=Leren>\
            <div id=react-root></div>";
        let page = poem::endpoint::make_sync(move |_| page.with_content_type("text/html"));
        let routes = Route::new()
            .at("/", page)
            .at("/graphql", poem::post(execute))
            .data(schema)
            .data(Arc::clone(&content));
        let acceptor =
            runtime.block_on(TcpListener::bind("127.0.0.1:0").into_acceptor()).expect("a port");
        let bound = acceptor.local_addr();
        let port = bound.first().and_then(|one| one.as_socket_addr()).expect("an address").port();
        runtime.spawn(Server::new_with_acceptor(acceptor).run(routes));
        Self { port, content, _runtime: runtime }
    }

    pub(super) fn content(&self) -> MutexGuard<'_, Content> {
        lock(&self.content)
    }
}
