//! Search, sort and count.

use std::{cmp::Reverse, collections::HashSet, sync::Arc};

use jiff::Timestamp;
use schema::{
    Facet, FacetCount, Facets, MatchClass, Preference, SearchFilter, SearchSort, SortValue,
};
use tantivy::{
    SegmentReader,
    query::{AllQuery, EnableScoring, Query},
};

use super::{
    IndexError,
    collector::{CollectedHit, Conditions, HitCollector, Ranking},
    counts::{FacetCounting, HitCounts, SegmentCounter},
    facet_ordinals::ValueCounts,
    filter::Filter,
    preferences::Preferences,
    query::{
        matches::{ListedDocuments, MatchDetail, matches},
        planner::Plan,
        proximity,
        scan::{Match, Scan},
        scorer::MatchRules,
        window::Scores,
    },
    rank::{RankedHit, RecencyBoost, SearchResult, compare, rank_value, score_of_rank},
    reader::IndexReader,
    series::{SeriesPhases, SeriesTimes},
};
use crate::cancellation::Cancellation;

/// Maximum number of values of a facet, in addition to selected ones.
pub(crate) const FACET_VALUES_MAX: usize = 100;

/// Minimum number of documents with both words of a query at which documents with one are not
/// listed.
const MIN_AND_MATCHES: usize = 100;

/// A search request to the index.
pub(crate) struct Search<'a> {
    /// The compiled words; `None` matches everything.
    pub(crate) plan: Option<&'a Plan>,
    pub(crate) filter: &'a SearchFilter,
    /// Hits that meet these rank higher by relevance.
    pub(crate) preferences: &'a [Preference],
    pub(crate) sort: SearchSort,
    /// Whether wider matches count like exact ones. They also do if there are no exact ones.
    pub(crate) wider: bool,
    pub(crate) now: Timestamp,
    /// Current day in Amsterdam, in days since 1970, from which ages are computed.
    pub(crate) day: i32,
    pub(crate) limit: usize,
    /// Whether the hits are counted.
    pub(crate) total: bool,
    /// Whether the values of facets are counted.
    pub(crate) facets: bool,
    /// Ends the search early.
    pub(crate) cancellation: &'a Cancellation,
}

/// What a pass over the documents collects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PassResult {
    Hits,
    Counts,
    HitsAndCounts,
}

/// A search in progress.
struct Pass<'a> {
    reader: &'a IndexReader,
    search: &'a Search<'a>,
    rules: MatchRules,
    conditions: Conditions,
    ranking: Ranking,
}

impl IndexReader {
    /// Searches, sorts and counts.
    pub(crate) fn search(
        &self,
        search: &Search<'_>,
        times: &Arc<SeriesTimes>,
    ) -> Result<SearchResult, IndexError> {
        let rules = search.plan.map(|plan| self.rules(plan)).transpose()?.unwrap_or_default();
        let is_ranked = search.plan.is_some() && search.sort == SearchSort::Relevance;
        let proximity_plan = search.plan.filter(|plan| is_ranked && proximity::applies(plan));
        // One hit more than the result has tells whether there are others.
        let depth = match (search.limit, proximity_plan) {
            (0, _) => 0,
            (limit, None) => limit + 1,
            (limit, Some(_)) => proximity::RERANK_DEPTH.max(limit + 1),
        };
        let mut pass = Pass {
            reader: self,
            search,
            rules,
            conditions: Conditions {
                filter: Filter::new(search.filter, search.now),
                series: SeriesPhases::new(times, search.now),
                include_wider: search.wider,
                has_words: search.plan.is_some(),
            },
            ranking: Ranking {
                preferences: Preferences::new(search.preferences, search.now),
                sort: search.sort,
                limit: search.limit,
                depth,
                recency_boost: is_ranked.then_some(RecencyBoost {
                    day: search.day,
                    all_terms_boost: rules.all_terms_boost,
                }),
            },
        };
        let (mut hits, counts) = if is_ranked {
            pass.ranked()?
        } else {
            pass.run_with_wider(PassResult::HitsAndCounts)?
        };
        if let Some(plan) = proximity_plan {
            self.rerank(plan, rules.all_terms_boost, search.limit, &mut hits)?;
        }
        let wider_included = pass.conditions.include_wider;
        let (exact, wider) = (counts.exact(), counts.wider());
        let found = hits.len() as u64;
        hits.truncate(search.limit);
        let facets = search.facets.then(|| facets(&counts.facets(), search.filter));
        let listed = if wider_included || search.sort == SearchSort::Relevance {
            exact + wider
        } else {
            exact
        };
        Ok(SearchResult {
            hits,
            listed: listed.max(found),
            total: if wider_included { exact + wider } else { exact },
            wider,
            wider_included,
            facets,
            all_terms_boost: rules.all_terms_boost,
        })
    }

