//! Typed access to values: a record, or an object within one. Every error names the field.

use std::{collections::BTreeMap, str::FromStr, sync::LazyLock};

use regex::Regex;
use schema::{Language, Moment, UnknownValue};
use serde_json::Value;
use url::Url;

use super::{
    LIST_MAX, NAME_CHARS_MAX, SERIES_DATES_MAX, date_parser, html::UnclosedMarkup, redact, text,
};
use crate::{
    ingest::source::{
        Fields,
        field::{Field, nearest},
        flag,
        sentences::truncate,
        template::{is_missing, written_form},
        zone_names,
    },
    json::scalar,
};

/// Path of the values of a series.
const SERIES_PATH: &str = "series.";

/// Options for parsing the values of one record.
#[derive(Debug, Clone)]
pub(super) struct ParseContext {
    /// Language of the notices that replace contact data.
    pub language: Language,
    /// Time zone of moments without an offset.
    pub zone: String,
    /// URL of the record, for resolving relative ones.
    pub base: Option<Url>,
    /// Number of days added to every date.
    pub shift_days: i64,
}

/// An object whose values are accessed by name.
#[derive(Debug)]
pub(super) struct Object<'a> {
    /// Options for parsing its values.
    pub context: &'a ParseContext,
    path: String,
    values: BTreeMap<&'a str, &'a Value>,
}

impl<'a> Object<'a> {
    /// The fields of a record.
    pub(super) fn from_fields(fields: &'a Fields, context: &'a ParseContext) -> Self {
        let values = fields.iter().map(|(field, value)| (field.name(), value)).collect();
        Self { context, path: String::new(), values }
    }

    /// An object within this one that may only have `known` keys. A string stands for an object
    /// with only the `main` key.
    fn nested(
        &self,
        path: &str,
        value: &'a Value,
        allowed_keys: &[&str],
        shorthand_key: Option<&'a str>,
    ) -> Result<Self, String> {
        let values = match (value, shorthand_key) {
            (Value::Object(object), _) => object.iter().map(|(k, v)| (k.as_str(), v)).collect(),
            (Value::String(_), Some(shorthand_key)) => BTreeMap::from([(shorthand_key, value)]),
            _ => return Err(format!("`{path}`: must be an object, not {}", type_of(value))),
        };
        let object = Self { context: self.context, path: format!("{path}."), values };
        match object.values.keys().find(|key| !allowed_keys.contains(key)) {
            Some(unknown) => {
                let nearest = nearest(unknown, allowed_keys.iter());
                Err(format!("unknown field; did you mean `{path}.{nearest}`?: `{path}.{unknown}`"))
            }
            None => Ok(object),
        }
    }

