//! The words of a text, as names are compared: folded, whatever the notation of the letters, and
//! across tags. A tag has words of its own, such as those of an address or of an alternative text.

use std::ops::Range;

use schema::normalisation;

/// Maximum length in bytes of a character reference such as `&eacute;`.
const REFERENCE_BYTES_MAX: usize = 32;
/// Tags that can be within a word.
const INLINE_TAGS: [&str; 18] = [
    "a", "abbr", "b", "bdi", "cite", "del", "em", "font", "i", "ins", "mark", "q", "small", "span",
    "strong", "sub", "sup", "u",
];

/// What separates a word from the one before it, outside tags.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Gap {
    /// White space, as it is written in a text and not in an address.
    pub(super) has_space: bool,
    /// Another character that does not end a sentence, such as a comma or a hyphen.
    pub(super) has_mark: bool,
}

/// A word of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// Lower case, without accents and apostrophes.
    pub(super) folded: String,
    /// Its bytes in the text.
    pub(super) range: Range<usize>,
    pub(super) gap: Gap,
}

/// The words of a text, and those of each of its tags.
#[derive(Debug, Default)]
pub(super) struct TextWords {
    pub(super) text: Vec<Word>,
    pub(super) tags: Vec<Vec<Word>>,
    /// The bytes of each tag.
    pub(super) tag_ranges: Vec<Range<usize>>,
}

impl TextWords {
    /// Reads a text of any notation: plain, HTML, JSON or an address.
    pub(super) fn of(text: &str) -> Self {
        let mut words = Self::default();
        let mut letters = Letters { text, at: 0 };
        let (mut in_text, mut in_tag) = (Flow::default(), None);
        while let Some(letter) = letters.next() {
            match (letter.value, &mut in_tag) {
                ('<', _) if letters.begins_tag() => {
                    words.end_tag(in_tag.take(), letter.range.start);
                    if !letters.begins_inline_tag() {
                        in_text.end_word();
                        in_text.gap.has_space = true;
                    }
                    in_tag = Some((letter.range.start, Flow::default()));
                }
                ('>', Some(_)) => words.end_tag(in_tag.take(), letter.range.end),
                (_, Some((_, flow))) => flow.read(text, &letter),
                (_, None) => in_text.read(text, &letter),
            }
        }
        words.end_tag(in_tag, text.len());
        words.text = in_text.end();
        words
    }

    fn end_tag(&mut self, tag: Option<(usize, Flow)>, end: usize) {
        let Some((start, flow)) = tag else { return };
        self.tags.push(flow.end());
        self.tag_ranges.push(start..end);
    }
}

/// Characters that follow each other, from which words are read.
#[derive(Debug, Default)]
struct Flow {
    words: Vec<Word>,
    /// The letters of the word that is being read, and its bytes.
    letters: String,
    range: Range<usize>,
    gap: Gap,
}

impl Flow {
    fn read(&mut self, text: &str, letter: &Letter) {
        let value = letter.value;
        if value.is_alphanumeric() || (normalisation::is_mark(value) && !self.letters.is_empty()) {
            if self.letters.is_empty() {
                self.range.start = letter.range.start;
            }
            self.letters.push(value);
            self.range.end = letter.range.end;
        } else if !is_ignored(value) {
            self.end_word();
            let is_written = !text[letter.range.clone()].starts_with('%');
            self.gap.has_space |= value.is_whitespace() && is_written;
            self.gap.has_mark |= !value.is_whitespace() && !matches!(value, '.' | '!' | '?');
        }
    }

    fn end_word(&mut self) {
        if self.letters.is_empty() {
            return;
        }
        let folded = if self.letters.is_ascii() {
            self.letters.to_ascii_lowercase()
        } else {
            normalisation::name(&self.letters)
        };
        self.letters.clear();
        let gap = std::mem::take(&mut self.gap);
        self.words.push(Word { folded, range: self.range.clone(), gap });
    }

    fn end(mut self) -> Vec<Word> {
        self.end_word();
        self.words
    }
}

/// Whether a character joins the text on either side of it: apostrophes, and what is not visible.
fn is_ignored(letter: char) -> bool {
    normalisation::is_stripped(letter)
        || matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

/// A character, and the bytes with which the text writes it.
struct Letter {
    value: char,
    range: Range<usize>,
}

/// The characters of a text, with character references, JSON escapes and percent-encoding decoded.
struct Letters<'a> {
    text: &'a str,
    at: usize,
}

impl Letters<'_> {
    fn next(&mut self) -> Option<Letter> {
        let rest = &self.text[self.at..];
        let first = rest.chars().next()?;
        let decoded = match first {
            '&' => reference(rest),
            '\\' => json_escape(rest),
            '%' => percent_encoded(rest),
            _ => None,
        };
        let (value, bytes) = decoded.unwrap_or((first, first.len_utf8()));
        let range = self.at..self.at + bytes;
        self.at = range.end;
        Some(Letter { value, range })
    }

    /// Whether `<`, which was read last, begins a tag or a comment.
    fn begins_tag(&self) -> bool {
        let rest = self.text[self.at..].trim_start_matches('\\');
        rest.starts_with(|next: char| next.is_ascii_alphabetic() || matches!(next, '/' | '!'))
    }

    /// Whether that tag does not end a word, as in `<b>J</b>an`.
    fn begins_inline_tag(&self) -> bool {
        let rest = self.text[self.at..].trim_start_matches(['\\', '/']);
        let end = rest.find(|letter: char| !letter.is_ascii_alphanumeric()).unwrap_or(rest.len());
        INLINE_TAGS.iter().any(|name| rest[..end].eq_ignore_ascii_case(name))
    }
}

/// A character reference; also one whose `&` is written as a reference, as in feeds.
fn reference(rest: &str) -> Option<(char, usize)> {
    let end = rest.bytes().take(REFERENCE_BYTES_MAX).position(|byte| byte == b';')? + 1;
    let decoded = html_escape::decode_html_entities(&rest[..end]);
    let value = decoded.chars().next().filter(|_| decoded.len() < end)?;
    if value != '&' {
        return Some((value, end));
    }
    let inner = rest[end..].bytes().take(REFERENCE_BYTES_MAX).position(|byte| byte == b';');
    let nested = inner.map(|inner| &rest[end..=end + inner]).and_then(|inner| {
        let reference = format!("&{inner}");
        let decoded = html_escape::decode_html_entities(&reference);
        let value = decoded.chars().next().filter(|_| decoded.len() < reference.len())?;
        Some((value, end + inner.len()))
    });
    nested.or(Some(('&', end)))
}

/// An escape in a string of JSON.
fn json_escape(rest: &str) -> Option<(char, usize)> {
    match *rest.as_bytes().get(1)? {
        b'n' | b'r' | b't' => Some((' ', 2)),
        b'u' => {
            let code = u32::from_str_radix(rest.get(2..6)?, 16).ok()?;
            Some((char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), 6))
        }
        _ => None,
    }
}

/// A percent-encoded character.
fn percent_encoded(rest: &str) -> Option<(char, usize)> {
    let bytes: Vec<u8> = (0..4)
        .map_while(|at| {
            let code = rest.get(3 * at..3 * at + 3)?.strip_prefix('%')?;
            u8::from_str_radix(code, 16).ok()
        })
        .collect();
    let valid = match std::str::from_utf8(&bytes) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default(),
    };
    let value = valid.chars().next()?;
    Some((value, 3 * value.len_utf8()))
}
