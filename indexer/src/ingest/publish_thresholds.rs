//! Thresholds: a build fails if too many records of a source were rejected or removed.

use super::{
    config::{OnThreshold, THRESHOLD_FLOOR},
    context::BuildContext,
    error::BuildError,
    report::SourceReport,
    source::Rejection,
};

/// Fails if a source exceeds the rejection or removal threshold.
pub(crate) fn check(
    context: &BuildContext<'_>,
    report: &SourceReport,
    rejections: &[Rejection],
) -> Result<(), BuildError> {
    let limits = &context.config.limits;
    if context.options.on_rejections == OnThreshold::Fail
        && exceeds(report.rejected, report.offered(), limits.rejections_percent)
    {
        return Err(BuildError::Rejections {
            report: Box::new(report.clone()),
            limit: limits.rejections_percent,
            rejections: rejections.to_vec(),
        });
    }
    if context.options.on_removals == OnThreshold::Fail
        && exceeds(report.removed, report.previous(), limits.removals_percent)
    {
        let limit = limits.removals_percent;
        return Err(BuildError::Removals { report: Box::new(report.clone()), limit });
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "a share needs no more precision")]
fn exceeds(count: u64, total: u64, percent: f64) -> bool {
    count > THRESHOLD_FLOOR && count as f64 > total as f64 * percent / 100.0
}

/// Counts facts from which no record can be derived as rejected, and repeats the threshold check.
pub(crate) fn check_incomplete_records(
    context: &BuildContext<'_>,
    reports: &mut [SourceReport],
    rejections: &[Rejection],
) -> Result<(), BuildError> {
    for report in reports {
        let incomplete = rejections.iter().filter(|r| r.source == report.name).count() as u64;
        report.rejected += incomplete;
        report.new = report.new.saturating_sub(incomplete);
        if incomplete > 0 {
            check(context, report, rejections)?;
        }
    }
    Ok(())
}
