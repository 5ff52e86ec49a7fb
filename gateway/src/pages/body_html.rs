//! Long texts on a page: the HTML sanitised at ingest, reduced to elements that carry text and load
//! nothing.
//!
//! Sanitised HTML is well-formed: `<` occurs only at the start of a tag, and attribute values are
//! in double quotes. One pass over the tags is therefore enough; nothing is parsed or sanitised
//! again.

use std::fmt::Write;

/// Elements allowed on a page. The tags of other elements are dropped; their text is kept.
const ALLOWED_ELEMENTS: [&str; 30] = [
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
/// Heading levels allowed on a page; of other levels only the text is kept.
const HEADINGS: [&str; 3] = ["h2", "h3", "h4"];

/// Sanitised HTML for our pages: no images, styles, classes or ids from the source, and headings
/// below the page title.
pub(super) fn page_html(sanitised: &str) -> String {
    let mut page = String::with_capacity(sanitised.len());
    let mut headings = HeadingLevels::default();
    let mut rest = sanitised;
    while let Some(at) = rest.find('<') {
        page.push_str(&rest[..at]);
        let Some(length) = tag_length(&rest[at..]) else {
            // Occurs only in a damaged text.
            page.push_str(&rest[at..].replace('<', "&lt;"));
            return page;
        };
        push_tag(&mut page, &mut headings, &rest[at + 1..at + length - 1]);
        rest = &rest[at + length..];
    }
    page.push_str(rest);
    page
}

/// The length in bytes of the tag at the start of a text; attribute values may contain `>`.
fn tag_length(text: &str) -> Option<usize> {
    let mut is_value = false;
    let end = text.bytes().position(|byte| {
        is_value ^= byte == b'"';
        byte == b'>' && !is_value
    });
    end.map(|end| end + 1)
}

/// Writes a tag; `tag` is the text between `<` and `>`.
fn push_tag(page: &mut String, headings: &mut HeadingLevels, tag: &str) {
    let (is_end, tag) = tag.strip_prefix('/').map_or((false, tag), |tag| (true, tag));
    let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
    if HEADINGS.contains(&name) {
        let level = if is_end { headings.current() } else { headings.begin(name) };
        let _ = write!(page, "<{}h{level}>", if is_end { "/" } else { "" });
    } else if !ALLOWED_ELEMENTS.contains(&name) {
        // Only its text is kept.
    } else if is_end {
        let _ = write!(page, "</{name}>");
    } else if let ("a", Some(href)) = (name, href(attributes)) {
        let _ = write!(page, "<a href=\"{href}\" rel=\"noopener noreferrer\">");
    } else if name == "a" {
        page.push_str("<a rel=\"noopener noreferrer\">");
    } else {
        let _ = write!(page, "<{name}>");
    }
}

/// The URL of a link.
fn href(attributes: &str) -> Option<&str> {
    let (before, value) = attributes.split_once("href=\"")?;
    // Not the end of another attribute name, and not inside another value.
    let is_name =
        before.is_empty() || (before.ends_with(' ') && before.matches('"').count() % 2 == 0);
    let (href, _) = value.split_once('"').filter(|_| is_name)?;
    let is_web = href.starts_with("http://") || href.starts_with("https://");
    is_web.then_some(href)
}

/// Renumbers heading levels so that none is skipped.
#[derive(Default)]
struct HeadingLevels {
    /// Source levels of the current heading and of those that enclose it.
    open: Vec<u8>,
}

impl HeadingLevels {
    fn begin(&mut self, name: &str) -> usize {
        let level = name.as_bytes()[1];
        self.open.retain(|open| *open < level);
        self.open.push(level);
        self.current()
    }

    fn current(&self) -> usize {
        self.open.len() + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_must_start_below_the_title_and_skip_no_level() {
        let html = "<h4>a</h4><p>x</p><h2>b</h2><h4>c</h4><h3>d</h3><h1>e</h1>";
        let expected = "<h2>a</h2><p>x</p><h2>b</h2><h3>c</h3><h3>d</h3>e";
        assert_eq!(page_html(html), expected);
    }

    #[test]
    fn only_elements_and_links_of_a_page_must_remain() {
        for (html, expected) in [
            ("<h2 title=\"x\">Kop</h2><hr><div lang=\"nl\">a<br>b</div>", "<h2>Kop</h2>a<br>b"),
            (
                "<p title=\"a > b\">a &lt; b<img src=\"https://a.example/x.png\" alt=\"c\"></p>",
                "<p>a &lt; b</p>",
            ),
            (
                "<a title=\"b\" href=\"https://b.example/?a=1&amp;b=2\" rel=\"noopener\">c</a>",
                "<a href=\"https://b.example/?a=1&amp;b=2\" rel=\"noopener noreferrer\">c</a>",
            ),
            ("<a title=\" href=\" rel=\"noopener\">c</a>", "<a rel=\"noopener noreferrer\">c</a>"),
            ("<a href=\"javascript:a()\">c</a>", "<a rel=\"noopener noreferrer\">c</a>"),
            ("<script>a</script><p", "a&lt;p"),
        ] {
            assert_eq!(page_html(html), expected, "{html}");
        }
    }

    #[test]
    fn a_page_must_be_written_in_linear_time() {
        for piece in ["<p>a</p>", "<", "<a href=\"", "<p title=\"", "<h2>", "</h2>"] {
            let start = std::time::Instant::now();
            page_html(&piece.repeat((2 << 20) / piece.len()));
            assert!(start.elapsed() < std::time::Duration::from_secs(5), "{piece}");
        }
    }
}
