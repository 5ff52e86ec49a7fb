//! Invisible characters, which programs insert and people overlook.

use serde_json::{Map, Value};

/// A name without white space around it and without invisible characters.
pub(crate) fn visible(name: &str) -> String {
    let is_visible = |letter: &char| letter.is_whitespace() || !is_invisible(*letter);
    name.chars().filter(is_visible).collect::<String>().trim().to_owned()
}

/// The fields with visible names; an error if two of them then have one name.
pub(crate) fn visible_names(fields: Map<String, Value>) -> Result<Map<String, Value>, String> {
    if !fields.keys().any(|name| has_invisible(name)) {
        return Ok(fields);
    }
    let mut named = Map::new();
    for (name, value) in fields {
        let name = visible(&name);
        if named.contains_key(&name) {
            return Err(format!("field occurs twice, once with invisible characters: `{name}`"));
        }
        named.insert(name, value);
    }
    Ok(named)
}

/// Whether [`visible`] changes a name.
fn has_invisible(name: &str) -> bool {
    name.trim().len() != name.len() || (!name.is_ascii() && name.chars().any(is_invisible))
}

/// Control characters, zero-width characters, soft hyphens and directional marks.
pub(crate) fn is_invisible(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}
