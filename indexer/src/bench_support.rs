//! The engine without this program, for the benchmarks to compare with. The program does not use
//! it.

use std::path::Path;

use tantivy::{
    Index, Searcher, TantivyDocument, Term,
    collector::TopDocs,
    indexer::NoMergePolicy,
    query::{BooleanQuery, Occur, Query, QueryParser, TermQuery},
    schema::{
        Field, IndexRecordOption, STORED, Schema, TextFieldIndexing, TextOptions, Value as _,
    },
    tokenizer::{Language, LowerCaser, RemoveLongFilter, SimpleTokenizer, Stemmer, TextAnalyzer},
};

use crate::index::IndexError;

/// Name of the analyser: that of tantivy with its Dutch stemmer.
const ANALYSER: &str = "nl";
/// Length of the longest word in bytes, as in tantivy's own analysers.
const WORD_BYTES_MAX: usize = 40;
/// Memory of the writer in bytes.
const WRITER_BYTES: usize = 500_000_000;
/// Number of hits.
const HITS: usize = 10;

/// A plain index of titles and bodies in one segment.
pub struct BareTantivy {
    searcher: Searcher,
    parser: QueryParser,
    fields: [Field; 2],
}

impl std::fmt::Debug for BareTantivy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BareTantivy").finish_non_exhaustive()
    }
}

impl BareTantivy {
    /// Writes titles and bodies to an empty folder, with one thread.
    ///
    /// # Errors
    /// [`IndexError`] if the index cannot be written.
    pub fn build(
        folder: &Path,
        documents: impl Iterator<Item = [String; 2]>,
    ) -> Result<(), IndexError> {
        let indexing = TextFieldIndexing::default()
            .set_tokenizer(ANALYSER)
            .set_index_option(IndexRecordOption::WithFreqsAndPositions);
        let options = TextOptions::default().set_indexing_options(indexing);
        let mut schema = Schema::builder();
        let fields = [
            schema.add_text_field("title", options.clone() | STORED),
            schema.add_text_field("body", options),
        ];
        let index = Index::create_in_dir(folder, schema.build())?;
        register(&index);
        let mut writer = index.writer_with_num_threads(1, WRITER_BYTES)?;
        writer.set_merge_policy(Box::new(NoMergePolicy));
        for texts in documents {
            let mut document = TantivyDocument::default();
            for (field, text) in fields.into_iter().zip(&texts) {
                document.add_text(field, text);
            }
            writer.add_document(document)?;
        }
        writer.commit()?;
        let segments = index.searchable_segment_ids()?;
        if segments.len() > 1 {
            writer.merge(&segments).wait()?;
        }
        Ok(writer.wait_merging_threads()?)
    }

    /// Opens an index.
    ///
    /// # Errors
    /// [`IndexError`] if the folder has no such index.
    pub fn open(folder: &Path) -> Result<Self, IndexError> {
        let index = Index::open_in_dir(folder)?;
        register(&index);
        let schema = index.schema();
        let fields = [schema.get_field("title")?, schema.get_field("body")?];
        let parser = QueryParser::for_index(&index, fields.to_vec());
        Ok(Self { searcher: index.reader()?.searcher(), parser, fields })
    }

    /// Titles of the ten best documents with any of the words, as tantivy's query parser reads
    /// them.
    ///
    /// # Errors
    /// [`IndexError`] if the index cannot be read.
    pub fn search(&self, words: &str) -> Result<Vec<String>, IndexError> {
        self.titles(&*self.parser.parse_query_lenient(words).0)
    }

    /// The same with one flat union of all words in both fields, which skips more blocks.
    ///
    /// # Errors
    /// [`IndexError`] if the index cannot be read.
    pub fn search_flat(&self, words: &str) -> Result<Vec<String>, IndexError> {
        let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        analyser().token_stream(words).process(&mut |token| {
            for field in self.fields {
                let term = Term::from_field_text(field, &token.text);
                let query = TermQuery::new(term, IndexRecordOption::WithFreqs);
                clauses.push((Occur::Should, Box::new(query)));
            }
        });
        self.titles(&BooleanQuery::new(clauses))
    }

    fn titles(&self, query: &dyn Query) -> Result<Vec<String>, IndexError> {
        let top = self.searcher.search(query, &TopDocs::with_limit(HITS).order_by_score())?;
        let title = |(_, address)| {
            let document: TantivyDocument = self.searcher.doc(address)?;
            let title = document.get_first(self.fields[0]).and_then(|value| value.as_str());
            Ok(title.unwrap_or_default().to_owned())
        };
        top.into_iter().map(title).collect()
    }
}

fn analyser() -> TextAnalyzer {
    TextAnalyzer::builder(SimpleTokenizer::default())
        .filter(RemoveLongFilter::limit(WORD_BYTES_MAX))
        .filter(LowerCaser)
        .filter(Stemmer::new(Language::Dutch))
        .build()
}

fn register(index: &Index) {
    index.tokenizers().register(ANALYSER, analyser());
}
