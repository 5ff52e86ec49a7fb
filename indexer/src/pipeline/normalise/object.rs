//! Typed reading of values: a record, or an object within one. Every error names the field.

use std::{collections::BTreeMap, str::FromStr};

use jiff::Timestamp;
use schema::{EventMoment, Language, UnknownWord};
use serde_json::Value;
use url::Url;

use super::{LIST_MAX, NAME_CHARS_MAX, moment, redact, text};
use crate::source::{
    Fields,
    field::{Field, nearest},
    prose::cut,
    template::{is_missing, scalar},
};

/// How the values of one record are read.
#[derive(Debug, Clone)]
pub(super) struct Reader {
    /// In which notices are written.
    pub language: Language,
    /// The time zone in which moments are meant.
    pub zone: String,
    /// The record's own address, for relative ones.
    pub base: Option<Url>,
    /// Days added to every date.
    pub shift_days: i64,
}

/// An object whose values are read by name.
#[derive(Debug)]
pub(super) struct Object<'a> {
    /// How its values are read.
    pub reader: &'a Reader,
    path: String,
    values: BTreeMap<&'a str, &'a Value>,
}

impl<'a> Object<'a> {
    /// The fields of a record.
    pub(super) fn of_fields(fields: &'a Fields, reader: &'a Reader) -> Self {
        let values = fields.iter().map(|(field, value)| (field.name(), value)).collect();
        Self { reader, path: String::new(), values }
    }

    /// An object within this one that may only have `known` keys. A text stands for an object
    /// with nothing but its `main` key.
    fn nested(
        &self,
        path: &str,
        value: &'a Value,
        known: &[&str],
        main: Option<&'a str>,
    ) -> Result<Self, String> {
        let values = match (value, main) {
            (Value::Object(object), _) => object.iter().map(|(k, v)| (k.as_str(), v)).collect(),
            (Value::String(_), Some(main)) => BTreeMap::from([(main, value)]),
            _ => return Err(format!("`{path}`: must be an object, not {}", type_of(value))),
        };
        let object = Self { reader: self.reader, path: format!("{path}."), values };
        match object.values.keys().find(|key| !known.contains(key)) {
            Some(unknown) => {
                let nearest = nearest(unknown, known.iter());
                Err(format!("unknown field, did you mean `{path}.{nearest}`?: `{path}.{unknown}`"))
            }
            None => Ok(object),
        }
    }

