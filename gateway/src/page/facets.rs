//! Facets: what one can refine a search by, with what one would find.

use schema::{FacetCount, Facets, NodeId, Perspective, Record};

use super::{Visit, names::Names, search::search_href, words::Words};
use crate::parameters::{Parameters, written};

/// So many values of a facet are shown before it is folded.
const UNFOLDED: usize = 6;
/// From so many values on a facet can be searched.
const SEARCHABLE: usize = 10;
/// Of more values than this, those that are folded come only when they are asked for.
const SENT_MAX: usize = 16;

/// One facet.
pub(super) struct FacetView {
    /// Its parameter.
    pub(super) name: &'static str,
    /// Distinguishes facets with one parameter.
    pub(super) key: &'static str,
    pub(super) title: String,
    pub(super) shown: Vec<OptionView>,
    pub(super) folded: Vec<OptionView>,
    /// The page that has all values, where this one has not.
    pub(super) whole: Option<String>,
    pub(super) searchable: bool,
    /// What unfolds it.
    pub(super) more: String,
    /// The label of its own search field.
    pub(super) narrow: String,
}

/// One value.
pub(super) struct OptionView {
    pub(super) value: String,
    pub(super) label: String,
    pub(super) count: String,
    pub(super) selected: bool,
}

/// Every thing that facets name on a page. What a page leaves out is not looked up.
pub(super) fn named(facets: &Facets, asked: &Parameters) -> Vec<NodeId> {
    let lists = [
        sent("theme", &facets.themes, asked),
        sent("community", &facets.communities, asked),
        sent("organisation", &facets.organisations, asked),
        facets.audiences.iter().collect(),
    ];
    lists.into_iter().flatten().map(|facet| facet.value).collect()
}

/// The values of a list that a page shows, most first: of a long one the first few and what was
/// chosen, unless all were asked for.
fn sent<'a>(
    key: &str,
    list: &'a [FacetCount<NodeId>],
    asked: &Parameters,
) -> Vec<&'a FacetCount<NodeId>> {
    let is_whole = list.len() <= SENT_MAX || asked.facet == Some(key);
    let values = list.iter().enumerate();
    let values = values.filter(|(place, facet)| is_whole || *place < UNFOLDED || facet.selected);
    values.map(|(_, facet)| facet).collect()
}

/// Makes the facets of one page.
pub(super) struct Maker<'a> {
    pub(super) words: &'static Words,
    pub(super) names: &'a Names,
    /// What is asked; one facet may be asked for with all its values.
    pub(super) asked: &'a Parameters,
    pub(super) visit: Visit<'a>,
}

