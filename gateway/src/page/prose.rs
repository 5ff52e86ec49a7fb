//! Long texts: HTML of a source, cleaned once more for a page that loads nothing from elsewhere.

use std::{collections::HashSet, sync::LazyLock};

use ammonia::Builder;

/// Elements that a text may have: what says something, nothing that loads or runs.
const ELEMENTS: [&str; 30] = [
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
];

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut elements: HashSet<&str> = ELEMENTS.into_iter().collect();
    elements.extend(["thead", "ul", "small"]);
    let mut cleaner = Builder::default();
    cleaner
        .tags(elements)
        .tag_attributes([("a", HashSet::from(["href"]))].into())
        .generic_attributes(HashSet::new())
        .url_schemes(HashSet::from(["http", "https"]))
        .link_rel(Some("noopener noreferrer"));
    cleaner
});

/// HTML that is safe on our pages: no picture, frame, style, class or id of a source is left.
pub(super) fn safe(html: &str) -> String {
    CLEANER.clean(html).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

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
