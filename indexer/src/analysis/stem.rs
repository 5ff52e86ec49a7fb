//! Stemming of folded words.
//!
//! Rules reduce a Dutch form to its base form if the lexicon contains that form; the algorithm of
//! Kraaij and Pohlmann then removes suffixes. Without the lexicon, the algorithm stems *overheid*
//! to *over* and separates *krijgt* from *krijgen*.

use frostem::{Algorithm, Stemmer};

use super::{
    irregular::{exception, strong_verbs},
    lexicon,
};

/// Languages with a stemmer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AnalysisLanguage {
    /// Lexicon, and the algorithm of Kraaij and Pohlmann.
    Dutch,
    /// Porter's second algorithm (English Snowball stemmer).
    English,
}

/// The stem of a folded word. A word with a digit or a sign is its own stem.
pub(super) fn stem(language: AnalysisLanguage, folded: &str) -> String {
    if !folded.chars().all(char::is_alphabetic) {
        return folded.to_owned();
    }
    match language {
        AnalysisLanguage::Dutch => dutch(folded),
        AnalysisLanguage::English => Stemmer::new(Algorithm::English).stem(folded).into_owned(),
    }
}

fn dutch(folded: &str) -> String {
    if let Some(stem) = exception(folded) {
        return stem.to_owned();
    }
    if !folded.is_ascii() {
        return kraaij_pohlmann(folded);
    }
    match dictionary_form(folded) {
        Some(word) => exception(&word).map_or_else(|| dictionary_stem(&word), str::to_owned),
        None => dictionary_stem(folded),
    }
}

fn kraaij_pohlmann(word: &str) -> String {
    Stemmer::new(Algorithm::Dutch).stem(word).into_owned()
}

/// The stem of a base form; corrects cases in which the algorithm removes too much.
fn dictionary_stem(word: &str) -> String {
    let stem = kraaij_pohlmann(word);
    if let Some(before) = word.strip_suffix("eren")
        && stem.ends_with("er")
        && lexicon::has(&format!("{before}eert"))
    {
        // *Organiseren* like *organisatie*; *verbeteren* has a different stress.
        return format!("{before}eer");
    }
    if word.strip_suffix('s') == Some(&stem) && lexicon::is_base(word) && !takes_s(&stem) {
        return word.to_owned();
    }
    match word.strip_prefix("ge") {
        Some(rest) if !stem.starts_with("ge") && lexicon::is_base(word) && !is_participle(word) => {
            format!("ge{}", kraaij_pohlmann(rest))
        }
        _ => stem,
    }
}

/// Whether a word forms its plural with *s*.
fn takes_s(word: &str) -> bool {
    lexicon::is_base(word)
        && (word.ends_with(is_vowel) || word.ends_with(['l', 'm', 'n', 'r']))
        && !is_closed(word)
        && word.len() > 4
}

/// Whether a word with *ge* is a verb form; nouns have a plural in the lexicon.
fn is_participle(word: &str) -> bool {
    word.ends_with(['d', 't', 'n']) && !lexicon::has(&format!("{word}en"))
}

/// The base form of a word, if a rule and the lexicon agree.
fn dictionary_form(word: &str) -> Option<String> {
    let adjective = ["en", "e"].into_iter().find_map(|ending| {
        word.strip_suffix(ending).filter(|form| form.ends_with("en") || form.ends_with("cht"))
    });
    [Some(word), adjective]
        .into_iter()
        .flatten()
        .find_map(strong_verb)
        .or_else(|| plural(word))
        .or_else(|| weak_participle(word))
        .or_else(|| third_person(word))
}

fn strong_verb(form: &str) -> Option<String> {
    strong_verbs(form).find(|infinitive| lexicon::is_base(infinitive))
}

/// *Methoden*, *antwoorden*, *gesprekken*; also *oude*.
fn plural(word: &str) -> Option<String> {
    let is_base = |word: &&str| lexicon::is_base(word);
    let found = if let Some(before) = word.strip_suffix("en") {
        let with_e = &word[..word.len() - 1];
        let has_plural = lexicon::has(&format!("{word}en"));
        Some(with_e)
            .filter(|with_e| !has_plural && is_base(with_e))
            .filter(|_| !lexicon::is_base(&kraaij_pohlmann(word)))
            .or_else(|| Some(before).filter(|before| is_closed(before) && is_base(before)))
            .or_else(|| undoubled(before).filter(is_base))
    } else {
        let before = word.strip_suffix('e').filter(|before| is_closed(before))?;
        Some(before).filter(|before| is_base(before) && kraaij_pohlmann(word) == word)
    };
    found.map(str::to_owned)
}

