//! Merges what a subgraph answered into what is there.

use async_graphql_value::ConstValue as Value;

/// Merges `more` into `target`. What is there already is replaced by what is newer, never by null.
pub(super) fn merge(target: &mut Value, more: &Value) {
    match (target, more) {
        (_, Value::Null) => {}
        (Value::Object(fields), Value::Object(more)) => {
            for (key, value) in more {
                match fields.get_mut(key) {
                    Some(field) => merge(field, value),
                    None => {
                        fields.insert(key.clone(), value.clone());
                    }
                }
            }
        }
        // Lists of one field are of one length; a subgraph that differs is believed as far as it goes.
        (Value::List(items), Value::List(more)) => {
            for (item, value) in items.iter_mut().zip(more) {
                merge(item, value);
            }
        }
        (target, more) => *target = more.clone(),
    }
}
