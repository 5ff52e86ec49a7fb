//! Tests of the colours: the built-in ones are those of the style sheet, and every pair is checked.

use std::collections::BTreeMap;

use super::*;

const STYLE_SHEET: &str = include_str!("../../../../web/style.css");

/// The custom properties in the first block of rules after `start`.
fn properties(start: &str) -> BTreeMap<&'static str, &'static str> {
    let (_, rest) = STYLE_SHEET.split_once(start).unwrap();
    let (block, _) = rest.split_once('}').unwrap();
    block.split(';').filter_map(|line| line.trim().split_once(": ")).collect()
}

/// The errors of colours, one per line; empty if they are valid.
fn errors(text: &str) -> Vec<String> {
    let section: ColoursSection = toml::from_str(text).unwrap();
    let error = section.checked().map_err(|error| error.to_string());
    error.err().map(|error| error.lines().map(str::to_owned).collect()).unwrap_or_default()
}

#[test]
fn the_built_in_colours_must_be_those_of_the_style_sheet_and_readable() {
    let light = properties(":root {");
    let mut dark = light.clone();
    dark.extend(properties("(prefers-color-scheme: dark) {\n  :root {"));
    for (built_in, style_sheet) in [(&LIGHT, light), (&DARK, dark)] {
        let theme = Theme { built_in, configured: [None; 6] };
        let fixed = [
            ("--wegwijzer-sheet", built_in.card),
            ("--wegwijzer-soft", built_in.soft_text),
            ("--wegwijzer-edge", built_in.edge),
            ("--nl-text-input-background-color", built_in.field),
            ("--nl-text-input-border-color", built_in.field_edge),
            ("--nl-focus-outline-color", built_in.focus),
            ("--nl-focus-background-color", built_in.focus_background),
            ("--wegwijzer-article", built_in.kinds[0]),
            ("--wegwijzer-toolkit", built_in.kinds[1]),
            ("--wegwijzer-community", built_in.kinds[2]),
            ("--wegwijzer-event", built_in.kinds[3]),
        ];
        for (property, colour) in theme.properties().into_iter().chain(fixed) {
            assert_eq!(style_sheet.get(property), Some(&colour.to_string().as_str()), "{property}");
        }
        let unreadable = theme.pairs().into_iter().filter(|pair| !pair.is_readable());
        assert_eq!(unreadable.map(|pair| pair.purpose).collect::<Vec<_>>(), Vec::<&str>::new());
    }
}

#[test]
fn a_colour_without_contrast_must_be_rejected_with_one_that_has_it() {
    assert_eq!(
        errors("light.link = '#9ccdf0'"),
        [
            "`site.colours.light.link` has too little contrast for links on the page: `#9ccdf0` on \
             or under `#fbf9f4` (`page`) is 1.60:1, and at least 4.5:1 is needed; the nearest that \
             has it is `#5a768b`",
            "`site.colours.light.link` has too little contrast for links on cards: `#9ccdf0` on or \
             under `#ffffff` (built-in) is 1.69:1, and at least 4.5:1 is needed; the nearest that has \
             it is `#5a768b`",
        ]
    );
    for (text, key, purpose) in [
        ("light.header_text = '#777777'", "light.header_text", "text in the header"),
        ("light.header = '#dddddd'", "light.header", "text in the header"),
        (
            "light.header = '#a0a0a0'\nlight.header_text = '#000000'",
            "light.header",
            "the search field",
        ),
        ("light.accent = '#ffcc00'", "light.accent", "notices on the page"),
        ("light.page = '#000000'", "light.page", "links on the page"),
        ("light.text = '#999999'", "light.text", "text on the page"),
        ("dark.text = '#444444'", "dark.text", "text on the page"),
        ("dark.page = '#555555'", "dark.page", "text on the labels of kinds"),
        ("dark.accent = '#5a2010'", "dark.accent", "links that are pointed at on cards"),
    ] {
        let errors = errors(text);
        let start = format!("`site.colours.{key}` has too little contrast for {purpose}");
        assert!(errors.iter().any(|error| error.starts_with(&start)), "{text}: {errors:#?}");
    }
}

#[test]
fn the_colour_that_is_suggested_must_be_valid() {
    for (name, colour) in
        [("link", "#9ccdf0"), ("accent", "#ffcc00"), ("text", "#999999"), ("page", "#c0c0ff")]
    {
        let errors = errors(&format!("light.{name} = '{colour}'"));
        let nearest = errors[0].rsplit('`').nth(1).unwrap();
        assert!(self::errors(&format!("light.{name} = '{nearest}'")).is_empty(), "{errors:?}");
    }
    // Neither a darker nor a lighter page suits this text.
    let errors = errors("light.text = '#777777'\nlight.page = '#808080'");
    assert!(errors.iter().any(|error| error.contains("change the other colour")), "{errors:#?}");
}

#[test]
fn a_value_that_is_no_colour_must_be_rejected() {
    for text in ["red", "#fff", "0d5480", "#0d5480; color: red", ""] {
        let expected =
            format!("`site.colours.dark.link` must be a colour such as `#0d5480`, not `{text}`");
        assert_eq!(errors(&format!("dark.link = '{text}'")), [expected]);
    }
}

#[test]
fn colours_must_take_the_place_of_those_of_the_style_sheet_in_their_theme_only() {
    let section: ColoursSection = toml::from_str(
        "light.header = '#ffffff'\nlight.header_text = '#003366'\nlight.accent = '#0b6e4f'\n\
         dark.accent = '#ffd700'",
    )
    .unwrap();
    let rules = section.checked().unwrap().rules();
    let (light, dark) = rules.split_once("@media").unwrap();
    for declaration in [
        "--wegwijzer-deep: #ffffff;",
        "--wegwijzer-on-deep: #003366;",
        "--wegwijzer-deep-soft: #003366;",
        // The built-in ones cannot be seen on white.
        "--wegwijzer-deep-sign: #003366;",
        "--wegwijzer-deep-focus: #003366;",
        "--nl-button-color: #ffffff;",
        "--nl-button-hover-background-color: #08583f;",
        "--nl-link-color: #0d5480;",
    ] {
        assert!(light.contains(declaration), "{declaration}: {light}");
    }
    for declaration in [
        "--wegwijzer-deep: #0b1f30;",
        "--wegwijzer-deep-sign: #f0946d;",
        "--nl-button-background-color: #ffd700;",
        "--nl-button-color: #000000;",
        "--nl-link-color: #9ccdf0;",
    ] {
        assert!(dark.contains(declaration), "{declaration}: {dark}");
    }
}
