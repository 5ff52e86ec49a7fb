//! Balanced HTML: every element has an end tag, no element is nested deeper than [`NESTING_MAX`],
//! and there are at most [`ELEMENTS_MAX`] elements. It is produced in one pass, before a parser
//! reads it: on misnested or deeply nested HTML, the algorithms of the HTML standard take quadratic
//! time and memory.
//!
//! Text is never lost; if a limit is reached, tags are dropped.

use std::collections::BTreeMap;

use super::tokens::{HtmlTag, HtmlToken, HtmlTokens};

/// Maximum nesting depth of elements.
pub(crate) const NESTING_MAX: usize = 256;
/// Maximum number of elements per text.
pub(crate) const ELEMENTS_MAX: usize = 20_000;
/// Maximum number of open formatting elements: a parser reopens them in each block.
const FORMATTING_NESTING_MAX: usize = 16;

/// Elements whose content is not readable text.
const UNREADABLE_ELEMENTS: [&str; 7] =
    ["script", "style", "iframe", "noscript", "object", "svg", "template"];
/// Elements whose content is not HTML: without an end tag, a browser ignores everything after them.
const RAW_ELEMENTS: [&str; 3] = ["script", "style", "iframe"];
/// Elements that a parser handles specially and that sanitising removes anyway.
const DROPPED_ELEMENTS: [&str; 28] = [
    "html",
    "head",
    "body",
    "base",
    "link",
    "meta",
    "title",
    "frameset",
    "frame",
    "noframes",
    "noembed",
    "embed",
    "param",
    "source",
    "track",
    "form",
    "input",
    "button",
    "select",
    "option",
    "optgroup",
    "textarea",
    "plaintext",
    "xmp",
    "math",
    "applet",
    "marquee",
    "image",
];
/// Elements within a line or a table. Other names, such as the one of *Vector<int>*, are no HTML:
/// their tags are dropped and their text stays.
const INLINE_ELEMENTS: &str = "a abbr acronym audio b bdi bdo big canvas caption cite code col colgroup \
    data dd del dfn dt em font i img ins kbd label legend li map mark meter nobr output picture \
    progress q rb rp rt rtc ruby s samp slot small span strike strong sub sup tbody td tfoot th \
    thead time tr tt u var video wbr area br hr";
const VOID_ELEMENTS: [&str; 6] = ["area", "br", "col", "hr", "img", "wbr"];
const FORMATTING_ELEMENTS: [&str; 14] = [
    "a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u",
];
/// Elements whose start tag ends an open paragraph.
const BLOCK_ELEMENTS: [&str; 41] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "center",
    "dd",
    "details",
    "dialog",
    "dir",
    "div",
    "dl",
    "dt",
    "fieldset",
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
    "hgroup",
    "hr",
    "li",
    "listing",
    "main",
    "menu",
    "nav",
    "ol",
    "p",
    "pre",
    "search",
    "section",
    "summary",
    "table",
    "ul",
    "legend",
    "caption",
    "td",
];
const HEADINGS: [&str; 6] = ["h1", "h2", "h3", "h4", "h5", "h6"];
/// Elements that an end tag inside them cannot close, except the end tag of a table element.
const SCOPES: [&str; 4] = ["caption", "table", "td", "th"];
const TABLE_ELEMENTS: [&str; 8] =
    ["caption", "colgroup", "tbody", "td", "tfoot", "th", "thead", "tr"];

/// The elements that a start tag implicitly closes, and those at which the search for them stops.
fn implied_ends(name: &str) -> (&'static [&'static str], &'static [&'static str]) {
    match name {
        "li" => (&["li"], &["ol", "ul", "menu", "dir"]),
        "dt" | "dd" => (&["dt", "dd"], &["dl"]),
        "tr" => (&["tr", "td", "th", "caption", "colgroup"], &["table"]),
        "td" | "th" => (&["td", "th", "caption", "colgroup"], &["table", "tr"]),
        "thead" | "tbody" | "tfoot" => {
            (&["thead", "tbody", "tfoot", "tr", "td", "th", "caption", "colgroup"], &["table"])
        }
        "caption" | "colgroup" => (&["caption", "colgroup"], &["table"]),
        "rt" | "rp" | "rtc" => (&["rt", "rp"], &["ruby"]),
        "a" => (&["a"], &SCOPES),
        _ => (&[], &[]),
    }
}

