//! Merges a subgraph response into the merged data.

use crate::response_value::{ResponseValue, TYPENAME};

/// Merges `more` into `target`. A leaf is replaced by a new value. No value is replaced by null,
/// and no object or list by a value of another shape, so that a subgraph with a partial object
/// cannot remove fields. The type of an object is replaced if `may_retype(previous, new)` allows it.
pub(super) fn merge(
    target: &mut ResponseValue,
    more: ResponseValue,
    may_retype: &impl Fn(&str, &str) -> bool,
) {
    match (target, more) {
        (ResponseValue::Object(fields), ResponseValue::Object(more)) => {
            if fields.is_empty() {
                *fields = more;
                return;
            }
            for (key, value) in more {
                match fields.get_mut(&key) {
                    Some(known) if key == TYPENAME => {
                        if let (Some(name), Some(new_name)) = (known.as_str(), value.as_str())
                            && may_retype(&name, &new_name)
                        {
                            *known = value;
                        }
                    }
                    Some(field) => merge(field, value, may_retype),
                    None => fields.push(key, value),
                }
            }
        }
        // Two lists for one field should have the same length; if not, only the common prefix is
        // merged.
        (ResponseValue::List(items), ResponseValue::List(more)) => {
            for (item, value) in items.iter_mut().zip(more) {
                merge(item, value, may_retype);
            }
        }
        (_, ResponseValue::Null) | (ResponseValue::Object(_) | ResponseValue::List(_), _) => {}
        (target, more) => *target = more,
    }
}
