//! Front matter: the fields at the start of a Markdown file, in YAML (`---`), TOML (`+++`) or JSON
//! (an object, or `;;;`).
//!
//! Invariant: text that looks like front matter is parsed or rejected, and never becomes body text.

#[cfg(test)]
mod tests;
mod toml_fields;
mod yaml;

use std::sync::LazyLock;

use regex::Regex;
use serde::de;
use serde_json::{Map, Number, Value};
use toml::de::DeTable;

use self::yaml::YamlNode;
use crate::{
    ingest::{
        source::{ParseError, invisible::visible_names},
        text_limits::{check_nesting, yaml_options},
    },
    json,
};

static POSITION: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^error: |(?:^| at )line \d+,? column \d+:? ?"));
/// An opening line: a marker, optionally followed by a format.
static OPENING: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^\s*(---|\+\+\+|;;;)\s*([A-Za-z]*)\s*(?:#.*)?$"));
/// Text allowed before front matter: blank lines and comments.
static BEFORE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^(?s:\s|[\u{feff}\u{200b}]|<!--.*?-->|\{/\*.*?\*/\})*"));
/// The first line of a mapping, after any comments.
static FIRST_KEY: LazyLock<Regex> =
    LazyLock::new(|| pattern(r#"^(?:\s|#.*\n)*["']?[\p{L}\w.-]+["']?\s*[:=](?:\s|$)"#));
static KEY_LINE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r#"^["']?([A-Za-z][\w.-]*)["']?\s*(?:=|:(?:\s|$))"#));
/// The line of a field or table in any format.
static FIELD_LINE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r#"^\s*[\[{,]*\s*["']?([\p{L}][\w.-]*)["']?\s*[=:\]]"#));
/// A marker altered by a word processor or a typing error.
static MARKER_LIKE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^\s*\\?[-–—+~;=*]{1,10}\s*\w*\s*$"));
/// Fields on the opening line.
static FIELDS_ON_OPENING: LazyLock<Regex> = LazyLock::new(|| pattern(r"^\s*(?:---|\+\+\+)\s*\{"));
/// Number of lines that are searched for front matter after other text.
const MISPLACED_LINES_MAX: usize = 30;
/// Fields by which front matter without a valid opening line is recognised.
const TELLTALE_FIELDS: [&str; 5] = ["title", "draft", "published", "slug", "layout"];
static JSON_OPENING: LazyLock<Regex> = LazyLock::new(|| pattern(r#"^\{\s*["}]"#));

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("constant regex is valid, covered by tests")
}

/// The fields of front matter, and the text after it.
type Split<'a> = (Map<String, Value>, &'a str);

/// A format of front matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Yaml,
    Toml,
    Json,
}

/// Characters that some editors show as a line end.
const OTHER_LINE_ENDS: [char; 5] = ['\u{2028}', '\u{2029}', '\u{85}', '\u{b}', '\u{c}'];
/// Number of characters in which other line ends are looked for.
const OTHER_LINE_ENDS_CHARS: usize = 2_000;

/// Splits a file into its front matter and the rest. Lines must end in `\n`. Names of fields are
/// without invisible characters.
pub(super) fn split(text: &str) -> Result<Split<'_>, ParseError> {
    let (fields, body) = split_lines(text)?;
    let start = || text.chars().take(OTHER_LINE_ENDS_CHARS);
    if fields.is_empty() && start().any(|letter| OTHER_LINE_ENDS.contains(&letter)) {
        let lines: String = start()
            .map(|letter| if OTHER_LINE_ENDS.contains(&letter) { '\n' } else { letter })
            .collect();
        if split_lines(&lines).map_or(true, |(fields, _)| !fields.is_empty()) {
            let reason = "front matter has other line ends than line feeds, such as U+2028; \
                          replace them";
            return Err(parse_error(1, reason.to_owned()));
        }
    }
    Ok((visible_names(fields).map_err(|reason| parse_error(1, reason))?, body))
}

/// The line of a front matter, counted from one, that sets the first of `names` that it sets.
pub(super) fn line_of(front_matter: &str, names: &[&str]) -> Option<u64> {
    let line = |name: &str| {
        let name = name.split('.').next().unwrap_or(name);
        let sets = |line: &str| {
            let key = FIELD_LINE.captures(line)?;
            let key = key[1].split('.').next()?;
            key.eq_ignore_ascii_case(name).then_some(())
        };
        (1..).zip(front_matter.lines()).find(|(_, line)| sets(line).is_some())
    };
    names.iter().find_map(|name| line(name)).map(|(number, _)| number)
}

fn split_lines(text: &str) -> Result<Split<'_>, ParseError> {
    let start = BEFORE.find(text).map_or(0, |before| before.end());
    let rest = &text[start..];
    let lines_before = text[..start].matches('\n').count() as u64;
    let located = |error: ParseError| ParseError { line: error.line + lines_before, ..error };
    let (opening, after) = rest.split_once('\n').unwrap_or((rest, ""));
    if JSON_OPENING.is_match(rest) {
        return split_json(rest).map_err(located);
    }
    if FIELDS_ON_OPENING.is_match(opening) {
        let reason = "fields on the opening line of front matter; begin them on the next line";
        return Err(located(parse_error(1, reason.to_owned())));
    }
    if let Some(opening) = OPENING.captures(opening) {
        let format = opening[2].to_lowercase();
        let Some((fields, body)) = split_marked(&opening[1], &format, after).map_err(located)?
        else {
            return Ok((Map::new(), text));
        };
        let next = body.trim_start();
        if OPENING.is_match(next.lines().next().unwrap_or_default()) && is_unopened(next) {
            let line = text[..text.len() - next.len()].matches('\n').count() + 1;
            let reason = "second block of front matter; join it with the first one";
            return Err(parse_error(line, reason.to_owned()));
        }
        return Ok((fields, body));
    }
    if let Some(line) = misplaced_line(rest) {
        let reason = "looks like front matter below other text; move it to the top of the file";
        return Err(located(parse_error(line, reason.to_owned())));
    }
    if is_unopened(rest) {
        let reason = "looks like front matter without an opening line; begin the file with a line \
                      `---`";
        return Err(located(parse_error(1, reason.to_owned())));
    }
    Ok((Map::new(), text))
}

