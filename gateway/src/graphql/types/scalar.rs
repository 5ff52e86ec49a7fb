//! Scalars: instants, dates and URLs.

use std::str::FromStr;

use async_graphql::{InputType, InputValueError, InputValueResult, Scalar, ScalarType, Value};
use federation::config::StringScalar;
use jiff::{Timestamp, civil};

/// The description is on the impl block below: it is part of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DateTime(pub(crate) Timestamp);

/// An instant in UTC (RFC 3339), such as `2026-03-12T13:00:00Z`.
#[Scalar(name = "DateTime", specified_by_url = "https://www.rfc-editor.org/rfc/rfc3339")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        parse_string(&value, "an instant such as 2026-03-12T13:00:00Z").map(Self)
    }

    fn is_valid(value: &Value) -> bool {
        can_parse::<Timestamp>(value)
    }

    fn to_value(&self) -> Value {
        Value::from(self.0.to_string())
    }
}

/// The description is on the impl block below: it is part of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Date(pub(crate) civil::Date);

/// A calendar date, such as `2026-03-12`.
#[Scalar(name = "Date", specified_by_url = "https://www.rfc-editor.org/rfc/rfc3339#section-5.6")]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        parse_string(&value, "a day such as 2026-03-12").map(Self)
    }

    fn is_valid(value: &Value) -> bool {
        can_parse::<civil::Date>(value)
    }

    fn to_value(&self) -> Value {
        Value::from(self.0.to_string())
    }
}

/// The description is on the impl block below: it is part of the contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Url(pub(crate) url::Url);

impl Url {
    /// Wraps a copy of a URL.
    pub(crate) fn of(url: &url::Url) -> Self {
        Self(url.clone())
    }
}

/// An absolute URL, such as `https://www.gebruikercentraal.nl/`.
#[Scalar(name = "URL", specified_by_url = "https://url.spec.whatwg.org/")]
impl ScalarType for Url {
    fn parse(value: Value) -> InputValueResult<Self> {
        parse_string(&value, "an absolute URL such as https://www.gebruikercentraal.nl/").map(Self)
    }

    fn is_valid(value: &Value) -> bool {
        can_parse::<url::Url>(value)
    }

    fn to_value(&self) -> Value {
        Value::from(self.0.as_str())
    }
}

/// The scalars of the contract, for validation.
pub(crate) const STRING_SCALARS: [StringScalar; 3] = [
    StringScalar { name: "Date", is_valid: |text| text.parse::<civil::Date>().is_ok() },
    StringScalar { name: "DateTime", is_valid: |text| text.parse::<Timestamp>().is_ok() },
    StringScalar { name: "URL", is_valid: |text| text.parse::<url::Url>().is_ok() },
];

/// Whether a value is a string that parses as `T`.
fn can_parse<T: FromStr>(value: &Value) -> bool {
    matches!(value, Value::String(text) if text.parse::<T>().is_ok())
}

fn parse_string<S: ScalarType + InputType, T: FromStr>(
    value: &Value,
    expected: &str,
) -> Result<T, InputValueError<S>> {
    let Value::String(text) = value else {
        return Err(InputValueError::custom(format!("expected {expected}, as a string")));
    };
    text.parse().map_err(|_| InputValueError::custom(format!("expected {expected}, not `{text}`")))
}