/// Markup without an end, which hides the text after it from readers of the source.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not closed, so that the text after it would be hidden; close or escape it")]
pub(crate) struct UnclosedMarkup(String);

/// Balances HTML.
///
/// # Errors
/// [`UnclosedMarkup`] for a comment or a script, style or frame without an end.
pub(super) fn balance(html: &str) -> Result<String, UnclosedMarkup> {
    let mut tokens = HtmlTokens::of(html);
    let mut balancer = Balancer::default();
    while let Some(token) = tokens.next() {
        match token {
            HtmlToken::Comment => {}
            HtmlToken::Text(text) => balancer.output.push_str(&text.replace('<', "&lt;")),
            HtmlToken::Tag(tag) if UNREADABLE_ELEMENTS.contains(&tag.name.as_str()) => {
                if let Some(end) = balancer.unreadable_end(html, &tag)? {
                    tokens.skip_to(end);
                }
            }
            HtmlToken::Tag(tag) if tag.is_end => balancer.end_tag(&tag.name),
            HtmlToken::Tag(tag) => balancer.start_tag(&tag),
        }
    }
    if tokens.has_open_comment() {
        return Err(UnclosedMarkup("<!--".to_owned()));
    }
    balancer.end_down_to(0);
    Ok(balancer.output)
}

#[derive(Default)]
struct Balancer {
    output: String,
    /// Names of the open elements, innermost last.
    open: Vec<String>,
    /// Number of open elements by name.
    open_counts: BTreeMap<String, usize>,
    elements: usize,
    /// Positions of the end tags of unreadable elements, by name.
    unreadable_ends: BTreeMap<String, Vec<usize>>,
}

impl Balancer {
    fn start_tag(&mut self, tag: &HtmlTag) {
        let name = tag.name.as_str();
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let is_html = BLOCK_ELEMENTS.contains(&name)
            || HEADINGS.contains(&name)
            || UNREADABLE_ELEMENTS.contains(&name)
            || TABLE_ELEMENTS.contains(&name)
            || INLINE_ELEMENTS.split_ascii_whitespace().any(|known| known == name);
        if DROPPED_ELEMENTS.contains(&name) || !is_html || !name.chars().all(is_plain) {
            return;
        }
        if self.elements == ELEMENTS_MAX {
            return self.separate(name);
        }
        let (ended, scope) = implied_ends(name);
        if let Some(index) = self.outermost_within(ended, scope) {
            self.end_down_to(index);
        }
        if BLOCK_ELEMENTS.contains(&name)
            && let Some(index) = self.innermost("p", &SCOPES)
        {
            self.end_down_to(index);
        }
        let is_formatting = |name: &str| FORMATTING_ELEMENTS.contains(&name);
        let formatting = || -> usize {
            FORMATTING_ELEMENTS.iter().filter_map(|name| self.open_counts.get(*name)).sum()
        };
        if self.open.len() == NESTING_MAX
            || (is_formatting(name) && formatting() == FORMATTING_NESTING_MAX)
        {
            return self.separate(name);
        }
        self.elements += 1;
        self.push_start(tag);
        if !VOID_ELEMENTS.contains(&name) {
            self.open.push(name.to_owned());
            *self.open_counts.entry(name.to_owned()).or_default() += 1;
        }
    }

    /// Replaces an omitted start tag, so that words of two blocks remain separate.
    fn separate(&mut self, name: &str) {
        self.output.push_str(if BLOCK_ELEMENTS.contains(&name) { "\n" } else { "" });
    }