/// The line on which front matter begins after other text, such as an import or a heading.
fn misplaced_line(text: &str) -> Option<usize> {
    let mut begin = 0;
    for (number, line) in (1..=MISPLACED_LINES_MAX).zip(text.split_inclusive('\n')) {
        // A page about front matter may show it as code.
        if line.trim_start().starts_with("```") || line.trim_start().starts_with("~~~") {
            return None;
        }
        if number > 1 && OPENING.is_match(line.trim_end()) && is_unopened(&text[begin..]) {
            return Some(number);
        }
        begin += line.len();
    }
    None
}

/// Whether a text begins with lines of front matter after an invalid opening line.
fn is_unopened(text: &str) -> bool {
    let mut lines = text.lines().peekable();
    let has_marker = lines.next_if(|line| MARKER_LIKE.is_match(line)).is_some();
    while has_marker && lines.next_if(|line| line.trim().is_empty()).is_some() {}
    let (mut keys, mut is_telltale) = (0, false);
    for line in lines {
        if let Some(key) = KEY_LINE.captures(line) {
            keys += 1;
            is_telltale |= TELLTALE_FIELDS.contains(&key[1].to_lowercase().as_str());
        } else if line.trim().chars().all(|c| "\\-–—+~;=.*".contains(c)) {
            break;
        } else if !line.starts_with([' ', '\t', '-', '#']) {
            return false;
        }
    }
    is_telltale && (has_marker || keys > 1)
}

/// Whether a line of a text is a field that only front matter has.
fn has_telltale(text: &str) -> bool {
    let mut keys = text.lines().filter_map(|line| KEY_LINE.captures(line.trim_start()));
    keys.any(|key| TELLTALE_FIELDS.contains(&key[1].to_lowercase().as_str()))
}

/// Splits the text after an opening line; `None` if the line is a thematic break.
fn split_marked<'a>(
    marker: &str,
    format: &str,
    after: &'a str,
) -> Result<Option<Split<'a>>, ParseError> {
    let is_unnamed = format.is_empty();
    let format = match (format, marker) {
        ("", "---") | ("yaml" | "yml", _) => Format::Yaml,
        ("json", _) | ("", ";;;") => Format::Json,
        ("" | "toml", _) => Format::Toml,
        (other, _) => {
            let reason =
                format!("unknown front matter format; use `yaml`, `toml` or `json`: `{other}`");
            return Err(parse_error(1, reason));
        }
    };
    let closing = closing_line(after, marker, format);
    let is_blank = after.trim_start_matches([' ', '\t']).starts_with('\n');
    if marker == "---" && is_unnamed && is_blank {
        let block = closing.map_or(after, |(end, _)| &after[..end]);
        if block.trim().is_empty() || !FIRST_KEY.is_match(block) {
            if closing.is_some() && has_telltale(block) {
                let reason = "looks like front matter, but its first line is not a field";
                return Err(parse_error(1, reason.to_owned()));
            }
            return Ok(None);
        }
    }
    let Some((end, length)) = closing else {
        let reason = format!("front matter is not closed; end it with a line `{marker}`");
        return Err(parse_error(1, reason));
    };
    let (block, body) = (&after[..end], &after[end + length..]);
    let fields = match format {
        Format::Yaml => parse_yaml(block),
        Format::Toml => parse_toml(block),
        // Hexo leaves out the braces.
        Format::Json if marker == ";;;" && !block.trim_start().starts_with('{') => {
            parse_json(&format!("{{{block}}}"))
        }
        Format::Json => parse_json(block),
    };
    let fields = fields?;
    check_nesting(&fields).map_err(|reason| parse_error(2, reason))?;
    Ok(Some((fields, body)))
}

