//! What a question is made of.

use super::{DEPTH_MAX, QuestionField, Typed, WORDS_MAX};
use crate::language::words;

/// Names of fields, in Dutch and English.
const FIELDS: [(&str, QuestionField); 8] = [
    ("titel", QuestionField::Title),
    ("title", QuestionField::Title),
    ("thema", QuestionField::Theme),
    ("theme", QuestionField::Theme),
    ("organisatie", QuestionField::Organisation),
    ("organisation", QuestionField::Organisation),
    ("persoon", QuestionField::Person),
    ("person", QuestionField::Person),
];
/// Quotation marks that may begin a phrase; any of [`ENDS`] ends it.
const BEGINS: [char; 5] = ['"', '“', '”', '„', '«'];
const ENDS: [char; 4] = ['"', '”', '“', '»'];

/// A piece of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Word(Typed),
    Prefix(Typed),
    Phrase(Typed),
    Or,
    Not,
    In(QuestionField),
    Open,
    Close,
}

/// The pieces of what was typed, brackets in pairs, and what is left out.
pub(super) fn tokens(input: &str) -> (Vec<Token>, Vec<String>) {
    let mut lexer = Lexer { input, at: 0, tokens: Vec::new(), words: 0, left_out: Vec::new() };
    while lexer.at < input.len() {
        lexer.step();
    }
    (in_pairs(lexer.tokens), lexer.left_out)
}

struct Lexer<'a> {
    input: &'a str,
    at: usize,
    tokens: Vec<Token>,
    /// How many words there are so far.
    words: usize,
    left_out: Vec<String>,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        &self.input[self.at..]
    }

    /// Takes what comes next.
    fn step(&mut self) {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return };
        let after = &rest[first.len_utf8()..];
        if first.is_whitespace() {
            self.at += first.len_utf8();
        } else if BEGINS.contains(&first) {
            self.at += first.len_utf8();
            // A mark without another half is passed over.
            if let Some(length) = after.find(ENDS) {
                self.typed(length, Token::Phrase);
                self.at += self.rest().chars().next().map_or(0, char::len_utf8);
            }
        } else if first == '(' || first == ')' {
            self.at += 1;
            self.tokens.push(if first == '(' { Token::Open } else { Token::Close });
        } else if first == '-' && begins_clause(after) {
            self.at += 1;
            self.tokens.push(Token::Not);
        } else if let Some((length, field)) = field(rest) {
            self.at += length;
            self.tokens.push(Token::In(field));
        } else {
            self.word();
        }
    }

    /// Takes a word, up to what cannot belong to it.
    fn word(&mut self) {
        let rest = self.rest();
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        // A bracket belongs to a word only where both halves do, as in `gebruiker(s)`.
        let (mut open, mut length) = (Vec::new(), end);
        for (at, letter) in rest[..end].char_indices() {
            match letter {
                '(' => open.push(at),
                ')' if open.pop().is_none() => {
                    length = at;
                    break;
                }
                _ => {}
            }
        }
        length = open.first().copied().unwrap_or(length);
        let word = &rest[..length];
        let front = word.strip_suffix('*').filter(|front| {
            let mut words = words(front);
            let first = words.next();
            let is_one = first == Some(0..front.len()) && words.next().is_none();
            is_one && front.chars().nth(1).is_some()
        });
        match (word, front) {
            ("OR" | "|", _) => {
                self.at += length;
                self.tokens.push(Token::Or);
            }
            (_, Some(front)) => {
                self.typed(front.len(), Token::Prefix);
                self.at += 1;
            }
            _ => self.typed(length, Token::Word),
        }
    }

    /// Takes so many bytes, if there is a word in them and there are not too many.
    fn typed(&mut self, length: usize, token: fn(Typed) -> Token) {
        let at = self.at..self.at + length;
        self.at = at.end;
        let text = self.input[at.clone()].to_owned();
        let count = words(&text).count();
        if count == 0 || self.words + count > WORDS_MAX {
            let text = text.trim();
            if !text.is_empty() && text != "*" && text != "-" {
                self.left_out.push(text.to_owned());
            }
            return;
        }
        self.words += count;
        self.tokens.push(token(Typed { text, at }));
    }
}

/// Whether something begins here that can be excluded, or be in a field.
fn begins_clause(text: &str) -> bool {
    let begins =
        |letter: char| letter.is_alphanumeric() || letter == '(' || BEGINS.contains(&letter);
    text.starts_with(begins)
}

/// The field that is named at the beginning of a text, if something follows, and the bytes of it.
fn field(text: &str) -> Option<(usize, QuestionField)> {
    let (name, value) = text.split_once(':')?;
    if !begins_clause(value) {
        return None;
    }
    let (_, field) = FIELDS.iter().find(|(known, _)| name.eq_ignore_ascii_case(known))?;
    Some((name.len() + 1, *field))
}

/// The tokens without brackets that have no other half or lie too deep.
fn in_pairs(tokens: Vec<Token>) -> Vec<Token> {
    let mut keep = vec![true; tokens.len()];
    let mut open = Vec::new();
    for (place, token) in tokens.iter().enumerate() {
        match token {
            Token::Open => open.push(place),
            Token::Close => match open.pop() {
                Some(begin) if open.len() >= DEPTH_MAX => {
                    (keep[begin], keep[place]) = (false, false);
                }
                Some(_) => {}
                None => keep[place] = false,
            },
            _ => {}
        }
    }
    for begin in open {
        keep[begin] = false;
    }
    tokens.into_iter().zip(keep).filter_map(|(token, keep)| keep.then_some(token)).collect()
}
