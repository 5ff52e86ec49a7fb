//! Known documents: parsed documents, automatic persisted queries and trusted documents.

use std::{collections::HashMap, fs, io, path::Path, sync::Arc};

use quick_cache::{Weighter, sync::Cache};
use sha2::{Digest, Sha256};

use crate::{
    config::{GraphqlConfig, Limits, TrustedDocumentPolicy as Configured},
    error::{ApiError, ErrorCode, GraphqlError},
};
use federation::{
    bounded_file::{self, ReadFileError},
    operation::Operation,
};

/// SHA-256 of a document, by which clients refer to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DocumentId([u8; 32]);

impl DocumentId {
    /// The id of a document.
    pub fn of(document: &str) -> Self {
        Self(Sha256::digest(document).into())
    }

    /// Parses 64 hexadecimal digits, as in the persisted queries protocol, with or without the
    /// prefix `sha256:`.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("sha256:").unwrap_or(text);
        let mut id = [0; 32];
        if digits.len() != 64 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        for (byte, pair) in id.iter_mut().zip(digits.as_bytes().chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Self(id))
    }
}

/// Reference of a request to its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DocumentRef {
    /// The text of the document.
    Inline(String),
    /// The text of the document, to be stored under its id.
    Register(String, DocumentId),
    /// The id of a stored document.
    Hash(DocumentId),
    /// The name of a trusted document.
    Trusted(String),
}

impl Default for DocumentRef {
    fn default() -> Self {
        Self::Inline(String::new())
    }
}

impl From<&str> for DocumentRef {
    fn from(text: &str) -> Self {
        Self::Inline(text.to_owned())
    }
}

/// Error of reading trusted documents.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// The folder or a file cannot be read.
    #[error("cannot read trusted document: `{path}`")]
    Read {
        /// Path of the folder or file.
        path: String,
        /// Error of reading it.
        #[source]
        cause: ReadFileError,
    },
    /// A file is not a valid GraphQL document.
    #[error("invalid trusted document: {message}: `{path}`")]
    Invalid {
        /// Path of the file.
        path: String,
        /// Error with its line number.
        message: String,
    },
    /// The folder contains no document.
    #[error("no `.graphql` file in the folder of trusted documents: `{0}`")]
    Empty(String),
}

/// Approximates the memory used by a parsed document.
#[derive(Debug, Clone)]
struct OperationWeighter;

/// Bytes of memory per byte of text, measured on the example operations.
const MEMORY_BYTES_PER_TEXT_BYTE: u64 = 24;

type ParsedKey = (Arc<str>, Option<String>);

impl Weighter<ParsedKey, Arc<Operation>> for OperationWeighter {
    fn weight(&self, (text, _): &ParsedKey, _: &Arc<Operation>) -> u64 {
        256 + text.len() as u64 * MEMORY_BYTES_PER_TEXT_BYTE
    }
}

/// Memory used by the text of a document.
#[derive(Debug, Clone)]
struct TextWeighter;

impl Weighter<DocumentId, Arc<str>> for TextWeighter {
    fn weight(&self, _: &DocumentId, text: &Arc<str>) -> u64 {
        64 + text.len() as u64
    }
}

/// Typical size of a document in bytes, for estimating the number of cache entries.
const TYPICAL_DOCUMENT_BYTES: u64 = 512;

/// Caches of documents, and trusted documents.
pub(super) struct DocumentStore {
    parsed: Cache<ParsedKey, Arc<Operation>, OperationWeighter>,
    persisted: Cache<DocumentId, Arc<str>, TextWeighter>,
    trusted: TrustedDocuments,
    require_trusted_documents: bool,
    tokens_max: usize,
}

impl DocumentStore {
    pub(super) fn new(graphql: &GraphqlConfig, limits: &Limits) -> Result<Self, DocumentError> {
        let trusted = match &graphql.trusted_documents {
            Configured::None => TrustedDocuments::default(),
            Configured::Optional(folder) | Configured::Required(folder) => {
                TrustedDocuments::read(folder)?
            }
        };
        let capacity =
            |bytes: u64| usize::try_from(bytes / TYPICAL_DOCUMENT_BYTES).unwrap_or(1).max(1);
        let (parsed, persisted) =
            (limits.document_cache_bytes_max, limits.persisted_query_cache_bytes_max);
        Ok(Self {
            parsed: Cache::with_weighter(
                capacity(parsed / MEMORY_BYTES_PER_TEXT_BYTE),
                parsed,
                OperationWeighter,
            ),
            persisted: Cache::with_weighter(capacity(persisted), persisted, TextWeighter),
            trusted,
            require_trusted_documents: matches!(graphql.trusted_documents, Configured::Required(_)),
            tokens_max: limits.tokens_max,
        })
    }

