//! Comparison of two evaluations of the same queries.

use serde::Serialize;

use super::{
    EvaluationReport,
    metrics::{Measures, to_f64},
    typo::SplitMix64,
};

/// Number of bootstrap samples.
const BOOTSTRAP_SAMPLES: usize = 10_000;
/// Probability below and above the confidence interval, each.
const TAIL: f64 = 0.025;

/// Comparison of two evaluations.
#[derive(Debug, Clone, Serialize)]
pub struct Comparison {
    /// Number of queries.
    pub queries: usize,
    /// Normalised discounted cumulative gain at rank 10.
    pub ndcg_at_10: Difference,
    /// Mean reciprocal rank at rank 10.
    pub mrr_at_10: Difference,
    /// Recall at rank 100.
    pub recall_at_100: Difference,
}

/// Difference of one measure between two evaluations.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Difference {
    /// Mean of the first evaluation.
    pub a: f64,
    /// Mean of the second evaluation.
    pub b: f64,
    /// Mean of the second minus mean of the first.
    pub difference: f64,
    /// Lower bound of the 95 % confidence interval of the difference (paired bootstrap).
    pub low: f64,
    /// Upper bound of the same interval.
    pub high: f64,
    /// Number of queries with a higher value in the second evaluation.
    pub wins: usize,
    /// Number of queries with a lower value in the second evaluation.
    pub losses: usize,
    /// Number of queries with equal values.
    pub ties: usize,
}

/// Reason why two evaluations cannot be compared.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// The evaluations have different queries.
    #[error(
        "{only_a} queries only in the first evaluation and {only_b} only in the second; compare \
         evaluations of the same collection"
    )]
    DifferentQueries {
        /// Number of queries in the first evaluation only.
        only_a: usize,
        /// Number of queries in the second evaluation only.
        only_b: usize,
    },
}

/// Compares the second evaluation with the first.
///
/// # Errors
/// [`CompareError`] if the evaluations have different queries.
pub fn compare(a: &EvaluationReport, b: &EvaluationReport) -> Result<Comparison, CompareError> {
    let missing = |one: &EvaluationReport, other: &EvaluationReport| {
        one.per_query.keys().filter(|id| !other.per_query.contains_key(*id)).count()
    };
    let (only_a, only_b) = (missing(a, b), missing(b, a));
    if only_a + only_b > 0 {
        return Err(CompareError::DifferentQueries { only_a, only_b });
    }
    let pairs: Vec<(&Measures, &Measures)> =
        a.per_query.values().zip(b.per_query.values()).collect();
    let by = |of: fn(&Measures) -> f64| {
        let pairs: Vec<_> = pairs.iter().map(|(a, b)| (of(a), of(b))).collect();
        difference(&pairs)
    };
    Ok(Comparison {
        queries: pairs.len(),
        ndcg_at_10: by(|measures| measures.ndcg_at_10),
        mrr_at_10: by(|measures| measures.mrr_at_10),
        recall_at_100: by(|measures| measures.recall_at_100),
    })
}

fn difference(pairs: &[(f64, f64)]) -> Difference {
    let number = to_f64(pairs.len().max(1));
    let gains: Vec<f64> = pairs.iter().map(|(a, b)| b - a).collect();
    let mut rng = SplitMix64::for_query(0, "bootstrap");
    let mut resampled_mean = || {
        let samples = (0..gains.len()).map(|_| gains[rng.below(gains.len())]);
        samples.sum::<f64>() / number
    };
    let mut means: Vec<f64> = (0..BOOTSTRAP_SAMPLES).map(|_| resampled_mean()).collect();
    means.sort_by(f64::total_cmp);
    let wins = gains.iter().filter(|gain| **gain > f64::EPSILON).count();
    let losses = gains.iter().filter(|gain| **gain < -f64::EPSILON).count();
    Difference {
        a: pairs.iter().map(|(a, _)| a).sum::<f64>() / number,
        b: pairs.iter().map(|(_, b)| b).sum::<f64>() / number,
        difference: gains.iter().sum::<f64>() / number,
        low: quantile(&means, TAIL),
        high: quantile(&means, 1.0 - TAIL),
        wins,
        losses,
        ties: gains.len() - wins - losses,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a length is an index"
)]
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let index = (to_f64(sorted.len().saturating_sub(1)) * share).round() as usize;
    sorted.get(index).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(values: &[f64]) -> EvaluationReport {
        let measures = |value: &f64| Measures { ndcg_at_10: *value, ..Measures::default() };
        let per_query = values.iter().enumerate();
        EvaluationReport {
            per_query: per_query.map(|(n, value)| (format!("q{n:03}"), measures(value))).collect(),
            ..EvaluationReport::default()
        }
    }

    #[test]
    fn a_comparison_must_report_wins_losses_and_the_difference() {
        let a: Vec<f64> = (0..200).map(|n| f64::from(n % 10) / 20.0).collect();
        let b: Vec<f64> =
            a.iter().enumerate().map(|(n, a)| if n % 4 == 0 { a - 0.1 } else { a + 0.1 }).collect();
        let found = compare(&report(&a), &report(&b)).unwrap().ndcg_at_10;
        assert_eq!((found.wins, found.losses, found.ties), (150, 50, 0));
        assert!((found.difference - 0.05).abs() < 1e-9);
        assert!(found.low < 0.05 && 0.05 < found.high && found.low > 0.03 && found.high < 0.07);
    }

    #[test]
    fn the_same_evaluation_must_not_differ_from_itself() {
        let one = report(&[0.1, 0.9, 0.4]);
        let found = compare(&one, &one).unwrap().ndcg_at_10;
        assert_eq!((found.difference, found.low, found.high, found.ties), (0.0, 0.0, 0.0, 3));
    }

    #[test]
    fn evaluations_of_different_queries_must_be_rejected() {
        let error = compare(&report(&[0.5; 3]), &report(&[0.5; 5])).unwrap_err();
        assert!(
            error.to_string().starts_with("0 queries only in the first evaluation and 2"),
            "{error}"
        );
    }
}
