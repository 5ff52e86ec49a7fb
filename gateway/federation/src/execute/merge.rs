//! Merges a subgraph response into the merged data.

use async_graphql_value::ConstValue as Value;

/// Merges `more` into `target`. A scalar is replaced by a new one. A value is never replaced by
/// null or by a value of another shape, so that a subgraph with a partial object cannot remove
/// fields. The type of an object is replaced if `may_retype(previous, new)` allows it.
pub(super) fn merge(target: &mut Value, more: &Value, may_retype: &impl Fn(&str, &str) -> bool) {
    match (target, more) {
        (Value::Object(fields), Value::Object(more)) => {
            for (key, value) in more {
                match fields.get_mut(key) {
                    Some(Value::String(known)) if key == "__typename" => {
                        if let Value::String(new_type) = value
                            && may_retype(known, new_type)
                        {
                            known.clone_from(new_type);
                        }
                    }
                    Some(field) => merge(field, value, may_retype),
                    None => {
                        fields.insert(key.clone(), value.clone());
                    }
                }
            }
        }
        // Two lists for one field should have the same length; if not, only the common prefix is
        // merged.
        (Value::List(items), Value::List(more)) => {
            for (item, value) in items.iter_mut().zip(more) {
                merge(item, value, may_retype);
            }
        }
        (_, Value::Null) | (Value::Object(_) | Value::List(_), _) => {}
        (target, more) => *target = more.clone(),
    }
}
