//! Removes extensions of site generators from Markdown: imports, components, directives and the
//! marker at the end of the teaser. The prose within components and directives remains.

use std::{borrow::Cow, sync::LazyLock};

use regex::Regex;

use super::comments::{Comments, inline_code_end};

/// A page as plain Markdown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct CleanMarkdown {
    /// The Markdown.
    pub text: String,
    /// Byte offset at which the teaser ends, if the page marks it.
    pub teaser_end: Option<usize>,
    /// Line of a comment that is not closed.
    pub open_comment: Option<usize>,
}

static FENCE: LazyLock<Regex> = LazyLock::new(|| pattern(r"^\s*(`{3,}|~{3,})\s*([^\s`]*)[^`]*$"));
static IMPORT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r#"(?x)^(?: import \s+ (?:["'{*] | \w+ \s* (?:, | from\b)) | import$
        | export \s+ (?:const | default | function)\b )"#,
    )
});
static IMPORT_END: LazyLock<Regex> = LazyLock::new(|| pattern(r#"(?:;|["'])\s*$"#));
static DIRECTIVE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?x)^\s* :{3,} \s* [\w-]* (?: \[(.*)\] | \s+ ([^{\s][^{]*) )? \s* (?:\{.*\})? \s*$")
});
static LEAF_DIRECTIVE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^\s*::[a-z][\w-]*(?:\[.*\])?(?:\{.*\})?\s*$"));
static TEASER_END: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^\s*(?:<!--|\{/\*)\s*(?:truncate|more)\s*(?:-->|\*/\})\s*$"));
/// Tags that site generators replace: Hugo shortcodes and Liquid tags.
static TEMPLATE_TAG: LazyLock<Regex> = LazyLock::new(|| pattern(r"\{\{[<%].*?[%>]\}\}|\{%.*?%\}"));
/// The start of a template tag that ends on a later line.
static TEMPLATE_TAG_OPEN: LazyLock<Regex> = LazyLock::new(|| pattern(r"\{\{[<%]|\{%"));
/// Placeholder lines: a table of contents, a variable, attributes of Kramdown.
static PLACEHOLDER_LINE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?xi)^\s* (?: \[{1,2} _?toc_? \]{1,2} | \$\{toc\} | \[\[_TOC_\]\] | \{\{[^}]*\}\}
            | \{:[^}]*\} | [*-]\s+toc | <!--\s*toc\s*--> )\s*$",
    )
});
/// The first line of a callout: `> [!NOTE] Title`.
static CALLOUT: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(\s*>)\s*\[![\w|-]+\][+-]?(.*)$"));
/// The first line of a block of `MkDocs`, whose content is indented: an admonition
/// (`!!! note "Title"`, `??? tip`) or a tab (`=== "Title"`).
static ADMONITION: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r#"^(?:(?:!!!|\?\?\?\+?)\s+[\w-]+(?:\s+[\w-]+)*(?:\s+"(.*)")?|===[!+]?\s+"(.*)")\s*$"#)
});
/// Indentation of the content of an admonition.
const ADMONITION_SPACES: &str = "    ";
static TAG_OPEN: LazyLock<Regex> = LazyLock::new(|| pattern(r"^</?(?:[A-Z][\w.]*(?:[\s/>]|$)|>)"));

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("constant regex is valid, covered by tests")
}

/// Removes everything from `text` that is not Markdown.
pub(super) fn clean(text: &str) -> CleanMarkdown {
    let mut cleaner = Cleaner::default();
    let mut comments = Comments::default();
    for line in text.lines() {
        let is_verbatim =
            matches!(cleaner.state, BlockState::Code { .. }) || TEASER_END.is_match(line);
        match comments.strip(line, is_verbatim) {
            Some(line) => cleaner.line(&line),
            // Text before a comment and text after it are two paragraphs.
            None => cleaner.line(""),
        }
    }
    match comments.finish() {
        Ok(text) => text.lines().for_each(|line| cleaner.line(line)),
        Err(line) => cleaner.output.open_comment = Some(line),
    }
    cleaner.flush_unclosed_tag();
    cleaner.flush_template_tag();
    cleaner.output
}

