//! The sections and facts specific to each kind of content, next to its title and text.

use schema::{
    Body, Common, Effort, EventPhase, EventStatus, Kind, NodeId, PartPosition, Record, Resource,
    SearchFilter, SearchSort, repetition::repeated_length,
};

use super::{
    PageContext, PageError, hit, hit::HitView, home, layout::Link, record_lookup::RecordsById,
};
use crate::messages::Messages;

/// Maximum number of items shown per kind on the page of a community.
const COMMUNITY_ITEMS_SHOWN: usize = 4;

/// A fact: its label, and links or plain texts (links without a target).
pub(super) struct Fact {
    pub(super) label: String,
    pub(super) values: Vec<Link>,
    /// The value in ISO 8601, if it is a date.
    pub(super) iso_date: Option<String>,
}

/// A section of a page.
#[derive(Default)]
pub(super) struct Section {
    pub(super) id: &'static str,
    pub(super) title: String,
    pub(super) is_ordered: bool,
    pub(super) rows: Vec<Row>,
    pub(super) hits: Vec<HitView>,
}

/// A row of a section.
#[derive(Default)]
pub(super) struct Row {
    /// Its fragment identifier; empty if nothing refers to it.
    pub(super) anchor: String,
    pub(super) title: String,
    /// Target of the link; empty if there is none.
    pub(super) href: String,
    pub(super) text: String,
    /// The person quoted, if the row is a quote.
    pub(super) attribution: Option<String>,
    pub(super) details: Vec<Detail>,
}

/// A label and a text within a row, such as a method or tip of a step.
pub(super) struct Detail {
    /// Its fragment identifier; empty if nothing refers to it.
    pub(super) anchor: String,
    pub(super) label: String,
    pub(super) text: String,
}

/// The data that is loaded before a page is rendered.
#[derive(Default)]
pub(super) struct ItemSections {
    /// Ids of entities named on the page in addition to those the record is about.
    pub(super) referenced_ids: Vec<NodeId>,
    community_sections: Vec<Section>,
}

/// Loads the data for the sections of a record.
pub(super) async fn load(
    context: PageContext<'_>,
    record: &Record,
) -> Result<ItemSections, PageError> {
    let mut item_sections = ItemSections::default();
    match record {
        Record::Article(article) => {
            item_sections.referenced_ids.extend(article.reports_on);
            let quotes = article.quotes.iter();
            item_sections
                .referenced_ids
                .extend(quotes.flat_map(|quote| [quote.person, quote.organisation]).flatten());
        }
        Record::Toolkit(toolkit) => item_sections.referenced_ids.extend(toolkit.origin_community),
        Record::Community(community) => {
            item_sections.referenced_ids.extend(&community.related);
            for (kind, id, sort) in [
                (Kind::Event, "events", SearchSort::Start),
                (Kind::Article, "articles", SearchSort::Newest),
                (Kind::Toolkit, "toolkits", SearchSort::Newest),
            ] {
                let filter = SearchFilter {
                    kinds: vec![kind],
                    communities: vec![community.common.id],
                    ..SearchFilter::default()
                };
                let hits = home::list(context, filter, sort, COMMUNITY_ITEMS_SHOWN).await?;
                let title = context.messages.enum_label("kinds", kind.name());
                item_sections.community_sections.push(Section {
                    id,
                    title,
                    hits,
                    ..Section::default()
                });
            }
        }
        Record::Event(event) => {
            let reports = (event.common.id, indexer::catalog::Relation::ReportOf);
            let reports = context.snapshot.linked(&[reports]).await?;
            item_sections.referenced_ids.extend(reports.into_iter().flatten());
            item_sections.referenced_ids.extend(&event.organisers);
            item_sections
                .referenced_ids
                .extend(event.sessions.iter().flat_map(|session| &session.speakers));
        }
        _ => {}
    }
    Ok(item_sections)
}

impl ItemSections {
    /// Whether one of its lists has the record with this page.
    pub(super) fn lists(&self, href: &str) -> bool {
        let hits = self.community_sections.iter().flat_map(|section| &section.hits);
        hits.into_iter().any(|hit| hit.href == href)
    }

