//! How good the search is: judged collections, indexed and searched as everything else is.
//!
//! A collection lies in three files as those of BEIR: documents, questions, and judgements of what
//! documents are worth for what questions. This module must not change how anything is searched, and
//! nothing in the search may know that it is evaluated.

mod collection;
mod compare;
mod metrics;
mod report;
mod runner;
mod typo;

pub use collection::{Collection, CollectionError};
pub use compare::{CompareError, Comparison, Difference, compare};
pub use metrics::Measures;
pub use report::EvaluationReport;
pub use runner::{EvaluateError, EvaluationRun};
