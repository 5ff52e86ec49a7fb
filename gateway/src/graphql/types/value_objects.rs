//! Parts of content that have no id of their own: steps, resources, quotes, places and so on.

use async_graphql::{Context, Object};
use schema::Language;

use super::{
    content::Content,
    event_moment::EventMoment,
    organisation::Organisation,
    person::Person,
    scalar::{Date, DateTime, Url},
};
use crate::{
    error::Result,
    graphql::{
        enums::{CountPrecision, ResourceKind},
        loaders::Loaders,
    },
};

/// Borrows an image.
pub(crate) struct Image<'a>(pub(crate) &'a schema::Image);

/// A picture of a record or entity.
#[Object(shareable)]
impl Image<'_> {
    /// Where it is.
    async fn url(&self) -> Url {
        Url::of(&self.0.url)
    }

    /// What it shows, for those who do not see it.
    async fn alt(&self) -> Option<&str> {
        self.0.alt.as_deref()
    }

    /// Width in pixels.
    async fn width(&self) -> Option<u32> {
        self.0.width
    }

    /// Height in pixels.
    async fn height(&self) -> Option<u32> {
        self.0.height
    }
}

/// A passage that two records share.
pub(crate) struct SharedPassage(pub(crate) schema::SharedPassage);

/// Text that a record shares with one of another source.
#[Object]
impl SharedPassage {
    /// The other record.
    async fn node(&self, ctx: &Context<'_>) -> Option<Result<Content>> {
        Loaders::of(ctx).maybe(Some(self.0.id)).await
    }

    /// Share of the words of the first record that the other one contains, too: from 0 to 1.
    async fn share(&self) -> f32 {
        self.0.share
    }

    /// The longest passage in both, as in the first record; shortened where it is long.
    async fn text(&self) -> &str {
        &self.0.text
    }
}

/// Borrows a quote.
pub(crate) struct Quote<'a>(pub(crate) &'a schema::Quote);

/// The quoted text.
#[Object]
impl Quote<'_> {
    /// The words, without quotation marks.
    async fn text(&self) -> &str {
        &self.0.text
    }

    /// Its speaker.
    async fn person(&self, ctx: &Context<'_>) -> Option<Result<Person>> {
        Loaders::of(ctx).maybe(self.0.person).await
    }

    /// On behalf of whom.
    async fn organisation(&self, ctx: &Context<'_>) -> Option<Result<Organisation>> {
        Loaders::of(ctx).maybe(self.0.organisation).await
    }

    /// Where it was published first.
    async fn reference(&self) -> Option<Reference<'_>> {
        self.0.reference.as_ref().map(Reference)
    }
}

/// Borrows a reference.
pub(crate) struct Reference<'a>(pub(crate) &'a schema::Reference);

/// A report, book or page that is referred to.
#[Object]
impl Reference<'_> {
    /// Its title.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// Who published it.
    async fn publisher(&self) -> Option<&str> {
        self.0.publisher.as_deref()
    }

    /// The year of publication.
    async fn year(&self) -> Option<i16> {
        self.0.year
    }

    /// Where it can be read.
    async fn url(&self) -> Option<Url> {
        self.0.url.as_ref().map(Url::of)
    }
}

/// Borrows a resource.
pub(crate) struct Resource<'a>(pub(crate) &'a schema::Resource);

/// Something to download, open or play.
#[Object]
impl Resource<'_> {
    /// What it is called.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// What sort of resource.
    async fn kind(&self) -> ResourceKind {
        self.0.kind.into()
    }

    /// Where it is.
    async fn url(&self) -> Option<Url> {
        self.0.url.as_ref().map(Url::of)
    }

    /// What one does with it.
    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// Media type, such as `application/pdf`.
    async fn mime(&self) -> Option<&str> {
        self.0.mime.as_deref()
    }

    /// Size in bytes; empty where it is unknown or 2 GiB or more.
    async fn bytes(&self) -> Option<i32> {
        self.0.bytes.and_then(|bytes| i32::try_from(bytes).ok())
    }

    /// Whether it was tested with the people it is meant for.
    async fn tested(&self) -> bool {
        self.0.tested
    }
}

/// Borrows a step.
pub(crate) struct Step<'a>(pub(crate) &'a schema::Step);

/// One step of a plan.
#[Object]
impl Step<'_> {
    /// What it is called.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// A shorter title for a menu.
    async fn short_title(&self) -> Option<&str> {
        self.0.short_title.as_deref()
    }

    /// What it is about.
    async fn intro(&self) -> Option<&str> {
        self.0.intro.as_deref()
    }

    /// Methods.
    async fn methods(&self) -> Vec<Method<'_>> {
        self.0.methods.iter().map(Method).collect()
    }

    /// Advice.
    async fn tips(&self) -> Vec<Tip<'_>> {
        self.0.tips.iter().map(Tip).collect()
    }
}

/// Borrows a method.
struct Method<'a>(&'a schema::Method);

/// A method for a step.
#[Object]
impl Method<'_> {
    /// What it is called.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// What it takes.
    async fn effort(&self) -> Effort<'_> {
        Effort(&self.0.effort)
    }
}