    fn push_start(&mut self, tag: &HtmlTag) {
        self.output.push('<');
        self.output.push_str(&tag.name);
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':');
        for (name, value) in tag.attributes.iter().filter(|(name, _)| name.chars().all(is_plain)) {
            self.output.push(' ');
            self.output.push_str(name);
            self.output.push_str("=\"");
            self.output.push_str(&value.replace('"', "&quot;"));
            self.output.push('"');
        }
        self.output.push('>');
    }

    fn end_tag(&mut self, name: &str) {
        let scope: &[&str] = match name {
            "table" => &[],
            name if TABLE_ELEMENTS.contains(&name) => &["table"],
            _ => &SCOPES,
        };
        match self.innermost(name, scope) {
            Some(index) => self.end_down_to(index),
            // A browser treats it as a line break.
            None if name == "br" => self.output.push_str("<br>"),
            None => {}
        }
    }

    fn is_open(&self, name: &str) -> bool {
        self.open_counts.get(name).is_some_and(|count| *count > 0)
    }

    /// The index of the innermost open element with a name, unless an element of `scope` is inside
    /// it.
    fn innermost(&self, name: &str, scope: &[&str]) -> Option<usize> {
        if !HEADINGS.contains(&name) && !self.is_open(name) {
            return None;
        }
        // A browser closes an open heading at the end tag of any heading.
        let is_heading = |name: &str| HEADINGS.contains(&name);
        let matches = |open: &str| open == name || (is_heading(name) && is_heading(open));
        let mut inner = self.open.iter().enumerate().rev();
        let (index, found) =
            inner.find(|(_, open)| matches(open) || scope.contains(&open.as_str()))?;
        matches(found).then_some(index)
    }

    /// The index of the outermost open element with one of `names` that is not inside an element of
    /// `scope`.
    fn outermost_within(&self, names: &[&str], scope: &[&str]) -> Option<usize> {
        if !names.iter().any(|name| self.is_open(name)) {
            return None;
        }
        let is_scope = |open: &str| {
            scope.contains(&open) || (SCOPES.contains(&open) && !names.contains(&open))
        };
        let inner = self.open.iter().enumerate().rev();
        let within = inner.take_while(|(_, open)| !is_scope(open));
        within.filter(|(_, open)| names.contains(&open.as_str())).map(|(index, _)| index).last()
    }

    /// Writes the end tags of all open elements from an index onwards.
    fn end_down_to(&mut self, index: usize) {
        for name in self.open.drain(index..).rev() {
            self.output.push_str("</");
            self.output.push_str(&name);
            self.output.push('>');
            self.open_counts.entry(name).and_modify(|count| *count -= 1);
        }
    }

    /// The end of the content of an unreadable element. Without an end tag nothing is skipped.
    fn unreadable_end(
        &mut self,
        html: &str,
        tag: &HtmlTag,
    ) -> Result<Option<usize>, UnclosedMarkup> {
        if tag.is_end {
            return Ok(None);
        }
        let ends = self.unreadable_ends.entry(tag.name.clone()).or_insert_with(|| {
            let end_tag = format!("</{}", tag.name);
            html.to_ascii_lowercase().match_indices(&end_tag).map(|(at, _)| at).collect()
        });
        match ends.get(ends.partition_point(|end| *end < tag.range.end)) {
            Some(end) => Ok(Some(*end)),
            None if RAW_ELEMENTS.contains(&tag.name.as_str()) => {
                Err(UnclosedMarkup(format!("<{}>", tag.name)))
            }
            None => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_element_must_have_its_end_and_no_text_must_be_lost() {
        for (html, expected) in [
            ("<p>a<p>b", "<p>a</p><p>b</p>"),
            (
                "<p>Een Vector<int> en <text>b</text> of <path>c <naam>.</p>",
                "<p>Een Vector en b of c .</p>",
            ),
            (
                "<ul><li>a<li>b<ul><li>c</ul></ul>",
                "<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>",
            ),
            ("<div></x></div></div>", "<div></div>"),
            ("<b><i>a</b>b</i>", "<b><i>a</i></b>b"),
            (
                "<table><tr><td>a<td>b<tr><td>c</table>d",
                "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>d",
            ),
            ("<td><p>a</div>b</td>", "<td><p>ab</p></td>"),
            ("<h2>a</h3>b", "<h2>a</h2>b"),
            ("a<br>b</br><hr>", "a<br>b<br><hr>"),
            ("<p>a<span>b<div>c", "<p>a<span>b</span></p><div>c</div>"),
            ("<form><main>a</main></form>", "<main>a</main>"),
            ("<a href=x>b<a href='y\"z'>c", "<a href=\"x\">b</a><a href=\"y&quot;z\">c</a>"),
            ("a <!-- </b> --> b<!>c<!-->d<?e?>f", "a  bcdf"),
            ("<script>a<b</script>c<svg>d</svg>e<SVG>f", "cef"),
            ("1 < 2 <<b>3", "1 &lt; 2 &lt;<b>3</b>"),
            // An unterminated tag is text.
            ("a<b c=\"d>e", "a&lt;b c=\"d>e"),
        ] {
            assert_eq!(balance(html).as_deref(), Ok(expected), "{html}");
        }
    }

    #[test]
    fn markup_that_hides_the_rest_of_a_text_must_be_an_error() {
        for (html, markup) in [
            ("a<!--b", "<!--"),
            ("a<!-- b -->c<!-- d", "<!--"),
            ("a<script>b", "<script>"),
            ("<script>a</script>b<SCRIPT src=x>c", "<script>"),
            ("a<style>b</p>", "<style>"),
            ("a<iframe src='x'>b", "<iframe>"),
        ] {
            assert_eq!(balance(html), Err(UnclosedMarkup(markup.to_owned())), "{html}");
        }
        for html in ["a<svg>b", "a</script>b", "<script>a</script >b", "a<!-->b", "a<!DOCTYPE x>b"]
        {
            assert!(balance(html).is_ok_and(|text| text.contains('b')), "{html}");
        }
    }

    #[test]
    fn beyond_a_limit_tags_must_be_left_out_and_text_must_stay() {
        let balance = |html: &str| balance(html).unwrap();
        let deep = balance(&format!("{}a{}", "<div>".repeat(300), "</div>".repeat(300)));
        assert_eq!(deep.matches("<div>").count(), NESTING_MAX);
        assert!(deep.contains('a'), "{deep}");
        let many = balance(&"<p>a</p>".repeat(ELEMENTS_MAX + 5));
        assert_eq!(many.matches("<p>").count(), ELEMENTS_MAX);
        assert_eq!(many.matches('a').count(), ELEMENTS_MAX + 5);
        let formatted = balance(&format!("{}a", "<b>".repeat(99)));
        assert_eq!(formatted.matches("<b>").count(), FORMATTING_NESTING_MAX);
        let attributes = (0..99).map(|n| format!(" a{n}=b")).collect::<Vec<_>>().concat();
        let attributes = balance(&format!("<p{attributes}>a"));
        assert_eq!(attributes.matches("=\"b\"").count(), super::super::tokens::ATTRIBUTES_MAX);
    }

    proptest! {
        #[test]
        fn any_text_must_be_balanced(
            pieces in prop::collection::vec(prop::sample::select(vec![
                "<p>", "</p>", "<div>", "</div>", "<b>", "</b>", "<li>", "<ul>", "</ul>", "<table>",
                "</table>", "<tr>", "<td>", "</td>", "a", "<", ">", "\"", "<a href=\"", "<!--", "-->",
                "<svg>", "</svg>", "<script>", "</script>", "</h2>", "<h1>", "/", "=", "'",
            ]), 0..30),
        ) {
            let Ok(html) = balance(&pieces.concat()) else { return Ok(()) };
            let mut open = Vec::new();
            for token in HtmlTokens::of(&html) {
                let HtmlToken::Tag(tag) = token else { continue };
                if tag.is_end {
                    prop_assert_eq!(open.pop(), Some(tag.name));
                } else if !VOID_ELEMENTS.contains(&tag.name.as_str()) {
                    open.push(tag.name);
                }
            }
            prop_assert!(open.is_empty(), "{} {:?}", html, open);
            prop_assert_eq!(balance(&html), Ok(html));
        }
    }
}
