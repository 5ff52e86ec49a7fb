//! Stemming of folded words.
//!
//! Rules reduce a Dutch form to its base form if the lexicon contains that form; the algorithm of
//! Kraaij and Pohlmann then removes suffixes. Without the lexicon, the algorithm stems *overheid*
//! to *over* and separates *krijgt* from *krijgen*.

use frostem::{Algorithm, Stemmer};

use super::{
    irregular::{exception, separable_prefixes, strong_verbs},
    lexicon,
};

/// Languages with a stemmer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum AnalysisLanguage {
    /// Lexicon, and the algorithm of Kraaij and Pohlmann.
    Dutch,
    /// Porter's second algorithm (English Snowball stemmer).
    English,
}

/// Words in *s* that are no plural of the word without it.
const ADVERBS_WITH_S: [&str; 12] = [
    "anders", "nieuws", "plots", "rechts", "reeds", "slechts", "soms", "steeds", "straks", "thans",
    "vers", "wens",
];

/// The stem of a folded word. A word with a digit or a sign is its own stem.
pub(crate) fn stem(language: AnalysisLanguage, folded: &str) -> String {
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
        .or_else(|| plural_with_s(word))
        .or_else(|| loan_plural(word))
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
            .filter(|with_e| !has_plural && is_base(with_e) && !is_infinitive(word))
            .filter(|_| !lexicon::is_base(&kraaij_pohlmann(word)))
            .or_else(|| Some(before).filter(|before| before.ends_with("ie") && is_base(before)))
            .or_else(|| Some(before).filter(|before| before.ends_with("ee") && is_base(before)))
            .or_else(|| Some(before).filter(|before| is_closed(before) && is_base(before)))
            .or_else(|| undoubled(before).filter(is_base))
    } else {
        let before = word.strip_suffix('e').filter(|before| is_closed(before))?;
        Some(before).filter(|before| is_base(before) && kraaij_pohlmann(word) == word)
    };
    found.map(str::to_owned)
}

/// *Apps*, *podcasts*: the word without *s* is a base form, and the word itself has no inflected
/// forms, unlike *kans*. Adverbs are exceptions.
fn plural_with_s(word: &str) -> Option<String> {
    let singular = word.strip_suffix('s').filter(|singular| singular.len() > 2)?;
    if !lexicon::is_base(singular) || ADVERBS_WITH_S.contains(&word) || singular.ends_with('s') {
        return None;
    }
    let has = |ending: &str| lexicon::has(&format!("{word}{ending}"));
    let is_inflected =
        has("en") || has("sen") || has("e") || lexicon::has(&format!("{singular}zen"));
    (!is_inflected).then(|| singular.to_owned())
}

/// *Centra* and *centrum*, *communities* and *community*: plurals of loan words.
fn loan_plural(word: &str) -> Option<String> {
    let latin = word.strip_suffix('a').map(|before| format!("{before}um"));
    let singular = latin.or_else(|| word.strip_suffix("ies").map(|before| format!("{before}y")))?;
    lexicon::is_base(&singular).then_some(singular)
}

