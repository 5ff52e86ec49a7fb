//! Link: resolve the names in merged facts to ids, and convert the facts to a record.

use std::collections::BTreeSet;

use schema::{
    Access, Article, ArticleForm, Attendance, Audience, Common, Community, CommunityForm, Event,
    EventForm, EventStatus, FirstSeen, Language, Maturity, NodeId, NodeKind, Organisation,
    OrganisationKind, Person, Perspective, Quote, Record, Reference, Session, SourceName, Theme,
    TitleSource, Toolkit, ToolkitForm,
};

use super::{
    context::BuildContext,
    merge::Merged,
    name_keys::{base_slug, content_key, entity_key, page_key, slug_key},
};
use crate::{
    source_facts::{
        ArticleFacts, CommunityFacts, Detail, EventFacts, Facts, QuoteFacts, SessionFacts,
        ToolkitFacts,
    },
    store::{Relation, StoreError, StoreWriter},
    suppression::is_redacted,
};

/// Why facts cannot be converted to a record.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LinkError {
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A message for the maintainer of the source.
    #[error("{0}")]
    Incomplete(&'static str),
}

/// Resolves names against the whole store.
pub(crate) struct Linker<'a, 't> {
    pub(crate) store: &'a StoreWriter<'t>,
    pub(crate) context: &'a BuildContext<'a>,
}

impl Linker<'_, '_> {
    /// Converts merged facts to the record with `id`.
    pub(crate) fn record(&self, id: NodeId, merged: &Merged) -> Result<Record, LinkError> {
        let facts = &merged.facts;
        let origin = merged.origin;
        let name = || facts.name().unwrap_or_default().to_owned();
        Ok(match &facts.detail {
            Detail::Article(article) => {
                Record::Article(self.article(self.common(id, merged)?, article)?)
            }
            Detail::Toolkit(toolkit) => {
                Record::Toolkit(self.toolkit(self.common(id, merged)?, toolkit)?)
            }
            Detail::Community(community) => {
                Record::Community(self.community(self.common(id, merged)?, community)?)
            }
            Detail::Event(event) => Record::Event(self.event(self.common(id, merged)?, event)?),
            Detail::Theme(theme) => Record::Theme(Theme {
                id,
                label: name(),
                slug: self.slug(id, facts)?,
                alt_labels: theme.alt_labels.clone(),
                definition: theme.definition.clone(),
                broader: self
                    .resolve_entity(NodeKind::Theme, theme.broader.as_ref())?
                    .filter(|b| *b != id),
                origin,
            }),
            Detail::Organisation(organisation) => Record::Organisation(Organisation {
                id,
                name: name(),
                slug: self.slug(id, facts)?,
                abbreviations: organisation.abbreviations.clone(),
                aliases: organisation.aliases.clone(),
                kind: organisation.kind.unwrap_or(OrganisationKind::Other),
                layer: organisation.layer,
                parent: self
                    .resolve_entity(NodeKind::Organisation, organisation.parent.as_ref())?
                    .filter(|parent| *parent != id),
                alliances: self
                    .resolve_entities(NodeKind::Organisation, &organisation.alliances)?
                    .into_iter()
                    .filter(|alliance| *alliance != id)
                    .collect(),
                website: facts.url.clone(),
                origin,
            }),
            Detail::Person(person) => Record::Person(Person {
                id,
                name: name(),
                slug: self.slug(id, facts)?,
                role: person.role.clone(),
                organisations: self
                    .resolve_entities(NodeKind::Organisation, &facts.organisations)?,
                bio: person.bio.clone(),
                website: facts.url.clone(),
                origin,
            }),
            Detail::Audience(audience) => Record::Audience(Audience {
                id,
                label: name(),
                slug: self.slug(id, facts)?,
                perspective: audience.perspective.unwrap_or(Perspective::Professional),
                origin,
            }),
        })
    }

