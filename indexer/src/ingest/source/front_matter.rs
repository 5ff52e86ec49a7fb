//! Front matter: the fields at the start of a Markdown file, in YAML (`---`), TOML (`+++`) or JSON.
//!
//! Invariant: text that looks like front matter is parsed or rejected, and never becomes body text.

mod toml_fields;
mod yaml;

use std::sync::LazyLock;

use regex::Regex;
use serde::de;
use serde_json::{Map, Number, Value};
use toml::de::DeTable;

use self::yaml::YamlNode;
use crate::ingest::{
    source::{ParseError, json},
    text_limits::{check_nesting, yaml_options},
};

static POSITION: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^error: |(?:^| at )line \d+,? column \d+:? ?"));
/// An opening line: a marker, optionally followed by a format.
static OPENING: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^\s*(---|\+\+\+)\s*([A-Za-z]*)\s*(?:#.*)?$"));
/// Text allowed before front matter: blank lines and comments.
static BEFORE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^(?s:\s|[\u{feff}\u{200b}]|<!--.*?-->|\{/\*.*?\*/\})*"));
/// The first line of a mapping, after any comments.
static FIRST_KEY: LazyLock<Regex> =
    LazyLock::new(|| pattern(r#"^(?:\s|#.*\n)*["']?[\p{L}\w.-]+["']?\s*[:=](?:\s|$)"#));
static KEY_LINE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r#"^["']?([A-Za-z][\w.-]*)["']?\s*(?:=|:(?:\s|$))"#));
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

/// Splits a file into its front matter and the rest. Lines must end in `\n`.
pub(super) fn split(text: &str) -> Result<Split<'_>, ParseError> {
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
        } else if line.trim().chars().all(|c| "-–—+~;=.*".contains(c)) {
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
        ("" | "toml", _) => Format::Toml,
        ("json", _) => Format::Json,
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn fields(text: &str) -> Value {
        split(text).map(|(fields, _)| Value::Object(fields)).unwrap()
    }

    #[test]
    fn front_matter_must_be_read_in_yaml_and_in_toml() {
        let expected = json!({ "title": "T", "tags": ["a"], "date": "2026-03-12", "draft": "ja" });
        let yaml = "---\ntitle: T\ntags: [a]\ndate: 2026-03-12\ndraft: ja\n---\nTekst";
        let toml = "+++\ntitle = 'T'\ntags = ['a']\ndate = 2026-03-12\ndraft = 'ja'\n+++\nTekst";
        for text in [yaml, toml] {
            assert_eq!(fields(text), expected);
            assert_eq!(split(text).unwrap().1, "Tekst");
        }
    }

    #[test]
    fn numbers_must_keep_their_spelling_in_toml() {
        let text = "+++\nversion = 1.10\nprice = 1.5\nten = 1e3\nnone = nan\nyear = 2_026\n\
                    mask = 0x1F\nlong = 108234567890123456781\nplus = +2.50\n\
                    [a]\nlist = [2.0, 0.10]\n+++\n";
        assert_eq!(
            fields(text),
            json!({
                "version": "1.10", "price": 1.5, "ten": 1000.0, "none": "nan", "year": 2026,
                "mask": 31, "long": "108234567890123456781", "plus": "+2.50",
                "a": { "list": [2.0, "0.10"] },
            })
        );
    }

    #[test]
    fn what_looks_like_front_matter_must_never_become_text() {
        for text in [
            "---\n\nauteur naam: Jan\ntitle: T\ndraft: true\n---\nx",
            "---toml\n\ntitle=\"T\"\ndraft=true\n",
            "---\n\n? title\n: T\ndraft: true\n---\nx",
            "title=\"T\"\ndraft=true\n+++\nx",
            "++++\ntitle=\"T\"\ndraft=true\n++++\nx",
            "--- {title: T, draft: true}\n---\nx",
            "---\ntitle: T\n---\n\n---\ntitle: U\ndraft: true\n---\nx",
            "\\---\ntitle: T\ndraft: true\n---\nx",
            "***\ntitle: T\ndraft: true\n***\nx",
        ] {
            assert!(split(text).is_err(), "{text}: {:?}", split(text));
        }
        for text in
            ["---\ntitle: T\n---\n\n---\n\nTekst: zo.\n", "***\nTekst = zo.\n", "a=b en c=d\n"]
        {
            assert!(split(text).is_ok(), "{text}: {:?}", split(text));
        }
    }

    #[test]
    fn a_page_may_do_without_front_matter() {
        for text in [
            "Tekst",
            "",
            "---\n\nTekst na een streep",
            "---\n\n---\n\nTekst",
            "--- \n---\n",
            "---\n# niets\n---\n",
            "<!-- noot -->\n\nTekst",
            "{{< figure >}}\nTekst",
            "Let op: dit is tekst.\n\nTitle: ook.\n",
            "{ niet: json }",
            "Zo werkt het:\n\n```yaml\n---\ntitle: T\n---\n```\n\nTekst",
            "Tekst\n\n---\n\nTekst\n\n---\n",
        ] {
            assert_eq!(fields(text), json!({}), "{text}");
            assert!(split(text).unwrap().1.contains("ekst") || !text.contains("ekst"), "{text}");
        }
    }

    #[test]
    fn front_matter_must_be_recognised_in_every_form() {
        let yaml = "title: T\ndraft: 1";
        for text in [
            format!("\n \n---\n{yaml}\n---\nTekst"),
            format!("---\n\n{yaml}\n---\nTekst"),
            format!("<!-- a\nb -->\n---\n{yaml}\n---\nTekst"),
            format!("<!-- a --> \n<!-- b -->\n\n---\n{yaml}\n---\nTekst"),
            format!("{{/* a */}}\n---\n{yaml}\n---\nTekst"),
            format!("---yaml\n{yaml}\n---\nTekst"),
            format!("--- YML # noot\n{yaml}\n--- \nTekst"),
            format!("---\n{yaml}\n...\nTekst"),
            format!("\u{feff}\u{200b}---\n{yaml}\n---\nTekst"),
            "---toml\ntitle = 'T'\ndraft = '1'\n---\nTekst".to_owned(),
            "+++\n\ntitle = 'T'\ndraft = '1'\n+++\nTekst".to_owned(),
            "---json\n{\"title\":\"T\",\"draft\":\"1\"}\n---\nTekst".to_owned(),
            "\n{\n\"title\":\"T\",\n\"draft\":\"1\"\n}\nTekst".to_owned(),
        ] {
            assert_eq!(fields(&text), json!({ "title": "T", "draft": "1" }), "{text}");
            assert_eq!(split(&text).unwrap().1.trim(), "Tekst", "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_front_matter_must_be_rejected() {
        for text in [
            "----\ntitle: T\ndraft: true\n----\nTekst",
            "—\ntitle: T\n---\nTekst",
            "title: T\ndraft: true\n---\nTekst",
            "date: 2027-03-12\ntags:\n  - a\ntitle: T\n---\nTekst",
            "---coffee\ntitle: T\n---\nTekst",
            "import A from 'a'\n\n---\ntitle: T\ndraft: true\n---\nTekst",
            "# Kop\n\n---\ntitle: T\n---\nTekst",
            "{\"title\": \"T\",\n draft: true}\nTekst",
            "---\n\ntitle: T\ndraft: true\n\nTekst",
        ] {
            assert!(split(text).is_err(), "{text}");
        }
    }

    #[test]
    fn scalars_of_yaml_must_keep_their_spelling() {
        let text = "---\nslug: 007\ntitle: 1.10\nthemes: [no, on, 1_000]\nid: 108234567890123456781\n\
                    é: é\nnothing: ~\nempty:\ndate: 2027-03-12\na: &x 1.0\nb: *x\nh: 0x1F # noot\n---\n";
        assert_eq!(
            fields(text),
            json!({
                "slug": "007", "title": "1.10", "themes": ["no", "on", "1_000"],
                "id": "108234567890123456781", "é": "é", "nothing": null, "empty": null,
                "date": "2027-03-12", "a": "1.0", "b": "1.0", "h": "0x1F",
            })
        );
    }

    #[test]
    fn a_syntax_error_must_name_its_line_in_the_file() {
        for (text, line, reason) in [
            ("---\ntitle: T\n", 1, "front matter is not closed; end it with a line `---`"),
            ("---\ntitle: T\nb: [a\nc: d\n---\n", 4, "front matter is not valid YAML: `"),
            ("+++\ntitle = 'T'\nb = x\n+++\n", 3, "front matter is not valid TOML: `"),
            (
                "\n<!-- a\nb -->\n---\ntitle: T\nb: [a\nc: d\n---\n",
                7,
                "front matter is not valid YAML: `",
            ),
            ("---json\n{\n\"a\": x}\n---\n", 3, "front matter is not valid JSON: `"),
            ("\n{\n\"a\": x}\n", 3, "front matter is not valid JSON: `"),
            ("---\n- a\n---\n", 2, "front matter must be a mapping of fields to values"),
        ] {
            let error = split(text).unwrap_err();
            assert_eq!(error.line, line, "{error:?}");
            assert!(error.reason.starts_with(reason), "{error:?}");
            assert!(!error.reason.contains("column"), "{error:?}");
        }
    }

    #[test]
    fn hostile_front_matter_must_be_rejected_in_linear_time_on_a_small_stack() {
        let bomb = (0..30).fold("a0: &a0 [x, x]\n".to_owned(), |bomb, n| {
            bomb + &format!("a{}: &a{} [*a{n}, *a{n}]\n", n + 1, n + 1)
        });
        let block = |marker: &str, text: &str| format!("{marker}\n{text}\n{marker}\n");
        let nested: Vec<_> = (0..900).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
        let nested = nested.concat();
        let tables: Vec<_> = (1..60).map(|n| format!("[{}]\n", vec!["a"; n].join("."))).collect();
        let tables = tables.concat();
        let hostile = [
            block("---", &format!("a: {}", "[".repeat(100_000))),
            block("---", &format!("a: {}{}", "[".repeat(20), "]".repeat(20))),
            block("---", &format!("a: {}", "{a: ".repeat(100_000))),
            block("---", &"- ".repeat(100_000)),
            block("---", &nested),
            block("---", &bomb),
            block("---", &format!("a: &a b\nc: [{}]", "*a, ".repeat(200))),
            block("+++", &format!("a = {}", "[".repeat(100_000))),
            block("+++", &format!("a = {}1{}", "[".repeat(20), "]".repeat(20))),
            block("+++", &format!("a = {}", "{a = ".repeat(100_000))),
            block("+++", &format!("{}a = 1", "a.".repeat(100_000))),
            block("+++", &tables),
        ];
        let read_all = move || {
            for text in hostile {
                let start = std::time::Instant::now();
                let error = split(&text).expect_err(&text[..40]);
                assert!(error.line > 0 && error.reason.starts_with("front matter "), "{error:?}");
                assert!(start.elapsed() < std::time::Duration::from_secs(5), "{}", &text[..40]);
            }
        };
        let small_stack = std::thread::Builder::new().stack_size(2 << 20).spawn(read_all);
        small_stack.unwrap().join().unwrap();
    }

    proptest! {
        #[test]
        fn no_front_matter_must_make_the_reader_panic(
            marker in "---|\\+\\+\\+", block in "[a-c:=\\[\\]{}&*'\"|>\n .0-9-]{0,60}"
        ) {
            let _ = split(&format!("{marker}\n{block}\n{marker}\n"));
        }
    }
}
