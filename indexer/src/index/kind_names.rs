//! The words that people use for a kind or form of content, in Dutch and English, so that
//! *interview* finds what is one beside what mentions one. For events these include the months
//! and years in which they take place.

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashSet},
    sync::LazyLock,
};

use schema::{ArticleForm, Event, EventForm, Record, ToolkitForm};

use crate::analysis::{AnalysisLanguage, stems};

const COMMUNITY: &str = "community";
const EVENT: [&str; 6] =
    ["evenement", "event", "agenda", "kalender", "evenementenkalender", "calendar"];
const MONTHS: [&[&str]; 12] = [
    &["januari", "january"],
    &["februari", "february"],
    &["maart", "march"],
    &["april"],
    &["mei", "may"],
    &["juni", "june"],
    &["juli", "july"],
    &["augustus", "august"],
    &["september"],
    &["oktober", "october"],
    &["november"],
    &["december"],
];

/// The stems of all names, so that other words are not looked up.
static NAME_STEMS: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let articles = ArticleForm::ALL.iter().flat_map(|form| article_names(*form));
    let toolkits = ToolkitForm::ALL.iter().flat_map(|form| toolkit_names(*form));
    let events = EventForm::ALL.iter().flat_map(|form| event_names(*form));
    let forms = articles.chain(toolkits).chain(events).copied();
    let others = EVENT.into_iter().chain(MONTHS.into_iter().flatten().copied()).chain([COMMUNITY]);
    forms.chain(others).flat_map(|name| stems(AnalysisLanguage::Dutch, name)).collect()
});

/// Whether a stem is one of a name, or may be a year.
pub(super) fn is_kind_stem(stem: &str) -> bool {
    let is_year = stem.len() == 4 && stem.bytes().all(|byte| byte.is_ascii_digit());
    is_year || NAME_STEMS.contains(stem)
}

/// The names of the kind and form of a record. Words for most of the content, such as *article* or
/// *page*, are not among them.
pub(super) fn kind_names(record: &Record) -> Vec<Cow<'static, str>> {
    let borrowed = |names: &[&'static str]| names.iter().map(|name| Cow::Borrowed(*name)).collect();
    match record {
        Record::Article(article) => borrowed(article_names(article.form)),
        Record::Toolkit(toolkit) => borrowed(toolkit_names(toolkit.form)),
        Record::Community(_) => borrowed(&[COMMUNITY]),
        Record::Event(event) => {
            let form = event_names(event.form).iter();
            let names = form.copied().chain(EVENT).map(Cow::Borrowed);
            names.chain(date_names(event)).collect()
        }
        _ => Vec::new(),
    }
}

fn article_names(form: ArticleForm) -> &'static [&'static str] {
    match form {
        ArticleForm::Blog => &["blog", "weblog", "blogpost"],
        ArticleForm::Interview => &["interview"],
        ArticleForm::News => &["nieuwsbericht"],
        ArticleForm::PracticeCase => &["praktijkverhaal", "praktijkvoorbeeld"],
        ArticleForm::EventReport => &["verslag", "terugblik", "event report"],
        ArticleForm::YearReview => &["jaaroverzicht", "year in review"],
        ArticleForm::Podcast => &["podcast"],
        ArticleForm::Video => &["video"],
        ArticleForm::Discussion => &["discussie", "discussion"],
        ArticleForm::Wiki => &["wiki"],
        ArticleForm::Policy | ArticleForm::Page | ArticleForm::Question => &[],
    }
}

fn toolkit_names(form: ToolkitForm) -> &'static [&'static str] {
    match form {
        ToolkitForm::Toolkit => &["toolkit"],
        ToolkitForm::StepPlan => &["stappenplan", "step plan"],
        ToolkitForm::SeriousGame => &["serious game", "spel"],
        ToolkitForm::Training => &["training"],
        ToolkitForm::Assessment => &["zelfbeoordeling", "zelftest", "assessment"],
        ToolkitForm::Scan => &["scan"],
        ToolkitForm::DesignSystem => &["design system", "designsysteem"],
        ToolkitForm::ExampleSet => &["voorbeelden"],
        ToolkitForm::Checklist => &["checklist", "checklijst"],
    }
}

fn event_names(form: EventForm) -> &'static [&'static str] {
    match form {
        EventForm::KnowledgeSession => &["kennissessie", "knowledge session"],
        EventForm::SiteVisit => &["werkbezoek", "site visit"],
        EventForm::Webinar => &["webinar"],
        EventForm::Training => &["training"],
        EventForm::Conference => &["congres", "conferentie", "conference"],
        EventForm::Challenge => &["challenge"],
        EventForm::OnlineMeeting => &["online bijeenkomst", "online meeting"],
        EventForm::Other => &[],
    }
}

/// The names of the months in which an event takes place, and the years.
fn date_names(event: &Event) -> Vec<Cow<'static, str>> {
    let occurrences = event.occurrences();
    let dates = occurrences.all().iter().map(|occurrence| occurrence.moment.date);
    let (months, years): (BTreeSet<i8>, BTreeSet<i16>) =
        dates.map(|date| (date.month(), date.year())).unzip();
    let names = months.into_iter().filter_map(|month| MONTHS.get(usize::try_from(month - 1).ok()?));
    let names = names.flat_map(|names| names.iter().map(|name| Cow::Borrowed(*name)));
    names.chain(years.into_iter().map(|year| Cow::Owned(year.to_string()))).collect()
}
