//! HTML from sources, sanitised once: only safe markup remains, and plain text is derived from it.

mod balance;
mod tokens;

use std::{borrow::Cow, collections::HashSet, sync::LazyLock};

use ammonia::{Builder, UrlRelative};
use html_escape::{decode_html_entities, encode_text};
use regex::Regex;
use schema::{Body, Language};
use url::Url;

pub(crate) use self::balance::UnclosedMarkup;
use self::balance::{ELEMENTS_MAX, balance};
use super::{
    redact::{contains_email, redact},
    whitespace::{collapse_blank_lines, collapse_whitespace, strip_invisible},
};

/// Elements that are separated from the text around them.
const BLOCK_ELEMENTS: [&str; 26] = [
    "article",
    "aside",
    "blockquote",
    "details",
    "div",
    "dl",
    "figcaption",
    "figure",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "main",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "summary",
    "table",
    "ul",
];
/// Other elements by which a text is recognised as HTML.
const OTHER_ELEMENTS: [&str; 25] = [
    "a", "b", "br", "code", "dd", "dt", "em", "i", "iframe", "img", "li", "script", "small",
    "span", "strong", "style", "sub", "sup", "tbody", "td", "th", "thead", "tr", "u", "svg",
];

static MARKUP: LazyLock<Regex> = LazyLock::new(|| {
    let names = [&BLOCK_ELEMENTS[..], &OTHER_ELEMENTS[..]].concat().join("|");
    pattern(&format!(r"(?i)</?(?:{names})(?:\s[^>]*)?/?>"))
});
/// A tag of serialised HTML, in which quotation marks in attribute values are escaped.
static TAG: LazyLock<Regex> =
    LazyLock::new(|| pattern(r#"<(/?)([a-zA-Z][a-zA-Z0-9]*)((?:[^>"]|"[^"]*")*)>"#));
static HEADING: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?s)<h1(?:\s[^>]*)?>(.*?)</h1>\s*"));

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("constant regex is valid, covered by tests")
}

/// Whether a text is HTML rather than plain text.
pub(super) fn is_html(text: &str) -> bool {
    text.contains('<') && MARKUP.is_match(text)
}

/// A body: sanitised and redacted HTML, with relative links made absolute, and its text. Plain text
/// is converted to paragraphs.
///
/// # Errors
/// [`UnclosedMarkup`] that hides the rest of the text.
pub(super) fn sanitise(
    raw: &str,
    base: Option<&Url>,
    language: Language,
) -> Result<Body, UnclosedMarkup> {
    let html = if is_html(raw) { Cow::Borrowed(raw) } else { Cow::Owned(from_plain(raw)) };
    let is_clean = matches!(&html, Cow::Owned(html) if is_unchanged_by_parser(html));
    let clean = if is_clean { html } else { Cow::Owned(parsed(&html, base, language)?) };
    let html = redact_text(&clean, language);
    // Tags may split contact data that a reader still sees as a whole.
    let text = plain_text(&html);
    let redacted = redact(&text, language);
    if redacted == text {
        return Ok(Body { html, text });
    }
    let html = from_plain(&encode_text(&redacted));
    let text = body_text(&html, language);
    Ok(Body { html, text })
}

/// The text of the HTML of a body.
pub(super) fn body_text(html: &str, language: Language) -> String {
    redact(&plain_text(html), language)
}

/// Whether a parser changes nothing but the spelling of entities in the paragraphs of a plain text.
fn is_unchanged_by_parser(paragraphs: &str) -> bool {
    let is_text = |byte: u8| !matches!(byte, b'\0' | b'\r');
    paragraphs.bytes().all(is_text) && paragraphs.matches('<').count() < ELEMENTS_MAX
}

/// HTML as a parser writes it: safe, and complete.
fn parsed(html: &str, base: Option<&Url>, language: Language) -> Result<String, UnclosedMarkup> {
    let relative = base.map_or(UrlRelative::Deny, |url| UrlRelative::RewriteWithBase(url.clone()));
    let clean = Builder::default()
        .url_schemes(HashSet::from(["http", "https"]))
        .url_relative(relative)
        .link_rel(Some("noopener"))
        .add_clean_content_tags(["iframe", "noscript", "object", "svg", "template"])
        .attribute_filter(move |_, name, value| match name {
            "href" | "src" | "cite" if contains_email(value) => None,
            "href" | "src" | "cite" => Some(value.into()),
            _ => Some(redact(value, language).into()),
        })
        .clean(&balance(html)?)
        .to_string();
    Ok(clean)
}

/// The text of any HTML, with each block on its own line.
///
/// # Errors
/// [`UnclosedMarkup`] that hides the rest of the text.
pub(super) fn sanitised_text(raw: &str) -> Result<String, UnclosedMarkup> {
    Ok(plain_text(&ammonia::clean(&balance(raw)?)))
}

