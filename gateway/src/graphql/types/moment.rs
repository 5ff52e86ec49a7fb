//! `Moment`: a date or time with its precision.

use async_graphql::Object;
use schema::Language;

use super::scalar::{Date, DateTime};
use crate::graphql::enums::DatePrecision;

/// A moment and the language in which it is described.
pub(crate) struct Moment {
    moment: schema::Moment,
    language: Language,
}

impl Moment {
    /// A moment, described in `language`.
    pub(crate) const fn new(moment: schema::Moment, language: Language) -> Self {
        Self { moment, language }
    }
}

/// A date or time with the precision that the source gives it.
#[Object(shareable)]
impl Moment {
    /// The exact time; null if the source gives no time of day.
    async fn instant(&self) -> Option<DateTime> {
        self.moment.exact().map(DateTime)
    }

    /// The day in `timeZone`, or the first day of the month, season or year.
    async fn date(&self) -> Date {
        Date(self.moment.date)
    }

    /// IANA name of the time zone: that of the event, otherwise `Europe/Amsterdam`.
    async fn time_zone(&self) -> &str {
        &self.moment.zone
    }

    /// How precise the date is.
    async fn precision(&self) -> DatePrecision {
        self.moment.precision.into()
    }

    /// The moment in words, in the language of the content, such as `12 maart 2026, 14.00 uur`.
    async fn text(&self) -> String {
        self.moment.describe(self.language)
    }
}
