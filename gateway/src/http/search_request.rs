//! What the parameters of a request for programs and other sites state.

use std::{
    borrow::{Borrow, Cow},
    sync::Arc,
};

use poem::Request;
use url::form_urlencoded;

use super::partner::RequestPartner;
use crate::{
    partners::Partner,
    search_params::{InvalidParameter, SearchParams, VALUES_MAX, is_parameter},
};

/// Parameters of every such request besides those of the search.
const OTHER_PARAMETERS: [&str; 2] = ["first", "key"];

/// A search with the conditions of the partner that requests it.
pub(crate) struct SearchRequest {
    /// The search as requested.
    pub(crate) requested: SearchParams,
    /// The search with the conditions of the partner.
    pub(crate) search: SearchParams,
    /// Number of hits.
    pub(crate) first: Option<usize>,
    pub(crate) partner: Option<Arc<Partner>>,
    /// The key as sent in the address.
    pub(crate) key: Option<String>,
}

impl SearchRequest {
    /// Reads the parameters. `others` are allowed besides those of every search.
    ///
    /// # Errors
    /// What to correct.
    pub(crate) fn parse(
        request: &Request,
        first_max: usize,
        others: &[&str],
    ) -> Result<Self, String> {
        let query = request.uri().query().unwrap_or_default();
        let partner = request.data::<RequestPartner>().map(|partner| partner.0.clone());
        Self::parse_query(query, partner, first_max, others)
    }

    /// The same for parameters that a partner sends otherwise than in the address.
    ///
    /// # Errors
    /// What to correct.
    pub(crate) fn parse_query(
        query: &str,
        partner: Option<Arc<Partner>>,
        first_max: usize,
        others: &[&str],
    ) -> Result<Self, String> {
        let is_known = |name: &str| {
            is_parameter(name) || OTHER_PARAMETERS.contains(&name) || others.contains(&name)
        };
        let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
        if let Some((name, _)) = pairs.iter().find(|(name, _)| !is_known(name)) {
            let name: String = name.chars().take(80).collect();
            return Err(format!("unknown parameter: `{name}`"));
        }
        if pairs.len() > VALUES_MAX {
            return Err(format!("too many parameters; at most {VALUES_MAX}"));
        }
        let (requested, invalid) = SearchParams::parse(query);
        if let Some(parameter) = invalid.first() {
            return Err(parameter.to_string());
        }
        let first = match stated(pairs.iter(), "first") {
            None => None,
            Some(text) => {
                let first = text.parse().ok().filter(|first| (1..=first_max).contains(first));
                Some(first.ok_or_else(|| format!("`first` must be from 1 to {first_max}"))?)
            }
        };
        let search = match &partner {
            None => requested.clone(),
            Some(partner) => {
                let outside = |error: InvalidParameter| {
                    format!("the key does not find this `{}`: `{}`", error.name, error.value)
                };
                requested.within(&partner.config.filter).map_err(outside)?
            }
        };
        Ok(Self { requested, search, first, partner, key: stated(pairs.iter(), "key") })
    }
}

/// The first value of a parameter, if it is not empty.
pub(crate) fn value(query: &str, name: &str) -> Option<String> {
    stated(form_urlencoded::parse(query.as_bytes()), name)
}

/// The first value of a parameter that is not empty.
fn stated<'q>(
    mut pairs: impl Iterator<Item: Borrow<(Cow<'q, str>, Cow<'q, str>)>>,
    name: &str,
) -> Option<String> {
    pairs.find_map(|pair| {
        let (other, value) = pair.borrow();
        let value = value.trim();
        (other == name && !value.is_empty()).then(|| value.to_owned())
    })
}
