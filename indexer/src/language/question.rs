//! The language of questions: words, `"exact phrases"`, `-without`, `OR`, brackets, `fronts*` and
//! fields such as `titel:`.
//!
//! Everything that people type is a question. A quotation mark or bracket that has no other half is
//! as if it was not there; an operator that has nothing to work on is left out.

mod token;

use std::{fmt, ops::Range};

use self::token::{Token, tokens};

/// No more words than this are looked at; the rest is left out.
pub(crate) const WORDS_MAX: usize = 32;
/// Brackets that lie deeper than this are as if they were not there.
pub(crate) const DEPTH_MAX: usize = 8;

/// A piece of a question as it was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Typed {
    /// Without the signs around it.
    pub(crate) text: String,
    /// Its bytes in the question.
    pub(crate) at: Range<usize>,
}

impl Typed {
    /// A part of it, by its bytes.
    pub(crate) fn part(&self, range: &Range<usize>) -> Self {
        let text = self.text[range.clone()].to_owned();
        Self { text, at: self.at.start + range.start..self.at.start + range.end }
    }
}

/// Where a clause must be fulfilled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum QuestionField {
    Title,
    Theme,
    Organisation,
    Person,
}

/// A part of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Clause {
    /// Anything in any form; what holds signs may be several words.
    Word(Typed),
    /// What words begin with.
    Prefix(Typed),
    /// Words that follow each other in exactly this form.
    Phrase(Typed),
    /// One of several. It binds what stands next to it: `a b OR c` is `a` and one of `b` and `c`.
    Any(Vec<Clause>),
    /// All of them.
    All(Vec<Clause>),
    /// Anything but.
    Not(Box<Clause>),
    /// In one field.
    In(QuestionField, Box<Clause>),
}

/// A question, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    input: String,
    /// All of which are asked for.
    pub(crate) clauses: Vec<Clause>,
    /// What was not looked at: what holds no letter or digit, and what is too much.
    pub(crate) left_out: Vec<String>,
}

impl Question {
    /// Reads what was typed.
    pub(crate) fn parse(input: &str) -> Self {
        let (tokens, left_out) = tokens(input);
        let clauses = Parser { tokens: tokens.into_iter().peekable() }.clauses();
        Self { input: input.to_owned(), clauses, left_out }
    }

    /// What was typed, with something else in some places; all signs stay.
    pub(crate) fn with(&self, replacements: &[(Range<usize>, String)]) -> String {
        let mut replacements: Vec<_> = replacements.iter().collect();
        replacements.sort_by_key(|(range, _)| range.start);
        let mut changed = self.input.clone();
        for (range, text) in replacements.into_iter().rev() {
            changed.replace_range(range.clone(), text);
        }
        changed.trim().to_owned()
    }
}

/// Makes clauses of tokens. It calls itself once per bracket, of which no more than [`DEPTH_MAX`] lie
/// within one another.
struct Parser<T: Iterator<Item = Token>> {
    tokens: std::iter::Peekable<T>,
}

impl<T: Iterator<Item = Token>> Parser<T> {
    /// All clauses up to the end or to the bracket that closes.
    fn clauses(&mut self) -> Vec<Clause> {
        let mut clauses = Vec::new();
        while let Some(token) = self.tokens.peek() {
            match token {
                Token::Close => break,
                Token::Or => drop(self.tokens.next()),
                _ => clauses.extend(self.alternatives()),
            }
        }
        clauses
    }

    /// A clause and what stands beside it as `OR`.
    fn alternatives(&mut self) -> Option<Clause> {
        let mut any: Vec<Clause> = self.clause().into_iter().collect();
        while self.tokens.peek() == Some(&Token::Or) {
            self.tokens.next();
            let ends = matches!(self.tokens.peek(), None | Some(Token::Or | Token::Close));
            any.extend(if ends { None } else { self.clause() });
        }
        one_of(any, Clause::Any)
    }

    fn clause(&mut self) -> Option<Clause> {
        match self.tokens.next()? {
            Token::Word(typed) => Some(Clause::Word(typed)),
            Token::Prefix(typed) => Some(Clause::Prefix(typed)),
            Token::Phrase(typed) => Some(Clause::Phrase(typed)),
            Token::Not => match self.tokens.peek() {
                Some(Token::Or | Token::Close | Token::Not) | None => None,
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
                one_of(clauses, Clause::All)
            }
            Token::Close | Token::Or => None,
        }
    }
}

/// A single clause as it is, several together.
fn one_of(mut clauses: Vec<Clause>, several: fn(Vec<Clause>) -> Clause) -> Option<Clause> {
    match clauses.len() {
        0 | 1 => clauses.pop(),
        _ => Some(several(clauses)),
    }
}