/// Borrows an effort.
struct Effort<'a>(&'a schema::Effort);

/// What a method takes, in the words of its source.
#[Object]
impl Effort<'_> {
    /// Time, such as `2 dagdelen`.
    async fn time(&self) -> Option<&str> {
        self.0.time.as_deref()
    }

    /// People to do it.
    async fn people(&self) -> Option<&str> {
        self.0.people.as_deref()
    }

    /// Money.
    async fn cost(&self) -> Option<&str> {
        self.0.cost.as_deref()
    }

    /// Knowledge.
    async fn expertise(&self) -> Option<&str> {
        self.0.expertise.as_deref()
    }

    /// People who take part.
    async fn participants(&self) -> Option<&str> {
        self.0.participants.as_deref()
    }
}

/// Borrows a tip.
struct Tip<'a>(&'a schema::Tip);

/// A piece of advice.
#[Object]
impl Tip<'_> {
    /// The advice.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// Its number in the set that it comes from.
    async fn number(&self) -> Option<u32> {
        self.0.number
    }

    /// Whether the set marks it as one of the best.
    async fn starred(&self) -> bool {
        self.0.starred
    }
}

/// Borrows a guideline.
pub(crate) struct Guideline<'a>(pub(crate) &'a schema::Guideline);

/// A guideline.
#[Object]
impl Guideline<'_> {
    /// The rule.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// Its explanation, as plain text.
    async fn body(&self) -> Option<&str> {
        self.0.body.as_deref()
    }
}

/// Borrows a session, with the language in which its moments are described.
pub(crate) struct Session<'a> {
    session: &'a schema::Session,
    language: Language,
}

impl<'a> Session<'a> {
    /// A session whose moments are described in `language`.
    pub(crate) const fn new(session: &'a schema::Session, language: Language) -> Self {
        Self { session, language }
    }
}

/// A part of an event's programme.
#[Object]
impl Session<'_> {
    /// What it is called.
    async fn title(&self) -> &str {
        &self.session.title
    }

    /// What sort of session, in the words of its source.
    async fn kind(&self) -> Option<&str> {
        self.session.kind.as_deref()
    }

    /// When it begins.
    async fn start(&self) -> Option<EventMoment> {
        self.session.start.clone().map(|moment| EventMoment::new(moment, self.language))
    }

    /// When it ends.
    async fn end(&self) -> Option<EventMoment> {
        self.session.end.clone().map(|moment| EventMoment::new(moment, self.language))
    }

    /// In which room.
    async fn room(&self) -> Option<&str> {
        self.session.room.as_deref()
    }

    /// Who speaks.
    async fn speakers(&self, ctx: &Context<'_>) -> Result<Vec<Person>> {
        Loaders::of(ctx).many(&self.session.speakers).await
    }
}

/// Borrows a place.
pub(crate) struct Place<'a>(pub(crate) &'a schema::Place);

/// Where an event takes place.
#[Object(shareable)]
impl Place<'_> {
    /// Name of the building or island.
    async fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    /// Street and number.
    async fn address(&self) -> Option<&str> {
        self.0.address.as_deref()
    }

    /// City.
    async fn city(&self) -> Option<&str> {
        self.0.city.as_deref()
    }

    /// Degrees north.
    async fn latitude(&self) -> Option<f64> {
        self.0.latitude
    }

    /// Degrees east.
    async fn longitude(&self) -> Option<f64> {
        self.0.longitude
    }
}

/// Borrows a registration.
pub(crate) struct Registration<'a>(pub(crate) &'a schema::Registration);

/// How one signs up for an event.
#[Object]
impl Registration<'_> {
    /// Where.
    async fn url(&self) -> Option<Url> {
        self.0.url.as_ref().map(Url::of)
    }

    /// From when.
    async fn opens_at(&self) -> Option<DateTime> {
        self.0.opens_at.map(DateTime)
    }

    /// Until when.
    async fn closes_at(&self) -> Option<DateTime> {
        self.0.closes_at.map(DateTime)
    }

    /// How many people there is room for.
    async fn capacity(&self) -> Option<u32> {
        self.0.capacity
    }

    /// How many places are left.
    async fn spaces_left(&self) -> Option<u32> {
        self.0.spaces_left
    }
}

/// A number of members.
pub(crate) struct ApproximateCount(pub(crate) schema::ApproximateCount);

/// A number that may be an estimate.
#[Object(shareable)]
impl ApproximateCount {
    /// The number.
    async fn value(&self) -> u32 {
        self.0.value
    }

    /// Whether it was counted or estimated.
    async fn precision(&self) -> CountPrecision {
        self.0.precision.into()
    }

    /// On which day it was so.
    async fn as_of(&self) -> Option<Date> {
        self.0.as_of.map(Date)
    }
}

/// When a community began.
pub(crate) struct Founded(pub(crate) schema::Founded);

/// When a community began.
#[Object]
impl Founded {
    /// The year, such as `2019`.
    async fn year(&self) -> i16 {
        self.0.year
    }
}