    /// The sections of the page that are not empty.
    pub(super) fn sections(
        self,
        context: PageContext<'_>,
        record: &Record,
        records_by_id: &RecordsById,
    ) -> Vec<Section> {
        let messages = context.messages;
        let section = |id, key: &str, rows| Section {
            id,
            title: messages.get(key).to_owned(),
            rows,
            ..Section::default()
        };
        let mut sections = match record {
            Record::Article(article) => vec![
                section("quotes", "item.quotes", quotes(article, records_by_id)),
                section("resources", "item.resources", resources(context, &article.resources)),
                section("references", "item.references", references(article)),
            ],
            Record::Toolkit(toolkit) => vec![
                Section {
                    is_ordered: true,
                    ..section("steps", "item.steps", steps(context, toolkit))
                },
                section("guidelines", "item.guidelines", guidelines(toolkit)),
                section("resources", "item.resources", resources(context, &toolkit.resources)),
            ],
            Record::Event(event) => vec![
                section("programme", "item.programme", programme(context, event, records_by_id)),
                section("reports", "item.reports", self.reports(context, records_by_id)),
            ],
            _ => Vec::new(),
        };
        sections.extend(self.community_sections);
        sections.retain(|section| !section.rows.is_empty() || !section.hits.is_empty());
        sections
    }

    fn reports(&self, context: PageContext<'_>, records_by_id: &RecordsById) -> Vec<Row> {
        let articles: Vec<_> = self
            .referenced_ids
            .iter()
            .copied()
            .filter(|id| id.kind() == schema::NodeKind::Article)
            .collect();
        let links = records_by_id.links(context, &articles).into_iter();
        links.map(|link| Row { title: link.text, href: link.href, ..Row::default() }).collect()
    }
}

fn quotes(article: &schema::Article, records_by_id: &RecordsById) -> Vec<Row> {
    let row = |quote: &schema::Quote| {
        let speakers = [quote.person, quote.organisation].into_iter().flatten();
        let speakers: Vec<_> = speakers.map(|id| records_by_id.name(id)).collect();
        Row { text: quote.text.clone(), attribution: Some(speakers.join(", ")), ..Row::default() }
    };
    article.quotes.iter().map(row).collect()
}

fn references(article: &schema::Article) -> Vec<Row> {
    let row = |reference: &schema::Reference| {
        let year = reference.year.map(|year| year.to_string());
        let text: Vec<_> = reference.publisher.clone().into_iter().chain(year).collect();
        let href = reference.url.as_ref().map(ToString::to_string).unwrap_or_default();
        Row { title: reference.title.clone(), href, text: text.join(", "), ..Row::default() }
    };
    article.references.iter().map(row).collect()
}

fn resources(context: PageContext<'_>, resources: &[Resource]) -> Vec<Row> {
    let row = |(at, resource): (usize, &Resource)| {
        let tested = resource.tested.then(|| Detail {
            anchor: String::new(),
            label: String::new(),
            text: context.messages.get("item.tested").to_owned(),
        });
        Row {
            anchor: PartPosition::Resource(at).anchor(),
            title: resource.title.clone(),
            href: resource.url.as_ref().map(ToString::to_string).unwrap_or_default(),
            text: resource.description.clone().unwrap_or_default(),
            details: tested.into_iter().collect(),
            ..Row::default()
        }
    };
    resources.iter().enumerate().map(row).collect()
}

fn guidelines(toolkit: &schema::Toolkit) -> Vec<Row> {
    let row = |(at, guideline): (usize, &schema::Guideline)| Row {
        anchor: PartPosition::Guideline(at).anchor(),
        title: guideline.title.clone(),
        text: guideline.body.clone().unwrap_or_default(),
        ..Row::default()
    };
    toolkit.guidelines.iter().enumerate().map(row).collect()
}

fn steps(context: PageContext<'_>, toolkit: &schema::Toolkit) -> Vec<Row> {
    let messages = context.messages;
    let row = |(step, one): (usize, &schema::Step)| {
        let methods = one.methods.iter().enumerate().map(|(method, one)| Detail {
            anchor: PartPosition::Method { step, method }.anchor(),
            label: one.title.clone(),
            text: effort(context, &one.effort),
        });
        let tips = one.tips.iter().enumerate().map(|(tip, one)| Detail {
            anchor: PartPosition::Tip { step, tip }.anchor(),
            label: messages.get("item.tip").to_owned(),
            text: one.title.clone(),
        });
        Row {
            anchor: PartPosition::Step(step).anchor(),
            title: one.title.clone(),
            text: one.intro.clone().unwrap_or_default(),
            details: methods.chain(tips).collect(),
            ..Row::default()
        }
    };
    toolkit.steps.iter().enumerate().map(row).collect()
}

