//! Reading of judged test collections.

use std::{
    collections::{BTreeMap, HashSet},
    fs::File,
    io::{self, BufRead, BufReader},
    path::{Path, PathBuf},
};

use serde::{Deserialize, de::DeserializeOwned};

use super::metrics::Grades;

/// Maximum relevance grade; a higher one is an error in the file.
const GRADE_MAX: u8 = 10;

/// Documents, queries and relevance judgements.
#[derive(Debug, Clone)]
pub struct Collection {
    pub(super) documents: Vec<Document>,
    pub(super) judged_queries: Vec<JudgedQuery>,
    /// Judgements by query id.
    pub(super) grades: BTreeMap<String, Grades>,
}

/// A document.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Document {
    #[serde(rename = "_id")]
    pub(super) id: String,
    #[serde(default)]
    pub(super) title: String,
    #[serde(default)]
    pub(super) text: String,
}

/// A query.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct JudgedQuery {
    #[serde(rename = "_id")]
    pub(super) id: String,
    pub(super) text: String,
}

/// Failure to read a collection.
#[derive(Debug, thiserror::Error)]
pub enum CollectionError {
    /// A file cannot be read.
    #[error("cannot read collection file: `{}`", path.display())]
    Io {
        /// Path of the file.
        path: PathBuf,
        /// I/O error.
        #[source]
        cause: io::Error,
    },
    /// A line is invalid.
    #[error("`{}`, line {line}: {reason}", path.display())]
    Line {
        /// Path of the file.
        path: PathBuf,
        /// Line number, starting at one.
        line: usize,
        /// What is invalid, with the expected format.
        reason: String,
    },
}

impl Collection {
    /// Reads the three files.
    ///
    /// # Errors
    /// [`CollectionError`] for the first error, with file and line.
    pub fn open(corpus: &Path, queries: &Path, qrels: &Path) -> Result<Self, CollectionError> {
        let documents: Vec<Document> = objects(corpus, |document: &Document| &document.id)?;
        let judged_queries: Vec<JudgedQuery> = objects(queries, |query: &JudgedQuery| &query.id)?;
        let ids: HashSet<&str> = documents.iter().map(|document| document.id.as_str()).collect();
        let mut grades = BTreeMap::<String, Grades>::new();
        for_each_line(qrels, |line, text| {
            if line == 1 && text.starts_with("query-id") {
                return Ok(());
            }
            let (query_id, document, grade) = judgement(text)?;
            if !ids.contains(document) {
                return Err(format!("unknown document id: `{document}`"));
            }
            grades.entry(query_id.to_owned()).or_default().insert(document.to_owned(), grade);
            Ok(())
        })?;
        Ok(Self { documents, judged_queries, grades })
    }
}

fn judgement(text: &str) -> Result<(&str, &str, u8), String> {
    let cells: Vec<&str> = text.split('\t').collect();
    let [query_id, document, grade] = cells.as_slice() else {
        return Err("expected `query-id`, `corpus-id` and `score`, separated by tabs".into());
    };
    let grade = grade.trim().parse().ok().filter(|grade| *grade <= GRADE_MAX);
    let grade = grade.ok_or(format!("score must be an integer from 0 to {GRADE_MAX}"))?;
    Ok((query_id, document, grade))
}

/// Parses one JSON object per line; the ids must be unique.
fn objects<T: DeserializeOwned>(
    path: &Path,
    id: impl Fn(&T) -> &String,
) -> Result<Vec<T>, CollectionError> {
    let mut objects: Vec<T> = Vec::new();
    let mut ids = HashSet::new();
    for_each_line(path, |_, text| {
        let object: T = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if !ids.insert(id(&object).clone()) {
            return Err(format!("duplicate `_id`: `{}`", id(&object)));
        }
        objects.push(object);
        Ok(())
    })?;
    Ok(objects)
}

/// Calls `visit` for every line that is not blank.
fn for_each_line(
    path: &Path,
    mut visit: impl FnMut(usize, &str) -> Result<(), String>,
) -> Result<(), CollectionError> {
    let io_error = |cause| CollectionError::Io { path: path.to_owned(), cause };
    let file = BufReader::new(File::open(path).map_err(io_error)?);
    for (line, text) in (1..).zip(file.lines()) {
        let text = text.map_err(io_error)?;
        if text.trim().is_empty() {
            continue;
        }
        let line_error = |reason| CollectionError::Line { path: path.to_owned(), line, reason };
        visit(line, &text).map_err(line_error)?;
    }
    Ok(())
}
