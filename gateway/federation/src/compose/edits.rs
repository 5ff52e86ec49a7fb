//! Edits of a text, by offsets in the original text.

use cynic_parser::Span;

/// The edits of one text.
#[derive(Debug, Default)]
pub(super) struct SdlEdits(Vec<(Span, String)>);

impl SdlEdits {
    /// Inserts `text` at `offset`.
    pub(super) fn insert(&mut self, offset: usize, text: impl Into<String>) {
        self.0.push((Span::new(offset, offset), text.into()));
    }

    /// Removes the text at `span`.
    pub(super) fn remove(&mut self, span: Span) {
        self.0.push((span, String::new()));
    }

    /// Applies the edits to `text`; those at the same offset in the order in which they were added.
    pub(super) fn apply(mut self, text: &str) -> String {
        self.0.sort_by_key(|(span, _)| span.start);
        let mut changed = String::with_capacity(text.len());
        let mut done = 0;
        for (span, new) in self.0 {
            changed.push_str(&text[done..span.start]);
            changed.push_str(&new);
            done = span.end;
        }
        changed.push_str(&text[done..]);
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_must_stand_where_they_were_meant() {
        let mut edits = SdlEdits::default();
        edits.insert(4, "!");
        edits.remove(Span::new(1, 3));
        edits.insert(4, "?");
        assert_eq!(edits.apply("abcd"), "ad!?");
    }
}
