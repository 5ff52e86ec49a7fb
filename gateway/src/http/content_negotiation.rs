//! Which of the two media types of GraphQL over HTTP a client accepts.

use poem::http::{HeaderMap, header};

/// A media type that an answer can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GraphqlMediaType {
    /// `application/graphql-response+json`: the status tells a wrong request from a right one.
    GraphqlResponse,
    /// `application/json`: 200 for every well-formed request, as older clients expect.
    Json,
}

impl GraphqlMediaType {
    /// The value of the header `content-type`.
    pub(super) const fn content_type(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }

    /// What it adds to a validator, since a validator names one form of an answer.
    pub(super) const fn etag_suffix(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "-graphql",
            Self::Json => "-json",
        }
    }

    /// Whether a client names either type, as a link on a page cannot.
    pub(super) fn is_explicitly_accepted(headers: &HeaderMap) -> bool {
        let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|v| v.split(',')).filter_map(MediaRange::parse).any(|range| {
            [Self::GraphqlResponse, Self::Json]
                .iter()
                .any(|media| range.precision(*media) == Some(Precision::Exact))
        })
    }

    const fn essence(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "application/graphql-response+json",
            Self::Json => "application/json",
        }
    }

    /// The type that a client likes best; `None` where it accepts neither.
    ///
    /// Where it likes both equally: the newer one if it names that, else `application/json`.
    pub(super) fn negotiate(headers: &HeaderMap) -> Option<Self> {
        let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let ranges: Vec<MediaRange> =
            values.flat_map(|v| v.split(',')).filter_map(MediaRange::parse).collect();
        if !headers.contains_key(header::ACCEPT) {
            return Some(Self::Json);
        }
        let graphql = Preference::of(Self::GraphqlResponse, &ranges);
        let json = Preference::of(Self::Json, &ranges);
        match (graphql, json) {
            (Some(graphql), Some(json)) if graphql > json => Some(Self::GraphqlResponse),
            (Some(graphql), Some(json))
                if graphql == json && graphql.precision == Precision::Exact =>
            {
                Some(Self::GraphqlResponse)
            }
            (_, Some(_)) => Some(Self::Json),
            (Some(_), None) => Some(Self::GraphqlResponse),
            (None, None) => None,
        }
    }
}

/// How exactly a range names a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Precision {
    /// `*/*`
    Any,
    /// `application/*`
    Application,
    /// The type itself.
    Exact,
}

/// How well a client likes a type: first by quality, then by how exactly it names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Preference {
    /// In thousandths.
    quality: u16,
    precision: Precision,
}

impl Preference {
    /// By the range that names the type most exactly; `None` where none does or it is refused.
    fn of(media: GraphqlMediaType, ranges: &[MediaRange]) -> Option<Self> {
        let preferences = ranges.iter().filter_map(|range| {
            let precision = range.precision(media)?;
            Some(Self { quality: range.quality, precision })
        });
        preferences
            .max_by_key(|preference| preference.precision)
            .filter(|preference| preference.quality > 0)
    }
}

/// One range of the header `accept`.
struct MediaRange {
    essence: String,
    /// In thousandths.
    quality: u16,
}

impl MediaRange {
    /// A range; `None` where it cannot be read.
    fn parse(text: &str) -> Option<Self> {
        let mut fields = text.split(';').map(str::trim);
        let essence = fields.next()?.to_ascii_lowercase();
        let quality = match fields.find_map(|p| p.strip_prefix("q=").or(p.strip_prefix("Q="))) {
            Some(text) => parse_quality(text)?,
            None => 1_000,
        };
        Some(Self { essence, quality })
    }

    fn precision(&self, media: GraphqlMediaType) -> Option<Precision> {
        match self.essence.as_str() {
            "*/*" => Some(Precision::Any),
            "application/*" => Some(Precision::Application),
            essence if essence == media.essence() => Some(Precision::Exact),
            _ => None,
        }
    }
}

/// Reads a quality: 0 to 1 with at most three decimals.
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
    use super::*;

    #[test]
    fn the_accepted_type_must_follow_qualities_and_precision() {
        let graphql = Some(GraphqlMediaType::GraphqlResponse);
        let json = Some(GraphqlMediaType::Json);
        for (accept, media) in [
            ("*/*", json),
            ("application/*", json),
            ("application/json", json),
            ("application/graphql-response+json", graphql),
            ("application/graphql-response+json, application/json", graphql),
            ("application/json, application/graphql-response+json", graphql),
            ("application/graphql-response+json;q=0.5, application/json", json),
            ("application/graphql-response+json, */*", graphql),
            ("application/json, */*;q=0.1", json),
            ("application/json;q=0, */*", graphql),
            ("application/json;q=0.001", json),
            ("APPLICATION/JSON; charset=utf-8", json),
            ("text/html, application/xhtml+xml, */*;q=0.8", json),
            ("text/html", None),
            ("application/json;q=0", None),
            ("application/json;q=high", None),
            ("", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, accept.parse().unwrap());
            assert_eq!(GraphqlMediaType::negotiate(&headers), media, "{accept}");
        }
        assert_eq!(GraphqlMediaType::negotiate(&HeaderMap::new()), json);
    }
}
