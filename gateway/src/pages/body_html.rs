//! Long texts: HTML of a source, cleaned once more for a page that loads nothing from elsewhere.

use std::{collections::HashSet, fmt::Write, sync::LazyLock};

use ammonia::Builder;

/// Elements that a text may have: what says something, nothing that loads or runs.
const ALLOWED_ELEMENTS: [&str; 33] = [
    "a",
    "abbr",
    "b",
    "blockquote",
    "br",
    "cite",
    "code",
    "dd",
    "del",
    "dl",
    "dt",
    "em",
    "h2",
    "h3",
    "h4",
    "i",
    "ins",
    "li",
    "ol",
    "p",
    "pre",
    "q",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "th",
    "tr",
    "thead",
    "ul",
    "small",
];

static SANITISER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut sanitiser = Builder::default();
    sanitiser
        .tags(ALLOWED_ELEMENTS.into_iter().collect())
        .tag_attributes([("a", HashSet::from(["href"]))].into())
        .generic_attributes(HashSet::new())
        .url_schemes(HashSet::from(["http", "https"]))
        .link_rel(Some("noopener noreferrer"));
    sanitiser
});

/// HTML that is safe on our pages: no picture, frame, style, class or id of a source is left.
pub(super) fn sanitise_html(html: &str) -> String {
    normalise_headings(&SANITISER.clean(html).to_string())
}

/// Headings below the title of the page, no level left out. In clean HTML a tag without attributes is
/// written in one way, and `<` in a text is not.
fn normalise_headings(html: &str) -> String {
    let mut normalised = String::with_capacity(html.len());
    let mut open_levels: Vec<u32> = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find("<h") {
        let (before, tag) = rest.split_at(at);
        normalised.push_str(before);
        let level = tag.as_bytes().get(2).and_then(|digit| char::from(*digit).to_digit(10));
        let Some(level) = level.filter(|_| tag.as_bytes().get(3) == Some(&b'>')) else {
            normalised.push_str("<h");
            rest = &tag[2..];
            continue;
        };
        open_levels.retain(|one| *one < level);
        open_levels.push(level);
        let new_level = open_levels.len() + 1;
        let end = format!("</h{level}>");
        let (text, after) = tag[4..].split_once(&end).unwrap_or((&tag[4..], ""));
        let _ = write!(normalised, "<h{new_level}>{text}</h{new_level}>");
        rest = after;
    }
    normalised.push_str(rest);
    normalised
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_must_start_below_the_title_and_skip_no_level() {
        let html = "<h4>a</h4><p>x</p><h2>b</h2><h4>c</h4><h3>d</h3>";
        let expected = "<h2>a</h2><p>x</p><h2>b</h2><h3>c</h3><h3>d</h3>";
        assert_eq!(sanitise_html(html), expected);
    }

    #[test]
    fn markup_that_loads_or_runs_must_be_removed() {
        let html = "<h2 id=x class=y>Kop</h2><p style=\"color:red\" onclick=a()>Tekst \
                    <img src=https://a.example/x.png><script>a()</script><iframe src=x></iframe>\
                    <a href=\"javascript:a()\">een</a> <a href=https://b.example/>twee</a></p>";
        let sanitised = sanitise_html(html);
        for removed in ["<img", "script", "iframe", "style", "class", "id=", "onclick"] {
            assert!(!sanitised.contains(removed), "{removed}: {sanitised}");
        }
        assert!(sanitised.contains("<h2>Kop</h2>"), "{sanitised}");
        assert!(sanitised.contains("href=\"https://b.example/\""), "{sanitised}");
    }
}
