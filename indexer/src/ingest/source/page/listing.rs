//! Pages that list others: menus of tags, archives, and home pages with a teaser of each article.
//!
//! A teaser is an element that begins with a line which is nothing but a link to another page of the
//! host, mostly a heading, followed by a date, an excerpt or the whole article.

use std::collections::HashSet;

use dom_query::{Document, NodeRef};
use url::Url;

use super::{
    decode,
    main_content::{BODIES, LISTING_OWN_BYTES, length},
    of_type, structured_data,
};
use crate::{
    html_page::PageMetadata,
    text_blocks::{SILENT_ELEMENTS, is_block, text_blocks},
};

/// Elements that surround the main content of any page.
const SURROUNDINGS: &str = "nav, aside, form, iframe, button, dialog, [role=navigation], \
    [role=complementary], [role=search], [role=banner], [role=contentinfo], [hidden], \
    [aria-hidden=true], body > header, body > footer, .breadcrumb, .breadcrumbs, .pagination, .pager, \
    .screen-reader-text, .visually-hidden, .sr-only, .skip-link, .cookie-notice";
/// Segments of the paths that generators give to pages of tags, categories, authors and months.
const LISTING_SEGMENTS: [&str; 9] = [
    "tag",
    "tags",
    "category",
    "categories",
    "author",
    "authors",
    "archive",
    "archives",
    "taxonomy",
];
/// Length of a teaser whose title is not a heading, in bytes.
const TEASER_BYTES_MAX: usize = 600;
/// Length of what precedes the title of a teaser, such as its date and category, in bytes.
const LEAD_BYTES_MAX: usize = 100;
/// Length of the text beside a link on a line of its own, such as a date: that of the link, or this
/// number of bytes.
const LINE_EXTRA_BYTES_MAX: usize = 16;
/// Maximum length of the path of a link to a page, in bytes.
const PATH_BYTES_MAX: usize = 500;
/// Length of a list of links below a teaser, such as its tags, in bytes.
const DETAILS_BYTES_MAX: usize = 150;

/// Classes that WordPress gives to the body of such pages.
const LISTING_BODIES: &str = "body.archive, body.blog, body.search";

/// Whether a page mostly consists of teasers of other pages, and does not state that it is an article.
/// Blocks that many pages of the site have do not count.
pub(in crate::ingest::source) fn is_listing(
    bytes: &[u8],
    address: &Url,
    repeated: &HashSet<u64>,
) -> bool {
    let html = decode(bytes);
    let page = PageMetadata::of(&html);
    let is_article = page.meta.get("og:type").is_some_and(|kind| kind == "article")
        || page.meta.contains_key("article:published_time")
        || of_type(&structured_data(&page), &["Article", "Posting"]).is_some();
    let document = Document::from(&*html);
    let has_path = is_path_of_listing(address);
    let has_sign = has_path || document.select(LISTING_BODIES).exists();
    let has_body = || BODIES.iter().any(|selector| document.select(selector).length() == 1);
    if is_article || (!has_sign && has_body()) {
        return false;
    }
    document.select(SURROUNDINGS).remove();
    let mains = document.select("main, [role=main]");
    let root = if mains.length() == 1 { mains } else { document.select("body") };
    let Some(root) = root.nodes().first() else { return false };
    let blocks = text_blocks(root).into_iter();
    for block in blocks.filter(|block| repeated.contains(&block.digest())) {
        block.node.remove_from_parent();
    }
    let mut content = Teasers { address }.read(root);
    if has_sign || content.target == TitleTarget::Many {
        content.close();
    }
    let rest = content.length.saturating_sub(content.covered);
    content.covered > rest && (has_sign || rest < LISTING_OWN_BYTES)
}

/// Whether generators give a path to lists only, such as `/tags/brieven/`, `/blog/page/2/` or
/// `/index2.html`.
fn is_path_of_listing(address: &Url) -> bool {
    let is_number = |text: &str| text.parse::<u16>().is_ok();
    let segments: Vec<_> = address.path_segments().into_iter().flatten().collect();
    let is_numbered = |segment: &&str| {
        let page = segment.strip_prefix("index").and_then(|rest| rest.strip_suffix(".html"));
        page.is_some_and(|rest| is_number(rest.trim_start_matches('-')))
    };
    segments.iter().any(|segment| LISTING_SEGMENTS.contains(segment))
        || segments.last().is_some_and(is_numbered)
        || segments.windows(2).any(|pair| pair[0] == "page" && is_number(pair[1]))
}