impl Maker<'_> {
    /// All facets that say something.
    pub(super) fn all(&self, facets: &Facets) -> Vec<FacetView> {
        macro_rules! vocabulary {
            ($list:expr, $section:literal) => {
                $list.iter().map(|facet| {
                    let word = facet.value.name();
                    (written(word), self.words.name($section, word), facet.count, facet.selected)
                })
            };
        }
        let rows = |values: Vec<&FacetCount<NodeId>>| -> Vec<Row> {
            let row = |facet: &FacetCount<NodeId>| {
                let name = self.names.get(facet.value)?.name().to_owned();
                Some((facet.value.to_string(), name, facet.count, facet.selected))
            };
            values.into_iter().filter_map(row).collect()
        };
        let things = |key, list: &[FacetCount<NodeId>]| {
            let sent = sent(key, list, self.asked);
            let left_out = list.len() - sent.len();
            self.facet_of(key, key, rows(sent), left_out)
        };
        let forms = vocabulary!(facets.article_forms, "form")
            .chain(vocabulary!(facets.toolkit_forms, "form"))
            .chain(vocabulary!(facets.community_forms, "form"))
            .chain(vocabulary!(facets.event_forms, "form"));
        let (professional, citizen): (Vec<_>, Vec<_>) =
            facets.audiences.iter().partition(|facet| {
                !matches!(self.names.get(facet.value).map(|record| &**record),
                    Some(Record::Audience(audience)) if audience.perspective == Perspective::Citizen)
            });
        let years = facets.years.iter().map(|facet| {
            let year = facet.value.to_string();
            (year.clone(), year, facet.count, facet.selected)
        });
        let made = [
            self.facet("kind", "kind", vocabulary!(facets.kinds, "kinds").collect()),
            self.facet("form", "form", merged(forms)),
            things("theme", &facets.themes),
            things("community", &facets.communities),
            things("organisation", &facets.organisations),
            self.facet("layer", "layer", vocabulary!(facets.layers, "layer").collect()),
            self.facet("audience", "audience", rows(professional)),
            self.facet("audience", "audience_citizen", rows(citizen)),
            self.facet("phase", "phase", vocabulary!(facets.phases, "phase").collect()),
            self.facet(
                "attendance",
                "attendance",
                vocabulary!(facets.attendance, "attendance").collect(),
            ),
            self.facet("year", "year", years.collect()),
            self.facet("language", "language", vocabulary!(facets.languages, "language").collect()),
        ];
        made.into_iter().flatten().collect()
    }

    fn facet(&self, name: &'static str, key: &'static str, rows: Vec<Row>) -> Option<FacetView> {
        self.facet_of(name, key, rows, 0)
    }

    /// A facet that has so many more values than the rows.
    fn facet_of(
        &self,
        name: &'static str,
        key: &'static str,
        rows: Vec<Row>,
        left_out: usize,
    ) -> Option<FacetView> {
        let mut options: Vec<_> = rows
            .into_iter()
            .filter(|(_, _, count, selected)| *count > 0 || *selected)
            .map(|(value, label, count, selected)| {
                let count = self.words.number(count);
                OptionView { value, label, count, selected }
            })
            .collect();
        let says_something = options.len() > 1 || options.iter().any(|option| option.selected);
        if !says_something {
            return None;
        }
        options.sort_by_key(|option| !option.selected);
        let title = self.words.name("facet", key);
        let number = options.len() + left_out;
        let is_long = number > SENT_MAX && self.asked.facet != Some(key);
        let chosen = options.iter().filter(|option| option.selected).count();
        // One that would be folded alone takes no more room than what unfolds it.
        let shown = match number {
            _ if self.asked.facet == Some(key) || number == UNFOLDED + 1 => number,
            _ => chosen.max(UNFOLDED),
        };
        let mut folded = options.split_off(shown.min(options.len()));
        if is_long {
            folded.clear();
        }
        let whole = || search_href(self.visit, &self.asked.with_facet(key));
        Some(FacetView {
            name,
            key,
            searchable: number >= SEARCHABLE,
            more: self.words.fill("search.more", "count", &self.words.number(number as u64)),
            narrow: self.words.fill("search.narrow", "facet", &title.to_lowercase()),
            whole: (is_long && options.len() < number).then(|| format!("{}#facet-{key}", whole())),
            title,
            shown: options,
            folded,
        })
    }

    /// What a chosen condition is called.
    pub(super) fn chosen(&self, name: &str, value: &str) -> String {
        let word = value.to_ascii_uppercase().replace('-', "_");
        match name {
            "kind" => self.words.name("kinds", &word),
            "form" | "layer" | "language" | "attendance" | "phase" => self.words.name(name, &word),
            "from" | "until" => {
                let day =
                    value.parse().map_or_else(|_| value.to_owned(), |day| self.words.day(day));
                format!("{} {day}", self.words.name("facet", name))
            }
            "year" => value.to_owned(),
            _ => value.parse().map_or_else(|_| value.to_owned(), |id| self.names.name(id)),
        }
    }
}

/// Value, label, count, whether it is chosen.
type Row = (String, String, u64, bool);

/// Rows with one value as one row.
fn merged(rows: impl Iterator<Item = Row>) -> Vec<Row> {
    let mut merged: Vec<Row> = Vec::new();
    for row in rows {
        match merged.iter_mut().find(|known| known.0 == row.0) {
            Some(known) => known.2 += row.2,
            None => merged.push(row),
        }
    }
    merged.sort_by_key(|row| std::cmp::Reverse(row.2));
    merged
}

/// The ids that conditions name.
pub(super) fn conditions(parameters: &Parameters) -> Vec<NodeId> {
    let filter = &parameters.filter;
    let lists = [
        &filter.themes,
        &filter.communities,
        &filter.organisations,
        &filter.audiences,
        &filter.people,
    ];
    lists.into_iter().flatten().copied().collect()
}