    fn article(&self, mut common: Common, article: &ArticleFacts) -> Result<Article, LinkError> {
        let authors = self.resolve_entities(NodeKind::Person, &article.authors)?;
        let interviewees = self.resolve_entities(NodeKind::Person, &article.interviewees)?;
        let quotes: Vec<_> =
            article.quotes.iter().map(|quote| self.quote(quote)).collect::<Result<_, _>>()?;
        push_unique(&mut common.people, authors.iter().chain(&interviewees).copied());
        push_unique(&mut common.people, quotes.iter().filter_map(|quote| quote.person));
        push_unique(&mut common.organisations, quotes.iter().filter_map(|q| q.organisation));
        Ok(Article {
            common,
            form: article.form.unwrap_or(ArticleForm::Page),
            lead: article.lead.clone(),
            authors,
            interviewees,
            quotes,
            references: article
                .references
                .iter()
                .map(|reference| self.reference(reference))
                .collect::<Result<_, _>>()?,
            resources: article.resources.clone(),
            reports_on: self.resolve_content(NodeKind::Event, article.reports_on.as_ref())?,
        })
    }

    fn toolkit(&self, mut common: Common, toolkit: &ToolkitFacts) -> Result<Toolkit, LinkError> {
        let maintainers = self.resolve_entities(NodeKind::Organisation, &toolkit.maintainers)?;
        let origin =
            self.resolve_content(NodeKind::Community, toolkit.origin_community.as_ref())?;
        push_unique(&mut common.organisations, maintainers.iter().copied());
        push_unique(&mut common.communities, origin);
        Ok(Toolkit {
            common,
            form: toolkit.form.unwrap_or(ToolkitForm::Toolkit),
            external_url: toolkit.external_url.clone(),
            steps: toolkit.steps.clone(),
            resources: toolkit.resources.clone(),
            guidelines: toolkit.guidelines.clone(),
            origin_community: origin,
            maintainers,
            aliases: toolkit.aliases.clone(),
            maturity: toolkit.maturity.unwrap_or(Maturity::Active),
        })
    }

    fn community(
        &self,
        mut common: Common,
        community: &CommunityFacts,
    ) -> Result<Community, LinkError> {
        let coordinators = self.resolve_entities(NodeKind::Person, &community.coordinators)?;
        let origins =
            self.resolve_entities(NodeKind::Organisation, &community.origin_organisations)?;
        let mut related = self.resolve_contents(NodeKind::Community, &community.related)?;
        related.retain(|other| *other != common.id);
        push_unique(&mut common.people, coordinators.iter().copied());
        push_unique(&mut common.organisations, origins.iter().copied());
        let variant_of = self.organisers(community.variant_of.as_slice())?.into_iter().next();
        let variant_of = variant_of.filter(|original| *original != common.id);
        Ok(Community {
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
            variant_of,
            aliases: community.aliases.clone(),
        })
    }

    fn event(&self, mut common: Common, event: &EventFacts) -> Result<Event, LinkError> {
        let start = event.start.clone().ok_or(LinkError::Incomplete(
            "event has no start in any source; map the field `start`",
        ))?;
        let organisers = self.organisers(&event.organisers)?;
        let speakers = self.resolve_entities(NodeKind::Person, &event.speakers)?;
        let sessions: Vec<_> =
            event.sessions.iter().map(|s| self.session(s)).collect::<Result<_, _>>()?;
        let of_kind = |kind| organisers.iter().copied().filter(move |id| id.kind() == kind);
        push_unique(&mut common.communities, of_kind(NodeKind::Community));
        push_unique(&mut common.organisations, of_kind(NodeKind::Organisation));
        push_unique(&mut common.people, speakers.iter().copied());
        push_unique(&mut common.people, sessions.iter().flat_map(|s| s.speakers.iter().copied()));
        Ok(Event {
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
        })
    }

