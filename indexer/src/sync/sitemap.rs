//! Sitemaps (sitemaps.org): the addresses in one file, which lists pages or other sitemaps.
//!
//! Must not know: requests, and which addresses matter.

use quick_xml::{
    Reader,
    escape::resolve_xml_entity,
    events::{BytesRef, Event},
};

/// Maximum number of addresses in one file, as in the protocol.
const ENTRIES_MAX: usize = 50_000;
/// Maximum length of an address or time, in bytes.
const TEXT_BYTES_MAX: usize = 2_048;
/// Maximum nesting of elements.
const NESTING_MAX: usize = 16;

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sitemap {
    /// Addresses of other sitemaps.
    Index(Vec<SitemapEntry>),
    /// Addresses of pages.
    Pages(Vec<SitemapEntry>),
}

/// An address in a sitemap.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SitemapEntry {
    /// The address as written.
    pub(crate) address: String,
    /// When its content last changed, as written.
    pub(crate) changed_at: Option<String>,
}

/// Why a file is not a sitemap.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SitemapError {
    #[error("not a sitemap: no element `urlset` or `sitemapindex`")]
    NotSitemap,
    #[error("invalid XML in a sitemap")]
    Xml(#[from] quick_xml::Error),
    #[error("a sitemap is incomplete")]
    Incomplete,
    #[error("a sitemap is not in UTF-8")]
    Encoding,
    #[error("a sitemap exceeds the maximum number of addresses, {ENTRIES_MAX}")]
    TooLong,
    #[error("a sitemap exceeds the maximum nesting, {NESTING_MAX}")]
    TooDeep,
}

/// Reads a sitemap.
///
/// # Errors
/// [`SitemapError`] if it is not a complete sitemap: nothing is known of what it does not list.
pub(crate) fn parse(bytes: &[u8]) -> Result<Sitemap, SitemapError> {
    let text = std::str::from_utf8(bytes).map_err(|_| SitemapError::Encoding)?;
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}').trim_start());
    let mut file = SitemapReader::default();
    loop {
        match reader.read_event()? {
            Event::Start(tag) => file.start(tag.local_name().as_ref())?,
            Event::Empty(tag) => {
                file.start(tag.local_name().as_ref())?;
                file.end();
            }
            Event::End(_) => file.end(),
            Event::Text(text) => file.text(text.as_ref()),
            Event::CData(text) => file.text(text.as_ref()),
            Event::GeneralRef(reference) => file.text(resolve(&reference).as_ref()),
            Event::Eof => return file.finish(),
            _ => {}
        }
    }
}

/// The text of a reference such as `&amp;` or `&#38;`; nothing for an unknown one.
fn resolve(reference: &BytesRef<'_>) -> String {
    let character = reference.resolve_char_ref().ok().flatten();
    let name: &str = reference.as_ref();
    let entity = || resolve_xml_entity(name).map(str::to_owned);
    character.map(String::from).or_else(entity).unwrap_or_default()
}

#[derive(Default)]
struct SitemapReader {
    /// Names of the open elements.
    open: Vec<String>,
    is_index: Option<bool>,
    entry: SitemapEntry,
    entries: Vec<SitemapEntry>,
}

impl SitemapReader {
    fn start(&mut self, name: &str) -> Result<(), SitemapError> {
        if self.open.is_empty() {
            self.is_index = match name {
                "urlset" => Some(false),
                "sitemapindex" => Some(true),
                _ => return Err(SitemapError::NotSitemap),
            };
        }
        if self.open.len() == NESTING_MAX {
            return Err(SitemapError::TooDeep);
        }
        if self.open.len() == 1 {
            if self.entries.len() == ENTRIES_MAX {
                return Err(SitemapError::TooLong);
            }
            self.entry = SitemapEntry::default();
        }
        if self.is_time_of_entry(name) {
            self.entry.changed_at = Some(String::new());
        }
        self.open.push(name.to_owned());
        Ok(())
    }

