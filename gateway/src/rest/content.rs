//! Content and entities as JSON.

use poem_openapi::Object;
use schema::{Body, Common, Provenance, Record};

use super::{
    converter::{ReferenceJson, RestConverter},
    event::EventJson,
    scalar::{
        GovernmentLayerName, KindName, LanguageName, OrganisationKindName, PerspectiveName,
        TitleSourceName, UtcTime,
    },
};

/// An article, toolkit, community or event.
#[derive(Object)]
#[oai(rename = "Content", rename_all = "camelCase", skip_serializing_if_is_none)]
pub(super) struct ContentJson {
    /// Stable id.
    id: String,
    kind: KindName,
    /// Type within the kind, such as `PRACTICE_CASE` or `WEBINAR`.
    form: String,
    title: String,
    title_source: TitleSourceName,
    /// Summary of one or two sentences, as plain text.
    summary: Option<String>,
    language: LanguageName,
    /// Canonical URL: that of the source, else of our own page.
    url: String,
    /// URL of our own page.
    page_url: String,
    /// Start of the day, month or year of publication, or its time.
    published_at: Option<UtcTime>,
    /// The same of the last change, according to the source.
    modified_at: Option<UtcTime>,
    /// When the knowledge base first contained it.
    first_seen_at: UtcTime,
    image: Option<ImageJson>,
    themes: Vec<ReferenceJson>,
    audiences: Vec<ReferenceJson>,
    communities: Vec<ReferenceJson>,
    /// Organisations mentioned, including those with a role.
    organisations: Vec<ReferenceJson>,
    /// People mentioned, including those with a role.
    people: Vec<ReferenceJson>,
    /// Hashtags, without the `#`.
    hashtags: Vec<String>,
    /// Date, place and status; for events.
    event: Option<EventJson>,
    /// Purpose, members and how to join; for communities.
    community: Option<CommunityJson>,
    /// Lead and authors; for articles.
    article: Option<ArticleJson>,
    /// Website, maintainers and resources; for toolkits.
    toolkit: Option<ToolkitJson>,
    /// The full text; not in lists.
    body: Option<BodyJson>,
    /// The records of sources it was made from; not in lists.
    sources: Option<Vec<SourceJson>>,
}

/// A theme, organisation, person or audience.
#[derive(Object)]
#[oai(rename = "Entity", rename_all = "camelCase", skip_serializing_if_is_none)]
pub(super) struct EntityJson {
    /// Stable id, for the parameters of a search.
    id: String,
    kind: KindName,
    name: String,
    /// Synonyms, abbreviations and former names.
    other_names: Vec<String>,
    /// Definition, role or biography, as plain text.
    description: Option<String>,
    /// The broader theme, or the parent organisation.
    broader: Option<ReferenceJson>,
    organisation_kind: Option<OrganisationKindName>,
    layer: Option<GovernmentLayerName>,
    perspective: Option<PerspectiveName>,
    /// Website, or page about a person on another site.
    website: Option<String>,
    /// URL of our own page; people have none.
    page_url: Option<String>,
}

/// An image.
#[derive(Object)]
#[oai(rename = "Image", rename_all = "camelCase", skip_serializing_if_is_none)]
struct ImageJson {
    url: String,
    /// Alternative text.
    alt: Option<String>,
}

/// What only articles have.
#[derive(Object)]
#[oai(rename = "ArticleDetails", rename_all = "camelCase", skip_serializing_if_is_none)]
struct ArticleJson {
    /// Lead paragraph, as plain text.
    lead: Option<String>,
    authors: Vec<ReferenceJson>,
    interviewees: Vec<ReferenceJson>,
    /// Event that the article reports on.
    reports_on: Option<ReferenceJson>,
}

/// What only toolkits have.
#[derive(Object)]
#[oai(rename = "ToolkitDetails", rename_all = "camelCase", skip_serializing_if_is_none)]
struct ToolkitJson {
    /// Website of the toolkit, if it has its own.
    external_url: Option<String>,
    /// Community in which the toolkit originated.
    origin_community: Option<ReferenceJson>,
    maintainers: Vec<ReferenceJson>,
    /// Titles of the steps, in order.
    steps: Vec<String>,
    /// Downloads and links.
    resources: Vec<ResourceJson>,
}

/// A download or link.
#[derive(Object)]
#[oai(rename = "Resource", rename_all = "camelCase", skip_serializing_if_is_none)]
struct ResourceJson {
    title: String,
    url: Option<String>,
    description: Option<String>,
    /// Whether it was tested with its intended users.
    tested: bool,
}

/// What only communities have.
#[derive(Object)]
#[oai(rename = "CommunityDetails", rename_all = "camelCase", skip_serializing_if_is_none)]
struct CommunityJson {
    /// Central question of the community.
    question: Option<String>,
    purpose: Option<String>,
    /// Number of members, exact or rounded.
    member_count: Option<u32>,
    coordinators: Vec<ReferenceJson>,
    /// Page to join the community.
    join_url: Option<String>,
    /// Online platform.
    platform_url: Option<String>,
}

/// A full text.
#[derive(Object)]
#[oai(rename = "Body", rename_all = "camelCase")]
struct BodyJson {
    /// Sanitised HTML: no scripts or styles; links to http and https only.
    html: String,
    /// The same as plain text, with a blank line between paragraphs.
    text: String,
}

/// A record of a source.
#[derive(Object)]
#[oai(rename = "SourceRecord", rename_all = "camelCase", skip_serializing_if_is_none)]
struct SourceJson {
    /// Name of the source.
    source: String,
    /// URL at which the source publishes it.
    url: Option<String>,
    /// When its current content was first fetched.
    fetched_at: UtcTime,
}

