//! Names that may contain a retired word.

/// Path prefix of the file, name, reason.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("schema/src/record.rs", "question", "what a community works on: a field of the sources"),
    ("indexer/src/source_facts.rs", "question", "the same field, as read"),
    ("indexer/src/ingest/source/field.rs", "Question", "the same field, as a source names it"),
    (
        "indexer/src/ingest/source/field_description.rs",
        "Question",
        "the same field, as a source names it",
    ),
    ("gateway/src/graphql/types/community.rs", "question", "the same field in the contract"),
    ("gateway/src/rest/content.rs", "question", "the same field in REST"),
    ("schema/src/enums.rs", "Question", "a form of text on a platform, as the platform names it"),
    ("gateway/src/graphql/enums.rs", "Question", "the same form in the contract"),
    ("indexer/src/ingest/source/text/block.rs", "is_question", "a heading that ends with `?`"),
];

/// Exceptions that have not been used yet.
pub(super) struct Exceptions {
    unused: Vec<&'static (&'static str, &'static str, &'static str)>,
}

impl Default for Exceptions {
    fn default() -> Self {
        Self { unused: EXCEPTIONS.iter().collect() }
    }
}

impl Exceptions {
    /// Whether a name is allowed in a file.
    pub(super) fn allow(&mut self, file: &str, name: &str) -> bool {
        let covers = |&(path, exception, _): &(&str, &str, &str)| {
            file.starts_with(path) && name == exception
        };
        self.unused.retain(|exception| !covers(exception));
        EXCEPTIONS.iter().any(covers)
    }

    /// Exceptions that do not match any name.
    pub(super) fn unused(&self) -> impl Iterator<Item = String> {
        self.unused.iter().map(|(path, name, _)| format!("unused exception: {name} in {path}"))
    }
}
