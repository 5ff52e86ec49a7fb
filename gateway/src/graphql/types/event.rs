//! `Event`: a meeting with a date.

use std::{borrow::Cow, sync::Arc};

use async_graphql::{Context, SimpleObject, Union};
use schema::{Occurrences, Record};

use super::{
    article::Article,
    community::Community,
    content,
    moment::Moment,
    organisation::Organisation,
    person::Person,
    scalar::{Date, Url},
    value_objects::{Place, Registration, Session},
};
use crate::{
    error::Result,
    graphql::{
        context::RequestContext,
        enums::{Attendance, EventForm, EventPhase, EventStatus},
        from_record::FromRecord,
        labels::Label,
        loaders::Loaders,
    },
};

/// An event's record.
#[derive(Clone)]
pub(crate) struct Event(Arc<Record>);

impl Event {
    /// Its occurrences; those of a series were computed when the generation was opened.
    fn all_occurrences<'c>(&self, ctx: &'c Context<'_>) -> Cow<'c, Occurrences> {
        let precomputed = RequestContext::of(ctx).snapshot.occurrences(self.common.id);
        precomputed.map_or_else(|| Cow::Owned(schema::Event::occurrences(self)), Cow::Borrowed)
    }

    /// An occurrence of this event.
    fn occurrence(&self, occurrence: &schema::Occurrence) -> Occurrence {
        let end = occurrence.end.clone().map(|end| self.moment(end));
        Occurrence { start: self.moment(occurrence.moment.clone()), end }
    }

    /// A moment of this event, described in the event's language.
    fn moment(&self, moment: schema::Moment) -> Moment {
        Moment::new(moment, self.common.language)
    }
}

content::object! {
    /// A meeting in person, online or both. A series is one event with occurrences.
    impl Event {
        /// Form of the event.
        async fn form(&self) -> EventForm {
            self.form.into()
        }

        /// The form in words.
        async fn form_label(
            &self,
            #[graphql(desc = "Language of the label; default Dutch.")] language: Option<Language>,
        ) -> String {
            EventForm::from(self.form).label(language)
        }

        /// Start; for a series, of the first occurrence.
        async fn start(&self) -> Moment {
            self.moment(self.start.clone())
        }

        /// End; for a series, of the first occurrence. Without an end, it lasts all day.
        async fn end(&self) -> Option<Moment> {
            self.end.clone().map(|end| self.moment(end))
        }

        /// Phase at the time of the request, in the event's own time zone.
        async fn phase(&self, ctx: &Context<'_>) -> EventPhase {
            self.all_occurrences(ctx).phase(RequestContext::of(ctx).now).into()
        }

        /// The phase in words.
        async fn phase_label(
            &self,
            ctx: &Context<'_>,
            #[graphql(desc = "Language of the label; default Dutch.")] language: Option<Language>,
        ) -> String {
            EventPhase::from(self.all_occurrences(ctx).phase(RequestContext::of(ctx).now)).label(language)
        }

        /// Whether it takes place as planned.
        async fn status(&self) -> EventStatus {
            self.status.into()
        }

        /// The status in words.
        async fn status_label(
            &self,
            #[graphql(desc = "Language of the label; default Dutch.")] language: Option<Language>,
        ) -> String {
            EventStatus::from(self.status).label(language)
        }

        /// Whether it is attended in person or online.
        async fn attendance(&self) -> Attendance {
            self.attendance.into()
        }

        /// The attendance in words.
        async fn attendance_label(
            &self,
            #[graphql(desc = "Language of the label; default Dutch.")] language: Option<Language>,
        ) -> String {
            Attendance::from(self.attendance).label(language)
        }

        /// The first occurrence that has not ended; null if there is none.
        async fn next_occurrence(&self, ctx: &Context<'_>) -> Option<Occurrence> {
            let occurrences = self.all_occurrences(ctx);
            let next = occurrences.remaining(RequestContext::of(ctx).now).next()?;
            Some(self.occurrence(next))
        }

        /// Occurrences that have not ended, in chronological order.
        async fn occurrences(
            &self,
            ctx: &Context<'_>,
            #[graphql(default_with = "Some(10)", desc = "Number of items; maximum 100.")] first: Option<
                i32,
            >,
        ) -> Result<Vec<Occurrence>> {
            let request = RequestContext::of(ctx);
            let first = request.page_size_or_default(first.unwrap_or(10), 10)?;
            let occurrences = self.all_occurrences(ctx);
            let coming = occurrences.remaining(request.now).take(first);
            Ok(coming.map(|occurrence| self.occurrence(occurrence)).collect())
        }

        /// How it recurs; null for a single event.
        async fn recurrence(&self) -> Option<Recurrence<'_>> {
            let language = self.common.language;
            self.series.as_ref().map(|series| Recurrence { series, first: &self.start, language })
        }

        /// Venue.
        async fn place(&self) -> Option<Place<'_>> {
            self.place.as_ref().map(Place)
        }

        /// Address of the online meeting.
        async fn online_url(&self) -> Option<Url> {
            self.online_url.as_ref().map(Url::of)
        }

        /// How to register.
        async fn registration(&self) -> Option<Registration<'_>> {
            let language = self.common.language;
            self.registration.as_ref().map(|registration| Registration(registration, language))
        }

        /// Price as given by the source, such as `gratis`.
        async fn price(&self) -> Option<&str> {
            self.price.as_deref()
        }

        /// Calendar file (RFC 5545). For a series, it contains up to 100 upcoming occurrences.
        async fn ics(&self, ctx: &Context<'_>) -> Url {
            Url(RequestContext::of(ctx).config.calendar_url(self.common.id))
        }

        /// Communities and organisations that organise it.
        async fn organisers(&self, ctx: &Context<'_>) -> Result<Vec<Organiser>> {
            Loaders::of(ctx).many(&self.organisers).await
        }

        /// Speakers.
        async fn speakers(&self, ctx: &Context<'_>) -> Result<Vec<Person>> {
            Loaders::of(ctx).many(&self.speakers).await
        }

        /// Sessions of the programme, in order.
        async fn sessions(&self) -> Vec<Session<'_>> {
            self.sessions.iter().map(|session| Session::new(session, self.common.language)).collect()
        }

        /// Whether non-members may attend; null if the source does not state it.
        async fn open_to_non_members(&self) -> Option<bool> {
            self.open_to_non_members
        }

        /// A recording of it.
        async fn recording(&self) -> Option<Url> {
            self.recording.as_ref().map(Url::of)
        }

        /// Articles that report on it.
        async fn report(&self, ctx: &Context<'_>) -> Result<Vec<Article>> {
            Loaders::of(ctx).linked(self.common.id, Relation::ReportOf).await
        }
    }
}

