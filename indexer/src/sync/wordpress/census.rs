//! The census of a type: the ids of all its objects with the time of their last change.

use std::collections::BTreeMap;

use serde_json::Value;

use super::api::{Api, ApiError};

/// Maximum number of walks until two agree.
const WALKS_MAX: usize = 3;

/// The objects of a type by id.
pub(super) type Census = BTreeMap<u64, ListedObject>;

/// What a list shows of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ListedObject {
    /// The time of its last change in UTC.
    pub(super) version: String,
    /// The last segment of its address; empty unless [`ListedFields::Names`] are listed.
    pub(super) slug: String,
    /// Its title as HTML, likewise.
    pub(super) title: String,
}

/// Which fields are listed besides id and version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ListedFields {
    Versions,
    /// Slug and title too.
    Names,
}

/// Lists all objects of a type. `None` if the list changed during every walk, so that an object may
/// have been passed over.
///
/// A walk counts if the host reported the same total on all its pages and listed as many objects; or
/// if the next walk found the same objects, since a total can include objects that are not shown.
pub(super) async fn census(
    api: &Api<'_>,
    collection: &str,
    fields: ListedFields,
) -> Result<Option<Census>, ApiError> {
    let mut previous = None;
    for _ in 0..WALKS_MAX {
        let Some((found, total)) = walk(api, collection, fields).await? else {
            previous = None;
            continue;
        };
        let is_all = total.is_none_or(|total| total == found.len());
        if is_all || previous.as_ref() == Some(&found) {
            return Ok(Some(found));
        }
        previous = Some(found);
    }
    Ok(None)
}

/// One walk by id, which never changes; `None` if the total changed between two pages.
async fn walk(
    api: &Api<'_>,
    collection: &str,
    fields: ListedFields,
) -> Result<Option<(Census, Option<usize>)>, ApiError> {
    let fields = match fields {
        ListedFields::Versions => "id,modified_gmt",
        ListedFields::Names => "id,modified_gmt,slug,title",
    };
    let parameters = [("orderby", "id"), ("order", "asc"), ("_fields", fields)];
    let mut census = Census::new();
    let mut total = None;
    for number in 1.. {
        let page = match api.page(collection, &parameters, number).await {
            // A page that no longer exists: the collection became shorter.
            Err(ApiError::Http(error)) if number > 1 && error.status() == Some(400) => {
                return Ok(None);
            }
            page => page?,
        };
        if number > 1 && page.total != total {
            return Ok(None);
        }
        total = page.total;
        census.extend(page.objects.iter().filter_map(listed_object));
        if number >= page.pages {
            break;
        }
    }
    Ok(Some((census, total)))
}

fn listed_object(object: &Value) -> Option<(u64, ListedObject)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let listed = ListedObject {
        version: text(&object["modified_gmt"]),
        slug: text(&object["slug"]),
        title: text(&object["title"]["rendered"]),
    };
    Some((object["id"].as_u64()?, listed))
}