impl fmt::Display for QuestionField {
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
        let joined = |clauses: &[Self], with: &str| {
            clauses.iter().map(ToString::to_string).collect::<Vec<_>>().join(with)
        };
        match self {
            Self::Word(typed) => f.write_str(&typed.text),
            Self::Prefix(typed) => write!(f, "{}*", typed.text),
            Self::Phrase(typed) => write!(f, "\"{}\"", typed.text),
            Self::Any(clauses) => write!(f, "({})", joined(clauses, " OR ")),
            Self::All(clauses) => write!(f, "({})", joined(clauses, " ")),
            Self::Not(clause) if matches!(**clause, Self::Not(_)) => write!(f, "-({clause})"),
            Self::Not(clause) => write!(f, "-{clause}"),
            Self::In(field, clause) if matches!(**clause, Self::In(..) | Self::Not(_)) => {
                write!(f, "{field}:({clause})")
            }
            Self::In(field, clause) => write!(f, "{field}:{clause}"),
        }
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clauses: Vec<_> = self.clauses.iter().map(ToString::to_string).collect();
        f.write_str(&clauses.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What was typed, and how it is understood.
    const QUESTIONS: &[(&str, &str)] = &[
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
        ("OR brief OR", "brief"),
        ("brief OR OR mail", "(brief OR mail)"),
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
        ("-OR", ""),
    ];

    #[test]
    fn every_question_must_be_understood() {
        for (typed, understood) in QUESTIONS {
            assert_eq!(Question::parse(typed).to_string(), *understood, "{typed}");
        }
    }

    #[test]
    fn one_letter_and_a_star_must_be_a_word() {
        assert!(matches!(Question::parse("t*").clauses[..], [Clause::Word(_)]));
        assert!(matches!(Question::parse("to*").clauses[..], [Clause::Prefix(_)]));
    }

    #[test]
    fn what_cannot_be_looked_for_must_be_told() {
        assert_eq!(Question::parse("brief — & mail").left_out, ["—", "&"]);
        let many: Vec<_> = (0..40).map(|number| format!("w{number}")).collect();
        let question = Question::parse(&many.join(" "));
        assert_eq!(question.clauses.len(), WORDS_MAX);
        assert_eq!(question.left_out, many[WORDS_MAX..]);
        let deep = format!("{}brief{}", "(a OR ".repeat(500), ")".repeat(500));
        assert_eq!(Question::parse(&deep).left_out.len(), 501 - WORDS_MAX);
    }

    #[test]
    fn a_word_must_be_exchanged_where_it_stands() {
        let question = Question::parse(" -loket titel:briev \"briev\" OR (gemente)");
        let mut replacements = Vec::new();
        for (typed, clause) in [("briev", &question.clauses[1]), ("gemente", &question.clauses[2])]
        {
            let found = format!("{clause:?}");
            assert!(found.contains(typed), "{found}");
        }
        if let Clause::In(_, inner) = &question.clauses[1]
            && let Clause::Word(typed) = &**inner
        {
            replacements.push((typed.at.clone(), "brief".to_owned()));
        }
        assert_eq!(question.with(&replacements), "-loket titel:brief \"briev\" OR (gemente)");
    }

    fn typed(clause: &Clause, found: &mut Vec<Typed>) {
        match clause {
            Clause::Word(one) | Clause::Prefix(one) | Clause::Phrase(one) => {
                found.push(one.clone());
            }
            Clause::Any(clauses) | Clause::All(clauses) => {
                for clause in clauses {
                    typed(clause, found);
                }
            }
            Clause::Not(clause) | Clause::In(_, clause) => typed(clause, found),
        }
    }

    proptest! {
        #[test]
        fn every_text_must_be_a_question(
            text in "([a-cé]{1,3}|OR|titel:|thema:|[\"“”()|*-]|[ ]){0,24}",
        ) {
            let question = Question::parse(&text);
            let mut found = Vec::new();
            question.clauses.iter().for_each(|clause| typed(clause, &mut found));
            let mut end = 0;
            for one in &found {
                prop_assert!(one.at.start >= end, "{:?}", found);
                prop_assert_eq!(&text[one.at.clone()], &one.text);
                end = one.at.end;
            }
            // Said again in its own words, it is the same question.
            let again = Question::parse(&question.to_string());
            prop_assert_eq!(again.to_string(), question.to_string(), "{}", text);
            // Nothing with a letter is lost.
            let kept = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).count();
            let words: usize = found.iter().map(|one| kept(&one.text)).sum();
            let left: usize = question.left_out.iter().map(|one| kept(one)).sum();
            let operators = text.matches("OR").count() * 2 + text.matches("titel").count() * 5
                + text.matches("thema").count() * 5;
            prop_assert!(words + left <= kept(&text));
            prop_assert!(words + left + operators >= kept(&text), "{text:?} {question}");
        }

        #[test]
        fn no_text_must_be_too_much(text in "\\PC{0,200}") {
            Question::parse(&text);
        }
    }
}