    fn value(&self, name: &str) -> Option<&'a Value> {
        self.values.get(name).copied().filter(|value| !is_missing(value))
    }

    fn field_error(&self, name: &str, cause: impl std::fmt::Display) -> String {
        format!("`{}{name}`: {cause}", self.path)
    }

    /// A string as it is in the source.
    pub(super) fn string(&self, name: &str) -> Result<Option<&'a str>, String> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => {
                Err(self
                    .field_error(name, format_args!("must be a string, not {}", type_of(other))))
            }
        }
    }

    /// A string or number as a single line of clean text.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>, String> {
        self.cleaned(name, text::line)
    }

    /// A string as clean text with a blank line between paragraphs.
    pub(super) fn paragraphs(&self, name: &str) -> Result<Option<String>, String> {
        self.cleaned(name, text::paragraphs)
    }

    fn cleaned(
        &self,
        name: &str,
        clean: fn(&str, Language) -> Result<String, UnclosedMarkup>,
    ) -> Result<Option<String>, String> {
        let Some(value) = self.value(name) else { return Ok(None) };
        let raw = scalar(value).ok_or_else(|| {
            self.field_error(name, format_args!("must be a string, not {}", type_of(value)))
        })?;
        let text = clean(&raw, self.context.language);
        let text = text.map_err(|error| self.field_error(name, error))?;
        Ok(Some(text).filter(|text| !text.is_empty()))
    }

    /// A text that must be present.
    pub(super) fn required(&self, name: &str) -> Result<String, String> {
        self.text(name)?.ok_or_else(|| self.field_error(name, "is missing"))
    }

    /// The name of another record.
    pub(super) fn name(&self, name: &str) -> Result<Option<String>, String> {
        Ok(self.text(name)?.map(|text| truncate(&text, NAME_CHARS_MAX)))
    }

    /// Texts, each on a line. A single string is a list of one.
    pub(super) fn texts(&self, name: &str) -> Result<Vec<String>, String> {
        let present = self.list(name)?.iter().filter(|value| !is_missing(value));
        let texts = present.map(|value| {
            let type_error = || {
                self.field_error(name, format_args!("must contain strings, not {}", type_of(value)))
            };
            let raw = scalar(value).ok_or_else(type_error)?;
            let text = text::line(&raw, self.context.language);
            text.map_err(|error| self.field_error(name, error))
        });
        texts.collect()
    }

    /// Names without duplicates. A single string is a list of one.
    pub(super) fn names(&self, name: &str) -> Result<Vec<String>, String> {
        let mut names = Vec::new();
        for text in self.texts(name)? {
            let text = truncate(&text, NAME_CHARS_MAX);
            // Contact data and symbols are not names.
            let is_name = !redact::is_redacted(&text) && text.contains(char::is_alphanumeric);
            if is_name && !names.contains(&text) {
                names.push(text);
            }
        }
        Ok(names)
    }

    /// The values of a list; any other value counts as a list of one.
    fn list(&self, name: &str) -> Result<&'a [Value], String> {
        let list = match self.value(name) {
            None => &[],
            Some(Value::Array(list)) => list.as_slice(),
            Some(single) => std::slice::from_ref(single),
        };
        let limit = if self.path == SERIES_PATH { SERIES_DATES_MAX } else { LIST_MAX };
        if list.len() > limit {
            let length = list.len();
            let cause = format_args!("exceeds {limit} entries: `{length}`");
            return Err(self.field_error(name, cause));
        }
        Ok(list)
    }

    /// The value of a field that is an object.
    pub(super) fn object(
        &self,
        field: Field,
        shorthand_key: &'a str,
    ) -> Result<Option<Self>, String> {
        let Some(value) = self.value(field.name()) else { return Ok(None) };
        let path = format!("{}{field}", self.path);
        self.nested(&path, value, field.subfields(), Some(shorthand_key)).map(Some)
    }

    /// An object within this one.
    pub(super) fn nested_object(
        &self,
        name: &str,
        allowed_keys: &[&str],
    ) -> Result<Option<Self>, String> {
        let Some(value) = self.value(name) else { return Ok(None) };
        self.nested(&format!("{}{name}", self.path), value, allowed_keys, None).map(Some)
    }

    /// A list of objects, each converted to a component of the record.
    pub(super) fn objects<T>(
        &self,
        name: &str,
        allowed_keys: &[&str],
        parse: impl Fn(&Self) -> Result<T, String>,
    ) -> Result<Vec<T>, String> {
        let objects = self.list(name)?.iter().enumerate().map(|(index, value)| {
            parse(&self.nested(
                &format!("{}{name}[{index}]", self.path),
                value,
                allowed_keys,
                None,
            )?)
        });
        objects.collect()
    }

    /// As [`Self::objects`]; a text stands for an object with only the key `shorthand_key`.
    pub(super) fn objects_or_texts<T>(
        &self,
        name: &str,
        allowed_keys: &[&str],
        shorthand_key: &'a str,
        parse: impl Fn(&Self) -> Result<T, String>,
    ) -> Result<Vec<T>, String> {
        let objects = self.list(name)?.iter().enumerate().map(|(index, value)| {
            let path = format!("{}{name}[{index}]", self.path);
            parse(&self.nested(&path, value, allowed_keys, Some(shorthand_key))?)
        });
        objects.collect()
    }

    /// A value of an enum.
    pub(super) fn enum_value<T: FromStr<Err = UnknownValue>>(
        &self,
        name: &str,
    ) -> Result<Option<T>, String> {
        let value = self.text(name)?.map(|text| text.parse());
        value.transpose().map_err(|error| self.field_error(name, error))
    }

    /// Values of an enum, without duplicates.
    pub(super) fn enum_values<T: FromStr<Err = UnknownValue> + PartialEq>(
        &self,
        name: &str,
    ) -> Result<Vec<T>, String> {
        let mut values = Vec::new();
        for text in self.texts(name)? {
            let value = text.parse().map_err(|error| self.field_error(name, error))?;
            if !values.contains(&value) {
                values.push(value);
            }
        }
        Ok(values)
    }

    /// A web address. If it begins with `/` or `.`, it is relative to the URL of the record.
    pub(super) fn url(&self, name: &str) -> Result<Option<Url>, String> {
        let Some(raw) = self.string(name)?.map(str::trim) else { return Ok(None) };
        let relative = raw.starts_with(['/', '.']) && !raw.starts_with("//");
        let url = match (&self.context.base, relative) {
            (Some(base), true) => base.join(raw),
            _ => Url::parse(raw),
        };
        let fits = |url: &Url| matches!(url.scheme(), "http" | "https") && url.has_host();
        match url.ok().filter(fits) {
            Some(_) if redact::contains_email(raw) => {
                Err(self.field_error(name, "must not contain an e-mail address"))
            }
            Some(url) => Ok(Some(url)),
            None => Err(self.field_error(
                name,
                format_args!("invalid URL, expected `http` or `https`: `{raw}`"),
            )),
        }
    }

    /// A whole number in the notations of people and spreadsheets: `1500`, `1.500`, `40.0`.
    pub(super) fn number<T: FromStr>(&self, name: &str) -> Result<Option<T>, String> {
        self.parsed_number(name, |raw, text| match raw {
            Value::Number(_) => text.strip_suffix(".0").unwrap_or(text).to_owned(),
            _ => whole_number(text).unwrap_or_else(|| text.to_owned()),
        })
    }

    /// A number with a decimal point or decimal comma.
    pub(super) fn decimal(&self, name: &str) -> Result<Option<f64>, String> {
        self.parsed_number(name, |_, text| text.replace(',', "."))
    }

    fn parsed_number<T: FromStr>(
        &self,
        name: &str,
        notation: fn(&Value, &str) -> String,
    ) -> Result<Option<T>, String> {
        let Some(raw) = self.value(name) else { return Ok(None) };
        let text = scalar(raw).unwrap_or_else(|| type_of(raw).to_owned());
        let number_error =
            |_| self.field_error(name, format_args!("invalid or out-of-range number: `{text}`"));
        notation(raw, &text).parse().map(Some).map_err(number_error)
    }

    /// A flag in the notations of people and spreadsheets.
    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, String> {
        let Some(value) = self.value(name) else { return Ok(None) };
        let error = || {
            let text = written_form(value).unwrap_or_else(|| type_of(value).to_owned());
            self.field_error(name, format_args!("must be `true` or `false`: `{text}`"))
        };
        flag::parse(value).map(Some).ok_or_else(error)
    }

    /// A moment with the precision given by the source.
    pub(super) fn moment(&self, name: &str) -> Result<Option<Moment>, String> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let moment = date_parser::parse(&text, &self.context.zone);
        let moment = moment.map_err(|error| self.field_error(name, error))?;
        Ok(Some(date_parser::shift(moment, self.context.shift_days)))
    }

    /// The IANA name of a time zone; names used by Windows and Outlook are converted.
    pub(super) fn zone(&self, name: &str) -> Result<Option<String>, String> {
        let Some(zone) = self.text(name)? else { return Ok(None) };
        zone_names::known(&zone).map(Some).map_err(|error| self.field_error(name, error))
    }

    /// The date of publication or of a change, which for readers is a date in Amsterdam.
    pub(super) fn content_date(&self, name: &str) -> Result<Option<Moment>, String> {
        Ok(self.moment(name)?.map(Moment::in_home_zone))
    }

    /// Start and end of the object.
    pub(super) fn span(&self) -> Result<(Option<Moment>, Option<Moment>), String> {
        let (start, end) = (self.moment("start")?, self.moment("end")?);
        if let (Some(start), Some(end)) = (&start, &end)
            && end.latest() < start.earliest()
        {
            let end_text = self.text("end")?.unwrap_or_default();
            return Err(
                self.field_error("end", format_args!("must not be before `start`: `{end_text}`"))
            );
        }
        Ok((start, end))
    }
}

static WHOLE_NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?x)^ ([+-]?) (\d{1,3}(?:\.\d{3})+ | \d{1,3}(?:,\d{3})+ | \d{1,3}(?:[\x20\u{a0}\u{202f}]\d{3})+ | \d+)
            (?: [.,]0+ )? $",
    )
    .expect("constant regex is valid, covered by tests")
});

/// The digits of a whole number, without thousands separators and zero decimals.
pub(super) fn whole_number(text: &str) -> Option<String> {
    let number = WHOLE_NUMBER.captures(text.trim())?;
    let digits: String = number[2].chars().filter(char::is_ascii_digit).collect();
    Some(format!("{}{digits}", number[1].trim_start_matches('+')))
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
