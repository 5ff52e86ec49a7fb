//! The engine without this program: title and body with tantivy's default analyser in one segment,
//! any word of the query, the ten best by BM25.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::Path,
};

use anyhow::Context;
use serde_json::Value;
use tantivy::{
    Index, Searcher, TantivyDocument, Term,
    collector::TopDocs,
    indexer::NoMergePolicy,
    query::{BooleanQuery, Occur, Query, TermQuery},
    schema::{Field, IndexRecordOption, STORED, Schema, TEXT},
    tokenizer::TextAnalyzer,
};

/// Memory of the writer in bytes: all documents of the corpus fit.
const WRITER_BYTES: usize = 1_500_000_000;

/// A plain index of a corpus.
pub(crate) struct BareTantivy {
    searcher: Searcher,
    analyser: TextAnalyzer,
    fields: [Field; 2],
}

impl BareTantivy {
    /// Writes the titles and bodies of JSON lines to an empty folder, with one thread.
    pub(crate) fn build(folder: &Path, corpus: &Path) -> anyhow::Result<()> {
        let mut schema = Schema::builder();
        let fields = [("title", TEXT | STORED), ("body", TEXT)];
        let fields = fields.map(|(name, options)| (name, schema.add_text_field(name, options)));
        let index = Index::create_in_dir(folder, schema.build())?;
        let mut writer = index.writer_with_num_threads(1, WRITER_BYTES)?;
        writer.set_merge_policy(Box::new(NoMergePolicy));
        for line in BufReader::new(File::open(corpus)?).lines() {
            let record: Value = serde_json::from_str(&line?)?;
            let mut document = TantivyDocument::default();
            for (name, field) in fields {
                document.add_text(field, record[name].as_str().unwrap_or_default());
            }
            writer.add_document(document)?;
        }
        writer.commit()?;
        let segments = index.searchable_segment_ids()?;
        if segments.len() > 1 {
            writer.merge(&segments).wait()?;
        }
        writer.wait_merging_threads()?;
        Ok(())
    }

    pub(crate) fn open(folder: &Path) -> anyhow::Result<Self> {
        let index = Index::open_in_dir(folder)?;
        let searcher = index.reader()?.searcher();
        anyhow::ensure!(searcher.segment_readers().len() == 1, "the index has several segments");
        let analyser = index.tokenizers().get("default").context("no default analyser")?;
        let schema = index.schema();
        let fields = [schema.get_field("title")?, schema.get_field("body")?];
        Ok(Self { searcher, analyser, fields })
    }

    /// Number of hits among the first ten for any of the words.
    pub(crate) fn search(&self, words: &str) -> anyhow::Result<usize> {
        let mut analyser = self.analyser.clone();
        let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        let mut tokens = analyser.token_stream(words);
        while let Some(token) = tokens.next() {
            for field in self.fields {
                let term = Term::from_field_text(field, &token.text);
                let query = TermQuery::new(term, IndexRecordOption::WithFreqs);
                clauses.push((Occur::Should, Box::new(query)));
            }
        }
        let query = BooleanQuery::new(clauses);
        let top = self.searcher.search(&query, &TopDocs::with_limit(10).order_by_score())?;
        Ok(top.len())
    }
}
