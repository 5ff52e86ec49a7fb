//! The census of a type: the ids of all its objects with the time of their last change.

use std::collections::BTreeMap;

use serde_json::Value;

use super::api::{Api, ApiError};

/// Maximum number of walks until two agree.
const WALKS_MAX: usize = 3;

/// The objects of a type: their ids, and the times of their last changes in UTC.
pub(super) type Census = BTreeMap<u64, String>;

/// Lists all objects of a type. `None` if the list changed during every walk, so that an object may
/// have been passed over.
///
/// A walk counts if the host reported the same total on all its pages and listed as many objects; or
/// if the next walk found the same objects, since a total can include objects that are not shown.
pub(super) async fn census(api: &Api<'_>, collection: &str) -> Result<Option<Census>, ApiError> {
    let mut previous = None;
    for _ in 0..WALKS_MAX {
        let Some((found, total)) = walk(api, collection).await? else {
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
) -> Result<Option<(Census, Option<usize>)>, ApiError> {
    let parameters = [("orderby", "id"), ("order", "asc"), ("_fields", "id,modified_gmt")];
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
        census.extend(page.objects.iter().filter_map(id_and_version));
        if number >= page.pages {
            break;
        }
    }
    Ok(Some((census, total)))
}

fn id_and_version(object: &Value) -> Option<(u64, String)> {
    let version = object["modified_gmt"].as_str().unwrap_or_default();
    Some((object["id"].as_u64()?, version.to_owned()))
}
