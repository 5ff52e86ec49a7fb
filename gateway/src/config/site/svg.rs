//! Checks that an SVG file is a picture and nothing else, and reads its size.
//!
//! Browsers execute nothing in a picture, and the file is served with a policy that allows nothing; what
//! is rejected here is harmful where somebody opens or copies the file.

use quick_xml::{
    Reader, XmlVersion,
    escape::resolve_xml_entity,
    events::{BytesRef, BytesStart, Event, attributes::Attribute},
};

/// Elements that execute, load or animate something, in lower case.
const REJECTED_ELEMENTS: [&str; 20] = [
    "animate",
    "animatecolor",
    "animatemotion",
    "animatetransform",
    "audio",
    "base",
    "canvas",
    "embed",
    "foreignobject",
    "form",
    "handler",
    "html",
    "iframe",
    "link",
    "listener",
    "meta",
    "object",
    "script",
    "set",
    "video",
];

/// Why a file cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SvgError {
    /// Line number, from 1.
    pub(super) line: usize,
    /// What a valid file is.
    pub(super) expected: String,
}

/// Width and height in pixels.
pub(super) type PixelSize = (f64, f64);

/// The size of a picture.
///
/// # Errors
/// [`SvgError`] if it is not an SVG file, or not just a picture.
pub(super) fn size(text: &str) -> Result<PixelSize, SvgError> {
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    let mut check = SvgCheck::default();
    loop {
        let event = reader.read_event();
        let step = match event {
            Ok(Event::Eof) => return check.finish().map_err(|expected| error(text, expected)),
            Ok(event) => check.event(&event),
            Err(cause) => Err(format!("valid XML ({cause})")),
        };
        let position = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let read = text.get(..position).unwrap_or(text);
        step.map_err(|expected| error(read, expected))?;
    }
}

/// An error at the end of what was read.
fn error(read: &str, expected: String) -> SvgError {
    SvgError { line: read.trim_end().matches('\n').count() + 1, expected }
}

#[derive(Default)]
struct SvgCheck {
    depth: usize,
    size: Option<PixelSize>,
    is_in_style: bool,
    style: String,
}

impl SvgCheck {
    fn event(&mut self, event: &Event<'_>) -> Result<(), String> {
        match event {
            Event::Start(tag) => {
                self.element(tag)?;
                self.depth += 1;
            }
            Event::Empty(tag) => {
                self.element(tag)?;
                self.is_in_style = false;
            }
            Event::End(_) => {
                self.depth -= 1;
                if std::mem::take(&mut self.is_in_style) {
                    internal_style(&std::mem::take(&mut self.style))?;
                }
            }
            Event::Text(text) if self.is_in_style => self.style.push_str(text.as_ref()),
            Event::CData(text) if self.is_in_style => self.style.push_str(text.as_ref()),
            Event::Text(text) if self.depth == 0 && !text.trim().is_empty() => {
                return Err("one element `svg`, without text around it".to_owned());
            }
            Event::GeneralRef(reference) if self.is_in_style || !is_character(reference) => {
                return Err("a picture without entities".to_owned());
            }
            Event::DocType(_) => return Err("a picture without `<!DOCTYPE …>`".to_owned()),
            Event::PI(_) => return Err("a picture without processing instructions".to_owned()),
            _ => {}
        }
        Ok(())
    }

    fn element(&mut self, tag: &BytesStart<'_>) -> Result<(), String> {
        let name = tag.local_name().as_ref().to_ascii_lowercase();
        if REJECTED_ELEMENTS.contains(&name.as_str()) {
            return Err(format!("a still picture without scripts; remove `<{name}>`"));
        }
        let (mut width, mut height, mut view_box) = (None, None, None);
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|cause| format!("valid XML ({cause})"))?;
            let value = attribute.normalized_value(XmlVersion::Implicit1_0);
            let value = value.map_err(|cause| format!("valid XML ({cause})"))?;
            check_attribute(&attribute, &value)?;
            match attribute.key.as_ref() {
                "width" => width = pixels(&value),
                "height" => height = pixels(&value),
                "viewBox" => view_box = size_of_view_box(&value),
                _ => {}
            }
        }
        if self.depth == 0 {
            if name != "svg" || self.size.is_some() {
                return Err("one element `svg`".to_owned());
            }
            let size = width.zip(height).or(view_box);
            let expected =
                "a picture whose `svg` has a `viewBox`, or `width` and `height` in pixels";
            self.size = Some(size.ok_or(expected)?);
        }
        self.is_in_style = name == "style";
        Ok(())
    }

    fn finish(self) -> Result<PixelSize, String> {
        let size = self.size.filter(|_| self.depth == 0);
        size.ok_or_else(|| "a complete SVG file, with the element `svg`".to_owned())
    }
}

/// Rejects handlers of events, and references to other files.
fn check_attribute(attribute: &Attribute<'_>, value: &str) -> Result<(), String> {
    let key = attribute.key;
    let name = key.local_name().as_ref().to_ascii_lowercase();
    if name.starts_with("on") {
        return Err(format!("a picture without scripts; remove the attribute `{name}`"));
    }
    let is_reference = matches!(name.as_str(), "href" | "src");
    if (is_reference && !value.trim_start().starts_with('#')) || key.as_ref() == "xml:base" {
        return Err(format!("a picture that loads no other file; remove the attribute `{name}`"));
    }
    if name == "style" {
        return internal_style(value);
    }
    internal_urls(&value.to_ascii_lowercase())
}

