//! Front matter: the fields that open a Markdown file, in YAML (`---`) or TOML (`+++`).

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Number, Value};

use crate::ingest::{
    source::ParseError,
    text_limits::{check_nesting, yaml_options},
};

static POSITION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^error: |(?:^| at )line \d+,? column \d+:? ?")
        .expect("constant regex is valid, covered by tests")
});

/// Cuts a file into its front matter and the rest.
pub(super) fn split(text: &str) -> Result<(Map<String, Value>, &str), ParseError> {
    let (opening, after) = text.split_once('\n').unwrap_or((text, ""));
    let marker = opening.trim_end();
    // A marker above a blank line is a rule across the page.
    let has_front_matter = matches!(marker, "---" | "+++") && !after.starts_with(['\n', '\r']);
    if !has_front_matter {
        return Ok((Map::new(), text));
    }
    let mut end = 0;
    for line in after.split_inclusive('\n') {
        if line.trim_end() == marker {
            let (block, body) = (&after[..end], &after[end + line.len()..]);
            let fields = if marker == "---" { parse_yaml(block) } else { parse_toml(block) };
            let fields = fields?;
            check_nesting(&fields).map_err(|reason| parse_error(2, reason))?;
            return Ok((fields, body));
        }
        end += line.len();
    }
    Err(parse_error(1, format!("front matter is not closed; end it with a line `{marker}`")))
}

/// The JSON value of a TOML one; dates become text.
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
    let value: Value =
        serde_saphyr::from_str_with_options(block, yaml_options()).map_err(|error| {
            let line = error.location().map_or(0, |location| location.line());
            let message = error.without_snippet().to_string();
            // The line that the parser names counts from the front matter, not from the file.
            let message = POSITION.replace_all(message.lines().next().unwrap_or_default(), "");
            parse_error(1 + line, format!("front matter is not valid YAML: `{message}`"))
        })?;
    match value {
        Value::Object(fields) => Ok(fields),
        Value::Null => Ok(Map::new()),
        _ => Err(parse_error(
            2,
            "front matter must be a mapping of fields to values, such as `title: …`".into(),
        )),
    }
}

fn parse_toml(block: &str) -> Result<Map<String, Value>, ParseError> {
    let table: toml::Table = block.parse().map_err(|error: toml::de::Error| {
        let before = error.span().map_or("", |span| block.get(..span.start).unwrap_or(block));
        let line = 2 + before.matches('\n').count();
        parse_error(line, format!("front matter is not valid TOML: `{}`", error.message()))
    })?;
    Ok(table.into_iter().map(|(name, value)| (name, toml_to_json(value))).collect())
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
        let expected = json!({ "title": "T", "tags": ["a"], "date": "2026-03-12", "draft": true });
        let yaml = "---\r\ntitle: T\ntags: [a]\ndate: 2026-03-12\ndraft: true\n---\nTekst";
        let toml = "+++\ntitle = 'T'\ntags = ['a']\ndate = 2026-03-12\ndraft = true\n+++\nTekst";
        for text in [yaml, toml] {
            assert_eq!(fields(text), expected);
            assert_eq!(split(text).unwrap().1, "Tekst");
        }
    }

    #[test]
    fn a_page_may_do_without_front_matter() {
        for text in
            ["Tekst", "", "---\n\nTekst na een streep", "--- \n---\n", "---\n# niets\n---\n"]
        {
            assert_eq!(fields(text), json!({}), "{text}");
        }
    }

    #[test]
    fn a_syntax_error_must_name_its_line_in_the_file() {
        for (text, line, reason) in [
            ("---\ntitle: T\n", 1, "front matter is not closed; end it with a line `---`"),
            ("---\ntitle: T\nb: [a\nc: d\n---\n", 4, "front matter is not valid YAML: `"),
            ("+++\ntitle = 'T'\nb = x\n+++\n", 3, "front matter is not valid TOML: `"),
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
        let nested: String = (0..900).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
        let tables: String = (1..60).map(|n| format!("[{}]\n", vec!["a"; n].join("."))).collect();
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