/// One meeting of an event.
#[derive(SimpleObject)]
pub(crate) struct Occurrence {
    /// Start.
    start: Moment,
    /// End; without one, it lasts all day.
    end: Option<Moment>,
}

/// The rule by which a series recurs.
pub(crate) struct Recurrence<'a> {
    series: &'a schema::Series,
    first: &'a schema::Moment,
    language: schema::Language,
}

/// The rule by which a series recurs.
#[Object]
impl Recurrence<'_> {
    /// The rule (RRULE of RFC 5545), such as `FREQ=MONTHLY;BYDAY=1TU`.
    async fn rule(&self) -> &str {
        &self.series.rule
    }

    /// Days on which the rule has no occurrence (EXDATE).
    async fn excluded(&self) -> Vec<Date> {
        self.series.excluded.iter().copied().map(Date).collect()
    }

    /// Occurrences outside the rule (RDATE), including those that were moved.
    async fn added(&self) -> Vec<Occurrence> {
        let moment = |moment: &schema::Moment| Moment::new(moment.clone(), self.language);
        let added = self.series.added.iter().map(|added| Occurrence {
            start: moment(&added.start),
            end: added.end.as_ref().map(moment),
        });
        added.collect()
    }

    /// The rule in words, such as `elke eerste dinsdag van de maand, 10 keer`.
    async fn text(
        &self,
        #[graphql(desc = "Language of the words; default that of the event.")] language: Option<
            Language,
        >,
    ) -> String {
        let language = language.map_or(self.language, schema::Language::from);
        self.series.describe(self.first, language)
    }
}

/// An organiser of an event.
#[derive(Union, Clone)]
pub(crate) enum Organiser {
    /// A community.
    Community(Community),
    /// An organisation.
    Organisation(Organisation),
}

impl FromRecord for Organiser {
    fn from_record(record: Arc<Record>) -> Option<Self> {
        match &*record {
            Record::Community(_) => Community::from_record(record).map(Self::Community),
            Record::Organisation(_) => Organisation::from_record(record).map(Self::Organisation),
            _ => None,
        }
    }
}
