//! Value objects of content, without an id of their own: steps, resources, quotes, venues and so
//! on.

use async_graphql::{Context, Object};
use schema::Language;

use super::{
    content::Content,
    moment::Moment,
    organisation::Organisation,
    person::Person,
    scalar::{Date, Url},
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

/// An image of a record or entity.
#[Object(shareable)]
impl Image<'_> {
    /// URL of the image file.
    async fn url(&self) -> Url {
        Url::of(&self.0.url)
    }

    /// Text alternative, for people who cannot see it.
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

/// Text that a record shares with a record from another source.
#[Object]
impl SharedPassage {
    /// The other record.
    async fn node(&self, ctx: &Context<'_>) -> Option<Result<Content>> {
        Loaders::of(ctx).maybe(Some(self.0.id)).await
    }

    /// Share of the words in the first record that also occur in the other, from 0 to 1.
    async fn share(&self) -> f32 {
        self.0.share
    }

    /// The longest shared passage, as in the first record; shortened if it is long.
    async fn text(&self) -> &str {
        &self.0.text
    }
}

/// Borrows a quote.
pub(crate) struct Quote<'a>(pub(crate) &'a schema::Quote);

/// A quotation.
#[Object]
impl Quote<'_> {
    /// Text of the quotation, without quotation marks.
    async fn text(&self) -> &str {
        &self.0.text
    }

    /// The speaker.
    async fn person(&self, ctx: &Context<'_>) -> Option<Result<Person>> {
        Loaders::of(ctx).maybe(self.0.person).await
    }

    /// The organisation on whose behalf the speaker speaks.
    async fn organisation(&self, ctx: &Context<'_>) -> Option<Result<Organisation>> {
        Loaders::of(ctx).maybe(self.0.organisation).await
    }

    /// The original publication.
    async fn reference(&self) -> Option<Reference<'_>> {
        self.0.reference.as_ref().map(Reference)
    }
}

/// Borrows a reference.
pub(crate) struct Reference<'a>(pub(crate) &'a schema::Reference);

/// A report, book or page that is cited.
#[Object]
impl Reference<'_> {
    /// Title of the publication.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// Name of the publisher.
    async fn publisher(&self) -> Option<&str> {
        self.0.publisher.as_deref()
    }

    /// The organisation with the name of the publisher.
    async fn organisation(&self, ctx: &Context<'_>) -> Option<Result<Organisation>> {
        Loaders::of(ctx).maybe(self.0.organisation).await
    }

    /// Year of publication.
    async fn year(&self) -> Option<i16> {
        self.0.year
    }

    /// URL of the publication.
    async fn url(&self) -> Option<Url> {
        self.0.url.as_ref().map(Url::of)
    }
}

/// Borrows a resource.
pub(crate) struct Resource<'a>(pub(crate) &'a schema::Resource);

/// A file, link, game or video.
#[Object]
impl Resource<'_> {
    /// Title of the resource.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// Kind of resource.
    async fn kind(&self) -> ResourceKind {
        self.0.kind.into()
    }

    /// URL of the resource.
    async fn url(&self) -> Option<Url> {
        self.0.url.as_ref().map(Url::of)
    }

    /// What it is used for.
    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// Media type, such as `application/pdf`.
    async fn mime(&self) -> Option<&str> {
        self.0.mime.as_deref()
    }

    /// Size in bytes; null if it is unknown, or 2 GiB or more.
    async fn bytes(&self) -> Option<i32> {
        self.0.bytes.and_then(|bytes| i32::try_from(bytes).ok())
    }

    /// Whether it was tested with its intended users.
    async fn tested(&self) -> bool {
        self.0.tested
    }
}

/// Borrows a step.
pub(crate) struct Step<'a>(pub(crate) &'a schema::Step);

/// A step of a plan.
#[Object]
impl Step<'_> {
    /// Title of the step.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// Short title, for a menu.
    async fn short_title(&self) -> Option<&str> {
        self.0.short_title.as_deref()
    }

    /// Introduction.
    async fn intro(&self) -> Option<&str> {
        self.0.intro.as_deref()
    }

    /// Methods for this step.
    async fn methods(&self) -> Vec<Method<'_>> {
        self.0.methods.iter().map(Method).collect()
    }

    /// Tips for this step.
    async fn tips(&self) -> Vec<Tip<'_>> {
        self.0.tips.iter().map(Tip).collect()
    }
}

/// Borrows a method.
struct Method<'a>(&'a schema::Method);

/// A method that can be used in a step.
#[Object]
impl Method<'_> {
    /// Title of the method.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// Time, people, money and knowledge that it requires.
    async fn effort(&self) -> Effort<'_> {
        Effort(&self.0.effort)
    }
}

