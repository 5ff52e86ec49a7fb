//! What an HTML page states about itself: title, language, canonical address, robots, structured
//! data and times. One linear pass over its tokens, without a tree.
//!
//! Must not know: sources, fields of records, and how the main content of a page is found.

use std::{borrow::Cow, cell::RefCell, collections::BTreeMap};

use encoding_rs::{Encoding, WINDOWS_1252};
use html5ever::{
    TokenizerResult,
    tendril::StrTendril,
    tokenizer::{
        BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
        states::RawKind,
    },
};

/// Maximum length of a text that is read, such as a title, in bytes.
const TEXT_BYTES_MAX: usize = 2_000;
/// Maximum length of one block of structured data, in bytes, and number of blocks.
const DATA_BYTES_MAX: usize = 256 << 10;
const DATA_BLOCKS_MAX: usize = 20;
/// Maximum number of times that are read.
const TIMES_MAX: usize = 100;
/// Maximum number of links that are read.
const LINKS_MAX: usize = 50;
/// Bytes in which the declaration of a character encoding is looked for.
const CHARSET_BYTES: usize = 1_024;

/// Bytes that are read at once.
const CHUNK_BYTES: usize = 16 << 10;
/// Bytes between attributes, and their maximum number within one tag or comment: the time for a tag is
/// quadratic in its attributes.
const SEPARATORS: &[u8] = b" \t\n\r\x0c/\"'";
const SEPARATORS_MAX: usize = 40_000;

/// Relation of the REST API of WordPress.
pub(crate) const API_RELATION: &str = "https://api.w.org/";
/// Elements that end without an end tag, or have no content: they do not nest.
const UNNESTED_ELEMENTS: &str = "p li dt dd td th tr thead tbody tfoot option optgroup colgroup \
    area base br col embed hr img input link meta param source track wbr rp rt html head body";

/// What a page states about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PageMetadata {
    /// The `lang` of the document.
    pub(crate) language: Option<String>,
    /// The text of `<title>`.
    pub(crate) title: Option<String>,
    /// The text of the first `<h1>`, preferably within the main content.
    pub(crate) heading: Option<String>,
    /// The first content of each `<meta>`, by name or property in lower case.
    pub(crate) meta: BTreeMap<String, String>,
    /// The canonical address as written.
    pub(crate) canonical: Option<String>,
    /// Links to the same content in another form, and to calendars.
    pub(crate) links: Vec<PageLink>,
    /// Blocks of structured data (JSON-LD).
    pub(crate) structured_data: Vec<String>,
    /// Times of the main content, with the class of their element.
    pub(crate) times: Vec<PageTime>,
    /// Whether search engines must not show the page.
    pub(crate) is_noindex: bool,
    /// The address to which the page only leads (`http-equiv="refresh"` without delay), as written.
    pub(crate) redirect: Option<String>,
    /// Number of elements; the greatest number if the page was not read to its end.
    pub(crate) elements: usize,
    /// The deepest nesting of elements; at least the actual one.
    pub(crate) nesting: usize,
}

/// A `<link>` to another form of the content, or an `<a>` to a calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PageLink {
    /// The value of `rel` in lower case; empty for an `<a>`.
    pub(crate) relation: String,
    /// The media type in lower case; empty if none is stated.
    pub(crate) media_type: String,
    /// The address as written.
    pub(crate) href: String,
}

/// A `<time>` element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PageTime {
    pub(crate) datetime: String,
    /// The values of `class` and `itemprop` in lower case.
    pub(crate) class: String,
}

/// Whether the content of a robots `<meta>` or `X-Robots-Tag` forbids search engines to show a page.
pub(crate) fn is_noindex(content: &str) -> bool {
    let mut rules = content.split(',').map(str::trim);
    rules.any(|rule| ["noindex", "none"].iter().any(|name| rule.eq_ignore_ascii_case(name)))
}

/// The address in the content of a `refresh` without delay, such as `0; url=/new/`.
fn refresh_target(content: &str) -> Option<String> {
    let (delay, target) = content.trim().split_once([';', ','])?;
    let target = target.trim();
    let target = match target.get(..3) {
        Some(name) if name.eq_ignore_ascii_case("url") => {
            target[3..].trim_start().strip_prefix('=')?.trim()
        }
        _ => target,
    };
    let target = target.trim_matches(['"', '\'']).trim();
    let is_immediate = delay.trim().parse::<f32>().is_ok_and(|seconds| seconds < 1.0);
    (is_immediate && !target.is_empty()).then(|| target.to_owned())
}