impl RestConverter<'_> {
    /// Content; `None` for an entity.
    pub(super) fn content(&self, record: &Record) -> Option<ContentJson> {
        let common = record.common()?;
        let (mut event, mut community, mut article, mut toolkit) = (None, None, None, None);
        let form = match record {
            Record::Article(one) => {
                article = Some(self.article(one));
                one.form.name()
            }
            Record::Toolkit(one) => {
                toolkit = Some(self.toolkit(one));
                one.form.name()
            }
            Record::Community(one) => {
                community = Some(self.community(one));
                one.form.name()
            }
            Record::Event(one) => {
                event = Some(EventJson::new(self, one));
                one.form.name()
            }
            _ => return None,
        };
        Some(ContentJson {
            form: form.to_owned(),
            event,
            community,
            article,
            toolkit,
            ..self.common(common, record)
        })
    }

    /// What all kinds of content have.
    fn common(&self, common: &Common, record: &Record) -> ContentJson {
        ContentJson {
            id: common.id.to_string(),
            kind: KindName(common.id.kind()),
            form: String::new(),
            title: common.title.clone(),
            title_source: common.title_source.into(),
            summary: common.summary.clone(),
            language: common.language.into(),
            url: common.url.to_string(),
            page_url: self.config.page_url(record).to_string(),
            published_at: common.published_at.as_ref().map(|at| UtcTime(at.earliest())),
            modified_at: common.modified_at.as_ref().map(|at| UtcTime(at.earliest())),
            first_seen_at: UtcTime(common.first_seen.at),
            image: common
                .image
                .as_ref()
                .map(|image| ImageJson { url: image.url.to_string(), alt: image.alt.clone() }),
            themes: self.references(&common.themes),
            audiences: self.references(&common.audiences),
            communities: self.references(&common.communities),
            organisations: self.references(&common.organisations),
            people: self.references(&common.people),
            hashtags: common.hashtags.clone(),
            event: None,
            community: None,
            article: None,
            toolkit: None,
            body: None,
            sources: None,
        }
    }

    fn article(&self, article: &schema::Article) -> ArticleJson {
        ArticleJson {
            lead: article.lead.clone(),
            authors: self.references(&article.authors),
            interviewees: self.references(&article.interviewees),
            reports_on: article.reports_on.and_then(|id| self.reference(id)),
        }
    }

    fn toolkit(&self, toolkit: &schema::Toolkit) -> ToolkitJson {
        let resources = toolkit.resources.iter().map(|resource| ResourceJson {
            title: resource.title.clone(),
            url: resource.url.as_ref().map(ToString::to_string),
            description: resource.description.clone(),
            tested: resource.tested,
        });
        ToolkitJson {
            external_url: toolkit.external_url.as_ref().map(ToString::to_string),
            origin_community: toolkit.origin_community.and_then(|id| self.reference(id)),
            maintainers: self.references(&toolkit.maintainers),
            steps: toolkit.steps.iter().map(|step| step.title.clone()).collect(),
            resources: resources.collect(),
        }
    }

    fn community(&self, community: &schema::Community) -> CommunityJson {
        CommunityJson {
            question: community.question.clone(),
            purpose: community.purpose.clone(),
            member_count: community.member_count.map(|count| count.value),
            coordinators: self.references(&community.coordinators),
            join_url: community.join_url.as_ref().map(ToString::to_string),
            platform_url: community.platform_url.as_ref().map(ToString::to_string),
        }
    }

    /// An entity; `None` for content.
    pub(super) fn entity(&self, record: &Record) -> Option<EntityJson> {
        let mut entity = EntityJson {
            id: record.id().to_string(),
            kind: KindName(record.id().kind()),
            name: record.name().to_owned(),
            other_names: Vec::new(),
            description: None,
            broader: None,
            organisation_kind: None,
            layer: None,
            perspective: None,
            website: None,
            page_url: Some(self.config.page_url(record).to_string()),
        };
        match record {
            Record::Theme(theme) => {
                entity.other_names.clone_from(&theme.alt_labels);
                entity.description.clone_from(&theme.definition);
                entity.broader = theme.broader.and_then(|id| self.reference(id));
            }
            Record::Organisation(organisation) => {
                entity.other_names =
                    [organisation.abbreviations.as_slice(), &organisation.aliases].concat();
                entity.broader = organisation.parent.and_then(|id| self.reference(id));
                entity.organisation_kind = Some(organisation.kind.into());
                entity.layer = organisation.layer.map(Into::into);
                entity.website = organisation.website.as_ref().map(ToString::to_string);
            }
            Record::Person(person) => {
                entity.description = person.role.clone().or_else(|| person.bio.clone());
                entity.website = person.website.as_ref().map(ToString::to_string);
                entity.page_url = None;
            }
            Record::Audience(audience) => entity.perspective = Some(audience.perspective.into()),
            _ => return None,
        }
        Some(entity)
    }
}

impl ContentJson {
    /// The same with its full text.
    pub(super) fn with_body(self, body: Option<&Body>) -> Self {
        let body = body.map(|body| BodyJson { html: body.html.clone(), text: body.text.clone() });
        Self { body, ..self }
    }

    /// The same with the records of sources it was made from.
    pub(super) fn with_sources(self, sources: &[Provenance]) -> Self {
        let sources = sources.iter().map(|source| SourceJson {
            source: source.record.source.to_string(),
            url: source.record.url.as_ref().map(ToString::to_string),
            fetched_at: UtcTime(source.record.fetched_at),
        });
        Self { sources: Some(sources.collect()), ..self }
    }
}
