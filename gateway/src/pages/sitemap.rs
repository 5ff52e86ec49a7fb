//! The site map in the format of sitemaps.org: every content page, in both languages. One with more
//! URLs than a file may have is an index of several.

use std::fmt::Write;

use indexer::catalog::{CatalogError, Snapshot};
use schema::{Moment, NodeKind, Record};

use super::{
    information::InformationPage,
    site::{self, Site},
};
use crate::{blocking, messages::LANGUAGES};

/// Maximum number of URLs in a file (sitemaps.org).
const URLS_MAX: usize = 50_000;
/// Number of records per file; the pages of lists remain below the maximum with them.
const RECORDS_MAX: usize = URLS_MAX / LANGUAGES.len() - 100;
const NAMESPACE: &str = "http://www.sitemaps.org/schemas/sitemap/0.9";

/// The site map, or the index of its parts; with `part`, one of them. `None` if there is no such
/// part.
///
/// # Errors
/// [`CatalogError`] if the catalog fails.
pub(crate) async fn sitemap(
    site: &Site,
    snapshot: &Snapshot,
    part: Option<usize>,
) -> Result<Option<String>, CatalogError> {
    let parts = parts(snapshot);
    let part = match part {
        None if parts > 1 => return Ok(Some(index(site, parts))),
        None => 1,
        Some(part) if (1..=parts).contains(&part) => part,
        Some(_) => return Ok(None),
    };
    let records = snapshot.content((part - 1) * RECORDS_MAX, RECORDS_MAX).await?;
    let bases = LANGUAGES.map(|language| site.absolute(language, ""));
    Ok(Some(blocking::run(usize::MAX, move || urls(&bases, &records, part == 1)).await))
}

/// A file with the pages of records, and with the pages of lists and about the site if it is the
/// first.
fn urls(bases: &[String], records: &[Record], is_first: bool) -> String {
    let mut map =
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset xmlns=\"{NAMESPACE}\">\n");
    if is_first {
        let kinds = NodeKind::ALL.into_iter().filter(|kind| kind.is_content());
        let lists = kinds.map(NodeKind::as_str);
        let information = InformationPage::ALL.map(InformationPage::path);
        for path in ["", "calendar", "theme", "organisation", "audience"]
            .into_iter()
            .chain(lists)
            .chain(information)
        {
            add(&mut map, bases, path, None);
        }
    }
    for record in records {
        if let Some(path) = site::path(record) {
            add(&mut map, bases, &path, changed_on(record));
        }
    }
    map.push_str("</urlset>\n");
    map
}

/// The number of files.
fn parts(snapshot: &Snapshot) -> usize {
    let kinds = NodeKind::ALL.into_iter().filter(|kind| kind.is_content());
    let records: u64 = kinds.map(|kind| snapshot.counts().get(kind)).sum();
    usize::try_from(records).unwrap_or(usize::MAX).div_ceil(RECORDS_MAX).max(1)
}

fn index(site: &Site, parts: usize) -> String {
    let mut index = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<sitemapindex xmlns=\"{NAMESPACE}\">\n"
    );
    for part in 1..=parts {
        let address = site.root_url(&format!("sitemap.xml?part={part}"));
        let _ =
            writeln!(index, "<sitemap><loc>{}</loc></sitemap>", html_escape::encode_text(&address));
    }
    index.push_str("</sitemapindex>\n");
    index
}

/// The day of the last change, or of publication.
fn changed_on(record: &Record) -> Option<String> {
    let common = record.common()?;
    common.modified_at.as_ref().or(common.published_at.as_ref()).map(Moment::iso_date)
}

/// Adds a page in all languages.
fn add(map: &mut String, bases: &[String], path: &str, day: Option<String>) {
    let day = day.map(|day| format!("<lastmod>{day}</lastmod>")).unwrap_or_default();
    for base in bases {
        let address = format!("{base}{path}");
        let address = html_escape::encode_text(&address);
        let _ = writeln!(map, "<url><loc>{address}</loc>{day}</url>");
    }
}
