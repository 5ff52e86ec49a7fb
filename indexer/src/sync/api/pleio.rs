//! The lists of a Pleio site that anybody may read: groups, and what is published in and outside them.
//! Members are never requested.

use serde_json::{Map, json};

use super::{ApiOptions, ApiPreset, Horizon, ItemList, Paging};

/// Number of items of a page.
const PAGE_SIZE: u64 = 50;
/// Number of days from now on in which events are read. A recurring event without end has more of
/// them, and the site makes them when they are requested.
const HORIZON_DAYS: i64 = 400;
/// The value of `accessId` of what anybody may read.
const ACCESS_PUBLIC: u64 = 2;

const GROUPS: &str = "query Groups($offset: Int, $limit: Int) {
  groups(offset: $offset, limit: $limit) {
    total
    edges {
      __typename guid name url description introduction isClosed isMembershipOnRequest memberCount
      tags featured { image alt }
    }
  }
}";

/// Fields of every kind of content.
const COMMON: &str = "title richDescription url timeUpdated accessId";
/// Fields of a blog.
const BLOG: &str = "abstract tags timeCreated timePublished group { guid name } \
    featured { image alt } owner { guid name }";
/// Fields of an event.
const EVENT: &str = "abstract startDate endDate location locationAddress locationLink ticketLink \
    source maxAttendees group { guid name }";

impl ApiPreset {
    /// How a site with this software is read.
    #[must_use]
    pub fn options(self) -> ApiOptions {
        match self {
            Self::Pleio => pleio(),
        }
    }
}

/// What a discovery requests of a site: whether it is one, and how much it has.
pub(in crate::sync) const COUNT_QUERY: &str = "{ groups(limit: 1) { total } \
    entities(limit: 1, subtypes: [\"blog\", \"news\", \"wiki\", \"question\"]) { total } }";

fn pleio() -> ApiOptions {
    let sub_events = format!("children {{ __typename guid ... on Event {{ {COMMON} {EVENT} }} }}");
    ApiOptions {
        preset: Some(ApiPreset::Pleio),
        endpoint: Some("/graphql"),
        lists: vec![
            list("groups", GROUPS.to_owned()),
            content("blog", "Blog", BLOG, "timeCreated"),
            content("news", "News", "abstract source timePublished", "timeCreated"),
            content("wiki", "Wiki", "abstract group { guid name } parent { guid }", "timeCreated"),
            content("question", "Question", "timeCreated", "timeCreated"),
            ItemList {
                children: Some("children"),
                horizon: Some(Horizon { time: "startDate", days: HORIZON_DAYS }),
                ..content("event", "Event", &format!("{EVENT} {sub_events}"), "startDate")
            },
        ],
        removal_query: Some("query Removed($key: String!) { entity(guid: $key) { guid } }"),
    }
}

/// The list of the entities of one type. `subtypes`, in the plural, also has pages below other pages.
fn content(subtype: &str, type_name: &str, fields: &str, order_by: &str) -> ItemList {
    let query = format!(
        "query Items($offset: Int, $limit: Int, $subtypes: [String]) {{
  entities(offset: $offset, limit: $limit, subtypes: $subtypes, orderBy: {order_by},
      orderDirection: asc, statusPublished: [published, archived]) {{
    total
    edges {{ __typename guid ... on {type_name} {{ {COMMON} {fields} }} }}
  }}
}}"
    );
    ItemList {
        variables: Map::from_iter([("subtypes".to_owned(), json!([subtype]))]),
        items: "data.entities.edges".to_owned(),
        total: Some("data.entities.total".to_owned()),
        public_if: Some(("accessId", ACCESS_PUBLIC)),
        ..list(subtype, query)
    }
}

fn list(name: &str, query: String) -> ItemList {
    ItemList {
        name: name.to_owned(),
        query: Some(query),
        variables: Map::new(),
        items: "data.groups.edges".to_owned(),
        key: "guid".to_owned(),
        total: Some("data.groups.total".to_owned()),
        paging: Paging::Offset { parameter: "offset".to_owned() },
        page_size: Some(("limit".to_owned(), PAGE_SIZE)),
        public_if: None,
        children: None,
        horizon: None,
    }
}