#[derive(Default)]
struct Cleaner {
    output: CleanMarkdown,
    state: BlockState,
    /// Number of open components; their content is indented for readability.
    depth: usize,
    /// Number of open admonitions.
    admonitions: usize,
    /// The fence around components, which is removed together with its closing line.
    component_fence: Option<String>,
    after_text: bool,
}

#[derive(Default)]
enum BlockState {
    #[default]
    Prose,
    Code {
        fence: String,
    },
    Import,
    Tag(Tag),
    /// A template tag whose end has not been reached.
    TemplateTag {
        /// The text as written, in case it turns out not to be a tag.
        raw: String,
        end: &'static str,
    },
}

/// An opening or closing tag whose end has not been reached.
struct Tag {
    /// The text as written, in case it turns out not to be a tag.
    raw: String,
    quote: Option<char>,
    braces: usize,
}

impl Cleaner {
    fn line(&mut self, line: &str) {
        let line = self.without_admonitions(line);
        match &mut self.state {
            BlockState::Code { fence } => {
                if is_closed_by(fence, line) {
                    self.state = BlockState::Prose;
                }
                self.push(self.dedented(line));
            }
            BlockState::Import => self.import(line),
            BlockState::Tag(_) if line.trim().is_empty() => {
                self.flush_unclosed_tag();
                self.push("");
            }
            BlockState::Tag(_) => self.prose(line),
            BlockState::TemplateTag { .. } if line.trim().is_empty() => {
                self.flush_template_tag();
                self.push("");
            }
            BlockState::TemplateTag { raw, end } => {
                if let Some((_, after)) = line.split_once(*end) {
                    self.state = BlockState::Prose;
                    self.markdown(after.trim_start());
                } else {
                    raw.push('\n');
                    raw.push_str(line);
                }
            }
            BlockState::Prose => self.markdown(line),
        }
    }