/// Position and length of the line that closes a block.
fn closing_line(after: &str, marker: &str, format: Format) -> Option<(usize, usize)> {
    let mut at = 0;
    for line in after.split_inclusive('\n') {
        let text = line.trim_end();
        if text == marker || (format == Format::Yaml && text == "...") {
            return Some((at, line.len()));
        }
        at += line.len();
    }
    None
}

/// Splits off a JSON object at the start of a text.
fn split_json(text: &str) -> Result<Split<'_>, ParseError> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<de::IgnoredAny>();
    match values.next() {
        Some(Ok(_)) => {
            let (block, body) = text.split_at(values.byte_offset());
            let fields =
                parse_json(block).map_err(|error| ParseError { line: error.line - 1, ..error })?;
            check_nesting(&fields).map_err(|reason| parse_error(1, reason))?;
            Ok((fields, body))
        }
        Some(Err(error)) => Err(json_error(&error, 0)),
        None => Ok((Map::new(), text)),
    }
}

/// Converts a TOML value to JSON; dates become strings.
pub(crate) fn toml_to_json(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => Value::Number(number.into()),
        toml::Value::Float(number) => Number::from_f64(number).map_or(Value::Null, Value::Number),
        toml::Value::Boolean(flag) => Value::Bool(flag),
        toml::Value::Datetime(moment) => Value::String(moment.to_string()),
        toml::Value::Array(list) => list.into_iter().map(toml_to_json).collect(),
        toml::Value::Table(table) => table.into_iter().map(|(k, v)| (k, toml_to_json(v))).collect(),
    }
}

fn parse_yaml(block: &str) -> Result<Map<String, Value>, ParseError> {
    if block.trim().is_empty() {
        return Ok(Map::new());
    }
    let node: YamlNode =
        serde_saphyr::from_str_with_options(block, yaml_options()).map_err(|error| {
            let line = error.location().map_or(0, |location| location.line());
            let message = error.without_snippet().to_string();
            // The line number in the message is relative to the front matter, not to the file.
            let message = POSITION.replace_all(message.lines().next().unwrap_or_default(), "");
            parse_error(1 + line, format!("front matter is not valid YAML: `{message}`"))
        })?;
    match node.into_json(block) {
        Value::Object(fields) => Ok(fields),
        Value::Null => Ok(Map::new()),
        _ => Err(not_a_mapping()),
    }
}

fn parse_toml(block: &str) -> Result<Map<String, Value>, ParseError> {
    let table = DeTable::parse(block).map_err(|error| {
        let before = error.span().map_or("", |span| block.get(..span.start).unwrap_or(block));
        let line = 2 + before.matches('\n').count();
        parse_error(line, format!("front matter is not valid TOML: `{}`", error.message()))
    })?;
    Ok(toml_fields::to_json(table.get_ref()))
}

fn parse_json(block: &str) -> Result<Map<String, Value>, ParseError> {
    match json::parse(block.as_bytes()) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(not_a_mapping()),
        Err(error) => Err(json_error(&error, 1)),
    }
}

fn json_error(error: &serde_json::Error, lines_before: usize) -> ParseError {
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default();
    let reason = format!("front matter is not valid JSON: `{message}`");
    parse_error(error.line() + lines_before, reason)
}

fn not_a_mapping() -> ParseError {
    let reason = "front matter must be a mapping of fields to values, such as `title: …`";
    parse_error(2, reason.to_owned())
}

fn parse_error(line: impl TryInto<u64>, reason: String) -> ParseError {
    ParseError { line: line.try_into().unwrap_or(1), reason }
}