/// The pages to which the titles within an element lead.
#[derive(Debug, Clone, PartialEq, Eq)]
enum TitleTarget {
    None,
    One { path: String, is_heading: bool },
    Many,
}

/// The text of an element; lengths in bytes without white space.
#[derive(Debug)]
struct TeaserText {
    length: usize,
    /// That of teasers and links.
    covered: usize,
    target: TitleTarget,
    /// Length before the first title.
    lead: usize,
    /// Whether it is a heading that is no link.
    is_plain_heading: bool,
}

impl TeaserText {
    const EMPTY: Self =
        Self { length: 0, covered: 0, target: TitleTarget::None, lead: 0, is_plain_heading: false };

    /// Counts an element with one title as a teaser, if it is one.
    fn close(&mut self) {
        if let TitleTarget::One { is_heading, .. } = self.target
            && self.lead <= LEAD_BYTES_MAX
            && (is_heading || self.length <= TEASER_BYTES_MAX)
        {
            self.covered = self.length;
        }
    }

    fn is_heading_link(&self) -> bool {
        matches!(self.target, TitleTarget::One { is_heading: true, .. })
    }

    /// Whether it is a short list of links, such as the tags of a teaser.
    fn is_details(&self) -> bool {
        self.length <= DETAILS_BYTES_MAX && self.covered * 2 > self.length
    }
}

/// A line of inline elements between two blocks.
#[derive(Debug, Default)]
struct InlineLine {
    length: usize,
    linked: usize,
    paths: Vec<String>,
}

struct Teasers<'a> {
    address: &'a Url,
}

impl Teasers<'_> {
    /// Reads an element. The depth is that of the document, which is limited before its tree is built.
    fn read(&self, element: &NodeRef) -> TeaserText {
        let name = element.node_name().unwrap_or_default();
        let is_heading = matches!(&*name, "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "dt");
        let mut parts = Vec::new();
        let mut line = InlineLine::default();
        self.read_children(element, &mut parts, &mut line);
        parts.extend(line.text());
        let mut text = merge(parts);
        if is_heading {
            match &mut text.target {
                TitleTarget::One { is_heading, .. } => *is_heading = true,
                // The title of the page itself.
                TitleTarget::None if &*name == "h1" => return TeaserText::EMPTY,
                _ => text.is_plain_heading = true,
            }
        }
        text
    }

    fn read_children(&self, element: &NodeRef, parts: &mut Vec<TeaserText>, line: &mut InlineLine) {
        for child in element.children() {
            if child.is_text() {
                line.length += length(&child.text());
                continue;
            }
            let Some(name) = child.node_name() else { continue };
            if SILENT_ELEMENTS.contains(&&*name) {
                continue;
            }
            if is_block(&name) {
                parts.extend(std::mem::take(line).text());
                parts.push(self.read(&child));
                continue;
            }
            if &*name == "br" {
                parts.extend(std::mem::take(line).text());
                continue;
            }
            let Some(path) = self.path(&child).filter(|_| &*name == "a") else {
                self.read_children(&child, parts, line);
                continue;
            };
            let length = length(&child.text());
            if has_block(&child) {
                // A card that is one link.
                parts.extend(std::mem::take(line).text());
                let target = TitleTarget::One { path, is_heading: true };
                parts.push(TeaserText { length, covered: length, target, ..TeaserText::EMPTY });
            } else {
                line.length += length;
                line.linked += length;
                if length > 0 {
                    line.paths.push(path);
                }
            }
        }
    }

    /// The path of a link to another page of the host that is not above this one.
    fn path(&self, link: &NodeRef) -> Option<String> {
        let url = self.address.join(link.attr("href")?.trim()).ok()?;
        let is_other = url.path() != self.address.path() || url.query() != self.address.query();
        let is_above = self.address.path().starts_with(url.path());
        let is_own = url.host_str() == self.address.host_str() && is_other && !is_above;
        (is_own && url.path().len() <= PATH_BYTES_MAX).then(|| url.path().to_owned())
    }
}

