//! The canonical fields: the common vocabulary of all sources after mapping.

use std::{collections::HashMap, fmt, str::FromStr, sync::LazyLock};

macro_rules! fields {
    ($($variant:ident = $name:literal,)+) => {
        /// A canonical field.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "each is named after its field in the content model")]
        pub enum Field { $($variant,)+ }

        impl Field {
            /// All canonical fields.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name in configuration and in sources, such as `published_at`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }
    };
}

fields! {
    Kind = "kind", Form = "form", Key = "key", Op = "op", Draft = "draft",
    Title = "title", Summary = "summary", Url = "url", Slug = "slug", Language = "language",
    PublishedAt = "published_at", ModifiedAt = "modified_at", Image = "image",
    Themes = "themes", Audiences = "audiences", Communities = "communities",
    Organisations = "organisations", People = "people", Hashtags = "hashtags", Body = "body",
    Lead = "lead", Authors = "authors", Interviewees = "interviewees", Quotes = "quotes",
    References = "references", Resources = "resources", ReportsOn = "reports_on",
    ExternalUrl = "external_url", Steps = "steps", Guidelines = "guidelines",
    OriginCommunity = "origin_community", Maintainers = "maintainers", Maturity = "maturity",
    ShortName = "short_name", Question = "question", Purpose = "purpose", Founded = "founded",
    OriginOrganisations = "origin_organisations", Coordinators = "coordinators",
    MemberCount = "member_count", Access = "access", JoinUrl = "join_url",
    PlatformUrl = "platform_url", Layers = "layers", RelatedCommunities = "related_communities",
    Start = "start", End = "end", TimeZone = "time_zone", Status = "status",
    Uid = "uid", Attendance = "attendance", Place = "place", OnlineUrl = "online_url",
    Registration = "registration", Price = "price", Organisers = "organisers",
    Speakers = "speakers", Sessions = "sessions", Series = "series",
    OpenToNonMembers = "open_to_non_members", Recording = "recording",
    AltLabels = "alt_labels", Definition = "definition", Broader = "broader",
    Abbreviations = "abbreviations", Aliases = "aliases",
    OrganisationKind = "organisation_kind", Layer = "layer", Parent = "parent",
    Role = "role", Bio = "bio", Perspective = "perspective",
    Predecessor = "predecessor", TranslationOf = "translation_of", VariantOf = "variant_of",
    Alliances = "alliances",
}

impl Field {
    /// The subfields of a field that is an object; empty for any other field.
    pub const fn subfields(self) -> &'static [&'static str] {
        match self {
            Self::Image => &["url", "alt", "width", "height"],
            Self::Place => &["name", "address", "city", "latitude", "longitude"],
            Self::Registration => &["url", "opens", "closes", "capacity", "spaces_left"],
            Self::Series => &["rule", "exclude", "add"],
            _ => &[],
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The name is not a canonical field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown field; did you mean `{nearest}`?: `{name}`")]
pub struct UnknownField {
    /// The name as configured.
    pub name: String,
    /// The nearest existing name.
    pub nearest: String,
}

/// The target of a value: a field, or a subfield such as `place.city`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldPath {
    /// The field.
    pub field: Field,
    /// The subfield, if any.
    pub subfield: Option<&'static str>,
}

static PATHS: LazyLock<HashMap<String, FieldPath>> =
    LazyLock::new(|| FieldPath::all().map(|path| (path.to_string(), path)).collect());

impl FieldPath {
    /// The field or subfield with this name, without a search for the nearest one.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        PATHS.get(name).copied()
    }

    /// Whether the value is a URL.
    pub(crate) fn is_url(self) -> bool {
        match self.subfield {
            None => matches!(
                self.field,
                Field::Url
                    | Field::ExternalUrl
                    | Field::JoinUrl
                    | Field::PlatformUrl
                    | Field::OnlineUrl
                    | Field::Recording
                    | Field::Image
                    | Field::Registration
            ),
            Some(subfield) => subfield == "url",
        }
    }

    /// Whether the value is a decimal number, or an object with one.
    pub(crate) fn is_decimal(self) -> bool {
        self.field == Field::Place && matches!(self.subfield, None | Some("latitude" | "longitude"))
    }

    /// Whether the value is a list of texts.
    pub(crate) fn is_list(self) -> bool {
        match self.subfield {
            None => matches!(
                self.field,
                Field::Themes
                    | Field::Audiences
                    | Field::Communities
                    | Field::Organisations
                    | Field::People
                    | Field::Hashtags
                    | Field::Authors
                    | Field::Interviewees
                    | Field::Maintainers
                    | Field::OriginOrganisations
                    | Field::Coordinators
                    | Field::Layers
                    | Field::RelatedCommunities
                    | Field::Organisers
                    | Field::Speakers
                    | Field::AltLabels
                    | Field::Abbreviations
                    | Field::Aliases
                    | Field::Alliances
            ),
            Some(subfield) => matches!(subfield, "exclude" | "add"),
        }
    }

    fn all() -> impl Iterator<Item = Self> {
        Field::ALL.iter().flat_map(|&field| {
            let top_level = std::iter::once(Self { field, subfield: None });
            top_level.chain(
                field
                    .subfields()
                    .iter()
                    .map(move |&subfield| Self { field, subfield: Some(subfield) }),
            )
        })
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.subfield {
            Some(subfield) => write!(f, "{}.{subfield}", self.field),
            None => self.field.fmt(f),
        }
    }
}

impl FromStr for FieldPath {
    type Err = UnknownField;

    fn from_str(name: &str) -> Result<Self, UnknownField> {
        Self::from_name(name).ok_or_else(|| UnknownField {
            name: name.to_owned(),
            nearest: nearest(
                name,
                Self::all()
                    .filter(|target| target.subfield.is_some() == name.contains('.'))
                    .map(|target| target.to_string()),
            ),
        })
    }
}

/// The known name most similar to `input`; empty if there are no candidates.
pub(crate) fn nearest<T: AsRef<str>>(input: &str, candidates: impl Iterator<Item = T>) -> String {
    let similarity = |name: &T| strsim::jaro_winkler(input, name.as_ref());
    candidates
        .max_by(|a, b| similarity(a).total_cmp(&similarity(b)))
        .map_or_else(String::new, |name| name.as_ref().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_must_be_parsed_from_its_name() {
        for target in FieldPath::all() {
            assert_eq!(target.to_string().parse(), Ok(target));
        }
    }

    #[test]
    fn a_mistyped_field_must_name_the_nearest() {
        let error = "publishd_at".parse::<FieldPath>().unwrap_err();
        assert_eq!(error.to_string(), "unknown field; did you mean `published_at`?: `publishd_at`");
        assert_eq!("place.town".parse::<FieldPath>().unwrap_err().nearest, "place.city");
        assert_eq!("title.city".parse::<FieldPath>().unwrap_err().nearest, "place.city");
    }
}
