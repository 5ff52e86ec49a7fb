//! `EventMoment`: a date or time of an event, with its precision.

use async_graphql::Object;
use schema::Language;

use super::scalar::{Date, DateTime};
use crate::graphql::enums::DatePrecision;

/// A moment and the language in which it is described.
pub(crate) struct EventMoment {
    moment: schema::EventMoment,
    language: Language,
}

impl EventMoment {
    /// A moment, described in `language`.
    pub(crate) const fn new(moment: schema::EventMoment, language: Language) -> Self {
        Self { moment, language }
    }
}

/// A moment in an event's own time zone, with the precision at which it is known.
#[Object(shareable)]
impl EventMoment {
    /// The exact time, if it is known to the minute.
    async fn instant(&self) -> Option<DateTime> {
        self.moment.exact().map(DateTime)
    }

    /// The day, or the first day of the month, season or year.
    async fn date(&self) -> Date {
        Date(self.moment.date)
    }

    /// IANA name of the time zone, such as `Europe/Amsterdam`.
    async fn time_zone(&self) -> &str {
        &self.moment.zone
    }

    /// Whether the time of day is unknown.
    async fn all_day(&self) -> bool {
        self.moment.all_day()
    }

    /// Precision of the moment.
    async fn precision(&self) -> DatePrecision {
        self.moment.precision.into()
    }

    /// The moment as text in the event's language, such as `12 maart 2026, 14:00`.
    async fn text(&self) -> String {
        self.moment.describe(self.language)
    }
}
