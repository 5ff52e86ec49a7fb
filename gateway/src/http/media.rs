//! Which of the two media types of GraphQL over HTTP a client accepts.

use poem::http::{HeaderMap, header};

/// A media type that an answer can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Media {
    /// `application/graphql-response+json`: the status tells a wrong request from a right one.
    GraphqlResponse,
    /// `application/json`: 200 for every well-formed request, as older clients expect.
    Json,
}

impl Media {
    /// The value of the header `content-type`.
    pub(super) const fn content_type(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }

    /// What it adds to a validator, since a validator names one form of an answer.
    pub(super) const fn tag(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "-graphql",
            Self::Json => "-json",
        }
    }

    /// Whether a client names either type, as a link on a page cannot.
    pub(super) fn is_named(headers: &HeaderMap) -> bool {
        let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|v| v.split(',')).filter_map(Range::parse).any(|range| {
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
    pub(super) fn accepted(headers: &HeaderMap) -> Option<Self> {
        let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let ranges: Vec<Range> =
            values.flat_map(|v| v.split(',')).filter_map(Range::parse).collect();
        if !headers.contains_key(header::ACCEPT) {
            return Some(Self::Json);
        }
        let newer = Liking::of(Self::GraphqlResponse, &ranges);
        let older = Liking::of(Self::Json, &ranges);
        match (newer, older) {
            (Some(newer), Some(older)) if newer > older => Some(Self::GraphqlResponse),
            (Some(newer), Some(older)) if newer == older && newer.precision == Precision::Exact => {
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
struct Liking {
    /// In thousandths.
    quality: u16,
    precision: Precision,
}

impl Liking {
    /// By the range that names the type most exactly; `None` where none does or it is refused.
    fn of(media: Media, ranges: &[Range]) -> Option<Self> {
        let likings = ranges.iter().filter_map(|range| {
            let precision = range.precision(media)?;
            Some(Self { quality: range.quality, precision })
        });
        likings.max_by_key(|liking| liking.precision).filter(|liking| liking.quality > 0)
    }
}

/// One range of the header `accept`.
struct Range {
    essence: String,
    /// In thousandths.
    quality: u16,
}

impl Range {
    /// A range; `None` where it cannot be read.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let essence = parts.next()?.to_ascii_lowercase();
        let quality = match parts.find_map(|p| p.strip_prefix("q=").or(p.strip_prefix("Q="))) {
            Some(text) => thousandths(text)?,
            None => 1_000,
        };
        Some(Self { essence, quality })
    }

    fn precision(&self, media: Media) -> Option<Precision> {
        match self.essence.as_str() {
            "*/*" => Some(Precision::Any),
            "application/*" => Some(Precision::Application),
            essence if essence == media.essence() => Some(Precision::Exact),
            _ => None,
        }
    }
}

/// Reads a quality: 0 to 1 with at most three decimals.
fn thousandths(text: &str) -> Option<u16> {
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
        let newer = Some(Media::GraphqlResponse);
        let older = Some(Media::Json);
        for (accept, media) in [
            ("*/*", older),
            ("application/*", older),
            ("application/json", older),
            ("application/graphql-response+json", newer),
            ("application/graphql-response+json, application/json", newer),
            ("application/json, application/graphql-response+json", newer),
            ("application/graphql-response+json;q=0.5, application/json", older),
            ("application/graphql-response+json, */*", newer),
            ("application/json, */*;q=0.1", older),
            ("application/json;q=0, */*", newer),
            ("application/json;q=0.001", older),
            ("APPLICATION/JSON; charset=utf-8", older),
            ("text/html, application/xhtml+xml, */*;q=0.8", older),
            ("text/html", None),
            ("application/json;q=0", None),
            ("application/json;q=high", None),
            ("", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, accept.parse().unwrap());
            assert_eq!(Media::accepted(&headers), media, "{accept}");
        }
        assert_eq!(Media::accepted(&HeaderMap::new()), older);
    }
}