/// Borrows an effort.
struct Effort<'a>(&'a schema::Effort);

/// What a method requires, in the words of its source.
#[Object]
impl Effort<'_> {
    /// Time, such as `2 dagdelen`.
    async fn time(&self) -> Option<&str> {
        self.0.time.as_deref()
    }

    /// People who carry it out.
    async fn people(&self) -> Option<&str> {
        self.0.people.as_deref()
    }

    /// Costs.
    async fn cost(&self) -> Option<&str> {
        self.0.cost.as_deref()
    }

    /// Required knowledge.
    async fn expertise(&self) -> Option<&str> {
        self.0.expertise.as_deref()
    }

    /// Participants.
    async fn participants(&self) -> Option<&str> {
        self.0.participants.as_deref()
    }
}

/// Borrows a tip.
struct Tip<'a>(&'a schema::Tip);

/// A tip.
#[Object]
impl Tip<'_> {
    /// Text of the tip.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// Number within the set that it belongs to.
    async fn number(&self) -> Option<u32> {
        self.0.number
    }

    /// Whether the set highlights it.
    async fn starred(&self) -> bool {
        self.0.starred
    }
}

/// Borrows a guideline.
pub(crate) struct Guideline<'a>(pub(crate) &'a schema::Guideline);

/// A guideline of a toolkit.
#[Object]
impl Guideline<'_> {
    /// The guideline itself.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// Explanation, as plain text.
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

/// A session of an event's programme.
#[Object]
impl Session<'_> {
    /// Title of the session.
    async fn title(&self) -> &str {
        &self.session.title
    }

    /// Kind of session, in the words of the source.
    async fn kind(&self) -> Option<&str> {
        self.session.kind.as_deref()
    }

    /// Start time.
    async fn start(&self) -> Option<Moment> {
        self.session.start.clone().map(|moment| Moment::new(moment, self.language))
    }

    /// End time.
    async fn end(&self) -> Option<Moment> {
        self.session.end.clone().map(|moment| Moment::new(moment, self.language))
    }

    /// Name of the room.
    async fn room(&self) -> Option<&str> {
        self.session.room.as_deref()
    }

    /// Speakers.
    async fn speakers(&self, ctx: &Context<'_>) -> Result<Vec<Person>> {
        Loaders::of(ctx).many(&self.session.speakers).await
    }
}

/// Borrows a venue.
pub(crate) struct Place<'a>(pub(crate) &'a schema::Place);

/// Venue of an event.
#[Object(shareable)]
impl Place<'_> {
    /// Name of the building or island.
    async fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    /// Street and house number.
    async fn address(&self) -> Option<&str> {
        self.0.address.as_deref()
    }

    /// City or town.
    async fn city(&self) -> Option<&str> {
        self.0.city.as_deref()
    }

    /// Latitude in degrees north.
    async fn latitude(&self) -> Option<f64> {
        self.0.latitude
    }

    /// Longitude in degrees east.
    async fn longitude(&self) -> Option<f64> {
        self.0.longitude
    }
}

/// Borrows a registration, with the language of its texts.
pub(crate) struct Registration<'a>(pub(crate) &'a schema::Registration, pub(crate) Language);

/// Registration for an event.
#[Object]
impl Registration<'_> {
    /// URL of the registration form.
    async fn url(&self) -> Option<Url> {
        self.0.url.as_ref().map(Url::of)
    }

    /// When registration opens.
    async fn opens_at(&self) -> Option<Moment> {
        self.0.opens_at.clone().map(|moment| Moment::new(moment, self.1))
    }

    /// When registration closes; a date without a time is included.
    async fn closes_at(&self) -> Option<Moment> {
        self.0.closes_at.clone().map(|moment| Moment::new(moment, self.1))
    }

    /// Maximum number of participants.
    async fn capacity(&self) -> Option<u32> {
        self.0.capacity
    }

    /// Number of places left.
    async fn spaces_left(&self) -> Option<u32> {
        self.0.spaces_left
    }
}

/// A number of members.
pub(crate) struct ApproximateCount(pub(crate) schema::ApproximateCount);

/// A number that may be an estimate.
#[Object(shareable)]
impl ApproximateCount {
    /// The number itself.
    async fn value(&self) -> u32 {
        self.0.value
    }

    /// Whether it is exact or an estimate.
    async fn precision(&self) -> CountPrecision {
        self.0.precision.into()
    }

    /// Date at which the number was valid.
    async fn as_of(&self) -> Option<Date> {
        self.0.as_of.map(Date)
    }
}

/// When a community was founded.
pub(crate) struct Founded(pub(crate) schema::Founded);

/// When a community was founded.
#[Object]
impl Founded {
    /// Year, such as `2019`.
    async fn year(&self) -> i16 {
        self.0.year
    }
}