/// The text of a page: UTF-8, or else in the encoding that the page declares, or else Windows-1252.
pub(crate) fn decode(bytes: &[u8]) -> Cow<'_, str> {
    if let Some((encoding, length)) = Encoding::for_bom(bytes) {
        return encoding.decode_without_bom_handling(&bytes[length..]).0;
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.into();
    }
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(CHARSET_BYTES)]).to_lowercase();
    let label = head.split_once("charset=").map(|(_, rest)| {
        let rest = rest.trim_start_matches(['"', '\'']);
        rest.split(['"', '\'', '>', ';', ' ', '/']).next().unwrap_or_default().to_owned()
    });
    let encoding = label.and_then(|label| Encoding::for_label(label.as_bytes()));
    encoding.unwrap_or(WINDOWS_1252).decode_without_bom_handling(bytes).0
}

impl PageMetadata {
    /// Reads a page as fetched.
    pub(crate) fn read(bytes: &[u8]) -> Self {
        Self::of(&decode(bytes))
    }

    /// Reads the text of a page.
    pub(crate) fn of(html: &str) -> Self {
        let tokenizer = Tokenizer::new(MetadataSink::default(), TokenizerOpts::default());
        let (mut rest, mut separators, mut tokens) = (html, 0, 0);
        while !rest.is_empty() {
            let (chunk, after) = rest.split_at(rest.floor_char_boundary(CHUNK_BYTES));
            rest = after;
            separators += chunk.bytes().filter(|byte| SEPARATORS.contains(byte)).count();
            if separators > SEPARATORS_MAX {
                let mut page = tokenizer.sink.0.into_inner().finish();
                page.elements = usize::MAX;
                return page;
            }
            let input = BufferQueue::default();
            input.push_back(StrTendril::from(chunk));
            while !matches!(tokenizer.feed(&input), TokenizerResult::Done) {}
            let found = tokenizer.sink.0.borrow().tokens;
            if found != tokens {
                (separators, tokens) = (0, found);
            }
        }
        tokenizer.end();
        tokenizer.sink.0.into_inner().finish()
    }
}

/// Collects the metadata of a page from its tokens.
#[derive(Default)]
struct MetadataSink(RefCell<MetadataReader>);

#[derive(Default)]
struct MetadataReader {
    page: PageMetadata,
    /// Number of open elements by name.
    open: BTreeMap<String, usize>,
    depth: usize,
    text: Option<(TextTarget, String)>,
    first_heading: Option<String>,
    /// Number of tokens.
    tokens: usize,
}

/// The element whose text is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum TextTarget {
    Title,
    Heading,
    StructuredData,
}

impl TokenSink for MetadataSink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut reader = self.0.borrow_mut();
        reader.tokens += usize::from(!matches!(token, Token::ParseError(_)));
        match token {
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => {
                reader.start(&tag);
                match &*tag.name {
                    "script" => TokenSinkResult::RawData(RawKind::ScriptData),
                    "style" | "iframe" | "noembed" | "noframes" | "xmp" => {
                        TokenSinkResult::RawData(RawKind::Rawtext)
                    }
                    "title" | "textarea" => TokenSinkResult::RawData(RawKind::Rcdata),
                    "plaintext" => TokenSinkResult::Plaintext,
                    _ => TokenSinkResult::Continue,
                }
            }
            Token::TagToken(tag) => {
                reader.end(&tag.name);
                TokenSinkResult::Continue
            }
            Token::CharacterTokens(text) => {
                reader.text(&text);
                TokenSinkResult::Continue
            }
            _ => TokenSinkResult::Continue,
        }
    }
}

impl MetadataReader {
    fn start(&mut self, tag: &Tag) {
        let name = &*tag.name;
        self.page.elements += 1;
        if !UNNESTED_ELEMENTS.split_whitespace().any(|one| one == name) {
            *self.open.entry(name.to_owned()).or_default() += 1;
            self.depth += 1;
            self.page.nesting = self.page.nesting.max(self.depth);
        }
        let value = |name: &str| attribute(tag, name);
        match name {
            "html" => self.page.language = value("lang").or(self.page.language.take()),
            "title" if self.page.title.is_none() && !self.is_open("svg") => {
                self.text = Some((TextTarget::Title, String::new()));
            }
            "h1" => self.text = Some((TextTarget::Heading, String::new())),
            "meta" => self.meta(tag),
            "link" if value("rel").is_some_and(|rel| rel.eq_ignore_ascii_case("canonical")) => {
                self.page.canonical = self.page.canonical.take().or(value("href"));
            }
            "link" => {
                let relation = value("rel").unwrap_or_default().to_lowercase();
                if ["alternate", API_RELATION].contains(&relation.as_str()) {
                    self.link(tag, relation);
                }
            }
            "a" if value("href").is_some_and(|href| is_calendar(&href)) => {
                self.link(tag, String::new());
            }
            "script" if value("type").is_some_and(|text| text.trim() == "application/ld+json") => {
                self.text = Some((TextTarget::StructuredData, String::new()));
            }
            "time" if self.page.times.len() < TIMES_MAX && self.is_in_main() => {
                if let Some(datetime) = value("datetime") {
                    let class = [value("class"), value("itemprop")].into_iter().flatten();
                    let class = class.collect::<Vec<_>>().join(" ").to_lowercase();
                    self.page.times.push(PageTime { datetime, class });
                }
            }
            _ => {}
        }
    }

