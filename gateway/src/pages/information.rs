//! The pages of the site about itself: about, accessibility, contact and privacy. Their texts are
//! built in, or those of the operator.

use askama::Template;
use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};
use schema::Language;

use super::{
    PageContext, PageError,
    layout::{Layout, Link},
    render_template,
};
use crate::{
    blocking, config::ImageHost, messages::NAME_PLACEHOLDER, truncation::truncate_at_word,
};

/// Maximum number of characters of the description, which is the first paragraph.
const DESCRIPTION_CHARACTERS_MAX: usize = 200;
/// Placeholder for a sentence about the sites from which browsers load something.
const OTHER_SITES: &str = "{other_sites}";
/// Scheme of links to pages of the site.
const PAGE_SCHEME: &str = "page:";

/// A page of the site about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InformationPage {
    About,
    Accessibility,
    Contact,
    Privacy,
}

impl InformationPage {
    /// Every page, in the order of the links to them.
    pub(crate) const ALL: [Self; 4] =
        [Self::About, Self::Contact, Self::Accessibility, Self::Privacy];

    /// The path, and the name of its text.
    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::About => "about",
            Self::Accessibility => "accessibility",
            Self::Contact => "contact",
            Self::Privacy => "privacy",
        }
    }

    /// The text that is built in.
    const fn built_in(self, language: Language) -> &'static str {
        let is_english = matches!(language, Language::En);
        match self {
            Self::About if is_english => include_str!("../../web/texts/about.en.md"),
            Self::About => include_str!("../../web/texts/about.nl.md"),
            Self::Accessibility if is_english => {
                include_str!("../../web/texts/accessibility.en.md")
            }
            Self::Accessibility => include_str!("../../web/texts/accessibility.nl.md"),
            Self::Contact if is_english => include_str!("../../web/texts/contact.en.md"),
            Self::Contact => include_str!("../../web/texts/contact.nl.md"),
            Self::Privacy if is_english => include_str!("../../web/texts/privacy.en.md"),
            Self::Privacy => include_str!("../../web/texts/privacy.nl.md"),
        }
    }
}

#[derive(Template)]
#[template(path = "information.html")]
struct InformationView<'a> {
    layout: Layout<'a>,
    text_html: String,
    operator: Option<&'a str>,
    statement: Option<&'a str>,
    /// How readers can reach the operator.
    contacts: Vec<Link>,
    has_contacts: bool,
}

/// A text, as HTML.
struct RenderedText {
    title: String,
    description: String,
    html: String,
}

/// The page.
pub(super) async fn page(
    context: PageContext<'_>,
    page: InformationPage,
) -> Result<String, PageError> {
    let (messages, config) = (context.messages, &context.site.config);
    let text = config.text(page.path(), messages.language);
    let text = text.unwrap_or_else(|| page.built_in(messages.language)).to_owned();
    let base = context.site.href(messages.language, "");
    let values = [(NAME_PLACEHOLDER, config.name.clone()), (OTHER_SITES, other_sites(context))];
    let text = blocking::run(text.len(), move || render(&text, &base, &values)).await;
    let mut layout = Layout::new(context.site, messages, text.title, page.path());
    layout.description = text.description;
    let contact = |url: &url::Url| Link {
        href: url.to_string(),
        text: url.as_str().trim_start_matches("mailto:").to_owned(),
    };
    let statement = config.accessibility_statement.as_ref();
    let view = InformationView {
        layout,
        text_html: text.html,
        operator: config.operator.as_deref().filter(|_| page != InformationPage::Accessibility),
        statement: statement
            .filter(|_| page == InformationPage::Accessibility)
            .map(url::Url::as_str),
        contacts: config.contacts.iter().map(contact).collect(),
        has_contacts: page != InformationPage::About,
    };
    render_template(&view).await
}

/// A sentence about the sites from which browsers load something.
fn other_sites(context: PageContext<'_>) -> String {
    let messages = context.messages;
    let hosts: Vec<_> = context.site.config.image_hosts.iter().map(ImageHost::as_str).collect();
    if hosts.is_empty() {
        return messages.get("information.nothing_loaded").to_owned();
    }
    messages.format("information.pictures_loaded", "hosts", &hosts.join(", "))
}

