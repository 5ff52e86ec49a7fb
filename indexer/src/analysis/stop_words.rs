//! Stop words. They are indexed for exact phrases; a query with other words is searched without its
//! stop words.

use std::{collections::HashSet, sync::LazyLock};

const DUTCH: &str = "aan al alle alles als altijd ander andere ben bent bij daar daarbij dan dat de \
    deze die dit doe doen doet door dus een eens en er eraan erbij ermee erop eruit ervan erover ge \
    geen geweest gehad had hadden haar heb hebben hebt heeft hem hen het hier hierbij hiermee hij \
    hoe hoeveel hun iemand iets ik in is ja je jij jou jouw kan kon konden krijg krijgt kun kunnen \
    kunt maar mag me meer men met mij mijn moest moet moeten mogen na naar nee niet niets nog nu of \
    om omdat onder ons onze ook op over per reeds sinds sommige te ten ter tegen toch toen tot \
    tussen u uit uw van veel via voor waar waarbij waarmee waarom wanneer want waren was wat we wel \
    welk welke werd werden wie wij wil willen wilt word worden wordt zal ze zelf zich zij zijn zo \
    zoals zou zouden zullen zult";
const ENGLISH: &str = "a about and are as at be been by can could did do does for from how i if in \
    into is it its me my no not of on or our should that the their they these this those to was \
    were what when where which who why with would you your";

static STOP_WORDS: LazyLock<HashSet<&str>> =
    LazyLock::new(|| [DUTCH, ENGLISH].into_iter().flat_map(str::split_ascii_whitespace).collect());

/// Whether a folded word is a Dutch or English stop word.
pub(crate) fn is_stop_word(folded: &str) -> bool {
    STOP_WORDS.contains(folded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_words_must_not_be_stop_words() {
        for word in ["overheid", "b1", "1", "app", "wet"] {
            assert!(!is_stop_word(word), "{word}");
        }
        for word in ["de", "voor", "mij", "er", "the", "een"] {
            assert!(is_stop_word(word), "{word}");
        }
    }
}