/// The effort a method takes, in one line.
fn effort(context: PageContext<'_>, effort: &Effort) -> String {
    let fields = [
        ("item.effort_time", &effort.time),
        ("item.effort_people", &effort.people),
        ("item.effort_cost", &effort.cost),
        ("item.effort_expertise", &effort.expertise),
        ("item.effort_participants", &effort.participants),
    ];
    let present = fields.into_iter().filter_map(|(key, value)| Some((key, value.as_ref()?)));
    let texts: Vec<_> =
        present.map(|(key, value)| format!("{}: {value}", context.messages.get(key))).collect();
    texts.join(" · ")
}

fn programme(
    context: PageContext<'_>,
    event: &schema::Event,
    records_by_id: &RecordsById,
) -> Vec<Row> {
    let row = |(at, session): (usize, &schema::Session)| {
        let when =
            session.start.as_ref().map(|start| context.messages.span(start, session.end.as_ref()));
        let speakers: Vec<_> = session.speakers.iter().map(|id| records_by_id.name(*id)).collect();
        let speakers = Some(speakers.join(", ")).filter(|speakers| !speakers.is_empty());
        let text: Vec<_> = [when, session.room.clone(), speakers].into_iter().flatten().collect();
        Row {
            anchor: PartPosition::Session(at).anchor(),
            title: session.title.clone(),
            text: text.join(" · "),
            ..Row::default()
        }
    };
    event.sessions.iter().enumerate().map(row).collect()
}

/// The form of a content record, such as a blog or a meeting.
pub(super) fn form(record: &Record) -> &'static str {
    match record {
        Record::Article(article) => article.form.name(),
        Record::Toolkit(toolkit) => toolkit.form.name(),
        Record::Community(community) => community.form.name(),
        Record::Event(event) => event.form.name(),
        _ => "OTHER",
    }
}

/// The time of an event; of a series, its next occurrence with its end, and how it recurs.
pub(super) fn moment(context: PageContext<'_>, record: &Record) -> String {
    let Record::Event(event) = record else { return String::new() };
    let next = event.occurrences_from(context.now, 1).into_iter().next();
    match (&event.series, next) {
        (Some(series), Some(next)) => {
            let span = context.messages.span(&next.moment, next.end.as_ref());
            let recurrence = series.describe(&event.start, context.messages.language);
            format!("{}: {span} ({recurrence})", context.messages.get("item.next"))
        }
        _ => context.messages.span(&event.start, event.end.as_ref()),
    }
}

/// What is unusual about an event, such as its cancellation.
pub(super) fn notice(context: PageContext<'_>, record: &Record) -> String {
    match record {
        Record::Event(event) if event.status != EventStatus::Scheduled => {
            hit::status_notice(context, event)
        }
        Record::Event(event) if event.phase(context.now) != EventPhase::Upcoming => {
            context.messages.enum_label("phase", event.phase(context.now).name())
        }
        _ => String::new(),
    }
}

/// The introduction at the top of the page, unless the text begins with it.
pub(super) fn lead(record: &Record, body: Option<&Body>) -> Option<String> {
    let lead = match record {
        Record::Article(article) => article.lead.clone().or_else(|| article.common.summary.clone()),
        Record::Community(community) => {
            community.question.clone().or_else(|| community.common.summary.clone())
        }
        other => other.common().and_then(|common| common.summary.clone()),
    };
    let begins_body =
        |lead: &str| body.is_some_and(|body| repeated_length(lead, &body.text).is_some());
    lead.filter(|lead| !begins_body(lead))
}