/// Markdown as HTML, with values for its placeholders. Its first heading is the title; HTML in it is
/// text, and pictures are their descriptions.
fn render(text: &str, base: &str, values: &[(&str, String)]) -> RenderedText {
    let filled = |text: &str| {
        values.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
    };
    let text = text.trim_start_matches('\u{feff}');
    let (title, text) = text.split_once('\n').unwrap_or((text, ""));
    let title = filled(title.trim_start_matches('#').trim());
    let events = Parser::new_ext(text, Options::ENABLE_TABLES);
    let events = events.filter_map(|event| match event {
        Event::Html(text) | Event::InlineHtml(text) | Event::Text(text) => {
            Some(Event::Text(filled(&text).into()))
        }
        Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => None,
        Event::Start(Tag::Heading { level: HeadingLevel::H1, id, classes, attrs }) => {
            Some(Event::Start(Tag::Heading { level: HeadingLevel::H2, id, classes, attrs }))
        }
        Event::End(TagEnd::Heading(HeadingLevel::H1)) => {
            Some(Event::End(TagEnd::Heading(HeadingLevel::H2)))
        }
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            let dest_url = link(&dest_url, base).into();
            Some(Event::Start(Tag::Link { link_type, dest_url, title, id }))
        }
        event => Some(event),
    });
    let mut rendered = String::new();
    html::push_html(&mut rendered, events);
    let description = truncate_at_word(&filled(&first_paragraph(text)), DESCRIPTION_CHARACTERS_MAX);
    RenderedText { title, description, html: rendered }
}

/// The target of a link; the page itself if it is of another scheme than those of a site.
fn link(target: &str, base: &str) -> String {
    let has_scheme = |scheme: &str| target.to_ascii_lowercase().starts_with(scheme);
    match target.strip_prefix(PAGE_SCHEME) {
        Some(path) => format!("{base}{}", path.trim_start_matches('/')),
        None if ["https://", "http://", "mailto:", "#"].into_iter().any(has_scheme) => {
            target.to_owned()
        }
        None => "#".to_owned(),
    }
}

/// The words of the first paragraph.
fn first_paragraph(text: &str) -> String {
    let events = Parser::new(text).skip_while(|event| *event != Event::Start(Tag::Paragraph));
    let mut words = String::new();
    for event in events.take_while(|event| *event != Event::End(TagEnd::Paragraph)) {
        match event {
            Event::Text(text) | Event::Code(text) => words.push_str(&text),
            Event::SoftBreak | Event::HardBreak => words.push(' '),
            _ => {}
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_must_not_bring_scripts_pictures_or_other_schemes() {
        let text = "# Titel <b>\n\nEen [pagina](page:status), <script>x</script> ![foto](https://x.nl/a.png)\n\
                    [js](javascript:alert(1)) [uit](https://x.nl/)\n\n# Kop\n\n<img src=x onerror=y>\n";
        let rendered = render(text, "/en/", &[]);
        assert_eq!(rendered.title, "Titel <b>");
        for part in
            ["<a href=\"/en/status\">", "&lt;script&gt;", "<a href=\"#\">js</a>", "<h2>Kop</h2>"]
        {
            assert!(rendered.html.contains(part), "{part}: {}", rendered.html);
        }
        for part in ["<script", "<img", "javascript:", "<h1"] {
            assert!(!rendered.html.contains(part), "{part}: {}", rendered.html);
        }
        assert!(rendered.description.starts_with("Een pagina, "), "{}", rendered.description);
    }

    #[test]
    fn every_built_in_text_must_have_a_title_and_a_description() {
        for page in InformationPage::ALL {
            for language in [Language::Nl, Language::En] {
                let values =
                    [(NAME_PLACEHOLDER, "Zoek *1*".to_owned()), (OTHER_SITES, String::new())];
                let rendered = render(page.built_in(language), "/", &values);
                assert!(!rendered.html.contains('{') && !rendered.html.contains("<em>"));
                assert!(!rendered.title.is_empty() && rendered.description.len() > 20, "{page:?}");
                // A heading is no part of it.
                assert!(rendered.html.contains(&format!("<p>{}", &rendered.description[..20])));
            }
        }
    }
}
