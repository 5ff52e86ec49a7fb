//! Reading a judged collection.

use std::{
    collections::{BTreeMap, HashSet},
    fs::File,
    io::{self, BufRead, BufReader},
    path::{Path, PathBuf},
};

use serde::{Deserialize, de::DeserializeOwned};

use super::metrics::Grades;

/// A better judgement than this is a mistake in the file.
const GRADE_MAX: u8 = 10;

/// Documents, questions, and what is good for what.
#[derive(Debug, Clone)]
pub struct Collection {
    pub(super) documents: Vec<Document>,
    pub(super) judged_queries: Vec<JudgedQuery>,
    /// By id of question.
    pub(super) grades: BTreeMap<String, Grades>,
}

/// One document.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Document {
    #[serde(rename = "_id")]
    pub(super) id: String,
    #[serde(default)]
    pub(super) title: String,
    #[serde(default)]
    pub(super) text: String,
}

/// One question.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct JudgedQuery {
    #[serde(rename = "_id")]
    pub(super) id: String,
    pub(super) text: String,
}

/// Why a collection cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CollectionError {
    /// A file cannot be read.
    #[error("cannot read collection file: `{}`", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The error of the file system.
        #[source]
        cause: io::Error,
    },
    /// A line is not as it should be.
    #[error("`{}`, line {line}: {reason}", path.display())]
    Line {
        /// Which file.
        path: PathBuf,
        /// Which line, from one.
        line: usize,
        /// What is wrong, and what is right.
        reason: String,
    },
}

impl Collection {
    /// Reads the three files.
    ///
    /// # Errors
    /// [`CollectionError`] for the first thing that is wrong, naming file and line.
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

/// One JSON object a line, each with an id of its own.
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

/// Calls back with every line that is not blank.
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
