//! `[site.colours]`: colours that take the place of those in `style.css`, with enough contrast.
//!
//! Every pair of colours that the style sheet shows together is checked against WCAG 2.2, level AA:
//! 4.5:1 for text (1.4.3) and 3:1 for what identifies a control (1.4.11).

#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Deserialize;

use super::colour::Colour;
use crate::config::{ConfigError, ContrastError};

/// Minimum contrast of text.
const TEXT_RATIO_MIN: f64 = 4.5;
/// Minimum contrast of what identifies a control.
const CONTROL_RATIO_MIN: f64 = 3.0;
/// How much of black or white the hover colour of a button has, as a percentage.
const HOVER_PERCENT: u16 = 20;

/// `[site.colours]` as written.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ColoursSection {
    /// Colours for readers whose system has a light theme, or no preference.
    #[schemars(extend("x-type" = "table", "x-default-text" = "the built-in colours"))]
    light: ThemeSection,
    /// Colours for readers whose system has a dark theme.
    #[schemars(extend("x-type" = "table", "x-default-text" = "the built-in colours"))]
    dark: ThemeSection,
}

/// The colours of one theme as written.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct ThemeSection {
    /// Background of the header, and of the numbers of steps.
    #[schemars(extend("x-default-text" = "`#14324a`, dark `#0b1f30`", "x-range" = "`#rrggbb`"))]
    header: Option<String>,
    /// Text and links on it.
    #[schemars(extend("x-default-text" = "`#f6f3ea`", "x-range" = "`#rrggbb`"))]
    header_text: Option<String>,
    /// Buttons, notices, and links that are pointed at. The text of buttons becomes black or white.
    #[schemars(extend("x-default-text" = "`#a8401c`, dark `#f0946d`", "x-range" = "`#rrggbb`"))]
    accent: Option<String>,
    /// Links.
    #[schemars(extend("x-default-text" = "`#0d5480`, dark `#9ccdf0`", "x-range" = "`#rrggbb`"))]
    link: Option<String>,
    /// Background of the page, and text on the labels of kinds.
    #[schemars(extend("x-default-text" = "`#fbf9f4`, dark `#12181f`", "x-range" = "`#rrggbb`"))]
    page: Option<String>,
    /// Text.
    #[schemars(extend("x-default-text" = "`#1c2430`, dark `#e9e6dd`", "x-range" = "`#rrggbb`"))]
    text: Option<String>,
}

/// Colours with enough contrast, for the light and the dark theme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteColours([Theme; 2]);

/// A colour that can be configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ColourName {
    Header,
    HeaderText,
    Accent,
    Link,
    Page,
    Text,
}

/// The colours of one theme.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Theme {
    built_in: &'static BuiltInTheme,
    /// By [`ColourName`].
    configured: [Option<Colour>; 6],
}

/// The colours of a theme in `style.css`; a test compares both.
#[derive(Debug, PartialEq, Eq)]
struct BuiltInTheme {
    key: &'static str,
    /// By [`ColourName`].
    named: [Colour; 6],
    header_soft: Colour,
    header_sign: Colour,
    header_focus: Colour,
    link_hover: Colour,
    button_text: Colour,
    button_hover: Colour,
    card: Colour,
    soft_text: Colour,
    edge: Colour,
    field: Colour,
    field_edge: Colour,
    focus: Colour,
    focus_background: Colour,
    kinds: [Colour; 4],
}

const LIGHT: BuiltInTheme = BuiltInTheme {
    key: "light",
    named: [
        Colour::new(0x14_324a),
        Colour::new(0xf6_f3ea),
        Colour::new(0xa8_401c),
        Colour::new(0x0d_5480),
        Colour::new(0xfb_f9f4),
        Colour::new(0x1c_2430),
    ],
    header_soft: Colour::new(0xb9_cbd8),
    header_sign: Colour::new(0xf0_946d),
    header_focus: Colour::new(0xff_e27a),
    link_hover: Colour::new(0xa8_401c),
    button_text: Colour::WHITE,
    button_hover: Colour::new(0x87_2f10),
    card: Colour::WHITE,
    soft_text: Colour::new(0x51_596a),
    edge: Colour::new(0x7b_7f88),
    field: Colour::WHITE,
    field_edge: Colour::new(0x5f_6674),
    focus: Colour::new(0x0a_3a5c),
    focus_background: Colour::new(0xff_d84d),
    kinds: [
        Colour::new(0x1d_5e8a),
        Colour::new(0x7a_4a00),
        Colour::new(0x2b_6445),
        Colour::new(0x9a_2f4f),
    ],
};

