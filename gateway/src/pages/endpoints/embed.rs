//! `/embed/fragment`, `/embed/search` and `/embed/frame`: results for pages of partners; the module with
//! our elements.

use poem::{
    Endpoint, Request, Response, Result,
    http::{HeaderValue, StatusCode},
};
use url::form_urlencoded;

use super::{HTML, PageCaching, PageVariant, Pages};
use crate::{
    error::ApiError,
    http::problem_details,
    http::search_request::{SearchRequest, value},
    pages::{
        PageRequest,
        embed::{EmbedForm, EmbedRequest, FIRST_MAX, HEADING_LEVEL_DEFAULT, HEADING_LEVELS},
    },
    search_params::{SearchParams, is_condition},
};

/// What a fragment may do where it is shown by itself.
const FRAGMENT_POLICY: &str = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'";
/// What a page in a frame may load and do, without its `frame-ancestors`.
const FRAME_POLICY: &str =
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors";

/// The endpoint of one form.
pub(crate) struct Embed {
    pub(crate) pages: Pages,
    pub(crate) form: EmbedForm,
}

impl Endpoint for Embed {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let embed = match parse(&request, self.form) {
            Ok(embed) => embed,
            Err(message) => {
                let error = ApiError::bad_request(message);
                return Ok(problem_details::response(StatusCode::BAD_REQUEST, &error));
            }
        };
        let (language, path) = self.pages.inner.site.split_language(request.uri().path());
        let variant = PageVariant {
            language,
            path_and_query: format!(
                "{path}?{}&of={}&partner={}",
                embed.query_string(embed.requested.page),
                embed.search.query_string(),
                embed.partner.as_ref().map_or("", |partner| &partner.config.name),
            ),
            caching: PageCaching::Validator,
            media_type: HTML,
            policy: policy(&embed),
            status: StatusCode::OK,
        };
        Ok(self.pages.page(&request, &PageRequest::Embed(Box::new(embed)), variant).await)
    }
}

/// The requested results.
///
/// # Errors
/// What to correct.
fn parse(request: &Request, form: EmbedForm) -> Result<EmbedRequest, String> {
    let query = request.uri().query().unwrap_or_default();
    let SearchRequest { requested, search, first, partner, key } =
        SearchRequest::parse(request, FIRST_MAX, &["field", "fixed", "heading"])?;
    let heading_level = match value(query, "heading") {
        None => HEADING_LEVEL_DEFAULT,
        Some(text) => {
            let level = text.parse().ok().filter(|level| HEADING_LEVELS.contains(level));
            level.ok_or("`heading` must be from 2 to 6")?
        }
    };
    let has_field = match value(query, "field").as_deref() {
        None | Some("true") => true,
        Some("false") => false,
        Some(_) => return Err("`field` must be `true` or `false`".to_owned()),
    };
    let fixed = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "fixed");
    let fixed: Vec<_> = match fixed {
        Some((_, names)) => {
            names.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect()
        }
        None => fixed_conditions(&requested),
    };
    if let Some(name) = fixed.iter().find(|name| !is_condition(name)) {
        return Err(format!("`fixed` must be names of conditions: `{name}`"));
    }
    let first = first.unwrap_or(FIRST_MAX);
    Ok(EmbedRequest {
        form,
        requested,
        search,
        fixed,
        has_field,
        first,
        heading_level,
        partner,
        key,
    })
}

/// The conditions of the page that embeds the results, which visitors cannot change.
fn fixed_conditions(requested: &SearchParams) -> Vec<String> {
    let mut names: Vec<_> =
        requested.conditions().iter().map(|(name, _)| (*name).to_owned()).collect();
    names.dedup();
    names
}

/// The policy of a page: the sites that may show it in a frame are those of the partner.
fn policy(embed: &EmbedRequest) -> HeaderValue {
    let partner = embed.partner.as_deref().filter(|partner| partner.config.framing);
    let policy = match embed.form {
        EmbedForm::Fragment | EmbedForm::Search => FRAGMENT_POLICY.to_owned(),
        EmbedForm::Frame => {
            let origins = partner.map(|partner| partner.config.origins.join(" "));
            format!("{FRAME_POLICY} 'self' {}", origins.unwrap_or_default())
        }
    };
    HeaderValue::from_str(policy.trim_end()).expect("origins are visible ASCII")
}
