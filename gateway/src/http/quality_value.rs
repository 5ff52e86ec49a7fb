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
    values.flat_map(|value| value.split(',')).filter_map(Weighted::parse).collect()
}

impl Weighted {
    fn parse(text: &str) -> Option<Self> {
        let mut fields = text.split(';').map(str::trim);
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
