//! The main content of a page, without what surrounds it: menus, comments, authors and dates, links to
//! other articles.

use std::collections::HashSet;

use dom_query::{Document, Selection};
use dom_smoothie::{CandidateSelectMode, Config, Readability, TextMode};
use url::Url;

use super::{ELEMENTS_MAX, is_permalink_sign};
use crate::text_blocks::text_blocks;

/// Length of a text that is an article, in bytes: of a shorter one, the main element is used as it is.
const ARTICLE_BYTES: usize = 500;
/// Length of text outside links from which a page is more than a list of links, in bytes.
pub(super) const LISTING_OWN_BYTES: usize = 400;
/// Length from which a block that many pages have is left out wherever it is, in characters.
const REPEATED_CHARS_MIN: usize = 40;
/// Maximum length of an element with details of an article, such as its author, in bytes.
const DETAILS_BYTES_MAX: usize = 400;

/// Elements that hold the text of an article: schema.org, microformats, and the classes that the
/// themes of most systems share.
pub(super) const BODIES: [&str; 10] = [
    "[itemprop=articleBody]",
    ".e-content",
    ".entry-content",
    ".post-content",
    ".article-content",
    ".article-body",
    ".post-body",
    ".markdown-body",
    ".sl-markdown-content",
    ".vp-doc",
];
/// Elements that are never content.
const SURROUNDINGS: &str = "nav, aside, form, script, style, noscript, iframe, template, h1, button, \
    dialog, [role=navigation], [role=complementary], [role=search], [hidden], [aria-hidden=true], \
    #comments, .comments, .comments-area, .comment-list, .comment-respond, #respond, \
    .wp-block-post-comments, .wp-block-comments, .related-posts, .breadcrumb, .breadcrumbs, \
    .pagination, .pager, .screen-reader-text, .visually-hidden, .sr-only, .skip-link, .cookie-notice, \
    .toc, .table-of-contents";
/// Elements with details of an article, which are content if they are long.
const DETAILS: &str = "header, footer, .post-meta, .entry-meta, .article-meta, .meta, .metadata, .byline, \
    .post-info, .post-tags, .tags, .tag-list, .share, .sharing, .social-share, .author-box, \
    .author-bio, .post-author, .wp-block-post-author, .wp-block-post-date, .wp-block-post-terms, \
    .post-copyright, .post-nav, .related";

/// The main content as HTML: the element that is marked as the text of an article, or else what reads
/// like one within the only main element or in the whole page. A main element with little text is
/// used without its surroundings.
pub(super) fn main_content(document: &Document, address: &Url) -> String {
    if let Some(body) = body(document) {
        remove_surroundings(&body);
        return body.inner_html().to_string();
    }
    let mains = document.select("main, [role=main]");
    let articles = document.select("main article, [role=main] article, body > article");
    let only = [articles, mains].into_iter().find(|found| found.length() == 1);
    let main = only.map(|main| {
        remove_surroundings(&main);
        main.inner_html().to_string()
    });
    let source = main.as_deref().map_or_else(
        || document.html().to_string(),
        |main| format!("<html><body><main>{main}</main></body></html>"),
    );
    let config = Config {
        max_elements_to_parse: ELEMENTS_MAX,
        candidate_select_mode: CandidateSelectMode::DomSmoothie,
        text_mode: TextMode::Raw,
        disable_json_ld: true,
        ..Config::default()
    };
    let article = Readability::new(source, Some(address.as_str()), Some(config));
    let article = article.ok().and_then(|mut page| page.parse().ok());
    let article = article.filter(|article| main.is_none() || article.length > ARTICLE_BYTES);
    article.map(|article| article.content.to_string()).or(main).unwrap_or_default()
}

/// The element that is marked as the text of the article: the smallest with text of those of which a
/// page has one only.
fn body(document: &Document) -> Option<Selection<'_>> {
    let found = BODIES.iter().map(|selector| document.select(selector));
    let only = found.filter(|found| found.length() == 1 && length(&found.text()) > 0);
    only.min_by_key(|found| length(&found.text()))
}

/// Removes what is no content from an element.
fn remove_surroundings(main: &Selection) {
    main.select(SURROUNDINGS).remove();
    // Who said it; readability would remove it.
    main.select("blockquote footer").rename("p");
    let is_quoted = |element: &Selection| {
        let ancestors = element.nodes().iter().flat_map(|node| node.ancestors(None));
        let mut names = ancestors.filter_map(|node| node.node_name());
        names.any(|name| matches!(&*name, "blockquote" | "figure"))
    };
    for element in &main.select(DETAILS) {
        if length(&element.text()) <= DETAILS_BYTES_MAX && !is_quoted(&element) {
            element.remove();
        }
    }
    for link in &main.select("h2 a, h3 a, h4 a, h5 a, h6 a") {
        if link.text().chars().all(is_permalink_sign) {
            link.remove();
        }
    }
}

