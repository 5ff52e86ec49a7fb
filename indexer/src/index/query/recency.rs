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
/// What Amsterdam is ahead of UTC in summer. A date without a time is dated at midnight there, the
/// evening before in UTC. In winter the last hour of a day counts as the next day.
const HOME_OFFSET_SECONDS_MAX: i64 = 7_200;

/// The factor by which recency increases a score; `dated` in seconds since 1970, `day` in days in
/// Amsterdam.
pub(crate) fn boost(kind: Option<Kind>, dated: Option<i64>, day: i32) -> f32 {
    let Some(dated) = dated else { return 1.0 };
    let dated_day = (dated + HOME_OFFSET_SECONDS_MAX).div_euclid(SECONDS_PER_DAY);
    let days = dated_day - i64::from(day);
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
    fn a_date_without_a_time_must_count_as_its_day_in_amsterdam() {
        for (date, day) in [("2025-07-01", 20_270), ("2025-12-31", 20_453)] {
            let date: jiff::civil::Date = date.parse().unwrap();
            let midnight = date.in_tz("Europe/Amsterdam").unwrap().timestamp().as_second();
            let today = boost(Some(Kind::Article), Some(midnight), day);
            assert!((today - (1.0 + MAX_BOOST)).abs() < f32::EPSILON, "{date}: {today}");
        }
    }

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
