//! Negotiation of the two media types of GraphQL over HTTP.

use poem::http::{HeaderMap, header};

use super::quality_value::{self, Weighted};

/// Media type of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GraphqlMediaType {
    /// `application/graphql-response+json`: the status distinguishes invalid requests.
    GraphqlResponse,
    /// `application/json`: status 200 for every well-formed request, for older clients.
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

    /// Suffix of entity tags, which differ per representation.
    pub(super) const fn etag_suffix(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "-graphql",
            Self::Json => "-json",
        }
    }

    /// Whether a client explicitly names either type, which a link on a page cannot.
    pub(super) fn is_explicitly_accepted(headers: &HeaderMap) -> bool {
        let media_types = [Self::GraphqlResponse, Self::Json];
        quality_value::members(headers, &header::ACCEPT)
            .iter()
            .any(|range| media_types.iter().any(|media| media.essence() == range.name))
    }

    const fn essence(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "application/graphql-response+json",
            Self::Json => "application/json",
        }
    }

    /// The preferred type of a client; `None` if it accepts neither.
    ///
    /// If both are equally preferred: `application/graphql-response+json` if the client names it,
    /// otherwise `application/json`.
    pub(super) fn negotiate(headers: &HeaderMap) -> Option<Self> {
        if !headers.contains_key(header::ACCEPT) {
            return Some(Self::Json);
        }
        let ranges = quality_value::members(headers, &header::ACCEPT);
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

/// Precision with which a media range matches a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Precision {
    /// `*/*`
    Any,
    /// `application/*`
    Application,
    /// The type itself.
    Exact,
}

impl Precision {
    fn of(range: &str, media: GraphqlMediaType) -> Option<Self> {
        match range {
            "*/*" => Some(Self::Any),
            "application/*" => Some(Self::Application),
            essence if essence == media.essence() => Some(Self::Exact),
            _ => None,
        }
    }
}

/// Preference of a client for a type: first by quality, then by precision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Preference {
    /// Quality value in thousandths.
    quality: u16,
    precision: Precision,
}

impl Preference {
    /// The preference by the most precise matching range; `None` if there is none or its quality is
    /// 0.
    fn of(media: GraphqlMediaType, ranges: &[Weighted]) -> Option<Self> {
        let preferences = ranges.iter().filter_map(|range| {
            let precision = Precision::of(&range.name, media)?;
            Some(Self { quality: range.quality, precision })
        });
        preferences
            .max_by_key(|preference| preference.precision)
            .filter(|preference| preference.quality > 0)
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
