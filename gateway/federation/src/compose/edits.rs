//! Changes to a text at places of the text as it was.

use cynic_parser::Span;

/// Changes to one text.
#[derive(Debug, Default)]
pub(super) struct SdlEdits(Vec<(Span, String)>);

impl SdlEdits {
    /// Writes `text` at `place`.
    pub(super) fn insert(&mut self, offset: usize, text: impl Into<String>) {
        self.0.push((Span::new(offset, offset), text.into()));
    }

    /// Leaves out what stands at `span`.
    pub(super) fn remove(&mut self, span: Span) {
        self.0.push((span, String::new()));
    }

    /// `text` with the changes; those at one place in the order in which they were made.
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