fn from_plain(raw: &str) -> String {
    let text = decode_html_entities(raw);
    let text = text.replace("\r\n", "\n");
    let paragraphs = text.split("\n\n").map(str::trim).filter(|text| !text.is_empty());
    let mut html = String::with_capacity(text.len());
    for paragraph in paragraphs {
        html.push_str("<p>");
        html.push_str(&encode_text(paragraph).replace('\n', "<br>"));
        html.push_str("</p>\n");
    }
    html
}

/// Redacts the text between the tags, as a reader sees it.
fn redact_text(html: &str, language: Language) -> String {
    let redact_segment = |text: &str| {
        let text = strip_invisible(&decode_html_entities(text));
        encode_text(&redact(&text, language)).into_owned()
    };
    let mut redacted = String::with_capacity(html.len());
    let mut end = 0;
    for tag in TAG.find_iter(html) {
        redacted.push_str(&redact_segment(&html[end..tag.start()]));
        redacted.push_str(tag.as_str());
        end = tag.end();
    }
    redacted.push_str(&redact_segment(&html[end..]));
    redacted
}

/// Removes the first top-level heading from the HTML and returns its text.
pub(super) fn extract_heading(html: &mut String) -> Option<String> {
    let captures = HEADING.captures(html)?;
    let heading = collapse_whitespace(&plain_text(captures.get(1)?.as_str()));
    let range = captures.get(0)?.range();
    html.replace_range(range, "");
    (!heading.is_empty()).then_some(heading)
}

/// Plain text: a blank line between paragraphs, and each list item and table row on its own line.
pub(super) fn plain_text(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut end = 0;
    let mut preformatted = 0_usize;
    for tag in TAG.captures_iter(html) {
        let full_match = tag.get(0).expect("group 0 of a match always exists");
        push_text(&mut text, &html[end..full_match.start()], preformatted > 0);
        end = full_match.end();
        let (opens, name) = (tag[1].is_empty(), tag[2].to_ascii_lowercase());
        text.push_str(match name.as_str() {
            "br" | "li" | "tr" | "dt" | "dd" if opens => "\n",
            "td" | "th" if opens => " ",
            block if BLOCK_ELEMENTS.contains(&block) => "\n\n",
            _ => "",
        });
        match (name.as_str(), opens) {
            ("pre", true) => preformatted += 1,
            ("pre", false) => preformatted = preformatted.saturating_sub(1),
            _ => {}
        }
    }
    push_text(&mut text, &html[end..], preformatted > 0);
    collapse_blank_lines(&text)
}