const DARK: BuiltInTheme = BuiltInTheme {
    key: "dark",
    named: [
        Colour::new(0x0b_1f30),
        Colour::new(0xf6_f3ea),
        Colour::new(0xf0_946d),
        Colour::new(0x9c_cdf0),
        Colour::new(0x12_181f),
        Colour::new(0xe9_e6dd),
    ],
    header_soft: Colour::new(0xa9_bccb),
    header_sign: Colour::new(0xf0_946d),
    header_focus: Colour::new(0xff_e27a),
    link_hover: Colour::new(0xf7_b294),
    button_text: Colour::new(0x1b_0d06),
    button_hover: Colour::new(0xf7_b294),
    card: Colour::new(0x1a_222c),
    soft_text: Colour::new(0xb3_b8c2),
    edge: Colour::new(0x8b_93a1),
    field: Colour::new(0x12_181f),
    field_edge: Colour::new(0x8b_93a1),
    focus: Colour::new(0xff_e27a),
    focus_background: Colour::new(0x4a_3d00),
    kinds: [
        Colour::new(0x86_c1ea),
        Colour::new(0xe5_b566),
        Colour::new(0x8f_d0a8),
        Colour::new(0xf2_a0b8),
    ],
};

/// Two colours that the style sheet shows together.
struct Pair {
    purpose: &'static str,
    ratio_min: f64,
    colours: [PairColour; 2],
}

/// A colour of a pair.
#[derive(Clone, Copy)]
struct PairColour {
    /// `None` for one that cannot be configured.
    name: Option<ColourName>,
    colour: Colour,
}

impl ColoursSection {
    /// # Errors
    /// [`ConfigError`] for every value that is no colour, or every pair without enough contrast.
    pub(super) fn checked(self) -> Result<SiteColours, ConfigError> {
        let themes = [self.light.theme(&LIGHT)?, self.dark.theme(&DARK)?];
        let mut errors: Vec<_> = themes.iter().flat_map(Theme::errors).collect();
        match errors.len() {
            0 => Ok(SiteColours(themes)),
            1 => Err(errors.remove(0)),
            _ => Err(ConfigError::Several(errors)),
        }
    }
}

impl ThemeSection {
    fn theme(self, built_in: &'static BuiltInTheme) -> Result<Theme, ConfigError> {
        let Self { header, header_text, accent, link, page, text } = self;
        let mut configured = [None; 6];
        let texts = [header, header_text, accent, link, page, text];
        for (name, text) in ColourName::ALL.into_iter().zip(texts) {
            let Some(text) = text else { continue };
            let Ok(colour) = text.parse() else {
                let actual: String = text.chars().take(40).flat_map(char::escape_debug).collect();
                let key = format!("site.colours.{}.{}", built_in.key, name.key());
                return Err(ConfigError::value(&key, "a colour such as `#0d5480`", &actual));
            };
            configured[name as usize] = Some(colour);
        }
        Ok(Theme { built_in, configured })
    }
}

impl ColourName {
    const ALL: [Self; 6] =
        [Self::Header, Self::HeaderText, Self::Accent, Self::Link, Self::Page, Self::Text];

    const fn key(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::HeaderText => "header_text",
            Self::Accent => "accent",
            Self::Link => "link",
            Self::Page => "page",
            Self::Text => "text",
        }
    }
}

impl SiteColours {
    /// Rules that follow those of `style.css` and take their place.
    pub(crate) fn rules(&self) -> String {
        let [light, dark] = self.0.each_ref().map(Theme::declarations);
        format!(
            ":root {{\n{light}}}\n\
             @media screen and (prefers-color-scheme: dark) {{\n:root {{\n{dark}}}\n}}\n"
        )
    }
}

impl Theme {
    fn colour(&self, name: ColourName) -> Colour {
        self.configured[name as usize].unwrap_or(self.built_in.named[name as usize])
    }

    fn has(&self, name: ColourName) -> bool {
        self.configured[name as usize].is_some()
    }

    /// Declarations of the custom properties that depend on a colour that can be configured.
    fn declarations(&self) -> String {
        let mut text = String::new();
        for (property, colour) in self.properties() {
            let _ = writeln!(text, "  {property}: {colour};");
        }
        text
    }

