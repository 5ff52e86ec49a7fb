//! Interviewees and quotes, recognised in a text by the patterns of the field: who is introduced
//! with a full name and a role and then speaks by first name, and who signs a testimonial.

use std::sync::LazyLock;

use regex::Regex;

use crate::source_facts::{ArticleFacts, QuoteFacts};

/// Number of bytes from the start of a text in which interviewees are introduced.
const INTRODUCTION_BYTES: usize = 2_500;
/// Minimum number of times that an interviewee speaks.
const SPEAKS_MIN: usize = 2;
/// Maximum number of interviewees and of quotes per text.
const PEOPLE_MAX: usize = 8;
/// Length of a quote in characters.
const QUOTE_CHARS: std::ops::RangeInclusive<usize> = 40..=1_500;

/// First name, prefixes and last name.
const NAME: &str = r"\p{Lu}[\p{Ll}’'-]+(?:\s+(?:van|de|der|den|ten|ter|te|het|’t|'t|el|la|du|von|\p{Lu}\.))*(?:\s+\p{Lu}[\p{L}’'-]*\p{Ll}[\p{L}’'-]*){1,2}";
const SPEECH_VERB: &str = r"(?:zegt|aldus|vertelt|vult|voegt|deelt|benadrukt|begint|vindt|legt|antwoordt|vervolgt|stelt|lacht|merkt|besluit|says)";

/// Nouns for a role; compounds such as *programmamanager* end in one.
const ROLE: &str = r"(?i:(?:[\p{L}&-]+\s+){0,3}[\p{L}-]*(?:adviseur|adviseuse|ambtenaar|analist|architect|auteur|burgemeester|bestuurder|coach|coördinator|consultant|designer|developer|directeur|docent|engineer|expert|griffier|hoogleraar|initiatiefnemer|innovator|lead|leider|lector|lid|manager|medewerker|minister|onderzoeker|oprichter|ontwerper|ontwikkelaar|owner|projectleider|redacteur|schrijver|secretaris|specialist|strateeg|strategist|trainer|voorzitter|wethouder|writer|cio|cto)\b)";

/// Someone with a role: `Noor Jansen, senior adviseur bij`, `Noor Jansen: Lead Developer`.
static INTRODUCED: LazyLock<Regex> =
    LazyLock::new(|| pattern(&format!(r"(?P<name>{NAME})[,:]\s+(?:de\s+|een\s+)?{ROLE}")));
/// `Interview met Noor Jansen en Sam de Wit`.
static INTERVIEW: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"(?i:interview|in gesprek|gesprek|sprak|spraken|spreken) (?i:met) (?P<first>{NAME})(?:\s+(?:en|and|&)\s+(?P<second>{NAME}))?"
    ))
});
/// What announces an interview.
static ANNOUNCED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:interview|in gesprek|aan het woord|vertellen|vertelt|uit te vragen|lees je hoe|we vroegen)\b",
    )
});
/// The line below a testimonial: `Noor Jansen. Lees het interview met Noor.`
static SIGNATURE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"^(?:[–—-]\s*(?P<dashed>{NAME})|(?P<name>{NAME})(?:\.\s+Lees het interview met\b.{{0,80}}|,\s+(?:de\s+|een\s+)?{ROLE}[^.“”]{{0,100}})|(?P<bare>{NAME}))\.?$"
    ))
});
/// The end of direct speech, and the name of the speaker in the same sentence.
static ATTRIBUTED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r#"(?P<close>[”"'’])[,.]?["”]?\s+{SPEECH_VERB}\s+(?:[\p{{Ll}}-]+\s+){{0,6}}(?P<name>{NAME})"#
    ))
});

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("constant regex is valid, covered by tests")
}

/// Adds the interviewees and quotes that the text of an article shows, unless the source provides
/// them.
pub(super) fn complete(article: &mut ArticleFacts, title: Option<&str>, text: &str) {
    let has_speech = text.contains(['“', '”', '"', '‘', '’', '\'']) || text.contains("nterview");
    if !has_speech {
        return;
    }
    if article.interviewees.is_empty() {
        article.interviewees = interviewees(title.unwrap_or_default(), text);
    }
    if article.quotes.is_empty() {
        article.quotes = quotes(text, &article.interviewees);
    }
}

