//! Everything that an index contains, decoded; for tests that search it for a name.

use tantivy::schema::{FieldType, Type};

use super::IndexReader;

impl IndexReader {
    /// The terms of all fields, and the values of all columns of texts.
    pub(crate) fn decoded_terms(&self) -> tantivy::Result<Vec<String>> {
        let mut texts = Vec::new();
        for segment in self.searcher().segment_readers() {
            for (field, entry) in segment.schema().fields() {
                if entry.is_indexed() && matches!(entry.field_type(), FieldType::Str(_)) {
                    let index = segment.inverted_index(field)?;
                    let mut terms = index.terms().stream()?;
                    while terms.advance() {
                        texts.push(String::from_utf8_lossy(terms.key()).into_owned());
                    }
                }
                if entry.is_fast() && entry.field_type().value_type() == Type::Str {
                    let Some(column) = segment.fast_fields().str(entry.name())? else { continue };
                    let mut values = column.dictionary().stream()?;
                    while values.advance() {
                        texts.push(String::from_utf8_lossy(values.key()).into_owned());
                    }
                }
            }
        }
        Ok(texts)
    }
}
