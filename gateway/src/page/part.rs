//! What each kind of content has on its page besides title and text.

use schema::{
    ApproximateCount, CountPrecision, Effort, Event, EventPhase, EventStatus, Kind, NodeId, Record,
    Resource, SearchFilter, SearchSort,
};

use super::{PageError, Visit, frame::Link, hit::HitView, names::Names, start};

/// So many things of a community are shown of each kind.
const OF_COMMUNITY: usize = 4;

/// One fact: what it is called, and links or plain texts (links to nowhere).
pub(super) struct Fact {
    pub(super) label: String,
    pub(super) values: Vec<Link>,
}

/// One part of a page.
#[derive(Default)]
pub(super) struct Section {
    pub(super) id: &'static str,
    pub(super) title: String,
    pub(super) is_ordered: bool,
    pub(super) rows: Vec<Row>,
    pub(super) hits: Vec<HitView>,
}

/// One row of a part.
#[derive(Default)]
pub(super) struct Row {
    pub(super) title: String,
    /// Where it leads, if anywhere.
    pub(super) href: String,
    pub(super) text: String,
    /// Who said it, where it is a quote.
    pub(super) quoted: Option<String>,
    /// What it takes, and smaller parts of it.
    pub(super) details: Vec<(String, String)>,
}

/// What has to be looked up before a page can be written.
pub(super) struct Parts {
    /// Things that are named besides those the record is about.
    pub(super) named: Vec<NodeId>,
    of_community: Vec<Section>,
}

/// Looks up what belongs to a thing.
pub(super) async fn of(visit: Visit<'_>, record: &Record) -> Result<Parts, PageError> {
    let mut parts = Parts { named: Vec::new(), of_community: Vec::new() };
    match record {
        Record::Article(article) => {
            parts.named.extend(article.reports_on);
            let quotes = article.quotes.iter();
            parts
                .named
                .extend(quotes.flat_map(|quote| [quote.person, quote.organisation]).flatten());
        }
        Record::Toolkit(toolkit) => parts.named.extend(toolkit.origin_community),
        Record::Community(community) => {
            parts.named.extend(&community.related);
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
                let hits = start::list(visit, filter, sort, OF_COMMUNITY).await?;
                let title = visit.words.name("kinds", kind.name());
                parts.of_community.push(Section { id, title, hits, ..Section::default() });
            }
        }
        Record::Event(event) => {
            let reports = (event.common.id, indexer::catalog::Relation::ReportOf);
            let reports = visit.snapshot.linked(&[reports]).await?;
            parts.named.extend(reports.into_iter().flatten());
            parts.named.extend(&event.organisers);
            parts.named.extend(event.sessions.iter().flat_map(|one| &one.speakers));
        }
        _ => {}
    }
    Ok(parts)
}

impl Parts {
    /// The parts of the page that say something.
    pub(super) fn sections(self, visit: Visit<'_>, record: &Record, names: &Names) -> Vec<Section> {
        let words = visit.words;
        let section = |id, key: &str, rows| Section {
            id,
            title: words.say(key).to_owned(),
            rows,
            ..Section::default()
        };
        let mut sections = match record {
            Record::Article(article) => vec![
                section("quotes", "item.quotes", quotes(article, names)),
                section("resources", "item.resources", resources(visit, &article.resources)),
                section("references", "item.references", references(article)),
            ],
            Record::Toolkit(toolkit) => vec![
                Section {
                    is_ordered: true,
                    ..section("steps", "item.steps", steps(visit, toolkit))
                },
                section("guidelines", "item.guidelines", guidelines(toolkit)),
                section("resources", "item.resources", resources(visit, &toolkit.resources)),
            ],
            Record::Event(event) => vec![
                section("programme", "item.programme", programme(visit, event, names)),
                section("reports", "item.reports", self.reports(visit, names)),
            ],
            _ => Vec::new(),
        };
        sections.extend(self.of_community);
        sections.retain(|section| !section.rows.is_empty() || !section.hits.is_empty());
        sections
    }

    fn reports(&self, visit: Visit<'_>, names: &Names) -> Vec<Row> {
        let articles: Vec<_> = self
            .named
            .iter()
            .copied()
            .filter(|id| id.kind() == schema::NodeKind::Article)
            .collect();
        let links = names.links(visit, &articles).into_iter();
        links.map(|link| Row { title: link.text, href: link.href, ..Row::default() }).collect()
    }
}

