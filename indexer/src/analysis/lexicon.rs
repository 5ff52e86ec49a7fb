//! The Dutch lexicon: base forms, inflected forms, and components of compounds.
//!
//! `cargo run -p indexer --example lexicon` generates `lexicon.fst` from the word lists of
//! `OpenTaal`; see `LEXICON-NOTICE.txt` for their licence.

use std::{ops::Range, sync::LazyLock};

use tantivy_fst::raw::Fst;

use super::{decompound, decompound::COMPONENT_LETTERS_MIN};

static LEXICON: LazyLock<Fst<&'static [u8]>> = LazyLock::new(|| {
    let bytes: &'static [u8] = include_bytes!("lexicon.fst");
    Fst::new(bytes).expect("the embedded lexicon is a valid FST, covered by tests")
});

/// Whether the lexicon contains a folded word in any form.
pub(super) fn has(word: &str) -> bool {
    LEXICON.get(word).is_some()
}

/// Whether a folded word is a base form: neither a plural, nor a verb form other than the
/// infinitive.
pub(super) fn is_base(word: &str) -> bool {
    LEXICON.get(word).is_some_and(|is_base| is_base.value() == 1)
}

/// Suffixes that look like components.
const ENDINGS: &str = "achtig achtige atie aties baar bare ding dingen eerd eerde eerst eert ende \
    enden eren erij heden heid ingen isch ische iteit king kingen lijk lijke lijks ling lingen loos \
    loze matig matige ning ningen ring ringen schap schappelijk sters teren ting tingen";
/// Prefixes that do not form a compound.
const BEGINNINGS: &str = "achter binnen buiten door langs mede naar onder open over rond samen \
    tegen terug toe tussen uit verder voor weer";

/// The components of a folded word as byte ranges; empty if it is not a compound.
pub(super) fn components(word: &str) -> Vec<Range<usize>> {
    let bytes = word.as_bytes();
    let mut components = decompound::components(word, |start, emit| {
        let mut node = LEXICON.root();
        for (at, letter) in bytes.iter().enumerate().skip(start) {
            let Some(next) = node.find_input(*letter) else { break };
            node = LEXICON.node(node.transition_addr(next));
            let end = at + 1;
            if node.is_final()
                && end - start >= COMPONENT_LETTERS_MIN
                && is_component(word, start..end)
            {
                emit(end);
            }
        }
    });
    components.retain(|component| !component.is_empty());
    components
}

fn is_component(word: &str, range: Range<usize>) -> bool {
    let is_in =
        |list: &str| list.split_ascii_whitespace().any(|other| other == &word[range.clone()]);
    !is_in(ENDINGS) && (range.start > 0 || !is_in(BEGINNINGS))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(word: &str) -> String {
        components(word).into_iter().map(|component| &word[component]).collect::<Vec<_>>().join("+")
    }

    #[test]
    fn compounds_must_be_split_at_their_boundaries() {
        for (word, expected) in [
            ("klantreis", "klant+reis"),
            ("klantreizen", "klant+reizen"),
            ("gebruikersonderzoek", "gebruikers+onderzoek"),
            ("overheidswebsite", "overheids+website"),
            ("toegankelijkheidsverklaring", "toegankelijkheid+verklaring"),
            ("ervaringsdeskundige", "ervaring+deskundige"),
            ("zelfredzaamheid", "zelf+redzaamheid"),
            ("klant", ""),
            ("gemeentelijke", ""),
            ("mogelijkheden", ""),
        ] {
            assert_eq!(split(word), expected, "{word}");
        }
    }

    #[test]
    fn unknown_words_must_not_be_split() {
        for word in ["", "xqzxqzxqzxqz", "ééndagsvlieg", "12345678", &"brief".repeat(20)] {
            assert_eq!(split(word), "", "{word}");
        }
    }
}