    /// The text of the document that a request refers to.
    pub(super) fn text(&self, document: &DocumentRef) -> Result<Arc<str>, ApiError> {
        match document {
            DocumentRef::Inline(text) => self.allowed(text),
            DocumentRef::Register(text, id) => {
                let accepted = self.allowed(text)?;
                if DocumentId::of(text) != *id {
                    let message = "`sha256Hash` is not the SHA-256 of `query`";
                    return Err(ApiError::new(ErrorCode::PersistedQueryHashMismatch, message));
                }
                self.persisted.insert(*id, Arc::clone(&accepted));
                Ok(accepted)
            }
            DocumentRef::Hash(id) => {
                let trusted = self.trusted.by_id.get(id).cloned();
                let stored = trusted.or_else(|| {
                    if self.require_trusted_documents { None } else { self.persisted.get(id) }
                });
                stored.ok_or_else(|| {
                    // Clients compare this message.
                    ApiError::new(ErrorCode::PersistedQueryNotFound, "PersistedQueryNotFound")
                })
            }
            DocumentRef::Trusted(name) => {
                self.trusted.by_name.get(name).cloned().ok_or_else(|| {
                    ApiError::new(
                        ErrorCode::TrustedDocumentNotFound,
                        format!("unknown trusted document: `{name}`"),
                    )
                })
            }
        }
    }

    fn allowed(&self, text: &str) -> Result<Arc<str>, ApiError> {
        if self.require_trusted_documents && !self.trusted.by_id.contains_key(&DocumentId::of(text))
        {
            return Err(ApiError::new(
                ErrorCode::TrustedDocumentRequired,
                "only trusted documents are accepted",
            ));
        }
        Ok(text.into())
    }

    /// The trusted documents.
    pub(super) fn trusted(&self) -> impl Iterator<Item = &Arc<str>> {
        self.trusted.by_id.values()
    }

    /// The parsed operation, from the cache if possible. Long documents are parsed outside the
    /// runtime's worker threads.
    pub(super) async fn operation(
        &self,
        text: &Arc<str>,
        name: Option<&str>,
    ) -> Result<Arc<Operation>, GraphqlError> {
        let key = (Arc::clone(text), name.map(str::to_owned));
        if let Some(operation) = self.parsed.get(&key) {
            return Ok(operation);
        }
        let operation = if text.len() > INLINE_BYTES_MAX {
            let ((text, name), tokens_max) = (key.clone(), self.tokens_max);
            let reading = move || Operation::parse_within(&text, name.as_deref(), tokens_max);
            tokio::task::spawn_blocking(reading)
                .await
                .map_err(|_panicked| GraphqlError::from(ApiError::internal()))??
        } else {
            Operation::parse_within(text, name, self.tokens_max)?
        };
        let operation = Arc::new(operation);
        self.parsed.insert(key, Arc::clone(&operation));
        Ok(operation)
    }

    /// Approximate size of the caches in bytes.
    pub(super) fn bytes(&self) -> u64 {
        self.parsed.weight() + self.persisted.weight()
    }
}

/// Maximum size in bytes of a document that is parsed on a worker thread, in half a millisecond.
const INLINE_BYTES_MAX: usize = 2_048;

/// Maximum size of a trusted document in bytes.
const TRUSTED_DOCUMENT_BYTES_MAX: u64 = 1 << 20;

/// Trusted documents, by id and by name.
#[derive(Default)]
struct TrustedDocuments {
    by_id: HashMap<DocumentId, Arc<str>>,
    by_name: HashMap<String, Arc<str>>,
}

impl TrustedDocuments {
    /// Reads all files `NAME.graphql` of a folder, each with one operation.
    fn read(folder: &Path) -> Result<Self, DocumentError> {
        let mut trusted = Self::default();
        let folder_error = |cause: io::Error| read_error(folder)(cause.into());
        for entry in fs::read_dir(folder).map_err(folder_error)? {
            let path = entry.map_err(folder_error)?.path();
            if path.extension().is_none_or(|extension| extension != "graphql") {
                continue;
            }
            let text = bounded_file::read_text(&path, TRUSTED_DOCUMENT_BYTES_MAX)
                .map_err(read_error(&path))?;
            Operation::parse(&text, None).map_err(|error| {
                let line = error.locations.first().map(|at| format!("line {}: ", at.line));
                let message = format!("{}{}", line.unwrap_or_default(), error.error.message);
                DocumentError::Invalid { path: path_text(&path), message }
            })?;
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let text: Arc<str> = text.into();
            trusted.by_id.insert(DocumentId::of(&text), Arc::clone(&text));
            trusted.by_name.insert(name, text);
        }
        if trusted.by_name.is_empty() {
            return Err(DocumentError::Empty(path_text(folder)));
        }
        Ok(trusted)
    }
}

fn read_error(path: &Path) -> impl FnOnce(ReadFileError) -> DocumentError {
    let path = path_text(path);
    move |cause| DocumentError::Read { path, cause }
}

fn path_text(path: &Path) -> String {
    path.display().to_string()
}
