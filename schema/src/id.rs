//! Identifiers: node ids, source names and generation numbers.
//!
//! Invariant: an id does not depend on a name. It is a hash of the source and the key under which a
//! record first appeared, so rebuilding a lost identity table yields the same ids.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The kind of record that an id identifies. Its code is part of the id: append, never reorder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum NodeKind {
    /// An [`Article`](crate::Article).
    Article,
    /// A [`Toolkit`](crate::Toolkit).
    Toolkit,
    /// A [`Community`](crate::Community).
    Community,
    /// An [`Event`](crate::Event).
    Event,
    /// A [`Theme`](crate::Theme).
    Theme,
    /// An [`Organisation`](crate::Organisation).
    Organisation,
    /// A [`Person`](crate::Person).
    Person,
    /// An [`Audience`](crate::Audience).
    Audience,
}

impl NodeKind {
    /// Every kind, in the order of its code.
    pub const ALL: [Self; 8] = [
        Self::Article,
        Self::Toolkit,
        Self::Community,
        Self::Event,
        Self::Theme,
        Self::Organisation,
        Self::Person,
        Self::Audience,
    ];

    /// First letter of an id as text.
    pub const fn letter(self) -> char {
        match self {
            Self::Article => 'a',
            Self::Toolkit => 't',
            Self::Community => 'c',
            Self::Event => 'e',
            Self::Theme => 'h',
            Self::Organisation => 'o',
            Self::Person => 'p',
            Self::Audience => 'd',
        }
    }

    /// Name in the configuration, in URLs and in logs, such as `article`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Article => "article",
            Self::Toolkit => "toolkit",
            Self::Community => "community",
            Self::Event => "event",
            Self::Theme => "theme",
            Self::Organisation => "organisation",
            Self::Person => "person",
            Self::Audience => "audience",
        }
    }

    /// Whether the kind is content, which a search returns; the other kinds are entities.
    pub const fn is_content(self) -> bool {
        matches!(self, Self::Article | Self::Toolkit | Self::Community | Self::Event)
    }
}

/// Opaque, stable id of a record: 4 bits of kind and 60 bits of hash.
///
/// ```
/// use schema::{NodeId, NodeKind};
/// let id = NodeId::new(NodeKind::Event, 42);
/// assert_eq!(id.to_string().parse(), Ok(id));
/// assert_eq!(id.kind(), NodeKind::Event);
/// ```
/// Invariant: the kind bits are valid, also after deserialisation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u64")]
pub struct NodeId(u64);

/// Crockford base 32: no easily confused letters (i, l, o, u).
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const HASH_BITS: u32 = 60;
const HASH_MASK: u64 = (1 << HASH_BITS) - 1;
const HASH_DIGITS: u32 = HASH_BITS / 5;

impl NodeId {
    /// Creates an id from a kind and the low 60 bits of `hash`.
    pub const fn new(kind: NodeKind, hash: u64) -> Self {
        Self(((kind as u64) << HASH_BITS) | (hash & HASH_MASK))
    }

    /// Restores an id from [`NodeId::to_bits`].
    ///
    /// # Errors
    /// [`IdError::Kind`] if the kind bits are invalid.
    pub fn from_bits(bits: u64) -> Result<Self, IdError> {
        let kind = usize::try_from(bits >> HASH_BITS).unwrap_or(usize::MAX);
        if kind < NodeKind::ALL.len() { Ok(Self(bits)) } else { Err(IdError::Kind) }
    }

    /// The id as an integer, ordered by kind and then by hash.
    pub const fn to_bits(self) -> u64 {
        self.0
    }

    /// The kind of the record.
    pub fn kind(self) -> NodeKind {
        NodeKind::ALL[usize::try_from(self.0 >> HASH_BITS).expect("four bits fit in a usize")]
    }
}

impl TryFrom<u64> for NodeId {
    type Error = IdError;
    fn try_from(bits: u64) -> Result<Self, IdError> {
        Self::from_bits(bits)
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(13);
        text.push(self.kind().letter());
        for position in (0..HASH_DIGITS).rev() {
            let digit = (self.0 >> (position * 5)) & 31;
            text.push(char::from(
                DIGITS[usize::try_from(digit).expect("five bits fit in a usize")],
            ));
        }
        f.write_str(&text)
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for NodeId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let mut letters = text.chars();
        let first = letters.next().ok_or(IdError::Length)?;
        let kind = NodeKind::ALL.into_iter().find(|k| k.letter() == first).ok_or(IdError::Kind)?;
        let rest = letters.as_str().as_bytes();
        if rest.len() != HASH_DIGITS as usize {
            return Err(IdError::Length);
        }
        let mut hash = 0;
        for byte in rest {
            let digit = DIGITS.iter().position(|d| d == byte).ok_or(IdError::Letter)?;
            hash = (hash << 5) | digit as u64;
        }
        Ok(Self::new(kind, hash))
    }
}

/// Reason why a text is not an id or a source name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The first letter is not that of a kind.
    #[error("invalid id: must begin with one of the letters a, t, c, e, h, o, p, d")]
    Kind,
    /// Not 13 characters long.
    #[error("invalid id: must have 13 characters")]
    Length,
    /// A character outside the base 32 alphabet.
    #[error("invalid id: must consist of lower-case letters (without i, l, o and u) and digits")]
    Letter,
    /// Not 1 to 64 of `a-z`, `0-9` and `-`.
    #[error("invalid source name, use 1 to 64 lower-case letters, digits and hyphens: `{0}`")]
    SourceName(String),
}

/// Name of a source in the configuration, such as `blog`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SourceName(String);

impl SourceName {
    /// Validates a source name.
    ///
    /// # Errors
    /// [`IdError::SourceName`] unless it has 1 to 64 characters of `a-z`, `0-9` and `-`.
    pub fn new(name: &str) -> Result<Self, IdError> {
        let is_valid = (1..=64).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if is_valid { Ok(Self(name.to_owned())) } else { Err(IdError::SourceName(name.to_owned())) }
    }

    /// Reserved name for entities that no source describes and that the indexer infers from
    /// mentions.
    pub fn inferred() -> Self {
        Self("~inferred".to_owned())
    }

    /// The name as a string slice.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for SourceName {
    type Error = IdError;
    fn try_from(name: String) -> Result<Self, IdError> {
        if name == "~inferred" { Ok(Self::inferred()) } else { Self::new(&name) }
    }
}

impl From<SourceName> for String {
    fn from(name: SourceName) -> Self {
        name.0
    }
}

/// The number of a generation, formatted with at least six digits. Numbers only increase.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct GenerationNumber(pub u64);

impl GenerationNumber {
    /// The next number.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for GenerationNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:06}", self.0)
    }
}

impl FromStr for GenerationNumber {
    type Err = std::num::ParseIntError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use serde::de::{IntoDeserializer, value::Error};

    use super::*;

    #[test]
    fn an_id_with_unknown_kind_bits_must_not_be_deserialised() {
        let deserialise = |bits: u64| {
            let deserializer: serde::de::value::U64Deserializer<Error> = bits.into_deserializer();
            NodeId::deserialize(deserializer)
        };
        let id = NodeId::new(NodeKind::Audience, 7);
        assert_eq!(deserialise(id.to_bits()), Ok(id));
        let error = deserialise(id.to_bits() | 1 << 63).unwrap_err().to_string();
        assert_eq!(error, IdError::Kind.to_string());
    }
}
