//! Recency boost: for recent articles and for events that take place soon.

use schema::Kind;

/// Maximum boost as a share of the score.
pub(crate) const MAX_BOOST: f32 = 0.1;
/// Maximum boost of past events.
const MAX_BOOST_PAST: f32 = 0.05;
/// Age at which half of the boost is left.
const ARTICLE_HALF_LIFE_DAYS: f32 = 730.0;
const EVENT_HALF_LIFE_DAYS: f32 = 90.0;
const SECONDS_PER_DAY: i64 = 86_400;

/// The factor by which recency increases a score; `dated` in seconds and `day` in days since 1970.
pub(crate) fn boost(kind: Option<Kind>, dated: Option<i64>, day: i32) -> f32 {
    let Some(dated) = dated else { return 1.0 };
    let days = dated.div_euclid(SECONDS_PER_DAY) - i64::from(day);
    #[expect(clippy::cast_precision_loss, reason = "days of an age are few")]
    let distance = days.unsigned_abs() as f32;
    let (max_boost, half_life) = match kind {
        Some(Kind::Article) => (MAX_BOOST, ARTICLE_HALF_LIFE_DAYS),
        Some(Kind::Event) if days < 0 => (MAX_BOOST_PAST, EVENT_HALF_LIFE_DAYS),
        Some(Kind::Event) => (MAX_BOOST, EVENT_HALF_LIFE_DAYS),
        Some(Kind::Toolkit | Kind::Community) | None => return 1.0,
    };
    1.0 + max_boost * (-distance / half_life).exp2()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closer_dates_must_get_a_higher_boost() {
        let boosted = |kind, days: i64| boost(Some(kind), Some(days * SECONDS_PER_DAY), 20_000);
        assert!(boosted(Kind::Article, 19_990) > boosted(Kind::Article, 19_000));
        assert!(boosted(Kind::Event, 20_010) > boosted(Kind::Event, 20_300));
        assert!(boosted(Kind::Event, 20_010) > boosted(Kind::Event, 19_990));
        for (kind, days) in [(Kind::Toolkit, 19_999), (Kind::Community, 19_999)] {
            assert!((boosted(kind, days) - 1.0).abs() < f32::EPSILON);
        }
        for days in [-5_000_000, 0, 20_000, 5_000_000] {
            for kind in [Kind::Article, Kind::Event] {
                assert!((1.0..=1.0 + MAX_BOOST).contains(&boosted(kind, days)), "{kind:?} {days}");
            }
        }
    }
}