/// A main content without the blocks that many pages of the site have: long ones wherever they are, and
/// short ones at its start and end, where no other text is in between. It stays as it is if nothing
/// else would remain.
pub(in crate::ingest::source) fn without_repeated(html: &str, repeated: &HashSet<u64>) -> String {
    if repeated.is_empty() {
        return html.to_owned();
    }
    let document = Document::from(html);
    let blocks = text_blocks(&document.root());
    let is_repeated: Vec<bool> =
        blocks.iter().map(|block| repeated.contains(&block.digest())).collect();
    let start = is_repeated.iter().take_while(|one| **one).count();
    let end = is_repeated.iter().rev().take_while(|one| **one).count();
    if start == blocks.len() || !is_repeated.contains(&true) {
        return html.to_owned();
    }
    let middle = start..blocks.len() - end;
    for (at, block) in blocks.iter().enumerate() {
        let is_long = block.text.chars().nth(REPEATED_CHARS_MIN - 1).is_some();
        if is_repeated[at] && (is_long || !middle.contains(&at)) {
            block.node.remove_from_parent();
        }
    }
    document.select("body").inner_html().to_string()
}

/// The lengths of the text of a page, in bytes without white space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ingest::source) struct TextLengths {
    /// All of it.
    pub(in crate::ingest::source) total: usize,
    /// That of links to pages of the same host.
    linked: usize,
}

/// The lengths of the text of a main content.
pub(in crate::ingest::source) fn text_lengths(html: &str, address: &Url) -> TextLengths {
    let document = Document::from(html);
    let links = document.select("a");
    let is_own = |link: &Selection| {
        let target = link.attr("href").and_then(|href| address.join(href.trim()).ok());
        target.is_none_or(|target| target.host_str() == address.host_str())
    };
    let own = links.iter().filter(is_own);
    let linked = own.map(|link| length(&link.text())).sum();
    TextLengths { total: length(&document.select("body").text()), linked }
}

pub(super) fn length(text: &str) -> usize {
    text.split_whitespace().map(str::len).sum()
}

impl TextLengths {
    /// Whether the page mostly lists other pages.
    pub(in crate::ingest::source) fn is_listing(self) -> bool {
        let own = self.total.saturating_sub(self.linked);
        self.linked > own && own < LISTING_OWN_BYTES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARAGRAPH: &str = "<p>De gemeente herschrijft brieven, samen met inwoners, in duidelijke \
        taal. Zo begrijpt iedereen wat er staat, ook wie minder vaak leest.</p>";

    fn content(html: &str) -> String {
        let address = "https://a.example/een/".parse().unwrap();
        main_content(&Document::from(html), &address)
    }

    #[test]
    fn what_surrounds_an_article_must_be_left_out() {
        let details = "<header><h1>Een</h1><p>28 november 2026 door Sanne</p></header>";
        let after = "<footer>Onderwerpen: brieven</footer><div id=comments>Karin zegt: dank!</div>\
            <div class=post-nav><a href=/b/>Volgende</a></div>";
        let quote = "<blockquote><p>Zo kan het.</p><footer>Kim</footer></blockquote>";
        let heading = "<h2>Aanpak <a class=headerlink href=#a>¶</a></h2>";
        let text = format!("{PARAGRAPH}{heading}{quote}");
        for html in [
            format!("<main><article>{details}{text}{after}</article></main>"),
            format!("<div class=post>{details}<div class=entry-content>{text}</div>{after}</div>"),
            format!("<main>{details}<div itemprop=articleBody>{text}</div>{after}</main>"),
            format!(
                "<article class=post-content>{details}<div class=markdown-body>{text}</div>{after}</article>"
            ),
            format!("<main>{details}{}{heading}{quote}{after}</main>", PARAGRAPH.repeat(8)),
        ] {
            let found = content(&html);
            for text in ["herschrijft brieven", "Aanpak", "Zo kan het", "Kim"] {
                assert!(found.contains(text), "{text}: {html}\n{found}");
            }
            for text in ["28 november", "Onderwerpen", "Karin", "Volgende", "¶"] {
                assert!(!found.contains(text), "{text}: {html}\n{found}");
            }
        }
        // A header that is an introduction, and details that are long.
        let lead = PARAGRAPH.repeat(4);
        assert!(
            content(&format!("<main><header>{lead}</header><p>Kort.</p></main>"))
                .contains("brieven")
        );
        assert!(content(&format!("<main><div class=meta>{lead}</div></main>")).contains("brieven"));
    }

    #[test]
    fn repeated_blocks_must_go_where_no_other_text_surrounds_them() {
        let digest = |text: &str| {
            let document = Document::from(format!("<p>{text}</p>"));
            text_blocks(&document.root())[0].digest()
        };
        let long = "Deze website gebruikt cookies om te meten wat u leest.";
        let repeated = HashSet::from([long, "Menu", "Aanpak", "Deel deze pagina"].map(digest));
        let html = format!(
            "<p>Menu</p><p>{long}</p><p>Een eigen zin.</p><h2>Aanpak</h2><p>{long}</p><p>Nog een zin.</p>\
             <ul><li>Deel deze  pagina</li></ul><p>Aanpak</p>"
        );
        let found = without_repeated(&html, &repeated);
        assert_eq!(found, "<p>Een eigen zin.</p><h2>Aanpak</h2><p>Nog een zin.</p><ul></ul>");
        // Nothing else would remain, or nothing is repeated.
        for html in [format!("<p>Menu</p><p>{long}</p>"), "<p>Los</p>".to_owned(), String::new()] {
            assert_eq!(without_repeated(&html, &repeated), html);
        }
        assert_eq!(without_repeated(&html, &HashSet::new()), html);
    }
}
