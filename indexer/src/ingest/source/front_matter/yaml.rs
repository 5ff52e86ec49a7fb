//! YAML values that preserve the spelling of scalars.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Deserializer, de};
use serde_json::Value;
use serde_saphyr::Spanned;

/// A YAML value with its position in the text.
pub(super) struct YamlNode(Spanned<YamlValue>);

enum YamlValue {
    Null,
    Text(String),
    /// A number or boolean.
    Scalar,
    List(Vec<YamlNode>),
    Mapping(BTreeMap<String, YamlNode>),
}

impl YamlNode {
    /// Converts the value to JSON. Numbers and booleans become strings, spelt as in `block`: `007`,
    /// `1.10`, `no`.
    pub(super) fn into_json(self, block: &str) -> Value {
        let location = self.0.defined;
        match self.0.value {
            YamlValue::Null => Value::Null,
            YamlValue::Text(text) => Value::String(text),
            YamlValue::Scalar => {
                let span = location.span();
                let range = || {
                    let start = usize::try_from(span.byte_offset()?).ok()?;
                    let length = usize::try_from(span.byte_len()?).ok()?;
                    block.get(start..start + length)
                };
                range().map_or(Value::Null, |text| Value::String(text.trim().to_owned()))
            }
            YamlValue::List(list) => list.into_iter().map(|node| node.into_json(block)).collect(),
            YamlValue::Mapping(mapping) => {
                mapping.into_iter().map(|(name, node)| (name, node.into_json(block))).collect()
            }
        }
    }
}

impl<'de> Deserialize<'de> for YamlNode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Spanned::deserialize(deserializer).map(Self)
    }
}

impl<'de> Deserialize<'de> for YamlValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(YamlVisitor)
    }
}

struct YamlVisitor;

impl<'de> de::Visitor<'de> for YamlVisitor {
    type Value = YamlValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<YamlValue, E> {
        Ok(YamlValue::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<YamlValue, E> {
        Ok(YamlValue::Scalar)
    }

    fn visit_i64<E>(self, _: i64) -> Result<YamlValue, E> {
        Ok(YamlValue::Scalar)
    }

    fn visit_u64<E>(self, _: u64) -> Result<YamlValue, E> {
        Ok(YamlValue::Scalar)
    }

    fn visit_f64<E>(self, _: f64) -> Result<YamlValue, E> {
        Ok(YamlValue::Scalar)
    }

    fn visit_str<E>(self, text: &str) -> Result<YamlValue, E> {
        Ok(YamlValue::Text(text.to_owned()))
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<YamlValue, A::Error> {
        let mut list = Vec::new();
        while let Some(node) = seq.next_element()? {
            list.push(node);
        }
        Ok(YamlValue::List(list))
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<YamlValue, A::Error> {
        let mut mapping = BTreeMap::new();
        while let Some((name, node)) = map.next_entry()? {
            mapping.insert(name, node);
        }
        Ok(YamlValue::Mapping(mapping))
    }
}
