//! Composes the current SDL of each subgraph, or else the last one that could be composed.
//!
//! An SDL is added to the cache only here, after a supergraph with it was loaded.

use std::{
    collections::BTreeMap,
    panic::{self, AssertUnwindSafe},
};

use super::subgraph_sdl;
use crate::{
    compose::{CompositionError, SubgraphSdl, compose},
    config::RouterConfig,
    error::with_causes,
    sdl_cache::SdlCache,
    supergraph::Supergraph,
};

/// A supergraph with its SDL, if there is one, and all errors.
pub(super) struct Composition {
    pub(super) supergraph: Option<(String, Supergraph)>,
    pub(super) errors: Vec<CompositionError>,
}

/// Composes all subgraphs, using the last known SDL of those that are missing; all or nothing.
pub(super) fn compose_all(
    config: &RouterConfig,
    available: Vec<SubgraphSdl>,
    cache: &mut SdlCache,
) -> Composition {
    let mut subgraphs = available;
    for subgraph in &config.subgraphs {
        if subgraphs.iter().all(|available| available.name != subgraph.name) {
            let cached = cache.get(&subgraph.name);
            subgraphs.extend(cached.map(|sdl| subgraph_sdl(subgraph, sdl.clone())));
        }
    }
    match compose_and_load(&subgraphs) {
        Ok(supergraph) => {
            store(config, &subgraphs, cache);
            Composition { supergraph: Some(supergraph), errors: Vec::new() }
        }
        Err(errors) => Composition { supergraph: None, errors },
    }
}

/// Composes all subgraphs or, if that fails, as many as possible, so that one subgraph cannot
/// prevent a server from starting. For each, tries the current SDL and then the last known one; a
/// cached SDL that fails is rejected from the cache.
pub(super) fn compose_fitting(
    config: &RouterConfig,
    available: Vec<SubgraphSdl>,
    cache: &mut SdlCache,
) -> Composition {
    let whole = compose_all(config, available.clone(), cache);
    if whole.supergraph.is_some() {
        return whole;
    }
    let (mut accepted, now): (Vec<_>, Vec<_>) = available
        .into_iter()
        .partition(|one| config.subgraphs.iter().all(|of| of.name != one.name));
    let mut remaining: Vec<_> = config.subgraphs.iter().collect();
    let mut supergraph = None;
    let mut failures = BTreeMap::new();
    loop {
        let count = remaining.len();
        remaining.retain(|subgraph| {
            let mut failed = Vec::new();
            let now = now.iter().find(|one| one.name == subgraph.name).cloned();
            let cached = cache.get(&subgraph.name).map(|sdl| subgraph_sdl(subgraph, sdl.clone()));
            let is_new = now != cached;
            let mut is_accepted = false;
            for (candidate, is_cached) in [(now, false), (cached.filter(|_| is_new), true)] {
                let Some(candidate) = candidate.filter(|_| !is_accepted) else { continue };
                accepted.push(candidate);
                match compose_and_load(&accepted) {
                    Ok(composed) => {
                        supergraph = Some(composed);
                        is_accepted = true;
                    }
                    Err(errors) => {
                        accepted.pop();
                        failed.push((is_cached, errors));
                    }
                }
            }
            failures.insert(subgraph.name.as_str(), failed);
            !is_accepted
        });
        // A subgraph that extends types of another can only be added after it.
        if remaining.is_empty() || remaining.len() == count {
            break;
        }
    }
    for (name, failed) in &failures {
        for (_, errors) in failed.iter().filter(|(is_cached, _)| *is_cached) {
            let reasons: Vec<_> = errors.iter().map(ToString::to_string).collect();
            cache.reject(name, &reasons.join("; "));
        }
    }
    if supergraph.is_some() {
        store(config, &accepted, cache);
    }
    let failed = failures.into_values().flatten();
    let errors: Vec<_> = failed.flat_map(|(_, errors)| errors).collect();
    Composition { supergraph, errors: if errors.is_empty() { whole.errors } else { errors } }
}

/// Stores the composed SDLs in the cache.
fn store(config: &RouterConfig, composed: &[SubgraphSdl], cache: &mut SdlCache) {
    for subgraph in &config.subgraphs {
        if let Some(one) = composed.iter().find(|one| one.name == subgraph.name) {
            cache.update(&one.name, &one.sdl);
        }
    }
}