    fn value(&self, name: &str) -> Option<&'a Value> {
        self.values.get(name).copied().filter(|value| !is_missing(value))
    }

    fn fault(&self, name: &str, cause: impl std::fmt::Display) -> String {
        format!("`{}{name}`: {cause}", self.path)
    }

    /// A text as the source wrote it.
    pub(super) fn string(&self, name: &str) -> Result<Option<&'a str>, String> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => {
                Err(self.fault(name, format_args!("must be a text, not {}", type_of(other))))
            }
        }
    }

    /// A text or number as one line of clean text.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>, String> {
        self.cleaned(name, text::line)
    }

    /// A text as clean text with a blank line between paragraphs.
    pub(super) fn paragraphs(&self, name: &str) -> Result<Option<String>, String> {
        self.cleaned(name, text::paragraphs)
    }

    fn cleaned(
        &self,
        name: &str,
        clean: fn(&str, Language) -> String,
    ) -> Result<Option<String>, String> {
        let Some(value) = self.value(name) else { return Ok(None) };
        let raw = scalar(value).ok_or_else(|| {
            self.fault(name, format_args!("must be a text, not {}", type_of(value)))
        })?;
        Ok(Some(clean(&raw, self.reader.language)).filter(|text| !text.is_empty()))
    }

    /// A text that must be there.
    pub(super) fn required(&self, name: &str) -> Result<String, String> {
        self.text(name)?.ok_or_else(|| self.fault(name, "is missing"))
    }

    /// A name, as one refers to another thing.
    pub(super) fn name(&self, name: &str) -> Result<Option<String>, String> {
        Ok(self.text(name)?.map(|text| cut(&text, NAME_CHARS_MAX)))
    }

    /// Names, each once. One text is a list of one.
    pub(super) fn names(&self, name: &str) -> Result<Vec<String>, String> {
        let mut names = Vec::new();
        for value in self.list(name)? {
            if is_missing(value) {
                continue;
            }
            let wrong =
                || self.fault(name, format_args!("must hold texts, not {}", type_of(value)));
            let raw = scalar(value).ok_or_else(wrong)?;
            let text = cut(&text::line(&raw, self.reader.language), NAME_CHARS_MAX);
            // Contact data in the place of a name names nobody.
            let is_name = !redact::is_redacted(&text) && !schema::fold::name(&text).is_empty();
            if is_name && !names.contains(&text) {
                names.push(text);
            }
        }
        Ok(names)
    }

    /// The values of a list; any other value is a list of one.
    fn list(&self, name: &str) -> Result<&'a [Value], String> {
        let list = match self.value(name) {
            None => &[],
            Some(Value::Array(list)) => list.as_slice(),
            Some(one) => std::slice::from_ref(one),
        };
        if list.len() > LIST_MAX {
            let (limit, length) = (LIST_MAX, list.len());
            let cause = format_args!("may have at most {limit} entries, this one has `{length}`");
            return Err(self.fault(name, cause));
        }
        Ok(list)
    }

    /// The field that is an object.
    pub(super) fn object(&self, field: Field, main: &'a str) -> Result<Option<Self>, String> {
        let Some(value) = self.value(field.name()) else { return Ok(None) };
        let path = format!("{}{field}", self.path);
        self.nested(&path, value, field.parts(), Some(main)).map(Some)
    }

    /// One object within this one.
    pub(super) fn within(&self, name: &str, known: &[&str]) -> Result<Option<Self>, String> {
        let Some(value) = self.value(name) else { return Ok(None) };
        self.nested(&format!("{}{name}", self.path), value, known, None).map(Some)
    }

    /// A list of objects, each made into a part of the record.
    pub(super) fn each<T>(
        &self,
        name: &str,
        known: &[&str],
        make: impl Fn(&Self) -> Result<T, String>,
    ) -> Result<Vec<T>, String> {
        let objects = self.list(name)?.iter().enumerate().map(|(index, value)| {
            make(&self.nested(&format!("{}{name}[{index}]", self.path), value, known, None)?)
        });
        objects.collect()
    }

    /// A word of a vocabulary.
    pub(super) fn word<T: FromStr<Err = UnknownWord>>(
        &self,
        name: &str,
    ) -> Result<Option<T>, String> {
        let word = self.text(name)?.map(|word| word.parse());
        word.transpose().map_err(|error| self.fault(name, error))
    }

    /// Words of a vocabulary.
    pub(super) fn words<T: FromStr<Err = UnknownWord>>(
        &self,
        name: &str,
    ) -> Result<Vec<T>, String> {
        let words = self.names(name)?.into_iter().map(|word| word.parse());
        words.collect::<Result<_, _>>().map_err(|error| self.fault(name, error))
    }

    /// A web address. One that begins with `/` or `.` is relative to the record's own.
    pub(super) fn url(&self, name: &str) -> Result<Option<Url>, String> {
        let Some(raw) = self.string(name)?.map(str::trim) else { return Ok(None) };
        let relative = raw.starts_with(['/', '.']) && !raw.starts_with("//");
        let url = match (&self.reader.base, relative) {
            (Some(base), true) => base.join(raw),
            _ => Url::parse(raw),
        };
        let fits = |url: &Url| matches!(url.scheme(), "http" | "https") && url.has_host();
        match url.ok().filter(fits) {
            Some(_) if redact::holds_email(raw) => {
                Err(self.fault(name, "must not hold an e-mail address"))
            }
            Some(url) => Ok(Some(url)),
            None => Err(self.fault(name, format_args!("not a web address (http, https): `{raw}`"))),
        }
    }

    /// A number, also where it is written as a text.
    pub(super) fn number<T: FromStr>(&self, name: &str) -> Result<Option<T>, String> {
        let Some(raw) = self.value(name) else { return Ok(None) };
        let text = scalar(raw).unwrap_or_else(|| type_of(raw).to_owned());
        let number = text.replace(',', ".").parse();
        let wrong = |_| self.fault(name, format_args!("not a number that fits here: `{text}`"));
        number.map(Some).map_err(wrong)
    }

    /// A flag, in the ways that people write it.
    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, String> {
        let text = match self.value(name) {
            None => return Ok(None),
            Some(Value::Bool(flag)) => return Ok(Some(*flag)),
            Some(other) => scalar(other).unwrap_or_else(|| type_of(other).to_owned()),
        };
        match text.to_lowercase().as_str() {
            "true" | "ja" | "yes" | "1" => Ok(Some(true)),
            "false" | "nee" | "no" | "0" => Ok(Some(false)),
            _ => Err(self.fault(name, format_args!("must be `true` or `false`: `{text}`"))),
        }
    }

    /// A moment as exact as the source gives it.
    pub(super) fn moment(&self, name: &str) -> Result<Option<EventMoment>, String> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let moment = moment::parse(&text, &self.reader.zone);
        let moment = moment.map_err(|error| self.fault(name, error))?;
        Ok(Some(moment::shift(moment, self.reader.shift_days)))
    }

    /// The IANA name of a time zone.
    pub(super) fn zone(&self, name: &str) -> Result<Option<String>, String> {
        let Some(zone) = self.text(name)? else { return Ok(None) };
        schema::moment::zone(&zone).map_err(|error| self.fault(name, error))?;
        Ok(Some(zone))
    }

    /// The first instant of a moment.
    pub(super) fn timestamp(&self, name: &str) -> Result<Option<Timestamp>, String> {
        Ok(self.moment(name)?.map(|moment| moment.earliest()))
    }

    /// Where the object begins and ends.
    pub(super) fn span(&self) -> Result<(Option<EventMoment>, Option<EventMoment>), String> {
        let (start, end) = (self.moment("start")?, self.moment("end")?);
        if let (Some(start), Some(end)) = (&start, &end)
            && end.latest() < start.earliest()
        {
            let given = self.text("end")?.unwrap_or_default();
            return Err(self.fault("end", format_args!("lies before `start`: `{given}`")));
        }
        Ok((start, end))
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a flag",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