/// A line break in HTML is a space, except in preformatted text.
fn push_text(text: &mut String, fragment: &str, preformatted: bool) {
    let decoded = decode_html_entities(fragment);
    if preformatted || !decoded.contains(['\n', '\r']) {
        text.push_str(&decoded);
    } else {
        text.extend(decoded.chars().map(|c| if matches!(c, '\n' | '\r') { ' ' } else { c }));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn clean(raw: &str) -> String {
        let base = Url::parse("https://www.example.nl/blog/stuk/").unwrap();
        let body = sanitise(raw, Some(&base), Language::Nl).unwrap_or_default();
        assert_eq!(body.text, body_text(&body.html, Language::Nl), "{raw}");
        body.html.trim().to_owned()
    }

    #[test]
    fn harmful_html_must_be_removed() {
        for (raw, expected) in [
            ("<p onclick=\"x()\" style=\"color:red\">a<script>b()</script></p>", "<p>a</p>"),
            ("<p><a href=\"javascript:x()\">a</a></p>", "<p><a rel=\"noopener\">a</a></p>"),
            (
                "<p><a href=\"mailto:noor@example.nl\">schrijf</a></p>",
                "<p><a rel=\"noopener\">schrijf</a></p>",
            ),
            ("<p><a href=\"tel:0101234567\">bel</a></p>", "<p><a rel=\"noopener\">bel</a></p>"),
            ("<p>a<iframe src=\"https://x.nl\">b</iframe></p>", "<p>a</p>"),
            ("<img src=\"data:image/png;base64,AA\" alt=\"a\">", "<img alt=\"a\">"),
        ] {
            assert_eq!(clean(raw), expected);
        }
    }

    #[test]
    fn links_must_be_absolute_and_open_safely() {
        assert_eq!(
            clean("<p><a href=\"../a?b=1&amp;c=2\">x</a></p>"),
            "<p><a href=\"https://www.example.nl/blog/a?b=1&amp;c=2\" rel=\"noopener\">x</a></p>"
        );
        let without_base = sanitise("<p><a href=\"/a\">x</a></p>", None, Language::Nl).unwrap();
        assert_eq!(without_base.html, "<p><a rel=\"noopener\">x</a></p>");
    }

    #[test]
    fn contact_data_must_go_from_text_and_attributes_but_not_from_addresses() {
        assert_eq!(
            clean(
                "<p title=\"a@b.nl\">Bel 010 123 45 67 of \
                 <a href=\"https://x.nl/0101234567\">mail a@b.nl</a></p>"
            ),
            "<p title=\"[e-mailadres weggelaten]\">Bel [telefoonnummer weggelaten] of \
             <a href=\"https://x.nl/0101234567\" rel=\"noopener\">mail \
             [e-mailadres weggelaten]</a></p>"
        );
        assert_eq!(
            clean("<p><a href=\"https://x.nl/?m=a@b.nl\">x</a></p>"),
            "<p><a rel=\"noopener\">x</a></p>"
        );
    }

    #[test]
    fn plain_text_must_become_paragraphs() {
        assert_eq!(clean("a < b &amp; c\nd\n\n\ne"), "<p>a &lt; b &amp; c<br>d</p>\n<p>e</p>");
    }

    #[test]
    fn html_must_become_text_with_its_structure() {
        let html = "<h2>Kop</h2><p>Eén\nregel &amp; <b>meer</b>.<br>Nieuw</p>\
                    <ul><li>a</li><li>b</li></ul>\
                    <table><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></table>\
                    <pre>x\n  y</pre>";
        assert_eq!(plain_text(html), "Kop\n\nEén regel & meer.\nNieuw\n\na\nb\n\n1 2\n3\n\nx\ny");
    }

    #[test]
    fn the_first_heading_must_be_extracted_whole() {
        let mut html = "<p>voor</p><h1>De <em>titel</em></h1>\n<h1>tweede</h1>".to_owned();
        assert_eq!(extract_heading(&mut html).as_deref(), Some("De titel"));
        assert_eq!(html, "<p>voor</p><h1>tweede</h1>");
    }

    /// Fragments that, when repeated, form HTML on which parsers take quadratic time or much
    /// memory.
    const HOSTILE: [&str; 27] = [
        "<div></x>",
        "<div>",
        "<div><p>",
        "<rt>",
        "<optgroup>",
        "<svg><td>",
        "<b id=1>",
        "<font a>",
        "<span><div></span>",
        "<b><div></b>",
        "<p><a href=x></p>",
        "<table><b>x",
        "<table><tr>x",
        "<table>",
        "<li><ul>",
        "<a b='",
        "<a \">\"",
        "<!--",
        "<![CDATA[",
        "<script>",
        "<svg>",
        "</p>",
        "<select><option>",
        "<template><td>",
        "&amp",
        "<",
        "<x:y z=1 z=2>",
    ];

    #[test]
    fn hostile_html_must_be_sanitised_in_linear_time_on_a_small_stack() {
        let sanitise_all = || {
            for piece in HOSTILE {
                let html = piece.repeat((1 << 18) / piece.len());
                let start = std::time::Instant::now();
                let text = sanitise(&html, None, Language::Nl).unwrap_or_default().text;
                let _ = sanitised_text(&html);
                // It takes less than a second; a quadratic algorithm takes minutes.
                assert!(
                    start.elapsed() < std::time::Duration::from_secs(10),
                    "{piece} {}",
                    text.len()
                );
            }
            let attributes = (0..100_000).map(|n| format!(" a{n}=b")).collect::<Vec<_>>().concat();
            sanitise(&format!("<p{attributes}>a"), None, Language::Nl).unwrap();
            let formats =
                (0..5_000).map(|n| format!("<p><font a{n}=b>")).collect::<Vec<_>>().concat();
            sanitise(&format!("{formats}{}", "<p>x".repeat(5_000)), None, Language::Nl).unwrap();
        };
        let small_stack = std::thread::Builder::new().stack_size(2 << 20).spawn(sanitise_all);
        small_stack.unwrap().join().unwrap();
    }

    #[test]
    fn a_text_of_many_paragraphs_must_be_limited_like_html() {
        let lines = "a\n\n".repeat(ELEMENTS_MAX + 1);
        let html = sanitise(&lines, None, Language::Nl).unwrap().html;
        assert_eq!(html.matches("<p>").count(), ELEMENTS_MAX);
    }

    proptest! {
        #[test]
        fn a_plain_text_must_be_what_a_parser_makes_of_it(
            text in "([a<>\"' \n\r\t\0\u{a0}\u{85}\u{ad}\u{feff}\u{fffe}é@.&]|&(lt|amp|#0|#13|nbsp|shy|#x80);){0,30}"
        ) {
            let html = from_plain(&text);
            if !is_html(&text) && is_unchanged_by_parser(&html) {
                let redacted = |html: &str| redact_text(html, Language::Nl);
                prop_assert_eq!(redacted(&parsed(&html, None, Language::Nl).unwrap()), redacted(&html));
            }
        }

        #[test]
        fn no_text_must_make_the_cleaner_panic_or_leave_a_script(
            text in "[<>/a-c\"'= &;scriptëp]{0,80}"
        ) {
            let html = clean(&text);
            prop_assert!(!html.contains("<script"));
            plain_text(&html);
        }
    }
}
