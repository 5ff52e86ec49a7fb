//! An address of results, as pasted.

use schema::NodeKind;
use url::Url;

use crate::{
    pages::id_from_slug,
    search_params::{InvalidParameter, SearchParams},
};

/// Maximum size of an address in bytes.
pub(super) const QUERY_BYTES_MAX: usize = 4_000;

/// Why results at an address cannot be embedded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AddressError {
    /// It is an address of another site.
    OtherSite,
    /// There is a page without results, or none.
    NoResults,
    /// It is longer than [`QUERY_BYTES_MAX`].
    TooLong,
    /// A value in it is invalid.
    Invalid(InvalidParameter),
    /// The key does not find this.
    OutsideFilter(InvalidParameter),
    /// An agenda only shows events, and these are not.
    NotEvents,
}

/// The search whose results are at an address: that of the search page, of an overview, or of a page
/// about a theme, an organisation, an audience or a community; also only a query string. `site` is
/// the public URL.
///
/// # Errors
/// [`AddressError`] if there are no results at the address.
pub(crate) fn search_at(address: &str, site: &Url) -> Result<SearchParams, AddressError> {
    let address = address.trim();
    if address.len() > QUERY_BYTES_MAX {
        return Err(AddressError::TooLong);
    }
    let is_query = !address.contains(['/', '?']) && address.contains('=');
    let relative = if is_query { format!("?{address}") } else { address.to_owned() };
    let url = match Url::parse(&relative) {
        Ok(url) => url,
        Err(_) => site.join(&relative).map_err(|_| AddressError::NoResults)?,
    };
    if (url.host_str(), url.port_or_known_default())
        != (site.host_str(), site.port_or_known_default())
    {
        return Err(AddressError::OtherSite);
    }
    let path = url.path().strip_prefix(site.path()).ok_or(AddressError::OtherSite)?;
    let condition = condition_at(path).ok_or(AddressError::NoResults)?;
    let (search, invalid) = SearchParams::parse(url.query().unwrap_or_default());
    if let Some(invalid) = invalid.into_iter().next() {
        return Err(AddressError::Invalid(invalid));
    }
    let search = search.with_page(1);
    Ok(match condition {
        None => search,
        Some((name, value)) => search.with(name, &value),
    })
}

/// The condition of the results at a path, in its Dutch or English form: outer `None` if it has no
/// results, inner `None` if there is no condition.
#[expect(
    clippy::option_option,
    reason = "whether there are results, and whether they have a condition"
)]
fn condition_at(path: &str) -> Option<Option<(&'static str, String)>> {
    let path = path.strip_prefix("en/").unwrap_or(if path == "en" { "" } else { path });
    let kinds = NodeKind::ALL;
    match path.split('/').collect::<Vec<_>>()[..] {
        [""] => Some(None),
        ["calendar"] => Some(Some(("kind", NodeKind::Event.as_str().to_owned()))),
        [segment] => {
            let kind = kinds.into_iter().find(|kind| kind.as_str() == segment)?;
            kind.is_content().then(|| Some(("kind", kind.as_str().to_owned())))
        }
        [segment, slug] => {
            let kind = kinds.into_iter().find(|kind| kind.as_str() == segment)?;
            let name = match kind {
                NodeKind::Theme => "theme",
                NodeKind::Organisation => "organisation",
                NodeKind::Audience => "audience",
                NodeKind::Community => "community",
                _ => return None,
            };
            Some(Some((name, id_from_slug(slug, kind)?.to_string())))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(address: &str, site: &str) -> Result<String, AddressError> {
        search_at(address, &Url::parse(site).unwrap()).map(|search| search.query_string())
    }

    #[test]
    fn the_search_at_an_address_must_be_found() {
        for (address, expected) in [
            ("https://wegwijzer.example/?q=brief&kind=article", "q=brief&kind=article"),
            ("https://wegwijzer.example?q=brief", "q=brief"),
            (" https://wegwijzer.example/en/?q=brief&page=3 ", "q=brief"),
            ("https://wegwijzer.example/en?q=brief&utm_source=mail", "q=brief"),
            ("/?kind=event", "kind=event"),
            ("?kind=event", "kind=event"),
            ("kind=event&q=brief", "q=brief&kind=event"),
            ("https://wegwijzer.example/event", "kind=event"),
            ("https://wegwijzer.example/en/calendar", "kind=event"),
            ("https://wegwijzer.example/theme/taal-h0123456789ab", "theme=h0123456789ab"),
            ("https://wegwijzer.example/community/cx-c0123456789ab", "community=c0123456789ab"),
            ("https://wegwijzer.example/", ""),
        ] {
            let found = query(address, "https://wegwijzer.example/");
            assert_eq!(found.as_deref(), Ok(expected), "{address}");
        }
        let below = query("https://www.example/zoek/?q=brief", "https://www.example/zoek/");
        assert_eq!(below.as_deref(), Ok("q=brief"));
    }

    #[test]
    fn an_address_without_results_must_be_rejected() {
        use AddressError::{Invalid, NoResults, OtherSite, TooLong};
        let invalid = InvalidParameter { name: "kind", value: "boek".to_owned() };
        let long = format!("?q={}", "a".repeat(QUERY_BYTES_MAX));
        for (address, expected) in [
            ("https://www.example.nl/?q=brief", OtherSite),
            ("https://wegwijzer.example.nl/?q=brief", OtherSite),
            ("https://wegwijzer.example:8443/?q=brief", OtherSite),
            ("javascript:alert(1)", OtherSite),
            ("mailto:iemand@wegwijzer.example", OtherSite),
            ("//www.example.nl/?q=brief", OtherSite),
            ("https://wegwijzer.example/article/brief-a0123456789ab", NoResults),
            ("https://wegwijzer.example/theme/taal", NoResults),
            ("https://wegwijzer.example/theme/brief-a0123456789ab", NoResults),
            ("https://wegwijzer.example/status", NoResults),
            ("https://wegwijzer.example/en/en/", NoResults),
            ("brief", NoResults),
            ("https://wegwijzer.example/?kind=boek", Invalid(invalid)),
            (long.as_str(), TooLong),
        ] {
            let found = query(address, "https://wegwijzer.example/");
            assert_eq!(found, Err(expected), "{address}");
        }
        let outside = query("https://www.example/anders/?q=brief", "https://www.example/zoek/");
        assert_eq!(outside, Err(OtherSite));
    }
}
