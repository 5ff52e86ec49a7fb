//! Texts and values without the names of a list.

use std::{borrow::Cow, collections::BTreeSet, ops::Range};

use schema::Language;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{Suppression, names::NameMatch, words::TextWords};

/// What stands in a text where a name was.
const NOTICE_NL: &str = "[naam verwijderd]";
const NOTICE_EN: &str = "[name removed]";
/// What stands in an address where a name was, before the first digits of the entry: addresses with
/// different names stay different.
const ADDRESS_NOTICE: &str = "naam-verwijderd-";
const ADDRESS_DIGITS: usize = 8;
/// Fields with the name of an entity, which would become another entity.
const NAME_FIELDS: [&str; 5] = ["person", "organisation", "publisher", "parent", "broader"];

/// Whether a name was removed from a text or an address.
pub(crate) fn is_redacted(text: &str) -> bool {
    [NOTICE_NL, NOTICE_EN, ADDRESS_NOTICE].iter().any(|notice| text.contains(notice))
}

impl Suppression {
    /// Whether a text contains a name.
    pub(crate) fn names(&self, text: &str) -> bool {
        !self.is_empty() && !self.names.matches(&TextWords::of(text)).is_empty()
    }

    /// Whether any text of a value contains a name.
    ///
    /// # Errors
    /// If the value cannot be read.
    pub(crate) fn names_any<T: Serialize>(&self, value: &T) -> Result<bool, serde_json::Error> {
        let (language, hidden) = (Language::Nl, &BTreeSet::new());
        let mut json = serde_json::to_value(value)?;
        Ok(Redaction { suppression: self, language, hidden }.apply(&mut json))
    }

    /// Whether a text is a name, and nothing else.
    pub(crate) fn is_name(&self, text: &str) -> bool {
        !self.is_empty() && self.names.matches(&TextWords::of(text)).iter().any(|m| m.is_whole)
    }

    /// A text in which a notice replaces each name. Its tags remain.
    pub(crate) fn redact<'t>(&self, text: &'t str, language: Language) -> Cow<'t, str> {
        self.replace(text, |name| {
            if !name.is_prose {
                return format!("{ADDRESS_NOTICE}{}", &name.entry[..ADDRESS_DIGITS]);
            }
            let notice = if language == Language::En { NOTICE_EN } else { NOTICE_NL };
            notice.to_owned()
        })
    }

    /// A query in which a word that no text contains replaces each name.
    pub(crate) fn redact_query<'t>(&self, query: &'t str) -> Cow<'t, str> {
        self.replace(query, |name| name.entry.clone())
    }

    fn replace<'t>(&self, text: &'t str, notice: impl Fn(&NameMatch) -> String) -> Cow<'t, str> {
        if self.is_empty() {
            return Cow::Borrowed(text);
        }
        let words = TextWords::of(text);
        let mut edits: Vec<(Range<usize>, String)> = Vec::new();
        for name in self.names.matches(&words) {
            let mut replacement = notice(&name);
            for range in outside_tags(name.range.clone(), &words.tag_ranges) {
                edits.push((range, std::mem::take(&mut replacement)));
            }
        }
        if edits.is_empty() {
            return Cow::Borrowed(text);
        }
        edits.sort_by_key(|(range, _)| range.start);
        let (mut redacted, mut end) = (String::with_capacity(text.len()), 0);
        for (range, replacement) in edits {
            redacted.push_str(&text[end..range.start]);
            redacted.push_str(&replacement);
            end = range.end;
        }
        redacted.push_str(&text[end..]);
        Cow::Owned(redacted)
    }

    /// A value in which notices replace the names in all of its texts, whatever its fields are, and
    /// which refers to none of the `hidden` ids; `None` if it is as it was.
    ///
    /// # Errors
    /// If no such value can exist without a name.
    pub(crate) fn redacted<T: Serialize + DeserializeOwned>(
        &self,
        value: &T,
        language: Language,
        hidden: &BTreeSet<u64>,
    ) -> Result<Option<T>, serde_json::Error> {
        if self.is_empty() {
            return Ok(None);
        }
        let mut json = serde_json::to_value(value)?;
        let is_changed = Redaction { suppression: self, language, hidden }.apply(&mut json);
        is_changed.then(|| serde_json::from_value(json)).transpose()
    }
}

/// The redaction of one value.
struct Redaction<'a> {
    suppression: &'a Suppression,
    language: Language,
    hidden: &'a BTreeSet<u64>,
}

impl Redaction<'_> {
    /// Removes the names from all texts of a value, and the hidden ids. Lists lose such entries, since
    /// a redacted name would become another entity. Returns whether there were any.
    fn apply(&self, json: &mut Value) -> bool {
        match json {
            Value::String(text) => match self.suppression.redact(text, self.language) {
                Cow::Borrowed(_) => false,
                Cow::Owned(redacted) => {
                    *text = redacted;
                    true
                }
            },
            Value::Array(entries) => {
                let mut is_changed = false;
                entries.retain_mut(|entry| {
                    let is_redacted = self.apply(entry);
                    is_changed |= is_redacted;
                    !(is_redacted && (entry.is_string() || entry.is_number()))
                });
                is_changed
            }
            Value::Object(fields) => {
                let mut is_changed = false;
                for (field, value) in fields {
                    if self.apply(value) {
                        is_changed = true;
                        let is_name = value.is_string() && NAME_FIELDS.contains(&field.as_str());
                        if is_name || value.is_number() {
                            *value = Value::Null;
                        }
                    }
                }
                is_changed
            }
            Value::Number(number) => number.as_u64().is_some_and(|id| self.hidden.contains(&id)),
            Value::Null | Value::Bool(_) => false,
        }
    }
}

/// The sections of a range that are in no tag; the range itself if it is within one.
fn outside_tags(range: Range<usize>, tags: &[Range<usize>]) -> Vec<Range<usize>> {
    let within = tags.partition_point(|tag| tag.start <= range.start);
    let (mut sections, mut start) = (Vec::new(), range.start);
    for tag in tags[within..].iter().take_while(|tag| tag.start < range.end) {
        sections.push(start..tag.start);
        start = tag.end;
    }
    sections.push(start..range.end);
    sections.retain(|section| !section.is_empty());
    sections
}