impl InlineLine {
    /// The text of the line; `None` if it is empty.
    fn text(self) -> Option<TeaserText> {
        let Self { length, linked, mut paths } = self;
        let has_title = linked > 0 && length - linked <= LINE_EXTRA_BYTES_MAX.max(linked);
        paths.dedup();
        let target = match paths.as_slice() {
            [path] if has_title => TitleTarget::One { path: path.clone(), is_heading: false },
            _ => TitleTarget::None,
        };
        (length > 0).then_some(TeaserText { length, covered: linked, target, ..TeaserText::EMPTY })
    }
}

fn has_block(element: &NodeRef) -> bool {
    element.descendants_it().any(|node| node.node_name().is_some_and(|name| is_block(&name)))
}

/// The text of an element, from that of its parts in order.
fn merge(mut parts: Vec<TeaserText>) -> TeaserText {
    // The heading of a teaser decides, not its other links.
    let headings = targets(parts.iter().filter(|part| part.is_heading_link()));
    if headings == 1 && !parts.iter().any(|part| part.target == TitleTarget::Many) {
        for part in parts.iter_mut().filter(|part| !part.is_heading_link()) {
            part.target = TitleTarget::None;
        }
    } else if headings > 0 {
        for part in parts.iter_mut().filter(|part| part.is_details() && !part.is_heading_link()) {
            part.target = TitleTarget::None;
        }
    }
    let targets = targets(parts.iter());
    let has_list = parts.iter().any(|part| part.target == TitleTarget::Many);
    if targets > 1 || has_list {
        return merge_list(parts);
    }
    let mut all = TeaserText::EMPTY;
    for part in parts {
        if all.target == TitleTarget::None && part.target != TitleTarget::None {
            all.lead = all.length + part.lead;
            all.target = part.target;
        }
        all.length += part.length;
        all.covered += part.covered;
    }
    all
}

/// The text of a list of teasers. What follows a heading belongs to it, up to the next one.
fn merge_list(parts: Vec<TeaserText>) -> TeaserText {
    let mut all = TeaserText { target: TitleTarget::Many, ..TeaserText::EMPTY };
    let mut is_in_teaser = false;
    for mut part in parts {
        part.close();
        let is_excerpt = part.target == TitleTarget::None && !part.is_plain_heading;
        is_in_teaser = part.is_heading_link() || (is_in_teaser && is_excerpt);
        let is_covered = is_in_teaser && is_excerpt && part.length <= TEASER_BYTES_MAX;
        all.length += part.length;
        all.covered += if is_covered { part.length } else { part.covered };
    }
    all
}