fn quotes(article: &schema::Article, names: &Names) -> Vec<Row> {
    let row = |quote: &schema::Quote| {
        let by = [quote.person, quote.organisation].into_iter().flatten();
        let by: Vec<_> = by.map(|id| names.name(id)).collect();
        Row { text: quote.text.clone(), quoted: Some(by.join(", ")), ..Row::default() }
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

fn resources(visit: Visit<'_>, resources: &[Resource]) -> Vec<Row> {
    let row = |resource: &Resource| {
        let tested = resource.tested.then(|| (String::new(), visit.words.name("item", "tested")));
        Row {
            title: resource.title.clone(),
            href: resource.url.as_ref().map(ToString::to_string).unwrap_or_default(),
            text: resource.description.clone().unwrap_or_default(),
            details: tested.into_iter().collect(),
            ..Row::default()
        }
    };
    resources.iter().map(row).collect()
}

fn guidelines(toolkit: &schema::Toolkit) -> Vec<Row> {
    let row = |one: &schema::Guideline| Row {
        title: one.title.clone(),
        text: one.body.clone().unwrap_or_default(),
        ..Row::default()
    };
    toolkit.guidelines.iter().map(row).collect()
}

fn steps(visit: Visit<'_>, toolkit: &schema::Toolkit) -> Vec<Row> {
    let words = visit.words;
    let row = |step: &schema::Step| {
        let methods = step.methods.iter();
        let methods = methods.map(|one| (one.title.clone(), effort(visit, &one.effort)));
        let tips = step.tips.iter().map(|tip| (words.name("item", "tips"), tip.title.clone()));
        Row {
            title: step.title.clone(),
            text: step.intro.clone().unwrap_or_default(),
            details: methods.chain(tips).collect(),
            ..Row::default()
        }
    };
    toolkit.steps.iter().map(row).collect()
}

/// What a method takes, in one line.
fn effort(visit: Visit<'_>, effort: &Effort) -> String {
    let parts = [
        ("item.effort_time", &effort.time),
        ("item.effort_people", &effort.people),
        ("item.effort_cost", &effort.cost),
        ("item.effort_expertise", &effort.expertise),
        ("item.effort_participants", &effort.participants),
    ];
    let said = parts.into_iter().filter_map(|(key, value)| Some((key, value.as_ref()?)));
    let said: Vec<_> =
        said.map(|(key, value)| format!("{}: {value}", visit.words.say(key))).collect();
    said.join(" · ")
}

fn programme(visit: Visit<'_>, event: &schema::Event, names: &Names) -> Vec<Row> {
    let row = |session: &schema::Session| {
        let when =
            session.start.as_ref().map(|start| visit.words.span(start, session.end.as_ref()));
        let who: Vec<_> = session.speakers.iter().map(|id| names.name(*id)).collect();
        let who = Some(who.join(", ")).filter(|who| !who.is_empty());
        let text: Vec<_> = [when, session.room.clone(), who].into_iter().flatten().collect();
        Row { title: session.title.clone(), text: text.join(" · "), ..Row::default() }
    };
    event.sessions.iter().map(row).collect()
}

/// The form of a piece of content.
pub(super) fn form(record: &Record) -> &'static str {
    match record {
        Record::Article(article) => article.form.name(),
        Record::Toolkit(toolkit) => toolkit.form.name(),
        Record::Community(community) => community.form.name(),
        Record::Event(event) => event.form.name(),
        _ => "OTHER",
    }
}

/// When an event is; of a series, the next time.
pub(super) fn moment(visit: Visit<'_>, record: &Record) -> String {
    let Record::Event(event) = record else { return String::new() };
    let next = event.occurrences(visit.now, 1).into_iter().next();
    match next.filter(|_| event.series.is_some()) {
        Some(next) => format!("{}: {}", visit.words.say("item.next"), visit.words.moment(&next)),
        None => visit.words.span(&event.start, event.end.as_ref()),
    }
}

/// What came of a plan that changed; nothing where an event goes on as planned.
pub(super) fn change(visit: Visit<'_>, event: &Event) -> String {
    match event.status {
        EventStatus::Scheduled => String::new(),
        status => visit.words.name("event_status", status.name()),
    }
}

/// What is different from what one expects of an event.
pub(super) fn notice(visit: Visit<'_>, record: &Record) -> String {
    match record {
        Record::Event(event) if event.status != EventStatus::Scheduled => change(visit, event),
        Record::Event(event) if event.phase(visit.now) != EventPhase::Upcoming => {
            visit.words.name("phase", event.phase(visit.now).name())
        }
        _ => String::new(),
    }
}

/// What opens the page.
pub(super) fn lead(record: &Record) -> Option<String> {
    match record {
        Record::Article(article) => article.lead.clone().or_else(|| article.common.summary.clone()),
        Record::Community(one) => one.question.clone().or_else(|| one.common.summary.clone()),
        other => other.common().and_then(|common| common.summary.clone()),
    }
}

/// What one can do: sign up, join, open, put into a calendar.
pub(super) fn calls(visit: Visit<'_>, record: &Record) -> Vec<Link> {
    let link = |url: &url::Url, key: &str| Link {
        href: url.to_string(),
        text: visit.words.say(key).to_owned(),
    };
    let mut calls = Vec::new();
    match record {
        Record::Community(community) => {
            calls.extend(community.join_url.as_ref().map(|url| link(url, "item.join_link")));
            calls.extend(community.platform_url.as_ref().map(|url| link(url, "item.platform")));
        }
        Record::Event(event) => {
            let register = event.registration.as_ref().and_then(|one| one.url.as_ref());
            let coming = event.phase(visit.now) != EventPhase::Past;
            calls.extend(register.filter(|_| coming).map(|url| link(url, "item.register_link")));
            calls.push(Link {
                href: visit
                    .site
                    .href(schema::Language::Nl, &format!("event/{}.ics", event.common.id)),
                text: visit.words.say("item.calendar").to_owned(),
            });
            calls.extend(event.recording.as_ref().map(|url| link(url, "item.recording")));
        }
        _ => {}
    }
    calls
}

/// The facts beside the text, those that are known.
pub(super) fn facts(visit: Visit<'_>, record: &Record, names: &Names) -> Vec<Fact> {
    let Some(common) = record.common() else { return Vec::new() };
    let words = visit.words;
    let links = |key: &str, ids: &[NodeId]| (key.to_owned(), names.links(visit, ids));
    let text = |key: &str, text: Option<String>| {
        let values = text.into_iter().map(|text| Link { href: String::new(), text });
        (key.to_owned(), values.collect::<Vec<_>>())
    };
    let mut facts = Vec::new();
    match record {
        Record::Article(article) => {
            facts.push(links("item.authors", &article.authors));
            facts.push(links("item.interviewees", &article.interviewees));
            let on: Vec<_> = article.reports_on.into_iter().collect();
            facts.push(links("item.reports_on", &on));
        }
        Record::Toolkit(toolkit) => {
            facts.push(links("item.maintainers", &toolkit.maintainers));
            let maturity = words.name("maturity", toolkit.maturity.name());
            facts.push(text("item.maturity", Some(maturity)));
            let origin: Vec<_> = toolkit.origin_community.into_iter().collect();
            facts.push(links("item.origin", &origin));
        }
        Record::Community(community) => {
            let access = words.name("access", community.access.name());
            facts.push(text("item.join", Some(access)));
            facts.push(text("item.members", community.member_count.map(|n| members(visit, n))));
            facts.push(text("item.founded", community.founded.map(|one| one.year.to_string())));
            facts.push(links("item.coordinators", &community.coordinators));
            facts.push(links("item.related_communities", &community.related));
        }
        Record::Event(event) => {
            let place = event.place.as_ref().map(|place| {
                let parts = [&place.name, &place.address, &place.city].into_iter().flatten();
                parts.map(String::as_str).collect::<Vec<_>>().join(", ")
            });
            let attendance = words.name("attendance", event.attendance.name());
            facts.push(text("item.where", place.or(Some(attendance))));
            facts.push(links("item.organisers", &event.organisers));
            facts.push(links("item.speakers", &event.speakers));
            facts.push(text("item.price", event.price.clone()));
        }
        _ => {}
    }
    facts.push(links("item.communities", &common.communities));
    facts.push(links("item.organisations", &common.organisations));
    facts.push(links("item.audiences", &common.audiences));
    facts.push(text("item.published", common.published_at.map(|at| words.day_of(at))));
    facts.push(text("item.modified", common.modified_at.map(|at| words.day_of(at))));
    let said = facts.into_iter().filter(|(_, values)| !values.is_empty());
    said.map(|(key, values)| Fact { label: words.say(&key).to_owned(), values }).collect()
}

fn members(visit: Visit<'_>, count: ApproximateCount) -> String {
    let number = visit.words.number(count.value.into());
    match count.precision {
        CountPrecision::Exact => visit.words.fill("item.members_exact", "count", &number),
        CountPrecision::Approximate => visit.words.fill("item.members_about", "count", &number),
    }
}