/// Composes and loads a supergraph, and catches panics of both.
fn compose_and_load(
    subgraphs: &[SubgraphSdl],
) -> Result<(String, Supergraph), Vec<CompositionError>> {
    let error = |message: String| vec![CompositionError { message, ..Default::default() }];
    let work = || {
        let sdl = compose(subgraphs)?;
        let supergraph = Supergraph::load(&sdl)
            .map_err(|cause| error(format!("cannot load supergraph: {}", with_causes(&cause))))?;
        Ok((sdl, supergraph))
    };
    panic::catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_panic| Err(error("loading the supergraph panicked".to_owned())))
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path, time::Duration};

    use super::*;
    use crate::{
        compose::InaccessibleFields,
        config::{
            ErrorMasking, Headers, Introspection, LocalSubgraphConfig, OnBreakingChange,
            PrivateAddresses, SubgraphConfig, SubgraphPolicy,
        },
    };

    const VALID_SDL: &str = "type Query { b: Int }";

    fn config(folder: &Path, names: &[&str]) -> RouterConfig {
        let subgraph = |name: &&str| SubgraphConfig {
            name: (*name).to_owned(),
            url: format!("http://{name}.test/").parse().unwrap(),
            sdl: None,
            mapping: None,
            headers: Vec::new(),
            timeout: Duration::from_secs(1),
            retries: 0,
            sdl_poll_interval: Duration::from_secs(1),
            private_addresses: PrivateAddresses::Rejected,
        };
        let local = SubgraphSdl {
            name: "local".to_owned(),
            url: "http://local.test/".to_owned(),
            sdl: "type Query { a: Int }".to_owned(),
            mapping: None,
            inaccessible_fields: InaccessibleFields::Hidden,
        };
        RouterConfig {
            local: Some(LocalSubgraphConfig {
                name_in_supergraph: "local".to_owned(),
                sdl: local,
                scalars: &[],
            }),
            subgraphs: names.iter().map(subgraph).collect(),
            forwarded_headers: Vec::new(),
            introspection: Introspection::Enabled,
            error_masking: ErrorMasking::On,
            on_breaking_change: OnBreakingChange::Warn,
            plan_timeout: Duration::from_secs(1),
            plan_cache_entries_max: 1,
            subgraph_calls_max: 1,
            errors_max: 1,
            default_policy: SubgraphPolicy {
                timeout: Duration::from_secs(1),
                retries: 0,
                bytes_max: 1,
                failure_threshold: 1,
                open_for: Duration::from_secs(1),
                private_addresses: PrivateAddresses::Rejected,
                trace_headers: Headers::default,
            },
            sdl_cache: folder.to_owned(),
            user_agent: "test",
        }
    }

    /// The supergraph composed at start of the local subgraph and the given SDLs, and the errors.
    fn start(config: &RouterConfig, now: &[(&str, &str)]) -> (String, String) {
        let mut available: Vec<_> = config.local.iter().map(|local| local.sdl.clone()).collect();
        for subgraph in &config.subgraphs {
            let sdl = now.iter().find(|(name, _)| *name == subgraph.name);
            available.extend(sdl.map(|(_, sdl)| subgraph_sdl(subgraph, (*sdl).to_owned())));
        }
        let mut cache = SdlCache::read(&config.sdl_cache, &config.subgraphs);
        let composition = compose_fitting(config, available, &mut cache);
        let errors: Vec<_> = composition.errors.iter().map(ToString::to_string).collect();
        (composition.supergraph.map(|(sdl, _)| sdl).unwrap_or_default(), errors.join("; "))
    }

    fn files(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).into_iter().flatten();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn an_sdl_must_be_stored_only_after_it_was_composed() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path(), &["one"]);
        let deep = format!("type Query {{ b: {} Int {} }}", "[".repeat(20_000), "]".repeat(20_000));
        for hostile in [deep.as_str(), "type Query { b: Missing }", "no SDL"] {
            let (supergraph, errors) = start(&config, &[("one", hostile)]);
            assert!(!supergraph.contains("ONE") && !errors.is_empty(), "{errors}");
            assert_eq!(files(folder.path()), Vec::<String>::new(), "{errors}");
        }
        let (supergraph, errors) = start(&config, &[("one", VALID_SDL)]);
        assert!(supergraph.contains("b: Int") && errors.is_empty(), "{errors}");
        assert_eq!(files(folder.path()), ["one.graphql"]);
        // The cached SDL is used while the subgraph is missing or its new SDL cannot be composed.
        for now in [&[][..], &[("one", "type Query { b: Missing }")]] {
            let (supergraph, _) = start(&config, now);
            assert!(supergraph.contains("b: Int"));
            assert_eq!(fs::read_to_string(folder.path().join("one.graphql")).unwrap(), VALID_SDL);
        }
    }

    #[test]
    fn a_cached_sdl_that_fails_must_be_set_aside_and_the_rest_be_composed() {
        let deep = "[".repeat(20_000);
        for (bad, reason) in [
            (format!("type Query {{ c: {deep}").into_bytes(), "sdl_nesting_max"),
            (b"type Query { c: Missing }".to_vec(), "Missing"),
            (vec![0xff, 0xfe], ""),
            (vec![b' '; (4 << 20) + 1], ""),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let config = config(folder.path(), &["bad", "good"]);
            fs::write(folder.path().join("bad.graphql"), &bad).unwrap();
            fs::write(folder.path().join("good.graphql"), VALID_SDL).unwrap();
            let (supergraph, errors) = start(&config, &[]);
            assert!(supergraph.contains("b: Int") && errors.contains(reason), "{errors}");
            assert_eq!(files(folder.path()), ["bad.graphql.rejected", "good.graphql"]);
        }
    }

    #[test]
    fn a_subgraph_that_extends_a_later_one_must_fit() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path(), &["broken", "extending", "owning"]);
        let (supergraph, errors) = start(
            &config,
            &[
                ("broken", "type Query {"),
                ("extending", "extend type T @key(fields: \"id\") { id: ID! @external more: Int }"),
                ("owning", "type T @key(fields: \"id\") { id: ID! } type Query { t: T }"),
            ],
        );
        assert!(supergraph.contains("more: Int"), "{errors}");
        assert!(errors.contains("broken") && !errors.contains("extending"), "{errors}");
    }
}
