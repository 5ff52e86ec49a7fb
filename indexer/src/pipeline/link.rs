//! Link: names in merged facts become ids, and facts become a record.

use std::collections::BTreeSet;

use schema::{
    Access, Article, ArticleForm, Attendance, Audience, Common, Community, CommunityForm, Event,
    EventForm, EventStatus, Language, Maturity, NodeId, NodeKind, Organisation, OrganisationKind,
    Person, Perspective, Quote, Record, Session, Theme, TitleSource, Toolkit, ToolkitForm,
};

use super::{
    Settings,
    merge::Merged,
    names::{base_slug, content_name, entity_name, slug_name},
};
use crate::{
    facts::{Detail, EventFacts, Facts, QuoteFacts, SessionFacts},
    store::{Relation, StoreError, StoreWriter},
};

/// Why facts do not make a record.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LinkError {
    #[error(transparent)]
    Store(#[from] StoreError),
    /// For the person who keeps the source.
    #[error("{0}")]
    Incomplete(&'static str),
}

/// Resolves names against everything in the store.
pub(crate) struct Linker<'a, 't> {
    pub(crate) store: &'a StoreWriter<'t>,
    pub(crate) settings: &'a Settings,
}

impl Linker<'_, '_> {
    /// The record with `id` that merged facts make.
    pub(crate) fn record(&self, id: NodeId, merged: &Merged) -> Result<Record, LinkError> {
        let facts = &merged.facts;
        let origin = merged.origin;
        let name = || facts.name().unwrap_or_default().to_owned();
        Ok(match &facts.detail {
            Detail::Article(_) | Detail::Toolkit(_) | Detail::Community(_) | Detail::Event(_) => {
                self.content(id, facts)?
            }
            Detail::Theme(theme) => Record::Theme(Theme {
                id,
                label: name(),
                alt_labels: theme.alt_labels.clone(),
                definition: theme.definition.clone(),
                broader: self.one(NodeKind::Theme, theme.broader.as_ref())?.filter(|b| *b != id),
                origin,
            }),
            Detail::Organisation(organisation) => Record::Organisation(Organisation {
                id,
                name: name(),
                abbreviations: organisation.abbreviations.clone(),
                aliases: organisation.aliases.clone(),
                kind: organisation.kind.unwrap_or(OrganisationKind::Other),
                layer: organisation.layer,
                parent: self
                    .one(NodeKind::Organisation, organisation.parent.as_ref())?
                    .filter(|parent| *parent != id),
                url: facts.url.clone(),
                origin,
            }),
            Detail::Person(person) => Record::Person(Person {
                id,
                name: name(),
                role: person.role.clone(),
                organisations: self.all(NodeKind::Organisation, &facts.organisations)?,
                bio: person.bio.clone(),
                url: facts.url.clone(),
                origin,
            }),
            Detail::Audience(audience) => Record::Audience(Audience {
                id,
                label: name(),
                perspective: audience.perspective.unwrap_or(Perspective::Professional),
                origin,
            }),
        })
    }

    fn content(&self, id: NodeId, facts: &Facts) -> Result<Record, LinkError> {
        let mut common = self.common(id, facts)?;
        Ok(match &facts.detail {
            Detail::Article(article) => {
                let authors = self.all(NodeKind::Person, &article.authors)?;
                let interviewees = self.all(NodeKind::Person, &article.interviewees)?;
                let quotes: Vec<_> =
                    article.quotes.iter().map(|q| self.quote(q)).collect::<Result<_, _>>()?;
                add(&mut common.people, authors.iter().chain(&interviewees).copied());
                add(&mut common.people, quotes.iter().filter_map(|quote| quote.person));
                add(&mut common.organisations, quotes.iter().filter_map(|q| q.organisation));
                Record::Article(Article {
                    common,
                    form: article.form.unwrap_or(ArticleForm::Page),
                    lead: article.lead.clone(),
                    authors,
                    interviewees,
                    quotes,
                    references: article.references.clone(),
                    resources: article.resources.clone(),
                    reports_on: self.content_one(NodeKind::Event, article.reports_on.as_ref())?,
                })
            }
            Detail::Toolkit(toolkit) => {
                let maintainers = self.all(NodeKind::Organisation, &toolkit.maintainers)?;
                let origin =
                    self.content_one(NodeKind::Community, toolkit.origin_community.as_ref())?;
                add(&mut common.organisations, maintainers.iter().copied());
                add(&mut common.communities, origin);
                Record::Toolkit(Toolkit {
                    common,
                    form: toolkit.form.unwrap_or(ToolkitForm::Toolkit),
                    external_url: toolkit.external_url.clone(),
                    steps: toolkit.steps.clone(),
                    resources: toolkit.resources.clone(),
                    guidelines: toolkit.guidelines.clone(),
                    origin_community: origin,
                    maintainers,
                    maturity: toolkit.maturity.unwrap_or(Maturity::Active),
                })
            }
            Detail::Community(community) => {
                let coordinators = self.all(NodeKind::Person, &community.coordinators)?;
                let origins = self.all(NodeKind::Organisation, &community.origin_organisations)?;
                let mut related = self.content_all(NodeKind::Community, &community.related)?;
                related.retain(|other| *other != id);
                add(&mut common.people, coordinators.iter().copied());
                add(&mut common.organisations, origins.iter().copied());
                Record::Community(Community {
                    common,
                    form: community.form.unwrap_or(CommunityForm::External),
                    short_name: community.short_name.clone(),
                    question: community.question.clone(),
                    purpose: community.purpose.clone(),
                    founded: community.founded,
                    origin_organisations: origins,
                    coordinators,
                    member_count: community.member_count,
                    access: community.access.unwrap_or(Access::Open),
                    join_url: community.join_url.clone(),
                    platform_url: community.platform_url.clone(),
                    layers: community.layers.clone(),
                    related,
                })
            }
            Detail::Event(event) => self.event(common, event)?,
            Detail::Theme(_)
            | Detail::Organisation(_)
            | Detail::Person(_)
            | Detail::Audience(_) => unreachable!("only content comes here"),
        })
    }

    fn event(&self, mut common: Common, event: &EventFacts) -> Result<Record, LinkError> {
        let start = event.start.clone().ok_or(LinkError::Incomplete(
            "no source gives this event a start; map the field `start`",
        ))?;
        let organisers = self.organisers(&event.organisers)?;
        let speakers = self.all(NodeKind::Person, &event.speakers)?;
        let sessions: Vec<_> =
            event.sessions.iter().map(|s| self.session(s)).collect::<Result<_, _>>()?;
        let of = |kind| organisers.iter().copied().filter(move |id| id.kind() == kind);
        add(&mut common.communities, of(NodeKind::Community));
        add(&mut common.organisations, of(NodeKind::Organisation));
        add(&mut common.people, speakers.iter().copied());
        add(&mut common.people, sessions.iter().flat_map(|s| s.speakers.iter().copied()));
        Ok(Record::Event(Event {
            common,
            form: event.form.unwrap_or(EventForm::Other),
            start,
            end: event.end.clone(),
            status: event.status.unwrap_or(EventStatus::Scheduled),
            attendance: event.attendance.unwrap_or(Attendance::Unknown),
            place: event.place.clone(),
            online_url: event.online_url.clone(),
            registration: event.registration.clone(),
            price: event.price.clone(),
            organisers,
            speakers,
            sessions,
            series: event.series.clone(),
            open_to_non_members: event.open_to_non_members,
            recording: event.recording.clone(),
        }))
    }

    fn common(&self, id: NodeId, facts: &Facts) -> Result<Common, LinkError> {
        let title = facts.name().ok_or(LinkError::Incomplete("it has no title and no text"))?;
        let slug = self.slug(id, facts)?;
        let url = match &facts.url {
            Some(url) => url.clone(),
            None => self
                .settings
                .item_url
                .join(&format!("{}/{slug}", id.kind().word()))
                .map_err(|_| LinkError::Incomplete("its address cannot be made"))?,
        };
        Ok(Common {
            id,
            title: title.to_owned(),
            title_source: match facts.title {
                Some(_) => TitleSource::Upstream,
                None => TitleSource::Derived,
            },
            summary: facts.summary.clone(),
            url,
            slug,
            language: facts.language.unwrap_or(Language::Nl),
            published_at: facts.published_at,
            modified_at: facts.modified_at,
            image: facts.image.clone(),
            themes: self.all(NodeKind::Theme, &facts.themes)?,
            audiences: self.all(NodeKind::Audience, &facts.audiences)?,
            communities: self
                .content_all(NodeKind::Community, &facts.communities)?
                .into_iter()
                .filter(|community| *community != id)
                .collect(),
            organisations: self.all(NodeKind::Organisation, &facts.organisations)?,
            people: self.all(NodeKind::Person, &facts.people)?,
            hashtags: facts.hashtags.clone(),
        })
    }

    /// The last part of our own address: the record that goes before the others has it plain, what
    /// others tell of adds its id.
    fn slug(&self, id: NodeId, facts: &Facts) -> Result<String, StoreError> {
        let base = base_slug(facts);
        let first = self.first_holder(&slug_name(id.kind(), &base), id.kind())?;
        if first.is_none_or(|first| first == id) { Ok(base) } else { Ok(format!("{base}-{id}")) }
    }

    /// What the first of all records that have a name tells of, in the order of precedence.
    fn first_holder(&self, name: &str, kind: NodeKind) -> Result<Option<NodeId>, StoreError> {
        let mut holders = self.store.holders(name)?;
        holders.sort_by(|l, r| self.settings.precedence(l).cmp(&self.settings.precedence(r)));
        for holder in holders {
            let identity = self.store.identity(&holder)?;
            if let Some(identity) = identity.filter(|identity| identity.id.kind() == kind) {
                return Ok(Some(identity.id));
            }
        }
        Ok(None)
    }

    fn quote(&self, quote: &QuoteFacts) -> Result<Quote, StoreError> {
        Ok(Quote {
            text: quote.text.clone(),
            person: self.one(NodeKind::Person, quote.person.as_ref())?,
            organisation: self.one(NodeKind::Organisation, quote.organisation.as_ref())?,
            reference: quote.reference.clone(),
        })
    }

    fn session(&self, session: &SessionFacts) -> Result<Session, StoreError> {
        Ok(Session {
            title: session.title.clone(),
            kind: session.kind.clone(),
            start: session.start.clone(),
            end: session.end.clone(),
            room: session.room.clone(),
            speakers: self.all(NodeKind::Person, &session.speakers)?,
        })
    }

    /// An organiser is a community if one has that name, else an organisation.
    fn organisers(&self, names: &[String]) -> Result<Vec<NodeId>, StoreError> {
        let mut ids = Vec::new();
        for name in names {
            let id = match self.content_one(NodeKind::Community, Some(name))? {
                Some(id) => Some(id),
                None => self.one(NodeKind::Organisation, Some(name))?,
            };
            add(&mut ids, id);
        }
        Ok(ids)
    }

    fn all(&self, kind: NodeKind, names: &[String]) -> Result<Vec<NodeId>, StoreError> {
        let mut ids = Vec::new();
        for name in names {
            add(&mut ids, self.one(kind, Some(name))?);
        }
        Ok(ids)
    }

    /// The entity with a name. Every mentioned name has a record of its own, which is one thing
    /// with whatever describes it.
    fn one(&self, kind: NodeKind, name: Option<&String>) -> Result<Option<NodeId>, StoreError> {
        let Some(name) = name else { return Ok(None) };
        self.first_holder(&entity_name(kind, name), kind)
    }

    fn content_all(
        &self,
        kind: NodeKind,
        references: &[String],
    ) -> Result<Vec<NodeId>, StoreError> {
        let mut ids = Vec::new();
        for reference in references {
            add(&mut ids, self.content_one(kind, Some(reference))?);
        }
        Ok(ids)
    }

    /// The content with an address or title; of several with one title the first.
    fn content_one(
        &self,
        kind: NodeKind,
        reference: Option<&String>,
    ) -> Result<Option<NodeId>, StoreError> {
        let Some(reference) = reference else { return Ok(None) };
        self.first_holder(&content_name(kind, reference), kind)
    }
}

/// Adds ids that are not there yet.
fn add(ids: &mut Vec<NodeId>, more: impl IntoIterator<Item = NodeId>) {
    for id in more {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
}

/// Every link of a record: what it shows the name of, and what it answers to from the other side.
pub(crate) fn links(record: &Record) -> BTreeSet<(NodeId, Relation)> {
    let mut links = BTreeSet::new();
    links.extend(record.about().into_iter().map(|id| (id, Relation::Mentions)));
    match record {
        Record::Article(article) => {
            links.extend(article.reports_on.map(|event| (event, Relation::ReportOf)));
        }
        Record::Toolkit(toolkit) => {
            links.extend(toolkit.origin_community.map(|c| (c, Relation::SpawnedBy)));
        }
        Record::Theme(theme) => links.extend(theme.broader.map(|b| (b, Relation::Narrower))),
        Record::Organisation(organisation) => {
            links.extend(organisation.parent.map(|parent| (parent, Relation::PartOf)));
        }
        Record::Person(person) => {
            let employers = person.organisations.iter();
            links.extend(employers.map(|employer| (*employer, Relation::MemberOf)));
        }
        Record::Community(_) | Record::Event(_) | Record::Audience(_) => {}
    }
    links
}