/// *Getest*, *gewoond*: regular past participles of verbs in the lexicon.
fn weak_participle(word: &str) -> Option<String> {
    let separated = separable_prefixes()
        .find_map(|prefix| Some((prefix, word.strip_prefix(prefix)?.strip_prefix("ge")?)));
    if let Some((prefix, rest)) = separated.filter(|(_, rest)| rest.ends_with(['d', 't'])) {
        let verb = infinitive(&rest[..rest.len() - 1]).map(|verb| format!("{prefix}{verb}"));
        return verb.filter(|verb| lexicon::is_base(verb));
    }
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

/// The prefix and the infinitive of a separable verb, in any of its forms: *aan* and *leveren* of
/// *aangeleverd*. The word is folded.
pub(crate) fn separable_verb(word: &str) -> Option<(String, String)> {
    let form = dictionary_form(word);
    let infinitive = match form.as_deref().unwrap_or(word) {
        base if base.ends_with("en") => base.to_owned(),
        base => infinitive(base)?,
    };
    separable_prefixes().find_map(|prefix| {
        let verb = infinitive.strip_prefix(prefix).filter(|verb| verb.len() > 3)?;
        let is_verb = lexicon::is_base(&infinitive) && lexicon::is_base(verb);
        (is_verb && has_third_person(&infinitive)).then(|| (prefix.to_owned(), verb.to_owned()))
    })
}

/// Whether the lexicon has the third person of an infinitive: *levert*, *zet*, *neemt*, *geeft*,
/// *doet*. Plurals such as *handen* have none.
fn has_third_person(infinitive: &str) -> bool {
    let Some(before) = infinitive.strip_suffix("en") else { return false };
    let stem = match before.chars().next_back() {
        Some('v') => format!("{}f", &before[..before.len() - 1]),
        Some('z') => format!("{}s", &before[..before.len() - 1]),
        _ => before.to_owned(),
    };
    let mut letters = stem.chars().rev();
    let (Some(last), Some(vowel)) = (letters.next(), letters.next()) else { return false };
    let open = &stem[..stem.len() - last.len_utf8()];
    lexicon::has(&format!("{stem}t"))
        || lexicon::has(&format!("{before}et"))
        || undoubled(&stem).is_some_and(|stem| stem.ends_with('t') && lexicon::has(stem))
        || undoubled(&stem).is_some_and(|stem| lexicon::has(&format!("{stem}t")))
        || (is_vowel(vowel) && lexicon::has(&format!("{open}{vowel}{last}t")))
}

/// Whether a folded word can be the prefix of a separable verb.
pub(crate) fn is_separable_prefix(word: &str) -> bool {
    separable_prefixes().any(|prefix| prefix == word)
}

/// Whether a word in *en* is an infinitive with an open first syllable: *maken*, *maakt*.
fn is_infinitive(word: &str) -> bool {
    let Some(before) = word.strip_suffix("en") else { return false };
    let mut letters = before.chars().rev();
    let (Some(last), Some(vowel)) = (letters.next(), letters.next()) else { return false };
    let open = &before[..before.len() - last.len_utf8()];
    is_vowel(vowel) && lexicon::has(&format!("{open}{vowel}{last}t"))
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
    fn only_a_verb_with_a_prefix_must_be_separable() {
        for (word, prefix, verb) in [
            ("aanleveren", "aan", "leveren"),
            ("aangeleverd", "aan", "leveren"),
            ("aanlevert", "aan", "leveren"),
            ("doorgeven", "door", "geven"),
            ("innemen", "in", "nemen"),
            ("invullen", "in", "vullen"),
            ("meedoen", "mee", "doen"),
            ("uitzetten", "uit", "zetten"),
            ("afschrijven", "af", "schrijven"),
        ] {
            let expected = Some((prefix.to_owned(), verb.to_owned()));
            assert_eq!(separable_verb(word), expected, "{word}");
        }
        for word in ["voorhanden", "aanbod", "inwoner", "inwoners", "uitkeringen", "leveren", "op"]
        {
            assert_eq!(separable_verb(word), None, "{word}");
        }
    }

    /// Forms that must share a stem.
    const FORMS: &[&str] = &[
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
        "app apps",
        "community communities communitys",
        "tip tips",
        "podcast podcasts",
        "dataset datasets",
        "idee ideeen",
        "theorie theorieen",
        "strategie strategieen",
        "industrie industrieen",
        "week weken",
        "centrum centra centrums",
        "bond bonden",
        "maken maakt maakte gemaakt",
        "indienen ingediend",
        "innen geint",
        "werken gewerkt",
        "raken geraakt",
        "koken gekookt",
        "blog blogs",
        "webinar webinars",
        "chatbot chatbots",
        "link links",
        "stap stappen",
        "video videos",
        "format formats",
        "mail mails",
        "game games",
        "sprint sprints",
        "criterium criteria",
        "forum fora forums",
        "stadium stadia",
        "wond wonden",
        "hond honden",
        "afmelden afgemeld",
        "inschrijven ingeschreven",
        "uitvoeren uitgevoerd",
        "aanleveren aangeleverd",
        "opvragen opgevraagd",
        "wijziging wijzigen gewijzigd",
    ];

    #[test]
    fn forms_of_one_word_must_share_a_stem() {
        let mut apart = Vec::new();
        for forms in FORMS {
            let stems: Vec<_> = forms
                .split_ascii_whitespace()
                .map(|form| (form, stem(AnalysisLanguage::Dutch, form)))
                .collect();
            if stems.windows(2).any(|pair| pair[0].1 != pair[1].1) {
                apart.push(stems);
            }
        }
        assert!(apart.is_empty(), "{apart:#?}");
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