    fn link(&mut self, tag: &Tag, relation: String) {
        let media_type = attribute(tag, "type").unwrap_or_default().to_lowercase();
        if let Some(href) = attribute(tag, "href")
            && self.page.links.len() < LINKS_MAX
            && href.len() <= TEXT_BYTES_MAX
        {
            self.page.links.push(PageLink { relation, media_type, href });
        }
    }

    fn meta(&mut self, tag: &Tag) {
        let Some(content) = attribute(tag, "content") else { return };
        let refreshes = attribute(tag, "http-equiv");
        if refreshes.is_some_and(|name| name.eq_ignore_ascii_case("refresh")) {
            self.page.redirect = self.page.redirect.take().or_else(|| refresh_target(&content));
        }
        let name = attribute(tag, "property").or(attribute(tag, "name")).unwrap_or_default();
        let name = name.trim().to_lowercase();
        self.page.is_noindex |= name == "robots" && is_noindex(&content);
        if !name.is_empty() && content.len() <= TEXT_BYTES_MAX {
            self.page.meta.entry(name).or_insert(content);
        }
    }

    fn end(&mut self, name: &str) {
        if let Some(count) = self.open.get_mut(name).filter(|count| **count > 0) {
            *count -= 1;
            self.depth -= 1;
        }
        let target = match name {
            "title" => TextTarget::Title,
            "h1" => TextTarget::Heading,
            "script" => TextTarget::StructuredData,
            _ => return,
        };
        let Some((_, text)) = self.text.take_if(|(open, _)| *open == target) else { return };
        let page = &mut self.page;
        if target == TextTarget::StructuredData {
            if page.structured_data.len() < DATA_BLOCKS_MAX && text.len() < DATA_BYTES_MAX {
                page.structured_data.push(text);
            }
            return;
        }
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let is_in_main = self.is_in_main();
        let page = &mut self.page;
        match target {
            _ if text.is_empty() => {}
            TextTarget::Title => page.title = page.title.take().or(Some(text)),
            _ if is_in_main => page.heading = page.heading.take().or(Some(text)),
            _ => self.first_heading = self.first_heading.take().or(Some(text)),
        }
    }

    fn text(&mut self, more: &str) {
        let Some((target, text)) = &mut self.text else { return };
        let is_data = *target == TextTarget::StructuredData;
        let limit = if is_data { DATA_BYTES_MAX } else { TEXT_BYTES_MAX };
        if text.len() < limit {
            text.push_str(&more[..more.floor_char_boundary(limit - text.len())]);
        }
    }

    fn is_open(&self, name: &str) -> bool {
        self.open.get(name).is_some_and(|count| *count > 0)
    }

    fn is_in_main(&self) -> bool {
        self.is_open("main") || self.is_open("article")
    }

    fn finish(self) -> PageMetadata {
        let mut page = self.page;
        page.heading = page.heading.or(self.first_heading);
        page
    }
}

/// Whether an address is that of a calendar.
pub(crate) fn is_calendar(href: &str) -> bool {
    let path = href.split(['?', '#']).next().unwrap_or_default().to_lowercase();
    let extension = path.rsplit('.').next();
    path.starts_with("webcal:") || extension == Some("ics")
}

