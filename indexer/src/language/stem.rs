//! From a folded word to the stem that all forms of it share.

use frostem::{Algorithm, Stemmer};

/// Dutch words whose forms the algorithm takes apart, or makes one with words that they are not:
/// *overheid* would be *over*, *gemeente* something else than *gemeentelijk*. The first of a line is
/// the stem of all.
const EXCEPTIONS: &str = "\
    overheid overheids overheden\n\
    gemeente gemeenten gemeentes gemeentelijk gemeentelijke\n\
    gebruiker gebruikers\n\
    gebruik gebruiken gebruikt gebruikte gebruikten\n\
    gebied gebieden\n\
    gelijk gelijke\n\
    gegeven gegevens\n\
    gesprek gesprekken\n\
    gezin gezinnen\n\
    gezond gezonde\n\
    geld gelden\n\
    voorbeeld voorbeelden\n\
    middel middelen\n\
    bericht berichten\n\
    mogelijkheid mogelijkheden\n\
    toolkit toolkits\n\
    lid leden\n\
    stad steden\n\
    schip schepen\n\
    kind kinderen\n\
    ei eieren\n\
    blad bladen bladeren\n\
    dag dagen\n\
    weg wegen\n\
    datum data\n\
    medium media\n\
    museum musea\n\
    praktijk praktijken\n\
    praktisch praktische\n\
    website websites\n\
    site sites";

/// The languages whose forms are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tongue {
    /// By Kraaij and Pohlmann's algorithm, and the exceptions.
    Dutch,
    /// By Porter's second algorithm.
    English,
}

/// The stem of a folded word. What has a digit or a sign in it is its own stem.
pub(super) fn stem(tongue: Tongue, folded: &str) -> String {
    if !folded.chars().all(char::is_alphabetic) {
        return folded.to_owned();
    }
    match tongue {
        Tongue::Dutch => match exception(folded) {
            Some(stem) => stem.to_owned(),
            None => Stemmer::new(Algorithm::Dutch).stem(folded).into_owned(),
        },
        Tongue::English => Stemmer::new(Algorithm::English).stem(folded).into_owned(),
    }
}

fn exception(folded: &str) -> Option<&'static str> {
    let mut lines = EXCEPTIONS.lines().map(str::split_ascii_whitespace);
    lines.find_map(|mut forms| {
        let stem = forms.next()?;
        (stem == folded || forms.any(|form| form == folded)).then_some(stem)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_one_word_must_share_a_stem() {
        let dutch = |word| stem(Tongue::Dutch, word);
        for (one, other) in [
            ("klantreis", "klantreizen"),
            ("brief", "brieven"),
            ("overheid", "overheden"),
            ("gemeente", "gemeentelijke"),
            ("gebruiker", "gebruikers"),
            ("lid", "leden"),
            ("toegankelijk", "toegankelijke"),
            ("formulier", "formulieren"),
            ("formuliertje", "formulier"),
        ] {
            assert_eq!(dutch(one), dutch(other), "{one}");
        }
        assert_eq!(stem(Tongue::English, "journeys"), stem(Tongue::English, "journey"));
    }

    #[test]
    fn different_words_must_keep_different_stems() {
        for (one, other) in [("overheid", "over"), ("gemeente", "menen"), ("gebruiker", "bruik")] {
            assert_ne!(stem(Tongue::Dutch, one), stem(Tongue::Dutch, other), "{one}");
        }
    }

    #[test]
    fn numbers_and_signs_must_stay_as_they_are() {
        for word in ["b1", "2.2", "c#", "2026", "c++"] {
            assert_eq!(stem(Tongue::Dutch, word), word);
        }
    }
}
