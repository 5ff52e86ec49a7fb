//! Front matter in every form in which people and programs write it.

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
        "\\---\ntitle: T\ndraft: true\n\\---\nx",
        "---\u{2028}title: T\u{2028}draft: true\u{2028}---\u{2028}x",
        "title: T\u{85}draft: true\n\nx",
        ";;;\n\"title\": \"T\"\nx",
        "***\ntitle: T\ndraft: true\n***\nx",
    ] {
        assert!(split(text).is_err(), "{text}: {:?}", split(text));
    }
    for text in ["---\ntitle: T\n---\n\n---\n\nTekst: zo.\n", "***\nTekst = zo.\n", "a=b en c=d\n"]
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
        ";;;\n{ \"title\": \"T\", \"draft\": \"1\" }\n;;;\nTekst".to_owned(),
        ";;;\n\"title\": \"T\",\n\"draft\": \"1\"\n;;;\nTekst".to_owned(),
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