    fn common(&self, id: NodeId, merged: &Merged) -> Result<Common, LinkError> {
        let facts = &merged.facts;
        let title = facts.name().ok_or(LinkError::Incomplete(
            "record has neither a title nor a text to derive one from",
        ))?;
        let slug = self.slug(id, facts)?;
        let url = match &facts.url {
            // An address with a name leads nowhere without it.
            Some(url) if !is_redacted(url.as_str()) => url.clone(),
            _ => self
                .context
                .config
                .item_url
                .join(&format!("{}/{slug}", id.kind().as_str()))
                .map_err(|_| LinkError::Incomplete("cannot build the URL of the item page"))?,
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
            published_at: facts.published_at.clone(),
            modified_at: facts.modified_at.clone(),
            first_seen: self.first_seen(id, merged)?,
            image: facts.image.clone(),
            themes: self.resolve_entities(NodeKind::Theme, &facts.themes)?,
            audiences: self.resolve_entities(NodeKind::Audience, &facts.audiences)?,
            communities: self
                .resolve_contents(NodeKind::Community, &facts.communities)?
                .into_iter()
                .filter(|community| *community != id)
                .collect(),
            organisations: self.resolve_entities(NodeKind::Organisation, &facts.organisations)?,
            people: self.resolve_entities(NodeKind::Person, &facts.people)?,
            hashtags: facts.hashtags.clone(),
            predecessor: self.resolve_other(id, facts.predecessor.as_ref())?,
            translation_of: self.resolve_other(id, facts.translation_of.as_ref())?,
        })
    }

    /// When the record was first seen: as the previous generation has it, else now.
    fn first_seen(&self, id: NodeId, merged: &Merged) -> Result<FirstSeen, StoreError> {
        let base = self.context.base;
        let previous = match self.store.record(id)? {
            Some(record) => Some(record),
            None => base.map(|base| base.store.record(id)).transpose()?.flatten(),
        };
        if let Some(common) = previous.as_ref().and_then(Record::common) {
            return Ok(common.first_seen);
        }
        let known = base.map_or(&[][..], |base| &base.generation.manifest.sources);
        let is_known = |source: &SourceName| known.iter().any(|state| state.name == *source);
        let mut sources = merged.provenance.iter().map(|provenance| &provenance.record.source);
        Ok(FirstSeen { at: self.context.config.now, is_first_import: !sources.any(is_known) })
    }

    /// The last segment of the URL of the page. The record of highest precedence has it without a
    /// suffix; others append their id.
    fn slug(&self, id: NodeId, facts: &Facts) -> Result<String, StoreError> {
        let base = base_slug(facts);
        let owner = self.first_id_with_key(&slug_key(id.kind(), &base), id.kind())?;
        if owner.is_none_or(|owner| owner == id) { Ok(base) } else { Ok(format!("{base}-{id}")) }
    }

    /// The id of the record of highest precedence that has a name key.
    fn first_id_with_key(&self, key: &str, kind: NodeKind) -> Result<Option<NodeId>, StoreError> {
        let mut records = self.store.records_with_key(key)?;
        records.sort_by(|l, r| self.context.precedence(l).cmp(&self.context.precedence(r)));
        for record in records {
            let identity = self.store.identity(&record)?;
            if let Some(identity) = identity.filter(|identity| identity.id.kind() == kind) {
                return Ok(Some(identity.id));
            }
        }
        Ok(None)
    }

    fn quote(&self, quote: &QuoteFacts) -> Result<Quote, StoreError> {
        Ok(Quote {
            text: quote.text.clone(),
            person: self.resolve_entity(NodeKind::Person, quote.person.as_ref())?,
            organisation: self
                .resolve_entity(NodeKind::Organisation, quote.organisation.as_ref())?,
            reference: quote.reference.as_ref().map(|one| self.reference(one)).transpose()?,
        })
    }

    /// A reference with the organisation that published it.
    fn reference(&self, reference: &Reference) -> Result<Reference, StoreError> {
        let publisher = reference.publisher.as_ref();
        let organisation = self.resolve_entity(NodeKind::Organisation, publisher)?;
        Ok(Reference { organisation, ..reference.clone() })
    }

    /// Other content of the same kind.
    fn resolve_other(
        &self,
        id: NodeId,
        reference: Option<&String>,
    ) -> Result<Option<NodeId>, StoreError> {
        Ok(self.resolve_content(id.kind(), reference)?.filter(|other| *other != id))
    }

    fn session(&self, session: &SessionFacts) -> Result<Session, StoreError> {
        Ok(Session {
            title: session.title.clone(),
            kind: session.kind.clone(),
            start: session.start.clone(),
            end: session.end.clone(),
            room: session.room.clone(),
            speakers: self.resolve_entities(NodeKind::Person, &session.speakers)?,
        })
    }

    /// Resolves each organiser to the community of that name if there is one, otherwise to an
    /// organisation.
    fn organisers(&self, names: &[String]) -> Result<Vec<NodeId>, StoreError> {
        let mut ids = Vec::new();
        for name in names {
            let id = match self.resolve_content(NodeKind::Community, Some(name))? {
                Some(id) => Some(id),
                None => self.resolve_entity(NodeKind::Organisation, Some(name))?,
            };
            push_unique(&mut ids, id);
        }
        Ok(ids)
    }

    fn resolve_entities(
        &self,
        kind: NodeKind,
        names: &[String],
    ) -> Result<Vec<NodeId>, StoreError> {
        let mut ids = Vec::new();
        for name in names {
            push_unique(&mut ids, self.resolve_entity(kind, Some(name))?);
        }
        Ok(ids)
    }

    /// The entity of a name. Every mentioned name has an inferred record, which is the same entity
    /// as any record that describes it.
    fn resolve_entity(
        &self,
        kind: NodeKind,
        name: Option<&String>,
    ) -> Result<Option<NodeId>, StoreError> {
        let Some(name) = name else { return Ok(None) };
        self.first_id_with_key(&entity_key(kind, name), kind)
    }

    fn resolve_contents(
        &self,
        kind: NodeKind,
        references: &[String],
    ) -> Result<Vec<NodeId>, StoreError> {
        let mut ids = Vec::new();
        for reference in references {
            push_unique(&mut ids, self.resolve_content(kind, Some(reference))?);
        }
        Ok(ids)
    }

    /// The content with a URL or title; if several share a title, the first.
    fn resolve_content(
        &self,
        kind: NodeKind,
        reference: Option<&String>,
    ) -> Result<Option<NodeId>, StoreError> {
        let Some(reference) = reference else { return Ok(None) };
        match (
            self.first_id_with_key(&content_key(kind, reference), kind)?,
            page_key(kind, reference),
        ) {
            (None, Some(page)) => self.first_id_with_key(&page, kind),
            (id, _) => Ok(id),
        }
    }
}

/// Appends ids that are not yet in the list.
fn push_unique(ids: &mut Vec<NodeId>, new_ids: impl IntoIterator<Item = NodeId>) {
    for id in new_ids {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
}

/// All links of a record: the records whose names it shows, and those from which it can be reached.
pub(crate) fn links(record: &Record) -> BTreeSet<(NodeId, Relation)> {
    let mut links = BTreeSet::new();
    links.extend(record.linked_ids().into_iter().map(|id| (id, Relation::Mentions)));
    if let Some(common) = record.common() {
        links.extend(common.predecessor.map(|earlier| (earlier, Relation::Successor)));
        links.extend(common.translation_of.map(|original| (original, Relation::Translation)));
    }
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
            let alliances = organisation.alliances.iter();
            links.extend(alliances.map(|alliance| (*alliance, Relation::AllianceMember)));
        }
        Record::Person(person) => {
            let employers = person.organisations.iter();
            links.extend(employers.map(|employer| (*employer, Relation::MemberOf)));
        }
        Record::Community(community) => {
            links.extend(community.variant_of.map(|one| (one, Relation::VariantOf)));
        }
        Record::Event(_) | Record::Audience(_) => {}
    }
    links
}
