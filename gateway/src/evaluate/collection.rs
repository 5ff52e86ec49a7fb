//! Reading a judged collection.

use std::{
    collections::{BTreeMap, HashSet},
    fs::File,
    io::{self, BufRead, BufReader},
    path::{Path, PathBuf},
};

use serde::{Deserialize, de::DeserializeOwned};

use super::measure::Grades;

/// A better judgement than this is a mistake in the file.
const GRADE_MAX: u8 = 10;

/// Documents, questions, and what is good for what.
#[derive(Debug, Clone)]
pub struct Collection {
    pub(super) documents: Vec<Document>,
    pub(super) questions: Vec<Question>,
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
pub(super) struct Question {
    #[serde(rename = "_id")]
    pub(super) id: String,
    pub(super) text: String,
}

/// Why a collection cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CollectionError {
    /// A file cannot be read.
    #[error("`{}` cannot be read: {cause}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
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
        let questions: Vec<Question> = objects(queries, |question: &Question| &question.id)?;
        let ids: HashSet<&str> = documents.iter().map(|document| document.id.as_str()).collect();
        let mut grades = BTreeMap::<String, Grades>::new();
        each_line(qrels, |line, text| {
            if line == 1 && text.starts_with("query-id") {
                return Ok(());
            }
            let (question, document, grade) = judgement(text)?;
            if !ids.contains(document) {
                return Err(format!("no document has this id: `{document}`"));
            }
            grades.entry(question.to_owned()).or_default().insert(document.to_owned(), grade);
            Ok(())
        })?;
        Ok(Self { documents, questions, grades })
    }
}

fn judgement(text: &str) -> Result<(&str, &str, u8), String> {
    let cells: Vec<&str> = text.split('\t').collect();
    let [question, document, grade] = cells.as_slice() else {
        return Err("a line must be `query-id`, `corpus-id` and `score`, with tabs between".into());
    };
    let grade = grade.trim().parse().ok().filter(|grade| *grade <= GRADE_MAX);
    let grade = grade.ok_or(format!("the score must be a whole number of 0 to {GRADE_MAX}"))?;
    Ok((question, document, grade))
}

/// One JSON object a line, each with an id of its own.
fn objects<T: DeserializeOwned>(
    path: &Path,
    id: impl Fn(&T) -> &String,
) -> Result<Vec<T>, CollectionError> {
    let mut objects: Vec<T> = Vec::new();
    let mut ids = HashSet::new();
    each_line(path, |_, text| {
        let object: T = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if !ids.insert(id(&object).clone()) {
            return Err(format!("two lines have the same `_id`: `{}`", id(&object)));
        }
        objects.push(object);
        Ok(())
    })?;
    Ok(objects)
}

/// Calls back with every line that is not blank.
fn each_line(
    path: &Path,
    mut each: impl FnMut(usize, &str) -> Result<(), String>,
) -> Result<(), CollectionError> {
    let failed = |cause| CollectionError::Io { path: path.to_owned(), cause };
    let file = BufReader::new(File::open(path).map_err(failed)?);
    for (line, text) in (1..).zip(file.lines()) {
        let text = text.map_err(failed)?;
        if text.trim().is_empty() {
            continue;
        }
        let wrong = |reason| CollectionError::Line { path: path.to_owned(), line, reason };
        each(line, &text).map_err(wrong)?;
    }
    Ok(())
}
