//! Decompounding: *gebruikersonderzoek* is *gebruikers* + *onderzoek*.
//!
//! Dutch compounds are written as one word, often with linking letters between the components.
//! Dynamic programming finds the cheapest split: few components, few linking letters.

use std::ops::Range;

/// Minimum number of letters of a component.
pub(crate) const COMPONENT_LETTERS_MIN: usize = 4;
/// Maximum number of letters of a word to split.
const WORD_LETTERS_MAX: usize = 48;

/// Linking elements between two components, with their cost.
const LINKING_ELEMENTS: [(&str, u32); 6] =
    [("", 0), ("s", 1), ("en", 2), ("e", 3), ("n", 3), ("er", 3)];
/// Cost of a component.
const COMPONENT_COST: u32 = 10;

/// The cheapest split of a prefix of the word.
#[derive(Clone)]
struct CheapestSplit {
    cost: u32,
    /// The last component.
    component: Range<usize>,
    /// End of the previous component.
    previous_end: usize,
}

/// The components of a compound of lower-case ASCII letters, without linking letters; empty if the
/// word is not a compound. `for_each_component_end` calls back with the end of each component that
/// starts at a position.
pub(super) fn components(
    word: &str,
    for_each_component_end: impl Fn(usize, &mut dyn FnMut(usize)),
) -> Vec<Range<usize>> {
    let length = word.len();
    let fits = (2 * COMPONENT_LETTERS_MIN..=WORD_LETTERS_MAX).contains(&length);
    if !fits || !word.bytes().all(|letter| letter.is_ascii_lowercase()) {
        return Vec::new();
    }
    let mut splits: Vec<Option<CheapestSplit>> = vec![None; length + 1];
    splits[0] = Some(CheapestSplit { cost: 0, component: 0..0, previous_end: 0 });
    for previous_end in 0..=length - COMPONENT_LETTERS_MIN {
        let Some(CheapestSplit { cost, .. }) = splits[previous_end] else { continue };
        let links = if previous_end == 0 { &LINKING_ELEMENTS[..1] } else { &LINKING_ELEMENTS[..] };
        for (link, price) in links.iter().filter(|(link, _)| word[previous_end..].starts_with(link))
        {
            let start = previous_end + link.len();
            let cost = cost + price + COMPONENT_COST;
            for_each_component_end(start, &mut |end| {
                let is_cheaper = splits[end].as_ref().is_none_or(|split| cost < split.cost);
                if is_cheaper && end - start < length {
                    splits[end] = Some(CheapestSplit { cost, component: start..end, previous_end });
                }
            });
        }
    }
    let mut components = Vec::new();
    let mut end = length;
    while let Some(split) = splits[end].as_ref().filter(|_| end > 0) {
        components.push(split.component.clone());
        end = split.previous_end;
    }
    components.reverse();
    components
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Splits a word with the components in `list`.
    fn split(word: &str, list: &[&str]) -> String {
        let found = components(word, |start, emit| {
            for component in list.iter().filter(|component| word[start..].starts_with(**component))
            {
                emit(start + component.len());
            }
        });
        found.into_iter().map(|component| &word[component]).collect::<Vec<_>>().join("+")
    }

    #[test]
    fn linking_letters_must_belong_to_no_component() {
        for (word, list, expected) in [
            ("veiligheidseis", &["veiligheid", "eis", "eisen"][..], ""),
            ("veiligheidseisen", &["veiligheid", "eisen"], "veiligheid+eisen"),
            ("pannenkoekhuis", &["pann", "pannen", "koek", "huis"], "pannen+koek+huis"),
            ("kinderboek", &["kind", "boek"], "kind+boek"),
            ("zonneschijn", &["zonn", "schijn"], "zonn+schijn"),
            ("klantklant", &["klant", "klantklant"], "klant+klant"),
            ("klantrest", &["klant", "reis"], ""),
        ] {
            let list: Vec<_> = list
                .iter()
                .filter(|component| component.len() >= COMPONENT_LETTERS_MIN)
                .copied()
                .collect();
            assert_eq!(split(word, &list), expected, "{word}");
        }
    }

    #[test]
    fn the_split_with_the_fewest_components_must_win() {
        let list = ["over", "heid", "overheid", "site", "webs", "website"];
        assert_eq!(split("overheidswebsite", &list), "overheid+website");
        assert_eq!(split("overheidwebsite", &list), "overheid+website");
    }
}
