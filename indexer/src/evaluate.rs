//! Search quality on judged test collections, indexed and searched like any other content.
//!
//! A collection has three files in the format of BEIR: documents, queries, and relevance
//! judgements. This module must not change how a search works, and the search must not depend on
//! it.

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
