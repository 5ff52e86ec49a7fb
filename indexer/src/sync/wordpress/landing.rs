//! Landing pages: which object of a type is the page of which term.

use std::collections::BTreeMap;

use html_escape::decode_html_entities;
use schema::normalisation;
use serde_json::{Value, json};

use super::{
    census::Census,
    options::{JoinBy, TermJoin},
    site::{JoinedNames, LandingTerms},
};

/// Finds the landing pages of one type. A term or an object whose counterpart is not the only one is
/// not joined.
pub(super) fn landing_terms(
    joins: &[TermJoin],
    (content_type, census): (&str, &Census),
    names: &JoinedNames,
    notes: &mut Vec<String>,
) -> LandingTerms {
    let mut found = LandingTerms::new();
    for join in joins.iter().filter(|join| join.content_type == content_type) {
        let taxonomy = &join.taxonomy;
        let Some(terms) = names.terms_of(taxonomy) else {
            notes.push(format!(
                "the site does not show this taxonomy in its REST API; check `[[source.join]]`: \
                 `{taxonomy}`"
            ));
            continue;
        };
        let terms = terms.values().map(|term| (term_key(term, join.by), term));
        let pages = census.iter().map(|(id, listed)| {
            let text = if join.by == JoinBy::Slug { &listed.slug } else { &listed.title };
            (key(text, join.by), id)
        });
        let (terms, pages) = (grouped(terms), grouped(pages));
        let mut count = 0;
        for (key, terms) in &terms {
            match (terms.as_slice(), pages.get(key).map(Vec::as_slice)) {
                (_, None) => {}
                ([term], Some([page])) => {
                    let term = json!({ "taxonomy": taxonomy, "name": term["name"] });
                    found.entry(**page).or_insert(term);
                    count += 1;
                }
                _ => notes.push(format!(
                    "several objects of `{content_type}` or terms of `{taxonomy}` have this slug or \
                     name, so they are not joined: `{key}`"
                )),
            }
        }
        if count == 0 && !terms.is_empty() {
            notes.push(format!(
                "no object of `{content_type}` is the landing page of a term of `{taxonomy}`; check \
                 `by` of `[[source.join]]`"
            ));
        }
    }
    found
}

fn term_key(term: &Value, by: JoinBy) -> String {
    let field = if by == JoinBy::Slug { "slug" } else { "name" };
    key(term[field].as_str().unwrap_or_default(), by)
}

fn key(text: &str, by: JoinBy) -> String {
    match by {
        JoinBy::Slug => text.to_lowercase(),
        JoinBy::Name => normalisation::name(&decode_html_entities(text)),
    }
}

/// Values by key; an empty key identifies nothing.
fn grouped<T>(pairs: impl Iterator<Item = (String, T)>) -> BTreeMap<String, Vec<T>> {
    let mut groups = BTreeMap::<String, Vec<T>>::new();
    for (key, value) in pairs.filter(|(key, _)| !key.is_empty()) {
        groups.entry(key).or_default().push(value);
    }
    groups
}