/// Rejects style rules that load other files. Escapes could hide such a rule.
fn internal_style(style: &str) -> Result<(), String> {
    let style = style.to_ascii_lowercase();
    if style.contains('\\') || style.contains("@import") || style.contains("//") {
        return Err(
            "a picture whose style rules load no other file, without `@import`, `\\` and `//`"
                .to_owned(),
        );
    }
    internal_urls(&style)
}

/// Rejects a `url(…)` that is not a fragment.
fn internal_urls(text: &str) -> Result<(), String> {
    let is_internal = |rest: &str| {
        rest.trim_start().trim_start_matches(['"', '\'']).trim_start().starts_with('#')
    };
    if text.split("url(").skip(1).all(is_internal) {
        return Ok(());
    }
    Err("a picture that loads no other file; only `url(#…)` is allowed".to_owned())
}

/// Whether a reference is to a character.
fn is_character(reference: &BytesRef<'_>) -> bool {
    matches!(reference.resolve_char_ref(), Ok(Some(_))) || resolve_xml_entity(reference).is_some()
}

/// A length in pixels.
fn pixels(text: &str) -> Option<f64> {
    let text = text.trim();
    let number = text.strip_suffix("px").unwrap_or(text).parse::<f64>().ok();
    number.filter(|pixels| pixels.is_finite() && *pixels > 0.0)
}

fn size_of_view_box(text: &str) -> Option<PixelSize> {
    let separators = |character: char| character.is_whitespace() || character == ',';
    let numbers: Vec<_> = text.split(separators).filter(|number| !number.is_empty()).collect();
    let [_, _, width, height] = numbers[..] else { return None };
    pixels(width).zip(pixels(height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_must_be_that_of_the_attributes_or_of_the_view_box() {
        for (attributes, expected) in [
            ("width='120' height='40px'", (120.0, 40.0)),
            ("width='100%' height='100%' viewBox='0 0 12.5 5'", (12.5, 5.0)),
            ("viewBox='0,0,300,100'", (300.0, 100.0)),
            ("width='3' viewBox='-1 -1 30 10'", (30.0, 10.0)),
        ] {
            let text = format!(
                "\u{feff}<?xml version='1.0' encoding='UTF-8'?>\n<!-- a -->\n\
                 <svg xmlns='http://www.w3.org/2000/svg' {attributes}>\
                 <style>.a {{ fill: url(#b); }}</style><title>A &amp; &#66;</title>\
                 <use href='#b' fill='url(\"#b\")' style='stroke:url( #b )'/></svg>\n"
            );
            assert_eq!(size(&text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn whatever_is_more_than_a_picture_must_be_rejected_with_its_line() {
        for content in [
            "<script>alert(1)</script>",
            "<SCRIPT/>",
            "<x:script xmlns:x='http://www.w3.org/2000/svg'/>",
            "<foreignObject><p/></foreignObject>",
            "<set attributeName='href' to='javascript:x'/>",
            "<animate attributeName='x'/>",
            "<rect onload='x()'/>",
            "<rect ONCLICK='x()'/>",
            "<a href='https://x.nl/'/>",
            "<a xlink:href='javascript:alert(1)'/>",
            "<image href='data:image/png;base64,AA'/>",
            "<image href='foto.png'/>",
            "<use href='&#104;ttps://x.nl/#a'/>",
            "<rect fill='url(https://x.nl/a#b)'/>",
            "<rect style='fill:url(//x.nl/a)'/>",
            "<rect style='fill:u\\72l(x)'/>",
            "<style>@import 'a.css';</style>",
            "<style>&#64;import 'a.css';</style>",
            "<style><![CDATA[a{background:url(a.png)}]]></style>",
            "<g xml:base='https://x.nl/'/>",
            "<?xml-stylesheet href='a.css'?>",
            "<text>&naam;</text>",
            "<text>",
            "</g>",
            "<rect x='1' x='2'/>",
            "<rect x=1/>",
        ] {
            let text = format!(
                "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 1 1'>\n\n{content}</svg>"
            );
            assert_eq!(size(&text).map_err(|error| error.line), Err(3), "{content}");
        }
    }

    #[test]
    fn what_is_not_one_picture_must_be_rejected() {
        for text in [
            "",
            "tekst",
            "{}",
            "<html><svg viewBox='0 0 1 1'/></html>",
            "<svg/>",
            "<svg viewBox='0 0 0 1'/>",
            "<svg width='1cm' height='1cm'/>",
            "<svg viewBox='0 0 1 1'>",
            "<svg viewBox='0 0 1 1'/><svg viewBox='0 0 1 1'/>",
            "<svg viewBox='0 0 1 1'/>tekst",
            "<!DOCTYPE svg [<!ENTITY a 'b'>]><svg viewBox='0 0 1 1'/>",
        ] {
            assert!(size(text).is_err(), "{text}");
        }
    }
}