    fn is_time_of_entry(&self, name: &str) -> bool {
        self.open.len() == 2 && name == "lastmod"
    }

    fn text(&mut self, text: &str) {
        // Deeper elements, such as those of images, have addresses of their own.
        let [_, _, name] = self.open.as_slice() else { return };
        let target = match (name.as_str(), &mut self.entry) {
            ("loc", entry) => &mut entry.address,
            ("lastmod", SitemapEntry { changed_at: Some(changed_at), .. }) => changed_at,
            _ => return,
        };
        if target.len() + text.len() <= TEXT_BYTES_MAX {
            target.push_str(text);
        }
    }

    fn end(&mut self) {
        self.open.pop();
        if self.open.len() == 1 {
            let mut entry = std::mem::take(&mut self.entry);
            entry.address = String::from(entry.address.trim());
            entry.changed_at = entry.changed_at.map(|text| text.trim().to_owned());
            entry.changed_at = entry.changed_at.filter(|text| !text.is_empty());
            if !entry.address.is_empty() {
                self.entries.push(entry);
            }
        }
    }

    fn finish(self) -> Result<Sitemap, SitemapError> {
        match self.is_index {
            None => Err(SitemapError::NotSitemap),
            Some(_) if !self.open.is_empty() => Err(SitemapError::Incomplete),
            Some(true) => Ok(Sitemap::Index(self.entries)),
            Some(false) => Ok(Sitemap::Pages(self.entries)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(address: &str, changed_at: Option<&str>) -> SitemapEntry {
        SitemapEntry { address: address.to_owned(), changed_at: changed_at.map(str::to_owned) }
    }

    #[test]
    fn addresses_and_times_must_be_read() {
        let pages = "\u{feff}<?xml version='1.0' encoding='UTF-8'?><?xml-stylesheet href='a'?>\
             <urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9' xmlns:i='image'>\
             <url><loc> https://a.nl/?a=1&amp;b=&#50; </loc><lastmod>2026-11-28</lastmod>\
             <i:image><i:loc>https://a.nl/a.png</i:loc></i:image></url>\
             <url><loc><![CDATA[https://a.nl/b]]></loc><lastmod/></url><url/></urlset>";
        let expected =
            vec![entry("https://a.nl/?a=1&b=2", Some("2026-11-28")), entry("https://a.nl/b", None)];
        assert_eq!(parse(pages.as_bytes()).unwrap(), Sitemap::Pages(expected));
        let index = "<s:sitemapindex xmlns:s='x'><s:sitemap><s:loc>https://a.nl/1.xml</s:loc>\
             </s:sitemap></s:sitemapindex>";
        let expected = vec![entry("https://a.nl/1.xml", None)];
        assert_eq!(parse(index.as_bytes()).unwrap(), Sitemap::Index(expected));
    }

    #[test]
    fn anything_else_must_be_an_error() {
        for (text, reason) in [
            ("", "not a sitemap"),
            ("<!doctype html><html><body>Inloggen</body></html>", "not a sitemap"),
            ("{\"code\":\"rest_no_route\"}", "not a sitemap"),
            ("<urlset><url><loc>https://a.nl/", "incomplete"),
            ("<urlset><url></urlset>", "invalid XML"),
            ("<urlset><url><loc>", "incomplete"),
        ] {
            let error = parse(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
        assert!(matches!(parse(b"<urlset>\xff</urlset>"), Err(SitemapError::Encoding)));
        let deep = format!("<urlset>{}", "<url>".repeat(NESTING_MAX));
        assert!(matches!(parse(deep.as_bytes()), Err(SitemapError::TooDeep)));
        let long = |count: usize| {
            let entries = "<url><loc>a</loc></url>".repeat(count);
            parse(format!("<urlset>{entries}</urlset>").as_bytes())
        };
        assert!(matches!(long(ENTRIES_MAX), Ok(Sitemap::Pages(_))));
        assert!(matches!(long(ENTRIES_MAX + 1), Err(SitemapError::TooLong)));
    }
}