    fn properties(&self) -> [(&'static str, Colour); 13] {
        use ColourName::{Accent, Header, HeaderText, Link, Page, Text};
        let built_in = self.built_in;
        let (header, header_text) = (self.colour(Header), self.colour(HeaderText));
        let has_header = self.has(Header) || self.has(HeaderText);
        let on_header = |colour: Colour| {
            if colour.contrast(header) >= CONTROL_RATIO_MIN { colour } else { header_text }
        };
        let accent = self.colour(Accent);
        let (link_hover, button_text, button_hover) = if self.has(Accent) {
            // One of both has a contrast of at least 4.58 with any colour.
            let is_dark = accent.contrast(Colour::WHITE) >= accent.contrast(Colour::BLACK);
            let (text, opposite) = if is_dark {
                (Colour::WHITE, Colour::BLACK)
            } else {
                (Colour::BLACK, Colour::WHITE)
            };
            (accent, text, accent.mixed(opposite, HOVER_PERCENT))
        } else {
            (built_in.link_hover, built_in.button_text, built_in.button_hover)
        };
        [
            ("--wegwijzer-deep", header),
            ("--wegwijzer-on-deep", header_text),
            ("--wegwijzer-deep-soft", if has_header { header_text } else { built_in.header_soft }),
            ("--wegwijzer-deep-sign", on_header(built_in.header_sign)),
            ("--wegwijzer-deep-focus", on_header(built_in.header_focus)),
            ("--wegwijzer-sign", accent),
            ("--wegwijzer-paper", self.colour(Page)),
            ("--wegwijzer-ink", self.colour(Text)),
            ("--nl-link-color", self.colour(Link)),
            ("--nl-link-hover-color", link_hover),
            ("--nl-button-background-color", accent),
            ("--nl-button-color", button_text),
            ("--nl-button-hover-background-color", button_hover),
        ]
    }

    /// Every pair of which a colour can be configured.
    fn pairs(&self) -> Vec<Pair> {
        use ColourName::{Accent, Header, HeaderText, Link, Page, Text};
        let named = |name| PairColour { name: Some(name), colour: self.colour(name) };
        let fixed = |colour| PairColour { name: None, colour };
        let built_in = self.built_in;
        let text = |purpose, one, other| Pair {
            purpose,
            ratio_min: TEXT_RATIO_MIN,
            colours: [one, other],
        };
        let control = |purpose, one, other| Pair {
            purpose,
            ratio_min: CONTROL_RATIO_MIN,
            colours: [one, other],
        };
        let (header, page) = (named(Header), named(Page));
        // Its fill or its border identifies the search field.
        let fill_or_border = [built_in.field, built_in.field_edge]
            .into_iter()
            .max_by(|one, other| {
                one.contrast(header.colour).total_cmp(&other.contrast(header.colour))
            })
            .unwrap_or(built_in.field);
        let mut pairs = vec![
            text("text in the header", named(HeaderText), header),
            control("the search field on the header", header, fixed(fill_or_border)),
            text("links on the page", named(Link), page),
            text("links on cards", named(Link), fixed(built_in.card)),
            text("notices on the page", named(Accent), page),
            text("links that are pointed at on cards", named(Accent), fixed(built_in.card)),
            text("text on the page", named(Text), page),
            text("text on cards", named(Text), fixed(built_in.card)),
            text("text in fields", named(Text), fixed(built_in.field)),
            text("the text of a chosen suggestion", named(Text), fixed(built_in.focus_background)),
            text("secondary text on the page", page, fixed(built_in.soft_text)),
            control("the outline of the focus on the page", page, fixed(built_in.focus)),
            control("borders of controls on the page", page, fixed(built_in.edge)),
            control("borders of fields on the page", page, fixed(built_in.field_edge)),
        ];
        let kind = |colour| text("text on the labels of kinds", page, fixed(colour));
        pairs.extend(built_in.kinds.map(kind));
        pairs
    }

    fn errors(&self) -> Vec<ConfigError> {
        self.pairs()
            .iter()
            .filter(|pair| !pair.is_readable())
            .map(|pair| self.error(pair))
            .collect()
    }

    fn error(&self, pair: &Pair) -> ConfigError {
        let [one, other] = pair.colours;
        let is_configured = |colour: &PairColour| colour.name.is_some_and(|name| self.has(name));
        let (changed, other) = if is_configured(&one) { (one, other) } else { (other, one) };
        let name = changed.name.expect("the built-in pairs are readable, as a test checks");
        let of_key = |name: ColourName| format!("`{}`", name.key());
        ConfigError::Contrast(Box::new(ContrastError {
            key: format!("site.colours.{}.{}", self.built_in.key, name.key()),
            colour: changed.colour.to_string(),
            purpose: pair.purpose,
            other: other.colour.to_string(),
            other_name: other.name.map_or_else(|| "built-in".to_owned(), of_key),
            // Rounded down, since 4.499 is less than 4.5.
            ratio: format!("{:.2}", (pair.ratio() * 100.0).floor() / 100.0),
            ratio_min: pair.ratio_min.to_string(),
            nearest: self.nearest(name).map(|colour| colour.to_string()),
        }))
    }

    /// The nearest darker or lighter colour that all pairs with it can have.
    fn nearest(&self, name: ColourName) -> Option<Colour> {
        let own = self.colour(name);
        let candidates = (1..=100).flat_map(|percent| {
            [Colour::BLACK, Colour::WHITE].map(|towards| own.mixed(towards, percent))
        });
        candidates.into_iter().find(|candidate| {
            let mut theme = self.clone();
            theme.configured[name as usize] = Some(*candidate);
            theme.pairs().iter().filter(|pair| pair.has(name)).all(Pair::is_readable)
        })
    }
}

impl Pair {
    fn ratio(&self) -> f64 {
        let [one, other] = self.colours;
        one.colour.contrast(other.colour)
    }

    fn is_readable(&self) -> bool {
        self.ratio() >= self.ratio_min
    }

    fn has(&self, name: ColourName) -> bool {
        self.colours.iter().any(|colour| colour.name == Some(name))
    }
}
