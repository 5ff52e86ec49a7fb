//! Quality values of content negotiation (RFC 9110, section 12.4.2).

use poem::http::{HeaderMap, HeaderName};

/// One element of a header such as `accept`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Weighted {
    /// Name in lower case.
    pub(crate) name: String,
    /// Quality value in thousandths.
    pub(crate) quality: u16,
}

/// The elements of a header, without those that cannot be parsed.
pub(crate) fn members(headers: &HeaderMap, header: &HeaderName) -> Vec<Weighted> {
    let values = headers.get_all(header).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| split_unquoted(value, ',')).filter_map(Weighted::parse).collect()
}

/// The parts of a header between separators outside quoted strings (RFC 9110, section 5.6.4),
/// without surrounding whitespace.
pub(super) fn split_unquoted(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    let parts = text.split(move |c| {
        let is_separator = c == separator && !is_quoted;
        is_quoted ^= c == '"' && !is_escaped;
        is_escaped = is_quoted && c == '\\' && !is_escaped;
        is_separator
    });
    parts.map(|part| part.trim_matches([' ', '\t']))
}

impl Weighted {
    fn parse(text: &str) -> Option<Self> {
        let mut fields = split_unquoted(text, ';');
        let name = fields.next()?.to_ascii_lowercase();
        let quality =
            fields.find_map(|field| field.strip_prefix("q=").or(field.strip_prefix("Q=")));
        Some(Self { name, quality: quality.map_or(Some(1_000), parse_quality)? })
    }
}

/// Parses a quality value: 0 to 1 with at most three decimals.
fn parse_quality(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = decimals.len() <= 3 && decimals.bytes().all(|byte| byte.is_ascii_digit());
    match (whole, digits) {
        ("1", true) if decimals.bytes().all(|byte| byte == b'0') => Some(1_000),
        ("0", true) => format!("{decimals:0<3}").parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use poem::http::header;

    use super::*;

    #[test]
    fn separators_in_quoted_strings_must_not_separate() {
        for (accept, expected) in [
            (r#"a/b; x="1,2;q=0.1"; q=0.5, C/D"#, &[("a/b", 500), ("c/d", 1_000)][..]),
            (r#"a/b;x="\",";Q=0.25,c/d ; q=0"#, &[("a/b", 250), ("c/d", 0)]),
            (r#"a/b;x="open, c/d;q=0.5"#, &[("a/b", 1_000)]),
            ("a/b,,c/d\t;\tq=1.000", &[("a/b", 1_000), ("", 1_000), ("c/d", 1_000)]),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, accept.parse().unwrap());
            let members = members(&headers, &header::ACCEPT);
            let members: Vec<_> =
                members.iter().map(|one| (one.name.as_str(), one.quality)).collect();
            assert_eq!(members, expected, "{accept}");
        }
    }
}