/// The value of an attribute, if it is not empty.
fn attribute(tag: &Tag, name: &str) -> Option<String> {
    let attribute = tag.attrs.iter().find(|attribute| &*attribute.name.local == name)?;
    let value = attribute.value.trim();
    (!value.is_empty()).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_must_be_read_in_one_pass() {
        let page = PageMetadata::of(
            "<!DOCTYPE html><html lang='nl-NL'><head><title>Stap 1 &#8211; Site</title>\
             <meta name='robots' content='max-image-preview:large'>\
             <meta property=og:title content='Stap 1'><meta name=description content=''>\
             <link rel=canonical href='/stap/1/'>\
             <script type='application/ld+json'>{\"a\": \"</p>\"}</script>\
             <script>document.write('<meta name=robots content=noindex>')</script>\
             <style><meta name=robots content=noindex></style></head>\
             <body><!-- <meta name=robots content=noindex> --><h1>Site</h1>\
             <main><h1>Stap <em>1</em>\n</h1><time class=Published datetime=2026-11-28>x</time>\
             <textarea><meta name=robots content=noindex></textarea></main>",
        );
        assert_eq!(page.language.as_deref(), Some("nl-NL"));
        assert_eq!(page.title.as_deref(), Some("Stap 1 – Site"));
        assert_eq!(page.heading.as_deref(), Some("Stap 1"));
        assert_eq!(page.meta["og:title"], "Stap 1");
        assert_eq!(page.canonical.as_deref(), Some("/stap/1/"));
        assert_eq!(page.structured_data, ["{\"a\": \"</p>\"}"]);
        let time = PageTime { datetime: "2026-11-28".into(), class: "published".into() };
        assert_eq!(page.times, [time]);
        assert!(!page.is_noindex && page.redirect.is_none());
    }

    #[test]
    fn robots_must_be_understood_in_every_spelling() {
        for (html, expected) in [
            ("<meta name='robots' content='noindex, max-image-preview:large' />", true),
            ("<META CONTENT=\"follow,NOINDEX\" NAME=\"Robots\">", true),
            ("<meta name=robots content=none>", true),
            ("<meta name=robots content=index><meta name=robots content=noindex>", true),
            ("<meta name=robots content='noindexing'>", false),
            ("<meta name=robots content='index, follow'>", false),
            ("<meta name=otherbot content=noindex>", false),
            ("<meta name=robots>", false),
            ("", false),
        ] {
            assert_eq!(PageMetadata::of(html).is_noindex, expected, "{html}");
        }
    }

    #[test]
    fn a_page_that_only_leads_elsewhere_must_name_its_target() {
        for (content, target) in [
            ("0; url=https://a.example/", Some("https://a.example/")),
            ("0;URL='/b/'", Some("/b/")),
            (" 0 , /c/", Some("/c/")),
            ("0.5; Url = \"d\"", Some("d")),
            ("5; url=/e/", None),
            ("0", None),
            ("0; url=", None),
            ("é; url=/f/", None),
        ] {
            let html =
                format!("<meta http-equiv=Refresh content='{}'>", content.replace('\'', "&#39;"));
            assert_eq!(PageMetadata::of(&html).redirect.as_deref(), target, "{content}");
        }
    }

    #[test]
    fn a_page_must_be_decoded_as_it_declares() {
        let latin = b"<meta charset=\"iso-8859-1\"><title>caf\xe9</title>";
        for bytes in [
            latin.as_slice(),
            b"<title>caf\xe9</title>",
            "<meta charset=iso-8859-1><title>café</title>".as_bytes(),
            b"\xff\xfe<\0t\0i\0t\0l\0e\0>\0c\0a\0f\0\xe9\0<\0/\0t\0i\0t\0l\0e\0>\0",
        ] {
            assert_eq!(PageMetadata::read(bytes).title.as_deref(), Some("café"), "{bytes:?}");
        }
    }

    #[test]
    fn nesting_must_not_be_underestimated() {
        for (html, nesting) in [
            ("<div></x>", 1_000),
            ("<b><div></b>", 1_001),
            ("<p><font a=b>", 1_000),
            ("<div></div>", 1),
            ("<p>", 0),
        ] {
            assert_eq!(PageMetadata::of(&html.repeat(1_000)).nesting, nesting, "{html}");
        }
    }

    #[test]
    fn a_tag_with_any_number_of_attributes_must_take_linear_time() {
        let start = std::time::Instant::now();
        for separator in [" ", "/", "=''"] {
            let attributes = (0..100_000).map(|n| format!("{separator}a{n}"));
            let attributes = attributes.collect::<Vec<_>>().concat();
            let page = PageMetadata::of(&format!("<title>T</title><p {attributes}><h1>x</h1>"));
            assert_eq!((page.title.as_deref(), page.elements), (Some("T"), usize::MAX));
        }
        // Each takes less than a second; without a limit, minutes.
        assert!(start.elapsed() < std::time::Duration::from_secs(20));
        let image =
            format!("<img src='data:image/png;base64,{}'><h1>x</h1>", "AAAA/".repeat(8_000));
        assert_eq!(PageMetadata::of(&image).heading.as_deref(), Some("x"));
    }
}