    /// Removes the indentation of the open admonitions; less indentation closes them.
    fn without_admonitions<'a>(&mut self, line: &'a str) -> &'a str {
        if self.admonitions == 0 || line.trim().is_empty() {
            return line;
        }
        let mut rest = line;
        let mut within = 0;
        while within < self.admonitions
            && let Some(inner) =
                rest.strip_prefix(ADMONITION_SPACES).or_else(|| rest.strip_prefix('\t'))
        {
            rest = inner;
            within += 1;
        }
        if within < self.admonitions {
            self.admonitions = within;
            // What was opened within the admonition ends with it.
            if let BlockState::Code { fence } = &self.state {
                let fence = fence.clone();
                self.push(&fence);
                self.state = BlockState::Prose;
            }
        }
        rest
    }

    fn markdown(&mut self, line: &str) {
        let starts_paragraph = !std::mem::replace(&mut self.after_text, !line.trim().is_empty());
        if let Some(fence) = FENCE.captures(line) {
            self.fence(line, &fence[1], &fence[2]);
        } else if starts_paragraph && IMPORT.is_match(line) {
            self.import(line);
        } else if TEASER_END.is_match(line) {
            self.output.teaser_end.get_or_insert(self.output.text.len());
        } else if let Some(directive) = DIRECTIVE.captures(line) {
            let title = directive.get(1).or(directive.get(2)).map_or("", |title| title.as_str());
            let title = title.trim().trim_matches('*');
            let line = if title.is_empty() { String::new() } else { format!("\n**{title}**\n") };
            self.push(&line);
        } else if let Some(callout) = CALLOUT.captures(line) {
            let quote = callout.get(1).map_or("", |quote| quote.as_str());
            let title = callout.get(2).map_or("", |title| title.as_str().trim());
            let title = if title.is_empty() { String::new() } else { format!(" **{title}**") };
            self.push(format!("{quote}{title}").trim_start());
            self.push(quote);
        } else if let Some(admonition) = ADMONITION.captures(line) {
            let title = admonition.get(1).or(admonition.get(2));
            let title = title.map_or("", |title| title.as_str().trim());
            let title = if title.is_empty() { String::new() } else { format!("**{title}**\n") };
            self.push(&format!("\n{title}"));
            self.admonitions += 1;
            self.after_text = false;
        } else if !LEAF_DIRECTIVE.is_match(line) && !PLACEHOLDER_LINE.is_match(line) {
            // In code, the tag is part of the content.
            let is_code = line.contains('`') || line.starts_with("    ");
            let line =
                if is_code { Cow::Borrowed(line) } else { TEMPLATE_TAG.replace_all(line, "") };
            match TEMPLATE_TAG_OPEN.find(&line).filter(|_| !is_code) {
                Some(open) => self.template_tag(&line, open.start(), open.as_str()),
                None => self.prose(&line),
            }
        }
    }

    /// Copies a line up to the template tag that begins at `start`.
    fn template_tag(&mut self, line: &str, start: usize, opening: &str) {
        let (before, tag) = line.split_at(start);
        if !before.trim().is_empty() {
            self.prose(before);
        }
        let end = match opening {
            "{{<" => ">}}",
            "{{%" => "%}}",
            _ => "%}",
        };
        match self.state {
            BlockState::Prose => {
                self.state = BlockState::TemplateTag { raw: tag.to_owned(), end };
            }
            _ => self.prose(tag),
        }
    }

    fn fence(&mut self, line: &str, fence: &str, language: &str) {
        if self.component_fence.as_deref() == Some(fence) {
            self.component_fence = None;
        } else if language == "mdx-code-block" {
            self.component_fence = Some(fence.to_owned());
            self.after_text = false;
        } else {
            self.state = BlockState::Code { fence: fence.to_owned() };
            self.push(self.dedented(line));
        }
    }

    fn import(&mut self, line: &str) {
        let ends = line.trim().is_empty() || IMPORT_END.is_match(line);
        self.state = if ends { BlockState::Prose } else { BlockState::Import };
        self.after_text = false;
    }

    /// Copies a line without its component tags.
    fn prose(&mut self, line: &str) {
        let mut output = String::new();
        let mut rest = match &self.state {
            BlockState::Tag(_) => line,
            _ => self.dedented(line),
        };
        while !rest.is_empty() {
            if let BlockState::Tag(tag) = &mut self.state {
                rest = tag.consume(rest);
                if tag.is_complete() {
                    self.update_depth();
                }
                continue;
            }
            let next = rest.find(['`', '<']).unwrap_or(rest.len());
            output.push_str(&rest[..next]);
            rest = &rest[next..];
            if rest.starts_with('`') {
                let (code, after) = rest.split_at(inline_code_end(rest));
                output.push_str(code);
                rest = after;
            } else if TAG_OPEN.is_match(rest) {
                let tag = Tag { raw: String::new(), quote: None, braces: 0 };
                self.state = BlockState::Tag(tag);
            } else if let Some(after) = rest.strip_prefix('<') {
                output.push('<');
                rest = after;
            }
        }
        if let BlockState::Tag(tag) = &mut self.state {
            tag.raw.push('\n');
        }
        // A line that contains only tags separates the text before it from the text after it.
        self.push(if output.trim().is_empty() { "" } else { output.trim_end_matches('\n') });
    }

    fn update_depth(&mut self) {
        let BlockState::Tag(tag) = std::mem::take(&mut self.state) else { return };
        if tag.raw.starts_with("</") {
            self.depth = self.depth.saturating_sub(1);
        } else if !tag.raw.ends_with("/>") {
            self.depth += 1;
        }
    }

    /// Outputs an unterminated tag as text.
    fn flush_unclosed_tag(&mut self) {
        if let BlockState::Tag(tag) = std::mem::take(&mut self.state) {
            let text = tag.raw.trim_end().replace('<', "&lt;");
            self.push(&text);
        }
    }

    /// Outputs an unterminated template tag as text.
    fn flush_template_tag(&mut self) {
        if let BlockState::TemplateTag { raw, .. } = &mut self.state {
            let raw = std::mem::take(raw);
            self.state = BlockState::Prose;
            self.push(&raw);
        }
    }

    fn dedented<'a>(&self, line: &'a str) -> &'a str {
        let spaces = line.bytes().take(2 * self.depth).take_while(|byte| *byte == b' ').count();
        &line[spaces..]
    }

    fn push(&mut self, line: &str) {
        self.output.text.push_str(line);
        self.output.text.push('\n');
    }
}

