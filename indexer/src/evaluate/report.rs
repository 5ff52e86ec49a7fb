//! What an evaluation found.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use super::Measures;

/// What an evaluation found, as it is written and read as JSON.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct EvaluationReport {
    /// The means over all questions.
    #[serde(flatten)]
    pub mean: Measures,
    /// Half of the searches took no longer, in milliseconds.
    pub median_ms: f64,
    /// 99 of a hundred searches took no longer, in milliseconds.
    pub p99_ms: f64,
    /// Questions with at least one good document.
    pub queries: usize,
    /// Questions that were left out, because no document is good for them.
    pub unjudged: usize,
    /// Documents in the index.
    pub documents: u64,
    /// Documents that the indexer refused: they are never found.
    pub rejected: u64,
    /// The seed of typing mistakes; none where questions were asked as they are.
    pub typos: Option<u64>,
    /// By id of question.
    pub per_query: BTreeMap<String, Measures>,
}

impl fmt::Display for EvaluationReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Measures { ndcg_at_10, mrr_at_10, recall_at_100 } = self.mean;
        writeln!(f, "nDCG@10     {ndcg_at_10:.4}")?;
        writeln!(f, "MRR@10      {mrr_at_10:.4}")?;
        writeln!(f, "recall@100  {recall_at_100:.4}")?;
        writeln!(
            f,
            "median      {:.3} ms a search, 99 % within {:.3} ms",
            self.median_ms, self.p99_ms
        )?;
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
