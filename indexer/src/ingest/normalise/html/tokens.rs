//! Splits HTML into tags and text in one pass, as a browser does. Markup that a browser would drop,
//! such as an unterminated tag or comment, is text here.

use std::ops::Range;

/// Maximum number of attributes per element; any others are dropped.
pub(super) const ATTRIBUTES_MAX: usize = 32;

/// A token of HTML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum HtmlToken<'a> {
    /// Text, with entities unresolved.
    Text(&'a str),
    Tag(HtmlTag<'a>),
    /// A comment, document type or similar.
    Comment,
}

/// A tag as written in the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HtmlTag<'a> {
    pub(super) is_end: bool,
    /// In lower case.
    pub(super) name: String,
    /// Names and values, with entities unresolved.
    pub(super) attributes: Vec<(&'a str, &'a str)>,
    /// Byte range in the source.
    pub(super) range: Range<usize>,
}

/// The tokens of HTML.
pub(super) struct HtmlTokens<'a> {
    html: &'a str,
    position: usize,
    /// The rest is text: a tag is unterminated.
    is_text: bool,
    /// A comment is unterminated, so no later one is terminated either.
    has_open_comment: bool,
}

impl<'a> HtmlTokens<'a> {
    pub(super) fn of(html: &'a str) -> Self {
        Self { html, position: 0, is_text: false, has_open_comment: false }
    }

    /// Whether a comment without an end was found.
    pub(super) fn has_open_comment(&self) -> bool {
        self.has_open_comment
    }

    /// Continues after a position.
    pub(super) fn skip_to(&mut self, position: usize) {
        self.position = self.position.max(position);
    }

    /// The end of the markup at a position, and its tag if it is one; `None` if the `<` there is
    /// text.
    fn markup(&mut self, at: usize) -> Option<(usize, Option<HtmlTag<'a>>)> {
        if self.is_text {
            return None;
        }
        let after = &self.html[at + 1..];
        let is_name = |text: &str| text.starts_with(|first: char| first.is_ascii_alphabetic());
        if let Some(comment) = after.strip_prefix("!--") {
            return self.comment_end(at + 4, comment).map(|end| (end, None));
        }
        if is_name(after) || after.strip_prefix('/').is_some_and(is_name) {
            let tag = HtmlTagReader { html: self.html, position: at + 1 }.tag(at);
            self.is_text = tag.is_none();
            return tag.map(|tag| (tag.range.end, Some(tag)));
        }
        if after.starts_with(['!', '?', '/']) {
            let length = after.find('>');
            self.is_text = length.is_none();
            return length.map(|length| (at + 1 + length + 1, None));
        }
        None
    }

    fn comment_end(&mut self, start: usize, comment: &str) -> Option<usize> {
        for empty in [">", "->"] {
            if comment.starts_with(empty) {
                return Some(start + empty.len());
            }
        }
        if self.has_open_comment {
            return None;
        }
        let length = comment.find("-->");
        self.has_open_comment = length.is_none();
        length.map(|length| start + length + 3)
    }
}

impl<'a> Iterator for HtmlTokens<'a> {
    type Item = HtmlToken<'a>;

    fn next(&mut self) -> Option<HtmlToken<'a>> {
        let start = self.position;
        let mut at = start;
        while let Some(offset) = self.html.get(at..)?.find('<') {
            at += offset;
            match self.markup(at) {
                // The markup is parsed again after the preceding text.
                Some(_) if at > start => {
                    self.position = at;
                    return Some(HtmlToken::Text(&self.html[start..at]));
                }
                Some((end, Some(tag))) => {
                    self.position = end;
                    return Some(HtmlToken::Tag(tag));
                }
                Some((end, None)) => {
                    self.position = end;
                    return Some(HtmlToken::Comment);
                }
                None => at += 1,
            }
        }
        self.position = self.html.len();
        let rest = &self.html[start..];
        (!rest.is_empty()).then_some(HtmlToken::Text(rest))
    }
}

/// Reads one tag.
struct HtmlTagReader<'a> {
    html: &'a str,
    position: usize,
}

impl<'a> HtmlTagReader<'a> {
    /// The tag that begins at `start`; `None` if it is unterminated.
    fn tag(mut self, start: usize) -> Option<HtmlTag<'a>> {
        let is_end = self.html[self.position..].starts_with('/');
        self.position += usize::from(is_end);
        let name = self.take_until(|c| c.is_ascii_whitespace() || matches!(c, '/' | '>'));
        let mut attributes = Vec::new();
        loop {
            self.take_until(|c| !c.is_ascii_whitespace() && c != '/');
            if self.peek()? == '>' {
                let range = start..self.position + 1;
                return Some(HtmlTag {
                    is_end,
                    name: name.to_ascii_lowercase(),
                    attributes,
                    range,
                });
            }
            let attribute = self.attribute()?;
            if attributes.len() < ATTRIBUTES_MAX {
                attributes.push(attribute);
            }
        }
    }

    fn attribute(&mut self) -> Option<(&'a str, &'a str)> {
        let begin = self.position;
        // An equals sign at the start belongs to the name.
        self.position += self.peek()?.len_utf8();
        self.take_until(|c| c.is_ascii_whitespace() || matches!(c, '/' | '>' | '='));
        let name = &self.html[begin..self.position];
        self.take_until(|c| !c.is_ascii_whitespace());
        if self.peek()? != '=' {
            return Some((name, ""));
        }
        self.position += 1;
        self.take_until(|c| !c.is_ascii_whitespace());
        let value = match self.peek()? {
            quote @ ('"' | '\'') => {
                self.position += 1;
                let value = self.take_until(|c| c == quote);
                self.peek()?;
                self.position += 1;
                value
            }
            _ => self.take_until(|c| c.is_ascii_whitespace() || c == '>'),
        };
        Some((name, value))
    }

    fn peek(&self) -> Option<char> {
        self.html[self.position..].chars().next()
    }

    fn take_until(&mut self, ends: impl Fn(char) -> bool) -> &'a str {
        let rest = &self.html[self.position..];
        let taken = &rest[..rest.find(ends).unwrap_or(rest.len())];
        self.position += taken.len();
        taken
    }
}