    /// The rules for the selection and the order of documents.
    pub(super) fn rules(&self, plan: &Plan) -> Result<MatchRules, IndexError> {
        if !plan.is_two_word_query() {
            return Ok(plan.rules);
        }
        let exact_only = MatchRules { exact_only: true, ..plan.rules_requiring_all() };
        let has_enough = self.has_matches(plan, exact_only, MIN_AND_MATCHES)?;
        Ok(if has_enough { plan.rules_requiring_all() } else { plan.rules_boosting_all() })
    }

    /// Whether at least `minimum` documents match under `rules`, whatever the filter. Stops as soon
    /// as the minimum is reached.
    fn has_matches(&self, plan: &Plan, rules: MatchRules, minimum: usize) -> tantivy::Result<bool> {
        let mut found = 0;
        for segment in self.searcher().segment_readers() {
            let mut scan = plan.scan(segment, self.norms(), rules, Scores::NotNeeded)?;
            while let Some(matches) = scan.next_window(0.0) {
                let is_alive = |doc| !segment.is_deleted(doc);
                found += matches.iter().filter(|matched| is_alive(matched.doc)).count();
                if found >= minimum {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Reranks the best hits by proximity, as far as they can be among the first `limit`. The boost
    /// only increases scores, so no hit falls below one that was not reranked.
    fn rerank(
        &self,
        plan: &Plan,
        all_terms_boost: f32,
        limit: usize,
        hits: &mut [RankedHit],
    ) -> Result<(), IndexError> {
        let boost = RecencyBoost { day: 0, all_terms_boost };
        let boosted = |hit: &RankedHit, factor| match hit.value {
            SortValue::Score(value) => {
                let (score, class) = score_of_rank(value);
                rank_value(boost.apply(score, factor), class)
            }
            _ => 0.0,
        };
        let depth = hits.len().min(proximity::RERANK_DEPTH);
        let (mut done, mut end) = (0, limit.min(depth));
        while done < end {
            let addresses: Vec<_> = hits[done..end].iter().filter_map(|hit| hit.address).collect();
            let documents = ListedDocuments::at(self.searcher(), &addresses);
            let detail = MatchDetail::Proximity;
            let matched = matches(self.searcher(), self.norms(), plan, &documents, detail)?;
            for (hit, matches) in hits[done..end].iter_mut().zip(matched) {
                let rank = boosted(hit, proximity::boost(plan, &matches));
                hit.value = SortValue::Score(rank);
            }
            done = end;
            let mut ranks: Vec<f32> = hits[..done].iter().map(|hit| boosted(hit, 1.0)).collect();
            ranks.sort_by(|left, right| right.total_cmp(left));
            let last = ranks.get(limit - 1).copied();
            let can_rise = |hit: &&RankedHit| {
                last.is_none_or(|last| boosted(hit, proximity::MAX_FACTOR) >= last)
            };
            end = done + hits[done..depth].iter().take_while(can_rise).count();
        }
        hits.sort_by(|left, right| compare(SearchSort::Relevance, left, right));
        Ok(())
    }
}

impl Pass<'_> {
    /// The best hits by relevance. Hits are counted without their scores.
    fn ranked(&mut self) -> Result<(Vec<RankedHit>, HitCounts), IndexError> {
        let (hits, _) = self.run(PassResult::Hits)?;
        if self.search.total || self.search.facets {
            let (_, counts) = self.run_with_wider(PassResult::Counts)?;
            return Ok((hits, counts));
        }
        let has_exact = hits.iter().any(|hit| hit.class == MatchClass::Exact);
        if !has_exact && let Some(plan) = self.search.plan {
            let exact_only = MatchRules { exact_only: true, ..self.rules };
            self.conditions.include_wider |= !self.reader.has_matches(plan, exact_only, 1)?;
        }
        Ok((hits, HitCounts::default()))
    }

    /// Includes wider matches if no document matches exactly, whatever the filter: otherwise a
    /// facet would count other hits than its values list.
    fn run_with_wider(
        &mut self,
        collected: PassResult,
    ) -> Result<(Vec<RankedHit>, HitCounts), IndexError> {
        let (hits, counts) = self.run(collected)?;
        if counts.has_exact || self.conditions.include_wider {
            return Ok((hits, counts));
        }
        self.conditions.include_wider = true;
        self.run(collected)
    }

    /// A pass over the matching documents of a segment.
    fn scan(&self, segment: &SegmentReader, scores: Scores) -> tantivy::Result<Scan> {
        let Search { plan, cancellation, .. } = self.search;
        if let Some(plan) = plan {
            return plan.scan(segment, self.reader.norms(), self.rules, scores);
        }
        let unscored = EnableScoring::disabled_from_schema(segment.schema());
        let all = AllQuery.weight(unscored)?.scorer(segment, 1.0)?;
        Ok(Scan::new(segment, Vec::new(), Some(all), self.rules, scores, cancellation))
    }

    fn run(&self, collected: PassResult) -> Result<(Vec<RankedHit>, HitCounts), IndexError> {
        let conditions = &self.conditions;
        let scores = if collected == PassResult::Hits { Scores::Needed } else { Scores::NotNeeded };
        let facets = if self.search.facets { FacetCounting::On } else { FacetCounting::Off };
        let (mut best, mut counts): (Vec<CollectedHit>, _) = (Vec::new(), HitCounts::default());
        let mut rank_min = f32::NEG_INFINITY;
        let segments = self.reader.searcher().segment_readers().iter().zip(self.reader.segments());
        for (ordinal, (segment, fields)) in (0..).zip(segments) {
            let mut scan = self.scan(segment, scores)?;
            let mut hits =
                HitCollector::new((ordinal, fields), conditions, &self.ranking, rank_min);
            let mut counter = SegmentCounter::new(fields, conditions, facets, &mut counts);
            while let Some(matches) = scan.next_window(hits.score_min()) {
                let is_alive = |matched: &&Match| !segment.is_deleted(matched.doc);
                for matched in matches.iter().filter(is_alive) {
                    if collected != PassResult::Counts {
                        hits.collect(*matched);
                    }
                    if collected != PassResult::Hits {
                        counter.count(*matched);
                    }
                }
            }
            counter.finish();
            rank_min = hits.rank_min();
            best.append(&mut hits.finish()?);
        }
        Ok((self.ranking.merge(best), counts))
    }
}

fn facets(counts: &ValueCounts, filter: &SearchFilter) -> Facets {
    let mut facets = Facets::default();
    for facet in Facet::ALL {
        facets.set(*facet, facet_counts(&counts[*facet as usize], &filter.selected(*facet)));
    }
    facets.years.sort_by_key(|year| Reverse(year.value));
    facets
}

/// The counts of one facet, highest first. A selected value is listed even without hits.
fn facet_counts(counts: &[(u64, u64)], selected: &[u64]) -> Vec<FacetCount<u64>> {
    let mut is_selected = HashSet::new();
    let selected: Vec<u64> =
        selected.iter().copied().filter(|value| is_selected.insert(*value)).collect();
    let count = |&(value, count): &(u64, u64)| FacetCount {
        value,
        count,
        selected: is_selected.contains(&value),
    };
    let mut listed: Vec<_> = counts.iter().map(count).collect();
    listed.sort_by_key(|facet| (Reverse(facet.count), facet.value));
    let mut rank = 0;
    listed.retain(|facet| {
        rank += 1;
        facet.selected || rank <= FACET_VALUES_MAX
    });
    // Every selected value with hits is listed.
    let with_hits: HashSet<u64> = listed.iter().map(|facet| facet.value).collect();
    let without_hits = selected.iter().filter(|value| !with_hits.contains(value));
    listed.extend(without_hits.map(|value| FacetCount { value: *value, count: 0, selected: true }));
    listed
}
