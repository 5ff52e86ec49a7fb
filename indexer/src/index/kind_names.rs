//! The words that people use for a kind or form of content, in Dutch and English, so that
//! *interview* finds what is one beside what mentions one.

use schema::{ArticleForm, EventForm, Record, ToolkitForm};

/// The names of the kind and form of a record. Words for most of the content, such as *article* or
/// *page*, are not among them.
pub(super) fn kind_names(record: &Record) -> &'static [&'static str] {
    match record {
        Record::Article(article) => match article.form {
            ArticleForm::Blog => &["blog", "weblog", "blogpost"],
            ArticleForm::Interview => &["interview"],
            ArticleForm::News => &["nieuwsbericht"],
            ArticleForm::PracticeCase => &["praktijkverhaal", "praktijkvoorbeeld"],
            ArticleForm::EventReport => &["verslag", "terugblik", "event report"],
            ArticleForm::YearReview => &["jaaroverzicht", "year in review"],
            ArticleForm::Podcast => &["podcast"],
            ArticleForm::Video => &["video"],
            ArticleForm::Policy | ArticleForm::Page => &[],
        },
        Record::Toolkit(toolkit) => match toolkit.form {
            ToolkitForm::Toolkit => &["toolkit"],
            ToolkitForm::StepPlan => &["stappenplan", "step plan"],
            ToolkitForm::SeriousGame => &["serious game", "spel"],
            ToolkitForm::Training => &["training"],
            ToolkitForm::Assessment => &["zelfbeoordeling", "zelftest", "assessment"],
            ToolkitForm::Scan => &["scan"],
            ToolkitForm::DesignSystem => &["design system", "designsysteem"],
            ToolkitForm::ExampleSet => &["voorbeelden"],
            ToolkitForm::Checklist => &["checklist", "checklijst"],
        },
        Record::Community(_) => &["community"],
        Record::Event(event) => match event.form {
            EventForm::KnowledgeSession => &["kennissessie", "knowledge session"],
            EventForm::SiteVisit => &["werkbezoek", "site visit"],
            EventForm::Webinar => &["webinar"],
            EventForm::Training => &["training"],
            EventForm::Conference => &["congres", "conferentie", "conference"],
            EventForm::Challenge => &["challenge"],
            EventForm::OnlineMeeting => &["online bijeenkomst", "online meeting"],
            EventForm::Other => &[],
        },
        _ => &[],
    }
}
