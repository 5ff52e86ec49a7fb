//! Report of an evaluation.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use super::Measures;

/// Report of an evaluation, also in JSON.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct EvaluationReport {
    /// Means over all queries.
    #[serde(flatten)]
    pub mean: Measures,
    /// Median search time in milliseconds.
    pub median_ms: f64,
    /// 99th percentile of the search time in milliseconds.
    pub p99_ms: f64,
    /// Number of queries with at least one relevant document.
    pub queries: usize,
    /// Number of queries skipped because they have no relevant document.
    pub unjudged: usize,
    /// Number of documents in the index.
    pub documents: u64,
    /// Number of documents that the indexer rejected and that no search returns.
    pub rejected: u64,
    /// Seed of the typos; `None` for the original queries.
    pub typos: Option<u64>,
    /// Measures by query id.
    pub per_query: BTreeMap<String, Measures>,
}

impl fmt::Display for EvaluationReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Measures { ndcg_at_10, mrr_at_10, recall_at_100 } = self.mean;
        writeln!(f, "nDCG@10     {ndcg_at_10:.4}")?;
        writeln!(f, "MRR@10      {mrr_at_10:.4}")?;
        writeln!(f, "recall@100  {recall_at_100:.4}")?;
        writeln!(f, "median      {:.3} ms per search, p99 {:.3} ms", self.median_ms, self.p99_ms)?;
        write!(f, "queries     {}", self.queries)?;
        if let Some(seed) = self.typos {
            write!(f, ", one typo in each (seed {seed})")?;
        }
        if self.unjudged > 0 {
            write!(f, "; {} skipped without a relevant document", self.unjudged)?;
        }
        write!(f, "\ndocuments   {}", self.documents)?;
        if self.rejected > 0 {
            write!(f, "; {} rejected and not searchable", self.rejected)?;
        }
        Ok(())
    }
}