/// *Getest*, *gewoond*: regular past participles of verbs in the lexicon.
fn weak_participle(word: &str) -> Option<String> {
    let rest = word.strip_prefix("ge").filter(|rest| rest.ends_with(['d', 't']))?;
    infinitive(&rest[..rest.len() - 1]).or_else(|| infinitive(rest).filter(|_| is_participle(word)))
}

/// *Krijgt*, *stemt*: not a base form, but the lexicon has the infinitive.
fn third_person(word: &str) -> Option<String> {
    let stem = word.strip_suffix('t').filter(|_| !lexicon::is_base(word))?;
    infinitive(stem)
}

/// The infinitive of a verb stem, if it is in the lexicon: *krijg* to *krijgen*, *vraag* to
/// *vragen*, *stem* to *stemmen*, *schrijf* to *schrijven*, *lees* to *lezen*.
fn infinitive(stem: &str) -> Option<String> {
    let last = stem.chars().next_back().filter(char::is_ascii_lowercase)?;
    if is_vowel(last) {
        return None;
    }
    let before = &stem[..stem.len() - 1];
    let mut vowels = before.bytes().rev();
    let (one, two) = (vowels.next()?, vowels.next());
    let is_doubled = two == Some(one) && is_vowel(char::from(one));
    let shortened = if is_doubled { &before[..before.len() - 1] } else { before };
    let voiced = match last {
        'f' => Some('v'),
        's' => Some('z'),
        _ => None,
    };
    let mut candidates = vec![format!("{shortened}{last}en"), format!("{stem}{last}en")];
    candidates.extend(voiced.map(|voiced| format!("{shortened}{voiced}en")));
    candidates.into_iter().find(|candidate| lexicon::is_base(candidate))
}

/// Whether the spelling is unchanged before *en*: it ends in two consonants or in two vowels and
/// one consonant.
fn is_closed(stem: &str) -> bool {
    let mut letters = stem.chars().rev();
    let (Some(last), Some(second)) = (letters.next(), letters.next()) else { return false };
    !is_vowel(last) && last != second && (!is_vowel(second) || letters.next().is_some_and(is_vowel))
}

/// Removes one of two equal final consonants.
fn undoubled(stem: &str) -> Option<&str> {
    let short = &stem[..stem.len().checked_sub(1)?];
    let is_doubled = stem.chars().next_back() == short.chars().next_back();
    Some(short).filter(|short| is_doubled && !short.ends_with(is_vowel))
}

fn is_vowel(letter: char) -> bool {
    matches!(letter, 'a' | 'e' | 'i' | 'o' | 'u' | 'y')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_one_word_must_share_a_stem() {
        for forms in [
            "klantreis klantreizen",
            "brief brieven",
            "overheid overheden",
            "gemeente gemeenten gemeentelijke",
            "gebruiker gebruikers",
            "lid leden",
            "toegankelijk toegankelijke",
            "formulier formulieren formuliertje",
            "schrijven schrijft schreef geschreven",
            "overlijden overlijdt overleden overledene overledenen",
            "stemmen stemt gestemd stem",
            "krijgen krijgt kreeg gekregen",
            "vinden vindt vond gevonden",
            "aanvragen aanvraagt aangevraagd aanvraag",
            "aanbieden aanbiedt aangeboden",
            "organiseren organiseert georganiseerd organisatie",
            "antwoord antwoorden",
            "methode methoden methodes",
            "gesprek gesprekken",
            "gebouw gebouwen",
            "gevolg gevolgen",
            "kans kansen",
            "verlies verliezen verliest verloren",
            "test testen getest",
            "oud oude",
            "wijziging wijzigen gewijzigd",
        ] {
            let stems: Vec<_> = forms
                .split_ascii_whitespace()
                .map(|form| (form, stem(AnalysisLanguage::Dutch, form)))
                .collect();
            assert!(stems.windows(2).all(|pair| pair[0].1 == pair[1].1), "{stems:?}");
        }
        assert_eq!(
            stem(AnalysisLanguage::English, "journeys"),
            stem(AnalysisLanguage::English, "journey")
        );
    }

    #[test]
    fn different_words_must_keep_different_stems() {
        for (one, other) in [
            ("overheid", "over"),
            ("gemeente", "menen"),
            ("gebruiker", "bruik"),
            ("kans", "kan"),
            ("gesprek", "spreken"),
            ("kast", "kassen"),
            ("plant", "plannen"),
            ("verleden", "lid"),
            ("reden", "rede"),
        ] {
            assert_ne!(
                stem(AnalysisLanguage::Dutch, one),
                stem(AnalysisLanguage::Dutch, other),
                "{one}"
            );
        }
    }

    #[test]
    fn numbers_and_signs_must_stay_as_they_are() {
        for word in ["b1", "2.2", "c#", "2026", "c++"] {
            assert_eq!(stem(AnalysisLanguage::Dutch, word), word);
        }
    }
}
