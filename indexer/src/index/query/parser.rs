//! The query syntax: words, `"exact phrases"`, `-exclusion`, `OR`, brackets, `prefix*` and fields
//! such as `titel:`.
//!
//! Every input is a valid query. Unbalanced quotation marks and brackets are ignored; `OR` without
//! an operand on both sides is a word.

use std::{fmt, ops::Range};

pub(super) use super::lexer::{QueryField, QueryText};
use super::lexer::{Token, tokens};

/// A node of a parsed query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Clause {
    /// A word in any form; text with punctuation may be several words.
    Word(QueryText),
    /// A prefix of words.
    Prefix(QueryText),
    /// Consecutive words in exactly this form.
    Phrase(QueryText),
    /// At least one of these. Binds tighter than juxtaposition: `a b OR c` is `a` and one of `b`
    /// and `c`.
    Any(Vec<Clause>),
    /// All of these.
    All(Vec<Clause>),
    /// Excludes matches of the clause.
    Not(Box<Clause>),
    /// Restricts the clause to one field.
    In(QueryField, Box<Clause>),
}

/// A parsed query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ParsedQuery {
    input: String,
    /// Clauses that must all match.
    pub(crate) clauses: Vec<Clause>,
    /// Ignored fragments: those without a letter or digit, and those beyond the word limit.
    pub(crate) ignored: Vec<String>,
}

impl ParsedQuery {
    /// Parses a query as typed.
    pub(crate) fn parse(input: &str) -> Self {
        let (tokens, ignored) = tokens(input);
        let clauses = Parser { tokens: tokens.into_iter().peekable() }.clauses();
        Self { input: input.to_owned(), clauses, ignored }
    }

    /// The query as typed, with some byte ranges replaced; all operators are preserved.
    pub(crate) fn with_replacements(&self, replacements: &[(Range<usize>, String)]) -> String {
        let mut replacements: Vec<_> = replacements.iter().collect();
        replacements.sort_by_key(|(range, _)| range.start);
        let mut changed = self.input.clone();
        for (range, text) in replacements.into_iter().rev() {
            changed.replace_range(range.clone(), text);
        }
        changed.trim().to_owned()
    }
}

/// Builds clauses from tokens. Recurses once per bracket, to a depth of at most
/// [`DEPTH_MAX`](super::lexer::DEPTH_MAX).
struct Parser<T: Iterator<Item = Token>> {
    tokens: std::iter::Peekable<T>,
}

impl<T: Iterator<Item = Token>> Parser<T> {
    /// All clauses up to the end or the closing bracket.
    fn clauses(&mut self) -> Vec<Clause> {
        let mut clauses = Vec::new();
        while let Some(token) = self.tokens.peek() {
            match token {
                Token::Close => break,
                Token::Or(_) => drop(self.tokens.next()),
                _ => clauses.extend(self.alternatives()),
            }
        }
        clauses
    }

    /// A clause and its `OR` alternatives.
    fn alternatives(&mut self) -> Option<Clause> {
        let mut any: Vec<Clause> = self.clause().into_iter().collect();
        while matches!(self.tokens.peek(), Some(Token::Or(_))) {
            self.tokens.next();
            let ends = matches!(self.tokens.peek(), None | Some(Token::Or(_) | Token::Close));
            any.extend(if ends { None } else { self.clause() });
        }
        single_or(any, Clause::Any)
    }

    fn clause(&mut self) -> Option<Clause> {
        match self.tokens.next()? {
            Token::Word(typed) => Some(Clause::Word(typed)),
            Token::Prefix(typed) => Some(Clause::Prefix(typed)),
            Token::Phrase(typed) => Some(Clause::Phrase(typed)),
            Token::Not => match self.tokens.peek() {
                Some(Token::Or(_) | Token::Close | Token::Not) | None => None,
                Some(_) => self.clause().map(|clause| Clause::Not(Box::new(clause))),
            },
            Token::In(field) => match self.tokens.peek() {
                Some(Token::Word(_) | Token::Prefix(_) | Token::Phrase(_) | Token::Open) => {
                    self.clause().map(|clause| Clause::In(field, Box::new(clause)))
                }
                _ => None,
            },
            Token::Open => {
                let clauses = self.clauses();
                self.tokens.next_if_eq(&Token::Close);
                single_or(clauses, Clause::All)
            }
            Token::Close | Token::Or(_) => None,
        }
    }
}

/// A single clause as it is; several clauses combined.
fn single_or(mut clauses: Vec<Clause>, several: fn(Vec<Clause>) -> Clause) -> Option<Clause> {
    match clauses.len() {
        0 | 1 => clauses.pop(),
        _ => Some(several(clauses)),
    }
}

impl fmt::Display for QueryField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Title => "titel",
            Self::Theme => "thema",
            Self::Organisation => "organisatie",
            Self::Person => "persoon",
        })
    }
}

impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let join_clauses = |clauses: &[Self], with: &str| {
            clauses.iter().map(ToString::to_string).collect::<Vec<_>>().join(with)
        };
        match self {
            // In brackets, it is not an operator.
            Self::Word(typed) if typed.text == "OR" => f.write_str("(OR)"),
            Self::Word(typed) => f.write_str(&typed.text),
            Self::Prefix(typed) => write!(f, "{}*", typed.text),
            Self::Phrase(typed) => write!(f, "\"{}\"", typed.text),
            Self::Any(clauses) => write!(f, "({})", join_clauses(clauses, " OR ")),
            Self::All(clauses) => write!(f, "({})", join_clauses(clauses, " ")),
            Self::Not(clause) if matches!(**clause, Self::Not(_)) => write!(f, "-({clause})"),
            Self::Not(clause) => write!(f, "-{clause}"),
            Self::In(field, clause) if matches!(**clause, Self::In(..) | Self::Not(_)) => {
                write!(f, "{field}:({clause})")
            }
            Self::In(field, clause) => write!(f, "{field}:{clause}"),
        }
    }
}

impl fmt::Display for ParsedQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clauses: Vec<_> = self.clauses.iter().map(ToString::to_string).collect();
        f.write_str(&clauses.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::word_set::WordSet, *};

    /// Queries as typed, with the expected interpretation.
    const QUERIES: &[(&str, &str)] = &[
        ("", ""),
        ("  klantreis  ", "klantreis"),
        ("klant reis", "klant reis"),
        ("e-mail", "e-mail"),
        ("WCAG 2.2", "WCAG 2.2"),
        ("C# en C++", "C# en C++"),
        ("\"de klantreis van\"", "\"de klantreis van\""),
        ("„de brief” van", "\"de brief\" van"),
        ("“de brief” van", "\"de brief\" van"),
        ("«de brief» van", "\"de brief\" van"),
        ("\"\" brief", "brief"),
        ("\" — \" brief", "brief"),
        ("\"brief", "brief"),
        ("brief\"", "brief\""),
        ("de \"brief en loket", "de brief en loket"),
        ("brief -gemeente", "brief -gemeente"),
        ("brief -\"de gemeente\"", "brief -\"de gemeente\""),
        ("brief -(gemeente OR loket)", "brief -(gemeente OR loket)"),
        ("brief - gemeente", "brief gemeente"),
        ("-gemeente", "-gemeente"),
        ("brief -", "brief"),
        ("brief --gemeente", "brief --gemeente"),
        ("brief OR e-mail", "(brief OR e-mail)"),
        ("brief | e-mail", "(brief OR e-mail)"),
        ("brief or mail", "brief or mail"),
        ("heldere brief OR mail", "heldere (brief OR mail)"),
        ("a1 OR b1 OR c1 d1", "(a1 OR b1 OR c1) d1"),
        ("OR brief OR", "(OR) brief (OR)"),
        ("OR", "(OR)"),
        ("| brief |", "brief"),
        ("titel:OR", "titel:(OR)"),
        ("(OR) brief", "(OR) brief"),
        ("brief OR)", "brief (OR)"),
        ("a OR OR titel:titel:b", "a (OR) titel:b"),
        ("brief OR OR mail", "brief ((OR) OR mail)"),
        ("(heldere brief) OR mail", "((heldere brief) OR mail)"),
        ("(heldere brief", "heldere brief"),
        ("heldere brief)", "heldere brief"),
        ("heldere) (brief", "heldere brief"),
        ("() brief (())", "brief"),
        ("((brief))", "brief"),
        ("gebruiker(s)", "gebruiker(s)"),
        ("(brief (mail OR loket))", "(brief (mail OR loket))"),
        ("toegankelijk*", "toegankelijk*"),
        ("t*", "t*"),
        ("*", ""),
        ("toe * gang", "toe gang"),
        ("titel:klantreis", "titel:klantreis"),
        ("Titel:\"de brief\"", "titel:\"de brief\""),
        ("theme:inclusie person:jansen", "thema:inclusie persoon:jansen"),
        ("organisatie:(VNG OR ICTU)", "organisatie:(VNG OR ICTU)"),
        ("titel:toegankelijk*", "titel:toegankelijk*"),
        ("-titel:brief", "-titel:brief"),
        ("titel: brief", "titel: brief"),
        ("titel:", "titel:"),
        ("titel:titel:brief", "titel:brief"),
        ("titel:-brief", "titel:-brief"),
        ("https://example.nl 12:30", "https://example.nl 12:30"),
        ("Is de overheid er ook voor mij?", "Is de overheid er ook voor mij?"),
        ("-OR", "-(OR)"),
    ];

    #[test]
    fn every_query_must_parse_as_expected() {
        for (typed, expected) in QUERIES {
            assert_eq!(ParsedQuery::parse(typed).to_string(), *expected, "{typed}");
        }
    }

    #[test]
    fn one_letter_and_a_star_must_be_a_word() {
        assert!(matches!(ParsedQuery::parse("t*").clauses[..], [Clause::Word(_)]));
        assert!(matches!(ParsedQuery::parse("to*").clauses[..], [Clause::Prefix(_)]));
    }

    #[test]
    fn ignored_text_must_be_reported() {
        assert_eq!(ParsedQuery::parse("brief — & mail").ignored, ["—", "&"]);
        let many: Vec<_> = (0..40).map(|number| format!("w{number}")).collect();
        let query = ParsedQuery::parse(&many.join(" "));
        assert_eq!(query.clauses.len(), WordSet::WORDS_MAX);
        assert_eq!(query.ignored, many[WordSet::WORDS_MAX..]);
        let deep = format!("{}brief{}", "(a OR ".repeat(500), ")".repeat(500));
        assert_eq!(ParsedQuery::parse(&deep).ignored.len(), 501 - WordSet::WORDS_MAX);
    }

    #[test]
    fn a_word_must_be_exchanged_where_it_stands() {
        let query = ParsedQuery::parse(" -loket titel:briev \"briev\" OR (gemente)");
        let mut replacements = Vec::new();
        for (typed, clause) in [("briev", &query.clauses[1]), ("gemente", &query.clauses[2])] {
            let found = format!("{clause:?}");
            assert!(found.contains(typed), "{found}");
        }
        if let Clause::In(_, inner) = &query.clauses[1]
            && let Clause::Word(typed) = &**inner
        {
            replacements.push((typed.range.clone(), "brief".to_owned()));
        }
        assert_eq!(
            query.with_replacements(&replacements),
            "-loket titel:brief \"briev\" OR (gemente)"
        );
    }

    #[test]
    fn a_long_query_must_be_parsed_in_linear_time() {
        let pieces = [
            "a(",
            "(a",
            "a)",
            "(",
            ")",
            "a()",
            "\"",
            "\"a",
            "„",
            "„a ",
            "«“",
            "-",
            "-a",
            "--(",
            ":",
            "a:",
            "titel:",
            "titel:a* ",
            "titel:(",
            "*",
            "a*",
            "OR ",
            "a OR ",
            "|",
            "é",
            "a ",
            " ",
        ];
        for piece in pieces {
            let input = piece.repeat(400_000 / piece.len());
            let start = std::time::Instant::now();
            let query = ParsedQuery::parse(&input);
            drop(query.to_string());
            // Parsing in quadratic time takes minutes.
            assert!(start.elapsed() < std::time::Duration::from_secs(5), "{piece}");
        }
    }

    fn collect_texts(clause: &Clause, found: &mut Vec<QueryText>) {
        match clause {
            Clause::Word(one) | Clause::Prefix(one) | Clause::Phrase(one) => {
                found.push(one.clone());
            }
            Clause::Any(clauses) | Clause::All(clauses) => {
                for clause in clauses {
                    collect_texts(clause, found);
                }
            }
            Clause::Not(clause) | Clause::In(_, clause) => collect_texts(clause, found),
        }
    }

    proptest! {
        #[test]
        fn every_text_must_be_a_valid_query(
            text in "([a-cé]{1,3}|OR|titel:|thema:|[\"“”()|*-]|[ ]){0,24}",
        ) {
            let query = ParsedQuery::parse(&text);
            let mut found = Vec::new();
            query.clauses.iter().for_each(|clause| collect_texts(clause, &mut found));
            let mut end = 0;
            for one in &found {
                prop_assert!(one.range.start >= end, "{:?}", found);
                prop_assert_eq!(&text[one.range.clone()], &one.text);
                end = one.range.end;
            }
            // Parsing the printed form yields the same query.
            let reparsed = ParsedQuery::parse(&query.to_string());
            prop_assert_eq!(reparsed.to_string(), query.to_string(), "{}", text);
            // Nothing that contains a letter is lost.
            let alphanumeric_count = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).count();
            let words: usize = found.iter().map(|one| alphanumeric_count(&one.text)).sum();
            let ignored_count: usize = query.ignored.iter().map(|one| alphanumeric_count(one)).sum();
            let operators = text.matches("OR").count() * 2 + text.matches("titel").count() * 5
                + text.matches("thema").count() * 5;
            prop_assert!(words + ignored_count <= alphanumeric_count(&text));
            prop_assert!(words + ignored_count + operators >= alphanumeric_count(&text), "{text:?} {query}");
        }

        #[test]
        fn every_text_must_parse(text in "\\PC{0,200}") {
            ParsedQuery::parse(&text);
        }
    }
}
