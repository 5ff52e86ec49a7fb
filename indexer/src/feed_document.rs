//! Feeds: RSS, Atom and JSON Feed, by feed-rs. A feed that is incomplete is an error.
//!
//! Must not know: requests, and the fields of records.

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use encoding_rs::{Encoding, WINDOWS_1252};
use feed_rs::{
    model::{Entry, Feed, Link},
    parser::{Builder, ParseFeedError},
};
use quick_xml::{Reader, events::Event};
use url::Url;

/// Maximum number of entries of one feed.
const ENTRIES_MAX: usize = 5_000;
/// Maximum nesting of elements.
const NESTING_MAX: usize = 128;
/// Maximum length of an identifier in bytes; a longer one is replaced by its digest.
const ID_BYTES_MAX: usize = 400;
/// Bytes of an XML declaration.
const DECLARATION_BYTES: usize = 200;

/// Why a document is not a feed that can be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FeedError {
    #[error("web page instead of a feed; use the address of its feed, which is often `…/feed/`")]
    WebPage,
    #[error("not a feed: neither RSS, nor Atom, nor JSON Feed")]
    NotFeed,
    #[error("feed is incomplete")]
    Incomplete,
    #[error("feed exceeds the maximum nesting of elements, {NESTING_MAX}")]
    TooDeep,
    #[error("feed exceeds the maximum number of entries, {ENTRIES_MAX}")]
    TooLong,
    #[error("invalid XML in a feed")]
    Xml(#[from] quick_xml::Error),
    #[error("feed cannot be read")]
    Parse(#[from] ParseFeedError),
}

/// Reads a feed that was fetched from an address. Relative addresses become absolute, and the e-mail
/// addresses of authors are left out. An entry
/// without an identifier has that of its address; one without either is left out.
///
/// # Errors
/// [`FeedError`] if it is not a complete feed.
pub(crate) fn parse(bytes: &[u8], charset: Option<&str>, address: &Url) -> Result<Feed, FeedError> {
    let text = decode(bytes, charset);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    match text.as_bytes().first() {
        Some(b'<') => check_xml(text)?,
        Some(b'{') => {}
        _ => return Err(FeedError::NotFeed),
    }
    let parser =
        Builder::new().base_uri(Some(address)).id_generator(|_, _, _| String::new()).build();
    // The declaration names the encoding of the bytes, which are decoded.
    let mut feed = parser.parse(without_declaration(text).as_bytes())?;
    if feed.entries.len() > ENTRIES_MAX {
        return Err(FeedError::TooLong);
    }
    for entry in &mut feed.entries {
        resolve_links(entry, address);
        for person in entry.authors.iter_mut().chain(&mut entry.contributors) {
            person.email = None;
        }
        let id = entry.id.trim();
        let id = if id.is_empty() { link(entry).unwrap_or_default() } else { id };
        entry.id = bounded(id);
    }
    feed.entries.retain(|entry| !entry.id.is_empty());
    Ok(feed)
}

/// The address of the page of an entry.
pub(crate) fn link(entry: &Entry) -> Option<&str> {
    let is_page = |link: &&Link| {
        let media_type = link.media_type.as_deref();
        link.target.is_none()
            && matches!(link.rel.as_deref(), None | Some("alternate"))
            && media_type.is_none_or(|name| name.contains("html"))
    };
    entry.links.iter().find(is_page).map(|link| link.href.as_str())
}

/// Makes the addresses of an entry absolute; an address that is none is dropped.
fn resolve_links(entry: &mut Entry, address: &Url) {
    for link in &mut entry.links {
        link.href = address.join(link.href.trim()).map(String::from).unwrap_or_default();
    }
    entry.links.retain(|link| link.href.starts_with("http"));
}

fn bounded(id: &str) -> String {
    if id.len() <= ID_BYTES_MAX {
        return id.to_owned();
    }
    blake3::hash(id.as_bytes()).to_hex().to_string()
}

/// The text of a feed: as its byte order mark says, UTF-8, or else as it declares, as its host
/// declares, or Windows-1252. What both declare is often wrong.
fn decode<'a>(bytes: &'a [u8], charset: Option<&str>) -> Cow<'a, str> {
    if let Some((encoding, length)) = Encoding::for_bom(bytes) {
        return encoding.decode_without_bom_handling(&bytes[length..]).0;
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.into();
    }
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(DECLARATION_BYTES)]);
    let declared = declaration(&start).and_then(|text| {
        let value = text.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start();
        value.trim_start_matches(['"', '\'']).split(['"', '\'']).next().map(str::to_owned)
    });
    let labels = [declared.as_deref(), charset].into_iter().flatten();
    // The bytes are not UTF-8, whatever the label says.
    let encoding = labels
        .filter_map(|label| Encoding::for_label(label.as_bytes()))
        .find(|encoding| *encoding != encoding_rs::UTF_8);
    encoding.unwrap_or(WINDOWS_1252).decode_without_bom_handling(bytes).0
}

/// The XML declaration of a text.
fn declaration(text: &str) -> Option<&str> {
    text.trim_start().strip_prefix("<?xml")?.split_once("?>").map(|(declaration, _)| declaration)
}

fn without_declaration(text: &str) -> &str {
    let length = declaration(text).map_or(0, |inner| "<?xml".len() + inner.len() + "?>".len());
    text[length..].trim_start()
}

/// Rejects XML that is incomplete, is nested too deeply, or is a web page.
fn check_xml(text: &str) -> Result<(), FeedError> {
    let mut reader = Reader::from_str(text);
    // As lenient as feed-rs.
    reader.config_mut().check_end_names = false;
    let (mut depth, mut has_root) = (0_usize, false);
    loop {
        match reader.read_event()? {
            Event::Start(tag) => {
                if !has_root && tag.local_name().as_ref().eq_ignore_ascii_case("html") {
                    return Err(FeedError::WebPage);
                }
                (depth, has_root) = (depth + 1, true);
            }
            Event::End(_) => depth = depth.saturating_sub(1),
            Event::DocType(name) if name.trim().to_lowercase().starts_with("html") => {
                return Err(FeedError::WebPage);
            }
            Event::Eof if !has_root => return Err(FeedError::NotFeed),
            Event::Eof if depth > 0 => return Err(FeedError::Incomplete),
            Event::Eof => return Ok(()),
            _ => {}
        }
        if depth > NESTING_MAX {
            return Err(FeedError::TooDeep);
        }
    }
}
