//! Splits a query into tokens.

use std::{collections::BTreeMap, ops::Range};

use super::word_set::WordSet;
use crate::analysis::words;

/// Field names, in Dutch and English.
const FIELDS: [(&str, QueryField); 8] = [
    ("titel", QueryField::Title),
    ("title", QueryField::Title),
    ("thema", QueryField::Theme),
    ("theme", QueryField::Theme),
    ("organisatie", QueryField::Organisation),
    ("organisation", QueryField::Organisation),
    ("persoon", QueryField::Person),
    ("person", QueryField::Person),
];
/// Maximum nesting depth of brackets; deeper ones are ignored.
pub(super) const DEPTH_MAX: usize = 8;

/// Quotation marks that open a phrase; any of [`CLOSING_QUOTES`] closes it.
const OPENING_QUOTES: [char; 5] = ['"', '“', '”', '„', '«'];
const CLOSING_QUOTES: [char; 4] = ['"', '”', '“', '»'];

/// A fragment of a query as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct QueryText {
    /// The fragment without the operators around it.
    pub(crate) text: String,
    /// Its byte range in the query.
    pub(crate) range: Range<usize>,
}

impl QueryText {
    /// The substring at `range`, in bytes of this fragment.
    pub(crate) fn slice(&self, range: &Range<usize>) -> Self {
        let text = self.text[range.clone()].to_owned();
        Self { text, range: self.range.start + range.start..self.range.start + range.end }
    }
}

/// The field in which a clause must match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum QueryField {
    Title,
    Theme,
    Organisation,
    Person,
}

/// A token of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    Word(QueryText),
    Prefix(QueryText),
    Phrase(QueryText),
    /// `OR` or `|` between two operands.
    Or(QueryText),
    Not,
    In(QueryField),
    Open,
    Close,
}

/// The tokens of a query, with balanced brackets, and the fragments that were ignored. Each byte is
/// read a bounded number of times.
pub(crate) fn tokens(input: &str) -> (Vec<Token>, Vec<String>) {
    let mut lexer = Lexer {
        input,
        position: 0,
        bracket_pairs: bracket_pairs(input),
        closing_quote: Some(0),
        tokens: Vec::new(),
        words: 0,
        ignored: Vec::new(),
    };
    while lexer.position < input.len() {
        lexer.step();
    }
    let tokens = drop_unpaired_brackets(lexer.tokens);
    (words_without_operands(tokens), lexer.ignored)
}

/// Turns an `OR` without an operand on both sides into a word, and drops such a `|`.
fn words_without_operands(tokens: Vec<Token>) -> Vec<Token> {
    let mut operands: Vec<Token> = Vec::with_capacity(tokens.len());
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let Token::Or(typed) = token else {
            operands.push(token);
            continue;
        };
        let ends = |token: &Token| {
            matches!(token, Token::Word(_) | Token::Prefix(_) | Token::Phrase(_) | Token::Close)
        };
        let begins = |token: &Token| !matches!(token, Token::Or(_) | Token::Close);
        if operands.last().is_some_and(ends) && tokens.peek().is_some_and(begins) {
            operands.push(Token::Or(typed));
        } else if typed.text == "OR" {
            operands.push(Token::Word(typed));
        }
    }
    operands
}