/// The number of pages to which the titles of parts lead.
fn targets<'a>(parts: impl Iterator<Item = &'a TeaserText>) -> usize {
    let paths = parts.filter_map(|part| match &part.target {
        TitleTarget::One { path, .. } => Some(path.as_str()),
        _ => None,
    });
    paths.collect::<HashSet<_>>().len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text_blocks::TextBlock;

    const EXCERPT: &str = "<p>De gemeente herschrijft brieven, samen met inwoners, in duidelijke taal. \
        Zo begrijpt iedereen wat er staat.</p>";

    fn is_list(path: &str, body: &str) -> bool {
        let address = format!("https://a.example{path}").parse().unwrap();
        is_listing(body.as_bytes(), &address, &HashSet::new())
    }

    fn teasers(teaser: impl Fn(u32) -> String) -> String {
        (1..=4).map(teaser).collect()
    }

    #[test]
    fn teasers_must_be_recognised_in_any_markup() {
        let title = |n: u32| format!("<a href=/verhaal-{n}/>Verhaal {n}</a>");
        let tags = "<ul class=tags><li><a href=/tag/a/>brieven</a></li><li><a href=/tag/b/>B1</a></li></ul>";
        let lists = [
            teasers(|n| format!("<article><h2>{}</h2>{EXCERPT}</article>", title(n))),
            // Of whole articles.
            teasers(|n| format!("<div><h1>{}</h1>{}</div>", title(n), EXCERPT.repeat(9))),
            // With a date and a category before, and tags after.
            teasers(|n| {
                let before = "<p>28 november 2026 in <a href=/thema/x/>Taal</a></p>";
                format!("<li>{before}<h3>{}</h3>{EXCERPT}{tags}</li>", title(n))
            }),
            // One after the other, without elements of their own.
            teasers(|n| format!("<h2>{}</h2>{EXCERPT}", title(n))),
            teasers(|n| format!("<dt>{}<dd>{EXCERPT}</dd>", title(n))),
            // Cards that are one link, and lines with a date.
            teasers(|n| format!("<a href=/verhaal-{n}/><h3>Verhaal {n}</h3>{EXCERPT}</a>")),
            teasers(|n| format!("<li><time>28-11-2026</time> {}</li>", title(n))),
            teasers(|n| {
                format!("<li>{}{EXCERPT}<a href=/verhaal-{n}/>Lees meer</a></li>", title(n))
            }),
        ];
        for list in &lists {
            for page in [
                format!("<main><h1>Artikelen</h1>{list}</main>"),
                format!(
                    "<header>{EXCERPT}</header><h1>Artikelen</h1><p>Dit zijn ze.</p>{list}<footer>{EXCERPT}</footer>"
                ),
            ] {
                assert!(is_list("/artikelen/", &page), "{page}");
                let article = format!("<meta property=og:type content=article>{page}");
                assert!(!is_list("/artikelen/", &article), "{page}");
            }
        }
    }

    #[test]
    fn one_teaser_must_be_a_list_only_where_lists_are() {
        let page = format!("<main><h1>B1</h1><h2><a href=/een/>Een</a></h2>{EXCERPT}</main>");
        for (path, expected) in [
            ("/tag/b1/", true),
            ("/blog/page/2/", true),
            ("/index3.html", true),
            ("/page/over-ons/", false),
            ("/index.html", false),
            ("/toolkit/", false),
        ] {
            assert_eq!(is_list(path, &page), expected, "{path}");
        }
        assert!(is_list("/agenda/", &format!("<body class='archive x'>{page}")));
    }

    #[test]
    fn an_article_with_links_to_others_must_not_be_a_list() {
        let more = teasers(|n| format!("<li><a href=/verhaal-{n}/>Verhaal {n}</a></li>"));
        for article in [
            // Long, with a list of others below, and in a section for each.
            format!("{}<h2>Lees ook</h2><ul>{more}</ul>", EXCERPT.repeat(9)),
            teasers(|n| {
                let text = EXCERPT.repeat(3);
                format!(
                    "<section><h2>Stap {n}</h2>{text}<p><a href=/stap-{n}/>Begin</a></p></section>"
                )
            }),
            // Short, with links in its sentences, to other hosts, and to its own sections.
            teasers(|n| {
                format!(
                    "<p>Wij lazen <a href=/verhaal-{n}/>verhaal {n}</a> samen met inwoners.</p>"
                )
            }),
            teasers(|n| format!("<h2><a href=https://b.example/{n}>Boek {n}</a></h2>{EXCERPT}")),
            teasers(|n| format!("<h2><a href=#stap-{n}>Stap {n}</a></h2>{EXCERPT}")),
            // With a link to the list that it is in.
            format!("<p><a href=/category/>Alle artikelen</a></p>{EXCERPT}"),
        ] {
            let page = format!("<main><h1>Een</h1>{article}</main>");
            for path in ["/een/", "/category/taal/een/"] {
                assert!(!is_list(path, &page), "{page}");
            }
        }
    }

    #[test]
    fn text_that_all_pages_have_must_not_count() {
        let notice = EXCERPT.repeat(5).replace("</p><p>", " ");
        let page = format!(
            "<div>{notice}</div><ul>{}</ul>",
            teasers(|n| {
                format!(
                    "<li><a href=/verhaal-{n}/>Verhaal {n} over een brief van de gemeente</a></li>"
                )
            })
        );
        assert!(!is_list("/", &page));
        let document = Document::from(&*notice);
        let blocks = text_blocks(&document.root());
        let repeated = blocks.iter().map(TextBlock::digest).collect();
        assert!(is_listing(page.as_bytes(), &"https://a.example/".parse().unwrap(), &repeated));
    }
}
