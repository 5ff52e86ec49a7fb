//! `wegwijzer evaluate`: measures search quality.

use std::{fs, path::PathBuf, process::ExitCode};

use clap::Args;

use super::{CommandError, output, progress::Console};
use indexer::evaluate::{
    Collection, Comparison, Difference, EvaluationReport, EvaluationRun, compare,
};

#[derive(Debug, Args)]
pub(super) struct EvaluateArguments {
    /// Documents as JSON Lines, with `_id`, `title` and `text`.
    #[arg(long, value_name = "FILE", required_unless_present = "compare")]
    corpus: Option<PathBuf>,
    /// Queries as JSON Lines, with `_id` and `text`.
    #[arg(long, value_name = "FILE", required_unless_present = "compare")]
    queries: Option<PathBuf>,
    /// Relevance judgements as TSV, with `query-id`, `corpus-id` and `score`.
    #[arg(long, value_name = "FILE", required_unless_present = "compare")]
    qrels: Option<PathBuf>,
    /// Add one typo to each query, derived from this seed.
    #[arg(long, value_name = "SEED", conflicts_with = "compare")]
    typos: Option<u64>,
    /// Number of queries to list, lowest nDCG@10 first.
    #[arg(long, value_name = "NUMBER", default_value_t = 0, conflicts_with_all = ["compare", "json"])]
    worst: usize,
    /// Compare two results that were printed with `--json`.
    #[arg(long, num_args = 2, value_names = ["A", "B"], conflicts_with_all = ["corpus", "queries", "qrels"])]
    compare: Option<Vec<PathBuf>>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Evaluates search on a collection, or compares two evaluations.
pub(super) fn run(arguments: &EvaluateArguments) -> Result<ExitCode, CommandError> {
    if let Some([a, b]) = arguments.compare.as_deref() {
        let comparison = compare(&read(a)?, &read(b)?)?;
        if arguments.json {
            output::json(&comparison)?;
        } else {
            output::text(table(&comparison))?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let (Some(corpus), Some(queries), Some(qrels)) =
        (&arguments.corpus, &arguments.queries, &arguments.qrels)
    else {
        unreachable!("clap requires all three");
    };
    let collection = Collection::open(corpus, queries, qrels)?;
    let evaluation = EvaluationRun::index(collection, &Console::new())?;
    let report = evaluation.evaluate(arguments.typos)?;
    if arguments.json {
        output::json(&report)?;
    } else {
        output::text(&report)?;
        for (id, ndcg) in worst(&report, arguments.worst) {
            let text = evaluation.query_text(id).unwrap_or_default();
            output::text(format_args!("{ndcg:.3}  {id}  {text}"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn worst(report: &EvaluationReport, count: usize) -> Vec<(&str, f64)> {
    let all = report.per_query.iter();
    let mut all: Vec<_> = all.map(|(id, measures)| (id.as_str(), measures.ndcg_at_10)).collect();
    all.sort_by(|(_, left), (_, right)| left.total_cmp(right));
    all.truncate(count);
    all
}

fn read(path: &PathBuf) -> Result<EvaluationReport, CommandError> {
    let unreadable =
        |reason: String| CommandError::InvalidEvaluation { path: path.clone(), reason };
    let text = fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| unreadable(error.to_string()))
}

fn table(comparison: &Comparison) -> String {
    let row = |name: &str, of: &Difference| {
        format!(
            "{name:<11} {:.4}  {:.4}  {:+.4}  [{:+.4}, {:+.4}]  {:>5} {:>6} {:>5}",
            of.a, of.b, of.difference, of.low, of.high, of.wins, of.losses, of.ties
        )
    };
    let head = format!(
        "{:<11} {:<6}  {:<6}  {:<7}  {:<18}  {:>5} {:>6} {:>5}",
        "", "A", "B", "B − A", "95% interval", "wins", "losses", "ties"
    );
    [
        head,
        row("nDCG@10", &comparison.ndcg_at_10),
        row("MRR@10", &comparison.mrr_at_10),
        row("recall@100", &comparison.recall_at_100),
    ]
    .join("\n")
}