/// Links for actions: sign up, join, open, add to a calendar.
pub(super) fn actions(context: PageContext<'_>, record: &Record) -> Vec<Link> {
    let link = |url: &url::Url, key: &str| Link {
        href: url.to_string(),
        text: context.messages.get(key).to_owned(),
    };
    let mut actions = Vec::new();
    match record {
        Record::Community(community) => {
            actions.extend(community.join_url.as_ref().map(|url| link(url, "item.join_link")));
            actions.extend(community.platform_url.as_ref().map(|url| link(url, "item.platform")));
        }
        Record::Event(event) => {
            let registration_url = event.registration.as_ref().and_then(|one| one.url.as_ref());
            let has_not_ended = event.phase(context.now) != EventPhase::Past;
            actions.extend(
                registration_url
                    .filter(|_| has_not_ended)
                    .map(|url| link(url, "item.register_link")),
            );
            let calendar_path = format!("event/{}.ics", event.common.id);
            actions.extend(has_not_ended.then(|| Link {
                href: context.site.root_href(&calendar_path),
                text: context.messages.get("item.calendar").to_owned(),
            }));
            actions.extend(event.recording.as_ref().map(|url| link(url, "item.recording")));
        }
        _ => {}
    }
    actions
}

/// The known facts, shown next to the text.
pub(super) fn facts(
    context: PageContext<'_>,
    record: &Record,
    records_by_id: &RecordsById,
) -> Vec<Fact> {
    let Some(common) = record.common() else { return Vec::new() };
    let messages = context.messages;
    let links = |key: &str, ids: &[NodeId]| (key.to_owned(), records_by_id.links(context, ids));
    let text = |key: &str, text: Option<String>| {
        let values = text.into_iter().map(|text| Link { href: String::new(), text });
        (key.to_owned(), values.collect::<Vec<_>>())
    };
    let mut facts = Vec::new();
    match record {
        Record::Article(article) => {
            facts.push(links("item.authors", &article.authors));
            facts.push(links("item.interviewees", &article.interviewees));
            let reported_events: Vec<_> = article.reports_on.into_iter().collect();
            facts.push(links("item.reports_on", &reported_events));
        }
        Record::Toolkit(toolkit) => {
            facts.push(links("item.maintainers", &toolkit.maintainers));
            let maturity = messages.enum_label("maturity", toolkit.maturity.name());
            facts.push(text("item.maturity", Some(maturity)));
            let origin: Vec<_> = toolkit.origin_community.into_iter().collect();
            facts.push(links("item.origin", &origin));
        }
        Record::Community(community) => {
            let access = messages.enum_label("access", community.access.name());
            facts.push(text("item.join", Some(access)));
            facts.push(text(
                "item.members",
                community.member_count.map(|n| hit::member_count(context, n)),
            ));
            facts.push(text("item.founded", community.founded.map(|one| one.year.to_string())));
            facts.push(links("item.coordinators", &community.coordinators));
            facts.push(links("item.related_communities", &community.related));
        }
        Record::Event(event) => {
            let place = event.place.as_ref().map(|place| {
                let fields = [&place.name, &place.address, &place.city].into_iter().flatten();
                fields.map(String::as_str).collect::<Vec<_>>().join(", ")
            });
            let attendance = messages.enum_label("attendance", event.attendance.name());
            facts.push(text("item.where", place.or(Some(attendance))));
            facts.push(links("item.organisers", &event.organisers));
            facts.push(links("item.speakers", &event.speakers));
            facts.push(text("item.price", event.price.clone()));
            let closes = event.registration.as_ref().and_then(|one| one.closes_at.as_ref());
            facts.push(text("item.registration_until", closes.map(|at| messages.moment(at))));
        }
        _ => {}
    }
    facts.push(links("item.communities", &common.communities));
    facts.push(links("item.organisations", &common.organisations));
    facts.push(links("item.audiences", &common.audiences));
    let facts = facts.into_iter().filter(|(_, values)| !values.is_empty());
    let facts = facts.map(|(key, values)| Fact {
        label: messages.get(&key).to_owned(),
        values,
        iso_date: None,
    });
    facts.chain(dates(messages, common)).collect()
}

/// The dates of publication and of the last change.
fn dates(messages: &Messages, common: &Common) -> impl Iterator<Item = Fact> {
    let dates = [("item.published", &common.published_at), ("item.modified", &common.modified_at)];
    dates.into_iter().filter_map(|(key, moment)| {
        let moment = moment.as_ref()?;
        let text = moment.describe_date(messages.language);
        Some(Fact {
            label: messages.get(key).to_owned(),
            values: vec![Link { href: String::new(), text }],
            iso_date: Some(moment.iso_date()),
        })
    })
}