struct Lexer<'a> {
    input: &'a str,
    position: usize,
    bracket_pairs: BTreeMap<usize, usize>,
    /// The first closing quote after the position of the last search; `None` if there is none.
    closing_quote: Option<usize>,
    tokens: Vec<Token>,
    /// Number of words so far.
    words: usize,
    ignored: Vec<String>,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        &self.input[self.position..]
    }

    /// Consumes the next token or white space.
    fn step(&mut self) {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return };
        let after = &rest[first.len_utf8()..];
        if first.is_whitespace() {
            self.position += first.len_utf8();
        } else if OPENING_QUOTES.contains(&first) {
            self.position += first.len_utf8();
            // An opening quote without a closing one is skipped.
            if let Some(end) = self.next_closing_quote() {
                self.push_text(end - self.position, Token::Phrase);
                self.position += self.rest().chars().next().map_or(0, char::len_utf8);
            }
        } else if first == '(' || first == ')' {
            self.position += 1;
            self.tokens.push(if first == '(' { Token::Open } else { Token::Close });
        } else if first == '-' && begins_clause(after) {
            self.position += 1;
            self.tokens.push(Token::Not);
        } else if let Some((length, field)) = field(rest) {
            self.position += length;
            self.tokens.push(Token::In(field));
        } else {
            self.word();
        }
    }

    /// The first closing quote from the current position.
    fn next_closing_quote(&mut self) -> Option<usize> {
        if self.closing_quote? < self.position {
            let found = self.rest().find(CLOSING_QUOTES);
            self.closing_quote = found.map(|length| self.position + length);
        }
        self.closing_quote
    }

    /// Consumes a word, up to the first character that cannot belong to it.
    fn word(&mut self) {
        let rest = self.rest();
        // A bracket belongs to a word only if both brackets of the pair do, as in `gebruiker(s)`.
        let ends = |(offset, letter): (usize, char)| match letter {
            '(' | ')' => {
                let other = self.bracket_pairs.get(&(self.position + offset));
                other.is_none_or(|other| *other < self.position)
            }
            letter => letter.is_whitespace(),
        };
        let end = rest.char_indices().find(|place| ends(*place));
        let length = end.map_or(rest.len(), |(offset, _)| offset);
        let word = &rest[..length];
        let prefix = word.strip_suffix('*').filter(|prefix| {
            let mut words = words(prefix);
            let first = words.next();
            let is_one = first == Some(0..prefix.len()) && words.next().is_none();
            is_one && prefix.chars().nth(1).is_some()
        });
        match (word, prefix) {
            ("OR" | "|", _) => {
                let range = self.position..self.position + length;
                self.position = range.end;
                self.tokens.push(Token::Or(QueryText { text: word.to_owned(), range }));
            }
            (_, Some(prefix)) => {
                self.push_text(prefix.len(), Token::Prefix);
                self.position += 1;
            }
            _ => self.push_text(length, Token::Word),
        }
    }

    /// Consumes `length` bytes. Adds a token if they contain a word and the word limit allows it.
    fn push_text(&mut self, length: usize, token: fn(QueryText) -> Token) {
        let range = self.position..self.position + length;
        self.position = range.end;
        let text = self.input[range.clone()].to_owned();
        let count = words(&text).count();
        if count == 0 || self.words + count > WordSet::WORDS_MAX {
            let text = text.trim();
            if !text.is_empty() && text != "*" && text != "-" {
                self.ignored.push(text.to_owned());
            }
            return;
        }
        self.words += count;
        self.tokens.push(token(QueryText { text, range }));
    }
}

/// Whether the text starts with something that can be excluded or restricted to a field.
fn begins_clause(text: &str) -> bool {
    let begins = |letter: char| {
        letter.is_alphanumeric() || letter == '(' || OPENING_QUOTES.contains(&letter)
    };
    text.starts_with(begins)
}

/// The field named at the start of the text, if a value follows, and the length of its prefix in
/// bytes.
fn field(text: &str) -> Option<(usize, QueryField)> {
    FIELDS.iter().find_map(|(alias, field)| {
        let (name, rest) = text.split_at_checked(alias.len())?;
        let value = rest.strip_prefix(':').filter(|_| name.eq_ignore_ascii_case(alias))?;
        begins_clause(value).then_some((alias.len() + 1, *field))
    })
}

/// The matching bracket of each bracket, by position, for pairs within one word.
fn bracket_pairs(input: &str) -> BTreeMap<usize, usize> {
    let mut bracket_pairs = BTreeMap::new();
    let mut open = Vec::new();
    for (at, letter) in input.char_indices() {
        match letter {
            '(' => open.push(at),
            ')' => {
                if let Some(begin) = open.pop() {
                    bracket_pairs.extend([(begin, at), (at, begin)]);
                }
            }
            letter if letter.is_whitespace() => open.clear(),
            _ => {}
        }
    }
    bracket_pairs
}

/// Drops brackets that are unbalanced or nested too deeply.
fn drop_unpaired_brackets(tokens: Vec<Token>) -> Vec<Token> {
    let mut keep = vec![true; tokens.len()];
    let mut open = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        match token {
            Token::Open => open.push(index),
            Token::Close => match open.pop() {
                Some(begin) if open.len() >= DEPTH_MAX => {
                    (keep[begin], keep[index]) = (false, false);
                }
                Some(_) => {}
                None => keep[index] = false,
            },
            _ => {}
        }
    }
    for begin in open {
        keep[begin] = false;
    }
    tokens.into_iter().zip(keep).filter_map(|(token, keep)| keep.then_some(token)).collect()
}