impl Tag {
    /// Continues in the tag and returns the text after it.
    fn consume<'a>(&mut self, text: &'a str) -> &'a str {
        for (at, letter) in text.char_indices() {
            self.raw.push(letter);
            if let Some(quote) = self.quote {
                self.quote = Some(quote).filter(|quote| *quote != letter);
                continue;
            }
            match letter {
                '"' | '\'' | '`' => self.quote = Some(letter),
                '{' => self.braces += 1,
                '}' => self.braces = self.braces.saturating_sub(1),
                '>' if self.braces == 0 => return &text[at + 1..],
                _ => {}
            }
        }
        ""
    }

    fn is_complete(&self) -> bool {
        self.quote.is_none() && self.braces == 0 && self.raw.ends_with('>')
    }
}

fn is_closed_by(fence: &str, line: &str) -> bool {
    let line = line.trim();
    line.starts_with(fence) && line.chars().all(|c| fence.starts_with(c))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Cleans a page and removes blank lines.
    fn cleaned_lines(text: &str) -> String {
        let cleaned = clean(text).text;
        cleaned
            .lines()
            .map(str::trim_end)
            .filter(|line| !line.is_empty())
            .collect::<Vec<_>>()
            .join("\n")
    }

    #[test]
    fn imports_must_be_removed_even_when_they_are_wrapped() {
        let page = "import Tabs from \"@theme/Tabs\"; import TabItem from \"@theme/TabItem\";\n\n\
                    import { Link, Icon } from\n\"@x/react\"; import Author from\n'@theme/A';\n\n\
                    # Titel\n\nimport List from '@theme/List';\n\nTekst over\nimport van data.";
        assert_eq!(cleaned_lines(page), "# Titel\nTekst over\nimport van data.");
    }

    #[test]
    fn components_must_go_and_their_prose_must_stay() {
        let page = "<Alert type=\"info\">\n\
                    <Author\n    author={{\n      name: \"A > B\",\n    }}\n  />\n\
                    Een <Link href=\"/x\">goede</Link> tekst.\n</Alert>\n<>los</>";
        assert_eq!(cleaned_lines(page), "Een goede tekst.\nlos");
    }

    #[test]
    fn content_that_a_component_indents_must_not_become_code() {
        let page = "<Tabs>\n  <TabItem value=\"a\">\n    ```json\n    { \"a\": 1 }\n    ```\n\
                    \x20   Tekst\n\
                    \x20 </TabItem>\n</Tabs>\n- x\n  - y";
        assert_eq!(cleaned_lines(page), "```json\n{ \"a\": 1 }\n```\nTekst\n- x\n  - y");
    }

    #[test]
    fn code_must_be_left_as_it_is() {
        let page =
            "```jsx\nimport A from 'a';\n<Card />\n:::note\n```\nGebruik `<Card>` of ``a ` <B>``.";
        assert_eq!(cleaned_lines(page), page);
    }

    #[test]
    fn code_on_one_line_must_open_no_fence() {
        assert_eq!(
            cleaned_lines("<A>```bash npx init ```</A>\n```sh x ```\n:::tip\nHoi\n:::"),
            "```bash npx init ```\n```sh x ```\nHoi"
        );
    }

    #[test]
    fn components_in_a_fence_of_their_own_must_go_with_it() {
        assert_eq!(
            cleaned_lines("```mdx-code-block\nimport A from 'a';\n\n<A />\n```\n\nTekst"),
            "Tekst"
        );
    }

    #[test]
    fn directives_must_leave_their_title_and_text() {
        let page = ":::success[**TL;DR**]\n\nKort.\n\n:::\n\n:::tip Help mee!\nGraag.\n:::\n\
                    :::note\nLet op\n:::\n\n::video-vimeo[sfeer]{id=981}\n\nEinde {/* geheim */}.";
        assert_eq!(cleaned_lines(page), "**TL;DR**\nKort.\n**Help mee!**\nGraag.\nLet op\nEinde .");
    }

    #[test]
    fn what_site_generators_replace_must_not_become_text() {
        let page = "[TOC]\n\n[[_TOC_]]\n\n* TOC\n{:toc}\n\n{{< figure src=\"a.png\" >}}\n\n\
                    {% include kop.html %}\n\n{{ page.title }}\n\nTekst{{% noot %}} met\n\
                    {% raw %}inhoud{% endraw %}.\n\n`{{< code >}}` blijft.";
        assert_eq!(cleaned_lines(page), "Tekst met\ninhoud.\n`{{< code >}}` blijft.");
    }

    #[test]
    fn callouts_must_leave_their_title_and_text() {
        let page = "> [!NOTE]\n> Let op.\n\n> [!tip]- Kort\n> Graag.\n\n!!! note \"Titel\"\n\nTekst.\n\n??? info";
        assert_eq!(
            cleaned_lines(page),
            ">\n>\n> Let op.\n> **Kort**\n>\n> Graag.\n**Titel**\nTekst."
        );
    }

    #[test]
    fn what_site_generators_replace_must_go_where_it_spans_lines() {
        let page = "{{< figure\n  src=\"a.png\"\n  caption=\"Een plaat\"\n>}}\n\n\
                    {% include kop.html\n   titel=\"T\" %} Tekst {{% noot\n x %}}volgt.\n\n\
                    Open {% accolade\nblijft.\n\nDaarna {{< ook\n\n    {% code\n";
        assert_eq!(
            cleaned_lines(page),
            "Tekst\nvolgt.\nOpen\n{% accolade\nblijft.\nDaarna\n{{< ook\n    {% code"
        );
    }

    #[test]
    fn the_content_of_admonitions_must_be_dedented() {
        let page = "!!! warning inline \"Let op\"\n\n    Eerste.\n\n        code\n\n    ```sh\n    a\n\
                    \x20   b\n    ```\n\n    ??? tip\n\t\tDiep.\n\n    Terug.\n\nBuiten.\n\n    code\n\
                    === \"Tab\"\n    ```\n    los\nBuiten.\n\nKop\n===\n\n!!! hoera";
        assert_eq!(
            cleaned_lines(page),
            "**Let op**\nEerste.\n    code\n```sh\na\nb\n```\nDiep.\nTerug.\nBuiten.\n    code\n\
             **Tab**\n```\nlos\n```\nBuiten.\nKop\n==="
        );
    }

    #[test]
    fn the_end_of_the_teaser_must_be_found() {
        for mark in ["<!-- truncate -->", "{/* truncate */}", "<!--more-->"] {
            let cleaned = clean(&format!("Eerst.\n\n{mark}\n\nDaarna."));
            let end = cleaned.teaser_end.unwrap();
            assert_eq!(cleaned.text[..end].trim(), "Eerst.");
            assert_eq!(cleaned.text[end..].trim(), "Daarna.");
        }
    }

    #[test]
    fn what_only_begins_like_a_tag_must_stay_text() {
        assert_eq!(cleaned_lines("a <B\n\nTekst die blijft."), "a\n&lt;B\nTekst die blijft.");
        assert_eq!(cleaned_lines("1 < 2 en <em>nadruk</em>"), "1 < 2 en <em>nadruk</em>");
    }

    proptest! {
        #[test]
        fn no_page_must_make_the_cleaner_panic(text in "[`<>A-Ca{}/:\\-\"' \nëi]{0,80}") {
            clean(&text);
        }
    }
}
