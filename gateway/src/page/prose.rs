//! Long texts: HTML of a source, cleaned once more for a page that loads nothing from elsewhere.

use std::{collections::HashSet, fmt::Write, sync::LazyLock};

use ammonia::Builder;

/// Elements that a text may have: what says something, nothing that loads or runs.
const ELEMENTS: [&str; 33] = [
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

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut cleaner = Builder::default();
    cleaner
        .tags(ELEMENTS.into_iter().collect())
        .tag_attributes([("a", HashSet::from(["href"]))].into())
        .generic_attributes(HashSet::new())
        .url_schemes(HashSet::from(["http", "https"]))
        .link_rel(Some("noopener noreferrer"));
    cleaner
});

/// HTML that is safe on our pages: no picture, frame, style, class or id of a source is left.
pub(super) fn safe(html: &str) -> String {
    in_order(&CLEANER.clean(html).to_string())
}

/// Headings below the title of the page, no level left out. In clean HTML a tag without attributes is
/// written in one way, and `<` in a text is not.
fn in_order(html: &str) -> String {
    let mut ordered = String::with_capacity(html.len());
    let mut above: Vec<u32> = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find("<h") {
        let (before, tag) = rest.split_at(at);
        ordered.push_str(before);
        let level = tag.as_bytes().get(2).and_then(|digit| char::from(*digit).to_digit(10));
        let Some(level) = level.filter(|_| tag.as_bytes().get(3) == Some(&b'>')) else {
            ordered.push_str("<h");
            rest = &tag[2..];
            continue;
        };
        above.retain(|one| *one < level);
        above.push(level);
        let place = above.len() + 1;
        let end = format!("</h{level}>");
        let (text, after) = tag[4..].split_once(&end).unwrap_or((&tag[4..], ""));
        let _ = write!(ordered, "<h{place}>{text}</h{place}>");
        rest = after;
    }
    ordered.push_str(rest);
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_must_begin_below_the_title_and_leave_no_level_out() {
        let html = "<h4>a</h4><p>x</p><h2>b</h2><h4>c</h4><h3>d</h3>";
        let ordered = "<h2>a</h2><p>x</p><h2>b</h2><h3>c</h3><h3>d</h3>";
        assert_eq!(safe(html), ordered);
    }

    #[test]
    fn nothing_that_loads_or_runs_must_be_left() {
        let html = "<h2 id=x class=y>Kop</h2><p style=\"color:red\" onclick=a()>Tekst \
                    <img src=https://a.example/x.png><script>a()</script><iframe src=x></iframe>\
                    <a href=\"javascript:a()\">een</a> <a href=https://b.example/>twee</a></p>";
        let safe = safe(html);
        for gone in ["<img", "script", "iframe", "style", "class", "id=", "onclick"] {
            assert!(!safe.contains(gone), "{gone}: {safe}");
        }
        assert!(safe.contains("<h2>Kop</h2>"), "{safe}");
        assert!(safe.contains("href=\"https://b.example/\""), "{safe}");
    }
}