fn interviewees(title: &str, text: &str) -> Vec<String> {
    let mut end = text.len().min(INTRODUCTION_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let introduction = &text[..end];
    let mut people: Vec<String> = Vec::new();
    let mut add = |name: &str, is_certain: bool| {
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        let is_known = people.contains(&name) || people.len() == PEOPLE_MAX;
        if !is_known && (is_certain || times_speaking(text, &name) >= SPEAKS_MIN) {
            people.push(name);
        }
    };
    for (part, is_title) in [(title, true), (introduction, false)] {
        for captures in INTERVIEW.captures_iter(part) {
            for name in ["first", "second"].into_iter().filter_map(|name| captures.name(name)) {
                add(name.as_str(), is_title);
            }
        }
    }
    if ANNOUNCED.is_match(title) || ANNOUNCED.is_match(introduction) {
        for captures in INTRODUCED.captures_iter(introduction) {
            add(&captures["name"], false);
        }
    }
    people
}

/// How often someone speaks by first name: `Noor: “…”`, `zegt Noor`, `Noor vult aan: “…”`.
fn times_speaking(text: &str, name: &str) -> usize {
    let Some(first) = name.split_whitespace().next() else { return 0 };
    let first = regex::escape(first);
    let speaks = Regex::new(&format!(
        r#"(?m)^{first}:\s|\b{first}(?:\s+(?:\p{{Ll}}+\s+){{0,4}}\p{{Ll}}+)?:\s*[“‘„"]|{SPEECH_VERB}\s+{first}\b|[”’"],?\s+(?:\p{{Ll}}+\s+){{1,3}}{first}\b"#
    ));
    speaks.map_or(0, |speaks| speaks.find_iter(text).count())
}

/// Testimonials above a signature, and direct speech that names its speaker in full.
fn quotes(text: &str, interviewees: &[String]) -> Vec<QuoteFacts> {
    let mut quotes: Vec<QuoteFacts> = Vec::new();
    let mut add = |text: &str, name: &str| {
        let text = text.trim_matches(['"', '“', '”', '„', '‘', '’', ' ']);
        let person = name.split_whitespace().collect::<Vec<_>>().join(" ");
        if QUOTE_CHARS.contains(&text.chars().count())
            && quotes.len() < PEOPLE_MAX
            && !quotes.iter().any(|quote| quote.text == text)
        {
            let (organisation, reference) = (None, None);
            quotes.push(QuoteFacts {
                text: text.to_owned(),
                person: Some(person),
                organisation,
                reference,
            });
        }
    };
    let paragraphs: Vec<&str> =
        text.split('\n').map(str::trim).filter(|paragraph| !paragraph.is_empty()).collect();
    for (index, paragraph) in paragraphs.iter().enumerate() {
        let next = paragraphs.get(index + 1).copied().unwrap_or_default();
        if paragraph.ends_with(['”', '"'])
            && let Some(signature) = SIGNATURE.captures(next)
        {
            // A name alone may also be a heading.
            let bare = signature.name("bare").map(|name| name.as_str());
            let bare = bare.filter(|name| interviewees.iter().any(|one| one == name));
            let name = signature.name("name").or(signature.name("dashed"));
            if let Some(name) = name.map(|name| name.as_str()).or(bare) {
                add(paragraph, name);
                continue;
            }
        }
        for attribution in ATTRIBUTED.captures_iter(paragraph) {
            let Some(close) = attribution.name("close") else { continue };
            let is_interviewee =
                interviewees.iter().any(|name| attribution["name"].starts_with(name.as_str()));
            if !is_interviewee
                && let Some(quote) = speech_before(&paragraph[..close.start()], close.as_str())
            {
                add(quote, &attribution["name"]);
            }
        }
    }
    quotes
}

/// The direct speech that ends with a quotation mark at the end of a text.
fn speech_before<'t>(text: &'t str, close: &str) -> Option<&'t str> {
    let open = match close {
        "”" => '“',
        "’" => '‘',
        "'" => '\'',
        _ => '"',
    };
    // An apostrophe within a word is no quotation mark.
    let starts_speech =
        |at: &usize| text[..*at].chars().next_back().is_none_or(|before| !before.is_alphanumeric());
    let at = text.rmatch_indices(open).map(|(at, _)| at).find(starts_speech)?;
    Some(&text[at + open.len_utf8()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(title: &str, text: &str) -> (Vec<String>, Vec<(String, String)>) {
        let mut article = ArticleFacts::default();
        complete(&mut article, Some(title), text);
        let quotes = article.quotes.into_iter();
        let quotes =
            quotes.map(|quote| (quote.person.unwrap(), quote.text.chars().take(12).collect()));
        (article.interviewees, quotes.collect())
    }

    #[test]
    fn people_who_are_introduced_and_speak_must_be_interviewees() {
        let text = "Noor van den Berg, adviseur bij een gemeente, en Sam Jansen, initiatiefnemer, \
                    vertellen meer. Ook Kim de Wit, ontwerper, was er.\n\n“Wij luisteren”, zegt Noor. \
                    Sam: “Dat klopt.” Noor vult aan: “Altijd.” “Mooi”, aldus Sam.";
        assert_eq!(completed("Luisteren", text).0, ["Noor van den Berg", "Sam Jansen"]);
        assert_eq!(completed("Interview met Kim de Wit", "“Ja.”").0, ["Kim de Wit"]);
        assert!(
            completed("Verslag", "Kim de Wit, ontwerper, kwam. “Ja”, zei iemand.").0.is_empty()
        );
        let two = "Interview met Kim de Wit en Noor Jansen.\n\nKim: Dat is zo.\n\nKim: Ja.";
        assert_eq!(completed("Tekst", two).0, ["Kim de Wit"]);
        assert!(completed("Tekst", "Gemeente Duinstad, gemeente aan zee, doet mee.").0.is_empty());
    }

    #[test]
    fn testimonials_and_attributed_speech_must_be_quotes() {
        let text = "Inleiding.\n\nIk heb hier heel veel geleerd van alle andere leden.”\n\n\
                    Robin Oudheusden-Fransen. Lees het interview met Robin.\n\n\
                    “Wij zien dat inwoners heel snel een antwoord willen krijgen”, zegt projectleider \
                    Sanne van den Hoek. “Kort.”, zegt Jan Piet.\n\nHet is 'zo'n mooie \
                    oplossing voor iedereen die hier komt.', legt Roos de Groot (architect) uit.";
        assert_eq!(
            completed("Tekst", text).1,
            [
                ("Robin Oudheusden-Fransen".to_owned(), "Ik heb hier ".to_owned()),
                ("Sanne van den Hoek".to_owned(), "Wij zien dat".to_owned()),
                ("Roos de Groot".to_owned(), "zo'n mooie o".to_owned()),
            ]
        );
        assert!(
            completed("Tekst", "Zo staat het in ‘Houd het simpel’.\n\nDe Nationale Ombudsman.")
                .1
                .is_empty()
        );
    }

    #[test]
    fn what_the_source_provides_must_stay() {
        let mut article =
            ArticleFacts { interviewees: vec!["Kim".to_owned()], ..ArticleFacts::default() };
        complete(&mut article, Some("Interview met Noor Jansen"), "“Ja.”");
        assert_eq!(article.interviewees, ["Kim"]);
    }

    #[test]
    fn hostile_texts_must_be_read_in_linear_time() {
        for piece in
            ["“", "”", "“a”", "Aa Bb, ccc ", "Aa van de ", "Aa: “", "”\nAa Bb\n", "zegt Aa "]
        {
            let start = std::time::Instant::now();
            completed("Interview met Aa Bb", &piece.repeat(200_000 / piece.len()));
            assert!(
                start.elapsed() < std::time::Duration::from_secs(5),
                "{piece} {:?}",
                start.elapsed()
            );
        }
    }
}
