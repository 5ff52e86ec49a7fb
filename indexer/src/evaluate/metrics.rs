//! Ranking metrics.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

/// Relevance grades by document id, for one query: 0 is irrelevant, higher is better.
pub(super) type Grades = HashMap<String, u8>;

/// Number of ranks that count for nDCG and MRR.
const RANK_CUTOFF: usize = 10;
/// Number of ranks that count for recall.
pub(super) const RECALL_CUTOFF: usize = 100;

/// Search quality; each measure is between 0 and 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Measures {
    /// Normalised discounted cumulative gain at rank 10: gain 2^grade − 1, discount log2(rank + 1),
    /// ideal ranking over all judged documents.
    pub ndcg_at_10: f64,
    /// Reciprocal rank of the first document with grade 1 or more; 0 if its rank is above 10.
    pub mrr_at_10: f64,
    /// Share of the documents with grade 1 or more that are among the first 100.
    pub recall_at_100: f64,
}

impl Measures {
    /// Measures a ranked list of document ids; at least one grade must be 1 or more.
    pub(super) fn of(ranked: &[&str], grades: &Grades) -> Self {
        let grade = |id: &&str| grades.get(*id).copied().unwrap_or_default();
        let ranked_grades: Vec<u8> = ranked.iter().map(grade).collect();
        let mut ideal: Vec<u8> = grades.values().copied().collect();
        ideal.sort_unstable_by(|left, right| right.cmp(left));
        let relevant = |grades: &[u8]| grades.iter().filter(|grade| **grade > 0).count();
        let first = ranked_grades.iter().take(RANK_CUTOFF).position(|grade| *grade > 0);
        Self {
            ndcg_at_10: dcg(&ranked_grades) / dcg(&ideal),
            mrr_at_10: first.map_or(0.0, |index| 1.0 / to_f64(index + 1)),
            recall_at_100: to_f64(relevant(
                &ranked_grades[..ranked_grades.len().min(RECALL_CUTOFF)],
            )) / to_f64(relevant(&ideal)),
        }
    }

    /// The mean of several measures; zero without any.
    pub(super) fn mean(all: &[&Self]) -> Self {
        let number = to_f64(all.len().max(1));
        let mean = |of: fn(&Self) -> f64| all.iter().copied().map(of).sum::<f64>() / number;
        Self {
            ndcg_at_10: mean(|measures| measures.ndcg_at_10),
            mrr_at_10: mean(|measures| measures.mrr_at_10),
            recall_at_100: mean(|measures| measures.recall_at_100),
        }
    }
}

/// Discounted cumulative gain at rank 10.
fn dcg(grades: &[u8]) -> f64 {
    let contribution = |(index, grade): (usize, &u8)| {
        (f64::from(*grade).exp2() - 1.0) / (to_f64(index) + 2.0).log2()
    };
    grades.iter().take(RANK_CUTOFF).enumerate().map(contribution).sum()
}

#[expect(clippy::cast_precision_loss, reason = "ranks and queries are far below 2^53")]
pub(super) fn to_f64(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(ranked: &[&str], grades: &[(&str, u8)]) -> Measures {
        let grades = grades.iter().map(|(id, grade)| ((*id).to_owned(), *grade)).collect();
        Measures::of(ranked, &grades)
    }

    fn assert_measures(measures: Measures, (ndcg, mrr, recall): (f64, f64, f64)) {
        let of = [measures.ndcg_at_10, measures.mrr_at_10, measures.recall_at_100];
        for (found, expected) in of.into_iter().zip([ndcg, mrr, recall]) {
            assert!((found - expected).abs() < 1e-9, "{measures:?} {expected}");
        }
    }

    #[test]
    fn measures_must_equal_values_computed_by_hand() {
        let grades = [("a", 2), ("b", 1), ("c", 0), ("d", 1)];
        assert_measures(measured(&["a", "b", "d"], &grades), (1.0, 1.0, 1.0));
        assert_measures(measured(&[], &grades), (0.0, 0.0, 0.0));
        // Grade 1 at rank two and 2 at rank four; the ideal has 2 at one, 1 at two and 1 at three.
        let log = |n: f64| n.log2();
        let ideal = 3.0 + 1.0 / log(3.0) + 0.5;
        let found = 1.0 / log(3.0) + 3.0 / log(5.0);
        assert_measures(measured(&["x", "b", "c", "a"], &grades), (found / ideal, 0.5, 2.0 / 3.0));
    }

    #[test]
    fn documents_below_the_cutoff_must_not_count() {
        let others: Vec<String> = (0..200).map(|number| number.to_string()).collect();
        let ranked = |index: usize| {
            let mut ranked: Vec<&str> = others.iter().map(String::as_str).collect();
            ranked.insert(index, "a");
            ranked
        };
        assert_measures(measured(&ranked(9), &[("a", 1)]), (1.0 / 11.0_f64.log2(), 0.1, 1.0));
        assert_measures(measured(&ranked(10), &[("a", 1)]), (0.0, 0.0, 1.0));
        assert_measures(measured(&ranked(100), &[("a", 1)]), (0.0, 0.0, 0.0));
    }
}
