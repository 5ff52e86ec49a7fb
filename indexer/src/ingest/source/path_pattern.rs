//! Path patterns: metadata from the path of a file.

use regex::Regex;

use crate::ingest::source::template::{PathCaptures, Piece, TemplateError, pieces};

/// Names components of a path, such as `blog/{year}/{month}/{day}-{slug}.md`.
///
/// A placeholder matches the shortest possible text within one segment; `{path}` may span segments,
/// and if it ends in an index page it denotes the folder; `{*}` matches any text within a segment
/// and has no name; `{year}`, `{month}` and `{day}` are numbers.
#[derive(Debug, Clone)]
pub struct PathPattern(Regex);

impl PathPattern {
    /// Parses a pattern.
    ///
    /// # Errors
    /// [`TemplateError`] if a placeholder is invalid.
    pub fn new(text: &str) -> Result<Self, TemplateError> {
        let pieces = pieces(text.trim().trim_start_matches("./"))?;
        let mut expression = String::from("^");
        let mut names = Vec::new();
        let mut previous_is_placeholder = false;
        for piece in &pieces {
            match piece {
                Piece::Literal(literal) => expression.push_str(&regex::escape(literal)),
                Piece::Placeholder(_) if previous_is_placeholder => {
                    return Err(TemplateError::AdjacentPlaceholders(text.to_owned()));
                }
                Piece::Placeholder(name) if names.contains(&name) => {
                    return Err(TemplateError::DuplicatePlaceholder(name.clone()));
                }
                Piece::Placeholder(name) => {
                    expression.push_str(&group(name)?);
                    if name != "*" {
                        names.push(name);
                    }
                }
            }
            previous_is_placeholder = matches!(piece, Piece::Placeholder(_));
        }
        expression.push('$');
        let brace = |_| TemplateError::InvalidPlaceholder(text.to_owned());
        Regex::new(&expression).map(Self).map_err(brace)
    }

    /// Whether the pattern has a placeholder with this name.
    pub(crate) fn has_name(&self, name: &str) -> bool {
        self.0.capture_names().flatten().any(|capture| capture == name)
    }

    /// The named components of a path with `/` separators, or `None` if it does not match.
    pub fn captures(&self, path: &str) -> Option<PathCaptures> {
        let captures = self.0.captures(path)?;
        let mut named_captures: PathCaptures = self
            .0
            .capture_names()
            .flatten()
            .filter_map(|name| Some((name.to_owned(), captures.name(name)?.as_str().to_owned())))
            .collect();
        if let Some(path) = named_captures.get_mut("path")
            && let Some(folder) = path.strip_suffix("/index")
        {
            *path = folder.to_owned();
        }
        let in_range = |name: &str, last: u8| {
            named_captures
                .get(name)
                .is_none_or(|n| n.parse::<u8>().is_ok_and(|n| (1..=last).contains(&n)))
        };
        (in_range("month", 12) && in_range("day", 31)).then_some(named_captures)
    }
}

/// The globs of a source as configured.
#[derive(Debug, Clone, Default)]
pub struct Globs {
    /// Files to read.
    pub include: Vec<String>,
    /// Files to leave out.
    pub exclude: Vec<String>,
}

fn group(name: &str) -> Result<String, TemplateError> {
    let matcher = match name {
        "*" => return Ok("[^/]+?".to_owned()),
        "year" => r"[0-9]{4}",
        "month" | "day" => r"[0-9]{1,2}",
        "path" => ".+?",
        _ => "[^/]+?",
    };
    let starts_with_letter = name.starts_with(|c: char| c.is_ascii_alphabetic());
    if starts_with_letter && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        Ok(format!("(?P<{name}>{matcher})"))
    } else {
        Err(TemplateError::InvalidPlaceholder(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn captures_of(pattern: &str, path: &str) -> Option<Vec<(String, String)>> {
        PathPattern::new(pattern)
            .unwrap()
            .captures(path)
            .map(|captures| captures.into_iter().collect())
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_dated_path_must_give_its_captures() {
        assert_eq!(
            captures_of(
                "blog/{year}/{month}/{day}-{slug}.md",
                "blog/2026/07/2-tools-in-the-loop.md"
            ),
            Some(pairs(&[
                ("day", "2"),
                ("month", "07"),
                ("slug", "tools-in-the-loop"),
                ("year", "2026")
            ]))
        );
    }

    #[test]
    fn an_index_page_must_stand_for_its_folder() {
        assert_eq!(captures_of("{path}.{*}", "a/b/index.mdx"), Some(pairs(&[("path", "a/b")])));
        assert_eq!(captures_of("{path}.{*}", "a/b.md"), Some(pairs(&[("path", "a/b")])));
    }

    #[test]
    fn a_date_that_cannot_be_must_not_fit() {
        let pattern = "{year}/{month}/{day}.md";
        for path in
            ["26/07/01.md", "2026/13/01.md", "2026/07/32.md", "2026/0/01.md", "2026/07/x.md"]
        {
            assert_eq!(captures_of(pattern, path), None, "{path}");
        }
    }

    #[test]
    fn only_path_must_span_segments() {
        assert_eq!(captures_of("docs/{slug}.md", "docs/a/b.md"), None);
        assert_eq!(captures_of("docs/{path}.md", "docs/a/b.md"), Some(pairs(&[("path", "a/b")])));
        assert_eq!(
            captures_of("{*}/{path}/index.{*}", "docs/a/b/index.mdx"),
            Some(pairs(&[("path", "a/b")]))
        );
    }

    #[test]
    fn a_literal_must_stand_for_itself() {
        assert_eq!(captures_of("a+b/{slug}.md", "aab/x.md"), None);
        assert_eq!(captures_of("a+b/{slug}.md", "a+b/x.mdx"), None);
        assert_eq!(captures_of("a+b/{slug}.md", "a+b/x.md"), Some(pairs(&[("slug", "x")])));
    }

    #[test]
    fn an_invalid_pattern_must_be_rejected() {
        let error = |text: &str| PathPattern::new(text).unwrap_err();
        assert_eq!(error("{a}{b}"), TemplateError::AdjacentPlaceholders("{a}{b}".to_owned()));
        assert_eq!(error("{a}/{a}"), TemplateError::DuplicatePlaceholder("a".to_owned()));
        assert_eq!(error("{a-b}"), TemplateError::InvalidPlaceholder("a-b".to_owned()));
        assert_eq!(error(""), TemplateError::Empty);
    }

    proptest! {
        #[test]
        fn a_pattern_must_capture_what_it_was_filled_with(
            year in 1000_u16..9999, month in 1_u8..=12, slug in "[a-zë][a-zë0-9.]{0,20}"
        ) {
            let path = format!("blog/{year}/{month:02}-{slug}.md");
            let captures = PathPattern::new("blog/{year}/{month}-{slug}.md").unwrap().captures(&path);
            let captures = captures.expect("the path was built from the pattern");
            prop_assert_eq!(&captures["slug"], &slug);
            prop_assert_eq!(&captures["year"], &year.to_string());
        }

        #[test]
        fn no_text_must_make_a_pattern_panic(
            pattern in "[a-z{}*/.]{0,30}", path in "[a-z/.]{0,30}"
        ) {
            if let Ok(pattern) = PathPattern::new(&pattern) {
                let _ = pattern.captures(&path);
            }
        }
    }
}
