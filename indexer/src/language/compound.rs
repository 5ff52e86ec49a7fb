//! Taking compounds apart: *gebruikersonderzoek* is *gebruikers* + *onderzoek*.
//!
//! Dutch writes compounds as one word, often with linking letters between the parts. The best way to
//! take a word apart is the cheapest one, found by dynamic programming: few parts, few linking
//! letters.

use std::ops::Range;

/// A part has at least so many letters.
pub(crate) const PART_LETTERS_MIN: usize = 4;
/// A word with more letters is not taken apart.
const WORD_LETTERS_MAX: usize = 48;

/// What may stand between two parts without being one, and what it costs.
const LINKS: [(&str, u32); 6] = [("", 0), ("s", 1), ("en", 2), ("e", 3), ("n", 3), ("er", 3)];
/// What a part costs.
const PART_COST: u32 = 10;

/// The cheapest way to a place in the word.
#[derive(Clone)]
struct Way {
    cost: u32,
    /// The last part of it.
    part: Range<usize>,
    /// Where the part before ends.
    before: usize,
}

/// The parts of a compound of lower-case ASCII letters, without linking letters; none where it is no
/// compound. `each_part` calls back with the end of every part that begins at a place in the word.
pub(super) fn parts(
    word: &str,
    each_part: impl Fn(usize, &mut dyn FnMut(usize)),
) -> Vec<Range<usize>> {
    let length = word.len();
    let fits = (2 * PART_LETTERS_MIN..=WORD_LETTERS_MAX).contains(&length);
    if !fits || !word.bytes().all(|letter| letter.is_ascii_lowercase()) {
        return Vec::new();
    }
    let mut ways: Vec<Option<Way>> = vec![None; length + 1];
    ways[0] = Some(Way { cost: 0, part: 0..0, before: 0 });
    for before in 0..=length - PART_LETTERS_MIN {
        let Some(Way { cost, .. }) = ways[before] else { continue };
        let links = if before == 0 { &LINKS[..1] } else { &LINKS[..] };
        for (link, price) in links.iter().filter(|(link, _)| word[before..].starts_with(link)) {
            let start = before + link.len();
            let cost = cost + price + PART_COST;
            each_part(start, &mut |end| {
                let is_cheaper = ways[end].as_ref().is_none_or(|way| cost < way.cost);
                if is_cheaper && end - start < length {
                    ways[end] = Some(Way { cost, part: start..end, before });
                }
            });
        }
    }
    let mut parts = Vec::new();
    let mut end = length;
    while let Some(way) = ways[end].as_ref().filter(|_| end > 0) {
        parts.push(way.part.clone());
        end = way.before;
    }
    parts.reverse();
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Splits by a list of parts.
    fn split(word: &str, list: &[&str]) -> String {
        let found = parts(word, |start, found| {
            for part in list.iter().filter(|part| word[start..].starts_with(**part)) {
                found(start + part.len());
            }
        });
        found.into_iter().map(|part| &word[part]).collect::<Vec<_>>().join("+")
    }

    #[test]
    fn linking_letters_must_belong_to_no_part() {
        for (word, list, expected) in [
            ("veiligheidseis", &["veiligheid", "eis", "eisen"][..], ""),
            ("veiligheidseisen", &["veiligheid", "eisen"], "veiligheid+eisen"),
            ("pannenkoekhuis", &["pann", "pannen", "koek", "huis"], "pannen+koek+huis"),
            ("kinderboek", &["kind", "boek"], "kind+boek"),
            ("zonneschijn", &["zonn", "schijn"], "zonn+schijn"),
            ("klantklant", &["klant", "klantklant"], "klant+klant"),
            ("klantrest", &["klant", "reis"], ""),
        ] {
            let list: Vec<_> =
                list.iter().filter(|part| part.len() >= PART_LETTERS_MIN).copied().collect();
            assert_eq!(split(word, &list), expected, "{word}");
        }
    }

    #[test]
    fn the_way_with_the_fewest_parts_must_win() {
        let list = ["over", "heid", "overheid", "site", "webs", "website"];
        assert_eq!(split("overheidswebsite", &list), "overheid+website");
        assert_eq!(split("overheidwebsite", &list), "overheid+website");
    }
}
