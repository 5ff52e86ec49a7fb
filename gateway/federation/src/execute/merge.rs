//! Merges what a subgraph answered into what is there.

use async_graphql_value::ConstValue as Value;

/// Merges `more` into `target`. What is there already is replaced by what is newer, never by null, nor
/// by a value of another shape: a subgraph that was asked for a part of an object cannot remove the
/// rest. The type of an object is replaced if `may_retype` allows the newer name instead of the older.
pub(super) fn merge(target: &mut Value, more: &Value, may_retype: &impl Fn(&str, &str) -> bool) {
    match (target, more) {
        (_, Value::Null) => {}
        (Value::Object(fields), Value::Object(more)) => {
            for (key, value) in more {
                match fields.get_mut(key) {
                    Some(Value::String(known)) if key == "__typename" => {
                        if let Value::String(newer) = value
                            && may_retype(known, newer)
                        {
                            known.clone_from(newer);
                        }
                    }
                    Some(field) => merge(field, value, may_retype),
                    None => {
                        fields.insert(key.clone(), value.clone());
                    }
                }
            }
        }
        // Lists of one field are of one length; a subgraph that differs is believed as far as it goes.
        (Value::List(items), Value::List(more)) => {
            for (item, value) in items.iter_mut().zip(more) {
                merge(item, value, may_retype);
            }
        }
        (Value::Object(_) | Value::List(_), _) => {}
        (target, more) => *target = more.clone(),
    }
}
