//! Properties: a name, parameters and a value (RFC 5545, 3.1 and 3.2).

/// Properties of events that are not read: those for calendar programs, and those that contain contact data.
const IGNORED: [&str; 11] = [
    "ATTENDEE",
    "COLOR",
    "COMMENT",
    "CONTACT",
    "DTSTAMP",
    "PRIORITY",
    "RELATED-TO",
    "REQUEST-STATUS",
    "RESOURCES",
    "TRANSP",
    "X-PUBLISHED-TTL",
];
/// Prefixes of extensions for one calendar program.
const IGNORED_PREFIXES: [&str; 10] = [
    "X-APPLE-",
    "X-EVOLUTION-",
    "X-GOOGLE-",
    "X-KDE-",
    "X-LIC-",
    "X-MICROSOFT-",
    "X-MOZ-",
    "X-MS-",
    "X-OUTLOOK-",
    "X-WR-",
];

/// A property of a component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Property {
    /// Line of the file.
    pub(crate) line: u64,
    /// Name in capitals.
    pub(crate) name: String,
    /// Names in capitals and values, without quotation marks.
    pub(crate) parameters: Vec<(String, String)>,
    /// Value as written.
    pub(crate) value: String,
    /// The whole line, with the name in capitals.
    pub(crate) text: String,
}

impl Property {
    /// Parses a line; `None` if it is not a property.
    pub(crate) fn parse(line: u64, text: &str) -> Option<Self> {
        let name = name_of(text)?;
        let mut rest = &text[name.len()..];
        let name = name.to_ascii_uppercase();
        let mut parameters = Vec::new();
        while let Some(parameter) = rest.strip_prefix(';') {
            let (parameter_name, after) = parameter.split_once('=')?;
            if parameter_name.contains([':', ';', '"']) {
                return None;
            }
            let end = end_of_parameter(after)?;
            let value = decode_carets(&after[..end].replace('"', ""));
            parameters.push((parameter_name.trim().to_ascii_uppercase(), value));
            rest = &after[end..];
        }
        let value = rest.strip_prefix(':')?.to_owned();
        let text = format!("{name}{}", &text[name.len()..]);
        Some(Self { line, name, parameters, value, text })
    }

    /// The value of a parameter.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let parameter = self.parameters.iter().find(|(parameter, _)| parameter == name);
        parameter.map(|(_, value)| value.as_str())
    }

    /// Whether a parameter has this value, regardless of case.
    pub(crate) fn has_parameter(&self, name: &str, value: &str) -> bool {
        self.parameter(name).is_some_and(|parameter| parameter.eq_ignore_ascii_case(value))
    }
}

/// The name at the start of a line; `None` if the line is not a property.
pub(crate) fn name_of(text: &str) -> Option<&str> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let end = text.find(|c: char| !is_name(c))?;
    (end > 0 && text[end..].starts_with([':', ';'])).then(|| &text[..end])
}

/// Whether a property of an event is not read.
pub(crate) fn is_ignored(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    IGNORED.contains(&name.as_str())
        || IGNORED_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// The position of the first `;` or `:` outside quotation marks.
fn end_of_parameter(text: &str) -> Option<usize> {
    let mut is_quoted = false;
    text.char_indices().find_map(|(at, c)| {
        is_quoted ^= c == '"';
        (!is_quoted && matches!(c, ';' | ':')).then_some(at)
    })
}

/// Decodes `^n`, `^'` and `^^` (RFC 6868).
fn decode_carets(text: &str) -> String {
    let mut decoded = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let next = if letter == '^' { letters.peek() } else { None };
        let special = match next {
            Some('n') => Some('\n'),
            Some('\'') => Some('"'),
            Some('^') => Some('^'),
            _ => None,
        };
        if special.is_some() {
            letters.next();
        }
        decoded.push(special.unwrap_or(letter));
    }
    decoded
}

/// Reverses the escapes of a text; an unknown escape remains.
pub(crate) fn unescaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut letters = value.chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            text.push(letter);
            continue;
        }
        match letters.next() {
            Some('n' | 'N') => text.push('\n'),
            Some(escaped @ ('\\' | ',' | ';' | ':' | '"')) => text.push(escaped),
            other => text.extend(['\\'].into_iter().chain(other)),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_property_must_be_split_at_its_separators_outside_quotation_marks() {
        let text = "organizer;CN=\"Team: A;B\";x-a=1,\"2\":mailto:a@b.nl;c=d";
        let property = Property::parse(7, text).unwrap();
        assert_eq!((property.name.as_str(), property.line), ("ORGANIZER", 7));
        assert_eq!(property.parameter("CN"), Some("Team: A;B"));
        assert_eq!(property.parameter("X-A"), Some("1,2"));
        assert_eq!(property.value, "mailto:a@b.nl;c=d");
        assert!(property.text.starts_with("ORGANIZER;CN="));
        let property = Property::parse(1, "X;A=^'a^'^n^^^x;B=:").unwrap();
        assert_eq!(property.parameter("A"), Some("\"a\"\n^^x"));
        assert_eq!((property.parameter("B"), property.value.as_str()), (Some(""), ""));
        assert!(property.has_parameter("B", "") && !property.has_parameter("C", ""));
    }

    #[test]
    fn a_line_that_is_not_a_property_must_have_no_result() {
        for text in ["", "SUMMARY", "een zin: met meer", ":a", "A;B:c", "A;B=\"c:d", "A;B=c", "é:a"]
        {
            assert_eq!(Property::parse(1, text), None, "{text}");
        }
        assert!(is_ignored("attendee") && is_ignored("X-Microsoft-Cdo-Busystatus"));
        assert!(!is_ignored("SUMMARY") && !is_ignored("X-COST"));
    }
}
